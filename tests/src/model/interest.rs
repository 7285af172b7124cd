//! Interest: a kinked curve, times a modifier that drifts with the distance from the target, compounded continuously.

use super::number::{exact, growth, ratio, trimmed, Exact};
use super::AssetBook;
use num_traits::{One, Signed, Zero};

const SECONDS_PER_YEAR: i128 = 31_536_000;

/// The asset after `seconds` in which nobody touched it.
pub fn accrued(asset: &AssetBook, seconds: u64, perp_borrowed: &Exact) -> AssetBook {
    let mut after = asset.clone();
    let seconds = exact(i128::from(seconds));
    let rate = &asset.config.rate;
    let bps = |value: u32| ratio(i128::from(value), 10_000);
    let target = bps(rate.target_bps);

    let lent = &asset.borrowed + perp_borrowed;
    let provided = &asset.supplied + &asset.reserves + perp_borrowed;
    let utilisation = if lent.is_zero() { Exact::zero() } else { (&lent / &provided).min(Exact::one()) };
    let beyond = &utilisation - &target;
    let annual = if beyond.is_positive() {
        bps(rate.base_bps) + bps(rate.slope1_bps) + bps(rate.slope2_bps) * &beyond / (Exact::one() - &target)
    } else {
        bps(rate.base_bps) + bps(rate.slope1_bps) * &utilisation / &target
    };

    let full = if beyond.is_positive() { Exact::one() - &target } else { target };
    let drift = ratio(i128::from(rate.reactivity), 1_000_000_000) * &beyond / full;
    let bound = if drift.is_positive() { exact(10) } else { ratio(1, 10) };
    let start = asset.modifier.clone();
    let moving =
        if drift.is_zero() { seconds.clone() } else { ((&bound - &start) / &drift).min(seconds.clone()) };
    let end = &start + &drift * &moving;
    let area = (&start + &end) / exact(2) * &moving + &end * (&seconds - &moving);

    let interest = trimmed(&asset.borrowed * growth(&trimmed(annual * area / exact(SECONDS_PER_YEAR))));
    let reserved = &interest * bps(asset.config.reserve_factor_bps);
    after.borrowed += &interest;
    after.supplied += &interest - &reserved;
    after.reserves += reserved;
    after.modifier = end;
    after
}
