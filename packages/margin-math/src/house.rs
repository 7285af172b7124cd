//! What the liquidity pool does in a market beyond standing behind its curve: it takes reductions the curve should not, it
//! changes the depth of the curve, and it moves the curve toward the index. Each revaluation has a payer.
//!
//! The pool is the other side of the traders' net size `N`. What it takes over leaves `N`, so `U` and the reserve test count
//! what is left; its inventory is what the curve has sold beyond `N`: `x0 - x - N`.

use crate::error::exhausted;
use crate::fixed::{add, bps_ceil, bps_floor, mul_div_ceil, mul_div_floor, neg, sub};
use crate::units::{BPS, QUOTE_SCALE};
use crate::{curve, defaults, MathError};

/// Cash of a reduction of `size_delta` that the pool fills: the worse of what the curve would ask, had it filled what the
/// pool's `inventory` took on that side, and of the index `lo`..`hi` with the pool's spread.
///
/// At the mark alone, whoever has just pushed it would leave at the end of his own slippage, and gain half of it.
///
/// [`MathError::Exhausted`] when the curve does not hold that much base.
pub fn reduction(
    (x, y): (i128, i128),
    inventory: i128,
    size_delta: i128,
    (lo, hi): (i128, i128),
) -> Result<i128, MathError> {
    let filled = if size_delta > 0 { inventory.min(0) } else { inventory.max(0) };
    let (x, y) = moved(x, y, filled)?;
    let by_curve = curve::quote_for_base(x, y, size_delta)?;
    let price = if size_delta > 0 {
        bps_ceil(hi, BPS + defaults::POOL_SPREAD_BPS)?
    } else {
        bps_floor(lo, BPS - defaults::POOL_SPREAD_BPS)?
    };
    Ok(by_curve.min(mul_div_floor(neg(size_delta)?, price, QUOTE_SCALE)?))
}

/// Largest absolute inventory at an index of `price` of a pool that can pay `payable`.
pub fn inventory_cap(payable: i128, price: i128) -> Result<i128, MathError> {
    mul_div_floor(bps_floor(payable.max(0), defaults::INVENTORY_BPS)?, QUOTE_SCALE, price)
}

/// How much of `size` (absolute, of a reduction in the direction of `size_delta`) the inventory has room for.
pub fn room(inventory: i128, size_delta: i128, size: i128, cap: i128) -> Result<i128, MathError> {
    let held = if size_delta > 0 { neg(inventory)? } else { inventory };
    Ok(sub(cap, held)?.clamp(0, size))
}

/// Reserves when the depth changes by `quote`; the mark stays.
pub fn scaled(x: i128, y: i128, quote: i128) -> Result<(i128, i128), MathError> {
    let new_y = add(y, quote)?;
    if new_y <= 0 {
        return exhausted();
    }
    Ok((mul_div_floor(x, new_y, y)?, new_y))
}

/// Reserves when the curve moves by `base` along its hyperbola, `x * y` never falling.
pub fn moved(x: i128, y: i128, base: i128) -> Result<(i128, i128), MathError> {
    let new_x = add(x, base)?;
    if x <= 0 || new_x <= 0 {
        return exhausted();
    }
    Ok((new_x, mul_div_ceil(x, y, new_x)?))
}

/// By how much base the curve moves along its hyperbola until the mark is at `price`, or a little before it.
pub fn to_mark(x: i128, y: i128, price: i128) -> Result<i128, MathError> {
    // x' = x * sqrt(mark / price), with nine digits of the root; of a mark eighteen times the price no more than that.
    const ROOT: i128 = 1_000_000_000;
    let mark = curve::mark(x, y)?;
    let ratio = mul_div_floor(mark, ROOT * ROOT, price)?;
    let root = i128::from(u64::try_from(ratio).unwrap_or(u64::MAX).isqrt());
    if price <= mark {
        return sub(mul_div_floor(x, root, ROOT)?, x).map(|base| base.max(0));
    }
    sub(mul_div_ceil(x, root + 1, ROOT)?, x).map(|base| base.min(0))
}

/// What it costs the pool that traders of net size `net` leave through the curve `to` instead of `from`, ceil; a gain is
/// negative.
pub fn revaluation(from: (i128, i128), to: (i128, i128), net: i128) -> Result<i128, MathError> {
    if net == 0 {
        return Ok(0);
    }
    let (before, after) = (curve::exit_value(from.0, from.1, net)?, curve::exit_value(to.0, to.1, net)?);
    add(sub(after, before)?, 1)
}

/// Reserves when the depth changes by `quote` with a deposit or an exit; `None` where it stays: a curve that is thinned keeps
/// three times the open interest `interest` of its larger side, and one that does not hold what traders of net size `net`
/// would trade is not deepened, for nobody could say what that gives to them.
pub fn rescaled(
    (x, y): (i128, i128),
    quote: i128,
    net: i128,
    interest: i128,
) -> Result<Option<(i128, i128)>, MathError> {
    if add(y, quote)? <= 0 || add(x, net)? <= 0 {
        return Ok(None);
    }
    let to = scaled(x, y, quote)?;
    Ok((quote > 0 || deep_enough(to.0, interest)?).then_some(to))
}

/// Whether a base reserve of `x` is deep enough for an open interest.
pub fn deep_enough(x: i128, interest: i128) -> Result<bool, MathError> {
    Ok(mul_div_floor(interest, defaults::DEPTH_FLOOR, 1)? <= x)
}

/// What may be spent of the protocol's fees on repegs: what insurance lacks to its target comes first.
pub fn repeg_budget(fees: i128, insurance: i128, target: i128) -> Result<i128, MathError> {
    Ok(sub(fees, sub(target, insurance)?.max(0))?.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{BASE, PRICE, USD};
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const X: i128 = 100_000 * BASE;
    const Y: i128 = 10_000_000 * USD;

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Invariant 28: the closed form `y*N*(1/(x + N/r) - 1/(x + N))`, never below it, at most two units above.
        #[test]
        fn depth_is_paid_for(net in -90_000_i128..90_000, add_bps in 1_i128..20_000) {
            let (net, quote) = (net * BASE, Y / 10_000 * add_bps);
            let to = scaled(X, Y, quote).unwrap();
            let cost = revaluation((X, Y), to, net).unwrap();
            let r = ratio(to.1) / ratio(Y);
            let exact = ratio(Y) * ratio(net) * ((ratio(X) + ratio(net) / r).recip() - (ratio(X) + ratio(net)).recip());
            let over = ratio(cost) - exact;
            prop_assert!(over >= ratio(0) && over <= ratio(2) || net == 0, "{cost} over {over}");
            // More depth is worth something to traders on either side.
            prop_assert!(net == 0 || cost > 0);
            // Thinning is worth as much to the pool.
            prop_assert!(revaluation(to, (X, Y), net).unwrap() <= 1);
        }

        #[test]
        fn depth_leaves_the_mark(change_bps in -9_000_i128..90_000) {
            let (x, y) = scaled(X, Y, Y / 10_000 * change_bps).unwrap();
            let (before, after) = (curve::mark(X, Y).unwrap(), curve::mark(x, y).unwrap());
            prop_assert!((before - after).abs() <= 1);
        }

        /// A move to a price ends there, or less than a millionth before it, never beyond.
        #[test]
        fn a_move_to_a_price(price in 50_000_000_i128..200_000_000) {
            let price = price * PRICE / 1_000_000;
            let (x, y) = moved(X, Y, to_mark(X, Y, price).unwrap()).unwrap();
            let (from, to) = (curve::mark(X, Y).unwrap(), curve::mark(x, y).unwrap());
            // The ceiling of y may lift the mark by a part in 10^13.
            let (low, high) = (price.min(from), price.max(from));
            prop_assert!(to >= low - price / 1_000_000 && to <= high + price / 1_000_000);
            prop_assert!((to - price).abs() <= price / 1_000_000, "{to} for {price}");
        }

        /// What a move gives to traders, `y'N/(x' + N) - yN/(x + N)`, is charged, and at most two units more.
        #[test]
        fn a_move_has_a_price(net in -60_000_i128..60_000, base in -9_000_i128..9_000) {
            let (net, base) = (net * BASE, base * BASE);
            let to = moved(X, Y, base).unwrap();
            prop_assert!(BigInt::from(to.0) * to.1 >= BigInt::from(X) * Y);
            let exit = |x: i128, y: i128| ratio(y) * ratio(net) / (ratio(x) + ratio(net));
            let over = ratio(revaluation((X, Y), to, net).unwrap()) - (exit(to.0, to.1) - exit(X, Y));
            prop_assert!(net == 0 || over >= ratio(0) && over <= ratio(2), "{over}");
        }

        /// Marked at the index, whoever reduces against the pool never gains: what a closed circle of traders wins on the
        /// curve they lose here.
        #[test]
        fn a_reduction_against_the_pool_never_gains(
            size in -1_000_i128..1_000, mark in 50_i128..200, width in 0_i128..5, inventory in -9_000_i128..9_000,
        ) {
            let ends = ((100 - width) * PRICE, (100 + width) * PRICE);
            let reserves = (X, X / BASE * mark * USD);
            let quote = reduction(reserves, inventory * BASE, size * BASE, ends).unwrap();
            prop_assert!(quote + size * 100 * USD <= 0);
            // Nor does it get a better price than the curve's.
            prop_assert!(quote <= curve::quote_for_base(reserves.0, reserves.1, size * BASE).unwrap());
        }

        /// Who pushes the mark and leaves against the pool, in however many parts, pays at least what he was paid.
        #[test]
        fn nobody_leaves_by_the_pool_for_less_than_he_came_by_the_curve(
            size in -5_000_i128..5_000, parts in 1_i128..9, held in 0_i128..5_000, index in 50_i128..200,
        ) {
            prop_assume!(size != 0);
            // What the pool took before on the same side makes it dearer.
            let mut inventory = held * BASE * size.signum();
            let came = curve::quote_for_base(X, Y, size * BASE).unwrap();
            let pushed = curve::after(X, Y, size * BASE, came).unwrap();
            let mut left = 0;
            for part in 0..parts {
                let base = -size * BASE * (part + 1) / parts + size * BASE * part / parts;
                left += reduction(pushed, inventory, base, (index * PRICE, index * PRICE)).unwrap();
                inventory -= base;
            }
            prop_assert!(came + left <= 0, "{} in {parts} parts", came + left);
        }
    }

    #[test]
    fn the_worse_of_curve_and_index() {
        // Of a thousand units, in whole dollars.
        let at = |size: i128, mark: i128, inventory: i128| {
            let reserves = (1_000 * BASE, 1_000 * mark * USD);
            let cash = reduction(reserves, inventory * BASE, size * BASE, (100 * PRICE, 100 * PRICE));
            cash.unwrap().div_euclid(USD)
        };
        assert_eq!([at(-10, 90, 0), at(-10, 110, 0)], [891, 995]);
        assert_eq!([at(10, 90, 0), at(10, 110, 0)], [-1_005, -1_112]);
        // What the pool sold makes it dearer; what it bought does not make it cheaper.
        assert_eq!([at(10, 110, -500), at(10, 110, 500)], [-4_490, -1_112]);
        assert_eq!([at(-10, 90, 500), at(-10, 90, -500)], [397, 891]);
    }

    #[test]
    fn room_in_the_inventory() {
        let cap = inventory_cap(10_000 * USD, 100 * PRICE).unwrap();
        assert_eq!(cap, 10 * BASE);
        // Who sells adds to it, who buys takes from it.
        assert_eq!(room(4 * BASE, -BASE, 20 * BASE, cap), Ok(6 * BASE));
        assert_eq!(room(4 * BASE, BASE, 20 * BASE, cap), Ok(14 * BASE));
        assert_eq!(room(12 * BASE, -BASE, BASE, cap), Ok(0));
        assert_eq!(room(0, -BASE, BASE, cap), Ok(BASE));
    }

    #[test]
    fn a_deeper_curve_is_better_for_both_sides() {
        // N > 0 or N < 0: a deeper curve lets either leave at a better price.
        for net in [20_000 * BASE, -20_000 * BASE] {
            let deeper = scaled(X, Y, Y).unwrap();
            assert!(revaluation((X, Y), deeper, net).unwrap() > 0);
            assert!(revaluation(deeper, (X, Y), net).unwrap() < 0);
        }
        assert_eq!(revaluation((X, Y), (2 * X, 2 * Y), 0), Ok(0));
    }

    #[test]
    fn depth_goes_where_it_is_not_needed_and_comes_where_it_has_a_price() {
        let half = Ok(Some((X / 2, Y / 2)));
        assert_eq!(rescaled((X, Y), -Y / 2, 0, X / 6), half);
        assert_eq!(rescaled((X, Y), -Y / 2, 0, X / 6 + 1), Ok(None), "either side of it");
        assert_eq!(rescaled((X, Y), Y, 0, X), Ok(Some((2 * X, 2 * Y))));
        assert_eq!((rescaled((X, Y), Y, -X, X), rescaled((X, Y), -Y, 0, 0)), (Ok(None), Ok(None)));
        assert_eq!(rescaled((X, Y), Y, 1 - X, X), Ok(Some((2 * X, 2 * Y))));
    }

    #[test]
    fn insurance_comes_before_a_repeg() {
        assert_eq!(repeg_budget(100, 70, 100), Ok(70));
        assert_eq!(repeg_budget(100, 120, 100), Ok(100));
        assert_eq!(repeg_budget(20, 70, 100), Ok(0));
        assert_eq!((deep_enough(3 * BASE, BASE), deep_enough(3 * BASE - 1, BASE)), (Ok(true), Ok(false)));
        assert_eq!(scaled(X, Y, -Y), Err(MathError::Exhausted));
        assert_eq!(moved(X, Y, -X), Err(MathError::Exhausted));
    }

    #[test]
    fn parts_of_units_are_the_pools() {
        // A price of a unit with half a percent: two for who buys, nothing for who sells.
        assert_eq!(reduction((1_000_000 * QUOTE_SCALE, 1), 0, QUOTE_SCALE, (1, 1)), Ok(-2));
        assert_eq!(reduction((1_000 * QUOTE_SCALE, 100_000), 0, -QUOTE_SCALE, (1, 1)), Ok(0));
        // The least size costs a unit and brings none.
        assert_eq!(reduction((X, Y), 0, 1, (PRICE, PRICE)), Ok(-1));
        assert_eq!(reduction((X, Y), 0, -1, (PRICE, PRICE)), Ok(0));
        assert_eq!((inventory_cap(9, PRICE), inventory_cap(10, 3)), (Ok(0), Ok(QUOTE_SCALE / 3)));
        assert_eq!(scaled(1, 2, 1), Ok((1, 3)));
    }

    /// `10 * sqrt(1 / 4)` would be there, and so would `11 * sqrt(9 / 4)` be if it were a whole number.
    #[test]
    fn a_move_ends_before_the_price() {
        assert_eq!(to_mark(10, 10, 4 * QUOTE_SCALE), Ok(-4));
        let mark = curve::mark(11, 9).unwrap();
        assert_eq!(to_mark(11, 9, mark * 4 / 9), Ok(5));
        // A root that is a unit short of a whole one.
        let (x, mark) = (QUOTE_SCALE, 4_500_000_000_000_000_000 - 1);
        assert_eq!(
            to_mark(x, mark, 2_000_000_000_000_000_000),
            Ok(QUOTE_SCALE / 1_000_000_000 * 499_999_999)
        );
    }
}
