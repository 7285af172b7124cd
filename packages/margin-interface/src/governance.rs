//! How every contract of the protocol is governed.

use offchain_docs::offchain_docs;
use soroban_sdk::{contractclient, contracterror, contractevent, contracttype, Address, BytesN, Env};

/// Errors of governance (1000-1099), the same in every contract.
#[offchain_docs]
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum GovernanceError {
    /// The caller is neither admin nor guardian.
    NotGovernor = 1000,
    /// No admin is waiting to accept.
    NoTransfer = 1001,
    /// The change is scheduled already.
    AlreadyScheduled = 1002,
    /// The change is not scheduled.
    NotScheduled = 1003,
    /// The delay of the change is not over.
    TooEarly = 1004,
    /// The change was not executed in time.
    Expired = 1005,
    /// What loosens has to be proposed and to wait.
    NeedsTimelock = 1006,
    /// The code is final.
    UpgradesFrozen = 1007,
    /// The version is older than that of what is stored.
    Downgrade = 1008,
    /// The storage was migrated already.
    NothingToMigrate = 1009,
    /// The code is newer than the storage, which waits for `migrate`.
    NotMigrated = 1010,
}

/// When a scheduled change may execute, Unix seconds.
#[offchain_docs]
#[contracttype]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// Unix seconds from when it may no longer execute.
    pub expires_at: u64,
    /// Unix seconds from when it may execute.
    pub ready_at: u64,
}

/// Who governs, and what is about to change.
///
/// The admin proposes what raises risk; it waits, announced by event, and may be cancelled. What lowers risk acts at
/// once, for the admin and for the guardian, who can do nothing else.
#[contractclient(name = "GovernanceClient")]
pub trait GovernanceInterface {
    /// Governs.
    fn admin(env: Env) -> Address;
    /// May only halt, tighten and cancel.
    fn guardian(env: Env) -> Address;
    /// Offers the office of admin to `to`, which takes it by [`Self::accept_admin`]. Replaces an earlier offer.
    ///
    /// # Events
    /// * [`AdminTransferOffered`]
    ///
    /// # Authorization
    /// The admin.
    fn transfer_admin(env: Env, to: Address);
    /// Takes the office of admin.
    ///
    /// # Errors
    /// * [`GovernanceError::NoTransfer`] - it was not offered
    ///
    /// # Events
    /// * [`GuardianSet`] - where the admin was its own guardian: the office goes along
    /// * [`AdminTransferred`]
    ///
    /// # Authorization
    /// The address it was offered to.
    fn accept_admin(env: Env);
    /// Announces another guardian, who gains power: it takes 48 hours. Returns the id of the change.
    ///
    /// # Errors
    /// * [`GovernanceError::AlreadyScheduled`]
    ///
    /// # Events
    /// * [`ChangeProposed`]
    ///
    /// # Authorization
    /// The admin.
    fn propose_guardian(env: Env, guardian: Address) -> BytesN<32>;
    /// Dismisses the guardian: at once if `guardian` is the admin, who then is its own; otherwise in favour of whom
    /// [`Self::propose_guardian`] announced.
    ///
    /// # Errors
    /// * [`GovernanceError::NotScheduled`], [`GovernanceError::TooEarly`], [`GovernanceError::Expired`]
    ///
    /// # Events
    /// * [`GuardianSet`]
    ///
    /// # Authorization
    /// The admin.
    fn set_guardian(env: Env, guardian: Address);
    /// Withdraws a scheduled change.
    ///
    /// # Errors
    /// * [`GovernanceError::NotGovernor`] - `by` is neither admin nor guardian, nor a guardian dismissed in the last 7 days
    /// * [`GovernanceError::NotScheduled`]
    ///
    /// # Events
    /// * [`ChangeCancelled`]
    ///
    /// # Authorization
    /// `by`.
    fn cancel(env: Env, by: Address, id: BytesN<32>);
    /// When a scheduled change may execute; `None` if there is none of that id.
    fn scheduled(env: Env, id: BytesN<32>) -> Option<Schedule>;
    /// Makes the code final, for good.
    ///
    /// # Events
    /// * [`UpgradesFrozen`]
    ///
    /// # Authorization
    /// The admin.
    fn freeze_upgrades(env: Env);
    /// Which layout the storage has: 1, and the version of each migration since.
    fn storage_version(env: Env) -> u32;
}

/// What code has that stores things otherwise than the code before it (`governed!` with a version and a migration).
#[contractclient(name = "MigrationClient")]
pub trait MigrationInterface {
    /// Rewrites what older code stored. Once.
    ///
    /// # Errors
    /// * [`GovernanceError::NothingToMigrate`] - done already
    /// * [`GovernanceError::Downgrade`] - what is stored is newer than this code
    ///
    /// # Events
    /// * [`StorageMigrated`]
    ///
    /// # Authorization
    /// The admin.
    fn migrate(env: Env);
}

/// The office of admin was offered.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminTransferOffered {
    /// To whom.
    #[topic]
    pub to: Address,
}

/// There is a new admin.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminTransferred {
    /// Who it is.
    #[topic]
    pub admin: Address,
}

/// There is a new guardian.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GuardianSet {
    /// Who it is.
    #[topic]
    pub guardian: Address,
}

/// A change was announced. The transaction that did carries it in its arguments.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangeProposed {
    /// SHA-256 of the change's XDR.
    #[topic]
    pub id: BytesN<32>,
    /// Unix seconds from when it may execute.
    pub ready_at: u64,
    /// Unix seconds from when it may no longer execute.
    pub expires_at: u64,
}

/// An announced change took effect.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangeExecuted {
    /// SHA-256 of the change's XDR.
    #[topic]
    pub id: BytesN<32>,
}

/// An announced change was withdrawn.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangeCancelled {
    /// SHA-256 of the change's XDR.
    #[topic]
    pub id: BytesN<32>,
    /// Who withdrew it.
    pub by: Address,
}

/// The code is final from now on.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpgradesFrozen {}

/// The storage has another layout.
#[offchain_docs]
#[contractevent(sparse = false)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StorageMigrated {
    /// The version before.
    pub from: u32,
    /// The version from now on.
    pub to: u32,
}
