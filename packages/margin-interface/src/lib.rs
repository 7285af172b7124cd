//! The public face of the protocol: what an integrator adds as a dependency.
//!
//! One module per contract: its types, its errors, its events and its client. [`types`] holds what several contracts
//! share. Nothing here decides anything.
//!
//! What stands below `#[offchain_docs]` is documented here and not in the on-chain specs of the contracts, whose bytes
//! the network limits and every deployer pays for.
//!
//! ```ignore
//! let risk = MarginLedgerClient::new(&env, &ledger).summary(&account); // also while a venue executes
//! if risk.leverage > 300 { .. }
//! ```
#![no_std]

pub mod account;
pub mod clearing;
pub mod factory;
pub mod governance;
pub mod lean;
pub mod ledger;
pub mod lifetime;
pub mod operations;
pub mod oracle;
pub mod types;
pub mod upgrader;
pub mod vault;

pub use account::*;
pub use clearing::*;
pub use factory::*;
pub use governance::*;
pub use ledger::*;
pub use oracle::*;
pub use types::*;
pub use upgrader::*;
pub use vault::*;
