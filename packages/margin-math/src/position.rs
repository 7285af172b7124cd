//! Positions: signed size, signed entry cash, funding; and the sums over all positions of a market.

use crate::fixed::{abs, add, decrease, increase, mul_div_floor, sub};
use crate::units::{BASE, QUOTE_SCALE};
use crate::{funding, MathError};

/// Why a fill is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FillError {
    /// The size is zero, the fill crosses zero, or its cash has the sign of its size.
    Invalid,
    /// A result does not fit.
    Math(MathError),
}

impl From<MathError> for FillError {
    fn from(error: MathError) -> Self {
        FillError::Math(error)
    }
}

/// A position.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Position {
    /// Signed entry cash, quote 1e7: negative for a long.
    pub entry: i128,
    /// Funding index of its side when funding was last settled, USD at 1e18.
    pub funding_index: i128,
    /// Signed size, base 1e14.
    pub size: i128,
}

/// What a fill did to a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Filled {
    /// Funding that the whole position owed (positive) or had due (negative) until now, quote 1e7.
    pub funding: i128,
    /// The position afterwards, its funding settled.
    pub position: Position,
    /// Profit or loss that the reduction realised, quote 1e7.
    pub realized: i128,
}

impl Position {
    /// Fills `size_delta` for the signed cash `quote_delta`; `index_long` and `index_short` are the funding indices now.
    ///
    /// A reduction realises its cash plus the proportional part of the entry, toward minus infinity; the remainder stays
    /// in the entry, so sums over positions stay exact.
    pub fn fill(
        &self,
        size_delta: i128,
        quote_delta: i128,
        index_long: i128,
        index_short: i128,
    ) -> Result<Filled, FillError> {
        let wrong_cash = if size_delta > 0 { quote_delta > 0 } else { quote_delta < 0 };
        if size_delta == 0 || wrong_cash {
            return Err(FillError::Invalid);
        }
        let increases = self.size == 0 || (self.size > 0) == (size_delta > 0);
        let size = add(self.size, size_delta)?;
        if !increases && size != 0 && (size > 0) != (self.size > 0) {
            return Err(FillError::Invalid);
        }
        let owed = self.funding_owed(index_long, index_short)?;
        let (entry, realized) = if increases {
            (add(self.entry, quote_delta)?, 0)
        } else {
            let part = mul_div_floor(self.entry, abs(size_delta)?, abs(self.size)?)?;
            (sub(self.entry, part)?, add(quote_delta, part)?)
        };
        let funding_index = if size == 0 { 0 } else { side(size, index_long, index_short) };
        Ok(Filled { funding: owed, position: Position { entry, funding_index, size }, realized })
    }

    /// Settles funding without a fill.
    pub fn settle(&self, index_long: i128, index_short: i128) -> Result<Filled, MathError> {
        let funding = self.funding_owed(index_long, index_short)?;
        let position = Position { funding_index: side(self.size, index_long, index_short), ..*self };
        Ok(Filled { funding, position, realized: 0 })
    }

    /// Funding owed (ceil) or, negative, due (floor of its amount), quote 1e7.
    pub fn funding_owed(&self, index_long: i128, index_short: i128) -> Result<i128, MathError> {
        if self.size == 0 {
            return Ok(0);
        }
        funding::owed(self.size, side(self.size, index_long, index_short), self.funding_index)
    }

    /// Profit at `price` before funding, quote 1e7, toward minus infinity.
    pub fn pnl_at(&self, price: i128) -> Result<i128, MathError> {
        add(mul_div_floor(self.size, price, QUOTE_SCALE)?, self.entry)
    }

    /// `floor(|size| * funding index / 1e14)`: its part of the market's `A`.
    fn funding_basis(&self) -> Result<i128, MathError> {
        mul_div_floor(abs(self.size)?, self.funding_index, BASE)
    }
}

/// Sums over the positions of a market.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// `Q`: sum of entry cash, quote 1e7.
    pub entry: i128,
    /// `A` of longs, USD at 1e18.
    pub long_funding: i128,
    /// Open interest of longs, base 1e14.
    pub long_interest: i128,
    /// `N`: net size, base 1e14.
    pub net_size: i128,
    /// `A` of shorts, USD at 1e18.
    pub short_funding: i128,
    /// Open interest of shorts, base 1e14.
    pub short_interest: i128,
}

impl Totals {
    /// Takes `old` out and puts `new` in.
    pub fn replace(&self, old: &Position, new: &Position) -> Result<Totals, MathError> {
        let mut totals = *self;
        totals.shift(old, decrease)?;
        totals.shift(new, increase)?;
        Ok(totals)
    }

    fn shift(
        &mut self,
        position: &Position,
        by: fn(&mut i128, i128) -> Result<(), MathError>,
    ) -> Result<(), MathError> {
        by(&mut self.entry, position.entry)?;
        by(&mut self.net_size, position.size)?;
        let (interest, funding) = if position.size > 0 {
            (&mut self.long_interest, &mut self.long_funding)
        } else {
            (&mut self.short_interest, &mut self.short_funding)
        };
        by(interest, abs(position.size)?)?;
        by(funding, position.funding_basis()?)
    }
}

fn side(size: i128, index_long: i128, index_short: i128) -> i128 {
    if size > 0 {
        index_long
    } else {
        index_short
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve;
    use crate::units::{INDEX, PRICE, USD};
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    fn amount() -> impl Strategy<Value = i128> {
        (1_i128..10_000, 4_u32..16).prop_map(|(m, e)| m * 10_i128.pow(e))
    }

    fn long(size: i128, price: i128) -> Position {
        let entry = -mul_div_floor(size, price, QUOTE_SCALE).unwrap() - 1;
        Position { entry, funding_index: 0, size }
    }

    fn mirrored(position: Position, short: bool) -> Position {
        if short {
            Position { entry: -position.entry - 2, size: -position.size, ..position }
        } else {
            position
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Entry and realised profit always sum to the cash that moved: nothing is created by rounding.
        #[test]
        fn cash_is_conserved(size in amount(), part in 1_i128..=1_000, short: bool, price in 1_i128..1_000_000) {
            let position = mirrored(long(size, price * PRICE / 100), short);
            let closed = (size / 1_000 * part).max(1);
            let sign = if short { 1 } else { -1 };
            let cash = -sign * (closed / USD);
            let filled = position.fill(sign * closed, cash, 0, 0).unwrap();
            prop_assert_eq!(filled.position.entry + filled.realized, position.entry + cash);
            // Proportional basis, toward minus infinity.
            let exact = ratio(cash) + ratio(position.entry) * ratio(closed) / ratio(size);
            prop_assert_eq!(ratio(filled.realized), exact.floor());
            if closed == size {
                prop_assert_eq!(filled.position, Position::default());
            }
        }

        /// Invariant 15: reducing by a, then by b, realises what reducing by a + b does, to two units.
        #[test]
        fn reductions_are_order_free(size in amount(), a in 1_i128..500, b in 1_i128..500, price in 1_i128..1_000_000) {
            let position = long(size, price * PRICE / 100);
            let (a, b) = ((size / 1_000 * a).max(1), (size / 1_000 * b).max(1));
            prop_assume!(a + b < size);
            let (cash_a, cash_b) = (a / USD, b / USD);
            let first = position.fill(-a, cash_a, 0, 0).unwrap();
            let second = first.position.fill(-b, cash_b, 0, 0).unwrap();
            let both = position.fill(-a - b, cash_a + cash_b, 0, 0).unwrap();
            prop_assert!((first.realized + second.realized - both.realized).abs() <= 2);
        }

        /// Invariant 13: a reversal is a close and an opening, on the curve and in the sums.
        #[test]
        fn a_reversal_leaves_only_the_new_side(size in 1_i128..100, after in 1_i128..100) {
            let (x, y) = (1_000_000 * BASE, 100_000_000 * USD);
            let paid = curve::quote_for_base(x, y, size * BASE).unwrap();
            let opened = Position::default().fill(size * BASE, paid, 5, 7).unwrap().position;
            let got = curve::quote_for_base(x, y, -size * BASE).unwrap();
            let closed = opened.fill(-size * BASE, got, 5, 7).unwrap();
            let sold = curve::quote_for_base(x, y, -after * BASE).unwrap();
            let turned = closed.position.fill(-after * BASE, sold, 5, 7).unwrap().position;
            prop_assert_eq!(turned, Position { entry: sold, funding_index: 7, size: -after * BASE });
            prop_assert_eq!(opened.fill(-(size + after) * BASE, got + sold, 5, 7), Err(FillError::Invalid));
        }

        /// Invariant 4: the sums equal those recomputed over the positions, whatever happened.
        #[test]
        fn totals_are_the_sums_over_positions(steps in prop::collection::vec((0_usize..4, -50_i128..50, 1_i128..200), 1..40)) {
            let mut book = [Position::default(); 4];
            let mut totals = Totals::default();
            let (mut long_index, mut short_index) = (0, 0);
            for (who, units, price) in steps {
                long_index += units * 7 * INDEX / 1_000;
                short_index -= units * 5 * INDEX / 1_000;
                let cash = -units * price * USD;
                let Ok(filled) = book[who].fill(units * BASE, cash, long_index, short_index) else { continue };
                totals = totals.replace(&book[who], &filled.position).unwrap();
                book[who] = filled.position;
            }
            let mut exact = Totals::default();
            for p in &book {
                exact.entry += p.entry;
                exact.net_size += p.size;
                let basis = p.size.abs() / BASE * p.funding_index;
                if p.size > 0 {
                    exact.long_interest += p.size;
                    exact.long_funding += basis;
                } else {
                    exact.short_interest -= p.size;
                    exact.short_funding += basis;
                }
            }
            prop_assert_eq!(totals, exact);
        }

        /// Funding is settled once: a second settlement at the same indices owes nothing.
        #[test]
        fn funding_settles_once(size in amount(), short: bool, from in -1_000_i128..1_000, to in -1_000_i128..1_000) {
            let position = Position {
                entry: 0,
                funding_index: from * INDEX / 100,
                size: if short { -size } else { size },
            };
            let (index_long, index_short) = if short { (0, to * INDEX / 100) } else { (to * INDEX / 100, 0) };
            let settled = position.settle(index_long, index_short).unwrap();
            let exact = ratio(size) * ratio((to - from) * INDEX / 100) / ratio(funding::OWED_SCALE);
            // Debit up, credit down: both are the ceiling of what is owed.
            prop_assert_eq!(ratio(settled.funding), exact.ceil());
            prop_assert_eq!(settled.position.settle(index_long, index_short).unwrap().funding, 0);
        }
    }

    #[test]
    fn a_part_of_a_unit_is_no_funding_that_was_paid() {
        let position = Position { entry: 0, funding_index: BASE + BASE / 2, size: 1 };
        let totals = Totals::default().replace(&Position::default(), &position).unwrap();
        assert_eq!(totals.long_funding, 1);
    }

    #[test]
    fn fills_of_the_wrong_sign_are_refused() {
        let none = Position::default();
        assert_eq!(none.fill(0, 0, 0, 0), Err(FillError::Invalid));
        assert_eq!(none.fill(BASE, 1, 0, 0), Err(FillError::Invalid));
        assert_eq!(none.fill(-BASE, -1, 0, 0), Err(FillError::Invalid));
    }
}
