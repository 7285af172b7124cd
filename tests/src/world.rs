//! The one handle on everything: the host, the contracts and who has ever acted.

use crate::actor::Actor;
use crate::env::{advance, mainnet_env};
use crate::model::perp::Witness;
use crate::money::Coin;
use margin_interface::{
    AccountFactoryClient, MarginLedgerClient, OracleClient, PerpClearingClient, VaultClient,
};
use soroban_sdk::token::TokenClient;
use soroban_sdk::xdr::{LedgerEntry, LedgerKey};
use soroban_sdk::{Address, Env, Symbol};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::rc::Rc;

/// How the contracts run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// As Rust in the process: fast.
    Native,
    /// As built Wasm: true.
    Wasm,
}

/// Where everything is.
#[derive(Clone)]
pub struct Contracts {
    /// Guarded oracle.
    pub oracle: Address,
    /// Its sources, of three independence groups.
    pub sources: [Address; 3],
    /// Margin ledger.
    pub ledger: Address,
    /// Vault.
    pub vault: Address,
    /// Clearing-house.
    pub clearing: Address,
    /// Account factory.
    pub factory: Address,
    /// Upgrader.
    pub upgrader: Address,
    /// Tokens.
    pub tokens: BTreeMap<Coin, Address>,
}

/// Everything; cheap to clone.
#[derive(Clone)]
pub struct World(Rc<Shared>);

/// See [`World`].
pub struct Shared {
    /// The embedded host.
    pub env: Env,
    /// How the contracts run.
    pub mode: Mode,
    nonce: Cell<i64>,
    contracts: OnceCell<Contracts>,
    people: RefCell<Vec<Actor>>,
    called: RefCell<BTreeSet<(&'static str, String)>>,
    /// Whether a debt was written off since somebody looked.
    pub lost: Cell<bool>,
    /// A transaction takes at most one of so many equal parts of each of mainnet's limits.
    pub parts: Cell<u32>,
    /// Where the instructions of the last transaction went, with `COSTS=frames`.
    pub frames: RefCell<String>,
    /// Compares the perpetuals with their reference model, transaction by transaction, in stories that want it.
    pub witness: RefCell<Option<Witness>>,
}

impl Deref for World {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl World {
    /// An empty ledger.
    pub fn new(mode: Mode) -> Self {
        Self(Rc::new(Shared {
            env: mainnet_env(),
            mode,
            nonce: Cell::new(1),
            contracts: OnceCell::new(),
            people: RefCell::new(Vec::new()),
            called: RefCell::new(BTreeSet::new()),
            lost: Cell::new(false),
            parts: Cell::new(1),
            frames: RefCell::default(),
            witness: RefCell::default(),
        }))
    }

    /// Remembers an actor, so that the invariants see all accounts.
    pub fn remember(&self, actor: &Actor) {
        self.people.borrow_mut().push(actor.clone());
    }

    /// Forgets everybody: who is remembered holds on to the world, and neither would ever end.
    pub fn end(&self) {
        self.people.borrow_mut().clear();
        self.witness.take();
    }

    /// Everybody who was remembered.
    pub fn people(&self) -> Vec<Actor> {
        self.people.borrow().clone()
    }
}

impl Shared {
    /// A nonce that was never used.
    pub fn next_nonce(&self) -> i64 {
        self.nonce.replace(self.nonce.get() + 1)
    }

    /// Notes where the contracts are, once.
    pub fn deployed(&self, contracts: Contracts) {
        assert!(self.contracts.set(contracts).is_ok(), "deployed once");
    }

    /// Notes that a transaction called this, and succeeded.
    pub fn succeeded(&self, contract: &Address, function: &str) {
        let Some(c) = self.contracts.get() else { return };
        let crates = [
            (&c.oracle, "oracle"),
            (&c.ledger, "margin-ledger"),
            (&c.vault, "vault"),
            (&c.clearing, "perp-clearing"),
            (&c.factory, "factory"),
            (&c.upgrader, "upgrader"),
        ];
        let name = crates.into_iter().find(|(address, _)| *address == contract);
        self.called.borrow_mut().insert((name.map_or("account", |(_, name)| name), function.into()));
    }

    /// Crate and function of every transaction that succeeded; `account` stands for accounts of all tiers, and tokens.
    pub fn called(&self) -> BTreeSet<(&'static str, String)> {
        self.called.borrow().clone()
    }

    /// Where the contracts are.
    pub fn contracts(&self) -> &Contracts {
        self.contracts.get().expect("deployed")
    }

    /// Lets time pass; prices age.
    pub fn advance(&self, seconds: u64) {
        advance(&self.env, seconds);
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        self.env.ledger().timestamp()
    }

    /// The token contract of a coin.
    pub fn token(&self, coin: Coin) -> &Address {
        &self.contracts().tokens[&coin]
    }

    /// A symbol.
    pub fn symbol(&self, text: &str) -> Symbol {
        Symbol::new(&self.env, text)
    }

    /// What `owner` holds of a coin, in its smallest units.
    pub fn balance(&self, coin: Coin, owner: &Address) -> i128 {
        self.held(self.token(coin), owner)
    }

    /// What `owner` holds of a token, in its smallest units: nothing, where it cannot hold it.
    pub fn held(&self, token: &Address, owner: &Address) -> i128 {
        TokenClient::new(&self.env, token).try_balance(owner).ok().and_then(Result::ok).unwrap_or(0)
    }

    /// The margin ledger, for reading.
    pub fn ledger(&self) -> MarginLedgerClient<'_> {
        MarginLedgerClient::new(&self.env, &self.contracts().ledger)
    }

    /// The vault, for reading.
    pub fn vault(&self) -> VaultClient<'_> {
        VaultClient::new(&self.env, &self.contracts().vault)
    }

    /// The clearing-house, for reading and for what needs nobody's consent.
    pub fn clearing(&self) -> PerpClearingClient<'_> {
        PerpClearingClient::new(&self.env, &self.contracts().clearing)
    }

    /// The oracle.
    pub fn oracle(&self) -> OracleClient<'_> {
        OracleClient::new(&self.env, &self.contracts().oracle)
    }

    /// The factory, for reading.
    pub fn factory(&self) -> AccountFactoryClient<'_> {
        AccountFactoryClient::new(&self.env, &self.contracts().factory)
    }

    /// Every entry of the ledger with its lifetime: equal before and after means that nothing changed.
    pub fn everything(&self) -> BTreeMap<Rc<LedgerKey>, (Rc<LedgerEntry>, Option<u32>)> {
        let stored = self.env.host().get_stored_entries().expect("the ledger");
        stored.into_iter().filter_map(|(key, entry)| Some((key, entry?))).collect()
    }
}
