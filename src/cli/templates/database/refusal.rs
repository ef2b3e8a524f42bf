//! Why rows of a database are not read, in words for whoever wrote the query.

use std::fmt::Display;
use std::path::Path;

use crate::cli::failure::{Cause, Failure};
use crate::cli::interrupt;
use crate::cli::templates::loaded;
use crate::remedy::Remedy as _;
use crate::service::store::StoreError;
use crate::template::read::{ColumnFault, ReadError, visible};

use super::link::Lost;

/// What ends the reading of rows.
pub(super) enum Stop {
    /// Their connection.
    Lost(Lost),
    /// A value that is not what its column's type is.
    Value {
        /// The column's name.
        column: String,
        error: postgres::Error,
    },
    /// No column says whose they are.
    NoIds,
    /// The rows themselves.
    Rows(ReadError),
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Rows(error)
    }
}

/// What a query should be.
pub(super) const SELECT: &str = "write one SELECT, as \"SELECT id, embedding FROM faces WHERE consent\"";
/// What a query with parameters is told.
pub(super) const PARAMETERS: &str = "a query with parameters ($1, ...), which nobody gives";
const AGAIN: &str = "look at the server's log, and ask again";
/// So many characters of what a server says are shown.
const SHOWN: usize = 300;

/// The failure; `place` is how messages name the database.
pub(super) fn of(place: &Path, stop: Stop) -> Failure {
    match stop {
        Stop::Lost(Lost::Interrupted) => Failure::Interrupted,
        Stop::Lost(Lost::Unreachable(error)) => unreachable(place, &error),
        Stop::Lost(Lost::Silent) => Failure::at(
            place,
            "accepts a connection, and says nothing",
            "check --from: is it PostgreSQL that answers there?",
        ),
        Stop::Lost(Lost::Database(error)) => said(place, &error),
        Stop::Lost(Lost::Ended) => Failure::at(place, "the connection has ended", AGAIN),
        Stop::Value { column, error } => {
            let what = format!("column `{}` cannot be read: {}", shown(&column), shown(&told(&error)));
            Failure::at(place, what, "cast it in the query, as id::text or embedding::real[]").because(Cause::Templates)
        }
        Stop::NoIds => {
            let what = "no ids: rows of a database have no order that their numbers could stand for";
            let remedy = "select a column of ids; name it `id` in the query (AS id), or with --id-column";
            Failure::at(place, what, remedy).because(Cause::Templates)
        }
        Stop::Rows(error) => Failure::at(place, &error, remedy(&error)).because(Cause::Templates),
    }
}

/// The refusal of a connection.
fn unreachable(place: &Path, error: &StoreError) -> Failure {
    let what = shown(&error.to_string());
    match error {
        StoreError::Unavailable(_) => {
            Failure::at(place, what, "check --from: PostgreSQL must run there, and be named by host and port")
        }
        _ => Failure::at(place, what, error.remedy().unwrap_or("check --from".into())),
    }
}

/// What the server says, or what has ended its connection.
fn said(place: &Path, error: &postgres::Error) -> Failure {
    if interrupt::requested() {
        return Failure::Interrupted;
    }
    let Some(said) = error.as_db_error() else {
        return Failure::at(place, format_args!("the connection has ended: {}", shown(&told(error))), AGAIN);
    };
    let (code, message) = (said.code().code(), shown(said.message()));
    let of_query = |remedy: &dyn Display| Failure::new("--query", &message, remedy);
    match code {
        "57014" => of_query(&"it takes longer than its user may (statement_timeout): ask for less, or set that higher"),
        "25P03" => Failure::at(place, message, AGAIN),
        // A statement that changes something; a text that is no statement, or several.
        "25006" => of_query(&SELECT),
        "42601" if message.contains("\";\"") => of_query(&"leave out the semicolon, and what follows it"),
        "42601" => of_query(&SELECT),
        "42P02" | "42P18" => Failure::new("--query", PARAMETERS, SELECT),
        "42501" => of_query(&"grant its user to read there (GRANT SELECT ON ... TO ...)"),
        "55P03" => of_query(&"another holds the table locked: ask again later"),
        // Connection, resources, an operator, the system.
        _ if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Failure::at(place, message, AGAIN),
        _ if code.starts_with("22") => of_query(&"correct the value, or leave its row out (WHERE)"),
        _ => match said.hint() {
            Some(hint) => of_query(&shown(hint)),
            None => of_query(&format_args!("correct the query; PostgreSQL's code of it is {code}")),
        },
    }
}

/// An error with its cause.
fn told(error: &postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A text of the server's: it may quote what stands in a row, which no terminal is to obey.
fn shown(text: &str) -> String {
    visible(text, SHOWN)
}

/// What can be done about rows that cannot be read: often another thing than with a file.
fn remedy(error: &ReadError) -> String {
    let remedy = match error {
        ReadError::Column(ColumnFault::Absent { .. }) => {
            "call it so in the query (AS ...); --column names a column of templates that is called otherwise"
        }
        ReadError::Column(ColumnFault::Type { .. }) => "cast it in the query, or name another column",
        ReadError::Column(ColumnFault::FractionIds { .. }) => "cast them in the query (id::bigint, id::text)",
        ReadError::Column(ColumnFault::TwoLabels(_)) => "name one (--id-column), or leave one out of the query",
        ReadError::Column(ColumnFault::TwoTemplates(two)) if two.first == two.second => {
            "give each a name of its own in the query (AS ...)"
        }
        ReadError::Column(ColumnFault::Repeated(_)) => "give each a name of its own in the query (AS ...)",
        ReadError::NoHandles { found, .. } if found.is_empty() => "select a column of that name",
        _ => match loaded::own_remedy(error) {
            Some(remedy) => remedy,
            None => return error.remedy().map_or_else(|| "correct the query".to_owned(), std::borrow::Cow::into_owned),
        },
    };
    remedy.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_quotes_is_short_and_moves_no_cursor() {
        assert_eq!(shown("7\u{1b}[31m\nerror: forged"), "7\u{fffd}[31m\u{fffd}error: forged");
        assert_eq!(shown(&"1".repeat(1000)).len(), SHOWN);
    }
}
