//! Liquidations, and random sequences over everything the vault may call.
extern crate std;

use crate::test_world::{assert_refused, World, ONE};
use margin_interface::{Asset, LedgerError, PriceStatus, Quote, Receive, Repaid, ALL};
use margin_math::units::PRICE;
use soroban_sdk::{testutils::Events as _, Address, Event as _};

// ---- liquidation --------------------------------------------------------------------------------------------------------

impl World {
    /// Alice owes 560 USDC against 10,000 XLM, and XLM falls to `price`.
    fn underwater(price: i128) -> World {
        let world = World::funded();
        let alice = world.account(0);
        world.deposit(&alice, &world.xlm, 10_000 * ONE);
        world.borrow(&alice, &world.usdc, 560 * ONE);
        world.price(&world.xlm, price);
        world
    }

    fn liquidate(&self, max_repay: i128, min_seized: i128, receive: Receive) -> (i128, i128) {
        let (alice, bob) = (self.account(0), self.account(1));
        let done =
            self.ledger.liquidate(&bob, &alice, &self.usdc, &self.xlm, &max_repay, &min_seized, &receive);
        self.check();
        (done.repaid, done.seized)
    }
}

#[test]
fn a_liquidation_restores_the_opening_level_and_no_more() {
    // E_l = 10,000 * 0.085 * 0.7 / 1.1 = 540.9 < 560: E_l / R = 0.9659, bonus 1% + 9% * 0.341.
    let world = World::underwater(PRICE * 85 / 1_000);
    let (alice, bob) = (world.account(0), world.account(1));
    let health = world.ledger.summary(&alice).health_factor;
    let (repaid, seized) = world.liquidate(560 * ONE, 0, Receive::Shares);
    assert!(repaid > 0 && repaid < 280 * ONE);
    assert_eq!(world.deposited(&bob, &world.xlm), seized);
    let profit = seized * 85 / 1_000 - repaid;
    assert!(profit > repaid * 4 / 100 && profit < repaid * 41 / 1_000, "{profit} of {repaid}");
    let fee = world.state(&world.xlm).totals.reserves * 85 / 1_000;
    assert!((fee - repaid / 100).abs() < 10, "{fee}");
    let summary = world.ledger.summary(&alice);
    assert!(summary.health_factor > health && summary.liquidation_ok && summary.margin_call_ok);
    // At the opening level, to a unit: E / R = 1.25.
    assert!((12_499..=12_501).contains(&summary.health_factor), "{}", summary.health_factor);
    assert_refused!(
        world,
        world.ledger.try_liquidate(&bob, &alice, &world.usdc, &world.xlm, &ONE, &0, &Receive::Shares),
        LedgerError::NotLiquidatable
    );
}

/// Attack: keep an insolvent account open by a unit of XLM, sent again whenever somebody has cleared it. The ether pair (ltv 80%)
/// no longer helps at a health of 0.76, the pair of XLM (ltv 70%) would; but dust of it is worth nothing.
#[test]
fn dust_of_another_collateral_shields_nothing() {
    let world = World::insolvent_beside(10 * ONE - 1, PriceStatus::Live);
    let alice = world.account(0);
    assert!(world.seize(&world.eth).unwrap() > 0);
    assert_eq!(world.deposited(&alice, &world.eth), 0);
    // The lost debt is booked with the last of it.
    assert!(world.owed(&alice, &world.usdc) > 0);
    world.seize(&world.xlm).unwrap();
    let owner = world.ledger.account(&alice);
    assert!(owner.deposits.is_empty() && owner.debts.is_empty());
    // A dollar is collateral.
    let world = World::insolvent_beside(10 * ONE, PriceStatus::Live);
    assert_eq!(world.seize(&world.eth), Err(LedgerError::LiquidationUnhelpful));
    world.seize(&world.xlm).unwrap();
    assert!(world.seize(&world.eth).unwrap() > 0);
}

/// The same with a debt that weighs more: of XLM (110%) the ether pair would help.
#[test]
fn dust_of_another_debt_shields_nothing() {
    for (owed, shields) in [(9 * ONE, false), (11 * ONE, true)] {
        let world = World::funded();
        let alice = world.account(0);
        world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
        world.borrow(&alice, &world.xlm, owed);
        world.borrow(&alice, &world.usdc, 12_000 * ONE);
        world.price(&world.eth, PRICE * 1_140);
        assert_eq!(world.seize(&world.eth) == Err(LedgerError::LiquidationUnhelpful), shields);
        assert_eq!(world.deposited(&alice, &world.eth) > 0, shields);
    }
}

impl World {
    /// Alice owes 12,000 USDC against 10 ETH at 1,140 and some XLM that is not to be trusted at 0.1 now: at a health of 0.76 the
    /// ether pair (ltv 80%) does not help, one of XLM (ltv 70%) would.
    fn insolvent_beside(xlm: i128, status: PriceStatus) -> World {
        let world = World::funded();
        let alice = world.account(0);
        world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
        world.borrow(&alice, &world.usdc, 12_000 * ONE);
        world.deposit(&alice, &world.xlm, xlm);
        world.price(&world.eth, PRICE * 1_140);
        world.quote(&world.xlm, PRICE / 10, PRICE / 10, status);
        world
    }

    fn seize(&self, collateral: &Address) -> Result<i128, LedgerError> {
        let (alice, bob) = (self.account(0), self.account(1));
        let all = 12_000 * ONE;
        let done =
            self.ledger.try_liquidate(&bob, &alice, &self.usdc, collateral, &all, &0, &Receive::Shares);
        self.check();
        done.map(|done| done.unwrap().seized).map_err(|error| error.unwrap())
    }
}

const NOT_TRUSTED: [PriceStatus; 4] =
    [PriceStatus::Grace, PriceStatus::Stale, PriceStatus::Halted, PriceStatus::Warming];

#[test]
fn collateral_that_cannot_be_seized_now_does_not_shield_what_can() {
    for status in NOT_TRUSTED {
        // 20 XLM are two dollars: they stay until their price is back.
        let world = World::insolvent_beside(20 * ONE, status);
        assert_eq!(world.seize(&world.xlm), Err(LedgerError::PriceNotUsable), "{status:?}");
        world.seize(&world.eth).unwrap();
        let alice = world.account(0);
        assert!(world.owed(&alice, &world.usdc) > 0 && world.deposited(&alice, &world.eth) == 0);
        world.price(&world.xlm, PRICE / 10);
        world.seize(&world.xlm).unwrap();
        assert_eq!(world.owed(&alice, &world.usdc), 0);
    }
}

#[test]
fn dust_without_a_trusted_price_keeps_no_lost_debt_alive() {
    for (status, xlm) in NOT_TRUSTED.into_iter().zip([1, 9 * ONE, 1, 9 * ONE]) {
        let world = World::insolvent_beside(xlm, status);
        world.seize(&world.eth).unwrap();
        let alice = world.account(0);
        assert!(world.owed(&alice, &world.usdc) > 0, "the dust holds it up");
        world.seize(&world.xlm).unwrap();
        assert!(world.ledger.account(&alice).deposits.is_empty());
        assert_eq!(world.owed(&alice, &world.usdc), 0);
    }
    // Of whoever may not be liquidated no dust is taken either.
    let world = World::insolvent_beside(1, PriceStatus::Stale);
    world.price(&world.eth, PRICE * 2_000);
    assert_eq!(world.seize(&world.xlm), Err(LedgerError::NotLiquidatable));
}

/// A thing that has not even a band is worth nothing, and that is no reason to hand it out as dust.
#[test]
fn what_nobody_prices_is_nobodys_dust() {
    let world = World::insolvent_beside(1_000_000 * ONE, PriceStatus::Unknown);
    let none = Quote { hi: 0, lo: 0, mid: 0, stable: 0, status: PriceStatus::Unknown, timestamp: 0 };
    world.oracle.set(&Asset::Stellar(world.xlm.clone()), &none);
    let before = world.ledger.account(&world.account(0));
    assert_eq!(world.seize(&world.xlm), Err(LedgerError::PriceNotUsable));
    assert_eq!(world.ledger.account(&world.account(0)), before);
}

#[test]
fn what_a_liquidation_writes_does_not_depend_on_the_price() {
    // The last call leaves nothing, so every debt is written off in it; the first leaves something. With a price that moved
    // between simulation and execution the one must not need entries that the other does not declare.
    let written = |eth: i128| {
        let world = World::funded();
        let (alice, bob) = (world.account(0), world.account(1));
        world.deposit(&alice, &world.eth, 10 * 10_i128.pow(18));
        world.borrow(&alice, &world.usdc, 5_000 * ONE);
        world.borrow(&alice, &world.xlm, 10_000 * ONE);
        world.perp_history(&alice, 20_000 * ONE, 6_000 * ONE);
        world.price(&world.eth, eth);
        let (usdc, xlm) = (world.state(&world.usdc).totals, world.state(&world.xlm).totals);
        world.ledger.liquidate(&bob, &alice, &world.xlm, &world.eth, &(9_000 * ONE), &0, &Receive::Shares);
        let resources = world.env.cost_estimate().resources();
        world.check();
        let lost = world.ledger.account(&alice).debts.is_empty();
        // What nothing changed but time is written and not counted.
        let counted = world.state(&world.usdc).totals.seq - usdc.seq;
        assert_eq!((counted, world.state(&world.xlm).totals.seq - xlm.seq), (u64::from(lost), 1));
        (lost, resources.write_entries)
    };
    let (left, lost) = (written(PRICE * 1_300), written(PRICE * 50));
    assert_eq!((left.0, lost.0), (false, true));
    assert_eq!(left.1, lost.1);
}

/// A unit of the collateral is worth a tenth of one of the debt, or two of them: then the protocol's part is all of it. A price
/// that moved between simulation and execution must not need the buyer's entry where the other does not.
#[test]
fn a_liquidation_that_seizes_nothing_writes_its_buyer_too() {
    let done = |xlm: i128| {
        let world = World::insolvent_beside(1, PriceStatus::Live);
        world.price(&world.xlm, xlm);
        let (alice, bob) = (world.account(0), world.account(1));
        let most = 12_000 * ONE;
        let done = world.ledger.liquidate(&bob, &alice, &world.usdc, &world.xlm, &most, &0, &Receive::Shares);
        let written = world.env.cost_estimate().resources().write_entries;
        world.check();
        (done.seized, (written, world.ledger.account(&bob).seq))
    };
    let (some, none) = (done(PRICE / 10), done(2 * PRICE));
    assert_eq!((some.0, none.0), (1, 0));
    assert_eq!(some.1, none.1);
}

#[test]
fn collateral_without_a_price_yet_shields_nobody() {
    let world = World::underwater(PRICE * 85 / 1_000);
    let alice = world.account(0);
    world.deposit(&alice, &world.eth, 1);
    let warming = Quote {
        hi: PRICE * 4_000,
        lo: PRICE * 1_000,
        mid: 0,
        stable: 0,
        status: PriceStatus::Warming,
        timestamp: 0,
    };
    world.oracle.set(&Asset::Stellar(world.eth.clone()), &warming);
    let (repaid, seized) = world.liquidate(560 * ONE, 0, Receive::Shares);
    assert!(repaid > 0 && seized > 0);
}

#[test]
fn a_liquidator_may_take_tokens_and_names_its_least() {
    let world = World::underwater(PRICE * 85 / 1_000);
    let cash = world.state(&world.xlm).totals.cash;
    let (alice, bob) = (world.account(0), world.account(1));
    assert_refused!(
        world,
        world.ledger.try_liquidate(
            &bob,
            &alice,
            &world.usdc,
            &world.xlm,
            &ONE,
            &(13 * ONE),
            &Receive::Tokens
        ),
        LedgerError::SlippageExceeded
    );
    let (repaid, seized) = world.liquidate(ONE, 12 * ONE, Receive::Tokens);
    assert_eq!(repaid, ONE);
    assert_eq!(world.state(&world.xlm).totals.cash, cash - seized);
    assert!(world.ledger.account(&bob).deposits.is_empty());
}

#[test]
fn liquidations_are_refused_by_name() {
    let world = World::underwater(PRICE / 10);
    let (alice, bob) = (world.account(0), world.account(1));
    let attempt = |liquidator: &Address, debt: &Address, collateral: &Address, amount: i128| {
        world.ledger.try_liquidate(liquidator, &alice, debt, collateral, &amount, &0, &Receive::Shares)
    };
    let (usdc, xlm, eth) = (&world.usdc, &world.xlm, &world.eth);
    assert_refused!(world, attempt(&bob, usdc, xlm, ONE), LedgerError::NotLiquidatable);
    world.price(xlm, PRICE * 85 / 1_000);
    assert_refused!(world, attempt(&alice, usdc, xlm, ONE), LedgerError::SelfLiquidation);
    assert_refused!(world, attempt(&bob, usdc, xlm, 0), LedgerError::InvalidAmount);
    assert_refused!(world, attempt(&bob, eth, xlm, ONE), LedgerError::NothingOwed);
    assert_refused!(world, attempt(&bob, usdc, eth, ONE), LedgerError::InsufficientBalance);
    // The upper end of an interval still supports the account.
    world.quote(xlm, PRICE * 80 / 1_000, PRICE * 90 / 1_000, PriceStatus::Live);
    assert_refused!(world, attempt(&bob, usdc, xlm, ONE), LedgerError::NotLiquidatable);
    world.quote(xlm, PRICE * 80 / 1_000, PRICE * 85 / 1_000, PriceStatus::Grace);
    assert_refused!(world, attempt(&bob, usdc, xlm, ONE), LedgerError::PriceNotUsable);
    world.quote(xlm, PRICE * 80 / 1_000, PRICE * 85 / 1_000, PriceStatus::Stale);
    assert_refused!(world, attempt(&bob, usdc, xlm, ONE), LedgerError::PriceNotUsable);
}

#[test]
fn a_liquidator_with_debts_must_end_at_the_opening_level() {
    let world = World::underwater(PRICE * 85 / 1_000);
    let (alice, bob) = (world.account(0), world.account(1));
    world.deposit(&bob, &world.eth, 10_i128.pow(18)); // E_opening = 2,000 * 0.8 / 1.25 = 1,280
    world.borrow(&bob, &world.usdc, 1_280 * ONE);
    world.price(&world.eth, PRICE * 1_000);
    assert_refused!(
        world,
        world.ledger.try_liquidate(&bob, &alice, &world.usdc, &world.xlm, &ONE, &0, &Receive::Shares),
        LedgerError::InsufficientMargin
    );
    world.liquidate(ONE, 0, Receive::Tokens);
}

#[test]
fn a_pair_that_lowers_health_is_refused_while_another_helps() {
    let world = World::funded();
    let (alice, bob) = (world.account(0), world.account(1));
    // Much XLM, some USDC: seizing USDC at 101% takes more support than it relieves.
    world.deposit(&alice, &world.xlm, 100_000 * ONE);
    world.deposit(&alice, &world.usdc, 100 * ONE);
    world.borrow(&alice, &world.eth, 2 * 10_i128.pow(18));
    world.price(&world.xlm, PRICE * 47 / 1_000);
    world.price(&world.eth, PRICE * 2_000);
    let health = world.ledger.summary(&alice).health_factor;
    assert!(health < 9_000, "{health}");
    let amount = 10_i128.pow(16);
    assert_refused!(
        world,
        world.ledger.try_liquidate(&bob, &alice, &world.eth, &world.usdc, &amount, &0, &Receive::Shares),
        LedgerError::LiquidationUnhelpful
    );
    world.ledger.liquidate(&bob, &alice, &world.eth, &world.xlm, &amount, &0, &Receive::Shares);
    world.check();
    assert!(world.ledger.summary(&alice).health_factor >= health);
}

#[test]
fn an_insolvent_account_is_closed_and_its_bad_debt_falls_on_reserves_then_depositors() {
    let world = World::underwater(PRICE / 50); // 10,000 XLM = 200 USD against 560
    let (alice, lender) = (world.account(0), world.account(3));
    let (repaid, seized) = world.liquidate(1_000 * ONE, 0, Receive::Shares);
    // 200 / 1.02: the starting bonus and the fee.
    assert_eq!(repaid, 196_0784313);
    assert!(seized > 9_900 * ONE && seized <= 10_000 * ONE);
    let owner = world.ledger.account(&alice);
    assert!(owner.deposits.is_empty() && owner.debts.is_empty());
    let totals = world.state(&world.usdc).totals;
    assert_eq!((totals.borrowed, totals.borrow_shares), (0, 0));
    // Reserves were empty, so the rest of the debt is the depositors' loss.
    assert_eq!(world.deposited(&lender, &world.usdc), 100_000 * ONE - (560 * ONE - repaid));
}

/// Attack: offer a unit less than the collateral pays for, and its last two hundred units keep 364 USDC of lost debt alive.
#[test]
fn dust_that_an_offer_leaves_keeps_no_lost_debt_alive() {
    let world = World::underwater(PRICE / 50);
    let (repaid, seized) = world.liquidate(196_0784312, 0, Receive::Shares);
    assert_eq!((repaid, seized), (196_0784312, 9901_9607750));
    let owner = world.ledger.account(&world.account(0));
    assert!(owner.deposits.is_empty() && owner.debts.is_empty());
    assert_eq!(world.deposited(&world.account(3), &world.usdc), 100_000 * ONE - (560 * ONE - repaid));
    // What is worth a call of its own stays, and so does the debt.
    let world = World::underwater(PRICE / 50);
    world.liquidate(180 * ONE, 0, Receive::Shares);
    let owner = world.ledger.account(&world.account(0));
    assert!(!owner.deposits.is_empty() && !owner.debts.is_empty());
}

#[test]
fn perpetual_debt_is_liquidated_and_lost_to_insurance_then_providers() {
    let world = World::funded();
    let (alice, lender) = (world.account(0), world.account(3));
    world.deposit(&alice, &world.xlm, 10_000 * ONE);
    world.perp_history(&alice, 1_000 * ONE, 560 * ONE);
    world.insure(100 * ONE);
    world.check();
    world.price(&world.xlm, PRICE / 50);
    let (repaid, _) = world.liquidate(1_000 * ONE, 0, Receive::Shares);
    let buckets = world.ledger.totals();
    let lost = 560 * ONE - repaid;
    // One account takes a tenth of insurance at most.
    assert_eq!((buckets.perp_borrowed, buckets.perp_borrow_shares, buckets.insurance), (0, 0, 90 * ONE));
    assert_eq!(buckets.lp, 1_560 * ONE - (lost - 10 * ONE));
    assert_eq!(world.deposited(&lender, &world.usdc), 100_000 * ONE);
    assert_eq!(world.ledger.account(&alice).perp_debt, 0);
}

#[test]
fn the_fee_of_seized_settlement_deposit_goes_to_insurance() {
    let world = World::funded();
    let (alice, bob) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.usdc, 1_000 * ONE);
    world.borrow(&alice, &world.xlm, 8_000 * ONE);
    world.price(&world.xlm, PRICE * 115 / 1_000); // 920 * 1.1 = 1,012 > 1,000
    let done =
        world.ledger.liquidate(&bob, &alice, &world.xlm, &world.usdc, &(8_000 * ONE), &0, &Receive::Tokens);
    world.check();
    assert!(done.repaid > 0);
    let insurance = world.ledger.totals().insurance;
    assert!((insurance - done.repaid * 115 / 1_000 / 100).abs() < 10);
    assert!(world.ledger.summary(&alice).liquidation_ok);
}

#[test]
fn the_same_asset_nets_without_a_bonus() {
    let world = World::funded();
    let (alice, bob) = (world.account(0), world.account(1));
    world.deposit(&alice, &world.eth, 10_i128.pow(18));
    world.deposit(&alice, &world.usdc, 500 * ONE);
    world.borrow(&alice, &world.usdc, 1_700 * ONE);
    world.price(&world.eth, PRICE * 1_400);
    let done = world.ledger.liquidate(&bob, &alice, &world.usdc, &world.usdc, &ALL, &0, &Receive::Shares);
    let told = world.env.events().all();
    world.check();
    assert_eq!((done.repaid, done.seized), (0, 0));
    // What was netted is told beside a liquidation of nothing.
    let netted = Repaid {
        account: alice.clone(),
        asset: world.usdc.clone(),
        account_seq: world.ledger.account(&alice).seq,
        amount: 500 * ONE,
        asset_seq: world.state(&world.usdc).totals.seq,
        perp_amount: 0,
        shares: 500 * ONE * 1_000_000,
        with_collateral: true,
    };
    assert_eq!(told.events()[0], netted.to_xdr(&world.env, &world.ledger.address));
    assert_eq!(told.events().len(), 2);
    assert_eq!(world.owed(&alice, &world.usdc), 1_200 * ONE);
    assert_eq!(world.deposited(&alice, &world.usdc), 0);
}

// ---- random sequences ---------------------------------------------------------------------------------------------------

/// A small generator, so that a failing sequence is named by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn conservation_holds_after_every_step_of_random_sequences() {
    let mut succeeded = 0;
    for seed in 0..20 {
        let world = World::funded();
        let mut dice = Dice(seed);
        world.perp_history(&world.account(0), 5_000 * ONE, 50 * ONE);
        world.insure(10 * ONE);
        for _ in 0..64 {
            let account = world.account(dice.roll(3) as usize);
            let other = world.account(3 - dice.roll(2) as usize);
            let tokens = [(&world.usdc, ONE), (&world.xlm, 10 * ONE), (&world.eth, 10_i128.pow(18) / 2_000)];
            let (asset, unit) = tokens[dice.roll(3) as usize];
            let (second, _) = tokens[dice.roll(3) as usize];
            let amount = i128::from(dice.roll(2_000) + 1) * unit + i128::from(dice.roll(1_000));
            let ledger = &world.ledger;
            let ok = match dice.roll(9) {
                0 | 1 => ledger.try_credit(&account, &account, asset, &amount).is_ok(),
                2 => ledger.try_debit(&account, asset, &amount).is_ok(),
                3 | 4 => ledger.try_borrow(&account, asset, &amount).is_ok(),
                5 => ledger.try_repay(&account, asset, &amount).is_ok(),
                6 => ledger.try_repay_with_collateral(&account, asset, &amount).is_ok(),
                7 => {
                    let receive = if dice.roll(2) == 0 { Receive::Shares } else { Receive::Tokens };
                    ledger.try_liquidate(&other, &account, asset, second, &amount, &0, &receive).is_ok()
                }
                _ => {
                    world.wait(dice.roll(2_592_000));
                    let percent = i128::from(40 + dice.roll(120));
                    let base = [PRICE, PRICE / 10, PRICE * 2_000];
                    world.price(&world.xlm, base[1] * percent / 100);
                    world.price(&world.eth, base[2] * (140 - percent / 2) / 100);
                    true
                }
            };
            succeeded += u32::from(ok);
            world.check();
        }
    }
    assert!(succeeded > 20 * 64 / 3, "only {succeeded} calls did anything");
}
