//! Batches: in order, checked at the end, all or nothing; and dry runs that say the same and leave nothing.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{Action, LedgerError, ALL};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, vec, Address, Vec};

fn run(world: &World, account: &Address, actions: &Vec<Action>) -> Vec<i128> {
    let told = world.ledger.dry_batch(account, account, actions);
    assert_eq!(world.env.events().all().events().len(), 0, "a dry run tells nothing");
    let moved = world.ledger.batch(account, account, actions);
    world.check();
    assert_eq!(told, moved);
    moved
}

#[test]
fn a_batch_is_checked_at_its_end() {
    let world = World::funded();
    let (env, alice) = (&world.env, world.account(0));
    let (xlm, usdc) = (world.xlm.clone(), world.usdc.clone());
    // Borrows before it has brought anything, and takes out what it brings last.
    let moved = run(
        &world,
        &alice,
        &vec![
            env,
            Action::Borrow(usdc.clone(), 500 * ONE),
            Action::Deposit(xlm.clone(), 10_000 * ONE),
            Action::Deposit(usdc.clone(), 10 * ONE),
            Action::RepayWithCollateral(usdc.clone(), 4 * ONE),
            Action::Repay(usdc.clone(), ONE),
            Action::Withdraw(usdc.clone(), ALL),
        ],
    );
    assert_eq!(moved, vec![env, 500 * ONE, 10_000 * ONE, 10 * ONE, 4 * ONE, ONE, 6 * ONE]);
    assert_eq!(world.owed(&alice, &usdc), 495 * ONE);

    let ledger = &world.ledger;
    let too_much = vec![env, Action::Borrow(usdc.clone(), 500 * ONE), Action::Repay(usdc.clone(), ONE)];
    let call = ledger.try_batch(&alice, &alice, &too_much);
    assert_refused!(world, call, LedgerError::InsufficientMargin);
    let call = ledger.try_dry_batch(&alice, &alice, &too_much);
    assert_refused!(world, call, LedgerError::InsufficientMargin);
    let strange = vec![env, Action::MoveSettlement(ONE)];
    let call = ledger.try_batch(&alice, &alice, &strange);
    assert_refused!(world, call, LedgerError::InvalidAction);
}

/// The second loan would be written off in the middle, when the deposit is gone, and the account would end without risk.
#[test]
fn a_loan_cannot_be_made_bad_debt_in_its_own_batch() {
    let world = World::funded();
    let (env, alice) = (&world.env, world.account(0));
    let (xlm, usdc) = (world.xlm.clone(), world.usdc.clone());
    world.deposit(&alice, &usdc, 100 * ONE);
    let theft = vec![
        env,
        Action::Borrow(usdc.clone(), 100 * ONE),
        Action::Borrow(xlm.clone(), 100_000 * ONE),
        Action::RepayWithCollateral(usdc.clone(), 100 * ONE),
    ];
    let call = world.ledger.try_batch(&alice, &alice, &theft);
    assert_refused!(world, call, LedgerError::InsufficientMargin);
}

/// Interest has eaten the deposit: what is left of the debt once it is paid with is written off, as outside of a batch.
#[test]
fn a_batch_that_takes_nothing_may_end_in_bad_debt() {
    let world = World::funded();
    let (env, alice, usdc) = (&world.env, world.account(0), world.usdc.clone());
    world.deposit(&alice, &usdc, 100 * ONE);
    world.borrow(&alice, &usdc, 97 * ONE);
    world.wait(40 * 31_536_000);
    assert!(world.owed(&alice, &usdc) > world.deposited(&alice, &usdc));
    world.ledger.batch(&alice, &alice, &vec![env, Action::RepayWithCollateral(usdc, ALL)]);
    world.check();
    assert!(world.ledger.account(&alice).debts.is_empty());
}

#[test]
fn caps_cash_and_utilisation_are_those_of_the_end() {
    let world = World::funded();
    let (env, alice, bob) = (&world.env, world.account(0), world.account(1));
    world.price(&world.xlm, PRICE);
    let usdc = world.usdc.clone();
    world.deposit(&bob, &world.usdc, 10 * ONE);
    world.deposit(&alice, &world.xlm, 1_000_000 * ONE);
    // More than the vault holds, but not at the end.
    let over = |amount: i128| {
        vec![env, Action::Borrow(usdc.clone(), amount), Action::Repay(usdc.clone(), amount - 1_000 * ONE)]
    };
    run(&world, &alice, &over(150_000 * ONE));
    let call = |actions: &Vec<Action>| world.ledger.try_batch(&alice, &alice, actions);
    let most = vec![env, Action::Borrow(usdc.clone(), 94_500 * ONE)];
    assert_refused!(world, call(&most), LedgerError::UtilisationExceeded);
    let beyond = vec![env, Action::Borrow(usdc.clone(), 100_000 * ONE)];
    assert_refused!(world, call(&beyond), LedgerError::InsufficientLiquidity);
    let cap = world.state(&usdc).config.supply_cap;
    let flood = vec![env, Action::Deposit(usdc.clone(), cap)];
    assert_refused!(world, call(&flood), LedgerError::SupplyCapExceeded);
    let flood = vec![env, Action::Deposit(usdc.clone(), cap), Action::Withdraw(usdc.clone(), cap)];
    run(&world, &alice, &flood);
}

#[test]
fn a_dry_liquidation_is_the_liquidation() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.price(&world.xlm, PRICE * 75 / 1_000);
    let args = (&world.usdc, &world.xlm, 500 * ONE, 0, margin_interface::Receive::Shares);
    let told = world.ledger.dry_liquidate(&lender, &alice, args.0, args.1, &args.2, &args.3, &args.4);
    assert_eq!(world.env.events().all().events().len(), 0);
    let done = world.ledger.liquidate(&lender, &alice, args.0, args.1, &args.2, &args.3, &args.4);
    assert_eq!(told, done);
    assert!(done.repaid > 0);
}
