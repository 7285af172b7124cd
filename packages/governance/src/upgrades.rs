//! Code that may be replaced, until it is frozen, and what it stores.

use crate::offices::require_admin;
use margin_interface::{GovernanceError, StorageMigrated, UpgradesFrozen};
use soroban_sdk::{panic_with_error, symbol_short, BytesN, ContractExecutable, Env, Symbol};

/// Present: the code is final.
const FROZEN: Symbol = symbol_short!("Frozen");
/// Of the storage; absent where it is 1.
const VERSION: Symbol = symbol_short!("Version");

/// [`GovernanceInterface::freeze_upgrades`](margin_interface::GovernanceInterface::freeze_upgrades).
pub fn freeze_upgrades(env: &Env) {
    require_admin(env);
    env.storage().instance().set(&FROZEN, &());
    UpgradesFrozen {}.publish(env);
}

/// Replaces the contract's code by one for storage of that version, as a change that was taken from the timelock says.
/// [`GovernanceError::UpgradesFrozen`] if the code is final, [`GovernanceError::Downgrade`] if the storage is newer.
pub fn upgrade(env: &Env, wasm: BytesN<32>, version: u32) {
    if env.storage().instance().has(&FROZEN) {
        panic_with_error!(env, GovernanceError::UpgradesFrozen);
    }
    if version < storage_version(env) {
        panic_with_error!(env, GovernanceError::Downgrade);
    }
    env.deployer().update_current_contract(ContractExecutable::Wasm(wasm));
}

/// [`GovernanceInterface::storage_version`](margin_interface::GovernanceInterface::storage_version).
pub fn storage_version(env: &Env) -> u32 {
    env.storage().instance().get(&VERSION).unwrap_or(1)
}

/// Says that storage which was never any older is of that version. For constructors of code beyond version 1, with
/// [`initialise`](crate::initialise): a fresh deployment would be refused by [`require_version`] otherwise, and migrated from
/// what it never was.
pub fn stamp(env: &Env, version: u32) {
    env.storage().instance().set(&VERSION, &version);
}

/// [`GovernanceError::NotMigrated`] unless the storage is of that version. Code that has a migration asks where it loads its
/// configuration, so that nothing works between the upgrade and `migrate`, and [`stamp`]s its version where it is deployed
/// afresh. Code of version 1 does neither: [`upgrade`] leads no newer storage to it.
pub fn require_version(env: &Env, version: u32) {
    if storage_version(env) != version {
        panic_with_error!(env, GovernanceError::NotMigrated);
    }
}

/// [`MigrationInterface::migrate`](margin_interface::MigrationInterface::migrate) of code for storage of version `to`;
/// `migration` is told which version it finds.
pub fn migrate(env: &Env, to: u32, migration: impl FnOnce(&Env, u32)) {
    require_admin(env);
    let from = storage_version(env);
    if from == to {
        panic_with_error!(env, GovernanceError::NothingToMigrate);
    }
    if from > to {
        panic_with_error!(env, GovernanceError::Downgrade);
    }
    migration(env, from);
    stamp(env, to);
    StorageMigrated { from, to }.publish(env);
}
