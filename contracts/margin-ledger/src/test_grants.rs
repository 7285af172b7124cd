//! Delegates: granted, expired, revoked.
extern crate std;

use crate::test_world::{assert_refused, World};
use margin_interface::{permissions, LedgerError};
use soroban_sdk::{
    testutils::{Events as _, MockAuth, MockAuthInvoke},
    IntoVal, InvokeError,
};

const HOUR: u64 = 3_600;

#[test]
fn a_grant_lasts_until_it_expires_and_is_replaced_by_the_next() {
    let world = World::new();
    let (alice, bob, carol) = (world.account(0), world.account(1), world.account(2));
    let now = world.env.ledger().timestamp();
    assert_eq!(world.ledger.permission(&alice, &bob), 0);
    world.ledger.grant(&alice, &bob, &permissions::TRADE, &(now + HOUR));
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(world.ledger.permission(&alice, &bob), permissions::TRADE);
    assert_eq!((world.ledger.permission(&alice, &carol), world.ledger.permission(&bob, &alice)), (0, 0));
    world.ledger.grant(&alice, &bob, &permissions::ALL, &(now + 2 * HOUR));
    world.wait(2 * HOUR - 1);
    assert_eq!(world.ledger.permission(&alice, &bob), permissions::ALL);
    world.wait(1);
    assert_eq!(world.ledger.permission(&alice, &bob), 0);
    assert_eq!(world.ledger.account(&alice).seq, 2);
}

#[test]
fn a_grant_that_gives_nothing_or_too_much_is_refused() {
    let world = World::new();
    let (alice, bob) = (world.account(0), world.account(1));
    let now = world.env.ledger().timestamp();
    let ledger = &world.ledger;
    for (delegate, bits, until) in [
        (&bob, 0, now + 1),
        (&bob, permissions::ALL + 1, now + 1),
        (&bob, permissions::TRADE, now),
        (&alice, permissions::TRADE, now + 1),
    ] {
        let grant = ledger.try_grant(&alice, delegate, &bits, &until);
        assert_refused!(world, grant, LedgerError::InvalidGrant);
    }
    assert_eq!(ledger.permission(&alice, &bob), 0);
}

#[test]
fn revoking_is_immediate_for_one_or_for_all() {
    let world = World::new();
    let (alice, bob, carol) = (world.account(0), world.account(1), world.account(2));
    let until = world.env.ledger().timestamp() + HOUR;
    let grant = || {
        world.ledger.grant(&alice, &bob, &permissions::TRADE, &until);
        world.ledger.grant(&alice, &carol, &permissions::WITHDRAW, &until);
    };
    let held = || [world.ledger.permission(&alice, &bob), world.ledger.permission(&alice, &carol)];
    grant();
    world.ledger.revoke(&alice, &bob);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(held(), [0, permissions::WITHDRAW]);
    world.ledger.revoke_all(&alice);
    assert_eq!(world.env.events().all().events().len(), 1);
    assert_eq!(held(), [0, 0]);
    grant();
    assert_eq!(held(), [permissions::TRADE, permissions::WITHDRAW]);
}

#[test]
fn only_the_account_grants_and_revokes() {
    let world = World::new();
    let (alice, bob) = (world.account(0), world.account(1));
    let until = world.env.ledger().timestamp() + HOUR;
    let as_bob = |function: &'static str, args: soroban_sdk::Vec<soroban_sdk::Val>| {
        world.env.mock_auths(&[MockAuth {
            address: &bob,
            invoke: &MockAuthInvoke {
                contract: &world.ledger.address,
                fn_name: function,
                args,
                sub_invokes: &[],
            },
        }]);
    };
    let env = &world.env;
    as_bob("grant", (&alice, &bob, permissions::ALL, until).into_val(env));
    assert_eq!(
        world.ledger.try_grant(&alice, &bob, &permissions::ALL, &until).err(),
        Some(Err(InvokeError::Abort))
    );
    as_bob("revoke", (&alice, &bob).into_val(env));
    assert_eq!(world.ledger.try_revoke(&alice, &bob).err(), Some(Err(InvokeError::Abort)));
    as_bob("revoke_all", (&alice,).into_val(env));
    assert_eq!(world.ledger.try_revoke_all(&alice).err(), Some(Err(InvokeError::Abort)));
    // The same calls pass for the account itself.
    env.mock_all_auths();
    world.ledger.grant(&alice, &bob, &permissions::ALL, &until);
    world.ledger.revoke(&alice, &bob);
    world.ledger.revoke_all(&alice);
}
