//! Native tests with real signatures; see `account_core::testing`. Administration is authorised by entries of the account's
//! own, signed by its keys.

mod audit;
mod compliance;
mod configuration;
mod guardians;
mod invariants;
mod thresholds;
mod views;

use crate::InstitutionalAccount;
use account_core::testing::{fakes::healthy, publics, secret, Fixture};
use ed25519_dalek::SigningKey;
use margin_interface::{
    AccountError, AccountType, AmountTier, InstitutionalAccountClient, MultisigConfig, Proposer,
};
use soroban_sdk::{vec, Env, IntoVal, Val, Vec};

const USD: i128 = 10_000_000;
const DAY: u64 = 86_400;

/// An institution of five, three for everything and all for more than $100,000, whose ledger finds nothing wrong.
fn fixture() -> Fixture {
    let f = Fixture::deploy(InstitutionalAccount, AccountType::Institutional, 5);
    f.ledger().script(&healthy(&f.env));
    f.ledger().hold_steady();
    f
}

fn client(f: &Fixture) -> InstitutionalAccountClient<'_> {
    InstitutionalAccountClient::new(&f.env, &f.account)
}

/// The first so many signers.
fn some(f: &Fixture, many: usize) -> std::vec::Vec<&SigningKey> {
    f.keys.iter().take(many).collect()
}

fn guardians() -> [SigningKey; 3] {
    [secret(91), secret(92), secret(93)]
}

/// All signers authorise a function of the account, which answers.
fn all(f: &Fixture, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Result<(), Option<AccountError>> {
    f.institutes(&some(f, 5), function, args)
}

/// The configuration in force with a threshold of two, four above $1,000, and three guardians.
fn other(f: &Fixture) -> MultisigConfig {
    let guardians = guardians();
    MultisigConfig {
        guardians: publics(&f.env, &guardians.iter().collect::<std::vec::Vec<_>>()),
        threshold: 2,
        tiers: vec![&f.env, AmountTier { above: 1_000 * USD, signatures: 4 }],
        ..client(f).multisig()
    }
}

/// Puts a configuration in force.
fn adopt(f: &Fixture, config: &MultisigConfig) {
    assert_eq!(all(f, "update_multisig", (config.clone(),)), Ok(()));
    f.pass(DAY);
    client(f).execute_multisig(&Proposer::Signers);
    assert_eq!(client(f).multisig(), *config);
}
