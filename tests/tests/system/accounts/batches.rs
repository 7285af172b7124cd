//! A batch is one context and happens as a whole: inside it, and only there, a credit counts.

use super::LITTLE;
use margin_interface::AccountError::{
    BlacklistedMarket, ExceedsSessionLimit, ExcessiveLeverage, InsufficientSignatures, OperationNotAllowed,
};
use margin_interface::{Action, Market};
use margin_tests::actor::Actor;
use margin_tests::fixture::Fixture;
use margin_tests::money::{eth, usdc, usdt, Coin, Money};
use margin_tests::refusal::assert_refused;

crate::in_both_modes!(
    p10_a_credit_counts_inside_a_batch_and_nowhere_else,
    p12_a_session_batches_what_it_may_do_alone,
    p10_an_institution_adds_up_its_batches,
    p36_a_batch_hides_no_market,
);

fn deposit(f: &Fixture, money: Money) -> Action {
    Action::Deposit(f.token(money.coin).clone(), money.units)
}

fn borrow(f: &Fixture, money: Money) -> Action {
    Action::Borrow(f.token(money.coin).clone(), money.units)
}

fn withdraw(f: &Fixture, money: Money) -> Action {
    Action::Withdraw(f.token(money.coin).clone(), money.units)
}

fn p10_a_credit_counts_inside_a_batch_and_nowhere_else(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(5_000)]);
    alice.deposit(usdc(1_000)).ok();
    // 1,400 against 600: too much of the first thousand, well within two.
    let much = Coin::Eth.milli(700);
    assert_refused(alice.submit(&[borrow(f, much)]), &alice, ExcessiveLeverage);
    assert_refused(
        alice.borrow(much).also_signing(alice.deposit_call(&alice, usdc(1_000))),
        &alice,
        ExcessiveLeverage,
    );
    // A batch that is signed and never sent is a promise like any other.
    let promise = alice.submit_call(&alice, &[deposit(f, usdc(3_000)), borrow(f, LITTLE)]);
    assert_refused(alice.borrow(much).also_signing(promise), &alice, ExcessiveLeverage);
    // Its end is judged, and the whole of it.
    let more = [deposit(f, usdc(1_000)), borrow(f, much), borrow(f, much)];
    assert_refused(alice.submit(&more), &alice, ExcessiveLeverage);
    alice.submit(&[deposit(f, usdc(1_000)), borrow(f, much)]).ok();
    assert_eq!(f.vault().get_user_leverage(&alice.address), 234, "1,400 / 600, rounded up");
}

fn p12_a_session_batches_what_it_may_do_alone(f: &Fixture) {
    let all = ["submit", "deposit", "borrow", "withdraw"];
    for account in [f.pro_account("petra"), f.institution("inge", 3)] {
        let account = super::furnished(f, account);
        let agent = f.session(&account, "agent", |grant| {
            grant.allowed_ops = soroban_sdk::Vec::from_slice(&f.env, &all.map(|name| f.symbol(name)));
        });
        let lazy = f.session(&account, "lazy agent", |grant| {
            grant.allowed_ops = soroban_sdk::Vec::from_array(&f.env, [f.symbol("borrow")]);
        });
        let careful = f.session(&account, "careful agent", |grant| {
            let names = ["submit", "deposit"].map(|name| f.symbol(name));
            grant.allowed_ops = soroban_sdk::Vec::from_array(&f.env, names);
        });
        let both = [deposit(f, usdc(10)), borrow(f, usdt(400))];
        assert_refused(lazy.submit(&both), &account, OperationNotAllowed);
        assert_refused(careful.submit(&both), &account, OperationNotAllowed);
        careful.submit(&both[..1]).ok();
        agent.submit(&both).ok();
        // The sum of its steps; what is paid in takes nothing off it.
        let steps = [deposit(f, usdc(1_000)), borrow(f, usdt(400)), withdraw(f, usdc(250))];
        assert_refused(agent.submit(&steps), &account, ExceedsSessionLimit);
        f.pass(5);
        agent.submit(&steps).ok();
        // For somebody else it is a payment.
        assert_refused(agent.submit_for(&f.lender, &both[..1]), &account, OperationNotAllowed);
        // And an amount below zero is none.
        for units in [0, -1, i128::MIN] {
            let odd = [borrow(f, usdt(1)), deposit(f, Coin::Usdc.units(units))];
            assert_refused(
                agent.submits::<soroban_sdk::Val>(unpaid(f, &agent, &odd)),
                &account,
                OperationNotAllowed,
            );
            let odd = [borrow(f, Coin::Usdt.units(units))];
            assert_refused(agent.submit(&odd), &account, OperationNotAllowed);
        }
    }
}

/// A batch without the transfers that it pulls.
fn unpaid(f: &Fixture, who: &Actor, requests: &[Action]) -> margin_tests::auth::Invocation {
    use soroban_sdk::IntoVal;
    let requests = soroban_sdk::Vec::from_slice(&f.env, requests);
    let args = (&who.address, &who.address, requests).into_val(&f.env);
    margin_tests::auth::Invocation::new(&f.contracts().vault, "submit", args)
}

fn p10_an_institution_adds_up_its_batches(f: &Fixture) {
    let bank = f.funded(f.institution("bank", 5), &[eth(300)]);
    bank.deposit(eth(250)).ok();
    let three = &bank.signers()[..3];
    let steps = [borrow(f, usdt(60_000)), borrow(f, usdc(30_000)), withdraw(f, eth(6))];
    assert_refused(bank.submit(&steps).signed_with(three), &bank, InsufficientSignatures);
    bank.submit(&steps[..2]).signed_with(three).ok();
    bank.submit(&steps).ok();
}

fn p36_a_batch_hides_no_market(f: &Fixture) {
    let bank = super::furnished(f, f.institution("bank", 3));
    let market = Market::Asset(f.token(Coin::Eth).clone());
    f.administer::<()>(&bank, "blacklist_market", (market,)).ok();
    let hidden = [deposit(f, usdc(10)), borrow(f, usdt(10)), borrow(f, LITTLE)];
    assert_refused(bank.submit(&hidden), &bank, BlacklistedMarket);
    bank.submit(&hidden[..2]).ok();
}
