//! Opening markets, and the record of their marks.

use crate::{
    error::{refuse, require, OrRefuse},
    fill, funding,
    storage::{self, Record},
};
use margin_interface::{ClearingError, House, MarginLedgerClient, MarketConfig, MarketStage, Quote};
use margin_math::{
    curve, defaults,
    marks::{Marks, WINDOW},
    status::may_increase,
};
use soroban_sdk::{Env, Symbol};

/// Opens a market at once: the protocol's first configuration. Where anybody provides or trades already, a market is a new
/// claim on their money, and has to be announced.
pub fn open_first(
    env: &Env,
    ledger: &MarginLedgerClient,
    market: &Symbol,
    config: &MarketConfig,
    base_reserve: i128,
    quote_reserve: i128,
) -> Result<(), ClearingError> {
    governance::require_admin(env);
    let pool = ledger.pool_value();
    let owes_nobody = pool.payable == 0 && pool.lent == 0 && pool.claims == 0 && pool.required == 0;
    governance::require_announced(env, owes_nobody);
    open(env, ledger, market, config, base_reserve, quote_reserve)
}

/// Refuses parameters that do not fit each other; each one's own bounds are the ledger's.
pub fn check(config: &MarketConfig) -> Result<(), ClearingError> {
    let fits = config.band_bps < config.imr_bps
        // What a liquidation may miss of the index, and pay to leave.
        && config.mmr_bps >= defaults::ORACLE_DEVIATION_BPS.saturating_add(config.fee_bps).saturating_add(config.impact_bps)
        // Less would be no reserve: nothing for a gap, or less than the mark may differ while positions are taken over.
        && config.gap_bps >= defaults::MIN_GAP_BPS
        && config.gap_bps > config.mmr_bps
        && config.sigma_bps >= config.band_bps.saturating_add(defaults::LIQUIDATION_FEE_BPS);
    require(fits, ClearingError::InvalidConfig)
}

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
    refuse(base_reserve <= quote_reserve, ClearingError::InvalidConfig)?;
    check(config)?;
    ledger.open_market(market, config, &base_reserve, &quote_reserve);
    let (index, _) = ledger.index(market, &WINDOW);
    refuse(!is_live(&index), ClearingError::PriceNotUsable)?;
    let mark = curve::mark(base_reserve, quote_reserve).on_curve()?;
    refuse(!curve::within(mark, index.mid, config.band_bps).on_curve()?, ClearingError::OutsideBand)?;
    let now = env.ledger().timestamp();
    let house = House {
        depth: 0,
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
    may_increase(funding::status(index))
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
    require(house.stage <= MarketStage::ReduceOnly, ClearingError::WrongStage)
}

/// Records the mark as it stands. Returns it, 1e14.
pub fn touch(env: &Env, ledger: &MarginLedgerClient, market: &Symbol) -> Result<i128, ClearingError> {
    let mark = fill::mark(&ledger.market(market).state)?;
    let mut record = record(env, market)?;
    record.marks.record(env.ledger().timestamp(), mark).on_curve()?;
    storage::set_record(env, market, &record);
    Ok(mark)
}
