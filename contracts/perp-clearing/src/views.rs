//! What traders and keepers ask before they act. Nothing is decided here.

use crate::{desk::Desk, error::OrRefuse, raw::Raw};
use margin_interface::{lean, AccountStatus, ClearingError, MarginLedgerClient};
use margin_math::{
    fixed::{abs, add, bps_ceil, bps_floor, mul_div_ceil, mul_div_floor, neg, sub},
    headroom::Stake,
    ramp::ramped,
    units::{BPS, PRICE, QUOTE_SCALE},
};
use soroban_sdk::{symbol_short, Address, Env, IntoVal, Map, Symbol, Val, Vec};

/// How often the largest trade is halved by the rules of the market, which cost little.
const BY_RULES: u32 = 40;
/// How often by the ledger, which is asked each time: to a part in 4,096.
const BY_MARGIN: u32 = 12;

fn breakdown(ledger: &MarginLedgerClient, account: &Address) -> Raw {
    Raw::ask(&ledger.env, &ledger.address, "breakdown", (account,).into_val(&ledger.env))
}

/// The level that every increase of risk has to keep.
const OPENING: &str = "opening_bps";

/// A level of a deposit of that asset, bps, as far as it has come to existing accounts; the opening one binds at once.
fn level_bps(ledger: &MarginLedgerClient, asset: Address, level: &str) -> u32 {
    let env = &ledger.env;
    let state = Raw::ask(env, &ledger.address, "asset", (asset,).into_val(env));
    let to = state.inner("config").get(level);
    if level == OPENING {
        return to;
    }
    let ramp = state.inner("ramp");
    ramped(ramp.get(level), to, env.ledger().timestamp().saturating_sub(ramp.get("since")))
}

/// Index price at which the account may be liquidated, everything else unchanged: by its margin-call level if it is flagged
/// or called, even if the call is not due yet. 0 if there is none up to a thousand times the index.
pub fn liquidation_price(
    ledger: &MarginLedgerClient,
    account: &Address,
    market: &Symbol,
) -> Result<i128, ClearingError> {
    let breakdown = breakdown(ledger, account);
    let own = breakdown.each("positions").find(|position| position.get::<Symbol>("market") == *market);
    let own = own.ok_or(ClearingError::NoPosition)?;
    let (index, size) = (own.get("index"), own.get("size"));
    let status: AccountStatus = breakdown.inner("summary").get("status");
    let level = if status == AccountStatus::Normal { "liquidation_bps" } else { "margin_call_bps" };
    let level_bps = level_bps(ledger, breakdown.get("settlement"), level);
    let stake = Stake {
        cash: sub(own.get("pnl"), mul_div_floor(size, index, QUOTE_SCALE).on_curve()?).on_curve()?,
        level_bps,
        mmr_bps: own.get("mmr_bps"),
        others: 0,
        settlement: breakdown.get("settlement_price"),
        size,
    };
    // What the rest leaves is what the whole leaves, less what this position does to it now.
    let gains = at(gains(&breakdown)?, level_bps)?;
    let whole = add(excess(ledger, &breakdown, level)?, gains).on_curve()?;
    let others = sub(whole, stake.excess(index).on_curve()?).on_curve()?;
    let most = index.saturating_mul(1_000);
    Ok(Stake { others, ..stake }.liquidation_price(most).on_curve()?.unwrap_or(0))
}

/// What supports at a level.
fn at(value: i128, level_bps: u32) -> Result<i128, ClearingError> {
    mul_div_floor(value, BPS.into(), level_bps.into()).on_curve()
}

/// What deposits support at a level less what must be supported.
fn excess(ledger: &MarginLedgerClient, breakdown: &Raw, level: &str) -> Result<i128, ClearingError> {
    let mut sum = neg(breakdown.inner("summary").get("required_margin")).on_curve()?;
    for deposit in breakdown.each("deposits") {
        let supports = bps_floor(deposit.get("value"), deposit.get("weight_bps")).on_curve()?;
        sum = add(sum, at(supports, level_bps(ledger, deposit.get("asset"), level))?).on_curve()?;
    }
    Ok(sum)
}

/// Unrealised profits, USD.
fn gains(breakdown: &Raw) -> Result<i128, ClearingError> {
    let mut sum = 0;
    let settlement_price = breakdown.get("settlement_price");
    for position in breakdown.each("positions") {
        let pnl: i128 = position.get("pnl");
        let gain = mul_div_floor(pnl.max(0), settlement_price, PRICE).on_curve()?;
        sum = add(sum, gain).on_curve()?;
    }
    Ok(sum)
}

/// Notional that the free margin supports at the market's initial margin, and what it needs at the opening level.
pub fn buying_power(
    env: &Env,
    ledger: &MarginLedgerClient,
    account: &Address,
    market: &Symbol,
) -> Result<i128, ClearingError> {
    let nothing: Vec<Val> = lean::list(env);
    let summary: Map<Symbol, Val> =
        env.invoke_contract(&ledger.address, &symbol_short!("preview"), (account, &nothing).into_val(env));
    let summary = Raw::of(env, summary);
    let mut free = sub(summary.get("effective_margin"), summary.get("required_margin")).on_curve()?;
    let breakdown = breakdown(ledger, account);
    let opening = excess(ledger, &breakdown, OPENING)?;
    for position in breakdown.each("positions") {
        let size = abs(position.get("size")).on_curve()?;
        let notional = mul_div_ceil(size, position.get("index"), QUOTE_SCALE).on_curve()?;
        let config = ledger.market(&position.get("market")).config;
        let more = bps_ceil(notional, config.imr_bps.saturating_sub(config.mmr_bps)).on_curve()?;
        free = sub(free, more).on_curve()?;
    }
    let config = ledger.market(market).config;
    Ok(at(free.max(0), config.imr_bps)?.min(at(opening.max(0), config.mmr_bps)?))
}

/// Largest trade of one side that would be executed now.
pub fn max_trade(
    env: &Env,
    account: &Address,
    market: &Symbol,
    is_long: bool,
) -> Result<i128, ClearingError> {
    let desk = Desk::open(env, account, market)?;
    // Half of the curve is beyond every cap.
    let most = desk.depth() >> 1;
    let signed = |size: i128| if is_long { size } else { -size };
    let by_rules = largest(most, BY_RULES, |size| desk.plan(signed(size), None, false).is_ok());
    let by_margin = largest(by_rules, BY_MARGIN, |size| {
        desk.plan(signed(size), None, false).is_ok_and(|plan| desk.refusal(&plan, 0) == 0)
    });
    // A close is let through where less or more of the same side is not.
    let close = neg(desk.size()).on_curve()?;
    let ends = close != 0
        && (close > 0) == is_long
        && abs(close).on_curve()? > by_margin
        && desk.plan(close, None, false).is_ok_and(|plan| desk.refusal(&plan, 0) == 0);
    Ok(if ends { close } else { signed(by_margin) })
}

/// The largest size up to `most` that is accepted, found by halving; 0 if none is.
fn largest(most: i128, halvings: u32, accepts: impl Fn(i128) -> bool) -> i128 {
    if most == 0 || accepts(most) {
        return most;
    }
    let (mut accepted, mut refused) = (0, most);
    for _ in 0..halvings {
        // Not divided: the division of 128 bits would be a kilobyte of the contract.
        let middle = accepted + ((refused - accepted) >> 1);
        if accepts(middle) {
            accepted = middle;
        } else {
            refused = middle;
        }
    }
    accepted
}
