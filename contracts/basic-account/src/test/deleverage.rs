use super::fixture;
use account_core::testing::fakes::{no_exposures, FakeClearingClient, FakeToken, FakeTokenClient};
use account_core::testing::{Fixture, NOW};
use margin_interface::*;
use margin_math::units::{BASE, PRICE, USD};
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

    fn now(&self) -> Breakdown {
        self.f.ledger().breakdown(&self.f.account)
    }
}

#[test]
fn an_account_at_its_threshold_is_left_alone() {
    let story = Story::new().collateral(1_200).debt(1_000).wallet(1_000);
    assert_eq!(story.deleverage(), Err(AccountError::NothingToDeleverage));
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
    FakeClearingClient::new(&story.f.env, &story.f.protocol.perp_clearing).break_down();
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
