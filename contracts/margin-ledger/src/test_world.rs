//! A small world for the lending tests: mocked authorisation, an oracle that answers what it was told, and conservation
//! asserted after every step.
extern crate std;

use crate::{holdings, storage, MarginLedger, MarginLedgerClient};
use margin_interface::{
    AccountState, Asset, AssetConfig, AssetState, LedgerChange, MarginLedgerAdminClient, PriceStatus, Quote,
    RateCurve,
};
use margin_math::units::PRICE;
use soroban_sdk::{
    contract, contractimpl, symbol_short,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    Address, Env, Map, Vec,
};

/// Answers what it was told.
#[contract]
pub struct FixedOracle;

#[contractimpl]
impl FixedOracle {
    pub fn set(env: Env, asset: Asset, quote: Quote) {
        env.storage().instance().set(&asset, &quote);
    }

    /// From now on it answers nothing.
    pub fn fail(env: Env) {
        env.storage().instance().set(&symbol_short!("fails"), &true);
    }

    pub fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote> {
        assert!(!env.storage().instance().has(&symbol_short!("fails")), "a broken oracle");
        let mut quotes = Vec::new(&env);
        for asset in assets.iter() {
            // What has no quote yet is on its way to one, as after `add_asset`.
            let warming =
                Quote { hi: 0, lo: 0, mid: 0, stable: 0, status: PriceStatus::Warming, timestamp: 0 };
            quotes.push_back(env.storage().instance().get(&asset).unwrap_or(warming));
        }
        quotes
    }
}

/// A token as listing sees it: its decimals.
#[contract]
pub struct Decimals;

#[contractimpl]
impl Decimals {
    pub fn __constructor(env: Env, decimals: u32) {
        env.storage().instance().set(&symbol_short!("decimals"), &decimals);
    }

    pub fn decimals(env: Env) -> u32 {
        env.storage().instance().get(&symbol_short!("decimals")).unwrap()
    }
}

pub const RATE: RateCurve =
    RateCurve { base_bps: 100, slope1_bps: 400, slope2_bps: 6_000, target_bps: 8_000, reactivity: 20_000 };
/// Units of a token with 7 decimals.
pub const ONE: i128 = 10_000_000;

pub struct World {
    pub env: Env,
    pub ledger: MarginLedgerClient<'static>,
    pub admin: MarginLedgerAdminClient<'static>,
    pub oracle: FixedOracleClient<'static>,
    pub usdc: Address,
    pub xlm: Address,
    pub eth: Address,
    pub accounts: std::vec::Vec<Address>,
}

pub fn config(asset: &Address, ltv: u32, lw: u32, levels: [u32; 3], bonus: u32) -> AssetConfig {
    AssetConfig {
        borrow_cap: 1_000_000_000_000_000,
        enabled: true,
        index: Asset::Stellar(asset.clone()),
        liquidation_bps: levels[2],
        lw_bps: lw,
        ltv_bps: ltv,
        margin_call_bps: levels[1],
        max_bonus_bps: bonus,
        max_utilisation_bps: 9_500,
        min_deposit_seconds: 0,
        opening_bps: levels[0],
        outflow_bps: 10_000,
        rate: RATE,
        reserve_factor_bps: 1_000,
        supply_cap: 1_000_000_000_000_000,
    }
}

pub fn usdc_config(asset: &Address) -> AssetConfig {
    config(asset, 10_000, 10_000, [10_250, 10_000, 10_000], 0)
}

pub fn xlm_config(asset: &Address) -> AssetConfig {
    config(asset, 7_000, 11_000, [12_500, 12_000, 11_000], 1_000)
}

pub fn eth_config(asset: &Address) -> AssetConfig {
    let mut eth = config(asset, 8_000, 11_000, [12_500, 12_000, 11_000], 800);
    eth.supply_cap = 10_i128.pow(26);
    eth.borrow_cap = 10_i128.pow(26);
    eth
}

pub fn sac(env: &Env) -> Address {
    env.register_stellar_asset_contract_v2(Address::generate(env)).address()
}

/// Lists a token where somebody has deposited already: announced, and a day later.
pub fn list(admin: &MarginLedgerAdminClient, token: &Address, config: &AssetConfig) {
    let id = admin.propose(&LedgerChange::Asset(token.clone(), config.clone()));
    admin.env.ledger().with_mut(|ledger| ledger.timestamp += 86_400);
    admin.execute(&id);
}

impl World {
    /// Authorisation is mocked: that nobody but its owner may call a function rests on `tests/system`.
    pub fn new() -> World {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.mock_all_auths();
        env.ledger().with_mut(|ledger| {
            ledger.timestamp = 1_790_000_000;
            ledger.sequence_number = 1_000;
            ledger.max_entry_ttl = 3_110_400;
        });
        env.cost_estimate().budget().reset_unlimited();
        let oracle = env.register(FixedOracle, ());
        let (usdc, xlm, eth) = (sac(&env), sac(&env), env.register(Decimals, (18_u32,)));
        let (admin, guardian) = (Address::generate(&env), Address::generate(&env));
        let ledger = env.register(MarginLedger, (admin, guardian, oracle.clone(), usdc.clone()));
        let world = World {
            ledger: MarginLedgerClient::new(&env, &ledger),
            admin: MarginLedgerAdminClient::new(&env, &ledger),
            oracle: FixedOracleClient::new(&env, &oracle),
            accounts: (0..4).map(|_| Address::generate(&env)).collect(),
            usdc,
            xlm,
            eth,
            env,
        };
        let any = || Address::generate(&world.env);
        world.admin.set_venues(&any(), &any(), &any());
        world.admin.list_asset(&world.usdc, &usdc_config(&world.usdc));
        world.admin.list_asset(&world.xlm, &xlm_config(&world.xlm));
        world.admin.list_asset(&world.eth, &eth_config(&world.eth));
        world.price(&world.usdc, PRICE);
        world.price(&world.xlm, PRICE / 10);
        world.price(&world.eth, PRICE * 2_000);
        world
    }

    /// A world where the last account has lent 100,000 USDC, 1,000,000 XLM and 100 ETH.
    pub fn funded() -> World {
        let world = World::new();
        let lender = world.account(3);
        world.deposit(&lender, &world.usdc, 100_000 * ONE);
        world.deposit(&lender, &world.xlm, 1_000_000 * ONE);
        world.deposit(&lender, &world.eth, 100 * 10_i128.pow(18));
        world
    }

    pub fn account(&self, index: usize) -> Address {
        self.accounts[index].clone()
    }

    pub fn price(&self, asset: &Address, price: i128) {
        self.quote(asset, price, price, PriceStatus::Live);
    }

    pub fn quote(&self, asset: &Address, lo: i128, hi: i128, status: PriceStatus) {
        let mid = (lo + hi) / 2;
        let quote = Quote { hi, lo, mid, status, stable: mid, timestamp: self.env.ledger().timestamp() };
        self.oracle.set(&Asset::Stellar(asset.clone()), &quote);
    }

    pub fn wait(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| ledger.timestamp += seconds);
    }

    pub fn deposit(&self, account: &Address, asset: &Address, amount: i128) {
        self.ledger.credit(account, account, asset, &amount);
        self.check();
    }

    pub fn borrow(&self, account: &Address, asset: &Address, amount: i128) {
        self.ledger.borrow(account, asset, &amount);
        self.check();
    }

    pub fn state(&self, asset: &Address) -> AssetState {
        self.ledger.asset(asset)
    }

    pub fn deposited(&self, account: &Address, asset: &Address) -> i128 {
        holdings::deposited(&self.state(asset), &self.ledger.account(account), asset)
    }

    pub fn owed(&self, account: &Address, asset: &Address) -> i128 {
        holdings::owed(&self.state(asset), &self.ledger.account(account), asset)
    }

    /// As if perpetual trading had happened: gives the pool cash, and `account` a debt to it.
    pub fn perp_history(&self, account: &Address, lp: i128, debt: i128) {
        self.env.as_contract(&self.ledger.address, || {
            let mut state = storage::asset(&self.env, &self.usdc).unwrap();
            let mut buckets = storage::settlement(&self.env);
            let mut owner = storage::account(&self.env, account);
            buckets.lp += lp + debt;
            state.totals.cash += lp;
            let shares = holdings::credit_line(&buckets).shares_ceil(debt).unwrap();
            owner.perp_debt += shares;
            buckets.perp_borrow_shares += shares;
            buckets.perp_borrowed += debt;
            storage::set_asset(&self.env, &self.usdc, &state);
            storage::set_settlement(&self.env, &buckets);
            storage::set_account(&self.env, account, &owner);
        });
        self.check();
    }

    pub fn insure(&self, amount: i128) {
        self.env.as_contract(&self.ledger.address, || {
            let mut state = storage::asset(&self.env, &self.usdc).unwrap();
            let mut buckets = storage::settlement(&self.env);
            buckets.insurance += amount;
            state.totals.cash += amount;
            storage::set_asset(&self.env, &self.usdc, &state);
            storage::set_settlement(&self.env, &buckets);
        });
    }

    /// I1 and I3 on what is stored: totals balance, and shares of accounts sum to the totals' shares.
    pub fn check(&self) {
        let accounts: std::vec::Vec<AccountState> =
            self.accounts.iter().map(|account| self.ledger.account(account)).collect();
        self.env.as_contract(&self.ledger.address, || {
            let buckets = storage::settlement(&self.env);
            for asset in storage::assets(&self.env).iter() {
                let totals = storage::asset(&self.env, &asset).unwrap().totals;
                let mut left = totals.cash + totals.borrowed + totals.pending_bad_debt;
                let mut right = totals.supplied + totals.reserves;
                if asset == self.usdc {
                    left += buckets.perp_borrowed;
                    right += buckets.lp + buckets.insurance + buckets.fees + buckets.pending;
                }
                assert_eq!(left, right, "conservation: {totals:?} {buckets:?}");
                let sum = |shares: fn(&AccountState) -> &Map<Address, i128>| {
                    accounts
                        .iter()
                        .map(|account| shares(account).get(asset.clone()).unwrap_or(0))
                        .sum::<i128>()
                };
                assert_eq!(sum(|account| &account.deposits), totals.supply_shares);
                assert_eq!(sum(|account| &account.debts), totals.borrow_shares);
                let parts =
                    [totals.cash, totals.borrowed, totals.supplied, totals.reserves, totals.pending_bad_debt];
                for part in parts {
                    assert!(part >= 0, "{totals:?}");
                }
            }
            let perp: i128 = accounts.iter().map(|account| account.perp_debt).sum();
            assert_eq!(perp, buckets.perp_borrow_shares);
            for part in [buckets.lp - buckets.perp_borrowed, buckets.insurance, buckets.fees, buckets.pending]
            {
                assert!(part >= 0, "{buckets:?}");
            }
        });
    }
}

/// The refusal is the named error, and nothing is stored.
macro_rules! assert_refused {
    ($world:expr, $call:expr, $error:expr) => {{
        let snapshot = |world: &$crate::test_world::World| {
            let accounts: std::vec::Vec<_> =
                world.accounts.iter().map(|account| world.ledger.account(account)).collect();
            let assets = [&world.usdc, &world.xlm, &world.eth].map(|asset| world.state(asset));
            (accounts, assets, world.ledger.totals())
        };
        let before = snapshot(&$world);
        assert_eq!($call.err(), Some(Ok($error)));
        assert_eq!(before, snapshot(&$world));
    }};
}

pub(crate) use assert_refused;
