//! What lenders and borrowers do.

use super::{Played, Stage};
use margin_interface::{AccountStatus, Action, LedgerError, PriceStatus};
use margin_tests::actor::Actor;
use margin_tests::model::{exact, ratio, Books, Exact, Step, Valuation};
use margin_tests::random::Dice;
use num_traits::{Signed, ToPrimitive, Zero};
use soroban_sdk::Vec as HostVec;
use std::collections::BTreeMap;

impl Stage<'_> {
    pub fn actor(&self, dice: &mut Dice) -> &Actor {
        dice.pick(&self.people)
    }

    pub fn part(&self, dice: &mut Dice, available: i128) -> Option<i128> {
        let units = available / 100 * dice.between(5, 60) + available % 100 / 2;
        (units > 0).then_some(units)
    }

    pub fn deposit(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let amount = self.part(dice, self.wallet(place, who))?;
        let config = &self.books().assets[place].config;
        let full = self.books().assets[place].supplied.clone() + exact(amount) > exact(config.supply_cap);
        if (full || !config.enabled) && !self.probes(dice) {
            return None;
        }
        let tx = self.tokens[place].deposit(self.f, who, amount);
        let asset = &self.tokens[place].address;
        let expected = self.f.vault().try_preview_deposit(&who.address, &who.address, asset, &amount);
        Some(self.step("deposit", who, &[Step::Deposit(place, amount)], tx, move |shares| {
            assert_eq!(expected, Ok(Ok(shares)), "preview of a deposit");
            None
        }))
    }

    pub fn withdraw(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let books = self.books();
        let account = &books.accounts[&who.name];
        let places: Vec<usize> = account.deposits.keys().copied().collect();
        if places.is_empty() {
            return None;
        }
        let place = *dice.pick(&places);
        if !self.may_leave(who, place) && !self.probes(dice) {
            return None;
        }
        let held = account.deposits[&place].to_integer().to_i128()?;
        let bound = !account.debts.is_empty();
        let amount = if !bound && dice.chance(30) {
            i128::MAX
        } else {
            self.part(dice, if bound { held / 3 } else { held })?
        };
        let tx = self.tokens[place].withdraw(self.f, who, amount, &who.address);
        // I14: without a debt everybody may leave with what is there, whatever the oracle says.
        let free = !bound;
        let played =
            self.step("withdraw", who, &[Step::Withdraw(place, amount)], tx, |moved| Some(vec![moved]));
        if let (true, Some(reason)) = (free, &played.refused) {
            let known = [
                LedgerError::InsufficientLiquidity,
                LedgerError::AssetFrozen,
                LedgerError::DepositLocked,
                LedgerError::AccountFlagged,
            ];
            let known = known.map(|error| (error as u32).to_string());
            assert!(known.contains(reason), "I14 {}: {reason}", played.detail);
        }
        Some(played)
    }

    pub fn borrow(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let books = self.books();
        let standing = books.standing(&books.accounts[&who.name], Valuation::Open);
        let weight = ratio(i128::from(books.assets[place].config.lw_bps), 10_000);
        let free = (&standing.opening - &standing.required) / weight;
        if !free.is_positive() {
            return None;
        }
        // Mostly within the limits, sometimes beyond them.
        let probes = self.probes(dice);
        let percent = if probes { dice.between(90, 150) } else { dice.between(20, 95) };
        if !probes && !self.may_borrow(who, place) {
            return None;
        }
        let price = books.owed(place, Valuation::Open);
        if price.is_zero() {
            return None;
        }
        let units = free * ratio(percent, 100) / price * exact(10i128.pow(self.tokens[place].decimals));
        let mut amount = units.floor().to_integer().to_i128()?;
        if !probes {
            amount = amount.min(self.lendable(&books, place));
        }
        if amount <= 0 {
            return None;
        }
        let tx = self.tokens[place].borrow(self.f, who, amount);
        Some(self.step("borrow", who, &[Step::Borrow(place, amount)], tx, |()| None))
    }

    pub fn debt(&self, dice: &mut Dice, who: &Actor) -> Option<(usize, i128)> {
        let books = self.books();
        let debts: Vec<(usize, Exact)> = books.accounts[&who.name].debts.clone().into_iter().collect();
        if debts.is_empty() {
            return None;
        }
        let (place, owed) = dice.pick(&debts);
        Some((*place, owed.ceil().to_integer().to_i128()?))
    }

    pub fn repay(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let (place, owed) = self.debt(dice, who)?;
        let wanted = if dice.chance(40) { owed + owed / 20 + 1 } else { self.part(dice, owed)? };
        let amount = wanted.min(self.wallet(place, who));
        if amount <= 0 {
            return None;
        }
        let expected = self.f.vault().preview_repay(&who.address, &self.tokens[place].address, &amount);
        let tx = self.tokens[place].repay(self.f, who, amount);
        let played = self.step("repay", who, &[Step::Repay(place, amount)], tx, move |repaid| {
            assert_eq!(repaid, expected, "preview of a repayment");
            Some(vec![repaid])
        });
        self.always(&played);
        Some(played)
    }

    /// I13: what only helps is never refused.
    pub fn always(&self, played: &Played) {
        assert_eq!(played.refused, None, "I13 {}", played.detail);
    }

    pub fn net(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let (place, owed) = self.debt(dice, who)?;
        if !self.books().accounts[&who.name].deposits.contains_key(&place) {
            return None;
        }
        let amount = if dice.chance(30) { owed + 1 } else { self.part(dice, owed)? };
        let tx = self.tokens[place].repay_with_collateral(self.f, who, amount);
        let last = self.books().accounts[&who.name].deposits.len() == 1;
        if last {
            // The rest of the debts may be lost with the last deposit: the model of that is the liquidation's.
            return None;
        }
        let played = self
            .step("repay_with_collateral", who, &[Step::Net(place, amount)], tx, |moved| Some(vec![moved]));
        self.always(&played);
        Some(played)
    }

    /// I28: a batch is its steps, one after the other.
    pub fn batch(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let probes = self.probes(dice);
        let (mut steps, mut requests) = (Vec::new(), Vec::new());
        let books = self.books();
        for _ in 0..dice.between(2, 4) {
            let place = self.place(dice);
            let asset = self.tokens[place].address.clone();
            let amount = self.part(dice, self.wallet(place, who) / 5)?;
            let config = &books.assets[place].config;
            let fits = &books.assets[place].supplied + exact(2 * amount) <= exact(config.supply_cap);
            let sensible = fits && self.may_borrow(who, place);
            if !probes && !sensible {
                return None;
            }
            steps.push(Step::Deposit(place, amount));
            requests.push(Action::Deposit(asset.clone(), amount));
            // What is locked by this very batch neither leaves nor is lent.
            if config.min_deposit_seconds > 0 && !probes {
                continue;
            }
            if dice.chance(50) {
                steps.push(Step::Withdraw(place, amount / 2 + 1));
                requests.push(Action::Withdraw(asset, amount / 2 + 1));
            } else {
                let lent = (amount / 4 + 1).min(self.lendable(&books, place) / 4).max(1);
                steps.push(Step::Borrow(place, lent));
                requests.push(Action::Borrow(asset, lent));
            }
        }
        let spent: BTreeMap<usize, i128> = steps.iter().fold(BTreeMap::new(), |mut spent, step| {
            if let Step::Deposit(place, amount) = step {
                *spent.entry(*place).or_default() += amount;
            }
            spent
        });
        if spent.iter().any(|(place, amount)| *amount > self.wallet(*place, who)) {
            return None;
        }
        let tx = who.submit(&requests);
        Some(self.step("submit", who, &steps, tx, |moved: HostVec<i128>| Some(moved.iter().collect())))
    }

    // ---- what a sensible caller looks at -----------------------------------------------------------------------------------

    /// Now and then somebody asks for what he cannot have.
    fn probes(&self, dice: &mut Dice) -> bool {
        dice.chance(5)
    }

    /// What may leave: not flagged, not locked, not frozen, and live prices under a debt.
    pub fn may_leave(&self, who: &Actor, place: usize) -> bool {
        let books = self.books();
        let account = &books.accounts[&who.name];
        let held = account.deposits.keys().chain(account.debts.keys());
        let live = held.into_iter().all(|place| books.assets[*place].quote.status == PriceStatus::Live);
        let locked = account.locks.get(&place).is_some_and(|until| *until > books.now);
        let flagged = account.stands.0 == AccountStatus::Flagged;
        let frozen = books.assets[place].missing.is_positive();
        (live || account.debts.is_empty()) && !locked && !flagged && !frozen
    }

    fn may_borrow(&self, who: &Actor, place: usize) -> bool {
        let asset = &self.books().assets[place];
        let live = asset.quote.status == PriceStatus::Live;
        self.may_leave(who, place) && live && asset.config.enabled
    }

    /// What the bounds of an asset leave to be lent, token units.
    fn lendable(&self, books: &Books, place: usize) -> i128 {
        let asset = &books.assets[place];
        let part = ratio(i128::from(asset.config.max_utilisation_bps), 10_000);
        let utilised = (&asset.supplied + &asset.reserves) * part - &asset.borrowed;
        let capped = exact(asset.config.borrow_cap) - &asset.borrowed;
        let mut most = utilised
            .min(capped)
            .min(asset.cash.clone() - if place == 0 { books.kept.clone() } else { Exact::zero() });
        if asset.config.outflow_bps < 10_000 {
            let mut bounds = self.bounds.borrow_mut();
            bounds.pass(books);
            most = most.min(bounds.room(place) * ratio(99, 100) - exact(1));
        }
        most.floor().to_integer().to_i128().unwrap_or(0)
    }
}
