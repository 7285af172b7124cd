//! What each pause stops, and what none of them does: every function of every contract, really signed, at every level.
//! `pause` never stops an exit: repaying, withdrawing what is owed to nobody, cancelling, liquidating and governing go on.
//! A new function without a row fails.

mod clearing;
mod factory;
mod ledger;
mod oracle;
mod stage;
mod vault;

use margin_interface::{ClearingError, FactoryError, HaltScope, LedgerError, MarketStage, OracleError};
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::money::{usdc, Coin};
use margin_tests::refusal::Failure;
use margin_tests::spec::Spec;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use soroban_sdk::{Address, IntoVal, TryFromVal, Val, Vec as HostVec};
use stage::Stage;
use std::collections::BTreeSet;

/// What can be stopped, each by the guardian and at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pause {
    /// All prices.
    Prices,
    /// New deposits and debts in every asset.
    Assets,
    /// Openings in every market.
    Openings,
    /// Every market as a whole: the step before it is wound down.
    Markets,
    /// The creation of accounts.
    Accounts,
}
use Pause::{Accounts, Assets, Markets, Openings, Prices};

const LEVELS: [&[Pause]; 7] = [
    &[],
    &[Prices],
    &[Assets],
    &[Openings],
    &[Openings, Markets],
    &[Accounts],
    &[Prices, Assets, Openings, Accounts],
];

/// What a function does.
enum Does {
    /// Answers whoever asks, at every level.
    Answers,
    /// Works for another contract of the protocol: whoever else signs is refused, at every level.
    Inside,
    /// Works, really signed, by an actor of its own.
    Works(fn(&Stage, &Address) -> Outcome),
    /// Is refused for a reason of its own, paused or not.
    Refuses(u32, fn(&Stage, &Address) -> Outcome),
}
use Does::{Answers, Inside, Refuses, Works};

type Outcome = Result<(), Failure>;

/// A function, what it does, and which pauses stop it with which error; the first that applies.
type Row = (&'static str, Does, &'static [(Pause, u32)]);

/// What nobody can do, or say, without a price.
const NO_PRICE: (Pause, u32) = (Prices, LedgerError::PriceNotUsable as u32);
/// What nobody can trade without an index.
const NO_INDEX: (Pause, u32) = (Prices, ClearingError::PriceNotUsable as u32);
/// Where the ends of the static band decide, and do not find against the account.
const IN_DOUBT: (Pause, u32) = (Prices, LedgerError::NotLiquidatable as u32);
const DISABLED: (Pause, u32) = (Assets, LedgerError::AssetDisabled as u32);
const CLOSING: (Pause, u32) = (Openings, ClearingError::WrongStage as u32);
const FROZEN: (Pause, u32) = (Markets, ClearingError::WrongStage as u32);
const HALTED: (Pause, u32) = (Prices, OracleError::PriceHalted as u32);
const CREATION: (Pause, u32) = (Accounts, FactoryError::Paused as u32);

/// Submits it and forgets what it returns.
fn run<T: TryFromVal<soroban_sdk::Env, Val>>(tx: Tx<T>) -> Outcome {
    tx.submit().map(|_| ())
}

/// The guardian pulls every lever of a level.
fn pause(f: &Fixture, level: &[Pause]) {
    let (env, contracts, by) = (&f.env, f.contracts(), &f.guardian.address);
    let pull = |contract: &Address, function: &str, args: HostVec<Val>| {
        f.guardian.calls::<()>(contract, function, args).ok();
    };
    for lever in level {
        match lever {
            Prices => pull(&contracts.oracle, "halt", (by, HaltScope::All).into_val(env)),
            Assets => {
                for coin in Coin::ALL {
                    let token = f.token(coin);
                    let mut config = f.ledger().asset(token).config;
                    config.enabled = false;
                    pull(&contracts.ledger, "update_asset", (by, token, config).into_val(env));
                }
            }
            Openings | Markets => {
                let stage = if *lever == Openings { MarketStage::ReduceOnly } else { MarketStage::Frozen };
                for market in [BTC_USD, ETH_USD] {
                    let args = (by, f.symbol(market), stage).into_val(env);
                    pull(&contracts.clearing, "set_market_state", args);
                }
            }
            Accounts => pull(&contracts.factory, "pause", (by,).into_val(env)),
        }
    }
}

#[test]
fn every_function_at_every_level() {
    let tables: [(&str, Vec<Row>); 5] = [
        ("oracle", oracle::rows()),
        ("margin-ledger", ledger::rows()),
        ("vault", vault::rows()),
        ("perp-clearing", clearing::rows()),
        ("factory", factory::rows()),
    ];
    for (name, rows) in &tables {
        let listed: BTreeSet<String> = rows.iter().map(|(function, ..)| function.to_string()).collect();
        let exported: BTreeSet<String> =
            Spec::of(name).functions().map(|function| function.name.to_utf8_string_lossy()).collect();
        assert_eq!(listed, exported, "the rows of {name} and what it exports");
    }
    let mut wrong = Vec::new();
    for level in LEVELS {
        let f = Fixture::new(Mode::Native);
        let stage = Stage::new(f);
        pause(&stage, level);
        for (name, rows) in &tables {
            let contract = stage.contract(name);
            for (function, does, stops) in rows {
                let code = stops.iter().find(|(pause, _)| level.contains(pause)).map(|(_, code)| *code);
                let before = stage.everything();
                let outcome = match does {
                    Works(act) | Refuses(_, act) => act(&stage, &contract),
                    Answers | Inside => sampled(&stage, name, &contract, function),
                };
                let told = match (&outcome, does, code) {
                    (Ok(()), Works(_) | Answers, None) => None,
                    (Err(failure), Works(_) | Answers, Some(code)) if failure.code == Some(code) => None,
                    (Err(failure), Refuses(reason, _), code)
                        if failure.code == Some(code.unwrap_or(*reason)) =>
                    {
                        None
                    }
                    (Err(failure), Inside, _) if failure.mentions("Unauthorized function call") => None,
                    (Ok(()), ..) => Some("it works".to_string()),
                    (Err(failure), ..) => {
                        Some(format!("{}, {:.700}", failure.error, failure.log.join(" | ")))
                    }
                };
                if let Some(told) = told {
                    let expected = code.map_or("as ever".to_string(), |code| format!("{code}"));
                    wrong.push(format!("{name}.{function} at {level:?}, expected {expected}: {told}"));
                }
                if outcome.is_err() || matches!(does, Answers) {
                    let changed =
                        stage.everything().iter().any(|(key, entry)| before.get(key) != Some(entry));
                    assert!(!changed, "{name}.{function} at {level:?} leaves a trace");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

/// The function with arguments of its spec, among people and things that exist, signed by one of them.
fn sampled(stage: &Stage, name: &str, contract: &Address, function: &str) -> Outcome {
    let (spec, env) = (Spec::of(name), &stage.env);
    let declared = spec.functions().find(|known| known.name.to_utf8_string_lossy() == function);
    let declared = declared.expect("it was in the spec");
    let known = |argument: &str| stage.argument(function, argument);
    let args = spec.arguments_with(env, declared, &stage.bystander.address, |argument| {
        known(argument).or(match argument {
            "market" => Some(stage.symbol(BTC_USD).into_val(env)),
            "asset" | "token" | "debt_asset" if name != "oracle" => {
                Some(stage.token(Coin::Usdc).into_val(env))
            }
            "collateral_asset" => Some(stage.token(Coin::Eth).into_val(env)),
            "asset" if function == "get_price" => Some(stage.token(Coin::Usdc).into_val(env)),
            "asset" => Some(stage.prices.asset("USDC").into_val(env)),
            _ => None,
        })
    });
    run(stage.bystander.calls::<Val>(contract, function, args))
}

/// What every contract has in common, last: it moves the offices.
fn governed(mut rows: Vec<Row>) -> Vec<Row> {
    rows.extend([
        ("admin", Answers, &[] as &[_]),
        ("guardian", Answers, &[]),
        ("scheduled", Answers, &[]),
        ("storage_version", Answers, &[]),
        ("propose", Works(|s, contract| s.propose_again(contract)), &[]),
        ("cancel", Works(|s, contract| s.cancel(contract)), &[]),
        ("execute", Works(|s, contract| s.execute(contract)), &[]),
        (
            "propose_guardian",
            Works(|s, contract| {
                run(s.admin.calls::<Val>(contract, "propose_guardian", (&s.keeper.address,).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "set_guardian",
            Works(|s, contract| {
                run(s.admin.calls::<()>(contract, "set_guardian", (&s.bystander.address,).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "transfer_admin",
            Works(|s, contract| {
                run(s.admin.calls::<()>(contract, "transfer_admin", (&s.admin.address,).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "accept_admin",
            Works(|s, contract| run(s.admin.calls::<()>(contract, "accept_admin", ().into_val(&s.env)))),
            &[],
        ),
        (
            "freeze_upgrades",
            Works(|s, contract| run(s.admin.calls::<()>(contract, "freeze_upgrades", ().into_val(&s.env)))),
            &[],
        ),
    ]);
    rows
}
