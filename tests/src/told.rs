//! What the contracts told in their events during the last call.

use crate::world::Shared;
use soroban_sdk::testutils::Events as _;
use soroban_sdk::xdr::{ContractEventBody, ScVal};
use std::collections::BTreeMap;

/// One event.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: BTreeMap<String, ScVal>,
}

impl Told {
    /// A number of it.
    pub fn number(&self, field: &str) -> i128 {
        match self.fields.get(field) {
            Some(ScVal::I128(parts)) => i128::from(parts),
            other => panic!("{field} of {} is {other:?}", self.name),
        }
    }

    /// A number of it that there may be.
    pub fn some_number(&self, field: &str) -> Option<i128> {
        matches!(self.fields.get(field), Some(ScVal::I128(_))).then(|| self.number(field))
    }

    /// A flag of it.
    pub fn flag(&self, field: &str) -> bool {
        matches!(self.fields.get(field), Some(ScVal::Bool(true)))
    }
}

/// The events of the last call, in order.
pub fn by_last_call(world: &Shared) -> Vec<Told> {
    let events = world.env.events().all();
    let read = |event: &soroban_sdk::xdr::ContractEvent| {
        let ContractEventBody::V0(body) = &event.body;
        let ScVal::Symbol(name) = body.topics.first()? else { return None };
        let ScVal::Map(Some(data)) = &body.data else { return None };
        let fields = data.iter().filter_map(|entry| match &entry.key {
            ScVal::Symbol(key) => Some((key.to_utf8_string_lossy(), entry.val.clone())),
            _ => None,
        });
        Some(Told { name: name.to_utf8_string_lossy(), fields: fields.collect() })
    };
    events.events().iter().filter_map(read).collect()
}
