//! The margin ledger: who owns what, who owes what, and is it enough.
//!
//! Doc comments of types land in the contract's on-chain spec, where every byte counts against the network's limit for
//! code: those of types are plain comments. Fields `*_seq` of events are the `seq` of the named entry after the change.

use crate::{Asset, Limits, Market, Quote, Receive};
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Map, Symbol, Vec,
};

/// Most deposits, most debts and most positions of one account, each.
pub const MAX_HOLDINGS: u32 = 8;
/// Most listed assets.
pub const MAX_ASSETS: u32 = 32;
/// Most perpetual markets.
pub const MAX_MARKETS: u32 = 16;
/// Most actions of one batch or preview: as many as an account may have holdings of all kinds.
pub const MAX_ACTIONS: u32 = 3 * MAX_HOLDINGS;
/// As an amount: everything.
pub const ALL: i128 = i128::MAX;

// Kinked curve, annual bps.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateCurve {
    // At zero utilisation.
    pub base_bps: u32,
    // Added up to the kink.
    pub slope1_bps: u32,
    // Added beyond the kink.
    pub slope2_bps: u32,
    // Kink: target utilisation.
    pub target_bps: u32,
    // Modifier change per second, 1e9.
    pub reactivity: u32,
}

// `opening > margin_call >= liquidation >= 100%`: the divisors of a deposit's support at the three levels.
// Parameters of a listed asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetConfig {
    // Token units.
    pub borrow_cap: i128,
    // Accepts deposits and debts.
    pub enabled: bool,
    // Oracle's name.
    pub index: Asset,
    // Liquidation level, bps.
    pub liquidation_bps: u32,
    // Liability weight, bps.
    pub lw_bps: u32,
    // Share that supports, bps.
    pub ltv_bps: u32,
    // Margin-call level, bps.
    pub margin_call_bps: u32,
    // Largest bonus, bps.
    pub max_bonus_bps: u32,
    // For borrowing, bps.
    pub max_utilisation_bps: u32,
    // A deposit stays this long.
    pub min_deposit_seconds: u32,
    // Opening level, bps.
    pub opening_bps: u32,
    // Of supplied: debts grow by at most this within an hour.
    pub outflow_bps: u32,
    // Interest.
    pub rate: RateCurve,
    // Of interest, bps.
    pub reserve_factor_bps: u32,
    // Token units.
    pub supply_cap: i128,
}

// Exactly `cash + borrowed + pending_bad_debt == supplied + reserves`, and for the settlement asset exactly
// `cash + borrowed + perp_borrowed + pending_bad_debt == supplied + reserves + lp + insurance + fees + pending`.
// Totals of an asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetTotals {
    // Debt shares.
    pub borrow_shares: i128,
    // Token units.
    pub borrowed: i128,
    // Tokens in the vault.
    pub cash: i128,
    // Due, below a unit, 1e18.
    pub interest_rest: i128,
    // Of the curve, 1e9.
    pub modifier: i128,
    // Missing in the vault, token units.
    pub pending_bad_debt: i128,
    // Of the last loss, Unix seconds.
    pub pending_since: u64,
    // The protocol's, token units.
    pub reserves: i128,
    // May be lent at once, token units times 3,600.
    pub room: i128,
    // Change count.
    pub seq: u64,
    // Depositors', token units.
    pub supplied: i128,
    // Supply shares.
    pub supply_shares: i128,
    // Last accrual, Unix seconds.
    pub updated_at: u64,
}

// What a change worsened reaches existing accounts over seven days: these are the terms that it started from.
// Terms of existing accounts.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ramp {
    // Bps.
    pub liquidation_bps: u32,
    // Bps.
    pub ltv_bps: u32,
    // Bps.
    pub lw_bps: u32,
    // Bps.
    pub margin_call_bps: u32,
    // Of the change, Unix seconds.
    pub since: u64,
}

// A listed asset.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetState {
    // Parameters.
    pub config: AssetConfig,
    // Of the token.
    pub decimals: u32,
    // Terms on their way.
    pub ramp: Ramp,
    // Totals.
    pub totals: AssetTotals,
}

// Perpetual buckets and credit line, settlement units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settlement {
    // `R_p`: open claims of winners.
    pub claims: i128,
    // Times paid in full.
    pub claims_epoch: u32,
    // Unpaid share, 1e18.
    pub claims_fraction: i128,
    // `F`: protocol fees.
    pub fees: i128,
    // `I`: insurance.
    pub insurance: i128,
    // UTC day of `insurance_spent`.
    pub insurance_day: u64,
    // Paid for bad debt that day.
    pub insurance_spent: i128,
    // `L`: providers' cash, lent or not.
    pub lp: i128,
    // `H`: cash for claims.
    pub pending: i128,
    // Shares of the line.
    pub perp_borrow_shares: i128,
    // Owed to `lp`.
    pub perp_borrowed: i128,
    // Change count.
    pub seq: u64,
}

// Cash buckets.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Bucket {
    // Providers' cash.
    Lp = 0,
    // Insurance.
    Insurance = 1,
    // Protocol fees.
    Fees = 2,
}

// Market parameters.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketConfig {
    // Largest mark-index distance, bps.
    pub band_bps: u32,
    // Taker fee, bps.
    pub fee_bps: u32,
    // Reserve test: index gap, bps.
    pub gap_bps: u32,
    // Mark move per ledger, bps.
    pub impact_bps: u32,
    // Initial margin, bps.
    pub imr_bps: u32,
    // Oracle's name.
    pub index: Asset,
    // Per side, base 1e14.
    pub max_open_interest: i128,
    // Bps of the base reserve.
    pub max_position_bps: u32,
    // Smallest notional, USD 1e7.
    pub min_notional: i128,
    // Maintenance margin, bps.
    pub mmr_bps: u32,
    // Reserve test: drift, bps.
    pub sigma_bps: u32,
    // Added `imr` at size `x`, bps.
    pub size_scaling_bps: u32,
}

// `funding_long` and `funding_short` are cumulative per whole unit: a position owes `|size| * growth / 1e25` in quote.
// `funding_rate` is a share of `funding_price`; when it is negative shorts pay.
// Curve and funding.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketState {
    // `x`, base 1e14.
    pub base_reserve: i128,
    // Accrued up to, Unix seconds.
    pub funding_at: u64,
    // Paid per unit long, USD 1e18.
    pub funding_long: i128,
    // Longs pay per 8 h, 1e18.
    pub funding_rate: i128,
    // Paid per unit short, USD 1e18.
    pub funding_short: i128,
    // Index at the rate update, 1e14.
    pub funding_price: i128,
    // Of the last trade.
    pub ledger: u32,
    // Mark at its start, 1e14.
    pub ledger_mark: i128,
    // `y`, quote 1e7.
    pub quote_reserve: i128,
}

// Kept by the ledger with every fill; `A` of a side is the sum of `floor(|size| * funding_index / 1e14)`.
// Sums over positions.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketTotals {
    // `Q`: entry cash, quote 1e7.
    pub entry: i128,
    // `A` of longs, USD 1e18.
    pub long_funding: i128,
    // Base 1e14.
    pub long_interest: i128,
    // `N`: net size, base 1e14.
    pub net_size: i128,
    // `A` of shorts, USD 1e18.
    pub short_funding: i128,
    // Base 1e14.
    pub short_interest: i128,
}

// A perpetual market.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpMarket {
    // Parameters.
    pub config: MarketConfig,
    // Change count.
    pub seq: u64,
    // Curve and funding.
    pub state: MarketState,
    // Sums over positions.
    pub totals: MarketTotals,
}

// A perpetual position.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    // Signed entry cash, 1e7: long < 0.
    pub entry: i128,
    // Funding index last settled.
    pub funding_index: i128,
    // Base 1e14, long > 0.
    pub size: i128,
}

// Profit not paid yet.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingClaim {
    // Settlement units.
    pub amount: i128,
    // `claims_epoch` then.
    pub epoch: u32,
    // `claims_fraction` then.
    pub fraction: i128,
}

// Where an account stands.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AccountStatus {
    // Nothing is asked of it.
    Normal = 0,
    // Called: no more risk until cured.
    MarginCall = 1,
    // Being liquidated: it may only reduce.
    Flagged = 2,
}

// One account's entry.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountState {
    // Debt shares.
    pub debts: Map<Address, i128>,
    // Supply shares.
    pub deposits: Map<Address, i128>,
    // Times flagged.
    pub flags: u32,
    // Grants of earlier ones are void.
    pub grants_epoch: u32,
    // Its own limits.
    pub limits: Limits,
    // Until when a deposit stays, Unix seconds.
    pub locks: Map<Address, u64>,
    // Profit waiting for cash.
    pub pending: PendingClaim,
    // Shares of the line.
    pub perp_debt: i128,
    // By market.
    pub positions: Map<Symbol, Position>,
    // Change count.
    pub seq: u64,
    // Of `status`, Unix seconds.
    pub since: u64,
    // Where it stands.
    pub status: AccountStatus,
    // A call ends then, Unix seconds.
    pub until: u64,
}

// An account in one valuation, USD 1e7.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountSummary {
    // Value of deposits.
    pub collateral_value: i128,
    // Lending and perpetual debt.
    pub debt_value: i128,
    // `E`: what supports.
    pub effective_margin: i128,
    // Deposits - debts + profit.
    pub equity: i128,
    // Debt or notional.
    pub exposures: Map<Market, i128>,
    // `E / R`, bps; MAX without risk.
    pub health_factor: u32,
    // Hundredths; MAX without equity.
    pub leverage: u32,
    // Liquidation level holds.
    pub liquidation_ok: bool,
    // Margin-call level holds.
    pub margin_call_ok: bool,
    // Opening level holds.
    pub opening_ok: bool,
    // Sum of |size| * price.
    pub perp_notional: i128,
    // `R`: what must be supported.
    pub required_margin: i128,
    // Where it stands.
    pub status: AccountStatus,
    // Funding included.
    pub unrealized_pnl: i128,
}

// What the policy of a smart account compares with its limits.
// An account after actions, Open.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assessment {
    // Debts, USD 1e7.
    pub debt_value: i128,
    // Largest of `exposures`.
    pub exposure: i128,
    // Debt or notional, USD 1e7.
    pub exposures: Map<Market, i128>,
    // Bps.
    pub health_factor: u32,
    // Hundredths.
    pub leverage: u32,
    // Of the amounts, USD 1e7.
    pub value: Option<i128>,
}

// The requests of a venue's `submit` are the actions of a preview, so what is executed is what was previewed.
// What is about to happen to an account.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    // `(asset, amount)`.
    Deposit(Address, i128),
    // `(asset, amount)`.
    Withdraw(Address, i128),
    // `(asset, amount)`.
    Borrow(Address, i128),
    // `(asset, amount)`.
    Repay(Address, i128),
    // Deposits margin and trades.
    Open(OpenAction),
    // Trades at a limit price.
    Trade(TradeAction),
    // Gives settlement deposit away.
    MoveSettlement(i128),
    // `(asset, amount)`, out of the deposit.
    RepayWithCollateral(Address, i128),
    // `(amount, min_shares)`.
    AddLiquidity(i128, i128),
    // `(shares, min_amount)`.
    RemoveLiquidity(i128, i128),
    // Only as a prefix of a batch: it runs before the authorisation.
    // Pokes the oracle.
    Refresh(Vec<Asset>),
}

// A margin trade.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenAction {
    // Long or short.
    pub is_long: bool,
    // Hundredths.
    pub leverage: u32,
    // Settlement units.
    pub margin: i128,
    // Market.
    pub market: Symbol,
}

// A limit trade.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeAction {
    // Worst price, 1e14.
    pub limit_price: i128,
    // Market.
    pub market: Symbol,
    // Base 1e14, long > 0.
    pub size_delta: i128,
}

// A deposit or debt, Live.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holding {
    // Token units.
    pub amount: i128,
    // The token.
    pub asset: Address,
    // Of the token.
    pub decimals: u32,
    // LTV or liability weight, bps.
    pub weight_bps: u32,
    // 1e14.
    pub price: i128,
    // USD 1e7.
    pub value: i128,
}

// A position, Live.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenPosition {
    // Index, 1e14.
    pub index: i128,
    // Market.
    pub market: Symbol,
    // Maintenance margin, bps.
    pub mmr_bps: u32,
    // Quote 1e7, funding included.
    pub pnl: i128,
    // Base 1e14.
    pub size: i128,
}

// What an account's health is made of.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breakdown {
    // Lending debts.
    pub debts: Vec<Holding>,
    // Deposits.
    pub deposits: Vec<Holding>,
    // Settlement units.
    pub perp_debt: i128,
    // Positions.
    pub positions: Vec<OpenPosition>,
    // The settlement asset.
    pub settlement: Address,
    // 1e14.
    pub settlement_price: i128,
    // Live valuation.
    pub summary: AccountSummary,
}

// What a trade needs to know.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpView {
    // Times the account was flagged.
    pub flags: u32,
    // Index quote.
    pub index: Quote,
    // The market.
    pub market: PerpMarket,
    // The account's; size 0: none.
    pub position: Position,
    // Where the account stands.
    pub status: AccountStatus,
}

// The liquidity pool, settlement units.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PoolValue {
    // `R_p`: open claims of winners.
    pub claims: i128,
    // Positions at the curves.
    pub curve_value: i128,
    // Positions at the index; where it is not live, at the worse end of its gap.
    pub index_value: i128,
    // Credit line's total.
    pub lent: i128,
    // Every index is.
    pub live: bool,
    // `L_pay`: cash less lent.
    pub payable: i128,
    // By the reserve test.
    pub required: i128,
    // Owed to winning markets.
    pub winners: i128,
}

// What a fill did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FillReceipt {
    // Settlement units.
    pub fee: i128,
    // Paid (+) or received (-).
    pub funding: i128,
    // Profit not paid yet.
    pub pending: i128,
    // Afterwards; size 0: closed.
    pub position: Position,
    // Without funding and fee.
    pub realized_pnl: i128,
}

// What a liquidation did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidation {
    // Debt units.
    pub repaid: i128,
    // Collateral units.
    pub seized: i128,
}

// What a take-over did.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TakeOver {
    // Settlement units; half to insurance.
    pub fee: i128,
    // Index, 1e14.
    pub price: i128,
    // Signed, base 1e14.
    pub size: i128,
}

// With whom the ledger works.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedgerConfig {
    // Deploys accounts.
    pub factory: Address,
    // Prices everything.
    pub oracle: Address,
    // Trades perpetuals.
    pub perp_clearing: Address,
    // Margins, settles, insures.
    pub settlement: Address,
    // Holds the tokens.
    pub vault: Address,
}

// What has to wait.
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LedgerChange {
    // Any parameters of a listed asset: 24 hours.
    Asset(Address, AssetConfig),
    // Another oracle: 48 hours.
    Oracle(Address),
    // So much of what the protocol earned in an asset, to its account of fees: 24 hours.
    Payout(Address, i128),
    // Another account of the protocol: 48 hours.
    ProtocolAccount(Bucket, Address),
    // Vault, clearing-house, factory: 48 hours.
    Venues(Address, Address, Address),
    // Code and the version of its storage: 7 days.
    Upgrade(BytesN<32>, u32),
}

// 600-699. A venue passes them on unchanged. The variants have plain comments: on the chain there is no room for more.
/// Errors of the ledger.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum LedgerError {
    // Venues are set.
    VenuesAlreadySet = 600,
    // Venues are not set.
    VenuesNotSet = 601,
    // Asset is not listed.
    UnknownAsset = 602,
    // Listed already.
    AlreadyListed = 603,
    // A parameter is out of bounds.
    InvalidConfig = 604,
    // Not a usable amount.
    InvalidAmount = 605,
    // The account holds less.
    InsufficientBalance = 606,
    // The vault holds less.
    InsufficientLiquidity = 607,
    // Below the opening level.
    InsufficientMargin = 608,
    // Supply cap.
    SupplyCapExceeded = 609,
    // Borrow cap.
    BorrowCapExceeded = 610,
    // Utilisation is at its maximum.
    UtilisationExceeded = 611,
    // A price may not be used for this.
    PriceNotUsable = 612,
    // Too many holdings.
    TooManyHoldings = 613,
    // The asset is disabled.
    AssetDisabled = 614,
    // The account's own limit.
    LimitExceeded = 615,
    // The account is healthy.
    NotLiquidatable = 616,
    // This pair would not help.
    LiquidationUnhelpful = 617,
    // Less than asked for.
    SlippageExceeded = 618,
    // Market is not open.
    UnknownMarket = 619,
    // Crosses zero or wrong sign.
    InvalidFill = 620,
    // The pool cannot bear the risk.
    ReserveTestFailed = 621,
    // The bucket holds less.
    InsufficientBucket = 622,
    // A third party cannot add an asset.
    ThirdPartySlot = 623,
    // A loss that nothing covers.
    BadDebt = 624,
    // No such debt or position.
    NothingOwed = 625,
    // A result does not fit.
    Overflow = 626,
    // Own account.
    SelfLiquidation = 627,
    // Grants nothing usable.
    InvalidGrant = 628,
    // It may only reduce.
    AccountFlagged = 629,
    // Nothing to call or to end.
    AccountHealthy = 630,
    // Not for this venue.
    InvalidAction = 631,
    // The account has not agreed to it.
    NotInKind = 632,
    // Somebody holds or owes it.
    AssetInUse = 633,
    // The deposit has to stay longer.
    DepositLocked = 634,
    // The destination is not empty.
    AccountNotEmpty = 635,
    // The vault misses tokens of it.
    AssetFrozen = 636,
    // Too much left within an hour.
    OutflowExceeded = 637,
}

/// The margin ledger. Written only by the vault and the clearing-house; read by everybody, even while a venue executes.
///
/// Venue functions take the signature of nobody but the venue: whose rights they spend was authorised there.
#[contractclient(name = "MarginLedgerClient")]
pub trait MarginLedgerInterface {
    // ---- vault only -------------------------------------------------------------------------------------------------

    /// Books `amount` tokens that arrived from `from` as a deposit of `account`. Returns the supply shares minted.
    fn credit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError>;
    /// Takes `amount` ([`ALL`]: everything) out of a deposit. Returns the amount.
    fn debit(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Books a debt of `amount`. Returns the debt shares minted.
    fn borrow(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// Books a repayment of at most `amount`, perpetual debt of the settlement asset first. Returns what was owed and is now paid.
    fn repay(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError>;
    /// [`Self::repay`] out of the account's own deposit of the same asset; no token moves.
    fn repay_with_collateral(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError>;
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

    /// Books the repayment of a debt by a `keeper`, who takes collateral for it at mid prices and half a percent more.
    /// `account` has agreed; the vault holds `max_repay` and sends what is seized. Refused unless health improves.
    fn deleverage(
        env: Env,
        keeper: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError>;
    /// Books the repayment of perpetual debt by a `payer`, who takes `asset` for it at its mid price minus one percent. Only
    /// an asset that the account has listed by [`Self::set_in_kind`], and only if health improves.
    fn settle_in_kind(
        env: Env,
        payer: Address,
        account: Address,
        asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError>;
    /// Compares the books with the `balance` of the vault. What is missing, as after a clawback, is set aside: nobody deposits,
    /// borrows or withdraws the asset, and deposits count without it. What returns is booked back; what is still missing a
    /// day after the last loss is borne by the reserves, then by the depositors. Returns what is missing now.
    fn sync(env: Env, asset: Address, balance: i128) -> Result<i128, LedgerError>;
    /// Moves all that an account owns, owes, holds and is called for to an empty one; limits and grants stay behind. The
    /// vault has both signatures. A flagged account does not move, and who has limits takes over nothing beyond them or
    /// below the opening level.
    fn transfer_account(env: Env, from: Address, to: Address) -> Result<(), LedgerError>;
    /// Books a batch of `Deposit`, `Withdraw`, `Borrow`, `Repay` and `RepayWithCollateral`, in order; caps, cash and the opening
    /// level are checked on the end state. Deposits and repayments come from `from`, which the vault has checked.
    /// Returns what each action moved, token units: what arrived, what left, what was owed and is now paid.
    fn batch(
        env: Env,
        account: Address,
        from: Address,
        actions: Vec<Action>,
    ) -> Result<Vec<i128>, LedgerError>;

    // ---- clearing-house only ----------------------------------------------------------------------------------------

    /// Lists a market with its first curve.
    fn open_market(
        env: Env,
        market: Symbol,
        config: MarketConfig,
        base_reserve: i128,
        quote_reserve: i128,
    ) -> Result<(), LedgerError>;
    /// Replaces the parameters of a market.
    fn update_market(env: Env, market: Symbol, config: MarketConfig) -> Result<(), LedgerError>;
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
    /// Settles the funding of one position, and if `price` is not 0 all of it at that price, whatever that leaves behind.
    /// Returns the funding that was paid (negative: received).
    fn settle(
        env: Env,
        account: Address,
        market: Symbol,
        price: i128,
        state: MarketState,
    ) -> Result<i128, LedgerError>;
    /// Sizes and books the take-over of a position at the index: by a healthy liquidator, or by the pool, which pays the
    /// liquidator for the call only.
    fn take_over(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
        to_pool: bool,
        state: MarketState,
    ) -> Result<TakeOver, LedgerError>;
    /// Moves `amount` of settlement deposit into a bucket (positive) or out of it (negative). `Fees` moves protocol fees into
    /// the pool instead; no deposit changes.
    fn move_bucket(env: Env, account: Address, bucket: Bucket, amount: i128) -> Result<(), LedgerError>;
    /// Pays what the pending pool holds for the account into its deposit. Returns the amount.
    fn claim_pending(env: Env, account: Address) -> Result<i128, LedgerError>;
    /// Moves `at_most`, or all there is, of the account's settlement deposit to that of `executor`, who executes its order;
    /// nothing if the account owed to the pool or were liquidatable afterwards. Returns the amount.
    fn pay_executor(
        env: Env,
        account: Address,
        executor: Address,
        at_most: i128,
    ) -> Result<i128, LedgerError>;

    // ---- permissionless ---------------------------------------------------------------------------------------------

    /// Calls for margin: an account below its margin-call level (Live) has an hour to cure it, then it may be liquidated
    /// down to its target although it is above the liquidation level. A deadline is set once; it lapses 24 hours after it.
    /// On an account that is cured it ends the call. What is paid in puts a call in doubt: it ends ten minutes later unless this
    /// function confirms it, which keeps the deadline. While a price is not live the account's better ends decide.
    ///
    /// Returns the deadline, Unix seconds; 0 when the call has ended.
    ///
    /// # Errors
    /// * [`LedgerError::AccountHealthy`] - nothing to call and nothing to end
    /// * [`LedgerError::AccountFlagged`]
    /// * [`LedgerError::PriceNotUsable`]
    ///
    /// # Events
    /// * [`StatusChanged`], unless the deadline was set before and is not in doubt
    ///
    /// # Authorization
    /// Nobody's.
    fn margin_call(env: Env, account: Address) -> Result<u64, LedgerError>;

    /// Flags an account below its liquidation level: until it is healthy again it may only deposit, repay and reduce.
    ///
    /// # Errors
    /// * [`LedgerError::NotLiquidatable`], [`LedgerError::AccountFlagged`], [`LedgerError::PriceNotUsable`]
    ///
    /// # Events
    /// * [`StatusChanged`]
    ///
    /// # Authorization
    /// Nobody's.
    fn flag(env: Env, account: Address) -> Result<(), LedgerError>;

    /// Takes the flag off an account that is above its margin-call level (Live), or owes and risks nothing.
    ///
    /// # Errors
    /// * [`LedgerError::InsufficientMargin`], [`LedgerError::AccountHealthy`] - not flagged, [`LedgerError::PriceNotUsable`]
    ///
    /// # Events
    /// * [`StatusChanged`]
    ///
    /// # Authorization
    /// Nobody's.
    fn unflag(env: Env, account: Address) -> Result<(), LedgerError>;

    /// Has insurance liquidate a debt of the settlement asset that nobody else took ten minutes after the flag, for at most a
    /// quarter of the fund per day; the collateral goes to the protocol's account, as shares.
    ///
    /// # Errors
    /// * [`LedgerError::NotLiquidatable`] - or not flagged for long enough
    /// * [`LedgerError::InsufficientBucket`] - the fund has paid what it may
    /// * [`LedgerError::VenuesNotSet`] - the protocol has no such account
    /// * those of a liquidation
    ///
    /// # Events
    /// * [`Liquidated`]
    ///
    /// # Authorization
    /// Nobody's.
    fn backstop(
        env: Env,
        account: Address,
        collateral_asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError>;

    /// Accrues the interest of an asset up to now.
    fn accrue(env: Env, asset: Address) -> Result<(), LedgerError>;
    /// Extends the lifetime of the accounts' entries.
    fn extend_ttl(env: Env, accounts: Vec<Address>);

    // ---- the account ------------------------------------------------------------------------------------------------

    /// Sets the account's own limits. Authorised by the account itself, never by a delegate.
    fn set_limits(env: Env, account: Address, limits: Limits) -> Result<(), LedgerError>;

    /// Names the assets that anybody may take for paying the account's perpetual debt; replaces the list.
    ///
    /// # Errors
    /// * [`LedgerError::TooManyHoldings`] - more than [`MAX_HOLDINGS`]
    ///
    /// # Events
    /// * [`InKindSet`]
    ///
    /// # Authorization
    /// `account` itself, never a delegate.
    fn set_in_kind(env: Env, account: Address, assets: Vec<Address>) -> Result<(), LedgerError>;

    /// Lets `delegate` act for `account` until `expires_at`; replaces what it was granted before.
    ///
    /// # Arguments
    /// * `permissions` - bits of [`crate::permissions`]
    /// * `expires_at` - Unix seconds: the first at which it is dead
    ///
    /// # Errors
    /// * [`LedgerError::InvalidGrant`] - no bit or one without meaning, expired already, or the account itself
    ///
    /// # Events
    /// * [`Granted`]
    ///
    /// # Authorization
    /// `account`.
    fn grant(
        env: Env,
        account: Address,
        delegate: Address,
        permissions: u32,
        expires_at: u64,
    ) -> Result<(), LedgerError>;

    /// Takes back what `delegate` was granted. Takes effect at once, whatever it has signed.
    ///
    /// # Events
    /// * [`Revoked`]
    ///
    /// # Authorization
    /// `account`.
    fn revoke(env: Env, account: Address, delegate: Address) -> Result<(), LedgerError>;

    /// Takes back every grant of `account`.
    ///
    /// # Events
    /// * [`AllRevoked`]
    ///
    /// # Authorization
    /// `account`.
    fn revoke_all(env: Env, account: Address) -> Result<(), LedgerError>;

    // ---- reads ------------------------------------------------------------------------------------------------------

    /// The account in the Live valuation: health as `health_factor`, exposures, levels.
    fn summary(env: Env, account: Address) -> Result<AccountSummary, LedgerError>;
    /// Whether the account may be liquidated now, exactly as a liquidation decides it.
    fn is_liquidatable(env: Env, account: Address) -> Result<bool, LedgerError>;
    /// The account after `actions` in the Open valuation, and what `amounts` are worth to [`Self::value`]: what
    /// `__check_auth` decides by. `value` is `None` if one of them has no price that may be used for it.
    ///
    /// # Errors
    /// * those of [`Self::preview`]
    /// * [`LedgerError::InvalidAmount`] - an amount below zero
    fn assess(
        env: Env,
        account: Address,
        actions: Vec<Action>,
        amounts: Vec<(Market, i128)>,
    ) -> Result<Assessment, LedgerError>;
    /// The account after `actions` in the Open valuation.
    fn preview(env: Env, account: Address, actions: Vec<Action>) -> Result<AccountSummary, LedgerError>;
    /// Whether fills of one account in one market would be accepted, one after the other, by the code that fills; nothing is
    /// stored, and nothing is told. Each is `(size_delta, quote_delta, fee, tip)` as [`Self::apply_fill`] takes them, the tip
    /// being what an executor is paid before it.
    ///
    /// # Errors
    /// * those of [`Self::apply_fill`]
    fn dry_fills(
        env: Env,
        account: Address,
        market: Symbol,
        fills: Vec<(i128, i128, i128, i128)>,
        state: MarketState,
    ) -> Result<(), LedgerError>;
    /// What [`Self::credit`] would return, as [`Self::dry_batch`].
    fn dry_credit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError>;
    /// What [`Self::batch`] would return, by the same code; nothing is stored, and nothing is told.
    fn dry_batch(
        env: Env,
        account: Address,
        from: Address,
        actions: Vec<Action>,
    ) -> Result<Vec<i128>, LedgerError>;
    /// What [`Self::liquidate`] would return, as [`Self::dry_batch`].
    fn dry_liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, LedgerError>;
    /// The parts of [`Self::summary`], item by item.
    fn breakdown(env: Env, account: Address) -> Result<Breakdown, LedgerError>;
    /// The account's entry; an empty one if it never did anything.
    fn account(env: Env, account: Address) -> AccountState;
    /// Whether `hash` is the SHA-256 of the XDR of the account's entry at `seq`: a mirror proves that it is in step.
    fn reconcile(env: Env, account: Address, seq: u64, hash: BytesN<32>) -> bool;
    /// What `delegate` may do for `account` now: bits of [`crate::permissions`], 0 when nothing.
    fn permission(env: Env, account: Address, delegate: Address) -> u32;
    /// A listed asset with totals accrued up to now.
    fn asset(env: Env, asset: Address) -> Result<AssetState, LedgerError>;
    /// The assets of [`Self::set_in_kind`].
    fn in_kind(env: Env, account: Address) -> Vec<Address>;
    /// All listed assets.
    fn assets(env: Env) -> Vec<Address>;
    /// A market.
    fn market(env: Env, market: Symbol) -> Result<PerpMarket, LedgerError>;
    /// All markets.
    fn markets(env: Env) -> Vec<Symbol>;
    /// USD value (1e7) of amounts at the oracle's upper prices: of assets in token units, of markets in base units.
    ///
    /// # Errors
    /// * [`LedgerError::InvalidAmount`] - below zero
    /// * [`LedgerError::PriceNotUsable`]
    fn value(env: Env, amounts: Vec<(Market, i128)>) -> Result<i128, LedgerError>;
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
    /// With whom this ledger works, or [`LedgerError::VenuesNotSet`].
    fn config(env: Env) -> Result<LedgerConfig, LedgerError>;
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
    fn set_venues(
        env: Env,
        vault: Address,
        perp_clearing: Address,
        factory: Address,
    ) -> Result<(), LedgerError>;

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

    /// Names the account of the protocol that receives what insurance buys. Once; later by a change.
    ///
    /// # Errors
    /// * [`crate::GovernanceError::NeedsTimelock`] - it is named already
    ///
    /// # Events
    /// * [`ProtocolAccountSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_protocol_account(env: Env, role: Bucket, account: Address) -> Result<(), LedgerError>;

    /// Changes parameters of a listed asset at once, where no account and no depositor can lose by it: lower caps, LTV,
    /// utilisation or outflow, higher weights, levels or deposit time, or no new deposits and debts. What is worse for
    /// existing accounts reaches them over seven days. Everything else is proposed.
    ///
    /// # Errors
    /// * [`LedgerError::UnknownAsset`], [`LedgerError::InvalidConfig`]
    /// * [`crate::GovernanceError::NeedsTimelock`], [`crate::GovernanceError::NotGovernor`]
    ///
    /// # Events
    /// * [`AssetListed`]
    ///
    /// # Authorization
    /// `by`: the admin or the guardian.
    fn update_asset(env: Env, by: Address, token: Address, config: AssetConfig) -> Result<(), LedgerError>;

    /// Takes an asset off the list that nobody has deposited or owes.
    ///
    /// # Errors
    /// * [`LedgerError::UnknownAsset`], [`LedgerError::AssetInUse`]
    ///
    /// # Events
    /// * [`AssetRetired`]
    ///
    /// # Authorization
    /// The admin.
    fn retire_asset(env: Env, token: Address) -> Result<(), LedgerError>;

    /// Announces a change. Returns its id.
    ///
    /// # Errors
    /// * [`crate::GovernanceError::AlreadyScheduled`]
    ///
    /// # Events
    /// * [`crate::ChangeProposed`]
    ///
    /// # Authorization
    /// The admin.
    fn propose(env: Env, change: LedgerChange) -> BytesN<32>;

    /// Carries out an announced change whose time has come.
    ///
    /// # Errors
    /// * [`crate::GovernanceError::NotScheduled`], [`crate::GovernanceError::TooEarly`],
    ///   [`crate::GovernanceError::Expired`], [`crate::GovernanceError::UpgradesFrozen`]
    /// * those of the change
    ///
    /// # Events
    /// * [`crate::ChangeExecuted`] and that of the change
    ///
    /// # Authorization
    /// The admin.
    fn execute(env: Env, id: BytesN<32>) -> Result<(), LedgerError>;
}

// The venues were named.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VenuesSet {
    // Deploys accounts.
    pub factory: Address,
    // Trades perpetuals.
    pub perp_clearing: Address,
    // Holds the tokens.
    pub vault: Address,
}

// A token was listed, or its parameters changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetListed {
    // The token.
    #[topic]
    pub asset: Address,
    // Asset's.
    pub asset_seq: u64,
    // Its parameters.
    pub config: AssetConfig,
    // Its decimals.
    pub decimals: u32,
}

// Interest accrued.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accrued {
    // The token.
    #[topic]
    pub asset: Address,
    // Asset's.
    pub asset_seq: u64,
    // Token units.
    pub borrowed: i128,
    // Token units.
    pub supplied: i128,
}

// A deposit was booked.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deposited {
    // Owner.
    #[topic]
    pub account: Address,
    // The token.
    #[topic]
    pub asset: Address,
    // Account's.
    pub account_seq: u64,
    // Token units.
    pub amount: i128,
    // Asset's.
    pub asset_seq: u64,
    // Payer.
    pub from: Address,
    // Minted.
    pub shares: i128,
}

// A deposit was taken out.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawn {
    // Owner.
    #[topic]
    pub account: Address,
    // The token.
    #[topic]
    pub asset: Address,
    // Account's.
    pub account_seq: u64,
    // Token units.
    pub amount: i128,
    // Asset's.
    pub asset_seq: u64,
    // Burnt.
    pub shares: i128,
}

// A debt was booked.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Borrowed {
    // Debtor.
    #[topic]
    pub account: Address,
    // The token.
    #[topic]
    pub asset: Address,
    // Account's.
    pub account_seq: u64,
    // Token units.
    pub amount: i128,
    // Asset's.
    pub asset_seq: u64,
    // Minted.
    pub shares: i128,
}

// A debt was repaid.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repaid {
    // Debtor.
    #[topic]
    pub account: Address,
    // The token.
    #[topic]
    pub asset: Address,
    // Account's.
    pub account_seq: u64,
    // Token units.
    pub amount: i128,
    // Asset's.
    pub asset_seq: u64,
    // Settlement units.
    pub perp_amount: i128,
    // Burnt.
    pub shares: i128,
    // Its own deposit paid.
    pub with_collateral: bool,
}

// By which right collateral is taken.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Taking {
    // The account may be liquidated.
    Liquidation = 0,
    // The account asked for it.
    Deleverage = 1,
    // The account has named the asset.
    InKind = 2,
    // Nobody else did: insurance pays.
    Backstop = 3,
}

// A debt was repaid for collateral.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidated {
    // Who was liquidated.
    #[topic]
    pub account: Address,
    // Who repaid.
    #[topic]
    pub liquidator: Address,
    // Account's.
    pub account_seq: u64,
    // What was seized.
    pub collateral_asset: Address,
    // Collateral's.
    pub collateral_seq: u64,
    // What was repaid.
    pub debt_asset: Address,
    // Debt asset's.
    pub debt_seq: u64,
    // Collateral units.
    pub fee: i128,
    // By which right.
    pub kind: Taking,
    // Liquidator's.
    pub liquidator_seq: u64,
    // Perpetual debt.
    pub perp: bool,
    // Debt units.
    pub repaid: i128,
    // Shares or tokens.
    pub receive: Receive,
    // Collateral units.
    pub seized: i128,
}

// ---- events of positions, buckets and limits ------------------------------------------------------------------------

// A position was filled.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionFilled {
    // Whose.
    #[topic]
    pub account: Address,
    // Market.
    #[topic]
    pub market: Symbol,
    // Settlement units.
    pub fee: i128,
    // Paid (+) or received (-).
    pub funding: i128,
    // Profit not paid yet.
    pub pending: i128,
    // Signed cash, quote 1e7.
    pub quote_delta: i128,
    // Without funding and fee.
    pub realized_pnl: i128,
    // Afterwards, base 1e14.
    pub size: i128,
    // Signed, base 1e14.
    pub size_delta: i128,
    // Account's.
    pub account_seq: u64,
    // Market's.
    pub market_seq: u64,
}

// Funding was settled.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FundingSettled {
    // Whose.
    #[topic]
    pub account: Address,
    // Market.
    #[topic]
    pub market: Symbol,
    // Paid (+) or received (-).
    pub funding: i128,
    // Account's.
    pub account_seq: u64,
    // Market's.
    pub market_seq: u64,
}

// A position was taken over.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionTakenOver {
    // Who was liquidated.
    #[topic]
    pub account: Address,
    // Who took over.
    #[topic]
    pub liquidator: Address,
    // Market.
    #[topic]
    pub market: Symbol,
    // Settlement units.
    pub fee: i128,
    // Paid (+) or received (-).
    pub funding: i128,
    // Index, 1e14.
    pub price: i128,
    // Without funding and fee.
    pub realized_pnl: i128,
    // Signed, base 1e14.
    pub size: i128,
    // Not the liquidator's now, but the pool's.
    pub to_pool: bool,
    // Account's.
    pub account_seq: u64,
    // Liquidator's.
    pub liquidator_seq: u64,
    // Market's.
    pub market_seq: u64,
}

// A market was opened.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketOpened {
    // Which.
    #[topic]
    pub market: Symbol,
    // `x`, base 1e14.
    pub base_reserve: i128,
    // Parameters.
    pub config: MarketConfig,
    // `y`, quote 1e7.
    pub quote_reserve: i128,
    // Market's.
    pub market_seq: u64,
}

// Parameters changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketUpdated {
    // Which.
    #[topic]
    pub market: Symbol,
    // Now.
    pub config: MarketConfig,
    // Market's.
    pub market_seq: u64,
}

// Curve or funding changed.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketPushed {
    // Which.
    #[topic]
    pub market: Symbol,
    // Curve and funding now.
    pub state: MarketState,
    // Market's.
    pub market_seq: u64,
}

// A bucket moved.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BucketMoved {
    // Whose deposit.
    #[topic]
    pub account: Address,
    // Which bucket.
    #[topic]
    pub bucket: Bucket,
    // Settlement units, in > 0.
    pub amount: i128,
    // Account's.
    pub account_seq: u64,
    // Buckets'.
    pub settlement_seq: u64,
}

// The executor of an order was paid.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExecutorPaid {
    // Whose order.
    #[topic]
    pub account: Address,
    // Whom.
    #[topic]
    pub executor: Address,
    // Account's.
    pub account_seq: u64,
    // Settlement units.
    pub amount: i128,
    // Executor's.
    pub executor_seq: u64,
}

// A claim was paid.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingClaimed {
    // Whom.
    #[topic]
    pub account: Address,
    // Settlement units.
    pub amount: i128,
    // Account's.
    pub account_seq: u64,
    // Buckets'.
    pub settlement_seq: u64,
}

// A bad debt was written off.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadDebt {
    // Debtor.
    #[topic]
    pub account: Address,
    // The token.
    #[topic]
    pub asset: Address,
    // Account's.
    pub account_seq: u64,
    // Sum of the parts.
    pub amount: i128,
    // Asset's or buckets'.
    pub asset_seq: u64,
    // Token units.
    pub from_insurance: i128,
    // Token units.
    pub from_providers: i128,
    // Token units.
    pub from_reserves: i128,
    // Token units.
    pub from_suppliers: i128,
    // Perpetual debt.
    pub perp: bool,
}

// An account set limits.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitsSet {
    // Whose.
    #[topic]
    pub account: Address,
    // Its limits now.
    pub limits: Limits,
    // Account's.
    pub account_seq: u64,
}

// A delegate may act.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    // For whom.
    #[topic]
    pub account: Address,
    // Who.
    #[topic]
    pub delegate: Address,
    // Account's.
    pub account_seq: u64,
    // Unix seconds.
    pub expires_at: u64,
    // Bits.
    pub permissions: u32,
}

// A delegate may act no more.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    // For whom.
    #[topic]
    pub account: Address,
    // Who.
    #[topic]
    pub delegate: Address,
    // Account's.
    pub account_seq: u64,
}

// No delegate may act any more.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllRevoked {
    // For whom.
    #[topic]
    pub account: Address,
    // Account's.
    pub account_seq: u64,
}

// A call or a flag began or ended.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusChanged {
    // Whose.
    #[topic]
    pub account: Address,
    // Account's.
    pub account_seq: u64,
    // Unix seconds.
    pub since: u64,
    // Now.
    pub status: AccountStatus,
}

// An account agreed to settlement in kind.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InKindSet {
    // Whose.
    #[topic]
    pub account: Address,
    // Account's.
    pub account_seq: u64,
    // What may be taken.
    pub assets: Vec<Address>,
}

// A token was taken off the list.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetRetired {
    // The token.
    #[topic]
    pub asset: Address,
}

// The oracle was replaced.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OracleSet {
    // The new one.
    pub oracle: Address,
}

// An account moved.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountTransferred {
    // The empty one now.
    #[topic]
    pub from: Address,
    // Where all of it is.
    #[topic]
    pub to: Address,
    // Of `from`.
    pub from_seq: u64,
    // Of `to`.
    pub to_seq: u64,
}

// The books were compared with the vault.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Synced {
    // The token.
    #[topic]
    pub asset: Address,
    // Asset's.
    pub asset_seq: u64,
    // Tokens in the vault.
    pub cash: i128,
    // Token units.
    pub from_reserves: i128,
    // Token units.
    pub from_suppliers: i128,
    // Still missing, token units.
    pub pending_bad_debt: i128,
}

// An account of the protocol was named.
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtocolAccountSet {
    // Whose money buys for it.
    #[topic]
    pub role: Bucket,
    // Who receives.
    pub account: Address,
}
