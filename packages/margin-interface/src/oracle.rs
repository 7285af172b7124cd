//! The guarded oracle: several sources in, one price out.

use crate::{Asset, Quote};
use soroban_sdk::{contractclient, contracterror, contracttype, Address, Env, Vec};

/// A price record; the SEP-40 type, identical in XDR.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceData {
    /// In the feed's decimals.
    pub price: i128,
    /// Unix seconds.
    pub timestamp: u64,
}

/// Any price feed that speaks SEP-40: what the oracle reads from, and what it offers itself.
#[contractclient(name = "Sep40Client")]
pub trait Sep40 {
    /// Denomination of all prices.
    fn base(env: Env) -> Asset;
    /// Everything quoted.
    fn assets(env: Env) -> Vec<Asset>;
    /// Scale of all prices.
    fn decimals(env: Env) -> u32;
    /// Tick in seconds.
    fn resolution(env: Env) -> u32;
    /// The record of the tick that contains `timestamp`, if any.
    fn price(env: Env, asset: Asset, timestamp: u64) -> Option<PriceData>;
    /// At most `records` latest records, newest first.
    fn prices(env: Env, asset: Asset, records: u32) -> Option<Vec<PriceData>>;
    /// The latest record, if it may be used.
    fn lastprice(env: Env, asset: Asset) -> Option<PriceData>;
}

/// The guarded oracle's richer reads and its feed. Reads write nothing, call nobody, and never trap.
#[contractclient(name = "OracleClient")]
pub trait OracleInterface {
    /// The guarded price of `asset` as an interval with its status.
    fn quote(env: Env, asset: Asset) -> Quote;
    /// [`Self::quote`] of each asset, in order.
    fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote>;
    /// Time-weighted average of accepted prices over the last `window` seconds (1e14); `None` without coverage.
    fn twap(env: Env, asset: Asset, window: u64) -> Option<i128>;
    /// The price of a token contract at 1e14 for simple consumers; an error unless it is live.
    fn get_price(env: Env, asset: Address) -> Result<i128, OracleError>;
    /// Reads every source of each asset, aggregates, guards, stores. Permissionless; one bad asset never aborts the rest.
    fn poke(env: Env, assets: Vec<Asset>) -> Vec<PokeOutcome>;
}

/// What [`OracleInterface::poke`] did for one asset.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum PokeOutcome {
    /// A new price was stored.
    Accepted = 0,
    /// No source had anything newer, or the current tick already has its price.
    Unchanged = 1,
    /// Too few independent groups had an admissible price.
    NoQuorum = 2,
    /// The groups disagree by more than the limit.
    Diverged = 3,
    /// The agreed price is outside the asset's static band.
    OutOfBand = 4,
    /// The asset, or the oracle, is halted.
    Halted = 5,
    /// Not listed.
    Unknown = 6,
}

/// Errors of the oracle. `OraclePriceDivergence` and `StalePrice` keep the codes of the accounts' table.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum OracleError {
    /// The sources disagree.
    OraclePriceDivergence = 400,
    /// The price is too old, or not there.
    StalePrice = 401,
    /// The asset is not listed.
    UnknownAsset = 900,
}
