//! What every entry point costs, on Wasm. `COSTS=write` writes `docs/costs.md`, `COSTS=check` compares with it.
//!
//! Only Wasm built by `stellar contract build` has the costs of a release; without it the table is printed.

mod accounts;
mod worst;

use margin_interface::{
    Action, ClearingChange, ClearingRequest, ConditionalOrder, MatchedFill, Receive, TradeAction,
};
use margin_math::defaults::LP_COOL_DOWN;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::costs::Table;
use margin_tests::env::limits::WASM_BYTES;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{eth, milli_base, price, usdc, usdt, xlm, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{consent, execute, execute_signed, match_call, order, place, submit};
use margin_tests::tx::Tx;
use margin_tests::wasm;
use margin_tests::world::Mode;
use soroban_sdk::{IntoVal, Val, Vec as HostVec};
use std::fmt::Write as _;
use std::path::PathBuf;

const CONTRACTS: [(&str, f64); 9] = [
    ("oracle", 32_000.0),
    ("margin-ledger", 88_000.0),
    ("vault", 40_000.0),
    ("perp-clearing", 64_000.0),
    ("basic-account", 24_000.0),
    ("pro-account", 32_000.0),
    ("institutional-account", 42_000.0),
    ("factory", 16_000.0),
    ("upgrader", 2_000.0),
];

#[test]
fn every_entry_point_stays_below_a_quarter_of_the_limits() {
    let mut table = Table::default();
    key_account(&mut table);
    stellar_debt(&mut table);
    smart_account(&mut table);
    distress(&mut table);
    orders(&mut table);
    keepers(&mut table);
    reads(&mut table);
    accounts::case(&mut table);
    worst::case(&mut table);
    publish(&table);
}

#[test]
fn every_contract_can_be_uploaded() {
    for (name, _) in CONTRACTS {
        let wasm = wasm::read(name);
        // What cargo alone builds is larger, and never uploaded.
        if wasm::built_by_cli(&wasm) {
            assert!(
                wasm.len() <= WASM_BYTES,
                "{name} has {} bytes, the network takes {WASM_BYTES}",
                wasm.len()
            );
        }
    }
}

/// Two deposits and one debt, as in the comparison with other protocols.
fn settled(f: &Fixture, account: Actor) -> Actor {
    let account = f.funded(account, &[usdc(60_000), eth(20), usdt(5_000)]);
    account.deposit(usdc(20_000)).ok();
    account.deposit(eth(10)).ok();
    account.borrow(usdt(2_000)).ok();
    f.pass(60);
    account
}

fn lending(f: &Fixture, table: &mut Table, section: &str, who: &Actor, borrow_bar: f64) {
    who.deposit(usdc(100)).ok();
    table.note(f, section, "vault.deposit", 2.0);
    f.pass(60);
    who.repay(usdt(100)).ok();
    table.note(f, section, "vault.repay", 2.0);
    f.pass(60);
    who.withdraw(usdc(100)).ok();
    table.note(f, section, "vault.withdraw", 4.2);
    f.pass(60);
    who.borrow(usdt(100)).ok();
    table.note(f, section, "vault.borrow", borrow_bar);
    f.pass(60);
    who.deposit(usdt(500)).ok();
    who.repay_with_collateral(usdt(100)).ok();
    table.note(f, section, "vault.repay_with_collateral", None);
    who.withdraw(Coin::Usdt.all()).ok();
    f.pass(60);
}

/// The debt is of a Stellar asset, as it was where peers were measured: no Wasm of a token is on the way.
fn stellar_debt(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = "Key account with 2 deposits and 1 debt of a Stellar asset";
    let karl = f.funded(f.key_account("karl"), &[usdc(60_000), eth(20), xlm(5_000)]);
    karl.deposit(usdc(20_000)).ok();
    karl.deposit(eth(10)).ok();
    karl.borrow(xlm(2_000)).ok();
    f.pass(60);
    karl.repay(xlm(100)).ok();
    table.note(f, section, "vault.repay", 2.0);
    f.pass(60);
    karl.borrow(xlm(100)).ok();
    table.note(f, section, "vault.borrow", 4.3);
}

fn trading(f: &Fixture, table: &mut Table, section: &str, who: &Actor, open_bar: f64, close_bar: f64) {
    who.open_position(BTC_USD, true, usdc(1_000), 200).ok();
    table.note(f, section, "clearing.open_position", open_bar);
    f.pass(60);
    who.trade(Order::market(BTC_USD, milli_base(10)).at(price(52_000))).ok();
    table.note(f, section, "clearing.trade (increase)", None);
    f.pass(60);
    who.trade(Order::market(BTC_USD, -milli_base(5))).ok();
    table.note(f, section, "clearing.trade (reduce)", None);
    f.pass(60);
    who.trade(Order::market(BTC_USD, -milli_base(100)).at(price(48_000))).ok();
    table.note(f, section, "clearing.trade (reverse)", None);
    f.pass(60);
    who.close_position(BTC_USD).ok();
    table.note(f, section, "clearing.close_position", close_bar);
    f.pass(60);
    let shares = who.add_liquidity(usdc(1_000)).ok();
    table.note(f, section, "clearing.add_liquidity", None);
    f.pass(60);
    who.request_exit(shares).ok();
    table.note(f, section, "clearing.request_exit", None);
    f.pass(LP_COOL_DOWN);
    who.remove_liquidity(shares).ok();
    table.note(f, section, "clearing.remove_liquidity", None);
    f.pass(60);
    who.fund_insurance(usdc(10)).ok();
    table.note(f, section, "clearing.fund_insurance", None);
    f.pass(60);
}

fn key_account(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = "Key account with 2 deposits and 1 debt";
    let karl = settled(f, f.key_account("karl"));
    lending(f, table, section, &karl, 4.3);
    trading(f, table, section, &karl, 4.6, 5.1);
}

fn smart_account(table: &mut Table) {
    let f = &Fixture::new(Mode::Wasm);
    let section = "Basic account with 2 deposits and 1 debt, full policy";
    let owner = f.owner_of("probe");
    let config = margin_interface::AccountConfig {
        account_type: margin_interface::AccountType::Basic,
        auto_deleverage_threshold: 12_000,
        max_leverage: 300,
        owner: owner.address.clone(),
        signers: HostVec::from_array(&f.env, [soroban_sdk::Bytes::from_array(&f.env, &[9; 32])]),
    };
    f.smart_account("alice");
    owner.create_account(&config, &f.next_salt()).ok();
    table.note(f, section, "factory.create_account", 2.5);
    let alice = settled(f, f.smart_account("bob"));
    alice.pay(&f.lender.address, usdc(1)).ok();
    table.note(f, section, "USDC transfer", 1.3);
    f.update_limits(&alice, None, Some(usdc(90_000).units)).ok();
    table.note(f, section, "account.update_params", None);
    lending(f, table, section, &alice, 7.0);
    trading(f, table, section, &alice, 7.5, 7.5);
}

fn distress(table: &mut Table) {
    let section = "Distress";
    let f = &Fixture::new(Mode::Wasm);
    let indebted = |account: Actor| {
        let account = f.funded(account, &[eth(10), usdt(10), usdc(20_000)]);
        account.deposit(eth(10)).ok();
        account.deposit(usdt(10)).ok();
        account.borrow(usdc(12_000)).ok();
        account
    };
    let alice = indebted(f.smart_account("alice"));
    let bob = indebted(f.key_account("bob"));
    let carol = indebted(f.key_account("carol"));
    let keeper = f.funded(f.key_account("karl"), &[usdc(100_000)]);
    keeper.deposit(usdc(50_000)).ok();
    let dora = f.funded(f.key_account("dora"), &[usdc(1_000)]);
    dora.open_position(BTC_USD, true, usdc(1_000), 800).ok();
    f.set_price("ETH", price(1_750));
    Tx::<Val>::new(f, Invocation::new(&alice.address, "auto_deleverage", HostVec::new(&f.env))).ok();
    table.note(f, section, "account.auto_deleverage (from the wallet)", None);
    f.set_price("ETH", price(1_600));
    keeper.liquidate(&bob, usdc(12_000), Coin::Eth, Receive::Tokens).ok();
    table.note(f, section, "vault.liquidate (tokens)", 5.1);
    keeper.liquidate(&carol, usdc(12_000), Coin::Eth, Receive::Shares).ok();
    table.note(f, section, "vault.liquidate (shares)", 5.1);
    f.set_price("BTC", price(45_500));
    keeper.take_over(&dora, BTC_USD, milli_base(1_000)).ok();
    table.note(f, section, "clearing.liquidate", 6.5);
}

fn orders(table: &mut Table) {
    let section = "Orders, matches and batches of key accounts with one deposit";
    let f = &Fixture::new(Mode::Wasm);
    let trader = |name: &str| {
        let trader = f.funded(f.key_account(name), &[usdc(40_000)]);
        trader.deposit(usdc(20_000)).ok();
        trader
    };
    let (karl, bull, operator) = (trader("karl"), trader("bull"), f.key_account("operator"));
    let clearing = &f.contracts().clearing;
    let change = ClearingChange::Operator(operator.address.clone());
    let id: soroban_sdk::BytesN<32> = f.admin.calls(clearing, "propose", (change,).into_val(&f.env)).ok();
    table.note(f, section, "clearing.propose", None);
    f.pass(2 * 86_400);
    f.admin.calls::<()>(clearing, "execute", (id,).into_val(&f.env)).ok();
    table.note(f, section, "clearing.execute", None);
    for nonce in 1..=8 {
        place(f, &karl, &order(f, &karl, nonce, milli_base(10))).ok();
    }
    table.note(f, section, "clearing.place_order, the eighth", None);
    execute(f, &f.keeper, &order(f, &karl, 8, milli_base(10))).ok();
    table.note(f, section, "clearing.execute_order, one of eight stored", None);
    f.pass(60);
    let signed = order(f, &bull, 1, milli_base(10));
    execute_signed(f, &f.keeper, &bull, &signed).ok();
    table.note(f, section, "clearing.execute_order, signed", None);
    let _ = f.clearing().can_execute(&order(f, &bull, 2, milli_base(10)));
    table.note(f, section, "clearing.can_execute", None);
    f.pass(60);
    let (buy, sell) = (order(f, &karl, 20, milli_base(10)), order(f, &bull, 20, -milli_base(10)));
    let side = |order: &ConditionalOrder, quote_delta: i128| MatchedFill {
        order: order.clone(),
        quote_delta,
        size_delta: order.size_delta,
    };
    let fills = [side(&sell, usdc(500).units), side(&buy, -usdc(500).units)];
    let consents = |order: &ConditionalOrder| consent(f, "settle_match", order).tree(&f.env);
    match_call(f, &operator, &fills).consent(&karl, consents(&buy)).consent(&bull, consents(&sell)).ok();
    table.note(f, section, "clearing.settle_match of two", None);
    f.pass(60);
    let token = f.token(Coin::Usdc).clone();
    let (market, limit_price) = (f.symbol(BTC_USD), price(52_000));
    let batch = [
        Action::Refresh(HostVec::from_array(&f.env, [f.prices.asset("BTC")])),
        Action::Deposit(token.clone(), usdc(1_000).units),
        Action::Trade(TradeAction { limit_price, market: market.clone(), size_delta: milli_base(10) }),
        Action::Withdraw(token, usdc(10).units),
    ]
    .map(ClearingRequest::Act);
    submit(f, &karl, &karl, &batch).ok();
    table.note(f, section, "clearing.submit: refresh, deposit, trade, withdraw", None);
    let _ = f.clearing().max_trade(&karl.address, &market, &true);
    table.note(f, section, "clearing.max_trade", None);
    let _ = f.clearing().liquidation_price(&karl.address, &market);
    table.note(f, section, "clearing.liquidation_price", None);
    let _ = f.clearing().buying_power(&karl.address, &market);
    table.note(f, section, "clearing.buying_power", None);
}

fn keepers(table: &mut Table) {
    let section = "Keepers";
    let f = &Fixture::new(Mode::Wasm);
    let bull = f.funded(f.key_account("bull"), &[usdc(10_000)]);
    bull.open_position(BTC_USD, true, usdc(10_000), 300).ok();
    f.pass(60);
    f.advance(5);
    for source in 0..3 {
        f.prices.say(source, "BTC", price(50_010));
    }
    f.prices.poke(&["BTC"]);
    table.note(f, section, "oracle.poke, one asset of 3 sources", 3.0);
    f.prices.report();
    table.note(f, section, "oracle.poke, 5 assets of 3 sources", None);
    let market = f.symbol(BTC_USD);
    f.clearing().update_mark_price(&market);
    table.note(f, section, "clearing.update_mark_price", None);
    f.clearing().update_funding_rate(&market);
    table.note(f, section, "clearing.update_funding_rate", None);
    f.pass(60);
    f.clearing().settle_funding(&bull.address, &market);
    table.note(f, section, "clearing.settle_funding", None);
    f.clearing().claim_pending(&bull.address);
    table.note(f, section, "clearing.claim_pending", None);
    f.ledger().accrue(f.token(Coin::Usdc));
    table.note(f, section, "ledger.accrue", None);
}

fn reads(table: &mut Table) {
    let section = "Reads";
    let f = &Fixture::new(Mode::Wasm);
    let karl = settled(f, f.key_account("karl"));
    karl.open_position(BTC_USD, true, usdc(1_000), 200).ok();
    f.pass(60);
    let _ = f.oracle().quote(&f.prices.asset("ETH"));
    table.note(f, section, "oracle.quote", 0.6);
    let assets: Vec<_> = margin_tests::prices::TICKERS.iter().map(|ticker| f.prices.asset(ticker)).collect();
    let _ = f.oracle().quotes(&HostVec::from_slice(&f.env, &assets));
    table.note(f, section, "oracle.quotes of 5", 1.0);
    let _ = f.ledger().summary(&karl.address);
    table.note(f, section, "ledger.summary, 2 deposits, 1 debt, 1 position", 2.0);
    let action = margin_interface::Action::Borrow(f.token(Coin::Usdt).clone(), usdt(1).units);
    let _ = f.ledger().preview(&karl.address, &HostVec::from_array(&f.env, [action]));
    table.note(f, section, "ledger.preview, 2 deposits, 1 debt, 1 position", None);
    let _ = f.vault().get_margin_ratio(&karl.address);
    table.note(f, section, "vault.get_margin_ratio", None);
    let _ = f.clearing().quote_trade(&f.symbol(BTC_USD), &milli_base(10));
    table.note(f, section, "clearing.quote_trade", None);
    let _ = f.clearing().reserve_headroom();
    table.note(f, section, "clearing.reserve_headroom", None);
}

fn publish(table: &Table) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/costs.md"));
    let document = format!("{INTRODUCTION}{}\n{}", table.markdown(), sizes());
    let by_cli = CONTRACTS.iter().all(|(name, _)| wasm::built_by_cli(&wasm::read(name)));
    let wanted = std::env::var("COSTS").unwrap_or_default();
    match (wanted.as_str(), by_cli) {
        ("write", true) => std::fs::write(&path, document).expect("docs/costs.md"),
        ("check", true) => {
            let committed = std::fs::read_to_string(&path).expect("docs/costs.md");
            let regressions = table.regressions(&committed);
            assert!(regressions.is_empty(), "{}", regressions.join("\n"));
        }
        ("write" | "check", false) => println!("not built by the CLI: neither written nor compared"),
        _ => println!("{document}"),
    }
}

fn sizes() -> String {
    let mut text = String::from(
        "## Wasm\n\n| contract | bytes | bar | share of the limit of 131,072 |\n|---|--:|--:|--:|\n",
    );
    for (name, bar) in CONTRACTS {
        let size = wasm::read(name).len();
        let share = 100.0 * size as f64 / WASM_BYTES as f64;
        let _ = writeln!(text, "| {name} | {size} | {bar} | {share:.1}% |");
    }
    text
}

const INTRODUCTION: &str = "# Costs

Measured in the Soroban test environment on Wasm built by `stellar contract build`, with mainnet's limits, lifetimes and fee
rates, every entry really signed (V2). Written by `make bench`, compared in `make test`: a rise of more than 2% fails. A bar
is the design's limit. The fee is without rent; rent uses the SDK's rate, which overestimates on purpose. The last column is
the largest share of 400 M instructions, 400 entries, 200 written entries; 25% is the most anything of ours may take.
";
