//! Accounts that move as a whole.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::{limits, standing};
use margin_interface::{AccountState, AccountTransferred, LedgerError, Limits};
use soroban_sdk::Address;

/// Moves all that `from` owns, owes, holds and is called for to `to`, which must be empty. Shares and positions stay what
/// they are, so no total changes; limits and grants belong to an address, not to what it holds. Who has limits takes over
/// nothing beyond them, and nobody runs from those who liquidate: not flagged, and not ahead of the flag.
pub fn transfer_account(book: &mut Book, from: &Address, to: &Address) {
    let env = &book.env.clone();
    let (source, target) = (book.account(from), book.account(to));
    let empty = target.deposits.is_empty()
        && target.debts.is_empty()
        && target.positions.is_empty()
        && target.perp_debt == 0
        && target.pending.amount == 0;
    require(env, empty && from != to, LedgerError::AccountNotEmpty);
    standing::refuse_flagged(book, &source);
    let from_seq = book.put_account(from, &exchanged(&target, &source));
    let owner = exchanged(&source, &target);
    let to_seq = book.put_account(to, &owner);
    emit!(book, AccountTransferred { from: from.clone(), to: to.clone(), from_seq, to_seq });
    if owner.limits != Limits::NONE {
        limits::require_opening(book, to, &owner);
    } else {
        standing::refuse_liquidatable(book, &owner);
    }
}

/// All of one account, with what belongs to the address of another.
fn exchanged(of: &AccountState, address: &AccountState) -> AccountState {
    let AccountState { flags, grants_epoch, .. } = *address;
    AccountState { flags, grants_epoch, limits: address.limits.clone(), ..of.clone() }
}
