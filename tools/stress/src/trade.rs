//! Fills: on the curve, with the pool, or in a take-over.

use crate::account::{liquidation_price, Account};
use crate::book::{Book, Math, INDEX_OF, TERMS, USDC};
use margin_math::fixed::{abs, add, bps_ceil, bps_floor, increase, mul_div_floor, neg, sub};
use margin_math::margin::{Margin, Valuation};
use margin_math::perp_liquidation::{Outcome, TakeOver};
use margin_math::position::{FillError, Filled};
use margin_math::status::may_increase;
use margin_math::units::{BPS, QUOTE_SCALE};
use margin_math::{curve, defaults, house, MathError};

/// A fill that crosses zero or has cash of the wrong sign is nothing this simulation asks for.
fn filled<T>(result: Result<T, FillError>) -> Math<T> {
    result.map_err(|error| match error {
        FillError::Math(error) => error,
        FillError::Invalid => MathError::Exhausted,
    })
}

/// Opens or increases by `size` on the curve; `false`, and nothing changes, if a rule refuses it.
pub fn increase_by(book: &mut Book, account: &mut Account, place: usize, size: i128) -> Math<bool> {
    let index = book.quotes[INDEX_OF[place]];
    let market = &book.markets[place];
    let before = market.mark()?;
    let Ok(quote) = curve::quote_for_base(market.x, market.y, size) else { return Ok(false) };
    let Ok((x, y)) = curve::after(market.x, market.y, size, quote) else { return Ok(false) };
    let mark = curve::mark(x, y)?;
    let inside = curve::within(mark, index.prices.mid, defaults::BAND_BPS)?
        || curve::approaches(before, mark, index.prices.mid);
    let held = add(account.positions[place].size, size)?;
    // A minute has twelve ledgers.
    let calm = curve::within(mark, market.mark_before, 12 * defaults::IMPACT_BPS)?;
    let small = abs(held)? <= market.size_cap()?;
    let worth = curve::notional_floor(held, index.prices.mid)? >= defaults::MIN_NOTIONAL;
    if !may_increase(index.status) || !inside || !calm || !small || !worth {
        return Ok(false);
    }
    let (mut owner, mut after) = (account.clone(), book.clone());
    (after.markets[place].x, after.markets[place].y) = (x, y);
    let fee = bps_ceil(abs(quote)?, defaults::TAKER_FEE_BPS)?;
    fill(&mut after, &mut owner, place, size, quote, fee)?;
    let (pool, live) = after.pool()?;
    let opening = owner.margin(&after, Valuation::Open)?.is_some_and(|margin| margin.opening_ok());
    if !live || !opening || pool.headroom()? < 0 {
        return Ok(false);
    }
    after.markets[place].moved(book.now)?;
    (*account, *book) = (owner, after);
    Ok(true)
}

/// What a reduction by `size` (signed like the trade) would be filled at: its cash, its fee, and whether the pool takes it.
pub fn reduction(book: &Book, place: usize, size: i128) -> Math<(i128, i128, bool)> {
    let (market, index) = (&book.markets[place], &book.quotes[INDEX_OF[place]]);
    let quote = curve::quote_for_base(market.x, market.y, size)?;
    let (x, y) = curve::after(market.x, market.y, size, quote)?;
    let (before, after, mid) = (market.mark()?, curve::mark(x, y)?, index.prices.mid);
    let mut cash = (quote, false);
    if may_increase(index.status)
        && !curve::within(after, mid, defaults::BAND_BPS)?
        && !curve::approaches(before, after, mid)
    {
        let cap = house::inventory_cap(book.buckets.payable()?, mid)?;
        if house::room(market.inventory, size, abs(size)?, cap)? >= abs(size)? {
            let ends = (index.prices.lo, index.prices.hi);
            cash = house::reduction((market.x, market.y), market.inventory, size, ends)
                .map_or(cash, |quote| (quote, true));
        }
    }
    Ok((cash.0, bps_ceil(abs(cash.0)?, defaults::TAKER_FEE_BPS)?, cash.1))
}

/// Reduces by `size` (signed like the trade) at `limit` or better, on the curve or with the pool; `false` if it may not.
pub fn reduce_by(
    book: &mut Book,
    account: &mut Account,
    place: usize,
    size: i128,
    limit: Option<i128>,
) -> Math<bool> {
    let Ok((quote, fee, by_pool)) = reduction(book, place, size) else { return Ok(false) };
    let price = curve::average_price(size, quote)?;
    let kept = limit.is_none_or(|limit| if size > 0 { price <= limit } else { price >= limit });
    let index = book.quotes[INDEX_OF[place]].prices.mid;
    let rest = add(account.positions[place].size, size)?;
    let worth = rest == 0 || curve::notional_floor(rest, index)? >= defaults::MIN_NOTIONAL;
    if !kept || !worth {
        return Ok(false);
    }
    let (mut owner, mut after) = (account.clone(), book.clone());
    let market = &mut after.markets[place];
    if by_pool {
        market.inventory = sub(market.inventory, size)?;
    } else {
        (market.x, market.y) = curve::after(market.x, market.y, size, quote)?;
        market.moved(book.now)?;
    }
    fill(&mut after, &mut owner, place, size, quote, fee)?;
    let loss = neg(add(mul_div_floor(size, index, QUOTE_SCALE)?, quote)?)?;
    let worth = abs(mul_div_floor(size, index, QUOTE_SCALE)?)?;
    let beyond = loss > bps_floor(worth, defaults::BAND_BPS)?;
    if owner.is_bad_debt() || (owner.perp_debt > account.perp_debt && beyond) {
        return Ok(false);
    }
    (*account, *book) = (owner, after);
    Ok(true)
}

/// Fills and settles: profit and funding as one number, then the fee, then what waits.
fn fill(
    book: &mut Book,
    account: &mut Account,
    place: usize,
    size: i128,
    quote: i128,
    fee: i128,
) -> Math<()> {
    let market = &mut book.markets[place];
    let old = account.positions[place];
    let done: Filled = filled(old.fill(size, quote, market.funding.long, market.funding.short))?;
    market.totals = market.totals.replace(&old, &done.position)?;
    account.positions[place] = done.position;
    let winners = book.winners()?;
    let cash = sub(done.realized, done.funding)?;
    account.settle(book, |buckets, purse| {
        if cash < 0 {
            buckets.lose(purse, neg(cash)?)?;
        } else {
            buckets.gain(purse, cash, winners)?;
        }
        buckets.charge(purse, fee)?;
        buckets.relieve(winners)?;
        Ok(())
    })
}

/// Moves what restores the target of a liquidatable account's position to a keeper who can bear it, or, flagged for a
/// minute, to the pool. Returns what moved; `None` if nobody takes it.
pub fn take_over(
    book: &mut Book,
    account: &mut Account,
    keeper: &mut Account,
    to_pool: bool,
    place: usize,
    margin: &Margin,
) -> Math<Option<Outcome>> {
    let (mut after, mut owner) = (book.clone(), account.clone());
    let mut plan = None;
    let value = book.market_value(place)?;
    let other_winners = sub(book.winners()?, value.max(0))?;
    owner.settle(&mut after, |buckets, purse| {
        let market = &book.markets[place];
        plan = Some(TakeOver {
            buckets: *buckets,
            effective: margin.effective,
            equity: margin.equity()?,
            index_long: market.funding.long,
            index_short: market.funding.short,
            market_value: value,
            min_notional: defaults::MIN_NOTIONAL,
            mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
            other_winners,
            position: account.positions[place],
            price: liquidation_price(book, place, account.positions[place].size),
            purse: *purse,
            required: margin.required,
            settlement: book.quotes[USDC].prices,
            settlement_ltv_bps: TERMS[USDC].ltv_bps,
        });
        Ok(())
    })?;
    let Some(plan) = plan else { return Ok(None) };
    let mut size = filled(plan.size())?;
    let whole = abs(account.positions[place].size)?;
    if to_pool {
        let index = book.quotes[INDEX_OF[place]];
        if account.flagged == 0 || book.now < account.flagged + 60 || !may_increase(index.status) {
            return Ok(None);
        }
        let cap = house::inventory_cap(book.buckets.payable()?, index.prices.mid)?;
        let direction = neg(account.positions[place].size)?;
        size = house::room(book.markets[place].inventory, direction, size, cap)?;
        let rest = curve::notional_floor(sub(whole, size)?, plan.price)?;
        if size == 0 || (size < whole && rest < defaults::MIN_NOTIONAL) {
            return Ok(None);
        }
    }
    let outcome = filled(plan.outcome(size))?;
    owner.settle(&mut after, |buckets, purse| {
        (*buckets, *purse) = (outcome.buckets, outcome.purse);
        Ok(())
    })?;
    let market = &mut after.markets[place];
    market.totals = market.totals.replace(&account.positions[place], &outcome.position)?;
    owner.positions[place] = outcome.position;
    let mut taker = keeper.clone();
    taker.settle(&mut after, |_, purse| increase(&mut purse.deposit, outcome.liquidator_fee))?;
    if to_pool {
        let market = &mut after.markets[place];
        market.inventory = add(market.inventory, outcome.size)?;
        // Sold on as far as the mark thereby comes nearer to the index.
        let to_index = house::to_mark(market.x, market.y, book.quotes[INDEX_OF[place]].prices.mid)?;
        let sold = to_index.clamp(market.inventory.min(0), market.inventory.max(0));
        market.inventory = sub(market.inventory, sold)?;
        (market.x, market.y) = house::moved(market.x, market.y, sold)?;
        market.moved(book.now)?;
    } else {
        let own = taker.positions[place].size;
        let (mut rest, mut cash) = (outcome.size, neg(outcome.quote)?);
        if own.signum() == -rest.signum() && abs(rest)? > abs(own)? {
            let part = mul_div_floor(cash, neg(own)?, rest)?;
            fill(&mut after, &mut taker, place, neg(own)?, part, 0)?;
            (rest, cash) = (add(rest, own)?, sub(cash, part)?);
        }
        fill(&mut after, &mut taker, place, rest, cash, 0)?;
        let opening = taker.margin(&after, Valuation::Open)?;
        if !opening.is_some_and(|margin| margin.opening_ok()) {
            return Ok(None);
        }
    }
    *keeper = taker;
    (*account, *book) = (owner, after);
    Ok(Some(outcome))
}

/// The base that moves the mark to `price`, positive for a purchase; a little less, so that it does not pass it.
pub fn toward(book: &Book, place: usize, price: i128) -> Math<i128> {
    let market = &book.markets[place];
    neg(house::to_mark(market.x, market.y, price)?)
}

/// What part of a price a difference is, bps, rounded down.
pub fn apart_bps(a: i128, b: i128) -> Math<i128> {
    mul_div_floor(abs(sub(a, b)?)?, i128::from(BPS), b)
}
