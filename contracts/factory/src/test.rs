//! Refusals and predictions. Deployments need the Wasm of an account: they are in `tests/`.

use crate::AccountFactory;
use margin_interface::{AccountConfig, AccountFactoryClient, AccountType, FactoryConfig};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    vec, Address, Bytes, BytesN, Env,
};

fn environment() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.ledger().set_timestamp(1_790_000_000);
    env.ledger().set_sequence_number(1000);
    env
}

fn factory(env: &Env) -> (AccountFactoryClient<'static>, FactoryConfig) {
    let config = FactoryConfig {
        admin: Address::generate(env),
        basic_hash: BytesN::from_array(env, &[1; 32]),
        institutional_hash: BytesN::from_array(env, &[3; 32]),
        ledger: Address::generate(env),
        perp_clearing: Address::generate(env),
        pro_hash: BytesN::from_array(env, &[2; 32]),
        vault: Address::generate(env),
    };
    let FactoryConfig { admin, basic_hash, institutional_hash, ledger, perp_clearing, pro_hash, vault } =
        config.clone();
    let args = (admin, ledger, vault, perp_clearing, basic_hash, pro_hash, institutional_hash);
    (AccountFactoryClient::new(env, &env.register(AccountFactory, args)), config)
}

fn account(env: &Env, owner: &Address, account_type: AccountType) -> AccountConfig {
    AccountConfig {
        account_type,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: owner.clone(),
        signers: vec![env, Bytes::from_array(env, &[7; 32])],
    }
}

fn salt(env: &Env, byte: u8) -> BytesN<32> {
    BytesN::from_array(env, &[byte; 32])
}

#[test]
fn keeps_what_it_was_deployed_with() {
    let env = environment();
    let (factory, config) = factory(&env);
    assert_eq!(factory.config(), config);
}

#[test]
fn each_tier_has_its_own_code() {
    let env = environment();
    let (factory, _) = factory(&env);
    let owner = Address::generate(&env);
    let tiers = [AccountType::Basic, AccountType::Pro, AccountType::Institutional];
    let [basic, pro, institutional] =
        tiers.map(|tier| factory.account_address(&account(&env, &owner, tier), &salt(&env, 1)));
    assert!(basic != pro && pro != institutional && institutional != basic);
}

#[test]
fn refuses_whoever_is_not_the_owner() {
    let env = environment();
    let (factory, _) = factory(&env);
    let owner = Address::generate(&env);
    let config = account(&env, &owner, AccountType::Pro);
    let refused = factory.try_create_account(&config, &salt(&env, 1));
    assert!(matches!(refused, Err(Err(_))), "the host refuses, not the factory: {refused:?}");
    assert_eq!(factory.get_account(&owner), None);
}

#[test]
fn address_commits_to_everything_that_is_deployed() {
    let env = environment();
    let (factory, _) = factory(&env);
    let owner = Address::generate(&env);
    let config = account(&env, &owner, AccountType::Basic);
    let address = factory.account_address(&config, &salt(&env, 1));
    assert_eq!(factory.account_address(&config, &salt(&env, 1)), address, "a prediction is stable");

    let mut others = std::vec![
        factory.account_address(&config, &salt(&env, 2)),
        factory.account_address(&account(&env, &Address::generate(&env), AccountType::Basic), &salt(&env, 1)),
        factory.account_address(&AccountConfig { max_leverage: 200, ..config.clone() }, &salt(&env, 1)),
        factory.account_address(
            &AccountConfig { auto_deleverage_threshold: 13_000, ..config.clone() },
            &salt(&env, 1)
        ),
        factory.account_address(
            &AccountConfig { signers: vec![&env, Bytes::from_array(&env, &[8; 32])], ..config.clone() },
            &salt(&env, 1)
        ),
    ];
    others.push(address);
    for (i, one) in others.iter().enumerate() {
        assert!(!others[..i].contains(one), "prediction {i} is not its own");
    }
    assert_eq!(factory.account_type(&others[0]), None, "a predicted account is not a deployed one");
}
