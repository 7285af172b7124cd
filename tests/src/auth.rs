//! Authorisation entries as a wallet makes them: a tree of invocations, a payload, real signatures.

use crate::actor::Actor;
use crate::signer::Signer;
use ed25519_dalek::SigningKey;
use soroban_sdk::xdr::{
    self, AccountId, HashIdPreimage, HashIdPreimageSorobanAuthorization,
    HashIdPreimageSorobanAuthorizationWithAddress, InvokeContractArgs, Limits, PublicKey, ScAddress, ScBytes,
    ScMap, ScMapEntry, ScSymbol, ScVal, ScVec, SorobanAddressCredentials,
    SorobanAddressCredentialsWithDelegates, SorobanAuthorizationEntry, SorobanAuthorizedFunction,
    SorobanAuthorizedInvocation, SorobanCredentials, SorobanDelegateSignature, Uint256, WriteXdr,
};
use soroban_sdk::{Address, Bytes, Env, Symbol, TryFromVal, TryIntoVal, Val, Vec as HostVec};

/// A call, with the nested calls that need the same address's consent.
#[derive(Clone)]
pub struct Invocation {
    /// Which contract.
    pub contract: Address,
    /// Which function.
    pub function: String,
    /// Its arguments.
    pub args: HostVec<Val>,
    /// What it calls on behalf of the signer.
    pub children: Vec<Invocation>,
}

impl Invocation {
    /// A call without nested ones.
    pub fn new(contract: &Address, function: &str, args: HostVec<Val>) -> Self {
        Self { contract: contract.clone(), function: function.into(), args, children: Vec::new() }
    }

    /// The same call with one more nested call.
    pub fn with(mut self, child: Invocation) -> Self {
        self.children.push(child);
        self
    }

    /// The name as the host wants it.
    pub fn symbol(&self, env: &Env) -> Symbol {
        Symbol::new(env, &self.function)
    }

    /// The call as it goes into the transaction.
    pub fn arguments(&self, env: &Env) -> InvokeContractArgs {
        let args: Vec<ScVal> = self.args.iter().map(|arg| to_scval(env, arg)).collect();
        InvokeContractArgs {
            contract_address: self.contract.clone().into(),
            function_name: ScSymbol(self.function.as_str().try_into().expect("a short name")),
            args: args.try_into().expect("few arguments"),
        }
    }

    /// The tree as it is signed.
    pub fn tree(&self, env: &Env) -> SorobanAuthorizedInvocation {
        let children: Vec<_> = self.children.iter().map(|child| child.tree(env)).collect();
        SorobanAuthorizedInvocation {
            function: SorobanAuthorizedFunction::ContractFn(self.arguments(env)),
            sub_invocations: children.try_into().expect("few children"),
        }
    }
}

/// Any value of the host as XDR.
pub fn to_scval(env: &Env, value: impl TryIntoVal<Env, Val>) -> ScVal {
    let value: Val = value.try_into_val(env).unwrap_or_else(|_| panic!("a host value"));
    ScVal::try_from_val(env, &value).expect("a value that can be stored")
}

/// The kinds of credentials that the host accepts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// The payload does not name the account.
    V1,
    /// The payload names the account.
    V2,
    /// As V2, with a list of delegates; empty unless an entry names some.
    Delegates,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 3] = [Shape::V1, Shape::V2, Shape::Delegates];
}

/// An entry before it is signed.
#[derive(Clone)]
pub struct Entry {
    /// Whose consent it gives.
    pub address: Address,
    /// To what.
    pub root: SorobanAuthorizedInvocation,
    /// Used once.
    pub nonce: i64,
    /// Last ledger in which it counts.
    pub expires: u32,
    /// Kind of credentials.
    pub shape: Shape,
    /// Who signs in its stead, with credentials of that kind.
    pub delegates: Vec<Actor>,
}

impl Entry {
    /// What every signer signs.
    pub fn payload(&self, env: &Env) -> [u8; 32] {
        let network_id = xdr::Hash(env.ledger().network_id().to_array());
        let preimage = match self.shape {
            Shape::V1 => HashIdPreimage::SorobanAuthorization(HashIdPreimageSorobanAuthorization {
                network_id,
                nonce: self.nonce,
                signature_expiration_ledger: self.expires,
                invocation: self.root.clone(),
            }),
            Shape::V2 | Shape::Delegates => HashIdPreimage::SorobanAuthorizationWithAddress(
                HashIdPreimageSorobanAuthorizationWithAddress {
                    network_id,
                    nonce: self.nonce,
                    signature_expiration_ledger: self.expires,
                    address: self.address.clone().into(),
                    invocation: self.root.clone(),
                },
            ),
        };
        let bytes = preimage.to_xdr(Limits::none()).expect("a preimage");
        env.crypto().sha256(&Bytes::from_slice(env, &bytes)).to_array()
    }

    /// The entry with a signature by each key, in the given order.
    pub fn signed(&self, env: &Env, signers: &[Signer]) -> SorobanAuthorizationEntry {
        let payload = self.payload(env);
        self.with(env, list_value(signers.iter().map(|signer| signer.sign(&payload))))
    }

    /// The entry with whatever stands in for its signature.
    pub fn with(&self, env: &Env, signature: ScVal) -> SorobanAuthorizationEntry {
        let payload = self.payload(env);
        let mut delegates: Vec<SorobanDelegateSignature> = self
            .delegates
            .iter()
            .map(|delegate| SorobanDelegateSignature {
                address: delegate.address.clone().into(),
                signature: list_value(delegate.signers().iter().map(|signer| signer.sign(&payload))),
                nested_delegates: Default::default(),
            })
            .collect();
        delegates.sort_by(|a, b| a.address.cmp(&b.address));
        let credentials = SorobanAddressCredentials {
            address: self.address.clone().into(),
            nonce: self.nonce,
            signature_expiration_ledger: self.expires,
            signature,
        };
        SorobanAuthorizationEntry {
            credentials: match self.shape {
                Shape::V1 => SorobanCredentials::Address(credentials),
                Shape::V2 => SorobanCredentials::AddressV2(credentials),
                Shape::Delegates => {
                    SorobanCredentials::AddressWithDelegates(SorobanAddressCredentialsWithDelegates {
                        address_credentials: credentials,
                        delegates: delegates.try_into().expect("few delegates"),
                    })
                }
            },
            root_invocation: self.root.clone(),
        }
    }
}

/// `[{ public_key, signature }, ..]`: what wallets send for key accounts and for ours alike.
pub fn signature_value(signatures: impl Iterator<Item = ([u8; 32], [u8; 64])>) -> ScVal {
    let field = |name: &str, bytes: &[u8]| ScMapEntry {
        key: ScVal::Symbol(ScSymbol(name.try_into().expect("a short name"))),
        val: ScVal::Bytes(ScBytes(bytes.to_vec().try_into().expect("a short value"))),
    };
    let each: Vec<ScVal> = signatures
        .map(|(key, signature)| {
            let map = vec![field("public_key", &key), field("signature", &signature)];
            ScVal::Map(Some(ScMap(map.try_into().expect("two fields"))))
        })
        .collect();
    ScVal::Vec(Some(ScVec(each.try_into().expect("few signatures"))))
}

/// A list of values.
pub fn list_value(values: impl Iterator<Item = ScVal>) -> ScVal {
    ScVal::Vec(Some(ScVec(values.collect::<Vec<_>>().try_into().expect("few values"))))
}

/// The public half of a key.
pub fn public_key(key: &SigningKey) -> [u8; 32] {
    key.verifying_key().to_bytes()
}

/// The classic account of a key.
pub fn account_id(key: &SigningKey) -> AccountId {
    AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(public_key(key))))
}

/// Its `G...` address.
pub fn key_address(env: &Env, key: &SigningKey) -> Address {
    Address::try_from_val(env, &ScAddress::Account(account_id(key))).expect("an account address")
}
