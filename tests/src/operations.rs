//! What users do, each with the authorisation tree that its wallet would sign.

use crate::actor::Actor;
use crate::auth::Invocation;
use crate::money::{Coin, Money};
use crate::tx::Tx;
use margin_interface::{AccountConfig, Action, Fill, Liquidation, Receive, TakeOver};
use soroban_sdk::{Address, BytesN, IntoVal, Map as HostMap, Symbol, Vec as HostVec};

/// No limit on the price of a purchase.
pub const ANY_PRICE_TO_BUY: i128 = i128::MAX;
/// No limit on the price of a sale.
pub const ANY_PRICE_TO_SELL: i128 = 1;
/// Seconds that a trade may wait.
const DEADLINE: u64 = 60;

/// A trade through the curve: `size` at 1e14, long > 0.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Which market.
    pub market: &'static str,
    /// Signed size.
    pub size: i128,
    /// Worst price.
    pub limit: i128,
    /// Whether it may only reduce.
    pub reduce_only: bool,
}

impl Order {
    /// Buys or sells at any price.
    pub fn market(market: &'static str, size: i128) -> Self {
        let limit = if size > 0 { ANY_PRICE_TO_BUY } else { ANY_PRICE_TO_SELL };
        Self { market, size, limit, reduce_only: false }
    }

    /// The same order, with a worst price.
    pub fn at(self, limit: i128) -> Self {
        Self { limit, ..self }
    }

    /// The same order, reducing only.
    pub fn reducing(self) -> Self {
        Self { reduce_only: true, ..self }
    }
}

impl Actor {
    // ---- tokens -----------------------------------------------------------------------------------------------------

    /// Sends tokens.
    pub fn pay(&self, to: &Address, money: Money) -> Tx<()> {
        self.submits(self.transfer_call(to, money))
    }

    /// Creates tokens, as their issuer.
    pub fn mint(&self, to: &Address, money: Money) -> Tx<()> {
        self.calls(self.world.token(money.coin), "mint", (to, money.units).into_val(&self.world.env))
    }

    /// `token.transfer(self, to, amount)`.
    pub fn transfer_call(&self, to: &Address, money: Money) -> Invocation {
        let env = &self.world.env;
        Invocation::new(
            self.world.token(money.coin),
            "transfer",
            (&self.address, to, money.units).into_val(env),
        )
    }

    // ---- vault ------------------------------------------------------------------------------------------------------

    /// Deposits into the own account.
    pub fn deposit(&self, money: Money) -> Tx<i128> {
        self.deposit_for(self, money)
    }

    /// Deposits for somebody.
    pub fn deposit_for(&self, account: &Actor, money: Money) -> Tx<i128> {
        self.submits(self.deposit_call(account, money))
    }

    /// `vault.deposit(self, account, token, amount)` with its transfer.
    pub fn deposit_call(&self, account: &Actor, Money { coin, units }: Money) -> Invocation {
        let env = &self.world.env;
        let vault = &self.world.contracts().vault;
        let args = (&self.address, &account.address, self.world.token(coin), units).into_val(env);
        Invocation::new(vault, "deposit", args).with(self.transfer_call(vault, Money { coin, units }))
    }

    /// Withdraws to the own wallet.
    pub fn withdraw(&self, money: Money) -> Tx<i128> {
        self.withdraw_to(&self.address, money)
    }

    /// Withdraws to somebody's wallet.
    pub fn withdraw_to(&self, to: &Address, money: Money) -> Tx<i128> {
        self.submits(self.withdraw_call(to, money))
    }

    /// `vault.withdraw(self, token, amount, to)`.
    pub fn withdraw_call(&self, to: &Address, money: Money) -> Invocation {
        let args = (&self.address, self.world.token(money.coin), money.units, to);
        Invocation::new(&self.world.contracts().vault, "withdraw", args.into_val(&self.world.env))
    }

    /// Borrows into the own wallet.
    pub fn borrow(&self, money: Money) -> Tx<()> {
        self.submits(self.borrow_call(money))
    }

    /// `vault.borrow(self, token, amount)`.
    pub fn borrow_call(&self, money: Money) -> Invocation {
        let env = &self.world.env;
        let args = (&self.address, self.world.token(money.coin), money.units).into_val(env);
        Invocation::new(&self.world.contracts().vault, "borrow", args)
    }

    /// Repays the own debt.
    pub fn repay(&self, money: Money) -> Tx<i128> {
        self.repay_for(self, money)
    }

    /// Repays somebody's debt.
    pub fn repay_for(&self, account: &Actor, money: Money) -> Tx<i128> {
        let env = &self.world.env;
        let vault = &self.world.contracts().vault;
        let args = (&self.address, &account.address, self.world.token(money.coin), money.units).into_val(env);
        self.submits(Invocation::new(vault, "repay", args).with(self.transfer_call(vault, money)))
    }

    /// Repays the own debt out of the own deposit.
    pub fn repay_with_collateral(&self, money: Money) -> Tx<i128> {
        let args = (&self.address, self.world.token(money.coin), money.units);
        self.calls(&self.world.contracts().vault, "repay_with_collateral", args.into_val(&self.world.env))
    }

    /// Liquidates a debt of `account` against its deposit of `collateral`.
    pub fn liquidate(
        &self,
        account: &Actor,
        debt: Money,
        collateral: Coin,
        receive: Receive,
    ) -> Tx<Liquidation> {
        let env = &self.world.env;
        let vault = &self.world.contracts().vault;
        let (debt_asset, collateral_asset) = (self.world.token(debt.coin), self.world.token(collateral));
        let args =
            (&self.address, &account.address, debt_asset, collateral_asset, debt.units, 0i128, receive)
                .into_val(env);
        self.submits(Invocation::new(vault, "liquidate", args).with(self.transfer_call(vault, debt)))
    }

    /// Borrows several assets at once.
    pub fn borrow_multiple(&self, loans: &[Money]) -> Tx<()> {
        let env = &self.world.env;
        let mut assets: HostVec<Address> = HostVec::new(env);
        let mut amounts: HostVec<i128> = HostVec::new(env);
        for loan in loans {
            assets.push_back(self.world.token(loan.coin).clone());
            amounts.push_back(loan.units);
        }
        let args = (&self.address, assets, amounts).into_val(env);
        self.calls(&self.world.contracts().vault, "borrow_multiple", args)
    }

    /// Sends a batch to the vault for `account`.
    pub fn submit_for(&self, account: &Actor, requests: &[Action]) -> Tx<HostVec<i128>> {
        self.submits(self.submit_call(account, requests))
    }

    /// `vault.submit(self, account, requests)` with the transfers that it pulls.
    pub fn submit_call(&self, account: &Actor, requests: &[Action]) -> Invocation {
        let env = &self.world.env;
        let vault = &self.world.contracts().vault;
        let mut pulled: HostMap<Address, i128> = HostMap::new(env);
        for request in requests {
            if let Action::Deposit(asset, amount) | Action::Repay(asset, amount) = request {
                pulled.set(asset.clone(), pulled.get(asset.clone()).unwrap_or(0) + amount);
            }
        }
        let args = (&self.address, &account.address, HostVec::from_slice(env, requests)).into_val(env);
        let batch = Invocation::new(vault, "submit", args);
        pulled.iter().fold(batch, |batch, (asset, amount)| {
            batch.with(Invocation::new(&asset, "transfer", (&self.address, vault, amount).into_val(env)))
        })
    }

    /// Sends a batch for the own account.
    pub fn submit(&self, requests: &[Action]) -> Tx<HostVec<i128>> {
        self.submit_for(self, requests)
    }

    /// Lets `delegate` act until `expires_at`.
    pub fn grant(&self, delegate: &Actor, permissions: u32, expires_at: u64) -> Tx<()> {
        let args = (&self.address, &delegate.address, permissions, expires_at);
        self.calls(&self.world.contracts().ledger, "grant", args.into_val(&self.world.env))
    }

    /// Takes back what `delegate` was granted.
    pub fn revoke(&self, delegate: &Actor) -> Tx<()> {
        let args = (&self.address, &delegate.address).into_val(&self.world.env);
        self.calls(&self.world.contracts().ledger, "revoke", args)
    }

    // ---- perpetuals -------------------------------------------------------------------------------------------------

    /// Opens a position with margin from the wallet.
    pub fn open_position(&self, market: &str, is_long: bool, margin: Money, leverage: u32) -> Tx<Fill> {
        self.submits(self.open_call(market, is_long, margin, leverage))
    }

    /// `clearing.open_position(self, ..)` with the deposit of its margin.
    pub fn open_call(&self, market: &str, is_long: bool, margin: Money, leverage: u32) -> Invocation {
        assert_eq!(margin.coin, Coin::Usdc, "margin is USDC");
        let env = &self.world.env;
        let min_base = if is_long { 0i128 } else { i128::MAX };
        let deadline = self.world.now() + DEADLINE;
        let market = self.world.symbol(market);
        let args = (&self.address, market, is_long, margin.units, leverage, min_base, deadline).into_val(env);
        Invocation::new(&self.world.contracts().clearing, "open_position", args)
            .with(self.deposit_call(self, margin))
    }

    /// Trades on what is deposited.
    pub fn trade(&self, order: Order) -> Tx<Fill> {
        self.submits(self.trade_call(order))
    }

    /// `clearing.trade(self, ..)`.
    pub fn trade_call(&self, order: Order) -> Invocation {
        let market = self.world.symbol(order.market);
        let deadline = self.world.now() + DEADLINE;
        let args = (&self.address, market, order.size, order.limit, order.reduce_only, deadline);
        Invocation::new(&self.world.contracts().clearing, "trade", args.into_val(&self.world.env))
    }

    /// Closes a position at any price.
    pub fn close_position(&self, market: &str) -> Tx<Fill> {
        let market = self.world.symbol(market);
        let long = self.world.clearing().position(&self.address, &market).is_some_and(|held| held.size > 0);
        self.close_at(market, if long { ANY_PRICE_TO_SELL } else { ANY_PRICE_TO_BUY })
    }

    /// Closes a position at no worse a price.
    pub fn close_at(&self, market: Symbol, limit: i128) -> Tx<Fill> {
        let args = (&self.address, market, limit, self.world.now() + DEADLINE);
        self.calls(&self.world.contracts().clearing, "close_position", args.into_val(&self.world.env))
    }

    /// Takes over (part of) somebody's position.
    pub fn take_over(&self, account: &Actor, market: &str, max_size: i128) -> Tx<TakeOver> {
        let args = (&self.address, &account.address, self.world.symbol(market), max_size);
        self.calls(&self.world.contracts().clearing, "liquidate", args.into_val(&self.world.env))
    }

    /// Joins the liquidity pool with settlement deposit.
    pub fn add_liquidity(&self, amount: Money) -> Tx<i128> {
        let args = (&self.address, amount.units, 0i128);
        self.calls(&self.world.contracts().clearing, "add_liquidity", args.into_val(&self.world.env))
    }

    /// Announces that shares will leave the liquidity pool.
    pub fn request_exit(&self, shares: i128) -> Tx<u64> {
        let args = (&self.address, shares).into_val(&self.world.env);
        self.calls(&self.world.contracts().clearing, "request_exit", args)
    }

    /// Leaves the liquidity pool.
    pub fn remove_liquidity(&self, shares: i128) -> Tx<i128> {
        let args = (&self.address, shares, 0i128);
        self.calls(&self.world.contracts().clearing, "remove_liquidity", args.into_val(&self.world.env))
    }

    /// Gives settlement deposit to insurance.
    pub fn fund_insurance(&self, amount: Money) -> Tx<()> {
        let args = (&self.address, amount.units);
        self.calls(&self.world.contracts().clearing, "fund_insurance", args.into_val(&self.world.env))
    }

    // ---- accounts ---------------------------------------------------------------------------------------------------

    /// Creates a smart account.
    pub fn create_account(&self, config: &AccountConfig, salt: &BytesN<32>) -> Tx<Address> {
        let args = (config.clone(), salt).into_val(&self.world.env);
        self.calls(&self.world.contracts().factory, "create_account", args)
    }
}
