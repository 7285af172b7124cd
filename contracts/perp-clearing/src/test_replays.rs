//! Insolvencies of others, played against these rules; the figures are recorded. Conservation, and every bucket at or above
//! zero, is asserted after every step.
extern crate std;

use crate::test_world::{index, market_config, told, World, LATER, NO_CAP};
use margin_interface::{ClearingError, LedgerError, MarketConfig, PriceStatus};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::Address;
use std::{vec, vec::Vec};

/// A market at 10 with a curve of 100,000 units, a pool of 300,000 and insurance of 50,000.
pub fn ten(config: &MarketConfig) -> World {
    let world = World::empty();
    world.oracle.set(&index(), &(10 * PRICE), &PriceStatus::Live);
    world.clearing.open_market(&world.btc, config, &(100_000 * BASE), &(1_000_000 * USD));
    world.deposit(&world.provider, 350_000);
    world.clearing.add_liquidity(&world.provider, &(300_000 * USD), &0);
    world.clearing.fund_insurance(&world.provider, &(50_000 * USD));
    world
}

pub fn deposit(world: &World, account: &Address) -> i128 {
    world.ledger.breakdown(account).deposits.first().map_or(0, |held| held.amount)
}

pub fn together(world: &World, accounts: &[Address]) -> i128 {
    accounts.iter().map(|account| deposit(world, account)).sum()
}

pub fn size(world: &World, account: &Address) -> i128 {
    world.clearing.position(account, &world.btc).map_or(0, |position| position.size)
}

/// Trades if the rules let it.
pub fn trade(world: &World, account: &Address, size: i128) -> bool {
    let limit = if size > 0 { NO_CAP } else { 1 };
    let done = world.clearing.try_trade(account, &world.btc, &size, &limit, &false, &LATER).is_ok();
    world.conserved();
    done
}

/// Flags and liquidates whoever can be: by another one's capital, or by the pool.
pub fn liquidate(world: &World, by: &Address, who: &Address, max_size: i128) -> bool {
    if max_size == 0 && world.ledger.try_flag(who).is_ok() {
        world.pass(60);
    }
    let done = world.clearing.try_liquidate(by, who, &world.btc, &max_size).is_ok();
    world.conserved();
    done
}

/// Everybody out, by whatever way there is.
pub fn all_out(world: &World, accounts: &[Address]) {
    for _ in 0..3 {
        for account in accounts {
            let held = size(world, account);
            if held != 0 && !trade(world, account, -held) {
                liquidate(world, &accounts[0], account, 0);
            }
            world.pass(5);
        }
    }
    for account in accounts {
        assert_eq!(size(world, account), 0, "everybody can leave");
        world.clearing.claim_pending(account);
    }
}

/// Perp v1: a victim of the attacker's own, with as little margin as it may have, is run over by the attacker's push, and
/// the attacker sells into what closes it. There +86,026 with bad debt of 87,456 and insurance gone.
#[test]
fn the_wash_drain_of_two_accounts_loses() {
    let mut best = i128::MIN;
    for victims in [500, 1_000, 2_000, 4_000] {
        for pushes in [1, 2, 3, 6] {
            let world = ten(&market_config());
            let (victim, pusher) = (world.trader(victims * 115 / 100), world.trader(200_000));
            let accounts = [pusher, victim];
            let (start, before) = (together(&world, &accounts), world.clearing.buckets());
            trade(&world, &accounts[1], -victims * BASE);
            for _ in 0..pushes {
                world.pass(5);
                trade(&world, &accounts[0], 900 * BASE);
            }
            assert!(
                !liquidate(&world, &accounts[0], &accounts[1], 0),
                "the push moves the mark, not the index"
            );
            trade(&world, &accounts[0], -(size(&world, &accounts[0])));
            all_out(&world, &accounts);
            let after = world.clearing.buckets();
            assert!(after.insurance >= before.insurance && after.lp >= before.lp);
            assert_eq!(after.perp_borrowed, 0);
            best = best.max(together(&world, &accounts) - start);
        }
    }
    // The fees of the cheapest combination.
    assert!(best < 0);
    assert_eq!(best / USD, -18, "recorded");
}

/// Drift v1: winners took out what losers had not paid yet, and the last found nothing. Here the first waits for the others:
/// whatever the order, each ends with the same share of what it realised.
#[test]
fn the_bank_run_gains_nobody_a_place_in_the_queue() {
    for turn in 0..3 {
        let world = World::empty();
        world.clearing.open_market(
            &world.btc,
            &market_config(),
            &crate::test_world::X,
            &crate::test_world::Y,
        );
        world.deposit(&world.provider, 16_000);
        world.clearing.add_liquidity(&world.provider, &(15_000 * USD), &0);
        world.clearing.fund_insurance(&world.provider, &(1_000 * USD));
        let lender = world.trader(1_000_000);
        let winners = [world.trader(10_000), world.trader(10_000), world.trader(10_000)];
        let (loser, keeper) = (world.trader(600), world.trader(100_000));
        for winner in &winners {
            assert!(trade(&world, winner, 150 * BASE));
            world.pass(5);
        }
        assert!(trade(&world, &loser, -50 * BASE));
        let start: Vec<i128> = winners.iter().map(|winner| deposit(&world, winner)).collect();
        // The loser owes 5,000 and has 600; the winners are owed 45,000 on paper, and the pool has 15,000.
        world.index_at(200, PriceStatus::Live);
        let before = world.clearing.buckets();
        let owed = world.ledger.pool_value().winners;
        assert_eq!(
            (owed / USD, before.lp / USD),
            (39_839, 15_035),
            "recorded: 45,000 less what the loser owes"
        );
        let mut gains = vec![0; 3];
        let mut first = true;
        for who in [turn, (turn + 1) % 3, (turn + 2) % 3] {
            let fill = world.clearing.close_position(&winners[who], &world.btc, &1, &LATER);
            world.conserved();
            gains[who] = fill.realized_pnl - fill.fee;
            let waits = world.clearing.buckets().claims > 0;
            assert_eq!(
                waits,
                first && fill.realized_pnl > 0,
                "the first out is not paid ahead of the others"
            );
            first = false;
        }
        assert!(world.clearing.buckets().insurance >= before.insurance, "insurance never pays a winner");
        assert!(liquidate(&world, &keeper, &loser, 50 * BASE));
        assert_eq!(deposit(&world, &lender), 1_000_000 * USD, "nor does a lender");
        for ((winner, start), gain) in winners.iter().zip(start).zip(gains) {
            world.clearing.claim_pending(winner);
            world.conserved();
            assert_eq!(deposit(&world, winner) - start, gain, "in full, first out {turn}");
        }
    }
}

/// A cascade: on Perp v1 each liquidation moved the mark into the next account. Here none moves it away from the index.
#[test]
fn liquidations_do_not_feed_each_other() {
    let world = World::new();
    let keeper = world.wallet(0);
    let longs: Vec<Address> = (0..10).map(|step| world.trader(1_080 + step * 40)).collect();
    for long in &longs {
        trade(&world, long, 95 * BASE);
        world.pass(5);
    }
    let insurance = world.clearing.buckets().insurance;
    let mut closed = 0;
    for price in [97, 95, 94, 93, 92, 91, 90, 89] {
        world.index_at(price, PriceStatus::Live);
        let distance = |world: &World| {
            let state = world.clearing.market(&world.btc).state;
            let mark = margin_math::curve::mark(state.base_reserve, state.quote_reserve).unwrap();
            (mark - price * PRICE).abs()
        };
        for long in &longs {
            let before = distance(&world);
            if liquidate(&world, &keeper, long, 0) {
                closed += 1;
                assert!(distance(&world) <= before, "no liquidation moves the mark away from the index");
            }
        }
    }
    let buckets = world.clearing.buckets();
    assert_eq!(buckets.perp_borrowed, 0, "no bad debt");
    assert!(buckets.insurance > insurance, "fees came from equity");
    let earned = deposit(&world, &keeper) / USD;
    assert_eq!(
        (closed, earned),
        (17, 293),
        "recorded: a keeper without capital was paid, and insurance as much"
    );
}

/// Mango: two accounts, one price pushed up 24 times, and a vault borrowed empty against the unrealised gain.
#[test]
fn an_unrealised_gain_buys_nothing() {
    let world = World::new();
    let lender = world.trader(1_000_000);
    let (long, short) = (world.trader(60_000), world.trader(60_000));
    for _ in 0..4 {
        trade(&world, &long, 800 * BASE);
        trade(&world, &short, -800 * BASE);
        world.pass(5);
    }
    assert!(size(&world, &long) >= 3_200 * BASE);
    world.index_at(2_400, PriceStatus::Live);
    let summary = world.ledger.summary(&long);
    assert_eq!(summary.unrealized_pnl / USD, 7_357_419, "recorded: on paper");
    // Not a unit more than the deposit, and not even that while the position is open at 24 times its notional.
    let own = deposit(&world, &long);
    assert_eq!(
        told(world.vault.try_withdraw(&long, &world.usdc, &own, &long)),
        LedgerError::InsufficientMargin as u32
    );
    assert_eq!(
        told(world.vault.try_borrow(&long, &world.usdc, &USD)),
        LedgerError::InsufficientMargin as u32
    );
    // Closing pays what the pool has, never what lenders have.
    let pool = world.clearing.buckets();
    world.clearing.close_position(&long, &world.btc, &1, &LATER);
    world.conserved();
    let gained = deposit(&world, &long) - own;
    assert!(gained <= pool.lp + pool.insurance, "{gained}");
    assert_eq!(deposit(&world, &lender), 1_000_000 * USD);
}

pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> i128 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i128::from((self.0 >> 33) % bound)
    }
}

/// Four accounts of one attacker, no fees, the index where it is: on Perp v1's rules the best of 1,500 gained 100,169, with
/// bad debt in 1,203.
#[test]
fn four_accounts_at_a_constant_index_never_gain() {
    let sequences = std::env::var("FUZZ_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(120);
    let (mut best, mut fills, mut closed) = (i128::MIN, 0, 0);
    for seed in 0..sequences {
        let mut dice = Dice(seed);
        let config = MarketConfig { fee_bps: 0, size_scaling_bps: 0, ..market_config() };
        let world = ten(&config);
        let accounts: Vec<Address> = (0..4).map(|_| world.trader(1 + dice.below(20_000))).collect();
        let (start, before) = (together(&world, &accounts), world.clearing.buckets());
        for _ in 0..24 {
            let who = &accounts[dice.below(4) as usize];
            match dice.below(10) {
                0..=5 => {
                    let units = (dice.below(1_900) - 950) * BASE;
                    fills += u32::from(units != 0 && trade(&world, who, units));
                }
                6 => fills += u32::from(trade(&world, who, -size(&world, who) / 2)),
                7 => {
                    let other = &accounts[dice.below(4) as usize];
                    closed +=
                        u32::from(other != who && liquidate(&world, who, other, dice.below(2) * NO_CAP));
                }
                8 => world.pass(5 + dice.below(2_000) as u64),
                _ => {
                    let _ = world.clearing.try_update_funding_rate(&world.btc);
                }
            }
            world.conserved();
            world.pass(5);
        }
        all_out(&world, &accounts);
        let after = world.clearing.buckets();
        assert_eq!(after.perp_borrowed, 0, "seed {seed}: no bad debt");
        assert!(after.insurance >= before.insurance, "seed {seed}");
        best = best.max(together(&world, &accounts) - start);
    }
    std::println!("four accounts: best {best} units, {fills} fills, {closed} liquidations");
    assert!(best <= 0, "{best}");
    assert!(fills as u64 > sequences * 5, "not a story of refusals: {fills}");
}

/// Gaps of 8 to 13% at up to 50x against a tiny pool: bad debt is possible, a bucket below zero is not.
#[test]
fn gaps_never_empty_a_bucket_below_zero() {
    let (mut debts, mut cuts) = (0, 0);
    for seed in 0..40 {
        let mut dice = Dice(7_000 + seed);
        let world = World::empty();
        let config = MarketConfig {
            band_bps: 190,
            gap_bps: 800,
            impact_bps: 40,
            imr_bps: 200,
            mmr_bps: 100,
            sigma_bps: 290,
            size_scaling_bps: 0,
            ..market_config()
        };
        let (x, y) = (crate::test_world::X, crate::test_world::Y);
        world.clearing.open_market(&world.btc, &config, &x, &y);
        world.deposit(&world.provider, 5_500);
        world.clearing.add_liquidity(&world.provider, &(5_000 * USD), &0);
        world.clearing.fund_insurance(&world.provider, &(500 * USD));
        let accounts: Vec<Address> = (0..4).map(|_| world.trader(2_000)).collect();
        let keeper = world.trader(1_000_000);
        let (mut price, mut lost) = (100 * PRICE, 0);
        for _ in 0..20 {
            let who = &accounts[dice.below(4) as usize];
            let units = (dice.below(390) - 195) * BASE;
            if units != 0 {
                trade(&world, who, units);
            }
            if dice.below(4) == 0 {
                let bps = 800 + dice.below(501);
                // Three of four the same way: what was gained is not lost again with the next.
                let up = (dice.below(4) == 0) != (seed % 2 == 0);
                price = price * (10_000 + if up { bps } else { -bps }) / 10_000;
                world.oracle.set(&index(), &price, &PriceStatus::Live);
                for other in &accounts {
                    let before = world.clearing.buckets().insurance;
                    // By somebody's capital, or by as much of the pool's as its cap leaves.
                    liquidate(&world, &keeper, other, dice.below(4).min(1) * NO_CAP);
                    lost += u32::from(world.clearing.buckets().insurance < before);
                    world.clearing.claim_pending(other);
                    world.conserved();
                }
            }
            world.pass(5);
        }
        debts += u32::from(lost > 0);
        cuts += u32::from(world.clearing.buckets().claims_epoch > 0 || world.clearing.buckets().claims > 0);
    }
    assert_eq!((debts, cuts), (17, 5), "recorded: insurance paid in 17 of 40, winners waited in 5");
}

/// Two gaps of 13% in favour of all, a pool that cannot pay them: whoever leaves first, and however the money comes in later, at
/// each moment the same share of everybody's gain is unpaid.
#[test]
fn gaps_cut_all_winners_alike() {
    for turn in 0..3 {
        let world = World::empty();
        let (x, y) = (crate::test_world::X, crate::test_world::Y);
        world.clearing.open_market(&world.btc, &market_config(), &x, &y);
        world.deposit(&world.provider, 8_500);
        world.clearing.add_liquidity(&world.provider, &(5_000 * USD), &0);
        world.clearing.fund_insurance(&world.provider, &(500 * USD));
        let buys = |units: i128, dollars: i128| {
            let who = world.trader(dollars);
            assert!(trade(&world, &who, units * BASE));
            world.pass(5);
            who
        };
        let winners = [40, 60, 30].map(|units| buys(units, 5_000));
        buys(200, 10_000);
        world.index_at(113, PriceStatus::Live);
        world.index_at(127, PriceStatus::Live);
        let order = [turn, (turn + 1) % 3, (turn + 2) % 3];
        let mut gains = [0; 3];
        for who in order {
            let fill = world.clearing.close_position(&winners[who], &world.btc, &1, &LATER);
            world.conserved();
            gains[who] = fill.realized_pnl - fill.funding;
        }
        // Millionths of each gain that are unpaid.
        let unpaid = || {
            [0, 1, 2].map(|who| {
                let claim = world.ledger.account(&winners[who]).pending;
                claim.amount * 1_000_000 / gains[who]
            })
        };
        let alike = |shares: [i128; 3]| shares.iter().all(|share| (share - shares[0]).abs() <= 1);
        let first = unpaid();
        assert!(alike(first) && first[0] > 100_000, "first out {turn}: {first:?}");
        // Money comes in, three dollars at a time beyond what open winners are owed.
        let mut partly = 0;
        while world.clearing.buckets().claims > 0 {
            let pool = world.ledger.pool_value();
            let missing = (pool.winners - pool.payable).max(0);
            world.clearing.add_liquidity(&world.provider, &(missing + 3 * USD), &0);
            for who in order {
                world.clearing.claim_pending(&winners[who]);
            }
            world.conserved();
            let shares = unpaid();
            assert!(alike(shares) && shares[0] < first[0], "first out {turn}: {shares:?}");
            partly += 1;
        }
        assert!(partly > 4, "paid little by little: {partly}");
        assert_eq!(unpaid(), [0; 3], "in full");
        assert!(world.clearing.buckets().insurance >= 500 * USD, "insurance pays no winner");
    }
}

/// An oracle fault makes a market reduce-only by itself; when it is over, liquidations wait for the grace to pass.
#[test]
fn an_oracle_fault_is_reduce_only_and_ends_with_a_grace() {
    let world = World::new();
    let (alice, keeper) = (world.trader(1_100), world.trader(100_000));
    world.buy(&alice, 90);
    for fault in [PriceStatus::Stale, PriceStatus::Tripped, PriceStatus::Halted] {
        world.index_at(91, fault);
        assert_eq!(world.refused(&alice, BASE, false), ClearingError::PriceNotUsable);
        world.sell(&alice, 1);
    }
    world.index_at(91, PriceStatus::Grace);
    assert_eq!(world.refused(&alice, BASE, false), ClearingError::PriceNotUsable);
    assert!(!liquidate(&world, &keeper, &alice, 90 * BASE), "its owner could not act until now");
    world.sell(&alice, 1);
    world.index_at(91, PriceStatus::Live);
    assert!(liquidate(&world, &keeper, &alice, 90 * BASE));
    assert!(trade(&world, &keeper, -BASE));
}

/// NFTPerp, 2023: more than 99% of the open interest was short, what the shorts had gained on paper exceeded what the vault
/// held, and it was wound up. Here the reserve stops a crowd while the pool can still pay the fall that is to come.
#[test]
fn a_crowd_on_one_side_stops_where_the_pool_can_still_pay() {
    let world = World::empty();
    let (x, y) = (crate::test_world::X, crate::test_world::Y);
    world.clearing.open_market(&world.btc, &market_config(), &x, &y);
    world.deposit(&world.provider, 31_000);
    world.clearing.add_liquidity(&world.provider, &(30_000 * USD), &0);
    world.clearing.fund_insurance(&world.provider, &(1_000 * USD));
    let lender = world.trader(1_000_000);
    let crowd: Vec<Address> = (0..40).map(|_| world.trader(2_000)).collect();
    let mut shorts = vec![];
    for who in &crowd {
        if trade(&world, who, -100 * BASE) {
            shorts.push(who.clone());
        }
        world.pass(5);
    }
    // 30,000 stand behind 7% of the larger side and 6.5% of the net size.
    assert_eq!(shorts.len(), 22, "recorded: of 40 who wanted in");
    assert!(world.clearing.reserve_headroom() >= 0);
    let before = world.clearing.buckets();
    world.index_at(88, PriceStatus::Live);
    let pool = world.ledger.pool_value();
    assert!(pool.winners > 15_000 * USD, "{}", pool.winners / USD);
    assert!(pool.winners <= pool.payable, "owed {} of {}", pool.winners / USD, pool.payable / USD);
    for short in &shorts {
        let had = deposit(&world, short);
        let fill = world.clearing.close_position(short, &world.btc, &NO_CAP, &LATER);
        world.conserved();
        assert_eq!(
            deposit(&world, short) - had,
            fill.realized_pnl - fill.funding - fill.fee,
            "in full, at once"
        );
        world.pass(5);
    }
    let after = world.clearing.buckets();
    assert_eq!((after.claims, after.perp_borrowed), (0, 0));
    assert!(after.lp > 0 && after.insurance >= before.insurance, "insurance pays no winner");
    assert_eq!(deposit(&world, &lender), 1_000_000 * USD, "nor does a lender");
}
