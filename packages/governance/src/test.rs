extern crate std;

use crate::Delay;
use margin_interface::{GovernanceError, Schedule};
use soroban_sdk::{
    contract, contractimpl, contracttype,
    testutils::{Address as _, Ledger as _, MockAuth, MockAuthInvoke},
    Address, BytesN, Env, Error, IntoVal, InvokeError, Val, Vec,
};

#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    Cap(i128),
}

#[contract]
pub struct Governed;

#[contractimpl]
impl Governed {
    pub fn __constructor(env: Env, admin: Address, guardian: Address) {
        crate::initialise(&env, admin, guardian);
    }
    pub fn propose(env: Env, change: Change) -> BytesN<32> {
        crate::propose(&env, change, Delay::Risk)
    }
    pub fn execute(env: Env, id: BytesN<32>) -> Change {
        crate::take(&env, &id)
    }
    pub fn freeze_upgrades(env: Env) {
        crate::freeze_upgrades(&env);
    }
    pub fn upgrade(env: Env, wasm: BytesN<32>) {
        crate::upgrade(&env, wasm);
    }
    pub fn cancel(env: Env, by: Address, id: BytesN<32>) {
        crate::cancel(&env, by, id);
    }
    pub fn scheduled(env: Env, id: BytesN<32>) -> Option<Schedule> {
        crate::scheduled(&env, id)
    }
    pub fn transfer_admin(env: Env, to: Address) {
        crate::transfer_admin(&env, to);
    }
    pub fn accept_admin(env: Env) {
        crate::accept_admin(&env);
    }
    pub fn set_guardian(env: Env, guardian: Address) {
        crate::set_guardian(&env, guardian);
    }
    pub fn admin(env: Env) -> Address {
        crate::admin(&env)
    }
    pub fn guardian(env: Env) -> Address {
        crate::guardian(&env)
    }
}

const START: u64 = 1_790_000_000;
const DAY: u64 = 86_400;

struct World {
    env: Env,
    contract: Address,
    admin: Address,
    guardian: Address,
}

impl World {
    fn new() -> World {
        let env = Env::default();
        env.ledger().with_mut(|ledger| {
            ledger.timestamp = START;
            ledger.max_entry_ttl = 3_110_400;
        });
        let (admin, guardian) = (Address::generate(&env), Address::generate(&env));
        let contract = env.register(Governed, (&admin, &guardian));
        World { env, contract, admin, guardian }
    }

    fn client(&self) -> GovernedClient<'_> {
        GovernedClient::new(&self.env, &self.contract)
    }

    /// What follows is authorised by `by` alone, and for exactly this call.
    fn signed(&self, by: &Address, function: &str, args: Vec<Val>) -> GovernedClient<'_> {
        let invoke = MockAuthInvoke { contract: &self.contract, fn_name: function, args, sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: by, invoke: &invoke }]);
        self.client()
    }

    fn propose(&self, by: &Address, cap: i128) -> Result<BytesN<32>, Option<Error>> {
        let args = (Change::Cap(cap),).into_val(&self.env);
        flatten(self.signed(by, "propose", args).try_propose(&Change::Cap(cap)))
    }

    fn execute(&self, by: &Address, id: &BytesN<32>) -> Result<Change, Option<Error>> {
        flatten(self.signed(by, "execute", (id,).into_val(&self.env)).try_execute(id))
    }

    fn cancel(&self, by: &Address, id: &BytesN<32>) -> Result<(), Option<Error>> {
        flatten(self.signed(by, "cancel", (by, id).into_val(&self.env)).try_cancel(by, id))
    }

    fn wait(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| {
            ledger.timestamp += seconds;
            ledger.sequence_number += u32::try_from(seconds / 5).unwrap();
        });
    }
}

/// The contract's error, or `None` for a refusal of the host such as a missing authorisation.
fn flatten<T, C>(result: Result<Result<T, C>, Result<Error, InvokeError>>) -> Result<T, Option<Error>> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Err(Ok(error)) if error.is_type(soroban_sdk::xdr::ScErrorType::Contract) => Err(Some(error)),
        _ => Err(None),
    }
}

fn error(error: GovernanceError) -> Option<Error> {
    Some(Error::from_contract_error(error as u32))
}

#[test]
fn a_change_executes_only_within_its_time_and_once() {
    let w = World::new();
    let id = w.propose(&w.admin, 5).unwrap();
    assert_eq!(
        w.client().scheduled(&id),
        Some(Schedule { ready_at: START + DAY, expires_at: START + 15 * DAY })
    );
    w.wait(DAY - 1);
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::TooEarly)));
    w.wait(1);
    assert_eq!(w.execute(&w.admin, &id), Ok(Change::Cap(5)));
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::NotScheduled)));
    assert_eq!(w.client().scheduled(&id), None);
}

#[test]
fn a_change_lapses_and_may_then_be_proposed_again() {
    let w = World::new();
    let id = w.propose(&w.admin, 5).unwrap();
    assert_eq!(w.propose(&w.admin, 5), Err(error(GovernanceError::AlreadyScheduled)));
    w.wait(15 * DAY - 1);
    assert_eq!(w.propose(&w.admin, 5), Err(error(GovernanceError::AlreadyScheduled)));
    w.wait(1);
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::Expired)));
    assert_eq!(w.propose(&w.admin, 5), Ok(id.clone()));
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::TooEarly)));
}

#[test]
fn admin_and_guardian_cancel_and_nobody_else() {
    let w = World::new();
    let stranger = Address::generate(&w.env);
    for by in [&w.admin, &w.guardian] {
        let id = w.propose(&w.admin, 5).unwrap();
        assert_eq!(w.cancel(&stranger, &id), Err(error(GovernanceError::NotGovernor)));
        assert_eq!(w.cancel(by, &id), Ok(()));
        assert_eq!(w.cancel(by, &id), Err(error(GovernanceError::NotScheduled)));
        w.wait(2 * DAY);
        assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::NotScheduled)));
    }
}

#[test]
fn only_the_admin_proposes_and_executes() {
    let w = World::new();
    let stranger = Address::generate(&w.env);
    assert_eq!(w.propose(&w.guardian, 5), Err(None));
    assert_eq!(w.propose(&stranger, 5), Err(None));
    let id = w.propose(&w.admin, 5).unwrap();
    w.wait(DAY);
    assert_eq!(w.execute(&w.guardian, &id), Err(None));
    assert_eq!(w.execute(&stranger, &id), Err(None));
    assert_eq!(w.execute(&w.admin, &id), Ok(Change::Cap(5)));
}

#[test]
fn the_office_of_admin_moves_in_two_steps() {
    let w = World::new();
    let next = Address::generate(&w.env);
    let accept = |by: &Address| flatten(w.signed(by, "accept_admin", Vec::new(&w.env)).try_accept_admin());
    assert_eq!(accept(&next), Err(error(GovernanceError::NoTransfer)));
    let offer = |by: &Address| {
        flatten(w.signed(by, "transfer_admin", (&next,).into_val(&w.env)).try_transfer_admin(&next))
    };
    assert_eq!(offer(&next), Err(None));
    assert_eq!(offer(&w.guardian), Err(None));
    assert_eq!(offer(&w.admin), Ok(()));
    assert_eq!(w.client().admin(), w.admin);
    assert_eq!(accept(&w.admin), Err(None));
    assert_eq!(accept(&next), Ok(()));
    assert_eq!(w.client().admin(), next);
    assert_eq!(offer(&w.admin), Err(None));
    assert_eq!(accept(&next), Err(error(GovernanceError::NoTransfer)));
}

#[test]
fn the_admin_names_the_guardian() {
    let w = World::new();
    let next = Address::generate(&w.env);
    let set = |by: &Address| {
        flatten(w.signed(by, "set_guardian", (&next,).into_val(&w.env)).try_set_guardian(&next))
    };
    assert_eq!(set(&w.guardian), Err(None));
    assert_eq!(set(&w.admin), Ok(()));
    assert_eq!(w.client().guardian(), next);
}

#[test]
fn code_is_final_once_the_admin_says_so() {
    let w = World::new();
    let freeze =
        |by: &Address| flatten(w.signed(by, "freeze_upgrades", Vec::new(&w.env)).try_freeze_upgrades());
    let code = BytesN::from_array(&w.env, &[7; 32]);
    let upgrade = || flatten(w.client().try_upgrade(&code));
    assert_eq!(freeze(&w.guardian), Err(None));
    assert_eq!(upgrade(), Err(None), "the host knows no such code: the contract would take it");
    assert_eq!(freeze(&w.admin), Ok(()));
    assert_eq!(upgrade(), Err(error(GovernanceError::UpgradesFrozen)));
}
