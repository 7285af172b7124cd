//! A market's maintenance margin rises under those who hold a position: over seven days, and at once for new risk.
extern crate std;

use crate::test_perp::{market_config, World, BTC};
use margin_interface::{LedgerError, MarketConfig};
use margin_math::units::{BASE, SECONDS_PER_DAY, USD};
use soroban_sdk::testutils::Ledger as _;

fn raise(w: &World, mmr_bps: u32) {
    w.ledger.update_market(&BTC, &MarketConfig { mmr_bps, ..market_config() });
}

/// Time passes, prices stay.
fn wait(w: &World, seconds: u64) {
    w.env.ledger().with_mut(|ledger| ledger.timestamp += seconds);
}

/// Alice is long 10 with 114, the index at 99: 5% ask for 49.5 and the 20.1 that she has lost, 9.9% for 98 and that.
fn holder() -> World {
    let w = World::new();
    w.give(&w.alice, 115);
    w.give(&w.keeper, 5_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(99);
    w
}

#[test]
fn a_raise_reaches_existing_positions_over_seven_days() {
    let w = holder();
    let before = w.ledger.summary(&w.alice);
    raise(&w, 990);
    assert_eq!(w.ledger.summary(&w.alice), before, "nothing changes in the same ledger");
    assert_eq!(w.ledger.try_flag(&w.alice), Err(Ok(LedgerError::NotLiquidatable)));
    assert_eq!(w.take_over(&w.alice, i128::MAX), Err(LedgerError::NotLiquidatable));
    wait(&w, 7 * SECONDS_PER_DAY / 2);
    let half = w.ledger.breakdown(&w.alice).positions.get(0).unwrap().mmr_bps;
    assert_eq!(half, 745);
    assert_eq!(w.ledger.try_flag(&w.alice), Err(Ok(LedgerError::NotLiquidatable)));
    wait(&w, 7 * SECONDS_PER_DAY / 2);
    assert_eq!(w.ledger.breakdown(&w.alice).positions.get(0).unwrap().mmr_bps, 990);
    w.ledger.flag(&w.alice);
}

/// What a take-over restores is the health that the account is judged by, wherever the raise has come to.
#[test]
fn a_take_over_in_between_takes_what_restores_the_target() {
    let w = holder();
    raise(&w, 990);
    wait(&w, 3 * SECONDS_PER_DAY);
    // 7.1%: 67 of 940, and 71 lost, are more than the 114.
    w.index_at(94);
    let taken = w.take_over(&w.alice, i128::MAX).unwrap();
    assert!(taken.size < 10 * BASE);
    let health = w.ledger.summary(&w.alice).health_factor;
    assert!((12_000..12_010).contains(&health), "{health}");
}

/// 111.49 support 108.77 at the opening level: enough for 5% of 1,000 and the 10.1 of the curve, not for 9.9%.
#[test]
fn new_risk_needs_it_at_once() {
    for (mmr_bps, opens) in [(500, true), (990, false)] {
        let w = World::new();
        w.ledger.credit(&w.bob, &w.bob, &w.usdc, &(1_125 * USD / 10));
        raise(&w, mmr_bps);
        assert_eq!(w.trade(&w.bob, 10 * BASE).is_ok(), opens);
    }
}

/// The reserve counts what positions really are held to.
#[test]
fn the_pool_counts_on_the_margin_that_is_there() {
    let w = holder();
    let required = || w.ledger.pool_value().required;
    let before = required();
    raise(&w, 990);
    assert_eq!(required(), before);
    wait(&w, 7 * SECONDS_PER_DAY);
    assert!(required() < before);
}

#[test]
fn a_cut_helps_at_once_and_other_changes_do_not_put_a_raise_off() {
    let w = holder();
    let mmr = || w.ledger.breakdown(&w.alice).positions.get(0).unwrap().mmr_bps;
    raise(&w, 400);
    assert_eq!(mmr(), 400);
    raise(&w, 800);
    wait(&w, 7 * SECONDS_PER_DAY / 2);
    assert_eq!(mmr(), 600);
    w.ledger.update_market(&BTC, &MarketConfig { mmr_bps: 800, imr_bps: 1_100, ..market_config() });
    assert_eq!(mmr(), 600);
    wait(&w, 7 * SECONDS_PER_DAY / 2);
    assert_eq!(mmr(), 800);
    // Back and forth: from where it is, never from further away.
    raise(&w, 900);
    wait(&w, 7 * SECONDS_PER_DAY / 2);
    raise(&w, 860);
    assert_eq!(mmr(), 850);
}
