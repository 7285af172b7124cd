//! Margin calls and flags: who may be called, flagged, liquidated, and how it ends.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{AccountStatus, LedgerError, PriceStatus, Receive};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, Address};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// 10,000 XLM at 0.10 support 700; 500 USDC are owed. Called below 600 / 7,000 = 0.0857, liquidated below 0.0786.
fn indebted() -> (World, Address) {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    (world, alice)
}

fn liquidate(world: &World, account: &Address) -> Result<i128, LedgerError> {
    let done = world.ledger.try_liquidate(
        &world.account(3),
        account,
        &world.usdc,
        &world.xlm,
        &(500 * ONE),
        &0,
        &Receive::Shares,
    );
    world.check();
    done.map(|done| done.unwrap().repaid).map_err(|error| error.unwrap())
}

fn cents(world: &World, hundredths: i128) {
    world.price(&world.xlm, PRICE * hundredths / 10_000);
}

#[test]
fn a_call_gives_an_hour_then_the_account_may_be_liquidated_above_the_liquidation_level() {
    let (world, alice) = indebted();
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountHealthy);
    cents(&world, 840);
    let deadline = world.env.ledger().timestamp() + HOUR;
    assert_eq!(world.ledger.margin_call(&alice), deadline);
    assert_eq!(world.env.events().all().events().len(), 1);
    let summary = world.ledger.summary(&alice);
    assert_eq!((summary.status, summary.liquidation_ok), (AccountStatus::MarginCall, true));

    // Set once: calling again moves nothing.
    world.wait(HOUR - 1);
    cents(&world, 840);
    assert_eq!(world.ledger.margin_call(&alice), deadline);
    assert_eq!(world.env.events().all().events().len(), 0);
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(liquidate(&world, &alice), Err(LedgerError::NotLiquidatable));
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    world.wait(1);
    cents(&world, 840);
    assert!(world.ledger.is_liquidatable(&alice));
    // A flag would forget the deadline, and with it the right to liquidate.
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    liquidate(&world, &alice).unwrap();
    // Down to the target, not further; the call has nothing left to call for.
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(world.ledger.margin_call(&alice), 0);
}

#[test]
fn a_call_lapses_a_day_after_its_deadline_and_may_be_made_again() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    world.wait(HOUR + DAY - 1);
    cents(&world, 840);
    assert!(world.ledger.is_liquidatable(&alice));
    world.wait(1);
    cents(&world, 840);
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(world.ledger.summary(&alice).status, AccountStatus::Normal);
    assert_eq!(world.ledger.margin_call(&alice), world.env.ledger().timestamp() + HOUR);
    assert!(!world.ledger.is_liquidatable(&alice));
}

#[test]
fn a_top_up_cures_and_who_passes_the_opening_level_is_called_no_more() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    let borrow = world.ledger.try_borrow(&alice, &world.usdc, &ONE);
    assert_refused!(world, borrow, LedgerError::InsufficientMargin);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.wait(2 * HOUR);
    cents(&world, 840);
    assert!(!world.ledger.is_liquidatable(&alice), "cured in fact, though nobody said so");
    world.borrow(&alice, &world.usdc, ONE);
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountHealthy);
}

#[test]
fn a_call_ends_on_request_when_it_is_cured() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    cents(&world, 1_000);
    assert_eq!(world.ledger.margin_call(&alice), 0);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
}

#[test]
fn a_flagged_account_only_reduces() {
    let (world, alice) = indebted();
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    assert_refused!(world, world.ledger.try_unflag(&alice), LedgerError::AccountHealthy);
    cents(&world, 780);
    world.ledger.flag(&alice);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::AccountFlagged);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountFlagged);
    assert_refused!(world, world.ledger.try_unflag(&alice), LedgerError::InsufficientMargin);

    cents(&world, 10_000);
    let (borrow, debit) = (
        world.ledger.try_borrow(&alice, &world.usdc, &ONE),
        world.ledger.try_debit(&alice, &world.xlm, &ONE),
    );
    assert_refused!(world, borrow, LedgerError::AccountFlagged);
    assert_refused!(world, debit, LedgerError::AccountFlagged);
    world.deposit(&alice, &world.xlm, ONE);
    world.ledger.repay(&alice, &world.usdc, &ONE);
    world.ledger.unflag(&alice);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.borrow(&alice, &world.usdc, ONE);
}

#[test]
fn without_debt_a_flag_goes_without_a_price() {
    let (world, alice) = indebted();
    cents(&world, 780);
    world.ledger.flag(&alice);
    world.ledger.repay(&alice, &world.usdc, &(501 * ONE));
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    assert_refused!(world, world.ledger.try_debit(&alice, &world.xlm, &ONE), LedgerError::AccountFlagged);
    world.ledger.unflag(&alice);
    world.ledger.debit(&alice, &world.xlm, &ONE);
}

/// Health as shown is at mid prices; whether it may be liquidated is decided at the borrower's better ends.
#[test]
fn is_liquidatable_says_what_a_liquidation_would() {
    let (world, alice) = indebted();
    for (lo, hi) in [(700, 790), (760, 780), (785, 787), (700, 900)] {
        world.quote(&world.xlm, PRICE * lo / 10_000, PRICE * hi / 10_000, PriceStatus::Live);
        let possible = world.ledger.is_liquidatable(&alice);
        assert_eq!(possible, hi < 786, "{lo} {hi}");
        assert_eq!(world.ledger.try_flag(&alice).is_ok(), possible);
        if possible {
            cents(&world, 1_000);
            world.ledger.unflag(&alice);
        }
    }
    // A price in its grace period decides nothing.
    world.quote(&world.xlm, PRICE / 100, PRICE / 100, PriceStatus::Grace);
    assert_eq!(world.ledger.try_is_liquidatable(&alice), Err(Ok(LedgerError::PriceNotUsable)));
}
