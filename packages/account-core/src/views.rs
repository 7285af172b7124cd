//! What a wallet asks before it signs.

use crate::classify::is_out_of_reach;
use crate::decide::decide;
use crate::multisig;
use crate::roles::role_of;
use crate::storage::{self, ALLOWED, DELEGATES, PENDING_OWNER, PENDING_UPGRADE};
use crate::tier::Tier;
use margin_interface::operations::OPERATIONS;
use margin_interface::{AccountError, Proposal, Standing};
use soroban_sdk::{symbol_short, vec, Env, IntoVal, Symbol};

/// Functions by which an authority administers an account of any tier.
const ADMINISTRATION: [&str; 16] = [
    "accept_ownership",
    "add_session_key",
    "add_signer",
    "allow_contract",
    "cancel_upgrade",
    "change_tier",
    "disallow_contract",
    "execute_upgrade",
    "grant_delegate",
    "propose_upgrade",
    "remove_signer",
    "revoke_delegate",
    "rotate_signer",
    "transfer_ownership",
    "unfreeze",
    "update_params",
];
/// Those that come with sessions.
const OF_SESSIONS: [&str; 5] =
    ["grant_session", "remove_token_policy", "revoke_all_sessions", "revoke_session_key", "set_token_policy"];

/// What moves the account's own balance of a token.
const OF_TOKENS: [&str; 3] = ["approve", "burn", "transfer"];

/// [`standing`](margin_interface::SmartAccountInterface::standing).
pub fn standing(env: &Env) -> Result<Standing, AccountError> {
    let profile = storage::load(env)?;
    let upgrade = PENDING_UPGRADE.get(env);
    Ok(Standing {
        allowed: ALLOWED.list(env),
        delegates: DELEGATES.list(env),
        epoch: profile.epoch,
        frozen: profile.frozen,
        pending_owner: PENDING_OWNER.get(env),
        upgrade_ready_at: upgrade.as_ref().map_or(0, |upgrade| upgrade.ready_at),
        pending_upgrade: upgrade.map(|upgrade| upgrade.wasm_hash),
    })
}

/// [`required_signatures`](margin_interface::SmartAccountInterface::required_signatures).
pub fn required_signatures<T: Tier>(env: &Env, operation: Symbol, amount: i128) -> Result<u32, AccountError> {
    let profile = storage::load(env)?;
    let is = |name: &&str| operation == Symbol::new(env, name);
    if is(&"freeze") || (T::SESSIONS && is(&"renounce_session")) {
        return Ok(1);
    }
    if !T::MULTISIG {
        let administers = ADMINISTRATION.iter().any(is) || (T::SESSIONS && OF_SESSIONS.iter().any(is));
        let offered = PENDING_OWNER.get(env).filter(|_| is(&"accept_ownership"));
        let authority = offered.unwrap_or(profile.owner);
        return Ok(u32::from(!administers || authority == env.current_contract_address()));
    }
    if is(&"propose_recovery") {
        return multisig::to_recover(env, &profile);
    }
    if is(&"cancel_multisig") {
        return Ok(multisig::to_veto(&profile));
    }
    let sized = match OPERATIONS.iter().find(|row| is(&row.function)) {
        Some(row) => !is_out_of_reach(row.kind, row.effect),
        None => OF_TOKENS.iter().any(is),
    };
    let thresholds = multisig::thresholds(env)?;
    if sized {
        thresholds.needed(env, amount)
    } else {
        Ok(thresholds.highest())
    }
}

/// [`can_authorize`](margin_interface::SmartAccountInterface::can_authorize).
pub fn can_authorize<T: Tier>(env: &Env, operation: Proposal) -> u32 {
    match authorizes::<T>(env, operation) {
        Ok(()) => 0,
        Err(error) => error as u32,
    }
}

fn authorizes<T: Tier>(env: &Env, Proposal { calls, signers }: Proposal) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let role = role_of::<T>(env, &profile, &signers)?;
    let mut contexts = vec![env];
    for call in calls.to_vals().iter() {
        // A call has the fields of a context.
        contexts.push_back((symbol_short!("Contract"), call).into_val(env));
    }
    decide::<T>(env, &profile, &role, &contexts).map(|_| ())
}
