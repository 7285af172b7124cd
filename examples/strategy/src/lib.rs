//! A third party's contract that trades for its users without ever holding their money.
//!
//! A user grants it `TRADE` in the margin ledger and signs terms here. A strategist says how much exposure everybody should
//! have; anybody may then call [`Strategy::rebalance`], which trades as the user's delegate and reads the user's risk before
//! and after. When a user's health falls below the stop of its terms, anybody may close its position in the strategy's name:
//! the strategy is an account whose `__check_auth` reads the ledger while the clearing-house is executing.
//!
//! Nothing here is trusted with more than its users' terms: the strategist chooses a direction, not a price, not a size
//! beyond the terms, and not a moment within the cool-down. The code cannot be replaced.
#![no_std]

mod contract;
mod guard;
mod plan;
mod storage;
mod types;

pub use contract::{Strategy, StrategyClient};
pub use types::{Config, Rebalanced, StrategyError, Terms};

#[cfg(test)]
mod test;
