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

/// Multiplies, or [`MathError::Overflow`]. Not by the runtime's checked product, which a contract would link beside this.
pub fn mul(a: i128, b: i128) -> Result<i128, MathError> {
    // A price, or an amount, times basis points or seconds: 96 bits times 32, both with their sign, never wrap.
    if matches!(a >> 95, -1..=0) && matches!(b >> 31, -1..=0) {
        return Ok(a.wrapping_mul(b));
    }
    any_mul_div(a, b, 1, false)
}

/// `a / b` toward minus infinity.
pub fn div_floor(a: i128, b: i128) -> Result<i128, MathError> {
    mul_div(a, 1, b, false)
}

/// `a / b` toward plus infinity.
pub fn div_ceil(a: i128, b: i128) -> Result<i128, MathError> {
    mul_div(a, 1, b, true)
}

/// `a * b / c` toward minus infinity, through a 256-bit product.
pub fn mul_div_floor(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    mul_div(a, b, c, false)
}

/// `a * b / c` toward plus infinity, through a 256-bit product.
pub fn mul_div_ceil(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    mul_div(a, b, c, true)
}

/// Nearly every factor is not negative, and so small that a digit holds the product: that path is one of its own.
#[inline(never)]
fn mul_div(a: i128, b: i128, c: i128, up: bool) -> Result<i128, MathError> {
    let ((a1, a0), (b1, b0), (c1, c0)) = (split(a as u128), split(b as u128), split(c as u128));
    if a1 | b1 | c1 == 0 && a0.leading_zeros() + b0.leading_zeros() >= u64::BITS && c0 != 0 {
        let product = a0.wrapping_mul(b0);
        let away = up && product % c0 != 0;
        return Ok(i128::from((product / c0).wrapping_add(u64::from(away))));
    }
    any_mul_div(a, b, c, up)
}

/// Magnitudes, then sign and direction.
///
/// Written out, in digits of 64 bits, because a 256-bit library costs every contract 4 KB of Wasm, and because this is most of
/// what the contracts compute. Wasm is charged for a function's branches when it is entered: each path is one of its own.
#[inline(never)]
fn any_mul_div(a: i128, b: i128, c: i128, up: bool) -> Result<i128, MathError> {
    let negative = (a < 0) != ((b < 0) != (c < 0));
    let (a, b, c) = (split(a.unsigned_abs()), split(b.unsigned_abs()), split(c.unsigned_abs()));
    let (quotient, inexact) =
        if a.0 | b.0 | c.0 == 0 { narrow(a.1, b.1, c.1)? } else { wide(wide_mul(a, b), c)? };
    // Away from zero where the direction asks for it: up for a positive quotient, down for a negative one.
    let away = u128::from(inexact && negative != up);
    let magnitude = quotient.checked_add(away).map_or_else(overflow, Ok)? as i128;
    let value = if negative { magnitude.wrapping_neg() } else { magnitude };
    if value != 0 && (value < 0) != negative {
        return overflow();
    }
    Ok(value)
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << u64::BITS) | u128::from(low)
}

fn split(value: u128) -> (u64, u64) {
    ((value >> u64::BITS) as u64, value as u64)
}

/// The full product of two digits, from four products of their halves: `(high, low)`.
#[inline(always)]
fn full(a: u64, b: u64) -> (u64, u64) {
    const HALF: u32 = 32;
    const MASK: u64 = (1 << HALF) - 1;
    let (a1, a0, b1, b0) = (a >> HALF, a & MASK, b >> HALF, b & MASK);
    let low = a0.wrapping_mul(b0);
    // Each factor is below 2^32, so every sum here is below 2^64.
    let middle = a1.wrapping_mul(b0).wrapping_add(low >> HALF);
    let cross = a0.wrapping_mul(b1).wrapping_add(middle & MASK);
    let high = a1.wrapping_mul(b1).wrapping_add(middle >> HALF).wrapping_add(cross >> HALF);
    (high, (cross << HALF) | (low & MASK))
}

/// [`full`] of two digits each: four digits, the highest first.
#[inline(never)]
fn wide_mul((a1, a0): (u64, u64), (b1, b0): (u64, u64)) -> [u64; 4] {
    let (low, left, right, high) = (full(a0, b0), full(a1, b0), full(a0, b1), full(a1, b1));
    // Three digits are below 2^66, and the high half of a product has room for the carry.
    let middle = u128::from(low.0).wrapping_add(u128::from(left.1)).wrapping_add(u128::from(right.1));
    let carry = u128::from(left.0).wrapping_add(u128::from(right.0)).wrapping_add(middle >> u64::BITS);
    let (d3, d2) = split(join(high.0, high.1).wrapping_add(carry));
    [d3, d2, middle as u64, low.1]
}

/// `a * b / c` for digits: the quotient and whether a remainder is left.
#[inline(never)]
fn narrow(a: u64, b: u64, c: u64) -> Result<(u128, bool), MathError> {
    let (high, low) = full(a, b);
    if c == 0 {
        return division_by_zero();
    }
    Ok(narrow_div(high, low, c))
}

#[inline(never)]
fn narrow_div(high: u64, low: u64, divisor: u64) -> (u128, bool) {
    let shift = divisor.leading_zeros();
    let (first, high) = (high / divisor, high % divisor);
    let (second, rest) = halves(shifted(high, low, shift), low << shift, divisor << shift);
    (join(first, second), rest != 0)
}

/// The high digit of `(high, low) << shift`, for less than a digit.
fn shifted(high: u64, low: u64, shift: u32) -> u64 {
    (high << shift) | (low >> 1 >> (u64::BITS - 1 - shift))
}

/// Four digits by two: the quotient and whether a remainder is left; an error when it needs more than 128 bits.
///
/// Long division with two digits of quotient (Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D).
#[inline(never)]
fn wide([mut d3, mut d2, mut d1, mut d0]: [u64; 4], divisor: (u64, u64)) -> Result<(u128, bool), MathError> {
    let (mut c1, mut c0) = divisor;
    if (d3, d2) >= (c1, c0) {
        return if c1 | c0 == 0 { division_by_zero() } else { overflow() };
    }
    if c1 == 0 {
        (c1, c0, d3, d2, d1, d0) = (c0, 0, d2, d1, d0, 0);
    }
    // The highest bit of the divisor is set, and the dividend is moved along: it is smaller, so it has the room.
    let shift = c1.leading_zeros();
    let divisor = (shifted(c1, c0, shift), c0 << shift);
    let mut rest = (shifted(d3, d2, shift), shifted(d2, d1, shift));
    let (mut next, mut quotient) = (join(shifted(d1, d0, shift), d0 << shift), 0);
    for _ in 0..2 {
        let found;
        (found, rest) = digit(rest, (next >> u64::BITS) as u64, divisor);
        (next, quotient) = (next << u64::BITS, join(quotient as u64, found));
    }
    Ok((quotient, rest != (0, 0)))
}

/// One digit of a long division: `(high, low, next) / divisor`, where the two digits are below the divisor.
#[inline(always)] // in a loop: a call costs as much as 67 instructions
fn digit((high, low): (u64, u64), next: u64, divisor: (u64, u64)) -> (u64, (u64, u64)) {
    // By the first digit of the divisor: never too small, at most two too large.
    let (mut quotient, mut rest, mut beyond) = if high >= divisor.0 {
        let (rest, beyond) = low.overflowing_add(divisor.0);
        (u64::MAX, rest, beyond)
    } else {
        let (quotient, rest) = halves(high, low, divisor.0);
        (quotient, rest, false)
    };
    let (product1, product0) = full(quotient, divisor.1);
    let mut product = join(product1, product0);
    while !beyond && product > join(rest, next) {
        quotient = quotient.wrapping_sub(1);
        product = product.wrapping_sub(u128::from(divisor.1));
        (rest, beyond) = rest.overflowing_add(divisor.0);
    }
    // Where the rest went beyond its digit, the difference fits again.
    (quotient, split(join(rest, next).wrapping_sub(product)))
}

/// `(high, low) / divisor` by halves of digits: quotient and remainder. The divisor's highest bit is set, `high` is below it.
#[inline(always)]
fn halves(high: u64, low: u64, divisor: u64) -> (u64, u64) {
    let (mut rest, mut next, mut quotient) = (high, low, 0);
    for _ in 0..2 {
        let found;
        (found, rest) = half(rest, next >> 32, divisor);
        (next, quotient) = (next << 32, (quotient << 32) | found);
    }
    (quotient, rest)
}

/// [`digit`] for digits of 32 bits.
#[inline(always)]
fn half(high: u64, next: u64, divisor: u64) -> (u64, u64) {
    let (divisor1, divisor0) = (divisor >> 32, divisor & u64::from(u32::MAX));
    let (mut quotient, mut rest) = (high / divisor1, high % divisor1);
    while rest >> 32 == 0 && (quotient >> 32 != 0 || quotient.wrapping_mul(divisor0) > ((rest << 32) | next))
    {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor1);
    }
    (quotient, ((high << 32) | next).wrapping_sub(quotient.wrapping_mul(divisor)))
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
    const MOST: u32 = 38;
    if exponent > MOST {
        return overflow();
    }
    // By additions: a checked 128-bit product is dear. 10^38 is the largest that fits.
    Ok((0..exponent).fold(1, |power: i128, _| (power << 3) + (power << 1)))
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

    fn values() -> impl Strategy<Value = i128> {
        prop_oneof![
            any::<i128>(),
            any::<i64>().prop_map(i128::from),
            -3_i128..=3,
            Just(i128::MAX),
            Just(i128::MIN),
            digits().prop_map(|value| value as i128)
        ]
    }

    /// Digits where an estimate of the quotient is most wrong.
    fn digits() -> impl Strategy<Value = u128> {
        let digit =
            prop_oneof![Just(0_u32), 1_u32..=2, Just(1 << 31), (u32::MAX - 1)..=u32::MAX, any::<u32>()];
        prop::array::uniform4(digit)
            .prop_map(|digits| digits.iter().fold(0, |value, digit| (value << 32) | u128::from(*digit)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn mul_div_equals_the_exact_rational(a in values(), b in values(), c in values()) {
            prop_assume!(c != 0);
            let (floor, ceil) = exact(a, b, c);
            prop_assert_eq!(mul_div_floor(a, b, c).ok(), floor);
            prop_assert_eq!(mul_div_ceil(a, b, c).ok(), ceil);
        }

        #[test]
        fn a_product_is_exact_or_an_error(a in values(), b in values(), bits in 94_u32..98, few in 30_u32..34) {
            prop_assert_eq!(mul(a, b).ok(), a.checked_mul(b));
            // Around the widths that are known to fit.
            let (a, b) = (a >> (127 - bits), b >> (127 - few));
            prop_assert_eq!(mul(a, b).ok(), a.checked_mul(b));
        }

        #[test]
        fn long_division_is_exact(high in digits(), low in digits(), divisor in digits()) {
            prop_assume!(divisor != 0);
            let dividend = (BigInt::from(high) << 128) + low;
            let (quotient, rest): (BigInt, BigInt) = (&dividend / divisor, &dividend % divisor);
            let expected = quotient.to_u128().map(|quotient| (quotient, rest != BigInt::ZERO));
            let ((d3, d2), (d1, d0)) = (split(high), split(low));
            prop_assert_eq!(wide([d3, d2, d1, d0], split(divisor)).ok(), expected);
        }

        #[test]
        fn the_product_is_full(a in digits(), b in digits()) {
            let [d3, d2, d1, d0] = wide_mul(split(a), split(b));
            prop_assert_eq!((BigInt::from(join(d3, d2)) << 128) + join(d1, d0), BigInt::from(a) * b);
        }

        #[test]
        fn division_equals_the_exact_rational(a in values(), c in values()) {
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

    #[test]
    fn what_does_not_fit_is_no_division_by_zero() {
        for divisor in [1, 1 << 64, (1 << 64) + 1] {
            assert_eq!(mul_div_floor(i128::MAX, i128::MAX, divisor), Err(MathError::Overflow));
        }
    }

    #[test]
    fn the_largest_power_of_ten_is_one() {
        assert_eq!(pow10(38), Ok(10_i128.pow(38)));
        assert_eq!(pow10(39), Err(MathError::Overflow));
    }
}
