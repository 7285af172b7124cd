//! What an account's address commits to, and what its constructor is given.

use margin_interface::{AccountConfig, AccountType, FactoryConfig, Protocol};
use soroban_sdk::{
    deploy::DeployerWithAddress, symbol_short, xdr::ToXdr, Address, BytesN, ContractExecutable, Env, Symbol,
};

/// Keeps these salts apart from any other use of the factory as a deployer.
const TAG: Symbol = symbol_short!("account");

/// A deployment that is fully determined and may or may not have happened.
pub struct Deployment {
    deployer: DeployerWithAddress,
    config: AccountConfig,
    protocol: Protocol,
    /// What the account runs.
    pub wasm_hash: BytesN<32>,
}

impl Deployment {
    /// Determines code and address.
    pub fn of(env: &Env, mut factory: FactoryConfig, config: AccountConfig, salt: BytesN<32>) -> Deployment {
        let wasm_hash = wasm_hash_of(&mut factory, config.account_type).clone();
        let commitment = (TAG, config.clone(), wasm_hash.clone(), salt).to_xdr(env);
        let salt: BytesN<32> = env.crypto().sha256(&commitment).to_bytes();
        let protocol = Protocol {
            factory: env.current_contract_address(),
            ledger: factory.ledger,
            perp_clearing: factory.perp_clearing,
            vault: factory.vault,
        };
        let deployer = env.deployer().with_current_contract(salt);
        Deployment { deployer, config, protocol, wasm_hash }
    }

    /// Where the account is or will be.
    pub fn address(&self) -> Address {
        self.deployer.deployed_address()
    }

    /// Deploys; the account initialises itself in its constructor and nowhere else.
    pub fn execute(&self) -> Address {
        self.deployer.deploy_contract(
            ContractExecutable::Wasm(self.wasm_hash.clone()),
            (self.config.clone(), self.protocol.clone()),
        )
    }
}

/// The code of a tier.
pub fn wasm_hash_of(config: &mut FactoryConfig, account_type: AccountType) -> &mut BytesN<32> {
    match account_type {
        AccountType::Basic => &mut config.basic_hash,
        AccountType::Pro => &mut config.pro_hash,
        AccountType::Institutional => &mut config.institutional_hash,
    }
}
