//! `sign-auth`, the tool, signs what the host and an account accept.

use base64::{engine::general_purpose::STANDARD, Engine as _};
use margin_interface::AccountError::UnauthorizedSigner;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{public_key, Shape};
use margin_tests::fixture::Fixture;
use margin_tests::money::{usdc, Coin, Money};
use margin_tests::refusal::assert_refused;
use margin_tests::tx::Tx;
use sign_auth::{entries, sign_envelope, Binding, Refusal, Signing};
use soroban_sdk::xdr::{
    HostFunction, InvokeHostFunctionOp, Limits, Memo, MuxedAccount, Operation, OperationBody, Preconditions,
    ReadXdr, ScVal, SequenceNumber, SorobanAuthorizationEntry, SorobanCredentials, Transaction,
    TransactionEnvelope, TransactionExt, TransactionV1Envelope, Uint256, WriteXdr,
};
use soroban_sdk::{Bytes, Vec as HostVec};

crate::in_both_modes!(
    what_the_tool_signs_is_accepted,
    members_sign_one_after_another,
    a_second_signature_keeps_to_the_expiration_of_the_first,
    a_strangers_key_signs_in_vain,
    only_the_named_account_is_signed_for,
);

const MAINNET: &str = "Public Global Stellar Network ; September 2015";
const LITTLE: Money = Money { coin: Coin::Eth, units: 1_000_000_000_000_000 };

fn alice(f: &Fixture) -> Actor {
    let keys = [key_of("first key"), key_of("second key")];
    let signers = keys.each_ref().map(|key| Bytes::from_array(&f.env, &public_key(key)));
    let account =
        f.smart_account_with("alice", |config| config.signers = HostVec::from_array(&f.env, signers));
    let account = Actor::at(&f.world, "alice", account.address, keys.to_vec());
    f.fund(&account, usdc(1_000));
    account.deposit(usdc(1_000)).ok();
    account
}

/// A transaction as a simulation records it: its entries have no signature yet.
fn recorded<T>(tx: &Tx<T>) -> String
where
    T: soroban_sdk::TryFromVal<soroban_sdk::Env, soroban_sdk::Val>,
{
    let entries = tx.entries();
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope {
        tx: Transaction {
            source_account: MuxedAccount::Ed25519(Uint256([7; 32])),
            fee: 100,
            seq_num: SequenceNumber(1),
            cond: Preconditions::None,
            memo: Memo::None,
            operations: vec![Operation {
                source_account: None,
                body: OperationBody::InvokeHostFunction(InvokeHostFunctionOp {
                    host_function: HostFunction::UploadContractWasm(Default::default()),
                    auth: entries.try_into().unwrap(),
                }),
            }]
            .try_into()
            .unwrap(),
            ext: TransactionExt::V0,
        },
        signatures: Default::default(),
    });
    STANDARD.encode(envelope.to_xdr(Limits::none()).unwrap())
}

fn entries_of(envelope: &str) -> Vec<SorobanAuthorizationEntry> {
    let xdr = STANDARD.decode(envelope).unwrap();
    let TransactionEnvelope::Tx(envelope) = TransactionEnvelope::from_xdr(xdr, Limits::none()).unwrap()
    else {
        panic!("another kind of envelope")
    };
    let OperationBody::InvokeHostFunction(invoke) = &envelope.tx.operations[0].body else {
        panic!("another operation")
    };
    invoke.auth.to_vec()
}

fn signing<'a>(f: &Fixture, keys: &'a [ed25519_dalek::SigningKey], binding: Binding) -> Signing<'a> {
    Signing { binding, expires: f.env.ledger().sequence() + 60, keys, passphrase: MAINNET }
}

fn what_the_tool_signs_is_accepted(f: &Fixture) {
    let alice = alice(f);
    for shape in Shape::ALL {
        for binding in [Binding::AsRecorded, Binding::Account] {
            let tx = alice.borrow(LITTLE).shape(shape).signature(ScVal::Void);
            let signed = sign_envelope(&recorded(&tx), None, &signing(f, &alice.keys[..1], binding)).unwrap();
            let signed = entries_of(&signed);
            let named = !matches!(signed[0].credentials, SorobanCredentials::Address(_));
            assert_eq!(named, shape != Shape::V1 || binding == Binding::Account);
            tx.submit_with(&signed).unwrap();
        }
    }
}

fn members_sign_one_after_another(f: &Fixture) {
    let alice = alice(f);
    let tx = alice.borrow(LITTLE).signature(ScVal::Void);
    // The later key first: the tool puts them in order.
    let second = sign_envelope(&recorded(&tx), None, &signing(f, &alice.keys[1..], Binding::AsRecorded));
    let both = sign_envelope(&second.unwrap(), None, &signing(f, &alice.keys[..1], Binding::Account));
    let both = entries_of(&both.unwrap());
    let SorobanCredentials::AddressV2(own) = &both[0].credentials else { panic!("other credentials") };
    let ScVal::Vec(Some(records)) = &own.signature else { panic!("no signatures") };
    assert_eq!(records.len(), 2);
    tx.submit_with(&both).unwrap();
}

fn a_second_signature_keeps_to_the_expiration_of_the_first(f: &Fixture) {
    let alice = alice(f);
    let tx = alice.borrow(LITTLE).signature(ScVal::Void);
    let first = signing(f, &alice.keys[..1], Binding::AsRecorded);
    let once = sign_envelope(&recorded(&tx), None, &first).unwrap();
    let later = Signing {
        expires: first.expires + 1,
        keys: &alice.keys[1..],
        ..signing(f, &alice.keys, Binding::AsRecorded)
    };
    assert_eq!(sign_envelope(&once, None, &later), Err(Refusal::OtherExpiration(first.expires)));
}

fn a_strangers_key_signs_in_vain(f: &Fixture) {
    let alice = alice(f);
    let tx = alice.borrow(LITTLE).signature(ScVal::Void);
    let stranger = [key_of("stranger")];
    let signed = sign_envelope(&recorded(&tx), None, &signing(f, &stranger, Binding::AsRecorded)).unwrap();
    let SorobanCredentials::AddressV2(own) = entries_of(&signed)[0].credentials.clone() else {
        panic!("other credentials")
    };
    assert_refused(tx.signature(own.signature), &alice, UnauthorizedSigner);
}

fn only_the_named_account_is_signed_for(f: &Fixture) {
    let alice = alice(f);
    let tx = alice.borrow(LITTLE).signature(ScVal::Void);
    let envelope = recorded(&tx);
    assert_eq!(entries(&envelope, None).unwrap().len(), 1);
    assert_eq!(entries(&envelope, Some(&alice.address.clone().into())).unwrap().len(), 1);
    let other = f.contracts().vault.clone().into();
    assert_eq!(entries(&envelope, Some(&other)).unwrap().len(), 0);
    let signed = sign_envelope(&envelope, Some(&other), &signing(f, &alice.keys, Binding::Account)).unwrap();
    assert_eq!(signed, envelope);
}
