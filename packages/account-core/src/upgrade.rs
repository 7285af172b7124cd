//! New code: announced by its hash, in force a week later at the earliest, and nothing but what was announced.

use crate::administration::{administered, commit};
use crate::state::PendingUpgrade;
use crate::storage::{self, PENDING_UPGRADE};
use crate::tier::Tier;
use margin_interface::{AccountError, UpgradeCancelled, UpgradeExecuted, UpgradeProposed};
use soroban_sdk::{BytesN, Env};

const DAY: u64 = 24 * 3_600;
/// Seconds between announcement and execution.
pub const DELAY: u64 = 7 * DAY;
/// Seconds that it stays executable.
pub const OPEN_FOR: u64 = 14 * DAY;

/// [`propose_upgrade`](margin_interface::SmartAccountInterface::propose_upgrade).
pub fn propose<T: Tier>(env: &Env, wasm_hash: BytesN<32>) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[wasm_hash.to_val()])?;
    let ready_at = env.ledger().timestamp() + DELAY;
    PENDING_UPGRADE
        .set(env, &PendingUpgrade { epoch: profile.epoch, ready_at, wasm_hash: wasm_hash.clone() });
    UpgradeProposed { ready_at, wasm_hash }.publish(env);
    commit::<T>(env, &profile)
}

/// [`execute_upgrade`](margin_interface::SmartAccountInterface::execute_upgrade).
pub fn execute<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let PendingUpgrade { epoch, ready_at, wasm_hash } = pending(env)?;
    // The hash is part of what is signed: no other code can take the place of the one that was meant.
    let mut profile = administered::<T>(env, &[wasm_hash.to_val()])?;
    if profile.frozen {
        return Err(AccountError::Frozen);
    }
    if epoch != profile.epoch {
        return Err(AccountError::NothingPending);
    }
    let now = env.ledger().timestamp();
    if now < ready_at {
        return Err(AccountError::TooEarly);
    }
    if now >= ready_at + OPEN_FOR {
        return Err(AccountError::Lapsed);
    }
    PENDING_UPGRADE.remove(env);
    profile.epoch += 1;
    commit::<T>(env, &profile)?;
    UpgradeExecuted { wasm_hash: wasm_hash.clone() }.publish(env);
    run(env, wasm_hash);
    Ok(())
}

/// [`cancel_upgrade`](margin_interface::SmartAccountInterface::cancel_upgrade).
pub fn cancel<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[])?;
    let PendingUpgrade { wasm_hash, .. } = pending(env)?;
    PENDING_UPGRADE.remove(env);
    UpgradeCancelled { wasm_hash }.publish(env);
    commit::<T>(env, &profile)
}

fn pending(env: &Env) -> Result<PendingUpgrade, AccountError> {
    storage::load(env)?;
    PENDING_UPGRADE.get(env).ok_or(AccountError::NothingPending)
}

/// Runs other code from the next call on: a Wasm of the account's own. What replaces this function takes shared references
/// as well, which an account never runs.
#[allow(deprecated)]
pub fn run(env: &Env, wasm_hash: BytesN<32>) {
    env.deployer().update_current_contract_wasm(wasm_hash);
}
