//! The entry points that every governed contract has, written once.

/// Implements [`GovernanceInterface`](margin_interface::GovernanceInterface) for a contract.
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
        }
    };
}
