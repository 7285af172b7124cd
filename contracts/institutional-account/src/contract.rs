use soroban_sdk::contract;

/// The tier-3 smart account.
#[contract]
pub struct InstitutionalAccount;

account_core::smart_account!(InstitutionalAccount, Institutional);
account_core::session_account!(InstitutionalAccount, Institutional);
account_core::institutional_account!(InstitutionalAccount, Institutional);
