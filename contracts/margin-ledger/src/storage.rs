//! Keys, durability and lifetime of every entry. Nothing else touches `env.storage()`, and nothing here computes.

use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{
    lean, AccountState, AccountStatus, AssetState, Bucket, Limits, PendingClaim, PerpMarket, Settlement,
};
use margin_math::units::INDEX;
use soroban_sdk::{contracttype, symbol_short, Address, Env, IntoVal, Symbol, TryFromVal, Val, Vec};

// Keys are tuples that start with one of these: a symbol that is a constant costs nothing at run time.
const ACCOUNT: Symbol = symbol_short!("Account");
const ASSET: Symbol = symbol_short!("Asset");
const ASSETS: Symbol = symbol_short!("Assets");
const BACKSTOP: Symbol = symbol_short!("Backstop");
const BUCKETS: Symbol = symbol_short!("Buckets");
const CONFIG: Symbol = symbol_short!("Config");
const GRANT: Symbol = symbol_short!("Grant");
const IN_KIND: Symbol = symbol_short!("InKind");
const MARKET: Symbol = symbol_short!("Market");
const MARKETS: Symbol = symbol_short!("Markets");
const ROLE: Symbol = symbol_short!("Role");
const VENUES: Symbol = symbol_short!("Venues");

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

#[inline(never)] // for size, as the next
fn key(env: &Env, name: Symbol) -> Val {
    (name,).into_val(env)
}

#[inline(never)]
fn key_of(env: &Env, name: Symbol, of: Val) -> Val {
    (name, of).into_val(env)
}

fn grant_key(env: &Env, account: &Address, delegate: &Address) -> Val {
    (GRANT, account, delegate).into_val(env)
}

fn instance<T: TryFromVal<Env, Val>>(env: &Env, key: Val) -> Option<T> {
    env.storage().instance().get(&key)
}

fn set_instance<T: IntoVal<Env, Val>>(env: &Env, key: Val, value: &T) {
    env.storage().instance().set(&key, value);
    extend_instance(env);
}

fn persistent<T: TryFromVal<Env, Val>>(env: &Env, key: Val) -> Option<T> {
    env.storage().persistent().get(&key)
}

fn set_persistent<T: IntoVal<Env, Val>>(env: &Env, key: Val, value: &T) {
    env.storage().persistent().set(&key, value);
    env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
}

/// Extends the lifetime of the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// Extends the lifetime of an account's entry, if it has one.
pub fn extend_account(env: &Env, account: &Address) {
    let key = key_of(env, ACCOUNT, account.to_val());
    if env.storage().persistent().has(&key) {
        env.storage().persistent().extend_ttl(&key, THRESHOLD, BUMP);
    }
}

/// The configuration; there since the constructor.
pub fn config(env: &Env) -> Option<Config> {
    instance(env, key(env, CONFIG))
}

/// Stores the configuration.
pub fn set_config(env: &Env, config: &Config) {
    set_instance(env, key(env, CONFIG), config);
}

/// The venues, once set.
pub fn venues(env: &Env) -> Option<Venues> {
    instance(env, key(env, VENUES))
}

/// Stores the venues.
pub fn set_venues(env: &Env, venues: &Venues) {
    set_instance(env, key(env, VENUES), venues);
}

/// All listed assets.
pub fn assets(env: &Env) -> Vec<Address> {
    instance(env, key(env, ASSETS)).unwrap_or_else(|| lean::list(env))
}

/// Stores the list of assets.
pub fn set_assets(env: &Env, assets: &Vec<Address>) {
    set_instance(env, key(env, ASSETS), assets);
}

/// All markets.
pub fn markets(env: &Env) -> Vec<Symbol> {
    instance(env, key(env, MARKETS)).unwrap_or_else(|| lean::list(env))
}

/// Stores the list of markets.
pub fn set_markets(env: &Env, markets: &Vec<Symbol>) {
    set_instance(env, key(env, MARKETS), markets);
}

/// A listed asset as it was stored.
pub fn asset(env: &Env, asset: &Address) -> Option<AssetState> {
    persistent(env, key_of(env, ASSET, asset.to_val()))
}

/// Stores an asset.
pub fn set_asset(env: &Env, asset: &Address, state: &AssetState) {
    set_persistent(env, key_of(env, ASSET, asset.to_val()), state);
}

/// Forgets an asset.
pub fn remove_asset(env: &Env, asset: &Address) {
    env.storage().persistent().remove(&key_of(env, ASSET, asset.to_val()));
}

/// A market as it was stored.
pub fn market(env: &Env, market: &Symbol) -> Option<PerpMarket> {
    persistent(env, key_of(env, MARKET, market.to_val()))
}

/// Stores a market.
pub fn set_market(env: &Env, market: &Symbol, state: &PerpMarket) {
    set_persistent(env, key_of(env, MARKET, market.to_val()), state);
}

/// The settlement buckets; the empty ones before the first write.
pub fn settlement(env: &Env) -> Settlement {
    persistent(env, key(env, BUCKETS)).unwrap_or(Settlement {
        claims: 0,
        claims_cut: 0,
        claims_epoch: 0,
        claims_fraction: INDEX,
        doubtful_shares: 0,
        fees: 0,
        insurance: 0,
        insurance_day: 0,
        insurance_markets: lean::map(env),
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
    set_persistent(env, key(env, BUCKETS), settlement);
}

/// An account's entry. The host refuses to read an archived entry, so an absent one never did anything.
pub fn account(env: &Env, account: &Address) -> AccountState {
    persistent(env, key_of(env, ACCOUNT, account.to_val())).unwrap_or_else(|| AccountState {
        debts: lean::map(env),
        deposits: lean::map(env),
        flags: 0,
        grants_epoch: 0,
        limits: Limits::NONE,
        locks: lean::map(env),
        pending: PendingClaim { amount: 0, epoch: 0, fraction: INDEX },
        perp_debt: 0,
        positions: lean::map(env),
        seq: 0,
        since: 0,
        status: AccountStatus::Normal,
    })
}

/// Stores an account's entry.
pub fn set_account(env: &Env, account: &Address, state: &AccountState) {
    set_persistent(env, key_of(env, ACCOUNT, account.to_val()), state);
}

/// What `account` granted to `delegate`, dead or alive.
pub fn grant(env: &Env, account: &Address, delegate: &Address) -> Option<Grant> {
    persistent(env, grant_key(env, account, delegate))
}

/// Stores a grant.
pub fn set_grant(env: &Env, account: &Address, delegate: &Address, grant: &Grant) {
    set_persistent(env, grant_key(env, account, delegate), grant);
}

/// Forgets a grant.
pub fn remove_grant(env: &Env, account: &Address, delegate: &Address) {
    env.storage().persistent().remove(&grant_key(env, account, delegate));
}

/// What may be taken for the account's perpetual debt.
pub fn in_kind(env: &Env, account: &Address) -> Vec<Address> {
    persistent(env, key_of(env, IN_KIND, account.to_val())).unwrap_or_else(|| lean::list(env))
}

/// Stores what may be taken for the account's perpetual debt.
pub fn set_in_kind(env: &Env, account: &Address, assets: &Vec<Address>) {
    set_persistent(env, key_of(env, IN_KIND, account.to_val()), assets);
}

/// The protocol's account of a role, once named.
pub fn protocol_account(env: &Env, role: Bucket) -> Option<Address> {
    instance(env, key_of(env, ROLE, role.into_val(env)))
}

/// Stores the protocol's account of a role.
pub fn set_protocol_account(env: &Env, role: Bucket, account: &Address) {
    set_instance(env, key_of(env, ROLE, role.into_val(env)), account);
}

/// What insurance has paid for liquidations, fading, and when that was.
pub fn backstop(env: &Env) -> (i128, u64) {
    persistent(env, key(env, BACKSTOP)).unwrap_or((0, 0))
}

/// Stores what insurance has paid for liquidations.
pub fn set_backstop(env: &Env, paid: &(i128, u64)) {
    set_persistent(env, key(env, BACKSTOP), paid);
}
