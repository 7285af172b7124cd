//! Funding between longs and shorts.

use crate::model::number::{exact, ratio, trimmed, Exact};
use margin_interface::{MarketState, PriceStatus, Quote};
use num_traits::{Signed, Zero};

/// Seconds that a rate is for.
const PERIOD: u64 = 28_800;
/// The most that counts between two touches.
const STEP: u64 = 3_600;

/// What one unit of base of each side has paid since the market opened, in quote per base, and what it pays now.
#[derive(Clone, Debug)]
pub struct Funding {
    /// Paid by longs.
    pub long: Exact,
    /// Paid by shorts.
    pub short: Exact,
    /// Of the price, per period; negative: shorts pay.
    pub rate: Exact,
    /// By which it accrues, quote per base.
    pub price: Exact,
    /// Accrued up to, Unix seconds.
    pub at: u64,
}

impl Funding {
    /// As a market record says.
    pub fn read(state: &MarketState) -> Self {
        let index = |value| exact(value) / exact(10i128.pow(25));
        let mut funding =
            Self { long: index(state.funding_long), short: index(state.funding_short), ..Self::rated(state) };
        funding.at = state.funding_at;
        funding
    }

    /// Nothing paid yet, at the rate of a market record.
    fn rated(state: &MarketState) -> Self {
        Self {
            long: Exact::zero(),
            short: Exact::zero(),
            rate: ratio(state.funding_rate, 1_000_000_000_000_000_000),
            price: price(state.funding_price),
            at: state.funding_at,
        }
    }

    /// Takes over a rate that was measured.
    pub fn measured(&mut self, state: &MarketState) {
        let Self { rate, price, .. } = Self::rated(state);
        (self.rate, self.price) = (rate, price);
    }

    /// Accrues up to `now`, as far as `index` was known, for the open interest of that time.
    pub fn accrue(&mut self, now: u64, index: &Quote, longs: &Exact, shorts: &Exact) {
        let known = match index.status {
            PriceStatus::Live | PriceStatus::Degraded => now,
            PriceStatus::Stale | PriceStatus::Halted => index.timestamp.min(now),
            _ => 0,
        };
        let seconds = known.saturating_sub(self.at).min(STEP);
        self.at = self.at.max(now);
        if seconds == 0 || self.rate.is_zero() {
            return;
        }
        let paid = self.rate.abs() * &self.price * exact(seconds.into()) / exact(PERIOD.into());
        let (payers, receivers) = if self.rate.is_positive() { (longs, shorts) } else { (shorts, longs) };
        let received = if receivers > payers { &paid * payers / receivers } else { paid.clone() };
        if self.rate.is_positive() {
            self.long = trimmed(&self.long + paid);
            self.short = trimmed(&self.short - received);
        } else {
            self.short = trimmed(&self.short + paid);
            self.long = trimmed(&self.long - received);
        }
    }

    /// The index of the side of `size`.
    pub fn of(&self, size: &Exact) -> &Exact {
        if size.is_negative() {
            &self.short
        } else {
            &self.long
        }
    }
}

/// A price of 14 decimals, in units of quote per unit of base.
pub fn price(value: i128) -> Exact {
    exact(value) / exact(10i128.pow(21))
}
