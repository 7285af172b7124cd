//! What must hold between before and after one transaction of the perpetuals, exactly and in integers: by the same numbers.

use super::holds;
use crate::model::perp::{name_of, Deed, Reading};
use crate::told::Told;
use margin_interface::{PerpMarket, PriceStatus, Settlement};
use num_bigint::BigInt;
use soroban_sdk::Symbol;
use std::collections::BTreeMap;

/// Base at 14 decimals times a price at 14 decimals, over quote at 7.
const QUOTE_SCALE: i128 = 10i128.pow(21);
/// Least base reserve that an exit leaves, in net sizes.
const DEPTH: i128 = 3;
/// The health that a take-over restores, bps.
const TARGET: i128 = 12_000;
/// By how much more it may restore: 10 millionths of a dollar, times ten thousand.
const TRIFLE: i128 = 100 * 10_000;
/// Largest inventory of the pool, of what it can pay, bps.
const INVENTORY: i128 = 1_000;
/// Seconds of the average that funding is measured by, and by how much its beginning may be off.
const WINDOW: u64 = 900 + 60;

/// The marks of each market: since when which one held.
#[derive(Clone, Default)]
pub struct Marks(BTreeMap<String, Vec<(u64, BigInt)>>);

/// Checks all of them; panics with the number of the first that does not hold.
#[track_caller]
pub fn check(deed: &Deed, before: &Reading, after: &Reading, told: &[Told], marks: &mut Marks) {
    match deed {
        Deed::Trade(_, market, ..) => {
            fees_split_exactly(before, after, told);
            increases_stay_near(market, before, after, told);
        }
        Deed::Match(_) => {
            fees_split_exactly(before, after, told);
            matches_cancel_out(before, after, told);
        }
        Deed::TakeOver(by, who, market, most) => {
            take_over(&name_of(by), &name_of(who), &market.to_string(), *most, before, after, told);
        }
        Deed::Enter(_, amount) => {
            nobody_is_diluted(before, after);
            entering_is_worth_less(*amount, before, after);
        }
        Deed::Leave(..) => {
            nobody_is_diluted(before, after);
            depth_remains(before, after);
        }
        Deed::Repeg(market) => repeg_within_budget(market, before, after),
        Deed::Rate(market) => average_of_marks_that_were(&market.to_string(), after, told, marks),
        Deed::Settle(..) | Deed::Insure(..) | Deed::Claim(_) | Deed::Stop(..) | Deed::End(..) => {}
    }
    marks.note(after);
}

/// Quote times 1e14 per base: what a price of 14 decimals is.
fn mark(record: &PerpMarket) -> BigInt {
    BigInt::from(record.state.quote_reserve) * QUOTE_SCALE / record.state.base_reserve
}

fn fills(told: &[Told]) -> impl Iterator<Item = &Told> {
    told.iter().filter(|event| event.name == "position_filled")
}

/// 7: of the fees of fills that settle nothing else, a fifth goes to insurance and a tenth to the protocol, rounded down, and
/// all the rest to the pool.
fn fees_split_exactly(before: &Reading, after: &Reading, told: &[Told]) {
    let fees: Vec<i128> = fills(told).map(|fill| fill.number("fee")).collect();
    let only = fills(told)
        .all(|fill| ["realized_pnl", "funding", "pending"].iter().all(|what| fill.number(what) == 0));
    let covered = before.holders.iter().all(|(who, holder)| holder.debt == after.holders[who].debt);
    if !only || !covered || before.buckets.claims != 0 {
        return;
    }
    let (old, new) = (&before.buckets, &after.buckets);
    let parts = |bps: i128| fees.iter().map(|fee| fee * bps / 10_000).sum::<i128>();
    let (insurance, protocol) = (parts(2_000), parts(1_000));
    let pool = fees.iter().sum::<i128>() - insurance - protocol;
    let moved = (new.insurance - old.insurance, new.fees - old.fees, new.lp - old.lp);
    holds(7, &(&fees, moved), moved == (insurance, protocol, pool));
}

/// 12: what adds risk leaves the mark inside the band around a live index, or nearer to it than it was; and not further from
/// where the ledger began than one ledger may move it.
fn increases_stay_near(market: &Symbol, before: &Reading, after: &Reading, told: &[Told]) {
    let increases = fills(told).any(|fill| {
        let (size, delta) = (fill.number("size"), fill.number("size_delta"));
        size != 0 && size.signum() == delta.signum()
    });
    if !increases {
        return;
    }
    let name = market.to_string();
    let (old, new) = (&before.markets[&name].0, &after.markets[&name].0);
    let quote = &after.around.quotes[&name];
    holds(12, &(&name, quote), quote.status == PriceStatus::Live);
    let (from, to, index) = (mark(old), mark(new), BigInt::from(quote.mid));
    let apart = |a: &BigInt, b: &BigInt| if a > b { a - b } else { b - a };
    let within = |a: &BigInt, b: &BigInt, bps: u32| apart(a, b) * 10_000 <= b * bps;
    let passed = (from > index) != (to > index);
    let nearer = apart(&to, &index) < apart(&from, &index) && (!passed || to == index);
    holds(12, &(&name, &from, &to, &index), within(&to, &index, new.config.band_bps) || nearer);
    let began = BigInt::from(new.state.ledger_mark);
    holds(12, &(&name, &began, &to), within(&to, &began, new.config.impact_bps));
}

/// 34: sizes and cash of a match cancel out, each price is inside the band, and the curve stays.
fn matches_cancel_out(before: &Reading, after: &Reading, told: &[Told]) {
    let sum = |what: &str| fills(told).map(|fill| fill.number(what)).sum::<i128>();
    holds(34, &told, sum("size_delta") == 0 && sum("quote_delta") == 0);
    for (name, (old, _)) in &before.markets {
        let new = &after.markets[name].0;
        holds(34, name, reserves(old) == reserves(new) && old.totals.net_size == new.totals.net_size);
    }
}

fn reserves(record: &PerpMarket) -> (i128, i128) {
    (record.state.base_reserve, record.state.quote_reserve)
}

/// 18 to 23: of a take-over.
#[track_caller]
fn take_over(
    by: &str,
    who: &str,
    market: &str,
    most: i128,
    before: &Reading,
    after: &Reading,
    told: &[Told],
) {
    let event = told.iter().find(|event| event.name == "position_taken_over").expect("it is told");
    let (size, fee, to_pool) = (event.number("size"), event.number("fee"), event.flag("to_pool"));
    holds(21, &(by, who), by != who);
    let (old, new) = (&before.markets[market], &after.markets[market]);
    if to_pool {
        let index = BigInt::from(before.around.quotes[market].mid);
        let (from, to) = (mark(&old.0), mark(&new.0));
        let toward = if from < index { from <= to && to <= index } else { index <= to && to <= from };
        holds(22, &(market, &from, &to, &index), from == to || toward);
    } else {
        holds(22, &(market, &old.0.state, &new.0.state), reserves(&old.0) == reserves(&new.0));
    }
    let lost = told.iter().any(|event| event.name == "bad_debt");
    let (was, is) = (&before.buckets, &after.buckets);
    holds(20, &(was, is), lost || is.insurance >= was.insurance);
    let (Some(had), Some(has)) = (&before.holders[who].summary, &after.holders[who].summary) else { return };
    if !before.is_plain() {
        return;
    }
    let overdue = before.holders[who].entry.status != margin_interface::AccountStatus::Normal;
    holds(18, &(who, had), overdue || !had.liquidation_ok);
    let price = BigInt::from(before.settlement_price);
    let worth = |units: i128| BigInt::from(units) * &price / BigInt::from(10).pow(14);
    holds(20, &(who, fee, had.equity), worth(fee) <= BigInt::from(had.equity.max(0)) + 2);
    if lost {
        return;
    }
    // At the index nothing is lost but the fee; what the settlement asset is worth may round each of a few amounts. A gain
    // that the pool cannot pay yet is not lost: the account waits for it.
    let waits = |reading: &Reading| worth(reading.holders[who].entry.pending.amount);
    let paid = BigInt::from(had.equity - has.equity) - (waits(after) - waits(before));
    holds(19, &(who, fee, &paid), paid <= worth(fee) + 8);
    let held = before.holders[who].entry.positions.get(before.symbols[market].clone());
    let whole = held.map_or(0, |held| held.size.abs());
    let most = if to_pool { room(market, size, whole, before) } else { most };
    let restored =
        BigInt::from(has.effective_margin) * 10_000 + 100_000 >= BigInt::from(has.required_margin) * TARGET;
    let limited = size.abs() >= most || size.abs() == whole;
    holds(19, &(who, market, size, whole, most, has), limited || restored);
    // Nor more than that, where nothing but the target decides: a trifle less would not have restored it.
    let notional = BigInt::from(size.abs()) * before.around.quotes[market].mid / QUOTE_SCALE;
    let least = notional <= BigInt::from(old.0.config.min_notional) + 1;
    let over = BigInt::from(has.effective_margin) * 10_000 - BigInt::from(has.required_margin) * TARGET;
    holds(19, &(who, market, size, whole, has, &over), limited || least || over <= BigInt::from(TRIFLE));
    holds(
        19,
        &(who, had, has),
        has.required_margin == 0 || !has.liquidation_ok || had.health_factor <= has.health_factor,
    );
}

/// How much of a whole position the pool has room for; what it leaves is not below the minimum.
fn room(market: &str, size: i128, whole: i128, before: &Reading) -> i128 {
    let Settlement { lp, perp_borrowed, .. } = before.buckets;
    let payable = BigInt::from(lp - perp_borrowed) * INVENTORY / 10_000;
    let cap = payable * QUOTE_SCALE / before.around.quotes[market].mid;
    let held =
        if size < 0 { -before.markets[market].1.inventory } else { before.markets[market].1.inventory };
    let room: BigInt = cap - held;
    let least = BigInt::from(before.markets[market].0.config.min_notional) * QUOTE_SCALE;
    let least = least / before.around.quotes[market].mid + 1;
    let room = if room < BigInt::from(whole) { room.min(whole - least) } else { room };
    i128::try_from(room).unwrap_or(i128::MAX)
}

/// 26: what a share of the others is worth to whoever enters and to whoever leaves never falls by an entry or an exit.
fn nobody_is_diluted(before: &Reading, after: &Reading) {
    let (Some(old), Some(new)) = (&before.pool, &after.pool) else { return };
    let (Some(few), Some(many)) = (before.pool_shares, after.pool_shares) else { return };
    if !old.live || !new.live || few == 0 || many == 0 {
        return;
    }
    let entering = |pool: &margin_interface::PoolValue| {
        pool.payable + pool.lent - pool.claims - pool.curve_value.min(pool.index_value)
    };
    let leaving = |pool: &margin_interface::PoolValue| {
        pool.payable - pool.claims - pool.curve_value.max(pool.index_value).max(0)
    };
    for (was, is) in [(entering(old), entering(new)), (leaving(old), leaving(new))] {
        if was <= 0 || is <= 0 {
            continue;
        }
        let (was, is) = (BigInt::from(was + 1), BigInt::from(is + 1));
        let (few, many) = (BigInt::from(few) + 1_000_000, BigInt::from(many) + 1_000_000);
        // Up to the unit in which the claims' relief is rounded.
        holds(26, &(&was, &is, &few, &many), (&is + 1) * &few >= &was * &many);
    }
}

/// 27: what was brought is not worth more at once.
fn entering_is_worth_less(amount: i128, before: &Reading, after: &Reading) {
    let (Some(pool), Some(few), Some(many)) = (&after.pool, before.pool_shares, after.pool_shares) else {
        return;
    };
    if many <= few {
        return;
    }
    let value = pool.payable - pool.claims - pool.curve_value.max(pool.index_value).max(0);
    let worth = BigInt::from(many - few) * (value.max(0) + 1) / (BigInt::from(many) + 1_000_000);
    holds(27, &(amount, &worth), worth <= BigInt::from(amount));
}

/// 28: an exit leaves curves that are deep enough, unless it leaves them alone.
fn depth_remains(before: &Reading, after: &Reading) {
    for (name, (new, _)) in &after.markets {
        let thinner = new.state.base_reserve < before.markets[name].0.state.base_reserve;
        let deep = new.totals.net_size.abs() * DEPTH <= new.state.base_reserve;
        holds(28, &(name, &new.state, &new.totals), !thinner || deep);
    }
}

/// 28: a repeg spends what the protocol has beyond what insurance lacks, and nobody else's.
fn repeg_within_budget(market: &Symbol, before: &Reading, after: &Reading) {
    let (old, new) = (&before.buckets, &after.buckets);
    let cost = old.fees - new.fees;
    let Some(target) = before.insurance_target else { return };
    let budget = (old.fees - (target - old.insurance).max(0)).max(0);
    holds(28, &(market, cost, budget), cost >= 0 && cost <= budget);
    holds(28, &(market, old, new), new.lp + new.pending - old.lp - old.pending == cost);
    holds(28, &(market, old, new), new.insurance == old.insurance);
}

/// 32: the average lies between the marks that held in its time; one that holds since now has no weight in it.
fn average_of_marks_that_were(market: &str, after: &Reading, told: &[Told], marks: &Marks) {
    let Some(event) = told.iter().find(|event| event.name == "funding_rate_updated") else { return };
    let Some(average) = event.some_number("mark_twap") else { return };
    let Some(held) = marks.0.get(market) else { return };
    let now = after.around.now;
    let since = now.saturating_sub(WINDOW);
    let ended = held.iter().skip(1).map(|(at, _)| *at).chain([now]);
    let counts: Vec<&BigInt> = held
        .iter()
        .zip(ended)
        .filter(|((from, _), until)| *until > since && *from < now)
        .map(|((_, mark), _)| mark)
        .collect();
    // What held before anybody looked is not known.
    if held[0].0 > since {
        return;
    }
    let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) else { return };
    let average = BigInt::from(average);
    holds(32, &(market, &average, least, most), average >= (*least - 1) && average <= **most);
}

impl Marks {
    /// Notes the marks that hold from now on.
    pub fn note(&mut self, reading: &Reading) {
        for (name, (record, _)) in &reading.markets {
            self.holds(name.clone(), record, reading.around.now);
        }
    }

    /// Notes the mark of one market.
    pub fn holds(&mut self, market: String, record: &PerpMarket, now: u64) {
        let (held, mark) = (self.0.entry(market).or_default(), mark(record));
        if held.last().is_none_or(|(_, last)| *last != mark) {
            held.push((now, mark));
        }
    }
}
