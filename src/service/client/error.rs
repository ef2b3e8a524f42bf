//! Why a call failed, and whether it may succeed later.

use std::borrow::Cow;
use std::time::Duration;

use crate::remedy::Remedy;
use crate::service::protocol::ProblemDocument;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Not an address of a service.
    #[error("'{0}' is not the address of a service")]
    Address(String),
    /// A private key of a kind that the client's TLS has no name for.
    #[error("the private key of our certificate is neither PKCS #8, PKCS #1 nor SEC 1")]
    Key,
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
            Self::Certificate { remedy, .. } => *remedy,
            Self::Address(..) => "write https://host:port",
            Self::Key => "write it as PKCS #8",
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

/// The other party's text, fit for a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(500).collect()
}

impl ClientError {
    pub(super) fn of(base: &str, error: &ureq::Error) -> Self {
        Self::of_text(base, &error.to_string())
    }

    pub(super) fn of_io(base: &str, error: &std::io::Error) -> Self {
        Self::of_text(base, &error.to_string())
    }

    fn of_text(base: &str, text: &str) -> Self {
        let ours = "'cotejo certificates show' tells what our certificate is; have it renewed, or registered";
        let theirs =
            "the custodian's certificate must be valid, by the authority that we trust, and for this host name";
        let certificate = |why: &str, remedy| Self::Certificate { base: base.to_owned(), why: why.to_owned(), remedy };
        // The alerts of RFC 8446, section 6.2, and the verifier's own words.
        for (sign, why, remedy) in [
            ("alert: CertificateExpired", "our certificate has expired, says the custodian", ours),
            ("alert: UnknownCA", "our certificate is of an authority that the custodian does not know", ours),
            ("alert: DecryptError", "our certificate is not what the custodian's authority has signed", ours),
            ("alert: BadCertificate", "our certificate is not accepted by the custodian", ours),
            ("alert: CertificateRequired", "the custodian wants a certificate", ours),
            ("alert: AccessDenied", "our certificate is not accepted by the custodian", ours),
            ("invalid peer certificate: certificate expired", "the custodian's certificate has expired", theirs),
            ("invalid peer certificate: Expired", "the custodian's certificate has expired", theirs),
            (
                "invalid peer certificate: certificate not valid for name",
                "the custodian's certificate is for another host",
                theirs,
            ),
            ("invalid peer certificate: NotValidForName", "the custodian's certificate is for another host", theirs),
            (
                "invalid peer certificate: UnknownIssuer",
                "the custodian's certificate is of an authority that we do not know",
                theirs,
            ),
            ("invalid peer certificate", "the custodian's certificate is not valid", theirs),
        ] {
            if text.contains(sign) {
                return certificate(why, remedy);
            }
        }
        Self::Unreachable { base: base.to_owned(), why: plain(text) }
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
            Self::Address(_) | Self::Key | Self::Certificate { .. } | Self::Foreign(_) => None,
        }
    }
}
