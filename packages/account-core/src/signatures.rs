//! Whether signatures are genuine. Whose they are is decided before, by [`crate::roles`].

use margin_interface::{AccountError, Sig};
use soroban_sdk::{crypto::Hash, Bytes, BytesN, Env, Vec};

/// Verifies every signature of `payload`; one that does not verify traps in the host.
///
/// # Errors
/// * [`AccountError::InvalidSignature`] - a key of another length
pub fn verify(env: &Env, payload: Hash<32>, signatures: &Vec<Sig>) -> Result<(), AccountError> {
    let payload = Bytes::from(payload.to_bytes());
    for signature in signatures.try_iter() {
        let Sig { public_key, signature, .. } = signature.map_err(|_| AccountError::InvalidSignature)?;
        let key = BytesN::<32>::try_from(public_key).map_err(|_| AccountError::InvalidSignature)?;
        env.crypto().ed25519_verify(&key, &payload, &signature);
    }
    Ok(())
}
