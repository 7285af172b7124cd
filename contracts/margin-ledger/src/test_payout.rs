//! What the protocol earned, and how it leaves.
extern crate std;

use crate::storage;
use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{
    Action, AssetConfig, Bucket, GovernanceClient, GovernanceError, LedgerChange, LedgerError, ALL,
};
use soroban_sdk::{testutils::Address as _, vec, Address, Error, InvokeError};

const DAY: u64 = 86_400;

/// A year of loans of XLM and USDC, ten dollars of fees, and nobody named yet.
fn earned() -> World {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.eth, 80 * 10_i128.pow(18));
    world.borrow(&alice, &world.xlm, 500_000 * ONE);
    world.borrow(&alice, &world.usdc, 40_000 * ONE);
    world.env.as_contract(&world.ledger.address, || {
        let mut state = storage::asset(&world.env, &world.usdc).unwrap();
        let mut buckets = storage::settlement(&world.env);
        buckets.fees += 10 * ONE;
        state.totals.cash += 10 * ONE;
        storage::set_asset(&world.env, &world.usdc, &state);
        storage::set_settlement(&world.env, &buckets);
    });
    world.wait(365 * DAY);
    world.ledger.accrue(&world.xlm);
    world.ledger.accrue(&world.usdc);
    world.check();
    world
}

fn pay_out(world: &World, asset: &Address, amount: i128) -> Result<(), Error> {
    let id = world.admin.propose(&LedgerChange::Payout(asset.clone(), amount));
    let early = world.admin.try_execute(&id).err();
    assert_eq!(early, Some(Err(InvokeError::Contract(GovernanceError::TooEarly as u32))));
    world.wait(DAY);
    let done = world.admin.try_execute(&id);
    world.check();
    done.map(|done| done.unwrap()).map_err(|error| error.unwrap().into())
}

fn refusal(error: LedgerError) -> Result<(), Error> {
    Err(Error::from_contract_error(error as u32))
}

#[test]
fn what_the_protocol_earned_becomes_a_deposit_of_its_account_after_a_day() {
    let world = earned();
    let treasury = world.account(2);
    assert_eq!(pay_out(&world, &world.xlm, 1), refusal(LedgerError::VenuesNotSet));
    world.admin.set_protocol_account(&Bucket::Fees, &treasury);

    // Reserves, of any asset; the rest of them stays.
    let before = world.state(&world.xlm).totals;
    assert!(before.reserves > 100 * ONE);
    let supplied = world.deposited(&world.account(3), &world.xlm);
    pay_out(&world, &world.xlm, 100 * ONE).unwrap();
    let after = world.state(&world.xlm).totals;
    assert_eq!(after.cash, before.cash);
    assert!(after.reserves + 100 * ONE >= before.reserves);
    assert!((100 * ONE - 1..=100 * ONE).contains(&world.deposited(&treasury, &world.xlm)));
    assert!(world.deposited(&world.account(3), &world.xlm) >= supplied, "nobody else pays");

    // Fees of the settlement asset first, then its reserves.
    let reserves = world.state(&world.usdc).totals.reserves;
    assert!(reserves > 2 * ONE);
    pay_out(&world, &world.usdc, 4 * ONE).unwrap();
    assert_eq!(world.ledger.totals().fees, 6 * ONE);
    pay_out(&world, &world.usdc, 7 * ONE).unwrap();
    assert_eq!(world.ledger.totals().fees, 0);
    let left = world.state(&world.usdc).totals.reserves;
    assert!(left >= reserves - ONE && left < reserves);

    // It is money like any other: it leaves without a price.
    world.ledger.debit(&treasury, &world.xlm, &ALL);
    world.ledger.debit(&treasury, &world.usdc, &ALL);
    world.check();
}

#[test]
fn no_more_is_paid_out_than_was_earned() {
    let world = earned();
    world.admin.set_protocol_account(&Bucket::Fees, &world.account(2));
    let most = |asset: &Address| world.state(asset).totals.reserves;
    assert_eq!(pay_out(&world, &world.xlm, 2 * most(&world.xlm)), refusal(LedgerError::InsufficientBucket));
    assert_eq!(
        pay_out(&world, &world.usdc, 11 * ONE + 2 * most(&world.usdc)),
        refusal(LedgerError::InsufficientBucket)
    );
    assert_eq!(pay_out(&world, &world.eth, 1), refusal(LedgerError::InsufficientBucket));
    for amount in [0, -ONE] {
        assert_eq!(pay_out(&world, &world.usdc, amount), refusal(LedgerError::InvalidAmount));
    }
    assert_eq!(pay_out(&world, &Address::generate(&world.env), 1), refusal(LedgerError::UnknownAsset));
}

/// Reserves stand before depositors while tokens are missing, and nobody takes them away then.
#[test]
fn nothing_is_paid_out_of_reserves_that_may_be_needed() {
    let world = earned();
    world.admin.set_protocol_account(&Bucket::Fees, &world.account(2));
    let cash = world.state(&world.xlm).totals.cash;
    world.ledger.sync(&world.xlm, &(cash - 1));
    assert_eq!(pay_out(&world, &world.xlm, ONE), refusal(LedgerError::AssetFrozen));
}

/// A stopped asset ends: everybody leaves, the protocol takes what it earned, and it is retired.
#[test]
fn what_a_stopped_asset_earned_leaves_before_it_is_retired() {
    let world = earned();
    let (alice, treasury, lender) = (world.account(0), world.account(2), world.account(3));
    world.admin.set_protocol_account(&Bucket::Fees, &treasury);
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    let xlm = &world.xlm;
    let stopped = AssetConfig { enabled: false, ..world.state(xlm).config };
    world.admin.update_asset(&guardian, xlm, &stopped);
    assert_refused!(world, world.ledger.try_credit(&lender, &lender, xlm, &ONE), LedgerError::AssetDisabled);
    let deposit = vec![&world.env, Action::Deposit(xlm.clone(), ONE)];
    assert_refused!(world, world.ledger.try_batch(&lender, &lender, &deposit), LedgerError::AssetDisabled);
    world.ledger.repay(&alice, xlm, &(900_000 * ONE));
    world.ledger.debit(&lender, xlm, &ALL);
    world.check();
    assert_refused!(world, world.admin.try_retire_asset(xlm), LedgerError::AssetInUse);
    pay_out(&world, xlm, world.state(xlm).totals.reserves).unwrap();
    assert_eq!(world.state(xlm).totals.reserves, 0);
    world.ledger.debit(&treasury, xlm, &ALL);
    world.check();
    world.admin.retire_asset(xlm);
    assert!(!world.ledger.assets().contains(xlm));
}
