//! Two databases behind one narrow door: statements with numbered parameters, rows of four kinds of value, steps.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::{Location, StoreError};

/// A value of a column.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// SQL's `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
/// Counts lie far below 2^63: they count entries and probes.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}
impl From<crate::service::time::Time> for Value {
    fn from(time: crate::service::time::Time) -> Self {
        Self::Int(time.millis())
    }
}
macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl From<&$kind> for Value {
            fn from(value: &$kind) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}
as_text!(
    crate::agreement::Code,
    crate::service::signing::Hash,
    crate::service::signing::Name,
    crate::service::signing::PublicKey,
    crate::service::time::Day
);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row that was read; columns are taken from the left.
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Null)
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        match self.next() {
            Value::Int(number) => Ok(number),
            _ => Err(StoreError::Damaged("number")),
        }
    }

    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.next() {
            Value::Int(number) => Ok(Some(number)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("number")),
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        u64::try_from(self.int()?).map_err(|_| StoreError::Damaged("count"))
    }

    pub(crate) fn time(&mut self) -> Result<crate::service::time::Time, StoreError> {
        self.int().map(crate::service::time::Time::from_millis)
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or(StoreError::Damaged("text"))
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.next() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("text")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes()?.ok_or(StoreError::Damaged("content"))
    }

    pub(crate) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.next() {
            Value::Bytes(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(StoreError::Damaged("content")),
        }
    }

    /// A value that is kept as its text.
    pub(crate) fn parsed<T: std::str::FromStr>(&mut self) -> Result<T, StoreError> {
        self.text()?.parse().map_err(|_| StoreError::Damaged("name"))
    }
}

enum Link {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Client),
}

/// A database, connected when it is needed.
pub(crate) struct Database {
    location: Location,
    link: Option<Link>,
    /// Whether nobody else may serve from it.
    exclusive: bool,
    /// The lock on an SQLite file's companion, as long as we serve.
    lock: Option<File>,
}

/// A step waits so long for another process to finish its own.
const PATIENCE: Duration = Duration::from_secs(10);
/// Names the lock of a serving process among PostgreSQL's advisory locks: "cotejo".
const ADVISORY_LOCK: i64 = 0x636f_7465_6a6f;

impl Database {
    /// Nothing is touched yet.
    pub(crate) fn new(location: Location) -> Self {
        Self { location, link: None, exclusive: false, lock: None }
    }

    /// From here on nobody else can serve from it.
    pub(crate) fn claim(&mut self) -> Result<(), StoreError> {
        if let (Location::File(path), None) = (&self.location, &self.lock) {
            let beside = path.with_added_extension("lock");
            let unavailable = |error: std::io::Error| StoreError::Unavailable(error.to_string());
            let file = private(&beside).map_err(unavailable)?;
            match file.try_lock() {
                Ok(()) => self.lock = Some(file),
                Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            }
        }
        self.exclusive = true;
        self.link = None;
        self.link().map(drop)
    }

    /// Begins a step that changes something.
    pub(crate) fn step(&mut self) -> Result<Step<'_>, StoreError> {
        self.link()?;
        let mut step = Step { database: self, settled: false };
        step.begin()?;
        Ok(step)
    }

    /// From here on everything is read as it is now, until the connection ends.
    pub(crate) fn snapshot(&mut self) -> Result<(), StoreError> {
        self.link()?;
        let begin = match self.link {
            Some(Link::Postgres(_)) => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            _ => "BEGIN",
        };
        self.execute(begin, &[]).map(drop)
    }

    /// Reads, outside any step.
    pub(crate) fn read(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.link()?;
        self.query(sql, values)
    }

    fn link(&mut self) -> Result<&mut Link, StoreError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => connect(&self.location, self.exclusive)?,
        };
        Ok(self.link.insert(link))
    }

    /// What an error leaves behind is not known: the next use connects anew.
    fn settle<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.inspect_err(|error| {
            if matches!(error, StoreError::Unavailable(_) | StoreError::ReadOnly(_) | StoreError::Full) {
                self.link = None;
            }
        })
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.link {
            None => Err(StoreError::Unavailable("the connection was lost".to_owned())),
            Some(Link::Sqlite(link)) => sqlite_rows(link, sql, values),
            Some(Link::Postgres(link)) => postgres_rows(link, sql, values),
        };
        self.settle(rows)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let changed = match &mut self.link {
            None => Err(StoreError::Unavailable("the connection was lost".to_owned())),
            Some(Link::Sqlite(link)) => link
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
                .map(|changed| changed as u64)
                .map_err(StoreError::from),
            Some(Link::Postgres(link)) => {
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
                link.execute(&numbered(sql), &values).map_err(StoreError::from)
            }
        };
        self.settle(changed)
    }
}

/// PostgreSQL's parameters begin with a dollar.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

fn sqlite_rows(link: &rusqlite::Connection, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    use rusqlite::types::ValueRef;
    let mut statement = link.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let value = |column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Text(text) => {
                    Value::Text(String::from_utf8(text.to_vec()).map_err(|_| StoreError::Damaged("text"))?)
                }
                ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                ValueRef::Real(_) => return Err(StoreError::Damaged("number")),
            })
        };
        found.push(Row((0..columns).map(value).collect::<Result<Vec<_>, StoreError>>()?.into_iter()));
    }
    Ok(found)
}

fn postgres_rows(link: &mut postgres::Client, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let rows = link.query(&numbered(sql), &values)?;
    let row = |row: &postgres::Row| {
        let value = |(column, named): (usize, &postgres::Column)| {
            Ok(match *named.type_() {
                Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map_or(Value::Null, Value::Int),
                Type::TEXT => row.try_get::<_, Option<String>>(column)?.map_or(Value::Null, Value::Text),
                Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Value::Null, Value::Bytes),
                _ => return Err(StoreError::Damaged("column")),
            })
        };
        let values = row.columns().iter().enumerate().map(value).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Row(values.into_iter()))
    };
    rows.iter().map(row).collect()
}

fn connect(location: &Location, exclusive: bool) -> Result<Link, StoreError> {
    match location {
        Location::File(path) => {
            // Its owner's alone from the first moment, and with it the files that SQLite puts beside it.
            drop(private(path).map_err(|error| StoreError::Unavailable(error.to_string()))?);
            let link = rusqlite::Connection::open(path)?;
            link.busy_timeout(PATIENCE)?;
            // A step is on the disk when it is done, and what is deleted is overwritten.
            link.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
            Ok(Link::Sqlite(link))
        }
        Location::Server(config) => {
            let mut config = (**config).clone();
            config.connect_timeout(PATIENCE).application_name("cotejo");
            let mut link = match config.get_ssl_mode() {
                postgres::config::SslMode::Require => config.connect(tls()?)?,
                _ => config.connect(postgres::NoTls)?,
            };
            let patience = PATIENCE.as_millis();
            link.batch_execute(&format!("SET lock_timeout = {patience}; SET client_min_messages = warning"))?;
            if exclusive && !link.query_one("SELECT pg_try_advisory_lock($1)", &[&ADVISORY_LOCK])?.get::<_, bool>(0) {
                return Err(StoreError::InUse);
            }
            Ok(Link::Postgres(link))
        }
    }
}

/// TLS to a database server: its certificate must be by an authority of the file that `SSL_CERT_FILE` names, or of the system's.
fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, StoreError> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let path = std::env::var_os("SSL_CERT_FILE").unwrap_or_else(|| "/etc/ssl/certs/ca-certificates.crt".into());
    let unusable = || StoreError::Tls(format!("no usable certificates in {}", path.display()));
    let mut roots = rustls::RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(&path).map_err(|_| unusable())?;
    roots.add_parsable_certificates(certificates.filter_map(Result::ok));
    if roots.is_empty() {
        return Err(unusable());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| unusable())?.with_root_certificates(roots).with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// Opens a file of its owner's alone, and makes it where there is none.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Several statements that happen together, or not at all: where it is dropped before [`Step::commit`], nothing has happened.
pub(crate) struct Step<'a> {
    database: &'a mut Database,
    settled: bool,
}

impl Step<'_> {
    fn begin(&mut self) -> Result<(), StoreError> {
        match &mut self.database.link {
            // At once, so that no two steps read the same head of the log.
            Some(Link::Sqlite(_)) => self.database.execute("BEGIN IMMEDIATE", &[]).map(drop),
            _ => self.database.execute("BEGIN", &[]).map(drop),
        }
    }

    /// One step at a time, whoever takes it: also where two processes do.
    pub(crate) fn alone(&mut self) -> Result<(), StoreError> {
        match &mut self.database.link {
            Some(Link::Postgres(_)) => self.execute("LOCK TABLE about IN EXCLUSIVE MODE", &[]).map(drop),
            _ => Ok(()),
        }
    }

    /// The rows that a statement finds.
    pub(crate) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.database.query(sql, values)
    }

    /// Reads one row, if there is one.
    pub(crate) fn row(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Changes; says how many rows.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.database.execute(sql, values)
    }

    /// It happened. Where this fails, whether it did is not known: ask again.
    pub(crate) fn commit(mut self) -> Result<(), StoreError> {
        self.settled = true;
        let done = self.database.execute("COMMIT", &[]);
        if done.is_err() {
            self.database.link = None;
        }
        done.map(drop)
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.settled && self.database.execute("ROLLBACK", &[]).is_err() {
            // Closing the connection rolls back as well.
            self.database.link = None;
        }
    }
}
