//! Debts that somebody else pays for collateral, by the account's agreement: deleverage and settlement in kind.
//!
//! Prices are mid prices that are live: whom a doubtful price would favour here is not the account's to lose.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::valuation::{self, Quotes, Sheet, Valuation};
use crate::{holdings, lending, storage};
use margin_interface::{InKindSet, LedgerError, Liquidation, Swapped, MAX_HOLDINGS};
use margin_math::swap::{self, Side, DELEVERAGE_BPS, IN_KIND_BPS};
use soroban_sdk::{Address, Vec};

/// Whose debt is paid by whom, and what for.
pub struct Deal<'a> {
    /// Whose debt.
    pub account: &'a Address,
    /// Who pays and takes.
    pub payer: &'a Address,
    /// What is owed.
    pub debt: &'a Address,
    /// What is given.
    pub collateral: &'a Address,
    /// Most to repay, units of the debt.
    pub max_repay: i128,
}

/// Any debt of an account that asks for it.
pub fn deleverage(book: &mut Book, deal: &Deal) -> Liquidation {
    execute(book, deal, DELEVERAGE_BPS)
}

/// The perpetual debt of an account that has named the asset before.
pub fn settle_in_kind(book: &mut Book, deal: &Deal) -> Liquidation {
    let env = &book.env.clone();
    let agreed = storage::in_kind(env, deal.account).contains(deal.collateral);
    require(env, agreed, LedgerError::NotInKind);
    let owed = book.account(deal.account);
    let owed = holdings::perp_owed(book.settlement(), &owed);
    require(env, owed > 0, LedgerError::NothingOwed);
    // Perpetual debt is repaid first, so no lending debt is touched.
    execute(book, &Deal { max_repay: deal.max_repay.min(owed), ..*deal }, IN_KIND_BPS)
}

/// Names the assets that may be taken in kind.
pub fn set_in_kind(book: &mut Book, account: &Address, assets: &Vec<Address>) {
    account.require_auth();
    let env = &book.env.clone();
    require(env, assets.len() <= MAX_HOLDINGS, LedgerError::TooManyHoldings);
    storage::set_in_kind(env, account, assets);
    let owner = book.account(account);
    let account_seq = book.put_account(account, &owner);
    InKindSet { account: account.clone(), account_seq, assets: assets.clone() }.publish(env);
}

fn execute(book: &mut Book, deal: &Deal, given_bps: u32) -> Liquidation {
    let env = &book.env.clone();
    let Deal { account, payer, debt, collateral, max_repay } = *deal;
    require_positive(env, max_repay);
    require(env, account != payer, LedgerError::SelfLiquidation);
    require(env, debt != collateral, LedgerError::LiquidationUnhelpful);
    let mut owner = book.account(account);
    let (sheet, quotes) = valuation::sheet(book, &owner);
    let before = sheet.value(env, &quotes, Valuation::Live).margin;

    let amount = lending::due(book, &owner, debt);
    require(env, amount > 0, LedgerError::NothingOwed);
    let owed = side(book, &quotes, debt, amount);
    let amount = holdings::deposited(book.asset(collateral), &owner, collateral);
    require(env, amount > 0, LedgerError::InsufficientBalance);
    let held = side(book, &quotes, collateral, amount);
    let swap::Swap { repaid, given } = swap::swap(&owed, &held, given_bps, max_repay).or_fail(env);
    require_positive(env, repaid.min(given));

    let repaid = lending::extinguish(book, account, debt, repaid).total();
    increase(env, &mut book.asset_mut(debt).totals.cash, repaid);
    owner = book.account(account);
    holdings::take_deposit(book.asset_mut(collateral), &mut owner, collateral, given);
    let account_seq = book.put_account(account, &owner);
    lending::pay_out(book, collateral, given);

    let after = Sheet::of(book, &owner).value(env, &quotes, Valuation::Live).margin;
    let better = swap::improves(&before, &after).or_fail(env);
    require(env, better, LedgerError::LiquidationUnhelpful);
    let (collateral_seq, debt_seq) = (book.asset(collateral).totals.seq, book.asset(debt).totals.seq);
    emit!(
        book,
        Swapped {
            account: account.clone(),
            payer: payer.clone(),
            account_seq,
            collateral_asset: collateral.clone(),
            collateral_seq,
            debt_asset: debt.clone(),
            debt_seq,
            given,
            repaid,
        }
    );
    Liquidation { repaid, seized: given }
}

/// One side at its mid price, which must be live.
fn side(book: &mut Book, quotes: &Quotes, asset: &Address, amount: i128) -> Side {
    let env = &book.env.clone();
    let state = book.asset(asset);
    let quote = quotes.get(env, &state.config.index);
    let price = valuation::prices(env, quote, Valuation::Open).mid;
    Side { amount, decimals: state.decimals, price }
}
