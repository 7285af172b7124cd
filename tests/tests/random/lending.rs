//! Random lives of lenders and borrowers, each step compared with the reference model in exact rationals.
//!
//! Before each move the books are read into the model; the model says whether the move may succeed and what the books are
//! afterwards. Tokens have 0, 2, 6, 7 and 18 decimals; prices jump, clocks run, oracles halt, strangers donate.

use crate::{setting, Story, Tally, SHARDS, STEPS};
use margin_interface::{Action, HaltScope, LedgerError, Liquidation, OracleChange, PriceStatus, Receive};
use margin_tests::actor::Actor;
use margin_tests::auth::Shape;
use margin_tests::fixture::Fixture;
use margin_tests::invariants::{check, Memory};
use margin_tests::listed::Listed;
use margin_tests::model::{
    accrued, exact, liquidation, ratio, to_f64, Books, Exact, Outcome, Step, Valuation,
};
use margin_tests::money::Coin;
use margin_tests::prices::Prices;
use margin_tests::random::Dice;
use margin_tests::refusal::Failure;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use num_traits::{Signed, ToPrimitive, Zero};
use soroban_sdk::xdr::AccountFlags;
use soroban_sdk::{BytesN, Env, IntoVal, TryFromVal, Val, Vec as HostVec};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

const TICKERS: [&str; 7] = ["USDC", "ETH", "USDT", "XLM", "ETH", "USDT", "USDT"];
/// Place of the asset whose issuer may take it back.
const REGULATED: usize = 6;
/// A millionth of a dollar: what rounding of values may decide.
const CLOSE: (i128, i128) = (1, 1_000_000);

struct Stage<'a> {
    f: &'a Fixture,
    tokens: Vec<Listed>,
    people: Vec<Actor>,
    keeper: Actor,
    halted: Cell<bool>,
    /// The books, as long as nothing changed.
    read: RefCell<Option<Books>>,
}

/// A move and what became of it.
struct Played {
    name: &'static str,
    detail: String,
    refused: Option<String>,
    /// What the move did to tokens beside the books.
    moved: Option<Moved>,
}

enum Moved {
    /// Given to the vault.
    Donated(usize, i128),
    /// Taken from it by the issuer.
    Clawed(i128),
}

impl<'a> Stage<'a> {
    fn of(f: &'a Fixture, dice: &mut Dice) -> Self {
        let mut tokens: Vec<Listed> = Coin::ALL.map(|coin| Listed::of(f, coin)).to_vec();
        tokens.push(Listed::like(f, Coin::Eth, 0));
        tokens.push(Listed::like(f, Coin::Usdt, 2));
        tokens.push(Listed::stellar(
            f,
            AccountFlags::RevocableFlag as u32 | AccountFlags::ClawbackEnabledFlag as u32,
        ));
        let mut people: Vec<Actor> = ["kim", "ken", "kay"].map(|name| f.key_account(name)).to_vec();
        people.push(f.smart_account("sam"));
        let keeper = f.key_account("karla");
        let stage = Self { f, tokens, people, keeper, halted: Cell::new(false), read: RefCell::new(None) };
        let lender = &f.lender;
        for (place, token) in stage.tokens.iter().enumerate() {
            if place >= Coin::ALL.len() {
                token.fund(f, lender, stage.worth(place, 400_000));
                token.deposit(f, lender, stage.worth(place, 400_000)).ok();
            }
            for actor in stage.people.iter().chain([&stage.keeper]) {
                let dollars = if actor.name == "karla" { 200_000 } else { 40_000 };
                stage.fund(place, actor, stage.worth(place, dollars));
            }
        }
        stage.tokens[0].deposit(f, &stage.keeper, stage.worth(0, 50_000)).ok();
        for actor in &stage.people {
            actor.shape.set(*dice.pick(&[Shape::V1, Shape::V2]));
            let place = stage.place(dice);
            stage.tokens[place].deposit(f, actor, stage.worth(place, 20_000)).ok();
        }
        // Everybody starts near the edge: that is where it is interesting.
        for _ in 0..2 * stage.people.len() {
            let _ = stage.borrow(dice);
        }
        stage
    }

    fn fund(&self, place: usize, actor: &Actor, units: i128) {
        match Coin::ALL.get(place) {
            Some(coin) => self.f.fund(actor, coin.units(units)),
            None => self.tokens[place].fund(self.f, actor, units),
        }
    }

    fn place(&self, dice: &mut Dice) -> usize {
        usize::try_from(dice.between(0, self.tokens.len() as i128 - 1)).expect("small")
    }

    /// Units that `dollars` buy at the first price.
    fn worth(&self, place: usize, dollars: i128) -> i128 {
        let price = Prices::genesis(TICKERS[place]) / 1_000_000;
        dollars * 10i128.pow(self.tokens[place].decimals) * (100_000_000_000_000 / 1_000_000) / price
    }

    fn books(&self) -> Books {
        self.read.borrow_mut().get_or_insert_with(|| self.read_books()).clone()
    }

    /// Something happened.
    fn changed(&self) {
        self.read.replace(None);
    }

    fn read_books(&self) -> Books {
        let everybody: Vec<Actor> =
            self.people.iter().chain([&self.keeper, &self.f.lender, &self.f.provider]).cloned().collect();
        Books::read(self.f, &self.tokens, &everybody)
    }

    fn wallet(&self, place: usize, actor: &Actor) -> i128 {
        self.tokens[place].balance(self.f, &actor.address)
    }

    /// Deposits, debts and wallet of an account at accepted prices, dollars.
    fn fortune(&self, books: &Books, actor: &Actor) -> Exact {
        let standing = books.standing(&books.accounts[&actor.name], Valuation::Live);
        let wallets = (0..self.tokens.len()).map(|place| {
            books.dollars(place, &exact(self.wallet(place, actor)), &books.owned(place, Valuation::Live))
        });
        wallets.fold(standing.equity(), |sum, value| sum + value)
    }

    fn play(&self, dice: &mut Dice) -> Played {
        // Prices and clocks move without a step of anybody.
        self.changed();
        loop {
            if dice.chance(30) {
                if let Some(played) = self.liquidate(dice) {
                    return played;
                }
            }
            if self.halted.get() && dice.chance(40) {
                return self.halt();
            }
            let played = match dice.between(1, 100) {
                1..=10 => self.deposit(dice),
                11..=18 => self.withdraw(dice),
                19..=30 => self.borrow(dice),
                31..=40 => self.repay(dice),
                41..=46 => self.net(dice),
                47..=54 => self.batch(dice),
                55..=76 => self.borrow(dice),
                77..=79 => self.call_for_margin(dice),
                80 => self.donate(dice),
                81 => Some(self.claw_back(dice)),
                82..=89 => Some(self.price_moves(dice)),
                90..=93 => Some(self.crash(dice)),
                94 => Some(self.halt()),
                _ => Some(self.time_passes(dice)),
            };
            if let Some(played) = played {
                return played;
            }
        }
    }

    /// Plays one step of one account against the model.
    fn step<T: TryFromVal<Env, Val>>(
        &self,
        name: &'static str,
        who: &Actor,
        steps: &[Step],
        tx: Tx<T>,
        returned: impl Fn(T) -> Option<Vec<i128>>,
    ) -> Played {
        let before = self.books();
        let fortunes: Vec<Exact> = self.everybody().map(|actor| self.fortune(&before, actor)).collect();
        let entries = self.entries();
        let mut expected = before.clone();
        let mut moved = Vec::new();
        for step in steps {
            moved.push(expected.moved(&who.name, step).to_integer().to_i128().expect("fits"));
            expected = expected.after(&who.name, step);
        }
        let verdict = self.verdict(&before, &expected, who, steps);
        let detail = format!("{} {steps:?}", who.name);
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
                self.only_touched(&entries, &[who], &detail);
                self.nobody_gains(&fortunes, &after, &detail);
                self.nobody_else_falls(&before, &after, &[who], &detail);
                None
            }
            Err(failure) => {
                let reason = reason(&failure);
                let code = failure.code;
                let explained = match &verdict {
                    Verdict::Fine => {
                        code == Some(LedgerError::InsufficientMargin as u32) && failure.refused_by.is_some()
                    }
                    Verdict::Close => true,
                    Verdict::Refused(codes) => {
                        failure.refused_by.is_some() || code.is_some_and(|code| codes.contains(&code))
                    }
                };
                // A smart account may be stricter than the ledger.
                assert!(
                    explained || failure.refused_by.is_some(),
                    "MODEL permits {detail}: {reason}, {verdict:?}"
                );
                Some(reason)
            }
        };
        Played { name, detail, refused, moved: None }
    }

    fn everybody(&self) -> impl Iterator<Item = &Actor> {
        self.people.iter().chain([&self.keeper, &self.f.lender, &self.f.provider])
    }

    /// What everybody's entry holds, as shares.
    fn entries(&self) -> BTreeMap<String, String> {
        let entry = |actor: &Actor| {
            let state = self.f.ledger().account(&actor.address);
            format!("{:?} {:?} {:?}", state.deposits, state.debts, state.status)
        };
        self.everybody().map(|actor| (actor.name.clone(), entry(actor))).collect()
    }

    /// I16: nobody's shares change but of those who take part.
    fn only_touched(&self, before: &BTreeMap<String, String>, touched: &[&Actor], detail: &str) {
        for (name, entry) in self.entries() {
            let part = touched.iter().any(|actor| actor.name == name);
            assert!(part || before[&name] == entry, "I16 {detail} changed {name}");
        }
    }

    /// I9, I11: at constant prices and time nobody's fortune grows by what somebody does, beyond the sliver that the
    /// rounding of others leaves to all lenders, and that of all together does not grow.
    fn nobody_gains(&self, before: &[Exact], after: &Books, detail: &str) {
        let mut sum = Exact::zero();
        for (actor, before) in self.everybody().zip(before) {
            let gain = self.fortune(after, actor) - before;
            // The coarsest unit of these tokens is worth two thousand dollars.
            assert!(gain <= exact(6_000), "I11 {detail}: {} gained {}", actor.name, to_f64(&gain));
            sum += gain;
        }
        assert!(sum <= ratio(CLOSE.0, CLOSE.1), "I11 {detail}: all gained {}", to_f64(&sum));
    }

    /// I12: who was above the opening level and did nothing still is.
    fn nobody_else_falls(&self, before: &Books, after: &Books, but: &[&Actor], detail: &str) {
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

    /// What the model says of a move, from the books before and after it.
    fn verdict(&self, before: &Books, after: &Books, who: &Actor, steps: &[Step]) -> Verdict {
        let mut codes = Vec::new();
        let mut close = false;
        let mut risks = false;
        for step in steps {
            let (Step::Deposit(place, _) | Step::Withdraw(place, _) | Step::Borrow(place, _)) = step else {
                continue;
            };
            if before.assets[*place].missing.is_positive() {
                codes.push(LedgerError::AssetFrozen as u32);
            }
        }
        for step in steps {
            match step {
                Step::Deposit(place, amount) => {
                    if *amount > self.wallet(*place, who) {
                        return Verdict::Close;
                    }
                }
                Step::Repay(place, amount) => {
                    if *amount > self.wallet(*place, who) {
                        return Verdict::Close;
                    }
                }
                Step::Net(..) => {}
                Step::Withdraw(place, _) | Step::Borrow(place, _) => {
                    risks = true;
                    let book = &after.assets[*place];
                    let kept = if *place == 0 { after.kept.clone() } else { Exact::zero() };
                    if book.cash < kept {
                        codes.push(LedgerError::InsufficientLiquidity as u32);
                    }
                    // The window on what leaves is a matter of the hour before, which the model does not know.
                    close |= after.assets[*place].config.outflow_bps < 10_000;
                }
            }
            if let Step::Borrow(place, _) = step {
                let book = &after.assets[*place];
                let most = (&book.supplied + &book.reserves)
                    * ratio(i128::from(book.config.max_utilisation_bps), 10_000);
                if book.borrowed > most.floor() {
                    codes.push(LedgerError::UtilisationExceeded as u32);
                }
            }
        }
        let account = &after.accounts[&who.name];
        if risks && !account.debts.is_empty() {
            let places = account.deposits.keys().chain(account.debts.keys());
            if places.into_iter().any(|place| before.assets[*place].quote.status != PriceStatus::Live) {
                codes.push(LedgerError::PriceNotUsable as u32);
            }
            let standing = after.standing(account, Valuation::Open);
            // Amounts round to units: the worth of one of each holding decides nothing.
            let units = account
                .deposits
                .keys()
                .chain(account.debts.keys())
                .map(|place| after.dollars(*place, &exact(2), &after.owed(*place, Valuation::Open)));
            let slack = units.fold(ratio(CLOSE.0, CLOSE.1), |sum, unit| sum + unit);
            let missing = &standing.required - &standing.opening;
            if missing.abs() <= slack {
                close = true;
            } else if missing.is_positive() {
                codes.push(LedgerError::InsufficientMargin as u32);
            }
        }
        if !codes.is_empty() {
            Verdict::Refused(codes)
        } else if close {
            Verdict::Close
        } else {
            Verdict::Fine
        }
    }

    // ---- moves ------------------------------------------------------------------------------------------------------

    fn actor(&self, dice: &mut Dice) -> &Actor {
        dice.pick(&self.people)
    }

    fn part(&self, dice: &mut Dice, available: i128) -> Option<i128> {
        let units = available / 100 * dice.between(5, 60) + available % 100 / 2;
        (units > 0).then_some(units)
    }

    fn deposit(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let amount = self.part(dice, self.wallet(place, who))?;
        let tx = self.tokens[place].deposit(self.f, who, amount);
        let asset = &self.tokens[place].address;
        let expected = self.f.vault().try_preview_deposit(&who.address, &who.address, asset, &amount);
        Some(self.step("deposit", who, &[Step::Deposit(place, amount)], tx, move |shares| {
            assert_eq!(expected, Ok(Ok(shares)), "preview of a deposit");
            None
        }))
    }

    fn withdraw(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let books = self.books();
        let account = &books.accounts[&who.name];
        let places: Vec<usize> = account.deposits.keys().copied().collect();
        if places.is_empty() {
            return None;
        }
        let place = *dice.pick(&places);
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
            let known = [LedgerError::InsufficientLiquidity, LedgerError::AssetFrozen];
            let known = known.map(|error| (error as u32).to_string());
            assert!(known.contains(reason), "I14 {}: {reason}", played.detail);
        }
        Some(played)
    }

    fn borrow(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let books = self.books();
        let standing = books.standing(&books.accounts[&who.name], Valuation::Open);
        let weight = ratio(i128::from(books.assets[place].config.lw_bps), 10_000);
        let free = (&standing.opening - &standing.required) / weight;
        if !free.is_positive() {
            return None;
        }
        // Mostly within the limit, sometimes beyond it.
        let percent = if dice.chance(12) { dice.between(103, 150) } else { dice.between(20, 99) };
        let price = books.owed(place, Valuation::Open);
        if price.is_zero() {
            return None;
        }
        let units = free * ratio(percent, 100) / price * exact(10i128.pow(self.tokens[place].decimals));
        let amount = units.floor().to_integer().to_i128()?;
        if amount <= 0 {
            return None;
        }
        let tx = self.tokens[place].borrow(self.f, who, amount);
        Some(self.step("borrow", who, &[Step::Borrow(place, amount)], tx, |()| None))
    }

    fn debt(&self, dice: &mut Dice, who: &Actor) -> Option<(usize, i128)> {
        let books = self.books();
        let debts: Vec<(usize, Exact)> = books.accounts[&who.name].debts.clone().into_iter().collect();
        if debts.is_empty() {
            return None;
        }
        let (place, owed) = dice.pick(&debts);
        Some((*place, owed.ceil().to_integer().to_i128()?))
    }

    fn repay(&self, dice: &mut Dice) -> Option<Played> {
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
    fn always(&self, played: &Played) {
        assert_eq!(played.refused, None, "I13 {}", played.detail);
    }

    fn net(&self, dice: &mut Dice) -> Option<Played> {
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
    fn batch(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let (mut steps, mut requests) = (Vec::new(), Vec::new());
        for _ in 0..dice.between(2, 4) {
            let place = self.place(dice);
            let asset = self.tokens[place].address.clone();
            let amount = self.part(dice, self.wallet(place, who) / 5)?;
            steps.push(Step::Deposit(place, amount));
            requests.push(Action::Deposit(asset.clone(), amount));
            if dice.chance(50) {
                steps.push(Step::Withdraw(place, amount / 2 + 1));
                requests.push(Action::Withdraw(asset, amount / 2 + 1));
            } else {
                steps.push(Step::Borrow(place, amount / 4 + 1));
                requests.push(Action::Borrow(asset, amount / 4 + 1));
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

    fn liquidate(&self, dice: &mut Dice) -> Option<Played> {
        let before = self.books();
        let who = self.people.iter().find(|actor| {
            let account = &before.accounts[&actor.name];
            let standing = before.standing(account, Valuation::Liquidation);
            standing.liquidation < standing.required || dice.chance(1)
        })?;
        let account = before.accounts[&who.name].clone();
        let (debt, _) = self.debt(dice, who)?;
        let held: Vec<usize> = account.deposits.keys().copied().filter(|place| *place != debt).collect();
        if held.is_empty() {
            return None;
        }
        let collateral = *dice.pick(&held);
        let all = account.debts[&debt].ceil().to_integer().to_i128()?;
        let wanted = if dice.chance(70) { all + 1 } else { self.part(dice, all)? };
        let max_repay = wanted.min(self.wallet(debt, &self.keeper));
        if max_repay <= 0 {
            return None;
        }
        let receive = *dice.pick(&[Receive::Shares, Receive::Tokens]);
        let (debt_token, token) = (&self.tokens[debt], &self.tokens[collateral]);
        let detail = format!("{} {max_repay} of {debt} for {collateral} as {receive:?}", who.name);
        let (karla, usdt, eth) = (&self.keeper.address, &debt_token.address, &token.address);
        let preview =
            self.f.vault().try_preview_liquidate(karla, &who.address, usdt, eth, &max_repay, &0, &receive);
        let entries = self.entries();
        let liquidatable = self.f.vault().try_is_liquidatable(&who.address);
        let expected = liquidation(&before, &account, debt, collateral, &exact(max_repay));
        let outcome = token.liquidate_for(self.f, &self.keeper, who, debt_token, max_repay, receive).submit();
        self.changed();
        let refused = match outcome {
            Ok(done) => {
                assert_eq!(preview, Ok(Ok(done.clone())), "I19 preview of {detail}");
                // I17: only below the level, at the prices of this call.
                assert_eq!(liquidatable, Ok(Ok(true)), "I17 {detail}");
                self.liquidated(&before, who, debt, collateral, &expected, &done, &detail);
                self.only_touched(&entries, &[who, &self.keeper], &detail);
                None
            }
            Err(failure) => {
                assert!(!matches!(preview, Ok(Ok(_))), "I19 preview of {detail}: {failure}");
                Some(reason(&failure))
            }
        };
        Some(Played { name: "liquidate", detail, refused, moved: None })
    }

    /// I18, I19, I20, I21, I24: what a liquidation did, beside the closed form.
    #[allow(clippy::too_many_arguments)]
    fn liquidated(
        &self,
        before: &Books,
        who: &Actor,
        debt: usize,
        collateral: usize,
        expected: &Outcome,
        done: &Liquidation,
        detail: &str,
    ) {
        let Outcome::Done(model) = expected else { panic!("MODEL refuses {detail}: {expected:?}") };
        let after = self.books();
        let account = &after.accounts[&who.name];
        // Whole units of either token, and bonus and level in whole basis points.
        let value = |books: &Books, place: usize, units: &Exact| {
            books.dollars(place, units, &books.owned(place, Valuation::Liquidation))
        };
        let unit = value(before, debt, &exact(2)) + value(before, collateral, &exact(2));
        let near = |what: &str, place: usize, expected: &Exact, actual: i128| {
            let (expected, actual) = (value(before, place, expected), value(before, place, &exact(actual)));
            let slack = &expected * ratio(2, 1_000) + &unit;
            let off = (&expected - &actual).abs();
            assert!(
                off <= slack,
                "MODEL {what} of {detail}: expected {} and found {}",
                to_f64(&expected),
                to_f64(&actual)
            );
        };
        near("repaid", debt, &model.repaid, done.repaid);
        near("seized", collateral, &model.seized, done.seized);
        // I24: every unit that the account lost is the liquidator's or the protocol's.
        let lost = before.accounts[&who.name].deposits[&collateral].clone()
            - account.deposits.get(&collateral).cloned().unwrap_or_else(Exact::zero);
        let fee = lost - exact(done.seized);
        assert!(
            fee >= -exact(2)
                && value(before, collateral, &fee)
                    <= value(before, collateral, &model.fee) * ratio(1_005, 1_000) + &unit,
            "I24 {detail}"
        );

        let was = before.standing(&before.accounts[&who.name], Valuation::Liquidation);
        let is = after.standing(account, Valuation::Liquidation);
        if let (true, Some(was), Some(is)) = (model.helps, was.health(), is.health()) {
            let slack =
                &unit / &before.standing(&before.accounts[&who.name], Valuation::Liquidation).required;
            assert!(is + slack >= was, "I18 {detail}");
        }
        // I19: never beyond the target by more than what may not remain.
        let beyond = &is.opening - &is.required;
        let closed = !account.debts.contains_key(&debt) || !account.deposits.contains_key(&collateral);
        assert!(
            closed || beyond <= unit.clone() + &was.required * ratio(2, 1_000),
            "I19 {detail} beyond {}",
            to_f64(&beyond)
        );
        // I20: no debt is left that is worth nobody's fee, unless the collateral or the offer was too small.
        if let Some(rest) = account.debts.get(&debt) {
            let rest = after.dollars(debt, rest, &after.owed(debt, Valuation::Liquidation));
            let limited = !account.deposits.contains_key(&collateral) || model.repaid.is_zero();
            let offered = exact(done.repaid) >= model.repaid.floor();
            assert!(limited || offered || rest >= exact(10), "I20 {detail} leaves {}", to_f64(&rest));
        }
    }

    fn call_for_margin(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.actor(dice);
        let before = self.books();
        let standing = before.standing(&before.accounts[&who.name], Valuation::Live);
        if before.accounts[&who.name].debts.is_empty() {
            return None;
        }
        let called = self.f.ledger().account(&who.address);
        let args = (&who.address,).into_val(&self.f.env);
        let call = margin_tests::auth::Invocation::new(&self.f.contracts().ledger, "margin_call", args);
        let refused = match Tx::<u64>::new(self.f, call).submit() {
            Ok(deadline) => {
                let below = &standing.call - &standing.required < ratio(CLOSE.0, CLOSE.1);
                assert!(deadline == 0 || below, "I23 {} was called above its level", who.name);
                // I23: once per episode.
                let now = self.f.ledger().account(&who.address);
                if called.status == now.status && self.f.now() < called.since + 3_600 + 86_400 {
                    assert_eq!(called.since, now.since, "I23 the deadline of {} moved", who.name);
                }
                None
            }
            Err(failure) => Some(reason(&failure)),
        };
        Some(Played { name: "margin_call", detail: who.name.clone(), refused, moved: None })
    }

    fn donate(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let amount = self.part(dice, self.wallet(place, who) / 50)?;
        let before = self.books();
        self.tokens[place].donate(self.f, who, amount).ok();
        self.changed();
        before.agree(&self.books(), "nobody", 0);
        let detail = format!("{} {amount} of {place}", who.name);
        Some(Played { name: "donate", detail, refused: None, moved: Some(Moved::Donated(place, amount)) })
    }

    /// The issuer takes back a part of what the vault holds, or gives back what is missing; or a day passes, and it is borne.
    fn claw_back(&self, dice: &mut Dice) -> Played {
        let token = &self.tokens[REGULATED];
        let vault = &self.f.contracts().vault;
        let missing = self.f.ledger().asset(&token.address).totals.pending_bad_debt;
        let held = token.balance(self.f, vault);
        let (name, amount) = if missing == 0 {
            let amount = held / 100 * dice.between(1, 40);
            token.claw_back(self.f, vault, amount);
            ("clawback", amount)
        } else if dice.chance(50) {
            token.mint(self.f, vault, missing).ok();
            ("returned", -missing)
        } else {
            self.f.pass(86_400);
            ("borne", 0)
        };
        let now_missing = self.f.vault().sync(&token.address);
        match name {
            "clawback" => assert!(now_missing > 0 || amount == 0),
            _ => assert_eq!(now_missing, 0),
        }
        Played { name, detail: format!("{amount}"), refused: None, moved: Some(Moved::Clawed(amount)) }
    }

    fn price_moves(&self, dice: &mut Dice) -> Played {
        let ticker = *dice.pick(&["ETH", "XLM", "ETH", "USDT"]);
        let wide = ticker != "USDT";
        let bps = match (wide, dice.chance(40)) {
            (true, true) => dice.between(-1_500, 1_300),
            (true, false) => dice.between(-250, 250),
            (false, _) => dice.between(-60, 60),
        };
        self.f.set_price(ticker, self.f.prices.get(ticker) * (10_000 + bps) / 10_000 / 1_000_000 * 1_000_000);
        Played { name: "price", detail: format!("{ticker} {bps} bps"), refused: None, moved: None }
    }

    fn crash(&self, dice: &mut Dice) -> Played {
        let bps = dice.between(1_000, 3_000);
        for ticker in ["ETH", "XLM"] {
            let price = self.f.prices.get(ticker) * (10_000 - bps) / 10_000 / 1_000_000 * 1_000_000;
            self.f.set_price(ticker, price);
        }
        Played { name: "crash", detail: format!("-{bps} bps"), refused: None, moved: None }
    }

    /// The guardian halts all prices at once; the admin resumes them a day after saying so.
    fn halt(&self) -> Played {
        let f = self.f;
        let oracle = &f.contracts().oracle;
        let name = if self.halted.replace(!self.halted.get()) {
            let resume = (OracleChange::Resume(HaltScope::All),).into_val(&f.env);
            let id = f.admin.calls::<BytesN<32>>(oracle, "propose", resume).ok();
            f.pass(86_400);
            f.admin.calls::<()>(oracle, "execute", (id,).into_val(&f.env)).ok();
            f.pass(5);
            "resume"
        } else {
            f.guardian
                .calls::<()>(oracle, "halt", (&f.guardian.address, HaltScope::All).into_val(&f.env))
                .ok();
            "halt"
        };
        Played { name, detail: String::new(), refused: None, moved: None }
    }

    /// I8: interest is that of the exact curve, in however many parts the time was.
    fn time_passes(&self, dice: &mut Dice) -> Played {
        let seconds = if dice.chance(40) { dice.between(3_600, 400_000) } else { dice.between(5, 290) };
        let before = self.books();
        let mut left = seconds;
        while left > 0 {
            let part = if dice.chance(30) { left } else { dice.between(1, left) };
            self.f.pass(u64::try_from(part).expect("positive"));
            if dice.chance(40) {
                for token in &self.tokens {
                    self.f.ledger().accrue(&token.address);
                }
            }
            left -= part;
        }
        self.changed();
        let after = self.books();
        for (place, (before, after)) in before.assets.iter().zip(&after.assets).enumerate() {
            let elapsed = self.f.now() - before.updated_at;
            let perp = Exact::zero();
            let expected = accrued(before, elapsed, &perp);
            let off = (&expected.borrowed - &after.borrowed).abs();
            // Less than a unit waits; each part rounds once. The modifier moves with what was booked between.
            let slack = &expected.borrowed * ratio(1, 1_000_000) + exact(12);
            assert!(
                off <= slack,
                "I8 asset {place}: {} and {}",
                to_f64(&expected.borrowed),
                to_f64(&after.borrowed)
            );
        }
        Played { name: "time", detail: format!("{seconds} s"), refused: None, moved: None }
    }
}

#[derive(Debug)]
enum Verdict {
    /// It must succeed, unless the account itself says no.
    Fine,
    /// Rounding decides.
    Close,
    /// It must fail, for one of these reasons.
    Refused(Vec<u32>),
}

fn reason(failure: &Failure) -> String {
    match (&failure.refused_by, failure.code) {
        (Some((_, error)), _) => format!("account {error:?}"),
        (None, Some(code)) => code.to_string(),
        (None, None) => panic!("no typed error: {failure}"),
    }
}

fn play(mode: Mode, seed: u64, tallies: &mut BTreeMap<&'static str, Tally>) {
    let mut story = Story { seed, told: Vec::new() };
    let f = Fixture::new(mode);
    let mut dice = Dice::new(seed);
    let stage = Stage::of(&f, &mut dice);
    let mut memory = Memory::default();
    check(&f, &mut memory);
    for _ in 0..STEPS {
        let played = stage.play(&mut dice);
        story.told.push(format!("{} {} -> {:?}", played.name, played.detail, played.refused));
        let tally = tallies.entry(played.name).or_default();
        match played.refused {
            None => tally.done += 1,
            Some(reason) => {
                tally.refused += 1;
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
        match played.moved {
            Some(Moved::Donated(place, amount)) => memory.donated(&stage.tokens[place].address, amount),
            Some(Moved::Clawed(amount)) => {
                let token = &stage.tokens[REGULATED];
                memory.clawed_back(&token.address, amount);
                let surplus = token.balance(&f, &f.contracts().vault) - token.cash(&f);
                assert!(surplus >= 0, "what is missing is known");
                memory.synced(&token.address, surplus);
            }
            None => {}
        }
        check(&f, &mut memory);
    }
    story.told.clear();
}

fn play_shard(shard: u64) {
    let (sequences, seed) = (setting("FUZZ_SEQUENCES", 100), setting("FUZZ_SEED", 2026));
    let mut tallies = BTreeMap::new();
    for sequence in (0..sequences).filter(|sequence| sequence % SHARDS == shard) {
        play(Mode::Native, seed.wrapping_mul(2_000_003).wrapping_add(sequence), &mut tallies);
    }
    crate::report(&tallies, sequences);
}

#[test]
fn on_wasm() {
    play(Mode::Wasm, 7, &mut BTreeMap::new());
}

#[test]
fn first_shard() {
    play_shard(0);
}

#[test]
fn second_shard() {
    play_shard(1);
}

#[test]
fn third_shard() {
    play_shard(2);
}

#[test]
fn fourth_shard() {
    play_shard(3);
}
