//! Where an account stands: called for margin, flagged for liquidation, or neither; and whether it may be liquidated.
//!
//! Anybody may say it, the prices decide. A call blocks nothing by itself. It ends with whatever touches the account when
//! it is at its level again: so no hour is stored for later, and a payment of dust gains nothing. Where no price says how
//! the account stands the call stays as it is; nothing that is paid in is refused for it.

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

/// Calls for margin, or ends the call of an account that is cured. Returns the deadline, 0 when there is none.
pub fn margin_call(book: &mut Book, account: &Address) -> u64 {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    refuse_flagged(book, &owner);
    let short = is_short(book, &owner).unwrap_or_else(|| fail(env, LedgerError::PriceNotUsable));
    // A call that lapsed is still stored: it ends here, or begins anew.
    if !short {
        require(env, owner.status == AccountStatus::MarginCall, LedgerError::AccountHealthy);
        enter(book, account, &mut owner, AccountStatus::Normal);
        return 0;
    }
    if status(&owner, book.now()) != AccountStatus::MarginCall {
        enter(book, account, &mut owner, AccountStatus::MarginCall);
    }
    deadline(&owner)
}

/// Ends the calls of the accounts that were changed and are at their level.
pub fn end_cured_calls(book: &mut Book) {
    let mut place = 0;
    while let Some(account) = book.changed(&mut place) {
        let mut owner = book.account(&account);
        let called = status(&owner, book.now()) == AccountStatus::MarginCall;
        if called && is_short(book, &owner) == Some(false) {
            enter(book, &account, &mut owner, AccountStatus::Normal);
        }
    }
}

/// Whether the account is below its margin-call level, `None` while prices do not say: where one is not live, too little at
/// the account's better ends proves it, and enough there proves nothing.
fn is_short(book: &mut Book, owner: &AccountState) -> Option<bool> {
    let (sheet, quotes) = valuation::sheet(book, owner);
    let sheet = counted(sheet);
    let live = !sheet.is_exposed() || quotes.serve(Valuation::Open);
    if !live && !quotes.serve(Valuation::Liquidation) {
        return None;
    }
    let valuation = if live { Valuation::Live } else { Valuation::Liquidation };
    let short = !sheet.value(&book.env, &quotes, valuation).margin.margin_call_ok();
    (live || short).then_some(short)
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

/// Refuses who may be liquidated now. Without a price nobody can do it.
pub fn refuse_liquidatable(book: &mut Book, owner: &AccountState) {
    let (sheet, quotes) = valuation::sheet(book, owner);
    if sheet.is_exposed() && quotes.serve(Valuation::Liquidation) {
        let margin = sheet.value(&book.env, &quotes, Valuation::Liquidation).margin;
        require(&book.env, !liquidatable(owner, &margin, book.now()), LedgerError::InsufficientMargin);
    }
}

/// Whether an account with this margin, in the Liquidation valuation, may be liquidated: below the liquidation level, or
/// below the margin-call level while it is flagged or after the deadline of a call. So a flag ends in a liquidation or in
/// health.
pub fn liquidatable(owner: &AccountState, margin: &Margin, now: u64) -> bool {
    let due = match status(owner, now) {
        AccountStatus::Normal => false,
        AccountStatus::MarginCall => now >= deadline(owner),
        AccountStatus::Flagged => true,
    };
    !margin.liquidation_ok() || (due && !margin.margin_call_ok())
}

/// Where the account stands now: a call that nobody acted on has lapsed.
pub fn status(owner: &AccountState, now: u64) -> AccountStatus {
    match owner.status {
        AccountStatus::MarginCall if now >= deadline(owner) + TO_LAPSE => AccountStatus::Normal,
        stored => stored,
    }
}

/// Refuses what only an account without a flag may do.
pub fn refuse_flagged(book: &Book, owner: &AccountState) {
    require(&book.env, owner.status != AccountStatus::Flagged, LedgerError::AccountFlagged);
}

fn deadline(owner: &AccountState) -> u64 {
    owner.since + TO_CURE
}

fn enter(book: &mut Book, account: &Address, owner: &mut AccountState, status: AccountStatus) {
    let since = book.now();
    (owner.status, owner.since) = (status, since);
    if status == AccountStatus::Flagged {
        owner.flags += 1;
    }
    let account_seq = book.put_account(account, owner);
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
