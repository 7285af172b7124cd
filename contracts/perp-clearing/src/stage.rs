//! The stages of a market, and its end: one price, settled position by position.

use crate::{
    error::{refuse, require, OrRefuse},
    fill, funding, markets, storage,
};
use margin_interface::{ClearingError, HouseChanged, MarginLedgerClient, MarketStage, MarketState};
use margin_math::{
    fixed::{add, sub},
    marks::WINDOW,
    position::Position,
};
use soroban_sdk::{Address, Env, Symbol};

/// Seconds after which those who are owed something are settled too.
const LOSERS_FIRST: u64 = 86_400;

/// Tightens the stage of a market at once.
pub fn tighten(
    env: &Env,
    ledger: &MarginLedgerClient,
    by: &Address,
    market: &Symbol,
    stage: MarketStage,
) -> Result<(), ClearingError> {
    governance::require_governor(env, by);
    let stricter = stage > markets::record(env, market)?.house.stage && stage != MarketStage::WindDown;
    governance::require_announced(env, stricter);
    set_stage(env, ledger, market, stage)
}

/// Changes the stage of a market.
pub fn set_stage(
    env: &Env,
    ledger: &MarginLedgerClient,
    market: &Symbol,
    stage: MarketStage,
) -> Result<(), ClearingError> {
    let mut record = markets::record(env, market)?;
    let now = env.ledger().timestamp();
    let house = &mut record.house;
    refuse(house.stage == MarketStage::WindDown, ClearingError::WrongStage)?;
    if stage >= MarketStage::Frozen {
        ledger.push_market(market, &stopped(env, ledger, market, stage)?);
    }
    // Only a market that was frozen owes its traders time, however it comes back.
    if house.stage == MarketStage::Frozen || stage >= MarketStage::Frozen {
        house.since = now;
    }
    house.stage = stage;
    storage::set_record(env, market, &record);
    HouseChanged { market: market.clone(), house: record.house }.publish(env);
    Ok(())
}

/// A market in which nobody can act: no funding accrues. One that is wound down has its clearing price: the index, or the mark
/// if it never had one. Whether the oracle answers delays nobody's freeze.
fn stopped(
    env: &Env,
    ledger: &MarginLedgerClient,
    market: &Symbol,
    stage: MarketStage,
) -> Result<MarketState, ClearingError> {
    let perp = ledger.market(market);
    let known = ledger.try_index(market, &WINDOW);
    let Ok(Ok((index, _))) = known else {
        require(stage == MarketStage::Frozen, ClearingError::PriceNotUsable)?;
        return Ok(MarketState { funding_rate: 0, ..perp.state });
    };
    let mut state = MarketState { funding_rate: 0, ..funding::accrued(env, &perp, &index)? };
    if stage == MarketStage::WindDown {
        state.clearing_price = if index.mid > 0 { index.mid } else { fill::mark(&state)? };
    }
    Ok(state)
}

/// Settles a position of a market that is wound down. Returns the funding paid.
pub fn settle_position(
    env: &Env,
    ledger: &MarginLedgerClient,
    account: &Address,
    market: &Symbol,
) -> Result<i128, ClearingError> {
    let mut record = markets::record(env, market)?;
    let house = &mut record.house;
    refuse(house.stage != MarketStage::WindDown, ClearingError::WrongStage)?;
    let view = ledger.perp_view(account, market);
    let position = view.position;
    refuse(position.size == 0, ClearingError::NoPosition)?;
    let state = view.market.state;
    let position =
        Position { entry: position.entry, funding_index: position.funding_index, size: position.size };
    let funding = position.funding_owed(state.funding_long, state.funding_short).on_curve()?;
    let owed = sub(position.pnl_at(state.clearing_price).on_curve()?, funding).on_curve()?;
    refuse(
        owed > 0 && env.ledger().timestamp() < house.since.saturating_add(LOSERS_FIRST),
        ClearingError::TooEarly,
    )?;
    // The curve keeps what it sold; the pool is the other side.
    house.inventory = add(house.inventory, position.size).on_curve()?;
    let funding = ledger.settle(account, market, &state.clearing_price, &state);
    storage::set_record(env, market, &record);
    Ok(funding)
}
