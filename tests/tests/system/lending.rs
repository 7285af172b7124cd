//! Lending as its users know it: what a deposit supports, batches, delegates, dead oracles.

use margin_interface::{
    permissions, AccountError, AccountStatus, Action, Asset, HaltScope, LedgerError, Liquidation, Receive,
    VaultError,
};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::footprint::Footprint;
use margin_tests::listed::Listed;
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::refusal::assert_refused;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use soroban_sdk::{IntoVal, Vec as HostVec};

crate::in_both_modes!(
    the_example_of_the_specification,
    a_dead_oracle_blocks_no_repayment_no_deposit_and_no_debt_free_exit,
    a_batch_is_what_its_steps_are,
    a_batch_refreshes_the_price_that_its_policy_sees,
    a_batch_is_all_or_nothing,
    a_delegate_does_what_it_was_granted_until_it_ends,
    several_loans_are_checked_together,
    positions_move_as_a_whole_and_with_their_locks,
    a_margin_call_ends_with_its_cure_and_with_nothing_less,
    what_is_lent_within_an_hour_is_bounded,
    the_most_is_the_most,
    what_has_no_price_leaves_as_a_whole,
    a_perpetual_loss_is_settled_in_an_asset_that_the_account_has_named,
    what_a_liquidation_touches_does_not_depend_on_the_price,
);

/// 1 ETH at 2,000, half a WBTC at 40,000 and 10,000 USDC: 32,000 of collateral, 26,600 of effective margin.
fn the_example_of_the_specification(f: &Fixture) {
    let wbtc = Listed::with(f, Coin::Eth, 8, |config| {
        config.index = f.prices.asset("BTC");
        config.ltv_bps = 7_500;
    });
    f.set_price("BTC", price(40_000));

    let user = f.funded(f.key_account("user"), &[eth(1), usdc(10_000)]);
    wbtc.fund(f, &user, wbtc.milli(500));
    user.deposit(eth(1)).ok();
    wbtc.deposit(f, &user, wbtc.milli(500)).ok();
    user.deposit(usdc(10_000)).ok();

    assert_eq!(f.vault().get_collateral_value(&user.address), usd(32_000));
    assert_eq!(f.vault().get_effective_margin(&user.address), usd(26_600));
    assert_eq!(f.vault().get_borrow_value(&user.address), 0);
    assert_eq!(f.vault().get_user_leverage(&user.address), 0);
}

fn a_dead_oracle_blocks_no_repayment_no_deposit_and_no_debt_free_exit(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000), eth(1)]);
    let bob = f.funded(f.key_account("bob"), &[eth(10), usdc(10_000)]);
    alice.deposit(usdc(1_000)).ok();
    bob.deposit(eth(5)).ok();
    bob.borrow(usdc(5_000)).ok();
    bob.deposit(usdc(1_000)).ok();
    // Nobody reports for a month.
    f.advance(30 * 86_400);
    let nothing = LedgerError::PriceNotUsable;
    bob.borrow(usdc(1)).fails(nothing);
    bob.withdraw(eth(1)).fails(nothing);
    assert_refused(alice.borrow(usdc(1)), &alice, AccountError::StalePrice);

    bob.deposit(eth(1)).ok();
    bob.repay(usdc(1_000)).ok();
    bob.repay_with_collateral(usdc(1_000)).ok();
    alice.deposit(eth(1)).ok();
    alice.withdraw(usdc(1_000)).ok();
    alice.withdraw(Coin::Eth.all()).ok();
    // All of it, out of the wallet, and then the way out is free.
    bob.repay(usdc(9_000)).ok();
    let all = |coin| Action::Withdraw(f.token(coin).clone(), i128::MAX);
    bob.submit(&[all(Coin::Eth), all(Coin::Usdc)]).ok();
    assert!(f.ledger().account(&bob.address).deposits.is_empty());
    assert_eq!(f.balance(Coin::Eth, &bob.address), eth(10).units);
}

/// I28: a batch ends where its steps end, whenever each step alone is legal.
fn a_batch_is_what_its_steps_are(f: &Fixture) {
    let of = |coin| f.token(coin).clone();
    let purse = [usdc(1_000), eth(5), usdt(100)];
    let (one, two) = (f.funded(f.key_account("one"), &purse), f.funded(f.key_account("two"), &purse));
    one.submit(&[
        Action::Deposit(of(Coin::Eth), eth(5).units),
        Action::Borrow(of(Coin::Usdc), usdc(3_000).units),
        Action::Repay(of(Coin::Usdc), usdc(500).units),
        Action::Deposit(of(Coin::Usdt), usdt(100).units),
        Action::Withdraw(of(Coin::Usdt), usdt(40).units),
        Action::Deposit(of(Coin::Usdc), usdc(200).units),
        Action::RepayWithCollateral(of(Coin::Usdc), usdc(50).units),
    ])
    .ok();
    two.deposit(eth(5)).ok();
    two.borrow(usdc(3_000)).ok();
    two.repay(usdc(500)).ok();
    two.deposit(usdt(100)).ok();
    two.withdraw(usdt(40)).ok();
    two.deposit(usdc(200)).ok();
    two.repay_with_collateral(usdc(50)).ok();
    let amounts = |who: &Actor| {
        let breakdown = f.ledger().breakdown(&who.address);
        let of = |lines: HostVec<margin_interface::Holding>| -> Vec<_> {
            lines.iter().map(|line| (line.asset.clone(), line.amount)).collect()
        };
        (of(breakdown.deposits), of(breakdown.debts), Coin::ALL.map(|coin| f.balance(coin, &who.address)))
    };
    assert_eq!(amounts(&one), amounts(&two));
}

/// The oracle has not looked for an hour: the batch makes it look, before the account's own policy does.
fn a_batch_refreshes_the_price_that_its_policy_sees(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(2_000)]);
    alice.deposit(usdc(2_000)).ok();
    let borrow = || Action::Borrow(f.token(Coin::Usdt).clone(), usdt(500).units);
    f.advance(3_600);
    assert_refused(alice.submit(&[borrow()]), &alice, AccountError::StalePrice);
    for ticker in ["USDC", "USDT"] {
        (0..3).for_each(|source| f.prices.say(source, ticker, f.prices.get(ticker)));
    }
    assert_refused(alice.submit(&[borrow()]), &alice, AccountError::StalePrice);
    let assets: [Asset; 2] = ["USDC", "USDT"].map(|ticker| f.prices.asset(ticker));
    let refresh = Action::Refresh(HostVec::from_array(&f.env, assets));
    alice.submit(&[refresh, borrow()]).ok();
    assert_eq!(f.balance(Coin::Usdt, &alice.address), usdt(500).units);
}

fn a_batch_is_all_or_nothing(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(5)]);
    let of = |coin| f.token(coin).clone();
    let deposit = Action::Deposit(of(Coin::Eth), eth(5).units);
    bob.submit(&[deposit.clone(), Action::Borrow(of(Coin::Usdc), usdc(7_000).units)])
        .fails(LedgerError::InsufficientMargin);
    bob.submit(&[deposit.clone(), Action::Repay(of(Coin::Usdc), 1)]).changes_nothing();
    bob.submit(&[deposit.clone(), Action::MoveSettlement(1)]).fails(VaultError::InvalidBatch);
    // In between it may owe more than it could: only the end counts.
    bob.submit(&[Action::Borrow(of(Coin::Usdc), usdc(6_000).units), deposit]).ok();
    assert_eq!(f.balance(Coin::Usdc, &bob.address), usdc(6_000).units);
}

fn a_delegate_does_what_it_was_granted_until_it_ends(f: &Fixture) {
    let alice = f.funded(f.key_account("alice"), &[usdc(2_000)]);
    let bot = f.funded(f.key_account("bot"), &[usdc(100), usdt(1)]);
    alice.deposit(usdc(2_000)).ok();
    let of = |coin| f.token(coin).clone();
    let withdraw = || Action::Withdraw(of(Coin::Usdc), usdc(100).units);
    bot.submit_for(&alice, &[withdraw()]).fails(VaultError::NotPermitted);

    let end = f.now() + 600;
    alice.grant(&bot, permissions::WITHDRAW, end).ok();
    bot.submit_for(&alice, &[withdraw(), Action::Borrow(of(Coin::Usdt), usdt(50).units)]).ok();
    // To the account, never to the delegate.
    assert_eq!(f.balance(Coin::Usdc, &alice.address), usdc(100).units);
    assert_eq!(
        (f.balance(Coin::Usdt, &alice.address), f.balance(Coin::Usdt, &bot.address)),
        (usdt(50).units, usdt(1).units)
    );
    // Its own money goes in only with another bit; then also into a slot that is not there yet.
    let deposit = || Action::Deposit(of(Coin::Usdt), usdt(1).units);
    bot.submit_for(&alice, &[deposit()]).fails(VaultError::NotPermitted);
    alice.grant(&bot, permissions::MODIFY_COLLATERAL | permissions::WITHDRAW, end).ok();
    bot.submit_for(&alice, &[deposit()]).ok();
    // It cannot exceed the margin, nor speak for the account elsewhere.
    let much = Action::Borrow(of(Coin::Usdt), usdt(2_000).units);
    bot.submit_for(&alice, &[much]).fails(LedgerError::InsufficientMargin);
    let args = (&alice.address, of(Coin::Usdc), 1i128, &bot.address).into_val(&f.env);
    bot.calls::<i128>(&f.contracts().vault, "withdraw", args).changes_nothing();
    let args = (&alice.address, &f.keeper.address, permissions::ALL, end).into_val(&f.env);
    bot.calls::<()>(&f.contracts().ledger, "grant", args).changes_nothing();

    // Signed while it was granted, sent when it was not any more.
    let late = bot.submit_for(&alice, &[withdraw()]);
    alice.revoke(&bot).ok();
    late.fails(VaultError::NotPermitted);
    alice.grant(&bot, permissions::WITHDRAW, f.now() + 60).ok();
    f.pass(59);
    bot.submit_for(&alice, &[withdraw()]).ok();
    f.pass(1);
    bot.submit_for(&alice, &[withdraw()]).fails(VaultError::NotPermitted);
}

fn several_loans_are_checked_together(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(2_000)]);
    alice.deposit(usdc(2_000)).ok();
    let bob = f.funded(f.key_account("bob"), &[usdc(2_000)]);
    bob.deposit(usdc(2_000)).ok();
    bob.borrow_multiple(&[usdt(900), eth(1)]).fails(LedgerError::InsufficientMargin);
    bob.borrow_multiple(&[usdt(900), Coin::Eth.milli(400)]).ok();
    assert_eq!(f.balance(Coin::Usdt, &bob.address), usdt(900).units);
    assert_eq!(f.balance(Coin::Eth, &bob.address), Coin::Eth.milli(400).units);
    let keeper = f.funded(f.keeper.clone(), &[usdt(900)]);
    keeper.liquidate(&bob, usdt(900), Coin::Usdc, Receive::Shares).fails(LedgerError::NotLiquidatable);
}

/// I27: totals stay, both ends are as healthy as before, what is locked stays locked, the margin call goes along.
fn positions_move_as_a_whole_and_with_their_locks(f: &Fixture) {
    let token = Listed::with(f, Coin::Usdt, 6, |config| config.min_deposit_seconds = 300);
    let (alice, heir) = (f.funded(f.key_account("alice"), &[eth(10)]), f.key_account("heir"));
    token.fund(f, &alice, token.whole(1_000));
    alice.deposit(eth(10)).ok();
    alice.borrow(usdc(12_000)).ok();
    token.deposit(f, &alice, token.whole(100)).ok();
    f.set_price("ETH", price(1_780));
    assert!(f.ledger().margin_call(&alice.address) > 0);
    let since = f.ledger().account(&alice.address).since;

    let vault = &f.contracts().vault;
    let args = || (&alice.address, &heir.address).into_val(&f.env);
    // Neither end alone, and no stranger for either.
    alice.calls::<()>(vault, "transfer_positions", args()).changes_nothing();
    heir.calls::<()>(vault, "transfer_positions", args()).changes_nothing();
    alice.calls::<()>(vault, "migrate_positions", args()).changes_nothing();
    let call = Invocation::new(vault, "transfer_positions", args());
    let both = || Tx::<()>::new(f, call.clone()).by(&alice).by(&heir);
    f.fund(&heir, usdc(13_001));
    heir.deposit(usdc(1)).ok();
    both().fails(LedgerError::AccountNotEmpty);
    heir.withdraw(Coin::Usdc.all()).ok();
    let before = (f.ledger().summary(&alice.address), f.ledger().asset(f.token(Coin::Usdc)).totals.borrowed);
    both().ok();

    let after = (f.ledger().summary(&heir.address), f.ledger().asset(f.token(Coin::Usdc)).totals.borrowed);
    assert_eq!(before, after);
    assert_eq!(f.ledger().account(&heir.address).since, since, "the deadline stays");
    let left = f.ledger().account(&alice.address);
    assert!(left.deposits.is_empty() && left.debts.is_empty());
    heir.repay(usdc(13_000)).ok();
    token.withdraw(f, &heir, token.whole(100), &heir.address).fails(LedgerError::DepositLocked);
}

/// I23: nobody has to say that dust cured nothing, and nobody that a payment did.
fn a_margin_call_ends_with_its_cure_and_with_nothing_less(f: &Fixture) {
    let alice = f.funded(f.key_account("alice"), &[eth(11), usdc(1_000)]);
    alice.deposit(eth(10)).ok();
    alice.trade(Order::market(BTC_USD, milli_base(100))).ok();
    alice.borrow(usdc(11_450)).ok();
    f.set_price("ETH", price(1_750));
    let deadline = f.ledger().margin_call(&alice.address);
    let status = || f.ledger().account(&alice.address).status;
    for _ in 0..3 {
        f.pass(900);
        alice.deposit(Coin::Eth.units(1)).ok();
        alice.deposit(Coin::Usdc.units(1)).ok();
        alice.repay(Coin::Usdc.units(1)).ok();
        alice.trade(Order::market(BTC_USD, -milli_base(1))).ok();
        assert_eq!(status(), AccountStatus::MarginCall);
    }
    assert!(!f.vault().is_liquidatable(&alice.address));
    f.pass(900);
    assert!(f.vault().is_liquidatable(&alice.address));
    alice.deposit(usdc(500)).ok();
    assert_eq!(status(), AccountStatus::Normal);
    // The next fall begins another hour.
    f.set_price("ETH", price(1_670));
    assert!(!f.ledger().summary(&alice.address).margin_call_ok);
    assert!(!f.vault().is_liquidatable(&alice.address));
    assert!(f.ledger().margin_call(&alice.address) > deadline);
    // A reduction cures as a payment does.
    alice.repay(usdc(150)).ok();
    alice.close_position(BTC_USD).ok();
    assert_eq!(status(), AccountStatus::Normal);
}

/// The debts of an asset grow by at most 20 percent of what is supplied within an hour, whoever helps; nobody is kept in.
fn what_is_lent_within_an_hour_is_bounded(f: &Fixture) {
    let token = Listed::with(f, Coin::Usdt, 6, |config| {
        (config.outflow_bps, config.borrow_cap) = (2_000, 20_000_000_000);
    });
    let lender = f.key_account("lena");
    token.fund(f, &lender, token.whole(10_000));
    token.deposit(f, &lender, token.whole(10_000)).ok();
    let bob = f.funded(f.key_account("bob"), &[usdc(50_000)]);
    bob.deposit(usdc(50_000)).ok();
    // A new market has the room of a twentieth of its borrow cap; a deposit makes room as its hour passes.
    token.borrow(f, &bob, token.whole(201)).fails(LedgerError::OutflowExceeded);
    token.borrow(f, &bob, token.whole(200)).ok();
    token.borrow(f, &bob, token.whole(1)).fails(LedgerError::OutflowExceeded);
    f.pass(3_600);
    token.borrow(f, &bob, token.whole(1_900)).ok();
    token.borrow(f, &bob, token.whole(200)).fails(LedgerError::OutflowExceeded);
    // A second account that deposits, and would leave again, is no help; what is repaid makes room.
    let carl = f.key_account("carl");
    token.fund(f, &carl, token.whole(50_000));
    token.deposit(f, &carl, token.whole(50_000)).ok();
    token.borrow(f, &bob, token.whole(200)).fails(LedgerError::OutflowExceeded);
    token.withdraw(f, &carl, i128::MAX, &carl.address).ok();
    token.repay(f, &bob, token.whole(300)).ok();
    token.borrow(f, &bob, token.whole(200)).ok();
    token.withdraw(f, &lender, token.whole(3_000), &lender.address).ok();
    f.pass(3_600);
    token.borrow(f, &bob, token.whole(1_000)).ok();
}

fn the_most_is_the_most(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10), usdt(100)]);
    bob.deposit(eth(10)).ok();
    bob.deposit(usdt(100)).ok();
    bob.borrow(usdc(5_000)).ok();
    let (me, usdc_token, eth_token) = (&bob.address, f.token(Coin::Usdc), f.token(Coin::Eth));
    let most = f.vault().max_borrow(me, usdc_token);
    bob.borrow(Coin::Usdc.units(most + 1)).changes_nothing();
    let most_out = f.vault().max_withdraw(me, eth_token);
    bob.withdraw(Coin::Eth.units(most_out + 1)).changes_nothing();
    bob.withdraw(Coin::Eth.units(most_out)).ok();
    assert!(most > 0 && most_out > 0);
    assert!(f.vault().max_borrow(me, usdc_token) <= 1);
    // Nobody's money but his own; and without a debt all of it, with a dead oracle.
    assert_eq!(f.vault().max_withdraw(me, usdc_token), 0);
    f.advance(86_400);
    assert_eq!(f.vault().max_withdraw(&f.lender.address, f.token(Coin::Usdt)), usdt(1_000_000).units);
}

/// Under a debt nothing without a live price may stay, so a part may not leave where all of it may.
fn what_has_no_price_leaves_as_a_whole(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10), usdt(100)]);
    bob.deposit(eth(10)).ok();
    bob.deposit(usdt(100)).ok();
    bob.borrow(usdc(5_000)).ok();
    let token = f.token(Coin::Usdt);
    let scope = HaltScope::Asset(f.ledger().asset(token).config.index);
    let halt = (&f.guardian.address, scope).into_val(&f.env);
    f.guardian.calls::<()>(&f.contracts().oracle, "halt", halt).ok();
    bob.withdraw(usdt(99)).fails(LedgerError::PriceNotUsable);
    assert_eq!(f.vault().max_withdraw(&bob.address, token), usdt(100).units);
    // Of what supports the debt nothing, while that stays.
    assert_eq!(f.vault().max_withdraw(&bob.address, f.token(Coin::Eth)), 0);
    assert_eq!(bob.withdraw(Coin::Usdt.all()).ok(), usdt(100).units);
    assert!(f.vault().max_withdraw(&bob.address, f.token(Coin::Eth)) > 0);
}

/// Fees of a position opened and closed, owed by somebody who has ether alone.
fn a_perpetual_loss_is_settled_in_an_asset_that_the_account_has_named(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10)]);
    bob.deposit(eth(10)).ok();
    bob.trade(Order::market(BTC_USD, milli_base(100))).ok();
    f.pass(5);
    bob.close_position(BTC_USD).ok();
    let owed = f.ledger().breakdown(&bob.address).perp_debt;
    assert!(owed > 0);

    let payer = f.funded(f.keeper.clone(), &[usdc(2_000)]);
    let vault = &f.contracts().vault;
    let ether = f.token(Coin::Eth);
    let settle = || -> Tx<Liquidation> {
        let args = (&payer.address, &bob.address, ether, usdc(1_000).units).into_val(&f.env);
        let pull = payer.transfer_call(vault, usdc(1_000));
        payer.submits(Invocation::new(vault, "settle_in_kind", args).with(pull))
    };
    settle().fails(LedgerError::NotInKind);
    let named = HostVec::from_array(&f.env, [ether.clone()]);
    bob.calls::<()>(&f.contracts().ledger, "set_in_kind", (&bob.address, named).into_val(&f.env)).ok();
    let done = settle().ok();
    assert!((done.repaid - owed).abs() <= 1, "{done:?} of {owed}");
    assert_eq!(f.ledger().breakdown(&bob.address).perp_debt, 0);
    // Ether at 2,000 less one percent: 18 decimals against 7.
    let fair = done.repaid * 100_000_000_000 / 2_000 * 100 / 99;
    assert!((done.seized - fair).abs() <= fair / 1_000, "{done:?}");
    assert_eq!(f.balance(Coin::Eth, &payer.address), done.seized);
    assert_eq!(f.balance(Coin::Usdc, &payer.address), usdc(2_000).units - done.repaid);
    settle().fails(LedgerError::NothingOwed);
}

/// One price leaves a part of the account, the other leaves nothing, and a second debt is written off in the same call: what was
/// simulated at the one fits the other.
fn what_a_liquidation_touches_does_not_depend_on_the_price(f: &Fixture) {
    let alice = f.funded(f.key_account("alice"), &[eth(10)]);
    alice.deposit(eth(10)).ok();
    alice.borrow_multiple(&[usdc(8_000), usdt(4_000)]).ok();
    let keeper = f.funded(f.keeper.clone(), &[usdc(8_000)]);
    let (debt, collateral) = (f.token(Coin::Usdc), f.token(Coin::Eth));
    let args = (&keeper.address, &alice.address, debt, collateral, usdc(8_000).units, 0i128, Receive::Shares);
    let call = Invocation::new(&f.contracts().vault, "liquidate", args.into_val(&f.env));
    let touched = [1_350, 100].map(|ether| {
        f.set_price("ETH", price(ether));
        assert!(f.vault().is_liquidatable(&alice.address));
        (f.world.mode == Mode::Wasm).then(|| Footprint::of(&f.world, &call)).map(|f| (f.read, f.written))
    });
    assert_eq!(touched[0], touched[1]);
    keeper.liquidate(&alice, usdc(8_000), Coin::Eth, Receive::Shares).ok();
    assert!(f.ledger().account(&alice.address).debts.is_empty());
}
