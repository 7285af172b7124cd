//! Orders filled against each other. The operator alone can move nothing: both sides have signed their orders.

use crate::{
    error::{bounded, refuse, require, OrRefuse},
    orders, storage,
};
use margin_interface::{lean, ClearingError, MarginLedgerClient, MatchedFill, MAX_FILLS};
use margin_math::fixed::add;
use soroban_sdk::{Address, Env, Vec};

/// Checks that the fills cancel out, asks for every consent, then fills one after the other.
pub fn settle(
    env: &Env,
    ledger: &MarginLedgerClient,
    operator: &Address,
    fills: &Vec<MatchedFill>,
) -> Result<(), ClearingError> {
    operator.require_auth();
    refuse(storage::config(env).operator.as_ref() != Some(operator), ClearingError::NotOperator)?;
    check(env, fills)?;
    // Every policy sees the state in which the call was made: nothing is filled before the last consent.
    for fill in fills.iter() {
        orders::require_consent(env, operator, &fill.order);
    }
    for MatchedFill { order, quote_delta, size_delta } in fills.iter() {
        orders::ready(env, ledger, &order, Some(operator))?.settle(env, operator, size_delta, quote_delta)?;
    }
    Ok(())
}

/// One market, no account twice, and nothing left over.
fn check(env: &Env, fills: &Vec<MatchedFill>) -> Result<(), ClearingError> {
    require((1..=MAX_FILLS).contains(&fills.len()), ClearingError::InvalidMatch)?;
    let (mut size, mut quote) = (0, 0);
    let mut market = None;
    let mut accounts = lean::list(env);
    for MatchedFill { order, quote_delta, size_delta } in fills.iter() {
        bounded(size_delta).and(bounded(quote_delta)).or(Err(ClearingError::InvalidMatch))?;
        size = add(size, size_delta).on_curve()?;
        quote = add(quote, quote_delta).on_curve()?;
        let same = *market.get_or_insert(order.market.clone()) == order.market;
        refuse(!same || lean::contains(&accounts, &order.account), ClearingError::InvalidMatch)?;
        accounts.push_back(order.account);
    }
    require(size == 0 && quote == 0, ClearingError::InvalidMatch)
}
