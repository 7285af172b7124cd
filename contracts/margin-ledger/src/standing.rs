//! Where an account stands: called for margin, flagged for liquidation, or neither; and whether it may be liquidated.
//!
//! Anybody may say it, the prices decide. A call blocks nothing by itself: who passes the opening level has cured it.
//! Paying in asks no price, so whether it cured a call is not known then: the call is in doubt, and ends unless somebody
//! shows soon that the account is still below. So no hour is stored for later, and a payment of dust gains nothing.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::valuation::{self, Sheet, Valuation};
use margin_interface::{AccountState, AccountStatus, LedgerError, StatusChanged};
use margin_math::margin::Margin;
use soroban_sdk::Address;

/// Seconds that a margin call gives.
const TO_CURE: u64 = 3_600;
/// Seconds after the deadline when a call that nobody acted on ends by itself.
const TO_LAPSE: u64 = 86_400;
/// Seconds after a payment in which somebody has to show that a called account is still below its level.
const TO_CONFIRM: u64 = 600;

/// Calls for margin, or confirms a call, or ends the call of an account that is cured. Returns the deadline, 0 when there
/// is none. While a price is not live the account's better ends decide.
pub fn margin_call(book: &mut Book, account: &Address) -> u64 {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    refuse_flagged(book, &owner);
    let (sheet, quotes) = valuation::sheet(book, &owner);
    let valuation = if quotes.are_live() { Valuation::Live } else { Valuation::Liquidation };
    if counted(sheet).value(env, &quotes, valuation).margin.margin_call_ok() {
        // One that lapsed is still stored, and ends here.
        require(env, owner.status == AccountStatus::MarginCall, LedgerError::AccountHealthy);
        enter(book, account, &mut owner, AccountStatus::Normal);
        return 0;
    }
    if status(&owner, book.now()) != AccountStatus::MarginCall {
        enter(book, account, &mut owner, AccountStatus::MarginCall);
    } else if owner.until != lapse(&owner) {
        owner.until = lapse(&owner);
        tell(book, account, &owner);
    }
    deadline(&owner)
}

/// Flags an account below its liquidation level. One that is only overdue keeps its deadline: a flag would forget it.
pub fn flag(book: &mut Book, account: &Address) {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    refuse_flagged(book, &owner);
    let healthy = valued(book, &owner, Valuation::Liquidation).liquidation_ok();
    require(env, !healthy, LedgerError::NotLiquidatable);
    enter(book, account, &mut owner, AccountStatus::Flagged);
}

/// Takes the flag off an account that is healthy again.
pub fn unflag(book: &mut Book, account: &Address) {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    require(env, owner.status == AccountStatus::Flagged, LedgerError::AccountHealthy);
    let healthy = valued(book, &owner, Valuation::Live).margin_call_ok();
    require(env, healthy, LedgerError::InsufficientMargin);
    enter(book, account, &mut owner, AccountStatus::Normal);
}

/// Ends the call of an account that is at its opening level.
pub fn cured(book: &mut Book, account: &Address) {
    let mut owner = book.account(account);
    if owner.status == AccountStatus::MarginCall {
        enter(book, account, &mut owner, AccountStatus::Normal);
    }
}

/// Whether the account may be liquidated now.
pub fn is_liquidatable(book: &mut Book, account: &Address) -> bool {
    let owner = book.account(account);
    let margin = valued(book, &owner, Valuation::Liquidation);
    liquidatable(&owner, &margin, book.now())
}

/// Whether an account with this margin, in the Liquidation valuation, may be liquidated: below the liquidation level, or
/// below the margin-call level after the deadline of a call.
pub fn liquidatable(owner: &AccountState, margin: &Margin, now: u64) -> bool {
    let overdue = status(owner, now) == AccountStatus::MarginCall && now >= deadline(owner);
    !margin.liquidation_ok() || (overdue && !margin.margin_call_ok())
}

/// Where the account stands now: a call that nobody acted on has lapsed.
pub fn status(owner: &AccountState, now: u64) -> AccountStatus {
    match owner.status {
        AccountStatus::MarginCall if now >= owner.until => AccountStatus::Normal,
        stored => stored,
    }
}

/// Refuses what only an account without a flag may do.
pub fn refuse_flagged(book: &Book, owner: &AccountState) {
    require(&book.env, owner.status != AccountStatus::Flagged, LedgerError::AccountFlagged);
}

/// Something was paid in: a call of the account ends unless it is confirmed.
pub fn doubt(owner: &mut AccountState, now: u64) {
    owner.until = owner.until.min(now + TO_CONFIRM);
}

fn deadline(owner: &AccountState) -> u64 {
    owner.since + TO_CURE
}

fn lapse(owner: &AccountState) -> u64 {
    deadline(owner) + TO_LAPSE
}

fn enter(book: &mut Book, account: &Address, owner: &mut AccountState, status: AccountStatus) {
    (owner.status, owner.since) = (status, book.now());
    if status == AccountStatus::Flagged {
        owner.flags += 1;
    }
    owner.until = lapse(owner);
    tell(book, account, owner);
}

fn tell(book: &mut Book, account: &Address, owner: &AccountState) {
    let account_seq = book.put_account(account, owner);
    let (since, status) = (owner.since, owner.status);
    emit!(book, StatusChanged { account: account.clone(), account_seq, since, status });
}

fn valued(book: &mut Book, owner: &AccountState, valuation: Valuation) -> Margin {
    let (sheet, quotes) = valuation::sheet(book, owner);
    counted(sheet).value(&book.env, &quotes, valuation).margin
}

/// An account that owes and risks nothing needs no price for it.
fn counted(sheet: Sheet) -> Sheet {
    if sheet.is_exposed() {
        sheet
    } else {
        Sheet::empty()
    }
}
