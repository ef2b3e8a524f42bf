//! Records become references, or are refused with a reason; together they are a segment.

use std::borrow::Cow;

use super::file::GalleryFile;
use super::format::{Head, Layout, Link, Purpose};
use super::writer::SegmentWriter;
use crate::agreement::{AgreementError, EyeRule};
use crate::functional::{ProbeError, eye_of, require_both_eyes};
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::template::{Eye, Record, SubjectId, group_by_subject};

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

/// A reference as it is stored, with its eye where eyes are told apart.
type Stored = (Option<Eye>, Vec<u8>);

/// What is to be enrolled.
#[derive(Default)]
pub(super) struct Batch {
    /// Subjects that are not in the gallery.
    new: Vec<(SubjectId, Vec<Stored>)>,
    /// Further references of those who are, by number, ascending.
    earlier: Vec<(u32, Vec<Stored>)>,
}

impl Batch {
    /// Turns records into references, beside a gallery's own where there is one.
    ///
    /// Records are dropped as soon as they are stored, so that memory holds the records yet to come and one byte or two a coordinate
    /// of those that came.
    pub(crate) fn collect(
        agreement: &Opened,
        gallery: Option<&GalleryFile>,
        records: impl IntoIterator<Item = Record>,
    ) -> (Self, Vec<RefusedRecord>) {
        let functional = agreement.functional();
        let limit = agreement.terms().limits.references;
        let room = limit.saturating_sub(gallery.map_or(0, GalleryFile::references));
        let mut refused = Vec::new();
        let mut accepted: Vec<(SubjectId, Stored)> = Vec::new();
        for (index, record) in records.into_iter().enumerate() {
            let stored = eye_of(functional.eyes(), &record)
                .and_then(|eye| Ok((eye, functional.reference(&record.template)?.to_bytes(functional))));
            let reason = match stored {
                Err(error) => RefusalReason::Record(error),
                Ok(_) if accepted.len() >= room => RefusalReason::Full { limit },
                Ok(stored) => {
                    accepted.push((record.subject, stored));
                    continue;
                }
            };
            refused.push(RefusedRecord { subject: record.subject, eye: record.eye, record: index + 1, reason });
        }
        let mut batch = Self::default();
        for (id, references) in group_by_subject(accepted) {
            let number = gallery.and_then(|gallery| gallery.number_of(&id));
            let before = gallery.zip(number).into_iter().flat_map(|(gallery, number)| gallery.eyes(number));
            let eyes: Vec<_> = before.chain(references.iter().map(|(eye, _)| *eye)).collect();
            match (admit(agreement, &eyes), number) {
                (Err(reason), _) => refused.push(RefusedRecord { subject: id, eye: None, record: 0, reason }),
                (Ok(()), Some(number)) => batch.earlier.push((number, references)),
                (Ok(()), None) => batch.new.push((id, references)),
            }
        }
        batch.earlier.sort_by_key(|(number, _)| *number);
        (batch, refused)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.earlier.is_empty()
    }

    /// How many subjects are new, how many were there, and references of both.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.new.len(), self.earlier.len(), self.references().map(|references| references.len()).sum())
    }

    fn references(&self) -> impl Iterator<Item = &[Stored]> {
        let new = self.new.iter().map(|(_, references)| references.as_slice());
        new.chain(self.earlier.iter().map(|(_, references)| references.as_slice()))
    }

    /// The segment, less its commit, and the commit.
    pub(crate) fn to_segment(&self, link: &Link, layout: Layout) -> (Vec<u8>, Link) {
        let (new, earlier, references) = self.counts();
        // Counts fit: an agreement admits ten million references.
        let head = Head {
            purpose: Purpose::References,
            new_subjects: new as u32,
            earlier_subjects: earlier as u32,
            references: references as u32,
            id_bytes: self.new.iter().map(|(id, _)| id.as_str().len() as u64).sum(),
        };
        in_memory(head, link, layout, |writer| {
            let (mut id_end, mut reference_end) = (0, 0);
            for (id, references) in &self.new {
                id_end += id.as_str().len() as u32;
                reference_end += references.len() as u32;
                writer.entry(id_end, reference_end);
            }
            for (number, references) in &self.earlier {
                reference_end += references.len() as u32;
                writer.entry(*number, reference_end);
            }
            self.references().flatten().for_each(|(eye, _)| writer.table(&[eye_code(*eye)]));
            self.new.iter().for_each(|(id, _)| writer.table(id.as_str().as_bytes()));
            self.references().flatten().for_each(|(_, record)| writer.record(record));
        })
    }
}

/// A segment in memory, less its commit, and the commit.
pub(super) fn in_memory(
    head: Head,
    link: &Link,
    layout: Layout,
    content: impl FnOnce(&mut SegmentWriter<'_>),
) -> (Vec<u8>, Link) {
    // In one piece: growing would copy.
    let mut body = Vec::with_capacity(head.places(0, &layout).map_or(0, |places| places.end));
    let mut writer = SegmentWriter::begin(&mut body, head, link, layout);
    content(&mut writer);
    // A vector takes whatever is written to it.
    let commit = writer.finish().unwrap_or_default();
    (body, commit)
}

/// An eye as it is stored.
pub(super) fn eye_code(eye: Option<Eye>) -> u8 {
    match eye {
        None => 0,
        Some(Eye::Left) => 1,
        Some(Eye::Right) => 2,
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
