//! Two databases behind one narrow door: statements with numbered parameters, rows of values, steps.

use std::fs::File;
use std::sync::Arc;

use postgres::types::{ToSql, Type};

use super::serving::{self, Claim, Heart, Pulse};
use super::session::{self, PATIENCE};
use super::values::{Row, Value};
use super::{Location, StoreError, sqlite};

enum Link {
    Sqlite(rusqlite::Connection),
    /// Of a file that is not changed.
    Reading(sqlite::Reading),
    Postgres(postgres::Client),
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// To be changed.
    Changing,
    /// Nothing of it is changed.
    ReadOnly,
}

/// A database, connected when it is needed.
pub(crate) struct Database {
    location: Location,
    link: Option<Link>,
    access: Access,
    /// Whether it was there when it was opened: then none is made in its place.
    existing: bool,
    /// Whether all that is read is of one moment.
    snapshot: bool,
    /// Whether it was closed for good.
    closed: bool,
    /// Whether the journal of an SQLite file may hold what was deleted.
    untidy: bool,
    /// The lock on an SQLite file, as long as we serve. Below the connection: closing it before would drop SQLite's own locks.
    lock: Option<File>,
    /// The right to serve from a PostgreSQL database.
    claim: Option<Claim>,
}

/// A file that is only read is read anew so often where it changes meanwhile.
const TRIES: usize = 100;

impl Database {
    /// Nothing is touched yet.
    pub(crate) fn new(location: Location) -> Self {
        Self {
            location,
            link: None,
            access: Access::Changing,
            existing: false,
            snapshot: false,
            closed: false,
            untidy: false,
            lock: None,
            claim: None,
        }
    }

    /// Only to be read: nothing of it will be changed.
    pub(crate) fn read_only(location: Location) -> Self {
        Self { access: Access::ReadOnly, ..Self::new(location) }
    }

    /// The file that it is in, if it is in one.
    pub(crate) fn file(&self) -> Option<std::path::PathBuf> {
        match &self.location {
            Location::File(path) => Some(path.clone()),
            _ => None,
        }
    }

    /// Whether there is a file that could be one; of a server that is not known yet. Nothing is made.
    pub(crate) fn is_there(&self) -> bool {
        match &self.location {
            Location::File(path) => path.metadata().is_ok_and(|found| found.len() > 0),
            Location::Server(_) => true,
        }
    }

    /// From here on none is made in its place.
    pub(crate) fn exists(&mut self) {
        self.existing = true;
    }

    /// Whether the file that we have locked is still the one of its name. What has lost its name can be written to, and nobody would
    /// find it again.
    fn is_in_place(&self) -> Result<(), StoreError> {
        match (&self.location, &self.lock) {
            (Location::File(path), Some(lock)) if !sqlite::is_at(lock, path) => Err(StoreError::Gone),
            _ => Ok(()),
        }
    }

    /// Whether we may still serve from it, if ever.
    ///
    /// # Errors
    ///
    /// [`StoreError::Gone`] where the file is not the one of its name, [`StoreError::TakenOver`] where another server has begun.
    pub(crate) fn check_claim(&mut self) -> Result<(), StoreError> {
        self.is_in_place()?;
        self.holds_term()
    }

    /// Whether the term that we serve for, if for one, is not over.
    fn holds_term(&mut self) -> Result<(), StoreError> {
        self.on_a_server(|link, claim| claim.map_or(Ok(()), |claim| claim.check(link)))
    }

    /// Does something that concerns a PostgreSQL server alone; nothing in an SQLite file, whose lock tells all.
    fn on_a_server<T: Default>(
        &mut self,
        work: impl FnOnce(&mut postgres::Client, Option<&Claim>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.link()?;
        let done = match &mut self.link {
            Some(Link::Postgres(link)) => work(link, self.claim.as_ref()),
            _ => Ok(T::default()),
        };
        self.settle(done)
    }

    /// From here on nobody else can serve from it.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] where somebody does.
    pub(crate) fn claim(&mut self) -> Result<(), StoreError> {
        if self.lock.is_some() || self.claim.is_some() {
            return self.check_claim();
        }
        if let Location::File(path) = &self.location {
            self.link = None;
            self.lock = Some(sqlite::lock(path)?);
        }
        let mut beating = Self::new(self.location.clone());
        let Link::Postgres(link) = self.link()? else { return Ok(()) };
        let claim = Claim::take(link, move |term| beating.on_a_server(|link, _| serving::beat(link, term)));
        if claim.is_err() {
            // Whatever it holds of the lock goes with the session.
            self.link = None;
        }
        self.claim = Some(claim?);
        Ok(())
    }

    /// From here on it is not used any more, whoever still could: its files are as they are when nobody has it open.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        (self.link, self.claim) = (None, None);
    }

    /// Somebody else can serve from it again.
    pub(crate) fn release(&mut self) {
        self.link = None;
        (self.lock, self.claim) = (None, None);
    }

    /// What beats for us, where it is of a PostgreSQL server and we serve from it.
    pub(crate) fn heart(&self) -> Option<Arc<Heart>> {
        self.claim.as_ref().map(|claim| Arc::clone(claim.heart()))
    }

    /// What whoever serves from it has shown: see [`serving`]. None of an SQLite file, where its lock tells all.
    pub(crate) fn pulse(&mut self) -> Result<Option<Pulse>, StoreError> {
        self.on_a_server(|link, _| serving::pulse(link))
    }

    /// Ends the session of whoever serves from it, and has shown this last.
    pub(crate) fn depose(&mut self, last: &Pulse) -> Result<(), StoreError> {
        self.on_a_server(|link, _| serving::depose(link, last))
    }

    /// What steps have deleted leaves the journal of an SQLite file, and is overwritten in the file itself. Where somebody reads just now
    /// it stays until the next time.
    pub(crate) fn tidy(&mut self) -> Result<(), StoreError> {
        let Some(Link::Sqlite(link)) = self.link.as_ref().filter(|_| self.untidy) else { return Ok(()) };
        let emptied = sqlite::empty_journal(link, PATIENCE);
        self.untidy = !self.settle(emptied)?;
        Ok(())
    }

    /// Begins a step that changes something.
    pub(crate) fn step(&mut self) -> Result<Step<'_>, StoreError> {
        self.is_in_place()?;
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
        self.execute(begin, &[])?;
        self.snapshot = true;
        Ok(())
    }

    /// Names of a table's columns.
    pub(crate) fn columns(&mut self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = match &self.location {
            Location::File(_) => "SELECT name FROM pragma_table_info(?1) ORDER BY cid",
            Location::Server(_) => {
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = ?1 ORDER BY ordinal_position"
            }
        };
        self.read(sql, &[table.into()])?.into_iter().map(|mut row| row.text()).collect()
    }

    /// Reads, outside any step.
    pub(crate) fn read(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        for _ in 0..TRIES {
            self.link()?;
            let rows = self.query(sql, values);
            match (&self.link, &self.location) {
                (Some(Link::Reading(reading)), Location::File(path)) if !reading.is_sound(path) => {
                    self.link = None;
                    if self.snapshot {
                        break;
                    }
                }
                _ => return rows,
            }
        }
        Err(StoreError::Unavailable("it was changed while it was read".to_owned()))
    }

    fn link(&mut self) -> Result<&mut Link, StoreError> {
        let link = match self.link.take() {
            Some(link) => link,
            None if self.closed => return Err(StoreError::Unavailable("the server has ended".to_owned())),
            None if self.snapshot => {
                return Err(StoreError::Unavailable("it was changed while it was read".to_owned()));
            }
            None if self.existing && !self.is_there() => return Err(StoreError::Gone),
            None => {
                // Whoever waits for it does not wait longer.
                self.claim.as_ref().map_or(Ok(()), |claim| claim.heart().check())?;
                let mut link = connect(&self.location, self.access)?;
                if let (Link::Postgres(link), Some(claim)) = (&mut link, &mut self.claim) {
                    claim.resume(link)?;
                }
                link
            }
        };
        Ok(self.link.insert(link))
    }

    /// What an error leaves behind is not known: the next use connects anew.
    fn settle<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let (Ok(_), Some(claim)) = (&result, &self.claim) {
            claim.heart().succeeded();
        }
        result.inspect_err(|error| {
            if matches!(error, StoreError::Unavailable(_) | StoreError::ReadOnly(_) | StoreError::Full) {
                self.link = None;
            }
        })
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = match &mut self.link {
            None => Err(StoreError::Unavailable("the connection was lost".to_owned())),
            Some(Link::Sqlite(link) | Link::Reading(sqlite::Reading { link, .. })) => sqlite_rows(link, sql, values),
            Some(Link::Postgres(link)) => postgres_rows(link, sql, values),
        };
        self.settle(rows)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let changed = match &mut self.link {
            None => Err(StoreError::Unavailable("the connection was lost".to_owned())),
            Some(Link::Sqlite(link) | Link::Reading(sqlite::Reading { link, .. })) => link
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
        found.push(Row::of((0..columns).map(value).collect::<Result<Vec<_>, StoreError>>()?));
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
        Ok(Row::of(values))
    };
    rows.iter().map(row).collect()
}

fn connect(location: &Location, access: Access) -> Result<Link, StoreError> {
    match location {
        Location::File(path) if access == Access::ReadOnly => sqlite::Reading::open(path).map(Link::Reading),
        Location::File(path) => sqlite::open(path, PATIENCE).map(Link::Sqlite),
        Location::Server(config) => {
            let mut link = session::open(config)?;
            if access == Access::ReadOnly {
                link.batch_execute("SET default_transaction_read_only = on")?;
            }
            Ok(Link::Postgres(link))
        }
    }
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

    /// One step at a time, whoever takes it: also where two processes do. A server whose term is over takes none.
    pub(crate) fn alone(&mut self) -> Result<(), StoreError> {
        if !matches!(self.database.link, Some(Link::Postgres(_))) {
            return Ok(());
        }
        self.execute("LOCK TABLE about IN EXCLUSIVE MODE", &[])?;
        self.database.holds_term()
    }

    /// Names of the tables that there are.
    pub(crate) fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = match &self.database.link {
            Some(Link::Postgres(_)) => {
                "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
        };
        self.query(sql, &[])?.into_iter().map(|mut row| row.text()).collect()
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
        match done {
            Ok(_) => self.database.untidy = true,
            Err(_) => self.database.link = None,
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
