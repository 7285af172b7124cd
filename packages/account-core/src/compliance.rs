//! What an institution's own rules permit: markets and hours. They bind what increases risk and nothing else.

use crate::administration::{administered, commit};
use crate::intent::Footprint;
use crate::orders;
use crate::storage::{BLACKLIST, HOURS};
use crate::tier::Tier;
use margin_interface::{
    AccountError, Market, MarketBlacklisted, MarketUnblacklisted, TradingHours, TradingHoursSet,
};
use margin_math::hours::{Hours, EVERY_DAY};
use soroban_sdk::{Env, IntoVal};

/// Most markets of a blacklist.
pub const MAX_BLACKLISTED: u32 = 32;

/// Refuses new risk in a blacklisted market, or outside the trading hours: now, or by an order that rests until after them.
///
/// # Errors, in this order
/// * [`AccountError::BlacklistedMarket`]
/// * [`AccountError::OutsideTradingHours`]
pub fn permits(env: &Env, footprint: &Footprint) -> Result<(), AccountError> {
    let blacklist = BLACKLIST.list(env);
    if !blacklist.is_empty() && footprint.increased.iter().any(|market| blacklist.contains(market)) {
        return Err(AccountError::BlacklistedMarket);
    }
    let TradingHours { start, end, weekdays } = hours(env);
    let (hours, now) = (Hours { start, end, weekdays }, env.ledger().timestamp());
    if !hours.is_open(now) || footprint.risks_until > hours.closes_at(now) {
        return Err(AccountError::OutsideTradingHours);
    }
    Ok(())
}

/// Every day from midnight to midnight.
pub const ALWAYS: TradingHours = TradingHours { start: 0, end: 0, weekdays: EVERY_DAY };

/// The trading hours; [`ALWAYS`] by default.
pub fn hours(env: &Env) -> TradingHours {
    HOURS.get(env).unwrap_or(ALWAYS)
}

/// [`set_trading_hours`](margin_interface::InstitutionalAccountInterface::set_trading_hours).
pub fn set_hours<T: Tier>(env: &Env, hours: TradingHours) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[hours.into_val(env)])?;
    let TradingHours { start, end, weekdays } = hours;
    if !(Hours { start, end, weekdays }).is_valid() {
        return Err(AccountError::InvalidConfig);
    }
    HOURS.set(env, &hours);
    // What rests was judged by other hours.
    if hours != ALWAYS {
        orders::end(env, &profile);
    }
    TradingHoursSet { hours }.publish(env);
    commit::<T>(env, &profile)
}

/// [`blacklist_market`](margin_interface::InstitutionalAccountInterface::blacklist_market).
pub fn blacklist<T: Tier>(env: &Env, market: Market) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[market.into_val(env)])?;
    let mut blacklist = BLACKLIST.list(env);
    if blacklist.contains(&market) || blacklist.len() == MAX_BLACKLISTED {
        return Err(AccountError::InvalidConfig);
    }
    blacklist.push_back(market.clone());
    BLACKLIST.set(env, &blacklist);
    // What rests in the market asks no list.
    orders::end(env, &profile);
    MarketBlacklisted { market }.publish(env);
    commit::<T>(env, &profile)
}

/// [`unblacklist_market`](margin_interface::InstitutionalAccountInterface::unblacklist_market).
pub fn unblacklist<T: Tier>(env: &Env, market: Market) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[market.into_val(env)])?;
    let mut blacklist = BLACKLIST.list(env);
    let place = blacklist.first_index_of(&market).ok_or(AccountError::InvalidConfig)?;
    blacklist.remove(place);
    BLACKLIST.set(env, &blacklist);
    MarketUnblacklisted { market }.publish(env);
    commit::<T>(env, &profile)
}
