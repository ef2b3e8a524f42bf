//! The front door: an agreement, opened for either party under whatever scheme it names. Bytes in, bytes out.
//!
//! [`Querier`] and [`Custodian`] are those of [`crate::querier`] and [`crate::custodian`] without the scheme in their types. Only
//! here a scheme is chosen by its name.

mod custodian;
mod querier;
#[cfg(test)]
mod tests;

pub(crate) use custodian::Drawn;
pub use custodian::{Admitted, AdmittedKey, Custodian, EvaluationKey, Question};
pub use querier::{Answer, Pending, Querier};

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::agreement::AgreementError;
use crate::custodian::EnrolmentError;
use crate::querier::AskError;
use crate::remedy::Remedy;
use crate::wire::WireError;

/// Bytes that cross, and so are not secret.
fn unwrapped(mut bytes: Zeroizing<Vec<u8>>) -> Vec<u8> {
    std::mem::take(&mut *bytes)
}

/// Why a step of an exchange fails.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The agreement's terms are not ones that its parameter set serves.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// Bytes that are not what they should be, or are of another agreement or key.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The gallery cannot be made.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The query cannot be made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The custodian does not answer.
    #[error(transparent)]
    Unanswered(#[from] crate::custodian::AnswerError),
    /// The querier refuses the answer.
    #[error(transparent)]
    Refused(#[from] crate::querier::AnswerError),
}

impl Remedy for ExchangeError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Agreement(error) => error.remedy(),
            Self::Wire(error) => error.remedy(),
            Self::Enrolment(error) => error.remedy(),
            Self::Ask(error) => error.remedy(),
            Self::Unanswered(error) => error.remedy(),
            Self::Refused(error) => error.remedy(),
        }
    }
}
