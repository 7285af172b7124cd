//! What others may do to an account: keepers, delegates, strangers, and the account that it moves to.

use super::step::Deed;
use super::{reason, Played, Stage, CLOSE};
use margin_interface::{
    permissions, AccountStatus, Action, DeleverageReport, LedgerError, PriceStatus, VaultError,
};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::model::{exact, ratio, Account, Books, Exact, Step, Valuation};
use margin_tests::random::Dice;
use margin_tests::tx::Tx;
use num_traits::{Signed, Zero};
use soroban_sdk::{Address, Env, IntoVal, TryFromVal, Val, Vec as HostVec};

impl Stage<'_> {
    fn of_nobody<T: TryFromVal<Env, Val>>(&self, function: &str, account: &Address) -> Tx<T> {
        let call = Invocation::new(&self.f.contracts().ledger, function, (account,).into_val(&self.f.env));
        Tx::new(self.f, call)
    }

    /// What a verdict on an account may be off by: units, and basis points on their way.
    fn slack(&self, books: &Books, who: &Actor) -> Exact {
        let account = &books.accounts[&who.name];
        let units = account
            .deposits
            .keys()
            .chain(account.debts.keys())
            .map(|place| books.dollars(*place, &exact(2), &books.owed(*place, Valuation::Open)));
        let ramped = &books.standing(account, Valuation::Liquidation).required * ratio(3, 10_000);
        units.fold(ratio(CLOSE.0, CLOSE.1) + ramped, |sum, unit| sum + unit)
    }

    fn quotes(&self, books: &Books, who: &Actor) -> Vec<PriceStatus> {
        let account = &books.accounts[&who.name];
        let places = account.deposits.keys().chain(account.debts.keys());
        places.map(|place| books.assets[*place].quote.status).collect()
    }

    /// Whether prices say that an account is at its level: each is live, or none matters.
    fn is_certain(&self, books: &Books, who: &Actor) -> bool {
        let free = books.accounts[&who.name].debts.is_empty();
        free || self.quotes(books, who).iter().all(|status| *status == PriceStatus::Live)
    }

    /// By how much an account is below its margin-call level, dollars; where a price is not live, at its better ends.
    fn below_call(&self, books: &Books, who: &Actor) -> Exact {
        let valuation = if self.is_certain(books, who) { Valuation::Live } else { Valuation::Liquidation };
        let standing = books.standing(&books.accounts[&who.name], valuation);
        standing.required - standing.call
    }

    /// I23: whatever changed an account ends its call if it left it at its level, and else leaves it as it was. `opened`: it
    /// passed the opening level.
    pub fn call_stands(&self, was: &Account, after: &Books, who: &Actor, opened: bool, detail: &str) {
        let is = &after.accounts[&who.name];
        let below = self.below_call(after, who);
        let ended = was.stands.0 == AccountStatus::MarginCall && opened
            || after.call(was).is_some() && self.is_certain(after, who) && !below.is_positive();
        let close = !is.debts.is_empty() && below.abs() <= self.slack(after, who);
        let expected = if ended { (AccountStatus::Normal, after.now) } else { was.stands };
        assert!(close || is.stands == expected, "I23 {detail}: {:?} instead of {expected:?}", is.stands);
    }

    /// I23: a call is made below the level, once per episode, and ends above it.
    pub fn call_for_margin(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let before = self.books();
        let account = &before.accounts[&who.name];
        let stored = account.stands.0;
        let below = self.below_call(&before, who);
        if !below.is_positive() && stored != AccountStatus::MarginCall && !dice.chance(5) {
            return None;
        }
        let close = below.abs() <= self.slack(&before, who) && !account.debts.is_empty();
        let expected = match stored {
            AccountStatus::Flagged => Err(LedgerError::AccountFlagged as u32),
            _ if below.is_positive() => Ok(before.call(account).unwrap_or(before.now + 3_600)),
            _ if !self.is_certain(&before, who) => Err(LedgerError::PriceNotUsable as u32),
            AccountStatus::MarginCall => Ok(0),
            AccountStatus::Normal => Err(LedgerError::AccountHealthy as u32),
        };
        let outcome = self.of_nobody::<u64>("margin_call", &who.address).submit();
        self.changed();
        let found = outcome.as_ref().map(|deadline| *deadline).map_err(|failure| failure.code.unwrap_or(0));
        assert!(close || found == expected, "I23 {}: expected {expected:?} and found {found:?}", who.name);
        if let Ok(deadline) = found {
            let expected = match deadline {
                0 => (AccountStatus::Normal, before.now),
                deadline => (AccountStatus::MarginCall, deadline - 3_600),
            };
            assert_eq!(self.books().accounts[&who.name].stands, expected, "I23 {}", who.name);
        }
        Some(self.done("margin_call", who, outcome.err().map(|failure| reason(&failure))))
    }

    /// I17: only who may be liquidated is flagged, and only who is above his call level again is not any more.
    pub fn flag(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let before = self.books();
        let account = &before.accounts[&who.name];
        let flagged = account.stands.0 == AccountStatus::Flagged;
        let (function, level, expected) = if flagged {
            let standing = before.standing(account, Valuation::Live);
            let usable = [PriceStatus::Live, PriceStatus::Degraded, PriceStatus::Grace, PriceStatus::Tripped];
            let priced = self.quotes(&before, who).iter().all(|status| usable.contains(status));
            let above = &standing.call - &standing.required;
            let expected = if account.debts.is_empty() || (priced && !above.is_negative()) {
                None
            } else if priced {
                Some(LedgerError::InsufficientMargin as u32)
            } else {
                Some(LedgerError::PriceNotUsable as u32)
            };
            ("unflag", above, expected)
        } else {
            let standing = before.standing(account, Valuation::Liquidation);
            let short = &standing.required - &standing.liquidation;
            let expected = if short.is_positive() { None } else { Some(LedgerError::NotLiquidatable as u32) };
            ("flag", short, expected)
        };
        if expected.is_some() && !dice.chance(3) {
            return None;
        }
        let close = level.abs() <= self.slack(&before, who);
        let outcome = self.of_nobody::<()>(function, &who.address).submit();
        self.changed();
        let found = outcome.as_ref().err().map(|failure| failure.code.unwrap_or(0));
        assert!(close || found == expected, "I17 {function} {}: {expected:?}, found {found:?}", who.name);
        Some(self.done(function, who, outcome.err().map(|failure| reason(&failure))))
    }

    /// I26: a stranger adds to what somebody holds, and prolongs nothing beyond the weight of what he adds.
    pub fn gift(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let books = self.books();
        let held = books.accounts[&who.name].deposits.get(&place)?.to_integer();
        let config = &books.assets[place].config;
        let fits = !books.assets[place].missing.is_positive() && config.enabled;
        let wallet = self.wallet(place, &self.keeper);
        let all = i128::try_from(held).ok()?;
        let amount = if dice.chance(60) { 1 } else { self.part(dice, all / 10)? };
        if !fits
            || amount > wallet
            || books.assets[place].supplied.clone() + exact(amount) > exact(config.supply_cap)
        {
            return None;
        }
        let (vault, token) = (&self.f.contracts().vault, &self.tokens[place]);
        let args = (&self.keeper.address, &who.address, &token.address, amount).into_val(&self.f.env);
        let pull = token.transfer_call(self.f, &self.keeper, vault, amount);
        let tx = self.keeper.submits::<i128>(Invocation::new(vault, "deposit", args).with(pull));
        let steps = [Step::Deposit(place, amount)];
        let deed = Deed { name: "gift", who, payer: &self.keeper, steps: &steps, permitted: true };
        Some(self.deed(&deed, tx, |_| None))
    }

    /// I29: a delegate does what it was granted, as long as it was granted, and the account's margin binds it.
    pub fn delegate_acts(&self, dice: &mut Dice) -> Option<Played> {
        let who = &self.people[usize::try_from(dice.between(0, 2)).expect("small")];
        let now = self.f.now();
        let granted = self.grants.borrow().get(&who.name).copied().filter(|(_, until)| now < *until);
        let Some((mask, _)) = granted else {
            let mask = *dice.pick(&[
                permissions::WITHDRAW,
                permissions::REDUCE_ONLY,
                permissions::MODIFY_COLLATERAL,
                permissions::WITHDRAW | permissions::REDUCE_ONLY,
                permissions::ADMIN,
            ]);
            let until = now + u64::try_from(dice.between(600, 400_000)).expect("positive");
            who.grant(&self.delegate, mask, until).ok();
            self.changed();
            self.grants.borrow_mut().insert(who.name.clone(), (mask, until));
            return Some(self.done("grant", who, None));
        };
        let books = self.books();
        let account = &books.accounts[&who.name];
        let place = self.place(dice);
        let asset = self.tokens[place].address.clone();
        let wallet = self.wallet(place, &self.delegate);
        let (needs, step, action) = match dice.between(1, 3) {
            1 => {
                let amount = self.part(dice, wallet / 4)?;
                let asset_book = &books.assets[place];
                let fits = asset_book.supplied.clone() + exact(amount) <= exact(asset_book.config.supply_cap);
                if !fits || !asset_book.config.enabled || asset_book.missing.is_positive() {
                    return None;
                }
                (permissions::MODIFY_COLLATERAL, Step::Deposit(place, amount), Action::Deposit(asset, amount))
            }
            2 => {
                let held = i128::try_from(account.deposits.get(&place)?.to_integer()).ok()?;
                let amount = self.part(dice, held / 5)?;
                if !self.may_leave(who, place) {
                    return None;
                }
                (permissions::WITHDRAW, Step::Withdraw(place, amount), Action::Withdraw(asset, amount))
            }
            _ => {
                let owed = i128::try_from(account.debts.get(&place)?.ceil().to_integer()).ok()?;
                let amount = self.part(dice, owed)?.min(wallet);
                if amount <= 0 {
                    return None;
                }
                (permissions::REDUCE_ONLY, Step::Repay(place, amount), Action::Repay(asset, amount))
            }
        };
        let permitted = mask & permissions::ADMIN != 0 || mask & needs != 0;
        if !permitted && !dice.chance(20) {
            return None;
        }
        let tx = self.delegate.submit_for(who, &[action]);
        let steps = [step];
        let deed = Deed { name: "delegate", who, payer: &self.delegate, steps: &steps, permitted };
        let played = self.deed(&deed, tx, |moved: HostVec<i128>| Some(moved.iter().collect()));
        let refused = (VaultError::NotPermitted as u32).to_string();
        assert_eq!(played.refused.as_ref() == Some(&refused), !permitted, "I29 {}", played.detail);
        Some(played)
    }

    /// I27: an account moves to an empty one and back; totals, health, locks and calls stay what they were. Who is flagged or
    /// may be liquidated stays where he is.
    pub fn moves(&self, dice: &mut Dice) -> Option<Played> {
        let who = &self.people[usize::try_from(dice.between(0, 2)).expect("small")];
        let before = self.books();
        let account = &before.accounts[&who.name];
        let short = before.short(account);
        if !account.debts.is_empty() && short.abs() <= self.slack(&before, who) {
            return None;
        }
        let refused = match account.stands.0 {
            AccountStatus::Flagged => Some(LedgerError::AccountFlagged),
            _ => short.is_positive().then_some(LedgerError::InsufficientMargin),
        };
        if let Some(code) = refused {
            let args = (&who.address, &self.spare.address).into_val(&self.f.env);
            let call = Invocation::new(&self.f.contracts().vault, "transfer_positions", args);
            Tx::<()>::new(self.f, call).by(who).by(&self.spare).fails(code);
            return Some(self.done("transfer", who, Some((code as u32).to_string())));
        }
        for (from, to) in [(who, &self.spare), (&self.spare, who)] {
            let args = (&from.address, &to.address).into_val(&self.f.env);
            let call = Invocation::new(&self.f.contracts().vault, "transfer_positions", args);
            Tx::<()>::new(self.f, call).by(from).by(to).ok();
            self.changed();
            let after = self.books();
            let (was, is) = (&before.accounts[&who.name], &after.accounts[&to.name]);
            assert_eq!((&was.deposits, &was.debts), (&is.deposits, &is.debts), "I27 {}", who.name);
            assert_eq!(was.locks, is.locks, "I27 {}", who.name);
            self.call_stands(was, &after, to, false, "transfer");
            assert!(after.accounts[&from.name].deposits.is_empty(), "I27 {}", who.name);
            before.agree(&after_of(&after, &from.name, &to.name, &who.name), "nobody", 0);
        }
        Some(self.done("transfer", who, None))
    }

    /// The smart account is brought back to its target by anybody: its debts fall, its health rises, nobody else changes.
    pub fn deleverage(&self) -> Option<Played> {
        let who = self.people.last()?;
        let before = self.books();
        self.bounds.borrow_mut().pass(&before);
        let account = &before.accounts[&who.name];
        let was = before.standing(account, Valuation::Live).health()?;
        let live = self.quotes(&before, who).iter().all(|status| *status == PriceStatus::Live);
        if was >= ratio(119, 100) || !live {
            return None;
        }
        let call = Invocation::new(&who.address, "auto_deleverage", HostVec::new(&self.f.env));
        let outcome = Tx::<DeleverageReport>::new(self.f, call).submit();
        self.changed();
        if outcome.is_ok() {
            let after = self.books();
            let is = after.standing(&after.accounts[&who.name], Valuation::Live).health();
            assert!(is.is_none_or(|is| is > was), "deleverage of {} lowers its health", who.name);
            for (place, owed) in &after.accounts[&who.name].debts {
                let most = account.debts.get(place).cloned().unwrap_or_else(Exact::zero);
                assert!(*owed <= most, "deleverage of {} adds debt", who.name);
            }
            for place in 0..self.tokens.len() {
                let repaid = &before.assets[place].borrowed - &after.assets[place].borrowed;
                self.bounds.borrow_mut().repaid(&before, place, &repaid);
            }
            self.call_stands(account, &after, who, false, "deleverage");
            self.bounds.borrow().agree(&after, &self.windowed());
            self.only_touched(&before, &after, &[who], "deleverage");
            self.nobody_else_falls(&before, &after, &[who], "deleverage");
        }
        Some(self.done("deleverage", who, outcome.err().map(|failure| reason(&failure))))
    }

    fn done(&self, name: &'static str, who: &Actor, refused: Option<String>) -> Played {
        Played { name, detail: who.name.clone(), refused, moved: None }
    }
}

/// The books with what `to` holds back at `who`.
fn after_of(books: &Books, from: &str, to: &str, who: &str) -> Books {
    let mut books = books.clone();
    if to != who {
        if let (Some(moved), Some(left)) =
            (books.accounts.get(to).cloned(), books.accounts.get(from).cloned())
        {
            books.accounts.insert(who.to_string(), moved);
            books.accounts.insert(to.to_string(), left);
        }
    }
    books
}
