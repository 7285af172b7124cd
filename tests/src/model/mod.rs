//! The reference model: what lending should do, in exact rationals, written from the documents.
//!
//! It shares no code with the contracts and none with `margin-math`. [`Books`] is what the ledger says, read once;
//! [`Books::after`] says what one step should make of it. Where the contracts must round, they differ from the model by
//! a unit, and [`Books::agree`] knows in whose favour.

mod books;
mod bounds;
mod interest;
mod liquidation;
mod margin;
mod number;
pub mod perp;

pub use books::{Account, AssetBook, Books, Step};
pub use bounds::Bounds;
pub use interest::accrued;
pub use liquidation::{liquidation, Outcome, Seizure};
pub use margin::{Standing, Valuation};
pub use number::{exact, ratio, to_f64, Exact};
