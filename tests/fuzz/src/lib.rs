//! What the fuzzers call: functions of bytes that panic where a promise is broken, and answer how it went otherwise.
//!
//! They are plain functions so that they cannot rot: `make test` plays the committed corpus and seeded random bytes through
//! each, `make check` compiles the libFuzzer programs around them (`fuzz/`).
#![warn(missing_docs)]

mod check_auth;
mod curve;
mod guard;
mod input;
mod orders;
mod reports;
mod settlement;
mod values;

pub use check_auth::check_auth;
pub use curve::curve;
pub use guard::guard;
pub use orders::orders;
pub use reports::reports;
pub use settlement::settlement;

/// How an input went, so that a test can see whether a target is asked anything that matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd, Ord)]
pub enum Answer {
    /// What was asked for was done.
    Accepted,
    /// It was refused with a typed error.
    Refused,
    /// The host stopped it: a signature that does not verify, or a value of another type.
    Stopped,
}

/// A function of bytes.
pub type Target = fn(&[u8]) -> Answer;

/// All of them by the names of their programs.
pub const TARGETS: [(&str, Target); 6] = [
    ("check_auth", check_auth),
    ("curve", curve),
    ("guard", guard),
    ("orders", orders),
    ("reports", reports),
    ("settlement", settlement),
];
