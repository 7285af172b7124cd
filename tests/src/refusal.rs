//! Why a transaction failed: the error of a contract, or the refusal of an account.
//!
//! When `__check_auth` refuses, the host answers the caller with `Error(Auth, InvalidAction)`; what the account said
//! stands in the diagnostic events only.

use crate::actor::Actor;
use crate::tx::Tx;
use margin_interface::AccountError;
use soroban_sdk::xdr::{ContractEventBody, ContractEventType, ScAddress, ScError, ScErrorCode, ScVal};
use soroban_sdk::{Env, Error, TryFromVal, Val};
use std::fmt;

const REFUSED: &str = "failed account authentication with error";

/// Why a transaction failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Code of the contract error that came out, if it was one.
    pub code: Option<u32>,
    /// What came out.
    pub error: String,
    /// The account that refused, and its own error.
    pub refused_by: Option<(ScAddress, ScError)>,
    /// Every error that the host logged on the way.
    pub log: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}, refused by {:?}\n{}", self.error, self.refused_by, self.log.join("\n"))
    }
}

impl Failure {
    /// Whether the host logged this on the way.
    pub fn mentions(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.contains(text))
    }
}

/// Asserts that `tx` fails because `account` refuses with `code`, and that nothing at all changes.
#[track_caller]
pub fn assert_refused<T: TryFromVal<Env, Val>>(tx: Tx<T>, account: &Actor, code: AccountError) -> Failure {
    let failure = tx.changes_nothing();
    let expected = (ScAddress::from(account.address.clone()), ScError::Contract(code as u32));
    assert_eq!(
        failure.refused_by.as_ref(),
        Some(&expected),
        "{} should refuse with {code:?}: {failure}",
        account.name
    );
    failure
}

/// Asserts that `tx` fails because the host itself ended the authentication of `account`, and that nothing changes.
#[track_caller]
pub fn assert_refused_by_host<T: TryFromVal<Env, Val>>(
    tx: Tx<T>,
    account: &Actor,
    error: ScError,
) -> Failure {
    let failure = tx.changes_nothing();
    let expected = (ScAddress::from(account.address.clone()), error);
    assert_eq!(failure.refused_by.as_ref(), Some(&expected), "{failure}");
    failure
}

/// The error of a bad ed25519 signature: the host's verification traps.
pub fn bad_signature() -> ScError {
    ScError::Crypto(ScErrorCode::InvalidInput)
}

/// What the host knows about the failure `error` of the last transaction.
pub(crate) fn of(env: &Env, error: Error) -> Failure {
    Failure {
        code: error.is_type(soroban_sdk::xdr::ScErrorType::Contract).then(|| error.get_code()),
        error: format!("{error:?}"),
        refused_by: account_refusal(env),
        log: errors_logged(env),
    }
}

/// The diagnostic error events of the last transaction: `(error, message and arguments)`.
fn error_events(env: &Env) -> Vec<(ScError, Vec<ScVal>)> {
    let events = env.host().get_diagnostic_events().expect("diagnostics are on").0;
    let of_errors = events.into_iter().filter_map(|event| {
        let ContractEventBody::V0(body) = event.event.body;
        match (event.event.type_, body.topics.as_slice(), body.data) {
            (ContractEventType::Diagnostic, [_, ScVal::Error(error)], ScVal::Vec(Some(data))) => {
                Some((error.clone(), data.0.to_vec()))
            }
            (ContractEventType::Diagnostic, [_, ScVal::Error(error)], data) => {
                Some((error.clone(), vec![data]))
            }
            _ => None,
        }
    });
    of_errors.collect()
}

fn account_refusal(env: &Env) -> Option<(ScAddress, ScError)> {
    error_events(env).into_iter().find_map(|(_, data)| match data.as_slice() {
        [ScVal::String(message), ScVal::Address(account), ScVal::Error(error)]
            if message.to_string() == REFUSED =>
        {
            Some((account.clone(), error.clone()))
        }
        _ => None,
    })
}

/// Every error that the host logged, as one line each.
fn errors_logged(env: &Env) -> Vec<String> {
    let line = |(error, data): (ScError, Vec<ScVal>)| {
        let message = match data.first() {
            Some(ScVal::String(message)) => message.to_string(),
            _ => String::new(),
        };
        let rest: Vec<String> = data.iter().skip(1).map(|value| format!("{value:?}")).collect();
        format!("{error:?} {message} {}", rest.join(", "))
    };
    error_events(env).into_iter().map(line).collect()
}
