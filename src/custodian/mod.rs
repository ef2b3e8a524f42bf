//! The custodian: SECRET gallery. Answers on public keys alone.
//!
//! Has no name for a secret key: see `tests/boundaries`.

mod gallery;

use rand::CryptoRng;

use crate::agreement::{Agreement, Disclosure};
use crate::parameters::ParameterSet;
use crate::scheme::{Evaluator, OtherScheme, Progress, Stopped, SubjectReferences, Task};
use crate::wire::{Answer, EvaluationKey, KeyId, Query, Target};
pub use gallery::{Enrolment, Gallery, Refusal, RefusalReason, Subject};

/// One authority that holds records, ready to answer under one agreement.
pub struct Custodian<'a, S: Evaluator> {
    agreement: &'a Agreement,
    gallery: &'a Gallery,
    set: &'static S::Set,
    /// What answers keep of the gallery, for those that follow.
    prepared: S::PreparedGallery,
}

/// One querier's public keys, expanded for use; keep them for its next query.
pub struct AdmittedKey<S: Evaluator> {
    id: KeyId,
    parameters: &'static ParameterSet,
    key: S::PreparedKey,
}

impl<S: Evaluator> AdmittedKey<S> {
    /// Expands public keys: about a second, and the bulk of the memory.
    pub fn new(key: EvaluationKey<S>) -> Self {
        let (id, parameters) = (key.id(), key.parameters());
        let (key, set) = key.into_parts();
        Self { id, parameters, key: S::prepare_key(key, set) }
    }

    /// Names the keys.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

/// Why a query is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Encrypted with another key.
    #[error(
        "the query belongs to key {actual}, not to key {expected}; use the evaluation key that came with the query"
    )]
    OtherKey {
        /// As admitted.
        expected: KeyId,
        /// As in the query.
        actual: KeyId,
    },
    /// Asked under another agreement, or with keys of another parameter set.
    #[error("the query or its key was made under other terms than this custodian's")]
    OtherTerms,
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl<'a, S: Evaluator> Custodian<'a, S> {
    /// A custodian with its gallery, of which answers may keep up to `budget_bytes` encoded for those that follow (where the scheme
    /// gains by it).
    ///
    /// # Errors
    ///
    /// [`OtherScheme`] for an agreement on another scheme.
    pub fn new(agreement: &'a Agreement, gallery: &'a Gallery, budget_bytes: u64) -> Result<Self, OtherScheme> {
        let set = S::agreed_set(agreement)?;
        let prepared = S::prepare_gallery(set, agreement.functional(), budget_bytes);
        Ok(Self { agreement, gallery, set, prepared })
    }

    /// Whether a 1:1 query's subject is enrolled; always for a query about the gallery.
    ///
    /// The querier must not be told: an unknown subject is answered like one that does not match.
    pub fn knows(&self, target: &Target) -> bool {
        match target {
            Target::Gallery => true,
            Target::Subject(id) => self.gallery.subject(id).is_some(),
        }
    }

    /// Stages 4 to 6: the answer to a query, sanitised. `progress` counts the scheme's steps: [`Custodian::steps`] of them.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] for a query under another key or agreement, or when `progress` asks to stop.
    pub fn answer(
        &self,
        key: &AdmittedKey<S>,
        query: &Query<S>,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Answer<S>, AnswerError> {
        if query.key != key.id {
            return Err(AnswerError::OtherKey { expected: key.id, actual: query.key });
        }
        if query.agreement != self.agreement.digest() || key.parameters.id() != self.agreement.parameters().id() {
            return Err(AnswerError::OtherTerms);
        }
        let subjects = self.subjects(&query.target);
        let task = self.task(query, &subjects);
        let ciphertext = S::answer(&key.key, &self.prepared, &task, &query.ciphertext, rng, progress)?;
        Ok(Answer {
            query: query.id,
            key: query.key,
            disclosure: task.disclosure,
            probes: query.layouts.len(),
            verdicts_per_probe: task.verdicts_per_probe(),
            ciphertext,
        })
    }

    /// How many steps [`Custodian::answer`] reports.
    pub fn steps(&self, query: &Query<S>) -> u64 {
        S::steps(self.set, &self.task(query, &self.subjects(&query.target)))
    }

    fn subjects(&self, target: &Target) -> Vec<&'a SubjectReferences> {
        match target {
            Target::Gallery => self.gallery.subjects().iter().map(Subject::references).collect(),
            Target::Subject(id) => self.gallery.subject(id).map(Subject::references).into_iter().collect(),
        }
    }

    fn task<'b>(&'b self, query: &'b Query<S>, subjects: &'b [&'b SubjectReferences]) -> Task<'b> {
        // One subject's bit is the same under every disclosure; `any` also answers for a subject that is not enrolled.
        let disclosure = match query.target {
            Target::Gallery => self.agreement.terms().disclosure,
            Target::Subject(_) => Disclosure::Any,
        };
        Task { functional: self.agreement.functional(), disclosure, layouts: &query.layouts, subjects }
    }
}
