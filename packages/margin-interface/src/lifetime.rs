//! How long entries live: one rule for every contract.

/// Ledgers of a day at five seconds.
const DAY: u32 = 17_280;
/// An entry that is written with less than this left is extended, in ledgers.
pub const THRESHOLD: u32 = 90 * DAY;
/// To what it is extended, in ledgers.
pub const BUMP: u32 = 120 * DAY;
