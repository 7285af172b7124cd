//! What readers see of the stored prices. Nothing here writes, calls or traps.

use margin_interface::{Asset, OracleError, PriceData, PriceStatus, Quote};
use margin_math::guard::Phase;
use margin_math::twap::{newest_first, twap_floor, Print};
use soroban_sdk::{Env, IntoVal, Val, Vec};

use crate::feed::tick;
use crate::storage::{self, State};

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
pub fn live_price(env: &Env, asset: &Asset) -> Result<i128, OracleError> {
    let (_, state) = storage::find(env, asset).ok_or(OracleError::UnknownAsset)?;
    match status(env, &state, storage::halted(env)) {
        PriceStatus::Live => Ok(state.track.mid),
        PriceStatus::Halted => Err(OracleError::PriceHalted),
        PriceStatus::Degraded | PriceStatus::Grace | PriceStatus::Tripped => Err(OracleError::PriceGuarded),
        _ if state.diverged => Err(OracleError::OraclePriceDivergence),
        _ => Err(OracleError::StalePrice),
    }
}

/// The live price as SEP-40 has it.
pub fn last_price(env: &Env, asset: &Asset) -> Option<PriceData> {
    let quote = quote(env, asset.into_val(env), storage::halted(env));
    (quote.status == PriceStatus::Live)
        .then(|| PriceData { price: quote.mid, timestamp: floored(env, quote.timestamp) })
}

/// The accepted price of the tick that contains `timestamp`.
pub fn price_at(env: &Env, asset: &Asset, timestamp: u64) -> Option<PriceData> {
    let wanted = tick(env, timestamp);
    with_history(env, asset, |_, mut prints| {
        Iterator::find(&mut prints, |print| tick(env, print.timestamp) == wanted)
            .map(|print| record(env, &print))
    })
}

/// At most `records` accepted prices, newest first.
pub fn prices(env: &Env, asset: &Asset, records: u32) -> Option<Vec<PriceData>> {
    with_history(env, asset, |_, prints| {
        let mut found = Vec::from_array(env, []);
        for (_, print) in (0..records).zip(prints) {
            found.push_back(record(env, &print));
        }
        (!found.is_empty()).then_some(found)
    })
}

/// The time-weighted average of accepted prices; `None` if any of them stood longer than a price may.
pub fn twap(env: &Env, asset: &Asset, window: u64) -> Option<i128> {
    with_history(env, asset, |max_age, prints| twap_floor(prints, env.ledger().timestamp(), window, max_age))
}

/// The newest accepted tick of any asset, unix seconds; 0 before the first.
pub fn last_timestamp(env: &Env) -> u64 {
    let found = storage::assets(env).into_iter().filter_map(|asset| storage::find(env, &asset));
    floored(env, found.map(|(_, state)| state.track.timestamp).max().unwrap_or(0))
}

/// Hands over the maximum age and the accepted prices of an asset, newest first; nothing while it is halted or warms up.
fn with_history<T>(
    env: &Env,
    name: &Asset,
    read: impl FnOnce(u64, &mut dyn Iterator<Item = Print>) -> Option<T>,
) -> Option<T> {
    let (named, state) = storage::find(env, name)?;
    if storage::halted(env) || state.halted || state.track.phase == Phase::Warming {
        return None;
    }
    let ring = storage::ring(env, named.key);
    let mut prints = newest_first(ring.filled());
    read(state.max_age, &mut prints)
}

fn record(env: &Env, print: &Print) -> PriceData {
    PriceData { price: print.price, timestamp: floored(env, print.timestamp) }
}

/// SEP-40 dates prices by tick; this only ever makes them look older.
fn floored(env: &Env, timestamp: u64) -> u64 {
    tick(env, timestamp) * u64::from(storage::resolution(env).max(1))
}
