//! What holds after any change of an account's configuration.

use crate::state::{Profile, Thresholds};
use crate::storage::{GUARDIANS, SESSIONS, THRESHOLDS};
use crate::tier::Tier;
use margin_interface::AccountError;
use soroban_sdk::{Bytes, Env, Vec};

/// Most keys of an account.
pub const MAX_SIGNERS: u32 = 20;
/// Most guardians of an account.
pub const MAX_GUARDIANS: u32 = 7;
/// Most sessions of an account.
pub const MAX_SESSIONS: u32 = 16;
/// Most amounts above which more signatures are needed.
pub const MAX_TIERS: u32 = 8;
/// Length of an ed25519 key.
pub const ED25519_LENGTH: u32 = 32;
/// Length of a secp256r1 key, uncompressed.
pub const SECP256R1_LENGTH: u32 = 65;
/// Smallest auto-deleverage threshold, bps. Closer to 1 the account would be liquidated before anybody can help.
pub const MIN_THRESHOLD: u32 = 10_500;
/// Largest auto-deleverage threshold, bps.
pub const MAX_THRESHOLD: u32 = 20_000;

/// Checks the profile and everything else that is stored beside it.
///
/// # Errors
/// * [`AccountError::InvalidConfig`] - a limit outside the tier; no signer or too many; a key in two roles or twice, of a
///   wrong length or zero; thresholds that cannot be met or fall with the amount; too many guardians or sessions
pub fn validate<T: Tier>(env: &Env, profile: &Profile) -> Result<(), AccountError> {
    let valid = profile_holds::<T>(profile) && others_hold::<T>(env, &profile.signers);
    valid.then_some(()).ok_or(AccountError::InvalidConfig)
}

fn profile_holds<T: Tier>(profile: &Profile) -> bool {
    let limits = &profile.limits;
    (100..=T::BOUNDS.max_leverage).contains(&limits.max_leverage)
        && (MIN_THRESHOLD..=MAX_THRESHOLD).contains(&limits.min_health)
        && limits.market_exposure >= 0
        && limits.total_borrow >= 0
        && (1..=MAX_SIGNERS).contains(&profile.signers.len())
        && profile.account_type == T::TYPE
}

fn others_hold<T: Tier>(env: &Env, signers: &Vec<Bytes>) -> bool {
    if !T::SESSIONS {
        return are_keys(env, signers);
    }
    let sessions = SESSIONS.list(env);
    let mut all = signers.clone();
    all.append(&sessions);
    if T::MULTISIG {
        let guardians = GUARDIANS.list(env);
        let thresholds = THRESHOLDS.get(env);
        let met = thresholds.is_some_and(|thresholds| can_be_met(&thresholds, signers.len()));
        if !met || guardians.len() > MAX_GUARDIANS {
            return false;
        }
        all.append(&guardians);
    }
    sessions.len() <= MAX_SESSIONS && are_keys(env, &all)
}

/// `1 <= M <= N`, amounts ascending, thresholds never falling with the amount.
pub fn can_be_met(thresholds: &Thresholds, signers: u32) -> bool {
    let mut above = -1;
    let mut needed = thresholds.threshold;
    for tier in thresholds.tiers.iter() {
        if tier.above <= above || tier.signatures < needed {
            return false;
        }
        above = tier.above;
        needed = tier.signatures;
    }
    thresholds.threshold >= 1 && needed <= signers && thresholds.tiers.len() <= MAX_TIERS
}

/// Keys of a known kind, each once.
fn are_keys(env: &Env, keys: &Vec<Bytes>) -> bool {
    (0..).zip(keys.iter()).all(|(place, key)| is_key(env, &key) && keys.first_index_of(&key) == Some(place))
}

fn is_key(env: &Env, key: &Bytes) -> bool {
    let zero = match key.len() {
        ED25519_LENGTH => Bytes::from_array(env, &[0; 32]),
        SECP256R1_LENGTH => Bytes::from_array(env, &[0; 65]),
        _ => return false,
    };
    *key != zero
}
