//! Entry points. Their documentation is on [`AccountFactoryInterface`].

use crate::{deployment::Deployment, storage};
use margin_interface::{
    AccountConfig, AccountCreated, AccountFactoryInterface, AccountType, FactoryConfig, FactoryError,
};
use soroban_sdk::{contract, contractimpl, Address, BytesN, Env};

/// The account factory.
#[contract]
pub struct AccountFactory;

#[contractimpl]
impl AccountFactory {
    /// Sets who governs, the contracts that accounts work with, and the Wasm of each tier.
    pub fn __constructor(
        env: Env,
        admin: Address,
        ledger: Address,
        vault: Address,
        perp_clearing: Address,
        basic_hash: BytesN<32>,
        pro_hash: BytesN<32>,
        institutional_hash: BytesN<32>,
    ) {
        let config =
            FactoryConfig { admin, basic_hash, institutional_hash, ledger, perp_clearing, pro_hash, vault };
        storage::set_config(&env, &config);
        storage::extend_instance(&env);
    }
}

#[contractimpl]
impl AccountFactoryInterface for AccountFactory {
    fn create_account(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError> {
        config.owner.require_auth();
        let AccountConfig { owner, account_type, .. } = config.clone();
        let deployment = Deployment::of(&env, stored(&env)?, config, salt)?;
        if storage::account_type(&env, &deployment.address()).is_some() {
            return Err(FactoryError::AlreadyDeployed);
        }
        let account = deployment.execute();
        storage::set_account_type(&env, &account, account_type);
        if storage::first_account(&env, &owner).is_none() {
            storage::set_first_account(&env, &owner, &account);
        }
        storage::extend_instance(&env);
        AccountCreated { owner, account_type, account: account.clone(), wasm_hash: deployment.wasm_hash }
            .publish(&env);
        Ok(account)
    }

    fn account_address(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError> {
        Ok(Deployment::of(&env, stored(&env)?, config, salt)?.address())
    }

    fn get_account(env: Env, user: Address) -> Option<Address> {
        storage::first_account(&env, &user)
    }

    fn account_type(env: Env, account: Address) -> Option<AccountType> {
        storage::account_type(&env, &account)
    }

    fn config(env: Env) -> Result<FactoryConfig, FactoryError> {
        stored(&env)
    }
}

fn stored(env: &Env) -> Result<FactoryConfig, FactoryError> {
    storage::config(env).ok_or(FactoryError::NotInitialized)
}
