//! What might come after the vault: it finds the vault's entry, keeps the ledger's address by itself, and counts how often
//! it compared its tokens with the books.
#![no_std]

use governance::Delay;
use margin_interface::{MarginLedgerClient, VaultChange, VaultConfig, VaultError};
use soroban_sdk::token::TokenClient;
use soroban_sdk::{
    contract, contractimpl, contracttype, panic_with_error, symbol_short, Address, BytesN, Env, Symbol,
};

/// Of the storage that this code reads.
const VERSION: u32 = 2;
/// Where it keeps the ledger's address.
const LEDGER: Symbol = symbol_short!("Ledger");
/// How often it compared.
const SYNCS: Symbol = symbol_short!("Syncs");

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
    /// The margin ledger.
    pub fn ledger(env: Env) -> Address {
        ledger(&env)
    }

    /// Whether the vault's entry is still there.
    pub fn is_old(env: Env) -> bool {
        env.storage().instance().has(&Key::Config)
    }

    /// As the vault's, and counted. Anybody may call it.
    pub fn sync(env: Env, asset: Address) -> i128 {
        let instance = env.storage().instance();
        let syncs: u32 = instance.get(&SYNCS).unwrap_or(0);
        instance.set(&SYNCS, &(syncs + 1));
        let held = TokenClient::new(&env, &asset).balance(&env.current_contract_address());
        MarginLedgerClient::new(&env, &ledger(&env)).sync(&asset, &held)
    }

    /// How often it compared.
    pub fn syncs(env: Env) -> u32 {
        env.storage().instance().get(&SYNCS).unwrap_or(0)
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

/// The configuration, once it is this code's.
fn ledger(env: &Env) -> Address {
    governance::require_version(env, VERSION);
    match env.storage().instance().get(&LEDGER) {
        Some(ledger) => ledger,
        None => panic_with_error!(env, VaultError::NotInitialized),
    }
}

/// From version 1, the vault's. Only what is the ledger's vault moves on.
fn migration(env: &Env, _from: u32) {
    let instance = env.storage().instance();
    let Some(VaultConfig { ledger }) = instance.get(&Key::Config) else {
        panic_with_error!(env, VaultError::NotInitialized);
    };
    if MarginLedgerClient::new(env, &ledger).config().vault != env.current_contract_address() {
        panic_with_error!(env, VaultError::NotPermitted);
    }
    instance.set(&LEDGER, &ledger);
    instance.remove(&Key::Config);
}
