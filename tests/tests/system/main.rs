//! What the system promises, told as stories with real signatures, each natively and on the built Wasm.

mod accounts;
mod attack_table;
mod attacks;
mod classification;
mod decimals;
mod deleverage;
mod documents;
mod factory;
mod governance;
mod host_rule;
mod lending;
mod metadata;
mod oracle;
mod orders;
mod pause;
mod perpetuals;
mod policy;
mod sign_auth;
mod signatures;
mod stellar_tokens;
mod strategy;
mod upgrades;

/// Tells each story in both modes.
#[macro_export]
macro_rules! in_both_modes {
    ($($story:ident),+ $(,)?) => {
        mod native {
            $(#[test]
            fn $story() {
                let fixture = margin_tests::fixture::Fixture::new(margin_tests::world::Mode::Native);
                super::$story(&fixture);
                margin_tests::invariants::check_now(&fixture);
            })+
        }
        mod wasm {
            $(#[test]
            fn $story() {
                let fixture = margin_tests::fixture::Fixture::new(margin_tests::world::Mode::Wasm);
                super::$story(&fixture);
                margin_tests::invariants::check_now(&fixture);
            })+
        }
    };
}
