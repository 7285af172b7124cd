//! Aggregation, storage and reads. Numbers of bad inputs are those of the oracle study.

extern crate std;

use margin_interface::{
    Asset, AssetClass, AssetLimits, HaltScope, OracleChange, PokeOutcome, PriceSource as Source, PriceStatus,
    Quote, SourceRole,
};
use margin_interface::{OracleAdminClient, OracleClient, Sep40Client};
use price_source::{PriceSource, PriceSourceClient};
use soroban_sdk::testutils::{Address as _, EnvTestConfig, Ledger as _};
use soroban_sdk::{symbol_short, vec, Address, Env};
use std::vec::Vec;

use crate::Oracle;

pub const NOW: u64 = 1_790_000_000;
pub const USD: i128 = margin_math::units::PRICE;
/// Age limit of prices and sources in these tests.
pub const MAX_AGE: u64 = 420;

pub struct Harness {
    pub env: Env,
    pub id: Address,
    pub admin: Address,
    pub guardian: Address,
    pub asset: Asset,
    pub sources: Vec<PriceSourceClient<'static>>,
}

/// Limits that let every price of the band pass: what is tested is something else.
pub fn limits() -> AssetLimits {
    AssetLimits {
        budget_bps: 10_000,
        cap: 200 * USD,
        confirm: 600,
        delta_bps: 200,
        floor: 50 * USD,
        grace: 300,
        max_age: MAX_AGE as u32,
        quorum: 2,
        spread_bps: 500,
        stable_rate: 100_000,
        step_bps: 10_000,
        step_bps_per_minute: 1,
        step_max_bps: 10_000,
        twap_gap_bps: 10_000,
        warm_up: 1,
        window: 600,
    }
}

impl Harness {
    /// An oracle with a tick of 60 s and no asset. Authorisation is mocked: that nobody but its owner may call a function
    /// rests on `tests/system`.
    pub fn empty() -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.mock_all_auths();
        env.ledger().set_timestamp(NOW);
        env.ledger().set_sequence_number(1_000);
        let (admin, guardian) = (Address::generate(&env), Address::generate(&env));
        let id = env.register(Oracle, (&admin, &guardian, Asset::Other(symbol_short!("USD")), 60_u32));
        let asset = Asset::Other(symbol_short!("ETH"));
        Self { env, id, admin, guardian, asset, sources: Vec::new() }
    }

    /// With one listed asset, and a fresh source of 14 decimals in a group of its own for each of `groups`.
    pub fn new(groups: u32) -> Self {
        let mut harness = Self::empty();
        harness.list(&harness.asset, &limits());
        for group in 0..groups {
            harness.add(14, group, SourceRole::Fresh, MAX_AGE);
        }
        harness
    }

    /// As in production: every limit is the class's default; warmed up at `hint`, with a history as long as the window.
    pub fn guarded(class: AssetClass, hint: i128, groups: u32) -> Self {
        Self::guarded_with(class, &AssetLimits::DEFAULT, hint, groups)
    }

    pub fn guarded_with(class: AssetClass, limits: &AssetLimits, hint: i128, groups: u32) -> Self {
        let mut harness = Self::empty();
        harness.list_as(class, limits, hint);
        for group in 0..groups {
            harness.add(14, group, SourceRole::Fresh, MAX_AGE);
        }
        harness.warm(hint);
        harness
    }

    pub fn list_as(&self, class: AssetClass, limits: &AssetLimits, hint: i128) {
        self.admin().add_asset(&self.asset, &class, limits, &hint);
    }

    /// Every source says `price` until the price is live and the history as long as the window.
    pub fn warm(&self, price: i128) {
        let minutes = self.admin().limits(&self.asset).unwrap().window / 60 + 2;
        for _ in 0..minutes {
            self.pass(60);
            assert_eq!(self.feed(&std::vec![price; self.sources.len()]), PokeOutcome::Accepted);
        }
        assert_eq!(self.quote().status, PriceStatus::Live);
    }

    pub fn add_clamped(&mut self, group: u32, low: i128, high: i128) {
        let contract = self.env.register(PriceSource, (14_u32, 300_u32));
        let source = Source { group, low, high, ..self.source(contract.clone()) };
        self.admin().add_price_feed(&self.asset, &source);
        self.sources.push(PriceSourceClient::new(&self.env, &contract));
    }

    pub fn list(&self, asset: &Asset, limits: &AssetLimits) {
        self.admin().add_asset(asset, &AssetClass::Volatile, limits, &(100 * USD));
    }

    pub fn add(&mut self, decimals: u32, group: u32, role: SourceRole, max_age: u64) {
        let contract = self.env.register(PriceSource, (decimals, 300_u32));
        let source = Source { group, max_age, role, ..self.source(contract.clone()) };
        self.admin().add_price_feed(&self.asset, &source);
        self.sources.push(PriceSourceClient::new(&self.env, &contract));
    }

    /// A fresh source without clamps, in a group of its own.
    pub fn source(&self, contract: Address) -> Source {
        Source {
            asset: self.asset.clone(),
            contract,
            group: 50,
            high: i128::MAX,
            low: 0,
            max_age: MAX_AGE,
            role: SourceRole::Fresh,
        }
    }

    pub fn admin(&self) -> OracleAdminClient<'static> {
        OracleAdminClient::new(&self.env, &self.id)
    }

    pub fn oracle(&self) -> OracleClient<'static> {
        OracleClient::new(&self.env, &self.id)
    }

    pub fn sep40(&self) -> Sep40Client<'static> {
        Sep40Client::new(&self.env, &self.id)
    }

    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().set_timestamp(self.now() + seconds);
    }

    /// Every source says its price, now.
    pub fn say(&self, prices: &[i128]) {
        for (source, price) in self.sources.iter().zip(prices) {
            source.set(&self.asset, price, &self.now());
        }
    }

    pub fn poke(&self) -> PokeOutcome {
        self.oracle().poke(&vec![&self.env, self.asset.clone()]).get_unchecked(0)
    }

    pub fn feed(&self, prices: &[i128]) -> PokeOutcome {
        self.say(prices);
        self.poke()
    }

    pub fn quote(&self) -> Quote {
        self.oracle().quote(&self.asset)
    }
}

#[test]
fn three_sources_make_one_price_with_an_interval() {
    let h = Harness::new(3);
    assert_eq!(h.feed(&[101 * USD, 99 * USD, 100 * USD]), PokeOutcome::Accepted);
    let expected = Quote {
        hi: 101 * USD,
        lo: 99 * USD,
        mid: 100 * USD,
        status: PriceStatus::Live,
        stable: 100 * USD,
        timestamp: NOW,
    };
    assert_eq!(h.quote(), expected);
    assert_eq!(
        h.oracle().quotes(&vec![&h.env, h.asset.clone(), h.asset.clone()]),
        vec![&h.env, expected.clone(), expected]
    );
}

#[test]
fn until_the_first_price_an_asset_warms_up_at_its_band() {
    let h = Harness::new(3);
    let quote = h.quote();
    assert_eq!((quote.status, quote.lo, quote.mid, quote.hi), (PriceStatus::Warming, 50 * USD, 0, 200 * USD));
}

#[test]
fn unknown_assets_are_zeros_and_never_trap() {
    let h = Harness::new(3);
    let other = Asset::Other(symbol_short!("XYZ"));
    let zeros = Quote { hi: 0, lo: 0, mid: 0, status: PriceStatus::Unknown, stable: 0, timestamp: 0 };
    assert_eq!(h.oracle().quote(&other), zeros);
    assert_eq!(h.oracle().poke(&vec![&h.env, other.clone()]), vec![&h.env, PokeOutcome::Unknown]);
    assert_eq!(
        (h.oracle().twap(&other, &900), h.sep40().lastprice(&other), h.sep40().price(&other, &NOW)),
        (None, None, None)
    );
    assert_eq!(h.sep40().prices(&other, &1), None);
    assert_eq!(h.oracle().try_get_price(&h.id), Err(Ok(margin_interface::OracleError::UnknownAsset)));
    // Nor do they keep the others from living on.
    h.oracle().extend_ttl(&vec![&h.env, Asset::Other(symbol_short!("NONE")), h.asset.clone()]);
}

/// P7
#[test]
fn p7_poking_again_changes_nothing() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    let before = h.quote();
    assert_eq!(h.poke(), PokeOutcome::Unchanged);
    assert_eq!(h.quote(), before);
    assert_eq!(h.sep40().prices(&h.asset, &10).map(|prices| prices.len()), Some(1));
}

#[test]
fn a_tick_has_one_price_and_the_next_tick_has_another() {
    let h = Harness::new(3);
    h.env.ledger().set_timestamp(NOW - NOW % 60);
    h.feed(&[100 * USD; 3]);
    h.pass(59);
    assert_eq!(h.feed(&[101 * USD; 3]), PokeOutcome::Unchanged);
    assert_eq!(h.quote().mid, 100 * USD);
    h.pass(1);
    assert_eq!(h.feed(&[101 * USD; 3]), PokeOutcome::Accepted);
    assert_eq!(h.quote().mid, 101 * USD);
}

/// 7, and a failure leaves the last price until its age limit.
#[test]
fn bad_input_7_live_at_the_age_limit_and_stale_one_second_past() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    h.pass(MAX_AGE);
    assert_eq!(h.quote().status, PriceStatus::Live);
    assert_eq!(h.sep40().lastprice(&h.asset).map(|last| last.price), Some(100 * USD));
    assert_eq!(h.poke(), PokeOutcome::Unchanged, "sources at their age limit");
    h.pass(1);
    assert_eq!(h.poke(), PokeOutcome::NoQuorum, "sources one second past");
    let quote = h.quote();
    assert_eq!(
        (quote.status, quote.lo, quote.mid, quote.hi),
        (PriceStatus::Stale, 50 * USD, 100 * USD, 200 * USD)
    );
    assert_eq!(h.sep40().lastprice(&h.asset), None);
}

#[test]
fn bad_input_18_two_groups_at_the_limit_and_one_unit_past() {
    let h = Harness::new(2);
    assert_eq!(h.feed(&[100 * USD, 102 * USD + 1]), PokeOutcome::Diverged);
    assert_eq!(h.quote().status, PriceStatus::Warming);
    assert_eq!(h.feed(&[102 * USD, 100 * USD]), PokeOutcome::Accepted);
}

#[test]
fn bad_input_19_one_of_three_at_a_hundredfold() {
    let h = Harness::new(3);
    assert_eq!(h.feed(&[100 * USD, 10_000 * USD, 101 * USD]), PokeOutcome::Accepted);
    assert_eq!((h.quote().lo, h.quote().mid, h.quote().hi), (100 * USD, 101 * USD, 101 * USD));
}

#[test]
fn bad_input_20_all_at_a_hundredfold_are_outside_the_band() {
    let h = Harness::new(3);
    assert_eq!(h.feed(&[10_000 * USD; 3]), PokeOutcome::OutOfBand);
    assert_eq!(h.quote().status, PriceStatus::Warming);
    for (price, outcome) in [
        (200 * USD + 1, PokeOutcome::OutOfBand),
        (50 * USD - 1, PokeOutcome::OutOfBand),
        (50 * USD, PokeOutcome::Accepted),
        (100 * USD, PokeOutcome::Accepted),
    ] {
        h.pass(60);
        assert_eq!(h.feed(&[price; 3]), outcome);
    }
    h.pass(660);
    assert_eq!(h.feed(&[200 * USD; 3]), PokeOutcome::Accepted, "the cap itself, once the window is past 50");
}

#[test]
fn divergence_names_itself_to_simple_consumers_once_the_price_is_stale() {
    let mut h = Harness::empty();
    let token = Address::generate(&h.env);
    h.asset = Asset::Stellar(token.clone());
    h.list(&h.asset, &limits());
    (0..2).for_each(|group| h.add(14, group, SourceRole::Fresh, MAX_AGE));
    assert_eq!(h.oracle().try_get_price(&token), Err(Ok(margin_interface::OracleError::StalePrice)));
    h.feed(&[100 * USD; 2]);
    assert_eq!(h.oracle().get_price(&token), 100 * USD);
    h.pass(MAX_AGE + 1);
    assert_eq!(h.feed(&[100 * USD, 150 * USD]), PokeOutcome::Diverged);
    assert_eq!(
        h.oracle().try_get_price(&token),
        Err(Ok(margin_interface::OracleError::OraclePriceDivergence))
    );
    h.admin().halt(&h.guardian, &HaltScope::All);
    assert_eq!(h.oracle().try_get_price(&token), Err(Ok(margin_interface::OracleError::PriceHalted)));
}

#[test]
fn a_divergence_that_ended_is_not_what_makes_a_price_stale() {
    let mut h = Harness::empty();
    let token = Address::generate(&h.env);
    h.asset = Asset::Stellar(token.clone());
    h.list(&h.asset, &limits());
    (0..2).for_each(|group| h.add(14, group, SourceRole::Fresh, MAX_AGE));
    assert_eq!(h.feed(&[100 * USD, 150 * USD]), PokeOutcome::Diverged);
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
    h.pass(MAX_AGE + 1);
    assert_eq!(h.oracle().try_get_price(&token), Err(Ok(margin_interface::OracleError::StalePrice)));
}

#[test]
fn a_fallback_speaks_only_without_a_quorum_and_for_less() {
    let mut h = Harness::new(2);
    h.add(14, 9, SourceRole::Fallback, MAX_AGE);
    let own = |h: &Harness| (h.quote().lo, h.quote().hi, h.sep40().prices(&h.asset, &9).map(|all| all.len()));
    assert_eq!(h.feed(&[100 * USD, 100 * USD, 101 * USD]), PokeOutcome::Accepted);
    assert_eq!(own(&h), (100 * USD, 100 * USD, Some(1)), "a quorum does not hear it");
    // One of two and the fallback are no quorum.
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD, -1, 101 * USD]), PokeOutcome::Degraded);
    assert_eq!((h.quote().status, h.quote().mid), (PriceStatus::Degraded, 101 * USD));
    assert_eq!(
        own(&h),
        (100 * USD, 101 * USD, Some(1)),
        "the old price counts on, and the history has none of it"
    );
    // Groups that disagree are not outvoted by it.
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD, 110 * USD, 101 * USD]), PokeOutcome::Diverged);
}

/// The admin raises a quorum at once: what was a disagreement stays one, and nobody else speaks instead.
#[test]
fn a_higher_quorum_does_not_let_the_fallback_speak() {
    let mut h = Harness::new(2);
    h.add(14, 9, SourceRole::Fallback, MAX_AGE);
    h.feed(&[100 * USD; 3]);
    let apart = [100 * USD, 110 * USD, 150 * USD];
    for quorum in 2..5 {
        h.admin().set_limits(&h.asset, &AssetLimits { quorum, ..limits() });
        h.pass(60);
        assert_eq!(h.feed(&apart), PokeOutcome::Diverged, "{quorum}");
        assert_eq!((h.quote().status, h.quote().mid), (PriceStatus::Live, 100 * USD));
    }
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD, 100 * USD, 101 * USD]), PokeOutcome::Degraded, "too few who agree");
}

/// What lies within the limit of the median agrees: a third group does not make a price worse that two would have made.
#[test]
fn one_source_within_the_limit_of_the_median_degrades_nothing() {
    for class in [AssetClass::Pegged, AssetClass::Major, AssetClass::Volatile, AssetClass::Thin] {
        let h = Harness::guarded(class, 100 * USD, 3);
        for prices in [[10_000, 10_050, 10_225], [9_900, 10_050, 10_250], [9_804, 10_000, 10_200]] {
            h.pass(60);
            assert_eq!(
                h.feed(&prices.map(|price| price * USD / 100)),
                PokeOutcome::Accepted,
                "{class:?} {prices:?}"
            );
            assert_eq!(h.quote().status, PriceStatus::Live);
        }
    }
}

/// Two feeds of one operator are one voice, also when a candidate is confirmed: all groups there are suffice.
#[test]
fn p18_a_group_confirms_once_however_many_sources_it_has() {
    let mut h = Harness::empty();
    h.list_as(AssetClass::Volatile, &AssetLimits::DEFAULT, 100 * USD);
    for group in [0, 0, 1] {
        h.add(14, group, SourceRole::Fresh, MAX_AGE);
    }
    h.warm(100 * USD);
    let mut outcomes = (0..12).map(|_| {
        h.pass(60);
        h.feed(&[40 * USD; 3])
    });
    assert!(outcomes.any(|outcome| outcome == PokeOutcome::ReAnchored));
}

/// P18: a candidate stands, and rounds follow one another, only as long as nobody disagrees in between.
#[test]
fn p18_rounds_of_disagreement_end_what_was_being_counted() {
    let h = Harness::guarded(AssetClass::Volatile, 100 * USD, 2);
    let feed = |prices: [i128; 2]| {
        h.pass(60);
        h.feed(&prices)
    };
    let (old, new, apart) = ([100 * USD; 2], [150 * USD; 2], [150 * USD, 100 * USD]);
    // Two rounds inside the limits, one after the other.
    let trip = [(new, PokeOutcome::Step), (old, PokeOutcome::Recovering), (apart, PokeOutcome::Diverged)];
    let again = [(old, PokeOutcome::Recovering), (old, PokeOutcome::Accepted)];
    trip.into_iter().chain(again).for_each(|(prices, outcome)| assert_eq!(feed(prices), outcome));
    // The confirmation time starts anew.
    assert_eq!(feed(new), PokeOutcome::Step);
    (0..9).for_each(|_| assert_eq!(feed(apart), PokeOutcome::Diverged));
    (0..9).for_each(|_| assert_eq!(feed(new), PokeOutcome::Step));
    assert_eq!(feed(new), PokeOutcome::ReAnchored, "600 s after the last of them");

    // So does the warm-up.
    let mut h = Harness::empty();
    h.list_as(AssetClass::Volatile, &AssetLimits::DEFAULT, 100 * USD);
    (0..2).for_each(|group| h.add(14, group, SourceRole::Fresh, MAX_AGE));
    for (prices, status) in [
        (old, PriceStatus::Warming),
        (old, PriceStatus::Warming),
        (apart, PriceStatus::Warming),
        (old, PriceStatus::Warming),
        (old, PriceStatus::Warming),
        (old, PriceStatus::Live),
    ] {
        h.pass(60);
        h.feed(&prices);
        assert_eq!(h.quote().status, status);
    }
}

#[test]
fn checking_sources_confirm_but_do_not_keep_a_price_fresh() {
    let mut h = Harness::new(1);
    h.add(14, 9, SourceRole::Check, 43_200);
    h.sources[1].set(&h.asset, &(101 * USD), &(NOW - 40_000));
    h.sources[0].set(&h.asset, &(100 * USD), &(NOW - 100));
    assert_eq!(h.poke(), PokeOutcome::Accepted);
    assert_eq!(
        (h.quote().timestamp, h.quote().lo, h.quote().mid, h.quote().hi),
        (NOW - 100, 100 * USD, 100 * USD, 101 * USD)
    );
    // Nor are they the price, were they the lower median.
    h.pass(60);
    h.sources[0].set(&h.asset, &(102 * USD), &h.now());
    assert_eq!(h.poke(), PokeOutcome::Accepted);
    assert_eq!((h.quote().lo, h.quote().mid, h.quote().hi), (101 * USD, 102 * USD, 102 * USD));
    h.pass(MAX_AGE + 1);
    h.sources[1].set(&h.asset, &(101 * USD), &h.now());
    assert_eq!(h.poke(), PokeOutcome::NoQuorum);
}

/// One of three stands still, or lags by all that its age limit permits: the other two agree, and date the price.
#[test]
fn one_source_that_stalls_or_lags_makes_no_price_stale() {
    for lag in [None, Some(0), Some(61), Some(MAX_AGE)] {
        let mut h = Harness::empty();
        h.list_as(AssetClass::Volatile, &AssetLimits::DEFAULT, 100 * USD);
        (0..3).for_each(|group| h.add(14, group, SourceRole::Fresh, MAX_AGE));
        h.sources[2].set(&h.asset, &(100 * USD), &h.now());
        for round in 1..12 {
            h.pass(60);
            h.say(&[100 * USD; 2]);
            if let Some(lag) = lag {
                h.sources[2].set(&h.asset, &(100 * USD), &(h.now() - lag));
            }
            assert_eq!(h.poke(), PokeOutcome::Accepted, "{lag:?} {round}");
            assert_eq!(h.quote().timestamp, h.now(), "{lag:?} {round}");
        }
        assert_eq!(h.quote().status, PriceStatus::Live);
    }
}

#[test]
fn the_stable_price_follows_at_its_rate() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    h.pass(300);
    h.feed(&[150 * USD; 3]);
    // 1e-4 of itself per second for 300 s.
    assert_eq!((h.quote().mid, h.quote().stable), (150 * USD, 103 * USD));
}

/// P11, 46
#[test]
fn p11_bad_input_46_sep40_reads_are_total_and_consistent() {
    let h = Harness::new(3);
    let sep40 = h.sep40();
    assert_eq!(
        (sep40.decimals(), sep40.resolution(), sep40.base()),
        (14, 60, Asset::Other(symbol_short!("USD")))
    );
    assert_eq!(sep40.assets(), vec![&h.env, h.asset.clone()]);
    assert_eq!((sep40.prices(&h.asset, &5), h.oracle().last_timestamp()), (None, 0));
    for step in 0..70 {
        h.feed(&[(100 + step) * USD; 3]);
        h.pass(60);
    }
    for records in [1, 5, 64, 65, u32::MAX] {
        let prices = sep40.prices(&h.asset, &records).unwrap();
        assert_eq!(prices.len(), records.min(64));
        assert_eq!(prices.get_unchecked(0), sep40.lastprice(&h.asset).unwrap());
        assert_eq!(prices.get_unchecked(0).timestamp, h.oracle().last_timestamp());
        let mut pairs = prices.iter().zip(prices.iter().skip(1));
        assert!(pairs.all(|(newer, older)| newer.timestamp > older.timestamp), "newest first");
        assert!(prices.iter().all(|record| sep40.price(&h.asset, &record.timestamp) == Some(record)));
    }
    assert_eq!(sep40.prices(&h.asset, &0), None);
    for timestamp in [0, 1, NOW - 3_600, h.now() + 60, u64::MAX] {
        assert_eq!(sep40.price(&h.asset, &timestamp), None);
    }
    for window in [0, 64 * 60 + 1, u64::MAX] {
        assert_eq!(h.oracle().twap(&h.asset, &window), None);
    }
    // The newest price stood for the last minute, the one before for the minute before.
    assert_eq!(h.oracle().twap(&h.asset, &120), Some(16_850 * USD / 100));
}

#[test]
fn the_newest_price_weighs_nothing_as_it_lands_however_old_it_is() {
    let h = Harness::new(3);
    for _ in 0..10 {
        h.feed(&[100 * USD; 3]);
        h.pass(100);
    }
    h.sources.iter().for_each(|source| source.set(&h.asset, &(199 * USD), &(h.now() - 30)));
    assert_eq!(h.poke(), PokeOutcome::Accepted);
    assert_eq!(h.oracle().twap(&h.asset, &900), Some(100 * USD));
    h.pass(90);
    assert_eq!(h.oracle().twap(&h.asset, &900), Some(1_099 * USD / 10));
}

#[test]
fn a_gap_longer_than_the_age_limit_leaves_no_average() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    h.pass(MAX_AGE);
    h.feed(&[100 * USD; 3]);
    assert_eq!(h.oracle().twap(&h.asset, &MAX_AGE), Some(100 * USD));
    h.pass(MAX_AGE + 1);
    h.feed(&[100 * USD; 3]);
    assert_eq!(h.oracle().twap(&h.asset, &MAX_AGE), None);
}

/// 27
#[test]
fn bad_input_27_empty_batches_duplicates_and_strangers_do_not_disturb_the_rest() {
    let h = Harness::new(3);
    h.say(&[100 * USD; 3]);
    assert_eq!(h.oracle().poke(&vec![&h.env]), vec![&h.env]);
    let batch = vec![&h.env, Asset::Other(symbol_short!("XYZ")), h.asset.clone(), h.asset.clone()];
    let expected = vec![&h.env, PokeOutcome::Unknown, PokeOutcome::Accepted, PokeOutcome::Unchanged];
    assert_eq!(h.oracle().poke(&batch), expected);
}

/// 44
#[test]
fn bad_input_44_a_halt_stops_prices_at_once_and_history_too() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    for scope in [HaltScope::All, HaltScope::Asset(h.asset.clone())] {
        h.admin().halt(&h.guardian, &scope);
        h.pass(60);
        assert_eq!(h.feed(&[101 * USD; 3]), PokeOutcome::Halted);
        let quote = h.quote();
        assert_eq!(
            (quote.status, quote.lo, quote.mid, quote.hi),
            (PriceStatus::Halted, 50 * USD, 100 * USD, 200 * USD)
        );
        assert_eq!((h.sep40().lastprice(&h.asset), h.sep40().prices(&h.asset, &1)), (None, None));
        assert_eq!((h.sep40().price(&h.asset, &NOW), h.oracle().twap(&h.asset, &1)), (None, None));
        h.carry_out(&OracleChange::Resume(scope), 24);
        assert_eq!(h.feed(&[100 * USD; 3]), PokeOutcome::Accepted);
        assert_eq!(h.quote().status, PriceStatus::Live);
    }
}

#[test]
fn a_halted_asset_stays_halted_when_all_are_resumed() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    h.admin().halt(&h.guardian, &HaltScope::Asset(h.asset.clone()));
    h.carry_out(&OracleChange::Resume(HaltScope::All), 24);
    assert_eq!(h.quote().status, PriceStatus::Halted);
}
