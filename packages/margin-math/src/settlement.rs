//! Cash settlement: who is paid from which bucket, and what happens to whom when there is not enough.
//!
//! Every function moves amounts between the account (`deposit`, `debt`), the buckets and the winners' claims. Nothing is
//! created: `deposit + lp + insurance + fees + pending - borrowed` changes by nothing, where `borrowed` is the credit
//! line's total. No bucket goes below zero, and neither does what `lp` can pay, `lp - borrowed`.

use crate::error::overflow;
use crate::fixed::{add, bps_floor, decrease, increase, mul_div_ceil, mul_div_floor, sub};
use crate::units::INDEX;
use crate::{defaults, MathError};

/// The cash buckets and the credit line, settlement units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Buckets {
    /// What losers owe to `lp`.
    pub borrowed: i128,
    /// Open claims of winners.
    pub claims: i128,
    /// The largest share of a gain that somebody who waits still lacks, 1e18; 0 while nobody waits.
    pub claims_cut: i128,
    /// Counts how often the claims were paid in full.
    pub claims_epoch: u32,
    /// Share of the epoch's claims still unpaid, 1e18.
    pub claims_fraction: i128,
    /// Protocol fees.
    pub fees: i128,
    /// Insurance.
    pub insurance: i128,
    /// Liquidity providers' cash, including what is lent.
    pub lp: i128,
    /// Cash set aside for claims.
    pub pending: i128,
}

/// One account's side of the settlement, settlement units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Purse {
    /// Its claim on the pending pool.
    pub claim: Claim,
    /// Its debt to the credit line.
    pub debt: i128,
    /// Its settlement deposit.
    pub deposit: i128,
}

/// A claim on the pending pool.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Unpaid when it was last touched.
    pub amount: i128,
    /// Epoch then.
    pub epoch: u32,
    /// Fraction then, 1e18.
    pub fraction: i128,
}

/// What insurance may pay for one account now, `spent` being what it has paid today and `in_market` what of it for the same
/// market: a tenth of it, and of what it had when the day began half, and a fifth for the market.
pub fn insurance_allowance(insurance: i128, spent: i128, in_market: i128) -> Result<i128, MathError> {
    let began = add(insurance, spent)?;
    let account = bps_floor(insurance, defaults::INSURANCE_ACCOUNT_BPS)?;
    let day = sub(bps_floor(began, defaults::INSURANCE_DAY_BPS)?, spent)?;
    let market = sub(bps_floor(began, defaults::INSURANCE_MARKET_BPS)?, in_market)?;
    Ok(account.min(day).min(market).max(0))
}

/// Where a bad debt went; the parts sum to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WriteOff {
    /// Borne by insurance.
    pub insurance: i128,
    /// Borne by liquidity providers.
    pub lp: i128,
}

impl Buckets {
    /// `L_pay`: what `lp` can pay out.
    pub fn payable(&self) -> Result<i128, MathError> {
        sub(self.lp, self.borrowed)
    }

    /// Settles a loss: the deposit pays, the rest is lent by `lp`.
    pub fn lose(&mut self, purse: &mut Purse, loss: i128) -> Result<(), MathError> {
        let burnt = loss.min(purse.deposit).max(0);
        let lent = sub(loss, burnt)?;
        decrease(&mut purse.deposit, burnt)?;
        increase(&mut purse.debt, lent)?;
        increase(&mut self.borrowed, lent)?;
        increase(&mut self.lp, loss)?;
        Ok(())
    }

    /// Settles a gain: it extinguishes the account's debt, then `lp` pays as far as it can, and the rest becomes a claim.
    /// `winners` is what traders are still owed after this, at the index. Returns what became a claim.
    ///
    /// What `lp` pays now is the share that every open winner could be paid, and no more than any who still waits has had of
    /// his. The cut is the largest share that is lacking, of what the pool lacked and not of what rounding left of a gain: a
    /// mild one, of however little, says nothing about the next, and a deeper one holds for all who follow.
    pub fn gain(&mut self, purse: &mut Purse, gain: i128, winners: i128) -> Result<i128, MathError> {
        let offset = gain.min(purse.debt).min(self.borrowed);
        decrease(&mut purse.debt, offset)?;
        decrease(&mut self.borrowed, offset)?;
        decrease(&mut self.lp, offset)?;
        let due = sub(gain, offset)?;
        let all = add(due, winners.max(0))?;
        let payable = self.payable()?.max(0).min(all);
        let paid = if payable == all { due } else { mul_div_floor(due, payable, all)? };
        let paid = paid.min(mul_div_floor(due, sub(INDEX, self.claims_cut)?, INDEX)?);
        decrease(&mut self.lp, paid)?;
        increase(&mut purse.deposit, paid)?;
        let rest = sub(due, paid)?;
        if rest > 0 {
            self.collect(purse)?;
            self.claims_cut = self.claims_cut.max(mul_div_ceil(INDEX, sub(all, payable)?, all)?);
            purse.claim = Claim {
                amount: add(purse.claim.amount, rest)?,
                epoch: self.claims_epoch,
                fraction: self.claims_fraction,
            };
            increase(&mut self.claims, rest)?;
        }
        Ok(rest)
    }

    /// Charges a fee: what the deposit covers is split between `lp`, insurance and protocol; the rest is lent by `lp`
    /// and stays there.
    pub fn charge(&mut self, purse: &mut Purse, fee: i128) -> Result<(), MathError> {
        let covered = fee.min(purse.deposit).max(0);
        let insurance = bps_floor(covered, defaults::FEE_INSURANCE_BPS)?;
        let protocol = bps_floor(covered, defaults::FEE_PROTOCOL_BPS)?;
        decrease(&mut purse.deposit, covered)?;
        increase(&mut self.insurance, insurance)?;
        increase(&mut self.fees, protocol)?;
        increase(&mut self.lp, sub(sub(covered, insurance)?, protocol)?)?;
        self.lose(purse, sub(fee, covered)?)
    }

    /// Charges the fee of a take-over, half (floor) to the liquidator's deposit, the rest to insurance: from the deposit,
    /// then as debt as far as `lp` can pay it now. Returns what was charged and the liquidator's part of it.
    pub fn charge_liquidation(&mut self, purse: &mut Purse, fee: i128) -> Result<(i128, i128), MathError> {
        let burnt = fee.min(purse.deposit).max(0);
        let lent = sub(fee, burnt)?.min(self.payable()?).max(0);
        decrease(&mut purse.deposit, burnt)?;
        increase(&mut purse.debt, lent)?;
        increase(&mut self.borrowed, lent)?;
        let charged = add(burnt, lent)?;
        let liquidator = charged >> 1;
        increase(&mut self.insurance, sub(charged, liquidator)?)?;
        Ok((charged, liquidator))
    }

    /// Gives the pending pool its part of what came into `lp`: as much of the open claims as `lp` can pay beyond what open
    /// winners are owed. Returns the amount.
    pub fn relieve(&mut self, winners: i128) -> Result<i128, MathError> {
        if self.claims == 0 {
            return Ok(0);
        }
        let free = sub(self.payable()?, winners.max(0))?.max(0);
        let relief = free.min(self.claims);
        if relief == 0 {
            return Ok(0);
        }
        let left = sub(self.claims, relief)?;
        decrease(&mut self.lp, relief)?;
        increase(&mut self.pending, relief)?;
        // Up: nobody is paid what others are still owed.
        self.claims_fraction = mul_div_ceil(self.claims_fraction, left, self.claims)?;
        self.claims_cut = mul_div_ceil(self.claims_cut, left, self.claims)?;
        self.wait_for(left)?;
        Ok(relief)
    }

    /// Sets what winners wait for; with the last of it their epoch ends.
    fn wait_for(&mut self, left: i128) -> Result<(), MathError> {
        self.claims = left;
        if left == 0 {
            self.claims_epoch = self.claims_epoch.checked_add(1).map_or_else(overflow, Ok)?;
            self.claims_fraction = INDEX;
            self.claims_cut = 0;
        }
        Ok(())
    }

    /// Sets what the account waits for off against what it owes: cash that is there for it first, then the claim itself,
    /// which `lp` pays by forgoing its loan.
    #[inline(never)] // for the size of the ledger, measured
    pub fn offset(&mut self, purse: &mut Purse) -> Result<(), MathError> {
        self.collect(purse)?;
        let paid = purse.deposit.min(purse.debt).min(self.borrowed);
        decrease(&mut purse.deposit, paid)?;
        let forgone =
            purse.claim.amount.min(sub(purse.debt, paid)?).min(sub(self.borrowed, paid)?).min(self.claims);
        decrease(&mut self.lp, forgone)?;
        decrease(&mut purse.claim.amount, forgone)?;
        let extinguished = add(paid, forgone)?;
        decrease(&mut purse.debt, extinguished)?;
        decrease(&mut self.borrowed, extinguished)?;
        if forgone > 0 {
            self.wait_for(sub(self.claims, forgone)?)?;
        }
        Ok(())
    }

    /// Pays the account what the pending pool holds for it. Returns the amount.
    pub fn collect(&mut self, purse: &mut Purse) -> Result<i128, MathError> {
        let claim = purse.claim;
        let unpaid = if claim.amount == 0 || claim.epoch != self.claims_epoch {
            0
        } else {
            mul_div_ceil(claim.amount, self.claims_fraction, claim.fraction)?
        };
        let paid = sub(claim.amount, unpaid)?.min(self.pending);
        purse.claim = Claim {
            amount: sub(claim.amount, paid)?,
            epoch: self.claims_epoch,
            fraction: self.claims_fraction,
        };
        decrease(&mut self.pending, paid)?;
        increase(&mut purse.deposit, paid)?;
        Ok(paid)
    }

    /// Writes off what an account owes to the credit line: insurance pays `lp` as far as it has and is allowed.
    pub fn write_off(&mut self, debt: i128, allowed: i128) -> Result<WriteOff, MathError> {
        let debt = debt.min(self.borrowed);
        let insurance = debt.min(self.insurance).min(allowed);
        let lp = sub(debt, insurance)?;
        decrease(&mut self.borrowed, debt)?;
        decrease(&mut self.insurance, insurance)?;
        decrease(&mut self.lp, lp)?;
        Ok(WriteOff { insurance, lp })
    }

    /// Sum of what the buckets hold and owe, less what is lent: moves only with deposits.
    pub fn net(&self) -> Result<i128, MathError> {
        sub(add(add(add(self.lp, self.insurance)?, self.fees)?, self.pending)?, self.borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::USD;
    use proptest::prelude::*;

    const EMPTY: Buckets = Buckets {
        borrowed: 0,
        claims: 0,
        claims_cut: 0,
        claims_epoch: 0,
        claims_fraction: INDEX,
        fees: 0,
        insurance: 0,
        lp: 0,
        pending: 0,
    };
    const NOBODY: Claim = Claim { amount: 0, epoch: 0, fraction: INDEX };

    fn purse(deposit: i128) -> Purse {
        Purse { claim: NOBODY, debt: 0, deposit }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Lose(usize, i128),
        Gain(usize, i128, i128),
        Charge(usize, i128),
        Liquidate(usize, i128),
        Relieve(i128),
        Collect(usize),
        Offset(usize),
        Enter(i128),
        WriteOff(usize, i128),
    }

    fn step() -> impl Strategy<Value = Step> {
        let amount = || prop_oneof![0_i128..10, 0_i128..1_000_000];
        prop_oneof![
            (0..4_usize, amount()).prop_map(|(who, amount)| Step::Lose(who, amount)),
            (0..4_usize, amount(), amount()).prop_map(|(who, gain, winners)| Step::Gain(who, gain, winners)),
            (0..4_usize, amount()).prop_map(|(who, fee)| Step::Charge(who, fee)),
            (0..4_usize, amount()).prop_map(|(who, fee)| Step::Liquidate(who, fee)),
            amount().prop_map(Step::Relieve),
            (0..4_usize).prop_map(Step::Collect),
            (0..4_usize).prop_map(Step::Offset),
            amount().prop_map(Step::Enter),
            (0..4_usize, amount()).prop_map(|(who, allowed)| Step::WriteOff(who, allowed)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Conservation to the unit, no bucket below zero, and the pool never pays what it has lent.
        #[test]
        fn every_unit_is_somewhere(steps in prop::collection::vec(step(), 1..60)) {
            let mut buckets = Buckets { insurance: 50_000, lp: 500_000, ..EMPTY };
            let mut purses = [purse(100_000); 4];
            let mut brought = buckets.net().unwrap() + 400_000;
            for step in steps {
                match step {
                    Step::Lose(who, amount) => buckets.lose(&mut purses[who], amount).unwrap(),
                    Step::Gain(who, amount, winners) => {
                        buckets.gain(&mut purses[who], amount, winners).unwrap();
                    }
                    Step::Charge(who, fee) => buckets.charge(&mut purses[who], fee).unwrap(),
                    Step::Liquidate(who, fee) => {
                        let (charged, liquidator) = buckets.charge_liquidation(&mut purses[who], fee).unwrap();
                        prop_assert!(liquidator * 2 <= charged && charged <= fee);
                        purses[3 - who].deposit += liquidator;
                    }
                    Step::Relieve(winners) => {
                        let relief = buckets.relieve(winners).unwrap();
                        // What open winners are owed stays.
                        prop_assert!(relief == 0 || buckets.payable().unwrap() >= winners);
                    }
                    Step::Collect(who) => {
                        buckets.collect(&mut purses[who]).unwrap();
                    }
                    Step::Offset(who) => {
                        let payable = buckets.payable().unwrap();
                        let before = purses[who];
                        buckets.offset(&mut purses[who]).unwrap();
                        let after = &purses[who];
                        // What is set off is worth the same on both sides, and costs the pool no cash.
                        prop_assert_eq!(
                            after.deposit + after.claim.amount - after.debt,
                            before.deposit + before.claim.amount - before.debt
                        );
                        prop_assert!(buckets.payable().unwrap() >= payable);
                        // Nobody waits and owes, but for units that rounding leaves.
                        prop_assert!(after.debt == 0 || after.deposit == 0 && after.claim.amount <= 60);
                    }
                    Step::Enter(amount) => {
                        buckets.lp += amount;
                        brought += amount;
                    }
                    Step::WriteOff(who, allowed) => {
                        let debt = purses[who].debt;
                        let parts = buckets.write_off(debt, allowed).unwrap();
                        prop_assert_eq!(parts.insurance + parts.lp, debt);
                        prop_assert!(parts.insurance <= allowed);
                        purses[who].debt = 0;
                    }
                }
                let b = &buckets;
                let low = [b.lp, b.insurance, b.fees, b.pending, b.claims, b.borrowed, b.payable().unwrap()];
                prop_assert!(low.into_iter().all(|bucket| bucket >= 0), "{:?}", b);
                prop_assert_eq!(b.net().unwrap() + purses.iter().map(|p| p.deposit).sum::<i128>(), brought);
                prop_assert_eq!(purses.iter().map(|p| p.debt).sum::<i128>(), b.borrowed);
                // What was ever claimed is either still open or set aside in cash.
                prop_assert_eq!(purses.iter().map(|p| p.claim.amount).sum::<i128>(), b.claims + b.pending);
            }
        }

        /// Invariant 24: every holder is paid the same share, whoever collects first; in the end everybody in full.
        #[test]
        fn claims_are_paid_equally(gains in prop::collection::vec(1_000_i128..1_000_000, 2..4), cash in 1_i128..1_000_000, first: bool) {
            let mut buckets = EMPTY;
            let mut purses = [purse(0); 4];
            for (purse, gain) in purses.iter_mut().zip(&gains) {
                prop_assert_eq!(buckets.gain(purse, *gain, 0).unwrap(), *gain);
            }
            let all: i128 = gains.iter().sum();
            buckets.lp += cash;
            buckets.relieve(0).unwrap();
            let mut order: std::vec::Vec<usize> = (0..gains.len()).collect();
            if first {
                order.reverse();
            }
            for who in &order {
                let paid = buckets.collect(&mut purses[*who]).unwrap();
                let fair = gains[*who] * cash.min(all) / all;
                prop_assert!(paid <= fair && fair - paid <= 1, "{} of {}", paid, fair);
            }
            buckets.lp += all;
            buckets.relieve(0).unwrap();
            for who in &order {
                buckets.collect(&mut purses[*who]).unwrap();
                prop_assert_eq!(purses[*who].deposit, gains[*who]);
            }
            prop_assert_eq!((buckets.pending, buckets.claims), (0, 0));
        }

        /// Invariants 24 and 25: when the cash does not suffice, every winner ends with the same share of his gain, in
        /// whatever order they leave and collect, and whatever comes in between is shared alike.
        #[test]
        fn the_cut_does_not_depend_on_the_order(
            gains in prop::collection::vec(prop_oneof![Just(1), 1_000_000_i128..1_000_000_000], 2..5),
            share in 0_i128..10_000,
            more in 0_i128..1_000_000_000,
            at in 0_usize..5,
            turn in 0_usize..5,
        ) {
            let all: i128 = gains.iter().sum();
            let mut order: std::vec::Vec<usize> = (0..gains.len()).collect();
            order.rotate_left(turn % gains.len());
            let mut buckets = Buckets { lp: all * share / 10_000, ..EMPTY };
            let brought = buckets.lp + more;
            let (mut purses, mut waiting) = ([purse(0); 5], all);
            for (step, who) in order.iter().enumerate() {
                if step == at % gains.len() {
                    buckets.lp += more;
                    buckets.relieve(waiting).unwrap();
                }
                waiting -= gains[*who];
                buckets.gain(&mut purses[*who], gains[*who], waiting).unwrap();
                buckets.relieve(waiting).unwrap();
            }
            for (who, gain) in gains.iter().enumerate() {
                buckets.collect(&mut purses[who]).unwrap();
                let fair = gain * brought.min(all) / all;
                let units = 4 * gains.len() as i128;
                prop_assert!((purses[who].deposit - fair).abs() <= units, "{} of {}", purses[who].deposit, fair);
            }
        }

        /// Invariant 24, when what winners are owed changes meanwhile and cuts go deeper: nobody who leaves later has a larger
        /// part of his gain than any who waits, at once or in the end.
        #[test]
        fn nobody_is_paid_a_larger_share_than_those_who_wait(
            gains in prop::collection::vec((prop_oneof![1_i128..1_000, 1_000_000_i128..1_000_000_000], 1_i128..40), 2..6),
            lp in 0_i128..2_000_000_000,
            comes in prop::collection::vec(prop_oneof![Just(0), 0_i128..1_000_000_000], 6),
        ) {
            let mut buckets = Buckets { lp, ..EMPTY };
            let mut purses = [purse(0); 6];
            let mut waiting = std::vec::Vec::new();
            for (who, (gain, tenths)) in gains.iter().enumerate() {
                // Those who are still in the market are owed less or more than they will be when they leave.
                let winners = gains[who + 1..].iter().map(|(gain, _)| gain).sum::<i128>() * tenths / 10;
                buckets.gain(&mut purses[who], *gain, winners).unwrap();
                for turn in 0..2 {
                    for earlier in &waiting {
                        let earlier: usize = *earlier;
                        let (mut now, mut holder) = (buckets, purses[earlier]);
                        now.collect(&mut holder).unwrap();
                        let (paid, of) = (holder.deposit, gains[earlier].0);
                        // A unit of rounding for each step, of either.
                        let slack = 16 * (gain + of);
                        prop_assert!(
                            purses[who].deposit * of <= paid * gain + slack,
                            "{} of {gain}, and {paid} of {of} after {turn} reliefs", purses[who].deposit
                        );
                    }
                    buckets.lp += comes[who];
                    buckets.relieve(winners).unwrap();
                    buckets.collect(&mut purses[who]).unwrap();
                }
                if buckets.claims == 0 {
                    waiting.clear();
                } else {
                    waiting.push(who);
                }
            }
        }

        /// What rounding leaves of a tiny gain says nothing about the share that the pool can pay.
        #[test]
        fn a_tiny_gain_does_not_cut_those_who_follow(
            gain in 1_000_000_i128..1_000_000_000_000,
            others in 0_i128..1_000_000_000_000,
            tiny in 1_i128..1_000,
            share in 1_i128..10_000,
        ) {
            let all = tiny + gain + others;
            let lp = mul_div_floor(all, share, 10_000).unwrap();
            let mut buckets = Buckets { lp, ..EMPTY };
            let [mut first, mut second] = [purse(0); 2];
            buckets.gain(&mut first, tiny, gain + others).unwrap();
            buckets.gain(&mut second, gain, others).unwrap();
            let fair = mul_div_floor(gain, lp, all).unwrap();
            prop_assert!((second.deposit - fair).abs() <= 1, "{} of {fair}", second.deposit);
        }

        /// Invariant 7.
        #[test]
        fn a_fee_splits_without_a_rest(fee in 0_i128..1_000_000_000_000) {
            let (mut buckets, mut payer) = (EMPTY, purse(fee));
            buckets.charge(&mut payer, fee).unwrap();
            prop_assert_eq!(buckets.lp + buckets.insurance + buckets.fees, fee);
            prop_assert_eq!((buckets.insurance, buckets.fees), (fee / 5, fee / 10));
            prop_assert!(buckets.lp * 10 >= fee * 7 && payer.deposit == 0);
        }

        /// Invariant 23: the pool bears what insurance has not or may not, and nothing else.
        #[test]
        fn insurance_comes_before_the_pool(debt in 0_i128..1_000, insurance in 0_i128..1_000, allowed in 0_i128..1_000) {
            let mut buckets = Buckets { borrowed: debt, insurance, lp: 10_000, ..EMPTY };
            let borne = buckets.write_off(debt, allowed).unwrap();
            prop_assert_eq!(borne.insurance, debt.min(insurance).min(allowed));
            prop_assert_eq!(borne.insurance + borne.lp, debt);
        }
    }

    #[test]
    fn of_a_fee_that_is_lent_nobody_but_the_pool_has_a_part() {
        let (mut buckets, mut payer) = (Buckets { lp: 1_000, ..EMPTY }, purse(400));
        buckets.charge(&mut payer, 1_000).unwrap();
        assert_eq!((payer.deposit, payer.debt, buckets.borrowed), (0, 600, 600));
        assert_eq!((buckets.lp, buckets.insurance, buckets.fees), (1_000 + 280 + 600, 80, 40));
    }

    #[test]
    fn the_fee_of_a_take_over_is_lent_as_far_as_the_pool_can_pay() {
        let (mut buckets, mut payer) = (Buckets { lp: 51, borrowed: 20, ..EMPTY }, purse(40));
        assert_eq!(buckets.charge_liquidation(&mut payer, 100), Ok((71, 35)));
        assert_eq!((payer.deposit, payer.debt, buckets.insurance, buckets.payable()), (0, 31, 36, Ok(0)));
    }

    #[test]
    fn insurance_is_rationed() {
        assert_eq!(insurance_allowance(1_000, 0, 0), Ok(100));
        // 1,000 when the day began: 500 of it may go, 450 are gone.
        assert_eq!(insurance_allowance(550, 450, 0), Ok(50));
        assert_eq!(insurance_allowance(500, 500, 0), Ok(0));
        assert_eq!(insurance_allowance(400, 600, 0), Ok(0));
        // Of one market 200, and 190 are gone.
        assert_eq!(insurance_allowance(810, 190, 190), Ok(10));
        assert_eq!(insurance_allowance(800, 200, 200), Ok(0));
        assert_eq!(insurance_allowance(750, 250, 250), Ok(0));
        // Parts of a unit stay: of the account's tenth, of the day's half and of the market's fifth.
        assert_eq!(insurance_allowance(1_009, 0, 0), Ok(100));
        assert_eq!(insurance_allowance(551, 450, 0), Ok(50));
        assert_eq!(insurance_allowance(814, 190, 190), Ok(10));
    }

    #[test]
    fn a_gain_is_cut_when_all_winners_together_exceed_the_cash() {
        let mut buckets = Buckets { lp: 600, ..EMPTY };
        let mut winner = purse(0);
        // 300 of 900 that winners are owed, with 600 in cash: two thirds now.
        assert_eq!(buckets.gain(&mut winner, 300, 600).unwrap(), 100);
        assert_eq!((winner.deposit, winner.claim.amount, buckets.claims, buckets.lp), (200, 100, 100, 400));
        // A later winner has the same two thirds, however much cash there is.
        let mut later = purse(0);
        assert_eq!(buckets.gain(&mut later, 30, 0).unwrap(), 11);
        assert_eq!((later.deposit, buckets.claims), (19, 111));
    }

    /// Ten are cut by a thousandth of a unit of each, and then half is lacking: whoever leaves last has no more of it at once
    /// than who waits for half, and both end with the same.
    #[test]
    fn a_mild_cut_before_a_deeper_one_does_not_favour_who_leaves_last() {
        let mut buckets = Buckets { lp: 10_000 * USD, ..EMPTY };
        let [mut dust, mut early, mut late] = [purse(0); 3];
        buckets.gain(&mut dust, 10 * USD, 10_000 * USD).unwrap();
        buckets.gain(&mut early, 10_000 * USD, 10_000 * USD).unwrap();
        assert_eq!((dust.deposit, early.deposit), (99_900_099, 49_950_049_950));
        buckets.lp += 8_000 * USD;
        buckets.relieve(10_000 * USD).unwrap();
        buckets.gain(&mut late, 10_000 * USD, 0).unwrap();
        buckets.collect(&mut early).unwrap();
        assert!((late.deposit - early.deposit).abs() < USD, "{} and {}", late.deposit, early.deposit);
        buckets.relieve(0).unwrap();
        buckets.collect(&mut early).unwrap();
        buckets.collect(&mut late).unwrap();
        assert_eq!((early.deposit / USD, late.deposit / USD), (8_995, 8_995));
        // With the last of what is lacking it ends.
        buckets.lp = buckets.claims;
        buckets.relieve(0).unwrap();
        assert_eq!(buckets.claims_cut, 0);
        buckets.lp = 1_000 * USD;
        assert_eq!(buckets.gain(&mut purse(0), 1_000 * USD, 0), Ok(0));
    }

    /// Nobody waits any more when the only claim is set off: nobody else is cut for it.
    #[test]
    fn a_claim_that_is_set_off_cuts_nobody() {
        let (mut buckets, mut debtor) = (EMPTY, purse(0));
        buckets.gain(&mut debtor, 100, 0).unwrap();
        buckets.lose(&mut debtor, 100).unwrap();
        buckets.offset(&mut debtor).unwrap();
        assert_eq!((buckets.claims, buckets.claims_cut), (0, 0));
        buckets.lp = 100;
        assert_eq!(buckets.gain(&mut purse(0), 100, 0), Ok(0));
    }

    #[test]
    fn who_waits_and_gains_again_has_first_what_is_there() {
        let (mut buckets, mut winner) = (EMPTY, purse(0));
        buckets.gain(&mut winner, 100, 0).unwrap();
        buckets.lp = 50;
        buckets.relieve(0).unwrap();
        buckets.gain(&mut winner, 100, 0).unwrap();
        assert_eq!((winner.deposit, winner.claim.amount, buckets.pending, buckets.claims), (50, 150, 0, 150));
    }

    #[test]
    fn with_the_last_claim_an_epoch_ends() {
        let (mut buckets, mut winner) = (EMPTY, purse(0));
        buckets.gain(&mut winner, 100, 0).unwrap();
        buckets.lp = 70;
        buckets.relieve(0).unwrap();
        assert_eq!((buckets.claims_epoch, buckets.claims_fraction), (0, INDEX * 3 / 10));
        buckets.lp = 30;
        buckets.relieve(0).unwrap();
        assert_eq!((buckets.claims_epoch, buckets.claims_fraction), (1, INDEX));
        buckets.offset(&mut purse(0)).unwrap();
        assert_eq!(buckets.claims_epoch, 1, "and no other by who has nothing to set off");
        assert_eq!(buckets.collect(&mut winner), Ok(100));
    }

    /// The unpaid share has 18 digits and the claims have more: rounded down, the first would be paid from the second's.
    #[test]
    fn nobody_is_paid_what_others_are_owed() {
        let gain = 1_000 * INDEX;
        let (mut buckets, mut first, mut second) = (EMPTY, purse(0), purse(0));
        buckets.gain(&mut first, gain, 0).unwrap();
        buckets.gain(&mut second, gain, 0).unwrap();
        buckets.lp = gain * 2 / 3;
        let relief = buckets.relieve(0).unwrap();
        let paid = buckets.collect(&mut first).unwrap();
        assert_eq!(buckets.collect(&mut second), Ok(paid));
        assert!(paid * 2 <= relief && relief - paid * 2 <= 2_000);
    }

    /// 100 claimed, 40 of it in cash by now, 70 owed: the cash goes to the debt first, then 30 of the claim.
    #[test]
    fn a_claim_is_set_off_against_what_its_holder_owes() {
        let mut buckets = EMPTY;
        let (mut debtor, mut other) = (purse(0), purse(0));
        buckets.gain(&mut debtor, 100, 0).unwrap();
        buckets.gain(&mut other, 100, 0).unwrap();
        buckets.lp = 80;
        buckets.relieve(0).unwrap();
        buckets.lp = 70;
        buckets.lose(&mut debtor, 70).unwrap();
        buckets.offset(&mut debtor).unwrap();
        assert_eq!((debtor.debt, debtor.deposit, debtor.claim.amount), (0, 0, 30));
        assert_eq!(
            (buckets.claims, buckets.pending, buckets.borrowed, buckets.payable()),
            (90, 40, 0, Ok(110))
        );
        // Nobody else's claim moved.
        buckets.relieve(0).unwrap();
        assert_eq!((buckets.collect(&mut other), buckets.collect(&mut debtor)), (Ok(100), Ok(30)));
    }

    #[test]
    fn a_gain_extinguishes_the_winners_own_debt_without_cash() {
        let mut buckets = Buckets { lp: 100, borrowed: 100, ..EMPTY };
        let mut winner = Purse { debt: 70, ..purse(0) };
        buckets.gain(&mut winner, 50, 0).unwrap();
        assert_eq!((winner.debt, winner.deposit, buckets.lp, buckets.borrowed), (20, 0, 50, 50));
    }
}
