//! Owners, emergencies, delegates and new code.

use super::fixture;
use account_core::state::PendingTier;
use account_core::storage::{self, PENDING_TIER, PENDING_UPGRADE};
use account_core::testing::fakes::{healthy, FakeOwner, FakeOwnerClient};
use account_core::testing::{public, Fixture, NOW};
use core::slice;
use margin_interface::lifetime::{BUMP, THRESHOLD};
use margin_interface::{
    permissions, AccountError, AccountType, Limits, TierParams, UpgradeCancelled, UpgradeExecuted,
};
use soroban_sdk::testutils::{storage::Instance as _, Address as _, Events as _, Ledger as _};
use soroban_sdk::{
    contract, contractimpl, vec, Address, BytesN, Env, Event as _, Executable, IntoVal, InvokeError, Symbol,
    Val, Vec,
};

const WEEK: u64 = 7 * 86_400;

fn events(f: &Fixture) -> usize {
    f.env.events().all().filter_by_contract(&f.account).events().len()
}

#[test]
fn the_account_goes_to_whom_it_was_offered_and_only_when_he_takes_it() {
    let mut f = fixture();
    let next = f.env.register(FakeOwner, ());
    assert_eq!(f.client().try_accept_ownership(), Err(Ok(AccountError::NothingPending)));
    assert_eq!(f.administer("transfer_ownership", (&next,)), Ok(()));
    assert_eq!(events(&f), 1);
    assert_eq!(
        (f.client().get_owner(), f.client().standing().pending_owner),
        (f.owner.clone(), Some(next.clone()))
    );
    assert_eq!(
        f.client().try_accept_ownership().err(),
        Some(Err(InvokeError::Abort)),
        "a stranger's call carries no authority"
    );
    assert_eq!(f.client().get_owner(), f.owner);
    // The former owner cannot take it either.
    assert_eq!(accept(&f), Err(()));

    let former = core::mem::replace(&mut f.owner, next.clone());
    assert_eq!(accept(&f), Ok(()));
    assert_eq!((f.client().get_owner(), f.client().standing().pending_owner), (next, None));
    assert_eq!(f.administer("unfreeze", ()), Ok(()));
    f.owner = former;
    assert_eq!(try_as_owner(&f, "unfreeze", ()), Err(()), "the former owner administers no longer");
}

/// The owner of the fixture calls a function; an error of any kind is a refusal.
fn try_as_owner(f: &Fixture, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Result<(), ()> {
    let owner = FakeOwnerClient::new(&f.env, &f.owner);
    let call = owner.try_administer(&f.account, &Symbol::new(&f.env, function), &args.into_val(&f.env));
    call.map(|_| ()).map_err(|_| ())
}

fn accept(f: &Fixture) -> Result<(), ()> {
    try_as_owner(f, "accept_ownership", ())
}

#[test]
fn signers_take_the_account_for_itself_and_do_nothing_else_before() {
    let f = fixture();
    let refusal = account_core::testing::refused(AccountError::OperationNotAllowed);
    let call = |function: &str| f.call(&f.account, function, (&f.account,));
    assert_eq!(f.check(&[call("accept_ownership")]), refusal, "it is not offered");
    assert_eq!(f.administer("transfer_ownership", (&f.account,)), Ok(()));
    for function in ["unfreeze", "update_params", "transfer_ownership"] {
        assert_eq!(f.check(&[call(function)]), refusal, "{function}");
    }
    assert_eq!(f.check(&[call("accept_ownership")]), Ok(()));
}

#[test]
fn a_second_offer_replaces_the_first() {
    let mut f = fixture();
    let [first, second] = [f.env.register(FakeOwner, ()), f.env.register(FakeOwner, ())];
    assert_eq!(f.administer("transfer_ownership", (&first,)), Ok(()));
    assert_eq!(f.administer("transfer_ownership", (&second,)), Ok(()));
    f.owner = first;
    assert_eq!(accept(&f), Err(()));
    f.owner = second;
    assert_eq!(accept(&f), Ok(()));
}

#[test]
fn an_account_that_is_given_to_itself_is_administered_by_its_signers() {
    let f = fixture();
    assert_eq!(f.administer("transfer_ownership", (&f.account,)), Ok(()));
    assert!(matches!(f.by_itself(&[&f.outsider], "accept_ownership", (), ()), Err(None)));
    assert!(f.by_itself(&[&f.keys[0]], "accept_ownership", (), ()).is_ok());
    let new = public(&f.env, &f.outsider);
    assert!(f.by_itself(&[&f.keys[1]], "add_signer", (new.clone(),), (new.clone(),)).is_ok());
    assert!(f.client().signers().contains(&new));
}

#[test]
fn any_one_signer_freezes_and_only_the_owner_ends_it() {
    let f = fixture();
    f.ledger().script(&healthy(&f.env));
    f.ledger().hold_steady();
    let limits = f.client().limits();
    assert!(matches!(f.by_itself(&[&f.outsider], "freeze", (), ()), Err(None)));
    assert_eq!(
        f.client().try_freeze().err(),
        Some(Err(InvokeError::Abort)),
        "a stranger's call carries no authority"
    );
    assert!(!f.client().standing().frozen);

    assert!(f.by_itself(&[&f.keys[1]], "freeze", (), ()).is_ok());
    assert_eq!(events(&f), 2, "the authorisation and what it authorised");
    assert!(f.client().standing().frozen);
    assert_eq!(f.check(&[f.trade(1, false)]), Err(Ok(AccountError::Frozen)));
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
    let gift = f.call(&f.protocol.vault, "deposit", (&f.account, &f.owner, &f.owner, 1_i128));
    assert_eq!(f.check(slice::from_ref(&gift)), Err(Ok(AccountError::Frozen)));
    assert_eq!(f.check(&[gift.clone(), gift]), Err(Ok(AccountError::Frozen)), "two are no less than one");
    // Delegates and resting orders never ask the account.
    let nothing = Limits { max_leverage: 0, market_exposure: 0, total_borrow: 0, ..limits.clone() };
    assert_eq!(f.ledger().stored_limits(), nothing);
    assert_eq!(
        f.administer("update_params", (Some(200_u32), None::<u32>, None::<i128>, None::<i128>)),
        Ok(())
    );
    assert_eq!(f.ledger().stored_limits(), nothing, "new parameters do not thaw");

    assert!(matches!(f.by_itself(&[&f.keys[1]], "unfreeze", (), ()), Err(None)));
    assert_eq!(f.administer("unfreeze", ()), Ok(()));
    assert_eq!(f.ledger().stored_limits(), Limits { max_leverage: 200, ..limits });
    assert_eq!(f.check(&[f.trade(1, false)]), Ok(()));
}

#[test]
fn an_entry_that_freezes_does_nothing_else() {
    let f = fixture();
    let freeze = f.call(&f.account, "freeze", (f.account.clone(),));
    assert_eq!(f.check(slice::from_ref(&freeze)), Ok(()));
    let both = [freeze, f.trade(-1, true)];
    assert_eq!(f.check(&both), Err(Ok(AccountError::OperationNotAllowed)));
    let [first, second] = both;
    assert_eq!(f.check(&[second, first]), Err(Ok(AccountError::OperationNotAllowed)));
}

#[test]
fn delegates_stand_in_the_ledgers_book() {
    let f = fixture();
    let delegate = Address::generate(&f.env);
    let expires = NOW + WEEK;
    assert_eq!(f.administer("grant_delegate", (&delegate, permissions::TRADE, expires)), Ok(()));
    assert_eq!(f.ledger().granted(&delegate), Some((permissions::TRADE, expires)));
    // Once more replaces, and is listed once.
    assert_eq!(f.administer("grant_delegate", (&delegate, permissions::REDUCE_ONLY, expires)), Ok(()));
    assert_eq!(f.ledger().granted(&delegate), Some((permissions::REDUCE_ONLY, expires)));
    assert_eq!(f.client().standing().delegates, vec![&f.env, delegate.clone()]);
    assert_eq!(f.administer("revoke_delegate", (&delegate,)), Ok(()));
    assert_eq!(f.ledger().granted(&delegate), None);
    assert!(f.client().standing().delegates.is_empty());
    assert_eq!(f.administer("revoke_delegate", (&delegate,)), Err(AccountError::InvalidConfig));
    assert_eq!(
        f.client().try_grant_delegate(&delegate, &permissions::TRADE, &expires).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(f.client().try_revoke_delegate(&delegate).err(), Some(Err(InvokeError::Abort)));
}

#[test]
fn a_freeze_takes_back_what_was_granted() {
    let f = fixture();
    let delegate = Address::generate(&f.env);
    let grant = (&delegate, permissions::REDUCE_ONLY, NOW + WEEK);
    assert_eq!(f.administer("grant_delegate", grant), Ok(()));
    assert_eq!(f.by_itself(&[&f.keys[0]], "freeze", (), ()), Ok(()));
    assert_eq!(f.ledger().granted(&delegate), None);
    assert!(f.client().standing().delegates.is_empty());
    assert_eq!(f.administer("unfreeze", ()), Ok(()));
    assert_eq!(f.ledger().granted(&delegate), None, "thawing brings nobody back");
    assert_eq!(f.administer("grant_delegate", grant), Ok(()));
    assert!(f.ledger().granted(&delegate).is_some());
}

#[test]
fn neither_the_account_nor_the_protocol_is_a_delegate_and_their_number_is_bounded() {
    let f = fixture();
    let grant =
        |delegate: &Address| f.administer("grant_delegate", (delegate, permissions::TRADE, NOW + WEEK));
    let protocol = &f.protocol;
    for reserved in
        [&f.account, &protocol.factory, &protocol.ledger, &protocol.perp_clearing, &protocol.vault]
    {
        assert_eq!(grant(reserved), Err(AccountError::InvalidConfig));
    }
    let first = Address::generate(&f.env);
    assert_eq!(grant(&first), Ok(()));
    for _ in 1..16 {
        assert_eq!(grant(&Address::generate(&f.env)), Ok(()));
    }
    assert_eq!(grant(&Address::generate(&f.env)), Err(AccountError::InvalidConfig));
    assert_eq!(grant(&first), Ok(()), "a listed one is renewed");
}

/// What an account becomes.
#[contract]
struct Successor;

#[contractimpl]
impl Successor {
    pub fn generation(_env: Env) -> u32 {
        2
    }
}

fn code(f: &Fixture) -> BytesN<32> {
    f.env.upload(Successor)
}

fn runs(f: &Fixture, hash: &BytesN<32>) -> bool {
    f.account.executable() == Some(Executable::Wasm(hash.clone()))
}

#[test]
fn announced_code_comes_after_a_week_and_nothing_else_ever() {
    let f = fixture();
    let hash = code(&f);
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::NothingPending));
    assert_eq!(f.administer("cancel_upgrade", ()), Err(AccountError::NothingPending));
    assert_eq!(
        f.client().try_propose_upgrade(&hash).err(),
        Some(Err(InvokeError::Abort)),
        "a stranger's call carries no authority"
    );
    assert_eq!(f.administer("propose_upgrade", (&hash,)), Ok(()));
    assert_eq!(events(&f), 1);
    let standing = f.client().standing();
    assert_eq!((standing.pending_upgrade, standing.upgrade_ready_at), (Some(hash.clone()), NOW + WEEK));
    f.env.ledger().set_timestamp(NOW + WEEK - 1);
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::TooEarly));
    f.env.ledger().set_timestamp(NOW + WEEK);
    assert_eq!(
        f.client().try_execute_upgrade().err(),
        Some(Err(InvokeError::Abort)),
        "a stranger's call carries no authority"
    );
    assert!(!runs(&f, &hash));
    let epoch = || f.env.as_contract(&f.account, || storage::load(&f.env).map(|profile| profile.epoch));
    assert_eq!(epoch(), Ok(0));
    assert_eq!(f.administer("execute_upgrade", ()), Ok(()));
    let told = UpgradeExecuted { wasm_hash: hash.clone() }.to_xdr(&f.env, &f.account);
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [told]);
    assert!(runs(&f, &hash));
    assert_eq!(epoch(), Ok(1), "what was signed for the code before is void");
    assert!(!f.env.as_contract(&f.account, || PENDING_UPGRADE.is_set(&f.env)), "announced no longer");
}

#[test]
fn a_new_announcement_waits_anew_a_cancelled_or_lapsed_one_is_gone() {
    let f = fixture();
    let [first, second] = [BytesN::from_array(&f.env, &[1; 32]), code(&f)];
    assert_eq!(f.administer("propose_upgrade", (&first,)), Ok(()));
    f.env.ledger().set_timestamp(NOW + WEEK);
    assert_eq!(f.administer("propose_upgrade", (&second,)), Ok(()));
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::TooEarly));
    assert_eq!(f.administer("cancel_upgrade", ()), Ok(()));
    let told = UpgradeCancelled { wasm_hash: second.clone() }.to_xdr(&f.env, &f.account);
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [told]);
    f.env.ledger().set_timestamp(NOW + 2 * WEEK);
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::NothingPending));
    assert_eq!(f.administer("propose_upgrade", (&second,)), Ok(()));
    assert_eq!(
        f.client().try_cancel_upgrade().err(),
        Some(Err(InvokeError::Abort)),
        "a stranger's call carries no authority"
    );
    f.env.ledger().set_timestamp(NOW + 5 * WEEK);
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::Lapsed));
    assert!(!runs(&f, &second));
    f.env.ledger().set_timestamp(NOW + 5 * WEEK - 1);
    assert_eq!(f.administer("execute_upgrade", ()), Ok(()));
}

#[test]
fn what_is_signed_to_execute_is_the_code_itself() {
    let f = fixture();
    assert_eq!(f.administer("transfer_ownership", (&f.account,)), Ok(()));
    assert!(f.by_itself(&[&f.keys[0]], "accept_ownership", (), ()).is_ok());
    let [meant, other] = [BytesN::from_array(&f.env, &[1; 32]), code(&f)];
    assert!(f.by_itself(&[&f.keys[0]], "propose_upgrade", (&other,), (&other,)).is_ok());
    f.pass(WEEK);
    assert!(matches!(f.by_itself(&[&f.keys[0]], "execute_upgrade", (&meant,), ()), Err(None)));
    assert!(!runs(&f, &other));
    assert!(f.by_itself(&[&f.keys[0]], "execute_upgrade", (&other,), ()).is_ok());
    assert!(runs(&f, &other));
}

#[test]
fn a_frozen_account_keeps_its_code_and_a_new_owner_is_not_bound_by_the_last() {
    let mut f = fixture();
    let hash = code(&f);
    assert_eq!(f.administer("propose_upgrade", (&hash,)), Ok(()));
    assert!(f.by_itself(&[&f.keys[0]], "freeze", (), ()).is_ok());
    f.pass(WEEK);
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::Frozen));
    assert_eq!(f.administer("unfreeze", ()), Ok(()));

    let next = f.env.register(FakeOwner, ());
    assert_eq!(f.administer("transfer_ownership", (&next,)), Ok(()));
    f.owner = next;
    assert_eq!(accept(&f), Ok(()));
    assert_eq!(f.administer("execute_upgrade", ()), Err(AccountError::NothingPending));
    assert!(!runs(&f, &hash));
}

#[test]
fn nobody_but_the_factory_changes_the_tier() {
    let f = fixture();
    let params = TierParams { limits: f.client().limits(), signers: f.client().signers() };
    let args = (AccountType::Pro, code(&f), params);
    assert_eq!(try_as_owner(&f, "change_tier", args), Err(()), "the owner alone, without the factory");
    assert_eq!(f.client().try_complete_tier_change().err(), Some(Err(InvokeError::Abort)));
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()), "nothing is pending");
}

/// Whoever completes it says which signers and limits hold from then on.
#[test]
fn a_change_of_tier_is_completed_by_the_factory_in_the_code_of_that_tier() {
    let mut f = fixture();
    let limits = Limits { max_leverage: 200, ..f.client().limits() };
    let params = TierParams { limits: limits.clone(), signers: vec![&f.env, public(&f.env, &f.outsider)] };
    let handed_over = |f: &Fixture, tier| {
        let pending = PendingTier { params: params.clone(), tier };
        f.env.as_contract(&f.account, || PENDING_TIER.set(&f.env, &pending));
    };
    handed_over(&f, AccountType::Basic);
    for context in [f.trade(-1, true), f.call(&f.account, "freeze", (&f.account,))] {
        assert_eq!(f.check(&[context]), Err(Ok(AccountError::TierChangePending)));
    }
    assert_eq!(f.client().try_complete_tier_change().err(), Some(Err(InvokeError::Abort)), "a stranger");
    assert_eq!(try_as_owner(&f, "complete_tier_change", ()), Err(()), "the owner");
    f.owner = f.env.register_at(&f.protocol.factory, FakeOwner, ());
    handed_over(&f, AccountType::Pro);
    assert_eq!(f.administer("complete_tier_change", ()), Err(AccountError::InvalidConfig));
    assert_ne!(f.client().limits(), limits);
    handed_over(&f, AccountType::Basic);
    assert_eq!(f.administer("complete_tier_change", ()), Ok(()));
    assert_eq!((f.client().limits(), f.client().signers()), (limits, params.signers));
    assert_eq!(f.check_by(&[&f.outsider], &[f.trade(-1, true)]), Ok(()), "nothing is pending");
    assert_eq!(f.administer("complete_tier_change", ()), Err(AccountError::NothingPending));
}

#[test]
fn an_account_lives_on_while_it_signs_or_changes() {
    let f = fixture();
    let left = || f.env.as_contract(&f.account, || f.env.storage().instance().get_ttl());
    let until = |ledgers: u32| f.pass(5 * u64::from(left() - ledgers));
    assert_eq!(left(), BUMP);
    until(THRESHOLD + 1);
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
    assert_eq!(left(), THRESHOLD + 1, "it is long enough");
    until(THRESHOLD);
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
    assert_eq!(left(), BUMP);
    until(THRESHOLD);
    assert_eq!(f.administer("unfreeze", ()), Ok(()));
    assert_eq!(left(), BUMP);
}
