//! M of N signatures by amount, and how they change: announced, delayed, as a whole.

use crate::administration::{administered, commit};
use crate::amounts;
use crate::intent::Intent;
use crate::orders;
use crate::policy::Foreseen;
use crate::spent;
use crate::state::{Profile, Thresholds};
use crate::storage::{self, Slot, GUARDIANS, PENDING_MULTISIG, PENDING_RECOVERY, THRESHOLDS};
use crate::tier::Tier;
use crate::validate::validate;
use margin_interface::{
    AccountError, AmountTier, MultisigCancelled, MultisigConfig, MultisigProposed, MultisigUpdated,
    PendingMultisig, Proposer,
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

    /// Signatures for an amount, USD 1e7, on top of what fewer than each amount needs have signed for in 24 hours: a large
    /// amount is large in parts as well.
    ///
    /// # Errors
    /// * [`AccountError::ArithmeticOverflow`]
    pub fn needed(&self, env: &Env, amount: i128) -> Result<u32, AccountError> {
        let mut needed = self.threshold;
        if amount > 0 {
            let windows = storage::spent(env);
            for (tier, place) in self.tiers.iter().zip(0..) {
                let before = match windows.get(place) {
                    Some(window) => spent::sum(&spent::load(env, &window)?)?,
                    None => 0,
                };
                if before.saturating_add(amount) > tier.above {
                    needed = tier.signatures;
                }
            }
        }
        Ok(needed)
    }

    /// Signers who recover, if there are so many in all: more than half, and no more than one key may be missing from the
    /// highest threshold.
    pub fn to_recover(&self, signers: u32) -> u32 {
        majority(signers).max(self.highest().saturating_sub(1))
    }
}

/// Signers who announce a recovery.
///
/// # Errors
/// * [`AccountError::NotInitialized`]
pub fn to_recover(env: &Env, profile: &Profile) -> Result<u32, AccountError> {
    Ok(thresholds(env)?.to_recover(profile.signers.len()))
}

/// Signers who veto what was announced.
pub fn to_veto(profile: &Profile) -> u32 {
    majority(profile.signers.len())
}

/// More than half.
pub fn majority(all: u32) -> u32 {
    all / 2 + 1
}

/// What an entry adds to the sums of a day.
pub struct Spending {
    amount: i128,
    signatures: u32,
}

/// The thresholds, if `signatures` are fewer than the most that can be needed: only those are asked for a price.
///
/// # Errors
/// * [`AccountError::NotInitialized`]
pub fn in_question(env: &Env, signatures: u32) -> Result<Option<Thresholds>, AccountError> {
    thresholds(env).map(|thresholds| Some(thresholds).filter(|thresholds| signatures < thresholds.highest()))
}

/// Whether `signatures` are enough for an entry that was foreseen.
///
/// # Errors
/// * [`AccountError::InsufficientSignatures`]
pub fn permits(
    env: &Env,
    profile: &Profile,
    thresholds: &Thresholds,
    signatures: u32,
    intent: &Intent,
    foreseen: &Result<Option<Foreseen>, AccountError>,
) -> Result<Option<Spending>, AccountError> {
    const FEW: AccountError = AccountError::InsufficientSignatures;
    let footprint = intent.footprint.as_ref().filter(|_| !intent.administers).ok_or(FEW)?;
    // Eight of them, filled in one moment, would otherwise be what few have signed in more than a day.
    if footprint.rests_until > orders::counted_until(env) {
        return Err(FEW);
    }
    let foreseen = foreseen.as_ref().map_err(|_| FEW)?;
    let amount = amounts::at_stake(env, profile, footprint, foreseen.as_ref()).map_err(|_| FEW)?;
    if signatures < thresholds.needed(env, amount)? {
        return Err(FEW);
    }
    Ok((amount > 0).then_some(Spending { amount, signatures }))
}

impl Spending {
    /// Writes it down for each amount that would have needed more signatures.
    ///
    /// # Errors
    /// * [`AccountError::ArithmeticOverflow`]
    pub fn book(&self, env: &Env) -> Result<(), AccountError> {
        let mut windows = storage::spent(env);
        for (tier, place) in thresholds(env)?.tiers.iter().zip(0..) {
            if windows.len() == place {
                windows.push_back(spent::nothing(env));
            }
            if let Some(window) = windows.get(place).filter(|_| self.signatures < tier.signatures) {
                let mut window = spent::load(env, &window)?;
                spent::add(&mut window, self.amount)?;
                windows.set(place, spent::store(env, &window));
            }
        }
        storage::set_spent(env, &windows);
        Ok(())
    }
}

/// Gives every new amount the sum of what fewer signers than it needs have signed for. Of a number of signatures that no old
/// amount asked for that is not known: the next larger one has summed up all of it, and more. What as many have signed as
/// anything needed is nobody's part, then as now.
fn carry_over(env: &Env, before: &Thresholds, tiers: &Vec<AmountTier>) {
    let windows = storage::spent(env);
    let Some(most) = windows.last() else { return };
    let mut carried = Vec::new(env);
    for tier in tiers.iter() {
        let counts = |old: &AmountTier| old.signatures >= tier.signatures;
        let place = (0..).zip(before.tiers.iter()).find(|(_, old)| counts(old)).map(|(place, _)| place);
        carried.push_back(place.and_then(|place| windows.get(place)).unwrap_or(most.clone()));
    }
    storage::set_spent(env, &carried);
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
    propose::<T>(env, &profile, config, Proposer::Signers, false)
}

/// [`propose_recovery`](margin_interface::InstitutionalAccountInterface::propose_recovery).
pub fn recover<T: Tier>(env: &Env, by: Proposer, config: MultisigConfig) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[by.into_val(env), config.into_val(env)])?;
    // A recovery names who signs. Who guards is the business of all signers.
    if config.guardians != GUARDIANS.list(env) {
        return Err(AccountError::InvalidConfig);
    }
    propose::<T>(env, &profile, config, by, true)
}

/// Where a proposal waits. Guardians and signers cannot take the place of each other's.
fn slot(by: Proposer) -> Slot<PendingMultisig> {
    match by {
        Proposer::Signers => PENDING_MULTISIG,
        Proposer::Guardians => PENDING_RECOVERY,
    }
}

/// Announces a configuration that would be valid.
///
/// # Errors
/// * those of [`validate`]
fn propose<T: Tier>(
    env: &Env,
    profile: &Profile,
    config: MultisigConfig,
    by: Proposer,
    recovery: bool,
) -> Result<(), AccountError> {
    let in_force = current(env, profile)?;
    put::<T>(env, profile.clone(), config.clone())?;
    put::<T>(env, profile.clone(), in_force)?;
    let delay = if recovery { RECOVERY_DELAY } else { DELAY };
    let pending = PendingMultisig { config, recovery, ready_at: env.ledger().timestamp() + delay };
    slot(by).set(env, &pending);
    MultisigProposed { by, pending }.publish(env);
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
pub fn pending(env: &Env, by: Proposer) -> Result<PendingMultisig, AccountError> {
    slot(by).get(env).ok_or(AccountError::NothingPending)
}

/// [`execute_multisig`](margin_interface::InstitutionalAccountInterface::execute_multisig).
pub fn execute<T: Tier>(env: &Env, by: Proposer) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let PendingMultisig { config, recovery, ready_at } = pending(env, by)?;
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
    let before = thresholds(env)?;
    let mut profile = put::<T>(env, profile, config.clone())?;
    carry_over(env, &before, &config.tiers);
    profile.epoch += 1;
    orders::end(env, &profile);
    PENDING_MULTISIG.remove(env);
    PENDING_RECOVERY.remove(env);
    MultisigUpdated { config, epoch: profile.epoch }.publish(env);
    commit::<T>(env, &profile)
}

/// [`cancel_multisig`](margin_interface::InstitutionalAccountInterface::cancel_multisig).
pub fn cancel<T: Tier>(env: &Env, by: Proposer) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[by.into_val(env)])?;
    pending(env, by)?;
    slot(by).remove(env);
    MultisigCancelled { by }.publish(env);
    commit::<T>(env, &profile)
}

/// Voids what is announced with a signer who is removed, or it would bring them back, and what was signed before.
pub fn exclude(env: &Env, profile: &mut Profile, signer: &Bytes) {
    for by in [Proposer::Signers, Proposer::Guardians] {
        if slot(by).get(env).is_some_and(|pending| pending.config.signers.contains(signer)) {
            slot(by).remove(env);
            MultisigCancelled { by }.publish(env);
        }
    }
    profile.epoch += 1;
}

/// Announces the configuration in force with other signers.
///
/// # Errors
/// * those of [`validate`]
pub fn propose_signers<T: Tier>(env: &Env, signers: Vec<Bytes>) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let config = MultisigConfig { signers, ..current(env, &profile)? };
    propose::<T>(env, &profile, config, Proposer::Signers, false)
}
