//! Addresses, deployments and the register of them.

use super::*;

#[test]
fn accounts_of_every_tier_run_its_code_and_know_the_protocol() {
    let w = World::new();
    let tiers = [AccountType::Basic, AccountType::Pro, AccountType::Institutional];
    for (tier, hash) in tiers.into_iter().zip(&w.hashes) {
        let config = w.config(tier);
        let predicted = w.factory().account_address(&config, &w.salt(1));
        assert_eq!((w.factory().is_account(&predicted), w.factory().account_type(&predicted)), (false, None));
        assert_eq!(w.create(&config, 1).unwrap(), predicted);
        let account = w.account(&predicted);
        assert_eq!((account.account_type(), account.get_owner()), (tier, w.user.clone()));
        assert_eq!(predicted.executable(), Some(soroban_sdk::Executable::Wasm(hash.clone())));
        assert_eq!(
            (w.factory().is_account(&predicted), w.factory().account_type(&predicted)),
            (true, Some(tier))
        );
        assert_eq!(w.factory().account_count(&tier), 1);
    }
    let ledger = FakeLedgerClient::new(&w.env, &w.ledger);
    assert!(ledger.try_stored_limits().is_err(), "nothing is at risk yet");
}

#[test]
fn a_user_may_have_several_accounts_listed_in_pages() {
    let w = World::new();
    let config = w.config(AccountType::Basic);
    let accounts: std::vec::Vec<Address> = (0..5).map(|salt| w.create(&config, salt).unwrap()).collect();
    assert_eq!(w.factory().get_account(&w.user), Some(accounts[0].clone()));
    let page = |start, limit| -> std::vec::Vec<Address> {
        w.factory().get_accounts(&w.user, &start, &limit).iter().collect()
    };
    assert_eq!(page(0, u32::MAX), accounts);
    assert_eq!(page(1, 2), accounts[1..3]);
    assert_eq!(page(4, 9), accounts[4..]);
    assert!(page(5, 9).is_empty() && page(u32::MAX, u32::MAX).is_empty() && page(0, 0).is_empty());
    assert_eq!(w.factory().account_count(&AccountType::Basic), 5);
    assert_eq!(w.factory().get_account(&w.admin), None);
}

#[test]
fn the_number_of_a_users_accounts_is_bounded() {
    let w = World::new();
    let config = w.config(AccountType::Basic);
    for salt in 0..64 {
        assert!(w.create(&config, salt).is_ok());
    }
    assert_eq!(w.create(&config, 64), failed(FactoryError::TooManyAccounts));
    assert_eq!(w.factory().account_count(&AccountType::Basic), 64);
}

#[test]
fn the_same_account_is_not_deployed_twice() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    assert_eq!(w.create(&w.config(AccountType::Basic), 1), failed(FactoryError::AlreadyDeployed));
    assert_eq!(w.factory().get_accounts(&w.user, &0, &9), vec![&w.env, account]);
}

#[test]
fn nobody_but_the_owner_creates() {
    let w = World::new();
    let config = w.config(AccountType::Pro);
    assert_eq!(w.calls(&w.admin, "create_account", (config, w.salt(1)), &[]).map(|_| ()), Err(None));
    assert_eq!(w.factory().get_account(&w.user), None);
}

#[test]
fn the_constructor_refuses_what_is_outside_the_tier() {
    let w = World::new();
    let bold = AccountConfig { max_leverage: 301, ..w.config(AccountType::Basic) };
    assert!(w.create(&bold, 1).is_err());
    assert_eq!(w.factory().account_count(&AccountType::Basic), 0);
}

#[test]
fn an_address_commits_to_everything_that_is_deployed() {
    let w = World::new();
    let config = w.config(AccountType::Basic);
    let address = |config: &AccountConfig, salt| w.factory().account_address(config, &w.salt(salt));
    assert_eq!(address(&config, 1), address(&config, 1), "a prediction is stable");
    let all = [
        address(&config, 1),
        address(&config, 2),
        address(&AccountConfig { owner: w.admin.clone(), ..config.clone() }, 1),
        address(&AccountConfig { max_leverage: 200, ..config.clone() }, 1),
        address(&AccountConfig { auto_deleverage_threshold: 13_000, ..config.clone() }, 1),
        address(&AccountConfig { signers: w.keys(&[8]), ..config.clone() }, 1),
        address(&AccountConfig { account_type: AccountType::Pro, ..config }, 1),
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one), "prediction {place} is not its own");
    }
}
