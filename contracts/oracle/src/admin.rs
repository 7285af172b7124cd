//! Listing assets and sources, limits, halts.

use margin_interface::{
    AliasAdded, Asset, AssetClass, AssetLimits, AssetLimitsSet, HaltScope, OracleError, PriceFeedAdded,
    PriceFeedRemoved, PriceReset, PriceSource, PricesHalted, PricesResumed,
};
use margin_math::guard::{Class, Limit, Limits, Phase, Track, LIMITS, MAX_AGE};
use margin_math::oracle::{MAX_SOURCES, MAX_SOURCE_DECIMALS};
use soroban_sdk::{Address, Env, FromVal, IntoVal, Val, Vec};

use crate::checked::{require, some};
use crate::source;
use crate::storage::{self, Config, Ring, Seen, State, MAX_ASSETS, NOTHING};

pub fn add_asset(env: &Env, asset: Asset, class: AssetClass, limits: AssetLimits, hint: i128) {
    let key = asset.into_val(env);
    let place = register_name(env, key);
    let class = class as u32;
    let limits = require_sound(env, limits, class, hint);
    require_in_band(env, &limits, hint);
    let state = State {
        track: Track::new(hint, env.ledger().timestamp()),
        floor: limits.floor,
        cap: limits.cap,
        max_age: limits.get(Limit::MaxAge).into(),
        halted: false,
        diverged: false,
        reset: false,
        confirming: 0,
    };
    let config = Config { sources: Vec::from_array(env, []), limits, class, place };
    storage::set_state(env, key, &state);
    storage::set_config(env, key, &config);
    storage::set_ring(env, key, &Ring::EMPTY);
    storage::set_seen(env, key, &[NOTHING; MAX_SOURCES]);
    AssetLimitsSet { asset, limits: to_public(&limits) }.publish(env);
}

pub fn add_alias(env: &Env, alias: Asset, asset: &Asset) {
    let (key, _) = require_known(env, asset);
    let new = alias.into_val(env);
    register_name(env, new);
    storage::set_alias(env, new, key);
    AliasAdded { alias, asset: storage::asset(env, key) }.publish(env);
}

/// Takes a name for an asset: its place among the names.
fn register_name(env: &Env, name: Val) -> u32 {
    let mut assets = storage::assets(env);
    let same = |base: Val| Vec::<Val>::from_val(env, &base) == Vec::from_val(env, &name);
    let taken = storage::look_up(env, name).is_some() || storage::base(env).is_some_and(same);
    require(env, !taken, OracleError::AssetExists);
    let place = assets.len();
    require(env, place < MAX_ASSETS, OracleError::TooManyAssets);
    assets.push_back(name);
    storage::set_assets(env, &assets);
    place
}

/// Replaces limits; looser ones and another band only announced, or before the price is first live.
pub fn set_limits(env: &Env, asset: &Asset, limits: AssetLimits, announced: bool) {
    let (key, mut config, mut state) = require_listed(env, asset);
    let limits = require_sound(env, limits, config.class, state.track.anchor);
    require_announced(env, &state, announced || limits.at_least_as_tight_as(&config.limits));
    if announced {
        state.confirming = 0;
    }
    state.floor = limits.floor;
    state.cap = limits.cap;
    state.max_age = limits.get(Limit::MaxAge).into();
    config.limits = limits;
    storage::set_state(env, key, &state);
    storage::set_config(env, key, &config);
    AssetLimitsSet { asset: storage::asset(env, key), limits: to_public(&limits) }.publish(env);
}

pub fn limits(env: &Env, asset: &Asset) -> Option<AssetLimits> {
    config_of(env, asset).map(|config| to_public(&config.limits))
}

pub fn price_feeds(env: &Env, asset: &Asset) -> Vec<PriceSource> {
    config_of(env, asset).map_or(Vec::from_array(env, []), |config| config.sources)
}

/// Adds a source; announced, or before the price is first live.
pub fn add_price_feed(env: &Env, asset: &Asset, source: PriceSource, announced: bool) {
    let (key, mut config, mut state) = require_listed(env, asset);
    require_announced(env, &state, announced);
    state.confirming = 0;
    require(env, position(&config, &source.contract).is_none(), OracleError::SourceExists);
    let index = config.sources.len() as usize;
    let mut seen = storage::seen(env, key);
    let place = some(env, seen.get_mut(index), OracleError::TooManySources);
    let lasts = source.max_age > 0 && source.max_age <= u64::from(MAX_AGE);
    require(env, lasts, OracleError::InvalidLimits);
    let decimals = require_readable(env, &source.contract);
    *place = Seen { decimals, ..NOTHING };
    config.sources.push_back(source.clone());
    storage::set_state(env, key, &state);
    storage::set_config(env, key, &config);
    storage::set_seen(env, key, &seen);
    PriceFeedAdded { asset: storage::asset(env, key), decimals, source }.publish(env);
}

pub fn remove_price_feed(env: &Env, by: Address, asset: &Asset, contract: Address) {
    let (key, mut config, _) = require_listed(env, asset);
    let index = some(env, position(&config, &contract), OracleError::UnknownSource);
    let (mut sources, mut kept) = (Vec::from_array(env, []), [NOTHING; MAX_SOURCES]);
    let others = (0..).zip(config.sources.iter().zip(storage::seen(env, key)));
    let others = others.filter(|(place, _)| *place != index);
    for (place, (_, (source, seen))) in kept.iter_mut().zip(others) {
        *place = seen;
        sources.push_back(source);
    }
    config.sources = sources;
    storage::set_config(env, key, &config);
    storage::set_seen(env, key, &kept);
    PriceFeedRemoved { asset: storage::asset(env, key), by, contract }.publish(env);
}

pub fn halt(env: &Env, by: Address, scope: HaltScope) {
    set_halted(env, &scope, true);
    PricesHalted { by, scope }.publish(env);
}

/// Lifts a halt. A source is pinned to the decimals it has now.
pub fn resume(env: &Env, scope: HaltScope) {
    set_halted(env, &scope, false);
    PricesResumed { scope }.publish(env);
}

fn set_halted(env: &Env, scope: &HaltScope, halted: bool) {
    match scope {
        HaltScope::All => storage::set_halted(env, halted),
        HaltScope::Asset(asset) => {
            let (key, mut state) = require_known(env, asset);
            state.halted = halted;
            storage::set_state(env, key, &state);
        }
        HaltScope::Source(asset, contract) => {
            let (key, config, _) = require_listed(env, asset);
            let mut seen = storage::seen(env, key);
            let source = position(&config, contract).and_then(|index| seen.get_mut(index as usize));
            let source = some(env, source, OracleError::UnknownSource);
            source.halted = halted;
            if !halted {
                source.decimals = require_readable(env, contract);
            }
            storage::set_seen(env, key, &seen);
        }
    }
}

/// Lets a price warm up anew from a hint.
pub fn re_anchor(env: &Env, asset: &Asset, hint: i128) {
    let (key, config, mut state) = require_listed(env, asset);
    require_in_band(env, &config.limits, hint);
    state.reset |= state.track.phase != Phase::Warming;
    // What was judged stays judged: no round counts twice.
    let Track { judged, judged_at, .. } = state.track;
    state.track = Track { judged, judged_at, ..Track::new(hint, env.ledger().timestamp()) };
    state.confirming = 0;
    storage::set_state(env, key, &state);
    storage::set_ring(env, key, &Ring::EMPTY);
    PriceReset { asset: storage::asset(env, key), hint }.publish(env);
}

fn require_known(env: &Env, asset: &Asset) -> (Val, State) {
    some(env, storage::look_up(env, asset.into_val(env)), OracleError::UnknownAsset)
}

fn require_listed(env: &Env, asset: &Asset) -> (Val, Config, State) {
    let (key, state) = require_known(env, asset);
    (key, some(env, storage::config(env, key), OracleError::UnknownAsset), state)
}

fn config_of(env: &Env, asset: &Asset) -> Option<Config> {
    storage::config(env, storage::look_up(env, asset.into_val(env))?.0)
}

fn position(config: &Config, contract: &Address) -> Option<u32> {
    (0..).zip(config.sources.iter()).find(|(_, source)| source.contract == *contract).map(|(index, _)| index)
}

fn require_readable(env: &Env, contract: &Address) -> u32 {
    let decimals = source::decimals(env, contract).filter(|decimals| *decimals <= MAX_SOURCE_DECIMALS);
    some(env, decimals, OracleError::UnreadableSource)
}

fn require_announced(env: &Env, state: &State, announced: bool) {
    governance::require_announced(env, announced || state.in_set_up());
}

fn require_in_band(env: &Env, limits: &Limits, hint: i128) {
    require(env, limits.floor <= hint && hint <= limits.cap, OracleError::InvalidLimits);
}

/// The limits with the defaults of their class, if they are within their bounds.
fn require_sound(env: &Env, limits: AssetLimits, class: u32, hint: i128) -> Limits {
    let class = Class::ALL.into_iter().find(|known| *known as u32 == class).unwrap_or(Class::Thin);
    let limits = from_public(&limits).or_defaults(class, hint);
    require(env, limits.sound(storage::resolution(env)), OracleError::InvalidLimits);
    limits
}

fn from_public(limits: &AssetLimits) -> Limits {
    let mut of = [0; LIMITS];
    of[Limit::MaxAge as usize] = limits.max_age;
    of[Limit::Quorum as usize] = limits.quorum;
    of[Limit::Delta as usize] = limits.delta_bps;
    of[Limit::Step as usize] = limits.step_bps;
    of[Limit::StepPerMinute as usize] = limits.step_bps_per_minute;
    of[Limit::StepMax as usize] = limits.step_max_bps;
    of[Limit::Budget as usize] = limits.budget_bps;
    of[Limit::Window as usize] = limits.window;
    of[Limit::TwapGap as usize] = limits.twap_gap_bps;
    of[Limit::Spread as usize] = limits.spread_bps;
    of[Limit::Confirm as usize] = limits.confirm;
    of[Limit::Grace as usize] = limits.grace;
    of[Limit::WarmUp as usize] = limits.warm_up;
    of[Limit::StableRate as usize] = limits.stable_rate;
    Limits { floor: limits.floor, cap: limits.cap, of }
}

#[inline(never)] // for size
fn to_public(limits: &Limits) -> AssetLimits {
    AssetLimits {
        budget_bps: limits.get(Limit::Budget),
        cap: limits.cap,
        confirm: limits.get(Limit::Confirm),
        delta_bps: limits.get(Limit::Delta),
        floor: limits.floor,
        grace: limits.get(Limit::Grace),
        max_age: limits.get(Limit::MaxAge),
        quorum: limits.get(Limit::Quorum),
        spread_bps: limits.get(Limit::Spread),
        stable_rate: limits.get(Limit::StableRate),
        step_bps: limits.get(Limit::Step),
        step_bps_per_minute: limits.get(Limit::StepPerMinute),
        step_max_bps: limits.get(Limit::StepMax),
        twap_gap_bps: limits.get(Limit::TwapGap),
        warm_up: limits.get(Limit::WarmUp),
        window: limits.get(Limit::Window),
    }
}
