//! What may be listed, who may write, and decimals.
extern crate std;

use crate::{
    test_perp::{market_config, BTC},
    test_world::{
        assert_refused, eth_config, list, sac, usdc_config, xlm_config, Decimals, FixedOracle,
        FixedOracleClient, World, ONE,
    },
    MarginLedger,
};
use margin_interface::{
    Asset, AssetConfig, GovernanceClient, GovernanceError, LedgerChange, LedgerError, Limits,
    MarginLedgerAdminClient, PriceStatus, Quote, Receive,
};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{
    testutils::{Address as _, EnvTestConfig},
    token, Address, Env, InvokeError,
};

// ---- listing and authority ----------------------------------------------------------------------------------------------

#[test]
fn venues_are_set_once_and_alone_may_write() {
    let world = World::new();
    let any = || Address::generate(&world.env);
    assert_eq!(
        world.admin.try_set_venues(&any(), &any(), &any()).err(),
        Some(Ok(LedgerError::VenuesAlreadySet))
    );
    let alice = world.account(0);
    world.env.set_auths(&[]);
    assert_eq!(
        world.ledger.try_credit(&alice, &alice, &world.xlm, &ONE).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(world.ledger.try_set_limits(&alice, &Limits::NONE).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(world.admin.try_list_asset(&any(), &xlm_config(&alice)).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(world.ledger.account(&alice).seq, 0);
}

#[test]
fn a_listing_is_bounded() {
    let world = World::new();
    let token = sac(&world.env);
    let refused = |change: fn(&mut AssetConfig)| {
        let mut config = xlm_config(&token);
        change(&mut config);
        assert_eq!(world.admin.try_list_asset(&token, &config).err(), Some(Ok(LedgerError::InvalidConfig)));
    };
    refused(|config| config.lw_bps = 9_999);
    refused(|config| config.ltv_bps = 10_001);
    refused(|config| config.opening_bps = config.margin_call_bps);
    refused(|config| config.margin_call_bps = config.liquidation_bps - 1);
    refused(|config| config.liquidation_bps = 9_999);
    refused(|config| config.max_bonus_bps = 2_001);
    refused(|config| config.max_utilisation_bps = 10_001);
    refused(|config| config.reserve_factor_bps = 5_001);
    refused(|config| config.rate.target_bps = 10_000);
    refused(|config| config.rate.target_bps = 0);
    refused(|config| config.rate.slope2_bps = 20_001);
    refused(|config| config.rate.reactivity = 1_000_001);
    refused(|config| config.supply_cap = -1);
    refused(|config| config.borrow_cap = i128::MAX);
    // 1.0 * (1 + 20% + 1%) > 0.98 * 1.1 * 1.1 against the assets listed before.
    refused(|config| (config.ltv_bps, config.max_bonus_bps) = (10_000, 2_000));
    world.admin.list_asset(&token, &xlm_config(&token));
    assert_eq!(
        world.admin.try_list_asset(&token, &xlm_config(&token)).err(),
        Some(Ok(LedgerError::AlreadyListed))
    );
    let wide = world.env.register(Decimals, (19_u32,));
    assert_eq!(
        world.admin.try_list_asset(&wide, &xlm_config(&wide)).err(),
        Some(Ok(LedgerError::InvalidConfig))
    );
    assert_eq!(world.ledger.assets().len(), 4);
}

/// Attack: whoever has the admin's key lists a token of its own at the price of another one, deposits it and borrows the rest.
/// That takes a day, in which the guardian cancels it.
#[test]
fn where_somebody_has_deposited_a_token_is_announced() {
    let world = World::new();
    let (first, late) = (sac(&world.env), sac(&world.env));
    world.admin.list_asset(&first, &xlm_config(&first));
    // However little, of whatever is listed.
    world.deposit(&world.account(0), &world.eth, 1);
    let mut config = xlm_config(&world.xlm);
    (config.ltv_bps, config.borrow_cap) = (0, 0);
    let at_once = world.admin.try_list_asset(&late, &config).err();
    assert_eq!(at_once, Some(Err(GovernanceError::NeedsTimelock.into())));
    assert!(!world.ledger.assets().contains(&late));

    let id = world.admin.propose(&LedgerChange::Asset(late.clone(), config.clone()));
    world.wait(86_399);
    let early = world.admin.try_execute(&id).err();
    assert_eq!(early, Some(Err(GovernanceError::TooEarly.into())));
    world.wait(1);
    world.admin.execute(&id);
    assert_eq!(world.ledger.asset(&late).config, config);
    assert_eq!(world.ledger.asset(&late).totals.seq, 1);
    // Nobody is left: the first configuration of another protocol.
    world.ledger.debit(&world.account(0), &world.eth, &margin_interface::ALL);
    let again = sac(&world.env);
    world.admin.list_asset(&again, &config);
}

#[test]
fn the_settlement_asset_has_seven_decimals() {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    env.mock_all_auths();
    let settlement = env.register(Decimals, (6_u32,));
    let any = || Address::generate(&env);
    let ledger = env.register(MarginLedger, (any(), any(), any(), settlement.clone()));
    let admin = MarginLedgerAdminClient::new(&env, &ledger);
    assert_eq!(
        admin.try_list_asset(&settlement, &usdc_config(&settlement)).err(),
        Some(Ok(LedgerError::InvalidConfig))
    );
}

#[test]
fn an_asset_that_the_oracle_does_not_know_is_not_listed() {
    let world = World::new();
    let token = world.env.register(Decimals, (7_u32,));
    world.quote(&token, 0, 0, PriceStatus::Unknown);
    let refused = world.admin.try_list_asset(&token, &xlm_config(&token)).err();
    assert_eq!(refused, Some(Ok(LedgerError::InvalidConfig)));
}

#[test]
fn an_oracle_that_does_not_answer_stops_no_tightening() {
    let world = World::new();
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    world.oracle.fail();
    let stopped = AssetConfig { enabled: false, ..xlm_config(&world.xlm) };
    world.admin.update_asset(&guardian, &world.xlm, &stopped);
    assert!(!world.state(&world.xlm).config.enabled);
    // Another index is one that it knows.
    let elsewhere = AssetConfig { index: Asset::Stellar(world.eth.clone()), ..stopped };
    let id = world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), elsewhere));
    world.wait(86_400);
    assert_refused!(world, world.admin.try_execute(&id), LedgerError::InvalidConfig);
}

/// Attack: an oracle that does not know XLM, and every account with a unit of it is out of a liquidator's reach.
#[test]
fn an_oracle_knows_whatever_is_listed() {
    let world = World::new();
    world.ledger.open_market(&BTC, &market_config(), &(1_000 * BASE), &(100_000 * USD));
    let other = world.env.register(FixedOracle, ());
    let told = FixedOracleClient::new(&world.env, &other);
    let unknown = Quote { hi: 0, lo: 0, mid: 0, stable: 0, status: PriceStatus::Unknown, timestamp: 0 };
    let warming = Quote { status: PriceStatus::Warming, ..unknown.clone() };
    let id = world.admin.propose(&LedgerChange::Oracle(other.clone()));
    world.wait(2 * 86_400);
    for index in [Asset::Stellar(world.xlm.clone()), market_config().index] {
        told.set(&index, &unknown);
        assert_refused!(world, world.admin.try_execute(&id), LedgerError::InvalidConfig);
        told.set(&index, &warming);
    }
    world.admin.execute(&id);
    assert_eq!(world.ledger.config().oracle, other);
    // Nor one that does not answer at all.
    let nothing = world.admin.propose(&LedgerChange::Oracle(world.ledger.address.clone()));
    world.wait(2 * 86_400);
    assert_refused!(world, world.admin.try_execute(&nothing), LedgerError::InvalidConfig);
}

#[test]
fn a_token_is_what_its_contract_says() {
    let world = World::new();
    let stellar = token::TokenClient::new(&world.env, &world.xlm);
    assert_eq!(world.state(&world.xlm).decimals, stellar.decimals());
    assert_eq!(world.state(&world.eth).decimals, 18);
}

#[test]
fn six_seven_and_eighteen_decimals_give_the_same_values() {
    let summaries: std::vec::Vec<_> = [6_u32, 7, 18]
        .into_iter()
        .map(|decimals| {
            let world = World::funded();
            let (alice, lender) = (world.account(0), world.account(3));
            let (held, owed) =
                (world.env.register(Decimals, (decimals,)), world.env.register(Decimals, (decimals,)));
            let one = 10_i128.pow(decimals);
            for token in [&held, &owed] {
                let mut config = eth_config(token);
                config.supply_cap = 1_000_000 * one;
                config.borrow_cap = 1_000_000 * one;
                list(&world.admin, token, &config);
                world.price(token, PRICE * 3 / 10);
            }
            world.deposit(&lender, &owed, 10_000 * one);
            world.deposit(&alice, &held, 1_000 * one);
            world.borrow(&alice, &owed, 500 * one);
            world.price(&held, PRICE * 22 / 100);
            let summary = world.ledger.summary(&alice);
            let bob = world.account(1);
            let done = world.ledger.liquidate(&bob, &alice, &owed, &held, &(500 * one), &0, &Receive::Shares);
            world.check();
            let scale = |amount: i128| amount * 1_000 / one;
            let after = world.ledger.summary(&alice);
            (
                (summary.collateral_value, summary.debt_value, summary.health_factor, summary.leverage),
                (scale(done.repaid), scale(done.seized), (after.health_factor + 5) / 10),
            )
        })
        .collect();
    assert_eq!(summaries[0], summaries[1]);
    assert_eq!(summaries[1], summaries[2]);
}

#[test]
fn no_more_than_thirty_two_assets_are_listed() {
    let world = World::new();
    let config = |token: &Address| AssetConfig { index: xlm_config(&world.xlm).index, ..xlm_config(token) };
    for _ in 3..margin_interface::MAX_ASSETS {
        let token = sac(&world.env);
        world.admin.list_asset(&token, &config(&token));
    }
    let token = sac(&world.env);
    let call = world.admin.try_list_asset(&token, &config(&token));
    assert_refused!(world, call, LedgerError::TooManyHoldings);
}
