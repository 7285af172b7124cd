//! What an account's own policy lets through. The owner of each account set the limits; the venues are called directly.

use margin_interface::AccountError::{
    ExcessiveLeverage, InsufficientHealth, MarketConcentration, OperationNotAllowed, StalePrice,
    TotalBorrowExceeded,
};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, usd, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::prices::MAX_AGE;
use margin_tests::refusal::assert_refused;
use soroban_sdk::xdr::{
    ContractExecutable, ContractIdPreimage, ContractIdPreimageFromAddress, CreateContractArgsV2, Hash, ScVal,
    SorobanAuthorizedFunction, SorobanAuthorizedInvocation, Uint256,
};
use soroban_sdk::IntoVal;

crate::in_both_modes!(
    borrows_inside_three_times_and_not_beyond,
    opens_inside_three_times_and_not_beyond,
    trades_inside_three_times_and_not_beyond,
    a_key_account_has_no_policy_but_the_ledgers,
    withdraws_as_long_as_the_rest_suffices,
    health_has_a_floor,
    the_owner_limits_total_borrowing,
    the_owner_limits_one_market,
    two_that_fit_alone_do_not_fit_together,
    a_signed_deposit_that_never_happens_buys_nothing,
    an_unknown_function_is_refused,
    the_ledger_is_not_an_accounts_business,
    no_contract_is_created,
    another_accounts_business_is_refused,
    a_stale_price_stops_borrowing_and_not_repaying,
);

/// A Basic account with 1,000 USDC deposited.
fn alice(f: &Fixture) -> Actor {
    let alice = f.funded(f.smart_account("alice"), &[usdc(5_000)]);
    alice.deposit(usdc(1_000)).ok();
    alice
}

fn borrows_inside_three_times_and_not_beyond(f: &Fixture) {
    let alice = alice(f);
    // Of 1,000 dollars, debts of 750 leave 250: exactly three times.
    alice.borrow(Coin::Eth.milli(370)).ok();
    assert_eq!(f.balance(Coin::Eth, &alice.address), Coin::Eth.milli(370).units);
    assert_eq!(f.vault().get_user_leverage(&alice.address), 285, "740 / 260");

    assert_refused(alice.borrow(Coin::Eth.milli(10)), &alice, ExcessiveLeverage);

    alice.borrow(Coin::Eth.milli(4)).ok();
    assert_eq!(f.vault().get_user_leverage(&alice.address), 297, "748 / 252");
}

fn opens_inside_three_times_and_not_beyond(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(2_000)]);
    assert_refused(alice.open_position(BTC_USD, true, usdc(1_000), 310), &alice, ExcessiveLeverage);
    assert_refused(alice.open_position(BTC_USD, false, usdc(1_000), 310), &alice, ExcessiveLeverage);

    let fill = alice.open_position(BTC_USD, true, usdc(1_000), 290).ok();
    assert!(fill.size_delta > 0 && fill.fee > 0);
    assert!(f.vault().get_user_leverage(&alice.address) <= 300);
    assert_eq!(f.balance(Coin::Usdc, &alice.address), usdc(1_000).units, "the margin came from the wallet");
}

fn trades_inside_three_times_and_not_beyond(f: &Fixture) {
    let alice = alice(f);
    let limit = margin_tests::money::price(50_100);
    assert_refused(alice.trade(Order::market(BTC_USD, milli_base(62)).at(limit)), &alice, ExcessiveLeverage);
    alice.trade(Order::market(BTC_USD, milli_base(50)).at(limit)).ok();
    assert_refused(alice.trade(Order::market(BTC_USD, milli_base(12)).at(limit)), &alice, ExcessiveLeverage);
    alice.trade(Order::market(BTC_USD, -milli_base(20)).reducing()).ok();
}

fn a_key_account_has_no_policy_but_the_ledgers(f: &Fixture) {
    let karl = f.funded(f.key_account("karl"), &[usdc(2_000)]);
    karl.open_position(BTC_USD, true, usdc(1_000), 500).ok();
    let bold = f.funded(f.key_account("bold"), &[usdc(1_000)]);
    bold.open_position(BTC_USD, true, usdc(1_000), 1_500)
        .fails(margin_interface::LedgerError::InsufficientMargin);
}

fn withdraws_as_long_as_the_rest_suffices(f: &Fixture) {
    let alice = alice(f);
    alice.borrow(Coin::Eth.milli(250)).ok();
    assert_refused(alice.withdraw(usdc(400)), &alice, ExcessiveLeverage);
    alice.withdraw(usdc(300)).ok();
}

fn health_has_a_floor(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[eth(1)]);
    alice.deposit(eth(1)).ok();
    // 2,000 dollars of ether support 1,600: debts of 1,400 are 2.3 times, and a health of 1.14.
    assert_refused(alice.borrow(usdc(1_400)), &alice, InsufficientHealth);
    alice.borrow(usdc(1_200)).ok();
}

fn the_owner_limits_total_borrowing(f: &Fixture) {
    let alice = alice(f);
    f.update_limits(&alice, None, Some(usd(500))).ok();
    assert_refused(alice.borrow(Coin::Eth.milli(300)), &alice, TotalBorrowExceeded);
    alice.borrow(Coin::Eth.milli(200)).ok();
}

fn the_owner_limits_one_market(f: &Fixture) {
    let alice = alice(f);
    f.update_limits(&alice, Some(usd(500)), None).ok();
    assert_refused(alice.borrow(Coin::Eth.milli(300)), &alice, MarketConcentration);
    alice.borrow(Coin::Eth.milli(200)).ok();
    alice.borrow(margin_tests::money::usdt(200)).ok();
}

fn two_that_fit_alone_do_not_fit_together(f: &Fixture) {
    let alice = alice(f);
    let half = Coin::Eth.milli(200);
    let both = alice.borrow(half).also_signing(alice.borrow_call(half));
    assert_refused(both, &alice, ExcessiveLeverage);
    alice.borrow(half).ok();
}

fn a_signed_deposit_that_never_happens_buys_nothing(f: &Fixture) {
    let alice = alice(f);
    let too_much = Coin::Eth.milli(400);
    let with_promise = alice.borrow(too_much).also_signing(alice.deposit_call(&alice, usdc(1_000_000)));
    assert_refused(with_promise, &alice, ExcessiveLeverage);
}

fn an_unknown_function_is_refused(f: &Fixture) {
    let alice = alice(f);
    let vault = &f.contracts().vault;
    let little = Coin::Eth.milli(1);
    let flash = Invocation::new(vault, "flash_loan", (&alice.address, 1i128).into_val(&f.env));
    assert_refused(alice.borrow(little).also_signing(flash), &alice, OperationNotAllowed);
    let short = Invocation::new(vault, "borrow", (&alice.address,).into_val(&f.env));
    assert_refused(alice.borrow(little).also_signing(short), &alice, OperationNotAllowed);
    // A contract that nobody listed: the oracle, which asks for the signature of whoever halts.
    let halt = alice.calls::<()>(
        &f.contracts().oracle,
        "halt",
        (&alice.address, margin_interface::HaltScope::All).into_val(&f.env),
    );
    halt.changes_nothing();
    assert_refused(f.knocks_at(&alice), &alice, OperationNotAllowed);
}

fn the_ledger_is_not_an_accounts_business(f: &Fixture) {
    let alice = alice(f);
    let args = (&alice.address, margin_interface::Limits::NONE).into_val(&f.env);
    let lifted = alice.calls::<()>(&f.contracts().ledger, "set_limits", args);
    assert_refused(lifted, &alice, OperationNotAllowed);
}

fn no_contract_is_created(f: &Fixture) {
    let alice = alice(f);
    let preimage = ContractIdPreimage::Address(ContractIdPreimageFromAddress {
        address: alice.address.clone().into(),
        salt: Uint256([1; 32]),
    });
    let executable = ContractExecutable::Wasm(Hash([2; 32]));
    let with = |constructor_args: Vec<ScVal>| {
        SorobanAuthorizedFunction::CreateContractV2HostFn(CreateContractArgsV2 {
            contract_id_preimage: preimage.clone(),
            executable: executable.clone(),
            constructor_args: constructor_args.try_into().expect("few arguments"),
        })
    };
    // Without arguments the account sees `CreateContractHostFn`, with them `CreateContractWithCtorHostFn`.
    for function in [with(vec![]), with(vec![ScVal::U32(1)])] {
        let creation = SorobanAuthorizedInvocation { function, sub_invocations: Default::default() };
        let smuggled = alice.borrow(Coin::Eth.milli(1)).also_signing_tree(creation);
        assert_refused(smuggled, &alice, OperationNotAllowed);
    }
}

fn another_accounts_business_is_refused(f: &Fixture) {
    let alice = alice(f);
    let bob = f.smart_account("bob");
    let little = Coin::Eth.milli(1);
    assert_refused(alice.borrow(little).also_signing(bob.borrow_call(little)), &alice, OperationNotAllowed);
}

fn a_stale_price_stops_borrowing_and_not_repaying(f: &Fixture) {
    let alice = alice(f);
    alice.borrow(Coin::Eth.milli(100)).ok();
    f.advance(MAX_AGE + 60);
    assert_refused(alice.borrow(Coin::Eth.milli(1)), &alice, StalePrice);
    assert_refused(alice.open_position(BTC_USD, true, usdc(1_000), 200), &alice, StalePrice);

    let repaid = alice.repay(Coin::Eth.milli(50)).ok();
    assert_eq!(repaid, Coin::Eth.milli(50).units);
    alice.deposit(usdc(10)).ok();
}
