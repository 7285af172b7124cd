//! The entry points of the three contracts, written once. A contract names its type and its tier; what a function does is
//! documented on the traits in `margin-interface`.

/// What accounts of every tier do.
#[macro_export]
macro_rules! smart_account {
    ($account:ident, $tier:ident) => {
        #[soroban_sdk::contractimpl]
        impl $account {
            /// Creates the account; `InvalidConfig` outside the bounds of the tier.
            pub fn __constructor(
                env: soroban_sdk::Env,
                config: $crate::interface::AccountConfig,
                protocol: $crate::interface::Protocol,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::initialise::<$crate::tier::$tier>(&env, config, protocol)
            }

            // What `CustomAccountInterface` declares, but with the contexts undecoded: their types would make up a tenth
            // of the code.
            /// Authorises what was signed, within the account's limits.
            pub fn __check_auth(
                env: soroban_sdk::Env,
                signature_payload: soroban_sdk::crypto::Hash<32>,
                signatures: soroban_sdk::Vec<$crate::interface::Sig>,
                auth_contexts: soroban_sdk::Vec<soroban_sdk::Val>,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::check_auth::<$crate::tier::$tier>(&env, signature_payload, signatures, auth_contexts)
            }

            pub fn update_params(
                env: soroban_sdk::Env,
                max_leverage: Option<u32>,
                auto_deleverage_threshold: Option<u32>,
                market_exposure_limit: Option<i128>,
                total_borrow_limit: Option<i128>,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::update_params::<$crate::tier::$tier>(
                    &env,
                    max_leverage,
                    auto_deleverage_threshold,
                    market_exposure_limit,
                    total_borrow_limit,
                )
            }

            pub fn add_signer(
                env: soroban_sdk::Env,
                signer: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::add_signer::<$crate::tier::$tier>(&env, signer)
            }

            pub fn remove_signer(
                env: soroban_sdk::Env,
                signer: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::remove_signer::<$crate::tier::$tier>(&env, signer)
            }

            pub fn auto_deleverage(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::DeleverageReport, $crate::interface::AccountError> {
                $crate::deleverage::auto_deleverage(&env)
            }

            pub fn get_owner(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Address, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.owner)
            }

            pub fn account_type(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::AccountType, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.account_type)
            }

            pub fn signers(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Vec<soroban_sdk::Bytes>, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.signers)
            }

            pub fn limits(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::Limits, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.limits)
            }
        }
    };
}
