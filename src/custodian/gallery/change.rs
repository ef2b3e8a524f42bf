//! Changes of a gallery: what is to be appended to its file, and the file anew without those who were removed.

use std::io::{ErrorKind, Write};

use super::enrolment::{Batch, eye_code, in_memory};
use super::format::{self, Head, LINK_BYTES, Link, Purpose};
use super::writer::SegmentWriter;
use super::{Damage, Gallery, RefusedRecord};
use crate::functional::Reference;
use crate::scheme::{Progress, Stopped};
use crate::template::{Record, SubjectId};

/// A segment to be appended to a gallery's file. Holds biometric data in the clear.
///
/// Whoever writes it must have the file for itself, put `body` at byte `at` (anything there is what an interrupted append has left),
/// bring it to the disk, and only then put `commit` behind it: until the commit is whole the gallery opens as before.
pub struct Change {
    /// Where it begins, in bytes of the file.
    pub at: u64,
    /// All but the commit.
    pub body: Vec<u8>,
    /// What makes it count.
    pub commit: [u8; LINK_BYTES],
}

/// What appending made of a set of records.
pub struct Appended {
    /// What is to be written; none if every record was refused.
    pub change: Option<Change>,
    /// Subjects that were not enrolled before.
    pub new_subjects: usize,
    /// Subjects that were, and have further references now.
    pub earlier_subjects: usize,
    /// References of both.
    pub references: usize,
    /// The others, each with its reason.
    pub refused: Vec<RefusedRecord>,
}

/// Subjects that are to be removed, but are not enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSubjects(pub Vec<SubjectId>);

/// Why a gallery is not written anew, or not found to be whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// The gallery itself.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The place it is written to.
    #[error("cannot be written: {0}")]
    Unwritable(ErrorKind),
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl Gallery {
    /// Enrolls further records. Records of an id that is enrolled are further references of that subject, within the
    /// agreement's limit and eye rule for the subject as a whole; where they would break them, all of that id's new records are refused.
    pub fn append(&self, records: impl IntoIterator<Item = Record>) -> Appended {
        let (batch, refused) = Batch::collect(&self.agreement, Some(&self.file), records);
        let (new_subjects, earlier_subjects, references) = batch.counts();
        let change = (!batch.is_empty()).then(|| self.change(batch.to_segment(&self.file.link, self.file.layout)));
        Appended { change, new_subjects, earlier_subjects, references, refused }
    }

    /// Removes subjects, each with all its references. Their data stay in the file until [`Gallery::compact`] writes it anew.
    ///
    /// # Errors
    ///
    /// [`UnknownSubjects`] with all ids that are not enrolled.
    pub fn remove(&self, ids: &[SubjectId]) -> Result<Option<Change>, UnknownSubjects> {
        let (mut numbers, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.file.number_of(id) {
                Some(number) => numbers.push(number),
                None => unknown.push(id.clone()),
            }
        }
        if !unknown.is_empty() {
            return Err(UnknownSubjects(unknown));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let head = Head {
            purpose: Purpose::Removals,
            new_subjects: 0,
            earlier_subjects: numbers.len() as u32,
            references: 0,
            id_bytes: 0,
        };
        let segment = |numbers: &[u32]| {
            in_memory(head, &self.file.link, self.file.layout, |writer| {
                numbers.iter().for_each(|&number| writer.entry(number, 0));
            })
        };
        Ok((!numbers.is_empty()).then(|| self.change(segment(&numbers))))
    }

    fn change(&self, (body, commit): (Vec<u8>, Link)) -> Change {
        Change { at: self.file.end as u64, body, commit }
    }

    /// Checks and decodes every reference; `progress` counts them.
    ///
    /// # Errors
    ///
    /// [`RewriteError`] for a gallery that is damaged, or when `progress` asks to stop.
    pub(crate) fn verify(&self, progress: &dyn Progress) -> Result<(), RewriteError> {
        self.compact(&mut std::io::sink(), progress)
    }

    /// Writes the gallery anew: those who are enrolled, and nothing of those who were removed. Every reference is checked and decoded on
    /// the way; `progress` counts references.
    ///
    /// Memory: 32 bytes for each 64 KiB of references.
    ///
    /// # Errors
    ///
    /// [`RewriteError`] for a gallery that is damaged, a stream that fails, or when `progress` asks to stop.
    pub fn compact(&self, out: &mut dyn Write, progress: &dyn Progress) -> Result<(), RewriteError> {
        let unwritable = |error: std::io::Error| RewriteError::Unwritable(error.kind());
        let header = format::header(&self.agreement, format::salt(self.file.bytes()));
        out.write_all(&header).map_err(unwritable)?;
        let Some(link) = header.last_chunk().filter(|_| !self.is_empty()) else { return Ok(()) };
        let numbers = || (0..self.len()).filter_map(|position| self.file.number(position));
        let id = |number| self.file.id_of(number).ok_or(self.file.inadmissible());
        let head = Head {
            purpose: Purpose::References,
            new_subjects: self.len() as u32,
            earlier_subjects: 0,
            references: self.references() as u32,
            id_bytes: numbers().map(|number| Ok(id(number)?.len() as u64)).sum::<Result<_, Damage>>()?,
        };
        let mut writer = SegmentWriter::begin(out, head, link, self.file.layout);
        let (mut id_end, mut reference_end) = (0, 0);
        for number in numbers() {
            id_end += id(number)?.len() as u32;
            reference_end += self.file.reference_count(number) as u32;
            writer.entry(id_end, reference_end);
        }
        numbers().flat_map(|number| self.file.eyes(number)).for_each(|eye| writer.table(&[eye_code(eye)]));
        for number in numbers() {
            writer.table(id(number)?.as_bytes());
        }
        for stored in numbers().flat_map(|number| self.file.records(number)) {
            let (_, record) = stored?;
            Reference::from_bytes(self.agreement.functional(), record).ok_or(self.file.inadmissible())?;
            writer.record(record);
            progress.advance(1);
            if progress.stop() {
                return Err(Stopped.into());
            }
            if writer.has_failed() {
                break;
            }
        }
        let commit = writer.finish().map_err(unwritable)?;
        out.write_all(&commit).map_err(unwritable)
    }
}
