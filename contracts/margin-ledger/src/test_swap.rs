//! Debts paid for collateral by agreement.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{LedgerError, PriceStatus};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, vec, Address};

fn indebted() -> (World, Address, Address) {
    let world = World::funded();
    let (alice, keeper) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    (world, alice, keeper)
}

#[test]
fn a_keeper_repays_and_takes_half_a_percent_more() {
    let (world, alice, keeper) = indebted();
    let before = world.ledger.summary(&alice).health_factor;
    let done = world.ledger.deleverage(&keeper, &alice, &world.usdc, &world.xlm, &(100 * ONE));
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    assert_eq!((done.repaid, done.seized), (100 * ONE, 1_005 * ONE));
    assert_eq!(world.owed(&alice, &world.usdc), 400 * ONE);
    assert_eq!(world.deposited(&alice, &world.xlm), 8_995 * ONE);
    assert!(world.ledger.summary(&alice).health_factor > before);
    // At most what is owed.
    let done = world.ledger.deleverage(&keeper, &alice, &world.usdc, &world.xlm, &(1_000 * ONE));
    assert_eq!(done.repaid, 400 * ONE);
    world.check();
}

#[test]
fn a_deleverage_that_does_not_help_is_refused() {
    let (world, alice, keeper) = indebted();
    let ledger = &world.ledger;
    let call = |world: &World, amount: i128| {
        ledger.try_deleverage(&keeper, &alice, &world.usdc, &world.xlm, &amount)
    };
    assert_refused!(world, call(&world, 0), LedgerError::InvalidAmount);
    let own = ledger.try_deleverage(&alice, &alice, &world.usdc, &world.xlm, &ONE);
    assert_refused!(world, own, LedgerError::SelfLiquidation);
    let nothing = ledger.try_deleverage(&keeper, &alice, &world.eth, &world.xlm, &ONE);
    assert_refused!(world, nothing, LedgerError::NothingOwed);
    let empty = ledger.try_deleverage(&keeper, &alice, &world.usdc, &world.eth, &ONE);
    assert_refused!(world, empty, LedgerError::InsufficientBalance);
    // What its own deposit of the same asset pays needs no keeper.
    world.deposit(&alice, &world.usdc, 10 * ONE);
    let same = ledger.try_deleverage(&keeper, &alice, &world.usdc, &world.usdc, &ONE);
    assert_refused!(world, same, LedgerError::LiquidationUnhelpful);
    ledger.repay_with_collateral(&alice, &world.usdc, &(10 * ONE));
    // Health 0.49: 0.7 of support are given up for each 1.005 repaid, 0.70 > 0.49.
    world.price(&world.xlm, PRICE * 35 / 1_000);
    assert_refused!(world, call(&world, ONE), LedgerError::LiquidationUnhelpful);
    for status in [PriceStatus::Degraded, PriceStatus::Tripped, PriceStatus::Stale] {
        world.quote(&world.xlm, PRICE / 10, PRICE / 10, status);
        assert_refused!(world, call(&world, ONE), LedgerError::PriceNotUsable);
    }
}

#[test]
fn perpetual_debt_is_settled_in_kind_only_with_what_the_account_named() {
    let world = World::funded();
    let (alice, payer) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 100 * ONE);
    world.perp_history(&alice, 1_000 * ONE, 99 * ONE);
    let ledger = &world.ledger;
    let call = || ledger.try_settle_in_kind(&payer, &alice, &world.xlm, &(200 * ONE));
    assert_refused!(world, call(), LedgerError::NotInKind);
    let assets = vec![&world.env, world.xlm.clone()];
    ledger.set_in_kind(&alice, &assets);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(ledger.in_kind(&alice), assets);
    let done = call().unwrap().unwrap();
    world.check();
    // 99 USD at 0.10 minus one percent; the loan stays.
    assert_eq!((done.repaid, done.seized), (99 * ONE, 999_9990000));
    assert_eq!((ledger.account(&alice).perp_debt, world.owed(&alice, &world.usdc)), (0, 100 * ONE));
    assert_refused!(world, call(), LedgerError::NothingOwed);
    ledger.set_in_kind(&alice, &vec![&world.env]);
    assert_refused!(world, call(), LedgerError::NotInKind);
    let nine: soroban_sdk::Vec<Address> = (0..9).fold(vec![&world.env], |mut all, _| {
        all.push_back(world.xlm.clone());
        all
    });
    assert_refused!(world, ledger.try_set_in_kind(&alice, &nine), LedgerError::TooManyHoldings);
}
