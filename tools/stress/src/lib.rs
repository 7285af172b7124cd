//! Thousands of simulated accounts through market days of the past, with and without auto-deleverage.
//!
//! Every number that the protocol would compute is computed by the functions of `margin-math` that the contracts call: the
//! guard of the oracle, margins, the curve, funding, settlement, take-overs, liquidations, deleverage. What surrounds them
//! here is bookkeeping, and assumptions about people: `docs/stress.md` lists those.
#![warn(missing_docs)]

pub mod account;
pub mod bars;
pub mod book;
pub mod dice;
pub mod feed;
pub mod keepers;
pub mod path;
pub mod population;
pub mod report;
pub mod run;
pub mod trade;

#[cfg(test)]
mod test;
