//! What is signed: everything is recognised completely, or refused.

use super::{approve_call, of_each_tier, LITTLE};
use margin_interface::AccountError::{ExcessiveLeverage, OperationNotAllowed};
use margin_interface::AccountType;
use margin_tests::auth::{to_scval, Invocation};
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{milli_base, price, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::outer;
use margin_tests::refusal::assert_refused;
use soroban_sdk::xdr::{
    ContractExecutable, ContractExecutableExternalRef, ContractIdPreimage, ContractIdPreimageFromAddress,
    CreateContractArgsV2, Hash, ScString, ScVal, SorobanAuthorizedFunction, SorobanAuthorizedInvocation,
    Uint256,
};
use soroban_sdk::{IntoVal, Val, Vec as HostVec};

crate::in_both_modes!(
    p08_what_is_unknown_is_refused,
    p10_contexts_are_summed,
    p10_what_may_never_happen_buys_no_room,
    p11_entries_of_one_transaction_are_summed,
    p12_no_other_way_to_move_a_balance,
    p13_arguments_are_checked_by_place_and_type,
    p14_amounts_are_positive,
    p21_no_contract_is_created_in_any_shape,
    p26_the_policy_reads_no_contract_that_is_executing,
);

fn p08_what_is_unknown_is_refused(f: &Fixture) {
    for account in of_each_tier(f) {
        let me = &account.address;
        let contracts = f.contracts();
        let env = &f.env;
        let unknown = [
            Invocation::new(&contracts.vault, "flash_loan", (me, 1i128).into_val(env)),
            Invocation::new(&contracts.clearing, "drain", (me,).into_val(env)),
            Invocation::new(&contracts.clearing, "open_market", (me,).into_val(env)),
            // The account's own business goes through the account, the ledger's through the account's functions.
            Invocation::new(
                &contracts.ledger,
                "grant",
                (me, &f.lender.address, 63u32, u64::MAX).into_val(env),
            ),
            Invocation::new(&contracts.ledger, "revoke_all", (me,).into_val(env)),
            // Not even in the disguise of a token.
            Invocation::new(&contracts.ledger, "transfer", (me, &f.lender.address, 1i128).into_val(env)),
            Invocation::new(&contracts.factory, "transfer", (me, &f.lender.address, 1i128).into_val(env)),
            Invocation::new(&contracts.oracle, "halt", (me, 1u32).into_val(env)),
            Invocation::new(&contracts.factory, "drain", (me,).into_val(env)),
            // A contract that nobody allowed.
            Invocation::new(&f.env.register(outer::Outer, ()), "all", (me,).into_val(env)),
        ];
        for call in unknown {
            let function = call.function.clone();
            let failure =
                assert_refused(account.borrow(LITTLE).also_signing(call), &account, OperationNotAllowed);
            assert!(failure.refused_by.is_some(), "{function}");
        }
        // Whoever trades for a Basic or Pro account does not administer it.
        if f.account(&account).account_type() != AccountType::Institutional {
            let unasked = Invocation::new(me, "unfreeze", (me,).into_val(env));
            assert_refused(account.borrow(LITTLE).also_signing(unasked), &account, OperationNotAllowed);
        }
        let limits = (me, margin_interface::Limits::NONE).into_val(env);
        assert_refused(
            account.calls::<()>(&contracts.ledger, "set_limits", limits),
            &account,
            OperationNotAllowed,
        );
    }
}

/// Each is within 3x, both together are not; the second need not even be executed.
fn p10_contexts_are_summed(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(5_000)]);
    alice.deposit(usdc(1_000)).ok();
    let half = Coin::Eth.milli(200);
    let order = || alice.trade_call(Order::market(BTC_USD, milli_base(40)).at(price(50_100)));
    assert_refused(alice.borrow(half).also_signing(alice.borrow_call(half)), &alice, ExcessiveLeverage);
    let hidden = alice.borrow(half).also_signing(order());
    assert_refused(hidden, &alice, ExcessiveLeverage);
    // Deep in the tree, where it is as good as invisible.
    let deep = alice.deposit_call(&alice, usdc(1)).with(order().with(alice.borrow_call(half)));
    assert_refused(
        alice.deposit(usdc(1)).also_signing(alice.borrow_call(half)).also_signing(deep),
        &alice,
        ExcessiveLeverage,
    );
    alice.borrow(half).ok();
}

/// The host shows the account every node of the signed tree, executed or not.
fn p10_what_may_never_happen_buys_no_room(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(5_000)]);
    alice.deposit(usdc(1_000)).ok();
    let too_much = Coin::Eth.milli(400);
    let promises = [
        alice.deposit_call(&alice, usdc(1_000_000)),
        alice.open_call(BTC_USD, true, usdc(4_000), 100),
        alice.trade_call(Order::market(BTC_USD, -milli_base(100)).reducing()),
        alice.transfer_call(&alice.address, usdc(1_000_000)),
    ];
    for promise in promises {
        let promised = alice.borrow(too_much).also_signing(promise);
        assert_refused(promised, &alice, ExcessiveLeverage);
    }
}

/// Two entries of one account in one transaction are two authentications; the second sees what the first has done.
fn p11_entries_of_one_transaction_are_summed(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(5_000)]);
    alice.deposit(usdc(1_000)).ok();
    let call = alice.borrow_call(Coin::Eth.milli(200));
    let twice = |calls: &[Invocation]| {
        let mut tx = outer::all(&f.world, calls);
        for call in calls {
            tx = tx.consent(&alice, call.tree(&f.env));
        }
        tx
    };
    assert_refused(twice(&[call.clone(), call]), &alice, ExcessiveLeverage);
    let less = alice.borrow_call(Coin::Eth.milli(150));
    twice(&[less.clone(), less]).ok();
    assert_eq!(f.balance(Coin::Eth, &alice.address), Coin::Eth.milli(300).units);
}

fn p12_no_other_way_to_move_a_balance(f: &Fixture) {
    for account in of_each_tier(f) {
        let (me, thief) = (&account.address, &f.lender.address);
        let token = f.token(Coin::Usdt);
        let env = &f.env;
        let ways: [(&str, HostVec<Val>); 8] = [
            ("transfer_from", (me, thief, thief, 5i128).into_val(env)),
            ("transfer_from", (me, me, thief, 5i128).into_val(env)),
            ("burn_from", (me, thief, 5i128).into_val(env)),
            ("increase_allowance", (me, thief, 5i128).into_val(env)),
            ("mint", (me, 5i128).into_val(env)),
            ("set_admin", (me,).into_val(env)),
            ("transfer", (thief, me, 5i128).into_val(env)),
            ("clawback", (me, 5i128).into_val(env)),
        ];
        for (function, args) in ways {
            let hidden = Invocation::new(token, function, args);
            assert_refused(account.borrow(LITTLE).also_signing(hidden), &account, OperationNotAllowed);
        }
        // What owners may do, they may do in its exact shape.
        account.pay(thief, usdc(1)).ok();
        account.submits::<()>(approve_call(f, &account, &f.lender, usdc(1))).ok();
    }
}

/// An argument that stands where another is expected would be priced as the other.
fn p13_arguments_are_checked_by_place_and_type(f: &Fixture) {
    for account in of_each_tier(f) {
        let env = &f.env;
        let me = &account.address;
        let (eth, thief) = (f.token(Coin::Eth), &f.lender.address);
        let (vault, clearing, token) = (&f.contracts().vault, &f.contracts().clearing, f.token(Coin::Usdc));
        let market = f.symbol(BTC_USD);
        let wrong = [
            Invocation::new(vault, "borrow", (me, eth).into_val(env)),
            Invocation::new(vault, "borrow", (me, eth, 1i128, 1i128).into_val(env)),
            Invocation::new(vault, "borrow", (me, eth, 1u64).into_val(env)),
            Invocation::new(vault, "borrow", (me, 1i128, eth).into_val(env)),
            Invocation::new(vault, "borrow", (thief, eth, 1i128).into_val(env)),
            Invocation::new(vault, "withdraw", (me, eth, 1i128).into_val(env)),
            Invocation::new(vault, "withdraw", (me, eth, thief, 1i128).into_val(env)),
            Invocation::new(clearing, "trade", (me, market.clone(), 1i128, 1i128, 1u32, 0u64).into_val(env)),
            Invocation::new(clearing, "borrow", (me, eth, 1i128).into_val(env)),
            // Where the policy itself has no use for the value.
            Invocation::new(clearing, "trade", (me, market.clone(), 1i128, 1i128, true, 0u32).into_val(env)),
            Invocation::new(clearing, "close_position", (me, market.clone(), 1u32, 0u64).into_val(env)),
            Invocation::new(clearing, "remove_liquidity", (me, 1i128, 1u64).into_val(env)),
            // A function of the account itself, about somebody else.
            Invocation::new(me, "freeze", (thief,).into_val(env)),
            Invocation::new(me, "unfreeze", (thief, 0u32).into_val(env)),
            Invocation::new(token, "transfer", (me, thief).into_val(env)),
            Invocation::new(token, "transfer", (me, 1i128, thief).into_val(env)),
            Invocation::new(token, "transfer", (me, thief, 1i128, 1i128).into_val(env)),
            Invocation::new(token, "approve", (me, thief, 1i128).into_val(env)),
            Invocation::new(token, "burn", (me, thief, 1i128).into_val(env)),
        ];
        for call in wrong {
            let shown = format!("{}{:?}", call.function, to_scval(env, call.args.clone()));
            let failure = account.borrow(LITTLE).also_signing(call).changes_nothing();
            let code = soroban_sdk::xdr::ScError::Contract(OperationNotAllowed as u32);
            assert_eq!(failure.refused_by.map(|(_, code)| code), Some(code), "{shown}");
        }
    }
}

/// A negative amount would give back what a limit has counted.
fn p14_amounts_are_positive(f: &Fixture) {
    for account in of_each_tier(f) {
        for units in [0, -1, i128::MIN] {
            let amount = Coin::Eth.units(units);
            assert_refused(account.borrow(amount), &account, OperationNotAllowed);
            assert_refused(account.withdraw(amount), &account, OperationNotAllowed);
            let hidden = account.borrow(LITTLE).also_signing(account.deposit_call(&account, amount));
            assert_refused(hidden, &account, OperationNotAllowed);
        }
        // A margin below zero would take away what the entry is worth; a price or a share below zero means nothing.
        for units in [0, -1, i128::MIN] {
            let env = &f.env;
            let (me, clearing, market) = (&account.address, &f.contracts().clearing, f.symbol(BTC_USD));
            let open = (me, market.clone(), true, units, 200u32, 0i128, 0u64).into_val(env);
            let trade = (me, market, 1i128, units, true, 0u64).into_val(env);
            let leave = (me, units, 0i128).into_val(env);
            for (function, args) in [("open_position", open), ("trade", trade), ("remove_liquidity", leave)] {
                let hidden = Invocation::new(clearing, function, args);
                assert_refused(account.borrow(LITTLE).also_signing(hidden), &account, OperationNotAllowed);
            }
        }
        let negative =
            account.borrow(LITTLE).also_signing(account.transfer_call(&f.lender.address, usdc(-1)));
        assert_refused(negative, &account, OperationNotAllowed);
        // The other end: no sum overflows into something small.
        let most = Coin::Eth.units(i128::MAX);
        let two = account.borrow(most).also_signing(account.borrow_call(most)).changes_nothing();
        assert!(two.refused_by.is_some(), "{two}");
    }
}

fn p21_no_contract_is_created_in_any_shape(f: &Fixture) {
    for account in of_each_tier(f) {
        let from_account = ContractIdPreimage::Address(ContractIdPreimageFromAddress {
            address: account.address.clone().into(),
            salt: Uint256([1; 32]),
        });
        let executables = [
            ContractExecutable::Wasm(Hash([2; 32])),
            ContractExecutable::ExternalRef(ContractExecutableExternalRef {
                executable_owner: account.address.clone().into(),
                tag: ScString("wasm".try_into().expect("a short name")),
            }),
        ];
        for executable in executables {
            // Without arguments the account sees `CreateContractHostFn`, with them `CreateContractWithCtorHostFn`.
            for constructor_args in [vec![], vec![ScVal::U32(1)]] {
                let function = SorobanAuthorizedFunction::CreateContractV2HostFn(CreateContractArgsV2 {
                    contract_id_preimage: from_account.clone(),
                    executable: executable.clone(),
                    constructor_args: constructor_args.try_into().expect("few arguments"),
                });
                let creation = SorobanAuthorizedInvocation { function, sub_invocations: Default::default() };
                let smuggled = account.borrow(LITTLE).also_signing_tree(creation);
                assert_refused(smuggled, &account, OperationNotAllowed);
            }
        }
    }
}

/// The host refuses a call into whatever is on the stack, and an account that tried would refuse everything. The venue is
/// on the stack here, then an outer contract besides, then the account itself.
fn p26_the_policy_reads_no_contract_that_is_executing(f: &Fixture) {
    for account in of_each_tier(f) {
        account.borrow(LITTLE).ok();
        account.trade(Order::market(BTC_USD, milli_base(1)).at(price(50_100))).ok();
        let calls = [account.borrow_call(LITTLE), account.withdraw_call(&account.address, usdc(1))];
        let mut tx = outer::all(&f.world, &calls);
        for call in &calls {
            tx = tx.consent(&account, call.tree(&f.env));
        }
        tx.ok();
    }
}
