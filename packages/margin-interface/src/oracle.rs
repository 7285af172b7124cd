//! The guarded oracle: several sources in, one price out.

use crate::{Asset, Quote};
use offchain_docs::offchain_docs;
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Vec};

/// A price record; the SEP-40 type, identical in XDR.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceData {
    /// In the source's decimals.
    pub price: i128,
    /// Unix seconds of the price.
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
    /// The guarded price of `asset` as an interval with its status. Live, Degraded and Grace: what the groups behind the
    /// price say. Tripped: the old price and the candidate. Stale, Halted and Warming: the ends of the static band, with
    /// the last accepted price as `mid`. Of an unlisted asset everything is zero.
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
    /// * [`OracleError::PriceGuarded`] - degraded, tripped, or recovered a moment ago
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
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum PokeOutcome {
    /// There is a new price.
    Accepted = 0,
    /// Neither the clock nor the sources are a tick further.
    Unchanged = 1,
    /// Too few independent groups have a fresh price; those that have one agree.
    NoQuorum = 2,
    /// The groups disagree.
    Diverged = 3,
    /// Refused: the candidate is outside the static band.
    OutOfBand = 4,
    /// The asset, or the oracle, is halted.
    Halted = 5,
    /// The asset is not listed.
    Unknown = 6,
    /// Refused: too big a step from the last price.
    Step = 7,
    /// Refused: too much change within the window.
    Budget = 8,
    /// Refused: too far from the average over the window.
    TwapGap = 9,
    /// Refused: the groups are too far apart.
    Spread = 10,
    /// A tripped price was inside its limits once; another such round ends the trip.
    Recovering = 11,
    /// There is a new price of less weight: it permits no new risk.
    Degraded = 12,
    /// There is a new price far from the old one: it stood for the confirmation time.
    ReAnchored = 13,
}

/// What one source contributed to a poke.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceOutcome {
    /// Its price counted.
    Admitted = 0,
    /// It trapped, or did not answer a price.
    CallFailed = 1,
    /// It has no price.
    NoPrice = 2,
    /// It answers with other decimals than when it was added; the asset is halted.
    DecimalsChanged = 3,
    /// Its price is zero or negative.
    NotPositive = 4,
    /// Its time is after the ledger's clock.
    FromFuture = 5,
    /// Its price is older than the source's maximum age.
    TooOld = 6,
    /// Its price is older than the one it gave before.
    Backwards = 7,
    /// Its price is too small or too large to be one.
    OutOfRange = 8,
    /// Its price is at or beyond its clamp: it may stand at a floor or a cap of its own.
    AtClamp = 9,
    /// The source is halted.
    Halted = 10,
}

/// What a source is good for.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceRole {
    /// Dates the price: its time is the newest that a quorum and a majority of the groups have reached.
    Fresh = 0,
    /// Counts for quorum and divergence; it is never the price, nor dates it.
    Check = 1,
    /// Counts only when there is no quorum without it, and the others do not disagree.
    Fallback = 2,
}

/// A feed: a SEP-40 contract, listed as a source of one asset's price.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceSource {
    /// What the source calls the asset.
    pub asset: Asset,
    /// The source; the oracle itself stands for its publishers.
    pub contract: Address,
    /// Sources of one group count once: they fail together.
    pub group: u32,
    /// Price at or above which it does not count, in the source's decimals.
    pub high: i128,
    /// Price at or below which it does not count, in the source's decimals.
    pub low: i128,
    /// Age in seconds above which its price does not count.
    pub max_age: u64,
    /// What it is good for.
    pub role: SourceRole,
}

/// What kind of asset: the defaults of its limits, and whether its price re-anchors by itself.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AssetClass {
    /// A token with a peg: narrow limits; its price never re-anchors by itself.
    Pegged = 0,
    /// A liquid asset with three independent groups of sources.
    Major = 1,
    /// An asset that moves much: wide limits, a long confirmation.
    Volatile = 2,
    /// An asset that little money moves: narrow limits; its price never re-anchors by itself.
    Thin = 3,
}

/// The limits of one asset's price; zero asks for the default of its class (`margin_math::guard`).
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimits {
    /// Largest change between any two prices within the window, bps.
    pub budget_bps: u32,
    /// Upper end of the static band, 1e14.
    pub cap: i128,
    /// Seconds that a candidate far away must stand to become the price; 0: it never does by itself.
    pub confirm: u32,
    /// Largest distance of a group that agrees from the median, bps.
    pub delta_bps: u32,
    /// Lower end of the static band, 1e14.
    pub floor: i128,
    /// Seconds that liquidations wait after a recovery.
    pub grace: u32,
    /// Seconds after which a price is stale.
    pub max_age: u32,
    /// Independent groups that must agree.
    pub quorum: u32,
    /// Widest interval of the groups that agree, bps; above it the price is degraded.
    pub spread_bps: u32,
    /// Rate at which `stable` follows the price, parts in 1e9 per second.
    pub stable_rate: u32,
    /// Largest step from the last price, bps.
    pub step_bps: u32,
    /// What the largest step grows by for each minute since the last price, bps.
    pub step_bps_per_minute: u32,
    /// Largest step however long ago the last price is, bps.
    pub step_max_bps: u32,
    /// Largest distance from the average over the window, bps.
    pub twap_gap_bps: u32,
    /// Accepted rounds before the price counts.
    pub warm_up: u32,
    /// Seconds of the budget and of the average.
    pub window: u32,
}

impl AssetLimits {
    /// The defaults of the asset's class.
    pub const DEFAULT: Self = Self {
        budget_bps: 0,
        cap: 0,
        confirm: 0,
        delta_bps: 0,
        floor: 0,
        grace: 0,
        max_age: 0,
        quorum: 0,
        spread_bps: 0,
        stable_rate: 0,
        step_bps: 0,
        step_bps_per_minute: 0,
        step_max_bps: 0,
        twap_gap_bps: 0,
        warm_up: 0,
        window: 0,
    };
}

/// What to halt or to resume.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HaltScope {
    /// Every asset.
    All,
    /// One asset, whatever happens to all.
    Asset(Asset),
    /// One source of an asset.
    Source(Asset, Address),
}

/// What loosens, and therefore waits.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OracleChange {
    /// Looser limits of an asset: 24 hours.
    Limits(Asset, AssetLimits),
    /// Another source of an asset: 48 hours.
    Source(Asset, PriceSource),
    /// Another publisher: 48 hours.
    Publisher(BytesN<32>),
    /// Fewer signatures of a report: 24 hours.
    Quorum(u32),
    /// The asset's price warms up anew from a hint, 1e14: 24 hours.
    ReAnchor(Asset, i128),
    /// A halt is lifted: 24 hours.
    Resume(HaltScope),
    /// Code and the version of its storage: 7 days.
    Upgrade(BytesN<32>, u32),
}

/// A round of observations that publishers sign.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Places of the assets in `assets()`, ascending.
    pub assets: Vec<u32>,
    /// Epoch of the publishers.
    pub epoch: u32,
    /// Number of the round, ascending.
    pub round: u64,
}

/// What one publisher observed.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublisherSignature {
    /// The publisher's ed25519 key.
    pub key: BytesN<32>,
    /// Unix seconds of the observation.
    pub observed_at: u64,
    /// One price for each asset of the report, 1e14; 0: none.
    pub prices: Vec<i128>,
    /// ed25519 signature of what [`OraclePublisherInterface::submit`] says.
    pub signature: BytesN<64>,
}

/// Who may sign reports.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publishers {
    /// Changes with the keys, so that no report signed before counts.
    pub epoch: u32,
    /// The publishers' ed25519 keys.
    pub keys: Vec<BytesN<32>>,
    /// Fewest signatures of a report.
    pub quorum: u32,
}

/// Signed reports: what publishers observe becomes one more source behind the same guard, for every asset that lists
/// the oracle itself as a source.
#[contractclient(name = "OraclePublisherClient")]
pub trait OraclePublisherInterface {
    /// Takes a round of observations, relayed by anybody. Per asset the lower median of what the publishers observed
    /// counts, if enough of them did. Returns false, and changes nothing, if the round is not newer than the last.
    ///
    /// A publisher signs the XDR of the vector `[Symbol "report", network id, this contract, epoch, round, observed_at,
    /// assets, prices]`.
    ///
    /// # Arguments
    /// * `report` - which assets, in which round, for which set of publishers
    /// * `signatures` - ascending by key, at least `quorum` and never fewer than `2f + 1` of `3f + 1` publishers
    ///
    /// # Errors
    /// * [`OracleError::PriceHalted`], [`OracleError::InvalidReport`] - shape, order, another epoch
    /// * [`OracleError::TooFewSigners`], [`OracleError::UnknownSigner`] - or not in ascending order
    /// * [`OracleError::UntimelyReport`] - over 10 s ahead, over 60 s old, over 30 s apart
    /// * the host's crypto error for a signature that does not verify
    ///
    /// # Events
    /// * [`ReportAccepted`]
    ///
    /// # Authorization
    /// Nobody's: the signatures are.
    fn submit(env: Env, report: Report, signatures: Vec<PublisherSignature>) -> Result<bool, OracleError>;
    /// A publisher takes its own key out of the set, at once and without the admin: for a key that leaked.
    ///
    /// # Arguments
    /// * `signature` - by that key over the XDR of the vector `[Symbol "revoke", network id, this contract, epoch]`
    ///
    /// # Errors
    /// * [`OracleError::UnknownSigner`], the host's crypto error
    ///
    /// # Events
    /// * [`PublishersSet`]
    fn revoke_publisher(env: Env, key: BytesN<32>, signature: BytesN<64>) -> Result<(), OracleError>;
    /// Who may sign.
    fn publishers(env: Env) -> Publishers;
}

/// Administration of the oracle: a new asset is set up at once, until its price is first live. From then on what loosens is
/// proposed and waits; what tightens or halts acts at once.
#[contractclient(name = "OracleAdminClient")]
pub trait OracleAdminInterface {
    /// Lists `asset`; its price counts after a warm-up that starts near the hint.
    ///
    /// # Arguments
    /// * `class` - decides the defaults
    /// * `limits` - zero for the default of the class
    /// * `initial_hint` - what it is worth, 1e14: the first price must be near it
    ///
    /// # Errors
    /// * [`OracleError::AssetExists`], [`OracleError::TooManyAssets`] - more than 64
    /// * [`OracleError::InvalidLimits`] - see `Limits::sound` in `margin_math::guard`; or the hint is outside the band
    ///
    /// # Events
    /// * [`AssetLimitsSet`]
    ///
    /// # Authorization
    /// The admin.
    fn add_asset(
        env: Env,
        asset: Asset,
        class: AssetClass,
        limits: AssetLimits,
        initial_hint: i128,
    ) -> Result<(), OracleError>;
    /// Makes `alias` another name of the listed `asset`: one price, two names.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::AssetExists`], [`OracleError::TooManyAssets`]
    ///
    /// # Events
    /// * [`AliasAdded`]
    ///
    /// # Authorization
    /// The admin.
    fn add_alias(env: Env, alias: Asset, asset: Asset) -> Result<(), OracleError>;
    /// Replaces the limits of a listed asset: tighter ones within the same band at once, any others until it is first live.
    /// A stored price outside the new band is no longer live.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::InvalidLimits`]
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock)
    ///
    /// # Events
    /// * [`AssetLimitsSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_limits(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError>;
    /// Adds a source of `asset`, which was never live, and pins the decimals the source has now.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::SourceExists`], [`OracleError::TooManySources`] - more than 6
    /// * [`OracleError::InvalidLimits`] - `max_age` not 1 s to 3 days
    /// * [`OracleError::UnreadableSource`] - no answer to `decimals`, or more than 30
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock) - the price was live
    ///
    /// # Events
    /// * [`PriceFeedAdded`]
    ///
    /// # Authorization
    /// The admin.
    fn add_price_feed(env: Env, asset: Asset, source: PriceSource) -> Result<(), OracleError>;
    /// Removes a source of `asset`, even if too few remain for the quorum: no price is safer than a bad one. A candidate
    /// needs no fewer groups to be confirmed than before, until another source, other limits or a new start are announced.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::UnknownSource`]
    ///
    /// # Events
    /// * [`PriceFeedRemoved`]
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn remove_price_feed(env: Env, by: Address, asset: Asset, contract: Address) -> Result<(), OracleError>;
    /// Stops one source, the prices of one asset, or all, at once.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::UnknownSource`]
    ///
    /// # Events
    /// * [`PricesHalted`]
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn halt(env: Env, by: Address, scope: HaltScope) -> Result<(), OracleError>;
    /// Adds a publisher, at once until the first report was taken.
    ///
    /// # Errors
    /// * [`OracleError::InvalidPublishers`] - it is one, it is zero, or there are 10
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock)
    ///
    /// # Events
    /// * [`PublishersSet`]
    ///
    /// # Authorization
    /// The admin.
    fn add_publisher(env: Env, key: BytesN<32>) -> Result<(), OracleError>;
    /// Removes a publisher, even if too few remain: no fewer signatures are needed than before.
    ///
    /// # Errors
    /// * [`OracleError::UnknownSigner`]
    ///
    /// # Events
    /// * [`PublishersSet`]
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn remove_publisher(env: Env, by: Address, key: BytesN<32>) -> Result<(), OracleError>;
    /// Sets the fewest signatures of a report: more at once, fewer until the first report was taken.
    ///
    /// # Errors
    /// * [`OracleError::InvalidPublishers`] - not 1 to 10
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock)
    ///
    /// # Events
    /// * [`PublishersSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_quorum(env: Env, quorum: u32) -> Result<(), OracleError>;
    /// Announces a change that loosens.
    ///
    /// # Events
    /// * [`ChangeProposed`](crate::ChangeProposed)
    ///
    /// # Authorization
    /// The admin.
    fn propose(env: Env, change: OracleChange) -> BytesN<32>;
    /// Carries out an announced change.
    ///
    /// # Errors
    /// * those of [`GovernanceError`](crate::GovernanceError) and of the function of the change
    ///
    /// # Events
    /// * [`ChangeExecuted`](crate::ChangeExecuted) and that of the change; [`PriceReset`], [`PricesResumed`]
    ///
    /// # Authorization
    /// The admin.
    fn execute(env: Env, id: BytesN<32>) -> Result<(), OracleError>;
    /// The limits of a listed asset.
    fn limits(env: Env, asset: Asset) -> Option<AssetLimits>;
    /// The sources of an asset, in the order of the bits of [`PriceAccepted::mask`].
    fn price_feeds(env: Env, asset: Asset) -> Vec<PriceSource>;
}

/// A price was accepted.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceAccepted {
    /// Whose price.
    #[topic]
    pub asset: Asset,
    /// How many independent groups agree.
    pub groups: u32,
    /// Highest price the sources support, 1e14.
    pub hi: i128,
    /// Lowest price the sources support, 1e14.
    pub lo: i128,
    /// Bit `i`: source `i` was used.
    pub mask: u32,
    /// The price, 1e14.
    pub mid: i128,
    /// How it was accepted.
    pub outcome: PokeOutcome,
    /// Unix seconds of the price.
    pub timestamp: u64,
}

/// Sources were read and gave no price.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceRefused {
    /// Whose price.
    #[topic]
    pub asset: Asset,
    /// The price that was refused, 1e14; 0 without a quorum.
    pub candidate: i128,
    /// Why it was refused.
    pub outcome: PokeOutcome,
    /// What each source contributed.
    pub sources: Vec<SourceOutcome>,
}

/// An asset was listed, or its limits replaced.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimitsSet {
    /// Whose limits.
    #[topic]
    pub asset: Asset,
    /// The limits from now on.
    pub limits: AssetLimits,
}

/// An asset got another name.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AliasAdded {
    /// The other name.
    #[topic]
    pub alias: Asset,
    /// The asset.
    pub asset: Asset,
}

/// A source was added.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedAdded {
    /// Whose source.
    #[topic]
    pub asset: Asset,
    /// Decimals that the source has to keep.
    pub decimals: u32,
    /// The source.
    pub source: PriceSource,
}

/// A source was removed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedRemoved {
    /// Whose source.
    #[topic]
    pub asset: Asset,
    /// Who removed it.
    pub by: Address,
    /// The source's contract.
    pub contract: Address,
}

/// Prices were halted.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesHalted {
    /// Who halted; the oracle itself when a source changed its decimals.
    pub by: Address,
    /// What is halted.
    pub scope: HaltScope,
}

/// Prices were resumed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesResumed {
    /// What is resumed.
    pub scope: HaltScope,
}

/// A price warms up anew.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceReset {
    /// Whose price.
    #[topic]
    pub asset: Asset,
    /// What it is worth about, 1e14.
    pub hint: i128,
}

/// A report was taken.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportAccepted {
    /// Number of the round.
    #[topic]
    pub round: u64,
    /// How many publishers signed it.
    pub signers: u32,
    /// Unix seconds of the report.
    pub timestamp: u64,
}

/// The publishers changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublishersSet {
    /// The publishers from now on.
    pub publishers: Publishers,
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
    /// The contract does not answer `decimals`, or with too many.
    UnreadableSource = 907,
    /// A limit is outside its bounds.
    InvalidLimits = 908,
    /// The asset, or the oracle, is halted.
    PriceHalted = 909,
    /// The resolution is zero.
    InvalidResolution = 910,
    /// The price is degraded, tripped, or recovered a moment ago.
    PriceGuarded = 911,
    /// The report's shape, order or epoch is wrong.
    InvalidReport = 912,
    /// The report is too old, ahead of time, or spread too far.
    UntimelyReport = 913,
    /// Too few publishers signed.
    TooFewSigners = 914,
    /// No publisher, or out of order.
    UnknownSigner = 915,
    /// The key is one already or no key, or their number is out of bounds.
    InvalidPublishers = 916,
}
