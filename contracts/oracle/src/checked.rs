//! Failure: what does not hold ends the call with its error, and the host undoes whatever the call changed.

use margin_interface::OracleError;
use soroban_sdk::{panic_with_error, Env, Error};

/// Ends the call.
#[inline(never)] // for size, as everything here
pub fn fail(env: &Env, error: OracleError) -> ! {
    // By its number: the generated conversion is a table.
    panic_with_error!(env, Error::from_contract_error(error as u32))
}

/// Ends the call with `error` unless the condition holds.
pub fn require(env: &Env, holds: bool, error: OracleError) {
    if !holds {
        fail(env, error)
    }
}

/// The value, or the end of the call with `error`.
pub fn some<T>(env: &Env, value: Option<T>, error: OracleError) -> T {
    match value {
        Some(value) => value,
        None => fail(env, error),
    }
}
