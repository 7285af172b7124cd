//! What an issuer on Stellar can do to its asset, with the real Stellar Asset Contract: each of it blocks itself alone.

use margin_interface::{LedgerError, Receive};
use margin_tests::actor::Actor;
use margin_tests::fixture::Fixture;
use margin_tests::listed::Listed;
use margin_tests::money::{usdc, Coin};
use margin_tests::refusal::Failure;
use soroban_sdk::xdr::AccountFlags;

crate::in_both_modes!(
    a_vault_that_is_deauthorised_blocks_that_token_alone,
    a_frozen_token_blocks_no_liquidation_in_shares,
    a_user_who_is_deauthorised_blocks_himself_alone,
    an_issuer_that_is_locked_changes_nothing,
    a_vault_that_was_never_authorised_receives_nothing,
    a_clawback_is_borne_by_the_depositors_of_that_token_alone,
    a_clawback_that_returns_costs_nobody,
);

/// Error of the Stellar Asset Contract: the balance is deauthorised.
const DEAUTHORISED: u32 = 11;

const REVOCABLE: u32 = AccountFlags::RevocableFlag as u32;
const CLAWBACK: u32 = AccountFlags::ClawbackEnabledFlag as u32;
const REQUIRED: u32 = AccountFlags::RequiredFlag as u32;

/// Somebody with 1,000 of the regulated token and 1,000 USDC deposited, and as much of both in the wallet.
fn depositor(f: &Fixture, token: &Listed, name: &str) -> Actor {
    let actor = f.funded(f.key_account(name), &[usdc(2_000)]);
    token.fund(f, &actor, token.whole(2_000));
    token.deposit(f, &actor, token.whole(1_000)).ok();
    actor.deposit(usdc(1_000)).ok();
    actor
}

#[track_caller]
fn refused_by_the_token(failure: &Failure) {
    assert_eq!(failure.code, Some(DEAUTHORISED), "{failure}");
}

/// The same with another token works as if nothing had happened.
fn usdc_still_works(actor: &Actor) {
    actor.deposit(usdc(10)).ok();
    actor.borrow(usdc(10)).ok();
    actor.repay(usdc(5)).ok();
    actor.repay_with_collateral(usdc(6)).ok();
    actor.withdraw(usdc(10)).ok();
}

fn a_vault_that_is_deauthorised_blocks_that_token_alone(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE);
    let alice = depositor(f, &token, "alice");
    token.borrow(f, &alice, token.whole(100)).ok();
    token.authorise(f, &f.contracts().vault, false);

    let some = token.whole(10);
    refused_by_the_token(&token.deposit(f, &alice, some).changes_nothing());
    refused_by_the_token(&token.withdraw(f, &alice, some, &alice.address).changes_nothing());
    refused_by_the_token(&token.borrow(f, &alice, some).changes_nothing());
    refused_by_the_token(&token.repay(f, &alice, some).changes_nothing());
    // What moves no token works, even in that token.
    token.repay_with_collateral(f, &alice, some).ok();
    usdc_still_works(&alice);

    token.authorise(f, &f.contracts().vault, true);
    token.repay(f, &alice, token.whole(100)).ok();
    token.withdraw(f, &alice, token.whole(500), &alice.address).ok();
    assert_eq!(token.balance(f, &f.contracts().vault), token.cash(f));
}

fn a_frozen_token_blocks_no_liquidation_in_shares(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE);
    let bob = f.key_account("bob");
    token.fund(f, &bob, token.whole(10_000));
    token.deposit(f, &bob, token.whole(10_000)).ok();
    bob.borrow(usdc(8_400)).ok();
    token.authorise(f, &f.contracts().vault, false);
    f.set_price("USDT", margin_tests::money::price(1) * 90 / 100);
    assert!(f.vault().is_liquidatable(&bob.address));

    let keeper = f.funded(f.keeper.clone(), &[usdc(8_400)]);
    let all = usdc(8_400).units;
    refused_by_the_token(&token.liquidate(f, &keeper, &bob, all, Receive::Tokens).changes_nothing());
    let done = token.liquidate(f, &keeper, &bob, all, Receive::Shares).ok();
    assert!(done.repaid > 0 && done.seized > 0);
    assert!(!f.vault().is_liquidatable(&bob.address));
    // What the keeper has is worth what was seized, up to the unit that shares round away.
    let (held, _) = token.held(f, &keeper);
    assert!((done.seized - 1..=done.seized).contains(&held), "{held} of {}", done.seized);
    // It leaves when the issuer permits it.
    token.authorise(f, &f.contracts().vault, true);
    token.fund(f, &keeper, 1);
    token.withdraw(f, &keeper, held, &keeper.address).ok();
}

fn a_user_who_is_deauthorised_blocks_himself_alone(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE | CLAWBACK);
    let (alice, bob) = (depositor(f, &token, "alice"), depositor(f, &token, "bob"));
    token.authorise(f, &alice.address, false);

    let some = token.whole(10);
    refused_by_the_token(&token.deposit(f, &alice, some).changes_nothing());
    refused_by_the_token(&token.withdraw(f, &alice, some, &alice.address).changes_nothing());
    refused_by_the_token(&token.borrow(f, &alice, some).changes_nothing());
    usdc_still_works(&alice);
    // Nobody loses a deposit to it: it may go to an address that can hold it.
    token.withdraw(f, &alice, some, &bob.address).ok();

    token.deposit(f, &bob, some).ok();
    token.withdraw(f, &bob, some, &bob.address).ok();
    usdc_still_works(&bob);
}

fn an_issuer_that_is_locked_changes_nothing(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE | CLAWBACK);
    let alice = depositor(f, &token, "alice");
    token.lock_issuer(f, REVOCABLE | CLAWBACK);
    token.mint(f, &alice.address, 1).changes_nothing();

    let some = token.whole(10);
    token.deposit(f, &alice, some).ok();
    token.borrow(f, &alice, some).ok();
    token.repay(f, &alice, some).ok();
    token.withdraw(f, &alice, some, &alice.address).ok();
    usdc_still_works(&alice);
}

fn a_vault_that_was_never_authorised_receives_nothing(f: &Fixture) {
    let token = Listed::stellar(f, REQUIRED | REVOCABLE);
    let alice = f.funded(f.key_account("alice"), &[usdc(1_000)]);
    token.fund(f, &alice, token.whole(1_000));
    refused_by_the_token(&token.deposit(f, &alice, token.whole(10)).changes_nothing());
    token.borrow(f, &alice, token.whole(1)).fails(LedgerError::InsufficientLiquidity);
    token.authorise(f, &f.contracts().vault, true);
    token.deposit(f, &alice, token.whole(10)).ok();
    assert_eq!(f.balance(Coin::Usdc, &alice.address), usdc(1_000).units);
}

/// A tenth of what the vault holds is taken back. Until the books know it, nothing else is touched; then that token alone
/// waits; after a day those who lent it bear it in equal parts.
fn a_clawback_is_borne_by_the_depositors_of_that_token_alone(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE | CLAWBACK);
    let (alice, bob) = (depositor(f, &token, "alice"), depositor(f, &token, "bob"));
    token.borrow(f, &bob, token.whole(200)).ok();
    let vault = &f.contracts().vault;
    token.claw_back(f, vault, token.whole(180));
    usdc_still_works(&alice);

    let missing = f.vault().sync(&token.address);
    assert_eq!(missing, token.whole(180));
    let some = token.whole(10);
    token.withdraw(f, &alice, some, &alice.address).fails(LedgerError::AssetFrozen);
    token.borrow(f, &alice, some).fails(LedgerError::AssetFrozen);
    usdc_still_works(&alice);
    // A debt may always be repaid, in that token too; and what is missing supports nothing at once.
    token.repay(f, &bob, token.whole(50)).ok();
    let (held, _) = token.held(f, &alice);
    let expected = token.whole(1_000) * 1_820 / 2_000;
    assert!((held - expected).abs() <= 10_000, "{held}");

    f.pass(86_400 - 10);
    assert_eq!(f.vault().sync(&token.address), missing, "it may still return");
    f.pass(10);
    assert_eq!(f.vault().sync(&token.address), 0);
    assert_eq!(token.balance(f, vault), token.cash(f));
    for who in [&alice, &bob] {
        let (held, _) = token.held(f, who);
        // Each bears the same; interest has made both a little richer meanwhile.
        assert!((expected..expected + token.whole(1)).contains(&held), "{held} of {expected}");
    }
    token.withdraw(f, &alice, i128::MAX, &alice.address).ok();
    assert!(f.vault().sync(&token.address) == 0 && token.balance(f, vault) == token.cash(f));
}

fn a_clawback_that_returns_costs_nobody(f: &Fixture) {
    let token = Listed::stellar(f, REVOCABLE | CLAWBACK);
    let alice = depositor(f, &token, "alice");
    let vault = &f.contracts().vault;
    let (held, _) = token.held(f, &alice);
    token.claw_back(f, vault, token.whole(1_000));
    assert_eq!(f.vault().sync(&token.address), token.whole(1_000));
    assert_eq!(token.held(f, &alice), (0, 0));
    token.mint(f, vault, token.whole(400)).ok();
    assert_eq!(f.vault().sync(&token.address), token.whole(600));
    token.mint(f, vault, token.whole(600)).ok();
    assert_eq!(f.vault().sync(&token.address), 0);
    assert_eq!(token.held(f, &alice), (held, 0));
    token.withdraw(f, &alice, i128::MAX, &alice.address).ok();
}
