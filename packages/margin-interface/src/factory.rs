//! The account factory.

use crate::{AccountConfig, AccountType};
use soroban_sdk::{contractclient, contracterror, Address, BytesN, Env};

/// Errors of the factory (500-599).
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum FactoryError {
    /// No Wasm is registered for the tier.
    UnknownType = 500,
}

/// Deploys smart accounts at addresses that commit to owner, configuration and code.
#[contractclient(name = "AccountFactoryClient")]
pub trait AccountFactoryInterface {
    /// Deploys an account for `config.owner`, who authorises. Returns its address.
    fn create_account(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;
    /// The address [`Self::create_account`] would deploy to.
    fn account_address(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError>;
    /// The first account of a user.
    fn get_account(env: Env, user: Address) -> Option<Address>;
    /// The tier of an account this factory deployed.
    fn account_type(env: Env, account: Address) -> Option<AccountType>;
}
