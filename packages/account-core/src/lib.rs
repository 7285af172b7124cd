//! The policy engine that every tier of smart account shares.
//!
//! An authorisation passes these gates, in this order: who signs ([`roles`]), whether it is genuine ([`signatures`]), what is
//! signed ([`classify`], which adds it up to one [`intent`]), and whether that is within the bounds of the role
//! ([`decide`]). What is not recognised is refused. [`tier`] says which parts of the engine an account has.
#![no_std]

#[cfg(feature = "testutils")]
extern crate std;

pub mod administration;
pub mod allowlist;
pub mod amounts;
pub mod audit;
pub mod calls;
pub mod classify;
pub mod compliance;
pub mod decide;
pub mod delegates;
pub mod deleverage;
mod entry_points;
pub mod freeze;
pub mod intent;
pub mod multisig;
pub mod orders;
pub mod ownership;
pub mod policy;
pub mod roles;
pub mod sessions;
pub mod signatures;
pub mod spent;
pub mod state;
pub mod storage;
#[cfg(feature = "testutils")]
pub mod testing;
pub mod tier;
pub mod tier_change;
pub mod token_policy;
pub mod upgrade;
pub mod validate;
pub mod views;
mod webauthn;

pub use margin_interface as interface;

use decide::Decision;
use margin_interface::{AccountError, Authorized, Sig};
use soroban_sdk::{crypto::Hash, Env, Val, Vec};

/// Decides an authorisation entry, books what it costs those who signed, and records it for an institution.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - the account has no state of this version
/// * those of [`roles::role_of`], [`signatures::verify`] and [`decide::decide`]
///
/// # Events
/// * [`SessionUsed`](margin_interface::SessionUsed)
/// * [`Authorized`], or [`Audited`](margin_interface::Audited)
pub fn check_auth<T: tier::Tier>(
    env: &Env,
    payload: Hash<32>,
    signatures: Vec<Sig>,
    contexts: Vec<Val>,
) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let keys = roles::keys(env, &signatures)?;
    let role = roles::role_of::<T>(env, &profile, &keys)?;
    signatures::verify(env, &payload, &signatures)?;
    let Decision { charge, ventures } = decide::decide::<T>(env, &profile, &role, &contexts)?;
    // What risks nothing must not depend on the ledger: sending one's own tokens, a veto, a recovery.
    if ventures {
        administration::put_to_use(env, &profile);
    }
    if let Some(charge) = charge {
        charge.book::<T>(env)?;
    }
    if T::MULTISIG {
        audit::record_entry(env, &contexts, keys, payload.to_bytes());
    } else if let Some(signer) = keys.get(0) {
        Authorized { signer, signatures: keys.len() }.publish(env);
    }
    storage::extend_ttl(env);
    Ok(())
}

#[cfg(test)]
mod test;
