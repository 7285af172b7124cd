//! Upgrades that nobody comes between: code takes effect at the end of the call that names it, so the contract itself
//! cannot migrate in the same call. This one, which holds nothing and may do nothing, calls both.
#![no_std]

use margin_interface::{GovernanceClient, MigrationClient, Upgrade, UpgraderError, UpgraderInterface};
use soroban_sdk::{
    contract, contractimpl, symbol_short, vec, xdr::ToXdr, Address, BytesN, Env, IntoVal, Symbol, Vec,
};

/// What takes a change from the timelock, in every governed contract.
const EXECUTE: Symbol = symbol_short!("execute");
/// How every governed contract names the change of its code: `Upgrade(code, version)`.
const UPGRADE: Symbol = symbol_short!("Upgrade");

/// The upgrader.
#[contract]
pub struct Upgrader;

#[contractimpl]
impl UpgraderInterface for Upgrader {
    fn upgrade(env: Env, admin: Address, upgrades: Vec<Upgrade>) -> Result<(), UpgraderError> {
        // One consent to the whole: what it calls is part of what the admin signs.
        admin.require_auth();
        for upgrade in upgrades {
            carry_out(&env, upgrade)?;
        }
        Ok(())
    }
}

fn carry_out(env: &Env, upgrade: Upgrade) -> Result<(), UpgraderError> {
    let Upgrade { target, version, wasm } = upgrade;
    let change = (UPGRADE, wasm, version).to_xdr(env);
    let id: BytesN<32> = env.crypto().sha256(&change).to_bytes();
    env.invoke_contract::<()>(&target, &EXECUTE, vec![env, id.into_val(env)]);
    let stored = || GovernanceClient::new(env, &target).storage_version();
    if stored() != version {
        MigrationClient::new(env, &target).migrate();
    }
    if stored() != version {
        return Err(UpgraderError::WrongVersion);
    }
    Ok(())
}
