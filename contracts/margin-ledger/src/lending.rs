//! Deposits, withdrawals, loans and repayments, as the vault books them.
//!
//! Each function has one order: load, check, change, check the end state, emit. The caller stores the book. Whether an account may take
//! risk is asked of `limits`; an account that owes and risks nothing is never asked, so its exit needs no price.

use crate::{
    book::{Book, OrOverflow},
    holdings::{self, Change},
    limits, pool,
    settlement::{self, Till},
    valuation::Quotes,
};
use margin_interface::{
    AccountState, Accrued, AssetState, Borrowed, Deposited, LedgerError, Repaid, Withdrawn,
};
use margin_math::fixed::{add, bps_floor, sub};
use soroban_sdk::Address;

/// Books `amount` that arrived from `from` as a deposit of `account`; returns the shares.
pub fn credit(
    book: &mut Book,
    from: &Address,
    account: &Address,
    asset: &Address,
    amount: i128,
) -> Result<i128, LedgerError> {
    require_positive(amount)?;
    let mut state = book.asset(asset)?;
    let mut owner = book.account(account);
    require_enabled(&state)?;
    // Eight dust deposits of a stranger would lock the account out of its own collateral.
    if from != account && !owner.deposits.contains_key(asset.clone()) {
        return Err(LedgerError::ThirdPartySlot);
    }
    let change = holdings::add_deposit(&mut state, &mut owner, asset, amount)?;
    if state.totals.supplied > state.config.supply_cap {
        return Err(LedgerError::SupplyCapExceeded);
    }
    state.totals.cash = add(state.totals.cash, amount).or_overflow()?;
    let asset_seq = book.put_asset(asset, state);
    let account_seq = book.put_account(account, owner);
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
    Ok(change.shares)
}

/// Takes `amount` ([`ALL`]: everything) out of a deposit; returns it.
pub fn debit(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Result<i128, LedgerError> {
    require_positive(amount)?;
    let mut state = book.asset(asset)?;
    let mut owner = book.account(account);
    let Change { amount, shares } = holdings::take_deposit(&mut state, &mut owner, asset, amount)?;
    pay_out(book, asset, &mut state, amount)?;
    let asset_seq = book.put_asset(asset, state);
    let account_seq = book.put_account(account, owner.clone());
    if holdings::exposed(&owner) {
        limits::require_opening(book, account, &owner)?;
    }
    Withdrawn { account: account.clone(), asset: asset.clone(), account_seq, amount, asset_seq, shares }
        .publish(&book.env);
    Ok(amount)
}

/// Books a debt of `amount`; returns the shares.
pub fn borrow(
    book: &mut Book,
    account: &Address,
    asset: &Address,
    amount: i128,
) -> Result<i128, LedgerError> {
    require_positive(amount)?;
    let mut state = book.asset(asset)?;
    let mut owner = book.account(account);
    require_enabled(&state)?;
    pay_out(book, asset, &mut state, amount)?;
    let Change { shares, .. } = holdings::add_debt(&mut state, &mut owner, asset, amount)?;
    if state.totals.borrowed > state.config.borrow_cap {
        return Err(LedgerError::BorrowCapExceeded);
    }
    let lendable = add(state.totals.supplied, state.totals.reserves).or_overflow()?;
    if state.totals.borrowed > bps_floor(lendable, state.config.max_utilisation_bps).or_overflow()? {
        return Err(LedgerError::UtilisationExceeded);
    }
    let asset_seq = book.put_asset(asset, state);
    let account_seq = book.put_account(account, owner.clone());
    limits::require_opening(book, account, &owner)?;
    Borrowed { account: account.clone(), asset: asset.clone(), account_seq, amount, asset_seq, shares }
        .publish(&book.env);
    Ok(shares)
}

/// Books a repayment of at most `amount`; returns what was owed and is now paid.
pub fn repay(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Result<i128, LedgerError> {
    require_positive(amount)?;
    let paid = extinguish(book, account, asset, amount)?;
    let mut state = book.asset(asset)?;
    state.totals.cash = add(state.totals.cash, paid.total()?).or_overflow()?;
    book.put_asset(asset, state);
    finish_repayment(book, account, asset, &paid, false)
}

/// [`repay`] out of the account's own deposit of the same asset: both totals fall, no token moves, no price is asked.
pub fn repay_with_collateral(
    book: &mut Book,
    account: &Address,
    asset: &Address,
    amount: i128,
) -> Result<i128, LedgerError> {
    require_positive(amount)?;
    let paid = net(book, account, asset, amount)?;
    settlement::realize_bad_debt(book, account)?;
    finish_repayment(book, account, asset, &paid, true)
}

/// Accrues the interest of an asset up to now.
pub fn accrue(book: &mut Book, asset: &Address) -> Result<(), LedgerError> {
    let state = book.asset(asset)?;
    let (borrowed, supplied) = (state.totals.borrowed, state.totals.supplied);
    let asset_seq = book.put_asset(asset, state);
    Accrued { asset: asset.clone(), asset_seq, borrowed, supplied }.publish(&book.env);
    Ok(())
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
    pub fn total(&self) -> Result<i128, LedgerError> {
        add(self.perp, self.lending.amount).or_overflow()
    }
}

/// Extinguishes at most `amount` of what the account owes in `asset`, perpetual debt first. The cash leg is the
/// caller's.
pub fn extinguish(
    book: &mut Book,
    account: &Address,
    asset: &Address,
    amount: i128,
) -> Result<Paid, LedgerError> {
    let mut owner = book.account(account);
    let lends_to = owner.debts.contains_key(asset.clone());
    let perp = if asset == &book.config.settlement && owner.perp_debt > 0 {
        extinguish_perp(book, &mut owner, amount)?
    } else if lends_to {
        0
    } else {
        return Err(LedgerError::NothingOwed);
    };
    let rest = sub(amount, perp).or_overflow()?;
    let mut lending = Change { amount: 0, shares: 0 };
    if lends_to && rest > 0 {
        let mut state = book.asset(asset)?;
        lending = holdings::take_debt(&mut state, &mut owner, asset, rest)?;
        book.put_asset(asset, state);
    }
    book.put_account(account, owner);
    Ok(Paid { perp, lending })
}

/// Pays at most `amount` of what the account owes in `asset` with its own deposit of it.
pub fn net(book: &mut Book, account: &Address, asset: &Address, amount: i128) -> Result<Paid, LedgerError> {
    let (mut state, mut owner) = (book.asset(asset)?, book.account(account));
    let due = due(book, &state, &owner, asset)?;
    let most = holdings::deposited(&state, &owner, asset)?;
    if most == 0 {
        return Err(LedgerError::InsufficientBalance);
    }
    if due == 0 {
        return Err(LedgerError::NothingOwed);
    }
    // Both legs are one amount, fixed before either is booked: rounding in one cannot unbalance the other.
    let amount = amount.min(most).min(due);
    holdings::take_deposit(&mut state, &mut owner, asset, amount)?;
    book.put_asset(asset, state);
    book.put_account(account, owner);
    extinguish(book, account, asset, amount)
}

/// All that the account owes in `asset`.
fn due(
    book: &mut Book,
    state: &AssetState,
    owner: &AccountState,
    asset: &Address,
) -> Result<i128, LedgerError> {
    let lending = holdings::owed(state, owner, asset)?;
    if asset != &book.config.settlement {
        return Ok(lending);
    }
    add(lending, holdings::perp_owed(&book.settlement()?, owner)?).or_overflow()
}

/// Takes tokens out of the vault: never more than is there, and of the settlement asset never what the buckets hold.
pub fn pay_out(
    book: &mut Book,
    asset: &Address,
    state: &mut AssetState,
    amount: i128,
) -> Result<(), LedgerError> {
    state.totals.cash = sub(state.totals.cash, amount).or_overflow()?;
    let mut kept = 0;
    if asset == &book.config.settlement {
        let buckets = book.settlement()?;
        let held = [buckets.insurance, buckets.fees, buckets.pending];
        kept = sub(buckets.lp, buckets.perp_borrowed).or_overflow()?;
        for bucket in held {
            kept = add(kept, bucket).or_overflow()?;
        }
    }
    if state.totals.cash < kept.max(0) {
        return Err(LedgerError::InsufficientLiquidity);
    }
    Ok(())
}

/// Refuses amounts that are not positive.
pub fn require_positive(amount: i128) -> Result<(), LedgerError> {
    (amount > 0).then_some(()).ok_or(LedgerError::InvalidAmount)
}

fn extinguish_perp(book: &mut Book, owner: &mut AccountState, amount: i128) -> Result<i128, LedgerError> {
    let mut buckets = book.settlement()?;
    let change = holdings::take_perp_debt(&mut buckets, owner, amount)?;
    let claims = buckets.claims;
    book.put_settlement(buckets)?;
    if claims > 0 {
        relieve(book, owner)?;
    }
    Ok(change.amount)
}

/// What comes back to the pool goes to waiting winners first, as far as those who have not left yet allow.
fn relieve(book: &mut Book, owner: &mut AccountState) -> Result<(), LedgerError> {
    let mut wanted = Quotes::new();
    pool::want(book, &mut wanted)?;
    let quotes = wanted.fetch(book);
    let winners = pool::winners(book, &quotes)?;
    let mut till = Till::open(book, owner)?;
    till.buckets.relieve(winners).or_overflow()?;
    till.close(book, owner)?;
    Ok(())
}

fn finish_repayment(
    book: &mut Book,
    account: &Address,
    asset: &Address,
    paid: &Paid,
    with_collateral: bool,
) -> Result<i128, LedgerError> {
    Repaid {
        account: account.clone(),
        asset: asset.clone(),
        account_seq: book.account(account).seq,
        amount: paid.lending.amount,
        asset_seq: book.asset(asset)?.totals.seq,
        perp_amount: paid.perp,
        shares: paid.lending.shares,
        with_collateral,
    }
    .publish(&book.env);
    paid.total()
}

fn require_enabled(state: &AssetState) -> Result<(), LedgerError> {
    state.config.enabled.then_some(()).ok_or(LedgerError::AssetDisabled)
}
