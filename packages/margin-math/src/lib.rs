//! Pure integer mathematics of margin accounts.
//!
//! Functions on plain structs: no environment, no storage, no floats, no panics. Scales are in [`units`], rounding is
//! in every name. What a formula decides is here and nowhere else; contracts load, call and store.
#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

pub mod fixed;
pub mod units;

/// What can go wrong in arithmetic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MathError {
    /// A result does not fit its type.
    Overflow,
    /// A divisor is zero.
    DivisionByZero,
}
