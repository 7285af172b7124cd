//! Removes unused entries from the interface description (`contractspecv0`) of contract Wasm.
//!
//! Since version 28 the SDK writes every type and event it compiles into the description and marks in the data section
//! those that the contract really uses. `stellar contract build` drops the unmarked ones; this does the same, by the same
//! library, for Wasm that was built by cargo alone.

use std::collections::HashSet;
use std::error::Error;

use soroban_spec::{read, shaking};
use stellar_xdr::{Limited, Limits, ReadXdr, ScMetaEntry, WriteXdr};
use wasmparser::{Parser, Payload};

const SPEC: &str = "contractspecv0";
const META: &str = "contractmetav0";
const CUSTOM_SECTION: u8 = 0;
const HEADER_BYTES: usize = 8;

/// The module with a description of exactly what it uses. Other sections stay as they are.
pub fn strip(wasm: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    if shaking::spec_shaking_version_for_meta(&meta(wasm)?) != 2 {
        return Err("the Wasm carries no markers of used spec entries (it needs soroban-sdk 28)".into());
    }
    replace_custom(wasm, SPEC, &used_entries(wasm)?)
}

/// The used entries as XDR, each once.
fn used_entries(wasm: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let markers = shaking::find_all(wasm);
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for entry in shaking::filter(read::from_wasm(wasm)?, &markers) {
        let bytes = entry.to_xdr(Limits::none())?;
        if seen.insert(bytes.clone()) {
            kept.extend(bytes);
        }
    }
    Ok(kept)
}

fn meta(wasm: &[u8]) -> Result<Vec<ScMetaEntry>, Box<dyn Error>> {
    let mut entries = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CustomSection(section) = payload? {
            if section.name() == META {
                let mut reader = Limited::new(section.data(), Limits::none());
                for entry in ScMetaEntry::read_xdr_iter(&mut reader) {
                    entries.push(entry?);
                }
            }
        }
    }
    Ok(entries)
}

/// The module with every custom section `name` replaced by one that holds `data`.
fn replace_custom(wasm: &[u8], name: &str, data: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut out = wasm.get(..HEADER_BYTES).ok_or("not a Wasm module")?.to_vec();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == name) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            push_section(&mut out, id, &wasm[range])?;
        }
    }
    let mut content = Vec::new();
    push_length(&mut content, name.len())?;
    content.extend(name.as_bytes());
    content.extend(data);
    push_section(&mut out, CUSTOM_SECTION, &content)?;
    Ok(out)
}

fn push_section(out: &mut Vec<u8>, id: u8, content: &[u8]) -> Result<(), Box<dyn Error>> {
    out.push(id);
    push_length(out, content.len())?;
    out.extend(content);
    Ok(())
}

/// An unsigned LEB128 number, as the Wasm format writes lengths.
fn push_length(out: &mut Vec<u8>, length: usize) -> Result<(), Box<dyn Error>> {
    let mut rest = u32::try_from(length)?;
    loop {
        let [low, ..] = (rest & 0x7f).to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return Ok(());
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod test;
