//! The emergency stop: anyone who signs or guards may pull it, and only the authority ends it.

use crate::administration::{administered, commit, refresh_limits};
use crate::delegates;
use crate::orders;
use crate::storage;
use crate::tier::Tier;
use margin_interface::{AccountError, AccountFrozen, AccountUnfrozen};
use soroban_sdk::{vec, Env};

/// [`freeze`](margin_interface::SmartAccountInterface::freeze). Delegates and resting orders do not ask the account: they end, and
/// the ledger permits no new risk either from now on.
pub fn freeze(env: &Env) -> Result<(), AccountError> {
    let mut profile = storage::load(env)?;
    let this = env.current_contract_address();
    this.require_auth_for_args(vec![env, this.to_val()]);
    profile.frozen = true;
    // Not validated: nothing may stand in the way of stopping.
    storage::save(env, &profile);
    // Those that only reduce would otherwise be filled at a price that nobody would name today.
    orders::end(env, &profile);
    // Limits of zero permit no risk; but to lend the whole deposit to the pool is none, as long as nothing is owed.
    delegates::end(env, &profile);
    refresh_limits(env, &profile);
    AccountFrozen {}.publish(env);
    Ok(())
}

/// [`unfreeze`](margin_interface::SmartAccountInterface::unfreeze).
pub fn unfreeze<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let mut profile = administered::<T>(env, &[])?;
    profile.frozen = false;
    commit::<T>(env, &profile)?;
    refresh_limits(env, &profile);
    AccountUnfrozen {}.publish(env);
    Ok(())
}
