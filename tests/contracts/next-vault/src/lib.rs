//! What might come after the vault: it finds the vault's entry and keeps the ledger's address by itself.
#![no_std]

use governance::Delay;
use margin_interface::{VaultChange, VaultConfig};
use soroban_sdk::{contract, contractimpl, contracttype, symbol_short, Address, BytesN, Env, Symbol};

/// Of the storage that this code reads.
const VERSION: u32 = 2;
/// Where it keeps the ledger's address.
const LEDGER: Symbol = symbol_short!("Ledger");

/// As the vault has it.
#[contracttype]
enum Key {
    Config,
}

/// The vault's successor.
#[contract]
pub struct NextVault;

#[contractimpl]
impl NextVault {
    /// The margin ledger; none before the migration.
    pub fn ledger(env: Env) -> Option<Address> {
        env.storage().instance().get(&LEDGER)
    }

    /// Whether the vault's entry is still there.
    pub fn is_old(env: Env) -> bool {
        env.storage().instance().has(&Key::Config)
    }

    /// As the vault's.
    pub fn propose(env: Env, change: VaultChange) -> BytesN<32> {
        governance::propose(&env, change, Delay::Code)
    }

    /// As the vault's.
    pub fn execute(env: Env, id: BytesN<32>) {
        let VaultChange::Upgrade(wasm, version) = governance::take(&env, &id);
        governance::upgrade(&env, wasm, version);
    }
}

governance::governed!(NextVault, VERSION, migration);

/// From version 1, the vault's.
fn migration(env: &Env, _from: u32) {
    let instance = env.storage().instance();
    let config: Option<VaultConfig> = instance.get(&Key::Config);
    if let Some(VaultConfig { ledger, .. }) = config {
        instance.set(&LEDGER, &ledger);
        instance.remove(&Key::Config);
    }
}
