//! Who is paid from which bucket, and what happens to whom when there is not enough.

use crate::model::number::{exact, ratio, trimmed, Exact};
use margin_interface::Settlement;
use num_traits::{One, Zero};
use std::collections::BTreeMap;

/// Of a fee, the part of insurance and the part of the protocol.
const FEE_PARTS: (i128, i128) = (2_000, 1_000);
/// Of insurance, what one account may cost.
const ACCOUNT_PART: i128 = 1_000;
/// Of insurance, what the accounts of one market may cost in a day.
const MARKET_PART: i128 = 2_000;
/// Of insurance, what may go in a day.
const DAY_PART: i128 = 5_000;

/// Cash, credit line and claims, settlement units.
#[derive(Clone, Debug)]
pub struct Buckets {
    /// `L`: the providers', lent or not.
    pub lp: Exact,
    /// `I`.
    pub insurance: Exact,
    /// `F`.
    pub fees: Exact,
    /// `H`: set aside for winners who wait.
    pub pending: Exact,
    /// Lent to losers.
    pub borrowed: Exact,
    /// What winners wait for.
    pub claims: Exact,
    /// How often all claims were paid.
    pub epoch: u32,
    /// Share of the epoch's claims that is unpaid.
    pub fraction: Exact,
    /// Largest share of a gain that somebody who waits still lacks.
    pub cut: Exact,
    /// What all winners were owed when a gain was last cut deeper than any before.
    pub owed: Exact,
    /// UTC day of `spent`.
    pub day: u64,
    /// Paid by insurance that day.
    pub spent: Exact,
    /// Of it, for each market; under an empty name what no market brought to light.
    pub spent_in: BTreeMap<String, Exact>,
}

/// What one account has to settle with.
#[derive(Clone, Debug)]
pub struct Purse {
    /// Settlement deposit.
    pub deposit: Exact,
    /// Owed to the credit line.
    pub debt: Exact,
    /// Waited for, when last touched; at which unpaid share, in which epoch.
    pub claim: (Exact, Exact, u32),
}

fn bps(amount: &Exact, part: i128) -> Exact {
    amount * ratio(part, 10_000)
}

fn least<const N: usize>(amounts: [&Exact; N]) -> Exact {
    amounts.into_iter().min().expect("several").clone().max(Exact::zero())
}

impl Buckets {
    /// As the ledger says.
    pub fn read(said: &Settlement) -> Self {
        Self {
            lp: exact(said.lp),
            insurance: exact(said.insurance),
            fees: exact(said.fees),
            pending: exact(said.pending),
            borrowed: exact(said.perp_borrowed),
            claims: exact(said.claims),
            epoch: said.claims_epoch,
            fraction: ratio(said.claims_fraction, 1_000_000_000_000_000_000),
            cut: ratio(said.claims_cut, 1_000_000_000_000_000_000),
            owed: Exact::zero(),
            day: said.insurance_day,
            spent: exact(said.insurance_spent),
            spent_in: said
                .insurance_markets
                .iter()
                .map(|(name, spent)| (name.to_string(), exact(spent)))
                .collect(),
        }
    }

    /// What `L` can pay.
    pub fn payable(&self) -> Exact {
        &self.lp - &self.borrowed
    }

    /// A loss burns the deposit; what that does not cover is lent.
    pub fn lose(&mut self, purse: &mut Purse, loss: &Exact) {
        let burnt = least([loss, &purse.deposit]);
        let lent = loss - &burnt;
        purse.deposit -= &burnt;
        purse.debt += &lent;
        self.borrowed += &lent;
        self.lp += loss;
    }

    /// A gain extinguishes debt, is paid as far as everybody who may still ask could be paid the same share, and no more than
    /// those who wait have had; the rest is a claim.
    pub fn gain(&mut self, purse: &mut Purse, gain: &Exact, winners: &Exact) {
        let offset = least([gain, &purse.debt, &self.borrowed]);
        purse.debt -= &offset;
        self.borrowed -= &offset;
        self.lp -= &offset;
        let due = gain - &offset;
        let all = &due + winners;
        let payable = self.payable().max(Exact::zero());
        let paid = if payable >= all { due.clone() } else { trimmed(&due * &payable / &all) };
        let paid = paid.min(&due * (Exact::one() - &self.cut));
        self.lp -= &paid;
        purse.deposit += &paid;
        let rest = due.clone() - paid;
        if !rest.is_zero() {
            self.collect(purse);
            let lacks = trimmed((&all - payable) / &all);
            if lacks > self.cut {
                (self.cut, self.owed) = (lacks, all);
            }
            self.claims += &rest;
            purse.claim = (&purse.claim.0 + rest, self.fraction.clone(), self.epoch);
        }
    }

    /// A fee is split as far as the deposit covers it; the rest is lent and stays in `L`.
    pub fn charge(&mut self, purse: &mut Purse, fee: &Exact) {
        let covered = least([fee, &purse.deposit]);
        purse.deposit -= &covered;
        let (insurance, protocol) = (bps(&covered, FEE_PARTS.0), bps(&covered, FEE_PARTS.1));
        self.lp += &covered - &insurance - &protocol;
        self.insurance += insurance;
        self.fees += protocol;
        let rest = fee - covered;
        self.lose(purse, &rest);
    }

    /// The fee of a take-over: from the deposit, then lent as far as `L` can. Half goes to insurance; returns the other half,
    /// the liquidator's.
    pub fn charge_liquidation(&mut self, purse: &mut Purse, fee: &Exact) -> Exact {
        let burnt = least([fee, &purse.deposit]);
        let lent = least([&(fee - &burnt), &self.payable()]);
        purse.deposit -= &burnt;
        purse.debt += &lent;
        self.borrowed += &lent;
        let half = (burnt + lent) / exact(2);
        self.insurance += &half;
        half
    }

    /// What `L` has beyond what open winners are owed goes to those who wait.
    pub fn relieve(&mut self, winners: &Exact) {
        if self.claims.is_zero() {
            return;
        }
        let relief = least([&(self.payable() - winners), &self.claims]);
        let left = &self.claims - &relief;
        self.lp -= &relief;
        self.pending += &relief;
        self.fraction = trimmed(&self.fraction * &left / &self.claims);
        self.cut = trimmed(&self.cut * &left / &self.claims);
        self.wait_for(left);
    }

    fn wait_for(&mut self, left: Exact) {
        self.claims = left;
        if self.claims.is_zero() {
            self.epoch += 1;
            (self.cut, self.fraction) = (Exact::zero(), Exact::one());
        }
    }

    /// Pays the account what is set aside for it. Returns the amount.
    pub fn collect(&mut self, purse: &mut Purse) -> Exact {
        let (amount, then, epoch) = &purse.claim;
        let unpaid = if amount.is_zero() || *epoch != self.epoch {
            Exact::zero()
        } else {
            trimmed(amount * &self.fraction / then)
        };
        let paid = least([&(amount - &unpaid), &self.pending]);
        purse.claim = (amount - &paid, self.fraction.clone(), self.epoch);
        self.pending -= &paid;
        purse.deposit += &paid;
        paid
    }

    /// Writes off what the account owes, as `market` brought it to light: what it waits for itself, then insurance within its
    /// rations, then the providers.
    pub fn write_off(&mut self, purse: &mut Purse, market: &str, today: u64) {
        self.collect(purse);
        let paid = least([&purse.deposit, &purse.debt, &self.borrowed]);
        purse.deposit -= &paid;
        let forgone =
            least([&purse.claim.0, &(&purse.debt - &paid), &(&self.borrowed - &paid), &self.claims]);
        self.lp -= &forgone;
        purse.claim.0 -= &forgone;
        let extinguished = &paid + &forgone;
        purse.debt -= &extinguished;
        self.borrowed -= &extinguished;
        if !forgone.is_zero() {
            let left = &self.claims - &forgone;
            self.wait_for(left);
        }
        if self.day != today {
            (self.day, self.spent) = (today, Exact::zero());
            self.spent_in.clear();
        }
        let lost = least([&purse.debt, &self.borrowed]);
        let began = &self.insurance + &self.spent;
        let day = bps(&began, DAY_PART) - &self.spent;
        let spent = self.spent_in.entry(market.to_owned()).or_default();
        let here = bps(&began, MARKET_PART) - &*spent;
        let insured = least([&lost, &self.insurance, &bps(&self.insurance, ACCOUNT_PART), &day, &here]);
        self.insurance -= &insured;
        self.spent += &insured;
        *spent += &insured;
        self.lp -= &lost - insured;
        self.borrowed -= lost;
        purse.debt = Exact::zero();
    }
}
