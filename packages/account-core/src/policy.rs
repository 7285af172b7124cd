//! What a signature would do to the account's risk, by the ledger's own arithmetic.

use crate::state::Profile;
use margin_interface::{AccountError, AccountSummary, Action, LedgerError, Limits, MarginLedgerClient};
use soroban_sdk::{Env, InvokeError, Vec};

/// Most orders (opens and trades that may increase) of one entry.
///
/// An order can lower risk as well: it may bring margin, or offset a position. One that is signed and never executed would
/// then buy room for the rest of the entry, so every subset of the orders has to pass, and their number is small.
pub const MAX_ORDERS: u32 = 2;

/// Refuses `actions` if they would take the account beyond its own limits. Without actions nothing is read: reducing risk
/// depends on no price.
///
/// # Errors
/// * those of [`within`]; [`AccountError::StalePrice`] - a price that is needed may not be used;
///   [`AccountError::InsufficientHealth`] - the ledger cannot say what the account would look like
/// * [`AccountError::OperationNotAllowed`] - more than [`MAX_ORDERS`] orders
pub fn enforce(env: &Env, profile: &Profile, actions: &Vec<Action>) -> Result<(), AccountError> {
    let mut plain = Vec::new(env);
    let mut orders = Vec::new(env);
    for action in actions.iter() {
        if matches!(action, Action::Open(_) | Action::Trade(_)) {
            orders.push_back(action);
        } else {
            plain.push_back(action);
        }
    }
    if orders.len() > MAX_ORDERS {
        return Err(AccountError::OperationNotAllowed);
    }
    // The whole entry first: what is over the limit together is refused by the limit.
    for subset in (0..1_u32 << orders.len()).rev() {
        let mut chosen = plain.clone();
        for (place, order) in orders.iter().enumerate() {
            if subset >> place & 1 == 1 {
                chosen.push_back(order);
            }
        }
        if !chosen.is_empty() {
            within(&preview(env, profile, &chosen)?, &profile.limits)?;
        }
    }
    Ok(())
}

fn preview(env: &Env, profile: &Profile, actions: &Vec<Action>) -> Result<AccountSummary, AccountError> {
    let ledger = MarginLedgerClient::new(env, &profile.protocol.ledger);
    match ledger.try_preview(&env.current_contract_address(), actions) {
        Ok(Ok(summary)) => Ok(summary),
        Err(failure) => Err(refusal(failure)),
        Ok(Err(_)) => Err(AccountError::InsufficientHealth),
    }
}

/// The account's code for a read of the ledger that failed. A failed read refuses, whatever the reason.
pub fn refusal(failure: Result<LedgerError, InvokeError>) -> AccountError {
    match failure {
        Ok(LedgerError::PriceNotUsable) => AccountError::StalePrice,
        Ok(LedgerError::Overflow) => AccountError::ArithmeticOverflow,
        _ => AccountError::InsufficientHealth,
    }
}

/// Compares what an account would look like with its limits.
///
/// # Errors, in this order
/// * [`AccountError::ExcessiveLeverage`]
/// * [`AccountError::InsufficientHealth`]
/// * [`AccountError::TotalBorrowExceeded`]
/// * [`AccountError::MarketConcentration`]
pub fn within(summary: &AccountSummary, limits: &Limits) -> Result<(), AccountError> {
    if summary.leverage > limits.max_leverage {
        return Err(AccountError::ExcessiveLeverage);
    }
    if summary.health_factor < limits.min_health {
        return Err(AccountError::InsufficientHealth);
    }
    if summary.debt_value > limits.total_borrow {
        return Err(AccountError::TotalBorrowExceeded);
    }
    if summary.exposures.values().iter().any(|exposure| exposure > limits.market_exposure) {
        return Err(AccountError::MarketConcentration);
    }
    Ok(())
}
