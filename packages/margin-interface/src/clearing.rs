//! The perpetual clearing-house.

use crate::{Action, MarketConfig, PerpMarket, Position, Settlement, TakeOver};
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, Env, Symbol, Vec};

/// What a trade did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fill {
    // Fee charged, settlement units.
    pub fee: i128,
    // Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    // The position afterwards; size 0 when closed.
    pub position: Position,
    // Average price of the fill, 1e14.
    pub price: i128,
    // Cash of the fill, quote 1e7: negative when base was bought.
    pub quote_delta: i128,
    // Profit (positive) or loss realised, settlement units, without funding and fee.
    pub realized_pnl: i128,
    // Signed base 1e14 that was traded.
    pub size_delta: i128,
}

/// What a trade would do, before fees are settled.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeQuote {
    // Fee, settlement units.
    pub fee: i128,
    // Mark afterwards, 1e14.
    pub mark: i128,
    // Average price, 1e14.
    pub price: i128,
    // Cash, quote 1e7: negative when base is bought.
    pub quote_delta: i128,
}

/// Funding of a market.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Funding {
    // Cumulative, per whole unit of a long, USD at 1e18.
    pub long_index: i128,
    // Share of the index price per 8 hours, 1e18; positive: longs pay.
    pub rate: i128,
    // Cumulative, per whole unit of a short, USD at 1e18.
    pub short_index: i128,
    // Unix seconds up to which it is accrued.
    pub updated_at: u64,
}

/// Open interest per side, base 1e14.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenInterest {
    // Longs.
    pub long: i128,
    // Shorts.
    pub short: i128,
}

/// A provider's share of the liquidity pool.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LpPosition {
    // Shares of the provider.
    pub shares: i128,
    // All shares.
    pub total_shares: i128,
    // Unix seconds from when the shares may leave: a cool-down after the provider's last entry.
    pub unlocked_at: u64,
    // What the shares would fetch now, settlement units.
    pub value: i128,
}

/// When a resting order may execute.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    // Unix seconds: at or after.
    TimestampAfter(u64),
    // Unix seconds: before.
    TimestampBefore(u64),
    // Index at or above, 1e14.
    IndexAbove(i128),
    // Index at or below, 1e14.
    IndexBelow(i128),
    // Average mark at or above, 1e14.
    MarkAbove(i128),
    // Average mark at or below, 1e14.
    MarkBelow(i128),
    // The market accepts new risk.
    MarketOpen,
    // Own position, signed base 1e14: at or above.
    PositionAbove(i128),
    // Own position, signed base 1e14: at or below.
    PositionBelow(i128),
    // The account's order of that nonce was filled.
    OrderFilled(u64),
    // None of them.
    Not(Vec<Condition>),
    // At least one of them.
    Or(Vec<Condition>),
}

/// An order that somebody else executes later. Consent is the account's authorisation of exactly this value, or storing it.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConditionalOrder {
    // Worst average price, 1e14.
    pub acceptable_price: i128,
    // Whose position.
    pub account: Address,
    // All must hold.
    pub conditions: Vec<Condition>,
    // The account's epoch it was signed in.
    pub epoch: u64,
    // Unix seconds, exclusive; mandatory.
    pub expires_at: u64,
    // Market.
    pub market: Symbol,
    // Most the executor may be paid, settlement units.
    pub max_fee: i128,
    // At most once per nonce.
    pub nonce: u64,
    // Never increases or crosses.
    pub reduce_only: bool,
    // Who brought the order.
    pub referrer: Option<Address>,
    // Everyone may execute once all conditions hold; otherwise only the trusted executor, without conditions.
    pub require_verified: bool,
    // Who consents: the account, or a delegate that may sign orders.
    pub signer: Address,
    // Signed base, 1e14.
    pub size_delta: i128,
    // Tag of the front end.
    pub tracking_code: Symbol,
    // May execute without verification.
    pub trusted_executor: Option<Address>,
}

// The SDK has no boxes.
/// A step of a batch.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum ClearingRequest {
    // Refresh, deposit, withdraw, trade, liquidity.
    Act(Action),
    // Stores an order.
    PlaceOrder(ConditionalOrder),
    // Kills the order of a nonce.
    CancelOrder(u64),
}

/// The funding rate of a market was measured again. What had accrued until then is in the ledger's market record.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FundingRateUpdated {
    // Which market.
    #[topic]
    pub market: Symbol,
    // Time-weighted index, 1e14; `None` without coverage.
    pub index_twap: Option<i128>,
    // Time-weighted mark, 1e14; `None` while the market is younger than the window.
    pub mark_twap: Option<i128>,
    // Index price by which funding accrues, 1e14.
    pub price: i128,
    // Share of it that longs pay per 8 hours, 1e18; negative: shorts pay; 0 while the premium cannot be measured.
    pub rate: i128,
}

/// A provider joined the pool.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiquidityAdded {
    // Whose deposit moved.
    #[topic]
    pub provider: Address,
    // Settlement units.
    pub amount: i128,
    // Minted.
    pub shares: i128,
    // All shares afterwards.
    pub total_shares: i128,
}

/// A provider left the pool, or part of it.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiquidityRemoved {
    // Whose deposit grew.
    #[topic]
    pub provider: Address,
    // Settlement units.
    pub amount: i128,
    // Burnt.
    pub shares: i128,
    // All shares afterwards.
    pub total_shares: i128,
}

/// Somebody gave to insurance.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InsuranceFunded {
    // Whose deposit moved.
    #[topic]
    pub from: Address,
    // Settlement units.
    pub amount: i128,
}

/// Errors of the clearing-house (800-899). Errors of the ledger (600-699) come through unchanged.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ClearingError {
    /// The amount, size, leverage or price is zero, negative or out of range.
    InvalidAmount = 800,
    /// The deadline is over.
    DeadlineExpired = 801,
    /// The price is worse than the limit.
    SlippageExceeded = 802,
    /// The trade would increase the position, and is reduce-only.
    ReduceOnly = 803,
    /// The position would stay below the market's minimum.
    BelowMinimum = 804,
    /// The mark would leave the band around the index.
    OutsideBand = 805,
    /// The mark would move further within one ledger than the market permits.
    ImpactExceeded = 806,
    /// Larger than the market permits for one account or one side.
    SizeCapExceeded = 807,
    /// There is no position.
    NoPosition = 808,
    /// The index may not be used to take new risk.
    PriceNotUsable = 809,
    /// A parameter is outside its bounds.
    InvalidConfig = 810,
    /// The curve cannot fill that size.
    CurveExhausted = 811,
    /// The provider does not have that many shares, or the pool has no value to share.
    InsufficientShares = 812,
    /// A result does not fit.
    Overflow = 813,
    /// The shares entered too recently to leave.
    CoolDown = 814,
}

/// vAMM perpetual markets with funding, a liquidity pool behind them, insurance and liquidation.
///
/// The ledger's errors and events come through: `InsufficientMargin`, `LimitExceeded`, `ReserveTestFailed`,
/// `PositionFilled` and so on. Whoever's rights are spent authorises first; smart accounts decide by their policy then.
#[contractclient(name = "PerpClearingClient")]
pub trait PerpClearingInterface {
    /// Pulls `margin` from the trader's wallet into the vault and trades `margin * leverage / 100` of notional.
    ///
    /// # Arguments
    /// * `margin` - settlement units that join the trader's deposit, > 0
    /// * `leverage` - hundredths, 100 to 10_000; the market's initial margin binds earlier
    /// * `min_base` - least base for a long, most base for a short, 1e14
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`], [`ClearingError::SlippageExceeded`]
    /// * those of an increase: see [`Self::trade`]
    ///
    /// # Authorization
    /// `trader`, with the vault's deposit and the token's transfer below it.
    fn open_position(
        env: Env,
        trader: Address,
        market: Symbol,
        is_long: bool,
        margin: i128,
        leverage: u32,
        min_base: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Trades on what is deposited: increases, reduces or reverses. A reduction needs no usable price.
    ///
    /// # Arguments
    /// * `size_delta` - signed base, 1e14; what exceeds an opposite position closes it and opens the rest
    /// * `limit_price` - worst average price of the whole fill, 1e14, > 0
    /// * `reduce_only` - refuse whatever would increase or cross
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`], [`ClearingError::SlippageExceeded`],
    ///   [`ClearingError::ReduceOnly`], [`ClearingError::CurveExhausted`]
    /// * [`ClearingError::BelowMinimum`] - what remains is neither nothing nor the market's minimum
    /// * for what increases: [`ClearingError::PriceNotUsable`], [`ClearingError::OutsideBand`],
    ///   [`ClearingError::ImpactExceeded`], [`ClearingError::SizeCapExceeded`]
    ///
    /// # Authorization
    /// `trader`.
    fn trade(
        env: Env,
        trader: Address,
        market: Symbol,
        size_delta: i128,
        limit_price: i128,
        reduce_only: bool,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Closes the whole position.
    ///
    /// # Arguments
    /// * `limit_price` - worst average price, 1e14, > 0
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`], [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`],
    ///   [`ClearingError::SlippageExceeded`]
    ///
    /// # Authorization
    /// `trader`.
    fn close_position(
        env: Env,
        trader: Address,
        market: Symbol,
        limit_price: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Moves `amount` of the provider's settlement deposit into the pool at fair value. Returns the shares.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`] - not positive, or too little for one share
    /// * [`ClearingError::InsufficientShares`] - the pool has no value to share in
    /// * [`ClearingError::SlippageExceeded`] - fewer than `min_shares`
    ///
    /// # Events
    /// * [`LiquidityAdded`]
    ///
    /// # Authorization
    /// `provider`.
    fn add_liquidity(
        env: Env,
        provider: Address,
        amount: i128,
        min_shares: i128,
    ) -> Result<i128, ClearingError>;
    /// Burns `shares` and moves their fair value into the provider's settlement deposit. Returns the amount.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`] - not positive, or worth nothing
    /// * [`ClearingError::InsufficientShares`] - more than the provider holds, or the pool has no value
    /// * [`ClearingError::SlippageExceeded`] - less than `min_amount`
    ///
    /// # Events
    /// * [`LiquidityRemoved`]
    ///
    /// # Authorization
    /// `provider`.
    fn remove_liquidity(
        env: Env,
        provider: Address,
        shares: i128,
        min_amount: i128,
    ) -> Result<i128, ClearingError>;
    /// Gives `amount` of the settlement deposit of `from` to insurance.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`]
    ///
    /// # Events
    /// * [`InsuranceFunded`]
    ///
    /// # Authorization
    /// `from`.
    fn fund_insurance(env: Env, from: Address, amount: i128) -> Result<(), ClearingError>;
    /// Accrues funding at the stored rate, then stores the rate of now: the premium of the mark's over the index's
    /// 900-second average, at most 10%; 0 while it cannot be measured. Permissionless. Returns the rate, 1e18 per 8 h.
    ///
    /// # Events
    /// * [`FundingRateUpdated`]
    fn update_funding_rate(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Settles the funding of one position. Permissionless. Returns what was paid (negative: received).
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`]
    fn settle_funding(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Records the mark for its time-weighted average. Permissionless. Returns the mark, 1e14.
    fn update_mark_price(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Takes over what restores a liquidatable account's health, at the index; the curve does not move.
    ///
    /// # Arguments
    /// * `max_size` - most that is taken, absolute, base 1e14, > 0
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`], [`ClearingError::InvalidAmount`]
    ///
    /// # Authorization
    /// `liquidator`, which must itself be healthy afterwards.
    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
    ) -> Result<TakeOver, ClearingError>;
    /// Pays what the pending pool holds for the account into its deposit. Permissionless. Returns the amount.
    fn claim_pending(env: Env, account: Address) -> Result<i128, ClearingError>;
    /// Opens a market with its first curve.
    ///
    /// # Arguments
    /// * `base_reserve` - 1e14
    /// * `quote_reserve` - 1e7
    ///
    /// # Errors
    /// * [`ClearingError::InvalidConfig`] - a unit of base would be worth as much as a unit of quote
    /// * [`ClearingError::PriceNotUsable`], [`ClearingError::OutsideBand`] - the mark must lie at a live index
    ///
    /// # Authorization
    /// The admin.
    fn open_market(
        env: Env,
        market: Symbol,
        config: MarketConfig,
        base_reserve: i128,
        quote_reserve: i128,
    ) -> Result<(), ClearingError>;

    /// What trading `size_delta` would do now.
    fn quote_trade(env: Env, market: Symbol, size_delta: i128) -> Result<TradeQuote, ClearingError>;
    /// A market.
    fn market(env: Env, market: Symbol) -> PerpMarket;
    /// An account's position.
    fn position(env: Env, account: Address, market: Symbol) -> Option<Position>;
    /// Funding, extrapolated to now.
    fn funding(env: Env, market: Symbol) -> Result<Funding, ClearingError>;
    /// Open interest.
    fn open_interest(env: Env, market: Symbol) -> OpenInterest;
    /// A provider's share of the pool.
    fn lp(env: Env, provider: Address) -> LpPosition;
    /// The cash buckets.
    fn buckets(env: Env) -> Settlement;
    /// By how much the pool exceeds what the reserve test requires; negative when no new risk is accepted.
    fn reserve_headroom(env: Env) -> i128;
}
