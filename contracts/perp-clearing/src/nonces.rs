//! Nonces of orders: a bit says that one is used up, another that it was used up by a fill.

use crate::storage;
use soroban_sdk::{Address, Env};

/// Nonces of one word.
const WORD: u64 = 64;

/// The word of a nonce, and the mask that names it.
pub fn name(nonce: u64) -> (u64, u64) {
    (nonce / WORD, 1 << (nonce % WORD))
}

/// Whether an order of that nonce can no longer execute.
pub fn is_used(env: &Env, account: &Address, nonce: u64) -> bool {
    let (word, bit) = name(nonce);
    storage::nonces(env, account, word) & u128::from(bit) != 0
}

/// Whether the order of that nonce was filled, all of it.
pub fn is_filled(env: &Env, account: &Address, nonce: u64) -> bool {
    let (word, bit) = name(nonce);
    (storage::nonces(env, account, word) >> WORD) & u128::from(bit) != 0
}

/// Uses a nonce up by a fill.
pub fn fill(env: &Env, account: &Address, nonce: u64) {
    let (word, bit) = name(nonce);
    let bits = u128::from(bit) << WORD | u128::from(bit);
    storage::set_nonces(env, account, word, storage::nonces(env, account, word) | bits);
}

/// Uses up the nonces of `word` that are in `mask`, without a fill.
pub fn cancel(env: &Env, account: &Address, word: u64, mask: u64) {
    storage::set_nonces(env, account, word, storage::nonces(env, account, word) | u128::from(mask));
}

/// Whether `mask` of `word` names the nonce.
pub fn names(word: u64, mask: u64, nonce: u64) -> bool {
    let (own, bit) = name(nonce);
    own == word && mask & bit != 0
}
