//! The account factory: deploys smart accounts at addresses that commit to owner, configuration and code.
#![no_std]

#[cfg(test)]
extern crate std;

mod contract;
mod deployment;
mod storage;
#[cfg(test)]
mod test;

pub use contract::AccountFactory;
