//! The constant-product curve of a market: `x` base (1e14) and `y` quote (1e7) virtual reserves.
//!
//! One rounding rule, `new_other = ceil(x * y / new_in)`, puts every unit of rounding on the trader's side of the
//! table: `x * y` never falls, so no closed sequence of trades ends in profit. Because
//! `y - ceil(x*y / (x - d)) == floor(-y*d / (x - d))`, one division does it.

use crate::error::exhausted;
use crate::fixed::{abs, add, mul_div_ceil, mul_div_floor, neg, sub};
use crate::units::{BPS, QUOTE_SCALE};
use crate::MathError;

/// Signed cash of trading `size_delta` (long > 0): negative when base is bought, positive when it is sold.
///
/// [`MathError::Exhausted`] when the curve does not hold that much base.
pub fn quote_for_base(x: i128, y: i128, size_delta: i128) -> Result<i128, MathError> {
    exit_value(x, y, neg(size_delta)?)
}

/// Cash to the holder of `size` if it left through the curve now: own price impact included, entry cash not.
/// With `size` the net size of all traders, what they could take out together, in whatever order they leave.
pub fn exit_value(x: i128, y: i128, size: i128) -> Result<i128, MathError> {
    let new_x = add(x, size)?;
    if x <= 0 || y <= 0 || new_x <= 0 {
        return exhausted();
    }
    mul_div_floor(y, size, new_x)
}

/// Signed size that a notional of `quote` (> 0) trades: what it buys, rounded down, or what must be sold for it, rounded up
/// (then negative). [`quote_for_base`] of the result costs at most, or brings at least, `quote`.
pub fn base_for_quote(x: i128, y: i128, quote: i128, is_long: bool) -> Result<i128, MathError> {
    let new_y = if is_long { add(y, quote)? } else { sub(y, quote)? };
    if x <= 0 || y <= 0 || quote < 0 || new_y <= 0 {
        return exhausted();
    }
    mul_div_floor(x, if is_long { quote } else { neg(quote)? }, new_y)
}

/// Reserves `(x, y)` after a fill.
pub fn after(x: i128, y: i128, size_delta: i128, quote_delta: i128) -> Result<(i128, i128), MathError> {
    let (x, y) = (sub(x, size_delta)?, sub(y, quote_delta)?);
    if x <= 0 || y <= 0 {
        return exhausted();
    }
    Ok((x, y))
}

/// Price of an infinitesimal trade, 1e14, rounded down.
pub fn mark(x: i128, y: i128) -> Result<i128, MathError> {
    if x <= 0 || y <= 0 {
        return exhausted();
    }
    mul_div_floor(y, QUOTE_SCALE, x)
}

/// Average price of a fill, 1e14: up for a purchase, down for a sale, so that a limit holds exactly.
pub fn average_price(size_delta: i128, quote_delta: i128) -> Result<i128, MathError> {
    if size_delta > 0 {
        mul_div_ceil(neg(quote_delta)?, QUOTE_SCALE, size_delta)
    } else {
        mul_div_floor(quote_delta, QUOTE_SCALE, neg(size_delta)?)
    }
}

/// Absolute notional of `size` at `price`, quote 1e7, rounded down.
pub fn notional_floor(size: i128, price: i128) -> Result<i128, MathError> {
    mul_div_floor(abs(size)?, price, QUOTE_SCALE)
}

/// Whether `price` is at most `bps` away from `reference`.
pub fn within(price: i128, reference: i128, bps: u32) -> Result<bool, MathError> {
    let allowed = mul_div_floor(reference, i128::from(bps), i128::from(BPS))?;
    Ok(abs(sub(price, reference)?)? <= allowed)
}

/// Whether `to` is nearer to `target` than `from` without having passed it.
pub fn approaches(from: i128, to: i128, target: i128) -> bool {
    (from < to && to <= target) || (target <= to && to < from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{BASE, PRICE, USD};
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const X: i128 = 1_000 * BASE;
    const Y: i128 = 100 * USD;

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    fn product(x: i128, y: i128) -> BigInt {
        BigInt::from(x) * y
    }

    /// Depths from a few dollars to beyond any market, prices from 1e-6 to 1e6.
    fn reserves() -> impl Strategy<Value = (i128, i128)> {
        let x = (10_u32..=26, 1_i128..=9_999).prop_map(|(e, m)| 10_i128.pow(e - 4) * m.max(1));
        let y = (7_u32..=19, 1_i128..=9_999).prop_map(|(e, m)| 10_i128.pow(e - 4) * m.max(1));
        (x, y)
    }

    /// A share of the base reserve, either sign, often tiny.
    fn size(x: i128, parts: i128, unit: bool) -> i128 {
        if unit {
            parts
        } else {
            x / 1_000 * parts
        }
    }

    fn trade() -> impl Strategy<Value = (i128, i128, i128)> {
        (reserves(), -900_i128..=900, any::<bool>())
            .prop_map(|((x, y), parts, unit)| (x, y, size(x, parts, unit)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// The single division is the rule `new_y = ceil(x * y / new_x)`.
        #[test]
        fn fills_equal_the_exact_rational((x, y, d) in trade()) {
            let new_y = (ratio(x) * ratio(y) / ratio(x - d)).ceil();
            prop_assert_eq!(ratio(quote_for_base(x, y, d).unwrap()), ratio(y) - new_y);
        }

        /// Invariant 8.
        #[test]
        fn the_product_never_falls((x, y, d) in trade()) {
            let q = quote_for_base(x, y, d).unwrap();
            prop_assume!(y - q > 0);
            let (nx, ny) = after(x, y, d, q).unwrap();
            prop_assert!(product(nx, ny) >= product(x, y));
        }

        /// Invariant 9: there and back, whatever others did in between at net zero.
        #[test]
        fn a_round_trip_never_profits((x, y, d) in trade()) {
            let there = quote_for_base(x, y, d).unwrap();
            prop_assume!(y - there > 0);
            let (nx, ny) = after(x, y, d, there).unwrap();
            let back = quote_for_base(nx, ny, -d).unwrap();
            prop_assert!(there + back <= 0);
            prop_assert!(there + back >= -2 - y / nx.min(x), "rounding only: {}", there + back);
        }

        /// Invariant 10: pieces of one order cost at least as much as the order, and at most a unit each more.
        #[test]
        fn splitting_never_gains((x, y, d) in trade(), pieces in 1_i128..=12) {
            let whole = quote_for_base(x, y, d).unwrap();
            let (mut cx, mut cy, mut sum, mut left) = (x, y, 0, d);
            for i in (1..=pieces).rev() {
                let part = left / i;
                let q = quote_for_base(cx, cy, part).unwrap();
                prop_assume!(cy - q > 0);
                (cx, cy) = after(cx, cy, part, q).unwrap();
                sum += q;
                left -= part;
            }
            prop_assert_eq!(left, 0);
            prop_assert!(sum <= whole);
        }

        /// Invariant 11.
        #[test]
        fn inverse_never_favours_the_trader((x, y) in reserves(), share in 1_i128..=800, long in any::<bool>()) {
            let q = (y / 1_000 * share).max(1);
            prop_assume!(long || q < y);
            let d = base_for_quote(x, y, q, long).unwrap();
            let exact = if long { ratio(x) * ratio(q) / ratio(y + q) } else { -(ratio(x) * ratio(q) / ratio(y - q)) };
            prop_assert_eq!(ratio(d), exact.floor());
            let cash = quote_for_base(x, y, d).unwrap();
            if long {
                prop_assert!(-cash <= q);
                // One unit more of base is more than the notional buys.
                prop_assert!(-quote_for_base(x, y, d + 1).unwrap() > q || d + 1 == x);
            } else {
                prop_assert!(cash >= q);
                prop_assert!(quote_for_base(x, y, d + 1).unwrap() <= q);
            }
        }

        /// Everybody together leaves through the curve with at most what one exit of the net position brings.
        #[test]
        fn exits_sum_to_the_exit_of_the_net((x, y, d) in trade(), a in -400_i128..=400) {
            let first = x / 1_000 * a;
            prop_assume!(x + first > x / 10 && x + d > x / 10 && x + d + first > x / 10);
            let one = exit_value(x, y, first).unwrap();
            prop_assume!(y - one > 0);
            let two = exit_value(x + first, y - one, d).unwrap();
            prop_assert!(one + two <= exit_value(x, y, first + d).unwrap());
        }

        #[test]
        fn average_price_lies_on_the_traders_wrong_side((x, y, d) in trade()) {
            prop_assume!(d != 0);
            let q = quote_for_base(x, y, d).unwrap();
            let exact = -ratio(q) * ratio(QUOTE_SCALE) / ratio(d);
            let price = ratio(average_price(d, q).unwrap());
            let worse = (price - exact) * ratio(d.signum());
            prop_assert!(worse >= ratio(0) && worse < ratio(1));
        }
    }

    #[test]
    fn a_ledger_of_fills() {
        // Reserves 1000:100. Buying 375 base leaves 625, so y must be 160: 60 paid.
        assert_eq!(quote_for_base(X, Y, 375 * BASE), Ok(-60 * USD));
        assert_eq!(base_for_quote(X, Y, 60 * USD, true), Ok(375 * BASE));
        assert_eq!(after(X, Y, 375 * BASE, -60 * USD), Ok((625 * BASE, 160 * USD)));
        // Selling 250 leaves 1250, y 80: 20 received.
        assert_eq!(quote_for_base(X, Y, -250 * BASE), Ok(20 * USD));
        assert_eq!(base_for_quote(X, Y, 20 * USD, false), Ok(-250 * BASE));
        assert_eq!(mark(X, Y), Ok(PRICE / 10));
        assert_eq!(mark(3 * BASE, 2 * USD), Ok(PRICE * 2 / 3));
        assert_eq!(average_price(375 * BASE, -60 * USD), Ok(16 * PRICE / 100));
        assert_eq!(average_price(-250 * BASE, 20 * USD), Ok(8 * PRICE / 100));
        assert_eq!(exit_value(625 * BASE, 160 * USD, 375 * BASE), Ok(60 * USD));
        assert_eq!(notional_floor(-250 * BASE, PRICE / 10), Ok(25 * USD));
    }

    #[test]
    fn dust_costs_a_unit_and_brings_nothing() {
        assert_eq!(quote_for_base(X, Y, 1), Ok(-1));
        assert_eq!(quote_for_base(X, Y, -1), Ok(0));
        assert_eq!(quote_for_base(X, Y, 0), Ok(0));
    }

    #[test]
    fn an_exhausted_curve_says_so() {
        assert!(MathError::Exhausted.is_exhausted() && !MathError::Overflow.is_exhausted());
        assert_eq!(quote_for_base(X, Y, X), Err(MathError::Exhausted));
        assert_eq!(quote_for_base(X, Y, X + 1), Err(MathError::Exhausted));
        assert_eq!(base_for_quote(X, Y, Y, false), Err(MathError::Exhausted));
        assert_eq!(base_for_quote(X, Y, -1, true), Err(MathError::Exhausted));
        assert_eq!(exit_value(0, Y, BASE), Err(MathError::Exhausted));
        assert_eq!(exit_value(X, 0, BASE), Err(MathError::Exhausted));
        assert_eq!(base_for_quote(0, Y, USD, true), Err(MathError::Exhausted));
        assert_eq!(base_for_quote(X, 0, USD, true), Err(MathError::Exhausted));
        assert_eq!(mark(0, Y), Err(MathError::Exhausted));
        assert_eq!(after(X, Y, 0, Y), Err(MathError::Exhausted));
        assert_eq!(quote_for_base(i128::MAX, i128::MAX, i128::MIN), Err(MathError::Overflow));
    }

    #[test]
    fn band_and_direction() {
        assert_eq!(within(105 * PRICE, 100 * PRICE, 500), Ok(true));
        assert_eq!(within(105 * PRICE + 1, 100 * PRICE, 500), Ok(false));
        assert_eq!(within(95 * PRICE, 100 * PRICE, 500), Ok(true));
        assert!(approaches(90, 95, 100) && approaches(110, 100, 100));
        assert!(!approaches(95, 90, 100) && !approaches(95, 101, 100));
        assert!(!approaches(95, 95, 100) && !approaches(95, 95, 90));
    }

    #[test]
    fn parts_of_units_are_nobodys() {
        assert_eq!((base_for_quote(X, Y, 0, true), base_for_quote(X, Y, 0, false)), (Ok(0), Ok(0)));
        assert_eq!(notional_floor(1, PRICE), Ok(0));
        // A tenth of 15 is 1.
        assert_eq!((within(16, 15, 1_000), within(17, 15, 1_000)), (Ok(true), Ok(false)));
    }
}
