//! The books: what anybody may do to an account that is in trouble waits for a price, what an account grants itself does not.

use super::*;
use margin_interface::{Bucket, GovernanceError, Limits};
use margin_tests::fixture::asset_config;

pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        "account",
        "asset",
        "assets",
        "config",
        "in_kind",
        "index",
        "is_liquidatable",
        "market",
        "markets",
        "perp_view",
        "permission",
        "pool_value",
        "reconcile",
        "settlement_asset",
        "totals",
    ]
    .map(|read| (read, Answers, &[] as &[_]))
    .into();
    rows.extend(
        [
            "credit",
            "debit",
            "borrow",
            "repay",
            "repay_with_collateral",
            "liquidate",
            "deleverage",
            "settle_in_kind",
            "sync",
            "transfer_account",
            "batch",
            "open_market",
            "update_market",
            "push_market",
            "apply_fill",
            "settle",
            "take_over",
            "move_bucket",
            "claim_pending",
            "pay_executor",
        ]
        .map(|inner| (inner, Inside, &[] as &[_])),
    );
    rows.extend([
        ("summary", Answers, &[NO_PRICE] as &[_]),
        ("breakdown", Answers, &[NO_PRICE]),
        ("preview", Answers, &[NO_PRICE]),
        ("assess", Answers, &[NO_PRICE]),
        ("value", Answers, &[NO_PRICE]),
        ("dry_credit", Answers, &[DISABLED] as &[_]),
        ("dry_batch", Answers, &[DISABLED]),
        ("dry_fills", Answers, &[]),
        ("dry_liquidate", Answers, &[IN_DOUBT]),
        // Trouble.
        ("margin_call", Works(|s, ledger| s.keeps(ledger, "margin_call", &s.called)), &[NO_PRICE]),
        ("flag", Works(|s, ledger| s.keeps(ledger, "flag", &s.fallen())), &[IN_DOUBT]),
        ("unflag", Works(|s, ledger| s.keeps(ledger, "unflag", &s.healed)), &[NO_PRICE]),
        (
            "backstop",
            Works(|s, ledger| {
                let args = (&s.sinking.address, s.token(Coin::Eth), usdc(100).units).into_val(&s.env);
                run(s.keeper.calls::<Val>(ledger, "backstop", args))
            }),
            &[IN_DOUBT],
        ),
        (
            "accrue",
            Works(|s, ledger| {
                run(s.keeper.calls::<()>(ledger, "accrue", (s.token(Coin::Usdc),).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "extend_ttl",
            Works(|s, ledger| {
                let accounts = HostVec::from_array(&s.env, [s.rich.address.clone()]);
                run(s.keeper.calls::<()>(ledger, "extend_ttl", (accounts,).into_val(&s.env)))
            }),
            &[],
        ),
        // The account's own.
        (
            "set_limits",
            Works(|s, ledger| {
                let who = s.player();
                run(who.calls::<()>(ledger, "set_limits", (&who.address, Limits::NONE).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "set_in_kind",
            Works(|s, ledger| {
                let who = s.player();
                let named = HostVec::from_array(&s.env, [s.token(Coin::Eth).clone()]);
                run(who.calls::<()>(ledger, "set_in_kind", (&who.address, named).into_val(&s.env)))
            }),
            &[],
        ),
        ("grant", Works(|s, _| run(s.rich.grant(&s.keeper, 1, s.now() + 100))), &[]),
        ("revoke", Works(|s, _| run(s.rich.revoke(&s.keeper))), &[]),
        (
            "revoke_all",
            Works(|s, ledger| {
                run(s.rich.calls::<()>(ledger, "revoke_all", (&s.rich.address,).into_val(&s.env)))
            }),
            &[],
        ),
        // Administration.
        (
            "set_venues",
            Refuses(LedgerError::VenuesAlreadySet as u32, |s, ledger| {
                let c = s.contracts();
                let args = (&c.vault, &c.clearing, &c.factory).into_val(&s.env);
                run(s.admin.calls::<()>(ledger, "set_venues", args))
            }),
            &[],
        ),
        (
            "list_asset",
            Refuses(GovernanceError::NeedsTimelock as u32, |s, ledger| {
                let config = asset_config(Coin::Usdt, s.prices.asset("USDT"));
                run(s.admin.calls::<()>(ledger, "list_asset", (&s.unlisted, config).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "update_asset",
            Works(|s, ledger| {
                let token = s.token(Coin::Xlm);
                let mut config = s.ledger().asset(token).config;
                config.supply_cap -= 1;
                let args = (&s.guardian.address, token, config).into_val(&s.env);
                run(s.guardian.calls::<()>(ledger, "update_asset", args))
            }),
            &[],
        ),
        (
            "retire_asset",
            Works(|s, ledger| {
                run(s.admin.calls::<()>(ledger, "retire_asset", (&s.unused,).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "set_protocol_account",
            Refuses(GovernanceError::NeedsTimelock as u32, |s, ledger| {
                let args = (Bucket::Insurance, &s.rich.address).into_val(&s.env);
                run(s.admin.calls::<()>(ledger, "set_protocol_account", args))
            }),
            &[],
        ),
    ]);
    governed(rows)
}
