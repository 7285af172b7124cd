//! The guarded oracle: several SEP-40 sources and signed reports in, one price out.
//!
//! `poke` reads the sources, finds what a quorum of independent groups agrees on, lets the guard judge it, and stores
//! it; reads only look at what is stored. The arithmetic is `margin_math::{oracle, guard, report, twap}`.
#![no_std]

mod admin;
mod checked;
mod contract;
mod feed;
mod publish;
mod read;
mod source;
mod storage;

#[cfg(test)]
mod test;
#[cfg(test)]
mod test_admin;
#[cfg(test)]
mod test_blend;
#[cfg(test)]
mod test_incidents;
#[cfg(test)]
mod test_life;
#[cfg(test)]
mod test_reports;
#[cfg(test)]
mod test_sources;

pub use contract::Oracle;
