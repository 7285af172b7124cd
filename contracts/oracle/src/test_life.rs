//! Random lives of an asset: whatever sources say, whenever they are read, whoever asks.

extern crate std;

use margin_interface::{Asset, AssetClass, HaltScope, PokeOutcome, PriceStatus, Quote};
use price_source::Fault;
use proptest::prelude::*;
use soroban_sdk::{symbol_short, Symbol};

use crate::test::{Harness, NOW, USD};

#[derive(Clone, Debug)]
enum Step {
    Say { source: usize, price: i128, age: i64 },
    Fault(usize, u32),
    Decimals(usize, u32),
    Pass(u64),
    Poke,
    Halt,
    Drop(usize),
}

fn price() -> impl Strategy<Value = i128> {
    prop_oneof![
        12 => 95 * USD..105 * USD,
        3 => 50 * USD..200 * USD,
        1 => any::<i128>(),
        1 => prop::sample::select(std::vec![0, -1, 1, i128::MIN, i128::MAX]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..3, price(), -5_i64..500).prop_map(|(source, price, age)| Step::Say { source, price, age }),
        1 => (0_usize..3, 0_u32..3).prop_map(|(source, fault)| Step::Fault(source, fault)),
        1 => (0_usize..3, prop::sample::select(std::vec![14_u32, 14, 14, 8, 255])).prop_map(|(s, d)| Step::Decimals(s, d)),
        6 => (1_u64..130).prop_map(Step::Pass),
        1 => (130_u64..4_000).prop_map(Step::Pass),
        8 => Just(Step::Poke),
        1 => prop::sample::select(std::vec![0_usize, 1, 2]).prop_map(Step::Drop),
        1 => Just(Step::Halt),
    ]
}

fn class() -> impl Strategy<Value = AssetClass> {
    prop::sample::select(std::vec![
        AssetClass::Pegged,
        AssetClass::Major,
        AssetClass::Volatile,
        AssetClass::Thin
    ])
}

fn apply(h: &Harness, step: &Step) -> Option<PokeOutcome> {
    let faults = [Fault::None, Fault::Trap, Fault::NoPrice];
    match step {
        Step::Say { source, price, age } => {
            let timestamp = h.now().saturating_add_signed(-age);
            h.sources[*source].set(&h.asset, price, &timestamp);
        }
        Step::Fault(source, fault) => h.sources[*source].set_fault(&faults[*fault as usize]),
        Step::Decimals(source, decimals) => h.sources[*source].set_decimals(decimals),
        Step::Pass(seconds) => h.pass(*seconds),
        Step::Poke => return Some(h.poke()),
        Step::Halt => h.admin().halt(&h.guardian, &HaltScope::Asset(h.asset.clone())),
        Step::Drop(source) => {
            let contract = &h.sources[*source].address;
            let _ = h.admin().try_remove_price_feed(&h.guardian, &h.asset, contract);
        }
    }
    None
}

/// Everything a reader can ask, none of which traps.
fn read_everything(h: &Harness, asset: &Asset, time: u64, records: u32) {
    let (oracle, sep40) = (h.oracle(), h.sep40());
    let quote = oracle.quote(asset);
    assert_eq!(
        oracle.quotes(&soroban_sdk::vec![&h.env, asset.clone(), asset.clone()]).get(1),
        Some(quote.clone())
    );
    assert_eq!((sep40.decimals(), sep40.resolution()), (14, 60));
    let last = sep40.lastprice(asset);
    assert_eq!(last.is_some(), quote.status == PriceStatus::Live, "P11: a price for strangers is a live one");
    if let Some(last) = last {
        assert_eq!((last.price, last.timestamp), (quote.mid, quote.timestamp - quote.timestamp % 60));
    }
    if let Some(prices) = sep40.prices(asset, &records) {
        assert!(!prices.is_empty() && prices.len() <= records);
        assert!(prices
            .iter()
            .zip(prices.iter().skip(1))
            .all(|(newer, older)| newer.timestamp > older.timestamp));
        assert!(prices.iter().all(|record| sep40.price(asset, &record.timestamp) == Some(record)));
    }
    if let Some(record) = sep40.price(asset, &time) {
        assert_eq!(record.timestamp, time - time % 60);
    }
    let average = oracle.twap(asset, &time);
    assert!(average.is_none_or(|average| average > 0));
    let _ = oracle.last_timestamp();
    let _ = oracle.try_get_price(&h.id);
}

fn check_quote(h: &Harness, quote: &Quote) {
    let limits = h.admin().limits(&h.asset).unwrap();
    assert!(0 < quote.lo && quote.lo <= quote.hi, "P10 {quote:?}");
    match quote.status {
        PriceStatus::Live | PriceStatus::Degraded | PriceStatus::Grace | PriceStatus::Tripped => {
            assert!(quote.lo <= quote.mid && quote.mid <= quote.hi, "P10 {quote:?}");
            assert!(h.now() - quote.timestamp <= u64::from(limits.max_age), "no older than it may be");
            assert!(limits.floor <= quote.mid && quote.mid <= limits.cap);
        }
        _ => assert_eq!((quote.lo, quote.hi), (limits.floor, limits.cap)),
    }
}

/// P4: the time of a new price is one that a source gave, and that a quorum of them has reached. Never the ledger's.
fn check_time(h: &Harness, quote: &Quote) {
    let listed = h.admin().price_feeds(&h.asset);
    let sources = h.sources.iter().filter(|source| listed.iter().any(|feed| feed.contract == source.address));
    let times = sources.filter_map(|source| source.try_lastprice(&h.asset).ok()?.ok()??.timestamp.into());
    let times: std::vec::Vec<u64> = times.collect();
    assert!(times.contains(&quote.timestamp), "P4 {times:?} {quote:?}");
    let sharing = times.iter().filter(|time| **time >= quote.timestamp).count();
    assert!(sharing >= h.admin().limits(&h.asset).unwrap().quorum as usize, "P4 {times:?} {quote:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// P4, P5, P7, P10, P11, P17 over random lives.
    #[test]
    fn p10_p11_whatever_happens_quotes_are_intervals_and_reads_are_total(
        class in class(), warm in any::<bool>(), steps in prop::collection::vec(step(), 1..60),
        time in prop_oneof![Just(0), Just(u64::MAX), NOW - 100..NOW + 10_000, any::<u64>()],
        records in prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 0_u32..70],
    ) {
        let mut h = Harness::empty();
        h.list_as(class, &margin_interface::AssetLimits::DEFAULT, 100 * USD);
        (0..3).for_each(|group| h.add(14, group, margin_interface::SourceRole::Fresh, 420));
        if warm {
            h.warm(100 * USD);
        }
        let (mut accepted, mut newest) = (0, 0);
        for step in &steps {
            let before = h.quote();
            let outcome = apply(&h, step);
            let after = h.quote();
            check_quote(&h, &after);
            match outcome {
                Some(PokeOutcome::Accepted | PokeOutcome::ReAnchored | PokeOutcome::Degraded) => {
                    accepted += 1;
                    check_time(&h, &after);
                    let spoken = after.timestamp;
                    prop_assert!(spoken > newest, "P5");
                    newest = spoken;
                }
                Some(_) => prop_assert_eq!(after.mid, before.mid),
                None => prop_assert_eq!((after.mid, after.stable), (before.mid, before.stable)),
            }
            if outcome.is_some() {
                h.poke();
                prop_assert_eq!(h.quote(), after.clone(), "P7");
            }
            prop_assert!(warm || accepted >= 3 || !matches!(after.status, PriceStatus::Live | PriceStatus::Tripped), "P17");
            if let PriceStatus::Tripped = after.status {
                prop_assert!(after.lo <= before.mid && before.mid <= after.hi, "P10: the old price and the candidate");
            }
        }
        let long = Asset::Other(Symbol::new(&h.env, "A_long_name_of_nothing"));
        let unknown = Asset::Other(symbol_short!("XYZ"));
        for asset in [h.asset.clone(), unknown, long, Asset::Stellar(h.id.clone())] {
            read_everything(&h, &asset, time, records);
            read_everything(&h, &asset, h.now() - time % 4_000, records % 70);
        }
    }

    /// P9: whatever the third source does, the result is what it would be without it or with its price admitted, whose age
    /// dates nothing: not even while it lags by all that its age limit permits.
    #[test]
    fn p9_a_misbehaving_source_counts_as_absent(
        fault in 0_u32..6, forged in price(), good in prop::collection::vec(99 * USD..101 * USD, 2),
        age in prop_oneof![4 => 0_i64..=420, 1 => prop::sample::select(std::vec![-1_i64, 420, 421, 10_000])],
    ) {
        let run = |misbehave: &dyn Fn(&Harness)| {
            let h = Harness::guarded_with(AssetClass::Volatile, &margin_interface::AssetLimits::DEFAULT, 100 * USD, 3);
            // The third says nothing for a while, so that an old price of its is no step back.
            for _ in 0..7 {
                h.pass(60);
                h.say(&[100 * USD; 2]);
                h.poke();
            }
            h.pass(60);
            h.say(&good);
            misbehave(&h);
            let outcome = h.poke();
            (outcome, h.quote())
        };
        let absent = run(&|h| h.sources[2].set_fault(&Fault::NoPrice));
        let admitted = run(&|h| h.sources[2].set(&h.asset, &forged, &h.now()));
        let odd = run(&|h| match fault {
            0 => h.sources[2].set_fault(&Fault::Trap),
            1 => h.sources[2].set_decimals(&8),
            2 => h.sources[2].set(&h.asset, &forged.checked_abs().unwrap_or(1).wrapping_neg(), &h.now()),
            3 => h.sources[2].set(&h.asset, &i128::MAX, &h.now()),
            _ => h.sources[2].set(&h.asset, &forged, &h.now().saturating_add_signed(-age)),
        });
        let counts = fault > 3 && (0..=420).contains(&age);
        prop_assert_eq!(odd, if counts { admitted } else { absent });
    }
}
