//! What a trade does to the curve, and the rules that bind a leg which adds risk. Nothing here calls or stores.

use crate::{
    error::{refuse, require, OrRefuse, MAX},
    funding, markets,
};
use margin_interface::{ClearingError, MarketConfig, MarketState, MarketTotals, Quote};
use margin_math::{
    curve,
    fixed::{abs, add, bps_ceil, bps_floor, mul_div_floor, neg},
    units::LEVERAGE,
};

/// Least leverage of `open_position`: 1.00x.
pub const MIN_LEVERAGE: u32 = LEVERAGE;
/// Largest leverage of `open_position`: 100.00x, the protocol's bound; the market's initial margin binds earlier.
pub const MAX_LEVERAGE: u32 = 100 * LEVERAGE;

/// An amount of anything that is wanted.
pub fn positive(amount: i128) -> Result<(), ClearingError> {
    require((1..=MAX).contains(&amount), ClearingError::InvalidAmount)
}

/// A price that is a bound: as large as one likes.
pub fn priced(limit: i128) -> Result<(), ClearingError> {
    require(limit > 0, ClearingError::InvalidAmount)
}

/// A fill that does not cross zero.
pub struct Leg {
    /// Signed base, 1e14.
    pub size: i128,
    /// Cash, quote 1e7: negative when base is bought.
    pub quote: i128,
    /// Settlement units.
    pub fee: i128,
    /// Curve and funding afterwards.
    pub state: MarketState,
    /// What the pool took, signed base.
    pub taken: i128,
}

impl Leg {
    /// Fills `size` on the curve of `state` in the ledger `sequence`.
    pub fn new(
        config: &MarketConfig,
        state: &MarketState,
        size: i128,
        sequence: u32,
    ) -> Result<Leg, ClearingError> {
        let (x, y) = (state.base_reserve, state.quote_reserve);
        require(size < x, ClearingError::CurveExhausted)?;
        let quote = curve::quote_for_base(x, y, size).on_curve()?;
        let (base_reserve, quote_reserve) = curve::after(x, y, size, quote).on_curve()?;
        let ledger_mark =
            if state.ledger == sequence { state.ledger_mark } else { curve::mark(x, y).on_curve()? };
        let state = MarketState { base_reserve, quote_reserve, ledger: sequence, ledger_mark, ..*state };
        Leg::at(config, &state, size, quote)
    }

    /// Fills `size` at `quote`, after which the curve is at `state`.
    pub fn at(
        config: &MarketConfig,
        state: &MarketState,
        size: i128,
        quote: i128,
    ) -> Result<Leg, ClearingError> {
        let fee = bps_ceil(abs(quote).on_curve()?, config.fee_bps).on_curve()?;
        Ok(Leg { size, quote, fee, state: *state, taken: 0 })
    }

    /// Fills `size` at `quote` with the pool; the curve stays.
    pub fn from_pool(
        config: &MarketConfig,
        state: &MarketState,
        size: i128,
        quote: i128,
    ) -> Result<Leg, ClearingError> {
        Ok(Leg { taken: neg(size).on_curve()?, ..Leg::at(config, state, size, quote)? })
    }

    /// Mark afterwards, 1e14.
    pub fn mark(&self) -> Result<i128, ClearingError> {
        mark(&self.state)
    }
}

/// The mark of a curve, 1e14.
pub fn mark(state: &MarketState) -> Result<i128, ClearingError> {
    curve::mark(state.base_reserve, state.quote_reserve).on_curve()
}

/// Splits a trade into what reduces a position of `held` and what opens or increases.
pub fn split(held: i128, size_delta: i128) -> Result<(i128, i128), ClearingError> {
    if held == 0 || (held > 0) == (size_delta > 0) {
        return Ok((0, size_delta));
    }
    let after = add(held, size_delta).on_curve()?;
    if after == 0 || (after > 0) == (held > 0) {
        return Ok((size_delta, 0));
    }
    Ok((neg(held).on_curve()?, after))
}

/// Signed size that `margin * leverage / 100` of notional trades on the curve of `state`.
pub fn size_for_margin(
    state: &MarketState,
    is_long: bool,
    margin: i128,
    leverage: u32,
) -> Result<i128, ClearingError> {
    let notional = mul_div_floor(margin, leverage.into(), LEVERAGE.into()).on_curve()?;
    require(is_long || notional < state.quote_reserve, ClearingError::CurveExhausted)?;
    curve::base_for_quote(state.base_reserve, state.quote_reserve, notional, is_long).on_curve()
}

/// Whether the least base of a long, or the most base of a short, is kept.
pub fn check_base(size: i128, bound: i128) -> Result<(), ClearingError> {
    let kept = if size > 0 { size >= bound } else { abs(size).on_curve()? <= bound };
    require(kept, ClearingError::SlippageExceeded)
}

/// Whether a purchase at `price` costs at most, or a sale brings at least, `limit`.
pub fn check_limit(size_delta: i128, price: i128, limit: i128) -> Result<(), ClearingError> {
    let kept = if size_delta > 0 { price <= limit } else { price >= limit };
    require(kept, ClearingError::SlippageExceeded)
}

/// A position that remains must be worth the market's minimum, by the index if it has a price, else by the mark.
pub fn check_minimum(
    config: &MarketConfig,
    index: &Quote,
    size: i128,
    mark: i128,
) -> Result<(), ClearingError> {
    if size == 0 {
        return Ok(());
    }
    let price = if funding::usable(index) { index.mid } else { mark };
    let notional = curve::notional_floor(size, price).on_curve()?;
    require(notional >= config.min_notional, ClearingError::BelowMinimum)
}

/// The rules of the curve for a leg that adds risk: a live index, the band around it, the impact of one ledger.
///
/// `before` is the mark before the whole trade.
pub fn check_increase(
    config: &MarketConfig,
    index: &Quote,
    leg: &Leg,
    before: i128,
) -> Result<(), ClearingError> {
    refuse(!markets::is_live(index), ClearingError::PriceNotUsable)?;
    let after = leg.mark()?;
    let inside = curve::within(after, index.mid, config.band_bps).on_curve()?;
    refuse(!inside && !curve::approaches(before, after, index.mid), ClearingError::OutsideBand)?;
    refuse(
        !curve::within(after, leg.state.ledger_mark, config.impact_bps).on_curve()?,
        ClearingError::ImpactExceeded,
    )?;
    Ok(())
}

/// A match needs a live index, and lies inside the band around it.
pub fn check_match(config: &MarketConfig, index: &Quote, price: i128) -> Result<(), ClearingError> {
    refuse(!markets::is_live(index), ClearingError::PriceNotUsable)?;
    let inside = curve::within(price, index.mid, config.band_bps).on_curve()?;
    require(inside, ClearingError::OutsideBand)
}

/// The caps for a leg that adds risk, after which the position is `size`.
pub fn check_size(
    config: &MarketConfig,
    totals: &MarketTotals,
    index: &Quote,
    leg: &Leg,
    size: i128,
) -> Result<(), ClearingError> {
    let cap = bps_floor(leg.state.base_reserve, config.max_position_bps).on_curve()?;
    let side = if leg.size > 0 { totals.long_interest } else { totals.short_interest };
    let interest = add(side, abs(leg.size).on_curve()?).on_curve()?;
    refuse(
        abs(size).on_curve()? > cap || interest > config.max_open_interest,
        ClearingError::SizeCapExceeded,
    )?;
    check_minimum(config, index, size, leg.mark()?)
}
