//! What providers pay and get while credit is in doubt, or an index is dead.
extern crate std;

use crate::test_world::{governed, index, market_config, told, World, X, Y};
use margin_interface::{ClearingChange, ClearingError, LedgerError, MarketStage, PriceStatus};
use margin_math::{
    defaults::LP_COOL_DOWN,
    units::{BASE, PRICE, USD},
};

const DAY: u64 = 86_400;

/// Alice lost 13,000 more than she had, and the rest of her position is there: nobody has written it off yet. Whoever is in
/// already knows it, may leave, and would leave with what somebody else brings meanwhile.
#[test]
fn nobody_enters_while_the_pool_waits_for_bad_credit() {
    let world = World::new();
    let (alice, keeper, late) = (world.trader(11_000), world.trader(100_000), world.trader(1_000_000));
    world.buy(&alice, 900);
    world.index_at(70, PriceStatus::Live);
    world.ledger.flag(&alice);
    world.clearing.liquidate(&keeper, &alice, &world.btc, &(800 * BASE));
    world.conserved();
    let value = world.ledger.pool_value();
    assert!(value.lent > 13_000 * USD && value.doubtful >= value.lent, "{value:?}");
    let enter = || world.clearing.try_add_liquidity(&late, &(900_000 * USD), &0);
    assert_eq!(enter().err(), Some(Ok(ClearingError::DoubtfulCredit)));
    // Once it is written off, a share costs what it is worth.
    world.clearing.liquidate(&keeper, &alice, &world.btc, &(100 * BASE));
    world.conserved();
    let value = world.ledger.pool_value();
    assert_eq!((value.lent, value.doubtful), (0, 0));
    world.sell(&keeper, 900);
    enter().unwrap().unwrap();
    world.conserved();
    let worth = world.clearing.lp(&late).value;
    assert!((worth - 900_000 * USD).abs() < USD / 100, "{worth}");
}

/// Who owes and can pay keeps nobody out.
#[test]
fn sound_credit_keeps_nobody_out() {
    let world = World::new();
    let (alice, keeper, late) = (world.trader(11_000), world.trader(100_000), world.trader(1_000_000));
    world.buy(&alice, 900);
    world.index_at(70, PriceStatus::Live);
    world.clearing.liquidate(&keeper, &alice, &world.btc, &(800 * BASE));
    assert!(world.ledger.pool_value().lent > 13_000 * USD);
    world.clearing.add_liquidity(&late, &(1_000 * USD), &0);
    world.conserved();
}

/// 500 units long at 100, and no price for three days: it may be twice as high by now.
#[test]
fn the_longer_an_index_is_dead_the_less_fetches_a_share() {
    let world = World::new();
    let alice = world.trader(100_000);
    world.buy(&alice, 500);
    let shares = world.clearing.lp(&world.provider).shares;
    let value = || world.clearing.lp(&world.provider).value;
    let live = value();
    world.index_at(100, PriceStatus::Stale);
    let mut taken = 0;
    for days in 0..4 {
        // A gap of 12% at once, and three in every day.
        let worst = live - taken - 500 * USD * 12 * (1 + 3 * days);
        assert!((value() - worst).abs() < 300 * USD, "{days}: {} {worst}", value());
        world.clearing.request_exit(&world.provider, &(shares / 100));
        world.pass(DAY / 3);
        let (now, all) = (value(), world.clearing.lp(&world.provider).shares);
        let left = world.clearing.remove_liquidity(&world.provider, &(shares / 100), &0);
        world.conserved();
        assert!((left - now / (all / (shares / 100))).abs() < USD);
        taken += left;
        world.pass(2 * DAY / 3);
    }
    // It did double: nobody who left took anything from those who stayed.
    let (worst, left) = (value(), world.clearing.lp(&world.provider).shares);
    world.index_at(200, PriceStatus::Live);
    assert!(value() >= worst && value() / (left / 1_000) >= taken / (4 * (shares / 100) / 1_000) * 99 / 100);
}

/// Traders are right by half of the price, the guard does not believe it, and rounds go on: whoever knows it and leaves gets no
/// more than what a gap beyond the refused price leaves him.
#[test]
fn whoever_leaves_pays_for_the_price_that_was_refused() {
    for (lo, hi, worst, long) in [(100, 150, 168, true), (50, 100, 44, false)] {
        let world = World::new();
        let alice = world.trader(100_000);
        if long {
            world.buy(&alice, 500);
        } else {
            world.sell(&alice, 500);
        }
        let part = world.clearing.lp(&world.provider).shares / 100;
        world.clearing.request_exit(&world.provider, &part);
        for _ in 0..LP_COOL_DOWN / 600 {
            world.pass(600);
            world.oracle.between(&index(), &(lo * PRICE), &(hi * PRICE), &PriceStatus::Tripped);
        }
        let required = world.ledger.pool_value().required;
        let left = world.clearing.remove_liquidity(&world.provider, &part, &0);
        world.conserved();
        world.index_at(worst, PriceStatus::Live);
        let fair = world.clearing.lp(&world.provider).value / 99;
        assert!((fair - USD..=fair).contains(&left), "{left} {fair}");
        // The way to the refused price, a gap and another one less the maintenance margin, and drift.
        assert_eq!(required, 5 * USD * hi * 112 * (5_000 + 2 * 1_200 - 500 + 650) / 10_000);
    }
}

/// The ends count where somebody said them. Of a price that there is not they are the asset's band.
#[test]
fn a_band_is_no_price() {
    let world = World::new();
    let alice = world.trader(100_000);
    world.buy(&alice, 500);
    let owed = |status| {
        world.oracle.between(&index(), &(50 * PRICE), &(150 * PRICE), &status);
        world.ledger.pool_value().index_value
    };
    let from_last = owed(PriceStatus::Stale);
    for status in [PriceStatus::Halted, PriceStatus::Warming, PriceStatus::Unknown] {
        assert_eq!(owed(status), from_last, "{status:?}");
    }
    for status in [PriceStatus::Degraded, PriceStatus::Grace, PriceStatus::Tripped] {
        assert_eq!(owed(status), from_last + 500 * USD * (168 - 112), "{status:?}");
    }
}

/// What nobody can price ends at the last price that there was, and then everybody leaves.
#[test]
fn winding_a_dead_market_down_lets_everybody_out() {
    let world = World::new();
    let alice = world.trader(100_000);
    world.buy(&alice, 900);
    world.index_at(100, PriceStatus::Stale);
    world.pass(30 * DAY);
    let shares = world.clearing.lp(&world.provider).shares;
    let leave = || world.clearing.try_remove_liquidity(&world.provider, &shares, &0);
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    assert_eq!(told(leave()), LedgerError::ReserveTestFailed as u32);
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::WindDown));
    world.pass(DAY);
    world.clearing.settle_position(&alice, &world.btc);
    world.conserved();
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    assert!(leave().unwrap().unwrap() >= 1_000_000 * USD);
    world.conserved();
}

/// Alice is owed 3,500 and the pool has 1,000: nobody enters a pool that owes more than it has, so what it lacks can only be
/// given. Then she has all of it, and the pool starts anew.
#[test]
fn a_gift_pays_those_who_wait_and_reopens_the_pool() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, 1_000);
    world.clearing.add_liquidity(&world.provider, &(1_000 * USD), &0);
    let (alice, late, donor) = (world.trader(10_000), world.trader(100_000), world.trader(10_000));
    world.buy(&alice, 70);
    world.index_at(150, PriceStatus::Live);
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::WindDown));
    world.pass(DAY);
    world.clearing.settle_position(&alice, &world.btc);
    world.conserved();
    let enter = || world.clearing.try_add_liquidity(&late, &(100_000 * USD), &0);
    assert_eq!(enter().err(), Some(Ok(ClearingError::InsufficientShares)));
    let before = world.clearing.buckets();
    assert!((2_400 * USD..2_600 * USD).contains(&before.claims), "{}", before.claims);
    // Half of it goes to her and to nobody else.
    world.clearing.fund_insurance(&donor, &(before.claims / 2));
    world.conserved();
    let half = world.clearing.buckets();
    assert_eq!((half.claims, half.insurance), (before.claims - before.claims / 2, before.insurance));
    assert_eq!(enter().err(), Some(Ok(ClearingError::InsufficientShares)));
    // What is more than that is insurance's.
    world.clearing.fund_insurance(&donor, &(half.claims + 7 * USD));
    world.conserved();
    let after = world.clearing.buckets();
    assert_eq!((after.claims, after.insurance), (0, before.insurance + 7 * USD));
    enter().unwrap().unwrap();
    world.conserved();
    assert!(world.clearing.claim_pending(&alice) >= before.claims - 10);
    world.conserved();
}

/// 1,080 units long and as many short on a curve of 1,000, wound down at 95. When the longs are settled the curve could not sell
/// what the shorts would buy: nobody will, and the pool goes on.
#[test]
fn a_market_that_is_wound_down_stops_nobody() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &(X / 100), &(Y / 100));
    world.rebased();
    world.deposit(&world.provider, 1_010_000);
    let shares = world.clearing.add_liquidity(&world.provider, &(1_000_000 * USD), &0);
    let traders: std::vec::Vec<_> = (0..12).map(|_| (world.trader(10_000), world.trader(10_000))).collect();
    for (long, short) in &traders {
        for _ in 0..10 {
            world.buy(long, 9);
            world.sell(short, 9);
        }
    }
    world.index_at(95, PriceStatus::Live);
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::WindDown));
    for (long, _) in &traders {
        world.clearing.settle_position(long, &world.btc);
        world.conserved();
    }
    let market = world.ledger.market(&world.btc);
    assert!(market.state.base_reserve + market.totals.net_size <= 0);
    // It counts at its one price, and holds nobody.
    let value = world.ledger.pool_value();
    assert!(value.index_value > 5_000 * USD && value.curve_value == value.index_value, "{value:?}");
    assert_eq!((value.winners, value.required), (value.index_value, 0));
    assert_eq!(world.clearing.reserve_headroom(), value.payable - value.winners);
    world.clearing.add_liquidity(&world.provider, &(1_000 * USD), &0);
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(DAY / 3);
    world.clearing.remove_liquidity(&world.provider, &shares, &0);
    world.conserved();
    world.pass(DAY);
    for (_, short) in &traders {
        world.clearing.settle_position(short, &world.btc);
        world.conserved();
    }
    assert_eq!(world.clearing.buckets().claims, 0);
}
