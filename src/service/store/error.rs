//! Why a step was not taken.

use std::borrow::Cow;
use std::error::Error as _;

use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::service::audit::OrderFault;
use crate::service::held_key::SigningError;
use crate::service::signing::{PublicKey, StatementError};
use crate::service::time::Time;

/// Why a step was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached now.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// It does not let us in.
    #[error("the database does not let us in: {0}")]
    Login(String),
    /// There is none of that name on its server.
    #[error("{0}")]
    Missing(String),
    /// No TLS could be agreed on.
    #[error("no TLS with the database: {0}")]
    Tls(String),
    /// The user may not do what must be done.
    #[error("the user of the database may not do this: {0}")]
    Forbidden(String),
    /// A copy that follows another server, or one that is set so.
    #[error("the database cannot be written to: {0}")]
    ReadOnly(String),
    /// Its disk is full.
    #[error("the database's disk is full")]
    Full,
    /// Another process serves from it.
    #[error("another cotejo serves from this database")]
    InUse,
    /// It was ours to serve from.
    #[error("another server has taken over this database")]
    TakenOver,
    /// It was ours to serve from, and could not be reached for so long that it may be another's.
    #[error("this server is cut off from its database: another may have taken over")]
    CutOff,
    /// A hard link leads to its file.
    #[error(
        "the file of this database has another name as well (a hard link): what is written by one name damages it for the other"
    )]
    Linked,
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
    /// Somebody else has written into it.
    #[error("the last entry of the log, number {number}, is not signed with signing_key {configured}")]
    EndsOtherwise {
        /// The key as configured.
        configured: PublicKey,
        /// Of the last entry.
        number: u64,
    },
    /// Made before databases were bound to keys, and its log is not signed with this one.
    #[error("the log in this database is not signed with signing_key {configured}, from its first entry to its last")]
    SignedOtherwise {
        /// The key as configured.
        configured: PublicKey,
    },
    /// There is none.
    #[error("there is no database there: it was never made, or it is gone")]
    NotMade,
    /// There is something where a copy is to be put.
    #[error("there is a database already")]
    NotEmpty,
    /// It was there, and is not any more.
    #[error("the database is gone, or another is in its place")]
    Gone,
    /// Written by an earlier version.
    #[error("this database was made by an earlier version of cotejo (layout {0})")]
    Older(String),
    /// Written by another version.
    #[error("this database was written by another version of cotejo (layout {0})")]
    Layout(String),
    /// No database of ours.
    #[error("this is no database of cotejo's")]
    Foreign,
    /// Contents would be erased sooner than agreed, and this party has not consented.
    #[error("what is younger than {days} days goes with the consent of {party} alone")]
    Consent {
        /// Who has to.
        party: Code,
        /// As agreed.
        days: u32,
    },
    /// Two operators are one, or one has the server's key.
    #[error("each operator has a name and a key of its own, which is not the one that signs the log")]
    Operators,
    /// What operators have to order, since the log has known any, was not ordered by as many.
    #[error("this takes the orders of {needed} of the custodian's operators, and {ordered} ordered it")]
    Unordered {
        /// So many.
        needed: usize,
        /// Those whose orders count.
        ordered: usize,
    },
    /// An order that does not count.
    #[error("an order is refused: {0}")]
    Order(OrderFault),
    /// Contents of the future would be erased.
    #[error("{0} lies in the future")]
    Future(Time),
    /// Something in it is not what was written.
    #[error("the database holds a {0} that this program did not write")]
    Damaged(&'static str),
    /// What would have been written cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// It refused a statement of ours.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl Remedy for StoreError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Signing(error) => return error.remedy(),
            Self::Unavailable(..) => "it is tried again with the next request",
            Self::Login(..) => {
                "correct user and password in the connection string (PGPASSWORD and .pgpass are not read), or have pg_hba.conf admit them"
            }
            Self::Missing(..) => "create it there (createdb), or correct its name in the connection string",
            Self::Tls(..) => {
                "name the server as its certificate does, and the file of its authority in the environment variable SSL_CERT_FILE"
            }
            Self::Forbidden(..) => "have the user own the database, or grant it the right to create tables there",
            Self::ReadOnly(..) => "name the server that takes changes, not a copy of it",
            Self::Full => "make room there",
            Self::InUse => "stop that one first; or stand by until it ends (serve --standby, with PostgreSQL)",
            Self::TakenOver | Self::CutOff => "start this one again to stand by (serve --standby)",
            Self::Linked => "remove the other name, or name a copy of the file",
            Self::SigningKey { .. } => {
                "configure the key that its log is signed with now; where another is to follow that one: 'cotejo keys succeed'"
            }
            Self::EndsOtherwise { .. } => {
                "somebody has written into the database: look at it with 'cotejo audit verify', and restore it from a copy"
            }
            Self::SignedOtherwise { .. } => {
                "configure the key that it was made with, or begin another database ('database')"
            }
            Self::NotMade => {
                "'cotejo serve --init-database' makes one, once; where there was one, find it, or restore it from a copy: a new one has \
                 no log, no quotas used up, and requesters notice"
            }
            Self::NotEmpty => "name another, or move that one away first",
            Self::Gone => "put it back, or stop the server and restore it from a copy",
            Self::Older(..) => "make a copy of it; then 'cotejo serve --init-database' brings it up to date",
            Self::Layout(..) => "use that version",
            Self::Consent { .. } => "have that party make one with 'cotejo audit consent', and give it with --consent",
            Self::Operators => "correct [[operator]]",
            Self::Unordered { .. } => {
                "have operators sign it (--operator, --key); where none is left, register one ([[operator]], and reload)"
            }
            Self::Order(fault) => return order_remedy(fault),
            Self::Future(_) => "name a time that is past",
            Self::Owner { .. } | Self::Foreign => "name another database",
            Self::Damaged(..) => "restore it from a copy",
            Self::Refused(..) => "report this as a fault of cotejo",
        };
        Some(remedy.into())
    }
}

fn order_remedy(fault: &OrderFault) -> Option<Cow<'static, str>> {
    let remedy = match fault {
        // A stranger is told no more.
        OrderFault::Stranger => return None,
        OrderFault::Custodian { .. } => "sign one that names this custodian",
        OrderFault::Measure => "have all orders say the same",
        OrderFault::Past { .. } => "sign it anew",
        OrderFault::Future { .. } => "set the clock it was signed by",
        OrderFault::Again => "sign another one, if it is to be done again",
        OrderFault::SameOperator(_) => "have another operator sign",
    };
    Some(remedy.into())
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
        // The text of a database's error names users, tables and columns, never values: those are in its detail.
        match error.as_db_error() {
            Some(refused) => Self::of_state(refused.code().code(), refused.message().to_owned()),
            None => Self::of_connection(&error),
        }
    }
}

impl StoreError {
    /// A statement of ours that could not be made: `what` it is.
    pub(super) fn unsigned(error: StatementError, what: &'static str) -> Self {
        match error {
            StatementError::Unsigned(error) => Self::Signing(error),
            _ => Self::Damaged(what),
        }
    }

    /// By PostgreSQL's SQLSTATE.
    fn of_state(state: &str, message: String) -> Self {
        match state {
            "53100" => Self::Full,
            "3D000" => Self::Missing(message),
            "42501" => Self::Forbidden(message),
            "25006" => Self::ReadOnly(message),
            // Somebody else was first, or held what we wait for: it may succeed the next time.
            "40001" | "40P01" | "55P03" => Self::Unavailable(message),
            _ => match state.get(..2) {
                Some("28") => Self::Login(message),
                Some("08" | "53" | "57" | "58") => Self::Unavailable(message),
                _ => Self::Refused(message),
            },
        }
    }

    /// What went wrong before the database could say anything.
    fn of_connection(error: &postgres::Error) -> Self {
        let (kind, mut text) = (error.to_string(), error.to_string());
        let mut cause = error.source();
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        // The driver tells its errors apart by their words alone; a test in `location` and those of `kind_d_databases` hold them.
        match kind.as_str() {
            "error performing TLS handshake" => Self::Tls(text),
            "authentication error" => Self::Login(text),
            "invalid configuration" if text.contains("password missing") => {
                Self::Login("it asks for a password, and none is given".to_owned())
            }
            _ => Self::Unavailable(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_pass_by_itself_is_not_called_out_of_reach() {
        let of = |state: &str| StoreError::of_state(state, "x".to_owned());
        for state in ["28P01", "28000"] {
            assert_eq!(of(state), StoreError::Login("x".to_owned()));
        }
        assert_eq!(of("3D000"), StoreError::Missing("x".to_owned()));
        assert_eq!(of("53100"), StoreError::Full);
        assert_eq!(of("42501"), StoreError::Forbidden("x".to_owned()));
        assert_eq!(of("25006"), StoreError::ReadOnly("x".to_owned()));
        for passing in ["57P03", "08006", "53300", "40P01", "55P03", "58030"] {
            assert_eq!(of(passing), StoreError::Unavailable("x".to_owned()), "{passing}");
        }
        for ours in ["42P01", "", "é"] {
            assert_eq!(of(ours), StoreError::Refused("x".to_owned()), "{ours}");
        }
    }
}
