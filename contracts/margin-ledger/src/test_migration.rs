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

/// Thousandths of a dollar for XLM, at which the account below is called but not liquidated.
const CALLED: i128 = 85;

#[test]
fn everything_moves_but_limits_and_grants() {
    let world = World::funded();
    let (alice, new, bob) = (world.account(0), world.account(1), world.account(2));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.perp_history(&alice, 100 * ONE, 10 * ONE);
    world.ledger.set_limits(&alice, &Limits { max_leverage: 300, ..Limits::NONE });
    world.ledger.grant(&alice, &bob, &permissions::TRADE, &(world.env.ledger().timestamp() + 100));
    world.price(&world.xlm, PRICE * CALLED / 1_000);
    world.ledger.margin_call(&alice);
    let (before, health) = (world.ledger.account(&alice), world.ledger.summary(&alice).health_factor);

    // Who has no limits needs not even a price.
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    world.ledger.transfer_account(&alice, &new);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    world.price(&world.xlm, PRICE * CALLED / 1_000);
    let (old, now) = (world.ledger.account(&alice), world.ledger.account(&new));
    assert_eq!((now.deposits, now.debts, now.perp_debt), (before.deposits, before.debts, before.perp_debt));
    assert_eq!((now.status, now.since, now.limits), (AccountStatus::MarginCall, before.since, Limits::NONE));
    assert!(old.deposits.is_empty() && old.debts.is_empty() && old.perp_debt == 0);
    assert_eq!((old.status, old.seq, now.seq), (AccountStatus::Normal, before.seq + 1, 1));
    assert_eq!(world.ledger.summary(&new).health_factor, health);
    assert_eq!(world.ledger.permission(&alice, &bob), permissions::TRADE);
    assert_eq!(world.ledger.permission(&new, &bob), 0);
}

/// Who could be liquidated would otherwise be somewhere else each time.
#[test]
fn a_flagged_account_does_not_move() {
    let world = World::funded();
    let (alice, new) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.price(&world.xlm, PRICE * 50 / 1_000);
    world.ledger.flag(&alice);
    let call = world.ledger.try_transfer_account(&alice, &new);
    assert_refused!(world, call, LedgerError::AccountFlagged);
}

/// Attack: move to a fresh address in each ledger, ahead of whoever flags or liquidates.
#[test]
fn who_could_be_liquidated_does_not_move() {
    let world = World::funded();
    let (alice, new) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    let refused = || {
        assert!(world.ledger.is_liquidatable(&alice));
        let call = world.ledger.try_transfer_account(&alice, &new);
        assert_refused!(world, call, LedgerError::InsufficientMargin);
    };
    let called = || world.price(&world.xlm, PRICE * 84 / 1_000);
    world.price(&world.xlm, PRICE * 78 / 1_000);
    refused();
    // Not at the price of the call, but at the better end that decides.
    world.quote(&world.xlm, PRICE * 50 / 1_000, PRICE * 78 / 1_000, PriceStatus::Stale);
    refused();
    called();
    world.ledger.margin_call(&alice);
    world.wait(3_600);
    called();
    refused();
    // What is called and not overdue moves, and its call with it.
    world.wait(86_400);
    called();
    world.ledger.margin_call(&alice);
    world.ledger.transfer_account(&alice, &new);
    assert_eq!(world.ledger.summary(&new).status, AccountStatus::MarginCall);
}

#[test]
fn nothing_moves_beyond_the_limits_of_who_has_some() {
    let world = World::funded();
    let (alice, new) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    let limits = |total_borrow| Limits { total_borrow, ..Limits::NONE };
    world.ledger.set_limits(&new, &limits(500 * ONE - 1));
    assert_refused!(world, world.ledger.try_transfer_account(&alice, &new), LedgerError::LimitExceeded);
    world.ledger.set_limits(&new, &limits(500 * ONE));
    world.quote(&world.xlm, PRICE / 10, PRICE / 10, PriceStatus::Degraded);
    assert_refused!(world, world.ledger.try_transfer_account(&alice, &new), LedgerError::PriceNotUsable);
    world.price(&world.xlm, PRICE * 85 / 1_000);
    assert_refused!(world, world.ledger.try_transfer_account(&alice, &new), LedgerError::InsufficientMargin);
    world.price(&world.xlm, PRICE / 10);
    world.ledger.transfer_account(&alice, &new);
    assert!(world.ledger.account(&alice).debts.is_empty() && !world.ledger.account(&new).debts.is_empty());
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
