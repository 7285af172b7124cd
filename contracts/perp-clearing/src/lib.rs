//! The perpetual clearing-house: vAMM markets with funding, a liquidity pool behind them, insurance and liquidation.
//!
//! The curve sets the price, the index sets the risk, cash buckets set what can be paid. Positions, margin, buckets and
//! the market records live in the margin ledger; here is what decides how they change.
#![no_std]

mod contract;
mod desk;
mod error;
mod fill;
mod funding;
mod markets;
mod pool;
mod storage;
#[cfg(test)]
mod test;
#[cfg(test)]
mod test_world;

pub use contract::PerpClearing;
