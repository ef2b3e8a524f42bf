//! Requests from the latest on, and how many there are: for people who look at them.

use super::Outbox;
use super::request::{LISTED, ListedRequest, listed};
use crate::service::store::StoreError;

/// How many requests there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All that are kept.
    pub requests: u64,
    /// Those that are neither done nor abandoned.
    pub unfinished: u64,
    /// Those whose verdicts can be told.
    pub with_verdicts: u64,
}

impl Outbox {
    /// So many requests, the latest first; where a `sequence` is given, of those before it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn page(&mut self, before: Option<u64>, limit: u64) -> Result<Vec<ListedRequest>, StoreError> {
        let sql = format!("SELECT {LISTED} FROM requests WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2");
        let rows = self.journal.database.read(&sql, &[before.unwrap_or(u64::MAX).into(), limit.into()])?;
        rows.into_iter().map(listed).collect()
    }

    /// How many requests there are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be counted.
    pub fn totals(&mut self) -> Result<Totals, StoreError> {
        // Apart from each other: each counts by what is at hand.
        let sql = "SELECT (SELECT COUNT(*) FROM requests), \
                   (SELECT COUNT(*) FROM requests WHERE stage NOT IN ('done', 'abandoned')), \
                   (SELECT COUNT(*) FROM requests WHERE verdicts IS NOT NULL)";
        let rows = self.journal.database.read(sql, &[])?;
        let totals = |mut row: crate::service::store::values::Row| {
            Ok(Totals { requests: row.count()?, unfinished: row.count()?, with_verdicts: row.count()? })
        };
        rows.into_iter().next().map_or(Ok(Totals::default()), totals)
    }
}
