//! What signatures look like, and that they are genuine.

use crate::webauthn;
use core::marker::PhantomData;
use margin_interface::{AccountError, Sig, WebAuthnData};
use soroban_sdk::{crypto::Hash, Bytes, BytesN, ConversionError, Env, SpecShakingMarker, TryFromVal, Val};

/// The type by which `__check_auth` takes its signatures: a vector in the contract's interface, but not decoded yet.
/// Decoded by the SDK, an entry that nobody signed (void) would trap instead of being refused with a code.
///
/// The interface is written from names: this one must be `Vec`.
pub struct Vec<T>(Val, PhantomData<T>);

impl<T> TryFromVal<Env, Val> for Vec<T> {
    type Error = ConversionError;

    fn try_from_val(_: &Env, value: &Val) -> Result<Self, ConversionError> {
        Ok(Vec(*value, PhantomData))
    }
}

impl<T: SpecShakingMarker> SpecShakingMarker for Vec<T> {
    fn spec_shaking_marker() {
        T::spec_shaking_marker();
    }
}

impl Vec<Sig> {
    /// The signatures; each is decoded when it is looked at.
    ///
    /// # Errors
    /// * [`AccountError::InvalidSignature`] - no vector
    pub fn decode(self, env: &Env) -> Result<soroban_sdk::Vec<Sig>, AccountError> {
        soroban_sdk::Vec::try_from_val(env, &self.0).map_err(|_| AccountError::InvalidSignature)
    }
}

/// Verifies that every one of `signatures` is a genuine one of `payload`: of an ed25519 key over the payload itself, of a
/// passkey over its authenticator's answer to it. One that does not verify traps in the host.
///
/// # Errors
/// * [`AccountError::InvalidSignature`] - a key of one kind with a signature of the other; an answer of the authenticator
///   to something else, or without its user present and verified
pub fn verify(env: &Env, payload: &Hash<32>, signatures: &soroban_sdk::Vec<Sig>) -> Result<(), AccountError> {
    for signature in signatures.try_iter() {
        signature
            .ok()
            .and_then(|signature| verify_one(env, payload, signature))
            .ok_or(AccountError::InvalidSignature)?;
    }
    Ok(())
}

fn verify_one(env: &Env, payload: &Hash<32>, sig: Sig) -> Option<()> {
    let Sig { public_key, signature, webauthn } = sig;
    match webauthn {
        None => {
            let key = BytesN::<32>::try_from(public_key).ok()?;
            env.crypto().ed25519_verify(&key, &Bytes::from(payload.to_bytes()), &signature);
            Some(())
        }
        Some(data) => {
            let key = BytesN::<65>::try_from(public_key).ok()?;
            let data = WebAuthnData::try_from_val(env, data.as_val()).ok()?;
            webauthn::verify(env, &key, payload, &signature, &data)
        }
    }
}
