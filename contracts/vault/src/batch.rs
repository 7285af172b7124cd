//! Batches: what is pulled, what is paid, and who may ask for it. What a batch does to an account is the ledger's.

use crate::custody;
use margin_interface::{
    lean, permissions, Action, MarginLedgerClient, OracleClient, VaultError, MAX_ACTIONS,
};
use soroban_sdk::{Address, Env, Vec};

/// Pokes the oracle for each refresh in front. Returns the requests behind them.
pub fn refresh(
    env: &Env,
    ledger: &MarginLedgerClient,
    requests: &Vec<Action>,
) -> Result<Vec<Action>, VaultError> {
    let mut prefix = 0;
    for request in requests.iter() {
        let Action::Refresh(assets) = request else { break };
        OracleClient::new(env, &ledger.config().oracle).poke(&assets);
        prefix += 1;
    }
    // The ledger would refuse too many after their tokens were pulled.
    if prefix == requests.len() || requests.len() - prefix > MAX_ACTIONS {
        return Err(VaultError::InvalidBatch);
    }
    let mut behind = lean::list(env);
    lean::append(&mut behind, requests, prefix..requests.len());
    Ok(behind)
}

/// What a delegate must be permitted for all of `requests`, each of which the vault executes.
pub fn needs(requests: &Vec<Action>) -> Result<u32, VaultError> {
    let mut needed = 0;
    for request in requests.iter() {
        let (bits, amount) = match request {
            Action::Deposit(_, amount) => (permissions::MODIFY_COLLATERAL, amount),
            Action::Withdraw(_, amount) | Action::Borrow(_, amount) => (permissions::WITHDRAW, amount),
            Action::Repay(_, amount) | Action::RepayWithCollateral(_, amount) => {
                (permissions::REDUCE_ONLY, amount)
            }
            _ => return Err(VaultError::InvalidBatch),
        };
        custody::positive(amount)?;
        needed |= bits;
    }
    Ok(needed)
}

/// Pulls what the requests name, all of it: what is not needed is known only once it is booked.
pub fn pull(env: &Env, from: &Address, requests: &Vec<Action>) -> Result<(), VaultError> {
    let mut sums = Sums(alloc::vec::Vec::new());
    for request in requests.iter() {
        if let Action::Deposit(asset, amount) | Action::Repay(asset, amount) = request {
            sums.add(from, asset, amount)?;
        }
    }
    for (from, asset, amount) in &sums.0 {
        custody::pull(env, asset, from, *amount)?;
    }
    Ok(())
}

/// Pays what the ledger booked: withdrawals and loans to `account`, what a repayment did not need back to `sender`.
pub fn pay(
    env: &Env,
    sender: &Address,
    account: &Address,
    requests: &Vec<Action>,
    booked: &Vec<i128>,
) -> Result<(), VaultError> {
    let mut sums = Sums(alloc::vec::Vec::new());
    for (request, booked) in requests.iter().zip(booked.iter()) {
        match request {
            Action::Withdraw(asset, _) | Action::Borrow(asset, _) => sums.add(account, asset, booked)?,
            Action::Repay(asset, amount) => sums.add(sender, asset, custody::rest(amount, booked)?)?,
            _ => {}
        }
    }
    for (to, asset, amount) in &sums.0 {
        custody::pay(env, asset, to, *amount);
    }
    Ok(())
}

/// What moves between the vault and a wallet, in the order of wallets and tokens: one amount for each. Not a map of the host,
/// for which the code would import seven functions.
struct Sums(alloc::vec::Vec<(Address, Address, i128)>);

impl Sums {
    fn add(&mut self, wallet: &Address, asset: Address, amount: i128) -> Result<(), VaultError> {
        let place = self.0.iter().position(|(of, token, _)| (of, token) >= (wallet, &asset));
        let place = place.unwrap_or(self.0.len());
        match self.0.get_mut(place) {
            Some((of, token, sum)) if of == wallet && *token == asset => {
                *sum = sum.checked_add(amount).ok_or(VaultError::InvalidAmount)?;
            }
            _ => self.0.insert(place, (wallet.clone(), asset, amount)),
        }
        Ok(())
    }
}
