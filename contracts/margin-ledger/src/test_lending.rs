//! Deposits, loans, repayments and interest.
extern crate std;

use crate::{
    holdings, storage,
    test_world::{assert_refused, eth_config, sac, xlm_config, Decimals, World, ONE},
};
use margin_interface::{
    Action, AssetConfig, Bucket, LedgerError, Limits, Market, PriceStatus, ALL, MAX_HOLDINGS,
};
use margin_math::units::{PRICE, SECONDS_PER_YEAR};
use soroban_sdk::{testutils::Events as _, vec, Address};

// ---- deposits and withdrawals -----------------------------------------------------------------------------------------

#[test]
fn a_deposit_returns_exactly_and_leaves_no_slot() {
    let world = World::new();
    let alice = world.account(0);
    assert_eq!(world.ledger.credit(&alice, &alice, &world.xlm, &(5 * ONE)), 5 * ONE * 1_000_000);
    world.check();
    assert_eq!(world.ledger.debit(&alice, &world.xlm, &(2 * ONE)), 2 * ONE);
    world.check();
    assert_eq!(world.ledger.debit(&alice, &world.xlm, &ALL), 3 * ONE);
    world.check();
    assert!(world.ledger.account(&alice).deposits.is_empty());
    let totals = world.state(&world.xlm).totals;
    assert_eq!((totals.cash, totals.supplied, totals.supply_shares), (0, 0, 0));
    assert_eq!((totals.seq, world.ledger.account(&alice).seq), (4, 3));
}

#[test]
fn each_change_emits_one_event() {
    let world = World::new();
    let alice = world.account(0);
    world.ledger.credit(&alice, &alice, &world.xlm, &(5 * ONE));
    assert_eq!(world.env.events().all().events().len(), 1);
    world.ledger.debit(&alice, &world.xlm, &ONE);
    assert_eq!(world.env.events().all().events().len(), 1);
    world.ledger.accrue(&world.xlm);
    assert_eq!(world.env.events().all().events().len(), 1);
}

#[test]
fn an_exit_without_debt_needs_no_price() {
    let world = World::funded();
    for asset in [&world.usdc, &world.xlm, &world.eth] {
        world.quote(asset, 0, 0, PriceStatus::Unknown);
    }
    let lender = world.account(3);
    for asset in [&world.usdc, &world.xlm, &world.eth] {
        world.ledger.debit(&lender, asset, &ALL);
        world.check();
    }
}

#[test]
fn an_amount_that_nothing_can_have_is_refused_by_name() {
    let world = World::funded();
    let alice = world.account(0);
    let ledger = &world.ledger;
    for amount in [holdings::MAX_AMOUNT + 1, i128::MAX] {
        for asset in [&world.usdc, &world.xlm, &world.eth] {
            let credit = ledger.try_credit(&alice, &alice, asset, &amount);
            assert_refused!(world, credit, LedgerError::Overflow);
            let borrow = ledger.try_borrow(&alice, asset, &amount);
            assert_refused!(world, borrow, LedgerError::Overflow);
            for action in [Action::Deposit(asset.clone(), amount), Action::Borrow(asset.clone(), amount)] {
                let preview = ledger.try_preview(&alice, &vec![&world.env, action]);
                assert_refused!(world, preview, LedgerError::Overflow);
            }
        }
    }
    let cap = ledger.try_credit(&alice, &alice, &world.xlm, &holdings::MAX_AMOUNT);
    assert_refused!(world, cap, LedgerError::SupplyCapExceeded);
}

#[test]
fn deposits_are_refused_by_name() {
    let world = World::new();
    let (alice, bob) = (world.account(0), world.account(1));
    let ledger = &world.ledger;
    assert_refused!(world, ledger.try_credit(&alice, &alice, &world.xlm, &0), LedgerError::InvalidAmount);
    assert_refused!(world, ledger.try_credit(&alice, &alice, &world.xlm, &-1), LedgerError::InvalidAmount);
    assert_refused!(world, ledger.try_credit(&alice, &alice, &bob, &1), LedgerError::UnknownAsset);
    let cap = xlm_config(&world.xlm).supply_cap;
    assert_refused!(
        world,
        ledger.try_credit(&alice, &alice, &world.xlm, &(cap + 1)),
        LedgerError::SupplyCapExceeded
    );
    assert_refused!(world, ledger.try_debit(&alice, &world.xlm, &1), LedgerError::InsufficientBalance);
    world.deposit(&alice, &world.xlm, cap);
    assert_refused!(
        world,
        ledger.try_debit(&alice, &world.xlm, &(cap + 1)),
        LedgerError::InsufficientBalance
    );
}

#[test]
fn a_stranger_may_add_to_a_slot_but_not_open_one() {
    let world = World::new();
    let (alice, bob) = (world.account(0), world.account(1));
    assert_refused!(
        world,
        world.ledger.try_credit(&bob, &alice, &world.xlm, &ONE),
        LedgerError::ThirdPartySlot
    );
    world.deposit(&alice, &world.xlm, ONE);
    world.ledger.credit(&bob, &alice, &world.xlm, &ONE);
    world.check();
    assert_eq!(world.deposited(&alice, &world.xlm), 2 * ONE);
}

#[test]
fn an_account_holds_at_most_eight_assets() {
    let world = World::new();
    let alice = world.account(0);
    let tokens: std::vec::Vec<Address> = (0..MAX_HOLDINGS).map(|_| sac(&world.env)).collect();
    for token in &tokens {
        world.admin.list_asset(token, &xlm_config(token));
    }
    for token in &tokens {
        world.deposit(&alice, token, ONE);
    }
    assert_refused!(
        world,
        world.ledger.try_credit(&alice, &alice, &world.xlm, &ONE),
        LedgerError::TooManyHoldings
    );
    world.deposit(&alice, &tokens[0], ONE);
}

#[test]
fn a_ninth_deposit_is_what_the_account_is_paid_in_the_settlement_asset_and_nothing_else() {
    let world = World::new();
    let (alice, bob) = (world.account(0), world.account(1));
    let tokens: std::vec::Vec<Address> = (0..MAX_HOLDINGS).map(|_| sac(&world.env)).collect();
    for token in &tokens {
        world.admin.list_asset(token, &xlm_config(token));
    }
    for token in &tokens {
        world.deposit(&alice, token, ONE);
    }
    world.deposit(&bob, &world.usdc, 10 * ONE);
    let deposits = |world: &World| world.ledger.account(&alice).deposits.len();
    let ledger = &world.ledger;
    // Not even of the settlement asset may it be deposited, by whomever.
    let many = LedgerError::TooManyHoldings;
    assert_refused!(world, ledger.try_credit(&alice, &alice, &world.usdc, &ONE), many);
    assert_refused!(world, ledger.try_credit(&bob, &alice, &world.usdc, &ONE), LedgerError::ThirdPartySlot);
    assert_eq!(ledger.pay_executor(&bob, &alice, &ONE), ONE);
    world.check();
    assert_eq!(deposits(&world), MAX_HOLDINGS + 1);
    assert_refused!(world, ledger.try_credit(&alice, &alice, &world.xlm, &ONE), many);
    ledger.pay_executor(&bob, &alice, &ONE);
    world.deposit(&alice, &world.usdc, ONE);
    assert_eq!(deposits(&world), MAX_HOLDINGS + 1);
    // Where one of the nine left is where there were eight: no room.
    ledger.debit(&alice, &tokens[0], &ALL);
    assert_refused!(world, ledger.try_credit(&alice, &alice, &world.xlm, &ONE), many);
}

#[test]
fn a_disabled_asset_takes_nothing_new_and_lets_everybody_out() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 1_000 * ONE);
    world.env.as_contract(&world.ledger.address, || {
        let mut state = storage::asset(&world.env, &world.xlm).unwrap();
        state.config.enabled = false;
        storage::set_asset(&world.env, &world.xlm, &state);
    });
    let ledger = &world.ledger;
    assert_refused!(world, ledger.try_credit(&lender, &lender, &world.xlm, &ONE), LedgerError::AssetDisabled);
    assert_refused!(world, ledger.try_borrow(&alice, &world.xlm, &ONE), LedgerError::AssetDisabled);
    ledger.repay(&alice, &world.xlm, &(1_000 * ONE));
    ledger.debit(&lender, &world.xlm, &ALL);
    world.check();
}

// ---- loans and repayments ---------------------------------------------------------------------------------------------

#[test]
fn a_loan_is_limited_by_the_opening_level() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE); // 1,000 USD: E_opening = 1,000 * 0.7 / 1.25 = 560
    assert_refused!(
        world,
        world.ledger.try_borrow(&alice, &world.usdc, &(560 * ONE + 1)),
        LedgerError::InsufficientMargin
    );
    world.borrow(&alice, &world.usdc, 560 * ONE);
    assert_eq!(world.owed(&alice, &world.usdc), 560 * ONE);
    assert_refused!(world, world.ledger.try_debit(&alice, &world.xlm, &ONE), LedgerError::InsufficientMargin);
    // A new price against the account does not close the way back.
    world.price(&world.xlm, PRICE / 100);
    assert_eq!(world.ledger.repay(&alice, &world.usdc, &(560 * ONE)), 560 * ONE);
    world.check();
    assert!(world.ledger.account(&alice).debts.is_empty());
    world.ledger.debit(&alice, &world.xlm, &ALL);
    world.check();
}

#[test]
fn a_price_that_is_not_live_stops_loans_and_not_repayments() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.borrow(&alice, &world.usdc, 100 * ONE);
    world.quote(&world.xlm, 0, 0, PriceStatus::Stale);
    let ledger = &world.ledger;
    assert_refused!(world, ledger.try_borrow(&alice, &world.usdc, &ONE), LedgerError::PriceNotUsable);
    assert_refused!(world, ledger.try_debit(&alice, &world.xlm, &ONE), LedgerError::PriceNotUsable);
    world.deposit(&alice, &world.usdc, 50 * ONE);
    assert_eq!(ledger.repay(&alice, &world.usdc, &(20 * ONE)), 20 * ONE);
    assert_eq!(ledger.repay_with_collateral(&alice, &world.usdc, &(30 * ONE)), 30 * ONE);
    world.check();
    assert_eq!(world.owed(&alice, &world.usdc), 50 * ONE);
}

#[test]
fn loans_are_limited_by_caps_utilisation_and_cash() {
    let world = World::new();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.eth, 100 * 10_i128.pow(18));
    world.deposit(&lender, &world.xlm, 1_000 * ONE);
    let ledger = &world.ledger;
    assert_refused!(
        world,
        ledger.try_borrow(&alice, &world.xlm, &(1_000 * ONE + 1)),
        LedgerError::InsufficientLiquidity
    );
    assert_refused!(
        world,
        ledger.try_borrow(&alice, &world.xlm, &(950 * ONE + 1)),
        LedgerError::UtilisationExceeded
    );
    world.borrow(&alice, &world.xlm, 950 * ONE);
    assert_refused!(
        world,
        ledger.try_debit(&lender, &world.xlm, &(50 * ONE + 1)),
        LedgerError::InsufficientLiquidity
    );
    world.env.as_contract(&ledger.address, || {
        let mut state = storage::asset(&world.env, &world.xlm).unwrap();
        state.config.borrow_cap = 950 * ONE;
        state.config.max_utilisation_bps = 10_000;
        storage::set_asset(&world.env, &world.xlm, &state);
    });
    assert_refused!(world, ledger.try_borrow(&alice, &world.xlm, &1), LedgerError::BorrowCapExceeded);
}

#[test]
fn the_settlement_asset_never_pays_out_what_the_buckets_hold() {
    let world = World::new();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&lender, &world.usdc, 1_000 * ONE);
    world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
    world.perp_history(&world.account(1), 5_000 * ONE, 0);
    world.borrow(&alice, &world.usdc, 900 * ONE);
    assert_refused!(
        world,
        world.ledger.try_debit(&lender, &world.usdc, &(100 * ONE + 1)),
        LedgerError::InsufficientLiquidity
    );
    world.ledger.debit(&lender, &world.usdc, &(100 * ONE));
    world.check();
}

#[test]
fn an_accounts_own_limits_bind_its_loans() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.ledger.set_limits(&alice, &Limits { total_borrow: 100 * ONE, ..Limits::NONE });
    assert_refused!(
        world,
        world.ledger.try_borrow(&alice, &world.xlm, &(1_001 * ONE)),
        LedgerError::LimitExceeded
    );
    world.borrow(&alice, &world.xlm, 1_000 * ONE);
}

#[test]
fn a_repayment_takes_what_is_owed_and_leaves_no_dust() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 3_000 * ONE + 1);
    world.wait(SECONDS_PER_YEAR / 3);
    let owed = world.owed(&alice, &world.xlm);
    assert!(owed > 3_000 * ONE);
    assert_eq!(world.ledger.repay(&alice, &world.xlm, &ONE), ONE);
    world.check();
    assert_eq!(world.ledger.repay(&alice, &world.xlm, &(10 * owed)), owed - ONE);
    world.check();
    let totals = world.state(&world.xlm).totals;
    assert_eq!((totals.borrowed, totals.borrow_shares), (0, 0));
    assert_refused!(world, world.ledger.try_repay(&alice, &world.xlm, &ONE), LedgerError::NothingOwed);
}

#[test]
fn perpetual_debt_is_repaid_before_lending_debt() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
    world.borrow(&alice, &world.usdc, 300 * ONE);
    world.perp_history(&alice, 1_000 * ONE, 200 * ONE);
    assert_eq!(world.ledger.repay(&alice, &world.usdc, &(250 * ONE)), 250 * ONE);
    world.check();
    assert_eq!((world.ledger.account(&alice).perp_debt, world.ledger.totals().perp_borrowed), (0, 0));
    assert_eq!(world.owed(&alice, &world.usdc), 250 * ONE);
    assert_eq!(world.ledger.totals().lp, 1_200 * ONE);
}

#[test]
fn a_debt_nets_with_a_deposit_of_the_same_asset() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.usdc, 800 * ONE);
    world.perp_history(&alice, 500 * ONE, 100 * ONE);
    let cash = world.state(&world.usdc).totals.cash;
    assert_eq!(world.ledger.repay_with_collateral(&alice, &world.usdc, &ALL), 900 * ONE);
    world.check();
    assert_eq!(world.state(&world.usdc).totals.cash, cash);
    assert_eq!(world.deposited(&alice, &world.usdc), 100 * ONE);
    assert!(world.ledger.account(&alice).debts.is_empty());
    assert_refused!(
        world,
        world.ledger.try_repay_with_collateral(&alice, &world.usdc, &ONE),
        LedgerError::NothingOwed
    );
}

// ---- interest -----------------------------------------------------------------------------------------------------------

#[test]
fn interest_goes_to_depositors_and_reserves_and_is_idempotent() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.usdc, 95_000 * ONE);
    world.borrow(&alice, &world.xlm, 800_000 * ONE);
    world.wait(SECONDS_PER_YEAR);
    world.ledger.accrue(&world.xlm);
    world.check();
    let totals = world.state(&world.xlm).totals;
    // 5% for a year at the target of the curve: 800,000 * (e^0.05 - 1).
    let interest = 410_168_771_000 / ONE;
    assert_eq!(totals.borrowed / ONE, 800_000 + interest);
    assert_eq!(totals.reserves, (totals.borrowed - 800_000 * ONE) / 10);
    assert_eq!(totals.supplied + totals.reserves, 1_000_000 * ONE + totals.borrowed - 800_000 * ONE);
    assert!(world.deposited(&lender, &world.xlm) > 1_036_900 * ONE);
    world.ledger.accrue(&world.xlm);
    let again = world.state(&world.xlm).totals;
    assert_eq!(again.seq, totals.seq + 1);
    assert_eq!((again.borrowed, again.supplied), (totals.borrowed, totals.supplied));
}

#[test]
fn new_debt_does_not_pay_for_time_whose_interest_was_too_small_to_book() {
    let world = World::funded();
    let (alice, bob) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 1);
    world.wait(30 * 86_400);
    world.deposit(&bob, &world.usdc, 95_000 * ONE);
    world.borrow(&bob, &world.xlm, 500_000 * ONE);
    world.wait(1);
    world.ledger.accrue(&world.xlm);
    let owed = world.state(&world.xlm).totals.borrowed;
    assert!(owed < 500_001 * ONE, "a second of interest, not thirty days: {owed}");
    world.check();
}

/// Two thousand units of a token worth 2,000 dollars each, half of it lent for a year, while somebody borrows and repays four
/// times a day in the same call: one unit, or as much as is owed already.
#[test]
fn nobody_dodges_the_interest_of_a_coarse_token_by_touching_it() {
    let interest_of_a_year = |touch: Option<i128>| {
        let world = World::new();
        let (alice, bob, lender) = (world.account(0), world.account(1), world.account(3));
        let gold = world.env.register(Decimals, (0_u32,));
        let (index, cap) = (eth_config(&world.eth).index, 1_000_000);
        let config = AssetConfig { index, supply_cap: cap, borrow_cap: cap, ..eth_config(&gold) };
        world.admin.list_asset(&gold, &config);
        world.deposit(&lender, &gold, 2_000);
        for account in [&alice, &bob] {
            world.deposit(account, &world.usdc, 10_000_000 * ONE);
        }
        world.borrow(&alice, &gold, 1_000);
        // What bob pays for no time at all is the rounding of his share, and pays for alice.
        let mut rounding = 0;
        for _ in 0..1_460 {
            world.wait(21_600);
            let Some(amount) = touch else { continue };
            let batch = vec![
                &world.env,
                Action::Borrow(gold.clone(), amount),
                Action::Repay(gold.clone(), amount + 1),
            ];
            let moved = world.ledger.batch(&bob, &bob, &batch);
            rounding += moved.get(1).unwrap() - amount;
        }
        world.ledger.accrue(&gold);
        world.check();
        assert_eq!(world.owed(&bob, &gold), 0);
        world.owed(&alice, &gold) + rounding - 1_000
    };
    let untouched = interest_of_a_year(None);
    assert!(untouched >= 3, "{untouched}");
    for touch in [1, 500] {
        let interest = interest_of_a_year(Some(touch));
        assert!((interest - untouched).abs() <= 1, "{interest} instead of {untouched}");
    }
}

#[test]
fn money_that_is_lent_out_does_not_become_liquidity() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.eth, 1_000 * 10_i128.pow(18));
    let totals = world.state(&world.usdc).totals;
    world.borrow(&alice, &world.usdc, totals.cash * 9 / 10);
    let left = world.state(&world.usdc).totals.cash;
    assert_refused!(
        world,
        world.ledger.try_move_bucket(&lender, &Bucket::Lp, &(left + 1)),
        LedgerError::InsufficientLiquidity
    );
    world.ledger.move_bucket(&lender, &Bucket::Lp, &left);
    world.check();
}

#[test]
fn touching_often_charges_what_touching_once_charges() {
    let run = |steps: u64| {
        let world = World::funded();
        let alice = world.account(0);
        world.deposit(&alice, &world.usdc, 95_000 * ONE);
        world.borrow(&alice, &world.xlm, 500_000 * ONE);
        for _ in 0..steps {
            world.wait(864_000 / steps);
            world.ledger.accrue(&world.xlm);
            world.check();
        }
        world.state(&world.xlm).totals.borrowed
    };
    let (once, often) = (run(1), run(100));
    // What differs is utilisation, which interest itself moves a little.
    assert!((often - once).abs() * 1_000 < once - 500_000 * ONE, "{once} {often}");
}

#[test]
fn the_credit_line_pays_its_lender_the_same_rate() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
    world.perp_history(&alice, 5_000 * ONE, 1_000 * ONE);
    let before = world.ledger.totals();
    world.wait(SECONDS_PER_YEAR);
    let after = world.ledger.totals();
    assert!(after.perp_borrowed > before.perp_borrowed);
    assert_eq!(after.lp - before.lp, after.perp_borrowed - before.perp_borrowed);
    world.ledger.accrue(&world.usdc);
    world.check();
    assert_eq!(world.ledger.totals().lp, after.lp);
    assert_eq!(world.state(&world.usdc).totals.supplied, 100_000 * ONE);
}

/// What a loser pays back is cash of the pool, and the pool's cash belongs first to the winners who wait for it.
#[test]
fn repaid_perpetual_debt_goes_to_waiting_winners() {
    let world = World::funded();
    let (loser, winner) = (world.account(0), world.account(1));
    world.perp_history(&loser, 40 * ONE, 60 * ONE);
    world.env.as_contract(&world.ledger.address, || {
        let mut buckets = storage::settlement(&world.env);
        let mut owner = storage::account(&world.env, &winner);
        (buckets.claims, owner.pending.amount) = (90 * ONE, 90 * ONE);
        storage::set_settlement(&world.env, &buckets);
        storage::set_account(&world.env, &winner, &owner);
    });
    world.ledger.repay(&loser, &world.usdc, &(20 * ONE));
    world.check();
    let buckets = world.ledger.totals();
    assert_eq!((buckets.pending, buckets.claims), (60 * ONE, 30 * ONE));
    let first = world.ledger.claim_pending(&winner);
    world.check();
    world.ledger.repay(&loser, &world.usdc, &(100 * ONE));
    assert_eq!(first + world.ledger.claim_pending(&winner), 90 * ONE);
    world.check();
    let buckets = world.ledger.totals();
    assert_eq!((buckets.pending, buckets.claims), (0, 0));
}

// ---- what a venue passes on wrongly -------------------------------------------------------------------------------------

/// The vault refuses such amounts first; the books do not rely on it.
#[test]
fn an_amount_that_is_not_positive_moves_nothing() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.deposit(&alice, &world.xlm, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 100 * ONE);
    let (env, ledger, xlm) = (&world.env, &world.ledger, &world.xlm);
    for amount in [0, -1, -ONE] {
        let refused = LedgerError::InvalidAmount;
        assert_refused!(world, ledger.try_credit(&alice, &alice, xlm, &amount), refused);
        assert_refused!(world, ledger.try_debit(&alice, xlm, &amount), refused);
        assert_refused!(world, ledger.try_borrow(&alice, xlm, &amount), refused);
        assert_refused!(world, ledger.try_repay(&alice, xlm, &amount), refused);
        assert_refused!(world, ledger.try_repay_with_collateral(&alice, xlm, &amount), refused);
        let value = vec![env, (Market::Asset(xlm.clone()), amount - 1)];
        assert_refused!(world, ledger.try_assess(&alice, &vec![env], &value), refused);
        assert_refused!(world, ledger.try_value(&vec![env, (xlm.clone(), amount - 1)]), refused);
        for action in [
            Action::Deposit(xlm.clone(), amount),
            Action::Withdraw(xlm.clone(), amount),
            Action::Borrow(xlm.clone(), amount),
            Action::Repay(xlm.clone(), amount),
            Action::RepayWithCollateral(xlm.clone(), amount),
        ] {
            let batch = vec![env, action];
            assert_refused!(world, ledger.try_batch(&alice, &alice, &batch), refused);
            assert_refused!(world, ledger.try_preview(&alice, &batch), refused);
        }
    }
}

#[test]
fn a_batch_and_a_preview_are_bounded() {
    let world = World::funded();
    let alice = world.account(0);
    let actions = |count: u32| {
        let one = Action::Deposit(world.usdc.clone(), ONE);
        soroban_sdk::Vec::from_iter(&world.env, (0..count).map(|_| one.clone()))
    };
    let most = margin_interface::MAX_ACTIONS;
    let (ledger, many) = (&world.ledger, actions(most + 1));
    assert_refused!(world, ledger.try_batch(&alice, &alice, &many), LedgerError::TooManyHoldings);
    assert_refused!(world, ledger.try_preview(&alice, &many), LedgerError::TooManyHoldings);
    ledger.batch(&alice, &alice, &actions(most));
    world.check();
}

#[test]
fn what_is_netted_must_be_owed_and_held() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 100 * ONE);
    let net = |asset: &Address| world.ledger.try_repay_with_collateral(&alice, asset, &ONE);
    assert_refused!(world, net(&world.usdc), LedgerError::NothingOwed);
    assert_refused!(world, net(&world.xlm), LedgerError::InsufficientBalance);
}

/// What a spending limit counts needs a price that may be counted.
#[test]
fn a_value_needs_a_price() {
    let world = World::funded();
    let amounts = vec![&world.env, (Market::Asset(world.xlm.clone()), 10 * ONE)];
    let assessed = || world.ledger.assess(&world.ledger.address, &vec![&world.env], &amounts).1;
    let value = || world.ledger.try_value(&vec![&world.env, (world.xlm.clone(), 10 * ONE)]);
    world.quote(&world.xlm, PRICE / 10, PRICE / 5, PriceStatus::Degraded);
    assert_eq!(assessed(), Some(2 * ONE), "at the upper end");
    assert_eq!(value(), Ok(Ok(2 * ONE)));
    world.quote(&world.xlm, PRICE / 10, PRICE / 5, PriceStatus::Stale);
    assert_eq!(assessed(), None, "who has nothing depends on no price, the value does");
    assert_refused!(world, value(), LedgerError::PriceNotUsable);
}

/// Where a share is worth more than the deposit, nothing would be owned for it.
#[test]
fn a_deposit_that_buys_no_share_is_refused() {
    let world = World::new();
    let alice = world.account(0);
    world.env.as_contract(&world.ledger.address, || {
        let mut state = storage::asset(&world.env, &world.xlm).unwrap();
        (state.totals.supplied, state.totals.cash) = (1_000_000_000, 1_000_000_000);
        storage::set_asset(&world.env, &world.xlm, &state);
    });
    let call = world.ledger.try_credit(&alice, &alice, &world.xlm, &1_000);
    assert_refused!(world, call, LedgerError::InvalidAmount);
    world.ledger.credit(&alice, &alice, &world.xlm, &1_001);
}

/// Where a share of a debt is worth more than what is paid, nothing would be paid off for it.
#[test]
fn a_repayment_that_burns_no_share_is_refused() {
    let world = World::funded();
    let alice = world.account(0);
    let (usdc, ledger) = (&world.usdc, &world.ledger);
    world.env.as_contract(&ledger.address, || {
        let mut state = storage::asset(&world.env, usdc).unwrap();
        let mut buckets = storage::settlement(&world.env);
        let mut owner = storage::account(&world.env, &alice);
        owner.debts.set(usdc.clone(), 10);
        (state.totals.borrowed, state.totals.borrow_shares) = (1_000_000_000, 10);
        storage::set_asset(&world.env, usdc, &state);
        storage::set_account(&world.env, &alice, &owner);
        (buckets.lp, buckets.perp_borrowed, buckets.perp_borrow_shares) = (1_000_000_000, 1_000_000_000, 10);
        storage::set_settlement(&world.env, &buckets);
    });
    assert_refused!(world, ledger.try_repay(&alice, usdc, &500), LedgerError::InvalidAmount);
    world.env.as_contract(&ledger.address, || {
        let mut owner = storage::account(&world.env, &alice);
        owner.debts = soroban_sdk::Map::new(&world.env);
        owner.perp_debt = 10;
        storage::set_account(&world.env, &alice, &owner);
    });
    assert_refused!(world, ledger.try_repay(&alice, usdc, &500), LedgerError::InvalidAmount);
}

/// A batch needs the cash as a single call does.
#[test]
fn a_batch_pays_no_more_than_there_is() {
    let world = World::new();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.eth, 100 * 10_i128.pow(18));
    world.deposit(&lender, &world.xlm, 1_000 * ONE);
    let loan = vec![&world.env, Action::Borrow(world.xlm.clone(), 1_000 * ONE + 1)];
    let call = world.ledger.try_batch(&alice, &alice, &loan);
    assert_refused!(world, call, LedgerError::InsufficientLiquidity);
    world.borrow(&alice, &world.xlm, 950 * ONE);
    let exit = vec![&world.env, Action::Withdraw(world.xlm.clone(), 50 * ONE + 1)];
    let call = world.ledger.try_batch(&lender, &lender, &exit);
    assert_refused!(world, call, LedgerError::InsufficientLiquidity);
}

/// Whoever nets his last deposit leaves nothing that could pay the rest: it is written off in the same call.
#[test]
fn what_a_netting_leaves_unpaid_is_written_off() {
    let world = World::funded();
    let alice = world.account(0);
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.usdc, 500 * ONE);
    world.borrow(&alice, &world.xlm, 1_000 * ONE);
    world.env.as_contract(&world.ledger.address, || {
        // As if the rest of the deposit had been lost.
        let mut state = storage::asset(&world.env, &world.usdc).unwrap();
        let mut owner = storage::account(&world.env, &alice);
        let rest = owner.deposits.get(world.usdc.clone()).unwrap() / 5 * 2;
        state.totals.supply_shares -= owner.deposits.get(world.usdc.clone()).unwrap() - rest;
        owner.deposits.set(world.usdc.clone(), rest);
        storage::set_asset(&world.env, &world.usdc, &state);
        storage::set_account(&world.env, &alice, &owner);
    });
    world.ledger.repay_with_collateral(&alice, &world.usdc, &ALL);
    world.check();
    let left = world.ledger.account(&alice);
    assert!(left.deposits.is_empty() && left.debts.is_empty(), "{left:?}");
}
