//! Everything that is stored, and for how long.

use crate::types::{Config, StrategyError, Terms};
use soroban_sdk::{contracttype, Address, Env};

/// Ledgers of a day, at five seconds.
const DAY: u32 = 17_280;
/// An entry that is written lives so long.
const LIFETIME: u32 = 120 * DAY;

#[contracttype]
enum Key {
    Config,
    Weight,
    Terms(Address),
    Rebalanced(Address),
}

pub fn set_config(env: &Env, config: &Config) {
    env.storage().instance().set(&Key::Config, config);
    extend_instance(env);
}

pub fn config(env: &Env) -> Config {
    env.storage().instance().get(&Key::Config).expect("the constructor stores it")
}

/// Target exposure as a share of equity, bps; short < 0.
pub fn set_weight(env: &Env, weight: i32) {
    env.storage().instance().set(&Key::Weight, &weight);
    extend_instance(env);
}

pub fn weight(env: &Env) -> i32 {
    env.storage().instance().get(&Key::Weight).unwrap_or(0)
}

pub fn set_terms(env: &Env, user: &Address, terms: &Terms) {
    set(env, &Key::Terms(user.clone()), terms);
}

pub fn remove_terms(env: &Env, user: &Address) {
    env.storage().persistent().remove(&Key::Terms(user.clone()));
}

pub fn terms(env: &Env, user: &Address) -> Result<Terms, StrategyError> {
    env.storage().persistent().get(&Key::Terms(user.clone())).ok_or(StrategyError::NotJoined)
}

/// Survives leaving: joining anew does not shorten a cool-down.
pub fn set_rebalanced(env: &Env, user: &Address, at: u64) {
    set(env, &Key::Rebalanced(user.clone()), &at);
}

pub fn rebalanced(env: &Env, user: &Address) -> u64 {
    env.storage().persistent().get(&Key::Rebalanced(user.clone())).unwrap_or(0)
}

fn set<V: soroban_sdk::IntoVal<Env, soroban_sdk::Val>>(env: &Env, key: &Key, value: &V) {
    env.storage().persistent().set(key, value);
    env.storage().persistent().extend_ttl(key, LIFETIME - DAY, LIFETIME);
}

fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(LIFETIME - DAY, LIFETIME);
}
