//! A small version of every scenario: what must hold whatever the figures are. The books are checked after each minute by
//! [`play`] itself.

use crate::path::{Scenario, SCENARIOS};
use crate::run::{play, Outcome, Size};

const SIZE: Size = Size { accounts: 250, minutes: 1_800, seed: 11 };
/// As many as anybody could send.
const ENOUGH: u32 = 100_000;

fn twins(scenario: &Scenario) -> [Outcome; 2] {
    [false, true].map(|guarded| play(scenario, SIZE, guarded).expect("the mathematics accepts every amount"))
}

fn named(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|scenario| scenario.name == name).expect("a scenario")
}

#[test]
fn where_prices_are_continuous_and_keepers_get_through_nobody_who_restores_himself_is_liquidated() {
    let (mut spent, mut penalties) = (0, 0);
    for name in ["crash", "rally", "chop", "depeg"] {
        let [without, with] = twins(&named(name).with_keepers(ENOUGH));
        assert!(without.liquidated() > 0, "{name}: the twins were never in danger");
        assert_eq!(with.liquidated(), 0, "{name}");
        assert!(with.restored() >= without.liquidated(), "{name}");
        assert_eq!(with.loss.total(), 0, "{name}");
        spent += with.spent();
        penalties += without.penalties();
    }
    assert!(spent < penalties, "{spent} to restore, {penalties} for being liquidated");
}

#[test]
fn a_gap_spares_nobody_and_the_waterfall_pays_in_its_order() {
    let [without, with] = twins(named("gap"));
    assert!(with.liquidated() > 0 && with.liquidated() <= without.liquidated());
    for outcome in [&without, &with] {
        assert!(outcome.broke > 0 && outcome.unrealised > 0);
        // Loans are covered by what secures them: the perpetuals' loss is insurance's and the providers'.
        assert_eq!(outcome.loss.suppliers, 0);
        assert!(outcome.loss.insurance > 0);
        // Insurance never pays more than half of itself in a day.
        let day = outcome.first().insurance * 0.5 * 10_000_000.0;
        assert!((outcome.loss.insurance as f64) < 2.0 * day);
    }
    assert!(with.loss.total() < without.loss.total());
}

#[test]
fn without_transactions_nobody_restores_himself() {
    let [_, free] = twins(&named("crash").with_keepers(ENOUGH));
    let [_, none] = twins(&named("crash").with_keepers(0));
    assert!(free.restored() > 0);
    assert_eq!((none.restored(), none.liquidated()), (0, 0));
    assert!(none.unrealised > free.unrealised);
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let once = twins(named("chop"));
    let again = twins(named("chop"));
    for (once, again) in once.iter().zip(&again) {
        assert_eq!((&once.fates, &once.wealth), (&again.fates, &again.wealth));
    }
    let other = play(named("chop"), Size { seed: 12, ..SIZE }, false).expect("plays");
    assert_ne!(once[0].wealth, other.wealth);
}

#[test]
fn without_danger_both_twins_end_alike() {
    let quiet = Size { minutes: 30, ..SIZE };
    let [without, with] = [false, true].map(|guarded| play(named("gap"), quiet, guarded).expect("plays"));
    assert_eq!(with.liquidated(), without.liquidated());
    let untouched = with.fates.iter().map(|fate| fate.deleverages == 0);
    for ((without, with), untouched) in without.wealth.iter().zip(&with.wealth).zip(untouched) {
        // Interest and funding follow what the others do.
        assert!(!untouched || (without - with).abs() <= without / 1_000, "{without} {with}");
    }
}

#[test]
fn paths_begin_at_one_and_stay_above_zero() {
    for scenario in &SCENARIOS {
        let prices = scenario.prices(3);
        for (price, first) in prices[0].iter().zip(crate::path::FIRST) {
            let relative = *price as f64 / 1e14 / first;
            assert!((0.98..1.02).contains(&relative), "{} {relative}", scenario.name);
        }
        assert!(prices.iter().flatten().all(|price| *price > 0));
    }
}
