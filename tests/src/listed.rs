//! Tokens that a story lists for itself: of any decimals, any issuer, any honesty.

use crate::actor::{put, Actor};
use crate::auth::{account_id, Invocation};
use crate::fixture::{asset_config, stellar_asset_contract, test_token, Fixture};
use crate::money::Coin;
use crate::tx::Tx;
use margin_interface::{Asset, AssetConfig, Liquidation, Receive};
use soroban_sdk::xdr::{
    self, AccountEntry, AccountEntryExt, AlphaNum4, AssetCode4, LedgerEntryData, LedgerKey, LedgerKeyAccount,
    LedgerKeyTrustLine, ScAddress, SequenceNumber, Thresholds, TrustLineAsset, TrustLineEntry,
    TrustLineEntryExt, TrustLineFlags,
};
use soroban_sdk::{Address, IntoVal};

/// A token that is listed, by its contract.
#[derive(Clone)]
pub struct Listed {
    /// The token contract.
    pub address: Address,
    /// Of the token.
    pub decimals: u32,
    issuer: Actor,
    classic: Option<AlphaNum4>,
}

impl Listed {
    /// The issuer may withdraw the right to hold its asset.
    pub const REVOCABLE: u32 = xdr::AccountFlags::RevocableFlag as u32;
    /// The issuer may take back what was paid.
    pub const CLAWBACK: u32 = xdr::AccountFlags::ClawbackEnabledFlag as u32;

    /// A SEP-41 token with the price and the parameters of `like`.
    pub fn like(f: &Fixture, like: Coin, decimals: u32) -> Self {
        Self::with(f, like, decimals, |_| ())
    }

    /// [`Self::like`] with other parameters.
    pub fn with(f: &Fixture, like: Coin, decimals: u32, change: impl FnOnce(&mut AssetConfig)) -> Self {
        let address = test_token(&f.world, &f.admin, decimals, "LISTED");
        let token = Self { address, decimals, issuer: f.admin.clone(), classic: None };
        token.list(f, like, change);
        token
    }

    /// A Stellar asset of an issuer with these account flags, behind its real contract; as good as a dollar.
    pub fn stellar(f: &Fixture, flags: u32) -> Self {
        let issuer = Actor::classic(&f.world, "issuer", 0);
        put_account(f, &issuer, flags, [1, 1, 1, 1]);
        let asset = AlphaNum4 { asset_code: AssetCode4(*b"REGD"), issuer: account_id(issuer.key()) };
        let address = stellar_asset_contract(&f.env, xdr::Asset::CreditAlphanum4(asset.clone()));
        let token = Self { address, decimals: 7, issuer, classic: Some(asset) };
        token.list(f, Coin::Usdt, |_| ());
        token
    }

    /// A token of the fixture.
    pub fn of(f: &Fixture, coin: Coin) -> Self {
        Self {
            address: f.token(coin).clone(),
            decimals: coin.decimals(),
            issuer: f.admin.clone(),
            classic: None,
        }
    }

    fn list(&self, f: &Fixture, like: Coin, change: impl FnOnce(&mut AssetConfig)) {
        let mut config = asset_config(like, Asset::Stellar(f.token(like).clone()));
        config.supply_cap = 1_000_000_000 * 10i128.pow(self.decimals);
        config.borrow_cap = config.supply_cap;
        change(&mut config);
        f.list(&self.address, config);
    }

    /// `thousandths` / 1000 of one whole token.
    pub fn milli(&self, thousandths: i128) -> i128 {
        thousandths * 10i128.pow(self.decimals) / 1_000
    }

    /// Whole tokens.
    pub fn whole(&self, tokens: i128) -> i128 {
        tokens * 10i128.pow(self.decimals)
    }

    /// What `owner` holds.
    pub fn balance(&self, f: &Fixture, owner: &Address) -> i128 {
        f.held(&self.address, owner)
    }

    /// What the vault's books say it holds.
    pub fn cash(&self, f: &Fixture) -> i128 {
        f.ledger().asset(&self.address).totals.cash
    }

    /// The issuer creates `amount` for `actor`.
    pub fn fund(&self, f: &Fixture, actor: &Actor, amount: i128) {
        self.trust(f, actor);
        self.issuer.calls::<()>(&self.address, "mint", (&actor.address, amount).into_val(&f.env)).ok();
    }

    /// The issuer throws one of the token's switches.
    pub fn set(&self, f: &Fixture, switch: &str, value: u32) {
        self.issuer.calls::<()>(&self.address, switch, (value,).into_val(&f.env)).ok();
    }

    /// The leverage that the last transfer read.
    pub fn observed(&self, f: &Fixture) -> Option<u32> {
        test_token::TestTokenClient::new(&f.env, &self.address).observed()
    }

    /// The issuer says whether `who` may hold the asset.
    pub fn authorise(&self, f: &Fixture, who: &Address, may: bool) {
        self.issuer.calls::<()>(&self.address, "set_authorized", (who, may).into_val(&f.env)).ok();
    }

    /// The issuer takes back what `from` holds.
    pub fn claw_back(&self, f: &Fixture, from: &Address, amount: i128) {
        self.issuer.calls::<()>(&self.address, "clawback", (from, amount).into_val(&f.env)).ok();
    }

    /// The issuer's account can never sign again.
    pub fn lock_issuer(&self, f: &Fixture, flags: u32) {
        put_account(f, &self.issuer, flags, [0, 255, 255, 255]);
    }

    /// The issuer asks to create tokens.
    pub fn mint(&self, f: &Fixture, to: &Address, amount: i128) -> Tx<()> {
        self.issuer.calls(&self.address, "mint", (to, amount).into_val(&f.env))
    }

    /// A key account can hold the asset from now on.
    fn trust(&self, f: &Fixture, actor: &Actor) {
        let (Some(asset), ScAddress::Account(account_id)) = (&self.classic, actor.address.clone().into())
        else {
            return;
        };
        let asset = TrustLineAsset::CreditAlphanum4(asset.clone());
        let key =
            LedgerKey::Trustline(LedgerKeyTrustLine { account_id: account_id.clone(), asset: asset.clone() });
        if f.everything().keys().any(|known| **known == key) {
            return;
        }
        let flags =
            TrustLineFlags::AuthorizedFlag as u32 | TrustLineFlags::TrustlineClawbackEnabledFlag as u32;
        let line = TrustLineEntry {
            account_id,
            asset,
            balance: 0,
            limit: i64::MAX,
            flags,
            ext: TrustLineEntryExt::V0,
        };
        put(&f.env, key, LedgerEntryData::Trustline(line));
    }

    /// `token.transfer(from, to, amount)`.
    pub fn transfer_call(&self, f: &Fixture, from: &Actor, to: &Address, amount: i128) -> Invocation {
        Invocation::new(&self.address, "transfer", (&from.address, to, amount).into_val(&f.env))
    }

    /// Deposits into the own account.
    pub fn deposit(&self, f: &Fixture, actor: &Actor, amount: i128) -> Tx<i128> {
        let vault = &f.contracts().vault;
        let args = (&actor.address, &actor.address, &self.address, amount).into_val(&f.env);
        let pull = self.transfer_call(f, actor, vault, amount);
        actor.submits(Invocation::new(vault, "deposit", args).with(pull))
    }

    /// Withdraws to anybody.
    pub fn withdraw(&self, f: &Fixture, actor: &Actor, amount: i128, to: &Address) -> Tx<i128> {
        let args = (&actor.address, &self.address, amount, to).into_val(&f.env);
        actor.calls(&f.contracts().vault, "withdraw", args)
    }

    /// Borrows into the own wallet.
    pub fn borrow(&self, f: &Fixture, actor: &Actor, amount: i128) -> Tx<()> {
        let args = (&actor.address, &self.address, amount).into_val(&f.env);
        actor.calls(&f.contracts().vault, "borrow", args)
    }

    /// Repays the own debt.
    pub fn repay(&self, f: &Fixture, actor: &Actor, amount: i128) -> Tx<i128> {
        self.repay_for(f, actor, actor, amount)
    }

    /// Repays somebody's debt.
    pub fn repay_for(&self, f: &Fixture, payer: &Actor, account: &Actor, amount: i128) -> Tx<i128> {
        let vault = &f.contracts().vault;
        let args = (&payer.address, &account.address, &self.address, amount).into_val(&f.env);
        let pull = self.transfer_call(f, payer, vault, amount);
        payer.submits(Invocation::new(vault, "repay", args).with(pull))
    }

    /// Gives tokens to the vault, for nothing.
    pub fn donate(&self, f: &Fixture, actor: &Actor, amount: i128) -> Tx<()> {
        actor.submits(self.transfer_call(f, actor, &f.contracts().vault, amount))
    }

    /// Repays the own debt out of the own deposit.
    pub fn repay_with_collateral(&self, f: &Fixture, actor: &Actor, amount: i128) -> Tx<i128> {
        let args = (&actor.address, &self.address, amount).into_val(&f.env);
        actor.calls(&f.contracts().vault, "repay_with_collateral", args)
    }

    /// Liquidates a USDC debt of `account` against its deposit of this token.
    pub fn liquidate(
        &self,
        f: &Fixture,
        by: &Actor,
        account: &Actor,
        max_repay: i128,
        receive: Receive,
    ) -> Tx<Liquidation> {
        self.liquidate_for(f, by, account, &Self::of(f, Coin::Usdc), max_repay, receive)
    }

    /// Liquidates a debt of `account` in `debt` against its deposit of this token.
    pub fn liquidate_for(
        &self,
        f: &Fixture,
        by: &Actor,
        account: &Actor,
        debt: &Listed,
        max_repay: i128,
        receive: Receive,
    ) -> Tx<Liquidation> {
        let vault = &f.contracts().vault;
        let args = (&by.address, &account.address, &debt.address, &self.address, max_repay, 0i128, receive)
            .into_val(&f.env);
        let pull = debt.transfer_call(f, by, vault, max_repay);
        by.submits(Invocation::new(vault, "liquidate", args).with(pull))
    }

    /// Deposit and lending debt of an account, token units: floor and ceil, as it may withdraw and must repay.
    pub fn held(&self, f: &Fixture, actor: &Actor) -> (i128, i128) {
        let breakdown = f.ledger().breakdown(&actor.address);
        let of = |lines: &soroban_sdk::Vec<margin_interface::Holding>| {
            lines.iter().find(|line| line.asset == self.address).map_or(0, |line| line.amount)
        };
        (of(&breakdown.deposits), of(&breakdown.debts))
    }
}

fn put_account(f: &Fixture, actor: &Actor, flags: u32, thresholds: [u8; 4]) {
    let account_id = account_id(actor.key());
    let key = LedgerKey::Account(LedgerKeyAccount { account_id: account_id.clone() });
    let entry = LedgerEntryData::Account(AccountEntry {
        account_id,
        balance: 1_000_000_000,
        seq_num: SequenceNumber(0),
        num_sub_entries: 0,
        inflation_dest: None,
        flags,
        home_domain: Default::default(),
        thresholds: Thresholds(thresholds),
        signers: Default::default(),
        ext: AccountEntryExt::V0,
    });
    put(&f.env, key, entry);
}
