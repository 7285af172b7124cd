//! The token.

use crate::storage::{self, Allowance, Key, Observer};
use margin_interface::{MarginLedgerClient, VaultClient};
use soroban_sdk::{
    contract, contracterror, contractimpl, panic_with_error, token::TokenInterface, Address, Env,
    MuxedAddress, String,
};
use soroban_token_sdk::{
    events::{Approve, Burn, MintWithAmountOnly, Transfer, TransferWithAmountOnly},
    metadata::TokenMetadata,
    TokenUtils,
};

/// Errors of the token.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum TokenError {
    /// The amount is negative.
    NegativeAmount = 1,
    /// The balance is too small.
    InsufficientBalance = 2,
    /// The allowance is too small or over.
    InsufficientAllowance = 3,
    /// A result does not fit.
    Overflow = 4,
    /// A parameter is out of range.
    InvalidParameter = 5,
    /// There is no admin.
    NotInitialized = 6,
}

/// The token.
#[contract]
pub struct TestToken;

#[contractimpl]
impl TestToken {
    /// Names the token. `admin` mints and throws the switches.
    pub fn __constructor(env: Env, admin: Address, decimals: u32, name: String, symbol: String) {
        storage::set_setting(&env, Key::Admin, &admin);
        TokenUtils::new(&env).metadata().set_metadata(&TokenMetadata { decimal: decimals, name, symbol });
    }

    /// Mints `amount` to `to`. Authorised by the admin.
    pub fn mint(env: Env, to: Address, amount: i128) {
        authorize_admin(&env);
        non_negative(&env, amount);
        add(&env, &to, amount);
        MintWithAmountOnly { to, amount }.publish(&env);
    }

    /// From now on the receiver of a transfer gets `fee_bps` less than was sent. Authorised by the admin.
    pub fn set_fee_bps(env: Env, fee_bps: u32) {
        authorize_admin(&env);
        if fee_bps > 10_000 {
            panic_with_error!(&env, TokenError::InvalidParameter);
        }
        storage::set_setting(&env, Key::FeeBps, &fee_bps);
    }

    /// From now on the receiver of a transfer gets `surplus_bps` more than was sent. Authorised by the admin.
    pub fn set_surplus_bps(env: Env, surplus_bps: u32) {
        authorize_admin(&env);
        storage::set_setting(&env, Key::SurplusBps, &surplus_bps);
    }

    /// From now on each transfer reads the leverage of its sender from `vault`. Authorised by the admin.
    pub fn set_reentry(env: Env, vault: Address) {
        authorize_admin(&env);
        storage::set_setting(&env, Key::Reentry, &vault);
    }

    /// From now on the token says that it has other decimals. Authorised by the admin.
    pub fn set_decimals(env: Env, decimals: u32) {
        authorize_admin(&env);
        let metadata = TokenUtils::new(&env).metadata();
        let TokenMetadata { name, symbol, .. } = metadata.get_metadata();
        metadata.set_metadata(&TokenMetadata { decimal: decimals, name, symbol });
    }

    /// From now on each transfer reads the leverage of `account` from `ledger`. Authorised by the admin.
    pub fn set_observer(env: Env, ledger: Address, account: Address) {
        authorize_admin(&env);
        storage::set_setting(&env, Key::Observer, &Observer { account, ledger });
    }

    /// Leverage that the last transfer saw, hundredths.
    pub fn observed(env: Env) -> Option<u32> {
        storage::setting(&env, Key::Observed)
    }
}

#[contractimpl]
impl TokenInterface for TestToken {
    fn allowance(env: Env, from: Address, spender: Address) -> i128 {
        storage::allowance(&env, &from, &spender).amount
    }

    fn approve(env: Env, from: Address, spender: Address, amount: i128, live_until_ledger: u32) {
        from.require_auth();
        non_negative(&env, amount);
        if amount > 0 && live_until_ledger < env.ledger().sequence() {
            panic_with_error!(&env, TokenError::InvalidParameter);
        }
        storage::set_allowance(&env, &from, &spender, &Allowance { amount, live_until_ledger });
        Approve { from, spender, amount, live_until_ledger }.publish(&env);
    }

    fn balance(env: Env, id: Address) -> i128 {
        storage::balance(&env, &id)
    }

    fn transfer(env: Env, from: Address, to: MuxedAddress, amount: i128) {
        from.require_auth();
        let to_muxed_id = to.id();
        let to = to.address();
        move_tokens(&env, &from, &to, amount);
        if to_muxed_id.is_some() {
            Transfer { from, to, to_muxed_id, amount }.publish(&env);
        } else {
            TransferWithAmountOnly { from, to, amount }.publish(&env);
        }
    }

    fn transfer_from(env: Env, spender: Address, from: Address, to: Address, amount: i128) {
        spender.require_auth();
        spend_allowance(&env, &from, &spender, amount);
        move_tokens(&env, &from, &to, amount);
        TransferWithAmountOnly { from, to, amount }.publish(&env);
    }

    fn burn(env: Env, from: Address, amount: i128) {
        from.require_auth();
        non_negative(&env, amount);
        subtract(&env, &from, amount);
        Burn { from, amount }.publish(&env);
    }

    fn burn_from(env: Env, spender: Address, from: Address, amount: i128) {
        spender.require_auth();
        spend_allowance(&env, &from, &spender, amount);
        subtract(&env, &from, amount);
        Burn { from, amount }.publish(&env);
    }

    fn decimals(env: Env) -> u32 {
        TokenUtils::new(&env).metadata().get_metadata().decimal
    }

    fn name(env: Env) -> String {
        TokenUtils::new(&env).metadata().get_metadata().name
    }

    fn symbol(env: Env) -> String {
        TokenUtils::new(&env).metadata().get_metadata().symbol
    }
}

fn authorize_admin(env: &Env) {
    match storage::setting::<Address>(env, Key::Admin) {
        Some(admin) => admin.require_auth(),
        None => panic_with_error!(env, TokenError::NotInitialized),
    }
}

fn non_negative(env: &Env, amount: i128) {
    if amount < 0 {
        panic_with_error!(env, TokenError::NegativeAmount);
    }
}

fn move_tokens(env: &Env, from: &Address, to: &Address, amount: i128) {
    non_negative(env, amount);
    subtract(env, from, amount);
    let fee_bps = i128::from(storage::setting::<u32>(env, Key::FeeBps).unwrap_or(0));
    let surplus_bps = i128::from(storage::setting::<u32>(env, Key::SurplusBps).unwrap_or(0));
    let arrives = match amount.checked_mul(10_000 - fee_bps + surplus_bps) {
        Some(product) => product / 10_000,
        None => panic_with_error!(env, TokenError::Overflow),
    };
    add(env, to, arrives);
    if let Some(vault) = storage::setting::<Address>(env, Key::Reentry) {
        VaultClient::new(env, &vault).get_user_leverage(from);
    }
    if let Some(Observer { account, ledger }) = storage::setting(env, Key::Observer) {
        let summary = MarginLedgerClient::new(env, &ledger).summary(&account);
        storage::set_setting(env, Key::Observed, &summary.leverage);
    }
}

fn subtract(env: &Env, from: &Address, amount: i128) {
    let balance = storage::balance(env, from);
    if balance < amount {
        panic_with_error!(env, TokenError::InsufficientBalance);
    }
    storage::set_balance(env, from, balance - amount);
}

fn add(env: &Env, to: &Address, amount: i128) {
    match storage::balance(env, to).checked_add(amount) {
        Some(balance) => storage::set_balance(env, to, balance),
        None => panic_with_error!(env, TokenError::Overflow),
    }
}

fn spend_allowance(env: &Env, from: &Address, spender: &Address, amount: i128) {
    non_negative(env, amount);
    let allowance = storage::allowance(env, from, spender);
    if allowance.amount < amount {
        panic_with_error!(env, TokenError::InsufficientAllowance);
    }
    if amount > 0 {
        let rest = Allowance { amount: allowance.amount - amount, ..allowance };
        storage::set_allowance(env, from, spender, &rest);
    }
}
