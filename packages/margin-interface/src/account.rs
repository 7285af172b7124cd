//! Smart accounts of every tier.

use crate::Limits;
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, Bytes, BytesN, Env, Vec,
};

/// The three tiers.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
#[repr(u32)]
pub enum AccountType {
    /// 3x, owner signatures, auto-deleverage.
    Basic = 0,
    /// 10x, session keys, per-market policies.
    Pro = 1,
    /// M-of-N by amount, compliance.
    Institutional = 2,
}

/// What a new account starts with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountConfig {
    /// Tier.
    pub account_type: AccountType,
    /// Health below which anyone may deleverage the account, bps; also the floor of every increase of risk.
    pub auto_deleverage_threshold: u32,
    /// Hundredths, within the tier's cap.
    pub max_leverage: u32,
    /// Administers the account: a key account or a contract.
    pub owner: Address,
    /// Keys that trade: 32 bytes each, ed25519.
    pub signers: Vec<Bytes>,
}

/// The contracts an account works with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Protocol {
    /// Deployed the account; may change its tier together with the account.
    pub factory: Address,
    /// Margin ledger.
    pub ledger: Address,
    /// Clearing-house.
    pub perp_clearing: Address,
    /// Vault.
    pub vault: Address,
}

/// One signature of an authorisation entry. Entries carry them strictly ascending by key.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sig {
    /// 32 bytes: ed25519.
    pub public_key: Bytes,
    /// Over the payload of the entry.
    pub signature: BytesN<64>,
}

/// What [`BasicAccountInterface::auto_deleverage`] did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeleverageReport {
    /// Health afterwards, bps.
    pub health_after: u32,
    /// Health before, bps.
    pub health_before: u32,
    /// Debt value repaid from the wallet, USD 1e7.
    pub repaid_from_wallet: i128,
    /// Debt value repaid with deposits of the same asset, USD 1e7.
    pub repaid_from_deposits: i128,
    /// Notional by which positions were reduced, USD 1e7.
    pub reduced: i128,
}

/// The account's limits changed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParamsUpdated {
    /// All of them, as the ledger has them now.
    pub limits: Limits,
}

/// A key may sign from now on.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerAdded {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// A key may not sign any more.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerRemoved {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// Somebody had the account restore its health.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deleveraged {
    /// What was done.
    pub report: DeleverageReport,
}

/// Errors of accounts; the codes of the specification's Appendix B.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AccountError {
    /// Not permitted to whoever asks.
    Unauthorized = 1,
    /// A signature's shape or order is wrong.
    InvalidSignature = 2,
    /// A signature's key is not a signer.
    UnauthorizedSigner = 3,
    /// Fewer signatures than required.
    InsufficientSignatures = 4,
    /// The session is over.
    SessionExpired = 5,
    /// Leverage would exceed the account's limit.
    ExcessiveLeverage = 100,
    /// Health would fall below the account's floor.
    InsufficientHealth = 101,
    /// Exposure to one market would exceed the account's limit.
    MarketConcentration = 102,
    /// Borrowing would exceed the account's limit.
    TotalBorrowExceeded = 103,
    /// Above what a session may do at once.
    ExceedsSessionLimit = 104,
    /// Above what a session may do in a day.
    DailyLimitExceeded = 105,
    /// The operation is not one this account accepts.
    OperationNotAllowed = 106,
    /// The market is blacklisted.
    BlacklistedMarket = 107,
    /// Outside trading hours.
    OutsideTradingHours = 108,
    /// The account has no state.
    NotInitialized = 200,
    /// The account has state already.
    AlreadyInitialized = 201,
    /// There is no such account.
    AccountNotFound = 202,
    /// A parameter is outside the bounds of the tier.
    InvalidConfig = 203,
    /// Nothing to deleverage: health is at or above the threshold, or the account has nothing to restore it with.
    NothingToDeleverage = 204,
    /// Too soon after the last deleverage.
    Cooldown = 205,
    /// A result does not fit.
    ArithmeticOverflow = 300,
    /// A divisor is zero.
    DivisionByZero = 301,
    /// Price sources disagree.
    OraclePriceDivergence = 400,
    /// A price that is needed is too old.
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
