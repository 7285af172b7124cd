//! One person with two or four accounts, and the operator of matches for a friend, at an index that does not move. Positions
//! are carried for hours and pay funding, so that liquidations do happen: by the person's own accounts, and by an honest
//! keeper, who comes within an hour.
extern crate std;

use crate::{
    test_executors::losing,
    test_orders::{order, side_at},
    test_replays::{all_out, deposit, liquidate, size, ten, together, trade, Dice},
    test_world::{index, market_config, World, NO_CAP},
};
use margin_interface::{ConditionalOrder, MarketConfig};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{vec, Address};
use std::vec::Vec;

/// What a search met.
#[derive(Debug)]
struct Met {
    best: i128,
    fills: u32,
    matches: u32,
    own: u32,
    keepers: u32,
    bad_debts: u32,
}

struct Person<'a> {
    world: &'a World,
    accounts: Vec<Address>,
    operator: Address,
    nonce: u64,
}

impl Person<'_> {
    fn any(&self, dice: &mut Dice) -> &Address {
        &self.accounts[dice.below(self.accounts.len() as u64) as usize]
    }

    /// Two of the accounts trade with each other anywhere inside the band.
    fn matched(&mut self, dice: &mut Dice) -> bool {
        let (one, other) = (self.any(dice).clone(), self.any(dice).clone());
        self.nonce += 1;
        let units = 1 + dice.below(500);
        // The ends more often than not: 9.5 and 10.5.
        let cents = [950, 951, 1_049, 1_050, 950 + dice.below(101)][dice.below(5) as usize];
        let of = |who: &Address, units: i128| ConditionalOrder {
            max_fee: 0,
            ..order(self.world, who, self.nonce, units)
        };
        let fills = vec![
            &self.world.env,
            side_at(&of(&one, units), -units * cents * USD / 100),
            side_at(&of(&other, -units), units * cents * USD / 100),
        ];
        let done = self.world.clearing.try_settle_match(&self.operator, &fills).is_ok();
        self.world.conserved();
        done
    }
}

/// Plays `sequences` against the rules.
fn search(accounts: usize, config: &MarketConfig, sequences: u64, first: u64) -> Met {
    let mut met = Met { best: i128::MIN, fills: 0, matches: 0, own: 0, keepers: 0, bad_debts: 0 };
    for seed in first..first + sequences {
        let mut dice = Dice(seed);
        let world = ten(config);
        let operator = world.operator();
        let keeper = world.wallet(0);
        let accounts: Vec<Address> = (0..accounts).map(|_| world.trader(200 + dice.below(1_000))).collect();
        let mut person = Person { world: &world, accounts, operator, nonce: 0 };
        let (start, before) = (together(&world, &person.accounts), world.clearing.buckets());
        for _ in 0..8 + dice.below(16) {
            match dice.below(10) {
                0..=3 => {
                    // At ten a unit and ten times the margin: nearly as many units as dollars. Mostly on one side, so that the mark
                    // stays where somebody pays funding.
                    let who = person.any(&mut dice);
                    let most = deposit(&world, who) / USD * (30 + dice.below(70)) / 100;
                    let long = (dice.below(4) != 0) == (seed % 2 == 0);
                    let units = most.min(950) * if long { BASE } else { -BASE };
                    met.fills += u32::from(units != 0 && trade(&world, who, units));
                }
                4 => {
                    let who = person.any(&mut dice);
                    met.fills += u32::from(trade(&world, who, -size(&world, who) * dice.below(100) / 100));
                }
                5..=6 => met.matches += u32::from(person.matched(&mut dice)),
                _ => {
                    for _ in 0..1 + dice.below(24) {
                        world.pass(3_600);
                        world.clearing.update_mark_price(&world.btc);
                        world.clearing.update_funding_rate(&world.btc);
                        world.conserved();
                        for who in &person.accounts {
                            let by = person.any(&mut dice);
                            let first = by != who && dice.below(2) == 0;
                            met.own += u32::from(first && liquidate(&world, by, who, NO_CAP));
                            met.keepers += u32::from(liquidate(&world, &keeper, who, 0));
                        }
                    }
                }
            }
            world.pass(5);
        }
        all_out(&world, &person.accounts);
        let after = world.clearing.buckets();
        let lost = after.perp_borrowed > 0 || after.insurance < before.insurance;
        met.bad_debts += u32::from(lost);
        let profit = together(&world, &person.accounts) - start;
        if profit > 0 || lost {
            std::println!("seed {seed}: profit {profit}, {before:?} {after:?}");
        }
        met.best = met.best.max(profit);
    }
    met
}

fn sequences(by_default: u64) -> u64 {
    std::env::var("FUZZ_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(by_default)
}

#[test]
fn a_person_with_two_accounts_gains_nothing_by_being_liquidated() {
    let met = search(2, &market_config(), sequences(40), 0);
    std::println!("two accounts: {met:?}");
    assert!(met.best <= 0 && met.bad_debts == 0, "{met:?}");
    assert!(met.own + met.keepers > 2 && met.matches > 10, "{met:?}");
}

#[test]
fn a_person_with_four_accounts_gains_nothing_without_fees() {
    let free = MarketConfig { fee_bps: 0, size_scaling_bps: 0, ..market_config() };
    let met = search(4, &free, sequences(40), 10_000);
    std::println!("four accounts: {met:?}");
    assert!(met.best <= 0 && met.bad_debts == 0, "{met:?}");
    assert!(met.own + met.keepers > 10 && met.matches > 10, "{met:?}");
}

/// What two accounts are worth together at the index: deposits and positions less what is owed.
fn worth(world: &World, accounts: &[&Address]) -> i128 {
    accounts.iter().map(|account| world.ledger.summary(account).equity).sum()
}

/// The one account loses to the other at the end of the band what it does not have: the pool would lend it, and nobody pay it
/// back. All of the position or nearly all of it, which leaves something that is not bad debt yet.
#[test]
fn no_match_inside_the_band_leaves_its_loss_to_the_pool() {
    for margin in [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_700] {
        for units in [90, 89, 80, 60] {
            for end in [9_500, 9_700, 10_000, 10_500] {
                let (world, alice, _) = losing(margin);
                let operator = world.operator();
                let bob = world.trader(100_000);
                let before = (worth(&world, &[&alice, &bob]), world.clearing.buckets());
                let price = world.oracle.quote(&index()).mid * end / 10_000;
                let quote = units * price / (PRICE / USD);
                let sell =
                    ConditionalOrder { max_fee: 0, reduce_only: true, ..order(&world, &alice, 1, -units) };
                let buy = ConditionalOrder { max_fee: 0, ..order(&world, &bob, 1, units) };
                let fills = vec![&world.env, side_at(&sell, quote), side_at(&buy, -quote)];
                let matched = world.clearing.try_settle_match(&operator, &fills).is_ok();
                world.conserved();
                let after = (worth(&world, &[&alice, &bob]), world.clearing.buckets());
                let case = std::format!("{margin} {units} {end} {matched}");
                // Whoever is under water already owes that much before and after.
                assert!(after.0 <= before.0, "{case}: {}", after.0 - before.0);
                if matched && after.1.perp_borrowed > before.1.perp_borrowed {
                    let owes = world.ledger.summary(&alice);
                    assert!(owes.equity >= 0 || end >= 10_000, "{case}: lost to the pool: {}", owes.equity);
                }
            }
        }
    }
}
