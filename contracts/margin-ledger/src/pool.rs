//! The liquidity pool over all markets: what winners are owed, and the reserve test.

use crate::book::Book;
use crate::checked::*;
use crate::holdings::credit_line;
use crate::settlement::buckets;
use crate::storage;
use crate::terms::maintenance_bps;
use crate::valuation::{allows, funding_now, Quotes, Valuation};
use margin_interface::{AccountState, LedgerError, MarketState, MarketTotals, PerpMarket, PoolValue, Quote};
use margin_math::{
    curve,
    pool::{Exposure, Pool},
    position::Totals,
    status::Use,
};
use soroban_sdk::Env;

/// Wants what every market and the settlement asset are priced by.
pub fn indexes(book: &mut Book) -> Quotes {
    let mut quotes = Quotes::new();
    for market in storage::markets(&book.env) {
        quotes.want_market(book, &market);
    }
    quotes.want(&book.settlement_asset().config.index);
    quotes
}

/// The quotes of every market, of the settlement asset, and of what `accounts` hold.
pub fn quotes(book: &mut Book, accounts: &[&AccountState]) -> Quotes {
    let mut quotes = indexes(book);
    for account in accounts {
        quotes.want_account(book, account);
    }
    quotes.fetch(book)
}

/// Sum over markets of what traders are owed at the index, where positive.
pub fn winners(book: &mut Book, quotes: &Quotes) -> i128 {
    let env = &book.env.clone();
    let mut sum = 0;
    for market in storage::markets(&book.env) {
        increase(env, &mut sum, market_value(env, book.market(&market), quotes).max(0));
    }
    sum
}

/// `U` of one market, as [`winners`] counts it.
pub fn market_value(env: &Env, record: &PerpMarket, quotes: &Quotes) -> i128 {
    exposure(env, record, &quotes.of(env, record)).map_or(0, |exposure| exposure.index_value().or_fail(env))
}

/// The pool as the reserve test sees it, and whether every market with open interest has a live index. One that has not
/// counts at its worst, so that it stops neither the other markets nor whoever leaves the pool.
fn assess(book: &mut Book, quotes: &Quotes) -> (Pool, bool) {
    let env = &book.env.clone();
    let settlement = buckets(book.settlement());
    let mut pool = Pool::new(settlement.payable().or_fail(env), settlement.claims);
    let mut live = true;
    for market in storage::markets(&book.env) {
        let record = book.market(&market);
        let quote = &quotes.of(env, record);
        if let Some(exposure) = exposure(env, record, quote) {
            if allows(quote.status, Use::Increase) && quote.mid > 0 {
                pool.market(&exposure).or_fail(env);
            } else {
                live = false;
                let seconds = book.now().saturating_sub(quote.timestamp);
                pool.unwatched_market(&exposure, said(quote, exposure.price), seconds).or_fail(env);
            }
        }
    }
    (pool, live)
}

/// Between which prices the market was when somebody last looked. A refused one is among them: rounds go on while it is, so the
/// quote does not age. Of what is no price the ends are the asset's band, and say nothing.
fn said(quote: &Quote, last: i128) -> (i128, i128) {
    if allows(quote.status, Use::Reduce) && quote.mid > 0 {
        return (quote.lo, quote.hi);
    }
    (last, last)
}

/// Refuses unless the pool can bear the risk it has now.
pub fn require_reserve(book: &mut Book, quotes: &Quotes) {
    let env = &book.env.clone();
    let (pool, _) = assess(book, quotes);
    require(env, pool.headroom().or_fail(env) >= 0, LedgerError::ReserveTestFailed);
}

/// The pool valued now.
pub fn value(book: &mut Book) -> PoolValue {
    let env = &book.env.clone();
    let quotes = quotes(book, &[]);
    let (pool, live) = assess(book, &quotes);
    let settlement = book.settlement();
    PoolValue {
        claims: pool.claims,
        curve_value: pool.curve_value,
        doubtful: credit_line(settlement).assets_ceil(settlement.doubtful_shares).or_fail(env),
        index_value: pool.index_value,
        lent: settlement.perp_borrowed,
        live,
        payable: pool.payable,
        required: pool.required,
        winners: pool.winners,
    }
}

/// The sums of a market as `margin-math` knows them.
#[inline(never)] // for size, as `buckets`
pub fn totals(totals: &MarketTotals) -> Totals {
    Totals {
        entry: totals.entry,
        long_funding: totals.long_funding,
        long_interest: totals.long_interest,
        net_size: totals.net_size,
        short_funding: totals.short_funding,
        short_interest: totals.short_interest,
    }
}

/// The reserve of a curve that takes nobody.
const NOBODY_TRADES: i128 = i128::MIN >> 1;

/// A market with open interest, or `None`. Without a usable index it counts at its last price, or at its mark if it never
/// had one: whoever closes is settled even while the oracle is down.
fn exposure(env: &Env, record: &PerpMarket, quote: &Quote) -> Option<Exposure> {
    if record.totals.long_interest == 0 && record.totals.short_interest == 0 {
        return None;
    }
    let MarketState { base_reserve, clearing_price, quote_reserve, .. } = record.state;
    let funding = funding_now(env, record, quote);
    // Wound down, nobody leaves through the curve, and no price moves.
    let (base_reserve, gap_bps, sigma_bps) = if clearing_price == 0 {
        (base_reserve, record.config.gap_bps, record.config.sigma_bps)
    } else {
        (NOBODY_TRADES, 0, 0)
    };
    Some(Exposure {
        base_reserve,
        funding_long: funding.long,
        funding_short: funding.short,
        gap_bps,
        mmr_bps: maintenance_bps(record, Valuation::Live, env.ledger().timestamp()),
        price: last_price(env, record, quote),
        quote_reserve,
        sigma_bps,
        totals: totals(&record.totals),
    })
}

/// The index, live or not; the mark where there never was one.
pub fn last_price(env: &Env, record: &PerpMarket, quote: &Quote) -> i128 {
    if quote.mid > 0 {
        return quote.mid;
    }
    curve::mark(record.state.base_reserve, record.state.quote_reserve).or_fail(env)
}
