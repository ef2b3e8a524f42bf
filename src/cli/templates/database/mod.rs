//! Templates that a query to a PostgreSQL database finds, pgvector's types among them.
//!
//! ```text
//! --query ── prepared: columns and types ── which of them are read ── a cursor over these alone ── batches ── `read::each_of_columns`
//! ```
//!
//! All of it is one transaction that reads and sees the database as it was at its beginning, however long it takes and whatever others change.
//! Memory: that of some batches, of about a megabyte each.

mod columns;
mod link;
mod refusal;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use clap::builder::NonEmptyStringValueParser;

use crate::scheme::Progress as _;
use crate::service::store::Location;
use crate::template::TemplateShape;
use crate::template::read::{self, End, Entry, Found, Given, IdSource, Needed, ReadError};

use crate::cli::console::Console;
use crate::cli::database_password::Password;
use crate::cli::failure::Failure;
use crate::cli::progress::Meter;
use columns::Column;
use link::{Asked, Link, Prepared};
use refusal::{PARAMETERS, SELECT, Stop};

/// Templates from a database instead of a file.
#[derive(clap::Args)]
pub struct FromArgs {
    /// Read the templates from this PostgreSQL database: postgresql://user@host/name, or host=... user=... dbname=...
    #[arg(
        long = "from",
        value_name = "DATABASE",
        value_parser = NonEmptyStringValueParser::new(),
        requires = "query",
        conflicts_with_all = ["templates", "ids", "rows", "filter", "format", "header"]
    )]
    location: Option<String>,
    /// What to read there: one SELECT, a row a template, with a column of ids
    #[arg(long, value_name = "SQL", allow_hyphen_values = true, requires = "location", conflicts_with = "templates")]
    query: Option<String>,
    #[command(flatten)]
    password: Password,
}

impl FromArgs {
    /// The query; none where templates are in a file.
    pub fn query(&self) -> Result<Option<Query<'_>>, Failure> {
        let (Some(location), Some(sql)) = (&self.location, &self.query) else {
            return match self.password.option() {
                Some(option) => Err(Failure::new(option, "a password without a database", "name it (--from)")),
                None => Ok(None),
            };
        };
        let location = self.password.complete_option(location, "--from", "write postgresql://user@host/name")?;
        let place = location.to_string().into();
        match location {
            Location::File(_) => {
                Err(Failure::new("--from", "a file, and no PostgreSQL database", "name it with --templates"))
            }
            Location::Server(config) => Ok(Some(Query { config: *config, sql: plain(sql), place })),
        }
    }
}

/// A query without the semicolon that ends it elsewhere.
fn plain(sql: &str) -> &str {
    sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

/// A query, and the database that it is for.
pub struct Query<'a> {
    config: postgres::Config,
    sql: &'a str,
    place: PathBuf,
}

impl Query<'_> {
    /// The database, as messages name it.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The rows one by one, in the order in which they come. That there are none is no error: today it may be so.
    pub(super) fn each(
        &self,
        shape: TemplateShape,
        given: Given,
        console: &Console,
        take: &mut dyn FnMut(IdSource, Entry) -> ControlFlow<()>,
    ) -> Result<End, Failure> {
        let (mut link, Prepared { columns, parameters }) = Link::prepare(self.config.clone(), self.sql.to_owned())
            .map_err(|lost| refusal::of(&self.place, lost.into()))?;
        match (parameters, &columns[..]) {
            (0, []) => return Err(Failure::new("--query", "a statement that finds no rows", SELECT)),
            (0, _) => {}
            _ => return Err(Failure::new("--query", PARAMETERS, SELECT)),
        }
        let schema = schema(&columns);
        let batches = |Needed { columns: needed, with_ids }| {
            if !with_ids {
                return Err(Stop::NoIds);
            }
            let is_read = |(at, column)| needed.contains(&at).then_some(column);
            let columns: Vec<Column> = columns.into_iter().enumerate().filter_map(is_read).collect();
            let names: Vec<String> = columns.iter().map(Column::sql).collect();
            // A line of its own ends a comment at the end of the query.
            let asked = |what: &str| format!("SELECT {what} FROM ({}\n) AS asked", self.sql);
            let count = (!console.quiet()).then(|| asked("count(*)"));
            let count = link.ask(Asked { count, rows: asked(&names.join(", ")) })?;
            let meter = console.meter("read", "row", count.unwrap_or_default());
            let schema = Arc::new(self::schema(&columns));
            Ok(Batches { link, columns, schema, meter })
        };
        match read::each_of_columns(&schema, batches, shape, given, take) {
            Ok(end) => Ok(end),
            Err(Stop::Rows(ReadError::NoRecords)) => {
                console.note(format_args!("{}: the query finds no row", self.place.display()));
                Ok(End { records: 0, ids: IdSource::Given, found: Found::default() })
            }
            Err(stop) => Err(refusal::of(&self.place, stop)),
        }
    }
}

/// The rows, a batch at a time.
struct Batches {
    link: Link,
    columns: Vec<Column>,
    schema: SchemaRef,
    meter: Meter,
}

impl Batches {
    fn batch(&mut self) -> Result<Option<RecordBatch>, Stop> {
        let Some(rows) = self.link.rows()? else { return Ok(None) };
        self.meter.advance(rows.len() as u64);
        let columns = self.columns.iter().enumerate().map(|(at, column)| {
            let values = column.values(&rows, at);
            values.map_err(|error| Stop::Value { column: column.name().to_owned(), error })
        });
        let columns = columns.collect::<Result<Vec<_>, Stop>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        batch.map(Some).map_err(|_| ReadError::Unreadable(std::io::ErrorKind::InvalidData).into())
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.meter.finish();
    }
}

fn schema(columns: &[Column]) -> Schema {
    Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>())
}
