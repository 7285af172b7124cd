//! Who signs: the role follows from the keys alone, and nothing a caller may choose decides it.

use crate::state::Profile;
use crate::storage::{GUARDIANS, SESSIONS};
use crate::tier::Tier;
use margin_interface::{AccountError, Sig};
use soroban_sdk::{Bytes, Env, Vec};

/// In which capacity an entry is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Role {
    /// So many owner signers.
    Owners(u32),
    /// So many guardians of an institution.
    Guardians(u32),
    /// One session, of that key.
    Session(Bytes),
}

/// The keys that signatures claim.
///
/// # Errors
/// * [`AccountError::InvalidSignature`] - a signature of another shape
pub fn keys(env: &Env, signatures: &Vec<Sig>) -> Result<Vec<Bytes>, AccountError> {
    let mut keys = Vec::new(env);
    for signature in signatures.try_iter() {
        keys.push_back(signature.map_err(|_| AccountError::InvalidSignature)?.public_key);
    }
    Ok(keys)
}

/// The one role of all `keys`. They are checked before any signature is verified, so that an outsider costs the account
/// nothing.
///
/// # Errors
/// * [`AccountError::InsufficientSignatures`] - no key
/// * [`AccountError::InvalidSignature`] - not strictly ascending, hence also duplicates
/// * [`AccountError::UnauthorizedSigner`] - a key without a role, keys of several roles, or several sessions
pub fn role_of<T: Tier>(env: &Env, profile: &Profile, keys: &Vec<Bytes>) -> Result<Role, AccountError> {
    let first = keys.get(0).ok_or(AccountError::InsufficientSignatures)?;
    let mut last: Option<Bytes> = None;
    for key in keys.iter() {
        if last.is_some_and(|last| last >= key) {
            return Err(AccountError::InvalidSignature);
        }
        last = Some(key);
    }
    let all_in = |members: &Vec<Bytes>| keys.iter().all(|key| members.contains(key));
    if all_in(&profile.signers) {
        return Ok(Role::Owners(keys.len()));
    }
    if T::SESSIONS && keys.len() == 1 && SESSIONS.list(env).contains(&first) {
        return Ok(Role::Session(first));
    }
    if T::MULTISIG && all_in(&GUARDIANS.list(env)) {
        return Ok(Role::Guardians(keys.len()));
    }
    Err(AccountError::UnauthorizedSigner)
}
