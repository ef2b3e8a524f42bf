//! Records become references, or are refused with a reason; together they are a segment.

use std::borrow::Cow;
use std::io::{self, Cursor};

use super::Gallery;
use super::batch::{Batch, Entries, Kept};
use super::beside::Beside;
use super::change::Change;
use super::format::{self, Layout};
use super::shelf::{Shelf, Spool};
use crate::agreement::{AgreementError, EyeRule};
use crate::functional::{ProbeError, eye_of, require_both_eyes};
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::template::{Eye, Filed, Handle, SubjectId};
use indexmap::{IndexMap, IndexSet};

/// A record that was not enrolled.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedRecord {
    /// Whose record.
    pub subject: SubjectId,
    /// Of which eye, where the file says so.
    pub eye: Option<Eye>,
    /// Which record of the file, counted from 1; 0 where the whole subject is refused.
    pub record: usize,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a record was not enrolled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The template or its eye.
    #[error(transparent)]
    Record(#[from] ProbeError),
    /// The identifier occurs more often than agreed.
    #[error(
        "the id occurs {actual} times where the agreement admits {limit} references of a subject (limits.references_per_subject)"
    )]
    Repeated {
        /// References that a subject may have, of each eye where eyes are told apart.
        limit: usize,
        /// Times that the id occurs.
        actual: usize,
    },
    /// The gallery is full.
    #[error("the agreement admits {limit} references in a gallery (limits.references)")]
    Full {
        /// References that a gallery may hold.
        limit: usize,
    },
    /// Two subjects would have one handle.
    #[error("the handle is that of '{of}' already")]
    HandleTaken {
        /// Whose it is: enrolled, or in a record before.
        of: SubjectId,
    },
    /// One subject would have two handles.
    #[error("the subject has another handle already")]
    OtherHandle,
}

/// Why a gallery was not made of records.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The agreement's terms are not ones that its parameter set serves.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The first record that is refused.
    #[error("{0}")]
    Refused(RefusedRecord),
    /// There is no record.
    #[error("there is nobody to enroll")]
    Nobody,
}

impl Remedy for EnrolmentError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Agreement(error) => error.remedy(),
            Self::Refused(refusal) => refusal.reason.remedy(),
            Self::Nobody => Some("give at least one record".into()),
        }
    }
}

impl Remedy for RefusalReason {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Record(error) => return error.remedy(),
            Self::Repeated { .. } => "make ids unique or agree on more",
            Self::HandleTaken { .. } => "give every person a handle of their own",
            Self::OtherHandle => "give one handle a person; to change one, replace the person's records",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl std::fmt::Display for RefusedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}'", self.subject)?;
        if let Some(eye) = self.eye {
            write!(f, " ({eye} eye)")?;
        }
        if self.record > 0 {
            write!(f, ", record {}", self.record)?;
        }
        write!(f, ": {}", self.reason.in_full())
    }
}

/// What enrolling made of a set of records.
#[derive(Default)]
pub struct Appended {
    /// What is to be written; none if every record was refused.
    pub change: Option<Change>,
    /// Subjects that were not enrolled before.
    pub new_subjects: usize,
    /// Subjects that were, and have further references now.
    pub earlier_subjects: usize,
    /// Subjects that were, and have what came instead of what they had ([`Enrolling::replacing`]).
    pub replaced_subjects: usize,
    /// Subjects of whom came what they have: nothing is written of them ([`Enrolling::replacing`]).
    pub unchanged_subjects: usize,
    /// References that are written, of all of these.
    pub references: usize,
    /// References that replaced subjects had before.
    pub replaced_references: usize,
    /// Subjects that had no handle, and have one now.
    pub handles: usize,
    /// The others, each with its reason.
    pub refused: Vec<RefusedRecord>,
}

/// Records on their way into a gallery's file: each is a reference or refused as soon as it comes, and only its bytes are kept, on a
/// [`Spool`].
///
/// Memory: about 150 bytes a subject, some 100 more for one with a handle, beside the spool.
pub struct Enrolling<'a> {
    pub(super) agreement: &'a Opened,
    pub(super) beside: Beside<'a>,
    /// Whether what comes of a subject replaces what it has.
    replaces: bool,
    pub(super) shelf: Shelf,
    /// In the order in which they first came.
    pub(super) subjects: IndexSet<SubjectId>,
    /// Of those who have one: in a record, or in the gallery.
    handles: IndexMap<Handle, u32>,
    /// Of each of `subjects`, as far as any has a handle: which of `handles`, from 1; or 0.
    filed: Vec<u32>,
    /// Of each reference on the shelf: whose it is, and its eye where eyes are told apart.
    pub(super) owners: Vec<(u32, Option<Eye>)>,
    pub(super) refused: Vec<RefusedRecord>,
}

impl<'a> Enrolling<'a> {
    /// The first records of a gallery. The salt is as of [`Gallery::enrol_salted`](super::Gallery::enrol_salted).
    pub fn new(agreement: &'a Opened, salt: [u8; 12], spool: impl Spool + 'static) -> Self {
        Self::of(agreement, Beside::Nobody(format::header(agreement, salt)), spool)
    }

    /// Further records of a gallery.
    pub fn beside(gallery: &'a Gallery, spool: impl Spool + 'static) -> Self {
        Self::of(&gallery.agreement, Beside::Enrolled(&gallery.file), spool)
    }

    /// Records of a gallery by which whoever is enrolled has no longer what they had: what came of a subject replaces all its references.
    /// A handle that comes replaces its own; where none comes, it keeps the one that it has. Who is not enrolled is added. Of whom nothing
    /// comes that can be enrolled, nothing changes.
    pub fn replacing(gallery: &'a Gallery, spool: impl Spool + 'static) -> Self {
        Self { replaces: true, ..Self::beside(gallery, spool) }
    }

    fn of(agreement: &'a Opened, beside: Beside<'a>, spool: impl Spool + 'static) -> Self {
        let shelf = Shelf::new(spool, Layout::of(agreement).record_bytes);
        Self {
            agreement,
            beside,
            replaces: false,
            shelf,
            subjects: IndexSet::new(),
            handles: IndexMap::new(),
            filed: Vec::new(),
            owners: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Takes a record; by its number it is named should it be refused.
    ///
    /// # Errors
    ///
    /// Where the spool takes no more.
    pub fn add(&mut self, number: usize, record: impl Into<Filed>) -> io::Result<()> {
        let Filed { record, handle } = record.into();
        let functional = self.agreement.functional();
        let limit = self.agreement.terms().limits.references;
        let stored = eye_of(functional.eyes(), &record)
            .and_then(|eye| Ok((eye, functional.reference(&record.template)?.to_bytes(functional))));
        let reason = match stored {
            Err(error) => RefusalReason::Record(error),
            Ok(_) if self.kept() + self.owners.len() >= limit => RefusalReason::Full { limit },
            Ok((eye, bytes)) => match self.check_handle(&record.subject, handle.as_ref()) {
                Err(reason) => reason,
                Ok(()) => {
                    self.shelf.put(&bytes)?;
                    let (subject, _) = self.subjects.insert_full(record.subject);
                    // An agreement admits ten million references.
                    self.owners.push((subject as u32, eye));
                    if let Some(handle) = handle {
                        self.file(subject, handle);
                    }
                    return Ok(());
                }
            },
        };
        self.refused.push(RefusedRecord { subject: record.subject, eye: record.eye, record: number, reason });
        Ok(())
    }

    /// References that are enrolled and stay, as far as that is known before all records have come.
    fn kept(&self) -> usize {
        if self.replaces { 0 } else { self.beside.references() }
    }

    /// Whether a subject may have a handle, by what is enrolled and by the records before.
    fn check_handle(&self, subject: &SubjectId, handle: Option<&Handle>) -> Result<(), RefusalReason> {
        let Some(handle) = handle else { return Ok(()) };
        let before = self.handles.get(handle).and_then(|&other| self.subjects.get_index(other as usize));
        if let Some(of) = before.cloned().or_else(|| self.beside.who_has(handle)).filter(|of| of != subject) {
            return Err(RefusalReason::HandleTaken { of });
        }
        let in_a_record = self.subjects.get_index_of(subject).and_then(|subject| self.filed_as(subject));
        let other = in_a_record.is_some_and(|other| other != handle)
            || !self.replaces && self.beside.handle_of(subject).is_some_and(|other| other != *handle);
        if other { Err(RefusalReason::OtherHandle) } else { Ok(()) }
    }

    /// The handle of a subject, by the records so far.
    fn filed_as(&self, subject: usize) -> Option<&Handle> {
        let place = (*self.filed.get(subject)? as usize).checked_sub(1)?;
        self.handles.get_index(place).map(|(handle, _)| handle)
    }

    fn file(&mut self, subject: usize, handle: Handle) {
        // Subjects are at most ten million.
        let place = self.handles.insert_full(handle, subject as u32).0 as u32 + 1;
        if self.filed.len() <= subject {
            self.filed.resize(subject + 1, 0);
        }
        if let Some(filed) = self.filed.get_mut(subject) {
            *filed = place;
        }
    }

    /// All records have come: those of a subject are judged together.
    ///
    /// # Errors
    ///
    /// As of [`Enrolling::add`].
    pub fn finish(self) -> io::Result<Appended> {
        match self.replaces {
            true => self.finish_replacing(),
            false => self.finish_adding(),
        }
    }

    /// The handles of the subjects, by their records; none at all where none came.
    pub(super) fn given(&self) -> Vec<Option<Handle>> {
        match self.handles.is_empty() {
            true => Vec::new(),
            false => (0..self.subjects.len()).map(|subject| self.filed_as(subject).cloned()).collect(),
        }
    }

    fn finish_adding(self) -> io::Result<Appended> {
        let mut given = self.given();
        let Self { agreement, beside, shelf, subjects, owners, mut refused, .. } = self;
        let references = by_subject(owners);
        let of_subjects = references.chunk_by(|(before, _), (after, _)| before == after);
        let (mut new, mut earlier, mut handles) = (Entries::default(), Vec::new(), Vec::new());
        for (place, (id, of_subject)) in subjects.into_iter().zip(of_subjects).enumerate() {
            let handle = given.get_mut(place).and_then(Option::take).filter(|_| beside.handle_of(&id).is_none());
            let kept = of_subject.iter().map(|(_, kept)| *kept);
            let number = beside.number_of(&id);
            let eyes: Vec<_> = number.map_or(Vec::new(), |number| beside.eyes(number));
            let eyes: Vec<_> = eyes.into_iter().chain(kept.clone().map(|kept| kept.eye)).collect();
            match (admit(agreement, &eyes), number) {
                (Err(reason), _) => refused.push(RefusedRecord { subject: id, eye: None, record: 0, reason }),
                (Ok(()), Some(number)) => earlier.push((number, kept.collect::<Vec<_>>(), handle)),
                (Ok(()), None) => {
                    new.push(id, kept);
                    handles.push(handle);
                }
            }
        }
        earlier.sort_by_key(|(number, ..)| *number);
        let mut others = Entries::default();
        for (number, kept, handle) in earlier {
            others.push(number, kept);
            handles.push(handle);
        }
        let batch = Batch::new(new, others, handles, shelf.filled()?);
        let ((new_subjects, earlier_subjects, references), handles) = (batch.counts(), batch.handles());
        let change = (references > 0).then(|| beside.change(agreement, batch));
        Ok(Appended { change, new_subjects, earlier_subjects, references, handles, refused, ..Appended::default() })
    }
}

/// References of subjects, those of each together.
pub(super) fn by_subject(owners: Vec<(u32, Option<Eye>)>) -> Vec<(u32, Kept)> {
    let owned = owners.into_iter().zip(0..);
    let mut references: Vec<_> = owned.map(|((subject, eye), number)| (subject, Kept { number, eye })).collect();
    // Stable: the references of a subject stay in the order in which they came.
    references.sort_by_key(|(subject, _)| *subject);
    references
}

/// What becomes of records whose spool is in memory, and takes whatever is put on it.
pub(super) fn collected(mut enrolling: Enrolling<'_>, records: impl IntoIterator<Item = impl Into<Filed>>) -> Appended {
    let added = records.into_iter().zip(1..).try_for_each(|(record, number)| enrolling.add(number, record));
    added.and_then(|()| enrolling.finish()).unwrap_or_default()
}

impl Gallery {
    /// Enrolls further records, in memory. Records of an id that is enrolled are further references of that subject, within the
    /// agreement's limit and eye rule for the subject as a whole; where they would break them, all of that id's new records are refused.
    pub fn append(&self, records: impl IntoIterator<Item = impl Into<Filed>>) -> Appended {
        collected(Enrolling::beside(self, Cursor::new(Vec::new())), records)
    }

    /// Enrolls records in memory, those of an id that is enrolled in place of what is enrolled under it: see [`Enrolling::replacing`].
    pub fn replace(&self, records: impl IntoIterator<Item = impl Into<Filed>>) -> Appended {
        collected(Enrolling::replacing(self, Cursor::new(Vec::new())), records)
    }
}

/// Whether a subject has references, no more than agreed, of the eyes that the agreement asks for.
pub(super) fn admit(agreement: &Opened, eyes: &[Option<Eye>]) -> Result<(), RefusalReason> {
    let limit = agreement.terms().limits.references_per_subject;
    let told_apart = agreement.functional().eyes() != EyeRule::Ignored;
    if eyes.is_empty() || eyes.iter().any(|eye| eye.is_some() != told_apart) {
        return Err(RefusalReason::Record(ProbeError::EyeUnknown));
    }
    for eye in [None, Some(Eye::Left), Some(Eye::Right)] {
        match eyes.iter().filter(|other| **other == eye).count() {
            actual if actual > limit => return Err(RefusalReason::Repeated { limit, actual }),
            _ => {}
        }
    }
    Ok(require_both_eyes(agreement.functional().eyes(), eyes.iter().copied())?)
}
