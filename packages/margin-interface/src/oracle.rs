//! The guarded oracle: several sources in, one price out.

use crate::{Asset, Quote};
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, Env, Vec};

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
    /// The guarded price of `asset` as an interval with its status. Unless the status is Live, `lo` and `hi` are the
    /// ends of the static band and `mid` is the last accepted price; of an unlisted asset everything is zero.
    fn quote(env: Env, asset: Asset) -> Quote;
    /// [`Self::quote`] of each asset, in order.
    fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote>;
    /// The time-weighted average of accepted prices over the last `window` seconds, 1e14, toward minus infinity.
    ///
    /// A price weighs from when it was accepted. `None` if the history does not reach back that far (it holds 64 prices),
    /// if any price stood for longer than the asset's maximum age, or while the asset is halted.
    fn twap(env: Env, asset: Asset, window: u64) -> Option<i128>;
    /// Unix seconds of the newest accepted price of any asset, on the tick; 0 before the first.
    fn last_timestamp(env: Env) -> u64;
    /// The price of a token contract at 1e14 for simple consumers.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::PriceHalted`]
    /// * [`OracleError::OraclePriceDivergence`] - too old, and the sources disagreed at the last poke
    /// * [`OracleError::StalePrice`] - too old, or never there
    fn get_price(env: Env, asset: Address) -> Result<i128, OracleError>;
    /// Reads every source of each asset, aggregates, guards, stores. One bad asset or source never aborts the rest.
    ///
    /// # Events
    /// * `PriceAccepted` per accepted price, `PriceRefused` where sources were read and gave none
    ///
    /// # Authorization
    /// Nobody's.
    fn poke(env: Env, assets: Vec<Asset>) -> Vec<PokeOutcome>;
    /// Extends the lifetime of the oracle and of the entries of `assets`. Permissionless.
    fn extend_ttl(env: Env, assets: Vec<Asset>);
}

/// What [`OracleInterface::poke`] did for one asset.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum PokeOutcome {
    /// A new price was stored.
    Accepted = 0,
    /// The current tick already has its price: no fresh source had anything newer.
    Unchanged = 1,
    /// Too few independent groups had an admissible price, or none of them is fresh.
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

/// What one source contributed to a poke.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceOutcome {
    /// Its price was admitted.
    Admitted = 0,
    /// It trapped, does not exist, or answered something that is no price.
    CallFailed = 1,
    /// It has no price.
    NoPrice = 2,
    /// Its decimals are not those it was listed with.
    DecimalsChanged = 3,
    /// Zero or negative.
    NotPositive = 4,
    /// Dated after the ledger's clock.
    FromFuture = 5,
    /// Older than the source's own maximum age.
    TooOld = 6,
    /// Older than what the source said before.
    Backwards = 7,
    /// Too small or too large at 14 decimals.
    OutOfRange = 8,
}

/// What a source is good for.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceRole {
    /// Updated often: its time is the price's time.
    Fresh = 0,
    /// Updated on deviation, with a long heartbeat: counts for quorum and divergence, never for time.
    Check = 1,
}

/// A SEP-40 feed as a source of one asset's price.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceSource {
    /// What the source calls the asset.
    pub asset: Asset,
    /// The feed.
    pub contract: Address,
    /// Independence group: one operator or venue is one group, whatever it runs.
    pub group: u32,
    /// Seconds after which its price is too old: at least its tick or heartbeat, and slack.
    pub max_age: u64,
    /// What it is good for.
    pub role: SourceRole,
}

/// The limits of one asset's price.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimits {
    /// Upper end of the static band, 1e14.
    pub cap: i128,
    /// Largest distance of a group from the median, bps of the smaller one.
    pub delta_bps: u32,
    /// Lower end of the static band, 1e14.
    pub floor: i128,
    /// Seconds after which the accepted price is stale.
    pub max_age: u64,
    /// Fewest independent groups that must agree.
    pub quorum: u32,
    /// Rate of the slow reference: parts in 1e9 per second.
    pub stable_rate: u32,
}

/// What to halt or to resume.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HaltScope {
    /// Every asset.
    All,
    /// One asset. Halted assets stay halted when all are resumed.
    Asset(Asset),
}

/// Administration of the oracle. Halting and removing a source are the guardian's as well; all else is the admin's.
#[contractclient(name = "OracleAdminClient")]
pub trait OracleAdminInterface {
    /// Lists `asset`; it has no price until a poke finds a quorum.
    ///
    /// # Errors
    /// * [`OracleError::AssetExists`], [`OracleError::TooManyAssets`] - more than 64
    /// * [`OracleError::InvalidLimits`] - `quorum` not 1 to 6, `delta_bps` not 1 to 10_000, `max_age` not 1 s to 3 days,
    ///   `floor` not below `cap`, either outside 1e4 to 1e26, `stable_rate` not 1 to 1e9
    ///
    /// # Events
    /// * `AssetLimitsSet`
    ///
    /// # Authorization
    /// The admin.
    fn add_asset(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError>;
    /// Replaces the limits of a listed asset. A stored price outside the new band is no longer live.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::InvalidLimits`]
    ///
    /// # Events
    /// * `AssetLimitsSet`
    ///
    /// # Authorization
    /// The admin.
    fn set_limits(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError>;
    /// Adds a source of `asset` and pins the decimals it has now.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::SourceExists`], [`OracleError::TooManySources`] - more than 6
    /// * [`OracleError::InvalidLimits`] - `max_age` not 1 s to 3 days
    /// * [`OracleError::UnreadableSource`] - no answer to `decimals`, more than 30, or the oracle itself
    ///
    /// # Events
    /// * `PriceFeedAdded`
    ///
    /// # Authorization
    /// The admin.
    fn add_price_feed(env: Env, asset: Asset, source: PriceSource) -> Result<(), OracleError>;
    /// Removes a source of `asset`, even if too few remain for the quorum: no price is safer than a bad one.
    ///
    /// # Errors
    /// * [`OracleError::NotAdminOrGuardian`], [`OracleError::UnknownAsset`], [`OracleError::UnknownSource`]
    ///
    /// # Events
    /// * `PriceFeedRemoved`
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn remove_price_feed(env: Env, by: Address, asset: Asset, contract: Address) -> Result<(), OracleError>;
    /// Stops prices of one asset or of all, at once.
    ///
    /// # Errors
    /// * [`OracleError::NotAdminOrGuardian`], [`OracleError::UnknownAsset`]
    ///
    /// # Events
    /// * `PricesHalted`
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn halt(env: Env, by: Address, scope: HaltScope) -> Result<(), OracleError>;
    /// Lifts a halt. The last accepted price counts again until its age limit.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`]
    ///
    /// # Events
    /// * `PricesResumed`
    ///
    /// # Authorization
    /// The admin.
    fn resume(env: Env, scope: HaltScope) -> Result<(), OracleError>;
    /// The limits of a listed asset.
    fn limits(env: Env, asset: Asset) -> Option<AssetLimits>;
    /// The sources of an asset, in the order of the bits of [`PriceAccepted::mask`].
    fn price_feeds(env: Env, asset: Asset) -> Vec<PriceSource>;
    /// Who administers.
    fn admin(env: Env) -> Option<Address>;
    /// Who may halt.
    fn guardian(env: Env) -> Option<Address>;
}

/// A price was accepted.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceAccepted {
    /// Of what.
    #[topic]
    pub asset: Asset,
    /// Independent groups that agree.
    pub groups: u32,
    /// Highest price of the groups that agree, 1e14.
    pub hi: i128,
    /// Lowest price of the groups that agree, 1e14.
    pub lo: i128,
    /// Sources used: bit `i` for the asset's source `i`.
    pub mask: u32,
    /// The price, 1e14.
    pub mid: i128,
    /// Unix seconds of the oldest fresh source used.
    pub timestamp: u64,
}

/// Sources were read and gave no price; the last accepted one stands until its age limit.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceRefused {
    /// Of what.
    #[topic]
    pub asset: Asset,
    /// The median that was refused, 1e14; 0 without a quorum.
    pub candidate: i128,
    /// Why.
    pub outcome: PokeOutcome,
    /// What each source contributed, in the asset's order.
    pub sources: Vec<SourceOutcome>,
}

/// An asset was listed, or its limits replaced.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimitsSet {
    /// Of what.
    #[topic]
    pub asset: Asset,
    /// The limits now.
    pub limits: AssetLimits,
}

/// A source was added.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedAdded {
    /// Of what.
    #[topic]
    pub asset: Asset,
    /// Decimals it is pinned to.
    pub decimals: u32,
    /// The source.
    pub source: PriceSource,
}

/// A source was removed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedRemoved {
    /// Of what.
    #[topic]
    pub asset: Asset,
    /// Who removed it.
    pub by: Address,
    /// The source.
    pub contract: Address,
}

/// Prices were halted.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesHalted {
    /// Who halted.
    pub by: Address,
    /// Of what.
    pub scope: HaltScope,
}

/// Prices were resumed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesResumed {
    /// Of what.
    pub scope: HaltScope,
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
    /// Neither the admin nor the guardian.
    NotAdminOrGuardian = 901,
    /// The asset is listed already, or is the base asset.
    AssetExists = 902,
    /// As many assets are listed as fit.
    TooManyAssets = 903,
    /// The asset has as many sources as fit.
    TooManySources = 904,
    /// The asset has that contract as a source already.
    SourceExists = 905,
    /// The asset has no such source.
    UnknownSource = 906,
    /// The contract does not answer `decimals`, or is the oracle itself.
    UnreadableSource = 907,
    /// A limit is outside its bounds.
    InvalidLimits = 908,
    /// The asset, or the oracle, is halted.
    PriceHalted = 909,
    /// The resolution is zero.
    InvalidResolution = 910,
}
