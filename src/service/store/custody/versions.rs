//! Versions of galleries, and what was disclosed of the persons in them.
//!
//! Bits are disclosed of persons, not of version numbers: of whoever was enrolled when an answer was computed. A version *inherits* from
//! the earliest one with which it has anybody in common; what answers from that one on have disclosed counts as disclosed of it.

use std::collections::BTreeMap;

use super::{Custody, PersonKey};
use crate::service::audit::Event;
use crate::service::protocol::GalleryRoot;
use crate::service::signing::Hash;
use crate::service::store::StoreError;
use crate::service::store::entries::page;
use crate::service::store::kept_marks::{digest, marks};
use crate::service::store::logged::LoggedStep;
use crate::service::store::values::Value;
use crate::service::time::Time;

/// A version of a gallery that was not searched before.
pub struct NewVersion<'a> {
    /// Under which agreement.
    pub agreement: &'a Hash,
    /// Names its content: see [`crate::custodian::Gallery::state`].
    pub state: &'a Hash,
    /// Persons enrolled.
    pub subjects: u64,
    /// Marks of each person, made with [`Custody::person_key`].
    pub persons: Vec<Vec<u64>>,
    /// Commits to who is in it: see [`crate::custodian::Gallery::root`].
    pub root: &'a Hash,
}

impl Custody {
    /// What marks of persons are made with.
    pub fn person_key(&self) -> PersonKey {
        self.persons.clone()
    }

    /// The gallery's last version, if it has this content, it is known who is in it, and the log commits to that.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn known_version(&mut self, agreement: &Hash, state: &Hash) -> Result<Option<GalleryRoot>, StoreError> {
        self.journal.step(|step| {
            let sql =
                "SELECT version, state, inherits FROM galleries WHERE agreement = ?1 ORDER BY version DESC LIMIT 1";
            let Some(mut row) = step.row(sql, &[agreement.into()])? else { return Ok(None) };
            let (version, kept, inherits): (u64, Hash, _) = (row.count()?, row.parsed()?, row.maybe_int()?);
            if kept != *state || inherits.is_none() {
                return Ok(None);
            }
            let told = told(step, agreement)?.filter(|told| told.version == version);
            Ok(told.and_then(|told| told.root).map(|root| GalleryRoot { version, root }))
        })
    }

    /// Whether this was the content of a version before the last, and is not that of the last.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn is_superseded(&mut self, agreement: &Hash, state: &Hash) -> Result<bool, StoreError> {
        let sql = "SELECT CAST(MAX(version) AS BIGINT), CAST(MAX(CASE WHEN state = ?2 THEN version END) AS BIGINT) \
                   FROM galleries WHERE agreement = ?1";
        let found = self.journal.database.read(sql, &[agreement.into(), state.into()])?;
        let Some(mut row) = found.into_iter().next() else { return Ok(false) };
        let (last, of_this) = (row.maybe_int()?, row.maybe_int()?);
        Ok(of_this.is_some() && of_this < last)
    }

    /// The content of the last version, if there is any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn searched_last(&mut self, agreement: &Hash) -> Result<Option<Hash>, StoreError> {
        let sql = "SELECT state FROM galleries WHERE agreement = ?1 ORDER BY version DESC LIMIT 1";
        let found = self.journal.database.read(sql, &[agreement.into()])?;
        found.into_iter().next().map(|mut row| row.parsed()).transpose()
    }

    /// Gives a gallery's new content the next number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept.
    pub(crate) fn new_version(&mut self, new: NewVersion<'_>, now: Time) -> Result<GalleryRoot, StoreError> {
        let NewVersion { agreement, state, subjects, persons, root } = new;
        self.journal.step(|step| {
            let sql = "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM galleries WHERE agreement = ?1";
            let last = step.row(sql, &[agreement.into()])?.map_or(Ok(0), |mut row| row.count())?;
            let version = last.saturating_add(1);
            let (inherits, persons) = earliest(step, agreement, version, &persons)?;
            let time = step.time(now)?;
            let sql = "INSERT INTO galleries (agreement, version, state, subjects, since, inherits) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let values =
                [agreement.into(), version.into(), state.into(), subjects.into(), time.into(), inherits.into()];
            step.execute(sql, &values)?;
            let (agreement, state, inherits, persons) = (*agreement, *state, Some(inherits), Some(persons));
            let root = *root;
            step.log(
                Event::Gallery { agreement, version, state, subjects, inherits, persons, root: Some(root) },
                time,
            )?;
            Ok(GalleryRoot { version, root })
        })
    }
}

/// What the log tells of the last version.
struct Told {
    version: u64,
    /// Names the marks that are kept.
    persons: Option<Hash>,
    /// Commits to who is in it.
    root: Option<Hash>,
}

fn told(step: &mut LoggedStep<'_, '_>, agreement: &Hash) -> Result<Option<Told>, StoreError> {
    let sql = "SELECT number FROM log WHERE content LIKE ?1 ORDER BY number DESC LIMIT 1";
    let beginning = format!("%\"kind\":\"gallery\",\"agreement\":\"{agreement}\"%");
    let Some(mut row) = step.row(sql, &[beginning.into()])? else { return Ok(None) };
    let number = row.count()?;
    let entry = page(step, number, number)?.into_iter().next().ok_or(StoreError::Damaged("log entry"))?;
    match entry.event() {
        Ok(Some(Event::Gallery { version, persons, root, .. })) => Ok(Some(Told { version, persons, root })),
        _ => Err(StoreError::Damaged("log entry")),
    }
}

/// The earliest version in which any of these persons was, or this one; and what the log is to tell of the marks that are kept. Marks that
/// a person did not have before are kept with its earliest version: whoever got another name, and then another sample, is still the same.
fn earliest(
    step: &mut LoggedStep<'_, '_>,
    agreement: &Hash,
    version: u64,
    persons: &[Vec<u64>],
) -> Result<(u64, Hash), StoreError> {
    let sql = "SELECT version, marks FROM persons WHERE agreement = ?1";
    let mut kept = marks(step.query(sql, &[agreement.into()])?)?;
    // Whoever takes marks away would have bits disclosed anew.
    let told = told(step, agreement)?.and_then(|told| told.persons);
    if told.is_some_and(|told| told != digest(&kept)) {
        return Err(StoreError::Damaged("table of persons"));
    }
    let marks_of = |(&of, bytes): (&u64, &Vec<u8>)| -> Vec<(u64, u64)> {
        bytes.as_chunks().0.iter().map(|mark| (u64::from_le_bytes(*mark), of)).collect()
    };
    // By mark, then by version: the first of a mark is its earliest.
    let mut known: Vec<(u64, u64)> = kept.iter().flat_map(marks_of).collect();
    known.sort_unstable();
    let version_of = |mark: u64| match known.get(known.partition_point(|(other, _)| *other < mark)) {
        Some(&(found, of)) if found == mark => of,
        _ => u64::MAX,
    };
    let mut earliest = version;
    let mut new: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for person in persons {
        let first = person.iter().map(|mark| version_of(*mark)).min().unwrap_or(version).min(version);
        earliest = earliest.min(first);
        let later = person.iter().filter(|mark| version_of(**mark) > first);
        new.entry(first).or_default().extend(later.flat_map(|mark| mark.to_le_bytes()));
    }
    for (of, new) in new.into_iter().filter(|(_, new)| !new.is_empty()) {
        let marks = kept.entry(of).or_default();
        marks.extend(new);
        let sql = "INSERT INTO persons (agreement, version, marks) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (agreement, version) DO UPDATE SET marks = ?3";
        step.execute(sql, &[agreement.into(), of.into(), marks.as_slice().into()])?;
    }
    // Of versions that an earlier program has numbered nobody knows who was in them: they may have been the same.
    let sql = "SELECT CAST(MIN(version) AS BIGINT) FROM galleries WHERE agreement = ?1 AND inherits IS NULL";
    let unknown = step.row(sql, &[agreement.into()])?.map(|mut row| row.maybe_int()).transpose()?.flatten();
    let unknown = unknown.and_then(|unknown| u64::try_from(unknown).ok());
    Ok((unknown.map_or(earliest, |unknown| unknown.min(earliest)), digest(&kept)))
}

/// Bits that answers have disclosed of persons who are in this version.
pub(super) fn leaked(step: &mut LoggedStep<'_, '_>, of_requester: &[Value], gallery: u64) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(bits), 0) AS BIGINT) FROM leaked \
               WHERE requester = ?1 AND agreement = ?2 AND gallery <= ?3 AND gallery >= \
               COALESCE((SELECT inherits FROM galleries WHERE galleries.agreement = ?2 AND version = ?3), 1)";
    let row = step.row(sql, &[of_requester, &[gallery.into()]].concat())?;
    row.map_or(Ok(0), |mut row| row.count())
}
