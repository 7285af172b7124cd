//! The perpetual clearing-house.

use crate::{Action, MarketConfig, PerpMarket, Position, Settlement, TakeOver};
use offchain_docs::offchain_docs;
use soroban_sdk::{
    contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env, Map, Symbol, Vec,
};

/// Most orders that one account may have stored.
pub const MAX_RESTING: u32 = 8;
/// Most conditions of one order, those inside others included.
pub const MAX_CONDITIONS: u32 = 16;
/// How deep conditions may lie inside others.
pub const MAX_CONDITION_DEPTH: u32 = 3;
/// Most fills of one match.
pub const MAX_FILLS: u32 = 8;

/// What a trade did.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fill {
    /// Fee charged, settlement units.
    pub fee: i128,
    /// Funding paid (positive) or received (negative), settlement units.
    pub funding: i128,
    /// The position afterwards; size 0 when closed.
    pub position: Position,
    /// Average price of the fill, 1e14.
    pub price: i128,
    /// Cash of the fill, quote 1e7: negative when base was bought.
    pub quote_delta: i128,
    /// Profit (positive) or loss realised, settlement units, without funding and fee.
    pub realized_pnl: i128,
    /// Signed base 1e14 that was traded.
    pub size_delta: i128,
}

/// What a trade would do, before fees are settled.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeQuote {
    /// Fee, settlement units.
    pub fee: i128,
    /// Mark afterwards, 1e14.
    pub mark: i128,
    /// Average price, 1e14.
    pub price: i128,
    /// Cash, quote 1e7: negative when base is bought.
    pub quote_delta: i128,
}

/// Funding of a market.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Funding {
    /// Cumulative, per whole unit of a long, USD at 1e18.
    pub long_index: i128,
    /// Share of the index price per 8 hours, 1e18; positive: longs pay.
    pub rate: i128,
    /// Cumulative, per whole unit of a short, USD at 1e18.
    pub short_index: i128,
    /// Unix seconds up to which it is accrued.
    pub updated_at: u64,
}

/// Open interest per side, base 1e14.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenInterest {
    /// Sum of the long positions.
    pub long: i128,
    /// Sum of the short positions.
    pub short: i128,
}

/// A provider's share of the liquidity pool.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LpPosition {
    /// Unix seconds from when the announced shares may leave.
    pub exit_at: u64,
    /// Shares announced to leave.
    pub exiting: i128,
    /// Shares of the provider.
    pub shares: i128,
    /// All shares.
    pub total_shares: i128,
    /// Unix seconds from when the shares may leave: a cool-down after the latest entry.
    pub unlocked_at: u64,
    /// What the shares would fetch now, settlement units.
    pub value: i128,
}

/// When a resting order may execute.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// Unix seconds: at or after.
    TimestampAfter(u64),
    /// Unix seconds: before.
    TimestampBefore(u64),
    /// Index at or above, 1e14.
    IndexAbove(i128),
    /// Index at or below, 1e14.
    IndexBelow(i128),
    /// Average mark at or above, 1e14.
    MarkAbove(i128),
    /// Average mark at or below, 1e14.
    MarkBelow(i128),
    /// The market accepts new risk.
    MarketOpen,
    /// Own position, signed base 1e14: at or above.
    PositionAbove(i128),
    /// Own position, signed base 1e14: at or below.
    PositionBelow(i128),
    /// The account's order of that nonce was filled.
    OrderFilled(u64),
    /// None of them.
    Not(Vec<Condition>),
    /// At least one of them.
    Or(Vec<Condition>),
}

/// An order that somebody else executes later. Consent is the account's authorisation of exactly this value, or storing it.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConditionalOrder {
    /// Worst average price, 1e14.
    pub acceptable_price: i128,
    /// The account whose position it changes.
    pub account: Address,
    /// What must hold for it to execute: all of them.
    pub conditions: Vec<Condition>,
    /// The account's epoch that it was signed in.
    pub epoch: u64,
    /// Unix seconds when it ends, exclusive.
    pub expires_at: u64,
    /// The perpetual market.
    pub market: Symbol,
    /// Most the executor may be paid, settlement units.
    pub max_fee: i128,
    /// Distinguishes the account's orders; each is filled at most once.
    pub nonce: u64,
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// Who brought the order.
    pub referrer: Option<Address>,
    /// With it everyone may execute once all conditions hold; without it only the trusted executor may, whatever the
    /// conditions are.
    pub require_verified: bool,
    /// Who consents: the account, or a delegate that may sign orders.
    pub signer: Address,
    /// Signed base to trade, 1e14; long > 0.
    pub size_delta: i128,
    /// Tag of the front end that made it.
    pub tracking_code: Symbol,
    /// Who may execute it without verification.
    pub trusted_executor: Option<Address>,
}

/// The orders that an account has stored.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderBook {
    /// The account's epoch; orders of another are dead.
    pub epoch: u64,
    /// Stored orders by their nonce.
    pub resting: Map<u64, ConditionalOrder>,
}

/// Whether an order would execute now.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderCheck {
    /// Code of the error that refuses it, the ledger's included; 0 when it would execute.
    pub error: u32,
    /// Average price it would get, 1e14.
    pub price: i128,
    /// Signed base that would be filled, 1e14.
    pub size_delta: i128,
}

/// One side of a match.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatchedFill {
    /// The order that is filled, and its consent.
    pub order: ConditionalOrder,
    /// Cash of the fill, quote 1e7: negative when base is bought.
    pub quote_delta: i128,
    /// Signed base of the fill, 1e14.
    pub size_delta: i128,
}

/// The contracts the clearing-house works with.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClearingConfig {
    /// The margin ledger, which keeps the books.
    pub ledger: Address,
    /// Who may match orders off the curve.
    pub operator: Option<Address>,
    /// The oracle, which prices the indices.
    pub oracle: Address,
    /// The token that margins, settles and insures.
    pub settlement: Address,
    /// The vault, which holds the tokens.
    pub vault: Address,
}

/// What a market still does.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
#[repr(u32)]
pub enum MarketStage {
    /// Everything.
    Normal = 0,
    /// Positions only shrink.
    ReduceOnly = 1,
    /// Nothing is traded or liquidated.
    Frozen = 2,
    /// Every position is settled at one price, for good.
    WindDown = 3,
}

/// The pool's own side of a market.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct House {
    /// Depth that deposits to the pool have brought and exits have not taken out again, quote 1e7.
    pub depth: i128,
    /// How much of a deposit to the pool becomes depth of the curve, bps.
    pub depth_bps: u32,
    /// What it took from traders, base 1e14, long > 0.
    pub inventory: i128,
    /// Unix seconds of the last re-peg.
    pub repegged_at: u64,
    /// Unix seconds when it was last frozen, or no longer was, or was wound down; 0: never.
    pub since: u64,
    /// What the market still does.
    pub stage: MarketStage,
}

/// What loosens risk, and therefore waits. Markets wait 24 hours, the operator 48 hours, code 7 days.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClearingChange {
    /// Parameters of a market.
    Market(Symbol, MarketConfig),
    /// A market with its base and quote reserves.
    Open(Symbol, MarketConfig, i128, i128),
    /// How much of a deposit to the pool becomes depth, bps.
    Depth(Symbol, u32),
    /// Who may match orders.
    Operator(Address),
    /// A market back to normal, or wound down for good.
    Stage(Symbol, MarketStage),
    /// Code and the version of its storage: 7 days.
    Upgrade(BytesN<32>, u32),
}

// The SDK has no boxes.
/// A step of a batch.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum ClearingRequest {
    /// An action of the ledger: refresh, deposit, withdraw, trade, liquidity. A delegate adds none while an exit is announced.
    Act(Action),
    /// Stores an order.
    PlaceOrder(ConditionalOrder),
    /// Kills the order of a nonce.
    CancelOrder(u64),
    /// Announces that shares will leave the pool.
    /// A delegate's is refused while one stands.
    RequestExit(i128),
}

/// The funding rate of a market was measured again. What had accrued until then is in the ledger's market record.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FundingRateUpdated {
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// Time-weighted index, 1e14; `None` without coverage.
    pub index_twap: Option<i128>,
    /// Time-weighted mark, 1e14; `None` while the market is younger than the window.
    pub mark_twap: Option<i128>,
    /// Index price by which funding accrues, 1e14.
    pub price: i128,
    /// Share of `price` that longs pay per 8 hours, 1e18; negative: shorts pay; 0 while the premium cannot be measured.
    pub rate: i128,
}

/// A provider joined the pool.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiquidityAdded {
    /// Whose deposit moved.
    #[topic]
    pub provider: Address,
    /// Settlement units that joined.
    pub amount: i128,
    /// Shares minted.
    pub shares: i128,
    /// All shares afterwards.
    pub total_shares: i128,
}

/// A provider left the pool, or part of it.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiquidityRemoved {
    /// Whose deposit grew.
    #[topic]
    pub provider: Address,
    /// Settlement units that left.
    pub amount: i128,
    /// Shares burnt.
    pub shares: i128,
    /// All shares afterwards.
    pub total_shares: i128,
}

/// Somebody gave to insurance.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InsuranceFunded {
    /// Whose deposit moved.
    #[topic]
    pub from: Address,
    /// Settlement units; what winners waited for of it went to the providers' cash.
    pub amount: i128,
}

/// An order was stored.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderPlaced {
    /// Whose order.
    #[topic]
    pub account: Address,
    /// The whole order.
    pub order: ConditionalOrder,
}

/// An order was filled, or a part of it.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderFilled {
    /// Whose order.
    #[topic]
    pub account: Address,
    /// Who executed or matched it.
    #[topic]
    pub executor: Address,
    /// Paid to the executor, settlement units.
    pub executor_fee: i128,
    /// Nonce of the order.
    pub nonce: u64,
    /// Average price, 1e14.
    pub price: i128,
    /// Who brought the order.
    pub referrer: Option<Address>,
    /// What is still open of it, signed base 1e14.
    pub remaining: i128,
    /// What was filled, signed base 1e14.
    pub size_delta: i128,
    /// Tag of the front end that made it.
    pub tracking_code: Symbol,
}

/// Orders of an account are dead.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrdersCancelled {
    /// Whose orders.
    #[topic]
    pub account: Address,
    /// Bit `i` stands for the nonce `64 * word + i`.
    pub mask: u64,
    /// Which 64 nonces `mask` is about.
    pub word: u64,
}

/// All orders of an account's earlier epochs are dead.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EpochBumped {
    /// Whose orders.
    #[topic]
    pub account: Address,
    /// The account's epoch from now on.
    pub epoch: u64,
}

/// Somebody else may match orders.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OperatorSet {
    /// Who; `None`: nobody.
    pub operator: Option<Address>,
}

/// A provider announced to leave the pool.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExitRequested {
    /// Whose shares.
    #[topic]
    pub provider: Address,
    /// Unix seconds from when the shares may leave.
    pub exit_at: u64,
    /// How many shares will leave.
    pub shares: i128,
}

/// The house's side of a market changed otherwise than by a trade.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HouseChanged {
    /// Which market.
    #[topic]
    pub market: Symbol,
    /// The house from now on.
    pub house: House,
}

/// Errors of the clearing-house (800-899). Errors of the ledger (600-699) come through unchanged.
#[offchain_docs]
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum ClearingError {
    /// An amount, size or price limit is zero, negative or too large, or is worth nothing.
    InvalidAmount = 800,
    /// The deadline is over.
    DeadlineExpired = 801,
    /// The outcome is worse than the limit that was given.
    SlippageExceeded = 802,
    /// A reduce-only operation would open or increase a position.
    ReduceOnly = 803,
    /// What would remain of the position is below the smallest notional of the market.
    BelowMinimum = 804,
    /// The price is, or would be, further from the index than the market's band.
    OutsideBand = 805,
    /// The mark would move further in one ledger than the market permits.
    ImpactExceeded = 806,
    /// Above the largest position or the largest open interest of the market.
    SizeCapExceeded = 807,
    /// There is no position, or none on this side.
    NoPosition = 808,
    /// The index is not good enough for this operation now.
    PriceNotUsable = 809,
    /// A parameter is out of bounds.
    InvalidConfig = 810,
    /// The curve does not hold that much.
    CurveExhausted = 811,
    /// The provider has fewer shares, or the shares of the pool have no value.
    InsufficientShares = 812,
    /// A result does not fit.
    Overflow = 813,
    /// The provider entered too recently.
    CoolDown = 814,
    /// Not a step that a batch executes, or not in that place.
    InvalidRequest = 815,
    /// The delegate's grant does not permit it.
    NotPermitted = 816,
    /// A field of the order is out of bounds.
    InvalidOrder = 817,
    /// The order has expired.
    OrderExpired = 818,
    /// The order was signed in another epoch: all orders before were cancelled, or the account was flagged since.
    WrongEpoch = 819,
    /// The nonce was filled, was cancelled, or belongs to another order.
    NonceUsed = 820,
    /// Only the executor that the order trusts may execute it.
    NotExecutor = 821,
    /// A condition of the order does not hold.
    ConditionNotMet = 822,
    /// The account has as many stored orders as fit.
    TooManyOrders = 823,
    /// The account is being liquidated.
    AccountFlagged = 824,
    /// The fills do not cancel out, are too many, or name one account twice.
    InvalidMatch = 825,
    /// The caller is not the operator.
    NotOperator = 826,
    /// The market does not permit it at its present stage.
    WrongStage = 827,
    /// The pool holds as much of the market as it may.
    InventoryFull = 828,
    /// The time for it has not come.
    TooEarly = 829,
    /// So many shares were not announced to leave, or not in time.
    ExitNotRequested = 830,
    /// There is nothing that would pay for it.
    NoBudget = 832,
    /// Accounts that are being liquidated owe too much of the pool for somebody to enter it.
    DoubtfulCredit = 833,
}

/// vAMM perpetual markets with funding, a liquidity pool behind them, insurance and liquidation.
///
/// The ledger's errors and events come through: `InsufficientMargin`, `LimitExceeded`, `ReserveTestFailed`,
/// `PositionFilled` and so on. Whoever's rights are spent authorises first; smart accounts decide by their policy then.
#[contractclient(name = "PerpClearingClient")]
pub trait PerpClearingInterface {
    /// Pulls `margin` from the trader's wallet into the vault and trades `margin * leverage / 100` of notional.
    ///
    /// # Arguments
    /// * `margin` - settlement units that join the trader's deposit, > 0
    /// * `leverage` - hundredths, 100 to 10_000; the market's initial margin binds earlier
    /// * `min_base` - least base for a long, most base for a short, 1e14
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`], [`ClearingError::SlippageExceeded`]
    /// * those of an increase: see [`Self::trade`]
    ///
    /// # Authorization
    /// `trader`, with the vault's deposit and the token's transfer below it.
    fn open_position(
        env: Env,
        trader: Address,
        market: Symbol,
        is_long: bool,
        margin: i128,
        leverage: u32,
        min_base: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// [`Self::open_position`] that only adds to a position of the same side.
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`] - there is none of that side
    /// * those of [`Self::open_position`]
    ///
    /// # Authorization
    /// As [`Self::open_position`].
    fn increase_position(
        env: Env,
        trader: Address,
        market: Symbol,
        is_long: bool,
        margin: i128,
        leverage: u32,
        min_base: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Trades on what is deposited: increases, reduces or reverses. A reduction needs no usable price.
    ///
    /// # Arguments
    /// * `size_delta` - signed base, 1e14; what exceeds an opposite position closes it and opens the rest
    /// * `limit_price` - worst average price of the whole fill, 1e14, > 0
    /// * `reduce_only` - refuse whatever would increase or cross
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`], [`ClearingError::SlippageExceeded`],
    ///   [`ClearingError::ReduceOnly`], [`ClearingError::CurveExhausted`]
    /// * [`ClearingError::BelowMinimum`] - what remains is neither nothing nor the market's minimum
    /// * for what increases: [`ClearingError::PriceNotUsable`], [`ClearingError::OutsideBand`],
    ///   [`ClearingError::ImpactExceeded`], [`ClearingError::SizeCapExceeded`]
    ///
    /// # Authorization
    /// `trader`.
    fn trade(
        env: Env,
        trader: Address,
        market: Symbol,
        size_delta: i128,
        limit_price: i128,
        reduce_only: bool,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Closes the whole position.
    ///
    /// # Arguments
    /// * `limit_price` - worst average price, 1e14, > 0
    /// * `deadline` - unix seconds, inclusive
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`], [`ClearingError::InvalidAmount`], [`ClearingError::DeadlineExpired`],
    ///   [`ClearingError::SlippageExceeded`]
    ///
    /// # Authorization
    /// `trader`.
    fn close_position(
        env: Env,
        trader: Address,
        market: Symbol,
        limit_price: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError>;
    /// Carries out several requests, in order, all or nothing, each as the function of its name would.
    ///
    /// `Refresh` is accepted in front only and runs before the authorisation. `Deposit` and `Withdraw` go through the vault:
    /// deposits are pulled from `sender`, withdrawals go to `account`. A `PlaceOrder` is signed by the sender.
    ///
    /// # Arguments
    /// * `sender` - the account, or a delegate whose permissions decide request by request
    /// * `requests` - `Refresh`, `Deposit`, `Withdraw`, `Trade`, `AddLiquidity`, `RemoveLiquidity`, `RequestExit`,
    ///   `PlaceOrder`, `CancelOrder`
    /// * `deadline` - unix seconds, inclusive
    ///
    /// Returns what each request behind the refreshes moved: tokens, cash of a trade (quote 1e7), shares minted, cash for
    /// shares; 0 for an order or an announcement.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidRequest`], [`ClearingError::NotPermitted`], [`ClearingError::DeadlineExpired`]
    /// * those of the functions it stands for
    ///
    /// # Authorization
    /// `sender`, with `vault.submit(sender, account, [leg])` below it for each deposit or withdrawal.
    fn submit(
        env: Env,
        sender: Address,
        account: Address,
        requests: Vec<ClearingRequest>,
        deadline: u64,
    ) -> Result<Vec<i128>, ClearingError>;

    // ---- orders -----------------------------------------------------------------------------------------------------

    /// Executes what is open of an order through the curve; a reduce-only order at most closes the position.
    ///
    /// With `require_verified` anybody may, once all conditions hold; without it only the trusted executor, at any time. The
    /// executor gets `max_fee`, but not more than 1% of the filled notional, nor than the account's settlement deposit, and
    /// nothing while the account owes to the pool or would be liquidatable: a loss comes first.
    ///
    /// # Errors
    /// * of the order: [`ClearingError::InvalidOrder`], [`ClearingError::OrderExpired`], [`ClearingError::WrongEpoch`],
    ///   [`ClearingError::NonceUsed`], [`ClearingError::NotExecutor`], [`ClearingError::ConditionNotMet`],
    ///   [`ClearingError::AccountFlagged`], [`ClearingError::NotPermitted`] - the signer may not sign orders any more
    /// * [`ClearingError::PriceNotUsable`] - a condition asks for a price that is not known
    /// * those of [`Self::trade`]
    ///
    /// # Events
    /// * [`OrderFilled`]
    ///
    /// # Authorization
    /// `executor`, and `order.signer` with `(order,)` unless the order is stored.
    fn execute_order(env: Env, executor: Address, order: ConditionalOrder) -> Result<Fill, ClearingError>;
    /// Stores an order, so that it needs no further consent.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidOrder`], [`ClearingError::OrderExpired`], [`ClearingError::WrongEpoch`],
    ///   [`ClearingError::NonceUsed`], [`ClearingError::NotPermitted`]
    /// * [`ClearingError::TooManyOrders`] - [`MAX_RESTING`] that have not expired
    ///
    /// # Events
    /// * [`OrderPlaced`]
    ///
    /// # Authorization
    /// `order.signer` with `(order,)`.
    fn place_order(env: Env, order: ConditionalOrder) -> Result<(), ClearingError>;
    /// Kills whatever order uses `nonce`, stored, signed or yet to be signed. Always possible.
    ///
    /// # Events
    /// * [`OrdersCancelled`]
    ///
    /// # Authorization
    /// `account`.
    fn cancel_order(env: Env, account: Address, nonce: u64) -> Result<(), ClearingError>;
    /// [`Self::cancel_order`] for every nonce `64 * word + i` of which bit i of `mask` is set.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`] - no such nonce
    ///
    /// # Events
    /// * [`OrdersCancelled`]
    ///
    /// # Authorization
    /// `account`.
    fn cancel_nonces(env: Env, account: Address, word: u64, mask: u64) -> Result<(), ClearingError>;
    /// Kills every order signed until now, as a flag does. Returns the new epoch.
    ///
    /// # Events
    /// * [`EpochBumped`]
    ///
    /// # Authorization
    /// `account`.
    fn bump_epoch(env: Env, account: Address) -> Result<u64, ClearingError>;
    /// Fills orders against each other, as an operator matched them: the curve does not move.
    ///
    /// Sizes and cash of the fills cancel out. Each is inside its order's size and price, and inside the market's band around a
    /// live index; each pays the market's fee. Risk is checked account by account, after its fill.
    ///
    /// # Errors
    /// * [`ClearingError::NotOperator`], [`ClearingError::InvalidMatch`], [`ClearingError::OutsideBand`],
    ///   [`ClearingError::PriceNotUsable`], [`ClearingError::SizeCapExceeded`], [`ClearingError::BelowMinimum`]
    /// * those of an order: see [`Self::execute_order`]; without `require_verified` the operator must be its executor
    ///
    /// # Events
    /// * [`OrderFilled`] for each
    ///
    /// # Authorization
    /// `operator`, and each `order.signer` with `(order,)` unless the order is stored.
    fn settle_match(env: Env, operator: Address, fills: Vec<MatchedFill>) -> Result<(), ClearingError>;

    // ---- liquidity, insurance, keepers ------------------------------------------------------------------------------

    /// Moves `amount` of the provider's settlement deposit into the pool at fair value. Returns the shares.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`] - not positive, or too little for one share
    /// * [`ClearingError::InsufficientShares`] - the pool has no value to share in
    /// * [`ClearingError::PriceNotUsable`] - the index of a market with open interest is not live
    /// * [`ClearingError::DoubtfulCredit`] - flagged accounts owe more than a hundredth of the pool
    /// * [`ClearingError::SlippageExceeded`] - fewer than `min_shares`
    ///
    /// # Events
    /// * [`LiquidityAdded`]
    ///
    /// # Authorization
    /// `provider`.
    fn add_liquidity(
        env: Env,
        provider: Address,
        amount: i128,
        min_shares: i128,
    ) -> Result<i128, ClearingError>;
    /// Announces that `shares` will leave, one funding period ahead; the announcement lapses after another one and replaces
    /// an earlier one. Returns from when they may leave, Unix seconds.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`], [`ClearingError::InsufficientShares`]
    ///
    /// # Events
    /// * [`ExitRequested`]
    ///
    /// # Authorization
    /// `provider`.
    fn request_exit(env: Env, provider: Address, shares: i128) -> Result<u64, ClearingError>;
    /// Burns announced `shares` and moves their value of now into the provider's settlement deposit. Returns the amount.
    ///
    /// # Errors
    /// * [`ClearingError::ExitNotRequested`], [`ClearingError::CoolDown`], [`ClearingError::PriceNotUsable`]
    /// * [`ClearingError::InvalidAmount`] - not positive, or worth nothing
    /// * [`ClearingError::InsufficientShares`] - more than the provider holds, or the pool has no value
    /// * [`ClearingError::SlippageExceeded`] - less than `min_amount`
    ///
    /// # Events
    /// * [`LiquidityRemoved`]
    ///
    /// # Authorization
    /// `provider`.
    fn remove_liquidity(
        env: Env,
        provider: Address,
        shares: i128,
        min_amount: i128,
    ) -> Result<i128, ClearingError>;
    /// Gives `amount` of the settlement deposit of `from` to insurance. While winners wait, as much as they wait for goes to
    /// the providers' cash, which pays them first.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidAmount`]
    ///
    /// # Events
    /// * [`InsuranceFunded`]
    ///
    /// # Authorization
    /// `from`.
    fn fund_insurance(env: Env, from: Address, amount: i128) -> Result<(), ClearingError>;
    /// Accrues funding at the stored rate, then stores the rate of now: the premium of the mark's over the index's
    /// 900-second average, at most 10%; 0 while it cannot be measured. Permissionless. Returns the rate, 1e18 per 8 h.
    ///
    /// # Events
    /// * [`FundingRateUpdated`]
    fn update_funding_rate(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Settles the funding of one position. Permissionless. Returns what was paid (negative: received).
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`]
    fn settle_funding(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Records the mark for its time-weighted average. Permissionless. Returns the mark, 1e14.
    fn update_mark_price(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// Takes over what restores a liquidatable account's health, at the index: by the liquidator, or, once the account has
    /// been flagged for a minute, by the pool, which needs nobody's capital. The pool sells on through the curve as far as
    /// that brings the mark nearer to the index, and keeps the rest up to its inventory cap.
    ///
    /// # Arguments
    /// * `max_size` - most that the liquidator takes, absolute, base 1e14; 0: the pool takes
    ///
    /// # Errors
    /// * [`ClearingError::NoPosition`], [`ClearingError::InvalidAmount`], [`ClearingError::WrongStage`]
    /// * [`ClearingError::TooEarly`], [`ClearingError::InventoryFull`], [`ClearingError::PriceNotUsable`] - for the pool
    ///
    /// # Authorization
    /// `liquidator`, which receives half of the fee; whoever takes over must itself be healthy afterwards.
    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
    ) -> Result<TakeOver, ClearingError>;
    /// Pays what the pending pool holds for the account into its deposit. Permissionless. Returns the amount.
    ///
    /// # Errors
    /// * of the ledger: `AssetFrozen` - a deposit would bear what an issuer took back
    fn claim_pending(env: Env, account: Address) -> Result<i128, ClearingError>;
    /// Opens a market with its first curve, before anybody provides or trades. Later it has to be proposed:
    /// [`ClearingChange::Open`].
    ///
    /// # Arguments
    /// * `base_reserve` - 1e14
    /// * `quote_reserve` - 1e7
    ///
    /// # Errors
    /// * [`ClearingError::InvalidConfig`] - a unit of base would be worth as much as a unit of quote, or parameters do not fit:
    ///   `band < imr`, `mmr >= 50 + fee + impact`, `gap >= 800`, `gap > mmr`, `sigma >= band + 100`, all bps
    /// * [`ClearingError::PriceNotUsable`], [`ClearingError::OutsideBand`] - the mark must lie at a live index
    /// * `NeedsTimelock` - the pool has money, or a market open interest
    ///
    /// # Authorization
    /// The admin.
    fn open_market(
        env: Env,
        market: Symbol,
        config: MarketConfig,
        base_reserve: i128,
        quote_reserve: i128,
    ) -> Result<(), ClearingError>;

    /// Tightens a market at once: lower caps, band or impact, higher margins of opening, gap, drift or minimum.
    ///
    /// # Errors
    /// * [`ClearingError::InvalidConfig`] - another index
    /// * `NeedsTimelock` - anything else: propose [`ClearingChange::Market`]. That is so for the fee and the maintenance margin
    ///   in both directions; a higher maintenance margin then reaches existing positions over seven days.
    ///
    /// # Events
    /// * [`MarketUpdated`](crate::MarketUpdated)
    ///
    /// # Authorization
    /// `by`, the admin or the guardian.
    fn update_market(
        env: Env,
        by: Address,
        market: Symbol,
        config: MarketConfig,
    ) -> Result<(), ClearingError>;
    /// Dismisses the operator at once. Naming one has to be proposed: [`ClearingChange::Operator`].
    ///
    /// # Errors
    /// * `NeedsTimelock` - an operator is named
    ///
    /// # Events
    /// * [`OperatorSet`]
    ///
    /// # Authorization
    /// `by`, the admin or the guardian.
    fn set_operator(env: Env, by: Address, operator: Option<Address>) -> Result<(), ClearingError>;
    /// Announces a change that loosens risk. Returns its id.
    ///
    /// # Authorization
    /// The admin.
    fn propose(env: Env, change: ClearingChange) -> BytesN<32>;
    /// Carries out an announced change whose delay is over.
    ///
    /// # Authorization
    /// The admin.
    fn execute(env: Env, id: BytesN<32>) -> Result<(), ClearingError>;

    // ---- reads ------------------------------------------------------------------------------------------------------

    /// With whom the clearing-house works.
    fn config(env: Env) -> ClearingConfig;
    /// What [`Self::execute_order`] would decide for the order now, called by its executor: by the same code, the ledger's
    /// included.
    fn can_execute(env: Env, order: ConditionalOrder) -> OrderCheck;
    /// Epoch and stored orders of an account.
    fn orders(env: Env, account: Address) -> OrderBook;
    /// Index price at which the account may be liquidated, everything else unchanged, 1e14; 0 if there is none. If it is
    /// flagged or called, by its margin-call level, even if the call is not due yet.
    fn liquidation_price(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Largest notional that the account's free margin supports at the market's initial margin and at its opening level, USD
    /// 1e7.
    fn buying_power(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Largest trade of that side that would be executed now, signed base 1e14.
    fn max_trade(env: Env, account: Address, market: Symbol, is_long: bool) -> Result<i128, ClearingError>;
    /// What trading `size_delta` through the curve would do now; a reduction may be filled by the pool, at another price.
    fn quote_trade(env: Env, market: Symbol, size_delta: i128) -> Result<TradeQuote, ClearingError>;
    /// A market.
    fn market(env: Env, market: Symbol) -> PerpMarket;
    /// An account's position.
    fn position(env: Env, account: Address, market: Symbol) -> Option<Position>;
    /// Funding, extrapolated to now.
    fn funding(env: Env, market: Symbol) -> Result<Funding, ClearingError>;
    /// Open interest.
    fn open_interest(env: Env, market: Symbol) -> OpenInterest;
    /// A provider's share of the pool.
    fn lp(env: Env, provider: Address) -> LpPosition;
    /// The cash buckets.
    fn buckets(env: Env) -> Settlement;
    /// By how much the pool exceeds what the reserve test requires; negative when no new risk is accepted. Markets without a
    /// usable index count at their last price.
    fn reserve_headroom(env: Env) -> i128;

    // ---- solvency ---------------------------------------------------------------------------------------------------

    /// Tightens the stage of a market at once. Back, and to a wind-down, has to be proposed: [`ClearingChange::Stage`].
    ///
    /// # Errors
    /// * `NeedsTimelock`
    ///
    /// # Events
    /// * [`HouseChanged`]
    ///
    /// # Authorization
    /// `by`, the admin or the guardian.
    fn set_market_state(
        env: Env,
        by: Address,
        market: Symbol,
        stage: MarketStage,
    ) -> Result<(), ClearingError>;
    /// Announces the end of a market: one price for everybody, once the delay is over. Returns the id of the change.
    ///
    /// # Authorization
    /// The admin.
    fn wind_down(env: Env, market: Symbol) -> BytesN<32>;
    /// Settles a position of a market that is wound down, at its one price: who owes from the start, who is owed a day later,
    /// so that nobody is paid what another one's loss has yet to bring. Permissionless. Returns the funding paid.
    ///
    /// # Errors
    /// * [`ClearingError::WrongStage`], [`ClearingError::NoPosition`]
    /// * [`ClearingError::TooEarly`] - it is owed something, and the day is not over
    fn settle_position(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError>;
    /// Moves the mark of a market toward its index, at most 0.5% an hour. Permissionless. What that gives to traders is paid
    /// by protocol fees beyond what insurance lacks. Returns the cost, settlement units.
    ///
    /// # Errors
    /// * [`ClearingError::TooEarly`] - less than an hour after the last one, or in a ledger in which its curve was traded on
    /// * [`ClearingError::NoBudget`], [`ClearingError::PriceNotUsable`], [`ClearingError::WrongStage`]
    ///
    /// # Events
    /// * [`HouseChanged`]
    fn repeg(env: Env, market: Symbol) -> Result<i128, ClearingError>;
    /// The pool's own side of a market.
    fn house(env: Env, market: Symbol) -> Result<House, ClearingError>;
    /// What insurance should hold: 2% of open interest, or what the largest position may lose in a gap, of markets that
    /// are not wound down.
    fn insurance_target(env: Env) -> Result<i128, ClearingError>;
}
