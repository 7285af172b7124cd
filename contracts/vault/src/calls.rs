//! Calls whose failure the vault survives.

use soroban_sdk::{Address, Env, Error, Symbol, TryFromVal, Val, Vec};

/// What `function` of `contract` answers; `None` if it fails, whatever the reason. A generated client tells every error of
/// the contract apart, which is a kilobyte per call.
pub fn ask<T: TryFromVal<Env, Val>>(
    env: &Env,
    contract: &Address,
    function: &str,
    args: Vec<Val>,
) -> Option<T> {
    T::try_from_val(env, &attempt(env, contract, function, args)?).ok()
}

#[inline(never)]
fn attempt(env: &Env, contract: &Address, function: &str, args: Vec<Val>) -> Option<Val> {
    env.try_invoke_contract::<Val, Error>(contract, &Symbol::new(env, function), args).ok()?.ok()
}
