//! The clearing-house on the real ledger and vault, native, with an oracle that answers what it was told.

use crate::PerpClearing;
use margin_interface::{
    Asset, AssetConfig, ClearingChange, ClearingError, GovernanceClient, MarginLedgerAdminClient,
    MarginLedgerClient, MarketConfig, PerpClearingClient, PokeOutcome, PriceStatus, Quote, RateCurve,
    VaultClient,
};
use margin_ledger::MarginLedger;
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{
    contract, contractimpl, symbol_short,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    token, Address, Env, InvokeError, Symbol, Vec,
};
use vault::Vault;

pub const T0: u64 = 1_790_000_000;
pub const LATER: u64 = T0 + 1_000_000;
/// Reserves 100,000 : 10,000,000, so the mark starts at 100.
pub const X: i128 = 100_000 * BASE;
pub const Y: i128 = 10_000_000 * USD;
pub const NO_CAP: i128 = 1_000_000 * PRICE;

/// Answers what it was told; its average is the price itself, and outlives it as that of the real one does for a while.
#[contract]
pub struct FixedOracle;

#[contractimpl]
impl FixedOracle {
    pub fn set(env: Env, asset: Asset, price: i128, status: PriceStatus) {
        let timestamp = env.ledger().timestamp();
        let quote = Quote { hi: price, lo: price, mid: price, status, stable: price, timestamp };
        env.storage().instance().set(&asset, &quote);
    }

    /// The price stays, but is no longer live, and these are its ends now.
    pub fn between(env: Env, asset: Asset, lo: i128, hi: i128, status: PriceStatus) {
        let timestamp = env.ledger().timestamp();
        let quote = Quote { hi, lo, status, timestamp, ..Self::quote(env.clone(), asset.clone()) };
        env.storage().instance().set(&asset, &quote);
    }

    pub fn quote(env: Env, asset: Asset) -> Quote {
        env.storage().instance().get(&asset).unwrap()
    }

    pub fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote> {
        let mut quotes = Vec::new(&env);
        for asset in assets.iter() {
            quotes.push_back(Self::quote(env.clone(), asset));
        }
        quotes
    }

    pub fn poke(env: Env, _assets: Vec<Asset>) -> Vec<PokeOutcome> {
        Vec::new(&env)
    }

    pub fn twap(env: Env, asset: Asset, _window: u64) -> Option<i128> {
        Some(Self::quote(env, asset).mid)
    }

    /// Answers nothing about an asset, until it is told again.
    pub fn forget(env: Env, asset: Asset) {
        env.storage().instance().remove(&asset);
    }
}

pub struct World {
    pub env: Env,
    pub clearing: PerpClearingClient<'static>,
    pub ledger: MarginLedgerClient<'static>,
    pub vault: VaultClient<'static>,
    pub oracle: FixedOracleClient<'static>,
    pub usdc: Address,
    pub btc: Symbol,
    pub provider: Address,
    /// What the curve started with.
    pub base: core::cell::Cell<i128>,
}

pub fn index() -> Asset {
    Asset::Other(symbol_short!("BTC"))
}

pub fn usdc_config(usdc: &Address) -> AssetConfig {
    AssetConfig {
        borrow_cap: 100_000_000 * USD,
        enabled: true,
        index: Asset::Stellar(usdc.clone()),
        liquidation_bps: 10_000,
        lw_bps: 10_000,
        ltv_bps: 10_000,
        margin_call_bps: 10_000,
        max_bonus_bps: 0,
        max_utilisation_bps: 9_500,
        min_deposit_seconds: 0,
        opening_bps: 10_250,
        outflow_bps: 10_000,
        rate: RateCurve {
            base_bps: 100,
            slope1_bps: 400,
            slope2_bps: 6_000,
            target_bps: 8_000,
            reactivity: 20_000,
        },
        reserve_factor_bps: 1_000,
        supply_cap: 100_000_000 * USD,
    }
}

pub fn market_config() -> MarketConfig {
    MarketConfig {
        band_bps: 500,
        fee_bps: 10,
        gap_bps: 1_200,
        impact_bps: 200,
        imr_bps: 1_000,
        index: index(),
        max_open_interest: 50_000 * BASE,
        max_position_bps: 1_000,
        min_notional: 10 * USD,
        mmr_bps: 500,
        sigma_bps: 650,
        size_scaling_bps: 1_000,
    }
}

impl World {
    /// Ledger, vault, clearing-house, no market. Authorisation is mocked: that nobody but its owner may call a function
    /// rests on `tests/system`.
    pub fn empty() -> World {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.mock_all_auths();
        env.ledger().with_mut(|ledger| {
            ledger.timestamp = T0;
            ledger.sequence_number = 1_000;
            ledger.max_entry_ttl = 3_110_400;
        });
        env.cost_estimate().budget().reset_unlimited();
        let usdc = env.register_stellar_asset_contract_v2(Address::generate(&env)).address();
        let (admin, guardian) = (Address::generate(&env), Address::generate(&env));
        let oracle = env.register(FixedOracle, ());
        let ledger = env.register(MarginLedger, (&admin, &guardian, &oracle, &usdc));
        let vault = env.register(Vault, (&admin, &guardian, &ledger));
        let clearing = env.register(PerpClearing, (&admin, &guardian, &ledger, &vault, &oracle));
        let registry = MarginLedgerAdminClient::new(&env, &ledger);
        registry.set_venues(&vault, &clearing, &Address::generate(&env));
        let oracle = FixedOracleClient::new(&env, &oracle);
        oracle.set(&Asset::Stellar(usdc.clone()), &PRICE, &PriceStatus::Live);
        oracle.set(&index(), &(100 * PRICE), &PriceStatus::Live);
        registry.list_asset(&usdc, &usdc_config(&usdc));
        World {
            clearing: PerpClearingClient::new(&env, &clearing),
            ledger: MarginLedgerClient::new(&env, &ledger),
            vault: VaultClient::new(&env, &vault),
            oracle,
            usdc,
            btc: symbol_short!("BTC_USD"),
            provider: Address::generate(&env),
            base: core::cell::Cell::new(X),
            env,
        }
    }

    /// A market at 100 with a pool of 1,000,000 and insurance of 10,000.
    pub fn new() -> World {
        let world = World::empty();
        world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
        world.deposit(&world.provider, 1_010_000);
        world.clearing.add_liquidity(&world.provider, &(1_000_000 * USD), &0);
        world.clearing.fund_insurance(&world.provider, &(10_000 * USD));
        world.conserved();
        world
    }

    pub fn wallet(&self, dollars: i128) -> Address {
        let account = Address::generate(&self.env);
        token::StellarAssetClient::new(&self.env, &self.usdc).mint(&account, &(dollars * USD));
        account
    }

    pub fn deposit(&self, account: &Address, dollars: i128) {
        token::StellarAssetClient::new(&self.env, &self.usdc).mint(account, &(dollars * USD));
        self.vault.deposit(account, account, &self.usdc, &(dollars * USD));
    }

    pub fn trader(&self, dollars: i128) -> Address {
        let account = Address::generate(&self.env);
        self.deposit(&account, dollars);
        account
    }

    /// Every unit of the settlement asset belongs to exactly one bucket, and none is negative.
    pub fn conserved(&self) {
        let asset = self.ledger.asset(&self.usdc).totals;
        let s = self.ledger.totals();
        assert_eq!(
            asset.cash + asset.borrowed + s.perp_borrowed,
            asset.supplied + asset.reserves + s.lp + s.insurance + s.fees + s.pending
        );
        assert!(token::TokenClient::new(&self.env, &self.usdc).balance(&self.vault.address) >= asset.cash);
        for bucket in [asset.cash, asset.supplied, asset.reserves, s.lp, s.insurance, s.fees, s.pending] {
            assert!(bucket >= 0);
        }
        // What the curve does not hold, traders and the pool's inventory do: invariant 3.
        if let Ok(Ok(market)) = self.ledger.try_market(&self.btc) {
            let inventory = self.clearing.house(&self.btc).inventory;
            assert_eq!(market.state.base_reserve + market.totals.net_size + inventory, self.base.get());
        }
    }

    /// The curve was moved or scaled: what it started with is different now.
    pub fn rebased(&self) {
        let market = self.ledger.market(&self.btc);
        let inventory = self.clearing.house(&self.btc).inventory;
        self.base.set(market.state.base_reserve + market.totals.net_size + inventory);
    }

    pub fn index_at(&self, dollars: i128, status: PriceStatus) {
        self.oracle.set(&index(), &(dollars * PRICE), &status);
    }

    pub fn pass(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| {
            ledger.timestamp += seconds;
            ledger.sequence_number += u32::try_from(seconds / 5 + 1).unwrap();
        });
        for asset in [index(), Asset::Stellar(self.usdc.clone())] {
            let quote = self.oracle.quote(&asset);
            if quote.status == PriceStatus::Live {
                self.oracle.set(&asset, &quote.mid, &PriceStatus::Live);
            }
        }
    }

    pub fn buy(&self, account: &Address, units: i128) {
        self.clearing.trade(account, &self.btc, &(units * BASE), &NO_CAP, &false, &LATER);
        self.conserved();
    }

    pub fn sell(&self, account: &Address, units: i128) {
        self.clearing.trade(account, &self.btc, &(-units * BASE), &1, &false, &LATER);
        self.conserved();
    }

    pub fn governance(&self) -> GovernanceClient<'static> {
        GovernanceClient::new(&self.env, &self.clearing.address)
    }

    /// An operator of matches, named as it must be.
    pub fn operator(&self) -> Address {
        let operator = Address::generate(&self.env);
        let id = self.clearing.propose(&ClearingChange::Operator(operator.clone()));
        self.pass(2 * 86_400);
        self.clearing.execute(&id);
        operator
    }

    pub fn refused(&self, account: &Address, size: i128, reduce_only: bool) -> ClearingError {
        let limit = if size > 0 { NO_CAP } else { 1 };
        let before = self.ledger.account(account);
        let result = self.clearing.try_trade(account, &self.btc, &size, &limit, &reduce_only, &LATER);
        assert_eq!(self.ledger.account(account), before);
        result.expect_err("refused").expect("the clearing-house's own error")
    }
}

/// The code by which another contract refused, or governance.
pub fn told<T, E: core::fmt::Debug>(result: Result<T, Result<E, InvokeError>>) -> u32 {
    match result.err() {
        Some(Err(InvokeError::Contract(code))) => code,
        other => panic!("{other:?}"),
    }
}

/// Announces a change, waits a day and carries it out.
pub fn governed(world: &World, change: ClearingChange) {
    let id = world.clearing.propose(&change);
    world.pass(86_400);
    world.clearing.execute(&id);
}
