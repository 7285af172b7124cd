//! The token is what a token should be, until it is told otherwise.

extern crate std;

use crate::{TestToken, TestTokenClient, TokenError};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    Address, Env, Error, String,
};

fn setup() -> (Env, TestTokenClient<'static>, [Address; 3]) {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.ledger().set_timestamp(1_790_000_000);
    env.ledger().set_sequence_number(1000);
    env.mock_all_auths();
    let admin = Address::generate(&env);
    let text = String::from_str(&env, "TEST");
    let token = TestTokenClient::new(&env, &env.register(TestToken, (admin, 6u32, text.clone(), text)));
    let people = core::array::from_fn(|_| Address::generate(&env));
    token.mint(&people[0], &1_000);
    (env, token, people)
}

fn code<T, E>(result: Result<T, Result<Error, E>>) -> Option<Error> {
    result.err().and_then(Result::ok)
}

#[test]
fn transfers_burns_and_allowances() {
    let (env, token, [alice, bob, carol]) = setup();
    assert_eq!(token.decimals(), 6);
    token.transfer(&alice, &bob, &300);
    token.burn(&bob, &100);
    token.approve(&alice, &carol, &500, &1_010);
    token.transfer_from(&carol, &alice, &bob, &400);
    assert_eq!((token.balance(&alice), token.balance(&bob)), (300, 600));
    assert_eq!(token.allowance(&alice, &carol), 100);

    let short = Some(Error::from(TokenError::InsufficientAllowance));
    assert_eq!(code(token.try_transfer_from(&carol, &alice, &bob, &101)), short);
    env.ledger().set_sequence_number(1_011);
    assert_eq!(code(token.try_burn_from(&carol, &alice, &1)), short, "the allowance is over");
    let poor = Some(Error::from(TokenError::InsufficientBalance));
    assert_eq!(code(token.try_transfer(&alice, &bob, &301)), poor);
    let negative = Some(Error::from(TokenError::NegativeAmount));
    assert_eq!(code(token.try_transfer(&alice, &bob, &-1)), negative);
}

#[test]
fn a_fee_shortens_what_arrives() {
    let (_env, token, [alice, bob, _]) = setup();
    token.set_fee_bps(&250);
    token.transfer(&alice, &bob, &400);
    assert_eq!((token.balance(&alice), token.balance(&bob)), (600, 390));
}

#[test]
fn only_the_admin_mints() {
    let (env, token, [alice, ..]) = setup();
    env.set_auths(&[]);
    assert!(token.try_mint(&alice, &1).is_err());
    assert!(token.try_set_fee_bps(&1).is_err());
    assert_eq!(token.balance(&alice), 1_000);
}
