//! What the pool does in a market beyond standing behind its curve: it takes what the curve should not, sells it on toward
//! the index, and moves the curve toward the index for what the protocol's fees can pay.

use crate::{
    error::{refuse, require, OrRefuse},
    fill, funding, markets, storage,
};
use margin_interface::{Bucket, ClearingError, House, HouseChanged, MarginLedgerClient, MarketState, Quote};
use margin_math::{
    curve, defaults,
    fixed::{abs, add, bps_ceil, bps_floor, mul_div_ceil, sub},
    house,
    units::{BPS, QUOTE_SCALE},
};
use soroban_sdk::{Env, Symbol};

/// Seconds that a flagged account is offered to those who bring capital, before the pool takes over.
pub const OFFERED: u64 = 60;
/// Seconds that liquidations wait after a frozen market moves again: its traders could not act.
const GRACE: u64 = 300;

/// How much of a reduction by `size` (signed) the inventory has room for, absolute.
pub fn room(
    ledger: &MarginLedgerClient,
    house: &House,
    size: i128,
    index: &Quote,
) -> Result<i128, ClearingError> {
    let buckets = ledger.totals();
    let payable = sub(buckets.lp, buckets.perp_borrowed).on_curve()?;
    let cap = house::inventory_cap(payable, index.mid.max(1)).on_curve()?;
    house::room(house.inventory, size, abs(size).on_curve()?, cap).on_curve()
}

/// Refuses liquidations where nothing moves, and for a while after it did not.
pub fn require_liquidations(env: &Env, house: &House) -> Result<(), ClearingError> {
    markets::require_moving(house)?;
    let over = env.ledger().timestamp() >= house.since.saturating_add(GRACE);
    require(over, ClearingError::TooEarly)
}

/// Sells the inventory on through the curve, as far as the mark thereby comes nearer to a live index: further would give
/// whoever waits on the other side what the pool has just taken over. Returns the curve afterwards.
pub fn sell_on(
    env: &Env,
    house: &mut House,
    state: &MarketState,
    index: &Quote,
) -> Result<MarketState, ClearingError> {
    if !markets::is_live(index) {
        return Ok(*state);
    }
    let to_index = house::to_mark(state.base_reserve, state.quote_reserve, index.mid).on_curve()?;
    let base = sold(house.inventory, to_index);
    house.inventory = sub(house.inventory, base).on_curve()?;
    moved(env, state, base)
}

/// How much of a move of the curve by `base` the inventory is.
fn sold(inventory: i128, base: i128) -> i128 {
    base.clamp(inventory.min(0), inventory.max(0))
}

/// The curve moved by `base`: a trade of the pool's, which counts in its ledger as those of others do.
fn moved(env: &Env, state: &MarketState, base: i128) -> Result<MarketState, ClearingError> {
    if base == 0 {
        return Ok(*state);
    }
    let (base_reserve, quote_reserve) =
        house::moved(state.base_reserve, state.quote_reserve, base).on_curve()?;
    let ledger = env.ledger().sequence();
    let ledger_mark = if state.ledger == ledger { state.ledger_mark } else { fill::mark(state)? };
    Ok(MarketState { base_reserve, ledger, ledger_mark, quote_reserve, ..*state })
}

/// Moves the mark toward the index, by at most half a percent, once an hour. Returns what it cost.
pub fn repeg(env: &Env, ledger: &MarginLedgerClient, market: &Symbol) -> Result<i128, ClearingError> {
    let now = env.ledger().timestamp();
    let mut record = markets::record(env, market)?;
    markets::require_moving(&record.house)?;
    refuse(now < record.house.repegged_at.saturating_add(defaults::REPEG_PERIOD), ClearingError::TooEarly)?;
    let perp = ledger.market(market);
    // Whoever pushes the mark away from the index within one transaction would be paid the fees it spends.
    refuse(perp.state.ledger == env.ledger().sequence(), ClearingError::TooEarly)?;
    let (index, _) = ledger.index(market, &margin_math::marks::WINDOW);
    refuse(!markets::is_live(&index), ClearingError::PriceNotUsable)?;
    let state = funding::accrued(env, &perp, &index)?;
    let mark = fill::mark(&state)?;
    let least = bps_ceil(mark, BPS - defaults::REPEG_BPS).on_curve()?;
    let most = bps_floor(mark, BPS + defaults::REPEG_BPS).on_curve()?;
    let (x, y) = (state.base_reserve, state.quote_reserve);
    let base = house::to_mark(x, y, index.mid.clamp(least, most)).on_curve()?;
    let state = moved(env, &state, base)?;
    let to = (state.base_reserve, state.quote_reserve);
    let cost = house::revaluation((x, y), to, perp.totals.net_size).on_curve()?.max(0);
    let buckets = ledger.totals();
    let target = insurance_target(ledger)?;
    let budget = house::repeg_budget(buckets.fees, buckets.insurance, target).on_curve()?;
    refuse(base == 0 || cost > budget, ClearingError::NoBudget)?;
    if cost > 0 {
        ledger.move_bucket(&env.current_contract_address(), &Bucket::Fees, &cost);
    }
    ledger.push_market(market, &state);
    // What the pool holds of that side is sold with it.
    let house = &mut record.house;
    house.inventory = sub(house.inventory, sold(house.inventory, base)).on_curve()?;
    house.repegged_at = now;
    record.marks.record(now, fill::mark(&state)?).on_curve()?;
    storage::set_record(env, market, &record);
    HouseChanged { market: market.clone(), house: record.house }.publish(env);
    Ok(cost)
}

/// What insurance should hold: a part of the open interest, or what the largest position a market permits may lose in a gap.
pub fn insurance_target(ledger: &MarginLedgerClient) -> Result<i128, ClearingError> {
    let (mut interest, mut largest) = (0, 0);
    for market in ledger.markets().iter() {
        let record = ledger.market(&market);
        let (config, state, totals) = (record.config, record.state, record.totals);
        if state.clearing_price != 0 {
            // Wound down, it risks nothing any more.
            continue;
        }
        let price = curve::mark(state.base_reserve, state.quote_reserve).on_curve()?;
        let value = |size: i128| mul_div_ceil(size, price, QUOTE_SCALE).on_curve();
        interest = add(interest, value(totals.long_interest.max(totals.short_interest))?).on_curve()?;
        let position = value(bps_ceil(state.base_reserve, config.max_position_bps).on_curve()?)?;
        let loss = bps_ceil(position, config.gap_bps.saturating_sub(config.mmr_bps)).on_curve()?;
        largest = largest.max(loss);
    }
    Ok(bps_ceil(interest, defaults::INSURANCE_TARGET_BPS).on_curve()?.max(largest))
}
