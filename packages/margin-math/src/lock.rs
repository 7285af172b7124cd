//! How long a deposit has to stay: one remaining time for all of it, weighted by shares.
//!
//! What is brought for a moment cannot leave in that moment; what has been there for long is held back only by the weight
//! of what was added.

use crate::error::overflow;
use crate::fixed::{add, mul_div_ceil};
use crate::MathError;

/// A stranger's dust is at most an 8,192nd of the deposit, as a shift.
const DUST_BITS: u32 = 13;

/// Seconds that a deposit of `held` shares, which has to stay for `left`, has to stay with `added` shares that each have
/// to stay for `term`, rounded up. A stranger's dust must not hold anybody back.
pub fn remaining(held: i128, left: u64, added: i128, term: u64, own: bool) -> Result<u64, MathError> {
    if !own && added <= held >> DUST_BITS {
        return Ok(left);
    }
    let longer = i128::from(term.saturating_sub(left));
    let more = mul_div_ceil(longer, added, add(held, added)?)?;
    u64::try_from(more).ok().and_then(|more| left.checked_add(more)).map_or_else(overflow, Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_is_the_weighted_mean(held in 0..i128::MAX / 4, left in 0..600_u64, added in 1..i128::MAX / 4, term in 0..604_800_u64, own: bool) {
            let time = remaining(held, left, added, term, own)?;
            // Never shorter than it was, never longer than what was added has to stay.
            prop_assert!(time >= left && time <= left.max(term));
            if term >= left {
                let sum = BigInt::from(held) * left + BigInt::from(added) * term;
                let mean = BigRational::new(sum, BigInt::from(held) + added);
                let dust = !own && added <= held >> DUST_BITS;
                let exact = if dust { left.into() } else { mean.ceil().to_integer() };
                prop_assert_eq!(BigInt::from(time), exact);
            }
        }

        /// A stranger's dust, however often, moves nothing; a unit more does.
        #[test]
        fn dust_holds_nobody_back(held in 1_000_000..i128::MAX / 4, left in 0..300_u64, term in 300..604_800_u64) {
            let dust = held / 8_192;
            prop_assert_eq!(remaining(held, left, dust, term, false)?, left);
            prop_assert!(remaining(held, left, dust + 1, term, false)? > left);
        }

        /// In however many parts a stranger brings it: together they hold back for no less than at once, or are dust.
        #[test]
        fn parts_hold_back_as_the_whole(held in 1_000_000_i128..1 << 100, parts in 1..200_i128, term in 0..604_800_u64) {
            let (part, mut sum, mut left) = (held / 1_000 + 1, held, 0);
            for _ in 0..parts {
                left = remaining(sum, left, part, term, false)?;
                sum += part;
            }
            prop_assert!(left >= remaining(held, 0, part * parts, term, true)?);
        }

        /// Whoever brings more than he has stays for at least half of the time.
        #[test]
        fn a_flash_of_money_stays(held in 0..1_000_000_i128, more in 0..i128::MAX / 4, term in 2..604_800_u64) {
            prop_assert!(remaining(held, 0, held + more + 1, term, true)? >= term / 2);
        }
    }
}
