//! What readers see of the stored prices. Nothing here writes, calls or traps.

use margin_interface::{OracleError, PriceData, PriceStatus, Quote};
use margin_math::guard::{tick, Phase};
use margin_math::twap::{newest_first, twap_floor, Print};
use soroban_sdk::{Env, Val, Vec};

use crate::checked::fail;
use crate::storage::{self, Ring, State};

const UNKNOWN: Quote = Quote { hi: 0, lo: 0, mid: 0, status: PriceStatus::Unknown, stable: 0, timestamp: 0 };

/// The guarded price of the asset with that name.
pub fn quote(env: &Env, name: Val, all_halted: bool) -> Quote {
    match storage::look_up(env, name) {
        Some((_, state)) => quote_of(env, &state, all_halted),
        None => UNKNOWN,
    }
}

fn quote_of(env: &Env, state: &State, all_halted: bool) -> Quote {
    let track = &state.track;
    let status = status(env, state, all_halted);
    let (lo, hi, timestamp) = match status {
        PriceStatus::Live | PriceStatus::Degraded | PriceStatus::Grace => {
            (track.lo, track.hi, track.timestamp)
        }
        PriceStatus::Tripped => (track.lo.min(track.candidate), track.hi.max(track.candidate), track.judged),
        _ => (state.floor, state.cap, track.timestamp),
    };
    Quote { hi, lo, mid: track.mid, status, stable: track.stable, timestamp }
}

fn status(env: &Env, state: &State, all_halted: bool) -> PriceStatus {
    let track = &state.track;
    let now = env.ledger().timestamp();
    if all_halted || state.halted {
        return PriceStatus::Halted;
    }
    if track.phase == Phase::Warming {
        return PriceStatus::Warming;
    }
    let spoken = if track.phase == Phase::Tripped { track.judged } else { track.timestamp };
    let fresh = now.checked_sub(spoken).is_some_and(|age| age <= state.max_age);
    // The band may have been tightened since the price was accepted.
    if !fresh || track.mid < state.floor || track.mid > state.cap {
        return PriceStatus::Stale;
    }
    match track.phase {
        Phase::Tripped => PriceStatus::Tripped,
        _ if now < track.grace_until => PriceStatus::Grace,
        Phase::Degraded => PriceStatus::Degraded,
        _ => PriceStatus::Live,
    }
}

/// The price of an asset for consumers that do not look at its status.
pub fn live_price(env: &Env, name: Val) -> i128 {
    let Some((_, state)) = storage::look_up(env, name) else { fail(env, OracleError::UnknownAsset) };
    let refusal = match status(env, &state, storage::halted(env)) {
        PriceStatus::Live => return state.track.mid,
        PriceStatus::Halted => OracleError::PriceHalted,
        PriceStatus::Degraded | PriceStatus::Grace | PriceStatus::Tripped => OracleError::PriceGuarded,
        _ if state.diverged => OracleError::OraclePriceDivergence,
        _ => OracleError::StalePrice,
    };
    fail(env, refusal)
}

/// The live price as SEP-40 has it.
pub fn last_price(env: &Env, name: Val) -> Option<PriceData> {
    let quote = quote(env, name, storage::halted(env));
    (quote.status == PriceStatus::Live)
        .then(|| PriceData { price: quote.mid, timestamp: floored(env, quote.timestamp) })
}

/// The accepted price of the tick that contains `timestamp`.
pub fn price_at(env: &Env, name: Val, timestamp: u64) -> Option<PriceData> {
    let wanted = floored(env, timestamp);
    let (_, ring) = history(env, name)?;
    let mut records = newest_first(ring.filled()).map(|print| record(env, &print));
    records.find(|record| record.timestamp == wanted)
}

/// At most `records` accepted prices, newest first.
pub fn prices(env: &Env, name: Val, records: u32) -> Option<Vec<PriceData>> {
    let (_, ring) = history(env, name)?;
    let mut found = Vec::from_array(env, []);
    for (_, print) in (0..records).zip(newest_first(ring.filled())) {
        found.push_back(record(env, &print));
    }
    (!found.is_empty()).then_some(found)
}

/// The time-weighted average of accepted prices; `None` if any of them stood longer than a price may.
pub fn twap(env: &Env, name: Val, window: u64) -> Option<i128> {
    let (max_age, ring) = history(env, name)?;
    twap_floor(newest_first(ring.filled()), env.ledger().timestamp(), window, max_age)
}

/// The newest accepted tick of any asset, unix seconds; 0 before the first.
pub fn last_timestamp(env: &Env) -> u64 {
    let found = storage::assets(env).into_iter().filter_map(|name| storage::look_up(env, name));
    floored(env, found.map(|(_, state)| state.track.timestamp).max().unwrap_or(0))
}

/// The maximum age and the accepted prices of an asset; nothing while it is halted or warms up.
#[inline(never)] // for size
fn history(env: &Env, name: Val) -> Option<(u64, Ring)> {
    let (asset, state) = storage::look_up(env, name)?;
    let silent = storage::halted(env) || state.halted || state.track.phase == Phase::Warming;
    (!silent).then(|| (state.max_age, storage::ring(env, asset)))
}

fn record(env: &Env, print: &Print) -> PriceData {
    PriceData { price: print.price, timestamp: floored(env, print.timestamp) }
}

/// SEP-40 dates prices by tick; this only ever makes them look older.
fn floored(env: &Env, timestamp: u64) -> u64 {
    let resolution = storage::resolution(env).into();
    tick(timestamp, resolution) * resolution
}
