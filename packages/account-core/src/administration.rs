//! What the owner may change. Every change is validated as a whole and reaches the ledger in the same call.

use crate::multisig;
use crate::orders;
use crate::state::{Profile, Thresholds, SCHEMA};
use crate::storage::{self, THRESHOLDS, UNUSED};
use crate::tier::Tier;
use crate::validate::validate;
use margin_interface::{
    AccountConfig, AccountError, Limits, MarginLedgerClient, ParamsUpdated, Protocol, SignerAdded,
    SignerRemoved,
};
use soroban_sdk::{vec, Bytes, Env, IntoVal, Val};

/// Writes the first state of an account. Its limits follow into the ledger when it is first used: nothing can be risked
/// before, and until then its entry there costs no rent.
///
/// # Errors
/// * [`AccountError::AlreadyInitialized`]
/// * [`AccountError::InvalidConfig`] - another tier, parameters outside the tier, or an account that owns itself: nobody
///   could then administer it, because signers do not
pub fn initialise<T: Tier>(env: &Env, config: AccountConfig, protocol: Protocol) -> Result<(), AccountError> {
    if storage::load(env).is_ok() {
        return Err(AccountError::AlreadyInitialized);
    }
    if config.account_type != T::TYPE || config.owner == env.current_contract_address() {
        return Err(AccountError::InvalidConfig);
    }
    let profile = Profile {
        account_type: T::TYPE,
        deleveraged_at: 0,
        epoch: 0,
        frozen: false,
        limits: T::BOUNDS.limits(config.max_leverage, config.auto_deleverage_threshold),
        owner: config.owner,
        protocol,
        schema: SCHEMA,
        signers: config.signers,
    };
    if T::MULTISIG {
        THRESHOLDS.set(env, &Thresholds::of(env, profile.signers.len()));
    }
    UNUSED.set(env, &());
    commit::<T>(env, &profile)
}

/// Changes the given parameters. Authorised by the owner.
///
/// # Errors
/// * [`AccountError::InvalidConfig`] - outside the tier
///
/// # Events
/// * [`ParamsUpdated`]
pub fn update_params<T: Tier>(
    env: &Env,
    max_leverage: Option<u32>,
    auto_deleverage_threshold: Option<u32>,
    market_exposure_limit: Option<i128>,
    total_borrow_limit: Option<i128>,
) -> Result<(), AccountError> {
    let args = [
        max_leverage.into_val(env),
        auto_deleverage_threshold.into_val(env),
        market_exposure_limit.into_val(env),
        total_borrow_limit.into_val(env),
    ];
    let mut profile = administered::<T>(env, &args)?;
    let limits = &mut profile.limits;
    limits.max_leverage = max_leverage.unwrap_or(limits.max_leverage);
    limits.min_health = auto_deleverage_threshold.unwrap_or(limits.min_health);
    limits.market_exposure = market_exposure_limit.unwrap_or(limits.market_exposure);
    limits.total_borrow = total_borrow_limit.unwrap_or(limits.total_borrow);
    commit::<T>(env, &profile)?;
    refresh_limits(env, &profile);
    ParamsUpdated { limits: profile.limits }.publish(env);
    Ok(())
}

/// [`add_signer`](margin_interface::SmartAccountInterface::add_signer).
pub fn add_signer<T: Tier>(env: &Env, signer: Bytes) -> Result<(), AccountError> {
    let mut profile = administered::<T>(env, &[signer.to_val()])?;
    profile.signers.push_back(signer.clone());
    if T::MULTISIG {
        return multisig::propose_signers::<T>(env, profile.signers);
    }
    SignerAdded { signer }.publish(env);
    commit::<T>(env, &profile)
}

/// [`remove_signer`](margin_interface::SmartAccountInterface::remove_signer).
pub fn remove_signer<T: Tier>(env: &Env, signer: Bytes) -> Result<(), AccountError> {
    let mut profile = administered::<T>(env, &[signer.to_val()])?;
    profile.signers.remove(place_of(&profile, &signer)?);
    if T::MULTISIG {
        multisig::exclude(env, &mut profile, &signer);
    }
    orders::end(env, &profile);
    SignerRemoved { signer }.publish(env);
    commit::<T>(env, &profile)
}

/// [`rotate_signer`](margin_interface::SmartAccountInterface::rotate_signer).
pub fn rotate_signer<T: Tier>(env: &Env, old: Bytes, new: Bytes) -> Result<(), AccountError> {
    let mut profile = administered::<T>(env, &[old.to_val(), new.to_val()])?;
    profile.signers.set(place_of(&profile, &old)?, new.clone());
    if T::MULTISIG {
        return multisig::propose_signers::<T>(env, profile.signers);
    }
    orders::end(env, &profile);
    SignerRemoved { signer: old }.publish(env);
    SignerAdded { signer: new }.publish(env);
    commit::<T>(env, &profile)
}

fn place_of(profile: &Profile, signer: &Bytes) -> Result<u32, AccountError> {
    profile.signers.first_index_of(signer).ok_or(AccountError::UnauthorizedSigner)
}

/// The state, once the authority has authorised a change by `arguments`: the owner, whose address leads what it
/// authorises so that an account that owns this one recognises itself; of an institution the account itself, for this
/// epoch.
pub fn administered<T: Tier>(env: &Env, arguments: &[Val]) -> Result<Profile, AccountError> {
    let profile = storage::load(env)?;
    let authority = if T::MULTISIG { env.current_contract_address() } else { profile.owner.clone() };
    let mut args = vec![env, authority.to_val()];
    if T::MULTISIG {
        args.push_back(profile.epoch.into());
    }
    args.extend_from_slice(arguments);
    authority.require_auth_for_args(args);
    Ok(profile)
}

/// Writes what was changed, if it is valid as a whole. Every change ends here.
///
/// # Errors
/// * those of [`validate`]
pub fn commit<T: Tier>(env: &Env, profile: &Profile) -> Result<(), AccountError> {
    validate::<T>(env, profile)?;
    storage::save(env, profile);
    Ok(())
}

/// Tells the ledger the limits of an account that is used for the first time: that goes to a venue, that has somebody act for
/// it, or that is moved into. There is no other way to risk: what a foreign contract asks of a venue is in the same tree, as a
/// context of its own. Of an account that it knows it is told nothing, so that strangers do not count its changes up.
pub fn put_to_use(env: &Env, profile: &Profile) {
    if UNUSED.is_set(env) {
        refresh_limits(env, profile);
    }
}

/// The ledger checks the same limits on every increase of risk, whoever signs; of a frozen account it permits none. The
/// account is the direct invoker here, so no signature is needed.
pub fn refresh_limits(env: &Env, profile: &Profile) {
    UNUSED.remove(env);
    let limits = &profile.limits;
    let nothing = Limits { max_leverage: 0, market_exposure: 0, total_borrow: 0, ..limits.clone() };
    MarginLedgerClient::new(env, &profile.protocol.ledger)
        .set_limits(&env.current_contract_address(), if profile.frozen { &nothing } else { limits });
}
