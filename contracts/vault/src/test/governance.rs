//! Who governs the vault, and how slowly its code changes.

use super::Fixture;
use margin_interface::{GovernanceClient, GovernanceError, VaultAdminClient, VaultChange};
use soroban_sdk::{
    testutils::{Address as _, Ledger as _},
    xdr::{ScErrorCode, ScErrorType},
    Address, BytesN, Error, InvokeError,
};

const WEEK: u64 = 7 * 86_400;

impl Fixture {
    fn admin(&self) -> VaultAdminClient<'_> {
        VaultAdminClient::new(&self.env, &self.vault.address)
    }

    fn office(&self) -> GovernanceClient<'_> {
        GovernanceClient::new(&self.env, &self.vault.address)
    }

    fn upgrade(&self) -> VaultChange {
        VaultChange::Upgrade(BytesN::from_array(&self.env, &[7; 32]), 1)
    }

    fn wait(&self, seconds: u64) {
        self.env.ledger().with_mut(|ledger| ledger.timestamp += seconds);
    }

    fn execute(&self, id: &BytesN<32>) -> Option<u32> {
        match self.admin().try_execute(id) {
            Ok(_) => panic!("there is no such code"),
            Err(Err(InvokeError::Contract(code))) => Some(code),
            Err(Ok(error)) if error.is_type(soroban_sdk::xdr::ScErrorType::Contract) => {
                Some(error.get_code())
            }
            Err(_) => None,
        }
    }
}

#[test]
fn code_changes_after_a_week() {
    let f = Fixture::new();
    let id = f.admin().propose(&f.upgrade());
    assert_eq!(f.office().scheduled(&id).map(|schedule| schedule.ready_at), Some(1_790_000_000 + WEEK));
    f.wait(WEEK - 1);
    assert_eq!(f.execute(&id), Some(GovernanceError::TooEarly as u32));
    f.wait(1);
    assert_eq!(f.execute(&id), None, "the vault would take it: the host knows no such code");
    f.office().cancel(&f.guardian, &id);
    assert_eq!(f.execute(&id), Some(GovernanceError::NotScheduled as u32));
}

#[test]
fn code_changes_no_more_once_it_is_final() {
    let f = Fixture::new();
    let id = f.admin().propose(&f.upgrade());
    f.wait(WEEK);
    f.office().freeze_upgrades();
    assert_eq!(f.execute(&id), Some(GovernanceError::UpgradesFrozen as u32));
}

#[test]
fn the_offices_are_those_of_the_constructor_and_move() {
    let f = Fixture::new();
    assert_eq!((f.office().admin(), f.office().guardian()), (f.admin.clone(), f.guardian.clone()));
    let (heir, watch) = (Address::generate(&f.env), Address::generate(&f.env));
    f.office().propose_guardian(&watch);
    f.wait(2 * 86_400);
    f.office().set_guardian(&watch);
    f.office().transfer_admin(&heir);
    assert_eq!(f.office().admin(), f.admin);
    f.office().accept_admin();
    assert_eq!((f.office().admin(), f.office().guardian()), (heir, watch));
}

#[test]
fn only_the_admin_administers() {
    let f = Fixture::new();
    f.env.set_auths(&[]);
    let unsigned = Error::from_type_and_code(ScErrorType::Context, ScErrorCode::InvalidAction);
    let refused = [
        f.admin().try_propose(&f.upgrade()).err(),
        f.office().try_freeze_upgrades().err(),
        f.office().try_set_guardian(&f.user).err(),
        f.office().try_transfer_admin(&f.user).err(),
    ];
    for error in refused {
        assert_eq!(error, Some(Ok(unsigned)));
    }
}
