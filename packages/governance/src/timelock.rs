//! Announced changes.

use crate::offices::{require_admin, require_veto};
use margin_interface::{ChangeCancelled, ChangeExecuted, ChangeProposed, GovernanceError, Schedule};
use soroban_sdk::{
    panic_with_error, symbol_short, xdr::ToXdr, Address, BytesN, Env, IntoVal, Symbol, TryFromVal, Val,
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// How long a change stays executable once it is ready.
const OPEN_FOR: u64 = 14 * DAY;
/// Of a temporary entry: it outlives its change, with 7 days of delay and 14 of execution, and a veto of 7 days.
pub const LIFETIME: u32 = 30 * 17_280;

/// How long a change waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delay {
    /// Risk parameters: 24 h.
    Risk,
    /// Price sources and venues: 48 h.
    Venue,
    /// Code: 7 days.
    Code,
}

impl Delay {
    /// In seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Delay::Risk => DAY,
            Delay::Venue => 2 * DAY,
            Delay::Code => 7 * DAY,
        }
    }
}

// Temporary: a change that is forgotten is one that does not happen.
fn key(id: &BytesN<32>) -> (Symbol, BytesN<32>) {
    (symbol_short!("Scheduled"), id.clone())
}

/// The change, when it is ready, and when it expires: no [`Schedule`], which is larger in storage and in code.
fn load(env: &Env, id: &BytesN<32>) -> Option<(Val, u64, u64)> {
    env.storage().temporary().get(&key(id))
}

fn id_of(env: &Env, change: Val) -> BytesN<32> {
    env.crypto().sha256(&change.to_xdr(env)).to_bytes()
}

/// Ends the call with [`GovernanceError::NeedsTimelock`] unless what is done at once `holds`: it was announced, or needs not be.
pub fn require_announced(env: &Env, holds: bool) {
    if !holds {
        panic_with_error!(env, GovernanceError::NeedsTimelock);
    }
}

/// Schedules `change`. Returns its id: the same change has the same id, and is scheduled at most once at a time.
///
/// Authorised by the admin. [`GovernanceError::AlreadyScheduled`] while it is scheduled and not expired.
pub fn propose<C: IntoVal<Env, Val>>(env: &Env, change: C, delay: Delay) -> BytesN<32> {
    schedule(env, change.into_val(env), delay)
}

#[inline(never)] // for size: once for every type of change
fn schedule(env: &Env, change: Val, delay: Delay) -> BytesN<32> {
    require_admin(env);
    let id = id_of(env, change);
    let now = env.ledger().timestamp();
    if load(env, &id).is_some_and(|(_, _, expires_at)| now < expires_at) {
        panic_with_error!(env, GovernanceError::AlreadyScheduled);
    }
    let ready_at = now + delay.seconds();
    let expires_at = ready_at + OPEN_FOR;
    let key = key(&id);
    env.storage().temporary().set(&key, &(change, ready_at, expires_at));
    env.storage().temporary().extend_ttl(&key, LIFETIME, LIFETIME);
    ChangeProposed { id: id.clone(), ready_at, expires_at }.publish(env);
    id
}

/// The change of that id, which is scheduled no longer: the caller carries it out. Authorised by the admin.
///
/// [`GovernanceError::NotScheduled`], [`GovernanceError::TooEarly`], [`GovernanceError::Expired`].
pub fn take<C: TryFromVal<Env, Val>>(env: &Env, id: &BytesN<32>) -> C {
    match C::try_from_val(env, &take_scheduled(env, id)) {
        Ok(change) => change,
        // Another version of the contract stored it, or another function proposed it.
        Err(_) => panic_with_error!(env, GovernanceError::NotScheduled),
    }
}

/// [`take`] of a change that the caller knows.
pub fn take_announced<C: IntoVal<Env, Val> + Clone>(env: &Env, change: &C) {
    take_scheduled(env, &id_of(env, change.clone().into_val(env)));
}

fn take_scheduled(env: &Env, id: &BytesN<32>) -> Val {
    require_admin(env);
    let Some((change, ready_at, expires_at)) = load(env, id) else {
        panic_with_error!(env, GovernanceError::NotScheduled);
    };
    let now = env.ledger().timestamp();
    if now < ready_at {
        panic_with_error!(env, GovernanceError::TooEarly);
    }
    if now >= expires_at {
        panic_with_error!(env, GovernanceError::Expired);
    }
    env.storage().temporary().remove(&key(id));
    ChangeExecuted { id: id.clone() }.publish(env);
    change
}

/// [`GovernanceInterface::cancel`](margin_interface::GovernanceInterface::cancel).
pub fn cancel(env: &Env, by: Address, id: BytesN<32>) {
    require_veto(env, &by);
    if load(env, &id).is_none() {
        panic_with_error!(env, GovernanceError::NotScheduled);
    }
    env.storage().temporary().remove(&key(&id));
    ChangeCancelled { id, by }.publish(env);
}

/// [`GovernanceInterface::scheduled`](margin_interface::GovernanceInterface::scheduled).
pub fn scheduled(env: &Env, id: BytesN<32>) -> Option<Schedule> {
    load(env, &id).map(|(_, ready_at, expires_at)| Schedule { expires_at, ready_at })
}
