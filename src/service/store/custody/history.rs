//! Versions that a gallery has had, from the latest on: for people who look at them.

use std::collections::BTreeMap;

use super::Custody;
use crate::service::audit::Event;
use crate::service::signing::Hash;
use crate::service::store::StoreError;
use crate::service::store::entries::of_times;
use crate::service::time::Time;

/// A version of a gallery, as a list shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GalleryVersionRow {
    /// Counted from 1.
    pub version: u64,
    /// Persons enrolled.
    pub subjects: u64,
    /// Searched from then on.
    pub since: Time,
    /// Commits to who is in it: see [`crate::membership::Root`]. None where the log does not tell it.
    pub root: Option<Hash>,
}

/// Versions that are listed at a time, at most.
const LISTED: u64 = 100;

impl Custody {
    /// So many versions of a gallery, at most 100, the latest first; where a version is given, of those before it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where they cannot be read.
    pub fn versions(
        &mut self,
        agreement: &Hash,
        before: Option<u64>,
        limit: u64,
    ) -> Result<Vec<GalleryVersionRow>, StoreError> {
        let sql = "SELECT version, subjects, since FROM galleries WHERE agreement = ?1 AND version < ?2 \
                   ORDER BY version DESC LIMIT ?3";
        let values = [agreement.into(), before.unwrap_or(u64::MAX).into(), limit.min(LISTED).into()];
        let mut rows = self.journal.database.read(sql, &values)?;
        let listed = rows.iter_mut().map(|row| Ok((row.count()?, row.count()?, row.time()?)));
        let listed = listed.collect::<Result<Vec<(u64, u64, Time)>, StoreError>>()?;
        let times: Vec<Time> = listed.iter().map(|(_, _, since)| *since).collect();
        let roots = self.roots(agreement, &times)?;
        let row = |(version, subjects, since)| {
            let root = roots.get(&version).copied();
            GalleryVersionRow { version, subjects, since, root }
        };
        Ok(listed.into_iter().map(row).collect())
    }

    /// What the log tells of versions that were new at these times.
    fn roots(&mut self, agreement: &Hash, times: &[Time]) -> Result<BTreeMap<u64, Hash>, StoreError> {
        let beginning = format!("%\"kind\":\"gallery\",\"agreement\":\"{agreement}\"%");
        let entries = of_times(&mut self.journal.database, times, &beginning)?;
        let root = |event| match event {
            Event::Gallery { version, root: Some(root), agreement: of, .. } if of == *agreement => {
                Some((version, root))
            }
            _ => None,
        };
        let events = entries.iter().filter_map(|entry| entry.event().transpose());
        let roots = events.filter_map(|event| event.map(root).transpose()).collect::<Result<_, _>>();
        roots.map_err(|_| StoreError::Damaged("log entry"))
    }
}
