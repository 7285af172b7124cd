//! Cash settlement on the ledger's entries: opens an account's purse and the buckets, lets `margin-math` decide, and
//! books the difference as shares.

use crate::{
    book::{emit, Book},
    checked::*,
    holdings::{credit_line, deposited, held, hold, owed, perp_owed, supply, take_debt},
};
use margin_interface::{AccountState, BadDebt, LedgerError, PendingClaim, PendingClaimed, Settlement};
use margin_math::settlement::{insurance_allowance, Buckets, Claim, Purse};
use margin_math::shares::Total;
use margin_math::units::USD;
use soroban_sdk::{symbol_short, Address, Symbol};

/// Seconds of a UTC day.
const DAY: u64 = 86_400;

/// The buckets and one account's purse, taken out of their entries.
pub struct Till {
    /// The buckets.
    pub buckets: Buckets,
    /// The account's deposit, perpetual debt and claim, as amounts.
    pub purse: Purse,
    debt_before: i128,
    deposit_before: i128,
}

impl Till {
    /// Takes the purse of `state` and the buckets out of the book.
    pub fn open(book: &mut Book, state: &AccountState) -> Till {
        let asset = book.config.settlement.clone();
        let deposit = deposited(book.asset(&asset), state, &asset);
        let settlement = book.settlement();
        let debt = perp_owed(settlement, state);
        let buckets = buckets(settlement);
        let claim = Claim {
            amount: state.pending.amount,
            epoch: state.pending.epoch,
            fraction: state.pending.fraction,
        };
        let purse = Purse { claim, debt, deposit };
        Till { buckets, purse, debt_before: debt, deposit_before: deposit }
    }

    /// Puts both back. Shares follow the amounts, rounded against the account; a purse that is empty keeps none.
    pub fn close(self, book: &mut Book, state: &mut AccountState) -> u64 {
        let env = &book.env.clone();
        let asset = book.config.settlement.clone();
        self.book_deposit(book, state, &asset);
        let settlement = book.settlement_mut();
        // The credit line's total before this till changed it is what its shares are worth.
        let line = credit_line(settlement);
        let debt = self.purse.debt;
        let shares = if debt == 0 {
            0
        } else if debt > self.debt_before {
            let minted = line.shares_ceil(sub(env, debt, self.debt_before)).or_fail(env);
            add(env, state.perp_debt, minted)
        } else {
            let burnt = line.shares_floor(sub(env, self.debt_before, debt)).or_fail(env);
            sub(env, state.perp_debt, burnt.min(state.perp_debt))
        };
        let change = sub(env, shares, state.perp_debt);
        increase(env, &mut settlement.perp_borrow_shares, change);
        state.perp_debt = shares;
        let claim = self.purse.claim;
        state.pending = PendingClaim { amount: claim.amount, epoch: claim.epoch, fraction: claim.fraction };
        let b = self.buckets;
        settlement.claims = b.claims;
        settlement.claims_cut = b.claims_cut;
        settlement.claims_epoch = b.claims_epoch;
        settlement.claims_fraction = b.claims_fraction;
        settlement.fees = b.fees;
        settlement.insurance = b.insurance;
        settlement.lp = b.lp;
        settlement.pending = b.pending;
        settlement.perp_borrowed = b.borrowed;
        if settlement.perp_borrow_shares == 0 {
            // What virtual shares owe when the last real one is gone: a few units, and the lender's.
            decrease(env, &mut settlement.lp, settlement.perp_borrowed);
            settlement.perp_borrowed = 0;
        }
        settlement.seq
    }

    fn book_deposit(&self, book: &mut Book, state: &mut AccountState, asset: &Address) {
        let env = &book.env.clone();
        let (before, after) = (self.deposit_before, self.purse.deposit);
        if before == after {
            return;
        }
        let totals = &mut book.asset_mut(asset).totals;
        let held = held(&state.deposits, asset);
        let shares = if after == 0 {
            0
        } else if after > before {
            // As if nothing were missing: what comes in at less would take a part of what returns to the others.
            let whole = Total { assets: totals.supplied, shares: totals.supply_shares };
            add(env, held, whole.shares_floor(sub(env, after, before)).or_fail(env))
        } else {
            // At what is there: who pays at more would leave what does not return to the others.
            let burnt = supply(totals).shares_ceil(sub(env, before, after)).or_fail(env);
            sub(env, held, burnt.min(held))
        };
        increase(env, &mut totals.supplied, sub(env, after, before));
        increase(env, &mut totals.supply_shares, sub(env, shares, held));
        hold(&mut state.deposits, asset, shares);
    }
}

/// The buckets as `margin-math` knows them.
#[inline(never)] // for size: fields that are moved look cheap to the compiler, and each is seven bytes
pub fn buckets(settlement: &Settlement) -> Buckets {
    Buckets {
        borrowed: settlement.perp_borrowed,
        claims: settlement.claims,
        claims_cut: settlement.claims_cut,
        claims_epoch: settlement.claims_epoch,
        claims_fraction: settlement.claims_fraction,
        fees: settlement.fees,
        insurance: settlement.insurance,
        lp: settlement.lp,
        pending: settlement.pending,
    }
}

/// A claim below this, and a deposit that is never worth as much, keep nobody from writing off what their holder owes, USD
/// or settlement units.
pub const DUST: i128 = USD;

/// Whether the account owes and has nothing left that could pay: no deposit, no position, no claim beyond dust.
pub fn is_bad_debt(account: &AccountState) -> bool {
    (account.perp_debt > 0 || !account.debts.is_empty())
        && account.deposits.is_empty()
        && account.positions.is_empty()
        && account.pending.amount < DUST
}

/// Has all that the write-off of a debt of `owner` would write be written: whether it comes to that the price decides, and what a
/// call writes must not depend on it.
pub fn touch_debts(book: &mut Book, owner: &AccountState) {
    for (asset, _) in owner.debts.iter() {
        book.touch(&asset);
    }
    if owner.perp_debt > 0 {
        let asset = book.config.settlement.clone();
        book.touch(&asset);
    }
}

/// Writes off what an account owes once nothing is left that could pay it; does nothing before.
///
/// Perpetual debt: what the account itself waits for, then insurance, then the liquidity providers who lent it; never
/// depositors. Lending debt: the asset's reserves, then its depositors. The parts sum to what is written off, and a debt
/// that is gone accrues no more.
///
/// # Events
/// * [`PendingClaimed`] with what was set off
/// * [`BadDebt`] per debt
pub fn realize_bad_debt(book: &mut Book, account: &Address) {
    // What no market brought to light shares the part of one.
    realize_bad_debt_of(book, account, &symbol_short!(""));
}

/// [`realize_bad_debt`] in a call that closed a position: insurance pays of what it has for that market.
pub fn realize_bad_debt_of(book: &mut Book, account: &Address, market: &Symbol) {
    let owner = book.account(account);
    if owner.perp_debt > 0 && owner.deposits.is_empty() && owner.positions.is_empty() {
        write_off_perp(book, account, market);
    }
    let owner = book.account(account);
    if is_bad_debt(&owner) {
        for (asset, _) in owner.debts.iter() {
            write_off(book, account, &asset);
        }
    }
}

fn write_off_perp(book: &mut Book, account: &Address, market: &Symbol) {
    let env = &book.env.clone();
    let mut owner = book.account(account);
    let mut till = Till::open(book, &owner);
    let claim = till.purse.claim.amount;
    till.buckets.offset(&mut till.purse).or_fail(env);
    let claimed = sub(env, claim, till.purse.claim.amount);
    let today = book.now() / DAY;
    let day = book.settlement_mut();
    if day.insurance_day != today {
        (day.insurance_day, day.insurance_spent) = (today, 0);
        day.insurance_markets = margin_interface::lean::map(env);
    }
    let spent = day.insurance_markets.get(market.clone()).unwrap_or(0);
    let allowed = insurance_allowance(till.buckets.insurance, day.insurance_spent, spent).or_fail(env);
    let parts = till.buckets.write_off(till.purse.debt, allowed).or_fail(env);
    increase(env, &mut day.insurance_spent, parts.insurance);
    day.insurance_markets.set(market.clone(), add(env, spent, parts.insurance));
    till.purse.debt = 0;
    let asset_seq = till.close(book, &mut owner);
    let account_seq = book.put_account(account, &owner);
    let amount = add(env, parts.insurance, parts.lp);
    if claimed > 0 {
        let (account, settlement_seq) = (account.clone(), asset_seq);
        emit!(book, PendingClaimed { account, amount: claimed, account_seq, settlement_seq });
        if amount == 0 {
            return;
        }
    }
    let asset = book.config.settlement.clone();
    let loss = Loss { insurance: parts.insurance, providers: parts.lp, reserves: 0, suppliers: 0 };
    tell_bad_debt(book, account, &asset, amount, account_seq, asset_seq, &loss, true);
}

fn write_off(book: &mut Book, account: &Address, asset: &Address) {
    let mut owner = book.account(account);
    let amount = owed(book.asset(asset), &owner, asset);
    // Those who pay do so while the debt still counts among the totals that back them.
    let loss = absorb(book, asset, amount);
    let state = book.asset_mut(asset);
    take_debt(state, &mut owner, asset, amount);
    let asset_seq = state.totals.seq;
    let account_seq = book.put_account(account, &owner);
    tell_bad_debt(book, account, asset, amount, account_seq, asset_seq, &loss, false);
}

#[inline(never)] // for size
fn tell_bad_debt(
    book: &Book,
    account: &Address,
    asset: &Address,
    amount: i128,
    account_seq: u64,
    asset_seq: u64,
    loss: &Loss,
    perp: bool,
) {
    emit!(
        book,
        BadDebt {
            account: account.clone(),
            asset: asset.clone(),
            account_seq,
            amount,
            asset_seq,
            from_insurance: loss.insurance,
            from_providers: loss.providers,
            from_reserves: loss.reserves,
            from_suppliers: loss.suppliers,
            perp,
        }
    );
}

/// Who bears a loss of an asset, token units.
pub struct Loss {
    /// The insurance fund; of the settlement asset only.
    pub insurance: i128,
    /// The liquidity providers; of the settlement asset only.
    pub providers: i128,
    /// The asset's reserves.
    pub reserves: i128,
    /// Its depositors.
    pub suppliers: i128,
}

/// Has `amount` of an asset borne by its reserves, then by its depositors.
pub fn absorb(book: &mut Book, asset: &Address, amount: i128) -> Loss {
    let env = &book.env.clone();
    let totals = &mut book.asset_mut(asset).totals;
    let reserves = amount.min(totals.reserves);
    let suppliers = sub(env, amount, reserves).min(totals.supplied);
    decrease(env, &mut totals.reserves, reserves);
    decrease(env, &mut totals.supplied, suppliers);
    // Only the settlement asset has a rest: realised losses turn deposits into pool cash, which then backs loans too.
    let rest = sub(env, sub(env, amount, reserves), suppliers);
    if rest == 0 {
        return Loss { insurance: 0, providers: 0, reserves, suppliers };
    }
    require(env, asset == &book.config.settlement, LedgerError::InsufficientBucket);
    let settlement = book.settlement_mut();
    let insurance = rest.min(settlement.insurance);
    let providers = sub(env, rest, insurance);
    let payable = buckets(settlement).payable().or_fail(env);
    require(env, providers <= payable, LedgerError::InsufficientBucket);
    decrease(env, &mut settlement.insurance, insurance);
    decrease(env, &mut settlement.lp, providers);
    Loss { insurance, providers, reserves, suppliers }
}
