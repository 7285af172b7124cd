//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`.

use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{lean, AccountType, FactoryConfig, FactoryError};
use soroban_sdk::{symbol_short, Address, Env, IntoVal, Symbol, Val, Vec};

/// Most accounts of one user: they are one entry.
pub const MAX_ACCOUNTS: u32 = 64;

// Keys are tuples that start with one of these: a symbol that is a constant costs nothing at run time.
/// Accounts of a user.
const ACCOUNTS: Symbol = symbol_short!("Accounts");
const CONFIG: Symbol = symbol_short!("Config");
/// Accounts of a tier.
const COUNT: Symbol = symbol_short!("Count");
/// Tier of an account.
const TYPE: Symbol = symbol_short!("Type");

#[inline(never)] // for size
fn key_of(env: &Env, name: Symbol, of: Val) -> Val {
    (name, of).into_val(env)
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: Val, value: &T) {
    env.storage().persistent().set(&key, value);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
}

/// What the factory deploys.
pub fn config(env: &Env) -> Result<FactoryConfig, FactoryError> {
    env.storage().instance().get(&(CONFIG,)).ok_or(FactoryError::NotInitialized)
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &FactoryConfig) {
    env.storage().instance().set(&(CONFIG,), config);
    extend_instance(env);
}

/// Extends the lifetime of the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// The accounts that were created for a user.
pub fn accounts(env: &Env, user: &Address) -> Vec<Address> {
    env.storage().persistent().get(&key_of(env, ACCOUNTS, user.to_val())).unwrap_or_else(|| lean::list(env))
}

/// Stores the accounts of a user.
pub fn set_accounts(env: &Env, user: &Address, accounts: &Vec<Address>) {
    set_persistent(env, key_of(env, ACCOUNTS, user.to_val()), accounts);
}

/// How many accounts of a tier there are.
pub fn count(env: &Env, account_type: AccountType) -> u32 {
    env.storage().persistent().get(&key_of(env, COUNT, account_type.into_val(env))).unwrap_or(0)
}

/// One more account of a tier, or one less.
pub fn add_count(env: &Env, account_type: AccountType, change: i32) {
    // An account is counted before it can leave its tier.
    let count = count(env, account_type).saturating_add_signed(change);
    set_persistent(env, key_of(env, COUNT, account_type.into_val(env)), &count);
}

/// The tier of an account of this factory.
pub fn account_type(env: &Env, account: &Address) -> Option<AccountType> {
    env.storage().persistent().get(&key_of(env, TYPE, account.to_val()))
}

/// Stores the tier of an account.
pub fn set_account_type(env: &Env, account: &Address, account_type: AccountType) {
    set_persistent(env, key_of(env, TYPE, account.to_val()), &account_type);
}
