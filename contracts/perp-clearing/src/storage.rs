//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`, and nothing here computes.

use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{lean, ClearingConfig, ClearingError, House, OrderBook};
use margin_math::marks::{Marks, PACKED};
use soroban_sdk::{contracttype, panic_with_error, symbol_short, Address, BytesN, Env, IntoVal, Symbol, Val};

// Keys are tuples that start with one of these: a symbol that is a constant costs nothing at run time.
const CONFIG: Symbol = symbol_short!("Config");
const HOUSE: Symbol = symbol_short!("House");
const NONCES: Symbol = symbol_short!("Nonces");
const ORDERS: Symbol = symbol_short!("Orders");
const PART: Symbol = symbol_short!("Part");
const SHARES: Symbol = symbol_short!("Shares");
const STAKE: Symbol = symbol_short!("Stake");

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
    /// Unix seconds from when what was announced may leave.
    pub exit_at: u64,
    /// Shares announced to leave.
    pub exiting: i128,
    /// Of the shares: those of an earlier generation are void.
    pub generation: u32,
    /// Shares.
    pub shares: i128,
    /// Unix seconds from when they may leave.
    pub unlocked_at: u64,
}

/// All pool shares.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shares {
    /// Counts how often the pool started anew.
    pub generation: u32,
    /// How many there are.
    pub total: i128,
}

/// The house's side of a market and its marks. One entry, written by every fill on the curve or against the pool, so that
/// what a trade touches does not depend on prices.
pub struct Record {
    /// Stage, inventory, depth.
    pub house: House,
    /// For the average of the mark.
    pub marks: Marks,
}

#[inline(never)] // for size, as the next
fn key(env: &Env, name: Symbol) -> Val {
    (name,).into_val(env)
}

#[inline(never)]
fn key_of(env: &Env, name: Symbol, of: Val) -> Val {
    (name, of).into_val(env)
}

#[inline(never)]
fn numbered(env: &Env, name: Symbol, account: &Address, number: u64) -> Val {
    (name, account, number).into_val(env)
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: Val, value: &T) {
    env.storage().persistent().set(&key, value);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
    extend_instance(env);
}

fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// The configuration; there since the constructor.
pub fn config(env: &Env) -> ClearingConfig {
    env.storage()
        .instance()
        .get(&key(env, CONFIG))
        .unwrap_or_else(|| panic_with_error!(env, ClearingError::InvalidConfig))
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &ClearingConfig) {
    env.storage().instance().set(&key(env, CONFIG), config);
    extend_instance(env);
}

/// The house's side of a market; `None` before it opens.
pub fn record(env: &Env, market: &Symbol) -> Option<Record> {
    let stored: Option<(House, BytesN<PACKED>)> =
        env.storage().persistent().get(&key_of(env, HOUSE, market.to_val()));
    stored.map(|(house, marks)| Record { house, marks: Marks::unpack(marks.to_array()) })
}

/// Stores the house's side of a market.
pub fn set_record(env: &Env, market: &Symbol, record: &Record) {
    let marks = BytesN::from_array(env, record.marks.pack());
    set_persistent(env, key_of(env, HOUSE, market.to_val()), &(record.house.clone(), marks));
}

/// What a provider holds of the pool's present generation, and all its shares. The host refuses to read an archived entry,
/// so an absent one never held any.
pub fn stake(env: &Env, provider: &Address) -> (Stake, Shares) {
    let shares =
        env.storage().persistent().get(&key(env, SHARES)).unwrap_or(Shares { generation: 0, total: 0 });
    let none = Stake { exit_at: 0, exiting: 0, generation: shares.generation, shares: 0, unlocked_at: 0 };
    let stored: Option<Stake> = env.storage().persistent().get(&key_of(env, STAKE, provider.to_val()));
    (stored.filter(|stake| stake.generation == shares.generation).unwrap_or(none), shares)
}

/// Stores what a provider holds.
pub fn set_stake(env: &Env, provider: &Address, stake: &Stake) {
    set_persistent(env, key_of(env, STAKE, provider.to_val()), stake);
}

/// Stores what all providers hold.
pub fn set_shares(env: &Env, shares: &Shares) {
    set_persistent(env, key(env, SHARES), shares);
}

// The host refuses to read an archived entry, so none of the following can be taken for one that never was: a nonce that
// was used stays used.

/// The 64 nonces of a word: the low half is used, the high half filled. Stored as a type that everything else is of.
pub fn nonces(env: &Env, account: &Address, word: u64) -> u128 {
    env.storage().persistent().get(&numbered(env, NONCES, account, word)).map_or(0, i128::cast_unsigned)
}

/// Stores the nonces of a word.
pub fn set_nonces(env: &Env, account: &Address, word: u64, bits: u128) {
    set_persistent(env, numbered(env, NONCES, account, word), &bits.cast_signed());
}

/// An account's epoch and stored orders.
pub fn orders(env: &Env, account: &Address) -> OrderBook {
    let stored = env.storage().persistent().get(&key_of(env, ORDERS, account.to_val()));
    stored.unwrap_or_else(|| OrderBook { epoch: 0, resting: lean::map(env) })
}

/// Stores an account's epoch and orders.
pub fn set_orders(env: &Env, account: &Address, book: &OrderBook) {
    set_persistent(env, key_of(env, ORDERS, account.to_val()), book);
}

/// What was filled of the order of a nonce; `None` if nothing was, or all of it.
pub fn part(env: &Env, account: &Address, nonce: u64) -> Option<Part> {
    env.storage().persistent().get(&numbered(env, PART, account, nonce))
}

/// Stores what was filled of an order.
pub fn set_part(env: &Env, account: &Address, nonce: u64, part: &Part) {
    set_persistent(env, numbered(env, PART, account, nonce), part);
}

/// Forgets a part: the nonce says the rest.
pub fn remove_part(env: &Env, account: &Address, nonce: u64) {
    env.storage().persistent().remove(&numbered(env, PART, account, nonce));
}
