//! Administration: who may, within which bounds, and what has to wait.

extern crate std;

use margin_interface::{
    Asset, AssetClass, AssetLimits, GovernanceClient, GovernanceError, HaltScope, OracleChange, OracleError,
    PokeOutcome, PriceSource as Source, PriceStatus, SourceRole,
};
use margin_math::guard::{Limit, MAX_AGE as LONGEST_AGE};
use price_source::PriceSource;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::xdr::{ScErrorCode, ScErrorType};
use soroban_sdk::{symbol_short, Address, BytesN, Error, InvokeError, Symbol};

use crate::storage::MAX_ASSETS;
use crate::test::{limits, Harness, MAX_AGE, USD};

const HOUR: u64 = 3_600;

/// Whether a call failed by the host, which misses an authorisation, and not by an error of the contract's.
fn unsigned<T, E>(result: Result<T, Result<E, InvokeError>>) -> bool
where
    Error: From<E>,
{
    let by_the_host = Error::from_type_and_code(ScErrorType::Context, ScErrorCode::InvalidAction);
    match result {
        Err(Ok(found)) => Error::from(found) == by_the_host,
        Err(Err(found)) => found == InvokeError::Abort,
        Ok(_) => false,
    }
}

fn refused<T, E>(result: Result<T, Result<E, InvokeError>>, error: GovernanceError)
where
    Error: From<E>,
{
    match result {
        Err(Ok(found)) => assert_eq!(Error::from(found), Error::from_contract_error(error as u32)),
        Err(Err(found)) => assert_eq!(found, InvokeError::Contract(error as u32)),
        Ok(_) => panic!("{error:?} expected"),
    }
}

impl Harness {
    pub fn governance(&self) -> GovernanceClient<'static> {
        GovernanceClient::new(&self.env, &self.id)
    }

    /// Announces and, after `hours`, executes.
    pub fn carry_out(&self, change: &OracleChange, hours: u64) {
        let id = self.admin().propose(change);
        self.pass(hours * HOUR);
        self.admin().execute(&id);
    }

    fn unused(&self) -> Source {
        self.source(self.env.register(PriceSource, (14_u32, 300_u32)))
    }
}

#[test]
fn every_change_is_authorised_by_the_admin() {
    let h = Harness::new(1);
    let (source, key) = (h.unused(), BytesN::from_array(&h.env, &[7; 32]));
    let signed_by = |who: &Address| assert_eq!(h.env.auths()[0].0, *who);
    h.admin().add_price_feed(&h.asset, &source);
    signed_by(&h.admin);
    h.admin().set_limits(&h.asset, &limits());
    signed_by(&h.admin);
    h.list(&Asset::Other(symbol_short!("BTC")), &limits());
    signed_by(&h.admin);
    h.admin().add_alias(&Asset::Other(symbol_short!("WETH")), &h.asset);
    signed_by(&h.admin);
    h.admin().add_publisher(&key);
    signed_by(&h.admin);
    h.admin().set_quorum(&1);
    signed_by(&h.admin);
    let id = h.admin().propose(&OracleChange::Resume(HaltScope::All));
    signed_by(&h.admin);
    h.pass(24 * HOUR);
    h.admin().execute(&id);
    signed_by(&h.admin);
    h.admin().halt(&h.guardian, &HaltScope::All);
    signed_by(&h.guardian);
    h.admin().remove_price_feed(&h.guardian, &h.asset, &source.contract);
    signed_by(&h.guardian);
    h.admin().remove_publisher(&h.guardian, &key);
    signed_by(&h.guardian);
    h.env.set_auths(&[]);
    let unsigned = [
        unsigned(h.admin().try_halt(&h.admin, &HaltScope::All)),
        unsigned(h.admin().try_remove_price_feed(&h.admin, &h.asset, &h.sources[0].address)),
        unsigned(h.admin().try_set_limits(&h.asset, &limits())),
        unsigned(h.admin().try_add_asset(
            &Asset::Other(symbol_short!("X")),
            &AssetClass::Thin,
            &limits(),
            &USD,
        )),
        unsigned(h.admin().try_add_alias(&Asset::Other(symbol_short!("X")), &h.asset)),
        unsigned(h.admin().try_add_price_feed(&h.asset, &source)),
        unsigned(h.admin().try_add_publisher(&key)),
        unsigned(h.admin().try_remove_publisher(&h.admin, &key)),
        unsigned(h.admin().try_set_quorum(&2)),
        unsigned(h.admin().try_execute(&id)),
        unsigned(h.admin().try_propose(&OracleChange::Quorum(1))),
    ];
    assert_eq!(unsigned, [true; 11]);
}

#[test]
fn strangers_cannot_halt_or_remove() {
    let h = Harness::new(1);
    let stranger = Address::generate(&h.env);
    let source = h.sources[0].address.clone();
    refused(h.admin().try_halt(&stranger, &HaltScope::All), GovernanceError::NotGovernor);
    refused(h.admin().try_remove_price_feed(&stranger, &h.asset, &source), GovernanceError::NotGovernor);
    let key = BytesN::from_array(&h.env, &[7; 32]);
    refused(h.admin().try_remove_publisher(&stranger, &key), GovernanceError::NotGovernor);
}

/// 28
#[test]
fn bad_input_28_limits_at_their_bounds_and_one_past() {
    let h = Harness::new(0);
    let set = |change: fn(&mut AssetLimits)| {
        let mut changed = limits();
        change(&mut changed);
        h.admin().try_set_limits(&h.asset, &changed).map(|_| ()).map_err(|error| error.unwrap())
    };
    let good: [fn(&mut AssetLimits); 12] = [
        |l| l.quorum = 1,
        |l| l.quorum = 6,
        |l| l.delta_bps = 1,
        |l| l.delta_bps = 10_000,
        |l| l.max_age = LONGEST_AGE,
        |l| l.floor = 10_000,
        |l| l.cap = 10_i128.pow(26),
        |l| l.stable_rate = 1_000_000_000,
        |l| l.window = 63 * 60,
        |l| l.confirm = 86_400,
        |l| l.grace = 86_400,
        |l| l.step_bps = 1,
    ];
    let bad: [fn(&mut AssetLimits); 18] = [
        |l| l.quorum = 7,
        |l| l.delta_bps = 10_001,
        |l| l.max_age = LONGEST_AGE + 1,
        |l| l.floor = 9_999,
        |l| l.floor = -1,
        |l| l.floor = l.cap,
        |l| l.cap = 10_i128.pow(26) + 1,
        |l| l.stable_rate = 1_000_000_001,
        |l| l.window = 63 * 60 + 1,
        |l| l.confirm = 86_401,
        |l| l.grace = 86_401,
        |l| l.step_max_bps = 10_001,
        |l| l.step_max_bps = l.step_bps - 1,
        |l| l.step_bps_per_minute = 10_001,
        |l| l.budget_bps = 10_001,
        |l| l.twap_gap_bps = 10_001,
        |l| l.spread_bps = 10_001,
        |l| l.warm_up = 256,
    ];
    good.into_iter().for_each(|change| assert_eq!(set(change), Ok(())));
    bad.into_iter().for_each(|change| assert_eq!(set(change), Err(OracleError::InvalidLimits)));
    let other = Asset::Other(symbol_short!("BTC"));
    let add = |limits: AssetLimits, hint: i128| {
        h.admin().try_add_asset(&other, &AssetClass::Volatile, &limits, &hint)
    };
    let invalid = Err(Ok(OracleError::InvalidLimits));
    assert_eq!(add(AssetLimits { quorum: 7, ..limits() }, 100 * USD), invalid);
    assert_eq!(add(limits(), 200 * USD + 1), invalid, "a hint outside the band");
    assert_eq!(add(AssetLimits::DEFAULT, -1), invalid);
    assert_eq!(h.admin().try_set_limits(&other, &limits()), Err(Ok(OracleError::UnknownAsset)));
}

/// Fourteen different numbers, each of which comes back under its own name, and binds under it.
#[test]
fn limits_come_back_as_they_were_set() {
    let h = Harness::new(0);
    let set = AssetLimits {
        budget_bps: 101,
        cap: 200 * USD,
        confirm: 102,
        delta_bps: 103,
        floor: 50 * USD,
        grace: 104,
        max_age: 105,
        quorum: 5,
        spread_bps: 106,
        stable_rate: 107,
        step_bps: 108,
        step_bps_per_minute: 109,
        step_max_bps: 110,
        twap_gap_bps: 111,
        warm_up: 112,
        window: 113,
    };
    h.admin().set_limits(&h.asset, &set);
    assert_eq!(h.admin().limits(&h.asset), Some(set.clone()));
    let key = soroban_sdk::IntoVal::into_val(&h.asset, &h.env);
    let stored = h.env.as_contract(&h.id, || crate::storage::config(&h.env, key)).unwrap().limits;
    for (limit, value) in [
        (Limit::Budget, set.budget_bps),
        (Limit::Confirm, set.confirm),
        (Limit::Delta, set.delta_bps),
        (Limit::Grace, set.grace),
        (Limit::MaxAge, set.max_age),
        (Limit::Quorum, set.quorum),
        (Limit::Spread, set.spread_bps),
        (Limit::StableRate, set.stable_rate),
        (Limit::Step, set.step_bps),
        (Limit::StepPerMinute, set.step_bps_per_minute),
        (Limit::StepMax, set.step_max_bps),
        (Limit::TwapGap, set.twap_gap_bps),
        (Limit::WarmUp, set.warm_up),
        (Limit::Window, set.window),
    ] {
        assert_eq!(stored.get(limit), value, "{limit:?}");
    }
}

#[test]
fn limits_of_zero_are_the_defaults_of_the_class() {
    let h = Harness::empty();
    for (name, class, quorum, cap, confirm) in [
        ("PEG", AssetClass::Pegged, 2, 105 * USD / 100, 0),
        ("MAJOR", AssetClass::Major, 3, 10 * USD, 120),
        ("VOLATILE", AssetClass::Volatile, 2, 10 * USD, 600),
        ("THIN", AssetClass::Thin, 2, 13 * USD / 10, 0),
    ] {
        let asset = Asset::Other(Symbol::new(&h.env, name));
        h.admin().add_asset(&asset, &class, &AssetLimits { confirm: 0, ..AssetLimits::DEFAULT }, &USD);
        let set = h.admin().limits(&asset).unwrap();
        assert_eq!((set.quorum, set.cap, set.confirm), (quorum, cap, confirm), "{name}");
        let longer = AssetLimits { confirm: 3_600, ..AssetLimits::DEFAULT };
        h.admin().set_limits(&asset, &longer);
        let expected = if confirm == 0 { 0 } else { 3_600 };
        assert_eq!(h.admin().limits(&asset).unwrap().confirm, expected, "{name} never re-anchors by itself");
    }
}

/// 27
#[test]
fn bad_input_27_assets_listed_twice_alias_collisions_and_one_too_many() {
    let h = Harness::new(2);
    let list = |asset: &Asset| h.admin().try_add_asset(asset, &AssetClass::Volatile, &limits(), &(100 * USD));
    let alias = |name: &Asset, of: &Asset| h.admin().try_add_alias(name, of);
    let exists = Err(Ok(OracleError::AssetExists));
    let (base, weth) = (Asset::Other(symbol_short!("USD")), Asset::Other(symbol_short!("WETH")));
    assert_eq!(list(&h.asset), exists);
    assert_eq!(list(&base), exists, "the base");
    assert_eq!(alias(&h.asset, &h.asset), exists);
    assert_eq!(alias(&base, &h.asset), exists);
    assert_eq!(alias(&weth, &Asset::Other(symbol_short!("XYZ"))), Err(Ok(OracleError::UnknownAsset)));
    h.admin().add_alias(&weth, &h.asset);
    assert_eq!(alias(&weth, &h.asset), exists);
    assert_eq!(list(&weth), exists);
    for number in 2..MAX_ASSETS {
        let name = std::format!("A{number}");
        h.list(&Asset::Other(Symbol::new(&h.env, &name)), &limits());
    }
    let last = Asset::Other(symbol_short!("LAST"));
    assert_eq!(list(&last), Err(Ok(OracleError::TooManyAssets)));
    assert_eq!(alias(&last, &h.asset), Err(Ok(OracleError::TooManyAssets)));
}

#[test]
fn an_alias_is_another_name_of_the_same_price() {
    let h = Harness::new(2);
    let (weth, ether) = (Asset::Other(symbol_short!("WETH")), Asset::Other(symbol_short!("ETHER")));
    h.admin().add_alias(&weth, &h.asset);
    h.admin().add_alias(&ether, &weth);
    h.say(&[100 * USD; 2]);
    assert_eq!(
        h.oracle().poke(&soroban_sdk::vec![&h.env, ether.clone()]).get(0),
        Some(PokeOutcome::Accepted)
    );
    assert_eq!(h.poke(), PokeOutcome::Unchanged);
    for name in [&weth, &ether] {
        assert_eq!(h.oracle().quote(name), h.quote());
        assert_eq!(h.sep40().lastprice(name), h.sep40().lastprice(&h.asset));
        assert_eq!(h.sep40().prices(name, &1).map(|prices| prices.len()), Some(1));
    }
    h.admin().halt(&h.guardian, &HaltScope::Asset(weth));
    assert_eq!(h.quote().status, PriceStatus::Halted);
    assert_eq!(h.sep40().assets().len(), 3);
}

/// 12
#[test]
fn bad_input_12_sources_that_are_none() {
    let h = Harness::new(1);
    let add = |contract: Address| h.admin().try_add_price_feed(&h.asset, &h.source(contract));
    let unreadable = Err(Ok(OracleError::UnreadableSource));
    assert_eq!(add(Address::generate(&h.env)), unreadable, "not a contract");
    assert_eq!(add(h.env.register(PriceSource, (31_u32, 300_u32))), unreadable, "decimals");
    assert_eq!(add(h.sources[0].address.clone()), Err(Ok(OracleError::SourceExists)));
    let unheard = Source { max_age: u64::from(LONGEST_AGE) + 1, ..h.unused() };
    assert_eq!(h.admin().try_add_price_feed(&h.asset, &unheard), Err(Ok(OracleError::InvalidLimits)));
    let ageless = Source { max_age: 0, ..unheard };
    assert_eq!(h.admin().try_add_price_feed(&h.asset, &ageless), Err(Ok(OracleError::InvalidLimits)));
    // Itself stands for its publishers, of whom there are none; a token answers `decimals` too, and is never admitted.
    let token = h.env.register_stellar_asset_contract_v2(h.admin.clone()).address();
    assert!(add(h.id.clone()).is_ok());
    assert!(add(token).is_ok());
    assert_eq!(h.feed(&[100 * USD]), PokeOutcome::NoQuorum);
}

#[test]
fn six_sources_fit_and_a_seventh_does_not() {
    let h = Harness::new(6);
    let seventh = h.admin().try_add_price_feed(&h.asset, &h.unused());
    assert_eq!(seventh, Err(Ok(OracleError::TooManySources)));
    assert_eq!(h.feed(&[100 * USD; 6]), PokeOutcome::Accepted);
}

/// 29
#[test]
fn bad_input_29_removing_below_the_quorum_is_permitted_and_stops_the_price() {
    let h = Harness::new(2);
    h.admin().remove_price_feed(&h.guardian, &h.asset, &h.sources[0].address);
    assert_eq!(h.admin().price_feeds(&h.asset).len(), 1);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::NoQuorum);
    let again = h.admin().try_remove_price_feed(&h.admin, &h.asset, &h.sources[0].address);
    assert_eq!(again, Err(Ok(OracleError::UnknownSource)));
}

#[test]
fn a_removed_source_takes_its_own_memory_with_it() {
    let h = Harness::new(3);
    h.feed(&[100 * USD; 3]);
    h.admin().remove_price_feed(&h.admin, &h.asset, &h.sources[0].address);
    h.pass(60);
    assert_eq!(h.feed(&[101 * USD; 3]), PokeOutcome::Accepted);
    h.sources[1].set(&h.asset, &(101 * USD), &(h.now() - 1));
    h.pass(60);
    h.sources[2].set(&h.asset, &(101 * USD), &h.now());
    assert_eq!(h.poke(), PokeOutcome::NoQuorum, "what the remaining sources said before is still known");
}

/// The ends of the band are what a debt or a collateral without a price is judged at: whoever moved one of them past the
/// market at once could have every borrower liquidated at it, by a halt or by waiting until the price is too old.
#[test]
fn no_band_of_a_live_asset_moves_at_once_in_either_direction() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    let stands = h.quote();
    let bands = [
        (200 * USD - 1, 200 * USD),     // every debt at twice the market
        (50 * USD, 50 * USD + 1),       // every collateral at half of it
        (100 * USD - 1, 100 * USD + 1), // the price of now for good, wherever the market goes
        (50 * USD + 1, 200 * USD),
        (50 * USD, 200 * USD - 1),
    ];
    for (floor, cap) in bands {
        let band = AssetLimits { floor, cap, ..limits() };
        refused(h.admin().try_set_limits(&h.asset, &band), GovernanceError::NeedsTimelock);
        assert_eq!((h.quote(), h.admin().limits(&h.asset)), (stands.clone(), Some(limits())));
    }
    h.pass(MAX_AGE + 1);
    let quote = h.quote();
    assert_eq!((quote.status, quote.lo, quote.hi), (PriceStatus::Stale, 50 * USD, 200 * USD));
}

#[test]
fn an_announced_band_acts_on_the_stored_price_at_once() {
    for (floor, cap, status) in [
        (50 * USD, 100 * USD, PriceStatus::Live),
        (50 * USD, 100 * USD - 1, PriceStatus::Stale),
        (100 * USD, 200 * USD, PriceStatus::Live),
        (100 * USD + 1, 200 * USD, PriceStatus::Stale),
    ] {
        let h = Harness::new(2);
        h.feed(&[100 * USD; 2]);
        let band = AssetLimits { floor, cap, ..limits() };
        let id = h.admin().propose(&OracleChange::Limits(h.asset.clone(), band.clone()));
        h.pass(24 * HOUR);
        h.feed(&[100 * USD; 2]);
        h.admin().execute(&id);
        assert_eq!((h.quote().status, h.admin().limits(&h.asset)), (status, Some(band)));
    }
}

/// P16: each limit of a live asset, one notch looser.
#[test]
fn p16_loosening_any_limit_of_a_live_asset_waits_a_day() {
    let h = Harness::new(2);
    let tight = AssetLimits {
        budget_bps: 5_000,
        confirm: 600,
        step_bps: 5_000,
        step_bps_per_minute: 10,
        step_max_bps: 6_000,
        twap_gap_bps: 5_000,
        warm_up: 2,
        ..limits()
    };
    h.admin().set_limits(&h.asset, &tight);
    (0..2).for_each(|_| {
        h.feed(&[100 * USD; 2]);
        h.pass(60);
    });
    let looser: [fn(&mut AssetLimits); 19] = [
        |l| l.budget_bps += 1,
        |l| l.cap += 1,
        |l| l.cap -= 1,
        |l| l.confirm -= 1,
        |l| l.delta_bps += 1,
        |l| l.floor -= 1,
        |l| l.floor += 1,
        |l| l.grace -= 1,
        |l| l.max_age += 1,
        |l| l.quorum -= 1,
        |l| l.spread_bps += 1,
        |l| l.stable_rate += 1,
        |l| l.step_bps += 1,
        |l| l.step_bps_per_minute += 1,
        |l| l.step_max_bps += 1,
        |l| l.twap_gap_bps += 1,
        |l| l.warm_up -= 1,
        |l| l.window -= 1,
        |l| l.window += 1,
    ];
    for change in looser {
        let mut changed = tight.clone();
        change(&mut changed);
        refused(h.admin().try_set_limits(&h.asset, &changed), GovernanceError::NeedsTimelock);
        assert_eq!(h.admin().limits(&h.asset), Some(tight.clone()));
    }
    let mut wider = tight.clone();
    wider.cap += 1;
    h.carry_out(&OracleChange::Limits(h.asset.clone(), wider.clone()), 24);
    assert_eq!(h.admin().limits(&h.asset), Some(wider));
}

/// P16, 42
#[test]
fn bad_input_42_changes_execute_neither_early_nor_late_nor_twice_nor_when_cancelled() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    let source = h.unused();
    refused(h.admin().try_add_price_feed(&h.asset, &source), GovernanceError::NeedsTimelock);
    let change = OracleChange::Source(h.asset.clone(), source);
    let id = h.admin().propose(&change);
    h.pass(48 * HOUR - 1);
    refused(h.admin().try_execute(&id), GovernanceError::TooEarly);
    h.pass(1);
    h.admin().execute(&id);
    assert_eq!(h.admin().price_feeds(&h.asset).len(), 3);
    refused(h.admin().try_execute(&id), GovernanceError::NotScheduled);
    let change = OracleChange::Limits(h.asset.clone(), AssetLimits { quorum: 1, ..limits() });
    let id = h.admin().propose(&change);
    h.pass(24 * HOUR);
    h.governance().cancel(&h.guardian, &id);
    refused(h.admin().try_execute(&id), GovernanceError::NotScheduled);
    let id = h.admin().propose(&change);
    assert_eq!(h.governance().scheduled(&id).map(|schedule| schedule.ready_at), Some(h.now() + 24 * HOUR));
    h.pass(15 * 24 * HOUR);
    refused(h.admin().try_execute(&id), GovernanceError::Expired);
    assert_eq!(h.admin().limits(&h.asset).unwrap().quorum, 2);
}

/// 43: there is no function that lifts a halt at once, and the guardian cannot announce one.
#[test]
fn bad_input_43_a_halt_is_lifted_by_the_admin_after_a_day_and_not_by_the_guardian() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    for scope in [
        HaltScope::All,
        HaltScope::Asset(h.asset.clone()),
        HaltScope::Source(h.asset.clone(), h.sources[0].address.clone()),
    ] {
        h.admin().halt(&h.guardian, &scope);
        h.pass(60);
        assert_ne!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
        let id = h.admin().propose(&OracleChange::Resume(scope));
        assert_eq!(h.env.auths()[0].0, h.admin);
        h.pass(24 * HOUR - 1);
        refused(h.admin().try_execute(&id), GovernanceError::TooEarly);
        h.pass(1);
        h.admin().execute(&id);
        assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
    }
    let nowhere = HaltScope::Source(h.asset.clone(), h.id.clone());
    assert_eq!(h.admin().try_halt(&h.guardian, &nowhere), Err(Ok(OracleError::UnknownSource)));
    let nothing = HaltScope::Asset(Asset::Other(symbol_short!("XYZ")));
    assert_eq!(h.admin().try_halt(&h.guardian, &nothing), Err(Ok(OracleError::UnknownAsset)));
}

#[test]
fn a_source_that_changed_its_decimals_is_pinned_anew_when_it_is_resumed() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    h.sources[0].set_decimals(&8);
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::NoQuorum);
    let source = h.sources[0].address.clone();
    h.carry_out(&OracleChange::Resume(HaltScope::Source(h.asset.clone(), source)), 24);
    assert_eq!(h.feed(&[100 * USD / 1_000_000, 100 * USD]), PokeOutcome::Accepted);
    assert_eq!((h.quote().lo, h.quote().hi), (100 * USD, 100 * USD));
}

/// P18 (c): what no source can end, the admin can, after a day and a warm-up.
#[test]
fn p18_the_admin_re_anchors_after_a_day_and_the_price_warms_up_again() {
    let h = Harness::new(2);
    let tight = AssetLimits { step_bps: 500, step_max_bps: 500, warm_up: 2, ..limits() };
    h.admin().set_limits(&h.asset, &tight);
    h.feed(&[100 * USD; 2]);
    h.pass(60);
    h.feed(&[100 * USD; 2]);
    assert_eq!(h.quote().status, PriceStatus::Live);
    h.pass(60);
    assert_eq!(h.feed(&[150 * USD; 2]), PokeOutcome::Step);
    let bad = OracleChange::ReAnchor(h.asset.clone(), 200 * USD + 1);
    let id = h.admin().propose(&bad);
    h.pass(24 * HOUR);
    assert_eq!(h.admin().try_execute(&id), Err(Ok(OracleError::InvalidLimits)), "outside the band");
    h.carry_out(&OracleChange::ReAnchor(h.asset.clone(), 150 * USD), 24);
    assert_eq!((h.quote().status, h.quote().mid), (PriceStatus::Warming, 0));
    assert_eq!(h.sep40().prices(&h.asset, &9), None);
    assert_eq!(h.feed(&[150 * USD; 2]), PokeOutcome::Accepted);
    assert_eq!((h.quote().status, h.sep40().lastprice(&h.asset)), (PriceStatus::Warming, None));
    assert_eq!(
        (h.sep40().prices(&h.asset, &9), h.oracle().twap(&h.asset, &1)),
        (None, None),
        "none counts yet"
    );
    h.pass(60);
    assert_eq!(h.feed(&[150 * USD; 2]), PokeOutcome::Accepted);
    assert_eq!((h.quote().status, h.quote().mid), (PriceStatus::Live, 150 * USD));
    assert_eq!(h.sep40().prices(&h.asset, &9).unwrap().len(), 2, "the old history is gone");
}

/// A price that is set back after a day warms up again, but it is the price of something that is in use: what waits longer
/// than that day keeps waiting.
#[test]
fn p16_a_re_anchored_asset_takes_no_source_and_no_limits_at_once() {
    let h = Harness::new(2);
    let reset = OracleChange::ReAnchor(h.asset.clone(), 100 * USD);
    let looser = AssetLimits { quorum: 1, ..limits() };
    h.carry_out(&reset, 24);
    h.admin().set_limits(&h.asset, &looser); // never live: still its first set-up
    h.admin().set_limits(&h.asset, &limits());
    h.feed(&[100 * USD; 2]);
    assert_eq!(h.quote().status, PriceStatus::Live);
    for _ in 0..2 {
        h.carry_out(&reset, 24);
        assert_eq!(h.quote().status, PriceStatus::Warming);
        refused(h.admin().try_add_price_feed(&h.asset, &h.unused()), GovernanceError::NeedsTimelock);
        refused(h.admin().try_set_limits(&h.asset, &looser), GovernanceError::NeedsTimelock);
    }
    h.carry_out(&OracleChange::Source(h.asset.clone(), h.unused()), 48);
    assert_eq!(h.admin().price_feeds(&h.asset).len(), 3);
}

/// P18: who takes a group away, before a trip or during it, makes nothing easier to confirm for those who are left. What is
/// announced does: another source, other limits, a new start.
#[test]
fn p18_removing_a_source_lowers_nothing_that_a_confirmation_needs() {
    let feed = |h: &Harness, prices: &[i128]| {
        h.pass(60);
        h.feed(prices)
    };
    for before_the_trip in [true, false] {
        let mut h = Harness::guarded(AssetClass::Volatile, 100 * USD, 3);
        let apart = [150 * USD, 150 * USD, 100 * USD];
        let remove = || h.admin().remove_price_feed(&h.guardian, &h.asset, &h.sources[2].address);
        before_the_trip.then(remove);
        assert_eq!(feed(&h, &apart), PokeOutcome::Step);
        (!before_the_trip).then(remove);
        // Not by setting the same limits, nor tighter ones, either.
        let limits = h.admin().limits(&h.asset).unwrap();
        h.admin().set_limits(&h.asset, &limits);
        (0..30).for_each(|_| assert_eq!(feed(&h, &apart), PokeOutcome::Step));

        let id = h.admin().propose(&OracleChange::Limits(h.asset.clone(), limits));
        h.pass(24 * HOUR);
        h.admin().execute(&id);
        (0..11).for_each(|_| {
            feed(&h, &apart);
        });
        assert_eq!((h.quote().mid, feed(&h, &apart)), (150 * USD, PokeOutcome::Accepted), "announced");
        let contract = h.env.register(PriceSource, (14_u32, 300_u32));
        h.carry_out(&OracleChange::Source(h.asset.clone(), h.source(contract.clone())), 48);
        h.sources[2] = price_source::PriceSourceClient::new(&h.env, &contract);
        assert_eq!(feed(&h, &[150 * USD; 3]), PokeOutcome::Accepted);
        (0..12)
            .for_each(|_| assert_eq!(feed(&h, &[60 * USD; 2]), PokeOutcome::Step, "one of three is missing"));
        assert_eq!(feed(&h, &[60 * USD; 3]), PokeOutcome::ReAnchored);
    }
}

/// P18: whom nobody counted on yet, or whom a new start left behind, is not waited for.
#[test]
fn p18_a_confirmation_waits_for_nobody_of_the_set_up_or_of_before_a_new_start() {
    let confirmed = |h: &Harness| {
        assert_eq!(h.feed(&[150 * USD; 2]), PokeOutcome::Step);
        h.pass(600);
        h.feed(&[150 * USD; 2]) == PokeOutcome::ReAnchored
    };
    let mut h = Harness::empty();
    h.list_as(AssetClass::Volatile, &AssetLimits::DEFAULT, 100 * USD);
    (0..3).for_each(|group| h.add(14, group, SourceRole::Fresh, MAX_AGE));
    h.feed(&[100 * USD; 3]);
    let remove = |h: &Harness| h.admin().remove_price_feed(&h.guardian, &h.asset, &h.sources[2].address);
    remove(&h);
    h.warm(100 * USD);
    h.pass(60);
    assert!(confirmed(&h), "removed during the set-up");

    let h = Harness::guarded(AssetClass::Volatile, 100 * USD, 3);
    remove(&h);
    h.carry_out(&OracleChange::ReAnchor(h.asset.clone(), 100 * USD), 24);
    h.warm(100 * USD);
    h.pass(60);
    assert!(confirmed(&h), "removed before a new start");
}

/// P18: a round that was judged before the price was set back is none of its warm-up.
#[test]
fn p18_no_round_counts_before_and_after_a_re_anchor() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    let id = h.admin().propose(&OracleChange::ReAnchor(h.asset.clone(), 100 * USD));
    h.pass(24 * HOUR);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
    h.admin().execute(&id);
    assert_eq!((h.poke(), h.quote().status), (PokeOutcome::Unchanged, PriceStatus::Warming));
    h.pass(60);
    assert_eq!((h.feed(&[100 * USD; 2]), h.quote().status), (PokeOutcome::Accepted, PriceStatus::Live));
}

/// 15: what changed its scale once speaks again when the admin says so, not when it changes back.
#[test]
fn bad_input_15_a_source_that_changed_its_decimals_stays_halted_when_they_change_back() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    h.pass(60);
    h.sources[0].set_decimals(&8);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::NoQuorum);
    h.sources[0].set_decimals(&14);
    h.pass(60);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::NoQuorum);
    h.carry_out(&OracleChange::Resume(HaltScope::Source(h.asset.clone(), h.sources[0].address.clone())), 24);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
}

/// P16 for the code: a week, and never once it is final.
#[test]
fn p16_code_waits_a_week_and_not_once_it_is_final() {
    let h = Harness::empty();
    let id = h.admin().propose(&OracleChange::Upgrade(BytesN::from_array(&h.env, &[7; 32]), 1));
    h.pass(7 * 24 * HOUR - 1);
    refused(h.admin().try_execute(&id), GovernanceError::TooEarly);
    h.pass(1);
    h.governance().freeze_upgrades();
    assert_eq!(h.env.auths()[0].0, h.admin);
    refused(h.admin().try_execute(&id), GovernanceError::UpgradesFrozen);
    h.env.set_auths(&[]);
    assert!(unsigned(h.governance().try_freeze_upgrades()));
}

/// 16
#[test]
#[should_panic(expected = "Error(Contract, #910)")]
fn bad_input_16_a_tick_of_zero_seconds() {
    let h = Harness::empty();
    let base = Asset::Other(symbol_short!("USD"));
    h.env.register(crate::Oracle, (&h.admin, &h.guardian, base, 0_u32));
}

/// 41: there is nothing to initialise after deployment.
#[test]
fn bad_input_41_the_offices_are_filled_by_the_constructor() {
    let h = Harness::new(1);
    assert_eq!((h.governance().admin(), h.governance().guardian()), (h.admin.clone(), h.guardian.clone()));
    let stranger = Address::generate(&h.env);
    h.env.set_auths(&[]);
    assert!(unsigned(h.governance().try_set_guardian(&stranger)));
    assert!(unsigned(h.governance().try_transfer_admin(&stranger)));
    // Nobody is offered the office: there is no one whose signature could be missing.
    refused(h.governance().try_accept_admin(), GovernanceError::NoTransfer);
}
