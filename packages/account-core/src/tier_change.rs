//! Another tier at the same address: the old code hands over and the new code takes over, because a constructor does not run
//! again and no code can vouch for the configuration of another.

use crate::administration::{administered, commit, refresh_limits};
use crate::compliance;
use crate::orders;
use crate::policy::{assess, within};
use crate::state::{PendingTier, Profile, Thresholds};
use crate::storage::{
    self, BLACKLIST, GUARDIANS, HOURS, PENDING_MULTISIG, PENDING_OWNER, PENDING_RECOVERY, PENDING_TIER,
    POLICIES, SESSIONS, THRESHOLDS,
};
use crate::tier::Tier;
use crate::upgrade;
use margin_interface::{AccountError, AccountType, TierChanged, TierParams};
use soroban_sdk::{vec, BytesN, Env, IntoVal};

/// [`change_tier`](margin_interface::SmartAccountInterface::change_tier).
pub fn change<T: Tier>(
    env: &Env,
    tier: AccountType,
    wasm_hash: BytesN<32>,
    params: TierParams,
) -> Result<(), AccountError> {
    storage::load(env)?.protocol.factory.require_auth();
    let args = [tier.into_val(env), wasm_hash.to_val(), params.into_val(env)];
    let profile = administered::<T>(env, &args)?;
    if tier == T::TYPE {
        return Err(AccountError::InvalidConfig);
    }
    if tier < T::TYPE {
        require_unused::<T>(env, &profile, tier, &params)?;
    }
    PENDING_TIER.set(env, &PendingTier { params, tier });
    upgrade::run(env, wasm_hash);
    Ok(())
}

/// Refuses to leave behind what the lower tier does not have.
fn require_unused<T: Tier>(
    env: &Env,
    profile: &Profile,
    tier: AccountType,
    params: &TierParams,
) -> Result<(), AccountError> {
    let sessions =
        !SESSIONS.list(env).is_empty() || POLICIES.get(env).is_some_and(|policies| !policies.is_empty());
    let multisig = THRESHOLDS.get(env).is_some_and(|thresholds| thresholds.highest() > 1)
        || !GUARDIANS.list(env).is_empty()
        || !BLACKLIST.list(env).is_empty()
        || compliance::hours(env) != compliance::ALWAYS;
    if (tier == AccountType::Basic && sessions) || (T::MULTISIG && multisig) {
        return Err(AccountError::TierInUse);
    }
    // Risk that the new limits would not have permitted.
    let (risk, _) = assess(env, profile, &env.current_contract_address(), &vec![env], &vec![env])?;
    within(&risk, &params.limits).map_err(|_| AccountError::TierInUse)
}

/// [`complete_tier_change`](margin_interface::SmartAccountInterface::complete_tier_change).
pub fn complete<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let mut profile = storage::load(env)?;
    profile.protocol.factory.require_auth();
    let PendingTier { params, tier } = PENDING_TIER.get(env).ok_or(AccountError::NothingPending)?;
    PENDING_TIER.remove(env);
    // Offered was an account of another kind; who takes it raises the epoch, which would void what an institution announced.
    PENDING_OWNER.remove(env);
    if !T::SESSIONS {
        POLICIES.remove(env);
    }
    if T::MULTISIG {
        THRESHOLDS.set(env, &Thresholds::of(env, params.signers.len()));
    } else {
        THRESHOLDS.remove(env);
        HOURS.remove(env);
        PENDING_MULTISIG.remove(env);
        PENDING_RECOVERY.remove(env);
    }
    if params.signers != profile.signers {
        orders::end(env, &profile);
    }
    // Of another tier than the code is it is not valid.
    profile.account_type = tier;
    profile.epoch += 1;
    profile.limits = params.limits;
    profile.signers = params.signers;
    commit::<T>(env, &profile)?;
    refresh_limits(env, &profile);
    TierChanged { account_type: tier, limits: profile.limits }.publish(env);
    Ok(())
}
