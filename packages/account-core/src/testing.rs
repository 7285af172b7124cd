//! One account surrounded by scripted contracts. Signatures are real and no authorisation is ever mocked. What needs all
//! real contracts is tested in `tests/`.
//!
//! Test code: it may panic.

pub mod fakes;

use ed25519_dalek::{Signer as _, SigningKey};
use fakes::{FakeClearing, FakeLedger, FakeLedgerClient, FakeOwner, FakeOwnerClient, FakeVault};
use margin_interface::{AccountConfig, AccountError, AccountType, Protocol, Sig, SmartAccountClient};
use soroban_sdk::auth::{Context, ContractContext};
use soroban_sdk::testutils::{Address as _, ContractFunctionSet, EnvTestConfig, Ledger as _};
use soroban_sdk::xdr::{
    self, HashIdPreimage, HashIdPreimageSorobanAuthorizationWithAddress, InvokeContractArgs, Limits, ScVal,
    SorobanAddressCredentials, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials, WriteXdr,
};
use soroban_sdk::{vec, Address, Bytes, BytesN, Env, IntoVal, InvokeError, Symbol, TryFromVal, Val, Vec};
use std::cell::Cell;
use std::vec::Vec as List;

pub const NOW: u64 = 1_790_000_000;

/// A refusal by the account's own code, or by the host.
pub type Refusal = Result<AccountError, InvokeError>;

pub struct Fixture {
    pub env: Env,
    pub account: Address,
    /// Of the owner signers, ascending by public key.
    pub keys: List<SigningKey>,
    pub outsider: SigningKey,
    pub owner: Address,
    pub protocol: Protocol,
    pub payload: BytesN<32>,
    nonces: Cell<i64>,
}

impl Fixture {
    /// An account of a tier with so many signers, at the tier's largest leverage. The ledger knows its limits.
    pub fn deploy<C>(account: C, account_type: AccountType, signers: u8) -> Fixture
    where
        C: ContractFunctionSet + 'static,
    {
        let f = Self::deploy_unused(account, account_type, signers);
        f.client().refresh_limits();
        f
    }

    /// [`Fixture::deploy`], but the ledger knows nothing of it yet.
    pub fn deploy_unused<C>(account: C, account_type: AccountType, signers: u8) -> Fixture
    where
        C: ContractFunctionSet + 'static,
    {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.ledger().set_timestamp(NOW);
        env.ledger().set_sequence_number(1000);
        let ledger = env.register(FakeLedger, ());
        let protocol = Protocol {
            factory: Address::generate(&env),
            perp_clearing: env.register(FakeClearing, (ledger.clone(),)),
            vault: env.register(FakeVault, (ledger.clone(),)),
            ledger,
        };
        let owner = env.register(FakeOwner, ());
        let mut keys: List<SigningKey> = (0..signers).map(|key| secret(key + 10)).collect();
        keys.sort_by_key(|key| key.verifying_key().to_bytes());
        let config = config(&env, account_type, &owner, &keys);
        let account = env.register(account, (config, protocol.clone()));
        let payload = BytesN::from_array(&env, &[5; 32]);
        Fixture { env, account, keys, outsider: secret(9), owner, protocol, payload, nonces: Cell::new(0) }
    }

    pub fn client(&self) -> SmartAccountClient<'_> {
        SmartAccountClient::new(&self.env, &self.account)
    }

    pub fn ledger(&self) -> FakeLedgerClient<'_> {
        FakeLedgerClient::new(&self.env, &self.protocol.ledger)
    }

    /// A signature of the fixture's payload.
    pub fn sig(&self, key: &SigningKey) -> Sig {
        sign(&self.env, key, &self.payload.to_array())
    }

    pub fn check_with(&self, signatures: &[Sig], contexts: &[Context]) -> Result<(), Refusal> {
        self.env.try_invoke_contract_check_auth::<AccountError>(
            &self.account,
            &self.payload,
            Vec::from_slice(&self.env, signatures).into_val(&self.env),
            &Vec::from_slice(&self.env, contexts),
        )
    }

    /// Checks contexts that keys signed, in ascending order.
    pub fn check_by(&self, keys: &[&SigningKey], contexts: &[Context]) -> Result<(), Refusal> {
        let signatures: List<Sig> = ascending(keys).iter().map(|key| self.sig(key)).collect();
        self.check_with(&signatures, contexts)
    }

    /// Checks contexts that the first owner signer signed.
    pub fn check(&self, contexts: &[Context]) -> Result<(), Refusal> {
        self.check_by(&[&self.keys[0]], contexts)
    }

    /// Lets time pass, a ledger every five seconds.
    pub fn pass(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| {
            ledger.timestamp += seconds;
            ledger.sequence_number += u32::try_from(seconds / 5).unwrap();
        });
    }

    pub fn call(&self, contract: &Address, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Context {
        Context::Contract(ContractContext {
            contract: contract.clone(),
            fn_name: Symbol::new(&self.env, function),
            args: args.into_val(&self.env),
        })
    }

    pub fn borrow(&self, amount: i128) -> Context {
        self.borrow_of(&Address::generate(&self.env), amount)
    }

    pub fn borrow_of(&self, asset: &Address, amount: i128) -> Context {
        self.call(&self.protocol.vault, "borrow", (self.account.clone(), asset, amount))
    }

    /// A trade at a price of next to nothing: a purchase loses nothing, a sale everything.
    pub fn trade(&self, size: i128, reduce_only: bool) -> Context {
        self.trade_at(size, 1, reduce_only)
    }

    pub fn trade_at(&self, size: i128, limit: i128, reduce_only: bool) -> Context {
        let market = Symbol::new(&self.env, "BTC_USD");
        let args = (self.account.clone(), market, size, limit, reduce_only, NOW);
        self.call(&self.protocol.perp_clearing, "trade", args)
    }

    pub fn open(&self, margin: i128, leverage: u32) -> Context {
        let market = Symbol::new(&self.env, "BTC_USD");
        let args = (self.account.clone(), market, true, margin, leverage, 0_i128, NOW);
        self.call(&self.protocol.perp_clearing, "open_position", args)
    }

    /// The owner, a contract, calls a function of the account.
    pub fn administer(&self, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Result<(), AccountError> {
        let owner = FakeOwnerClient::new(&self.env, &self.owner);
        let args = args.into_val(&self.env);
        match owner.try_administer(&self.account, &Symbol::new(&self.env, function), &args) {
            Ok(_) => Ok(()),
            Err(Ok(error)) => Err(AccountError::try_from(error).unwrap()),
            Err(Err(_)) => panic!("the account trapped"),
        }
    }

    /// Calls a function of the account with an entry of the account's own, signed by keys, for `(account, args..)`.
    pub fn by_itself(
        &self,
        keys: &[&SigningKey],
        function: &str,
        authorised: impl IntoVal<Env, Vec<Val>>,
        args: impl IntoVal<Env, Vec<Val>>,
    ) -> Result<(), Option<AccountError>> {
        let mut all = vec![&self.env, self.account.to_val()];
        all.append(&authorised.into_val(&self.env));
        let entry = self.entry(keys, function, &all);
        let function = Symbol::new(&self.env, function);
        self.env.set_auths(&[entry]);
        let result = self.env.try_invoke_contract::<Val, AccountError>(
            &self.account,
            &function,
            args.into_val(&self.env),
        );
        self.env.set_auths(&[]);
        match result {
            Ok(_) => Ok(()),
            Err(Ok(error)) => Err(Some(error)),
            Err(Err(_)) => Err(None),
        }
    }

    /// As [`Self::by_itself`], for an institution in its epoch.
    pub fn institutes(
        &self,
        keys: &[&SigningKey],
        function: &str,
        args: impl IntoVal<Env, Vec<Val>>,
    ) -> Result<(), Option<AccountError>> {
        let args: Vec<Val> = args.into_val(&self.env);
        let mut authorised = vec![&self.env, self.client().standing().epoch.into_val(&self.env)];
        authorised.append(&args);
        self.by_itself(keys, function, authorised, args)
    }

    fn entry(&self, keys: &[&SigningKey], function: &str, args: &Vec<Val>) -> SorobanAuthorizationEntry {
        let nonce = self.nonces.get();
        self.nonces.set(nonce + 1);
        signed(&self.env, &self.account, keys, nonce, node(&self.account, function, args, &[]))
    }
}

/// A call in a tree that is signed, and those below it.
pub fn node(
    contract: &Address,
    function: &str,
    args: &Vec<Val>,
    below: &[SorobanAuthorizedInvocation],
) -> SorobanAuthorizedInvocation {
    let args: List<ScVal> = args.iter().map(|arg| ScVal::try_from_val(args.env(), &arg).unwrap()).collect();
    SorobanAuthorizedInvocation {
        function: SorobanAuthorizedFunction::ContractFn(InvokeContractArgs {
            contract_address: contract.into(),
            function_name: xdr::ScSymbol(function.try_into().unwrap()),
            args: args.try_into().unwrap(),
        }),
        sub_invocations: below.to_vec().try_into().unwrap(),
    }
}

/// An entry of an account of which keys signed the tree.
pub fn signed(
    env: &Env,
    account: &Address,
    keys: &[&SigningKey],
    nonce: i64,
    tree: SorobanAuthorizedInvocation,
) -> SorobanAuthorizationEntry {
    let expires = env.ledger().sequence() + 10;
    let preimage = HashIdPreimageSorobanAuthorizationWithAddress {
        network_id: xdr::Hash(env.ledger().network_id().to_array()),
        nonce,
        signature_expiration_ledger: expires,
        address: account.into(),
        invocation: tree.clone(),
    };
    let preimage = HashIdPreimage::SorobanAuthorizationWithAddress(preimage).to_xdr(Limits::none());
    let payload = env.crypto().sha256(&Bytes::from_slice(env, &preimage.unwrap())).to_array();
    let signatures: List<Sig> = ascending(keys).iter().map(|key| sign(env, key, &payload)).collect();
    let signatures: Val = Vec::from_slice(env, &signatures).into_val(env);
    let credentials = SorobanAddressCredentials {
        address: account.into(),
        nonce,
        signature_expiration_ledger: expires,
        signature: ScVal::try_from_val(env, &signatures).unwrap(),
    };
    SorobanAuthorizationEntry {
        credentials: SorobanCredentials::AddressV2(credentials),
        root_invocation: tree,
    }
}

/// The key of a seed.
pub fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public(env: &Env, key: &SigningKey) -> Bytes {
    Bytes::from_array(env, &key.verifying_key().to_bytes())
}

pub fn publics(env: &Env, keys: &[&SigningKey]) -> Vec<Bytes> {
    Vec::from_iter(env, keys.iter().map(|key| public(env, key)))
}

pub fn config(env: &Env, account_type: AccountType, owner: &Address, keys: &[SigningKey]) -> AccountConfig {
    AccountConfig {
        account_type,
        auto_deleverage_threshold: 12_000,
        max_leverage: if account_type == AccountType::Basic { 300 } else { 1_000 },
        owner: owner.clone(),
        signers: Vec::from_iter(env, keys.iter().map(|key| public(env, key))),
    }
}

pub fn refused(error: AccountError) -> Result<(), Refusal> {
    Err(Ok(error))
}

fn sign(env: &Env, key: &SigningKey, payload: &[u8; 32]) -> Sig {
    Sig {
        public_key: public(env, key),
        signature: BytesN::from_array(env, &key.sign(payload).to_bytes()),
        webauthn: None,
    }
}

fn ascending<'a>(keys: &[&'a SigningKey]) -> List<&'a SigningKey> {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    keys
}
