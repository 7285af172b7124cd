//! What executors of orders are paid.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::holdings::{deposited, held, hold, supply};
use crate::standing;
use crate::valuation::{self, Quotes};
use margin_interface::{AccountState, ExecutorPaid, LedgerError};
use soroban_sdk::Address;

/// Moves `at_most`, or all there is, of one settlement deposit to another. Returns the amount.
///
/// The amount is 0 if the account would then owe to the pool, or be liquidatable as far as is known: an executor is paid by the
/// trader, never by those who would bear the trader's loss.
pub fn pay_executor(book: &mut Book, account: &Address, executor: &Address, at_most: i128) -> i128 {
    let env = &book.env.clone();
    // One account open twice would be paid what it does not pay.
    require(env, at_most >= 0 && account != executor, LedgerError::InvalidAmount);
    let asset = book.config.settlement.clone();
    let (mut owner, mut paid) = (book.account(account), book.account(executor));
    let mut amount = deposited(book.settlement_asset(), &owner, &asset).min(at_most);
    // Shares change hands and the totals stay: what they are worth to the one they are worth to the other.
    let held_before = held(&owner.deposits, &asset);
    let mut shares =
        supply(&book.settlement_asset().totals).shares_ceil(amount).or_fail(env).min(held_before);
    hold(&mut owner.deposits, &asset, sub(env, held_before, shares));
    if !bears(book, &owner) || owner.perp_debt > 0 {
        // Both are stored and told of nevertheless: what a call touches must not depend on the price of the moment.
        hold(&mut owner.deposits, &asset, held_before);
        (amount, shares) = (0, 0);
    }
    let received = add(env, held(&paid.deposits, &asset), shares);
    hold(&mut paid.deposits, &asset, received);
    let account_seq = book.put_account(account, &owner);
    let executor_seq = book.put_account(executor, &paid);
    let (account, executor) = (account.clone(), executor.clone());
    emit!(book, ExecutorPaid { account, executor, account_seq, amount, executor_seq });
    amount
}

/// Whether the account is known not to be liquidatable.
fn bears(book: &mut Book, owner: &AccountState) -> bool {
    let mut quotes = Quotes::new();
    quotes.want_account(book, owner);
    let quotes = quotes.fetch(book);
    let margin = valuation::proof(book, owner, quotes);
    !standing::liquidatable(owner, &margin, book.now())
}
