//! The vault: the only holder of tokens.

use crate::{Liquidation, Receive};
use soroban_sdk::{contractclient, contracterror, Address, Env};

/// Errors of the vault (700-799). Errors of the ledger (600-699) come through unchanged.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum VaultError {
    /// The amount is zero or negative.
    InvalidAmount = 700,
    /// The token delivered another amount than it was told to.
    TransferMismatch = 701,
}

/// Deposits, withdrawals, loans, liquidations. Amounts are in the token's own units.
#[contractclient(name = "VaultClient")]
pub trait VaultInterface {
    /// Deposits `amount` from the wallet of `from` for `account`. Returns the supply shares minted.
    fn deposit(env: Env, from: Address, account: Address, asset: Address, amount: i128) -> Result<i128, VaultError>;
    /// Withdraws `amount` (`i128::MAX`: all) and sends it to `to`. Returns the amount.
    fn withdraw(env: Env, account: Address, asset: Address, amount: i128, to: Address) -> Result<i128, VaultError>;
    /// Borrows `amount` against the borrower's collateral and sends it to the borrower.
    fn borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<(), VaultError>;
    /// Repays from the wallet of `from`: pulls `amount`, returns what exceeds the debt. Returns what was repaid.
    fn repay(env: Env, from: Address, account: Address, asset: Address, amount: i128) -> Result<i128, VaultError>;
    /// Repays a debt with the account's own deposit of the same asset; no token moves. Returns what was repaid.
    fn repay_with_collateral(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, VaultError>;
    /// Liquidates one debt against one collateral down to the target. Returns what was repaid and seized.
    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, VaultError>;

    /// Value of all deposits, USD 1e7.
    fn get_collateral_value(env: Env, user: Address) -> i128;
    /// Value of all debts, USD 1e7.
    fn get_borrow_value(env: Env, user: Address) -> i128;
    /// Value of the debt in one asset, USD 1e7.
    fn get_market_borrow(env: Env, user: Address, market: Address) -> i128;
    /// `E`: what supports, USD 1e7.
    fn get_effective_margin(env: Env, user: Address) -> i128;
    /// Health factor, bps.
    fn get_margin_ratio(env: Env, user: Address) -> u32;
    /// Whether the account is below its margin-call level.
    fn is_margin_call(env: Env, user: Address) -> bool;
    /// Whether the account is below its liquidation level.
    fn is_liquidatable(env: Env, user: Address) -> bool;
    /// `(debt + notional) / equity`, hundredths.
    fn get_user_leverage(env: Env, user: Address) -> u32;
    /// Whether the address is a contract that runs Wasm. Never calls it.
    fn is_smart_account(env: Env, user: Address) -> bool;
}
