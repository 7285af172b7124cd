//! The pool with two markets, one of which nobody watches.
extern crate std;

use crate::test_perp::{market_config, World, BTC};
use margin_interface::{Asset, Bucket, FillReceipt, LedgerError, MarketConfig, MarketState, PriceStatus};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{symbol_short, Address, Symbol};

const ETH: Symbol = symbol_short!("ETH_USD");

fn eth() -> Asset {
    Asset::Other(symbol_short!("ETH"))
}

/// Alice is long 10 of a second market, at 100 like the first; then its index stops.
fn unwatched() -> World {
    let w = World::new();
    w.price(&eth(), 100 * PRICE, PriceStatus::Live);
    let config = MarketConfig { index: eth(), ..market_config() };
    w.ledger.open_market(&ETH, &config, &(1_000 * BASE), &(100_000 * USD));
    w.give(&w.alice, 1_000);
    w.give(&w.bob, 10_000);
    fill(&w, &w.alice, 10 * BASE).unwrap();
    w.price(&eth(), 100 * PRICE, PriceStatus::Stale);
    w
}

/// Fills at 100; the curve stays.
fn fill(w: &World, who: &Address, size: i128) -> Result<FillReceipt, LedgerError> {
    let state: MarketState = w.ledger.market(&ETH).state;
    let result = w.ledger.try_apply_fill(who, &ETH, &size, &(-size / BASE * 100 * USD), &0, &state);
    w.holds();
    result.map(|receipt| receipt.unwrap()).map_err(|error| error.unwrap())
}

#[test]
fn a_dead_index_stops_its_own_market_only() {
    let w = unwatched();
    assert_eq!(fill(&w, &w.bob, BASE), Err(LedgerError::PriceNotUsable));
    assert!(w.trade(&w.bob, 10 * BASE).is_ok());
    // Whoever holds it cannot add risk anywhere, but leave.
    assert_eq!(w.trade(&w.alice, BASE), Err(LedgerError::PriceNotUsable));
    assert!(fill(&w, &w.alice, -10 * BASE).is_ok());
    assert!(w.ledger.pool_value().live, "nobody holds it any more");
}

#[test]
fn a_dead_settlement_asset_stops_every_market() {
    let w = unwatched();
    w.price(&Asset::Stellar(w.usdc.clone()), PRICE, PriceStatus::Stale);
    assert_eq!(w.trade(&w.bob, BASE), Err(LedgerError::PriceNotUsable));
}

/// The price may be 112 by now: 10 * 12 are owed, and of 1,120 may be lost 24% less 5% of maintenance margin, and 6.5%.
#[test]
fn what_nobody_watches_counts_at_its_worst() {
    let w = unwatched();
    let value = w.ledger.pool_value();
    assert!(!value.live);
    assert_eq!((value.index_value, value.winners), (120 * USD, 120 * USD));
    assert_eq!(value.required, 1_120 * USD * (1_900 + 650) / 10_000);
    // A provider may leave down to there, and not a unit further.
    let free = value.payable - value.claims - value.winners - value.required;
    let leave = |amount: i128| {
        w.ledger
            .try_move_bucket(&w.provider, &Bucket::Lp, &-amount)
            .map(|_| ())
            .map_err(|error| error.unwrap())
    };
    assert_eq!(leave(free + 1), Err(LedgerError::ReserveTestFailed));
    assert_eq!(leave(free), Ok(()));
    w.holds();
    // Now nothing bears another position in the other market either.
    assert_eq!(w.trade(&w.bob, BASE), Err(LedgerError::ReserveTestFailed));
    // Live again, the pool is better off than it counted, wherever within the gap the price is.
    for dollars in [88, 100, 112] {
        w.price(&eth(), dollars * PRICE, PriceStatus::Live);
        let live = w.ledger.pool_value();
        assert!(live.live && live.winners <= value.winners && live.required <= value.required);
    }
}

/// What is lent to losers is told, for whoever enters pays for it.
#[test]
fn the_credit_line_is_the_providers() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(20);
    w.fill(&w.alice, -5 * BASE, 100 * USD, w.state()).unwrap();
    let (value, totals) = (w.ledger.pool_value(), w.ledger.totals());
    assert!(value.lent > 0);
    assert_eq!((value.lent, value.payable), (totals.perp_borrowed, totals.lp - totals.perp_borrowed));
    assert_eq!(w.ledger.markets().get(0), Some(BTC));
}

/// What a flagged account owes is in doubt until it is paid, written off, or the account is healthy again.
#[test]
fn what_flagged_accounts_owe_is_told() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(50);
    w.fill(&w.alice, -5 * BASE, 250 * USD, w.state()).unwrap();
    let doubtful = || w.ledger.pool_value().doubtful;
    let lent = || w.ledger.pool_value().lent;
    assert!(lent() > 0 && doubtful() == 0);
    w.ledger.flag(&w.alice);
    assert!((doubtful() - lent()).abs() <= 1);
    // A reduction at the index adds to it.
    let before = doubtful();
    w.fill(&w.alice, -BASE, 50 * USD, w.state()).unwrap();
    assert!(doubtful() > before + 40 * USD && (doubtful() - lent()).abs() <= 1);
    w.index_at(300);
    w.ledger.unflag(&w.alice);
    assert!(lent() > 0 && doubtful() == 0);
    w.index_at(50);
    w.ledger.flag(&w.alice);
    assert!(doubtful() > 0);
    w.give(&w.keeper, 5_000);
    w.take_over(&w.alice, i128::MAX).unwrap();
    assert_eq!((lent(), doubtful(), w.ledger.totals().doubtful_shares), (0, 0, 0));
}

/// Whatever becomes of the oracle: who owes repays, who holds closes, who provides leaves. Nobody takes risk.
#[test]
fn an_oracle_that_does_not_answer_keeps_nobody_in() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(20);
    w.fill(&w.alice, -5 * BASE, 100 * USD, w.state()).unwrap();
    w.give(&w.bob, 1_000);
    w.oracle.fail();
    let owed = w.ledger.totals().perp_borrowed;
    assert!(owed > 50 * USD);
    assert_eq!(w.ledger.repay(&w.alice, &w.usdc, &(1_000 * USD)), owed);
    w.give(&w.alice, 100);
    w.holds();
    let view = w.ledger.perp_view(&w.alice, &BTC);
    assert_eq!((view.index.status, view.index.mid), (PriceStatus::Unknown, 0));
    // At the mark, while there is no index.
    w.fill(&w.alice, -5 * BASE, 500 * USD, w.state()).unwrap();
    assert_eq!(w.trade(&w.bob, BASE), Err(LedgerError::PriceNotUsable));
    w.ledger.move_bucket(&w.provider, &Bucket::Lp, &(-1_000 * USD));
    w.holds();
    // Nobody holds anything any more.
    w.ledger.move_bucket(&w.provider, &Bucket::Lp, &(-1_000 * USD));
    assert!(w.ledger.pool_value().live);
}
