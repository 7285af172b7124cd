//! The guarded oracle: several SEP-40 sources in, one price out.
//!
//! `poke` reads the sources, finds what a quorum of independent groups agrees on, and stores it; reads only look at what
//! is stored. The arithmetic is `margin_math::oracle` and `margin_math::twap`.
#![no_std]

mod admin;
mod contract;
mod feed;
mod read;
mod source;
mod storage;

#[cfg(test)]
mod test;
#[cfg(test)]
mod test_admin;
#[cfg(test)]
mod test_sources;

pub use contract::Oracle;
