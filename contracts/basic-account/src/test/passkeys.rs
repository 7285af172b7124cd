//! Passkeys: assertions as an authenticator makes them, really signed.

use super::fixture;
use account_core::testing::{public, refused, Fixture};
use core::slice;
use ed25519_dalek::SigningKey;
use margin_interface::{AccountError, Sig, WebAuthnData};
use p256::ecdsa::{signature::hazmat::PrehashSigner, Signature, SigningKey as Passkey};
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{vec, Address, Bytes, BytesN, Env, IntoVal, InvokeError, Map, TryFromVal, Val, Vec};
use std::{format, string::String};

/// User present and verified; a credential that is backed up.
const SYNCED: u8 = 0x1d;

fn passkey() -> Passkey {
    Passkey::from_slice(&[3; 32]).unwrap()
}

fn public_of(env: &Env, key: &Passkey) -> Bytes {
    Bytes::from_slice(env, key.verifying_key().to_encoded_point(false).as_bytes())
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let groups = bits.as_bytes().chunks(6).map(|chunk| format!("{:0<6}", str::from_utf8(chunk).unwrap()));
    groups.map(|group| char::from(ALPHABET[usize::from_str_radix(&group, 2).unwrap()])).collect()
}

/// What an authenticator answers.
struct Answer {
    flags: u8,
    more: usize,
    client_data: String,
}

impl Answer {
    fn to(payload: &[u8]) -> Answer {
        let challenge = base64url(payload);
        let client_data = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"https://wallet.example","crossOrigin":false}}"#
        );
        Answer { flags: SYNCED, more: 0, client_data }
    }

    fn data(&self, env: &Env) -> WebAuthnData {
        let mut authenticator_data = Bytes::from_array(env, &[0xab; 32]);
        authenticator_data.push_back(self.flags);
        authenticator_data.extend_from_array(&[0, 0, 0, 7]);
        for _ in 0..self.more {
            authenticator_data.push_back(0xa0);
        }
        WebAuthnData { authenticator_data, client_data: Bytes::from_slice(env, self.client_data.as_bytes()) }
    }

    fn signed(&self, env: &Env, key: &Passkey) -> Sig {
        let data = self.data(env);
        let mut message = data.authenticator_data.clone();
        message.append(&env.crypto().sha256(&data.client_data).into());
        let digest = env.crypto().sha256(&message).to_array();
        let signature: Signature = key.sign_prehash(&digest).unwrap();
        let signature = signature.normalize_s().unwrap_or(signature);
        Sig {
            public_key: public_of(env, key),
            signature: BytesN::from_array(env, &signature.to_bytes().into()),
            webauthn: Some(Map::try_from_val(env, &IntoVal::<Env, Val>::into_val(&data, env)).unwrap()),
        }
    }
}

struct Story {
    f: Fixture,
    call: Context,
}

impl Story {
    /// The account of the fixture with a passkey beside its two ed25519 keys.
    fn new() -> Story {
        let f = fixture();
        let added = f.administer("add_signer", (public_of(&f.env, &passkey()),));
        assert_eq!(added, Ok(()));
        let call = f.trade(-1, true);
        Story { f, call }
    }

    fn answer(&self) -> Answer {
        Answer::to(&self.f.payload.to_array())
    }

    fn check(&self, signatures: &[Sig]) -> Result<(), Result<AccountError, InvokeError>> {
        self.f.check_with(signatures, slice::from_ref(&self.call))
    }

    fn check_answer(&self, answer: &Answer) -> Result<(), Result<AccountError, InvokeError>> {
        self.check(&[answer.signed(&self.f.env, &passkey())])
    }
}

#[test]
fn a_passkey_signs_alone_and_beside_a_key() {
    let s = Story::new();
    let [key, pass] = [s.f.sig(&s.f.keys[0]), s.answer().signed(&s.f.env, &passkey())];
    assert_eq!(s.check(slice::from_ref(&pass)), Ok(()));
    let mut both = [key, pass];
    both.sort_by(|a, b| a.public_key.cmp(&b.public_key));
    assert_eq!(s.check(&both), Ok(()));
    both.reverse();
    assert_eq!(s.check(&both), refused(AccountError::InvalidSignature));
}

#[test]
fn a_bad_signature_beside_a_good_one_of_the_other_kind_is_refused() {
    let s = Story::new();
    let forge = |sig: Sig| Sig { signature: BytesN::from_array(&s.f.env, &[1; 64]), ..sig };
    let [key, pass] = [s.f.sig(&s.f.keys[0]), s.answer().signed(&s.f.env, &passkey())];
    for mut both in [[forge(key.clone()), pass.clone()], [key, forge(pass)]] {
        both.sort_by(|a, b| a.public_key.cmp(&b.public_key));
        assert!(matches!(s.check(&both), Err(Err(_))), "the host's verification traps");
    }
}

#[test]
fn the_user_must_be_present_and_verified() {
    let s = Story::new();
    for flags in [0x05, 0x0d, 0x1d] {
        assert_eq!(s.check_answer(&Answer { flags, ..s.answer() }), Ok(()));
    }
    // Not present, not verified, neither, and backed up where that is impossible.
    for flags in [0x04, 0x01, 0x00, 0x1c, 0x19, 0x15] {
        assert_eq!(s.check_answer(&Answer { flags, ..s.answer() }), refused(AccountError::InvalidSignature));
    }
}

#[test]
fn the_challenge_is_this_entry() {
    let s = Story::new();
    let mut other = s.f.payload.to_array();
    other[31] ^= 1;
    assert_eq!(s.check_answer(&Answer::to(&other)), refused(AccountError::InvalidSignature));
    // A prefix, an extension, padding: none of them is the challenge.
    assert_eq!(s.check_answer(&Answer::to(&other[..31])), refused(AccountError::InvalidSignature));
    let good = s.answer().client_data;
    for client_data in
        [good.replace("\",\"origin", "A\",\"origin"), good.replace("\",\"origin", "=\",\"origin")]
    {
        let answer = Answer { client_data, ..s.answer() };
        assert_eq!(s.check_answer(&answer), refused(AccountError::InvalidSignature));
    }
}

#[test]
fn only_an_assertion_counts_and_only_where_the_standard_puts_it() {
    let s = Story::new();
    let good = s.answer().client_data;
    let smuggled = format!(r#"{{"type":"webauthn.create","x":{good}}}"#);
    let late = format!(r#"{{"origin":"a",{}"#, &good[1..]);
    for client_data in
        [good.replace("webauthn.get", "webauthn.create"), smuggled, late, String::new(), good[..79].into()]
    {
        let answer = Answer { client_data, ..s.answer() };
        assert_eq!(s.check_answer(&answer), refused(AccountError::InvalidSignature));
    }
    // Nothing has to follow the challenge; whatever does is signed.
    let answer = Answer { client_data: good[..80].into(), ..s.answer() };
    assert_eq!(s.check_answer(&answer), Ok(()));
}

#[test]
fn what_the_authenticator_says_has_the_length_that_its_flags_say() {
    let s = Story::new();
    assert_eq!(s.check_answer(&Answer { more: 1, ..s.answer() }), refused(AccountError::InvalidSignature));
    assert_eq!(
        s.check_answer(&Answer { flags: 0x9d, ..s.answer() }),
        refused(AccountError::InvalidSignature)
    );
    assert_eq!(s.check_answer(&Answer { flags: 0x9d, more: 1, ..s.answer() }), Ok(()));
    let mut short = s.answer().signed(&s.f.env, &passkey());
    let data = WebAuthnData {
        authenticator_data: Bytes::from_array(&s.f.env, &[5; 32]),
        ..s.answer().data(&s.f.env)
    };
    short.webauthn = Map::try_from_val(&s.f.env, &IntoVal::<Env, Val>::into_val(&data, &s.f.env)).ok();
    assert_eq!(s.check(&[short]), refused(AccountError::InvalidSignature));
}

#[test]
fn nothing_that_was_signed_can_be_changed() {
    let s = Story::new();
    let signed = s.answer().signed(&s.f.env, &passkey());
    let elsewhere = Answer { client_data: s.answer().client_data.replace("wallet", "phish"), ..s.answer() };
    let counted = Answer { flags: 0x0d, ..s.answer() };
    for other in [elsewhere, counted] {
        let webauthn = other.signed(&s.f.env, &passkey()).webauthn;
        assert!(matches!(s.check(&[Sig { webauthn, ..signed.clone() }]), Err(Err(_))));
    }
}

#[test]
fn a_key_of_one_kind_takes_no_signature_of_the_other() {
    let s = Story::new();
    let (key, pass) = (s.f.sig(&s.f.keys[0]), s.answer().signed(&s.f.env, &passkey()));
    let bare = Sig { webauthn: None, ..pass.clone() };
    assert_eq!(s.check(&[bare]), refused(AccountError::InvalidSignature));
    let dressed = Sig { webauthn: pass.webauthn, ..key };
    assert_eq!(s.check(&[dressed]), refused(AccountError::InvalidSignature));
}

#[test]
fn a_passkey_that_is_no_signer_is_refused_before_it_is_verified() {
    let s = Story::new();
    let stranger = s.answer().signed(&s.f.env, &Passkey::from_slice(&[4; 32]).unwrap());
    let forged = Sig { signature: BytesN::from_array(&s.f.env, &[1; 64]), ..stranger };
    assert_eq!(s.check(&[forged]), refused(AccountError::UnauthorizedSigner));
}

#[test]
fn a_wallets_own_map_of_two_fields_is_a_signature() {
    let s = Story::new();
    let env = &s.f.env;
    let Sig { public_key, signature, .. } = s.f.sig(&s.f.keys[0]);
    let fields: Map<soroban_sdk::Symbol, Val> = soroban_sdk::map![
        env,
        (soroban_sdk::Symbol::new(env, "public_key"), public_key.to_val()),
        (soroban_sdk::Symbol::new(env, "signature"), signature.to_val()),
    ];
    assert_eq!(check_raw(&s, vec![env, fields].into_val(env)), Ok(()));
}

fn check_raw(s: &Story, signatures: Val) -> Result<(), Result<AccountError, InvokeError>> {
    let contexts = vec![&s.f.env, s.call.clone()];
    s.f.env.try_invoke_contract_check_auth(&s.f.account, &s.f.payload, signatures, &contexts)
}

#[test]
fn whatever_is_no_vector_of_signatures_is_refused_with_a_code() {
    let s = Story::new();
    let env = &s.f.env;
    let key: SigningKey = s.f.keys[0].clone();
    let shapes: [Val; 6] = [
        Val::VOID.into(),
        7_u32.into(),
        Address::generate(env).to_val(),
        vec![env, 1_u32].into_val(env),
        vec![env, public(env, &key)].into_val(env),
        Map::<u32, u32>::new(env).to_val(),
    ];
    for shape in shapes {
        assert_eq!(check_raw(&s, shape), refused(AccountError::InvalidSignature));
    }
    let nobody = Vec::<Sig>::new(env);
    assert_eq!(check_raw(&s, nobody.to_val()), refused(AccountError::InsufficientSignatures));
}

#[test]
fn more_data_than_any_authenticator_sends_are_refused() {
    let s = Story::new();
    let padded = |length: usize| {
        let answer = s.answer();
        let client_data = format!("{:<length$}", answer.client_data);
        Answer { client_data, ..answer }
    };
    assert_eq!(s.check_answer(&padded(1_024)), Ok(()));
    assert_eq!(s.check_answer(&padded(1_025)), refused(AccountError::InvalidSignature));
    let extended = |more| Answer { flags: SYNCED | 0x80, more, ..s.answer() };
    assert_eq!(s.check_answer(&extended(1_024 - 37)), Ok(()));
    assert_eq!(s.check_answer(&extended(1_025 - 37)), refused(AccountError::InvalidSignature));
}
