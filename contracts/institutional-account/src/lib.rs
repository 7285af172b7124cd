//! Tier 3: at most 10x, M-of-N signatures by amount, compliance. Everything is decided in `account-core`.
#![no_std]

#[cfg(test)]
extern crate std;

mod contract;

pub use contract::InstitutionalAccount;

#[cfg(test)]
mod test;
