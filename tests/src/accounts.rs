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
    TierParams,
};
use soroban_sdk::{Bytes, BytesN, IntoVal, TryFromVal, Val, Vec as HostVec};

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
        let authority = self.authority_of(account);
        let consent = self.consent_to(&authority, account, function, &args);
        Tx::new(&self.world, Invocation::new(&account.address, function, args))
            .consent(&authority, consent.tree(env))
    }

    /// Who administers `account`: its owner, or the institution itself.
    pub fn authority_of(&self, account: &Actor) -> Actor {
        match self.account(account).account_type() {
            AccountType::Institutional => account.clone(),
            _ => self.owner_of(&account.name),
        }
    }

    /// What the authority of `account` signs: itself, the epoch of an institution, and `args`.
    fn consent_to(
        &self,
        authority: &Actor,
        account: &Actor,
        function: &str,
        args: &HostVec<Val>,
    ) -> Invocation {
        let mut signed = HostVec::from_array(&self.env, [authority.address.to_val()]);
        if self.account(account).account_type() == AccountType::Institutional {
            signed.push_back(self.account(account).standing().epoch.into());
        }
        signed.append(args);
        Invocation::new(&account.address, function, signed)
    }

    /// The code that the factory gives to accounts of a tier.
    pub fn code_of(&self, tier: AccountType) -> BytesN<32> {
        let config = self.factory().config();
        match tier {
            AccountType::Basic => config.basic_hash,
            AccountType::Pro => config.pro_hash,
            AccountType::Institutional => config.institutional_hash,
        }
    }

    /// `factory.upgrade_account(..)` by `authority`, with the hand-over that the account asks consent to.
    pub fn upgrades_account(
        &self,
        authority: &Actor,
        account: &Actor,
        tier: AccountType,
        params: &TierParams,
    ) -> Tx<()> {
        let env = &self.env;
        let handed = (tier, self.code_of(tier), params.clone()).into_val(env);
        let args = (&authority.address, &account.address, tier, params.clone()).into_val(env);
        let root = Invocation::new(&self.contracts().factory, "upgrade_account", args);
        let signed = root.clone().with(self.consent_to(authority, account, "change_tier", &handed));
        Tx::new(&self.world, root).consent(authority, signed.tree(env))
    }

    /// `execute_upgrade()` of an account, with its authority's consent to exactly `code`.
    pub fn executes_upgrade(&self, account: &Actor, code: &BytesN<32>) -> Tx<()> {
        let env = &self.env;
        let authority = self.authority_of(account);
        let consent = self.consent_to(&authority, account, "execute_upgrade", &(code,).into_val(env));
        Tx::new(&self.world, Invocation::new(&account.address, "execute_upgrade", HostVec::new(env)))
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
