//! The scales of every quantity, named once.

/// USD values, quote amounts, margin, profit and fees: 7 decimals.
pub const USD: i128 = 10_000_000;
/// Prices: USD per whole unit, 14 decimals.
pub const PRICE: i128 = 100_000_000_000_000;
/// Position sizes and base reserves: 14 decimals, finer than quote / price, so rounding never pays a trader.
pub const BASE: i128 = 100_000_000_000_000;
/// Of position sizes, as decimals of a token.
pub const BASE_DECIMALS: u32 = 14;
/// Interest and funding indices: 18 decimals.
pub const INDEX: i128 = 1_000_000_000_000_000_000;
/// Ratios, weights, thresholds, fee rates, health factors: basis points, `10_000` = 1.
pub const BPS: u32 = 10_000;
/// Leverage: hundredths, `300` = 3.00x.
pub const LEVERAGE: u32 = 100;
/// The settlement asset must have this many decimals, so that its amounts are quote amounts.
pub const SETTLEMENT_DECIMALS: u32 = 7;
/// Largest number of decimals a token may have.
pub const MAX_DECIMALS: u32 = 18;
/// Seconds of a day.
pub const SECONDS_PER_DAY: u64 = 86_400;
/// Seconds of a year of 365 days: the period of annual rates.
pub const SECONDS_PER_YEAR: u64 = 31_536_000;
/// `size (BASE) * price (PRICE) / QUOTE_SCALE` is a quote amount (USD scale).
pub const QUOTE_SCALE: i128 = 1_000_000_000_000_000_000_000; // BASE * PRICE / USD
