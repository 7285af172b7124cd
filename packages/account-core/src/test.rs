use crate::policy::{within, Risk};
use crate::state::{Profile, SCHEMA};
use crate::tier::{Basic, Institutional, Pro, Tier};
use crate::validate::{validate, MAX_SIGNERS};
use margin_interface::{AccountError, AccountType, Limits, Market, Protocol};
use soroban_sdk::testutils::{Address as _, EnvTestConfig};
use soroban_sdk::{map, symbol_short, vec, Address, Bytes, Env};

fn env() -> Env {
    Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false })
}

fn key(env: &Env, byte: u8) -> Bytes {
    Bytes::from_array(env, &[byte; 32])
}

fn profile(env: &Env) -> Profile {
    let address = Address::generate(env);
    Profile {
        account_type: AccountType::Basic,
        deleveraged_at: 0,
        epoch: 0,
        frozen: false,
        limits: Basic::BOUNDS.limits(300, 12_000),
        owner: address.clone(),
        protocol: Protocol {
            factory: address.clone(),
            ledger: address.clone(),
            perp_clearing: address.clone(),
            vault: address,
        },
        schema: SCHEMA,
        signers: vec![env, key(env, 1), key(env, 2)],
    }
}

#[test]
fn the_defaults_of_the_tier_are_valid() {
    let env = env();
    assert_eq!(validate::<Basic>(&env, &profile(&env)), Ok(()));
    assert_eq!(profile(&env).limits.market_exposure, 500_000_000_000);
    assert_eq!(profile(&env).limits.total_borrow, 1_000_000_000_000);
}

#[test]
fn above_basic_the_amounts_are_for_whoever_administers_to_bound() {
    for bounds in [Pro::BOUNDS, Institutional::BOUNDS] {
        let limits = bounds.limits(1_000, 12_000);
        assert_eq!((limits.max_leverage, limits.min_health), (1_000, 12_000));
        assert_eq!((limits.market_exposure, limits.total_borrow), (i128::MAX, i128::MAX));
    }
}

#[test]
fn every_limit_outside_the_tier_is_refused() {
    let env = env();
    let base = Basic::BOUNDS.limits(300, 12_000);
    let refused = [
        Limits { max_leverage: 301, ..base.clone() },
        Limits { max_leverage: 99, ..base.clone() },
        Limits { min_health: 10_499, ..base.clone() },
        Limits { min_health: 20_001, ..base.clone() },
        Limits { market_exposure: -1, ..base.clone() },
        Limits { total_borrow: -1, ..base.clone() },
    ];
    for limits in refused {
        assert_eq!(
            validate::<Basic>(&env, &Profile { limits, ..profile(&env) }),
            Err(AccountError::InvalidConfig)
        );
    }
    let edges = [
        Limits { max_leverage: 100, min_health: 10_500, market_exposure: 0, total_borrow: 0 },
        Limits { min_health: 20_000, ..base },
    ];
    for limits in edges {
        assert_eq!(validate::<Basic>(&env, &Profile { limits, ..profile(&env) }), Ok(()));
    }
}

#[test]
fn every_bad_set_of_keys_is_refused() {
    let env = env();
    let mut many = vec![&env];
    for byte in 1..=20 {
        many.push_back(key(&env, byte));
    }
    assert_eq!(many.len(), MAX_SIGNERS);
    assert_eq!(validate::<Basic>(&env, &Profile { signers: many.clone(), ..profile(&env) }), Ok(()));
    many.push_back(key(&env, 21));
    let refused = [
        vec![&env],
        many,
        vec![&env, key(&env, 1), key(&env, 2), key(&env, 1)],
        vec![&env, key(&env, 0)],
        vec![&env, Bytes::from_array(&env, &[1; 31])],
        vec![&env, Bytes::from_array(&env, &[1; 33])],
    ];
    for signers in refused {
        assert_eq!(
            validate::<Basic>(&env, &Profile { signers, ..profile(&env) }),
            Err(AccountError::InvalidConfig)
        );
    }
}

#[test]
fn limits_refuse_in_the_order_of_the_specification_and_bind_only_beyond() {
    let env = env();
    let limits = Limits { max_leverage: 300, market_exposure: 50, min_health: 12_000, total_borrow: 100 };
    let market = Market::Perp(symbol_short!("BTC_USD"));
    let exposures = map![&env, (market.clone(), 50)];
    let edge = Risk { debt_value: 100, exposures, health_factor: 12_000, leverage: 300 };
    assert_eq!(within(&edge, &limits), Ok(()));
    let concentrated = Risk { exposures: map![&env, (market, 51)], ..edge };
    assert_eq!(within(&concentrated, &limits), Err(AccountError::MarketConcentration));
    let indebted = Risk { debt_value: 101, ..concentrated };
    assert_eq!(within(&indebted, &limits), Err(AccountError::TotalBorrowExceeded));
    let unhealthy = Risk { health_factor: 11_999, ..indebted };
    assert_eq!(within(&unhealthy, &limits), Err(AccountError::InsufficientHealth));
    let leveraged = Risk { leverage: 301, ..unhealthy };
    assert_eq!(within(&leveraged, &limits), Err(AccountError::ExcessiveLeverage));
}
