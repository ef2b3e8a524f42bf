//! Evaluation keys that requesters have left.

use super::Custody;
use crate::agreement::Code;
use crate::service::audit::Event;
use crate::service::signing::{Hash, Name};
use crate::service::store::StoreError;
use crate::service::store::values::Row;
use crate::service::time::Time;

/// A key that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Refused from then on.
    pub until: Time,
    /// Whether it was admitted just now, not earlier.
    pub new: bool,
}

/// A key that a requester has left, as a list shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInUse {
    /// Names it.
    pub id: Name,
    /// When it was admitted.
    pub admitted: Time,
    /// Refused from then on.
    pub until: Time,
    /// Whether it is refused by now.
    pub expired: bool,
}

/// Keys that a requester may have in use at a time under one agreement: enough to rotate, too few to fill a disk.
pub const KEYS_LIMIT: u64 = 8;

impl Custody {
    /// Keeps a requester's key, which was read and found sound, for `days`. The same key again stays as it is, and does not live longer.
    /// None where [`KEYS_LIMIT`] others are in use.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub fn admit_key(
        &mut self,
        requester: &Code,
        agreement: &Hash,
        id: &Name,
        content: &[u8],
        days: u32,
        now: Time,
    ) -> Result<Option<Admitted>, StoreError> {
        if let Some(admitted) = self.key(requester, agreement, id)? {
            return Ok(Some(admitted));
        }
        self.journal.step(|step| {
            let now = step.time(now)?;
            let until = now.plus_days(days);
            // One that a clock of the future has admitted is not used.
            let sql =
                "SELECT COUNT(*) FROM keys WHERE requester = ?1 AND agreement = ?2 AND until > ?3 AND until <= ?4";
            let in_use = step.row(sql, &[requester.into(), agreement.into(), now.into(), until.into()])?;
            if in_use.map_or(Ok(0), |mut row| row.count())? >= KEYS_LIMIT {
                return Ok(None);
            }
            let sql = "INSERT INTO keys (requester, agreement, id, content, until) VALUES (?1, ?2, ?3, ?4, ?5) \
                       ON CONFLICT (requester, agreement, id) DO NOTHING";
            let new =
                step.execute(sql, &[requester.into(), agreement.into(), id.into(), content.into(), until.into()])? > 0;
            if new {
                let (requester, agreement, key) = (requester.clone(), *agreement, *id);
                step.log(Event::KeyAdmitted { requester, agreement, key, until }, now)?;
            }
            Ok(Some(Admitted { until, new }))
        })
    }

    /// A key that was admitted, if it was: also one that has run out, so that it is not admitted again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn key(
        &mut self,
        requester: &Code,
        agreement: &Hash,
        id: &Name,
    ) -> Result<Option<Admitted>, StoreError> {
        let sql = "SELECT until FROM keys WHERE requester = ?1 AND agreement = ?2 AND id = ?3";
        let rows = self.journal.database.read(sql, &[requester.into(), agreement.into(), id.into()])?;
        let until = rows.into_iter().next().map(|mut row| row.time()).transpose()?;
        Ok(until.map(|until| Admitted { until, new: false }))
    }

    /// The keys that a requester has left under an agreement, by which keys last `days`: also those that have run out and are still known.
    /// The last to run out first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn keys_in_use(
        &mut self,
        requester: &Code,
        agreement: &Hash,
        days: u32,
        now: Time,
    ) -> Result<Vec<KeyInUse>, StoreError> {
        let sql = "SELECT id, until FROM keys WHERE requester = ?1 AND agreement = ?2 ORDER BY until DESC, id";
        let rows = self.journal.database.read(sql, &[requester.into(), agreement.into()])?;
        let key = |mut row: Row| {
            let (id, until) = (row.parsed()?, row.time()?);
            Ok(KeyInUse { id, admitted: until.minus_days(days), until, expired: until <= now })
        };
        rows.into_iter().map(key).collect()
    }

    /// The bytes of a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub(crate) fn key_content(
        &mut self,
        requester: &Code,
        agreement: &Hash,
        id: &Name,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT content FROM keys WHERE requester = ?1 AND agreement = ?2 AND id = ?3";
        let rows = self.journal.database.read(sql, &[requester.into(), agreement.into(), id.into()])?;
        rows.into_iter().next().map(|mut row| row.bytes()).transpose()
    }
}
