//! Amounts as a story says them.

use margin_math::units::{BASE, PRICE, USD};

/// The tokens of the story.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Coin {
    /// Settlement asset: a real Stellar Asset Contract, 7 decimals.
    Usdc,
    /// A SEP-41 token of 18 decimals.
    Eth,
    /// A SEP-41 token of 6 decimals.
    Usdt,
    /// A real Stellar Asset Contract, 7 decimals.
    Xlm,
}

impl Coin {
    /// All of them.
    pub const ALL: [Coin; 4] = [Coin::Usdc, Coin::Eth, Coin::Usdt, Coin::Xlm];

    /// What price feeds call it.
    pub fn ticker(self) -> &'static str {
        match self {
            Coin::Usdc => "USDC",
            Coin::Eth => "ETH",
            Coin::Usdt => "USDT",
            Coin::Xlm => "XLM",
        }
    }

    /// Decimals of the token.
    pub fn decimals(self) -> u32 {
        match self {
            Coin::Usdc | Coin::Xlm => 7,
            Coin::Eth => 18,
            Coin::Usdt => 6,
        }
    }

    /// `thousandths` / 1000 of one whole unit.
    pub fn milli(self, thousandths: i128) -> Money {
        let unit = 10i128.pow(self.decimals());
        Money { coin: self, units: thousandths * unit / 1_000 }
    }

    /// So many of the token's smallest units.
    pub fn units(self, units: i128) -> Money {
        Money { coin: self, units }
    }

    /// Everything there is.
    pub fn all(self) -> Money {
        Money { coin: self, units: i128::MAX }
    }
}

/// An amount of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Money {
    /// Which token.
    pub coin: Coin,
    /// In its smallest units.
    pub units: i128,
}

/// Whole dollars of USDC.
pub fn usdc(whole: i128) -> Money {
    Coin::Usdc.milli(whole * 1_000)
}

/// Whole ether.
pub fn eth(whole: i128) -> Money {
    Coin::Eth.milli(whole * 1_000)
}

/// Whole dollars of USDT.
pub fn usdt(whole: i128) -> Money {
    Coin::Usdt.milli(whole * 1_000)
}

/// Whole lumens.
pub fn xlm(whole: i128) -> Money {
    Coin::Xlm.milli(whole * 1_000)
}

/// Dollars as a value, 1e7.
pub fn usd(whole: i128) -> i128 {
    whole * USD
}

/// Dollars as a price, 1e14.
pub fn price(whole: i128) -> i128 {
    whole * PRICE
}

/// Thousandths of a whole unit as a position size, 1e14.
pub fn milli_base(thousandths: i128) -> i128 {
    thousandths * BASE / 1_000
}
