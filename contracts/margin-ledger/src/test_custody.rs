//! What the vault really holds: clawbacks, and how fast tokens may leave.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{Action, GovernanceClient, LedgerError, Receive, ALL};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, vec, Address};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

// ---- what an issuer takes back ----------------------------------------------------------------------------------------

fn missing(world: &World, asset: &Address) -> i128 {
    world.state(asset).totals.pending_bad_debt
}

/// The vault lost `amount` XLM of a million that one lender has deposited.
fn clawed_back(amount: i128) -> World {
    let world = World::funded();
    let cash = world.state(&world.xlm).totals.cash;
    assert_eq!(world.ledger.sync(&world.xlm, &(cash - amount)), amount);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    world
}

#[test]
fn a_clawback_freezes_its_asset_alone() {
    let world = clawed_back(250_000 * ONE);
    let (alice, lender) = (world.account(0), world.account(3));
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    world.deposit(&alice, &world.eth, 10_i128.pow(18));
    let credit = ledger.try_credit(&alice, &alice, xlm, &ONE);
    assert_refused!(world, credit, LedgerError::AssetFrozen);
    assert_refused!(world, ledger.try_borrow(&alice, xlm, &ONE), LedgerError::AssetFrozen);
    assert_refused!(world, ledger.try_debit(&lender, xlm, &ONE), LedgerError::AssetFrozen);
    let actions = vec![&world.env, Action::Deposit(xlm.clone(), ONE)];
    assert_refused!(world, ledger.try_batch(&alice, &alice, &actions), LedgerError::AssetFrozen);
    world.borrow(&alice, &world.usdc, ONE);
    // The loss counts at once: nobody borrows against tokens that are not there.
    assert_eq!(world.deposited(&lender, xlm), 750_000 * ONE);
}

#[test]
fn debts_are_repaid_and_deposits_liquidated_in_shares_while_it_is_frozen() {
    let world = World::funded();
    let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.deposit(&bob, &world.eth, 10_i128.pow(18));
    world.borrow(&bob, &world.xlm, 1_000 * ONE);
    let cash = world.state(&world.xlm).totals.cash;
    world.ledger.sync(&world.xlm, &(cash / 2));
    world.check();
    world.ledger.repay(&bob, &world.xlm, &(2_000 * ONE));
    world.check();
    let liquidate = |receive: Receive| {
        world.ledger.try_liquidate(&lender, &alice, &world.usdc, &world.xlm, &(50 * ONE), &0, &receive)
    };
    assert!(world.ledger.is_liquidatable(&alice), "half of its deposit is gone");
    assert_refused!(world, liquidate(Receive::Tokens), LedgerError::AssetFrozen);
    assert!(liquidate(Receive::Shares).is_ok());
    world.check();
}

#[test]
fn what_returns_is_booked_back() {
    let world = clawed_back(1_000 * ONE);
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    let cash = world.state(xlm).totals.cash;
    assert_eq!(ledger.sync(xlm, &cash), 1_000 * ONE);
    assert_eq!(world.env.events().all().events().len(), 0, "nothing new");
    assert_eq!(ledger.sync(xlm, &(cash + 400 * ONE)), 600 * ONE);
    world.check();
    // A gift on top is nobody's.
    assert_eq!(ledger.sync(xlm, &(cash + 5_000 * ONE)), 0);
    world.check();
    assert_eq!(world.state(xlm).totals.cash, cash + 1_000 * ONE);
    ledger.debit(&world.account(3), xlm, &ALL);
    world.check();
}

#[test]
fn after_a_day_reserves_then_depositors_bear_it() {
    let world = World::funded();
    let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    world.deposit(&bob, &world.eth, 10 * 10_i128.pow(18));
    world.borrow(&bob, xlm, 100_000 * ONE);
    world.wait(365 * DAY);
    ledger.accrue(xlm);
    let before = world.state(xlm).totals;
    assert!(before.reserves > 0);
    ledger.sync(xlm, &(before.cash - 1_000 * ONE));
    world.wait(DAY - 1);
    // A second loss starts the day again.
    ledger.sync(xlm, &(before.cash - 2_000 * ONE));
    world.wait(DAY - 1);
    ledger.sync(xlm, &(before.cash - 2_000 * ONE));
    assert_eq!(missing(&world, xlm), 2_000 * ONE);
    let before = world.state(xlm).totals;
    world.wait(1);
    assert_eq!(ledger.sync(xlm, &before.cash), 0);
    world.check();
    let after = world.state(xlm).totals;
    assert_eq!(after.reserves, 0);
    assert!(after.supplied >= before.supplied - 2_000 * ONE + before.reserves);
    world.deposit(&alice, xlm, ONE);
    ledger.debit(&lender, xlm, &ONE);
    world.check();
}

#[test]
fn a_small_loss_is_the_reserves_own() {
    let world = World::funded();
    let bob = world.account(1);
    world.deposit(&bob, &world.eth, 10 * 10_i128.pow(18));
    world.borrow(&bob, &world.xlm, 100_000 * ONE);
    world.wait(365 * DAY);
    world.ledger.accrue(&world.xlm);
    let (lender, totals) = (world.account(3), world.state(&world.xlm).totals);
    let owned = world.deposited(&lender, &world.xlm);
    world.ledger.sync(&world.xlm, &(totals.cash - totals.reserves));
    assert_eq!(world.deposited(&lender, &world.xlm), owned);
}

// ---- how fast it may leave --------------------------------------------------------------------------------------------

/// A fifth of the supplied USDC may leave in an hour.
fn narrow() -> World {
    let world = World::funded();
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    let mut config = world.state(&world.usdc).config;
    config.outflow_bps = 2_000;
    // Deposits of the past hour would widen it.
    world.wait(HOUR);
    world.price(&world.usdc, PRICE);
    world.price(&world.xlm, PRICE);
    world.admin.update_asset(&guardian, &world.usdc, &config);
    world.deposit(&world.account(0), &world.xlm, 1_000_000 * ONE);
    world
}

#[test]
fn no_more_than_the_window_leaves_with_risk() {
    let world = narrow();
    let (alice, ledger) = (world.account(0), &world.ledger);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    let more = || ledger.try_borrow(&alice, &world.usdc, &ONE);
    assert_refused!(world, more(), LedgerError::OutflowExceeded);
    let batch = vec![&world.env, Action::Borrow(world.usdc.clone(), ONE)];
    assert_refused!(world, ledger.try_batch(&alice, &alice, &batch), LedgerError::OutflowExceeded);
    // What comes back makes room, and so does time.
    ledger.repay(&alice, &world.usdc, &ONE);
    world.borrow(&alice, &world.usdc, ONE);
    assert_refused!(world, more(), LedgerError::OutflowExceeded);
    world.wait(HOUR / 2);
    world.price(&world.xlm, PRICE);
    world.price(&world.usdc, PRICE);
    world.borrow(&alice, &world.usdc, 9_999 * ONE);
    let again = ledger.try_borrow(&alice, &world.usdc, &(100 * ONE));
    assert_refused!(world, again, LedgerError::OutflowExceeded);
}

#[test]
fn whoever_owes_nothing_leaves_whatever_the_window_says() {
    let world = narrow();
    let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
    world.deposit(&bob, &world.usdc, 1_000 * ONE);
    world.deposit(&bob, &world.eth, 10_i128.pow(18));
    world.borrow(&bob, &world.xlm, ONE);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    world.ledger.debit(&lender, &world.usdc, &(50_000 * ONE));
    world.check();
    // Who owes something waits.
    let debit = world.ledger.try_debit(&bob, &world.usdc, &ONE);
    assert_refused!(world, debit, LedgerError::OutflowExceeded);
    world.ledger.repay(&bob, &world.xlm, &(2 * ONE));
    world.ledger.debit(&bob, &world.usdc, &ALL);
    world.check();
}
