//! Sequences of losses, gains, fees, claims and write-offs over several purses: nothing is created, no bucket goes below
//! zero, nobody is paid before he has a claim.

use crate::input::Input;
use crate::Answer;
use margin_math::settlement::{insurance_allowance, Buckets, Claim, Purse};
use margin_math::units::INDEX;

/// Far above what exists.
const MOST: i128 = 1_000_000_000_000_000_000;

/// See the module.
pub fn settlement(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let mut buckets = Buckets {
        borrowed: 0,
        claims: 0,
        claims_cut: 0,
        claims_epoch: 0,
        claims_fraction: INDEX,
        fees: 0,
        insurance: input.between(0, 1_000_000),
        lp: input.between(0, 10_000_000),
        pending: 0,
    };
    let none = Claim { amount: 0, epoch: 0, fraction: INDEX };
    let mut purses = [0; 4].map(|_| Purse { claim: none, debt: 0, deposit: input.between(0, 100_000) });
    let mut spent = 0;
    let mut answer = Answer::Refused;
    while !input.is_empty() {
        let who = input.below(purses.len());
        let amount = if input.chance(8) { input.between(0, MOST) } else { input.between(0, 200_000) };
        let winners = if input.chance(128) { 0 } else { input.between(-1_000, 2_000_000) };
        let (mut b, mut purse) = (buckets, purses[who]);
        let before = sum(&b, &purses);
        // A gain is a claim on the pool or nothing: its counterpart is another trader's loss.
        let mut outside = 0;
        let done = match input.below(9) {
            0 | 1 => b.lose(&mut purse, amount).is_ok(),
            2 | 3 => match b.gain(&mut purse, amount, winners) {
                Ok(rest) => {
                    assert!((0..=amount).contains(&rest));
                    true
                }
                Err(_) => false,
            },
            4 => b.charge(&mut purse, amount / 100).is_ok(),
            5 => match b.charge_liquidation(&mut purse, amount / 10) {
                Ok((charged, liquidator)) => {
                    assert!(0 <= liquidator && liquidator <= charged && charged <= amount / 10);
                    outside = liquidator;
                    true
                }
                Err(_) => false,
            },
            6 => match b.collect(&mut purse) {
                Ok(paid) => {
                    assert!(
                        (0..=purses[who].claim.amount).contains(&paid),
                        "paid {paid} of {:?}",
                        purses[who].claim
                    );
                    true
                }
                Err(_) => false,
            },
            7 => b.offset(&mut purse).is_ok(),
            _ => {
                let allowed = insurance_allowance(b.insurance, spent, 0).expect("small numbers");
                assert!(allowed >= 0 && allowed <= b.insurance);
                match b.write_off(purse.debt, allowed) {
                    Ok(parts) => {
                        assert!(parts.insurance <= allowed && parts.insurance + parts.lp == purse.debt);
                        spent += parts.insurance;
                        purse.debt = 0;
                        true
                    }
                    Err(_) => false,
                }
            }
        };
        if done && input.chance(128) && b.relieve(winners).is_err() {
            continue;
        }
        if !done {
            continue;
        }
        buckets = b;
        purses[who] = purse;
        assert_eq!(sum(&buckets, &purses) + outside, before, "money from nothing: {buckets:?} {purses:?}");
        for amount in [b.borrowed, b.claims, b.fees, b.insurance, b.lp, b.pending, b.payable().expect("fits")]
        {
            assert!(amount >= 0, "below zero: {b:?}");
        }
        assert!((0..=INDEX).contains(&b.claims_fraction) && (0..=INDEX).contains(&b.claims_cut), "{b:?}");
        for purse in &purses {
            assert!(purse.debt >= 0 && purse.deposit >= 0 && purse.claim.amount >= 0, "{purse:?}");
        }
        let debts: i128 = purses.iter().map(|purse| purse.debt).sum();
        assert_eq!(debts, b.borrowed, "the credit line's total is what its debtors owe");
        // Whoever comes first is not paid what others are owed.
        let due: i128 = purses.iter().map(|purse| due(&buckets, &purse.claim)).sum();
        assert!(due <= buckets.pending, "{due} of {buckets:?} {purses:?}");
        answer = Answer::Accepted;
    }
    answer
}

/// What of a claim has been set aside, rounded down.
fn due(buckets: &Buckets, claim: &Claim) -> i128 {
    if claim.epoch != buckets.claims_epoch {
        return claim.amount;
    }
    let unpaid = claim.amount.checked_mul(buckets.claims_fraction).expect("small numbers");
    claim.amount - (unpaid + claim.fraction - 1) / claim.fraction
}

/// What is there, and what it is lent against.
fn sum(buckets: &Buckets, purses: &[Purse]) -> i128 {
    buckets.net().expect("fits") + purses.iter().map(|purse| purse.deposit).sum::<i128>()
}
