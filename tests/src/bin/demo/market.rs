//! What the three sources say: they agree, but never exactly.

use margin_interface::PokeOutcome;
use margin_tests::fixture::Fixture;
use margin_tests::prices::{Prices, TICKERS};
use std::collections::BTreeMap;

/// By how much the first and the last source differ from the one in the middle, in 1/10,000 of the price.
const SPREAD: [i128; 3] = [35, 0, -45];

/// The price of everything, as the source in the middle sees it.
pub struct Market {
    prices: BTreeMap<&'static str, i128>,
}

impl Market {
    /// The first day, reported.
    pub fn new(fixture: &Fixture) -> Self {
        let market = Self { prices: TICKERS.map(|ticker| (ticker, Prices::genesis(ticker))).into() };
        fixture.advance(5);
        market.report(fixture);
        market
    }

    /// Notes another price.
    pub fn set(&mut self, ticker: &'static str, price: i128) {
        self.prices.insert(ticker, price);
    }

    /// Every source says what it sees, as of now, and the oracle reads them.
    pub fn report(&self, fixture: &Fixture) {
        self.say(fixture, &TICKERS);
        let outcomes = fixture.prices.poke(&TICKERS);
        assert!(outcomes.iter().all(|outcome| *outcome == PokeOutcome::Accepted), "{outcomes:?}");
    }

    /// Every source says what it sees of some tickers, as of now.
    pub fn say(&self, fixture: &Fixture, tickers: &[&'static str]) {
        for ticker in tickers {
            for (source, spread) in SPREAD.into_iter().enumerate() {
                let spread = if matches!(*ticker, "USDC" | "USDT") { 0 } else { spread };
                let price = self.prices[ticker];
                fixture.prices.say(source, ticker, price + price / 10_000 * spread);
            }
        }
    }
}
