//! Conditions of orders. What cannot be known now neither holds nor fails, and so does its opposite.

use crate::{desk::Desk, error::OrRefuse, funding, nonces};
use margin_interface::{ClearingError, Condition, MAX_CONDITIONS, MAX_CONDITION_DEPTH};
use margin_math::marks::WINDOW;
use soroban_sdk::{Env, Vec};

/// Whether there are few enough of them, none too deep inside others.
pub fn bounded(conditions: &Vec<Condition>) -> bool {
    count(conditions, MAX_CONDITION_DEPTH).is_some_and(|sum| sum <= MAX_CONDITIONS)
}

fn count(conditions: &Vec<Condition>, depth: u32) -> Option<u32> {
    let mut sum = conditions.len();
    if sum > MAX_CONDITIONS {
        return None;
    }
    for condition in conditions.iter() {
        if let Condition::Not(inner) | Condition::Or(inner) = condition {
            sum += count(&inner, depth.checked_sub(1)?)?;
        }
    }
    Some(sum)
}

/// Refuses unless all of them hold.
///
/// # Errors
/// * [`ClearingError::ConditionNotMet`]
/// * [`ClearingError::PriceNotUsable`] - none fails, but one asks for a price that is not known
pub fn check(env: &Env, desk: &Desk, conditions: &Vec<Condition>) -> Result<(), ClearingError> {
    // All of them hold when none of their opposites does.
    match any(env, desk, conditions, false)? {
        Some(true) => Err(ClearingError::ConditionNotMet),
        Some(false) => Ok(()),
        None => Err(ClearingError::PriceNotUsable),
    }
}

/// Whether at least one of them is `wanted`; `None` if that cannot be known.
fn any(
    env: &Env,
    desk: &Desk,
    conditions: &Vec<Condition>,
    wanted: bool,
) -> Result<Option<bool>, ClearingError> {
    let (mut found, mut known) = (false, Some(false));
    // Each is looked at: what a call reads must not depend on the price of the moment.
    for condition in conditions.iter() {
        match holds(env, desk, &condition)? {
            Some(held) => found |= held == wanted,
            None => known = None,
        }
    }
    Ok(if found { Some(true) } else { known })
}

fn holds(env: &Env, desk: &Desk, condition: &Condition) -> Result<Option<bool>, ClearingError> {
    let now = env.ledger().timestamp();
    let index = desk.index();
    let index_price = funding::usable(index).then_some(index.mid);
    let mark = || desk.marks().twap(now, WINDOW).on_curve();
    Ok(match condition {
        Condition::TimestampAfter(at) => Some(now >= *at),
        Condition::TimestampBefore(at) => Some(now < *at),
        Condition::IndexAbove(price) => index_price.map(|index| index >= *price),
        Condition::IndexBelow(price) => index_price.map(|index| index <= *price),
        Condition::MarkAbove(price) => mark()?.map(|mark| mark >= *price),
        Condition::MarkBelow(price) => mark()?.map(|mark| mark <= *price),
        Condition::MarketOpen => Some(desk.accepts_risk()),
        Condition::PositionAbove(size) => Some(desk.size() >= *size),
        Condition::PositionBelow(size) => Some(desk.size() <= *size),
        Condition::OrderFilled(nonce) => Some(nonces::is_filled(env, desk.account, *nonce)),
        Condition::Not(inner) => any(env, desk, inner, true)?.map(|one| !one),
        Condition::Or(inner) => any(env, desk, inner, true)?,
    })
}
