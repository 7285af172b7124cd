//! Who governs a contract, and how fast: one module for all of them.
//!
//! What raises risk is proposed by the admin, waits, and executes only as announced; anybody sees it coming, the guardian
//! may cancel it, and it lapses when nobody executes it. What lowers risk needs none of this. A contract describes its
//! changes by one enum of its own; this package never looks inside.
#![no_std]
#![warn(missing_docs)]

mod entry_points;
mod offices;
mod timelock;
mod upgrades;

#[doc(hidden)]
pub use margin_interface as interface;
pub use offices::{
    accept_admin, admin, guardian, initialise, propose_guardian, require_admin, require_governor,
    set_guardian, transfer_admin,
};
pub use timelock::{cancel, propose, require_announced, scheduled, take, take_announced, Delay};
pub use upgrades::{freeze_upgrades, migrate, require_version, stamp, storage_version, upgrade};

#[cfg(test)]
mod test;
