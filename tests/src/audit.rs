//! An institution's audit trail as a reader verifies it who has nothing but the events.

use crate::world::Shared;
use sha2::{Digest as _, Sha256};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::xdr::{ContractEventBody, Limits, ScBytes, ScMap, ScSymbol, ScVal, ScVec, WriteXdr};
use soroban_sdk::Address;

/// One record, decoded from its event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What was done.
    pub action: String,
    /// Keys that signed.
    pub actors: Vec<Vec<u8>>,
    /// Unix seconds.
    pub at: u64,
    /// Of what was authorised.
    pub digest: [u8; 32],
    /// Of this and all before.
    pub hash: [u8; 32],
    /// From 1.
    pub seq: u64,
}

impl Record {
    /// `sha256(previous || xdr((seq, at, action, actors, digest)))`.
    fn link(&self, previous: [u8; 32]) -> [u8; 32] {
        let symbol = ScSymbol(self.action.as_str().try_into().expect("a symbol"));
        let actors = self.actors.iter().map(|key| bytes(key)).collect();
        let parts = vec![
            ScVal::U64(self.seq),
            ScVal::U64(self.at),
            ScVal::Symbol(symbol),
            list(actors),
            bytes(&self.digest),
        ];
        let encoded = list(parts).to_xdr(Limits::none()).expect("a value");
        Sha256::new().chain_update(previous).chain_update(encoded).finalize().into()
    }

    fn of(value: &ScVal) -> Option<Self> {
        let ScVal::Map(Some(fields)) = value else { return None };
        let ScVal::Symbol(action) = field(fields, "action")? else { return None };
        let ScVal::Vec(Some(keys)) = field(fields, "actors")? else { return None };
        let (ScVal::U64(at), ScVal::U64(seq)) = (field(fields, "at")?, field(fields, "seq")?) else {
            return None;
        };
        Some(Self {
            action: action.to_utf8_string_lossy(),
            actors: keys.iter().map(as_bytes).collect::<Option<_>>()?,
            at: *at,
            digest: as_bytes(field(fields, "digest")?)?.try_into().ok()?,
            hash: as_bytes(field(fields, "hash")?)?.try_into().ok()?,
            seq: *seq,
        })
    }
}

/// The records of an account among the events of the last call.
pub fn of_last_call(world: &Shared, account: &Address) -> Vec<Record> {
    let events = world.env.events().all().filter_by_contract(account);
    let record = |event: &soroban_sdk::xdr::ContractEvent| {
        let ContractEventBody::V0(body) = &event.body;
        let ScVal::Symbol(name) = body.topics.first()? else { return None };
        let ScVal::Map(Some(data)) = &body.data else { return None };
        (name.to_utf8_string_lossy() == "audited").then(|| Record::of(field(data, "record")?)).flatten()
    };
    events.events().iter().filter_map(record).collect()
}

/// Follows the chain from the hash before the first record to the hash of the last one.
///
/// # Errors
/// The place of the first record that does not belong there.
pub fn verify(before: [u8; 32], records: &[Record]) -> Result<[u8; 32], usize> {
    let mut previous = before;
    let mut seq = None;
    for (place, record) in records.iter().enumerate() {
        let in_order = seq.is_none_or(|seq: u64| record.seq == seq + 1);
        if !in_order || record.link(previous) != record.hash {
            return Err(place);
        }
        (previous, seq) = (record.hash, Some(record.seq));
    }
    Ok(previous)
}

fn field<'a>(fields: &'a ScMap, name: &str) -> Option<&'a ScVal> {
    let named = |key: &ScVal| matches!(key, ScVal::Symbol(symbol) if symbol.to_utf8_string_lossy() == name);
    fields.iter().find(|entry| named(&entry.key)).map(|entry| &entry.val)
}

fn as_bytes(value: &ScVal) -> Option<Vec<u8>> {
    match value {
        ScVal::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

fn bytes(value: &[u8]) -> ScVal {
    ScVal::Bytes(ScBytes(value.to_vec().try_into().expect("a short value")))
}

fn list(values: Vec<ScVal>) -> ScVal {
    ScVal::Vec(Some(ScVec(values.try_into().expect("few values"))))
}
