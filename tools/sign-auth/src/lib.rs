//! Signs the authorisation entries of a contract account inside a transaction envelope.
//!
//! The stellar CLI signs for key accounts only. A contract account of this project is authorised by a vector of
//! `{ public_key, signature }`, ascending by key, over the payload that the network defines for the entry. Everything here
//! is a function of its arguments; `main.rs` reads, asks and writes.
#![warn(missing_docs)]

mod entry;
mod envelope;
mod key;
mod words;

pub use entry::{Binding, Refusal, Signing};
pub use envelope::{entries, sign_envelope};
pub use key::{read_key, KeyError};
pub use words::{describe, Names};

#[cfg(test)]
mod test;
