//! Where a log is read from: a file that was exported, or the database that holds it.

use std::fmt;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::service::audit::{Entry, Ledger, LogFileError, LogLines};
use crate::service::store::{Location, LogReader, StoreError};

use crate::cli::database_password::Password;
use crate::cli::failure::Failure;
use crate::cli::{files, party};

/// Which log.
#[derive(clap::Args)]
pub struct SourceArgs {
    #[command(flatten)]
    one: OneOf,
    #[command(flatten)]
    password: Password,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct OneOf {
    /// A log that was exported with 'cotejo audit export --format log'
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The database that holds the log: an SQLite file, or postgresql://... of a PostgreSQL server
    #[arg(long, value_name = "LOCATION")]
    database: Option<String>,
}

/// Where a log is.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// JSON Lines.
    File(&'a Path),
    /// A path of SQLite, or a connection string of PostgreSQL.
    Database(Database<'a>),
}

/// A database that a command line names.
#[derive(Clone, Copy, Debug)]
pub struct Database<'a> {
    pub location: &'a str,
    pub password: &'a Password,
}

/// Entries, one by one.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<Entry, Failure>> + 'a>;

impl SourceArgs {
    pub fn place(&self) -> Place<'_> {
        match (&self.one.log, &self.one.database) {
            (Some(path), _) => Place::File(path),
            // One of the two is required.
            (None, database) => Place::Database(Database {
                location: database.as_deref().unwrap_or_default(),
                password: &self.password,
            }),
        }
    }
}

/// Connection strings may hold a password: of those nothing is shown.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(Database { location, .. }) => match location.parse() {
                Ok(Location::File(path)) => path.display().fmt(f),
                _ => f.write_str("the PostgreSQL database"),
            },
        }
    }
}

/// A log that was opened.
pub enum Source<'a> {
    /// JSON Lines.
    File { path: &'a Path, lines: LogLines<BufReader<std::fs::File>> },
    /// The database that holds it, as it was when it was opened.
    Database { database: Database<'a>, reader: Box<LogReader> },
}

impl<'a> Source<'a> {
    pub fn open(place: &Place<'a>) -> Result<Self, Failure> {
        match *place {
            Place::File(path) => Ok(Self::File { path, lines: LogLines::new(BufReader::new(files::open(path)?)) }),
            Place::Database(database) => {
                let reader = LogReader::open(parse(database)?).map_err(|error| failure(database, &error))?;
                Ok(Self::Database { database, reader: Box::new(reader) })
            }
        }
    }

    /// The entries, from the first to the last.
    pub fn entries(&mut self) -> Entries<'_> {
        match self {
            Self::File { path, lines } => {
                let path: &Path = path;
                let failed = move |error: LogFileError| match error {
                    LogFileError::Form { .. } => Failure::at(path, error, "export the log again with --format log"),
                    _ => Failure::of(path, &error, "export the log again"),
                };
                Box::new(lines.map(move |entry| entry.map_err(failed)))
            }
            Self::Database { database, reader } => from_database(*database, reader),
        }
    }

    /// What the tables beside a custodian's log say was used up; none of a file, or of a database of an earlier version.
    pub fn ledger(&mut self) -> Result<Option<Ledger>, Failure> {
        match self {
            Self::File { .. } => Ok(None),
            Self::Database { database, reader } => reader.ledger().map_err(|error| failure(*database, &error)),
        }
    }
}

/// The log in a database, some entries at a time.
fn from_database<'r>(database: Database<'r>, reader: &'r mut LogReader) -> Entries<'r> {
    let (mut next, mut page) = (1, Vec::new().into_iter());
    Box::new(std::iter::from_fn(move || {
        if page.len() == 0 {
            match reader.entries(next) {
                Ok(entries) => page = entries.into_iter(),
                Err(error) => return Some(Err(failure(database, &error))),
            }
        }
        let entry: Entry = page.next()?;
        next = entry.number.saturating_add(1);
        Some(Ok(entry))
    }))
}

/// Where a database is.
pub fn parse(database: Database<'_>) -> Result<Location, Failure> {
    let remedy = "name the path of an SQLite file, or a PostgreSQL connection string";
    let location = database.password.complete_option(database.location, "--database", remedy)?;
    if let Location::File(path) = &location {
        files::reads_elsewhere(path)?;
    }
    Ok(location)
}

/// A database that failed.
pub fn failure(database: Database<'_>, error: &StoreError) -> Failure {
    let place = Place::Database(database).to_string();
    match error {
        StoreError::SignedOtherwise { .. } => Failure::new(place, error, party::SIGNED_OTHERWISE),
        StoreError::Unavailable(_) => {
            Failure::new(place, error, format_args!("check --database: {}", party::OUT_OF_REACH))
        }
        _ => Failure::of(Path::new(&place), error, "check --database"),
    }
}
