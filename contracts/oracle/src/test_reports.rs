//! Reports that publishers sign.

extern crate std;

use ed25519_dalek::{Signer as _, SigningKey};
use margin_interface::{
    Asset, HaltScope, OracleChange, OracleError, OraclePublisherClient, PokeOutcome, PriceRefused,
    PriceStatus, PublisherSignature, Report, SourceOutcome,
};
use proptest::prelude::*;
use soroban_sdk::testutils::Events as _;
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{symbol_short, vec, Address, Bytes, BytesN, Env, Event as _, InvokeError, Symbol, Vec};
use std::vec::Vec as StdVec;

use crate::test::{limits, Harness, NOW, USD};

/// Publishers in the order of their keys.
struct Press {
    h: Harness,
    keys: StdVec<SigningKey>,
}

/// What one of them signs: everything that could be forged.
#[derive(Clone)]
struct Message {
    tag: Symbol,
    network: [u8; 32],
    contract: Address,
    epoch: u32,
    round: u64,
    observed_at: u64,
    assets: StdVec<u32>,
    prices: StdVec<i128>,
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

impl Press {
    /// An oracle whose asset has its publishers as the only source, with a quorum of `quorum`.
    fn new(publishers: u8, quorum: u32) -> Self {
        let h = Harness::empty();
        h.list(&h.asset, &margin_interface::AssetLimits { quorum: 1, ..limits() });
        h.admin().add_price_feed(&h.asset, &h.source(h.id.clone()));
        let mut keys: StdVec<_> = (1..=publishers).map(key).collect();
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        let press = Self { h, keys };
        for key in &press.keys {
            press.h.admin().add_publisher(&press.public(key));
        }
        press.h.admin().set_quorum(&quorum);
        press
    }

    fn env(&self) -> &Env {
        &self.h.env
    }

    fn client(&self) -> OraclePublisherClient<'static> {
        OraclePublisherClient::new(self.env(), &self.h.id)
    }

    fn public(&self, key: &SigningKey) -> BytesN<32> {
        BytesN::from_array(self.env(), &key.verifying_key().to_bytes())
    }

    fn epoch(&self) -> u32 {
        self.client().publishers().epoch
    }

    fn message(&self, round: u64, price: i128) -> Message {
        Message {
            tag: symbol_short!("report"),
            network: self.env().ledger().network_id().to_array(),
            contract: self.h.id.clone(),
            epoch: self.epoch(),
            round,
            observed_at: self.h.now(),
            assets: std::vec![0],
            prices: std::vec![price],
        }
    }

    fn sign(&self, key: &SigningKey, message: &Message) -> PublisherSignature {
        let env = self.env();
        let prices = Vec::from_slice(env, &message.prices);
        let signed = (
            message.tag.clone(),
            BytesN::from_array(env, &message.network),
            message.contract.clone(),
            message.epoch,
            message.round,
            message.observed_at,
            Vec::from_slice(env, &message.assets),
            prices.clone(),
        );
        let bytes: StdVec<u8> = signed.to_xdr(env).iter().collect();
        PublisherSignature {
            key: self.public(key),
            observed_at: message.observed_at,
            prices,
            signature: BytesN::from_array(env, &key.sign(&bytes).to_bytes()),
        }
    }

    fn report(&self, round: u64) -> Report {
        Report { assets: vec![self.env(), 0], epoch: self.epoch(), round }
    }

    /// The first publishers, each with its own price.
    fn signed(&self, round: u64, prices: &[i128]) -> Vec<PublisherSignature> {
        let mut signatures = Vec::new(self.env());
        for (key, price) in self.keys.iter().zip(prices) {
            signatures.push_back(self.sign(key, &self.message(round, *price)));
        }
        signatures
    }

    fn submit(&self, report: &Report, signatures: &Vec<PublisherSignature>) -> Result<bool, u32> {
        match self.client().try_submit(report, signatures) {
            Ok(taken) => Ok(taken.unwrap()),
            Err(Ok(error)) => Err(error as u32),
            Err(Err(InvokeError::Contract(code))) => Err(code),
            // A signature that does not verify traps in the host.
            Err(Err(InvokeError::Abort)) => Err(u32::MAX),
        }
    }

    fn publish(&self, round: u64, prices: &[i128]) -> Result<bool, u32> {
        self.submit(&self.report(round), &self.signed(round, prices))
    }
}

const REFUSED: Result<bool, u32> = Err(u32::MAX);

fn error(error: OracleError) -> Result<bool, u32> {
    Err(error as u32)
}

#[test]
fn a_report_is_one_more_source_behind_the_same_guard() {
    let p = Press::new(4, 3);
    assert_eq!(p.h.poke(), PokeOutcome::NoQuorum, "nothing was reported");
    assert_eq!(p.publish(1, &[101 * USD, 99 * USD, 100 * USD, 150 * USD]), Ok(true));
    assert_eq!(p.h.poke(), PokeOutcome::Accepted);
    assert_eq!((p.h.quote().mid, p.h.quote().timestamp), (100 * USD, NOW), "the lower median of four");
    p.h.pass(60);
    assert_eq!(p.publish(2, &[300 * USD; 4]), Ok(true));
    assert_eq!(p.h.poke(), PokeOutcome::OutOfBand);
    assert_eq!(p.h.quote().status, PriceStatus::Tripped);
}

#[test]
fn the_price_is_as_old_as_the_earliest_observation() {
    let p = Press::new(3, 3);
    let mut signatures = Vec::new(p.env());
    for (key, age) in p.keys.iter().zip([5, 20, 0]) {
        let message = p.message(1, 100 * USD);
        signatures
            .push_back(p.sign(key, &Message { observed_at: message.observed_at - age, ..message.clone() }));
    }
    assert_eq!(p.submit(&p.report(1), &signatures), Ok(true));
    p.h.poke();
    assert_eq!(p.h.quote().timestamp, NOW - 20);
}

#[test]
fn before_the_first_report_there_is_no_price_and_the_event_says_so() {
    let p = Press::new(1, 1);
    let outcome = p.h.poke();
    let event = PriceRefused {
        asset: p.h.asset.clone(),
        candidate: 0,
        outcome: PokeOutcome::NoQuorum,
        sources: vec![p.env(), SourceOutcome::NoPrice],
    };
    assert_eq!(p.env().events().all().events().last(), Some(&event.to_xdr(p.env(), &p.h.id)));
    assert_eq!(outcome, PokeOutcome::NoQuorum);
}

#[test]
fn observations_of_too_few_are_none() {
    let p = Press::new(4, 3);
    let other = Asset::Other(symbol_short!("BTC"));
    p.h.list(&other, &margin_interface::AssetLimits { quorum: 1, ..limits() });
    p.h.admin().add_price_feed(&other, &p.h.source(p.h.id.clone()));
    let mut signatures = Vec::new(p.env());
    for (key, prices) in p.keys.iter().zip([[100 * USD, 0], [100 * USD, 90 * USD], [100 * USD, 90 * USD]]) {
        let message = Message { assets: std::vec![0, 1], prices: prices.to_vec(), ..p.message(1, 0) };
        signatures.push_back(p.sign(key, &message));
    }
    let report = Report { assets: vec![p.env(), 0, 1], ..p.report(1) };
    assert_eq!(p.submit(&report, &signatures), Ok(true));
    let outcomes = p.h.oracle().poke(&vec![p.env(), p.h.asset.clone(), other]);
    assert_eq!(outcomes, vec![p.env(), PokeOutcome::Accepted, PokeOutcome::NoQuorum]);
}

#[test]
fn bad_input_30_one_bad_signature_among_good_ones_refuses_the_report() {
    let p = Press::new(4, 3);
    for bad in 0..4 {
        let mut signatures = p.signed(1, &[100 * USD; 4]);
        let forged = PublisherSignature { prices: vec![p.env(), 101 * USD], ..signatures.get_unchecked(bad) };
        signatures.set(bad, forged);
        assert_eq!(p.submit(&p.report(1), &signatures), REFUSED);
    }
    assert_eq!(p.h.poke(), PokeOutcome::NoQuorum, "and leaves no trace");
}

/// 31, P20
#[test]
fn bad_input_31_duplicate_unsorted_retired_and_missing_signers() {
    let p = Press::new(4, 3);
    let good = p.signed(1, &[100 * USD; 4]);
    let pick = |places: &[u32]| {
        let mut picked = Vec::new(p.env());
        places.iter().for_each(|place| picked.push_back(good.get_unchecked(*place)));
        picked
    };
    let submit = |places: &[u32]| p.submit(&p.report(1), &pick(places));
    assert_eq!(submit(&[0, 1]), error(OracleError::TooFewSigners));
    assert_eq!(submit(&[]), error(OracleError::TooFewSigners));
    assert_eq!(submit(&[0, 1, 1]), error(OracleError::UnknownSigner), "twice");
    assert_eq!(submit(&[0, 2, 1]), error(OracleError::UnknownSigner), "out of order");
    let retired = p.public(&p.keys[3]);
    p.h.admin().remove_publisher(&p.h.guardian, &retired);
    let again = p.signed(1, &[100 * USD; 4]);
    assert_eq!(p.submit(&p.report(1), &again), error(OracleError::UnknownSigner), "retired");
    assert_eq!(p.publish(1, &[100 * USD; 3]), Ok(true));
}

#[test]
fn the_quorum_is_never_below_two_f_plus_one() {
    let p = Press::new(7, 1);
    assert_eq!(p.publish(1, &[100 * USD; 4]), error(OracleError::TooFewSigners));
    assert_eq!(p.publish(1, &[100 * USD; 5]), Ok(true));
}

/// 32, P19: what is signed for something else verifies nowhere.
#[test]
fn p19_bad_input_32_reports_for_another_contract_network_epoch_round_or_purpose() {
    let p = Press::new(1, 1);
    let forged: [fn(&Press, &mut Message); 8] = [
        |_, m| m.tag = symbol_short!("revoke"),
        |_, m| m.network = [9; 32],
        |p, m| m.contract = p.h.admin.clone(),
        |_, m| m.epoch += 1,
        |_, m| m.round += 1,
        |_, m| m.observed_at -= 1,
        |_, m| m.assets = std::vec![1],
        |_, m| m.prices = std::vec![101 * USD],
    ];
    for forge in forged {
        let good = p.message(1, 100 * USD);
        let mut message = good.clone();
        forge(&p, &mut message);
        let signed = p.sign(&p.keys[0], &message);
        let claimed =
            PublisherSignature { observed_at: good.observed_at, prices: vec![p.env(), 100 * USD], ..signed };
        assert_eq!(p.submit(&p.report(1), &vec![p.env(), claimed]), REFUSED);
    }
    let stale = Report { epoch: p.epoch() - 1, ..p.report(1) };
    assert_eq!(p.submit(&stale, &p.signed(1, &[100 * USD])), error(OracleError::InvalidReport));
    // In flight while the set of publishers changes.
    let signatures = p.signed(1, &[100 * USD]);
    let report = p.report(1);
    p.h.admin().add_publisher(&p.public(&key(77)));
    assert_eq!(p.submit(&report, &signatures), error(OracleError::InvalidReport));
}

#[test]
fn bad_input_33_reports_of_no_or_too_many_or_unknown_or_unsorted_assets() {
    let p = Press::new(1, 1);
    for number in 1..40_u32 {
        let name = std::format!("A{number}");
        p.h.list(&Asset::Other(Symbol::new(p.env(), &name)), &limits());
    }
    let submit = |assets: StdVec<u32>, prices: usize| {
        let message = Message { assets: assets.clone(), prices: std::vec![USD; prices], ..p.message(1, 0) };
        let signatures = vec![p.env(), p.sign(&p.keys[0], &message)];
        p.submit(&Report { assets: Vec::from_slice(p.env(), &assets), ..p.report(1) }, &signatures)
    };
    let invalid = error(OracleError::InvalidReport);
    assert_eq!(submit(std::vec![], 0), invalid);
    assert_eq!(submit((0..33).collect(), 33), invalid);
    assert_eq!(submit(std::vec![1, 0], 2), invalid, "unsorted");
    assert_eq!(submit(std::vec![1, 1], 2), invalid, "twice");
    assert_eq!(submit(std::vec![40], 1), invalid, "unknown");
    assert_eq!(submit(std::vec![u32::MAX], 1), invalid, "unknown");
    assert_eq!(submit(std::vec![0, 1], 1), invalid, "truncated");
    assert_eq!(submit(std::vec![0], 2), invalid, "trailing");
    assert_eq!(submit((8..40).collect(), 32), Ok(true));
}

#[test]
fn bad_input_34_rounds_and_times_that_are_not_newer_or_not_now() {
    let p = Press::new(2, 2);
    assert_eq!(p.publish(5, &[100 * USD; 2]), Ok(true));
    p.h.pass(60);
    for round in [0, 4, 5] {
        assert_eq!(p.publish(round, &[101 * USD; 2]), Ok(false), "an old round changes nothing");
    }
    let at = |round: u64, times: [u64; 2]| {
        let mut signatures = Vec::new(p.env());
        for (key, observed_at) in p.keys.iter().zip(times) {
            signatures.push_back(p.sign(key, &Message { observed_at, ..p.message(round, 101 * USD) }));
        }
        p.submit(&p.report(round), &signatures)
    };
    let now = p.h.now();
    let untimely = error(OracleError::UntimelyReport);
    assert_eq!(at(6, [NOW, now]), Ok(false), "equal to the last");
    assert_eq!(at(6, [NOW - 1, now]), Ok(false), "older");
    assert_eq!(at(6, [now, now + 11]), untimely, "ahead");
    assert_eq!(at(6, [u64::MAX, u64::MAX]), untimely);
    assert_eq!(at(6, [now - 31, now]), untimely, "apart");
    p.h.pass(60);
    assert_eq!(at(6, [now - 1, now]), untimely, "old");
    assert_eq!(at(6, [now, now]), Ok(true), "exactly a minute");
    assert_eq!(at(7, [now + 65, now + 70]), Ok(true), "clocks ahead of the ledger's");
    assert_eq!(p.h.poke(), PokeOutcome::Accepted);
    assert_eq!(p.h.quote().timestamp, p.h.now(), "but never the price");
}

/// 35: the host takes canonical signatures only. `s + l` verifies wherever malleability was forgotten.
#[test]
fn bad_input_35_a_malleated_signature_is_refused() {
    let p = Press::new(1, 1);
    let mut signatures = p.signed(1, &[100 * USD]);
    let good = signatures.get_unchecked(0);
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = good.signature.to_array();
    let mut carry = 0;
    for (byte, more) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    let malleated = PublisherSignature { signature: BytesN::from_array(p.env(), &bytes), ..good.clone() };
    signatures.set(0, malleated);
    assert_eq!(p.submit(&p.report(1), &signatures), REFUSED);
    assert_eq!(p.submit(&p.report(1), &vec![p.env(), good]), Ok(true));
}

#[test]
fn bad_input_36_zero_and_small_order_keys() {
    let p = Press::new(1, 1);
    let add = |bytes: [u8; 32]| p.h.admin().try_add_publisher(&BytesN::from_array(p.env(), &bytes));
    let invalid = Err(Ok(OracleError::InvalidPublishers));
    assert_eq!(add([0; 32]), invalid);
    assert_eq!(add(p.keys[0].verifying_key().to_bytes()), invalid, "twice");
    // The neutral point: everything is its signature where small orders are not refused; the host refuses them.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(add(neutral).is_ok());
    let mut signature = [0; 64];
    signature[0] = 1;
    let forged = PublisherSignature {
        key: BytesN::from_array(p.env(), &neutral),
        observed_at: NOW,
        prices: vec![p.env(), USD],
        signature: BytesN::from_array(p.env(), &signature),
    };
    assert_eq!(p.submit(&p.report(1), &vec![p.env(), forged]), REFUSED);
}

#[test]
fn bad_input_44_nothing_is_submitted_while_everything_is_halted() {
    let p = Press::new(1, 1);
    p.h.admin().halt(&p.h.guardian, &HaltScope::All);
    assert_eq!(p.publish(1, &[100 * USD]), error(OracleError::PriceHalted));
}

#[test]
fn a_publisher_revokes_its_own_key_without_the_admin() {
    let p = Press::new(2, 1);
    let revocation = |epoch: u32, tag: Symbol| {
        let network = p.env().ledger().network_id();
        let bytes: Bytes = (tag, network, p.h.id.clone(), epoch).to_xdr(p.env());
        let bytes: StdVec<u8> = bytes.iter().collect();
        BytesN::from_array(p.env(), &p.keys[0].sign(&bytes).to_bytes())
    };
    let (leaked, other) = (p.public(&p.keys[0]), p.public(&p.keys[1]));
    let revoke = symbol_short!("revoke");
    p.env().set_auths(&[]);
    let good = revocation(p.epoch(), revoke.clone());
    assert_eq!(p.client().try_revoke_publisher(&other, &good), Err(Err(InvokeError::Abort)), "another's key");
    assert_eq!(
        p.client().try_revoke_publisher(&leaked, &revocation(p.epoch() - 1, revoke)),
        Err(Err(InvokeError::Abort))
    );
    let wrong = revocation(p.epoch(), symbol_short!("report"));
    assert_eq!(
        p.client().try_revoke_publisher(&leaked, &wrong),
        Err(Err(InvokeError::Abort)),
        "signed for something else"
    );
    p.client().revoke_publisher(&leaked, &good);
    assert_eq!(p.client().publishers().keys, vec![p.env(), other]);
    assert_eq!(p.client().try_revoke_publisher(&leaked, &good), Err(Err(InvokeError::Abort)));
    assert_eq!(p.publish(1, &[100 * USD]), error(OracleError::UnknownSigner));
}

/// P16 for publishers: at once until the first report, then after two days and one.
#[test]
fn p16_publishers_and_lower_quorums_wait_once_reports_count() {
    let p = Press::new(3, 3);
    p.h.admin().set_quorum(&2);
    assert_eq!(p.publish(1, &[100 * USD; 3]), Ok(true));
    let late = p.public(&key(50));
    let needs = Err(Err(InvokeError::Contract(margin_interface::GovernanceError::NeedsTimelock as u32)));
    assert_eq!(p.h.admin().try_add_publisher(&late), needs);
    assert_eq!(p.h.admin().try_set_quorum(&1), needs);
    p.h.admin().set_quorum(&3);
    for bad in [0, 11] {
        assert_eq!(p.h.admin().try_set_quorum(&bad), Err(Ok(OracleError::InvalidPublishers)));
    }
    p.h.carry_out(&OracleChange::Publisher(late.clone()), 48);
    p.h.carry_out(&OracleChange::Quorum(1), 24);
    assert_eq!((p.client().publishers().keys.len(), p.client().publishers().quorum), (4, 1));
    p.h.admin().remove_publisher(&p.h.guardian, &late);
    assert_eq!(p.client().publishers().keys.len(), 3);
    let again = p.h.admin().try_remove_publisher(&p.h.guardian, &late);
    assert_eq!(again, Err(Ok(OracleError::UnknownSigner)));
}

/// Whoever may remove publishers at once, the guardian and each of them, must not get by it what waits a day: that fewer of
/// those who remain are enough.
#[test]
fn p20_no_removal_of_publishers_lets_fewer_sign() {
    let p = Press::new(5, 1);
    assert_eq!(p.publish(1, &[100 * USD; 3]), Ok(true));
    let [first, second, ..] = &p.keys[..] else { panic!() };
    p.h.admin().remove_publisher(&p.h.guardian, &p.public(first));
    let message = (symbol_short!("revoke"), p.env().ledger().network_id(), p.h.id.clone(), p.epoch());
    let bytes: StdVec<u8> = message.to_xdr(p.env()).iter().collect();
    let revoked = BytesN::from_array(p.env(), &second.sign(&bytes).to_bytes());
    p.client().revoke_publisher(&p.public(second), &revoked);
    assert_eq!((p.client().publishers().keys.len(), p.client().publishers().quorum), (3, 3));
    let p = Press { keys: p.keys[2..].to_vec(), ..p };
    for few in 1..=2 {
        p.h.pass(60);
        assert_eq!(p.publish(2, &[100 * USD; 3][..few]), error(OracleError::TooFewSigners), "{few}");
    }
    assert_eq!(p.publish(2, &[100 * USD; 3]), Ok(true));
    // Fewer than may sign: none can, until fewer are announced.
    p.h.admin().remove_publisher(&p.h.guardian, &p.public(&p.keys[0]));
    let p = Press { keys: p.keys[1..].to_vec(), ..p };
    assert_eq!(p.publish(3, &[100 * USD; 2]), error(OracleError::TooFewSigners));
    p.h.carry_out(&OracleChange::Quorum(2), 24);
    assert_eq!(p.publish(3, &[100 * USD; 2]), Ok(true));
}

/// Whose keys have leaked may sign the last round there is. Removing them starts the rounds anew, and nothing else.
#[test]
fn p20_the_last_round_there_is_silences_nobody_for_good() {
    let p = Press::new(4, 3);
    assert_eq!(p.publish(u64::MAX, &[100 * USD; 3]), Ok(true));
    let before = (p.report(u64::MAX), p.signed(u64::MAX, &[100 * USD; 3]));
    p.h.pass(60);
    assert_eq!(p.publish(1, &[101 * USD; 3]), Ok(false), "in one set of keys the rounds increase");
    p.h.admin().remove_publisher(&p.h.guardian, &p.public(&p.keys[0]));
    let p = Press { keys: p.keys[1..].to_vec(), ..p };
    let needs = Err(Err(InvokeError::Contract(margin_interface::GovernanceError::NeedsTimelock as u32)));
    assert_eq!(p.h.admin().try_add_publisher(&p.public(&key(50))), needs, "reports have counted");
    assert_eq!(p.submit(&before.0, &before.1), error(OracleError::InvalidReport));
    assert_eq!(p.publish(1, &[101 * USD; 3]), Ok(true));
    assert_eq!(p.h.poke(), PokeOutcome::Accepted);
    let earlier: Vec<_> = Vec::from_iter(
        p.env(),
        p.keys.iter().map(|key| {
            let message = p.message(2, 102 * USD);
            p.sign(key, &Message { observed_at: message.observed_at - 1, ..message })
        }),
    );
    assert_eq!(p.submit(&p.report(2), &earlier), Ok(false), "times increase whatever the keys");
}

#[test]
fn ten_publishers_fit_and_an_eleventh_does_not() {
    let p = Press::new(10, 1);
    let eleventh = p.h.admin().try_add_publisher(&p.public(&key(99)));
    assert_eq!(eleventh, Err(Ok(OracleError::InvalidPublishers)));
    assert_eq!(p.publish(1, &[100 * USD; 10]), Ok(true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// P20: whatever multiset of signatures, in whatever order: taken exactly if it is an ascending set of enough keys.
    #[test]
    fn p20_only_ascending_sets_of_enough_active_keys_are_taken(
        places in prop::collection::vec(0_usize..5, 0..7), quorum in 1_u32..5,
    ) {
        let p = Press::new(4, quorum);
        let stranger = key(60);
        let mut signatures = Vec::new(p.env());
        for place in &places {
            let key = p.keys.get(*place).unwrap_or(&stranger);
            signatures.push_back(p.sign(key, &p.message(1, 100 * USD)));
        }
        let ascending = places.windows(2).all(|pair| pair[0] < pair[1]);
        let enough = places.len() >= quorum.max(3) as usize;
        let active = places.iter().all(|place| *place < 4);
        prop_assert_eq!(p.submit(&p.report(1), &signatures) == Ok(true), ascending && enough && active);
    }
}
