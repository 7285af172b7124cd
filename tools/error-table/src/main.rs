//! `error-table [--check] FILE`: writes the table of all error codes between the two markers of a Markdown file, or with
//! `--check` fails when the file's table is not the one of the code.

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use margin_interface::{
    AccountError, ClearingError, FactoryError, GovernanceError, LedgerError, OracleError, UpgraderError,
    VaultError,
};
use stellar_xdr::{Limits, ReadXdr, ScSpecEntry, ScSpecUdtErrorEnumV0};

const BEGIN: &str = "<!-- errors: written by `make errors` -->\n";
const END: &str = "<!-- errors end -->\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (file, check) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [file] => (file.to_string(), false),
        ["--check", file] => (file.to_string(), true),
        _ => {
            eprintln!("usage: error-table [--check] FILE");
            return ExitCode::from(2);
        }
    };
    match run(&file, check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str, check: bool) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let updated = with_table(&text, &table()?)?;
    if updated == text {
        return Ok(());
    }
    if check {
        return Err("the error table is not the one of the code: run `make errors`".into());
    }
    fs::write(file, updated)?;
    Ok(())
}

/// `text` with what stands between the markers replaced.
fn with_table(text: &str, table: &str) -> Result<String, Box<dyn Error>> {
    let (before, rest) = text.split_once(BEGIN).ok_or("the opening marker of the error table is missing")?;
    let (_, after) = rest.split_once(END).ok_or("the closing marker of the error table is missing")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// Every error enum of the public interface, as the SDK describes it in the contracts' specs.
fn enums() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("accounts", AccountError::spec_xdr().to_vec()),
        ("factory", FactoryError::spec_xdr().to_vec()),
        ("margin-ledger", LedgerError::spec_xdr().to_vec()),
        ("vault", VaultError::spec_xdr().to_vec()),
        ("perp-clearing", ClearingError::spec_xdr().to_vec()),
        ("oracle", OracleError::spec_xdr().to_vec()),
        ("upgrader", UpgraderError::spec_xdr().to_vec()),
        ("every contract", GovernanceError::spec_xdr().to_vec()),
    ]
}

fn cases(xdr: &[u8]) -> Result<ScSpecUdtErrorEnumV0, Box<dyn Error>> {
    match ScSpecEntry::from_xdr(xdr, Limits::none())? {
        ScSpecEntry::UdtErrorEnumV0(errors) => Ok(errors),
        other => Err(format!("not an error enum: {}", other.name()).into()),
    }
}

fn table() -> Result<String, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (contract, xdr) in enums() {
        for case in cases(&xdr)?.cases.iter() {
            let name = case.name.to_utf8_string_lossy();
            let meaning = match case.doc.to_utf8_string_lossy().replace('\n', " ") {
                doc if doc.is_empty() => comment(&name, case.value),
                doc => doc,
            };
            rows.push((
                case.value,
                format!("| {} | `{name}` | {contract} | {} |\n", case.value, meaning.trim()),
            ));
        }
    }
    rows.sort();
    let body: String = rows.into_iter().map(|(_, row)| row).collect();
    Ok(format!("| code | name | from | meaning |\n|--:|---|---|---|\n{body}"))
}

/// What stands above a variant in the source, where the contract has no room for it on the chain.
fn comment(name: &str, code: u32) -> String {
    let variant = format!("{name} = {code},");
    let sources = [
        include_str!("../../../packages/margin-interface/src/governance.rs"),
        include_str!("../../../packages/margin-interface/src/ledger.rs"),
    ];
    let lines: Vec<&str> = sources.iter().flat_map(|source| source.lines().map(str::trim)).collect();
    let at = lines.iter().position(|line| *line == variant).unwrap_or(0);
    let above = lines[..at].iter().rev().map_while(|line| line.strip_prefix("// "));
    let mut text: Vec<&str> = above.collect();
    text.reverse();
    text.join(" ")
}

#[cfg(test)]
mod test;
