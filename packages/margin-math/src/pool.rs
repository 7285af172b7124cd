//! What the liquidity pool owes traders, and what it must keep free.

use crate::fixed::{abs, add, bps_ceil, increase, mul_div_ceil, mul_div_floor, sub};
use crate::position::Totals;
use crate::units::{BASE, BPS, INDEX, QUOTE_SCALE, USD};
use crate::{curve, defaults, MathError};

/// A market as the pool sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exposure {
    /// `x`: virtual base reserve, 1e14.
    pub base_reserve: i128,
    /// Funding index of longs now, USD at 1e18.
    pub funding_long: i128,
    /// Funding index of shorts now, USD at 1e18.
    pub funding_short: i128,
    /// Largest gap between two liquidation times, bps.
    pub gap_bps: u32,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// Index price, 1e14.
    pub price: i128,
    /// `y`: virtual quote reserve, 1e7.
    pub quote_reserve: i128,
    /// Directional move while positions are taken over, bps.
    pub sigma_bps: u32,
    /// Sums over positions.
    pub totals: Totals,
}

impl Exposure {
    /// `U`: value of all positions to traders at the index, quote 1e7, ceil: it is the pool's liability.
    pub fn index_value(&self) -> Result<i128, MathError> {
        let worth = mul_div_ceil(self.totals.net_size, self.price, QUOTE_SCALE)?;
        sub(add(worth, self.totals.entry)?, self.funding_owed()?)
    }

    /// The same if all positions left through the curve.
    pub fn curve_value(&self) -> Result<i128, MathError> {
        let worth = curve::exit_value(self.base_reserve, self.quote_reserve, self.totals.net_size)?;
        sub(add(worth, self.totals.entry)?, self.funding_owed()?)
    }

    /// What the reserve test asks for this market:
    /// `max(OI_long, OI_short) * P * max(0, gap - mmr) + |N| * P * sigma`, ceil.
    pub fn stress(&self) -> Result<i128, MathError> {
        let interest = self.totals.long_interest.max(self.totals.short_interest);
        let gap = self.gap_bps.saturating_sub(self.mmr_bps);
        let at_price = |size: i128| mul_div_ceil(size, self.price, QUOTE_SCALE);
        let losses = bps_ceil(at_price(interest)?, gap)?;
        let drift = bps_ceil(at_price(abs(self.totals.net_size)?)?, self.sigma_bps)?;
        add(losses, drift)
    }

    /// Funding that traders together owe, quote 1e7, floor.
    fn funding_owed(&self) -> Result<i128, MathError> {
        let accrued =
            |interest: i128, index: i128, basis: i128| sub(mul_div_floor(interest, index, BASE)?, basis);
        let long = accrued(self.totals.long_interest, self.funding_long, self.totals.long_funding)?;
        let short = accrued(self.totals.short_interest, self.funding_short, self.totals.short_funding)?;
        mul_div_floor(add(long, short)?, USD, INDEX)
    }
}

/// The liquidity pool in settlement units, summed market by market.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pool {
    /// `R_p`: open claims of winners.
    pub claims: i128,
    /// Value of all positions to traders through the curves.
    pub curve_value: i128,
    /// Value of all positions to traders at the index.
    pub index_value: i128,
    /// `L_pay`.
    pub payable: i128,
    /// What must stay free.
    pub required: i128,
    /// Sum of what traders are owed at the index, where positive.
    pub winners: i128,
}

impl Pool {
    /// A pool without markets.
    pub const fn new(payable: i128, claims: i128) -> Self {
        Pool { claims, curve_value: 0, index_value: 0, payable, required: 0, winners: 0 }
    }

    /// Adds a market whose index is live.
    pub fn market(&mut self, exposure: &Exposure) -> Result<(), MathError> {
        self.add(exposure, exposure.index_value()?)
    }

    /// Adds a market whose price nobody has watched for `seconds`, and was said to be within `lo..=hi`: from either end it may
    /// have moved by the gap at once and by another in every funding period since, to the side that is worse, and may move
    /// by one more before anything is liquidated.
    pub fn unwatched_market(
        &mut self,
        exposure: &Exposure,
        (lo, hi): (i128, i128),
        seconds: u64,
    ) -> Result<(), MathError> {
        let bps = unwatched_bps(exposure.gap_bps, seconds);
        let apart = mul_div_ceil(sub(hi, lo)?, BPS.into(), exposure.price.max(1))?;
        let apart = u32::try_from(apart).unwrap_or(u32::MAX);
        let gap_bps = exposure.gap_bps.saturating_add(bps).saturating_add(apart);
        let fallen = Exposure { price: sub(lo, bps_ceil(lo, bps)?)?.max(0), ..*exposure };
        let risen = Exposure { gap_bps, price: add(hi, bps_ceil(hi, bps)?)?, ..*exposure };
        // Traders gain where their net size points; what a size puts at risk is most where the price is highest.
        self.add(&risen, risen.index_value()?.max(fallen.index_value()?))
    }

    fn add(&mut self, exposure: &Exposure, index_value: i128) -> Result<(), MathError> {
        increase(&mut self.index_value, index_value)?;
        increase(&mut self.winners, index_value.max(0))?;
        // A curve that does not hold what all of them together would trade says nothing: the index does.
        let holds = add(exposure.base_reserve, exposure.totals.net_size)? > 0;
        increase(&mut self.curve_value, if holds { exposure.curve_value()? } else { index_value })?;
        increase(&mut self.required, bps_ceil(exposure.stress()?, defaults::RESERVE_BETA_BPS)?)?;
        Ok(())
    }

    /// By how much the reserve test holds: `L_pay - R_p - winners - required`; negative when it fails.
    pub fn headroom(&self) -> Result<i128, MathError> {
        sub(sub(sub(self.payable, self.claims)?, self.winners)?, self.required)
    }
}

/// How far a price may be that nobody has watched for `seconds`, bps, ceil.
fn unwatched_bps(gap_bps: u32, seconds: u64) -> u32 {
    let seconds = defaults::GAP_SECONDS + seconds.min(defaults::MAX_UNWATCHED_SECONDS);
    let bps = (u64::from(gap_bps) * seconds).div_ceil(defaults::GAP_SECONDS);
    u32::try_from(bps).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::funding;
    use crate::position::Position;
    use crate::units::PRICE;
    use proptest::prelude::*;

    const AT_100: (i128, i128) = (100 * PRICE, 100 * PRICE);

    fn exposure(totals: Totals, price: i128, funding: (i128, i128)) -> Exposure {
        Exposure {
            base_reserve: 1_000_000 * BASE,
            funding_long: funding.0,
            funding_short: funding.1,
            gap_bps: 1_200,
            mmr_bps: 500,
            price,
            quote_reserve: 100_000_000 * USD,
            sigma_bps: 650,
            totals,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Wherever within its gaps around what was said the price really is, the pool counted no less; and ever more, the
        /// longer nobody watches and the farther apart what was said is.
        #[test]
        fn an_unwatched_market_counts_for_more_than_any_price_within_its_gaps(
            (long, short) in (0_i128..1_000_000, 0_i128..1_000_000),
            entry in -1_000_000_i128..1_000_000,
            price in 1_i128..100_000,
            (below, above, wider) in (0_i128..=10_000, 0_i128..50_000, 0_i128..10_000),
            (gaps, moved, later) in (0_u64..=90, -1_200_i128..=1_200, 0_u64..1_000_000),
        ) {
            let totals = Totals {
                entry: entry * USD,
                long_interest: long * BASE / 1_000,
                net_size: (long - short) * BASE / 1_000,
                short_interest: short * BASE / 1_000,
                ..Totals::default()
            };
            let last = price * PRICE / 100;
            let (lo, hi) = (last - last * below / 10_000, last + last * above / 10_000);
            let end = if moved < 0 { lo } else { hi };
            let now = (end + end * moved * i128::from(gaps + 1) / 10_000).max(0);
            let seconds = gaps * defaults::GAP_SECONDS;
            let counted = |range, seconds| {
                let mut pool = Pool::default();
                pool.unwatched_market(&exposure(totals, last, (0, 0)), range, seconds).unwrap();
                pool
            };
            let said = counted((lo, hi), seconds);
            let mut real = Pool::default();
            real.market(&exposure(totals, now, (0, 0))).unwrap();
            prop_assert!(said.index_value >= real.index_value && said.winners >= real.winners);
            // Nobody was liquidated on the way: all of it is at risk, and a gap from there.
            let moved = totals.long_interest.max(totals.short_interest) * (now - last).abs() / QUOTE_SCALE;
            let at_risk = real.required + bps_ceil(moved, defaults::RESERVE_BETA_BPS).unwrap();
            prop_assert!(said.required + 2 >= at_risk, "{} {at_risk}", said.required);
            for more in [
                counted((lo, hi), seconds + later),
                counted(((lo - wider).max(0), hi), seconds),
                counted((lo, hi + wider), seconds),
            ] {
                prop_assert!(more.index_value >= said.index_value && more.required >= said.required);
            }
        }

        /// `U` is the sum over positions of profit less funding, to a unit of rounding per position and never below it.
        #[test]
        fn u_is_the_sum_over_positions(
            positions in prop::collection::vec((-1_000_000_i128..1_000_000, 1_i128..1_000, -500_i128..500), 1..6),
            price in 1_i128..100_000,
            now in (-500_i128..500, -500_i128..500),
        ) {
            let price = price * PRICE / 100;
            let now = (now.0 * INDEX / 1_000, now.1 * INDEX / 1_000);
            let (mut totals, mut sum) = (Totals::default(), 0);
            for (size, entry_price, index) in &positions {
                if *size == 0 {
                    continue;
                }
                let position = Position {
                    entry: -size * entry_price,
                    funding_index: index * INDEX / 1_000,
                    size: size * BASE / 1_000,
                };
                totals = totals.replace(&Position::default(), &position).unwrap();
                let side = if *size > 0 { now.0 } else { now.1 };
                let owed = funding::owed(position.size, side, position.funding_index).unwrap();
                sum += position.pnl_at(price).unwrap() - owed;
            }
            let u = exposure(totals, price, now).index_value().unwrap();
            let units = 2 * positions.len() as i128 + 2;
            prop_assert!(u >= sum && u - sum <= units, "{} {}", u, sum);
        }
    }

    #[test]
    fn the_reserve_test_asks_for_gap_and_drift() {
        let totals = Totals {
            long_interest: 30 * BASE,
            short_interest: 10 * BASE,
            net_size: 20 * BASE,
            entry: -2_000 * USD,
            ..Totals::default()
        };
        let market = exposure(totals, 100 * PRICE, (0, 0));
        // 3,000 * 7% + 2,000 * 6.5%.
        assert_eq!(market.stress(), Ok(340 * USD));
        let mut pool = Pool::new(400 * USD, 10 * USD);
        pool.market(&market).unwrap();
        assert_eq!((pool.index_value, pool.winners, pool.headroom()), (0, 0, Ok(50 * USD)));
        let mut pool = Pool::new(400 * USD, 0);
        pool.market(&exposure(totals, 101 * PRICE, (0, 0))).unwrap();
        assert_eq!((pool.winners, pool.required), (20 * USD, 343_4000000));
        // A market of losers owes the pool, but backs no winner elsewhere.
        pool.market(&exposure(totals, 90 * PRICE, (0, 0))).unwrap();
        assert_eq!((pool.index_value, pool.winners), (-180 * USD, 20 * USD));
    }

    /// 20 net long of 30, or short, at a last price of 100 with a gap of 12%: 112 is worst for a pool that is short, 88 for
    /// one that is long, and 24% may follow from there.
    #[test]
    fn a_market_that_nobody_watches_counts_at_its_worst() {
        let totals = Totals {
            long_interest: 30 * BASE,
            short_interest: 10 * BASE,
            net_size: 20 * BASE,
            entry: -2_000 * USD,
            ..Totals::default()
        };
        let mut pool = Pool::new(1_000 * USD, 0);
        pool.unwatched_market(&exposure(totals, 100 * PRICE, (0, 0)), AT_100, 0).unwrap();
        // 3,360 * 19% + 2,240 * 6.5%.
        assert_eq!((pool.index_value, pool.winners, pool.required), (240 * USD, 240 * USD, 784 * USD));
        let shorts = Totals {
            long_interest: 10 * BASE,
            short_interest: 30 * BASE,
            net_size: -20 * BASE,
            entry: 2_000 * USD,
            ..Totals::default()
        };
        let mut pool = Pool::new(1_000 * USD, 0);
        pool.unwatched_market(&exposure(shorts, 100 * PRICE, (0, 0)), AT_100, 0).unwrap();
        assert_eq!((pool.index_value, pool.winners, pool.required), (240 * USD, 240 * USD, 784 * USD));
        // A day later it may be 48% away, and at 148 may follow 60%: 4,440 * 55% + 2,960 * 6.5%.
        let mut pool = Pool::new(1_000 * USD, 0);
        pool.unwatched_market(&exposure(totals, 100 * PRICE, (0, 0)), AT_100, 86_400).unwrap();
        assert_eq!((pool.index_value, pool.winners, pool.required), (960 * USD, 960 * USD, 26_344_000_000));
        // A candidate of 150 was refused: 168 is owed, and at 168 may follow 74%: 5,040 * 69% + 3,360 * 6.5%.
        let mut pool = Pool::new(1_000 * USD, 0);
        pool.unwatched_market(&exposure(totals, 100 * PRICE, (0, 0)), (100 * PRICE, 150 * PRICE), 0).unwrap();
        assert_eq!(
            (pool.index_value, pool.winners, pool.required),
            (1_360 * USD, 1_360 * USD, 36_960_000_000)
        );
        // No price falls below nothing.
        let mut pool = Pool::new(1_000 * USD, 0);
        pool.unwatched_market(&exposure(shorts, 100 * PRICE, (0, 0)), AT_100, u64::MAX).unwrap();
        assert_eq!(pool.index_value, 2_000 * USD);
    }

    /// 20 units short on a curve of 20: the index says what they are owed.
    #[test]
    fn a_curve_that_cannot_take_all_of_them_does_not_stop_the_pool() {
        let totals = Totals {
            long_interest: 10 * BASE,
            short_interest: 30 * BASE,
            net_size: -20 * BASE,
            entry: 2_200 * USD,
            ..Totals::default()
        };
        for (x, curve_value) in [(10, 200), (20, 200), (21, 2_200 - 40_000)] {
            let short = Exposure {
                base_reserve: x * BASE,
                quote_reserve: 2_000 * USD,
                ..exposure(totals, 100 * PRICE, (0, 0))
            };
            let mut pool = Pool::new(0, 0);
            pool.market(&short).unwrap();
            assert_eq!((pool.index_value, pool.curve_value), (200 * USD, curve_value * USD), "{x}");
        }
    }

    #[test]
    fn leaving_through_the_curve_costs_the_traders_their_impact() {
        let totals = Totals { long_interest: 1_000 * BASE, net_size: 1_000 * BASE, ..Totals::default() };
        let market = exposure(totals, 100 * PRICE, (0, 0));
        assert!(market.curve_value().unwrap() < market.index_value().unwrap());
        // 100,000,000 * 1,000 / 1,001,000, less the entry, less a funding of a tenth for each of the thousand.
        let totals = Totals { entry: -50_000 * USD, ..totals };
        let market = exposure(totals, 100 * PRICE, (INDEX / 10, 0));
        assert_eq!(market.curve_value(), Ok(999_000_999_000 - 50_000 * USD - 100 * USD));
    }

    /// A unit at stake in each, and less than a unit of funding.
    #[test]
    fn parts_of_units_count_against_the_pool() {
        let totals = Totals { long_interest: 1, net_size: 1, ..Totals::default() };
        let market = exposure(totals, PRICE, (0, 0));
        assert_eq!((market.stress(), market.index_value()), (Ok(2), Ok(1)));
        let even = Totals { long_interest: BASE, short_interest: BASE, ..Totals::default() };
        assert_eq!(exposure(even, PRICE, (1, 0)).index_value(), Ok(0));
        // Half a digit of funding short of a unit of cash.
        let even = Totals { long_interest: 1, short_interest: 1, ..Totals::default() };
        let index = (INDEX / USD - 1) * BASE + BASE / 2;
        assert_eq!(exposure(even, PRICE, (index, 0)).index_value(), Ok(0));
    }

    #[test]
    fn what_was_said_and_nobody_watches_is_rounded_apart() {
        let totals = Totals { long_interest: 30 * BASE, net_size: 20 * BASE, ..Totals::default() };
        let required = |range| {
            let mut pool = Pool::default();
            pool.unwatched_market(&exposure(totals, 100 * PRICE, (0, 0)), range, 0).unwrap();
            pool.required
        };
        // A unit apart is a basis point of 3,360 more.
        assert!(required((100 * PRICE, 100 * PRICE + 1)) >= required(AT_100) + 336 * USD / 1_000);
        // 12% of a price of one unit: two are owed at the worst, or nothing is there to be gained.
        let owed = |net_size: i128| {
            let totals = Totals { net_size, ..Totals::default() };
            let market = Exposure { base_reserve: 2 * QUOTE_SCALE, ..exposure(totals, 1, (0, 0)) };
            let mut pool = Pool::default();
            pool.unwatched_market(&market, (1, 1), 0).unwrap();
            pool.index_value
        };
        assert_eq!((owed(QUOTE_SCALE), owed(-QUOTE_SCALE)), (2, 0));
    }
}
