//! The fact that decides the architecture, shown on the host itself: `__check_auth` runs inside the frame of the contract
//! that asks, and may call nothing that is on the stack.

use ed25519_dalek::Signer as _;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{public_key, to_scval, Entry, Invocation, Shape};
use margin_tests::fixture::{install, Fixture};
use margin_tests::money::{eth, usdc, Coin, Money};
use margin_tests::refusal::Failure;
use margin_tests::tx::Tx;
use probe_account::{ProbeAccount, ReadsFrom};
use soroban_sdk::xdr::{ScAddress, ScError, ScErrorCode};
use soroban_sdk::{BytesN, IntoVal};
use test_token::TestTokenClient;

crate::in_both_modes!(
    a_policy_that_reads_the_executing_vault_is_refused_by_the_host,
    a_policy_that_reads_the_ledger_works,
    a_third_party_reads_the_risk_while_the_vault_executes,
);

/// An account of somebody else's making; its policy reads its own risk from `reads`.
fn probe(f: &Fixture, reads: ReadsFrom) -> Actor {
    let key = key_of("probe");
    let contracts = f.contracts();
    let public = BytesN::from_array(&f.env, &public_key(&key));
    let args = (public, contracts.vault.clone(), contracts.ledger.clone(), reads);
    let address = install(&f.world, "probe-account", ProbeAccount, args);
    let probe = Actor::at(&f.world, "probe", address, vec![key]);
    f.remember(&probe);
    f.lender.borrow(usdc(1_000)).ok();
    f.lender.pay(&probe.address, usdc(1_000)).ok();
    probe
}

/// Its signature is one bare ed25519 signature.
fn signed<T: soroban_sdk::TryFromVal<soroban_sdk::Env, soroban_sdk::Val>>(
    f: &Fixture,
    probe: &Actor,
    call: Invocation,
) -> Result<T, Failure> {
    let entry = Entry {
        address: probe.address.clone(),
        root: call.tree(&f.env),
        nonce: f.next_nonce(),
        expires: f.env.ledger().sequence() + 10,
        shape: Shape::V2,
        delegates: Vec::new(),
    };
    let signature = probe.key().sign(&entry.payload(&f.env)).to_bytes();
    let entry = entry.with(&f.env, to_scval(&f.env, BytesN::from_array(&f.env, &signature)));
    Tx::<T>::new(&f.world, call).submit_with(&[entry])
}

/// Deposits 1,000 USDC, then borrows 100 ether-dollars, both called on the vault directly.
fn deposits_and_borrows(f: &Fixture, reads: ReadsFrom) -> Result<(), Failure> {
    let probe = probe(f, reads);
    let deposit = probe.deposit_call(&probe, usdc(1_000));
    signed::<i128>(f, &probe, deposit)?;
    signed(f, &probe, probe.borrow_call(Coin::Eth.milli(50)))
}

fn a_policy_that_reads_the_executing_vault_is_refused_by_the_host(f: &Fixture) {
    let failure = deposits_and_borrows(f, ReadsFrom::Vault).expect_err("the vault is on the stack");
    let (account, error) = failure.refused_by.clone().expect("the account was asked");
    assert!(matches!(account, ScAddress::Contract(_)));
    assert_eq!(error, ScError::Context(ScErrorCode::InvalidAction), "{failure}");
    assert!(failure.mentions("re-entry is not allowed"), "{failure}");
}

fn a_policy_that_reads_the_ledger_works(f: &Fixture) {
    deposits_and_borrows(f, ReadsFrom::Ledger).unwrap_or_else(|failure| panic!("{failure}"));
}

fn a_third_party_reads_the_risk_while_the_vault_executes(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000), eth(1)]);
    alice.deposit(usdc(1_000)).ok();
    let token = f.token(Coin::Eth);
    let args = (&f.contracts().ledger, &alice.address).into_val(&f.env);
    f.admin.calls::<()>(token, "set_observer", args).ok();

    // The vault sends the tokens after the ledger booked the debt: the token sees it.
    let half: Money = Coin::Eth.milli(250);
    alice.borrow(half).ok();
    let observed = TestTokenClient::new(&f.env, token).observed();
    assert_eq!(observed, Some(100), "500 / 500, seen from inside the transfer");
    assert_eq!(f.ledger().summary(&alice.address).leverage, 100);
}
