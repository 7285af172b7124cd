//! The accounts of all tiers under attack. A name that begins with `p` and a number closes that pitfall of the table in
//! `docs/accounts.md`; the table says which line each of them guards.

mod authority;
mod compliance;
mod contexts;
mod institution;
mod judgement;
mod lifecycle;
mod passkeys;
mod random;
mod sessions;
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
