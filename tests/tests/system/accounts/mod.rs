//! The accounts of all tiers under attack. A name that begins with `p` and a number closes that pitfall of the table in
//! `docs/accounts.md`; the table says which line each of them guards.

mod authority;
mod batches;
mod compliance;
mod contexts;
mod institution;
mod judgement;
mod lifecycle;
mod orders;
mod passkeys;
mod random;
mod resting;
mod sessions;
mod tiers;
mod views;

use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::Fixture;
use margin_tests::money::{usdc, Coin, Money};

/// Two dollars of ether: within every limit.
const LITTLE: Money = Money { coin: Coin::Eth, units: 1_000_000_000_000_000 };

/// `account` with 5,000 USDC in its wallet and 20,000 deposited.
fn furnished(f: &Fixture, account: Actor) -> Actor {
    let account = f.funded(account, &[usdc(25_000)]);
    account.deposit(usdc(20_000)).ok();
    account
}

/// One account of each tier.
fn of_each_tier(f: &Fixture) -> [Actor; 3] {
    [f.smart_account("basil"), f.pro_account("petra"), f.institution("inge", 3)]
        .map(|account| furnished(f, account))
}

/// `token.approve(who, spender, amount, ledger)`.
fn approve_call(f: &Fixture, who: &Actor, spender: &Actor, money: Money) -> Invocation {
    use soroban_sdk::IntoVal;
    let until = f.env.ledger().sequence() + 100;
    let args = (&who.address, &spender.address, money.units, until).into_val(&f.env);
    Invocation::new(f.token(money.coin), "approve", args)
}

/// With mocked authorisation no account is ever asked, and every test of one passes.
#[test]
fn p40_no_authorisation_is_mocked() {
    fn sources(folder: &std::path::Path, into: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() && entry.file_name().is_some_and(|name| name != "target") {
                sources(&entry, into);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                into.push(entry);
            }
        }
    }
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = Vec::new();
    for part in [
        "tests",
        "packages/account-core",
        "contracts/basic-account",
        "contracts/pro-account",
        "contracts/institutional-account",
    ] {
        sources(&root.join(part), &mut files);
    }
    assert!(files.len() > 80, "{} files", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        for mock in [concat!(".mock", "_all_auths"), concat!(".mock", "_auths")] {
            assert!(!text.contains(mock), "{}: {mock}", file.display());
        }
    }
}
