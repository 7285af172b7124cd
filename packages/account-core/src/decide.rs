//! Whether an entry is authorised: one decision for the write path and for the views.

use crate::classify::{classify, Exception};
use crate::intent::Intent;
use crate::policy::Foreseen;
use crate::roles::Role;
use crate::sessions;
use crate::state::Profile;
use crate::storage::{GUARDIANS, PENDING_TIER};
use crate::tier::Tier;
use crate::{amounts, compliance, multisig, policy, token_policy};
use margin_interface::{AccountError, Limits, Proposer};
use soroban_sdk::{vec, Bytes, Env, Val, Vec};

/// What an entry costs whoever signed it.
// One of them lives for one call: a box would only be more code.
#[allow(clippy::large_enum_variant)]
pub enum Charge {
    /// A session.
    Session(sessions::Charge),
    /// Fewer signers of an institution than the most that can be needed.
    Signers(multisig::Spending),
}

impl Charge {
    /// Writes it down.
    ///
    /// # Errors
    /// * [`AccountError::ArithmeticOverflow`]
    pub fn book<T: Tier>(self, env: &Env) -> Result<(), AccountError> {
        match self {
            Charge::Session(charge) if T::SESSIONS => charge.book(env),
            Charge::Signers(spending) if T::MULTISIG => spending.book(env)?,
            _ => {}
        }
        Ok(())
    }
}

/// What follows from an entry that is authorised.
pub struct Decision {
    /// To be booked.
    pub charge: Option<Charge>,
    /// Whether the ledger has to know the limits of the account, which goes to a venue.
    pub ventures: bool,
}

/// Decides. What has to be paid is returned, not yet booked.
///
/// # Errors
/// * [`AccountError::TierChangePending`], [`AccountError::Frozen`]
/// * [`AccountError::OperationNotAllowed`] - not recognised, or not for this role
/// * those of the parts
pub fn decide<T: Tier>(
    env: &Env,
    profile: &Profile,
    role: &Role,
    contexts: &Vec<Val>,
) -> Result<Decision, AccountError> {
    if PENDING_TIER.is_set(env) {
        return Err(AccountError::TierChangePending);
    }
    let mut intent = Intent::new::<T>(env, &profile.protocol.vault);
    for context in contexts.iter() {
        if let Some(exception) = classify::<T>(env, profile, &mut intent, context)? {
            // Alone, or not at all.
            return if contexts.len() == 1 {
                consents(env, profile, role, exception).map(|()| Decision { charge: None, ventures: false })
            } else {
                Err(AccountError::OperationNotAllowed)
            };
        }
    }
    // Alone it does nothing. Above others it is the contract that runs, and decides what becomes of them.
    if T::SESSIONS && intent.idle && contexts.len() > 1 {
        intent.is_out_of_reach::<T>();
    }
    if intent.roots == 0 {
        return Err(AccountError::OperationNotAllowed);
    }
    if profile.frozen && (intent.increases || intent.transfers || !matches!(role, Role::Owners(_))) {
        return Err(AccountError::Frozen);
    }
    let charge = match role {
        Role::Owners(signatures) => by_owners::<T>(env, profile, &intent, *signatures)?,
        Role::Session(key) if T::SESSIONS => Some(by_session::<T>(env, profile, &intent, key)?),
        Role::Session(_) | Role::Guardians(_) => return Err(AccountError::OperationNotAllowed),
    };
    Ok(Decision { charge, ventures: intent.ventures })
}

/// What owner signers authorise: there are enough of them, and the account stays within its limits.
fn by_owners<T: Tier>(
    env: &Env,
    profile: &Profile,
    intent: &Intent,
    signatures: u32,
) -> Result<Option<Charge>, AccountError> {
    let in_question = if T::MULTISIG { multisig::in_question(env, signatures)? } else { None };
    let amounts = match (&in_question, &intent.footprint) {
        (Some(_), Some(footprint)) => footprint.amounts.clone(),
        _ => vec![env],
    };
    let foreseen = policy::foresee(env, profile, intent, &amounts);
    let spending = match in_question {
        Some(thresholds) => multisig::permits(env, profile, &thresholds, signatures, intent, &foreseen)?,
        None => None,
    };
    risks::<T>(env, profile, &profile.limits, intent, foreseen?)?;
    Ok(spending.map(Charge::Signers))
}

/// What a session authorises: within its own limits and those of the account.
fn by_session<T: Tier>(
    env: &Env,
    profile: &Profile,
    intent: &Intent,
    key: &Bytes,
) -> Result<Charge, AccountError> {
    let session = sessions::load(env, key)?;
    let Some(footprint) = &intent.footprint else { return Err(AccountError::OperationNotAllowed) };
    sessions::permits(env, &session, intent, footprint)?;
    let max_leverage = session.grant.max_leverage.min(profile.limits.max_leverage);
    let foreseen = policy::foresee(env, profile, intent, &footprint.amounts)?;
    let limits = Limits { max_leverage, ..profile.limits.clone() };
    risks::<T>(env, profile, &limits, intent, foreseen.clone())?;
    let amount = amounts::at_stake(env, profile, footprint, foreseen.as_ref())?;
    Ok(Charge::Session(sessions::charge(env, session, amount)?))
}

/// What binds every role alike.
fn risks<T: Tier>(
    env: &Env,
    profile: &Profile,
    limits: &Limits,
    intent: &Intent,
    foreseen: Option<Foreseen>,
) -> Result<(), AccountError> {
    if T::SESSIONS {
        if let Some(footprint) = &intent.footprint {
            if T::MULTISIG && intent.increases {
                compliance::permits(env, footprint)?;
            }
            token_policy::permits_outflows(env, profile, footprint)?;
        }
    }
    policy::enforce::<T>(env, profile, limits, intent, foreseen)
}

fn consents(env: &Env, profile: &Profile, role: &Role, exception: Exception) -> Result<(), AccountError> {
    match (exception, role) {
        (Exception::Freeze, Role::Owners(_) | Role::Guardians(_)) => Ok(()),
        (Exception::Renounce(key), Role::Session(session)) if key == *session => Ok(()),
        (Exception::Recover(Proposer::Guardians), Role::Guardians(signatures)) => {
            enough(*signatures, multisig::majority(GUARDIANS.list(env).len()))
        }
        (Exception::Recover(Proposer::Signers), Role::Owners(signatures)) => {
            enough(*signatures, multisig::to_recover(env, profile)?)
        }
        (Exception::Veto(_), Role::Owners(signatures)) => enough(*signatures, multisig::to_veto(profile)),
        // Signers who recover are more than half: without them nobody else would be enough to stop a theft of their keys.
        (Exception::Veto(Proposer::Signers), Role::Guardians(signatures))
            if multisig::pending(env, Proposer::Signers)?.recovery =>
        {
            enough(*signatures, multisig::majority(GUARDIANS.list(env).len()))
        }
        _ => Err(AccountError::OperationNotAllowed),
    }
}

fn enough(signatures: u32, needed: u32) -> Result<(), AccountError> {
    (signatures >= needed).then_some(()).ok_or(AccountError::InsufficientSignatures)
}
