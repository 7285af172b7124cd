use crate::entry::{payload, Refusal};
use crate::{describe, read_key, sign_envelope, Binding, Names, Signing};
use ed25519_dalek::{Signature, SigningKey};
use std::fs;
use stellar_xdr::{
    ContractId, Hash, Int128Parts, InvokeContractArgs, ScAddress, ScString, ScSymbol, ScVal,
    SorobanAddressCredentials, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials,
};

const PASSPHRASE: &str = "Test SDF Network ; September 2015";

fn contract(byte: u8) -> ScAddress {
    ScAddress::Contract(ContractId(Hash([byte; 32])))
}

fn borrow(amount: i64) -> SorobanAuthorizedInvocation {
    let args = vec![
        ScVal::Address(contract(1)),
        ScVal::Address(contract(2)),
        ScVal::I128(Int128Parts { hi: amount >> 63, lo: amount as u64 }),
    ];
    SorobanAuthorizedInvocation {
        function: SorobanAuthorizedFunction::ContractFn(InvokeContractArgs {
            contract_address: contract(3),
            function_name: ScSymbol("borrow".try_into().unwrap()),
            args: args.try_into().unwrap(),
        }),
        sub_invocations: Default::default(),
    }
}

fn entry() -> SorobanAuthorizationEntry {
    SorobanAuthorizationEntry {
        credentials: SorobanCredentials::Address(SorobanAddressCredentials {
            address: contract(1),
            nonce: 77,
            signature_expiration_ledger: 0,
            signature: ScVal::Void,
        }),
        root_invocation: borrow(1_234_567),
    }
}

fn signing(keys: &[SigningKey], binding: Binding) -> Signing<'_> {
    Signing { binding, expires: 500, keys, passphrase: PASSPHRASE }
}

/// Key and signature.
type Pair = (Vec<u8>, Vec<u8>);

fn signed(entry: &SorobanAuthorizationEntry) -> (&SorobanAddressCredentials, Vec<Pair>) {
    let own = crate::entry::credentials(entry).unwrap();
    let ScVal::Vec(Some(records)) = &own.signature else { panic!("no signatures") };
    let bytes = |value: &ScVal| match value {
        ScVal::Bytes(bytes) => bytes.to_vec(),
        _ => panic!("no bytes"),
    };
    let pairs = records.iter().map(|record| match record {
        ScVal::Map(Some(fields)) => (bytes(&fields[0].val), bytes(&fields[1].val)),
        _ => panic!("no map"),
    });
    (own, pairs.collect())
}

#[test]
fn signatures_verify_and_ascend() {
    let keys: Vec<_> = (1..6).map(|seed| SigningKey::from_bytes(&[seed; 32])).collect();
    for (binding, named) in [(Binding::AsRecorded, false), (Binding::Account, true)] {
        let mut entry = entry();
        crate::entry::sign(&mut entry, &signing(&keys, binding)).unwrap();
        let (own, pairs) = signed(&entry);
        assert_eq!(own.signature_expiration_ledger, 500);
        assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(pairs.len(), keys.len());
        let message = payload(own, entry.root_invocation.clone(), named, PASSPHRASE).unwrap();
        for (public, signature) in pairs {
            let key = keys.iter().find(|key| key.verifying_key().to_bytes()[..] == public).unwrap();
            let signature = Signature::from_slice(&signature).unwrap();
            key.verifying_key().verify_strict(&message, &signature).unwrap();
        }
    }
}

#[test]
fn a_key_signs_once_however_often_it_is_asked() {
    let keys = [SigningKey::from_bytes(&[1; 32])];
    let mut entry = entry();
    crate::entry::sign(&mut entry, &signing(&keys, Binding::AsRecorded)).unwrap();
    let once = entry.clone();
    crate::entry::sign(&mut entry, &signing(&keys, Binding::AsRecorded)).unwrap();
    assert_eq!(entry, once);
}

#[test]
fn the_binding_of_a_signed_entry_does_not_change() {
    let keys = [SigningKey::from_bytes(&[1; 32])];
    let mut entry = entry();
    crate::entry::sign(&mut entry, &signing(&keys, Binding::AsRecorded)).unwrap();
    let before = entry.clone();
    let refusal = crate::entry::sign(&mut entry, &signing(&keys, Binding::Account));
    assert_eq!(refusal, Err(Refusal::OtherBinding), "nobody signs what he did not ask for");
    assert_eq!(entry, before);
}

/// Simulations record what nobody has signed in more than one form.
#[test]
fn what_nobody_has_signed_is_bound_to_the_account() {
    let keys = [SigningKey::from_bytes(&[1; 32])];
    for nothing in [ScVal::Void, ScVal::Vec(Some(Default::default()))] {
        let mut entry = entry();
        let SorobanCredentials::Address(own) = &mut entry.credentials else { unreachable!() };
        own.signature = nothing;
        crate::entry::sign(&mut entry, &signing(&keys, Binding::Account)).unwrap();
        assert!(matches!(entry.credentials, SorobanCredentials::AddressV2(_)));
        // The next member of a quorum signs the same.
        let other = [SigningKey::from_bytes(&[2; 32])];
        crate::entry::sign(&mut entry, &signing(&other, Binding::Account)).unwrap();
        assert_eq!(signed(&entry).1.len(), 2);
    }
}

#[test]
fn a_signature_of_another_kind_is_left_alone() {
    let mut entry = entry();
    let SorobanCredentials::Address(own) = &mut entry.credentials else { unreachable!() };
    own.signature = ScVal::U32(1);
    let before = entry.clone();
    let refusal = crate::entry::sign(&mut entry, &signing(&[], Binding::AsRecorded));
    assert_eq!(refusal, Err(Refusal::UnknownSignature));
    assert_eq!(entry, before);
}

#[test]
fn what_is_no_envelope_is_said_to_be_none() {
    for input in ["", "not base 64!", "AAAA"] {
        let refusal = sign_envelope(input, None, &signing(&[], Binding::AsRecorded)).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)), "{input:?}: {refusal}");
    }
}

#[test]
fn words_name_arguments_and_group_digits() {
    let names = Names::from([(contract(3).to_string(), "vault".to_string())]);
    let words = describe(&entry(), 500, &names);
    let vault = format!("    borrow of vault ({})\n", contract(3));
    assert!(words.contains(&vault), "{words}");
    assert!(words.contains("up to ledger 500"), "{words}");
    assert!(words.contains("amount          1,234,567\n"), "{words}");
    assert!(words.contains(&format!("asset           {}\n", contract(2))), "{words}");
}

#[test]
fn words_cannot_move_a_terminal() {
    let mut entry = entry();
    let SorobanAuthorizedFunction::ContractFn(call) = &mut entry.root_invocation.function else {
        unreachable!()
    };
    let erase = "\u{1b}[2J\u{1b}[H";
    call.function_name = ScSymbol(erase.try_into().unwrap());
    let hidden = [
        ScVal::Symbol(ScSymbol(erase.try_into().unwrap())),
        ScVal::String(ScString(erase.try_into().unwrap())),
    ];
    call.args = hidden.to_vec().try_into().unwrap();
    let words = describe(&entry, 500, &Names::new());
    assert_eq!(words.matches("u{1b}").count(), 6, "{words:?}");
    assert!(words.chars().all(|sign| sign == '\n' || !sign.is_control()), "{words:?}");
}

#[test]
fn a_key_comes_from_a_seed_a_file_or_the_environment() {
    let key = SigningKey::from_bytes(&[9; 32]);
    let seed = stellar_strkey::ed25519::PrivateKey([9; 32]).to_string();
    assert_eq!(read_key(&seed).unwrap(), key);
    let file = std::env::temp_dir().join(format!("sign-auth-{}", std::process::id()));
    for text in [format!("{seed}\n"), format!("{}\n", "09".repeat(32))] {
        fs::write(&file, text).unwrap();
        assert_eq!(read_key(file.to_str().unwrap()).unwrap(), key);
    }
    fs::write(&file, "09".repeat(31)).unwrap();
    assert!(read_key(file.to_str().unwrap()).is_err());
    fs::remove_file(&file).unwrap();
    assert!(read_key(file.to_str().unwrap()).is_err());
    assert!(read_key("env:SIGN_AUTH_NO_SUCH_VARIABLE").is_err());
}

/// A seed with a blank too many is a seed; one with a slip stays out of terminals and logs.
#[test]
fn no_message_repeats_what_may_be_a_seed() {
    let seed = stellar_strkey::ed25519::PrivateKey([9; 32]).to_string();
    assert_eq!(read_key(&format!(" {seed}\n")).unwrap(), SigningKey::from_bytes(&[9; 32]));
    for slip in [seed[1..].to_string(), format!("{seed}A"), seed.replace('S', "5"), "0g".repeat(32)] {
        for source in [slip.clone(), format!("env:{slip}")] {
            let said = read_key(&source).unwrap_err().to_string();
            assert!(!said.contains(&slip), "{said}");
        }
    }
}
