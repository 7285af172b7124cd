//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`, and nothing here computes.

use margin_interface::{
    AccountState, AccountStatus, AssetState, Bucket, Limits, PendingClaim, PerpMarket, Settlement,
};
use margin_math::units::INDEX;
use soroban_sdk::{contracttype, Address, Env, IntoVal, Map, Symbol, TryFromVal, Val, Vec};

/// Ledgers of a day at five seconds.
pub const DAY_IN_LEDGERS: u32 = 17_280;
/// An entry that is written with less than this left is extended.
pub const THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
/// To what it is extended.
pub const BUMP: u32 = 120 * DAY_IN_LEDGERS;

#[contracttype]
#[derive(Clone)]
enum Key {
    Account(Address),
    Asset(Address),
    Assets,
    Backstop,
    Config,
    Grant(Address, Address),
    InKind(Address),
    Market(Symbol),
    Markets,
    ProtocolAccount(Bucket),
    Settlement,
    Venues,
}

/// Who prices, and what settles. Instance entry.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Prices everything.
    pub oracle: Address,
    /// Margins, settles and insures.
    pub settlement: Address,
}

/// The contracts that write. Instance entry.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Venues {
    /// Deploys accounts.
    pub factory: Address,
    /// Trades perpetuals.
    pub perp_clearing: Address,
    /// Holds the tokens.
    pub vault: Address,
}

/// What a delegate was granted.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The account's when it was granted.
    pub epoch: u32,
    /// Unix seconds.
    pub expires_at: u64,
    /// Bits.
    pub permissions: u32,
}

fn instance<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Option<T> {
    env.storage().instance().get(&key)
}

fn set_instance<T: IntoVal<Env, Val>>(env: &Env, key: Key, value: &T) {
    env.storage().instance().set(&key, value);
    extend_instance(env);
}

fn persistent<T: TryFromVal<Env, Val>>(env: &Env, key: Key) -> Option<T> {
    env.storage().persistent().get(&key)
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: Key, value: &T) {
    env.storage().persistent().set(&key, value);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
}

/// Extends the lifetime of the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// Extends the lifetime of an account's entry, if it has one.
pub fn extend_account(env: &Env, account: &Address) {
    let key = Key::Account(account.clone());
    if env.storage().persistent().has(&key) {
        env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
    }
}

/// The configuration; there since the constructor.
pub fn config(env: &Env) -> Option<Config> {
    instance(env, Key::Config)
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &Config) {
    set_instance(env, Key::Config, config);
}

/// The venues, once set.
pub fn venues(env: &Env) -> Option<Venues> {
    instance(env, Key::Venues)
}

/// Stores the venues.
pub fn set_venues(env: &Env, venues: &Venues) {
    set_instance(env, Key::Venues, venues);
}

/// All listed assets.
pub fn assets(env: &Env) -> Vec<Address> {
    instance(env, Key::Assets).unwrap_or_else(|| Vec::new(env))
}

/// Stores the list of assets.
pub fn set_assets(env: &Env, assets: &Vec<Address>) {
    set_instance(env, Key::Assets, assets);
}

/// All markets.
pub fn markets(env: &Env) -> Vec<Symbol> {
    instance(env, Key::Markets).unwrap_or_else(|| Vec::new(env))
}

/// Stores the list of markets.
pub fn set_markets(env: &Env, markets: &Vec<Symbol>) {
    set_instance(env, Key::Markets, markets);
}

/// A listed asset as it was stored.
pub fn asset(env: &Env, asset: &Address) -> Option<AssetState> {
    persistent(env, Key::Asset(asset.clone()))
}

/// Stores an asset.
pub fn set_asset(env: &Env, asset: &Address, state: &AssetState) {
    set_persistent(env, Key::Asset(asset.clone()), state);
}

/// Forgets an asset.
pub fn remove_asset(env: &Env, asset: &Address) {
    env.storage().persistent().remove(&Key::Asset(asset.clone()));
}

/// A market as it was stored.
pub fn market(env: &Env, market: &Symbol) -> Option<PerpMarket> {
    persistent(env, Key::Market(market.clone()))
}

/// Stores a market.
pub fn set_market(env: &Env, market: &Symbol, state: &PerpMarket) {
    set_persistent(env, Key::Market(market.clone()), state);
}

/// The settlement buckets; the empty ones before the first write.
pub fn settlement(env: &Env) -> Settlement {
    persistent(env, Key::Settlement).unwrap_or(Settlement {
        claims: 0,
        claims_epoch: 0,
        claims_fraction: INDEX,
        fees: 0,
        insurance: 0,
        insurance_day: 0,
        insurance_spent: 0,
        lp: 0,
        pending: 0,
        perp_borrow_shares: 0,
        perp_borrowed: 0,
        seq: 0,
    })
}

/// Stores the settlement buckets.
pub fn set_settlement(env: &Env, settlement: &Settlement) {
    set_persistent(env, Key::Settlement, settlement);
}

/// An account's entry. The host refuses to read an archived entry, so an absent one never did anything.
pub fn account(env: &Env, account: &Address) -> AccountState {
    persistent(env, Key::Account(account.clone())).unwrap_or_else(|| AccountState {
        debts: Map::new(env),
        deposits: Map::new(env),
        flags: 0,
        grants_epoch: 0,
        limits: Limits::NONE,
        locks: Map::new(env),
        pending: PendingClaim { amount: 0, epoch: 0, fraction: INDEX },
        perp_debt: 0,
        positions: Map::new(env),
        seq: 0,
        since: 0,
        status: AccountStatus::Normal,
        until: 0,
    })
}

/// Stores an account's entry.
pub fn set_account(env: &Env, account: &Address, state: &AccountState) {
    set_persistent(env, Key::Account(account.clone()), state);
}

/// What `account` granted to `delegate`, dead or alive.
pub fn grant(env: &Env, account: &Address, delegate: &Address) -> Option<Grant> {
    persistent(env, Key::Grant(account.clone(), delegate.clone()))
}

/// Stores a grant.
pub fn set_grant(env: &Env, account: &Address, delegate: &Address, grant: &Grant) {
    set_persistent(env, Key::Grant(account.clone(), delegate.clone()), grant);
}

/// Forgets a grant.
pub fn remove_grant(env: &Env, account: &Address, delegate: &Address) {
    env.storage().persistent().remove(&Key::Grant(account.clone(), delegate.clone()));
}

/// What may be taken for the account's perpetual debt.
pub fn in_kind(env: &Env, account: &Address) -> Vec<Address> {
    persistent(env, Key::InKind(account.clone())).unwrap_or_else(|| Vec::new(env))
}

/// Stores what may be taken for the account's perpetual debt.
pub fn set_in_kind(env: &Env, account: &Address, assets: &Vec<Address>) {
    set_persistent(env, Key::InKind(account.clone()), assets);
}

/// The protocol's account of a role, once named.
pub fn protocol_account(env: &Env, role: Bucket) -> Option<Address> {
    instance(env, Key::ProtocolAccount(role))
}

/// Stores the protocol's account of a role.
pub fn set_protocol_account(env: &Env, role: Bucket, account: &Address) {
    set_instance(env, Key::ProtocolAccount(role), account);
}

/// What insurance has paid for liquidations, fading, and when that was.
pub fn backstop(env: &Env) -> (i128, u64) {
    persistent(env, Key::Backstop).unwrap_or((0, 0))
}

/// Stores what insurance has paid for liquidations.
pub fn set_backstop(env: &Env, paid: &(i128, u64)) {
    set_persistent(env, Key::Backstop, paid);
}
