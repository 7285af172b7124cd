//! Smart accounts of every tier.
//!
//! Doc comments of types land in the contract's on-chain spec, which costs every deployer rent: units are in comments.

use crate::{Limits, Market};
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, Bytes, BytesN, Env, Map, Symbol,
    Val, Vec,
};

// Tiers.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
#[repr(u32)]
pub enum AccountType {
    // 3x, owner signatures.
    Basic = 0,
    // 10x, session keys.
    Pro = 1,
    // M-of-N by amount.
    Institutional = 2,
}

// A new account.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountConfig {
    // Tier.
    pub account_type: AccountType,
    // Below it anyone may deleverage the account; also the floor of every increase of risk.
    // Health, bps.
    pub auto_deleverage_threshold: u32,
    // Hundredths.
    pub max_leverage: u32,
    // Administers: a key account or a contract.
    pub owner: Address,
    // Keys: 32 bytes ed25519, 65 secp256r1.
    pub signers: Vec<Bytes>,
}

// Contracts an account works with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Protocol {
    // May change the account's tier, together with the account.
    // Deployer.
    pub factory: Address,
    // Margin ledger.
    pub ledger: Address,
    // Clearing-house.
    pub perp_clearing: Address,
    // Vault.
    pub vault: Address,
}

// What a passkey's authenticator signed besides the payload.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebAuthnData {
    // As returned.
    pub authenticator_data: Bytes,
    // JSON.
    pub client_data: Bytes,
}

// A signature; strictly ascending by key.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sig {
    // 32 bytes ed25519, 65 secp256r1.
    pub public_key: Bytes,
    // Of the entry's payload.
    pub signature: BytesN<64>,
    // An optional struct is more than the SDK can convert; on the wire this is one.
    // Passkeys: `WebAuthnData`.
    pub webauthn: Option<Map<Symbol, Bytes>>,
}

// A deleverage.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeleverageReport {
    // bps.
    pub health_after: u32,
    // bps.
    pub health_before: u32,
    // USD 1e7.
    pub repaid_from_wallet: i128,
    // USD 1e7.
    pub repaid_from_deposits: i128,
    // Notional, USD 1e7.
    pub reduced: i128,
    // Swapped with the keeper, USD 1e7.
    pub swapped: i128,
}

// A call that would be authorised.
#[contracttype]
#[derive(Clone, Debug)]
pub struct Call {
    // All authorised arguments.
    pub args: Vec<Val>,
    // Whose function.
    pub contract: Address,
    // Its name.
    pub fn_name: Symbol,
}

// An entry before it is signed.
#[contracttype]
#[derive(Clone, Debug)]
pub struct Proposal {
    // The signed tree, root first.
    pub calls: Vec<Call>,
    // Who would sign, ascending.
    pub signers: Vec<Bytes>,
}

// What an account says of itself besides its limits.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    // Foreign contracts it may call.
    pub allowed: Vec<Address>,
    // In the ledger's book.
    pub delegates: Vec<Address>,
    // Second argument of what an institution authorises.
    pub epoch: u32,
    // Only reduces.
    pub frozen: bool,
    // To whom it is offered.
    pub pending_owner: Option<Address>,
    // Hash of the next code.
    pub pending_upgrade: Option<BytesN<32>>,
    // Unix seconds; 0 without one.
    pub upgrade_ready_at: u64,
}

// What a change of tier brings.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TierParams {
    // New limits.
    pub limits: Limits,
    // New keys.
    pub signers: Vec<Bytes>,
}

// Explicit: no absent value means "unlimited".
// Markets of a session.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    // Every one.
    All,
    // These.
    Only(Vec<Market>),
}

// What a session key may do.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionGrant {
    // Steps of a batch count by their own names, and the batch by its.
    // Functions of the venues.
    pub allowed_ops: Vec<Symbol>,
    // USD 1e7 in 24 h.
    pub daily_limit: i128,
    // Unix seconds, exclusive.
    pub expires_at: u64,
    // 32 bytes ed25519, 65 secp256r1.
    pub key: Bytes,
    // What it may touch.
    pub markets: Scope,
    // Hundredths.
    pub max_leverage: u32,
    // Entries in 24 h.
    pub max_ops_per_day: u32,
    // USD 1e7 in one ledger.
    pub max_per_ledger: i128,
    // USD 1e7 in one entry.
    pub max_per_tx: i128,
}

// A session and what is left of it.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionKey {
    // As given.
    pub grant: SessionGrant,
    // USD 1e7 in this ledger.
    pub left_in_ledger: i128,
    // USD 1e7 in 24 h.
    pub left_today: i128,
    // Entries in 24 h.
    pub ops_left_today: u32,
}

// A rule for one token.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicy {
    // Largest debt, USD 1e7; 0: never borrowed.
    pub max_debt: i128,
    // Most that leaves by one entry, USD 1e7.
    pub max_outflow: i128,
}

// More signatures for more money.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AmountTier {
    // USD 1e7, exclusive.
    pub above: i128,
    // Needed then.
    pub signatures: u32,
}

// Who signs for an institution.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigConfig {
    // Freeze, and recover late.
    pub guardians: Vec<Bytes>,
    // N keys.
    pub signers: Vec<Bytes>,
    // M.
    pub threshold: u32,
    // Ascending.
    pub tiers: Vec<AmountTier>,
}

// Whose proposal of a configuration: each has a place of its own.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Proposer {
    // Owner signers.
    Signers = 0,
    // Guardians.
    Guardians = 1,
}

// A configuration that waits.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingMultisig {
    // Then in force.
    pub config: MultisigConfig,
    // By fewer than the highest threshold, after a week, also while frozen.
    pub recovery: bool,
    // Unix seconds.
    pub ready_at: u64,
}

// When an institution may increase risk, UTC.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradingHours {
    // Minute of the day, inclusive.
    pub start: u32,
    // `end <= start`: the window runs over midnight. Equal: the whole day.
    // Minute of the day, exclusive.
    pub end: u32,
    // A window that runs over midnight belongs to the day it began.
    // Bit 0 is Monday.
    pub weekdays: u32,
}

// `hash = sha256(previous || xdr((seq, at, action, actors, digest)))`, all zero before the first.
// A link of the audit trail.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    // What was done.
    pub action: Symbol,
    // Keys that signed; empty: none.
    pub actors: Vec<Bytes>,
    // Unix seconds.
    pub at: u64,
    // SHA-256 of what was authorised.
    pub digest: BytesN<32>,
    // Of this and all before.
    pub hash: BytesN<32>,
    // From 1.
    pub seq: u64,
}

// Where the audit trail stands.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditHead {
    // Of the last record.
    pub hash: BytesN<32>,
    // Of the last record.
    pub seq: u64,
}

// An institution's entries are in its audit trail instead.
// An entry was authorised.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authorized {
    // First key.
    #[topic]
    pub signer: Bytes,
    // How many.
    pub signatures: u32,
}

// Limits changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParamsUpdated {
    // All, as now.
    pub limits: Limits,
}

// A key may sign.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerAdded {
    // The key.
    #[topic]
    pub signer: Bytes,
}

// A key may no longer sign.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerRemoved {
    // The key.
    #[topic]
    pub signer: Bytes,
}

// The account is offered.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnershipOffered {
    // To whom.
    #[topic]
    pub to: Address,
}

// The owner changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnershipTransferred {
    // Administers now.
    #[topic]
    pub owner: Address,
}

// A foreign contract may be called.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContractAllowed {
    // Which.
    #[topic]
    pub contract: Address,
}

// A foreign contract may no longer be called.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContractDisallowed {
    // Which.
    #[topic]
    pub contract: Address,
}

// Only reductions from now on.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountFrozen {}

// Frozen no longer.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountUnfrozen {}

// Health was restored.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deleveraged {
    // Result.
    pub report: DeleverageReport,
}

// New code is announced.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeProposed {
    // Unix seconds.
    pub ready_at: u64,
    // Of the code.
    pub wasm_hash: BytesN<32>,
}

// New code is in force.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeExecuted {
    // Of the code.
    pub wasm_hash: BytesN<32>,
}

// Announced code will not come.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeCancelled {
    // Of the code.
    pub wasm_hash: BytesN<32>,
}

// The tier changed in place.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TierChanged {
    // Now.
    pub account_type: AccountType,
    // Now.
    pub limits: Limits,
}

// A session began, or was granted anew.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionAdded {
    // Its key.
    #[topic]
    pub key: Bytes,
    // What it may do.
    pub grant: SessionGrant,
}

// A session ended.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionRevoked {
    // Its key.
    #[topic]
    pub key: Bytes,
}

// A session was used.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionUsed {
    // Its key.
    #[topic]
    pub key: Bytes,
    // USD 1e7.
    pub amount: i128,
    // USD 1e7 in 24 h.
    pub left_today: i128,
}

// A rule for a token changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicySet {
    // Which token.
    #[topic]
    pub asset: Address,
    // As now.
    pub policy: TokenPolicy,
}

// A rule for a token is gone.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicyRemoved {
    // Which token.
    #[topic]
    pub asset: Address,
}

// A configuration waits.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigProposed {
    // By whom.
    #[topic]
    pub by: Proposer,
    // What and when.
    pub pending: PendingMultisig,
}

// A configuration is in force.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigUpdated {
    // As now.
    pub config: MultisigConfig,
    // As now.
    pub epoch: u32,
}

// A waiting configuration will not come.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigCancelled {
    // Whose.
    #[topic]
    pub by: Proposer,
}

// No new risk in a market.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketBlacklisted {
    // Which.
    #[topic]
    pub market: Market,
}

// New risk again.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketUnblacklisted {
    // Which.
    #[topic]
    pub market: Market,
}

// Trading hours changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradingHoursSet {
    // As now.
    pub hours: TradingHours,
}

// The audit trail grew.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audited {
    // From 1.
    #[topic]
    pub seq: u64,
    // The whole link.
    pub record: AuditRecord,
}

// The codes of the specification's Appendix B; 204 to 213 are of this project.
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
    /// Beyond a token's rule.
    TokenPolicyExceeded = 109,
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
    /// Only reductions.
    Frozen = 206,
    /// Nothing waits.
    NothingPending = 207,
    /// Not yet.
    TooEarly = 208,
    /// Lapsed.
    Lapsed = 209,
    /// The tier is changing.
    TierChangePending = 210,
    /// Of the higher tier, in use.
    TierInUse = 211,
    /// Too large.
    ArithmeticOverflow = 300,
    /// Divisor 0.
    DivisionByZero = 301,
    /// Sources disagree.
    OraclePriceDivergence = 400,
    /// Price too old.
    StalePrice = 401,
}

/// What accounts of every tier do. `__check_auth` comes with the host's custom account interface.
///
/// Administration is authorised by `authority.require_auth_for_args(..)`. Of a Basic or Pro account the authority is the
/// owner, who authorises `(owner, args..)`; of an institution it is the account itself at its highest threshold, which
/// authorises `(account, epoch, args..)`. Where no other authorisation is named, it is this one.
#[contractclient(name = "SmartAccountClient")]
pub trait SmartAccountInterface {
    /// Changes the given parameters within the tier's caps; the ledger follows in the same call.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - outside the tier
    ///
    /// # Events
    /// * [`ParamsUpdated`]
    fn update_params(
        env: Env,
        max_leverage: Option<u32>,
        auto_deleverage_threshold: Option<u32>,
        market_exposure_limit: Option<i128>,
        total_borrow_limit: Option<i128>,
    ) -> Result<(), AccountError>;
    /// Adds a signer; for an institution it waits like any [`InstitutionalAccountInterface::update_multisig`].
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a key twice, of a wrong length or zero, in another role; too many keys
    ///
    /// # Events
    /// * [`SignerAdded`], or [`MultisigProposed`]
    fn add_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Removes a signer at once; the thresholds stay.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - the key is not a signer
    /// * [`AccountError::InvalidConfig`] - too few would be left for the thresholds, or none
    ///
    /// # Events
    /// * [`SignerRemoved`]
    fn remove_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Puts a new signer in the place of an old one; for an institution it waits.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - `old` is not a signer
    /// * [`AccountError::InvalidConfig`] - as [`Self::add_signer`]
    ///
    /// # Events
    /// * [`SignerRemoved`], [`SignerAdded`], or [`MultisigProposed`]
    fn rotate_signer(env: Env, old: Bytes, new: Bytes) -> Result<(), AccountError>;
    /// Offers the account to a new owner; a second offer replaces the first.
    ///
    /// # Events
    /// * [`OwnershipOffered`]
    fn transfer_ownership(env: Env, to: Address) -> Result<(), AccountError>;
    /// Takes the account that was offered.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`] - it is not offered
    ///
    /// # Events
    /// * [`OwnershipTransferred`]
    ///
    /// # Authorization
    /// Whom it is offered to, for `(to,)`; an account that shall own itself at its highest threshold.
    fn accept_ownership(env: Env) -> Result<(), AccountError>;
    /// Lets owner signers authorise any function of a foreign contract that names this account in its arguments.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a contract of the protocol, the account itself, or too many
    ///
    /// # Events
    /// * [`ContractAllowed`]
    fn allow_contract(env: Env, contract: Address) -> Result<(), AccountError>;
    /// Takes that back.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - it is not allowed
    ///
    /// # Events
    /// * [`ContractDisallowed`]
    fn disallow_contract(env: Env, contract: Address) -> Result<(), AccountError>;
    /// Lets a delegate act for the account by the ledger's book.
    ///
    /// # Arguments
    /// * `permissions` - bits of [`permissions`](crate::permissions)
    /// * `expires_at` - unix seconds
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - the account itself, a contract of the protocol, or too many delegates
    /// * of the ledger
    fn grant_delegate(
        env: Env,
        delegate: Address,
        permissions: u32,
        expires_at: u64,
    ) -> Result<(), AccountError>;
    /// Takes that back.
    fn revoke_delegate(env: Env, delegate: Address) -> Result<(), AccountError>;
    /// Stops everything but reductions and administration; the ledger permits delegates and resting orders no new risk.
    ///
    /// # Events
    /// * [`AccountFrozen`]
    ///
    /// # Authorization
    /// The account for `(account,)`: any one signer or guardian, as the single context of its entry.
    fn freeze(env: Env) -> Result<(), AccountError>;
    /// Ends that.
    ///
    /// # Events
    /// * [`AccountUnfrozen`]
    fn unfreeze(env: Env) -> Result<(), AccountError>;
    /// Restores health from below the threshold to the target and no further. Permissionless.
    ///
    /// # Errors
    /// * [`AccountError::NothingToDeleverage`], [`AccountError::Cooldown`], [`AccountError::StalePrice`]
    /// * [`AccountError::InsufficientHealth`] - health would have fallen; everything is undone
    /// * [`AccountError::OperationNotAllowed`] - a step did not reduce, cost too much or went too far; everything is undone
    ///
    /// # Events
    /// * [`Deleveraged`]
    fn auto_deleverage(env: Env) -> Result<DeleverageReport, AccountError>;
    /// [`Self::auto_deleverage`], and then swaps collateral with the keeper at the oracle's price plus a small reward.
    ///
    /// # Arguments
    /// * `debt_asset` - what the keeper repays
    /// * `collateral_asset` - what the keeper receives
    /// * `max_repay` - most the keeper pays, units of the debt asset
    ///
    /// # Authorization
    /// `keeper`, first.
    fn auto_deleverage_with(
        env: Env,
        keeper: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
    ) -> Result<DeleverageReport, AccountError>;
    /// Announces new code; it may come in 7 days. A second proposal replaces the first and waits anew; a new owner, tier or
    /// multisig configuration voids it.
    ///
    /// # Events
    /// * [`UpgradeProposed`]
    fn propose_upgrade(env: Env, wasm_hash: BytesN<32>) -> Result<(), AccountError>;
    /// Runs exactly the announced code from now on.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`], [`AccountError::TooEarly`]
    /// * [`AccountError::Lapsed`] - more than 14 days after it was ready
    /// * [`AccountError::Frozen`]
    ///
    /// # Events
    /// * [`UpgradeExecuted`]
    ///
    /// # Authorization
    /// The authority, for `(authority, [epoch,] wasm_hash)` with the announced hash.
    fn execute_upgrade(env: Env) -> Result<(), AccountError>;
    /// Forgets the announced code.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`]
    ///
    /// # Events
    /// * [`UpgradeCancelled`]
    fn cancel_upgrade(env: Env) -> Result<(), AccountError>;
    /// Switches to the code of another tier and waits for [`Self::complete_tier_change`].
    ///
    /// # Errors
    /// * [`AccountError::TierInUse`] - down, while sessions, thresholds or limits of the higher tier are in use
    ///
    /// # Authorization
    /// The factory as invoker, and the authority for `(authority, [epoch,] tier, wasm_hash, params)`.
    fn change_tier(
        env: Env,
        tier: AccountType,
        wasm_hash: BytesN<32>,
        params: TierParams,
    ) -> Result<(), AccountError>;
    /// Validates and writes the state of the new tier.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`], [`AccountError::InvalidConfig`]
    ///
    /// # Events
    /// * [`TierChanged`]
    ///
    /// # Authorization
    /// The factory as invoker.
    fn complete_tier_change(env: Env) -> Result<(), AccountError>;

    /// Who administers a Basic or Pro account; of an institution, for lookup only.
    fn get_owner(env: Env) -> Result<Address, AccountError>;
    /// Tier.
    fn account_type(env: Env) -> Result<AccountType, AccountError>;
    /// Keys that trade.
    fn signers(env: Env) -> Result<Vec<Bytes>, AccountError>;
    /// The account's own limits, as the ledger has them.
    fn limits(env: Env) -> Result<Limits, AccountError>;
    /// Everything else that a wallet shows.
    fn standing(env: Env) -> Result<Standing, AccountError>;
    /// How many owner signatures an operation needs; 0: the owner authorises it instead.
    ///
    /// # Arguments
    /// * `operation` - a function of the venues or of the account
    /// * `amount` - USD 1e7, summed over the entry; `i128::MAX` for what cannot be priced
    ///
    /// # Errors
    /// * [`AccountError::OperationNotAllowed`] - nobody may
    fn required_signatures(env: Env, operation: Symbol, amount: i128) -> Result<u32, AccountError>;
    /// Why the account would refuse an entry now: a code of [`AccountError`], 0 if it would not. The same decision as the
    /// write path, but for the signatures themselves.
    fn can_authorize(env: Env, operation: Proposal) -> u32;
    /// Yes.
    fn is_smart_account(env: Env) -> bool;
}

/// What Pro and Institutional accounts do besides.
#[contractclient(name = "ProAccountClient")]
pub trait ProAccountInterface {
    /// Grants a session in every market, at the account's own leverage, without a limit on the number of entries.
    /// `max_per_tx` holds per ledger as well, so that several entries of one transaction do not multiply it.
    ///
    /// # Arguments
    /// * `key` - 32 bytes ed25519, 65 secp256r1
    /// * `expires_at` - unix seconds, exclusive
    /// * `max_per_tx` - USD 1e7
    /// * `daily_limit` - USD 1e7 in any 24 h
    /// * `allowed_ops` - functions of the venues
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - as [`Self::grant_session`]
    ///
    /// # Events
    /// * [`SessionAdded`]
    fn add_session_key(
        env: Env,
        key: Bytes,
        expires_at: u64,
        max_per_tx: i128,
        daily_limit: i128,
        allowed_ops: Vec<Symbol>,
    ) -> Result<(), AccountError>;
    /// Grants a session with every limit. Every entry counts by number; an increase counts by its amount, a reduction of a
    /// position by what it may lose against the index at the price it names. For a key that has one already, or had one, in place of the old one. What the
    /// key has spent stays spent.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a key of another role, of a wrong length or zero; over already; negative limits;
    ///   an operation that sessions never do; too many sessions, operations or markets; leverage outside the tier
    ///
    /// # Events
    /// * [`SessionAdded`]
    fn grant_session(env: Env, grant: SessionGrant) -> Result<(), AccountError>;
    /// Ends a session.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - the key has none
    ///
    /// # Events
    /// * [`SessionRevoked`]
    fn revoke_session_key(env: Env, key: Bytes) -> Result<(), AccountError>;
    /// A session ends itself.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - the key has none
    ///
    /// # Events
    /// * [`SessionRevoked`]
    ///
    /// # Authorization
    /// The account for `(account, key)`: that session, as the single context of its entry.
    fn renounce_session(env: Env, key: Bytes) -> Result<(), AccountError>;
    /// Ends all sessions.
    ///
    /// # Events
    /// * [`SessionRevoked`] for each
    fn revoke_all_sessions(env: Env) -> Result<(), AccountError>;
    /// All sessions with what is left of each limit.
    fn get_session_keys(env: Env) -> Result<Vec<SessionKey>, AccountError>;
    /// Limits the debt in a token and what leaves of it by one entry.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - negative, or too many
    ///
    /// # Events
    /// * [`TokenPolicySet`]
    fn set_token_policy(env: Env, asset: Address, policy: TokenPolicy) -> Result<(), AccountError>;
    /// Takes that back.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - there is none
    ///
    /// # Events
    /// * [`TokenPolicyRemoved`]
    fn remove_token_policy(env: Env, asset: Address) -> Result<(), AccountError>;
    /// All of them.
    fn token_policies(env: Env) -> Result<Map<Address, TokenPolicy>, AccountError>;
}

/// What Institutional accounts do besides [`ProAccountInterface`].
#[contractclient(name = "InstitutionalAccountClient")]
pub trait InstitutionalAccountInterface {
    /// Announces who signs and how many; in force in 24 h by [`Self::execute_multisig`]. A second proposal of the signers
    /// replaces their first and waits anew.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - not `1 <= M <= N <= 20`; thresholds that fall with the amount; a bad key
    ///
    /// # Events
    /// * [`MultisigProposed`]
    fn update_multisig(env: Env, config: MultisigConfig) -> Result<(), AccountError>;
    /// Puts what was announced in force. Permissionless, refused while frozen unless it is a recovery. Raises the epoch:
    /// administrative entries signed before are void, and whatever else waits is forgotten.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`], [`AccountError::TooEarly`], [`AccountError::Lapsed`], [`AccountError::Frozen`]
    ///
    /// # Events
    /// * [`MultisigUpdated`]
    fn execute_multisig(env: Env, by: Proposer) -> Result<(), AccountError>;
    /// Forgets what was announced: what stays as it is needs no more than a majority.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`]
    ///
    /// # Events
    /// * [`MultisigCancelled`]
    ///
    /// # Authorization
    /// The account for `(account, epoch, by)`: more than half of the signers, or of the guardians where signers recover, as
    /// the single context of the entry.
    fn cancel_multisig(env: Env, by: Proposer) -> Result<(), AccountError>;
    /// Announces new signers when keys are lost, or held by somebody who refuses; in force in 7 days by
    /// [`Self::execute_multisig`], frozen or not, unless [`Self::cancel_multisig`] vetoes it.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - as [`Self::update_multisig`], or other guardians
    ///
    /// # Events
    /// * [`MultisigProposed`]
    ///
    /// # Authorization
    /// The account for `(account, epoch, by, config)`, as the single context of the entry: more than half of the guardians;
    /// or of the signers more than half, and at most one fewer than the highest threshold.
    fn propose_recovery(env: Env, by: Proposer, config: MultisigConfig) -> Result<(), AccountError>;
    /// Who signs, and how many.
    fn multisig(env: Env) -> Result<MultisigConfig, AccountError>;
    /// What waits.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`]
    fn pending_multisig(env: Env, by: Proposer) -> Result<PendingMultisig, AccountError>;
    /// No new risk in a market.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - already, or too many
    ///
    /// # Events
    /// * [`MarketBlacklisted`]
    fn blacklist_market(env: Env, market: Market) -> Result<(), AccountError>;
    /// Takes that back.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - it is not there
    ///
    /// # Events
    /// * [`MarketUnblacklisted`]
    fn unblacklist_market(env: Env, market: Market) -> Result<(), AccountError>;
    /// The blacklist.
    fn blacklist(env: Env) -> Result<Vec<Market>, AccountError>;
    /// When risk may increase. Reductions are always possible.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a minute beyond the day, or no weekday
    ///
    /// # Events
    /// * [`TradingHoursSet`]
    fn set_trading_hours(env: Env, hours: TradingHours) -> Result<(), AccountError>;
    /// The trading hours.
    fn trading_hours(env: Env) -> Result<TradingHours, AccountError>;
    /// At most `n` records of the audit trail from `from` on, of those still kept; all are in [`Audited`] events.
    fn audit_log(env: Env, from: u64, n: u32) -> Result<Vec<AuditRecord>, AccountError>;
    /// Where the audit trail stands.
    fn audit_head(env: Env) -> Result<AuditHead, AccountError>;
}
