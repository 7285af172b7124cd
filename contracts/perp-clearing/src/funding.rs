//! Funding of a market: accrual with every touch, and the rate from the premium of the mark.

use crate::{error::OrRefuse, markets, storage::Record};
use margin_interface::{
    ClearingError, FundingRateUpdated, MarginLedgerClient, MarketState, PerpMarket, Quote,
};
use margin_math::{
    funding::{self, Funding},
    marks::WINDOW,
    status::{may_fund, Status},
};
use soroban_sdk::{Env, Symbol};

/// How far this quote may be trusted, by the table of `margin_math::status`.
pub fn status(index: &Quote) -> Status {
    Status::from_code(index.status as u32).unwrap_or(Status::Unknown)
}

/// Whether funding accrues on this quote, and conditions and the smallest size count it.
pub fn usable(index: &Quote) -> bool {
    may_fund(status(index))
}

/// Curve and funding of `market` with funding accrued up to now.
pub fn accrued(env: &Env, market: &PerpMarket, index: &Quote) -> Result<MarketState, ClearingError> {
    let state = &market.state;
    let stored = Funding {
        long: state.funding_long,
        short: state.funding_short,
        rate: state.funding_rate,
        price: state.funding_price,
        updated_at: state.funding_at,
    };
    let next = funding::accrue_by_index(
        stored,
        env.ledger().timestamp(),
        status(index),
        index.timestamp,
        market.totals.long_interest,
        market.totals.short_interest,
    )
    .on_curve()?;
    Ok(MarketState {
        funding_at: next.updated_at,
        funding_long: next.long,
        funding_short: next.short,
        ..*state
    })
}

/// Accrues at the stored rate, then stores the rate of now. Without a premium that can be measured the rate is 0: nobody
/// pays for a gap in the price, neither during it nor after.
pub fn update_rate(env: &Env, ledger: &MarginLedgerClient, market: &Symbol) -> Result<i128, ClearingError> {
    let record = ledger.market(market);
    let (index, index_twap) = ledger.index(market, &WINDOW);
    let mut state = accrued(env, &record, &index)?;
    let Record { house, marks } = markets::record(env, market)?;
    let mark_twap = marks.twap(env.ledger().timestamp(), WINDOW).on_curve()?;
    let moving = markets::require_moving(&house).is_ok();
    state.funding_rate = match (usable(&index) && moving, mark_twap, index_twap) {
        (true, Some(mark), Some(index)) => funding::rate(mark, index).on_curve()?,
        _ => 0,
    };
    if usable(&index) {
        state.funding_price = index.mid;
    }
    ledger.push_market(market, &state);
    FundingRateUpdated {
        market: market.clone(),
        index_twap,
        mark_twap,
        price: state.funding_price,
        rate: state.funding_rate,
    }
    .publish(env);
    Ok(state.funding_rate)
}
