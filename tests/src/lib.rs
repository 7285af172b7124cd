//! The whole system under test: the real contracts on the embedded host, actors with real keys, entries really signed.
//!
//! A scenario starts with [`fixture::Fixture::new`], gets itself a few [`actor::Actor`]s, and reads as a story:
//! `alice.deposit(usdc(1_000)).ok()`, `assert_refused(alice.borrow(usdc(3_000)), &alice, ExcessiveLeverage)`.

pub mod accounts;
pub mod actor;
pub mod audit;
pub mod auth;
pub mod costs;
pub mod env;
pub mod fixture;
pub mod footprint;
pub mod frames;
pub mod invariants;
pub mod listed;
pub mod model;
pub mod money;
pub mod operations;
pub mod orders;
pub mod outer;
pub mod perp_invariants;
pub mod prices;
pub mod publishers;
pub mod random;
pub mod refusal;
pub mod signer;
pub mod spec;
pub mod told;
pub mod tx;
pub mod wasm;
pub mod world;
