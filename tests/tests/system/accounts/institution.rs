//! M of N signatures by amount, and how they change.

use super::{approve_call, LITTLE};
use margin_interface::AccountError::{
    Frozen, InsufficientSignatures, InvalidConfig, Lapsed, NothingPending, OperationNotAllowed, StalePrice,
    TooEarly, UnauthorizedSigner,
};
use margin_interface::{AmountTier, MultisigConfig, Proposer};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::prices::MAX_AGE;
use margin_tests::refusal::assert_refused;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::{Bytes, IntoVal, Vec as HostVec};

crate::in_both_modes!(
    three_of_five_trade_and_all_five_move_much,
    p10_amounts_of_an_entry_are_summed,
    p10_a_large_amount_is_large_in_parts_as_well,
    p10_a_reduction_is_worth_what_it_may_lose,
    p10_other_amounts_forget_nothing,
    p15_what_has_no_price_needs_everybody,
    p22_nobody_locks_the_account,
    p22_one_who_refuses_is_replaced_by_the_others,
    p22_a_stolen_key_is_replaced_as_operations_say,
    p22_guardians_and_signers_announce_apart,
    p23_there_is_always_a_signer_and_the_owner_alone_is_nobody,
    p24_an_institution_is_bounded,
    p28_a_new_configuration_voids_what_was_signed_before,
    p30_a_configuration_waits,
    p38_reductions_need_no_price,
    guardians_recover_late_and_signers_veto,
);

/// 3 of 5, all five above $100,000; half a million dollars of ether deposited.
fn bank(f: &Fixture) -> Actor {
    let bank = f.funded(f.institution("bank", 5), &[usdc(25_000), eth(250)]);
    bank.deposit(usdc(20_000)).ok();
    bank.deposit(eth(250)).ok();
    bank
}

/// The first `n` keys sign.
fn by<T>(tx: Tx<T>, bank: &Actor, n: usize) -> Tx<T>
where
    T: soroban_sdk::TryFromVal<soroban_sdk::Env, soroban_sdk::Val>,
{
    tx.signed_with(&bank.signers()[..n])
}

fn config(f: &Fixture, signers: &[&str], threshold: u32, tiers: &[(i128, u32)]) -> MultisigConfig {
    let signers: Vec<Signer> = signers.iter().map(|name| Signer::from(key_of(name))).collect();
    let tiers: Vec<AmountTier> = tiers
        .iter()
        .map(|(above, signatures)| AmountTier { above: *above, signatures: *signatures })
        .collect();
    MultisigConfig {
        guardians: HostVec::new(&f.env),
        signers: f.keys(&signers),
        threshold,
        tiers: HostVec::from_slice(&f.env, &tiers),
    }
}

fn three_of_five_trade_and_all_five_move_much(f: &Fixture) {
    let bank = bank(f);
    for n in 0..3 {
        assert_refused(by(bank.borrow(LITTLE), &bank, n), &bank, InsufficientSignatures);
    }
    by(bank.borrow(usdt(20_000)), &bank, 3).ok();
    bank.borrow(LITTLE).signed_by(&[&bank.keys[1], &bank.keys[3], &bank.keys[4]]).ok();
    for n in 3..5 {
        assert_refused(by(bank.borrow(usdt(100_001)), &bank, n), &bank, InsufficientSignatures);
    }
    by(bank.borrow(usdt(100_001)), &bank, 5).ok();

    // Whatever the operation: a withdrawal, a payment, an allowance, a trade.
    for n in [3, 4] {
        assert_refused(by(bank.withdraw(eth(51)), &bank, n), &bank, InsufficientSignatures);
        assert_refused(
            by(bank.pay(&f.lender.address, usdt(100_001)), &bank, n),
            &bank,
            InsufficientSignatures,
        );
        let allowance = bank.submits::<()>(approve_call(f, &bank, &f.lender, usdt(100_001)));
        assert_refused(by(allowance, &bank, n), &bank, InsufficientSignatures);
        let trade = bank.trade(Order::market(BTC_USD, milli_base(2_010)).at(price(51_000)));
        assert_refused(by(trade, &bank, n), &bank, InsufficientSignatures);
        assert_refused(
            by(f.administer::<()>(&bank, "remove_signer", (f.key(&bank.keys[0]),)), &bank, n),
            &bank,
            InsufficientSignatures,
        );
    }
    by(bank.pay(&f.lender.address, usdt(50_000)), &bank, 3).ok();
    by(bank.withdraw(eth(10)), &bank, 3).ok();
}

/// Three of five who move $100,000 and again as much have moved $200,000.
fn p10_a_large_amount_is_large_in_parts_as_well(f: &Fixture) {
    let bank = bank(f);
    for _ in 0..3 {
        by(bank.borrow(usdt(30_000)), &bank, 3).ok();
        f.pass(60);
    }
    assert_refused(by(bank.borrow(usdt(12_000)), &bank, 4), &bank, InsufficientSignatures);
    let borrow = f.symbol("borrow");
    assert_eq!(f.account(&bank).required_signatures(&borrow, &usd(12_000)), 5);
    // What reduces is worth nothing, and what all five have signed is nobody's part.
    by(bank.repay(usdt(1_000)), &bank, 3).ok();
    by(bank.borrow(usdt(12_000)), &bank, 5).ok();
    by(bank.borrow(usdt(5_000)), &bank, 3).ok();
    // An entry that fails at the venue was not spent.
    by(bank.withdraw(eth(10_000)), &bank, 5).changes_nothing();
    f.pass(DAY + 3_600);
    f.set_price("USDT", price(1));
    by(bank.borrow(usdt(60_000)), &bank, 3).ok();
}

/// Three signers who close at any price sell the position to whoever waits below.
fn p10_a_reduction_is_worth_what_it_may_lose(f: &Fixture) {
    let bank = bank(f);
    bank.trade(Order::market(BTC_USD, milli_base(500)).at(price(51_000))).ok();
    by(bank.borrow(usdt(80_000)), &bank, 3).ok();
    let close = |least, n| by(bank.close_at(f.symbol(BTC_USD), least), &bank, n);
    for n in [3, 4] {
        assert_refused(close(1, n), &bank, InsufficientSignatures);
    }
    assert_eq!(f.account(&bank).required_signatures(&f.symbol("close_position"), &usd(25_000)), 5);
    // Half of it near the index asks nobody else, nor does the rest without a price when all sign.
    let half = Order::market(BTC_USD, -milli_base(250)).at(price(49_000)).reducing();
    by(bank.trade(half), &bank, 3).ok();
    f.advance(MAX_AGE + 60);
    assert_refused(close(1, 4), &bank, InsufficientSignatures);
    close(1, 5).ok();
}

fn p10_other_amounts_forget_nothing(f: &Fixture) {
    let bank = bank(f);
    let names = ["bank 0", "bank 1", "bank 2", "bank 3", "bank 4"];
    let two = config(f, &names, 3, &[(usd(50_000), 4), (usd(100_000), 5)]);
    f.administer::<()>(&bank, "update_multisig", (two,)).ok();
    f.pass(DAY - 60);
    by(bank.borrow(usdt(60_000)), &bank, 3).ok();
    f.pass(60);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    f.set_price("USDT", price(1));
    // An amount in front of the old one starts with what it has seen.
    assert_refused(by(bank.borrow(LITTLE), &bank, 3), &bank, InsufficientSignatures);
    by(bank.borrow(usdt(30_000)), &bank, 4).ok();
    assert_refused(by(bank.borrow(usdt(11_000)), &bank, 4), &bank, InsufficientSignatures);
}

/// The way that `docs/operations.md` names when a signer's key is lost or stolen: four of five, at the defaults, while frozen.
fn p22_a_stolen_key_is_replaced_as_operations_say(f: &Fixture) {
    let bank = bank(f);
    f.by_itself(&bank, "freeze", ()).signed_by(&[&bank.keys[0]]).ok();
    let mut next = config(f, &["bank 0", "bank 1", "bank 2", "bank 3", "newcomer"], 3, &[]);
    next.tiers = f.institutional(&bank).multisig().tiers;
    let announce = by(f.administer::<()>(&bank, "update_multisig", (next.clone(),)), &bank, 4);
    assert_refused(announce, &bank, InsufficientSignatures);
    by(f.administer::<()>(&bank, "propose_recovery", (Proposer::Signers, next.clone())), &bank, 4).ok();
    f.pass(7 * DAY);
    assert!(f.account(&bank).standing().frozen);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    assert_eq!(f.institutional(&bank).multisig(), next);
    let keys = ["bank 0", "bank 1", "bank 2", "bank 3", "newcomer"].map(key_of).to_vec();
    let renewed = Actor::at(&f.world, "bank", bank.address.clone(), keys);
    f.administer::<()>(&renewed, "unfreeze", ()).ok();
    renewed.borrow(LITTLE).ok();
}

/// Everybody is needed for administration, one freezes and does not answer: the others are not locked out.
fn p22_one_who_refuses_is_replaced_by_the_others(f: &Fixture) {
    let bank = super::furnished(f, f.institution("bank", 3));
    f.by_itself(&bank, "freeze", ()).signed_by(&[&bank.keys[2]]).ok();
    assert_refused(by(bank.borrow(LITTLE), &bank, 2), &bank, Frozen);
    assert_refused(by(f.administer::<()>(&bank, "unfreeze", ()), &bank, 2), &bank, InsufficientSignatures);
    let mut next = config(f, &["bank 0", "bank 1", "newcomer"], 2, &[]);
    next.tiers = f.institutional(&bank).multisig().tiers;
    let recover =
        |n| by(f.administer::<()>(&bank, "propose_recovery", (Proposer::Signers, next.clone())), &bank, n);
    assert_refused(recover(1), &bank, InsufficientSignatures);
    recover(2).ok();
    let veto = f.administer::<()>(&bank, "cancel_multisig", (Proposer::Signers,)).signed_by(&[&bank.keys[2]]);
    assert_refused(veto, &bank, InsufficientSignatures);
    f.pass(7 * DAY - 1);
    Tx::<()>::new(&f.world, execute(f, &bank)).fails(TooEarly);
    f.pass(1);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    let keys = ["bank 0", "bank 1", "newcomer"].map(key_of).to_vec();
    let renewed = Actor::at(&f.world, "bank", bank.address.clone(), keys);
    f.administer::<()>(&renewed, "unfreeze", ()).ok();
    assert_eq!(f.account(&renewed).signers().len(), 3);
    assert!(!f.account(&renewed).standing().frozen);
    assert_refused(bank.borrow(LITTLE), &bank, UnauthorizedSigner);
}

/// What guardians announce does not take the place of what the signers announced, nor the other way round.
fn p22_guardians_and_signers_announce_apart(f: &Fixture) {
    let bank = bank(f);
    let guardians: Vec<Signer> = (0..2).map(|n| Signer::from(key_of(&format!("guardian {n}")))).collect();
    let with = MultisigConfig { guardians: f.keys(&guardians), ..f.institutional(&bank).multisig() };
    f.administer::<()>(&bank, "update_multisig", (with.clone(),)).ok();
    f.pass(DAY);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    let keys = (0..2).map(|n| key_of(&format!("guardian {n}"))).collect();
    let council = Actor::at(&f.world, "bank", bank.address.clone(), keys);
    let next = MultisigConfig { threshold: 4, ..with.clone() };
    f.administer::<()>(&bank, "update_multisig", (next.clone(),)).ok();
    f.pass(DAY - 1);
    f.administer::<()>(&council, "propose_recovery", (Proposer::Guardians, with)).ok();
    f.pass(1);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    assert_eq!(f.institutional(&bank).multisig(), next);
    Tx::<()>::new(&f.world, executed_by(f, &bank, Proposer::Guardians)).fails(NothingPending);
}

fn p10_amounts_of_an_entry_are_summed(f: &Fixture) {
    let bank = bank(f);
    let together = || bank.borrow(usdt(60_000)).also_signing(bank.borrow_call(usdt(60_000)));
    assert_refused(by(together(), &bank, 4), &bank, InsufficientSignatures);
    let of_two_kinds = || {
        bank.borrow(usdt(60_000))
            .also_signing(bank.withdraw_call(&bank.address, eth(15)))
            .also_signing(bank.transfer_call(&f.lender.address, usdc(20_000)))
    };
    assert_refused(by(of_two_kinds(), &bank, 4), &bank, InsufficientSignatures);
    by(of_two_kinds(), &bank, 5).ok();
    by(bank.borrow(usdt(60_000)), &bank, 3).ok();
}

fn p15_what_has_no_price_needs_everybody(f: &Fixture) {
    let bank = bank(f);
    let token = margin_tests::fixture::test_token(&f.world, &f.admin, 7, "ODD");
    f.admin.calls::<()>(&token, "mint", (&bank.address, 10i128).into_val(&f.env)).ok();
    let pay =
        || bank.calls::<()>(&token, "transfer", (&bank.address, &f.lender.address, 1i128).into_val(&f.env));
    assert_refused(by(pay(), &bank, 4), &bank, InsufficientSignatures);
    by(pay(), &bank, 5).ok();
    // A price that is too old is none.
    f.advance(MAX_AGE + 60);
    assert_refused(by(bank.pay(&f.lender.address, usdc(1)), &bank, 4), &bank, InsufficientSignatures);
    by(bank.pay(&f.lender.address, usdc(1)), &bank, 5).ok();
}

fn p22_nobody_locks_the_account(f: &Fixture) {
    let bank = bank(f);
    let propose = |config: MultisigConfig| f.administer::<()>(&bank, "update_multisig", (config,));
    let twenty_one: Vec<String> = (0..21).map(|n| format!("signer {n}")).collect();
    let twenty_one: Vec<&str> = twenty_one.iter().map(String::as_str).collect();
    let zero = {
        let mut config = config(f, &["a"], 1, &[]);
        config.signers.push_back(Bytes::from_array(&f.env, &[0; 32]));
        config
    };
    let bad = [
        config(f, &[], 0, &[]),
        config(f, &[], 1, &[]),
        config(f, &["a", "b"], 0, &[]),
        config(f, &["a", "b"], 3, &[]),
        config(f, &["a", "a"], 1, &[]),
        config(f, &twenty_one, 1, &[]),
        // Thresholds that cannot be met, that fall, that are out of order.
        config(f, &["a", "b"], 1, &[(usd(1), 3)]),
        config(f, &["a", "b"], 2, &[(usd(1), 1)]),
        config(f, &["a", "b", "c"], 1, &[(usd(1), 3), (usd(2), 2)]),
        config(f, &["a", "b"], 1, &[(usd(2), 1), (usd(1), 2)]),
        config(f, &["a", "b"], 1, &[(usd(1), 1), (usd(1), 2)]),
        config(f, &["a", "b"], 1, &[(-1, 2)]),
        zero,
        MultisigConfig { guardians: f.keys(&[Signer::from(key_of("a"))]), ..config(f, &["a", "b"], 1, &[]) },
    ];
    for config in bad {
        let shown = format!("{config:?}");
        let failure = propose(config).changes_nothing();
        assert_eq!(failure.code, Some(InvalidConfig as u32), "{shown}: {failure}");
    }
    // All five are needed for much: none of them can go.
    f.administer::<()>(&bank, "remove_signer", (f.key(&bank.keys[0]),)).fails(InvalidConfig);
    f.administer::<()>(&bank, "remove_signer", (f.key(&key_of("stranger")),)).fails(UnauthorizedSigner);
    assert_eq!(f.institutional(&bank).multisig().signers.len(), 5);
}

fn p23_there_is_always_a_signer_and_the_owner_alone_is_nobody(f: &Fixture) {
    let bank = bank(f);
    let owner = f.owner_of("bank");
    assert_eq!(f.account(&bank).get_owner(), owner.address);
    for (function, args) in [
        ("add_signer", (f.key(owner.key()),).into_val(&f.env)),
        ("remove_signer", (f.key(&bank.keys[0]),).into_val(&f.env)),
        ("revoke_all_sessions", HostVec::new(&f.env)),
        ("cancel_multisig", (Proposer::Signers,).into_val(&f.env)),
    ] {
        let failure = f.administers(&owner, &bank, function, args).changes_nothing();
        assert_eq!(failure.refused_by, None, "{function}: {failure}");
    }
    assert_refused(bank.borrow(LITTLE).signed_by(&[owner.key()]), &bank, UnauthorizedSigner);
    let three = config(f, &["bank 0", "bank 1", "bank 2"], 1, &[]);
    f.administer::<()>(&bank, "update_multisig", (three,)).ok();
    f.pass(DAY);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    let first = Actor::at(&f.world, "bank", bank.address.clone(), vec![key_of("bank 0")]);
    let remove = |name: &str| f.administer::<()>(&first, "remove_signer", (f.key(&key_of(name)),));
    // Down to one, and no further.
    remove("bank 2").ok();
    remove("bank 1").ok();
    remove("bank 0").fails(InvalidConfig);
    first.borrow(LITTLE).ok();
}

fn execute(f: &Fixture, bank: &Actor) -> Invocation {
    executed_by(f, bank, Proposer::Signers)
}

fn executed_by(f: &Fixture, bank: &Actor, by: Proposer) -> Invocation {
    Invocation::new(&bank.address, "execute_multisig", (by,).into_val(&f.env))
}

fn p24_an_institution_is_bounded(f: &Fixture) {
    let twenty = f.institution("twenty", 20);
    assert_eq!(f.account(&twenty).signers().len(), 20);
    let thirteen = twenty.pay(&f.lender.address, Coin::Usdc.units(0));
    by(thirteen, &twenty, 13).ok();
    let seven: Vec<Signer> = (0..7).map(|n| Signer::from(key_of(&format!("guardian {n}")))).collect();
    let eight: Vec<Signer> = (0..8).map(|n| Signer::from(key_of(&format!("guardian {n}")))).collect();
    let tiers: Vec<(i128, u32)> = (0..9).map(|n| (usd(n), 1)).collect();
    let propose = |config: MultisigConfig| f.administer::<()>(&twenty, "update_multisig", (config,));
    propose(MultisigConfig { guardians: f.keys(&eight), ..config(f, &["a"], 1, &[]) }).fails(InvalidConfig);
    propose(config(f, &["a"], 1, &tiers)).fails(InvalidConfig);
    propose(MultisigConfig { guardians: f.keys(&seven), ..config(f, &["a"], 1, &tiers[..8]) }).ok();
}

/// An entry can be valid for months. What was decided by people who left is not.
fn p28_a_new_configuration_voids_what_was_signed_before(f: &Fixture) {
    let bank = bank(f);
    let signed = f
        .administer::<()>(&bank, "allow_contract", (&f.lender.address,))
        .expires(f.env.ledger().sequence() + 100_000);
    let entries = signed.entries();
    // The same people, so that only the epoch differs.
    let same = f.institutional(&bank).multisig();
    f.administer::<()>(&bank, "update_multisig", (same,)).ok();
    f.pass(DAY);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();
    assert_eq!(f.account(&bank).standing().epoch, 1);
    let before = f.everything();
    let failure = signed.submit_with(&entries).expect_err("it names the old epoch");
    assert_eq!(failure.refused_by, None, "{failure}");
    assert!(before == f.everything());
    f.administer::<()>(&bank, "allow_contract", (&f.lender.address,)).ok();
}

fn p30_a_configuration_waits(f: &Fixture) {
    let bank = bank(f);
    let next = || config(f, &["x", "y", "z"], 2, &[]);
    let try_now = || Tx::<()>::new(&f.world, execute(f, &bank));
    try_now().fails(NothingPending);
    f.administer::<()>(&bank, "cancel_multisig", (Proposer::Signers,)).fails(NothingPending);
    f.administer::<()>(&bank, "update_multisig", (next(),)).ok();
    f.pass(DAY - 1);
    try_now().fails(TooEarly);
    // A second proposal waits anew.
    f.administer::<()>(&bank, "update_multisig", (next(),)).ok();
    f.pass(DAY - 1);
    try_now().fails(TooEarly);
    f.administer::<()>(&bank, "cancel_multisig", (Proposer::Signers,)).ok();
    f.pass(1);
    try_now().fails(NothingPending);
    // Unused, it lapses.
    f.administer::<()>(&bank, "update_multisig", (next(),)).ok();
    f.pass(15 * DAY);
    try_now().fails(Lapsed);
    f.administer::<()>(&bank, "add_signer", (f.key(&key_of("sixth")),)).ok();
    assert_eq!(f.account(&bank).signers().len(), 5, "a new signer waits like any configuration");
    f.administer::<()>(&bank, "update_multisig", (next(),)).ok();
    f.pass(DAY);
    try_now().ok();
    assert_refused(by(bank.borrow(LITTLE), &bank, 3), &bank, UnauthorizedSigner);
    let new = Actor::at(&f.world, "bank", bank.address.clone(), ["x", "y", "z"].map(key_of).to_vec());
    by(new.borrow(LITTLE), &new, 2).ok();
}

fn p38_reductions_need_no_price(f: &Fixture) {
    let bank = bank(f);
    by(bank.borrow(usdt(100)), &bank, 3).ok();
    f.advance(MAX_AGE + 60);
    assert_refused(bank.borrow(LITTLE), &bank, StalePrice);
    by(bank.repay(usdt(100)), &bank, 3).ok();
    by(bank.deposit(usdc(10)), &bank, 3).ok();
}

fn guardians_recover_late_and_signers_veto(f: &Fixture) {
    let bank = bank(f);
    let guardians: Vec<Signer> = (0..3).map(|n| Signer::from(key_of(&format!("guardian {n}")))).collect();
    let keys = f.keys(&guardians);
    let with_guardians = MultisigConfig { guardians: keys.clone(), ..f.institutional(&bank).multisig() };
    f.administer::<()>(&bank, "update_multisig", (with_guardians,)).ok();
    f.pass(DAY);
    Tx::<()>::new(&f.world, execute(f, &bank)).ok();

    let council = Actor::at(
        &f.world,
        "bank",
        bank.address.clone(),
        (0..3).map(|n| key_of(&format!("guardian {n}"))).collect(),
    );
    let rescue = || MultisigConfig { guardians: keys.clone(), ..config(f, &["new 1", "new 2"], 2, &[]) };
    let recover = |n| {
        f.administer::<()>(&council, "propose_recovery", (Proposer::Guardians, rescue()))
            .signed_with(&council.signers()[..n])
    };
    // Guardians guard and do nothing else.
    assert_refused(council.borrow(LITTLE), &bank, OperationNotAllowed);
    assert_refused(council.repay(LITTLE), &bank, OperationNotAllowed);
    assert_refused(f.administer::<()>(&council, "update_multisig", (rescue(),)), &bank, OperationNotAllowed);
    assert_refused(recover(1), &bank, InsufficientSignatures);
    let mut together = [bank.signers(), council.signers()].concat();
    together.sort_by_key(Signer::public);
    let mixed =
        f.administer::<()>(&bank, "propose_recovery", (Proposer::Guardians, rescue())).signed_with(&together);
    assert_refused(mixed, &bank, UnauthorizedSigner);
    assert_refused(
        f.administer::<()>(&bank, "propose_recovery", (Proposer::Guardians, rescue())),
        &bank,
        OperationNotAllowed,
    );
    let other_guardians = MultisigConfig { guardians: HostVec::new(&f.env), ..rescue() };
    f.administer::<()>(&council, "propose_recovery", (Proposer::Guardians, other_guardians))
        .fails(InvalidConfig);

    // Three signers veto, though administration needs five.
    recover(2).ok();
    let veto = |of, n| by(f.administer::<()>(&bank, "cancel_multisig", (of,)), &bank, n);
    assert_refused(veto(Proposer::Guardians, 2), &bank, InsufficientSignatures);
    veto(Proposer::Guardians, 3).ok();
    // That things stay as they are needs no more, whoever announced the change.
    f.administer::<()>(&bank, "update_multisig", (config(f, &["x", "y", "z"], 1, &[]),)).ok();
    veto(Proposer::Guardians, 3).fails(NothingPending);
    veto(Proposer::Signers, 3).ok();

    recover(2).ok();
    let execute = || Tx::<()>::new(&f.world, executed_by(f, &bank, Proposer::Guardians));
    f.pass(7 * DAY - 1);
    execute().fails(TooEarly);
    f.pass(1);
    execute().ok();
    let new = Actor::at(&f.world, "bank", bank.address.clone(), ["new 1", "new 2"].map(key_of).to_vec());
    new.borrow(LITTLE).ok();
    assert_refused(bank.borrow(LITTLE), &bank, UnauthorizedSigner);
}
