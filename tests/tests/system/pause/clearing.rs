//! Markets: a position shrinks at every level but the last, where nothing moves until everything is settled at one price.

use super::*;
use margin_interface::{ClearingRequest, GovernanceError};
use margin_math::units::BASE;
use margin_tests::fixture::market_config;
use margin_tests::money::milli_base;
use margin_tests::operations::Order;
use margin_tests::orders::{self, order};

pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        "buckets",
        "can_execute",
        "config",
        "funding",
        "house",
        "insurance_target",
        "lp",
        "market",
        "open_interest",
        "orders",
        "position",
        "reserve_headroom",
        "quote_trade",
        "max_trade",
    ]
    .map(|read| (read, Answers, &[] as &[_]))
    .into();
    rows.extend([
        ("liquidation_price", Answers, &[NO_PRICE] as &[_]),
        ("buying_power", Answers, &[NO_PRICE]),
        // Exits.
        ("close_position", Works(|s, _| run(s.player().close_position(BTC_USD))), &[FROZEN] as &[_]),
        (
            "trade",
            Works(|s, _| run(s.player().trade(Order::market(BTC_USD, milli_base(-5)).reducing()))),
            &[FROZEN],
        ),
        (
            "cancel_order",
            Works(|s, clearing| {
                run(s.patient.calls::<()>(
                    clearing,
                    "cancel_order",
                    (&s.patient.address, 1u64).into_val(&s.env),
                ))
            }),
            &[],
        ),
        (
            "cancel_nonces",
            Works(|s, clearing| {
                let args = (&s.patient.address, 0u64, 4u64).into_val(&s.env);
                run(s.patient.calls::<()>(clearing, "cancel_nonces", args))
            }),
            &[],
        ),
        (
            "submit",
            Works(|s, _| {
                run(orders::submit(&s.world, &s.patient, &s.patient, &[ClearingRequest::CancelOrder(3)]))
            }),
            &[],
        ),
        (
            "bump_epoch",
            Works(|s, clearing| {
                let who = s.player();
                run(who.calls::<u64>(clearing, "bump_epoch", (&who.address,).into_val(&s.env)))
            }),
            &[],
        ),
        ("request_exit", Works(|s, _| run(s.second_provider.request_exit(1_000))), &[]),
        ("remove_liquidity", Works(|s, _| run(s.provider.remove_liquidity(1_000_000))), &[NO_INDEX]),
        (
            "claim_pending",
            Works(|s, clearing| {
                run(s.keeper.calls::<i128>(clearing, "claim_pending", (&s.rich.address,).into_val(&s.env)))
            }),
            &[],
        ),
        // Others end what an account can no longer bear.
        (
            "liquidate",
            Works(|s, _| run(s.rich.take_over(&s.sunk, BTC_USD, milli_base(100)))),
            &[NO_PRICE, FROZEN],
        ),
        (
            "settle_position",
            Refuses(ClearingError::WrongStage as u32, |s, clearing| {
                let args = (&s.rich.address, s.symbol(BTC_USD)).into_val(&s.env);
                run(s.keeper.calls::<i128>(clearing, "settle_position", args))
            }),
            &[],
        ),
        // Time.
        (
            "settle_funding",
            Works(|s, clearing| {
                let args = (&s.patient.address, s.symbol(BTC_USD)).into_val(&s.env);
                run(s.keeper.calls::<i128>(clearing, "settle_funding", args))
            }),
            &[FROZEN],
        ),
        ("update_funding_rate", Works(|s, clearing| s.turns(clearing, "update_funding_rate")), &[]),
        ("update_mark_price", Works(|s, clearing| s.turns(clearing, "update_mark_price")), &[]),
        (
            "repeg",
            Refuses(ClearingError::TooEarly as u32, |s, clearing| s.turns(clearing, "repeg")),
            &[FROZEN],
        ),
        // Entries.
        (
            "open_position",
            Works(|s, _| run(s.rich.open_position(BTC_USD, true, usdc(1_000), 100))),
            &[DISABLED, CLOSING, NO_INDEX],
        ),
        ("increase_position", Works(|s, _| s.increases()), &[DISABLED, CLOSING, NO_INDEX]),
        (
            "trade",
            Works(|s, _| run(s.player().trade(Order::market(BTC_USD, milli_base(5))))),
            &[CLOSING, NO_INDEX],
        ),
        (
            "place_order",
            Works(|s, _| {
                let who = s.player();
                run(orders::place(&s.world, &who, &order(&s.world, &who, 1, milli_base(5))))
            }),
            &[],
        ),
        (
            "execute_order",
            Works(|s, _| run(orders::execute(&s.world, &s.rich, s.stored.as_ref().expect("stored")))),
            &[CLOSING, NO_INDEX],
        ),
        ("settle_match", Works(|s, _| s.matches()), &[NO_INDEX, CLOSING]),
        ("add_liquidity", Works(|s, _| run(s.rich.add_liquidity(usdc(100)))), &[NO_INDEX]),
        ("fund_insurance", Works(|s, _| run(s.rich.fund_insurance(usdc(100)))), &[]),
        // Administration.
        (
            "open_market",
            Refuses(GovernanceError::NeedsTimelock as u32, |s, clearing| {
                let config = market_config(s.prices.asset("ETH"), 1_000);
                let args =
                    (s.symbol("NEW_USD"), config, 1_000 * BASE, usdc(2_000_000).units).into_val(&s.env);
                run(s.admin.calls::<()>(clearing, "open_market", args))
            }),
            &[],
        ),
        (
            "update_market",
            Works(|s, clearing| {
                let market = s.symbol(BTC_USD);
                let config = s.ledger().market(&market).config;
                run(s.guardian.calls::<()>(
                    clearing,
                    "update_market",
                    (&s.guardian.address, market, config).into_val(&s.env),
                ))
            }),
            &[],
        ),
        (
            "wind_down",
            Works(|s, clearing| {
                run(s.admin.calls::<Val>(clearing, "wind_down", (s.symbol(BTC_USD),).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "set_operator",
            Works(|s, clearing| {
                run(s.guardian.calls::<()>(
                    clearing,
                    "set_operator",
                    (&s.guardian.address, None::<Address>).into_val(&s.env),
                ))
            }),
            &[],
        ),
        (
            "set_market_state",
            Works(|s, clearing| {
                let args = (&s.guardian.address, s.symbol(ETH_USD), MarketStage::Frozen).into_val(&s.env);
                run(s.guardian.calls::<()>(clearing, "set_market_state", args))
            }),
            &[(Markets, GovernanceError::NeedsTimelock as u32)],
        ),
    ]);
    governed(rows)
}
