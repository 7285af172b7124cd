//! The account factory.

use crate::{AccountConfig, AccountType};
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env};

/// Errors of the factory (500-599).
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum FactoryError {
    /// No Wasm is registered for the tier.
    UnknownType = 500,
    /// The account of this configuration and salt exists already.
    AlreadyDeployed = 501,
    /// The factory has no configuration.
    NotInitialized = 502,
}

/// What the factory was deployed with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FactoryConfig {
    /// Governs; has no power over a deployed account.
    pub admin: Address,
    /// Hash of the Wasm of tier-1 accounts.
    pub basic_hash: BytesN<32>,
    /// Hash of the Wasm of tier-3 accounts.
    pub institutional_hash: BytesN<32>,
    /// Margin ledger of the accounts.
    pub ledger: Address,
    /// Clearing-house of the accounts.
    pub perp_clearing: Address,
    /// Hash of the Wasm of tier-2 accounts.
    pub pro_hash: BytesN<32>,
    /// Vault of the accounts.
    pub vault: Address,
}

/// An account was deployed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountCreated {
    /// Administers the account.
    #[topic]
    pub owner: Address,
    /// Tier.
    #[topic]
    pub account_type: AccountType,
    /// Its address.
    pub account: Address,
    /// What it runs.
    pub wasm_hash: BytesN<32>,
}

/// Deploys smart accounts at addresses that commit to owner, configuration and code.
///
/// The address derives from `sha256(xdr((tag, config, wasm_hash, salt)))`, so nobody can take it for another owner,
/// configuration or code, and it can be funded before it exists.
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
    /// * [`FactoryError::UnknownType`] - no Wasm is registered for the tier
    /// * [`FactoryError::AlreadyDeployed`] - the account exists already
    ///
    /// # Events
    /// * [`AccountCreated`]
    ///
    /// # Authorization
    /// `config.owner`.
    fn create_account(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;

    /// The address [`Self::create_account`] deploys to, before or after it did.
    ///
    /// # Errors
    /// * [`FactoryError::UnknownType`] - no Wasm is registered for the tier
    fn account_address(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;

    /// The first account of a user.
    fn get_account(env: Env, user: Address) -> Option<Address>;
    /// The tier of an account this factory deployed.
    fn account_type(env: Env, account: Address) -> Option<AccountType>;
    /// What the factory was deployed with.
    fn config(env: Env) -> Result<FactoryConfig, FactoryError>;
}
