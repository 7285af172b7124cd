//! Who signs.

use margin_interface::{AccountError, Sig};
use soroban_sdk::{crypto::Hash, Bytes, BytesN, Env, Vec};

/// Verifies that owner signers, and nobody else, signed `payload`.
///
/// All keys are checked before the first signature is verified, so that an outsider costs the account nothing; a
/// signature that does not verify traps in the host.
///
/// # Errors
/// * [`AccountError::InsufficientSignatures`] - no signature
/// * [`AccountError::InvalidSignature`] - not strictly ascending by key, hence also duplicates
/// * [`AccountError::UnauthorizedSigner`] - a key that is not a signer, even beside one that is
pub fn verify(
    env: &Env,
    signers: &Vec<Bytes>,
    payload: Hash<32>,
    signatures: &Vec<Sig>,
) -> Result<(), AccountError> {
    if signatures.is_empty() {
        return Err(AccountError::InsufficientSignatures);
    }
    let mut last: Option<Bytes> = None;
    let mut outsider = false;
    for signature in signatures.try_iter() {
        let key = signature.map_err(|_| AccountError::InvalidSignature)?.public_key;
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(AccountError::InvalidSignature);
        }
        outsider |= !signers.contains(&key);
        last = Some(key);
    }
    if outsider {
        return Err(AccountError::UnauthorizedSigner);
    }
    let payload = Bytes::from(payload.to_bytes());
    for signature in signatures.try_iter() {
        let Sig { public_key, signature } = signature.map_err(|_| AccountError::InvalidSignature)?;
        let key = BytesN::<32>::try_from(public_key).map_err(|_| AccountError::InvalidSignature)?;
        env.crypto().ed25519_verify(&key, &payload, &signature);
    }
    Ok(())
}
