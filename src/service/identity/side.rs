//! The two sides of a connection.

use std::fmt;

/// Who shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A custodian.
    Server,
    /// A querier.
    Client,
}

impl Side {
    /// As OpenSSL names the use.
    pub(super) fn extended_key_usage(self) -> &'static str {
        match self {
            Self::Server => "serverAuth",
            Self::Client => "clientAuth",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "servers",
            Self::Client => "clients",
        })
    }
}
