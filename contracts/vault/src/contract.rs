//! Entry points: authorise, pull, have the ledger book it, pay. Their documentation is on [`VaultInterface`].

use crate::{
    custody::{pay, pull, refund},
    storage,
};
use margin_interface::{
    AccountSummary, Liquidation, MarginLedgerClient, Receive, VaultConfig, VaultError, VaultInterface,
};
use soroban_sdk::{contract, contractimpl, Address, Env, Executable};

/// The vault.
#[contract]
pub struct Vault;

#[contractimpl]
impl Vault {
    /// Sets who governs and which margin ledger keeps the books.
    pub fn __constructor(env: Env, admin: Address, guardian: Address, ledger: Address) {
        storage::set_config(&env, &VaultConfig { admin, guardian, ledger });
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
        refund(&env, &asset, &from, amount, repaid)?;
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
        positive(max_repay)?;
        pull(&env, &debt_asset, &liquidator, max_repay)?;
        let done = books(&env).liquidate(
            &liquidator,
            &account,
            &debt_asset,
            &collateral_asset,
            &max_repay,
            &min_seized,
            &receive,
        );
        refund(&env, &debt_asset, &liquidator, max_repay, done.repaid)?;
        if receive == Receive::Tokens {
            pay(&env, &collateral_asset, &liquidator, done.seized);
        }
        Ok(done)
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
        !summary(&env, &user).liquidation_ok
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

fn positive(amount: i128) -> Result<(), VaultError> {
    if amount > 0 {
        Ok(())
    } else {
        Err(VaultError::InvalidAmount)
    }
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
