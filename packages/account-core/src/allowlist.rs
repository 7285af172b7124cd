//! Foreign contracts that owner signers may call.

use crate::administration::{administered, commit};
use crate::state::Profile;
use crate::storage::ALLOWED;
use crate::tier::Tier;
use margin_interface::{AccountError, ContractAllowed, ContractDisallowed};
use soroban_sdk::{Address, Env};

/// Most contracts of the list.
pub const MAX_ALLOWED: u32 = 16;

/// [`allow_contract`](margin_interface::SmartAccountInterface::allow_contract).
pub fn allow<T: Tier>(env: &Env, contract: Address) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[contract.to_val()])?;
    let mut allowed = ALLOWED.list(env);
    if is_reserved(env, &profile, &contract) || allowed.contains(&contract) || allowed.len() == MAX_ALLOWED {
        return Err(AccountError::InvalidConfig);
    }
    allowed.push_back(contract.clone());
    ALLOWED.set(env, &allowed);
    ContractAllowed { contract }.publish(env);
    commit::<T>(env, &profile)
}

/// [`disallow_contract`](margin_interface::SmartAccountInterface::disallow_contract).
pub fn disallow<T: Tier>(env: &Env, contract: Address) -> Result<(), AccountError> {
    let profile = administered::<T>(env, &[contract.to_val()])?;
    let mut allowed = ALLOWED.list(env);
    let place = allowed.first_index_of(&contract).ok_or(AccountError::InvalidConfig)?;
    allowed.remove(place);
    ALLOWED.set(env, &allowed);
    ContractDisallowed { contract }.publish(env);
    commit::<T>(env, &profile)
}

/// The account itself and the contracts of the protocol: what they do to an account goes through the table.
pub fn is_reserved(env: &Env, profile: &Profile, contract: &Address) -> bool {
    let protocol = &profile.protocol;
    [&protocol.factory, &protocol.ledger, &protocol.perp_clearing, &protocol.vault].contains(&contract)
        || *contract == env.current_contract_address()
}
