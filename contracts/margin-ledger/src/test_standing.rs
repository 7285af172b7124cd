//! Margin calls and flags: who may be called, flagged, liquidated, and how it ends.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{AccountStatus, Asset, LedgerError, PriceStatus, Quote, Receive};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, Address};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// 10,000 XLM at 0.10 support 700; 500 USDC are owed. Called below 600 / 7,000 = 0.0857, liquidated below 0.0786.
fn indebted() -> (World, Address) {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    (world, alice)
}

fn liquidate(world: &World, account: &Address) -> Result<i128, LedgerError> {
    let done = world.ledger.try_liquidate(
        &world.account(3),
        account,
        &world.usdc,
        &world.xlm,
        &(500 * ONE),
        &0,
        &Receive::Shares,
    );
    world.check();
    done.map(|done| done.unwrap().repaid).map_err(|error| error.unwrap())
}

fn cents(world: &World, hundredths: i128) {
    world.price(&world.xlm, PRICE * hundredths / 10_000);
}

#[test]
fn a_call_gives_an_hour_then_the_account_may_be_liquidated_above_the_liquidation_level() {
    let (world, alice) = indebted();
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountHealthy);
    cents(&world, 840);
    let deadline = world.env.ledger().timestamp() + HOUR;
    assert_eq!(world.ledger.margin_call(&alice), deadline);
    assert_eq!(world.env.events().all().events().len(), 1);
    let summary = world.ledger.summary(&alice);
    assert_eq!((summary.status, summary.liquidation_ok), (AccountStatus::MarginCall, true));

    // Set once: calling again moves nothing.
    world.wait(HOUR - 1);
    cents(&world, 840);
    assert_eq!(world.ledger.margin_call(&alice), deadline);
    assert_eq!(world.env.events().all().events().len(), 0);
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(liquidate(&world, &alice), Err(LedgerError::NotLiquidatable));
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    world.wait(1);
    cents(&world, 840);
    assert!(world.ledger.is_liquidatable(&alice));
    // A flag would forget the deadline, and with it the right to liquidate.
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    liquidate(&world, &alice).unwrap();
    // Down to the target, not further; the call has nothing left to call for.
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
}

#[test]
fn a_call_lapses_a_day_after_its_deadline_and_may_be_made_again() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    world.wait(HOUR + DAY - 1);
    cents(&world, 840);
    assert!(world.ledger.is_liquidatable(&alice));
    world.wait(1);
    cents(&world, 840);
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(world.ledger.summary(&alice).status, AccountStatus::Normal);
    assert_eq!(world.ledger.margin_call(&alice), world.env.ledger().timestamp() + HOUR);
    assert!(!world.ledger.is_liquidatable(&alice));
}

#[test]
fn a_top_up_cures_and_who_passes_the_opening_level_is_called_no_more() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    let borrow = world.ledger.try_borrow(&alice, &world.usdc, &ONE);
    assert_refused!(world, borrow, LedgerError::InsufficientMargin);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.wait(2 * HOUR);
    cents(&world, 840);
    assert!(!world.ledger.is_liquidatable(&alice), "cured in fact, though nobody said so");
    world.borrow(&alice, &world.usdc, ONE);
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountHealthy);
}

#[test]
fn a_call_ends_on_request_when_it_is_cured() {
    let (world, alice) = indebted();
    cents(&world, 840);
    world.ledger.margin_call(&alice);
    cents(&world, 1_000);
    assert_eq!(world.ledger.margin_call(&alice), 0);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
}

#[test]
fn a_flagged_account_only_reduces() {
    let (world, alice) = indebted();
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    assert_refused!(world, world.ledger.try_unflag(&alice), LedgerError::AccountHealthy);
    cents(&world, 780);
    world.ledger.flag(&alice);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::AccountFlagged);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::AccountFlagged);
    assert_refused!(world, world.ledger.try_unflag(&alice), LedgerError::InsufficientMargin);

    cents(&world, 10_000);
    let (borrow, debit) = (
        world.ledger.try_borrow(&alice, &world.usdc, &ONE),
        world.ledger.try_debit(&alice, &world.xlm, &ONE),
    );
    assert_refused!(world, borrow, LedgerError::AccountFlagged);
    assert_refused!(world, debit, LedgerError::AccountFlagged);
    world.deposit(&alice, &world.xlm, ONE);
    world.ledger.repay(&alice, &world.usdc, &ONE);
    world.ledger.unflag(&alice);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.borrow(&alice, &world.usdc, ONE);
}

#[test]
fn without_debt_a_flag_goes_without_a_price() {
    let (world, alice) = indebted();
    cents(&world, 780);
    world.ledger.flag(&alice);
    world.ledger.repay(&alice, &world.usdc, &(501 * ONE));
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    assert_refused!(world, world.ledger.try_debit(&alice, &world.xlm, &ONE), LedgerError::AccountFlagged);
    world.ledger.unflag(&alice);
    world.ledger.debit(&alice, &world.xlm, &ONE);
}

/// Health as shown is at mid prices; whether it may be liquidated is decided at the borrower's better ends.
#[test]
fn is_liquidatable_says_what_a_liquidation_would() {
    let (world, alice) = indebted();
    for (lo, hi) in [(700, 790), (760, 780), (785, 787), (700, 900)] {
        world.quote(&world.xlm, PRICE * lo / 10_000, PRICE * hi / 10_000, PriceStatus::Live);
        let possible = world.ledger.is_liquidatable(&alice);
        assert_eq!(possible, hi < 786, "{lo} {hi}");
        assert_eq!(world.ledger.try_flag(&alice).is_ok(), possible);
        if possible {
            cents(&world, 1_000);
            world.ledger.unflag(&alice);
        }
    }
}

// ---- a price that may not decide ------------------------------------------------------------------------------------------

/// While it recovers, a price counts at the better of its end and the slow reference: the fall alone decides nothing.
#[test]
fn a_price_in_grace_decides_nothing_that_the_slow_one_does_not() {
    let (world, alice) = indebted();
    let fell = |stable: i128| {
        let quote = Quote {
            lo: PRICE / 100,
            mid: PRICE / 100,
            hi: PRICE / 100,
            stable: PRICE * stable / 10_000,
            status: PriceStatus::Grace,
            timestamp: world.env.ledger().timestamp(),
        };
        world.oracle.set(&Asset::Stellar(world.xlm.clone()), &quote);
        world.ledger.is_liquidatable(&alice)
    };
    assert!(!fell(1_000));
    assert_refused!(world, world.ledger.try_flag(&alice), LedgerError::NotLiquidatable);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::PriceNotUsable);
    assert_eq!(liquidate(&world, &alice), Err(LedgerError::NotLiquidatable));
    assert!(fell(780));
    // It is not seized, whatever the verdict.
    assert_eq!(liquidate(&world, &alice), Err(LedgerError::PriceNotUsable));
    world.ledger.flag(&alice);
}

/// Attack: hold a unit of an asset whose price may not decide, and nobody may liquidate the rest, or call for margin.
#[test]
fn dust_of_an_asset_without_a_price_shields_nobody() {
    for status in [PriceStatus::Grace, PriceStatus::Tripped, PriceStatus::Stale, PriceStatus::Halted] {
        let (world, alice) = indebted();
        world.deposit(&alice, &world.eth, 10_i128.pow(9)); // 0.000002 dollars
        cents(&world, 840);
        world.quote(&world.eth, PRICE * 20, PRICE * 200_000, status);
        let deadline = world.ledger.margin_call(&alice);
        assert!(deadline > 0, "{status:?}");
        cents(&world, 780);
        assert!(world.ledger.is_liquidatable(&alice), "{status:?}");
        world.ledger.flag(&alice);
        liquidate(&world, &alice).unwrap();
    }
}

/// A debt in it counts at the lower of both.
#[test]
fn a_debt_whose_price_recovers_counts_at_its_better_end() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 8_000 * ONE);
    let rose = |stable: i128| {
        let quote = Quote {
            lo: PRICE,
            mid: PRICE,
            hi: PRICE,
            stable,
            status: PriceStatus::Grace,
            timestamp: world.env.ledger().timestamp(),
        };
        world.oracle.set(&Asset::Stellar(world.xlm.clone()), &quote);
        world.ledger.is_liquidatable(&alice)
    };
    assert!(!rose(PRICE / 10));
    assert!(rose(PRICE / 5));
}

// ---- calls that are cured -------------------------------------------------------------------------------------------------

/// Attack: call an account, let it pay in, wait, and use the expired call the moment the account dips again.
#[test]
fn nobody_stores_an_hour_that_was_cured() {
    let pay: [fn(&World, &Address); 3] = [
        |world, alice| world.deposit(alice, &world.xlm, 10_000 * ONE),
        |world, alice| {
            world.ledger.repay(alice, &world.usdc, &(250 * ONE));
        },
        |world, alice| {
            world.deposit(alice, &world.usdc, 250 * ONE);
            world.ledger.repay_with_collateral(alice, &world.usdc, &(250 * ONE));
        },
    ];
    // The call may come in the same ledger, just in front.
    for (pay, seconds) in pay.into_iter().flat_map(|pay| [(pay, 0), (pay, 600)]) {
        let (world, alice) = indebted();
        cents(&world, 840);
        let first = world.ledger.margin_call(&alice);
        world.wait(seconds);
        pay(&world, &alice);
        assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
        world.wait(2 * HOUR);
        // Below the margin-call level again, above the liquidation level.
        cents(&world, 410);
        assert!(!world.ledger.summary(&alice).margin_call_ok && world.ledger.summary(&alice).liquidation_ok);
        assert!(!world.ledger.is_liquidatable(&alice));
        assert_eq!(liquidate(&world, &alice), Err(LedgerError::NotLiquidatable));
        let again = world.ledger.margin_call(&alice);
        assert_eq!(again, world.env.ledger().timestamp() + HOUR);
        assert!(again > first);
    }
}

/// Attack: pay in a unit now and then, of one asset or another, of which one has no price that may decide, so that the hour
/// never ends. Nobody has to say anything: what does not cure a call leaves it as it is.
#[test]
fn dust_does_not_put_a_deadline_off() {
    for status in [PriceStatus::Live, PriceStatus::Grace, PriceStatus::Halted, PriceStatus::Unknown] {
        let (world, alice) = indebted();
        world.deposit(&alice, &world.eth, 10_i128.pow(9));
        cents(&world, 840);
        let doubtful = || {
            let (lo, hi) =
                if status == PriceStatus::Unknown { (0, 0) } else { (PRICE * 20, PRICE * 200_000) };
            world.quote(&world.eth, lo, hi, status);
        };
        doubtful();
        if status == PriceStatus::Unknown {
            world.price(&world.eth, PRICE);
        }
        let deadline = world.ledger.margin_call(&alice);
        doubtful();
        for _ in 0..5 {
            world.wait(HOUR / 6);
            world.deposit(&alice, &world.xlm, 1);
            world.deposit(&alice, &world.eth, 10_i128.pow(9));
            world.ledger.credit(&world.account(3), &alice, &world.xlm, &1);
            world.ledger.repay(&alice, &world.usdc, &1);
            assert_eq!(world.ledger.account(&alice).status, AccountStatus::MarginCall, "{status:?}");
        }
        world.wait(HOUR / 6);
        cents(&world, 840);
        world.price(&world.usdc, PRICE);
        world.price(&world.eth, PRICE * 2_000);
        assert_eq!(world.ledger.margin_call(&alice), deadline, "{status:?}");
        assert_eq!(world.env.events().all().events().len(), 0);
        // In front of the liquidator it is no use either.
        world.deposit(&alice, &world.xlm, 1);
        assert!(world.ledger.is_liquidatable(&alice), "{status:?}");
        liquidate(&world, &alice).unwrap();
        // That was the cure: the account is at its target, and has an hour when it falls again.
        assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
        cents(&world, 760);
        assert!(!world.ledger.summary(&alice).margin_call_ok && world.ledger.summary(&alice).liquidation_ok);
        assert!(!world.ledger.is_liquidatable(&alice));
    }
}

/// Nothing that is paid in needs a price: a call whose cure no price can show stands, and ends when somebody shows it.
#[test]
fn no_price_no_cure_and_no_refusal() {
    let (world, alice) = indebted();
    cents(&world, 840);
    let deadline = world.ledger.margin_call(&alice);
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.ledger.repay(&alice, &world.usdc, &ONE);
    assert_eq!(world.ledger.account(&alice).since + HOUR, deadline);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::PriceNotUsable);
    cents(&world, 840);
    assert_eq!(world.ledger.margin_call(&alice), 0);
    // Who owes nothing any more needs none.
    cents(&world, 410);
    world.ledger.margin_call(&alice);
    world.quote(&world.xlm, 0, 0, PriceStatus::Unknown);
    world.ledger.repay(&alice, &world.usdc, &(500 * ONE));
    assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
}

/// Attack: where a price is not live the account's better end may be ten times what it was: pay in dust there, and the call
/// that ran out is gone.
#[test]
fn the_better_end_of_a_doubtful_price_ends_no_call() {
    for status in [PriceStatus::Grace, PriceStatus::Tripped, PriceStatus::Stale, PriceStatus::Halted] {
        let (world, alice) = indebted();
        cents(&world, 840);
        let deadline = world.ledger.margin_call(&alice);
        world.wait(HOUR);
        world.quote(&world.xlm, PRICE / 100, PRICE, status);
        world.deposit(&alice, &world.xlm, 1);
        world.ledger.repay(&alice, &world.usdc, &1);
        assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::PriceNotUsable);
        let called = world.ledger.account(&alice);
        assert_eq!((called.status, called.since + HOUR), (AccountStatus::MarginCall, deadline), "{status:?}");
        cents(&world, 840);
        assert!(world.ledger.is_liquidatable(&alice), "{status:?}");
        // Who owes nothing any more needs no live price.
        world.quote(&world.xlm, PRICE / 100, PRICE, status);
        world.ledger.repay(&alice, &world.usdc, &(501 * ONE));
        assert_eq!(world.ledger.account(&alice).status, AccountStatus::Normal);
    }
}

/// Attack: be flagged, pay in just enough to leave the liquidation level, and keep the flag: what a flagged account owes
/// keeps everybody out of the pool, and nobody could end it.
#[test]
fn a_flag_ends_in_a_liquidation_or_in_health() {
    let between = |flagged: bool| {
        let (world, alice) = indebted();
        cents(&world, 780);
        if flagged {
            world.ledger.flag(&alice);
        }
        world.deposit(&alice, &world.xlm, 500 * ONE);
        let summary = world.ledger.summary(&alice);
        assert!(summary.liquidation_ok && !summary.margin_call_ok);
        (world, alice)
    };
    let (world, bob) = between(false);
    assert!(!world.ledger.is_liquidatable(&bob));
    assert_eq!(liquidate(&world, &bob), Err(LedgerError::NotLiquidatable));

    let (world, alice) = between(true);
    assert_refused!(world, world.ledger.try_unflag(&alice), LedgerError::InsufficientMargin);
    assert!(world.ledger.is_liquidatable(&alice));
    liquidate(&world, &alice).unwrap();
    // At its target it is healthy: the flag goes.
    assert!(!world.ledger.is_liquidatable(&alice));
    assert_eq!(liquidate(&world, &alice), Err(LedgerError::NotLiquidatable));
    world.ledger.unflag(&alice);
}

/// An oracle that fails keeps nobody from paying in either.
#[test]
fn an_oracle_that_fails_refuses_no_payment() {
    let (world, alice) = indebted();
    cents(&world, 840);
    let deadline = world.ledger.margin_call(&alice);
    world.oracle.fail();
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.ledger.repay(&alice, &world.usdc, &ONE);
    assert_eq!(world.ledger.account(&alice).since + HOUR, deadline);
    assert_refused!(world, world.ledger.try_margin_call(&alice), LedgerError::PriceNotUsable);
}

/// A stranger's dust neither shortens the hour nor keeps a call alive.
#[test]
fn a_stranger_moves_no_deadline() {
    let (world, alice) = indebted();
    let stranger = world.account(3);
    cents(&world, 840);
    let deadline = world.ledger.margin_call(&alice);
    for _ in 0..5 {
        world.wait(300);
        world.ledger.credit(&stranger, &alice, &world.xlm, &1);
    }
    assert_eq!(world.ledger.account(&alice).since + HOUR, deadline);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.ledger.credit(&stranger, &alice, &world.xlm, &1);
    world.wait(HOUR);
    cents(&world, 410);
    assert!(!world.ledger.is_liquidatable(&alice));
}
