//! What one account owns and owes of one asset: the only code that mints and burns shares.
//!
//! Pure on the two entries it is given: nothing is loaded, stored or checked against a margin here. Totals and shares
//! move together, so the conservation equations hold before and after each function up to the cash leg its caller
//! books.

use crate::checked::*;
use margin_interface::{AccountState, AssetState, AssetTotals, LedgerError, Settlement, ALL, MAX_HOLDINGS};
use margin_math::shares::Total;
use soroban_sdk::{Address, Map};

/// Ten times the largest cap of any token: what is more is refused by name before any arithmetic sees it.
pub const MAX_AMOUNT: i128 = 1_000_000_000_000_000_000_000_000_000_000;

/// A change of a holding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// Token units.
    pub amount: i128,
    /// Shares minted or burnt.
    pub shares: i128,
}

/// What depositors own: not what the vault misses beyond the reserves.
pub fn supply(totals: &AssetTotals) -> Total {
    let missing = (totals.pending_bad_debt - totals.reserves).max(0);
    Total { assets: (totals.supplied - missing).max(0), shares: totals.supply_shares }
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
pub fn deposited(state: &AssetState, account: &AccountState, asset: &Address) -> i128 {
    let env = asset.env();
    supply(&state.totals).assets_floor(held(&account.deposits, asset)).or_fail(env)
}

/// Token units of the account's lending debt, ceil.
pub fn owed(state: &AssetState, account: &AccountState, asset: &Address) -> i128 {
    let env = asset.env();
    borrows(&state.totals).assets_ceil(held(&account.debts, asset)).or_fail(env)
}

/// Settlement units of the account's perpetual debt, ceil.
pub fn perp_owed(settlement: &Settlement, account: &AccountState) -> i128 {
    let env = &account.debts.env().clone();
    credit_line(settlement).assets_ceil(account.perp_debt).or_fail(env)
}

/// Adds `amount` to a deposit and to what depositors own.
pub fn add_deposit(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Change {
    let env = asset.env();
    require(env, amount <= MAX_AMOUNT, LedgerError::Overflow);
    let shares = supply(&state.totals).shares_floor(amount).or_fail(env);
    require(env, shares > 0, LedgerError::InvalidAmount);
    raise(&mut account.deposits, asset, shares);
    increase(env, &mut state.totals.supplied, amount);
    increase(env, &mut state.totals.supply_shares, shares);
    Change { amount, shares }
}

/// Takes `amount` ([`ALL`]: everything) out of a deposit and of what depositors own. A rest that is worth nothing
/// goes along, so that no empty slot remains.
pub fn take_deposit(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Change {
    let env = asset.env();
    let held = held(&account.deposits, asset);
    let total = supply(&state.totals);
    let most = total.assets_floor(held).or_fail(env);
    let amount = if amount == ALL { most } else { amount };
    if held == 0 || amount > most {
        fail(env, LedgerError::InsufficientBalance);
    }
    let burnt = if amount == most { held } else { total.shares_ceil(amount).or_fail(env).min(held) };
    hold(&mut account.deposits, asset, sub(env, held, burnt));
    decrease(env, &mut state.totals.supplied, amount);
    decrease(env, &mut state.totals.supply_shares, burnt);
    Change { amount, shares: burnt }
}

/// Adds `amount` to a lending debt.
pub fn add_debt(state: &mut AssetState, account: &mut AccountState, asset: &Address, amount: i128) -> Change {
    let env = asset.env();
    require(env, amount <= MAX_AMOUNT, LedgerError::Overflow);
    let shares = borrows(&state.totals).shares_ceil(amount).or_fail(env);
    raise(&mut account.debts, asset, shares);
    increase(env, &mut state.totals.borrowed, amount);
    increase(env, &mut state.totals.borrow_shares, shares);
    Change { amount, shares }
}

/// Takes at most `amount` off a lending debt; all of its shares when that is all that is owed, so no dust remains.
/// What virtual shares owe when the last real one is gone falls on reserves, then on depositors: a few units.
pub fn take_debt(
    state: &mut AssetState,
    account: &mut AccountState,
    asset: &Address,
    amount: i128,
) -> Change {
    let env = asset.env();
    let held = held(&account.debts, asset);
    let total = borrows(&state.totals);
    let most = total.assets_ceil(held).or_fail(env);
    let amount = amount.min(most);
    let burnt = if amount == most { held } else { total.shares_floor(amount).or_fail(env).min(held) };
    if burnt == 0 && amount > 0 {
        fail(env, LedgerError::InvalidAmount);
    }
    hold(&mut account.debts, asset, sub(env, held, burnt));
    let totals = &mut state.totals;
    decrease(env, &mut totals.borrowed, amount);
    decrease(env, &mut totals.borrow_shares, burnt);
    if totals.borrow_shares == 0 {
        let reserved = totals.borrowed.min(totals.reserves);
        decrease(env, &mut totals.borrowed, reserved);
        decrease(env, &mut totals.reserves, reserved);
        let supplied = totals.borrowed.min(totals.supplied);
        decrease(env, &mut totals.borrowed, supplied);
        decrease(env, &mut totals.supplied, supplied);
    }
    Change { amount, shares: burnt }
}

/// Takes at most `amount` off the account's perpetual debt, as [`take_debt`] does; what virtual shares owe at the end
/// falls on the lender.
pub fn take_perp_debt(settlement: &mut Settlement, account: &mut AccountState, amount: i128) -> Change {
    let env = &account.debts.env().clone();
    let held = account.perp_debt;
    let total = credit_line(settlement);
    let most = total.assets_ceil(held).or_fail(env);
    let amount = amount.min(most);
    let burnt = if amount == most { held } else { total.shares_floor(amount).or_fail(env).min(held) };
    if burnt == 0 && amount > 0 {
        fail(env, LedgerError::InvalidAmount);
    }
    account.perp_debt = sub(env, held, burnt);
    decrease(env, &mut settlement.perp_borrowed, amount);
    decrease(env, &mut settlement.perp_borrow_shares, burnt);
    if settlement.perp_borrow_shares == 0 {
        decrease(env, &mut settlement.lp, settlement.perp_borrowed);
        settlement.perp_borrowed = 0;
    }
    Change { amount, shares: burnt }
}

/// Whether the account owes or risks anything.
pub fn exposed(account: &AccountState) -> bool {
    account.perp_debt > 0 || !account.debts.is_empty() || !account.positions.is_empty()
}

/// Shares of an asset.
#[inline(never)] // for size, as the next
pub fn held(shares: &Map<Address, i128>, asset: &Address) -> i128 {
    shares.get(asset.clone()).unwrap_or(0)
}

/// Has so many shares of an asset held: none leave no slot.
#[inline(never)]
pub fn hold(shares: &mut Map<Address, i128>, asset: &Address, amount: i128) {
    if amount > 0 {
        shares.set(asset.clone(), amount);
    } else {
        shares.remove(asset.clone());
    }
}

fn raise(shares: &mut Map<Address, i128>, asset: &Address, by: i128) {
    let env = asset.env();
    let held = held(shares, asset);
    if held == 0 && shares.len() >= MAX_HOLDINGS {
        fail(env, LedgerError::TooManyHoldings);
    }
    hold(shares, asset, add(env, held, by));
}
