//! The constant-product curve.

use crate::model::number::{ratio, trimmed, Exact};
use num_traits::{Signed, Zero};

/// Virtual reserves, base and quote in their smallest units.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Base.
    pub x: Exact,
    /// Quote.
    pub y: Exact,
}

impl Curve {
    /// Cash of trading `size` (bought > 0): negative when base is bought.
    pub fn cash(&self, size: &Exact) -> Exact {
        trimmed(-(&self.y * size) / (&self.x - size))
    }

    /// What holders of `net` would take out if they left together.
    pub fn exit(&self, net: &Exact) -> Exact {
        self.cash(&-net)
    }

    /// The curve after trading `size`.
    pub fn after(&self, size: &Exact) -> Curve {
        Curve { x: &self.x - size, y: &self.y - self.cash(size) }
    }

    /// The curve at another base reserve, on the same hyperbola.
    pub fn moved_to(&self, x: &Exact) -> Curve {
        Curve { x: x.clone(), y: trimmed(&self.x * &self.y / x) }
    }

    /// The curve with `quote` more depth at the same mark.
    pub fn deepened(&self, quote: &Exact) -> Curve {
        let y = &self.y + quote;
        Curve { x: trimmed(&self.x * &y / &self.y), y }
    }

    /// Base that a notional of `quote` trades: bought, or sold (then negative).
    pub fn base_for(&self, quote: &Exact, long: bool) -> Exact {
        if long {
            &self.x * quote / (&self.y + quote)
        } else {
            -(&self.x * quote) / (&self.y - quote)
        }
    }

    /// Quote per base.
    pub fn mark(&self) -> Exact {
        &self.y / &self.x
    }
}

/// Whether `price` is at most `bps` away from `reference`.
pub fn within(price: &Exact, reference: &Exact, bps: u32) -> bool {
    (price - reference).abs() <= reference * ratio(bps.into(), 10_000)
}

/// Whether `to` is nearer to `target` than `from`, without having passed it.
pub fn approaches(from: &Exact, to: &Exact, target: &Exact) -> bool {
    let (before, after) = (target - from, target - to);
    after.abs() < before.abs() && (after.is_zero() || after.is_positive() == before.is_positive())
}

/// Whether a move from `from` to `to` went toward `target`, or ended there to the nine digits of the contract's root.
pub fn reaches(from: &Exact, to: &Exact, target: &Exact) -> bool {
    approaches(from, to, target) || (target - to).abs() <= target * ratio(1, 1_000_000_000)
}

/// The part of `size` that reduces a position of `held`, and the part that opens or increases one.
pub fn split(held: &Exact, size: &Exact) -> (Exact, Exact) {
    if held.is_zero() || held.is_positive() == size.is_positive() {
        return (Exact::zero(), size.clone());
    }
    if size.abs() <= held.abs() {
        return (size.clone(), Exact::zero());
    }
    (-held, held + size)
}
