//! What was spent in the last 24 hours, as it is stored.

use margin_interface::AccountError;
use margin_math::window::{Window, ENCODED};
use soroban_sdk::{Bytes, BytesN, Env};

/// Nothing was ever spent.
pub fn nothing(env: &Env) -> Bytes {
    store(env, &Window::EMPTY)
}

/// The window as of now.
///
/// # Errors
/// * [`AccountError::NotInitialized`] - no window
pub fn load(env: &Env, stored: &Bytes) -> Result<Window, AccountError> {
    let stored = BytesN::<ENCODED>::try_from(stored.clone()).map_err(|_| AccountError::NotInitialized)?;
    Ok(Window::decode(&stored.to_array()).at(env.ledger().timestamp()))
}

/// As it is stored.
pub fn store(env: &Env, window: &Window) -> Bytes {
    Bytes::from_array(env, &window.encode())
}

/// The sum of a window.
///
/// # Errors
/// * [`AccountError::ArithmeticOverflow`]
pub fn sum(window: &Window) -> Result<i128, AccountError> {
    window.spent().map_err(|_| AccountError::ArithmeticOverflow)
}

/// Adds an amount.
///
/// # Errors
/// * [`AccountError::ArithmeticOverflow`]
pub fn add(window: &mut Window, amount: i128) -> Result<(), AccountError> {
    window.spend(amount).map_err(|_| AccountError::ArithmeticOverflow)
}
