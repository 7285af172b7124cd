//! The vault: the only holder of tokens.
//!
//! It has no events of its own: each state change is one event of the margin ledger, each movement of tokens one of
//! the token.

use crate::{Action, Breakdown, Liquidation, Receive};
use offchain_docs::offchain_docs;
use soroban_sdk::{contractclient, contracterror, contracttype, Address, BytesN, Env, Symbol, Vec};

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
    /// The delegate's grant does not permit it.
    NotPermitted = 703,
    /// Not a batch the vault executes.
    InvalidBatch = 704,
}

/// What the vault was deployed with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultConfig {
    /// The margin ledger, which keeps the books.
    pub ledger: Address,
}

/// What an account that lost its health should do next.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DeleverageStep {
    /// Repay `(asset, amount)` with tokens of the account's own address.
    Wallet(Address, i128),
    /// Repay `(asset, amount)` with a deposit.
    Deposits(Address, i128),
    /// Trade `(market, size_delta, limit_price)`.
    Reduce(Symbol, i128, i128),
    /// Have the keeper repay the amount.
    Swap(i128),
}

/// What the admin may change, announced and after a delay.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VaultChange {
    /// Code and the version of its storage: 7 days.
    Upgrade(BytesN<32>, u32),
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
    /// * of the ledger: `UnknownAsset`, `AssetDisabled`, `AssetFrozen`, `SupplyCapExceeded`, `TooManyHoldings`, `ThirdPartySlot`
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
    /// * of the ledger: `InsufficientBalance`, `InsufficientLiquidity`, `DepositLocked`, `AssetFrozen`, `AccountFlagged`,
    ///   `InsufficientMargin`, `LimitExceeded`, `PriceNotUsable`
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
    /// * of the ledger: `UnknownAsset`, `AssetDisabled`, `AssetFrozen`, `AccountFlagged`, `DepositLocked` - of the same asset,
    ///   `InsufficientMargin`, `LimitExceeded`, `PriceNotUsable`, `BorrowCapExceeded`, `UtilisationExceeded`,
    ///   `OutflowExceeded`, `InsufficientLiquidity`, `TooManyHoldings`
    ///
    /// # Events
    /// * the ledger's, with the amount and the debt shares
    ///
    /// # Authorization
    /// `borrower`, before anything else is called.
    fn borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<(), VaultError>;

    /// Borrows several assets at once, checked once at the end. The tokens go to the borrower.
    ///
    /// # Arguments
    /// * `borrower` - who owes; a smart account decides by its own policy
    /// * `assets` - token contracts of listed assets
    /// * `amounts` - of each, token units, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - an amount `<= 0`
    /// * [`VaultError::InvalidBatch`] - not as many amounts as assets, or none
    /// * of the ledger: as of [`Self::borrow`]
    ///
    /// # Events
    /// * the ledger's, one per asset
    ///
    /// # Authorization
    /// `borrower`, before anything else is called.
    fn borrow_multiple(
        env: Env,
        borrower: Address,
        assets: Vec<Address>,
        amounts: Vec<i128>,
    ) -> Result<(), VaultError>;

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

    /// Executes several requests for an account as one: all or nothing, with one check of its margin at the end.
    ///
    /// Deposits and repayments are pulled from `sender`, one transfer per asset of all that the requests name; what a
    /// repayment did not need comes back. Withdrawals and loans go to `account` itself, one transfer per asset.
    /// Returns for each request behind the refreshes the amount that arrived, left, or was repaid.
    ///
    /// # Arguments
    /// * `sender` - the account itself, or a delegate
    /// * `account` - for whom
    /// * `requests` - [`Action::Refresh`] only in front; then `Deposit`, `Withdraw`, `Borrow`, `Repay`,
    ///   `RepayWithCollateral`, at least one
    ///
    /// # Errors
    /// * [`VaultError::InvalidBatch`] - another request, nothing but refreshes, or more than [`MAX_ACTIONS`](crate::MAX_ACTIONS)
    ///   behind them
    /// * [`VaultError::InvalidAmount`] - an amount `<= 0`
    /// * [`VaultError::NotPermitted`] - a delegate without [`permissions`](crate::permissions): `MODIFY_COLLATERAL` to
    ///   deposit, `WITHDRAW` to withdraw and borrow, `REDUCE_ONLY` to repay; `ADMIN` for any of them
    /// * [`VaultError::TransferMismatch`] - the vault received another amount
    /// * of the ledger: those of the single calls
    ///
    /// # Events
    /// * the ledger's, one per request
    ///
    /// # Authorization
    /// `sender`, before anything but the refreshes, including each token's `transfer(sender, vault, sum)`.
    fn submit(
        env: Env,
        sender: Address,
        account: Address,
        requests: Vec<Action>,
    ) -> Result<Vec<i128>, VaultError>;

    /// Liquidates one debt against one collateral of an account below its liquidation level, down to the target.
    ///
    /// Pulls `max_repay` from the liquidator and returns in the same call what exceeds the debt extinguished, from
    /// which alone the seizure is computed. Where both are one asset the account's own deposit pays, for nobody's profit.
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
    ///   `SelfLiquidation`, `NothingOwed`, `InsufficientBalance` - no such deposit; for tokens `InsufficientLiquidity`,
    ///   `AssetFrozen`; for shares `TooManyHoldings`, and of a liquidator with debts or positions `InsufficientMargin`,
    ///   `LimitExceeded`, `AccountFlagged`
    ///
    /// # Events
    /// * the ledger's, with what was repaid and seized
    ///
    /// # Authorization
    /// `liquidator`, including the token's `transfer(liquidator, vault, max_repay)`.
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

    /// Repays a debt of an account that asks for it; the keeper takes collateral for it at mid prices and 0.5% more.
    ///
    /// Pulls `max_repay` from the keeper and returns in the same call what exceeds the debt extinguished.
    ///
    /// # Arguments
    /// * `keeper` - who pays and receives
    /// * `account` - whose debt
    /// * `debt_asset` - token contract of the debt to repay
    /// * `collateral_asset` - token contract of the deposit to give
    /// * `max_repay` - most the keeper pays, units of the debt asset, > 0
    /// * `wanted` - most the account wants repaid, for its target, units of the debt asset, > 0
    ///
    /// # Errors
    /// * [`VaultError::InvalidAmount`] - `max_repay <= 0`, `wanted <= 0`
    /// * [`VaultError::TransferMismatch`] - the vault received another amount
    /// * of the ledger: `NothingOwed`, `InsufficientBalance`, `LiquidationUnhelpful` - health would not improve,
    ///   `PriceNotUsable`, `SelfLiquidation`, `InsufficientLiquidity`
    ///
    /// # Events
    /// * the ledger's, with what was repaid and given
    ///
    /// # Authorization
    /// `account`, as the caller; and `keeper` for `(keeper, account, debt_asset, collateral_asset, max_repay)`, without
    /// `wanted`, which follows from the price; including the token's `transfer(keeper, vault, max_repay)`.
    fn deleverage(
        env: Env,
        keeper: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        wanted: i128,
    ) -> Result<Liquidation, VaultError>;

    /// The next step by which an account restores its health to `target` and no further, cheapest first: money from its
    /// wallet, deposits of what it owes, smaller positions, and what a keeper offers. `None` if nothing is worth a step.
    ///
    /// Advice: it moves no money, and the account checks what comes of it. It measures the funding rate of a market that it
    /// considers anew, as `update_funding_rate` does. Asked again after each step. Reads the wallet's balance of every debt
    /// before it advises anything, so that its footprint does not depend on prices.
    ///
    /// # Arguments
    /// * `account` - whose wallet
    /// * `breakdown` - the account, as the ledger has it
    /// * `target` - health, bps
    /// * `swap` - `(debt, collateral, amount)`: what a keeper repays at most, for which deposit
    /// * `skip` - so many steps were tried and did not work
    ///
    /// # Events
    /// * [`FundingRateUpdated`](crate::FundingRateUpdated), one for each position considered
    fn plan_deleverage(
        env: Env,
        account: Address,
        breakdown: Breakdown,
        target: u32,
        swap: Option<(Address, Address, i128)>,
        skip: u32,
    ) -> Option<DeleverageStep>;

    /// Pays perpetual debt of an account that has listed `asset` for it, and takes that asset at its mid price minus 1%.
    ///
    /// Pulls `max_repay` of the settlement asset and returns in the same call what exceeds the debt extinguished.
    ///
    /// # Arguments
    /// * `payer` - who pays and receives
    /// * `account` - whose perpetual debt
    /// * `asset` - token contract of the deposit to take
    /// * `max_repay` - most to repay, settlement units, > 0
    ///
    /// # Errors
    /// * as of [`Self::deleverage`], and of the ledger: `NotInKind` - the account has not listed the asset
    ///
    /// # Events
    /// * the ledger's, with what was repaid and given
    ///
    /// # Authorization
    /// `payer`, including the token's `transfer(payer, vault, max_repay)`.
    fn settle_in_kind(
        env: Env,
        payer: Address,
        account: Address,
        asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, VaultError>;

    /// Moves what `from` has in the ledger to `to`, which has nothing yet: deposits with the time they still stay, debts, positions,
    /// claims and margin call. Limits, grants and the assets for settlement in kind stay behind, and so does what the
    /// clearing-house keeps: a stake in the liquidity pool, a requested exit, resting orders. No token moves. Who has limits, as smart accounts do, takes over
    /// debts and positions only within them, above the opening level and at live prices. A smart account takes over nothing
    /// this way: its policy knows only what it gives, and the factory migrates into it. Nobody moves who is flagged or may be
    /// liquidated now.
    ///
    /// # Arguments
    /// * `from` - who gives it up
    /// * `to` - who takes it over; never did anything, or has nothing left
    ///
    /// # Errors
    /// * of the ledger: `AccountNotEmpty`, `AccountFlagged`, `LimitExceeded`, `InsufficientMargin`, `PriceNotUsable`
    ///
    /// # Events
    /// * the ledger's
    ///
    /// # Authorization
    /// `from` and `to`.
    fn transfer_positions(env: Env, from: Address, to: Address) -> Result<(), VaultError>;

    /// [`Self::transfer_positions`] into an account that the factory has just deployed and stands for.
    ///
    /// # Authorization
    /// `from`, and the factory as the caller.
    fn migrate_positions(env: Env, from: Address, to: Address) -> Result<(), VaultError>;

    /// Compares the books of an asset with what the vault really holds, as after a clawback. What is missing freezes deposits,
    /// withdrawals and loans of that asset alone until it returns; after a day without a further loss its reserves, then
    /// its depositors bear it. Returns what is missing now, token units.
    ///
    /// # Errors
    /// * of the ledger: `UnknownAsset`
    ///
    /// # Events
    /// * the ledger's, if anything changed
    ///
    /// # Authorization
    /// Nobody's.
    fn sync(env: Env, asset: Address) -> i128;

    /// The most that [`Self::withdraw`] would accept now, token units: all of the deposit where that may leave, also where a part
    /// may not.
    fn max_withdraw(env: Env, account: Address, asset: Address) -> i128;
    /// The most that [`Self::borrow`] would accept now, token units. What the account's own policy says is not asked.
    fn max_borrow(env: Env, account: Address, asset: Address) -> i128;

    /// What [`Self::deposit`] would return now, or the error it would end in. Whether tokens would arrive is not asked.
    fn preview_deposit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError>;
    /// What [`Self::withdraw`] would return now, or the error it would end in. What the account's own policy says is not
    /// asked.
    fn preview_withdraw(env: Env, account: Address, asset: Address, amount: i128)
        -> Result<i128, VaultError>;
    /// What [`Self::borrow`] would send now, or the error it would end in, as [`Self::preview_withdraw`].
    fn preview_borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<i128, VaultError>;
    /// What [`Self::repay`] would return now, or the error it would end in.
    fn preview_repay(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, VaultError>;
    /// What [`Self::liquidate`] would return now, or the error it would end in.
    fn preview_liquidate(
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
    /// Whether the account may be liquidated now: below its liquidation level, or below its margin-call level while it is flagged
    /// or after the deadline of a call.
    fn is_liquidatable(env: Env, user: Address) -> bool;
    /// `(debt + notional) / equity`, hundredths.
    fn get_user_leverage(env: Env, user: Address) -> u32;
    /// Whether the address is a contract that runs Wasm. Never calls it.
    fn is_smart_account(env: Env, user: Address) -> bool;
    /// What the vault was deployed with.
    fn config(env: Env) -> VaultConfig;
}

/// Administration of the vault, besides [`crate::GovernanceInterface`].
#[contractclient(name = "VaultAdminClient")]
pub trait VaultAdminInterface {
    /// Announces a change. Returns its id.
    ///
    /// # Errors
    /// * [`GovernanceError::AlreadyScheduled`](crate::GovernanceError::AlreadyScheduled)
    ///
    /// # Events
    /// * [`ChangeProposed`](crate::ChangeProposed)
    ///
    /// # Authorization
    /// The admin.
    fn propose(env: Env, change: VaultChange) -> BytesN<32>;

    /// Carries out an announced change that is ready.
    ///
    /// # Errors
    /// * [`crate::GovernanceError`]: `NotScheduled`, `TooEarly`, `Expired`, `UpgradesFrozen`
    ///
    /// # Events
    /// * [`ChangeExecuted`](crate::ChangeExecuted)
    ///
    /// # Authorization
    /// The admin.
    fn execute(env: Env, id: BytesN<32>);
}
