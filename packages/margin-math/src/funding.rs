//! Funding between longs and shorts: linear by seconds, two cumulative indices.
//!
//! An index counts what one whole unit of its side has *paid* (USD, 1e18); the receiving side's index falls. Payers are
//! debited up, receivers credited down and cut, so receivers together never get more than payers owe.

use crate::error::division_by_zero;
use crate::fixed::{abs, add, mul_div_ceil, mul_div_floor, neg, sub};
use crate::status::{may_fund, Status};
use crate::units::{BASE, INDEX, PRICE, USD};
use crate::MathError;

/// Seconds that a rate is for.
pub const PERIOD: u64 = 28_800;
/// The most seconds that one accrual covers: nobody knows any more whether there was a price all the time before.
pub const STEP: u64 = 3_600;
/// Largest rate per period, either sign: 10%, 1e18.
pub const MAX_RATE: i128 = INDEX / 10;
/// `|size| * index / OWED_SCALE` is a quote amount.
pub const OWED_SCALE: i128 = BASE * (INDEX / USD);

/// Funding of a market.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Funding {
    /// Cumulative payment of one whole unit of a long, USD at 1e18.
    pub long: i128,
    /// Cumulative payment of one whole unit of a short, USD at 1e18.
    pub short: i128,
    /// Share of the price that longs pay per [`PERIOD`], 1e18; negative: shorts pay.
    pub rate: i128,
    /// Index price by which funding accrues, 1e14.
    pub price: i128,
    /// Unix seconds up to which it is accrued.
    pub updated_at: u64,
}

impl Funding {
    /// The index of the side that a position of `size` is on.
    pub fn index(&self, size: i128) -> i128 {
        if size < 0 {
            self.short
        } else {
            self.long
        }
    }
}

/// Accrues at the stored rate up to `now`, at most one [`STEP`], for the open interest (1e14) of that whole time.
pub fn accrue(funding: Funding, now: u64, oi_long: i128, oi_short: i128) -> Result<Funding, MathError> {
    let Some(elapsed) = now.checked_sub(funding.updated_at) else { return Ok(funding) };
    let mut next = Funding { updated_at: now, ..funding };
    if elapsed == 0 || funding.rate == 0 {
        return Ok(next);
    }
    let weight = mul_div_floor(abs(funding.rate)?, i128::from(elapsed.min(STEP)), 1)?;
    let divisor = PRICE * PERIOD as i128;
    let paid = mul_div_ceil(weight, funding.price, divisor)?;
    let due = mul_div_floor(weight, funding.price, divisor)?;
    let (payers, receivers) = if funding.rate > 0 { (oi_long, oi_short) } else { (oi_short, oi_long) };
    // All that payers owe, spread over the receivers, caps what one of them gets.
    let received = if receivers > payers { due.min(mul_div_floor(paid, payers, receivers)?) } else { due };
    if funding.rate > 0 {
        next.long = add(funding.long, paid)?;
        next.short = sub(funding.short, received)?;
    } else {
        next.short = add(funding.short, paid)?;
        next.long = sub(funding.long, received)?;
    }
    Ok(next)
}

/// [`accrue`] by an index with `status` that was reported at `index_timestamp`. One that is no longer usable is known to
/// have been until its timestamp, a refused, recovered or unknown one says nothing: of a refused one the timestamp is the
/// refusal's. The time after that is never made up for.
pub fn accrue_by_index(
    funding: Funding,
    now: u64,
    status: Status,
    index_timestamp: u64,
    oi_long: i128,
    oi_short: i128,
) -> Result<Funding, MathError> {
    if may_fund(status) {
        return accrue(funding, now, oi_long, oi_short);
    }
    let known_until = match status {
        Status::Stale | Status::Halted => index_timestamp.min(now),
        _ => 0,
    };
    let accrued = accrue(funding, known_until, oi_long, oi_short)?;
    Ok(Funding { updated_at: now.max(funding.updated_at), ..accrued })
}

/// What a position of `size` owes since its side's index was `entry_index`, quote 1e7: debit up, credit (negative) down.
pub fn owed(size: i128, index: i128, entry_index: i128) -> Result<i128, MathError> {
    mul_div_ceil(abs(size)?, sub(index, entry_index)?, OWED_SCALE)
}

/// The rate of a period, 1e18: premium of the mark over the index, toward zero, within [`MAX_RATE`].
pub fn rate(mark_twap: i128, index_twap: i128) -> Result<i128, MathError> {
    let premium = sub(mark_twap, index_twap)?;
    if index_twap <= 0 {
        return division_by_zero();
    }
    // Compared first: a wild mark clamps instead of overflowing.
    if abs(premium)? >= mul_div_ceil(index_twap, MAX_RATE, INDEX)? {
        return if premium > 0 { Ok(MAX_RATE) } else { neg(MAX_RATE) };
    }
    let size = mul_div_floor(abs(premium)?, INDEX, index_twap)?;
    if premium > 0 {
        Ok(size)
    } else {
        neg(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const T0: u64 = 1_790_000_000;

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    fn at_rate(rate: i128, price: i128) -> Funding {
        Funding { long: 0, short: 0, rate, price, updated_at: T0 }
    }

    fn any_rate() -> impl Strategy<Value = i128> {
        prop_oneof![-MAX_RATE..=MAX_RATE, -1_000_i128..=1_000, Just(MAX_RATE), Just(-MAX_RATE)]
    }

    fn price() -> impl Strategy<Value = i128> {
        prop_oneof![1_i128..=1_000_000 * PRICE, 1_i128..=1_000_000]
    }

    fn interest() -> impl Strategy<Value = i128> {
        prop_oneof![Just(0_i128), 1_i128..=1_000_000, 1_i128..=100_000_000 * BASE]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Invariant 6, exactly: however open interest changes between accruals and however it is split.
        #[test]
        fn receivers_never_get_more_than_payers_owe(
            steps in prop::collection::vec((any_rate(), price(), 0_u64..=40_000, interest(), interest()), 1..12),
        ) {
            let (mut funding, mut now) = (at_rate(0, PRICE), T0);
            let (mut paid, mut received) = (ratio(0), ratio(0));
            for (rate, price, seconds, long, short) in steps {
                let before = Funding { rate, price, ..funding };
                now += seconds;
                let next = accrue(before, now, long, short).unwrap();
                for (delta, oi) in [(next.long - before.long, long), (next.short - before.short, short)] {
                    if delta > 0 { paid += ratio(delta) * ratio(oi) } else { received -= ratio(delta) * ratio(oi) }
                }
                prop_assert!(paid >= received);
                funding = next;
            }
        }

        /// The same in whole units of cash, when every holder settles.
        #[test]
        fn cash_paid_covers_cash_received(
            rate in any_rate(), price in price(), seconds in 0_u64..=28_800,
            longs in prop::collection::vec(1_i128..=1_000 * BASE, 0..6),
            shorts in prop::collection::vec(1_i128..=1_000 * BASE, 0..6),
        ) {
            let next = accrue(at_rate(rate, price), T0 + seconds, longs.iter().sum(), shorts.iter().sum()).unwrap();
            let net: i128 = longs.iter().map(|s| owed(*s, next.long, 0).unwrap()).sum::<i128>()
                + shorts.iter().map(|s| owed(-*s, next.short, 0).unwrap()).sum::<i128>();
            prop_assert!(net >= 0);
        }

        #[test]
        fn payers_owe_the_exact_rate_rounded_up(rate in any_rate(), price in price(), seconds in 0_u64..=60_000) {
            let next = accrue(at_rate(rate, price), T0 + seconds, BASE, BASE).unwrap();
            let counted = seconds.min(STEP) as i128;
            let exact = ratio(rate.abs()) * ratio(price) * ratio(counted) / ratio(PRICE * PERIOD as i128);
            let (payer, receiver) = if rate > 0 { (next.long, next.short) } else { (next.short, next.long) };
            prop_assert_eq!(ratio(payer), exact.ceil());
            prop_assert_eq!(ratio(-receiver), exact.floor());
        }

        #[test]
        fn a_timestamp_counts_once(rate in any_rate(), price in price(), seconds in 0_u64..=60_000, l in interest(), s in interest()) {
            let once = accrue(at_rate(rate, price), T0 + seconds, l, s).unwrap();
            prop_assert_eq!(accrue(once, T0 + seconds, l, s).unwrap(), once);
            prop_assert_eq!(accrue(once, T0, l, s).unwrap(), once);
        }

        /// Within a step it does not matter, beyond a unit per touch, how often anybody accrues.
        #[test]
        fn touching_often_adds_at_most_a_unit_each(rate in any_rate(), price in price(), first in 0_u64..=1_800, second in 0_u64..=1_800) {
            let once = accrue(at_rate(rate, price), T0 + first + second, BASE, BASE).unwrap();
            let half = accrue(at_rate(rate, price), T0 + first, BASE, BASE).unwrap();
            let twice = accrue(half, T0 + first + second, BASE, BASE).unwrap();
            prop_assert!((twice.long - once.long).abs() <= 1 && (twice.short - once.short).abs() <= 1);
            prop_assert!(twice.long >= once.long && twice.short >= once.short);
        }

        #[test]
        fn the_rate_is_the_clamped_premium(mark in 0_i128..=i128::MAX / 2, index in 1_i128..=i128::MAX / 2) {
            let exact = (ratio(mark) - ratio(index)) * ratio(INDEX) / ratio(index);
            let clamped = exact.trunc().clamp(ratio(-MAX_RATE), ratio(MAX_RATE));
            let rate = rate(mark, index).unwrap();
            prop_assert!(rate.abs() <= MAX_RATE);
            prop_assert_eq!(ratio(rate), clamped);
        }

        #[test]
        fn the_rate_near_the_index_is_the_exact_premium(index in 1_000_i128..=1_000_000 * PRICE, bps in -1_200_i128..=1_200) {
            let mark = index + index * bps / 10_000;
            let exact = ((ratio(mark) - ratio(index)) * ratio(INDEX) / ratio(index)).trunc();
            prop_assert_eq!(ratio(rate(mark, index).unwrap()), exact.clamp(ratio(-MAX_RATE), ratio(MAX_RATE)));
        }
    }

    #[test]
    fn longs_pay_a_period_by_its_hours() {
        // 2 long, 1 short, index 100: longs pay 1 each, the short gets its 1, the pool keeps the other.
        let hourly = |rate: i128| at_rate(8 * rate, 100 * PRICE);
        let funding = accrue(hourly(INDEX / 100), T0 + STEP, 2 * BASE, BASE).unwrap();
        assert_eq!(owed(2 * BASE, funding.long, 0), Ok(2 * USD));
        assert_eq!(owed(-BASE, funding.short, 0), Ok(-USD));
        // 1 long, 4 short: what the long pays is spread over four.
        let funding = accrue(hourly(INDEX / 100), T0 + STEP, BASE, 4 * BASE).unwrap();
        assert_eq!(owed(BASE, funding.long, 0), Ok(USD));
        assert_eq!(owed(-4 * BASE, funding.short, 0), Ok(-USD));
        // Nobody pays: nobody receives.
        let funding = accrue(hourly(INDEX / 100), T0 + STEP, 0, 4 * BASE).unwrap();
        assert_eq!(funding.short, 0);
        // Half an hour, shorts pay.
        let funding = accrue(hourly(-INDEX / 100), T0 + STEP / 2, BASE, BASE).unwrap();
        assert_eq!((funding.short, funding.long), (INDEX / 2, -INDEX / 2));
    }

    #[test]
    fn a_gap_that_nobody_saw_is_paid_for_an_hour_at_most() {
        let funding = at_rate(INDEX / 100, 100 * PRICE);
        let late =
            accrue_by_index(funding, T0 + 10 * STEP, Status::Live, T0 + 10 * STEP, BASE, BASE).unwrap();
        assert_eq!((late.long, late.updated_at), (INDEX / 8, T0 + 10 * STEP));
    }

    #[test]
    fn an_unusable_index_suspends_accrual_for_good() {
        let funding = at_rate(INDEX / 100, 100 * PRICE);
        let stale = accrue_by_index(funding, T0 + 7_200, Status::Stale, T0 + 3_600, BASE, BASE).unwrap();
        assert_eq!((stale.long, stale.updated_at), (INDEX / 8, T0 + 7_200));
        let longer = accrue_by_index(stale, T0 + 14_400, Status::Stale, T0 + 3_600, BASE, BASE).unwrap();
        assert_eq!((longer.long, longer.updated_at), (INDEX / 8, T0 + 14_400));
        let resumed = accrue_by_index(longer, T0 + 18_000, Status::Live, T0 + 18_000, BASE, BASE).unwrap();
        assert_eq!(resumed.long, INDEX / 4);
    }

    /// What the status says about the half hour until the timestamp, and the half hour after it.
    #[test]
    fn until_when_an_index_is_known() {
        let known = |status| {
            let funding = at_rate(INDEX / 100, 100 * PRICE);
            let next = accrue_by_index(funding, T0 + 3_600, status, T0 + 1_800, BASE, BASE).unwrap();
            assert_eq!(next.updated_at, T0 + 3_600);
            next.long
        };
        let (all, half) = (INDEX / 8, INDEX / 16);
        assert_eq!([Status::Live, Status::Degraded].map(known), [all; 2]);
        assert_eq!([Status::Stale, Status::Halted].map(known), [half; 2]);
        assert_eq!([Status::Tripped, Status::Grace, Status::Warming, Status::Unknown].map(known), [0; 4]);
    }

    #[test]
    fn rates_at_the_edges() {
        assert_eq!(rate(110 * PRICE, 100 * PRICE), Ok(MAX_RATE));
        assert_eq!(rate(500 * PRICE, 100 * PRICE), Ok(MAX_RATE));
        assert_eq!(rate(1, 100 * PRICE), Ok(-MAX_RATE));
        assert_eq!(rate(99 * PRICE, 100 * PRICE), Ok(-INDEX / 100));
        assert_eq!(rate(100 * PRICE, 100 * PRICE), Ok(0));
        assert_eq!(rate(16, 15), Ok(INDEX / 15)); // no tenth, though it is a unit of a price
        assert_eq!(rate(PRICE, 0), Err(MathError::DivisionByZero));
    }

    #[test]
    fn each_side_has_its_index() {
        let funding = Funding { long: 1, short: 2, ..at_rate(0, PRICE) };
        assert_eq!((funding.index(BASE), funding.index(-BASE)), (1, 2));
    }
}
