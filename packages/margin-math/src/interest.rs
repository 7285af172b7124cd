//! Interest: a kinked curve of utilisation times a reactive modifier, compounded continuously.
//!
//! Totals, not rates: a step says by how much debts, deposits and reserves grow, and the three grow by amounts that
//! sum exactly. The modifier moves linearly toward or away from its bounds and is integrated over the step, so a pool
//! that nobody touched for a day is charged what a pool touched every ledger is charged. Interest below a unit is carried
//! from step to step, and so is the protocol's part of it: on a coarse token either would otherwise be lost to whoever touches
//! the pool often.

use crate::fixed::{add, div_floor, mul_div_ceil, mul_div_floor, sub};
use crate::units::{BPS, INDEX, SECONDS_PER_YEAR};
use crate::MathError;

/// Scale of utilisation, modifier and reactivity.
pub const RATE_SCALE: i128 = 1_000_000_000;
/// Lower bound of the modifier: 0.1.
pub const MODIFIER_MIN: i128 = 100_000_000;
/// Upper bound of the modifier: 10.
pub const MODIFIER_MAX: i128 = 10_000_000_000;
/// Where the modifier of a new asset starts: 1.
pub const MODIFIER_START: i128 = 1_000_000_000;
/// Largest exponent of one step, ten years at 200%: what a debt that nobody touched for longer is charged, so that
/// accrual can never overflow and lock an asset.
pub const MAX_EXPONENT: i128 = 20 * INDEX;
/// The series is used below this exponent: third order then errs by less than 1e-17 per halving.
const SERIES_BOUND: i128 = INDEX / 10_000;

/// Annual rates in bps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Curve {
    /// Rate at zero utilisation.
    pub base_bps: u32,
    /// Added from zero to the kink.
    pub slope1_bps: u32,
    /// Added from the kink to full utilisation.
    pub slope2_bps: u32,
    /// The kink, and the target of the modifier; above 0 and below 10_000.
    pub target_bps: u32,
    /// Change of the modifier per second at full deviation, 1e9.
    pub reactivity: u32,
}

/// What the interest of an asset is computed from. Token units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pool {
    /// What borrowers owe.
    pub borrowed: i128,
    /// What depositors own.
    pub supplied: i128,
    /// What the protocol owns.
    pub reserves: i128,
    /// What losers of perpetuals owe to the liquidity providers; 0 for all but the settlement asset.
    pub perp_borrowed: i128,
    /// Multiplier of the curve, 1e9.
    pub modifier: i128,
    /// Interest that is due and below a unit, 1e18; from 0 to less than one unit.
    pub rest: i128,
    /// The protocol's part of interest that was added, below a unit, bps; from 0 to less than one unit.
    pub reserve_rest: i128,
}

/// What a step of interest does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Step {
    /// Added to `borrowed`.
    pub interest: i128,
    /// The part of it that is added to `reserves`; the rest is added to `supplied`.
    pub reserved: i128,
    /// Added to `perp_borrowed` and to its lender.
    pub perp_interest: i128,
    /// The modifier at the end of the step.
    pub modifier: i128,
    /// What is due and was not added, 1e18: less than a unit.
    pub rest: i128,
    /// What of `interest` is the protocol's and was not reserved, bps: less than a unit.
    pub reserve_rest: i128,
}

/// Share of what lenders provide that is lent, 1e9, at most 1.
///
/// The credit line counts on both sides: it is lent, and its lenders provided exactly that much. So its debtors pay
/// a rate that rises with what they owe even where nobody borrows otherwise.
pub fn utilisation(pool: &Pool) -> Result<i128, MathError> {
    let lent = add(pool.borrowed, pool.perp_borrowed)?;
    let provided = add(add(pool.supplied, pool.reserves)?, pool.perp_borrowed)?;
    if lent <= 0 {
        return Ok(0);
    }
    if lent >= provided {
        return Ok(RATE_SCALE);
    }
    mul_div_floor(lent, RATE_SCALE, provided)
}

/// Annual rate of the curve at a utilisation (1e9), before the modifier, 1e18.
pub fn annual_rate(curve: &Curve, utilisation: i128) -> Result<i128, MathError> {
    let bps = INDEX / i128::from(BPS);
    let target = target(curve);
    // 32 bits times 1e14 or 1e9 never wrap.
    let rate = i128::from(curve.base_bps).wrapping_mul(bps);
    let slope1 = i128::from(curve.slope1_bps).wrapping_mul(bps);
    if utilisation <= target {
        return add(rate, mul_div_floor(slope1, utilisation, target)?);
    }
    let slope2 = i128::from(curve.slope2_bps).wrapping_mul(bps);
    let beyond = mul_div_floor(slope2, sub(utilisation, target)?, sub(RATE_SCALE, target)?)?;
    add(add(rate, slope1)?, beyond)
}

/// Moves the modifier for `seconds`; returns it with its integral over them (1e9 seconds).
///
/// It drifts by `reactivity` per second at full deviation from the target, in proportion below that, and stays
/// between its bounds: the integral is that of a straight line followed by a flat one.
pub fn modifier(
    curve: &Curve,
    start: i128,
    utilisation: i128,
    seconds: u64,
) -> Result<(i128, i128), MathError> {
    let start = start.clamp(MODIFIER_MIN, MODIFIER_MAX);
    let seconds = i128::from(seconds);
    let target = target(curve);
    let deviation = sub(utilisation, target)?;
    let full = if deviation > 0 { sub(RATE_SCALE, target)? } else { target };
    // 1e18 per second, so that small deviations are not rounded away.
    let drift = mul_div_floor(deviation, i128::from(curve.reactivity).wrapping_mul(RATE_SCALE), full)?;
    let bound = if drift > 0 { MODIFIER_MAX } else { MODIFIER_MIN };
    let room = sub(bound, start)?;
    let wanted = mul_div_floor(drift, seconds, RATE_SCALE)?;
    if wanted.abs() < room.abs() || drift == 0 {
        let end = add(start, wanted)?;
        return Ok((end, mul_div_floor(add(start, end)?, seconds, 2)?));
    }
    // The bound is reached after `room / drift` seconds: the triangle that the flat part lacks is room^2 / (2 drift).
    let flat = mul_div_floor(bound, seconds, 1)?;
    let triangle = mul_div_floor(mul_div_floor(room, room, 1)?, RATE_SCALE, mul_div_floor(drift, 2, 1)?)?;
    Ok((bound, sub(flat, triangle)?))
}

/// `e^exponent - 1` at 1e18, toward minus infinity up to a relative error below 1e-9 for exponents up to 20.
pub fn growth(exponent: i128) -> Result<i128, MathError> {
    let mut small = exponent.clamp(0, MAX_EXPONENT);
    let mut halvings = 0_u32;
    while small >= SERIES_BOUND {
        small >>= 1;
        halvings += 1;
    }
    let square = mul_div_floor(small, small, INDEX)?;
    let cube = mul_div_floor(square, small, INDEX)?;
    let mut growth = add(add(small, square >> 1)?, div_floor(cube, 6)?)?;
    for _ in 0..halvings {
        // (1 + g)^2 - 1: the one is left out, so a small growth keeps all its digits.
        growth = add(mul_div_floor(growth, growth, INDEX)?, add(growth, growth)?)?;
    }
    Ok(growth)
}

/// The interest of `seconds` on a pool. What is below a unit waits; the credit line, of a token with seven decimals, is
/// charged the next unit instead.
pub fn step(curve: &Curve, pool: &Pool, reserve_factor_bps: u32, seconds: u64) -> Result<Step, MathError> {
    let utilisation = utilisation(pool)?;
    let (modifier, integral) = modifier(curve, pool.modifier, utilisation, seconds)?;
    let annual = annual_rate(curve, utilisation)?;
    let exponent = mul_div_floor(annual, integral, RATE_SCALE * i128::from(SECONDS_PER_YEAR))?;
    let growth = growth(exponent)?;
    let (interest, rest) = carried(pool.borrowed, growth, INDEX, pool.rest)?;
    let perp_interest = mul_div_ceil(pool.perp_borrowed, growth, INDEX)?;
    let factor = i128::from(reserve_factor_bps);
    let (reserved, reserve_rest) = carried(interest, factor, i128::from(BPS), pool.reserve_rest)?;
    Ok(Step { interest, reserved, perp_interest, modifier, rest, reserve_rest })
}

/// The whole units of `(amount * factor + waited) / scale`, and what is left of it for the next time. `waited < scale`.
#[inline(never)] // for size
fn carried(amount: i128, factor: i128, scale: i128, waited: i128) -> Result<(i128, i128), MathError> {
    let whole = mul_div_floor(amount, factor, scale)?;
    // The remainder of that division is below the scale, so it survives arithmetic that wraps; and so is what waited.
    let part = amount.wrapping_mul(factor).wrapping_sub(whole.wrapping_mul(scale));
    let due = add(part, waited)?;
    Ok(if due < scale { (whole, due) } else { (add(whole, 1)?, sub(due, scale)?) })
}

fn target(curve: &Curve) -> i128 {
    i128::from(curve.target_bps).wrapping_mul(RATE_SCALE / i128::from(BPS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::{One, ToPrimitive, Zero};
    use proptest::prelude::*;

    const CURVE: Curve =
        Curve { base_bps: 100, slope1_bps: 400, slope2_bps: 6_000, target_bps: 8_000, reactivity: 20_000 };
    const YEAR: u64 = SECONDS_PER_YEAR;

    fn ratio(numerator: i128, denominator: i128) -> BigRational {
        BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
    }

    /// e^x by enough terms that what is left out is below 1e-40 of the sum.
    fn exp(x: &BigRational) -> BigRational {
        // Halved until the series converges fast; a fixed denominator keeps the numbers small.
        let scale = BigInt::from(10).pow(60);
        let cut = |value: BigRational| {
            BigRational::new(
                (value * BigRational::from_integer(scale.clone())).floor().to_integer(),
                scale.clone(),
            )
        };
        let mut small = x.clone();
        let mut halvings = 0;
        while small > ratio(1, 8) {
            small /= BigInt::from(2);
            halvings += 1;
        }
        let (mut sum, mut term) = (BigRational::one(), BigRational::one());
        for n in 1..40 {
            term = cut(term * &small / BigInt::from(n));
            sum += &term;
        }
        for _ in 0..halvings {
            sum = cut(&sum * &sum);
        }
        sum
    }

    fn curve() -> impl Strategy<Value = Curve> {
        (0..2_000_u32, 0..5_000_u32, 0..20_000_u32, 1..10_000_u32, 0..1_000_000_u32).prop_map(
            |(base_bps, slope1_bps, slope2_bps, target_bps, reactivity)| Curve {
                base_bps,
                slope1_bps,
                slope2_bps,
                target_bps,
                reactivity,
            },
        )
    }

    fn pool() -> impl Strategy<Value = Pool> {
        let total = 1..1_000_000_000_000_000_000_000_000_i128;
        (total, 0..=1_000_i128, 0..=300_i128, 0..=100_i128, MODIFIER_MIN..=MODIFIER_MAX).prop_map(
            |(supplied, lent, perp, kept, modifier)| Pool {
                borrowed: supplied / 1_000 * lent,
                supplied,
                reserves: supplied / 1_000 * kept,
                perp_borrowed: supplied / 1_000 * perp,
                modifier,
                rest: modifier * 1_000 % INDEX,
                reserve_rest: modifier % 10_000,
            },
        )
    }

    fn apply(pool: &Pool, step: &Step) -> Pool {
        Pool {
            borrowed: pool.borrowed + step.interest,
            supplied: pool.supplied + step.interest - step.reserved,
            reserves: pool.reserves + step.reserved,
            perp_borrowed: pool.perp_borrowed + step.perp_interest,
            modifier: step.modifier,
            rest: step.rest,
            reserve_rest: step.reserve_rest,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// The exponential errs by less than 1e-9 up to ten years at 200%.
        #[test]
        fn growth_equals_the_exponential(exponent in prop_oneof![0..=MAX_EXPONENT, 0..INDEX, 0..INDEX / 1_000_000]) {
            let exact = exp(&ratio(exponent, INDEX));
            let ours = BigRational::one() + ratio(growth(exponent).unwrap(), INDEX);
            let error = if exact > ours { &exact - &ours } else { &ours - &exact };
            prop_assert!(ours <= exact && error * BigInt::from(1_000_000_000_i64) < exact);
        }

        /// And a small growth itself errs by less than 1e-9 of it or its last digits.
        #[test]
        fn small_growth_keeps_its_digits(exponent in 0..INDEX / 10) {
            let exact = exp(&ratio(exponent, INDEX)) - BigRational::one();
            let ours = ratio(growth(exponent).unwrap(), INDEX);
            let error = if exact > ours { &exact - &ours } else { &ours - &exact };
            prop_assert!(ours <= exact && error < exact / BigInt::from(1_000_000_000_i64) + ratio(100_000, INDEX));
        }

        /// The modifier integrates to the area under a clamped line.
        #[test]
        fn the_modifier_is_integrated_exactly(
            curve in curve(),
            start in MODIFIER_MIN..=MODIFIER_MAX,
            utilisation in 0..=RATE_SCALE,
            seconds in 0..10 * YEAR,
        ) {
            let target = target(&curve);
            let full = if utilisation > target { RATE_SCALE - target } else { target };
            let drift = ratio(utilisation - target, full) * ratio(i128::from(curve.reactivity), 1);
            let seconds_r = ratio(i128::from(seconds), 1);
            let line = ratio(start, 1) + &drift * &seconds_r;
            let bound = ratio(if drift > BigRational::zero() { MODIFIER_MAX } else { MODIFIER_MIN }, 1);
            let beyond = if drift > BigRational::zero() { line > bound } else { line < bound };
            let (end, area) = if beyond {
                let reached = (&bound - ratio(start, 1)) / &drift;
                let slope = (ratio(start, 1) + &bound) * &reached / BigInt::from(2);
                (bound.clone(), slope + &bound * (&seconds_r - reached))
            } else {
                (line.clone(), (ratio(start, 1) + &line) * &seconds_r / BigInt::from(2))
            };
            let (ours_end, ours_area) = modifier(&curve, start, utilisation, seconds).unwrap();
            let close = |exact: BigRational, ours: i128, within: BigRational| {
                let error = exact - ratio(ours, 1);
                error < within && error > -within
            };
            prop_assert!(close(end, ours_end, ratio(2, 1)));
            prop_assert!(close(area.clone(), ours_area, area / BigInt::from(1_000_000_000_i64) + seconds_r + ratio(2, 1)));
        }

        /// I8: at constant utilisation and modifier, one step of `n * dt` charges what `n` steps of `dt` charge.
        #[test]
        fn i8_compounding_does_not_depend_on_how_often_it_is_touched(
            exponent in 1..INDEX / 2,
            parts in 1..50_i128,
        ) {
            let once = growth(exponent / parts * parts).unwrap();
            let mut total = INDEX;
            for _ in 0..parts {
                total += mul_div_floor(total, growth(exponent / parts).unwrap(), INDEX).unwrap();
            }
            let error = (once - (total - INDEX)).abs();
            prop_assert!(error <= once / 1_000_000_000 + 100_000, "{error} of {once}");
        }

        /// What borrowers are charged, depositors and reserves receive; a step of no time does nothing.
        #[test]
        fn a_step_sums_exactly(curve in curve(), pool in pool(), factor in 0..=5_000_u32, seconds in 0..10 * YEAR) {
            let step = step(&curve, &pool, factor, seconds).unwrap();
            let after = apply(&pool, &step);
            prop_assert_eq!(after.borrowed - pool.borrowed, after.supplied - pool.supplied + after.reserves - pool.reserves);
            prop_assert!(step.interest >= 0 && step.reserved >= 0 && step.perp_interest >= 0);
            let shared = step.interest * i128::from(factor) + pool.reserve_rest;
            prop_assert_eq!(step.reserved * 10_000 + step.reserve_rest, shared);
            prop_assert!(step.reserved <= step.interest && (0..10_000).contains(&step.reserve_rest));
            prop_assert!((MODIFIER_MIN..=MODIFIER_MAX).contains(&step.modifier));
            prop_assert!((0..INDEX).contains(&step.rest));
            if seconds == 0 { prop_assert_eq!(after, pool); }
        }
    }

    proptest! {
        /// What is charged and what waits are together exactly what is due.
        #[test]
        fn nothing_of_the_interest_is_lost(curve in curve(), pool in pool(), seconds in 0..YEAR) {
            let step = step(&curve, &pool, 0, seconds).unwrap();
            let (_, integral) = modifier(&curve, pool.modifier, utilisation(&pool).unwrap(), seconds).unwrap();
            let annual = annual_rate(&curve, utilisation(&pool).unwrap()).unwrap();
            let exponent = mul_div_floor(annual, integral, RATE_SCALE * i128::from(YEAR)).unwrap();
            let due = ratio(pool.borrowed, INDEX) * BigInt::from(growth(exponent).unwrap()) + ratio(pool.rest, INDEX);
            prop_assert_eq!(ratio(step.interest, 1) + ratio(step.rest, INDEX), due);
        }
    }

    #[test]
    fn the_curve_has_its_kink_at_the_target() {
        let at = |percent: i128| annual_rate(&CURVE, percent * RATE_SCALE / 100).unwrap() * 10_000 / INDEX;
        assert_eq!((at(0), at(40), at(80), at(90), at(100)), (100, 300, 500, 3_500, 6_500));
    }

    #[test]
    fn a_year_at_the_target_costs_five_percent_continuously() {
        let pool = Pool {
            borrowed: 800_000_000_000,
            supplied: 1_000_000_000_000,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        let step = step(&CURVE, &pool, 1_000, YEAR).unwrap();
        // 0.8e12 * (e^0.05 - 1)
        assert_eq!(step.interest, 41_016_877_100);
        assert_eq!(step.reserved, 4_101_687_710);
        assert_eq!(step.modifier, MODIFIER_START);
    }

    #[test]
    fn the_credit_line_alone_pays_too_and_at_the_same_rate() {
        let lent = Pool {
            borrowed: 0,
            supplied: 900_000_000,
            reserves: 0,
            perp_borrowed: 100_000_000,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        let step = step(&CURVE, &lent, 1_000, YEAR).unwrap();
        // 1.5% a year at a tenth of utilisation; the modifier falls to 0.1 within a day.
        assert!((150_000..160_000).contains(&step.perp_interest), "{step:?}");
        assert_eq!((step.interest, step.reserved), (0, 0));
    }

    /// Four hundred units whose interest of a minute is far below a unit, touched in every minute of a year.
    #[test]
    fn i8_whoever_touches_a_coarse_pool_often_pays_the_same() {
        let curve = Curve { reactivity: 0, ..CURVE };
        let start = Pool {
            borrowed: 400,
            supplied: 1_000,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        let after = |seconds: u64| {
            (0..YEAR / seconds).fold(start, |pool, _| apply(&pool, &step(&curve, &pool, 0, seconds).unwrap()))
        };
        // 400 * (e^0.03 - 1) = 12.18, and a little more as utilisation rises.
        assert_eq!((after(YEAR).borrowed, after(60).borrowed), (412, 412));
    }

    /// 800,000 of a token with two decimals at 5%: a unit of interest falls due about every eight seconds.
    #[test]
    fn nobody_takes_the_reserves_of_a_coarse_pool_by_touching_it_often() {
        let curve = Curve { base_bps: 500, slope1_bps: 0, slope2_bps: 0, reactivity: 0, ..CURVE };
        let start = Pool {
            borrowed: 80_000_000,
            supplied: 100_000_000,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        let touched = |seconds: u64| {
            let day = 0..86_400 / seconds;
            day.fold(start, |pool, _| apply(&pool, &step(&curve, &pool, 1_000, seconds).unwrap()))
        };
        let (often, once) = (touched(6), touched(86_400));
        // 80,000,000 * (e^(0.05 / 365) - 1) = 10,959.7, and a tenth of it.
        assert_eq!((once.borrowed - start.borrowed, once.reserves), (10_959, 1_095));
        assert_eq!((often.borrowed - start.borrowed, often.reserves), (10_959, 1_095));
    }

    #[test]
    fn what_is_due_is_rounded_down_to_the_last_digit() {
        let curve = Curve { slope1_bps: 0, slope2_bps: 0, reactivity: 0, ..CURVE };
        let pool = Pool {
            borrowed: INDEX,
            supplied: 2 * INDEX,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        // 1% of a year of 31,536,000 seconds: 317,097,919.8.
        assert_eq!(step(&curve, &pool, 0, 1).unwrap().interest, 317_097_919);
    }

    #[test]
    fn the_credit_line_rounds_up() {
        let line = Pool {
            borrowed: 0,
            supplied: 0,
            reserves: 0,
            perp_borrowed: 1,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        assert_eq!(step(&CURVE, &line, 0, 1).unwrap().perp_interest, 1);
    }

    #[test]
    fn an_asset_nobody_touched_for_a_century_still_accrues() {
        let pool = Pool {
            borrowed: 1_000_000_000_000_000_000,
            supplied: 1_000_000_000_000_000_000,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_MAX,
            rest: 0,
            reserve_rest: 0,
        };
        let step = step(&CURVE, &pool, 0, 100 * YEAR).unwrap();
        assert!(step.interest.to_f64().unwrap() / 1e18 > 4.8e8);
    }

    #[test]
    fn rates_and_modifiers_are_rounded_down() {
        let curve = Curve { slope2_bps: 5_000, target_bps: 7_000, reactivity: 1, ..CURVE };
        let pool = Pool {
            borrowed: 1,
            supplied: 3,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: 0,
            reserve_rest: 0,
        };
        assert_eq!(utilisation(&pool), Ok(333_333_333));
        // 4% of a billionth of 1 / 0.7, and 50% of a billionth of 1 / 0.3.
        assert_eq!(annual_rate(&curve, 1), Ok(10_000_000_057_142_857));
        assert_eq!(annual_rate(&curve, 700_000_001), Ok(50_000_001_666_666_666));
        // It drifts by 3.33 in 1e18 a second.
        let after = |start, seconds| modifier(&curve, start, 700_000_001, seconds).unwrap();
        assert_eq!(after(MODIFIER_START, 1_000_000_000), (1_000_000_003, 1_000_000_001_500_000_000));
        assert_eq!(after(MODIFIER_START, 500_000_000), (1_000_000_001, 500_000_000_250_000_000));
        assert_eq!(after(MODIFIER_START, 333_333_335), (1_000_000_001, 333_333_335_166_666_667));
        assert_eq!(after(MODIFIER_MAX - 1, 1_000_000_000), (MODIFIER_MAX, 9_999_999_999_833_333_334));
    }

    /// Exponents at which a sixth, or a square, that is rounded up goes beyond it.
    #[test]
    fn growth_is_never_above_the_exponential() {
        assert_eq!(growth(30_713_707_625_406), Ok(30_714_179_296_152));
        assert!(growth(28_223_810_817_830_430).is_ok_and(|growth| growth <= 28_625_876_259_359_558));
    }

    #[test]
    fn a_whole_unit_does_not_wait() {
        let curve = Curve { slope1_bps: 0, slope2_bps: 0, reactivity: 0, ..CURVE };
        let pool = Pool {
            borrowed: 1,
            supplied: 2,
            reserves: 0,
            perp_borrowed: 0,
            modifier: MODIFIER_START,
            rest: INDEX - 317_097_919,
            reserve_rest: 0,
        };
        let step = step(&curve, &pool, 0, 1).unwrap();
        assert_eq!((step.interest, step.rest), (1, 0));
    }
}
