//! Protocol constants and bounds, each named once. Everything else is configured per asset or market.

/// Largest liquidation fee of a take-over, bps of the notional taken over; half to the liquidator, half to insurance.
pub const LIQUIDATION_FEE_BPS: u32 = 100;
/// The health a take-over restores, bps: 1.2.
pub const LIQUIDATION_TARGET_BPS: u32 = 12_000;

/// Share of taker fees that liquidity providers receive, bps, and what rounding leaves over.
pub const FEE_LP_BPS: u32 = 7_000;
/// Share of taker fees that insurance receives, bps.
pub const FEE_INSURANCE_BPS: u32 = 2_000;
/// Share of taker fees that the protocol receives, bps.
pub const FEE_PROTOCOL_BPS: u32 = 1_000;

/// Seconds in which an index that nobody watches may move by another gap.
pub const GAP_SECONDS: u64 = 28_800;
/// Seconds after which such an index counts as no further away: its market is wound down long before.
pub const MAX_UNWATCHED_SECONDS: u64 = 30 * crate::units::SECONDS_PER_DAY;

/// What the reserve test asks for, per unit of stress, bps: beta = 1.
pub const RESERVE_BETA_BPS: u32 = 10_000;

/// Smallest initial margin a market may have, bps: 100x.
pub const MIN_INITIAL_MARGIN_BPS: u32 = 100;
/// Smallest maintenance margin a market may have, bps.
pub const MIN_MAINTENANCE_MARGIN_BPS: u32 = 50;
/// By how much an index may differ from the market before its sources say so, bps.
pub const ORACLE_DEVIATION_BPS: u32 = 50;
/// Smallest gap of the index that a market's reserve may assume, bps.
pub const MIN_GAP_BPS: u32 = 800;
/// Largest taker fee a market may have, bps.
pub const MAX_FEE_BPS: u32 = 100;
/// Largest band around the index a market may have, bps.
pub const MAX_BAND_BPS: u32 = 2_000;
/// Largest move of the mark within one ledger a market may allow, bps.
pub const MAX_IMPACT_BPS: u32 = 1_000;
/// Largest position a market may allow, bps of the base reserve.
pub const MAX_POSITION_BPS: u32 = 2_500;
/// Smallest notional a market may let a position keep, quote 1e7: 1 USD.
pub const MIN_MIN_NOTIONAL: i128 = 10_000_000;

/// Initial margin of a market by default, bps.
pub const INITIAL_MARGIN_BPS: u32 = 1_000;
/// Maintenance margin of a market by default, bps.
pub const MAINTENANCE_MARGIN_BPS: u32 = 500;
/// What a position of the whole base reserve adds to the initial margin by default, bps.
pub const SIZE_SCALING_BPS: u32 = 1_000;
/// Taker fee by default, bps.
pub const TAKER_FEE_BPS: u32 = 10;
/// Band around the index by default, bps.
pub const BAND_BPS: u32 = 500;
/// Largest move of the mark within one ledger by default, bps.
pub const IMPACT_BPS: u32 = 200;
/// Largest gap of the index between two liquidation times by default, bps.
pub const GAP_BPS: u32 = 1_200;
/// Directional move while positions are taken over, by default, bps.
pub const SIGMA_BPS: u32 = 650;
/// Smallest notional a position may keep by default, quote 1e7: 10 USD.
pub const MIN_NOTIONAL: i128 = 100_000_000;
/// Largest position by default, bps of the base reserve.
pub const POSITION_BPS: u32 = 1_000;

/// Largest part of insurance that one account's bad debt may take, bps.
pub const INSURANCE_ACCOUNT_BPS: u32 = 1_000;
/// Largest part of insurance that the bad debts of one market may take in a day, bps.
pub const INSURANCE_MARKET_BPS: u32 = 2_000;
/// Largest part of insurance that may go in a day, bps.
pub const INSURANCE_DAY_BPS: u32 = 5_000;
/// What insurance should hold, bps of the open interest.
pub const INSURANCE_TARGET_BPS: u32 = 200;

/// By how much the pool's price for a reduction is worse than the index, bps.
pub const POOL_SPREAD_BPS: u32 = 50;
/// Largest notional of the pool's inventory in a market, bps of what the pool can pay.
pub const INVENTORY_BPS: u32 = 1_000;
/// Smallest base reserve that thinning leaves, in net sizes of the traders.
pub const DEPTH_FLOOR: i128 = 3;
/// Largest move of the mark by one repeg, bps.
pub const REPEG_BPS: u32 = 50;
/// Seconds between two repegs of a market.
pub const REPEG_PERIOD: u64 = 3_600;

/// Most that the executor of an order is paid, bps of the filled notional: a delegate who may sign orders can give away no
/// more than a bad fill would.
pub const EXECUTOR_FEE_BPS: u32 = 100;

/// Largest part of the pool that flagged accounts may owe while somebody enters it, bps.
pub const MAX_DOUBTFUL_BPS: u32 = 100;
/// Seconds that liquidity stays after its provider's last entry: one funding period.
pub const LP_COOL_DOWN: u64 = 28_800;

// A split that does not sum to one would lose money.
const _: () = assert!(FEE_LP_BPS + FEE_INSURANCE_BPS + FEE_PROTOCOL_BPS == crate::units::BPS);
