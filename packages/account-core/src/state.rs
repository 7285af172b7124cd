//! What an account of any tier knows about itself: one schema for all tiers, so that a change of tier carries it over.

use margin_interface::{
    AccountType, AmountTier, AuditHead, AuditRecord, Limits, Protocol, SessionGrant, TierParams,
};
use margin_math::units::USD;
use soroban_sdk::{contracttype, vec, Address, Bytes, BytesN, Env, Vec};

/// Version of the schema; an upgrade that alters it raises it.
pub const SCHEMA: u32 = 2;

/// The state that all tiers have in common. Stored without the names of its fields: every account pays rent for them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// Tier.
    pub account_type: AccountType,
    /// Unix seconds of the last auto-deleverage, 0 before the first.
    pub deleveraged_at: u64,
    /// Raised by each new configuration of an institution: administrative entries signed before are void.
    pub epoch: u32,
    /// Only reductions and administration.
    pub frozen: bool,
    /// The account's own limits, kept in the ledger as well. `min_health` is the auto-deleverage threshold.
    pub limits: Limits,
    /// Administers the account; of an institution, for lookup only.
    pub owner: Address,
    /// The contracts it works with.
    pub protocol: Protocol,
    /// [`SCHEMA`] it was written with.
    pub schema: u32,
    /// Keys that trade. They have no expiry.
    pub signers: Vec<Bytes>,
}

/// How many signatures an institution needs.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Thresholds {
    /// For every amount.
    pub threshold: u32,
    /// For larger ones.
    pub tiers: Vec<AmountTier>,
}

/// Above it a new institution needs every signature, USD 1e7: $100,000.
pub const LARGE_AMOUNT: i128 = 100_000 * USD;

impl Thresholds {
    /// Those of a new institution with so many signers: more than half, and all of them for large amounts.
    pub fn of(env: &Env, signers: u32) -> Thresholds {
        let large = AmountTier { above: LARGE_AMOUNT, signatures: signers };
        Thresholds { threshold: signers / 2 + 1, tiers: vec![env, large] }
    }
}

/// A session. It outlives its revocation, so that a key that is granted anew has spent what it has spent.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// What it may do.
    pub grant: SessionGrant,
    /// Ledger of the last use.
    pub ledger: u32,
    /// USD 1e7 spent in that ledger.
    pub spent_in_ledger: i128,
    /// Spent in the last 24 hours: `margin_math::window::Window` as bytes.
    pub window: Bytes,
}

/// Announced code.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingUpgrade {
    /// Of the announcement: a new configuration voids it.
    pub epoch: u32,
    /// Unix seconds.
    pub ready_at: u64,
    /// Of the code.
    pub wasm_hash: BytesN<32>,
}

/// A change of tier between the old code and the new.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingTier {
    /// What it brings.
    pub params: TierParams,
    /// To which tier.
    pub tier: AccountType,
}

/// The last records of the audit trail.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditTrail {
    /// Where it stands.
    pub head: AuditHead,
    /// The latest, oldest first.
    pub records: Vec<AuditRecord>,
}
