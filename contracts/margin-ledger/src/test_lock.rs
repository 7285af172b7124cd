//! Deposits that have to stay for a while.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{Action, GovernanceClient, LedgerError, ALL};
use soroban_sdk::vec;

/// A world where deposits of XLM stay for five minutes.
fn locking() -> World {
    let world = World::funded();
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    let mut config = world.state(&world.xlm).config;
    config.min_deposit_seconds = 300;
    world.admin.update_asset(&guardian, &world.xlm, &config);
    world
}

#[test]
fn a_deposit_leaves_when_its_time_is_over() {
    let world = locking();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    let ledger = &world.ledger;
    // It supports a loan: it only cannot leave.
    world.borrow(&alice, &world.usdc, 100 * ONE);
    world.wait(299);
    world.price(&world.xlm, margin_math::units::PRICE / 10);
    assert_refused!(world, ledger.try_debit(&alice, &world.xlm, &1), LedgerError::DepositLocked);
    world.wait(1);
    ledger.debit(&alice, &world.xlm, &ONE);
    assert!(ledger.account(&alice).locks.is_empty());
    // What was deposited before the rule is free, as is any other asset.
    ledger.debit(&world.account(3), &world.xlm, &ONE);
}

#[test]
fn what_comes_and_goes_in_one_batch_is_refused() {
    let world = locking();
    let alice = world.account(0);
    let (env, xlm) = (&world.env, world.xlm.clone());
    let flash = vec![env, Action::Deposit(xlm.clone(), ONE), Action::Withdraw(xlm, ALL)];
    let call = world.ledger.try_batch(&alice, &alice, &flash);
    assert_refused!(world, call, LedgerError::DepositLocked);
}

#[test]
fn a_loan_of_what_is_locked_is_no_way_out() {
    let world = locking();
    let alice = world.account(0);
    let (env, xlm) = (&world.env, world.xlm.clone());
    world.deposit(&alice, &xlm, 1_000 * ONE);
    let most = 1_000 * ONE - 2;
    let netted =
        vec![env, Action::Borrow(xlm.clone(), most), Action::RepayWithCollateral(xlm.clone(), most + 1)];
    assert_refused!(world, world.ledger.try_batch(&alice, &alice, &netted), LedgerError::DepositLocked);
    assert_refused!(world, world.ledger.try_borrow(&alice, &xlm, &ONE), LedgerError::DepositLocked);
    world.wait(300);
    world.ledger.batch(&alice, &alice, &netted);
    world.check();
}

#[test]
fn more_money_holds_back_by_its_weight_and_a_strangers_dust_not_at_all() {
    let world = locking();
    let (alice, bob) = (world.account(0), world.account(1));
    let until = || world.ledger.account(&alice).locks.get(world.xlm.clone()).unwrap();
    world.deposit(&alice, &world.xlm, 1_000 * ONE);
    let start = world.env.ledger().timestamp();
    assert_eq!(until(), start + 300);
    world.wait(300);
    // At most an 8,192nd each: 0.122.
    for _ in 0..5 {
        world.ledger.credit(&bob, &alice, &world.xlm, &1220703);
    }
    assert_eq!(until(), start + 300);
    world.ledger.credit(&bob, &alice, &world.xlm, &(1_000 * ONE));
    assert!((start + 447..=start + 450).contains(&until()), "about half of the deposit is new");
    world.check();
    let before = until();
    world.ledger.credit(&alice, &alice, &world.xlm, &1);
    assert_eq!(until(), before + 1, "one's own dust rounds up");
}

/// Attack: bring money in small parts by a second account, none of which holds back for a second.
#[test]
fn many_small_deposits_of_a_stranger_hold_back_no_less_than_one() {
    let world = locking();
    let (alice, bob) = (world.account(0), world.account(1));
    let until = || world.ledger.account(&alice).locks.get(world.xlm.clone()).unwrap();
    world.deposit(&alice, &world.xlm, 1_000 * ONE);
    world.wait(300);
    let now = world.env.ledger().timestamp();
    // As much again, in three hundred parts: as one it would hold back for 150 seconds.
    for _ in 0..300 {
        world.ledger.credit(&bob, &alice, &world.xlm, &3_3333333);
    }
    assert!((now + 150..=now + 300).contains(&until()), "{} s", until() - now);
    assert_refused!(world, world.ledger.try_debit(&alice, &world.xlm, &ALL), LedgerError::DepositLocked);
    world.check();
}
