//! Reports of any shape to the real oracle: none counts without enough publishers' genuine signatures of exactly it, none
//! counts twice, and who is refused is told why unless a signature does not verify.

use crate::input::Input;
use crate::Answer;
use ed25519_dalek::{Signer as _, SigningKey};
use margin_interface::{Asset, AssetClass, OracleError, OraclePublisherClient, PublisherSignature, Report};
use margin_math::report::{threshold, MAX_AHEAD, MAX_DELAY, MAX_SPREAD};
use margin_math::units::PRICE;
use margin_tests::actor::Actor;
use margin_tests::fixture::install;
use margin_tests::prices::loose_limits;
use margin_tests::world::{Mode, World};
use oracle::Oracle;
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{symbol_short, Address, BytesN, IntoVal, Vec};
use std::collections::BTreeSet;

/// Publishers.
const PUBLISHERS: u32 = 4;
/// Assets.
const ASSETS: u32 = 3;
/// How many of them the administrator asks for.
const QUORUM: u32 = 2;

/// See the module.
pub fn reports(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let press = Press::new();
    let mut last = 0;
    let mut answer = Answer::Refused;
    // Two in a row, so that the second may repeat the first.
    for _ in 0..2 {
        answer = press.submit(&mut input, &mut last);
        press.world.advance(u64::from(input.byte()) % 90);
    }
    answer
}

struct Press {
    world: World,
    oracle: Address,
    keys: std::vec::Vec<SigningKey>,
    outsider: SigningKey,
}

impl Press {
    fn new() -> Self {
        let world = World::new(Mode::Native);
        let admin = Actor::classic(&world, "admin", 0);
        let base = Asset::Other(world.symbol("USD"));
        let oracle = install(&world, "oracle", Oracle, (&admin.address, &admin.address, base, 1_u32));
        for name in ["BTC", "ETH", "XLM"] {
            let asset = Asset::Other(world.symbol(name));
            let args = (asset, AssetClass::Volatile, loose_limits(PRICE), PRICE).into_val(&world.env);
            admin.calls::<()>(&oracle, "add_asset", args).ok();
        }
        let key = |number: u32| SigningKey::from_bytes(&[u8::try_from(number).expect("few"); 32]);
        let mut keys: std::vec::Vec<SigningKey> = (1..=PUBLISHERS).map(key).collect();
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        for key in &keys {
            let public = BytesN::from_array(&world.env, &key.verifying_key().to_bytes());
            admin.calls::<()>(&oracle, "add_publisher", (public,).into_val(&world.env)).ok();
        }
        admin.calls::<()>(&oracle, "set_quorum", (QUORUM,).into_val(&world.env)).ok();
        Self { world, oracle, keys, outsider: key(99) }
    }

    /// Mostly all publishers, now and then the outsider or somebody twice; nearly always in the order that is asked for.
    fn signers(&self, input: &mut Input) -> std::vec::Vec<&SigningKey> {
        let mut signers: std::vec::Vec<&SigningKey> =
            self.keys.iter().filter(|_| !input.chance(48)).collect();
        if input.chance(24) {
            signers.push(&self.outsider);
        }
        if input.chance(64) {
            signers.push(&self.keys[input.below(self.keys.len())]);
        }
        if !input.chance(12) {
            signers.sort_by_key(|key| key.verifying_key().to_bytes());
        }
        signers
    }

    fn submit(&self, input: &mut Input, last: &mut u64) -> Answer {
        let env = &self.world.env;
        let client = OraclePublisherClient::new(env, &self.oracle);
        let right = client.publishers().epoch;
        let now = self.world.now();
        let epoch = if input.chance(16) { u32::from(input.byte()) } else { right };
        let round = if input.chance(32) { input.u64() } else { *last + 1 };
        let mut assets = Vec::new(env);
        for asset in 0..ASSETS + 1 {
            if asset < ASSETS && !input.chance(48) || input.chance(4) {
                assets.push_back(if input.chance(8) { u32::from(input.byte()) } else { asset });
            }
        }
        let report = Report { assets: assets.clone(), epoch, round };
        let mut signatures = Vec::new(env);
        let (mut genuine, mut forged, mut strangers) = (BTreeSet::new(), false, false);
        let (mut earliest, mut latest) = (u64::MAX, 0);
        let mut lengths = true;
        // Mostly now, at times all of them a while ago.
        let heard = if input.chance(64) { now.saturating_sub(u64::from(input.byte()) % 90) } else { now };
        for key in self.signers(input) {
            strangers |= key == &self.outsider;
            let observed_at = match input.below(6) {
                0 if input.chance(64) => input.u64(),
                1 => heard.saturating_sub(u64::from(input.byte()) % 40),
                2 => heard + u64::from(input.byte()) % 14,
                _ => heard,
            };
            let mut prices = Vec::new(env);
            let count = if input.chance(6) { u32::from(input.byte()) % 5 } else { assets.len() };
            for _ in 0..count {
                prices.push_back(if input.chance(32) {
                    input.i128()
                } else {
                    input.between(1, 1_000) * PRICE
                });
            }
            lengths &= prices.len() == assets.len();
            let signed_round = if input.chance(8) { round.wrapping_add(1) } else { round };
            let (network, contract) = (env.ledger().network_id(), self.oracle.clone());
            let message = (
                symbol_short!("report"),
                network,
                contract,
                epoch,
                signed_round,
                observed_at,
                assets.clone(),
                prices.clone(),
            );
            let message: std::vec::Vec<u8> = message.to_xdr(env).iter().collect();
            let mut signature = key.sign(&message).to_bytes();
            if input.chance(8) {
                signature[usize::from(input.byte()) % 64] ^= 1 << (input.byte() % 8);
                forged = true;
            }
            forged |= signed_round != round;
            genuine.insert(key.verifying_key().to_bytes());
            (earliest, latest) = (earliest.min(observed_at), latest.max(observed_at));
            let public = BytesN::from_array(env, &key.verifying_key().to_bytes());
            let signature = BytesN::from_array(env, &signature);
            signatures.push_back(PublisherSignature { key: public, observed_at, prices, signature });
        }
        let least = threshold(PUBLISHERS, QUORUM) as usize;
        match client.try_submit(&report, &signatures) {
            Ok(Ok(true)) => {
                assert!(!forged && !strangers && lengths, "accepted what publishers did not sign");
                assert!(genuine.len() >= least, "{} of {least} signatures", genuine.len());
                assert!(round > *last && epoch == right, "round {round} after {last}");
                assert!(latest <= now + MAX_AHEAD && now.saturating_sub(earliest) <= MAX_DELAY);
                assert!(latest - earliest <= MAX_SPREAD);
                assert!(assets.iter().all(|asset| asset < ASSETS));
                *last = round;
                Answer::Accepted
            }
            Ok(Ok(false)) => Answer::Refused,
            Err(Ok(error)) => {
                let _: OracleError = error;
                Answer::Refused
            }
            Err(Err(stopped)) => {
                assert!(forged, "no typed error for genuine signatures: {stopped:?} {report:?}");
                Answer::Stopped
            }
            Ok(Err(unreadable)) => panic!("an answer of another type: {unreadable:?}"),
        }
    }
}
