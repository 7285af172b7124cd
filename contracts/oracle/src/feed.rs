//! `poke`: from the sources of an asset to its stored price.

use margin_interface::{Asset, PokeOutcome, PriceAccepted, PriceRefused, SourceOutcome};
use margin_math::oracle::{agree, stable_step, Agreed, Disagreed, Reading, MAX_SOURCES};
use margin_math::twap::{Print, RING_BYTES, SLOT_BYTES};
use soroban_sdk::{Bytes, Env, Vec};

use crate::storage::{self, Config, State};

/// Reads, aggregates, guards and stores the price of one asset.
pub fn poke(env: &Env, asset: &Asset) -> PokeOutcome {
    let (Some(config), Some(mut state)) = (storage::config(env, asset), storage::state(env, asset)) else {
        return PokeOutcome::Unknown;
    };
    if storage::halted(env) || state.halted {
        return PokeOutcome::Halted;
    }
    let mut ring = storage::ring(env, asset);
    let mut seen = storage::seen(env, asset);
    let (readings, sources) = read_sources(env, &config, &mut seen);

    let result = judge(env, &config, &state, &readings);
    state.diverged = matches!(result, Err((PokeOutcome::Diverged, _)));
    let outcome = match result {
        Ok(agreed) => {
            accept(env, &config, &mut state, &mut ring, &agreed);
            let Agreed { lo, mid, hi, timestamp, groups, mask } = agreed;
            PriceAccepted { asset: asset.clone(), groups, hi, lo, mask, mid, timestamp }.publish(env);
            PokeOutcome::Accepted
        }
        Err((PokeOutcome::Unchanged, _)) => PokeOutcome::Unchanged,
        Err((outcome, candidate)) => {
            PriceRefused { asset: asset.clone(), candidate, outcome, sources }.publish(env);
            outcome
        }
    };
    // Stored whatever the outcome: the footprint of a poke must not depend on prices.
    storage::set_state(env, asset, &state);
    storage::set_ring(env, asset, &ring);
    storage::set_seen(env, asset, &seen);
    outcome
}

fn read_sources(
    env: &Env,
    config: &Config,
    seen: &mut Vec<u64>,
) -> ([Option<Reading>; MAX_SOURCES], Vec<SourceOutcome>) {
    let now = env.ledger().timestamp();
    let mut readings = [None; MAX_SOURCES];
    let mut outcomes = Vec::new(env);
    for ((index, feed), reading) in (0..).zip(config.feeds.iter()).zip(&mut readings) {
        match crate::source::read(env, &feed, seen.get(index).unwrap_or(0), now) {
            Ok(admitted) => {
                seen.set(index, admitted.timestamp);
                *reading = Some(admitted);
                outcomes.push_back(SourceOutcome::Admitted);
            }
            Err(outcome) => outcomes.push_back(outcome),
        }
    }
    (readings, outcomes)
}

/// The agreed price if it is new and inside the band; otherwise the outcome and the price that was refused.
fn judge(
    env: &Env,
    config: &Config,
    state: &State,
    readings: &[Option<Reading>],
) -> Result<Agreed, (PokeOutcome, i128)> {
    let limits = &config.limits;
    let agreed = agree(readings, limits.quorum, limits.delta_bps).map_err(|disagreed| match disagreed {
        Disagreed::NoQuorum => (PokeOutcome::NoQuorum, 0),
        Disagreed::Diverged(median) => (PokeOutcome::Diverged, median),
    })?;
    if tick(env, agreed.timestamp) <= tick(env, state.timestamp) {
        return Err((PokeOutcome::Unchanged, agreed.mid));
    }
    if agreed.mid < limits.floor || agreed.mid > limits.cap {
        return Err((PokeOutcome::OutOfBand, agreed.mid));
    }
    Ok(agreed)
}

fn accept(env: &Env, config: &Config, state: &mut State, ring: &mut Bytes, agreed: &Agreed) {
    let now = env.ledger().timestamp();
    state.stable = if state.timestamp == 0 {
        agreed.mid
    } else {
        let elapsed = now.saturating_sub(state.landed);
        stable_step(state.stable, agreed.mid, config.limits.stable_rate, elapsed).unwrap_or(state.stable)
    };
    state.lo = agreed.lo;
    state.mid = agreed.mid;
    state.hi = agreed.hi;
    state.timestamp = agreed.timestamp;
    state.landed = now;

    let delay = now.saturating_sub(agreed.timestamp).try_into().unwrap_or(u32::MAX);
    if let Some(slot) = (Print { timestamp: agreed.timestamp, delay, price: agreed.mid }).pack() {
        if ring.len() >= RING_BYTES as u32 {
            *ring = ring.slice(SLOT_BYTES as u32..);
        }
        ring.extend_from_array(&slot);
    }
}

/// The tick that contains `timestamp`; each has at most one accepted price.
pub fn tick(env: &Env, timestamp: u64) -> u64 {
    timestamp / u64::from(storage::resolution(env).max(1))
}
