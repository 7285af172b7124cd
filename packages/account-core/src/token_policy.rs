//! Rules for single tokens: how much may be owed, how much may leave by one entry.

use crate::administration::{administered, commit};
use crate::amounts;
use crate::intent::Footprint;
use crate::state::Profile;
use crate::storage::POLICIES;
use crate::tier::Tier;
use margin_interface::{AccountError, Market, TokenPolicy, TokenPolicyRemoved, TokenPolicySet};
use soroban_sdk::{Address, Env, IntoVal, Map, Vec};

/// Most rules of an account.
pub const MAX_POLICIES: u32 = 16;

/// All rules.
pub fn all(env: &Env) -> Map<Address, TokenPolicy> {
    POLICIES.get(env).unwrap_or(Map::new(env))
}

/// [`set_token_policy`](margin_interface::ProAccountInterface::set_token_policy).
pub fn set<T: Tier>(env: &Env, asset: Address, policy: TokenPolicy) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[asset.to_val(), policy.into_val(env)])?;
    let mut policies = all(env);
    policies.set(asset.clone(), policy.clone());
    if policy.max_debt < 0 || policy.max_outflow < 0 || policies.len() > MAX_POLICIES {
        return Err(AccountError::InvalidConfig);
    }
    POLICIES.set(env, &policies);
    TokenPolicySet { asset, policy }.publish(env);
    commit::<T>(env, &profile)
}

/// [`remove_token_policy`](margin_interface::ProAccountInterface::remove_token_policy).
pub fn remove<T: Tier>(env: &Env, asset: Address) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[asset.to_val()])?;
    let mut policies = all(env);
    policies.remove(asset.clone()).ok_or(AccountError::InvalidConfig)?;
    POLICIES.set(env, &policies);
    TokenPolicyRemoved { asset }.publish(env);
    commit::<T>(env, &profile)
}

/// Refuses debts beyond the rules.
///
/// # Errors
/// * [`AccountError::TokenPolicyExceeded`]
pub fn permits_debts(env: &Env, exposures: &Map<Market, i128>) -> Result<(), AccountError> {
    for (asset, policy) in all(env).iter() {
        let debt = exposures.get(Market::Asset(asset)).unwrap_or(0);
        if debt > policy.max_debt {
            return Err(AccountError::TokenPolicyExceeded);
        }
    }
    Ok(())
}

/// Refuses what would leave beyond the rules, summed per token; while there is a rule, whatever leaves uncounted as well.
///
/// # Errors
/// * [`AccountError::TokenPolicyExceeded`]
/// * those of [`amounts::worth`]
pub fn permits_outflows(env: &Env, profile: &Profile, footprint: &Footprint) -> Result<(), AccountError> {
    if footprint.outflows.is_empty() && !footprint.uncounted {
        return Ok(());
    }
    let policies = all(env);
    if footprint.uncounted && !policies.is_empty() {
        return Err(AccountError::TokenPolicyExceeded);
    }
    for (asset, policy) in policies.iter() {
        let mut leaving = Vec::new(env);
        for (token, amount) in footprint.outflows.iter() {
            if token == Market::Asset(asset.clone()) {
                leaving.push_back((token, amount));
            }
        }
        if !leaving.is_empty() && amounts::worth(env, profile, &leaving)? > policy.max_outflow {
            return Err(AccountError::TokenPolicyExceeded);
        }
    }
    Ok(())
}
