//! Entry points: authorise, pull, have the ledger book it, pay. Their documentation is on [`VaultInterface`].

use crate::{
    batch,
    calls::ask,
    custody::{held, pay, positive, pull, rest},
    plan::Plan,
    storage,
};
use governance::Delay;
use margin_interface::{
    lean, permissions, AccountSummary, Action, Breakdown, DeleverageStep, Liquidation, MarginLedgerClient,
    Receive, VaultAdminInterface, VaultChange, VaultConfig, VaultError, VaultInterface, ALL,
};
use margin_math::shares::Total;
use soroban_sdk::{
    contract, contractimpl, Address, BytesN, Env, Executable, FromVal, IntoVal, Map, Symbol, Val, Vec,
};

/// The vault.
#[contract]
pub struct Vault;

#[contractimpl]
impl Vault {
    /// Sets who governs and which margin ledger keeps the books.
    pub fn __constructor(env: Env, admin: Address, guardian: Address, ledger: Address) {
        governance::initialise(&env, admin, guardian);
        storage::set_config(&env, &VaultConfig { ledger });
        storage::extend_instance(&env);
    }
}

#[contractimpl]
impl VaultInterface for Vault {
    fn deposit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        from.require_auth();
        positive(amount)?;
        pull(&env, &asset, &from, amount)?;
        Ok(books(&env).credit(&from, &account, &asset, &amount))
    }

    fn withdraw(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
        to: Address,
    ) -> Result<i128, VaultError> {
        account.require_auth();
        positive(amount)?;
        let withdrawn = books(&env).debit(&account, &asset, &amount);
        pay(&env, &asset, &to, withdrawn);
        Ok(withdrawn)
    }

    fn borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<(), VaultError> {
        borrower.require_auth();
        positive(amount)?;
        books(&env).borrow(&borrower, &asset, &amount);
        pay(&env, &asset, &borrower, amount);
        Ok(())
    }

    fn borrow_multiple(
        env: Env,
        borrower: Address,
        assets: Vec<Address>,
        amounts: Vec<i128>,
    ) -> Result<(), VaultError> {
        borrower.require_auth();
        if assets.len() != amounts.len() || assets.is_empty() {
            return Err(VaultError::InvalidBatch);
        }
        let mut requests = lean::list(&env);
        for (asset, amount) in assets.iter().zip(amounts.iter()) {
            requests.push_back(Action::Borrow(asset, amount));
        }
        batch::needs(&requests)?;
        execute(&env, &borrower, &borrower, &requests)?;
        Ok(())
    }

    fn repay(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        from.require_auth();
        positive(amount)?;
        pull(&env, &asset, &from, amount)?;
        let repaid = books(&env).repay(&account, &asset, &amount);
        pay(&env, &asset, &from, rest(amount, repaid)?);
        Ok(repaid)
    }

    fn repay_with_collateral(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        account.require_auth();
        positive(amount)?;
        Ok(books(&env).repay_with_collateral(&account, &asset, &amount))
    }

    fn submit(
        env: Env,
        sender: Address,
        account: Address,
        requests: Vec<Action>,
    ) -> Result<Vec<i128>, VaultError> {
        let requests = batch::refresh(&env, &ledger(&env), &requests)?;
        sender.require_auth();
        let needed = batch::needs(&requests)?;
        if sender != account {
            let granted = ledger(&env).permission(&account, &sender);
            if granted & permissions::ADMIN == 0 && granted & needed != needed {
                return Err(VaultError::NotPermitted);
            }
        }
        batch::pull(&env, &sender, &requests)?;
        execute(&env, &sender, &account, &requests)
    }

    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, VaultError> {
        liquidator.require_auth();
        swap(&env, &liquidator, &debt_asset, &collateral_asset, max_repay, receive, |books| {
            books.liquidate(
                &liquidator,
                &account,
                &debt_asset,
                &collateral_asset,
                &max_repay,
                &min_seized,
                &receive,
            )
        })
    }

    fn deleverage(
        env: Env,
        keeper: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        wanted: i128,
    ) -> Result<Liquidation, VaultError> {
        account.require_auth();
        // What the account wants follows from the price, so the keeper cannot have signed it.
        keeper.require_auth_for_args(
            (&keeper, &account, &debt_asset, &collateral_asset, max_repay).into_val(&env),
        );
        positive(wanted)?;
        swap(&env, &keeper, &debt_asset, &collateral_asset, max_repay, Receive::Tokens, |books| {
            books.deleverage(&keeper, &account, &debt_asset, &collateral_asset, &max_repay.min(wanted))
        })
    }

    fn plan_deleverage(
        env: Env,
        account: Address,
        breakdown: Breakdown,
        target: u32,
        swap: Option<(Address, Address, i128)>,
        skip: u32,
    ) -> Option<DeleverageStep> {
        Plan::of(&env, &ledger(&env), &breakdown, target).next(&account, swap, skip)
    }

    fn settle_in_kind(
        env: Env,
        payer: Address,
        account: Address,
        asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, VaultError> {
        payer.require_auth();
        let settlement = ledger(&env).settlement_asset();
        swap(&env, &payer, &settlement, &asset, max_repay, Receive::Tokens, |books| {
            books.settle_in_kind(&payer, &account, &asset, &max_repay)
        })
    }

    fn transfer_positions(env: Env, from: Address, to: Address) -> Result<(), VaultError> {
        from.require_auth();
        to.require_auth();
        books(&env).transfer_account(&from, &to);
        Ok(())
    }

    fn migrate_positions(env: Env, from: Address, to: Address) -> Result<(), VaultError> {
        from.require_auth();
        ledger(&env).config().factory.require_auth();
        books(&env).transfer_account(&from, &to);
        Ok(())
    }

    fn sync(env: Env, asset: Address) -> i128 {
        books(&env).sync(&asset, &held(&env, &asset))
    }

    fn max_withdraw(env: Env, account: Address, asset: Address) -> i128 {
        // All of it may leave where a part may not: beside a debt nothing that has no price may stay.
        let all = tried(&env, &account, Action::Withdraw(asset.clone(), ALL));
        all.unwrap_or_else(|| {
            let most_there = cash(&env, &asset).min(deposited(&env, &account, &asset));
            most(&env, &account, &asset, Action::Withdraw, most_there)
        })
    }

    fn max_borrow(env: Env, account: Address, asset: Address) -> i128 {
        most(&env, &account, &asset, Action::Borrow, cash(&env, &asset))
    }

    fn preview_deposit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        positive(amount)?;
        Ok(ledger(&env).dry_credit(&from, &account, &asset, &amount))
    }

    fn preview_withdraw(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        positive(amount)?;
        Ok(dry_run(&env, &account, Action::Withdraw(asset, amount)))
    }

    fn preview_borrow(env: Env, borrower: Address, asset: Address, amount: i128) -> Result<i128, VaultError> {
        positive(amount)?;
        Ok(dry_run(&env, &borrower, Action::Borrow(asset, amount)))
    }

    fn preview_repay(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, VaultError> {
        positive(amount)?;
        Ok(dry_run(&env, &account, Action::Repay(asset, amount)))
    }

    fn preview_liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, VaultError> {
        positive(max_repay)?;
        Ok(ledger(&env).dry_liquidate(
            &liquidator,
            &account,
            &debt_asset,
            &collateral_asset,
            &max_repay,
            &min_seized,
            &receive,
        ))
    }

    fn get_collateral_value(env: Env, user: Address) -> i128 {
        summary(&env, &user).collateral_value
    }

    fn get_borrow_value(env: Env, user: Address) -> i128 {
        summary(&env, &user).debt_value
    }

    fn get_market_borrow(env: Env, user: Address, market: Address) -> i128 {
        let breakdown = ledger(&env).breakdown(&user);
        breakdown.debts.iter().find(|debt| debt.asset == market).map_or(0, |debt| debt.value)
    }

    fn get_effective_margin(env: Env, user: Address) -> i128 {
        summary(&env, &user).effective_margin
    }

    fn get_margin_ratio(env: Env, user: Address) -> u32 {
        summary(&env, &user).health_factor
    }

    fn is_margin_call(env: Env, user: Address) -> bool {
        !summary(&env, &user).margin_call_ok
    }

    fn is_liquidatable(env: Env, user: Address) -> bool {
        ledger(&env).is_liquidatable(&user)
    }

    fn get_user_leverage(env: Env, user: Address) -> u32 {
        summary(&env, &user).leverage
    }

    fn is_smart_account(_env: Env, user: Address) -> bool {
        matches!(user.executable(), Some(Executable::Wasm(_)))
    }

    fn config(env: Env) -> VaultConfig {
        storage::config(&env)
    }
}

#[contractimpl]
impl VaultAdminInterface for Vault {
    fn propose(env: Env, change: VaultChange) -> BytesN<32> {
        governance::propose(&env, change, Delay::Code)
    }

    fn execute(env: Env, id: BytesN<32>) {
        let VaultChange::Upgrade(wasm, version) = governance::take(&env, &id);
        governance::upgrade(&env, wasm, version);
    }
}

governance::governed!(Vault);

/// Books requests whose tokens are there already, and pays what they release.
fn execute(
    env: &Env,
    sender: &Address,
    account: &Address,
    requests: &Vec<Action>,
) -> Result<Vec<i128>, VaultError> {
    let booked = books(env).batch(account, sender, requests);
    batch::pay(env, sender, account, requests, &booked)?;
    Ok(booked)
}

/// Pulls the most that may be repaid, books what is, returns the rest and pays what is given for it.
fn swap(
    env: &Env,
    payer: &Address,
    debt: &Address,
    collateral: &Address,
    max_repay: i128,
    receive: Receive,
    book: impl FnOnce(&MarginLedgerClient) -> Liquidation,
) -> Result<Liquidation, VaultError> {
    positive(max_repay)?;
    pull(env, debt, payer, max_repay)?;
    let done = book(&books(env));
    pay(env, debt, payer, rest(max_repay, done.repaid)?);
    if receive == Receive::Tokens {
        pay(env, collateral, payer, done.seized);
    }
    Ok(done)
}

/// What one action would move.
fn dry_run(env: &Env, account: &Address, action: Action) -> i128 {
    let moved = ledger(env).dry_batch(account, account, &Vec::from_array(env, [action]));
    moved.get(0).unwrap_or(0)
}

/// What one action would move, or `None` if it would be refused.
fn tried(env: &Env, account: &Address, action: Action) -> Option<i128> {
    let batch = (account, account, Vec::from_array(env, [action])).into_val(env);
    let moved: Vec<i128> = ask(env, &storage::config(env).ledger, "dry_batch", batch)?;
    moved.get(0)
}

/// The largest amount of an action, at most `bound`, that would be accepted: what works for more works for less.
fn most(
    env: &Env,
    account: &Address,
    asset: &Address,
    action: fn(Address, i128) -> Action,
    bound: i128,
) -> i128 {
    let (mut accepted, mut refused) = (0, bound.saturating_add(1));
    while refused - accepted > 1 {
        let amount = accepted + (refused - accepted) / 2;
        if tried(env, account, action(asset.clone(), amount)).is_some() {
            accepted = amount;
        } else {
            refused = amount;
        }
    }
    accepted
}

/// Tokens of the vault by the books.
fn cash(env: &Env, asset: &Address) -> i128 {
    number(env, &totals(env, asset), "cash")
}

/// Token units of a deposit while nothing is missing: no less than may be withdrawn.
fn deposited(env: &Env, account: &Address, asset: &Address) -> i128 {
    let deposits: Map<Address, i128> = field(env, &read(env, "account", account), "deposits");
    let totals = totals(env, asset);
    let all =
        Total { assets: number(env, &totals, "supplied"), shares: number(env, &totals, "supply_shares") };
    all.assets_floor(deposits.get(asset.clone()).unwrap_or(0)).unwrap_or(i128::MAX)
}

fn totals(env: &Env, asset: &Address) -> Map<Symbol, Val> {
    field(env, &read(env, "asset", asset), "totals")
}

/// What the ledger says of an account or an asset, of which few fields are asked for: to decode all is a kilobyte.
fn read(env: &Env, function: &str, of: &Address) -> Map<Symbol, Val> {
    env.invoke_contract(&storage::config(env).ledger, &Symbol::new(env, function), (of,).into_val(env))
}

fn number(env: &Env, of: &Map<Symbol, Val>, name: &str) -> i128 {
    field(env, of, name)
}

fn field<T: FromVal<Env, Val>>(env: &Env, of: &Map<Symbol, Val>, name: &str) -> T {
    T::from_val(env, &of.get_unchecked(Symbol::new(env, name)))
}

/// The ledger for reading: extends nothing, so that reads write nothing.
fn ledger(env: &Env) -> MarginLedgerClient<'_> {
    MarginLedgerClient::new(env, &storage::config(env).ledger)
}

/// The ledger for writing.
fn books(env: &Env) -> MarginLedgerClient<'_> {
    storage::extend_instance(env);
    ledger(env)
}

fn summary(env: &Env, user: &Address) -> AccountSummary {
    ledger(env).summary(user)
}
