//! The margin ledger: who owns what, who owes what, and is it enough.

use crate::{Asset, Limits, Market, Quote, Receive};
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, Env, Map, Symbol, Vec};

/// Most deposits, most debts and most positions of one account, each.
pub const MAX_HOLDINGS: u32 = 8;
/// Most listed assets.
pub const MAX_ASSETS: u32 = 32;
/// Most perpetual markets.
pub const MAX_MARKETS: u32 = 16;
/// As an amount: everything.
pub const ALL: i128 = i128::MAX;

/// The kinked interest curve of an asset; annual rates in bps.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateCurve {
    /// Rate at zero utilisation.
    pub base_bps: u32,
    /// What is added from zero to the kink.
    pub slope1_bps: u32,
    /// What is added from the kink to full utilisation.
    pub slope2_bps: u32,
    /// Utilisation of the kink, which is also the target of the modifier.
    pub target_bps: u32,
    /// Change of the modifier per second at full deviation, 1e9.
    pub reactivity: u32,
}

/// Parameters of a listed asset. Per asset `opening > margin_call >= liquidation >= 100%`.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetConfig {
    /// Largest total debt, token units.
    pub borrow_cap: i128,
    /// Whether new deposits and debts are accepted; exits always are.
    pub enabled: bool,
    /// What the oracle calls it.
    pub index: Asset,
    /// Divisor of its collateral at the liquidation level, bps.
    pub liquidation_bps: u32,
    /// Weight of its debt, bps, at least 10_000.
    pub lw_bps: u32,
    /// Share of a deposit's value that supports, bps.
    pub ltv_bps: u32,
    /// Divisor of its collateral at the margin-call level, bps.
    pub margin_call_bps: u32,
    /// Largest liquidation bonus, bps.
    pub max_bonus_bps: u32,
    /// Borrowing stops at this utilisation, bps.
    pub max_utilisation_bps: u32,
    /// Divisor of its collateral at the opening level, bps.
    pub opening_bps: u32,
    /// Interest.
    pub rate: RateCurve,
    /// Share of interest that goes to reserves, bps.
    pub reserve_factor_bps: u32,
    /// Largest total supply, token units.
    pub supply_cap: i128,
}

/// Totals of an asset: exactly `cash + borrowed == supplied + reserves`, and for the settlement asset exactly
/// `cash + borrowed + perp_borrowed == supplied + reserves + lp + insurance + fees + pending`.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetTotals {
    /// Debt shares.
    pub borrow_shares: i128,
    /// What borrowers owe, token units.
    pub borrowed: i128,
    /// Tokens in the vault on account of this asset.
    pub cash: i128,
    /// Multiplier of the interest curve, 1e9.
    pub modifier: i128,
    /// The protocol's own share, token units.
    pub reserves: i128,
    /// Strictly increasing number of changes.
    pub seq: u64,
    /// What depositors own, token units.
    pub supplied: i128,
    /// Supply shares.
    pub supply_shares: i128,
    /// Unix seconds of the last accrual.
    pub updated_at: u64,
}

/// A listed asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetState {
    /// Parameters.
    pub config: AssetConfig,
    /// Read from the token at listing.
    pub decimals: u32,
    /// Totals as of `totals.updated_at`.
    pub totals: AssetTotals,
}

/// The cash buckets of the perpetual side, in settlement units, and the credit line that `lp` gives to losers.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settlement {
    /// Open claims of winners that the pool cannot pay yet (`R_p`).
    pub claims: i128,
    /// Counts how often the claims were paid in full.
    pub claims_epoch: u32,
    /// Share of the epoch's claims that is still unpaid, 1e18.
    pub claims_fraction: i128,
    /// `F`: protocol fees.
    pub fees: i128,
    /// `I`: insurance.
    pub insurance: i128,
    /// `L`: cash of liquidity providers, including what is lent as `perp_borrowed`.
    pub lp: i128,
    /// `H`: cash set aside for claims.
    pub pending: i128,
    /// Shares of the credit line.
    pub perp_borrow_shares: i128,
    /// What losers owe to `lp`.
    pub perp_borrowed: i128,
    /// Strictly increasing number of changes.
    pub seq: u64,
}

/// Cash buckets that money can be moved into or out of.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Bucket {
    /// Liquidity providers' cash.
    Lp = 0,
    /// Insurance.
    Insurance = 1,
    /// Protocol fees.
    Fees = 2,
}

/// Parameters of a perpetual market.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketConfig {
    /// Risk-increasing trades must leave the mark within this distance of the index, bps.
    pub band_bps: u32,
    /// Taker fee on the quote amount, bps.
    pub fee_bps: u32,
    /// Largest adverse move of the index between two liquidation times, bps (reserve test).
    pub gap_bps: u32,
    /// Largest move of the mark by trades of one ledger, bps.
    pub impact_bps: u32,
    /// Initial margin, bps.
    pub imr_bps: u32,
    /// What the oracle calls the index.
    pub index: Asset,
    /// Largest open interest per side, base 1e14.
    pub max_open_interest: i128,
    /// Largest position, bps of the base reserve.
    pub max_position_bps: u32,
    /// Smallest notional a position may keep, USD 1e7.
    pub min_notional: i128,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// Directional move while positions are taken over, bps (reserve test).
    pub sigma_bps: u32,
    /// Added to the initial margin at a size of the whole base reserve, bps.
    pub size_scaling_bps: u32,
}

/// What the clearing-house decides about a market: curve and funding.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketState {
    /// `x`: virtual base reserve, 1e14.
    pub base_reserve: i128,
    /// Unix seconds up to which funding is accrued.
    pub funding_at: u64,
    /// Cumulative funding paid per whole unit of a long, USD at 1e18; what a long owes is `|size| * growth / 1e25`.
    pub funding_long: i128,
    /// Stored rate: share of the index price that longs pay per 8 hours, 1e18; negative: shorts pay.
    pub funding_rate: i128,
    /// Cumulative funding paid per whole unit of a short, scaled as `funding_long`.
    pub funding_short: i128,
    /// Index price by which funding accrues, 1e14: the one of the last rate update.
    pub funding_price: i128,
    /// Ledger sequence of the last trade.
    pub ledger: u32,
    /// Mark at the start of that ledger, 1e14.
    pub ledger_mark: i128,
    /// `y`: virtual quote reserve, 1e7.
    pub quote_reserve: i128,
}

/// Sums over the positions of a market, kept by the ledger with every fill.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketTotals {
    /// `Q`: sum of entry cash, quote 1e7, negative for net longs.
    pub entry: i128,
    /// `A` of longs: sum over positions of `floor(|size| * funding index at entry / 1e14)`, USD at 1e18.
    pub long_funding: i128,
    /// Open interest of longs, base 1e14.
    pub long_interest: i128,
    /// `N`: net size of traders, base 1e14.
    pub net_size: i128,
    /// `A` of shorts.
    pub short_funding: i128,
    /// Open interest of shorts, base 1e14.
    pub short_interest: i128,
}

/// A perpetual market: parameters, curve, sums.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpMarket {
    /// Parameters.
    pub config: MarketConfig,
    /// Strictly increasing number of changes.
    pub seq: u64,
    /// Curve and funding.
    pub state: MarketState,
    /// Sums over positions.
    pub totals: MarketTotals,
}

/// A perpetual position.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    /// Signed entry cash, quote 1e7: negative for a long (what was paid), positive for a short.
    pub entry: i128,
    /// Funding index of its side when funding was last settled.
    pub funding_index: i128,
    /// Signed size, base 1e14: long > 0.
    pub size: i128,
}

/// Profit that could not be paid at once.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingClaim {
    /// Unpaid amount when it was last touched, settlement units.
    pub amount: i128,
    /// `claims_epoch` then.
    pub epoch: u32,
    /// `claims_fraction` then.
    pub fraction: i128,
}

/// One account's entry.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountState {
    /// Debt shares by asset.
    pub debts: Map<Address, i128>,
    /// Supply shares by asset.
    pub deposits: Map<Address, i128>,
    /// Limits the account set itself; [`Limits::NONE`] until then.
    pub limits: Limits,
    /// Profit waiting for cash; amount 0 when there is none.
    pub pending: PendingClaim,
    /// Shares of the perpetual credit line.
    pub perp_debt: i128,
    /// Positions by market.
    pub positions: Map<Symbol, Position>,
    /// Strictly increasing number of changes.
    pub seq: u64,
}

/// Is it enough: the figures of one account in one valuation. USD at 1e7.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountSummary {
    /// Value of deposits.
    pub collateral_value: i128,
    /// Value of lending debts and perpetual debt.
    pub debt_value: i128,
    /// `E`: what supports: deposits times LTV, plus counted gains.
    pub effective_margin: i128,
    /// Deposits - debts + unrealised profit.
    pub equity: i128,
    /// Debt value by asset, notional by perpetual market.
    pub exposures: Map<Market, i128>,
    /// `E / R` in bps; `u32::MAX` when nothing is required, 0 when `E <= 0`.
    pub health_factor: u32,
    /// `(debt + notional) / equity` in hundredths; `u32::MAX` when equity is not positive and there is exposure.
    pub leverage: u32,
    /// Whether the liquidation level holds.
    pub liquidation_ok: bool,
    /// Whether the margin-call level holds.
    pub margin_call_ok: bool,
    /// Whether the opening level and the initial margins hold.
    pub opening_ok: bool,
    /// Sum of |size| * price.
    pub perp_notional: i128,
    /// `R`: what must be supported.
    pub required_margin: i128,
    /// Unrealised profit, including owed funding.
    pub unrealized_pnl: i128,
}

/// Something that is about to happen to an account; the argument of [`MarginLedgerInterface::preview`].
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Deposits `(asset, amount)`.
    Deposit(Address, i128),
    /// Withdraws `(asset, amount)`; [`ALL`] withdraws the deposit.
    Withdraw(Address, i128),
    /// Borrows `(asset, amount)`.
    Borrow(Address, i128),
    /// Repays `(asset, amount)`.
    Repay(Address, i128),
    /// Deposits the margin and trades `margin * leverage / 100` through the curve.
    Open(OpenAction),
    /// Trades `size_delta` at its limit price.
    Trade(TradeAction),
    /// Moves settlement deposit out of the account (liquidity, insurance).
    MoveSettlement(i128),
}

/// See [`Action::Open`].
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenAction {
    /// Long or short.
    pub is_long: bool,
    /// Hundredths: `300` = 3.00x.
    pub leverage: u32,
    /// Settlement units that join the deposit.
    pub margin: i128,
    /// Which market.
    pub market: Symbol,
}

/// See [`Action::Trade`].
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeAction {
    /// Worst price, 1e14.
    pub limit_price: i128,
    /// Which market.
    pub market: Symbol,
    /// Base 1e14, long > 0.
    pub size_delta: i128,
}

/// One deposit or debt of a [`Breakdown`], Live valuation.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holding {
    /// Token units.
    pub amount: i128,
    /// The token.
    pub asset: Address,
    /// Decimals of the token.
    pub decimals: u32,
    /// Weight in bps: the LTV of a deposit, the liability weight of a debt.
    pub weight_bps: u32,
    /// Price at 1e14.
    pub price: i128,
    /// USD 1e7: floor for a deposit, ceil for a debt.
    pub value: i128,
}

/// One position of a [`Breakdown`], Live valuation.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenPosition {
    /// Index price at 1e14.
    pub index: i128,
    /// Which market.
    pub market: Symbol,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// Unrealised profit at the index including owed funding, quote 1e7.
    pub pnl: i128,
    /// Base 1e14.
    pub size: i128,
}

/// What an account's health is made of, so that a keeper or the account itself can size what to do about it.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breakdown {
    /// Lending debts.
    pub debts: Vec<Holding>,
    /// Deposits.
    pub deposits: Vec<Holding>,
    /// What the account owes to the credit line, settlement units.
    pub perp_debt: i128,
    /// Positions.
    pub positions: Vec<OpenPosition>,
    /// The settlement asset.
    pub settlement: Address,
    /// Price of the settlement asset, 1e14.
    pub settlement_price: i128,
    /// The same account in the Live valuation.
    pub summary: AccountSummary,
}

/// What the clearing-house needs to know before a trade, in one read.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpView {
    /// Quote of the market's index.
    pub index: Quote,
    /// The market.
    pub market: PerpMarket,
    /// The account's position in it; size 0 when there is none.
    pub position: Position,
}

/// The liquidity pool valued for entry, exit and the reserve test; settlement units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PoolValue {
    /// `R_p`: open claims of winners.
    pub claims: i128,
    /// Value of all positions to traders if all left through the curves.
    pub curve_value: i128,
    /// Value of all positions to traders at the index.
    pub index_value: i128,
    /// `L_pay`: liquidity providers' cash less what is lent.
    pub payable: i128,
    /// What must stay free, by the reserve test.
    pub required: i128,
    /// Sum over markets of what traders are owed at the index, where positive.
    pub winners: i128,
}

/// What a fill did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FillReceipt {
    /// Fee charged, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative).
    pub funding: i128,
    /// Part of a profit that joined the pending pool.
    pub pending: i128,
    /// The position afterwards; size 0 when closed.
    pub position: Position,
    /// Profit (positive) or loss realised by the reduction, without funding and fee.
    pub realized_pnl: i128,
}

/// What a lending liquidation did, token units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidation {
    /// Debt extinguished and to be paid by the liquidator, units of the debt asset.
    pub repaid: i128,
    /// Collateral to the liquidator, units of the collateral asset.
    pub seized: i128,
}

/// What a take-over did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TakeOver {
    /// Paid by the liquidated account out of its equity, settlement units; half to the liquidator, half to insurance.
    pub fee: i128,
    /// Index price of the take-over, 1e14.
    pub price: i128,
    /// Signed size that moved to the liquidator, base 1e14.
    pub size: i128,
}

/// Errors of the ledger (600-699). A venue passes them on unchanged.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum LedgerError {
    /// The venues are already set.
    VenuesAlreadySet = 600,
    /// The venues are not set yet.
    VenuesNotSet = 601,
    /// The asset is not listed.
    UnknownAsset = 602,
    /// The asset or market is listed already.
    AlreadyListed = 603,
    /// A parameter is outside its bounds.
    InvalidConfig = 604,
    /// The amount is zero, negative, or rounds to nothing.
    InvalidAmount = 605,
    /// The account does not have that much.
    InsufficientBalance = 606,
    /// The vault does not have that much to give.
    InsufficientLiquidity = 607,
    /// The account would be below the opening level.
    InsufficientMargin = 608,
    /// The supply cap would be exceeded.
    SupplyCapExceeded = 609,
    /// The borrow cap would be exceeded.
    BorrowCapExceeded = 610,
    /// Utilisation would exceed its maximum.
    UtilisationExceeded = 611,
    /// A price that is needed may not be used for this.
    PriceNotUsable = 612,
    /// The account already has the largest number of deposits, debts or positions.
    TooManyHoldings = 613,
    /// The asset accepts no new deposits or debts.
    AssetDisabled = 614,
    /// The account would exceed a limit it set itself.
    LimitExceeded = 615,
    /// The account is healthy: nothing to liquidate.
    NotLiquidatable = 616,
    /// Liquidating this pair would not improve the account's health.
    LiquidationUnhelpful = 617,
    /// The liquidator would receive less than it asked for.
    SlippageExceeded = 618,
    /// The market is not open.
    UnknownMarket = 619,
    /// A fill that crosses zero, or of the wrong sign.
    InvalidFill = 620,
    /// The liquidity pool could not bear the risk.
    ReserveTestFailed = 621,
    /// The bucket does not hold that much.
    InsufficientBucket = 622,
    /// A third party may only add to an asset the account already holds.
    ThirdPartySlot = 623,
    /// A reduction would leave a loss that nothing covers.
    BadDebt = 624,
    /// The account has no debt or position of that kind.
    NothingOwed = 625,
    /// A result does not fit.
    Overflow = 626,
    /// Liquidator and liquidated account are the same.
    SelfLiquidation = 627,
}

/// The margin ledger. Written only by the vault and the clearing-house; read by everybody, even while a venue executes.
///
/// Venue functions take the signature of nobody but the venue: whose rights they spend was authorised there.
#[contractclient(name = "MarginLedgerClient")]
pub trait MarginLedgerInterface {
    // ---- vault only -------------------------------------------------------------------------------------------------

    /// Books `amount` tokens that arrived from `from` as a deposit of `account`. Returns the supply shares minted.
    fn credit(env: Env, from: Address, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Takes `amount` ([`ALL`]: everything) out of a deposit. Returns the amount.
    fn debit(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Books a debt of `amount`. Returns the debt shares minted.
    fn borrow(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Books a repayment of at most `amount`, perpetual debt of the settlement asset first. Returns what was owed and is now paid.
    fn repay(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// [`Self::repay`] out of the account's own deposit of the same asset; no token moves.
    fn repay_with_collateral(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Sizes and books a liquidation of one debt against one collateral, down to the target. The vault holds `max_repay`.
    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, LedgerError>;

    // ---- clearing-house only ----------------------------------------------------------------------------------------

    /// Lists a market with its first curve.
    fn open_market(env: Env, market: Symbol, config: MarketConfig, base_reserve: i128, quote_reserve: i128) -> Result<(), LedgerError>;
    /// Stores curve and funding as they stand now.
    fn push_market(env: Env, market: Symbol, state: MarketState) -> Result<(), LedgerError>;
    /// Fills `size_delta` for `quote_delta` (negative: paid) and `fee`, with the market's state after it. Never crosses zero.
    fn apply_fill(
        env: Env,
        account: Address,
        market: Symbol,
        size_delta: i128,
        quote_delta: i128,
        fee: i128,
        state: MarketState,
    ) -> Result<FillReceipt, LedgerError>;
    /// Settles the funding of one position. Returns what was paid (negative: received).
    fn settle(env: Env, account: Address, market: Symbol, state: MarketState) -> Result<i128, LedgerError>;
    /// Sizes and books the take-over of a position at the index by a healthy liquidator.
    fn take_over(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
        state: MarketState,
    ) -> Result<TakeOver, LedgerError>;
    /// Moves `amount` of settlement deposit into a bucket (positive) or out of it (negative).
    fn move_bucket(env: Env, account: Address, bucket: Bucket, amount: i128) -> Result<(), LedgerError>;
    /// Pays what the pending pool holds for the account into its deposit. Returns the amount.
    fn claim_pending(env: Env, account: Address) -> Result<i128, LedgerError>;

    // ---- permissionless ---------------------------------------------------------------------------------------------

    /// Accrues the interest of an asset up to now.
    fn accrue(env: Env, asset: Address) -> Result<(), LedgerError>;
    /// Extends the lifetime of the accounts' entries.
    fn extend_ttl(env: Env, accounts: Vec<Address>);

    // ---- the account ------------------------------------------------------------------------------------------------

    /// Sets the account's own limits. Authorised by the account itself, never by a delegate.
    fn set_limits(env: Env, account: Address, limits: Limits) -> Result<(), LedgerError>;

    // ---- reads ------------------------------------------------------------------------------------------------------

    /// The account in the Live valuation: health as `health_factor`, exposures, levels.
    fn summary(env: Env, account: Address) -> Result<AccountSummary, LedgerError>;
    /// The account after `actions` in the Open valuation: what `__check_auth` decides by.
    fn preview(env: Env, account: Address, actions: Vec<Action>) -> Result<AccountSummary, LedgerError>;
    /// The parts of [`Self::summary`], item by item.
    fn breakdown(env: Env, account: Address) -> Result<Breakdown, LedgerError>;
    /// The account's entry; an empty one if it never did anything.
    fn account(env: Env, account: Address) -> AccountState;
    /// A listed asset with totals accrued up to now.
    fn asset(env: Env, asset: Address) -> Result<AssetState, LedgerError>;
    /// All listed assets.
    fn assets(env: Env) -> Vec<Address>;
    /// A market.
    fn market(env: Env, market: Symbol) -> Result<PerpMarket, LedgerError>;
    /// All markets.
    fn markets(env: Env) -> Vec<Symbol>;
    /// USD value (1e7) of amounts at the oracle's upper price.
    fn value(env: Env, amounts: Vec<(Address, i128)>) -> Result<i128, LedgerError>;
    /// The buckets and the perpetual credit line, accrued up to now.
    fn totals(env: Env) -> Settlement;
    /// Market, index quote and the account's position in one read.
    fn perp_view(env: Env, account: Address, market: Symbol) -> Result<PerpView, LedgerError>;
    /// Index quote and time-weighted index price over `window` seconds.
    fn index(env: Env, market: Symbol, window: u64) -> Result<(Quote, Option<i128>), LedgerError>;
    /// The liquidity pool valued now.
    fn pool_value(env: Env) -> Result<PoolValue, LedgerError>;
    /// The asset that margins, settles and insures.
    fn settlement_asset(env: Env) -> Address;
}

/// Administration of the ledger.
#[contractclient(name = "MarginLedgerAdminClient")]
pub trait MarginLedgerAdminInterface {
    /// Names the contracts that write. Once.
    ///
    /// # Errors
    /// * [`LedgerError::VenuesAlreadySet`]
    ///
    /// # Events
    /// * [`VenuesSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_venues(env: Env, vault: Address, perp_clearing: Address, factory: Address) -> Result<(), LedgerError>;

    /// Lists a token. Its decimals are read from the token.
    ///
    /// # Errors
    /// * [`LedgerError::AlreadyListed`]
    /// * [`LedgerError::InvalidConfig`] - a parameter outside its bounds, more than 18 decimals, a settlement asset without exactly 7,
    ///   or a pair of assets whose liquidation could not restore health
    /// * [`LedgerError::TooManyHoldings`] - [`MAX_ASSETS`] are listed
    ///
    /// # Events
    /// * [`AssetListed`]
    ///
    /// # Authorization
    /// The admin.
    fn list_asset(env: Env, token: Address, config: AssetConfig) -> Result<(), LedgerError>;
}

/// The contracts that write were named.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VenuesSet {
    /// Deploys accounts.
    pub factory: Address,
    /// Trades perpetuals.
    pub perp_clearing: Address,
    /// Holds the tokens.
    pub vault: Address,
}

/// A token was listed.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetListed {
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// Its parameters.
    pub config: AssetConfig,
    /// Its decimals.
    pub decimals: u32,
}

/// Interest was brought up to now.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accrued {
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// What borrowers owe now, token units.
    pub borrowed: i128,
    /// What depositors own now, token units.
    pub supplied: i128,
}

/// A deposit was booked.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deposited {
    /// Whose deposit grew.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// Whose tokens they were.
    pub from: Address,
    /// Supply shares minted.
    pub shares: i128,
}

/// A deposit was taken out.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawn {
    /// Whose deposit shrank.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// Supply shares burnt.
    pub shares: i128,
}

/// A debt was booked.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Borrowed {
    /// Who owes.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// Debt shares minted.
    pub shares: i128,
}

/// A debt was repaid.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repaid {
    /// Whose debt shrank.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// Token units of lending debt.
    pub amount: i128,
    /// `seq` of the asset.
    pub asset_seq: u64,
    /// Settlement units of perpetual debt.
    pub perp_amount: i128,
    /// Debt shares burnt.
    pub shares: i128,
    /// Whether the account's own deposit paid.
    pub with_collateral: bool,
}

/// A lending liquidation.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidated {
    /// Whose debt and collateral shrank.
    #[topic]
    pub account: Address,
    /// Who repaid.
    #[topic]
    pub liquidator: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// What was seized.
    pub collateral_asset: Address,
    /// `seq` of the collateral.
    pub collateral_seq: u64,
    /// What was repaid.
    pub debt_asset: Address,
    /// `seq` of the debt's asset.
    pub debt_seq: u64,
    /// The protocol's part of the seizure, units of the collateral.
    pub fee: i128,
    /// `seq` of the liquidator; unchanged if it received tokens.
    pub liquidator_seq: u64,
    /// Whether the debt was perpetual debt.
    pub perp: bool,
    /// Debt extinguished, units of the debt asset.
    pub repaid: i128,
    /// Whether the liquidator received shares.
    pub receive: Receive,
    /// To the liquidator, units of the collateral.
    pub seized: i128,
}

// ---- events of positions, buckets and limits ------------------------------------------------------------------------

/// A fill changed a position.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionFilled {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// Fee charged, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative).
    pub funding: i128,
    /// Part of a profit that joined the pending pool.
    pub pending: i128,
    /// Signed cash of the fill, quote 1e7.
    pub quote_delta: i128,
    /// Profit or loss realised, without funding and fee.
    pub realized_pnl: i128,
    /// Size afterwards, base 1e14.
    pub size: i128,
    /// Signed size of the fill, base 1e14.
    pub size_delta: i128,
    /// Of the account.
    pub account_seq: u64,
    /// Of the market.
    pub market_seq: u64,
}

/// The funding of a position was settled.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FundingSettled {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// Paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// Part of what was received that joined the pending pool.
    pub pending: i128,
    /// Of the account.
    pub account_seq: u64,
    /// Of the market.
    pub market_seq: u64,
}

/// A liquidator took over a position, or a part of it.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionTakenOver {
    /// Who was liquidated.
    #[topic]
    pub account: Address,
    /// Who took over.
    #[topic]
    pub liquidator: Address,
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// Paid by the liquidated account, settlement units.
    pub fee: i128,
    /// Funding the liquidated account paid (positive) or received (negative).
    pub funding: i128,
    /// Index price, 1e14.
    pub price: i128,
    /// Profit or loss the liquidated account realised, without funding and fee.
    pub realized_pnl: i128,
    /// Signed size that moved, base 1e14.
    pub size: i128,
    /// Of the liquidated account.
    pub account_seq: u64,
    /// Of the liquidator.
    pub liquidator_seq: u64,
    /// Of the market.
    pub market_seq: u64,
}

/// A market was opened.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketOpened {
    /// Which.
    #[topic]
    pub market: Symbol,
    /// `x`, base 1e14.
    pub base_reserve: i128,
    /// Parameters.
    pub config: MarketConfig,
    /// `y`, quote 1e7.
    pub quote_reserve: i128,
    /// Of the market.
    pub market_seq: u64,
}

/// Curve or funding of a market changed without a fill.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketPushed {
    /// Which.
    #[topic]
    pub market: Symbol,
    /// Curve and funding now.
    pub state: MarketState,
    /// Of the market.
    pub market_seq: u64,
}

/// Settlement deposit moved into a bucket, or out of it.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BucketMoved {
    /// Whose deposit.
    #[topic]
    pub account: Address,
    /// Which bucket.
    #[topic]
    pub bucket: Bucket,
    /// Into the bucket (positive) or out of it (negative), settlement units.
    pub amount: i128,
    /// Of the account.
    pub account_seq: u64,
    /// Of the buckets.
    pub settlement_seq: u64,
}

/// The pending pool paid an account.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingClaimed {
    /// Whom.
    #[topic]
    pub account: Address,
    /// Settlement units.
    pub amount: i128,
    /// Of the account.
    pub account_seq: u64,
    /// Of the buckets.
    pub settlement_seq: u64,
}

/// A debt that nothing can pay was written off; the parts sum to it.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadDebt {
    /// Who owed.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// `seq` of the account.
    pub account_seq: u64,
    /// Written off, token units: the sum of the parts below.
    pub amount: i128,
    /// `seq` of the asset, or of the buckets for perpetual debt.
    pub asset_seq: u64,
    /// Borne by insurance.
    pub from_insurance: i128,
    /// Borne by liquidity providers.
    pub from_providers: i128,
    /// Borne by the asset's reserves.
    pub from_reserves: i128,
    /// Borne by depositors of the asset.
    pub from_suppliers: i128,
    /// Whether the debt was perpetual debt.
    pub perp: bool,
}

/// An account set its own limits.
#[contractevent]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitsSet {
    /// Whose.
    #[topic]
    pub account: Address,
    /// What binds it now, whoever signs.
    pub limits: Limits,
    /// Of the account.
    pub account_seq: u64,
}
