use super::fixture;
use crate::BasicAccount;
use account_core::administration::initialise;
use account_core::state::{Profile, SCHEMA};
use account_core::storage;
use account_core::testing::fakes::healthy;
use account_core::testing::{config, public, refused, Fixture, NOW};
use account_core::tier::Basic;
use margin_interface::{AccountConfig, AccountError, AccountType, Limits, SignerRemoved, Standing};
use soroban_sdk::testutils::{Address as _, Events as _};
use soroban_sdk::{vec, Address, Event as _, InvokeError};

const DEFAULTS: Limits = Limits {
    max_leverage: 300,
    market_exposure: 500_000_000_000,
    min_health: 12_000,
    total_borrow: 1_000_000_000_000,
};

/// The ledger knows nothing of it yet.
fn unused() -> Fixture {
    let f = Fixture::deploy_unused(BasicAccount, AccountType::Basic, 2);
    f.ledger().script(&healthy(&f.env));
    f
}

#[test]
fn a_new_account_is_as_it_was_configured() {
    let f = unused();
    assert_eq!(f.client().limits(), DEFAULTS);
    assert_eq!(f.client().get_owner(), f.owner);
    assert_eq!(f.client().account_type(), AccountType::Basic);
    assert_eq!(f.client().signers(), config(&f.env, AccountType::Basic, &f.owner, &f.keys).signers);
    let standing = Standing {
        allowed: vec![&f.env],
        delegates: vec![&f.env],
        epoch: 0,
        frozen: false,
        pending_owner: None,
        pending_upgrade: None,
        upgrade_ready_at: 0,
    };
    assert_eq!(f.client().standing(), standing);
}

#[test]
fn an_account_is_configured_once() {
    let f = fixture();
    let config = config(&f.env, AccountType::Basic, &Address::generate(&f.env), &f.keys);
    let again = f.env.as_contract(&f.account, || initialise::<Basic>(&f.env, config, f.protocol.clone()));
    assert_eq!(again, Err(AccountError::AlreadyInitialized));
    assert_eq!(f.client().get_owner(), f.owner);
}

/// Who risks nothing pays for no entry of the ledger, and whoever may risk has told it the limits before.
#[test]
fn the_ledger_learns_the_limits_when_the_account_is_first_used() {
    let f = unused();
    assert_eq!(f.check(&[f.borrow(1_000)]), refused(AccountError::ExcessiveLeverage));
    assert!(f.ledger().try_stored_limits().is_err(), "what is refused is no use");
    assert_eq!(f.check(&[f.borrow(1)]), Ok(()));
    assert_eq!(f.ledger().stored_limits(), DEFAULTS);
    let f = unused();
    let delegate = Address::generate(&f.env);
    assert_eq!(f.administer("grant_delegate", (delegate, 1_u32, NOW + 1)), Ok(()));
    assert_eq!(f.ledger().stored_limits(), DEFAULTS, "a delegate asks no account");
    let f = unused();
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(f.administer("update_params", args), Ok(()));
    let limits = Limits { max_leverage: 200, ..DEFAULTS };
    assert_eq!(f.ledger().stored_limits(), limits);
}

#[test]
fn anyone_tells_the_ledger_the_limits_and_tells_what_is_so() {
    let f = unused();
    f.client().refresh_limits();
    assert_eq!(f.ledger().stored_limits(), DEFAULTS);

    let f = unused();
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        storage::save(&f.env, &Profile { frozen: true, ..profile });
    });
    f.client().refresh_limits();
    let nothing = Limits { max_leverage: 0, market_exposure: 0, total_borrow: 0, ..DEFAULTS };
    assert_eq!(f.ledger().stored_limits(), nothing, "a frozen account's limits are nothing, whoever tells");
}

/// A stranger would otherwise count up the changes of an account that indexers follow.
#[test]
fn the_ledger_is_not_told_what_it_knows() {
    let f = unused();
    f.client().refresh_limits();
    let mark = Limits { max_leverage: 1, ..DEFAULTS };
    f.env.as_contract(&f.account, || f.ledger().set_limits(&f.account, &mark));
    f.client().refresh_limits();
    assert_eq!(f.ledger().stored_limits(), mark);
}

#[test]
fn what_an_unused_account_does_elsewhere_depends_on_no_ledger() {
    let f = unused();
    f.ledger().script(&healthy(&f.env));
    let (token, other) = (Address::generate(&f.env), Address::generate(&f.env));
    assert_eq!(f.administer("allow_contract", (other.clone(),)), Ok(()));
    f.ledger().fail(&0);
    let pay = f.call(&token, "transfer", (&f.account, &f.owner, 1_i128));
    let foreign = f.call(&other, "anything", (&f.account,));
    let repay = f.call(&f.protocol.vault, "repay", (&f.account, &f.account, &token, 1_i128));
    assert_eq!(f.check(&[pay.clone(), foreign.clone()]), Ok(()));
    // Whoever asks the venue, in whatever order: it is a context of its own.
    for contexts in [[repay.clone(), pay], [foreign.clone(), repay.clone()], [repay.clone(), foreign.clone()]]
    {
        assert_eq!(f.check(&contexts), Err(Err(InvokeError::Abort)), "the ledger's own failure");
    }
    f.ledger().heal();
    assert!(f.ledger().try_stored_limits().is_err());
    assert_eq!(f.check(&[foreign, repay]), Ok(()));
    assert_eq!(f.ledger().stored_limits(), DEFAULTS);
}

fn register(change: impl FnOnce(&Fixture, &mut AccountConfig)) {
    let f = fixture();
    let mut config = config(&f.env, AccountType::Basic, &f.owner, &f.keys);
    change(&f, &mut config);
    f.env.register(BasicAccount, (config, f.protocol.clone()));
}

#[test]
#[should_panic(expected = "Error(Contract, #203)")]
fn another_tier_is_refused() {
    register(|_, config| config.account_type = AccountType::Pro);
}

#[test]
#[should_panic(expected = "Error(Contract, #203)")]
fn leverage_beyond_the_tier_is_refused() {
    register(|_, config| config.max_leverage = 301);
}

#[test]
#[should_panic(expected = "Error(Contract, #203)")]
fn an_account_without_signers_is_refused() {
    register(|f, config| config.signers = vec![&f.env]);
}

#[test]
fn the_owner_changes_parameters_and_the_ledger_follows() {
    let f = fixture();
    let args = (Some(200_u32), None::<u32>, Some(7_i128), None::<i128>);
    assert_eq!(f.administer("update_params", args), Ok(()));
    assert_eq!(f.env.events().all().filter_by_contract(&f.account).events().len(), 1);
    let expected = Limits { max_leverage: 200, market_exposure: 7, ..DEFAULTS };
    assert_eq!(f.client().limits(), expected);
    assert_eq!(f.ledger().stored_limits(), expected);
    let args = (Some(301_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(f.administer("update_params", args), Err(AccountError::InvalidConfig));
    assert_eq!(f.ledger().stored_limits(), expected);
}

#[test]
fn the_owner_changes_signers_within_the_bounds() {
    let f = fixture();
    let [first, second] = [public(&f.env, &f.keys[0]), public(&f.env, &f.keys[1])];
    let new = public(&f.env, &f.outsider);
    assert_eq!(f.administer("add_signer", (new.clone(),)), Ok(()));
    assert_eq!(f.check_with(&[f.sig(&f.outsider)], &[f.trade(-1, true)]), Ok(()));
    assert_eq!(f.administer("add_signer", (new.clone(),)), Err(AccountError::InvalidConfig));
    assert_eq!(f.administer("remove_signer", (first.clone(),)), Ok(()));
    let told = SignerRemoved { signer: first.clone() }.to_xdr(&f.env, &f.account);
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [told]);
    assert_eq!(f.administer("remove_signer", (first,)), Err(AccountError::UnauthorizedSigner));
    assert_eq!(f.administer("remove_signer", (second,)), Ok(()));
    assert_eq!(f.administer("remove_signer", (new.clone(),)), Err(AccountError::InvalidConfig));
    assert_eq!(f.client().signers(), vec![&f.env, new]);
    let former = f.check_with(&[f.sig(&f.keys[0])], &[f.trade(-1, true)]);
    assert_eq!(former, Err(Ok(AccountError::UnauthorizedSigner)));
}

#[test]
fn nobody_but_the_owner_administers() {
    let f = fixture();
    let new = public(&f.env, &f.outsider);
    assert_eq!(f.client().try_add_signer(&new).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(
        f.client().try_remove_signer(&public(&f.env, &f.keys[0])).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(
        f.client().try_update_params(&Some(100), &None, &None, &None).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(f.client().limits(), DEFAULTS);
    assert_eq!(f.client().signers().len(), 2);
}

#[test]
fn state_of_another_schema_is_not_read() {
    let f = fixture();
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        assert_eq!(profile.schema, SCHEMA);
        storage::save(&f.env, &Profile { schema: SCHEMA + 1, ..profile });
    });
    assert_eq!(f.client().try_limits(), Err(Ok(AccountError::NotInitialized)));
    assert_eq!(f.client().try_refresh_limits(), Err(Ok(AccountError::NotInitialized)));
    assert_eq!(f.check(&[f.trade(-1, true)]), Err(Ok(AccountError::NotInitialized)));
    assert_eq!(f.administer("unfreeze", ()), Err(AccountError::NotInitialized));
}

#[test]
fn every_part_of_the_state_is_stored() {
    let f = fixture();
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        let limits = Limits { max_leverage: 1, market_exposure: 2, min_health: 3, total_borrow: 4 };
        let other = Profile { deleveraged_at: 5, epoch: 6, frozen: true, limits, ..profile };
        storage::save(&f.env, &other);
        assert_eq!(storage::load(&f.env), Ok(other));
    });
    assert_eq!(f.client().get_owner(), f.owner);
}

/// Functions that a tier does not have are those of somebody else, which any one signer may call if they are allowed.
#[test]
fn a_tier_without_sessions_knows_no_administration_of_sessions() {
    let f = fixture();
    for (function, signatures) in [("grant_session", 1), ("set_token_policy", 1), ("update_params", 0)] {
        let operation = soroban_sdk::Symbol::new(&f.env, function);
        assert_eq!(f.client().required_signatures(&operation, &0), signatures, "{function}");
    }
}
