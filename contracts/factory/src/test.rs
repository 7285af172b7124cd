//! Real accounts of every tier, deployed natively, among scripted contracts. Authority comes from contracts that call, or
//! that authorise beforehand what is called on their behalf: nothing is mocked. Built Wasm is deployed in `tests/`.

mod creation;
mod governing;
mod migration;
mod tiers;

use crate::AccountFactory;
use account_core::testing::fakes::{healthy, FakeLedger, FakeLedgerClient};
use account_core::testing::NOW;
use basic_account::BasicAccount;
use institutional_account::InstitutionalAccount;
use margin_interface::{
    AccountConfig, AccountFactoryAdminClient, AccountFactoryClient, AccountSummary, AccountType,
    FactoryError, SmartAccountClient, TierParams,
};
use pro_account::ProAccount;
use soroban_sdk::auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation};
use soroban_sdk::testutils::{Address as _, EnvTestConfig, Ledger as _};
use soroban_sdk::{
    contract, contractimpl, contracttype, vec, Address, Bytes, BytesN, Env, IntoVal, InvokeError, Symbol,
    Val, Vec,
};

/// A user with a contract for a wallet.
#[contract]
struct Wallet;

#[contractimpl]
impl Wallet {
    /// Calls, and authorises beforehand one call that the callee makes on the wallet's behalf.
    pub fn call(
        env: Env,
        contract: Address,
        function: Symbol,
        args: Vec<Val>,
        nested: Vec<ContractContext>,
    ) -> Val {
        for context in nested.iter() {
            let nested = SubContractInvocation { context, sub_invocations: vec![&env] };
            env.authorize_as_current_contract(vec![&env, InvokerContractAuthEntry::Contract(nested)]);
        }
        env.invoke_contract(&contract, &function, args)
    }
}

#[contracttype]
enum Moved {
    Last,
}

/// Moves positions for whoever the factory stands for.
#[contract]
struct FakeVault;

#[contractimpl]
impl FakeVault {
    pub fn migrate_positions(env: Env, from: Address, to: Address) {
        from.require_auth();
        env.storage().instance().set(&Moved::Last, &(from, to));
    }

    pub fn moved(env: Env) -> Option<(Address, Address)> {
        env.storage().instance().get(&Moved::Last)
    }
}

struct World {
    env: Env,
    admin: Address,
    guardian: Address,
    factory: Address,
    ledger: Address,
    vault: Address,
    user: Address,
    hashes: [BytesN<32>; 3],
}

impl World {
    fn new() -> World {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.ledger().set_timestamp(NOW);
        env.ledger().set_sequence_number(1000);
        let [admin, guardian, user] = [(); 3].map(|()| env.register(Wallet, ()));
        let ledger = env.register(FakeLedger, ());
        let vault = env.register(FakeVault, ());
        let clearing = Address::generate(&env);
        let hashes = [env.upload(BasicAccount), env.upload(ProAccount), env.upload(InstitutionalAccount)];
        let [basic, pro, institutional] = hashes.clone();
        let args = (&admin, &guardian, &ledger, &vault, &clearing, basic, pro, institutional);
        let factory = env.register(AccountFactory, args);
        let well = AccountSummary { health_factor: 20_000, ..healthy(&env) };
        FakeLedgerClient::new(&env, &ledger).script(&well);
        World { env, admin, guardian, factory, ledger, vault, user, hashes }
    }

    fn factory(&self) -> AccountFactoryClient<'_> {
        AccountFactoryClient::new(&self.env, &self.factory)
    }

    fn admin(&self) -> AccountFactoryAdminClient<'_> {
        AccountFactoryAdminClient::new(&self.env, &self.factory)
    }

    fn account<'a>(&'a self, account: &Address) -> SmartAccountClient<'a> {
        SmartAccountClient::new(&self.env, account)
    }

    fn config(&self, account_type: AccountType) -> AccountConfig {
        AccountConfig {
            account_type,
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: self.user.clone(),
            signers: if account_type == AccountType::Institutional {
                self.keys(&[7, 8, 9])
            } else {
                self.keys(&[7])
            },
        }
    }

    fn keys(&self, seeds: &[u8]) -> Vec<Bytes> {
        Vec::from_iter(&self.env, seeds.iter().map(|seed| Bytes::from_array(&self.env, &[*seed; 32])))
    }

    fn salt(&self, byte: u8) -> BytesN<32> {
        BytesN::from_array(&self.env, &[byte; 32])
    }

    /// A wallet calls the factory. `Err(None)`: the host refuses.
    fn calls(
        &self,
        wallet: &Address,
        function: &str,
        args: impl IntoVal<Env, Vec<Val>>,
        nested: &[ContractContext],
    ) -> Result<Val, Option<u32>> {
        let env = &self.env;
        let (function, nested) = (Symbol::new(env, function), Vec::from_slice(env, nested));
        let call =
            WalletClient::new(env, wallet).try_call(&self.factory, &function, &args.into_val(env), &nested);
        match call {
            Ok(value) => Ok(value.unwrap()),
            Err(Ok(error)) if error.is_type(soroban_sdk::xdr::ScErrorType::Contract) => {
                Err(Some(error.get_code()))
            }
            Err(Err(InvokeError::Contract(code))) => Err(Some(code)),
            Err(_) => Err(None),
        }
    }

    fn create(&self, config: &AccountConfig, salt: u8) -> Result<Address, Option<u32>> {
        let value = self.calls(&self.user, "create_account", (config.clone(), self.salt(salt)), &[])?;
        Ok(value.into_val(&self.env))
    }

    fn deployed(&self, account_type: AccountType) -> Address {
        self.create(&self.config(account_type), 1).unwrap()
    }

    /// The user changes the tier of an account it owns.
    fn upgrade(&self, account: &Address, tier: AccountType, params: &TierParams) -> Result<Val, Option<u32>> {
        let hash = self.hashes[tier as usize].clone();
        self.upgrade_signed(
            account,
            tier,
            params,
            (&self.user, tier, hash, params.clone()).into_val(&self.env),
        )
    }

    fn upgrade_signed(
        &self,
        account: &Address,
        tier: AccountType,
        params: &TierParams,
        args: Vec<Val>,
    ) -> Result<Val, Option<u32>> {
        let fn_name = Symbol::new(&self.env, "change_tier");
        let nested = ContractContext { contract: account.clone(), fn_name, args };
        self.calls(&self.user, "upgrade_account", (&self.user, account, tier, params.clone()), &[nested])
    }
}

fn failed<T>(error: FactoryError) -> Result<T, Option<u32>> {
    Err(Some(error as u32))
}
