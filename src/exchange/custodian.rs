//! The custodian's side: SECRET gallery, public keys. Has no name for a secret key.

use std::any::Any;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use rand::CryptoRng;

use super::{ExchangeError, unwrapped};
use crate::agreement::{Agreement, SchemeId};
use crate::custodian::{self, AnswerError, Gallery};
use crate::scheme::bgv::Bgv;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::tfhe::{Tfhe, fourier};
use crate::scheme::{Evaluator, Opened, OtherScheme, PartDigest, Parts, Progress, Randomness};
use crate::template::SubjectId;
use crate::wire::{self, KeyId, Query, QueryId, Target, WireError};

/// One authority that holds records.
pub struct Custodian(Box<dyn Answering>);

/// A querier's public keys as they came: read, and not yet expanded.
pub struct EvaluationKey {
    id: KeyId,
    expand: Box<dyn FnOnce() -> Expanded + Send>,
}

/// A querier's public keys, expanded for use: about a second of work and some 100 MB, for every query to come.
pub struct AdmittedKey {
    id: KeyId,
    key: Expanded,
}

/// A [`custodian::AdmittedKey`] of the custodian's scheme.
type Expanded = Box<dyn Any + Send + Sync>;

/// A query that has come and is well-formed.
pub struct Question {
    /// Names the query.
    pub id: QueryId,
    /// The keys that it is encrypted with.
    pub key: KeyId,
    /// Whom it is about.
    pub target: Target,
    /// Probes in it.
    pub probes: usize,
    query: Box<dyn Any + Send + Sync>,
}

/// A custodian with the keys of one querier.
pub struct Admitted<'a> {
    custodian: &'a Custodian,
    key: AdmittedKey,
}

/// What a custodian does, whatever its scheme.
trait Answering: Send + Sync {
    fn agreement(&self) -> &Opened;
    fn gallery(&self) -> &Gallery;
    fn exempting(self: Box<Self>, exempt: &BTreeSet<SubjectId>) -> Box<dyn Answering>;
    fn step(&self) -> &'static str;
    fn key_limit_bytes(&self) -> u64;
    fn query_limit_bytes(&self) -> u64;
    fn disclosed_bits(&self, question: &Question) -> u64;
    fn check_bits(&self, question: &Question) -> Result<(), AnswerError>;
    fn steps(&self, question: &Question) -> u64;
    fn parts(&self, question: &Question) -> usize;
    fn answer(
        &self,
        key: &AdmittedKey,
        question: &Question,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, ExchangeError>;
    fn answer_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        progress: &dyn Progress,
    ) -> Result<Drawn, ExchangeError>;
    fn part_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, ExchangeError>;
}

/// An answer from given randomness.
pub(crate) struct Drawn {
    /// Its file.
    pub(crate) answer: Vec<u8>,
    /// What each part of it has left.
    pub(crate) parts: Parts,
}

impl Custodian {
    /// A custodian with its gallery, which must have been enrolled under the same agreement.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Unanswered`] for a gallery of another agreement.
    pub fn new(agreement: &Agreement, gallery: impl Into<Arc<Gallery>>) -> Result<Self, ExchangeError> {
        Self::keeping(agreement, gallery, 0)
    }

    /// As [`Custodian::new`]; answers may keep up to `budget_bytes` of the gallery as the scheme computes on it, for those that follow (where
    /// the scheme gains by it).
    ///
    /// # Errors
    ///
    /// As [`Custodian::new`].
    pub fn keeping(
        agreement: &Agreement,
        gallery: impl Into<Arc<Gallery>>,
        budget_bytes: u64,
    ) -> Result<Self, ExchangeError> {
        let gallery = gallery.into();
        if gallery.agreement().digest() != agreement.digest() {
            return Err(AnswerError::OtherTerms.into());
        }
        let custodian = match agreement.scheme() {
            SchemeId::Tfhe => Self::of::<Tfhe>(gallery, budget_bytes),
            SchemeId::Bgv => Self::of::<Bgv>(gallery, budget_bytes),
            SchemeId::Hybrid => Self::of::<Hybrid>(gallery, budget_bytes),
        };
        Ok(custodian.map_err(WireError::from)?)
    }

    /// Under the agreement that the gallery was opened with.
    fn of<S: Evaluator>(gallery: Arc<Gallery>, budget_bytes: u64) -> Result<Self, OtherScheme> {
        let agreement = gallery.agreement().clone();
        Ok(Self(Box::new(custodian::Custodian::<S>::new(&agreement, gallery, budget_bytes)?)))
    }

    /// The same custodian, for whom these persons never match. Ids that are not enrolled protect nobody: see [`Gallery::not_enrolled`].
    ///
    /// # Security
    ///
    /// The querier cannot tell an exempt person from one who does not match: the same work is done on their own references, and a miss
    /// put in the place of what comes of it.
    pub fn exempting(self, exempt: &BTreeSet<SubjectId>) -> Self {
        Self(self.0.exempting(exempt))
    }

    /// The agreement that is answered under.
    pub fn agreement(&self) -> &Opened {
        self.0.agreement()
    }

    /// The records.
    pub fn gallery(&self) -> &Gallery {
        self.0.gallery()
    }

    /// Admits a querier's keys.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an evaluation key of the agreement's parameter set, unaltered.
    pub fn admit(&self, key: &[u8]) -> Result<Admitted<'_>, WireError> {
        Ok(Admitted { custodian: self, key: self.read_key(key)?.expand() })
    }

    /// A step of work, as progress counts it, in one word: "bootstrap".
    pub fn step(&self) -> &'static str {
        self.0.step()
    }

    /// Longest file of an evaluation key, in bytes.
    pub fn key_limit_bytes(&self) -> u64 {
        self.0.key_limit_bytes()
    }

    /// Longest file of a query, in bytes.
    pub fn query_limit_bytes(&self) -> u64 {
        self.0.query_limit_bytes()
    }

    /// Reads the file of an evaluation key.
    ///
    /// # Errors
    ///
    /// As [`Custodian::admit`].
    pub fn read_key(&self, reader: impl Read) -> Result<EvaluationKey, WireError> {
        EvaluationKey::read(reader, self.agreement())
    }

    /// Reads the file of a query, encrypted with any key.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a query under this agreement, within its limits.
    pub fn read_query(&self, reader: impl Read) -> Result<Question, WireError> {
        Question::read(reader, self.agreement())
    }

    /// Bits that the answer to a query can disclose at most, also where a probe is malformed.
    pub fn disclosed_bits(&self, question: &Question) -> u64 {
        self.0.disclosed_bits(question)
    }

    /// Whether the answer to a query stays within the bits that the agreement admits.
    ///
    /// # Errors
    ///
    /// [`AnswerError::TooManyBits`] where it does not: before anything is computed.
    pub fn check_bits(&self, question: &Question) -> Result<(), AnswerError> {
        self.0.check_bits(question)
    }

    /// Steps that [`Custodian::answer`] reports to its progress.
    pub fn steps(&self, question: &Question) -> u64 {
        self.0.steps(question)
    }

    /// The answer's bytes. `progress` is told of [`Custodian::steps`] steps.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Unanswered`] for a query under another key, a gallery that is empty or damaged, an answer that could disclose more
    /// than is agreed, or when `progress` asks to stop.
    pub fn answer(
        &self,
        key: &AdmittedKey,
        question: &Question,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, ExchangeError> {
        self.0.answer(key, question, rng, progress)
    }

    /// Which vector instructions the processor has, where an answer's bytes depend on it: where anything is computed in floating point.
    /// `bgv` computes with integers alone.
    pub(crate) fn instructions(&self) -> Option<&'static str> {
        match self.agreement().scheme() {
            SchemeId::Bgv => None,
            SchemeId::Tfhe | SchemeId::Hybrid => Some(fourier::instructions()),
        }
    }

    /// As [`Custodian::answer`], from given randomness: the same bytes each time.
    ///
    /// # Errors
    ///
    /// As [`Custodian::answer`].
    pub(crate) fn answer_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        progress: &dyn Progress,
    ) -> Result<Drawn, ExchangeError> {
        self.0.answer_from(key, question, randomness, progress)
    }

    /// How many parts the answer to a question has.
    pub(crate) fn parts(&self, question: &Question) -> usize {
        self.0.parts(question)
    }

    /// What one part of that answer leaves, without the others; none where it has no such part.
    ///
    /// # Errors
    ///
    /// As [`Custodian::answer`].
    pub(crate) fn part_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, ExchangeError> {
        self.0.part_from(key, question, randomness, number, progress)
    }
}

impl EvaluationKey {
    /// Reads the file of a querier's public keys.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an evaluation key of the agreement's parameter set, unaltered.
    pub fn read(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        Ok(match agreement.scheme() {
            SchemeId::Tfhe => Self::of::<Tfhe>(wire::EvaluationKey::read(reader, agreement)?),
            SchemeId::Bgv => Self::of::<Bgv>(wire::EvaluationKey::read(reader, agreement)?),
            SchemeId::Hybrid => Self::of::<Hybrid>(wire::EvaluationKey::read(reader, agreement)?),
        })
    }

    fn of<S: Evaluator>(key: wire::EvaluationKey<S>) -> Self {
        Self { id: key.id(), expand: Box::new(move || Box::new(custodian::AdmittedKey::new(key))) }
    }

    /// Names the keys.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Expands them for use.
    pub fn expand(self) -> AdmittedKey {
        AdmittedKey { id: self.id, key: (self.expand)() }
    }
}

impl Question {
    /// Reads the file of a query, encrypted with any key.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a query under this agreement, within its limits.
    pub fn read(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        Ok(match agreement.scheme() {
            SchemeId::Tfhe => Self::of::<Tfhe>(Query::read(reader, agreement, None)?),
            SchemeId::Bgv => Self::of::<Bgv>(Query::read(reader, agreement, None)?),
            SchemeId::Hybrid => Self::of::<Hybrid>(Query::read(reader, agreement, None)?),
        })
    }

    fn of<S: Evaluator>(query: Query<S>) -> Self {
        let (probes, target) = (query.layouts.len(), query.target.clone());
        Self { id: query.id, key: query.key, target, probes, query: Box::new(query) }
    }
}

impl AdmittedKey {
    /// Names the keys.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

impl Admitted<'_> {
    /// The answer to a query: bytes in, bytes out.
    ///
    /// # Errors
    ///
    /// As [`Custodian::read_query`] and [`Custodian::answer`].
    pub fn answer(&self, query: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, ExchangeError> {
        let question = self.custodian.read_query(query)?;
        self.custodian.answer(&self.key, &question, rng, &())
    }

    /// The keys, to be kept beyond this custodian: for one with the gallery's next version.
    pub fn into_key(self) -> AdmittedKey {
        self.key
    }
}

impl<S: Evaluator> Answering for custodian::Custodian<'static, S> {
    fn agreement(&self) -> &Opened {
        self.agreement()
    }

    fn gallery(&self) -> &Gallery {
        self.gallery()
    }

    fn exempting(self: Box<Self>, exempt: &BTreeSet<SubjectId>) -> Box<dyn Answering> {
        Box::new((*self).exempting(exempt))
    }

    fn step(&self) -> &'static str {
        S::STEP
    }

    fn key_limit_bytes(&self) -> u64 {
        wire::EvaluationKey::<S>::limit_bytes(self.agreement()).unwrap_or_default()
    }

    fn query_limit_bytes(&self) -> u64 {
        Query::<S>::limit_bytes(self.agreement()).unwrap_or_default()
    }

    fn disclosed_bits(&self, question: &Question) -> u64 {
        self.disclosed_bits(&question.target, question.probes)
    }

    fn check_bits(&self, question: &Question) -> Result<(), AnswerError> {
        match question.query.downcast_ref::<Query<S>>() {
            Some(query) => self.check_bits(query),
            None => Err(AnswerError::OtherTerms),
        }
    }

    fn steps(&self, question: &Question) -> u64 {
        question.query.downcast_ref::<Query<S>>().map_or(0, |query| self.steps(query))
    }

    fn parts(&self, question: &Question) -> usize {
        question.query.downcast_ref::<Query<S>>().map_or(0, |query| self.parts(query))
    }

    fn answer(
        &self,
        key: &AdmittedKey,
        question: &Question,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, ExchangeError> {
        let (key, query) = of_scheme::<S>(key, question)?;
        let answer = self.answer(key, query, rng, progress)?;
        Ok(unwrapped(answer.to_bytes(self.agreement())?))
    }

    fn answer_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        progress: &dyn Progress,
    ) -> Result<Drawn, ExchangeError> {
        let (key, query) = of_scheme::<S>(key, question)?;
        let (answer, parts) = self.answer_from(key, query, randomness, progress)?;
        Ok(Drawn { answer: unwrapped(answer.to_bytes(self.agreement())?), parts })
    }

    fn part_from(
        &self,
        key: &AdmittedKey,
        question: &Question,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, ExchangeError> {
        let (key, query) = of_scheme::<S>(key, question)?;
        Ok(self.part_from(key, query, randomness, number, progress)?)
    }
}

/// A key and a query as those of one scheme.
fn of_scheme<'a, S: Evaluator>(
    key: &'a AdmittedKey,
    question: &'a Question,
) -> Result<(&'a custodian::AdmittedKey<S>, &'a Query<S>), AnswerError> {
    let key = key.key.downcast_ref::<custodian::AdmittedKey<S>>();
    key.zip(question.query.downcast_ref::<Query<S>>()).ok_or(AnswerError::OtherTerms)
}
