//! Where an account's margin ends: for views, which bound nothing.

use crate::fixed::{abs, add, bps_ceil, mul_div_ceil, mul_div_floor, neg, sub};
use crate::margin::quote_floor;
use crate::units::{BPS, PRICE, QUOTE_SCALE};
use crate::MathError;

/// A position, and what the rest of its account leaves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stake {
    /// Signed entry cash less owed funding, quote 1e7.
    pub cash: i128,
    /// Divisor of gains at the liquidation level, bps.
    pub level_bps: u32,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// What supports at the liquidation level less what must be supported, without this position; USD 1e7.
    pub others: i128,
    /// Price of the settlement asset, 1e14.
    pub settlement: i128,
    /// Signed size, base 1e14, not zero.
    pub size: i128,
}

impl Stake {
    /// By how much the account is above the liquidation level with the index at `price`, USD 1e7.
    pub fn excess(&self, price: i128) -> Result<i128, MathError> {
        let pnl = add(quote_floor(self.size, price)?, self.cash)?;
        let counted = if pnl < 0 {
            neg(mul_div_ceil(neg(pnl)?, self.settlement, PRICE)?)?
        } else {
            let gain = mul_div_floor(pnl, self.settlement, PRICE)?;
            mul_div_floor(gain, BPS.into(), self.level_bps.into())?
        };
        let notional = mul_div_ceil(abs(self.size)?, price, QUOTE_SCALE)?;
        let notional = mul_div_ceil(notional, self.settlement, PRICE)?;
        sub(add(self.others, counted)?, bps_ceil(notional, self.mmr_bps)?)
    }

    /// The price nearest to the account's good side at which it may be liquidated; `None` if there is none from one unit
    /// up to `most`.
    pub fn liquidation_price(&self, most: i128) -> Result<Option<i128>, MathError> {
        // A long suffers below its price, a short above: the excess has one sign on either side of it.
        let long = self.size > 0;
        let (mut worst, mut best) = if long { (1, most) } else { (most, 1) };
        if self.excess(worst)? >= 0 {
            return Ok(None);
        }
        if self.excess(best)? < 0 {
            return Ok(Some(best));
        }
        while abs(sub(best, worst)?)? > 1 {
            let middle = add(worst, best)? >> 1;
            if self.excess(middle)? < 0 {
                worst = middle;
            } else {
                best = middle;
            }
        }
        Ok(Some(worst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{BASE, USD};
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::Zero;
    use proptest::prelude::*;

    const MOST: i128 = 1_000_000_000 * PRICE;

    fn stakes() -> impl Strategy<Value = Stake> {
        let size = (1_i128..1_000_000, any::<bool>())
            .prop_map(|(milli, long)| if long { milli } else { -milli } * BASE / 1_000);
        (size, 1_i128..100_000, 0_i128..1_000_000, 9_000_i128..11_000, 10_000_u32..12_000, 50_u32..2_000)
            .prop_map(|(size, entry, others, settlement, level_bps, mmr_bps)| Stake {
                cash: -size / BASE * entry * USD,
                level_bps,
                mmr_bps,
                others: others * USD,
                settlement: settlement * PRICE / 10_000,
                size,
            })
    }

    fn exact(stake: &Stake, price: i128) -> BigRational {
        let r = |n: i128| BigRational::from_integer(BigInt::from(n));
        let settled = r(stake.settlement) / r(PRICE);
        let pnl = (r(stake.size) * r(price) / r(QUOTE_SCALE) + r(stake.cash)) * &settled;
        let counted =
            if pnl < BigRational::zero() { pnl } else { pnl * r(10_000) / r(stake.level_bps.into()) };
        let notional = r(stake.size.abs()) * r(price) / r(QUOTE_SCALE) * settled;
        r(stake.others) + counted - notional * r(stake.mmr_bps.into()) / r(10_000)
    }

    proptest! {
        #[test]
        fn the_excess_is_the_exact_one_rounded_down(stake in stakes(), price in 1_i128..1_000_000) {
            let price = price * PRICE / 10;
            let (rounded, exact) = (stake.excess(price).unwrap(), exact(&stake, price));
            let rounded = BigRational::from_integer(BigInt::from(rounded));
            prop_assert!(rounded <= exact);
            prop_assert!(exact - rounded <= BigRational::from_integer(BigInt::from(6)));
        }

        #[test]
        fn one_unit_to_the_good_side_there_is_no_liquidation(stake in stakes()) {
            let good = stake.size.signum();
            match stake.liquidation_price(MOST).unwrap() {
                Some(price) => {
                    prop_assert!(stake.excess(price).unwrap() < 0);
                    let edge = if good > 0 { MOST } else { 1 };
                    prop_assert!(price == edge || stake.excess(price + good).unwrap() >= 0);
                }
                None => {
                    let worst = if good > 0 { 1 } else { MOST };
                    prop_assert!(stake.excess(worst).unwrap() >= 0);
                }
            }
        }
    }

    #[test]
    fn a_unit_of_notional_needs_a_unit_of_margin() {
        let stake =
            Stake { cash: 0, level_bps: 10_000, mmr_bps: 1, others: 0, settlement: PRICE / 2, size: 1 };
        assert_eq!(stake.excess(PRICE), Ok(-1));
    }

    #[test]
    fn at_the_level_itself_there_is_no_liquidation() {
        let stake = Stake {
            cash: -100 * USD,
            level_bps: 10_000,
            mmr_bps: 1_000,
            others: 10 * USD,
            settlement: PRICE,
            size: BASE,
        };
        assert_eq!(stake.excess(100 * PRICE), Ok(0));
        assert_eq!(stake.liquidation_price(100 * PRICE), Ok(Some(100 * PRICE - 1)));
    }
}
