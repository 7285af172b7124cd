//! An account over the years: frozen, sold, upgraded, and still the same.

use super::{furnished, of_each_tier, LITTLE};
use margin_interface::AccountError::{
    Frozen, InvalidConfig, Lapsed, NotInitialized, NothingPending, OperationNotAllowed, TooEarly,
    UnauthorizedSigner,
};
use margin_interface::{permissions, Action, ClearingError, ClearingRequest, FactoryError};
use margin_interface::{AccountConfig, AccountType, MultisigConfig, Proposer};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{upload, Fixture, BTC_USD};
use margin_tests::money::{milli_base, price, usdc, usdt};
use margin_tests::operations::Order;
use margin_tests::orders::submit;
use margin_tests::refusal::assert_refused;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::{Address, BytesN, IntoVal, TryFromVal, Val, Vec as HostVec};

crate::in_both_modes!(
    anyone_who_signs_freezes_and_only_the_authority_unfreezes,
    a_guardian_freezes,
    a_frozen_account_only_reduces,
    ownership_moves_in_two_steps,
    an_account_may_own_itself_and_another,
    p09_a_session_upgrades_nothing,
    p29_nobody_takes_an_address_before_its_owner,
    p29_a_constructor_runs_once,
    p30_code_is_announced_for_a_week,
    p30_one_key_of_an_institution_announces_nothing,
    p39_state_of_another_schema_is_not_read,
    p01_a_delegate_is_nobody_of_the_protocol_and_not_the_account,
    a_delegate_acts_within_its_bits_until_revoked,
    a_frozen_account_has_no_delegates,
    allowed_contracts_hear_the_owners_and_nobody_else,
);

fn freeze(f: &Fixture, account: &Actor) -> Tx<()> {
    f.by_itself(account, "freeze", ())
}

fn anyone_who_signs_freezes_and_only_the_authority_unfreezes(f: &Fixture) {
    for account in of_each_tier(f) {
        let unfreeze = || f.administer::<()>(&account, "unfreeze", ());
        assert_refused(freeze(f, &account).signed_by(&[&key_of("stranger")]), &account, UnauthorizedSigner);
        // Alone in its entry: nobody signs it unawares.
        let hidden = account.deposit(usdc(1)).also_signing(Invocation::new(
            &account.address,
            "freeze",
            (&account.address,).into_val(&f.env),
        ));
        assert_refused(hidden, &account, OperationNotAllowed);
        freeze(f, &account).signed_by(&[account.key()]).ok();
        assert!(f.account(&account).standing().frozen);
        assert_refused(account.borrow(LITTLE), &account, Frozen);
        // Whoever froze it cannot end that.
        f.by_itself(&account, "unfreeze", ()).signed_by(&[account.key()]).changes_nothing();
        unfreeze().ok();
        account.borrow(LITTLE).ok();
    }
}

fn a_guardian_freezes(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 3));
    let guardian = key_of("guardian");
    let guardians = f.keys(&[Signer::from(&guardian), Signer::from(key_of("another guardian"))]);
    let config = MultisigConfig { guardians, ..f.institutional(&bank).multisig() };
    f.administer::<()>(&bank, "update_multisig", (config.clone(),)).ok();
    f.pass(DAY);
    let execute = || {
        Tx::<()>::new(
            &f.world,
            Invocation::new(&bank.address, "execute_multisig", (Proposer::Signers,).into_val(&f.env)),
        )
    };
    execute().ok();
    // The thieves have announced themselves; one guardian stops them.
    let thieves = MultisigConfig {
        signers: f.keys(&[Signer::from(key_of("thief"))]),
        threshold: 1,
        tiers: HostVec::new(&f.env),
        ..config
    };
    f.administer::<()>(&bank, "update_multisig", (thieves,)).ok();
    f.pass(DAY);
    freeze(f, &bank).signed_by(&[&guardian]).ok();
    execute().fails(Frozen);
    assert_refused(freeze(f, &bank).signed_by(&[&key_of("stranger")]), &bank, UnauthorizedSigner);
    assert_refused(f.administer::<()>(&bank, "unfreeze", ()).signed_by(&[&guardian]), &bank, Frozen);
}

fn a_frozen_account_only_reduces(f: &Fixture) {
    for account in of_each_tier(f) {
        account.borrow(usdt(100)).ok();
        account.trade(Order::market(BTC_USD, milli_base(10)).at(price(51_000))).ok();
        freeze(f, &account).ok();
        assert_refused(account.borrow(LITTLE), &account, Frozen);
        assert_refused(account.withdraw(usdc(1)), &account, Frozen);
        assert_refused(account.pay(&f.lender.address, usdc(1)), &account, Frozen);
        let more = account.trade(Order::market(BTC_USD, milli_base(1)).at(price(51_000)));
        assert_refused(more, &account, Frozen);
        account.repay(usdt(50)).ok();
        account.deposit(usdc(10)).ok();
        account.trade(Order::market(BTC_USD, -milli_base(5)).reducing()).ok();
        account.close_position(BTC_USD).ok();
        assert_eq!(f.clearing().position(&account.address, &f.symbol(BTC_USD)), None);
    }
}

fn ownership_moves_in_two_steps(f: &Fixture) {
    for account in of_each_tier(f) {
        let heir = f.key_account("heir");
        let accept = |who: &Actor| f.administers(who, &account, "accept_ownership", HostVec::new(&f.env));
        accept(&heir).fails(NothingPending);
        f.administer::<()>(&account, "transfer_ownership", (&heir.address,)).ok();
        let before = f.account(&account).get_owner();
        assert_ne!(before, heir.address, "offered, not given");
        accept(&f.lender).changes_nothing();
        accept(&heir).ok();
        assert_eq!(f.account(&account).get_owner(), heir.address);
        accept(&heir).fails(NothingPending);
        if f.account(&account).account_type() != AccountType::Institutional {
            let key = f.key(&key_of("new key"));
            let old = f.administers(
                &f.owner_of(&account.name),
                &account,
                "add_signer",
                (key.clone(),).into_val(&f.env),
            );
            old.changes_nothing();
            f.administers(&heir, &account, "add_signer", (key,).into_val(&f.env)).ok();
        }
    }
}

fn an_account_may_own_itself_and_another(f: &Fixture) {
    let [parent, child] = [f.smart_account("parent"), f.pro_account("child")];
    let add = |owner: &Actor, account: &Actor, key: &str| {
        f.administers(owner, account, "add_signer", (f.key(&key_of(key)),).into_val(&f.env))
    };
    // Itself: its own signer administers it.
    f.administer::<()>(&child, "transfer_ownership", (&child.address,)).ok();
    assert_eq!(add(&child, &child, "early").changes_nothing().refused_by, None, "the owner is asked");
    f.administers(&child, &child, "accept_ownership", HostVec::new(&f.env)).ok();
    add(&child, &child, "mine").ok();
    // But no session of it does.
    let grant = f.grant(&Signer::from(key_of("agent")));
    f.administers(&child, &child, "grant_session", (grant,).into_val(&f.env)).ok();
    assert_refused(add(&child, &child, "stolen").signed_by(&[&key_of("agent")]), &child, OperationNotAllowed);

    // Another account: what it consents to names it, and the contract must be on its list.
    f.administers(&child, &child, "transfer_ownership", (&parent.address,).into_val(&f.env)).ok();
    let accept = || f.administers(&parent, &child, "accept_ownership", HostVec::new(&f.env));
    assert_refused(accept(), &parent, OperationNotAllowed);
    f.administer::<()>(&parent, "allow_contract", (&child.address,)).ok();
    accept().ok();
    add(&parent, &child, "by the parent").ok();
    add(&child, &child, "by itself no more").changes_nothing();
}

fn p09_a_session_upgrades_nothing(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 3));
    let agent = f.session(&bank, "agent", |grant| grant.expires_at += 7 * DAY);
    let hash = upload(&f.world, "basic-account", basic_account::BasicAccount);
    let as_agent =
        |function, args: HostVec<Val>| f.administer::<()>(&bank, function, args).signed_by(&[agent.key()]);
    assert_refused(as_agent("propose_upgrade", (hash.clone(),).into_val(&f.env)), &bank, OperationNotAllowed);
    f.administer::<()>(&bank, "propose_upgrade", (hash.clone(),)).ok();
    f.pass(7 * DAY);
    assert_refused(as_agent("cancel_upgrade", HostVec::new(&f.env)), &bank, OperationNotAllowed);
    let execute = upgrade_consent(f, &bank, &hash).signed_by(&[agent.key()]);
    assert!(execute.changes_nothing().refused_by.is_some());
}

/// `execute_upgrade()` with the consent to exactly `hash`.
fn upgrade_consent(f: &Fixture, account: &Actor, hash: &BytesN<32>) -> Tx<()> {
    f.executes_upgrade(account, hash)
}

/// The hash of the code that an account runs.
fn code_of(f: &Fixture, account: &Actor) -> soroban_sdk::xdr::ContractExecutable {
    use soroban_sdk::xdr::{LedgerEntryData, LedgerKey, ScVal};
    let all = f.everything();
    let of_account = |key: &LedgerKey| match key {
        LedgerKey::ContractData(data) => {
            data.key == ScVal::LedgerKeyContractInstance && data.contract == account.address.clone().into()
        }
        _ => false,
    };
    let (_, (entry, _)) = all.iter().find(|(key, _)| of_account(key)).expect("an instance");
    let LedgerEntryData::ContractData(data) = &entry.data else { unreachable!() };
    let ScVal::ContractInstance(instance) = &data.val else { unreachable!() };
    instance.executable.clone()
}

fn p30_code_is_announced_for_a_week(f: &Fixture) {
    let [announced, other] = [
        upload(&f.world, "probe-account", probe_account::ProbeAccount),
        upload(&f.world, "test-token", test_token::TestToken),
    ];
    for account in of_each_tier(f) {
        let before = code_of(f, &account);
        let execute = |hash: &BytesN<32>| upgrade_consent(f, &account, hash);
        let propose = |hash: &BytesN<32>| f.administer::<()>(&account, "propose_upgrade", (hash,));
        let cancel = || f.administer::<()>(&account, "cancel_upgrade", ());
        // Nothing announced, nothing to execute.
        execute(&announced).fails(NothingPending);
        cancel().fails(NothingPending);
        propose(&announced).ok();
        execute(&announced).fails(TooEarly);
        f.pass(7 * DAY - 1);
        execute(&announced).fails(TooEarly);
        // A second announcement waits anew; it is the one that counts.
        propose(&other).ok();
        f.pass(7 * DAY - 1);
        execute(&other).fails(TooEarly);
        propose(&announced).ok();
        f.pass(7 * DAY);
        execute(&other).changes_nothing();
        cancel().ok();
        execute(&announced).fails(NothingPending);
        // Too late.
        propose(&announced).ok();
        f.pass(21 * DAY);
        execute(&announced).fails(Lapsed);
        // Not while it is frozen.
        propose(&announced).ok();
        f.pass(7 * DAY);
        freeze(f, &account).ok();
        execute(&announced).fails(Frozen);
        f.administer::<()>(&account, "unfreeze", ()).ok();
        // What a former owner announced does not bind the new one.
        assert_eq!(f.account(&account).standing().pending_upgrade, Some(announced.clone()));
        assert_eq!(code_of(f, &account), before);
        execute(&announced).ok();
        assert_ne!(code_of(f, &account), before);
    }
}

fn p30_one_key_of_an_institution_announces_nothing(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 5));
    let hash = upload(&f.world, "probe-account", probe_account::ProbeAccount);
    for n in 1..5 {
        let few =
            f.administer::<()>(&bank, "propose_upgrade", (hash.clone(),)).signed_with(&bank.signers()[..n]);
        assert_refused(few, &bank, margin_interface::AccountError::InsufficientSignatures);
    }
    let by_owner = f.administers(&f.owner_of("bank"), &bank, "propose_upgrade", (hash,).into_val(&f.env));
    by_owner.changes_nothing();
}

fn p29_nobody_takes_an_address_before_its_owner(f: &Fixture) {
    for tier in [AccountType::Basic, AccountType::Pro, AccountType::Institutional] {
        let [owner, mallory] = ["owner", "mallory"].map(|name| f.key_account(&format!("{name} {tier:?}")));
        let signers =
            |owner: &Actor| f.keys(&[owner.key(), &key_of("second"), &key_of("third")].map(Signer::from));
        let config = |owner: &Actor, tier| AccountConfig {
            account_type: tier,
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: owner.address.clone(),
            signers: signers(owner),
        };
        let salt = f.next_salt();
        let predicted = f.factory().account_address(&config(&owner, tier), &salt);
        mallory.create_account(&config(&owner, tier), &salt).changes_nothing();
        // Everything that makes the account makes the address.
        let mut addresses = vec![predicted.clone()];
        let mut hers = config(&mallory, tier);
        addresses.push(mallory.create_account(&hers, &salt).ok());
        hers.max_leverage = 200;
        addresses.push(mallory.create_account(&hers, &salt).ok());
        hers.signers = signers(&owner);
        addresses.push(mallory.create_account(&hers, &salt).ok());
        for other in [AccountType::Basic, AccountType::Pro, AccountType::Institutional] {
            if other != tier {
                addresses.push(f.factory().account_address(&config(&owner, other), &salt));
            }
        }
        addresses.push(f.factory().account_address(&config(&owner, tier), &f.next_salt()));
        let distinct: std::collections::BTreeSet<String> =
            addresses.iter().map(|address| format!("{address:?}")).collect();
        assert_eq!(distinct.len(), addresses.len());
        assert_eq!(owner.create_account(&config(&owner, tier), &salt).ok(), predicted);
        owner.create_account(&config(&owner, tier), &salt).fails(FactoryError::AlreadyDeployed);
        // Whatever its owner is beyond the tier, there is no such account.
        let cap = if tier == AccountType::Basic { 300 } else { 1_000 };
        let bold = AccountConfig { max_leverage: cap + 1, ..config(&owner, tier) };
        owner.create_account(&bold, &f.next_salt()).changes_nothing();
    }
}

fn p29_a_constructor_runs_once(f: &Fixture) {
    for account in of_each_tier(f) {
        let mallory = f.key_account("mallory");
        let config = AccountConfig {
            account_type: f.account(&account).account_type(),
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: mallory.address.clone(),
            signers: HostVec::from_array(&f.env, [f.key(mallory.key())]),
        };
        let args = (config, f.ledger().settlement_asset()).into_val(&f.env);
        mallory.calls::<Val>(&account.address, "__constructor", args).changes_nothing();
    }
}

/// Code that does not know the state it finds must not guess.
fn p39_state_of_another_schema_is_not_read(f: &Fixture) {
    for account in of_each_tier(f) {
        f.env.as_contract(&account.address, || {
            let storage = f.env.storage().instance();
            let key = f.symbol("profile");
            let mut profile: HostVec<Val> = storage.get(&key).expect("a profile");
            let version = u32::try_from_val(&f.env, &profile.get(0).expect("a version")).unwrap();
            profile.set(0, (version + 1).into());
            storage.set(&key, &profile);
        });
        assert_refused(account.borrow(LITTLE), &account, NotInitialized);
        assert_refused(account.repay(LITTLE), &account, NotInitialized);
        assert_eq!(f.account(&account).try_limits(), Err(Ok(NotInitialized)));
    }
}

fn p01_a_delegate_is_nobody_of_the_protocol_and_not_the_account(f: &Fixture) {
    for account in of_each_tier(f) {
        let contracts = f.contracts();
        for delegate in
            [&account.address, &contracts.vault, &contracts.clearing, &contracts.ledger, &contracts.factory]
        {
            let args = (delegate, permissions::TRADE, f.now() + DAY);
            f.administer::<()>(&account, "grant_delegate", args).fails(InvalidConfig);
            f.administer::<()>(&account, "allow_contract", (delegate,)).fails(InvalidConfig);
        }
    }
}

fn a_delegate_acts_within_its_bits_until_revoked(f: &Fixture) {
    for account in of_each_tier(f) {
        let desk = f.key_account(&format!("desk of {}", account.name));
        let grant = |bits: u32, until: u64| {
            f.administer::<()>(&account, "grant_delegate", (&desk.address, bits, until)).ok();
        };
        let permitted = || f.ledger().permission(&account.address, &desk.address);
        grant(permissions::TRADE, f.now() + DAY);
        assert_eq!(permitted(), permissions::TRADE);
        assert_eq!(f.account(&account).standing().delegates.len(), 1);
        f.pass(DAY);
        assert_eq!(permitted(), 0, "over");
        grant(permissions::REDUCE_ONLY, f.now() + DAY);
        assert_eq!(permitted(), permissions::REDUCE_ONLY);
        f.administer::<()>(&account, "revoke_delegate", (&desk.address,)).ok();
        assert_eq!(permitted(), 0);
        assert_eq!(f.account(&account).standing().delegates.len(), 0);
        f.administer::<()>(&account, "revoke_delegate", (&desk.address,)).changes_nothing();
    }
}

/// Limits of zero permit no risk. To lend everything to the pool is none while nothing is owed.
fn a_frozen_account_has_no_delegates(f: &Fixture) {
    for account in of_each_tier(f) {
        let desk = f.key_account(&format!("desk of {}", account.name));
        let grant = (&desk.address, permissions::MODIFY_COLLATERAL, f.now() + DAY);
        f.administer::<()>(&account, "grant_delegate", grant).ok();
        let lend = |dollars: i128| {
            let all = Action::AddLiquidity(usdc(dollars).units, 0);
            submit(f, &desk, &account, &[ClearingRequest::Act(all)])
        };
        lend(1).ok();
        freeze(f, &account).signed_by(&[account.key()]).ok();
        lend(19_000).fails(ClearingError::NotPermitted);
        assert_eq!(f.ledger().permission(&account.address, &desk.address), 0);
        assert!(f.account(&account).standing().delegates.is_empty());
        // Nobody comes back by itself.
        f.administer::<()>(&account, "unfreeze", ()).ok();
        lend(1).fails(ClearingError::NotPermitted);
        f.administer::<()>(&account, "grant_delegate", grant).ok();
        lend(1).ok();
    }
}

/// What is not in the table is bound to the account by naming it.
fn allowed_contracts_hear_the_owners_and_nobody_else(f: &Fixture) {
    for account in of_each_tier(f) {
        let club = f.env.register(Club, ());
        let join = |who: &Actor| who.calls::<()>(&club, "join", (&account.address, 7u32).into_val(&f.env));
        assert_refused(join(&account), &account, OperationNotAllowed);
        f.administer::<()>(&account, "allow_contract", (&club,)).ok();
        f.administer::<()>(&account, "allow_contract", (&club,)).fails(InvalidConfig);
        join(&account).ok();
        // An argument that does not name the account would be good for its twin as well.
        let anonymous = Invocation::new(&club, "join", (7u32,).into_val(&f.env));
        assert_refused(account.borrow(LITTLE).also_signing(anonymous), &account, OperationNotAllowed);
        let other = Invocation::new(&club, "join", (&f.lender.address, 7u32).into_val(&f.env));
        assert_refused(account.borrow(LITTLE).also_signing(other), &account, OperationNotAllowed);
        match f.account(&account).account_type() {
            AccountType::Basic => {}
            _ => {
                let agent = f.session(&account, "agent", |_| ());
                assert_refused(join(&agent), &account, OperationNotAllowed);
            }
        }
        f.administer::<()>(&account, "disallow_contract", (&club,)).ok();
        assert_refused(join(&account), &account, OperationNotAllowed);
        f.administer::<()>(&account, "disallow_contract", (&club,)).fails(InvalidConfig);
        for _ in 0..16 {
            let contract = f.env.register(Club, ());

            f.administer::<()>(&account, "allow_contract", (&contract,)).ok();
        }
        let one_more: Address = f.env.register(Club, ());
        f.administer::<()>(&account, "allow_contract", (&one_more,)).fails(InvalidConfig);
    }
}

/// A contract that nobody of the protocol knows.
#[soroban_sdk::contract]
pub struct Club;

#[soroban_sdk::contractimpl]
impl Club {
    /// Asks for consent to `(who, number)`.
    pub fn join(_env: soroban_sdk::Env, who: Address, _number: u32) {
        who.require_auth();
    }
}
