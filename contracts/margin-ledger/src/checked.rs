//! Failure, and the arithmetic of `margin-math` with it: what does not hold or does not fit ends the call with its error,
//! and the host undoes whatever the call changed. No result is carried through the domain only to be passed on.
//!
//! In Wasm `margin-math` stops by itself where something does not fit (its feature `overflow-traps`), for size. What a
//! caller can provoke is refused by name before: see [`crate::holdings::MAX_AMOUNT`].

use margin_interface::LedgerError;
use margin_math::{fixed, position::FillError, MathError};
use soroban_sdk::{panic_with_error, Env};

/// Ends the call.
#[inline(never)] // for size, as everything here
pub fn fail(env: &Env, error: LedgerError) -> ! {
    panic_with_error!(env, error)
}

/// Ends the call with `error` unless the condition holds.
pub fn require(env: &Env, holds: bool, error: LedgerError) {
    if !holds {
        fail(env, error)
    }
}

/// Refuses amounts that are not positive.
pub fn require_positive(env: &Env, amount: i128) {
    require(env, amount > 0, LedgerError::InvalidAmount);
}

/// The value, or the end of the call: with [`LedgerError::Overflow`] unless the error says more.
pub trait OrFail<T> {
    /// Unwraps.
    fn or_fail(self, env: &Env) -> T;
}

impl<T> OrFail<T> for Result<T, MathError> {
    fn or_fail(self, env: &Env) -> T {
        self.ok().or_fail(env)
    }
}

impl<T> OrFail<T> for Result<T, FillError> {
    fn or_fail(self, env: &Env) -> T {
        match self {
            Ok(value) => value,
            Err(FillError::Invalid) => fail(env, LedgerError::InvalidFill),
            Err(FillError::Math(_)) => fail(env, LedgerError::Overflow),
        }
    }
}

impl<T> OrFail<T> for Option<T> {
    fn or_fail(self, env: &Env) -> T {
        match self {
            Some(value) => value,
            None => fail(env, LedgerError::Overflow),
        }
    }
}

/// [`fixed::add`].
#[inline(never)]
pub fn add(env: &Env, a: i128, b: i128) -> i128 {
    fixed::add(a, b).or_fail(env)
}

/// [`fixed::sub`].
#[inline(never)]
pub fn sub(env: &Env, a: i128, b: i128) -> i128 {
    fixed::sub(a, b).or_fail(env)
}

/// [`fixed::neg`].
pub fn neg(env: &Env, a: i128) -> i128 {
    sub(env, 0, a)
}

/// [`fixed::abs`].
#[inline(never)]
pub fn abs(env: &Env, a: i128) -> i128 {
    fixed::abs(a).or_fail(env)
}

/// [`fixed::increase`].
#[inline(never)]
pub fn increase(env: &Env, total: &mut i128, by: i128) {
    *total = add(env, *total, by);
}

/// [`fixed::decrease`].
#[inline(never)]
pub fn decrease(env: &Env, total: &mut i128, by: i128) {
    *total = sub(env, *total, by);
}

/// [`fixed::mul_div_floor`].
#[inline(never)]
pub fn mul_div_floor(env: &Env, a: i128, b: i128, c: i128) -> i128 {
    fixed::mul_div_floor(a, b, c).or_fail(env)
}

/// [`fixed::bps_floor`].
#[inline(never)]
pub fn bps_floor(env: &Env, amount: i128, bps: u32) -> i128 {
    fixed::bps_floor(amount, bps).or_fail(env)
}

/// [`fixed::bps_ceil`].
pub fn bps_ceil(env: &Env, amount: i128, bps: u32) -> i128 {
    fixed::bps_ceil(amount, bps).or_fail(env)
}
