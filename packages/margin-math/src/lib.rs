//! Pure integer mathematics of margin accounts.
//!
//! Functions on plain structs: no environment, no storage, no floats, no panics. Scales are in [`units`], rounding is
//! in every name. What a formula decides is here and nowhere else; contracts load, call and store.
#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

pub mod curve;
pub mod defaults;
pub mod deleverage;
pub mod fixed;
pub mod funding;
pub mod hours;
pub mod house;
pub mod interest;
pub mod lending_liquidation;
pub mod lp;
pub mod margin;
pub mod marks;
pub mod oracle;
pub mod perp_liquidation;
pub mod pool;
pub mod position;
pub mod settlement;
pub mod shares;
pub mod status;
pub mod swap;
pub mod twap;
pub mod units;
pub mod window;

/// What can go wrong in arithmetic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MathError {
    /// A result does not fit its type.
    Overflow,
    /// A divisor is zero.
    DivisionByZero,
    /// A curve or a pool has nothing left to give.
    Exhausted,
}
