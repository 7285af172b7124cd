//! Another tier at the same address.

use super::*;
use account_core::testing::secret;
use margin_interface::{AccountError, InstitutionalAccountClient, Limits, ProAccountClient};
use soroban_sdk::testutils::Events as _;

fn limits(max_leverage: u32) -> Limits {
    Limits { max_leverage, market_exposure: 7, min_health: 12_500, total_borrow: 9 }
}

fn params(w: &World, max_leverage: u32, signers: &[u8]) -> TierParams {
    TierParams { limits: limits(max_leverage), signers: w.keys(signers) }
}

fn stored(w: &World) -> Limits {
    FakeLedgerClient::new(&w.env, &w.ledger).stored_limits()
}

fn refused(error: AccountError) -> Result<(), Option<u32>> {
    Err(Some(error as u32))
}

/// The owner calls a function of its account.
fn owner(w: &World, account: &Address, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Result<(), ()> {
    let wallet = WalletClient::new(&w.env, &w.user);
    let call =
        wallet.try_call(account, &Symbol::new(&w.env, function), &args.into_val(&w.env), &vec![&w.env]);
    call.map(|_| ()).map_err(|_| ())
}

#[test]
fn up_and_down_at_the_same_address_with_the_same_state() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let allowed = Address::generate(&w.env);
    assert_eq!(owner(&w, &account, "allow_contract", (&allowed,)), Ok(()));

    let up = params(&w, 1_000, &[7, 8]);
    assert!(w.upgrade(&account, AccountType::Pro, &up).is_ok());
    assert_eq!(w.env.events().all().filter_by_contract(&w.factory).events().len(), 1);
    let client = w.account(&account);
    assert_eq!((client.account_type(), client.get_owner()), (AccountType::Pro, w.user.clone()));
    assert_eq!((client.limits(), client.signers()), (up.limits.clone(), up.signers));
    assert_eq!(stored(&w), up.limits, "the ledger follows");
    assert_eq!(client.standing().allowed, vec![&w.env, allowed.clone()], "storage is carried over");
    assert_eq!(w.factory().account_type(&account), Some(AccountType::Pro));
    let count = |tier| w.factory().account_count(&tier);
    assert_eq!((count(AccountType::Basic), count(AccountType::Pro)), (0, 1));
    assert!(ProAccountClient::new(&w.env, &account).get_session_keys().is_empty());

    let down = params(&w, 300, &[7]);
    assert!(w.upgrade(&account, AccountType::Basic, &down).is_ok());
    assert_eq!((client.account_type(), client.limits()), (AccountType::Basic, down.limits));
    assert_eq!(client.standing().allowed, vec![&w.env, allowed]);
    assert_eq!((count(AccountType::Basic), count(AccountType::Pro)), (1, 0));
}

#[test]
fn an_account_becomes_an_institution_that_its_owner_no_longer_rules() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    assert!(w.upgrade(&account, AccountType::Institutional, &params(&w, 1_000, &[1, 2, 3])).is_ok());
    let multisig = InstitutionalAccountClient::new(&w.env, &account).multisig();
    assert_eq!((multisig.threshold, multisig.tiers.get(0).unwrap().signatures), (2, 3));
    assert_eq!(owner(&w, &account, "unfreeze", ()), Err(()));
    let back = params(&w, 300, &[7]);
    assert!(w.upgrade(&account, AccountType::Pro, &back).is_err(), "nor may it lead it back");
    assert_eq!(w.account(&account).account_type(), AccountType::Institutional);
}

#[test]
fn what_is_signed_is_the_tier_the_code_and_the_parameters() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let (meant, tier) = (params(&w, 1_000, &[7]), AccountType::Pro);
    let [_, pro, institutional] = w.hashes.clone();
    let others: [Vec<Val>; 3] = [
        (&w.user, AccountType::Institutional, pro.clone(), meant.clone()).into_val(&w.env),
        (&w.user, tier, institutional, meant.clone()).into_val(&w.env),
        (&w.user, tier, pro, params(&w, 999, &[7])).into_val(&w.env),
    ];
    for signed in others {
        assert_eq!(w.upgrade_signed(&account, tier, &meant, signed).map(|_| ()), Err(None));
    }
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
    assert!(w.upgrade(&account, tier, &meant).is_ok());
}

#[test]
fn parameters_outside_the_new_tier_undo_everything() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let before = (w.account(&account).limits(), w.account(&account).signers());
    for bad in [params(&w, 1_001, &[7]), params(&w, 1_000, &[]), params(&w, 1_000, &[7, 7])] {
        assert_eq!(
            w.upgrade(&account, AccountType::Pro, &bad).map(|_| ()),
            refused(AccountError::InvalidConfig)
        );
    }
    let same = params(&w, 300, &[7]);
    assert_eq!(
        w.upgrade(&account, AccountType::Basic, &same).map(|_| ()),
        refused(AccountError::InvalidConfig)
    );
    assert_eq!((w.account(&account).limits(), w.account(&account).signers()), before);
    assert!(FakeLedgerClient::new(&w.env, &w.ledger).try_stored_limits().is_err(), "it is still unused");
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
}

#[test]
fn a_stranger_changes_nothing() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let up = params(&w, 1_000, &[9]);
    let args = (&w.admin, &account, AccountType::Pro, up.clone());
    assert_eq!(w.calls(&w.admin, "upgrade_account", args, &[]).map(|_| ()), Err(None));
    let args = (&w.user, &account, AccountType::Pro, up.clone());
    assert_eq!(w.calls(&w.admin, "upgrade_account", args, &[]).map(|_| ()), Err(None));
    let unknown = w.upgrade(&w.vault, AccountType::Pro, &up).map(|_| ());
    assert_eq!(unknown, failed(FactoryError::UnknownAccount));
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
}

#[test]
fn down_is_refused_while_a_session_or_a_rule_for_a_token_is_there() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    let down = params(&w, 300, &[7]);
    let change = || w.upgrade(&account, AccountType::Basic, &down).map(|_| ());
    let key = account_core::testing::public(&w.env, &secret(77));
    let ops = vec![&w.env, Symbol::new(&w.env, "borrow")];
    assert_eq!(owner(&w, &account, "add_session_key", (key.clone(), NOW + 9, 5_i128, 9_i128, ops)), Ok(()));
    assert_eq!(change(), refused(AccountError::TierInUse));
    assert_eq!(owner(&w, &account, "revoke_session_key", (key,)), Ok(()));
    let (asset, policy) =
        (Address::generate(&w.env), margin_interface::TokenPolicy { max_debt: 1, max_outflow: 1 });
    assert_eq!(owner(&w, &account, "set_token_policy", (&asset, policy)), Ok(()));
    assert_eq!(change(), refused(AccountError::TierInUse));
    assert_eq!(owner(&w, &account, "remove_token_policy", (&asset,)), Ok(()));
    assert_eq!(change(), Ok(()));
}

#[test]
fn down_is_refused_while_the_account_is_beyond_the_new_limits() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    let down = params(&w, 300, &[7]);
    let ledger = FakeLedgerClient::new(&w.env, &w.ledger);
    let fine = margin_interface::AccountSummary { leverage: 300, health_factor: 12_500, ..healthy(&w.env) };
    ledger.script(&margin_interface::AccountSummary { leverage: 301, ..fine.clone() });
    assert_eq!(w.upgrade(&account, AccountType::Basic, &down).map(|_| ()), refused(AccountError::TierInUse));
    ledger.script(&fine);
    assert!(w.upgrade(&account, AccountType::Basic, &down).is_ok());
}

#[test]
fn announced_code_does_not_survive_a_change_of_tier() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    assert_eq!(owner(&w, &account, "propose_upgrade", (&w.hashes[0],)), Ok(()));
    assert!(w.upgrade(&account, AccountType::Pro, &params(&w, 1_000, &[7])).is_ok());
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 7 * 86_400);
    assert_eq!(owner(&w, &account, "execute_upgrade", ()), Err(()));
    assert_eq!(w.account(&account).account_type(), AccountType::Pro);
}
