//! Removals undone: who was removed is enrolled again, out of what the file still holds.

use std::borrow::Cow;
use std::collections::HashMap;

use super::enrolment::admit;
use super::format::Purpose;
use super::{Change, Damage, Gallery};
use crate::functional::Reference;
use crate::remedy::Remedy;
use crate::template::SubjectId;
use crate::words::counted;

/// What restoring made of a list of ids.
pub struct Restored {
    /// What is to be written; none if the list is empty.
    pub change: Option<Change>,
    /// Subjects that are enrolled again.
    pub subjects: usize,
    /// Their references.
    pub references: usize,
}

/// An id under which nobody can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRestored {
    /// The id.
    pub id: SubjectId,
    /// Why not.
    pub reason: Unrestorable,
}

/// Why nobody can be restored under an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrestorable {
    /// Whoever bears it is enrolled, and was not removed.
    #[error("is enrolled")]
    Enrolled,
    /// Whoever bore it was removed, and the id was enrolled anew: two subjects would bear it.
    #[error("was enrolled anew since it was removed")]
    EnrolledAnew,
    /// Whoever bore it has a handle that another subject has now, or that another on the list has as well.
    #[error("has a handle that is another subject's now")]
    HandleTaken,
    /// The file has nobody of that id.
    #[error("was never enrolled, or its data are gone since the gallery was compacted")]
    Gone,
}

impl std::fmt::Display for NotRestored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}' {}", self.id, self.reason)
    }
}

/// Why nobody is restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Ids under which nobody can be restored: all of them.
    #[error("{} cannot be restored", counted(.0.len(), "id"))]
    Ids(Vec<NotRestored>),
    /// More references than agreed.
    #[error("the gallery would have {actual} references where the agreement admits {limit} (limits.references)")]
    TooManyReferences {
        /// References that a gallery may hold, by the agreement.
        limit: usize,
        /// References that it would hold.
        actual: usize,
    },
    /// What is kept of somebody is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
}

impl Remedy for RestoreError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Ids(_) => "leave them out; enroll the templates of those who are gone",
            Self::TooManyReferences { .. } => "restore fewer, or remove others first",
            Self::Damaged(damage) => return damage.remedy(),
        };
        Some(remedy.into())
    }
}

impl Gallery {
    /// Enrolls subjects again who were removed, each with all its references; all of them, or nobody. Undoes [`Gallery::remove`] for as
    /// long as [`Gallery::compact`] has not written the file anew.
    ///
    /// They return to their places in the order of enrolment, as if they had never been removed: those behind move back by one. As every
    /// change does, this makes another version.
    ///
    /// Of several removed subjects of one id (removed, enrolled, removed), the one that was removed last is restored.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] with all ids under which nobody can be restored, where the gallery would exceed the agreement's limit, and where
    /// what the file holds of somebody is damaged.
    pub fn restore(&self, ids: &[SubjectId]) -> Result<Restored, RestoreError> {
        let removed = self.removed();
        let mut handles = HashMap::new();
        let (mut numbers, mut not_restored) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            let reason = match (removed.get(id.as_str()), self.file.number_of(id)) {
                (Some(&number), None) => match self.file.handle_of(number) {
                    // An id may stand on the list twice.
                    Some(handle)
                        if self.file.number_of_handle(&handle).is_some()
                            || *handles.entry(handle.clone()).or_insert(number) != number =>
                    {
                        Unrestorable::HandleTaken
                    }
                    _ => {
                        numbers.push(number);
                        continue;
                    }
                },
                (Some(_), Some(_)) => Unrestorable::EnrolledAnew,
                (None, Some(_)) => Unrestorable::Enrolled,
                (None, None) => Unrestorable::Gone,
            };
            not_restored.push(NotRestored { id: id.clone(), reason });
        }
        if !not_restored.is_empty() {
            return Err(RestoreError::Ids(not_restored));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let references = numbers.iter().map(|&number| self.file.reference_count(number)).sum::<usize>();
        match (self.agreement.terms().limits.references, self.references() + references) {
            (limit, actual) if actual > limit => return Err(RestoreError::TooManyReferences { limit, actual }),
            _ => {}
        }
        numbers.iter().try_for_each(|&number| self.check_removed(number))?;
        let subjects = numbers.len();
        Ok(Restored { change: self.about(Purpose::Restorations, numbers), subjects, references })
    }

    /// Those who are removed, by id: the last one of each.
    fn removed(&self) -> HashMap<&str, u32> {
        // Numbers ascend, and of one id the latest is that of the last who bore it.
        let numbers = self.file.removed_numbers().iter();
        numbers.filter_map(|&number| Some((self.file.id_of(number)?, number))).collect()
    }

    /// Whether a removed subject's references are what was written, and could be enrolled: no answer has read them since.
    fn check_removed(&self, number: u32) -> Result<(), Damage> {
        self.file.one_handle(number).ok_or(self.file.inadmissible())?;
        let mut eyes = Vec::new();
        for stored in self.file.records(number) {
            let (eye, record) = stored?;
            Reference::from_bytes(self.agreement.functional(), record).ok_or(self.file.inadmissible())?;
            eyes.push(eye);
        }
        admit(&self.agreement, &eyes).map_err(|_| self.file.inadmissible())
    }
}
