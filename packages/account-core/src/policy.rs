//! What a signature would do to the account's risk, by the ledger's own arithmetic.

use crate::calls::read_ledger;
use crate::classify::Operated;
use crate::state::Profile;
use margin_interface::{AccountError, AccountSummary, Limits};
use soroban_sdk::{vec, Env, Val, Vec};

/// Most orders (opens and trades that may increase) of one entry.
///
/// An order can lower risk as well: it may bring margin, or offset a position. One that is signed and never executed would
/// then buy room for the rest of the entry, so every subset of the orders has to pass, and their number is small.
pub const MAX_ORDERS: u32 = 2;

/// What one entry may do to the account's risk: encoded actions.
pub struct Intent {
    /// Opens and trades that may increase.
    orders: Vec<Val>,
    /// Everything else: it only adds to the risk.
    plain: Vec<Val>,
}

impl Intent {
    /// Nothing yet.
    pub fn new(env: &Env) -> Intent {
        Intent { orders: Vec::new(env), plain: Vec::new(env) }
    }

    /// Adds what a context means.
    pub fn add(&mut self, operated: Operated) {
        if let Some(action) = operated.action {
            let list = if operated.order { &mut self.orders } else { &mut self.plain };
            list.push_back(action);
        }
    }
}

/// Refuses `intent` if it would take the account beyond its own limits. Without actions nothing is read: reducing risk
/// depends on no price.
///
/// # Errors
/// * those of [`within`] and [`read_ledger`]
/// * [`AccountError::OperationNotAllowed`] - more than [`MAX_ORDERS`] orders
pub fn enforce(env: &Env, profile: &Profile, intent: &Intent) -> Result<(), AccountError> {
    let orders = &intent.orders;
    if orders.len() > MAX_ORDERS {
        return Err(AccountError::OperationNotAllowed);
    }
    // The whole entry first: what is over the limit together is refused by the limit.
    for subset in (0..1_u32 << orders.len()).rev() {
        let mut chosen = intent.plain.clone();
        for (place, order) in orders.iter().enumerate() {
            if subset >> place & 1 == 1 {
                chosen.push_back(order);
            }
        }
        if !chosen.is_empty() {
            let args = vec![env, env.current_contract_address().to_val(), chosen.to_val()];
            let summary: AccountSummary = read_ledger(env, profile, "preview", args)?;
            within(&summary, &profile.limits)?;
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
