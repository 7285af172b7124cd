//! Deposits, withdrawals, loans and repayments, as the vault books them.
//!
//! Each function has one order: load, check, change, check the end state, emit. The caller stores the book. Whether an account may take
//! risk is asked of `limits`; an account that owes and risks nothing is never asked, so its exit needs no price.

use crate::{
    book::Book,
    checked::*,
    holdings::{self, Change},
    limits, pool,
    settlement::{self, Till},
    standing,
};
use margin_interface::{
    AccountState, Accrued, AssetState, Borrowed, Deposited, LedgerError, Repaid, Withdrawn,
};
use soroban_sdk::{Address, Env};

/// Books `amount` that arrived from `from` as a deposit of `account`; returns the shares.
pub fn credit(book: &mut Book, from: &Address, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    let state = book.asset_mut(asset);
    require_enabled(env, state);
    // Eight dust deposits of a stranger would lock the account out of its own collateral.
    if from != account && !owner.deposits.contains_key(asset.clone()) {
        fail(env, LedgerError::ThirdPartySlot);
    }
    let change = holdings::add_deposit(state, &mut owner, asset, amount);
    if state.totals.supplied > state.config.supply_cap {
        fail(env, LedgerError::SupplyCapExceeded);
    }
    increase(env, &mut state.totals.cash, amount);
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    Deposited {
        account: account.clone(),
        asset: asset.clone(),
        account_seq,
        amount,
        asset_seq,
        from: from.clone(),
        shares: change.shares,
    }
    .publish(&book.env);
    change.shares
}

/// Takes `amount` ([`ALL`]: everything) out of a deposit; returns it.
pub fn debit(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    standing::refuse_flagged(book, &owner);
    let Change { amount, shares } = holdings::take_deposit(book.asset_mut(asset), &mut owner, asset, amount);
    let asset_seq = pay_out(book, asset, amount).totals.seq;
    let account_seq = book.put_account(account, &owner);
    if holdings::exposed(&owner) {
        limits::require_opening(book, account, &owner);
    }
    Withdrawn { account: account.clone(), asset: asset.clone(), account_seq, amount, asset_seq, shares }
        .publish(&book.env);
    amount
}

/// Books a debt of `amount`; returns the shares.
pub fn borrow(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    require_enabled(env, book.asset(asset));
    let now = book.now();
    let state = pay_out(book, asset, amount);
    let Change { shares, .. } = holdings::add_debt(state, &mut owner, asset, amount);
    // Interest below one unit waits, and with it the clock. New debt must not pay for that time.
    state.totals.updated_at = now;
    if state.totals.borrowed > state.config.borrow_cap {
        fail(env, LedgerError::BorrowCapExceeded);
    }
    let lendable = add(env, state.totals.supplied, state.totals.reserves);
    if state.totals.borrowed > bps_floor(env, lendable, state.config.max_utilisation_bps) {
        fail(env, LedgerError::UtilisationExceeded);
    }
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    limits::require_opening(book, account, &owner);
    Borrowed { account: account.clone(), asset: asset.clone(), account_seq, amount, asset_seq, shares }
        .publish(&book.env);
    shares
}

/// Books a repayment of at most `amount`; returns what was owed and is now paid.
pub fn repay(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let paid = extinguish(book, account, asset, amount);
    increase(env, &mut book.asset_mut(asset).totals.cash, paid.total());
    finish_repayment(book, account, asset, &paid, false)
}

/// [`repay`] out of the account's own deposit of the same asset: both totals fall, no token moves, no price is asked.
pub fn repay_with_collateral(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    require_positive(&book.env, amount);
    let paid = net(book, account, asset, amount);
    settlement::realize_bad_debt(book, account);
    finish_repayment(book, account, asset, &paid, true)
}

/// Accrues the interest of an asset up to now.
pub fn accrue(book: &mut Book, asset: &Address) {
    let totals = &book.asset_mut(asset).totals;
    let (asset_seq, borrowed, supplied) = (totals.seq, totals.borrowed, totals.supplied);
    Accrued { asset: asset.clone(), asset_seq, borrowed, supplied }.publish(&book.env);
}

/// What a repayment extinguished.
pub struct Paid {
    /// Perpetual debt, settlement units.
    pub perp: i128,
    /// Lending debt.
    pub lending: Change,
}

impl Paid {
    /// Nothing.
    pub const NOTHING: Paid = Paid { perp: 0, lending: Change { amount: 0, shares: 0 } };

    /// Token units in all.
    pub fn total(&self) -> i128 {
        self.perp + self.lending.amount
    }
}

/// Extinguishes at most `amount` of what the account owes in `asset`, perpetual debt first. The cash leg is the
/// caller's.
pub fn extinguish(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Paid {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    let lends_to = owner.debts.contains_key(asset.clone());
    let perp = if asset == &book.config.settlement && owner.perp_debt > 0 {
        extinguish_perp(book, &mut owner, amount)
    } else if lends_to {
        0
    } else {
        fail(env, LedgerError::NothingOwed);
    };
    let rest = sub(env, amount, perp);
    let mut lending = Change { amount: 0, shares: 0 };
    if lends_to && rest > 0 {
        lending = holdings::take_debt(book.asset_mut(asset), &mut owner, asset, rest);
    }
    book.put_account(account, &owner);
    Paid { perp, lending }
}

/// Pays at most `amount` of what the account owes in `asset` with its own deposit of it.
pub fn net(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Paid {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    let due = due(book, &owner, asset);
    let state = book.asset_mut(asset);
    let most = holdings::deposited(state, &owner, asset);
    if most == 0 {
        fail(env, LedgerError::InsufficientBalance);
    }
    if due == 0 {
        fail(env, LedgerError::NothingOwed);
    }
    // Both legs are one amount, fixed before either is booked: rounding in one cannot unbalance the other.
    let amount = amount.min(most).min(due);
    holdings::take_deposit(state, &mut owner, asset, amount);
    book.put_account(account, &owner);
    extinguish(book, account, asset, amount)
}

/// All that the account owes in `asset`.
fn due(book: &mut Book, owner: &AccountState, asset: &Address) -> i128 {
    let env = &book.env.clone();
    let lending = holdings::owed(book.asset(asset), owner, asset);
    if asset != &book.config.settlement {
        return lending;
    }
    add(env, lending, holdings::perp_owed(book.settlement(), owner))
}

/// Takes tokens out of the vault: never more than is there, and of the settlement asset never what the buckets hold.
/// Returns the asset they are taken from.
pub fn pay_out<'a>(book: &'a mut Book, asset: &Address, amount: i128) -> &'a mut AssetState {
    let env = &book.env.clone();
    let mut kept = 0;
    if asset == &book.config.settlement {
        kept = settlement::buckets(book.settlement()).net().or_fail(env);
    }
    let state = book.asset_mut(asset);
    decrease(env, &mut state.totals.cash, amount);
    if state.totals.cash < kept.max(0) {
        fail(env, LedgerError::InsufficientLiquidity);
    }
    state
}

fn extinguish_perp(book: &mut Book, owner: &mut AccountState, amount: i128) -> i128 {
    let change = holdings::take_perp_debt(book.settlement_mut(), owner, amount);
    // Whether or not winners wait: what a repayment reads must not depend on what others did since it was simulated.
    relieve(book, owner);
    change.amount
}

/// What comes back to the pool goes to waiting winners first, as far as those who have not left yet allow.
fn relieve(book: &mut Book, owner: &mut AccountState) {
    let env = &book.env.clone();
    let quotes = pool::quotes(book, &[]);
    let winners = pool::winners(book, &quotes);
    let mut till = Till::open(book, owner);
    till.buckets.relieve(winners).or_fail(env);
    till.close(book, owner);
}

fn finish_repayment(
    book: &mut Book,
    account: &Address,
    asset: &Address,
    paid: &Paid,
    with_collateral: bool,
) -> i128 {
    Repaid {
        account: account.clone(),
        asset: asset.clone(),
        account_seq: book.account(account).seq,
        amount: paid.lending.amount,
        asset_seq: book.asset(asset).totals.seq,
        perp_amount: paid.perp,
        shares: paid.lending.shares,
        with_collateral,
    }
    .publish(&book.env);
    paid.total()
}

fn require_enabled(env: &Env, state: &AssetState) {
    require(env, state.config.enabled, LedgerError::AssetDisabled);
}
