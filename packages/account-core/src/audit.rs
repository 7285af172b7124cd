//! An institution's audit trail: a chain of hashes over everything it authorised, so that whoever follows the events can
//! prove that none is missing, altered or out of order.

use crate::state::AuditTrail;
use crate::storage;
use margin_interface::{AuditHead, AuditRecord, Audited};
use soroban_sdk::{
    auth::ContractContext, symbol_short, xdr::ToXdr, Bytes, BytesN, Env, Symbol, TryFromVal, Val, Vec,
};

/// Records that stay readable on chain.
pub const KEPT: u32 = 8;

/// Adds a record: `hash = sha256(previous || xdr((seq, at, action, actors, digest)))`.
///
/// # Events
/// * [`Audited`]
pub fn record(env: &Env, action: Symbol, actors: Vec<Bytes>, digest: BytesN<32>) {
    let AuditTrail { head, mut records } = trail(env);
    let (seq, at) = (head.seq + 1, env.ledger().timestamp());
    let mut link = Bytes::from(head.hash);
    link.append(&(seq, at, action.clone(), actors.clone(), digest.clone()).to_xdr(env));
    let hash = env.crypto().sha256(&link).to_bytes();
    let record = AuditRecord { action, actors, at, digest, hash: hash.clone(), seq };
    if records.len() == KEPT {
        records.pop_front();
    }
    records.push_back(record.clone());
    storage::set_audit(env, &AuditTrail { head: AuditHead { hash, seq }, records });
    Audited { seq, record }.publish(env);
}

/// Records what an entry authorised: the name of its root, who signed, and the payload that they signed, which commits to
/// the whole tree.
pub fn record_entry(env: &Env, contexts: &Vec<Val>, actors: Vec<Bytes>, payload: BytesN<32>) {
    record(env, root_of(env, contexts).unwrap_or(symbol_short!("unnamed")), actors, payload);
}

fn root_of(env: &Env, contexts: &Vec<Val>) -> Option<Symbol> {
    let parts = Vec::<Val>::try_from_val(env, &contexts.get(0)?).ok()?;
    Some(ContractContext::try_from_val(env, &parts.get(1)?).ok()?.fn_name)
}

/// Where it stands and what is kept.
pub fn trail(env: &Env) -> AuditTrail {
    storage::audit(env).unwrap_or_else(|| AuditTrail {
        head: AuditHead { hash: BytesN::from_array(env, &[0; 32]), seq: 0 },
        records: Vec::new(env),
    })
}

/// [`audit_log`](margin_interface::InstitutionalAccountInterface::audit_log).
pub fn log(env: &Env, from: u64, n: u32) -> Vec<AuditRecord> {
    let mut log = Vec::new(env);
    for record in trail(env).records.iter() {
        if record.seq >= from && log.len() < n {
            log.push_back(record);
        }
    }
    log
}
