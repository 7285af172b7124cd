//! The reference model of perpetuals, in exact rationals, written from `docs/perpetuals.md`.
//!
//! `House` is all of it: curves, positions, funding and buckets, carried from step to step without ever being read from the
//! contracts again. What belongs to lending is an input of each step: what an account has deposited and owes, and what interest
//! did to the credit line. [`Witness`] watches the transactions of a story, has the model do what each of them asks for, and
//! compares.

mod buckets;
mod curve;
mod deed;
mod funding;
mod house;
mod market;
mod reading;
mod witness;

pub use deed::{Deed, Size};
pub use market::maintenance;
pub use reading::{name_of, Holder, Reading};
pub use witness::{Count, Witness};
