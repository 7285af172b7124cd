//! Who administers: a new owner is offered the account and takes it, so that it never goes to an address nobody controls.

use crate::administration::{administered, commit};
use crate::storage::{self, PENDING_OWNER};
use crate::tier::Tier;
use margin_interface::{AccountError, OwnershipOffered, OwnershipTransferred};
use soroban_sdk::{vec, Address, Env};

/// [`transfer_ownership`](margin_interface::SmartAccountInterface::transfer_ownership).
pub fn offer<T: Tier>(env: &Env, to: Address) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[to.to_val()])?;
    PENDING_OWNER.set(env, &to);
    OwnershipOffered { to }.publish(env);
    commit::<T>(env, &profile)
}

/// [`accept_ownership`](margin_interface::SmartAccountInterface::accept_ownership).
pub fn accept<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let mut profile = storage::load(env)?;
    let owner = PENDING_OWNER.get(env).ok_or(AccountError::NothingPending)?;
    owner.require_auth_for_args(vec![env, owner.to_val()]);
    PENDING_OWNER.remove(env);
    profile.owner = owner.clone();
    // What the former owner announced is not the new one's.
    profile.epoch += 1;
    OwnershipTransferred { owner }.publish(env);
    commit::<T>(env, &profile)
}
