//! `error-table [--check] FILE`: writes the table of all error codes between the two markers of a Markdown file, or with
//! `--check` fails when the file's table is not the one of the code.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use syn::{Attribute, Expr, ExprLit, Item, ItemEnum, Lit, Meta, MetaNameValue};

const BEGIN: &str = "<!-- errors: written by `make errors` -->\n";
const END: &str = "<!-- errors end -->\n";

/// The modules of the interface that declare errors, and who answers with them.
const MODULES: [(&str, &str); 8] = [
    ("account", "accounts"),
    ("clearing", "perp-clearing"),
    ("factory", "factory"),
    ("governance", "every contract"),
    ("ledger", "margin-ledger"),
    ("oracle", "oracle"),
    ("upgrader", "upgrader"),
    ("vault", "vault"),
];

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

struct Row {
    code: u32,
    name: String,
    from: &'static str,
    meaning: String,
}

/// Every error of the public interface.
fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for (module, from) in MODULES {
        for errors in enums(module)? {
            for variant in errors.variants {
                let name = variant.ident.to_string();
                let Some((_, Expr::Lit(ExprLit { lit: Lit::Int(code), .. }))) = variant.discriminant else {
                    return Err(format!("{name} has no code").into());
                };
                let meaning = documentation(&variant.attrs);
                rows.push(Row { code: code.base10_parse()?, name, from, meaning });
            }
        }
    }
    rows.sort_by_key(|row| row.code);
    Ok(rows)
}

/// The error enums that a module of the interface declares.
fn enums(module: &str) -> Result<Vec<ItemEnum>, Box<dyn Error>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/margin-interface/src");
    let file = syn::parse_file(&fs::read_to_string(sources.join(module).with_extension("rs"))?)?;
    let enums = file.items.into_iter().filter_map(|item| match item {
        Item::Enum(it) => Some(it),
        _ => None,
    });
    Ok(enums.filter(|it| it.attrs.iter().any(|by| by.path().is_ident("contracterror"))).collect())
}

/// The text of doc comments, as one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(MetaNameValue {
                value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), ..
            }) => Some(text.value().trim().to_owned()),
            _ => None,
        })
        .collect();
    lines.join(" ")
}

fn table() -> Result<String, Box<dyn Error>> {
    let mut table = String::from("| code | name | from | meaning |\n|--:|---|---|---|\n");
    for Row { code, name, from, meaning } in rows()? {
        table.push_str(&format!("| {code} | `{name}` | {from} | {meaning} |\n"));
    }
    Ok(table)
}

#[cfg(test)]
mod test;
