//! What supports and what must be supported, in each valuation.

use super::number::{exact, ratio, Exact};
use super::{Account, Books};
use num_traits::Zero;

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
                Valuation::Liquidation => quote.lo,
            },
            100_000_000_000_000,
        )
    }

    /// Dollars of `units` at a price.
    pub fn dollars(&self, asset: usize, units: &Exact, price: &Exact) -> Exact {
        units * price / exact(10i128.pow(self.assets[asset].decimals))
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
        let bps = |value: u32| ratio(i128::from(value), 10_000);
        for (asset, units) in &account.deposits {
            let config = &self.assets[*asset].config;
            let value = self.dollars(*asset, units, &self.owned(*asset, valuation));
            let support = &value * bps(config.ltv_bps);
            sums.collateral += value;
            sums.opening += &support / bps(config.opening_bps);
            sums.call += &support / bps(config.margin_call_bps);
            sums.liquidation += &support / bps(config.liquidation_bps);
            sums.effective += support;
        }
        for (asset, units) in &account.debts {
            let value = self.dollars(*asset, units, &self.owed(*asset, valuation));
            sums.required += &value * bps(self.assets[*asset].config.lw_bps);
            sums.debt += value;
        }
        sums
    }
}
