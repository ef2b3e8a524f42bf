//! Templates that a query to a PostgreSQL database finds, pgvector's types among them.
//!
//! ```text
//! --query ── prepared: columns and types ── which of them are read ── a cursor over these alone ── batches ── `read::each_of_columns`
//! ```
//!
//! All of it is one transaction that reads and sees the database as it was at its beginning, however long it takes and whatever others change.
//! Memory: that of a batch.

mod columns;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use postgres::{IsolationLevel, Portal, Transaction};

use crate::remedy::Remedy as _;
use crate::scheme::Progress as _;
use crate::service::store::{Location, Reading, StoreError};
use crate::template::TemplateShape;
use crate::template::read::{self, ColumnFault, End, Entry, Given, IdSource, ReadError};

use crate::cli::console::Console;
use crate::cli::database_password::Password;
use crate::cli::failure::{Cause, Failure};
use crate::cli::progress::Meter;
use crate::cli::templates::loaded;
use crate::cli::{interrupt, party};
use columns::Column;

/// Templates from a database instead of a file.
#[derive(clap::Args)]
pub struct FromArgs {
    /// Read the templates from this PostgreSQL database: postgresql://user@host/name, or host=... user=... dbname=...
    #[arg(
        long = "from",
        value_name = "DATABASE",
        requires = "query",
        conflicts_with_all = ["templates", "ids", "rows", "filter", "format", "header"]
    )]
    location: Option<String>,
    /// What to read there: one SELECT, a row a template, with a column of ids
    #[arg(long, value_name = "SQL", requires = "location")]
    query: Option<String>,
    #[command(flatten)]
    password: Password,
}

impl FromArgs {
    /// The query; none where templates are in a file.
    pub fn query(&self) -> Result<Option<Query<'_>>, Failure> {
        let (Some(location), Some(sql)) = (&self.location, &self.query) else { return Ok(None) };
        let location = self.password.complete_option(location, "--from", "write postgresql://user@host/name")?;
        match location {
            Location::File(_) => {
                Err(Failure::new("--from", "a file, and no PostgreSQL database", "name it with --templates"))
            }
            Location::Server(_) => Ok(Some(Query { place: location.to_string().into(), location, sql })),
        }
    }
}

/// A query, and the database that it is for.
pub struct Query<'a> {
    location: Location,
    sql: &'a str,
    place: PathBuf,
}

/// The bytes of a batch, about, and the most rows of one.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_ROWS: usize = 4096;

impl Query<'_> {
    /// The database, as messages name it.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// As [`read::each`]: the inner error is that of the rows.
    pub(super) fn each(
        &self,
        shape: TemplateShape,
        given: Given,
        console: &Console,
        take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Result<Result<End, ReadError>, Failure> {
        let reading = Reading::open(&self.location).map_err(|error| self.unreachable(&error))?;
        // It was looked at that it is no file.
        let Some(mut reading) = reading else { return Err(self.unreachable(&StoreError::NotMade)) };
        let _watch = Watch::begin(reading.canceller());
        let failed = |error: postgres::Error| self.failed(&error);
        let transaction = reading.client.build_transaction();
        let transaction = transaction.read_only(true).isolation_level(IsolationLevel::RepeatableRead);
        let mut transaction = transaction.start().map_err(failed)?;
        let columns = self.columns(&mut transaction)?;
        let schema = schema(&columns);
        let mut error = None;
        let told = &mut error;
        let batches = |needed: &[usize]| {
            let is_read = |(at, column)| needed.contains(&at).then_some(column);
            let columns = columns.into_iter().enumerate().filter_map(is_read).collect();
            Batches::of(transaction, self.sql(), columns, shape, console, told)
        };
        let end = read::each_of_columns(&schema, batches, shape, given, take);
        match error {
            Some(error) => Err(self.failed(&error)),
            None => Ok(end),
        }
    }

    /// The query without the semicolon that ends it elsewhere.
    fn sql(&self) -> &str {
        self.sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
    }

    /// The columns of the query, which is not run yet.
    fn columns(&self, transaction: &mut Transaction<'_>) -> Result<Vec<Column>, Failure> {
        let prepared = transaction.prepare(self.sql()).map_err(|error| self.failed(&error))?;
        let refused = |what| Err(Failure::new("--query", what, SELECT));
        match (prepared.params(), prepared.columns()) {
            ([], []) => refused("a statement that finds no rows"),
            ([], columns) => Ok(columns.iter().map(Column::of).collect()),
            _ => refused("a query with parameters ($1, ...), which nobody gives"),
        }
    }

    /// The refusal of a connection.
    fn unreachable(&self, error: &StoreError) -> Failure {
        match error {
            StoreError::Unavailable(_) => {
                Failure::at(&self.place, error, format_args!("check --from: {}", party::OUT_OF_REACH))
            }
            _ => Failure::of(&self.place, error, "check --from"),
        }
    }

    /// What the database says of the query.
    fn failed(&self, error: &postgres::Error) -> Failure {
        if interrupt::requested() {
            return Failure::Interrupted;
        }
        let Some(said) = error.as_db_error() else {
            let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
            let remedy = match error.is_closed() {
                true => "the connection has ended: look at the server's log, and ask again",
                false => "cast the column in the query, for example as embedding::real[]",
            };
            return Failure::at(&self.place, format_args!("cannot be read: {text}"), remedy).because(Cause::Templates);
        };
        let code = said.code().code();
        // Connection, resources, an operator, the system.
        if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) {
            return Failure::at(&self.place, said.message(), "look at the server's log, and ask again");
        }
        let remedy = match (code, said.hint()) {
            // A statement that changes something; a text that is no statement, or several.
            ("25006" | "42601", _) => SELECT.to_owned(),
            ("42501", _) => "grant its user to read there (GRANT SELECT ON ... TO ...)".to_owned(),
            ("55P03", _) => "another holds the table locked: ask again later".to_owned(),
            (_, Some(hint)) => hint.to_owned(),
            (_, None) => format!("correct the query; PostgreSQL's code of it is {code}"),
        };
        Failure::new("--query", said.message(), remedy)
    }
}

/// What a query should be.
const SELECT: &str = "write one SELECT, as \"SELECT id, embedding FROM faces WHERE consent\"";
/// Ends the reading of rows, of which another error tells more.
pub(super) const STOPPED: ReadError = ReadError::Unreadable(std::io::ErrorKind::Other);

/// What can be done about rows that cannot be read, where it is another thing than with a file.
pub(super) fn own_remedy(error: &ReadError) -> Option<String> {
    let ReadError::Column(fault) = error else { return None };
    let remedy = match fault {
        ColumnFault::Absent { .. } => "name the column (--column), or call it so in the query (AS embedding)",
        ColumnFault::Type { .. } => "cast it in the query, or name another column",
        ColumnFault::FractionIds { .. } => "cast them in the query (id::bigint, id::text)",
        ColumnFault::TwoLabels(_) => "name one (--id-column), or leave one out of the query",
        ColumnFault::Repeated(_) => "give each a name of its own in the query (AS ...)",
        _ => return loaded::own_remedy(error).map(str::to_owned).or_else(|| Some(error.remedy()?.into_owned())),
    };
    Some(remedy.to_owned())
}

/// How many rows make a batch.
fn rows_of(shape: TemplateShape) -> i32 {
    let bytes = match shape {
        TemplateShape::Vector(dimension) => dimension.saturating_mul(4),
        TemplateShape::Bits(length) => length.div_ceil(8),
        TemplateShape::Iris(iris) => iris.bits().saturating_mul(2),
    };
    i32::try_from(BATCH_BYTES.div_euclid(bytes.max(1)).clamp(1, BATCH_ROWS)).unwrap_or(1)
}

/// The rows, a batch at a time.
struct Batches<'t, 'c> {
    transaction: Transaction<'c>,
    portal: Portal,
    rows: i32,
    columns: Vec<Column>,
    schema: SchemaRef,
    meter: Meter,
    /// What ended the rows before their end.
    error: &'t mut Option<postgres::Error>,
}

impl<'t, 'c> Batches<'t, 'c> {
    /// Those of a query, of which only these columns are fetched.
    fn of(
        mut transaction: Transaction<'c>,
        sql: &str,
        columns: Vec<Column>,
        shape: TemplateShape,
        console: &Console,
        error: &'t mut Option<postgres::Error>,
    ) -> Result<Self, ReadError> {
        let names: Vec<String> = columns.iter().map(Column::sql).collect();
        // A line of its own ends a comment at the end of the query.
        let asked = |what: &str| format!("SELECT {what} FROM ({sql}\n) AS asked");
        let mut begin = || -> Result<(Portal, i64), postgres::Error> {
            let count = match console.quiet() {
                true => 0,
                false => transaction.query_one(&asked("count(*)"), &[])?.try_get(0)?,
            };
            let statement = transaction.prepare(&asked(&names.join(", ")))?;
            Ok((transaction.bind(&statement, &[])?, count))
        };
        match begin() {
            Ok((portal, count)) => {
                let schema = Arc::new(schema(&columns));
                let meter = console.meter("read", "row", u64::try_from(count).unwrap_or_default());
                Ok(Self { transaction, portal, rows: rows_of(shape), columns, schema, meter, error })
            }
            Err(refused) => {
                *error = Some(refused);
                Err(STOPPED)
            }
        }
    }

    fn batch(&mut self) -> Result<Option<ReadBatch>, postgres::Error> {
        let rows = self.transaction.query_portal(&self.portal, self.rows)?;
        if rows.is_empty() {
            return Ok(None);
        }
        self.meter.advance(rows.len() as u64);
        let columns = self.columns.iter().enumerate().map(|(at, column)| column.values(&rows, at));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|_| STOPPED)))
    }
}

impl Drop for Batches<'_, '_> {
    fn drop(&mut self) {
        self.meter.finish();
    }
}

fn schema(columns: &[Column]) -> Schema {
    Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>())
}

type ReadBatch = Result<RecordBatch, ReadError>;

impl Iterator for Batches<'_, '_> {
    type Item = ReadBatch;

    fn next(&mut self) -> Option<ReadBatch> {
        match self.batch() {
            Ok(batch) => batch,
            Err(error) => {
                *self.error = Some(error);
                Some(Err(STOPPED))
            }
        }
    }
}

/// Has a statement cancelled when the command is interrupted, as long as this lives.
struct Watch(#[expect(dead_code, reason = "its end is what is heard")] Sender<()>);

impl Watch {
    fn begin(cancel: impl Fn() + Send + 'static) -> Self {
        let (end, ended) = channel::<()>();
        // Where there is no thread for it, the statement ends by itself.
        drop(std::thread::Builder::new().name("cancel".to_owned()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(Duration::from_millis(100)) {
                if interrupt::requested() {
                    return cancel();
                }
            }
        }));
        Self(end)
    }
}
