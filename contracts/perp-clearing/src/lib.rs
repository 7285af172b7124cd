//! The perpetual clearing-house: vAMM markets with funding, a liquidity pool behind them, insurance and liquidation.
//!
//! The curve sets the price, the index sets the risk, cash buckets set what can be paid. Positions, margin, buckets and
//! the market records live in the margin ledger; here is what decides how they change.
#![no_std]

mod batch;
mod changes;
mod conditions;
mod contract;
mod desk;
mod error;
mod fill;
mod funding;
mod house;
mod markets;
mod matched;
mod nonces;
mod orders;
mod pool;
mod raw;
mod stage;
mod storage;
#[cfg(test)]
mod test;
#[cfg(test)]
mod test_adversaries;
#[cfg(test)]
mod test_batch;
#[cfg(test)]
mod test_bounds;
#[cfg(test)]
mod test_executors;
#[cfg(test)]
mod test_liquidity;
#[cfg(test)]
mod test_markets;
#[cfg(test)]
mod test_orders;
#[cfg(test)]
mod test_races;
#[cfg(test)]
mod test_replays;
#[cfg(test)]
mod test_solvency;
#[cfg(test)]
mod test_world;
mod views;

pub use contract::PerpClearing;
