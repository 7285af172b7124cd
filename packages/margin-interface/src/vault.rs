//! The vault: the only holder of tokens.
//!
//! It has no events of its own: each state change is one event of the margin ledger, each movement of tokens one of
//! the token.

use crate::{Liquidation, Receive};
use soroban_sdk::{contractclient, contracterror, contracttype, Address, Env};

/// Errors of the vault (700-799). Errors of the ledger (600-699) come through unchanged.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum VaultError {
    /// The amount is zero or negative.
    InvalidAmount = 700,
    /// The token delivered another amount than it was told to.
    TransferMismatch = 701,
    /// The vault has no configuration.
    NotInitialized = 702,
}

/// What the vault was deployed with.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultConfig {
    /// Governs.
    pub admin: Address,
    /// May only halt or tighten.
    pub guardian: Address,
    /// The margin ledger this vault writes to.
    pub ledger: Address,
}

/// Deposits, withdrawals, loans, liquidations. Amounts are in the token's own units.
///
/// Each function that spends rights asks for authorisation before it calls anything: a smart account decides inside
/// `require_auth` by what the ledger says, and nothing but the vault may be on the stack then. Tokens that come in are
/// measured before the ledger credits them; the ledger is written before tokens go out.
#[contractclient(name = "VaultClient")]
pub trait VaultInterface {
    /// Deposits `amount` from the wallet of `from` for `account`.
    ///
    /// Returns the supply shares minted; they earn the interest that borrowers of the asset pay.
    ///
    /// # Arguments
    /// * `from` - whose tokens
    /// * `account` - whose deposit; for a third party only an asset that it holds already
    /// * `asset` - token contract of a listed asset
    /// * `amount` - token units, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `amount <= 0`
    /// * [`VaultError::TransferMismatch`] - the vault received another amount, as from a token with a transfer fee
    /// * of the ledger: `UnknownAsset`, `AssetDisabled`, `SupplyCapExceeded`, `TooManyHoldings`, `ThirdPartySlot`
    ///
    /// # Events
    /// * the ledger's, with the amount and the shares
    ///
    /// # Authorization
    /// `from`, including the token's `transfer(from, vault, amount)`.
    fn deposit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError>;

    /// Withdraws `amount` of a deposit and sends it to `to`. Returns the amount.
    ///
    /// An account without debts and positions needs no price for it.
    ///
    /// # Arguments
    /// * `account` - whose deposit
    /// * `asset` - token contract of a listed asset
    /// * `amount` - token units, > 0; `i128::MAX`: the whole deposit
    /// * `to` - who receives the tokens
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `amount <= 0`
    /// * of the ledger: `InsufficientBalance`, `InsufficientLiquidity`, `InsufficientMargin`, `LimitExceeded`,
    ///   `PriceNotUsable`
    ///
    /// # Events
    /// * the ledger's, with the amount and the shares
    ///
    /// # Authorization
    /// `account`, before anything else is called.
    fn withdraw(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
        to: Address,
    ) -> Result<i128, VaultError>;

    /// Borrows `amount` against the borrower's collateral and sends it to the borrower.
    ///
    /// # Arguments
    /// * `borrower` - who owes; a smart account decides by its own policy
    /// * `asset` - token contract of a listed asset
    /// * `amount` - token units, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `amount <= 0`
    /// * of the ledger: `UnknownAsset`, `AssetDisabled`, `InsufficientMargin`, `LimitExceeded`, `PriceNotUsable`,
    ///   `BorrowCapExceeded`, `UtilisationExceeded`, `InsufficientLiquidity`, `TooManyHoldings`
    ///
    /// # Events
    /// * the ledger's, with the amount and the debt shares
    ///
    /// # Authorization
    /// `borrower`, before anything else is called.
    fn borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<(), VaultError>;

    /// Repays a debt of `account` from the wallet of `from`. Returns what was repaid.
    ///
    /// Pulls `amount` and returns what exceeds the debt in the same call: the debt grows between signing and
    /// inclusion, so whoever means to repay all of it signs a little more. In the settlement asset the perpetual debt
    /// is repaid first. Needs no price.
    ///
    /// # Arguments
    /// * `from` - whose tokens
    /// * `account` - whose debt
    /// * `asset` - token contract of the debt
    /// * `amount` - token units, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `amount <= 0`
    /// * [`VaultError::TransferMismatch`] - the vault received another amount
    /// * of the ledger: `NothingOwed`
    ///
    /// # Events
    /// * the ledger's, with what was repaid
    ///
    /// # Authorization
    /// `from`, including the token's `transfer(from, vault, amount)`.
    fn repay(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError>;

    /// Repays a debt with the account's own deposit of the same asset. Returns what was repaid.
    ///
    /// No token moves, and no price is needed.
    ///
    /// # Arguments
    /// * `account` - whose debt and deposit
    /// * `asset` - token contract of both
    /// * `amount` - at most this much, token units, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `amount <= 0`
    /// * of the ledger: `NothingOwed`, `InsufficientBalance`
    ///
    /// # Events
    /// * the ledger's, with what was repaid
    ///
    /// # Authorization
    /// `account`.
    fn repay_with_collateral(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError>;

    /// Liquidates one debt against one collateral of an account below its liquidation level, down to the target.
    ///
    /// Pulls `max_repay` from the liquidator and returns in the same call what exceeds the debt extinguished, from
    /// which alone the seizure is computed.
    ///
    /// # Arguments
    /// * `liquidator` - who pays and is paid
    /// * `account` - who is liquidated
    /// * `debt_asset` - token contract of the debt to repay
    /// * `collateral_asset` - token contract of the deposit to seize
    /// * `max_repay` - most to pay, units of the debt asset, > 0
    /// * `min_seized` - least to receive, units of the collateral asset
    /// * `receive` - as supply shares, or as tokens
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `max_repay <= 0`
    /// * [`VaultError::TransferMismatch`] - the vault received another amount
    /// * of the ledger: `NotLiquidatable`, `LiquidationUnhelpful`, `SlippageExceeded`, `PriceNotUsable`,
    ///   `SelfLiquidation`, `NothingOwed`, `InsufficientLiquidity` (for tokens)
    ///
    /// # Events
    /// * the ledger's, with what was repaid and seized
    ///
    /// # Authorization
    /// `liquidator`, including the token's `transfer(liquidator, vault, max_repay)`.
    #[allow(clippy::too_many_arguments)]
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
    /// What the vault was deployed with.
    fn config(env: Env) -> VaultConfig;
}
