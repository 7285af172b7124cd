//! Smart accounts of every tier.
//!
//! Doc comments of types land in the contract's on-chain spec: they are a few words with the unit.

use crate::Limits;
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, Bytes, BytesN, Env, Vec,
};

/// Tiers.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
#[repr(u32)]
pub enum AccountType {
    /// 3x, owner signatures.
    Basic = 0,
    /// 10x, session keys.
    Pro = 1,
    /// M-of-N by amount.
    Institutional = 2,
}

/// A new account.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountConfig {
    /// Tier.
    pub account_type: AccountType,
    // Below it anyone may deleverage the account; also the floor of every increase of risk.
    /// Health, bps.
    pub auto_deleverage_threshold: u32,
    /// Hundredths.
    pub max_leverage: u32,
    /// Administers: a key account or a contract.
    pub owner: Address,
    /// ed25519 keys, 32 bytes.
    pub signers: Vec<Bytes>,
}

/// Contracts an account works with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Protocol {
    // May change the account's tier, together with the account.
    /// Deployer.
    pub factory: Address,
    /// Margin ledger.
    pub ledger: Address,
    /// Clearing-house.
    pub perp_clearing: Address,
    /// Vault.
    pub vault: Address,
}

/// A signature; strictly ascending by key.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sig {
    /// ed25519, 32 bytes.
    pub public_key: Bytes,
    /// Of the entry's payload.
    pub signature: BytesN<64>,
}

/// A deleverage.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeleverageReport {
    /// bps.
    pub health_after: u32,
    /// bps.
    pub health_before: u32,
    /// USD 1e7.
    pub repaid_from_wallet: i128,
    /// USD 1e7.
    pub repaid_from_deposits: i128,
    /// Notional, USD 1e7.
    pub reduced: i128,
}

/// Limits changed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParamsUpdated {
    /// All, as now.
    pub limits: Limits,
}

/// A key may sign.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerAdded {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// A key may no longer sign.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerRemoved {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// Health was restored.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deleveraged {
    /// Result.
    pub report: DeleverageReport,
}

// The codes of the specification's Appendix B.
/// Errors of accounts.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AccountError {
    /// Not permitted.
    Unauthorized = 1,
    /// Shape or order.
    InvalidSignature = 2,
    /// Not a signer.
    UnauthorizedSigner = 3,
    /// Too few.
    InsufficientSignatures = 4,
    /// Session over.
    SessionExpired = 5,
    /// Above `max_leverage`.
    ExcessiveLeverage = 100,
    /// Below `min_health`.
    InsufficientHealth = 101,
    /// Above `market_exposure`.
    MarketConcentration = 102,
    /// Above `total_borrow`.
    TotalBorrowExceeded = 103,
    /// Per call.
    ExceedsSessionLimit = 104,
    /// Per day.
    DailyLimitExceeded = 105,
    /// Not recognised.
    OperationNotAllowed = 106,
    /// Blacklisted.
    BlacklistedMarket = 107,
    /// Outside hours.
    OutsideTradingHours = 108,
    /// No state.
    NotInitialized = 200,
    /// Has state.
    AlreadyInitialized = 201,
    /// No account.
    AccountNotFound = 202,
    /// Outside the tier.
    InvalidConfig = 203,
    // Health is at or above the threshold, or the account has nothing to restore it with.
    /// Nothing to do.
    NothingToDeleverage = 204,
    /// Too soon.
    Cooldown = 205,
    /// Too large.
    ArithmeticOverflow = 300,
    /// Divisor 0.
    DivisionByZero = 301,
    /// Sources disagree.
    OraclePriceDivergence = 400,
    /// Price too old.
    StalePrice = 401,
}

/// The tier-1 account. `__check_auth` comes with the host's custom account interface.
#[contractclient(name = "BasicAccountClient")]
pub trait BasicAccountInterface {
    /// Changes the given parameters within the tier's caps. Authorised by the owner.
    fn update_params(
        env: Env,
        max_leverage: Option<u32>,
        auto_deleverage_threshold: Option<u32>,
        market_exposure_limit: Option<i128>,
        total_borrow_limit: Option<i128>,
    ) -> Result<(), AccountError>;
    /// Adds a signer. Authorised by the owner.
    fn add_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Removes a signer; one always remains. Authorised by the owner.
    fn remove_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Restores health from below the threshold to the target and no further. Permissionless.
    fn auto_deleverage(env: Env) -> Result<DeleverageReport, AccountError>;
    /// Who administers the account.
    fn get_owner(env: Env) -> Result<Address, AccountError>;
    /// Tier.
    fn account_type(env: Env) -> Result<AccountType, AccountError>;
    /// Keys that trade.
    fn signers(env: Env) -> Result<Vec<Bytes>, AccountError>;
    /// The account's own limits, as the ledger has them.
    fn limits(env: Env) -> Result<Limits, AccountError>;
}
