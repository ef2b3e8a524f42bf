//! Records become references, or are refused with a reason; together they are a segment.

use std::borrow::Cow;
use std::io::{self, Cursor};

use super::Gallery;
use super::batch::{Batch, Entries, Kept};
use super::change::{Change, Content};
use super::file::GalleryFile;
use super::format::{self, Layout};
use super::shelf::{Shelf, Spool};
use crate::agreement::{AgreementError, EyeRule};
use crate::functional::{ProbeError, eye_of, require_both_eyes};
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::template::{Eye, Record, SubjectId};
use indexmap::IndexSet;

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
    /// References of both.
    pub references: usize,
    /// The others, each with its reason.
    pub refused: Vec<RefusedRecord>,
}

/// Records on their way into a gallery's file: each is a reference or refused as soon as it comes, and only its bytes are kept, on a
/// [`Spool`].
///
/// Memory: about 150 bytes a subject, beside the spool.
pub struct Enrolling<'a> {
    agreement: &'a Opened,
    beside: Beside<'a>,
    shelf: Shelf,
    /// In the order in which they first came.
    subjects: IndexSet<SubjectId>,
    /// Of each reference on the shelf: whose it is, and its eye where eyes are told apart.
    owners: Vec<(u32, Option<Eye>)>,
    refused: Vec<RefusedRecord>,
}

/// What records are enrolled beside.
enum Beside<'a> {
    /// Nobody: a file whose header this is.
    Nobody(Vec<u8>),
    /// Those who are enrolled.
    Enrolled(&'a GalleryFile),
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

    fn of(agreement: &'a Opened, beside: Beside<'a>, spool: impl Spool + 'static) -> Self {
        let shelf = Shelf::new(spool, Layout::of(agreement).record_bytes);
        Self { agreement, beside, shelf, subjects: IndexSet::new(), owners: Vec::new(), refused: Vec::new() }
    }

    /// Takes a record; by its number it is named should it be refused.
    ///
    /// # Errors
    ///
    /// Where the spool takes no more.
    pub fn add(&mut self, number: usize, record: Record) -> io::Result<()> {
        let functional = self.agreement.functional();
        let limit = self.agreement.terms().limits.references;
        let stored = eye_of(functional.eyes(), &record)
            .and_then(|eye| Ok((eye, functional.reference(&record.template)?.to_bytes(functional))));
        let reason = match stored {
            Err(error) => RefusalReason::Record(error),
            Ok(_) if self.beside.references() + self.owners.len() >= limit => RefusalReason::Full { limit },
            Ok((eye, bytes)) => {
                self.shelf.put(&bytes)?;
                let (subject, _) = self.subjects.insert_full(record.subject);
                // An agreement admits ten million references.
                self.owners.push((subject as u32, eye));
                return Ok(());
            }
        };
        self.refused.push(RefusedRecord { subject: record.subject, eye: record.eye, record: number, reason });
        Ok(())
    }

    /// All records have come: those of a subject are judged together.
    ///
    /// # Errors
    ///
    /// As of [`Enrolling::add`].
    pub fn finish(self) -> io::Result<Appended> {
        let Self { agreement, beside, shelf, subjects, owners, mut refused } = self;
        let mut references: Vec<_> =
            owners.into_iter().zip(0..).map(|((subject, eye), number)| (subject, Kept { number, eye })).collect();
        // Stable: the references of a subject stay in the order in which they came.
        references.sort_by_key(|(subject, _)| *subject);
        let of_subjects = references.chunk_by(|(before, _), (after, _)| before == after);
        let (mut new, mut earlier) = (Entries::default(), Vec::new());
        for (id, of_subject) in subjects.into_iter().zip(of_subjects) {
            let kept = of_subject.iter().map(|(_, kept)| *kept);
            let number = beside.number_of(&id);
            let eyes: Vec<_> = number.map_or(Vec::new(), |number| beside.eyes(number));
            let eyes: Vec<_> = eyes.into_iter().chain(kept.clone().map(|kept| kept.eye)).collect();
            match (admit(agreement, &eyes), number) {
                (Err(reason), _) => refused.push(RefusedRecord { subject: id, eye: None, record: 0, reason }),
                (Ok(()), Some(number)) => earlier.push((number, kept.collect::<Vec<_>>())),
                (Ok(()), None) => new.push(id, kept),
            }
        }
        earlier.sort_by_key(|(number, _)| *number);
        let mut others = Entries::default();
        earlier.into_iter().for_each(|(number, kept)| others.push(number, kept));
        let batch = Batch::new(new, others, shelf.filled()?);
        let (new_subjects, earlier_subjects, references) = batch.counts();
        let change = (references > 0).then(|| beside.change(agreement, batch));
        Ok(Appended { change, new_subjects, earlier_subjects, references, refused })
    }
}

impl Beside<'_> {
    fn references(&self) -> usize {
        match self {
            Self::Nobody(_) => 0,
            Self::Enrolled(file) => file.references(),
        }
    }

    fn number_of(&self, id: &SubjectId) -> Option<u32> {
        match self {
            Self::Nobody(_) => None,
            Self::Enrolled(file) => file.number_of(id),
        }
    }

    fn eyes(&self, number: u32) -> Vec<Option<Eye>> {
        match self {
            Self::Nobody(_) => Vec::new(),
            Self::Enrolled(file) => file.eyes(number).collect(),
        }
    }

    fn change(self, agreement: &Opened, batch: Batch) -> Change {
        match self {
            Self::Nobody(header) => Change::of_new(header, Layout::of(agreement), batch),
            Self::Enrolled(file) => Change::of(file, Content::References(batch)),
        }
    }
}

/// What becomes of records whose spool is in memory, and takes whatever is put on it.
pub(super) fn collected(mut enrolling: Enrolling<'_>, records: impl IntoIterator<Item = Record>) -> Appended {
    let added = records.into_iter().zip(1..).try_for_each(|(record, number)| enrolling.add(number, record));
    added.and_then(|()| enrolling.finish()).unwrap_or_default()
}

impl Gallery {
    /// Enrolls further records, in memory. Records of an id that is enrolled are further references of that subject, within the
    /// agreement's limit and eye rule for the subject as a whole; where they would break them, all of that id's new records are refused.
    pub fn append(&self, records: impl IntoIterator<Item = Record>) -> Appended {
        collected(Enrolling::beside(self, Cursor::new(Vec::new())), records)
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
