//! Who may act for an account. Venues ask at execution, so a grant that was taken back is dead at once.

use crate::book::Book;
use crate::checked::*;
use crate::storage::{self, Grant};
use margin_interface::{permissions, AllRevoked, Granted, LedgerError, Revoked};
use soroban_sdk::Address;

/// Lets `delegate` act for `account` until `expires_at`; replaces what it was granted before.
pub fn grant(book: &mut Book, account: &Address, delegate: &Address, permissions: u32, expires_at: u64) {
    let env = &book.env.clone();
    account.require_auth();
    let meaningful = permissions != 0 && permissions & !permissions::ALL == 0;
    if !meaningful || expires_at <= book.now() || account == delegate {
        fail(env, LedgerError::InvalidGrant);
    }
    let owner = book.account(account);
    let grant = Grant { epoch: owner.grants_epoch, expires_at, permissions };
    storage::set_grant(&book.env, account, delegate, &grant);
    let account_seq = book.put_account(account, &owner);
    let (account, delegate) = (account.clone(), delegate.clone());
    Granted { account, delegate, account_seq, expires_at, permissions }.publish(&book.env);
}

/// Takes back what `delegate` was granted.
pub fn revoke(book: &mut Book, account: &Address, delegate: &Address) {
    account.require_auth();
    storage::remove_grant(&book.env, account, delegate);
    let owner = book.account(account);
    let account_seq = book.put_account(account, &owner);
    Revoked { account: account.clone(), delegate: delegate.clone(), account_seq }.publish(&book.env);
}

/// Takes back every grant: those of earlier epochs are void.
pub fn revoke_all(book: &mut Book, account: &Address) {
    let env = &book.env.clone();
    account.require_auth();
    let mut owner = book.account(account);
    owner.grants_epoch = owner.grants_epoch.checked_add(1).or_fail(env);
    let account_seq = book.put_account(account, &owner);
    AllRevoked { account: account.clone(), account_seq }.publish(&book.env);
}

/// What `delegate` may do for `account` now.
pub fn permission(book: &mut Book, account: &Address, delegate: &Address) -> u32 {
    let epoch = book.account(account).grants_epoch;
    match storage::grant(&book.env, account, delegate) {
        Some(grant) if grant.epoch == epoch && book.now() < grant.expires_at => grant.permissions,
        _ => 0,
    }
}
