//! Stages 3 to 7: what we ask of homomorphic encryption, split by who may do it.
//!
//! The cut is at "answer this query against this gallery", not at the single comparison, because one scheme may judge one pair
//! at a time and another a whole block of references.
//!
//! [`Holder`] has the secret key; [`Evaluator`] has no name for it.

mod account;
#[cfg(test)]
mod again;
#[cfg(test)]
mod alike;
pub mod bgv;
#[cfg(test)]
mod clear;
mod counting;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod exhaustive;
mod figures;
mod gray_zone;
pub mod hybrid;
#[cfg(test)]
mod malformed;
mod measurement;
mod opened;
mod parts;
mod prediction;
mod randomness;
#[cfg(test)]
mod repeated;
pub(in crate::scheme) mod subject;
pub mod tfhe;

use std::borrow::Cow;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::agreement::{Disclosure, SchemeId};
use crate::functional::{Functional, Probe, Reference, SampleLayout};
use crate::parameters::{Dimensions, ParameterSet};
use crate::remedy::Remedy;
use crate::template::{Eye, Handle};
pub use gray_zone::GrayZone;
pub(crate) use gray_zone::upper_tail;
pub(crate) use measurement::{Flips, MeasuredNoise, Measurement, Unmeasured, WIDEST};
pub use opened::Opened;
pub use parts::{PartDigest, Parts};
pub(crate) use prediction::PredictedNoise;
pub(in crate::scheme) use randomness::Drawn;
pub use randomness::Randomness;
pub(crate) use randomness::{RandomSeed, random_seed};

/// What crosses between the parties under one scheme.
pub trait Scheme: Sized + 'static {
    /// Identifies the scheme in the header of every file.
    const ID: SchemeId;
    /// Its kind of parameter set.
    type Set: Copy + Send + Sync + 'static;
    /// Public keys of one querier: querier to custodian, once.
    type EvaluationKey: Crossing<Set = Self::Set>;
    /// The encrypted templates of one query: querier to custodian.
    type EncryptedProbes: Crossing<Set = Self::Set>;
    /// The encrypted, sanitised verdicts of one answer: custodian to querier.
    type EncryptedVerdicts: Crossing<Set = Self::Set>;

    /// The set as one of this scheme; none for a set of another.
    fn set(parameters: &ParameterSet) -> Option<Self::Set>;

    /// As what a query about one subject is answered, where the agreement discloses this of a gallery: the bit is the same.
    ///
    /// As under `any`, which has an answer also where nobody was compared; a scheme whose parameter set was admitted for the agreed
    /// disclosure alone keeps to that.
    fn of_one_subject(_: Disclosure) -> Disclosure {
        Disclosure::Any
    }

    /// Bits that the answer on one probe can tell at most of so many subjects with so many references, also where the probe is malformed:
    /// what is charged for it. Of a count as many as it takes to write it.
    /// Of handles, at most `hits` of them, all their bits.
    fn most_bits(disclosure: Disclosure, hits: u64, subjects: u64, references: u64) -> u64 {
        match disclosure {
            Disclosure::Any => 1,
            Disclosure::Each => references.max(1),
            Disclosure::Count => u64::from(u64::BITS - subjects.max(1).leading_zeros()),
            Disclosure::Labelled => bits_of_handles(hits),
        }
    }

    /// Bits that the answer on one probe can tell at most of the largest gallery, whatever the evaluation keys make of the circuit: what a
    /// flood leaves of a phase that may be anything (docs/protocol.md, section 6). Nobody is charged for it.
    fn most_bits_of_any_keys(set: &Self::Set, functional: &Functional, disclosure: Disclosure) -> u64;

    /// The parameter set of an agreement on this scheme.
    ///
    /// # Errors
    ///
    /// [`OtherScheme`] for an agreement on another one.
    fn agreed_set(agreement: &Opened) -> Result<Self::Set, OtherScheme> {
        let parameters = agreement.parameters();
        Self::set(parameters).ok_or(OtherScheme { expected: parameters.scheme(), actual: Self::ID })
    }
}

/// Bits of so many handles, and of how many there are: 0 to `hits`, or more. Of a handle twenty numbers of sixteen bits are told: its text, length and
/// checksum, and a place that is drawn anew each time; and two numbers beside, which of a search that wraps are sums as well.
/// `tfhe` tells less, and is charged as much.
pub(in crate::scheme) fn bits_of_handles(hits: u64) -> u64 {
    let bits = 8 * Handle::MOST_BYTES as u64 + 64;
    let of_count = u64::from(u64::BITS - hits.saturating_add(1).leading_zeros());
    hits.saturating_mul(bits).saturating_add(32 + of_count)
}

/// [`Scheme::most_bits`] of a parameter set's scheme.
pub(crate) fn most_bits(
    parameters: &ParameterSet,
    disclosure: Disclosure,
    hits: u64,
    subjects: u64,
    references: u64,
) -> u64 {
    let of_scheme = match parameters.dimensions() {
        Dimensions::Tfhe(_) => self::tfhe::Tfhe::most_bits,
        Dimensions::Bgv(_) => self::bgv::Bgv::most_bits,
        Dimensions::Hybrid(_) => self::hybrid::Hybrid::most_bits,
    };
    of_scheme(disclosure, hits, subjects, references)
}

/// [`Scheme::of_one_subject`] of a scheme.
fn of_one_subject(scheme: SchemeId, agreed: Disclosure) -> Disclosure {
    match scheme {
        SchemeId::Tfhe => self::tfhe::Tfhe::of_one_subject(agreed),
        SchemeId::Bgv => self::bgv::Bgv::of_one_subject(agreed),
        SchemeId::Hybrid => self::hybrid::Hybrid::of_one_subject(agreed),
    }
}

/// [`Scheme::most_bits_of_any_keys`] under an agreement.
fn most_bits_of_any_keys(agreement: &Opened) -> u64 {
    fn of<S: Scheme>(agreement: &Opened) -> Option<u64> {
        let disclosure = agreement.terms().disclosure;
        let set = S::set(agreement.parameters())?;
        let of = |disclosure| S::most_bits_of_any_keys(&set, agreement.functional(), disclosure);
        // A question about one subject may be answered otherwise.
        Some(of(disclosure).max(of(S::of_one_subject(disclosure))))
    }
    let bits = match agreement.scheme() {
        SchemeId::Tfhe => of::<self::tfhe::Tfhe>(agreement),
        SchemeId::Bgv => of::<self::bgv::Bgv>(agreement),
        SchemeId::Hybrid => of::<self::hybrid::Hybrid>(agreement),
    };
    bits.unwrap_or(u64::MAX)
}

/// Of another scheme than agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("of scheme {actual}, but the agreement says {expected}")]
pub struct OtherScheme {
    /// The scheme of the agreement.
    pub expected: SchemeId,
    /// The scheme of what was handed in.
    pub actual: SchemeId,
}

/// What a payload is about: its receiver knows it before it decodes. Zeros where a number has no meaning, as for keys.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'a> {
    /// The comparison.
    pub functional: &'a Functional,
    /// What the querier may learn.
    pub disclosure: Disclosure,
    /// Probes of the query.
    pub probes: usize,
    /// Their samples in all: one each, or one of each eye.
    pub samples: usize,
    /// Verdicts on each probe: 1 for `any`, one an enrolled subject for `each` and `count`, under `labelled` as many as have handles.
    pub verdicts_per_probe: usize,
}

impl Extent<'_> {
    /// Verdicts in all.
    pub(crate) fn verdicts(&self) -> usize {
        self.probes.saturating_mul(self.verdicts_per_probe)
    }
}

/// A value that crosses: bounded, canonical bytes.
pub trait Crossing: Sized + Send + Sync {
    /// Parameter sets of its scheme.
    type Set;

    /// The payload.
    ///
    /// # Errors
    ///
    /// [`CrossingError::Encoding`] if the serialiser refuses, which it does not for a value of valid size.
    fn encode(&self) -> Result<Vec<u8>, CrossingError>;

    /// Reads a payload of the given extent back, never allocating more than a small multiple of its length.
    ///
    /// # Errors
    ///
    /// [`CrossingError`] for anything that [`Crossing::encode`] would not have written for this extent and parameter set.
    fn decode(bytes: &[u8], set: &Self::Set, extent: &Extent<'_>) -> Result<Self, CrossingError>;

    /// Upper bound of the payload's length for an extent, in bytes; not less for a larger extent.
    fn limit_bytes(set: &Self::Set, extent: &Extent<'_>) -> u64;
}

/// Why a payload is refused. Says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrossingError {
    /// Not the serialised form of the expected type.
    #[error("the payload is not well-formed")]
    Encoding,
    /// More bytes than the parameter set and the agreement admit.
    #[error("the payload has {actual} bytes where at most {limit} are admitted")]
    TooLarge {
        /// Most bytes that a payload of this extent can have.
        limit: u64,
        /// Bytes of the payload.
        actual: u64,
    },
    /// Dimensions of another parameter set, or another number of ciphertexts than announced.
    #[error("the payload's dimensions do not fit the parameter set and the announced number of {0}")]
    Dimensions(&'static str),
    /// Decodes, but is not the one encoding of its value.
    #[error("the payload is not in canonical form (trailing or altered bytes)")]
    NotCanonical,
    /// A ciphertext without a mask hides nothing and was not made by an honest party.
    #[error("a ciphertext is trivial: it hides nothing")]
    Trivial,
}

impl Remedy for CrossingError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Encoding => "the file is damaged, or was not made by this program",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// Who decrypts. Secret.
pub trait Holder: Scheme {
    /// The querier's secret key: does not print, copy or serialise by accident, and is wiped on drop.
    type SecretKey;

    /// Fresh keys.
    fn generate(set: &Self::Set, rng: &mut dyn CryptoRng) -> (Self::SecretKey, Self::EvaluationKey);

    /// Stage 3. Encrypts every sample of every probe, in order.
    fn encrypt(
        key: &Self::SecretKey,
        functional: &Functional,
        probes: &[Probe],
        rng: &mut dyn CryptoRng,
    ) -> Self::EncryptedProbes;

    /// Stage 7. What an answer of this extent says of each probe, in order.
    fn decrypt(key: &Self::SecretKey, extent: &Extent<'_>, verdicts: &Self::EncryptedVerdicts) -> Vec<Disclosed>;

    /// The key's bits, for the querier's own key file. Wiped when dropped.
    fn export_secret(key: &Self::SecretKey) -> Zeroizing<Vec<u8>>;

    /// Reads [`Holder::export_secret`] back; `None` for anything else.
    fn import_secret(bytes: &[u8], set: &Self::Set) -> Option<Self::SecretKey>;
}

/// What decrypting says of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosed {
    /// One bit a verdict: in the order of the gallery under `each`, shuffled under `count`.
    Bits(Vec<bool>),
    /// How many subjects match, where that is all that was sent.
    Count(usize),
    /// The handles of the subjects that match, in order; none of a subject without one.
    Handles(Vec<Option<Handle>>),
    /// More subjects match than have handles.
    MoreHits,
    /// Nothing that a custodian makes for this key.
    Nothing,
}

/// What the custodian computes on: one enrolled subject's references.
pub(crate) type SubjectReferences = [(Option<Eye>, Reference)];

/// The subjects that a query is compared with, in the order of the gallery; decoded when they are asked for, so that a gallery need not
/// fit in memory.
pub trait Subjects: Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The references of the subject at `index`, counted from 0.
    ///
    /// None where there is no such subject, or where it cannot be read: then whoever owns the gallery discards the answer.
    fn references(&self, index: usize) -> Cow<'_, SubjectReferences>;

    /// Whether a hit on this subject is one: not for a person who is exempt, nor for one who is not enrolled. The work is the same either way.
    fn may_match(&self, _index: usize) -> bool {
        true
    }

    /// The record handle that a hit on this subject discloses, where the agreement says so: none of a person who has none, is exempt, or is
    /// not enrolled. The work is the same either way.
    fn handle(&self, _index: usize) -> Option<Cow<'_, Handle>> {
        None
    }
}

impl<T: AsRef<SubjectReferences> + Sync> Subjects for &[T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(self.get(index).map_or(&[], AsRef::as_ref))
    }
}

impl<T: AsRef<SubjectReferences> + Sync> Subjects for Vec<T> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn references(&self, index: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(self.get(index).map_or(&[], AsRef::as_ref))
    }
}

/// One query against one gallery, without ciphertexts.
pub struct Task<'a> {
    /// The comparison.
    pub functional: &'a Functional,
    /// What the querier may learn.
    pub disclosure: Disclosure,
    /// Which samples each probe has; their number is the number of probes.
    pub layouts: &'a [SampleLayout],
    /// The subjects to search, in the order of the gallery.
    pub subjects: &'a dyn Subjects,
    /// Whether the query names one subject (1:1), who need not be enrolled.
    pub one_subject: bool,
    /// References that a subject may have of each eye, as agreed.
    pub references_per_subject: usize,
}

impl Task<'_> {
    /// Under `labelled`, hits of a probe that have handles.
    pub(crate) fn hits(&self) -> usize {
        if self.one_subject { 1 } else { self.functional.hits_per_probe().max(1) }
    }

    /// Verdicts on each probe: see [`Extent::verdicts_per_probe`].
    pub(crate) fn verdicts_per_probe(&self) -> usize {
        match self.disclosure {
            Disclosure::Any => 1,
            Disclosure::Labelled => self.hits(),
            // Also a subject who is not enrolled has a verdict.
            Disclosure::Each | Disclosure::Count => self.subjects.len().max(1),
        }
    }
}

/// Who computes, on public keys alone.
pub trait Evaluator: Scheme {
    /// A step of work, as progress counts it, in one word: "bootstrap". So small that the largest step takes seconds.
    const STEP: &'static str;
    /// An evaluation key expanded for use.
    type PreparedKey: Send + Sync;
    /// What is kept of a gallery between queries, beside its references: filled by answers, up to a budget.
    type PreparedGallery: Send + Sync;

    /// Expands the public keys; seconds of work and the bulk of the memory, once for many queries.
    ///
    /// `set` must be the one that the key was decoded or generated for.
    fn prepare_key(key: Self::EvaluationKey, set: &Self::Set) -> Self::PreparedKey;

    /// Room for what answers may keep of one gallery under one functional: at most `budget_bytes`.
    fn prepare_gallery(set: &Self::Set, functional: &Functional, budget_bytes: u64) -> Self::PreparedGallery;

    /// Stages 4 to 6: the sanitised verdicts, `verdicts_per_probe` for each probe in turn.
    ///
    /// `gallery` must have been prepared for the gallery that the task's subjects are of; `parts` is told what each part has left. The answer follows from key, task, probes and
    /// randomness alone: not from the number of threads, nor from what `gallery` keeps.
    ///
    /// # Errors
    ///
    /// [`Unanswered`] when `progress` asks to stop, or when the answer could not hide all that it has to.
    fn answer(
        key: &Self::PreparedKey,
        gallery: &Self::PreparedGallery,
        task: &Task<'_>,
        probes: &Self::EncryptedProbes,
        randomness: &Randomness,
        parts: &mut Parts,
        progress: &dyn Progress,
    ) -> Result<Self::EncryptedVerdicts, Unanswered>;

    /// How many parts an answer has: see [`Parts`].
    fn parts(set: &Self::Set, task: &Task<'_>) -> usize;

    /// What one part of an answer leaves, without the others; none where there is no such part.
    ///
    /// # Errors
    ///
    /// As [`Evaluator::answer`].
    fn part(
        key: &Self::PreparedKey,
        task: &Task<'_>,
        probes: &Self::EncryptedProbes,
        randomness: &Randomness,
        number: usize,
        progress: &dyn Progress,
    ) -> Result<Option<PartDigest>, Unanswered>;

    /// How many steps [`Evaluator::answer`] reports to its progress.
    fn steps(set: &Self::Set, task: &Task<'_>) -> u64;
}

/// Told how far long work is, and asked whether to go on. Called from several threads.
pub trait Progress: Sync {
    /// So many more steps are done.
    fn advance(&self, steps: u64);
    /// Whether to give up.
    fn stop(&self) -> bool;
}

/// Nobody watches.
impl Progress for () {
    fn advance(&self, _: u64) {}
    fn stop(&self) -> bool {
        false
    }
}

/// The work was asked to stop before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before it was done; nothing was written")]
pub struct Stopped;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unanswered {
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The task is not one that the agreement's parameter set was admitted for.
    #[error("the comparison does not fit the parameter set: {0}")]
    Misfit(String),
    /// The answer has so many numbers that the noise of all of them together is not hidden.
    #[error(
        "the answer would stay within 2^{leakage_log2:.0} of hiding the gallery's noise where 2^{limit_log2:.0} is promised"
    )]
    Flooding {
        /// Statistical distance of the answer, as a logarithm.
        leakage_log2: f64,
        /// The largest that a parameter set may leave, as a logarithm (docs/protocol.md, section 6).
        limit_log2: f64,
    },
}

impl Remedy for Unanswered {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Misfit(..) => "agree on a larger one",
            Self::Flooding { .. } => "ask about fewer probes at a time",
            _ => return None,
        };
        Some(remedy.into())
    }
}
