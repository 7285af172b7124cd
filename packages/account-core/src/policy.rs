//! What an entry would do to the account's risk, by the ledger's own arithmetic.

use crate::calls::read_ledger;
use crate::intent::Intent;
use crate::state::Profile;
use crate::tier::Tier;
use crate::token_policy;
use margin_interface::{AccountError, Assessment, Limits, Market};
use soroban_sdk::{vec, Env, Vec};

/// Most blocks of an entry that can lower risk as well: orders and batches.
///
/// One that is signed and never executed would buy room for the rest of the entry, so every subset of them has to pass, and
/// their number is small.
pub const MAX_ORDERS: u32 = 2;

/// The account after the entry as a whole, with the value of `amounts`. Without actions nothing is read: reducing risk
/// depends on no price.
///
/// # Errors
/// * those of [`read_ledger`]
/// * [`AccountError::OperationNotAllowed`] - more than [`MAX_ORDERS`] orders
pub fn foresee(
    env: &Env,
    profile: &Profile,
    intent: &Intent,
    amounts: &Vec<(Market, i128)>,
) -> Result<Option<Assessment>, AccountError> {
    if intent.orders.len() > MAX_ORDERS {
        return Err(AccountError::OperationNotAllowed);
    }
    assess(env, profile, intent, u32::MAX, amounts)
}

/// The account after some of the orders.
fn assess(
    env: &Env,
    profile: &Profile,
    intent: &Intent,
    subset: u32,
    amounts: &Vec<(Market, i128)>,
) -> Result<Option<Assessment>, AccountError> {
    let mut chosen = intent.plain.clone();
    for (place, order) in intent.orders.iter().enumerate() {
        if subset >> place & 1 == 1 {
            chosen.append(&order);
        }
    }
    if chosen.is_empty() {
        return Ok(None);
    }
    let args = vec![env, intent.account.to_val(), chosen.to_val(), amounts.to_val()];
    read_ledger(env, profile, "assess", args).map(Some)
}

/// Refuses `intent` if it would take the account beyond `limits`. `whole` is what [`foresee`] said.
///
/// # Errors
/// * those of [`within`], [`read_ledger`] and [`token_policy::permits_debts`]
pub fn enforce<T: Tier>(
    env: &Env,
    profile: &Profile,
    limits: &Limits,
    intent: &Intent,
    whole: Option<Assessment>,
) -> Result<(), AccountError> {
    let mut next = whole;
    // The whole entry first: what is over the limit together is refused by the limit.
    for less in (0..1_u32 << intent.orders.len()).rev() {
        if let Some(after) = &next {
            within(after, limits)?;
            if T::SESSIONS {
                token_policy::permits_debts(env, &after.exposures)?;
            }
        }
        if less > 0 {
            next = assess(env, profile, intent, less - 1, &vec![env])?;
        }
    }
    Ok(())
}

/// Compares what an account would look like with its limits.
///
/// # Errors, in this order
/// * [`AccountError::ExcessiveLeverage`]
/// * [`AccountError::InsufficientHealth`]
/// * [`AccountError::TotalBorrowExceeded`]
/// * [`AccountError::MarketConcentration`]
pub fn within(after: &Assessment, limits: &Limits) -> Result<(), AccountError> {
    if after.leverage > limits.max_leverage {
        return Err(AccountError::ExcessiveLeverage);
    }
    if after.health_factor < limits.min_health {
        return Err(AccountError::InsufficientHealth);
    }
    if after.debt_value > limits.total_borrow {
        return Err(AccountError::TotalBorrowExceeded);
    }
    if after.exposure > limits.market_exposure {
        return Err(AccountError::MarketConcentration);
    }
    Ok(())
}
