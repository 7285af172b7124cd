//! Smart accounts of every tier.

use crate::{Limits, Market};
use offchain_docs::offchain_docs;
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, Bytes, BytesN, Env, Map, Symbol,
    Val, Vec,
};

/// The tiers of accounts.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
#[repr(u32)]
pub enum AccountType {
    /// Leverage up to 3x, signed by its owner's keys.
    Basic = 0,
    /// Leverage up to 10x, with session keys and rules per token.
    Pro = 1,
    /// M-of-N by amount, with guardians, a blacklist, trading hours and an audit trail.
    Institutional = 2,
}

/// What a new account is created with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountConfig {
    /// Its tier.
    pub account_type: AccountType,
    /// Health factor in bps below which anyone may deleverage the account; also the floor of every increase of risk.
    pub auto_deleverage_threshold: u32,
    /// Largest leverage in hundredths: `300` is 3.00x.
    pub max_leverage: u32,
    /// Who administers it: a key account or a contract.
    pub owner: Address,
    /// Keys that sign for it: 32 bytes are ed25519, 65 bytes secp256r1 (passkeys).
    pub signers: Vec<Bytes>,
}

/// The contracts an account works with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Protocol {
    /// Who deployed it, and may change its tier together with the account.
    pub factory: Address,
    /// The margin ledger.
    pub ledger: Address,
    /// The perpetual clearing-house.
    pub perp_clearing: Address,
    /// The vault.
    pub vault: Address,
}

/// What a passkey's authenticator signed besides the payload.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebAuthnData {
    /// As the authenticator returned it.
    pub authenticator_data: Bytes,
    /// The client data, JSON, which holds the payload as its challenge.
    pub client_data: Bytes,
}

/// One signature of an entry. Signatures are in strictly ascending order of their keys.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sig {
    /// 32 bytes of ed25519, or 65 bytes of secp256r1.
    pub public_key: Bytes,
    /// The signature of the entry's payload.
    pub signature: BytesN<64>,
    // An optional struct is more than the SDK can convert; on the wire this is one.
    /// The fields of [`WebAuthnData`]; of passkeys only.
    pub webauthn: Option<Map<Symbol, Bytes>>,
}

/// What a deleverage did.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeleverageReport {
    /// Health factor afterwards, bps.
    pub health_after: u32,
    /// Health factor before, bps.
    pub health_before: u32,
    /// Debts repaid with tokens of the account's own address, USD 1e7.
    pub repaid_from_wallet: i128,
    /// Debts repaid with deposits of the same asset, USD 1e7.
    pub repaid_from_deposits: i128,
    /// Notional by which positions shrank, USD 1e7.
    pub reduced: i128,
    /// Debts that the keeper repaid for collateral, USD 1e7.
    pub swapped: i128,
}

/// A call that is to be authorised.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug)]
pub struct Call {
    /// All authorised arguments, in order.
    pub args: Vec<Val>,
    /// The contract that is called.
    pub contract: Address,
    /// The function's name.
    pub fn_name: Symbol,
}

/// An authorisation entry before it is signed.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The calls of the signed tree, root first.
    pub calls: Vec<Call>,
    /// The keys that would sign, ascending.
    pub signers: Vec<Bytes>,
}

/// What an account says of itself besides its limits.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Contracts outside the protocol that it may call.
    pub allowed: Vec<Address>,
    /// Who may act for it by the ledger's book.
    pub delegates: Vec<Address>,
    /// Second argument of what an institution authorises: the generation of its configuration.
    pub epoch: u32,
    /// Whether it may only reduce.
    pub frozen: bool,
    /// To whom ownership is offered.
    pub pending_owner: Option<Address>,
    /// Hash of the code that is announced.
    pub pending_upgrade: Option<BytesN<32>>,
    /// Unix seconds from when the announced code may come; 0 without one.
    pub upgrade_ready_at: u64,
}

/// What a change of tier brings.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TierParams {
    /// The limits from then on.
    pub limits: Limits,
    /// The keys from then on.
    pub signers: Vec<Bytes>,
}

/// The markets of a session. Explicit: no absent value means "unlimited".
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Every market.
    All,
    /// These markets.
    Only(Vec<Market>),
}

/// What a session key may do.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionGrant {
    /// Functions of the venues that it may sign. Steps of a batch count by their own names, and the batch by its.
    pub allowed_ops: Vec<Symbol>,
    /// Most it may move within 24 hours, USD 1e7.
    pub daily_limit: i128,
    /// Unix seconds when it ends, exclusive. Orders that it leaves with the venue end then, and a day after they were signed.
    pub expires_at: u64,
    /// The session's key: 32 bytes of ed25519, or 65 bytes of secp256r1.
    pub key: Bytes,
    /// The markets it may touch.
    pub markets: Scope,
    /// Largest leverage of the account after what it signs, hundredths.
    pub max_leverage: u32,
    /// Most entries it may sign within 24 hours.
    pub max_ops_per_day: u32,
    /// Most it may move in one ledger, USD 1e7.
    pub max_per_ledger: i128,
    /// Most it may move by one entry, USD 1e7.
    pub max_per_tx: i128,
}

/// A session and what is left of it.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionKey {
    /// What it was granted.
    pub grant: SessionGrant,
    /// What it may still move in this ledger, USD 1e7.
    pub left_in_ledger: i128,
    /// What it may still move within 24 hours, USD 1e7.
    pub left_today: i128,
    /// How many entries it may still sign within 24 hours.
    pub ops_left_today: u32,
}

/// An account's rule for one token.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicy {
    /// Largest debt in the token, USD 1e7; with 0 it is never borrowed.
    pub max_debt: i128,
    /// Most of the token that may leave by one entry, USD 1e7.
    pub max_outflow: i128,
}

/// How many signatures an amount needs.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AmountTier {
    /// What moves more than this needs them, USD 1e7.
    pub above: i128,
    /// Signatures needed.
    pub signatures: u32,
}

/// Who signs for an institution.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigConfig {
    /// Keys that may freeze the account and, after a week, recover it.
    pub guardians: Vec<Bytes>,
    /// The N keys.
    pub signers: Vec<Bytes>,
    /// M: signatures that every operation needs.
    pub threshold: u32,
    /// More signatures for larger amounts, ascending.
    pub tiers: Vec<AmountTier>,
}

/// Whose proposal of a configuration: each has a place of its own.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Proposer {
    /// The signers of the account.
    Signers = 0,
    /// The guardians of the account.
    Guardians = 1,
}

/// A configuration that waits.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingMultisig {
    /// The configuration that will be in force.
    pub config: MultisigConfig,
    /// Whether fewer than the highest threshold proposed it: then it takes a week, and may come while the account is
    /// frozen.
    pub recovery: bool,
    /// Unix seconds from when it may be executed.
    pub ready_at: u64,
}

/// When an institution may increase risk, UTC.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradingHours {
    /// Minute of the day it begins, inclusive.
    pub start: u32,
    /// Minute of the day it ends, exclusive. With `end <= start` the window runs over midnight; equal means the whole
    /// day.
    pub end: u32,
    /// Bit 0 is Monday. A window that runs over midnight belongs to the day it began.
    pub weekdays: u32,
}

/// A link of the audit trail.
///
/// `hash = sha256(previous || xdr((seq, at, action, actors, digest)))`, all zero before the first.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    /// What was done.
    pub action: Symbol,
    /// The keys that signed; empty when nobody did.
    pub actors: Vec<Bytes>,
    /// Unix seconds when it was done.
    pub at: u64,
    /// SHA-256 of what was authorised.
    pub digest: BytesN<32>,
    /// The hash of this record and all before.
    pub hash: BytesN<32>,
    /// Number of the record, from 1.
    pub seq: u64,
}

/// Where the audit trail stands.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditHead {
    /// Hash of the last record.
    pub hash: BytesN<32>,
    /// Number of the last record; 0 before the first.
    pub seq: u64,
}

/// An entry was authorised.
///
/// An institution's entries are in its audit trail instead.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Authorized {
    /// The first key that signed.
    #[topic]
    pub signer: Bytes,
    /// How many signatures there were.
    pub signatures: u32,
}

/// The account's limits changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParamsUpdated {
    /// All of its limits from now on.
    pub limits: Limits,
}

/// A key may sign.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerAdded {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// A key may no longer sign.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerRemoved {
    /// The key.
    #[topic]
    pub signer: Bytes,
}

/// The ownership of the account is offered.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnershipOffered {
    /// To whom.
    #[topic]
    pub to: Address,
}

/// The owner changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnershipTransferred {
    /// Who administers the account from now on.
    #[topic]
    pub owner: Address,
}

/// The account may call a contract outside the protocol.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContractAllowed {
    /// Which contract.
    #[topic]
    pub contract: Address,
}

/// The account may no longer call a contract outside the protocol.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContractDisallowed {
    /// Which contract.
    #[topic]
    pub contract: Address,
}

/// The account only reduces from now on.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountFrozen {}

/// The account is frozen no longer.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountUnfrozen {}

/// Resting orders should have ended, and the clearing-house did not answer.
///
/// They may still be filled: any owner signer ends them with `bump_epoch`.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrdersRemain {}

/// The account's health was restored, or some of it.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deleveraged {
    /// What was done.
    pub report: DeleverageReport,
}

/// New code of the account is announced.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeProposed {
    /// Unix seconds from when it may come.
    pub ready_at: u64,
    /// Hash of the code.
    pub wasm_hash: BytesN<32>,
}

/// New code of the account is in force.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeExecuted {
    /// Hash of the code.
    pub wasm_hash: BytesN<32>,
}

/// Announced code of the account will not come.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradeCancelled {
    /// Hash of the code.
    pub wasm_hash: BytesN<32>,
}

/// The account's tier changed in place.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TierChanged {
    /// The tier from now on.
    pub account_type: AccountType,
    /// The limits from now on.
    pub limits: Limits,
}

/// A session began, or was granted anew.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionAdded {
    /// Its key.
    #[topic]
    pub key: Bytes,
    /// What it may do.
    pub grant: SessionGrant,
}

/// A session ended.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionRevoked {
    /// Its key.
    #[topic]
    pub key: Bytes,
}

/// A session signed an entry.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionUsed {
    /// Its key.
    #[topic]
    pub key: Bytes,
    /// What the entry moves, USD 1e7.
    pub amount: i128,
    /// What the session may still move within 24 hours, USD 1e7.
    pub left_today: i128,
}

/// A rule for a token changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicySet {
    /// Which token.
    #[topic]
    pub asset: Address,
    /// The rule from now on.
    pub policy: TokenPolicy,
}

/// A rule for a token is gone.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenPolicyRemoved {
    /// Which token.
    #[topic]
    pub asset: Address,
}

/// A configuration of an institution waits.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigProposed {
    /// Who proposed it.
    #[topic]
    pub by: Proposer,
    /// What it is, and from when it may come.
    pub pending: PendingMultisig,
}

/// Another configuration of an institution is in force.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigUpdated {
    /// The configuration from now on.
    pub config: MultisigConfig,
    /// The generation of the configuration from now on.
    pub epoch: u32,
}

/// A waiting configuration of an institution will not come.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MultisigCancelled {
    /// Whose proposal it was.
    #[topic]
    pub by: Proposer,
}

/// An institution takes no new risk in a market.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketBlacklisted {
    /// Which market.
    #[topic]
    pub market: Market,
}

/// An institution may take risk in a market again.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketUnblacklisted {
    /// Which market.
    #[topic]
    pub market: Market,
}

/// The trading hours of an institution changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradingHoursSet {
    /// The hours from now on.
    pub hours: TradingHours,
}

/// The audit trail of an institution grew.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audited {
    /// Number of the record, from 1.
    #[topic]
    pub seq: u64,
    /// The whole record.
    pub record: AuditRecord,
}

/// Errors of accounts.
///
/// The codes are those of the specification's Appendix B; 204 to 211 are this project's own.
#[offchain_docs]
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AccountError {
    /// The session that signed has no entry of its own: what it may do is unknown.
    Unauthorized = 1,
    /// The signatures have another shape, are not in strictly ascending order of their keys, or one lacks its WebAuthn data.
    InvalidSignature = 2,
    /// A key has no role in the account, or the keys have different roles.
    UnauthorizedSigner = 3,
    /// Fewer signatures than the operation needs.
    InsufficientSignatures = 4,
    /// The session is over.
    SessionExpired = 5,
    /// The account would have more leverage than its `max_leverage`.
    ExcessiveLeverage = 100,
    /// The account would be less healthy than its `min_health`.
    InsufficientHealth = 101,
    /// Debt or notional in one market would be above the account's `market_exposure`.
    MarketConcentration = 102,
    /// The account would owe more than its `total_borrow`.
    TotalBorrowExceeded = 103,
    /// More than the session may move in one authorisation or in one ledger; or an order that would rest longer than a day, or
    /// than the session lasts.
    ExceedsSessionLimit = 104,
    /// More than the session may move within 24 hours, or more often.
    DailyLimitExceeded = 105,
    /// The account does not recognise what it is asked to authorise, or this role may not authorise it.
    OperationNotAllowed = 106,
    /// The market is on the account's blacklist.
    BlacklistedMarket = 107,
    /// Risk may be added within the account's trading hours only, and by no order that rests until after them.
    OutsideTradingHours = 108,
    /// More of a token would leave by one entry, or be owed, than its rule permits.
    TokenPolicyExceeded = 109,
    /// The account has no state.
    NotInitialized = 200,
    /// The account has its state already.
    AlreadyInitialized = 201,
    /// Reserved by Appendix B; no account answers with it.
    AccountNotFound = 202,
    /// A parameter is outside the bounds of the tier.
    InvalidConfig = 203,
    /// Health is at or above the threshold, or the account has nothing to restore it with.
    NothingToDeleverage = 204,
    /// The account was deleveraged a moment ago.
    Cooldown = 205,
    /// The account is frozen: its owners may reduce, and nothing else happens.
    Frozen = 206,
    /// Nothing waits to be accepted, executed or cancelled.
    NothingPending = 207,
    /// The delay of the change is not over.
    TooEarly = 208,
    /// The change was not executed in time.
    Lapsed = 209,
    /// A change of tier is under way; nothing else is authorised until it completes.
    TierChangePending = 210,
    /// The account uses what the lower tier does not have, or carries more risk than the new limits permit.
    TierInUse = 211,
    /// A result does not fit.
    ArithmeticOverflow = 300,
    /// Reserved by Appendix B; no account answers with it.
    DivisionByZero = 301,
    /// Reserved by Appendix B; no account answers with it: a price in doubt is `StalePrice` to it.
    OraclePriceDivergence = 400,
    /// A price that the decision needs is not usable now.
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
    /// Tells the ledger the account's limits, as it does by itself when it first signs or names a delegate. Does nothing if
    /// the ledger knows them: every change of them reaches it at once.
    ///
    /// # Errors
    /// * [`AccountError::NotInitialized`] - the account has no state of this version
    ///
    /// # Events
    /// * [`LimitsSet`](crate::LimitsSet), of the ledger
    ///
    /// # Authorization
    /// Nobody: it says what is so.
    fn refresh_limits(env: Env) -> Result<(), AccountError>;
    /// Adds a signer; for an institution it waits like any [`InstitutionalAccountInterface::update_multisig`].
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a key twice, of a wrong length or zero, in another role; too many keys
    ///
    /// # Events
    /// * [`SignerAdded`], or [`MultisigProposed`]
    fn add_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Removes a signer at once, and ends the account's resting orders; the thresholds stay. Of an institution it raises the
    /// epoch, and what waits with that signer is forgotten.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - the key is not a signer
    /// * [`AccountError::InvalidConfig`] - too few would be left for the thresholds, or none
    ///
    /// # Events
    /// * [`SignerRemoved`]; before it [`MultisigCancelled`] for each configuration that names the key
    /// * [`OrdersRemain`] - the clearing-house failed
    fn remove_signer(env: Env, signer: Bytes) -> Result<(), AccountError>;
    /// Puts a new signer in the place of an old one, and ends the account's resting orders; for an institution it waits.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - `old` is not a signer
    /// * [`AccountError::InvalidConfig`] - as [`Self::add_signer`]
    ///
    /// # Events
    /// * [`SignerRemoved`], [`SignerAdded`], or [`MultisigProposed`]
    /// * [`OrdersRemain`] - the clearing-house failed
    fn rotate_signer(env: Env, old: Bytes, new: Bytes) -> Result<(), AccountError>;
    /// Offers the account to a new owner; a second offer replaces the first, a change of tier ends it.
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
    /// Lets a delegate act for the account by the ledger's book, until it is revoked or the account is frozen.
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
    /// Stops everything but administration and what owner signers reduce. Resting orders end, and so does what was granted to
    /// delegates: thawing brings neither back.
    ///
    /// # Events
    /// * [`AccountFrozen`]
    /// * [`AllRevoked`](crate::AllRevoked), of the ledger - there were delegates
    /// * [`OrdersRemain`] - the clearing-house failed
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
    /// * [`AccountError::TierInUse`] - down, while sessions, thresholds, hours or limits of the higher tier are in use
    ///
    /// # Authorization
    /// The factory as invoker, and the authority for `(authority, [epoch,] tier, wasm_hash, params)`.
    fn change_tier(
        env: Env,
        tier: AccountType,
        wasm_hash: BytesN<32>,
        params: TierParams,
    ) -> Result<(), AccountError>;
    /// Validates and writes the state of the new tier. Other signers end the resting orders of those before.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`], [`AccountError::InvalidConfig`]
    ///
    /// # Events
    /// * [`TierChanged`]
    /// * [`OrdersRemain`] - the clearing-house failed
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
    /// The account's own limits, as the ledger has them from the first use on.
    fn limits(env: Env) -> Result<Limits, AccountError>;
    /// Everything else that a wallet shows.
    fn standing(env: Env) -> Result<Standing, AccountError>;
    /// How many signatures an operation needs of the signers; 0: the owner authorises it instead. `renounce_session` needs
    /// one, its own. Guardians recover and veto by more than half of theirs.
    ///
    /// # Arguments
    /// * `operation` - a function of the venues, of a token or of the account; any other name is one of an allowed contract
    /// * `amount` - USD 1e7, summed over the entry: what it moves, and what its reductions may lose to the worst price that
    ///   they name; `i128::MAX` for what cannot be priced, and for an order that is to rest longer than a day
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
    /// position by what it may lose against the index at the price it names. Replaces the session of a key that has one, or
    /// had one; what the key has spent stays spent.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a key of another role, of a wrong length or zero; over already; negative limits;
    ///   an operation that sessions never do; too many sessions, operations or markets; leverage outside the tier
    ///
    /// # Events
    /// * [`SessionAdded`]
    fn grant_session(env: Env, grant: SessionGrant) -> Result<(), AccountError>;
    /// Ends a session, and with it the account's resting orders: the venue does not know who signed which.
    ///
    /// # Errors
    /// * [`AccountError::UnauthorizedSigner`] - the key has none
    ///
    /// # Events
    /// * [`SessionRevoked`]
    /// * [`OrdersRemain`] - the clearing-house failed
    fn revoke_session_key(env: Env, key: Bytes) -> Result<(), AccountError>;
    /// A session ends itself, and no order: it may not decide about those of others.
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
    /// Ends all sessions, and the account's resting orders.
    ///
    /// # Events
    /// * [`SessionRevoked`] for each
    /// * [`OrdersRemain`] - the clearing-house failed
    fn revoke_all_sessions(env: Env) -> Result<(), AccountError>;
    /// All sessions with what is left of each limit.
    fn get_session_keys(env: Env) -> Result<Vec<SessionKey>, AccountError>;
    /// Limits the debt in a token and what leaves of it by one entry that is signed for the account; what a delegate borrows asks
    /// no rule, and is bounded by the limits of the ledger alone. While there is such a rule, nothing may leave of which none
    /// knows how much: positions, a gift to the insurance fund, an executor's pay, what an allowed contract or a
    /// batch for somebody else does.
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
    /// administrative entries signed before are void, and whatever else waits is forgotten. Resting orders end.
    ///
    /// # Errors
    /// * [`AccountError::NothingPending`], [`AccountError::TooEarly`], [`AccountError::Lapsed`], [`AccountError::Frozen`]
    ///
    /// # Events
    /// * [`MultisigUpdated`]
    /// * [`OrdersRemain`] - the clearing-house failed
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
    /// No new risk in a market by whatever signs for the account. The account's resting orders end. Delegates ask no list: what they
    /// may risk is bounded by the limits of the ledger alone.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - already, or too many
    ///
    /// # Events
    /// * [`MarketBlacklisted`]
    /// * [`OrdersRemain`] - the clearing-house failed
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
    /// When whatever signs for the account may increase its risk; reductions are always possible. An order that may increase it
    /// rests no longer than the hours in which it was placed, and those that rest end, unless the new hours have no end. Delegates
    /// ask no hours.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a minute beyond the day, or no weekday
    ///
    /// # Events
    /// * [`TradingHoursSet`]
    /// * [`OrdersRemain`] - the clearing-house failed
    fn set_trading_hours(env: Env, hours: TradingHours) -> Result<(), AccountError>;
    /// The trading hours.
    fn trading_hours(env: Env) -> Result<TradingHours, AccountError>;
    /// At most `n` records of the audit trail from `from` on, of those still kept; all are in [`Audited`] events.
    fn audit_log(env: Env, from: u64, n: u32) -> Result<Vec<AuditRecord>, AccountError>;
    /// Where the audit trail stands.
    fn audit_head(env: Env) -> Result<AuditHead, AccountError>;
}
