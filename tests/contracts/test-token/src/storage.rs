//! Keys, durability and lifetime of every entry.

use soroban_sdk::{contracttype, Address, Env, IntoVal, TryFromVal, Val};

/// Ledgers of a day at five seconds.
const DAY_IN_LEDGERS: u32 = 17_280;
/// An entry that is written with less than this left is extended.
const THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
/// To what it is extended.
const BUMP: u32 = 120 * DAY_IN_LEDGERS;

/// Whose risk a transfer reads, and where.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Observer {
    /// Whose.
    pub account: Address,
    /// The margin ledger.
    pub ledger: Address,
}

#[contracttype]
#[derive(Clone)]
pub enum Key {
    Admin,
    Allowance(Address, Address),
    Balance(Address),
    FeeBps,
    Observed,
    Observer,
    Reentry,
    SurplusBps,
}

/// What one may spend of another's tokens, and until when.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowance {
    /// Token units.
    pub amount: i128,
    /// Last ledger.
    pub live_until_ledger: u32,
}

/// An instance entry.
pub fn setting<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Option<T> {
    env.storage().instance().get(&key)
}

/// Stores an instance entry.
pub fn set_setting<T: IntoVal<Env, Val>>(env: &Env, key: Key, value: &T) {
    env.storage().instance().set(&key, value);
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// Token units of `id`.
pub fn balance(env: &Env, id: &Address) -> i128 {
    env.storage().persistent().get(&Key::Balance(id.clone())).unwrap_or(0)
}

/// Stores a balance.
pub fn set_balance(env: &Env, id: &Address, amount: i128) {
    let key = Key::Balance(id.clone());
    env.storage().persistent().set(&key, &amount);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
}

/// What `spender` may spend of `from`'s tokens now.
pub fn allowance(env: &Env, from: &Address, spender: &Address) -> Allowance {
    env.storage()
        .temporary()
        .get(&Key::Allowance(from.clone(), spender.clone()))
        .filter(|allowance: &Allowance| allowance.live_until_ledger >= env.ledger().sequence())
        .unwrap_or(Allowance { amount: 0, live_until_ledger: 0 })
}

/// Stores an allowance, which must not be over yet, for as long as it lives.
pub fn set_allowance(env: &Env, from: &Address, spender: &Address, allowance: &Allowance) {
    let key = Key::Allowance(from.clone(), spender.clone());
    env.storage().temporary().set(&key, allowance);
    let ledgers = allowance.live_until_ledger.saturating_sub(env.ledger().sequence());
    if ledgers > 0 {
        env.storage().temporary().extend_ttl(&key, ledgers, ledgers);
    }
}
