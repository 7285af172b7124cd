//! Nothing that is too little to pay a debt keeps it from being written off.
extern crate std;

use crate::storage;
use crate::test_world::{World, ONE};
use margin_interface::{PendingClaim, PendingClaimed, PriceStatus, Receive};
use margin_math::units::{INDEX, PRICE};
use soroban_sdk::{testutils::Events as _, Address, Event as _};

/// As if `account` had won `amount` that the pool could not pay yet.
fn waits_for(world: &World, account: &Address, amount: i128) {
    world.env.as_contract(&world.ledger.address, || {
        let mut buckets = storage::settlement(&world.env);
        let mut owner = storage::account(&world.env, account);
        owner.pending = PendingClaim { amount, epoch: buckets.claims_epoch, fraction: INDEX };
        buckets.claims += amount;
        storage::set_settlement(&world.env, &buckets);
        storage::set_account(&world.env, account, &owner);
    });
}

#[test]
fn a_claim_of_one_unit_hides_no_debt() {
    let world = World::funded();
    let alice = world.account(0);
    world.perp_history(&alice, 1_000 * ONE, 300 * ONE);
    waits_for(&world, &alice, 1);
    let before = world.ledger.totals();
    // Anybody may ask.
    assert_eq!(world.ledger.claim_pending(&alice), 0);
    world.check();
    let after = world.ledger.totals();
    assert_eq!((world.ledger.account(&alice).perp_debt, after.perp_borrowed, after.claims), (0, 0, 0));
    // The pool's loss is what it lent, less the unit that it owed.
    assert_eq!(before.lp - after.lp, 300 * ONE);
    assert_eq!(after.claims_epoch, before.claims_epoch + 1);
}

#[test]
fn what_an_account_waits_for_pays_what_it_owes() {
    let world = World::funded();
    let alice = world.account(0);
    world.perp_history(&alice, 1_000 * ONE, 300 * ONE);
    waits_for(&world, &alice, 500 * ONE);
    let before = world.ledger.totals();
    world.ledger.claim_pending(&alice);
    // Nobody lost anything, so no loss is told.
    let told = world.env.events().all();
    world.check();
    assert_eq!(told.events().len(), 1);
    let (after, owner) = (world.ledger.totals(), world.ledger.account(&alice));
    assert_eq!((owner.perp_debt, owner.pending.amount, after.claims), (0, 200 * ONE, 200 * ONE));
    let claimed = PendingClaimed {
        account: alice.clone(),
        amount: 300 * ONE,
        account_seq: owner.seq,
        settlement_seq: after.seq,
    };
    assert_eq!(told.events()[0], claimed.to_xdr(&world.env, &world.ledger.address));
    // Nobody lost: what can be paid out is what it was.
    assert_eq!(after.lp - after.perp_borrowed, before.lp - before.perp_borrowed);
    assert_eq!(after.insurance, before.insurance);
}

/// 500 USDC owed against XLM that is worth 100; a claim of a dollar less a unit is too little to wait for.
#[test]
fn a_claim_of_dust_holds_no_lending_debt_open() {
    for (claim, written_off) in [(ONE - 1, true), (ONE, false)] {
        let world = World::funded();
        let (alice, bob) = (world.account(0), world.account(1));
        world.deposit(&alice, &world.xlm, 10_000 * ONE);
        world.borrow(&alice, &world.usdc, 500 * ONE);
        waits_for(&world, &alice, claim);
        world.quote(&world.xlm, PRICE / 100, PRICE / 100, PriceStatus::Live);
        let all = 500 * ONE;
        world.ledger.liquidate(&bob, &alice, &world.usdc, &world.xlm, &all, &0, &Receive::Tokens);
        world.check();
        let owner = world.ledger.account(&alice);
        assert!(owner.deposits.is_empty());
        assert_eq!(owner.debts.is_empty(), written_off);
    }
}
