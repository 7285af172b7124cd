//! The vault: custody and lending, the only contract that holds tokens.
//!
//! Who owns and owes what is the margin ledger's; the vault moves the tokens and has the ledger book it.
#![no_std]

extern crate alloc;

#[cfg(test)]
extern crate std;

mod batch;
mod calls;
mod contract;
mod custody;
mod plan;
mod storage;
#[cfg(test)]
mod test;

pub use contract::Vault;
