//! The entry points that every governed contract has, written once.

/// Implements [`GovernanceInterface`](margin_interface::GovernanceInterface) for a contract; with a version and a
/// migration, a `fn(&Env, u32)` that is told which version it finds, also
/// [`MigrationInterface`](margin_interface::MigrationInterface). Such a contract calls
/// [`require_version`](crate::require_version) where it loads its configuration, and [`stamp`](crate::stamp) in its
/// constructor.
#[macro_export]
macro_rules! governed {
    ($contract:ident) => {
        use $crate::interface::GovernanceInterface;

        #[soroban_sdk::contractimpl]
        impl GovernanceInterface for $contract {
            fn admin(env: soroban_sdk::Env) -> soroban_sdk::Address {
                $crate::admin(&env)
            }

            fn guardian(env: soroban_sdk::Env) -> soroban_sdk::Address {
                $crate::guardian(&env)
            }

            fn transfer_admin(env: soroban_sdk::Env, to: soroban_sdk::Address) {
                $crate::transfer_admin(&env, to);
            }

            fn accept_admin(env: soroban_sdk::Env) {
                $crate::accept_admin(&env);
            }

            fn propose_guardian(
                env: soroban_sdk::Env,
                guardian: soroban_sdk::Address,
            ) -> soroban_sdk::BytesN<32> {
                $crate::propose_guardian(&env, guardian)
            }

            fn set_guardian(env: soroban_sdk::Env, guardian: soroban_sdk::Address) {
                $crate::set_guardian(&env, guardian);
            }

            fn cancel(env: soroban_sdk::Env, by: soroban_sdk::Address, id: soroban_sdk::BytesN<32>) {
                $crate::cancel(&env, by, id);
            }

            fn scheduled(
                env: soroban_sdk::Env,
                id: soroban_sdk::BytesN<32>,
            ) -> Option<$crate::interface::Schedule> {
                $crate::scheduled(&env, id)
            }

            fn freeze_upgrades(env: soroban_sdk::Env) {
                $crate::freeze_upgrades(&env);
            }

            fn storage_version(env: soroban_sdk::Env) -> u32 {
                $crate::storage_version(&env)
            }
        }
    };
    ($contract:ident, $version:expr, $migration:expr) => {
        $crate::governed!($contract);

        use $crate::interface::MigrationInterface;

        #[soroban_sdk::contractimpl]
        impl MigrationInterface for $contract {
            fn migrate(env: soroban_sdk::Env) {
                $crate::migrate(&env, $version, $migration);
            }
        }
    };
}
