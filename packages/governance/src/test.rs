extern crate std;

use crate::Delay;
use margin_interface::{GovernanceClient, GovernanceError, GuardianSet, MigrationClient, Schedule};
use soroban_sdk::{
    contract, contractimpl, contracttype, symbol_short,
    testutils::{Address as _, EnvTestConfig, Events as _, Ledger as _, MockAuth, MockAuthInvoke},
    Address, BytesN, Env, Error, Event as _, IntoVal, InvokeError, Symbol, Val, Vec,
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
    pub fn upgrade(env: Env, wasm: BytesN<32>, version: u32) {
        crate::upgrade(&env, wasm, version);
    }
    /// As code for storage of any version would.
    pub fn migrate_to(env: Env, version: u32) {
        crate::migrate(&env, version, |env, from| env.storage().instance().set(&FOUND, &from));
    }
    pub fn found(env: Env) -> Option<u32> {
        env.storage().instance().get(&FOUND)
    }
}

crate::governed!(Governed);

const FOUND: Symbol = symbol_short!("Found");
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
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
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

    fn office(&self) -> GovernanceClient<'_> {
        GovernanceClient::new(&self.env, &self.contract)
    }

    /// What follows is authorised by `by` alone, and for exactly this call.
    fn sign(&self, by: &Address, function: &str, args: impl IntoVal<Env, Vec<Val>>) {
        let args = args.into_val(&self.env);
        let invoke = MockAuthInvoke { contract: &self.contract, fn_name: function, args, sub_invokes: &[] };
        self.env.mock_auths(&[MockAuth { address: by, invoke: &invoke }]);
    }

    fn propose(&self, by: &Address, cap: i128) -> Result<BytesN<32>, Option<Error>> {
        self.sign(by, "propose", (Change::Cap(cap),));
        flatten(self.client().try_propose(&Change::Cap(cap)))
    }

    fn execute(&self, by: &Address, id: &BytesN<32>) -> Result<Change, Option<Error>> {
        self.sign(by, "execute", (id,));
        flatten(self.client().try_execute(id))
    }

    fn announce_guardian(&self, by: &Address, guardian: &Address) -> Result<BytesN<32>, Option<Error>> {
        self.sign(by, "propose_guardian", (guardian,));
        flatten(self.office().try_propose_guardian(guardian))
    }

    fn set_guardian(&self, by: &Address, guardian: &Address) -> Result<(), Option<Error>> {
        self.sign(by, "set_guardian", (guardian,));
        flatten(self.office().try_set_guardian(guardian))
    }

    fn offer(&self, by: &Address, to: &Address) -> Result<(), Option<Error>> {
        self.sign(by, "transfer_admin", (to,));
        flatten(self.office().try_transfer_admin(to))
    }

    fn accept(&self, by: &Address) -> Result<(), Option<Error>> {
        self.sign(by, "accept_admin", Vec::<Val>::new(&self.env));
        flatten(self.office().try_accept_admin())
    }

    fn migrate(&self, by: &Address, version: u32) -> Result<(), Option<Error>> {
        self.sign(by, "migrate_to", (version,));
        flatten(self.client().try_migrate_to(&version))
    }

    fn cancel(&self, by: &Address, id: &BytesN<32>) -> Result<(), Option<Error>> {
        self.sign(by, "cancel", (by, id));
        flatten(self.office().try_cancel(by, id))
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
        w.office().scheduled(&id),
        Some(Schedule { ready_at: START + DAY, expires_at: START + 15 * DAY })
    );
    w.wait(DAY - 1);
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::TooEarly)));
    w.wait(1);
    assert_eq!(w.execute(&w.admin, &id), Ok(Change::Cap(5)));
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::NotScheduled)));
    assert_eq!(w.office().scheduled(&id), None);
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
        // Nor in the name of one of them.
        w.sign(&stranger, "cancel", (by, &id));
        assert_eq!(flatten(w.office().try_cancel(by, &id)), Err(None));
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
    assert_eq!(w.accept(&next), Err(error(GovernanceError::NoTransfer)));
    assert_eq!(w.offer(&next, &next), Err(None));
    assert_eq!(w.offer(&w.guardian, &next), Err(None));
    assert_eq!(w.offer(&w.admin, &next), Ok(()));
    assert_eq!(w.office().admin(), w.admin);
    assert_eq!(w.accept(&w.admin), Err(None));
    assert_eq!(w.accept(&next), Ok(()));
    assert_eq!((w.office().admin(), w.office().guardian()), (next.clone(), w.guardian.clone()));
    assert_eq!(w.offer(&w.admin, &next), Err(None));
    assert_eq!(w.accept(&next), Err(error(GovernanceError::NoTransfer)));
}

#[test]
fn an_offer_is_replaced_by_the_next() {
    let w = World::new();
    let (first, second) = (Address::generate(&w.env), Address::generate(&w.env));
    assert_eq!(w.offer(&w.admin, &first), Ok(()));
    assert_eq!(w.offer(&w.admin, &second), Ok(()));
    assert_eq!(w.accept(&first), Err(None));
    assert_eq!(w.accept(&second), Ok(()));
}

#[test]
fn a_guardian_is_announced_two_days_before_it_takes_office() {
    let w = World::new();
    let next = Address::generate(&w.env);
    assert_eq!(w.set_guardian(&w.admin, &next), Err(error(GovernanceError::NotScheduled)));
    assert_eq!(w.announce_guardian(&w.guardian, &next), Err(None));
    let id = w.announce_guardian(&w.admin, &next).unwrap();
    assert_eq!(w.office().scheduled(&id).unwrap().ready_at, START + 2 * DAY);
    w.wait(2 * DAY - 1);
    assert_eq!(w.set_guardian(&w.admin, &next), Err(error(GovernanceError::TooEarly)));
    w.wait(1);
    assert_eq!(w.set_guardian(&next, &next), Err(None));
    assert_eq!(w.office().guardian(), w.guardian);
    assert_eq!(w.set_guardian(&w.admin, &next), Ok(()));
    assert_eq!(w.office().guardian(), next);
    assert_eq!(w.set_guardian(&w.admin, &next), Err(error(GovernanceError::NotScheduled)), "once");
}

#[test]
fn a_guardian_may_cancel_its_successor() {
    let w = World::new();
    let next = Address::generate(&w.env);
    let id = w.announce_guardian(&w.admin, &next).unwrap();
    assert_eq!(w.cancel(&w.guardian, &id), Ok(()));
    w.wait(2 * DAY);
    assert_eq!(w.set_guardian(&w.admin, &next), Err(error(GovernanceError::NotScheduled)));
}

#[test]
fn a_guardian_is_dismissed_at_once_and_the_admin_is_its_own_until_the_next() {
    let w = World::new();
    let next = Address::generate(&w.env);
    assert_eq!(w.set_guardian(&w.guardian, &w.admin), Err(None));
    assert_eq!(w.set_guardian(&w.admin, &w.admin), Ok(()));
    // It can do nothing but cancel, for as long as new code waits: a thief of the admin's key is not rid of it.
    w.wait(7 * DAY - 1);
    let id = w.propose(&w.admin, 5).unwrap();
    assert_eq!(w.cancel(&w.guardian, &id), Ok(()));
    assert_eq!(w.set_guardian(&w.admin, &w.admin), Ok(()), "dismissing nobody prolongs nothing");
    w.wait(1);
    let id = w.propose(&w.admin, 5).unwrap();
    assert_eq!(w.cancel(&w.guardian, &id), Err(error(GovernanceError::NotGovernor)));
    // Whoever gives up the office of admin keeps no other.
    assert_eq!(w.offer(&w.admin, &next), Ok(()));
    assert_eq!(w.accept(&next), Ok(()));
    assert_eq!((w.office().admin(), w.office().guardian()), (next.clone(), next.clone()));
    assert_eq!(w.cancel(&w.admin, &id), Err(error(GovernanceError::NotGovernor)));
}

/// Who has stolen the admin's key dismisses as often as a guardian can be announced.
#[test]
fn no_later_dismissal_cuts_a_guardians_week_of_veto_short() {
    let w = World::new();
    let puppet = Address::generate(&w.env);
    let may_cancel = |by: &Address| {
        let id = w.propose(&w.admin, 5).unwrap();
        let cancelled = w.cancel(by, &id);
        let rest = if cancelled.is_err() { w.cancel(&w.admin, &id) } else { Ok(()) };
        assert_eq!(rest, Ok(()));
        cancelled
    };
    assert_eq!(w.set_guardian(&w.admin, &w.admin), Ok(()));
    w.announce_guardian(&w.admin, &puppet).unwrap();
    w.wait(2 * DAY);
    assert_eq!(w.set_guardian(&w.admin, &puppet), Ok(()));
    assert_eq!(may_cancel(&w.guardian), Ok(()));
    assert_eq!(w.set_guardian(&w.admin, &w.admin), Ok(()));
    assert_eq!(may_cancel(&w.guardian), Ok(()));
    w.wait(5 * DAY - 1);
    assert_eq!(may_cancel(&w.guardian), Ok(()));
    w.wait(1);
    assert_eq!(may_cancel(&w.guardian), Err(error(GovernanceError::NotGovernor)));
    assert_eq!(may_cancel(&puppet), Ok(()), "each has its own week");
    w.wait(2 * DAY);
    assert_eq!(may_cancel(&puppet), Err(error(GovernanceError::NotGovernor)));
}

#[test]
fn a_guardian_whose_successor_was_announced_keeps_a_week_of_veto_too() {
    let w = World::new();
    let next = Address::generate(&w.env);
    w.announce_guardian(&w.admin, &next).unwrap();
    w.wait(2 * DAY);
    assert_eq!(w.set_guardian(&w.admin, &next), Ok(()));
    for (seconds, expected) in [(7 * DAY - 1, Ok(())), (1, Err(error(GovernanceError::NotGovernor)))] {
        w.wait(seconds);
        let id = w.propose(&w.admin, 5).unwrap();
        assert_eq!(w.cancel(&w.guardian, &id), expected);
    }
}

/// The office of admin is given up with everything that goes with it.
#[test]
fn an_admin_who_was_its_own_guardian_keeps_no_veto() {
    let w = World::new();
    let (guardian, next) = (Address::generate(&w.env), Address::generate(&w.env));
    assert_eq!(w.set_guardian(&w.admin, &w.admin), Ok(()));
    w.announce_guardian(&w.admin, &guardian).unwrap();
    w.wait(2 * DAY);
    assert_eq!(w.set_guardian(&w.admin, &guardian), Ok(()));
    assert_eq!((w.offer(&w.admin, &next), w.accept(&next)), (Ok(()), Ok(())));
    let id = w.propose(&next, 5).unwrap();
    assert_eq!(w.cancel(&w.admin, &id), Err(error(GovernanceError::NotGovernor)));
}

/// Who watches the guardian learns of each new one, also of the one who comes with the office of admin.
#[test]
fn a_guardian_who_comes_with_the_office_is_told() {
    let w = World::new();
    let (next, last) = (Address::generate(&w.env), Address::generate(&w.env));
    w.offer(&w.admin, &next).unwrap();
    w.accept(&next).unwrap();
    assert_eq!(w.env.events().all().events().len(), 1, "the guardian stays");
    w.set_guardian(&next, &next).unwrap();
    w.offer(&next, &last).unwrap();
    w.accept(&last).unwrap();
    let told = w.env.events().all();
    let guardian = GuardianSet { guardian: last.clone() };
    assert_eq!(told.events().len(), 2);
    assert_eq!(told.events()[0], guardian.to_xdr(&w.env, &w.contract));
    assert_eq!(w.office().guardian(), last);
}

#[test]
fn what_is_announced_for_one_purpose_serves_no_other() {
    let w = World::new();
    let next = Address::generate(&w.env);
    let id = w.announce_guardian(&w.admin, &next).unwrap();
    w.wait(2 * DAY);
    assert_eq!(w.execute(&w.admin, &id), Err(error(GovernanceError::NotScheduled)));
    assert_eq!(w.set_guardian(&w.admin, &next), Ok(()), "it is still there");
}

#[test]
fn code_is_final_once_the_admin_says_so() {
    let w = World::new();
    let freeze = |by: &Address| {
        w.sign(by, "freeze_upgrades", Vec::<Val>::new(&w.env));
        flatten(w.office().try_freeze_upgrades())
    };
    let code = BytesN::from_array(&w.env, &[7; 32]);
    let upgrade = || flatten(w.client().try_upgrade(&code, &1));
    assert_eq!(freeze(&w.guardian), Err(None));
    assert_eq!(upgrade(), Err(None), "the host knows no such code: the contract would take it");
    assert_eq!(freeze(&w.admin), Ok(()));
    assert_eq!(upgrade(), Err(error(GovernanceError::UpgradesFrozen)));
}

#[test]
fn storage_is_migrated_once_by_the_admin_and_never_back() {
    let w = World::new();
    assert_eq!(w.office().storage_version(), 1);
    assert_eq!(w.migrate(&w.admin, 1), Err(error(GovernanceError::NothingToMigrate)));
    assert_eq!(w.migrate(&w.guardian, 3), Err(None));
    assert_eq!((w.office().storage_version(), w.client().found()), (1, None));
    assert_eq!(w.migrate(&w.admin, 3), Ok(()));
    assert_eq!((w.office().storage_version(), w.client().found()), (3, Some(1)));
    assert_eq!(w.migrate(&w.admin, 3), Err(error(GovernanceError::NothingToMigrate)));
    assert_eq!(w.migrate(&w.admin, 2), Err(error(GovernanceError::Downgrade)));
    assert_eq!(w.migrate(&w.admin, 4), Ok(()));
    assert_eq!(w.client().found(), Some(3));
}

/// Code of version 2, deployed afresh.
mod second {
    use super::FOUND;
    use soroban_sdk::{contract, contractimpl, Address, Env};

    #[contract]
    pub struct Second;

    #[contractimpl]
    impl Second {
        pub fn __constructor(env: Env, admin: Address, guardian: Address, stamped: bool) {
            crate::initialise(&env, admin, guardian);
            if stamped {
                crate::stamp(&env, 2);
            }
        }
        pub fn work(env: Env) {
            crate::require_version(&env, 2);
        }
    }

    crate::governed!(Second, 2, |env, from| env.storage().instance().set(&FOUND, &from));
}

#[test]
fn newer_code_that_is_deployed_afresh_works_at_once_and_has_nothing_to_migrate() {
    let w = World::new();
    for stamped in [true, false] {
        let contract = w.env.register(second::Second, (&w.admin, &w.guardian, stamped));
        let migrate = || {
            let args = Vec::<Val>::new(&w.env);
            let invoke = MockAuthInvoke { contract: &contract, fn_name: "migrate", args, sub_invokes: &[] };
            w.env.mock_auths(&[MockAuth { address: &w.admin, invoke: &invoke }]);
            flatten(MigrationClient::new(&w.env, &contract).try_migrate())
        };
        let work = || flatten(second::SecondClient::new(&w.env, &contract).try_work());
        let version = || GovernanceClient::new(&w.env, &contract).storage_version();
        if stamped {
            assert_eq!((version(), work()), (2, Ok(())));
            assert_eq!(migrate(), Err(error(GovernanceError::NothingToMigrate)));
        } else {
            assert_eq!((version(), work()), (1, Err(error(GovernanceError::NotMigrated))));
            assert_eq!((migrate(), work()), (Ok(()), Ok(())), "as storage of version 1 would be");
        }
    }
}

#[test]
fn code_for_older_storage_is_refused() {
    let w = World::new();
    assert_eq!(w.migrate(&w.admin, 3), Ok(()));
    let code = BytesN::from_array(&w.env, &[7; 32]);
    let upgrade = |version| flatten(w.client().try_upgrade(&code, &version));
    assert_eq!(upgrade(2), Err(error(GovernanceError::Downgrade)));
    assert_eq!(upgrade(3), Err(None), "the host knows no such code: the contract would take it");
}
