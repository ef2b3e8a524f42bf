//! The gallery: enrolled subjects with their references in the clear, and its file.

use std::collections::HashMap;
use std::io::Read;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::agreement::{Agreement, EyeRule};
use crate::functional::{Functional, ProbeError, Reference, eye_of, require_both_eyes};
use crate::scheme::SubjectReferences;
use crate::template::{Eye, Record, SubjectId, group_by_subject};
use crate::wire::{Envelope, Expected, Kind, WireError, decode_clear, encode_clear};

/// One enrolled person.
pub struct Subject {
    id: SubjectId,
    references: Vec<(Option<Eye>, Reference)>,
}

impl Subject {
    /// Who it is.
    pub fn id(&self) -> &SubjectId {
        &self.id
    }

    /// The references, each with its eye where the agreement tells them apart.
    pub fn references(&self) -> &SubjectReferences {
        &self.references
    }
}

/// Enrolled subjects, in the order of enrolment. Never empty. Secret to the custodian.
pub struct Gallery {
    subjects: Vec<Subject>,
    places: HashMap<SubjectId, usize>,
}

/// A record that was not enrolled.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
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
pub enum RefusalReason {
    /// The template or its eye.
    #[error(transparent)]
    Record(#[from] ProbeError),
    /// The identifier occurs more often than agreed.
    #[error(
        "the id occurs {actual} times where the agreement admits {limit} references of a subject (limits.references_per_subject); make ids unique or agree on more"
    )]
    Repeated {
        /// As agreed.
        limit: usize,
        /// As found.
        actual: usize,
    },
    /// The gallery is full.
    #[error("the agreement admits {limit} references in a gallery (limits.references)")]
    Full {
        /// As agreed.
        limit: usize,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "'{}'", self.subject)?;
        if let Some(eye) = self.eye {
            write!(f, " ({eye} eye)")?;
        }
        if self.record > 0 {
            write!(f, ", record {}", self.record)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// What enrolling made of a set of records.
pub struct Enrolment {
    /// The gallery of all records that were not refused; none if all were.
    pub gallery: Option<Gallery>,
    /// The others, each with its reason.
    pub refused: Vec<Refusal>,
}

impl Gallery {
    /// Enrols records under an agreement. Records of the same id are references of one subject.
    ///
    /// A subject with a refused record is enrolled with its others; the caller decides whether any refusal is too many.
    pub fn enrol(agreement: &Agreement, records: Vec<Record>) -> Enrolment {
        let functional = agreement.functional();
        let limits = &agreement.terms().limits;
        let mut refused = Vec::new();
        let mut accepted: Vec<(SubjectId, (Option<Eye>, Reference))> = Vec::new();
        for (index, record) in records.into_iter().enumerate() {
            let refusal =
                |reason| Refusal { subject: record.subject.clone(), eye: record.eye, record: index + 1, reason };
            let reference = eye_of(functional.eyes(), &record)
                .and_then(|eye| Ok((eye, functional.reference(&record.template)?)))
                .map_err(RefusalReason::Record);
            match reference {
                Err(reason) => refused.push(refusal(reason)),
                Ok(_) if accepted.len() == limits.references => {
                    refused.push(refusal(RefusalReason::Full { limit: limits.references }));
                }
                Ok((eye, reference)) => accepted.push((record.subject, (eye, reference))),
            }
        }
        let subjects = group_by_subject(accepted).into_iter().map(|(id, references)| Subject { id, references });
        let subjects = subjects.filter_map(|subject| match admit(agreement, &subject) {
            Ok(()) => Some(subject),
            Err(reason) => {
                refused.push(Refusal { subject: subject.id, eye: None, record: 0, reason });
                None
            }
        });
        let subjects: Vec<_> = subjects.collect();
        Enrolment { gallery: Self::of(subjects), refused }
    }

    /// `None` for no subject at all.
    fn of(subjects: Vec<Subject>) -> Option<Self> {
        let places = subjects.iter().enumerate().map(|(place, subject)| (subject.id.clone(), place)).collect();
        (!subjects.is_empty()).then_some(Self { subjects, places })
    }

    /// Everybody, in the order of enrolment.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// How many references there are in all.
    pub fn references(&self) -> usize {
        self.subjects.iter().map(|subject| subject.references.len()).sum()
    }

    /// One subject.
    pub fn subject(&self, id: &SubjectId) -> Option<&Subject> {
        self.places.get(id).and_then(|&place| self.subjects.get(place))
    }

    /// The file. Holds biometric data in the clear: the custodian's alone.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Agreement) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let stored: Vec<_> = self.subjects.iter().map(StoredSubject::from).collect();
        Ok(Envelope::new(Kind::Gallery, agreement, None, encode_clear(&stored)?).to_bytes())
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a gallery under this agreement, within its limits, whose references are
    /// valid templates.
    pub fn read(reader: impl Read, agreement: &Agreement) -> Result<Self, WireError> {
        let functional = agreement.functional();
        let references = agreement.terms().limits.references as u64;
        let limit_bytes = 64 + references * (functional.reference_bytes() as u64 + SubjectId::LIMIT_BYTES as u64 + 64);
        let expected = Expected { kind: Kind::Gallery, agreement, key: None, limit_bytes };
        let envelope = Envelope::read(reader, &expected)?;
        let stored: Vec<StoredSubject> = decode_clear(&envelope.payload, limit_bytes)?;
        let subjects = stored.into_iter().map(|subject| subject.restore(functional)).collect::<Option<Vec<_>>>();
        let subjects = subjects.ok_or(WireError::Field("reference"))?;
        if subjects.iter().any(|subject| admit(agreement, subject).is_err()) {
            return Err(WireError::Field("subject"));
        }
        let count = subjects.len();
        let gallery = Self::of(subjects).ok_or(WireError::Field("number of subjects"))?;
        match gallery.places.len() == count && gallery.references() as u64 <= references {
            true => Ok(gallery),
            false => Err(WireError::Field("number of references")),
        }
    }
}

/// Whether a subject has references, no more than agreed, of the eyes that the agreement asks for.
fn admit(agreement: &Agreement, subject: &Subject) -> Result<(), RefusalReason> {
    let limit = agreement.terms().limits.references_per_subject;
    let told_apart = agreement.functional().eyes() != EyeRule::Ignored;
    if subject.references.is_empty() || subject.references.iter().any(|(eye, _)| eye.is_some() != told_apart) {
        return Err(RefusalReason::Record(ProbeError::EyeUnknown));
    }
    for eye in [None, Some(Eye::Left), Some(Eye::Right)] {
        match subject.references.iter().filter(|(other, _)| *other == eye).count() {
            actual if actual > limit => return Err(RefusalReason::Repeated { limit, actual }),
            _ => {}
        }
    }
    let eyes = subject.references.iter().map(|(eye, _)| *eye);
    Ok(require_both_eyes(agreement.functional().eyes(), eyes)?)
}

/// A subject as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredSubject {
    id: SubjectId,
    references: Vec<(Option<Eye>, Vec<u8>)>,
}

impl From<&Subject> for StoredSubject {
    fn from(subject: &Subject) -> Self {
        let references = subject.references.iter().map(|(eye, reference)| (*eye, reference.to_bytes())).collect();
        Self { id: subject.id.clone(), references }
    }
}

impl StoredSubject {
    fn restore(self, functional: &Functional) -> Option<Subject> {
        let references = self.references.into_iter();
        let references = references.map(|(eye, bytes)| Some((eye, Reference::from_bytes(functional, &bytes)?)));
        Some(Subject { id: self.id, references: references.collect::<Option<Vec<_>>>()? })
    }
}
