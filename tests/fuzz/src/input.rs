//! Bytes as choices. Where the bytes end, every choice is the first one: each input means something.

/// Takes choices off bytes.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Reads `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether anything is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Something below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// One of them.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// True for `out_of_256` of the bytes, and not for the one that stands for the end.
    pub fn chance(&mut self, out_of_256: u8) -> bool {
        self.byte() > u8::MAX - out_of_256
    }

    /// So many bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// A number of any size.
    pub fn u64(&mut self) -> u64 {
        let width = self.below(9);
        (0..width).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// A number of any size and sign, the ends of the type among them.
    pub fn i128(&mut self) -> i128 {
        match self.byte() {
            255 => i128::MAX,
            254 => i128::MIN,
            253 => i128::from(i64::MAX),
            252 => 0,
            width => {
                let width = usize::from(width) % 17;
                let number =
                    (0..width).fold(0_u128, |number, _| number << 8 | u128::from(self.byte())) as i128;
                if width < 16 && self.chance(64) {
                    -number
                } else {
                    number
                }
            }
        }
    }

    /// An amount in `low..=high`.
    pub fn between(&mut self, low: i128, high: i128) -> i128 {
        let span = u128::try_from(high - low).expect("a range") + 1;
        let number = u128::from(self.u64()) << 32 | u128::from(self.u64() & 0xffff_ffff);
        low + i128::try_from(number % span).expect("inside")
    }
}
