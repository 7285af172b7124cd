//! Genesis of every story: all contracts, three independent price sources, four tokens, two markets, lenders, a
//! liquidity provider and insurance. Nothing is mocked: the administrator and everybody else really sign.

use crate::actor::{key_of, put, Actor};
use crate::auth::{account_id, public_key, Invocation};
use crate::money::{price, usd, usdc, Coin, Money};
use crate::prices::Prices;
use crate::tx::Tx;
use crate::wasm;
use crate::world::{Contracts, Mode, World};
use margin_interface::{
    AccountConfig, AccountType, Asset, AssetConfig, LedgerChange, MarketConfig, RateCurve,
};
use margin_math::defaults::LP_COOL_DOWN;
use margin_math::units::{BASE, USD};
use soroban_sdk::testutils::ContractFunctionSet;
use soroban_sdk::xdr::{
    self, AlphaNum4, AssetCode4, ContractExecutable, ContractIdPreimage, CreateContractArgs, HostFunction,
    LedgerEntryData, LedgerKey, LedgerKeyTrustLine, ScAddress, TrustLineAsset, TrustLineEntry,
    TrustLineEntryExt, TrustLineFlags,
};
use soroban_sdk::{
    contract, contractimpl, Address, Bytes, BytesN, ConstructorArgs, Env, IntoVal, TryFromVal, Val,
    Vec as HostVec,
};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Deref;

/// Perpetual bitcoin.
pub const BTC_USD: &str = "BTC_USD";
/// Perpetual ether.
pub const ETH_USD: &str = "ETH_USD";

/// What every lender brings, in dollars per asset.
const LENT_PER_ASSET: i128 = 1_000_000;
/// What the liquidity provider brings, in dollars.
const POOL: i128 = 1_000_000;
/// What insurance starts with, in dollars.
const INSURANCE: i128 = 50_000;
/// Whole bitcoins of the first curve.
const BTC_DEPTH: i128 = 1_000;
/// Whole ether of the first curve.
const ETH_DEPTH: i128 = 20_000;

/// A protocol in use.
pub struct Fixture {
    /// Host, contracts, people.
    pub world: World,
    /// Administers everything, issues every token.
    pub admin: Actor,
    /// May halt.
    pub guardian: Actor,
    /// Lends every asset.
    pub lender: Actor,
    /// Stands behind the perpetuals.
    pub provider: Actor,
    /// Pokes, deleverages, liquidates.
    pub keeper: Actor,
    /// The three sources.
    pub prices: Prices,
    salts: Cell<u8>,
}

impl Deref for Fixture {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl Fixture {
    /// Deploys everything and funds it.
    pub fn new(mode: Mode) -> Self {
        let world = World::new(mode);
        let admin = Actor::classic(&world, "admin", 1_000_000_000 * 10_000_000);
        let guardian = Actor::classic(&world, "guardian", 0);
        let contracts = deploy(&world, &admin, &guardian);
        let prices = Prices::new(&world, &admin, &contracts);
        world.deployed(contracts);
        prices.list_everything();
        list_assets(&world, &admin);
        open_markets(&world, &admin);

        let person = |name| {
            let actor = Actor::classic(&world, name, 0);
            world.remember(&actor);
            actor
        };
        let (lender, provider, keeper) = (person("lender"), person("provider"), person("keeper"));
        let fixture = Self { world, admin, guardian, lender, provider, keeper, prices, salts: Cell::new(0) };
        for actor in [&fixture.lender, &fixture.provider, &fixture.keeper] {
            fixture.trust(actor);
        }
        for coin in Coin::ALL {
            let amount = fixture.worth(coin, LENT_PER_ASSET);
            fixture.fund(&fixture.lender, amount);
            fixture.lender.deposit(amount).ok();
        }
        fixture.fund(&fixture.provider, usdc(POOL + INSURANCE));
        fixture.provider.deposit(usdc(POOL + INSURANCE)).ok();
        fixture.provider.add_liquidity(usdc(POOL)).ok();
        fixture.provider.fund_insurance(usdc(INSURANCE)).ok();
        // The story begins when the provider is free to leave.
        fixture.pass(LP_COOL_DOWN);
        fixture
    }

    /// So much of a coin as `dollars` buy at its first price.
    pub fn worth(&self, coin: Coin, dollars: i128) -> Money {
        let per_unit = Prices::genesis(coin.ticker());
        // Prices have eight decimals that count; the rest would only overflow.
        coin.units(dollars * 10i128.pow(coin.decimals()) * (price(1) / 1_000_000) / (per_unit / 1_000_000))
    }

    /// A key account, able to hold USDC, without money.
    pub fn key_account(&self, name: &str) -> Actor {
        let actor = Actor::classic(&self.world, name, 0);
        self.trust(&actor);
        self.remember(&actor);
        actor
    }

    /// A Basic account with the defaults, deployed by the factory for an owner of its own.
    pub fn smart_account(&self, name: &str) -> Actor {
        self.smart_account_with(name, |_| ())
    }

    /// A Basic account whose configuration is changed before it is deployed.
    pub fn smart_account_with(&self, name: &str, change: impl FnOnce(&mut AccountConfig)) -> Actor {
        let env = &self.env;
        let owner = self.owner_of(name);
        let key = key_of(name);
        let mut config = AccountConfig {
            account_type: AccountType::Basic,
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: owner.address.clone(),
            signers: HostVec::from_array(env, [Bytes::from_array(env, &public_key(&key))]),
        };
        change(&mut config);
        let salt = self.next_salt();
        let address = owner.create_account(&config, &salt).ok();
        let actor = Actor::at(&self.world, name, address, vec![key]);
        self.remember(&actor);
        actor
    }

    /// The key account that owns the smart account `name`.
    pub fn owner_of(&self, name: &str) -> Actor {
        Actor::classic(&self.world, &format!("owner of {name}"), 0)
    }

    /// A salt that was never used.
    pub fn next_salt(&self) -> BytesN<32> {
        self.salts.set(self.salts.get() + 1);
        BytesN::from_array(&self.env, &[self.salts.get(); 32])
    }

    /// Gives somebody money: minted by the issuer, or paid by the treasury if it is the native coin.
    pub fn fund(&self, actor: &Actor, money: Money) {
        match money.coin {
            Coin::Xlm => self.admin.pay(&actor.address, money).ok(),
            _ => self.admin.mint(&actor.address, money).ok(),
        }
    }

    /// Somebody with money in the wallet.
    pub fn funded(&self, actor: Actor, money: &[Money]) -> Actor {
        for each in money {
            self.fund(&actor, *each);
        }
        actor
    }

    /// Lets time pass and has every source report its price again.
    pub fn pass(&self, seconds: u64) {
        self.advance(seconds);
        self.prices.report();
    }

    /// Announces a token and lists it a day later: others have deposited already.
    pub fn list(&self, token: &Address, config: AssetConfig) {
        let (ledger, change) = (&self.contracts().ledger, LedgerChange::Asset(token.clone(), config));
        let id: BytesN<32> = self.admin.calls(ledger, "propose", (change,).into_val(&self.env)).ok();
        self.pass(86_400);
        self.admin.calls::<()>(ledger, "execute", (id,).into_val(&self.env)).ok();
    }

    /// Moves the price of a ticker at every source, one ledger later.
    pub fn set_price(&self, ticker: &'static str, price: i128) {
        self.advance(5);
        self.prices.set(ticker, price);
    }

    /// The owner of a Basic account changes its limits: exposure per market and total borrowing, USD.
    pub fn update_limits(&self, account: &Actor, exposure: Option<i128>, borrowing: Option<i128>) -> Tx<()> {
        self.update_limits_as(&self.owner_of(&account.name), account, exposure, borrowing)
    }

    /// Somebody changes the limits of a Basic account.
    pub fn update_limits_as(
        &self,
        who: &Actor,
        account: &Actor,
        exposure: Option<i128>,
        borrowing: Option<i128>,
    ) -> Tx<()> {
        let args = (None::<u32>, None::<u32>, exposure, borrowing).into_val(&self.env);
        self.administers(who, account, "update_params", args)
    }

    /// Somebody calls an administrative function of a smart account, consenting to `(authority, args..)`.
    pub fn administers(&self, who: &Actor, account: &Actor, function: &str, args: HostVec<Val>) -> Tx<()> {
        let mut authorised = HostVec::from_array(&self.env, [who.address.to_val()]);
        authorised.append(&args);
        let consent = Invocation::new(&account.address, function, authorised);
        Tx::new(&self.world, Invocation::new(&account.address, function, args))
            .consent(who, consent.tree(&self.env))
    }

    /// An unknown contract asks `who` for consent to something that names nobody, and `who` signs.
    pub fn knocks_at(&self, who: &Actor) -> Tx<()> {
        let door = self.env.register(Door, ());
        let consent = Invocation::new(&door, "knock", (42u32,).into_val(&self.env));
        let call = Invocation::new(&door, "knock", (&who.address,).into_val(&self.env));
        Tx::new(&self.world, call).consent(who, consent.tree(&self.env))
    }

    fn trust(&self, actor: &Actor) {
        if let ScAddress::Account(account_id) = actor.address.clone().into() {
            let asset = TrustLineAsset::CreditAlphanum4(usdc_asset(&self.admin));
            let key = LedgerKey::Trustline(LedgerKeyTrustLine {
                account_id: account_id.clone(),
                asset: asset.clone(),
            });
            let line = TrustLineEntry {
                account_id,
                asset,
                balance: 0,
                limit: i64::MAX,
                flags: TrustLineFlags::AuthorizedFlag as u32,
                ext: TrustLineEntryExt::V0,
            };
            put(&self.env, key, LedgerEntryData::Trustline(line));
        }
    }
}

/// Registers a contract: the Rust type natively, the built Wasm of the crate otherwise.
pub fn install<C, A>(world: &World, crate_name: &str, native: C, args: A) -> Address
where
    C: ContractFunctionSet + 'static,
    A: ConstructorArgs,
{
    match world.mode {
        Mode::Native => world.env.register(native, args),
        Mode::Wasm => world.env.register(wasm::read(crate_name).as_slice(), args),
    }
}

/// Makes code available to deployers; returns its hash.
pub fn upload<C: ContractFunctionSet + 'static>(world: &World, crate_name: &str, native: C) -> BytesN<32> {
    match world.mode {
        Mode::Native => world.env.upload(native),
        Mode::Wasm => {
            world.env.deployer().upload_contract_wasm(Bytes::from_slice(&world.env, &wasm::read(crate_name)))
        }
    }
}

fn usdc_asset(issuer: &Actor) -> AlphaNum4 {
    AlphaNum4 { asset_code: AssetCode4(*b"USDC"), issuer: account_id(issuer.key()) }
}

/// The Stellar Asset Contract of an asset. Anybody may deploy it.
pub fn stellar_asset_contract(env: &Env, asset: xdr::Asset) -> Address {
    let create = HostFunction::CreateContract(CreateContractArgs {
        contract_id_preimage: ContractIdPreimage::Asset(asset),
        executable: ContractExecutable::StellarAsset,
    });
    let address = env.host().invoke_function(create).expect("an asset contract");
    Address::try_from_val(env, &address).expect("an address")
}

/// A SEP-41 token of ours.
pub fn test_token(world: &World, admin: &Actor, decimals: u32, name: &str) -> Address {
    let env = &world.env;
    let name = soroban_sdk::String::from_str(env, name);
    install(world, "test-token", test_token::TestToken, (&admin.address, decimals, name.clone(), name))
}

fn deploy(world: &World, admin: &Actor, guardian: &Actor) -> Contracts {
    let env = &world.env;
    let (governor, guard) = (&admin.address, &guardian.address);
    let tokens = BTreeMap::from([
        (Coin::Usdc, stellar_asset_contract(env, xdr::Asset::CreditAlphanum4(usdc_asset(admin)))),
        (Coin::Xlm, stellar_asset_contract(env, xdr::Asset::Native)),
        (Coin::Eth, test_token(world, admin, Coin::Eth.decimals(), "ETH")),
        (Coin::Usdt, test_token(world, admin, Coin::Usdt.decimals(), "USDT")),
    ]);
    let usd_base = Asset::Other(world.symbol("USD"));
    let oracle = install(world, "oracle", oracle::Oracle, (governor, guard, usd_base, 1u32));
    let sources = Prices::sources(world);
    let usdc = &tokens[&Coin::Usdc];
    let ledger =
        install(world, "margin-ledger", margin_ledger::MarginLedger, (governor, guard, &oracle, usdc));
    let vault = install(world, "vault", vault::Vault, (governor, guard, &ledger));
    let clearing = install(
        world,
        "perp-clearing",
        perp_clearing::PerpClearing,
        (governor, guard, &ledger, &vault, &oracle),
    );
    let basic = upload(world, "basic-account", basic_account::BasicAccount);
    let pro = upload(world, "pro-account", pro_account::ProAccount);
    let institutional = upload(world, "institutional-account", institutional_account::InstitutionalAccount);
    let args = (governor, guard, &ledger, &vault, &clearing, basic, pro, institutional);
    let factory = install(world, "factory", factory::AccountFactory, args);
    admin.calls::<()>(&ledger, "set_venues", (&vault, &clearing, &factory).into_val(env)).ok();
    let upgrader = install(world, "upgrader", upgrader::Upgrader, ());
    Contracts { oracle, sources, ledger, vault, clearing, factory, upgrader, tokens }
}

/// The default parameters.
pub fn asset_config(coin: Coin, index: Asset) -> AssetConfig {
    let (ltv_bps, lw_bps, opening_bps, margin_call_bps, liquidation_bps, max_bonus_bps) = match coin {
        Coin::Usdc => (10_000, 10_000, 10_250, 10_000, 10_000, 0),
        Coin::Usdt => (9_500, 10_500, 11_250, 11_000, 10_500, 400),
        Coin::Eth => (8_000, 11_000, 12_500, 12_000, 11_000, 800),
        Coin::Xlm => (7_000, 11_000, 12_500, 12_000, 11_000, 1_000),
    };
    let cap = 1_000_000_000 * 10i128.pow(coin.decimals());
    AssetConfig {
        borrow_cap: cap,
        enabled: true,
        index,
        liquidation_bps,
        lw_bps,
        ltv_bps,
        margin_call_bps,
        max_bonus_bps,
        max_utilisation_bps: 9_500,
        min_deposit_seconds: 0,
        opening_bps,
        outflow_bps: 10_000,
        rate: RateCurve {
            base_bps: 100,
            slope1_bps: 400,
            slope2_bps: 6_000,
            target_bps: 8_000,
            reactivity: 20_000,
        },
        reserve_factor_bps: 1_000,
        supply_cap: cap,
    }
}

/// A contract that nobody listed. It asks for consent to something that names no account.
#[contract]
pub struct Door;

#[contractimpl]
impl Door {
    /// Asks `who` for consent to the number 42.
    pub fn knock(env: Env, who: Address) {
        who.require_auth_for_args((42u32,).into_val(&env));
    }
}

fn list_assets(world: &World, admin: &Actor) {
    for coin in Coin::ALL {
        let token = world.token(coin);
        let config = asset_config(coin, Asset::Stellar(token.clone()));
        admin.calls::<()>(&world.contracts().ledger, "list_asset", (token, config).into_val(&world.env)).ok();
    }
}

fn open_markets(world: &World, admin: &Actor) {
    let bitcoin = Asset::Other(world.symbol("BTC"));
    let ether = Asset::Stellar(world.token(Coin::Eth).clone());
    for (market, index, ticker, depth) in
        [(BTC_USD, bitcoin, "BTC", BTC_DEPTH), (ETH_USD, ether, "ETH", ETH_DEPTH)]
    {
        let quote_reserve = depth * (Prices::genesis(ticker) / price(1)) * USD;
        let args = (world.symbol(market), market_config(index, depth), depth * BASE, quote_reserve);
        admin.calls::<()>(&world.contracts().clearing, "open_market", args.into_val(&world.env)).ok();
    }
}

/// The parameters of `15-parameters.md` for a curve of `depth` whole units.
pub fn market_config(index: Asset, depth: i128) -> MarketConfig {
    use margin_math::defaults;
    MarketConfig {
        band_bps: defaults::BAND_BPS,
        fee_bps: defaults::TAKER_FEE_BPS,
        gap_bps: defaults::GAP_BPS,
        impact_bps: defaults::IMPACT_BPS,
        imr_bps: defaults::INITIAL_MARGIN_BPS,
        index,
        max_open_interest: depth * BASE / 5,
        max_position_bps: defaults::POSITION_BPS,
        min_notional: usd(10),
        mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
        sigma_bps: defaults::SIGMA_BPS,
        size_scaling_bps: defaults::SIZE_SCALING_BPS,
    }
}
