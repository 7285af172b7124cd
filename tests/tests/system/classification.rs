//! The table by which accounts classify what they sign, against the venues as they were built.

use margin_interface::operations::{Effect, Venue, OPERATIONS};
use margin_tests::spec::Spec;
use soroban_sdk::xdr::{ScSpecFunctionV0, ScSpecTypeDef};

/// Functions that ask nobody's consent, or that of who governs.
const WITHOUT_AN_ACCOUNT: [&str; 12] = [
    "claim_pending",
    "execute",
    "extend_ttl",
    "open_market",
    "repeg",
    "set_market_state",
    "set_operator",
    "settle_funding",
    "settle_position",
    "update_funding_rate",
    "update_mark_price",
    "update_market",
];

/// Reads whose answer may be an error.
const READS_THAT_MAY_FAIL: [&str; 7] =
    ["quote_trade", "funding", "house", "insurance_target", "liquidation_price", "buying_power", "max_trade"];

/// Functions whose authoriser consents to the first arguments alone.
const AUTHORISED_IN_PART: [&str; 1] = ["deleverage"];

#[test]
fn every_operation_is_a_function_of_its_venue() {
    for operation in OPERATIONS {
        let functions = functions(operation.venue);
        let function = functions
            .iter()
            .find(|function| function.name.to_utf8_string_lossy() == operation.function)
            .unwrap_or_else(|| panic!("{:?} has no `{}`", operation.venue, operation.function));
        let declared: Vec<(String, String)> = function
            .inputs
            .iter()
            .map(|input| (input.name.to_utf8_string_lossy(), type_name(&input.type_)))
            .collect();
        let expected: Vec<(String, String)> = operation
            .arguments
            .iter()
            .map(|argument| (argument.name.to_string(), argument.kind.spec_name().to_string()))
            .collect();
        if AUTHORISED_IN_PART.contains(&operation.function) {
            assert!(declared.starts_with(&expected), "{}", operation.function);
        } else if matches!(operation.effect, Effect::Order | Effect::Rest) {
            // The authorised argument is the order alone: the function takes it among others, or in its fills.
            let inside = |argument: &(String, String)| {
                declared.contains(argument) || declared.contains(&("fills".into(), "Vec<MatchedFill>".into()))
            };
            assert!(expected.iter().all(inside), "{}", operation.function);
        } else {
            assert_eq!(declared, expected, "{:?}.{}", operation.venue, operation.function);
        }
    }
}

#[test]
fn every_function_that_changes_an_account_is_in_the_table() {
    for venue in [Venue::Vault, Venue::PerpClearing] {
        for function in functions(venue) {
            let name = function.name.to_utf8_string_lossy();
            let listed =
                OPERATIONS.iter().any(|operation| operation.venue == venue && operation.function == name);
            let reads = !returns_a_result(&function)
                || name.starts_with("preview_")
                || READS_THAT_MAY_FAIL.contains(&name.as_str());
            let known = listed || reads || WITHOUT_AN_ACCOUNT.contains(&name.as_str());
            assert!(known, "{venue:?}.{name} is neither classified nor a read");
        }
    }
}

fn returns_a_result(function: &ScSpecFunctionV0) -> bool {
    matches!(function.outputs.as_slice(), [ScSpecTypeDef::Result(_)])
}

fn type_name(declared: &ScSpecTypeDef) -> String {
    match declared {
        ScSpecTypeDef::Udt(udt) => udt.name.to_utf8_string_lossy(),
        ScSpecTypeDef::Vec(list) => format!("Vec<{}>", type_name(&list.element_type)),
        other => format!("{other:?}"),
    }
}

fn functions(venue: Venue) -> Vec<ScSpecFunctionV0> {
    let spec = Spec::of(match venue {
        Venue::Vault => "vault",
        Venue::PerpClearing => "perp-clearing",
    });
    spec.functions().cloned().collect()
}
