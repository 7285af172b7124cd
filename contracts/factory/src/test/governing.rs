//! Code of future accounts, and the emergency stop.

use super::*;
use governance::Delay;
use margin_interface::{FactoryChange, GovernanceClient, GovernanceError};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::InvokeError;

const NEW: AccountType = AccountType::Pro;

fn change(w: &World) -> FactoryChange {
    FactoryChange::WasmHash(NEW, w.salt(9))
}

fn propose(w: &World, by: &Address) -> Result<BytesN<32>, Option<u32>> {
    w.calls(by, "propose", (change(w),), &[]).map(|id| id.into_val(&w.env))
}

fn execute(w: &World, by: &Address, id: &BytesN<32>) -> Result<(), Option<u32>> {
    w.calls(by, "execute", (id,), &[]).map(|_| ())
}

fn pass(w: &World, seconds: u64) {
    w.env.ledger().with_mut(|ledger| ledger.timestamp += seconds);
}

#[test]
fn new_code_waits_a_week_and_reaches_future_accounts_alone() {
    let w = World::new();
    let account = w.deployed(NEW);
    let before = w.factory().config();
    assert_eq!(propose(&w, &w.guardian), Err(None));
    assert_eq!(propose(&w, &w.user), Err(None));
    let id = propose(&w, &w.admin).unwrap();
    pass(&w, Delay::Code.seconds() - 1);
    assert_eq!(execute(&w, &w.admin, &id), Err(Some(GovernanceError::TooEarly as u32)));
    pass(&w, 1);
    assert_eq!(execute(&w, &w.user, &id), Err(None));
    assert_eq!(w.factory().config(), before);
    assert_eq!(execute(&w, &w.admin, &id), Ok(()));
    assert_eq!(w.env.events().all().filter_by_contract(&w.factory).events().len(), 2, "executed, and set");
    assert_eq!(w.factory().config().pro_hash, w.salt(9));
    assert_eq!(
        (w.factory().config().basic_hash, w.factory().config().institutional_hash),
        (before.basic_hash, before.institutional_hash)
    );
    assert_eq!(w.account(&account).account_type(), NEW, "a deployed account keeps its code");
    assert_eq!(account.executable(), Some(soroban_sdk::Executable::Wasm(w.hashes[1].clone())));
    assert_eq!(execute(&w, &w.admin, &id), Err(Some(GovernanceError::NotScheduled as u32)));
}

/// Whoever sends tokens before there is an account has a week to create it, and otherwise waits for the former code.
#[test]
fn an_address_that_nobody_deployed_to_goes_with_its_code_and_comes_back_with_it() {
    let w = World::new();
    let (config, salt) = (w.config(NEW), w.salt(3));
    let address = || w.factory().account_address(&config, &salt);
    let (funded, former) = (address(), w.factory().config().pro_hash);
    let announce = |hash: &BytesN<32>| {
        let (change, before) = (FactoryChange::WasmHash(NEW, hash.clone()), address());
        w.calls(&w.admin, "propose", (change,), &[]).unwrap();
        pass(&w, Delay::Code.seconds());
        assert_eq!(address(), before, "until it is in force");
        w.calls(&w.admin, "set_wasm_hash", (NEW, hash), &[]).unwrap();
    };
    announce(&w.salt(9));
    assert_ne!(address(), funded);
    announce(&former);
    assert_eq!(address(), funded);
    assert_eq!(w.create(&config, 3), Ok(funded));
}

#[test]
fn announced_code_is_set_by_name() {
    let w = World::new();
    let set = |by: &Address, tier: AccountType, hash: &BytesN<32>| {
        w.calls(by, "set_wasm_hash", (tier, hash), &[]).map(|_| ())
    };
    let hash = w.salt(9);
    let unknown = Err(Some(GovernanceError::NotScheduled as u32));
    assert_eq!(set(&w.admin, NEW, &hash), unknown);
    propose(&w, &w.admin).unwrap();
    pass(&w, Delay::Code.seconds() - 1);
    assert_eq!(set(&w.admin, NEW, &hash), Err(Some(GovernanceError::TooEarly as u32)));
    pass(&w, 1);
    assert_eq!(set(&w.admin, AccountType::Basic, &hash), unknown, "announced for another tier");
    assert_eq!(set(&w.admin, NEW, &w.salt(8)), unknown, "other code was announced");
    assert_eq!(set(&w.guardian, NEW, &hash), Err(None));
    assert_eq!(set(&w.user, NEW, &hash), Err(None));
    assert_ne!(w.factory().config().pro_hash, hash);
    assert_eq!(set(&w.admin, NEW, &hash), Ok(()));
    assert_eq!(w.factory().config().pro_hash, hash);
    assert_eq!(set(&w.admin, NEW, &hash), unknown, "once");
}

#[test]
fn each_tier_has_its_own_slot() {
    for (place, tier) in
        [AccountType::Basic, AccountType::Pro, AccountType::Institutional].into_iter().enumerate()
    {
        let w = World::new();
        let change = FactoryChange::WasmHash(tier, w.salt(9));
        let id: BytesN<32> = w.calls(&w.admin, "propose", (change,), &[]).unwrap().into_val(&w.env);
        pass(&w, Delay::Code.seconds());
        assert_eq!(execute(&w, &w.admin, &id), Ok(()));
        let config = w.factory().config();
        let mut expected = w.hashes.clone();
        expected[place] = w.salt(9);
        assert_eq!([config.basic_hash, config.pro_hash, config.institutional_hash], expected);
    }
}

#[test]
fn the_factory_itself_takes_new_code_after_a_week_until_it_is_final() {
    let w = World::new();
    let change = FactoryChange::Upgrade(w.salt(9), 1);
    let id: BytesN<32> = w.calls(&w.admin, "propose", (change,), &[]).unwrap().into_val(&w.env);
    pass(&w, Delay::Code.seconds() - 1);
    assert_eq!(execute(&w, &w.admin, &id), Err(Some(GovernanceError::TooEarly as u32)));
    pass(&w, 1);
    assert_eq!(
        execute(&w, &w.admin, &id),
        Err(None),
        "the host knows no such code: the factory would take it"
    );
    assert_eq!(w.calls(&w.guardian, "freeze_upgrades", (), &[]).map(|_| ()), Err(None));
    assert_eq!(w.calls(&w.admin, "freeze_upgrades", (), &[]).map(|_| ()), Ok(()));
    assert_eq!(execute(&w, &w.admin, &id), Err(Some(GovernanceError::UpgradesFrozen as u32)));
}

#[test]
fn a_guardian_cancels_what_was_announced() {
    let w = World::new();
    let id = propose(&w, &w.admin).unwrap();
    assert!(w.calls(&w.guardian, "cancel", (&w.guardian, &id), &[]).is_ok());
    pass(&w, Delay::Code.seconds());
    assert_eq!(execute(&w, &w.admin, &id), Err(Some(GovernanceError::NotScheduled as u32)));
    let governance = GovernanceClient::new(&w.env, &w.factory);
    assert_eq!((governance.admin(), governance.guardian()), (w.admin.clone(), w.guardian.clone()));
}

#[test]
fn a_guardian_stops_creation_and_only_the_admin_resumes_it() {
    let w = World::new();
    let pause = |by: &Address| w.calls(by, "pause", (by,), &[]).map(|_| ());
    let config = w.config(AccountType::Basic);
    assert_eq!(pause(&w.user), Err(Some(GovernanceError::NotGovernor as u32)));
    assert_eq!(w.calls(&w.user, "pause", (&w.guardian,), &[]).map(|_| ()), Err(None));
    let account = w.deployed(AccountType::Pro);
    for by in [&w.guardian, &w.admin] {
        assert_eq!(pause(by), Ok(()));
        assert!(w.factory().config().paused);
        assert_eq!(w.create(&config, 2), failed(FactoryError::Paused));
        assert_eq!(w.calls(&w.guardian, "unpause", (), &[]).map(|_| ()), Err(None));
        assert_eq!(w.calls(&w.admin, "unpause", (), &[]).map(|_| ()), Ok(()));
    }
    assert_eq!(pause(&w.guardian), Ok(()));
    let params = TierParams { limits: w.account(&account).limits(), signers: w.keys(&[7]) };
    assert!(
        w.upgrade(&account, AccountType::Basic, &bounded(&params)).is_ok(),
        "existing accounts are not affected"
    );
    assert_eq!(w.admin().try_unpause().err(), Some(Err(InvokeError::Abort)), "nobody calls");
}

fn bounded(params: &TierParams) -> TierParams {
    let mut params = params.clone();
    params.limits.max_leverage = 300;
    params
}
