//! What the ledger says, and what one step should make of it.

use super::number::{exact, to_f64, Exact};
use crate::actor::Actor;
use crate::fixture::Fixture;
use crate::listed::Listed;
use margin_interface::{AccountStatus, AssetConfig, Quote, Ramp};
use num_traits::{Signed, Zero};
use std::collections::BTreeMap;

/// Totals of an asset, token units.
#[derive(Clone, Debug)]
pub struct AssetBook {
    /// Parameters.
    pub config: AssetConfig,
    /// Of the token.
    pub decimals: u32,
    /// Its price.
    pub quote: Quote,
    /// Where the terms of existing accounts come from.
    pub ramp: Ramp,
    /// May be lent now.
    pub room: Exact,
    /// In the vault.
    pub cash: Exact,
    /// What depositors own.
    pub supplied: Exact,
    /// What borrowers owe.
    pub borrowed: Exact,
    /// The protocol's.
    pub reserves: Exact,
    /// What the vault misses.
    pub missing: Exact,
    /// Of the rate.
    pub modifier: Exact,
    /// Accrued up to, Unix seconds.
    pub updated_at: u64,
}

/// What an account owns and owes, token units, not rounded.
#[derive(Clone, Debug)]
pub struct Account {
    /// By asset.
    pub deposits: BTreeMap<usize, Exact>,
    /// By asset.
    pub debts: BTreeMap<usize, Exact>,
    /// Until when a deposit stays, by asset, Unix seconds.
    pub locks: BTreeMap<usize, u64>,
    /// How often it changed.
    pub seq: u64,
    /// What its owner has beside it, by asset.
    pub wallet: Vec<Exact>,
    /// Where it stands, and since when.
    pub stands: (AccountStatus, u64),
}

impl Default for Account {
    fn default() -> Self {
        let empty = BTreeMap::new;
        Self {
            deposits: empty(),
            debts: empty(),
            locks: BTreeMap::new(),
            seq: 0,
            wallet: Vec::new(),
            stands: (AccountStatus::Normal, 0),
        }
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Books {
    /// By the place of their tokens.
    pub assets: Vec<AssetBook>,
    /// By name.
    pub accounts: BTreeMap<String, Account>,
    /// What of the settlement asset's cash is not the lenders': providers, insurance, fees, claims.
    pub kept: Exact,
    /// Perpetual credit line.
    pub perp_borrowed: Exact,
    /// Unix seconds.
    pub now: u64,
}

/// Something that changes one account.
#[derive(Clone, Debug)]
pub enum Step {
    /// From a wallet.
    Deposit(usize, i128),
    /// To a wallet; `i128::MAX`: all.
    Withdraw(usize, i128),
    /// To a wallet.
    Borrow(usize, i128),
    /// From a wallet, at most.
    Repay(usize, i128),
    /// Out of the own deposit, at most.
    Net(usize, i128),
}

impl Step {
    /// Which asset, and how much of it.
    pub fn amount(&self) -> (usize, i128) {
        match self {
            Step::Deposit(asset, amount)
            | Step::Withdraw(asset, amount)
            | Step::Borrow(asset, amount)
            | Step::Repay(asset, amount)
            | Step::Net(asset, amount) => (*asset, *amount),
        }
    }
}

/// A share is this part of what there is: one unit and a million shares belong to nobody.
fn claim(shares: i128, total: i128, total_shares: i128) -> Exact {
    exact(shares) * exact(total + 1) / exact(total_shares + 1_000_000)
}

impl Books {
    /// Reads the ledger. The settlement asset is the first of `tokens`.
    pub fn read(f: &Fixture, tokens: &[Listed], people: &[Actor]) -> Self {
        let ledger = f.ledger();
        let records: Vec<_> = tokens.iter().map(|token| ledger.asset(&token.address)).collect();
        let assets = records
            .iter()
            .map(|record| AssetBook {
                quote: f.oracle().quote(&record.config.index),
                config: record.config.clone(),
                ramp: record.ramp,
                room: exact(record.totals.room) / exact(3_600),
                decimals: record.decimals,
                cash: exact(record.totals.cash),
                supplied: exact(record.totals.supplied),
                borrowed: exact(record.totals.borrowed),
                reserves: exact(record.totals.reserves),
                missing: exact(record.totals.pending_bad_debt),
                modifier: exact(record.totals.modifier) / exact(1_000_000_000),
                updated_at: record.totals.updated_at,
            })
            .collect();
        let accounts = people
            .iter()
            .map(|person| {
                let entry = ledger.account(&person.address);
                let wallet = tokens.iter().map(|token| exact(token.balance(f, &person.address))).collect();
                let stands = (entry.status, entry.since);
                let mut account = Account { seq: entry.seq, stands, wallet, ..Account::default() };
                for (place, (token, record)) in tokens.iter().zip(&records).enumerate() {
                    let totals = &record.totals;
                    if let Some(shares) = entry.deposits.get(token.address.clone()) {
                        let gap = (totals.pending_bad_debt - totals.reserves).max(0);
                        let backed = (totals.supplied - gap).max(0);
                        account.deposits.insert(place, claim(shares, backed, totals.supply_shares));
                    }
                    if let Some(until) = entry.locks.get(token.address.clone()) {
                        account.locks.insert(place, until);
                    }
                    if let Some(shares) = entry.debts.get(token.address.clone()) {
                        account.debts.insert(place, claim(shares, totals.borrowed, totals.borrow_shares));
                    }
                }
                (person.name.clone(), account)
            })
            .collect();
        let buckets = ledger.totals();
        let kept = buckets.lp + buckets.insurance + buckets.fees + buckets.pending - buckets.perp_borrowed;
        Self {
            assets,
            accounts,
            kept: exact(kept.max(0)),
            perp_borrowed: exact(buckets.perp_borrowed),
            now: f.now(),
        }
    }

    /// The books after `step` of `who`.
    pub fn after(&self, who: &str, step: &Step) -> Self {
        let mut books = self.clone();
        let account = books.accounts.get_mut(who).expect("somebody known");
        let zero = Exact::zero;
        let owed = |account: &Account, asset: &usize| {
            account
                .debts
                .get(asset)
                .map_or_else(zero, |debt| debt.ceil().min(self.assets[*asset].borrowed.clone()))
        };
        let held = |account: &Account, asset: &usize| {
            account.deposits.get(asset).map_or_else(zero, |deposit| deposit.floor())
        };
        match step {
            Step::Deposit(asset, amount) => {
                *account.deposits.entry(*asset).or_insert_with(zero) += exact(*amount);
                let book = &mut books.assets[*asset];
                book.supplied += exact(*amount);
                book.cash += exact(*amount);
            }
            Step::Withdraw(asset, amount) => {
                let amount = if *amount == i128::MAX { held(account, asset) } else { exact(*amount) };
                let all = held(account, asset) == amount;
                take(&mut account.deposits, *asset, &amount, all);
                let book = &mut books.assets[*asset];
                book.supplied -= &amount;
                book.cash -= amount;
            }
            Step::Borrow(asset, amount) => {
                *account.debts.entry(*asset).or_insert_with(zero) += exact(*amount);
                let book = &mut books.assets[*asset];
                book.borrowed += exact(*amount);
                book.cash -= exact(*amount);
            }
            Step::Repay(asset, most) => {
                let amount = exact(*most).min(owed(account, asset));
                let all = owed(account, asset) == amount;
                take(&mut account.debts, *asset, &amount, all);
                let book = &mut books.assets[*asset];
                book.borrowed -= &amount;
                book.cash += amount;
            }
            Step::Net(asset, most) => {
                let amount = exact(*most).min(owed(account, asset)).min(held(account, asset));
                let (all_held, all_owed) = (held(account, asset) == amount, owed(account, asset) == amount);
                take(&mut account.deposits, *asset, &amount, all_held);
                take(&mut account.debts, *asset, &amount, all_owed);
                let book = &mut books.assets[*asset];
                book.supplied -= &amount;
                book.borrowed -= amount;
            }
        }
        books
    }

    /// What of `step` moves tokens, token units: what arrives, leaves or is repaid.
    pub fn moved(&self, who: &str, step: &Step) -> Exact {
        let after = self.after(who, step);
        let (asset, _) = step.amount();
        let (before, after) = (&self.assets[asset], &after.assets[asset]);
        match step {
            Step::Net(..) => &before.borrowed - &after.borrowed,
            _ => (&before.cash - &after.cash).abs(),
        }
    }

    /// Compares with what the ledger says. Everybody's deposit may differ by `slack` units and the value of rounding;
    /// whoever acted (`actor`) never gains: his deposit is not larger than here, his debt not smaller.
    #[track_caller]
    pub fn agree(&self, actual: &Books, actor: &str, slack: i128) {
        let near = |what: &str, expected: &Exact, actual: &Exact, slack: &Exact| {
            let distance = (expected - actual).abs();
            assert!(
                distance <= *slack,
                "MODEL {what}: expected {} and found {}, off by {}",
                to_f64(expected),
                to_f64(actual),
                to_f64(&distance)
            );
        };
        let slack = exact(slack);
        for (place, (expected, actual)) in self.assets.iter().zip(&actual.assets).enumerate() {
            near(&format!("cash of {place}"), &expected.cash, &actual.cash, &Exact::zero());
            near(&format!("supplied of {place}"), &expected.supplied, &actual.supplied, &slack);
            near(&format!("borrowed of {place}"), &expected.borrowed, &actual.borrowed, &slack);
            near(&format!("reserves of {place}"), &expected.reserves, &actual.reserves, &slack);
        }
        for (name, expected) in &self.accounts {
            let found = &actual.accounts[name];
            for (what, ours, theirs) in
                [("deposit", &expected.deposits, &found.deposits), ("debt", &expected.debts, &found.debts)]
            {
                for place in ours.keys().chain(theirs.keys()) {
                    let value =
                        |map: &BTreeMap<usize, Exact>| map.get(place).cloned().unwrap_or_else(Exact::zero);
                    let (expected, found) = (value(ours), value(theirs));
                    let label = format!("{what} {place} of {name}");
                    near(&label, &expected, &found, &slack);
                    if name == actor {
                        // A rest below a unit that is given up or forgiven is the one rounding that goes both ways.
                        let gain = if what == "deposit" { &found - &expected } else { &expected - &found };
                        assert!(gain <= sliver(), "MODEL {label}: {name} gained {} units", to_f64(&gain));
                    }
                }
            }
        }
    }
}

/// What the rounding of others' shares may be worth to somebody: far below a unit.
fn sliver() -> Exact {
    exact(1) / exact(1_000)
}

fn take(map: &mut BTreeMap<usize, Exact>, asset: usize, amount: &Exact, all: bool) {
    if all {
        map.remove(&asset);
    } else if let Some(left) = map.get_mut(&asset) {
        *left -= amount;
    }
}
