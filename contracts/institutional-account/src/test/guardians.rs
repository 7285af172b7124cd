use super::{adopt, all, client, fixture, guardians, other, some, DAY};
use account_core::state::Profile;
use account_core::storage;
use account_core::testing::{publics, refused, secret, Fixture};
use core::slice;
use margin_interface::{AccountError, MultisigConfig};
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{vec, Address};

/// An institution with three guardians.
fn guarded() -> Fixture {
    let f = fixture();
    adopt(&f, &other(&f));
    f
}

/// Two new signers.
fn recovered(f: &Fixture) -> MultisigConfig {
    let signers = publics(&f.env, &[&secret(51), &secret(52)]);
    MultisigConfig { signers, threshold: 2, tiers: vec![&f.env], ..client(f).multisig() }
}

fn freeze(f: &Fixture) {
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        storage::save(&f.env, &Profile { frozen: true, ..profile });
    });
}

#[test]
fn one_signer_or_guardian_freezes_and_nothing_else_goes_with_it() {
    let f = guarded();
    let freeze = f.call(&f.account, "freeze", (&f.account,));
    let [guardian, ..] = &guardians();
    assert_eq!(f.check_by(&[guardian], slice::from_ref(&freeze)), Ok(()));
    assert_eq!(f.check_by(&[&f.keys[3]], slice::from_ref(&freeze)), Ok(()));
    assert_eq!(
        f.check_by(&[&f.outsider], slice::from_ref(&freeze)),
        refused(AccountError::UnauthorizedSigner)
    );
    for contexts in
        [[freeze.clone(), f.trade(-1, true)], [f.trade(-1, true), freeze.clone()], [freeze.clone(), freeze]]
    {
        assert_eq!(f.check_by(&some(&f, 5), &contexts), refused(AccountError::OperationNotAllowed));
    }
    let sibling = f.call(&f.account, "freeze", (&f.owner,));
    assert_eq!(f.check_by(&[guardian], &[sibling]), refused(AccountError::OperationNotAllowed));
}

#[test]
fn guardians_do_nothing_else() {
    let f = guarded();
    let all = guardians();
    let all: std::vec::Vec<_> = all.iter().collect();
    for context in [f.trade(-1, true), f.borrow(1), f.call(&f.account, "unfreeze", (&f.account, 1_u32))] {
        assert_eq!(f.check_by(&all, &[context]), refused(AccountError::OperationNotAllowed));
    }
    assert_eq!(
        f.check_by(&[all[0], &f.keys[0]], &[f.trade(-1, true)]),
        refused(AccountError::UnauthorizedSigner)
    );
}

#[test]
fn more_than_half_of_the_guardians_recover_after_a_week() {
    let f = guarded();
    let [one, two, _] = &guardians();
    let config = recovered(&f);
    assert!(f.institutes(&[one], "propose_recovery", (config.clone(),)).is_err());
    assert!(f.institutes(&some(&f, 5), "propose_recovery", (config.clone(),)).is_err(), "signers update");
    assert!(f.institutes(&[one, two], "propose_recovery", (config.clone(),)).is_ok());
    freeze(&f);
    f.pass(7 * DAY - 1);
    assert_eq!(client(&f).try_execute_multisig(), Err(Ok(AccountError::TooEarly)));
    f.pass(1);
    client(&f).execute_multisig();
    assert_eq!(client(&f).multisig(), config);
    assert_eq!(f.check_by(&some(&f, 5), &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    assert_eq!(f.check_by(&[&secret(51), &secret(52)], &[f.trade(-1, true)]), Ok(()));
}

#[test]
fn guardians_do_not_choose_guardians() {
    let f = guarded();
    let [one, two, _] = &guardians();
    let config = MultisigConfig { guardians: publics(&f.env, &[&secret(53)]), ..recovered(&f) };
    let result = f.institutes(&[one, two], "propose_recovery", (config,));
    assert_eq!(result, Err(Some(AccountError::InvalidConfig)));
}

#[test]
fn a_few_signers_veto_a_recovery_and_only_that() {
    let f = guarded();
    let [one, two, _] = &guardians();
    assert_eq!(all(&f, "update_multisig", (client(&f).multisig(),)), Ok(()));
    assert!(
        f.institutes(&some(&f, 2), "cancel_multisig", ()).is_err(),
        "an update needs the highest threshold"
    );
    assert!(f.institutes(&[one, two], "propose_recovery", (recovered(&f),)).is_ok());
    assert!(f.institutes(&some(&f, 1), "cancel_multisig", ()).is_err());
    assert!(f.institutes(&[one, two], "cancel_multisig", ()).is_err());
    assert!(f.institutes(&some(&f, 2), "cancel_multisig", ()).is_ok());
    assert_eq!(client(&f).try_pending_multisig(), Err(Ok(AccountError::NothingPending)));
}

#[test]
fn nothing_but_a_recovery_comes_into_force_while_frozen() {
    let f = guarded();
    assert_eq!(all(&f, "update_multisig", (client(&f).multisig(),)), Ok(()));
    f.pass(DAY);
    freeze(&f);
    assert_eq!(client(&f).try_execute_multisig(), Err(Ok(AccountError::Frozen)));
}

#[test]
fn without_guardians_nobody_recovers() {
    let f = fixture();
    let [one, two, three] = &guardians();
    let config = recovered(&f);
    assert!(f.institutes(&[one, two, three], "propose_recovery", (config,)).is_err());
}

#[test]
fn a_frozen_institution_administers_and_reduces() {
    let f = fixture();
    freeze(&f);
    assert_eq!(f.check_by(&some(&f, 5), &[f.borrow(1)]), refused(AccountError::Frozen));
    assert_eq!(f.check_by(&some(&f, 3), &[f.trade(-1, true)]), Ok(()));
    let token = Address::generate(&f.env);
    let (this, vault): (_, &Address) = (&f.account, &f.protocol.vault);
    let transfer = f.call(&token, "transfer", (this, vault, 5_i128));
    assert_eq!(f.check_by(&some(&f, 5), slice::from_ref(&transfer)), refused(AccountError::Frozen));
    let repay = f.call(vault, "repay", (this, this, &token, 5_i128));
    assert_eq!(f.check_by(&some(&f, 3), &[repay, transfer]), Ok(()));
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(all(&f, "update_params", args), Ok(()));
}
