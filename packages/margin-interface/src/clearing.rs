//! The perpetual clearing-house.

use crate::{MarketConfig, PerpMarket, Position, Settlement, TakeOver};
use soroban_sdk::{contractclient, contracterror, contracttype, Address, Env, Symbol};

/// What a trade did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fill {
    /// Fee charged, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// The position afterwards; size 0 when closed.
    pub position: Position,
    /// Average price of the fill, 1e14.
    pub price: i128,
    /// Cash of the fill, quote 1e7: negative when base was bought.
    pub quote_delta: i128,
    /// Profit (positive) or loss realised, settlement units, without funding and fee.
    pub realized_pnl: i128,
    /// Signed base 1e14 that was traded.
    pub size_delta: i128,
}

/// What a trade would do, before fees are settled.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeQuote {
    /// Fee, settlement units.
    pub fee: i128,
    /// Mark afterwards, 1e14.
    pub mark: i128,
    /// Average price, 1e14.
    pub price: i128,
    /// Cash, quote 1e7: negative when base is bought.
    pub quote_delta: i128,
}

/// Funding of a market.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Funding {
    /// Cumulative, per whole unit of a long, USD at 1e18.
    pub long_index: i128,
    /// Share of the index price per 8 hours, 1e18; positive: longs pay.
    pub rate: i128,
    /// Cumulative, per whole unit of a short, USD at 1e18.
    pub short_index: i128,
    /// Unix seconds up to which it is accrued.
    pub updated_at: u64,
}

/// Open interest per side, base 1e14.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenInterest {
    /// Longs.
    pub long: i128,
    /// Shorts.
    pub short: i128,
}

/// A provider's share of the liquidity pool.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LpPosition {
    /// Shares of the provider.
    pub shares: i128,
    /// All shares.
    pub total_shares: i128,
    /// What the shares would fetch now, settlement units.
    pub value: i128,
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
}

/// vAMM perpetual markets with funding, a liquidity pool behind them, insurance and liquidation.
#[contractclient(name = "PerpClearingClient")]
pub trait PerpClearingInterface {
    /// Pulls `margin` from the trader's wallet into the vault and trades `margin * leverage / 100` of notional.
    /// `min_base` is the least base for a long and the most base for a short.
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
    /// Trades `size_delta` on what is deposited: increase, reduce, reverse.
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
    fn close_position(env: Env, trader: Address, market: Symbol, limit_price: i128, deadline: u64) -> Result<Fill, ClearingError>;
    /// Moves `amount` of the provider's settlement deposit into the pool at fair value. Returns the shares.
    fn add_liquidity(env: Env, provider: Address, amount: i128, min_shares: i128) -> Result<i128, ClearingError>;
    /// Burns `shares` and moves their fair value into the provider's settlement deposit. Returns the amount.
    fn remove_liquidity(env: Env, provider: Address, shares: i128, min_amount: i128) -> Result<i128, ClearingError>;
    /// Gives `amount` of the settlement deposit of `from` to insurance.
    fn fund_insurance(env: Env, from: Address, amount: i128) -> Result<(), ClearingError>;
    /// Accrues funding at the stored rate, then stores the rate of now. Permissionless. Returns the new rate, 1e18 per 8 h.
    fn update_funding_rate(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Settles the funding of one position. Permissionless. Returns what was paid (negative: received).
    fn settle_funding(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Records the mark for its time-weighted average. Permissionless. Returns the mark, 1e14.
    fn update_mark_price(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Takes over up to `max_size` (absolute, base 1e14) of a liquidatable position at the index.
    fn liquidate(env: Env, liquidator: Address, account: Address, market: Symbol, max_size: i128) -> Result<TakeOver, ClearingError>;
    /// Pays what the pending pool holds for the account into its deposit. Permissionless. Returns the amount.
    fn claim_pending(env: Env, account: Address) -> Result<i128, ClearingError>;
    /// Opens a market with its first curve. Authorised by the admin.
    fn open_market(env: Env, market: Symbol, config: MarketConfig, base_reserve: i128, quote_reserve: i128) -> Result<(), ClearingError>;

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
