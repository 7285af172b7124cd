//! Random lives: several actors with real keys, all entry points, moving prices and clocks; every invariant after every
//! step. 100 sequences of 64 steps on fixed seeds; `FUZZ_SEQUENCES=n FUZZ_SEED=s` plays others.

mod moves;

use margin_tests::fixture::Fixture;
use margin_tests::invariants::{check, Memory};
use margin_tests::random::Dice;
use margin_tests::world::Mode;
use moves::{Cast, Outcome};
use std::collections::BTreeMap;

const STEPS: u32 = 64;
const SHARDS: u64 = 4;
/// A fuzzer whose calls mostly fail tests nothing.
const LEAST_SUCCESS_PERCENT: u32 = 75;

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

fn play_shard(shard: u64) {
    let (sequences, seed) = (setting("FUZZ_SEQUENCES", 100), setting("FUZZ_SEED", 2026));
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for sequence in (0..sequences).filter(|sequence| sequence % SHARDS == shard) {
        play(seed.wrapping_mul(1_000_003).wrapping_add(sequence), &mut tallies);
    }
    let (mut done, mut refused) = (0, 0);
    for (name, tally) in &tallies {
        println!("{name:24} {:6} done {:6} refused {:?}", tally.done, tally.refused, tally.reasons);
        done += tally.done;
        refused += tally.refused;
    }
    if sequences >= SHARDS {
        assert!(done * 100 >= LEAST_SUCCESS_PERCENT * (done + refused), "only {done} done, {refused} refused");
    }
}

fn play(seed: u64, tallies: &mut BTreeMap<&'static str, Tally>) {
    let mut story = Story { seed, told: Vec::new() };
    let fixture = Fixture::new(Mode::Native);
    let mut dice = Dice::new(seed);
    let cast = Cast::of(&fixture, &mut dice);
    let mut memory = Memory::default();
    check(&fixture, &mut memory);
    for _ in 0..STEPS {
        let played = cast.play(&mut dice);
        story.told.push(format!("{} {} -> {:?}", played.name, played.detail, played.outcome));
        let tally = tallies.entry(played.name).or_default();
        match played.outcome {
            Outcome::Done => tally.done += 1,
            Outcome::Refused(reason) => {
                tally.refused += 1;
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
        check(&fixture, &mut memory);
    }
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
fn first_shard() {
    play_shard(0);
}

#[test]
fn second_shard() {
    play_shard(1);
}

#[test]
fn third_shard() {
    play_shard(2);
}

#[test]
fn fourth_shard() {
    play_shard(3);
}
