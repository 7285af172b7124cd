//! The account after what is about to happen to it, in the Open valuation: what `__check_auth` decides by.
//!
//! Actions are applied to the entries of a book that is never stored, with the same functions that execute them, so a
//! later one sees the earlier ones. What is uncertain until execution is taken at its worst: fills at their limit price,
//! profits unpaid. Accepted here therefore means accepted there, in the same state.

use crate::book::{Book, OrOverflow};
use crate::holdings::{self, add_debt, add_deposit, take_deposit};
use crate::lending::{extinguish, net, require_positive};
use crate::perp::{filled, held, replace};
use crate::settlement::Till;
use crate::valuation::{funding_now, Quotes, Sheet, Valuation};
use margin_interface::{
    AccountState, AccountSummary, Action, Asset, AssetState, LedgerError, OpenAction, TradeAction,
    MAX_HOLDINGS,
};
use margin_math::{
    curve,
    fixed::{abs, add, bps_ceil, mul_div_floor, neg, sub},
    units::{LEVERAGE, QUOTE_SCALE},
};
use soroban_sdk::{Address, Symbol, Vec};

/// Most actions of one preview: as many as an account may have holdings of all kinds.
const MAX_ACTIONS: u32 = 3 * MAX_HOLDINGS;

/// The account after `actions`.
pub fn preview(
    book: &mut Book,
    account: &Address,
    actions: &Vec<Action>,
) -> Result<AccountSummary, LedgerError> {
    if actions.len() > MAX_ACTIONS {
        return Err(LedgerError::TooManyHoldings);
    }
    let state = book.account(account);
    let mut wanted = Quotes::new();
    Sheet::of(book, &state)?.want(&mut wanted);
    for action in actions.iter() {
        for index in concerned(book, &action)? {
            wanted.want(&index);
        }
    }
    let quotes = wanted.fetch(book);
    for action in actions.iter() {
        apply(book, account, &action, &quotes)?;
    }
    let state = book.account(account);
    let sheet = Sheet::of(book, &state)?;
    let valued = match sheet.value(&quotes, Valuation::Open, book.now()) {
        // An account that owes and risks nothing may leave whatever the oracle says: its deposits just count nothing.
        Err(LedgerError::PriceNotUsable) if !sheet.is_exposed() => {
            Sheet::empty().value(&quotes, Valuation::Open, book.now())?
        }
        other => other?,
    };
    sheet.summary(&book.env, &valued)
}

/// What an action may add to the prices the account depends on.
fn concerned(book: &mut Book, action: &Action) -> Result<alloc::vec::Vec<Asset>, LedgerError> {
    let settlement = book.config.settlement.clone();
    let (asset, market) = match action {
        Action::Deposit(asset, _)
        | Action::Withdraw(asset, _)
        | Action::Borrow(asset, _)
        | Action::Repay(asset, _)
        | Action::RepayWithCollateral(asset, _) => (asset.clone(), None),
        Action::Open(open) => (settlement, Some(&open.market)),
        Action::Trade(trade) => (settlement, Some(&trade.market)),
        Action::MoveSettlement(_) | Action::AddLiquidity(..) => (settlement, None),
        Action::RemoveLiquidity(..) | Action::Refresh(_) => return Ok(alloc::vec![]),
    };
    let mut indexes = alloc::vec![book.asset(&asset)?.config.index.clone()];
    if let Some(market) = market {
        indexes.push(book.market(market)?.config.index.clone());
    }
    Ok(indexes)
}

fn apply(book: &mut Book, account: &Address, action: &Action, quotes: &Quotes) -> Result<(), LedgerError> {
    let settlement = book.config.settlement.clone();
    let (change, asset, amount): (Change, _, _) = match action {
        Action::Open(action) => return open(book, account, action, quotes),
        Action::Trade(action) => return trade(book, account, action, quotes),
        Action::Repay(asset, amount) => {
            require_positive(*amount)?;
            return extinguish(book, account, asset, *amount).map(|_| ());
        }
        Action::RepayWithCollateral(asset, amount) => {
            require_positive(*amount)?;
            return net(book, account, asset, *amount).map(|_| ());
        }
        // What leaving the pool yields is known only then.
        Action::RemoveLiquidity(..) | Action::Refresh(_) => return Ok(()),
        Action::Deposit(asset, amount) => (add_deposit, asset, *amount),
        Action::Withdraw(asset, amount) => (take_deposit, asset, *amount),
        Action::MoveSettlement(amount) | Action::AddLiquidity(amount, _) => {
            (take_deposit, &settlement, *amount)
        }
        Action::Borrow(asset, amount) => (add_debt, asset, *amount),
    };
    change_holding(book, account, change, asset, amount)
}

/// One of the functions of `holdings`.
type Change = fn(&mut AssetState, &mut AccountState, &Address, i128) -> Result<holdings::Change, LedgerError>;

fn change_holding(
    book: &mut Book,
    account: &Address,
    change: Change,
    asset: &Address,
    amount: i128,
) -> Result<(), LedgerError> {
    require_positive(amount)?;
    let mut owner = book.account(account);
    change(book.asset_mut(asset)?, &mut owner, asset, amount)?;
    book.put_account(account, owner);
    Ok(())
}

fn open(book: &mut Book, account: &Address, action: &OpenAction, quotes: &Quotes) -> Result<(), LedgerError> {
    let settlement = book.config.settlement.clone();
    change_holding(book, account, add_deposit, &settlement, action.margin)?;
    let state = &book.market(&action.market)?.state;
    let notional =
        mul_div_floor(action.margin, i128::from(action.leverage), i128::from(LEVERAGE)).or_overflow()?;
    let size = curve::base_for_quote(state.base_reserve, state.quote_reserve, notional, action.is_long);
    legs(book, account, &action.market, size.or_overflow()?, None, quotes)
}

fn trade(
    book: &mut Book,
    account: &Address,
    action: &TradeAction,
    quotes: &Quotes,
) -> Result<(), LedgerError> {
    if action.limit_price < 0 {
        return Err(LedgerError::InvalidAmount);
    }
    legs(book, account, &action.market, action.size_delta, Some(action.limit_price), quotes)
}

/// Trades as the clearing-house does: what crosses zero closes first, then opens.
fn legs(
    book: &mut Book,
    account: &Address,
    market: &Symbol,
    size_delta: i128,
    limit: Option<i128>,
    quotes: &Quotes,
) -> Result<(), LedgerError> {
    let now = book.now();
    let record = book.market_mut(market)?;
    let quote = quotes.get(&record.config.index)?;
    let funding = funding_now(record, quote, now)?;
    record.state.funding_at = funding.updated_at;
    record.state.funding_long = funding.long;
    record.state.funding_short = funding.short;
    let own = held(&book.account(account), market).size;
    let reduces = own != 0 && own.signum() == -size_delta.signum();
    if reduces && abs(size_delta).or_overflow()? > abs(own).or_overflow()? {
        leg(book, account, market, neg(own).or_overflow()?, limit)?;
        return leg(book, account, market, add(own, size_delta).or_overflow()?, limit);
    }
    leg(book, account, market, size_delta, limit)
}

/// One fill, at the limit price if there is one, else at what the curve asks. The curve moves either way.
fn leg(
    book: &mut Book,
    account: &Address,
    market: &Symbol,
    size: i128,
    limit: Option<i128>,
) -> Result<(), LedgerError> {
    let record = book.market_mut(market)?;
    let (x, y) = (record.state.base_reserve, record.state.quote_reserve);
    let curve_quote = curve::quote_for_base(x, y, size).or_overflow()?;
    let quote = match limit {
        Some(price) => mul_div_floor(neg(size).or_overflow()?, price, QUOTE_SCALE).or_overflow()?,
        None => curve_quote,
    };
    let moved = curve::after(x, y, size, curve_quote).or_overflow()?;
    (record.state.base_reserve, record.state.quote_reserve) = moved;
    let fee = fee(quote, curve_quote, record.config.fee_bps)?;
    let mut owner = book.account(account);
    let filled = filled(book, &owner, market, size, quote)?;
    replace(book, &mut owner, market, &filled.position)?;
    let cash = sub(filled.realized, filled.funding).or_overflow()?;
    let mut till = Till::open(book, &owner)?;
    // A profit may have to wait for the pool's cash, so it buys nothing yet.
    till.buckets.lose(&mut till.purse, neg(cash.min(0)).or_overflow()?).or_overflow()?;
    till.buckets.charge(&mut till.purse, fee).or_overflow()?;
    till.close(book, &mut owner)?;
    book.put_account(account, owner);
    Ok(())
}

/// The larger of the fees at the limit and at the curve: a sale above its limit pays the larger one.
fn fee(quote: i128, curve_quote: i128, fee_bps: u32) -> Result<i128, LedgerError> {
    let most = abs(quote).or_overflow()?.max(abs(curve_quote).or_overflow()?);
    bps_ceil(most, fee_bps).or_overflow()
}
