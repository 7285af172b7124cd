//! Accounts that move as a whole.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::{limits, standing};
use margin_interface::{AccountState, AccountTransferred, LedgerError, Limits};
use soroban_sdk::Address;

/// Moves all that `from` owns, owes, holds and is called for to `to`, which must be empty and not flagged. Shares and
/// positions stay what they are, so no total changes; limits and grants belong to an address, not to what it holds. No
/// price is asked unless `to` has limits that `from` has not: then risk must keep them, as if it were taken there.
pub fn transfer_account(book: &mut Book, from: &Address, to: &Address) {
    let env = &book.env.clone();
    let (mut source, mut target) = (book.account(from), book.account(to));
    let empty = target.deposits.is_empty()
        && target.debts.is_empty()
        && target.positions.is_empty()
        && target.perp_debt == 0
        && target.pending.amount == 0;
    require(env, empty && from != to, LedgerError::AccountNotEmpty);
    standing::refuse_flagged(book, &target);
    let bound = target.limits != Limits::NONE && target.limits != source.limits;
    target = exchange(&mut source, target);
    let (from_seq, to_seq) = (book.put_account(from, &source), book.put_account(to, &target));
    if bound {
        limits::require_opening(book, to, &target);
    }
    emit!(book, AccountTransferred { from: from.clone(), to: to.clone(), from_seq, to_seq });
}

/// The holdings of `source` under the limits and grants of `target`, and the other way round.
fn exchange(source: &mut AccountState, target: AccountState) -> AccountState {
    let moved =
        AccountState { grants_epoch: target.grants_epoch, limits: target.limits.clone(), ..source.clone() };
    *source = AccountState { grants_epoch: source.grants_epoch, limits: source.limits.clone(), ..target };
    moved
}
