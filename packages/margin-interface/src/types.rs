//! Types that several contracts share.

use offchain_docs::offchain_docs;
use soroban_sdk::{contracttype, Address, Symbol};

/// What a price is about; the SEP-40 type, identical in XDR.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Asset {
    /// A token contract on Stellar.
    Stellar(Address),
    /// Anything else, by ticker.
    Other(Symbol),
}

/// A rule that may name a lent asset or a perpetual market: exposure limits, blacklists.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Market {
    /// A listed token.
    Asset(Address),
    /// A perpetual market such as `BTC_USD`.
    Perp(Symbol),
}

/// How far a price may be trusted; what each status permits is the table in `margin_math::status`.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum PriceStatus {
    /// Fresh, agreed by a quorum of independent groups.
    Live = 0,
    /// From a fallback source: good for reducing and liquidating, not for new risk.
    Degraded = 1,
    /// Recovered a moment ago: liquidations wait.
    Grace = 2,
    /// A guard tripped: `lo` and `hi` hold the old and the candidate price.
    Tripped = 3,
    /// Older than the asset's maximum age: `lo` and `hi` are the ends of its static band.
    Stale = 4,
    /// Halted by the guardian or the admin: `lo` and `hi` are the ends of the static band.
    Halted = 5,
    /// Listed, no accepted price yet: `lo` and `hi` are the ends of the static band.
    Warming = 6,
    /// Not listed: all zero.
    Unknown = 7,
}

/// A guarded price as an interval, USD per whole unit at 1e14.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quote {
    /// Highest price the sources support.
    pub hi: i128,
    /// Lowest price the sources support.
    pub lo: i128,
    /// The accepted price.
    pub mid: i128,
    /// How far the price may be trusted.
    pub status: PriceStatus,
    /// Slow reference: follows `mid` at a limited rate.
    pub stable: i128,
    /// Unix seconds of the oldest fresh source that counted; never the ledger clock.
    pub timestamp: u64,
}

/// The limits an account sets itself. The ledger checks them on every increase of risk, whoever signs.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Largest `(debt + notional) / equity`, hundredths: `300` = 3.00x.
    pub max_leverage: u32,
    /// Largest debt or notional in one market, USD 1e7.
    pub market_exposure: i128,
    /// Smallest health factor in the Open valuation, bps: `12_000` = 1.2.
    pub min_health: u32,
    /// Largest sum of lending debts and perpetual debt, USD 1e7.
    pub total_borrow: i128,
}

impl Limits {
    /// No limit of the account's own: the ledger's levels alone bind it.
    pub const NONE: Limits =
        Limits { max_leverage: u32::MAX, market_exposure: i128::MAX, min_health: 0, total_borrow: i128::MAX };
}

/// How a liquidator is paid.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Receive {
    /// Supply shares inside the vault: needs neither liquidity nor a transferable token.
    Shares = 0,
    /// Tokens, sent to the liquidator.
    Tokens = 1,
}

/// What a delegate may do for an account: bits of `permission`. Read at execution, so that a revoked grant is dead at once.
pub mod permissions {
    /// Everything below. Never the account's own limits, and never granting: that is the account's alone.
    pub const ADMIN: u32 = 1;
    /// Withdraw, borrow; always to the account's own address.
    pub const WITHDRAW: u32 = 1 << 1;
    /// Open, increase, reduce, close.
    pub const TRADE: u32 = 1 << 2;
    /// Reduce, close, repay.
    pub const REDUCE_ONLY: u32 = 1 << 3;
    /// Deposit into the account, provide and remove liquidity.
    pub const MODIFY_COLLATERAL: u32 = 1 << 4;
    /// Place and cancel orders.
    pub const SIGN_ORDERS: u32 = 1 << 5;
    /// Every bit that means something.
    pub const ALL: u32 = (1 << 6) - 1;
}
