use super::fixture;
use account_core::testing::fakes::{
    no_exposures, FakeClearingClient, FakeKeeper, FakeKeeperClient, FakeToken, FakeTokenClient,
    FakeVaultClient,
};
use account_core::testing::{Fixture, NOW};
use margin_interface::*;
use margin_math::units::{BASE, INDEX, PRICE, USD};
use proptest::prelude::*;
use soroban_sdk::testutils::{Events as _, Ledger as _};
use soroban_sdk::{symbol_short, vec, Address, Vec};

struct Story {
    f: Fixture,
    usdc: Address,
    breakdown: Breakdown,
}

impl Story {
    fn new() -> Self {
        let f = fixture();
        f.ledger().set_clearing(&f.protocol.perp_clearing);
        // The money moves in a fake; what to do with it is the real vault's advice.
        let adviser = f.env.register(::vault::Vault, (&f.owner, &f.owner, &f.protocol.ledger));
        FakeVaultClient::new(&f.env, &f.protocol.vault).advised_by(&adviser);
        let usdc = f.env.register(FakeToken, ());
        let summary = AccountSummary {
            collateral_value: 0,
            debt_value: 0,
            effective_margin: 0,
            equity: 0,
            exposures: no_exposures(&f.env),
            health_factor: 0,
            leverage: 0,
            liquidation_ok: true,
            margin_call_ok: true,
            opening_ok: true,
            perp_notional: 0,
            required_margin: 0,
            status: AccountStatus::Normal,
            unrealized_pnl: 0,
        };
        let breakdown = Breakdown {
            debts: Vec::new(&f.env),
            deposits: Vec::new(&f.env),
            perp_debt: 0,
            positions: Vec::new(&f.env),
            settlement: usdc.clone(),
            settlement_price: PRICE,
            summary,
        };
        Story { f, usdc, breakdown }
    }

    fn holding(&self, asset: &Address, amount: i128, decimals: u32, weight_bps: u32) -> Holding {
        Holding { amount, asset: asset.clone(), decimals, weight_bps, price: PRICE, value: 0 }
    }

    /// Whole dollars of some collateral that is not owed.
    fn collateral(mut self, dollars: i128) -> Self {
        let other = self.f.protocol.factory.clone();
        self.breakdown.deposits.push_back(self.holding(&other, dollars * USD, 7, 10_000));
        self
    }

    fn deposit(mut self, dollars: i128) -> Self {
        self.breakdown.deposits.push_back(self.holding(&self.usdc, dollars * USD, 7, 10_000));
        self
    }

    fn debt(mut self, dollars: i128) -> Self {
        self.breakdown.debts.push_back(self.holding(&self.usdc, dollars * USD, 7, 10_000));
        self
    }

    fn position(mut self, whole: i128, pnl: i128) -> Self {
        let market = symbol_short!("BTC_USD");
        let position =
            OpenPosition { index: 1_000 * PRICE, market, mmr_bps: 500, pnl: pnl * USD, size: whole * BASE };
        self.breakdown.positions.push_back(position);
        self
    }

    fn wallet(self, dollars: i128) -> Self {
        self.token(&self.usdc).mint(&self.f.account, &(dollars * USD));
        self
    }

    fn token(&self, asset: &Address) -> FakeTokenClient<'_> {
        FakeTokenClient::new(&self.f.env, asset)
    }

    fn deleverage(&self) -> Result<DeleverageReport, AccountError> {
        self.f.ledger().set_breakdown(&self.breakdown);
        self.again()
    }

    fn again(&self) -> Result<DeleverageReport, AccountError> {
        match self.f.client().try_auto_deleverage() {
            Ok(report) => Ok(report.unwrap()),
            Err(error) => Err(error.unwrap()),
        }
    }

    /// A keeper with 10,000 dollars offers at most `dollars` of them for the collateral that is not owed.
    fn deleverage_with(&self, dollars: i128) -> Result<DeleverageReport, AccountError> {
        self.f.ledger().set_breakdown(&self.breakdown);
        self.offer(&self.usdc, dollars * USD)
    }

    fn offer(&self, debt: &Address, max_repay: i128) -> Result<DeleverageReport, AccountError> {
        let f = &self.f;
        let keeper = FakeKeeperClient::new(&f.env, &f.env.register(FakeKeeper, ()));
        self.token(debt).mint(&keeper.address, &(10_000 * USD));
        let collateral = &f.protocol.factory;
        match keeper.try_deleverage(&f.account, &f.protocol.vault, debt, collateral, &max_repay) {
            Ok(report) => {
                let report = report.unwrap();
                // What was not needed came back.
                let left = self.token(debt).balance(&keeper.address);
                assert_eq!(left, 10_000 * USD - report.swapped);
                Ok(report)
            }
            Err(error) => Err(AccountError::try_from(error.unwrap()).unwrap()),
        }
    }

    fn clearing(&self) -> FakeClearingClient<'_> {
        FakeClearingClient::new(&self.f.env, &self.f.protocol.perp_clearing)
    }

    fn now(&self) -> Breakdown {
        self.f.ledger().breakdown(&self.f.account)
    }
}

#[test]
fn an_account_at_its_threshold_is_left_alone() {
    let story = Story::new().collateral(1_200).debt(1_000).wallet(1_000);
    assert_eq!(story.deleverage(), Err(AccountError::NothingToDeleverage));
    let above = Story::new().collateral(1_400).debt(1_000).wallet(1_000);
    assert_eq!(above.deleverage(), Err(AccountError::NothingToDeleverage), "though below the target");
}

#[test]
fn an_account_that_wants_more_health_than_the_target_gets_it() {
    let story = Story::new().collateral(1_700).debt(1_000).wallet(1_000);
    let args = (None::<u32>, Some(18_000_u32), None::<i128>, None::<i128>);
    assert_eq!(story.f.administer("update_params", args), Ok(()));
    let report = story.deleverage().unwrap();
    assert_eq!((report.health_before, report.health_after), (17_000, 18_000));
}

#[test]
fn the_wallet_comes_first_and_gives_no_more_than_the_target_needs() {
    // 1_100 / 1_000: repaying 266.67 leaves 1_100 / 733.33 = 1.5.
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let report = story.deleverage().unwrap();
    assert_eq!(story.f.env.events().all().filter_by_contract(&story.f.account).events().len(), 1);
    assert_eq!((report.health_before, report.health_after), (11_000, 15_000));
    assert_eq!(report.repaid_from_wallet, 2_666_666_666 + 32);
    assert_eq!((report.repaid_from_deposits, report.reduced), (0, 0));
    assert_eq!(story.token(&story.usdc).balance(&story.f.account), 1_000 * USD - report.repaid_from_wallet);
}

#[test]
fn it_never_repays_more_than_is_owed_or_owned() {
    let owed = Story::new().collateral(0).debt(100).wallet(1_000);
    assert_eq!(owed.deleverage().unwrap().repaid_from_wallet, 100 * USD);
    assert_eq!(owed.now().summary.health_factor, u32::MAX);
    let owned = Story::new().collateral(1_100).debt(1_000).wallet(50);
    assert_eq!(owned.deleverage().unwrap().repaid_from_wallet, 50 * USD);
    assert_eq!(owned.token(&owned.usdc).balance(&owned.f.account), 0);
}

#[test]
fn the_credit_line_is_repaid_before_the_loan_of_the_same_asset() {
    let mut story = Story::new().collateral(1_000).debt(500).wallet(1_000);
    story.breakdown.perp_debt = 400 * USD;
    let report = story.deleverage().unwrap();
    assert_eq!(report.health_after, 15_000);
    assert_eq!(story.now().perp_debt, 166_6666667 - 32);
}

#[test]
fn deposits_of_the_same_asset_come_second() {
    // After 50 from the wallet: (1.5 * 950 - 1_100) / (1.5 - 1) = 650, leaving 450 / 300.
    let story = Story::new().collateral(400).deposit(700).debt(1_000).wallet(50);
    let report = story.deleverage().unwrap();
    assert_eq!(report.health_after, 15_000);
    assert_eq!(report.repaid_from_wallet, 50 * USD);
    assert_eq!(report.repaid_from_deposits, 650 * USD + 32);
}

#[test]
fn positions_are_reduced_last_and_only_as_far_as_needed() {
    // 2 BTC short at 1_000 require 100, supported by 110: cutting 0.533.. leaves 110 / 73.33.
    let story = Story::new().collateral(110).position(-2, 0);
    let report = story.deleverage().unwrap();
    assert!((14_999..=15_000).contains(&report.health_after));
    assert_eq!(report.reduced / USD, 533);
    let size = story.now().positions.get(0).unwrap().size;
    assert!(size < 0 && size > -2 * BASE);
}

#[test]
fn the_position_that_frees_most_margin_goes_first_and_a_small_rest_closes() {
    let mut story = Story::new().collateral(131).position(2, 0);
    let smaller = OpenPosition {
        market: symbol_short!("ETH_USD"),
        size: BASE / 2,
        ..story.breakdown.positions.get(0).unwrap()
    };
    story.breakdown.positions.push_front(smaller);
    assert!(story.deleverage().is_ok());
    assert_eq!(story.now().positions.get(0).unwrap().size, BASE / 2);
    assert!(story.now().positions.get(1).unwrap().size < 2 * BASE);
    // 1.95 of 2 BTC would have to go: the rest is too small to remain.
    let small = Story::new().collateral(4).position(2, 0);
    assert_eq!(small.deleverage().unwrap().reduced, 2_000 * USD);
    // Nothing supports: the target is out of reach, everything closes.
    let hopeless = Story::new().collateral(0).position(2, 0);
    assert_eq!(hopeless.deleverage().unwrap().health_after, u32::MAX);
    assert!(hopeless.now().positions.is_empty());
}

#[test]
fn a_step_that_lowers_health_is_undone() {
    let story = Story::new().collateral(110).position(2, 0);
    story.clearing().break_down();
    assert_eq!(story.deleverage(), Err(AccountError::InsufficientHealth));
    assert_eq!(story.now().positions.get(0).unwrap().size, 2 * BASE);
}

#[test]
fn there_is_a_cooldown() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(50);
    assert!(story.deleverage().is_ok());
    assert_eq!(story.again(), Err(AccountError::Cooldown));
    story.token(&story.usdc).mint(&story.f.account, &(1_000 * USD));
    story.f.env.ledger().set_timestamp(NOW + 59);
    assert_eq!(story.again(), Err(AccountError::Cooldown));
    story.f.env.ledger().set_timestamp(NOW + 60);
    assert_eq!(story.again().unwrap().health_after, 15_000);
}

#[test]
fn dust_is_no_step_unless_it_settles_or_restores() {
    let dust = Story::new().collateral(1_100).debt(1_000).wallet(9);
    assert_eq!(dust.deleverage(), Err(AccountError::NothingToDeleverage));
    let restoring = Story::new().collateral(11).debt(10).wallet(9);
    assert_eq!(restoring.deleverage().unwrap().health_after, 15_000);
    let settling = Story::new().collateral(0).debt(5).wallet(9);
    assert_eq!(settling.deleverage().unwrap().repaid_from_wallet, 5 * USD);
}

#[test]
fn without_a_usable_price_nothing_is_done() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    story.f.ledger().fail(&612);
    assert_eq!(story.deleverage(), Err(AccountError::StalePrice));
}

#[test]
fn tokens_of_any_decimals_restore_the_target_and_a_frozen_one_blocks_itself_alone() {
    for decimals in [6, 7, 18] {
        let mut story = Story::new().collateral(1_100);
        let frozen = story.f.protocol.vault.clone();
        let token = story.f.env.register(FakeToken, ());
        let unit = 10_i128.pow(decimals);
        story.breakdown.debts = vec![
            &story.f.env,
            story.holding(&frozen, 100 * USD, 7, 10_000),
            story.holding(&token, 900 * unit, decimals, 10_000),
        ];
        story.token(&token).mint(&story.f.account, &(900 * unit));
        assert_eq!(story.deleverage().unwrap().health_after, 15_000);
    }
}

#[test]
fn a_keeper_takes_collateral_for_the_debt_that_is_too_much_and_no_more() {
    // (1.5 * 1_000 - 1_100) / (1.5 - 1.005) = 808.08, leaving 287.88 / 191.92.
    let story = Story::new().collateral(1_100).debt(1_000);
    let report = story.deleverage_with(5_000).unwrap();
    assert_eq!((report.health_before, report.health_after), (11_000, 15_000));
    assert_eq!(report.swapped, 8_080_808_080 + 32);
    assert_eq!((report.repaid_from_wallet, report.repaid_from_deposits, report.reduced), (0, 0, 0));
    let collateral = story.now().deposits.get(0).unwrap().amount;
    assert_eq!(1_100 * USD - collateral, report.swapped * 10_050 / 10_000, "half a percent for the keeper");
}

#[test]
fn a_keeper_pays_at_most_what_it_offered_and_a_step_is_worth_its_while() {
    let story = Story::new().collateral(1_100).debt(1_000);
    assert_eq!(story.deleverage_with(100).unwrap().swapped, 100 * USD);
    let dust = Story::new().collateral(1_100).debt(1_000);
    assert_eq!(dust.deleverage_with(9), Err(AccountError::NothingToDeleverage));
    for amount in [0, -1] {
        assert_eq!(story.offer(&story.usdc, amount), Err(AccountError::InvalidConfig));
    }
    assert_eq!(story.offer(&story.usdc, 100 * USD), Err(AccountError::Cooldown));
}

#[test]
fn collateral_is_the_last_resort() {
    // The wallet restores the target alone: nothing is left for the keeper.
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let report = story.deleverage_with(5_000).unwrap();
    assert_eq!((report.repaid_from_wallet, report.swapped), (2_666_666_666 + 32, 0));
    // Part of it: the keeper brings the rest.
    let story = Story::new().collateral(1_100).debt(1_000).wallet(200);
    let report = story.deleverage_with(5_000).unwrap();
    assert_eq!((report.repaid_from_wallet, report.health_after), (200 * USD, 15_000));
    // (1.5 * 800 - 1_100) / (1.5 - 1.005)
    assert_eq!(report.swapped, 2_020_202_020 + 32);
}

#[test]
fn a_keeper_repays_the_credit_line_first_with_one_authorisation() {
    let mut story = Story::new().collateral(1_100).debt(900);
    story.breakdown.perp_debt = 100 * USD;
    let report = story.deleverage_with(5_000).unwrap();
    assert_eq!(report.health_after, 15_000);
    assert_eq!(story.now().perp_debt, 0);
    assert_eq!(report.swapped, 8_080_808_080 + 32);
}

#[test]
fn an_offer_that_does_not_fit_changes_nothing() {
    let story = Story::new().collateral(1_100).debt(1_000);
    story.f.ledger().set_breakdown(&story.breakdown);
    let unowed = story.f.env.register(FakeToken, ());
    assert_eq!(story.offer(&unowed, 100 * USD), Err(AccountError::NothingToDeleverage));
    let bare = Story::new().debt(1_000);
    assert_eq!(bare.deleverage_with(100), Err(AccountError::NothingToDeleverage), "not deposited");
    let healthy = Story::new().collateral(1_200).debt(1_000);
    assert_eq!(healthy.deleverage_with(100), Err(AccountError::NothingToDeleverage), "at its threshold");
}

#[test]
fn a_keeper_must_consent() {
    let story = Story::new().collateral(1_100).debt(1_000);
    story.f.ledger().set_breakdown(&story.breakdown);
    let keeper = story.f.env.register(FakeKeeper, ());
    story.token(&story.usdc).mint(&keeper, &(10_000 * USD));
    let call = story.f.client().try_auto_deleverage_with(
        &keeper,
        &story.usdc,
        &story.f.protocol.factory,
        &(100 * USD),
    );
    assert!(matches!(call, Err(Err(_))), "the host refuses: {call:?}");
}

#[test]
fn nobody_gains_by_moving_the_curve_first() {
    // A long is sold: whoever pushed the curve down by more than the slack gets nothing for it.
    for (size, pushed, accepted) in [
        (2, -100, true),
        (2, -101, false),
        (2, 500, true),
        (-2, 100, true),
        (-2, 101, false),
        (-2, -500, true),
    ] {
        let story = Story::new().collateral(110).position(size, 0);
        story.clearing().push(&pushed);
        let result = story.deleverage();
        assert_eq!(result.is_ok(), accepted, "{size} {pushed} {result:?}");
        if !accepted {
            assert_eq!(result, Err(AccountError::NothingToDeleverage));
        }
    }
}

#[test]
fn a_market_that_has_long_been_below_its_index_is_sold_at_its_own_price() {
    let story = Story::new().collateral(110).position(2, 0);
    story.clearing().push(&-300);
    assert_eq!(story.deleverage(), Err(AccountError::NothingToDeleverage));
    story.clearing().set_premium(&(-INDEX * 3 / 100));
    assert!(story.again().is_ok());
    // But never beyond the band around the index.
    let far = Story::new().collateral(110).position(2, 0);
    far.clearing().push(&-501);
    far.clearing().set_premium(&(-INDEX / 10));
    assert_eq!(far.deleverage(), Err(AccountError::NothingToDeleverage));
}

#[test]
fn a_fill_that_does_not_reduce_is_undone() {
    // Nothing, and beyond zero to the other side: far, and not too far for the target.
    for left in [2 * BASE, -BASE, -BASE / 2 * 3] {
        let story = Story::new().collateral(110).position(2, 0);
        story.clearing().leave(&left);
        assert_eq!(story.deleverage(), Err(AccountError::OperationNotAllowed));
        assert_eq!(story.now().positions.get(0).unwrap().size, 2 * BASE);
    }
}

#[test]
fn a_fill_that_enlarges_another_position_is_undone() {
    for (size, accepted) in [(BASE, true), (-BASE, false), (BASE + 1, false)] {
        let mut story = Story::new().collateral(160).position(2, 0);
        let other = OpenPosition {
            market: symbol_short!("ETH_USD"),
            size: BASE,
            ..story.breakdown.positions.get(0).unwrap()
        };
        story.breakdown.positions.push_back(other.clone());
        story.clearing().also_leave(&OpenPosition { size, ..other });
        let result = story.deleverage();
        assert_eq!(result.is_ok(), accepted, "{size} {result:?}");
        assert_eq!(story.now().positions.get(1).unwrap().size, BASE);
    }
}

#[test]
fn a_frozen_account_is_still_saved() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    assert!(story.f.by_itself(&[&story.f.keys[0]], "freeze", (), ()).is_ok());
    assert_eq!(story.deleverage().unwrap().health_after, 15_000);
}

impl Story {
    /// What an account makes of bad advice.
    fn advised(&self, steps: &[DeleverageStep]) -> Result<DeleverageReport, AccountError> {
        self.vault().advise(&Vec::from_slice(&self.f.env, steps));
        self.deleverage()
    }

    fn vault(&self) -> FakeVaultClient<'_> {
        FakeVaultClient::new(&self.f.env, &self.f.protocol.vault)
    }

    fn wallet_step(&self, dollars: i128) -> DeleverageStep {
        DeleverageStep::Wallet(self.usdc.clone(), dollars * USD)
    }
}

#[test]
fn a_wallet_that_may_not_pay_blocks_itself_alone() {
    let story = Story::new().collateral(200).deposit(900).debt(1_000).wallet(1_000);
    story.token(&story.usdc).freeze();
    let report = story.deleverage().unwrap();
    assert_eq!((report.health_after, report.repaid_from_wallet), (15_000, 0));
    assert!(report.repaid_from_deposits > 0);
}

#[test]
fn advice_to_go_beyond_the_target_is_undone() {
    // 266.67 restore the target; its tolerance are $10 and a sixteenth of the step.
    for (dollars, accepted) in [(293, true), (294, false), (1_000, false)] {
        let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
        let result = story.advised(&[story.wallet_step(dollars)]);
        assert_eq!(result.is_ok(), accepted, "{dollars} {result:?}");
        if !accepted {
            assert_eq!(result, Err(AccountError::OperationNotAllowed));
            assert_eq!(story.token(&story.usdc).balance(&story.f.account), 1_000 * USD);
        }
    }
}

/// A vault that keeps what it takes.
#[test]
fn a_wallet_gives_no_more_than_its_debt_falls_by() {
    for (kept, accepted) in [(0, true), (1, true), (2, false), (100 * USD, false)] {
        let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
        story.vault().settle_instead(&story.usdc, &(260 * USD - kept));
        let result = story.advised(&[story.wallet_step(260)]);
        assert_eq!(result.is_ok(), accepted, "{kept} {result:?}");
        if !accepted {
            assert_eq!(result, Err(AccountError::OperationNotAllowed));
            assert_eq!(story.token(&story.usdc).balance(&story.f.account), 1_000 * USD);
        }
    }
}

#[test]
fn a_wallet_pays_no_debt_of_another_asset_and_none_that_is_not_there() {
    let mut story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    story.breakdown.perp_debt = 50 * USD;
    let gem = story.f.env.register(FakeToken, ());
    story.token(&gem).mint(&story.f.account, &10);
    story.vault().settle_instead(&story.usdc, &(100 * USD));
    let step = DeleverageStep::Wallet(gem.clone(), 10);
    assert_eq!(story.advised(&[step]), Err(AccountError::OperationNotAllowed));
    assert_eq!(story.token(&gem).balance(&story.f.account), 10);
    // Both debts of an asset count: this settles the credit line and 50 of the loan.
    assert_eq!(story.advised(&[story.wallet_step(100)]).unwrap().repaid_from_wallet, 100 * USD);
}

/// Which positions to reduce is advice, and how far is not.
#[test]
fn a_close_is_no_larger_than_the_target_needs() {
    // $533.33 restore the target; its tolerance are $10, a sixteenth of it, and a few basis points of cost.
    for (milli, accepted) in [(579, true), (580, false), (1_000, false), (1_950, false), (2_000, false)] {
        let story = Story::new().collateral(110).position(2, 0);
        let step = DeleverageStep::Reduce(symbol_short!("BTC_USD"), -BASE / 1_000 * milli, 1);
        let result = story.advised(&[step]);
        assert_eq!(result.is_ok(), accepted, "{milli} {result:?}");
        if !accepted {
            assert_eq!(result, Err(AccountError::OperationNotAllowed));
            assert_eq!(story.now().positions.get(0).unwrap().size, 2 * BASE);
        }
    }
}

/// A fill that is 3% off costs health: $857 restore the target, and what it costs is uncertain by half of it.
#[test]
fn a_dear_close_may_be_larger_and_not_by_much() {
    for (milli, accepted) in [(1_078, true), (1_080, false)] {
        let mut story = Story::new().collateral(210).position(2, 0);
        let position = story.breakdown.positions.get(0).unwrap();
        story.breakdown.positions.set(0, OpenPosition { mmr_bps: 1_000, ..position });
        story.clearing().push(&-300);
        let step = DeleverageStep::Reduce(symbol_short!("BTC_USD"), -BASE / 1_000 * milli, 1);
        let result = story.advised(&[step]);
        assert_eq!(result.is_ok(), accepted, "{milli} {result:?}");
    }
}

/// 14.95 of 15 at $4,000, of which less than half have to go.
#[test]
fn what_was_asked_for_of_a_large_close_is_known_as_well() {
    let mut story = Story::new().collateral(2_500).position(15, 0);
    let position = story.breakdown.positions.get(0).unwrap();
    story.breakdown.positions.set(0, OpenPosition { index: 4_000 * PRICE, ..position });
    let step = DeleverageStep::Reduce(symbol_short!("BTC_USD"), -BASE / 100 * 1_495, 1);
    assert_eq!(story.advised(&[step]), Err(AccountError::OperationNotAllowed));
}

/// 0.15 at $4,000, of which 0.06 have to go: the market lets no 0.09 remain, so all of it goes.
#[test]
fn only_what_was_asked_for_of_a_close_has_to_be_needed() {
    let small = || {
        let mut story = Story::new().collateral(27).position(1, 0);
        let position = story.breakdown.positions.get(0).unwrap();
        let position = OpenPosition { index: 4_000 * PRICE, size: BASE / 100 * 15, ..position };
        story.breakdown.positions.set(0, position);
        story
    };
    let story = small();
    assert_eq!(story.deleverage().unwrap().reduced, 600 * USD);
    assert!(story.now().positions.is_empty());
    // Asking for more than is needed finds the same rest.
    for (ten_thousandths, accepted) in [(660, true), (680, false), (1_499, false), (1_500, false)] {
        let story = small();
        let step = DeleverageStep::Reduce(symbol_short!("BTC_USD"), -BASE / 10_000 * ten_thousandths, 1);
        let result = story.advised(&[step]);
        assert_eq!(result.is_ok(), accepted, "{ten_thousandths} {result:?}");
        assert_eq!(story.now().positions.is_empty(), accepted);
    }
}

#[test]
fn an_account_at_its_target_takes_no_advice() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let report = story.advised(&[story.wallet_step(267), story.wallet_step(20)]).unwrap();
    assert_eq!(report.repaid_from_wallet, 267 * USD);
    assert!(report.health_after > 15_000);
    let exact = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let step = DeleverageStep::Wallet(exact.usdc.clone(), 2_666_666_667);
    let report = exact.advised(&[step, exact.wallet_step(20)]).unwrap();
    assert_eq!((report.repaid_from_wallet, report.health_after), (2_666_666_667, 15_000));
}

#[test]
fn advice_that_changes_nothing_is_undone() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    assert_eq!(story.advised(&[story.wallet_step(0)]), Err(AccountError::OperationNotAllowed));
}

#[test]
fn advice_to_sell_at_any_price_is_undone() {
    // $63.50 for $1,000 of notional, of which a dollar is rounding. A tenth of the notional is required: a fill that costs
    // less improves health, and may still be too dear.
    for (pushed, accepted) in [(-635, true), (-636, false), (-999, false)] {
        let mut story = Story::new().collateral(210).position(2, 0);
        let position = story.breakdown.positions.get(0).unwrap();
        story.breakdown.positions.set(0, OpenPosition { mmr_bps: 1_000, ..position });
        story.clearing().push(&pushed);
        let result = story.advised(&[DeleverageStep::Reduce(symbol_short!("BTC_USD"), -BASE, 1)]);
        assert_eq!(result.is_ok(), accepted, "{pushed} {result:?}");
        if !accepted {
            assert_eq!(result, Err(AccountError::OperationNotAllowed));
            assert_eq!(story.now().positions.get(0).unwrap().size, 2 * BASE);
        }
    }
}

#[test]
fn advice_to_swap_with_nobody_is_not_taken() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    assert_eq!(story.advised(&[DeleverageStep::Swap(100 * USD)]), Err(AccountError::NothingToDeleverage));
}

#[test]
fn advice_without_end_ends() {
    let good = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let steps: [_; 20] = core::array::from_fn(|_| good.wallet_step(11));
    assert_eq!(good.advised(&steps).unwrap().repaid_from_wallet, 6 * 11 * USD);
    // More than there is: each fails, and the good advice comes too late.
    let bad = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    let steps: [_; 7] = core::array::from_fn(|at| bad.wallet_step(if at < 6 { 1_001 } else { 11 }));
    assert_eq!(bad.advised(&steps), Err(AccountError::NothingToDeleverage));
    assert_eq!(bad.advised(&steps[1..]).unwrap().repaid_from_wallet, 11 * USD);
}

#[test]
fn without_advice_nothing_is_done() {
    let story = Story::new().collateral(1_100).debt(1_000).wallet(1_000);
    assert_eq!(story.advised(&[]), Err(AccountError::NothingToDeleverage));
    assert_eq!(story.token(&story.usdc).balance(&story.f.account), 1_000 * USD);
}

/// What an account may come with, in dollars, whole base and bps.
#[derive(Clone, Debug)]
struct Case {
    debt: i128,
    line: i128,
    deposit: i128,
    collateral: i128,
    wallet: i128,
    size: i128,
    pnl: i128,
    pushed: i128,
    premium: i128,
    mmr_bps: u32,
}

/// What the vault advises stands up to the account's own check, wherever the account comes from, and helps.
fn stands_up(case: &Case) {
    let mut story = Story::new().collateral(case.collateral).wallet(case.wallet);
    story.breakdown.perp_debt = case.line * USD;
    if case.debt > 0 {
        story = story.debt(case.debt);
    }
    if case.deposit > 0 {
        story = story.deposit(case.deposit);
    }
    if case.size != 0 {
        story = story.position(case.size, case.pnl);
        let position = story.breakdown.positions.get(0).unwrap();
        story.breakdown.positions.set(0, OpenPosition { mmr_bps: case.mmr_bps, ..position });
    }
    story.clearing().push(&case.pushed);
    story.clearing().set_premium(&(INDEX / 10_000 * case.premium));
    match story.deleverage() {
        Ok(report) => {
            assert!(report.health_before < 12_000 && report.health_after >= report.health_before);
            let moved = report.repaid_from_wallet + report.repaid_from_deposits + report.reduced;
            assert!(moved > 0 && report.swapped == 0);
        }
        Err(error) => assert_eq!(error, AccountError::NothingToDeleverage),
    }
}

/// The deposit is gone for a debt when the advice is given, and what the position has gained pays its cost nevertheless.
#[test]
fn a_cost_that_is_paid_and_not_owed_is_no_bad_advice() {
    stands_up(&Case {
        debt: 73_011,
        line: 262,
        deposit: 42_575,
        collateral: 13_553,
        wallet: 19_751,
        size: 5,
        pnl: 2_951,
        pushed: -78,
        premium: 0,
        mmr_bps: 112,
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn good_advice_is_never_undone(
        (debt, line, deposit, collateral) in (0_i128..100_000, 0_i128..2_000, 0_i128..50_000, 0_i128..100_000),
        (wallet, size, pnl) in (0_i128..30_000, -40_i128..40, -5_000_i128..5_000),
        (pushed, premium, mmr_bps) in (-400_i128..400, -400_i128..400, 100_u32..1_000),
    ) {
        stands_up(&Case { debt, line, deposit, collateral, wallet, size, pnl, pushed, premium, mmr_bps });
    }
}
