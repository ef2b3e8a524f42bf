//! Why a call failed, and whether it may succeed later.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use crate::remedy::Remedy;
use crate::service::held_key::SigningError;
use crate::service::identity::signing_error;
use crate::service::protocol::ProblemDocument;

use super::address::Misaddressed;
use super::handshake::{self, Disagreement};
use super::plain::plain;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Not an address of a service.
    #[error(transparent)]
    Address(#[from] Misaddressed),
    /// There was no answer.
    #[error("{base} cannot be reached: {why}")]
    Unreachable {
        /// The service's address.
        base: String,
        /// What TLS or the system says.
        why: String,
    },
    /// The two sides do not accept each other's certificates.
    #[error("{base}: {why}")]
    Certificate {
        /// The service's address.
        base: String,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Nothing that passes by itself: no custodian is there, or none that speaks as we do.
    #[error("{base}: {why}")]
    NoService {
        /// The service's address.
        base: String,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Our own key of TLS is held elsewhere, and did not sign.
    #[error(transparent)]
    Key(SigningError),
    /// The custodian refused.
    #[error("{0}")]
    Refused(Box<RefusedCall>),
    /// The custodian sent something else than it should.
    #[error("the custodian sent {0} that this program does not understand")]
    Foreign(&'static str),
}

impl Remedy for ClientError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Certificate { remedy, .. } | Self::NoService { remedy, .. } => *remedy,
            Self::Address(error) => return error.remedy(),
            Self::Key(error) => return error.remedy(),
            Self::Unreachable { .. } => "check the address and whether the custodian serves",
            Self::Foreign(..) => "both parties need compatible versions",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// A call that the custodian refused, with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedCall {
    /// HTTP status.
    pub status: u16,
    /// Kind of problem: the end of its type.
    pub kind: String,
    /// What is wrong.
    pub detail: String,
    /// When to try again, if that may help.
    pub retry_after: Option<Duration>,
    /// When capacity returns, for a quota that is used up.
    pub capacity_returns: Option<String>,
    /// Names the request in the custodian's own log.
    pub instance: String,
}

impl std::fmt::Display for RefusedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.detail)
    }
}

impl RefusedCall {
    pub(super) fn new(status: u16, retry_after: Option<u64>, problem: Option<ProblemDocument>) -> Self {
        let retry_after = retry_after.map(Duration::from_secs);
        match problem {
            Some(problem) => Self {
                status,
                kind: problem.kind().to_owned(),
                detail: plain(&problem.detail),
                retry_after,
                capacity_returns: problem.capacity_returns.as_deref().map(plain),
                instance: plain(&problem.instance),
            },
            None => Self {
                status,
                kind: "unknown".to_owned(),
                detail: format!("the custodian answered with status {status}"),
                retry_after,
                capacity_returns: None,
                instance: String::new(),
            },
        }
    }
}

impl ClientError {
    pub(super) fn of(base: &str, error: &ureq::Error) -> Self {
        Self::caused(base, error)
    }

    pub(super) fn of_io(base: &str, error: &std::io::Error) -> Self {
        Self::caused(base, error)
    }

    fn caused(base: &str, error: &(dyn Error + 'static)) -> Self {
        let text = error.to_string();
        if let Some(error) = tls_error(error).and_then(signing_error) {
            return Self::Key(error.clone());
        }
        match tls_error(error).and_then(handshake::explain) {
            Some(Disagreement { is_of_certificates: true, why, remedy }) => {
                return Self::Certificate { base: base.to_owned(), why, remedy };
            }
            Some(Disagreement { why, remedy, .. }) => return Self::NoService { base: base.to_owned(), why, remedy },
            None => {}
        }
        // The system's words for a name that nobody has; where nobody could be asked it has others.
        if ["Name or service not known", "nodename nor servname provided", "No such host is known"]
            .iter()
            .any(|words| text.contains(words))
        {
            let why = "there is no host of this name".to_owned();
            return Self::NoService { base: base.to_owned(), why, remedy: "correct the host in url" };
        }
        Self::Unreachable { base: base.to_owned(), why: plain(text.strip_prefix("io: ").unwrap_or(&text)) }
    }

    /// When to make the same call again, if that may help.
    pub fn retry(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { .. } => Some(Duration::from_secs(2)),
            Self::Refused(refusal) => match refusal.status {
                408 => Some(Duration::from_secs(1)),
                429 | 503 => refusal.retry_after,
                500 | 502 | 504 => Some(Duration::from_secs(5)),
                _ => None,
            },
            Self::Address(_) | Self::Certificate { .. } | Self::NoService { .. } | Self::Key(_) | Self::Foreign(_) => {
                None
            }
        }
    }
}

/// What TLS says, however often it is wrapped: an `io::Error` does not name its own content as its source.
fn tls_error<'a>(mut error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    loop {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        error = if let Some(io) = error.downcast_ref::<std::io::Error>() {
            io.get_ref()?
        } else {
            match error.downcast_ref::<ureq::Error>() {
                Some(ureq::Error::Io(io)) => io,
                Some(ureq::Error::Other(other)) => other.as_ref(),
                _ => error.source()?,
            }
        };
    }
}
