//! Fair shares of the liquidity pool.
//!
//! Whoever enters pays the price that is best for those already in, whoever leaves gets the one that is best for those
//! who stay: positions count at the lower of curve and index value on entry, at the higher, and never below zero, on
//! exit; what is lent to losers counts in full on entry, and not at all on exit, which is paid in cash. Virtual shares own
//! what nobody deposited, so inflating the price of a share is worthless.

use crate::error::exhausted;
use crate::fixed::{add, bps_floor, div_floor, mul_div_floor, sub};
use crate::{defaults, MathError};

/// Shares that exist without an owner.
pub const VIRTUAL_SHARES: i128 = 1_000_000;
/// Settlement units behind [`VIRTUAL_SHARES`].
pub const VIRTUAL_ASSETS: i128 = 1;

/// What the pool is worth, settlement units 1e7.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pool {
    /// `L_pay`: liquidity providers' cash less what is lent to losers.
    pub payable: i128,
    /// What is lent to losers: the providers' until it is written off.
    pub lent: i128,
    /// `R_p`: open claims of winners.
    pub claims: i128,
    /// What traders would take out through the curves.
    pub curve_value: i128,
    /// What traders are owed at the index.
    pub index_value: i128,
}

impl Pool {
    /// What the providers brought and earned, lent or not.
    fn gross(&self) -> Result<i128, MathError> {
        add(self.payable, self.lent)
    }
}

/// Value of the pool to whoever enters.
pub fn nav_in(pool: &Pool) -> Result<i128, MathError> {
    sub(sub(pool.gross()?, pool.claims)?, pool.curve_value.min(pool.index_value))
}

/// Value of the pool to whoever leaves.
pub fn nav_out(pool: &Pool) -> Result<i128, MathError> {
    sub(sub(pool.payable, pool.claims)?, pool.curve_value.max(pool.index_value).max(0))
}

/// Whether of what is lent too little is `doubtful` to keep anybody from entering, who would pay for all of it: a hundredth
/// of the pool.
pub fn is_sound(pool: &Pool, doubtful: i128) -> Result<bool, MathError> {
    Ok(doubtful <= bps_floor(pool.gross()?, defaults::MAX_DOUBTFUL_BPS)?)
}

/// Whether nothing is left for those who hold shares: less than a millionth of what they brought, in cash, lent or
/// otherwise. Whoever enters then starts anew; shares of before are void, or they would make the next ones too many to
/// count.
pub fn is_wiped_out(pool: &Pool, total_shares: i128) -> Result<bool, MathError> {
    let dust = div_floor(total_shares, VIRTUAL_SHARES * 1_000_000)?;
    let nav = nav_in(pool)?;
    Ok(total_shares > 0 && (0..=dust).contains(&nav) && (0..=dust).contains(&pool.gross()?))
}

/// Whether the pool has a value that an entry can share in.
pub fn has_value_to_enter(pool: &Pool, total_shares: i128) -> Result<bool, MathError> {
    let nav = nav_in(pool)?;
    Ok(nav > 0 || (nav == 0 && total_shares == 0))
}

/// Whether the pool has a value that shares could fetch.
pub fn has_value_to_leave(pool: &Pool) -> Result<bool, MathError> {
    Ok(nav_out(pool)? > 0)
}

/// Shares for a deposit of `amount`, rounded down. [`MathError::Exhausted`] when the pool has no value to share in.
pub fn shares_for(amount: i128, pool: &Pool, total_shares: i128) -> Result<i128, MathError> {
    if !has_value_to_enter(pool, total_shares)? {
        return exhausted();
    }
    mul_div_floor(amount, add(total_shares, VIRTUAL_SHARES)?, add(nav_in(pool)?, VIRTUAL_ASSETS)?)
}

/// What `shares` of `total_shares` fetch, rounded down. [`MathError::Exhausted`] when the pool has no value.
pub fn value_of(shares: i128, pool: &Pool, total_shares: i128) -> Result<i128, MathError> {
    if !has_value_to_leave(pool)? {
        return exhausted();
    }
    let nav = nav_out(pool)?;
    let value = mul_div_floor(shares, add(nav, VIRTUAL_ASSETS)?, add(total_shares, VIRTUAL_SHARES)?)?;
    Ok(value.min(nav))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::USD;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    fn ratio(n: i128) -> BigRational {
        BigRational::from_integer(BigInt::from(n))
    }

    fn cash(payable: i128) -> Pool {
        Pool { payable, lent: 0, claims: 0, curve_value: 0, index_value: 0 }
    }

    fn after_entry(pool: &Pool, amount: i128) -> Pool {
        Pool { payable: pool.payable + amount, ..*pool }
    }

    fn per_share(nav: i128, shares: i128) -> BigRational {
        ratio(nav + VIRTUAL_ASSETS) / ratio(shares + VIRTUAL_SHARES)
    }

    fn amount() -> impl Strategy<Value = i128> {
        prop_oneof![1_i128..=1_000, 1_i128..=1_000_000_000 * USD]
    }

    /// Pools with value, positions of either sign, claims, and as many shares as any history may have left.
    fn pool() -> impl Strategy<Value = (Pool, i128)> {
        let money = 0_i128..=1_000_000 * USD;
        let value = -1_000_000 * USD..=1_000_000 * USD;
        (
            1_i128..=1_000_000_000 * USD,
            prop_oneof![Just(0_i128), money.clone()],
            money,
            value.clone(),
            value,
            prop_oneof![Just(0_i128), 1_i128..=10_i128.pow(24)],
        )
            .prop_map(|(nav, lent, claims, curve, index, shares)| {
                let payable = nav + claims + curve.max(index).max(0);
                (Pool { payable, lent, claims, curve_value: curve, index_value: index }, shares)
            })
    }

    /// The credit line later: so many thousandths of it are repaid, so many of the rest written off.
    fn line_moves(pool: &Pool, repaid: i128, lost: i128) -> Pool {
        let repaid = pool.lent * repaid / 1_000;
        let left = pool.lent - repaid;
        Pool { payable: pool.payable + repaid, lent: left - left * lost / 1_000, ..*pool }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Whatever becomes of the credit line between the two.
        #[test]
        fn entering_before_the_line_moves_never_profits(
            (pool, total) in pool(),
            amount in amount(),
            (repaid, lost) in (0_i128..=1_000, 0_i128..=1_000),
        ) {
            let shares = shares_for(amount, &pool, total).unwrap();
            let pool = line_moves(&after_entry(&pool, amount), repaid, lost);
            prop_assert!(value_of(shares, &pool, total + shares).unwrap() <= amount);
        }

        /// Those already in have, whatever becomes of the line, at least what they would have without the entrant, but for
        /// what he shares of their loss when it is written off.
        #[test]
        fn those_already_in_keep_the_line(
            (pool, total) in pool(),
            amount in amount(),
            repaid in 0_i128..=1_000,
        ) {
            let shares = shares_for(amount, &pool, total).unwrap();
            let alone = line_moves(&pool, repaid, 0);
            let joined = line_moves(&after_entry(&pool, amount), repaid, 0);
            let nav = |pool: &Pool| nav_in(pool).unwrap();
            prop_assert!(per_share(nav(&joined), total + shares) >= per_share(nav(&alone), total));
        }

        #[test]
        fn entering_and_leaving_at_once_never_profits((pool, total) in pool(), amount in amount()) {
            let shares = shares_for(amount, &pool, total).unwrap();
            let pool = after_entry(&pool, amount);
            prop_assert!(value_of(shares, &pool, total + shares).unwrap() <= amount);
        }

        #[test]
        fn entry_dilutes_nobody((pool, total) in pool(), amount in amount()) {
            let shares = shares_for(amount, &pool, total).unwrap();
            let next = after_entry(&pool, amount);
            for nav in [nav_in, nav_out] {
                prop_assert!(per_share(nav(&next).unwrap(), total + shares) >= per_share(nav(&pool).unwrap(), total));
            }
        }

        #[test]
        fn exit_takes_from_nobody((pool, total) in pool(), part in 0_i128..=1_000) {
            let shares = total / 1_000 * part;
            let value = value_of(shares, &pool, total).unwrap();
            prop_assert!(value >= 0 && value <= nav_out(&pool).unwrap());
            let next = after_entry(&pool, -value);
            for nav in [nav_in, nav_out] {
                prop_assert!(per_share(nav(&next).unwrap(), total - shares) >= per_share(nav(&pool).unwrap(), total));
            }
        }

        /// An attacker who enters first and makes the pool rich costs himself more than the next one.
        #[test]
        fn inflating_the_first_share_is_worthless(first in 1_i128..=1_000, gift in 0_i128..=1_000_000 * USD, victim in 1_i128..=1_000_000 * USD) {
            let own = shares_for(first, &cash(0), 0).unwrap();
            let shares = shares_for(victim, &cash(first + gift), own).unwrap();
            let pool = cash(first + gift + victim);
            let total = own + shares;
            let attacker = value_of(own, &pool, total).unwrap();
            prop_assert!(attacker <= first + gift, "profit {}", attacker - first - gift);
            let lost = victim - value_of(shares, &pool, total).unwrap();
            prop_assert!(lost <= 1 + (first + gift + victim) / VIRTUAL_SHARES, "victim lost {lost}");
        }
    }

    #[test]
    fn a_hundredth_in_doubt_is_sound() {
        let pool = Pool { lent: 300, ..cash(700) };
        assert_eq!((is_sound(&pool, 10), is_sound(&pool, 11)), (Ok(true), Ok(false)));
        assert_eq!(is_sound(&cash(999), 10), Ok(false), "and not a part of it more");
        assert_eq!(is_sound(&cash(0), 0), Ok(true), "whoever is the first");
    }

    #[test]
    fn a_ledger_of_shares() {
        let first = shares_for(1_000 * USD, &cash(0), 0).unwrap();
        assert_eq!(first, 1_000 * USD * VIRTUAL_SHARES);
        assert_eq!(value_of(first, &cash(1_000 * USD), first), Ok(1_000 * USD));
        // The pool earned 10%: what a share fetches now buys one, up to what the virtual shares own.
        let second = shares_for(1_100 * USD, &cash(1_100 * USD), first).unwrap();
        assert!((first - second).abs() < VIRTUAL_SHARES);
    }

    #[test]
    fn winners_are_counted_for_those_who_stay() {
        // Traders are owed 50 at the index, 30 through the curve, 20 are claimed already.
        let pool = Pool { payable: 1_000, lent: 0, claims: 20, curve_value: 30, index_value: 50 };
        assert_eq!((nav_in(&pool), nav_out(&pool)), (Ok(950), Ok(930)));
        // Losing traders count for entry, not for exit.
        let pool = Pool { payable: 1_000, lent: 0, claims: 0, curve_value: -30, index_value: -50 };
        assert_eq!((nav_in(&pool), nav_out(&pool)), (Ok(1_050), Ok(1_000)));
    }

    /// 1,000 brought by one provider, 900 of it lent to a loser who owns enough to pay it back.
    #[test]
    fn nobody_buys_what_is_lent_for_nothing() {
        let total = 1_000 * USD * VIRTUAL_SHARES;
        let pool = Pool { lent: 900 * USD, ..cash(100 * USD) };
        let shares = shares_for(100 * USD, &pool, total).unwrap();
        // A share costs what it cost the first provider: not half the pool for what is a tenth of it.
        assert!((shares - total / 10).abs() <= VIRTUAL_SHARES);
        let repaid = cash(1_100 * USD);
        assert!(value_of(shares, &repaid, total + shares).unwrap() <= 100 * USD);
        assert!(value_of(total, &repaid, total + shares).unwrap() >= 1_000 * USD - 1);
    }

    /// All cash is lent: shares are worth what comes back, and nobody may void them by entering.
    #[test]
    fn a_pool_that_lent_everything_is_not_wiped_out() {
        let total = 1_000 * USD * VIRTUAL_SHARES;
        let pool = Pool { lent: 1_000 * USD, ..cash(0) };
        assert_eq!(is_wiped_out(&pool, total), Ok(false));
        assert!((shares_for(1_000 * USD, &pool, total).unwrap() - total).abs() <= VIRTUAL_SHARES);
        // Nothing is there to leave with; once it is written off, the next one starts anew.
        assert_eq!(value_of(1, &pool, total), Err(MathError::Exhausted));
        assert_eq!(is_wiped_out(&cash(0), total), Ok(true));
    }

    #[test]
    fn a_pool_wiped_out_starts_anew() {
        let total = 1_000_000 * USD * VIRTUAL_SHARES;
        assert_eq!(is_wiped_out(&cash(0), total), Ok(true));
        assert_eq!(is_wiped_out(&cash(0), 0), Ok(false), "nobody was there");
        assert_eq!(is_wiped_out(&cash(USD), total), Ok(true));
        assert_eq!(is_wiped_out(&cash(USD + 1), total), Ok(false), "a millionth is left");
        assert_eq!(is_wiped_out(&cash(USD), total - 1), Ok(false), "or more than that");
        // Not because winners are owed everything for a moment, nor because claims are open.
        let owed = Pool { curve_value: 1_000 * USD, index_value: 1_000 * USD, ..cash(1_000 * USD) };
        assert_eq!(is_wiped_out(&owed, total), Ok(false));
        assert_eq!(is_wiped_out(&Pool { claims: 1, ..cash(0) }, total), Ok(false));
    }

    #[test]
    fn a_pool_without_value_is_closed() {
        assert_eq!(shares_for(1, &cash(-1), 0), Err(MathError::Exhausted));
        assert_eq!(shares_for(1, &cash(0), 1), Err(MathError::Exhausted));
        assert_eq!(value_of(1, &cash(0), 1), Err(MathError::Exhausted));
        assert_eq!(shares_for(0, &cash(10), 10), Ok(0));
    }
}
