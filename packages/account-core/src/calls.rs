//! Calls of the protocol whose failure the account survives.

use crate::state::Profile;
use margin_interface::{AccountError, LedgerError};
use soroban_sdk::{Address, Env, InvokeError, Symbol, TryFromVal, Val, Vec};

/// Calls `function` of `contract`. The result is not decoded: one body serves every call, a generated client has one per
/// function and type.
#[inline(never)]
pub fn attempt(env: &Env, contract: &Address, function: &str, args: Vec<Val>) -> Result<Val, InvokeError> {
    match env.try_invoke_contract::<Val, InvokeError>(contract, &Symbol::new(env, function), args) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(InvokeError::Abort),
        Err(Ok(failure) | Err(failure)) => Err(failure),
    }
}

/// Reads the ledger. A failed read refuses, whatever the reason.
///
/// # Errors
/// * [`AccountError::StalePrice`] - a price that is needed may not be used
/// * [`AccountError::ArithmeticOverflow`]
/// * [`AccountError::InsufficientHealth`] - the ledger cannot say what the account looks like
pub fn read_ledger<T: TryFromVal<Env, Val>>(
    env: &Env,
    profile: &Profile,
    function: &str,
    args: Vec<Val>,
) -> Result<T, AccountError> {
    let value = attempt(env, &profile.protocol.ledger, function, args).map_err(refusal)?;
    T::try_from_val(env, &value).map_err(|_| AccountError::InsufficientHealth)
}

fn refusal(failure: InvokeError) -> AccountError {
    const NOT_USABLE: u32 = LedgerError::PriceNotUsable as u32;
    const OVERFLOW: u32 = LedgerError::Overflow as u32;
    match failure {
        InvokeError::Contract(NOT_USABLE) => AccountError::StalePrice,
        InvokeError::Contract(OVERFLOW) => AccountError::ArithmeticOverflow,
        _ => AccountError::InsufficientHealth,
    }
}
