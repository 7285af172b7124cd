//! Pure integer mathematics of margin accounts.
//!
//! Functions on plain structs: no environment, no storage, no floats, no panics. Scales are in [`units`]. Rounding is in
//! every name. With the feature `overflow-traps` a Wasm stops where it overflows. What a formula decides is here and
//! nowhere else; contracts load, call and store.
#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

pub mod curve;
pub mod defaults;
pub mod deleverage;
mod error;
pub mod fixed;
pub mod funding;
pub mod guard;
pub mod headroom;
pub mod hours;
pub mod house;
pub mod interest;
pub mod lending_liquidation;
pub mod lock;
pub mod lp;
pub mod margin;
pub mod marks;
pub mod oracle;
pub mod perp_liquidation;
pub mod pool;
pub mod position;
pub mod ramp;
pub mod report;
pub mod settlement;
pub mod shares;
pub mod status;
pub mod twap;
pub mod units;
pub mod window;

#[cfg(test)]
mod adversaries;

pub use error::MathError;
