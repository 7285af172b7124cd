//! What an arithmetic failure means here.

use margin_interface::ClearingError;
use margin_math::MathError;

/// Turns an arithmetic failure into the clearing-house's.
pub trait OrRefuse<T> {
    /// `exhausted` when a curve or a pool has nothing left to give, [`ClearingError::Overflow`] otherwise.
    fn or_refuse(self, exhausted: ClearingError) -> Result<T, ClearingError>;

    /// [`Self::or_refuse`] with [`ClearingError::CurveExhausted`].
    fn on_curve(self) -> Result<T, ClearingError>
    where
        Self: Sized,
    {
        self.or_refuse(ClearingError::CurveExhausted)
    }
}

impl<T> OrRefuse<T> for Result<T, MathError> {
    fn or_refuse(self, exhausted: ClearingError) -> Result<T, ClearingError> {
        self.map_err(|error| match error {
            MathError::Exhausted => exhausted,
            MathError::Overflow | MathError::DivisionByZero => ClearingError::Overflow,
        })
    }
}
