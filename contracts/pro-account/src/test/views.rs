use super::{grant, session, with_session};
use account_core::state::Profile;
use account_core::storage;
use account_core::testing::{publics, refused, Fixture};
use ed25519_dalek::SigningKey;
use margin_interface::{AccountError, Call, Proposal};
use soroban_sdk::auth::Context;
use soroban_sdk::{vec, Symbol, Vec};

fn reason(f: &Fixture, keys: &[&SigningKey], contexts: &[Context]) -> u32 {
    let mut calls = vec![&f.env];
    for context in contexts {
        let Context::Contract(call) = context.clone() else { panic!("no call") };
        calls.push_back(Call { args: call.args, contract: call.contract, fn_name: call.fn_name });
    }
    f.client().can_authorize(&Proposal { calls, signers: publics(&f.env, keys) })
}

/// What the write path says, as a code.
fn written(f: &Fixture, keys: &[&SigningKey], contexts: &[Context]) -> u32 {
    match f.check_by(keys, contexts) {
        Ok(()) => 0,
        Err(Ok(error)) => error as u32,
        Err(Err(_)) => panic!("the account trapped"),
    }
}

#[test]
fn can_authorize_says_what_the_write_path_says() {
    let f = with_session();
    let (owner, key) = (&f.keys[0], &session());
    let unknown = f.call(&f.protocol.vault, "drain", (&f.account,));
    let cases = [
        (std::vec![owner], std::vec![f.borrow(9_999)], 0),
        (std::vec![key], std::vec![f.borrow(501)], AccountError::ExceedsSessionLimit as u32),
        (std::vec![key], std::vec![f.borrow(1), f.borrow(1)], AccountError::OperationNotAllowed as u32),
        (std::vec![owner], std::vec![unknown], AccountError::OperationNotAllowed as u32),
        (std::vec![&f.outsider], std::vec![f.borrow(1)], AccountError::UnauthorizedSigner as u32),
        (std::vec![], std::vec![f.borrow(1)], AccountError::InsufficientSignatures as u32),
        (std::vec![key], std::vec![f.trade(-1, true)], 0),
        (std::vec![key], std::vec![f.borrow(499)], 0),
        (std::vec![key], std::vec![f.borrow(500)], AccountError::ExceedsSessionLimit as u32),
    ];
    for (place, (mut keys, contexts, expected)) in cases.into_iter().enumerate() {
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        assert_eq!(reason(&f, &keys, &contexts), expected, "{place}");
        assert_eq!(written(&f, &keys, &contexts), expected, "{place}");
    }
}

#[test]
fn asking_costs_a_session_nothing() {
    let f = with_session();
    for _ in 0..3 {
        assert_eq!(reason(&f, &[&session()], &[f.borrow(500)]), 0);
    }
    assert_eq!(written(&f, &[&session()], &[f.borrow(500)]), 0);
    f.pass(7 * 86_400);
    assert_eq!(reason(&f, &[&session()], &[f.borrow(1)]), AccountError::SessionExpired as u32);
    assert_eq!(grant(&f).max_per_tx, 500);
}

#[test]
fn an_empty_entry_is_refused() {
    let f = with_session();
    let proposal = Proposal { calls: Vec::new(&f.env), signers: publics(&f.env, &[&f.keys[0]]) };
    assert_eq!(f.client().can_authorize(&proposal), AccountError::OperationNotAllowed as u32);
}

#[test]
fn one_owner_signature_or_the_owner() {
    let f = with_session();
    let required =
        |function: &str| f.client().required_signatures(&Symbol::new(&f.env, function), &i128::MAX);
    for function in ["borrow", "trade", "transfer", "submit", "freeze", "renounce_session"] {
        assert_eq!(required(function), 1, "{function}");
    }
    let administration = ["add_signer", "update_params", "unfreeze", "add_session_key", "grant_session"];
    let call = |function| [f.call(&f.account, function, (&f.account,))];
    for function in administration {
        assert_eq!(required(function), 0, "{function}");
        assert_eq!(f.check(&call(function)), refused(AccountError::OperationNotAllowed));
    }
    // An account that belongs to itself is administered by its signers.
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        storage::save(&f.env, &Profile { owner: f.account.clone(), ..profile });
    });
    for function in administration {
        assert_eq!(required(function), 1, "{function}");
        assert_eq!(f.check(&call(function)), Ok(()));
    }
}
