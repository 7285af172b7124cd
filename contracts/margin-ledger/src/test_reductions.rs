//! Who pays for a reduction: what it loses against the index is the account's, whoever stands on the other side.
extern crate std;

use crate::test_perp::{usdc_config, World, BTC};
use margin_interface::{Asset, AssetConfig, LedgerError, MarginLedgerAdminClient, PriceStatus};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{testutils::Address as _, Address};

/// Alice is long 10 at 101.01 with 113.99, what is left of 115 after the fee; the index is at 92: 90 are lost, 24 are left.
fn underwater() -> World {
    let w = World::new();
    w.give(&w.alice, 115);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(92);
    w
}

fn lent(w: &World) -> i128 {
    w.ledger.totals().perp_borrowed
}

/// 4% below the index and inside the band: 130 lost of a deposit of 114, and a dust of the position kept so that it is no
/// bad debt yet. The other side would have won the 16 that the pool lends.
#[test]
fn a_reduction_inside_the_band_leaves_its_loss_to_nobody() {
    let w = underwater();
    let kept = BASE / 100;
    let (size, cash) = (-(10 * BASE - kept), 88 * USD * 999 / 100);
    assert_eq!(w.fill(&w.alice, size, cash, w.state()), Err(LedgerError::BadDebt));
    // 9.99 * (101.01 - p) and 10 bps of it are 113.99 at 89.69.
    assert_eq!(w.fill(&w.alice, size, 8_968 * USD * 999 / 10_000, w.state()), Err(LedgerError::BadDebt));
    assert_eq!(w.fill(&w.alice, size, 8_970 * USD * 999 / 10_000, w.state()).map(|_| lent(&w)), Ok(0));
}

/// In parts, each of which the deposit covers: the last one is not.
#[test]
fn neither_do_many_small_ones() {
    let w = underwater();
    let mut refused = false;
    for _ in 0..40 {
        refused = w.fill(&w.alice, -BASE / 4, 88 * USD / 4, w.state()).is_err();
        assert_eq!(lent(&w), 0);
        if refused {
            break;
        }
    }
    assert!(refused && w.ledger.account(&w.alice).positions.contains_key(BTC));
    // A keeper takes what is left, at the index.
    w.give(&w.keeper, 5_000);
    assert!(w.take_over(&w.alice, i128::MAX).is_ok());
}

/// What the index itself implies is lent, as a take-over there would: nobody is held in a position.
#[test]
fn at_the_index_everybody_may_reduce() {
    let w = underwater();
    w.index_at(80);
    assert!(w.fill(&w.alice, -5 * BASE, 400 * USD, w.state()).is_ok());
    assert!(w.fill(&w.alice, -2 * BASE, 160 * USD, w.state()).is_ok());
    assert!(lent(&w) > 0);
    assert_eq!(w.fill(&w.alice, -BASE, 80 * USD - 1, w.state()), Err(LedgerError::BadDebt));
    assert!(w.fill(&w.alice, -BASE, 81 * USD, w.state()).is_ok());
}

/// A debt that an unrealised gain supports: the gain may not go to somebody else.
#[test]
fn a_gain_that_supports_a_debt_is_not_given_away() {
    let w = underwater();
    w.index_at(70);
    w.fill(&w.alice, -5 * BASE, 350 * USD, w.state()).unwrap();
    assert!(lent(&w) > 40 * USD);
    // 5 are left at 101.01. At 150 they have gained 245; sold at 101, nothing of it would be left.
    w.index_at(150);
    let debt = lent(&w);
    assert_eq!(
        w.fill(&w.alice, -499 * BASE / 100, 499 * 101 * USD / 100, w.state()),
        Err(LedgerError::BadDebt)
    );
    assert_eq!(lent(&w), debt);
    assert!(w.fill(&w.alice, -499 * BASE / 100, 499 * 150 * USD / 100, w.state()).is_ok());
    assert_eq!(lent(&w), 0);
}

/// 100 units at 10 dollars of another asset, which counts 70%.
fn with_gold(w: &World) -> Address {
    let gold = w.env.register_stellar_asset_contract_v2(Address::generate(&w.env)).address();
    let index = Asset::Stellar(gold.clone());
    w.price(&index, 10 * PRICE, PriceStatus::Live);
    let base = usdc_config(index);
    let config = AssetConfig {
        liquidation_bps: 11_000,
        ltv_bps: 7_000,
        lw_bps: 11_000,
        margin_call_bps: 12_000,
        max_bonus_bps: 1_000,
        opening_bps: 12_500,
        ..base
    };
    MarginLedgerAdminClient::new(&w.env, &w.ledger.address).list_asset(&gold, &config);
    w.ledger.credit(&w.alice, &w.alice, &gold, &(100 * USD));
    gold
}

/// Whoever has other collateral needs no settlement deposit to close: the pool lends against it, while it is enough.
#[test]
fn other_collateral_pays_as_long_as_it_supports_the_debt() {
    let w = World::new();
    let gold = with_gold(&w);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(92);
    assert!(w.fill(&w.alice, -5 * BASE, 91 * 5 * USD, w.state()).is_ok());
    let debt = lent(&w);
    assert!(debt > 0);
    w.price(&Asset::Stellar(gold.clone()), PRICE, PriceStatus::Live);
    assert_eq!(w.fill(&w.alice, -4 * BASE, 91 * 4 * USD, w.state()), Err(LedgerError::BadDebt));
    // A price that cannot be used supports nothing.
    w.price(&Asset::Stellar(gold), 10 * PRICE, PriceStatus::Unknown);
    assert_eq!(w.fill(&w.alice, -4 * BASE, 91 * 4 * USD, w.state()), Err(LedgerError::PriceNotUsable));
    assert_eq!(lent(&w), debt);
    assert!(w.fill(&w.alice, -4 * BASE, 92 * 4 * USD, w.state()).is_ok());
}

/// Its holdings have no price that could support a debt, but at the last one it may reduce.
#[test]
fn without_a_live_index_the_last_price_decides() {
    let w = underwater();
    w.price(&crate::test_perp::index(), 92 * PRICE, PriceStatus::Stale);
    let (size, cash) = (-999 * BASE / 100, 88 * USD * 999 / 100);
    assert_eq!(w.fill(&w.alice, size, cash, w.state()), Err(LedgerError::PriceNotUsable));
    assert!(w.fill(&w.alice, size, 92 * USD * 999 / 100, w.state()).is_ok());
}
