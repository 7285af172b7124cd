//! Taking a position over at the index: what restores the target health goes to the pool, or to a healthy liquidator. The
//! curve does not move.

use crate::book::Book;
use crate::checked::*;
use crate::perp::{fill, held, push, replace, to_math};
use crate::settlement::{realize_bad_debt_of, touch_debts, Till};
use crate::terms::maintenance_bps;
use crate::valuation::{self, status, Quotes, Sheet, Valuation};
use crate::{limits, pool, standing};
use margin_interface::{AccountState, LedgerError, MarketState, PositionTakenOver, TakeOver};
use margin_math::{
    perp_liquidation::{self, Outcome},
    status::may_seize,
    units::QUOTE_SCALE,
};
use soroban_sdk::{Address, Symbol};

/// Moves what restores the target health, at most `max_size`, of a liquidatable account's position at the index: to the
/// pool, or to a healthy liquidator; then the traders' net size stays.
pub fn take_over(
    book: &mut Book,
    liquidator: &Address,
    account: &Address,
    market: &Symbol,
    max_size: i128,
    to_pool: bool,
    state: MarketState,
) -> TakeOver {
    let env = &book.env.clone();
    if liquidator == account {
        fail(env, LedgerError::SelfLiquidation);
    }
    if max_size <= 0 {
        fail(env, LedgerError::InvalidAmount);
    }
    let min_notional = push(book, market, state).config.min_notional;
    let (mut owner, mut taker) = (book.account(account), book.account(liquidator));
    let whole = abs(env, held(&owner, market).size);
    if whole == 0 {
        fail(env, LedgerError::NothingOwed);
    }
    let mut quotes = pool::quotes(book, &[&owner, &taker]);
    let liquidation = judged(book, &owner, market, &quotes);
    let most = liquidation.size().or_fail(env);
    let size = most.min(max_size);
    let dust = |size: i128| mul_div_floor(env, size, liquidation.price, QUOTE_SCALE) < min_notional;
    if size < whole && dust(sub(env, whole, size)) {
        fail(env, LedgerError::InvalidAmount);
    }
    let outcome = liquidation.outcome(size).or_fail(env);
    let (fee, price) = (outcome.fee, liquidation.price);

    let account_seq = give_up(book, account, &mut owner, market, &outcome);
    let taken = (!to_pool).then_some(&quotes);
    let liquidator_seq = receive(book, liquidator, &mut taker, market, &outcome, taken);
    if !to_pool {
        let left = abs(env, held(&taker, market).size);
        // All that there is to take may be little; less is nobody's business.
        require(env, size == most || left == 0 || !dust(left), LedgerError::InvalidAmount);
        quotes.bear(book.market(market));
        limits::require_opening_at(book, &quotes, liquidator, &taker);
    }

    PositionTakenOver {
        account: account.clone(),
        liquidator: liquidator.clone(),
        market: market.clone(),
        fee,
        funding: outcome.funding,
        price,
        realized_pnl: outcome.realized,
        size: outcome.size,
        to_pool,
        account_seq,
        liquidator_seq,
        market_seq: book.market(market).seq,
    }
    .publish(&book.env);
    touch_debts(book, &owner);
    realize_bad_debt_of(book, account, market);
    TakeOver { fee, price, size: outcome.size }
}

/// What may be taken of the account, or [`LedgerError::NotLiquidatable`]; nothing is at an index that nobody may seize at.
fn judged(
    book: &mut Book,
    owner: &AccountState,
    market: &Symbol,
    quotes: &Quotes,
) -> perp_liquidation::TakeOver {
    let env = &book.env.clone();
    let sheet = Sheet::of(book, owner);
    let index = quotes.of(env, book.market(market));
    require(env, may_seize(status(index.status)), LedgerError::PriceNotUsable);
    let margin = sheet.value(env, quotes, Valuation::Liquidation).margin;
    require(env, standing::liquidatable(owner, &margin, book.now()), LedgerError::NotLiquidatable);
    let winners = pool::winners(book, quotes);
    let till = Till::open(book, owner);
    let settlement = &book.settlement_asset().config;
    let settlement_ltv_bps = settlement.ltv_bps;
    let settlement = valuation::prices(env, quotes.get(&settlement.index), Valuation::Liquidation);
    let position = to_math(&held(owner, market));
    let record = book.market(market);
    let market_value = pool::market_value(env, record, quotes);
    perp_liquidation::TakeOver {
        buckets: till.buckets,
        effective: margin.effective,
        equity: margin.equity().or_fail(env),
        index_long: record.state.funding_long,
        index_short: record.state.funding_short,
        market_value,
        min_notional: record.config.min_notional,
        mmr_bps: maintenance_bps(record, Valuation::Live, env.ledger().timestamp()),
        other_winners: sub(env, winners, market_value.max(0)),
        position,
        price: valuation::liquidation_price(env, &index, position.size),
        purse: till.purse,
        required: margin.required,
        settlement,
        settlement_ltv_bps,
    }
}

/// Closes that part of the account's position. Returns the account's new `seq`.
fn give_up(
    book: &mut Book,
    account: &Address,
    owner: &mut AccountState,
    market: &Symbol,
    outcome: &Outcome,
) -> u64 {
    let mut till = Till::open(book, owner);
    (till.buckets, till.purse) = (outcome.buckets, outcome.purse);
    till.close(book, owner);
    replace(book, owner, market, &outcome.position);
    book.put_account(account, owner)
}

/// Gives the liquidator the fee, and the position at the `quotes` there are unless the pool takes it. Returns the liquidator's
/// new `seq`.
fn receive(
    book: &mut Book,
    liquidator: &Address,
    taker: &mut AccountState,
    market: &Symbol,
    outcome: &Outcome,
    quotes: Option<&Quotes>,
) -> u64 {
    let env = &book.env.clone();
    let mut till = Till::open(book, taker);
    increase(env, &mut till.purse.deposit, outcome.liquidator_fee);
    till.close(book, taker);
    if let Some(quotes) = quotes {
        take(book, taker, market, outcome.size, neg(env, outcome.quote), quotes);
    }
    book.put_account(liquidator, taker)
}

/// Takes `size` at `quote` into the liquidator's account: what reduces an opposite position first, then the rest.
fn take(
    book: &mut Book,
    taker: &mut AccountState,
    market: &Symbol,
    size: i128,
    quote: i128,
    quotes: &Quotes,
) {
    let env = &book.env.clone();
    let own = held(taker, market).size;
    let crosses = own.signum() == -size.signum() && abs(env, size) > abs(env, own);
    let (mut rest, mut rest_quote) = (size, quote);
    if crosses {
        let closing = neg(env, own);
        let closing_quote = mul_div_floor(env, quote, closing, size);
        fill(book, taker, market, closing, closing_quote, quotes, 0);
        rest = sub(env, size, closing);
        rest_quote = sub(env, quote, closing_quote);
    }
    fill(book, taker, market, rest, rest_quote, quotes, 0);
}
