//! The rules of the clearing-house; conservation is asserted after every step.
extern crate std;

use crate::test_world::{index, market_config, told, World, LATER, NO_CAP, T0, X, Y};
use margin_interface::{ClearingError, LedgerError, MarketConfig, MarketStage, PriceStatus};
use margin_math::{
    defaults::LP_COOL_DOWN,
    funding::MAX_RATE,
    units::{BASE, INDEX, PRICE, USD},
};
use soroban_sdk::{token, Address};

#[test]
fn opens_with_margin_from_the_wallet_and_closes() {
    let world = World::new();
    let alice = world.wallet(1_000);
    let base = 299_910_026_991_902_i128 * 10;
    let fill = world.clearing.open_position(&alice, &world.btc, &true, &(1_000 * USD), &300, &base, &LATER);
    world.conserved();
    // 3,000 into 10,000,000 moves the mark by 0.06%: a little less than 30 units.
    assert_eq!(fill.size_delta, X * 3_000 / 10_003_000);
    assert_eq!(fill.quote_delta, -3_000 * USD);
    assert_eq!((fill.fee, fill.funding, fill.realized_pnl), (3 * USD, 0, 0));
    assert_eq!(fill.position.size, fill.size_delta);
    assert_eq!(token::TokenClient::new(&world.env, &world.usdc).balance(&alice), 0);
    let buckets = world.clearing.buckets();
    // Fee of 3: 2.1 to the pool, 0.6 to insurance, 0.3 to the protocol.
    assert_eq!(buckets.lp, 1_000_000 * USD + 21 * USD / 10);
    assert_eq!(buckets.insurance, 10_000 * USD + 6 * USD / 10);
    assert_eq!(buckets.fees, 3 * USD / 10);
    assert_eq!(world.clearing.open_interest(&world.btc).long, fill.size_delta);

    world.pass(5);
    let close = world.clearing.close_position(&alice, &world.btc, &(99 * PRICE), &LATER);
    world.conserved();
    assert_eq!(close.size_delta, -fill.size_delta);
    assert!((-1..=0).contains(&close.realized_pnl), "a round trip never profits: {}", close.realized_pnl);
    assert_eq!(world.clearing.position(&alice, &world.btc), None);
    assert_eq!(world.clearing.market(&world.btc).state.base_reserve, X);
    assert_eq!(
        world.clearing.try_close_position(&alice, &world.btc, &1, &LATER),
        Err(Ok(ClearingError::NoPosition))
    );
}

#[test]
fn bounds_of_an_opening() {
    let world = World::new();
    let alice = world.wallet(1_000);
    let open = |is_long: bool, margin: i128, leverage: u32, min_base: i128, deadline: u64| {
        world
            .clearing
            .try_open_position(&alice, &world.btc, &is_long, &margin, &leverage, &min_base, &deadline)
            .expect_err("refused")
            .expect("the clearing-house's own error")
    };
    assert_eq!(open(true, 0, 300, 0, LATER), ClearingError::InvalidAmount);
    assert_eq!(open(true, 1_000 * USD, 99, 0, LATER), ClearingError::InvalidAmount);
    assert_eq!(open(true, 1_000 * USD, 10_001, 0, LATER), ClearingError::InvalidAmount);
    assert_eq!(open(true, 1_000 * USD, 300, 0, T0 - 1), ClearingError::DeadlineExpired);
    // The least base for a long, the most base for a short.
    assert_eq!(open(true, 1_000 * USD, 300, 30 * BASE, LATER), ClearingError::SlippageExceeded);
    assert_eq!(open(false, 1_000 * USD, 300, 30 * BASE, LATER), ClearingError::SlippageExceeded);
    assert_eq!(open(true, USD, 100, 0, LATER), ClearingError::BelowMinimum);
    // Nothing left the wallet.
    assert_eq!(token::TokenClient::new(&world.env, &world.usdc).balance(&alice), 1_000 * USD);
    let fill =
        world.clearing.open_position(&alice, &world.btc, &false, &(1_000 * USD), &300, &(31 * BASE), &LATER);
    assert!(fill.size_delta < -30 * BASE && fill.quote_delta >= 3_000 * USD);
    world.conserved();
}

#[test]
fn limit_price_binds_the_average_of_the_fill() {
    let world = World::new();
    let alice = world.trader(10_000);
    let quote = world.clearing.quote_trade(&world.btc, &(100 * BASE));
    let trade =
        |limit: i128| world.clearing.try_trade(&alice, &world.btc, &(100 * BASE), &limit, &false, &LATER);
    assert_eq!(trade(quote.price - 1).err(), Some(Ok(ClearingError::SlippageExceeded)));
    assert_eq!(trade(0).err(), Some(Ok(ClearingError::InvalidAmount)));
    let fill = trade(quote.price).unwrap().unwrap();
    assert_eq!((fill.quote_delta, fill.fee, fill.price), (quote.quote_delta, quote.fee, quote.price));
    world.conserved();
    assert_eq!(
        world.clearing.try_trade(&alice, &world.btc, &(-BASE), &(101 * PRICE), &false, &LATER).err(),
        Some(Ok(ClearingError::SlippageExceeded))
    );
}

#[test]
fn reduce_only_never_opens_increases_or_crosses() {
    let world = World::new();
    let alice = world.trader(10_000);
    assert_eq!(world.refused(&alice, BASE, true), ClearingError::ReduceOnly);
    world.buy(&alice, 20);
    assert_eq!(world.refused(&alice, BASE, true), ClearingError::ReduceOnly);
    assert_eq!(world.refused(&alice, -21 * BASE, true), ClearingError::ReduceOnly);
    assert_eq!(world.refused(&alice, 0, false), ClearingError::InvalidAmount);
    world.clearing.trade(&alice, &world.btc, &(-5 * BASE), &1, &true, &LATER);
    assert_eq!(world.clearing.position(&alice, &world.btc).unwrap().size, 15 * BASE);
    world.conserved();
}

#[test]
fn a_reversal_is_a_close_and_an_opening() {
    let (one, two) = (World::new(), World::new());
    let (alice, bob) = (one.trader(10_000), two.trader(10_000));
    one.buy(&alice, 20);
    two.buy(&bob, 20);
    let reversal = one.clearing.trade(&alice, &one.btc, &(-50 * BASE), &1, &false, &LATER);
    one.conserved();
    let close = two.clearing.close_position(&bob, &two.btc, &1, &LATER);
    let open = two.clearing.trade(&bob, &two.btc, &(-30 * BASE), &1, &false, &LATER);
    two.conserved();
    assert_eq!(reversal.fee, close.fee + open.fee);
    assert_eq!(reversal.quote_delta, close.quote_delta + open.quote_delta);
    assert_eq!(reversal.realized_pnl, close.realized_pnl);
    assert_eq!(reversal.position, open.position);
    assert_eq!(one.clearing.buckets().lp, two.clearing.buckets().lp);
    assert_eq!(one.clearing.market(&one.btc).state, two.clearing.market(&two.btc).state);
}

#[test]
fn band_impact_and_caps_bind_increases_only() {
    let world = World::new();
    let whale = world.trader(1_000_000);
    // 1,000 units move the mark by 2.03%.
    assert_eq!(world.refused(&whale, 1_000 * BASE, false), ClearingError::ImpactExceeded);
    world.buy(&whale, 900);
    // The rest of the ledger's 2% counts from its first mark.
    assert_eq!(world.refused(&whale, 100 * BASE, false), ClearingError::ImpactExceeded);
    world.pass(5);
    world.buy(&whale, 900);
    world.pass(5);
    assert_eq!(world.refused(&whale, 900 * BASE, false), ClearingError::OutsideBand);
    // With the index far above, the same trade brings the mark nearer to it.
    world.index_at(120, PriceStatus::Live);
    world.buy(&whale, 900);
    world.index_at(100, PriceStatus::Live);
    world.pass(5);
    // Reductions pass whatever the mark does.
    world.sell(&whale, 2_700);
    assert_eq!(world.clearing.position(&whale, &world.btc), None);
}

#[test]
fn size_caps() {
    let world = World::empty();
    let config = MarketConfig { max_open_interest: 30 * BASE, max_position_bps: 2, ..market_config() };
    world.clearing.open_market(&world.btc, &config, &X, &Y);
    world.deposit(&world.provider, 1_000_000);
    world.clearing.add_liquidity(&world.provider, &(1_000_000 * USD), &0);
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    // 2 bps of 100,000 are 20 units each, 30 for all longs.
    assert_eq!(world.refused(&alice, 20 * BASE, false), ClearingError::SizeCapExceeded);
    world.buy(&alice, 19);
    assert_eq!(world.refused(&bob, 12 * BASE, false), ClearingError::SizeCapExceeded);
    world.buy(&bob, 11);
    world.sell(&bob, 22);
}

#[test]
fn no_dust_remains() {
    let world = World::new();
    let alice = world.trader(1_000);
    assert_eq!(world.refused(&alice, BASE / 11, false), ClearingError::BelowMinimum);
    world.buy(&alice, 1);
    assert_eq!(world.refused(&alice, -BASE * 91 / 100, false), ClearingError::BelowMinimum);
    // A reversal may not end in dust either.
    assert_eq!(world.refused(&alice, -BASE * 101 / 100, false), ClearingError::BelowMinimum);
    world.sell(&alice, 1);
    assert_eq!(world.clearing.position(&alice, &world.btc), None);
}

#[test]
fn without_a_usable_index_risk_stops_and_exits_work() {
    let world = World::new();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    world.buy(&alice, 50);
    for status in [
        PriceStatus::Degraded,
        PriceStatus::Grace,
        PriceStatus::Tripped,
        PriceStatus::Stale,
        PriceStatus::Halted,
    ] {
        world.index_at(100, status);
        assert_eq!(world.refused(&alice, BASE, false), ClearingError::PriceNotUsable);
        assert_eq!(world.refused(&bob, BASE, false), ClearingError::PriceNotUsable);
        world.sell(&alice, 5);
    }
    world.clearing.close_position(&alice, &world.btc, &1, &LATER);
    world.conserved();
    assert_eq!(world.clearing.position(&alice, &world.btc), None);
}

#[test]
fn longs_pay_shorts_over_sixteen_hours() {
    let world = World::new();
    let (long, short) = (world.trader(30_000), world.trader(30_000));
    world.buy(&long, 600);
    world.pass(5);
    world.sell(&short, 100);
    assert_eq!(world.clearing.update_funding_rate(&world.btc), 0, "no average before the window is full");
    world.pass(900);
    let rate = world.clearing.update_funding_rate(&world.btc);
    let mark = world.clearing.update_mark_price(&world.btc);
    assert_eq!(rate, (mark - 100 * PRICE) * INDEX / (100 * PRICE));
    assert!(rate > INDEX / 100 && rate < MAX_RATE);
    let before = world.clearing.buckets();
    for _ in 0..16 {
        world.pass(3_600);
        world.clearing.update_funding_rate(&world.btc);
        world.conserved();
    }
    let funding = world.clearing.funding(&world.btc);
    assert_eq!(funding.long_index, -funding.short_index);
    let paid = world.clearing.settle_funding(&long, &world.btc);
    world.conserved();
    let received = world.clearing.settle_funding(&short, &world.btc);
    world.conserved();
    // 600 * 100 * about 1% * 2 periods; the short gets its hundred, the pool keeps what has no receiver.
    assert_eq!(paid, (600 * funding.long_index * USD + INDEX - 1) / INDEX);
    assert_eq!(-received, 100 * funding.long_index * USD / INDEX);
    let after = world.clearing.buckets();
    assert!(after.lp - before.lp >= paid + received);
    // Once per timestamp.
    assert_eq!(world.clearing.settle_funding(&long, &world.btc), 0);
    let close = world.clearing.close_position(&short, &world.btc, &NO_CAP, &LATER);
    assert_eq!(close.funding, 0);
    world.conserved();
    world.clearing.close_position(&long, &world.btc, &1, &LATER);
    world.conserved();
}

#[test]
fn a_stale_index_suspends_funding() {
    let world = World::new();
    let alice = world.trader(30_000);
    world.buy(&alice, 600);
    world.pass(900);
    let rate = world.clearing.update_funding_rate(&world.btc);
    assert!(rate > 0);
    world.index_at(100, PriceStatus::Stale);
    world.pass(3_600);
    assert_eq!(world.clearing.update_funding_rate(&world.btc), 0);
    let suspended = world.clearing.funding(&world.btc);
    assert_eq!(suspended.long_index, 0, "nothing accrues past the timestamp of the index");
    world.pass(3_600);
    world.index_at(100, PriceStatus::Live);
    assert_eq!(world.clearing.funding(&world.btc).long_index, 0, "and nobody pays for the gap afterwards");
    assert_eq!(world.clearing.settle_funding(&alice, &world.btc), 0);
    assert_eq!(world.clearing.update_funding_rate(&world.btc), rate);
    world.conserved();
}

/// A market of which longs pay, one of them, and what a long has paid since.
fn with_funding() -> (World, Address, impl Fn(&World) -> i128) {
    let world = World::new();
    let alice = world.trader(30_000);
    world.buy(&alice, 600);
    world.pass(900);
    assert!(world.clearing.update_funding_rate(&world.btc) > 0);
    (world, alice, |world: &World| world.clearing.funding(&world.btc).long_index)
}

#[test]
fn nobody_is_charged_for_a_gap_in_which_nobody_looked() {
    let (world, _, paid) = with_funding();
    world.pass(3_600);
    let an_hour = paid(&world);
    // Nobody touches the market while the price is away for six hours.
    world.index_at(100, PriceStatus::Stale);
    world.pass(6 * 3_600);
    world.index_at(100, PriceStatus::Live);
    world.clearing.update_funding_rate(&world.btc);
    assert_eq!(paid(&world), an_hour);
    assert!(an_hour > 0);
}

#[test]
fn nobody_is_charged_while_prices_are_refused() {
    let (world, alice, paid) = with_funding();
    for _ in 0..6 {
        world.pass(600);
        // Each round that is refused is dated now.
        world.index_at(100, PriceStatus::Tripped);
        assert_eq!(world.clearing.settle_funding(&alice, &world.btc), 0);
    }
    world.index_at(100, PriceStatus::Live);
    assert_eq!(paid(&world), 0, "nor afterwards for that time");
    world.index_at(100, PriceStatus::Tripped);
    assert_eq!(world.clearing.update_funding_rate(&world.btc), 0, "there is an average, and no price");
}

#[test]
fn nobody_is_charged_while_a_market_is_frozen() {
    let (world, _, paid) = with_funding();
    world.pass(600);
    let before = paid(&world);
    let stage = |stage| world.clearing.set_market_state(&world.governance().guardian(), &world.btc, &stage);
    stage(MarketStage::ReduceOnly);
    assert!(world.ledger.market(&world.btc).state.funding_rate > 0);
    stage(MarketStage::Frozen);
    world.pass(3_600);
    assert_eq!(paid(&world), before, "what was due until then, and no more");
    assert!(before > 0);
    assert_eq!(world.clearing.update_funding_rate(&world.btc), 0, "nor does anybody measure a rate");
}

/// Whether the oracle answers delays no freeze. What nobody could compute is not due.
#[test]
fn a_market_that_is_frozen_without_the_oracle_charges_nobody_afterwards() {
    let (world, _, paid) = with_funding();
    world.pass(600);
    world.oracle.forget(&index());
    world.clearing.set_market_state(&world.governance().guardian(), &world.btc, &MarketStage::Frozen);
    world.index_at(100, PriceStatus::Live);
    assert_eq!(paid(&world), 0);
    world.pass(3_600);
    assert_eq!(paid(&world), 0);
}

#[test]
fn liquidity_enters_and_leaves_at_fair_value() {
    let world = World::new();
    let late = world.trader(500_000);
    let shares = world.clearing.add_liquidity(&late, &(500_000 * USD), &0);
    world.conserved();
    let position = world.clearing.lp(&late);
    assert_eq!(position.shares, shares);
    assert!((500_000 * USD - 1..=500_000 * USD).contains(&position.value));
    assert_eq!(
        world.clearing.try_remove_liquidity(&late, &(shares + 1), &0),
        Err(Ok(ClearingError::InsufficientShares))
    );
    assert_eq!(
        told(world.clearing.try_add_liquidity(&late, &USD, &0)),
        LedgerError::InsufficientBalance as u32,
        "more than the deposit"
    );
    let exit_at = world.clearing.request_exit(&late, &shares);
    assert_eq!(exit_at, T0 + LP_COOL_DOWN);
    let early = world.clearing.try_remove_liquidity(&late, &shares, &0);
    assert_eq!(early, Err(Ok(ClearingError::CoolDown)));
    world.pass(LP_COOL_DOWN - 1);
    assert_eq!(world.clearing.try_remove_liquidity(&late, &shares, &0), early, "a second before");
    world.pass(1);
    assert_eq!(
        world.clearing.try_remove_liquidity(&late, &shares, &(500_000 * USD + 1)),
        Err(Ok(ClearingError::SlippageExceeded))
    );
    let first = world.clearing.lp(&world.provider).value;
    let amount = world.clearing.remove_liquidity(&late, &shares, &0);
    world.conserved();
    assert!(amount <= 500_000 * USD);
    assert!(world.clearing.lp(&world.provider).value >= first);
    assert_eq!(world.clearing.lp(&late).shares, 0);
}

#[test]
fn leaving_liquidity_keeps_what_open_positions_need() {
    let world = World::new();
    let alice = world.trader(100_000);
    world.buy(&alice, 900);
    let shares = world.clearing.lp(&world.provider).shares;
    assert!(world.clearing.reserve_headroom() > 0);
    world.clearing.request_exit(&world.provider, &shares);
    world.pass(LP_COOL_DOWN);
    assert_eq!(
        told(world.clearing.try_remove_liquidity(&world.provider, &shares, &0)),
        LedgerError::ReserveTestFailed as u32
    );
    world.clearing.remove_liquidity(&world.provider, &(shares / 2), &0);
    world.conserved();
    assert!(world.clearing.reserve_headroom() >= 0);
    // Winners leave first: the price rises by a tenth.
    world.index_at(110, PriceStatus::Live);
    let fair = world.clearing.lp(&world.provider).value;
    assert!(fair < world.clearing.buckets().lp - 8_000 * USD, "what traders are owed is not the providers'");
}

#[test]
fn a_liquidatable_position_is_taken_over_at_the_index() {
    let world = World::new();
    let (alice, keeper) = (world.trader(1_100), world.trader(100_000));
    world.buy(&alice, 90);
    assert_eq!(
        told(world.clearing.try_liquidate(&keeper, &alice, &world.btc, &(90 * BASE))),
        LedgerError::NotLiquidatable as u32,
        "healthy"
    );
    world.pass(5);
    world.index_at(91, PriceStatus::Live);
    let curve = world.clearing.market(&world.btc).state.base_reserve;
    let taken = world.clearing.liquidate(&keeper, &alice, &world.btc, &(90 * BASE));
    world.conserved();
    assert_eq!(taken.price, 91 * PRICE);
    assert!(taken.size > 0 && taken.fee >= 0);
    assert_eq!(world.clearing.position(&keeper, &world.btc).unwrap().size, taken.size);
    let left = world.clearing.position(&alice, &world.btc).map_or(0, |position| position.size);
    assert_eq!(left, 90 * BASE - taken.size);
    assert_eq!(world.clearing.market(&world.btc).state.base_reserve, curve, "the curve did not move");
    assert_eq!(
        world.clearing.try_liquidate(&keeper, &world.provider, &world.btc, &BASE),
        Err(Ok(ClearingError::NoPosition))
    );
}

#[test]
fn a_market_opens_at_the_index() {
    let world = World::empty();
    let open = |x: i128, y: i128| world.clearing.try_open_market(&world.btc, &market_config(), &x, &y);
    assert_eq!(open(X, Y * 106 / 100), Err(Ok(ClearingError::OutsideBand)));
    assert_eq!(open(Y, X), Err(Ok(ClearingError::InvalidConfig)));
    world.index_at(100, PriceStatus::Degraded);
    assert_eq!(open(X, Y), Err(Ok(ClearingError::PriceNotUsable)));
    world.index_at(100, PriceStatus::Live);
    assert_eq!(open(X, Y), Ok(Ok(())));
    assert_eq!(told(open(X, Y)), LedgerError::AlreadyListed as u32, "once");
}

#[test]
fn a_winner_beyond_the_pools_cash_waits_and_is_paid() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, 15_000);
    world.clearing.add_liquidity(&world.provider, &(15_000 * USD), &0);
    let (alice, bob) = (world.trader(50_000), world.trader(50_000));
    assert_eq!(world.clearing.claim_pending(&alice), 0);
    world.buy(&alice, 400);
    world.pass(5);
    world.buy(&bob, 400);
    // At 200 bob alone is owed about 40,000: the pool cannot pay everybody, so nobody is paid in full.
    world.index_at(200, PriceStatus::Live);
    let deposit = world.ledger.summary(&alice).collateral_value;
    let close = world.clearing.close_position(&alice, &world.btc, &1, &LATER);
    world.conserved();
    let paid = world.ledger.summary(&alice).collateral_value - deposit + close.fee;
    let claims = world.clearing.buckets().claims;
    assert!(close.realized_pnl > 0 && paid > 0 && claims > 0);
    assert_eq!(paid + claims, close.realized_pnl);
    // Back at 100 bob is owed nothing; what his loss and fee bring in frees the claim.
    world.index_at(100, PriceStatus::Live);
    world.clearing.close_position(&bob, &world.btc, &1, &LATER);
    world.conserved();
    assert_eq!(world.clearing.claim_pending(&alice), claims);
    assert_eq!(world.clearing.buckets().claims, 0);
    world.conserved();
}
