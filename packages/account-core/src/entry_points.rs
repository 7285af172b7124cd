//! The entry points of the three contracts, written once. A contract names its type and its tier; what a function does is
//! documented on the traits in `margin-interface`.

/// What accounts of every tier do.
#[macro_export]
macro_rules! smart_account {
    ($account:ident, $tier:ident) => {
        #[soroban_sdk::contractimpl]
        impl $account {
            // Creates the account; `InvalidConfig` outside the bounds of the tier.
            pub fn __constructor(
                env: soroban_sdk::Env,
                config: $crate::interface::AccountConfig,
                protocol: $crate::interface::Protocol,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::initialise::<$crate::tier::$tier>(&env, config, protocol)
            }

            // What `CustomAccountInterface` declares, but with the contexts undecoded: their types would make up a tenth
            // of the code.
            // Authorises what was signed, within the account's limits.
            pub fn __check_auth(
                env: soroban_sdk::Env,
                signature_payload: soroban_sdk::crypto::Hash<32>,
                signatures: $crate::signatures::Vec<$crate::interface::Sig>,
                auth_contexts: soroban_sdk::Vec<soroban_sdk::Val>,
            ) -> Result<(), $crate::interface::AccountError> {
                let signatures = signatures.decode(&env)?;
                $crate::check_auth::<$crate::tier::$tier>(&env, signature_payload, signatures, auth_contexts)
            }
        }

        use $crate::interface::SmartAccountInterface;

        #[soroban_sdk::contractimpl]
        impl SmartAccountInterface for $account {
            fn update_params(
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

            fn refresh_limits(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::put_to_use(&env, &$crate::storage::load(&env)?);
                Ok(())
            }

            fn add_signer(
                env: soroban_sdk::Env,
                signer: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::add_signer::<$crate::tier::$tier>(&env, signer)
            }

            fn remove_signer(
                env: soroban_sdk::Env,
                signer: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::remove_signer::<$crate::tier::$tier>(&env, signer)
            }

            fn rotate_signer(
                env: soroban_sdk::Env,
                old: soroban_sdk::Bytes,
                new: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::administration::rotate_signer::<$crate::tier::$tier>(&env, old, new)
            }

            fn allow_contract(
                env: soroban_sdk::Env,
                contract: soroban_sdk::Address,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::allowlist::allow::<$crate::tier::$tier>(&env, contract)
            }

            fn disallow_contract(
                env: soroban_sdk::Env,
                contract: soroban_sdk::Address,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::allowlist::disallow::<$crate::tier::$tier>(&env, contract)
            }

            fn transfer_ownership(
                env: soroban_sdk::Env,
                to: soroban_sdk::Address,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::ownership::offer::<$crate::tier::$tier>(&env, to)
            }

            fn accept_ownership(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::ownership::accept::<$crate::tier::$tier>(&env)
            }

            fn grant_delegate(
                env: soroban_sdk::Env,
                delegate: soroban_sdk::Address,
                permissions: u32,
                expires_at: u64,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::delegates::grant::<$crate::tier::$tier>(&env, delegate, permissions, expires_at)
            }

            fn revoke_delegate(
                env: soroban_sdk::Env,
                delegate: soroban_sdk::Address,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::delegates::revoke::<$crate::tier::$tier>(&env, delegate)
            }

            fn freeze(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::freeze::freeze(&env)
            }

            fn unfreeze(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::freeze::unfreeze::<$crate::tier::$tier>(&env)
            }

            fn propose_upgrade(
                env: soroban_sdk::Env,
                wasm_hash: soroban_sdk::BytesN<32>,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::upgrade::propose::<$crate::tier::$tier>(&env, wasm_hash)
            }

            fn execute_upgrade(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::upgrade::execute::<$crate::tier::$tier>(&env)
            }

            fn cancel_upgrade(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::upgrade::cancel::<$crate::tier::$tier>(&env)
            }

            fn change_tier(
                env: soroban_sdk::Env,
                tier: $crate::interface::AccountType,
                wasm_hash: soroban_sdk::BytesN<32>,
                params: $crate::interface::TierParams,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::tier_change::change::<$crate::tier::$tier>(&env, tier, wasm_hash, params)
            }

            fn complete_tier_change(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::tier_change::complete::<$crate::tier::$tier>(&env)
            }

            fn standing(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::Standing, $crate::interface::AccountError> {
                $crate::views::standing(&env)
            }

            fn required_signatures(
                env: soroban_sdk::Env,
                operation: soroban_sdk::Symbol,
                amount: i128,
            ) -> Result<u32, $crate::interface::AccountError> {
                $crate::views::required_signatures::<$crate::tier::$tier>(&env, operation, amount)
            }

            fn can_authorize(env: soroban_sdk::Env, operation: $crate::interface::Proposal) -> u32 {
                $crate::views::can_authorize::<$crate::tier::$tier>(&env, operation)
            }

            fn is_smart_account(env: soroban_sdk::Env) -> bool {
                let _ = env;
                true
            }

            fn auto_deleverage(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::DeleverageReport, $crate::interface::AccountError> {
                $crate::deleverage::auto_deleverage::<$crate::tier::$tier>(&env)
            }

            fn auto_deleverage_with(
                env: soroban_sdk::Env,
                keeper: soroban_sdk::Address,
                debt_asset: soroban_sdk::Address,
                collateral_asset: soroban_sdk::Address,
                max_repay: i128,
            ) -> Result<$crate::interface::DeleverageReport, $crate::interface::AccountError> {
                $crate::deleverage::auto_deleverage_with::<$crate::tier::$tier>(
                    &env,
                    keeper,
                    debt_asset,
                    collateral_asset,
                    max_repay,
                )
            }

            fn get_owner(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Address, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.owner)
            }

            fn account_type(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::AccountType, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.account_type)
            }

            fn signers(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Vec<soroban_sdk::Bytes>, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.signers)
            }

            fn limits(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::Limits, $crate::interface::AccountError> {
                Ok($crate::storage::load(&env)?.limits)
            }
        }
    };
}

/// What Pro and Institutional accounts do besides.
#[macro_export]
macro_rules! session_account {
    ($account:ident, $tier:ident) => {
        use $crate::interface::ProAccountInterface;

        #[soroban_sdk::contractimpl]
        impl ProAccountInterface for $account {
            fn add_session_key(
                env: soroban_sdk::Env,
                key: soroban_sdk::Bytes,
                expires_at: u64,
                max_per_tx: i128,
                daily_limit: i128,
                allowed_ops: soroban_sdk::Vec<soroban_sdk::Symbol>,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::sessions::add::<$crate::tier::$tier>(
                    &env,
                    key,
                    expires_at,
                    max_per_tx,
                    daily_limit,
                    allowed_ops,
                )
            }

            fn grant_session(
                env: soroban_sdk::Env,
                grant: $crate::interface::SessionGrant,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::sessions::grant::<$crate::tier::$tier>(&env, grant)
            }

            fn revoke_session_key(
                env: soroban_sdk::Env,
                key: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::sessions::revoke::<$crate::tier::$tier>(&env, key)
            }

            fn renounce_session(
                env: soroban_sdk::Env,
                key: soroban_sdk::Bytes,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::sessions::renounce::<$crate::tier::$tier>(&env, key)
            }

            fn revoke_all_sessions(env: soroban_sdk::Env) -> Result<(), $crate::interface::AccountError> {
                $crate::sessions::revoke_all::<$crate::tier::$tier>(&env)
            }

            fn get_session_keys(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Vec<$crate::interface::SessionKey>, $crate::interface::AccountError>
            {
                $crate::sessions::all(&env)
            }

            fn set_token_policy(
                env: soroban_sdk::Env,
                asset: soroban_sdk::Address,
                policy: $crate::interface::TokenPolicy,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::token_policy::set::<$crate::tier::$tier>(&env, asset, policy)
            }

            fn remove_token_policy(
                env: soroban_sdk::Env,
                asset: soroban_sdk::Address,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::token_policy::remove::<$crate::tier::$tier>(&env, asset)
            }

            fn token_policies(
                env: soroban_sdk::Env,
            ) -> Result<
                soroban_sdk::Map<soroban_sdk::Address, $crate::interface::TokenPolicy>,
                $crate::interface::AccountError,
            > {
                Ok($crate::token_policy::all(&env))
            }
        }
    };
}

/// What Institutional accounts do besides.
#[macro_export]
macro_rules! institutional_account {
    ($account:ident, $tier:ident) => {
        use $crate::interface::InstitutionalAccountInterface;

        #[soroban_sdk::contractimpl]
        impl InstitutionalAccountInterface for $account {
            fn update_multisig(
                env: soroban_sdk::Env,
                config: $crate::interface::MultisigConfig,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::multisig::update::<$crate::tier::$tier>(&env, config)
            }

            fn execute_multisig(
                env: soroban_sdk::Env,
                by: $crate::interface::Proposer,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::multisig::execute::<$crate::tier::$tier>(&env, by)
            }

            fn cancel_multisig(
                env: soroban_sdk::Env,
                by: $crate::interface::Proposer,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::multisig::cancel::<$crate::tier::$tier>(&env, by)
            }

            fn propose_recovery(
                env: soroban_sdk::Env,
                by: $crate::interface::Proposer,
                config: $crate::interface::MultisigConfig,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::multisig::recover::<$crate::tier::$tier>(&env, by, config)
            }

            fn multisig(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::MultisigConfig, $crate::interface::AccountError> {
                $crate::multisig::current(&env, &$crate::storage::load(&env)?)
            }

            fn pending_multisig(
                env: soroban_sdk::Env,
                by: $crate::interface::Proposer,
            ) -> Result<$crate::interface::PendingMultisig, $crate::interface::AccountError> {
                $crate::multisig::pending(&env, by)
            }

            fn blacklist_market(
                env: soroban_sdk::Env,
                market: $crate::interface::Market,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::compliance::blacklist::<$crate::tier::$tier>(&env, market)
            }

            fn unblacklist_market(
                env: soroban_sdk::Env,
                market: $crate::interface::Market,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::compliance::unblacklist::<$crate::tier::$tier>(&env, market)
            }

            fn blacklist(
                env: soroban_sdk::Env,
            ) -> Result<soroban_sdk::Vec<$crate::interface::Market>, $crate::interface::AccountError> {
                Ok($crate::storage::BLACKLIST.list(&env))
            }

            fn set_trading_hours(
                env: soroban_sdk::Env,
                hours: $crate::interface::TradingHours,
            ) -> Result<(), $crate::interface::AccountError> {
                $crate::compliance::set_hours::<$crate::tier::$tier>(&env, hours)
            }

            fn trading_hours(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::TradingHours, $crate::interface::AccountError> {
                Ok($crate::compliance::hours(&env))
            }

            fn audit_log(
                env: soroban_sdk::Env,
                from: u64,
                n: u32,
            ) -> Result<soroban_sdk::Vec<$crate::interface::AuditRecord>, $crate::interface::AccountError>
            {
                Ok($crate::audit::log(&env, from, n))
            }

            fn audit_head(
                env: soroban_sdk::Env,
            ) -> Result<$crate::interface::AuditHead, $crate::interface::AccountError> {
                Ok($crate::audit::trail(&env).head)
            }
        }
    };
}
