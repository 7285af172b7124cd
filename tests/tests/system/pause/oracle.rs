//! A halted oracle gives no price, and can still be governed.

use super::*;
use margin_interface::{AssetClass, GovernanceError};
use margin_tests::money::price;
use margin_tests::prices::{fresh_source, loose_limits};
use soroban_sdk::BytesN;

pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        "assets",
        "base",
        "decimals",
        "last_timestamp",
        "lastprice",
        "limits",
        "price",
        "price_feeds",
        "prices",
        "publishers",
        "quote",
        "quotes",
        "resolution",
        "twap",
    ]
    .map(|read| (read, Answers, &[] as &[_]))
    .into();
    rows.extend([
        ("get_price", Answers, &[HALTED] as &[_]),
        ("poke", Works(|s, oracle| s.pokes(oracle)), &[]),
        (
            "extend_ttl",
            Works(|s, oracle| {
                let assets = HostVec::from_array(&s.env, [s.prices.asset("USDC")]);
                run(s.keeper.calls::<()>(oracle, "extend_ttl", (assets,).into_val(&s.env)))
            }),
            &[],
        ),
        ("submit", Works(|s, oracle| s.publishes(oracle)), &[HALTED]),
        (
            "add_asset",
            Works(|s, oracle| {
                let args =
                    (s.other("NEW"), AssetClass::Volatile, loose_limits(price(1)), price(1)).into_val(&s.env);
                run(s.admin.calls::<()>(oracle, "add_asset", args))
            }),
            &[],
        ),
        (
            "add_alias",
            Works(|s, oracle| {
                let args = (s.other("ALIAS"), s.prices.asset("USDC")).into_val(&s.env);
                run(s.admin.calls::<()>(oracle, "add_alias", args))
            }),
            &[],
        ),
        (
            "set_limits",
            Works(|s, oracle| {
                let asset = s.prices.asset("USDC");
                let limits = s.oracle_admin().limits(&asset).expect("listed");
                run(s.admin.calls::<()>(oracle, "set_limits", (asset, limits).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "add_price_feed",
            Works(|s, oracle| {
                let source = fresh_source(s.other("NEW"), s.contracts().sources[0].clone(), 0);
                run(s.admin.calls::<()>(oracle, "add_price_feed", (s.other("NEW"), source).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "remove_price_feed",
            Works(|s, oracle| {
                let args = (&s.guardian.address, s.other("NEW"), &s.contracts().sources[0]).into_val(&s.env);
                run(s.guardian.calls::<()>(oracle, "remove_price_feed", args))
            }),
            &[],
        ),
        (
            "set_quorum",
            Works(|s, oracle| run(s.admin.calls::<()>(oracle, "set_quorum", (1u32,).into_val(&s.env)))),
            &[],
        ),
        ("revoke_publisher", Works(|s, oracle| s.revokes(oracle)), &[]),
        (
            "add_publisher",
            Refuses(GovernanceError::NeedsTimelock as u32, |s, oracle| {
                let key = BytesN::from_array(&s.env, &[3; 32]);
                run(s.admin.calls::<()>(oracle, "add_publisher", (key,).into_val(&s.env)))
            }),
            &[],
        ),
        ("remove_publisher", Works(|s, oracle| s.removes_publisher(oracle)), &[]),
        (
            "halt",
            Works(|s, oracle| {
                let args = (&s.guardian.address, HaltScope::Asset(s.other("NEW"))).into_val(&s.env);
                run(s.guardian.calls::<()>(oracle, "halt", args))
            }),
            &[],
        ),
    ]);
    governed(rows)
}
