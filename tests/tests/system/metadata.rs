//! What a release says of itself on-chain: the metadata of SEP-46, and the standards it implements (SEP-47).

use margin_tests::wasm;
use soroban_sdk::xdr::{Limited, Limits, ReadXdr, ScMetaEntry};
use std::collections::BTreeMap;
use std::io::Cursor;

const CONTRACTS: [&str; 9] = [
    "basic-account",
    "factory",
    "institutional-account",
    "margin-ledger",
    "oracle",
    "perp-clearing",
    "pro-account",
    "upgrader",
    "vault",
];

fn metadata(code: &[u8]) -> BTreeMap<String, String> {
    let section = wasm::custom_section(code, "contractmetav0").expect("metadata");
    ScMetaEntry::read_xdr_iter(&mut Limited::new(Cursor::new(section), Limits::none()))
        .map(|entry| {
            let ScMetaEntry::ScMetaV0(entry) = entry.expect("an entry");
            (entry.key.to_utf8_string_lossy(), entry.val.to_utf8_string_lossy())
        })
        .collect()
}

#[test]
fn a_release_says_its_name_version_purpose_and_standards() {
    for name in CONTRACTS {
        let code = wasm::read(name);
        // Wasm that is not for release says nothing.
        if !wasm::built_by_cli(&code) {
            continue;
        }
        let said = metadata(&code);
        let says = |key: &str| said.get(key).map(String::as_str);
        assert_eq!(says("name"), Some(name), "written by `make build`, not by a build by hand");
        assert_eq!(says("version"), Some(env!("CARGO_PKG_VERSION")), "{name}");
        assert!(says("description").is_some_and(|text| text.len() > 20), "{name}");
        assert_eq!(says("sep"), (name == "oracle").then_some("40"), "{name}");
        // Who builds it again needs these.
        assert!(
            ["rsver", "rssdkver", "cliver"].into_iter().all(|key| says(key).is_some()),
            "{name}: {said:?}"
        );
        assert!(wasm::custom_section(&code, "contractspecv0").is_some(), "{name}: its interface, SEP-48");
    }
}
