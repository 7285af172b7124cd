use account_core::limits::BASIC;
use account_core::{administration, deleverage, storage};
use margin_interface::{
    AccountConfig, AccountError, AccountType, BasicAccountInterface, DeleverageReport, Limits, Protocol, Sig,
};
use soroban_sdk::{contract, contractimpl, crypto::Hash, Address, Bytes, Env, Val, Vec};

/// The tier-1 smart account.
#[contract]
pub struct BasicAccount;

#[contractimpl]
impl BasicAccount {
    /// Creates the account; `InvalidConfig` outside the bounds of the tier.
    pub fn __constructor(env: Env, config: AccountConfig, protocol: Protocol) -> Result<(), AccountError> {
        administration::initialise(&env, &BASIC, AccountType::Basic, config, protocol)
    }
}

// What `CustomAccountInterface` declares, but with the contexts undecoded: their types would make up a tenth of the code.
#[contractimpl]
impl BasicAccount {
    /// Authorises what an owner signer signed, within the account's limits.
    pub fn __check_auth(
        env: Env,
        signature_payload: Hash<32>,
        signatures: Vec<Sig>,
        auth_contexts: Vec<Val>,
    ) -> Result<(), AccountError> {
        account_core::check_auth(&env, signature_payload, signatures, auth_contexts)
    }
}

#[contractimpl]
impl BasicAccountInterface for BasicAccount {
    fn update_params(
        env: Env,
        max_leverage: Option<u32>,
        auto_deleverage_threshold: Option<u32>,
        market_exposure_limit: Option<i128>,
        total_borrow_limit: Option<i128>,
    ) -> Result<(), AccountError> {
        administration::update_params(
            &env,
            &BASIC,
            max_leverage,
            auto_deleverage_threshold,
            market_exposure_limit,
            total_borrow_limit,
        )
    }

    fn add_signer(env: Env, signer: Bytes) -> Result<(), AccountError> {
        administration::add_signer(&env, &BASIC, signer)
    }

    fn remove_signer(env: Env, signer: Bytes) -> Result<(), AccountError> {
        administration::remove_signer(&env, &BASIC, signer)
    }

    fn auto_deleverage(env: Env) -> Result<DeleverageReport, AccountError> {
        deleverage::auto_deleverage(&env)
    }

    fn get_owner(env: Env) -> Result<Address, AccountError> {
        Ok(storage::load(&env)?.owner)
    }

    fn account_type(env: Env) -> Result<AccountType, AccountError> {
        Ok(storage::load(&env)?.account_type)
    }

    fn signers(env: Env) -> Result<Vec<Bytes>, AccountError> {
        Ok(storage::load(&env)?.signers)
    }

    fn limits(env: Env) -> Result<Limits, AccountError> {
        Ok(storage::load(&env)?.limits)
    }
}
