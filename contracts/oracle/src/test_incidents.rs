//! What happened elsewhere, replayed: each test records what it would have cost here.
//!
//! Prices are at 1e14. "New risk at" is the highest price at which anybody could have opened new debt against the asset
//! during the incident, with every source lying as the attacker made them lie.

extern crate std;

use margin_interface::{AssetClass, AssetLimits, PokeOutcome, PriceStatus, SourceRole};
use margin_math::status::{may_increase, permission, Permission, Status, Use};

use crate::test::{Harness, USD};

const MINUTE: u64 = 60;

/// What can be done at a quote.
struct Exposure {
    /// Price of collateral for new debt, if it is permitted.
    new_risk: Option<i128>,
    /// Price at which a debt in this asset may be liquidated: the lower end where both ends have to agree.
    liquidates_debt_at: Option<i128>,
}

fn exposure(h: &Harness) -> Exposure {
    let quote = h.quote();
    let status = Status::from_code(quote.status as u32).unwrap();
    Exposure {
        new_risk: may_increase(status).then_some(quote.lo),
        liquidates_debt_at: match permission(status, Use::Liquidate) {
            Permission::Yes => Some(quote.mid),
            Permission::YesAtBothEnds | Permission::OnlyIfInsolventAtBothEnds => Some(quote.lo),
            _ => None,
        },
    }
}

/// Plays `path`, a minute each, and returns the highest price of new risk.
fn highest_new_risk(h: &Harness, path: impl IntoIterator<Item = std::vec::Vec<i128>>) -> i128 {
    let mut highest = 0;
    for prices in path {
        h.pass(MINUTE);
        h.feed(&prices);
        highest = highest.max(exposure(h).new_risk.unwrap_or(0));
        // Whoever waits for the price to be stale finds no more.
        assert_ne!(h.sep40().lastprice(&h.asset).map(|last| last.price > highest), Some(true));
    }
    highest
}

/// YieldBlox, 22 February 2026: USTRY at 1.05, one trade of five dollars at 106.74 on a market that its maker had left;
/// the pool lent 61.3 M XLM and 1.01 M USDC against it.
#[test]
fn incident_ustry_a_five_dollar_trade_at_a_hundredfold() {
    let (fair, forged) = (105 * USD / 100, 10_674 * USD / 100);
    // As it was: the traded market is one group, a fundamental feed the other. The print stops the price.
    let h = Harness::guarded(AssetClass::Thin, fair, 2);
    h.pass(MINUTE);
    assert_eq!(h.feed(&[forged, fair]), PokeOutcome::Diverged);
    assert_eq!(exposure(&h).new_risk, Some(fair), "the last price, until its age limit");
    // Worse than it was: every group prints it, for a day.
    let h = Harness::guarded(AssetClass::Thin, fair, 2);
    let new_risk = highest_new_risk(&h, (0..1_440).map(|_| std::vec![forged; 2]));
    assert_eq!(new_risk, 0, "from the first print on");
    assert_eq!((h.quote().status, h.quote().lo, h.quote().hi), (PriceStatus::Tripped, fair, forged));
    assert_eq!(exposure(&h).liquidates_debt_at, Some(fair), "nor is anybody liquidated at a hundredfold");
    // 1_000 USTRY were lent against as 106_740; here as nothing new, and as 1_050 before the first print.
    assert_eq!(1_000 * (forged - fair) / USD, 105_690, "the damage that does not happen, per 1_000 USTRY");
}

/// Mango, October 2022: MNGO from 0.038 to 0.91 on three venues within twenty minutes; 110 M USD lent against it.
#[test]
fn incident_mango_all_venues_pushed_twentyfold() {
    let fair = 38 * USD / 1_000;
    let mut price = fair;
    // +17.2% a minute is 0.91 after twenty.
    let path = (0..20).map(|_| {
        price += price * 172 / 1_000;
        std::vec![price; 3]
    });
    let path: std::vec::Vec<_> = path.collect();
    assert!(path[19][0] > 90 * USD / 100);
    for class in [AssetClass::Thin, AssetClass::Volatile, AssetClass::Major] {
        let h = Harness::guarded(class, fair, 3);
        assert_eq!(
            highest_new_risk(&h, path.clone()),
            0,
            "{class:?}: tripped from the first step to the last"
        );
    }
    // Patiently, in the largest steps a thin asset permits: 5% in an hour, not 2_290%.
    let h = Harness::guarded(AssetClass::Thin, fair, 3);
    let mut price = fair;
    let patient: std::vec::Vec<_> = (0..55)
        .map(|_| {
            price += price * 29 / 1_000;
            std::vec![price; 3]
        })
        .collect();
    let new_risk = highest_new_risk(&h, patient);
    assert_eq!((new_risk - fair) * 10_000 / fair, 290, "bps of over-valuation, the whole damage");
    // And the slow reference, at which opening counts collateral, has moved even less.
    assert!((h.quote().stable - fair) * 10_000 / fair <= 20);
}

/// bZx, February 2020: 900 ETH push sUSD to two dollars within one transaction, which borrows against it.
#[test]
fn incident_bzx_a_spot_market_pushed_within_one_transaction() {
    let h = Harness::guarded(AssetClass::Pegged, USD, 2);
    h.pass(MINUTE);
    h.feed(&[USD; 2]);
    // In the same ledger the market is pushed, poked, used and let go.
    assert_eq!(h.feed(&[2 * USD, USD]), PokeOutcome::Diverged);
    assert_eq!(h.feed(&[2 * USD; 2]), PokeOutcome::Unchanged, "a tick has one price");
    assert_eq!((exposure(&h).new_risk, h.quote().stable), (Some(USD), USD));
    assert_eq!(h.oracle().twap(&h.asset, &3_000), Some(USD), "what lands now weighs nothing");
    // Over the next tick, with every group pushed: outside the band.
    let new_risk = highest_new_risk(&h, (0..60).map(|_| std::vec![2 * USD; 2]));
    assert_eq!(new_risk, 0);
    assert_eq!(exposure(&h).liquidates_debt_at, Some(USD));
}

/// Venus and Blizz, May 2022: the feed stopped at its own floor of 0.107 while LUNA fell to 0.01; 11.2 M and 8.3 M lent.
#[test]
fn incident_luna_a_feed_stands_at_its_floor() {
    let fair = 11 * USD / 100;
    let limits = AssetLimits { floor: USD / 1_000, ..AssetLimits::DEFAULT };
    let fall = [0.108, 0.09, 0.07, 0.05, 0.03, 0.02, 0.015, 0.01];
    let frozen = 107 * USD / 1_000;

    // A feed that says its floor again and again, with the clamp that its listing names: it counts as absent.
    let mut h = Harness::empty();
    h.list_as(AssetClass::Volatile, &limits, fair);
    h.add(14, 0, SourceRole::Fresh, 420);
    h.add_clamped(1, frozen, i128::MAX);
    h.warm(fair);
    let mut seconds_usable = 0;
    for price in fall {
        h.pass(MINUTE);
        let price = (price * 1e6) as i128 * (USD / 1_000_000);
        h.feed(&[price, frozen.max(price)]);
        if exposure(&h).new_risk.is_some_and(|at| at > price * 102 / 100) {
            seconds_usable += MINUTE;
        }
    }
    assert_eq!(seconds_usable, 300, "the price before the floor, and no longer than its age limit");
    assert_eq!(h.quote().status, PriceStatus::Stale);
    assert_eq!(h.quote().lo, USD / 1_000, "liquidation counts it at the end of its band");

    // The same without the clamp: the groups diverge, which bounds it by the same age limit.
    let h = Harness::guarded_with(AssetClass::Volatile, &limits, fair, 2);
    let mut seconds_usable = 0;
    for price in fall {
        h.pass(MINUTE);
        let price = (price * 1e6) as i128 * (USD / 1_000_000);
        h.feed(&[price, frozen.max(price)]);
        if exposure(&h).new_risk.is_some_and(|at| at > price * 102 / 100) {
            seconds_usable += MINUTE;
        }
    }
    assert!(seconds_usable <= 300, "{seconds_usable}");
    assert_eq!(h.quote().status, PriceStatus::Stale);
}

/// Compound, November 2020: DAI at 1.30 on the one venue that counted, followed by an average within its 20% anchor; 89 M
/// USD of sound accounts liquidated.
#[test]
fn incident_dai_one_venue_at_a_premium_liquidates_the_sound() {
    let fair = 101 * USD / 100;
    let limits = AssetLimits { cap: 105 * USD / 100, floor: 95 * USD / 100, ..AssetLimits::DEFAULT };
    // As it was, and a third venue that stayed: no two agree.
    let h = Harness::guarded_with(AssetClass::Pegged, &limits, fair, 3);
    h.pass(MINUTE);
    assert_eq!(h.feed(&[130 * USD / 100, 120 * USD / 100, fair]), PokeOutcome::Diverged);
    assert_eq!(exposure(&h).liquidates_debt_at, Some(fair));
    // Worse: two of three say 1.30, for an hour. A debt in DAI is judged at 1.01, whatever they say.
    let mut highest = 0;
    for _ in 0..60 {
        h.pass(MINUTE);
        assert_eq!(h.feed(&[130 * USD / 100, 130 * USD / 100, fair]), PokeOutcome::OutOfBand);
        highest = highest.max(exposure(&h).liquidates_debt_at.unwrap_or(0));
        assert_eq!(exposure(&h).new_risk, None);
    }
    assert_eq!(highest, fair, "0 bps of wrongful liquidation instead of 2_871");
    // It is over: two rounds inside the limits, then a grace in which nobody is liquidated.
    for outcome in [PokeOutcome::Recovering, PokeOutcome::Accepted] {
        h.pass(MINUTE);
        assert_eq!(h.feed(&[fair; 3]), outcome);
    }
    assert_eq!((h.quote().status, exposure(&h).liquidates_debt_at), (PriceStatus::Grace, None));
    h.pass(300);
    h.feed(&[fair; 3]);
    assert_eq!((h.quote().status, exposure(&h).new_risk), (PriceStatus::Live, Some(fair)));
}

/// A crash that is real: every group says so for ten minutes. The price follows, the history starts anew, liquidations wait.
#[test]
fn bad_input_23_a_real_crash_re_anchors_and_leaves_a_grace() {
    let h = Harness::guarded(AssetClass::Volatile, 100 * USD, 3);
    let mut minutes = 0;
    loop {
        h.pass(MINUTE);
        minutes += 1;
        match h.feed(&[40 * USD; 3]) {
            PokeOutcome::ReAnchored => break,
            outcome => assert_eq!(outcome, PokeOutcome::Step),
        }
        assert_eq!((h.quote().lo, h.quote().hi), (40 * USD, 100 * USD));
    }
    assert_eq!(minutes, 11, "600 s after the first of them");
    assert_eq!((h.quote().status, h.quote().mid), (PriceStatus::Grace, 40 * USD));
    assert_eq!(h.sep40().prices(&h.asset, &64).unwrap().len(), 1);
    assert_eq!((exposure(&h).new_risk, exposure(&h).liquidates_debt_at), (None, None));
    // Two of three are a quorum, but confirm nothing.
    let h = Harness::guarded(AssetClass::Volatile, 100 * USD, 3);
    for _ in 0..60 {
        h.pass(MINUTE);
        assert_eq!(h.feed(&[40 * USD, 40 * USD, 100 * USD]), PokeOutcome::Step);
    }
}
