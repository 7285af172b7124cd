//! A SEP-41 token for tests and the demo: any number of decimals, and switches for what tokens do to a vault.
//!
//! Well behaved until told otherwise. With a fee it delivers less than it was asked to; with an observer it is a third
//! party's contract that reads an account's risk from the margin ledger while a venue executes.
#![no_std]

mod contract;
mod storage;

pub use contract::{TestToken, TestTokenClient, TokenError};
