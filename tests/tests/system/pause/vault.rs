//! Exits: what is owed can be repaid, and what is not needed for a debt can leave, at every level.

use super::*;
use margin_interface::{Action, Receive};
use margin_tests::auth::Invocation;
use margin_tests::money::{eth, usdt};

pub fn rows() -> Vec<Row> {
    governed(vec![
        ("config", Answers, &[]),
        ("get_borrow_value", Answers, &[NO_PRICE]),
        ("get_collateral_value", Answers, &[NO_PRICE]),
        ("get_effective_margin", Answers, &[NO_PRICE]),
        ("get_margin_ratio", Answers, &[NO_PRICE]),
        ("get_market_borrow", Answers, &[NO_PRICE]),
        ("get_user_leverage", Answers, &[NO_PRICE]),
        ("is_liquidatable", Answers, &[]),
        ("is_margin_call", Answers, &[NO_PRICE]),
        ("is_smart_account", Answers, &[]),
        ("max_borrow", Answers, &[]),
        ("max_withdraw", Answers, &[]),
        ("plan_deleverage", Answers, &[]),
        ("preview_deposit", Answers, &[DISABLED]),
        ("preview_withdraw", Answers, &[NO_PRICE]),
        ("preview_borrow", Answers, &[DISABLED, NO_PRICE]),
        ("preview_repay", Answers, &[]),
        ("preview_liquidate", Answers, &[IN_DOUBT]),
        // Exits.
        ("repay", Works(|s, _| run(s.player().repay(usdt(100)))), &[]),
        ("repay_with_collateral", Works(|s, _| run(s.player().repay_with_collateral(usdt(50)))), &[]),
        ("withdraw", Works(|s, _| run(s.saver().withdraw(usdc(1_000)))), &[]),
        (
            "submit",
            Works(|s, _| {
                let usdt = s.token(Coin::Usdt).clone();
                run(s.player().submit(&[Action::Repay(usdt, 200_000_000)]))
            }),
            &[],
        ),
        (
            "submit",
            Works(|s, _| {
                let usdc = s.token(Coin::Usdc).clone();
                run(s.saver().submit(&[Action::Withdraw(usdc, 10_000_000)]))
            }),
            &[],
        ),
        (
            "transfer_positions",
            Works(|s, vault| {
                let (from, to) = (s.player(), s.heir());
                let args = (&from.address, &to.address).into_val(&s.env);
                let call = Invocation::new(vault, "transfer_positions", args);
                run(Tx::<()>::new(&s.world, call).by(&from).by(&to))
            }),
            &[],
        ),
        ("migrate_positions", Inside, &[]),
        // Others end what an account can no longer bear.
        (
            "liquidate",
            Works(|s, _| run(s.rich.liquidate(&s.fallen(), usdc(1_000), Coin::Eth, Receive::Tokens))),
            &[IN_DOUBT],
        ),
        ("deleverage", Works(deleverage), &[NO_PRICE]),
        (
            "settle_in_kind",
            Works(|s, vault| {
                let (payer, account) = (&s.rich, &s.indebted);
                let args =
                    (&payer.address, &account.address, s.token(Coin::Eth), usdc(100).units).into_val(&s.env);
                let pull = payer.transfer_call(vault, usdc(100));
                run(payer.submits::<Val>(Invocation::new(vault, "settle_in_kind", args).with(pull)))
            }),
            &[NO_PRICE],
        ),
        (
            "sync",
            Works(|s, vault| {
                run(s.keeper.calls::<i128>(vault, "sync", (s.token(Coin::Usdc),).into_val(&s.env)))
            }),
            &[],
        ),
        // Entries.
        ("deposit", Works(|s, _| run(s.saver().deposit(usdc(100)))), &[DISABLED]),
        ("withdraw", Works(|s, _| run(s.player().withdraw(usdc(1)))), &[NO_PRICE]),
        ("borrow", Works(|s, _| run(s.player().borrow(usdt(10)))), &[DISABLED, NO_PRICE]),
        (
            "borrow_multiple",
            Works(|s, _| run(s.player().borrow_multiple(&[usdt(10), eth(1)]))),
            &[DISABLED, NO_PRICE],
        ),
    ])
}

fn deleverage(s: &Stage, vault: &Address) -> Outcome {
    let (account, keeper) = (s.fallen(), &s.rich);
    let (debt, collateral) = (s.token(Coin::Usdc), s.token(Coin::Eth));
    let most = usdc(1_000).units;
    let args = (&keeper.address, &account.address, debt, collateral, most, most).into_val(&s.env);
    let call = Invocation::new(vault, "deleverage", args);
    let agreed = (&keeper.address, &account.address, debt, collateral, most).into_val(&s.env);
    let paid = Invocation::new(vault, "deleverage", agreed).with(keeper.transfer_call(vault, usdc(1_000)));
    run(Tx::<Val>::new(&s.world, call).by(&account).consent(keeper, paid.tree(&s.env)))
}
