//! Tier 2: at most 10x, owner signatures, session keys, token policies. Everything is decided in `account-core`.
#![no_std]

#[cfg(test)]
extern crate std;

mod contract;

pub use contract::ProAccount;

#[cfg(test)]
mod test;
