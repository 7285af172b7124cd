//! A falling price: what auto-deleverage saves, and what liquidation takes.

use margin_interface::{AccountError, DeleverageReport, LedgerError, Receive};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::tx::Tx;
use soroban_sdk::Vec as HostVec;

crate::in_both_modes!(
    the_wallet_restores_health_to_the_target_and_no_further,
    without_it_the_same_fall_ends_in_liquidation,
    a_deposit_of_what_is_owed_restores_health,
    a_position_is_reduced_when_there_is_no_money,
    a_healthy_account_cannot_be_deleveraged,
    what_collateral_cannot_pay_falls_on_reserves_and_suppliers,
);

/// Anybody may ask: nobody signs.
fn deleverage(f: &Fixture, account: &Actor) -> Tx<DeleverageReport> {
    Tx::new(&f.world, Invocation::new(&account.address, "auto_deleverage", HostVec::new(&f.env)))
}

/// Ten ether deposited, 12,000 USDC borrowed: a health of 1.33.
fn indebted(f: &Fixture, name: &str) -> Actor {
    let account = f.funded(f.smart_account(name), &[eth(10)]);
    account.deposit(eth(10)).ok();
    account.borrow(usdc(12_000)).ok();
    assert_eq!(f.vault().get_margin_ratio(&account.address), 13_333);
    account
}

fn the_wallet_restores_health_to_the_target_and_no_further(f: &Fixture) {
    let alice = indebted(f, "alice");
    f.set_price("ETH", price(1_750));
    assert_eq!(f.vault().get_margin_ratio(&alice.address), 11_666, "14,000 / 12,000");

    let report = deleverage(f, &alice).ok();
    assert_eq!(report.health_before, 11_666);
    assert!((15_000..=15_001).contains(&report.health_after), "{report:?}");
    // 14,000 / 1.5 = 9,333.33 may stay owed.
    assert_eq!(report.repaid_from_wallet / 10_000_000, 2_666);
    assert_eq!(report.repaid_from_deposits, 0);
    assert_eq!(
        f.balance(Coin::Usdc, &alice.address) / 10_000_000,
        12_000 - 2_667,
        "the rest stayed in the wallet"
    );

    f.pass(60);
    deleverage(f, &alice).fails(AccountError::NothingToDeleverage);

    // A further fall that would have ended it.
    f.set_price("ETH", price(1_600));
    assert!(!f.vault().is_liquidatable(&alice.address));
    let keeper = f.funded(f.keeper.clone(), &[usdc(20_000)]);
    keeper.liquidate(&alice, usdc(1_000), Coin::Eth, Receive::Shares).fails(LedgerError::NotLiquidatable);
}

fn without_it_the_same_fall_ends_in_liquidation(f: &Fixture) {
    let bob = indebted(f, "bob");
    bob.pay(&f.lender.address, usdc(12_000)).ok();
    f.set_price("ETH", price(1_750));
    deleverage(f, &bob).fails(AccountError::NothingToDeleverage);

    f.set_price("ETH", price(1_600));
    assert!(f.vault().is_liquidatable(&bob.address), "12,800 / 1.1 < 12,000");
    let keeper = f.funded(f.keeper.clone(), &[usdc(20_000)]);
    let before = f.ledger().summary(&bob.address);
    let done = keeper.liquidate(&bob, usdc(12_000), Coin::Eth, Receive::Tokens).ok();
    let after = f.ledger().summary(&bob.address);
    assert!(done.repaid > 0 && done.seized > 0);
    assert!(after.health_factor > before.health_factor, "{before:?} {after:?}");
    assert!(after.equity < before.equity, "liquidation costs the account");
    assert_eq!(f.balance(Coin::Eth, &keeper.address), done.seized);
    assert_eq!(
        f.balance(Coin::Usdc, &keeper.address),
        usdc(20_000).units - done.repaid,
        "what was not needed came back"
    );
}

fn a_deposit_of_what_is_owed_restores_health(f: &Fixture) {
    let carol = indebted(f, "carol");
    carol.deposit(usdc(12_000)).ok();
    carol.withdraw(eth(2)).ok();
    carol.borrow(usdc(1)).ok();
    // 8 ether at 80% and 12,000 at par against 12,001.
    f.set_price("ETH", price(350));
    let before = f.vault().get_margin_ratio(&carol.address);
    assert!(before < 12_000, "{before}");
    let report = deleverage(f, &carol).ok();
    assert!((15_000..=15_002).contains(&report.health_after), "{report:?}");
    assert!(report.repaid_from_deposits > 0);
}

fn a_position_is_reduced_when_there_is_no_money(f: &Fixture) {
    let dave = f.funded(f.smart_account("dave"), &[usdc(1_000)]);
    dave.deposit(usdc(1_000)).ok();
    dave.trade(Order::market(BTC_USD, milli_base(50)).at(price(50_050))).ok();
    let before = f.vault().get_margin_ratio(&dave.address);
    f.set_price("BTC", price(34_500));
    let fallen = f.vault().get_margin_ratio(&dave.address);
    assert!(fallen < 12_000 && fallen < before, "{fallen}");
    let report = deleverage(f, &dave).ok();
    assert!(report.reduced > 0 && report.health_after > report.health_before, "{report:?}");
    let left = f.clearing().position(&dave.address, &f.symbol(BTC_USD)).map_or(0, |position| position.size);
    assert!(left < milli_base(50));
}

fn a_healthy_account_cannot_be_deleveraged(f: &Fixture) {
    let erin = indebted(f, "erin");
    deleverage(f, &erin).fails(AccountError::NothingToDeleverage);
}

fn what_collateral_cannot_pay_falls_on_reserves_and_suppliers(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10)]);
    bob.deposit(eth(10)).ok();
    bob.borrow(usdc(12_000)).ok();
    let supplied = || f.ledger().asset(f.token(Coin::Usdc)).totals.supplied;
    let (before, insurance) = (supplied(), f.clearing().buckets().insurance);

    // Ten ether are worth 9,000 dollars, and the debt is 12,000.
    f.set_price("ETH", price(900));
    let keeper = f.funded(f.keeper.clone(), &[usdc(12_000)]);
    let done = keeper.liquidate(&bob, usdc(12_000), Coin::Eth, Receive::Tokens).ok();
    assert!(done.repaid < usdc(9_000).units, "all the collateral went, with a bonus: {done:?}");
    let left = f.ledger().account(&bob.address);
    assert!(left.deposits.is_empty() && left.debts.is_empty(), "nothing is owed by somebody who has nothing");
    let lost = before - supplied();
    let uncovered = usdc(12_000).units - done.repaid;
    assert!(
        lost > 0 && lost <= uncovered,
        "suppliers lose what reserves do not cover: {lost} of {uncovered}"
    );
    assert_eq!(f.clearing().buckets().insurance, insurance, "insurance is for perpetuals");
}
