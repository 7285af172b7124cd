//! How much of a position a healthy liquidator takes over at the index: what restores the target health, no more.
//!
//! With target `T`, loss `l` on notional `n` and a deposit that covers it,
//! `D = (T*R - E) / (T*mmr - phi + (T - 1)*l/n)`; once the deposit is used up a loss becomes debt and
//! `D = T*R - E` over `T*(mmr - phi)`. Deposit, debt offset and haircut make the health a function of several linear
//! pieces, so no closed form is used: [`TakeOver::outcome`] replays exactly what execution does, and the size is found
//! between one that falls short and one that does not.

use crate::fixed::{abs, add, bps_ceil, bps_floor, mul_div_ceil, mul_div_floor, neg, sub};
use crate::margin::{value_floor, Prices, Valuation};
use crate::position::{FillError, Position};
use crate::settlement::{Buckets, Purse};
use crate::units::{PRICE, QUOTE_SCALE, SETTLEMENT_DECIMALS};
use crate::{defaults, MathError};

/// Most evaluations of a search; two linear pieces need three.
const STEPS: u32 = 16;
/// By how little the target is exceeded at most, USD units: what an outcome rounds is about as much, so less may not exist.
const EXCESS: i128 = 4;

/// Everything a take-over depends on, in the Liquidation valuation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TakeOver {
    /// Buckets before.
    pub buckets: Buckets,
    /// `E` of the whole account, USD.
    pub effective: i128,
    /// Equity of the whole account, USD.
    pub equity: i128,
    /// Funding index of longs now.
    pub index_long: i128,
    /// Funding index of shorts now.
    pub index_short: i128,
    /// `U` of this market before, quote.
    pub market_value: i128,
    /// Smallest notional a position may keep, quote.
    pub min_notional: i128,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// What winners of the other markets are owed, quote.
    pub other_winners: i128,
    /// The position before.
    pub position: Position,
    /// Index price at which it moves, 1e14.
    pub price: i128,
    /// The account's deposit, debt and claim before.
    pub purse: Purse,
    /// `R` of the whole account, USD.
    pub required: i128,
    /// Price of the settlement asset.
    pub settlement: Prices,
    /// Weight of a settlement deposit, bps.
    pub settlement_ltv_bps: u32,
}

/// What a take-over of some size does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// Buckets after.
    pub buckets: Buckets,
    /// What became a claim on the pending pool.
    pub claimed: i128,
    /// `E` after.
    pub effective: i128,
    /// Fee charged.
    pub fee: i128,
    /// Funding settled.
    pub funding: i128,
    /// The liquidator's part of the fee.
    pub liquidator_fee: i128,
    /// The position after.
    pub position: Position,
    /// The account's deposit, debt and claim after.
    pub purse: Purse,
    /// Signed cash of the account's close, quote; the liquidator fills for its negative.
    pub quote: i128,
    /// Profit or loss realised without funding and fee.
    pub realized: i128,
    /// `R` after.
    pub required: i128,
    /// Signed size that moved to the liquidator.
    pub size: i128,
    /// What traders are owed afterwards, where positive.
    pub winners: i128,
}

/// Fee rate of a take-over: below the maintenance margin it frees, or it would deepen what it cures.
pub fn fee_bps(mmr_bps: u32) -> u32 {
    defaults::LIQUIDATION_FEE_BPS.min(mmr_bps / 2)
}

impl TakeOver {
    /// What moving `size` (absolute) of the position does, to the unit.
    pub fn outcome(&self, size: i128) -> Result<Outcome, FillError> {
        let moved = if self.position.size > 0 { size } else { neg(size)? };
        let quote = mul_div_floor(moved, self.price, QUOTE_SCALE)?;
        let filled = self.position.fill(neg(moved)?, quote, self.index_long, self.index_short)?;
        let cash = sub(filled.realized, filled.funding)?;
        let winners = add(self.other_winners, sub(self.market_value, cash)?.max(0))?;
        let (mut buckets, mut purse) = (self.buckets, self.purse);
        let claimed = if cash < 0 {
            buckets.lose(&mut purse, neg(cash)?)?;
            0
        } else {
            buckets.gain(&mut purse, cash, winners)?
        };
        let equity = mul_div_floor(self.equity.max(0), PRICE, self.settled())?;
        let fee = bps_floor(abs(quote)?, fee_bps(self.mmr_bps))?.min(equity);
        let (fee, liquidator_fee) = buckets.charge_liquidation(&mut purse, fee)?;
        buckets.relieve(winners)?;
        let unsettled = sub(self.position.pnl_at(self.price)?, filled.funding)?;
        let before = self.part(&self.position, unsettled, &self.purse)?;
        let after = self.part(&filled.position, filled.position.pnl_at(self.price)?, &purse)?;
        Ok(Outcome {
            buckets,
            claimed,
            effective: add(self.effective, sub(after.0, before.0)?)?,
            fee,
            funding: filled.funding,
            liquidator_fee,
            position: filled.position,
            purse,
            quote,
            realized: filled.realized,
            required: add(self.required, sub(after.1, before.1)?)?,
            size: moved,
            winners,
        })
    }

    /// The absolute size to take over: the least that restores the target, raised to the minimum notional, and the whole
    /// position when the target is out of reach or the rest would be below the minimum.
    pub fn size(&self) -> Result<i128, FillError> {
        let whole = abs(self.position.size)?;
        let short_at_whole = self.shortfall_at(whole)?;
        if short_at_whole > 0 {
            return Ok(whole);
        }
        let least = self.restoring(whole, short_at_whole)?;
        let minimum = mul_div_ceil(self.min_notional, QUOTE_SCALE, self.price)?;
        let size = least.max(minimum).min(whole);
        Ok(if sub(whole, size)? < minimum { whole } else { size })
    }

    /// Least size, to [`EXCESS`], at which the target holds; at `whole` it holds by `-short_at_whole`.
    fn restoring(&self, whole: i128, short_at_whole: i128) -> Result<i128, FillError> {
        let (mut below, mut above) = (0, whole);
        let mut before = (whole, short_at_whole);
        let mut latest = (0, shortfall(self.required, self.effective)?.max(1));
        for _ in 0..STEPS {
            if (-EXCESS..=0).contains(&latest.1) || above - below <= 1 {
                break;
            }
            // The latest two lead to the target at once where they are on its piece, and half way is no worse where not.
            let guess = match crossing(before, latest) {
                Ok(size) if below < size && size < above => size,
                _ => below + ((above - below) >> 1),
            };
            (before, latest) = (latest, (guess, self.shortfall_at(guess)?));
            *(if latest.1 > 0 { &mut below } else { &mut above }) = guess;
        }
        Ok(above)
    }

    /// [`shortfall`] once `size` is taken over.
    fn shortfall_at(&self, size: i128) -> Result<i128, FillError> {
        let outcome = self.outcome(size)?;
        Ok(shortfall(outcome.required, outcome.effective)?)
    }

    /// What position, deposit and debt contribute to `E` and `R`, as [`crate::margin::Margin`] values them.
    fn part(&self, position: &Position, pnl: i128, purse: &Purse) -> Result<(i128, i128), MathError> {
        let settled = |amount: i128| mul_div_ceil(amount, self.settled(), PRICE);
        let owned = self.settlement.owned(Valuation::Liquidation);
        let deposit = value_floor(purse.deposit, SETTLEMENT_DECIMALS, owned)?;
        let gain = mul_div_floor(pnl.max(0), owned, PRICE)?;
        let effective = add(bps_floor(deposit, self.settlement_ltv_bps)?, gain)?;
        let notional = settled(mul_div_ceil(abs(position.size)?, self.price, QUOTE_SCALE)?)?;
        let loss = settled(neg(pnl.min(0))?)?;
        let required = add(add(bps_ceil(notional, self.mmr_bps)?, loss)?, settled(purse.debt)?)?;
        Ok((effective, required))
    }

    fn settled(&self) -> i128 {
        self.settlement.settled(Valuation::Liquidation)
    }
}

/// `T * R - E`, USD: positive while the target does not hold.
fn shortfall(required: i128, effective: i128) -> Result<i128, MathError> {
    sub(bps_ceil(required, defaults::LIQUIDATION_TARGET_BPS)?, effective)
}

/// Size at which the line through two points of `(size, shortfall)` exceeds the target by half of [`EXCESS`].
fn crossing(one: (i128, i128), other: (i128, i128)) -> Result<i128, MathError> {
    let (run, fall) = (sub(other.0, one.0)?, sub(one.1, other.1)?);
    add(other.0, mul_div_ceil(add(other.1, EXCESS / 2)?, run, fall)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::{Deposit, Levels, Margin, PositionLine};
    use crate::settlement::Claim;
    use crate::units::{BASE, INDEX, USD};
    use proptest::prelude::*;

    const LEVELS: Levels = Levels { opening_bps: 10_250, margin_call_bps: 10_000, liquidation_bps: 10_000 };

    /// One position, a settlement deposit, a perpetual debt, and other collateral.
    #[derive(Clone, Copy, Debug)]
    struct Case {
        position: Position,
        deposit: i128,
        debt: i128,
        other: i128,
        price: i128,
        mmr_bps: u32,
        settlement: i128,
        ltv_bps: u32,
        lp: i128,
    }

    fn margin(case: &Case, position: &Position, deposit: i128, debt: i128) -> Margin {
        let settlement = Prices::flat(case.settlement);
        let mut margin = Margin::new(Valuation::Liquidation, settlement, LEVELS);
        let holding =
            |amount, ltv_bps, prices| Deposit { amount, decimals: 7, levels: LEVELS, ltv_bps, prices };
        margin.deposit(&holding(deposit, case.ltv_bps, settlement)).unwrap();
        margin.deposit(&holding(case.other, 8_000, Prices::flat(PRICE))).unwrap();
        margin.perp_debt(debt).unwrap();
        let index = Prices::flat(case.price);
        let (entry, size, mmr_bps) = (position.entry, position.size, case.mmr_bps);
        margin
            .position(&PositionLine { entry, exit: 0, funding: 0, imr_bps: 1_000, index, mmr_bps, size })
            .unwrap();
        margin
    }

    fn take_over(case: &Case) -> TakeOver {
        let before = margin(case, &case.position, case.deposit, case.debt);
        let buckets = Buckets {
            borrowed: case.debt,
            claims: 0,
            claims_cut: 0,
            claims_epoch: 0,
            claims_fraction: INDEX,
            fees: 0,
            insurance: 0,
            lp: case.lp + case.debt,
            pending: 0,
        };
        TakeOver {
            buckets,
            effective: before.effective,
            equity: before.equity().unwrap(),
            index_long: 0,
            index_short: 0,
            market_value: case.position.pnl_at(case.price).unwrap(),
            min_notional: 10 * USD,
            mmr_bps: case.mmr_bps,
            other_winners: 0,
            position: case.position,
            price: case.price,
            purse: Purse {
                claim: Claim { amount: 0, epoch: 0, fraction: INDEX },
                debt: case.debt,
                deposit: case.deposit,
            },
            required: before.required,
            settlement: Prices::flat(case.settlement),
            settlement_ltv_bps: case.ltv_bps,
        }
    }

    fn case() -> impl Strategy<Value = Case> {
        (
            (any::<bool>(), 10_i128..100_000, 1_i128..100_000, -3_000_i128..1_000),
            (0_i128..2_000, 0_i128..1_000, prop_oneof![Just(0), 0_i128..2_000]),
            (50_u32..1_000, 9_900_i128..10_100, 9_000_u32..=10_000),
        )
            .prop_map(
                |((short, notional, cents, gain), (deposit, debt, other), (mmr_bps, settlement, ltv_bps))| {
                    let price = cents * PRICE / 100;
                    let size = notional * USD * (QUOTE_SCALE / price);
                    let worth = mul_div_floor(size, price, QUOTE_SCALE).unwrap();
                    let pnl = worth * gain / 10_000;
                    let (size, entry) = if short { (-size, worth + pnl) } else { (size, pnl - worth) };
                    // Holdings in bps of the notional, around what a liquidatable account has.
                    let part = |bps: i128| worth * bps / 10_000;
                    Case {
                        position: Position { entry, funding_index: 0, size },
                        deposit: part(deposit),
                        debt: part(debt / 10),
                        other: part(other),
                        price,
                        mmr_bps,
                        settlement: settlement * PRICE / 10_000,
                        ltv_bps,
                        lp: 1_000_000_000 * USD,
                    }
                },
            )
            .prop_filter("liquidatable", |case| {
                case.position.size.abs() > BASE / 1_000_000
                    && !margin(case, &case.position, case.deposit, case.debt).liquidation_ok()
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        /// Invariant 19: the target is reached, within rounding, or the whole position goes; what is missing never grows.
        #[test]
        fn the_target_is_restored_or_the_position_closed(case in case()) {
            let take = take_over(&case);
            let size = take.size().unwrap();
            let outcome = take.outcome(size).unwrap();
            let after = margin(&case, &outcome.position, outcome.purse.deposit, outcome.purse.debt);
            // What sizing computed is what the account's margin then is.
            prop_assert_eq!((outcome.effective, outcome.required), (after.effective, after.required));
            let before = take.required - take.effective;
            prop_assert!(after.required - after.effective <= before + 4, "{:?}", outcome);
            let whole = take.position.size.abs();
            if size < whole {
                let health = after.health().unwrap();
                prop_assert!(health >= 12_000, "{} of {}: {}", size, whole, health);
                let minimum = mul_div_ceil(take.min_notional, QUOTE_SCALE, take.price).unwrap();
                prop_assert!(whole - size >= minimum);
                if size > minimum {
                    // The least that does: what is worth a five-thousandth of a dollar less would not have been enough.
                    let step = mul_div_ceil(USD / 5_000, QUOTE_SCALE, take.price).unwrap();
                    let short = take.shortfall_at((size - step).max(1)).unwrap();
                    prop_assert!(short > 0, "{} of {} less {}: {}", size, whole, step, short);
                    let by = -shortfall(after.required, after.effective).unwrap();
                    prop_assert!(by <= EXCESS, "{} by {} of {}", size, by, whole);
                }
            }
        }

        /// Invariant 20: the fee comes from equity, and nothing is created.
        #[test]
        fn the_fee_is_paid_from_equity_alone(case in case()) {
            let take = take_over(&case);
            let outcome = take.outcome(take.size().unwrap()).unwrap();
            let equity = mul_div_floor(take.equity.max(0), PRICE, case.settlement).unwrap();
            prop_assert!(outcome.fee <= equity);
            prop_assert!(outcome.fee <= bps_ceil(outcome.quote.abs(), 100).unwrap());
            let held = |buckets: &Buckets, deposit: i128| buckets.net().unwrap() + deposit;
            prop_assert_eq!(
                held(&outcome.buckets, outcome.purse.deposit) + outcome.liquidator_fee,
                held(&take.buckets, take.purse.deposit)
            );
            prop_assert!(outcome.buckets.payable().unwrap() >= 0);
        }
    }

    /// 10 at 100, now 90: loses 100 of a deposit of 140. E = 140, R = 100 + 45 = 145.
    const LOSER: Case = Case {
        position: Position { entry: -1_000 * USD, funding_index: 0, size: 10 * BASE },
        deposit: 140 * USD,
        debt: 0,
        other: 0,
        price: 90 * PRICE,
        mmr_bps: 500,
        settlement: PRICE,
        ltv_bps: 10_000,
        lp: 1_000 * USD,
    };

    #[test]
    fn the_size_is_the_closed_form_when_the_deposit_covers_the_loss() {
        let case = LOSER;
        let take = take_over(&case);
        // D = (1.2 * 145 - 140) / (1.2 * 5% - 1% + 0.2 * 100 / 900) = 34 / 0.07222.. = 470.769..
        let size = take.size().unwrap();
        let notional = mul_div_floor(size, case.price, QUOTE_SCALE).unwrap();
        // A unit of value in `E` or `R` is 14 of notional here.
        assert!((notional - 4_707_692_308).abs() <= 40, "{notional}");
    }

    #[test]
    fn the_fee_stays_below_the_margin_it_frees() {
        assert_eq!((fee_bps(500), fee_bps(150), fee_bps(50)), (100, 75, 25));
    }

    #[test]
    fn a_rest_below_the_minimum_goes_along() {
        let case = Case {
            position: Position { entry: -15 * USD, funding_index: 0, size: BASE },
            deposit: 6 * USD / 10,
            debt: 0,
            other: 0,
            price: 15 * PRICE,
            mmr_bps: 500,
            settlement: PRICE,
            ltv_bps: 10_000,
            lp: 1_000 * USD,
        };
        assert_eq!(take_over(&case).size(), Ok(BASE));
    }

    #[test]
    fn a_rest_of_the_minimum_stays() {
        let case = Case {
            position: Position { entry: -20 * USD, funding_index: 0, size: 2 * BASE },
            deposit: 119 * USD / 100,
            debt: 0,
            other: 0,
            price: 10 * PRICE,
            mmr_bps: 500,
            settlement: PRICE,
            ltv_bps: 10_000,
            lp: 1_000 * USD,
        };
        // 0.02 would restore the target: it is raised to the minimum, and leaves as much.
        assert_eq!(take_over(&case).size(), Ok(BASE));
        let less = Case { position: Position { size: 2 * BASE - 1, ..case.position }, ..case };
        assert_eq!(take_over(&less).size(), Ok(2 * BASE - 1));
    }

    /// A price at which the minimum of ten dollars is no whole number of units.
    #[test]
    fn the_minimum_is_rounded_up() {
        let minimum = 33_333_333_333_334;
        let case = Case {
            position: Position { entry: -20 * USD, funding_index: 0, size: 2 * minimum },
            deposit: 119 * USD / 100,
            debt: 0,
            other: 0,
            price: 30 * PRICE,
            mmr_bps: 500,
            settlement: PRICE,
            ltv_bps: 10_000,
            lp: 1_000 * USD,
        };
        assert_eq!(take_over(&case).size(), Ok(minimum));
    }

    #[test]
    fn winners_are_those_of_this_market_and_of_the_others() {
        let case = LOSER;
        // Half of the position loses 50, which leaves what the market's traders are owed.
        for (market_value, winners) in [(300 * USD, 370 * USD), (-100 * USD, 20 * USD)] {
            let take = TakeOver { market_value, other_winners: 20 * USD, ..take_over(&case) };
            assert_eq!(take.outcome(5 * BASE).unwrap().winners, winners);
        }
        // A unit of base is less than a unit of cash: nothing for who closes.
        assert_eq!(take_over(&case).outcome(1).unwrap().quote, 0);
    }

    #[test]
    fn a_gain_counts_for_no_more_than_it_is_worth() {
        let case = Case {
            position: Position { entry: 1 - 900 * USD, funding_index: 0, size: 10 * BASE },
            deposit: 40 * USD,
            debt: 0,
            other: 0,
            price: 90 * PRICE,
            mmr_bps: 500,
            settlement: PRICE * 9_999 / 10_000,
            ltv_bps: 10_000,
            lp: 1_000 * USD,
        };
        // A unit of gain, worth less than one, becomes a unit of deposit.
        let outcome = take_over(&case).outcome(10 * BASE).unwrap();
        let after = margin(&case, &outcome.position, outcome.purse.deposit, outcome.purse.debt);
        assert_eq!((outcome.effective, outcome.required), (after.effective, after.required));
    }
}
