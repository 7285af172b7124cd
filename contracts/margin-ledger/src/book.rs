//! The entries of one call: each is loaded once, accrued once, changed through here only, and stored once.
//!
//! A view opens a book and drops it; a writer ends with [`Book::store`]. Because there is no other copy of an entry,
//! none can be overwritten by a stale one, and none that was changed can be forgotten.

use crate::{accrual, storage, storage::Config};
use alloc::vec::Vec;
use margin_interface::{AccountState, AssetState, LedgerError, PerpMarket, Settlement};
use margin_math::MathError;
use soroban_sdk::{Address, Env, Symbol};

/// An entry in memory.
struct Entry<K, V> {
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
    accounts: Vec<Entry<Address, AccountState>>,
    assets: Vec<Entry<Address, AssetState>>,
    markets: Vec<Entry<Symbol, PerpMarket>>,
    settlement: Option<Entry<(), Settlement>>,
}

/// Turns an arithmetic failure into the ledger's.
pub trait OrOverflow<T> {
    /// [`LedgerError::Overflow`] for any [`MathError`].
    fn or_overflow(self) -> Result<T, LedgerError>;
}

impl<T> OrOverflow<T> for Result<T, MathError> {
    fn or_overflow(self) -> Result<T, LedgerError> {
        self.map_err(|_| LedgerError::Overflow)
    }
}

impl<T> OrOverflow<T> for Option<T> {
    fn or_overflow(self) -> Result<T, LedgerError> {
        self.ok_or(LedgerError::Overflow)
    }
}

impl Book {
    /// An empty book.
    pub fn open(env: &Env) -> Result<Book, LedgerError> {
        Ok(Book {
            env: env.clone(),
            config: storage::config(env).ok_or(LedgerError::InvalidConfig)?,
            accounts: Vec::new(),
            assets: Vec::new(),
            markets: Vec::new(),
            settlement: None,
        })
    }

    /// Unix seconds of this ledger.
    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    /// A listed asset with interest up to now, or [`LedgerError::UnknownAsset`].
    pub fn asset(&mut self, asset: &Address) -> Result<AssetState, LedgerError> {
        if let Some(entry) = self.assets.iter().find(|entry| &entry.key == asset) {
            return Ok(entry.state.clone());
        }
        let mut state = storage::asset(&self.env, asset).ok_or(LedgerError::UnknownAsset)?;
        let stored_seq = state.totals.seq;
        let now = self.now();
        if asset == &self.config.settlement {
            // One clock for both: the credit line grows by the same step as the asset's debts.
            let settlement = &mut self.load_settlement().state;
            accrual::accrue(&mut state, Some(settlement), now)?;
        } else {
            accrual::accrue(&mut state, None, now)?;
        }
        self.assets.push(Entry { key: asset.clone(), state: state.clone(), stored_seq, dirty: false });
        Ok(state)
    }

    /// Replaces an asset. Returns its new `seq`.
    pub fn put_asset(&mut self, asset: &Address, mut state: AssetState) -> u64 {
        if asset == &self.config.settlement {
            self.load_settlement().dirty = true;
        }
        match self.assets.iter_mut().find(|entry| &entry.key == asset) {
            Some(entry) => {
                state.totals.seq = entry.stored_seq + 1;
                entry.state = state;
                entry.dirty = true;
                entry.state.totals.seq
            }
            None => {
                // A first listing: nothing was stored before.
                state.totals.seq = 1;
                self.assets.push(Entry { key: asset.clone(), state, stored_seq: 0, dirty: true });
                1
            }
        }
    }

    /// The buckets with the credit line's interest up to now.
    pub fn settlement(&mut self) -> Result<Settlement, LedgerError> {
        let asset = self.config.settlement.clone();
        self.asset(&asset)?;
        Ok(self.load_settlement().state.clone())
    }

    /// Replaces the buckets. Returns their new `seq`. Their asset is stored along: it holds the clock of the line.
    pub fn put_settlement(&mut self, mut settlement: Settlement) -> Result<u64, LedgerError> {
        let asset = self.config.settlement.clone();
        let state = self.asset(&asset)?;
        self.put_asset(&asset, state);
        let entry = self.load_settlement();
        settlement.seq = entry.stored_seq + 1;
        entry.state = settlement;
        entry.dirty = true;
        Ok(entry.state.seq)
    }

    /// An account; the empty one if it never did anything.
    pub fn account(&mut self, account: &Address) -> AccountState {
        if let Some(entry) = self.accounts.iter().find(|entry| &entry.key == account) {
            return entry.state.clone();
        }
        let state = storage::account(&self.env, account);
        let entry = Entry { key: account.clone(), state: state.clone(), stored_seq: state.seq, dirty: false };
        self.accounts.push(entry);
        state
    }

    /// Replaces an account. Returns its new `seq`.
    pub fn put_account(&mut self, account: &Address, mut state: AccountState) -> u64 {
        self.account(account);
        for entry in self.accounts.iter_mut().filter(|entry| &entry.key == account) {
            state.seq = entry.stored_seq + 1;
            entry.state = state.clone();
            entry.dirty = true;
        }
        state.seq
    }

    /// A market, or [`LedgerError::UnknownMarket`].
    pub fn market(&mut self, market: &Symbol) -> Result<PerpMarket, LedgerError> {
        if let Some(entry) = self.markets.iter().find(|entry| &entry.key == market) {
            return Ok(entry.state.clone());
        }
        let state = storage::market(&self.env, market).ok_or(LedgerError::UnknownMarket)?;
        self.markets.push(Entry {
            key: market.clone(),
            state: state.clone(),
            stored_seq: state.seq,
            dirty: false,
        });
        Ok(state)
    }

    /// Replaces or opens a market. Returns its new `seq`.
    pub fn put_market(&mut self, market: &Symbol, mut state: PerpMarket) -> u64 {
        match self.markets.iter_mut().find(|entry| &entry.key == market) {
            Some(entry) => {
                state.seq = entry.stored_seq + 1;
                entry.state = state;
                entry.dirty = true;
                entry.state.seq
            }
            None => {
                state.seq = 1;
                self.markets.push(Entry { key: market.clone(), state, stored_seq: 0, dirty: true });
                1
            }
        }
    }

    /// Writes every entry that was replaced, once.
    pub fn store(self) {
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

    fn load_settlement(&mut self) -> &mut Entry<(), Settlement> {
        let env = &self.env;
        self.settlement.get_or_insert_with(|| {
            let state = storage::settlement(env);
            Entry { key: (), stored_seq: state.seq, state, dirty: false }
        })
    }
}
