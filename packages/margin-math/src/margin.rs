//! Is it enough: an account's margin in one of three valuations.
//!
//! ```text
//! E   = sum(deposit value * ltv) + counted gains
//! R   = sum(debt value * lw) + perp debt + losses + sum(|size| * price * mmr)
//! E_l = sum(deposit value * ltv / level_l) + counted gains / settlement level_l
//! ```
//!
//! Holdings are added one by one to a [`Margin`]; it answers from the sums. Values are USD at 1e7: what supports is
//! floored, what must be supported is ceiled, holding by holding. Realising a loss therefore never lowers a health of
//! at least one: it takes from `E` at most what it takes from `R`.

use crate::error::overflow;
use crate::fixed::{
    abs, add, bps_ceil, bps_floor, div_floor, increase, mul_div_ceil, mul_div_floor, neg, pow10, sub,
};
use crate::units::{BPS, LEVERAGE, PRICE, QUOTE_SCALE};
use crate::MathError;

/// For what an account is valued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Valuation {
    /// May it take more risk: every price against the account, gains count nothing.
    Open,
    /// How is it: mid prices, gains count in full.
    Live,
    /// May it be liquidated: every price for the account, gains count in full.
    Liquidation,
}

/// A price as an interval with a slow reference, USD per whole unit at 1e14.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prices {
    /// Lowest supported.
    pub lo: i128,
    /// Accepted.
    pub mid: i128,
    /// Highest supported.
    pub hi: i128,
    /// Slow reference.
    pub stable: i128,
}

impl Prices {
    /// One price for every purpose.
    pub const fn flat(price: i128) -> Self {
        Prices { lo: price, mid: price, hi: price, stable: price }
    }

    /// Price of what the account owns.
    pub fn owned(&self, valuation: Valuation) -> i128 {
        match valuation {
            Valuation::Open => self.lo.min(self.stable),
            Valuation::Live => self.mid,
            Valuation::Liquidation => self.hi,
        }
    }

    /// Price of what the account owes.
    pub fn owed(&self, valuation: Valuation) -> i128 {
        match valuation {
            Valuation::Open => self.hi.max(self.stable),
            Valuation::Live => self.mid,
            Valuation::Liquidation => self.lo,
        }
    }

    /// Price of perpetual losses and debt, which a settlement deposit pays: never below the price of that deposit, or
    /// realising a loss could cost health.
    pub fn settled(&self, valuation: Valuation) -> i128 {
        self.owed(valuation).max(self.owned(valuation))
    }
}

/// Divisors of an asset's collateral at the three levels, bps: `opening > margin_call >= liquidation >= 10_000`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Levels {
    /// Needed to take risk.
    pub opening_bps: u32,
    /// Below it the account is called.
    pub margin_call_bps: u32,
    /// Below it the account may be liquidated.
    pub liquidation_bps: u32,
}

/// A deposit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deposit {
    /// Token units.
    pub amount: i128,
    /// Decimals of the token.
    pub decimals: u32,
    /// Divisors.
    pub levels: Levels,
    /// Share that supports, bps.
    pub ltv_bps: u32,
    /// Price.
    pub prices: Prices,
}

/// A lending debt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Debt {
    /// Token units.
    pub amount: i128,
    /// Decimals of the token.
    pub decimals: u32,
    /// Weight, bps.
    pub lw_bps: u32,
    /// Price.
    pub prices: Prices,
}

/// A perpetual position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PositionLine {
    /// Signed entry cash, quote 1e7.
    pub entry: i128,
    /// Signed cash of closing through the curve, quote 1e7: received for a long, negative for a short.
    pub exit: i128,
    /// Funding owed (positive) or due (negative), quote 1e7.
    pub funding: i128,
    /// Initial margin of this size, bps.
    pub imr_bps: u32,
    /// Index price.
    pub index: Prices,
    /// Maintenance margin, bps.
    pub mmr_bps: u32,
    /// Signed size, base 1e14.
    pub size: i128,
}

/// What a position is worth in a valuation, quote 1e7 for the profit, USD 1e7 for the notional.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PositionValue {
    /// |size| * price.
    pub notional: i128,
    /// Unrealised profit including owed funding, whether it counts or not.
    pub pnl: i128,
}

/// The sums of an account, USD at 1e7, and the answers they give.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Margin {
    /// Value of deposits.
    pub collateral: i128,
    /// Value of lending debts and perpetual debt.
    pub debt: i128,
    /// `E`.
    pub effective: i128,
    /// `E` at the opening level.
    pub effective_opening: i128,
    /// `E` at the margin-call level.
    pub effective_call: i128,
    /// `E` at the liquidation level.
    pub effective_liquidation: i128,
    /// Gains that count, USD.
    pub gains: i128,
    /// What new risk must be supported by: as `required`, with initial instead of maintenance margins.
    pub initial: i128,
    /// Losses, USD, not negative.
    pub losses: i128,
    /// Sum of |size| * price.
    pub notional: i128,
    /// `R`.
    pub required: i128,
    settlement: Prices,
    settlement_levels: Levels,
    valuation: Valuation,
}

impl Margin {
    /// An account without holdings. Perpetual amounts are units of the settlement asset.
    pub const fn new(valuation: Valuation, settlement: Prices, settlement_levels: Levels) -> Self {
        Margin {
            collateral: 0,
            debt: 0,
            effective: 0,
            effective_opening: 0,
            effective_call: 0,
            effective_liquidation: 0,
            gains: 0,
            initial: 0,
            losses: 0,
            notional: 0,
            required: 0,
            settlement,
            settlement_levels,
            valuation,
        }
    }

    /// Adds a deposit; returns its value.
    pub fn deposit(&mut self, deposit: &Deposit) -> Result<i128, MathError> {
        let value = value_floor(deposit.amount, deposit.decimals, deposit.prices.owned(self.valuation))?;
        increase(&mut self.collateral, value)?;
        self.support(bps_floor(value, deposit.ltv_bps)?, &deposit.levels)?;
        Ok(value)
    }

    /// Adds a lending debt; returns its value.
    pub fn debt(&mut self, debt: &Debt) -> Result<i128, MathError> {
        let value = debt_value(debt.amount, debt.decimals, debt.prices.owed(self.valuation))?;
        increase(&mut self.debt, value)?;
        self.require(bps_ceil(value, debt.lw_bps)?)?;
        Ok(value)
    }

    /// Adds what the account owes to the perpetual credit line, settlement units; returns its value.
    pub fn perp_debt(&mut self, amount: i128) -> Result<i128, MathError> {
        let value = settled_ceil(amount, self.settlement.settled(self.valuation))?;
        increase(&mut self.debt, value)?;
        self.require(value)?;
        Ok(value)
    }

    /// Adds a position.
    pub fn position(&mut self, line: &PositionLine) -> Result<PositionValue, MathError> {
        let (worth, price) = match self.valuation {
            Valuation::Open => {
                let end = if line.size > 0 {
                    line.index.owned(self.valuation)
                } else {
                    line.index.owed(self.valuation)
                };
                (quote_floor(line.size, end)?.min(line.exit), line.index.owed(self.valuation))
            }
            // One price, at which a take-over executes: uncertainty of the index is the caller's choice of `mid`.
            Valuation::Live | Valuation::Liquidation => {
                (quote_floor(line.size, line.index.mid)?, line.index.mid)
            }
        };
        let pnl = sub(add(worth, line.entry)?, line.funding)?;
        let settled = self.settlement.settled(self.valuation);
        if pnl < 0 {
            let loss = settled_ceil(neg(pnl)?, settled)?;
            increase(&mut self.losses, loss)?;
            self.require(loss)?;
        } else if self.valuation != Valuation::Open {
            let gain = mul_div_floor(pnl, self.settlement.owned(self.valuation), PRICE)?;
            increase(&mut self.gains, gain)?;
            let levels = self.settlement_levels;
            self.support(gain, &levels)?;
        }
        let notional = settled_ceil(mul_div_ceil(abs(line.size)?, price, QUOTE_SCALE)?, settled)?;
        increase(&mut self.notional, notional)?;
        increase(&mut self.required, bps_ceil(notional, line.mmr_bps)?)?;
        increase(&mut self.initial, bps_ceil(notional, line.imr_bps)?)?;
        Ok(PositionValue { notional, pnl })
    }

    /// Deposits - debts + unrealised profit that counts.
    pub fn equity(&self) -> Result<i128, MathError> {
        sub(add(sub(self.collateral, self.debt)?, self.gains)?, self.losses)
    }

    /// `E / R` in bps, floor; `u32::MAX` when nothing is required, 0 when nothing supports.
    pub fn health(&self) -> Result<u32, MathError> {
        health(self.effective, self.required)
    }

    /// `(debt + notional) / equity` in hundredths, ceil; `u32::MAX` when there is exposure and no equity.
    pub fn leverage(&self) -> Result<u32, MathError> {
        let exposure = add(self.debt, self.notional)?;
        if exposure == 0 {
            return Ok(0);
        }
        let equity = self.equity()?;
        if equity <= 0 {
            return Ok(u32::MAX);
        }
        capped_ratio(exposure, LEVERAGE, equity, mul_div_ceil)
    }

    /// Whether the account may take risk: opening level and initial margins.
    pub fn opening_ok(&self) -> bool {
        self.effective_opening >= self.required && self.effective >= self.initial
    }

    /// Whether the margin-call level holds.
    pub fn margin_call_ok(&self) -> bool {
        self.effective_call >= self.required
    }

    /// Whether the liquidation level holds.
    pub fn liquidation_ok(&self) -> bool {
        self.effective_liquidation >= self.required
    }

    /// Whether health is strictly better in `after`: `E' / R' > E / R`.
    pub fn improves_to(&self, after: &Margin) -> Result<bool, MathError> {
        if self.required == 0 || after.required == 0 {
            return Ok(after.required < self.required);
        }
        Ok(mul_div_ceil(after.effective, self.required, after.required)? > self.effective)
    }

    fn support(&mut self, value: i128, levels: &Levels) -> Result<(), MathError> {
        let at = |level: u32| mul_div_floor(value, i128::from(BPS), i128::from(level));
        increase(&mut self.effective, value)?;
        increase(&mut self.effective_opening, at(levels.opening_bps)?)?;
        increase(&mut self.effective_call, at(levels.margin_call_bps)?)?;
        increase(&mut self.effective_liquidation, at(levels.liquidation_bps)?)?;
        Ok(())
    }

    fn require(&mut self, value: i128) -> Result<(), MathError> {
        increase(&mut self.required, value)?;
        increase(&mut self.initial, value)?;
        Ok(())
    }
}

/// `effective / required` in bps, floor; `u32::MAX` when nothing is required, 0 when nothing supports.
pub fn health(effective: i128, required: i128) -> Result<u32, MathError> {
    if required <= 0 {
        return Ok(u32::MAX);
    }
    if effective <= 0 {
        return Ok(0);
    }
    capped_ratio(effective, BPS, required, mul_div_floor)
}

/// Value of `amount` token units at `price`, USD 1e7, floor.
pub fn value_floor(amount: i128, decimals: u32, price: i128) -> Result<i128, MathError> {
    mul_div_floor(amount, price, value_scale(decimals)?)
}

/// Value of `amount` token units at `price`, USD 1e7, ceil.
pub fn value_ceil(amount: i128, decimals: u32, price: i128) -> Result<i128, MathError> {
    mul_div_ceil(amount, price, value_scale(decimals)?)
}

/// Value of a debt: ceil, and a debt that is not zero is worth at least one unit whatever its price.
pub fn debt_value(amount: i128, decimals: u32, price: i128) -> Result<i128, MathError> {
    if amount == 0 {
        return Ok(0);
    }
    Ok(value_ceil(amount, decimals, price)?.max(1))
}

/// Initial margin of a position of `size` on a base reserve `base_reserve`: `imr + scaling * |size| / x`, bps, ceil.
pub fn initial_margin_bps(
    imr_bps: u32,
    size_scaling_bps: u32,
    size: i128,
    base_reserve: i128,
) -> Result<u32, MathError> {
    let scaled = mul_div_ceil(i128::from(size_scaling_bps), abs(size)?, base_reserve)?;
    let sum = add(i128::from(imr_bps), scaled)?;
    u32::try_from(sum).or_else(|_| overflow())
}

/// `size * price` as a quote amount at 1e7, toward minus infinity for either sign.
pub fn quote_floor(size: i128, price: i128) -> Result<i128, MathError> {
    mul_div_floor(size, price, QUOTE_SCALE)
}

fn value_scale(decimals: u32) -> Result<i128, MathError> {
    // amount / 10^decimals * price / PRICE * USD
    pow10(decimals.checked_add(7).map_or_else(overflow, Ok)?)
}

fn settled_ceil(amount: i128, price: i128) -> Result<i128, MathError> {
    if amount == 0 {
        return Ok(0);
    }
    Ok(mul_div_ceil(amount, price, PRICE)?.max(1))
}

/// `a * scale / b` for positive operands, at most `u32::MAX`.
fn capped_ratio(
    a: i128,
    scale: u32,
    b: i128,
    mul_div: fn(i128, i128, i128) -> Result<i128, MathError>,
) -> Result<u32, MathError> {
    let most = u32::MAX / scale;
    if div_floor(a, b)? > i128::from(most) {
        return Ok(u32::MAX);
    }
    // Here the quotient is below `u32::MAX + scale`.
    Ok(u32::try_from(mul_div(a, i128::from(scale), b)?).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{BASE, USD};
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use num_traits::{Signed, Zero};
    use proptest::prelude::*;
    use std::vec::Vec;

    const SETTLEMENT: Levels =
        Levels { opening_bps: 10_250, margin_call_bps: 10_000, liquidation_bps: 10_000 };
    const ALL: [Valuation; 3] = [Valuation::Open, Valuation::Live, Valuation::Liquidation];

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    fn bps(n: u32) -> BigRational {
        ratio(i128::from(n)) / ratio(10_000)
    }

    fn sums(effective: i128, required: i128) -> Margin {
        let mut margin = Margin::new(Valuation::Live, Prices::flat(PRICE), SETTLEMENT);
        (margin.effective, margin.required) = (effective, required);
        margin
    }

    proptest! {
        #[test]
        fn better_is_decided_exactly(e in 0..i128::MAX / 4, r in 1..i128::MAX / 4, e2 in 0..i128::MAX / 4, r2 in 1..i128::MAX / 4) {
            let exact = ratio(e2) / ratio(r2) > ratio(e) / ratio(r);
            if let Ok(decided) = sums(e, r).improves_to(&sums(e2, r2)) {
                prop_assert_eq!(decided, exact);
            }
        }
    }

    #[test]
    fn a_ratio_beyond_every_u32_is_the_largest() {
        assert_eq!(health(i128::MAX, 1), Ok(u32::MAX));
        assert_eq!(health(i128::from(u32::MAX), 10_000), Ok(u32::MAX));
        assert_eq!(health(i128::from(u32::MAX) - 1, 10_000), Ok(u32::MAX - 1));
        assert_eq!(health(429_497, 1), Ok(u32::MAX));
        assert_eq!(health(429_496, 1), Ok(4_294_960_000));
    }

    #[test]
    fn nothing_required_is_the_best_there_is() {
        assert_eq!(sums(5, 10).improves_to(&sums(0, 0)), Ok(true));
        assert_eq!(sums(5, 0).improves_to(&sums(4, 0)), Ok(false));
        assert_eq!(sums(5, 10).improves_to(&sums(5, 10)), Ok(false));
    }

    #[test]
    fn a_fraction_better_is_better() {
        assert_eq!(sums(5, 10).improves_to(&sums(6, 11)), Ok(true));
        assert_eq!(sums(6, 11).improves_to(&sums(5, 10)), Ok(false));
    }

    fn prices() -> impl Strategy<Value = Prices> {
        (1_i128..1_000_000_000, 0_i128..500, 0_i128..500, -300_i128..300).prop_map(
            |(cents, below, above, slow)| {
                let mid = cents * PRICE / 10_000;
                let at = |bps: i128| (mid * (10_000 + bps) / 10_000).max(1);
                Prices { lo: at(-below), mid, hi: at(above), stable: at(slow) }
            },
        )
    }

    fn levels() -> impl Strategy<Value = Levels> {
        (10_000_u32..12_000, 0_u32..1_000, 1_u32..1_000).prop_map(|(liquidation_bps, call, opening)| Levels {
            opening_bps: liquidation_bps + call + opening,
            margin_call_bps: liquidation_bps + call,
            liquidation_bps,
        })
    }

    fn deposit() -> impl Strategy<Value = Deposit> {
        (
            0_i128..1_000_000_000_000,
            prop::sample::select(std::vec![0_u32, 6, 7, 18]),
            levels(),
            1_000_u32..=10_000,
            prices(),
        )
            .prop_map(|(units, decimals, levels, ltv_bps, prices)| Deposit {
                amount: units * 10_i128.pow(decimals) / 1_000_000,
                decimals,
                levels,
                ltv_bps,
                prices,
            })
    }

    fn debt() -> impl Strategy<Value = Debt> {
        (deposit(), 10_000_u32..13_000).prop_map(|(deposit, lw_bps)| Debt {
            amount: deposit.amount,
            decimals: deposit.decimals,
            lw_bps,
            prices: deposit.prices,
        })
    }

    fn position() -> impl Strategy<Value = PositionLine> {
        (
            -1_000_000_i128..1_000_000,
            prices(),
            -2_000_i128..2_000,
            -1_000_i128..1_000,
            50_u32..1_000,
            1_u32..1_000,
        )
            .prop_map(|(units, index, gain, funding, mmr_bps, more)| {
                let size = units * BASE / 1_000;
                let worth = mul_div_floor(size, index.mid, QUOTE_SCALE).unwrap();
                PositionLine {
                    entry: -worth + worth.abs() * gain / 10_000,
                    exit: worth - worth.abs() / 500,
                    funding: funding * USD / 100,
                    imr_bps: mmr_bps + more,
                    index,
                    mmr_bps,
                    size,
                }
            })
    }

    #[derive(Clone, Debug)]
    struct Account {
        deposits: Vec<Deposit>,
        debts: Vec<Debt>,
        positions: Vec<PositionLine>,
        perp_debt: i128,
        settlement: Prices,
    }

    fn account() -> impl Strategy<Value = Account> {
        (
            prop::collection::vec(deposit(), 0..4),
            prop::collection::vec(debt(), 0..3),
            prop::collection::vec(position(), 0..3),
            0_i128..1_000 * USD,
            (9_900_i128..10_100, 0_i128..50, 0_i128..50),
        )
            .prop_map(|(deposits, debts, positions, perp_debt, (mid, below, above))| {
                let at = |n: i128| n * PRICE / 10_000;
                let settlement =
                    Prices { lo: at(mid - below), mid: at(mid), hi: at(mid + above), stable: at(10_000) };
                Account { deposits, debts, positions, perp_debt, settlement }
            })
    }

    fn value(account: &Account, valuation: Valuation) -> Margin {
        let mut margin = Margin::new(valuation, account.settlement, SETTLEMENT);
        for line in &account.deposits {
            margin.deposit(line).unwrap();
        }
        for line in &account.debts {
            margin.debt(line).unwrap();
        }
        for line in &account.positions {
            margin.position(line).unwrap();
        }
        margin.perp_debt(account.perp_debt).unwrap();
        margin
    }

    struct Exact {
        effective: BigRational,
        opening: BigRational,
        required: BigRational,
        initial: BigRational,
        equity: BigRational,
        exposure: BigRational,
    }

    /// The table of the design, in rationals.
    fn exact(account: &Account, valuation: Valuation) -> Exact {
        let zero = BigRational::zero;
        let mut e = Exact {
            effective: zero(),
            opening: zero(),
            required: zero(),
            initial: zero(),
            equity: zero(),
            exposure: zero(),
        };
        let dollars = |amount: i128, decimals: u32, price: i128| {
            ratio(amount) * ratio(price) * ratio(USD) / ratio(PRICE) / ratio(10_i128.pow(decimals))
        };
        type Pick = fn(&Prices) -> i128;
        let (own, owe): (Pick, Pick) = match valuation {
            Valuation::Open => (|p| p.lo.min(p.stable), |p| p.hi.max(p.stable)),
            Valuation::Live => (|p| p.mid, |p| p.mid),
            Valuation::Liquidation => (|p| p.hi, |p| p.lo),
        };
        for d in &account.deposits {
            let value = dollars(d.amount, d.decimals, own(&d.prices));
            e.equity += &value;
            e.effective += &value * bps(d.ltv_bps);
            e.opening += value * bps(d.ltv_bps) / bps(d.levels.opening_bps);
        }
        for d in &account.debts {
            let value = dollars(d.amount, d.decimals, owe(&d.prices));
            e.equity -= &value;
            e.exposure += &value;
            e.required += &value * bps(d.lw_bps);
            e.initial += value * bps(d.lw_bps);
        }
        let gain_price = ratio(own(&account.settlement)) / ratio(PRICE);
        let loss_price = ratio(own(&account.settlement).max(owe(&account.settlement))) / ratio(PRICE);
        let lent = ratio(account.perp_debt) * &loss_price;
        e.equity -= &lent;
        e.exposure += &lent;
        e.required += &lent;
        e.initial += lent;
        for p in &account.positions {
            let at = |price: i128| ratio(p.size) * ratio(price) / ratio(QUOTE_SCALE);
            let (worth, price) = match valuation {
                Valuation::Open => {
                    let end = if p.size > 0 { own(&p.index) } else { owe(&p.index) };
                    (at(end).min(ratio(p.exit)), owe(&p.index))
                }
                _ => (at(p.index.mid), p.index.mid),
            };
            let pnl = worth + ratio(p.entry) - ratio(p.funding);
            if pnl.is_negative() {
                let loss = -pnl * &loss_price;
                e.equity -= &loss;
                e.required += &loss;
                e.initial += loss;
            } else if valuation != Valuation::Open {
                let gain = pnl * &gain_price;
                e.equity += &gain;
                e.effective += &gain;
                e.opening += gain / bps(SETTLEMENT.opening_bps);
            }
            let notional = at(price).abs() * &loss_price;
            e.required += &notional * bps(p.mmr_bps);
            e.initial += &notional * bps(p.imr_bps);
            e.exposure += notional;
        }
        e
    }

    fn near(unit: i128, exact: &BigRational, below: i128, above: i128) -> bool {
        let difference = ratio(unit) - exact;
        difference >= ratio(-below) && difference <= ratio(above)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_500))]

        /// Supporting sums are the exact ones rounded down, required ones rounded up, by a few units per holding.
        #[test]
        fn every_valuation_equals_the_exact_table(account in account()) {
            for valuation in ALL {
                let (margin, exact) = (value(&account, valuation), exact(&account, valuation));
                prop_assert!(near(margin.effective, &exact.effective, 24, 0), "{:?} {}", margin, exact.effective);
                prop_assert!(near(margin.effective_opening, &exact.opening, 32, 0));
                prop_assert!(near(margin.required, &exact.required, 0, 32));
                prop_assert!(near(margin.initial, &exact.initial, 0, 32));
                prop_assert!(near(margin.equity().unwrap(), &exact.equity, 32, 0));
                prop_assert!(near(margin.debt + margin.notional, &exact.exposure, 0, 24));
            }
        }

        /// Opening implies no margin call implies no liquidation, within a valuation and from Open to Liquidation.
        #[test]
        fn levels_nest(account in account()) {
            for valuation in ALL {
                let margin = value(&account, valuation);
                prop_assert!(margin.effective >= margin.effective_liquidation);
                prop_assert!(margin.effective_liquidation >= margin.effective_call);
                prop_assert!(margin.effective_call >= margin.effective_opening);
                prop_assert!(margin.initial >= margin.required);
                prop_assert!(!margin.opening_ok() || margin.margin_call_ok());
                prop_assert!(!margin.margin_call_ok() || margin.liquidation_ok());
                prop_assert!(margin.health().unwrap() >= 10_000 || !margin.liquidation_ok());
            }
        }

        /// A deposit never hurts, at any level; leaving it out never helps.
        #[test]
        fn a_deposit_never_hurts(account in account(), more in deposit()) {
            for valuation in ALL {
                let before = value(&account, valuation);
                let mut after = before;
                after.deposit(&more).unwrap();
                prop_assert!(after.health().unwrap() >= before.health().unwrap());
                prop_assert!(after.equity().unwrap() >= before.equity().unwrap());
                prop_assert!(after.leverage().unwrap() <= before.leverage().unwrap());
                prop_assert!(after.opening_ok() || !before.opening_ok());
                prop_assert!(after.margin_call_ok() || !before.margin_call_ok());
                prop_assert!(after.liquidation_ok() || !before.liquidation_ok());
            }
        }

        /// Whoever settles a loss, and when, costs no health of at least one: the deposit pays, then the credit line.
        #[test]
        fn realising_a_loss_never_lowers_a_health_of_one(account in account(), cash in 0_i128..1_000_000 * USD, loss in 1_i128..100_000 * USD) {
            let settlement_deposit = |amount: i128| Deposit {
                amount,
                decimals: 7,
                levels: SETTLEMENT,
                ltv_bps: 10_000,
                prices: account.settlement,
            };
            // A position at its entry price that owes `loss`, then the same after settling.
            let line = |funding: i128| {
                let index = Prices::flat(100 * PRICE);
                PositionLine { entry: -1_000 * USD, exit: 1_000 * USD, funding, imr_bps: 1_000, index, mmr_bps: 500, size: 10 * BASE }
            };
            for valuation in ALL {
                let mut before = value(&account, valuation);
                before.deposit(&settlement_deposit(cash)).unwrap();
                before.position(&line(loss)).unwrap();
                let mut after = value(&Account { perp_debt: account.perp_debt + (loss - cash).max(0), ..account.clone() }, valuation);
                after.deposit(&settlement_deposit((cash - loss).max(0))).unwrap();
                after.position(&line(0)).unwrap();
                if before.effective >= before.required {
                    // The credit line rounds up together with what was owed before: at most a unit.
                    prop_assert!(health(after.effective + 1, after.required - 1).unwrap() >= before.health().unwrap());
                }
                prop_assert!(after.effective_liquidation + 1 >= after.required || !before.liquidation_ok());
                prop_assert!(after.effective_opening + 1 >= after.required || !before.opening_ok());
            }
        }

        /// The same amount of tokens with 6, 7 or 18 decimals is worth the same.
        #[test]
        fn decimals_do_not_change_values(millionths in 0_i128..1_000_000_000_000, prices in prices()) {
            let amount = |decimals: u32| millionths * 10_i128.pow(decimals - 6);
            let values = [6, 7, 18].map(|decimals| value_floor(amount(decimals), decimals, prices.mid).unwrap());
            prop_assert!(values[0] == values[1] && values[1] == values[2]);
            let debts = [6, 7, 18].map(|decimals| debt_value(amount(decimals), decimals, prices.mid).unwrap());
            prop_assert!(debts[0] == debts[1] && debts[1] == debts[2]);
        }
    }

    #[test]
    fn a_debt_that_is_not_zero_is_worth_a_unit() {
        assert_eq!(debt_value(1, 18, PRICE / 1_000_000), Ok(1));
        assert_eq!(debt_value(0, 18, PRICE), Ok(0));
        let mut margin = Margin::new(Valuation::Live, Prices::flat(PRICE / 100), SETTLEMENT);
        assert_eq!(margin.perp_debt(1), Ok(1));
        assert_eq!(margin.health(), Ok(0));
    }

    #[test]
    fn nothing_owed_is_health_without_bound_and_no_leverage() {
        let margin = Margin::new(Valuation::Open, Prices::flat(PRICE), SETTLEMENT);
        assert_eq!((margin.health(), margin.leverage()), (Ok(u32::MAX), Ok(0)));
        assert!(margin.opening_ok());
        assert_eq!((health(12, 10), health(2, 3)), (Ok(12_000), Ok(6_666)));
        assert_eq!(health(i128::MAX, 1), Ok(u32::MAX));
        assert_eq!(health(-5, 10), Ok(0));
    }

    #[test]
    fn leverage_is_exposure_over_equity() {
        let mut margin = Margin::new(Valuation::Live, Prices::flat(PRICE), SETTLEMENT);
        let prices = Prices::flat(PRICE);
        margin
            .deposit(&Deposit { amount: 400, decimals: 0, levels: SETTLEMENT, ltv_bps: 10_000, prices })
            .unwrap();
        margin.debt(&Debt { amount: 300, decimals: 0, lw_bps: 10_000, prices }).unwrap();
        assert_eq!(margin.leverage(), Ok(300));
        margin.debt(&Debt { amount: 1, decimals: 0, lw_bps: 10_000, prices }).unwrap();
        assert_eq!(margin.leverage(), Ok(305)); // 301 / 99, up
        margin.debt(&Debt { amount: 100, decimals: 0, lw_bps: 10_000, prices }).unwrap();
        assert_eq!(margin.leverage(), Ok(u32::MAX));
    }

    #[test]
    fn the_initial_margin_grows_with_size() {
        assert_eq!(initial_margin_bps(1_000, 1_000, 10 * BASE, 1_000 * BASE), Ok(1_010));
        assert_eq!(initial_margin_bps(1_000, 1_000, -10 * BASE - 1, 1_000 * BASE), Ok(1_011));
        assert_eq!(initial_margin_bps(1_000, 1_000, BASE, 0), Err(MathError::DivisionByZero));
    }
}
