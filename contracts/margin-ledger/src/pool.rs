//! The liquidity pool over all markets: what winners are owed, and the reserve test.

use crate::book::{Book, OrOverflow};
use crate::settlement::buckets;
use crate::storage;
use crate::valuation::{allows, funding_now, Quotes, Sheet};
use margin_interface::{LedgerError, MarketTotals, PerpMarket, PoolValue, Quote};
use margin_math::{
    curve,
    fixed::increase,
    pool::{Exposure, Pool},
    position::Totals,
    status::Use,
};

/// The quotes of every market, of the settlement asset, and of what `sheets` depend on.
pub fn quotes(book: &mut Book, sheets: &[&Sheet]) -> Result<Quotes, LedgerError> {
    let mut quotes = Quotes::new();
    for market in storage::markets(&book.env) {
        quotes.want(&book.market(&market)?.config.index);
    }
    quotes.want(&book.settlement_asset()?.config.index);
    for sheet in sheets {
        sheet.want(&mut quotes);
    }
    Ok(quotes.fetch(book))
}

/// Sum over markets of what traders are owed at the index, where positive. A market without a usable index counts at its
/// last price, or at its mark if it never had one: whoever closes is settled even while the oracle is down.
pub fn winners(book: &mut Book, quotes: &Quotes) -> Result<i128, LedgerError> {
    let (mut sum, now) = (0, book.now());
    for market in storage::markets(&book.env) {
        increase(&mut sum, market_value(book.market(&market)?, quotes, now)?.max(0)).or_overflow()?;
    }
    Ok(sum)
}

/// `U` of one market, as [`winners`] counts it.
pub fn market_value(record: &PerpMarket, quotes: &Quotes, now: u64) -> Result<i128, LedgerError> {
    if record.totals.long_interest == 0 && record.totals.short_interest == 0 {
        return Ok(0);
    }
    let quote = quotes.get(&record.config.index)?;
    let price = if quote.mid > 0 {
        quote.mid
    } else {
        curve::mark(record.state.base_reserve, record.state.quote_reserve).or_overflow()?
    };
    exposure(record, quote, price, now)?.index_value().or_overflow()
}

/// The pool as the reserve test sees it; every market with open interest must have a live index.
pub fn assess(book: &mut Book, quotes: &Quotes) -> Result<Pool, LedgerError> {
    let settlement = buckets(book.settlement()?);
    let mut pool = Pool::new(settlement.payable().or_overflow()?, settlement.claims);
    let now = book.now();
    for market in storage::markets(&book.env) {
        let record = book.market(&market)?;
        if record.totals.long_interest == 0 && record.totals.short_interest == 0 {
            continue;
        }
        let quote = quotes.get(&record.config.index)?;
        if !allows(quote.status, Use::Increase) || quote.mid <= 0 {
            return Err(LedgerError::PriceNotUsable);
        }
        pool.market(&exposure(record, quote, quote.mid, now)?).or_overflow()?;
    }
    Ok(pool)
}

/// Refuses unless the pool can bear the risk it has now.
pub fn require_reserve(book: &mut Book, quotes: &Quotes) -> Result<(), LedgerError> {
    if assess(book, quotes)?.headroom().or_overflow()? < 0 {
        return Err(LedgerError::ReserveTestFailed);
    }
    Ok(())
}

/// The pool valued now.
pub fn value(book: &mut Book) -> Result<PoolValue, LedgerError> {
    let quotes = quotes(book, &[])?;
    let pool = assess(book, &quotes)?;
    Ok(PoolValue {
        claims: pool.claims,
        curve_value: pool.curve_value,
        index_value: pool.index_value,
        payable: pool.payable,
        required: pool.required,
        winners: pool.winners,
    })
}

/// The sums of a market as `margin-math` knows them.
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

fn exposure(record: &PerpMarket, quote: &Quote, price: i128, now: u64) -> Result<Exposure, LedgerError> {
    let funding = funding_now(record, quote, now)?;
    Ok(Exposure {
        base_reserve: record.state.base_reserve,
        funding_long: funding.long,
        funding_short: funding.short,
        gap_bps: record.config.gap_bps,
        mmr_bps: record.config.mmr_bps,
        price,
        quote_reserve: record.state.quote_reserve,
        sigma_bps: record.config.sigma_bps,
        totals: totals(&record.totals),
    })
}
