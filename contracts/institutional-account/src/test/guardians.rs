use super::{adopt, all, client, fixture, guardians, other, some, DAY};
use account_core::state::{Profile, Thresholds};
use account_core::storage;
use account_core::testing::{publics, refused, secret, Fixture};
use core::slice;
use margin_interface::Proposer::{Guardians, Signers};
use margin_interface::{AccountError, AmountTier, MultisigConfig};
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
    assert_eq!(f.institutes(&[one], "propose_recovery", (Guardians, config.clone())), Err(None));
    assert_eq!(f.institutes(&some(&f, 5), "propose_recovery", (Guardians, config.clone())), Err(None));
    assert_eq!(f.institutes(&[one, two], "propose_recovery", (Signers, config.clone())), Err(None));
    assert!(f.institutes(&[one, two], "propose_recovery", (Guardians, config.clone())).is_ok());
    freeze(&f);
    f.pass(7 * DAY - 1);
    assert_eq!(client(&f).try_execute_multisig(&Guardians), Err(Ok(AccountError::TooEarly)));
    f.pass(1);
    client(&f).execute_multisig(&Guardians);
    assert_eq!(client(&f).multisig(), config);
    assert_eq!(f.check_by(&some(&f, 5), &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    assert_eq!(f.check_by(&[&secret(51), &secret(52)], &[f.trade(-1, true)]), Ok(()));
}

#[test]
fn guardians_do_not_choose_guardians() {
    let f = guarded();
    let [one, two, _] = &guardians();
    let config = MultisigConfig { guardians: publics(&f.env, &[&secret(53)]), ..recovered(&f) };
    let result = f.institutes(&[one, two], "propose_recovery", (Guardians, config));
    assert_eq!(result, Err(Some(AccountError::InvalidConfig)));
}

#[test]
fn more_than_half_of_the_signers_veto() {
    let f = guarded();
    let [one, two, three] = &guardians();
    for by in [Signers, Guardians] {
        let announced = match by {
            Signers => all(&f, "update_multisig", (client(&f).multisig(),)),
            Guardians => f.institutes(&[one, two], "propose_recovery", (by, recovered(&f))),
        };
        assert_eq!(announced, Ok(()));
        assert_eq!(f.institutes(&some(&f, 2), "cancel_multisig", (by,)), Err(None));
        assert_eq!(f.institutes(&[one, two, three], "cancel_multisig", (by,)), Err(None));
        assert_eq!(f.institutes(&some(&f, 3), "cancel_multisig", (by,)), Ok(()));
        assert_eq!(client(&f).try_pending_multisig(&by), Err(Ok(AccountError::NothingPending)));
    }
}

/// Four stolen keys of five may recover; the one that is left can stop nothing alone.
#[test]
fn guardians_veto_what_signers_recover_and_nothing_else() {
    let f = guarded();
    let [one, two, _] = &guardians();
    let stolen =
        MultisigConfig { signers: publics(&f.env, &some(&f, 4)), threshold: 3, ..client(&f).multisig() };
    let stolen = MultisigConfig { tiers: soroban_sdk::Vec::new(&f.env), ..stolen };
    assert_eq!(f.institutes(&some(&f, 4), "propose_recovery", (Signers, stolen)), Ok(()));
    assert_eq!(f.institutes(&[one], "cancel_multisig", (Signers,)), Err(None));
    assert_eq!(f.institutes(&[one, two], "cancel_multisig", (Signers,)), Ok(()));
    assert_eq!(client(&f).try_pending_multisig(&Signers), Err(Ok(AccountError::NothingPending)));
    assert_eq!(all(&f, "update_multisig", (client(&f).multisig(),)), Ok(()));
    assert_eq!(f.institutes(&[one, two], "cancel_multisig", (Signers,)), Err(None));
}

#[test]
fn guardians_and_signers_leave_each_others_proposals_alone() {
    let f = guarded();
    let [one, two, _] = &guardians();
    let updated = MultisigConfig { threshold: 3, ..client(&f).multisig() };
    assert_eq!(all(&f, "update_multisig", (updated.clone(),)), Ok(()));
    assert_eq!(f.institutes(&[one, two], "propose_recovery", (Guardians, recovered(&f))), Ok(()));
    assert_eq!(client(&f).pending_multisig(&Signers).config, updated);
    assert_eq!(client(&f).pending_multisig(&Guardians).config, recovered(&f));
    f.pass(DAY);
    assert_eq!(client(&f).try_execute_multisig(&Guardians), Err(Ok(AccountError::TooEarly)));
    client(&f).execute_multisig(&Signers);
    assert_eq!(client(&f).multisig(), updated);
    // What the guardians announced was meant for signers who are no longer in force.
    assert_eq!(client(&f).try_pending_multisig(&Guardians), Err(Ok(AccountError::NothingPending)));
}

#[test]
fn nothing_but_a_recovery_comes_into_force_while_frozen() {
    let f = guarded();
    assert_eq!(all(&f, "update_multisig", (client(&f).multisig(),)), Ok(()));
    f.pass(DAY);
    freeze(&f);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::Frozen)));
}

#[test]
fn without_guardians_no_guardian_recovers() {
    let f = fixture();
    let [one, two, three] = &guardians();
    let config = recovered(&f);
    assert_eq!(f.institutes(&[one, two, three], "propose_recovery", (Guardians, config)), Err(None));
}

/// The five of a new institution all have to sign for large amounts and administration, and nobody guards.
#[test]
fn nobody_who_freezes_and_refuses_or_loses_a_key_locks_the_others_out() {
    let f = fixture();
    assert!(f.by_itself(&[&f.keys[4]], "freeze", (), ()).is_ok());
    let four = some(&f, 4);
    assert_eq!(f.institutes(&four, "unfreeze", ()), Err(None), "that needs all five");
    let mut signers = f.client().signers();
    signers.set(4, publics(&f.env, &[&secret(51)]).get_unchecked(0));
    let config = MultisigConfig { signers, ..client(&f).multisig() };
    assert_eq!(f.institutes(&some(&f, 3), "propose_recovery", (Signers, config.clone())), Err(None));
    assert_eq!(f.institutes(&four, "propose_recovery", (Signers, config.clone())), Ok(()));
    // Who refuses has no veto, nor have all that are no majority.
    assert_eq!(f.institutes(&[&f.keys[4]], "cancel_multisig", (Signers,)), Err(None));
    assert_eq!(f.institutes(&[&f.keys[3], &f.keys[4]], "cancel_multisig", (Signers,)), Err(None));
    f.pass(7 * DAY - 1);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::TooEarly)));
    f.pass(1);
    client(&f).execute_multisig(&Signers);
    assert_eq!(client(&f).multisig(), config);
    let mut five = four;
    let newcomer = secret(51);
    five.push(&newcomer);
    assert_eq!(f.institutes(&five, "unfreeze", ()), Ok(()));
    assert_eq!(f.check_by(&five, &[f.borrow(1)]), Ok(()));
}

#[test]
fn no_minority_recovers() {
    let f = fixture();
    // Two may trade, and three are needed for much: at most one key may be missing, and never half.
    let tiers = vec![&f.env, AmountTier { above: 1, signatures: 3 }];
    adopt(&f, &MultisigConfig { threshold: 1, tiers, ..client(&f).multisig() });
    let config = client(&f).multisig();
    let by = |many| f.institutes(&some(&f, many), "propose_recovery", (Signers, config.clone()));
    assert!(by(2).is_err(), "two of five");
    assert_eq!(by(3), Ok(()));
    let other = MultisigConfig { guardians: publics(&f.env, &[&secret(53)]), ..config.clone() };
    let result = f.institutes(&some(&f, 3), "propose_recovery", (Signers, other));
    assert_eq!(result, Err(Some(AccountError::InvalidConfig)), "who guards is for the highest threshold");
}

#[test]
fn from_three_signers_on_the_others_replace_any_one_and_never_a_minority() {
    let f = fixture();
    for signers in 1..=20 {
        for highest in 1..=signers {
            let tiers = vec![&f.env, AmountTier { above: 1, signatures: highest }];
            let needed = Thresholds { threshold: 1, tiers }.to_recover(signers);
            assert!(2 * needed > signers && needed + 1 >= highest, "{needed} of {signers}");
            assert_eq!(needed < signers, signers >= 3, "{needed} of {signers}");
        }
    }
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
