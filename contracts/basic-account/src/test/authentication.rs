use super::fixture;
use account_core::testing::refused;
use core::slice;
use margin_interface::{AccountError, Authorized, Sig};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::{Bytes, BytesN, Event as _};

#[test]
fn one_signature_of_any_signer_suffices() {
    let f = fixture();
    assert_eq!(f.check_with(&[f.sig(&f.keys[0])], &[f.trade(-1, true)]), Ok(()));
    assert_eq!(f.check_with(&[f.sig(&f.keys[1])], &[f.trade(-1, true)]), Ok(()));
    assert_eq!(f.check_with(&[f.sig(&f.keys[0]), f.sig(&f.keys[1])], &[f.trade(-1, true)]), Ok(()));
}

#[test]
fn no_signature_is_refused() {
    let f = fixture();
    assert_eq!(f.check_with(&[], &[f.trade(-1, true)]), refused(AccountError::InsufficientSignatures));
}

#[test]
fn descending_and_duplicate_keys_are_refused() {
    let f = fixture();
    let [first, second] = [f.sig(&f.keys[0]), f.sig(&f.keys[1])];
    let call = [f.trade(-1, true)];
    assert_eq!(f.check_with(&[second, first.clone()], &call), refused(AccountError::InvalidSignature));
    assert_eq!(f.check_with(&[first.clone(), first], &call), refused(AccountError::InvalidSignature));
}

#[test]
fn an_outsider_is_refused_alone_and_beside_a_signer() {
    let f = fixture();
    let (outsider, call) = (f.sig(&f.outsider), [f.trade(-1, true)]);
    assert_eq!(f.check_with(slice::from_ref(&outsider), &call), refused(AccountError::UnauthorizedSigner));
    let mut both = [f.sig(&f.keys[0]), outsider];
    both.sort_by(|a, b| a.public_key.cmp(&b.public_key));
    assert_eq!(f.check_with(&both, &call), refused(AccountError::UnauthorizedSigner));
}

#[test]
fn membership_is_checked_before_anything_is_verified() {
    let f = fixture();
    let forged = Sig { signature: BytesN::from_array(&f.env, &[1; 64]), ..f.sig(&f.keys[0]) };
    let mut both = [forged, f.sig(&f.outsider)];
    both.sort_by(|a, b| a.public_key.cmp(&b.public_key));
    assert_eq!(f.check_with(&both, &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
}

#[test]
fn keys_of_another_length_are_nobody() {
    let f = fixture();
    for length in [0, 31, 33, 65] {
        let mut key = f.keys[0].verifying_key().to_bytes().to_vec();
        key.resize(length, 0);
        let sig = Sig { public_key: Bytes::from_slice(&f.env, &key), ..f.sig(&f.keys[0]) };
        assert_eq!(f.check_with(&[sig], &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    }
}

#[test]
fn a_signature_over_something_else_traps_even_beside_a_good_one() {
    let f = fixture();
    let good = f.sig(&f.keys[0]);
    let forged = Sig { signature: good.signature.clone(), ..f.sig(&f.keys[1]) };
    let call = [f.trade(-1, true)];
    assert!(matches!(f.check_with(slice::from_ref(&forged), &call), Err(Err(_))));
    assert!(matches!(f.check_with(&[good, forged], &call), Err(Err(_))));
}

#[test]
fn signatures_are_checked_before_contexts() {
    let f = fixture();
    let unknown = f.call(&f.protocol.vault, "drain", (f.account.clone(),));
    assert_eq!(f.check_with(&[], slice::from_ref(&unknown)), refused(AccountError::InsufficientSignatures));
    assert_eq!(f.check(&[unknown]), refused(AccountError::OperationNotAllowed));
}

#[test]
fn every_authorisation_is_an_event() {
    let f = fixture();
    assert_eq!(f.check_with(&[f.sig(&f.keys[0]), f.sig(&f.keys[1])], &[f.trade(-1, true)]), Ok(()));
    let event = Authorized { signer: f.sig(&f.keys[0]).public_key, signatures: 2 };
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [event.to_xdr(&f.env, &f.account)]);
}
