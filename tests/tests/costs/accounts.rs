//! What each tier adds to a call: a token transfer, a call of a venue, and the account itself.

use margin_interface::{AccountConfig, AccountType};
use margin_tests::actor::{key_of, Actor};
use margin_tests::costs::{Cost, Table};
use margin_tests::fixture::Fixture;
use margin_tests::money::{eth, usdc, usdt};
use margin_tests::signer::{Passkey, Signer};
use margin_tests::world::Mode;

/// Rent of a new account, XLM, as the design has it.
const RENT: [(AccountType, f64); 3] =
    [(AccountType::Basic, 1.2), (AccountType::Pro, 1.5), (AccountType::Institutional, 2.5)];

/// Measures what depends on the tier.
pub fn case(table: &mut Table) {
    transfers(table);
    venue_calls(table);
    administration(table);
    creation(table);
}

fn section(what: &str) -> String {
    format!("Accounts: {what}")
}

fn transfers(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = &section("a USDC transfer");
    let mut pays = |who: &Actor, signers: &[Signer], name: &str, bar: Option<f64>| {
        f.fund(who, usdc(10));
        // Once before, so that no entry is new.
        for _ in 0..2 {
            f.pass(5);
            who.pay(&f.lender.address, usdc(1)).signed_with(signers).ok();
        }
        table.note(f, section, name, bar);
    };
    let karl = f.key_account("karl");
    pays(&karl, &karl.signers(), "by a key account", None);
    let basil = f.smart_account("basil");
    pays(&basil, &basil.signers(), "by a Basic account", Some(1.3));
    let petra = f.pro_account("petra");
    pays(&petra, &petra.signers(), "by a Pro account", None);
    let phone = Signer::from(&Passkey::of("phone"));
    let pia = f.smart_account_with("pia", |config| config.signers = f.keys(std::slice::from_ref(&phone)));
    pays(&pia, &[phone], "by a Basic account with a passkey", None);
    let bank = f.institution("bank", 5);
    pays(&bank, &bank.signers()[..3], "by a 3-of-5 institution", Some(2.6));
    let large = f.institution("large", 20);
    pays(&large, &large.signers(), "by an institution, 20 signatures", Some(12.0));
}

/// The same deposit and the same loan by each kind of signer: 2 deposits, 1 debt.
fn venue_calls(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = &section("calls of the vault");
    let ready = |who: Actor| {
        let who = f.funded(who, &[usdc(20_000), eth(10)]);
        who.deposit(usdc(10_000)).ok();
        who.deposit(eth(5)).ok();
        who.borrow(usdt(100)).ok();
        who
    };
    let mut measure = |who: &Actor, kind: &str| -> (Cost, Cost) {
        f.pass(5);
        who.borrow(usdt(10)).ok();
        f.pass(5);
        who.deposit(usdc(10)).ok();
        let deposit = table.note(f, section, &format!("vault.deposit by {kind}"), None);
        f.pass(5);
        who.borrow(usdt(10)).ok();
        (deposit, table.note(f, section, &format!("vault.borrow by {kind}"), None))
    };
    let key = measure(&ready(f.key_account("karl")), "a key account");
    let petra = ready(f.pro_account("petra"));
    let agent = f.session(&petra, "agent", |_| ());
    let accounts = [
        (ready(f.smart_account("basil")), "a Basic account"),
        (petra, "a Pro account"),
        (agent, "a session"),
        (ready(f.institution("bank", 5)), "a 3-of-5 institution"),
    ];
    for (who, kind) in accounts {
        let (deposit, borrow) = measure(&who, kind);
        let more = |cost: Cost, than: Cost| (cost.instructions - than.instructions) as f64 / 1e6;
        println!(
            "{kind} adds {:.2} M to a deposit, {:.2} M to a loan (bars: session 1.6, preview 2.5)",
            more(deposit, key.0),
            more(borrow, key.1)
        );
    }
}

fn administration(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = &section("administration");
    let petra = f.pro_account("petra");
    f.session(&petra, "agent", |_| ());
    table.note(f, section, "grant_session (Pro)", None);
    f.by_itself(&petra, "freeze", ()).ok();
    table.note(f, section, "freeze (Pro)", None);
    let used = f.funded(f.pro_account("paul"), &[usdc(10)]);
    used.deposit(usdc(10)).ok();
    f.by_itself(&used, "freeze", ()).ok();
    table.note(f, section, "freeze (Pro, once it was used)", None);
    let bank = f.institution("bank", 5);
    let same = f.institutional(&bank).multisig();
    f.administer::<()>(&bank, "update_multisig", (same,)).ok();
    table.note(f, section, "update_multisig (5 signatures)", None);
    f.session(&bank, "agent of the bank", |_| ());
    table.note(f, section, "grant_session (5 signatures)", None);
}

fn creation(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = &section("creation");
    // The first account of an owner has an entry of its own; the code is in use.
    f.smart_account("first");
    f.pro_account("second");
    f.institution("third", 5);
    for (tier, bar) in RENT {
        let owner = f.owner_of(&format!("{tier:?}"));
        let signers: Vec<Signer> = (0..5).map(|n| Signer::from(key_of(&format!("signer {n}")))).collect();
        let signers = if tier == AccountType::Institutional { &signers[..] } else { &signers[..1] };
        let config = AccountConfig {
            account_type: tier,
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: owner.address.clone(),
            signers: f.keys(signers),
        };
        owner.create_account(&config, &f.next_salt()).ok();
        let cost = table.note(f, section, &format!("factory.create_account ({tier:?})"), 2.5);
        println!("{tier:?}: rent {:.4} XLM, bar {bar}", cost.rent as f64 / 1e7);
    }
}
