//! The vault's one entry. Balances and debts are the margin ledger's.

use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{VaultConfig, VaultError};
use soroban_sdk::{contracttype, panic_with_error, Env};

#[contracttype]
enum Key {
    Config,
}

/// What the constructor stored.
pub fn config(env: &Env) -> VaultConfig {
    match env.storage().instance().get(&Key::Config) {
        Some(config) => config,
        None => panic_with_error!(env, VaultError::NotInitialized),
    }
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &VaultConfig) {
    env.storage().instance().set(&Key::Config, config);
}

/// Extends the lifetime of the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}
