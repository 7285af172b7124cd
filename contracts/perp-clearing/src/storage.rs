//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`, and nothing here computes.

use margin_interface::ClearingError;
use margin_math::marks::{Marks, PACKED};
use soroban_sdk::{contracttype, panic_with_error, Address, BytesN, Env, IntoVal, Symbol, Val};

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
    Stake(Address),
    TotalShares,
}

/// Who governs, and the contracts this one works with. Instance entry.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Opens markets.
    pub admin: Address,
    /// May only halt or tighten.
    pub guardian: Address,
    /// Keeps accounts, buckets and market records.
    pub ledger: Address,
    /// Prices the indices; read through the ledger.
    pub oracle: Address,
    /// Margins, settles and insures.
    pub settlement: Address,
    /// Holds the tokens.
    pub vault: Address,
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
pub fn config(env: &Env) -> Config {
    env.storage()
        .instance()
        .get(&Key::Config)
        .unwrap_or_else(|| panic_with_error!(env, ClearingError::InvalidConfig))
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &Config) {
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
