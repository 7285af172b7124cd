//! Fixed-point building blocks: every division names its direction, every product is full width.
//!
//! `floor` rounds toward minus infinity and `ceil` toward plus infinity, for either sign. Overflow is an error:
//! never a wrap, never a saturation.

use crate::MathError;
use ethnum::I256;

/// Adds, or [`MathError::Overflow`].
pub fn add(a: i128, b: i128) -> Result<i128, MathError> {
    a.checked_add(b).ok_or(MathError::Overflow)
}

/// Subtracts, or [`MathError::Overflow`].
pub fn sub(a: i128, b: i128) -> Result<i128, MathError> {
    a.checked_sub(b).ok_or(MathError::Overflow)
}

/// Negates, or [`MathError::Overflow`].
pub fn neg(a: i128) -> Result<i128, MathError> {
    a.checked_neg().ok_or(MathError::Overflow)
}

/// Absolute value, or [`MathError::Overflow`] for `i128::MIN`.
pub fn abs(a: i128) -> Result<i128, MathError> {
    a.checked_abs().ok_or(MathError::Overflow)
}

/// `a / b` toward minus infinity.
pub fn div_floor(a: i128, b: i128) -> Result<i128, MathError> {
    if b == 0 {
        return Err(MathError::DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(MathError::Overflow)?;
    let inexact = a % b != 0;
    Ok(if inexact && ((a < 0) != (b < 0)) { quotient - 1 } else { quotient })
}

/// `a / b` toward plus infinity.
pub fn div_ceil(a: i128, b: i128) -> Result<i128, MathError> {
    if b == 0 {
        return Err(MathError::DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(MathError::Overflow)?;
    let inexact = a % b != 0;
    Ok(if inexact && ((a < 0) == (b < 0)) { quotient + 1 } else { quotient })
}

/// `a * b / c` toward minus infinity, through a 256-bit product.
pub fn mul_div_floor(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    if let Some(product) = a.checked_mul(b) {
        return div_floor(product, c);
    }
    if c == 0 {
        return Err(MathError::DivisionByZero);
    }
    let (quotient, remainder) = wide_div(a, b, c);
    let negative = remainder != I256::ZERO && ((remainder < I256::ZERO) != (c < 0));
    narrow(if negative { quotient - I256::ONE } else { quotient })
}

/// `a * b / c` toward plus infinity, through a 256-bit product.
pub fn mul_div_ceil(a: i128, b: i128, c: i128) -> Result<i128, MathError> {
    if let Some(product) = a.checked_mul(b) {
        return div_ceil(product, c);
    }
    if c == 0 {
        return Err(MathError::DivisionByZero);
    }
    let (quotient, remainder) = wide_div(a, b, c);
    let positive = remainder != I256::ZERO && ((remainder < I256::ZERO) == (c < 0));
    narrow(if positive { quotient + I256::ONE } else { quotient })
}

fn wide_div(a: i128, b: i128, c: i128) -> (I256, I256) {
    let product = I256::from(a) * I256::from(b);
    let divisor = I256::from(c);
    let quotient = product / divisor;
    (quotient, product - quotient * divisor)
}

fn narrow(value: I256) -> Result<i128, MathError> {
    i128::try_from(value).map_err(|_| MathError::Overflow)
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
    10_i128.checked_pow(exponent).ok_or(MathError::Overflow)
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
        prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), -3_i128..=3, Just(i128::MAX), Just(i128::MIN)]
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
