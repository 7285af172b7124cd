//! Native tests with real ed25519 signatures and hand-built contexts; no authorisation is ever mocked. What needs the
//! host's own rules (nonces, expiry, re-entry, the signed tree) is tested with all contracts in `tests/`.

extern crate std;

mod administration;
mod authentication;
mod classification;
mod deleverage;
mod fakes;
mod passkeys;
mod policy;

use crate::BasicAccount;
use ed25519_dalek::{Signer, SigningKey};
use fakes::{FakeClearing, FakeLedger, FakeOwner, FakeVault};
use margin_interface::{AccountConfig, AccountError, AccountType, Protocol, Sig, SmartAccountClient};
use soroban_sdk::auth::{Context, ContractContext};
use soroban_sdk::testutils::{Address as _, EnvTestConfig, Ledger as _};
use soroban_sdk::{vec, Address, Bytes, BytesN, Env, IntoVal, InvokeError, Symbol, Val, Vec};

pub const NOW: u64 = 1_790_000_000;

/// One account with two signers, surrounded by scripted contracts.
pub struct Fixture {
    pub env: Env,
    pub account: Address,
    pub keys: [SigningKey; 2],
    pub outsider: SigningKey,
    pub owner: Address,
    pub protocol: Protocol,
    pub payload: BytesN<32>,
}

impl Fixture {
    pub fn new() -> Self {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.ledger().set_timestamp(NOW);
        env.ledger().set_sequence_number(1000);
        let ledger = env.register(FakeLedger, ());
        let protocol = Protocol {
            factory: Address::generate(&env),
            perp_clearing: env.register(FakeClearing, (ledger.clone(),)),
            vault: env.register(FakeVault, (ledger.clone(),)),
            ledger,
        };
        let owner = env.register(FakeOwner, ());
        let mut keys = [SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32])];
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        let config = config(&env, &owner, &keys);
        let account = env.register(BasicAccount, (config, protocol.clone()));
        let payload = BytesN::from_array(&env, &[5; 32]);
        Fixture { env, account, keys, outsider: SigningKey::from_bytes(&[9; 32]), owner, protocol, payload }
    }

    pub fn client(&self) -> SmartAccountClient<'_> {
        SmartAccountClient::new(&self.env, &self.account)
    }

    pub fn ledger(&self) -> fakes::FakeLedgerClient<'_> {
        fakes::FakeLedgerClient::new(&self.env, &self.protocol.ledger)
    }

    pub fn sig(&self, key: &SigningKey) -> Sig {
        Sig {
            public_key: public(&self.env, key),
            signature: BytesN::from_array(&self.env, &key.sign(&self.payload.to_array()).to_bytes()),
            webauthn: None,
        }
    }

    pub fn check_with(
        &self,
        signatures: &[Sig],
        contexts: &[Context],
    ) -> Result<(), Result<AccountError, InvokeError>> {
        self.env.try_invoke_contract_check_auth::<AccountError>(
            &self.account,
            &self.payload,
            Vec::from_slice(&self.env, signatures).into_val(&self.env),
            &Vec::from_slice(&self.env, contexts),
        )
    }

    /// Checks contexts that one owner signer signed.
    pub fn check(&self, contexts: &[Context]) -> Result<(), Result<AccountError, InvokeError>> {
        self.check_with(&[self.sig(&self.keys[0])], contexts)
    }

    pub fn call(&self, contract: &Address, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Context {
        Context::Contract(ContractContext {
            contract: contract.clone(),
            fn_name: Symbol::new(&self.env, function),
            args: args.into_val(&self.env),
        })
    }

    pub fn borrow(&self, amount: i128) -> Context {
        let asset = Address::generate(&self.env);
        self.call(&self.protocol.vault, "borrow", (self.account.clone(), asset, amount))
    }

    pub fn trade(&self, size: i128, reduce_only: bool) -> Context {
        let market = Symbol::new(&self.env, "BTC_USD");
        let args = (self.account.clone(), market, size, 1_i128, reduce_only, NOW);
        self.call(&self.protocol.perp_clearing, "trade", args)
    }

    pub fn open(&self, margin: i128, leverage: u32) -> Context {
        let market = Symbol::new(&self.env, "BTC_USD");
        let args = (self.account.clone(), market, true, margin, leverage, 0_i128, NOW);
        self.call(&self.protocol.perp_clearing, "open_position", args)
    }
}

pub fn public(env: &Env, key: &SigningKey) -> Bytes {
    Bytes::from_array(env, &key.verifying_key().to_bytes())
}

pub fn config(env: &Env, owner: &Address, keys: &[SigningKey; 2]) -> AccountConfig {
    AccountConfig {
        account_type: AccountType::Basic,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: owner.clone(),
        signers: vec![env, public(env, &keys[0]), public(env, &keys[1])],
    }
}

pub fn refused(error: AccountError) -> Result<(), Result<AccountError, InvokeError>> {
    Err(Ok(error))
}
