//! Random lives: several actors with real keys, all entry points, moving prices and clocks; every invariant after every
//! step. 100 sequences of 64 steps on fixed seeds, and whichever are kept in `kept.txt`; `FUZZ_SEQUENCES=n FUZZ_SEED=s` plays
//! others.

mod affairs;
mod changes;
mod ends;
mod entry_points;
mod feeds;
mod gaps;
mod institution;
mod lending;
mod moves;
mod protocol;

use margin_interface::Settlement;
use margin_tests::fixture::Fixture;
use margin_tests::invariants::{check, Memory};
use margin_tests::model::perp::{Count, Witness};
use margin_tests::perp_invariants::probes::{Prober, EVERY};
use margin_tests::random::Dice;
use margin_tests::world::Mode;
use moves::{Cast, News, Outcome};
use std::collections::{BTreeMap, BTreeSet};

const STEPS: u32 = 64;
const SHARDS: u64 = 4;
/// I30: no transaction takes more than a quarter of what mainnet gives.
const PARTS: u32 = 4;
/// A fuzzer whose calls mostly fail tests nothing.
const LEAST_SUCCESS_PERCENT: u32 = 90;

/// How often a run of `make test` must have seen what is rare.
const LEAST: [(&str, u32); 16] = [
    ("a publisher leaves", 3),
    ("a source replaced", 20),
    ("auto_deleverage", 3),
    ("backstop", 15),
    ("halt", 10),
    ("liquidate", 10),
    ("outage", 3),
    ("payout", 10),
    ("publish", 40),
    ("recovery", 15),
    ("retire_asset", 12),
    ("settle_in_kind", 15),
    ("settle_position", 25),
    ("take_over", 10),
    ("take_over by the pool", 2),
    ("wind down", 12),
];

/// What accounts do to themselves is not the model's: it begins anew there, which may not happen often, and nowhere else.
const NOT_FOLLOWED: [&str; 2] = ["auto_deleverage", "auto_deleverage_with"];
const MOST_RESYNCED_PERMILLE: u32 = 5;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// What became of the moves of one kind.
#[derive(Default)]
struct Tally {
    done: u32,
    refused: u32,
    reasons: BTreeMap<String, u32>,
}

/// Tallies of the moves, and which entry points succeeded.
#[derive(Default)]
struct Lived {
    tallies: BTreeMap<&'static str, Tally>,
    seen: Seen,
    called: BTreeSet<(&'static str, String)>,
}

fn play_shard(shard: u64) -> Lived {
    let (sequences, seed) = (setting("FUZZ_SEQUENCES", 100), setting("FUZZ_SEED", 2026));
    let mut lived = Lived::default();
    let seeds = (0..sequences).map(|sequence| seed.wrapping_mul(1_000_003).wrapping_add(sequence));
    for (_, seed) in seeds.chain(kept()).enumerate().filter(|(place, _)| *place as u64 % SHARDS == shard) {
        play(Mode::Native, seed, &mut lived);
    }
    lived
}

/// Seeds of sequences that once failed.
fn kept() -> impl Iterator<Item = u64> {
    let lines = include_str!("kept.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.trim().parse().expect("a seed"))
}

#[test]
fn random_lives() {
    let sequences = setting("FUZZ_SEQUENCES", 100);
    let shards: Vec<_> = (0..SHARDS).map(|shard| std::thread::spawn(move || play_shard(shard))).collect();
    let mut all = Lived::default();
    for shard in shards {
        let lived = shard.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        all.seen.add(&lived.seen);
        for (name, tally) in lived.tallies {
            let sum = all.tallies.entry(name).or_default();
            sum.done += tally.done;
            sum.refused += tally.refused;
            for (reason, count) in tally.reasons {
                *sum.reasons.entry(reason).or_default() += count;
            }
        }
        all.called.extend(lived.called);
    }
    println!("{:?}", all.seen);
    report(&all.tallies, sequences);
    let followed: u32 = all.seen.followed.values().sum();
    let resynced: u32 = all.seen.resynced.values().sum();
    let expected = all.seen.resynced.keys().all(|call| NOT_FOLLOWED.contains(&call.as_str()));
    let seldom = sequences < 100 || resynced * 1_000 <= MOST_RESYNCED_PERMILLE * followed;
    assert!(expected && seldom, "the model of perpetuals begins anew: {:?}", all.seen.resynced);
    assert!(sequences < 100 || all.seen.enough(), "too rare: {:?}", all.seen);
    has_seen(&all.tallies, sequences, &LEAST);
    let missing = entry_points::missing(&all.called);
    assert!(sequences < 100 || missing.is_empty(), "never succeeded: {missing:?}");
}

/// Whether a run of `make test` has seen enough of what is rare: a generator that leads elsewhere is found out.
fn has_seen(tallies: &BTreeMap<&'static str, Tally>, sequences: u64, least: &[(&str, u32)]) {
    for (name, times) in least {
        let done = tallies.get(name).map_or(0, |tally| tally.done);
        assert!(sequences < 100 || done >= *times, "too rare: {name}, {done} of {times}");
    }
}

/// Prints what became of the moves; most must have happened.
fn report(tallies: &BTreeMap<&'static str, Tally>, sequences: u64) {
    let (mut done, mut refused) = (0, 0);
    for (name, tally) in tallies {
        println!("{name:24} {:6} done {:6} refused {:?}", tally.done, tally.refused, tally.reasons);
        done += tally.done;
        refused += tally.refused;
    }
    if sequences >= SHARDS {
        assert!(
            done * 100 >= LEAST_SUCCESS_PERCENT * (done + refused),
            "only {done} done, {refused} refused"
        );
    }
}

/// How often the rarer things were there.
#[derive(Debug, Default)]
struct Seen {
    /// Steps with gains that nobody could pay yet.
    open_claims: u32,
    /// Steps with losses that traders still owe.
    perpetual_debt: u32,
    /// Steps in which insurance paid.
    insurance_paid: u32,
    /// Steps of perpetuals that the model followed.
    followed: BTreeMap<&'static str, u32>,
    /// Changes that it did not, by the call.
    resynced: BTreeMap<String, u32>,
    /// The most that rounding has cost one account, settlement units.
    dearest: f64,
    /// How often each invariant was probed.
    probed: BTreeMap<u32, u32>,
    /// Entries that were archived, and restored by the call that needed them.
    restored: u32,
    /// Times that an issuer took tokens from the vault.
    clawed_back: u32,
    /// Steps in which a debt was lost.
    lost: u32,
}

impl Seen {
    fn note(&mut self, before: &Settlement, after: &Settlement) {
        self.open_claims += u32::from(after.claims > 0);
        self.perpetual_debt += u32::from(after.perp_borrowed > 0);
        self.insurance_paid += u32::from(after.insurance < before.insurance);
    }

    fn probed(&mut self, seen: &BTreeMap<u32, u32>) {
        for (number, times) in seen {
            *self.probed.entry(*number).or_default() += times;
        }
    }

    fn witnessed(&mut self, count: &Count) {
        let Count { followed, resynced, dearest } = count.clone();
        self.add(&Seen { followed, resynced, dearest, ..Seen::default() });
    }

    fn add(&mut self, other: &Seen) {
        self.open_claims += other.open_claims;
        self.perpetual_debt += other.perpetual_debt;
        self.insurance_paid += other.insurance_paid;
        for (kind, steps) in &other.followed {
            *self.followed.entry(kind).or_default() += steps;
        }
        for (call, times) in &other.resynced {
            *self.resynced.entry(call.clone()).or_default() += times;
        }
        self.probed(&other.probed);
        self.dearest = self.dearest.max(other.dearest);
        self.restored += other.restored;
        self.clawed_back += other.clawed_back;
        self.lost += other.lost;
    }

    /// Whether a run of `make test` is worth its name: what it has found so often cannot vanish unseen.
    fn enough(&self) -> bool {
        self.open_claims >= 50
            && self.perpetual_debt >= 1_000
            && self.restored >= 60
            && self.clawed_back >= 40
            && self.insurance_paid >= 15
    }
}

fn play(mode: Mode, seed: u64, lived: &mut Lived) {
    let mut story = Story { seed, told: Vec::new() };
    let fixture = Fixture::new(mode);
    let mut prober = Prober::new(&fixture);
    fixture.parts.set(PARTS);
    let mut dice = Dice::new(seed);
    fixture.witness.replace(Some(Witness::default()));
    let mut cast = Cast::of(&fixture, &mut dice);
    let mut memory = Memory::default();
    check(&fixture, &mut memory);
    for step in 0..STEPS {
        let before = fixture.clearing().buckets();
        let played = cast.play(&mut dice);
        story.told.push(format!("{} {} -> {:?}", played.name, played.detail, played.outcome));
        let tally = lived.tallies.entry(played.name).or_default();
        match played.outcome {
            Outcome::Done => tally.done += 1,
            Outcome::Refused(reason) => {
                tally.refused += 1;
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
        match cast.news.take() {
            Some(News::Clawed(amount)) => {
                let token = &cast.regulated;
                let surplus = token.balance(&fixture, &fixture.contracts().vault) - token.cash(&fixture);
                memory.clawed_back(&token.address, amount);
                memory.synced(&token.address, surplus);
                lived.seen.clawed_back += u32::from(amount > 0);
            }
            Some(News::Moved(from, to)) => memory.moved(&from, &to),
            None => {}
        }
        lived.seen.lost += u32::from(fixture.lost.get());
        check(&fixture, &mut memory);
        if (step + 1) % EVERY == 0 {
            prober.probe(seed);
        }
        lived.seen.note(&before, &fixture.clearing().buckets());
    }
    lived.seen.restored += cast.restored.get();
    lived.called.extend(fixture.called());
    lived.seen.probed(&prober.seen());
    if let Some(witness) = fixture.witness.take() {
        lived.seen.witnessed(&witness.count);
    }
    fixture.end();
    story.told.clear();
}

/// Tells what happened, if the play ends in a panic.
struct Story {
    seed: u64,
    told: Vec<String>,
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} ended after:\n{}", self.seed, self.told.join("\n"));
        }
    }
}

#[test]
fn on_wasm() {
    for seed in 0..2 {
        play(Mode::Wasm, seed, &mut Lived::default());
    }
}
