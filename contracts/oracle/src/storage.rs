//! Keys, lifetimes, and the only use of the ledger's storage.
//!
//! What is read often is packed: fixed places in one byte string, without names.

use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{Asset, PriceSource, Publishers};
use margin_math::guard::{Limits, Phase, Track, LIMITS};
use margin_math::oracle::MAX_SOURCES;
use margin_math::twap::{RING_BYTES, SLOT_BYTES};
use soroban_sdk::{
    contracttype, symbol_short, Bytes, BytesN, Env, FromVal, IntoVal, Symbol, TryFromVal, Val, Vec,
};

/// Most names of one oracle, aliases included.
pub const MAX_ASSETS: u32 = 64;

// Instance.
const BASE: Symbol = symbol_short!("Base");
const RESOLUTION: Symbol = symbol_short!("Tick");
const HALTED: Symbol = symbol_short!("Halted");
// Persistent.
const ASSETS: Symbol = symbol_short!("Assets");
const PUBLISHERS: Symbol = symbol_short!("Keys");
const REPORTS: Symbol = symbol_short!("Reports");
// Persistent, with the asset: what a quote needs, or whose alias it is; sources and limits; accepted prices; what
// each source said last.
const STATE: Symbol = symbol_short!("State");
const CONFIG: Symbol = symbol_short!("Config");
const RING: Symbol = symbol_short!("Ring");
const SEEN: Symbol = symbol_short!("Seen");

/// What a quote needs of an asset.
pub struct State {
    pub track: Track,
    /// Copied from the limits, as are `cap` and `max_age`: a quote reads one entry.
    pub floor: i128,
    pub cap: i128,
    pub max_age: u64,
    pub halted: bool,
    /// Whether the groups disagreed at the last poke.
    pub diverged: bool,
    /// Whether the price was live before it was set back: its first set-up is over for good.
    pub reset: bool,
    /// Groups that confirm a candidate: what is removed without notice makes them no fewer.
    pub confirming: u8,
}

impl State {
    /// Whether the price has never been live: sources and limits are still being set up.
    pub fn in_set_up(&self) -> bool {
        !self.reset && self.track.phase == Phase::Warming
    }
}

const STATE_PRICES: usize = 8;
const STATE_TIMES: usize = 9;
const STATE_BYTES: usize = STATE_PRICES * 16 + STATE_TIMES * 8;

/// Sources and limits of an asset.
pub struct Config {
    pub sources: Vec<PriceSource>,
    pub limits: Limits,
    /// Discriminant of the class.
    pub class: u32,
    /// Place among the assets: how reports name it.
    pub place: u32,
}

#[contracttype]
struct PackedConfig(Vec<PriceSource>, Bytes);

const CONFIG_PRICES: usize = 2;
const CONFIG_TIMES: usize = 8;
const CONFIG_BYTES: usize = CONFIG_PRICES * 16 + CONFIG_TIMES * 8;

/// What is remembered of one source of an asset.
#[derive(Clone, Copy)]
pub struct Seen {
    /// Newest timestamp it ever gave.
    pub timestamp: u64,
    /// Its decimals when it was added or resumed.
    pub decimals: u32,
    pub halted: bool,
}

/// Of a source that is not there, or not heard.
pub const NOTHING: Seen = Seen { timestamp: 0, decimals: 0, halted: false };

const SEEN_BYTES: usize = 16;
const REPORT_HEAD: usize = 16;
const REPORT_BYTES: usize = REPORT_HEAD + SLOT_BYTES * MAX_ASSETS as usize;

/// Stores what never changes.
pub fn initialise(env: &Env, base: &Asset, resolution: u32) {
    let instance = env.storage().instance();
    instance.set(&BASE, base);
    instance.set(&RESOLUTION, &resolution);
    set_halted(env, false);
    set_assets(env, &Vec::from_array(env, []));
    set_publishers(env, &Publishers { epoch: 0, keys: Vec::from_array(env, []), quorum: 1 });
    set_reports(env, &Reports::NONE);
}

/// Denomination of the prices, undecoded; there since the constructor.
pub fn base(env: &Env) -> Option<Val> {
    env.storage().instance().get(&BASE)
}

/// Seconds of a tick, at least 1.
pub fn resolution(env: &Env) -> u32 {
    env.storage().instance().get(&RESOLUTION).unwrap_or(1)
}

/// Whether every asset is halted.
pub fn halted(env: &Env) -> bool {
    env.storage().instance().get(&HALTED).unwrap_or(true)
}

pub fn set_halted(env: &Env, halted: bool) {
    env.storage().instance().set(&HALTED, &halted);
    extend_instance(env);
}

/// Every name, undecoded.
pub fn assets(env: &Env) -> Vec<Val> {
    load(env, &ASSETS.to_val()).unwrap_or_else(|| Vec::from_array(env, []))
}

pub fn set_assets(env: &Env, assets: &Vec<Val>) {
    store(env, &ASSETS.to_val(), assets.to_val());
}

/// The asset that `name` stands for, as its part of a key, and its state. Takes the name undecoded: it is only handed on.
pub fn look_up(env: &Env, name: Val) -> Option<(Val, State)> {
    let stored: Val = load(env, &key(env, STATE, name))?;
    if let Some(state) = unpack_state(env, &stored) {
        return Some((name, state));
    }
    let state = unpack_state(env, &load(env, &key(env, STATE, stored))?)?;
    Some((stored, state))
}

/// An asset by its part of a key.
#[inline(never)] // for size: each decoding is written out
pub fn asset(env: &Env, key: Val) -> Asset {
    Asset::from_val(env, &key)
}

fn unpack_state(env: &Env, stored: &Val) -> Option<State> {
    let packed = BytesN::<STATE_BYTES>::try_from_val(env, stored).ok()?.to_array();
    let (mut prices, mut times) = ([0; STATE_PRICES], [0; STATE_TIMES]);
    unpack(&packed, &mut prices, &mut times)?;
    let [mid, lo, hi, stable, anchor, candidate, floor, cap] = prices;
    let [timestamp, anchored, judged, judged_at, since, grace_until, max_age, good, flags] = times;
    let [phase, halted, diverged, reset, confirming, ..] = flags.to_le_bytes();
    let good = good as u32;
    let phase = Phase::from_code(phase);
    let track = Track {
        mid,
        lo,
        hi,
        stable,
        anchor,
        candidate,
        timestamp,
        anchored,
        judged,
        judged_at,
        since,
        grace_until,
        phase,
        good,
    };
    let [halted, diverged, reset] = [halted, diverged, reset].map(|flag| flag != 0);
    Some(State { track, floor, cap, max_age, halted, diverged, reset, confirming })
}

pub fn set_state(env: &Env, asset: Val, state: &State) {
    let t = &state.track;
    let State { halted, diverged, reset, confirming, .. } = *state;
    let flags = [t.phase as u8, halted.into(), diverged.into(), reset.into(), confirming, 0, 0, 0];
    let prices: [i128; STATE_PRICES] =
        [t.mid, t.lo, t.hi, t.stable, t.anchor, t.candidate, state.floor, state.cap];
    let times: [u64; STATE_TIMES] = [
        t.timestamp,
        t.anchored,
        t.judged,
        t.judged_at,
        t.since,
        t.grace_until,
        state.max_age,
        t.good.into(),
        u64::from_le_bytes(flags),
    ];
    let mut packed = [0; STATE_BYTES];
    pack(&prices, &times, &mut packed);
    store(env, &key(env, STATE, asset), Bytes::from_slice(env, &packed).to_val());
}

/// Makes `alias` another name of `asset`.
pub fn set_alias(env: &Env, alias: Val, asset: Val) {
    store(env, &key(env, STATE, alias), asset);
}

pub fn config(env: &Env, asset: Val) -> Option<Config> {
    let PackedConfig(sources, packed) = load(env, &key(env, CONFIG, asset))?;
    let packed = BytesN::<CONFIG_BYTES>::try_from(packed).ok()?.to_array();
    let (mut ends, mut pairs) = ([0; CONFIG_PRICES], [0; CONFIG_TIMES]);
    unpack(&packed, &mut ends, &mut pairs)?;
    let [floor, cap] = ends;
    let mut of = [0; LIMITS];
    for (two, pair) in of.chunks_exact_mut(2).zip(pairs) {
        two.copy_from_slice(&[pair as u32, (pair >> 32) as u32]);
    }
    let [.., last] = pairs;
    let (class, place) = (last as u32, (last >> 32) as u32);
    Some(Config { sources, limits: Limits { floor, cap, of }, class, place })
}

pub fn set_config(env: &Env, asset: Val, config: &Config) {
    let Limits { floor, cap, of } = &config.limits;
    let mut pairs = [0; CONFIG_TIMES];
    for (pair, two) in pairs.iter_mut().zip(of.chunks_exact(2).chain([&[config.class, config.place][..]])) {
        *pair = u64::from(two[0]) | u64::from(two[1]) << 32;
    }
    let mut packed = [0; CONFIG_BYTES];
    pack(&[*floor, *cap], &pairs, &mut packed);
    let config = PackedConfig(config.sources.clone(), Bytes::from_slice(env, &packed));
    store(env, &key(env, CONFIG, asset), config.into_val(env));
}

/// A packed history of accepted prices, oldest first.
pub struct Ring {
    /// With room for one slot more than is kept.
    buffer: [u8; RING_BYTES + SLOT_BYTES],
    start: usize,
    end: usize,
}

impl Ring {
    pub const EMPTY: Self = Self { buffer: [0; RING_BYTES + SLOT_BYTES], start: 0, end: 0 };

    pub fn filled(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    pub fn clear(&mut self) {
        self.start = self.end;
    }

    /// Appends a slot, once; a full history loses its oldest.
    pub fn push(&mut self, slot: &[u8; SLOT_BYTES]) {
        if let Some(place) = self.buffer.get_mut(self.end..self.end + SLOT_BYTES) {
            place.copy_from_slice(slot);
            self.end += SLOT_BYTES;
        }
        self.start = self.start.max(self.end.saturating_sub(RING_BYTES));
    }
}

pub fn ring(env: &Env, asset: Val) -> Ring {
    let mut ring = Ring::EMPTY;
    ring.end = fill(env, &key(env, RING, asset), &mut ring.buffer);
    ring
}

pub fn set_ring(env: &Env, asset: Val, ring: &Ring) {
    store(env, &key(env, RING, asset), Bytes::from_slice(env, ring.filled()).to_val());
}

/// What is remembered of each source, in the order of the sources; the rest is nothing.
pub fn seen(env: &Env, asset: Val) -> [Seen; MAX_SOURCES] {
    let mut buffer = [0; SEEN_BYTES * MAX_SOURCES];
    fill(env, &key(env, SEEN, asset), &mut buffer);
    let mut seen = [NOTHING; MAX_SOURCES];
    for (place, packed) in seen.iter_mut().zip(buffer.chunks_exact(SEEN_BYTES)) {
        let mut pair = [0; 2];
        let Some(()) = unpack(packed, &mut [], &mut pair) else { continue };
        let [timestamp, flags] = pair;
        *place = Seen { timestamp, decimals: flags as u32, halted: flags >> 32 != 0 };
    }
    seen
}

pub fn set_seen(env: &Env, asset: Val, seen: &[Seen; MAX_SOURCES]) {
    let mut buffer = [0; SEEN_BYTES * MAX_SOURCES];
    for (packed, seen) in buffer.chunks_exact_mut(SEEN_BYTES).zip(seen) {
        let flags = u64::from(seen.decimals) | u64::from(seen.halted) << 32;
        pack(&[], &[seen.timestamp, flags], packed);
    }
    store(env, &key(env, SEEN, asset), Bytes::from_slice(env, &buffer).to_val());
}

pub fn publishers(env: &Env) -> Publishers {
    load(env, &PUBLISHERS.to_val()).unwrap_or(Publishers {
        epoch: 0,
        keys: Vec::from_array(env, []),
        quorum: 1,
    })
}

pub fn set_publishers(env: &Env, publishers: &Publishers) {
    store(env, &PUBLISHERS.to_val(), publishers.into_val(env));
}

/// What publishers observed last: of each asset, by its place, a print.
pub struct Reports {
    /// The last of this epoch.
    pub round: u64,
    /// First observation of the last report, unix seconds; 0 before there was one.
    pub observed_at: u64,
    slots: [u8; SLOT_BYTES * MAX_ASSETS as usize],
}

impl Reports {
    const NONE: Self = Self { round: 0, observed_at: 0, slots: [0; SLOT_BYTES * MAX_ASSETS as usize] };

    /// The slot of the asset in that place.
    pub fn slot(&mut self, place: u32) -> Option<&mut [u8]> {
        let start = usize::try_from(place).ok()? * SLOT_BYTES;
        self.slots.get_mut(start..start + SLOT_BYTES)
    }
}

pub fn reports(env: &Env) -> Reports {
    let mut buffer = [0; REPORT_BYTES];
    fill(env, &REPORTS.to_val(), &mut buffer);
    let mut reports = Reports::NONE;
    let (head, slots) = buffer.split_at(REPORT_HEAD);
    let mut pair = [0; 2];
    if unpack(head, &mut [], &mut pair).is_some() {
        [reports.round, reports.observed_at] = pair;
    }
    reports.slots.copy_from_slice(slots);
    reports
}

pub fn set_reports(env: &Env, reports: &Reports) {
    let mut buffer = [0; REPORT_BYTES];
    let (head, slots) = buffer.split_at_mut(REPORT_HEAD);
    pack(&[], &[reports.round, reports.observed_at], head);
    slots.copy_from_slice(&reports.slots);
    store(env, &REPORTS.to_val(), Bytes::from_slice(env, &buffer).to_val());
}

/// Extends the instance and the code.
pub fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// Extends what all assets share.
pub fn extend_shared(env: &Env) {
    extend_instance(env);
    for key in [ASSETS, PUBLISHERS, REPORTS] {
        extend(env, &key.to_val());
    }
}

/// Extends every entry of an asset; of an unlisted one there is none.
pub fn extend_asset(env: &Env, asset: Val) {
    for kind in [STATE, CONFIG, RING, SEEN] {
        let key = key(env, kind, asset);
        if env.storage().persistent().has(&key) {
            extend(env, &key);
        }
    }
}

fn key(env: &Env, kind: Symbol, asset: Val) -> Val {
    (kind, asset).into_val(env)
}

fn load<T: TryFromVal<Env, Val>>(env: &Env, key: &Val) -> Option<T> {
    env.storage().persistent().get(key)
}

fn store(env: &Env, key: &Val, value: Val) {
    env.storage().persistent().set(key, &value);
    extend(env, key);
}

fn extend(env: &Env, key: &Val) {
    env.storage().persistent().extend_ttl(key, THRESHOLD, BUMP);
}

/// Copies a stored byte string to the front of `buffer`: how much of it is filled. Nothing if it does not fit.
fn fill(env: &Env, key: &Val, buffer: &mut [u8]) -> usize {
    let Some(stored) = load::<Bytes>(env, key) else { return 0 };
    let Some(filled) = buffer.get_mut(..stored.len() as usize) else { return 0 };
    stored.copy_into_slice(filled);
    filled.len()
}

/// Prices, then times, little-endian.
fn pack(prices: &[i128], times: &[u64], packed: &mut [u8]) {
    let (front, back) = packed.split_at_mut(prices.len() * 16);
    for (place, price) in front.chunks_exact_mut(16).zip(prices) {
        place.copy_from_slice(&price.to_le_bytes());
    }
    for (place, time) in back.chunks_exact_mut(8).zip(times) {
        place.copy_from_slice(&time.to_le_bytes());
    }
}

/// Reads what [`pack`] wrote; `None` if it is not as long.
#[inline(never)] // for size
fn unpack(packed: &[u8], prices: &mut [i128], times: &mut [u64]) -> Option<()> {
    let (front, back) = packed.split_at_checked(prices.len() * 16)?;
    for (price, place) in prices.iter_mut().zip(front.chunks_exact(16)) {
        *price = i128::from_le_bytes(place.try_into().ok()?);
    }
    for (time, place) in times.iter_mut().zip(back.chunks_exact(8)) {
        *time = u64::from_le_bytes(place.try_into().ok()?);
    }
    Some(())
}
