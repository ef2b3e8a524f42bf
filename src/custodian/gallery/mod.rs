//! The gallery: enrolled subjects with their references in the clear, and its file.
//!
//! A gallery is its file, in memory or mapped into it: subjects are decoded when they are asked for, so it need not fit in memory.
//! Changes are segments to be appended ([`Change`]); see `format` for the bytes.

mod batch;
mod beside;
mod change;
mod committed;
mod differences;
mod enrolment;
mod file;
mod format;
mod likely;
mod marks;
mod replacing;
mod restore;
mod segment;
mod shelf;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_handles;
#[cfg(test)]
mod tests_of_replacing;
mod writer;

use std::borrow::Cow;
use std::io::Cursor;

use crate::agreement::Agreement;
use crate::functional::Reference;
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::template::{Eye, Filed, Handle, SubjectId};
use crate::wire::{Expected, GalleryVersion, Kind, WireError};
pub use change::{Change, RewriteError, UnknownSubjects};
pub use differences::{Changed, Differences, DifferencesError};
use enrolment::admit;
pub use enrolment::{Appended, Enrolling, EnrolmentError, RefusalReason, RefusedRecord};
pub use file::GalleryFile;
use format::Layout;
pub use likely::NotEnrolled;
pub(crate) use marks::of_id;
pub use restore::{NotRestored, RestoreError, Restored, Unrestorable};
pub use shelf::Spool;

/// Enrolled subjects, in the order of enrolment, each with all its references. Secret to the custodian.
pub struct Gallery {
    agreement: Opened,
    file: GalleryFile,
}

/// One enrolled person.
pub struct Subject {
    /// Who it is.
    pub id: SubjectId,
    /// The custodian's record handle, where there is one.
    pub handle: Option<Handle>,
    /// The references, each with its eye where the agreement tells them apart; in the order of enrolment.
    pub references: Vec<(Option<Eye>, Reference)>,
}

/// Why a gallery's file is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// Its envelope, as any other file's.
    #[error(transparent)]
    File(#[from] WireError),
    /// Its bytes are not those that were written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Written by another version.
    #[error("this gallery was written by another version of cotejo")]
    Layout,
    /// More than agreed.
    #[error("the gallery has {actual} references where the agreement admits {limit} (limits.references)")]
    TooManyReferences {
        /// References that a gallery may hold, by the agreement.
        limit: usize,
        /// References that the file holds.
        actual: usize,
    },
}

impl Remedy for GalleryError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::File(error) => return error.remedy(),
            Self::Damaged(damage) => return damage.remedy(),
            Self::Layout => "enroll the templates again",
            Self::TooManyReferences { .. } => "remove some, or agree on more and enroll again",
        };
        Some(remedy.into())
    }
}

/// A part of a gallery's file is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gallery is damaged (segment {segment}: {part})")]
pub struct Damage {
    /// Which append, counted from 1.
    pub segment: usize,
    /// Which part of it.
    pub part: &'static str,
}

impl Remedy for Damage {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        Some("restore it from a copy, or enroll the templates again".into())
    }
}

/// What enrolling made of a set of records.
pub struct Enrolment {
    /// The gallery of all records that were not refused; none if all were.
    pub gallery: Option<Gallery>,
    /// The others, each with its reason.
    pub refused: Vec<RefusedRecord>,
}

impl Gallery {
    /// Enrolls records under an agreement, in memory: all of them, or none.
    ///
    /// # Errors
    ///
    /// [`EnrolmentError`] where a record is refused, where there is none, and for terms that the agreement's parameter set does not serve.
    ///
    /// # Security
    ///
    /// As of [`Gallery::enrol`].
    pub fn enroll(
        agreement: &Agreement,
        records: impl IntoIterator<Item = impl Into<Filed>>,
    ) -> Result<Self, EnrolmentError> {
        let Enrolment { gallery, refused } = Self::enrol(&Opened::new(agreement.clone())?, records);
        match (gallery, refused.into_iter().next()) {
            (_, Some(refusal)) => Err(EnrolmentError::Refused(refusal)),
            (Some(gallery), None) => Ok(gallery),
            (None, None) => Err(EnrolmentError::Nobody),
        }
    }

    /// The agreement that it was enrolled under.
    pub fn agreement(&self) -> &Opened {
        &self.agreement
    }

    /// Enrolls records under an agreement, in memory. Records of the same id are references of one subject.
    ///
    /// A subject with a refused record is enrolled with its others; the caller decides whether any refusal is too many.
    ///
    /// Memory: twice the gallery's file, beside the records that are not yet drawn from `records`.
    ///
    /// # Security
    ///
    /// The same records make the same bytes, and versions of the same name: whoever can guess the whole content of such a gallery can tell
    /// from an answer that it is this one. What is answered from is enrolled with [`Gallery::enrol_salted`].
    pub fn enrol(agreement: &Opened, records: impl IntoIterator<Item = impl Into<Filed>>) -> Enrolment {
        Self::enrol_salted(agreement, [0; 12], records)
    }

    /// As [`Gallery::enrol`], with random bytes in the file by which its versions have names that nobody can guess.
    pub fn enrol_salted(
        agreement: &Opened,
        salt: [u8; 12],
        records: impl IntoIterator<Item = impl Into<Filed>>,
    ) -> Enrolment {
        let enrolling = Enrolling::new(agreement, salt, Cursor::new(Vec::new()));
        let Appended { change, refused, .. } = enrolment::collected(enrolling, records);
        let written = change.and_then(|change| change.applied_to(&[]).ok());
        // What was just written is a gallery.
        Enrolment { gallery: written.and_then(|bytes| Self::open(bytes, agreement).ok()), refused }
    }

    /// Reads a gallery's file, or maps it: header and tables, not the references, each of which is checked and decoded when it is first
    /// asked for.
    ///
    /// # Errors
    ///
    /// [`GalleryError`] for anything but a gallery under this agreement, within its limits. Bytes that an interrupted append has left are
    /// no error: see `GalleryFile::ignored_bytes`.
    pub fn open(bytes: impl AsRef<[u8]> + Send + Sync + 'static, agreement: &Opened) -> Result<Self, GalleryError> {
        let (header, layout, _) = format::read_header(bytes.as_ref())?;
        header.check(&Expected { kind: Kind::Gallery, agreement, key: None, limit_bytes: 0 })?;
        if layout != Layout::of(agreement) {
            return Err(GalleryError::Layout);
        }
        let gallery = Self { agreement: agreement.clone(), file: GalleryFile::read(bytes)? };
        let limit = agreement.terms().limits.references;
        match gallery.references() {
            actual if actual > limit => return Err(GalleryError::TooManyReferences { limit, actual }),
            _ => {}
        }
        let mut eyes = Vec::new();
        for number in (0..gallery.len()).filter_map(|index| gallery.file.number(index)) {
            eyes.clear();
            eyes.extend(gallery.file.eyes(number));
            admit(agreement, &eyes).map_err(|_| Damage { segment: 1, part: "eyes" })?;
        }
        Ok(gallery)
    }

    /// The file it was opened from.
    pub fn file(&self) -> &GalleryFile {
        &self.file
    }

    /// The file's content, less what an interrupted append has left. Holds biometric data in the clear: the custodian's alone.
    pub fn as_bytes(&self) -> &[u8] {
        self.file.bytes().get(..self.file.end).unwrap_or_default()
    }

    /// Names this content: another after any change, the same for the same file.
    ///
    /// # Security
    ///
    /// A hash over the whole file: whoever has a copy of the gallery can tell that this is the one, and nobody else learns anything. It
    /// is for the custodian's own log; requesters are told a version number.
    pub fn state(&self) -> [u8; 32] {
        file::state(&self.file.link)
    }

    /// Whether this is the content of a name ([`Gallery::state`]), or has come of it by appending alone: its file knows since it was made or
    /// compacted.
    pub(crate) fn was(&self, state: &[u8; 32]) -> bool {
        self.file.was(state)
    }

    /// Names this content in answers: the first bytes of [`Gallery::state`].
    ///
    /// Places of a version are those of its subjects in the order of enrolment ([`Gallery::position`]), and never change: whatever changes
    /// the gallery makes another version, in which the same place may be another person's.
    pub fn version(&self) -> GalleryVersion {
        self.file.version()
    }

    /// The gallery as it was at an earlier version, which its file knows since it was made or compacted; or as it is.
    ///
    /// # Errors
    ///
    /// `None` for a version that the file does not know; [`GalleryError`] as of [`Gallery::open`].
    pub fn at_version(self, version: GalleryVersion) -> Result<Option<Self>, GalleryError> {
        let Self { agreement, file } = self;
        let Some(beginning) = file.until(version) else { return Ok(None) };
        Self::open(beginning, &agreement).map(Some)
    }

    /// How many subjects are enrolled.
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Whether nobody is enrolled: everybody has been removed.
    pub fn is_empty(&self) -> bool {
        self.file.is_empty()
    }

    /// How many references there are in all.
    pub fn references(&self) -> usize {
        self.file.references()
    }

    /// Where a subject is, counted from 0 among those who are enrolled; as under disclosure `each`.
    pub fn position(&self, id: &SubjectId) -> Option<usize> {
        self.file.position(id)
    }

    /// The id of the subject at a position.
    pub fn id(&self, position: usize) -> Option<&str> {
        self.file.id_of(self.file.number(position)?)
    }

    /// The record handle of the subject at a position, where there is one. Read from the file: nothing of it is kept in memory.
    pub fn handle(&self, position: usize) -> Option<Handle> {
        self.file.handle_of(self.file.number(position)?)
    }

    /// How many subjects have a handle.
    pub fn handles(&self) -> usize {
        self.file.handles()
    }

    /// How many references the subject at a position has.
    pub fn reference_count(&self, position: usize) -> usize {
        self.file.number(position).map_or(0, |number| self.file.reference_count(number))
    }

    /// The eyes of the references of the subject at a position, where they are told apart.
    pub(crate) fn reference_eyes(&self, position: usize) -> impl Iterator<Item = Eye> {
        let number = self.file.number(position);
        number.into_iter().flat_map(|number| self.file.eyes(number)).flatten()
    }

    /// The references of the subject at a position, decoded; none where there is no such subject.
    ///
    /// # Errors
    ///
    /// [`Damage`] where they are not what was written, or could not have been enrolled.
    pub fn references_of(&self, position: usize) -> Result<Vec<(Option<Eye>, Reference)>, Damage> {
        let Some(number) = self.file.number(position) else { return Ok(Vec::new()) };
        let functional = self.agreement.functional();
        let decode = |stored: Result<(Option<Eye>, &[u8]), Damage>| {
            let (eye, record) = stored?;
            Ok((eye, Reference::from_bytes(functional, record).ok_or(self.file.inadmissible())?))
        };
        self.file.records(number).map(decode).collect()
    }

    /// Everybody, in the order of enrolment, decoded one after the other.
    pub fn subjects(&self) -> impl Iterator<Item = Result<Subject, Damage>> {
        (0..self.len()).map(|position| {
            let id = self.id(position).and_then(|id| SubjectId::try_from(id.to_owned()).ok());
            let id = id.ok_or(self.file.inadmissible())?;
            Ok(Subject { id, handle: self.handle(position), references: self.references_of(position)? })
        })
    }
}
