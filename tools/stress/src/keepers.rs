//! What happens to an account in need: it restores itself, it is liquidated, its debt is written off.

use crate::account::Account;
use crate::book::{Book, Math, ASSETS, DECIMALS, INDEX_OF, TERMS, USDC};
use crate::trade;
use margin_math::deleverage::{
    base_of, fill_cost_bps, given_up_bps, notional_floor, units_floor, value_floor, worst_price, Health,
    Reduction,
};
use margin_math::fixed::{abs, add, bps_floor, decrease, increase, mul_div_ceil, mul_div_floor, sub};
use margin_math::lending_liquidation::{self as lending, HeldSide, OwedSide, Standing, DELEVERAGE_BONUS_BPS};
use margin_math::margin::{Margin, Valuation};
use margin_math::settlement::insurance_allowance;
use margin_math::status::{may_increase, may_seize};
use margin_math::units::{BPS, QUOTE_SCALE, USD};
use margin_math::{curve, defaults};

/// Health below which an account restores itself, bps.
pub const FLOOR_BPS: u32 = 12_000;
/// Health that it restores, bps.
pub const TARGET_BPS: u32 = 15_000;
/// Smallest step, USD 1e7.
const MIN_STEP: i128 = 10 * USD;

/// What keepers can sell elsewhere in a minute, USD 1e7, asset by asset.
pub type Appetite = [i128; ASSETS];

/// Who bore a bad debt, USD 1e7 or settlement units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// Insurance.
    pub insurance: i128,
    /// Liquidity providers.
    pub providers: i128,
    /// Reserves of assets.
    pub reserves: i128,
    /// Depositors.
    pub suppliers: i128,
}

impl Loss {
    /// All of it.
    pub fn total(&self) -> i128 {
        self.insurance + self.providers + self.reserves + self.suppliers
    }
}

/// The account's debts as `(asset, units, weight, is the credit line's)`, that to the credit line first.
fn debts(book: &Book, account: &Account) -> Math<Vec<(usize, i128, u32, bool)>> {
    let mut all = Vec::new();
    if account.perp_debt > 0 {
        all.push((USDC, account.perp_debt, BPS, true));
    }
    for (asset, terms) in TERMS.iter().enumerate() {
        let owed = account.owed(book, asset)?;
        if owed > 0 {
            all.push((asset, owed, terms.lw_bps, false));
        }
    }
    Ok(all)
}

fn health(margin: &Margin) -> Health {
    Health { effective: margin.effective, required: margin.required }
}

/// The account restores its health as its own contract does: wallet, deposits of what it owes, smaller positions, and at
/// last collateral to a keeper. Returns whether anything was done.
pub fn deleverage(book: &mut Book, account: &mut Account, appetite: &mut Appetite) -> Math<bool> {
    let Some(margin) = account.margin(book, Valuation::Live)? else { return Ok(false) };
    let mut health = health(&margin);
    if !health.is_below(FLOOR_BPS)? {
        return Ok(false);
    }
    let wealth = account.wealth(book)?;
    let mut done = repay(book, account, &mut health)?;
    for _ in 0..3 {
        if !reduce(book, account)? {
            break;
        }
        done = true;
    }
    done |= swap(book, account, appetite)?;
    if done {
        account.fate.deleverages += 1;
        let left = account.wealth(book)?;
        increase(&mut account.fate.spent, sub(wealth, left)?.max(0))?;
    }
    Ok(done)
}

/// Repays from the wallet, then from deposits of the asset that is owed.
fn repay(book: &mut Book, account: &mut Account, health: &mut Health) -> Math<bool> {
    let mut done = false;
    for (asset, owed, lw_bps, _) in debts(book, account)? {
        for own in [true, false] {
            let price = book.quotes[asset].prices.mid;
            let (available, weight) = match own {
                true if asset == USDC => (account.wallet, 0),
                true => (0, 0),
                false => (account.deposited(book, asset)?, TERMS[asset].ltv_bps),
            };
            let needed = health.repay(TARGET_BPS, lw_bps, weight)?;
            let wanted = units_floor(needed, price, DECIMALS)?;
            let amount = wanted.min(available).min(owed);
            let worth =
                amount == wanted || amount == owed || value_floor(amount, price, DECIMALS)? >= MIN_STEP;
            if amount <= 0 || !worth {
                continue;
            }
            if own {
                decrease(&mut account.wallet, amount)?;
                increase(&mut book.assets[asset].cash, amount)?;
            } else {
                account.give(book, asset, amount)?;
            }
            account.extinguish(book, asset, amount)?;
            health.repaid(value_floor(amount, price, DECIMALS)?, lw_bps, weight)?;
            done = true;
        }
    }
    Ok(done)
}

/// Reduces the position whose maintenance margin is largest.
fn reduce(book: &mut Book, account: &mut Account) -> Math<bool> {
    let Some(margin) = account.margin(book, Valuation::Live)? else { return Ok(false) };
    let health = health(&margin);
    if !health.is_below(TARGET_BPS)? {
        return Ok(false);
    }
    let Some(place) = heaviest(book, account)? else { return Ok(false) };
    let position = account.positions[place];
    let index = book.quotes[INDEX_OF[place]].prices.mid;
    let deposit = account.deposited(book, USDC)?;
    let notional = mul_div_ceil(abs(position.size)?, index, QUOTE_SCALE)?;
    let mut reduction = Reduction {
        cost_bps: 0,
        deposit: value_floor(deposit, book.quotes[USDC].prices.mid, DECIMALS)?,
        loss: (-account.position_value(book, place)?.pnl).max(0),
        mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
        notional,
    };
    let signed = |size: i128| if position.size > 0 { -size } else { size };
    let base = base_of(health.reduce(TARGET_BPS, &reduction)?, index, position.size)?;
    if base <= 0 {
        return Ok(false);
    }
    let Ok((quote, fee, _)) = trade::reduction(book, place, signed(base)) else { return Ok(false) };
    let market = &book.markets[place];
    let mark = market.mark()?;
    let impact = abs(sub(mark, curve::average_price(signed(base), quote)?)?)?;
    let limit = worst_price(position.size > 0, index, market.funding.rate, impact)?;
    let cut = notional_floor(base, index)?.max(1);
    reduction.cost_bps = fill_cost_bps(position.size > 0, cut, abs(quote)?, fee)?;
    let cut = health.reduce(TARGET_BPS, &reduction)?;
    let base = base_of(cut, index, position.size)?;
    if base <= 0 || (cut < MIN_STEP && cut < notional) {
        return Ok(false);
    }
    let before = margin.health()?;
    let (mut after, mut owner) = (book.clone(), account.clone());
    let done = trade::reduce_by(&mut after, &mut owner, place, signed(base), Some(limit))?
        || trade::reduce_by(&mut after, &mut owner, place, -position.size, Some(limit))?;
    let Some(margin) = owner.margin(&after, Valuation::Live)? else { return Ok(false) };
    if !done || margin.health()? < before {
        return Ok(false);
    }
    (*book, *account) = (after, owner);
    Ok(true)
}

fn heaviest(book: &Book, account: &Account) -> Math<Option<usize>> {
    let mut best = None;
    let mut most = 0;
    for (place, asset) in INDEX_OF.into_iter().enumerate() {
        let index = book.quotes[asset].prices.mid;
        let notional = mul_div_ceil(abs(account.positions[place].size)?, index, QUOTE_SCALE)?;
        if notional > most {
            (best, most) = (Some(place), notional);
        }
    }
    Ok(best)
}

/// The deposit that is worth most, and its value.
fn largest_deposit(book: &Book, account: &Account) -> Math<Option<(usize, i128)>> {
    let mut best = None;
    let mut most = 0;
    for (asset, quote) in book.quotes.iter().enumerate() {
        let value = value_floor(account.deposited(book, asset)?, quote.prices.mid, DECIMALS)?;
        if value > most {
            (best, most) = (Some((asset, value)), value);
        }
    }
    Ok(best)
}

/// A keeper pays a debt for collateral at half a percent.
fn swap(book: &mut Book, account: &mut Account, appetite: &mut Appetite) -> Math<bool> {
    let Some(before) = account.margin(book, Valuation::Live)? else { return Ok(false) };
    let health = health(&before);
    let Some((asset, ..)) = largest_deposit(book, account)? else { return Ok(false) };
    for (debt, amount, lw_bps, _) in debts(book, account)? {
        let (owed_at, held_at) = (book.quotes[debt], book.quotes[asset]);
        if debt == asset || !may_increase(owed_at.status) || !may_increase(held_at.status) {
            continue;
        }
        let given = given_up_bps(TERMS[asset].ltv_bps)?;
        let needed = health.repay(TARGET_BPS, lw_bps, given)?.min(appetite[asset]);
        let wanted = units_floor(needed, owed_at.prices.mid, DECIMALS)?.min(amount);
        let worth = wanted == amount || value_floor(wanted, owed_at.prices.mid, DECIMALS)? >= MIN_STEP;
        if wanted <= 0 || !worth {
            continue;
        }
        let owed = OwedSide { amount, decimals: DECIMALS, price: owed_at.prices.mid, lw_bps };
        let held = held_side(book, account, asset, held_at.prices.mid)?;
        let plan = lending::plan_agreed(&owed, &held, DELEVERAGE_BONUS_BPS, wanted)?;
        if plan.repay <= 0 {
            continue;
        }
        let (mut after, mut owner) = (book.clone(), account.clone());
        seize(&mut after, &mut owner, (debt, &owed), (asset, &held), &plan)?;
        let Some(margin) = owner.margin(&after, Valuation::Live)? else { continue };
        if before.improves_to(&margin)? {
            (*book, *account) = (after, owner);
            decrease(&mut appetite[asset], value_floor(plan.repay, owed_at.prices.mid, DECIMALS)?)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn held_side(book: &Book, account: &Account, asset: usize, price: i128) -> Math<HeldSide> {
    Ok(HeldSide {
        amount: account.deposited(book, asset)?,
        decimals: DECIMALS,
        price,
        ltv_bps: TERMS[asset].ltv_bps,
        opening_bps: TERMS[asset].levels.opening_bps,
        max_bonus_bps: TERMS[asset].max_bonus_bps,
    })
}

/// Somebody pays the planned part of a debt and takes collateral for it.
fn seize(
    book: &mut Book,
    account: &mut Account,
    (debt, owed): (usize, &OwedSide),
    (asset, held): (usize, &HeldSide),
    plan: &lending::Plan,
) -> Math<()> {
    let repaid = account.extinguish(book, debt, plan.repay)?;
    increase(&mut book.assets[debt].cash, repaid)?;
    let seizure = lending::seizure(owed, held, plan, repaid)?;
    let total = add(seizure.seized, seizure.fee)?;
    account.give(book, asset, total)?;
    // Tokens as far as they are at hand; collateral that is lent out stays deposited, the keeper's.
    let paid = seizure.seized.min(book.assets[asset].cash);
    decrease(&mut book.assets[asset].cash, paid)?;
    book.mint(asset, sub(seizure.seized, paid)?)?;
    if asset == USDC {
        increase(&mut book.buckets.insurance, seizure.fee)
    } else {
        increase(&mut book.assets[asset].reserves, seizure.fee)
    }
}

/// Whether the account may be liquidated now.
pub fn liquidatable(book: &Book, account: &Account) -> Math<Option<Margin>> {
    Ok(account.margin(book, Valuation::Liquidation)?.filter(|margin| !margin.liquidation_ok()))
}

/// One keeper transaction against an account below its level: a position first, else a debt. Returns whether anything moved.
pub fn liquidate(
    book: &mut Book,
    account: &mut Account,
    keepers: &mut [Account],
    appetite: &mut Appetite,
) -> Math<bool> {
    let Some(margin) = liquidatable(book, account)? else { return Ok(false) };
    if account.flagged == 0 {
        account.flagged = book.now;
    }
    let wealth = account.wealth(book)?;
    let done = take_position(book, account, keepers, &margin)?
        || net(book, account)?
        || take_collateral(book, account, &margin, appetite)?;
    if done {
        account.fate.liquidations += 1;
        let left = account.wealth(book)?;
        increase(&mut account.fate.penalty, sub(wealth, left)?.max(0))?;
    }
    Ok(done)
}

fn take_position(
    book: &mut Book,
    account: &mut Account,
    keepers: &mut [Account],
    margin: &Margin,
) -> Math<bool> {
    let Some(place) = heaviest(book, account)? else { return Ok(false) };
    if !may_seize(book.quotes[INDEX_OF[place]].status) {
        return Ok(false);
    }
    for to_pool in [false, true] {
        for keeper in &mut *keepers {
            if trade::take_over(book, account, keeper, to_pool, place, margin)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A deposit of what is owed pays it.
fn net(book: &mut Book, account: &mut Account) -> Math<bool> {
    for (asset, owed, ..) in debts(book, account)? {
        let amount = owed.min(account.deposited(book, asset)?);
        if amount > 0 {
            account.give(book, asset, amount)?;
            account.extinguish(book, asset, amount)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn take_collateral(
    book: &mut Book,
    account: &mut Account,
    margin: &Margin,
    appetite: &mut Appetite,
) -> Math<bool> {
    let standing = Standing {
        effective: margin.effective,
        effective_liquidation: margin.effective_liquidation,
        effective_opening: margin.effective_opening,
        required: margin.required,
    };
    let Some((asset, _)) = largest_deposit(book, account)? else { return Ok(false) };
    let all = debts(book, account)?;
    let Some((debt, amount, lw_bps, perp)) = all.iter().copied().find(|(debt, ..)| *debt != asset) else {
        return Ok(false);
    };
    if !may_seize(book.quotes[asset].status) {
        return Ok(false);
    }
    let (owed_at, held_at) = (book.quotes[debt].prices, book.quotes[asset].prices);
    let price =
        if perp { owed_at.settled(Valuation::Liquidation) } else { owed_at.owed(Valuation::Liquidation) };
    let owed = OwedSide { amount, decimals: DECIMALS, price, lw_bps };
    let held = held_side(book, account, asset, held_at.owned(Valuation::Liquidation))?;
    let most = units_floor(appetite[asset], price, DECIMALS)?;
    if most <= 0 {
        return Ok(false);
    }
    let plan = match lending::bonus_bps(&standing, &owed, &held)? {
        Some(bonus_bps) => lending::plan(&standing, &owed, &held, bonus_bps, most)?,
        None => lending::plan_insolvent(&owed, &held, most)?,
    };
    if plan.repay <= 0 {
        return Ok(false);
    }
    seize(book, account, (debt, &owed), (asset, &held), &plan)?;
    let used = value_floor(plan.repay, price, DECIMALS)?.min(most);
    appetite[asset] = sub(appetite[asset], used)?.max(0);
    Ok(true)
}

/// Writes off what an account owes once nothing is left that could pay it. Returns who bore it, USD at mid prices.
pub fn write_off(book: &mut Book, account: &mut Account) -> Math<Loss> {
    let mut loss = Loss::default();
    if !account.is_bad_debt() {
        return Ok(loss);
    }
    if account.perp_debt > 0 {
        let allowed = insurance_allowance(book.buckets.insurance, book.insurance_day.1, 0)?;
        let parts = book.buckets.write_off(account.perp_debt, allowed)?;
        increase(&mut book.insurance_day.1, parts.insurance)?;
        account.perp_debt = 0;
        increase(&mut loss.insurance, parts.insurance)?;
        increase(&mut loss.providers, parts.lp)?;
    }
    for asset in 0..ASSETS {
        let amount = account.owed(book, asset)?;
        if account.debts[asset] == 0 {
            continue;
        }
        account.extinguish(book, asset, amount)?;
        let price = book.quotes[asset].prices.mid;
        let reserves = amount.min(book.assets[asset].reserves);
        let suppliers = sub(amount, reserves)?;
        decrease(&mut book.assets[asset].reserves, reserves)?;
        decrease(&mut book.assets[asset].supply.assets, suppliers)?;
        increase(&mut loss.reserves, value_floor(reserves, price, DECIMALS)?)?;
        increase(&mut loss.suppliers, value_floor(suppliers, price, DECIMALS)?)?;
    }
    Ok(loss)
}

/// Whoever took positions over sells them on, as far as the curve is near the index.
pub fn unwind(book: &mut Book, keeper: &mut Account) -> Math<()> {
    for (place, asset) in INDEX_OF.into_iter().enumerate() {
        let held = keeper.positions[place].size;
        if held == 0 {
            continue;
        }
        let market = &book.markets[place];
        let index = book.quotes[asset].prices.mid;
        // A two-hundredth of the curve moves the mark by a percent.
        let part = abs(held)?.min(bps_floor(market.x, 50)?);
        let least = mul_div_floor(defaults::MIN_NOTIONAL, QUOTE_SCALE, index)?;
        let part = if abs(held)? - part < 2 * least { abs(held)? } else { part };
        let limit = if held > 0 { bps_floor(index, 9_900)? } else { mul_div_ceil(index, 10_100, 10_000)? };
        let size = if held > 0 { -part } else { part };
        trade::reduce_by(book, keeper, place, size, Some(limit))?;
    }
    Ok(())
}
