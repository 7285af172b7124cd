//! The account after what is about to happen to it, in the Open valuation: what `__check_auth` decides by.
//!
//! Actions are applied to the entries of a book that is never stored, with the same functions that execute them, so a
//! later one sees the earlier ones. What is uncertain until execution is taken at its worst: fills at their limit price,
//! profits unpaid. Accepted here therefore means accepted there, in the same state.

use crate::actions;
use crate::book::Book;
use crate::checked::*;
use crate::holdings::{self, add_debt, add_deposit, take_deposit};
use crate::lending::{extinguish, net};
use crate::perp::{filled, held, replace};
use crate::settlement::Till;
use crate::valuation::{funding_now, worth, Amounts, Quotes, Sheet, Valuation};
use margin_interface::{
    AccountState, AccountSummary, Action, AssetState, LedgerError, OpenAction, TradeAction, MAX_ACTIONS,
};
use margin_math::{
    curve,
    units::{LEVERAGE, QUOTE_SCALE},
};
use soroban_sdk::{Address, Env, Symbol, Vec};

/// The account after `actions`, and the value of `amounts`.
pub fn preview(
    book: &mut Book,
    account: &Address,
    actions: &Vec<Action>,
    amounts: &Amounts,
) -> (AccountSummary, Option<i128>) {
    let env = &book.env.clone();
    if actions.len() > MAX_ACTIONS {
        fail(env, LedgerError::TooManyHoldings);
    }
    let state = book.account(account);
    let mut wanted = Quotes::new();
    wanted.want_account(book, &state);
    for action in actions::read(env, actions) {
        want(book, &action, &mut wanted);
    }
    wanted.want_amounts(book, amounts);
    let quotes = wanted.fetch(book);
    for action in actions::read(env, actions) {
        apply(book, account, &action, &quotes);
    }
    let state = book.account(account);
    let sheet = Sheet::of(book, &state);
    // An account that owes and risks nothing may leave whatever the oracle says: its deposits just count nothing.
    let counts = sheet.is_exposed() || sheet.is_priced(&quotes, Valuation::Open);
    let empty = Sheet::empty();
    let valued = if counts { &sheet } else { &empty }.value(env, &quotes, Valuation::Open);
    (sheet.summary(env, &valued), worth(book, &quotes, amounts))
}

/// Wants what an action may add to the prices the account depends on.
fn want(book: &mut Book, action: &Action, quotes: &mut Quotes) {
    let settlement = book.config.settlement.clone();
    let (asset, market) = match action {
        Action::Deposit(asset, _)
        | Action::Withdraw(asset, _)
        | Action::Borrow(asset, _)
        | Action::Repay(asset, _)
        | Action::RepayWithCollateral(asset, _) => (asset, None),
        Action::Open(open) => (&settlement, Some(&open.market)),
        Action::Trade(trade) => (&settlement, Some(&trade.market)),
        Action::MoveSettlement(_) | Action::AddLiquidity(..) => (&settlement, None),
        Action::RemoveLiquidity(..) | Action::Refresh(_) => return,
    };
    quotes.want(&book.asset(asset).config.index);
    if let Some(market) = market {
        quotes.want_market(book, market);
    }
}

fn apply(book: &mut Book, account: &Address, action: &Action, quotes: &Quotes) {
    let env = &book.env.clone();
    let settlement = book.config.settlement.clone();
    let (change, asset, amount): (Change, _, _) = match action {
        Action::Open(action) => return open(book, account, action, quotes),
        Action::Trade(action) => return trade(book, account, action, quotes),
        Action::Repay(asset, amount) => {
            require_positive(env, *amount);
            extinguish(book, account, asset, *amount);
            return;
        }
        Action::RepayWithCollateral(asset, amount) => {
            require_positive(env, *amount);
            net(book, account, asset, *amount);
            return;
        }
        // What leaving the pool yields is known only then.
        Action::RemoveLiquidity(..) | Action::Refresh(_) => return,
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
type Change = fn(&mut AssetState, &mut AccountState, &Address, i128) -> holdings::Change;

fn change_holding(book: &mut Book, account: &Address, change: Change, asset: &Address, amount: i128) {
    require_positive(&book.env, amount);
    let mut owner = book.account(account);
    change(book.asset_mut(asset), &mut owner, asset, amount);
    book.put_account(account, &owner);
}

fn open(book: &mut Book, account: &Address, action: &OpenAction, quotes: &Quotes) {
    let env = &book.env.clone();
    let settlement = book.config.settlement.clone();
    change_holding(book, account, add_deposit, &settlement, action.margin);
    let state = &book.market(&action.market).state;
    let notional = mul_div_floor(env, action.margin, i128::from(action.leverage), i128::from(LEVERAGE));
    let size = curve::base_for_quote(state.base_reserve, state.quote_reserve, notional, action.is_long);
    legs(book, account, &action.market, size.or_fail(env), None, quotes)
}

fn trade(book: &mut Book, account: &Address, action: &TradeAction, quotes: &Quotes) {
    let env = &book.env.clone();
    if action.limit_price < 0 {
        fail(env, LedgerError::InvalidAmount);
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
) {
    let env = &book.env.clone();
    let record = book.market_mut(market);
    let funding = funding_now(env, record, &quotes.of(env, record));
    record.state.funding_at = funding.updated_at;
    record.state.funding_long = funding.long;
    record.state.funding_short = funding.short;
    let own = held(&book.account(account), market).size;
    let reduces = own != 0 && own.signum() == -size_delta.signum();
    if reduces && abs(env, size_delta) > abs(env, own) {
        leg(book, account, market, neg(env, own), limit);
        return leg(book, account, market, add(env, own, size_delta), limit);
    }
    leg(book, account, market, size_delta, limit)
}

/// One fill, at the limit price if there is one, else at what the curve asks. The curve moves either way.
fn leg(book: &mut Book, account: &Address, market: &Symbol, size: i128, limit: Option<i128>) {
    let env = &book.env.clone();
    let record = book.market_mut(market);
    let (x, y) = (record.state.base_reserve, record.state.quote_reserve);
    let curve_quote = curve::quote_for_base(x, y, size).or_fail(env);
    let quote = match limit {
        Some(price) => mul_div_floor(env, neg(env, size), price, QUOTE_SCALE),
        None => curve_quote,
    };
    let moved = curve::after(x, y, size, curve_quote).or_fail(env);
    (record.state.base_reserve, record.state.quote_reserve) = moved;
    let fee = fee(env, quote, curve_quote, record.config.fee_bps);
    let mut owner = book.account(account);
    let filled = filled(book, &owner, market, size, quote);
    replace(book, &mut owner, market, &filled.position);
    let cash = sub(env, filled.realized, filled.funding);
    let mut till = Till::open(book, &owner);
    // A profit may have to wait for the pool's cash, so it buys nothing yet.
    till.buckets.lose(&mut till.purse, neg(env, cash.min(0))).or_fail(env);
    till.buckets.charge(&mut till.purse, fee).or_fail(env);
    till.close(book, &mut owner);
    book.put_account(account, &owner);
}

/// The larger of the fees at the limit and at the curve: a sale above its limit pays the larger one.
fn fee(env: &Env, quote: i128, curve_quote: i128, fee_bps: u32) -> i128 {
    let most = abs(env, quote).max(abs(env, curve_quote));
    bps_ceil(env, most, fee_bps)
}
