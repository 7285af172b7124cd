//! Perpetuals: funding between longs and shorts, profits and losses through the buckets, the pool behind it all.

use margin_interface::{ClearingError, LedgerError};
use margin_math::defaults::LP_COOL_DOWN;
use margin_tests::actor::Actor;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::invariants::{check, Memory};
use margin_tests::money::{milli_base, price, usd, usdc, Coin};
use margin_tests::operations::Order;

crate::in_both_modes!(
    longs_pay_shorts_for_sixteen_hours,
    a_winner_is_paid_by_the_pool,
    a_loser_is_taken_over_at_the_index,
    insurance_covers_what_a_loser_cannot_pay,
    a_position_is_reversed_in_one_trade,
    late_and_dear_trades_are_refused,
    what_does_not_fit_is_refused_by_name,
    the_pool_bears_only_what_it_can,
    liquidity_comes_and_goes_at_fair_value,
);

/// A key account with 200,000 USDC deposited.
fn trader(f: &Fixture, name: &str) -> Actor {
    let trader = f.funded(f.key_account(name), &[usdc(200_000)]);
    trader.deposit(usdc(200_000)).ok();
    trader
}

/// Settlement deposit in whole cents, by the ledger.
fn deposit_of(f: &Fixture, actor: &Actor) -> i128 {
    f.ledger().summary(&actor.address).collateral_value
}

fn longs_pay_shorts_for_sixteen_hours(f: &Fixture) {
    let memory = &mut Memory::default();
    let market = f.symbol(BTC_USD);
    let alice = f.funded(f.smart_account("alice"), &[usdc(20_000)]);
    let (bull, bear) = (trader(f, "bull"), trader(f, "bear"));
    check(f, memory);

    alice.open_position(BTC_USD, true, usdc(10_000), 250).ok();
    check(f, memory);
    bull.trade(Order::market(BTC_USD, milli_base(8_000))).ok();
    check(f, memory);
    bear.trade(Order::market(BTC_USD, -milli_base(2_000))).ok();
    check(f, memory);

    // The mark stands above the index until the averages say so; then longs pay.
    for _ in 0..8 {
        five_minutes(f);
    }
    let rate = f.clearing().update_funding_rate(&market);
    assert!(rate > 0, "longs pay: {rate}");
    check(f, memory);

    let before = f.clearing().funding(&market);
    for hour in 0..16 {
        for _ in 0..12 {
            five_minutes(f);
        }
        f.clearing().update_funding_rate(&market);
        check(f, memory);
        if hour == 7 {
            f.clearing().settle_funding(&bull.address, &market);
            check(f, memory);
        }
    }
    let after = f.clearing().funding(&market);
    assert!(after.long_index > before.long_index && after.short_index < before.short_index);

    let paid_by_bear = f.clearing().settle_funding(&bear.address, &market);
    check(f, memory);
    assert!(paid_by_bear < 0, "a short receives: {paid_by_bear}");
    let alices = alice.close_position(BTC_USD).ok();
    check(f, memory);
    assert!(alices.funding > 0, "a long pays: {}", alices.funding);
    assert_eq!(alices.position.size, 0);
    let bulls = bull.close_position(BTC_USD).ok();
    check(f, memory);
    assert!(bulls.funding > 0);
    bear.close_position(BTC_USD).ok();
    check(f, memory);

    let interest = f.clearing().open_interest(&market);
    assert_eq!((interest.long, interest.short), (0, 0));
    let buckets = f.clearing().buckets();
    assert_eq!((buckets.claims, buckets.perp_borrowed), (0, 0), "everybody was paid and nobody owes");
    assert!(buckets.fees > 0);
}

/// Five minutes, after which the sources report and a keeper records the mark.
fn five_minutes(f: &Fixture) {
    f.pass(300);
    f.clearing().update_mark_price(&f.symbol(BTC_USD));
}

fn a_winner_is_paid_by_the_pool(f: &Fixture) {
    let memory = &mut Memory::default();
    let winner = trader(f, "winner");
    check(f, memory);
    let pool = f.clearing().buckets().lp;
    let before = deposit_of(f, &winner);
    winner.trade(Order::market(BTC_USD, milli_base(4_000))).ok();
    f.set_price("BTC", price(52_000));
    check(f, memory);
    // The curve follows the index when others trade it there; here somebody buys.
    let follower = trader(f, "follower");
    let memory = &mut Memory::default();
    follower.trade(Order::market(BTC_USD, milli_base(9_000))).ok();
    f.advance(5);
    let fill = winner.close_position(BTC_USD).ok();
    check(f, memory);
    assert!(fill.realized_pnl > 0, "{fill:?}");
    assert!(deposit_of(f, &winner) > before);
    assert!(f.clearing().buckets().lp < pool + fill.fee);
}

fn a_loser_is_taken_over_at_the_index(f: &Fixture) {
    let memory = &mut Memory::default();
    let bob = f.funded(f.key_account("bob"), &[usdc(1_000)]);
    let rescuer = trader(f, "rescuer");
    check(f, memory);
    bob.open_position(BTC_USD, true, usdc(1_000), 800).ok();
    check(f, memory);
    rescuer.take_over(&bob, BTC_USD, milli_base(1_000)).fails(LedgerError::NotLiquidatable);

    f.set_price("BTC", price(45_500));
    check(f, memory);
    assert!(f.vault().is_liquidatable(&bob.address));
    bob.take_over(&bob, BTC_USD, milli_base(1_000)).fails(LedgerError::SelfLiquidation);
    let insurance = f.clearing().buckets().insurance;
    let taken = rescuer.take_over(&bob, BTC_USD, milli_base(1_000)).ok();
    check(f, memory);
    assert_eq!(taken.price, price(45_500), "at the index");
    assert!(taken.size > 0);
    let moved =
        f.clearing().position(&rescuer.address, &f.symbol(BTC_USD)).expect("the rescuer holds it now");
    assert_eq!(moved.size, taken.size);
    assert!(f.clearing().buckets().insurance >= insurance);
    assert!(!f.vault().is_liquidatable(&bob.address), "restored, or gone");
}

fn insurance_covers_what_a_loser_cannot_pay(f: &Fixture) {
    let memory = &mut Memory::default();
    let bob = f.funded(f.key_account("bob"), &[usdc(1_000)]);
    let rescuer = trader(f, "rescuer");
    bob.open_position(BTC_USD, true, usdc(1_000), 800).ok();
    check(f, memory);
    let before = f.clearing().buckets();

    // From 50,000 to 30,000 at once: 8,000 dollars of bitcoin lose 3,200, and bob has 1,000.
    f.set_price("BTC", price(30_000));
    rescuer.take_over(&bob, BTC_USD, milli_base(1_000)).ok();
    check(f, memory);
    let after = f.clearing().buckets();
    let paid = before.insurance - after.insurance;
    assert!((usd(2_100)..usd(2_300)).contains(&paid), "{paid}");
    assert_eq!(after.perp_borrowed, 0, "nothing is owed by somebody who has nothing");
    assert!(after.lp > before.lp, "the pool got the loss, from bob and from insurance");
    let left = f.ledger().account(&bob.address);
    assert!(left.deposits.is_empty() && left.positions.is_empty() && left.perp_debt == 0);
}

fn a_position_is_reversed_in_one_trade(f: &Fixture) {
    let memory = &mut Memory::default();
    let carol = trader(f, "carol");
    check(f, memory);
    carol.trade(Order::market(BTC_USD, milli_base(1_000))).ok();
    check(f, memory);
    let fill = carol.trade(Order::market(BTC_USD, -milli_base(1_500))).ok();
    check(f, memory);
    assert_eq!(fill.position.size, -milli_base(500));
    carol.trade(Order::market(BTC_USD, milli_base(600)).reducing()).fails(ClearingError::ReduceOnly);
    carol.close_position(BTC_USD).ok();
    check(f, memory);
    carol.close_position(BTC_USD).fails(ClearingError::NoPosition);
}

fn late_and_dear_trades_are_refused(f: &Fixture) {
    let carol = trader(f, "carol");
    carol
        .trade(Order::market(BTC_USD, milli_base(1_000)).at(price(50_000)))
        .fails(ClearingError::SlippageExceeded);
    carol.trade(Order::market(BTC_USD, 0)).fails(ClearingError::InvalidAmount);
    carol.trade(Order::market(BTC_USD, milli_base(20_000))).fails(ClearingError::ImpactExceeded);
    carol.trade(Order::market("DOGE_USD", milli_base(1))).fails(LedgerError::UnknownMarket);
    carol.trade(Order::market(BTC_USD, milli_base(1_000))).ok();
    f.fund(&carol, usdc(1_000));
    let late = [
        carol.trade(Order::market(BTC_USD, milli_base(1_000))),
        carol.open_position(BTC_USD, true, usdc(1_000), 200),
        carol.close_position(BTC_USD),
    ];
    f.pass(61);
    for trade in late {
        trade.fails(ClearingError::DeadlineExpired);
    }
}

/// In Wasm arithmetic stops without a code where something does not fit: nothing that a caller says gets there.
fn what_does_not_fit_is_refused_by_name(f: &Fixture) {
    let carol = trader(f, "carol");
    let depth = f.clearing().market(&f.symbol(BTC_USD)).state.base_reserve;
    carol.trade(Order::market(BTC_USD, depth)).fails(ClearingError::CurveExhausted);
    for size in [i128::MAX, i128::MIN] {
        carol.trade(Order::market(BTC_USD, size)).fails(ClearingError::Overflow);
        let quoted = f.clearing().try_quote_trade(&f.symbol(BTC_USD), &size);
        assert_eq!(quoted.err(), Some(Ok(ClearingError::Overflow)));
    }
    // A short that would take all the quote of the curve out: 60 of 50 million.
    f.fund(&carol, usdc(600_000));
    carol.open_position(BTC_USD, false, usdc(600_000), 10_000).fails(ClearingError::CurveExhausted);
    carol.add_liquidity(Coin::Usdc.units(i128::MAX)).fails(ClearingError::InvalidAmount);
    carol.remove_liquidity(i128::MAX).fails(ClearingError::InvalidAmount);
}

fn the_pool_bears_only_what_it_can(f: &Fixture) {
    let headroom = f.clearing().reserve_headroom();
    assert!(headroom > 0);
    let lp = f.clearing().lp(&f.provider.address);
    let bull = trader(f, "bull");
    bull.trade(Order::market(BTC_USD, milli_base(9_000))).ok();
    assert!(f.clearing().reserve_headroom() < headroom);
    f.provider.remove_liquidity(lp.shares).fails(ClearingError::ExitNotRequested);
    f.provider.request_exit(lp.shares).ok();
    f.pass(LP_COOL_DOWN);
    f.provider.remove_liquidity(lp.shares).fails(LedgerError::ReserveTestFailed);
    f.provider.remove_liquidity(lp.shares / 2).ok();
}

fn liquidity_comes_and_goes_at_fair_value(f: &Fixture) {
    let paula = trader(f, "paula");
    let before = deposit_of(f, &paula);
    let shares = paula.add_liquidity(usdc(50_000)).ok();
    assert_eq!(deposit_of(f, &paula), before - usd(50_000));
    paula.request_exit(shares).ok();
    paula.remove_liquidity(shares).fails(ClearingError::CoolDown);
    f.pass(LP_COOL_DOWN);
    let back = paula.remove_liquidity(shares).ok();
    assert!(
        back <= usdc(50_000).units && back >= usdc(50_000).units - 2,
        "no gain from going in and out: {back}"
    );
    paula.remove_liquidity(1).fails(ClearingError::InsufficientShares);
    assert_eq!(f.balance(Coin::Usdc, &paula.address), 0, "the pool lives inside the vault");
}
