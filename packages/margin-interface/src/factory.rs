//! The account factory.

use crate::{AccountConfig, AccountType, TierParams};
use offchain_docs::offchain_docs;
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Vec};

// 500 was a tier without code.
/// Errors of the factory (500-599).
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum FactoryError {
    /// The account of this configuration and salt exists already.
    AlreadyDeployed = 501,
    /// The factory has no configuration.
    NotInitialized = 502,
    /// Not an account of this factory.
    UnknownAccount = 503,
    /// No accounts are created now.
    Paused = 504,
    /// The user has as many as one can have.
    TooManyAccounts = 505,
}

/// What the factory deploys.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FactoryConfig {
    /// Hash of the Wasm of tier-1 accounts.
    pub basic_hash: BytesN<32>,
    /// Hash of the Wasm of tier-3 accounts.
    pub institutional_hash: BytesN<32>,
    /// Margin ledger of the accounts.
    pub ledger: Address,
    /// Whether no accounts are created.
    pub paused: bool,
    /// Clearing-house of the accounts.
    pub perp_clearing: Address,
    /// Hash of the Wasm of tier-2 accounts.
    pub pro_hash: BytesN<32>,
    /// Vault of the accounts.
    pub vault: Address,
}

/// A change of the factory that waits.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FactoryChange {
    /// Code of future accounts of a tier, and of accounts that change to it.
    WasmHash(AccountType, BytesN<32>),
    /// Code of the factory and the version of its storage.
    Upgrade(BytesN<32>, u32),
}

/// An account was deployed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountCreated {
    /// Who administers the account.
    #[topic]
    pub owner: Address,
    /// Its tier.
    #[topic]
    pub account_type: AccountType,
    /// Its address.
    pub account: Address,
    /// Hash of the code it runs.
    pub wasm_hash: BytesN<32>,
}

/// An account changed its tier.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountUpgraded {
    /// Its address.
    #[topic]
    pub account: Address,
    /// Its tier from now on.
    #[topic]
    pub account_type: AccountType,
    /// Hash of the code it runs from now on.
    pub wasm_hash: BytesN<32>,
}

/// A user's positions moved to a smart account.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// Whose they were.
    #[topic]
    pub user: Address,
    /// Whose they are.
    #[topic]
    pub account: Address,
}

/// Future accounts of a tier run other code.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WasmHashSet {
    /// Which tier.
    #[topic]
    pub account_type: AccountType,
    /// Hash of the code.
    pub wasm_hash: BytesN<32>,
}

/// No accounts are created from now on.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CreationPaused {
    /// Who paused.
    pub by: Address,
}

/// Accounts are created again.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CreationResumed {}

/// Deploys smart accounts at addresses that commit to owner, configuration and code.
///
/// The address derives from `sha256(xdr((tag, config, wasm_hash, salt)))`, so nobody can take it for another owner,
/// configuration or code. Create an account before you fund it: other code of its tier, announced 7 days ahead, makes another
/// address of the same configuration, and what was sent to the former one waits until that code is announced again; a pause
/// puts the creation off. The factory keeps no power over a deployed account: it changes the tier of one only together with the
/// account's own authority.
#[contractclient(name = "AccountFactoryClient")]
pub trait AccountFactoryInterface {
    /// Deploys an account for `config.owner`. Returns its address.
    ///
    /// # Arguments
    /// * `config` - tier, owner, signers, leverage in hundredths, threshold in bps; the account's constructor refuses
    ///   what is outside the tier's bounds
    /// * `salt` - distinguishes accounts of equal configuration
    ///
    /// # Errors
    /// * [`FactoryError::AlreadyDeployed`] - the account exists already
    /// * [`FactoryError::Paused`], [`FactoryError::TooManyAccounts`]
    ///
    /// # Events
    /// * [`AccountCreated`]
    ///
    /// # Authorization
    /// `config.owner`.
    fn create_account(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;

    /// Deploys an account and moves the deposits, debts and positions of `user` to it. Returns its address. A stake in the liquidity
    /// pool, orders and grants stay with `user`, as with the vault's `transfer_positions`.
    ///
    /// # Errors
    /// * those of [`Self::create_account`] and of the vault's `migrate_positions`
    ///
    /// # Events
    /// * [`AccountCreated`], [`Migrated`]
    ///
    /// # Authorization
    /// `user`, including the vault's `migrate_positions(user, account)`; and `config.owner` if that is somebody else.
    fn migrate_to_smart_account(
        env: Env,
        user: Address,
        config: AccountConfig,
        salt: BytesN<32>,
    ) -> Result<Address, FactoryError>;

    /// Changes the tier of an account in place: same address, same positions, storage carried over.
    ///
    /// # Arguments
    /// * `user` - the account's authority: its owner, of an institution the account itself
    /// * `params` - limits and signers from now on
    ///
    /// # Errors
    /// * [`FactoryError::UnknownAccount`]
    /// * of the account: `TierInUse`, `InvalidConfig`
    ///
    /// # Events
    /// * [`AccountUpgraded`]
    ///
    /// # Authorization
    /// `user`, including the account's `change_tier`, for `(user, [epoch,] new_type, wasm_hash, params)`.
    fn upgrade_account(
        env: Env,
        user: Address,
        account: Address,
        new_type: AccountType,
        params: TierParams,
    ) -> Result<(), FactoryError>;

    /// The address [`Self::create_account`] deploys to, before or after it did, with the code that its tier has now.
    fn account_address(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;

    /// The first account that was created for a user.
    fn get_account(env: Env, user: Address) -> Option<Address>;
    /// At most `limit` of the accounts that were created for a user, from number `start` on.
    fn get_accounts(env: Env, user: Address, start: u32, limit: u32) -> Vec<Address>;
    /// How many accounts of a tier there are.
    fn account_count(env: Env, account_type: AccountType) -> u32;
    /// The tier of an account this factory deployed.
    fn account_type(env: Env, account: Address) -> Option<AccountType>;
    /// Whether this factory deployed it.
    fn is_account(env: Env, account: Address) -> bool;
    /// What the factory deploys.
    fn config(env: Env) -> Result<FactoryConfig, FactoryError>;
}

/// Administration of the factory, besides [`crate::GovernanceInterface`].
#[contractclient(name = "AccountFactoryAdminClient")]
pub trait AccountFactoryAdminInterface {
    /// Announces a change; it may come in 7 days. Returns its id.
    ///
    /// # Errors
    /// * [`GovernanceError::AlreadyScheduled`](crate::GovernanceError::AlreadyScheduled)
    ///
    /// # Events
    /// * [`ChangeProposed`](crate::ChangeProposed)
    ///
    /// # Authorization
    /// The admin.
    fn propose(env: Env, change: FactoryChange) -> BytesN<32>;

    /// Carries out an announced change that is ready. Deployed accounts keep their code.
    ///
    /// # Errors
    /// * [`crate::GovernanceError`]: `NotScheduled`, `TooEarly`, `Expired`, `UpgradesFrozen`, `Downgrade`
    ///
    /// # Events
    /// * [`ChangeExecuted`](crate::ChangeExecuted), [`WasmHashSet`]
    ///
    /// # Authorization
    /// The admin.
    fn execute(env: Env, id: BytesN<32>) -> Result<(), FactoryError>;

    /// Has future accounts of a tier run the code that was announced for it: [`Self::execute`] of
    /// [`FactoryChange::WasmHash`] without its id.
    ///
    /// # Errors
    /// * [`crate::GovernanceError`]: `NotScheduled`, `TooEarly`, `Expired`
    ///
    /// # Events
    /// * [`ChangeExecuted`](crate::ChangeExecuted), [`WasmHashSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_wasm_hash(env: Env, account_type: AccountType, wasm_hash: BytesN<32>) -> Result<(), FactoryError>;

    /// Stops the creation of accounts. Existing ones are not affected.
    ///
    /// # Events
    /// * [`CreationPaused`]
    ///
    /// # Authorization
    /// `by`, the admin or the guardian.
    fn pause(env: Env, by: Address) -> Result<(), FactoryError>;

    /// Resumes it.
    ///
    /// # Events
    /// * [`CreationResumed`]
    ///
    /// # Authorization
    /// The admin.
    fn unpause(env: Env) -> Result<(), FactoryError>;
}
