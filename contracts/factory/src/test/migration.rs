//! A user moves into a smart account.

use super::*;

fn migrate(
    w: &World,
    caller: &Address,
    config: &AccountConfig,
    signed: bool,
) -> Result<Address, Option<u32>> {
    let account = w.factory().account_address(config, &w.salt(1));
    let fn_name = Symbol::new(&w.env, "migrate_positions");
    let args = (&w.user, &account).into_val(&w.env);
    let nested = [ContractContext { contract: w.vault.clone(), fn_name, args }];
    let nested: &[ContractContext] = if signed { &nested } else { &[] };
    let args = (&w.user, config.clone(), w.salt(1));
    w.calls(caller, "migrate_to_smart_account", args, nested).map(|account| account.into_val(&w.env))
}

#[test]
fn one_authorisation_creates_the_account_and_moves_everything() {
    let w = World::new();
    let account = migrate(&w, &w.user, &w.config(AccountType::Basic), true).unwrap();
    assert_eq!(w.factory().get_account(&w.user), Some(account.clone()));
    assert_eq!(FakeVaultClient::new(&w.env, &w.vault).moved(), Some((w.user.clone(), account.clone())));
    let limits = FakeLedgerClient::new(&w.env, &w.ledger).stored_limits();
    assert_eq!(limits, w.account(&account).limits(), "what is moved is moved within its limits");
}

#[test]
fn nobody_is_moved_who_did_not_ask() {
    let w = World::new();
    let config = w.config(AccountType::Basic);
    assert_eq!(migrate(&w, &w.admin, &config, true), Err(None), "a stranger calls");
    assert_eq!(migrate(&w, &w.user, &config, false), Err(None), "the move itself is not authorised");
    let foreign = AccountConfig { owner: w.admin.clone(), ..config };
    assert_eq!(
        migrate(&w, &w.user, &foreign, true),
        Err(None),
        "the owner of the account knows nothing of it"
    );
    let vault = FakeVaultClient::new(&w.env, &w.vault);
    assert_eq!((vault.moved(), w.factory().account_count(&AccountType::Basic)), (None, 0));
}
