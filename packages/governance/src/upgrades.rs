//! Code that may be replaced, until it is frozen.

use crate::offices::require_admin;
use margin_interface::{GovernanceError, UpgradesFrozen};
use soroban_sdk::{contracttype, panic_with_error, BytesN, ContractExecutable, Env};

#[contracttype]
enum Key {
    /// Present: the code is final.
    Frozen,
}

/// Whether the code is final.
pub fn upgrades_frozen(env: &Env) -> bool {
    env.storage().instance().has(&Key::Frozen)
}

/// Makes the code final: there is no way back. Authorised by the admin.
pub fn freeze_upgrades(env: &Env) {
    require_admin(env);
    env.storage().instance().set(&Key::Frozen, &());
    UpgradesFrozen {}.publish(env);
}

/// Replaces the contract's code, as a change that was taken from the timelock says.
/// [`GovernanceError::UpgradesFrozen`] if the code is final.
pub fn upgrade(env: &Env, wasm: BytesN<32>) {
    if upgrades_frozen(env) {
        panic_with_error!(env, GovernanceError::UpgradesFrozen);
    }
    env.deployer().update_current_contract(ContractExecutable::Wasm(wasm));
}
