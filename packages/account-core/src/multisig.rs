//! M of N signatures by amount, and how they change: announced, delayed, as a whole.

use crate::administration::{administered, commit};
use crate::amounts;
use crate::intent::Intent;
use crate::state::{Profile, Thresholds};
use crate::storage::{self, GUARDIANS, PENDING_MULTISIG, THRESHOLDS};
use crate::tier::Tier;
use crate::validate::validate;
use margin_interface::{
    AccountError, MultisigCancelled, MultisigConfig, MultisigProposed, MultisigUpdated, PendingMultisig,
};
use soroban_sdk::{Bytes, Env, IntoVal, Vec};

const HOUR: u64 = 3_600;
/// Seconds before a configuration is in force.
pub const DELAY: u64 = 24 * HOUR;
/// Seconds before a recovery is in force: time for a veto.
pub const RECOVERY_DELAY: u64 = 7 * 24 * HOUR;
/// Seconds that it stays executable.
pub const OPEN_FOR: u64 = 14 * 24 * HOUR;

/// The thresholds in force.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - missing: nobody can be enough
pub fn thresholds(env: &Env) -> Result<Thresholds, AccountError> {
    THRESHOLDS.get(env).ok_or(AccountError::NotInitialized)
}

impl Thresholds {
    /// Signatures for administration, and for what cannot be priced.
    pub fn highest(&self) -> u32 {
        self.tiers.last().map_or(self.threshold, |tier| tier.signatures)
    }

    /// Signatures for an amount, USD 1e7.
    pub fn needed(&self, amount: i128) -> u32 {
        let reached = self.tiers.iter().filter(|tier| amount > tier.above).last();
        reached.map_or(self.threshold, |tier| tier.signatures)
    }
}

/// How many signatures an entry needs. Whoever has the most that can be needed is not asked for a price.
///
/// # Errors
/// * [`AccountError::NotInitialized`]
pub fn required(env: &Env, profile: &Profile, signatures: u32, intent: &Intent) -> Result<u32, AccountError> {
    let thresholds = thresholds(env)?;
    let highest = thresholds.highest();
    if intent.administers || signatures >= highest {
        return Ok(highest);
    }
    let amount = intent.footprint.as_ref().and_then(|it| amounts::total(env, profile, it).ok());
    Ok(amount.map_or(highest, |amount| thresholds.needed(amount)))
}

/// The configuration in force.
///
/// # Errors
/// * [`AccountError::NotInitialized`]
pub fn current(env: &Env, profile: &Profile) -> Result<MultisigConfig, AccountError> {
    let Thresholds { threshold, tiers } = thresholds(env)?;
    Ok(MultisigConfig { guardians: GUARDIANS.list(env), signers: profile.signers.clone(), threshold, tiers })
}

/// [`update_multisig`](margin_interface::InstitutionalAccountInterface::update_multisig).
pub fn update<T: Tier>(env: &Env, config: MultisigConfig) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[config.into_val(env)])?;
    propose::<T>(env, &profile, config, false)
}

/// [`propose_recovery`](margin_interface::InstitutionalAccountInterface::propose_recovery).
pub fn recover<T: Tier>(env: &Env, config: MultisigConfig) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[config.into_val(env)])?;
    // Guardians name who signs. Who guards is the signers' business.
    if config.guardians != GUARDIANS.list(env) {
        return Err(AccountError::InvalidConfig);
    }
    propose::<T>(env, &profile, config, true)
}

/// Announces a configuration that would be valid.
///
/// # Errors
/// * those of [`validate`]
fn propose<T: Tier>(
    env: &Env,
    profile: &Profile,
    config: MultisigConfig,
    recovery: bool,
) -> Result<(), AccountError> {
    let in_force = current(env, profile)?;
    put::<T>(env, profile.clone(), config.clone())?;
    put::<T>(env, profile.clone(), in_force)?;
    let delay = if recovery { RECOVERY_DELAY } else { DELAY };
    let pending = PendingMultisig { config, recovery, ready_at: env.ledger().timestamp() + delay };
    PENDING_MULTISIG.set(env, &pending);
    MultisigProposed { pending }.publish(env);
    commit::<T>(env, profile)
}

/// Writes a configuration and checks it with everything else.
fn put<T: Tier>(env: &Env, mut profile: Profile, config: MultisigConfig) -> Result<Profile, AccountError> {
    let MultisigConfig { guardians, signers, threshold, tiers } = config;
    THRESHOLDS.set(env, &Thresholds { threshold, tiers });
    GUARDIANS.set(env, &guardians);
    profile.signers = signers;
    validate::<T>(env, &profile)?;
    Ok(profile)
}

/// What waits.
///
/// # Errors
/// * [`AccountError::NothingPending`]
pub fn pending(env: &Env) -> Result<PendingMultisig, AccountError> {
    PENDING_MULTISIG.get(env).ok_or(AccountError::NothingPending)
}

/// [`execute_multisig`](margin_interface::InstitutionalAccountInterface::execute_multisig).
pub fn execute<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let PendingMultisig { config, recovery, ready_at } = pending(env)?;
    if profile.frozen && !recovery {
        return Err(AccountError::Frozen);
    }
    let now = env.ledger().timestamp();
    if now < ready_at {
        return Err(AccountError::TooEarly);
    }
    if now >= ready_at + OPEN_FOR {
        return Err(AccountError::Lapsed);
    }
    let mut profile = put::<T>(env, profile, config.clone())?;
    profile.epoch += 1;
    PENDING_MULTISIG.remove(env);
    MultisigUpdated { config, epoch: profile.epoch }.publish(env);
    commit::<T>(env, &profile)
}

/// [`cancel_multisig`](margin_interface::InstitutionalAccountInterface::cancel_multisig).
pub fn cancel<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[])?;
    pending(env)?;
    PENDING_MULTISIG.remove(env);
    MultisigCancelled {}.publish(env);
    commit::<T>(env, &profile)
}

/// Announces the configuration in force with other signers.
///
/// # Errors
/// * those of [`validate`]
pub fn propose_signers<T: Tier>(env: &Env, signers: Vec<Bytes>) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let config = MultisigConfig { signers, ..current(env, &profile)? };
    propose::<T>(env, &profile, config, false)
}
