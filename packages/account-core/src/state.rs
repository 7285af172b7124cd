//! What an account of any tier knows about itself.

use margin_interface::{AccountType, Limits, Protocol};
use soroban_sdk::{contracttype, Address, Bytes, Vec};

/// Version of [`Profile`]; a tier change or upgrade that alters the schema raises it.
pub const SCHEMA: u32 = 1;

/// The state that all tiers have in common.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// Tier.
    pub account_type: AccountType,
    /// Unix seconds of the last auto-deleverage, 0 before the first.
    pub deleveraged_at: u64,
    /// The account's own limits, kept in the ledger as well. `min_health` is the auto-deleverage threshold.
    pub limits: Limits,
    /// Administers the account.
    pub owner: Address,
    /// The contracts it works with.
    pub protocol: Protocol,
    /// [`SCHEMA`] it was written with.
    pub schema: u32,
    /// Keys that trade, 32 bytes each. They have no expiry.
    pub signers: Vec<Bytes>,
}
