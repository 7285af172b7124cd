//! The margin ledger: who owns what, who owes what, and is it enough.
//!
//! Balances and debts are written only by the vault and the clearing-house; limits and grants by their account. Readable
//! by everybody, even while a venue executes. It calls the oracle, and a token's `decimals` when that is listed.
#![no_std]
#![warn(missing_docs)]

extern crate alloc;

mod accrual;
mod actions;
mod book;
mod checked;
mod contract;
mod custody;
mod grants;
mod holdings;
mod lending;
mod limits;
mod liquidation;
mod listing;
mod migration;
mod perp;
mod pool;
mod preview;
mod settlement;
mod standing;
mod storage;
mod take_over;
mod terms;
mod tips;
mod valuation;

#[cfg(test)]
mod test_actions;
#[cfg(test)]
mod test_backstop;
#[cfg(test)]
mod test_bad_debt;
#[cfg(test)]
mod test_batch;
#[cfg(test)]
mod test_custody;
#[cfg(test)]
mod test_governance;
#[cfg(test)]
mod test_grants;
#[cfg(test)]
mod test_lending;
#[cfg(test)]
mod test_liquidation;
#[cfg(test)]
mod test_listing;
#[cfg(test)]
mod test_lock;
#[cfg(test)]
mod test_market_terms;
#[cfg(test)]
mod test_migration;
#[cfg(test)]
mod test_payout;
#[cfg(test)]
mod test_perp;
#[cfg(test)]
mod test_pool;
#[cfg(test)]
mod test_reductions;
#[cfg(test)]
mod test_standing;
#[cfg(test)]
mod test_swap;
#[cfg(test)]
mod test_told;
#[cfg(test)]
mod test_world;

pub use contract::{MarginLedger, MarginLedgerClient};
