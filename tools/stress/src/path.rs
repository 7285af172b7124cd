//! Market days: what prices did, minute by minute.
//!
//! The shapes follow what exchanges showed on those days, relative to the first price, as waypoints; between them prices go
//! straight, with noise that returns to the line. Asset order is that of [`crate::book::ASSETS`].

use crate::book::ASSETS;
use crate::dice::Dice;
use margin_math::units::PRICE;

/// Minutes of every scenario: two days.
pub const MINUTES: usize = 2_880;
/// Prices at the first minute, USD.
pub const FIRST: [f64; ASSETS] = [1.0, 3_000.0, 80_000.0, 0.30];

/// Hours since the start, and prices relative to [`FIRST`].
type Waypoint = (f64, [f64; ASSETS]);

/// One market and one network to survive.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Short, for a chart.
    pub name: &'static str,
    /// What it is shaped like.
    pub story: &'static str,
    /// Keeper transactions that get through per minute.
    pub keepers: u32,
    shape: Shape,
    /// Deviation of a minute, relative.
    noise: f64,
}

#[derive(Clone, Copy)]
enum Shape {
    Waypoints(&'static [Waypoint]),
    /// Up and down, every so many hours, by so much.
    Zigzag(f64, [f64; ASSETS]),
}

const CRASH: &[Waypoint] = &[
    (0.0, [1.0, 1.0, 1.0, 1.0]),
    (10.0, [1.0, 0.91, 0.93, 0.92]),
    (10.75, [1.0, 0.72, 0.755, 0.74]),
    (12.0, [1.0, 0.74, 0.78, 0.75]),
    (17.0, [1.0, 0.70, 0.76, 0.70]),
    (23.0, [1.0, 0.68, 0.74, 0.66]),
    (23.75, [1.0, 0.56, 0.62, 0.56]),
    (25.0, [1.0, 0.65, 0.72, 0.64]),
    (26.25, [1.0, 0.46, 0.505, 0.50]),
    (26.75, [1.0, 0.55, 0.60, 0.56]),
    (30.0, [1.0, 0.60, 0.66, 0.60]),
    (36.0, [1.0, 0.67, 0.71, 0.66]),
    (48.0, [1.0, 0.68, 0.70, 0.70]),
];

const RALLY: &[Waypoint] = &[
    (0.0, [1.0, 1.0, 1.0, 1.0]),
    (6.0, [1.0, 1.02, 1.03, 1.10]),
    (12.0, [1.0, 1.05, 1.04, 1.28]),
    (18.0, [1.0, 1.08, 1.06, 1.45]),
    (22.0, [1.0, 1.12, 1.10, 1.62]),
    (24.0, [1.0, 1.15, 1.12, 2.05]),
    (26.0, [1.0, 1.10, 1.10, 1.70]),
    (36.0, [1.0, 1.18, 1.14, 1.85]),
    (48.0, [1.0, 1.22, 1.16, 1.75]),
];

const DEPEG: &[Waypoint] = &[
    (0.0, [1.0, 1.0, 1.0, 1.0]),
    (4.0, [0.99, 0.97, 0.975, 0.94]),
    (6.0, [0.965, 0.98, 0.98, 0.95]),
    (8.5, [0.88, 0.985, 0.99, 0.96]),
    (10.0, [0.91, 0.985, 0.99, 0.97]),
    (14.0, [0.93, 1.0, 1.0, 0.98]),
    (20.0, [0.955, 1.02, 1.01, 1.0]),
    (28.0, [0.96, 1.03, 1.02, 1.01]),
    (36.0, [0.975, 1.07, 1.06, 1.02]),
    (46.0, [0.99, 1.11, 1.10, 1.03]),
    (48.0, [0.995, 1.12, 1.12, 1.03]),
];

const GAP: &[Waypoint] = &[
    (0.0, [1.0, 1.0, 1.0, 1.0]),
    (20.0, [1.0, 1.0, 1.0, 1.0]),
    (20.0 + 1.0 / 60.0, [1.0, 0.70, 0.70, 0.70]),
    (24.0, [1.0, 0.66, 0.67, 0.66]),
    (48.0, [1.0, 0.80, 0.80, 0.78]),
];

/// Keeper transactions per minute on a day without congestion: ten in each ledger.
const FREE: u32 = 120;

/// All of them.
pub const SCENARIOS: [Scenario; 6] = [
    Scenario {
        name: "crash",
        story: "12 and 13 March 2020: half of the value gone within 16 hours, in three falls",
        keepers: FREE,
        shape: Shape::Waypoints(CRASH),
        noise: 0.002,
    },
    Scenario {
        name: "rally",
        story: "23 and 24 November 2024: XLM doubles within a day, the majors follow",
        keepers: FREE,
        shape: Shape::Waypoints(RALLY),
        noise: 0.002,
    },
    Scenario {
        name: "chop",
        story: "Up and down by a tenth and more, every three hours, and back to where it began",
        keepers: FREE,
        shape: Shape::Zigzag(3.0, [0.0, 0.11, 0.085, 0.14]),
        noise: 0.002,
    },
    Scenario {
        name: "depeg",
        story: "10 to 12 March 2023: USDC, the settlement asset, falls to 88 cents and returns",
        keepers: FREE,
        shape: Shape::Waypoints(DEPEG),
        noise: 0.001,
    },
    Scenario {
        name: "gap",
        story: "Invented: everything loses 30% within one minute, and nobody could act in between",
        keepers: FREE,
        shape: Shape::Waypoints(GAP),
        noise: 0.001,
    },
    Scenario {
        name: "jam",
        story: "The crash again, while only three keeper transactions per minute get through",
        keepers: 3,
        shape: Shape::Waypoints(CRASH),
        noise: 0.002,
    },
];

impl Scenario {
    /// The same with another number of keeper transactions per minute.
    pub fn with_keepers(&self, keepers: u32) -> Self {
        Self { keepers, ..*self }
    }

    /// Prices of every minute, USD 1e14.
    pub fn prices(&self, seed: u64) -> Vec<[i128; ASSETS]> {
        let mut dice = Dice::new(seed);
        let mut off = [0.0; ASSETS];
        (0..MINUTES)
            .map(|minute| {
                let line = self.shape.at(minute as f64 / 60.0);
                let mut prices = [0; ASSETS];
                for asset in 0..ASSETS {
                    // A settlement asset is quoted finer than the others.
                    let noise = if asset == 0 { self.noise / 10.0 } else { self.noise };
                    off[asset] = 0.96 * off[asset] + noise * dice.normal();
                    let price = FIRST[asset] * line[asset] * (1.0 + off[asset]);
                    // Eight decimals, as sources have them.
                    prices[asset] = (price * 1e8) as i128 * (PRICE / 100_000_000);
                }
                prices
            })
            .collect()
    }
}

impl Shape {
    fn at(&self, hour: f64) -> [f64; ASSETS] {
        match self {
            Shape::Waypoints(points) => {
                let after = points.iter().position(|(at, _)| *at > hour).unwrap_or(points.len() - 1).max(1);
                let ((from, low), (to, high)) = (points[after - 1], points[after]);
                let part = ((hour - from) / (to - from)).clamp(0.0, 1.0);
                std::array::from_fn(|asset| low[asset] + (high[asset] - low[asset]) * part)
            }
            Shape::Zigzag(period, reach) => {
                let phase = hour / period % 4.0;
                let swing = if phase < 1.0 {
                    -phase
                } else if phase < 3.0 {
                    phase - 2.0
                } else {
                    4.0 - phase
                };
                reach.map(|reach| 1.0 + reach * swing)
            }
        }
    }
}
