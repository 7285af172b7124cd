//! A lending liquidation in closed form.

use super::number::{exact, ratio, Exact};
use super::{Account, Books, Standing, Valuation};
use margin_interface::PriceStatus;
use num_traits::{One, Signed, Zero};

/// What changes hands, token units.
#[derive(Clone, Debug)]
pub struct Seizure {
    /// Debt extinguished.
    pub repaid: Exact,
    /// To the liquidator.
    pub seized: Exact,
    /// To the protocol.
    pub fee: Exact,
    /// Whether the account could still be helped.
    pub helps: bool,
}

/// What becomes of a liquidation.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The account is above its level.
    NotLiquidatable,
    /// Another pair would help, this one does not.
    Unhelpful,
    /// It happens.
    Done(Seizure),
}

const FEE_BPS: i128 = 100;
const DUST_DOLLARS: i128 = 10;
const DUST_OF_A_PAIR: i128 = 1;

fn bps(value: u32) -> Exact {
    ratio(i128::from(value), 10_000)
}

/// `max_repay` of `debt` against the deposit of `collateral`.
pub fn liquidation(
    books: &Books,
    account: &Account,
    debt: usize,
    collateral: usize,
    max_repay: &Exact,
) -> Outcome {
    let standing = books.standing(account, Valuation::Liquidation);
    if !books.short(account).is_positive() {
        return Outcome::NotLiquidatable;
    }
    let held_config = &books.assets[collateral].config;
    let terms = |asset: usize| books.terms(asset, Valuation::Liquidation);
    let (lw, ltv) = (terms(debt).weight, terms(collateral).ltv);
    let (owed, held) = (&account.debts[&debt], &account.deposits[&collateral]);
    let debt_price = books.owed(debt, Valuation::Liquidation);
    let held_price = books.owned(collateral, Valuation::Liquidation);
    let unit = |asset: usize| exact(10i128.pow(books.assets[asset].decimals));
    let owed_value = books.dollars(debt, owed, &debt_price);
    let held_value = books.dollars(collateral, held, &held_price);

    let fee = ratio(FEE_BPS, 10_000);
    let start = ratio(100, 10_000).min(bps(held_config.max_bonus_bps));
    let helps = room(&standing, &lw, &ltv).is_positive();
    let level = &standing.liquidation / &standing.required;
    let (bonus, wanted) = if helps {
        // Past the deadline of a call an account may be above the level: the bonus is the first one there.
        let depth = (Exact::one() - &level).min(ratio(1, 10)).max(Exact::zero());
        let ramp = (bps(held_config.max_bonus_bps) - &start) * depth * exact(10);
        let bonus = (&start + ramp).min(room(&standing, &lw, &ltv));
        let slope = &lw - &ltv * (Exact::one() + &bonus + &fee) / bps(held_config.opening_bps);
        let mut wanted = if slope.is_positive() {
            ((&standing.required - &standing.opening) / slope).min(owed_value.clone())
        } else {
            owed_value.clone()
        };
        if level >= ratio(95, 100) {
            wanted = wanted.min(&owed_value / exact(2));
        }
        if &owed_value - &wanted < exact(DUST_DOLLARS) {
            wanted = owed_value.clone();
        }
        (bonus, wanted)
    } else {
        // Less than a dollar of another one helps nobody.
        let counts = |asset: usize, amount: &Exact, price: &Exact| {
            books.dollars(asset, amount, price) >= exact(DUST_OF_A_PAIR)
        };
        let held = |(held, amount): &(&usize, &Exact)| {
            trusted(books, **held) && counts(**held, amount, &books.owned(**held, Valuation::Liquidation))
        };
        let owes = |(owed, amount): &(&usize, &Exact)| {
            **owed == debt || counts(**owed, amount, &books.owed(**owed, Valuation::Liquidation))
        };
        let another = account.deposits.iter().filter(held).any(|(other, _)| {
            account
                .debts
                .iter()
                .filter(owes)
                .any(|(owed, _)| room(&standing, &terms(*owed).weight, &terms(*other).ltv).is_positive())
        });
        if another {
            return Outcome::Unhelpful;
        }
        (start, owed_value.clone())
    };
    let covered = &held_value / (Exact::one() + &bonus + &fee);
    let limit = books.dollars(debt, max_repay, &debt_price);
    let repaid = wanted.min(covered.clone()).min(limit);
    let seized = (&repaid * (Exact::one() + &bonus)).min(held_value.clone());
    let taken = &repaid * (Exact::one() + bonus + fee);
    let all = repaid >= covered || (!helps && &held_value - &taken < exact(DUST_DOLLARS));
    let taken = if all { held_value } else { taken };
    let in_units = |value: &Exact, asset: usize, price: &Exact| value / price * unit(asset);
    let seized_units = in_units(&seized, collateral, &held_price);
    Outcome::Done(Seizure {
        repaid: in_units(&repaid, debt, &debt_price),
        fee: in_units(&taken, collateral, &held_price) - &seized_units,
        seized: seized_units,
        helps,
    })
}

/// Whether what is held of an asset may be seized now, however much it is.
fn trusted(books: &Books, asset: usize) -> bool {
    let status = books.assets[asset].quote.status;
    matches!(status, PriceStatus::Live | PriceStatus::Degraded | PriceStatus::Tripped)
}

/// The bonus at which the health would no longer rise.
fn room(standing: &Standing, lw: &Exact, ltv: &Exact) -> Exact {
    if ltv.is_zero() {
        return exact(1_000_000);
    }
    &standing.effective / &standing.required * lw / ltv - Exact::one() - ratio(FEE_BPS, 10_000)
}
