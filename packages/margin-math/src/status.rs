//! What each status of a price permits: one table for ledger and clearing-house; accounts ask the ledger.

/// How far a price may be trusted. The discriminants are those of the interface's `PriceStatus`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Status {
    /// Fresh, agreed by a quorum of independent groups.
    Live = 0,
    /// From a fallback source.
    Degraded = 1,
    /// Recovered a moment ago.
    Grace = 2,
    /// A guard tripped.
    Tripped = 3,
    /// Older than the asset's maximum age.
    Stale = 4,
    /// Halted by the guardian or the admin.
    Halted = 5,
    /// Listed, no accepted price yet.
    Warming = 6,
    /// Not listed.
    Unknown = 7,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Live,
        Self::Degraded,
        Self::Grace,
        Self::Tripped,
        Self::Stale,
        Self::Halted,
        Self::Warming,
        Self::Unknown,
    ];

    /// The status of a discriminant; `None` if there is none: whatever is not understood permits nothing.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as u32 == code)
    }
}

/// What a price is wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Use {
    /// Deposit, repay, reduce, close, withdraw without debt.
    Reduce,
    /// Withdraw with debt, borrow, open, increase.
    Increase,
    /// Margin call, flag, liquidate, take over.
    Liquidate,
    /// Accrue funding.
    Funding,
    /// Count against the spending limit of an account.
    SpendLimit,
}

/// What the table answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Permission {
    /// Permitted.
    Yes,
    /// Permitted, and no price is needed for it.
    YesWithoutPrice,
    /// Permitted at the upper end of the interval.
    YesAtHigh,
    /// Permitted if it holds at both ends of the interval.
    YesAtBothEnds,
    /// Permitted only against an account that is insolvent at both ends of the interval.
    OnlyIfInsolventAtBothEnds,
    /// The asset counts at the ends of its static band, and is never itself seized.
    AtBandEnds,
    /// Refused.
    No,
}

/// What `status` permits for `usage`.
pub const fn permission(status: Status, usage: Use) -> Permission {
    use Permission::{
        AtBandEnds, No, OnlyIfInsolventAtBothEnds, Yes, YesAtBothEnds, YesAtHigh, YesWithoutPrice,
    };
    use Status::{Degraded, Grace, Halted, Live, Stale, Tripped, Unknown, Warming};
    match (usage, status) {
        (Use::Reduce, Live | Degraded | Grace | Tripped) => Yes,
        (Use::Reduce, Stale | Halted | Warming | Unknown) => YesWithoutPrice,

        (Use::Increase, Live) => Yes,
        (Use::Increase, Degraded | Grace | Tripped | Stale | Halted | Warming | Unknown) => No,

        (Use::Liquidate, Live) => Yes,
        (Use::Liquidate, Degraded) => YesAtBothEnds,
        (Use::Liquidate, Grace) => No,
        (Use::Liquidate, Tripped) => OnlyIfInsolventAtBothEnds,
        (Use::Liquidate, Stale | Halted | Warming | Unknown) => AtBandEnds,

        (Use::Funding, Live | Degraded) => Yes,
        (Use::Funding, Grace | Tripped | Stale | Halted | Warming | Unknown) => No,

        (Use::SpendLimit, Live | Degraded | Grace | Tripped) => YesAtHigh,
        (Use::SpendLimit, Stale | Halted | Warming | Unknown) => No,
    }
}

/// Whether `status` lets an account take more risk.
pub const fn may_increase(status: Status) -> bool {
    matches!(permission(status, Use::Increase), Permission::Yes)
}

/// Whether an asset with `status` may be seized, and its price decide a liquidation by itself.
pub const fn may_seize(status: Status) -> bool {
    matches!(
        permission(status, Use::Liquidate),
        Permission::Yes | Permission::YesAtBothEnds | Permission::OnlyIfInsolventAtBothEnds
    )
}

/// Whether funding accrues on a price with `status`.
pub const fn may_fund(status: Status) -> bool {
    matches!(permission(status, Use::Funding), Permission::Yes)
}

#[cfg(test)]
mod tests {
    use super::Permission::*;
    use super::Status::*;
    use super::*;

    /// The table of the design, cell by cell: reduce, increase, liquidate, funding, spend limit.
    const TABLE: [(Status, [Permission; 5]); 8] = [
        (Live, [Yes, Yes, Yes, Yes, YesAtHigh]),
        (Degraded, [Yes, No, YesAtBothEnds, Yes, YesAtHigh]),
        (Grace, [Yes, No, No, No, YesAtHigh]),
        (Tripped, [Yes, No, OnlyIfInsolventAtBothEnds, No, YesAtHigh]),
        (Stale, [YesWithoutPrice, No, AtBandEnds, No, No]),
        (Halted, [YesWithoutPrice, No, AtBandEnds, No, No]),
        (Warming, [YesWithoutPrice, No, AtBandEnds, No, No]),
        (Unknown, [YesWithoutPrice, No, AtBandEnds, No, No]),
    ];
    const USES: [Use; 5] = [Use::Reduce, Use::Increase, Use::Liquidate, Use::Funding, Use::SpendLimit];

    #[test]
    fn every_cell() {
        for (status, row) in TABLE {
            for (usage, expected) in USES.into_iter().zip(row) {
                assert_eq!(permission(status, usage), expected, "{status:?} {usage:?}");
            }
        }
    }

    #[test]
    fn the_short_questions_agree_with_the_table() {
        let permitted = |question: fn(Status) -> bool| {
            Status::ALL.into_iter().filter(|s| question(*s)).collect::<Vec<_>>()
        };
        assert_eq!(permitted(may_increase), [Live]);
        assert_eq!(permitted(may_seize), [Live, Degraded, Tripped]);
        assert_eq!(permitted(may_fund), [Live, Degraded]);
    }

    #[test]
    fn codes_round_trip_and_unknown_codes_are_nothing() {
        for (code, status) in (0..).zip(Status::ALL) {
            assert_eq!(status as u32, code);
            assert_eq!(Status::from_code(code), Some(status));
        }
        assert_eq!(Status::from_code(8), None);
        assert_eq!(Status::from_code(u32::MAX), None);
    }
}
