//! Tokens in, tokens out. Nothing else touches a token contract.

use margin_interface::VaultError;
use soroban_sdk::{token::TokenClient, Address, Env};

/// Pulls `amount` from the wallet of `from` and makes sure that exactly this much arrived.
///
/// The token's word is not enough: one that takes a fee, or pays itself on the way, would leave the ledger with more
/// than the vault holds.
pub fn pull(env: &Env, asset: &Address, from: &Address, amount: i128) -> Result<(), VaultError> {
    let token = TokenClient::new(env, asset);
    let vault = env.current_contract_address();
    let before = token.balance(&vault);
    token.transfer(from, &vault, &amount);
    match token.balance(&vault).checked_sub(before) {
        Some(arrived) if arrived == amount => Ok(()),
        _ => Err(VaultError::TransferMismatch),
    }
}

/// What the vault holds of an asset.
pub fn held(env: &Env, asset: &Address) -> i128 {
    TokenClient::new(env, asset).balance(&env.current_contract_address())
}

/// Sends `amount` to `to`; nothing if there is nothing to send. The ledger has booked it before.
pub fn pay(env: &Env, asset: &Address, to: &Address, amount: i128) {
    if amount > 0 {
        TokenClient::new(env, asset).transfer(&env.current_contract_address(), to, &amount);
    }
}

/// What is left of the `pulled` tokens after `used`, to be paid back.
pub fn rest(pulled: i128, used: i128) -> Result<i128, VaultError> {
    match pulled.checked_sub(used) {
        Some(rest) if rest >= 0 => Ok(rest),
        // The ledger never uses more than arrived; if it did, the tokens of others would pay for it.
        _ => Err(VaultError::TransferMismatch),
    }
}

/// An amount of anything that moves.
pub fn positive(amount: i128) -> Result<(), VaultError> {
    if amount > 0 {
        Ok(())
    } else {
        Err(VaultError::InvalidAmount)
    }
}
