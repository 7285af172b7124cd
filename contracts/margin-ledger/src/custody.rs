//! What the vault really holds: tokens that an issuer took back, and how fast tokens may be lent.
//!
//! The window bounds by how much the debts of an asset may grow within an hour, whoever draws and repays them. Deposits and
//! withdrawals are not in it: one that counted for room could be made by a second account and taken back without
//! being asked, one that counted against it could be repeated until nobody else may borrow.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::settlement::{absorb, Loss};
use margin_interface::{AssetState, LedgerError, Synced};
use margin_math::units::BPS;
use soroban_sdk::{Address, Env};

/// Seconds that missing tokens have to return.
const TO_RETURN: u64 = 86_400;
/// Seconds over which the whole room to lend comes back.
const WINDOW: u64 = 3_600;
/// An asset has the window of this part of its borrow cap at least, bps: a new one can be borrowed too.
const LEAST_BPS: u32 = 500;

/// Compares the books with the vault's `balance`; returns what is missing.
pub fn sync(book: &mut Book, asset: &Address, balance: i128) -> i128 {
    let env = &book.env.clone();
    let now = book.now();
    let before = book.asset(asset).totals;
    let missing = sub(env, before.cash, balance);
    // Tokens that came back, or that somebody gave: never more than is missing.
    let returned = missing.max(-before.pending_bad_debt);
    let due = before.pending_bad_debt > 0 && now >= before.pending_since + TO_RETURN;
    if returned == 0 && !due {
        return before.pending_bad_debt;
    }
    let totals = &mut book.asset_mut(asset).totals;
    decrease(env, &mut totals.cash, returned);
    increase(env, &mut totals.pending_bad_debt, returned);
    let mut loss = Loss { insurance: 0, providers: 0, reserves: 0, suppliers: 0 };
    if returned > 0 {
        totals.pending_since = now;
    } else if due {
        // What did not return in time is borne; a gift just before puts nothing off.
        let rest = totals.pending_bad_debt;
        totals.pending_bad_debt = 0;
        loss = absorb(book, asset, rest);
    }
    let totals = &book.asset(asset).totals;
    let (asset_seq, cash, pending_bad_debt) = (totals.seq, totals.cash, totals.pending_bad_debt);
    let (from_reserves, from_suppliers) = (loss.reserves, loss.suppliers);
    let asset = asset.clone();
    emit!(book, Synced { asset, asset_seq, cash, from_reserves, from_suppliers, pending_bad_debt });
    pending_bad_debt
}

/// Refuses to move an asset of which the vault misses tokens: who leaves first would leave the loss to the others.
pub fn refuse_frozen(env: &Env, state: &AssetState) {
    require(env, state.totals.pending_bad_debt == 0, LedgerError::AssetFrozen);
}

/// Gives room to lend for `seconds`, at a constant rate and never more than the window; what was deposited since then
/// counts from now on only.
pub fn make_room(env: &Env, state: &mut AssetState, seconds: u64) {
    let AssetState { config, totals, .. } = state;
    let counted = totals.supplied.max(bps_floor(env, config.borrow_cap, LEAST_BPS));
    let most = bps_floor(env, counted, config.outflow_bps);
    let gained = add(env, totals.room, mul_div_floor(env, most, seconds.min(WINDOW).into(), 1));
    totals.room = gained.min(mul_div_floor(env, most, WINDOW.into(), 1));
}

/// All the room of an asset that is listed now.
pub fn open_room(env: &Env, state: &mut AssetState) {
    make_room(env, state, WINDOW);
}

/// Takes the room of a loan, or gives that of a repayment back: not beyond the window, or it could be saved up.
pub fn take_room(env: &Env, state: &mut AssetState, lent: i128) {
    decrease(env, &mut state.totals.room, mul_div_floor(env, lent, WINDOW.into(), 1));
    make_room(env, state, 0);
}

/// Refuses when more has been lent within an hour than the asset allows.
pub fn require_room(env: &Env, state: &AssetState) {
    let open = state.config.outflow_bps == BPS || state.totals.room >= 0;
    require(env, open, LedgerError::OutflowExceeded);
}
