//! What somebody might try.

use margin_interface::{
    AccountConfig, AccountError, AccountType, Action, Asset, Bucket, ClearingRequest, FactoryError,
    LedgerChange, LedgerError, Receive, VaultError,
};
use margin_tests::actor::Actor;
use margin_tests::auth::{public_key, Invocation};
use margin_tests::fixture::{asset_config, test_token, Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::refusal::assert_refused;
use margin_tests::tx::Tx;
use soroban_sdk::{vec as host_vec, Address, Bytes, IntoVal, Val, Vec as HostVec};

crate::in_both_modes!(
    a_token_with_a_fee_is_refused_without_a_trace,
    nobody_liquidates_himself,
    nobody_but_the_venues_writes_to_the_ledger,
    a_stranger_opens_no_slot_in_an_account,
    nobody_fills_the_ledgers_own_address,
    nobody_squats_an_account_address,
    a_donation_changes_nothing,
    nobody_spends_for_another,
    an_account_is_not_initialised_twice,
    only_the_admin_lists_and_only_the_guard_halts,
    a_healthy_account_is_not_liquidated,
    a_thief_signer_lasts_until_the_owner_removes_it,
    a_group_that_trades_with_itself_takes_nothing_from_the_pool,
);

/// Twenty longs and twenty shorts of one owner, built in turn so that the mark stays. Then all longs leave, pushing the
/// mark down to where their margins no longer cover the loss, and all shorts buy back. If the pool lent the longs what
/// they cannot pay, it would pay it to the shorts.
fn a_group_that_trades_with_itself_takes_nothing_from_the_pool(f: &Fixture) {
    const MARGIN: i128 = 58_000;
    const PAIRS: usize = 20;
    let member = |name: String| {
        let member = f.funded(f.key_account(&name), &[usdc(MARGIN)]);
        member.deposit(usdc(MARGIN)).ok();
        member
    };
    let pairs: Vec<(Actor, Actor)> =
        (0..PAIRS).map(|n| (member(format!("long {n}")), member(format!("short {n}")))).collect();
    let before = f.ledger().totals();
    let size = milli_base(9_000);
    for (long, short) in &pairs {
        f.pass(5);
        long.trade(Order::market(BTC_USD, size)).ok();
        short.trade(Order::market(BTC_USD, -size)).ok();
    }

    // Whoever is refused stays; the others' way out brings the mark back for him.
    let leave = |who: &Actor| match who.close_position(BTC_USD).submit() {
        Ok(_) => true,
        Err(failure) => {
            assert_eq!(failure.code, Some(LedgerError::BadDebt as u32), "{failure}");
            false
        }
    };
    let (mut longs, mut shorts): (Vec<&Actor>, Vec<&Actor>) =
        pairs.iter().map(|(long, short)| (long, short)).unzip();
    longs.retain(|who| !leave(who));
    assert!(!longs.is_empty(), "some would have left their loss to the pool");
    while !longs.is_empty() || !shorts.is_empty() {
        f.pass(5);
        shorts.retain(|who| !leave(who));
        longs.retain(|who| !leave(who));
    }
    let after = f.ledger().totals();
    assert_eq!((after.perp_borrowed, after.claims), (0, 0), "nobody owes and nobody waits");
    assert!(after.lp >= before.lp && after.insurance >= before.insurance, "{before:?} {after:?}");
    let left: i128 =
        pairs.iter().flat_map(|(a, b)| [a, b]).map(|m| f.ledger().summary(&m.address).equity).sum();
    let brought = usd(MARGIN) * 2 * i128::try_from(PAIRS).unwrap();
    assert!(left < brought, "the group went home with {left} of {brought}");
}

fn a_token_with_a_fee_is_refused_without_a_trace(f: &Fixture) {
    let token = test_token(&f.world, &f.admin, 7, "FEE");
    let config = asset_config(Coin::Xlm, Asset::Stellar(f.token(Coin::Xlm).clone()));
    f.list(&token, config);
    let mallory = f.key_account("mallory");
    f.admin.calls::<()>(&token, "mint", (&mallory.address, 1_000i128).into_val(&f.env)).ok();
    let deposit = || -> Tx<i128> {
        let vault = &f.contracts().vault;
        let transfer =
            Invocation::new(&token, "transfer", (&mallory.address, vault, 100i128).into_val(&f.env));
        let args = (&mallory.address, &mallory.address, &token, 100i128).into_val(&f.env);
        mallory.submits(Invocation::new(vault, "deposit", args).with(transfer))
    };
    deposit().ok();
    f.admin.calls::<()>(&token, "set_fee_bps", (100u32,).into_val(&f.env)).ok();
    deposit().fails(VaultError::TransferMismatch);
}

/// Ten ether against 12,000 USDC, after a fall that makes it liquidatable.
fn liquidatable(f: &Fixture, debtor: Actor) -> Actor {
    let debtor = f.funded(debtor, &[eth(10), usdc(20_000)]);
    debtor.deposit(eth(10)).ok();
    debtor.borrow(usdc(12_000)).ok();
    f.set_price("ETH", price(1_600));
    assert!(f.vault().is_liquidatable(&debtor.address));
    debtor
}

fn nobody_liquidates_himself(f: &Fixture) {
    let mallory = liquidatable(f, f.key_account("mallory"));
    mallory.liquidate(&mallory, usdc(1_000), Coin::Eth, Receive::Shares).fails(LedgerError::SelfLiquidation);
}

fn a_healthy_account_is_not_liquidated(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10)]);
    bob.deposit(eth(10)).ok();
    bob.borrow(usdc(12_000)).ok();
    let keeper = f.funded(f.keeper.clone(), &[usdc(12_000)]);
    for receive in [Receive::Shares, Receive::Tokens] {
        keeper.liquidate(&bob, usdc(12_000), Coin::Eth, receive).fails(LedgerError::NotLiquidatable);
    }
}

fn nobody_but_the_venues_writes_to_the_ledger(f: &Fixture) {
    let mallory = f.funded(f.key_account("mallory"), &[usdc(1_000)]);
    mallory.deposit(usdc(1_000)).ok();
    let env = &f.env;
    let (me, usdc_token, some) = (&mallory.address, f.token(Coin::Usdc), 1_000_000i128);
    let market = f.symbol(BTC_USD);
    let state = f.ledger().market(&market).state;
    let writes: Vec<(&str, HostVec<Val>)> = vec![
        ("credit", (me, me, usdc_token, some).into_val(env)),
        ("debit", (me, usdc_token, some).into_val(env)),
        ("borrow", (me, usdc_token, some).into_val(env)),
        ("repay", (me, usdc_token, some).into_val(env)),
        ("repay_with_collateral", (me, usdc_token, some).into_val(env)),
        (
            "liquidate",
            (me, &f.lender.address, usdc_token, f.token(Coin::Eth), some, 0i128, Receive::Shares)
                .into_val(env),
        ),
        ("batch", (me, me, host_vec![env, Action::Borrow(usdc_token.clone(), some)]).into_val(env)),
        ("deleverage", (me, &f.lender.address, usdc_token, f.token(Coin::Eth), some).into_val(env)),
        ("settle_in_kind", (me, &f.lender.address, f.token(Coin::Eth), some).into_val(env)),
        ("transfer_account", (&f.lender.address, me).into_val(env)),
        ("sync", (usdc_token, 0i128).into_val(env)),
        ("push_market", (market.clone(), state).into_val(env)),
        ("apply_fill", (me, market.clone(), 1i128, -1i128, 0i128, state).into_val(env)),
        ("settle", (me, market.clone(), 0i128, state).into_val(env)),
        ("take_over", (me, &f.lender.address, market.clone(), 1i128, false, state).into_val(env)),
        ("update_market", (market.clone(), f.ledger().market(&market).config).into_val(env)),
        ("pay_executor", (&f.lender.address, me, some).into_val(env)),
        ("move_bucket", (me, Bucket::Lp, -some).into_val(env)),
        ("claim_pending", (me,).into_val(env)),
        ("set_venues", (me, me, me).into_val(env)),
        ("set_protocol_account", (Bucket::Insurance, me).into_val(env)),
        ("retire_asset", (usdc_token,).into_val(env)),
        ("list_asset", (me, f.ledger().asset(usdc_token).config).into_val(env)),
        ("propose", (LedgerChange::Oracle(me.clone()),).into_val(env)),
        ("freeze_upgrades", ().into_val(env)),
    ];
    for (function, args) in writes {
        // Mallory signs whatever she likes; the ledger asks for a venue, or the admin, who did not.
        let failure = mallory.calls::<Val>(&f.contracts().ledger, function, args).changes_nothing();
        assert!(failure.mentions("Unauthorized function call"), "{function}: {failure}");
    }
}

fn a_stranger_opens_no_slot_in_an_account(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(100)]);
    let mallory = f.funded(f.key_account("mallory"), &[usdt(1), usdc(1)]);
    mallory.deposit_for(&alice, usdt(1)).fails(LedgerError::ThirdPartySlot);
    alice.deposit(usdc(100)).ok();
    mallory.deposit_for(&alice, usdc(1)).ok();
    mallory.deposit_for(&alice, usdt(1)).fails(LedgerError::ThirdPartySlot);
}

/// Smart accounts have amounts valued as those of the ledger's own address, because it has nothing: whoever gave it something
/// would make every such call dearer, or fail.
fn nobody_fills_the_ledgers_own_address(f: &Fixture) {
    let some = [usdc(10), usdt(10), Coin::Eth.milli(10), Coin::Xlm.milli(10_000)];
    let mallory = f.funded(f.key_account("mallory"), &some);
    mallory.deposit(usdc(5)).ok();
    let (me, contracts) = (&mallory.address, f.contracts());
    let ledger = &contracts.ledger;
    let mut listed = f.ledger().assets();
    for money in [usdc(1), usdt(1), Coin::Eth.milli(1), Coin::Xlm.milli(1_000)] {
        let token = f.token(money.coin);
        listed.remove(listed.first_index_of(token).unwrap());
        let deposits = |from: &Address| {
            let args = (from, ledger, token, money.units).into_val(&f.env);
            Invocation::new(&contracts.vault, "deposit", args)
                .with(mallory.transfer_call(&contracts.vault, money))
        };
        mallory.submits::<i128>(deposits(me)).fails(LedgerError::ThirdPartySlot);
        // In its name: it signs nothing.
        mallory.submits::<i128>(deposits(ledger)).changes_nothing();
        let deposit = Action::Deposit(token.clone(), money.units);
        let requests = host_vec![&f.env, deposit.clone()];
        let batch = Invocation::new(&contracts.vault, "submit", (me, ledger, requests).into_val(&f.env))
            .with(mallory.transfer_call(&contracts.vault, money));
        mallory.submits::<Val>(batch.clone()).fails(VaultError::NotPermitted);
        let requests = host_vec![&f.env, ClearingRequest::Act(deposit)];
        let args = (me, ledger, requests, u64::MAX).into_val(&f.env);
        let batch = Invocation::new(&contracts.clearing, "submit", args).with(batch);
        mallory.submits::<Val>(batch).fails(VaultError::NotPermitted);
    }
    assert!(listed.is_empty());
    for function in ["transfer_positions", "migrate_positions"] {
        mallory.calls::<()>(&contracts.vault, function, (me, ledger).into_val(&f.env)).changes_nothing();
    }
    let account = f.ledger().account(ledger);
    assert!(account.deposits.is_empty() && account.debts.is_empty() && account.positions.is_empty());
    assert_eq!(account.seq, 0, "it never had anything");
}

fn nobody_squats_an_account_address(f: &Fixture) {
    let owner = f.key_account("owner");
    let mallory = f.key_account("mallory");
    let config = |owner: &Actor| AccountConfig {
        account_type: AccountType::Basic,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: owner.address.clone(),
        signers: HostVec::from_array(&f.env, [Bytes::from_array(&f.env, &public_key(owner.key()))]),
    };
    let salt = f.next_salt();
    let predicted = f.factory().account_address(&config(&owner), &salt);

    // With the owner's configuration: the owner did not sign.
    mallory.create_account(&config(&owner), &salt).changes_nothing();
    // With her own: another address.
    let hers = mallory.create_account(&config(&mallory), &salt).ok();
    assert_ne!(hers, predicted);

    let account = owner.create_account(&config(&owner), &salt).ok();
    assert_eq!(account, predicted);
    assert_eq!(f.factory().get_account(&owner.address), Some(predicted.clone()));
    assert_eq!(f.factory().account_type(&predicted), Some(AccountType::Basic));
    owner.create_account(&config(&owner), &salt).fails(FactoryError::AlreadyDeployed);

    // Beyond the tier: the constructor refuses.
    let bold = AccountConfig { max_leverage: 301, ..config(&owner) };
    owner.create_account(&bold, &f.next_salt()).changes_nothing();
}

fn a_donation_changes_nothing(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000)]);
    alice.deposit(usdc(1_000)).ok();
    let mallory = f.funded(f.key_account("mallory"), &[usdc(500), usdt(500)]);
    let picture = || {
        let assets = Coin::ALL.map(|coin| f.ledger().asset(f.token(coin)));
        (
            assets,
            f.ledger().summary(&alice.address),
            f.clearing().lp(&f.provider.address),
            f.clearing().buckets(),
        )
    };
    let before = picture();
    mallory.pay(&f.contracts().vault, usdc(500)).ok();
    mallory.pay(&f.contracts().vault, usdt(500)).ok();
    mallory.pay(&f.contracts().ledger, usdc(0)).ok();
    assert_eq!(before, picture());
    assert_eq!(alice.withdraw(Coin::Usdc.all()).ok(), usdc(1_000).units, "and everybody gets what is his");
}

fn nobody_spends_for_another(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000)]);
    alice.deposit(usdc(500)).ok();
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10)]);
    let rob = |call: Invocation| mallory.submits::<Val>(call).changes_nothing();
    rob(alice.borrow_call(Coin::Eth.milli(1)));
    rob(alice.deposit_call(&mallory, usdc(100)));
    rob(alice.open_call(BTC_USD, true, usdc(100), 200));
    let env = &f.env;
    let withdraw = (&alice.address, f.token(Coin::Usdc), 1i128, &mallory.address).into_val(env);
    rob(Invocation::new(&f.contracts().vault, "withdraw", withdraw));
    // A key account's signature does not help where a smart account's was asked for.
    assert_refused(
        alice.borrow(Coin::Eth.milli(1)).signed_by(&[mallory.key()]),
        &alice,
        AccountError::UnauthorizedSigner,
    );
}

fn an_account_is_not_initialised_twice(f: &Fixture) {
    let alice = f.smart_account("alice");
    let mallory = f.key_account("mallory");
    let config = AccountConfig {
        account_type: AccountType::Basic,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: mallory.address.clone(),
        signers: HostVec::from_array(&f.env, [Bytes::from_array(&f.env, &public_key(mallory.key()))]),
    };
    let args = (config, f.ledger().settlement_asset()).into_val(&f.env);
    mallory.calls::<Val>(&alice.address, "__constructor", args).changes_nothing();
}

fn only_the_admin_lists_and_only_the_guard_halts(f: &Fixture) {
    let mallory = f.key_account("mallory");
    let token = test_token(&f.world, &mallory, 7, "MINE");
    let config = asset_config(Coin::Xlm, Asset::Stellar(f.token(Coin::Xlm).clone()));
    mallory
        .calls::<()>(&f.contracts().ledger, "list_asset", (&token, config).into_val(&f.env))
        .changes_nothing();
    let halt = |who: &Actor| -> Tx<()> {
        who.calls(
            &f.contracts().oracle,
            "halt",
            (&who.address, margin_interface::HaltScope::All).into_val(&f.env),
        )
    };
    halt(&mallory).fails(margin_interface::GovernanceError::NotGovernor);

    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000)]);
    alice.deposit(usdc(1_000)).ok();
    halt(&f.guardian).ok();
    assert_refused(alice.borrow(Coin::Eth.milli(1)), &alice, AccountError::StalePrice);
    let out: Address = alice.address.clone();
    alice.withdraw_to(&out, usdc(1_000)).ok();
}

fn a_thief_signer_lasts_until_the_owner_removes_it(f: &Fixture) {
    let alice = f.funded(f.smart_account("alice"), &[usdc(1_000)]);
    alice.deposit(usdc(1_000)).ok();
    let thief = margin_tests::actor::key_of("thief");
    let owner = f.owner_of("alice");
    let key = |key| Bytes::from_array(&f.env, &public_key(key));
    f.administers(&owner, &alice, "add_signer", (key(&thief),).into_val(&f.env)).ok();
    alice.borrow(Coin::Eth.milli(1)).signed_by(&[&thief]).ok();
    f.administers(&owner, &alice, "remove_signer", (key(&thief),).into_val(&f.env)).ok();
    let late = alice.borrow(Coin::Eth.milli(1)).signed_by(&[&thief]);
    assert_refused(late, &alice, AccountError::UnauthorizedSigner);
    // One signer always remains.
    let last = f.administers(&owner, &alice, "remove_signer", (key(alice.key()),).into_val(&f.env));
    last.fails(AccountError::InvalidConfig);
}
