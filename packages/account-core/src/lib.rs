//! The policy engine that every tier of smart account shares.
//!
//! An authorisation passes four gates, in this order: who signs ([`roles`], [`signatures`]), what is signed ([`classify`]), what it
//! would do to the account's risk ([`policy`]), within which bounds ([`limits`]). What is not recognised is refused.
#![no_std]

pub mod administration;
pub mod calls;
pub mod classify;
pub mod deleverage;
mod entry_points;
pub mod policy;
pub mod roles;
pub mod signatures;
pub mod state;
pub mod storage;
pub mod tier;
pub mod validate;

pub use margin_interface as interface;

use margin_interface::{AccountError, Sig};
use soroban_sdk::{crypto::Hash, Env, Val, Vec};

/// Decides an authorisation entry of an account whose signers trade alone: one owner signature suffices.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - the account has no state of this version
/// * those of [`roles::role_of`], [`signatures::verify`], [`classify::classify`] and [`policy::enforce`]
pub fn check_auth<T: tier::Tier>(
    env: &Env,
    payload: Hash<32>,
    signatures: Vec<Sig>,
    contexts: Vec<Val>,
) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    roles::role_of::<T>(env, &profile, &roles::keys(env, &signatures)?)?;
    signatures::verify(env, payload, &signatures)?;
    let mut intent = policy::Intent::new(env);
    for context in contexts.iter() {
        intent.add(classify::classify(env, &profile.protocol, context)?);
    }
    policy::enforce(env, &profile, &intent)?;
    storage::extend_ttl(env);
    Ok(())
}

#[cfg(test)]
mod test;
