//! Sequences of trades on a curve: the product never falls, no closed round pays, the pool's own moves keep their promises.

use crate::input::Input;
use crate::Answer;
use margin_math::curve::{after, average_price, base_for_quote, exit_value, mark, quote_for_base};
use margin_math::house;
use margin_math::units::{BASE, PRICE, QUOTE_SCALE, USD};

/// See the module.
pub fn curve(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let start = (input.between(1, 1_000_000) * BASE, input.between(1, 1_000_000_000) * USD);
    let (mut x, mut y) = start;
    let (mut held, mut cash) = (0_i128, 0_i128);
    let mut answer = Answer::Refused;
    while !input.is_empty() {
        let size = match input.below(4) {
            0 => -held,
            1 => input.between(-x / 2, x / 2),
            2 => input.i128(),
            _ => {
                let (is_long, wanted) = (input.chance(128), input.between(0, y / 2));
                let size = base_for_quote(x, y, wanted, is_long).unwrap_or(0);
                // What is named in quote costs no more than that, or brings no less.
                if let Ok(quote) = quote_for_base(x, y, size) {
                    let named = if is_long { -quote <= wanted } else { quote >= wanted };
                    assert!(named || size == 0, "{quote} for {wanted}");
                }
                size
            }
        };
        let Ok(quote) = quote_for_base(x, y, size) else { continue };
        let Ok(next) = after(x, y, size, quote) else { continue };
        let (Some(new_held), Some(new_cash)) = (held.checked_add(size), cash.checked_add(quote)) else {
            continue;
        };
        assert!(if size > 0 { quote < 0 } else { quote >= 0 }, "cash {quote} for {size}");
        assert!(wide(next.0, next.1) >= wide(x, y), "the product fell");
        if size != 0 {
            assert_eq!(exit_value(x, y, -size), Ok(quote));
            let average = average_price(size, quote).unwrap_or(0);
            let (stated, paid) = (wide(average, size), wide(quote, QUOTE_SCALE));
            assert!(if size > 0 { stated >= paid } else { stated <= paid }, "better than it was: {average}");
            let (before, now) = (mark(x, y).unwrap_or(0), mark(next.0, next.1).unwrap_or(i128::MAX));
            // What is bought costs at least the mark before it, what is sold brings at most that.
            assert!(
                if size > 0 { average >= before } else { average <= before + 1 },
                "{average} {before} {now}"
            );
            assert!(if size > 0 { now + 1 >= before } else { now <= before + 1 }, "{before} {now}");
        }
        ((x, y), held, cash) = (next, new_held, new_cash);
        if held == 0 {
            assert!(cash <= 0, "a closed sequence of trades paid {cash}");
            assert!(x == start.0 && y >= start.1);
        }
        move_toward(&mut input, x, y);
        answer = Answer::Accepted;
    }
    answer
}

/// The pool moves the mark toward a price and does not pass it by more than rounding.
fn move_toward(input: &mut Input, x: i128, y: i128) {
    // A mark that rounds to nothing is no price.
    let Some(now) = mark(x, y).ok().filter(|mark| *mark > 0) else { return };
    let price = input.between(1, 1_000_000) * (PRICE / 1_000);
    let Ok(base) = house::to_mark(x, y, price) else { return };
    let Ok((new_x, new_y)) = house::moved(x, y, base) else { return };
    assert!(wide(new_x, new_y) >= wide(x, y), "the product fell by a move");
    if let Ok(then) = mark(new_x, new_y) {
        // One unit of quote is the least the mark can move by.
        let unit = mark(new_x, 1).unwrap_or(0) + 2;
        assert!(
            then.abs_diff(price) <= now.abs_diff(price) + unit.unsigned_abs(),
            "{now} to {then}, not {price}"
        );
    }
}

/// The product as a number that can be compared: 256 bits as two halves.
fn wide(a: i128, b: i128) -> (u128, u128) {
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    let mask = u128::from(u64::MAX);
    let (a1, a0, b1, b0) = (a >> 64, a & mask, b >> 64, b & mask);
    let middle = a1 * b0 + ((a0 * b0) >> 64);
    let cross = a0 * b1 + (middle & mask);
    (a1 * b1 + (middle >> 64) + (cross >> 64), (cross << 64) | ((a0 * b0) & mask))
}
