//! What an entry would do to the account's risk, by the ledger's own arithmetic.

use crate::calls::read_ledger;
use crate::intent::Intent;
use crate::state::Profile;
use crate::tier::Tier;
use crate::token_policy;
use margin_interface::{AccountError, Limits, Market};
use soroban_sdk::{contracttype, vec, Env, Map};

/// Most blocks of an entry that can lower risk as well: orders and batches.
///
/// One that is signed and never executed would buy room for the rest of the entry, so every subset of them has to pass, and
/// their number is small.
pub const MAX_ORDERS: u32 = 2;

// The part of the ledger's `AccountSummary` that the limits are about.
/// An account as it would be.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Risk {
    /// Lending and perpetual debt, USD 1e7.
    pub debt_value: i128,
    /// Debt or notional, USD 1e7.
    pub exposures: Map<Market, i128>,
    /// bps.
    pub health_factor: u32,
    /// Hundredths.
    pub leverage: u32,
}

/// Refuses `intent` if it would take the account beyond `limits`. Without actions nothing is read: reducing risk depends on
/// no price.
///
/// # Errors
/// * those of [`within`], [`read_ledger`] and [`token_policy::permits_debts`]
/// * [`AccountError::OperationNotAllowed`] - more than [`MAX_ORDERS`] orders
pub fn enforce<T: Tier>(
    env: &Env,
    profile: &Profile,
    limits: &Limits,
    intent: &Intent,
) -> Result<(), AccountError> {
    let orders = &intent.orders;
    if orders.len() > MAX_ORDERS {
        return Err(AccountError::OperationNotAllowed);
    }
    // The whole entry first: what is over the limit together is refused by the limit.
    for subset in (0..1_u32 << orders.len()).rev() {
        let mut chosen = intent.plain.clone();
        for (place, order) in orders.iter().enumerate() {
            if subset >> place & 1 == 1 {
                chosen.append(&order);
            }
        }
        if !chosen.is_empty() {
            let args = vec![env, intent.account.to_val(), chosen.to_val()];
            let risk: Risk = read_ledger(env, profile, "preview", args)?;
            within(&risk, limits)?;
            if T::SESSIONS {
                token_policy::permits_debts(env, &risk.exposures)?;
            }
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
pub fn within(risk: &Risk, limits: &Limits) -> Result<(), AccountError> {
    if risk.leverage > limits.max_leverage {
        return Err(AccountError::ExcessiveLeverage);
    }
    if risk.health_factor < limits.min_health {
        return Err(AccountError::InsufficientHealth);
    }
    if risk.debt_value > limits.total_borrow {
        return Err(AccountError::TotalBorrowExceeded);
    }
    if risk.exposures.values().iter().any(|exposure| exposure > limits.market_exposure) {
        return Err(AccountError::MarketConcentration);
    }
    Ok(())
}
