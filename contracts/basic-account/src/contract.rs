use soroban_sdk::contract;

/// The tier-1 smart account.
#[contract]
pub struct BasicAccount;

account_core::smart_account!(BasicAccount, Basic);
