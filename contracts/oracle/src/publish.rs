//! Publishers and what they sign.

use margin_interface::{OracleError, PublisherSignature, Publishers, PublishersSet, Report, ReportAccepted};
use margin_math::report::{median, threshold, Observed, MAX_PUBLISHERS, MAX_REPORTED};
use margin_math::twap::Print;
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{symbol_short, BytesN, Env, Vec};

use crate::checked::require;
use crate::storage;

/// The prices of each asset of a report, one per publisher.
type Columns = [[i128; MAX_PUBLISHERS]; MAX_REPORTED as usize];

/// Takes a report. A signature that does not verify traps.
pub fn submit(env: &Env, report: &Report, signatures: &Vec<PublisherSignature>) -> bool {
    require(env, !storage::halted(env), OracleError::PriceHalted);
    let publishers = storage::publishers(env);
    require_valid(env, report, &publishers);
    let least = threshold(publishers.keys.len(), publishers.quorum);
    require(env, signatures.len() >= least, OracleError::TooFewSigners);
    let mut reports = storage::reports(env);
    if report.round <= reports.round {
        return false;
    }
    let (observed, columns) = verify(env, report, &publishers, signatures);
    if observed.earliest <= reports.observed_at {
        return false;
    }
    let now = env.ledger().timestamp();
    require(env, observed.timely(now), OracleError::UntimelyReport);
    reports.round = report.round;
    reports.observed_at = observed.earliest;
    // Publishers' clocks may be ahead of the ledger's.
    let timestamp = observed.earliest.min(now);
    for (place, column) in report.assets.iter().zip(columns) {
        let print = median(column, least).map(|price| Print { timestamp, delay: 0, price });
        if let (Some(packed), Some(slot)) = (print.and_then(|print| print.pack()), reports.slot(place)) {
            slot.copy_from_slice(&packed);
        }
    }
    storage::set_reports(env, &reports);
    ReportAccepted { round: report.round, signers: signatures.len(), timestamp }.publish(env);
    true
}

/// Ends the call unless the report is of this epoch and names listed assets, in ascending order.
fn require_valid(env: &Env, report: &Report, publishers: &Publishers) {
    let count = report.assets.len();
    let ascending = report.assets.iter().zip(report.assets.iter().skip(1)).all(|(a, b)| a < b);
    let last = count.checked_sub(1).and_then(|last| report.assets.get(last));
    let known = last.is_some_and(|last| last < storage::assets(env).len());
    let valid = report.epoch == publishers.epoch && count <= MAX_REPORTED && ascending && known;
    require(env, valid, OracleError::InvalidReport);
}

/// When the publishers observed, and what. Ends the call unless each signed for itself, once, in ascending order.
fn verify(
    env: &Env,
    report: &Report,
    publishers: &Publishers,
    signatures: &Vec<PublisherSignature>,
) -> (Observed, Columns) {
    let mut observed = Observed::NEVER;
    let mut columns = [[0; MAX_PUBLISHERS]; MAX_REPORTED as usize];
    let mut previous = None;
    for (index, signed) in signatures.iter().enumerate() {
        let PublisherSignature { key, observed_at, prices, signature } = signed;
        let next = previous.as_ref() < Some(&key) && includes(publishers, &key);
        require(env, next, OracleError::UnknownSigner);
        require(env, prices.len() == report.assets.len(), OracleError::InvalidReport);
        observed = observed.and(observed_at);
        for (place, price) in columns.iter_mut().filter_map(|column| column.get_mut(index)).zip(&prices) {
            *place = price;
        }
        let (network, contract) = (env.ledger().network_id(), env.current_contract_address());
        let (epoch, round, assets) = (report.epoch, report.round, report.assets.clone());
        let message = (symbol_short!("report"), network, contract, epoch, round, observed_at, assets, prices);
        env.crypto().ed25519_verify(&key, &message.to_xdr(env), &signature);
        previous = Some(key);
    }
    (observed, columns)
}

/// Takes out the key that asks for it.
pub fn revoke(env: &Env, key: BytesN<32>, signature: &BytesN<64>) {
    let message = (
        symbol_short!("revoke"),
        env.ledger().network_id(),
        env.current_contract_address(),
        storage::publishers(env).epoch,
    );
    env.crypto().ed25519_verify(&key, &message.to_xdr(env), signature);
    remove(env, &key);
}

/// Adds a publisher, at once only before the first report.
pub fn add(env: &Env, key: BytesN<32>, announced: bool) {
    require_announced(env, announced);
    let mut publishers = storage::publishers(env);
    let none = key == BytesN::from_array(env, &[0; 32]);
    let room = (publishers.keys.len() as usize) < MAX_PUBLISHERS;
    require(env, room && !none && !includes(&publishers, &key), OracleError::InvalidPublishers);
    publishers.keys.push_back(key);
    set(env, publishers);
}

/// Removes a publisher. As many signatures as before are needed of those who remain: fewer are announced.
pub fn remove(env: &Env, key: &BytesN<32>) {
    let mut publishers = storage::publishers(env);
    require(env, includes(&publishers, key), OracleError::UnknownSigner);
    publishers.quorum = threshold(publishers.keys.len(), publishers.quorum);
    let mut kept = Vec::from_array(env, []);
    for other in publishers.keys.iter().filter(|other| other != key) {
        kept.push_back(other);
    }
    publishers.keys = kept;
    set(env, publishers);
}

fn includes(publishers: &Publishers, key: &BytesN<32>) -> bool {
    publishers.keys.iter().any(|known| known == *key)
}

/// Sets the fewest signatures; fewer than now at once only before the first report.
pub fn set_quorum(env: &Env, quorum: u32, announced: bool) {
    let possible = quorum > 0 && quorum as usize <= MAX_PUBLISHERS;
    require(env, possible, OracleError::InvalidPublishers);
    let publishers = storage::publishers(env);
    require_announced(env, announced || quorum >= publishers.quorum);
    set(env, Publishers { quorum, ..publishers });
}

fn require_announced(env: &Env, announced: bool) {
    governance::require_announced(env, announced || storage::reports(env).observed_at == 0);
}

/// Every change ends the epoch: what was signed before it counts no longer, and rounds start anew, or whoever signed the
/// last one that there is would be the last to sign.
fn set(env: &Env, publishers: Publishers) {
    let publishers = Publishers { epoch: publishers.epoch + 1, ..publishers };
    storage::set_publishers(env, &publishers);
    let mut reports = storage::reports(env);
    reports.round = 0;
    storage::set_reports(env, &reports);
    PublishersSet { publishers }.publish(env);
}
