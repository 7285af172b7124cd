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
    Receive, VaultAdminInterface, VaultChange, VaultConfig, VaultError, VaultInterface,
};
use soroban_sdk::{
    contract, contractimpl, symbol_short, Address, BytesN, Env, Executable, FromVal, IntoVal, Map, Symbol,
    Val, Vec,
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
        most(&env, &account, &asset, Action::Withdraw)
    }

    fn max_borrow(env: Env, account: Address, asset: Address) -> i128 {
        most(&env, &account, &asset, Action::Borrow)
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

/// The largest amount of an action that would be accepted: what works for more works for less.
fn most(env: &Env, account: &Address, asset: &Address, action: fn(Address, i128) -> Action) -> i128 {
    let ledger = ledger(env);
    let works = |amount: i128| {
        let actions = Vec::from_array(env, [action(asset.clone(), amount)]);
        let batch = (account, account, actions).into_val(env);
        ask::<Val>(env, &ledger.address, "dry_batch", batch).is_some()
    };
    let (mut accepted, mut refused) = (0, cash(env, &ledger.address, asset).saturating_add(1));
    while refused - accepted > 1 {
        let amount = accepted + (refused - accepted) / 2;
        if works(amount) {
            accepted = amount;
        } else {
            refused = amount;
        }
    }
    accepted
}

/// Tokens of the vault by the books: the one field of an asset that is asked for here, and to decode all is a kilobyte.
fn cash(env: &Env, ledger: &Address, asset: &Address) -> i128 {
    let field = |map: Map<Symbol, Val>, name: Symbol| map.get_unchecked(name);
    let state = env.invoke_contract(ledger, &symbol_short!("asset"), (asset,).into_val(env));
    let totals = Map::from_val(env, &field(state, symbol_short!("totals")));
    i128::from_val(env, &field(totals, symbol_short!("cash")))
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
