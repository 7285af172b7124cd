//! Liquidations beside the closed form.

use super::{reason, Played, Stage};
use margin_interface::{Liquidation, Receive};
use margin_tests::actor::Actor;
use margin_tests::model::{exact, liquidation, ratio, to_f64, Books, Exact, Outcome, Valuation};
use margin_tests::random::Dice;
use num_traits::{Signed, ToPrimitive, Zero};

impl Stage<'_> {
    pub fn liquidate(&self, dice: &mut Dice) -> Option<Played> {
        let before = self.books();
        self.bounds.borrow_mut().pass(&before);
        let who = self.people.iter().find(|actor| {
            before.short(&before.accounts[&actor.name]).is_positive() || dice.between(1, 2_000) == 1
        })?;
        let account = &before.accounts[&who.name];
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
        let liquidatable = self.f.vault().try_is_liquidatable(&who.address);
        let expected = liquidation(&before, account, debt, collateral, &exact(max_repay));
        let outcome = token.liquidate_for(self.f, &self.keeper, who, debt_token, max_repay, receive).submit();
        self.changed();
        let refused = match outcome {
            Ok(done) => {
                assert_eq!(preview, Ok(Ok(done.clone())), "I19 preview of {detail}");
                // I17: only below the level, at the prices of this call.
                assert_eq!(liquidatable, Ok(Ok(true)), "I17 {detail}");
                self.liquidated(&before, who, debt, collateral, &expected, &done, &detail);
                self.bounds.borrow_mut().repaid(&before, debt, &exact(done.repaid));
                self.bounds.borrow().agree(&self.books(), &self.windowed());
                self.call_stands(account, &self.books(), who, false, &detail);
                self.losses_are_borne(&before, who, &done, debt, collateral, &detail);
                self.only_touched(&before, &self.books(), &[who, &self.keeper], &detail);
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
        // I21: what is left of the collateral of a lost account is worth a call of its own, or its debt would never be booked.
        if let (false, Some(rest)) = (model.helps, account.deposits.get(&collateral)) {
            let rest = value(&after, collateral, rest) + &unit;
            assert!(rest >= exact(10), "I21 {detail} leaves {}", to_f64(&rest));
        }
    }

    /// I21, I22: what nothing is left to pay is written off at once: reserves bear it, then the depositors of that asset.
    fn losses_are_borne(
        &self,
        before: &Books,
        who: &Actor,
        done: &Liquidation,
        debt: usize,
        collateral: usize,
        detail: &str,
    ) {
        let after = self.books();
        let (was, is) = (&before.accounts[&who.name], &after.accounts[&who.name]);
        if !is.deposits.is_empty() {
            return;
        }
        assert!(is.debts.is_empty(), "I21 {detail}");
        for (place, owed) in &was.debts {
            let repaid = if *place == debt { exact(done.repaid) } else { Exact::zero() };
            let lost = owed.ceil() - repaid;
            let (old, new) = (&before.assets[*place], &after.assets[*place]);
            // The protocol's part of what was seized arrives in the reserves of that asset in the same call.
            if *place == collateral || !lost.is_positive() {
                continue;
            }
            let from_reserves = &old.reserves - &new.reserves;
            let expected = lost.clone().min(old.reserves.clone());
            let off = (&from_reserves - &expected).abs();
            assert!(
                off <= exact(3),
                "I22 {detail}: reserves bear {} of {}",
                to_f64(&from_reserves),
                to_f64(&lost)
            );
            let from_suppliers = &old.supplied - &new.supplied;
            let off = (from_reserves + from_suppliers - lost).abs();
            assert!(off <= exact(3), "I22 {detail}: the parts are off by {}", to_f64(&off));
        }
    }
}
