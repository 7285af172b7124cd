//! The protocol's own money: what insurance takes that nobody else took, what is paid in kind, and what is paid out of it.

use crate::moves::{Cast, Outcome, Played};
use margin_interface::{AccountStatus, Bucket, Holding, LedgerChange, Liquidation};
use margin_math::units::USD;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::money::Coin;
use margin_tests::random::Dice;
use soroban_sdk::{vec, Address, IntoVal};

/// Seconds that others have to liquidate a flagged account before insurance may.
const BACKSTOP_AFTER: u64 = 600;
/// Least worth taking, dollars.
const LEAST: i128 = 20;

impl Cast<'_> {
    /// The account of the protocol, which the admin names when it is first needed.
    fn treasury(&self) -> &Actor {
        let f = self.f;
        if !self.treasury_named.replace(true) {
            for role in [Bucket::Insurance, Bucket::Fees] {
                let named = (role, &self.treasury.address).into_val(&f.env);
                f.admin.calls::<()>(&f.contracts().ledger, "set_protocol_account", named).ok();
            }
        }
        &self.treasury
    }

    /// The deposit that is worth most and is not of the settlement asset, if it is worth something.
    fn largest_other(&self, who: &Actor) -> Option<Holding> {
        let settlement = self.f.token(Coin::Usdc);
        let deposits = self.f.ledger().breakdown(&who.address).deposits;
        let others = deposits.iter().filter(|held| &held.asset != settlement);
        others.max_by_key(|held| held.value).filter(|held| held.value >= LEAST * USD)
    }

    /// Whoever may be liquidated, and is not for ten minutes after the flag, is the insurance's.
    pub fn backstop(&self, dice: &mut Dice) -> Option<Played> {
        let (f, ledger) = (self.f, &self.f.contracts().ledger);
        let settlement = f.token(Coin::Usdc);
        let owes = |who: &Actor| {
            let breakdown = f.ledger().breakdown(&who.address);
            breakdown.perp_debt > 0 || breakdown.debts.iter().any(|debt| &debt.asset == settlement)
        };
        let is_for_it = |who: &&Actor| {
            f.vault().is_liquidatable(&who.address) && owes(who) && self.largest_other(who).is_some()
        };
        let who = self.everybody.iter().find(is_for_it)?;
        let fund = f.clearing().buckets().insurance;
        if fund < 400 * USD {
            return None;
        }
        self.treasury();
        let state = f.ledger().account(&who.address);
        if state.status != AccountStatus::Flagged {
            let args = (&who.address,).into_val(&f.env);
            let played = self.submit("flag", who.name.clone(), self.anyone::<()>(ledger, "flag", args))?;
            if !matches!(played.outcome, Outcome::Done) {
                return Some(played);
            }
        }
        f.pass(BACKSTOP_AFTER);
        if !f.vault().is_liquidatable(&who.address) {
            return Self::done("flag", who.name.clone());
        }
        let collateral = self.largest_other(who)?.asset;
        let most = if dice.chance(50) { i128::MAX } else { fund / 100 * dice.between(1, 20) };
        let args = (&who.address, &collateral, most).into_val(&f.env);
        let before = f.ledger().account(&self.treasury.address).deposits.get(collateral.clone()).unwrap_or(0);
        let played = self.submit(
            "backstop",
            format!("{} at most {most}", who.name),
            self.anyone::<Liquidation>(ledger, "backstop", args),
        )?;
        if let Outcome::Done = played.outcome {
            let paid = fund - f.clearing().buckets().insurance;
            let has = f.ledger().account(&self.treasury.address).deposits.get(collateral).unwrap_or(0);
            assert!(paid > 0 && paid <= most.min(fund / 4) && has >= before, "{} paid {paid}", played.detail);
        }
        Some(played)
    }

    /// Somebody who owes perpetual losses names what he has, and another takes it for the money.
    pub fn settle_in_kind(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env, c) = (self.f, &self.f.env, self.f.contracts());
        let smart = |who: &Actor| self.smart.iter().any(|smart| smart.address == who.address);
        let owed = |who: &Actor| f.ledger().breakdown(&who.address).perp_debt;
        let who = self
            .everybody
            .iter()
            .find(|who| !smart(who) && owed(who) >= LEAST * USD && self.largest_other(who).is_some())?;
        let held = self.largest_other(who)?;
        let named = vec![env, held.asset.clone()];
        who.calls::<()>(&c.ledger, "set_in_kind", (&who.address, named).into_val(env)).ok();
        let by = &self.arbitrageur;
        let most = owed(who).min(held.value * 95 / 100) * dice.between(20, 110) / 100;
        let most = most.min(f.balance(Coin::Usdc, &by.address));
        let args = (&by.address, &who.address, &held.asset, most).into_val(env);
        let pull = by.transfer_call(&c.vault, Coin::Usdc.units(most));
        let call = Invocation::new(&c.vault, "settle_in_kind", args).with(pull);
        let detail = format!("{} for {} at most {most}", by.name, who.name);
        self.submit("settle_in_kind", detail, by.submits::<Liquidation>(call))
    }

    /// A part of what the protocol earned in an asset.
    pub fn pay_out(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let coin = *dice.pick(&Coin::ALL);
        let reserves = f.ledger().asset(f.token(coin)).totals.reserves;
        let fees = if coin == Coin::Usdc { f.clearing().buckets().fees } else { 0 };
        let amount = (reserves + fees) / 100 * dice.between(10, 80);
        if amount == 0 || f.ledger().asset(f.token(coin)).totals.cash < amount {
            return None;
        }
        self.earnings(f.token(coin), amount);
        Self::done("payout", format!("{amount} of {coin:?}"))
    }

    /// Announced, paid to the protocol's account, and taken out of it.
    pub fn earnings(&self, asset: &Address, amount: i128) {
        let f = self.f;
        if amount > 0 {
            let treasury = self.treasury();
            self.wait_for(&f.contracts().ledger, LedgerChange::Payout(asset.clone(), amount));
            let out = (&treasury.address, asset, i128::MAX, &treasury.address).into_val(&f.env);
            treasury.calls::<i128>(&f.contracts().vault, "withdraw", out).ok();
        }
    }
}
