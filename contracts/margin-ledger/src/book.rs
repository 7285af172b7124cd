//! The entries of one call: each is loaded once, accrued once, changed through here only, and stored once.
//!
//! A view opens a book and drops it; a writer ends with [`Book::store`]. Whoever changes an asset, a market or the buckets
//! borrows it with a `_mut` accessor, which marks it: there is no other copy that could be stale, and no change that
//! could be forgotten. An account is taken by value and put back, because it is settled with the rest of the book.

use crate::checked::{fail, increase};
use crate::{accrual, storage, storage::Config};
use alloc::vec::Vec;
use margin_interface::{AccountState, AccountStatus, AssetState, LedgerError, PerpMarket, Settlement};
use soroban_sdk::{Address, Env, Symbol};

/// An entry in memory.
pub struct Entry<K, V> {
    key: K,
    state: V,
    /// `seq` as it was stored.
    stored_seq: u64,
    dirty: bool,
}

/// Everything one call has read.
pub struct Book {
    /// The environment.
    pub env: Env,
    /// The ledger's configuration.
    pub config: Config,
    /// Whether changes are told: not those of a dry run.
    pub tells: bool,
    accounts: Vec<Entry<Address, AccountState>>,
    assets: Vec<Entry<Address, AssetState>>,
    markets: Vec<Entry<Symbol, PerpMarket>>,
    settlement: Option<Entry<(), Settlement>>,
}

#[inline(never)]
fn settlement(env: &Env) -> Entry<(), Settlement> {
    let state = storage::settlement(env);
    Entry { key: (), stored_seq: state.seq, state, dirty: false }
}

/// What a flagged account owes to the credit line, shares.
fn doubtful(account: &AccountState) -> i128 {
    if account.status == AccountStatus::Flagged {
        account.perp_debt
    } else {
        0
    }
}

/// Whether two addresses are one: mostly they are one object of the host too, which need not be asked then.
fn same(one: &Address, other: &Address) -> bool {
    one.to_val().get_payload() == other.to_val().get_payload() || one == other
}

/// Whether two symbols are one: what fits a value, as a market's name mostly does, is compared as a number.
fn is(one: &Symbol, other: &Symbol) -> bool {
    let (a, b) = (one.to_val(), other.to_val());
    a.get_payload() == b.get_payload() || (a.is_object() || b.is_object()) && one == other
}

/// Publishes an event of a change.
macro_rules! emit {
    ($book:expr, $event:expr) => {
        if $book.tells {
            $event.publish(&$book.env);
        }
    };
}
pub(crate) use emit;

impl Book {
    /// An empty book. Traps with [`LedgerError::InvalidConfig`] without a configuration, which the constructor stored.
    pub fn open(env: &Env) -> Book {
        let config = storage::config(env);
        Book {
            env: env.clone(),
            config: config.unwrap_or_else(|| fail(env, LedgerError::InvalidConfig)),
            tells: true,
            accounts: Vec::new(),
            assets: Vec::new(),
            markets: Vec::new(),
            settlement: None,
        }
    }

    /// A book whose changes are neither stored nor told.
    pub fn dry(env: &Env) -> Book {
        Book { tells: false, ..Book::open(env) }
    }

    /// Unix seconds of this ledger.
    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    /// A listed asset with interest up to now, or [`LedgerError::UnknownAsset`].
    pub fn asset(&mut self, asset: &Address) -> &AssetState {
        &self.asset_entry(asset).state
    }

    /// [`Book::asset`] to be changed, with its new `seq`.
    pub fn asset_mut(&mut self, asset: &Address) -> &mut AssetState {
        let entry = self.touch(asset);
        entry.state.totals.seq = entry.stored_seq + 1;
        &mut entry.state
    }

    /// Has an asset be written whether or not anything but time changes it; a change it counts as only with [`Book::asset_mut`].
    pub fn touch(&mut self, asset: &Address) -> &mut Entry<Address, AssetState> {
        self.asset_entry(asset);
        if asset == &self.config.settlement {
            // The interest of the credit line is stored with the clock it was accrued to.
            self.load_settlement().dirty = true;
        }
        let entry = self.asset_entry(asset);
        entry.dirty = true;
        entry
    }

    /// Lists an asset: nothing was stored before. Returns its first `seq`.
    pub fn list_asset(&mut self, asset: &Address, mut state: AssetState) -> u64 {
        state.totals.seq = 1;
        self.assets.push(Entry { key: asset.clone(), state, stored_seq: 0, dirty: true });
        1
    }

    /// The settlement asset.
    pub fn settlement_asset(&mut self) -> &AssetState {
        let asset = self.config.settlement.clone();
        self.asset(&asset)
    }

    /// The buckets with the credit line's interest up to now.
    pub fn settlement(&mut self) -> &Settlement {
        self.settlement_asset();
        &self.load_settlement().state
    }

    /// [`Book::settlement`] to be changed, with their new `seq`. Their asset is stored along: it holds the clock of the
    /// line.
    pub fn settlement_mut(&mut self) -> &mut Settlement {
        let asset = self.config.settlement.clone();
        self.asset_mut(&asset);
        let entry = self.load_settlement();
        entry.state.seq = entry.stored_seq + 1;
        &mut entry.state
    }

    /// An account; the empty one if it never did anything.
    pub fn account(&mut self, account: &Address) -> AccountState {
        self.account_entry(account).state.clone()
    }

    /// Replaces an account. Returns its new `seq`.
    pub fn put_account(&mut self, account: &Address, state: &AccountState) -> u64 {
        let entry = self.account_entry(account);
        let change = doubtful(state) - doubtful(&entry.state);
        entry.dirty = true;
        entry.state = state.clone();
        entry.state.seq = entry.stored_seq + 1;
        let seq = entry.state.seq;
        if change != 0 {
            let env = &self.env.clone();
            increase(env, &mut self.settlement_mut().doubtful_shares, change);
        }
        seq
    }

    /// The next account from a `place` on that was replaced; moves the place behind it.
    pub fn changed(&self, place: &mut usize) -> Option<Address> {
        while let Some(entry) = self.accounts.get(*place) {
            *place += 1;
            if entry.dirty {
                return Some(entry.key.clone());
            }
        }
        None
    }

    /// A market, or [`LedgerError::UnknownMarket`].
    pub fn market(&mut self, market: &Symbol) -> &PerpMarket {
        &self.market_entry(market).state
    }

    /// [`Book::market`] to be changed, with its new `seq`.
    pub fn market_mut(&mut self, market: &Symbol) -> &mut PerpMarket {
        let entry = self.market_entry(market);
        entry.dirty = true;
        entry.state.seq = entry.stored_seq + 1;
        &mut entry.state
    }

    /// Opens a market: nothing was stored before. Returns its first `seq`.
    pub fn open_market(&mut self, market: &Symbol, mut state: PerpMarket) -> u64 {
        state.seq = 1;
        self.markets.push(Entry { key: market.clone(), state, stored_seq: 0, dirty: true });
        1
    }

    /// Writes every entry that was changed, once.
    pub fn store(&self) {
        let env = &self.env;
        for entry in self.assets.iter().filter(|entry| entry.dirty) {
            storage::set_asset(env, &entry.key, &entry.state);
        }
        for entry in self.settlement.iter().filter(|entry| entry.dirty) {
            storage::set_settlement(env, &entry.state);
        }
        for entry in self.markets.iter().filter(|entry| entry.dirty) {
            storage::set_market(env, &entry.key, &entry.state);
        }
        for entry in self.accounts.iter().filter(|entry| entry.dirty) {
            storage::set_account(env, &entry.key, &entry.state);
        }
        storage::extend_instance(env);
    }

    // The network charges a function for its branches when it is entered, taken or not. What is looked up often therefore
    // is a function of its own, without what is done once.
    fn asset_entry(&mut self, asset: &Address) -> &mut Entry<Address, AssetState> {
        let loaded = self.assets.iter().position(|entry| same(&entry.key, asset));
        let at = loaded.unwrap_or_else(|| self.load_asset(asset));
        &mut self.assets[at]
    }

    #[inline(never)]
    fn load_asset(&mut self, asset: &Address) -> usize {
        let env = &self.env.clone();
        let mut state = storage::asset(env, asset).unwrap_or_else(|| fail(env, LedgerError::UnknownAsset));
        let (stored_seq, now) = (state.totals.seq, self.now());
        // One clock for both: the credit line grows by the same step as the asset's debts.
        let settles = asset == &self.config.settlement;
        let settlement = settles.then(|| &mut self.load_settlement().state);
        accrual::accrue(env, &mut state, settlement, now);
        self.assets.push(Entry { key: asset.clone(), state, stored_seq, dirty: false });
        self.assets.len() - 1
    }

    fn account_entry(&mut self, account: &Address) -> &mut Entry<Address, AccountState> {
        let loaded = self.accounts.iter().position(|entry| same(&entry.key, account));
        let at = loaded.unwrap_or_else(|| self.load_account(account));
        &mut self.accounts[at]
    }

    #[inline(never)]
    fn load_account(&mut self, account: &Address) -> usize {
        let state = storage::account(&self.env, account);
        self.accounts.push(Entry { key: account.clone(), stored_seq: state.seq, state, dirty: false });
        self.accounts.len() - 1
    }

    fn market_entry(&mut self, market: &Symbol) -> &mut Entry<Symbol, PerpMarket> {
        let loaded = self.markets.iter().position(|entry| is(&entry.key, market));
        let at = loaded.unwrap_or_else(|| self.load_market(market));
        &mut self.markets[at]
    }

    #[inline(never)]
    fn load_market(&mut self, market: &Symbol) -> usize {
        let state =
            storage::market(&self.env, market).unwrap_or_else(|| fail(&self.env, LedgerError::UnknownMarket));
        self.markets.push(Entry { key: market.clone(), stored_seq: state.seq, state, dirty: false });
        self.markets.len() - 1
    }

    fn load_settlement(&mut self) -> &mut Entry<(), Settlement> {
        let env = &self.env;
        self.settlement.get_or_insert_with(|| settlement(env))
    }
}
