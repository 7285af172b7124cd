//! What the admin and the guardian may do, and how fast.
extern crate std;

use crate::test_world::{assert_refused, list, xlm_config, FixedOracle, World, ONE};
use margin_interface::{
    Asset, AssetConfig, GovernanceClient, GovernanceError, LedgerChange, LedgerError, Receive,
};
use margin_math::units::PRICE;
use soroban_sdk::{
    testutils::{Address as _, Events as _},
    Address, BytesN, Error, InvokeError,
};

const DAY: u64 = 86_400;

fn governance(world: &World) -> GovernanceClient<'_> {
    GovernanceClient::new(&world.env, &world.ledger.address)
}

/// The code of a refusal, of whichever contract error.
fn refusal<T, E: Into<Error>>(call: Result<T, Result<E, InvokeError>>) -> Option<u32> {
    call.err().map(|error| match error {
        Ok(known) => known.into().get_code(),
        Err(InvokeError::Contract(code)) => code,
        Err(InvokeError::Abort) => panic!("not a contract error"),
    })
}

fn code(error: GovernanceError) -> Option<u32> {
    Some(error as u32)
}

/// A change of one parameter of XLM.
fn changed(world: &World, change: impl FnOnce(&mut AssetConfig)) -> AssetConfig {
    let mut config = world.state(&world.xlm).config;
    change(&mut config);
    config
}

#[test]
fn what_tightens_acts_at_once_for_admin_and_guardian() {
    let world = World::new();
    let (admin, guardian) = (governance(&world).admin(), governance(&world).guardian());
    let steps: [fn(&mut AssetConfig); 11] = [
        |c| c.supply_cap -= 1,
        |c| c.borrow_cap -= 1,
        |c| c.max_utilisation_bps -= 1,
        |c| c.outflow_bps -= 1,
        |c| c.min_deposit_seconds += 1,
        |c| c.ltv_bps -= 1,
        |c| c.lw_bps += 1,
        |c| c.margin_call_bps += 1,
        |c| c.liquidation_bps += 1,
        |c| c.enabled = false,
        |_| {},
    ];
    for (step, by) in steps.into_iter().zip([admin, guardian].iter().cycle()) {
        let config = changed(&world, step);
        world.admin.update_asset(by, &world.xlm, &config);
        assert_eq!(world.env.events().all().events().len(), 1);
        assert_eq!(world.state(&world.xlm).config, config);
    }
}

#[test]
fn what_loosens_or_is_new_waits() {
    let world = World::new();
    let guardian = governance(&world).guardian();
    world.admin.update_asset(&guardian, &world.xlm, &changed(&world, |c| c.enabled = false));
    let steps: [fn(&mut AssetConfig); 16] = [
        |c| c.supply_cap += 1,
        |c| c.borrow_cap += 1,
        |c| c.max_utilisation_bps += 1,
        |c| c.ltv_bps += 1,
        |c| c.lw_bps -= 1,
        |c| c.opening_bps -= 1,
        |c| c.opening_bps += 1,
        |c| c.margin_call_bps -= 1,
        |c| c.liquidation_bps -= 1,
        |c| c.enabled = true,
        |c| c.max_bonus_bps -= 1,
        |c| c.max_bonus_bps += 1,
        |c| c.reserve_factor_bps += 1,
        |c| c.rate.base_bps -= 1,
        |c| c.rate.reactivity += 1,
        |c| c.index = Asset::Other(soroban_sdk::symbol_short!("XLM")),
    ];
    for step in steps {
        let config = changed(&world, step);
        let call = world.admin.try_update_asset(&guardian, &world.xlm, &config);
        assert_eq!(refusal(call), code(GovernanceError::NeedsTimelock), "{config:?}");
    }
    world.admin.update_asset(&guardian, &world.xlm, &changed(&world, |c| c.min_deposit_seconds = 10));
    let shorter = changed(&world, |c| c.min_deposit_seconds = 9);
    let call = world.admin.try_update_asset(&guardian, &world.xlm, &shorter);
    assert_eq!(refusal(call), code(GovernanceError::NeedsTimelock));
    let stranger = Address::generate(&world.env);
    let same = changed(&world, |_| {});
    let call = world.admin.try_update_asset(&stranger, &world.xlm, &same);
    assert_eq!(refusal(call), code(GovernanceError::NotGovernor));
}

#[test]
fn a_change_executes_as_announced_after_its_delay() {
    let world = World::new();
    let config = changed(&world, |c| c.ltv_bps += 100);
    let id = world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), config.clone()));
    world.wait(DAY - 1);
    assert_eq!(refusal(world.admin.try_execute(&id)), code(GovernanceError::TooEarly));
    world.wait(1);
    world.price(&world.xlm, PRICE / 10);
    world.admin.execute(&id);
    assert_eq!(world.state(&world.xlm).config, config);
    assert_eq!(refusal(world.admin.try_execute(&id)), code(GovernanceError::NotScheduled));

    let (oracle, venue) = (world.env.register(FixedOracle, ()), Address::generate(&world.env));
    let oracle_id = world.admin.propose(&LedgerChange::Oracle(oracle.clone()));
    let change = LedgerChange::Venues(venue.clone(), venue.clone(), venue.clone());
    let venues_id = world.admin.propose(&change);
    let code_id = world.admin.propose(&LedgerChange::Upgrade(BytesN::from_array(&world.env, &[7; 32]), 1));
    world.wait(2 * DAY - 1);
    for id in [&oracle_id, &venues_id, &code_id] {
        assert_eq!(refusal(world.admin.try_execute(id)), code(GovernanceError::TooEarly));
    }
    world.wait(1);
    world.admin.execute(&venues_id);
    world.admin.execute(&oracle_id);
    let now = world.ledger.config();
    assert_eq!((now.oracle, now.vault, now.perp_clearing), (oracle, venue.clone(), venue));
    assert_eq!(now.settlement, world.usdc);
    world.wait(5 * DAY - 1);
    assert_eq!(refusal(world.admin.try_execute(&code_id)), code(GovernanceError::TooEarly));
    governance(&world).freeze_upgrades();
    world.wait(1);
    assert_eq!(refusal(world.admin.try_execute(&code_id)), code(GovernanceError::UpgradesFrozen));
}

/// So the emergency page says: cancel what was announced.
#[test]
fn what_was_announced_before_undoes_a_stop_unless_it_is_cancelled() {
    let world = World::new();
    let guardian = governance(&world).guardian();
    let announced = changed(&world, |c| c.reserve_factor_bps += 1);
    let ids = [announced.clone(), changed(&world, |c| c.reserve_factor_bps += 2)]
        .map(|config| world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), config)));
    let stopped = changed(&world, |c| c.enabled = false);
    world.admin.update_asset(&guardian, &world.xlm, &stopped);
    governance(&world).cancel(&guardian, &ids[1]);
    world.wait(DAY);
    assert_eq!(refusal(world.admin.try_execute(&ids[1])), code(GovernanceError::NotScheduled));
    assert!(!world.state(&world.xlm).config.enabled);
    world.admin.execute(&ids[0]);
    assert_eq!(world.state(&world.xlm).config, announced);
}

#[test]
fn a_change_is_checked_when_it_executes() {
    let world = World::new();
    for config in [
        changed(&world, |c| c.ltv_bps = 10_001),
        // 1.0 * 1.11 against 98% of 1.1.
        changed(&world, |c| c.ltv_bps = 10_000),
        changed(&world, |c| c.outflow_bps = 10_001),
        changed(&world, |c| c.min_deposit_seconds = 604_801),
    ] {
        let id = world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), config));
        world.wait(DAY);
        assert_refused!(world, world.admin.try_execute(&id), LedgerError::InvalidConfig);
    }
}

#[test]
fn a_cut_reaches_existing_accounts_over_a_week_and_new_risk_at_once() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    let before = world.ledger.summary(&alice);
    let guardian = governance(&world).guardian();
    let harsh = changed(&world, |c| {
        (c.ltv_bps, c.opening_bps, c.margin_call_bps, c.liquidation_bps) = (5_000, 14_500, 14_000, 13_000);
    });
    // What liquidations restore is announced: it has no ramp. The rest comes with it here.
    let at_once = world.admin.try_update_asset(&guardian, &world.xlm, &harsh);
    assert_eq!(refusal(at_once), code(GovernanceError::NeedsTimelock));
    let id = world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), harsh));
    world.wait(DAY);
    world.price(&world.xlm, PRICE / 10);
    world.price(&world.usdc, PRICE);
    world.admin.execute(&id);
    let same = world.ledger.summary(&alice);
    assert_eq!(same.effective_margin, before.effective_margin);
    assert!(same.margin_call_ok && !world.ledger.is_liquidatable(&alice));
    let borrow = world.ledger.try_borrow(&alice, &world.usdc, &1);
    assert_refused!(world, borrow, LedgerError::InsufficientMargin);

    let mut last = same.effective_margin;
    for day in 1..=7 {
        world.wait(DAY);
        world.price(&world.xlm, PRICE / 10);
        world.price(&world.usdc, PRICE);
        let summary = world.ledger.summary(&alice);
        assert!(summary.effective_margin < last);
        last = summary.effective_margin;
        // 700 -> 500 of support at a level of 1.1 -> 1.3, against 500 and interest: crossed on the fourth day.
        assert_eq!(world.ledger.is_liquidatable(&alice), day >= 4, "day {day}");
    }
    assert_eq!(last, 500 * ONE);
    // The liquidation is sized with the same terms.
    world.ledger.liquidate(
        &world.account(3),
        &alice,
        &world.usdc,
        &world.xlm,
        &(500 * ONE),
        &0,
        &Receive::Shares,
    );
    world.check();
    assert!(!world.ledger.is_liquidatable(&alice));

    // Back up: no waiting for what is better. Down again from there.
    let id = world.admin.propose(&LedgerChange::Asset(world.xlm.clone(), xlm_config(&world.xlm)));
    world.wait(DAY);
    world.price(&world.xlm, PRICE / 10);
    world.price(&world.usdc, PRICE);
    let low = world.ledger.summary(&alice);
    world.admin.execute(&id);
    let high = world.ledger.summary(&alice);
    assert_eq!(high.effective_margin, high.collateral_value * 7 / 10);
    assert!(high.effective_margin > low.effective_margin);
}

/// Attack: a cut of the LTV that never arrives, because somebody lowers a cap every other day.
#[test]
fn a_change_of_something_else_starts_no_ramp_again() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    let guardian = governance(&world).guardian();
    world.admin.update_asset(&guardian, &world.xlm, &changed(&world, |c| c.ltv_bps = 5_000));
    for _ in 0..7 {
        world.wait(DAY);
        world.admin.update_asset(&guardian, &world.xlm, &changed(&world, |c| c.supply_cap -= 1));
    }
    world.price(&world.xlm, PRICE / 10);
    world.price(&world.usdc, PRICE);
    assert_eq!(world.ledger.summary(&alice).effective_margin, 500 * ONE);
    // Each of the terms that ramp begins anew where existing accounts stand.
    let steps: [fn(&mut AssetConfig); 4] =
        [|c| c.ltv_bps -= 1, |c| c.lw_bps += 1, |c| c.margin_call_bps += 1, |c| c.liquidation_bps += 1];
    for step in steps {
        world.wait(DAY);
        world.admin.update_asset(&guardian, &world.xlm, &changed(&world, step));
        assert_eq!(world.state(&world.xlm).ramp.since, world.env.ledger().timestamp());
    }
}

#[test]
fn an_asset_that_nobody_uses_can_be_retired() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    assert_refused!(world, world.admin.try_retire_asset(&world.xlm), LedgerError::AssetInUse);
    world.ledger.debit(&lender, &world.xlm, &margin_interface::ALL);
    world.ledger.debit(&lender, &world.usdc, &margin_interface::ALL);
    assert_refused!(world, world.admin.try_retire_asset(&world.usdc), LedgerError::AssetInUse);
    world.admin.retire_asset(&world.xlm);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert!(!world.ledger.assets().contains(&world.xlm));
    let gone = world.ledger.try_credit(&alice, &alice, &world.xlm, &ONE);
    assert_eq!(gone.err(), Some(Ok(LedgerError::UnknownAsset)));
    list(&world.admin, &world.xlm, &xlm_config(&world.xlm));
    world.deposit(&alice, &world.xlm, ONE);
}
