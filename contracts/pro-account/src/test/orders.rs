//! What rests with the clearing-house ends with whoever signed it, or the account says that it did not.

use super::batches::order;
use super::{fixture, grant, granted, names, session};
use crate::ProAccount;
use account_core::testing::fakes::{healthy, FakeClearingClient};
use account_core::testing::{public, refused, secret, Fixture, NOW};
use margin_interface::{
    AccountError, AccountType, ClearingRequest, ConditionalOrder, OrdersRemain, SessionGrant,
};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::{vec, Event as _};

const DAY: u64 = 86_400;

fn clearing(f: &Fixture) -> FakeClearingClient<'_> {
    FakeClearingClient::new(&f.env, &f.protocol.perp_clearing)
}

/// An account with two signers and a session, that has been to a venue or not.
fn account(used: bool) -> Fixture {
    let deploy = if used { Fixture::deploy } else { Fixture::deploy_unused };
    let f = deploy(ProAccount, AccountType::Pro, 2);
    f.ledger().script(&healthy(&f.env));
    granted(&f, grant(&f));
    f
}

type Revocation = (&'static str, fn(&Fixture) -> bool);

/// Everything that takes somebody the right to sign. Each answers whether it succeeded.
const REVOCATIONS: [Revocation; 5] = [
    ("revoke_session_key", |f| f.administer("revoke_session_key", (public(&f.env, &session()),)).is_ok()),
    ("revoke_all_sessions", |f| f.administer("revoke_all_sessions", ()).is_ok()),
    ("remove_signer", |f| f.administer("remove_signer", (public(&f.env, &f.keys[0]),)).is_ok()),
    ("rotate_signer", |f| {
        let change = (public(&f.env, &f.keys[0]), public(&f.env, &secret(60)));
        f.administer("rotate_signer", change).is_ok()
    }),
    ("freeze", |f| f.by_itself(&[&f.keys[0]], "freeze", (), ()).is_ok()),
];

/// Whether the last call said that orders remain.
fn told(f: &Fixture) -> bool {
    let remain = OrdersRemain {}.to_xdr(&f.env, &f.account);
    f.env.events().all().filter_by_contract(&f.account).events().contains(&remain)
}

#[test]
fn every_revocation_ends_the_orders() {
    for (name, revoke) in REVOCATIONS {
        let f = account(true);
        assert!(revoke(&f), "{name}");
        assert!(!told(&f), "{name}");
        assert_eq!(clearing(&f).epoch(), 1, "{name}");
    }
}

#[test]
fn no_venue_stands_in_the_way_of_a_revocation_and_its_failure_is_told() {
    for (name, revoke) in REVOCATIONS {
        let f = account(true);
        clearing(&f).jam();
        assert!(revoke(&f), "{name}");
        assert!(told(&f), "{name}");
    }
}

/// The clearing-house keeps an entry for each account that it was asked for.
#[test]
fn who_went_to_no_venue_has_no_orders_to_end() {
    for (name, revoke) in REVOCATIONS {
        let f = account(false);
        assert!(revoke(&f) && !told(&f), "{name}");
        assert_eq!(clearing(&f).epoch(), 0, "{name}");
    }
}

/// Whoever holds a session ends himself, and not what owners left with the venue.
#[test]
fn a_session_that_renounces_ends_no_orders() {
    let f = account(true);
    let key = public(&f.env, &session());
    assert_eq!(f.by_itself(&[&session()], "renounce_session", (key.clone(),), (key.clone(),)), Ok(()));
    assert_eq!(clearing(&f).epoch(), 0);
    let again = f.administer("revoke_session_key", (key,));
    assert_eq!(again, Err(AccountError::UnauthorizedSigner));
}

/// What is signed today and filled any time later is counted by no limit of a day.
#[test]
fn a_session_leaves_no_order_for_longer_than_it_is_counted_or_lasts() {
    let f = fixture();
    let longer = refused(AccountError::ExceedsSessionLimit);
    let allowed_ops = names(&f, &["place_order", "execute_order", "submit"]);
    for (session_ends, last) in [(NOW + 7 * DAY, NOW + DAY), (NOW + 60, NOW + 60)] {
        let grant = SessionGrant { allowed_ops: allowed_ops.clone(), expires_at: session_ends, ..grant(&f) };
        granted(&f, grant);
        for (reduce_only, expires_at, expected) in
            [(false, last, Ok(())), (true, last, Ok(())), (false, last + 1, longer), (true, u64::MAX, longer)]
        {
            let order = ConditionalOrder { expires_at, reduce_only, ..order(&f) };
            let clearing = &f.protocol.perp_clearing;
            let placed = vec![&f.env, ClearingRequest::PlaceOrder(order.clone())];
            let batch = f.call(clearing, "submit", (&f.account, &f.account, placed, NOW));
            let alone = f.call(clearing, "place_order", (order.clone(),));
            // What is filled as it is signed rests nowhere.
            let at_once = f.call(clearing, "execute_order", (order,));
            assert_eq!(f.check_by(&[&session()], &[batch]), expected);
            assert_eq!(f.check_by(&[&session()], std::slice::from_ref(&alone)), expected);
            assert_eq!(f.check_by(&[&session()], &[at_once]), Ok(()));
            assert_eq!(f.check(&[alone]), Ok(()), "an owner signer is bound by no day");
        }
    }
}
