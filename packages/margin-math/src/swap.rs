//! A debt paid by somebody else, who takes collateral for it at the oracle's price and a fixed premium: what an account
//! agrees to in place of a liquidation.

use crate::fixed::{bps_floor, mul_div_ceil, mul_div_floor, pow10};
use crate::margin::{value_floor, Margin};
use crate::units::BPS;
use crate::MathError;

/// What a keeper gets for the debt it repays in a deleverage, bps of its value: half a percent more.
pub const DELEVERAGE_BPS: u32 = 10_050;
/// What a payer gets in a settlement in kind, bps of its value: the asset at its price minus one percent.
pub const IN_KIND_BPS: u32 = 10_101;

/// One side of a swap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Side {
    /// What is owed or held, token units.
    pub amount: i128,
    /// Decimals of the token.
    pub decimals: u32,
    /// USD per whole token, 1e14, above zero.
    pub price: i128,
}

/// What changes hands, token units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Swap {
    /// Of the collateral.
    pub given: i128,
    /// Of the debt.
    pub repaid: i128,
}

/// Sizes a swap: at most what is owed, what the payer brings, and what the collateral pays for.
pub fn swap(owed: &Side, held: &Side, given_bps: u32, max_repay: i128) -> Result<Swap, MathError> {
    let backed = mul_div_floor(held.value()?, i128::from(BPS), i128::from(given_bps))?;
    let covered = mul_div_floor(backed, owed.units_per_usd()?, owed.price)?;
    let repaid = owed.amount.min(max_repay).min(covered);
    let value = bps_floor(Side { amount: repaid, ..*owed }.value()?, given_bps)?;
    let given = mul_div_floor(value, held.units_per_usd()?, held.price)?.min(held.amount);
    Ok(Swap { given, repaid })
}

/// Whether the account's health is strictly better: `E' / R' > E / R`.
pub fn improves(before: &Margin, after: &Margin) -> Result<bool, MathError> {
    if after.required == 0 || before.required == 0 {
        return Ok(after.required < before.required);
    }
    Ok(mul_div_ceil(after.effective, before.required, after.required)? > before.effective)
}

impl Side {
    fn value(&self) -> Result<i128, MathError> {
        value_floor(self.amount, self.decimals, self.price)
    }

    fn units_per_usd(&self) -> Result<i128, MathError> {
        pow10(self.decimals.checked_add(7).ok_or(MathError::Overflow)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::{Levels, Prices, Valuation};
    use crate::units::PRICE;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    fn side() -> impl Strategy<Value = Side> {
        let decimals = prop_oneof![Just(0_u32), Just(2), Just(6), Just(7), Just(18)];
        (1..1_000_000_000_i128, decimals, PRICE / 1_000..PRICE * 100_000).prop_map(
            |(whole, decimals, price)| Side { amount: whole * 10_i128.pow(decimals), decimals, price },
        )
    }

    fn worth(side: &Side, amount: i128) -> BigRational {
        BigRational::new(BigInt::from(amount) * side.price, BigInt::from(10).pow(side.decimals))
    }

    fn margin(effective: i128, required: i128) -> Margin {
        let levels = Levels { opening_bps: BPS, margin_call_bps: BPS, liquidation_bps: BPS };
        let mut margin = Margin::new(Valuation::Live, Prices::flat(PRICE), levels);
        (margin.effective, margin.required) = (effective, required);
        margin
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// The payer never gets a unit more than the premium, nor more than there is.
        #[test]
        fn what_is_given_is_worth_what_was_repaid(owed in side(), held in side(), max in 1..i128::MAX, premium in 10_000..11_000_u32) {
            let swap = swap(&owed, &held, premium, max)?;
            prop_assert!(swap.repaid >= 0 && swap.repaid <= owed.amount.min(max));
            prop_assert!(swap.given >= 0 && swap.given <= held.amount);
            let share = BigRational::new(premium.into(), BPS.into());
            prop_assert!(worth(&held, swap.given) <= worth(&owed, swap.repaid) * share);
        }

        /// Unless the collateral is what limits it, everything that is brought and owed is used.
        #[test]
        fn nothing_is_left_over_without_a_reason(owed in side(), held in side(), max in 1..i128::MAX) {
            let swap = swap(&owed, &held, DELEVERAGE_BPS, max)?;
            let wanted = owed.amount.min(max);
            let needed = worth(&owed, wanted) * BigRational::new(DELEVERAGE_BPS.into(), BPS.into());
            // One unit of either token and of a value.
            let dust = worth(&owed, 2) * BigInt::from(2) + worth(&held, 2) + BigInt::from(4 * PRICE / 10_000_000);
            prop_assert!(swap.repaid == wanted || needed + dust > worth(&held, held.amount));
        }

        #[test]
        fn better_is_decided_exactly(e in 0..i128::MAX / 4, r in 1..i128::MAX / 4, e2 in 0..i128::MAX / 4, r2 in 1..i128::MAX / 4) {
            let exact = BigRational::new(e2.into(), r2.into()) > BigRational::new(e.into(), r.into());
            if let Ok(decided) = improves(&margin(e, r), &margin(e2, r2)) {
                prop_assert_eq!(decided, exact);
            }
        }
    }

    #[test]
    fn nothing_required_is_the_best_there_is() {
        assert_eq!(improves(&margin(5, 10), &margin(0, 0)), Ok(true));
        assert_eq!(improves(&margin(5, 0), &margin(4, 0)), Ok(false));
    }
}
