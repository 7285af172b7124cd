//! Which entry points the random sequences play, and why not the others: a new one belongs to one of the lists below.

use margin_tests::spec::Spec;
use std::collections::BTreeSet;

/// Every contract, and the name under which its calls are noted.
const CONTRACTS: [(&str, &str); 9] = [
    ("oracle", "oracle"),
    ("margin-ledger", "margin-ledger"),
    ("vault", "vault"),
    ("perp-clearing", "perp-clearing"),
    ("factory", "factory"),
    ("upgrader", "upgrader"),
    ("basic-account", "account"),
    ("pro-account", "account"),
    ("institutional-account", "account"),
];

/// Played: each must have succeeded in the sequences of `make test`.
pub const PLAYED: [(&str, &[&str]); 7] = [
    (
        "oracle",
        &[
            "accept_admin",
            "add_alias",
            "add_publisher",
            "cancel",
            "execute",
            "extend_ttl",
            "freeze_upgrades",
            "halt",
            "poke",
            "propose",
            "propose_guardian",
            "remove_price_feed",
            "remove_publisher",
            "revoke_publisher",
            "set_guardian",
            "set_limits",
            "set_quorum",
            "submit",
            "transfer_admin",
        ],
    ),
    (
        "margin-ledger",
        &[
            "accept_admin",
            "accrue",
            "backstop",
            "cancel",
            "execute",
            "extend_ttl",
            "flag",
            "freeze_upgrades",
            "grant",
            "margin_call",
            "propose",
            "propose_guardian",
            "retire_asset",
            "revoke",
            "revoke_all",
            "set_guardian",
            "set_in_kind",
            "set_protocol_account",
            "transfer_admin",
            "unflag",
            "update_asset",
        ],
    ),
    (
        "vault",
        &[
            "accept_admin",
            "borrow",
            "borrow_multiple",
            "cancel",
            "deposit",
            "execute",
            "freeze_upgrades",
            "liquidate",
            "propose",
            "propose_guardian",
            "repay",
            "repay_with_collateral",
            "set_guardian",
            "settle_in_kind",
            "submit",
            "sync",
            "transfer_admin",
            "transfer_positions",
            "withdraw",
        ],
    ),
    (
        "perp-clearing",
        &[
            "accept_admin",
            "add_liquidity",
            "bump_epoch",
            "cancel",
            "cancel_nonces",
            "cancel_order",
            "claim_pending",
            "close_position",
            "execute",
            "execute_order",
            "freeze_upgrades",
            "fund_insurance",
            "increase_position",
            "liquidate",
            "open_position",
            "place_order",
            "propose",
            "propose_guardian",
            "remove_liquidity",
            "repeg",
            "request_exit",
            "set_guardian",
            "set_market_state",
            "set_operator",
            "settle_funding",
            "settle_match",
            "settle_position",
            "submit",
            "trade",
            "transfer_admin",
            "update_funding_rate",
            "update_mark_price",
            "update_market",
            "wind_down",
        ],
    ),
    (
        "factory",
        &[
            "accept_admin",
            "cancel",
            "create_account",
            "execute",
            "freeze_upgrades",
            "migrate_to_smart_account",
            "pause",
            "propose",
            "propose_guardian",
            "set_guardian",
            "set_wasm_hash",
            "transfer_admin",
            "unpause",
            "upgrade_account",
        ],
    ),
    ("upgrader", &["upgrade"]),
    (
        "account",
        &[
            "accept_ownership",
            "add_session_key",
            "add_signer",
            "allow_contract",
            "auto_deleverage",
            "auto_deleverage_with",
            "blacklist_market",
            "cancel_multisig",
            "cancel_upgrade",
            "disallow_contract",
            "execute_multisig",
            "execute_upgrade",
            "freeze",
            "grant_delegate",
            "grant_session",
            "propose_recovery",
            "propose_upgrade",
            "remove_signer",
            "remove_token_policy",
            "renounce_session",
            "revoke_all_sessions",
            "revoke_delegate",
            "revoke_session_key",
            "rotate_signer",
            "set_token_policy",
            "set_trading_hours",
            "transfer_ownership",
            "unblacklist_market",
            "unfreeze",
            "update_multisig",
            "update_params",
        ],
    ),
];

/// Not called by actors here, and where instead.
const ELSEWHERE: [(&str, &str, &[&str]); 8] = [
    (
        "margin-ledger",
        "a venue or the account calls it, in nearly every move",
        &[
            "apply_fill",
            "batch",
            "borrow",
            "claim_pending",
            "credit",
            "debit",
            "deleverage",
            "liquidate",
            "move_bucket",
            "open_market",
            "pay_executor",
            "push_market",
            "repay",
            "repay_with_collateral",
            "set_limits",
            "settle",
            "settle_in_kind",
            "sync",
            "take_over",
            "transfer_account",
            "update_market",
        ],
    ),
    ("margin-ledger", "genesis of every sequence", &["list_asset", "set_venues"]),
    ("vault", "the account that is deleveraged calls it", &["deleverage"]),
    ("vault", "the factory calls it, in `migrate_to_smart_account`", &["migrate_positions"]),
    ("perp-clearing", "genesis of every sequence", &["open_market"]),
    ("oracle", "genesis of every sequence", &["add_asset", "add_price_feed"]),
    ("account", "the factory calls it, in `upgrade_account`", &["change_tier", "complete_tier_change"]),
    ("account", "the factory calls it, in `migrate_to_smart_account`", &["refresh_limits"]),
];

/// Reads; that they write nothing is asserted where each is tested.
const READS: [&str; 91] = [
    "account",
    "account_address",
    "account_count",
    "account_type",
    "admin",
    "assess",
    "asset",
    "assets",
    "audit_head",
    "audit_log",
    "base",
    "blacklist",
    "breakdown",
    "buckets",
    "buying_power",
    "can_authorize",
    "can_execute",
    "config",
    "decimals",
    "dry_batch",
    "dry_credit",
    "dry_fills",
    "dry_liquidate",
    "funding",
    "get_account",
    "get_accounts",
    "get_borrow_value",
    "get_collateral_value",
    "get_effective_margin",
    "get_margin_ratio",
    "get_market_borrow",
    "get_owner",
    "get_price",
    "get_session_keys",
    "get_user_leverage",
    "guardian",
    "house",
    "in_kind",
    "index",
    "insurance_target",
    "is_account",
    "is_liquidatable",
    "is_margin_call",
    "is_smart_account",
    "last_timestamp",
    "lastprice",
    "limits",
    "liquidation_price",
    "lp",
    "market",
    "markets",
    "max_borrow",
    "max_trade",
    "max_withdraw",
    "multisig",
    "open_interest",
    "orders",
    "pending_multisig",
    "permission",
    "perp_view",
    "plan_deleverage",
    "pool_value",
    "position",
    "preview",
    "preview_borrow",
    "preview_deposit",
    "preview_liquidate",
    "preview_repay",
    "preview_withdraw",
    "price",
    "price_feeds",
    "prices",
    "publishers",
    "quote",
    "quote_trade",
    "quotes",
    "reconcile",
    "required_signatures",
    "reserve_headroom",
    "resolution",
    "scheduled",
    "settlement_asset",
    "signers",
    "standing",
    "storage_version",
    "summary",
    "token_policies",
    "totals",
    "trading_hours",
    "twap",
    "value",
];

fn declared() -> BTreeSet<(&'static str, String)> {
    let of = |(name, label): (&str, &'static str)| {
        let functions = Spec::of(name);
        functions
            .functions()
            .map(|function| (label, function.name.to_utf8_string_lossy()))
            .collect::<Vec<_>>()
    };
    CONTRACTS.into_iter().flat_map(of).collect()
}

fn listed() -> BTreeSet<(&'static str, String)> {
    let played =
        PLAYED.into_iter().flat_map(|(label, names)| names.iter().map(move |name| (label, name.to_string())));
    let others = ELSEWHERE
        .into_iter()
        .flat_map(|(label, _, names)| names.iter().map(move |name| (label, name.to_string())));
    played.chain(others).collect()
}

#[test]
fn every_entry_point_has_a_move_or_a_reason() {
    let (declared, listed) = (declared(), listed());
    for (contract, function) in &declared {
        let known = listed.contains(&(*contract, function.clone())) || READS.contains(&function.as_str());
        assert!(known, "{contract}.{function} has neither a move nor a reason");
    }
    for (contract, function) in &listed {
        assert!(declared.contains(&(*contract, function.clone())), "{contract} has no {function}");
    }
    for name in READS {
        assert!(declared.iter().any(|(_, function)| function == name), "nothing has {name}");
    }
}

/// What of [`PLAYED`] has never succeeded.
pub fn missing(called: &BTreeSet<(&'static str, String)>) -> Vec<String> {
    let names =
        PLAYED.into_iter().flat_map(|(label, names)| names.iter().map(move |name| (label, name.to_string())));
    names.filter(|name| !called.contains(name)).map(|(label, name)| format!("{label}.{name}")).collect()
}
