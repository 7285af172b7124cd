//! Insurance that takes what nobody else did.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{Bucket, GovernanceError, LedgerChange, LedgerError, MarginLedgerAdminClient};
use margin_math::units::PRICE;
use soroban_sdk::{
    testutils::{Address as _, Events as _},
    Address, Error,
};

const DAY: u64 = 86_400;

/// Alice owes 500 USDC against 10,000 XLM at 0.072; the fund holds 1,000.
fn waiting() -> (World, Address, Address) {
    let world = World::funded();
    let (alice, fund) = (world.account(0), world.account(2));
    world.insure(1_000 * ONE);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    falling(&world);
    world.ledger.flag(&alice);
    world.admin.set_protocol_account(&Bucket::Insurance, &fund);
    (world, alice, fund)
}

fn falling(world: &World) {
    world.price(&world.xlm, PRICE * 72 / 1_000);
    world.price(&world.usdc, PRICE);
}

fn backstop(world: &World, account: &Address) -> Result<i128, LedgerError> {
    let done = world.ledger.try_backstop(account, &world.xlm, &i128::MAX);
    world.check();
    done.map(|done| done.unwrap().repaid).map_err(|error| error.unwrap())
}

#[test]
fn insurance_waits_ten_minutes_then_pays_and_takes_shares() {
    let (world, alice, fund) = waiting();
    world.wait(599);
    falling(&world);
    assert_eq!(backstop(&world, &alice), Err(LedgerError::NotLiquidatable));
    world.wait(1);
    falling(&world);
    let before = (world.ledger.totals(), world.state(&world.usdc).totals, world.owed(&alice, &world.usdc));
    let done = world.ledger.backstop(&alice, &world.xlm, &(100 * ONE));
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    assert_eq!(done.repaid, 100 * ONE);
    let after = (world.ledger.totals(), world.state(&world.usdc).totals, world.owed(&alice, &world.usdc));
    // Paid by the fund: no token moved.
    assert_eq!(before.0.insurance - after.0.insurance, 100 * ONE);
    assert_eq!((before.1.cash, before.2 - after.2), (after.1.cash, 100 * ONE));
    // 100 USD at 0.072, with the bonus of a liquidator.
    assert_eq!(world.deposited(&fund, &world.xlm), done.seized);
    assert!(done.seized > 1_388 * ONE && done.seized < 1_530 * ONE);
}

#[test]
fn the_fund_pays_at_most_a_quarter_of_itself_per_day() {
    let (world, alice, _) = waiting();
    world.wait(600);
    falling(&world);
    assert_eq!(backstop(&world, &alice), Ok(250 * ONE));
    assert_eq!(backstop(&world, &alice), Err(LedgerError::InsufficientBucket));
    // It fades over a day: half of it is back after twelve hours, of what the fund holds now.
    world.wait(DAY / 2);
    world.price(&world.xlm, PRICE * 60 / 1_000);
    world.price(&world.usdc, PRICE);
    let insurance = world.ledger.totals().insurance;
    let second = backstop(&world, &alice).unwrap();
    assert!(second <= insurance / 4 - 125 * ONE);
    assert!(second > 0);
}

#[test]
fn only_flagged_accounts_that_may_be_liquidated() {
    let (world, alice, _) = waiting();
    world.wait(600);
    world.price(&world.xlm, PRICE);
    world.price(&world.usdc, PRICE);
    assert_eq!(backstop(&world, &alice), Err(LedgerError::NotLiquidatable));
    world.ledger.unflag(&alice);
    falling(&world);
    assert_eq!(backstop(&world, &alice), Err(LedgerError::NotLiquidatable));
    // A debt of another asset is not the fund's business.
    let bob = world.account(1);
    world.deposit(&bob, &world.xlm, 100_000 * ONE);
    world.price(&world.xlm, PRICE / 10);
    world.borrow(&bob, &world.eth, 24 * 10_i128.pow(17));
    falling(&world);
    world.ledger.flag(&bob);
    world.wait(600);
    falling(&world);
    world.price(&world.eth, 2_000 * PRICE);
    let call = world.ledger.try_backstop(&bob, &world.xlm, &ONE);
    assert_refused!(world, call, LedgerError::NothingOwed);
}

#[test]
fn the_protocols_account_is_named_once_and_changed_slowly() {
    let world = World::funded();
    let (admin, fund) = (MarginLedgerAdminClient::new(&world.env, &world.ledger.address), world.account(2));
    let call = world.ledger.try_backstop(&fund, &world.xlm, &ONE);
    assert_eq!(call.err(), Some(Ok(LedgerError::VenuesNotSet)));
    admin.set_protocol_account(&Bucket::Insurance, &fund);
    let other = Address::generate(&world.env);
    let again = admin.try_set_protocol_account(&Bucket::Insurance, &other);
    let needs = Error::from_contract_error(GovernanceError::NeedsTimelock as u32);
    match again {
        Err(Err(error)) => assert_eq!(error, needs.into()),
        other => panic!("{other:?}"),
    }
    let id = admin.propose(&LedgerChange::ProtocolAccount(Bucket::Insurance, other.clone()));
    world.wait(2 * DAY);
    admin.execute(&id);
}
