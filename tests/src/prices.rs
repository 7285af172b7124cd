//! The three price sources and what they say.

use crate::actor::Actor;
use crate::fixture::install;
use crate::money::{price, Coin};
use crate::world::{Contracts, World};
use margin_interface::{Asset, AssetClass, AssetLimits, PokeOutcome, PriceSource as Source, SourceRole};
use margin_math::units::PRICE;
use price_source::PriceSourceClient;
use soroban_sdk::{Address, IntoVal, Vec as HostVec};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Everything that has a price.
pub const TICKERS: [&str; 5] = ["USDC", "ETH", "USDT", "XLM", "BTC"];
/// Seconds after which a source's word is too old.
pub const MAX_AGE: u64 = 300;
/// Decimals of each source: real feeds differ.
const SCALES: [u32; 3] = [14, 10, 8];

/// Limits that let a price move as a story wants: what is told is the markets, not the guard. The tests of the oracle
/// have the real ones.
pub fn loose_limits(hint: i128) -> AssetLimits {
    AssetLimits {
        budget_bps: 10_000,
        cap: hint * 100,
        floor: hint / 100,
        max_age: MAX_AGE as u32,
        spread_bps: 10_000,
        stable_rate: 1_000_000,
        step_bps: 10_000,
        step_max_bps: 10_000,
        twap_gap_bps: 10_000,
        warm_up: 1,
        window: 1,
        ..AssetLimits::DEFAULT
    }
}

/// A source without clamps whose time counts.
pub fn fresh_source(asset: Asset, contract: Address, group: u32) -> Source {
    Source { asset, contract, group, high: i128::MAX, low: 0, max_age: MAX_AGE, role: SourceRole::Fresh }
}

/// The three sources: what they say about everything.
pub struct Prices {
    world: World,
    admin: Actor,
    oracle: Address,
    sources: [Address; 3],
    said: RefCell<BTreeMap<&'static str, i128>>,
}

impl Prices {
    /// Prices of the first day.
    pub fn genesis(ticker: &str) -> i128 {
        match ticker {
            "BTC" => price(50_000),
            "ETH" => price(2_000),
            "XLM" => PRICE / 10,
            _ => price(1),
        }
    }

    /// Deploys the three feeds, each of another scale.
    pub fn sources(world: &World) -> [Address; 3] {
        SCALES.map(|decimals| install(world, "price-source", price_source::PriceSource, (decimals, 1u32)))
    }

    /// Takes over the sources.
    pub fn new(world: &World, admin: &Actor, contracts: &Contracts) -> Self {
        let said = TICKERS.map(|ticker| (ticker, Self::genesis(ticker)));
        Self {
            world: world.clone(),
            admin: admin.clone(),
            oracle: contracts.oracle.clone(),
            sources: contracts.sources.clone(),
            said: RefCell::new(BTreeMap::from(said)),
        }
    }

    /// Lists everything with the three sources as three independent groups, and takes the first prices.
    pub fn list_everything(&self) {
        let env = &self.world.env;
        for ticker in TICKERS {
            let listed = self.asset(ticker);
            let hint = Self::genesis(ticker);
            let args = (listed.clone(), AssetClass::Volatile, loose_limits(hint), hint);
            self.admin.calls::<()>(&self.oracle, "add_asset", args.into_val(env)).ok();
            for (group, contract) in (0u32..).zip(&self.sources) {
                let source = fresh_source(self.feed_name(ticker), contract.clone(), group);
                self.admin
                    .calls::<()>(&self.oracle, "add_price_feed", (listed.clone(), source).into_val(env))
                    .ok();
            }
        }
        self.report();
    }

    /// Changes a price at every source, and the oracle takes it.
    pub fn set(&self, ticker: &'static str, price: i128) {
        self.said.borrow_mut().insert(ticker, price);
        self.report();
    }

    /// What the sources say.
    pub fn get(&self, ticker: &str) -> i128 {
        self.said.borrow()[ticker]
    }

    /// Every source says again what it said, as of now, and the oracle takes it.
    pub fn report(&self) {
        self.report_some(&TICKERS);
    }

    /// [`Self::report`] for a few tickers.
    pub fn report_some(&self, tickers: &[&str]) {
        for ticker in tickers {
            for source in 0..self.sources.len() {
                self.say(source, ticker, self.get(ticker));
            }
        }
        self.poke(tickers);
    }

    /// One source says something (1e14) about one ticker, as of now.
    pub fn say(&self, source: usize, ticker: &str, price: i128) {
        let in_its_scale = price / 10i128.pow(SCALES[0] - SCALES[source]);
        let feed = PriceSourceClient::new(&self.world.env, &self.sources[source]);
        feed.set(&self.feed_name(ticker), &in_its_scale, &self.world.now());
    }

    /// The oracle reads every source.
    pub fn poke(&self, tickers: &[&str]) -> Vec<PokeOutcome> {
        let assets: Vec<Asset> = tickers.iter().map(|ticker| self.asset(ticker)).collect();
        let assets = HostVec::from_slice(&self.world.env, &assets);
        self.world.oracle().poke(&assets).iter().collect()
    }

    /// What the oracle calls it.
    pub fn asset(&self, ticker: &str) -> Asset {
        match Coin::ALL.into_iter().find(|coin| coin.ticker() == ticker) {
            Some(coin) => Asset::Stellar(self.world.token(coin).clone()),
            None => self.feed_name(ticker),
        }
    }

    /// What the feeds call it.
    pub fn feed_name(&self, ticker: &str) -> Asset {
        Asset::Other(self.world.symbol(ticker))
    }
}
