use super::{adopt, all, client, fixture, other, some, DAY, USD};
use account_core::testing::{public, refused, secret, NOW};
use margin_interface::Proposer::{Guardians, Signers};
use margin_interface::{AccountError, AmountTier, MultisigCancelled, MultisigConfig, PendingMultisig};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::{vec, Bytes, Event as _, IntoVal};

#[test]
fn administration_needs_every_signature_that_can_be_needed() {
    let f = fixture();
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(f.institutes(&some(&f, 4), "update_params", args), Err(None));
    assert_eq!(f.client().limits().max_leverage, 1_000);
    assert_eq!(all(&f, "update_params", args), Ok(()));
    assert_eq!(f.client().limits().max_leverage, 200);
    let beyond = (Some(1_001_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(all(&f, "update_params", beyond), Err(Some(AccountError::InvalidConfig)), "of the tier");
}

#[test]
fn the_owner_can_do_nothing_alone() {
    let f = fixture();
    assert_eq!(f.client().get_owner(), f.owner);
    let result = f.client().try_update_params(&Some(200), &None, &None, &None);
    assert!(result.is_err());
    let owner = account_core::testing::fakes::FakeOwnerClient::new(&f.env, &f.owner);
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>).into_val(&f.env);
    let function = soroban_sdk::Symbol::new(&f.env, "update_params");
    assert!(owner.try_administer(&f.account, &function, &args).is_err());
    assert_eq!(f.client().limits().max_leverage, 1_000);
}

#[test]
fn a_configuration_waits_a_day_and_anybody_executes_it() {
    let f = fixture();
    let (before, config) = (client(&f).multisig(), other(&f));
    assert_eq!(all(&f, "update_multisig", (config.clone(),)), Ok(()));
    let pending = PendingMultisig { config: config.clone(), recovery: false, ready_at: NOW + DAY };
    assert_eq!(client(&f).pending_multisig(&Signers), pending);
    assert_eq!(client(&f).multisig(), before, "announced, not in force");
    f.pass(DAY - 1);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::TooEarly)));
    f.pass(1);
    client(&f).execute_multisig(&Signers);
    assert_eq!(client(&f).multisig(), config);
    assert_eq!(f.client().standing().epoch, 1);
    assert_eq!(f.check_by(&some(&f, 2), &[f.borrow(1)]), Ok(()));
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::NothingPending)));
}

#[test]
fn a_configuration_lapses_and_can_be_cancelled() {
    let f = fixture();
    assert_eq!(all(&f, "cancel_multisig", (Signers,)), Err(Some(AccountError::NothingPending)));
    assert_eq!(all(&f, "update_multisig", (other(&f),)), Ok(()));
    f.pass(15 * DAY);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::Lapsed)));
    f.pass(0);
    assert_eq!(all(&f, "update_multisig", (other(&f),)), Ok(()), "announced anew");
    assert_eq!(f.institutes(&some(&f, 2), "cancel_multisig", (Signers,)), Err(None));
    assert_eq!(f.institutes(&some(&f, 3), "cancel_multisig", (Signers,)), Ok(()));
    f.pass(DAY);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::NothingPending)));
}

#[test]
fn a_configuration_may_come_for_two_weeks() {
    for (waited, outcome) in [(15 * DAY - 1, Ok(())), (15 * DAY, Err(AccountError::Lapsed))] {
        let f = fixture();
        assert_eq!(all(&f, "update_multisig", (other(&f),)), Ok(()));
        f.pass(waited);
        let result = client(&f).try_execute_multisig(&Signers);
        assert_eq!(result.map(|done| done.unwrap()).map_err(|error| error.unwrap()), outcome);
    }
}

#[test]
fn a_new_epoch_voids_what_was_signed_before() {
    let f = fixture();
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    let mut authorised = vec![&f.env, 0_u32.into_val(&f.env)];
    authorised.append(&args.into_val(&f.env));
    // What is signed for this epoch holds in this epoch alone.
    assert!(f.by_itself(&some(&f, 5), "update_params", authorised.clone(), args).is_ok());
    adopt(&f, &other(&f));
    assert_eq!(f.by_itself(&some(&f, 5), "update_params", authorised, args), Err(None));
    assert_eq!(all(&f, "update_params", args), Ok(()));
}

#[test]
fn every_configuration_that_locks_out_is_refused() {
    let f = fixture();
    let good = other(&f);
    let tier = |above: i128, signatures| AmountTier { above: above * USD, signatures };
    let twice = {
        let mut signers = good.signers.clone();
        signers.push_back(signers.get(0).unwrap());
        signers
    };
    let mut crowd = vec![&f.env];
    for seed in 0..21 {
        crowd.push_back(public(&f.env, &secret(100 + seed)));
    }
    let nine = soroban_sdk::Vec::from_iter(&f.env, (0..9).map(|above| tier(above, 4)));
    let bad = [
        MultisigConfig { threshold: 0, ..good.clone() },
        MultisigConfig { threshold: 6, tiers: vec![&f.env], ..good.clone() },
        MultisigConfig { threshold: 5, ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(1, 6)], ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(1, 1)], ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(1, 4), tier(2, 3)], ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(2, 3), tier(1, 4)], ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(2, 3), tier(2, 4)], ..good.clone() },
        MultisigConfig { tiers: vec![&f.env, tier(-1, 3)], ..good.clone() },
        MultisigConfig { tiers: nine, ..good.clone() },
        MultisigConfig { signers: vec![&f.env], ..good.clone() },
        MultisigConfig { signers: twice, ..good.clone() },
        MultisigConfig { signers: crowd.clone(), ..good.clone() },
        MultisigConfig {
            signers: vec![&f.env, Bytes::from_array(&f.env, &[0; 32])],
            threshold: 1,
            tiers: vec![&f.env],
            ..good.clone()
        },
        MultisigConfig { guardians: vec![&f.env, good.signers.get(0).unwrap()], ..good.clone() },
        MultisigConfig { guardians: crowd.slice(0..8), ..good.clone() },
        MultisigConfig { guardians: vec![&f.env, Bytes::from_array(&f.env, &[1; 31])], ..good.clone() },
    ];
    let before = client(&f).multisig();
    for config in bad {
        let result = all(&f, "update_multisig", (config.clone(),));
        assert_eq!(result, Err(Some(AccountError::InvalidConfig)), "{config:?}");
        assert_eq!(client(&f).multisig(), before);
        assert_eq!(client(&f).try_pending_multisig(&Signers), Err(Ok(AccountError::NothingPending)));
    }
    let whole = MultisigConfig { signers: crowd.slice(0..20), threshold: 20, tiers: vec![&f.env], ..good };
    assert_eq!(all(&f, "update_multisig", (whole,)), Ok(()));
    // At the bounds.
    let edge = MultisigConfig {
        guardians: crowd.slice(0..7),
        tiers: vec![&f.env, tier(0, 2), tier(1, 5)],
        ..other(&f)
    };
    assert_eq!(all(&f, "update_multisig", (edge,)), Ok(()));
}

/// A key is removed because somebody else has it. Neither what was announced with it nor what was signed before brings it back.
#[test]
fn no_removed_signer_comes_back_by_what_was_announced_before() {
    let f = fixture();
    adopt(&f, &other(&f));
    let removed = public(&f.env, &f.keys[4]);
    let [one, two, _] = &super::guardians();
    let announce = |config: &MultisigConfig| {
        assert_eq!(all(&f, "update_multisig", (config.clone(),)), Ok(()));
        assert_eq!(f.institutes(&[one, two], "propose_recovery", (Guardians, config.clone())), Ok(()));
    };
    let with = client(&f).multisig();
    announce(&MultisigConfig { threshold: 1, ..with.clone() });
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    let mut authorised = vec![&f.env, f.client().standing().epoch.into_val(&f.env)];
    authorised.append(&args.into_val(&f.env));
    assert_eq!(f.institutes(&some(&f, 4), "remove_signer", (removed.clone(),)), Ok(()));
    let told = f.env.events().all().filter_by_contract(&f.account).events().to_vec();
    for by in [Signers, Guardians] {
        assert!(told.contains(&MultisigCancelled { by }.to_xdr(&f.env, &f.account)), "{by:?}");
    }
    f.pass(7 * DAY);
    for by in [Signers, Guardians] {
        let executed = client(&f).try_execute_multisig(&by);
        assert_eq!(executed, Err(Ok(AccountError::NothingPending)), "{by:?}");
    }
    assert!(!f.client().signers().contains(&removed));
    assert_eq!(f.by_itself(&some(&f, 4), "update_params", authorised, args), Err(None), "of another epoch");
}

#[test]
fn what_was_announced_without_a_removed_signer_stands() {
    let f = fixture();
    adopt(&f, &other(&f));
    let [one, two, _] = &super::guardians();
    let removed = public(&f.env, &f.keys[4]);
    let with = client(&f).multisig();
    let mut signers = with.signers.clone();
    signers.remove(signers.first_index_of(&removed).unwrap());
    let config = MultisigConfig { signers, tiers: vec![&f.env], ..with };
    assert_eq!(all(&f, "update_multisig", (config.clone(),)), Ok(()));
    assert_eq!(f.institutes(&[one, two], "propose_recovery", (Guardians, config.clone())), Ok(()));
    assert_eq!(f.institutes(&some(&f, 4), "remove_signer", (removed,)), Ok(()));
    f.pass(DAY);
    assert_eq!(client(&f).pending_multisig(&Guardians).config, config);
    client(&f).execute_multisig(&Signers);
    assert_eq!(client(&f).multisig(), config);
}

#[test]
fn a_configuration_that_became_invalid_is_not_executed() {
    let f = fixture();
    adopt(&f, &MultisigConfig { threshold: 1, tiers: vec![&f.env], ..other(&f) });
    let newcomer = public(&f.env, &secret(60));
    assert_eq!(all(&f, "add_signer", (newcomer.clone(),)), Ok(()));
    let grant = margin_interface::SessionGrant {
        allowed_ops: vec![&f.env, soroban_sdk::symbol_short!("borrow")],
        daily_limit: 1,
        expires_at: u64::MAX,
        key: newcomer,
        markets: margin_interface::Scope::All,
        max_leverage: 100,
        max_ops_per_day: 1,
        max_per_ledger: 1,
        max_per_tx: 1,
    };
    assert_eq!(all(&f, "grant_session", (grant,)), Ok(()));
    f.pass(DAY);
    assert_eq!(client(&f).try_execute_multisig(&Signers), Err(Ok(AccountError::InvalidConfig)));
    assert_eq!(f.client().signers().len(), 5);
}

#[test]
fn a_change_of_tier_is_rooted_at_the_factory_and_for_everybody_to_sign() {
    let f = fixture();
    let (this, factory, other) = (&f.account, &f.protocol.factory, &f.owner);
    let upgrade = f.call(factory, "upgrade_account", (this, this, 1_u32));
    assert_eq!(f.check(core::slice::from_ref(&upgrade)), refused(AccountError::InsufficientSignatures));
    assert_eq!(
        f.check_by(&some(&f, 4), core::slice::from_ref(&upgrade)),
        refused(AccountError::InsufficientSignatures)
    );
    assert_eq!(f.check_by(&some(&f, 5), &[upgrade]), Ok(()));
    for call in [
        f.call(factory, "upgrade_account", (this, other, 1_u32)),
        f.call(factory, "upgrade_account", (other, this, 1_u32)),
        f.call(factory, "create_account", (this, this, 1_u32)),
        f.call(other, "upgrade_account", (this, this, 1_u32)),
        f.call(factory, "upgrade_account", (this,)),
    ] {
        assert_eq!(f.check_by(&some(&f, 5), &[call]), refused(AccountError::OperationNotAllowed));
    }
}

#[test]
fn a_signer_who_is_added_or_rotated_waits_and_who_is_removed_goes_at_once() {
    let f = fixture();
    let [old, new] = [public(&f.env, &f.keys[4]), public(&f.env, &secret(60))];
    // With all five needed for large amounts nobody can be missed.
    assert_eq!(all(&f, "remove_signer", (old.clone(),)), Err(Some(AccountError::InvalidConfig)));
    assert_eq!(all(&f, "rotate_signer", (old.clone(), new.clone())), Ok(()));
    assert!(f.client().signers().contains(&old));
    f.pass(DAY);
    client(&f).execute_multisig(&Signers);
    assert!(!f.client().signers().contains(&old) && f.client().signers().contains(&new));
    let former = [&f.keys[0], &f.keys[1], &f.keys[4]];
    assert_eq!(f.check_by(&former, &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));

    let f = fixture();
    adopt(&f, &other(&f));
    assert_eq!(all(&f, "remove_signer", (public(&f.env, &f.keys[4]),)), Ok(()));
    assert_eq!(f.client().signers().len(), 4);
    let three = public(&f.env, &f.keys[3]);
    let result = f.institutes(&some(&f, 4), "remove_signer", (three,));
    assert_eq!(result, Err(Some(AccountError::InvalidConfig)), "four are needed above $1,000");
    let unknown = public(&f.env, &secret(61));
    let result = f.institutes(&some(&f, 4), "remove_signer", (unknown,));
    assert_eq!(result, Err(Some(AccountError::UnauthorizedSigner)));
}
