//! Why a step was not taken.

use std::borrow::Cow;

use crate::remedy::Remedy;
use crate::service::signing::PublicKey;

/// Why a step was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached now.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// Its disk is full.
    #[error("the database's disk is full")]
    Full,
    /// Another process serves from it.
    #[error("another cotejo serves from this database")]
    InUse,
    /// It belongs to somebody else.
    #[error("this database belongs to {actual}, not to {expected}")]
    Owner {
        /// Role and name of the configuration.
        expected: String,
        /// Role and name in the database.
        actual: String,
    },
    /// Bound to another signing key: an entry signed with this one would spoil the log for good.
    #[error("this database is bound to signing key {bound}, but signing_key is {configured}")]
    SigningKey {
        /// The key that its log is signed with.
        bound: PublicKey,
        /// The key as configured.
        configured: PublicKey,
    },
    /// Made before databases were bound to keys, and its log is not signed with this one.
    #[error("the log in this database is not signed with signing_key {configured}, from its first entry to its last")]
    SignedOtherwise {
        /// The key as configured.
        configured: PublicKey,
    },
    /// Written by another version.
    #[error("this database was written by another version of cotejo (layout {0})")]
    Layout(String),
    /// No database of ours.
    #[error("this is no database of cotejo's")]
    Foreign,
    /// Something in it is not what was written.
    #[error("the database holds a {0} that this program did not write")]
    Damaged(&'static str),
    /// It refused a statement of ours.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl Remedy for StoreError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unavailable(..) => "it is tried again with the next request",
            Self::Full => "make room there",
            Self::InUse => "stop that one first",
            Self::SigningKey { .. } => {
                "configure the key that it was made with, or begin another database ('database') and register the new key with the other party"
            }
            Self::SignedOtherwise { .. } => {
                "configure the key that it was made with, or begin another database ('database')"
            }
            Self::Layout(..) => "use that version",
            Self::Owner { .. } | Self::Foreign => "name another database",
            Self::Damaged(..) => "restore it from a copy",
            Self::Refused(..) => "report this as a fault of cotejo",
        };
        Some(remedy.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        match error.sqlite_error_code() {
            Some(C::DiskFull) => Self::Full,
            Some(C::NotADatabase) => Self::Foreign,
            Some(C::DatabaseCorrupt) => Self::Damaged("page"),
            Some(
                C::DatabaseBusy
                | C::DatabaseLocked
                | C::SystemIoFailure
                | C::CannotOpen
                | C::ReadOnly
                | C::PermissionDenied,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState as S;
        // The text of a database's error names tables and columns, never values: those are in its detail.
        match error.as_db_error() {
            Some(refused) => match refused.code() {
                code if *code == S::DISK_FULL => Self::Full,
                code if code.code().starts_with("57")
                    || code.code().starts_with("53")
                    || code.code().starts_with("08") =>
                {
                    Self::Unavailable(refused.message().to_owned())
                }
                _ => Self::Refused(refused.message().to_owned()),
            },
            None => Self::Unavailable(error.to_string()),
        }
    }
}
