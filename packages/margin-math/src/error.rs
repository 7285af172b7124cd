//! What can go wrong in arithmetic, and how far it is carried.
//!
//! A contract that is short of room enables `overflow-traps`: its Wasm then stops where something goes wrong. The error
//! has no values there, so no result carries one, and none is asked for it: a tenth of the margin ledger.

/// What can go wrong in arithmetic.
#[cfg(not(all(feature = "overflow-traps", target_family = "wasm")))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MathError {
    /// A result does not fit its type.
    Overflow,
    /// A divisor is zero.
    DivisionByZero,
    /// A curve or a pool has nothing left to give.
    Exhausted,
}

#[cfg(not(all(feature = "overflow-traps", target_family = "wasm")))]
impl MathError {
    /// Whether a curve or a pool has nothing left to give, rather than a result no room.
    pub fn is_exhausted(self) -> bool {
        self == MathError::Exhausted
    }
}

/// Nothing that anybody could be told.
#[cfg(all(feature = "overflow-traps", target_family = "wasm"))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MathError {}

#[cfg(all(feature = "overflow-traps", target_family = "wasm"))]
impl MathError {
    /// There is none.
    pub fn is_exhausted(self) -> bool {
        match self {}
    }
}

macro_rules! errors {
    ($($name:ident $variant:ident),*) => {$(
        #[cfg(not(all(feature = "overflow-traps", target_family = "wasm")))]
        pub(crate) fn $name<T>() -> Result<T, MathError> {
            Err(MathError::$variant)
        }

        #[cfg(all(feature = "overflow-traps", target_family = "wasm"))]
        pub(crate) fn $name<T>() -> Result<T, MathError> {
            panic!()
        }
    )*};
}

errors!(overflow Overflow, division_by_zero DivisionByZero, exhausted Exhausted);
