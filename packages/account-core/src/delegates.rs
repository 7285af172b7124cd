//! Who may act for the account by the ledger's book. The list here says whom to revoke; what counts is the ledger's.

use crate::administration::{administered, commit, put_to_use};
use crate::allowlist::is_reserved;
use crate::state::Profile;
use crate::storage::DELEGATES;
use crate::tier::Tier;
use margin_interface::{AccountError, MarginLedgerClient};
use soroban_sdk::{Address, Env, IntoVal};

/// Most delegates of an account.
pub const MAX_DELEGATES: u32 = 16;

/// [`grant_delegate`](margin_interface::SmartAccountInterface::grant_delegate). The account is the direct invoker of the
/// ledger, so no further signature is needed.
pub fn grant<T: Tier>(
    env: &Env,
    delegate: Address,
    permissions: u32,
    expires_at: u64,
) -> Result<(), AccountError> {
    let args = [delegate.to_val(), permissions.into(), expires_at.into_val(env)];
    let profile = administered::<T>(env, &args)?;
    let mut delegates = DELEGATES.list(env);
    if !delegates.contains(&delegate) {
        delegates.push_back(delegate.clone());
    }
    if is_reserved(env, &profile, &delegate) || delegates.len() > MAX_DELEGATES {
        return Err(AccountError::InvalidConfig);
    }
    DELEGATES.set(env, &delegates);
    put_to_use(env, &profile);
    let account = env.current_contract_address();
    MarginLedgerClient::new(env, &profile.protocol.ledger).grant(
        &account,
        &delegate,
        &permissions,
        &expires_at,
    );
    commit::<T>(env, &profile)
}

/// [`revoke_delegate`](margin_interface::SmartAccountInterface::revoke_delegate).
pub fn revoke<T: Tier>(env: &Env, delegate: Address) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[delegate.to_val()])?;
    let mut delegates = DELEGATES.list(env);
    let place = delegates.first_index_of(&delegate).ok_or(AccountError::InvalidConfig)?;
    delegates.remove(place);
    DELEGATES.set(env, &delegates);
    MarginLedgerClient::new(env, &profile.protocol.ledger).revoke(&env.current_contract_address(), &delegate);
    commit::<T>(env, &profile)
}

/// Takes back whatever was granted, so that nobody acts for an account that stands still.
pub fn end(env: &Env, profile: &Profile) {
    // Nobody else can grant: what is not in the list is not in the ledger.
    if !DELEGATES.list(env).is_empty() {
        DELEGATES.remove(env);
        MarginLedgerClient::new(env, &profile.protocol.ledger).revoke_all(&env.current_contract_address());
    }
}
