//! One step of one account: foreseen by the previews, judged by the model, executed, compared.

use super::{reason, Played, Stage, CLOSE};
use margin_interface::{AccountStatus, AccountSummary, Action, LedgerError, PriceStatus, VaultError};
use margin_tests::actor::Actor;
use margin_tests::model::{exact, ratio, to_f64, Books, Bounds, Exact, Step, Valuation};
use margin_tests::refusal::Failure;
use margin_tests::tx::Tx;
use num_traits::{Signed, ToPrimitive, Zero};
use soroban_sdk::{Env, TryFromVal, Val, Vec as HostVec};
use std::collections::BTreeMap;

#[derive(Debug)]
enum Verdict {
    /// It must succeed, unless the account itself says no.
    Fine,
    /// Rounding decides.
    Close,
    /// It must fail, for one of these reasons.
    Refused(Vec<u32>),
}

/// Who does what with whose money.
pub struct Deed<'a> {
    pub name: &'static str,
    /// Whose account.
    pub who: &'a Actor,
    /// Whose wallet and signature.
    pub payer: &'a Actor,
    pub steps: &'a [Step],
    /// Whether the delegate that pays may do it.
    pub permitted: bool,
}

/// What the previews say.
struct Foreseen {
    /// What each step moves.
    moved: Result<Vec<i128>, u32>,
    /// The account afterwards, in the valuation for new risk.
    summary: Option<AccountSummary>,
}

impl Stage<'_> {
    /// Plays one step of somebody for himself.
    pub fn step<T: TryFromVal<Env, Val>>(
        &self,
        name: &'static str,
        who: &Actor,
        steps: &[Step],
        tx: Tx<T>,
        returned: impl Fn(T) -> Option<Vec<i128>>,
    ) -> Played {
        self.deed(&Deed { name, who, payer: who, steps, permitted: true }, tx, returned)
    }

    /// Plays a step against the model.
    pub fn deed<T: TryFromVal<Env, Val>>(
        &self,
        deed: &Deed,
        tx: Tx<T>,
        returned: impl Fn(T) -> Option<Vec<i128>>,
    ) -> Played {
        let Deed { name, who, payer, steps, .. } = deed;
        let before = self.books();
        self.bounds.borrow_mut().pass(&before);
        let mut expected = Books::clone(&before);
        let mut bounds = self.bounds.borrow().clone();
        let mut moved = Vec::new();
        let mut verdict = Judge::default();
        for step in *steps {
            verdict.time(&bounds, &expected, &who.name, step);
            let units = expected.moved(&who.name, step);
            moved.push(units.to_integer().to_i128().expect("fits"));
            bounds.apply(&expected, &who.name, who.name == payer.name, step, &units);
            expected = expected.after(&who.name, step);
        }
        self.judge(&mut verdict, &before, &expected, &bounds, deed);
        let verdict = verdict.verdict();
        let foreseen = self.foresee(deed);
        let detail = format!("{} by {} {steps:?}", who.name, payer.name);
        let outcome = tx.submit();
        self.changed();
        let refused = match outcome {
            Ok(value) => {
                assert!(!matches!(verdict, Verdict::Refused(_)), "MODEL refuses {detail}: {verdict:?}");
                if let Some(amounts) = returned(value) {
                    assert_eq!(amounts, moved, "MODEL {detail}");
                }
                let after = self.books();
                expected.agree(&after, &who.name, 3);
                bounds.agree(&after, &self.windowed());
                self.bounds.replace(bounds);
                let opened = risks(steps) && !after.accounts[&who.name].debts.is_empty();
                self.call_stands(&before.accounts[&who.name], &after, who, opened, &detail);
                self.as_foreseen(&foreseen, &moved, deed, &after, &detail);
                self.only_touched(&before, &after, &[who], &detail);
                self.nobody_gains(&before, &after, who.name == payer.name, &detail);
                self.nobody_else_falls(&before, &after, &[who], &detail);
                None
            }
            Err(failure) => {
                assert!(self.explained(&verdict, &failure), "MODEL permits {detail}: {failure}, {verdict:?}");
                self.refusal_foreseen(&foreseen, &failure, &detail);
                Some(reason(&failure))
            }
        };
        Played { name, detail, refused, moved: None }
    }

    /// Whether the model, or the account's own policy, which is stricter, says why.
    fn explained(&self, verdict: &Verdict, failure: &Failure) -> bool {
        failure.refused_by.is_some()
            || match verdict {
                Verdict::Fine => false,
                Verdict::Close => true,
                Verdict::Refused(codes) => failure.code.is_some_and(|code| codes.contains(&code)),
            }
    }

    fn foresee(&self, deed: &Deed) -> Foreseen {
        let asset = |place: &usize| self.tokens[*place].address.clone();
        let actions: Vec<Action> = deed
            .steps
            .iter()
            .map(|step| match step {
                Step::Deposit(place, amount) => Action::Deposit(asset(place), *amount),
                Step::Withdraw(place, amount) => Action::Withdraw(asset(place), *amount),
                Step::Borrow(place, amount) => Action::Borrow(asset(place), *amount),
                Step::Repay(place, amount) => Action::Repay(asset(place), *amount),
                Step::Net(place, amount) => Action::RepayWithCollateral(asset(place), *amount),
            })
            .collect();
        let (ledger, actions) = (self.f.ledger(), HostVec::from_slice(&self.f.env, &actions));
        let (account, payer) = (&deed.who.address, &deed.payer.address);
        let moved = match ledger.try_dry_batch(account, payer, &actions) {
            Ok(moved) => Ok(moved.expect("a list").iter().collect()),
            Err(error) => Err(error.expect("a typed error") as u32),
        };
        let summary = ledger.try_preview(account, &actions);
        Foreseen { moved, summary: summary.ok().and_then(Result::ok) }
    }

    /// What was accepted was foreseen, to a unit: what moves, and the account that the policy was shown.
    fn as_foreseen(&self, foreseen: &Foreseen, moved: &[i128], deed: &Deed, after: &Books, detail: &str) {
        assert_eq!(foreseen.moved.as_deref(), Ok(moved), "I28 preview of {detail}");
        let env = &self.f.env;
        let now = self.f.ledger().try_preview(&deed.who.address, &HostVec::new(env));
        let now = now.ok().and_then(Result::ok);
        // A step that cures a call ends it, which no preview shows.
        let alike =
            |summary: &AccountSummary| AccountSummary { status: AccountStatus::Normal, ..summary.clone() };
        assert_eq!(foreseen.summary.as_ref().map(alike), now.as_ref().map(alike), "summary of {detail}");
        if risks(deed.steps) && !after.accounts[&deed.who.name].debts.is_empty() {
            assert!(
                foreseen.summary.as_ref().is_some_and(|summary| summary.opening_ok),
                "opening of {detail}"
            );
        }
    }

    /// And what the ledger refuses, it refused before, for the same reason.
    fn refusal_foreseen(&self, foreseen: &Foreseen, failure: &Failure, detail: &str) {
        let by_ledger = failure.code.filter(|code| (600..700).contains(code));
        if let (Some(code), None) = (by_ledger, &failure.refused_by) {
            assert_eq!(foreseen.moved, Err(code), "preview of {detail}");
        }
    }

    /// What the model says of a step, from the books before and after it.
    fn judge(&self, judge: &mut Judge, before: &Books, after: &Books, bounds: &Bounds, deed: &Deed) {
        let Deed { who, payer, steps, permitted, .. } = deed;
        judge.refuse_unless(*permitted, VaultError::NotPermitted as u32);
        let mut pulled: BTreeMap<usize, i128> = BTreeMap::new();
        for step in *steps {
            let (place, amount) = step.amount();
            if matches!(step, Step::Deposit(..) | Step::Repay(..)) {
                *pulled.entry(place).or_default() += amount;
            }
            let book = &after.assets[place];
            if matches!(step, Step::Deposit(..) | Step::Withdraw(..) | Step::Borrow(..)) {
                let frozen = before.assets[place].missing.is_positive();
                judge.refuse_unless(!frozen, LedgerError::AssetFrozen as u32);
            }
            if matches!(step, Step::Deposit(..) | Step::Borrow(..)) {
                judge.refuse_unless(book.config.enabled, LedgerError::AssetDisabled as u32);
            }
            if matches!(step, Step::Withdraw(..) | Step::Borrow(..)) {
                let kept = if place == 0 { after.kept.clone() } else { Exact::zero() };
                judge.refuse_unless(book.cash >= kept, LedgerError::InsufficientLiquidity as u32);
            }
            match step {
                Step::Deposit(..) => {
                    let fits = book.supplied <= exact(book.config.supply_cap);
                    judge.refuse_unless(fits, LedgerError::SupplyCapExceeded as u32);
                }
                Step::Borrow(..) => {
                    let fits = book.borrowed <= exact(book.config.borrow_cap);
                    judge.refuse_unless(fits, LedgerError::BorrowCapExceeded as u32);
                    let part = ratio(i128::from(book.config.max_utilisation_bps), 10_000);
                    let most = ((&book.supplied + &book.reserves) * part).floor();
                    judge.refuse_unless(book.borrowed <= most, LedgerError::UtilisationExceeded as u32);
                    if book.config.outflow_bps < 10_000 {
                        let room = bounds.room(place);
                        let slack = exact(2) + &book.supplied / exact(10_000);
                        judge.decide(room, &slack, LedgerError::OutflowExceeded as u32);
                    }
                }
                _ => {}
            }
        }
        judge.close |= pulled.iter().any(|(place, amount)| *amount > self.wallet(*place, payer));
        if risks(steps) {
            let flagged = before.accounts[&who.name].stands.0 == AccountStatus::Flagged;
            judge.refuse_unless(!flagged, LedgerError::AccountFlagged as u32);
        }
        let account = &after.accounts[&who.name];
        if risks(steps) && !account.debts.is_empty() {
            let places: Vec<usize> = account.deposits.keys().chain(account.debts.keys()).copied().collect();
            let live = places.iter().all(|place| before.assets[*place].quote.status == PriceStatus::Live);
            judge.refuse_unless(live, LedgerError::PriceNotUsable as u32);
            let standing = after.standing(account, Valuation::Open);
            // Amounts round to units: the worth of one of each holding decides nothing.
            let units = places
                .iter()
                .map(|place| after.dollars(*place, &exact(2), &after.owed(*place, Valuation::Open)));
            let slack = units.fold(ratio(CLOSE.0, CLOSE.1), |sum, unit| sum + unit);
            let above = &standing.opening - &standing.required;
            judge.decide(&above, &slack, LedgerError::InsufficientMargin as u32);
        }
    }

    // ---- what holds for everybody ----------------------------------------------------------------------------------------

    /// I16: nobody's entry changes but of those who take part.
    pub fn only_touched(&self, before: &Books, after: &Books, touched: &[&Actor], detail: &str) {
        for (name, account) in &after.accounts {
            let part = touched.iter().any(|actor| &actor.name == name);
            assert!(part || before.accounts[name].seq == account.seq, "I16 {detail} changed {name}");
        }
    }

    /// I9, I11: at constant prices and time nobody's fortune grows by what somebody does for himself, beyond the sliver that
    /// the rounding of others leaves to all lenders, and that of all together does not grow.
    fn nobody_gains(&self, before: &Books, after: &Books, for_himself: bool, detail: &str) {
        let mut sum = Exact::zero();
        for actor in self.everybody() {
            let gain = self.fortune(after, actor) - self.fortune(before, actor);
            // The coarsest unit of these tokens is worth two thousand dollars.
            let gains = gain > exact(6_000);
            assert!(!for_himself || !gains, "I11 {detail}: {} gained {}", actor.name, to_f64(&gain));
            sum += gain;
        }
        assert!(sum <= ratio(CLOSE.0, CLOSE.1), "I11 {detail}: all gained {}", to_f64(&sum));
    }

    /// I12: who was above the opening level and did nothing still is.
    pub fn nobody_else_falls(&self, before: &Books, after: &Books, but: &[&Actor], detail: &str) {
        for (name, account) in &before.accounts {
            if but.iter().any(|actor| &actor.name == name) || account.debts.is_empty() {
                continue;
            }
            let was = before.standing(account, Valuation::Open);
            let is = after.standing(&after.accounts[name], Valuation::Open);
            let fell = was.opening >= was.required && &is.opening + ratio(CLOSE.0, CLOSE.1) < is.required;
            assert!(!fell, "I12 {detail}: {name} fell");
        }
    }
}

/// Reasons against a step, as they come up.
#[derive(Default)]
struct Judge {
    codes: Vec<u32>,
    close: bool,
}

impl Judge {
    fn refuse_unless(&mut self, holds: bool, code: u32) {
        if !holds {
            self.codes.push(code);
        }
    }

    /// `above` zero is fine, below is not, and around it rounding decides.
    fn decide(&mut self, above: &Exact, slack: &Exact, code: u32) {
        self.close |= above.abs() <= *slack;
        self.refuse_unless(*above >= -slack.clone(), code);
    }

    /// What is locked stays, and is not lent either: the two would net.
    fn time(&mut self, bounds: &Bounds, books: &Books, who: &str, step: &Step) {
        if let Step::Withdraw(place, _) | Step::Borrow(place, _) = step {
            let stays = bounds.stays(who, *place);
            self.close |= stays.is_positive() && stays <= exact(2);
            self.refuse_unless(stays <= exact(2), LedgerError::DepositLocked as u32);
        }
        if let Step::Withdraw(place, amount) = step {
            let held = books.accounts[who].deposits.get(place).map_or_else(Exact::zero, |held| held.floor());
            let enough = if *amount == i128::MAX { held.is_positive() } else { exact(*amount) <= held };
            self.refuse_unless(enough, LedgerError::InsufficientBalance as u32);
        }
    }

    fn verdict(self) -> Verdict {
        match (self.codes.is_empty(), self.close) {
            (false, _) => Verdict::Refused(self.codes),
            (true, true) => Verdict::Close,
            (true, false) => Verdict::Fine,
        }
    }
}

/// Whether something leaves, so that the account has to bear it.
fn risks(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Withdraw(..) | Step::Borrow(..)))
}
