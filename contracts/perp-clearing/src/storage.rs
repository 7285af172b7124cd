//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`, and nothing here computes.

use margin_interface::{ClearingConfig, ClearingError, OrderBook};
use margin_math::marks::{Marks, PACKED};
use soroban_sdk::{contracttype, panic_with_error, Address, BytesN, Env, IntoVal, Map, Symbol, Val};

/// Ledgers of a day at five seconds.
pub const DAY_IN_LEDGERS: u32 = 17_280;
/// An entry that is written with less than this left is extended.
pub const THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
/// To what it is extended.
pub const BUMP: u32 = 120 * DAY_IN_LEDGERS;

#[contracttype]
#[derive(Clone)]
enum Key {
    Config,
    Marks(Symbol),
    Nonces(Address, u64),
    Orders(Address),
    Part(Address, u64),
    Stake(Address),
    TotalShares,
}

/// What was filled of an order that is not complete.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Of the order: another one with the same nonce is not it.
    pub digest: BytesN<32>,
    /// Signed base, 1e14.
    pub filled: i128,
}

/// What a provider holds of the pool.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stake {
    /// Shares.
    pub shares: i128,
    /// Unix seconds from when they may leave.
    pub unlocked_at: u64,
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: &Key, value: &T) {
    env.storage().persistent().set(key, value);
    env.storage().persistent().extend_ttl(key, THRESHOLD, BUMP);
    extend_instance(env);
}

fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// The configuration; there since the constructor.
pub fn config(env: &Env) -> ClearingConfig {
    env.storage()
        .instance()
        .get(&Key::Config)
        .unwrap_or_else(|| panic_with_error!(env, ClearingError::InvalidConfig))
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &ClearingConfig) {
    env.storage().instance().set(&Key::Config, config);
    extend_instance(env);
}

/// The marks of a market; `None` before it opens.
pub fn marks(env: &Env, market: &Symbol) -> Option<Marks> {
    let packed: Option<BytesN<PACKED>> = env.storage().persistent().get(&Key::Marks(market.clone()));
    packed.map(|bytes| Marks::unpack(&bytes.to_array()))
}

/// Stores the marks of a market.
pub fn set_marks(env: &Env, market: &Symbol, marks: &Marks) {
    set_persistent(env, &Key::Marks(market.clone()), &BytesN::from_array(env, &marks.pack()));
}

/// What a provider holds. The host refuses to read an archived entry, so an absent one never held any.
pub fn stake(env: &Env, provider: &Address) -> Stake {
    let stored = env.storage().persistent().get(&Key::Stake(provider.clone()));
    stored.unwrap_or(Stake { shares: 0, unlocked_at: 0 })
}

/// All pool shares.
pub fn total_shares(env: &Env) -> i128 {
    env.storage().persistent().get(&Key::TotalShares).unwrap_or(0)
}

/// Stores what a provider holds and what all hold.
pub fn set_stake(env: &Env, provider: &Address, stake: &Stake, total: i128) {
    set_persistent(env, &Key::Stake(provider.clone()), stake);
    set_persistent(env, &Key::TotalShares, &total);
}

// The host refuses to read an archived entry, so none of the following can be taken for one that never was: a nonce that
// was used stays used.

/// The 64 nonces of a word: the low half is used, the high half filled.
pub fn nonces(env: &Env, account: &Address, word: u64) -> u128 {
    env.storage().persistent().get(&Key::Nonces(account.clone(), word)).unwrap_or(0)
}

/// Stores the nonces of a word.
pub fn set_nonces(env: &Env, account: &Address, word: u64, bits: u128) {
    set_persistent(env, &Key::Nonces(account.clone(), word), &bits);
}

/// An account's epoch and stored orders.
pub fn orders(env: &Env, account: &Address) -> OrderBook {
    let stored = env.storage().persistent().get(&Key::Orders(account.clone()));
    stored.unwrap_or_else(|| OrderBook { epoch: 0, resting: Map::new(env) })
}

/// Stores an account's epoch and orders.
pub fn set_orders(env: &Env, account: &Address, book: &OrderBook) {
    set_persistent(env, &Key::Orders(account.clone()), book);
}

/// What was filled of the order of a nonce; `None` if nothing was, or all of it.
pub fn part(env: &Env, account: &Address, nonce: u64) -> Option<Part> {
    env.storage().persistent().get(&Key::Part(account.clone(), nonce))
}

/// Stores what was filled of an order.
pub fn set_part(env: &Env, account: &Address, nonce: u64, part: &Part) {
    set_persistent(env, &Key::Part(account.clone(), nonce), part);
}

/// Forgets a part: the nonce says the rest.
pub fn remove_part(env: &Env, account: &Address, nonce: u64) {
    env.storage().persistent().remove(&Key::Part(account.clone(), nonce));
}
