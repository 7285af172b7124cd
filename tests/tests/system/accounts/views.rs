//! What a wallet may ask before it signs, and that the answer is the decision.

use super::{approve_call, furnished, of_each_tier, LITTLE};
use margin_interface::{AccountType, Call, Proposal};
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt};
use margin_tests::operations::Order;
use margin_tests::prices::MAX_AGE;
use margin_tests::random::Dice;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::xdr::ScError;
use soroban_sdk::{IntoVal, Val, Vec as HostVec};

crate::in_both_modes!(
    p34_can_authorize_says_what_the_account_does,
    p34_required_signatures_are_enough_and_not_one_less,
    p34_an_account_says_what_it_is,
);

/// The contexts of an entry in the host's order: root first, depth first.
fn flat(f: &Fixture, call: &Invocation, into: &mut Vec<Call>) {
    into.push(Call {
        args: call.args.clone(),
        contract: call.contract.clone(),
        fn_name: call.symbol(&f.env),
    });
    for child in &call.children {
        flat(f, child, into);
    }
}

fn proposal(f: &Fixture, call: &Invocation, signers: &[Signer]) -> Proposal {
    let mut calls = Vec::new();
    flat(f, call, &mut calls);
    let signers: Vec<_> = signers.iter().map(|signer| signer.bytes(&f.env)).collect();
    Proposal { calls: HostVec::from_slice(&f.env, &calls), signers: HostVec::from_slice(&f.env, &signers) }
}

/// A call that an account may or may not be permitted.
fn any_call(f: &Fixture, who: &Actor, dice: &mut Dice) -> Invocation {
    let dollars = dice.between(1, 60_000);
    let size = milli_base(dice.between(1, 900));
    let (me, lender) = (&who.address, &f.lender.address);
    match dice.between(0, 15) {
        0 | 1 => who.borrow_call(usdt(dollars)),
        2 => who.borrow_call(f.worth(margin_tests::money::Coin::Eth, dollars)),
        3 => who.withdraw_call(me, usdc(dollars / 10)),
        4 => who.withdraw_call(lender, usdc(dollars / 10)),
        5 => who.deposit_call(who, usdc(1)),
        6 => who.transfer_call(lender, usdc(dollars / 100)),
        7 => approve_call(f, who, &f.lender, usdc(dollars)),
        8 | 9 => who.trade_call(Order::market(BTC_USD, size).at(price(60_000))),
        10 => who.trade_call(Order::market(BTC_USD, -size).reducing()),
        11 => who.open_call(BTC_USD, true, usdc(dollars / 100 + 10), 200),
        12 => Invocation::new(&f.contracts().vault, "flash_loan", (me,).into_val(&f.env)),
        13 => Invocation::new(&f.contracts().ledger, "revoke_all", (me,).into_val(&f.env)),
        14 => who.borrow_call(usdt(dollars)).with(who.borrow_call(LITTLE)),
        _ => who.borrow_call(usdt(dollars)).with(who.transfer_call(lender, usdc(dollars / 100))),
    }
}

fn p34_can_authorize_says_what_the_account_does(f: &Fixture) {
    const CASES: u32 = 60;
    let mut dice = Dice::new(34);
    let mut seen = std::collections::BTreeMap::<u32, u32>::new();
    for account in of_each_tier(f) {
        f.fund(&account, eth(10));
        account.deposit(eth(10)).ok();
        let mut signers = account.signers();
        signers.push(Signer::from(key_of("stranger")));
        if f.account(&account).account_type() != AccountType::Basic {
            let agent = f.session(&account, "agent", |grant| grant.daily_limit = usd(1_500));
            signers.extend(agent.signers());
        }
        for case in 0..CASES {
            if case == CASES - 10 {
                f.advance(MAX_AGE + 60);
            } else {
                f.pass(5);
            }
            if case == CASES - 5 {
                f.by_itself(&account, "freeze", ()).signed_by(&[account.key()]).ok();
            }
            let mut chosen: Vec<Signer> = if dice.chance(60) {
                account.signers()
            } else {
                signers.iter().filter(|_| dice.chance(30)).cloned().collect()
            };
            if !dice.chance(3) {
                chosen.sort_by_key(Signer::public);
            }
            let call = any_call(f, &account, &mut dice);
            let expected = f.account(&account).can_authorize(&proposal(f, &call, &chosen));
            // Children are signed and never executed, unless the venue makes them.
            let tx = Tx::<Val>::new(&f.world, call.clone())
                .consent(&account, call.tree(&f.env))
                .signed_with(&chosen);
            let refused = match tx.submit() {
                Ok(_) => None,
                Err(failure) => failure.refused_by.map(|(_, error)| error),
            };
            let unasked = ["flash_loan", "revoke_all"].contains(&call.function.as_str());
            if !unasked {
                let expected = (expected != 0).then_some(ScError::Contract(expected));
                assert_eq!(refused, expected, "{} of {}, case {case}", call.function, account.name);
            } else {
                assert_ne!(expected, 0);
            }
            *seen.entry(expected).or_default() += 1;
        }
    }
    assert!(seen[&0] > 40 && seen.len() > 7, "a test of one answer tests nothing: {seen:?}");
}

fn p34_required_signatures_are_enough_and_not_one_less(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 5));
    f.fund(&bank, eth(250));
    bank.deposit(eth(250)).ok();
    let needed =
        |operation: &str, amount| f.account(&bank).required_signatures(&f.symbol(operation), &amount);
    assert_eq!(needed("borrow", 0), 3);
    assert_eq!(needed("borrow", usd(100_000)), 3);
    assert_eq!(needed("borrow", usd(100_000) + 1), 5);
    assert_eq!(needed("transfer", i128::MAX), 5);
    assert_eq!(needed("freeze", 0), 1);
    assert_eq!(needed("add_signer", 0), 5);
    for dollars in [1, 99_999, 100_000, 100_001, 120_000] {
        let n = usize::try_from(needed("borrow", usd(dollars))).unwrap();
        let borrow = |n: usize| bank.borrow(usdt(dollars)).signed_with(&bank.signers()[..n]);
        margin_tests::refusal::assert_refused(
            borrow(n - 1),
            &bank,
            margin_interface::AccountError::InsufficientSignatures,
        );
        borrow(n).ok();
        bank.repay(usdt(dollars)).ok();
    }
    for account in [f.smart_account("basil"), f.pro_account("petra")] {
        let needed = |operation: &str| f.account(&account).required_signatures(&f.symbol(operation), &0);
        assert_eq!(needed("borrow"), 1);
        for of_the_owner in ["add_signer", "update_params", "propose_upgrade", "transfer_ownership"] {
            assert_eq!(needed(of_the_owner), 0, "{of_the_owner}: the owner's, not the signers'");
        }
        let accept = || f.administers(&account, &account, "accept_ownership", HostVec::new(&f.env));
        f.administer::<()>(&account, "transfer_ownership", (&f.keeper.address,)).ok();
        assert_eq!(needed("accept_ownership"), 0, "whom it is offered to");
        f.administer::<()>(&account, "transfer_ownership", (&account.address,)).ok();
        accept().unsigned().changes_nothing();
        assert_eq!(needed("accept_ownership"), 1, "the account itself");
        accept().ok();
    }
}

fn p34_an_account_says_what_it_is(f: &Fixture) {
    let tiers = [AccountType::Basic, AccountType::Pro, AccountType::Institutional];
    for (account, tier) in of_each_tier(f).into_iter().zip(tiers) {
        let client = f.account(&account);
        assert!(client.is_smart_account());
        assert_eq!(client.account_type(), tier);
        assert_eq!(f.factory().account_type(&account.address), Some(tier));
        assert_eq!(client.signers(), f.keys(&account.signers()));
        let standing = client.standing();
        assert!(!standing.frozen && standing.allowed.is_empty() && standing.delegates.is_empty());
        assert_eq!((standing.pending_owner, standing.pending_upgrade), (None, None));
        let limits = client.limits();
        let (leverage, exposure) = match tier {
            AccountType::Basic => (300, usd(50_000)),
            _ => (1_000, i128::MAX),
        };
        assert_eq!(
            (limits.max_leverage, limits.market_exposure, limits.min_health),
            (leverage, exposure, 12_000)
        );
    }
}
