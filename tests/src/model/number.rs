//! Exact numbers.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// A rational number of any size.
pub type Exact = BigRational;

/// An integer.
pub fn exact(value: i128) -> Exact {
    Exact::from_integer(BigInt::from(value))
}

/// A fraction.
pub fn ratio(numerator: i128, denominator: i128) -> Exact {
    Exact::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// For messages.
pub fn to_f64(value: &Exact) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// The same value on a grid of 1e-60: otherwise denominators grow with every multiplication.
pub fn trimmed(value: Exact) -> Exact {
    let grid = BigInt::from(10).pow(60);
    Exact::new((value * Exact::from_integer(grid.clone())).round().to_integer(), grid)
}

/// `e^x - 1`: halved until the series converges at once, then squared back.
pub fn growth(x: &Exact) -> Exact {
    let mut small = x.clone();
    let mut halvings = 0;
    while small.abs() > ratio(1, 1_000) {
        small /= exact(2);
        halvings += 1;
    }
    let (mut term, mut sum) = (Exact::one(), Exact::zero());
    for n in 1..=20 {
        term = trimmed(term * &small / exact(n));
        sum += &term;
    }
    for _ in 0..halvings {
        sum = trimmed(&sum * &sum + &sum * exact(2));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_exponential_function() {
        for x in [0.0_f64, 1e-9, 0.03, 1.0, 7.5] {
            let exact = growth(&Exact::from_float(x).unwrap());
            assert!((to_f64(&exact) - x.exp_m1()).abs() <= 1e-12 * x.exp(), "{x}");
        }
    }
}
