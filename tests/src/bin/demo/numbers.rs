//! How amounts are written for people.

pub use charts::grouped;

/// A fixed-point number of `decimals` digits, written with `shown` of them (rounded toward zero).
pub fn decimal(value: i128, decimals: u32, shown: u32) -> String {
    let unit = 10i128.pow(decimals);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.abs() / unit, value.abs() % unit / 10i128.pow(decimals - shown));
    let whole = grouped(whole);
    match shown {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part:0width$}", width = usize::try_from(shown).unwrap_or(0)),
    }
}

/// USD at 1e7: `-$12.34`.
pub fn dollars(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}${}", decimal(value.abs(), 7, 2))
}

/// A price at 1e14.
pub fn price(value: i128) -> String {
    decimal(value, 14, 2)
}

/// A position size at 1e14.
pub fn size(value: i128) -> String {
    decimal(value, 14, 4)
}

/// A ratio in bps as a number: `12_000` is `1.20`.
pub fn ratio(bps: u32) -> String {
    match bps {
        u32::MAX => "no debt".into(),
        _ => decimal(i128::from(bps), 4, 2),
    }
}

/// Leverage in hundredths: `284` is `2.84x`.
pub fn leverage(hundredths: u32) -> String {
    match hundredths {
        u32::MAX => "beyond all equity".into(),
        _ => format!("{}x", decimal(i128::from(hundredths), 2, 2)),
    }
}

/// A share at 1e18 as a percentage.
pub fn percent(value: i128) -> String {
    format!("{}%", decimal(value, 16, 3))
}

/// Instructions in millions.
pub fn millions(instructions: i64) -> String {
    decimal(i128::from(instructions), 6, 2)
}

/// Stroops in XLM.
pub fn lumens(stroops: i64) -> String {
    decimal(i128::from(stroops), 7, 4)
}
