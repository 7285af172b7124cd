//! One market: its curve, its funding, and everybody's position.

use super::curve::{approaches, split, within, Curve};
use super::funding::{price, Funding};
use crate::model::number::{exact, ratio, trimmed, Exact};
use margin_interface::{House, MarketConfig, PerpMarket, PriceStatus, Quote};
use num_traits::{Signed, ToPrimitive, Zero};
use std::collections::BTreeMap;

/// By how much the pool's price is worse than the index.
const SPREAD: i128 = 50;
/// Largest inventory, of what the pool can pay.
const INVENTORY: i128 = 1_000;
/// Seconds until a higher maintenance margin has reached existing positions in full.
const RAMP: u64 = 7 * 86_400;

/// Somebody's position.
#[derive(Clone, Debug)]
pub struct Position {
    /// Base, long > 0.
    pub size: Exact,
    /// Entry cash: negative for a long.
    pub entry: Exact,
    /// Index of its side when funding was last settled.
    pub paid_until: Exact,
}

/// The maintenance margin of existing positions, whole bps: in a straight line from where it was when it was raised.
pub fn maintenance(record: &PerpMarket, now: u64) -> u32 {
    let (from, to) = (exact(record.mmr_from_bps.into()), exact(record.config.mmr_bps.into()));
    let elapsed = now.saturating_sub(record.mmr_since).min(RAMP);
    let way = (&to - &from) * ratio(elapsed.into(), RAMP.into());
    // What is not a whole one yet does not count.
    (from + way.trunc()).to_integer().to_u32().expect("a ratio")
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Market {
    /// Parameters.
    pub config: MarketConfig,
    /// Maintenance margin of existing positions, bps.
    pub mmr_bps: u32,
    /// The curve.
    pub curve: Curve,
    /// Funding.
    pub funding: Funding,
    /// What the pool took from traders, long > 0.
    pub inventory: Exact,
    /// By name.
    pub positions: BTreeMap<String, Position>,
    /// Where it was wound down: at which price of a unit, and when.
    pub end: Option<(Exact, u64)>,
}

/// A part of a trade that does not cross zero.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Base, bought > 0.
    pub size: Exact,
    /// Cash, paid < 0.
    pub cash: Exact,
    /// Taker fee.
    pub fee: Exact,
    /// Whether the curve filled it.
    pub on_curve: bool,
}

/// What a fill did to a position.
#[derive(Clone, Debug)]
pub struct Filled {
    /// Funding owed until now.
    pub funding: Exact,
    /// Profit of the part that was closed.
    pub realised: Exact,
}

impl Market {
    /// As the ledger says, without positions.
    pub fn read(record: &PerpMarket, house: &House) -> Self {
        let end = record.state.clearing_price;
        Self {
            config: record.config.clone(),
            mmr_bps: record.config.mmr_bps,
            curve: Curve { x: exact(record.state.base_reserve), y: exact(record.state.quote_reserve) },
            funding: Funding::read(&record.state),
            inventory: exact(house.inventory),
            positions: BTreeMap::new(),
            end: (end != 0).then(|| (price(end), house.since)),
        }
    }

    /// Somebody's size.
    pub fn size(&self, who: &str) -> Exact {
        self.positions.get(who).map_or_else(Exact::zero, |position| position.size.clone())
    }

    /// Sum over positions.
    fn sum(&self, of: impl Fn(&Position) -> Exact) -> Exact {
        self.positions.values().map(of).fold(Exact::zero(), |sum, each| sum + each)
    }

    /// `N`: net size.
    pub fn net(&self) -> Exact {
        self.sum(|position| position.size.clone())
    }

    /// `Q`: net entry cash.
    pub fn entry(&self) -> Exact {
        self.sum(|position| position.entry.clone())
    }

    /// Open interest of longs.
    pub fn longs(&self) -> Exact {
        self.sum(|position| position.size.clone().max(Exact::zero()))
    }

    /// Open interest of shorts.
    pub fn shorts(&self) -> Exact {
        self.sum(|position| (-&position.size).max(Exact::zero()))
    }

    /// Accrues funding up to `now`.
    pub fn accrue(&mut self, now: u64, index: &Quote) {
        let (longs, shorts) = (self.longs(), self.shorts());
        self.funding.accrue(now, index, &longs, &shorts);
    }

    /// Nobody can act any more: what was due of funding is due, and no more. What is wound down ends at the index.
    pub fn stop(&mut self, now: u64, index: &Quote, for_good: bool) {
        self.accrue(now, index);
        self.funding.rate = Exact::zero();
        if for_good {
            self.end = Some((self.index(index), now));
        }
    }

    /// What all owe of funding at `funding`.
    fn owed(&self, funding: &Funding) -> Exact {
        self.sum(|held| held.size.abs() * (funding.of(&held.size) - &held.paid_until))
    }

    /// What traders are owed at a price of a unit, at the funding of `now`.
    pub fn owes_at(&self, price: &Exact, now: u64, index: &Quote) -> Exact {
        let mut at = self.clone();
        at.accrue(now, index);
        self.net() * price + self.entry() - self.owed(&at.funding)
    }

    /// The index, live or not; the mark where there never was one.
    pub fn index(&self, quote: &Quote) -> Exact {
        if quote.mid > 0 {
            price(quote.mid)
        } else {
            self.curve.mark()
        }
    }

    /// The legs of a trade: what reduces first. `payable` is what the pool can pay.
    pub fn legs(&self, who: &str, size: &Exact, index: &Quote, payable: &Exact) -> Vec<Leg> {
        let (closing, opening) = split(&self.size(who), size);
        let mut legs = Vec::new();
        let mut curve = self.curve.clone();
        if !closing.is_zero() {
            let leg = self.reduction(&closing, index, payable);
            if leg.on_curve {
                curve = curve.after(&closing);
            }
            legs.push(leg);
        }
        if !opening.is_zero() {
            legs.push(self.leg(opening.clone(), curve.cash(&opening), true));
        }
        legs
    }

    /// The legs of a trade at somebody else's cash.
    pub fn legs_at(&self, who: &str, size: &Exact, cash: &Exact) -> Vec<Leg> {
        let (closing, opening) = split(&self.size(who), size);
        let parts = [closing, opening].into_iter().filter(|part| !part.is_zero());
        parts.map(|part| self.leg(part.clone(), cash * &part / size, false)).collect()
    }

    fn leg(&self, size: Exact, cash: Exact, on_curve: bool) -> Leg {
        let fee = cash.abs() * ratio(self.config.fee_bps.into(), 10_000);
        Leg { size, cash, fee, on_curve }
    }

    /// Through the curve, unless the mark would leave the band around a live index and the pool has room.
    fn reduction(&self, size: &Exact, index: &Quote, payable: &Exact) -> Leg {
        let on_curve = self.leg(size.clone(), self.curve.cash(size), true);
        if index.status != PriceStatus::Live {
            return on_curve;
        }
        let (before, after, mid) = (self.curve.mark(), self.curve.after(size).mark(), price(index.mid));
        if within(&after, &mid, self.config.band_bps) || approaches(&before, &after, &mid) {
            return on_curve;
        }
        let cap = payable * ratio(INVENTORY, 10_000) / &mid;
        let held = if size.is_positive() { -&self.inventory } else { self.inventory.clone() };
        if cap - held < size.abs() {
            return on_curve;
        }
        // As if the curve had filled what the pool took on that side before.
        let zero = Exact::zero();
        let (filled, at) = if size.is_positive() {
            (self.inventory.clone().min(zero), price(index.hi) * ratio(10_000 + SPREAD, 10_000))
        } else {
            (self.inventory.clone().max(zero), price(index.lo) * ratio(10_000 - SPREAD, 10_000))
        };
        if !(&self.curve.x + &filled - size).is_positive() {
            return on_curve;
        }
        let by_curve = self.curve.moved_to(&(&self.curve.x + filled)).cash(size);
        self.leg(size.clone(), by_curve.min(-size * at), false)
    }

    /// Changes a position by what does not cross zero, and settles its funding.
    pub fn fill(&mut self, who: &str, size: &Exact, cash: &Exact) -> Filled {
        let none = Position { size: Exact::zero(), entry: Exact::zero(), paid_until: Exact::zero() };
        let mut held = self.positions.remove(who).unwrap_or(none);
        let funding = if held.size.is_zero() {
            Exact::zero()
        } else {
            held.size.abs() * (self.funding.of(&held.size) - &held.paid_until)
        };
        let mut realised = Exact::zero();
        if held.size.is_zero() || held.size.is_positive() == size.is_positive() || size.is_zero() {
            held.entry += cash;
        } else {
            let part = &held.entry * size.abs() / held.size.abs();
            realised = cash + &part;
            held.entry = trimmed(held.entry - part);
        }
        held.size += size;
        held.paid_until = self.funding.of(&held.size).clone();
        if !held.size.is_zero() {
            self.positions.insert(who.to_owned(), held);
        }
        Filled { funding, realised }
    }
}
