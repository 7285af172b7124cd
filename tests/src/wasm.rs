//! The built contracts, read when they are needed: a rebuilt contract needs no rebuilt test.

use std::{fs, path::PathBuf};

/// The contracts of the protocol.
pub const CONTRACTS: [&str; 9] = [
    "oracle",
    "margin-ledger",
    "vault",
    "perp-clearing",
    "basic-account",
    "pro-account",
    "institutional-account",
    "factory",
    "upgrader",
];

/// The contracts that only tests deploy.
pub const FIXTURES: [&str; 5] =
    ["foreign-reader", "next-vault", "price-source", "probe-account", "test-token"];

/// Where the Wasm lies: `$WASM_DIR`, or the workspace's release directory.
pub fn directory() -> PathBuf {
    match std::env::var_os("WASM_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/wasm32v1-none/release")),
    }
}

/// The Wasm of the crate `name`, such as `margin-ledger`.
pub fn read(name: &str) -> Vec<u8> {
    let path = directory().join(format!("{}.wasm", name.replace('-', "_")));
    fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. `make build` first, or set WASM_DIR.", path.display()))
}

/// Whether `stellar contract build` made it: only then are sizes and costs those of a release.
pub fn built_by_cli(wasm: &[u8]) -> bool {
    wasm.windows(6).any(|window| window == b"cliver")
}

/// The content of a custom section, such as the spec.
pub fn custom_section(wasm: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut rest = wasm.get(8..)?;
    let mut found = Vec::new();
    while let Some((id, body)) = rest.split_first() {
        let (size, body) = leb128(body)?;
        let (section, after) = body.split_at_checked(size)?;
        rest = after;
        if *id == 0 {
            let (length, section) = leb128(section)?;
            let (section_name, content) = section.split_at_checked(length)?;
            if section_name == name.as_bytes() {
                found.extend_from_slice(content);
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}
