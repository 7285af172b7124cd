//! Accounts that move as a whole.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::{limits, standing};
use margin_interface::{AccountState, AccountTransferred, LedgerError, Limits};
use soroban_sdk::Address;

/// Moves all that `from` owns, owes, holds and is called for to `to`, which must be empty. Shares and positions stay what
/// they are, so no total changes; limits and grants belong to an address, not to what it holds. Who has limits takes over
/// nothing beyond them, and a flagged account does not run from those who liquidate it.
pub fn transfer_account(book: &mut Book, from: &Address, to: &Address) {
    let env = &book.env.clone();
    let (mut source, mut target) = (book.account(from), book.account(to));
    let empty = target.deposits.is_empty()
        && target.debts.is_empty()
        && target.positions.is_empty()
        && target.perp_debt == 0
        && target.pending.amount == 0;
    require(env, empty && from != to, LedgerError::AccountNotEmpty);
    standing::refuse_flagged(book, &source);
    target = exchange(&mut source, target);
    let (from_seq, to_seq) = (book.put_account(from, &source), book.put_account(to, &target));
    emit!(book, AccountTransferred { from: from.clone(), to: to.clone(), from_seq, to_seq });
    if target.limits != Limits::NONE {
        limits::require_opening(book, to, &target);
    }
}

/// The holdings of `source` under the limits, grants and flags of `target`, and the other way round.
fn exchange(source: &mut AccountState, target: AccountState) -> AccountState {
    let under = |whose: &AccountState, holdings: &AccountState| AccountState {
        flags: whose.flags,
        grants_epoch: whose.grants_epoch,
        limits: whose.limits.clone(),
        ..holdings.clone()
    };
    let moved = under(&target, source);
    *source = under(source, &target);
    moved
}
