//! What the vault really holds: tokens that an issuer took back, and how fast tokens may leave.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::settlement::{absorb, Loss};
use margin_interface::{AssetState, LedgerError, Synced};
use margin_math::units::BPS;
use soroban_sdk::{Address, Env};

/// Seconds that missing tokens have to return.
const TO_RETURN: u64 = 86_400;
/// Seconds over which what has left fades.
const WINDOW: u64 = 3_600;

/// Compares the books with the vault's `balance`; returns what is missing.
pub fn sync(book: &mut Book, asset: &Address, balance: i128) -> i128 {
    let env = &book.env.clone();
    let now = book.now();
    let before = book.asset(asset).totals.clone();
    let missing = sub(env, before.cash, balance);
    // Tokens that came back, or that somebody gave: never more than is missing.
    let returned = missing.max(-before.pending_bad_debt);
    let mut loss = Loss { insurance: 0, providers: 0, reserves: 0, suppliers: 0 };
    if returned != 0 {
        let totals = &mut book.asset_mut(asset).totals;
        decrease(env, &mut totals.cash, returned);
        increase(env, &mut totals.pending_bad_debt, returned);
        if returned > 0 {
            totals.pending_since = now;
        }
    } else if before.pending_bad_debt > 0 && now >= before.pending_since + TO_RETURN {
        loss = absorb(book, asset, before.pending_bad_debt);
        book.asset_mut(asset).totals.pending_bad_debt = 0;
    } else {
        return before.pending_bad_debt;
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

/// Books what left the vault; what came is negative.
pub fn flow(env: &Env, state: &mut AssetState, out: i128) {
    let now = env.ledger().timestamp();
    let totals = &mut state.totals;
    let left = WINDOW.saturating_sub(now.saturating_sub(totals.outflow_at));
    let faded = mul_div_floor(env, totals.outflow, i128::from(left), i128::from(WINDOW));
    totals.outflow = add(env, faded, out);
    totals.outflow_at = now;
}

/// Refuses when more has left within an hour, net, than the asset allows. Never asked of an account without risk.
pub fn require_outflow(book: &mut Book, asset: &Address) {
    let env = &book.env.clone();
    let AssetState { config, totals, .. } = book.asset(asset);
    let most = bps_floor(env, totals.supplied, config.outflow_bps);
    let open = config.outflow_bps == BPS || totals.outflow <= most;
    require(env, open, LedgerError::OutflowExceeded);
}
