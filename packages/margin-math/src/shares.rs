//! Shares of a growing total: who owns which part of what depositors own, who owes which part of what borrowers owe.
//!
//! Virtual shares: every conversion pretends that one more token unit and a million more shares exist. The first
//! depositor therefore cannot make a share so expensive that the second one's deposit rounds away.

use crate::fixed::{add, mul_div_ceil, mul_div_floor};
use crate::MathError;

/// Shares that nobody owns.
pub const VIRTUAL_SHARES: i128 = 1_000_000;
/// Token units that nobody owns.
pub const VIRTUAL_ASSETS: i128 = 1;

/// A total in both measures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Total {
    /// Token units.
    pub assets: i128,
    /// Shares.
    pub shares: i128,
}

impl Total {
    /// Shares for `assets`: minted to a depositor, burnt for a repayment.
    pub fn shares_floor(&self, assets: i128) -> Result<i128, MathError> {
        mul_div_floor(assets, self.virtual_shares()?, self.virtual_assets()?)
    }

    /// Shares for `assets`: burnt for a withdrawal, minted for a debt.
    pub fn shares_ceil(&self, assets: i128) -> Result<i128, MathError> {
        mul_div_ceil(assets, self.virtual_shares()?, self.virtual_assets()?)
    }

    /// Token units of `shares`: what a depositor owns.
    pub fn assets_floor(&self, shares: i128) -> Result<i128, MathError> {
        mul_div_floor(shares, self.virtual_assets()?, self.virtual_shares()?)
    }

    /// Token units of `shares`: what a borrower owes, never more than all borrowers owe.
    pub fn assets_ceil(&self, shares: i128) -> Result<i128, MathError> {
        Ok(mul_div_ceil(shares, self.virtual_assets()?, self.virtual_shares()?)?.min(self.assets))
    }

    fn virtual_assets(&self) -> Result<i128, MathError> {
        add(self.assets, VIRTUAL_ASSETS)
    }

    fn virtual_shares(&self) -> Result<i128, MathError> {
        add(self.shares, VIRTUAL_SHARES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::ToPrimitive;
    use proptest::prelude::*;

    /// The largest cap a listing allows: a hundred billion whole tokens of 18 decimals.
    const MAX: i128 = 100_000_000_000_000_000_000_000_000_000;

    /// Totals as they occur: shares start at a million per unit, then interest or a loss moves the price.
    fn total() -> impl Strategy<Value = Total> {
        prop_oneof![
            Just(Total { assets: 0, shares: 0 }),
            (1..1_000_i128, 1..1_000_000_000_i128).prop_map(|(assets, shares)| Total { assets, shares }),
            (1..MAX, 1..100_i128, 1..100_i128)
                .prop_map(|(assets, up, down)| Total { assets, shares: assets / down * up * VIRTUAL_SHARES }),
        ]
    }

    fn price(total: &Total) -> BigRational {
        BigRational::new(
            BigInt::from(total.assets + VIRTUAL_ASSETS),
            BigInt::from(total.shares + VIRTUAL_SHARES),
        )
    }

    fn whole(value: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(value))
    }

    fn deposit(total: &mut Total, amount: i128) -> i128 {
        let shares = total.shares_floor(amount).unwrap();
        *total = Total { assets: total.assets + amount, shares: total.shares + shares };
        shares
    }

    fn borrow(total: &mut Total, amount: i128) -> i128 {
        let shares = total.shares_ceil(amount).unwrap();
        *total = Total { assets: total.assets + amount, shares: total.shares + shares };
        shares
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_direction_equals_the_exact_rational(total in total(), value in 0..MAX) {
            let price = price(&total);
            prop_assert_eq!(total.shares_floor(value).ok(), (whole(value) / &price).floor().to_integer().to_i128());
            prop_assert_eq!(total.shares_ceil(value).ok(), (whole(value) / &price).ceil().to_integer().to_i128());
            prop_assert_eq!(total.assets_floor(value).ok(), (whole(value) * &price).floor().to_integer().to_i128());
            let owed = (whole(value) * &price).ceil().to_integer().min(BigInt::from(total.assets));
            prop_assert_eq!(total.assets_ceil(value).ok(), owed.to_i128());
        }

        /// I2: the conversions read totals only, so tokens sent to the vault cannot move a price; what moves it is
        /// rounding, and that only in favour of those who stay.
        #[test]
        fn i2_entering_and_leaving_never_cost_the_others(mut total in total(), amount in 1..MAX) {
            let before = price(&total);
            let shares = deposit(&mut total, amount);
            let entered = price(&total);
            prop_assert!(entered >= before);
            let out = total.assets_floor(shares).unwrap();
            total = Total { assets: total.assets - out, shares: total.shares - shares };
            prop_assert!(price(&total) >= entered);
        }

        /// I9: depositing and withdrawing in any split returns at most what was deposited.
        #[test]
        fn i9_a_round_trip_never_pays(mut total in total(), amount in 1..MAX, parts in prop::collection::vec(1..100_i128, 0..5)) {
            let mut shares = deposit(&mut total, amount);
            let mut received = 0;
            for part in parts {
                let wanted = amount / 100 * part;
                let burnt = total.shares_ceil(wanted).unwrap();
                if burnt > shares || wanted > total.assets { break; }
                shares -= burnt;
                total = Total { assets: total.assets - wanted, shares: total.shares - burnt };
                received += wanted;
            }
            received += total.assets_floor(shares).unwrap();
            prop_assert!(received <= amount);
        }

        /// I9 for debt: borrowing and repaying costs at least what was borrowed, wherever it is owed at all.
        #[test]
        fn i9_a_debt_round_trip_never_pays(mut total in total(), amount in 1..MAX, part in 0..100_i128) {
            let shares = borrow(&mut total, amount);
            let owed = total.assets_ceil(shares).unwrap();
            prop_assert!(owed >= amount);
            let paid = owed / 100 * part;
            let burnt = total.shares_floor(paid).unwrap();
            prop_assert!(burnt <= shares);
            total = Total { assets: total.assets - paid, shares: total.shares - burnt };
            prop_assert!(paid + total.assets_ceil(shares - burnt).unwrap() >= amount);
        }

        /// I10: whatever the first depositor does to the price, the second loses at most one unit per million of it.
        #[test]
        fn i10_the_first_depositor_cannot_inflate(first in 1..1_000_000_i128, gift in 0..MAX, second in 1..MAX) {
            let mut total = Total { assets: 0, shares: 0 };
            deposit(&mut total, first);
            // The worst case: the gift counts, as interest would.
            total.assets += gift;
            let shares = deposit(&mut total, second);
            let owned = total.assets_floor(shares).unwrap();
            // One share's price bounds the loss, and a share never costs more than a millionth of what is there.
            prop_assert!(second - owned <= (first + gift) / VIRTUAL_SHARES + 2);
        }
    }
}
