//! Reading one source so that nothing it does can stop the poke, short of burning the budget.

use margin_interface::{PriceData, PriceSource, SourceOutcome, SourceRole};
use margin_math::oracle::{admit, Candidate, Inadmissible, Reading, PRICE_DECIMALS};
use margin_math::twap::Print;
use soroban_sdk::{symbol_short, Address, Env, Error, IntoVal, Map, Symbol, TryFromVal, Val, Vec};

use crate::storage::{self, Seen};

/// The decimals a source says it has; `None` if it does not answer. The oracle itself stands for its publishers.
pub fn decimals(env: &Env, contract: &Address) -> Option<u32> {
    if *contract == env.current_contract_address() {
        return Some(PRICE_DECIMALS);
    }
    let answer = ask(env, contract, symbol_short!("decimals"), Vec::from_array(env, []))?;
    u32::try_from_val(env, &answer).ok()
}

/// The admitted price of a source, or why it is not admitted. Reports name the asset by its `place`.
pub fn read(env: &Env, source: &PriceSource, seen: &Seen, place: u32) -> Result<Reading, SourceOutcome> {
    if seen.halted {
        return Err(SourceOutcome::Halted);
    }
    let data = if source.contract == env.current_contract_address() {
        reported(env, place).ok_or(SourceOutcome::NoPrice)?
    } else {
        if decimals(env, &source.contract).ok_or(SourceOutcome::CallFailed)? != seen.decimals {
            return Err(SourceOutcome::DecimalsChanged);
        }
        last_price(env, source)?
    };
    let candidate = Candidate {
        price: data.price,
        low: source.low,
        high: source.high,
        timestamp: data.timestamp,
        decimals: seen.decimals,
        max_age: source.max_age,
        seen: seen.timestamp,
    };
    let price = admit(&candidate, env.ledger().timestamp()).map_err(|reason| match reason {
        Inadmissible::NotPositive => SourceOutcome::NotPositive,
        Inadmissible::AtClamp => SourceOutcome::AtClamp,
        Inadmissible::FromFuture => SourceOutcome::FromFuture,
        Inadmissible::TooOld => SourceOutcome::TooOld,
        Inadmissible::Backwards => SourceOutcome::Backwards,
        Inadmissible::OutOfRange => SourceOutcome::OutOfRange,
    })?;
    Ok(Reading {
        price,
        timestamp: data.timestamp,
        group: source.group,
        fresh: source.role != SourceRole::Check,
    })
}

fn reported(env: &Env, place: u32) -> Option<PriceData> {
    let Print { timestamp, price, .. } = Print::unpack(storage::reports(env).slot(place)?)?;
    (timestamp > 0).then_some(PriceData { price, timestamp })
}

fn last_price(env: &Env, source: &PriceSource) -> Result<PriceData, SourceOutcome> {
    let arguments = Vec::from_array(env, [source.asset.into_val(env)]);
    let answer = ask(env, &source.contract, symbol_short!("lastprice"), arguments);
    let answer = answer.ok_or(SourceOutcome::CallFailed)?;
    if answer.is_void() {
        return Err(SourceOutcome::NoPrice);
    }
    decode(env, answer).ok_or(SourceOutcome::CallFailed)
}

/// What a source answers; `None` if it traps.
fn ask(env: &Env, contract: &Address, function: Symbol, arguments: Vec<Val>) -> Option<Val> {
    env.try_invoke_contract::<Val, Error>(contract, &function, arguments).ok()?.ok()
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
