//! Native tests with real signatures; see `account_core::testing`.

mod batches;
mod orders;
mod sessions;
mod token_policies;
mod views;

use crate::ProAccount;
use account_core::testing::{fakes::healthy, public, secret, Fixture};
use ed25519_dalek::SigningKey;
use margin_interface::{AccountError, AccountType, ProAccountClient, Scope, SessionGrant};
use soroban_sdk::{Symbol, Vec};

/// A Pro account with two owner signers, whose ledger finds nothing wrong with anything.
fn fixture() -> Fixture {
    let f = Fixture::deploy(ProAccount, AccountType::Pro, 2);
    f.ledger().script(&healthy(&f.env));
    f.ledger().hold_steady();
    f
}

fn client(f: &Fixture) -> ProAccountClient<'_> {
    ProAccountClient::new(&f.env, &f.account)
}

/// The key of the session that most tests use.
fn session() -> SigningKey {
    secret(77)
}

fn names(f: &Fixture, names: &[&str]) -> Vec<Symbol> {
    Vec::from_iter(&f.env, names.iter().map(|name| Symbol::new(&f.env, name)))
}

/// A grant for borrowing and trading: 500 per entry and ledger, 1000 a day, for a week.
fn grant(f: &Fixture) -> SessionGrant {
    SessionGrant {
        allowed_ops: names(f, &["borrow", "trade", "open_position", "deposit", "withdraw", "close_position"]),
        daily_limit: 1_000,
        expires_at: f.env.ledger().timestamp() + 7 * 86_400,
        key: public(&f.env, &session()),
        markets: Scope::All,
        max_leverage: 1_000,
        max_ops_per_day: 100,
        max_per_ledger: 500,
        max_per_tx: 500,
    }
}

fn granted(f: &Fixture, grant: SessionGrant) {
    assert_eq!(f.administer("grant_session", (grant,)), Ok(()));
}

/// An account with [`grant`] given to [`session`].
fn with_session() -> Fixture {
    let f = fixture();
    granted(&f, grant(&f));
    f
}

fn invalid(f: &Fixture, grant: SessionGrant) {
    let result = f.administer("grant_session", (grant.clone(),));
    assert_eq!(result, Err(AccountError::InvalidConfig), "{grant:?}");
}
