//! Whether an account may take risk: the opening level, the initial margins, and the limits it set itself.

use crate::book::Book;
use crate::checked::*;
use crate::standing;
use crate::valuation::{self, Quotes, Sheet, Valuation, Valued};
use margin_interface::{AccountState, LedgerError, Limits, LimitsSet};
use soroban_sdk::{Address, Env};

/// Largest health factor an account may demand of itself, bps: 100.
const MAX_MIN_HEALTH: u32 = 1_000_000;

/// Sets the account's own limits. They bind whoever signs: delegates and resting orders run no policy of the account.
///
/// # Errors
/// * [`LedgerError::InvalidConfig`] - a negative amount, or a health beyond 100
///
/// # Events
/// * [`LimitsSet`]
///
/// # Authorization
/// `account` itself, never a delegate.
pub fn set_limits(book: &mut Book, account: &Address, limits: &Limits) {
    let env = &book.env.clone();
    account.require_auth();
    if limits.market_exposure < 0 || limits.total_borrow < 0 || limits.min_health > MAX_MIN_HEALTH {
        fail(env, LedgerError::InvalidConfig);
    }
    let mut state = book.account(account);
    state.limits = limits.clone();
    let account_seq = book.put_account(account, &state);
    LimitsSet { account: account.clone(), limits: limits.clone(), account_seq }.publish(&book.env);
}

/// Refuses unless the account, as it is now, may hold its risk; ends a margin call that it thereby has cured. An account
/// without risk needs no price.
///
/// # Errors
/// * [`LedgerError::AccountFlagged`]
/// * [`LedgerError::PriceNotUsable`] - a price is not live
/// * [`LedgerError::InsufficientMargin`] - opening level or initial margins
/// * [`LedgerError::LimitExceeded`] - its own limits
pub fn require_opening(book: &mut Book, account: &Address, state: &AccountState) {
    let (sheet, quotes) = valuation::sheet(book, state);
    require_within(book, account, &sheet, &quotes, state)
}

/// [`require_opening`] with quotes that are known already.
pub fn require_opening_at(book: &mut Book, quotes: &Quotes, account: &Address, state: &AccountState) {
    let sheet = Sheet::of(book, state);
    require_within(book, account, &sheet, quotes, state)
}

fn require_within(book: &mut Book, account: &Address, sheet: &Sheet, quotes: &Quotes, state: &AccountState) {
    standing::refuse_flagged(book, state);
    if !sheet.is_exposed() {
        return;
    }
    let env = &book.env.clone();
    let valued = sheet.value(env, quotes, Valuation::Open);
    require(env, valued.margin.opening_ok(), LedgerError::InsufficientMargin);
    require(env, within(env, &valued, &state.limits), LedgerError::LimitExceeded);
    standing::cured(book, account);
}

fn within(env: &Env, valued: &Valued, limits: &Limits) -> bool {
    let margin = &valued.margin;
    margin.leverage().or_fail(env) <= limits.max_leverage
        && margin.health().or_fail(env) >= limits.min_health
        && margin.debt <= limits.total_borrow
        && valued.exposure() <= limits.market_exposure
}
