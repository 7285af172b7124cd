//! Deposits, withdrawals, loans and repayments, as the vault books them.
//!
//! Each function has one order: load, check, change, check the end state, emit. The caller stores the book. Whether an account may take
//! risk is asked of `limits`; an account that owes and risks nothing is never asked, so its exit needs no price.

use crate::{
    actions,
    book::{emit, Book},
    checked::*,
    custody,
    holdings::{self, Change},
    limits, pool,
    settlement::{self, Till},
    standing,
};
use margin_interface::{
    lean, AccountState, Accrued, Action, AssetState, Borrowed, Deposited, LedgerError, Repaid, Withdrawn,
    MAX_ACTIONS,
};
use margin_math::lock;
use soroban_sdk::{Address, Env, Vec};

/// Books `amount` that arrived from `from` as a deposit of `account`; returns the shares.
pub fn credit(book: &mut Book, from: &Address, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    // Eight dust deposits of a stranger would lock the account out of its own collateral.
    let known = from == account || book.account(account).deposits.contains_key(asset.clone());
    require(env, known, LedgerError::ThirdPartySlot);
    let shares = deposit(book, from, account, asset, amount).shares;
    require_depositable(book, asset);
    shares
}

/// Takes `amount` ([`ALL`]: everything) out of a deposit; returns it.
pub fn debit(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let amount = withdraw(book, account, asset, amount);
    require_cash(book, asset);
    require_opening(book, account);
    amount
}

/// Books a debt of `amount`; returns the shares.
pub fn borrow(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let shares = lend(book, account, asset, amount).shares;
    require_cash(book, asset);
    require_lendable(book, asset);
    require_opening(book, account);
    shares
}

/// Books a repayment of at most `amount`; returns what was owed and is now paid.
pub fn repay(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let paid = extinguish(book, account, asset, amount);
    let state = book.asset_mut(asset);
    increase(env, &mut state.totals.cash, paid.total());
    finish_repayment(book, account, asset, &paid, false)
}

/// [`repay`] out of the account's own deposit of the same asset: both totals fall, no token moves, no price is asked.
pub fn repay_with_collateral(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let paid = pay_with_collateral(book, account, asset, amount);
    settlement::realize_bad_debt(book, account);
    paid
}

/// Books a batch: every action in its order, then what only the end must satisfy. Returns the tokens that each moved.
pub fn batch(book: &mut Book, account: &Address, from: &Address, actions: &Vec<Action>) -> Vec<i128> {
    let env = &book.env.clone();
    require(env, actions.len() <= MAX_ACTIONS, LedgerError::TooManyHoldings);
    let mut moved = lean::list(env);
    for action in actions::read(env, actions) {
        moved.push_back(match &action {
            Action::Deposit(asset, amount) => deposit(book, from, account, asset, *amount).amount,
            Action::Withdraw(asset, amount) => withdraw(book, account, asset, *amount),
            Action::Borrow(asset, amount) => lend(book, account, asset, *amount).amount,
            Action::Repay(asset, amount) => repay(book, account, asset, *amount),
            Action::RepayWithCollateral(asset, amount) => pay_with_collateral(book, account, asset, *amount),
            _ => fail(env, LedgerError::InvalidAction),
        });
    }
    let mut increases = false;
    for action in actions::read(env, actions) {
        match &action {
            Action::Deposit(asset, _) => require_depositable(book, asset),
            Action::Borrow(asset, _) => {
                require_cash(book, asset);
                require_lendable(book, asset);
                increases = true;
            }
            Action::Withdraw(asset, _) => {
                require_cash(book, asset);
                increases = true;
            }
            _ => {}
        }
    }
    if increases {
        require_opening(book, account);
    }
    // Only now: a loan of this very batch that nothing is left to pay is no bad debt, it is refused above.
    settlement::realize_bad_debt(book, account);
    moved
}

/// [`repay_with_collateral`] within a call that looks for bad debt at its end.
pub fn pay_with_collateral(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    require_positive(&book.env, amount);
    let paid = net(book, account, asset, amount);
    finish_repayment(book, account, asset, &paid, true)
}

fn deposit(book: &mut Book, from: &Address, account: &Address, asset: &Address, amount: i128) -> Change {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    let now = book.now();
    let state = book.asset_mut(asset);
    custody::refuse_frozen(env, state);
    let held = holdings::held(&owner.deposits, asset);
    let change = holdings::add_deposit(state, &mut owner, asset, amount);
    let term = u64::from(state.config.min_deposit_seconds);
    if term > 0 {
        let left = locked_until(&owner, asset).saturating_sub(now);
        let stays = lock::remaining(held, left, change.shares, term, from == account).or_fail(env);
        owner.locks.set(asset.clone(), now + stays);
    }
    increase(env, &mut state.totals.cash, amount);
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    let (account, asset, from, shares) = (account.clone(), asset.clone(), from.clone(), change.shares);
    emit!(book, Deposited { account, asset, account_seq, amount, asset_seq, from, shares });
    change
}

fn withdraw(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> i128 {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    standing::refuse_flagged(book, &owner);
    require(env, locked_until(&owner, asset) <= book.now(), LedgerError::DepositLocked);
    owner.locks.remove(asset.clone());
    let state = book.asset_mut(asset);
    let Change { amount, shares } = holdings::take_deposit(state, &mut owner, asset, amount);
    decrease(env, &mut state.totals.cash, amount);
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    let (account, asset) = (account.clone(), asset.clone());
    emit!(book, Withdrawn { account, asset, account_seq, amount, asset_seq, shares });
    amount
}

fn lend(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Change {
    let env = &book.env.clone();
    require_positive(env, amount);
    let mut owner = book.account(account);
    // A loan of what is locked, netted by the deposit, would be the deposit leaving.
    require(env, locked_until(&owner, asset) <= book.now(), LedgerError::DepositLocked);
    let state = book.asset_mut(asset);
    require_enabled(env, state);
    let change = holdings::add_debt(state, &mut owner, asset, amount);
    decrease(env, &mut state.totals.cash, amount);
    custody::take_room(env, state, amount);
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    let (account, asset, shares) = (account.clone(), asset.clone(), change.shares);
    emit!(book, Borrowed { account, asset, account_seq, amount, asset_seq, shares });
    change
}

fn locked_until(owner: &AccountState, asset: &Address) -> u64 {
    owner.locks.get(asset.clone()).unwrap_or(0)
}

/// An account that owes and risks nothing is never asked: its exit needs no price.
fn require_opening(book: &mut Book, account: &Address) {
    let owner = book.account(account);
    limits::require_opening(book, account, &owner);
}

/// Only of what somebody deposits: what the protocol earned is there already.
fn require_depositable(book: &mut Book, asset: &Address) {
    let env = &book.env.clone();
    let state = book.asset(asset);
    require_enabled(env, state);
    require(env, state.totals.supplied <= state.config.supply_cap, LedgerError::SupplyCapExceeded);
}

/// The bounds of what may be lent: in all, of what there is, and within an hour.
fn require_lendable(book: &mut Book, asset: &Address) {
    let env = &book.env.clone();
    let state = book.asset(asset);
    custody::require_room(env, state);
    let AssetState { config, totals, .. } = state;
    require(env, totals.borrowed <= config.borrow_cap, LedgerError::BorrowCapExceeded);
    let lendable = add(env, totals.supplied, totals.reserves);
    let most = bps_floor(env, lendable, config.max_utilisation_bps);
    require(env, totals.borrowed <= most, LedgerError::UtilisationExceeded);
}

/// The vault must hold what it pays: never less than nothing, and of the settlement asset never less than the buckets.
pub fn require_cash(book: &mut Book, asset: &Address) {
    let env = &book.env.clone();
    let mut kept = 0;
    if asset == &book.config.settlement {
        kept = settlement::buckets(book.settlement()).net().or_fail(env);
    }
    let state = book.asset(asset);
    custody::refuse_frozen(env, state);
    require(env, state.totals.cash >= kept.max(0), LedgerError::InsufficientLiquidity);
}

/// Accrues the interest of an asset up to now.
pub fn accrue(book: &mut Book, asset: &Address) {
    let totals = &book.asset_mut(asset).totals;
    let (asset_seq, borrowed, supplied) = (totals.seq, totals.borrowed, totals.supplied);
    emit!(book, Accrued { asset: asset.clone(), asset_seq, borrowed, supplied });
}

/// What a repayment extinguished.
pub struct Paid {
    /// Perpetual debt, settlement units.
    pub perp: i128,
    /// Lending debt.
    pub lending: Change,
}

impl Paid {
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
        let state = book.asset_mut(asset);
        lending = holdings::take_debt(state, &mut owner, asset, rest);
        custody::take_room(env, state, -lending.amount);
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
pub fn due(book: &mut Book, owner: &AccountState, asset: &Address) -> i128 {
    let env = &book.env.clone();
    let lending = holdings::owed(book.asset(asset), owner, asset);
    if asset != &book.config.settlement {
        return lending;
    }
    add(env, lending, holdings::perp_owed(book.settlement(), owner))
}

/// Turns `amount` of what the protocol earned in an asset, fees first, then reserves, into a deposit of `to`.
pub fn pay_out_earnings(book: &mut Book, to: &Address, asset: &Address, amount: i128) {
    let env = &book.env.clone();
    let mut fees = 0;
    if asset == &book.config.settlement {
        let settlement = book.settlement_mut();
        fees = amount.min(settlement.fees);
        decrease(env, &mut settlement.fees, fees);
    }
    let totals = &mut book.asset_mut(asset).totals;
    decrease(env, &mut totals.reserves, sub(env, amount, fees));
    require(env, totals.reserves >= 0, LedgerError::InsufficientBucket);
    // It leaves the vault and comes back as a deposit; who owns it decides when it leaves for good.
    decrease(env, &mut totals.cash, amount);
    deposit(book, &env.current_contract_address(), to, asset, amount);
}

/// Takes tokens out of the vault, which must hold them.
pub fn pay_out(book: &mut Book, asset: &Address, amount: i128) {
    let env = &book.env.clone();
    decrease(env, &mut book.asset_mut(asset).totals.cash, amount);
    require_cash(book, asset);
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
    emit!(
        book,
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
    );
    paid.total()
}

fn require_enabled(env: &Env, state: &AssetState) {
    require(env, state.config.enabled, LedgerError::AssetDisabled);
}
