use soroban_sdk::contract;

/// The tier-2 smart account.
#[contract]
pub struct ProAccount;

account_core::smart_account!(ProAccount, Pro);
account_core::session_account!(ProAccount, Pro);
