//! The only user of the account's storage: keys and lifetimes.

use crate::state::{Profile, SCHEMA};
use margin_interface::AccountError;
use soroban_sdk::{contracttype, Env};

const DAY_IN_LEDGERS: u32 = 17_280;
const INSTANCE_THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
const INSTANCE_BUMP: u32 = 120 * DAY_IN_LEDGERS;

#[contracttype]
enum DataKey {
    Profile,
}

/// The account's state.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - there is none, or it is of another schema
pub fn load(env: &Env) -> Result<Profile, AccountError> {
    let profile: Profile =
        env.storage().instance().get(&DataKey::Profile).ok_or(AccountError::NotInitialized)?;
    if profile.schema != SCHEMA {
        return Err(AccountError::NotInitialized);
    }
    Ok(profile)
}

/// Writes the account's state.
pub fn save(env: &Env, profile: &Profile) {
    env.storage().instance().set(&DataKey::Profile, profile);
    extend_ttl(env);
}

/// Keeps the account alive; does nothing while its lifetime is long enough.
pub fn extend_ttl(env: &Env) {
    env.storage().instance().extend_ttl(INSTANCE_THRESHOLD, INSTANCE_BUMP);
}
