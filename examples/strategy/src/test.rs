//! Sizes and prices, and the bounds of what is stored. How it trades is told in `tests/tests/system/strategy.rs`.

use crate::plan::{limit_price, reduces, size_delta};
use crate::types::StrategyError;

const USD: i128 = 10_000_000;
const UNIT: i128 = 100_000_000_000_000;
const PRICE: i128 = 50_000 * UNIT;

#[test]
fn the_target_is_a_share_of_equity_within_the_leverage() {
    let equity = 10_000 * USD;
    // Twice 10,000 dollars at 50,000 are 0.4.
    assert_eq!(size_delta(equity, PRICE, 0, 20_000, 1_000), Ok(UNIT * 4 / 10));
    assert_eq!(size_delta(equity, PRICE, UNIT, 20_000, 1_000), Ok(-UNIT * 6 / 10));
    assert_eq!(size_delta(equity, PRICE, 0, -20_000, 1_000), Ok(-UNIT * 4 / 10));
    assert_eq!(
        size_delta(equity, PRICE, 0, 100_000, 150),
        Ok(UNIT * 297 / 1_000),
        "the user's leverage binds"
    );
    assert_eq!(size_delta(equity, PRICE, 0, -100_000, 150), Ok(-UNIT * 297 / 1_000));
}

#[test]
fn what_is_near_is_left_alone_and_nothing_means_nothing() {
    let equity = 10_000 * USD;
    // One percent of equity is 0.002.
    let target = UNIT * 4 / 10;
    assert_eq!(
        size_delta(equity, PRICE, target - UNIT / 1_000, 20_000, 1_000),
        Err(StrategyError::NothingToDo)
    );
    assert_eq!(size_delta(equity, PRICE, target - UNIT / 500, 20_000, 1_000), Ok(UNIT / 500));
    assert_eq!(size_delta(equity, PRICE, 1, 0, 1_000), Ok(-1));
    assert_eq!(size_delta(equity, PRICE, 0, 0, 1_000), Err(StrategyError::NothingToDo));
}

#[test]
fn without_equity_there_is_no_share_of_it() {
    for equity in [0, -1, i128::MIN] {
        assert_eq!(size_delta(equity, PRICE, 0, 10_000, 1_000), Err(StrategyError::NoEquity));
    }
    assert_eq!(size_delta(i128::MAX, PRICE, 0, 10_000, 1_000), Err(StrategyError::Overflow));
    assert_eq!(size_delta(USD, 1, i128::MIN, 10_000, 1_000), Err(StrategyError::Overflow));
}

#[test]
fn a_limit_lies_against_the_user_by_no_more_than_the_slippage() {
    assert_eq!(limit_price(PRICE, 1, 100), Ok(50_500 * UNIT));
    assert_eq!(limit_price(PRICE, -1, 100), Ok(49_500 * UNIT));
    assert_eq!(limit_price(i128::MAX, 1, 100), Err(StrategyError::Overflow));
}

#[test]
fn a_reduction_neither_adds_nor_crosses() {
    assert!(reduces(10, -10) && reduces(10, -1) && reduces(-10, 10) && reduces(-10, 1));
    assert!(!reduces(10, -11) && !reduces(-10, 11) && !reduces(10, 1) && !reduces(-10, -1));
    assert!(!reduces(0, 1) && !reduces(0, -1) && !reduces(10, 0));
    assert!(!reduces(i128::MAX, i128::MIN));
}
