//! Listing assets and sources, limits, halts.

use margin_interface::{
    Asset, AssetLimits, AssetLimitsSet, HaltScope, OracleError, PriceFeedAdded, PriceFeedRemoved,
    PriceSource, PricesHalted, PricesResumed,
};
use margin_math::oracle::{MAX_PRICE, MAX_SOURCES, MAX_SOURCE_DECIMALS, MIN_PRICE, STABLE_RATE};
use margin_math::units::BPS;
use soroban_sdk::{Address, Bytes, Env, Vec};

use crate::source;
use crate::storage::{self, Config, Feed, State};

/// Most assets of one oracle.
pub const MAX_ASSETS: u32 = 64;
/// Longest maximum age, of a source or of a price: the longest heartbeat known, and slack.
pub const MAX_AGE: u64 = 3 * 86_400;

/// Requires the admin's authorisation.
pub fn require_admin(env: &Env) -> Result<(), OracleError> {
    storage::admin(env).ok_or(OracleError::NotAdminOrGuardian)?.require_auth();
    Ok(())
}

/// Requires the authorisation of `by`, who must be the admin or the guardian.
pub fn require_guard(env: &Env, by: &Address) -> Result<(), OracleError> {
    if storage::admin(env).as_ref() != Some(by) && storage::guardian(env).as_ref() != Some(by) {
        return Err(OracleError::NotAdminOrGuardian);
    }
    by.require_auth();
    Ok(())
}

pub fn add_asset(env: &Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError> {
    let mut assets = storage::assets(env);
    if storage::state(env, &asset).is_some() || storage::base(env).as_ref() == Some(&asset) {
        return Err(OracleError::AssetExists);
    }
    if assets.len() >= MAX_ASSETS {
        return Err(OracleError::TooManyAssets);
    }
    check_limits(&limits)?;
    let state = State {
        mid: 0,
        lo: 0,
        hi: 0,
        stable: 0,
        floor: limits.floor,
        cap: limits.cap,
        timestamp: 0,
        landed: 0,
        max_age: limits.max_age,
        halted: false,
        diverged: false,
    };
    storage::set_state(env, &asset, &state);
    storage::set_ring(env, &asset, &Bytes::new(env));
    storage::set_seen(env, &asset, &Vec::new(env));
    storage::set_config(env, &asset, &Config { feeds: Vec::new(env), limits: limits.clone() });
    assets.push_back(asset.clone());
    storage::set_assets(env, &assets);
    AssetLimitsSet { asset, limits }.publish(env);
    Ok(())
}

pub fn set_limits(env: &Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError> {
    let (mut config, mut state) = listed(env, &asset)?;
    check_limits(&limits)?;
    state.floor = limits.floor;
    state.cap = limits.cap;
    state.max_age = limits.max_age;
    config.limits = limits.clone();
    storage::set_state(env, &asset, &state);
    storage::set_config(env, &asset, &config);
    AssetLimitsSet { asset, limits }.publish(env);
    Ok(())
}

pub fn add_price_feed(env: &Env, asset: Asset, source: PriceSource) -> Result<(), OracleError> {
    let (mut config, _) = listed(env, &asset)?;
    if config.feeds.iter().any(|feed| feed.source.contract == source.contract) {
        return Err(OracleError::SourceExists);
    }
    if usize::try_from(config.feeds.len()).map_or(true, |count| count >= MAX_SOURCES) {
        return Err(OracleError::TooManySources);
    }
    if source.max_age == 0 || source.max_age > MAX_AGE {
        return Err(OracleError::InvalidLimits);
    }
    if source.contract == env.current_contract_address() {
        return Err(OracleError::UnreadableSource);
    }
    let decimals = source::decimals(env, &source.contract).ok_or(OracleError::UnreadableSource)?;
    if decimals > MAX_SOURCE_DECIMALS {
        return Err(OracleError::UnreadableSource);
    }
    config.feeds.push_back(Feed { decimals, source: source.clone() });
    let mut seen = storage::seen(env, &asset);
    seen.push_back(0);
    storage::set_config(env, &asset, &config);
    storage::set_seen(env, &asset, &seen);
    PriceFeedAdded { asset, decimals, source }.publish(env);
    Ok(())
}

pub fn remove_price_feed(env: &Env, by: Address, asset: Asset, contract: Address) -> Result<(), OracleError> {
    let (mut config, _) = listed(env, &asset)?;
    let position = (0..).zip(config.feeds.iter()).find(|(_, feed)| feed.source.contract == contract);
    let (index, _) = position.ok_or(OracleError::UnknownSource)?;
    config.feeds.remove(index);
    let mut seen = storage::seen(env, &asset);
    seen.remove(index);
    storage::set_config(env, &asset, &config);
    storage::set_seen(env, &asset, &seen);
    PriceFeedRemoved { asset, by, contract }.publish(env);
    Ok(())
}

pub fn halt(env: &Env, by: Address, scope: HaltScope) -> Result<(), OracleError> {
    set_halted(env, &scope, true)?;
    PricesHalted { by, scope }.publish(env);
    Ok(())
}

pub fn resume(env: &Env, scope: HaltScope) -> Result<(), OracleError> {
    set_halted(env, &scope, false)?;
    PricesResumed { scope }.publish(env);
    Ok(())
}

fn set_halted(env: &Env, scope: &HaltScope, halted: bool) -> Result<(), OracleError> {
    match scope {
        HaltScope::All => storage::set_halted(env, halted),
        HaltScope::Asset(asset) => {
            let mut state = storage::state(env, asset).ok_or(OracleError::UnknownAsset)?;
            state.halted = halted;
            storage::set_state(env, asset, &state);
        }
    }
    Ok(())
}

fn listed(env: &Env, asset: &Asset) -> Result<(Config, State), OracleError> {
    storage::config(env, asset).zip(storage::state(env, asset)).ok_or(OracleError::UnknownAsset)
}

fn check_limits(limits: &AssetLimits) -> Result<(), OracleError> {
    let quorum = usize::try_from(limits.quorum).map_err(|_| OracleError::InvalidLimits)?;
    let sound = (1..=MAX_SOURCES).contains(&quorum)
        && (1..=BPS).contains(&limits.delta_bps)
        && (1..=MAX_AGE).contains(&limits.max_age)
        && MIN_PRICE <= limits.floor
        && limits.floor < limits.cap
        && limits.cap <= MAX_PRICE
        && (1..=STABLE_RATE).contains(&i128::from(limits.stable_rate));
    sound.then_some(()).ok_or(OracleError::InvalidLimits)
}
