//! One authorisation entry: its payload, and the signatures in it.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use stellar_xdr::{
    Hash, HashIdPreimage, HashIdPreimageSorobanAuthorization, HashIdPreimageSorobanAuthorizationWithAddress,
    Limits, ScAddress, ScBytes, ScMap, ScMapEntry, ScSymbol, ScVal, ScVec, SorobanAddressCredentials,
    SorobanAuthorizationEntry, SorobanAuthorizedInvocation, SorobanCredentials, WriteXdr,
};

/// Whether the payload names the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Binding {
    /// As the simulation recorded it.
    AsRecorded,
    /// It does: `ADDRESS` credentials become `ADDRESS_V2`.
    Account,
}

/// What to sign with.
pub struct Signing<'a> {
    /// Whether the payload names the account.
    pub binding: Binding,
    /// Last ledger in which the signature counts.
    pub expires: u32,
    /// All of them sign, beside those who signed already.
    pub keys: &'a [SigningKey],
    /// Passphrase of the network.
    pub passphrase: &'a str,
}

/// Why nothing was signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Input that is not what it should be.
    Malformed(String),
    /// Somebody signed it with another expiration: a second signature would not fit the first.
    OtherExpiration(u32),
    /// Somebody signed it without the account's address: a signature that names it would not fit.
    OtherBinding,
    /// It holds a signature this tool does not understand, as of a passkey.
    UnknownSignature,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Malformed(what) => write!(f, "{what}"),
            Refusal::OtherExpiration(ledger) => {
                write!(f, "the entry is signed up to ledger {ledger} already: sign with --expires {ledger}")
            }
            Refusal::OtherBinding => f.write_str(
                "the entry is signed already, by a signature that is not bound to the account: sign it without --v2, or simulate anew",
            ),
            Refusal::UnknownSignature => {
                f.write_str("the entry holds a signature that is not a list of {public_key, signature}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The address an entry speaks for; `None` for the source account of the transaction.
pub fn credentials(entry: &SorobanAuthorizationEntry) -> Option<&SorobanAddressCredentials> {
    match &entry.credentials {
        SorobanCredentials::SourceAccount => None,
        SorobanCredentials::Address(own) | SorobanCredentials::AddressV2(own) => Some(own),
        SorobanCredentials::AddressWithDelegates(with) => Some(&with.address_credentials),
    }
}

/// Signs one entry with every key. Signatures that are there already stay, so that members of a quorum can sign one after
/// another on their own machines.
pub fn sign(entry: &mut SorobanAuthorizationEntry, signing: &Signing) -> Result<(), Refusal> {
    if let (Binding::Account, SorobanCredentials::Address(own)) = (signing.binding, &entry.credentials) {
        // Not silently otherwise: an unbound signature counts for every account with the same key.
        if !present(&own.signature)?.is_empty() {
            return Err(Refusal::OtherBinding);
        }
        entry.credentials = SorobanCredentials::AddressV2(own.clone());
    }
    let named = !matches!(entry.credentials, SorobanCredentials::Address(_));
    let root = entry.root_invocation.clone();
    let own = match &mut entry.credentials {
        SorobanCredentials::SourceAccount => return Ok(()),
        SorobanCredentials::Address(own) | SorobanCredentials::AddressV2(own) => own,
        SorobanCredentials::AddressWithDelegates(with) => &mut with.address_credentials,
    };
    let mut signatures = present(&own.signature)?;
    if !signatures.is_empty() && own.signature_expiration_ledger != signing.expires {
        return Err(Refusal::OtherExpiration(own.signature_expiration_ledger));
    }
    own.signature_expiration_ledger = signing.expires;
    let payload = payload(own, root, named, signing.passphrase)?;
    for key in signing.keys {
        let public = key.verifying_key().to_bytes().to_vec();
        signatures.retain(|(other, _)| *other != public);
        signatures.push((public.clone(), record(&public, &key.sign(&payload).to_bytes())?));
    }
    signatures.sort_by(|a, b| a.0.cmp(&b.0));
    let records: Vec<ScVal> = signatures.into_iter().map(|(_, record)| record).collect();
    own.signature = ScVal::Vec(Some(ScVec(records.try_into().map_err(malformed)?)));
    Ok(())
}

/// What every signer of an entry signs.
pub fn payload(
    own: &SorobanAddressCredentials,
    invocation: SorobanAuthorizedInvocation,
    named: bool,
    passphrase: &str,
) -> Result<[u8; 32], Refusal> {
    let network_id = Hash(Sha256::digest(passphrase.as_bytes()).into());
    let SorobanAddressCredentials { nonce, signature_expiration_ledger, .. } = *own;
    let preimage = if named {
        HashIdPreimage::SorobanAuthorizationWithAddress(HashIdPreimageSorobanAuthorizationWithAddress {
            network_id,
            nonce,
            signature_expiration_ledger,
            address: own.address.clone(),
            invocation,
        })
    } else {
        HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
            network_id,
            nonce,
            signature_expiration_ledger,
            invocation,
        })
    };
    Ok(Sha256::digest(preimage.to_xdr(Limits::none()).map_err(malformed)?).into())
}

/// The signatures an entry carries: key and record.
fn present(signature: &ScVal) -> Result<Vec<(Vec<u8>, ScVal)>, Refusal> {
    let records = match signature {
        ScVal::Void => return Ok(Vec::new()),
        ScVal::Vec(Some(records)) => records,
        _ => return Err(Refusal::UnknownSignature),
    };
    records
        .iter()
        .map(|record| {
            let ScVal::Map(Some(fields)) = record else { return None };
            let key = fields.iter().find(|field| field.key == symbol("public_key"))?;
            let ScVal::Bytes(ScBytes(key)) = &key.val else { return None };
            Some((key.to_vec(), record.clone()))
        })
        .collect::<Option<_>>()
        .ok_or(Refusal::UnknownSignature)
}

fn record(key: &[u8], signature: &[u8]) -> Result<ScVal, Refusal> {
    let field = |name, bytes: &[u8]| {
        let bytes = bytes.to_vec().try_into().map_err(malformed)?;
        Ok(ScMapEntry { key: symbol(name), val: ScVal::Bytes(ScBytes(bytes)) })
    };
    let fields = vec![field("public_key", key)?, field("signature", signature)?];
    Ok(ScVal::Map(Some(ScMap(fields.try_into().map_err(malformed)?))))
}

fn symbol(name: &'static str) -> ScVal {
    ScVal::Symbol(ScSymbol(name.try_into().unwrap_or_default()))
}

pub(crate) fn malformed(error: impl fmt::Display) -> Refusal {
    Refusal::Malformed(error.to_string())
}

/// Whether an address is that of a contract.
pub fn is_contract(address: &ScAddress) -> bool {
    matches!(address, ScAddress::Contract(_))
}
