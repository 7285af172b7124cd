//! Somebody with a name, an address and real keys.

use crate::auth::{account_id, key_address, public_key, Invocation, Shape};
use crate::signer::Signer;
use crate::tx::Tx;
use crate::world::World;
use ed25519_dalek::SigningKey;
use soroban_sdk::xdr::{
    AccountEntry, AccountEntryExt, LedgerEntry, LedgerEntryData, LedgerEntryExt, LedgerKey, LedgerKeyAccount,
    SequenceNumber, Thresholds,
};
use soroban_sdk::{Address, Env, TryFromVal, Val, Vec as HostVec};
use std::cell::Cell;
use std::rc::Rc;

/// Lumens that every classic account starts with, for its reserves.
const GENESIS_LUMENS: i64 = 1_000_000_000;

/// A key account or a smart account.
#[derive(Clone)]
pub struct Actor {
    /// What stories call it.
    pub name: String,
    /// `G...` of a key account, `C...` of a smart account.
    pub address: Address,
    /// The keys that sign for it, ascending by public half.
    pub keys: Vec<SigningKey>,
    /// Credentials that it signs with.
    pub shape: Rc<Cell<Shape>>,
    pub(crate) world: World,
}

impl Actor {
    /// A classic account, in the ledger since before the story began.
    pub fn classic(world: &World, name: &str, lumens: i64) -> Self {
        let key = key_of(name);
        let account_id = account_id(&key);
        let id = LedgerKey::Account(LedgerKeyAccount { account_id: account_id.clone() });
        let entry = LedgerEntryData::Account(AccountEntry {
            account_id,
            balance: GENESIS_LUMENS + lumens,
            seq_num: SequenceNumber(0),
            num_sub_entries: 0,
            inflation_dest: None,
            flags: 0,
            home_domain: Default::default(),
            thresholds: Thresholds([1, 1, 1, 1]),
            signers: Default::default(),
            ext: AccountEntryExt::V0,
        });
        put(&world.env, id, entry);
        Self::at(world, name, key_address(&world.env, &key), vec![key])
    }

    /// Whoever lives at `address` and signs with `keys`.
    pub fn at(world: &World, name: &str, address: Address, mut keys: Vec<SigningKey>) -> Self {
        keys.sort_by_key(public_key);
        Self { name: name.into(), address, keys, shape: Rc::new(Cell::new(Shape::V2)), world: world.clone() }
    }

    /// Its only key, or the first of them.
    pub fn key(&self) -> &SigningKey {
        &self.keys[0]
    }

    /// Whoever signs for it, in order.
    pub fn signers(&self) -> Vec<Signer> {
        self.keys.iter().map(Signer::from).collect()
    }

    /// A transaction of this actor: a call with one consent, to the whole of it.
    pub fn calls<T: TryFromVal<Env, Val>>(
        &self,
        contract: &Address,
        function: &str,
        args: HostVec<Val>,
    ) -> Tx<T> {
        self.submits(Invocation::new(contract, function, args))
    }

    /// A transaction of this actor.
    pub fn submits<T: TryFromVal<Env, Val>>(&self, call: Invocation) -> Tx<T> {
        Tx::new(&self.world, call).by(self)
    }
}

/// The key of a name: the same in every run.
pub fn key_of(name: &str) -> SigningKey {
    let mut seed = [0u8; 32];
    for (index, byte) in name.bytes().enumerate() {
        seed[index % 32] = seed[index % 32].wrapping_mul(31).wrapping_add(byte);
    }
    seed[31] ^= u8::try_from(name.len() % 251).unwrap_or(0);
    SigningKey::from_bytes(&seed)
}

/// Puts a classic entry into the ledger, as an earlier transaction would have.
pub(crate) fn put(env: &Env, key: LedgerKey, data: LedgerEntryData) {
    let entry = LedgerEntry { last_modified_ledger_seq: 0, data, ext: LedgerEntryExt::V0 };
    env.host().add_ledger_entry(&Rc::new(key), &Rc::new(entry), None).expect("a ledger entry");
}
