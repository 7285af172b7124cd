//! What time permits: how much of an asset may be lent now, and which deposits may leave.
//!
//! Kept beside the ledger from event to event, never read from it after the beginning.

use super::number::{exact, ratio, Exact};
use super::{AssetBook, Books, Step};
use num_traits::Zero;
use std::collections::BTreeMap;

/// Seconds in which the whole window comes back.
const HOUR: i128 = 3_600;

/// A market that is new has the window of this part of its borrow cap.
const LEAST: (i128, i128) = (1, 20);

/// The bounds of every asset and every deposit.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// What may be lent, token units, by asset.
    room: Vec<Exact>,
    /// Until when a deposit stays, Unix seconds.
    locks: BTreeMap<(String, usize), Exact>,
    /// Unix seconds.
    at: u64,
}

impl Bounds {
    /// What the books say at the beginning.
    pub fn of(books: &Books) -> Self {
        let mut locks = BTreeMap::new();
        for (name, account) in &books.accounts {
            for (place, until) in &account.locks {
                locks.insert((name.clone(), *place), exact(i128::from(*until)));
            }
        }
        Self { room: books.assets.iter().map(|asset| asset.room.clone()).collect(), locks, at: books.now }
    }

    /// Room comes back at a constant rate, up to the window.
    pub fn pass(&mut self, books: &Books) {
        let elapsed = i128::from(books.now - self.at).min(HOUR);
        self.at = books.now;
        for (room, asset) in self.room.iter_mut().zip(&books.assets) {
            let most = window(asset, &asset.supplied);
            if elapsed > 0 {
                *room = (&*room + &most * ratio(elapsed, HOUR)).min(most);
            }
        }
    }

    /// What may still be lent of an asset; negative: too much was.
    pub fn room(&self, asset: usize) -> &Exact {
        &self.room[asset]
    }

    /// Seconds that the deposit of an account still stays.
    pub fn stays(&self, who: &str, asset: usize) -> Exact {
        let until = self.locks.get(&(who.to_string(), asset)).cloned().unwrap_or_else(Exact::zero);
        (until - exact(i128::from(self.at))).max(Exact::zero())
    }

    /// What a step of `who` does, whose books were `before` and of which `moved` units moved. `own`: his own money.
    pub fn apply(&mut self, before: &Books, who: &str, own: bool, step: &Step, moved: &Exact) {
        match step {
            Step::Deposit(asset, amount) => {
                let term = exact(i128::from(before.assets[*asset].config.min_deposit_seconds));
                if term > Exact::zero() {
                    let held = before.accounts[who].deposits.get(asset).cloned().unwrap_or_else(Exact::zero);
                    let left = self.stays(who, *asset);
                    let longer = (&term - &left).max(Exact::zero());
                    let more = longer * exact(*amount) / (held + exact(*amount));
                    let more = if own { more.ceil() } else { more.floor() };
                    self.locks.insert((who.to_string(), *asset), exact(i128::from(self.at)) + left + more);
                }
            }
            Step::Withdraw(asset, _) => {
                self.locks.remove(&(who.to_string(), *asset));
            }
            Step::Borrow(asset, _) => {
                self.lend(&before.assets[*asset], *asset, &Exact::zero(), &-moved.clone())
            }
            Step::Repay(asset, _) => self.repaid(before, *asset, moved),
            Step::Net(asset, _) => self.lend(&before.assets[*asset], *asset, moved, moved),
        }
    }

    /// Somebody repaid what he or another one owed.
    pub fn repaid(&mut self, before: &Books, asset: usize, units: &Exact) {
        self.lend(&before.assets[asset], asset, &Exact::zero(), units);
    }

    /// Room changes by `given` when `left` of what was supplied is gone, and is never beyond the window.
    fn lend(&mut self, book: &AssetBook, asset: usize, left: &Exact, given: &Exact) {
        let most = window(book, &(&book.supplied - left));
        self.room[asset] = (&self.room[asset] + given).min(most);
    }

    /// An account is somewhere else now.
    pub fn moved(&mut self, from: &str, to: &str) {
        let taken: Vec<_> = self.locks.keys().filter(|(name, _)| name == from).cloned().collect();
        for key in taken {
            if let Some(until) = self.locks.remove(&key) {
                self.locks.insert((to.to_string(), key.1), until);
            }
        }
    }

    /// I25, I26: compares with what the ledger says of the `windowed` assets; locks to two seconds of rounding.
    #[track_caller]
    pub fn agree(&self, actual: &Books, windowed: &[usize]) {
        let actual = Self::of(actual);
        for &asset in windowed {
            let (ours, theirs) = (&self.room[asset], &actual.room[asset]);
            let off = if ours > theirs { ours - theirs } else { theirs - ours };
            // The window is a part of what is supplied, which interest moves.
            let slack = exact(3) + ours.max(theirs) / exact(10_000);
            assert!(off <= slack, "I25 room of {asset}: expected {ours} and found {theirs}");
        }
        for (key, until) in &self.locks {
            let now = exact(i128::from(self.at));
            let found = actual.locks.get(key).cloned().unwrap_or_else(Exact::zero).max(now.clone());
            let expected = until.clone().max(now);
            let off = if expected > found { expected - found } else { found - expected };
            assert!(off <= exact(2), "I26 lock of {key:?}: off by {off} seconds");
        }
    }
}

/// By how much debts may grow within an hour when so much is supplied.
fn window(asset: &AssetBook, supplied: &Exact) -> Exact {
    let least = (exact(asset.config.borrow_cap) * ratio(LEAST.0, LEAST.1)).floor();
    (least.max(supplied.clone()) * ratio(i128::from(asset.config.outflow_bps), 10_000)).floor()
}
