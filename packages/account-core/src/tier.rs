//! The three tiers: what each permits, and which parts of the engine it has. A part that a tier lacks is not in its code.

use margin_interface::{AccountType, Limits};
use margin_math::units::USD;

/// What a tier permits, and what a new account of it starts with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// Largest leverage, hundredths.
    pub max_leverage: u32,
    /// Exposure limit per market of a new account, USD 1e7.
    pub market_exposure: i128,
    /// Borrow limit of a new account, USD 1e7.
    pub total_borrow: i128,
}

impl Bounds {
    /// The limits of a new account.
    pub fn limits(&self, max_leverage: u32, auto_deleverage_threshold: u32) -> Limits {
        Limits {
            max_leverage,
            market_exposure: self.market_exposure,
            min_health: auto_deleverage_threshold,
            total_borrow: self.total_borrow,
        }
    }
}

/// One of the tiers.
pub trait Tier {
    /// Which one.
    const TYPE: AccountType;
    /// What it permits.
    const BOUNDS: Bounds;
    /// Whether it has sessions and token policies.
    const SESSIONS: bool;
    /// Whether the account administers itself, by M-of-N signatures.
    const MULTISIG: bool;
}

/// Tier 1: 3x; a new account starts with $50,000 per market and $100,000 of borrowing.
pub struct Basic;

impl Tier for Basic {
    const TYPE: AccountType = AccountType::Basic;
    const BOUNDS: Bounds =
        Bounds { max_leverage: 300, market_exposure: 50_000 * USD, total_borrow: 100_000 * USD };
    const SESSIONS: bool = false;
    const MULTISIG: bool = false;
}

/// Tier 2: 10x; the owner sets the limits of exposure and borrowing.
pub struct Pro;

impl Tier for Pro {
    const TYPE: AccountType = AccountType::Pro;
    const BOUNDS: Bounds =
        Bounds { max_leverage: 1_000, market_exposure: i128::MAX, total_borrow: i128::MAX };
    const SESSIONS: bool = true;
    const MULTISIG: bool = false;
}

/// Tier 3: 10x; the signers set the limits of exposure and borrowing.
pub struct Institutional;

impl Tier for Institutional {
    const TYPE: AccountType = AccountType::Institutional;
    const BOUNDS: Bounds = Pro::BOUNDS;
    const SESSIONS: bool = true;
    const MULTISIG: bool = true;
}
