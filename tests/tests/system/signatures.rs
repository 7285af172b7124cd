//! Whose signature counts, and how often: in every kind of credentials that the host accepts.

use ed25519_dalek::Signer as _;
use margin_interface::AccountError::{
    InsufficientSignatures, InvalidSignature, OperationNotAllowed, UnauthorizedSigner,
};
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{public_key, signature_value, Shape};
use margin_tests::fixture::Fixture;
use margin_tests::money::{usdc, Coin, Money};
use margin_tests::refusal::{assert_refused, assert_refused_by_host, bad_signature};
use soroban_sdk::{Bytes, Vec as HostVec};

crate::in_both_modes!(
    the_right_key_suffices,
    a_strangers_key_is_refused,
    a_forged_signature_is_refused,
    no_signature_is_refused,
    a_signature_twice_is_refused,
    signatures_out_of_order_are_refused,
    an_entry_works_once,
    an_entry_expires,
    a_sibling_with_the_same_key_is_another_account,
    the_owner_does_not_trade_and_the_signer_does_not_administer,
);

const LITTLE: Money = Money { coin: Coin::Eth, units: 1_000_000_000_000_000 };

/// A Basic account with two signers and 1,000 USDC deposited.
fn alice(f: &Fixture) -> Actor {
    account_with_two_keys(f, "alice")
}

fn account_with_two_keys(f: &Fixture, name: &str) -> Actor {
    let keys = [key_of("first key"), key_of("second key")];
    let signers = keys.each_ref().map(|key| Bytes::from_array(&f.env, &public_key(key)));
    let account = f.smart_account_with(name, |config| config.signers = HostVec::from_array(&f.env, signers));
    let account = Actor::at(&f.world, name, account.address, keys.to_vec());
    f.fund(&account, usdc(1_000));
    account.deposit(usdc(1_000)).ok();
    account
}

/// The same in each kind of credentials.
fn in_each_shape(alice: &Actor, story: impl Fn(Shape)) {
    for shape in Shape::ALL {
        alice.shape.set(shape);
        story(shape);
    }
}

fn the_right_key_suffices(f: &Fixture) {
    let alice = alice(f);
    in_each_shape(&alice, |_| {
        alice.borrow(LITTLE).signed_by(&[&alice.keys[0]]).ok();
        alice.borrow(LITTLE).signed_by(&[&alice.keys[1]]).ok();
        alice.borrow(LITTLE).ok();
    });
}

fn a_strangers_key_is_refused(f: &Fixture) {
    let alice = alice(f);
    let stranger = key_of("stranger");
    in_each_shape(&alice, |_| {
        assert_refused(alice.borrow(LITTLE).signed_by(&[&stranger]), &alice, UnauthorizedSigner);
        let mut mixed = [&stranger, alice.key()];
        mixed.sort_by_key(|key| public_key(key));
        assert_refused(alice.borrow(LITTLE).signed_by(&mixed), &alice, UnauthorizedSigner);
    });
}

fn a_forged_signature_is_refused(f: &Fixture) {
    let alice = alice(f);
    let stranger = key_of("stranger");
    in_each_shape(&alice, |_| {
        let forged = stranger.sign(&[7; 32]).to_bytes();
        let as_alice = signature_value([(public_key(alice.key()), forged)].into_iter());
        assert_refused_by_host(alice.borrow(LITTLE).signature(as_alice), &alice, bad_signature());
    });
}

fn no_signature_is_refused(f: &Fixture) {
    let alice = alice(f);
    let unsigned = alice.borrow(LITTLE).unsigned().changes_nothing();
    assert_eq!(unsigned.refused_by, None, "nobody was even asked");
    in_each_shape(&alice, |_| {
        assert_refused(alice.borrow(LITTLE).signed_by(&[]), &alice, InsufficientSignatures);
    });
}

fn a_signature_twice_is_refused(f: &Fixture) {
    let alice = alice(f);
    in_each_shape(&alice, |_| {
        let twice = alice.borrow(LITTLE).signed_by(&[alice.key(), alice.key()]);
        assert_refused(twice, &alice, InvalidSignature);
    });
}

fn signatures_out_of_order_are_refused(f: &Fixture) {
    let alice = alice(f);
    in_each_shape(&alice, |_| {
        let backwards = alice.borrow(LITTLE).signed_by(&[&alice.keys[1], &alice.keys[0]]);
        assert_refused(backwards, &alice, InvalidSignature);
    });
}

fn an_entry_works_once(f: &Fixture) {
    let alice = alice(f);
    in_each_shape(&alice, |shape| {
        let borrow = alice.borrow(LITTLE);
        let entries = borrow.entries();
        borrow.submit_with(&entries).unwrap_or_else(|failure| panic!("{shape:?}: {failure}"));
        let before = f.everything();
        let replayed = borrow.submit_with(&entries).expect_err("a nonce is used once");
        assert!(replayed.mentions("nonce"), "{replayed}");
        assert!(before == f.everything());
    });
}

fn an_entry_expires(f: &Fixture) {
    let alice = alice(f);
    in_each_shape(&alice, |_| {
        let last = f.env.ledger().sequence() + 2;
        let borrow = alice.borrow(LITTLE).expires(last);
        let entries = borrow.entries();
        f.pass(15);
        let before = f.everything();
        let late = borrow.submit_with(&entries).expect_err("the signature is too old");
        assert!(late.mentions("expired"), "{late}");
        assert!(before == f.everything());
    });
}

fn a_sibling_with_the_same_key_is_another_account(f: &Fixture) {
    let alice = alice(f);
    let twin = account_with_two_keys(f, "twin");
    assert_ne!(alice.address, twin.address);
    in_each_shape(&alice, |shape| {
        twin.shape.set(shape);
        // What alice signed, presented as the twin's consent: the call still needs alice's own.
        let presented = alice.borrow(LITTLE).on_behalf_of(&twin.address).changes_nothing();
        assert_eq!(presented.refused_by, None);
        // What the twin signs about alice is refused by the twin.
        let about_alice = twin.borrow(LITTLE).also_signing(alice.borrow_call(LITTLE));
        assert_refused(about_alice, &twin, OperationNotAllowed);
        // A context that names nobody would suit every account with that key.
        assert_refused(f.knocks_at(&twin), &twin, OperationNotAllowed);
    });
}

fn the_owner_does_not_trade_and_the_signer_does_not_administer(f: &Fixture) {
    let alice = alice(f);
    let owner = f.owner_of("alice");
    assert_refused(alice.borrow(LITTLE).signed_by(&[owner.key()]), &alice, UnauthorizedSigner);

    let by_signer = f.update_limits(&alice, None, Some(1)).unsigned();
    by_signer.changes_nothing();
    let stranger = f.key_account("stranger");
    f.update_limits_as(&stranger, &alice, None, Some(1)).changes_nothing();
    f.update_limits(&alice, None, Some(1)).ok();
}
