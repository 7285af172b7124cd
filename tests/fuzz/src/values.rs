//! Values of the host of every type, one inside another.

use crate::input::Input;
use soroban_sdk::{Address, Bytes, Env, IntoVal, Map, String, Symbol, Val, Vec};

/// Anything, at most so deep.
pub fn anything(env: &Env, input: &mut Input, known: &[Address], depth: u32) -> Val {
    let kinds = if depth == 0 { 10 } else { 12 };
    match input.below(kinds) {
        0 => ().into_val(env),
        1 => input.chance(128).into_val(env),
        2 => u32::from(input.byte()).into_val(env),
        3 => (input.u64() as i64).into_val(env),
        4 => input.u64().into_val(env),
        5 => input.i128().into_val(env),
        6 => (input.i128() as u128).into_val(env),
        7 => name(env, input).into_val(env),
        8 => {
            let length = input.below(70);
            let bytes: std::vec::Vec<u8> = (0..length).map(|_| input.byte()).collect();
            if input.chance(64) {
                String::from_bytes(env, &bytes).into_val(env)
            } else {
                Bytes::from_slice(env, &bytes).into_val(env)
            }
        }
        9 => input.pick(known).into_val(env),
        10 => {
            let mut list: Vec<Val> = Vec::new(env);
            for _ in 0..input.below(5) {
                list.push_back(anything(env, input, known, depth - 1));
            }
            list.into_val(env)
        }
        _ => {
            let mut map: Map<Val, Val> = Map::new(env);
            for _ in 0..input.below(4) {
                let key = name(env, input).into_val(env);
                map.set(key, anything(env, input, known, depth - 1));
            }
            map.into_val(env)
        }
    }
}

/// A name that means something somewhere, or one that does not.
pub fn name(env: &Env, input: &mut Input) -> Symbol {
    const NAMES: [&str; 14] = [
        "Deposit",
        "Withdraw",
        "Borrow",
        "Trade",
        "Open",
        "Not",
        "Or",
        "MarketOpen",
        "BTC_USD",
        "transfer",
        "approve",
        "freeze",
        "public_key",
        "signature",
    ];
    if input.chance(32) {
        let letters: std::string::String =
            (0..input.below(32)).map(|_| char::from(b'a' + input.byte() % 26)).collect();
        return Symbol::new(env, &letters);
    }
    Symbol::new(env, input.pick(&NAMES))
}
