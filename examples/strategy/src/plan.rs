//! How much to trade, and at what price. No environment.

use crate::types::StrategyError;

const BPS: i128 = 10_000;
/// `price * size` of one dollar at 1e7: prices and sizes are at 1e14.
const NOTIONAL: i128 = 1_000_000_000_000_000_000_000;
/// A difference below this share of equity is not worth a fee, bps.
const TOLERANCE_BPS: i128 = 100;
/// Fee and slippage come out of equity: the target stays so far inside the largest leverage, bps.
const COSTS_BPS: i128 = 100;

/// The trade that brings `size` to `weight_bps` of `equity` (USD 1e7) at `price` (1e14), within `max_leverage` (hundredths).
pub fn size_delta(
    equity: i128,
    price: i128,
    size: i128,
    weight_bps: i32,
    max_leverage: u32,
) -> Result<i128, StrategyError> {
    if equity <= 0 {
        return Err(StrategyError::NoEquity);
    }
    let most = i128::from(max_leverage) * (BPS - COSTS_BPS) / 100;
    let weight = i128::from(weight_bps).clamp(-most, most);
    // Toward zero: never beyond the target.
    let of_equity = |bps: i128| {
        let notional = equity.checked_mul(bps).ok_or(StrategyError::Overflow)? / BPS;
        Ok(notional.checked_mul(NOTIONAL).ok_or(StrategyError::Overflow)? / price)
    };
    let delta = of_equity(weight)?.checked_sub(size).ok_or(StrategyError::Overflow)?;
    // A target of nothing is reached exactly.
    let near = delta.abs() < of_equity(TOLERANCE_BPS)? && weight != 0;
    if delta == 0 || near {
        return Err(StrategyError::NothingToDo);
    }
    Ok(delta)
}

/// The worst average price for a trade of `size_delta` around `index`.
pub fn limit_price(index: i128, size_delta: i128, slippage_bps: u32) -> Result<i128, StrategyError> {
    let slippage = i128::from(slippage_bps);
    let share = if size_delta > 0 { BPS + slippage } else { BPS - slippage };
    Ok(index.checked_mul(share).ok_or(StrategyError::Overflow)? / BPS)
}

/// Whether a trade of `size_delta` brings `size` nearer to zero and not across it.
pub fn reduces(size: i128, size_delta: i128) -> bool {
    match (size.signum(), size_delta.signum()) {
        (1, -1) => size_delta >= -size,
        (-1, 1) => size_delta <= -size,
        _ => false,
    }
}
