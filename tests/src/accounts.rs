//! Accounts of the higher tiers, and who acts for them.

use crate::actor::{key_of, Actor};
use crate::auth::{public_key, Invocation};
use crate::fixture::Fixture;
use crate::money::usd;
use crate::signer::Signer;
use crate::tx::Tx;
use ed25519_dalek::SigningKey;
use margin_interface::{
    AccountType, InstitutionalAccountClient, ProAccountClient, Scope, SessionGrant, SmartAccountClient,
};
use soroban_sdk::{Bytes, IntoVal, TryFromVal, Val, Vec as HostVec};

/// A day.
pub const DAY: u64 = 86_400;

/// What a session may do unless a story says otherwise.
pub const SESSION_OPERATIONS: [&str; 6] =
    ["borrow", "repay", "deposit", "trade", "open_position", "close_position"];

impl Fixture {
    /// A Pro account at 10x with one signer.
    pub fn pro_account(&self, name: &str) -> Actor {
        self.smart_account_with(name, |config| {
            config.account_type = AccountType::Pro;
            config.max_leverage = 1_000;
        })
    }

    /// An institution with `n` signers, at its defaults.
    pub fn institution(&self, name: &str, n: usize) -> Actor {
        let keys: Vec<SigningKey> = (0..n).map(|place| key_of(&format!("{name} {place}"))).collect();
        let actor = self.smart_account_with(name, |config| {
            config.account_type = AccountType::Institutional;
            config.max_leverage = 1_000;
            config.signers = self.keys(&keys.iter().map(Signer::from).collect::<Vec<_>>());
        });
        Actor::at(&self.world, name, actor.address, keys)
    }

    /// The public halves of several signers, ascending.
    pub fn keys(&self, signers: &[Signer]) -> HostVec<Bytes> {
        let mut keys: Vec<Vec<u8>> = signers.iter().map(Signer::public).collect();
        keys.sort();
        let keys: Vec<Bytes> = keys.iter().map(|key| Bytes::from_slice(&self.env, key)).collect();
        HostVec::from_slice(&self.env, &keys)
    }

    /// A key as an argument.
    pub fn key(&self, key: &SigningKey) -> Bytes {
        Bytes::from_array(&self.env, &public_key(key))
    }

    /// What every smart account answers.
    pub fn account<'a>(&'a self, account: &Actor) -> SmartAccountClient<'a> {
        SmartAccountClient::new(&self.env, &account.address)
    }

    /// What Pro and Institutional accounts answer.
    pub fn pro<'a>(&'a self, account: &Actor) -> ProAccountClient<'a> {
        ProAccountClient::new(&self.env, &account.address)
    }

    /// What Institutional accounts answer.
    pub fn institutional<'a>(&'a self, account: &Actor) -> InstitutionalAccountClient<'a> {
        InstitutionalAccountClient::new(&self.env, &account.address)
    }

    /// The authority of `account` administers it: the owner, or the institution itself with all its keys.
    pub fn administer<T: TryFromVal<soroban_sdk::Env, Val>>(
        &self,
        account: &Actor,
        function: &str,
        args: impl IntoVal<soroban_sdk::Env, HostVec<Val>>,
    ) -> Tx<T> {
        let env = &self.env;
        let args: HostVec<Val> = args.into_val(env);
        let institution = self.account(account).account_type() == AccountType::Institutional;
        let authority = if institution { account.clone() } else { self.owner_of(&account.name) };
        let mut authorised = HostVec::from_array(env, [authority.address.to_val()]);
        if institution {
            authorised.push_back(self.account(account).standing().epoch.into());
        }
        authorised.append(&args);
        let consent = Invocation::new(&account.address, function, authorised);
        Tx::new(&self.world, Invocation::new(&account.address, function, args))
            .consent(&authority, consent.tree(env))
    }

    /// `account` calls its own `function`, consenting to `(account, ..args)`.
    pub fn by_itself(
        &self,
        account: &Actor,
        function: &str,
        args: impl IntoVal<soroban_sdk::Env, HostVec<Val>>,
    ) -> Tx<()> {
        self.administers(account, account, function, args.into_val(&self.env))
    }

    /// A grant of [`SESSION_OPERATIONS`] for a week: $1,000 per entry and ledger, $2,000 in 24 hours.
    pub fn grant(&self, key: &Signer) -> SessionGrant {
        let operations = SESSION_OPERATIONS.map(|name| self.symbol(name));
        SessionGrant {
            allowed_ops: HostVec::from_slice(&self.env, &operations),
            daily_limit: usd(2_000),
            expires_at: self.now() + 7 * DAY,
            key: key.bytes(&self.env),
            markets: Scope::All,
            max_leverage: 1_000,
            max_ops_per_day: 100,
            max_per_ledger: usd(1_000),
            max_per_tx: usd(1_000),
        }
    }

    /// Whoever acts for `account` by the session `name`, granted with changes.
    pub fn session(&self, account: &Actor, name: &str, change: impl FnOnce(&mut SessionGrant)) -> Actor {
        let key = key_of(name);
        let mut grant = self.grant(&Signer::from(&key));
        change(&mut grant);
        self.administer::<()>(account, "grant_session", (grant,)).ok();
        Actor::at(&self.world, name, account.address.clone(), vec![key])
    }
}
