//! Opening markets, and the record of their marks.

use crate::{error::OrRefuse, fill, storage};
use margin_interface::{ClearingError, MarginLedgerClient, MarketConfig, PriceStatus, Quote};
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
    if !accepts_risk(&index) {
        return Err(ClearingError::PriceNotUsable);
    }
    let mark = curve::mark(base_reserve, quote_reserve).on_curve()?;
    if !curve::within(mark, index.mid, config.band_bps).on_curve()? {
        return Err(ClearingError::OutsideBand);
    }
    storage::set_marks(env, market, &Marks::new(env.ledger().timestamp(), mark));
    Ok(())
}

/// Whether a market with this index takes new risk.
pub fn accepts_risk(index: &Quote) -> bool {
    index.status == PriceStatus::Live
}

/// Records that the mark is `mark` from now on.
pub fn record_mark(env: &Env, market: &Symbol, mark: i128) -> Result<(), ClearingError> {
    let now = env.ledger().timestamp();
    let mut marks = storage::marks(env, market).unwrap_or_else(|| Marks::new(now, mark));
    marks.record(now, mark).on_curve()?;
    storage::set_marks(env, market, &marks);
    Ok(())
}

/// Records the mark as it stands. Returns it, 1e14.
pub fn touch(env: &Env, ledger: &MarginLedgerClient, market: &Symbol) -> Result<i128, ClearingError> {
    let mark = fill::mark(&ledger.market(market).state)?;
    record_mark(env, market, mark)?;
    Ok(mark)
}
