//! Sequences of rounds through the oracle's guard: whatever sources say, an accepted price lies in the band, near the ones
//! before it, and inside its own interval.

use crate::input::Input;
use crate::Answer;
use margin_math::guard::{
    moved_within, Class, Limit, Limits, Past, Phase, Round, Track, Verdict, ROUNDS_TO_RECOVER,
};
use margin_math::oracle::Agreed;
use margin_math::twap::{Print, RING_BYTES, SLOT_BYTES};
use margin_math::units::{BPS, PRICE};

/// See the module.
pub fn guard(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let class = input.pick(&Class::ALL);
    let hint = input.between(1, 100_000) * (PRICE / 100);
    let limits = Limits::defaults(class, hint);
    let mut now = 1_790_000_000;
    let mut track = Track::new(hint, now);
    let mut ring: Vec<u8> = Vec::new();
    let mut spoken = now;
    let mut price = hint;
    // Rounds in a row that a price which tripped was inside its limits again.
    let mut inside = 0;
    let mut answer = Answer::Refused;
    while !input.is_empty() {
        now += 1 + if input.chance(16) { input.u64() % 1_000_000 } else { u64::from(input.byte()) % 90 };
        spoken = if input.chance(24) { now.saturating_sub(input.u64() % 400) } else { now }.max(spoken);
        let apart = input.between(-400, 400);
        price = match input.below(6) {
            0 => input.between(1, i128::from(u64::MAX)),
            1 => hint,
            2 => price,
            _ => price + price / 10_000 * apart,
        }
        .max(1);
        let half = price / 20_000 * 4 * i128::from(input.byte());
        let agreed = Agreed {
            lo: (price - half).max(1),
            mid: price,
            hi: price + half,
            timestamp: spoken,
            groups: 2 + u32::from(input.byte()) % 4,
            mask: 3,
        };
        let fallback = input.chance(24);
        let round = Round { agreed: &agreed, fallback, confirming: 4, resolution: 1, now };
        let past = Past::of(&ring, track.anchor, now, &limits);
        let before = track;
        let verdict = track.judge(&limits, &past, &round);
        if verdict == Verdict::ReAnchored {
            ring.clear();
        }
        if verdict.enters_history(fallback) {
            if let Some(slot) = (Print { timestamp: spoken, delay: 0, price }).pack() {
                if ring.len() == RING_BYTES {
                    ring.drain(..SLOT_BYTES);
                }
                ring.extend_from_slice(&slot);
            }
        }
        let wide = !moved_within(price, price + (agreed.hi - agreed.lo), limits.get(Limit::Spread));
        let before_inside = inside;
        inside = match verdict {
            Verdict::Recovering => inside + 1,
            Verdict::Unchanged | Verdict::NoQuorum => inside,
            _ => 0,
        };
        match verdict {
            Verdict::Accepted | Verdict::Degraded => {
                assert!(
                    past.twap.is_none_or(|twap| moved_within(twap, price, limits.get(Limit::TwapGap))),
                    "too far from its average"
                );
                assert!(verdict == Verdict::Degraded || !wide, "a wide interval as good as a narrow one");
                assert!(before.phase != Phase::Tripped || before_inside + 1 >= ROUNDS_TO_RECOVER, "too soon");
                assert!(limits.floor <= price && price <= limits.cap, "outside the band");
                assert!(moved_within(before.anchor, price, limits.get(Limit::StepMax)), "too far at once");
                assert!(moved_within(past.lowest, price, limits.get(Limit::Budget)), "beyond the budget");
                assert!(moved_within(past.highest, price, limits.get(Limit::Budget)), "beyond the budget");
                assert_eq!(track.mid, price);
                answer = Answer::Accepted;
            }
            Verdict::ReAnchored => {
                assert!(limits.get(Limit::Confirm) > 0 && agreed.groups >= 4 && !fallback);
                assert!(limits.floor <= price && price <= limits.cap, "re-anchored outside the band");
                assert!(now - before.since >= u64::from(limits.get(Limit::Confirm)), "unconfirmed");
            }
            Verdict::Refused(_) | Verdict::Recovering | Verdict::Unchanged | Verdict::NoQuorum => {
                assert_eq!(
                    (track.mid, track.lo, track.hi),
                    (before.mid, before.lo, before.hi),
                    "{verdict:?}"
                );
                assert_eq!(track.anchor, before.anchor);
            }
        }
        if track.phase != Phase::Warming {
            assert!(track.lo <= track.mid && track.mid <= track.hi, "{track:?}");
            let reach = limits.get(Limit::StableRate);
            assert!(track.stable > 0 && reach > 0 && reach < 100 * BPS);
        }
    }
    answer
}
