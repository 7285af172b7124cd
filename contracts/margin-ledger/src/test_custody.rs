//! What the vault really holds: clawbacks, and how fast tokens may be lent.
extern crate std;

use crate::storage;
use crate::test_world::{assert_refused, list, sac, xlm_config, World, ONE};
use margin_interface::{
    Action, AssetConfig, Bucket, GovernanceClient, LedgerError, PendingClaim, Receive, ALL,
};
use margin_math::units::{INDEX, PRICE};
use soroban_sdk::{testutils::Events as _, vec, Address};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

// ---- what an issuer takes back ----------------------------------------------------------------------------------------

fn missing(world: &World, asset: &Address) -> i128 {
    world.state(asset).totals.pending_bad_debt
}

/// The vault lost `amount` XLM of a million that one lender has deposited.
fn clawed_back(amount: i128) -> World {
    let world = World::funded();
    let cash = world.state(&world.xlm).totals.cash;
    assert_eq!(world.ledger.sync(&world.xlm, &(cash - amount)), amount);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.check();
    world
}

#[test]
fn a_clawback_freezes_its_asset_alone() {
    let world = clawed_back(250_000 * ONE);
    let (alice, lender) = (world.account(0), world.account(3));
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    world.deposit(&alice, &world.eth, 10_i128.pow(18));
    let credit = ledger.try_credit(&alice, &alice, xlm, &ONE);
    assert_refused!(world, credit, LedgerError::AssetFrozen);
    assert_refused!(world, ledger.try_borrow(&alice, xlm, &ONE), LedgerError::AssetFrozen);
    assert_refused!(world, ledger.try_debit(&lender, xlm, &ONE), LedgerError::AssetFrozen);
    let actions = vec![&world.env, Action::Deposit(xlm.clone(), ONE)];
    assert_refused!(world, ledger.try_batch(&alice, &alice, &actions), LedgerError::AssetFrozen);
    world.borrow(&alice, &world.usdc, ONE);
    // The loss counts at once: nobody borrows against tokens that are not there.
    assert_eq!(world.deposited(&lender, xlm), 750_000 * ONE);
}

#[test]
fn debts_are_repaid_and_deposits_liquidated_in_shares_while_it_is_frozen() {
    let world = World::funded();
    let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.deposit(&bob, &world.eth, 10_i128.pow(18));
    world.borrow(&bob, &world.xlm, 1_000 * ONE);
    let cash = world.state(&world.xlm).totals.cash;
    world.ledger.sync(&world.xlm, &(cash / 2));
    world.check();
    world.ledger.repay(&bob, &world.xlm, &(2_000 * ONE));
    world.check();
    let liquidate = |receive: Receive| {
        world.ledger.try_liquidate(&lender, &alice, &world.usdc, &world.xlm, &(50 * ONE), &0, &receive)
    };
    assert!(world.ledger.is_liquidatable(&alice), "half of its deposit is gone");
    assert_refused!(world, liquidate(Receive::Tokens), LedgerError::AssetFrozen);
    assert!(liquidate(Receive::Shares).is_ok());
    world.check();
}

#[test]
fn what_returns_is_booked_back() {
    let world = clawed_back(1_000 * ONE);
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    let cash = world.state(xlm).totals.cash;
    assert_eq!(ledger.sync(xlm, &cash), 1_000 * ONE);
    assert_eq!(world.env.events().all().events().len(), 0, "nothing new");
    assert_eq!(ledger.sync(xlm, &(cash + 400 * ONE)), 600 * ONE);
    world.check();
    // A gift on top is nobody's.
    assert_eq!(ledger.sync(xlm, &(cash + 5_000 * ONE)), 0);
    world.check();
    assert_eq!(world.state(xlm).totals.cash, cash + 1_000 * ONE);
    ledger.debit(&world.account(3), xlm, &ALL);
    world.check();
}

#[test]
fn after_a_day_reserves_then_depositors_bear_it() {
    let world = World::funded();
    let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    world.deposit(&bob, &world.eth, 10 * 10_i128.pow(18));
    world.borrow(&bob, xlm, 100_000 * ONE);
    world.wait(365 * DAY);
    ledger.accrue(xlm);
    let before = world.state(xlm).totals;
    assert!(before.reserves > 0);
    ledger.sync(xlm, &(before.cash - 1_000 * ONE));
    world.wait(DAY - 1);
    // A second loss starts the day again.
    ledger.sync(xlm, &(before.cash - 2_000 * ONE));
    world.wait(DAY - 1);
    ledger.sync(xlm, &(before.cash - 2_000 * ONE));
    assert_eq!(missing(&world, xlm), 2_000 * ONE);
    let before = world.state(xlm).totals;
    world.wait(1);
    assert_eq!(ledger.sync(xlm, &before.cash), 0);
    world.check();
    let after = world.state(xlm).totals;
    assert_eq!(after.reserves, 0);
    assert!(after.supplied >= before.supplied - 2_000 * ONE + before.reserves);
    world.deposit(&alice, xlm, ONE);
    ledger.debit(&lender, xlm, &ONE);
    world.check();
}

#[test]
fn a_gift_puts_no_loss_off() {
    let world = clawed_back(1_000 * ONE);
    let (ledger, xlm) = (&world.ledger, &world.xlm);
    let cash = world.state(xlm).totals.cash;
    world.wait(DAY);
    assert_eq!(ledger.sync(xlm, &(cash + 1)), 0, "borne but for what was given");
    world.check();
    assert_eq!((missing(&world, xlm), world.state(xlm).totals.cash), (0, cash + 1));
    ledger.debit(&world.account(3), xlm, &ONE);
    world.check();
}

#[test]
fn a_small_loss_is_the_reserves_own() {
    let world = World::funded();
    let bob = world.account(1);
    world.deposit(&bob, &world.eth, 10 * 10_i128.pow(18));
    world.borrow(&bob, &world.xlm, 100_000 * ONE);
    world.wait(365 * DAY);
    world.ledger.accrue(&world.xlm);
    let (lender, totals) = (world.account(3), world.state(&world.xlm).totals);
    let owned = world.deposited(&lender, &world.xlm);
    world.ledger.sync(&world.xlm, &(totals.cash - totals.reserves));
    assert_eq!(world.deposited(&lender, &world.xlm), owned);
}

/// The vault lost half of the 100,000 USDC that one lender has deposited; 20,000 more belong to the pool.
fn settlement_clawed_back() -> World {
    let world = World::funded();
    let usdc = &world.usdc;
    world.perp_history(&world.account(1), 20_000 * ONE, 0);
    let cash = world.state(usdc).totals.cash;
    world.ledger.sync(usdc, &(cash - 50_000 * ONE));
    world.check();
    world
}

/// Attack: leave the pool while a deposit counts half, and own a part of what comes back to the depositors.
#[test]
fn what_becomes_a_deposit_while_tokens_are_missing_takes_nothing_of_what_returns() {
    let world = settlement_clawed_back();
    let (bob, lender, ledger, usdc) = (world.account(1), world.account(3), &world.ledger, &world.usdc);
    ledger.move_bucket(&bob, &Bucket::Lp, &(-10_000 * ONE));
    world.check();
    let returned = world.state(usdc).totals.cash + 50_000 * ONE;
    assert_eq!(ledger.sync(usdc, &returned), 0);
    world.check();
    assert_eq!(world.deposited(&bob, usdc), 10_000 * ONE);
    assert_eq!(world.deposited(&lender, usdc), 100_000 * ONE);
}

/// Whoever has become a depositor bears what does not return as every other.
#[test]
fn what_becomes_a_deposit_while_tokens_are_missing_bears_its_part_of_what_does_not_return() {
    let world = settlement_clawed_back();
    let (bob, lender, ledger, usdc) = (world.account(1), world.account(3), &world.ledger, &world.usdc);
    ledger.move_bucket(&bob, &Bucket::Lp, &(-10_000 * ONE));
    world.wait(DAY);
    assert_eq!(ledger.sync(usdc, &world.state(usdc).totals.cash), 0);
    world.check();
    // 60,000 are there for deposits of 110,000.
    assert_eq!(world.deposited(&bob, usdc), 5454_5454545);
    assert_eq!(world.deposited(&lender, usdc), 54545_4545454);
}

/// Attack: a depositor claims for a winner whose cash is safe, and makes it bear what the depositors lost.
#[test]
fn nobody_makes_a_claim_a_deposit_while_tokens_are_missing() {
    let world = settlement_clawed_back();
    let (alice, ledger) = (world.account(0), &world.ledger);
    world.env.as_contract(&ledger.address, || {
        let mut buckets = storage::settlement(&world.env);
        let mut owner = storage::account(&world.env, &alice);
        owner.pending = PendingClaim { amount: 1_000 * ONE, epoch: buckets.claims_epoch, fraction: INDEX };
        // Half of it was paid into the pending pool since.
        (buckets.claims, buckets.claims_fraction, buckets.pending) = (500 * ONE, INDEX / 2, 500 * ONE);
        buckets.lp -= 500 * ONE;
        storage::set_settlement(&world.env, &buckets);
        storage::set_account(&world.env, &alice, &owner);
    });
    world.check();
    assert_refused!(world, ledger.try_claim_pending(&alice), LedgerError::AssetFrozen);
    // Nothing to claim is nothing to refuse.
    assert_eq!(ledger.claim_pending(&world.account(2)), 0);
    let cash = world.state(&world.usdc).totals.cash;
    ledger.sync(&world.usdc, &(cash + 50_000 * ONE));
    assert_eq!(ledger.claim_pending(&alice), 500 * ONE);
    world.check();
    assert_eq!(world.deposited(&alice, &world.usdc), 500 * ONE);
}

// ---- how fast it may be lent --------------------------------------------------------------------------------------------

/// A fifth of the 100,000 supplied USDC may be lent within an hour; alice could owe far more, bob and the lender have USDC.
fn narrow() -> World {
    let world = World::funded();
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    let mut config = world.state(&world.usdc).config;
    (config.outflow_bps, config.borrow_cap) = (2_000, 1_000_000 * ONE);
    world.admin.update_asset(&guardian, &world.usdc, &config);
    world.deposit(&world.account(0), &world.xlm, 90_000_000 * ONE);
    world.deposit(&world.account(1), &world.eth, 10 * 10_i128.pow(18));
    pass(&world, HOUR);
    world
}

fn pass(world: &World, seconds: u64) {
    world.wait(seconds);
    world.price(&world.usdc, PRICE);
    world.price(&world.xlm, PRICE / 10);
    world.price(&world.eth, PRICE * 2_000);
}

/// How much alice may borrow now.
fn room(world: &World) -> i128 {
    let fits = |amount: i128| {
        let loan = vec![&world.env, Action::Borrow(world.usdc.clone(), amount)];
        let (alice, ledger) = (world.account(0), &world.ledger);
        match ledger.try_dry_batch(&alice, &alice, &loan) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, Ok(LedgerError::OutflowExceeded));
                false
            }
        }
    };
    let (mut fitting, mut beyond) = (0, 90_000 * ONE);
    while beyond - fitting > 1 {
        let amount = (fitting + beyond) / 2;
        *if fits(amount) { &mut fitting } else { &mut beyond } = amount;
    }
    fitting
}

#[test]
fn no_more_is_lent_within_an_hour_than_the_window() {
    let world = narrow();
    let (alice, ledger) = (world.account(0), &world.ledger);
    assert_eq!(room(&world), 20_000 * ONE);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    let more = || ledger.try_borrow(&alice, &world.usdc, &ONE);
    assert_refused!(world, more(), LedgerError::OutflowExceeded);
    let batch = vec![&world.env, Action::Borrow(world.usdc.clone(), ONE)];
    assert_refused!(world, ledger.try_batch(&alice, &alice, &batch), LedgerError::OutflowExceeded);
    // What is repaid makes room, with a deposit too.
    ledger.repay(&alice, &world.usdc, &(5 * ONE));
    assert_eq!(room(&world), 5 * ONE);
    world.deposit(&alice, &world.usdc, 5 * ONE);
    ledger.repay_with_collateral(&alice, &world.usdc, &(3 * ONE));
    assert_eq!(room(&world), 8 * ONE);
    world.borrow(&alice, &world.usdc, 8 * ONE);
    assert_refused!(world, more(), LedgerError::OutflowExceeded);
}

/// Room comes back in a straight line, however often somebody touches the asset, and never exceeds the window.
#[test]
fn time_makes_room_and_nobody_slows_it_down() {
    for touches in [1, 60] {
        let world = narrow();
        world.borrow(&world.account(0), &world.usdc, 20_000 * ONE);
        for _ in 0..touches {
            pass(&world, HOUR / 2 / touches);
            world.ledger.accrue(&world.usdc);
        }
        let half = room(&world);
        assert!((10_000 * ONE..10_001 * ONE).contains(&half), "{half} after {touches}");
        pass(&world, 10 * HOUR);
        world.ledger.accrue(&world.usdc);
        let all = room(&world);
        assert!((20_000 * ONE..20_010 * ONE).contains(&all), "{all}");
    }
}

/// Two units of a coarse asset: nothing of the room is lost in the rounding of a ledger.
#[test]
fn the_room_of_a_coarse_asset_comes_back_too() {
    let world = World::funded();
    let eve = world.account(2);
    let guardian = GovernanceClient::new(&world.env, &world.ledger.address).guardian();
    let mut config = world.state(&world.xlm).config;
    (config.outflow_bps, config.borrow_cap) = (2_000, 100);
    world.ledger.debit(&world.account(3), &world.xlm, &ALL);
    world.admin.update_asset(&guardian, &world.xlm, &config);
    world.deposit(&eve, &world.usdc, 1_000 * ONE);
    world.deposit(&world.account(3), &world.xlm, 10);
    for _ in 0..720 {
        world.wait(5);
        world.ledger.accrue(&world.xlm);
    }
    pass(&world, 0);
    world.borrow(&eve, &world.xlm, 2);
    assert_refused!(world, world.ledger.try_borrow(&eve, &world.xlm, &1), LedgerError::OutflowExceeded);
}

/// Attack: a second account deposits what the first one borrowed, or anything else, and leaves again without being asked.
#[test]
fn a_deposit_of_a_second_account_makes_no_room() {
    let world = narrow();
    let (alice, bob, ledger) = (world.account(0), world.account(1), &world.ledger);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    for _ in 0..4 {
        world.deposit(&bob, &world.usdc, 20_000 * ONE);
        assert_eq!(room(&world), 0);
        ledger.debit(&bob, &world.usdc, &ALL);
        world.check();
        assert_eq!(room(&world), 0);
    }
    // Nor does a fortune in its first moment, although the window is a part of what is supplied.
    world.deposit(&bob, &world.usdc, 10_000_000 * ONE);
    assert_eq!(room(&world), 0);
    pass(&world, 5);
    ledger.debit(&bob, &world.usdc, &ALL);
    assert!(room(&world) < 20_000 * ONE);
}

/// Nothing is saved up: an hour without a loan makes no room for two, and a debt repaid neither.
#[test]
fn room_is_not_saved_up() {
    let world = narrow();
    let (alice, bob, ledger) = (world.account(0), world.account(1), &world.ledger);
    world.borrow(&bob, &world.usdc, 5_000 * ONE);
    pass(&world, 5 * HOUR);
    ledger.repay(&bob, &world.usdc, &(6_000 * ONE));
    pass(&world, 5);
    let most = room(&world);
    assert!((20_000 * ONE..20_001 * ONE).contains(&most), "{most}");
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
}

/// Attack: repay an old debt that good collateral bore, and at once lend its whole amount and the window to collateral that
/// is worth nothing. What is repaid makes room for what was lent within the hour, and no more.
#[test]
fn an_old_debt_that_is_repaid_is_not_lent_again_at_once() {
    let world = narrow();
    let (alice, bob, ledger) = (world.account(0), world.account(1), &world.ledger);
    for _ in 0..3 {
        world.borrow(&alice, &world.usdc, 20_000 * ONE);
        pass(&world, HOUR);
    }
    ledger.repay(&alice, &world.usdc, &(60_000 * ONE));
    let most = room(&world);
    assert!((20_000 * ONE..20_010 * ONE).contains(&most), "{most}");
    // Netting is a repayment, in small parts too.
    world.borrow(&bob, &world.usdc, 1_000 * ONE);
    world.deposit(&bob, &world.usdc, 2_000 * ONE);
    for _ in 0..10 {
        ledger.repay_with_collateral(&bob, &world.usdc, &(100 * ONE));
    }
    assert!(room(&world) <= most);
    world.borrow(&alice, &world.usdc, 19_000 * ONE);
    assert_refused!(
        world,
        ledger.try_borrow(&alice, &world.usdc, &(1_100 * ONE)),
        LedgerError::OutflowExceeded
    );
}

/// A market that is a moment old can be borrowed from: within a fifth of a twentieth of its borrow cap, whatever is deposited.
#[test]
fn a_new_market_lends_from_its_first_moment() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    let (gold, ledger) = (sac(&world.env), &world.ledger);
    let config = AssetConfig { outflow_bps: 2_000, borrow_cap: 10_000 * ONE, ..xlm_config(&gold) };
    world.price(&gold, PRICE);
    list(&world.admin, &gold, &config);
    world.deposit(&lender, &gold, 5_000 * ONE);
    world.deposit(&alice, &world.usdc, 10_000 * ONE);
    let borrow = |amount: i128| ledger.try_borrow(&alice, &gold, &amount);
    assert_refused!(world, borrow(100 * ONE + 1), LedgerError::OutflowExceeded);
    borrow(100 * ONE).unwrap().unwrap();
    assert_refused!(world, borrow(1), LedgerError::OutflowExceeded);
    // From then on time gives a fifth of what is supplied.
    pass(&world, HOUR);
    world.price(&gold, PRICE);
    assert_refused!(world, borrow(1_001 * ONE), LedgerError::OutflowExceeded);
    borrow(1_000 * ONE).unwrap().unwrap();
}

/// Attack: block the loans of others by moving deposits, which costs nothing. Whoever owes a little may repeat it.
#[test]
fn no_withdrawal_takes_the_room_of_others() {
    let world = narrow();
    let (bob, lender, ledger) = (world.account(1), world.account(3), &world.ledger);
    world.borrow(&bob, &world.xlm, ONE);
    for _ in 0..10 {
        world.deposit(&bob, &world.usdc, 20_000 * ONE);
        ledger.debit(&bob, &world.usdc, &(20_000 * ONE));
        world.check();
    }
    assert_eq!(room(&world), 20_000 * ONE);
    // A lender who leaves takes his own part of the window along, no more.
    ledger.debit(&lender, &world.usdc, &(10_000 * ONE));
    pass(&world, 5);
    let left = room(&world);
    assert!((18_000 * ONE..18_001 * ONE).contains(&left), "{left}");
}

#[test]
fn the_window_holds_nobody_in() {
    let world = narrow();
    let (alice, bob, lender, ledger) = (world.account(0), world.account(1), world.account(3), &world.ledger);
    world.deposit(&bob, &world.usdc, 1_000 * ONE);
    world.borrow(&bob, &world.xlm, ONE);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    ledger.debit(&bob, &world.usdc, &(900 * ONE));
    ledger.debit(&lender, &world.usdc, &(79_000 * ONE));
    world.check();
}

/// What is written off never comes back, so it makes no room.
#[test]
fn a_loss_makes_no_room() {
    let world = narrow();
    let (alice, keeper, ledger) = (world.account(0), world.account(3), &world.ledger);
    world.borrow(&alice, &world.usdc, 20_000 * ONE);
    world.price(&world.xlm, PRICE / 100_000);
    let (usdc, xlm) = (&world.usdc, &world.xlm);
    let done = ledger.liquidate(&keeper, &alice, usdc, xlm, &(20_000 * ONE), &0, &Receive::Shares);
    world.check();
    assert!(ledger.account(&alice).debts.is_empty(), "written off");
    world.deposit(&alice, &world.eth, 100 * 10_i128.pow(18));
    assert_eq!(room(&world), done.repaid, "what was repaid");
}
