//! What executors of orders are paid.

use crate::book::Book;
use crate::checked::*;
use crate::settlement::Till;
use crate::valuation::{self, Valuation};
use crate::{holdings, limits};
use margin_interface::{AccountState, AccountStatus, ExecutorPaid, LedgerError};
use soroban_sdk::Address;

/// Moves `at_most`, or all there is, of one settlement deposit to another, if the account might withdraw it; nothing
/// otherwise, for whoever cannot pay an executor may reduce nevertheless. Returns the amount.
pub fn pay_executor(book: &mut Book, account: &Address, executor: &Address, at_most: i128) -> i128 {
    let env = &book.env.clone();
    // One account open twice would be paid what it does not pay.
    require(env, at_most >= 0 && account != executor, LedgerError::InvalidAmount);
    let mut owner = book.account(account);
    let mut till = Till::open(book, &owner);
    let amount = till.purse.deposit.min(at_most);
    if !might_withdraw(book, &owner, amount) {
        return 0;
    }
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

/// Whether `amount` of the settlement deposit might leave: what is lent to the account is not its own to give away, and
/// neither is what its risk needs or what has to stay.
fn might_withdraw(book: &mut Book, owner: &AccountState, amount: i128) -> bool {
    let env = &book.env.clone();
    let settlement = book.config.settlement.clone();
    let locked_until = owner.locks.get(settlement.clone()).unwrap_or(0);
    if owner.perp_debt > 0 || owner.status == AccountStatus::Flagged || locked_until > book.now() {
        return false;
    }
    if !holdings::exposed(owner) {
        return true;
    }
    let (mut sheet, quotes) = valuation::sheet(book, owner);
    for line in sheet.deposits.iter_mut().filter(|line| line.asset == settlement) {
        decrease(env, &mut line.amount, amount);
    }
    if !sheet.is_priced(env, &quotes, Valuation::Open) {
        return false;
    }
    let valued = sheet.value(env, &quotes, Valuation::Open);
    valued.margin.opening_ok() && limits::within(env, &valued, &owner.limits)
}
