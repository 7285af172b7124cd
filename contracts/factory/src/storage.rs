//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`.

use margin_interface::{AccountType, FactoryConfig};
use soroban_sdk::{contracttype, Address, Env, IntoVal, Val};

/// Ledgers of a day at five seconds.
const DAY_IN_LEDGERS: u32 = 17_280;
/// An entry that is written with less than this left is extended.
const THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
/// To what it is extended.
const BUMP: u32 = 120 * DAY_IN_LEDGERS;

#[contracttype]
enum Key {
    /// First account of a user.
    Account(Address),
    Config,
    /// Tier of an account.
    Type(Address),
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: &Key, value: &T) {
    env.storage().persistent().set(key, value);
    env.storage().persistent().extend_ttl(key, THRESHOLD, BUMP);
}

/// What the constructor stored.
pub fn config(env: &Env) -> Option<FactoryConfig> {
    env.storage().instance().get(&Key::Config)
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &FactoryConfig) {
    env.storage().instance().set(&Key::Config, config);
}

/// Extends the lifetime of the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// The first account of a user.
pub fn first_account(env: &Env, user: &Address) -> Option<Address> {
    env.storage().persistent().get(&Key::Account(user.clone()))
}

/// Stores the first account of a user.
pub fn set_first_account(env: &Env, user: &Address, account: &Address) {
    set_persistent(env, &Key::Account(user.clone()), account);
}

/// The tier of an account of this factory.
pub fn account_type(env: &Env, account: &Address) -> Option<AccountType> {
    env.storage().persistent().get(&Key::Type(account.clone()))
}

/// Stores the tier of an account.
pub fn set_account_type(env: &Env, account: &Address, account_type: AccountType) {
    set_persistent(env, &Key::Type(account.clone()), &account_type);
}
