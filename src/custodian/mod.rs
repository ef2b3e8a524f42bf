//! The custodian: SECRET gallery. Answers on public keys alone.
//!
//! Has no name for a secret key: see `tests/boundaries`.

mod gallery;
mod held;
mod searched;

use std::sync::{Arc, OnceLock};

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use rand::CryptoRng;

use crate::parameters::ParameterSet;
use crate::remedy::Remedy;
use crate::scheme::{
    Evaluator, Opened, OtherScheme, PartDigest, Parts, Progress, RandomSeed, Randomness, Subjects, Task, Unanswered,
    random_seed,
};
use crate::template::SubjectId;
use crate::wire::{Answer, EvaluationKey, KeyId, Query, Target};
pub(crate) use gallery::of_id;
pub use gallery::{
    Appended, Change, Changed, Damage, Differences, DifferencesError, Enrolling, Enrolment, EnrolmentError, Gallery,
    GalleryError, GalleryFile, NotEnrolled, NotRestored, RefusalReason, RefusedRecord, RestoreError, Restored,
    RewriteError, Spool, Subject, UnknownSubjects, Unrestorable,
};
pub(crate) use held::Held;
use searched::{Searched, Watch};

/// One authority that holds records, ready to answer under one agreement.
pub struct Custodian<'a, S: Evaluator> {
    agreement: Opened,
    gallery: Held<'a, Gallery>,
    /// Positions of those who are exempt.
    exempt: HashSet<usize>,
    set: S::Set,
    budget_bytes: u64,
    /// Where subjects stand in slots follows from it; drawn by the first answer whose randomness nobody else draws.
    order: OnceLock<RandomSeed>,
    /// What answers keep of the gallery, for those that follow.
    prepared: S::PreparedGallery,
}

/// One querier's public keys, expanded for use; keep them for its next query.
pub struct AdmittedKey<S: Evaluator> {
    id: KeyId,
    parameters: Arc<ParameterSet>,
    key: S::PreparedKey,
}

impl<S: Evaluator> AdmittedKey<S> {
    /// Expands public keys: about a second, and the bulk of the memory.
    pub fn new(key: EvaluationKey<S>) -> Self {
        let (id, parameters) = (key.id(), key.parameters().clone());
        let (key, set) = key.into_parts();
        Self { id, parameters, key: S::prepare_key(key, &set) }
    }

    /// Names the keys.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The keys as the scheme holds them.
    #[cfg(test)]
    pub(crate) fn prepared(&self) -> &S::PreparedKey {
        &self.key
    }
}

/// Why a query is not answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Encrypted with another key.
    #[error("the query belongs to key {actual}, not to key {expected}")]
    OtherKey {
        /// The key that the custodian has admitted.
        expected: KeyId,
        /// The key that the query was encrypted with.
        actual: KeyId,
    },
    /// Asked under another agreement, or with keys of another parameter set.
    #[error("the query or its key was made under other terms than this custodian's")]
    OtherTerms,
    /// Everybody has been removed: an answer would say no more than that.
    #[error("nobody is enrolled in the gallery")]
    EmptyGallery,
    /// More than is agreed.
    #[error(
        "the answer on {probes} probes could disclose {bits} bits where the agreement admits {limit} a query (limits.bits_per_query), \
         enough for {admitted} of them"
    )]
    TooManyBits {
        /// Bits that the answer could disclose, at most.
        bits: u64,
        /// Bits that the answer to one query may disclose, by the agreement.
        limit: u64,
        /// Probes in the query.
        probes: usize,
        /// Probes whose answer stays within it.
        admitted: u64,
    },
    /// A reference is not what was written, so there is no answer.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// Told to stop, or unable to answer as promised.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

impl Remedy for AnswerError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Damaged(damage) => return damage.remedy(),
            Self::Unanswered(error) => return error.remedy(),
            Self::OtherKey { .. } => "use the evaluation key that came with the query",
            Self::EmptyGallery => "enroll somebody",
            Self::TooManyBits { admitted: 0, .. } => "agree on more, or on another disclosure",
            Self::TooManyBits { .. } => "ask about fewer at a time",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl<'a, S: Evaluator> Custodian<'a, S> {
    /// A custodian with its gallery, of which answers may keep up to `budget_bytes` encoded for those that follow (where the scheme
    /// gains by it).
    ///
    /// # Errors
    ///
    /// [`OtherScheme`] for an agreement on another scheme.
    pub fn new(
        agreement: &Opened,
        gallery: impl Into<Held<'a, Gallery>>,
        budget_bytes: u64,
    ) -> Result<Self, OtherScheme> {
        let (agreement, gallery) = (agreement.clone(), gallery.into());
        let set = S::agreed_set(&agreement)?;
        let prepared = S::prepare_gallery(&set, agreement.functional(), budget_bytes);
        Ok(Self { agreement, gallery, exempt: HashSet::new(), set, budget_bytes, order: OnceLock::new(), prepared })
    }

    /// The agreement that is answered under.
    pub(crate) fn agreement(&self) -> &Opened {
        &self.agreement
    }

    /// The records.
    pub(crate) fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// The same custodian, for whom these persons never match (the automatic no-match of the Migration 5 platform). Ids that are not
    /// enrolled protect nobody: see [`Gallery::not_enrolled`].
    ///
    /// # Security
    ///
    /// The querier cannot tell an exempt person from one who does not match: the same work is done on their own references, and a miss put
    /// in the place of what comes of it.
    pub(crate) fn exempting(mut self, exempt: &BTreeSet<SubjectId>) -> Self {
        self.exempt = exempt.iter().filter_map(|id| self.gallery.position(id)).collect();
        // What was kept of the gallery is of who was exempt before.
        self.prepared = S::prepare_gallery(&self.set, self.agreement.functional(), self.budget_bytes);
        self
    }

    /// Bits that an answer on so many probes can disclose at most, also to a querier that departs from the protocol: see
    /// [`crate::scheme::Scheme::most_bits`].
    pub(crate) fn disclosed_bits(&self, target: &Target, probes: usize) -> u64 {
        let (hits, subjects, references) = match target {
            Target::Gallery => {
                (self.agreement.functional().hits_per_probe(), self.gallery.len(), self.gallery.references())
            }
            // Whether or not the subject is enrolled.
            Target::Subject(_) => (1, 1, self.agreement.terms().limits.references_per_subject),
        };
        let disclosure = target.disclosure::<S>(&self.agreement);
        S::most_bits(disclosure, hits as u64, subjects as u64, references as u64).saturating_mul(probes as u64)
    }

    /// Whether the answer to a query stays within the bits that the agreement admits.
    ///
    /// # Errors
    ///
    /// [`AnswerError::TooManyBits`] where it does not: before anything is computed.
    pub(crate) fn check_bits(&self, query: &Query<S>) -> Result<(), AnswerError> {
        let probes = query.layouts.len();
        let (bits, limit) = (self.disclosed_bits(&query.target, probes), self.agreement.bits_per_query());
        match bits <= limit {
            true => Ok(()),
            false => {
                let each = self.disclosed_bits(&query.target, 1).max(1);
                Err(AnswerError::TooManyBits { bits, limit, probes, admitted: limit / each })
            }
        }
    }

    /// Stages 4 to 6: the answer to a query, sanitised. `progress` counts the scheme's steps: [`Custodian::steps`] of them.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] for a query under another key or agreement, a gallery that is empty or damaged, or when `progress` asks to stop.
    pub fn answer(
        &self,
        key: &AdmittedKey<S>,
        query: &Query<S>,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Answer<S>, AnswerError> {
        let order = self.order.get_or_init(|| random_seed(rng)).clone();
        self.answer_from(key, query, &Randomness::new(random_seed(rng), order), progress).map(|(answer, _)| answer)
    }

    /// As [`Custodian::answer`], from given randomness: the same answer each time, bit for bit, for the same key, query, version of the
    /// gallery and exempt persons. With the digests of its parts.
    ///
    /// # Errors
    ///
    /// As [`Custodian::answer`].
    pub(crate) fn answer_from(
        &self,
        key: &AdmittedKey<S>,
        query: &Query<S>,
        randomness: &Randomness,
        progress: &dyn Progress,
    ) -> Result<(Answer<S>, Parts), AnswerError> {
        self.require_fit(key, query)?;
        let searched = self.searched(&query.target);
        let task = self.task(query, &searched);
        // Diagonals and the like are kept of the whole gallery alone.
        let nothing_kept = S::prepare_gallery(&self.set, self.agreement.functional(), 0);
        let prepared = match query.target {
            Target::Gallery => &self.prepared,
            Target::Subject(_) => &nothing_kept,
        };
        let watch = Watch { progress, searched: &searched };
        let randomness = self.randomness_of(randomness, query);
        let mut parts = Parts::default();
        let answered = S::answer(&key.key, prepared, &task, &query.ciphertext, &randomness, &mut parts, &watch);
        // A subject that could not be read took part as one without references: the answer must not leave.
        if let Some(damage) = searched.damage() {
            return Err(damage.into());
        }
        let ciphertext = answered?;
        let answer = Answer {
            query: query.id,
            key: query.key,
            gallery: self.gallery.version(),
            disclosure: task.disclosure,
            probes: query.layouts.len(),
            verdicts_per_probe: task.verdicts_per_probe(),
            ciphertext,
        };
        Ok((answer, parts.blinded(&randomness)))
    }

    /// What part number `number` of the answer leaves: see [`Evaluator::part`].
    ///
    /// # Errors
    ///
    /// As [`Custodian::answer`].
    pub(crate) fn part_from(
        &self,
        key: &AdmittedKey<S>,
        query: &Query<S>,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, AnswerError> {
        self.require_fit(key, query)?;
        let searched = self.searched(&query.target);
        let task = self.task(query, &searched);
        let watch = Watch { progress, searched: &searched };
        let randomness = self.randomness_of(randomness, query);
        let part = S::part(&key.key, &task, &query.ciphertext, &randomness, number, &watch);
        match searched.damage() {
            Some(damage) => Err(damage.into()),
            None => Ok(part?.map(|part| randomness.blinded(number, &part))),
        }
    }

    /// How many parts the answer to a query has.
    pub(crate) fn parts(&self, query: &Query<S>) -> usize {
        S::parts(&self.set, &self.task(query, &self.searched(&query.target)))
    }

    /// What the answer to a query is drawn from.
    fn randomness_of(&self, randomness: &Randomness, query: &Query<S>) -> Randomness {
        let mut exempt: Vec<usize> = self.exempt.iter().copied().collect();
        exempt.sort_unstable();
        randomness.of_search(&self.gallery.version().0, &exempt, &query.id.0)
    }

    /// Whether a query can be answered: with this key, under this agreement, within the bits that it admits.
    fn require_fit(&self, key: &AdmittedKey<S>, query: &Query<S>) -> Result<(), AnswerError> {
        if query.key != key.id {
            return Err(AnswerError::OtherKey { expected: key.id, actual: query.key });
        }
        if query.agreement != self.agreement.digest() || key.parameters != *self.agreement.parameters() {
            return Err(AnswerError::OtherTerms);
        }
        if self.gallery.is_empty() {
            return Err(AnswerError::EmptyGallery);
        }
        self.check_bits(query)
    }

    /// How many steps [`Custodian::answer`] reports.
    pub fn steps(&self, query: &Query<S>) -> u64 {
        S::steps(&self.set, &self.task(query, &self.searched(&query.target)))
    }

    fn searched(&self, target: &Target) -> Searched<'_> {
        match target {
            Target::Gallery => Searched::everybody(&self.gallery, &self.exempt),
            Target::Subject(id) => Searched::one(&self.gallery, &self.exempt, id),
        }
    }

    fn task<'b>(&'b self, query: &'b Query<S>, subjects: &'b dyn Subjects) -> Task<'b> {
        let disclosure = query.target.disclosure::<S>(&self.agreement);
        Task {
            functional: self.agreement.functional(),
            disclosure,
            layouts: &query.layouts,
            subjects,
            one_subject: matches!(query.target, Target::Subject(_)),
            references_per_subject: self.agreement.terms().limits.references_per_subject,
        }
    }
}
