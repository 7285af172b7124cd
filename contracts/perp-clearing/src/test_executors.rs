//! Executors are paid by traders, never by the pool; and what `can_execute` says is what happens.
extern crate std;

use crate::{
    test_orders::order,
    test_replays::Dice,
    test_world::{market_config, World, X, Y},
};
use margin_interface::{Condition, ConditionalOrder, Limits, PriceStatus};
use margin_math::units::{PRICE, USD};
use soroban_sdk::{testutils::Address as _, vec, Address, InvokeError};
use std::collections::BTreeMap;

fn deposit(world: &World, account: &Address) -> i128 {
    world.ledger.breakdown(account).deposits.first().map_or(0, |held| held.amount)
}

/// Alice holds 90 long, bought at 100 with `margin`; another one has sold the mark down to about 88, where the index is.
pub fn losing(margin: i128) -> (World, Address, Address) {
    let world = World::new();
    let (alice, bear) = (world.trader(margin), world.trader(1_000_000));
    world.buy(&alice, 90);
    for step in 1..=7 {
        world.pass(5);
        world.index_at(100 - 12 * step / 7, PriceStatus::Live);
        world.sell(&bear, 900);
    }
    world.pass(5);
    (world, alice, Address::generate(&bear.env().clone()))
}

/// Reduces by `units` and promises whoever executes as much as may be promised.
fn reduction(world: &World, account: &Address, units: i128) -> ConditionalOrder {
    ConditionalOrder { max_fee: 1_000_000 * USD, reduce_only: true, ..order(world, account, 1, -units) }
}

#[test]
fn a_loss_comes_before_the_executor() {
    let (world, alice, friend) = losing(1_000);
    let before = world.clearing.buckets();
    world.clearing.execute_order(&friend, &reduction(&world, &alice, 88));
    world.conserved();
    let after = world.clearing.buckets();
    assert!(after.perp_borrowed > before.perp_borrowed, "the deposit did not cover the loss");
    assert_eq!(deposit(&world, &friend), 0, "what there was paid the loss");
}

#[test]
fn an_account_under_water_pays_no_executor() {
    let (world, alice, friend) = losing(1_000);
    assert!(world.ledger.is_liquidatable(&alice));
    // The loss of 20 is covered; the rest of the deposit is what the remaining 70 are about to lose.
    world.clearing.execute_order(&friend, &reduction(&world, &alice, 20));
    world.conserved();
    assert_eq!((world.clearing.buckets().perp_borrowed, deposit(&world, &friend)), (0, 0));
}

#[test]
fn nobody_is_paid_what_would_make_the_account_liquidatable() {
    // Selling 48 of 90 restores it, by less than the 1% that the order promises.
    let (world, alice, friend) = losing(1_270);
    assert!(world.ledger.is_liquidatable(&alice));
    world.clearing.execute_order(&friend, &reduction(&world, &alice, 48));
    world.conserved();
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(deposit(&world, &friend), 0);
    let (world, alice, friend) = losing(3_000);
    let fill = world.clearing.execute_order(&friend, &reduction(&world, &alice, 48));
    assert_eq!(deposit(&world, &friend), fill.quote_delta / 100, "where it is the trader's to give");
}

/// What became of it: 0, or the code of the error, the clearing-house's or the ledger's.
fn outcome(world: &World, executor: &Address, order: &ConditionalOrder) -> (u32, i128, i128) {
    match world.clearing.try_execute_order(executor, order) {
        Ok(fill) => {
            let fill = fill.unwrap();
            (0, fill.price, fill.size_delta)
        }
        Err(Ok(error)) => (error as u32, 0, 0),
        Err(Err(InvokeError::Contract(code))) => (code, 0, 0),
        Err(Err(InvokeError::Abort)) => panic!("a trap"),
    }
}

/// Random orders of random accounts in random states, first asked about and then executed: the same answer, to the code, the
/// price and the size.
#[test]
fn what_can_execute_says_is_what_happens() {
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    for seed in 0..12 {
        let mut dice = Dice(900 + seed);
        let world = World::empty();
        world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
        let pool = [8_000, 60_000, 1_000_000][seed as usize % 3];
        world.deposit(&world.provider, pool);
        world.clearing.add_liquidity(&world.provider, &(pool * USD), &0);
        let traders: std::vec::Vec<Address> = (0..4).map(|_| world.trader(100 + dice.below(6_000))).collect();
        let executor = Address::generate(&world.env);
        let mut price = 100 * PRICE;
        for nonce in 0..40 {
            let who = &traders[dice.below(4) as usize];
            match dice.below(12) {
                0..=3 => {
                    price = price * (9_600 + dice.below(801)) / 10_000;
                    world.oracle.set(&crate::test_world::index(), &price, &PriceStatus::Live);
                }
                4 if dice.below(3) == 0 => {
                    world.oracle.set(&crate::test_world::index(), &price, &PriceStatus::Stale)
                }
                5 => {
                    let max_leverage = 100 + dice.below(900) as u32;
                    world.ledger.set_limits(who, &Limits { max_leverage, ..Limits::NONE });
                }
                6 => {
                    let _ = world.ledger.try_flag(who);
                }
                7 => {
                    let _ = world.ledger.try_unflag(who);
                }
                8 => {
                    let _ = world.clearing.try_update_funding_rate(&world.btc);
                }
                _ => {}
            }
            world.pass(5 + dice.below(2_000) as u64);
            let units = (dice.below(1_600) - 800) >> dice.below(6);
            let condition = Condition::IndexAbove(price * (8_000 + dice.below(2_200)) / 10_000);
            let one = ConditionalOrder {
                acceptable_price: price * (if units > 0 { 10_600 } else { 9_400 }) / 10_000,
                conditions: vec![&world.env, condition],
                epoch: world.clearing.orders(who).epoch + u64::from(dice.below(20) == 0),
                max_fee: dice.below(200) * USD,
                reduce_only: dice.below(4) == 0,
                ..order(&world, who, nonce, units)
            };
            let check = world.clearing.can_execute(&one);
            let said = (check.error, check.price, check.size_delta);
            assert_eq!(said, outcome(&world, &executor, &one), "seed {seed}, order {nonce}: {one:?}");
            world.conserved();
            *seen.entry(check.error).or_default() += 1;
        }
    }
    std::println!("can_execute: {seen:?}");
    assert!(seen[&0] > 100, "{seen:?}");
    for reason in [608, 615, 802, 803, 805, 808, 809, 819, 822] {
        assert!(seen.contains_key(&reason), "{reason} was never met: {seen:?}");
    }
}
