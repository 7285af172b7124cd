//! What sources may do wrong, one by one: each changes the result only as if it were absent (P9).

extern crate std;

use margin_interface::{PokeOutcome, PriceRefused, PriceStatus, SourceOutcome, SourceRole};
use price_source::Fault;
use soroban_sdk::testutils::Events as _;
use soroban_sdk::{contract, contractimpl, contracttype, symbol_short, vec, Env, Event as _, Symbol, Vec};

use crate::test::{Harness, MAX_AGE, NOW, USD};

/// Three sources, the first of which does what `misbehave` says; then none agrees with it alone, and the event says why.
fn refused(reason: SourceOutcome, misbehave: impl Fn(&Harness)) {
    let h = Harness::new(3);
    h.say(&[150 * USD, 100 * USD, 100 * USD]);
    misbehave(&h);
    assert_eq!(h.poke(), PokeOutcome::Accepted, "one bad source does not stop the price");
    assert_eq!((h.quote().lo, h.quote().hi), (100 * USD, 100 * USD), "nor move it");

    let h = Harness::new(2);
    h.say(&[100 * USD, 100 * USD]);
    misbehave(&h);
    let outcome = h.poke();
    let event = PriceRefused {
        asset: h.asset.clone(),
        candidate: 0,
        outcome: PokeOutcome::NoQuorum,
        sources: vec![&h.env, reason, SourceOutcome::Admitted],
    };
    let events = h.env.events().all();
    assert_eq!(events.events().last(), Some(&event.to_xdr(&h.env, &h.id)));
    assert_eq!(outcome, PokeOutcome::NoQuorum);
    assert_eq!(h.quote().status, PriceStatus::Warming);
}

fn says(reason: SourceOutcome, price: i128, timestamp: u64) {
    refused(reason, |h| h.sources[0].set(&h.asset, &price, &timestamp));
}

#[test]
fn bad_inputs_1_and_2_zero_and_negative() {
    says(SourceOutcome::NotPositive, 0, NOW);
    says(SourceOutcome::NotPositive, -1, NOW);
    says(SourceOutcome::NotPositive, i128::MIN, NOW);
}

#[test]
fn bad_inputs_3_and_4_too_large_and_too_small() {
    says(SourceOutcome::OutOfRange, i128::MAX - 1, NOW);
    says(SourceOutcome::OutOfRange, 1, NOW);
}

#[test]
fn bad_inputs_5_and_6_impossible_times() {
    says(SourceOutcome::TooOld, 100 * USD, 0);
    says(SourceOutcome::FromFuture, 100 * USD, NOW + 1);
    says(SourceOutcome::FromFuture, 100 * USD, u64::MAX);
}

#[test]
fn bad_input_7_one_second_too_old() {
    says(SourceOutcome::TooOld, 100 * USD, NOW - MAX_AGE - 1);
    let h = Harness::new(2);
    h.sources.iter().for_each(|source| source.set(&h.asset, &(100 * USD), &(NOW - MAX_AGE)));
    assert_eq!(h.poke(), PokeOutcome::Accepted, "exactly at the limit");
}

#[test]
fn bad_input_8_time_backwards() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    h.pass(60);
    h.sources[1].set(&h.asset, &(100 * USD), &h.now());
    h.sources[0].set(&h.asset, &(100 * USD), &(NOW - 1));
    assert_eq!(h.poke(), PokeOutcome::NoQuorum);
    h.sources[0].set(&h.asset, &(100 * USD), &(NOW + 60));
    assert_eq!(h.poke(), PokeOutcome::Accepted);
}

#[test]
fn bad_input_9_a_new_price_at_the_same_time_replaces_nothing() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    assert_eq!(h.feed(&[101 * USD; 2]), PokeOutcome::Unchanged);
    assert_eq!(h.quote().mid, 100 * USD);
}

#[test]
fn bad_input_10_the_source_traps() {
    refused(SourceOutcome::CallFailed, |h| h.sources[0].set_fault(&Fault::Trap));
}

#[test]
fn the_source_has_no_price() {
    refused(SourceOutcome::NoPrice, |h| h.sources[0].set_fault(&Fault::NoPrice));
}

#[test]
fn bad_input_15_decimals_change_and_change_back() {
    for decimals in [0, 8, 18, 255] {
        refused(SourceOutcome::DecimalsChanged, |h| h.sources[0].set_decimals(&decimals));
    }
    let h = Harness::new(2);
    h.sources[0].set_decimals(&18);
    h.sources[0].set_decimals(&14);
    assert_eq!(h.feed(&[100 * USD; 2]), PokeOutcome::Accepted);
}

#[test]
fn sources_of_different_decimals_agree() {
    let mut h = Harness::new(0);
    for (decimals, price) in [(8, 10_000_000_000), (18, 100 * 10_i128.pow(18) + 1), (14, 100 * USD)] {
        h.add(decimals, decimals, SourceRole::Fresh, MAX_AGE);
        h.sources.last().unwrap().set(&h.asset, &price, &NOW);
    }
    assert_eq!(h.poke(), PokeOutcome::Accepted);
    assert_eq!((h.quote().lo, h.quote().hi), (100 * USD, 100 * USD + 1), "rounded outward");
}

/// Answers `lastprice` with something else: what, is in the asset's place in its storage.
#[contract]
struct Liar;

#[contracttype]
struct ThreeFields {
    price: i128,
    timestamp: u64,
    updated: u64,
}

#[contracttype]
struct OtherTypes {
    price: u32,
    timestamp: u64,
}

#[contractimpl]
impl Liar {
    pub fn tell(env: Env, kind: Symbol) {
        env.storage().instance().set(&symbol_short!("kind"), &kind);
    }

    pub fn decimals(_env: Env) -> u32 {
        14
    }

    pub fn lastprice(env: Env, asset: margin_interface::Asset) -> soroban_sdk::Val {
        use soroban_sdk::IntoVal;
        let kind: Symbol = env.storage().instance().get(&symbol_short!("kind")).unwrap();
        let price = 100 * USD;
        if kind == symbol_short!("fields") {
            ThreeFields { price, timestamp: NOW, updated: NOW }.into_val(&env)
        } else if kind == symbol_short!("types") {
            OtherTypes { price: 1, timestamp: NOW }.into_val(&env)
        } else if kind == symbol_short!("honest") {
            margin_interface::PriceData { price, timestamp: NOW }.into_val(&env)
        } else if kind == symbol_short!("wide") {
            let wide = soroban_sdk::I256::from_i128(&env, price);
            soroban_sdk::map![
                &env,
                (symbol_short!("price"), wide.to_val()),
                (symbol_short!("timestamp"), NOW.into_val(&env))
            ]
            .into_val(&env)
        } else if kind == symbol_short!("void") {
            soroban_sdk::Val::VOID.into()
        } else if kind == symbol_short!("number") {
            price.into_val(&env)
        } else if kind == symbol_short!("vector") {
            vec![&env, price].into_val(&env)
        } else {
            // Calls back into whoever reads it.
            let oracle = env.storage().instance().get(&symbol_short!("oracle")).unwrap();
            margin_interface::OracleClient::new(&env, &oracle).poke(&vec![&env, asset]).into_val(&env)
        }
    }

    pub fn aim(env: Env, oracle: soroban_sdk::Address) {
        env.storage().instance().set(&symbol_short!("oracle"), &oracle);
    }
}

/// 11, 13
#[test]
fn bad_inputs_11_and_13_wrong_types_and_reentry() {
    for kind in ["fields", "types", "number", "vector", "reenter"] {
        let h = Harness::new(1);
        let contract = h.env.register(Liar, ());
        let liar = LiarClient::new(&h.env, &contract);
        liar.tell(&Symbol::new(&h.env, kind));
        liar.aim(&h.id);
        let source = h.source(contract);
        h.admin().add_price_feed(&h.asset, &source);
        h.say(&[100 * USD]);
        assert_eq!(h.poke(), PokeOutcome::NoQuorum, "{kind}");
        let sources: Vec<SourceOutcome> = vec![&h.env, SourceOutcome::Admitted, SourceOutcome::CallFailed];
        let event =
            PriceRefused { asset: h.asset.clone(), candidate: 0, outcome: PokeOutcome::NoQuorum, sources };
        h.poke();
        assert_eq!(h.env.events().all().filter_by_contract(&h.id), [event.to_xdr(&h.env, &h.id)], "{kind}");
    }
}

/// A feed that knows two functions, and burns whatever it is given in one of them.
#[contract]
struct Furnace;

#[contractimpl]
impl Furnace {
    pub fn decimals(_env: Env) -> u32 {
        14
    }

    pub fn lastprice(env: Env, _asset: margin_interface::Asset) -> Option<margin_interface::PriceData> {
        let mut bytes = soroban_sdk::Bytes::from_array(&env, &[0; 1_024]);
        loop {
            bytes = env.crypto().sha256(&bytes).into();
        }
    }
}

/// 14: nobody can catch an exhausted budget. The poke fails as a whole, and readers keep what was accepted; whoever adds
/// a source does so in the open, and the guardian removes it in one call.
#[test]
fn bad_input_14_a_source_that_burns_the_budget_stops_its_poke_and_no_reader() {
    let h = Harness::new(2);
    h.feed(&[100 * USD; 2]);
    let before = h.quote();
    let contract = h.env.register(Furnace, ());
    h.carry_out(&margin_interface::OracleChange::Source(h.asset.clone(), h.source(contract.clone())), 48);
    h.say(&[101 * USD; 2]);
    h.env.cost_estimate().budget().reset_default();
    // Not even the test environment catches it.
    let poke = std::panic::AssertUnwindSafe(|| h.poke());
    let panic = std::panic::catch_unwind(poke).unwrap_err();
    assert!(panic.downcast_ref::<std::string::String>().unwrap().contains("Error(Budget, ExceededLimit)"));
    h.env.cost_estimate().budget().reset_unlimited();
    assert_eq!(h.quote().mid, before.mid);
    h.admin().remove_price_feed(&h.guardian, &h.asset, &contract);
    assert_eq!(h.poke(), PokeOutcome::Accepted);
}

/// 16: what a source says of its tick is not asked.
#[test]
fn bad_input_16_a_source_with_a_tick_of_zero() {
    let h = Harness::new(1);
    let contract = h.env.register(price_source::PriceSource, (14_u32, 0_u32));
    h.admin().add_price_feed(&h.asset, &h.source(contract.clone()));
    h.say(&[100 * USD]);
    price_source::PriceSourceClient::new(&h.env, &contract).set(&h.asset, &(100 * USD), &NOW);
    assert_eq!(h.poke(), PokeOutcome::Accepted);
}

#[test]
fn bad_input_17_at_or_beyond_a_clamp() {
    for (price, admitted) in [(10, false), (20, false), (21, false), (11, true), (19, true)] {
        let mut h = Harness::new(1);
        h.add_clamped(7, 10 * USD, 20 * USD);
        h.say(&[100 * USD, price * USD]);
        // Alone it is no quorum; beside the other it diverges.
        let expected = if admitted { PokeOutcome::Diverged } else { PokeOutcome::NoQuorum };
        assert_eq!(h.poke(), expected, "{price}");
    }
}

/// 25: the network archives what nobody extends; it comes back as it was, and the guard with it.
#[test]
fn bad_input_25_after_a_year_in_the_archive_the_anchor_is_still_there() {
    use soroban_sdk::testutils::Ledger as _;
    let h = Harness::guarded(margin_interface::AssetClass::Thin, 100 * USD, 2);
    h.env.ledger().set_sequence_number(h.env.ledger().sequence() + 6_300_000);
    h.pass(365 * 86_400);
    assert_eq!(h.quote().status, PriceStatus::Stale);
    assert_eq!(h.feed(&[300 * USD; 2]), PokeOutcome::OutOfBand);
    h.pass(60);
    assert_eq!(h.feed(&[104 * USD; 2]), PokeOutcome::Step, "a year is no licence to jump");
    assert_eq!(h.sep40().prices(&h.asset, &1).map(|prices| prices.get_unchecked(0).price), Some(100 * USD));
}

/// 37: an envelope of now around a price of then: what counts is the time of the price.
#[test]
fn bad_input_37_a_stale_price_in_a_fresh_envelope() {
    says(SourceOutcome::TooOld, 100 * USD, NOW - 3_600);
}

/// 38: negative answers, answers beyond 128 bits, feeds that are frozen.
#[test]
fn bad_input_38_answers_of_256_bits_negative_and_frozen() {
    says(SourceOutcome::NotPositive, -100 * USD, NOW);
    says(SourceOutcome::TooOld, 100 * USD, NOW - 7 * 86_400);
    let h = Harness::new(1);
    let contract = h.env.register(Liar, ());
    LiarClient::new(&h.env, &contract).tell(&symbol_short!("wide"));
    h.admin().add_price_feed(&h.asset, &h.source(contract));
    h.say(&[100 * USD]);
    assert_eq!(h.poke(), PokeOutcome::NoQuorum);
}

/// 39: a zero record for a missing one, and an hour of future.
#[test]
fn bad_input_39_zero_records_and_an_hour_ahead() {
    says(SourceOutcome::NotPositive, 0, 0);
    says(SourceOutcome::FromFuture, 100 * USD, NOW + 3_600);
}

/// 40: the history of a source, in whatever order, is never asked for: these feeds have none.
#[test]
fn bad_input_40_no_history_of_a_source_is_read() {
    let h = Harness::new(1);
    let contract = h.env.register(Liar, ());
    LiarClient::new(&h.env, &contract).tell(&symbol_short!("honest"));
    h.admin().add_price_feed(&h.asset, &h.source(contract));
    h.say(&[100 * USD]);
    assert_eq!(h.poke(), PokeOutcome::Accepted);
}
