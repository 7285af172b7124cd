//! What supports and what must be supported, in each valuation.

use super::number::{exact, ratio, Exact};
use super::{Account, Books};
use margin_interface::{AccountStatus, PriceStatus};
use num_traits::Zero;

/// Seconds that a margin call gives.
const TO_CURE: u64 = 3_600;
/// Seconds after the deadline when a call ends by itself.
const TO_LAPSE: u64 = 86_400;
/// Seconds until a change that is worse for existing accounts has reached them in full.
const RAMP: i128 = 7 * 86_400;

/// Which prices count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Valuation {
    /// For new risk: the worse of the interval's end and the slow reference.
    Open,
    /// Accepted prices.
    Live,
    /// For liquidation: the borrower's better ends.
    Liquidation,
}

/// What an asset counts.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Share of a deposit that supports.
    pub ltv: Exact,
    /// Weight of a debt.
    pub weight: Exact,
    /// Divisor of what supports, for new risk.
    pub opening: Exact,
    /// Divisor of what supports, before a call.
    pub call: Exact,
    /// Divisor of what supports, before a liquidation.
    pub liquidation: Exact,
}

/// The sums of an account, dollars.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Value of deposits.
    pub collateral: Exact,
    /// Value of debts.
    pub debt: Exact,
    /// `E`.
    pub effective: Exact,
    /// `E` at the opening level.
    pub opening: Exact,
    /// `E` at the margin-call level.
    pub call: Exact,
    /// `E` at the liquidation level.
    pub liquidation: Exact,
    /// `R`.
    pub required: Exact,
}

impl Standing {
    /// Deposits less debts.
    pub fn equity(&self) -> Exact {
        &self.collateral - &self.debt
    }

    /// `E / R`, or nothing without a requirement.
    pub fn health(&self) -> Option<Exact> {
        (!self.required.is_zero()).then(|| &self.effective / &self.required)
    }
}

impl Books {
    /// Price of a deposit, dollars per whole token.
    pub fn owned(&self, asset: usize, valuation: Valuation) -> Exact {
        let quote = &self.assets[asset].quote;
        ratio(
            match valuation {
                Valuation::Open => quote.lo.min(quote.stable),
                Valuation::Live => quote.mid,
                // Recovering: until the owner had time to react, the slow reference counts where it is better for him.
                Valuation::Liquidation if quote.status == PriceStatus::Grace => quote.hi.max(quote.stable),
                Valuation::Liquidation => quote.hi,
            },
            100_000_000_000_000,
        )
    }

    /// Price of a debt, dollars per whole token.
    pub fn owed(&self, asset: usize, valuation: Valuation) -> Exact {
        let quote = &self.assets[asset].quote;
        ratio(
            match valuation {
                Valuation::Open => quote.hi.max(quote.stable),
                Valuation::Live => quote.mid,
                Valuation::Liquidation if quote.status == PriceStatus::Grace => quote.lo.min(quote.stable),
                Valuation::Liquidation => quote.lo,
            },
            100_000_000_000_000,
        )
    }

    /// Dollars of `units` at a price.
    pub fn dollars(&self, asset: usize, units: &Exact, price: &Exact) -> Exact {
        units * price / exact(10i128.pow(self.assets[asset].decimals))
    }

    /// By how much an account is below what lets it be liquidated, dollars; negative or zero: it may not. While it is
    /// flagged, and after the deadline of a call that still counts, the margin-call level decides.
    pub fn short(&self, account: &Account) -> Exact {
        let standing = self.standing(account, Valuation::Liquidation);
        let overdue = self.call(account).is_some_and(|deadline| self.now >= deadline);
        let due = overdue || account.stands.0 == AccountStatus::Flagged;
        let level = if due { standing.liquidation.min(standing.call) } else { standing.liquidation };
        standing.required - level
    }

    /// Until when the account has to cure its call, if it is called and the call has not lapsed.
    pub fn call(&self, account: &Account) -> Option<u64> {
        let (status, since) = account.stands;
        let called = status == AccountStatus::MarginCall && self.now < since + TO_CURE + TO_LAPSE;
        called.then_some(since + TO_CURE)
    }

    /// The terms of an asset in a valuation: LTV, weight, opening, margin-call and liquidation level.
    pub fn terms(&self, asset: usize, valuation: Valuation) -> Terms {
        let super::AssetBook { config, ramp, .. } = &self.assets[asset];
        let elapsed = i128::from(self.now - ramp.since).min(RAMP);
        let elapsed = if valuation == Valuation::Open { RAMP } else { elapsed };
        let on_the_way = |from: u32, to: u32| {
            let (from, to) = (ratio(from.into(), 10_000), ratio(to.into(), 10_000));
            &from + (&to - &from) * ratio(elapsed, RAMP)
        };
        Terms {
            ltv: on_the_way(ramp.ltv_bps, config.ltv_bps),
            weight: on_the_way(ramp.lw_bps, config.lw_bps),
            opening: ratio(config.opening_bps.into(), 10_000),
            call: on_the_way(ramp.margin_call_bps, config.margin_call_bps),
            liquidation: on_the_way(ramp.liquidation_bps, config.liquidation_bps),
        }
    }

    /// An account without positions.
    pub fn standing(&self, account: &Account, valuation: Valuation) -> Standing {
        let zero = Exact::zero;
        let mut sums = Standing {
            collateral: zero(),
            debt: zero(),
            effective: zero(),
            opening: zero(),
            call: zero(),
            liquidation: zero(),
            required: zero(),
        };
        for (asset, units) in &account.deposits {
            let terms = self.terms(*asset, valuation);
            let value = self.dollars(*asset, units, &self.owned(*asset, valuation));
            let support = &value * terms.ltv;
            sums.collateral += value;
            sums.opening += &support / terms.opening;
            sums.call += &support / terms.call;
            sums.liquidation += &support / terms.liquidation;
            sums.effective += support;
        }
        for (asset, units) in &account.debts {
            let value = self.dollars(*asset, units, &self.owed(*asset, valuation));
            sums.required += &value * self.terms(*asset, valuation).weight;
            sums.debt += value;
        }
        sums
    }
}
