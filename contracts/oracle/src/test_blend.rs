//! A lender of today reads our prices: the released Wasm of Blend's pool (version 2, as its authors publish it), which was
//! built without any knowledge of this project.

extern crate std;

use blend_contract_sdk::pool::WASM as POOL;
use margin_interface::{Asset, AssetLimits, PriceStatus};
use soroban_sdk::testutils::Address as _;
use soroban_sdk::token::StellarAssetClient;
use soroban_sdk::xdr::{ScErrorCode, ScErrorType};
use soroban_sdk::{
    contract, contractimpl, contracttype, vec, Address, Env, Error, IntoVal, Symbol, Val, Vec,
};

use crate::test::{limits, Harness, USD};

const ONE: i128 = 10_000_000;

/// Blend's own types, as its pool decodes them.
#[contracttype]
struct ReserveConfig {
    c_factor: u32,
    decimals: u32,
    enabled: bool,
    index: u32,
    l_factor: u32,
    max_util: u32,
    r_base: u32,
    r_one: u32,
    r_three: u32,
    r_two: u32,
    reactivity: u32,
    supply_cap: i128,
    util: u32,
}

#[contracttype]
struct Request {
    address: Address,
    amount: i128,
    request_type: u32,
}

#[contracttype]
struct PoolBackstopData {
    blnd: i128,
    q4w_pct: i128,
    shares: i128,
    token_spot_price: i128,
    tokens: i128,
    usdc: i128,
}

/// A backstop that is full.
#[contract]
struct Backstop;

#[contractimpl]
impl Backstop {
    pub fn pool_data(_env: Env, _pool: Address) -> PoolBackstopData {
        let blnd = 1_000_000 * ONE;
        PoolBackstopData { blnd, q4w_pct: 0, shares: blnd, token_spot_price: ONE, tokens: blnd, usdc: blnd }
    }
}

const COLLATERAL: u32 = 2;
const BORROW: u32 = 4;
/// The pool's error where a debt is not covered.
const INVALID_HEALTH: Error = Error::from_contract_error(1205);
/// The pool unwraps a price that is not there.
const NO_PRICE: Error = Error::from_type_and_code(ScErrorType::Context, ScErrorCode::InvalidAction);

struct Lender {
    h: Harness,
    pool: Address,
    dollar: Address,
    ether: Address,
}

impl Lender {
    /// A pool of two reserves with our oracle: a dollar, and an ether that counts for 75%.
    fn new() -> Self {
        let mut h = Harness::empty();
        let token = || h.env.register_stellar_asset_contract_v2(h.admin.clone()).address();
        let (dollar, ether) = (token(), token());
        let band = AssetLimits { floor: USD / 10, cap: 10_000 * USD, ..limits() };
        for (token, worth) in [(&dollar, USD), (&ether, 2_000 * USD)] {
            h.asset = Asset::Stellar(token.clone());
            h.list_as(margin_interface::AssetClass::Volatile, &band, worth);
            h.sources.clear();
            (0..2).for_each(|group| h.add(14, group, margin_interface::SourceRole::Fresh, 420));
            h.feed(&[worth; 2]);
        }
        let env = h.env.clone();
        // The pool's constructor asks for its admin below the deployment.
        env.mock_all_auths_allowing_non_root_auth();
        let backstop = env.register(Backstop, ());
        let name = soroban_sdk::String::from_str(&env, "pool");
        let (rate, positions, least) = (1_000_000_u32, 4_u32, 0_i128);
        let arguments = (&h.admin, name, &h.id, rate, positions, least, backstop, &h.guardian);
        let pool = env.register(POOL, arguments);
        let lender = Self { h, pool, dollar, ether };
        for token in [&lender.dollar, &lender.ether] {
            let config = ReserveConfig {
                c_factor: 7_500_000,
                decimals: 7,
                enabled: true,
                index: 0,
                l_factor: 10_000_000,
                max_util: 9_500_000,
                r_base: 100_000,
                r_one: 500_000,
                r_three: 15_000_000,
                r_two: 5_000_000,
                reactivity: 20,
                supply_cap: i128::MAX / 2,
                util: 7_500_000,
            };
            lender.call("queue_set_reserve", (token, config).into_val(&env)).unwrap();
            lender.call("set_reserve", (token,).into_val(&env)).unwrap();
        }
        lender.call("set_status", (0_u32,).into_val(&env)).unwrap();
        lender
    }

    /// What the pool answers, or its error.
    fn call(&self, function: &str, arguments: Vec<Val>) -> Result<Val, Error> {
        let env = &self.h.env;
        let called =
            env.try_invoke_contract::<Val, Error>(&self.pool, &Symbol::new(env, function), arguments);
        called.map(|value| value.unwrap()).map_err(|error| error.unwrap())
    }

    fn funded(&self, token: &Address, amount: i128) -> Address {
        let who = Address::generate(&self.h.env);
        StellarAssetClient::new(&self.h.env, token).mint(&who, &amount);
        who
    }

    fn submit(&self, who: &Address, request_type: u32, token: &Address, amount: i128) -> Result<Val, Error> {
        let request = Request { address: token.clone(), amount, request_type };
        self.call("submit", (who, who, who, vec![&self.h.env, request]).into_val(&self.h.env))
    }
}

#[test]
fn p12_blends_pool_lends_against_our_price_and_not_a_dollar_more() {
    let l = Lender::new();
    let saver = l.funded(&l.dollar, 100_000 * ONE);
    l.submit(&saver, COLLATERAL, &l.dollar, 100_000 * ONE).unwrap();
    let alice = l.funded(&l.ether, 10 * ONE);
    l.submit(&alice, COLLATERAL, &l.ether, 10 * ONE).unwrap();
    // 10 ether at 2,000 dollars, 75% of it; the pool keeps a reserve of its own above that.
    assert_eq!(l.submit(&alice, BORROW, &l.dollar, 15_001 * ONE).err(), Some(INVALID_HEALTH));
    l.submit(&alice, BORROW, &l.dollar, 14_000 * ONE).unwrap();

    // Half the price: the pool sees it, at our decimals.
    l.h.pass(60);
    l.h.say(&[1_000 * USD; 2]);
    let bob = l.funded(&l.ether, 10 * ONE);
    l.h.poke();
    assert_eq!(l.h.sep40().lastprice(&l.h.asset).map(|last| last.price), Some(1_000 * USD));
    l.submit(&bob, COLLATERAL, &l.ether, 10 * ONE).unwrap();
    assert_eq!(l.submit(&bob, BORROW, &l.dollar, 7_501 * ONE).err(), Some(INVALID_HEALTH));
    l.submit(&bob, BORROW, &l.dollar, 7_000 * ONE).unwrap();
}

/// The pool itself accepts prices a day old. It finds none.
#[test]
fn p12_blends_pool_lends_nothing_while_the_guard_is_tripped_or_the_price_is_old() {
    let l = Lender::new();
    let saver = l.funded(&l.dollar, 100_000 * ONE);
    l.submit(&saver, COLLATERAL, &l.dollar, 100_000 * ONE).unwrap();
    let alice = l.funded(&l.ether, 10 * ONE);
    l.submit(&alice, COLLATERAL, &l.ether, 10 * ONE).unwrap();
    l.h.pass(60);
    l.h.feed(&[200_000 * USD; 2]);
    assert_eq!(l.h.quote().status, PriceStatus::Tripped);
    let refused = l.submit(&alice, BORROW, &l.dollar, ONE).err();
    assert_eq!(refused, Some(NO_PRICE), "a hundredfold lends nothing");
    let l = Lender::new();
    let saver = l.funded(&l.dollar, 100_000 * ONE);
    l.submit(&saver, COLLATERAL, &l.dollar, 100_000 * ONE).unwrap();
    let alice = l.funded(&l.ether, 10 * ONE);
    l.submit(&alice, COLLATERAL, &l.ether, 10 * ONE).unwrap();
    l.submit(&alice, BORROW, &l.dollar, ONE).unwrap();
    l.h.pass(421);
    let refused = l.submit(&alice, BORROW, &l.dollar, ONE).err();
    assert_eq!(refused, Some(NO_PRICE), "nor does yesterday's price");
}
