//! All markets and the buckets behind them: what each operation should make of them.

use super::buckets::{Buckets, Purse};
use super::funding::price;
use super::market::{Filled, Leg, Market};
use crate::model::number::{exact, ratio, Exact};
use margin_interface::{PriceStatus, Quote};
use num_traits::{Signed, Zero};
use std::collections::BTreeMap;

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Fee of a take-over, bps.
const LIQUIDATION_FEE: u32 = 100;

/// What the model does not decide: time, prices, and who else holds what.
#[derive(Clone, Debug)]
pub struct Around {
    /// Unix seconds.
    pub now: u64,
    /// Index of each market.
    pub quotes: BTreeMap<String, Quote>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct House {
    /// By name.
    pub markets: BTreeMap<String, Market>,
    /// Cash.
    pub buckets: Buckets,
}

/// One fill as it was expected.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What was traded.
    pub leg: Leg,
    /// What it did to the position.
    pub filled: Filled,
}

/// A take-over.
pub struct TakeOver<'a> {
    /// Who is liquidated.
    pub account: &'a str,
    /// Who takes over.
    pub liquidator: &'a str,
    /// In which market.
    pub market: &'a str,
    /// How much moves, signed as the position.
    pub size: Exact,
    /// Whether the pool takes it.
    pub to_pool: bool,
    /// What the account has left that a fee may take, settlement units.
    pub equity: Exact,
}

/// The pool's value to its providers.
pub struct Worth {
    /// What traders would take out through the curves.
    pub by_curve: Exact,
    /// What they are owed at the index.
    pub by_index: Exact,
}

impl House {
    /// A market that there is.
    pub fn market(&mut self, name: &str) -> &mut Market {
        self.markets.get_mut(name).expect("a known market")
    }

    /// What open winners are owed at the index, market by market.
    pub fn winners(&self, around: &Around) -> Exact {
        let owed = self.markets.keys().map(|name| self.owed(name, around).max(Exact::zero()));
        owed.fold(Exact::zero(), |sum, each| sum + each)
    }

    /// What the traders of a market are owed at the index.
    fn owed(&self, name: &str, around: &Around) -> Exact {
        let (market, quote) = (&self.markets[name], &around.quotes[name]);
        market.owes_at(&market.index(quote), around.now, quote)
    }

    /// Accrues the funding of a market.
    pub fn accrue(&mut self, market: &str, around: &Around) {
        self.market(market).accrue(around.now, &around.quotes[market]);
    }

    /// Books one fill.
    fn fill(&mut self, who: &str, purse: &mut Purse, market: &str, leg: &Leg, around: &Around) -> Filled {
        let filled = self.market(market).fill(who, &leg.size, &leg.cash);
        let cash = &filled.realised - &filled.funding;
        let winners = self.winners(around);
        if cash.is_negative() {
            self.buckets.lose(purse, &-cash);
        } else {
            self.buckets.gain(purse, &cash, &winners);
        }
        self.buckets.charge(purse, &leg.fee);
        self.buckets.relieve(&winners);
        filled
    }

    /// Executes the legs of a trade; `tip` is what an executor takes: after what reduces, before what adds risk.
    pub fn execute(
        &mut self,
        who: &str,
        purse: &mut Purse,
        market: &str,
        legs: &[Leg],
        matched: bool,
        tip: &Exact,
        around: &Around,
    ) -> Vec<Expected> {
        let held = self.market(market).size(who);
        let mut tip = tip.clone();
        let mut done = Vec::new();
        for leg in legs {
            if held.is_zero() || held.is_positive() == leg.size.is_positive() || !done.is_empty() {
                purse.deposit -= std::mem::take(&mut tip);
            }
            let at = self.market(market);
            if leg.on_curve {
                at.curve = at.curve.after(&leg.size);
            } else if !matched {
                at.inventory -= &leg.size;
            }
            let filled = self.fill(who, purse, market, leg, around);
            done.push(Expected { leg: leg.clone(), filled });
        }
        purse.deposit -= tip;
        done
    }

    /// Settles the funding of a position.
    pub fn settle(&mut self, who: &str, purse: &mut Purse, market: &str, around: &Around) -> Filled {
        let zero = Exact::zero;
        let nothing = Leg { size: zero(), cash: zero(), fee: zero(), on_curve: false };
        self.fill(who, purse, market, &nothing, around)
    }

    /// Settles a position of a market that was wound down, at its one price: the pool takes it.
    pub fn end(&mut self, who: &str, purse: &mut Purse, market: &str, around: &Around) -> Expected {
        let at = self.market(market);
        let held = at.size(who);
        let (price, since) = at.end.clone().expect("a market that was wound down");
        let leg = Leg { cash: &held * price, size: -held, fee: Exact::zero(), on_curve: false };
        at.inventory -= &leg.size;
        let filled = self.fill(who, purse, market, &leg, around);
        let gained = &filled.realised - &filled.funding;
        // Rounding may have made a loss of the last two units of a gain.
        assert!(
            gained < exact(2) || around.now >= since + DAY,
            "MODEL a winner is settled before the losers"
        );
        Expected { leg, filled }
    }

    /// The price at which a position is taken over: the index, or the account's better end of it while it is not trusted.
    fn taken_at(quote: &Quote, size: &Exact) -> Exact {
        let (mut lo, mut hi) = (quote.lo, quote.hi);
        if quote.status == PriceStatus::Grace {
            (lo, hi) = (lo.min(quote.stable), hi.max(quote.stable));
        }
        price(match quote.status {
            PriceStatus::Live => quote.mid,
            _ if size.is_positive() => hi,
            _ => lo,
        })
    }

    /// Moves a part of a position at the index. Returns the cash of it and the fee that is due without regard to equity.
    pub fn take_over(
        &mut self,
        it: &TakeOver,
        purses: &mut BTreeMap<String, Purse>,
        around: &Around,
    ) -> Exact {
        let mut purse = purses.remove(it.account).expect("its purse");
        let at = Self::taken_at(&around.quotes[it.market], &self.market(it.market).size(it.account));
        let cash = &it.size * at;
        let owed = self.owed(it.market, around);
        let others = self.winners(around) - owed.clone().max(Exact::zero());
        let filled = self.market(it.market).fill(it.account, &-&it.size, &cash);
        let settled = filled.realised - filled.funding;
        // What is settled is owed no more.
        let winners = others + (owed - &settled).max(Exact::zero());
        if settled.is_negative() {
            self.buckets.lose(&mut purse, &-settled);
        } else {
            self.buckets.gain(&mut purse, &settled, &winners);
        }
        let rate = LIQUIDATION_FEE.min(self.market(it.market).mmr_bps / 2);
        let due = cash.abs() * ratio(rate.into(), 10_000);
        let fee = due.clone().min(it.equity.clone().max(Exact::zero()));
        let half = self.buckets.charge_liquidation(&mut purse, &fee);
        self.buckets.relieve(&winners);
        purses.insert(it.account.to_owned(), purse);
        let mut taker = purses.remove(it.liquidator).expect("the purse of who takes over");
        taker.deposit += half;
        if it.to_pool {
            self.market(it.market).inventory += &it.size;
        } else {
            for leg in self.market(it.market).legs_at(it.liquidator, &it.size, &-cash) {
                let leg = Leg { fee: Exact::zero(), ..leg };
                self.fill(it.liquidator, &mut taker, it.market, &leg, around);
            }
        }
        purses.insert(it.liquidator.to_owned(), taker);
        due
    }

    /// Whether the account holds no position at all.
    pub fn holds_nothing(&self, who: &str) -> bool {
        self.markets.values().all(|market| !market.positions.contains_key(who))
    }

    /// Writes off what an account owes that has nothing left.
    pub fn write_off(&mut self, purse: &mut Purse, market: &str, around: &Around) {
        self.buckets.write_off(purse, market, around.now / DAY);
    }

    /// What the pool owes, both ways; a market whose index is not live at the worse end of what it may have moved: a gap, and
    /// another one every eight hours, from the prices that there were, the accepted and the refused.
    pub fn worth(&self, around: &Around) -> Worth {
        let mut worth = Worth { by_curve: Exact::zero(), by_index: Exact::zero() };
        for (name, market) in self.markets.iter().filter(|(_, market)| !market.positions.is_empty()) {
            let quote = &around.quotes[name];
            let index = market.index(quote);
            let owed = |price: &Exact| market.owes_at(price, around.now, quote);
            let seconds = around.now.saturating_sub(quote.timestamp).min(30 * DAY);
            let gaps = exact(1) + ratio(seconds.into(), 28_800);
            let gap = ratio(market.config.gap_bps.into(), 10_000) * gaps;
            let (lo, hi) = match quote.status {
                PriceStatus::Degraded | PriceStatus::Grace | PriceStatus::Tripped => {
                    (price(quote.lo), price(quote.hi))
                }
                _ => (index.clone(), index.clone()),
            };
            let by_index = if quote.status == PriceStatus::Live {
                owed(&index)
            } else {
                owed(&(hi * (exact(1) + &gap))).max(owed(&(lo * (exact(1) - gap)).max(Exact::zero())))
            };
            // Nobody leaves through the curve of what has ended, nor all of them through one that does not hold as much.
            let by_curve = market.end.is_none() && &market.curve.x + market.net() > Exact::zero();
            worth.by_curve += if by_curve {
                market.curve.exit(&market.net()) + owed(&Exact::zero())
            } else {
                by_index.clone()
            };
            worth.by_index += by_index;
        }
        worth
    }

    /// Shares for a deposit to the pool, of which there are `total`.
    pub fn enter(
        &mut self,
        purse: &mut Purse,
        amount: &Exact,
        total: &Exact,
        depths: &BTreeMap<String, (u32, i128)>,
        around: &Around,
    ) -> Exact {
        let worth = self.worth(around);
        let nav = &self.buckets.lp - &self.buckets.claims - worth.by_curve.min(worth.by_index);
        let cost = self.rescale(amount, depths);
        let shares = (amount - cost).max(Exact::zero()) * (total + exact(1_000_000)) / (nav + exact(1));
        purse.deposit -= amount;
        self.buckets.lp += amount;
        self.relieve(around);
        shares
    }

    /// What shares of the pool fetch, of which there are `total`.
    pub fn leave(
        &mut self,
        purse: &mut Purse,
        shares: &Exact,
        total: &Exact,
        depths: &BTreeMap<String, (u32, i128)>,
        around: &Around,
    ) {
        let worth = self.worth(around);
        let owed = worth.by_curve.max(worth.by_index).max(Exact::zero());
        let nav = self.buckets.payable() - &self.buckets.claims - owed;
        let amount = (shares * (&nav + exact(1)) / (total + exact(1_000_000))).min(nav);
        self.rescale(&-&amount, depths);
        purse.deposit += &amount;
        self.buckets.lp -= amount;
    }

    /// Changes the depth of every market by its weight. Returns what that gives to traders.
    fn rescale(&mut self, amount: &Exact, depths: &BTreeMap<String, (u32, i128)>) -> Exact {
        let mut cost = Exact::zero();
        for (name, market) in &mut self.markets {
            let (weight, brought) = depths[name];
            let quote = (amount * ratio(weight.into(), 10_000)).max(-exact(brought));
            let (net, before) = (market.net(), market.curve.clone());
            let to = before.deepened(&quote);
            // An exit leaves what three times the open interest of a side needs.
            if quote.is_zero() || quote.is_negative() && market.interest() * exact(3) > to.x {
                continue;
            }
            market.curve = to;
            cost += (market.curve.exit(&net) - before.exit(&net)).max(Exact::zero());
        }
        cost
    }

    /// Moves a deposit into insurance, what winners wait for of it to the providers' cash.
    pub fn insure(&mut self, purse: &mut Purse, amount: &Exact, around: &Around) {
        let waiting = amount.clone().min(self.buckets.claims.clone());
        purse.deposit -= amount;
        self.buckets.insurance += amount - &waiting;
        self.buckets.lp += waiting;
        self.relieve(around);
    }

    fn relieve(&mut self, around: &Around) {
        let winners = self.winners(around);
        self.buckets.relieve(&winners);
    }

    /// Moves a curve along its hyperbola to the base reserve `x`, for what that costs of the protocol's fees. Returns the cost.
    pub fn repeg(&mut self, name: &str, x: &Exact, around: &Around) -> Exact {
        let market = self.market(name);
        let (net, before) = (market.net(), market.curve.clone());
        market.curve = before.moved_to(x);
        let cost = (market.curve.exit(&net) - before.exit(&net)).max(Exact::zero());
        market.sell(&(x - &before.x));
        if cost.is_positive() {
            self.buckets.fees -= &cost;
            self.buckets.lp += &cost;
            self.relieve(around);
        }
        cost
    }
}

impl Market {
    /// Open interest of the larger side.
    fn interest(&self) -> Exact {
        let side = |long: bool| -> Exact {
            let sizes = self.positions.values().map(|position| &position.size);
            sizes.filter(|size| size.is_positive() == long).map(|size| size.abs()).sum()
        };
        side(true).max(side(false))
    }

    /// What of a move of the curve by `base` the inventory is leaves it.
    pub fn sell(&mut self, base: &Exact) {
        let zero = Exact::zero();
        let (least, most) = (self.inventory.clone().min(zero.clone()), self.inventory.clone().max(zero));
        self.inventory -= base.clone().max(least).min(most);
    }
}
