//! Keys, lifetimes, and the only use of the ledger's storage.

use margin_interface::{Asset, AssetLimits, PriceSource};
use margin_math::twap::RING_BYTES;
use soroban_sdk::{contracttype, Address, Bytes, Env, Vec};

const DAY_IN_LEDGERS: u32 = 17_280;
/// Entries are extended when less than this remains.
const THRESHOLD: u32 = 90 * DAY_IN_LEDGERS;
/// What they are extended to.
const BUMP: u32 = 120 * DAY_IN_LEDGERS;

#[contracttype]
enum Key {
    /// Instance.
    Admin,
    /// Instance.
    Guardian,
    /// Instance.
    Base,
    /// Instance.
    Resolution,
    /// Instance: whether every asset is halted.
    Halted,
    /// Persistent, apart from the instance, because a quote does not need it.
    Assets,
    /// Persistent: what a quote needs of an asset.
    State(Asset),
    /// Persistent: limits and sources.
    Config(Asset),
    /// Persistent: accepted prices, packed.
    Ring(Asset),
    /// Persistent: newest timestamp of each source.
    Seen(Asset),
}

/// What a quote needs of an asset. All zero but limits until the first price.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    pub mid: i128,
    pub lo: i128,
    pub hi: i128,
    pub stable: i128,
    /// Copied from the limits, as is `cap`: a quote reads one entry.
    pub floor: i128,
    pub cap: i128,
    /// Unix seconds the price speaks of.
    pub timestamp: u64,
    /// Unix seconds at which it was accepted.
    pub landed: u64,
    /// Copied from the limits.
    pub max_age: u64,
    pub halted: bool,
    /// Whether the groups disagreed at the last poke.
    pub diverged: bool,
}

/// [`State`] as stored: a vector without field names, because it is read on every quote.
#[contracttype]
struct PackedState(i128, i128, i128, i128, i128, i128, u64, u64, u64, bool, bool);

impl From<PackedState> for State {
    fn from(packed: PackedState) -> Self {
        let PackedState(mid, lo, hi, stable, floor, cap, timestamp, landed, max_age, halted, diverged) =
            packed;
        Self { mid, lo, hi, stable, floor, cap, timestamp, landed, max_age, halted, diverged }
    }
}

impl From<&State> for PackedState {
    fn from(s: &State) -> Self {
        Self(
            s.mid,
            s.lo,
            s.hi,
            s.stable,
            s.floor,
            s.cap,
            s.timestamp,
            s.landed,
            s.max_age,
            s.halted,
            s.diverged,
        )
    }
}

/// A source with the decimals it had when it was added.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Feed {
    pub decimals: u32,
    pub source: PriceSource,
}

/// Limits and sources of an asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    pub feeds: Vec<Feed>,
    pub limits: AssetLimits,
}

/// Stores what never changes, and who administers.
pub fn initialise(env: &Env, admin: &Address, guardian: &Address, base: &Asset, resolution: u32) {
    let instance = env.storage().instance();
    instance.set(&Key::Admin, admin);
    instance.set(&Key::Guardian, guardian);
    instance.set(&Key::Base, base);
    instance.set(&Key::Resolution, &resolution);
    set_halted(env, false);
    set_assets(env, &Vec::new(env));
}

pub fn admin(env: &Env) -> Option<Address> {
    env.storage().instance().get(&Key::Admin)
}

pub fn guardian(env: &Env) -> Option<Address> {
    env.storage().instance().get(&Key::Guardian)
}

pub fn base(env: &Env) -> Option<Asset> {
    env.storage().instance().get(&Key::Base)
}

/// Seconds of a tick, at least 1.
pub fn resolution(env: &Env) -> u32 {
    env.storage().instance().get(&Key::Resolution).unwrap_or(1)
}

/// Whether every asset is halted.
pub fn halted(env: &Env) -> bool {
    env.storage().instance().get(&Key::Halted).unwrap_or(true)
}

pub fn set_halted(env: &Env, halted: bool) {
    env.storage().instance().set(&Key::Halted, &halted);
    extend_instance(env);
}

pub fn assets(env: &Env) -> Vec<Asset> {
    env.storage().persistent().get(&Key::Assets).unwrap_or_else(|| Vec::new(env))
}

pub fn set_assets(env: &Env, assets: &Vec<Asset>) {
    env.storage().persistent().set(&Key::Assets, assets);
    extend(env, &Key::Assets);
}

pub fn state(env: &Env, asset: &Asset) -> Option<State> {
    let packed: Option<PackedState> = env.storage().persistent().get(&Key::State(asset.clone()));
    packed.map(State::from)
}

pub fn set_state(env: &Env, asset: &Asset, state: &State) {
    let key = Key::State(asset.clone());
    env.storage().persistent().set(&key, &PackedState::from(state));
    extend(env, &key);
}

pub fn config(env: &Env, asset: &Asset) -> Option<Config> {
    env.storage().persistent().get(&Key::Config(asset.clone()))
}

pub fn set_config(env: &Env, asset: &Asset, config: &Config) {
    let key = Key::Config(asset.clone());
    env.storage().persistent().set(&key, config);
    extend(env, &key);
}

/// The packed history of accepted prices, oldest first.
pub fn ring(env: &Env, asset: &Asset) -> Bytes {
    env.storage().persistent().get(&Key::Ring(asset.clone())).unwrap_or_else(|| Bytes::new(env))
}

/// The packed history in `buffer`, as far as it is filled.
pub fn ring_slice<'a>(env: &Env, asset: &Asset, buffer: &'a mut [u8; RING_BYTES]) -> &'a [u8] {
    let ring = ring(env, asset);
    let length = usize::try_from(ring.len()).unwrap_or(0);
    let Some(filled) = buffer.get_mut(..length) else { return &[] };
    ring.copy_into_slice(filled);
    filled
}

pub fn set_ring(env: &Env, asset: &Asset, ring: &Bytes) {
    let key = Key::Ring(asset.clone());
    env.storage().persistent().set(&key, ring);
    extend(env, &key);
}

/// The newest timestamp of each source, in the order of the sources.
pub fn seen(env: &Env, asset: &Asset) -> Vec<u64> {
    env.storage().persistent().get(&Key::Seen(asset.clone())).unwrap_or_else(|| Vec::new(env))
}

pub fn set_seen(env: &Env, asset: &Asset, seen: &Vec<u64>) {
    let key = Key::Seen(asset.clone());
    env.storage().persistent().set(&key, seen);
    extend(env, &key);
}

/// Extends the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// Extends every entry of an asset; of an unlisted one there is none.
pub fn extend_asset(env: &Env, asset: &Asset) {
    let keys = [
        Key::State(asset.clone()),
        Key::Config(asset.clone()),
        Key::Ring(asset.clone()),
        Key::Seen(asset.clone()),
    ];
    for key in &keys {
        if env.storage().persistent().has(key) {
            extend(env, key);
        }
    }
}

/// Extends the list of assets.
pub fn extend_assets(env: &Env) {
    extend(env, &Key::Assets);
}

fn extend(env: &Env, key: &Key) {
    env.storage().persistent().extend_ttl(key, THRESHOLD, BUMP);
}
