//! What an entry would do to the account's risk, by the ledger's own arithmetic.

use crate::calls::read_ledger;
use crate::intent::Intent;
use crate::state::Profile;
use crate::tier::Tier;
use crate::token_policy;
use margin_interface::{AccountError, Limits, Market};
use soroban_sdk::{contracttype, vec, Address, Env, Map, Val, Vec};

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

/// An account as it would be, and what the amounts that were asked for are worth, USD 1e7: nothing without a price.
pub type Foreseen = (Risk, Option<i128>);

/// Asks the ledger.
///
/// # Errors
/// * those of [`read_ledger`]
pub fn assess(
    env: &Env,
    profile: &Profile,
    account: &Address,
    actions: &Vec<Val>,
    amounts: &Vec<(Market, i128)>,
) -> Result<Foreseen, AccountError> {
    let args = vec![env, account.to_val(), actions.to_val(), amounts.to_val()];
    read_ledger(env, profile, "assess", args)
}

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
) -> Result<Option<Foreseen>, AccountError> {
    if intent.orders.len() > MAX_ORDERS {
        return Err(AccountError::OperationNotAllowed);
    }
    after(env, profile, intent, u32::MAX, amounts)
}

/// The account after some of the orders.
fn after(
    env: &Env,
    profile: &Profile,
    intent: &Intent,
    subset: u32,
    amounts: &Vec<(Market, i128)>,
) -> Result<Option<Foreseen>, AccountError> {
    let mut chosen = intent.plain.clone();
    for (place, order) in intent.orders.iter().enumerate() {
        if subset >> place & 1 == 1 {
            chosen.append(&order);
        }
    }
    if chosen.is_empty() {
        return Ok(None);
    }
    assess(env, profile, &intent.account, &chosen, amounts).map(Some)
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
    whole: Option<Foreseen>,
) -> Result<(), AccountError> {
    let mut next = whole;
    // The whole entry first: what is over the limit together is refused by the limit.
    for less in (0..1_u32 << intent.orders.len()).rev() {
        if let Some((risk, _)) = &next {
            within(risk, limits)?;
            if T::SESSIONS {
                token_policy::permits_debts(env, &risk.exposures)?;
            }
        }
        if less > 0 {
            next = after(env, profile, intent, less - 1, &vec![env])?;
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
