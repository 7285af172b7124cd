//! How much an account must give up to restore its health, and no more.
//!
//! With support `E`, requirement `R` and target `T`, every function solves `E' = T * R'` for the size of one step.

use crate::error::overflow;
use crate::fixed::{abs, add, bps_ceil, bps_floor, mul, mul_div_ceil, mul_div_floor, pow10, sub};
use crate::lending_liquidation::DELEVERAGE_BONUS_BPS;
use crate::units::{BPS, INDEX, PRICE, USD};
use crate::MathError;

/// What a step aims beyond the exact solution, USD 1e7: about the three-millionth part of a dollar. It covers what the
/// ledger adds back by rounding shares, values and weights against the account.
pub const ROUNDING: i128 = 32;

/// Health that a deleverage restores, bps: 1.5.
pub const TARGET_BPS: u32 = 15_000;
/// Smallest step, USD 1e7: $10, unless it settles a debt, closes a position or restores the target.
pub const MIN_STEP: i128 = 10 * USD;

/// Support and requirement of an account, USD 1e7.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Health {
    /// `E`: what supports.
    pub effective: i128,
    /// `R`: what must be supported.
    pub required: i128,
}

/// What reducing a position does per step; amounts in USD 1e7.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reduction {
    /// Fee and slippage per notional, bps; negative when the fill is better than the index.
    pub cost_bps: i128,
    /// Settlement deposit: pays realised losses and costs; what it cannot pay becomes debt.
    pub deposit: i128,
    /// Unrealised loss of the position, 0 when it gains.
    pub loss: i128,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// `|size| * index` of the position, above zero.
    pub notional: i128,
}

impl Health {
    /// `T * R - E` in USD 1e7 times 10_000, `None` at or above the target. Nothing required is never below.
    fn shortage(&self, target_bps: u32) -> Result<Option<i128>, MathError> {
        if self.required <= 0 {
            return Ok(None);
        }
        let shortage = sub(scaled(self.required, target_bps)?, scaled(self.effective, BPS)?)?;
        Ok((shortage > 0).then_some(shortage))
    }

    /// Whether health is below `target_bps`.
    pub fn is_below(&self, target_bps: u32) -> Result<bool, MathError> {
        Ok(self.shortage(target_bps)?.is_some())
    }

    /// Debt value to repay with money that supports `given_up_bps` of itself: 0 for money from outside, the LTV for a
    /// deposit of the same asset: `(T*R - E) / (T*lw - ltv)`. Zero at or above the target, and where giving up the
    /// deposit would not help.
    pub fn repay(&self, target_bps: u32, lw_bps: u32, given_up_bps: u32) -> Result<i128, MathError> {
        let Some(shortage) = self.shortage(target_bps)? else { return Ok(0) };
        let relief = product_bps(target_bps, lw_bps) - product_bps(BPS, given_up_bps);
        // Below `ltv / lw` giving up a deposit costs more health than the debt that goes with it.
        if relief <= 0 || scaled(self.effective, lw_bps)? < scaled(self.required, given_up_bps)? {
            return Ok(0);
        }
        add(mul_div_floor(shortage, i128::from(BPS), relief)?, ROUNDING)
    }

    /// Books a repayment of `value`, sized by [`Self::repay`].
    pub fn repaid(&mut self, value: i128, lw_bps: u32, given_up_bps: u32) -> Result<(), MathError> {
        let relief = bps_floor(value, lw_bps)?;
        let given_up = bps_ceil(value, given_up_bps)?;
        self.required = sub(self.required, relief)?;
        self.effective = sub(self.effective, given_up)?;
        Ok(())
    }

    /// Notional by which to reduce a position, at most all of it. Zero at or above the target, and where the costs eat
    /// what the reduction frees, so that health would be no better.
    ///
    /// A loss is part of `R` already; while the deposit pays it, realising it lowers `E` and `R` alike:
    /// `D = (T*R - E) / (T*mmr - c + (T - 1)*loss/notional)`. What the deposit `d` cannot pay becomes debt:
    /// `D = (T*R - E - (T - 1)*d) / (T*(mmr - c))`.
    pub fn reduce(&self, target_bps: u32, position: &Reduction) -> Result<i128, MathError> {
        let cut = self.cut(target_bps, position)?;
        let helps = cut > 0 && self.improves_to(&self.reduced(cut, position)?)?;
        Ok(if helps { cut } else { 0 })
    }

    /// Whether `E' / R'` is above `E / R`. Nothing required is above everything.
    fn improves_to(&self, after: &Health) -> Result<bool, MathError> {
        if after.required <= 0 {
            return Ok(true);
        }
        Ok(mul(after.effective, self.required)? > mul(self.effective, after.required)?)
    }

    /// After a reduction by `cut`.
    fn reduced(&self, cut: i128, position: &Reduction) -> Result<Health, MathError> {
        let realised = mul_div_floor(position.loss, cut, position.notional)?;
        let cost = mul_div_ceil(cut, position.cost_bps, i128::from(BPS))?;
        let outlay = add(realised, cost)?;
        let paid = outlay.min(position.deposit);
        let freed = add(bps_floor(cut, position.mmr_bps)?, realised)?;
        Ok(Health {
            effective: sub(self.effective, paid)?,
            required: add(sub(self.required, freed)?, sub(outlay, paid)?)?,
        })
    }

    fn cut(&self, target_bps: u32, position: &Reduction) -> Result<i128, MathError> {
        let Some(shortage) = self.shortage(target_bps)? else { return Ok(0) };
        if position.notional <= 0 {
            return Ok(0);
        }
        let (bps, target) = (i128::from(BPS), i128::from(target_bps));
        let loss_bps = mul_div_floor(position.loss, bps, position.notional)?;
        let freed = product_bps(target_bps, position.mmr_bps);
        let above_one = target - bps;
        // Per notional, at 1e8.
        let paid = add(sub(freed, mul(bps, position.cost_bps)?)?, mul(above_one, loss_bps)?)?;
        if paid > 0 {
            let reduction = mul_div_ceil(shortage, bps, paid)?.min(position.notional);
            let outlay = mul_div_ceil(reduction, add(loss_bps, position.cost_bps)?, bps)?;
            if outlay <= position.deposit {
                return Ok(reduction);
            }
        }
        let owed = mul(target, sub(i128::from(position.mmr_bps), position.cost_bps)?)?;
        let left = sub(shortage, mul(above_one, position.deposit)?)?;
        if owed <= 0 || left <= 0 {
            return Ok(0);
        }
        Ok(mul_div_ceil(left, bps, owed)?.min(position.notional))
    }
}

fn scaled(amount: i128, bps: u32) -> Result<i128, MathError> {
    mul(amount, i128::from(bps))
}

/// Of two rates; fits whatever they are.
fn product_bps(a: u32, b: u32) -> i128 {
    i128::from(u64::from(a) * u64::from(b))
}

/// Token units worth at most `value` (USD 1e7) at `price` (1e14).
pub fn units_floor(value: i128, price: i128, decimals: u32) -> Result<i128, MathError> {
    mul_div_floor(value, units_per_usd(decimals)?, price)
}

/// Value (USD 1e7) of token units, toward plus infinity.
pub fn value_ceil(amount: i128, price: i128, decimals: u32) -> Result<i128, MathError> {
    mul_div_ceil(amount, price, units_per_usd(decimals)?)
}

/// Value (USD 1e7) of token units, toward minus infinity.
pub fn value_floor(amount: i128, price: i128, decimals: u32) -> Result<i128, MathError> {
    mul_div_floor(amount, price, units_per_usd(decimals)?)
}

fn units_per_usd(decimals: u32) -> Result<i128, MathError> {
    mul(pow10(decimals)?, PRICE / USD)
}

/// Base (1e14) whose notional at `price` is at least `notional`, at most `|size|`.
pub fn base_of(notional: i128, price: i128, size: i128) -> Result<i128, MathError> {
    Ok(mul_div_ceil(notional, crate::units::QUOTE_SCALE, price)?.min(abs(size)?))
}

/// Notional (USD 1e7) of `size` base at `price`, toward zero for a size above zero.
pub fn notional_floor(size: i128, price: i128) -> Result<i128, MathError> {
    mul_div_floor(size, price, crate::units::QUOTE_SCALE)
}

/// Fee and slippage per notional, bps toward plus infinity: what a fill of `quote` and `fee` costs against the index
/// value `notional` of the same base. `is_long` is the side that is being reduced.
pub fn fill_cost_bps(is_long: bool, notional: i128, quote: i128, fee: i128) -> Result<i128, MathError> {
    let slippage = if is_long { sub(notional, quote)? } else { sub(quote, notional)? };
    mul_div_ceil(add(slippage, fee)?, i128::from(BPS), notional)
}

/// What of its worth a deposit gives up as support when a keeper takes it for repaying a debt, bps: it supports
/// `weight_bps` of itself, and the keeper takes a premium.
pub fn given_up_bps(weight_bps: u32) -> Result<u32, MathError> {
    let given =
        mul_div_ceil(i128::from(weight_bps), i128::from(BPS + DELEVERAGE_BONUS_BPS), i128::from(BPS))?;
    u32::try_from(given).or_else(|_| overflow())
}

/// How far beyond the fair price and its own impact a reduction may be filled, bps: no more than a liquidation would cost.
pub const SLACK_BPS: u32 = 100;
/// How far beyond the index it may be filled in any case, bps.
pub const BAND_BPS: u32 = 500;

/// The worst price at which to reduce: the index with the market's usual premium (1e18), beyond which the account gives
/// the impact of its own fill and [`SLACK_BPS`], within [`BAND_BPS`] of the index.
pub fn worst_price(is_long: bool, index: i128, premium: i128, impact: i128) -> Result<i128, MathError> {
    let fair = add(index, mul_div_floor(index, premium, INDEX)?)?;
    let give = add(bps_floor(fair, SLACK_BPS)?, impact)?;
    let band = bps_floor(index, BAND_BPS)?;
    Ok(if is_long {
        sub(fair, give)?.max(sub(index, band)?)
    } else {
        add(fair, give)?.min(add(index, band)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const TARGET: u32 = 15_000;

    fn exact(value: i128) -> BigRational {
        BigRational::from_integer(value.into())
    }

    fn share(bps: u32) -> BigRational {
        BigRational::new(bps.into(), BPS.into())
    }

    fn health() -> impl Strategy<Value = Health> {
        (0_i128..10_i128.pow(18), 1_i128..10_i128.pow(18))
            .prop_map(|(effective, required)| Health { effective, required })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn repaying_from_the_wallet_restores_the_target_and_no_more(h in health(), lw in 10_000_u32..=15_000) {
            let value = h.repay(TARGET, lw, 0)?;
            prop_assert!(value >= 0);
            prop_assert_eq!(value == 0, !h.is_below(TARGET)?);
            if value > 0 {
                let after = |paid: i128| exact(h.required) - exact(paid) * share(lw);
                let goal = exact(h.effective) / share(TARGET);
                prop_assert!(after(value) <= goal);
                prop_assert!(after(value - ROUNDING - 1) <= exact(h.required) && after(value - ROUNDING) >= goal);
            }
        }

        #[test]
        fn repaying_from_a_deposit_restores_the_target_and_no_more(
            h in health(), lw in 10_000_u32..=15_000, ltv in 0_u32..=10_000,
        ) {
            let value = h.repay(TARGET, lw, ltv)?;
            let helps = exact(h.effective) * share(lw) >= exact(h.required) * share(ltv);
            prop_assert_eq!(value == 0, !(h.is_below(TARGET)? && helps));
            if value > 0 {
                let gap = |paid: i128| exact(h.effective) - exact(paid) * share(ltv)
                    - share(TARGET) * (exact(h.required) - exact(paid) * share(lw));
                prop_assert!(gap(value) >= exact(0));
                prop_assert!(gap(value - ROUNDING) <= exact(0));
            }
        }

        #[test]
        fn a_healthier_account_repays_less(h in health(), more in 0_i128..10_i128.pow(17), lw in 10_000_u32..=15_000) {
            let better = Health { effective: h.effective + more, ..h };
            let worse = Health { required: h.required + more, ..h };
            let value = h.repay(TARGET, lw, 0)?;
            prop_assert!(better.repay(TARGET, lw, 0)? <= value);
            prop_assert!(worse.repay(TARGET, lw, 0)? >= value);
            let deposited = h.repay(TARGET, lw, 8_000)?;
            prop_assert!(deposited == 0 || deposited >= value);
        }

        #[test]
        fn reducing_a_position_restores_the_target_or_closes_it(
            notional in 10_i128.pow(8)..10_i128.pow(16), mmr in 50_u32..=2_000, cost in 0_i128..=40,
            loss_bps in 0_i128..=3_000, deposit in 0_i128..10_i128.pow(15), slack in 0_i128..=4_999,
        ) {
            let loss = notional * loss_bps / 10_000;
            let required = notional * i128::from(mmr) / 10_000 + loss + 1;
            let h = Health { effective: required * (10_000 + slack) / 10_000, required };
            let step = Reduction { cost_bps: cost, deposit, loss, mmr_bps: mmr, notional };
            let cut = h.reduce(TARGET, &step)?;
            prop_assert!((0..=notional).contains(&cut));
            if cut == 0 || cut == notional { return Ok(()); }
            let gap = |cut: i128| {
                let part = exact(cut) / exact(notional);
                let outlay = &part * exact(loss) + exact(cut) * exact(cost) / exact(10_000);
                let paid = if outlay > exact(deposit) { exact(deposit) } else { outlay.clone() };
                exact(h.effective) - &paid - share(TARGET)
                    * (exact(required) - &part * exact(loss) - exact(cut) * share(mmr) + (outlay - &paid))
            };
            // The loss enters in whole basis points of the notional: that much of the reduction is its rounding.
            let tolerance = exact(cut) / exact(10_000) + exact(2);
            prop_assert!(gap(cut) >= -tolerance.clone());
            prop_assert!(gap(cut - 1) <= tolerance);
        }

        #[test]
        fn units_are_worth_no_more_than_the_value(
            value in 0_i128..10_i128.pow(20), price in 1_i128..10_i128.pow(21), decimals in 0_u32..=18,
        ) {
            if let Ok(units) = units_floor(value, price, decimals) {
                prop_assert!(value_ceil(units, price, decimals)? <= value);
                prop_assert!(value_floor(units + 1, price, decimals)? >= value);
                prop_assert!(value_floor(units, price, decimals)? <= value_ceil(units, price, decimals)?);
            }
        }
    }

    impl From<MathError> for TestCaseError {
        fn from(error: MathError) -> Self {
            TestCaseError::fail(format!("{error:?}"))
        }
    }

    #[test]
    fn a_deposit_that_supports_more_than_its_debt_requires_is_kept() {
        // 10 of 1_000: without the deposit 0 of 990.
        let h = Health { effective: 10 * USD, required: 1_000 * USD };
        assert_eq!(h.repay(TARGET, 10_000, 10_000), Ok(0));
        assert_eq!(h.repay(TARGET, 10_000, 101), Ok(0));
        assert!(h.repay(TARGET, 10_000, 100).is_ok_and(|value| value > 0));
        assert!(h.repay(TARGET, 10_000, 0).is_ok_and(|value| value > 0));
    }

    #[test]
    fn a_reduction_that_costs_more_than_it_frees_is_left() {
        // 10 of 1_000: a loss of 100 would be paid by the 10.
        let h = Health { effective: 10 * USD, required: 1_000 * USD };
        let position =
            Reduction { cost_bps: 0, deposit: 10 * USD, loss: 100 * USD, mmr_bps: 500, notional: 500 * USD };
        assert_eq!(h.reduce(TARGET, &position), Ok(0));
        assert_eq!(h.reduce(TARGET, &Reduction { loss: 0, ..position }), Ok(500 * USD));
    }

    #[test]
    fn an_account_at_1_2_repays_a_fifth() {
        // Support 120, required 100: repaying 20 leaves 120 / 80 = 1.5.
        let h = Health { effective: 120 * USD, required: 100 * USD };
        assert_eq!(h.repay(TARGET, 10_000, 0), Ok(20 * USD + ROUNDING));
        // From a deposit at 100%, the support falls along: (150 - 120) / (1.5 - 1) = 60, leaving 60 / 40.
        assert_eq!(h.repay(TARGET, 10_000, 10_000), Ok(60 * USD + ROUNDING));
    }

    #[test]
    fn a_position_without_loss_is_cut_by_what_its_margin_frees() {
        // Notional 2_000 at 5% requires 100; supported by 120. Cutting 400 leaves 80 required: 1.5.
        let h = Health { effective: 120 * USD, required: 100 * USD };
        let position = Reduction { cost_bps: 0, deposit: 0, loss: 0, mmr_bps: 500, notional: 2_000 * USD };
        assert_eq!(h.reduce(TARGET, &position), Ok(400 * USD));
        // A cost of 10 bps is paid by the deposit: (150 - 120) / (0.075 - 0.001).
        let costly = Reduction { cost_bps: 10, deposit: 100 * USD, ..position };
        assert_eq!(h.reduce(TARGET, &costly), Ok(4_054_054_055));
        // Where the cost exceeds what the margin frees, nothing helps.
        let hopeless = Reduction { cost_bps: 900, ..position };
        assert_eq!(h.reduce(TARGET, &hopeless), Ok(0));
    }

    #[test]
    fn a_fill_costs_what_it_is_worse_than_the_index() {
        assert_eq!(fill_cost_bps(true, 1_000 * USD, 995 * USD, USD), Ok(60));
        assert_eq!(fill_cost_bps(false, 1_000 * USD, 1_005 * USD, USD), Ok(60));
        assert_eq!(fill_cost_bps(true, 1_000 * USD, 1_005 * USD, 0), Ok(-50));
        assert_eq!(fill_cost_bps(true, 30_000, 30_000, 1), Ok(1));
    }

    #[test]
    fn the_worst_price_lies_against_the_account() {
        let index = 100 * PRICE;
        assert_eq!(worst_price(true, index, 0, 0), Ok(99 * PRICE));
        assert_eq!(worst_price(false, index, 0, 0), Ok(101 * PRICE));
        // A market at a premium of 2%: its fair price is 102.
        let premium = INDEX / 50;
        assert_eq!(worst_price(true, index, premium, PRICE), Ok(102 * PRICE - 102 * PRICE / 100 - PRICE));
        assert_eq!(worst_price(false, index, -premium, PRICE), Ok(98 * PRICE + 98 * PRICE / 100 + PRICE));
        // Never beyond the band.
        assert_eq!(worst_price(true, index, -INDEX / 10, PRICE), Ok(95 * PRICE));
        assert_eq!(worst_price(false, index, INDEX / 10, PRICE), Ok(105 * PRICE));
        // A premium of 1.5 counts as 1, a slack of 1.51 as 1, a band of 7.5 as 7.
        assert_eq!(worst_price(true, 150, INDEX / 100, 0), Ok(150));
        assert_eq!(worst_price(true, 150, -INDEX / 10, 0), Ok(143));
    }

    #[test]
    fn a_keeper_takes_half_a_percent_more_than_it_repays() {
        assert_eq!(given_up_bps(10_000), Ok(10_050));
        assert_eq!(given_up_bps(7_500), Ok(7_538));
        assert_eq!(given_up_bps(0), Ok(0));
    }

    #[test]
    fn an_account_at_the_target_has_nothing_to_give_up() {
        let h = Health { effective: 150 * USD, required: 100 * USD };
        assert_eq!((h.is_below(TARGET), h.repay(TARGET, 10_000, 0)), (Ok(false), Ok(0)));
        assert_eq!(Health { effective: 150 * USD - 1, ..h }.is_below(TARGET), Ok(true));
        assert_eq!(h.improves_to(&h), Ok(false));
    }

    #[test]
    fn a_repayment_is_booked_against_the_account() {
        let mut h = Health { effective: 1_000, required: 1_000 };
        h.repaid(101, 10_500, 8_000).unwrap();
        // 106.05 less is required, and 80.8 less supports it.
        assert_eq!(h, Health { effective: 919, required: 894 });
    }

    #[test]
    fn what_the_deposit_cannot_pay_becomes_debt() {
        let h = Health { effective: 120 * USD, required: 100 * USD };
        let position = Reduction { cost_bps: 10, deposit: 0, loss: 0, mmr_bps: 500, notional: 2_000 * USD };
        // 30 / (1.5 * (5% - 0.1%)).
        assert_eq!(h.reduce(TARGET, &position), Ok(4_081_632_654));
        // A cost of all that the margin frees as debt, or of all that it frees at the target, leaves nothing.
        for cost_bps in [500, 750] {
            assert_eq!(h.reduce(TARGET, &Reduction { cost_bps, ..position }), Ok(0));
        }
    }

    #[test]
    fn parts_of_units_count_against_the_account() {
        let h = Health { effective: 1_000, required: 1_000 };
        let position = Reduction { cost_bps: 10, deposit: 1_000, loss: 10, mmr_bps: 500, notional: 300 };
        // A third of the loss and a unit of cost are paid, a twentieth and the loss are freed.
        assert_eq!(h.reduced(101, &position), Ok(Health { effective: 996, required: 992 }));
        // A loss of 5.5 bps counts as 5: the cut is larger.
        let h = Health { effective: 120 * USD, required: 100 * USD };
        let (loss, notional, deposit) = (11 * USD / 10, 2_000 * USD, 100 * USD);
        let position = Reduction { cost_bps: 0, deposit, loss, mmr_bps: 500, notional };
        assert_eq!(h.reduce(TARGET, &position), Ok(3_986_710_964));
    }

    #[test]
    fn units_and_base_for_a_value() {
        const BASE: i128 = crate::units::BASE;
        assert_eq!(units_floor(10 * USD, 4 * PRICE, 18), Ok(2_500_000_000_000_000_000));
        assert_eq!(value_ceil(2_500_000_000_000_000_001, 4 * PRICE, 18), Ok(10 * USD + 1));
        assert_eq!(value_floor(2_500_000_000_000_000_001, 4 * PRICE, 18), Ok(10 * USD));
        assert_eq!(base_of(1_000 * USD, 100 * PRICE, -20 * BASE), Ok(10 * BASE));
        assert_eq!(base_of(1_000 * USD, 100 * PRICE, -5 * BASE), Ok(5 * BASE));
        assert_eq!(base_of(1, 3 * PRICE, BASE), Ok(3_333_334));
        assert_eq!(notional_floor(10 * BASE + 1, 100 * PRICE), Ok(1_000 * USD));
    }
}
