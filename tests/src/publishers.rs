//! What publishers sign: reports of prices, and that their key is not to be trusted any more.

use crate::world::World;
use ed25519_dalek::{Signer as _, SigningKey};
use margin_interface::{OraclePublisherClient, PublisherSignature, Report};
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{symbol_short, Bytes, BytesN, Vec as HostVec};

/// A key as the oracle knows it.
pub fn public(world: &World, key: &SigningKey) -> BytesN<32> {
    BytesN::from_array(&world.env, &key.verifying_key().to_bytes())
}

/// The keys that sign observe `observed` now: places among the oracle's assets, ascending, with their prices (1e14).
pub fn report(
    world: &World,
    keys: &[SigningKey],
    epoch: u32,
    round: u64,
    observed: &[(u32, i128)],
) -> (Report, HostVec<PublisherSignature>) {
    let (env, oracle) = (&world.env, &world.contracts().oracle);
    let (mut assets, mut prices) = (HostVec::new(env), HostVec::new(env));
    for (place, price) in observed {
        assets.push_back(*place);
        prices.push_back(*price);
    }
    let (network, observed_at) = (env.ledger().network_id(), world.now());
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    let mut signatures = HostVec::new(env);
    for key in &keys {
        let tag = symbol_short!("report");
        let message =
            (tag, network.clone(), oracle, epoch, round, observed_at, assets.clone(), prices.clone());
        let signature = signed(world, key, message.to_xdr(env));
        let (key, prices) = (public(world, key), prices.clone());
        signatures.push_back(PublisherSignature { key, observed_at, prices, signature });
    }
    (Report { assets, epoch, round }, signatures)
}

/// What a publisher signs to leave.
pub fn revocation(world: &World, key: &SigningKey) -> BytesN<64> {
    let (env, oracle) = (&world.env, &world.contracts().oracle);
    let epoch = OraclePublisherClient::new(env, oracle).publishers().epoch;
    let message = (symbol_short!("revoke"), env.ledger().network_id(), oracle, epoch);
    signed(world, key, message.to_xdr(env))
}

fn signed(world: &World, key: &SigningKey, message: Bytes) -> BytesN<64> {
    let message: Vec<u8> = message.iter().collect();
    BytesN::from_array(&world.env, &key.sign(&message).to_bytes())
}
