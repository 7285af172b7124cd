//! Listing assets and sources, limits, halts.

use margin_interface::{
    AliasAdded, Asset, AssetClass, AssetLimits, AssetLimitsSet, HaltScope, OracleError, PriceFeedAdded,
    PriceFeedRemoved, PriceReset, PriceSource, PricesHalted, PricesResumed,
};
use margin_math::guard::{Class, Limit, Limits, Phase, Track, MAX_AGE};
use margin_math::oracle::{MAX_SOURCES, MAX_SOURCE_DECIMALS};
use soroban_sdk::{Address, Env, FromVal, IntoVal, Val, Vec};

use crate::checked::{require, some};
use crate::source;
use crate::storage::{self, Config, Ring, Seen, State, MAX_ASSETS, NOTHING};

pub fn add_asset(env: &Env, asset: Asset, class: AssetClass, limits: AssetLimits, hint: i128) {
    let key = asset.into_val(env);
    let place = name(env, key);
    let class = class as u32;
    let limits = sound(env, limits, class, hint);
    in_band(env, &limits, hint);
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
    let (key, _) = found(env, asset);
    let new = alias.into_val(env);
    name(env, new);
    storage::set_alias(env, new, key);
    AliasAdded { alias, asset: storage::asset(env, key) }.publish(env);
}

/// Takes a name for an asset: its place among the names.
fn name(env: &Env, name: Val) -> u32 {
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
    let (key, mut config, mut state) = listed(env, asset);
    let limits = sound(env, limits, config.class, state.track.anchor);
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
    let (key, mut config, mut state) = listed(env, asset);
    require_announced(env, &state, announced);
    state.confirming = 0;
    require(env, position(&config, &source.contract).is_none(), OracleError::SourceExists);
    let index = config.sources.len() as usize;
    let mut seen = storage::seen(env, key);
    let place = some(env, seen.get_mut(index), OracleError::TooManySources);
    let lasts = source.max_age > 0 && source.max_age <= u64::from(MAX_AGE);
    require(env, lasts, OracleError::InvalidLimits);
    let decimals = readable(env, &source.contract);
    *place = Seen { decimals, ..NOTHING };
    config.sources.push_back(source.clone());
    storage::set_state(env, key, &state);
    storage::set_config(env, key, &config);
    storage::set_seen(env, key, &seen);
    PriceFeedAdded { asset: storage::asset(env, key), decimals, source }.publish(env);
}

pub fn remove_price_feed(env: &Env, by: Address, asset: &Asset, contract: Address) {
    let (key, mut config, _) = listed(env, asset);
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
            let (key, mut state) = found(env, asset);
            state.halted = halted;
            storage::set_state(env, key, &state);
        }
        HaltScope::Source(asset, contract) => {
            let (key, config, _) = listed(env, asset);
            let mut seen = storage::seen(env, key);
            let source = position(&config, contract).and_then(|index| seen.get_mut(index as usize));
            let source = some(env, source, OracleError::UnknownSource);
            source.halted = halted;
            if !halted {
                source.decimals = readable(env, contract);
            }
            storage::set_seen(env, key, &seen);
        }
    }
}

/// Lets a price warm up anew from a hint.
pub fn re_anchor(env: &Env, asset: &Asset, hint: i128) {
    let (key, config, mut state) = listed(env, asset);
    in_band(env, &config.limits, hint);
    state.reset |= state.track.phase != Phase::Warming;
    // What was judged stays judged: no round counts twice.
    let Track { judged, judged_at, .. } = state.track;
    state.track = Track { judged, judged_at, ..Track::new(hint, env.ledger().timestamp()) };
    state.confirming = 0;
    storage::set_state(env, key, &state);
    storage::set_ring(env, key, &Ring::EMPTY);
    PriceReset { asset: storage::asset(env, key), hint }.publish(env);
}

fn found(env: &Env, asset: &Asset) -> (Val, State) {
    some(env, storage::look_up(env, asset.into_val(env)), OracleError::UnknownAsset)
}

fn listed(env: &Env, asset: &Asset) -> (Val, Config, State) {
    let (key, state) = found(env, asset);
    (key, some(env, storage::config(env, key), OracleError::UnknownAsset), state)
}

fn config_of(env: &Env, asset: &Asset) -> Option<Config> {
    storage::config(env, storage::look_up(env, asset.into_val(env))?.0)
}

fn position(config: &Config, contract: &Address) -> Option<u32> {
    (0..).zip(config.sources.iter()).find(|(_, source)| source.contract == *contract).map(|(index, _)| index)
}

fn readable(env: &Env, contract: &Address) -> u32 {
    let decimals = source::decimals(env, contract).filter(|decimals| *decimals <= MAX_SOURCE_DECIMALS);
    some(env, decimals, OracleError::UnreadableSource)
}

fn require_announced(env: &Env, state: &State, announced: bool) {
    governance::require_announced(env, announced || state.in_set_up());
}

fn in_band(env: &Env, limits: &Limits, hint: i128) {
    require(env, limits.floor <= hint && hint <= limits.cap, OracleError::InvalidLimits);
}

/// The limits with the defaults of their class, if they are within their bounds.
fn sound(env: &Env, limits: AssetLimits, class: u32, hint: i128) -> Limits {
    let class = Class::ALL.into_iter().find(|known| *known as u32 == class).unwrap_or(Class::Thin);
    let limits = from_public(&limits).or_defaults(class, hint);
    require(env, limits.sound(storage::resolution(env)), OracleError::InvalidLimits);
    limits
}

fn from_public(l: &AssetLimits) -> Limits {
    let of = [
        l.max_age,
        l.quorum,
        l.delta_bps,
        l.step_bps,
        l.step_bps_per_minute,
        l.step_max_bps,
        l.budget_bps,
        l.window,
        l.twap_gap_bps,
        l.spread_bps,
        l.confirm,
        l.grace,
        l.warm_up,
        l.stable_rate,
    ];
    Limits { floor: l.floor, cap: l.cap, of }
}

#[inline(never)] // for size
fn to_public(limits: &Limits) -> AssetLimits {
    let &Limits { floor, cap, of } = limits;
    let [max_age, quorum, delta_bps, step_bps, step_bps_per_minute, step_max_bps, budget_bps, ..] = of;
    let [.., window, twap_gap_bps, spread_bps, confirm, grace, warm_up, stable_rate] = of;
    AssetLimits {
        budget_bps,
        cap,
        confirm,
        delta_bps,
        floor,
        grace,
        max_age,
        quorum,
        spread_bps,
        stable_rate,
        step_bps,
        step_bps_per_minute,
        step_max_bps,
        twap_gap_bps,
        warm_up,
        window,
    }
}
