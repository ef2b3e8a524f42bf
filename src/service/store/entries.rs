//! Entries of a log as they stand in a database.

use super::connection::{Database, Step};
use super::layout::{LAYOUT, SIGNING_KEY, SUCCESSIONS};
use super::values::{Row, Value};
use super::{Location, StoreError, tables};
use crate::service::audit::{Entry, Ledger, Role, Whose};
use crate::service::signing::PublicKey;
use crate::service::time::Time;

/// Entries that are read at a time.
const PAGE: u64 = 1000;

/// Reads a log whose owner's key is not at hand: an auditor's view.
pub(crate) struct LogReader {
    database: Database,
}

impl LogReader {
    /// Of a database that exists, of which nothing is changed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Foreign`] for one that is none of ours.
    pub(crate) fn open(location: Location) -> Result<Self, StoreError> {
        if let Location::File(path) = &location
            && !path.is_file()
        {
            return Err(StoreError::Unavailable(format!("there is no file {}", path.display())));
        }
        let mut database = Database::read_only(location);
        // Entries and tables of one moment, also where it is being served from.
        database.snapshot()?;
        about(&mut database, "layout")?;
        Ok(Self { database })
    }

    /// As [`super::Journal::entries`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn entries(&mut self, from: u64) -> Result<Vec<Entry>, StoreError> {
        entries_from(&mut self.database, from)
    }

    /// What the tables of a custodian's database say was used up; none where an earlier version of the program wrote them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn ledger(&mut self) -> Result<Option<Ledger>, StoreError> {
        match about(&mut self.database, "layout")?.as_str() {
            LAYOUT => tables::ledger(&mut self.database).map(Some),
            _ => Ok(None),
        }
    }

    /// The statements that have led to this key, where it is the one that signs; none where it is not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn introductions(&mut self, key: &PublicKey) -> Result<Option<Vec<String>>, StoreError> {
        if about(&mut self.database, SIGNING_KEY)? != key.to_string() {
            return Ok(None);
        }
        match about(&mut self.database, SUCCESSIONS) {
            Err(StoreError::Foreign) => Ok(None),
            all => all.map(|all| Some(all.lines().map(str::to_owned).collect())),
        }
    }

    /// Whose database it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it does not say.
    pub(crate) fn owner(&mut self) -> Result<Whose, StoreError> {
        let mut said = |name| about(&mut self.database, name);
        let party = said("party")?.parse().map_err(|_| StoreError::Damaged("name"))?;
        match said("role")?.as_str() {
            "custodian" => Ok(Whose { party, role: Role::Custodian }),
            "querier" => Ok(Whose { party, role: Role::Querier }),
            _ => Err(StoreError::Damaged("role")),
        }
    }
}

/// What a database says of itself, to whoever only reads it; [`StoreError::Foreign`] where it says nothing.
pub(super) fn about(database: &mut Database, name: &str) -> Result<String, StoreError> {
    let said = maybe_about(database, name);
    let said = said.map_err(|error| if let StoreError::Refused(_) = error { StoreError::Foreign } else { error })?;
    said.ok_or(StoreError::Foreign)
}

/// The same where it need not say anything.
pub(super) fn maybe_about(database: &mut Database, name: &str) -> Result<Option<String>, StoreError> {
    let rows = database.read("SELECT value FROM about WHERE name = ?1", &[name.into()])?;
    rows.into_iter().next().map(|mut row| row.text()).transpose()
}

const ENTRIES: &str = "SELECT number, time, content, content_digest, hash, signature FROM log \
                       WHERE number >= ?1 AND number <= ?2 ORDER BY number LIMIT ?3";

/// Some of the entries from a number on, in order.
pub(super) fn entries_from(database: &mut Database, from: u64) -> Result<Vec<Entry>, StoreError> {
    read_entries(database.read(ENTRIES, &[from.into(), u64::MAX.into(), PAGE.into()])?)
}

/// Some of the entries from a number to another, in order.
pub(super) fn page(step: &mut Step<'_>, from: u64, through: u64) -> Result<Vec<Entry>, StoreError> {
    read_entries(step.query(ENTRIES, &[from.into(), through.into(), PAGE.into()])?)
}

/// So many of the entries before a number, the latest first.
pub(super) fn latest_before(database: &mut Database, before: u64, limit: u64) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT number, time, content, content_digest, hash, signature FROM log \
               WHERE number < ?1 ORDER BY number DESC LIMIT ?2";
    read_entries(database.read(sql, &[before.into(), limit.into()])?)
}

/// One entry; none where there is none.
pub(super) fn entry(database: &mut Database, number: u64) -> Result<Option<Entry>, StoreError> {
    let entries = read_entries(database.read(ENTRIES, &[number.into(), number.into(), 1_u64.into()])?)?;
    Ok(entries.into_iter().next())
}

/// Entries of these times that tell what is like this.
pub(super) fn of_times(database: &mut Database, times: &[Time], like: &str) -> Result<Vec<Entry>, StoreError> {
    if times.is_empty() {
        return Ok(Vec::new());
    }
    let marks: Vec<String> = (2..).take(times.len()).map(|place| format!("?{place}")).collect();
    let sql = format!(
        "SELECT number, time, content, content_digest, hash, signature FROM log \
         WHERE time IN ({}) AND content LIKE ?1 ORDER BY number",
        marks.join(", ")
    );
    let values: Vec<Value> = [like.into()].into_iter().chain(times.iter().map(|time| (*time).into())).collect();
    read_entries(database.read(&sql, &values)?)
}

/// The two ends of a log.
pub(super) fn first_and_last(step: &mut Step<'_>) -> Result<Vec<Entry>, StoreError> {
    let ends = "SELECT number, time, content, content_digest, hash, signature FROM log \
                WHERE number IN ((SELECT MIN(number) FROM log), (SELECT MAX(number) FROM log))";
    read_entries(step.query(ends, &[])?)
}

fn read_entries(rows: Vec<Row>) -> Result<Vec<Entry>, StoreError> {
    let entry = |mut row: Row| {
        Ok(Entry {
            number: row.count()?,
            time: row.time()?,
            content: row.maybe_text()?,
            content_digest: row.parsed()?,
            hash: row.parsed()?,
            signature: row.parsed()?,
        })
    };
    rows.into_iter().map(entry).collect()
}
