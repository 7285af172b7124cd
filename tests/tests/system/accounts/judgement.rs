//! What an account decides by, when it cannot know, and when the world moved after it was signed.

use super::{furnished, of_each_tier, LITTLE};
use margin_interface::AccountError::{
    Cooldown, ExcessiveLeverage, InsufficientSignatures, NothingToDeleverage, StalePrice,
};
use margin_interface::{ClearingError, DeleverageReport, HaltScope};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::refusal::assert_refused;
use margin_tests::tx::Tx;
use soroban_sdk::{IntoVal, Vec as HostVec};

crate::in_both_modes!(
    p02_more_signatures_than_needed_change_nothing,
    p25_what_cannot_be_read_is_refused,
    p27_an_entry_is_judged_by_the_state_it_meets,
    p27_a_trade_names_its_price,
    p33_what_a_refused_call_would_have_done_is_undone,
    p37_a_healthy_account_is_left_alone,
    p37_nobody_gains_by_deleveraging_again_and_again,
    p37_it_reduces_and_never_turns_round,
    p37_a_keeper_earns_a_small_reward_and_no_more,
    p37_a_keeper_cannot_waste_the_accounts_turn,
    p38_deleverage_works_while_frozen,
    p38_money_without_debt_leaves_without_a_price,
);

fn deleverage(f: &Fixture, account: &Actor) -> Tx<DeleverageReport> {
    Tx::new(&f.world, Invocation::new(&account.address, "auto_deleverage", HostVec::new(&f.env)))
}

fn p02_more_signatures_than_needed_change_nothing(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 5));
    for n in 3..=5 {
        bank.borrow(LITTLE).signed_with(&bank.signers()[..n]).ok();
        // Every limit is the same for all of them.
        let much = bank.borrow(usdt(300_000)).signed_with(&bank.signers()[..n]);
        let code = if n < 5 { InsufficientSignatures } else { ExcessiveLeverage };
        assert_refused(much, &bank, code);
    }
}

/// An account that goes on when it cannot read goes on when somebody breaks what it reads.
fn p25_what_cannot_be_read_is_refused(f: &Fixture) {
    let accounts = of_each_tier(f);
    for account in &accounts {
        account.borrow(usdt(10)).ok();
    }
    let halt = (&f.guardian.address, HaltScope::All).into_val(&f.env);
    f.guardian.calls::<()>(&f.contracts().oracle, "halt", halt).ok();
    for account in &accounts {
        assert_refused(account.borrow(LITTLE), account, StalePrice);
        assert_refused(account.withdraw(usdc(1)), account, StalePrice);
        let trade = account.trade(Order::market(BTC_USD, milli_base(1)).at(price(51_000)));
        assert_refused(trade, account, StalePrice);
        account.repay(usdt(10)).ok();
        account.deposit(usdc(10)).ok();
    }
}

/// Signed when it was prudent, executed when it no longer is.
fn p27_an_entry_is_judged_by_the_state_it_meets(f: &Fixture) {
    for account in [f.smart_account("basil"), f.pro_account("petra"), f.institution("inge", 3)] {
        f.set_price("ETH", price(2_000));
        let account = f.funded(account, &[eth(10)]);
        account.deposit(eth(10)).ok();
        f.administer::<()>(
            &account,
            "update_params",
            (Some(200u32), None::<u32>, None::<i128>, None::<i128>),
        )
        .ok();
        let signed = account.borrow(usdc(12_000));
        let entries = signed.entries();
        f.set_price("ETH", price(1_700));
        let before = f.everything();
        let failure = signed.submit_with(&entries).expect_err("12,000 against 5,000");
        let code = soroban_sdk::xdr::ScError::Contract(ExcessiveLeverage as u32);
        assert_eq!(failure.refused_by.as_ref().map(|(_, code)| code.clone()), Some(code), "{failure}");
        assert!(before == f.everything());
        f.set_price("ETH", price(2_000));
        signed.submit_with(&entries).unwrap_or_else(|failure| panic!("{failure}"));
    }
}

fn p27_a_trade_names_its_price(f: &Fixture) {
    let bull = f.funded(f.key_account("bull"), &[usdc(100_000)]);
    bull.deposit(usdc(100_000)).ok();
    for account in of_each_tier(f) {
        let size = milli_base(10);
        let quoted = f.clearing().quote_trade(&f.symbol(BTC_USD), &size).price;
        let signed = account.trade(Order::market(BTC_USD, size).at(quoted + price(5)));
        let entries = signed.entries();
        bull.trade(Order::market(BTC_USD, milli_base(800))).ok();
        let before = f.everything();
        let failure = signed.submit_with(&entries).expect_err("the price has moved on");
        assert_eq!(failure.code, Some(ClearingError::SlippageExceeded as u32), "{failure}");
        assert!(before == f.everything());
        bull.trade(Order::market(BTC_USD, -milli_base(800))).ok();
    }
}

/// The counter, the audit trail and the venue share one fate.
fn p33_what_a_refused_call_would_have_done_is_undone(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 3));
    let agent = f.session(&bank, "agent", |_| ());
    let head = f.institutional(&bank).audit_head();
    let left = || f.pro(&bank).get_session_keys().first().expect("a session").left_today;
    let unlucky = agent.trade(Order::market(BTC_USD, milli_base(10)).at(price(49_000)));
    assert_eq!(unlucky.changes_nothing().refused_by, None);
    assert_eq!(f.institutional(&bank).audit_head(), head);
    assert_eq!(left(), usd(2_000));
    agent.trade(Order::market(BTC_USD, milli_base(10)).at(price(51_000))).ok();
    assert_eq!(f.institutional(&bank).audit_head().seq, head.seq + 1);
    assert!(left() < usd(1_600));
}

/// Ten ether deposited, 12,000 USDC borrowed: a health of 1.33.
fn indebted(f: &Fixture, account: Actor) -> Actor {
    let account = f.funded(account, &[eth(10)]);
    account.deposit(eth(10)).ok();
    account.borrow(usdc(12_000)).ok();
    account
}

fn p37_a_healthy_account_is_left_alone(f: &Fixture) {
    for account in [f.smart_account("basil"), f.pro_account("petra"), f.institution("inge", 3)] {
        f.set_price("ETH", price(2_000));
        let account = indebted(f, account);
        deleverage(f, &account).fails(NothingToDeleverage);
        // At the threshold itself, and a dollar below: 1,800 * 10 * 0.8 = 14,400 = 1.2 * 12,000.
        f.set_price("ETH", price(1_801));
        deleverage(f, &account).fails(NothingToDeleverage);
        f.set_price("ETH", price(1_798));
        let report = deleverage(f, &account).ok();
        assert!(report.health_before < 12_000 && report.health_after >= 15_000, "{report:?}");
        assert!(report.health_after <= 15_002, "and no further: {report:?}");
    }
}

fn p37_nobody_gains_by_deleveraging_again_and_again(f: &Fixture) {
    let account = indebted(f, f.pro_account("petra"));
    let equity = || f.ledger().summary(&account.address).equity;
    f.set_price("ETH", price(1_750));
    let (keeper, before) = (f.balance(Coin::Usdc, &f.keeper.address), equity());
    deleverage(f, &account).ok();
    assert_eq!(f.balance(Coin::Usdc, &f.keeper.address), keeper, "steps 1 to 3 pay nobody");
    // What was in the wallet is now less debt: nothing is lost.
    assert!(equity() > before);
    f.set_price("ETH", price(1_200));
    if f.vault().get_margin_ratio(&account.address) < 12_000 {
        deleverage(f, &account).fails(Cooldown);
        f.pass(54);
        deleverage(f, &account).fails(Cooldown);
        f.pass(1);
        deleverage(f, &account).ok();
    } else {
        panic!("the fall should call for another one");
    }
}

/// Both sides: a long shrinks by sales, a short by purchases, and neither becomes the other.
fn p37_it_reduces_and_never_turns_round(f: &Fixture) {
    for (name, size, falls_to) in [("long", milli_base(50), 34_500), ("short", -milli_base(50), 66_000)] {
        f.set_price("BTC", price(50_000));
        let account = f.funded(f.smart_account(name), &[usdc(1_000)]);
        account.deposit(usdc(1_000)).ok();
        let limit = if size > 0 { price(50_050) } else { price(49_950) };
        account.trade(Order::market(BTC_USD, size).at(limit)).ok();
        f.set_price("BTC", price(falls_to));
        let held = || f.clearing().position(&account.address, &f.symbol(BTC_USD)).map_or(0, |held| held.size);
        let before = f.vault().get_margin_ratio(&account.address);
        assert!(before < 12_000, "{name}: {before}");
        let report = deleverage(f, &account).ok();
        assert!(report.reduced > 0 && report.health_after > report.health_before, "{report:?}");
        assert!(held().abs() < size.abs() && held() * size >= 0, "{name}: {}", held());
    }
}

/// `auto_deleverage_with` and the tree that the keeper signs.
fn deleverage_with(f: &Fixture, account: &Actor, max_repay: i128) -> Tx<DeleverageReport> {
    let (env, keeper) = (&f.env, &f.keeper);
    let (debt, collateral) = (f.token(Coin::Usdc), f.token(Coin::Eth));
    let vault = &f.contracts().vault;
    let swap = (&keeper.address, &account.address, debt, collateral, max_repay).into_val(env);
    let args = (&keeper.address, debt, collateral, max_repay).into_val(env);
    keeper.submits(
        Invocation::new(&account.address, "auto_deleverage_with", args).with(
            Invocation::new(vault, "deleverage", swap)
                .with(keeper.transfer_call(vault, Coin::Usdc.units(max_repay))),
        ),
    )
}

/// The account has spent what it borrowed: only its collateral is left.
fn penniless(f: &Fixture, account: Actor) -> Actor {
    let account = indebted(f, account);
    account.pay(&f.lender.address, usdc(12_000)).ok();
    f.set_price("ETH", price(1_750));
    account
}

fn p37_a_keeper_earns_a_small_reward_and_no_more(f: &Fixture) {
    f.fund(&f.keeper, usdc(100_000));
    for account in [f.smart_account("basil"), f.pro_account("petra"), f.institution("inge", 3)] {
        f.set_price("ETH", price(2_000));
        let account = penniless(f, account);
        deleverage(f, &account).fails(NothingToDeleverage);
        let (money, ether) =
            (f.balance(Coin::Usdc, &f.keeper.address), f.balance(Coin::Eth, &f.keeper.address));
        let equity = f.ledger().summary(&account.address).equity;
        let report = deleverage_with(f, &account, usdc(12_000).units).ok();
        let paid = money - f.balance(Coin::Usdc, &f.keeper.address);
        let got = (f.balance(Coin::Eth, &f.keeper.address) - ether) / 10_000_000 * 1_750 / 10_000;
        assert!(report.health_after >= 15_000 && report.health_after <= 15_010, "{report:?}");
        assert!(paid > 0 && paid < usdc(12_000).units, "what was not needed came back");
        // Half a percent, of what the collateral is worth.
        assert!(got > paid && (got - paid) * 1_000 <= paid * 6, "paid {paid}, got {got}");
        let lost = equity - f.ledger().summary(&account.address).equity;
        assert!(lost * 1_000 <= paid * 6, "the account lost {lost} of {paid}");
        deleverage_with(f, &account, usdc(12_000).units).fails(NothingToDeleverage);
    }
}

/// A step that does nothing worth while must not keep the next one waiting.
fn p37_a_keeper_cannot_waste_the_accounts_turn(f: &Fixture) {
    f.fund(&f.keeper, usdc(100_000));
    let account = penniless(f, f.pro_account("petra"));
    for dust in [1, 1_000_000, usdc(9).units] {
        deleverage_with(f, &account, dust).fails(NothingToDeleverage);
    }
    deleverage_with(f, &account, usdc(12_000).units).ok();
}

fn p38_deleverage_works_while_frozen(f: &Fixture) {
    for account in [f.smart_account("basil"), f.pro_account("petra"), f.institution("inge", 3)] {
        f.set_price("ETH", price(2_000));
        let account = indebted(f, account);
        f.by_itself(&account, "freeze", ()).ok();
        f.set_price("ETH", price(1_750));
        let report = deleverage(f, &account).ok();
        assert!(report.health_after >= 15_000, "{report:?}");
    }
}

fn p38_money_without_debt_leaves_without_a_price(f: &Fixture) {
    for account in of_each_tier(f) {
        let halt = (&f.guardian.address, HaltScope::All).into_val(&f.env);
        let _ = f.guardian.calls::<()>(&f.contracts().oracle, "halt", halt).submit();
        account.withdraw(usdc(1_000)).ok();
        account.pay(&f.lender.address, usdc(1_000)).ok();
    }
}
