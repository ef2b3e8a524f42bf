//! What the querier remembers of a query, and how it reads the answer.

use std::borrow::Cow;
use std::io::Read;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Querier;
use crate::agreement::Disclosure;
use crate::remedy::Remedy;
use crate::scheme::{Disclosed, Holder, Opened};
use crate::template::{Handle, SubjectId};
use crate::wire::{Answer, Envelope, Expected, KeyId, Kind, QueryId, Target, WireError, decode_clear, encode_clear};

/// A query that waits for its answer. Holds the probes' identifiers, which never cross.
pub struct Pending {
    key: KeyId,
    clear: PendingClear,
}

#[derive(Serialize, Deserialize)]
struct PendingClear {
    query: QueryId,
    target: Target,
    subjects: Vec<SubjectId>,
}

/// What an answer says of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Whether anybody matches (or the one subject that was named).
    Any(bool),
    /// Whether each enrolled subject matches, in the order of the gallery.
    Each(Vec<bool>),
    /// How many enrolled subjects match.
    Count(usize),
    /// The handles of the enrolled subjects that match, in their own order; none of a subject to whom the custodian gave none.
    Handles(Vec<Option<Handle>>),
    /// More match than have handles by the agreement, which is this many: nothing else is told of them.
    MoreThan(usize),
}

impl Verdict {
    /// Whether there is a hit at all.
    pub fn hit(&self) -> bool {
        match self {
            Self::Any(hit) => *hit,
            Self::Each(bits) => bits.contains(&true),
            Self::Count(count) => *count > 0,
            Self::Handles(handles) => !handles.is_empty(),
            Self::MoreThan(_) => true,
        }
    }
}

/// In words: "hit", "no hit", "hit at 3, 7" (places in the gallery, counted from 1), "2 hits", "hit: B-117", "more than 4 hits".
impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            verdict if !verdict.hit() => f.write_str("no hit"),
            Self::Any(_) => f.write_str("hit"),
            Self::Each(bits) => {
                let places = bits.iter().zip(1usize..).filter(|(bit, _)| **bit).map(|(_, place)| place.to_string());
                write!(f, "hit at {}", places.collect::<Vec<_>>().join(", "))
            }
            Self::Count(count) => write!(f, "{count} hit{}", if *count == 1 { "" } else { "s" }),
            Self::Handles(handles) => {
                let handles = handles.iter().map(|handle| handle.as_ref().map_or("(no handle)".into(), Handle::listed));
                write!(f, "hit: {}", handles.collect::<Vec<_>>().join(", "))
            }
            Self::MoreThan(most) => write!(f, "more than {most} hit{}", if *most == 1 { "" } else { "s" }),
        }
    }
}

/// The verdict on one probe, by what the answer says it discloses.
fn verdict<S: Holder>(answer: &Answer<S>, disclosed: Disclosed) -> Result<Verdict, AnswerError> {
    let expected = answer.verdicts_per_probe;
    match (answer.disclosure, disclosed) {
        (_, Disclosed::Bits(bits)) if bits.len() != expected => Err(AnswerError::Bits { expected, actual: bits.len() }),
        (Disclosure::Any, Disclosed::Bits(bits)) => Ok(Verdict::Any(bits.contains(&true))),
        (Disclosure::Each, Disclosed::Bits(bits)) => Ok(Verdict::Each(bits)),
        (Disclosure::Count, Disclosed::Bits(bits)) => Ok(Verdict::Count(bits.into_iter().filter(|&bit| bit).count())),
        (Disclosure::Count, Disclosed::Count(count)) if count <= expected => Ok(Verdict::Count(count)),
        (Disclosure::Labelled, Disclosed::Handles(handles)) if handles.len() <= expected => {
            Ok(Verdict::Handles(handles))
        }
        (Disclosure::Labelled, Disclosed::MoreHits) => Ok(Verdict::MoreThan(expected)),
        (Disclosure::Labelled, _) | (_, Disclosed::Handles(_) | Disclosed::MoreHits | Disclosed::Nothing) => {
            Err(AnswerError::Handles)
        }
        (_, Disclosed::Count(actual)) => Err(AnswerError::Bits { expected, actual }),
    }
}

/// Why an answer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// To another query.
    #[error("this answers query {actual}, not query {expected}")]
    OtherQuery {
        /// The query that was asked.
        expected: QueryId,
        /// The query that the answer names.
        actual: QueryId,
    },
    /// Made for another key.
    #[error("this answer belongs to key {actual}, not to key {expected}")]
    OtherKey {
        /// The querier's key.
        expected: KeyId,
        /// The key that the answer was made for.
        actual: KeyId,
    },
    /// With another number of verdicts on a probe than it announces, or a count above that.
    #[error("the answer holds {actual} verdicts on a probe where {expected} belong")]
    Bits {
        /// Verdicts on a probe that the answer announces.
        expected: usize,
        /// Verdicts on a probe that it decrypts to, or the count where that is larger.
        actual: usize,
    },
    /// What should be handles is none.
    #[error(
        "the answer's handles cannot be read: they are damaged, were made for another key, or are those of 65537 persons who all match one probe"
    )]
    Handles,
    /// Of another disclosure than was asked for.
    #[error("the answer discloses '{actual}' where '{expected}' was asked for")]
    Disclosure {
        /// What the query asked for.
        expected: Disclosure,
        /// What the answer says that it discloses.
        actual: Disclosure,
    },
    /// For another number of probes.
    #[error("the answer speaks of {actual} probes where {expected} were asked about")]
    Probes {
        /// Probes in the query.
        expected: usize,
        /// Probes that the answer speaks of.
        actual: usize,
    },
}

impl Remedy for AnswerError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Bits { .. } => "it was not made by this program",
            Self::Disclosure { .. } => "it was not made by this program",
            Self::Handles => "fetch the answer again; if it stays so, ask about each person alone",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl Pending {
    pub(super) fn new(query: QueryId, key: KeyId, target: Target, subjects: Vec<SubjectId>) -> Self {
        Self { key, clear: PendingClear { query, target, subjects } }
    }

    /// The query that waits.
    pub fn query(&self) -> QueryId {
        self.clear.query
    }

    /// Whom the query is about.
    pub fn target(&self) -> &Target {
        &self.clear.target
    }

    /// Whose probes were asked about, in order.
    pub fn subjects(&self) -> &[SubjectId] {
        &self.clear.subjects
    }

    /// Stage 7: the verdict on each probe, in the order they were asked about. An answer is read once.
    ///
    /// # Errors
    ///
    /// [`AnswerError`] for an answer to another query, key or number of probes, or with another number of bits.
    pub fn read<S: Holder>(
        self,
        querier: &Querier<S>,
        answer: &Answer<S>,
    ) -> Result<Vec<(SubjectId, Verdict)>, AnswerError> {
        let expected = querier.key.id();
        for actual in [answer.key, self.key] {
            if actual != expected {
                return Err(AnswerError::OtherKey { expected, actual });
            }
        }
        if answer.query != self.clear.query {
            return Err(AnswerError::OtherQuery { expected: self.clear.query, actual: answer.query });
        }
        let expected = self.clear.subjects.len();
        if answer.probes != expected {
            return Err(AnswerError::Probes { expected, actual: answer.probes });
        }
        let expected = self.clear.target.disclosure::<S>(&querier.agreement);
        if answer.disclosure != expected {
            return Err(AnswerError::Disclosure { expected, actual: answer.disclosure });
        }
        // Who asks about the gallery is told of as many hits as are agreed, and not of fewer.
        let handles = querier.agreement.functional().hits_per_probe();
        if expected == Disclosure::Labelled
            && self.clear.target == Target::Gallery
            && answer.verdicts_per_probe != handles
        {
            return Err(AnswerError::Bits { expected: handles, actual: answer.verdicts_per_probe });
        }
        let disclosed = S::decrypt(querier.key.key(), &answer.extent(&querier.agreement), &answer.ciphertext);
        let (expected, actual) = (self.clear.subjects.len(), disclosed.len());
        if actual != expected {
            return Err(AnswerError::Probes { expected, actual });
        }
        let verdicts = self.clear.subjects.into_iter().zip(disclosed);
        let of_target = |verdict: Verdict| match (&self.clear.target, verdict) {
            (Target::Gallery, verdict)
            | (Target::Subject(_), verdict @ (Verdict::Handles(_) | Verdict::MoreThan(_))) => verdict,
            (Target::Subject(_), verdict) => Verdict::Any(verdict.hit()),
        };
        verdicts.map(|(subject, disclosed)| Ok((subject, of_target(verdict(answer, disclosed)?)))).collect()
    }

    /// The file: the querier keeps it until the answer comes.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Opened) -> Result<Zeroizing<Vec<u8>>, WireError> {
        Ok(Envelope::new(Kind::Pending, agreement, Some(self.key), encode_clear(&self.clear)?).to_bytes())
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a pending query under this agreement.
    pub fn from_reader(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        let most = agreement.terms().limits.probes_per_query;
        let limit_bytes = 1024 + most as u64 * (SubjectId::LIMIT_BYTES as u64 + 8);
        let expected = Expected { kind: Kind::Pending, agreement, key: None, limit_bytes };
        let envelope = Envelope::read(reader, &expected)?;
        let clear: PendingClear = decode_clear(&envelope.payload, limit_bytes)?;
        if clear.subjects.is_empty() || clear.subjects.len() > most {
            return Err(WireError::Field("number of probes"));
        }
        Ok(Self { key: envelope.header.key.ok_or(WireError::Header("key"))?, clear })
    }
}
