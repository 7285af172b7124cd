//! A third party's account that reads its own risk inside `__check_auth`: the host's re-entry rule, as a contract.
//!
//! When a venue asks for this account's authorisation, the venue is on the stack. A policy that reads the ledger works;
//! the same policy reading the vault that is executing is refused by the host, whatever it would have decided.
#![no_std]

use margin_interface::{MarginLedgerClient, VaultClient};
use soroban_sdk::{
    auth::{Context, CustomAccountInterface},
    contract, contracterror, contractimpl, contracttype,
    crypto::Hash,
    Address, BytesN, Env, Vec,
};

/// Where the policy reads the account's own risk; encoded as a `u32`.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ReadsFrom {
    /// Nowhere: the signature alone decides.
    Nothing = 0,
    /// The margin ledger.
    Ledger = 1,
    /// The vault.
    Vault = 2,
}

/// Errors of the account.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ProbeError {
    /// There is no configuration.
    NotInitialized = 1,
    /// The account owes more than it has.
    UnderWater = 2,
}

/// What the constructor stored.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
struct Config {
    ledger: Address,
    public_key: BytesN<32>,
    reads: ReadsFrom,
    vault: Address,
}

#[contracttype]
enum Key {
    Config,
}

/// The account.
#[contract]
pub struct ProbeAccount;

#[contractimpl]
impl ProbeAccount {
    /// Sets the key that signs, and where the policy reads from.
    pub fn __constructor(
        env: Env,
        public_key: BytesN<32>,
        vault: Address,
        ledger: Address,
        reads: ReadsFrom,
    ) {
        env.storage().instance().set(&Key::Config, &Config { ledger, public_key, reads, vault });
    }
}

#[contractimpl]
impl CustomAccountInterface for ProbeAccount {
    type Signature = BytesN<64>;
    type Error = ProbeError;

    /// Accepts what the key signed as long as the account does not owe more than it has.
    fn __check_auth(
        env: Env,
        signature_payload: Hash<32>,
        signature: BytesN<64>,
        _auth_contexts: Vec<Context>,
    ) -> Result<(), ProbeError> {
        let config: Config = env.storage().instance().get(&Key::Config).ok_or(ProbeError::NotInitialized)?;
        env.crypto().ed25519_verify(&config.public_key, &signature_payload.into(), &signature);
        let account = env.current_contract_address();
        let (debt, collateral) = match config.reads {
            ReadsFrom::Nothing => return Ok(()),
            ReadsFrom::Ledger => {
                let summary = MarginLedgerClient::new(&env, &config.ledger).summary(&account);
                (summary.debt_value, summary.collateral_value)
            }
            ReadsFrom::Vault => {
                let vault = VaultClient::new(&env, &config.vault);
                (vault.get_borrow_value(&account), vault.get_collateral_value(&account))
            }
        };
        if debt <= collateral {
            Ok(())
        } else {
            Err(ProbeError::UnderWater)
        }
    }
}
