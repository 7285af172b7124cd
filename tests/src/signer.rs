//! Whoever signs an entry: an ed25519 key or a passkey, each as its wallet sends it.

use crate::auth::public_key;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use p256::ecdsa::{Signature, SigningKey as P256Key};
use soroban_sdk::xdr::{ScBytes, ScMap, ScMapEntry, ScSymbol, ScVal};
use soroban_sdk::{Bytes, Env};

/// The user was present.
pub const PRESENT: u8 = 0x01;
/// The user was verified.
pub const VERIFIED: u8 = 0x04;

/// One of the kinds of keys.
#[derive(Clone)]
pub enum Signer {
    /// A plain key.
    Ed25519(SigningKey),
    /// An authenticator.
    Passkey(Passkey),
}

impl From<SigningKey> for Signer {
    fn from(key: SigningKey) -> Self {
        Signer::Ed25519(key)
    }
}

impl From<&SigningKey> for Signer {
    fn from(key: &SigningKey) -> Self {
        Signer::Ed25519(key.clone())
    }
}

impl From<&Passkey> for Signer {
    fn from(key: &Passkey) -> Self {
        Signer::Passkey(key.clone())
    }
}

impl Signer {
    /// The key by which an account knows it.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Signer::Ed25519(key) => public_key(key).to_vec(),
            Signer::Passkey(key) => key.public_key().to_vec(),
        }
    }

    /// [`Self::public`] as an argument of a call.
    pub fn bytes(&self, env: &Env) -> Bytes {
        Bytes::from_slice(env, &self.public())
    }

    /// Its part of an entry's signature.
    pub fn sign(&self, payload: &[u8; 32]) -> ScVal {
        match self {
            Signer::Ed25519(key) => signature_of(&self.public(), &key.sign(payload).to_bytes(), None),
            Signer::Passkey(key) => key.assertion(&Ceremony::of(payload)),
        }
    }
}

/// What the browser asked the authenticator to do.
#[derive(Clone)]
pub struct Ceremony {
    /// [`PRESENT`], [`VERIFIED`] and what else the authenticator reports.
    pub flags: u8,
    /// `webauthn.get` for a signature.
    pub kind: String,
    /// The payload, as base64url without padding.
    pub challenge: String,
}

impl Ceremony {
    /// The one that authorises `payload`.
    pub fn of(payload: &[u8; 32]) -> Self {
        Self {
            flags: PRESENT | VERIFIED,
            kind: "webauthn.get".into(),
            challenge: URL_SAFE_NO_PAD.encode(payload),
        }
    }

    fn client_data(&self) -> Vec<u8> {
        let Self { kind, challenge, .. } = self;
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"https://wallet.example","crossOrigin":false}}"#
        )
        .into_bytes()
    }

    /// Hash of the relying party, flags, counter.
    fn authenticator_data(&self) -> Vec<u8> {
        let mut data = sha256(b"wallet.example").to_vec();
        data.push(self.flags);
        data.extend([0, 0, 0, 1]);
        data
    }
}

/// A secp256r1 key behind an authenticator.
#[derive(Clone)]
pub struct Passkey(P256Key);

impl Passkey {
    /// The passkey of a name: the same in every run.
    pub fn of(name: &str) -> Self {
        Self(P256Key::from_slice(&sha256(name.as_bytes())).expect("a scalar of the curve"))
    }

    /// Uncompressed.
    pub fn public_key(&self) -> [u8; 65] {
        let point = self.0.verifying_key().to_encoded_point(false);
        point.as_bytes().try_into().expect("65 bytes")
    }

    /// What the authenticator answers, as the account takes it.
    pub fn assertion(&self, ceremony: &Ceremony) -> ScVal {
        use p256::ecdsa::signature::Signer as _;
        let (data, client) = (ceremony.authenticator_data(), ceremony.client_data());
        let signed = [data.as_slice(), &sha256(&client)].concat();
        let signature: Signature = self.0.sign(&signed);
        let signature = signature.normalize_s().unwrap_or(signature);
        signature_of(&self.public_key(), &signature.to_bytes().into(), Some((&data, &client)))
    }

    /// [`Self::assertion`] with the other, high `s`.
    pub fn with_high_s(&self, ceremony: &Ceremony) -> ScVal {
        use p256::ecdsa::signature::Signer as _;
        let (data, client) = (ceremony.authenticator_data(), ceremony.client_data());
        let signature: Signature = self.0.sign(&[data.as_slice(), &sha256(&client)].concat());
        let low = signature.normalize_s().unwrap_or(signature);
        let high = Signature::from_scalars(low.r(), -*low.s()).expect("a signature");
        signature_of(&self.public_key(), &high.to_bytes().into(), Some((&data, &client)))
    }

    /// A bare secp256r1 signature of `payload`, without any ceremony.
    pub fn bare(&self, payload: &[u8; 32]) -> ScVal {
        use p256::ecdsa::signature::Signer as _;
        let signature: Signature = self.0.sign(payload);
        let signature = signature.normalize_s().unwrap_or(signature);
        signature_of(&self.public_key(), &signature.to_bytes().into(), None)
    }
}

/// `{ public_key, signature[, webauthn: { authenticator_data, client_data }] }`.
fn signature_of(key: &[u8], signature: &[u8; 64], webauthn: Option<(&[u8], &[u8])>) -> ScVal {
    let mut fields = vec![("public_key", bytes(key)), ("signature", bytes(signature))];
    if let Some((data, client)) = webauthn {
        let ceremony = [("authenticator_data", bytes(data)), ("client_data", bytes(client))];
        fields.push(("webauthn", map(ceremony.to_vec())));
    }
    map(fields)
}

fn bytes(value: &[u8]) -> ScVal {
    ScVal::Bytes(ScBytes(value.to_vec().try_into().expect("a short value")))
}

fn map(fields: Vec<(&str, ScVal)>) -> ScVal {
    let entries: Vec<ScMapEntry> = fields
        .into_iter()
        .map(|(name, val)| ScMapEntry {
            key: ScVal::Symbol(ScSymbol(name.try_into().expect("a short name"))),
            val,
        })
        .collect();
    ScVal::Map(Some(ScMap(entries.try_into().expect("few fields"))))
}

fn sha256(data: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(data).into()
}
