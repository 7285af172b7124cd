//! One transaction: a call, who signed what, and what came of it.

use crate::actor::Actor;
use crate::auth::{Entry, Invocation, Shape};
use crate::costs;
use crate::env::assert_affordable;
use crate::frames;
use crate::model::perp::Witness;
use crate::refusal::{self, Failure};
use crate::signer::Signer;
use crate::world::World;
use ed25519_dalek::SigningKey;
use soroban_sdk::testutils::{AuthorizedInvocation, Events as _};
use soroban_sdk::xdr::{
    ContractEventBody, HostFunction, ScVal, SorobanAuthorizationEntry, SorobanAuthorizedInvocation,
};
use soroban_sdk::{Address, Env, Error, TryFromVal, Val};
use std::marker::PhantomData;

/// Ledgers for which a signature is good, unless a story says otherwise.
const SIGNATURE_LEDGERS: u32 = 60;

/// A call that is about to be submitted; `T` is what it returns.
#[must_use = "a transaction does nothing until it is submitted by `ok`, `fails`, `refused` or `submit`"]
#[derive(Clone)]
pub struct Tx<T> {
    world: World,
    call: Invocation,
    consents: Vec<Consent>,
    returns: PhantomData<T>,
}

/// What one address signs.
#[derive(Clone)]
struct Consent {
    entry: Entry,
    signature: Signature,
    /// Whether the tree is exactly what execution needs; checked against what the host recorded.
    exact: bool,
}

#[derive(Clone)]
enum Signature {
    Signers(Vec<Signer>),
    Raw(ScVal),
}

impl<T: TryFromVal<Env, Val>> Tx<T> {
    /// A call by nobody in particular.
    pub fn new(world: &World, call: Invocation) -> Self {
        Self { world: world.clone(), call, consents: Vec::new(), returns: PhantomData }
    }

    /// Adds the consent of `actor` to the whole call.
    pub fn by(self, actor: &Actor) -> Self {
        let tree = self.call.tree(&self.world.env);
        let mut signed = self.consent(actor, tree);
        signed.last().exact = true;
        signed
    }

    /// Adds the consent of `actor` to any tree at all.
    pub fn consent(mut self, actor: &Actor, tree: SorobanAuthorizedInvocation) -> Self {
        let entry = Entry {
            address: actor.address.clone(),
            root: tree,
            nonce: self.world.next_nonce(),
            expires: self.world.env.ledger().sequence() + SIGNATURE_LEDGERS,
            shape: actor.shape.get(),
            delegates: Vec::new(),
        };
        self.consents.push(Consent { entry, signature: Signature::Signers(actor.signers()), exact: false });
        self
    }

    /// Nobody signs.
    pub fn unsigned(mut self) -> Self {
        self.consents.clear();
        self
    }

    /// The last consent, in other credentials.
    pub fn shape(mut self, shape: Shape) -> Self {
        self.last().entry.shape = shape;
        self
    }

    /// The last consent, signed by these keys in this order.
    pub fn signed_by(self, keys: &[&SigningKey]) -> Self {
        self.signed_with(&keys.iter().map(|key| Signer::from(*key)).collect::<Vec<_>>())
    }

    /// The last consent, signed by these keys of any kind in this order.
    pub fn signed_with(mut self, signers: &[Signer]) -> Self {
        self.last().signature = Signature::Signers(signers.to_vec());
        self
    }

    /// The last consent, with anything that follows from the payload instead of signatures.
    pub fn answered(mut self, answer: impl FnOnce(&[u8; 32]) -> ScVal) -> Self {
        let env = self.world.env.clone();
        let last = self.last();
        last.signature = Signature::Raw(answer(&last.entry.payload(&env)));
        self
    }

    /// The last consent, with anything instead of signatures.
    pub fn signature(mut self, value: ScVal) -> Self {
        self.last().signature = Signature::Raw(value);
        self
    }

    /// The last consent, with delegates who sign the same payload.
    pub fn delegated_to(mut self, delegates: &[&Actor]) -> Self {
        let entry = &mut self.last().entry;
        entry.shape = Shape::Delegates;
        entry.delegates = delegates.iter().map(|delegate| (*delegate).clone()).collect();
        self
    }

    /// The last consent, good until `sequence`.
    pub fn expires(mut self, sequence: u32) -> Self {
        self.last().entry.expires = sequence;
        self
    }

    /// The last consent, for another address than that of the keys.
    pub fn on_behalf_of(mut self, address: &Address) -> Self {
        self.last().entry.address = address.clone();
        self
    }

    /// The last consent, with a further call under its root that will never be made.
    pub fn also_signing(self, never_made: Invocation) -> Self {
        let tree = never_made.tree(&self.world.env);
        self.also_signing_tree(tree)
    }

    /// [`Self::also_signing`] for anything that can be signed.
    pub fn also_signing_tree(mut self, never_made: SorobanAuthorizedInvocation) -> Self {
        let last = self.last();
        let mut children = last.entry.root.sub_invocations.to_vec();
        children.push(never_made);
        last.entry.root.sub_invocations = children.try_into().expect("few children");
        last.exact = false;
        self
    }

    fn last(&mut self) -> &mut Consent {
        self.consents.last_mut().expect("somebody signs")
    }

    /// The entries as they go into the transaction.
    pub fn entries(&self) -> Vec<SorobanAuthorizationEntry> {
        let env = &self.world.env;
        self.consents
            .iter()
            .map(|consent| match &consent.signature {
                Signature::Signers(signers) => consent.entry.signed(env, signers),
                Signature::Raw(value) => consent.entry.with(env, value.clone()),
            })
            .collect()
    }

    /// Submits it with entries made elsewhere.
    pub fn submit_with(&self, entries: &[SorobanAuthorizationEntry]) -> Result<T, Failure> {
        let result = self.invoke(entries);
        self.world.env.set_auths(&[]);
        self.watched(|witness| witness.after(&self.world, result.is_ok()));
        result
    }

    /// The same, with the authorisations that it used still to be read.
    fn invoke(&self, entries: &[SorobanAuthorizationEntry]) -> Result<T, Failure> {
        let env = &self.world.env;
        self.watched(|witness| witness.before(&self.world, &self.call));
        env.set_auths(entries);
        let outcome = env.try_invoke_contract::<T, Error>(
            &self.call.contract,
            &self.call.symbol(env),
            self.call.args.clone(),
        );
        assert_affordable(env, &self.call.function, self.world.parts.get());
        self.note_losses();
        match outcome {
            Ok(Ok(value)) => {
                self.world.succeeded(&self.call.contract, &self.call.function);
                Ok(value)
            }
            Ok(Err(_)) => panic!("`{}` returned another type than expected", self.call.function),
            Err(Ok(error)) => Err(refusal::of(env, error)),
            Err(Err(error)) => panic!("`{}` ended in {error:?}", self.call.function),
        }
    }

    fn watched(&self, look: impl FnOnce(&mut Witness)) {
        if let Some(witness) = self.world.witness.borrow_mut().as_mut() {
            look(witness);
        }
    }

    /// Remembers a debt that was written off: what depositors own may fall with it.
    fn note_losses(&self) {
        let written_off = ScVal::Symbol("bad_debt".try_into().expect("a short name"));
        let events = self.world.env.events().all();
        let lost = events.events().iter().any(|event| {
            let ContractEventBody::V0(body) = &event.body;
            body.topics.first() == Some(&written_off)
        });
        if lost {
            self.world.lost.set(true);
        }
    }

    /// Submits it.
    pub fn submit(&self) -> Result<T, Failure> {
        self.submit_with(&self.entries())
    }

    /// Submits it; it must succeed, having used each consent as signed, child by child.
    #[track_caller]
    pub fn ok(self) -> T {
        let entries = self.entries();
        let env = &self.world.env;
        if costs::mode("frames") {
            let call = HostFunction::InvokeContract(self.call.arguments(env));
            self.world.frames.replace(frames::breakdown(&self.world, call, &entries));
        }
        let value = self
            .invoke(&entries)
            .unwrap_or_else(|failure| panic!("`{}` should succeed, but: {failure}", self.call.function));
        let recorded = env.auths();
        for consent in self.consents.iter().filter(|consent| consent.exact) {
            let signed = AuthorizedInvocation::from_xdr(env, &consent.entry.root);
            let used = recorded.iter().find(|(address, _)| *address == consent.entry.address);
            assert_eq!(
                used.map(|(_, tree)| tree),
                Some(&signed),
                "signed and used trees of `{}`",
                self.call.function
            );
        }
        env.set_auths(&[]);
        self.watched(|witness| witness.after(&self.world, true));
        value
    }

    /// Submits it; it must fail with the contract error `code` and change nothing.
    #[track_caller]
    pub fn fails(self, code: impl Into<soroban_sdk::Error>) -> Failure {
        let code = code.into().get_code();
        let failure = self.changes_nothing();
        assert_eq!(failure.code, Some(code), "`{}` failed otherwise: {failure}", self.call.function);
        assert_eq!(failure.refused_by, None, "`{}` was refused by an account: {failure}", self.call.function);
        failure
    }

    /// Submits it; it must fail and change nothing. What remains is to look at the failure.
    #[track_caller]
    pub fn changes_nothing(&self) -> Failure {
        let before = self.world.everything();
        let failure = match self.submit() {
            Ok(_) => panic!("`{}` should fail, but succeeded", self.call.function),
            Err(failure) => failure,
        };
        let after = self.world.everything();
        let changed: Vec<_> = after.iter().filter(|(key, entry)| before.get(*key) != Some(entry)).collect();
        assert!(
            changed.is_empty() && before.len() == after.len(),
            "`{}` failed, yet: {changed:#?}",
            self.call.function
        );
        failure
    }
}
