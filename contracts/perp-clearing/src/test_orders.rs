//! Orders: what kills them, what lets them execute, and that they do so once.
extern crate std;

use crate::test_world::{told, World, LATER, NO_CAP, T0};
use margin_interface::{
    permissions, ClearingError, Condition, ConditionalOrder, GovernanceError, LedgerError, MatchedFill,
    PriceStatus, MAX_CONDITIONS, MAX_RESTING,
};
use margin_math::units::{BASE, PRICE, USD};
use soroban_sdk::{
    symbol_short,
    testutils::{Address as _, AuthorizedFunction},
    vec, Address, IntoVal, Symbol, Vec,
};

/// Everyone may execute it, at any price, for at most a dollar.
pub fn order(world: &World, account: &Address, nonce: u64, units: i128) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: if units > 0 { NO_CAP } else { 1 },
        account: account.clone(),
        conditions: vec![&world.env],
        epoch: 0,
        expires_at: LATER,
        market: world.btc.clone(),
        max_fee: USD,
        nonce,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: account.clone(),
        size_delta: units * BASE,
        tracking_code: symbol_short!("test"),
        trusted_executor: None,
    }
}

pub fn size(world: &World, account: &Address) -> i128 {
    world.clearing.position(account, &world.btc).map_or(0, |position| position.size)
}

/// Refused with that error, the same in the view and in the write path, and nothing changes.
fn refused(world: &World, executor: &Address, order: &ConditionalOrder, error: ClearingError) {
    let before = world.ledger.account(&order.account);
    assert_eq!(world.clearing.try_execute_order(executor, order), Err(Ok(error)));
    assert_eq!(world.clearing.can_execute(order).error, error as u32);
    assert_eq!(world.ledger.account(&order.account), before);
}

fn executed(world: &World, executor: &Address, order: &ConditionalOrder) {
    let check = world.clearing.can_execute(order);
    assert_eq!(check.error, 0);
    let fill = world.clearing.execute_order(executor, order);
    assert_eq!((check.price, check.size_delta), (fill.price, fill.size_delta));
    world.conserved();
}

#[test]
fn an_order_executes_once_and_pays_its_executor() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let buy = order(&world, &alice, 7, 10);
    executed(&world, &keeper, &buy);
    assert_eq!(size(&world, &alice), 10 * BASE);
    // 1% of 1,000 is more than the dollar it offers.
    assert_eq!(world.ledger.summary(&keeper).collateral_value, USD);
    refused(&world, &keeper, &buy, ClearingError::NonceUsed);
    // Another order with the same nonce is the same order as far as that goes.
    refused(&world, &keeper, &order(&world, &alice, 7, 11), ClearingError::NonceUsed);
    executed(&world, &keeper, &order(&world, &alice, 8, 1));
    executed(&world, &keeper, &order(&world, &alice, 64 + 7, 1));
}

#[test]
fn the_signer_consents_to_the_order_alone() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let buy = order(&world, &alice, 1, 10);
    world.clearing.execute_order(&keeper, &buy);
    let auths = world.env.auths();
    let args = |who: &Address| {
        let (_, call) = auths.iter().find(|(address, _)| address == who).expect("authorised");
        match &call.function {
            AuthorizedFunction::Contract((contract, name, args)) => {
                assert_eq!(
                    (contract, name),
                    (&world.clearing.address, &Symbol::new(&world.env, "execute_order"))
                );
                args.clone()
            }
            _ => panic!("a call"),
        }
    };
    assert_eq!(args(&alice), (buy.clone(),).into_val(&world.env));
    assert_eq!(args(&keeper), (keeper.clone(), buy.clone()).into_val(&world.env));
    // A stored order needs nobody's signature but the executor's.
    let resting = order(&world, &alice, 2, 10);
    world.clearing.place_order(&resting);
    let placed = world.env.auths();
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0].0, alice);
    world.clearing.execute_order(&keeper, &resting);
    assert!(world.env.auths().iter().all(|(address, _)| *address == keeper));
    // What is stored under a nonce consents to nothing else.
    world.clearing.place_order(&order(&world, &alice, 3, 10));
    world.clearing.execute_order(&keeper, &order(&world, &alice, 3, 9));
    assert!(world.env.auths().iter().any(|(address, _)| *address == alice));
}

#[test]
fn malformed_orders_are_refused_everywhere() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let good = order(&world, &alice, 1, 10);
    let leaf = Condition::MarketOpen;
    let wrap = |inner: Condition| Condition::Or(vec![&world.env, inner]);
    let deep = wrap(wrap(wrap(wrap(leaf.clone()))));
    let mut many = Vec::new(&world.env);
    for _ in 0..=MAX_CONDITIONS {
        many.push_back(leaf.clone());
    }
    let hidden = vec![&world.env, Condition::Or(many.slice(1..)), leaf.clone()];
    for bad in [
        ConditionalOrder { size_delta: 0, ..good.clone() },
        ConditionalOrder { acceptable_price: 0, ..good.clone() },
        ConditionalOrder { max_fee: -1, ..good.clone() },
        ConditionalOrder { require_verified: false, ..good.clone() },
        ConditionalOrder { conditions: vec![&world.env, deep], ..good.clone() },
        ConditionalOrder { conditions: many, ..good.clone() },
        ConditionalOrder { conditions: hidden, ..good.clone() },
    ] {
        refused(&world, &keeper, &bad, ClearingError::InvalidOrder);
        assert_eq!(world.clearing.try_place_order(&bad), Err(Ok(ClearingError::InvalidOrder)));
    }
    let most = wrap(wrap(wrap(leaf)));
    executed(&world, &keeper, &ConditionalOrder { conditions: vec![&world.env, most], ..good });
}

#[test]
fn expiry_epoch_and_cancellation_kill() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let now = world.env.ledger().timestamp();
    let ends = |at: u64| ConditionalOrder { expires_at: at, ..order(&world, &alice, 1, 1) };
    refused(&world, &keeper, &ends(now), ClearingError::OrderExpired);
    executed(&world, &keeper, &ends(now + 1));

    let early = ConditionalOrder { epoch: 1, ..order(&world, &alice, 2, 1) };
    refused(&world, &keeper, &early, ClearingError::WrongEpoch);
    world.clearing.place_order(&order(&world, &alice, 3, 1));
    assert_eq!(world.clearing.bump_epoch(&alice), 1);
    assert_eq!(world.clearing.orders(&alice).resting.len(), 0);
    refused(&world, &keeper, &order(&world, &alice, 3, 1), ClearingError::WrongEpoch);
    executed(&world, &keeper, &early);

    let of = |nonce: u64| ConditionalOrder { epoch: 1, ..order(&world, &alice, nonce, 1) };
    world.clearing.place_order(&of(4));
    world.clearing.cancel_order(&alice, &4);
    assert_eq!(world.clearing.orders(&alice).resting.len(), 0);
    refused(&world, &keeper, &of(4), ClearingError::NonceUsed);
    world.clearing.place_order(&of(130));
    world.clearing.cancel_nonces(&alice, &2, &0b101);
    assert_eq!(world.clearing.orders(&alice).resting.len(), 0);
    refused(&world, &keeper, &of(128), ClearingError::NonceUsed);
    refused(&world, &keeper, &of(130), ClearingError::NonceUsed);
    executed(&world, &keeper, &of(129));
    let nothing = Err(Ok(ClearingError::InvalidAmount));
    assert_eq!(world.clearing.try_cancel_nonces(&alice, &2, &0), nothing);
    assert_eq!(world.clearing.try_cancel_nonces(&alice, &(u64::MAX / 64 + 1), &1), nothing);
    world.clearing.cancel_order(&alice, &u64::MAX);
    refused(&world, &keeper, &of(u64::MAX), ClearingError::NonceUsed);
    // Somebody else's nonces are theirs.
    let bob = world.trader(1_000);
    executed(&world, &keeper, &order(&world, &bob, 4, 1));
}

#[test]
fn few_orders_are_stored_and_expired_ones_make_room() {
    let world = World::new();
    let alice = world.trader(10_000);
    let now = world.env.ledger().timestamp();
    for nonce in 0..u64::from(MAX_RESTING) {
        let expires_at = if nonce == 0 { now + 60 } else { LATER };
        world.clearing.place_order(&ConditionalOrder { expires_at, ..order(&world, &alice, nonce, 1) });
    }
    let more = order(&world, &alice, 100, 1);
    assert_eq!(world.clearing.try_place_order(&more), Err(Ok(ClearingError::TooManyOrders)));
    let again = order(&world, &alice, 1, 2);
    assert_eq!(world.clearing.try_place_order(&again), Err(Ok(ClearingError::NonceUsed)));
    world.pass(60);
    world.clearing.place_order(&more);
    assert_eq!(world.clearing.orders(&alice).resting.len(), MAX_RESTING);
    assert!(!world.clearing.orders(&alice).resting.contains_key(0));
}

#[test]
fn only_the_trusted_executor_skips_verification() {
    let world = World::new();
    let (alice, keeper, other) =
        (world.trader(10_000), Address::generate(&world.env), Address::generate(&world.env));
    let never = vec![&world.env, Condition::TimestampBefore(0)];
    let trusted = ConditionalOrder {
        conditions: never.clone(),
        require_verified: false,
        trusted_executor: Some(keeper.clone()),
        ..order(&world, &alice, 1, 1)
    };
    let result = world.clearing.try_execute_order(&other, &trusted);
    assert_eq!(result, Err(Ok(ClearingError::NotExecutor)));
    executed(&world, &keeper, &trusted);
    // With verification the conditions bind him as well.
    let verified = ConditionalOrder { require_verified: true, nonce: 2, ..trusted };
    refused(&world, &keeper, &verified, ClearingError::ConditionNotMet);
    let open = ConditionalOrder { conditions: vec![&world.env], ..verified };
    executed(&world, &other, &open);
}

#[test]
fn conditions_hold_as_they_say() {
    let world = World::new();
    let (alice, keeper) = (world.trader(100_000), Address::generate(&world.env));
    let env = &world.env;
    let mut nonce = 1_000;
    let mut verdict = |condition: Condition| {
        nonce += 1;
        let one = ConditionalOrder { conditions: vec![env, condition], ..order(&world, &alice, nonce, 1) };
        world.clearing.can_execute(&one).error
    };
    let (met, unmet) = (0, ClearingError::ConditionNotMet as u32);
    let unknown = ClearingError::PriceNotUsable as u32;
    let now = env.ledger().timestamp();
    assert_eq!(verdict(Condition::TimestampAfter(now)), met);
    assert_eq!(verdict(Condition::TimestampAfter(now + 1)), unmet);
    assert_eq!(verdict(Condition::TimestampBefore(now + 1)), met);
    assert_eq!(verdict(Condition::TimestampBefore(now)), unmet);
    assert_eq!(verdict(Condition::IndexAbove(100 * PRICE)), met);
    assert_eq!(verdict(Condition::IndexAbove(100 * PRICE + 1)), unmet);
    assert_eq!(verdict(Condition::IndexBelow(100 * PRICE)), met);
    assert_eq!(verdict(Condition::IndexBelow(100 * PRICE - 1)), unmet);
    assert_eq!(verdict(Condition::PositionAbove(0)), met);
    assert_eq!(verdict(Condition::PositionAbove(1)), unmet);
    assert_eq!(verdict(Condition::PositionBelow(0)), met);
    assert_eq!(verdict(Condition::PositionBelow(-1)), unmet);
    assert_eq!(verdict(Condition::MarketOpen), met);
    assert_eq!(verdict(Condition::OrderFilled(1)), unmet);
    world.clearing.cancel_order(&alice, &1);
    assert_eq!(verdict(Condition::OrderFilled(1)), unmet, "cancelled is not filled");
    executed(&world, &keeper, &order(&world, &alice, 2, 1));
    assert_eq!(verdict(Condition::OrderFilled(2)), met);
    // The market is too young for an average mark: neither above nor below, nor the opposite of either.
    let never = || Condition::TimestampBefore(0);
    let always = || Condition::TimestampAfter(0);
    let mark = || Condition::MarkAbove(1);
    assert_eq!(verdict(mark()), unknown);
    assert_eq!(verdict(Condition::Not(vec![env, mark()])), unknown);
    assert_eq!(verdict(Condition::Or(vec![env, mark(), never()])), unknown);
    assert_eq!(verdict(Condition::Or(vec![env, mark(), always()])), met);
    assert_eq!(verdict(Condition::Not(vec![env, mark(), always()])), unmet);
    assert_eq!(verdict(Condition::Or(vec![env, never(), always()])), met);
    assert_eq!(verdict(Condition::Or(vec![env])), unmet);
    assert_eq!(verdict(Condition::Not(vec![env, never()])), met);
    assert_eq!(verdict(Condition::Not(vec![env, never(), always()])), unmet);
    world.pass(900);
    assert_eq!(verdict(mark()), met);
    assert_eq!(verdict(Condition::MarkBelow(99 * PRICE)), unmet);
    // What the index said before it went stale is not what it says now.
    world.index_at(100, PriceStatus::Stale);
    assert_eq!(verdict(Condition::IndexAbove(1)), unknown);
    assert_eq!(verdict(Condition::Not(vec![env, Condition::IndexAbove(1)])), unknown);
    assert_eq!(verdict(Condition::MarketOpen), unmet);
}

#[test]
fn a_reduce_only_order_ends_with_the_position() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let stop = ConditionalOrder { reduce_only: true, ..order(&world, &alice, 1, -30) };
    refused(&world, &keeper, &stop, ClearingError::NoPosition);
    world.sell(&alice, 5);
    refused(&world, &keeper, &stop, ClearingError::ReduceOnly);
    world.buy(&alice, 15);
    executed(&world, &keeper, &stop);
    assert_eq!(size(&world, &alice), 0);
    refused(&world, &keeper, &stop, ClearingError::NonceUsed);
}

#[test]
fn the_limit_price_and_the_margin_bind_at_execution() {
    let world = World::new();
    let (alice, keeper) = (world.trader(100), Address::generate(&world.env));
    let cheap = ConditionalOrder { acceptable_price: 100 * PRICE, ..order(&world, &alice, 1, 5) };
    refused(&world, &keeper, &cheap, ClearingError::SlippageExceeded);
    let large = order(&world, &alice, 2, 50);
    assert_eq!(
        told(world.clearing.try_execute_order(&keeper, &large)),
        LedgerError::InsufficientMargin as u32,
        "the ledger's margin"
    );
    assert_eq!(size(&world, &alice), 0);
    // A refusal leaves the order alive: once the margin is there it executes.
    world.deposit(&alice, 10_000);
    executed(&world, &keeper, &large);
}

#[test]
fn an_executor_is_paid_no_more_than_there_is() {
    let world = World::new();
    let (alice, keeper) = (world.trader(10_000), Address::generate(&world.env));
    let greedy = ConditionalOrder { max_fee: 1_000 * USD, ..order(&world, &alice, 1, 10) };
    let fill = world.clearing.execute_order(&keeper, &greedy);
    world.conserved();
    assert_eq!(world.ledger.summary(&keeper).collateral_value, -fill.quote_delta / 100);
    // One's own executor is paid nothing.
    let before = world.ledger.summary(&alice).collateral_value;
    let own = ConditionalOrder { max_fee: 10 * USD, ..order(&world, &alice, 2, 1) };
    let fill = world.clearing.execute_order(&alice, &own);
    assert_eq!(world.ledger.summary(&alice).collateral_value, before - fill.fee);
    // Without a deposit left the order executes for nothing: a stop-loss must not fail for its fee.
    let close = ConditionalOrder { reduce_only: true, ..order(&world, &alice, 3, -100) };
    let paid = world.ledger.summary(&keeper).collateral_value;
    let all = world.ledger.account(&alice).deposits.get(world.usdc.clone()).unwrap();
    assert!(all > 0);
    executed(&world, &keeper, &close);
    assert_eq!(world.ledger.summary(&keeper).collateral_value, paid + USD);
}

#[test]
fn the_fee_counts_in_the_margin_of_the_fill() {
    let world = World::new();
    let (alice, keeper) = (world.trader(1_000), Address::generate(&world.env));
    let most = world.clearing.max_trade(&alice, &world.btc, &true);
    let free = ConditionalOrder { max_fee: 0, size_delta: most, ..order(&world, &alice, 1, 1) };
    let paying = ConditionalOrder { max_fee: 50 * USD, nonce: 2, ..free.clone() };
    assert_eq!(
        told(world.clearing.try_execute_order(&keeper, &paying)),
        LedgerError::InsufficientMargin as u32
    );
    executed(&world, &keeper, &free);
}

#[test]
fn a_flag_kills_and_a_revoked_signer_too() {
    let world = World::new();
    let (alice, keeper, delegate) =
        (world.trader(1_100), Address::generate(&world.env), Address::generate(&world.env));
    let by = |nonce: u64| ConditionalOrder { signer: delegate.clone(), ..order(&world, &alice, nonce, 1) };
    refused(&world, &keeper, &by(1), ClearingError::NotPermitted);
    assert_eq!(world.clearing.try_place_order(&by(1)), Err(Ok(ClearingError::NotPermitted)));
    for bits in [permissions::TRADE, permissions::ALL & !permissions::ADMIN & !permissions::SIGN_ORDERS] {
        world.ledger.grant(&alice, &delegate, &bits, &LATER);
        refused(&world, &keeper, &by(1), ClearingError::NotPermitted);
    }
    world.ledger.grant(&alice, &delegate, &permissions::SIGN_ORDERS, &LATER);
    // What an executor is paid leaves the account: that takes the right to withdraw.
    refused(&world, &keeper, &by(1), ClearingError::NotPermitted);
    let free = |nonce: u64| ConditionalOrder { max_fee: 0, ..by(nonce) };
    executed(&world, &keeper, &free(1));
    world.clearing.place_order(&free(2));
    world.ledger.revoke(&alice, &delegate);
    refused(&world, &keeper, &free(2), ClearingError::NotPermitted);
    let both = permissions::SIGN_ORDERS | permissions::WITHDRAW;
    world.ledger.grant(&alice, &delegate, &both, &LATER);
    executed(&world, &keeper, &by(4));
    world.ledger.grant(&alice, &delegate, &permissions::ADMIN, &(T0 + 60));
    executed(&world, &keeper, &free(2));
    world.pass(120);
    refused(&world, &keeper, &by(3), ClearingError::NotPermitted);

    world.buy(&alice, 88);
    world.pass(5);
    world.index_at(91, PriceStatus::Live);
    let close = ConditionalOrder { reduce_only: true, ..order(&world, &alice, 9, -1) };
    assert_eq!(world.clearing.can_execute(&close).error, 0);
    world.ledger.flag(&alice);
    refused(&world, &keeper, &close, ClearingError::AccountFlagged);
}

#[test]
fn what_a_flag_killed_stays_dead() {
    let world = World::new();
    let (alice, keeper) = (world.trader(1_100), Address::generate(&world.env));
    world.buy(&alice, 90);
    world.pass(5);
    let of = |nonce: u64, epoch: u64| ConditionalOrder { epoch, ..order(&world, &alice, nonce, -1) };
    let (stored, signed) = (of(1, 0), of(2, 0));
    world.clearing.place_order(&stored);
    assert_eq!(world.clearing.can_execute(&stored).error, 0);
    world.index_at(91, PriceStatus::Live);
    world.ledger.flag(&alice);
    refused(&world, &keeper, &stored, ClearingError::AccountFlagged);
    // Placed while it is flagged, for when it is over.
    assert_eq!(world.clearing.orders(&alice).epoch, 1);
    assert_eq!(world.clearing.try_place_order(&of(3, 0)), Err(Ok(ClearingError::WrongEpoch)));
    world.clearing.place_order(&of(3, 1));
    refused(&world, &keeper, &of(3, 1), ClearingError::AccountFlagged);
    assert_eq!(world.clearing.orders(&alice).resting.keys(), vec![&world.env, 3], "the dead make room");

    world.deposit(&alice, 10_000);
    world.ledger.unflag(&alice);
    refused(&world, &keeper, &stored, ClearingError::WrongEpoch);
    refused(&world, &keeper, &signed, ClearingError::WrongEpoch);
    executed(&world, &keeper, &of(3, 1));
    // Bumps and flags count together: no epoch comes back.
    assert_eq!(world.clearing.bump_epoch(&alice), 2);
    refused(&world, &keeper, &of(4, 1), ClearingError::WrongEpoch);
    executed(&world, &keeper, &of(4, 2));
}

// ---- matches --------------------------------------------------------------------------------------------------------

/// All of an order at that cash.
pub fn side_at(order: &ConditionalOrder, quote_delta: i128) -> MatchedFill {
    MatchedFill { order: order.clone(), quote_delta, size_delta: order.size_delta }
}

fn side(order: &ConditionalOrder, units: i128, dollars: i128) -> MatchedFill {
    MatchedFill { order: order.clone(), quote_delta: dollars * USD, size_delta: units * BASE }
}

#[test]
fn what_is_left_of_a_matched_stop_does_not_wait_for_the_next_position() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    world.buy(&alice, 10);
    let stop = ConditionalOrder { reduce_only: true, ..order(&world, &alice, 1, -30) };
    let buy = order(&world, &bob, 1, 30);
    // A part of the position: the order goes on.
    let some = vec![&world.env, side(&stop, -4, 400), side(&buy, 4, -400)];
    world.clearing.settle_match(&operator, &some);
    let rest = vec![&world.env, side(&stop, -6, 600), side(&buy, 6, -600)];
    world.clearing.settle_match(&operator, &rest);
    assert_eq!(size(&world, &alice), 0);
    world.buy(&alice, 20);
    refused(&world, &operator, &stop, ClearingError::NonceUsed);
    assert_eq!(world.clearing.can_execute(&buy).size_delta, 20 * BASE, "what was not reduce-only goes on");
}

#[test]
fn what_a_condition_reads_does_not_depend_on_the_price() {
    let world = World::new();
    let alice = world.trader(10_000);
    let env = &world.env;
    let either = vec![
        env,
        Condition::IndexAbove(101 * PRICE),
        Condition::OrderFilled(70_000),
        Condition::TimestampAfter(0),
    ];
    let one =
        ConditionalOrder { conditions: vec![env, Condition::Or(either)], ..order(&world, &alice, 1, 5) };
    let reads = |dollars| {
        world.index_at(dollars, PriceStatus::Live);
        assert_eq!(world.clearing.can_execute(&one).error, 0);
        let used = env.cost_estimate().resources();
        used.memory_read_entries + used.disk_read_entries
    };
    assert_eq!(reads(102), reads(100));
}

#[test]
fn a_match_moves_both_sides_and_not_the_curve() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    let (buy, sell) = (order(&world, &alice, 1, 30), order(&world, &bob, 1, -20));
    let before = world.clearing.market(&world.btc);
    let fills = vec![&world.env, side(&buy, 20, -2_020), side(&sell, -20, 2_020)];
    world.clearing.settle_match(&operator, &fills);
    world.conserved();
    let after = world.clearing.market(&world.btc);
    assert_eq!(after.state.base_reserve, before.state.base_reserve);
    assert_eq!(after.state.quote_reserve, before.state.quote_reserve);
    assert_eq!((after.totals.net_size, after.totals.entry), (0, 0));
    assert_eq!((size(&world, &alice), size(&world, &bob)), (20 * BASE, -20 * BASE));
    assert_eq!(after.totals.long_interest, 20 * BASE);
    // The rest of an order executes on the curve or in another match, and no more than the rest.
    assert_eq!(world.clearing.can_execute(&sell).error, ClearingError::NonceUsed as u32);
    assert_eq!(world.clearing.can_execute(&buy).size_delta, 10 * BASE);
    let other = order(&world, &alice, 1, 40);
    assert_eq!(world.clearing.can_execute(&other).error, ClearingError::NonceUsed as u32);
    let again = order(&world, &bob, 2, -20);
    let more = vec![&world.env, side(&buy, 11, -1_100), side(&again, -11, 1_100)];
    assert_eq!(world.clearing.try_settle_match(&operator, &more), Err(Ok(ClearingError::InvalidMatch)));
    let rest = vec![&world.env, side(&buy, 4, -400), side(&again, -4, 400)];
    world.clearing.settle_match(&operator, &rest);
    executed(&world, &operator, &buy);
    assert_eq!(size(&world, &alice), 30 * BASE);
    assert_eq!(world.clearing.can_execute(&buy).error, ClearingError::NonceUsed as u32);
}

#[test]
fn a_match_that_does_not_cancel_out_is_refused() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    let (buy, sell) = (order(&world, &alice, 1, 30), order(&world, &bob, 1, -30));
    let settle = |fills: Vec<MatchedFill>| {
        world.clearing.try_settle_match(&operator, &fills).expect_err("refused").expect("own error")
    };
    let env = &world.env;
    let invalid = ClearingError::InvalidMatch;
    assert_eq!(settle(vec![env]), invalid);
    assert_eq!(settle(vec![env, side(&buy, 20, -2_000), side(&sell, -19, 2_000)]), invalid);
    assert_eq!(settle(vec![env, side(&buy, 20, -2_000), side(&sell, -20, 2_001)]), invalid);
    let own = order(&world, &alice, 2, -30);
    assert_eq!(settle(vec![env, side(&buy, 20, -2_000), side(&own, -20, 2_000)]), invalid);
    let elsewhere = ConditionalOrder { market: symbol_short!("ETH_USD"), ..sell.clone() };
    assert_eq!(settle(vec![env, side(&buy, 20, -2_000), side(&elsewhere, -20, 2_000)]), invalid);
    // The wrong side of both orders, and more than they want.
    assert_eq!(settle(vec![env, side(&buy, -20, 2_000), side(&sell, 20, -2_000)]), invalid);
    assert_eq!(settle(vec![env, side(&buy, 31, -3_100), side(&sell, -31, 3_100)]), invalid);
    assert_eq!(settle(vec![env, side(&buy, 0, 0), side(&sell, 0, 0)]), invalid);
    // Outside the band of 5%, and outside a limit.
    assert_eq!(
        settle(vec![env, side(&buy, 20, -2_120), side(&sell, -20, 2_120)]),
        ClearingError::OutsideBand
    );
    assert_eq!(
        settle(vec![env, side(&buy, 20, 2_000), side(&sell, -20, -2_000)]),
        ClearingError::OutsideBand
    );
    let picky = ConditionalOrder { acceptable_price: 100 * PRICE, ..buy.clone() };
    assert_eq!(
        settle(vec![env, side(&picky, 20, -2_020), side(&sell, -20, 2_020)]),
        ClearingError::SlippageExceeded
    );
    world.index_at(100, PriceStatus::Degraded);
    assert_eq!(
        settle(vec![env, side(&buy, 20, -2_000), side(&sell, -20, 2_000)]),
        ClearingError::PriceNotUsable
    );
    assert_eq!((size(&world, &alice), size(&world, &bob)), (0, 0));
}

#[test]
fn the_operator_alone_moves_nothing() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob) = (world.trader(10_000), world.trader(10_000));
    let (buy, sell) = (order(&world, &alice, 1, 20), order(&world, &bob, 1, -20));
    let fills = vec![&world.env, side(&buy, 20, -2_000), side(&sell, -20, 2_000)];
    let other = Address::generate(&world.env);
    assert_eq!(world.clearing.try_settle_match(&other, &fills), Err(Ok(ClearingError::NotOperator)));
    world.clearing.settle_match(&operator, &fills);
    let signed: std::vec::Vec<Address> = world.env.auths().iter().map(|(who, _)| who.clone()).collect();
    assert!([&operator, &alice, &bob].iter().all(|who| signed.contains(who)));
    // An order that trusts somebody else is not the operator's.
    let trusting = ConditionalOrder {
        require_verified: false,
        trusted_executor: Some(other),
        ..order(&world, &alice, 2, 20)
    };
    let fills = vec![&world.env, side(&trusting, 20, -2_000), side(&order(&world, &bob, 2, -20), -20, 2_000)];
    assert_eq!(world.clearing.try_settle_match(&operator, &fills), Err(Ok(ClearingError::NotExecutor)));
    // Dismissed at once, by the guardian too; named only after an announcement.
    let governed = world.governance();
    let named = world.clearing.try_set_operator(&governed.guardian(), &Some(operator.clone()));
    assert_eq!(told(named), GovernanceError::NeedsTimelock as u32);
    world.clearing.set_operator(&governed.guardian(), &None);
    let fills = vec![&world.env, side(&buy, 20, -2_000)];
    assert_eq!(world.clearing.try_settle_match(&operator, &fills), Err(Ok(ClearingError::NotOperator)));
}

#[test]
fn a_match_closes_reverses_and_keeps_the_margin() {
    let world = World::new();
    let operator = world.operator();
    let (alice, bob, poor) = (world.trader(10_000), world.trader(10_000), world.trader(100));
    world.buy(&alice, 30);
    // Alice closes 30 and opens 10 against bob, at 101.
    let (sell, buy) = (order(&world, &alice, 1, -40), order(&world, &bob, 1, 40));
    let fills = vec![&world.env, side(&sell, -40, 4_040), side(&buy, 40, -4_040)];
    world.clearing.settle_match(&operator, &fills);
    world.conserved();
    assert_eq!((size(&world, &alice), size(&world, &bob)), (-10 * BASE, 40 * BASE));
    let totals = world.clearing.market(&world.btc).totals;
    assert_eq!(totals.net_size, 30 * BASE);
    let entry = world.clearing.position(&alice, &world.btc).unwrap().entry;
    assert_eq!(entry, 1_010 * USD);
    // Whoever cannot bear it is refused, and with him the other side.
    let (mine, theirs) = (order(&world, &poor, 1, 40), order(&world, &bob, 2, -40));
    let fills = vec![&world.env, side(&theirs, -40, 4_000), side(&mine, 40, -4_000)];
    assert_eq!(
        told(world.clearing.try_settle_match(&operator, &fills)),
        LedgerError::InsufficientMargin as u32
    );
    assert_eq!((size(&world, &poor), size(&world, &bob)), (0, 40 * BASE));
    assert_eq!(world.clearing.can_execute(&theirs).error, 0, "the refused match used up nothing");
}
