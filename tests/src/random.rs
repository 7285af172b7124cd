//! A small deterministic generator: the same seed tells the same story on every machine.

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Something in `low..=high`.
    pub fn between(&mut self, low: i128, high: i128) -> i128 {
        assert!(low <= high, "an empty range");
        low + i128::from(self.roll()) % (high - low + 1)
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.between(0, i128::try_from(from.len()).expect("small") - 1);
        &from[usize::try_from(index).expect("small")]
    }

    /// True in `percent` of a hundred rolls.
    pub fn chance(&mut self, percent: i128) -> bool {
        self.between(1, 100) <= percent
    }
}
