//! The upgrader: announced code and its migration in one transaction.

use offchain_docs::offchain_docs;
use soroban_sdk::{contractclient, contracterror, contracttype, Address, BytesN, Env, Vec};

/// Errors of the upgrader (1100-1199). Errors of governance (1000-1099) come through unchanged.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum UpgraderError {
    /// The code migrates to another version than was announced.
    WrongVersion = 1100,
}

/// What becomes of one contract.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upgrade {
    /// A governed contract.
    pub target: Address,
    /// Version of its storage, as announced.
    pub version: u32,
    /// Hash of its code, as announced.
    pub wasm: BytesN<32>,
}

/// Carries out announced upgrades. It holds nothing, stores nothing and is nobody's admin: it only calls what the admin
/// could call, in one transaction.
#[contractclient(name = "UpgraderClient")]
pub trait UpgraderInterface {
    /// Executes announced upgrades and migrates what their code stores otherwise, so that nobody acts on new code with old
    /// storage in between; and either all of it happens or nothing does.
    ///
    /// # Arguments
    /// * `admin` - of all targets
    /// * `upgrades` - in this order
    ///
    /// # Errors
    /// * [`UpgraderError::WrongVersion`]
    /// * errors of governance, as [`GovernanceError::NotScheduled`](crate::GovernanceError::NotScheduled), and of migrations
    ///
    /// # Events
    /// Those of the targets.
    ///
    /// # Authorization
    /// `admin`, including each target's `execute` and, where the version changes, `migrate`.
    fn upgrade(env: Env, admin: Address, upgrades: Vec<Upgrade>) -> Result<(), UpgraderError>;
}
