//! What changes while everybody lives on: the code of contracts and of accounts, tiers, owners, guardians, addresses, and what
//! an issuer leaves in the vault.

use crate::moves::{Cast, News, Outcome, Played};
use margin_interface::{
    AccountConfig, AccountType, FactoryChange, GovernanceError, Limits, TierParams, Upgrade,
};
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::auth::{Invocation, Shape};
use margin_tests::fixture::upload;
use margin_tests::money::{usdc, Coin};
use margin_tests::random::Dice;
use margin_tests::tx::Tx;
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{symbol_short, Address, BytesN, Executable, IntoVal, Val, Vec as HostVec};

const WEEK: u64 = 7 * DAY;
const TIERS: [AccountType; 3] = [AccountType::Basic, AccountType::Pro, AccountType::Institutional];

impl Cast<'_> {
    fn governed(&self) -> [&Address; 5] {
        let c = self.f.contracts();
        [&c.oracle, &c.ledger, &c.vault, &c.clearing, &c.factory]
    }

    /// The code that the governed contracts were built from, in the order of [`Self::governed`].
    fn code(&self) -> [BytesN<32>; 5] {
        let world = &self.f.world;
        [
            upload(world, "oracle", oracle::Oracle),
            upload(world, "margin-ledger", margin_ledger::MarginLedger),
            upload(world, "vault", vault::Vault),
            upload(world, "perp-clearing", perp_clearing::PerpClearing),
            upload(world, "factory", factory::AccountFactory),
        ]
    }

    /// All contracts are built anew and released: one after another or in one transaction, and not where the code is final.
    pub fn release(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env) = (self.f, &self.f.env);
        let release = self.governed().into_iter().zip(self.code()).map(|(target, wasm)| Upgrade {
            target: target.clone(),
            version: 1,
            wasm,
        });
        let release: Vec<Upgrade> = release.collect();
        let change = |upgrade: &Upgrade| -> Val {
            (symbol_short!("Upgrade"), &upgrade.wasm, upgrade.version).into_val(env)
        };
        let execute = |upgrade: &Upgrade| {
            let id: BytesN<32> = env.crypto().sha256(&change(upgrade).to_xdr(env)).to_bytes();
            Invocation::new(&upgrade.target, "execute", (id,).into_val(env))
        };
        for upgrade in &release {
            let announced = HostVec::from_array(env, [change(upgrade)]);
            f.admin.calls::<BytesN<32>>(&upgrade.target, "propose", announced).ok();
        }
        f.pass(WEEK);
        let at_once = dice.chance(50);
        if self.code_is_final.get() {
            for upgrade in &release {
                self.refused(&f.admin.submits::<()>(execute(upgrade)), GovernanceError::UpgradesFrozen);
            }
        } else if at_once {
            let listed = HostVec::from_slice(env, &release);
            let args = (&f.admin.address, listed).into_val(env);
            let whole = Invocation::new(&f.contracts().upgrader, "upgrade", args);
            let whole = release.iter().fold(whole, |whole, upgrade| whole.with(execute(upgrade)));
            f.admin.submits::<()>(whole).ok();
        } else {
            for upgrade in &release {
                f.admin.submits::<()>(execute(upgrade)).ok();
            }
        }
        if !self.code_is_final.get() {
            for Upgrade { target, wasm, .. } in &release {
                assert_eq!(target.executable(), Some(Executable::Wasm(wasm.clone())));
            }
        }
        if dice.chance(30) {
            for contract in self.governed() {
                f.admin.calls::<()>(contract, "freeze_upgrades", HostVec::new(env)).ok();
            }
            self.code_is_final.set(true);
        }
        Self::done("release", format!("at once {at_once}, final {}", self.code_is_final.get()))
    }

    /// Another guardian, everywhere, and the first one again.
    pub fn guardians(&self, _: &mut Dice) -> Option<Played> {
        let (f, env) = (self.f, &self.f.env);
        for next in [&f.keeper.address, &f.guardian.address] {
            let named: HostVec<Val> = (next,).into_val(env);
            for contract in self.governed() {
                f.admin.calls::<BytesN<32>>(contract, "propose_guardian", named.clone()).ok();
            }
            f.pass(2 * DAY);
            for contract in self.governed() {
                f.admin.calls::<()>(contract, "set_guardian", named.clone()).ok();
            }
        }
        Self::done("guardians", "")
    }

    /// The code of accounts is built anew: accounts to come run it at once, and one that exists when its owner says so.
    pub fn code_of_accounts(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env, factory) = (self.f, &self.f.env, &self.f.contracts().factory);
        let who = dice.pick(&self.smart);
        let tier = f.account(who).account_type();
        let wasm = f.code_of(tier);
        let change = FactoryChange::WasmHash(tier, wasm.clone());
        f.admin.calls::<BytesN<32>>(factory, "propose", (change,).into_val(env)).ok();
        f.administer::<()>(who, "propose_upgrade", (&wasm,)).ok();
        f.pass(WEEK);
        f.admin.calls::<()>(factory, "set_wasm_hash", (tier, &wasm).into_val(env)).ok();
        let played = self.submit("code of an account", who.name.clone(), f.executes_upgrade(who, &wasm));
        assert_eq!(who.address.executable(), Some(Executable::Wasm(wasm)));
        played
    }

    // ---- tiers and owners -------------------------------------------------------------------------------------------

    /// What an account has: nothing of it changes with its tier, its code or its address.
    fn belongings(&self, of: &Actor) -> impl PartialEq + std::fmt::Debug {
        let held = self.f.ledger().account(&of.address);
        (held.deposits, held.debts, held.positions, held.perp_debt, held.pending)
    }

    /// An account of any tier, with its signer and its limits.
    fn params(&self, who: &Actor, tier: AccountType) -> TierParams {
        let max_leverage = if tier == AccountType::Basic { 300 } else { 1_000 };
        let limits = Limits { max_leverage, ..self.f.account(who).limits() };
        TierParams { limits, signers: self.f.keys(&who.signers()) }
    }

    /// Another tier at the same address, with all it has; a session comes along to the higher one.
    pub fn another_tier(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let (who, next) = (dice.pick(&self.smart), *dice.pick(&TIERS));
        let tier = f.account(who).account_type();
        // A quorum is not left before it is dissolved: tests/system/accounts/tiers.
        if next == tier || who.keys.len() > 1 {
            return None;
        }
        let agent = (tier != AccountType::Basic && next > tier).then(|| {
            let name = format!("agent {}", self.next_number());
            f.session(who, &name, |_| ())
        });
        let (before, of_tier) = (self.belongings(who), f.factory().account_count(&next));
        let tx = f.upgrades_account(&f.authority_of(who), who, next, &self.params(who, next));
        let played = self.submit("another tier", format!("{} {tier:?} {next:?}", who.name), tx)?;
        assert_eq!(self.belongings(who), before, "{}", who.name);
        let done = matches!(played.outcome, Outcome::Done);
        let now = if done { next } else { tier };
        assert_eq!(f.account(who).account_type(), now);
        assert_eq!(f.factory().account_type(&who.address), Some(now));
        assert_eq!(f.factory().account_count(&next), of_tier + u32::from(done));
        if let Some(agent) = agent {
            if f.balance(Coin::Usdc, &who.address) >= usdc(10).units {
                agent.deposit(usdc(10)).ok();
            }
            let key = f.key(agent.key());
            f.by_itself(&agent, "renounce_session", (key,)).ok();
        }
        Some(played)
    }

    /// A key account moves into a smart one of any tier, with all it has, in the hands of an owner who agrees.
    pub fn move_in(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env) = (self.f, &self.f.env);
        let who = self.key_account(dice)?;
        let name = format!("{}'s account {}", who.name, self.next_number());
        let account_type = *dice.pick(&TIERS);
        let owner = f.owner_of(&name);
        let config = AccountConfig {
            account_type,
            auto_deleverage_threshold: 12_000,
            max_leverage: if account_type == AccountType::Basic { 300 } else { 1_000 },
            owner: owner.address.clone(),
            signers: f.keys(&who.signers()),
        };
        let salt = f.next_salt();
        let address = f.factory().account_address(&config, &salt);
        let args = (&who.address, config, salt).into_val(env);
        let whole = Invocation::new(&f.contracts().factory, "migrate_to_smart_account", args);
        let moved = (&who.address, &address).into_val(env);
        let by_who = whole.clone().with(Invocation::new(&f.contracts().vault, "migrate_positions", moved));
        let tx = Tx::<Address>::new(f, whole.clone())
            .consent(who, by_who.tree(env))
            .consent(&owner, whole.tree(env));
        let account = Actor::at(&f.world, &name, address, who.keys.clone());
        f.remember(&account);
        self.moves_to(dice, "move in", who, account, tx)
    }

    /// A key account hands everything to another.
    pub fn move_out(&self, dice: &mut Dice) -> Option<Played> {
        let (f, env) = (self.f, &self.f.env);
        let who = self.key_account(dice)?;
        let heir = self.heirs.borrow_mut().pop()?;
        let args = (&who.address, &heir.address).into_val(env);
        let call = Invocation::new(&f.contracts().vault, "transfer_positions", args);
        let tx = Tx::<()>::new(f, call).by(who).by(&heir);
        self.moves_to(dice, "move out", who, heir, tx)
    }

    /// A key account that has something.
    fn key_account(&self, dice: &mut Dice) -> Option<&Actor> {
        let who = self.anybody(dice);
        let smart = self.smart.iter().any(|account| account.address == who.address);
        let held = self.f.ledger().account(&who.address);
        (!smart && !held.deposits.is_empty()).then_some(who)
    }

    /// Everything moves or nothing; the new account joins the others, with half of the old wallet.
    fn moves_to<T: soroban_sdk::TryFromVal<soroban_sdk::Env, Val>>(
        &self,
        dice: &mut Dice,
        name: &'static str,
        from: &Actor,
        to: Actor,
        tx: Tx<T>,
    ) -> Option<Played> {
        let f = self.f;
        let (before, nothing) = (self.belongings(from), self.belongings(&to));
        let played = self.submit(name, format!("{} to {}", from.name, to.name), tx)?;
        if let Outcome::Refused(_) = played.outcome {
            return Some(played);
        }
        // Before anything else is called: the model has to know whose the positions are.
        if let Some(witness) = f.witness.borrow_mut().as_mut() {
            witness.moved(&from.address, &to.address);
        }
        assert_eq!(self.belongings(&to), before);
        assert_eq!(self.belongings(from), nothing);
        for coin in Coin::ALL {
            let half = coin.units(f.balance(coin, &from.address) / 2);
            if half.units > 0 {
                from.pay(&to.address, half).ok();
            }
        }
        self.news.set(Some(News::Moved(from.name.clone(), to.name.clone())));
        to.shape.set(*dice.pick(&[Shape::V1, Shape::V2]));
        self.joining.borrow_mut().push(to);
        Some(played)
    }

    /// An account is given to another owner, who gives it back.
    pub fn hand_over(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let who = dice.pick(&self.smart);
        if f.account(who).account_type() == AccountType::Institutional {
            // It administers itself; its owner is for lookup.
            return None;
        }
        let (owner, heir) = (f.owner_of(&who.name), f.owner_of("the heirs"));
        f.administer::<()>(who, "transfer_ownership", (&heir.address,)).ok();
        f.administers(&heir, who, "accept_ownership", HostVec::new(&f.env)).ok();
        let _ = self.refusal(&f.administer::<()>(who, "transfer_ownership", (&owner.address,)));
        let back = (&owner.address,).into_val(&f.env);
        f.administers(&heir, who, "transfer_ownership", back).ok();
        f.administers(&owner, who, "accept_ownership", HostVec::new(&f.env)).ok();
        Self::done("hand over", who.name.clone())
    }

    // ---- the issuer -------------------------------------------------------------------------------------------------

    /// The issuer of the regulated asset takes a part of what the vault holds, or gives back what is missing; or a day
    /// passes, and its depositors bear it.
    pub fn claw_back(&self, dice: &mut Dice) -> Option<Played> {
        let (f, token) = (self.f, &self.regulated);
        let vault = &f.contracts().vault;
        let missing = f.ledger().asset(&token.address).totals.pending_bad_debt;
        let (name, amount) = if missing == 0 {
            let amount = token.balance(f, vault) / 100 * dice.between(1, 40);
            if amount == 0 {
                return None;
            }
            token.claw_back(f, vault, amount);
            ("clawback", amount)
        } else if dice.chance(50) {
            token.mint(f, vault, missing).ok();
            ("clawed and returned", -missing)
        } else {
            f.pass(DAY);
            ("clawed and borne", 0)
        };
        let sync = Invocation::new(vault, "sync", (&token.address,).into_val(&f.env));
        let still_missing: i128 = Tx::new(f, sync).ok();
        assert_eq!(still_missing > 0, amount > 0, "{name}: {still_missing}");
        self.news.set(Some(News::Clawed(amount)));
        Self::done(name, format!("{amount}"))
    }
}
