//! What is about to be signed, for a human.

use crate::entry;
use margin_interface::operations::OPERATIONS;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use stellar_xdr::{
    Int128Parts, InvokeContractArgs, ScAddress, ScSymbol, ScVal, SorobanAuthorizationEntry,
    SorobanAuthorizedFunction, SorobanAuthorizedInvocation, UInt128Parts,
};

/// What addresses are called, by address.
pub type Names = BTreeMap<String, String>;

/// An entry in words: whose consent, until when, to which calls with which arguments. Addresses are never shortened,
/// because whoever makes a forgery chooses its ends.
pub fn describe(entry: &SorobanAuthorizationEntry, expires: u32, names: &Names) -> String {
    let mut text = String::new();
    if let Some(own) = entry::credentials(entry) {
        let _ = writeln!(text, "{} consents, up to ledger {expires}, to", named(&own.address, names));
    }
    tree(&mut text, &entry.root_invocation, 1, names);
    text
}

fn tree(text: &mut String, invocation: &SorobanAuthorizedInvocation, depth: usize, names: &Names) {
    let indent = "    ".repeat(depth);
    match &invocation.function {
        SorobanAuthorizedFunction::ContractFn(call) => {
            let _ = writeln!(
                text,
                "{indent}{} of {}",
                plain(&call.function_name),
                named(&call.contract_address, names)
            );
            let labels = labels(call);
            for (place, value) in call.args.iter().enumerate() {
                let label = labels.and_then(|labels| labels.get(place)).map_or("", |argument| argument.name);
                let _ = writeln!(text, "{indent}    {label:<16}{}", value_in_words(value, names));
            }
        }
        SorobanAuthorizedFunction::CreateContractHostFn(_)
        | SorobanAuthorizedFunction::CreateContractV2HostFn(_) => {
            let _ =
                writeln!(text, "{indent}THE CREATION OF A CONTRACT, which accounts of this project refuse");
        }
    }
    if !invocation.sub_invocations.is_empty() {
        let _ = writeln!(text, "{indent}and, inside that, to");
        for nested in invocation.sub_invocations.iter() {
            tree(text, nested, depth + 1, names);
        }
    }
}

/// The argument names of a venue's function. A stranger may have a function of that name too, so they are labels, not a
/// promise of what the contract is.
fn labels(call: &InvokeContractArgs) -> Option<&'static [margin_interface::operations::Argument]> {
    let function = call.function_name.to_utf8_string_lossy();
    OPERATIONS
        .iter()
        .find(|row| row.function == function && row.arguments.len() == call.args.len())
        .map(|row| row.arguments)
}

fn named(address: &ScAddress, names: &Names) -> String {
    let address = address.to_string();
    match names.get(&address) {
        Some(name) => format!("{name} ({address})"),
        None => address,
    }
}

fn value_in_words(value: &ScVal, names: &Names) -> String {
    match value {
        ScVal::Bool(truth) => truth.to_string(),
        ScVal::Void => "nothing".into(),
        ScVal::U32(number) => number.to_string(),
        ScVal::I32(number) => number.to_string(),
        ScVal::U64(number) => grouped(&number.to_string()),
        ScVal::I64(number) => grouped(&number.to_string()),
        ScVal::I128(Int128Parts { hi, lo }) => {
            grouped(&((i128::from(*hi) << 64) | i128::from(*lo)).to_string())
        }
        ScVal::U128(UInt128Parts { hi, lo }) => {
            grouped(&((u128::from(*hi) << 64) | u128::from(*lo)).to_string())
        }
        ScVal::Symbol(symbol) => plain(symbol),
        ScVal::String(text) => format!("{:?}", text.to_utf8_string_lossy()),
        ScVal::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ScVal::Address(address) => named(address, names),
        ScVal::Vec(Some(items)) => {
            let items: Vec<_> = items.iter().map(|item| value_in_words(item, names)).collect();
            format!("[{}]", items.join(", "))
        }
        ScVal::Map(Some(fields)) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| {
                    format!("{}: {}", value_in_words(&field.key, names), value_in_words(&field.val, names))
                })
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => format!("{other:?}"),
    }
}

/// A symbol as it is written. An envelope may hold symbols that no host would accept: what could move a terminal's cursor over
/// the words of another entry is escaped.
fn plain(symbol: &ScSymbol) -> String {
    let text = symbol.to_utf8_string_lossy();
    let written = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if written {
        text
    } else {
        format!("{text:?}")
    }
}

/// `-1234567` as `-1,234,567`: digits that are read wrong cost money.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
