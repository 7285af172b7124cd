//! Another tier at the same address, and a key account that becomes a smart one.

use super::{furnished, LITTLE};
use margin_interface::AccountError::{
    ExceedsSessionLimit, InsufficientSignatures, InvalidConfig, NothingPending, OperationNotAllowed,
    TierChangePending, TierInUse,
};
use margin_interface::{AccountType, Limits, MultisigConfig, Proposer, TierParams, TradingHours};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{milli_base, price, usd, usdc, usdt};
use margin_tests::operations::Order;
use margin_tests::refusal::assert_refused;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::{IntoVal, Vec as HostVec};

crate::in_both_modes!(
    an_account_grows_up_and_keeps_everything,
    an_offer_ends_with_the_tier,
    a_tier_in_use_is_not_left,
    p30_nobody_but_the_authority_changes_the_tier,
    p30_while_the_tier_changes_nothing_is_authorised,
    p23_a_new_tier_has_signers_and_limits_of_its_bounds,
);

fn params(f: &Fixture, max_leverage: u32, signers: &[&str]) -> TierParams {
    let signers: Vec<Signer> = signers.iter().map(|name| Signer::from(key_of(name))).collect();
    TierParams {
        limits: Limits {
            max_leverage,
            market_exposure: usd(50_000),
            min_health: 12_000,
            total_borrow: usd(100_000),
        },
        signers: f.keys(&signers),
    }
}

fn change(f: &Fixture, authority: &Actor, account: &Actor, tier: AccountType, params: &TierParams) -> Tx<()> {
    f.upgrades_account(authority, account, tier, params)
}

/// Whoever takes what was offered before would void what the institution has announced since.
fn an_offer_ends_with_the_tier(f: &Fixture) {
    let basil = furnished(f, f.smart_account("basil"));
    let heir = f.key_account("heir");
    f.administer::<()>(&basil, "transfer_ownership", (&heir.address,)).ok();
    let signers = params(f, 1_000, &["one", "two", "three"]);
    change(f, &f.owner_of("basil"), &basil, AccountType::Institutional, &signers).ok();
    assert_eq!(f.account(&basil).standing().pending_owner, None);
    let epoch = f.account(&basil).standing().epoch;
    f.administers(&heir, &basil, "accept_ownership", HostVec::new(&f.env)).fails(NothingPending);
    assert_eq!(f.account(&basil).standing().epoch, epoch);
}

fn an_account_grows_up_and_keeps_everything(f: &Fixture) {
    let basil = furnished(f, f.smart_account("basil"));
    let owner = f.owner_of("basil");
    basil.borrow(usdt(500)).ok();
    basil.trade(Order::market(BTC_USD, milli_base(20)).at(price(51_000))).ok();
    let held = || {
        let account = f.ledger().account(&basil.address);
        (account.deposits, account.debts, account.positions)
    };
    let before = held();

    change(f, &owner, &basil, AccountType::Pro, &params(f, 800, &["basil"])).ok();
    assert_eq!(held(), before);
    assert_eq!(f.account(&basil).account_type(), AccountType::Pro);
    assert_eq!(f.factory().account_type(&basil.address), Some(AccountType::Pro));
    assert_eq!(f.account(&basil).limits().max_leverage, 800);
    assert_eq!(f.ledger().account(&basil.address).limits, f.account(&basil).limits(), "the ledger knows");
    let agent = f.session(&basil, "agent", |_| ());
    agent.borrow(usdt(900)).ok();

    change(f, &owner, &basil, AccountType::Institutional, &params(f, 1_000, &["one", "two", "three"])).ok();
    let bank =
        Actor::at(&f.world, "basil", basil.address.clone(), ["one", "two", "three"].map(key_of).to_vec());
    assert_eq!(f.account(&bank).account_type(), AccountType::Institutional);
    assert_refused(bank.borrow(LITTLE).signed_by(&[bank.key()]), &bank, InsufficientSignatures);
    bank.borrow(LITTLE).signed_with(&bank.signers()[..2]).ok();
    assert_refused(basil.borrow(LITTLE), &bank, margin_interface::AccountError::UnauthorizedSigner);
    // The session came along, and so did what it has spent.
    assert_refused(agent.borrow(usdt(101)), &bank, ExceedsSessionLimit);
    agent.borrow(usdt(100)).ok();
    // The owner is now for lookup only.
    f.administers(&owner, &bank, "revoke_all_sessions", HostVec::new(&f.env)).changes_nothing();
}

fn a_tier_in_use_is_not_left(f: &Fixture) {
    // A Pro account with a session.
    let petra = furnished(f, f.pro_account("petra"));
    let owner = f.owner_of("petra");
    f.session(&petra, "agent", |_| ());
    let down = |leverage| change(f, &owner, &petra, AccountType::Basic, &params(f, leverage, &["petra"]));
    down(300).fails(TierInUse);
    f.administer::<()>(&petra, "revoke_all_sessions", ()).ok();
    // Risk that the lower tier would not have permitted.
    petra.trade(Order::market(BTC_USD, milli_base(1_500)).at(price(51_000))).ok();
    down(300).fails(TierInUse);
    petra.close_position(BTC_USD).ok();
    down(300).ok();
    assert_eq!(f.account(&petra).account_type(), AccountType::Basic);
    petra.borrow(LITTLE).ok();

    // An institution with more than one signature.
    let bank = furnished(f, f.institution("bank", 3));
    let to_pro = |bank: &Actor| change(f, bank, bank, AccountType::Pro, &params(f, 1_000, &["solo"]));
    to_pro(&bank).fails(TierInUse);
    let alone = MultisigConfig {
        guardians: HostVec::new(&f.env),
        signers: f.institutional(&bank).multisig().signers,
        threshold: 1,
        tiers: HostVec::new(&f.env),
    };
    f.administer::<()>(&bank, "update_multisig", (alone,)).ok();
    f.pass(DAY);
    Tx::<()>::new(
        &f.world,
        Invocation::new(&bank.address, "execute_multisig", (Proposer::Signers,).into_val(&f.env)),
    )
    .ok();
    let one = Actor::at(&f.world, "bank", bank.address.clone(), vec![key_of("bank 0")]);
    // And trading hours, which would no longer bind anybody.
    let always = f.institutional(&bank).trading_hours();
    let hours = TradingHours { start: 60, ..always.clone() };
    f.administer::<()>(&one, "set_trading_hours", (hours,)).ok();
    to_pro(&one).fails(TierInUse);
    f.administer::<()>(&one, "set_trading_hours", (always,)).ok();
    to_pro(&one).ok();
    let solo = Actor::at(&f.world, "bank", bank.address.clone(), vec![key_of("solo")]);
    assert_eq!(f.account(&solo).account_type(), AccountType::Pro);
    solo.borrow(usdt(10)).ok();
}

fn p30_nobody_but_the_authority_changes_the_tier(f: &Fixture) {
    let basil = furnished(f, f.smart_account("basil"));
    let owner = f.owner_of("basil");
    let mallory = f.key_account("mallory");
    let up = params(f, 1_000, &["mallory"]);
    change(f, &mallory, &basil, AccountType::Pro, &up).changes_nothing();
    change(f, &owner, &basil, AccountType::Pro, &up).signed_by(&[mallory.key()]).changes_nothing();
    // Not around the factory, whoever signs.
    let env = &f.env;
    let hash = f.code_of(AccountType::Pro);
    f.administer::<()>(&basil, "change_tier", (AccountType::Pro, hash, up.clone())).changes_nothing();
    f.administer::<()>(&basil, "complete_tier_change", ()).changes_nothing();
    // Other code than the factory's is not among what is consented to.
    let other = margin_tests::fixture::upload(&f.world, "probe-account", probe_account::ProbeAccount);
    let args = (&owner.address, &basil.address, AccountType::Pro, up.clone()).into_val(env);
    let root = Invocation::new(&f.contracts().factory, "upgrade_account", args);
    let handed = (&owner.address, AccountType::Pro, other, up.clone()).into_val(env);
    let signed = root.clone().with(Invocation::new(&basil.address, "change_tier", handed));
    Tx::<()>::new(&f.world, root).consent(&owner, signed.tree(env)).changes_nothing();

    // Of an institution: every signature that can be needed, and no session.
    let bank = furnished(f, f.institution("bank", 3));
    let agent = f.session(&bank, "agent", |_| ());
    let to_basic = || change(f, &bank, &bank, AccountType::Basic, &params(f, 300, &["mallory"]));
    assert_refused(to_basic().signed_with(&bank.signers()[..2]), &bank, InsufficientSignatures);
    assert_refused(to_basic().signed_by(&[agent.key()]), &bank, OperationNotAllowed);
    change(f, &f.owner_of("bank"), &bank, AccountType::Basic, &up).changes_nothing();
    assert_eq!(f.account(&bank).account_type(), AccountType::Institutional);
}

/// Between the old code and the new, nobody can say what would hold.
fn p30_while_the_tier_changes_nothing_is_authorised(f: &Fixture) {
    for account in super::of_each_tier(f) {
        f.env.as_contract(&account.address, || f.env.storage().instance().set(&f.symbol("tier"), &1u32));
        assert_refused(account.borrow(LITTLE), &account, TierChangePending);
        assert_refused(account.deposit(usdc(1)), &account, TierChangePending);
        assert_refused(f.by_itself(&account, "freeze", ()), &account, TierChangePending);
    }
}

fn p23_a_new_tier_has_signers_and_limits_of_its_bounds(f: &Fixture) {
    let basil = furnished(f, f.smart_account("basil"));
    let owner = f.owner_of("basil");
    let up = |params: &TierParams| change(f, &owner, &basil, AccountType::Pro, params);
    up(&params(f, 1_001, &["basil"])).fails(InvalidConfig);
    up(&params(f, 1_000, &[])).fails(InvalidConfig);
    up(&params(f, 1_000, &["basil", "basil"])).fails(InvalidConfig);
    change(f, &owner, &basil, AccountType::Basic, &params(f, 300, &["basil"])).fails(InvalidConfig);
    basil.withdraw(usdc(1)).ok();
    assert_eq!(f.account(&basil).account_type(), AccountType::Basic);
}
