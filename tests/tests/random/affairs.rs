//! What actors do beside trading: batches, orders, delegates, the administration of accounts, offices, pauses. A move is
//! whatever belongs together: who pauses also resumes.

use crate::moves::{Cast, Outcome, Played};
use margin_interface::{
    permissions, AccountType, Action, ClearingChange, ClearingError, ClearingRequest, MarketStage,
    MatchedFill, Sep40Client, TokenPolicy,
};
use margin_math::units::{BASE, USD};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{BTC_USD, ETH_USD};
use margin_tests::money::{usd, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::orders;
use margin_tests::random::Dice;
use margin_tests::tx::Tx;
use soroban_sdk::{vec, Address, BytesN, Env, IntoVal, TryFromVal, Val, Vec as HostVec};

/// Seconds after which an entry that nobody touched is archived, and some more.
const ARCHIVED: u64 = 130 * DAY;

impl Cast<'_> {
    pub fn done(name: &'static str, detail: impl Into<String>) -> Option<Played> {
        Some(Played { name, detail: detail.into(), outcome: Outcome::Done })
    }

    /// A call that asks for nobody's consent.
    pub fn anyone<T: TryFromVal<Env, Val>>(
        &self,
        contract: &Address,
        function: &str,
        args: HostVec<Val>,
    ) -> Tx<T> {
        Tx::new(self.f, Invocation::new(contract, function, args))
    }

    /// Whether the account can spare so many dollars of risk.
    fn spares(&self, who: &Actor, dollars: i128) -> bool {
        self.free_value(who, 125) > dollars * USD
    }

    // ---- batches ----------------------------------------------------------------------------------------------------

    pub fn increase(&self, dice: &mut Dice) -> Option<Played> {
        let (who, market) = (self.anybody(dice), *dice.pick(&[BTC_USD, ETH_USD]));
        let held = self.f.clearing().position(&who.address, &self.f.symbol(market))?;
        let margin = usdc(dice.between(20, 200));
        let enough = self.f.balance(Coin::Usdc, &who.address) >= margin.units;
        if !enough || !self.spares(who, 200) || !self.near_index(market, held.size > 0) {
            return None;
        }
        let mut call = who.open_call(market, held.size > 0, margin, 110);
        call.function = "increase_position".into();
        self.submit("increase_position", format!("{} {market}", who.name), who.submits::<Val>(call))
    }

    pub fn borrow_two(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        if !self.spares(who, 200) {
            return None;
        }
        let loans = [self.f.worth(Coin::Usdc, 30), self.f.worth(Coin::Eth, 30)];
        self.submit("borrow_multiple", who.name.clone(), who.borrow_multiple(&loans))
    }

    pub fn batch(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let amount = dice.between(10, 100) * USD;
        if self.f.balance(Coin::Usdc, &who.address) < 2 * amount || !self.spares(who, 150) {
            return None;
        }
        let token = self.f.token(Coin::Usdc).clone();
        if dice.chance(50) {
            let steps = [Action::Deposit(token.clone(), amount), Action::Withdraw(token, amount / 2)];
            return self.submit("submit to the vault", who.name.clone(), who.submit(&steps));
        }
        let leg = ClearingRequest::Act(Action::Deposit(token, amount));
        self.submit("submit to the house", who.name.clone(), orders::submit(self.f, who, who, &[leg]))
    }

    // ---- orders -----------------------------------------------------------------------------------------------------

    /// An order that is stored, and then executed, cancelled or killed with all others.
    pub fn stored_order(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        if !self.spares(who, 400) || !self.near_index(BTC_USD, true) {
            return None;
        }
        let f = self.f;
        let held = f.clearing().position(&who.address, &f.symbol(BTC_USD)).map_or(0, |held| held.size);
        if held < 0 {
            return None;
        }
        let epoch = f.clearing().orders(&who.address).epoch;
        let index = f.prices.get("BTC");
        // At least the market's minimum.
        let size = 15 * USD * (BASE / USD) / (index / 100_000_000_000_000) + 1;
        let order = margin_interface::ConditionalOrder {
            acceptable_price: index * 110 / 100,
            epoch,
            ..orders::order(f, who, self.next_number(), size)
        };
        if let Some(played) =
            refused(self.submit("place_order", who.name.clone(), orders::place(f, who, &order)))
        {
            return Some(played);
        }
        let clearing = &f.contracts().clearing;
        let played = match dice.between(1, 4) {
            1 | 2 => self.submit("execute_order", who.name.clone(), orders::execute(f, &f.keeper, &order)),
            3 if dice.chance(50) => {
                let args = (&who.address, order.nonce).into_val(&f.env);
                self.submit(
                    "cancel_order",
                    who.name.clone(),
                    who.calls::<Val>(clearing, "cancel_order", args),
                )
            }
            3 => {
                let (word, mask) = (order.nonce / 64, 1_u64 << (order.nonce % 64));
                let args = (&who.address, word, mask).into_val(&f.env);
                self.submit(
                    "cancel_nonces",
                    who.name.clone(),
                    who.calls::<Val>(clearing, "cancel_nonces", args),
                )
            }
            _ => {
                let args = (&who.address,).into_val(&f.env);
                self.submit("bump_epoch", who.name.clone(), who.calls::<u64>(clearing, "bump_epoch", args))
            }
        };
        if played.as_ref().is_some_and(|played| matches!(played.outcome, Outcome::Done)) {
            self.is_dead(&order);
        }
        played
    }

    /// Two who want the opposite meet at the index.
    pub fn matched(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let (buyer, seller) = (self.anybody(dice), self.anybody(dice));
        let held =
            |who: &Actor| f.clearing().position(&who.address, &f.symbol(BTC_USD)).map_or(0, |held| held.size);
        let apart = buyer.address != seller.address && held(buyer) >= 0 && held(seller) <= 0;
        if !apart || !self.spares(buyer, 400) || !self.spares(seller, 400) {
            return None;
        }
        let clearing = &f.contracts().clearing;
        if f.clearing().config().operator.is_none() {
            let change = ClearingChange::Operator(f.keeper.address.clone());
            self.wait_for(clearing, change);
            if !self.spares(buyer, 400) || !self.spares(seller, 400) {
                return Self::done("operator", "named");
            }
        }
        let index = f.prices.get("BTC");
        let size = BASE / 1_000;
        let cash = index / 1_000 / (margin_math::units::PRICE / USD);
        let fills: Vec<(&Actor, MatchedFill)> = [(buyer, size, -cash), (seller, -size, cash)]
            .into_iter()
            .map(|(who, size_delta, quote_delta)| {
                let epoch = f.clearing().orders(&who.address).epoch;
                let acceptable_price = if size_delta > 0 { index * 110 / 100 } else { 1 };
                let order = orders::order(f, who, self.next_number(), size_delta);
                let order =
                    margin_interface::ConditionalOrder { acceptable_price, epoch, max_fee: 0, ..order };
                (who, MatchedFill { order, quote_delta, size_delta })
            })
            .collect();
        let plain: Vec<MatchedFill> = fills.iter().map(|(_, fill)| fill.clone()).collect();
        let mut tx = orders::match_call(f, &f.keeper, &plain);
        for (who, fill) in &fills {
            tx = tx.consent(who, orders::consent(f, "settle_match", &fill.order).tree(&f.env));
        }
        let played = self.submit("settle_match", format!("{} buys of {}", buyer.name, seller.name), tx);
        if dice.chance(50) {
            let nobody = (&f.guardian.address, None::<Address>).into_val(&f.env);
            f.guardian.calls::<()>(clearing, "set_operator", nobody).ok();
        }
        played
    }

    // ---- the ledger's own -------------------------------------------------------------------------------------------

    pub fn delegate(&self, dice: &mut Dice) -> Option<Played> {
        let (f, who) = (self.f, self.anybody(dice));
        // An account's own entry point does it for the smart.
        let smart = self.smart.iter().any(|smart| smart.address == who.address);
        let until = f.now() + DAY;
        let ledger = &f.contracts().ledger;
        if smart {
            let named = (&f.keeper.address, permissions::MODIFY_COLLATERAL, until);
            f.administer::<()>(who, "grant_delegate", named).ok();
            f.administer::<()>(who, "revoke_delegate", (&f.keeper.address,)).ok();
        } else {
            who.grant(&f.keeper, permissions::TRADE, until).ok();
            who.revoke(&f.keeper).ok();
            who.calls::<()>(ledger, "revoke_all", (&who.address,).into_val(&f.env)).ok();
            let named = vec![&f.env, f.token(Coin::Eth).clone()];
            who.calls::<()>(ledger, "set_in_kind", (&who.address, named).into_val(&f.env)).ok();
        }
        Self::done("delegate", who.name.clone())
    }

    /// What anybody may ask for.
    pub fn upkeep(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env, c) = (self.f, &self.f.env, self.f.contracts());
        let coin = *dice.pick(&Coin::ALL);
        self.anyone::<()>(&c.ledger, "accrue", (f.token(coin),).into_val(env)).ok();
        let all: Vec<Address> = f.people().iter().map(|person| person.address.clone()).collect();
        self.anyone::<()>(&c.ledger, "extend_ttl", (HostVec::from_slice(env, &all),).into_val(env)).ok();
        self.anyone::<i128>(&c.vault, "sync", (f.token(coin),).into_val(env)).ok();
        let assets = Sep40Client::new(&f.env, &f.contracts().oracle).assets();
        self.anyone::<()>(&c.oracle, "extend_ttl", (assets.clone(),).into_val(env)).ok();
        self.anyone::<Val>(&c.oracle, "poke", (assets,).into_val(env)).ok();
        Self::done("upkeep", format!("{coin:?}"))
    }

    /// Whoever is below the level is called, and whoever is flagged and well again is told so.
    pub fn call_for_margin(&self, _: &mut Dice) -> Option<Played> {
        let ledger = &self.f.contracts().ledger;
        for who in &self.everybody {
            let state = self.f.ledger().account(&who.address);
            let Ok(Ok(summary)) = self.f.ledger().try_summary(&who.address) else { continue };
            let args = (&who.address,).into_val(&self.f.env);
            match state.status {
                margin_interface::AccountStatus::Normal if !summary.margin_call_ok => {
                    let tx = self.anyone::<u64>(ledger, "margin_call", args);
                    return self.submit("margin_call", who.name.clone(), tx);
                }
                margin_interface::AccountStatus::Flagged if summary.margin_call_ok => {
                    return self.submit(
                        "unflag",
                        who.name.clone(),
                        self.anyone::<()>(ledger, "unflag", args),
                    );
                }
                _ => {}
            }
        }
        None
    }

    // ---- accounts ---------------------------------------------------------------------------------------------------

    pub fn keys(&self, dice: &mut Dice) -> Option<Played> {
        let (f, who) = (self.f, dice.pick(&self.smart));
        if f.account(who).account_type() == AccountType::Institutional {
            // An institution's keys are changed by its configuration.
            return None;
        }
        let [first, second] = ["spare", "other spare"].map(|name| f.key(&key_of(name)));
        f.administer::<()>(who, "add_signer", (first.clone(),)).ok();
        f.administer::<()>(who, "rotate_signer", (first, second.clone())).ok();
        f.administer::<()>(who, "remove_signer", (second,)).ok();
        Self::done("keys", who.name.clone())
    }

    pub fn settings(&self, dice: &mut Dice) -> Option<Played> {
        let (f, who) = (self.f, dice.pick(&self.smart));
        let limits = f.account(who).limits();
        let same = (Some(limits.max_leverage), Some(12_000_u32), None::<i128>, None::<i128>);
        f.administer::<()>(who, "update_params", same).ok();
        let stranger = &f.contracts().sources[0];
        f.administer::<()>(who, "allow_contract", (stranger,)).ok();
        f.administer::<()>(who, "disallow_contract", (stranger,)).ok();
        let code = BytesN::<32>::from_array(&f.env, &[7; 32]);
        f.administer::<()>(who, "propose_upgrade", (code,)).ok();
        f.administer::<()>(who, "cancel_upgrade", ()).ok();
        Self::done("settings", who.name.clone())
    }

    pub fn freeze(&self, dice: &mut Dice) -> Option<Played> {
        let (f, who) = (self.f, dice.pick(&self.smart));
        f.by_itself(who, "freeze", ()).ok();
        let refusal = self.refusal(&who.borrow(usdc(1)));
        assert!(refusal.refused_by.is_some(), "a frozen account borrows");
        f.administer::<()>(who, "unfreeze", ()).ok();
        Self::done("freeze", who.name.clone())
    }

    /// A session that is granted, used and revoked; a rule for a token that comes and goes.
    pub fn session(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let has_sessions = |who: &&Actor| f.account(who).account_type() != AccountType::Basic;
        let hosts: Vec<&Actor> = self.smart.iter().filter(has_sessions).collect();
        let who = *dice.pick(&hosts);
        let name = format!("agent {}", self.next_number());
        let agent = f.session(who, &name, |_| ());
        let mut played = None;
        if f.balance(Coin::Usdc, &who.address) >= usdc(50).units {
            played = self.submit("session deposits", name.clone(), agent.deposit(usdc(dice.between(10, 40))));
        }
        let key = f.key(&key_of(&name));
        if dice.chance(50) {
            f.administer::<()>(who, "revoke_session_key", (key.clone(),)).ok();
            let operations = vec![&f.env, f.symbol("borrow")];
            let args = (key, f.now() + DAY, usd(10), usd(100), operations);
            f.administer::<()>(who, "add_session_key", args).ok();
        }
        f.administer::<()>(who, "revoke_all_sessions", ()).ok();
        let policy = TokenPolicy { max_debt: 1_000_000 * USD, max_outflow: 1_000_000 * USD };
        f.administer::<()>(who, "set_token_policy", (f.token(Coin::Usdt), policy)).ok();
        f.administer::<()>(who, "remove_token_policy", (f.token(Coin::Usdt),)).ok();
        played.or_else(|| Self::done("session", name))
    }

    /// A keeper brings the money.
    pub fn deleverage_with(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let who = self.smart.iter().find(|who| f.vault().get_margin_ratio(&who.address) < 12_000)?;
        let (coin, owed) = self.debt_of(dice, who)?;
        let deposits = f.ledger().breakdown(&who.address).deposits;
        let held =
            deposits.iter().filter(|held| &held.asset != f.token(coin)).max_by_key(|held| held.value)?;
        let by = &self.arbitrageur;
        let most = owed.min(f.balance(coin, &by.address));
        if most == 0 {
            return None;
        }
        let args = (&by.address, f.token(coin), held.asset, most).into_val(&f.env);
        let call = Invocation::new(&who.address, "auto_deleverage_with", args);
        let vault = &f.contracts().vault;
        let inner = (&by.address, &who.address, f.token(coin), deposits_asset(&call), most).into_val(&f.env);
        let leg = Invocation::new(vault, "deleverage", inner).with(by.transfer_call(vault, coin.units(most)));
        self.submit("auto_deleverage_with", who.name.clone(), by.submits::<Val>(call.with(leg)))
    }

    pub fn newcomer(&self, _: &mut Dice) -> Option<Played> {
        let name = format!("newcomer {}", self.next_number());
        let newcomer = self.f.smart_account(&name);
        self.arbitrageur.pay(&newcomer.address, usdc(100)).ok();
        self.submit("newcomer", name, newcomer.deposit(usdc(50)))
    }

    // ---- offices ----------------------------------------------------------------------------------------------------

    /// Announced, and withdrawn by the guardian.
    pub fn change_of_mind(&self, dice: &mut Dice) -> Option<Played> {
        let (f, c) = (self.f, self.f.contracts());
        let contract = *dice.pick(&[&c.oracle, &c.ledger, &c.vault, &c.clearing, &c.factory]);
        let env = &f.env;
        let args = (&f.keeper.address,).into_val(env);
        let id: BytesN<32> = f.admin.calls(contract, "propose_guardian", args).ok();
        f.guardian.calls::<()>(contract, "cancel", (&f.guardian.address, id).into_val(env)).ok();
        f.admin.calls::<()>(contract, "transfer_admin", (&f.admin.address,).into_val(env)).ok();
        f.admin.calls::<()>(contract, "accept_admin", HostVec::new(env)).ok();
        Self::done("change of mind", format!("{contract:?}"))
    }

    /// A market stands still, and moves again a day later; so do new accounts.
    pub fn pause(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env, c) = (self.f, &self.f.env, self.f.contracts());
        let name = *dice.pick(&[BTC_USD, ETH_USD]);
        let market = f.symbol(name);
        let stage = *dice.pick(&[MarketStage::ReduceOnly, MarketStage::Frozen]);
        let by = &f.guardian;
        by.calls::<()>(&c.clearing, "set_market_state", (&by.address, &market, stage).into_val(env)).ok();
        by.calls::<()>(&c.factory, "pause", (&by.address,).into_val(env)).ok();
        self.trades_in_stage(name, stage);
        let change = ClearingChange::Stage(market.clone(), MarketStage::Normal);
        self.wait_for(&c.clearing, change);
        f.admin.calls::<()>(&c.factory, "unpause", HostVec::new(env)).ok();
        Self::done("pause", format!("{market:?} {stage:?}"))
    }

    /// Invariant 30: while a market only shrinks nobody adds to a position and everybody may reduce it; while it is frozen
    /// nobody does either.
    fn trades_in_stage(&self, market: &'static str, stage: MarketStage) {
        let held = |who: &Actor| {
            self.f.clearing().position(&who.address, &self.f.symbol(market)).map_or(0, |held| held.size)
        };
        // Accounts with a policy of their own may have another reason.
        let smart = |who: &Actor| self.smart.iter().any(|smart| smart.address == who.address);
        let Some(who) = self.everybody.iter().find(|who| !smart(who) && held(who) != 0) else { return };
        let wrong = Some(ClearingError::WrongStage as u32);
        let refusal = |size: i128| {
            who.trade(Order::market(market, size)).submit().err().and_then(|failure| failure.code)
        };
        let size = held(who);
        assert_eq!(refusal(size), wrong, "perpetual invariant 30 broken: {market} grows while {stage:?}");
        let reduces = refusal(-size);
        let frozen = stage == MarketStage::Frozen;
        assert_eq!(reduces == wrong, frozen, "perpetual invariant 30 broken: {reduces:?} while {stage:?}");
    }

    /// The admin announces a change, waits, and makes it.
    pub fn wait_for(&self, contract: &Address, change: impl IntoVal<Env, Val>) {
        let (f, env) = (self.f, &self.f.env);
        let announced = HostVec::from_array(env, [change.into_val(env)]);
        let id: BytesN<32> = f.admin.calls(contract, "propose", announced).ok();
        f.pass(2 * DAY);
        f.admin.calls::<()>(contract, "execute", (id,).into_val(env)).ok();
    }

    /// Parameters that stay as they are need no delay.
    pub fn same_parameters(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env, c) = (self.f, &self.f.env, self.f.contracts());
        let (by, coin) = (&f.guardian, *dice.pick(&Coin::ALL));
        let config = f.ledger().asset(f.token(coin)).config;
        by.calls::<()>(&c.ledger, "update_asset", (&by.address, f.token(coin), config).into_val(env)).ok();
        let market = f.symbol(dice.pick::<&str>(&[BTC_USD, ETH_USD]));
        let config = f.ledger().market(&market).config;
        by.calls::<()>(&c.clearing, "update_market", (&by.address, market, config).into_val(env)).ok();
        Self::done("same parameters", format!("{coin:?}"))
    }

    /// So long a silence that everything is archived; whoever comes next restores what it needs.
    pub fn silence(&self, _: &mut Dice) -> Option<Played> {
        self.f.pass(ARCHIVED);
        Self::done("silence", format!("{ARCHIVED} s"))
    }
}

/// The collateral that a keeper named.
fn deposits_asset(call: &Invocation) -> Val {
    call.args.get(2).expect("the collateral")
}

/// Only what was refused.
fn refused(played: Option<Played>) -> Option<Played> {
    played.filter(|played| matches!(played.outcome, Outcome::Refused(_)))
}
