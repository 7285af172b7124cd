//! The bounds of each tier, and the one check of an account's configuration.

use crate::state::Profile;
use margin_interface::{AccountError, Limits};
use margin_math::units::USD;
use soroban_sdk::Bytes;

/// Most keys of an account.
pub const MAX_SIGNERS: u32 = 20;
/// Length of an ed25519 key.
pub const KEY_LENGTH: u32 = 32;

/// What a tier permits, and what a new account of it starts with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tier {
    /// Largest leverage, hundredths.
    pub max_leverage: u32,
    /// Smallest auto-deleverage threshold, bps. Closer to 1 the account would be liquidated before anybody can help.
    pub min_threshold: u32,
    /// Largest auto-deleverage threshold, bps.
    pub max_threshold: u32,
    /// Exposure limit per market of a new account, USD 1e7.
    pub market_exposure: i128,
    /// Borrow limit of a new account, USD 1e7.
    pub total_borrow: i128,
}

/// Tier 1: 3x; a new account starts with $50,000 per market and $100,000 of borrowing.
pub const BASIC: Tier = Tier {
    max_leverage: 300,
    min_threshold: 10_500,
    max_threshold: 20_000,
    market_exposure: 50_000 * USD,
    total_borrow: 100_000 * USD,
};

impl Tier {
    /// The limits of a new account.
    pub fn limits(&self, max_leverage: u32, auto_deleverage_threshold: u32) -> Limits {
        Limits {
            max_leverage,
            market_exposure: self.market_exposure,
            min_health: auto_deleverage_threshold,
            total_borrow: self.total_borrow,
        }
    }

    /// Checks everything that must hold after any change of an account's configuration.
    ///
    /// # Errors
    /// * [`AccountError::InvalidConfig`] - a limit outside the tier; no signer or more than [`MAX_SIGNERS`]; a key twice,
    ///   of a wrong length or zero
    pub fn validate(&self, profile: &Profile) -> Result<(), AccountError> {
        let limits = &profile.limits;
        let within = (100..=self.max_leverage).contains(&limits.max_leverage)
            && (self.min_threshold..=self.max_threshold).contains(&limits.min_health)
            && limits.market_exposure >= 0
            && limits.total_borrow >= 0
            && (1..=MAX_SIGNERS).contains(&profile.signers.len());
        if !within {
            return Err(AccountError::InvalidConfig);
        }
        for (place, key) in profile.signers.iter().enumerate() {
            let first =
                profile.signers.first_index_of(&key).is_some_and(|first| usize::try_from(first) == Ok(place));
            if !is_key(&key) || !first {
                return Err(AccountError::InvalidConfig);
            }
        }
        Ok(())
    }
}

fn is_key(key: &Bytes) -> bool {
    key.len() == KEY_LENGTH && key.iter().any(|byte| byte != 0)
}
