//! Actions are read as they travel, and only in the shape they have.
extern crate std;

use crate::actions;
use crate::test_world::World;
use margin_interface::{Action, Asset, OpenAction, TradeAction};
use soroban_sdk::{symbol_short, vec, Error, IntoVal, Symbol, Val, Vec};

#[test]
fn every_action_is_read_as_it_was_written() {
    let world = World::new();
    let (env, asset) = (&world.env, world.xlm.clone());
    let market = symbol_short!("BTC_USD");
    let written = vec![
        env,
        Action::Deposit(asset.clone(), 1),
        Action::Withdraw(asset.clone(), i128::MAX),
        Action::Borrow(asset.clone(), 3),
        Action::Repay(asset.clone(), -4),
        Action::RepayWithCollateral(asset.clone(), 5),
        Action::AddLiquidity(6, 7),
        Action::RemoveLiquidity(8, 9),
        Action::MoveSettlement(10),
        Action::Open(OpenAction { is_long: true, leverage: 300, margin: 11, market: market.clone() }),
        Action::Trade(TradeAction { limit_price: 12, market, size_delta: -13 }),
        Action::Refresh(vec![env, Asset::Stellar(asset)]),
    ];
    let read: std::vec::Vec<Action> = actions::read(env, &written).collect();
    assert_eq!(read, written.iter().collect::<std::vec::Vec<Action>>());
}

#[test]
fn what_is_no_action_is_refused() {
    let world = World::new();
    let (env, account) = (&world.env, world.account(0));
    let asset: Val = world.xlm.into_val(env);
    let name = |name: &str| -> Val { Symbol::new(env, name).into_val(env) };
    let one: Val = 1_i128.into_val(env);
    let shapes: [Vec<Val>; 7] = [
        vec![env],
        vec![env, one],
        vec![env, name("Steal"), asset, one],
        vec![env, name("Deposit"), asset],
        vec![env, name("Deposit"), asset, one, one],
        vec![env, name("Deposit"), one, asset],
        vec![env, name("MoveSettlement"), one, one],
    ];
    for shape in shapes {
        let args: Vec<Val> = vec![env, account.into_val(env), vec![env, shape].into_val(env)];
        let call = Symbol::new(env, "preview");
        let refused = env.try_invoke_contract::<Val, Error>(&world.ledger.address, &call, args);
        // By the host where it cannot even look, by name otherwise; in either case nothing happens.
        assert!(refused.is_err());
    }
}
