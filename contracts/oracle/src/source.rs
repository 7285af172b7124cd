//! Reading one SEP-40 source so that nothing it does can stop the poke, short of burning the budget.

use margin_interface::{PriceData, Sep40Client, SourceOutcome, SourceRole};
use margin_math::oracle::{admit, Candidate, Inadmissible, Reading};
use soroban_sdk::{symbol_short, vec, Address, Env, Error, IntoVal, Map, Symbol, TryFromVal, Val};

use crate::storage::Feed;

/// The decimals a source says it has; `None` if it does not answer.
pub fn decimals(env: &Env, contract: &Address) -> Option<u32> {
    Sep40Client::new(env, contract).try_decimals().ok()?.ok()
}

/// The admitted price of a source, or why it is not admitted. `seen` is the newest timestamp it ever gave.
pub fn read(env: &Env, feed: &Feed, seen: u64, now: u64) -> Result<Reading, SourceOutcome> {
    let source = &feed.source;
    if decimals(env, &source.contract).ok_or(SourceOutcome::CallFailed)? != feed.decimals {
        return Err(SourceOutcome::DecimalsChanged);
    }
    let data = last_price(env, feed)?;
    let candidate = Candidate {
        price: data.price,
        timestamp: data.timestamp,
        decimals: feed.decimals,
        max_age: source.max_age,
        seen,
    };
    let price = admit(&candidate, now).map_err(|reason| match reason {
        Inadmissible::NotPositive => SourceOutcome::NotPositive,
        Inadmissible::FromFuture => SourceOutcome::FromFuture,
        Inadmissible::TooOld => SourceOutcome::TooOld,
        Inadmissible::Backwards => SourceOutcome::Backwards,
        Inadmissible::OutOfRange => SourceOutcome::OutOfRange,
    })?;
    Ok(Reading {
        price,
        timestamp: data.timestamp,
        group: source.group,
        fresh: source.role == SourceRole::Fresh,
    })
}

fn last_price(env: &Env, feed: &Feed) -> Result<PriceData, SourceOutcome> {
    let arguments = vec![env, feed.source.asset.into_val(env)];
    let answer = env
        .try_invoke_contract::<Val, Error>(&feed.source.contract, &symbol_short!("lastprice"), arguments)
        .ok()
        .and_then(Result::ok)
        .ok_or(SourceOutcome::CallFailed)?;
    if answer.is_void() {
        return Err(SourceOutcome::NoPrice);
    }
    decode(env, answer).ok_or(SourceOutcome::CallFailed)
}

/// Decodes field by field: the generated conversion traps in the host, beyond the reach of `try_`, on a record with
/// other fields than [`PriceData`] has.
fn decode(env: &Env, answer: Val) -> Option<PriceData> {
    let record = Map::<Symbol, Val>::try_from_val(env, &answer).ok()?;
    if record.len() != 2 {
        return None;
    }
    let price = i128::try_from_val(env, &record.get(symbol_short!("price"))?).ok()?;
    let timestamp = u64::try_from_val(env, &record.get(symbol_short!("timestamp"))?).ok()?;
    Some(PriceData { price, timestamp })
}
