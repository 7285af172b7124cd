//! Which entries a call touches, found out as a simulation does: on a copy of the ledger, in the built Wasm.

use crate::auth::Invocation;
use crate::frames::Snapshot;
use crate::world::Shared;
use soroban_env_host::budget::Budget;
use soroban_env_host::e2e_invoke::{
    invoke_host_function_in_recording_mode, RecordingInvocationAuthMode, RecordingInvocationAuthParams,
};
use soroban_sdk::testutils::Ledger as _;
use soroban_sdk::xdr::{AccountId, HostFunction, LedgerKey, PublicKey, SorobanAuthorizedFunction, Uint256};
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a simulation says of a call. Who has to sign is found out too, as a simulation does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Footprint {
    /// Entries that are only read.
    pub read: BTreeSet<LedgerKey>,
    /// Entries that may be written.
    pub written: BTreeSet<LedgerKey>,
    /// Metered.
    pub instructions: u32,
}

impl Footprint {
    /// Of a call, if it were made now. Nothing happens.
    pub fn of(world: &Shared, call: &Invocation) -> Self {
        let SorobanAuthorizedFunction::ContractFn(call) = call.tree(&world.env).function else {
            unreachable!("an invocation calls a contract")
        };
        let budget = Budget::default();
        budget.reset_unlimited().expect("a budget");
        let recorded = invoke_host_function_in_recording_mode(
            &budget,
            false,
            &HostFunction::InvokeContract(call),
            &AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([0; 32]))),
            RecordingInvocationAuthMode::Recording(RecordingInvocationAuthParams::new(true, true)),
            world.env.ledger().get(),
            Rc::new(Snapshot(world.everything())),
            [0; 32],
            &mut Vec::new(),
        )
        .expect("a recording");
        recorded.invoke_result.expect("a call that works");
        let resources = recorded.resources;
        Self {
            read: resources.footprint.read_only.iter().cloned().collect(),
            written: resources.footprint.read_write.iter().cloned().collect(),
            instructions: resources.instructions,
        }
    }
}
