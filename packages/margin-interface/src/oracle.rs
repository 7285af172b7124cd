//! The guarded oracle: several sources in, one price out.

use crate::{Asset, Quote};
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Vec};

// A price record; the SEP-40 type, identical in XDR.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceData {
    // In the feed's decimals.
    pub price: i128,
    // Unix seconds.
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

// What [`OracleInterface::poke`] did for one asset.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum PokeOutcome {
    // New price.
    Accepted = 0,
    // Neither clock nor sources are a tick further.
    Unchanged = 1,
    // Too few groups, or none fresh.
    NoQuorum = 2,
    // The groups disagree.
    Diverged = 3,
    // Refused: outside the band.
    OutOfBand = 4,
    // Halted.
    Halted = 5,
    // Not listed.
    Unknown = 6,
    // Refused: too big a step.
    Step = 7,
    // Refused: window budget spent.
    Budget = 8,
    // Refused: far from the average.
    TwapGap = 9,
    // Refused: groups far apart.
    Spread = 10,
    // Inside the limits once; another such round ends the trip.
    Recovering = 11,
    // New price of less weight.
    Degraded = 12,
    // New price, confirmed against the old.
    ReAnchored = 13,
}

// What one source contributed to a poke.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceOutcome {
    // Admitted.
    Admitted = 0,
    // Trapped, or answered no price.
    CallFailed = 1,
    // Has none.
    NoPrice = 2,
    // Other decimals than listed: halted.
    DecimalsChanged = 3,
    // Zero or negative.
    NotPositive = 4,
    // After the ledger's clock.
    FromFuture = 5,
    // Older than its maximum age.
    TooOld = 6,
    // Older than what it said before.
    Backwards = 7,
    // Too small or too large.
    OutOfRange = 8,
    // At or beyond its clamp.
    AtClamp = 9,
    // Halted.
    Halted = 10,
}

// What a source is good for.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceRole {
    // Its time is the price's time.
    Fresh = 0,
    // For quorum and divergence only.
    Check = 1,
    // Only without a quorum.
    Fallback = 2,
}

// A SEP-40 feed as a source of one asset's price.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceSource {
    // What the source calls it.
    pub asset: Asset,
    // The feed; the oracle itself: its publishers.
    pub contract: Address,
    // Independence group.
    pub group: u32,
    // Upper clamp, source's decimals.
    pub high: i128,
    // Lower clamp, source's decimals.
    pub low: i128,
    // Seconds.
    pub max_age: u64,
    // What it is good for.
    pub role: SourceRole,
}

// What kind of asset: the defaults of its limits, and whether its price re-anchors by itself.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AssetClass {
    // Never re-anchors.
    Pegged = 0,
    // Three groups.
    Major = 1,
    // Moves much.
    Volatile = 2,
    // Never re-anchors.
    Thin = 3,
}

// The limits of one asset's price; zero asks for the default of its class (`margin_math::guard`).
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimits {
    // Change within the window, bps.
    pub budget_bps: u32,
    // Band, 1e14.
    pub cap: i128,
    // Seconds a candidate must stand.
    pub confirm: u32,
    // Groups around the median, bps.
    pub delta_bps: u32,
    // Band, 1e14.
    pub floor: i128,
    // Seconds after a recovery.
    pub grace: u32,
    // Seconds.
    pub max_age: u32,
    // Independent groups.
    pub quorum: u32,
    // Widest interval, bps.
    pub spread_bps: u32,
    // 1e-9 per second.
    pub stable_rate: u32,
    // One step, bps.
    pub step_bps: u32,
    // Growth of the step.
    pub step_bps_per_minute: u32,
    // Largest step, bps.
    pub step_max_bps: u32,
    // From the average, bps.
    pub twap_gap_bps: u32,
    // Rounds.
    pub warm_up: u32,
    // Seconds.
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

// What to halt or to resume.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HaltScope {
    // Everything.
    All,
    // One asset, whatever happens to all.
    Asset(Asset),
    // One source of an asset.
    Source(Asset, Address),
}

// What loosens, and therefore waits.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OracleChange {
    // Looser limits. 24 h.
    Limits(Asset, AssetLimits),
    // Another source. 48 h.
    Source(Asset, PriceSource),
    // Another publisher. 48 h.
    Publisher(BytesN<32>),
    // Fewer signatures. 24 h.
    Quorum(u32),
    // Warm up anew from a hint, 1e14. 24 h.
    ReAnchor(Asset, i128),
    // Lift a halt. 24 h.
    Resume(HaltScope),
    // Code and the version of its storage. 7 days.
    Upgrade(BytesN<32>, u32),
}

// A round of observations that publishers sign.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    // Places in `assets()`, ascending.
    pub assets: Vec<u32>,
    // Of the publishers.
    pub epoch: u32,
    // Ascending.
    pub round: u64,
}

// What one publisher observed.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublisherSignature {
    // ed25519.
    pub key: BytesN<32>,
    // Unix seconds.
    pub observed_at: u64,
    // 1e14, one per asset; 0 = none.
    pub prices: Vec<i128>,
    // ed25519, see `submit`.
    pub signature: BytesN<64>,
}

// Who may sign reports.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publishers {
    // Changes with the keys.
    pub epoch: u32,
    // ed25519.
    pub keys: Vec<BytesN<32>>,
    // Fewest signatures.
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

/// Administration of the oracle: a new asset is set up at once, until its price is live. From then on what loosens is
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
    /// Replaces the limits of a listed asset: tighter ones at once, looser ones while it warms up. A stored price
    /// outside the new band is no longer live.
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
    /// Adds a source of `asset`, which warms up, and pins the decimals the source has now.
    ///
    /// # Errors
    /// * [`OracleError::UnknownAsset`], [`OracleError::SourceExists`], [`OracleError::TooManySources`] - more than 6
    /// * [`OracleError::InvalidLimits`] - `max_age` not 1 s to 3 days
    /// * [`OracleError::UnreadableSource`] - no answer to `decimals`, or more than 30
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock) - the price is live
    ///
    /// # Events
    /// * [`PriceFeedAdded`]
    ///
    /// # Authorization
    /// The admin.
    fn add_price_feed(env: Env, asset: Asset, source: PriceSource) -> Result<(), OracleError>;
    /// Removes a source of `asset`, even if too few remain for the quorum: no price is safer than a bad one.
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
    /// Removes a publisher, even if too few remain.
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

// A price was accepted.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceAccepted {
    // Of what.
    #[topic]
    pub asset: Asset,
    // That agree.
    pub groups: u32,
    // 1e14.
    pub hi: i128,
    // 1e14.
    pub lo: i128,
    // Bit `i`: source `i` was used.
    pub mask: u32,
    // 1e14.
    pub mid: i128,
    // How.
    pub outcome: PokeOutcome,
    // Unix seconds.
    pub timestamp: u64,
}

// Sources were read and gave no price.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceRefused {
    // Of what.
    #[topic]
    pub asset: Asset,
    // 1e14; 0 without a quorum.
    pub candidate: i128,
    // Why.
    pub outcome: PokeOutcome,
    // What each contributed.
    pub sources: Vec<SourceOutcome>,
}

// An asset was listed, or its limits replaced.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetLimitsSet {
    // Of what.
    #[topic]
    pub asset: Asset,
    // From now on.
    pub limits: AssetLimits,
}

// An asset got another name.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AliasAdded {
    // The name.
    #[topic]
    pub alias: Asset,
    // Of what.
    pub asset: Asset,
}

// A source was added.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedAdded {
    // Of what.
    #[topic]
    pub asset: Asset,
    // Pinned.
    pub decimals: u32,
    // The source.
    pub source: PriceSource,
}

// A source was removed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceFeedRemoved {
    // Of what.
    #[topic]
    pub asset: Asset,
    // Who.
    pub by: Address,
    // The source.
    pub contract: Address,
}

// Prices were halted.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesHalted {
    // Who; the oracle itself: changed decimals.
    pub by: Address,
    // Of what.
    pub scope: HaltScope,
}

// Prices were resumed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PricesResumed {
    // Of what.
    pub scope: HaltScope,
}

// A price warms up anew.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PriceReset {
    // Of what.
    #[topic]
    pub asset: Asset,
    // 1e14.
    pub hint: i128,
}

// A report was taken.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportAccepted {
    // Which.
    #[topic]
    pub round: u64,
    // Signatures.
    pub signers: u32,
    // Unix seconds.
    pub timestamp: u64,
}

// The publishers changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublishersSet {
    // From now on.
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
