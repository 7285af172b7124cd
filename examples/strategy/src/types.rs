//! What users sign, what fails, what is told.

use soroban_sdk::{contracterror, contractevent, contracttype, Address, Symbol};

/// Whom the strategy works with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Trades.
    pub clearing: Address,
    /// Tells the risk.
    pub ledger: Address,
    /// The only one traded.
    pub market: Symbol,
    /// Sets the weight.
    pub strategist: Address,
}

/// What a user permits beyond what the ledger knows.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Seconds between rebalances.
    pub cool_down: u64,
    /// Hundredths.
    pub max_leverage: u32,
    /// After an increase, bps.
    pub min_health: u32,
    /// From the index, bps.
    pub slippage_bps: u32,
    /// Below it anybody closes, bps.
    pub stop_health: u32,
}

/// Errors of the strategy.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum StrategyError {
    /// No terms.
    NotJoined = 9000,
    /// Outside their bounds.
    InvalidTerms = 9001,
    /// Outside its bounds.
    InvalidWeight = 9002,
    /// Too soon.
    CoolDown = 9003,
    /// Close enough already.
    NothingToDo = 9004,
    /// No live index.
    PriceNotLive = 9005,
    /// Nothing to weigh by.
    NoEquity = 9006,
    /// More than the terms permit.
    BeyondTerms = 9007,
    /// Not a stop of a user.
    NotAStop = 9008,
    /// Healthy enough.
    Calm = 9009,
    /// Too large.
    Overflow = 9010,
}

/// A user's exposure was changed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rebalanced {
    /// Whose.
    #[topic]
    pub user: Address,
    /// Afterwards, bps.
    pub health: u32,
    /// Afterwards, hundredths.
    pub leverage: u32,
    /// Signed base, 1e14.
    pub size_delta: i128,
}
