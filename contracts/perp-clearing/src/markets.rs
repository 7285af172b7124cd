//! Opening markets, and the record of their marks.

use crate::{
    error::OrRefuse,
    fill,
    storage::{self, Record},
};
use margin_interface::{
    ClearingError, House, MarginLedgerClient, MarketConfig, MarketStage, PriceStatus, Quote,
};
use margin_math::{
    curve,
    marks::{Marks, WINDOW},
};
use soroban_sdk::{Env, Symbol};

/// Opens a market whose first mark lies within the band around a live index.
pub fn open(
    env: &Env,
    ledger: &MarginLedgerClient,
    market: &Symbol,
    config: &MarketConfig,
    base_reserve: i128,
    quote_reserve: i128,
) -> Result<(), ClearingError> {
    // One unit of base must be worth less than one of quote, or rounding a size could pay a trader. The rest is the
    // ledger's to check.
    if base_reserve <= quote_reserve {
        return Err(ClearingError::InvalidConfig);
    }
    ledger.open_market(market, config, &base_reserve, &quote_reserve);
    let (index, _) = ledger.index(market, &WINDOW);
    if !is_live(&index) {
        return Err(ClearingError::PriceNotUsable);
    }
    let mark = curve::mark(base_reserve, quote_reserve).on_curve()?;
    if !curve::within(mark, index.mid, config.band_bps).on_curve()? {
        return Err(ClearingError::OutsideBand);
    }
    let now = env.ledger().timestamp();
    let house = House {
        clearing_price: 0,
        depth_bps: 0,
        inventory: 0,
        repegged_at: now,
        since: 0,
        stage: MarketStage::Normal,
    };
    storage::set_record(env, market, &Record { house, marks: Marks::new(now, mark) });
    Ok(())
}

/// Whether an index may be used to take new risk.
pub fn is_live(index: &Quote) -> bool {
    index.status == PriceStatus::Live
}

/// Whether a market takes new risk.
pub fn accepts_risk(house: &House, index: &Quote) -> bool {
    house.stage == MarketStage::Normal && is_live(index)
}

/// The house's side of a market that is open.
pub fn record(env: &Env, market: &Symbol) -> Result<Record, ClearingError> {
    storage::record(env, market).ok_or(ClearingError::InvalidConfig)
}

/// Refuses what moves positions in a market where nothing moves any more.
pub fn require_moving(house: &House) -> Result<(), ClearingError> {
    (house.stage <= MarketStage::ReduceOnly).then_some(()).ok_or(ClearingError::WrongStage)
}

/// Records the mark as it stands. Returns it, 1e14.
pub fn touch(env: &Env, ledger: &MarginLedgerClient, market: &Symbol) -> Result<i128, ClearingError> {
    let mark = fill::mark(&ledger.market(market).state)?;
    let mut record = record(env, market)?;
    record.marks.record(env.ledger().timestamp(), mark).on_curve()?;
    storage::set_record(env, market, &record);
    Ok(mark)
}
