//! Administration: who may, and within which bounds.

extern crate std;

use margin_interface::{
    Asset, AssetLimits, HaltScope, OracleError, PokeOutcome, PriceSource as Source, PriceStatus, SourceRole,
};
use price_source::PriceSource;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{symbol_short, Address, Symbol};

use crate::admin::{MAX_AGE as LONGEST_AGE, MAX_ASSETS};
use crate::test::{limits, Harness, MAX_AGE, USD};

fn source(h: &Harness, contract: Address) -> Source {
    Source { asset: h.asset.clone(), contract, group: 5, max_age: MAX_AGE, role: SourceRole::Fresh }
}

#[test]
fn every_change_is_authorised_by_the_admin() {
    let h = Harness::new(1);
    let contract = h.env.register(PriceSource, (14_u32, 300_u32));
    h.admin().add_price_feed(&h.asset, &source(&h, contract.clone()));
    assert_eq!(h.env.auths()[0].0, h.admin);
    h.admin().set_limits(&h.asset, &limits());
    assert_eq!(h.env.auths()[0].0, h.admin);
    h.admin().add_asset(&Asset::Other(symbol_short!("BTC")), &limits());
    assert_eq!(h.env.auths()[0].0, h.admin);
    h.admin().resume(&HaltScope::All);
    assert_eq!(h.env.auths()[0].0, h.admin);
    h.admin().halt(&h.guardian, &HaltScope::All);
    assert_eq!(h.env.auths()[0].0, h.guardian);
    h.admin().remove_price_feed(&h.guardian, &h.asset, &contract);
    assert_eq!(h.env.auths()[0].0, h.guardian);
    h.env.set_auths(&[]);
    assert!(h.admin().try_halt(&h.admin, &HaltScope::All).is_err());
    assert!(h.admin().try_remove_price_feed(&h.admin, &h.asset, &h.sources[0].address).is_err());
    assert!(h.admin().try_resume(&HaltScope::All).is_err());
    assert!(h.admin().try_set_limits(&h.asset, &limits()).is_err());
    assert!(h.admin().try_add_asset(&Asset::Other(symbol_short!("XLM")), &limits()).is_err());
    assert!(h.admin().try_add_price_feed(&h.asset, &source(&h, contract)).is_err());
}

#[test]
fn strangers_cannot_halt_or_remove() {
    let h = Harness::new(1);
    let stranger = Address::generate(&h.env);
    let refused = Err(Ok(OracleError::NotAdminOrGuardian));
    assert_eq!(h.admin().try_halt(&stranger, &HaltScope::All), refused);
    assert_eq!(h.admin().try_remove_price_feed(&stranger, &h.asset, &h.sources[0].address), refused);
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
    let good: [fn(&mut AssetLimits); 8] = [
        |l| l.quorum = 1,
        |l| l.quorum = 6,
        |l| l.delta_bps = 1,
        |l| l.delta_bps = 10_000,
        |l| l.max_age = LONGEST_AGE,
        |l| l.floor = 10_000,
        |l| l.cap = 10_i128.pow(26),
        |l| l.stable_rate = 1_000_000_000,
    ];
    let bad: [fn(&mut AssetLimits); 11] = [
        |l| l.quorum = 0,
        |l| l.quorum = 7,
        |l| l.delta_bps = 0,
        |l| l.delta_bps = 10_001,
        |l| l.max_age = 0,
        |l| l.max_age = LONGEST_AGE + 1,
        |l| l.floor = 9_999,
        |l| l.floor = l.cap,
        |l| l.cap = 10_i128.pow(26) + 1,
        |l| l.stable_rate = 0,
        |l| l.stable_rate = 1_000_000_001,
    ];
    good.into_iter().for_each(|change| assert_eq!(set(change), Ok(())));
    bad.into_iter().for_each(|change| assert_eq!(set(change), Err(OracleError::InvalidLimits)));
    let other = Asset::Other(symbol_short!("BTC"));
    let bad = AssetLimits { quorum: 0, ..limits() };
    assert_eq!(h.admin().try_add_asset(&other, &bad), Err(Ok(OracleError::InvalidLimits)));
    assert_eq!(h.admin().try_set_limits(&other, &limits()), Err(Ok(OracleError::UnknownAsset)));
}

/// 27
#[test]
fn bad_input_27_assets_listed_twice_and_one_too_many() {
    let h = Harness::new(0);
    let exists = Err(Ok(OracleError::AssetExists));
    assert_eq!(h.admin().try_add_asset(&h.asset, &limits()), exists);
    assert_eq!(h.admin().try_add_asset(&Asset::Other(symbol_short!("USD")), &limits()), exists, "the base");
    for number in 1..MAX_ASSETS {
        let name = std::format!("A{number}");
        h.admin().add_asset(&Asset::Other(Symbol::new(&h.env, &name)), &limits());
    }
    let one_more = h.admin().try_add_asset(&Asset::Other(symbol_short!("LAST")), &limits());
    assert_eq!(one_more, Err(Ok(OracleError::TooManyAssets)));
}

/// 12
#[test]
fn bad_input_12_sources_that_are_none() {
    let h = Harness::new(1);
    let add = |contract: Address| h.admin().try_add_price_feed(&h.asset, &source(&h, contract));
    let unreadable = Err(Ok(OracleError::UnreadableSource));
    assert_eq!(add(Address::generate(&h.env)), unreadable, "not a contract");
    assert_eq!(add(h.id.clone()), unreadable, "ourselves");
    assert_eq!(add(h.env.register(PriceSource, (31_u32, 300_u32))), unreadable, "decimals");
    assert_eq!(add(h.sources[0].address.clone()), Err(Ok(OracleError::SourceExists)));
    let unheard =
        Source { max_age: LONGEST_AGE + 1, ..source(&h, h.env.register(PriceSource, (14_u32, 300_u32))) };
    assert_eq!(h.admin().try_add_price_feed(&h.asset, &unheard), Err(Ok(OracleError::InvalidLimits)));
    let ageless = Source { max_age: 0, ..unheard };
    assert_eq!(h.admin().try_add_price_feed(&h.asset, &ageless), Err(Ok(OracleError::InvalidLimits)));
    // A token answers `decimals` as well: it is listed, and never admitted.
    let token = h.env.register_stellar_asset_contract_v2(h.admin.clone()).address();
    assert!(add(token).is_ok());
    assert_eq!(h.feed(&[100 * USD]), PokeOutcome::NoQuorum);
}

#[test]
fn six_sources_fit_and_a_seventh_does_not() {
    let h = Harness::new(6);
    let seventh = h.env.register(PriceSource, (14_u32, 300_u32));
    let refused = h.admin().try_add_price_feed(&h.asset, &source(&h, seventh));
    assert_eq!(refused, Err(Ok(OracleError::TooManySources)));
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

#[test]
fn tightening_the_band_acts_on_the_stored_price_at_once() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    h.admin().set_limits(&h.asset, &AssetLimits { cap: 100 * USD, ..limits() });
    assert_eq!(h.quote().status, PriceStatus::Live);
    h.admin().set_limits(&h.asset, &AssetLimits { cap: 100 * USD - 1, ..limits() });
    assert_eq!(h.quote().status, PriceStatus::Stale);
    assert_eq!(h.admin().limits(&h.asset).map(|limits| limits.cap), Some(100 * USD - 1));
}

/// 16
#[test]
#[should_panic(expected = "Error(Contract, #910)")]
fn bad_input_16_a_tick_of_zero_seconds() {
    let h = Harness::empty();
    let base = Asset::Other(symbol_short!("USD"));
    h.env.register(crate::Oracle, (&h.admin, &h.guardian, base, 0_u32));
}
