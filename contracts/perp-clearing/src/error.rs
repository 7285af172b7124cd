//! What an arithmetic failure means here.
//!
//! In Wasm `margin-math` stops by itself where something does not fit (its feature `overflow-traps`), for size. So what a
//! caller can provoke is refused by name before any arithmetic sees it: see [`MAX`].

use margin_interface::ClearingError;
use margin_math::MathError;

/// Largest amount or size, absolute: far beyond every curve and every deposit, far below what would not fit.
pub const MAX: i128 = 1_000_000_000_000_000_000_000_000_000_000;

/// `wanted`, or the error.
pub fn require(wanted: bool, error: ClearingError) -> Result<(), ClearingError> {
    wanted.then_some(()).ok_or(error)
}

/// The error, if that is so.
pub fn refuse(so: bool, error: ClearingError) -> Result<(), ClearingError> {
    require(!so, error)
}

/// Refuses what is too large to be meant.
pub fn bounded(number: i128) -> Result<(), ClearingError> {
    require((-MAX..=MAX).contains(&number), ClearingError::Overflow)
}

/// Turns an arithmetic failure into the clearing-house's.
pub trait OrRefuse<T> {
    /// [`ClearingError::CurveExhausted`] when the curve has nothing left to give, [`ClearingError::Overflow`] otherwise.
    fn on_curve(self) -> Result<T, ClearingError>;
}

impl<T> OrRefuse<T> for Result<T, MathError> {
    fn on_curve(self) -> Result<T, ClearingError> {
        self.map_err(|error| {
            if error.is_exhausted() {
                ClearingError::CurveExhausted
            } else {
                ClearingError::Overflow
            }
        })
    }
}
