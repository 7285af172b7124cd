//! A transaction envelope in, the same with signed entries out.

use crate::entry::{self, malformed, Refusal, Signing};
use base64::{engine::general_purpose::STANDARD, Engine as _};
use std::mem;
use stellar_xdr::{
    Limits, OperationBody, ReadXdr, ScAddress, SorobanAuthorizationEntry, TransactionEnvelope, WriteXdr,
};

/// The entries of `account`, or of every contract account, of a transaction.
///
/// # Errors
/// * [`Refusal::Malformed`] - not a base-64 transaction envelope
pub fn entries(
    envelope: &str,
    account: Option<&ScAddress>,
) -> Result<Vec<SorobanAuthorizationEntry>, Refusal> {
    let mut found = Vec::new();
    for_each(&mut decode(envelope)?, account, |entry| {
        found.push(entry.clone());
        Ok(())
    })?;
    Ok(found)
}

/// Signs the entries of `account`, or of every contract account, with every key.
///
/// # Errors
/// * [`Refusal::Malformed`] - not a base-64 transaction envelope
/// * [`Refusal::OtherExpiration`], [`Refusal::UnknownSignature`] - of an entry that is partly signed
pub fn sign_envelope(
    envelope: &str,
    account: Option<&ScAddress>,
    signing: &Signing,
) -> Result<String, Refusal> {
    let mut envelope = decode(envelope)?;
    for_each(&mut envelope, account, |entry| entry::sign(entry, signing))?;
    Ok(STANDARD.encode(envelope.to_xdr(Limits::none()).map_err(malformed)?))
}

fn decode(envelope: &str) -> Result<TransactionEnvelope, Refusal> {
    let xdr = STANDARD
        .decode(envelope.trim())
        .map_err(|_| Refusal::Malformed("the input is not base 64: pipe a transaction envelope in".into()))?;
    TransactionEnvelope::from_xdr(xdr, Limits::none())
        .map_err(|error| Refusal::Malformed(format!("the input is not a transaction envelope: {error}")))
}

/// Calls `act` with each entry of `account`, or of every contract account.
fn for_each(
    envelope: &mut TransactionEnvelope,
    account: Option<&ScAddress>,
    mut act: impl FnMut(&mut SorobanAuthorizationEntry) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    // The other kinds of envelope have no entries.
    let TransactionEnvelope::Tx(envelope) = envelope else { return Ok(()) };
    // The lists of the XDR library can be replaced, not changed.
    let mut operations = mem::take(&mut envelope.tx.operations).into_vec();
    for operation in &mut operations {
        let OperationBody::InvokeHostFunction(invoke) = &mut operation.body else { continue };
        let mut entries = mem::take(&mut invoke.auth).into_vec();
        for entry in &mut entries {
            let own = entry::credentials(entry).map(|own| &own.address);
            if own.is_some_and(|own| account.map_or(entry::is_contract(own), |account| own == account)) {
                act(entry)?;
            }
        }
        invoke.auth = entries.try_into().map_err(malformed)?;
    }
    envelope.tx.operations = operations.try_into().map_err(malformed)?;
    Ok(())
}
