//! The only user of the account's storage: keys and lifetimes.
//!
//! The instance holds what is small and what decides: it is one ledger entry, so nothing in it can be missing alone. What
//! grows with use has entries of its own: each session, and the audit trail.

use crate::state::{AuditTrail, PendingTier, PendingUpgrade, Profile, Session, Thresholds, SCHEMA};
use core::marker::PhantomData;
use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{
    AccountError, AccountType, Limits, Market, PendingMultisig, Protocol, TokenPolicy, TradingHours,
};
use soroban_sdk::{symbol_short, Address, Bytes, Env, IntoVal, Map, Symbol, TryFromVal, Val, Vec};

const PROFILE: Slot<Vec<Val>> = Slot::new(symbol_short!("profile"));
/// Foreign contracts that owner signers may call.
pub const ALLOWED: Slot<Vec<Address>> = Slot::new(symbol_short!("allowed"));
/// Who has a grant in the ledger.
pub const DELEGATES: Slot<Vec<Address>> = Slot::new(symbol_short!("delegates"));
/// While there is one, the ledger does not know the account's limits.
pub const UNUSED: Slot<()> = Slot::new(symbol_short!("unused"));
/// To whom the account is offered.
pub const PENDING_OWNER: Slot<Address> = Slot::new(symbol_short!("offered"));
/// Announced code.
pub const PENDING_UPGRADE: Slot<PendingUpgrade> = Slot::new(symbol_short!("upgrade"));
/// While there is one, nothing is authorised.
pub const PENDING_TIER: Slot<PendingTier> = Slot::new(symbol_short!("tier"));
/// Keys of the sessions in force.
pub const SESSIONS: Slot<Vec<Bytes>> = Slot::new(symbol_short!("sessions"));
/// Rules for tokens.
pub const POLICIES: Slot<Map<Address, TokenPolicy>> = Slot::new(symbol_short!("policies"));
/// How many signatures; an institution always has them.
pub const THRESHOLDS: Slot<Thresholds> = Slot::new(symbol_short!("quorum"));
/// Keys that freeze and recover.
pub const GUARDIANS: Slot<Vec<Bytes>> = Slot::new(symbol_short!("guardians"));
/// Configuration that the signers announced.
pub const PENDING_MULTISIG: Slot<PendingMultisig> = Slot::new(symbol_short!("proposed"));
/// Configuration that the guardians announced.
pub const PENDING_RECOVERY: Slot<PendingMultisig> = Slot::new(symbol_short!("rescue"));
/// Markets without new risk.
pub const BLACKLIST: Slot<Vec<Market>> = Slot::new(symbol_short!("blacklist"));
/// When risk may increase; absent: always.
pub const HOURS: Slot<TradingHours> = Slot::new(symbol_short!("hours"));

const SESSION: Symbol = symbol_short!("session");
const AUDIT: Symbol = symbol_short!("audit");
const SPENT: Symbol = symbol_short!("spent");

/// A value in the instance.
pub struct Slot<T>(Symbol, PhantomData<T>);

impl<T> Slot<T> {
    const fn new(key: Symbol) -> Slot<T> {
        Slot(key, PhantomData)
    }

    /// Whether it is there.
    pub fn is_set(&self, env: &Env) -> bool {
        env.storage().instance().has(&self.0)
    }

    /// Forgets it.
    pub fn remove(&self, env: &Env) {
        env.storage().instance().remove(&self.0);
    }
}

impl<T: TryFromVal<Env, Val> + IntoVal<Env, Val>> Slot<T> {
    /// The value.
    pub fn get(&self, env: &Env) -> Option<T> {
        env.storage().instance().get(&self.0)
    }

    /// Writes the value.
    pub fn set(&self, env: &Env, value: &T) {
        env.storage().instance().set(&self.0, value);
    }
}

impl<T: TryFromVal<Env, Val> + IntoVal<Env, Val>> Slot<Vec<T>> {
    /// The list; empty before it was first written.
    pub fn list(&self, env: &Env) -> Vec<T> {
        self.get(env).unwrap_or(Vec::new(env))
    }
}

/// A profile as it is stored, its schema first.
type Stored = (
    u32,
    AccountType,
    u64,
    u32,
    bool,
    (u32, i128, u32, i128),
    Address,
    (Address, Address, Address, Address),
    Vec<Bytes>,
);

/// The account's state.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - there is none, or it is of another schema
pub fn load(env: &Env) -> Result<Profile, AccountError> {
    decode(env).ok_or(AccountError::NotInitialized)
}

fn decode(env: &Env) -> Option<Profile> {
    let stored = PROFILE.get(env)?;
    if u32::try_from_val(env, &stored.get(0)?).ok()? != SCHEMA {
        return None;
    }
    let (schema, account_type, deleveraged_at, epoch, frozen, limits, owner, protocol, signers) =
        Stored::try_from_val(env, stored.as_val()).ok()?;
    let (max_leverage, market_exposure, min_health, total_borrow) = limits;
    let (factory, ledger, perp_clearing, vault) = protocol;
    Some(Profile {
        account_type,
        deleveraged_at,
        epoch,
        frozen,
        limits: Limits { max_leverage, market_exposure, min_health, total_borrow },
        owner,
        protocol: Protocol { factory, ledger, perp_clearing, vault },
        schema,
        signers,
    })
}

/// Writes the account's state.
pub fn save(env: &Env, profile: &Profile) {
    let Profile { account_type, deleveraged_at, epoch, frozen, limits, owner, protocol, schema, signers } =
        profile.clone();
    let Limits { max_leverage, market_exposure, min_health, total_borrow } = limits;
    let limits = (max_leverage, market_exposure, min_health, total_borrow);
    let Protocol { factory, ledger, perp_clearing, vault } = protocol;
    let protocol = (factory, ledger, perp_clearing, vault);
    let stored: Stored =
        (schema, account_type, deleveraged_at, epoch, frozen, limits, owner, protocol, signers);
    env.storage().instance().set(&PROFILE.0, &stored);
    extend_ttl(env);
}

/// Keeps the account alive; does nothing while its lifetime is long enough.
pub fn extend_ttl(env: &Env) {
    env.storage().instance().extend_ttl(THRESHOLD, BUMP);
}

/// The entry of a session, in force or not.
pub fn session(env: &Env, key: &Bytes) -> Option<Session> {
    env.storage().persistent().get(&(SESSION, key.clone()))
}

/// Writes a session.
pub fn set_session(env: &Env, key: &Bytes, session: &Session) {
    set_persistent(env, &(SESSION, key.clone()), session);
}

/// The audit trail; `None` before the first record.
pub fn audit(env: &Env) -> Option<AuditTrail> {
    env.storage().persistent().get(&AUDIT)
}

/// Writes the audit trail.
pub fn set_audit(env: &Env, trail: &AuditTrail) {
    set_persistent(env, &AUDIT, trail);
}

/// What signers spent in 24 hours, for each of an institution's amounts; empty before the first entry.
pub fn spent(env: &Env) -> Vec<Bytes> {
    env.storage().persistent().get(&SPENT).unwrap_or(Vec::new(env))
}

/// Writes it.
pub fn set_spent(env: &Env, spent: &Vec<Bytes>) {
    set_persistent(env, &SPENT, spent);
}

fn set_persistent<K: IntoVal<Env, Val>, T: IntoVal<Env, Val>>(env: &Env, key: &K, value: &T) {
    env.storage().persistent().set(key, value);
    env.storage().persistent().extend_ttl(key, THRESHOLD, BUMP);
}
