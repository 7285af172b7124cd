//! Accounts that move as a whole.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::{limits, standing};
use core::mem::swap;
use margin_interface::{AccountTransferred, LedgerError, Limits};
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
    // Everything, and back what belongs to the address.
    swap(&mut source, &mut target);
    swap(&mut source.flags, &mut target.flags);
    swap(&mut source.grants_epoch, &mut target.grants_epoch);
    swap(&mut source.limits, &mut target.limits);
    let (from_seq, to_seq) = (book.put_account(from, &source), book.put_account(to, &target));
    emit!(book, AccountTransferred { from: from.clone(), to: to.clone(), from_seq, to_seq });
    if target.limits != Limits::NONE {
        limits::require_opening(book, to, &target);
    }
}
