//! Accounts that move, and mirrors that prove they are in step.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{permissions, AccountStatus, LedgerError, Limits, PriceStatus};
use margin_math::units::PRICE;
use soroban_sdk::{
    testutils::Events as _,
    xdr::{ContractEventBody, ScVal, ToXdr},
    BytesN,
};
use std::panic;

#[test]
fn everything_moves_but_limits_and_grants() {
    let world = World::funded();
    let (alice, new, bob) = (world.account(0), world.account(1), world.account(2));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.perp_history(&alice, 100 * ONE, 10 * ONE);
    let limits = Limits { max_leverage: 300, ..Limits::NONE };
    world.ledger.set_limits(&alice, &limits);
    world.ledger.grant(&alice, &bob, &permissions::TRADE, &(world.env.ledger().timestamp() + 100));
    world.price(&world.xlm, PRICE * 78 / 1_000);
    world.ledger.flag(&alice);
    let (before, health) = (world.ledger.account(&alice), world.ledger.summary(&alice).health_factor);

    // Not even a price is needed.
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    world.ledger.transfer_account(&alice, &new);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    world.price(&world.xlm, PRICE * 78 / 1_000);
    let (old, now) = (world.ledger.account(&alice), world.ledger.account(&new));
    assert_eq!((now.deposits, now.debts, now.perp_debt), (before.deposits, before.debts, before.perp_debt));
    assert_eq!((now.status, now.since), (AccountStatus::Flagged, before.since));
    assert_eq!((now.limits, old.limits.clone()), (Limits::NONE, limits));
    assert!(old.deposits.is_empty() && old.debts.is_empty() && old.perp_debt == 0);
    assert_eq!((old.status, old.seq, now.seq), (AccountStatus::Normal, before.seq + 1, 1));
    assert_eq!(world.ledger.summary(&new).health_factor, health);
    assert_eq!(world.ledger.permission(&alice, &bob), permissions::TRADE);
    assert_eq!(world.ledger.permission(&new, &bob), 0);
}

/// What could not be borrowed under the new account's limits does not get there by moving, nor does a flag get lost.
#[test]
fn what_moves_keeps_the_limits_of_where_it_goes() {
    let world = World::funded();
    let (alice, new, flagged) = (world.account(0), world.account(1), world.account(2));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    // A health of 700 / 500 = 1.4, and a debt of 500.
    for limits in
        [Limits { min_health: 14_001, ..Limits::NONE }, Limits { total_borrow: 499 * ONE, ..Limits::NONE }]
    {
        world.ledger.set_limits(&new, &limits);
        assert_refused!(world, world.ledger.try_transfer_account(&alice, &new), LedgerError::LimitExceeded);
    }
    world.deposit(&flagged, &world.xlm, 10_000 * ONE);
    world.borrow(&flagged, &world.usdc, 500 * ONE);
    world.price(&world.xlm, PRICE * 78 / 1_000);
    world.ledger.flag(&flagged);
    world.ledger.repay(&flagged, &world.usdc, &i128::MAX);
    world.price(&world.xlm, PRICE / 10);
    // It owns nothing any more, and is flagged until somebody says otherwise.
    world.env.as_contract(&world.ledger.address, || {
        let mut owner = crate::storage::account(&world.env, &flagged);
        let mut state = crate::storage::asset(&world.env, &world.xlm).unwrap();
        state.totals.cash -=
            crate::holdings::take_deposit(&mut state, &mut owner, &world.xlm, i128::MAX).amount;
        crate::storage::set_asset(&world.env, &world.xlm, &state);
        crate::storage::set_account(&world.env, &flagged, &owner);
    });
    let refused = world.ledger.try_transfer_account(&alice, &flagged);
    assert_refused!(world, refused, LedgerError::AccountFlagged);
    world.ledger.set_limits(&new, &Limits { min_health: 13_000, total_borrow: 501 * ONE, ..Limits::NONE });
    world.ledger.transfer_account(&alice, &new);
    world.check();
}

#[test]
fn nothing_moves_onto_what_is_there() {
    let world = World::funded();
    let (alice, bob, carol) = (world.account(0), world.account(1), world.account(2));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.deposit(&bob, &world.usdc, ONE);
    world.perp_history(&carol, 100 * ONE, 10 * ONE);
    for taken in [&bob, &carol, &alice] {
        let call = world.ledger.try_transfer_account(&alice, taken);
        assert_refused!(world, call, LedgerError::AccountNotEmpty);
    }
}

#[test]
fn a_mirror_in_step_can_prove_it() {
    let world = World::funded();
    let alice = world.account(0);
    let hash = || -> BytesN<32> {
        world.env.crypto().sha256(&world.ledger.account(&alice).to_xdr(&world.env)).to_bytes()
    };
    assert!(world.ledger.reconcile(&alice, &0, &hash()), "an empty account too");
    world.deposit(&alice, &world.xlm, ONE);
    let first = hash();
    assert!(world.ledger.reconcile(&alice, &1, &first));
    assert!(!world.ledger.reconcile(&alice, &2, &first));
    world.deposit(&alice, &world.xlm, ONE);
    assert!(!world.ledger.reconcile(&alice, &1, &first) && !world.ledger.reconcile(&alice, &2, &first));
    assert!(world.ledger.reconcile(&alice, &2, &hash()));
}

/// What the last event says of the account's number.
fn told(world: &World) -> u64 {
    let events = world.env.events().all();
    let ContractEventBody::V0(body) = &events.events().last().unwrap().body;
    let ScVal::Map(Some(fields)) = &body.data else { panic!("no fields") };
    let number = ScVal::Symbol("account_seq".try_into().unwrap());
    match fields.iter().find(|field| field.key == number).map(|field| &field.val) {
        Some(ScVal::U64(seq)) => *seq,
        other => panic!("no number: {other:?}"),
    }
}

#[test]
fn events_carry_the_number_after_the_change() {
    let world = World::funded();
    let alice = world.account(0);
    let known = || world.ledger.account(&alice).seq;
    world.ledger.credit(&alice, &alice, &world.xlm, &(10 * ONE));
    assert_eq!(told(&world), known());
    world.ledger.debit(&alice, &world.xlm, &ONE);
    assert_eq!(told(&world), known());
    world.ledger.grant(&alice, &world.account(1), &permissions::TRADE, &u64::MAX);
    assert_eq!(told(&world), known());
}
