//! Tier 1: at most 3x, owner signatures, auto-deleverage. Everything is decided in `account-core`.
#![no_std]

#[cfg(test)]
extern crate std;

mod contract;

pub use contract::BasicAccount;

#[cfg(test)]
mod test;
