//! The margin ledger: who owns what, who owes what, and is it enough.
//!
//! Fields `*_seq` of events are the `seq` of the named entry after the change. Each call that changes an account or a market tells
//! its new one; assets and buckets change in calls that tell theirs not.

use crate::{Asset, Limits, Market, Quote, Receive};
use offchain_docs::offchain_docs;
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Map, Symbol, Vec,
};

/// Most deposits, most debts and most positions of one account, each; what it is paid in the settlement asset may be a ninth
/// deposit.
pub const MAX_HOLDINGS: u32 = 8;
/// Most listed assets.
pub const MAX_ASSETS: u32 = 32;
/// Most perpetual markets.
pub const MAX_MARKETS: u32 = 16;
/// Most actions of one batch or preview: as many as an account may have holdings of all kinds.
pub const MAX_ACTIONS: u32 = 3 * MAX_HOLDINGS;
/// As an amount: everything.
pub const ALL: i128 = i128::MAX;

/// The kinked curve of an asset's interest, in bps of a year.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateCurve {
    /// Rate at zero utilisation.
    pub base_bps: u32,
    /// What is added up to the kink.
    pub slope1_bps: u32,
    /// What is added beyond the kink.
    pub slope2_bps: u32,
    /// Utilisation at the kink, bps.
    pub target_bps: u32,
    /// How fast the modifier of the curve moves, parts in 1e9 per second.
    pub reactivity: u32,
}

/// Parameters of a listed asset.
///
/// `opening > margin_call >= liquidation >= 100%`: the divisors of a deposit's support at the three levels.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetConfig {
    /// Largest sum of debts, token units.
    pub borrow_cap: i128,
    /// Whether it accepts deposits and debts.
    pub enabled: bool,
    /// The oracle's name of it.
    pub index: Asset,
    /// Divisor of a deposit's support at the liquidation level, bps.
    pub liquidation_bps: u32,
    /// Liability weight: what a debt in it counts for, bps.
    pub lw_bps: u32,
    /// Share of a deposit's value that supports, bps.
    pub ltv_bps: u32,
    /// Divisor of a deposit's support at the margin-call level, bps.
    pub margin_call_bps: u32,
    /// Largest bonus of a liquidator who seizes it, bps.
    pub max_bonus_bps: u32,
    /// Largest share of the supply that may be lent, bps.
    pub max_utilisation_bps: u32,
    /// How long a deposit has to stay, seconds.
    pub min_deposit_seconds: u32,
    /// Divisor of a deposit's support at the opening level, which every increase of risk has to keep, bps.
    pub opening_bps: u32,
    /// How much of what is supplied the debts may grow by within an hour, bps.
    pub outflow_bps: u32,
    /// Its interest.
    pub rate: RateCurve,
    /// Share of the interest that is the protocol's, bps.
    pub reserve_factor_bps: u32,
    /// Largest sum of deposits, token units.
    pub supply_cap: i128,
}

/// Totals of an asset.
///
/// Exactly `cash + borrowed + pending_bad_debt == supplied + reserves`, and for the settlement asset exactly
/// `cash + borrowed + perp_borrowed + pending_bad_debt == supplied + reserves + lp + insurance + fees + pending`.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AssetTotals {
    /// Shares of all debts.
    pub borrow_shares: i128,
    /// What all debts come to, token units.
    pub borrowed: i128,
    /// Tokens in the vault, token units.
    pub cash: i128,
    /// Interest due below one unit, 1e18.
    pub interest_rest: i128,
    /// Modifier of the interest curve, 1e9.
    pub modifier: i128,
    /// What the vault misses and nobody has borne yet, token units.
    pub pending_bad_debt: i128,
    /// Unix seconds of the last such loss.
    pub pending_since: u64,
    /// The protocol's part of the interest below one unit, 1e4.
    pub reserve_rest: i128,
    /// What is the protocol's, token units.
    pub reserves: i128,
    /// What may be lent at once, token units times 3,600.
    pub room: i128,
    /// Number of changes of these totals.
    pub seq: u64,
    /// What all deposits come to, token units.
    pub supplied: i128,
    /// Shares of all deposits.
    pub supply_shares: i128,
    /// Unix seconds up to which interest has accrued.
    pub updated_at: u64,
}

/// The terms that existing accounts had before a change worsened them: they reach the new ones over seven days.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ramp {
    /// [`AssetConfig::liquidation_bps`] when it began.
    pub liquidation_bps: u32,
    /// [`AssetConfig::ltv_bps`] when it began.
    pub ltv_bps: u32,
    /// [`AssetConfig::lw_bps`] when it began.
    pub lw_bps: u32,
    /// [`AssetConfig::margin_call_bps`] when it began.
    pub margin_call_bps: u32,
    /// Unix seconds when it began.
    pub since: u64,
}

/// A listed asset.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetState {
    /// Its parameters.
    pub config: AssetConfig,
    /// The token's decimals.
    pub decimals: u32,
    /// Where the terms of existing accounts come from.
    pub ramp: Ramp,
    /// Its totals.
    pub totals: AssetTotals,
}

/// The buckets of perpetuals and the pool's credit line, in settlement units.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settlement {
    /// `R_p`: open claims of winners.
    pub claims: i128,
    /// The largest share of a gain that somebody who waits still lacks, 1e18; 0 while nobody waits.
    pub claims_cut: i128,
    /// How often all claims were paid in full.
    pub claims_epoch: u32,
    /// Share of a claim of this epoch that is not paid yet, 1e18.
    pub claims_fraction: i128,
    /// `F`: the protocol's fees.
    pub fees: i128,
    /// `I`: insurance.
    pub insurance: i128,
    /// Shares of the credit line that flagged accounts owe.
    pub doubtful_shares: i128,
    /// UTC day of `insurance_spent`.
    pub insurance_day: u64,
    /// Of `insurance_spent`, for each market; under an empty name what no market brought to light.
    pub insurance_markets: Map<Symbol, i128>,
    /// What insurance paid for bad debt that day.
    pub insurance_spent: i128,
    /// `L`: the providers' cash, what is lent of it included.
    pub lp: i128,
    /// `H`: cash set aside for claims.
    pub pending: i128,
    /// Shares of the credit line.
    pub perp_borrow_shares: i128,
    /// What the credit line's debtors owe to `lp`.
    pub perp_borrowed: i128,
    /// Number of changes of the buckets.
    pub seq: u64,
}

/// A bucket of settlement cash.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Bucket {
    /// The providers' cash.
    Lp = 0,
    /// Insurance.
    Insurance = 1,
    /// The protocol's fees.
    Fees = 2,
}

/// Parameters of a perpetual market.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketConfig {
    /// Largest distance of the mark from the index, bps.
    pub band_bps: u32,
    /// Fee of a trade, bps of its notional.
    pub fee_bps: u32,
    /// Gap of the index that the pool has to bear in the reserve test, bps.
    pub gap_bps: u32,
    /// Largest move of the mark within one ledger, bps.
    pub impact_bps: u32,
    /// Initial margin, bps of the notional.
    pub imr_bps: u32,
    /// The oracle's name of what it is about.
    pub index: Asset,
    /// Largest open interest of a side, base 1e14.
    pub max_open_interest: i128,
    /// Largest position, bps of the base reserve.
    pub max_position_bps: u32,
    /// Smallest notional of a position, USD 1e7.
    pub min_notional: i128,
    /// Maintenance margin, bps of the notional.
    pub mmr_bps: u32,
    /// Drift that the pool has to bear in the reserve test, bps.
    pub sigma_bps: u32,
    /// What is added to the initial margin of a position as large as the base reserve, bps.
    pub size_scaling_bps: u32,
}

/// The curve of a market and its funding.
///
/// `funding_long` and `funding_short` are cumulative per whole unit: a position owes `|size| * growth / 1e25` in quote.
/// `funding_rate` is a share of `funding_price`; when it is negative shorts pay.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarketState {
    /// `x` of the curve, base 1e14.
    pub base_reserve: i128,
    /// The one price of a market that is wound down, 1e14; 0 before.
    pub clearing_price: i128,
    /// Unix seconds up to which funding has accrued.
    pub funding_at: u64,
    /// What a unit long has paid since the market opened, USD 1e18.
    pub funding_long: i128,
    /// Share of `funding_price` that longs pay per 8 hours, 1e18; negative: shorts pay.
    pub funding_rate: i128,
    /// What a unit short has paid since the market opened, USD 1e18.
    pub funding_short: i128,
    /// Index when the rate was measured, 1e14.
    pub funding_price: i128,
    /// Ledger of the last trade.
    pub ledger: u32,
    /// Mark at the start of that ledger, 1e14.
    pub ledger_mark: i128,
    /// `y` of the curve, quote 1e7.
    pub quote_reserve: i128,
}

/// Sums over the positions of a market, kept with every fill.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarketTotals {
    /// `Q`: entry cash of all positions, quote 1e7.
    pub entry: i128,
    /// `A` of longs: the sum of `floor(|size| * funding_index / 1e14)`, USD 1e18.
    pub long_funding: i128,
    /// Open interest of longs, base 1e14.
    pub long_interest: i128,
    /// `N`: longs less shorts, base 1e14.
    pub net_size: i128,
    /// `A` of shorts, USD 1e18.
    pub short_funding: i128,
    /// Open interest of shorts, base 1e14.
    pub short_interest: i128,
}

/// A perpetual market.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpMarket {
    /// Its parameters.
    pub config: MarketConfig,
    /// Maintenance margin from which existing positions come to the one of `config`, bps.
    pub mmr_from_bps: u32,
    /// Since when, Unix seconds; they have come there seven days later.
    pub mmr_since: u64,
    /// Number of changes of the market.
    pub seq: u64,
    /// Its curve and funding.
    pub state: MarketState,
    /// Sums over its positions.
    pub totals: MarketTotals,
}

/// A perpetual position.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// Cash of its fills, quote 1e7: negative of a long.
    pub entry: i128,
    /// Funding index up to which it is settled, USD 1e18.
    pub funding_index: i128,
    /// Signed base, 1e14; long > 0.
    pub size: i128,
}

/// Profit of an account that is not paid yet.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PendingClaim {
    /// What was owed when it was last settled, settlement units.
    pub amount: i128,
    /// [`Settlement::claims_epoch`] then.
    pub epoch: u32,
    /// [`Settlement::claims_fraction`] then.
    pub fraction: i128,
}

/// Where an account stands.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum AccountStatus {
    /// Nothing is asked of it.
    Normal = 0,
    /// Margin was called for: no more risk until it is cured.
    MarginCall = 1,
    /// It is being liquidated, and may only reduce.
    Flagged = 2,
}

/// What the ledger knows of an account.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountState {
    /// Shares of debts by asset.
    pub debts: Map<Address, i128>,
    /// Shares of deposits by asset.
    pub deposits: Map<Address, i128>,
    /// How often it was flagged.
    pub flags: u32,
    /// Grants of an earlier epoch are void.
    pub grants_epoch: u32,
    /// The limits it set itself.
    pub limits: Limits,
    /// Unix seconds until when a deposit has to stay, by asset.
    pub locks: Map<Address, u64>,
    /// Profit that waits for cash.
    pub pending: PendingClaim,
    /// Shares of the pool's credit line that it owes.
    pub perp_debt: i128,
    /// Positions by market.
    pub positions: Map<Symbol, Position>,
    /// Number of changes of the account.
    pub seq: u64,
    /// Unix seconds since when it has its status.
    pub since: u64,
    /// Where it stands.
    pub status: AccountStatus,
}

/// An account in one valuation, USD 1e7.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountSummary {
    /// Value of all deposits.
    pub collateral_value: i128,
    /// Value of lending debts and perpetual debt.
    pub debt_value: i128,
    /// `E`: what supports.
    pub effective_margin: i128,
    /// Deposits less debts, with the profit of positions.
    pub equity: i128,
    /// Debt or notional by market.
    pub exposures: Map<Market, i128>,
    /// `E / R` in bps; `u32::MAX` when nothing is required.
    pub health_factor: u32,
    /// `(debt + notional) / equity` in hundredths; `u32::MAX` with exposure and without equity.
    pub leverage: u32,
    /// Whether the liquidation level holds.
    pub liquidation_ok: bool,
    /// Whether the margin-call level holds.
    pub margin_call_ok: bool,
    /// Whether the opening level holds.
    pub opening_ok: bool,
    /// Sum of `|size| * price` of the positions.
    pub perp_notional: i128,
    /// `R`: what must be supported.
    pub required_margin: i128,
    /// Where it stands.
    pub status: AccountStatus,
    /// Profit of the positions, funding included.
    pub unrealized_pnl: i128,
}

/// What is about to happen to an account.
///
/// The requests of a venue's `submit` are the actions of a preview, so what is executed is what was previewed.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Deposits `(asset, amount)`.
    Deposit(Address, i128),
    /// Withdraws `(asset, amount)`.
    Withdraw(Address, i128),
    /// Borrows `(asset, amount)`.
    Borrow(Address, i128),
    /// Repays `(asset, amount)` with tokens.
    Repay(Address, i128),
    /// Deposits margin and trades with it.
    Open(OpenAction),
    /// Trades at a limit price.
    Trade(TradeAction),
    /// Gives this much of the settlement deposit away.
    MoveSettlement(i128),
    /// Repays `(asset, amount)` out of the deposit of the same asset.
    RepayWithCollateral(Address, i128),
    /// Provides `(amount, min_shares)` to the pool.
    AddLiquidity(i128, i128),
    /// Takes `(shares, min_amount)` out of the pool.
    RemoveLiquidity(i128, i128),
    /// Pokes the oracle for these assets. Only as a prefix of a batch: it runs before the authorisation.
    Refresh(Vec<Asset>),
}

/// Margin that is deposited, and traded with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenAction {
    /// Whether it is long.
    pub is_long: bool,
    /// Notional by margin, hundredths.
    pub leverage: u32,
    /// Margin, settlement units.
    pub margin: i128,
    /// The perpetual market.
    pub market: Symbol,
}

/// A trade at a limit price.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeAction {
    /// Worst average price, 1e14.
    pub limit_price: i128,
    /// The perpetual market.
    pub market: Symbol,
    /// Signed base to trade, 1e14; long > 0.
    pub size_delta: i128,
}

/// A deposit or a debt in the Live valuation.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holding {
    /// How much, token units.
    pub amount: i128,
    /// The token.
    pub asset: Address,
    /// The token's decimals.
    pub decimals: u32,
    /// LTV of a deposit, liability weight of a debt, bps.
    pub weight_bps: u32,
    /// Price, 1e14.
    pub price: i128,
    /// Value before its weight, USD 1e7.
    pub value: i128,
}

/// A position in the Live valuation.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenPosition {
    /// Index, 1e14.
    pub index: i128,
    /// The perpetual market.
    pub market: Symbol,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// Profit, quote 1e7, funding included.
    pub pnl: i128,
    /// Signed base, 1e14; long > 0.
    pub size: i128,
}

/// What an account's health is made of.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breakdown {
    /// Its lending debts.
    pub debts: Vec<Holding>,
    /// Its deposits.
    pub deposits: Vec<Holding>,
    /// What it owes the pool, settlement units.
    pub perp_debt: i128,
    /// Its positions.
    pub positions: Vec<OpenPosition>,
    /// The settlement asset.
    pub settlement: Address,
    /// Price of the settlement asset, 1e14.
    pub settlement_price: i128,
    /// The account in the Live valuation.
    pub summary: AccountSummary,
}

/// What a trade needs to know of account and market.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PerpView {
    /// How often the account was flagged.
    pub flags: u32,
    /// Quote of the index.
    pub index: Quote,
    /// The market.
    pub market: PerpMarket,
    /// The account's position; size 0: none.
    pub position: Position,
    /// Where the account stands.
    pub status: AccountStatus,
}

/// What the liquidity pool is worth, in settlement units.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PoolValue {
    /// `R_p`: open claims of winners.
    pub claims: i128,
    /// Value of all positions at the curves.
    pub curve_value: i128,
    /// What of `lent` flagged accounts owe.
    pub doubtful: i128,
    /// Value of all positions at the index; where it is not live, at the worse end of its gap.
    pub index_value: i128,
    /// What the credit line has lent.
    pub lent: i128,
    /// Whether every index is live.
    pub live: bool,
    /// `L_pay`: cash less what is lent.
    pub payable: i128,
    /// What the reserve test requires.
    pub required: i128,
    /// What is owed to markets whose traders win.
    pub winners: i128,
}

/// What a fill did.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FillReceipt {
    /// Fee, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// Profit that is not paid yet, settlement units.
    pub pending: i128,
    /// The position afterwards; size 0: closed.
    pub position: Position,
    /// Profit without funding and fee, settlement units.
    pub realized_pnl: i128,
}

/// What a liquidation did.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidation {
    /// What was repaid, units of the debt's token.
    pub repaid: i128,
    /// What was seized, units of the collateral's token.
    pub seized: i128,
}

/// What the take-over of a position did.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TakeOver {
    /// What the account paid for it, settlement units; half goes to insurance.
    pub fee: i128,
    /// The index, 1e14.
    pub price: i128,
    /// What was taken over, signed base 1e14.
    pub size: i128,
}

/// The contracts the ledger works with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedgerConfig {
    /// The factory, which deploys accounts.
    pub factory: Address,
    /// The oracle, which prices everything.
    pub oracle: Address,
    /// The clearing-house, where perpetuals are traded.
    pub perp_clearing: Address,
    /// The token that margins, settles and insures.
    pub settlement: Address,
    /// The vault, which holds the tokens.
    pub vault: Address,
}

/// What the admin announces, and what therefore waits.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LedgerChange {
    /// Any parameters of an asset; a token that is not listed yet is listed: 24 hours.
    Asset(Address, AssetConfig),
    /// Another oracle, which knows the index of every listed asset and market: 48 hours.
    Oracle(Address),
    /// So much of what the protocol earned in an asset, paid to its account of fees: 24 hours.
    Payout(Address, i128),
    /// Another account of the protocol: 48 hours.
    ProtocolAccount(Bucket, Address),
    /// Vault, clearing-house and factory: 48 hours.
    Venues(Address, Address, Address),
    /// Code and the version of its storage: 7 days.
    Upgrade(BytesN<32>, u32),
}

/// Errors of the ledger.
///
/// 600-699. A venue passes them on unchanged.
#[offchain_docs]
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum LedgerError {
    /// Vault, clearing-house and factory are set already.
    VenuesAlreadySet = 600,
    /// Vault, clearing-house and factory are not set.
    VenuesNotSet = 601,
    /// The asset is not listed.
    UnknownAsset = 602,
    /// The asset or market is listed already.
    AlreadyListed = 603,
    /// A parameter is out of bounds.
    InvalidConfig = 604,
    /// The amount is zero, negative or too large.
    InvalidAmount = 605,
    /// The account holds less.
    InsufficientBalance = 606,
    /// The vault holds less.
    InsufficientLiquidity = 607,
    /// The account would be below its opening level.
    InsufficientMargin = 608,
    /// More of the asset would be deposited than its cap permits.
    SupplyCapExceeded = 609,
    /// More of the asset would be owed than its cap permits.
    BorrowCapExceeded = 610,
    /// More of the supply would be lent than the asset permits.
    UtilisationExceeded = 611,
    /// A price is not good enough for this operation now.
    PriceNotUsable = 612,
    /// The account has as many deposits, debts or positions as fit.
    TooManyHoldings = 613,
    /// The asset takes no deposits and no debts now.
    AssetDisabled = 614,
    /// Beyond a limit that the account set itself.
    LimitExceeded = 615,
    /// The account is healthy.
    NotLiquidatable = 616,
    /// This pair of debt and collateral would not help the account.
    LiquidationUnhelpful = 617,
    /// Less than the liquidator asked for.
    SlippageExceeded = 618,
    /// The market is not listed.
    UnknownMarket = 619,
    /// The fill crosses zero, or its size and quote have the wrong signs.
    InvalidFill = 620,
    /// The pool could not bear the risk.
    ReserveTestFailed = 621,
    /// The bucket holds less.
    InsufficientBucket = 622,
    /// A third party cannot give the account an asset that it does not hold.
    ThirdPartySlot = 623,
    /// The loss would be covered by nothing.
    BadDebt = 624,
    /// There is no such debt or position.
    NothingOwed = 625,
    /// A result does not fit.
    Overflow = 626,
    /// Nobody liquidates an account of their own.
    SelfLiquidation = 627,
    /// The grant permits nothing, means nothing, or is over.
    InvalidGrant = 628,
    /// The account is being liquidated: it may only reduce.
    AccountFlagged = 629,
    /// The account is healthy: there is nothing to call, or nothing to end.
    AccountHealthy = 630,
    /// Not an action of this venue.
    InvalidAction = 631,
    /// The account has not agreed to pay with this asset.
    NotInKind = 632,
    /// Somebody holds or owes the asset.
    AssetInUse = 633,
    /// The deposit has to stay longer.
    DepositLocked = 634,
    /// The destination has positions of its own.
    AccountNotEmpty = 635,
    /// The vault misses tokens of the asset until its loss is settled.
    AssetFrozen = 636,
    /// More would be lent within an hour than the asset permits.
    OutflowExceeded = 637,
}

/// The margin ledger. Balances and debts are written only by the vault and the clearing-house, limits and grants by their
/// account; read by everybody, even while a venue executes.
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
    /// vault has both signatures. An account that is flagged or may be liquidated does not move (without a price nobody can
    /// liquidate, and it may), and who has limits takes over nothing beyond them or below the opening level.
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
    /// Replaces the parameters of a market. A higher maintenance margin binds new risk at once, and reaches existing positions
    /// over seven days.
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
    /// Pays what the pending pool holds for the account into its deposit; not while the vault misses tokens of it. Returns the
    /// amount.
    fn claim_pending(env: Env, account: Address) -> Result<i128, LedgerError>;
    /// Moves `at_most`, or all there is, of the account's settlement deposit to that of `executor`, who executes its order;
    /// nothing if the account owed to the pool or were liquidatable afterwards, where what has no price supports nothing and
    /// may be owed without bound. Returns the amount.
    fn pay_executor(
        env: Env,
        account: Address,
        executor: Address,
        at_most: i128,
    ) -> Result<i128, LedgerError>;

    // ---- permissionless ---------------------------------------------------------------------------------------------

    /// Calls for margin: an account below its margin-call level (Live) has an hour to cure it, then it may be liquidated
    /// down to its target although it is above the liquidation level. A deadline is set once; it lapses 24 hours after it.
    /// On an account that is cured it ends the call, as everything does that changes the account. While a price is not live
    /// too little at the account's better ends is called, and enough there ends nothing.
    ///
    /// Returns the deadline, Unix seconds; 0 when the call has ended.
    ///
    /// # Errors
    /// * [`LedgerError::AccountHealthy`] - nothing to call and nothing to end
    /// * [`LedgerError::AccountFlagged`]
    /// * [`LedgerError::PriceNotUsable`]
    ///
    /// # Events
    /// * [`StatusChanged`], unless the deadline was set before
    ///
    /// # Authorization
    /// Nobody's.
    fn margin_call(env: Env, account: Address) -> Result<u64, LedgerError>;

    /// Flags an account below its liquidation level: until it is healthy again it may only deposit, repay and reduce, and may be
    /// liquidated below its margin-call level.
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
    /// The account after `actions` in the Open valuation. An address without an entry is an account that has nothing.
    ///
    /// # Errors
    /// * those of the actions
    fn preview(env: Env, account: Address, actions: Vec<Action>) -> Result<AccountSummary, LedgerError>;
    /// [`Self::preview`], and what `amounts` are worth, USD 1e7: what `__check_auth` decides by.
    ///
    /// # Arguments
    /// * `amounts` - of assets in token units, of markets in base units, at the oracle's upper prices, ceil; `None` is
    ///   returned if one of them has no price that may be used for that
    ///
    /// # Errors
    /// * those of the actions
    /// * [`LedgerError::InvalidAmount`] - an amount below zero
    fn assess(
        env: Env,
        account: Address,
        actions: Vec<Action>,
        amounts: Vec<(Market, i128)>,
    ) -> Result<(AccountSummary, Option<i128>), LedgerError>;
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
    /// USD value (1e7) of amounts at the oracle's upper price, ceil.
    ///
    /// # Errors
    /// * [`LedgerError::InvalidAmount`] - an amount below zero
    /// * [`LedgerError::PriceNotUsable`]
    fn value(env: Env, amounts: Vec<(Address, i128)>) -> Result<i128, LedgerError>;
    /// The buckets and the perpetual credit line, accrued up to now.
    fn totals(env: Env) -> Settlement;
    /// Market, index quote and the account's position in one read. An oracle that does not answer says `Unknown`.
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

    /// Lists a token at once, as long as nobody has deposited anything. Later a token is a new claim on what others deposited, and
    /// is announced: [`LedgerChange::Asset`]. Its decimals are read from the token.
    ///
    /// # Errors
    /// * [`GovernanceError::NeedsTimelock`](crate::GovernanceError::NeedsTimelock) - somebody has deposited
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
    /// utilisation or outflow, higher weights, higher levels of margin call and liquidation, more deposit time, or no new
    /// deposits and debts. What is worse for existing accounts reaches them over seven days. Everything else is proposed: the
    /// opening level too, by which liquidations of existing accounts are sized at once.
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

/// The venues were named.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VenuesSet {
    /// Deploys accounts.
    pub factory: Address,
    /// Trades perpetuals.
    pub perp_clearing: Address,
    /// Holds the tokens.
    pub vault: Address,
}

/// A token was listed, or its parameters changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetListed {
    /// The token.
    #[topic]
    pub asset: Address,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Its parameters.
    pub config: AssetConfig,
    /// Its decimals.
    pub decimals: u32,
}

/// Interest accrued.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accrued {
    /// The token.
    #[topic]
    pub asset: Address,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// What all debts come to, token units.
    pub borrowed: i128,
    /// What all deposits come to, token units.
    pub supplied: i128,
}

/// A deposit was booked.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deposited {
    /// Whose deposit.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Who paid.
    pub from: Address,
    /// Shares minted.
    pub shares: i128,
}

/// A deposit was taken out.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawn {
    /// Whose deposit.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Shares burnt.
    pub shares: i128,
}

/// A debt was booked.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Borrowed {
    /// Whose debt.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Token units.
    pub amount: i128,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Debt shares minted.
    pub shares: i128,
}

/// A debt was repaid.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repaid {
    /// Whose debt.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Repaid of the lending debt, token units.
    pub amount: i128,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Repaid of the perpetual debt, settlement units.
    pub perp_amount: i128,
    /// Debt shares burnt.
    pub shares: i128,
    /// Whether the account's own deposit paid.
    pub with_collateral: bool,
}

/// By which right collateral is taken.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Taking {
    /// The account may be liquidated.
    Liquidation = 0,
    /// The account asked for it.
    Deleverage = 1,
    /// The account has named the asset.
    InKind = 2,
    /// Nobody else liquidated it: insurance pays.
    Backstop = 3,
}

/// A debt was repaid for collateral.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Liquidated {
    /// Who was liquidated.
    #[topic]
    pub account: Address,
    /// Who repaid.
    #[topic]
    pub liquidator: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// What was seized.
    pub collateral_asset: Address,
    /// The collateral's `seq` afterwards.
    pub collateral_seq: u64,
    /// What was repaid.
    pub debt_asset: Address,
    /// The debt asset's `seq` afterwards.
    pub debt_seq: u64,
    /// What reserves or insurance receive, units of the collateral's token.
    pub fee: i128,
    /// By which right.
    pub kind: Taking,
    /// The liquidator's `seq` afterwards.
    pub liquidator_seq: u64,
    /// Whether it was perpetual debt.
    pub perp: bool,
    /// What was repaid, units of the debt's token.
    pub repaid: i128,
    /// Whether the liquidator got shares or tokens.
    pub receive: Receive,
    /// What was seized, units of the collateral's token.
    pub seized: i128,
}

// ---- events of positions, buckets and limits ------------------------------------------------------------------------

/// A position was filled.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionFilled {
    /// Whose position.
    #[topic]
    pub account: Address,
    /// Market.
    #[topic]
    pub market: Symbol,
    /// Fee, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// Profit that is not paid yet, settlement units.
    pub pending: i128,
    /// Cash of the fill, quote 1e7: negative when base was bought.
    pub quote_delta: i128,
    /// Profit without funding and fee, settlement units.
    pub realized_pnl: i128,
    /// The position afterwards, signed base 1e14.
    pub size: i128,
    /// What was traded, signed base 1e14.
    pub size_delta: i128,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// The funding of a position was settled.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FundingSettled {
    /// Whose position.
    #[topic]
    pub account: Address,
    /// Market.
    #[topic]
    pub market: Symbol,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// A liquidator, or the pool, took a position over.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PositionTakenOver {
    /// Who was liquidated.
    #[topic]
    pub account: Address,
    /// Who took over.
    #[topic]
    pub liquidator: Address,
    /// Market.
    #[topic]
    pub market: Symbol,
    /// What the account paid for it, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// The index, 1e14.
    pub price: i128,
    /// Profit of the account without funding and fee, settlement units.
    pub realized_pnl: i128,
    /// What was taken over, signed base 1e14.
    pub size: i128,
    /// Whether the pool took it, and not the liquidator.
    pub to_pool: bool,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The liquidator's `seq` afterwards.
    pub liquidator_seq: u64,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// A market was opened.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketOpened {
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// `x` of its curve, base 1e14.
    pub base_reserve: i128,
    /// Its parameters.
    pub config: MarketConfig,
    /// `y` of its curve, quote 1e7.
    pub quote_reserve: i128,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// Parameters of a market changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketUpdated {
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// The parameters from now on.
    pub config: MarketConfig,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// Curve or funding of a market changed.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MarketPushed {
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// Curve and funding from now on.
    pub state: MarketState,
    /// The market's `seq` afterwards.
    pub market_seq: u64,
}

/// Settlement cash moved between a deposit and a bucket.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BucketMoved {
    /// Whose deposit it came from or went to.
    #[topic]
    pub account: Address,
    /// Which bucket.
    #[topic]
    pub bucket: Bucket,
    /// Settlement units; positive: into the bucket.
    pub amount: i128,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The buckets' `seq` afterwards.
    pub settlement_seq: u64,
}

/// The executor of an order was paid.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExecutorPaid {
    /// Whose order.
    #[topic]
    pub account: Address,
    /// Who was paid.
    #[topic]
    pub executor: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Settlement units.
    pub amount: i128,
    /// The executor's `seq` afterwards.
    pub executor_seq: u64,
}

/// Profit that was waiting was paid.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingClaimed {
    /// To whom.
    #[topic]
    pub account: Address,
    /// Settlement units.
    pub amount: i128,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The buckets' `seq` afterwards.
    pub settlement_seq: u64,
}

/// A debt that nothing stood behind was written off.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadDebt {
    /// Whose debt.
    #[topic]
    pub account: Address,
    /// The token.
    #[topic]
    pub asset: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// The sum of the parts, token units.
    pub amount: i128,
    /// The `seq` of the asset, or of the buckets for perpetual debt, afterwards.
    pub asset_seq: u64,
    /// What insurance bore, token units.
    pub from_insurance: i128,
    /// What the pool's providers bore, token units.
    pub from_providers: i128,
    /// What the protocol's reserves bore, token units.
    pub from_reserves: i128,
    /// What the asset's depositors bore, token units.
    pub from_suppliers: i128,
    /// Whether it was perpetual debt.
    pub perp: bool,
}

/// An account changed the limits it sets itself.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitsSet {
    /// Whose limits.
    #[topic]
    pub account: Address,
    /// The limits from now on.
    pub limits: Limits,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
}

/// A delegate may act for an account.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// For whom.
    #[topic]
    pub account: Address,
    /// Who.
    #[topic]
    pub delegate: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Unix seconds when the grant ends.
    pub expires_at: u64,
    /// Bits of [`permissions`](crate::permissions).
    pub permissions: u32,
}

/// A delegate may no longer act for an account.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// For whom.
    #[topic]
    pub account: Address,
    /// Who.
    #[topic]
    pub delegate: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
}

/// No delegate may act for an account any more.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllRevoked {
    /// For whom.
    #[topic]
    pub account: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
}

/// A margin call or a flag began or ended.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusChanged {
    /// Whose status.
    #[topic]
    pub account: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// Unix seconds since when it has the status.
    pub since: u64,
    /// The status from now on.
    pub status: AccountStatus,
}

/// An account agreed to settlement in kind.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InKindSet {
    /// Which account.
    #[topic]
    pub account: Address,
    /// The account's `seq` afterwards.
    pub account_seq: u64,
    /// What may be taken for its perpetual debt.
    pub assets: Vec<Address>,
}

/// A token was taken off the list.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssetRetired {
    /// The token.
    #[topic]
    pub asset: Address,
}

/// The oracle was replaced.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OracleSet {
    /// The new one.
    pub oracle: Address,
}

/// Everything of an account moved to another.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountTransferred {
    /// The account that is empty now.
    #[topic]
    pub from: Address,
    /// The account that has all of it.
    #[topic]
    pub to: Address,
    /// The `seq` of `from` afterwards.
    pub from_seq: u64,
    /// The `seq` of `to` afterwards.
    pub to_seq: u64,
}

/// The books were compared with the vault.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Synced {
    /// The token.
    #[topic]
    pub asset: Address,
    /// The asset's `seq` afterwards.
    pub asset_seq: u64,
    /// Tokens in the vault, token units.
    pub cash: i128,
    /// What the protocol's reserves bore of what is missing, token units.
    pub from_reserves: i128,
    /// What depositors bore of what is missing, token units.
    pub from_suppliers: i128,
    /// What is still missing, token units.
    pub pending_bad_debt: i128,
}

/// An account that acts for the protocol was named.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtocolAccountSet {
    /// Which bucket it acts for.
    #[topic]
    pub role: Bucket,
    /// The account.
    pub account: Address,
}
