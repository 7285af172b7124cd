use super::fixture;
use account_core::testing::fakes::healthy;
use account_core::testing::refused;
use margin_interface::{AccountError, AccountSummary, Market};
use soroban_sdk::{contract, contractimpl, map, symbol_short, Address, Env, Val, Vec};

#[test]
fn a_borrow_within_the_limits_passes_with_one_preview() {
    let f = fixture();
    f.ledger().script(&healthy(&f.env));
    assert_eq!(f.check(&[f.borrow(300)]), Ok(()));
    assert_eq!(f.ledger().previewed().len(), 1);
}

#[test]
fn every_limit_refuses_with_its_code_in_order() {
    let f = fixture();
    let mut summary = AccountSummary { leverage: 301, health_factor: 11_999, ..healthy(&f.env) };
    summary.debt_value = 1_000_000_000_001;
    summary.exposures = map![&f.env, (Market::Perp(symbol_short!("BTC_USD")), 500_000_000_001)];
    let codes = |summary: &AccountSummary| {
        f.ledger().script(summary);
        f.check(&[f.borrow(1)])
    };
    assert_eq!(codes(&summary), refused(AccountError::ExcessiveLeverage));
    summary.leverage = 0;
    assert_eq!(codes(&summary), refused(AccountError::InsufficientHealth));
    summary.health_factor = 12_000;
    assert_eq!(codes(&summary), refused(AccountError::TotalBorrowExceeded));
    summary.debt_value -= 1;
    assert_eq!(codes(&summary), refused(AccountError::MarketConcentration));
    summary.exposures = map![&f.env, (Market::Perp(symbol_short!("BTC_USD")), 500_000_000_000)];
    assert_eq!(codes(&summary), Ok(()));
}

#[test]
fn contexts_below_the_limit_each_are_refused_together() {
    let f = fixture();
    f.ledger().script(&healthy(&f.env));
    assert_eq!(f.check(&[f.borrow(200)]), Ok(()));
    assert_eq!(f.check(&[f.borrow(200), f.borrow(200)]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(f.check(&[f.trade(200, false), f.borrow(200)]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(f.check(&[f.open(1, 200), f.open(1, 200)]), refused(AccountError::ExcessiveLeverage));
}

#[test]
fn nothing_that_lowers_risk_buys_room() {
    let f = fixture();
    f.ledger().script(&healthy(&f.env));
    let asset = f.protocol.factory.clone();
    let deposit =
        f.call(&f.protocol.vault, "deposit", (f.account.clone(), f.account.clone(), asset, 1_000_000_i128));
    // The fake ledger traps should a credit ever reach it.
    assert_eq!(f.check(&[f.borrow(301), deposit]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(f.check(&[f.trade(-400, true), f.borrow(301)]), refused(AccountError::ExcessiveLeverage));
}

#[test]
fn an_order_that_may_never_be_executed_buys_no_room() {
    let f = fixture();
    f.ledger().script(&healthy(&f.env));
    // Together each pair is within 3x; without the order, or with one order alone, it is not.
    assert_eq!(f.check(&[f.trade(-200, false), f.borrow(400)]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(f.check(&[f.borrow(400), f.open(1_000_000, 100)]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(
        f.check(&[f.trade(400, false), f.trade(-400, false)]),
        refused(AccountError::ExcessiveLeverage)
    );
    assert_eq!(f.check(&[f.trade(100, false), f.trade(100, false)]), Ok(()));
    let three = [f.trade(1, false), f.trade(1, false), f.open(1, 1)];
    assert_eq!(f.check(&three), refused(AccountError::OperationNotAllowed));
}

#[test]
fn a_failed_read_refuses_and_reducing_reads_nothing() {
    let f = fixture();
    let codes = [
        (612, AccountError::StalePrice),
        (602, AccountError::InsufficientHealth),
        (626, AccountError::ArithmeticOverflow),
        (0, AccountError::InsufficientHealth),
    ];
    for (code, error) in codes {
        f.ledger().fail(&code);
        assert_eq!(f.check(&[f.borrow(1)]), refused(error));
        assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
    }
}

/// A ledger that was built for something else.
#[contract]
struct Stranger;

#[contractimpl]
impl Stranger {
    pub fn assess(_env: Env, _account: Address, _actions: Vec<Val>, _amounts: Vec<Val>) -> u32 {
        12_000
    }
}

#[test]
fn an_answer_of_another_shape_refuses() {
    let f = fixture();
    f.env.register_at(&f.protocol.ledger, Stranger, ());
    assert_eq!(f.check(&[f.borrow(1)]), refused(AccountError::InsufficientHealth));
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
}
