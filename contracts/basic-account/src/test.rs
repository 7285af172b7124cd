//! Native tests with real signatures and hand-built contexts; no authorisation is ever mocked. What needs the host's own
//! rules (nonces, expiry, re-entry, the signed tree) is tested with all contracts in `tests/`.

mod administration;
mod allowlist;
mod authentication;
mod classification;
mod deleverage;
mod lifecycle;
mod passkeys;
mod policy;

use crate::BasicAccount;
use account_core::testing::Fixture;
use margin_interface::AccountType;

/// One account with two signers, surrounded by scripted contracts.
fn fixture() -> Fixture {
    Fixture::deploy(BasicAccount, AccountType::Basic, 2)
}
