//! A consumer of SEP-40 feeds that knows nothing of this project: its types and its client are written from the text of
//! the standard. What it reads from our oracle, any other consumer reads.
#![no_std]

use soroban_sdk::{contract, contractclient, contractimpl, contracttype, Address, Env, Symbol, Vec};

/// SEP-40, "Asset".
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asset {
    /// For assets on Stellar.
    Stellar(Address),
    /// For any external asset.
    Other(Symbol),
}

/// SEP-40, "PriceData".
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceData {
    /// In the feed's decimals.
    pub price: i128,
    /// Unix seconds.
    pub timestamp: u64,
}

/// SEP-40, "PriceFeedTrait".
#[contractclient(name = "PriceFeedClient")]
pub trait PriceFeedTrait {
    /// The base asset the price is reported in.
    fn base(env: Env) -> Asset;
    /// All assets quoted.
    fn assets(env: Env) -> Vec<Asset>;
    /// The number of decimals.
    fn decimals(env: Env) -> u32;
    /// Default tick period, seconds.
    fn resolution(env: Env) -> u32;
    /// Price at a timestamp.
    fn price(env: Env, asset: Asset, timestamp: u64) -> Option<PriceData>;
    /// Last N price records.
    fn prices(env: Env, asset: Asset, records: u32) -> Option<Vec<PriceData>>;
    /// Most recent price.
    fn lastprice(env: Env, asset: Asset) -> Option<PriceData>;
}

/// Everything a feed answers about an asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answers {
    /// All of `assets`.
    pub assets: Vec<Asset>,
    /// `price` at the time of the last one: zero or one.
    pub at_last: Vec<PriceData>,
    /// `base`.
    pub base: Asset,
    /// `decimals`.
    pub decimals: u32,
    /// `lastprice`: zero or one.
    pub last: Vec<PriceData>,
    /// `prices`, none as empty.
    pub prices: Vec<PriceData>,
    /// `resolution`.
    pub resolution: u32,
}

/// The consumer.
#[contract]
pub struct ForeignReader;

#[contractimpl]
impl ForeignReader {
    /// Asks everything that can be asked.
    pub fn ask(env: Env, feed: Address, asset: Asset, records: u32) -> Answers {
        let feed = PriceFeedClient::new(&env, &feed);
        let last = feed.lastprice(&asset);
        let at_last = last.as_ref().and_then(|last| feed.price(&asset, &last.timestamp));
        Answers {
            assets: feed.assets(),
            at_last: Vec::from_iter(&env, at_last),
            base: feed.base(),
            decimals: feed.decimals(),
            last: Vec::from_iter(&env, last),
            prices: feed.prices(&asset, &records).unwrap_or(Vec::new(&env)),
            resolution: feed.resolution(),
        }
    }

    /// What `amount` of a token is worth, in the feed's decimals; traps without a price, as lenders do.
    pub fn value(env: Env, feed: Address, asset: Asset, amount: i128, token_decimals: u32) -> i128 {
        let price = PriceFeedClient::new(&env, &feed).lastprice(&asset);
        amount * price.expect("a price").price / 10_i128.pow(token_decimals)
    }
}
