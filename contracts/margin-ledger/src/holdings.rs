//! What one account owns and owes of one asset: the only code that mints and burns shares.
//!
//! Pure on the two entries it is given: nothing is loaded, stored or checked against a margin here. Totals and shares
//! move together, so the conservation equations hold before and after each function up to the cash leg its caller
//! books.

use crate::book::OrOverflow;
use margin_interface::{AccountState, AssetState, AssetTotals, LedgerError, Settlement, ALL, MAX_HOLDINGS};
use margin_math::{
    fixed::{add, decrease, increase, sub},
    shares::Total,
};
use soroban_sdk::{Address, Map};

/// A change of a holding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// Token units.
    pub amount: i128,
    /// Shares minted or burnt.
    pub shares: i128,
}

/// What depositors own.
pub fn supply(totals: &AssetTotals) -> Total {
    Total { assets: totals.supplied, shares: totals.supply_shares }
}

/// What borrowers owe.
pub fn borrows(totals: &AssetTotals) -> Total {
    Total { assets: totals.borrowed, shares: totals.borrow_shares }
}

/// What losers owe to the credit line.
pub fn credit_line(settlement: &Settlement) -> Total {
    Total { assets: settlement.perp_borrowed, shares: settlement.perp_borrow_shares }
}

/// Token units of the account's deposit, floor.
pub fn deposited(state: &AssetState, account: &AccountState, asset: &Address) -> Result<i128, LedgerError> {
    supply(&state.totals).assets_floor(account.deposits.get(asset.clone()).unwrap_or(0)).or_overflow()
}

/// Token units of the account's lending debt, ceil.
pub fn owed(state: &AssetState, account: &AccountState, asset: &Address) -> Result<i128, LedgerError> {
    borrows(&state.totals).assets_ceil(account.debts.get(asset.clone()).unwrap_or(0)).or_overflow()
}

/// Settlement units of the account's perpetual debt, ceil.
pub fn perp_owed(settlement: &Settlement, account: &AccountState) -> Result<i128, LedgerError> {
    credit_line(settlement).assets_ceil(account.perp_debt).or_overflow()
}

/// Adds `amount` to a deposit and to what depositors own.
pub fn add_deposit(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Result<Change, LedgerError> {
    let shares = supply(&state.totals).shares_floor(amount).or_overflow()?;
    if shares <= 0 {
        return Err(LedgerError::InvalidAmount);
    }
    raise(&mut account.deposits, asset, shares)?;
    increase(&mut state.totals.supplied, amount).or_overflow()?;
    increase(&mut state.totals.supply_shares, shares).or_overflow()?;
    Ok(Change { amount, shares })
}

/// Takes `amount` ([`ALL`]: everything) out of a deposit and of what depositors own. A rest that is worth nothing
/// goes along, so that no empty slot remains.
pub fn take_deposit(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Result<Change, LedgerError> {
    let held = account.deposits.get(asset.clone()).unwrap_or(0);
    let total = supply(&state.totals);
    let most = total.assets_floor(held).or_overflow()?;
    let amount = if amount == ALL { most } else { amount };
    if held == 0 || amount > most {
        return Err(LedgerError::InsufficientBalance);
    }
    let burnt = if amount == most { held } else { total.shares_ceil(amount).or_overflow()?.min(held) };
    lower(&mut account.deposits, asset, held, burnt);
    decrease(&mut state.totals.supplied, amount).or_overflow()?;
    decrease(&mut state.totals.supply_shares, burnt).or_overflow()?;
    Ok(Change { amount, shares: burnt })
}

/// Adds `amount` to a lending debt.
pub fn add_debt(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Result<Change, LedgerError> {
    let shares = borrows(&state.totals).shares_ceil(amount).or_overflow()?;
    raise(&mut account.debts, asset, shares)?;
    increase(&mut state.totals.borrowed, amount).or_overflow()?;
    increase(&mut state.totals.borrow_shares, shares).or_overflow()?;
    Ok(Change { amount, shares })
}

/// Takes at most `amount` off a lending debt; all of its shares when that is all that is owed, so no dust remains.
/// What virtual shares owe when the last real one is gone falls on reserves, then on depositors: a few units.
pub fn take_debt(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Result<Change, LedgerError> {
    let held = account.debts.get(asset.clone()).unwrap_or(0);
    let total = borrows(&state.totals);
    let most = total.assets_ceil(held).or_overflow()?;
    let amount = amount.min(most);
    let burnt = if amount == most { held } else { total.shares_floor(amount).or_overflow()?.min(held) };
    if burnt == 0 && amount > 0 {
        return Err(LedgerError::InvalidAmount);
    }
    lower(&mut account.debts, asset, held, burnt);
    let totals = &mut state.totals;
    decrease(&mut totals.borrowed, amount).or_overflow()?;
    decrease(&mut totals.borrow_shares, burnt).or_overflow()?;
    if totals.borrow_shares == 0 {
        let reserved = totals.borrowed.min(totals.reserves);
        let supplied = (totals.borrowed - reserved).min(totals.supplied);
        totals.borrowed -= reserved + supplied;
        totals.reserves -= reserved;
        totals.supplied -= supplied;
    }
    Ok(Change { amount, shares: burnt })
}

/// Takes at most `amount` off the account's perpetual debt, as [`take_debt`] does; what virtual shares owe at the end
/// falls on the lender.
pub fn take_perp_debt(
    settlement: &mut Settlement,
    account: &mut AccountState,
    amount: i128,
) -> Result<Change, LedgerError> {
    let held = account.perp_debt;
    let total = credit_line(settlement);
    let most = total.assets_ceil(held).or_overflow()?;
    let amount = amount.min(most);
    let burnt = if amount == most { held } else { total.shares_floor(amount).or_overflow()?.min(held) };
    if burnt == 0 && amount > 0 {
        return Err(LedgerError::InvalidAmount);
    }
    account.perp_debt = sub(held, burnt).or_overflow()?;
    decrease(&mut settlement.perp_borrowed, amount).or_overflow()?;
    decrease(&mut settlement.perp_borrow_shares, burnt).or_overflow()?;
    if settlement.perp_borrow_shares == 0 {
        decrease(&mut settlement.lp, settlement.perp_borrowed).or_overflow()?;
        settlement.perp_borrowed = 0;
    }
    Ok(Change { amount, shares: burnt })
}

/// Whether the account owes or risks anything.
pub fn exposed(account: &AccountState) -> bool {
    account.perp_debt > 0 || !account.debts.is_empty() || !account.positions.is_empty()
}

fn raise(shares: &mut Map<Address, i128>, asset: &Address, by: i128) -> Result<(), LedgerError> {
    let held = shares.get(asset.clone());
    if held.is_none() && shares.len() >= MAX_HOLDINGS {
        return Err(LedgerError::TooManyHoldings);
    }
    shares.set(asset.clone(), add(held.unwrap_or(0), by).or_overflow()?);
    Ok(())
}

fn lower(shares: &mut Map<Address, i128>, asset: &Address, held: i128, by: i128) {
    if by >= held {
        shares.remove(asset.clone());
    } else {
        shares.set(asset.clone(), held - by);
    }
}
