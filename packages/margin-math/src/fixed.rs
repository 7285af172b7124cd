//! Fixed-point building blocks: every division names its direction, every product is full width.
//!
//! `floor` rounds toward minus infinity and `ceil` toward plus infinity, for either sign. Overflow is an error:
//! never a wrap, never a saturation.

use crate::error::{division_by_zero, overflow};
use crate::MathError;

/// Adds, or [`MathError::Overflow`].
pub fn add(a: i128, b: i128) -> Result<i128, MathError> {
    a.checked_add(b).map_or_else(overflow, Ok)
}

/// Subtracts, or [`MathError::Overflow`].
pub fn sub(a: i128, b: i128) -> Result<i128, MathError> {
    a.checked_sub(b).map_or_else(overflow, Ok)
}

/// Adds `by` to a total in place, or leaves it and returns [`MathError::Overflow`].
#[inline(never)] // one call instead of a hundred copies of a checked 128-bit sum
pub fn increase(total: &mut i128, by: i128) -> Result<(), MathError> {
    *total = add(*total, by)?;
    Ok(())
}

/// Subtracts `by` from a total in place, or leaves it and returns [`MathError::Overflow`].
#[inline(never)] // for size, measured
pub fn decrease(total: &mut i128, by: i128) -> Result<(), MathError> {
    *total = sub(*total, by)?;
    Ok(())
}

/// Negates, or [`MathError::Overflow`].
pub fn neg(a: i128) -> Result<i128, MathError> {
    a.checked_neg().map_or_else(overflow, Ok)
}

/// Absolute value, or [`MathError::Overflow`] for `i128::MIN`.
pub fn abs(a: i128) -> Result<i128, MathError> {
    a.checked_abs().map_or_else(overflow, Ok)
}

/// `a / b` toward minus infinity.
pub fn div_floor(a: i128, b: i128) -> Result<i128, MathError> {
    let (quotient, remainder) = divided(a, b)?;
    Ok(if remainder != 0 && ((remainder < 0) != (b < 0)) { quotient - 1 } else { quotient })
}

/// `a / b` toward plus infinity.
pub fn div_ceil(a: i128, b: i128) -> Result<i128, MathError> {
    let (quotient, remainder) = divided(a, b)?;
    Ok(if remainder != 0 && ((remainder < 0) == (b < 0)) { quotient + 1 } else { quotient })
}

/// Quotient toward zero and its remainder, with one division: a second one would cost as much again.
fn divided(a: i128, b: i128) -> Result<(i128, i128), MathError> {
    if b == 0 {
        return division_by_zero();
    }
    let quotient = a.checked_div(b).map_or_else(overflow, Ok)?;
    // `|quotient * b| <= |a|`, so neither operation can wrap.
    Ok((quotient, a.wrapping_sub(quotient.wrapping_mul(b))))
}

/// `a * b / c` toward minus infinity, through a 256-bit product.
pub fn mul_div_floor(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    match a.checked_mul(b) {
        Some(product) => div_floor(product, c),
        None => wide_mul_div(a, b, c, false),
    }
}

/// `a * b / c` toward plus infinity, through a 256-bit product.
pub fn mul_div_ceil(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    match a.checked_mul(b) {
        Some(product) => div_ceil(product, c),
        None => wide_mul_div(a, b, c, true),
    }
}

/// The slow path of both: magnitudes in 256 bits, then sign and direction.
///
/// Written out because a 256-bit library costs every contract 4 KB of Wasm for this one division.
#[inline(never)]
fn wide_mul_div(a: i128, b: i128, c: i128, up: bool) -> Result<i128, MathError> {
    if c == 0 {
        return division_by_zero();
    }
    let (high, low) = wide_mul(a.unsigned_abs(), b.unsigned_abs());
    let (quotient, inexact) = wide_div(high, low, c.unsigned_abs())?;
    let negative = (a < 0) != ((b < 0) != (c < 0));
    // Away from zero where the direction asks for it: up for a positive quotient, down for a negative one.
    let magnitude =
        if inexact && negative != up { quotient.checked_add(1).map_or_else(overflow, Ok)? } else { quotient };
    if negative {
        0_i128.checked_sub_unsigned(magnitude).map_or_else(overflow, Ok)
    } else {
        i128::try_from(magnitude).or_else(|_| overflow())
    }
}

/// The full product as `(high, low)` halves, from four products of 64-bit halves.
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    const MASK: u128 = (1 << HALF) - 1;
    let (a1, a0, b1, b0) = (a >> HALF, a & MASK, b >> HALF, b & MASK);
    let low = a0 * b0;
    // Each factor is below 2^64, so every sum here is below 2^128.
    let middle = a1 * b0 + (low >> HALF);
    let cross = a0 * b1 + (middle & MASK);
    (a1 * b1 + (middle >> HALF) + (cross >> HALF), (cross << HALF) | (low & MASK))
}

/// `(high, low) / divisor` bit by bit: the quotient and whether a remainder is left; an error when it needs more than 128 bits.
fn wide_div(high: u128, low: u128, divisor: u128) -> Result<(u128, bool), MathError> {
    if high >= divisor {
        return overflow();
    }
    let (mut remainder, mut rest) = (high, low);
    for _ in 0..u128::BITS {
        let carry = remainder >> (u128::BITS - 1) != 0;
        remainder = (remainder << 1) | (rest >> (u128::BITS - 1));
        rest <<= 1;
        if carry || remainder >= divisor {
            // With the carry the true remainder is above 2^128, and the difference fits again.
            remainder = remainder.wrapping_sub(divisor);
            rest |= 1;
        }
    }
    Ok((rest, remainder != 0))
}

/// The share `bps / 10_000` of `amount`, toward minus infinity.
pub fn bps_floor(amount: i128, bps: u32) -> Result<i128, MathError> {
    mul_div_floor(amount, i128::from(bps), i128::from(crate::units::BPS))
}

/// The share `bps / 10_000` of `amount`, toward plus infinity.
pub fn bps_ceil(amount: i128, bps: u32) -> Result<i128, MathError> {
    mul_div_ceil(amount, i128::from(bps), i128::from(crate::units::BPS))
}

/// `10^exponent` for token decimals and price scales, or [`MathError::Overflow`].
pub fn pow10(exponent: u32) -> Result<i128, MathError> {
    10_i128.checked_pow(exponent).map_or_else(overflow, Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_traits::ToPrimitive;
    use proptest::prelude::*;

    fn exact(a: i128, b: i128, c: i128) -> (Option<i128>, Option<i128>) {
        let (product, divisor) = (BigInt::from(a) * b, BigInt::from(c));
        let quotient = &product / &divisor;
        let inexact = &quotient * &divisor != product;
        let below = (product < BigInt::ZERO) != (divisor < BigInt::ZERO);
        let floor = if inexact && below { &quotient - 1 } else { quotient.clone() };
        let ceil = if inexact && !below { quotient + 1 } else { quotient };
        (floor.to_i128(), ceil.to_i128())
    }

    fn wide() -> impl Strategy<Value = i128> {
        prop_oneof![
            any::<i128>(),
            any::<i64>().prop_map(i128::from),
            -3_i128..=3,
            Just(i128::MAX),
            Just(i128::MIN)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn mul_div_equals_the_exact_rational(a in wide(), b in wide(), c in wide()) {
            prop_assume!(c != 0);
            let (floor, ceil) = exact(a, b, c);
            prop_assert_eq!(mul_div_floor(a, b, c).ok(), floor);
            prop_assert_eq!(mul_div_ceil(a, b, c).ok(), ceil);
        }

        #[test]
        fn division_equals_the_exact_rational(a in wide(), c in wide()) {
            prop_assume!(c != 0);
            let (floor, ceil) = exact(a, 1, c);
            prop_assert_eq!(div_floor(a, c).ok(), floor);
            prop_assert_eq!(div_ceil(a, c).ok(), ceil);
        }
    }

    #[test]
    fn zero_divisors_are_named() {
        assert_eq!(mul_div_floor(1, 1, 0), Err(MathError::DivisionByZero));
        assert_eq!(mul_div_ceil(i128::MAX, i128::MAX, 0), Err(MathError::DivisionByZero));
        assert_eq!(div_floor(1, 0), Err(MathError::DivisionByZero));
        assert_eq!(div_ceil(1, 0), Err(MathError::DivisionByZero));
    }
}
