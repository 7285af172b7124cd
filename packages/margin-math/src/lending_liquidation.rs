//! Sizing of a lending liquidation: one debt against one collateral, down to the opening level.
//!
//! Repaying the value `x` and seizing `x * (1 + b + fee)` lifts the account exactly to the level `T` of the collateral
//! when `x = (R - E_T) / (lw_d - ltv_c * (1 + b + fee) / T_c)`. Its health rises iff
//! `ltv_c * (1 + b + fee) < H * lw_d`, which caps the bonus `b`.

use crate::error::overflow;
use crate::fixed::{add, bps_ceil, bps_floor, mul_div_ceil, mul_div_floor, pow10, sub};
use crate::margin::{debt_value, value_floor};
use crate::units::{BPS, USD};
use crate::MathError;

/// Bonus at the liquidation level, bps of the repaid value, where the asset allows as much.
pub const BONUS_START_BPS: u32 = 100;
/// Health at the liquidation level where the bonus reaches its maximum, bps.
pub const BONUS_FULL_BPS: u32 = 9_000;
/// What a keeper gets in a deleverage, bps of the repaid value.
pub const DELEVERAGE_BONUS_BPS: u32 = 50;
/// What a payer gets in a settlement in kind, bps of the repaid value: the asset at its price minus one percent.
pub const IN_KIND_BONUS_BPS: u32 = 101;
/// The protocol's part of a seizure, bps of the repaid value.
pub const PROTOCOL_FEE_BPS: u32 = 100;
/// Share of a debt that one call may repay, bps.
pub const CLOSE_FACTOR_BPS: u32 = 5_000;
/// Health at the liquidation level below which a debt may be repaid in full, bps.
pub const CLOSE_ALL_BPS: u32 = 9_500;
/// A debt is never left below this value, USD 1e7.
pub const DUST: i128 = 10 * USD;

/// The sums of the account in the Liquidation valuation, USD 1e7.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// `E`.
    pub effective: i128,
    /// `E` at the liquidation level; below `required`.
    pub effective_liquidation: i128,
    /// `E` at the opening level, the target.
    pub effective_opening: i128,
    /// `R`.
    pub required: i128,
}

/// The debt to repay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OwedSide {
    /// What is owed, token units.
    pub amount: i128,
    /// Decimals of the token.
    pub decimals: u32,
    /// Price of the valuation.
    pub price: i128,
    /// Weight, bps.
    pub lw_bps: u32,
}

/// The collateral to seize.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HeldSide {
    /// What is deposited, token units.
    pub amount: i128,
    /// Decimals of the token.
    pub decimals: u32,
    /// Price of the valuation.
    pub price: i128,
    /// Share that supports, bps.
    pub ltv_bps: u32,
    /// Divisor of the target, bps.
    pub opening_bps: u32,
    /// Largest bonus, bps.
    pub max_bonus_bps: u32,
}

/// How much to repay, and what for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Bonus of whoever repays, bps of the repaid value.
    pub bonus_bps: u32,
    /// The protocol's part, bps of the repaid value.
    pub fee_bps: u32,
    /// Debt to extinguish, token units.
    pub repay: i128,
    /// Whether it closes a lost account: collateral that the debt's smallest unit cannot buy goes along, whatever it is worth,
    /// and dust however little was offered.
    pub sweeps: bool,
}

/// What changes hands, token units of the collateral.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seizure {
    /// To the protocol.
    pub fee: i128,
    /// To the liquidator.
    pub seized: i128,
}

/// Whether repaying this debt with this collateral can raise the account's health, at no bonus.
pub fn helps(standing: &Standing, lw_bps: u32, ltv_bps: u32) -> Result<bool, MathError> {
    Ok(bonus_room_bps(standing, lw_bps, ltv_bps)? >= 0)
}

/// The bonus of a pair that helps: from 1% at the liquidation level to the asset's maximum at 0.90 of it, and never
/// so large that health would fall. `None` if the pair does not help.
pub fn bonus_bps(standing: &Standing, owed: &OwedSide, held: &HeldSide) -> Result<Option<u32>, MathError> {
    let room = bonus_room_bps(standing, owed.lw_bps, held.ltv_bps)?;
    if room < 0 {
        return Ok(None);
    }
    let start = BONUS_START_BPS.min(held.max_bonus_bps);
    let full = i128::from(BPS - BONUS_FULL_BPS);
    let depth = i128::from(BPS - health_bps(standing)?.min(BPS)).min(full);
    let ramp = mul_div_floor(i128::from(held.max_bonus_bps - start), depth, full)?;
    let bonus = add(i128::from(start), ramp)?.min(room);
    u32::try_from(bonus).map(Some).or_else(|_| overflow())
}

/// Sizes a liquidation of a pair that helps: to the target, within the close factor, `max_repay` and the collateral.
pub fn plan(
    standing: &Standing,
    owed: &OwedSide,
    held: &HeldSide,
    bonus_bps: u32,
    max_repay: i128,
) -> Result<Plan, MathError> {
    let wanted = to_target(standing, owed, held, bonus_bps)?.min(close_limit(standing, owed)?);
    // What would remain is not worth anybody's fee: all of it goes now.
    let rest = debt_value(sub(owed.amount, wanted)?, owed.decimals, owed.price)?;
    let wanted = if rest < DUST { owed.amount } else { wanted };
    // At least one unit: collateral that is worth less than that must not stand in the way of the account's other pairs.
    let covered = covered(owed, held, bonus_bps + PROTOCOL_FEE_BPS)?;
    let repay = wanted.min(covered.max(1)).min(max_repay);
    Ok(Plan { bonus_bps, fee_bps: PROTOCOL_FEE_BPS, repay, sweeps: false })
}

/// Sizes the closing of an account that no pair can help: as much as the collateral pays for, at the starting bonus.
/// The bonus does not grow with the loss, so nobody gains by waiting for one.
pub fn plan_insolvent(owed: &OwedSide, held: &HeldSide, max_repay: i128) -> Result<Plan, MathError> {
    let bonus_bps = BONUS_START_BPS.min(held.max_bonus_bps);
    // At least one unit, or collateral that is worth less than that would keep a lost debt alive.
    let covered = covered(owed, held, bonus_bps + PROTOCOL_FEE_BPS)?;
    let repay = owed.amount.min(covered.max(1)).min(max_repay);
    Ok(Plan { bonus_bps, fee_bps: PROTOCOL_FEE_BPS, repay, sweeps: true })
}

/// Sizes a repayment that the account has agreed to: at most what is owed, what is offered, and what the collateral pays for.
pub fn plan_agreed(
    owed: &OwedSide,
    held: &HeldSide,
    bonus_bps: u32,
    max_repay: i128,
) -> Result<Plan, MathError> {
    let repay = owed.amount.min(covered(owed, held, bonus_bps)?).min(max_repay);
    Ok(Plan { bonus_bps, fee_bps: 0, repay, sweeps: false })
}

/// What `extinguished` units of debt fetch. A rest of the collateral that is worth nobody's fee goes along, so that it
/// cannot keep a lost debt alive: once the collateral is used up, in a closing always. There whatever no whole unit of the
/// debt can buy goes along too.
pub fn seizure(
    owed: &OwedSide,
    held: &HeldSide,
    plan: &Plan,
    extinguished: i128,
) -> Result<Seizure, MathError> {
    let value = value_floor(extinguished, owed.decimals, owed.price)?;
    let part = |bps| units_floor(bps_floor(value, bps)?, held.decimals, held.price);
    let seized = part(BPS + plan.bonus_bps)?.min(held.amount);
    let total = part(BPS + plan.bonus_bps + plan.fee_bps)?.min(held.amount);
    let exhausted = extinguished >= covered(owed, held, plan.bonus_bps + plan.fee_bps)?;
    let rest = value_floor(sub(held.amount, total)?, held.decimals, held.price)?;
    // Two of three: the account is lost, the collateral is used up, what is left is dust.
    let swept = u8::from(plan.sweeps) + u8::from(exhausted) + u8::from(rest < DUST) > 1;
    let total = if plan.fee_bps > 0 && swept { held.amount } else { total };
    Ok(Seizure { fee: sub(total, seized)?, seized })
}

/// `E_liq / R` in bps, floor, at most 10_000.
fn health_bps(standing: &Standing) -> Result<u32, MathError> {
    let health = mul_div_floor(standing.effective_liquidation.max(0), i128::from(BPS), standing.required)?;
    u32::try_from(health.min(i128::from(BPS))).or_else(|_| overflow())
}

/// Largest bonus at which health still rises strictly, bps; negative when it cannot.
fn bonus_room_bps(standing: &Standing, lw_bps: u32, ltv_bps: u32) -> Result<i128, MathError> {
    let base = i128::from(BPS + PROTOCOL_FEE_BPS);
    if ltv_bps == 0 {
        return Ok(i128::from(u32::MAX));
    }
    let weighted = mul_div_floor(standing.effective.max(0), i128::from(lw_bps), 1)?;
    let required = mul_div_floor(standing.required, i128::from(ltv_bps), 1)?;
    let room = sub(sub(mul_div_ceil(weighted, i128::from(BPS), required)?, 1)?, base)?;
    Ok(room.min(i128::from(u32::MAX)))
}

/// Debt units that lift the account to its target, ceil.
fn to_target(
    standing: &Standing,
    owed: &OwedSide,
    held: &HeldSide,
    bonus_bps: u32,
) -> Result<i128, MathError> {
    let bps = i128::from(BPS);
    let opening = i128::from(held.opening_bps);
    let taken = i128::from(held.ltv_bps) * i128::from(BPS + bonus_bps + PROTOCOL_FEE_BPS);
    let slope = i128::from(owed.lw_bps) * opening - taken;
    if slope <= 0 {
        // No amount reaches the target; whatever helps, helps.
        return Ok(owed.amount);
    }
    let missing = sub(standing.required, standing.effective_opening)?;
    let value = mul_div_ceil(missing, bps * opening, slope)?;
    Ok(units_ceil(value, owed.decimals, owed.price)?.min(owed.amount))
}

/// Debt units that one call may repay.
fn close_limit(standing: &Standing, owed: &OwedSide) -> Result<i128, MathError> {
    if health_bps(standing)? < CLOSE_ALL_BPS {
        return Ok(owed.amount);
    }
    bps_ceil(owed.amount, CLOSE_FACTOR_BPS)
}

/// Debt units that the whole collateral pays for, with `extra_bps` of bonus and fee, floor.
fn covered(owed: &OwedSide, held: &HeldSide, extra_bps: u32) -> Result<i128, MathError> {
    let value = value_floor(held.amount, held.decimals, held.price)?;
    let repayable = mul_div_floor(value, i128::from(BPS), i128::from(BPS + extra_bps))?;
    units_floor(repayable, owed.decimals, owed.price)
}

/// Token units worth `value`, floor.
fn units_floor(value: i128, decimals: u32, price: i128) -> Result<i128, MathError> {
    mul_div_floor(value, unit_scale(decimals)?, price)
}

/// Token units worth `value`, ceil.
fn units_ceil(value: i128, decimals: u32, price: i128) -> Result<i128, MathError> {
    mul_div_ceil(value, unit_scale(decimals)?, price)
}

fn unit_scale(decimals: u32) -> Result<i128, MathError> {
    // value / USD * 10^decimals / (price / PRICE)
    pow10(decimals.checked_add(7).map_or_else(overflow, Ok)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::{Debt, Deposit, Levels, Margin, Prices, Valuation};
    use crate::units::PRICE;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    /// An account with one pair to liquidate and whatever else it holds.
    #[derive(Clone, Debug)]
    struct Account {
        held: HeldSide,
        owed: OwedSide,
        levels: Levels,
        other_held: (i128, u32, Levels),
        other_owed: (i128, u32),
    }

    impl Account {
        fn margin(&self) -> Margin {
            let flat = Prices::flat(PRICE);
            let mut margin = Margin::new(Valuation::Liquidation, flat, self.levels);
            let (held, owed) = (&self.held, &self.owed);
            margin
                .deposit(&Deposit {
                    amount: held.amount,
                    decimals: held.decimals,
                    levels: self.levels,
                    ltv_bps: held.ltv_bps,
                    prices: Prices::flat(held.price),
                })
                .unwrap();
            let (amount, ltv_bps, levels) = self.other_held;
            margin.deposit(&Deposit { amount, decimals: 7, levels, ltv_bps, prices: flat }).unwrap();
            margin
                .debt(&Debt {
                    amount: owed.amount,
                    decimals: owed.decimals,
                    lw_bps: owed.lw_bps,
                    prices: Prices::flat(owed.price),
                })
                .unwrap();
            let (amount, lw_bps) = self.other_owed;
            margin.debt(&Debt { amount, decimals: 7, lw_bps, prices: flat }).unwrap();
            margin
        }

        fn standing(&self) -> Standing {
            let margin = self.margin();
            Standing {
                effective: margin.effective,
                effective_liquidation: margin.effective_liquidation,
                effective_opening: margin.effective_opening,
                required: margin.required,
            }
        }

        fn after(&self, repaid: i128, seizure: &Seizure) -> Account {
            let mut after = self.clone();
            after.owed.amount -= repaid;
            after.held.amount -= seizure.seized + seizure.fee;
            after
        }
    }

    const SETTLEMENT: Levels =
        Levels { opening_bps: 10_250, margin_call_bps: 10_000, liquidation_bps: 10_000 };

    /// The rows of the parameter table: ltv, lw, levels, bonus.
    fn listed() -> impl Strategy<Value = (u32, u32, Levels, u32)> {
        let levels = |opening_bps, margin_call_bps, liquidation_bps| Levels {
            opening_bps,
            margin_call_bps,
            liquidation_bps,
        };
        prop_oneof![
            Just((10_000, 10_000, SETTLEMENT, 0)),
            Just((9_500, 10_500, levels(11_250, 11_000, 10_500), 400)),
            Just((8_000, 11_000, levels(12_500, 12_000, 11_000), 800)),
            Just((7_500, 11_000, levels(12_500, 12_000, 11_000), 800)),
            Just((7_000, 11_000, levels(12_500, 12_000, 11_000), 1_000)),
            Just((0, 10_000, levels(12_500, 12_000, 11_000), 1_000)),
        ]
    }

    fn decimals() -> impl Strategy<Value = u32> {
        prop_oneof![Just(6_u32), Just(7), Just(18)]
    }

    prop_compose! {
        fn account()(
            (ltv_bps, _, levels, max_bonus_bps) in listed(),
            (_, lw_bps, _, _) in listed(),
            (other_ltv, other_lw, other_levels, _) in listed(),
            (held_decimals, owed_decimals) in (decimals(), decimals()),
            (held_price, owed_price) in (PRICE / 100..PRICE * 100_000, PRICE / 100..PRICE * 100_000),
            held_usd in 1_000_000_000..1_000_000_000_000_000_i128,
            owed_permille in 100..2_000_i128,
            other_permille in 0..500_i128,
            other_owed_permille in 0..500_i128,
        ) -> Account {
            let units = |usd: i128, decimals, price| units_floor(usd, decimals, price).unwrap();
            let held = HeldSide {
                amount: units(held_usd, held_decimals, held_price),
                decimals: held_decimals,
                price: held_price,
                ltv_bps,
                opening_bps: levels.opening_bps,
                max_bonus_bps,
            };
            let owed = OwedSide {
                amount: units(held_usd / 1_000 * owed_permille, owed_decimals, owed_price),
                decimals: owed_decimals,
                price: owed_price,
                lw_bps,
            };
            Account {
                held, owed, levels,
                other_held: (held_usd / 1_000 * other_permille, other_ltv, other_levels),
                other_owed: (held_usd / 1_000 * other_owed_permille, other_lw),
            }
        }
    }

    /// Value of one unit of either token, plus the rounding of a handful of products: what "dust" means below.
    fn dust(account: &Account) -> i128 {
        let one = |decimals, price| crate::margin::value_ceil(1, decimals, price).unwrap();
        20 + 3 * one(account.held.decimals, account.held.price)
            + 3 * one(account.owed.decimals, account.owed.price)
    }

    fn value(amount: i128, decimals: u32, price: i128) -> i128 {
        value_floor(amount, decimals, price).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(3_000) })]

        #[test]
        fn health_never_falls_and_never_overshoots_the_target(account in account(), max_permille in 1..2_000_i128) {
            let standing = account.standing();
            prop_assume!(standing.effective_liquidation < standing.required);
            let (owed, held) = (&account.owed, &account.held);
            let Some(bonus) = bonus_bps(&standing, owed, held).unwrap() else { return Ok(()) };
            prop_assert!(bonus <= held.max_bonus_bps);
            let max_repay = owed.amount / 1_000 * max_permille + 1;
            let plan = plan(&standing, owed, held, bonus, max_repay).unwrap();
            prop_assert!(plan.repay <= owed.amount && plan.repay <= max_repay);
            let seizure = seizure(owed, held, &plan, plan.repay).unwrap();
            prop_assert!(seizure.seized >= 0 && seizure.fee >= 0 && seizure.seized + seizure.fee <= held.amount);

            // The liquidator's profit is the bonus, never a unit more.
            let repaid_value = value(plan.repay, owed.decimals, owed.price);
            let seized_value = value(seizure.seized, held.decimals, held.price);
            prop_assert!(seized_value * 10_000 <= repaid_value * i128::from(10_000 + bonus));

            let after = account.after(plan.repay, &seizure);
            let (before, end, dust) = (account.standing(), after.standing(), dust(&account));
            // E'/R' >= E/R, within the rounding of one unit.
            prop_assert!((end.effective + dust) * before.required >= before.effective * (end.required - dust).max(0));
            let rest = debt_value(after.owed.amount, owed.decimals, owed.price).unwrap();
            let swept = if rest == 0 { 3 * DUST } else { 0 };
            prop_assert!(end.effective_opening <= end.required + dust + swept);
        }

        #[test]
        fn enough_money_reaches_the_target_or_a_limit(account in account()) {
            let standing = account.standing();
            prop_assume!(standing.effective_liquidation < standing.required);
            let (owed, held) = (&account.owed, &account.held);
            let Some(bonus) = bonus_bps(&standing, owed, held).unwrap() else { return Ok(()) };
            let plan = plan(&standing, owed, held, bonus, i128::MAX).unwrap();
            let seizure = seizure(owed, held, &plan, plan.repay).unwrap();
            let after = account.after(plan.repay, &seizure);
            let end = after.standing();
            let target = end.effective_opening + dust(&account) >= end.required;
            let exhausted = after.held.amount == 0 || after.owed.amount == 0;
            let half = plan.repay >= owed.amount / 2;
            prop_assert!(target || exhausted || half);
            prop_assert!(debt_value(after.owed.amount, owed.decimals, owed.price).unwrap() >= DUST
                || after.owed.amount == 0 || after.held.amount == 0);
        }

        #[test]
        fn an_insolvent_account_is_closed_in_full(account in account()) {
            let (owed, held) = (&account.owed, &account.held);
            let plan = plan_insolvent(owed, held, i128::MAX).unwrap();
            let seizure = seizure(owed, held, &plan, plan.repay).unwrap();
            let after = account.after(plan.repay, &seizure);
            prop_assert!(after.owed.amount == 0 || after.held.amount == 0);
            prop_assert!(after.owed.amount >= 0 && after.held.amount >= 0);
        }

        #[test]
        fn splitting_a_liquidation_pays_no_more_than_one(account in account(), parts in 2..5_i128) {
            let standing = account.standing();
            prop_assume!(standing.effective_liquidation < standing.required);
            let (owed, held) = (&account.owed, &account.held);
            let Some(bonus) = bonus_bps(&standing, owed, held).unwrap() else { return Ok(()) };
            let plan = plan(&standing, owed, held, bonus, i128::MAX).unwrap();
            let once = plan.repay;
            let whole = seizure(owed, held, &plan, once).unwrap();
            let part = seizure(owed, held, &plan, once / parts).unwrap();
            prop_assert!(part.seized * parts <= whole.seized + parts);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// By agreement: the payer never gets a unit more than the premium, and all that is owed and offered is used unless
        /// the collateral does not pay for it.
        #[test]
        fn an_agreed_repayment_fetches_its_premium_and_no_more(account in account(), max in 1..i128::MAX, bonus in 0..1_000_u32) {
            let (owed, held) = (&account.owed, &account.held);
            let plan = plan_agreed(owed, held, bonus, max).unwrap();
            let wanted = owed.amount.min(max);
            prop_assert!(plan.repay >= 0 && plan.repay <= wanted);
            let seizure = seizure(owed, held, &plan, plan.repay).unwrap();
            prop_assert!(seizure.fee == 0 && seizure.seized <= held.amount);
            let price = |amount: i128, decimals: u32, price: i128| {
                BigRational::new(BigInt::from(amount) * price, BigInt::from(10).pow(decimals))
            };
            let share = BigRational::new((BPS + bonus).into(), BPS.into());
            let repaid = price(plan.repay, owed.decimals, owed.price);
            prop_assert!(price(seizure.seized, held.decimals, held.price) <= repaid * &share);
            let needed = price(wanted, owed.decimals, owed.price) * share;
            let dust = price(2, owed.decimals, owed.price) + BigRational::from_integer((PRICE / 1_000_000).into());
            prop_assert!(plan.repay == wanted || needed + dust > price(held.amount, held.decimals, held.price));
        }
    }

    /// Whole units of 1,000 USD: two of them do not buy collateral of 2,900.
    #[test]
    fn a_coarse_debt_does_not_sweep_what_it_cannot_buy() {
        let owed = OwedSide { amount: 3, decimals: 0, price: 1_000 * PRICE, lw_bps: 11_000 };
        let held = HeldSide {
            amount: 2_900 * USD,
            decimals: 7,
            price: PRICE,
            ltv_bps: 8_000,
            opening_bps: 12_500,
            max_bonus_bps: 800,
        };
        let plan = Plan { bonus_bps: 100, fee_bps: PROTOCOL_FEE_BPS, repay: 2, sweeps: false };
        assert_eq!(seizure(&owed, &held, &plan, 2).unwrap(), Seizure { fee: 20 * USD, seized: 2_020 * USD });
        let closing = Plan { sweeps: true, ..plan };
        assert_eq!(
            seizure(&owed, &held, &closing, 2).unwrap(),
            Seizure { fee: 880 * USD, seized: 2_020 * USD }
        );
        // Nine dollars are not worth a call of their own.
        let small = HeldSide { amount: 2_049 * USD, ..held };
        assert_eq!(seizure(&owed, &small, &plan, 2).unwrap(), Seizure { fee: 29 * USD, seized: 2_020 * USD });
    }

    /// 306 pay for 300 at 2%. In a closing one unit less leaves nothing either; while the account can be helped it does.
    #[test]
    fn who_offers_a_unit_less_leaves_no_dust_of_a_lost_account() {
        let owed = OwedSide { amount: 1_000 * USD, decimals: 7, price: PRICE, lw_bps: 11_000 };
        let held = HeldSide { amount: 306 * USD, ..HELD };
        let seized = |repay: i128, sweeps: bool| {
            let plan = Plan { bonus_bps: 100, fee_bps: PROTOCOL_FEE_BPS, repay, sweeps };
            let Seizure { fee, seized } = seizure(&owed, &held, &plan, repay).unwrap();
            fee + seized
        };
        assert_eq!((seized(300 * USD, true), seized(300 * USD, false)), (held.amount, held.amount));
        assert_eq!(
            (seized(300 * USD - 1, true), seized(300 * USD - 1, false)),
            (held.amount, held.amount - 2)
        );
        // Ten dollars are somebody's business: 290.2 of 306 cost 296.004, 290.1960784 cost 296.
        assert_eq!(seized(290_2000000, true), held.amount);
        assert_eq!(seized(290_1960784, true), 296 * USD - 1);
    }

    #[test]
    fn the_bonus_ramps_from_one_percent_at_the_level_to_its_maximum_at_090() {
        let owed = OwedSide { amount: 1, decimals: 7, price: PRICE, lw_bps: 11_000 };
        let held = HeldSide {
            amount: 1,
            decimals: 7,
            price: PRICE,
            ltv_bps: 7_000,
            opening_bps: 12_500,
            max_bonus_bps: 1_000,
        };
        let at = |effective_liquidation| {
            let standing = Standing {
                effective: effective_liquidation * 11 / 10,
                effective_liquidation,
                effective_opening: effective_liquidation * 11_000 / 12_500,
                required: 10_000,
            };
            bonus_bps(&standing, &owed, &held).unwrap()
        };
        assert_eq!(at(9_999), Some(100)); // the ramp's first basis point needs more than one of depth
        assert_eq!(at(9_500), Some(550));
        assert_eq!(at(9_000), Some(1_000));
        assert_eq!(at(8_000), Some(1_000));
        // H = 0.66: 0.7 * (1 + b + 1%) < 0.66 * 1.1 leaves 2.71%.
        assert_eq!(at(6_000), Some(271));
        assert_eq!(at(5_000), None);
    }

    #[test]
    fn a_worked_example() {
        // 1_000 XLM at 0.10 support 70 at ltv 0.7; 60 USDC are owed at lw 1: E_l = 63.6 >= 60. At 0.09: 57.27 < 60.
        let held = HeldSide {
            amount: 1_000 * USD,
            decimals: 7,
            price: PRICE * 9 / 100,
            ltv_bps: 7_000,
            opening_bps: 12_500,
            max_bonus_bps: 1_000,
        };
        let owed = OwedSide { amount: 60_0000000, decimals: 7, price: PRICE, lw_bps: 10_000 };
        let standing = Standing {
            effective: 63_0000000,
            effective_liquidation: 57_2727272,
            effective_opening: 50_4000000,
            required: 60_0000000,
        };
        // E_l / R = 0.9545: bonus 1% + 9% * 0.455 = 5.09%, capped by 0.7 * (1 + b + 1%) < 1.05.
        let bonus = bonus_bps(&standing, &owed, &held).unwrap().unwrap();
        assert_eq!(bonus, 509);
        // x = 9.6 / (1 - 0.7 * 1.0609 / 1.25) = 23.65 < 30, the close factor.
        let plan = plan(&standing, &owed, &held, bonus, i128::MAX).unwrap();
        assert_eq!(plan.repay, 23_6513787);
        let seizure = seizure(&owed, &held, &plan, plan.repay).unwrap();
        assert_eq!(seizure.seized + seizure.fee, 278_7971955); // 23.65 * 1.0609 / 0.09
        assert_eq!(seizure.seized, 276_1692644);
    }

    const OWED: OwedSide = OwedSide { amount: 20 * USD, decimals: 7, price: PRICE, lw_bps: 10_000 };
    const HELD: HeldSide = HeldSide {
        amount: 1_000 * USD,
        decimals: 7,
        price: PRICE,
        ltv_bps: 10_000,
        opening_bps: 10_000,
        max_bonus_bps: 1_000,
    };

    fn standing(effective: i128, effective_liquidation: i128) -> Standing {
        Standing { effective, effective_liquidation, effective_opening: 0, required: 10_000 }
    }

    #[test]
    fn a_pair_helps_as_long_as_health_rises_without_a_bonus() {
        // The fee of 1% takes 10_100 for what requires 10_000.
        for (effective, room) in [(10_100, None), (10_101, Some(0)), (10_102, Some(1))] {
            let standing = standing(effective, 9_999);
            assert_eq!(helps(&standing, 10_000, 10_000), Ok(room.is_some()));
            assert_eq!(bonus_bps(&standing, &OWED, &HELD), Ok(room));
        }
    }

    #[test]
    fn half_may_be_repaid_down_to_095_and_all_of_it_below() {
        let owed = OwedSide { amount: 3, ..OWED };
        assert_eq!(close_limit(&standing(0, 9_500), &owed), Ok(2));
        assert_eq!(close_limit(&standing(0, 9_499), &owed), Ok(3));
    }

    #[test]
    fn a_rest_of_ten_dollars_stays_and_a_smaller_one_goes_along() {
        let standing = standing(0, 9_600);
        let repaid = |owed: OwedSide| plan(&standing, &owed, &HELD, 100, i128::MAX).unwrap().repay;
        assert_eq!(repaid(OWED), 10 * USD);
        assert_eq!(repaid(OwedSide { amount: 20 * USD - 2, ..OWED }), 20 * USD - 2);
        // The same of the collateral: 2_040 for two units of 1_000.
        let coarse = OwedSide { amount: 3, decimals: 0, price: 1_000 * PRICE, ..OWED };
        let held = HeldSide { amount: 2_050 * USD, ..HELD };
        let plan = Plan { bonus_bps: 100, fee_bps: PROTOCOL_FEE_BPS, repay: 2, sweeps: false };
        assert_eq!(seizure(&coarse, &held, &plan, 2), Ok(Seizure { fee: 20 * USD, seized: 2_020 * USD }));
    }

    #[test]
    fn a_closing_has_the_starting_bonus_or_the_assets_own() {
        let bonus = |max_bonus_bps| {
            plan_insolvent(&OWED, &HeldSide { max_bonus_bps, ..HELD }, i128::MAX).unwrap().bonus_bps
        };
        assert_eq!((bonus(1_000), bonus(50)), (100, 50));
    }

    #[test]
    fn to_the_target_up_and_what_the_collateral_covers_down() {
        let owed = OwedSide { price: 3 * PRICE, ..OWED };
        let missing = Standing { required: 10, ..standing(0, 0) };
        assert_eq!(to_target(&missing, &owed, &HeldSide { ltv_bps: 0, ..HELD }, 0), Ok(4));
        assert_eq!(covered(&OWED, &HeldSide { amount: 103, ..HELD }, 200), Ok(100));
    }
}
