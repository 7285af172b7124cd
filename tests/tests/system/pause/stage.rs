//! Everybody and everything that the rows need, as it stands in the moment before the guardian acts.

use super::{run, Outcome};
use ed25519_dalek::SigningKey;
use margin_interface::{
    AccountConfig, AccountType, Action, Asset, AssetClass, Breakdown, Bucket, ClearingChange,
    ConditionalOrder, FactoryChange, LedgerChange, Market, MatchedFill, OracleAdminClient, OracleChange,
    OraclePublisherClient, VaultChange,
};
use margin_math::defaults::LP_COOL_DOWN;
use margin_math::units::USD;
use margin_tests::actor::{key_of, Actor};
use margin_tests::fixture::{asset_config, test_token, upload, Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{self, order};
use margin_tests::prices::loose_limits;
use margin_tests::publishers::{self, public};
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{Address, BytesN, IntoVal, Val, Vec as HostVec};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Deref;

const DAY: u64 = 86_400;

pub struct Stage {
    f: Fixture,
    /// Interchangeable: each deposits, owes and holds a little.
    players: RefCell<Vec<Actor>>,
    /// Liquidatable, and flagged by nobody yet.
    fallen: RefCell<Vec<Actor>>,
    heirs: Cell<u32>,
    /// Deposits, and owes nothing.
    saver: Actor,
    /// With a good deposit and a full wallet.
    pub rich: Actor,
    /// Owes perpetual losses, and has only ether.
    pub indebted: Actor,
    /// Has stored orders, and a position.
    pub patient: Actor,
    /// Below the margin-call level.
    pub called: Actor,
    /// Flagged, and healthy again.
    pub healed: Actor,
    /// Flagged for an hour.
    pub sinking: Actor,
    /// What it had then.
    breakdown: Breakdown,
    /// The patient one's fourth order.
    pub stored: Option<ConditionalOrder>,
    /// A position that its margin no longer bears.
    pub sunk: Actor,
    /// Has shares of the pool.
    pub second_provider: Actor,
    /// Settles matches.
    operator: Actor,
    /// A Basic account.
    pub smart: Actor,
    /// Has a little of everything, and does nothing.
    pub bystander: Actor,
    /// A token that nobody listed.
    pub unlisted: Address,
    /// Listed, and used by nobody.
    pub unused: Address,
    announced: BTreeMap<String, BytesN<32>>,
    publishers: [SigningKey; 2],
    /// Of the next report.
    round: Cell<u64>,
}

impl Deref for Stage {
    type Target = Fixture;
    fn deref(&self) -> &Fixture {
        &self.f
    }
}

impl Stage {
    pub fn new(f: Fixture) -> Self {
        let person = |name: &str, dollars: i128| {
            let who = f.funded(f.key_account(name), &[usdc(dollars + 10_000), usdt(500)]);
            if dollars > 0 {
                who.deposit(usdc(dollars)).ok();
            }
            who
        };
        let holder = |name: &str, dollars: i128| {
            let who = f.funded(f.key_account(name), &[eth(10)]);
            who.deposit(eth(10)).ok();
            if dollars > 0 {
                who.borrow(usdc(dollars)).ok();
            }
            who
        };
        let [unlisted, unused] = ["UNLISTED", "UNUSED"].map(|name| test_token(&f.world, &f.admin, 6, name));
        f.list(&unused, asset_config(Coin::Usdt, f.prices.asset("USDT")));
        let announced = announce(&f);
        let players = (0..26).map(|number| {
            let who = person(&format!("player {number}"), 20_000);
            who.borrow(usdt(100)).ok();
            who.deposit(usdt(200)).ok();
            who.trade(Order::market(BTC_USD, milli_base(10))).ok();
            f.pass(5);
            who
        });
        let players = players.collect();
        let fallen = (0..4).map(|number| holder(&format!("fallen {number}"), 12_000)).collect();
        let (healed, sinking, called) =
            (holder("healed", 12_000), holder("sinking", 12_000), holder("called", 9_800));
        let indebted = holder("indebted", 0);
        indebted.trade(Order::market(BTC_USD, milli_base(100))).ok();
        f.pass(5);
        indebted.close_position(BTC_USD).ok();
        let named = HostVec::from_array(&f.env, [f.token(Coin::Eth).clone()]);
        indebted
            .calls::<()>(&f.contracts().ledger, "set_in_kind", (&indebted.address, named).into_val(&f.env))
            .ok();
        let (rich, saver) = (person("rich", 200_000), person("saver", 20_000));
        let sunk = f.funded(f.key_account("sunk"), &[eth(2)]);
        sunk.deposit(eth(2)).ok();
        sunk.trade(Order::market(BTC_USD, milli_base(600))).ok();
        f.pass(5);
        let patient = person("patient", 20_000);
        patient.trade(Order::market(BTC_USD, milli_base(10))).ok();
        let second_provider = person("second provider", 20_000);
        second_provider.add_liquidity(usdc(10_000)).ok();
        let (operator, bystander) = (person("operator", 0), person("bystander", 1_000));
        bystander.borrow(usdt(10)).ok();
        bystander.trade(Order::market(BTC_USD, milli_base(5))).ok();
        let smart = f.smart_account("smart");
        let mut publishers = ["one", "two"].map(key_of);
        publishers.sort_by_key(|key| key.verifying_key().to_bytes());

        let mut stage = Self {
            players: RefCell::new(players),
            fallen: RefCell::new(fallen),
            heirs: Cell::new(0),
            saver,
            rich,
            indebted,
            patient,
            called,
            healed,
            breakdown: f.ledger().breakdown(&sinking.address),
            stored: None,
            sinking,
            sunk,
            second_provider,
            operator,
            smart,
            bystander,
            unlisted,
            unused,
            announced,
            publishers,
            round: Cell::new(1),
            f,
        };
        stage.ripen();
        stage
    }

    /// A week, a fall of the prices, and what follows from both.
    fn ripen(&mut self) {
        let f = &self.f;
        let admin = |contract: &Address, function: &str, args: HostVec<Val>| {
            f.admin.calls::<Val>(contract, function, args).ok();
        };
        let c = f.contracts();
        for key in &self.publishers {
            admin(&c.oracle, "add_publisher", (public(&f.world, key),).into_val(&f.env));
        }
        let limits = loose_limits(price(1));
        admin(
            &c.oracle,
            "add_asset",
            (self.other("THING"), AssetClass::Volatile, limits, price(1)).into_val(&f.env),
        );
        f.pass(7 * DAY);
        let operator = ClearingChange::Operator(self.operator.address.clone());
        let id: BytesN<32> = f.admin.calls(&c.clearing, "propose", (operator,).into_val(&f.env)).ok();
        let guard = (&self.bystander.address,).into_val(&f.env);
        for contract in [&c.oracle, &c.ledger, &c.vault, &c.clearing, &c.factory] {
            admin(contract, "propose_guardian", HostVec::clone(&guard));
        }
        f.pass(3 * DAY);
        admin(&c.clearing, "execute", (id,).into_val(&f.env));
        admin(&c.ledger, "set_protocol_account", (Bucket::Insurance, &self.keeper.address).into_val(&f.env));

        f.set_price("ETH", price(1_400));
        f.set_price("BTC", price(48_500));
        for flagged in [&self.healed, &self.sinking] {
            f.ledger().flag(&flagged.address);
        }
        self.fund(&self.healed, usdc(8_000));
        self.healed.repay(usdc(8_000)).ok();
        f.provider.request_exit(10_000_000).ok();
        f.pass(LP_COOL_DOWN);
        let mut stored = None;
        for nonce in 1..=4 {
            let order = order(&f.world, &self.patient, nonce, milli_base(5));
            orders::place(&f.world, &self.patient, &order).ok();
            stored = Some(order);
        }
        f.pass(5);
        self.stored = stored;
        self.publishes(&c.oracle).expect("the first report");
        f.pass(5);
    }

    pub fn contract(&self, name: &str) -> Address {
        let c = self.contracts();
        match name {
            "oracle" => &c.oracle,
            "margin-ledger" => &c.ledger,
            "vault" => &c.vault,
            "perp-clearing" => &c.clearing,
            _ => &c.factory,
        }
        .clone()
    }

    pub fn player(&self) -> Actor {
        self.players.borrow_mut().pop().expect("a player for each row")
    }

    pub fn fallen(&self) -> Actor {
        self.fallen.borrow_mut().pop().expect("a fallen one for each row")
    }

    pub fn saver(&self) -> &Actor {
        &self.saver
    }

    pub fn heir(&self) -> Actor {
        self.heirs.set(self.heirs.get() + 1);
        self.key_account(&format!("heir {}", self.heirs.get()))
    }

    pub fn other(&self, name: &str) -> Asset {
        Asset::Other(self.symbol(name))
    }

    pub fn oracle_admin(&self) -> OracleAdminClient<'_> {
        OracleAdminClient::new(&self.env, &self.contracts().oracle)
    }

    pub fn account_of(&self, owner: &Actor) -> AccountConfig {
        AccountConfig {
            account_type: AccountType::Basic,
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: owner.address.clone(),
            signers: HostVec::from_array(&self.env, [self.key(owner.key())]),
        }
    }

    /// An argument of a read that has to be something in particular.
    pub fn argument(&self, function: &str, argument: &str) -> Option<Val> {
        let env = &self.env;
        let usdc = self.token(Coin::Usdc);
        match (function, argument) {
            ("dry_liquidate" | "preview_liquidate" | "plan_deleverage", "account") => {
                Some(self.sinking.address.to_val())
            }
            ("dry_liquidate" | "preview_liquidate", "max_repay") => {
                Some(super::usdc(100).units.into_val(env))
            }
            ("plan_deleverage", "breakdown") => Some(self.breakdown.clone().into_val(env)),
            ("plan_deleverage", "swap") => Some(().into()),
            ("plan_deleverage", "target") => Some(15_000u32.into()),
            ("get_market_borrow", "market") => Some(usdc.to_val()),
            ("preview_repay", "asset") => Some(self.token(Coin::Usdt).to_val()),
            ("value", "amounts") => Some(HostVec::from_array(env, [(usdc.clone(), 1i128)]).into_val(env)),
            ("assess", "amounts") => {
                Some(HostVec::from_array(env, [(Market::Asset(usdc.clone()), 1i128)]).into_val(env))
            }
            ("dry_batch" | "preview" | "assess", "actions") => {
                Some(HostVec::from_array(env, [Action::Deposit(usdc.clone(), 1)]).into_val(env))
            }
            ("dry_fills", "fills") => Some(HostVec::<Val>::new(env).into_val(env)),
            ("dry_fills" | "push_market", "state") => {
                Some(self.ledger().market(&self.symbol(BTC_USD)).state.into_val(env))
            }
            ("can_execute", "order") => {
                Some(order(&self.world, &self.patient, 9, milli_base(5)).into_val(env))
            }
            _ => None,
        }
    }

    /// A keeper does something to an account.
    pub fn keeps(&self, contract: &Address, function: &str, account: &Actor) -> Outcome {
        run(self.keeper.calls::<Val>(contract, function, (&account.address,).into_val(&self.env)))
    }

    /// A keeper does something to the market.
    pub fn turns(&self, clearing: &Address, function: &str) -> Outcome {
        run(self.keeper.calls::<Val>(clearing, function, (self.symbol(BTC_USD),).into_val(&self.env)))
    }

    pub fn pokes(&self, oracle: &Address) -> Outcome {
        let assets = HostVec::from_array(&self.env, [self.prices.asset("USDC")]);
        run(self.keeper.calls::<Val>(oracle, "poke", (assets,).into_val(&self.env)))
    }

    pub fn increases(&self) -> Outcome {
        let who = self.player();
        let margin = usdc(100);
        let mut call = who.open_call(BTC_USD, true, margin, 100);
        call.function = "increase_position".into();
        run(who.submits::<Val>(call))
    }

    pub fn matches(&self) -> Outcome {
        let (buyer, seller) = (self.player(), self.player());
        let buy = order(&self.world, &buyer, 1, milli_base(10));
        let sell = order(&self.world, &seller, 1, milli_base(-10));
        let fills = [
            MatchedFill { order: sell.clone(), quote_delta: 485 * USD, size_delta: milli_base(-10) },
            MatchedFill { order: buy.clone(), quote_delta: -485 * USD, size_delta: milli_base(10) },
        ];
        let consent = |order| orders::consent(&self.world, "settle_match", order).tree(&self.env);
        let call = orders::match_call(&self.world, &self.operator, &fills);
        run(call.consent(&seller, consent(&sell)).consent(&buyer, consent(&buy)))
    }

    // ---- publishers -------------------------------------------------------------------------------------------------

    pub fn publishes(&self, oracle: &Address) -> Outcome {
        let epoch = OraclePublisherClient::new(&self.env, oracle).publishers().epoch;
        let round = self.round.replace(self.round.get() + 1);
        let report = publishers::report(&self.f.world, &self.publishers, epoch, round, &[(0, price(1))]);
        run(self.keeper.calls::<bool>(oracle, "submit", report.into_val(&self.env)))
    }

    pub fn revokes(&self, oracle: &Address) -> Outcome {
        let key = &self.publishers[0];
        let args =
            (public(&self.f.world, key), publishers::revocation(&self.f.world, key)).into_val(&self.env);
        run(self.keeper.calls::<()>(oracle, "revoke_publisher", args))
    }

    pub fn removes_publisher(&self, oracle: &Address) -> Outcome {
        let args = (&self.guardian.address, public(&self.f.world, &self.publishers[1])).into_val(&self.env);
        run(self.guardian.calls::<()>(oracle, "remove_publisher", args))
    }

    // ---- changes ----------------------------------------------------------------------------------------------------

    /// Announces the change that will be cancelled.
    pub fn propose_again(&self, contract: &Address) -> Outcome {
        run(self.admin.calls::<Val>(contract, "propose", (self.other_change(contract),).into_val(&self.env)))
    }

    pub fn cancel(&self, contract: &Address) -> Outcome {
        let id: BytesN<32> = {
            let change: Val = self.other_change(contract);
            self.env.crypto().sha256(&change.to_xdr(&self.env)).to_bytes()
        };
        run(self.guardian.calls::<()>(contract, "cancel", (&self.guardian.address, id).into_val(&self.env)))
    }

    /// Carries out what was announced at the beginning.
    pub fn execute(&self, contract: &Address) -> Outcome {
        let id = self.announced[&format!("{contract:?}")].clone();
        run(self.admin.calls::<Val>(contract, "execute", (id,).into_val(&self.env)))
    }

    fn other_change(&self, contract: &Address) -> Val {
        let (env, c) = (&self.env, self.contracts());
        let code = BytesN::from_array(env, &[9; 32]);
        match contract {
            _ if *contract == c.oracle => OracleChange::Upgrade(code, 1).into_val(env),
            _ if *contract == c.ledger => LedgerChange::Upgrade(code, 1).into_val(env),
            _ if *contract == c.vault => VaultChange::Upgrade(code, 1).into_val(env),
            _ if *contract == c.clearing => ClearingChange::Upgrade(code, 1).into_val(env),
            _ => FactoryChange::Upgrade(code, 1).into_val(env),
        }
    }
}

/// In each contract a change that alters nothing.
fn announce(f: &Fixture) -> BTreeMap<String, BytesN<32>> {
    let (env, c) = (&f.env, f.contracts());
    let token = f.token(Coin::Xlm).clone();
    let same = f.ledger().asset(&token).config;
    let index = f.prices.asset("USDC");
    let limits = OracleAdminClient::new(env, &c.oracle).limits(&index).expect("listed");
    let market = f.symbol(BTC_USD);
    let config = f.ledger().market(&market).config;
    let code = upload(&f.world, "vault", vault::Vault);
    let changes: [(&Address, Val); 5] = [
        (&c.oracle, OracleChange::Limits(index, limits).into_val(env)),
        (&c.ledger, LedgerChange::Asset(token, same).into_val(env)),
        (&c.vault, VaultChange::Upgrade(code, 1).into_val(env)),
        (&c.clearing, ClearingChange::Market(market, config).into_val(env)),
        (
            &c.factory,
            FactoryChange::WasmHash(AccountType::Basic, f.factory().config().basic_hash).into_val(env),
        ),
    ];
    let announced = changes.into_iter().map(|(contract, change)| {
        let args = HostVec::from_array(env, [change]);
        (format!("{contract:?}"), f.admin.calls(contract, "propose", args).ok())
    });
    let announced = announced.collect();
    let by_name =
        FactoryChange::WasmHash(AccountType::Institutional, f.factory().config().institutional_hash);
    f.admin.calls::<BytesN<32>>(&c.factory, "propose", (by_name,).into_val(env)).ok();
    announced
}
