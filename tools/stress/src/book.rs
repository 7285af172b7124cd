//! What the protocol knows: assets, buckets and markets. Nothing here decides; `margin-math` does.

use crate::feed::{Feed, Quote};
use margin_math::curve;
use margin_math::fixed::{add, bps_floor, decrease, increase, mul_div_ceil, mul_div_floor, sub};
use margin_math::funding::{self, Funding};
use margin_math::guard::Class;
use margin_math::interest;
use margin_math::lp;
use margin_math::margin::Levels;
use margin_math::marks::{Marks, WINDOW};
use margin_math::pool::{Exposure, Pool};
use margin_math::position::Totals;
use margin_math::settlement::Buckets;
use margin_math::shares::Total;
use margin_math::status::may_increase;
use margin_math::units::{INDEX, QUOTE_SCALE, SECONDS_PER_DAY, USD};
use margin_math::{defaults, MathError};

/// How many assets.
pub const ASSETS: usize = 4;
/// The settlement asset.
pub const USDC: usize = 0;
/// How many perpetual markets.
pub const MARKETS: usize = 2;
/// The asset behind the index of each market.
pub const INDEX_OF: [usize; MARKETS] = [1, 2];
/// Every token has as many decimals as Stellar's classic assets.
pub const DECIMALS: u32 = 7;

/// A result of the mathematics.
pub type Math<T> = Result<T, MathError>;

/// What an asset counts.
pub struct Terms {
    /// Its name.
    pub name: &'static str,
    /// How the oracle guards it.
    pub class: Class,
    /// Share that supports, bps.
    pub ltv_bps: u32,
    /// Weight of a debt, bps.
    pub lw_bps: u32,
    /// Divisors.
    pub levels: Levels,
    /// Largest bonus, bps.
    pub max_bonus_bps: u32,
}

const fn levels(opening_bps: u32, margin_call_bps: u32, liquidation_bps: u32) -> Levels {
    Levels { opening_bps, margin_call_bps, liquidation_bps }
}

/// The defaults of each asset.
#[rustfmt::skip]
pub const TERMS: [Terms; ASSETS] = [
    Terms { name: "USDC", class: Class::Pegged, ltv_bps: 10_000, lw_bps: 10_000, levels: levels(10_250, 10_000, 10_000), max_bonus_bps: 0 },
    Terms { name: "ETH", class: Class::Major, ltv_bps: 8_000, lw_bps: 11_000, levels: levels(12_500, 12_000, 11_000), max_bonus_bps: 800 },
    Terms { name: "BTC", class: Class::Major, ltv_bps: 7_500, lw_bps: 11_000, levels: levels(12_500, 12_000, 11_000), max_bonus_bps: 800 },
    Terms { name: "XLM", class: Class::Volatile, ltv_bps: 7_000, lw_bps: 11_000, levels: levels(12_500, 12_000, 11_000), max_bonus_bps: 1_000 },
];

/// Base 1%, +4% to 80% utilisation, +60% to 100%.
const RATES: interest::Curve = interest::Curve {
    base_bps: 100,
    slope1_bps: 400,
    slope2_bps: 6_000,
    target_bps: 8_000,
    reactivity: 20_000,
};
/// The protocol's part of interest, bps.
const RESERVE_FACTOR_BPS: u32 = 1_000;

/// Totals of an asset.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What depositors own.
    pub supply: Total,
    /// What borrowers owe.
    pub debt: Total,
    /// Tokens at hand.
    pub cash: i128,
    /// What the protocol owns.
    pub reserves: i128,
    modifier: i128,
    accrued_at: u64,
    interest_rest: i128,
    reserve_rest: i128,
}

/// A perpetual market.
#[derive(Clone, Debug)]
pub struct Market {
    /// Base reserve.
    pub x: i128,
    /// Quote reserve.
    pub y: i128,
    /// Sums over positions.
    pub totals: Totals,
    /// Funding.
    pub funding: Funding,
    /// What the pool holds of what it took over.
    pub inventory: i128,
    /// Mark at the beginning of the minute.
    pub mark_before: i128,
    marks: Marks,
    indices: Marks,
}

/// Everything.
#[derive(Clone)]
pub struct Book {
    /// Unix seconds.
    pub now: u64,
    /// Assets.
    pub assets: [Asset; ASSETS],
    /// Buckets.
    pub buckets: Buckets,
    /// Markets.
    pub markets: [Market; MARKETS],
    /// Quotes now.
    pub quotes: [Quote; ASSETS],
    /// UTC day, and what insurance paid on it.
    pub insurance_day: (u64, i128),
}

impl Book {
    /// Lenders have brought `supplied` dollars of each asset, liquidity providers and insurance their part, and each curve is
    /// `depth` dollars deep.
    pub fn new(
        now: u64,
        feeds: &[Feed; ASSETS],
        supplied: i128,
        lp: i128,
        insurance: i128,
        depth: i128,
    ) -> Math<Self> {
        let quotes = [0, 1, 2, 3].map(|asset: usize| feeds[asset].quote());
        let worth = |dollars: i128, asset: usize| {
            mul_div_floor(dollars * USD, margin_math::units::PRICE, quotes[asset].prices.mid)
        };
        let asset = |place: usize| -> Math<Asset> {
            let units = worth(supplied, place)?;
            let brought = if place == USDC { (lp + insurance) * USD } else { 0 };
            Ok(Asset {
                supply: Total { assets: units, shares: units * margin_math::shares::VIRTUAL_SHARES },
                debt: Total { assets: 0, shares: 0 },
                cash: units + brought,
                reserves: 0,
                modifier: interest::MODIFIER_START,
                accrued_at: now,
                interest_rest: 0,
                reserve_rest: 0,
            })
        };
        let market = |place: usize| -> Math<Market> {
            let index = quotes[INDEX_OF[place]].prices.mid;
            let y = depth * USD;
            let x = mul_div_floor(y, QUOTE_SCALE, index)?;
            let mark = curve::mark(x, y)?;
            Ok(Market {
                x,
                y,
                totals: Totals::default(),
                funding: Funding { long: 0, short: 0, rate: 0, price: index, updated_at: now },
                inventory: 0,
                mark_before: mark,
                marks: Marks::new(now, mark),
                indices: Marks::new(now, index),
            })
        };
        let buckets = Buckets {
            borrowed: 0,
            claims: 0,
            claims_cut: 0,
            claims_epoch: 0,
            claims_fraction: INDEX,
            fees: 0,
            insurance: insurance * USD,
            lp: lp * USD,
            pending: 0,
        };
        Ok(Book {
            now,
            assets: [asset(0)?, asset(1)?, asset(2)?, asset(3)?],
            buckets,
            markets: [market(0)?, market(1)?],
            quotes,
            insurance_day: (now / SECONDS_PER_DAY, 0),
        })
    }

    /// Time moves to `now`, prices to those of the feeds: interest, funding and the marks follow.
    pub fn advance(&mut self, now: u64, feeds: &[Feed; ASSETS]) -> Math<()> {
        self.now = now;
        for (quote, feed) in self.quotes.iter_mut().zip(feeds) {
            *quote = feed.quote();
        }
        for asset in &mut self.assets {
            asset.accrue(now)?;
        }
        for (place, market) in self.markets.iter_mut().enumerate() {
            let quote = &self.quotes[INDEX_OF[place]];
            market.accrue(now, quote)?;
        }
        if self.insurance_day.0 != now / SECONDS_PER_DAY {
            self.insurance_day = (now / SECONDS_PER_DAY, 0);
        }
        Ok(())
    }

    /// Every market as the pool sees it, and whether all of their prices are live.
    pub fn pool(&self) -> Math<(Pool, bool)> {
        let mut pool = Pool::new(self.buckets.payable()?, self.buckets.claims);
        let mut live = true;
        for (place, market) in self.markets.iter().enumerate() {
            let quote = &self.quotes[INDEX_OF[place]];
            live &= may_increase(quote.status);
            pool.market(&market.exposure(quote.prices.mid))?;
        }
        Ok((pool, live))
    }

    /// What traders are owed at the index, market by market where positive.
    pub fn winners(&self) -> Math<i128> {
        let mut sum = 0;
        for place in 0..MARKETS {
            increase(&mut sum, self.market_value(place)?.max(0))?;
        }
        Ok(sum)
    }

    /// What the traders of one market are owed at its index.
    pub fn market_value(&self, place: usize) -> Math<i128> {
        self.markets[place].exposure(self.quotes[INDEX_OF[place]].prices.mid).index_value()
    }

    /// What the liquidity providers' shares are worth.
    pub fn lp_value(&self) -> Math<i128> {
        let (pool, _) = self.pool()?;
        let Pool { claims, curve_value, index_value, payable, .. } = pool;
        lp::nav_out(&lp::Pool { payable, lent: self.buckets.borrowed, claims, curve_value, index_value })
    }

    /// Takes `units` of a deposit out of the totals for all of `shares` or as many as that costs; returns the shares burnt.
    pub fn burn(&mut self, asset: usize, shares: i128, units: i128, all: bool) -> Math<i128> {
        let supply = &mut self.assets[asset].supply;
        let burnt = if all { shares } else { supply.shares_ceil(units)?.min(shares) };
        decrease(&mut supply.assets, units)?;
        decrease(&mut supply.shares, burnt)?;
        Ok(burnt)
    }

    /// Adds `units` to what depositors own; returns the shares minted.
    pub fn mint(&mut self, asset: usize, units: i128) -> Math<i128> {
        let supply = &mut self.assets[asset].supply;
        let minted = supply.shares_floor(units)?;
        increase(&mut supply.assets, units)?;
        increase(&mut supply.shares, minted)?;
        Ok(minted)
    }

    /// What is wrong with the books: nothing, or the sentence to stop with.
    pub fn flaw(&self) -> Math<Option<String>> {
        for (place, asset) in self.assets.iter().enumerate() {
            let mut owed = add(asset.supply.assets, asset.reserves)?;
            if place == USDC {
                owed = add(owed, self.buckets.net()?)?;
            }
            if add(asset.cash, asset.debt.assets)? != owed {
                return Ok(Some(format!(
                    "{}: has {} + {}, owes {owed}",
                    TERMS[place].name, asset.cash, asset.debt.assets
                )));
            }
            let least =
                [asset.cash, asset.debt.assets, asset.supply.assets, asset.reserves, asset.debt.shares];
            if least.into_iter().any(|amount| amount < 0) {
                return Ok(Some(format!("{}: negative: {asset:?}", TERMS[place].name)));
            }
        }
        let b = &self.buckets;
        let least = [b.borrowed, b.claims, b.fees, b.insurance, b.lp, b.pending, b.payable()?];
        if least.into_iter().any(|amount| amount < 0) {
            return Ok(Some(format!("a bucket is negative: {b:?}")));
        }
        Ok(None)
    }
}

impl Asset {
    fn accrue(&mut self, now: u64) -> Math<()> {
        let pool = interest::Pool {
            borrowed: self.debt.assets,
            supplied: self.supply.assets,
            reserves: self.reserves,
            perp_borrowed: 0,
            modifier: self.modifier,
            rest: self.interest_rest,
            reserve_rest: self.reserve_rest,
        };
        let step = interest::step(&RATES, &pool, RESERVE_FACTOR_BPS, now - self.accrued_at)?;
        increase(&mut self.debt.assets, step.interest)?;
        increase(&mut self.reserves, step.reserved)?;
        increase(&mut self.supply.assets, sub(step.interest, step.reserved)?)?;
        self.modifier = step.modifier;
        (self.interest_rest, self.reserve_rest) = (step.rest, step.reserve_rest);
        self.accrued_at = now;
        Ok(())
    }
}

impl Market {
    /// Largest position, base.
    pub fn size_cap(&self) -> Math<i128> {
        bps_floor(self.x, defaults::POSITION_BPS)
    }

    /// The price at the margin of the curve.
    pub fn mark(&self) -> Math<i128> {
        curve::mark(self.x, self.y)
    }

    /// The curve moved: the mark is on record from now on.
    pub fn moved(&mut self, now: u64) -> Math<()> {
        let mark = self.mark()?;
        self.marks.record(now, mark)
    }

    /// The market at an index price.
    pub fn exposure(&self, price: i128) -> Exposure {
        Exposure {
            base_reserve: self.x,
            funding_long: self.funding.long,
            funding_short: self.funding.short,
            gap_bps: defaults::GAP_BPS,
            mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
            price,
            quote_reserve: self.y,
            sigma_bps: defaults::SIGMA_BPS,
            totals: self.totals,
        }
    }

    /// Open interest of the larger side at a price, USD.
    pub fn interest(&self, price: i128) -> Math<i128> {
        mul_div_ceil(self.totals.long_interest.max(self.totals.short_interest), price, QUOTE_SCALE)
    }

    fn accrue(&mut self, now: u64, quote: &Quote) -> Math<()> {
        let Totals { long_interest, short_interest, .. } = self.totals;
        self.funding = funding::accrue_by_index(
            self.funding,
            now,
            quote.status,
            quote.timestamp,
            long_interest,
            short_interest,
        )?;
        self.mark_before = self.mark()?;
        if may_increase(quote.status) {
            self.indices.record(now, quote.prices.mid)?;
            self.funding.price = quote.prices.mid;
        }
        let averages = (self.marks.twap(now, WINDOW)?, self.indices.twap(now, WINDOW)?);
        if let (Some(mark), Some(index)) = averages {
            self.funding.rate = funding::rate(mark, index)?;
        }
        Ok(())
    }
}
