//! Entry points. Their documentation is on [`AccountFactoryInterface`] and [`AccountFactoryAdminInterface`].

use crate::deployment::{wasm_hash_of, Deployment};
use crate::storage;
use governance::Delay;
use margin_interface::{
    lean, AccountConfig, AccountCreated, AccountFactoryAdminInterface, AccountFactoryInterface, AccountType,
    AccountUpgraded, CreationPaused, CreationResumed, FactoryChange, FactoryConfig, FactoryError, Migrated,
    SmartAccountClient, TierParams, VaultClient, WasmHashSet,
};
use soroban_sdk::{contract, contractimpl, Address, BytesN, Env, Vec};

/// The account factory.
#[contract]
pub struct AccountFactory;

#[contractimpl]
impl AccountFactory {
    // Sets who governs, the contracts that accounts work with, and the Wasm of each tier.
    pub fn __constructor(
        env: Env,
        admin: Address,
        guardian: Address,
        ledger: Address,
        vault: Address,
        perp_clearing: Address,
        basic_hash: BytesN<32>,
        pro_hash: BytesN<32>,
        institutional_hash: BytesN<32>,
    ) {
        governance::initialise(&env, admin, guardian);
        let paused = false;
        let config =
            FactoryConfig { basic_hash, institutional_hash, ledger, paused, perp_clearing, pro_hash, vault };
        storage::set_config(&env, &config);
    }
}

#[contractimpl]
impl AccountFactoryInterface for AccountFactory {
    fn create_account(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError> {
        config.owner.require_auth();
        create(&env, storage::config(&env)?, config, salt)
    }

    fn migrate_to_smart_account(
        env: Env,
        user: Address,
        config: AccountConfig,
        salt: BytesN<32>,
    ) -> Result<Address, FactoryError> {
        user.require_auth();
        if config.owner != user {
            config.owner.require_auth();
        }
        let factory = storage::config(&env)?;
        let vault = factory.vault.clone();
        let account = create(&env, factory, config, salt)?;
        // The account has signed nothing yet: without this the ledger would take the positions in without its limits.
        SmartAccountClient::new(&env, &account).refresh_limits();
        VaultClient::new(&env, &vault).migrate_positions(&user, &account);
        Migrated { user, account: account.clone() }.publish(&env);
        Ok(account)
    }

    fn upgrade_account(
        env: Env,
        user: Address,
        account: Address,
        new_type: AccountType,
        params: TierParams,
    ) -> Result<(), FactoryError> {
        user.require_auth();
        let old_type = storage::account_type(&env, &account).ok_or(FactoryError::UnknownAccount)?;
        let wasm_hash = wasm_hash_of(&mut storage::config(&env)?, new_type).clone();
        let client = SmartAccountClient::new(&env, &account);
        // The old code hands over and the new code takes over.
        client.change_tier(&new_type, &wasm_hash, &params);
        client.complete_tier_change();
        storage::set_account_type(&env, &account, new_type);
        storage::add_count(&env, old_type, -1);
        storage::add_count(&env, new_type, 1);
        storage::extend_instance(&env);
        AccountUpgraded { account, account_type: new_type, wasm_hash }.publish(&env);
        Ok(())
    }

    fn account_address(env: Env, config: AccountConfig, salt: BytesN<32>) -> Result<Address, FactoryError> {
        Ok(Deployment::of(&env, storage::config(&env)?, config, salt).address())
    }

    fn get_account(env: Env, user: Address) -> Option<Address> {
        storage::accounts(&env, &user).get(0)
    }

    fn get_accounts(env: Env, user: Address, start: u32, limit: u32) -> Vec<Address> {
        let accounts = storage::accounts(&env, &user);
        let start = start.min(accounts.len());
        let mut page = lean::list(&env);
        lean::append(&mut page, &accounts, start..start.saturating_add(limit).min(accounts.len()));
        page
    }

    fn account_count(env: Env, account_type: AccountType) -> u32 {
        storage::count(&env, account_type)
    }

    fn account_type(env: Env, account: Address) -> Option<AccountType> {
        storage::account_type(&env, &account)
    }

    fn is_account(env: Env, account: Address) -> bool {
        storage::account_type(&env, &account).is_some()
    }

    fn config(env: Env) -> Result<FactoryConfig, FactoryError> {
        storage::config(&env)
    }
}

#[contractimpl]
impl AccountFactoryAdminInterface for AccountFactory {
    fn propose(env: Env, change: FactoryChange) -> BytesN<32> {
        governance::propose(&env, change, Delay::Code)
    }

    fn execute(env: Env, id: BytesN<32>) -> Result<(), FactoryError> {
        match governance::take(&env, &id) {
            FactoryChange::WasmHash(account_type, wasm_hash) => register(&env, account_type, wasm_hash)?,
            FactoryChange::Upgrade(wasm_hash, version) => governance::upgrade(&env, wasm_hash, version),
        }
        Ok(())
    }

    fn set_wasm_hash(env: Env, account_type: AccountType, wasm_hash: BytesN<32>) -> Result<(), FactoryError> {
        governance::take_announced(&env, &FactoryChange::WasmHash(account_type, wasm_hash.clone()));
        register(&env, account_type, wasm_hash)
    }

    fn pause(env: Env, by: Address) -> Result<(), FactoryError> {
        governance::require_governor(&env, &by);
        storage::set_config(&env, &FactoryConfig { paused: true, ..storage::config(&env)? });
        CreationPaused { by }.publish(&env);
        Ok(())
    }

    fn unpause(env: Env) -> Result<(), FactoryError> {
        governance::require_admin(&env);
        storage::set_config(&env, &FactoryConfig { paused: false, ..storage::config(&env)? });
        CreationResumed {}.publish(&env);
        Ok(())
    }
}

governance::governed!(AccountFactory);

/// Has future accounts of a tier run other code.
fn register(env: &Env, account_type: AccountType, wasm_hash: BytesN<32>) -> Result<(), FactoryError> {
    let mut config = storage::config(env)?;
    *wasm_hash_of(&mut config, account_type) = wasm_hash.clone();
    storage::set_config(env, &config);
    WasmHashSet { account_type, wasm_hash }.publish(env);
    Ok(())
}

/// Deploys and registers an account whose owner has authorised it.
fn create(
    env: &Env,
    factory: FactoryConfig,
    config: AccountConfig,
    salt: BytesN<32>,
) -> Result<Address, FactoryError> {
    if factory.paused {
        return Err(FactoryError::Paused);
    }
    let AccountConfig { owner, account_type, .. } = config.clone();
    let deployment = Deployment::of(env, factory, config, salt);
    if storage::account_type(env, &deployment.address()).is_some() {
        return Err(FactoryError::AlreadyDeployed);
    }
    let mut accounts = storage::accounts(env, &owner);
    if accounts.len() == storage::MAX_ACCOUNTS {
        return Err(FactoryError::TooManyAccounts);
    }
    let account = deployment.execute();
    storage::set_account_type(env, &account, account_type);
    storage::add_count(env, account_type, 1);
    accounts.push_back(account.clone());
    storage::set_accounts(env, &owner, &accounts);
    storage::extend_instance(env);
    AccountCreated { owner, account_type, account: account.clone(), wasm_hash: deployment.wasm_hash }
        .publish(env);
    Ok(account)
}
