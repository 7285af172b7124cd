//! The committed corpus and seeded random bytes through every target.
//!
//! An input that breaks a promise is written into the target's corpus (`fuzz/corpus`): commit it, and it stays tested.
//! `FUZZ_INPUTS` and `FUZZ_SEED` ask for more and for others.

use fuzz_targets::{Answer, Target, TARGETS};
use margin_tests::random::Dice;
use std::path::{Path, PathBuf};
use std::{env, fs, panic};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name)
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How often it accepted, refused and was stopped.
type Count = [u32; 3];

fn play(target: Target, name: &str, place: usize, bytes: &[u8], count: &mut Count) {
    match panic::catch_unwind(|| target(bytes)) {
        Ok(answer) => count[answer as usize] += 1,
        Err(broken) => {
            let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
                (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
            let file = corpus(name).join(format!("kept-{digest:016x}"));
            fs::write(&file, bytes).expect("the corpus can be written");
            eprintln!("{name}: input {place} breaks it, kept as {}", file.display());
            panic::resume_unwind(broken);
        }
    }
}

fn all(name: &str, inputs: u64, length: i128, least: [u32; 2]) {
    let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).expect("a target");
    let mut kept = Count::default();
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus(name)).expect("a corpus").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no corpus");
    for (place, file) in files.iter().enumerate() {
        play(target, name, place + 1, &fs::read(file).expect("a file"), &mut kept);
    }
    let mut dice = Dice::new(number("FUZZ_SEED", 2_026));
    let mut count = Count::default();
    for place in 0..number("FUZZ_INPUTS", inputs) {
        let bytes: Vec<u8> = (0..dice.between(0, length))
            .map(|_| u8::try_from(dice.between(0, 255)).expect("a byte"))
            .collect();
        let place = files.len() + 1 + usize::try_from(place).expect("few");
        play(target, name, place, &bytes, &mut count);
    }
    println!("{name}: corpus {kept:?}, random {count:?} (accepted, refused, stopped)");
    // A fuzzer whose inputs are all refused tests nothing.
    let seen = |answer: Answer| kept[answer as usize] + count[answer as usize];
    assert!(seen(Answer::Accepted) >= least[0], "{name}: only {} accepted", seen(Answer::Accepted));
    assert!(seen(Answer::Refused) >= least[1], "{name}: only {} refused", seen(Answer::Refused));
}

#[test]
fn check_auth() {
    all("check_auth", 1_500, 120, [100, 100]);
}

#[test]
fn curve() {
    all("curve", 1_500, 600, [500, 0]);
}

#[test]
fn guard() {
    all("guard", 1_500, 600, [300, 0]);
}

#[test]
fn orders() {
    all("orders", 1_000, 120, [50, 100]);
}

#[test]
fn reports() {
    all("reports", 150, 200, [20, 20]);
}

#[test]
fn settlement() {
    all("settlement", 1_500, 600, [500, 0]);
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for (name, _) in TARGETS {
        let program =
            fs::read_to_string(root.join("fuzz_targets").join(format!("{name}.rs"))).expect("a program");
        assert!(program.contains(&format!("fuzz_targets::{name}(data)")), "{name}");
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
