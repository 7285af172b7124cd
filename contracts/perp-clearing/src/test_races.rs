//! Whatever races an order, it is filled at most once: stored and signed, cancelled and executed, two executors, a new epoch,
//! a flag, parts of it matched. Random orders of events against a model of one line: what is open of it.
extern crate std;

use crate::{
    test_orders::{order, side_at, size},
    test_replays::Dice,
    test_world::World,
};
use margin_interface::{ClearingError, ConditionalOrder, PriceStatus};
use margin_math::units::{BASE, USD};
use soroban_sdk::{testutils::Address as _, vec, Address};

#[test]
fn whatever_races_an_order_is_filled_once() {
    let (mut executed, mut matched, mut late) = (0, 0, 0);
    for seed in 0..60 {
        let mut dice = Dice(4_000 + seed);
        let world = World::new();
        let operator = world.operator();
        let (alice, bob) = (world.trader(1_100), world.trader(100_000));
        let executors = [Address::generate(&world.env), Address::generate(&world.env)];
        let buy = order(&world, &alice, 7, 40);
        // What is open of it, in units; nothing once it is dead.
        let (mut open, mut filled, mut stored) = (40, 0, false);
        for step in 0..12 {
            match dice.below(9) {
                0 => {
                    let placed = world.clearing.try_place_order(&buy).is_ok();
                    assert_eq!(placed, open > 0 && !stored, "seed {seed} step {step}");
                    stored |= placed;
                }
                1..=2 => {
                    let by = &executors[dice.below(2) as usize];
                    let done = world.clearing.try_execute_order(by, &buy).is_ok();
                    assert_eq!(done, open > 0, "seed {seed} step {step}");
                    executed += u32::from(done);
                    late += u32::from(!done);
                    (filled, open) = (filled + open, 0);
                }
                3..=5 => {
                    let units = 1 + dice.below(20);
                    let sell = ConditionalOrder { max_fee: 0, ..order(&world, &bob, 100 + step, -units) };
                    let mut part = side_at(&buy, -units * 100 * USD);
                    part.size_delta = units * BASE;
                    let fills = vec![&world.env, part, side_at(&sell, units * 100 * USD)];
                    let done = world.clearing.try_settle_match(&operator, &fills).is_ok();
                    assert_eq!(done, units <= open, "seed {seed} step {step}: {units} of {open}");
                    if done {
                        matched += 1;
                        (filled, open) = (filled + units, open - units);
                    }
                }
                6 if filled > 0 => {
                    // Another order with its nonce, once a part of it is filled or it is dead.
                    let other = ConditionalOrder { size_delta: 41 * BASE, ..buy.clone() };
                    let error = world.clearing.try_execute_order(&executors[0], &other).unwrap_err().unwrap();
                    assert!(
                        matches!(error, ClearingError::NonceUsed | ClearingError::WrongEpoch),
                        "{error:?}"
                    );
                }
                7 if dice.below(3) == 0 => {
                    world.clearing.cancel_order(&alice, &7);
                    (open, stored) = (0, false);
                }
                8 if dice.below(3) == 0 => {
                    world.clearing.bump_epoch(&alice);
                    (open, stored) = (0, false);
                }
                _ => {}
            }
            stored &= open > 0;
            assert_eq!(size(&world, &alice), filled * BASE, "seed {seed} step {step}");
            assert_eq!(world.clearing.orders(&alice).resting.contains_key(7), stored);
            world.conserved();
            world.pass(5);
        }
    }
    std::println!("races: {executed} executed, {matched} parts matched, {late} too late");
    assert!(executed > 15 && matched > 40 && late > 15, "{executed} {matched} {late}");
}

#[test]
fn a_part_survives_neither_a_flag_nor_its_end() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob, keeper) = (world.trader(1_100), world.trader(100_000), Address::generate(&world.env));
    world.buy(&alice, 60);
    let buy = order(&world, &alice, 1, 40);
    let sell = ConditionalOrder { max_fee: 0, ..order(&world, &bob, 1, -30) };
    let mut part = side_at(&buy, -3_000 * USD);
    part.size_delta = 30 * BASE;
    world.clearing.settle_match(&operator, &vec![&world.env, part, side_at(&sell, 3_000 * USD)]);
    assert_eq!(world.clearing.can_execute(&buy).size_delta, 10 * BASE);
    world.index_at(90, PriceStatus::Live);
    world.ledger.flag(&alice);
    world.deposit(&alice, 10_000);
    world.ledger.unflag(&alice);
    assert_eq!(world.clearing.can_execute(&buy).error, ClearingError::WrongEpoch as u32);
    // The nonce of what was filled in part belongs to that order, in the new epoch too.
    let again = ConditionalOrder { epoch: 1, ..buy };
    assert_eq!(world.clearing.try_execute_order(&keeper, &again), Err(Ok(ClearingError::NonceUsed)));
}
