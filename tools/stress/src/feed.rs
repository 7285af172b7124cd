//! The oracle of one asset: three sources that agree on the path's price within a few basis points, and the guard.

use margin_math::guard::{Class, Limits, Past, Phase, Round, Track, Verdict};
use margin_math::margin::Prices;
use margin_math::oracle::Agreed;
use margin_math::status::Status;
use margin_math::twap::{Print, RING_BYTES, SLOT_BYTES};

/// Seconds of a tick: one price a minute.
const RESOLUTION: u64 = 60;
/// How far sources lie from each other, each side, parts of a thousand.
const SPREAD: i128 = 1;

/// What the guard knows of an asset.
pub struct Feed {
    limits: Limits,
    track: Track,
    ring: Vec<u8>,
    now: u64,
}

/// A price as the ledger reads it.
#[derive(Clone, Copy, Debug)]
pub struct Quote {
    /// The interval.
    pub prices: Prices,
    /// How far it may be trusted.
    pub status: Status,
    /// Unix seconds it speaks of.
    pub timestamp: u64,
}

impl Feed {
    /// Of an asset that is worth about `hint`.
    pub fn new(class: Class, hint: i128, now: u64) -> Self {
        Self { limits: Limits::defaults(class, hint), track: Track::new(hint, now), ring: Vec::new(), now }
    }

    /// A round of the sources.
    pub fn poke(&mut self, price: i128, now: u64) {
        self.now = now;
        let around = price / 1_000 * SPREAD;
        let agreed = Agreed {
            lo: price - around,
            mid: price,
            hi: price + around,
            timestamp: now,
            groups: 4,
            mask: 15,
        };
        let past = Past::of(&self.ring, self.track.anchor, now, &self.limits);
        let round = Round { agreed: &agreed, fallback: false, confirming: 4, resolution: RESOLUTION, now };
        let verdict = self.track.judge(&self.limits, &past, &round);
        if verdict == Verdict::ReAnchored {
            self.ring.clear();
        }
        if verdict.enters_history(false) {
            if let Some(slot) = (Print { timestamp: now, delay: 0, price }).pack() {
                if self.ring.len() == RING_BYTES {
                    self.ring.drain(..SLOT_BYTES);
                }
                self.ring.extend_from_slice(&slot);
            }
        }
    }

    /// What the ledger reads.
    pub fn quote(&self) -> Quote {
        let track = &self.track;
        let status = match track.phase {
            Phase::Warming => Status::Warming,
            Phase::Tripped => Status::Tripped,
            _ if self.now < track.grace_until => Status::Grace,
            Phase::Degraded => Status::Degraded,
            Phase::Live => Status::Live,
        };
        let (lo, hi, timestamp) = match status {
            Status::Tripped => (track.lo.min(track.candidate), track.hi.max(track.candidate), track.judged),
            _ => (track.lo, track.hi, track.timestamp),
        };
        Quote { prices: Prices { lo, mid: track.mid, hi, stable: track.stable }, status, timestamp }
    }
}
