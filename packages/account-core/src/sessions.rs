//! Sessions: keys that trade within bounds of their own and never administer.

use crate::administration::{administered, commit};
use crate::intent::{Footprint, Intent};
use crate::orders;
use crate::spent;
use crate::state::{Profile, Session};
use crate::storage::{self, SESSIONS};
use crate::tier::Tier;
use margin_interface::operations::{Kind, OPERATIONS};
use margin_interface::{
    AccountError, Scope, SessionAdded, SessionGrant, SessionKey, SessionRevoked, SessionUsed,
};
use margin_math::window::Window;
use soroban_sdk::{vec, Bytes, Env, IntoVal, Symbol, Vec};

/// Most operations of a session.
pub const MAX_OPERATIONS: u32 = 32;
/// Most markets of a session.
pub const MAX_MARKETS: u32 = 32;

/// [`add_session_key`](margin_interface::ProAccountInterface::add_session_key).
pub fn add<T: Tier>(
    env: &Env,
    key: Bytes,
    expires_at: u64,
    max_per_tx: i128,
    daily_limit: i128,
    allowed_ops: Vec<Symbol>,
) -> Result<(), AccountError> {
    let args = [
        key.to_val(),
        expires_at.into_val(env),
        max_per_tx.into_val(env),
        daily_limit.into_val(env),
        allowed_ops.to_val(),
    ];
    let profile = administered::<T>(env, &args)?;
    let grant = SessionGrant {
        allowed_ops,
        daily_limit,
        expires_at,
        key,
        markets: Scope::All,
        max_leverage: profile.limits.max_leverage,
        max_ops_per_day: u32::MAX,
        max_per_ledger: max_per_tx,
        max_per_tx,
    };
    install::<T>(env, &profile, grant)
}

/// [`grant_session`](margin_interface::ProAccountInterface::grant_session).
pub fn grant<T: Tier>(env: &Env, grant: SessionGrant) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[grant.into_val(env)])?;
    install::<T>(env, &profile, grant)
}

fn install<T: Tier>(env: &Env, profile: &Profile, grant: SessionGrant) -> Result<(), AccountError> {
    let markets = match &grant.markets {
        Scope::All => 0,
        Scope::Only(markets) => markets.len(),
    };
    let valid = grant.expires_at > env.ledger().timestamp()
        && grant.max_per_tx >= 0
        && grant.max_per_ledger >= 0
        && grant.daily_limit >= 0
        && (100..=T::BOUNDS.max_leverage).contains(&grant.max_leverage)
        && markets <= MAX_MARKETS
        && (1..=MAX_OPERATIONS).contains(&grant.allowed_ops.len())
        && grant.allowed_ops.iter().all(|function| may_ever(env, &function));
    if !valid {
        return Err(AccountError::InvalidConfig);
    }
    let key = grant.key.clone();
    let mut sessions = SESSIONS.list(env);
    if !sessions.contains(&key) {
        sessions.push_back(key.clone());
        SESSIONS.set(env, &sessions);
    }
    let session = match storage::session(env, &key) {
        Some(session) => Session { grant: grant.clone(), ..session },
        None => Session { grant: grant.clone(), ledger: 0, spent_in_ledger: 0, window: spent::nothing(env) },
    };
    storage::set_session(env, &key, &session);
    SessionAdded { key, grant }.publish(env);
    commit::<T>(env, profile)
}

/// Whether a session may ever use a function: one of the venues that is not a transfer.
fn may_ever(env: &Env, function: &Symbol) -> bool {
    OPERATIONS.iter().any(|row| row.kind != Kind::Transfer && *function == Symbol::new(env, row.function))
}

/// [`revoke_session_key`](margin_interface::ProAccountInterface::revoke_session_key).
pub fn revoke<T: Tier>(env: &Env, key: Bytes) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[key.to_val()])?;
    orders::end(env, &profile);
    end::<T>(env, &profile, key)
}

/// [`renounce_session`](margin_interface::ProAccountInterface::renounce_session).
pub fn renounce<T: Tier>(env: &Env, key: Bytes) -> Result<(), AccountError> {
    let profile = storage::load(env)?;
    let this = env.current_contract_address();
    this.require_auth_for_args(vec![env, this.to_val(), key.to_val()]);
    end::<T>(env, &profile, key)
}

fn end<T: Tier>(env: &Env, profile: &Profile, key: Bytes) -> Result<(), AccountError> {
    let mut sessions = SESSIONS.list(env);
    let place = sessions.first_index_of(&key).ok_or(AccountError::UnauthorizedSigner)?;
    sessions.remove(place);
    SESSIONS.set(env, &sessions);
    SessionRevoked { key }.publish(env);
    commit::<T>(env, profile)
}

/// [`revoke_all_sessions`](margin_interface::ProAccountInterface::revoke_all_sessions).
pub fn revoke_all<T: Tier>(env: &Env) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[])?;
    for key in SESSIONS.list(env) {
        SessionRevoked { key }.publish(env);
    }
    SESSIONS.set(env, &vec![env]);
    orders::end(env, &profile);
    commit::<T>(env, &profile)
}

/// [`get_session_keys`](margin_interface::ProAccountInterface::get_session_keys).
pub fn all(env: &Env) -> Result<Vec<SessionKey>, AccountError> {
    let mut all = vec![env];
    for key in SESSIONS.list(env) {
        let session = load(env, &key)?;
        let grant = session.grant.clone();
        let use_ = Use::of(env, &session)?;
        all.push_back(SessionKey {
            left_in_ledger: (grant.max_per_ledger - use_.in_ledger).max(0),
            left_today: (grant.daily_limit - use_.today).max(0),
            ops_left_today: u32::try_from(u64::from(grant.max_ops_per_day).saturating_sub(use_.count))
                .unwrap_or(0),
            grant,
        });
    }
    Ok(all)
}

/// The session of a key. One whose entry is missing is none: what it has spent is unknown.
pub fn load(env: &Env, key: &Bytes) -> Result<Session, AccountError> {
    storage::session(env, key).ok_or(AccountError::Unauthorized)
}

/// What a session has spent, as of now.
struct Use {
    window: Window,
    today: i128,
    count: u64,
    in_ledger: i128,
}

impl Use {
    fn of(env: &Env, session: &Session) -> Result<Use, AccountError> {
        let window = spent::load(env, &session.window)?;
        let today = spent::sum(&window)?;
        let in_ledger = if session.ledger == env.ledger().sequence() { session.spent_in_ledger } else { 0 };
        Ok(Use { today, count: window.count(), in_ledger, window })
    }
}

/// Checks that an entry is within the scope of its session: one venue call and what it implies, of functions and in markets
/// that were granted.
///
/// # Errors
/// * [`AccountError::SessionExpired`]
/// * [`AccountError::OperationNotAllowed`]
/// * [`AccountError::ExceedsSessionLimit`] - an order that would rest beyond a day, or beyond the session
pub fn permits(
    env: &Env,
    session: &Session,
    intent: &Intent,
    footprint: &Footprint,
) -> Result<(), AccountError> {
    let grant = &session.grant;
    if env.ledger().timestamp() >= grant.expires_at {
        return Err(AccountError::SessionExpired);
    }
    let in_scope = match &grant.markets {
        Scope::All => true,
        Scope::Only(markets) => footprint.touched.iter().all(|market| markets.contains(market)),
    };
    let permitted = intent.roots == 1
        && !intent.transfers
        && !intent.administers
        && in_scope
        && footprint.names.iter().all(|function| grant.allowed_ops.contains(function));
    if !permitted {
        return Err(AccountError::OperationNotAllowed);
    }
    if footprint.rests_until > orders::counted_until(env).min(grant.expires_at) {
        return Err(AccountError::ExceedsSessionLimit);
    }
    Ok(())
}

/// What an entry costs a session.
pub struct Charge {
    session: Session,
    amount: i128,
    left_today: i128,
}

/// Checks an entry that puts `amount` dollars (1e7) at stake against every limit of its session. One that can only reduce
/// counts as well: by its number, or a thief could trade the account away in small steps, and by what it may lose.
///
/// # Errors
/// * [`AccountError::ExceedsSessionLimit`] - per entry, or per ledger
/// * [`AccountError::DailyLimitExceeded`] - amount, or number
pub fn charge(env: &Env, mut session: Session, amount: i128) -> Result<Charge, AccountError> {
    let Use { mut window, today, count, in_ledger } = Use::of(env, &session)?;
    let grant = &session.grant;
    let in_ledger = in_ledger.checked_add(amount).ok_or(AccountError::ArithmeticOverflow)?;
    if amount > grant.max_per_tx || in_ledger > grant.max_per_ledger {
        return Err(AccountError::ExceedsSessionLimit);
    }
    let today = today.checked_add(amount).ok_or(AccountError::ArithmeticOverflow)?;
    if today > grant.daily_limit || count >= u64::from(grant.max_ops_per_day) {
        return Err(AccountError::DailyLimitExceeded);
    }
    let left_today = grant.daily_limit - today;
    spent::add(&mut window, amount)?;
    session.ledger = env.ledger().sequence();
    session.spent_in_ledger = in_ledger;
    session.window = spent::store(env, &window);
    Ok(Charge { session, amount, left_today })
}

impl Charge {
    /// Writes it down.
    pub fn book(self, env: &Env) {
        let Charge { session, amount, left_today } = self;
        let key = session.grant.key.clone();
        storage::set_session(env, &key, &session);
        SessionUsed { key, amount, left_today }.publish(env);
    }
}
