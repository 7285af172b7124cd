//! How an account restores its health: what it should do next, by what it owns and owes, its wallet and the curve.

use crate::calls::ask;
use margin_interface::{
    lean, Breakdown, DeleverageStep, Holding, MarginLedgerClient, OpenPosition, TradeQuote,
};
use margin_math::deleverage::{
    base_of, fill_cost_bps, given_up_bps, notional_floor, units_floor, value_floor, worst_price, Health,
    Reduction, MIN_STEP,
};
use margin_math::fixed::{abs, add, bps_floor, mul_div_ceil, sub};
use margin_math::units::{BPS, QUOTE_SCALE, SETTLEMENT_DECIMALS};
use margin_math::MathError;
use soroban_sdk::{Address, Env, IntoVal, Vec};

/// An account below the health that it wants.
pub struct Plan<'a> {
    pub env: &'a Env,
    pub ledger: &'a MarginLedgerClient<'a>,
    pub breakdown: &'a Breakdown,
    pub health: Health,
    pub target: u32,
}

impl<'a> Plan<'a> {
    pub fn of(
        env: &'a Env,
        ledger: &'a MarginLedgerClient<'a>,
        breakdown: &'a Breakdown,
        target: u32,
    ) -> Plan<'a> {
        let summary = &breakdown.summary;
        let health = Health { effective: summary.effective_margin, required: summary.required_margin };
        Plan { env, ledger, breakdown, health, target }
    }

    /// The first step, in the order of their cost, behind `skip` others. What cannot be computed is no step.
    pub fn next(
        &self,
        account: &Address,
        swap: Option<(Address, Address, i128)>,
        mut skip: u32,
    ) -> Option<DeleverageStep> {
        let mut is_next = || {
            let next = skip == 0;
            skip = skip.saturating_sub(1);
            next
        };
        let owed = self.owed();
        // Every balance, before the first step is found.
        let mut wallet = lean::list(self.env);
        for debt in owed.iter() {
            if find(&wallet, &debt.asset).is_some() {
                continue;
            }
            // A token that cannot be read blocks itself alone.
            let balance = ask(self.env, &debt.asset, "balance", (account,).into_val(self.env));
            let amount = balance.unwrap_or(0);
            // A balance supports nothing yet.
            wallet.push_back(Holding { amount, weight_bps: 0, ..debt });
        }
        if !self.health.is_below(self.target).ok()? {
            return None;
        }
        for debt in owed.iter() {
            if let Some(amount) = self.repayment(&debt, &wallet) {
                if is_next() {
                    return Some(DeleverageStep::Wallet(debt.asset, amount));
                }
            }
        }
        for debt in owed.iter() {
            if let Some(amount) = self.repayment(&debt, &self.breakdown.deposits) {
                if is_next() {
                    return Some(DeleverageStep::Deposits(debt.asset, amount));
                }
            }
        }
        let mut positions = self.breakdown.positions.clone();
        while let Some((position, notional)) = take_heaviest(&mut positions) {
            if let Ok(Some((size_delta, limit))) = self.reduction(&position, notional) {
                if is_next() {
                    return Some(DeleverageStep::Reduce(position.market, size_delta, limit));
                }
            }
        }
        let amount = self.swap(&owed, swap?).ok()?;
        (amount > 0 && is_next()).then_some(DeleverageStep::Swap(amount))
    }

    /// All debts. That to the credit line, which a repayment of the settlement asset settles first, leads.
    fn owed(&self) -> Vec<Holding> {
        let breakdown = self.breakdown;
        let mut owed = lean::list(self.env);
        if breakdown.perp_debt > 0 {
            owed.push_back(Holding {
                amount: breakdown.perp_debt,
                asset: breakdown.settlement.clone(),
                decimals: SETTLEMENT_DECIMALS,
                weight_bps: BPS,
                price: breakdown.settlement_price,
                value: 0,
            });
        }
        lean::append(&mut owed, &breakdown.debts, 0..breakdown.debts.len());
        owed
    }

    /// Token units to repay with what there is in `funds`.
    fn repayment(&self, debt: &Holding, funds: &Vec<Holding>) -> Option<i128> {
        let fund = find(funds, &debt.asset)?;
        let needed = self.health.repay(self.target, debt.weight_bps, fund.weight_bps);
        needed.and_then(|needed| step(debt, needed, fund.amount)).unwrap_or(None)
    }

    /// Base to trade away, signed, and the worst price: first sized by the index, then once more by what the curve would
    /// really charge for that.
    ///
    /// Whoever asks for the deleverage could have moved the curve just before. So the fill is measured by what cannot be
    /// moved within a ledger: the index, and the premium that the market has averaged over its window, which is measured
    /// anew here. Beyond that a reduction pays for its own impact and a little more.
    fn reduction(&self, position: &OpenPosition, notional: i128) -> Result<Option<(i128, i128)>, MathError> {
        let is_long = position.size > 0;
        let against = |base: i128| if is_long { -base } else { base };
        let deposit = find(&self.breakdown.deposits, &self.breakdown.settlement);
        let mut reduction = Reduction {
            cost_bps: 0,
            deposit: deposit.map_or(0, |deposit| deposit.value),
            loss: (-position.pnl).max(0),
            mmr_bps: position.mmr_bps,
            notional,
        };
        let first = self.health.reduce(self.target, &reduction)?;
        let base = base_of(first, position.index, position.size)?;
        if base <= 0 {
            return Ok(None);
        }
        let clearing = self.ledger.config().perp_clearing;
        let market = (&position.market,).into_val(self.env);
        let premium = ask(self.env, &clearing, "update_funding_rate", market).unwrap_or(0);
        let trade = (&position.market, against(base)).into_val(self.env);
        let quote: Option<TradeQuote> = ask(self.env, &clearing, "quote_trade", trade);
        let Some(quote) = quote else { return Ok(None) };
        // From the average to the end of a fill is as far as from its beginning to the average.
        let impact = abs(sub(quote.mark, quote.price)?)?;
        let limit = worst_price(is_long, position.index, premium, impact)?;
        let cut = notional_floor(base, position.index)?.max(1);
        reduction.cost_bps = fill_cost_bps(is_long, cut, abs(quote.quote_delta)?, quote.fee)?;
        let cut = self.health.reduce(self.target, &reduction)?;
        let base = base_of(cut, position.index, position.size)?;
        Ok((base > 0 && (cut == notional || cut >= MIN_STEP)).then_some((against(base), limit)))
    }

    /// Units of the debt that the keeper should repay, no more than the target needs.
    fn swap(
        &self,
        owed: &Vec<Holding>,
        (debt, collateral, most): (Address, Address, i128),
    ) -> Result<i128, MathError> {
        let Some(held) = find(&self.breakdown.deposits, &collateral) else { return Ok(0) };
        let given_bps = given_up_bps(held.weight_bps)?;
        let (mut health, mut wanted) = (self.health, 0);
        for owed in owed.iter().filter(|owed| owed.asset == debt) {
            let needed = health.repay(self.target, owed.weight_bps, given_bps)?;
            let Some(amount) = step(&owed, needed, sub(most, wanted)?)? else { continue };
            health.repaid(value_floor(amount, owed.price, owed.decimals)?, owed.weight_bps, given_bps)?;
            wanted = add(wanted, amount)?;
        }
        Ok(wanted)
    }
}

fn find(holdings: &Vec<Holding>, asset: &Address) -> Option<Holding> {
    holdings.iter().find(|holding| holding.asset == *asset)
}

/// Token units of one repayment: what is needed, available and owed, whichever is least. `None` if it is not worth a step.
fn step(debt: &Holding, needed: i128, available: i128) -> Result<Option<i128>, MathError> {
    let wanted = units_floor(needed, debt.price, debt.decimals)?;
    let amount = wanted.min(available).min(debt.amount);
    let worth = amount == wanted
        || amount == debt.amount
        || value_floor(amount, debt.price, debt.decimals)? >= MIN_STEP;
    Ok((amount > 0 && worth).then_some(amount))
}

/// Takes the position whose maintenance margin is largest, with its notional at the index.
fn take_heaviest(positions: &mut Vec<OpenPosition>) -> Option<(OpenPosition, i128)> {
    let (mut best, mut most) = (None, -1);
    for (place, position) in (0..).zip(positions.iter()) {
        let Ok((margin, notional)) = weigh(&position) else { continue };
        if notional > 0 && margin > most {
            most = margin;
            best = Some((place, position, notional));
        }
    }
    let (place, position, notional) = best?;
    let mut rest = lean::list(positions.env());
    lean::append(&mut rest, positions, 0..place);
    lean::append(&mut rest, positions, place + 1..positions.len());
    *positions = rest;
    Some((position, notional))
}

fn weigh(position: &OpenPosition) -> Result<(i128, i128), MathError> {
    let notional = mul_div_ceil(abs(position.size)?, position.index, QUOTE_SCALE)?;
    Ok((bps_floor(notional, position.mmr_bps)?, notional))
}
