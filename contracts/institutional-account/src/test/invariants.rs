//! Whatever sequence of administration is tried, the account can always be administered and never exceeds its bounds.

use super::{client, fixture, USD};
use account_core::testing::{public, publics, secret, Fixture};
use ed25519_dalek::SigningKey;
use margin_interface::{AmountTier, MultisigConfig, Proposer, Scope, SessionGrant};
use proptest::prelude::*;
use soroban_sdk::{symbol_short, Vec};
use std::vec::Vec as List;

#[derive(Clone, Debug)]
enum Move {
    Add(u8),
    Remove(u8),
    Rotate(u8, u8),
    Session(u8),
    Update { signers: List<u8>, guardians: List<u8>, threshold: u32, tiers: List<(i128, u32)> },
    Execute,
    Cancel,
    Leverage(u32),
}

fn moves() -> impl Strategy<Value = Move> {
    let seed = || 10u8..22;
    prop_oneof![
        2 => seed().prop_map(Move::Add),
        3 => seed().prop_map(Move::Remove),
        2 => (seed(), seed()).prop_map(|(old, new)| Move::Rotate(old, new)),
        2 => seed().prop_map(Move::Session),
        3 => (
            prop::collection::vec(seed(), 0..7),
            prop::collection::vec(seed(), 0..2),
            0u32..5,
            prop::collection::vec((0i128..10, 0u32..6), 0..3),
        )
            .prop_map(|(signers, guardians, threshold, tiers)| Move::Update { signers, guardians, threshold, tiers }),
        5 => Just(Move::Execute),
        1 => Just(Move::Cancel),
        1 => (0u32..1_200).prop_map(Move::Leverage),
    ]
}

/// The secret halves of the signers in force.
fn signers(f: &Fixture) -> List<SigningKey> {
    let keys = f.client().signers();
    (0..=255).map(secret).filter(|key| keys.contains(public(&f.env, key))).collect()
}

fn apply(f: &Fixture, step: Move) {
    let keys = signers(f);
    let keys: List<&SigningKey> = keys.iter().collect();
    let key = |seed| public(&f.env, &secret(seed));
    let many = |seeds: List<u8>| {
        publics(&f.env, &seeds.into_iter().map(secret).collect::<List<_>>().iter().collect::<List<_>>())
    };
    let _ = match step {
        Move::Add(new) => f.institutes(&keys, "add_signer", (key(new),)),
        Move::Remove(old) => f.institutes(&keys, "remove_signer", (key(old),)),
        Move::Rotate(old, new) => f.institutes(&keys, "rotate_signer", (key(old), key(new))),
        Move::Session(seed) => {
            let grant = SessionGrant {
                allowed_ops: Vec::from_array(&f.env, [symbol_short!("borrow")]),
                daily_limit: 1,
                expires_at: u64::MAX,
                key: key(seed),
                markets: Scope::All,
                max_leverage: 100,
                max_ops_per_day: 1,
                max_per_ledger: 1,
                max_per_tx: 1,
            };
            f.institutes(&keys, "grant_session", (grant,))
        }
        Move::Update { signers, guardians, threshold, tiers } => {
            let tiers =
                tiers.into_iter().map(|(above, signatures)| AmountTier { above: above * USD, signatures });
            let config = MultisigConfig {
                guardians: many(guardians),
                signers: many(signers),
                threshold,
                tiers: Vec::from_iter(&f.env, tiers),
            };
            f.institutes(&keys, "update_multisig", (config,))
        }
        Move::Execute => {
            f.pass(86_400);
            let _ = client(f).try_execute_multisig(&Proposer::Signers);
            return;
        }
        Move::Cancel => f.institutes(&keys, "cancel_multisig", (Proposer::Signers,)),
        Move::Leverage(leverage) => {
            let args = (Some(leverage), None::<u32>, None::<i128>, None::<i128>);
            f.institutes(&keys, "update_params", args)
        }
    };
}

fn holds(f: &Fixture) {
    let MultisigConfig { guardians, signers: members, threshold, tiers } = client(f).multisig();
    let mut needed = threshold;
    let mut above = -1;
    assert!(needed >= 1);
    for tier in tiers.iter() {
        assert!(tier.signatures >= needed && tier.above > above);
        (needed, above) = (tier.signatures, tier.above);
    }
    assert!(needed <= members.len() && (1..=20).contains(&members.len()));
    assert_eq!(
        signers(f).len(),
        usize::try_from(members.len()).unwrap(),
        "every signer is a key somebody holds"
    );
    let mut roles: List<_> = members.iter().chain(guardians.iter()).collect();
    let sessions = margin_interface::ProAccountClient::new(&f.env, &f.account).get_session_keys();
    roles.extend(sessions.iter().map(|session| session.grant.key));
    let count = roles.len();
    roles.sort();
    roles.dedup();
    assert_eq!(roles.len(), count, "one role per key");
    assert!((100..=1_000).contains(&f.client().limits().max_leverage));
    assert_eq!(f.client().limits(), f.ledger().stored_limits());
    // All of them together can always administer.
    let keys = signers(f);
    let call = f.call(&f.account, "update_params", (&f.account, f.client().standing().epoch));
    assert_eq!(f.check_by(&keys.iter().collect::<List<_>>(), &[call]), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_administration_keeps_the_invariants(steps in prop::collection::vec(moves(), 1..30)) {
        let f = fixture();
        for step in steps {
            apply(&f, step);
            holds(&f);
        }
    }
}
