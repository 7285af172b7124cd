//! The worst case of every bound: 8 deposits and the settlement asset, 8 debts, 8 positions, each with a price of its own.

use margin_interface::{Asset, AssetClass, ClearingChange, LedgerChange, MarketConfig, Receive};
use margin_math::units::BASE;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::costs::Table;
use margin_tests::fixture::{asset_config, market_config, test_token, Fixture};
use margin_tests::money::{milli_base, price, usd, usdc, Coin};
use margin_tests::orders::{execute_signed, order};
use margin_tests::prices::{fresh_source, loose_limits};
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use price_source::PriceSourceClient;
use soroban_sdk::{Address, BytesN, IntoVal, Symbol, Val, Vec as HostVec};

const MOST: usize = 8;
const UNIT: i128 = 10_000_000;

/// Everything eight times.
struct Crowd<'a> {
    f: &'a Fixture,
    tokens: Vec<Address>,
    markets: Vec<Symbol>,
    tickers: Vec<Asset>,
}

impl<'a> Crowd<'a> {
    fn new(f: &'a Fixture) -> Self {
        let mut crowd = Self { f, tokens: Vec::new(), markets: Vec::new(), tickers: Vec::new() };
        let mut changes = Vec::new();
        for place in 0..MOST {
            let token = test_token(&f.world, &f.admin, 7, &format!("T{place}"));
            crowd.list_price(Asset::Stellar(token.clone()));
            let mut config = asset_config(Coin::Usdt, Asset::Stellar(token.clone()));
            config.supply_cap = 1_000_000_000 * UNIT;
            config.borrow_cap = config.supply_cap;
            let change = LedgerChange::Asset(token.clone(), config);
            changes.push(("ledger", crowd.propose(&f.contracts().ledger, change.into_val(&f.env))));
            crowd.tokens.push(token);
        }
        for place in 0..MOST {
            let index = Asset::Other(f.symbol(&format!("M{place}")));
            crowd.list_price(index.clone());
            let market = f.symbol(&format!("M{place}_USD"));
            let config: MarketConfig = market_config(index, 10_000_000);
            let change = ClearingChange::Open(market.clone(), config, 10_000_000 * BASE, usd(10_000_000));
            changes.push(("clearing", crowd.propose(&f.contracts().clearing, change.into_val(&f.env))));
            crowd.markets.push(market);
        }
        f.pass(86_400);
        crowd.report();
        for (contract, id) in changes {
            crowd.admin(contract, "execute", (id,).into_val(&f.env));
        }
        crowd.report();
        crowd
    }

    fn propose(&self, contract: &Address, change: Val) -> BytesN<32> {
        self.f.admin.calls(contract, "propose", (change,).into_val(&self.f.env)).ok()
    }

    fn admin(&self, contract: &str, function: &str, args: HostVec<Val>) {
        let contracts = self.f.contracts();
        let contract = if contract == "ledger" { &contracts.ledger } else { &contracts.clearing };
        self.f.admin.calls::<()>(contract, function, args).ok();
    }

    fn list_price(&mut self, asset: Asset) {
        let f = self.f;
        let oracle = &f.contracts().oracle;
        let args = (asset.clone(), AssetClass::Volatile, loose_limits(price(1)), price(1));
        f.admin.calls::<()>(oracle, "add_asset", args.into_val(&f.env)).ok();
        for (group, contract) in (0u32..).zip(&f.contracts().sources) {
            let source = fresh_source(asset.clone(), contract.clone(), group);
            f.admin.calls::<()>(oracle, "add_price_feed", (asset.clone(), source).into_val(&f.env)).ok();
        }
        self.say(&asset);
        self.tickers.push(asset);
    }

    /// It costs a dollar.
    fn say(&self, asset: &Asset) {
        self.say_cents(asset, 100);
    }

    fn say_cents(&self, asset: &Asset, cents: i128) {
        let f = self.f;
        for (decimals, source) in [14u32, 10, 8].into_iter().zip(&f.contracts().sources) {
            let price = cents * 10i128.pow(decimals) / 100;
            PriceSourceClient::new(&f.env, source).set(asset, &price, &f.now());
        }
        f.oracle().poke(&HostVec::from_array(&f.env, [asset.clone()]));
    }

    /// Everything costs a dollar.
    fn report(&self) {
        self.report_markets_at(100);
    }

    /// Tokens cost a dollar, what the markets are about so many cents.
    fn report_markets_at(&self, cents: i128) {
        self.f.pass(5);
        for asset in &self.tickers {
            let perpetual = matches!(asset, Asset::Other(_));
            self.say_cents(asset, if perpetual { cents } else { 100 });
        }
    }

    /// Repays a debt and takes another asset for it, in shares.
    fn liquidate(
        &self,
        by: &Actor,
        who: &Actor,
        debt: &Address,
        collateral: &Address,
        most: i128,
    ) -> Tx<Val> {
        let (f, vault) = (self.f, &self.f.contracts().vault);
        let pull = Invocation::new(debt, "transfer", (&by.address, vault, most).into_val(&f.env));
        let args = (&by.address, &who.address, debt, collateral, most, 0i128, Receive::Shares);
        by.submits(Invocation::new(vault, "liquidate", args.into_val(&f.env)).with(pull))
    }

    fn deposit(&self, who: &Actor, token: &Address, amount: i128) {
        let (f, vault) = (self.f, &self.f.contracts().vault);
        let transfer = Invocation::new(token, "transfer", (&who.address, vault, amount).into_val(&f.env));
        let args = (&who.address, &who.address, token, amount).into_val(&f.env);
        who.submits::<i128>(Invocation::new(vault, "deposit", args).with(transfer)).ok();
    }

    fn borrow(&self, who: &Actor, token: &Address, amount: i128) -> Tx<()> {
        who.calls(&self.f.contracts().vault, "borrow", (&who.address, token, amount).into_val(&self.f.env))
    }

    fn withdraw(&self, who: &Actor, token: &Address, amount: i128) -> Tx<i128> {
        let args = (&who.address, token, amount, &who.address).into_val(&self.f.env);
        who.calls(&self.f.contracts().vault, "withdraw", args)
    }

    fn trade(&self, who: &Actor, market: &Symbol, size: i128) -> Tx<Val> {
        let limit = if size > 0 { price(2) } else { price(1) / 2 };
        let args =
            (&who.address, market.clone(), size, limit, false, self.f.now() + 60).into_val(&self.f.env);
        who.calls(&self.f.contracts().clearing, "trade", args)
    }

    /// Has somebody pay the account for executing an order: a ninth deposit.
    fn pay(&self, who: &Actor) {
        let f = self.f;
        let payer = f.key_account(&format!("payer of {}", who.name));
        f.fund(&payer, usdc(2_000));
        self.deposit(&payer, f.token(Coin::Usdc), 2_000 * UNIT);
        let mut paying = order(f, &payer, 1, milli_base(10));
        paying.max_fee = usd(50);
        execute_signed(f, who, &payer, &paying).ok();
        assert_eq!(f.ledger().account(&who.address).deposits.len() as usize, MOST + 1);
    }

    /// 8 deposits of 10,000 dollars, 8 debts of 500, 8 positions of 500; a key account, which may execute orders, has nine deposits.
    fn crowded(&self, account: Actor, executes: bool) -> Actor {
        self.crowded_with(account, executes, 10_000, 500)
    }

    /// 8 deposits and 8 debts of so many dollars, 8 positions of 500, and what an executor is paid.
    fn crowded_with(&self, account: Actor, executes: bool, deposited: i128, owed: i128) -> Actor {
        let f = self.f;
        for token in &self.tokens {
            let args = (&account.address, 20_000 * UNIT).into_val(&f.env);
            f.admin.calls::<()>(token, "mint", args).ok();
            self.deposit(&account, token, deposited * UNIT);
        }
        if executes {
            self.pay(&account);
        }
        for token in &self.tokens {
            self.borrow(&account, token, owed * UNIT).ok();
        }
        for market in &self.markets {
            self.trade(&account, market, 500 * BASE).ok();
        }
        account
    }
}

/// Measures the worst case of what walks an account's lists.
pub fn case(table: &mut Table) {
    let section = "Worst case: 9 deposits, 8 debts, 8 positions";
    let f = &Fixture::new(Mode::Wasm);
    let crowd = Crowd::new(f);
    let karl = crowd.crowded(f.key_account("karl"), true);
    let alice = crowd.crowded(f.smart_account("alice"), false);
    crowd.report();

    let token = &crowd.tokens[3];
    let market = &crowd.markets[3];
    let _ = f.ledger().summary(&karl.address);
    table.note(f, section, "ledger.summary", 15.0);
    crowd.borrow(&karl, token, UNIT).ok();
    table.note(f, section, "vault.borrow by a key account", 60.0);
    crowd.withdraw(&karl, token, UNIT).ok();
    table.note(f, section, "vault.withdraw by a key account", 60.0);
    crowd.trade(&karl, market, BASE).ok();
    table.note(f, section, "clearing.trade by a key account", 20.0);
    crowd.borrow(&alice, token, UNIT).ok();
    table.note(f, section, "vault.borrow by a Basic account", 60.0);
    crowd.trade(&alice, market, BASE).ok();
    table.note(f, section, "clearing.trade by a Basic account", 60.0);
    crowd.trade(&alice, market, -BASE).ok();
    table.note(f, section, "clearing.trade (reduce) by a Basic account", 60.0);

    // Its eight longs lose four tenths: every pair of its debts and deposits can be liquidated.
    let bob = crowd.crowded_with(f.key_account("bob"), true, 1_000, 730);
    crowd.report_markets_at(60);
    assert!(f.vault().is_liquidatable(&bob.address));
    let (debt, collateral) = (&crowd.tokens[2], &crowd.tokens[5]);
    crowd.liquidate(&karl, &bob, debt, collateral, 100 * UNIT).ok();
    table.note(f, section, "vault.liquidate by an account as full, in shares", 60.0);
    let keeper = f.key_account("karla");
    f.admin.calls::<()>(debt, "mint", (&keeper.address, 1_000 * UNIT).into_val(&f.env)).ok();
    crowd.liquidate(&keeper, &bob, debt, collateral, 100 * UNIT).ok();
    table.note(f, section, "vault.liquidate by an empty account, in shares", 60.0);
}
