//! The factory in the whole system: users move in with everything they have, and whoever governs the factory governs none
//! of the accounts it deployed.

use margin_interface::{
    permissions, AccountConfig, AccountType, FactoryChange, FactoryError, LedgerError, Limits, TierParams,
};
use margin_math::defaults::LP_COOL_DOWN;
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::costs::Cost;
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::listed::Listed;
use margin_tests::money::{eth, milli_base, price, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{order, place};
use margin_tests::spec::Spec;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use soroban_sdk::xdr::{LedgerEntryData, ScAddress};
use soroban_sdk::{Address, BytesN, IntoVal, Val, Vec as HostVec};
use std::collections::BTreeMap;
use std::rc::Rc;

crate::in_both_modes!(
    a_user_moves_in_with_everything_and_one_signature,
    what_is_not_in_the_books_stays_with_the_key,
    a_user_with_one_loan_and_one_position_moves_in_cheaply,
    nobody_moves_into_foreign_hands_or_for_another,
    nobody_moves_in_beyond_the_accounts_limits,
    nobody_runs_from_a_liquidation_into_an_account,
    a_locked_deposit_moves_with_its_lock,
    a_user_moves_in_once_and_later_again_with_what_came_after,
    what_awaits_an_account_at_its_address_is_not_in_the_way,
    the_factorys_admin_reaches_no_account,
    code_of_the_factory_reaches_no_account,
);

fn config(f: &Fixture, owner: &Actor) -> AccountConfig {
    AccountConfig {
        account_type: AccountType::Basic,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: owner.address.clone(),
        signers: HostVec::from_array(&f.env, [f.key(owner.key())]),
    }
}

/// `factory.migrate_to_smart_account(..)` by `user` into `config`, with the vault's part of it.
fn migrate(f: &Fixture, user: &Actor, config: &AccountConfig, salt: &BytesN<32>) -> Tx<Address> {
    let account = f.factory().account_address(config, salt);
    let moved = (&user.address, &account).into_val(&f.env);
    let moved = Invocation::new(&f.contracts().vault, "migrate_positions", moved);
    let args = (&user.address, config.clone(), salt).into_val(&f.env);
    user.submits(Invocation::new(&f.contracts().factory, "migrate_to_smart_account", args).with(moved))
}

/// Who holds and owes.
fn debtor(f: &Fixture, name: &str, ether: i128, dollars: i128) -> Actor {
    let debtor = f.funded(f.key_account(name), &[eth(ether)]);
    debtor.deposit(eth(ether)).ok();
    debtor.borrow(usdt(dollars)).ok();
    debtor
}

fn a_user_moves_in_with_everything_and_one_signature(f: &Fixture) {
    let alice = f.funded(f.key_account("alice"), &[eth(10), usdc(30_000)]);
    alice.deposit(eth(10)).ok();
    alice.deposit(usdc(30_000)).ok();
    alice.borrow(usdt(2_000)).ok();
    alice.borrow(Coin::Xlm.milli(500_000)).ok();
    alice.trade(Order::market(BTC_USD, milli_base(50))).ok();
    alice.trade(Order::market(ETH_USD, milli_base(-500))).ok();
    let totals = || {
        let assets: Vec<_> = Coin::ALL.iter().map(|coin| f.ledger().asset(f.token(*coin)).totals).collect();
        let markets: Vec<_> =
            [BTC_USD, ETH_USD].iter().map(|market| f.ledger().market(&f.symbol(market))).collect();
        (assets, markets, f.ledger().totals())
    };
    let held = |who: &Address| {
        let account = f.ledger().account(who);
        (account.deposits, account.debts, account.positions, account.perp_debt, account.pending)
    };
    let before = (totals(), held(&alice.address), f.ledger().summary(&alice.address));
    assert_eq!((before.1 .0.len(), before.1 .1.len(), before.1 .2.len()), (2, 2, 2));

    let salt = f.next_salt();
    let address = migrate(f, &alice, &config(f, &alice), &salt).ok();
    assert_eq!(before, (totals(), held(&address), f.ledger().summary(&address)));
    let left = f.ledger().account(&alice.address);
    assert!(left.deposits.is_empty() && left.debts.is_empty() && left.positions.is_empty());
    assert_eq!(f.ledger().account(&address).limits.max_leverage, 300);
    assert_eq!(f.factory().get_account(&alice.address), Some(address.clone()));

    // The account goes on with all of it; its former self cannot.
    let account = Actor::at(&f.world, "alice's account", address, vec![alice.key().clone()]);
    f.remember(&account);
    account.close_position(BTC_USD).ok();
    account.withdraw(usdc(100)).ok();
    alice.withdraw(usdc(1)).fails(LedgerError::InsufficientBalance);
}

/// What moves is what the ledger keeps of an account by itself.
fn what_is_not_in_the_books_stays_with_the_key(f: &Fixture) {
    let alice = debtor(f, "alice", 10, 2_000);
    f.fund(&alice, usdc(3_000));
    alice.deposit(usdc(3_000)).ok();
    let shares = alice.add_liquidity(usdc(1_000)).ok();
    alice.request_exit(shares).ok();
    place(f, &alice, &order(f, &alice, 1, milli_base(10))).ok();
    alice.grant(&f.keeper, permissions::REDUCE_ONLY, f.now() + DAY).ok();
    let stays = |who: &Address| {
        let granted = f.ledger().permission(who, &f.keeper.address);
        (f.clearing().lp(who), f.clearing().orders(who), granted)
    };
    let before = stays(&alice.address);
    let address = migrate(f, &alice, &config(f, &alice), &f.next_salt()).ok();
    f.remember(&Actor::at(&f.world, "alice's account", address.clone(), vec![alice.key().clone()]));
    assert!(f.ledger().account(&alice.address).deposits.is_empty());
    assert_eq!(stays(&alice.address), before);
    let (stake, orders, granted) = stays(&address);
    assert_eq!((stake.shares, orders.resting.len(), granted), (0, 0, 0));
    // The key that provided leaves the pool.
    f.pass(LP_COOL_DOWN);
    alice.remove_liquidity(shares).ok();
}

fn a_user_with_one_loan_and_one_position_moves_in_cheaply(f: &Fixture) {
    let alice = f.funded(f.key_account("alice"), &[eth(2), usdc(10_000)]);
    alice.deposit(eth(2)).ok();
    alice.deposit(usdc(10_000)).ok();
    alice.borrow(usdt(500)).ok();
    alice.trade(Order::market(BTC_USD, milli_base(10))).ok();
    let salt = f.next_salt();
    let address = migrate(f, &alice, &config(f, &alice), &salt).ok();
    let cost = Cost::of_last_call(&f.world);
    if f.mode == Mode::Wasm {
        assert!(cost.instructions < MIGRATION_BAR, "{cost:?}");
    }
    f.remember(&Actor::at(&f.world, "alice's account", address, vec![alice.key().clone()]));
}

/// Instructions of a migration with two deposits, one debt and one position.
const MIGRATION_BAR: i64 = 12_000_000;

fn nobody_moves_into_foreign_hands_or_for_another(f: &Fixture) {
    let alice = debtor(f, "alice", 10, 2_000);
    let mallory = f.key_account("mallory");
    let salt = f.next_salt();
    // Into an account of mallory's, with alice's signature alone and with mallory's alone.
    let hers = config(f, &mallory);
    migrate(f, &alice, &hers, &salt).changes_nothing();
    migrate(f, &alice, &hers, &salt).unsigned().changes_nothing();
    migrate(f, &alice, &hers, &salt).signed_by(&[mallory.key()]).changes_nothing();
    // Into alice's own account, without alice.
    migrate(f, &alice, &config(f, &alice), &salt)
        .on_behalf_of(&mallory.address)
        .signed_by(&[mallory.key()])
        .changes_nothing();
    // Without the vault's part of the consent.
    let args = (&alice.address, config(f, &alice), &salt).into_val(&f.env);
    alice.calls::<Address>(&f.contracts().factory, "migrate_to_smart_account", args).changes_nothing();
    // The vault takes the word of the factory alone.
    let args = (&alice.address, &mallory.address).into_val(&f.env);
    alice.calls::<()>(&f.contracts().vault, "migrate_positions", args).changes_nothing();

    // Both may agree: an heir, a custodian.
    let args = (&alice.address, hers.clone(), &salt).into_val(&f.env);
    let account = f.factory().account_address(&hers, &salt);
    let moved = (&alice.address, &account).into_val(&f.env);
    let whole = Invocation::new(&f.contracts().factory, "migrate_to_smart_account", args);
    let by_alice = whole.clone().with(Invocation::new(&f.contracts().vault, "migrate_positions", moved));
    let both = Tx::<Address>::new(&f.world, whole.clone())
        .consent(&alice, by_alice.tree(&f.env))
        .consent(&mallory, whole.tree(&f.env));
    assert_eq!(both.ok(), account);
    f.remember(&Actor::at(&f.world, "heir", account, vec![mallory.key().clone()]));
}

fn nobody_moves_in_beyond_the_accounts_limits(f: &Fixture) {
    // 12,000 against 20,000: a health of 1.27.
    let alice = debtor(f, "alice", 10, 12_000);
    let salt = f.next_salt();
    let into = |threshold: u32| AccountConfig { auto_deleverage_threshold: threshold, ..config(f, &alice) };
    migrate(f, &alice, &into(14_000), &salt).fails(LedgerError::LimitExceeded);
    // Below the opening level nothing moves into any account.
    f.set_price("ETH", price(1_900));
    let low = AccountConfig { account_type: AccountType::Pro, max_leverage: 1_000, ..into(12_000) };
    migrate(f, &alice, &low, &salt).fails(LedgerError::InsufficientMargin);
    // Nor at a price that is not live.
    f.advance(400);
    migrate(f, &alice, &low, &salt).fails(LedgerError::PriceNotUsable);
    f.prices.report();
    alice.repay(usdt(6_000)).ok();
    let address = migrate(f, &alice, &into(12_000), &salt).ok();
    f.remember(&Actor::at(&f.world, "alice's account", address, vec![alice.key().clone()]));
}

fn nobody_runs_from_a_liquidation_into_an_account(f: &Fixture) {
    let alice = debtor(f, "alice", 10, 12_000);
    f.set_price("ETH", price(1_500));
    f.ledger().flag(&alice.address);
    let salt = f.next_salt();
    migrate(f, &alice, &config(f, &alice), &salt).fails(LedgerError::AccountFlagged);
    let heir = f.key_account("heir");
    let args = (&alice.address, &heir.address).into_val(&f.env);
    let call = Invocation::new(&f.contracts().vault, "transfer_positions", args);
    Tx::<()>::new(f, call).by(&alice).by(&heir).fails(LedgerError::AccountFlagged);
}

fn a_locked_deposit_moves_with_its_lock(f: &Fixture) {
    let token = Listed::with(f, Coin::Usdt, 6, |config| config.min_deposit_seconds = 300);
    let alice = f.key_account("alice");
    token.fund(f, &alice, token.whole(1_000));
    token.deposit(f, &alice, token.whole(1_000)).ok();
    let locks = f.ledger().account(&alice.address).locks;
    let address = migrate(f, &alice, &config(f, &alice), &f.next_salt()).ok();
    let account = Actor::at(&f.world, "alice's account", address, vec![alice.key().clone()]);
    f.remember(&account);
    assert_eq!(f.ledger().account(&account.address).locks, locks);
    token.withdraw(f, &account, token.whole(1), &account.address).fails(LedgerError::DepositLocked);
    f.pass(301);
    token.withdraw(f, &account, token.whole(1), &account.address).ok();
}

fn a_user_moves_in_once_and_later_again_with_what_came_after(f: &Fixture) {
    let alice = debtor(f, "alice", 10, 2_000);
    let (first, second) = (f.next_salt(), f.next_salt());
    let one = migrate(f, &alice, &config(f, &alice), &first).ok();
    migrate(f, &alice, &config(f, &alice), &first).fails(FactoryError::AlreadyDeployed);
    f.fund(&alice, usdc(100));
    alice.deposit(usdc(100)).ok();
    let two = migrate(f, &alice, &config(f, &alice), &second).ok();
    assert_eq!(f.ledger().account(&two).deposits.len(), 1);
    let all = f.factory().get_accounts(&alice.address, &0, &10);
    assert_eq!(all, HostVec::from_array(&f.env, [one.clone(), two.clone()]));
    assert_eq!(f.factory().account_count(&AccountType::Basic), 2);
    for address in [one, two] {
        f.remember(&Actor::at(&f.world, "alice's account", address, vec![alice.key().clone()]));
    }
}

/// An address that is known before there is anything: whoever sends something there only gives it away.
fn what_awaits_an_account_at_its_address_is_not_in_the_way(f: &Fixture) {
    let alice = debtor(f, "alice", 10, 2_000);
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10)]);
    let (salt, config) = (f.next_salt(), config(f, &alice));
    let predicted = f.factory().account_address(&config, &salt);
    let later = Actor::at(&f.world, "later", predicted.clone(), vec![alice.key().clone()]);
    mallory.pay(&predicted, usdc(1)).ok();
    // A deposit there would make the destination of a migration one that has something.
    mallory.deposit_for(&later, usdc(1)).fails(LedgerError::ThirdPartySlot);
    // Nobody signs for an address without code, nor deploys there.
    let limits = Limits { max_leverage: 1, ..Limits::NONE };
    let args = (&predicted, limits).into_val(&f.env);
    mallory.calls::<()>(&f.contracts().ledger, "set_limits", args).changes_nothing();
    mallory.create_account(&config, &salt).changes_nothing();
    let other =
        AccountConfig { signers: HostVec::from_array(&f.env, [f.key(mallory.key())]), ..config.clone() };
    assert_ne!(f.factory().account_address(&other, &salt), predicted);

    assert_eq!(migrate(f, &alice, &config, &salt).ok(), predicted);
    f.remember(&later);
    assert_eq!(f.balance(Coin::Usdc, &predicted), usdc(1).units);
    later.pay(&alice.address, usdc(1)).ok();
}

/// Everything that an account is, has and may do.
fn picture(f: &Fixture, account: &Actor) -> impl PartialEq + std::fmt::Debug {
    let address = ScAddress::from(account.address.clone());
    let own: BTreeMap<_, _> = f
        .everything()
        .into_iter()
        .filter(|(_, (entry, _))| {
            matches!(&entry.data, LedgerEntryData::ContractData(data) if data.contract == address)
        })
        .map(|(key, (entry, _))| (key, Rc::clone(&entry)))
        .collect();
    let tokens: Vec<_> = Coin::ALL.iter().map(|coin| f.balance(*coin, &account.address)).collect();
    (own, tokens, f.ledger().account(&account.address), f.factory().account_type(&account.address))
}

/// Every function of the factory and of the accounts, with whatever address in every place, signed by the factory's
/// admin and by its guardian: as a call, and as the account's own authority would sign it.
fn the_factorys_admin_reaches_no_account(f: &Fixture) {
    let tiers = [
        ("basic-account", f.smart_account("basil")),
        ("pro-account", f.pro_account("petra")),
        ("institutional-account", f.institution("inge", 3)),
    ];
    for (name, account) in tiers {
        let account = f.funded(account, &[usdc(2_000)]);
        account.deposit(usdc(1_000)).ok();
        account.borrow(usdt(10)).ok();
        let owner = f.owner_of(&account.name);
        let before = picture(f, &account);
        let mut called = 0;
        for (spec, contract) in [("factory", &f.contracts().factory), (name, &account.address)] {
            let spec = Spec::of(spec);
            for function in spec.functions() {
                let called_as = function.name.to_utf8_string_lossy();
                for who in [&f.admin, &f.guardian] {
                    for address in [&who.address, &account.address, &owner.address] {
                        let args = spec.arguments(&f.env, function, address);
                        let _ = who.calls::<Val>(contract, &called_as, args.clone()).submit();
                        let mut authorised = HostVec::from_array(&f.env, [who.address.to_val()]);
                        authorised.append(&args);
                        let consent = Invocation::new(contract, &called_as, authorised);
                        let call = Invocation::new(contract, &called_as, args);
                        let _ = Tx::<Val>::new(&f.world, call).consent(who, consent.tree(&f.env)).submit();
                        assert_eq!(picture(f, &account), before, "{name}: {called_as} by {}", who.name);
                        called += 2;
                    }
                }
            }
        }
        assert!(called > 12 * 40, "{called}");
        // The one function of the factory that changes an account, with real arguments.
        let params = TierParams {
            limits: f.account(&account).limits(),
            signers: HostVec::from_array(&f.env, [f.key(f.admin.key())]),
        };
        for user in [&f.admin.address, &owner.address, &account.address] {
            for tier in [AccountType::Basic, AccountType::Pro, AccountType::Institutional] {
                let args = (user, &account.address, tier, params.clone()).into_val(&f.env);
                f.admin.calls::<()>(&f.contracts().factory, "upgrade_account", args).changes_nothing();
            }
        }
    }
}

fn code_of_the_factory_reaches_no_account(f: &Fixture) {
    let account = f.funded(f.smart_account("basil"), &[usdc(1_000)]);
    let (before, code) = (picture(f, &account), account.address.executable());
    let (config, salt) = (config(f, &f.owner_of("basil")), f.next_salt());
    let predicted = f.factory().account_address(&config, &salt);
    let evil = margin_tests::fixture::upload(&f.world, "probe-account", probe_account::ProbeAccount);
    let change = FactoryChange::WasmHash(AccountType::Basic, evil.clone());
    let id: BytesN<32> = f.admin.calls(&f.contracts().factory, "propose", (change,).into_val(&f.env)).ok();
    f.advance(7 * 86_400);
    f.admin.calls::<()>(&f.contracts().factory, "execute", (&id,).into_val(&f.env)).ok();
    assert_eq!(f.factory().config().basic_hash, evil);
    assert_eq!((picture(f, &account), account.address.executable()), (before, code));
    f.prices.report();
    account.deposit(usdc(1_000)).ok();
    account.withdraw(usdc(1_000)).ok();
    assert_ne!(
        f.factory().account_address(&config, &salt),
        predicted,
        "the address of the old code stays its own"
    );
}
