//! What readers see of the stored prices. Nothing here writes, calls or traps.

use margin_interface::{Asset, OracleError, PriceData, PriceStatus, Quote};
use margin_math::twap::{newest_first, twap_floor, Print, RING_BYTES};
use soroban_sdk::{Env, Vec};

use crate::feed::tick;
use crate::storage::{self, State};

const UNKNOWN: Quote = Quote { hi: 0, lo: 0, mid: 0, status: PriceStatus::Unknown, stable: 0, timestamp: 0 };

/// The guarded price of an asset. Unless it is live, the interval is the static band.
pub fn quote(env: &Env, asset: &Asset, all_halted: bool) -> Quote {
    let Some(state) = storage::state(env, asset) else { return UNKNOWN };
    let status = status(env, &state, all_halted);
    let (lo, hi) = if status == PriceStatus::Live { (state.lo, state.hi) } else { (state.floor, state.cap) };
    Quote { hi, lo, mid: state.mid, status, stable: state.stable, timestamp: state.timestamp }
}

fn status(env: &Env, state: &State, all_halted: bool) -> PriceStatus {
    if all_halted || state.halted {
        return PriceStatus::Halted;
    }
    if state.timestamp == 0 {
        return PriceStatus::Warming;
    }
    let age = env.ledger().timestamp().checked_sub(state.timestamp);
    // The band may have been tightened since the price was accepted.
    let in_band = state.floor <= state.mid && state.mid <= state.cap;
    match age {
        Some(age) if age <= state.max_age && in_band => PriceStatus::Live,
        _ => PriceStatus::Stale,
    }
}

/// The price of an asset for consumers that do not look at its status.
pub fn live_price(env: &Env, asset: &Asset) -> Result<i128, OracleError> {
    let quote = quote(env, asset, storage::halted(env));
    match quote.status {
        PriceStatus::Live => Ok(quote.mid),
        PriceStatus::Unknown => Err(OracleError::UnknownAsset),
        PriceStatus::Halted => Err(OracleError::PriceHalted),
        _ if storage::state(env, asset).is_some_and(|state| state.diverged) => {
            Err(OracleError::OraclePriceDivergence)
        }
        _ => Err(OracleError::StalePrice),
    }
}

/// The live price as SEP-40 has it.
pub fn last_price(env: &Env, asset: &Asset) -> Option<PriceData> {
    let quote = quote(env, asset, storage::halted(env));
    (quote.status == PriceStatus::Live)
        .then(|| PriceData { price: quote.mid, timestamp: floored(env, quote.timestamp) })
}

/// The accepted price of the tick that contains `timestamp`.
pub fn price_at(env: &Env, asset: &Asset, timestamp: u64) -> Option<PriceData> {
    let wanted = tick(env, timestamp);
    with_history(env, asset, |mut prints| {
        Iterator::find(&mut prints, |print| tick(env, print.timestamp) == wanted)
            .map(|print| record(env, &print))
    })
}

/// At most `records` accepted prices, newest first.
pub fn prices(env: &Env, asset: &Asset, records: u32) -> Option<Vec<PriceData>> {
    with_history(env, asset, |prints| {
        let mut found = Vec::new(env);
        for (_, print) in (0..records).zip(prints) {
            found.push_back(record(env, &print));
        }
        (!found.is_empty()).then_some(found)
    })
}

/// The time-weighted average of accepted prices; `None` if any of them stood longer than a price may.
pub fn twap(env: &Env, asset: &Asset, window: u64) -> Option<i128> {
    let max_gap = storage::state(env, asset)?.max_age;
    with_history(env, asset, |prints| twap_floor(prints, env.ledger().timestamp(), window, max_gap))
}

/// The newest accepted tick of any asset, unix seconds; 0 before the first.
pub fn last_timestamp(env: &Env) -> u64 {
    let timestamps = storage::assets(env).into_iter().filter_map(|asset| storage::state(env, &asset));
    floored(env, timestamps.map(|state| state.timestamp).max().unwrap_or(0))
}

/// Hands over the accepted prices of an asset, newest first; nothing while it is halted.
fn with_history<T>(
    env: &Env,
    asset: &Asset,
    read: impl FnOnce(&mut dyn Iterator<Item = Print>) -> Option<T>,
) -> Option<T> {
    let halted = storage::halted(env) || storage::state(env, asset)?.halted;
    if halted {
        return None;
    }
    let mut buffer = [0; RING_BYTES];
    let mut prints = newest_first(storage::ring_slice(env, asset, &mut buffer));
    read(&mut prints)
}

fn record(env: &Env, print: &Print) -> PriceData {
    PriceData { price: print.price, timestamp: floored(env, print.timestamp) }
}

/// SEP-40 dates prices by tick; this only ever makes them look older.
fn floored(env: &Env, timestamp: u64) -> u64 {
    tick(env, timestamp) * u64::from(storage::resolution(env).max(1))
}
