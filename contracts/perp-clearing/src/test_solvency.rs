//! What keeps the pool solvent and every trader able to leave; conservation is asserted after every step.
extern crate std;

use crate::{
    storage::{self, Shares},
    test_world::{governed, index, market_config, told, World, LATER, NO_CAP, X, Y},
};
use margin_interface::{
    ClearingChange, ClearingError, GovernanceClient, GovernanceError, LedgerError, MarketConfig, MarketStage,
    PriceStatus, Settlement,
};
use margin_math::{
    curve,
    defaults::{LP_COOL_DOWN, REPEG_PERIOD},
    units::{BASE, PRICE, QUOTE_SCALE, USD},
};
use soroban_sdk::{Address, Error};
use std::vec::Vec;

const DAY: u64 = 86_400;

fn inventory(world: &World) -> i128 {
    world.clearing.house(&world.btc).inventory
}

fn curve_of(world: &World) -> (i128, i128) {
    let state = world.clearing.market(&world.btc).state;
    (state.base_reserve, state.quote_reserve)
}

fn mark(world: &World) -> i128 {
    let (x, y) = curve_of(world);
    curve::mark(x, y).unwrap()
}

/// What the curve would ask per unit.
fn asked(world: &World, size: i128) -> i128 {
    let (x, y) = curve_of(world);
    -curve::quote_for_base(x, y, size).unwrap() * QUOTE_SCALE / size
}

fn deposit(world: &World, account: &Address) -> i128 {
    world.ledger.breakdown(account).deposits.first().map_or(0, |held| held.amount)
}

#[test]
fn a_reduction_that_would_leave_the_band_is_filled_by_the_pool() {
    let world = World::new();
    let alice = world.trader(50_000);
    world.buy(&alice, 800);
    // The index is a tenth above the mark: selling moves the mark further away from it.
    world.index_at(112, PriceStatus::Live);
    let (before, price) = (curve_of(&world), asked(&world, -500 * BASE));
    let fill = world.clearing.trade(&alice, &world.btc, &(-500 * BASE), &1, &true, &LATER);
    world.conserved();
    assert!((price - PRICE / 1_000_000..=price).contains(&fill.price), "{} for {price}", fill.price);
    assert_eq!((curve_of(&world), inventory(&world)), (before, 500 * BASE));
    // Without a live index the curve takes it: whoever closes can always do so.
    world.index_at(112, PriceStatus::Stale);
    world.sell(&alice, 100);
    assert_eq!((curve_of(&world).0, inventory(&world)), (before.0 + 100 * BASE, 500 * BASE));
    // Far above the index whoever covers pays more than the index.
    world.index_at(100, PriceStatus::Live);
    world.pass(5);
    let bear = world.trader(500_000);
    world.sell(&bear, 900);
    let moved = curve_of(&world);
    world.index_at(92, PriceStatus::Live);
    let cover = world.clearing.trade(&bear, &world.btc, &(300 * BASE), &NO_CAP, &true, &LATER);
    world.conserved();
    assert_eq!((curve_of(&world), inventory(&world)), (moved, 200 * BASE));
    let price = asked(&world, 300 * BASE).max(92 * PRICE * 1_005 / 1_000);
    assert!((price..=price + PRICE / 1_000_000).contains(&cover.price), "{} for {price}", cover.price);
}

#[test]
fn a_full_inventory_sends_whoever_closes_to_the_curve() {
    let world = World::new();
    let alice = world.trader(50_000);
    world.buy(&alice, 900);
    world.index_at(112, PriceStatus::Live);
    // A tenth of a million at 112 are 892 units.
    let before = curve_of(&world).0;
    world.clearing.close_position(&alice, &world.btc, &1, &LATER);
    world.conserved();
    assert_eq!((curve_of(&world).0, inventory(&world)), (before + 900 * BASE, 0));
}

#[test]
fn nobody_gains_by_closing_against_the_pool_what_another_pushed() {
    let world = World::new();
    let (alice, bob) = (world.trader(200_000), world.trader(200_000));
    let all = || deposit(&world, &alice) + deposit(&world, &bob);
    let start = all();
    world.buy(&alice, 800);
    for _ in 0..3 {
        world.pass(5);
        let _ = world.clearing.try_trade(&bob, &world.btc, &(-850 * BASE), &1, &false, &LATER);
        world.conserved();
    }
    world.clearing.close_position(&alice, &world.btc, &1, &LATER);
    world.conserved();
    world.clearing.close_position(&bob, &world.btc, &NO_CAP, &LATER);
    world.conserved();
    assert!(all() <= start, "a circle of trades never profits: {}", all() - start);
    assert_eq!(world.clearing.buckets().perp_borrowed, 0);
}

#[test]
fn nobody_gains_by_closing_against_the_pool_what_they_pushed_themselves() {
    let world = World::new();
    let bob = world.trader(200_000);
    // The mark is far above the index: selling moves it nearer, and buying back would move it away.
    world.index_at(85, PriceStatus::Live);
    let before = deposit(&world, &bob);
    world.sell(&bob, 900);
    world.clearing.close_position(&bob, &world.btc, &NO_CAP, &LATER);
    world.conserved();
    let after = deposit(&world, &bob);
    assert!(after <= before, "gained {} units in one ledger", after - before);
}

/// Alice holds 90 long with 1,100 and is liquidatable at 91.
fn distressed() -> (World, Address, Address) {
    let world = World::new();
    let (alice, keeper) = (world.trader(1_100), world.wallet(0));
    world.buy(&alice, 90);
    world.pass(5);
    world.index_at(91, PriceStatus::Live);
    (world, alice, keeper)
}

#[test]
fn the_pool_takes_over_what_nobody_took_for_a_minute() {
    let (world, alice, keeper) = distressed();
    let early = || world.clearing.try_liquidate(&keeper, &alice, &world.btc, &0).err();
    assert_eq!(early(), Some(Ok(ClearingError::TooEarly)), "not flagged");
    world.ledger.flag(&alice);
    world.pass(59);
    assert_eq!(early(), Some(Ok(ClearingError::TooEarly)), "still offered to others");
    world.pass(1);
    world.index_at(91, PriceStatus::Degraded);
    assert_eq!(early(), Some(Ok(ClearingError::PriceNotUsable)));
    world.index_at(91, PriceStatus::Live);
    let before = (curve_of(&world), world.clearing.buckets());
    let taken = world.clearing.liquidate(&keeper, &alice, &world.btc, &0);
    world.conserved();
    assert_eq!(taken.price, 91 * PRICE);
    assert_eq!(world.clearing.position(&keeper, &world.btc), None, "no capital of the keeper's");
    assert_eq!(deposit(&world, &keeper), taken.fee / 2);
    assert!(world.clearing.buckets().insurance > before.1.insurance);
    assert!(!world.ledger.is_liquidatable(&alice));
    // The mark is above the index: the pool sold on through the curve, toward the index.
    assert_eq!((curve_of(&world).0, inventory(&world)), (before.0 .0 + taken.size, 0));
}

/// The inventory was filled while the mark was above the index. By now the curve takes it nearer to the index, and the pool has
/// room for the next.
#[test]
fn what_the_pool_can_sell_on_makes_room_for_a_take_over() {
    let world = World::new();
    let (alice, carl, keeper) = (world.trader(12_500), world.trader(12_500), world.wallet(0));
    let bull = world.trader(2_000_000);
    world.sell(&alice, 900);
    world.pass(5);
    world.sell(&carl, 900);
    world.pass(5);
    world.index_at(112, PriceStatus::Live);
    for _ in 0..9 {
        world.buy(&bull, 900);
        world.pass(5);
    }
    assert!(mark(&world) > 112 * PRICE && mark(&world) < 118 * PRICE, "{}", mark(&world));
    world.ledger.flag(&alice);
    world.ledger.flag(&carl);
    world.pass(60);
    let before = curve_of(&world);
    world.clearing.liquidate(&keeper, &alice, &world.btc, &0);
    world.conserved();
    assert_eq!(curve_of(&world), before, "away from the index");
    assert!(inventory(&world) < -850 * BASE, "{}", inventory(&world));
    world.index_at(125, PriceStatus::Live);
    let taken = world.clearing.liquidate(&keeper, &carl, &world.btc, &0);
    world.conserved();
    assert!(taken.size <= -700 * BASE && inventory(&world) == 0, "{} {}", taken.size, inventory(&world));
    assert!(mark(&world) <= 125 * PRICE);
}

#[test]
fn the_pool_never_sells_on_away_from_the_index() {
    let (world, alice, keeper) = distressed();
    let bear = world.trader(1_000_000);
    for _ in 0..6 {
        world.sell(&bear, 880);
        world.pass(5);
    }
    assert!(mark(&world) < 91 * PRICE);
    world.ledger.flag(&alice);
    world.pass(60);
    let before = curve_of(&world);
    let taken = world.clearing.liquidate(&keeper, &alice, &world.btc, &0);
    world.conserved();
    assert_eq!((curve_of(&world), inventory(&world)), (before, taken.size), "no cascade");
}

#[test]
fn a_pool_with_room_for_almost_all_leaves_a_position_and_is_not_refused() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, 78_000);
    world.clearing.add_liquidity(&world.provider, &(78_000 * USD), &0);
    let (alice, keeper) = (world.trader(1_100), world.wallet(0));
    world.buy(&alice, 90);
    // At about 87, where nothing is left of her, the pool has room for all of it but a twentieth of a unit.
    let buckets = world.clearing.buckets();
    let cap = (buckets.lp - buckets.perp_borrowed) / 10;
    let price = cap * QUOTE_SCALE / (90 * BASE - BASE / 20);
    world.oracle.set(&index(), &price, &PriceStatus::Live);
    world.ledger.flag(&alice);
    world.pass(60);
    let taken = world.clearing.liquidate(&keeper, &alice, &world.btc, &0);
    world.conserved();
    let left = world.clearing.position(&alice, &world.btc).unwrap().size;
    assert_eq!(taken.size + left, 90 * BASE);
    assert!((10 * USD..11 * USD).contains(&(left * price / QUOTE_SCALE)));
}

#[test]
fn a_market_that_was_frozen_gives_its_traders_time() {
    let (world, alice, keeper) = distressed();
    let rich = world.trader(100_000);
    let governance = GovernanceClient::new(&world.env, &world.clearing.address);
    let stage = |stage| world.clearing.set_market_state(&governance.guardian(), &world.btc, &stage);
    stage(MarketStage::ReduceOnly);
    assert_eq!(world.refused(&rich, BASE, false), ClearingError::WrongStage);
    world.sell(&alice, 1);
    world.clearing.liquidate(&rich, &alice, &world.btc, &BASE);
    world.conserved();
    stage(MarketStage::Frozen);
    assert_eq!(world.refused(&alice, -BASE, true), ClearingError::WrongStage);
    let refused = Some(Ok(ClearingError::WrongStage));
    assert_eq!(world.clearing.try_liquidate(&rich, &alice, &world.btc, &BASE).err(), refused);
    assert_eq!(world.clearing.try_settle_funding(&alice, &world.btc).err(), refused);
    assert_eq!(world.clearing.try_settle_position(&alice, &world.btc).err(), refused);
    for loose in [MarketStage::Normal, MarketStage::ReduceOnly, MarketStage::Frozen, MarketStage::WindDown] {
        let back = world.clearing.try_set_market_state(&governance.guardian(), &world.btc, &loose);
        assert_eq!(told(back), GovernanceError::NeedsTimelock as u32, "{loose:?} has to be announced");
    }
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::Normal));
    let early = world.clearing.try_liquidate(&keeper, &alice, &world.btc, &BASE);
    assert_eq!(early.err(), Some(Ok(ClearingError::TooEarly)));
    world.sell(&alice, 1);
    world.sell(&rich, 2);
    world.pass(300);
    world.clearing.liquidate(&rich, &alice, &world.btc, &BASE);
    world.conserved();
}

/// Back by way of `ReduceOnly`, in one ledger: its traders have the same time.
#[test]
fn a_market_that_comes_back_in_two_steps_gives_its_traders_time() {
    let (world, alice, keeper) = distressed();
    let rich = world.trader(100_000);
    let guardian = world.governance().guardian();
    world.clearing.set_market_state(&guardian, &world.btc, &MarketStage::Frozen);
    let steps = [MarketStage::ReduceOnly, MarketStage::Normal]
        .map(|stage| world.clearing.propose(&ClearingChange::Stage(world.btc.clone(), stage)));
    world.pass(DAY);
    for step in steps {
        world.clearing.execute(&step);
    }
    let early = world.clearing.try_liquidate(&keeper, &alice, &world.btc, &BASE);
    assert_eq!(early.err(), Some(Ok(ClearingError::TooEarly)));
    world.pass(300);
    world.clearing.liquidate(&rich, &alice, &world.btc, &BASE);
    world.conserved();
}

#[test]
fn an_exit_is_announced_a_period_ahead_and_lapses() {
    let world = World::new();
    let shares = world.clearing.lp(&world.provider).shares;
    world.pass(LP_COOL_DOWN);
    let leave = |shares: i128| world.clearing.try_remove_liquidity(&world.provider, &shares, &0).err();
    let not_announced = Some(Ok(ClearingError::ExitNotRequested));
    assert_eq!(leave(shares), not_announced);
    let more = world.clearing.try_request_exit(&world.provider, &(shares + 1)).err();
    assert_eq!(more, Some(Ok(ClearingError::InsufficientShares)));
    world.clearing.request_exit(&world.provider, &(shares / 2));
    world.pass(LP_COOL_DOWN - 1);
    assert_eq!(leave(shares / 2), not_announced, "a second before");
    world.pass(1);
    assert_eq!(leave(shares / 2 + 1), not_announced, "more than announced");
    assert_eq!(leave(shares / 4), None);
    assert_eq!(world.clearing.lp(&world.provider).exiting, shares / 2 - shares / 4);
    world.conserved();
    world.pass(LP_COOL_DOWN);
    assert_eq!(leave(1), not_announced, "lapsed");
}

/// 50 units long at 100: the index may have risen by 12% unseen, which would be worth 600 to the trader.
#[test]
fn nobody_enters_at_a_price_that_is_not_live_and_whoever_leaves_leaves_its_worst_behind() {
    let world = World::new();
    let (alice, late) = (world.trader(10_000), world.trader(10_000));
    world.buy(&alice, 50);
    let shares = world.clearing.lp(&world.provider).shares;
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    world.index_at(100, PriceStatus::Live);
    let live = world.clearing.lp(&world.provider).value;
    world.index_at(100, PriceStatus::Stale);
    let refused = Some(Ok(ClearingError::PriceNotUsable));
    assert_eq!(world.clearing.try_add_liquidity(&late, &(1_000 * USD), &0).err(), refused);
    let worst = world.clearing.lp(&world.provider).value;
    assert!((550 * USD..=600 * USD).contains(&(live - worst)), "{}", live - worst);
    let all = world.clearing.try_remove_liquidity(&world.provider, &shares, &0).err();
    assert!(all.is_some(), "what the risk of the market needs stays");
    let left = world.clearing.remove_liquidity(&world.provider, &(shares / 2), &0);
    assert!((left - worst / 2).abs() <= 1);
    world.conserved();
    // Had the price risen to there, those who stayed would have lost nothing by it.
    world.index_at(112, PriceStatus::Live);
    assert!(world.clearing.lp(&world.provider).value >= worst / 2);
    assert!(world.clearing.reserve_headroom() > 0);
}

/// 900 units are held by a trader when somebody brings 400,000, of which a part becomes depth. Returns the shares.
fn deepened(world: &World, late: &Address, depth_bps: u32) -> i128 {
    let alice = world.trader(100_000);
    governed(world, ClearingChange::Depth(world.btc.clone(), depth_bps));
    world.buy(&alice, 900);
    let others = world.clearing.lp(&world.provider).value;
    let minted = world.clearing.add_liquidity(late, &(400_000 * USD), &0);
    world.rebased();
    world.conserved();
    assert!(world.clearing.lp(&world.provider).value >= others, "the others lose nothing");
    minted
}

#[test]
fn whoever_deepens_a_curve_pays_for_it_and_thinning_stays_in_the_pool() {
    let (flat, world) = (World::new(), World::new());
    let free = deepened(&flat, &flat.trader(500_000), 0);
    let late = world.trader(500_000);
    let minted = deepened(&world, &late, 5_000);
    let (deep, shallow) = (curve_of(&world), curve_of(&flat));
    assert_eq!(deep.1, shallow.1 + 200_000 * USD, "half of it is depth");
    assert!((mark(&world) - mark(&flat)).abs() <= 1);
    // y*N*(1/(x + N/r) - 1/(x + N)): 900 units leave a curve that is 2% deeper for 15.9 more.
    let cost = (free - minted) * (400_000 * USD) / free;
    assert!((158 * USD / 10..161 * USD / 10).contains(&cost), "{cost}");
    let first = |world: &World| world.clearing.lp(&world.provider).value;

    world.clearing.request_exit(&late, &minted);
    world.pass(LP_COOL_DOWN);
    let others = first(&world);
    let back = world.clearing.remove_liquidity(&late, &minted, &0);
    world.rebased();
    world.conserved();
    assert!(back < 400_000 * USD && (curve_of(&world).1 - shallow.1).abs() < 1_000 * USD);
    assert!(first(&world) >= others, "what thinning takes from traders stays");
}

/// 200,000 of depth of its own, and as much again by a deposit, while traders hold 750 units on each side: none of it is net.
#[test]
fn an_exit_leaves_the_depth_that_open_interest_needs() {
    let world = World::empty();
    let config = MarketConfig { max_position_bps: 2_500, ..market_config() };
    world.clearing.open_market(&world.btc, &config, &(X / 50), &(Y / 50));
    governed(&world, ClearingChange::Depth(world.btc.clone(), 2_000));
    world.deposit(&world.provider, 1_000_000);
    world.clearing.add_liquidity(&world.provider, &(1_000_000 * USD), &0);
    world.rebased();
    assert_eq!(curve_of(&world), (X / 25, Y / 25));
    let (alice, bob) = (world.trader(500_000), world.trader(500_000));
    for _ in 0..25 {
        world.buy(&alice, 30);
        world.sell(&bob, 30);
    }
    let shares = world.clearing.lp(&world.provider).shares;
    world.clearing.request_exit(&world.provider, &(shares * 9 / 10));
    world.pass(LP_COOL_DOWN);
    let leave = |parts: i128| {
        world.clearing.remove_liquidity(&world.provider, &(shares * parts / 10), &0);
        world.rebased();
        world.conserved();
        (curve_of(&world).1 - Y / 50) / USD
    };
    // A tenth goes; nine would leave less than 2,250 units, which is three times 750.
    assert_eq!(leave(1) / 1_000, 179);
    let before = curve_of(&world);
    leave(8);
    assert_eq!(curve_of(&world), before, "the cash goes, the depth stays");
}

/// A million that came when the market had no weight leaves when it has: what the market opened with stays, and whoever is in
/// it can close.
#[test]
fn nobody_takes_out_depth_that_nobody_brought() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &(X / 100), &(Y / 100));
    world.rebased();
    world.deposit(&world.provider, 1_000_000);
    let shares = world.clearing.add_liquidity(&world.provider, &(1_000_000 * USD), &0);
    let (long, short) = (world.trader(10_000), world.trader(10_000));
    for _ in 0..9 {
        world.sell(&short, 10);
        world.buy(&long, 10);
    }
    governed(&world, ClearingChange::Depth(world.btc.clone(), 10_000));
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    let (before, part) = (curve_of(&world), shares / 1_000_000 * 99_999);
    world.clearing.remove_liquidity(&world.provider, &part, &0);
    assert_eq!((curve_of(&world), world.clearing.house(&world.btc).depth), (before, 0));
    world.clearing.close_position(&long, &world.btc, &1, &LATER);
    world.conserved();
    // What is brought now is what may leave again.
    world.deposit(&world.provider, 10_000);
    world.clearing.add_liquidity(&world.provider, &(10_000 * USD), &0);
    world.rebased();
    assert_eq!(world.clearing.house(&world.btc).depth, 10_000 * USD);
    world.clearing.request_exit(&world.provider, &(shares / 2));
    world.pass(LP_COOL_DOWN);
    world.clearing.remove_liquidity(&world.provider, &(shares / 2), &0);
    world.rebased();
    world.conserved();
    assert_eq!(world.clearing.house(&world.btc).depth, 0);
}

#[test]
fn a_pool_wiped_out_starts_anew() {
    let world = World::new();
    let late = world.trader(1_000);
    // As if the million had bought a million times as many shares: less than a millionth of par is left.
    let total = world.clearing.lp(&world.provider).total_shares;
    world.env.as_contract(&world.clearing.address, || {
        storage::set_shares(&world.env, &Shares { generation: 0, total: total * 1_000_000 });
    });
    world.clearing.add_liquidity(&late, &(1_000 * USD), &0);
    world.conserved();
    let (old, new) = (world.clearing.lp(&world.provider), world.clearing.lp(&late));
    assert_eq!((old.shares, old.value), (0, 0), "shares of before are void");
    assert_eq!(new.shares, new.total_shares);
}

#[test]
fn a_repeg_moves_toward_the_index_slowly_and_is_paid_for() {
    let world = World::new();
    let bull = world.trader(100_000);
    world.buy(&bull, 900);
    let repeg = || world.clearing.try_repeg(&world.btc);
    world.pass(REPEG_PERIOD - 5);
    assert_eq!(repeg().err(), Some(Ok(ClearingError::TooEarly)));
    world.pass(5);
    // Longs lose exit value when the mark falls to the index: that costs nobody but them.
    let before = mark(&world);
    assert_eq!(repeg(), Ok(Ok(0)));
    world.rebased();
    world.conserved();
    assert!(mark(&world) < before && mark(&world) >= before * 995 / 1_000);
    for _ in 0..3 {
        world.pass(REPEG_PERIOD);
        let _ = repeg();
        world.rebased();
    }
    assert!((mark(&world) - 100 * PRICE).abs() < PRICE / 10_000, "and ends there: {}", mark(&world));
    world.pass(REPEG_PERIOD);
    assert_eq!(repeg().err(), Some(Ok(ClearingError::NoBudget)), "nothing left to move");

    // Upward, longs gain: protocol fees pay, and only what insurance does not need.
    world.index_at(103, PriceStatus::Live);
    assert_eq!(repeg().err(), Some(Ok(ClearingError::NoBudget)));
    let target = world.clearing.insurance_target();
    assert!(target >= world.clearing.buckets().insurance);
    for _ in 0..60 {
        world.sell(&bull, 800);
        world.buy(&bull, 800);
    }
    assert_eq!(repeg().err(), Some(Ok(ClearingError::TooEarly)), "nobody trades around it");
    world.pass(5);
    assert_eq!(repeg().err(), Some(Ok(ClearingError::NoBudget)), "what there is insurance lacks");
    world.deposit(&world.provider, 100_000);
    world.clearing.fund_insurance(&world.provider, &target);
    let before = world.clearing.buckets();
    let cost = world.clearing.repeg(&world.btc);
    world.rebased();
    world.conserved();
    let after = world.clearing.buckets();
    assert!(cost > 0);
    assert_eq!((before.fees - after.fees, after.lp - before.lp), (cost, cost));
    assert_eq!(before.insurance, after.insurance);
    assert!(mark(&world) > 100 * PRICE && mark(&world) < 101 * PRICE);
}

/// The pool's own trades, and a move of the curve, are trades of their ledger: no repeg follows them in it, and what adds risk
/// is bound by the mark before them.
#[test]
fn what_the_pool_trades_counts_in_its_ledger() {
    let (world, alice, keeper) = distressed();
    world.ledger.flag(&alice);
    world.pass(REPEG_PERIOD);
    let before = mark(&world);
    world.clearing.liquidate(&keeper, &alice, &world.btc, &0);
    let state = world.clearing.market(&world.btc).state;
    assert_eq!((state.ledger, state.ledger_mark), (world.env.ledger().sequence(), before));
    assert_eq!(world.clearing.try_repeg(&world.btc).err(), Some(Ok(ClearingError::TooEarly)));
    world.pass(5);
    let before = mark(&world);
    world.clearing.repeg(&world.btc);
    world.rebased();
    let state = world.clearing.market(&world.btc).state;
    assert_eq!((state.ledger, state.ledger_mark), (world.env.ledger().sequence(), before));
    world.conserved();
}

/// Two winners and a loser in a pool that cannot pay everything; the market is wound down at 150 and settled in an order.
/// While it is settled the index is at `later`.
fn wound_down(order: [usize; 3], pool: i128, later: i128) -> (Vec<i128>, Settlement) {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, pool);
    world.clearing.add_liquidity(&world.provider, &(pool * USD), &0);
    let traders = [world.trader(60_000), world.trader(60_000), world.trader(60_000)];
    world.buy(&traders[0], 300);
    world.pass(5);
    world.buy(&traders[1], 200);
    world.pass(5);
    world.sell(&traders[2], 100);
    let start: Vec<i128> = traders.iter().map(|trader| deposit(&world, trader)).collect();
    world.index_at(150, PriceStatus::Live);
    let id = world.clearing.wind_down(&world.btc);
    world.pass(DAY);
    world.clearing.execute(&id);
    assert_eq!(world.ledger.market(&world.btc).state.clearing_price, 150 * PRICE);
    world.index_at(later, PriceStatus::Live);
    assert_eq!(world.refused(&traders[0], -BASE, true), ClearingError::WrongStage);
    for who in order {
        let first = world.clearing.try_settle_position(&traders[who], &world.btc);
        if who != 2 {
            assert_eq!(first.err(), Some(Ok(ClearingError::TooEarly)), "losers first");
        }
        world.conserved();
    }
    world.pass(DAY);
    for who in order {
        if who != 2 {
            world.clearing.settle_position(&traders[who], &world.btc);
            world.conserved();
        }
    }
    let gone = world.clearing.try_settle_position(&traders[0], &world.btc);
    assert_eq!(gone.err(), Some(Ok(ClearingError::NoPosition)));
    let paid = traders.iter().zip(start).map(|(trader, start)| {
        world.clearing.claim_pending(trader);
        world.conserved();
        deposit(&world, trader) - start
    });
    (paid.collect(), world.clearing.buckets())
}

#[test]
fn a_market_is_wound_down_at_one_price_in_any_order() {
    for pool in [12_000, 100_000] {
        let (paid, buckets) = wound_down([0, 1, 2], pool, 150);
        for order in [[1, 0, 2], [2, 1, 0], [0, 2, 1]] {
            let (other, _) = wound_down(order, pool, 150);
            for (one, other) in paid.iter().zip(&other) {
                assert!((one - other).abs() <= 10, "{order:?}: {one} {other}");
            }
        }
        // The loser paid in full; 300 and 200 bought at about 100 and 101 gain about 50 and 49 each.
        assert!(paid[2] < -4_900 * USD && paid[2] > -5_200 * USD, "{}", paid[2]);
        if pool == 100_000 {
            assert_eq!(buckets.claims, 0);
        } else {
            let share = |who: usize, gain: i128| paid[who] * 10_000 / (gain * USD);
            assert!(buckets.claims > 0 && buckets.lp - buckets.perp_borrowed <= 10);
            assert!((share(0, 300 * 49_850 / 1_000) - share(1, 200 * 49_350 / 1_000)).abs() < 50, "{paid:?}");
        }
    }
}

#[test]
fn a_market_that_is_wound_down_asks_nothing_of_insurance() {
    let world = World::new();
    let alice = world.trader(10_000);
    world.buy(&alice, 90);
    assert!(world.clearing.insurance_target() > 0);
    governed(&world, ClearingChange::Stage(world.btc.clone(), MarketStage::WindDown));
    assert_eq!(world.clearing.insurance_target(), 0);
}

#[test]
fn what_the_index_does_after_the_end_changes_nothing() {
    let (at_the_price, _) = wound_down([0, 1, 2], 100_000, 150);
    for later in [80, 250] {
        assert_eq!(wound_down([1, 2, 0], 100_000, later).0, at_the_price, "at {later}");
    }
}

#[test]
fn the_ledgers_reasons_come_through() {
    let (world, alice, _) = distressed();
    let poor = world.trader(1);
    let refused = world.clearing.try_liquidate(&poor, &alice, &world.btc, &(90 * BASE));
    let reason = Error::from_contract_error(LedgerError::InsufficientMargin as u32);
    assert_eq!(refused.err(), Some(Err(reason.into())));
}
