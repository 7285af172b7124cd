//! Who pays for a reduction: what it loses against the index is the account's, whoever stands on the other side.
extern crate std;

use crate::test_perp::{usdc_config, World, BTC};
use crate::test_world::list;
use crate::MarginLedgerClient;
use margin_interface::{
    Asset, AssetConfig, LedgerError, MarginLedgerAdminClient, MarketState, PriceStatus, Quote,
};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{contract, contractimpl, testutils::Address as _, Address, Env};

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
    list(&MarginLedgerAdminClient::new(&w.env, &w.ledger.address), &gold, &config);
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
    // Worth more than what is owed, but not by what a liquidation needs.
    w.price(&Asset::Stellar(gold.clone()), 15 * PRICE / 10, PriceStatus::Live);
    assert!(w.ledger.summary(&w.alice).equity > 0);
    assert_eq!(w.fill(&w.alice, -4 * BASE, 91 * 4 * USD, w.state()), Err(LedgerError::BadDebt));
    // What has no price supports nothing.
    w.price(&Asset::Stellar(gold), 0, PriceStatus::Unknown);
    assert_eq!(w.fill(&w.alice, -4 * BASE, 91 * 4 * USD, w.state()), Err(LedgerError::BadDebt));
    assert_eq!(lent(&w), debt);
    assert!(w.fill(&w.alice, -4 * BASE, 92 * 4 * USD, w.state()).is_ok());
}

/// What the oracle no longer knows stands in nobody's way while the rest bears the loss; what is owed or risked at no price
/// may be any loss.
#[test]
fn an_asset_without_a_price_leaves_room_to_reduce() {
    let w = World::new();
    let gold = with_gold(&w);
    w.give(&w.provider, 5_000);
    w.ledger.credit(&w.provider, &w.provider, &gold, &(1_000 * USD));
    w.give(&w.alice, 500);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(92);
    w.price(&Asset::Stellar(gold.clone()), 0, PriceStatus::Unknown);
    assert!(w.fill(&w.alice, -5 * BASE, 91 * 5 * USD, w.state()).is_ok());
    let tipped = w.ledger.pay_executor(&w.alice, &w.keeper, &USD);
    assert_eq!((tipped, w.deposit(&w.keeper)), (USD, USD));
    // Nothing but that asset would bear a tip of everything.
    assert_eq!(w.ledger.pay_executor(&w.alice, &w.keeper, &(1_000 * USD)), 0);
    w.price(&Asset::Stellar(gold.clone()), PRICE, PriceStatus::Live);
    w.ledger.borrow(&w.alice, &gold, &USD);
    w.price(&Asset::Stellar(gold), 0, PriceStatus::Unknown);
    assert_eq!(w.fill(&w.alice, -4 * BASE, 91 * 4 * USD, w.state()), Err(LedgerError::BadDebt));
    assert_eq!(w.ledger.pay_executor(&w.alice, &w.keeper, &USD), 0);
    assert!(w.fill(&w.alice, -4 * BASE, 92 * 4 * USD, w.state()).is_ok());
}

#[test]
fn what_a_tip_writes_does_not_depend_on_the_price() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 1);
    w.trade(&w.alice, 10 * BASE).unwrap();
    let written = |at_most: i128| {
        let seqs = || [&w.alice, &w.keeper].map(|who| w.ledger.account(who).seq);
        let before = seqs();
        let paid = w.ledger.pay_executor(&w.alice, &w.keeper, &at_most);
        w.holds();
        (paid, seqs().iter().zip(before).map(|(after, before)| after - before).sum::<u64>())
    };
    assert_eq!(written(USD), (USD, 2));
    w.index_at(85);
    assert_eq!(written(USD), (0, 2));
    w.price(&crate::test_perp::index(), 0, PriceStatus::Unknown);
    assert_eq!(written(USD), (0, 2));
}

/// 114 in the deposit, 161 lost: what is left of the deposit is not hers to lose to somebody else, even if it would pay
/// for the part that she sells.
#[test]
fn a_deposit_pays_the_whole_position_before_it_pays_a_counterparty() {
    let w = underwater();
    w.index_at(85);
    assert_eq!(w.fill(&w.alice, -5 * BASE, 81 * 5 * USD, w.state()), Err(LedgerError::BadDebt));
    assert!(w.fill(&w.alice, -5 * BASE, 85 * 5 * USD, w.state()).is_ok());
    assert_eq!(lent(&w), 0);
}

/// Whoever leaves for good and can pay for it needs no price but the last index.
#[test]
fn a_close_that_the_deposit_pays_asks_for_no_price() {
    let w = underwater();
    w.price(&Asset::Stellar(w.usdc.clone()), 0, PriceStatus::Unknown);
    assert_eq!(w.fill(&w.alice, -5 * BASE, 91 * 5 * USD, w.state()), Err(LedgerError::BadDebt));
    assert!(w.fill(&w.alice, -10 * BASE, 91 * 10 * USD, w.state()).is_ok());
}

#[test]
fn without_a_live_index_the_last_price_decides() {
    let w = underwater();
    w.price(&crate::test_perp::index(), 92 * PRICE, PriceStatus::Stale);
    let (size, cash) = (-999 * BASE / 100, 88 * USD * 999 / 100);
    assert_eq!(w.fill(&w.alice, size, cash, w.state()), Err(LedgerError::BadDebt));
    assert!(w.fill(&w.alice, size, 92 * USD * 999 / 100, w.state()).is_ok());
}

/// What a dead index might be by the static band makes nobody rich: 30% below the last price, somebody else gains what the
/// pool would lend.
#[test]
fn the_better_end_of_a_dead_index_pays_for_nothing() {
    let w = underwater();
    let (hi, timestamp) = (920 * PRICE, w.env.ledger().timestamp());
    let (lo, mid, stable) = (9 * PRICE, 92 * PRICE, 92 * PRICE);
    w.oracle.set(
        &crate::test_perp::index(),
        &Quote { hi, lo, mid, stable, status: PriceStatus::Halted, timestamp },
    );
    assert_eq!(w.fill(&w.alice, -5 * BASE, 64 * 5 * USD, w.state()), Err(LedgerError::BadDebt));
    assert_eq!(lent(&w), 0);
    assert!(
        w.fill(&w.alice, -5 * BASE, 90 * 5 * USD, w.state()).is_ok(),
        "near the last price everybody may"
    );
}

/// Two sides at once or not at all, as the clearing-house settles a match.
#[contract]
struct Matcher;

#[contractimpl]
impl Matcher {
    pub fn settle(env: Env, ledger: Address, buyer: Address, seller: Address, size: i128, quote: i128) {
        let ledger = MarginLedgerClient::new(&env, &ledger);
        let state: MarketState = ledger.market(&BTC).state;
        ledger.apply_fill(&buyer, &BTC, &size, &-quote, &0, &state);
        ledger.apply_fill(&seller, &BTC, &-size, &quote, &0, &state);
    }
}

/// Whatever two accounts of one person trade with each other inside the band, no trade adds to what both together may
/// take with them, even if one of them is left behind with its debts.
#[test]
fn two_accounts_never_take_out_more_than_they_brought() {
    let (mut seed, mut traded, mut refused) = (7_u64, 0, 0);
    let mut random = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    for _ in 0..20 {
        let w = World::new();
        w.env.mock_all_auths_allowing_non_root_auth();
        let matcher = MatcherClient::new(&w.env, &w.env.register(Matcher, ()));
        w.give(&w.alice, 115);
        w.give(&w.bob, 115);
        matcher.settle(&w.ledger.address, &w.alice, &w.bob, &(10 * BASE), &(1_000 * USD));
        // One of the two may be left with nothing.
        let moved = 8 + i128::from(random(9));
        let index = if random(2) == 0 { 100 + moved } else { 100 - moved };
        w.index_at(index);
        let take = || [&w.alice, &w.bob].map(|who| w.ledger.summary(who).equity.max(0)).iter().sum::<i128>();
        for _ in 0..12 {
            let before = take();
            let (buyer, seller) = if random(4) == 0 { (&w.alice, &w.bob) } else { (&w.bob, &w.alice) };
            let size = i128::from(1 + random(20)) * BASE / 4;
            let price = index * i128::from(9_500 + random(1_001));
            let quote = size / (BASE / 4) * price * USD / 40_000;
            match matcher.try_settle(&w.ledger.address, buyer, seller, &size, &quote) {
                Ok(_) => traded += 1,
                Err(_) => refused += 1,
            }
            w.holds();
            let after = take();
            assert!(after <= before + 4, "{before} became {after}");
        }
    }
    assert!(traded > 50 && refused > 50, "{traded} traded, {refused} refused");
}
