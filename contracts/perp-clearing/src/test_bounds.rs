//! What is out of range is refused by name, before any arithmetic, and changes nothing.
extern crate std;

use crate::{
    storage::{self, Shares},
    test_orders::{order, side_at},
    test_world::{governed, market_config, World, LATER, NO_CAP, X, Y},
};
use margin_interface::{
    ClearingChange, ClearingError, ClearingRequest, ConditionalOrder, MarketStage, PriceStatus,
};
use margin_math::{
    defaults::{LP_COOL_DOWN, REPEG_PERIOD},
    units::{BASE, USD},
};
use soroban_sdk::vec;

macro_rules! refused {
    ($call:expr, $error:ident) => {
        assert_eq!($call.err(), Some(Ok(ClearingError::$error)), stringify!($call))
    };
}

#[test]
fn amounts_and_sizes_have_a_range() {
    let world = World::new();
    let (clearing, btc, alice) = (&world.clearing, &world.btc, world.trader(10_000));
    world.buy(&alice, 10);
    let before = (world.ledger.account(&alice), clearing.buckets());
    for nothing in [0, -1, i128::MIN] {
        refused!(clearing.try_add_liquidity(&alice, &nothing, &0), InvalidAmount);
        refused!(clearing.try_request_exit(&alice, &nothing), InvalidAmount);
        refused!(clearing.try_remove_liquidity(&alice, &nothing, &0), InvalidAmount);
        refused!(clearing.try_fund_insurance(&alice, &nothing), InvalidAmount);
        refused!(clearing.try_close_position(&alice, btc, &nothing, &LATER), InvalidAmount);
        refused!(clearing.try_trade(&alice, btc, &BASE, &nothing, &false, &LATER), InvalidAmount);
        let exit = vec![&world.env, ClearingRequest::RequestExit(nothing)];
        refused!(clearing.try_submit(&alice, &alice, &exit, &LATER), InvalidAmount);
    }
    for much in [i128::MAX, i128::MAX - 1] {
        refused!(clearing.try_add_liquidity(&alice, &much, &0), InvalidAmount);
        refused!(clearing.try_remove_liquidity(&alice, &much, &0), InvalidAmount);
        refused!(clearing.try_fund_insurance(&alice, &much), InvalidAmount);
    }
    refused!(clearing.try_liquidate(&alice, &world.provider, btc, &-1), InvalidAmount);
    refused!(clearing.try_quote_trade(btc, &0), InvalidAmount);
    for size in [i128::MAX, i128::MIN, i128::MIN + 1] {
        refused!(clearing.try_quote_trade(btc, &size), Overflow);
        let limit = if size > 0 { NO_CAP } else { 1 };
        refused!(clearing.try_trade(&alice, btc, &size, &limit, &false, &LATER), Overflow);
        let meant = ConditionalOrder { size_delta: size, ..order(&world, &alice, 1, 1) };
        refused!(clearing.try_place_order(&meant), InvalidOrder);
    }
    // More than the curve holds, to buy and to sell for.
    refused!(clearing.try_quote_trade(btc, &X), CurveExhausted);
    refused!(clearing.try_trade(&alice, btc, &X, &NO_CAP, &false, &LATER), CurveExhausted);
    let rich = world.wallet(200_000);
    let margin = 150_000 * USD;
    refused!(clearing.try_open_position(&rich, btc, &false, &margin, &10_000, &0, &LATER), CurveExhausted);
    assert_eq!((world.ledger.account(&alice), clearing.buckets()), before);
}

#[test]
fn what_an_operator_says_has_a_range() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    let settle = |size: i128, quote: i128| {
        let of = |who, size: i128| ConditionalOrder { size_delta: size, ..order(&world, who, 1, 1) };
        let (buy, sell) = (of(&alice, size), of(&bob, -size));
        let sell = ConditionalOrder { acceptable_price: 1, ..sell };
        let fills = vec![&world.env, side_at(&buy, -quote), side_at(&sell, quote)];
        world.clearing.try_settle_match(&operator, &fills)
    };
    refused!(settle(i128::MAX, USD), InvalidMatch);
    refused!(settle(BASE, i128::MAX), InvalidMatch);
    // A price that no unit of quote could name.
    refused!(settle(1, 1_000_000_000 * USD), OutsideBand);
}

#[test]
fn governance_cannot_leave_the_bounds_either() {
    let world = World::new();
    let btc = &world.btc;
    let execute = |change: ClearingChange| {
        let id = world.clearing.propose(&change);
        world.pass(86_400);
        world.clearing.try_execute(&id)
    };
    refused!(execute(ClearingChange::Depth(btc.clone(), 10_001)), InvalidConfig);
    world.pass(REPEG_PERIOD);
    world.index_at(101, PriceStatus::Stale);
    refused!(world.clearing.try_repeg(btc), PriceNotUsable);
    world.index_at(101, PriceStatus::Live);
    // The end of a market is the end.
    governed(&world, ClearingChange::Stage(btc.clone(), MarketStage::WindDown));
    for stage in [MarketStage::Normal, MarketStage::Frozen, MarketStage::WindDown] {
        refused!(execute(ClearingChange::Stage(btc.clone(), stage)), WrongStage);
    }
}

#[test]
fn a_share_of_nothing_is_not_sold() {
    let world = World::new();
    let alice = world.trader(10_000);
    let shares = world.clearing.add_liquidity(&alice, &(1_000 * USD), &0);
    let more = world.clearing.try_add_liquidity(&alice, &(1_000 * USD), &(shares + 1));
    assert_eq!(more.err(), Some(Ok(ClearingError::SlippageExceeded)));
    world.clearing.request_exit(&alice, &shares);
    world.pass(LP_COOL_DOWN);
    refused!(world.clearing.try_remove_liquidity(&alice, &1, &0), InvalidAmount);
    // As if one share were worth the whole pool: a dollar buys none.
    world.env.as_contract(&world.clearing.address, || {
        storage::set_shares(&world.env, &Shares { generation: 0, total: 1 });
    });
    refused!(world.clearing.try_add_liquidity(&alice, &1, &0), InvalidAmount);
}

#[test]
fn a_pool_that_owes_more_than_it_has_sells_and_buys_back_nothing() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, 12_000);
    let shares = world.clearing.add_liquidity(&world.provider, &(12_000 * USD), &0);
    let (winner, late) = (world.trader(60_000), world.trader(1_000));
    world.buy(&winner, 400);
    world.index_at(150, PriceStatus::Live);
    let live = world.ledger.pool_value();
    assert!(live.payable < live.winners);
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    refused!(world.clearing.try_remove_liquidity(&world.provider, &shares, &0), InsufficientShares);
    // Paid out as far as it goes, the winner claims the rest: whoever entered now would pay it.
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::WindDown));
    world.pass(86_400);
    world.clearing.settle_position(&winner, &world.btc);
    world.conserved();
    assert!(world.clearing.buckets().claims > world.ledger.pool_value().payable);
    refused!(world.clearing.try_add_liquidity(&late, &(1_000 * USD), &0), InsufficientShares);
}

#[test]
fn a_full_inventory_takes_nothing_over() {
    let world = World::new();
    let (alice, bob, keeper) = (world.trader(1_100), world.trader(200_000), world.wallet(0));
    world.buy(&alice, 90);
    world.pass(5);
    world.buy(&bob, 900);
    // Far above the mark, bob sells to the pool until a tenth of it is inventory.
    world.index_at(112, PriceStatus::Live);
    world.clearing.trade(&bob, &world.btc, &(-880 * BASE), &1, &true, &LATER);
    world.conserved();
    assert!(world.clearing.house(&world.btc).inventory > 0);
    world.index_at(91, PriceStatus::Live);
    // Below the index the curve takes none of it.
    let bear = world.trader(2_000_000);
    for _ in 0..6 {
        world.sell(&bear, 880);
        world.pass(5);
    }
    world.ledger.flag(&alice);
    world.pass(60);
    // What was a tenth is more than one when most of the pool has gone.
    let pool = world.clearing.lp(&world.provider).shares;
    world.clearing.request_exit(&world.provider, &(pool * 9 / 10));
    world.pass(LP_COOL_DOWN);
    world.clearing.remove_liquidity(&world.provider, &(pool * 9 / 10), &0);
    refused!(world.clearing.try_liquidate(&keeper, &alice, &world.btc, &0), InventoryFull);
}
