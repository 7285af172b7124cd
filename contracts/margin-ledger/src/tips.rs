//! What executors of orders are paid.

use crate::book::Book;
use crate::checked::*;
use crate::settlement::Till;
use margin_interface::{ExecutorPaid, LedgerError};
use soroban_sdk::Address;

/// Moves `at_most`, or all there is, of one settlement deposit to another. Returns the amount.
pub fn pay_executor(book: &mut Book, account: &Address, executor: &Address, at_most: i128) -> i128 {
    let env = &book.env.clone();
    // One account open twice would be paid what it does not pay.
    require(env, at_most >= 0 && account != executor, LedgerError::InvalidAmount);
    let mut owner = book.account(account);
    let mut till = Till::open(book, &owner);
    let amount = till.purse.deposit.min(at_most);
    decrease(env, &mut till.purse.deposit, amount);
    till.close(book, &mut owner);
    let account_seq = book.put_account(account, &owner);
    let mut paid = book.account(executor);
    let mut till = Till::open(book, &paid);
    increase(env, &mut till.purse.deposit, amount);
    till.close(book, &mut paid);
    let executor_seq = book.put_account(executor, &paid);
    let (account, executor) = (account.clone(), executor.clone());
    ExecutorPaid { account, executor, account_seq, amount, executor_seq }.publish(env);
    amount
}
