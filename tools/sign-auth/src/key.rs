//! Secret keys.

use ed25519_dalek::SigningKey;
use std::{env, fmt, fs};

/// Why a key could not be read. Never contains the key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyError(String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

/// An ed25519 key from a seed `S...`, from `env:NAME`, or from a file that holds a seed or 64 hex digits.
///
/// A seed on the command line is visible to everybody on the machine: `--key <(stellar keys secret alice)` is not.
///
/// # Errors
/// That it is not there, or no key. What was given may be a seed with a slip in it, so no message repeats it.
pub fn read_key(source: &str) -> Result<SigningKey, KeyError> {
    let source = source.trim();
    if let Some(key) = parse(source) {
        return Ok(key);
    }
    let text = match source.strip_prefix("env:") {
        Some(name) => env::var(name).map_err(|_| KeyError("the variable of the key is not set".into()))?,
        None => fs::read_to_string(source).map_err(|error| {
            KeyError(format!("the key is no seed S..., and no file that can be read: {error}"))
        })?,
    };
    parse(text.trim()).ok_or_else(|| {
        KeyError("the key's file or variable holds neither a seed S... nor 64 hex digits".into())
    })
}

fn parse(text: &str) -> Option<SigningKey> {
    if let Ok(seed) = stellar_strkey::ed25519::PrivateKey::from_string(text) {
        return Some(SigningKey::from_bytes(&seed.0));
    }
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut seed = [0; 32];
    for (byte, pair) in seed.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(SigningKey::from_bytes(&seed))
}
