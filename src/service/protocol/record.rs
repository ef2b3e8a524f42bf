//! What the parties say to each other about a query, signed: request, receipt, reply, acknowledgement.
//!
//! The fields are those of hit/no-hit practice: Regulation (EU) 2024/982 (Prüm II), Art. 15 and 24 (request and reply), 33
//! (justification), 38 (a request that cannot be processed), 40 (logs). None of them says whether there was a hit.
//!
//! ```text
//! requester                    custodian
//!   Request     ───────────►                what is asked, why, under which number
//!               ◄───────────    Receipt     it was accepted, and charged
//!               ◄───────────    Reply       the answer's digest, or why there is none
//!   Acknowledgement ───────►                the answer has arrived; said before it is decrypted
//!   Abandonment ───────────►                or: nobody goes on with it
//! ```
//!
//! Each names the one before by digest, so that with the other party's signature in hand neither can deny or invent a query.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agreement::{Code, RequestField, ServiceTerms};
use crate::remedy::Remedy;
use crate::service::signing::{Hash, Name, Statement};
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// A line of text for people: no control characters, at most `Line::LIMIT` bytes. A reference to a file, never a name of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Line(String);

/// Why a text is no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of 1 to {} bytes without control characters; shorten it", Line::LIMIT)]
pub struct LineError;

impl Line {
    /// Longest line, in bytes.
    pub(crate) const LIMIT: usize = 200;

    /// The line, without its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Line {
    type Error = LineError;

    fn try_from(text: String) -> Result<Self, LineError> {
        let sound =
            (1..=Self::LIMIT).contains(&text.len()) && !text.chars().any(char::is_control) && !text.trim().is_empty();
        if sound { Ok(Self(text)) } else { Err(LineError) }
    }
}

impl std::str::FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, LineError> {
        text.to_owned().try_into()
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

/// What is asked. Signed by the requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who asks, as the custodian has registered them.
    pub requester: Code,
    /// Chosen by the requester, once for each query: the same number is the same request.
    pub number: Code,
    /// When, by the requester's clock.
    pub time: Time,
    /// Digest of the agreement.
    pub agreement: Hash,
    /// For which of the agreed purposes.
    pub purpose: Code,
    /// Where the justification is on file (Art. 33).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub justification: Option<Line>,
    /// Category of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_category: Option<Code>,
    /// The staff member who asks, by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub officer: Option<Code>,
    /// The requester's keys.
    pub key: Name,
    /// The query's own name.
    pub query: Name,
    /// SHA-256 of the query's file.
    pub query_digest: Hash,
    /// How many persons are asked about.
    pub probes: u32,
    /// The head of the custodian's log that the requester saw last, if it has seen one: what was shown cannot be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seen: Option<TreeHead>,
}

/// The request was accepted and charged. Signed by the custodian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Digest of the request's statement.
    pub request: Hash,
    /// The job that will answer it.
    pub job: Name,
    /// When it was accepted, by the custodian's clock.
    pub time: Time,
    /// The custodian's log as a tree, before the entry of this statement. None in those of before version 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log: Option<TreeHead>,
    /// What the answer is drawn from, promised before it is computed: a hash over the custodian's secret seeds and the request's digest, so that
    /// an auditor can make the answer again and compare. None in those of before version 0.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub randomness: Option<Hash>,
    /// The version of the gallery that was searched then; a reply may be of a later one. None where the custodian does not commit to any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gallery: Option<GalleryRoot>,
}

/// A version of a gallery, and who is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GalleryRoot {
    /// Counted from 1.
    pub version: u64,
    /// Commits to who is in it, each with which references: see [`crate::membership::Root`].
    pub root: Hash,
}

/// The end of a request. Echoes it whole. Signed by the custodian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The request that it ends, whole.
    pub request: Request,
    /// Digest of the request's statement.
    pub request_digest: Hash,
    /// Number of the reply: that of its entry in the custodian's log.
    pub number: u64,
    /// When it was made, by the custodian's clock.
    pub time: Time,
    /// What came of it.
    pub outcome: ReplyOutcome,
    /// As in a [`Receipt`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub log: Option<TreeHead>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReplyOutcome {
    /// There is an answer.
    Answered {
        /// SHA-256 of the answer's file.
        answer_digest: Hash,
        /// The version of the gallery that was searched.
        gallery: u64,
        /// Bits that the answer discloses at most.
        bits: u64,
        /// SHA-256 over the digests of the answer's parts (blocks), one after the other, so that some of them can be made again without the
        /// others. None where they were not kept, and in those of before version 0.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        parts: Option<Hash>,
        /// As in [`GalleryRoot`], of that version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        root: Option<Hash>,
    },
    /// There is none. Whether the charge was returned follows from the log: see [`super::charge_returns`].
    Unanswered {
        /// What was in the way.
        reason: Reason,
    },
}

/// Why an accepted request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Cancelled by the requester before it was answered.
    Cancelled,
    /// The gallery became so large, or was searched so often, that the answer would disclose more bits than agreed.
    Leakage,
    /// Nobody is enrolled.
    EmptyGallery,
    /// The gallery could not be read.
    GalleryDamaged,
    /// The query could not be computed on.
    Unprocessable,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled by the requester",
            Self::Leakage => "the answer would disclose more bits of this gallery than agreed",
            Self::EmptyGallery => "nobody is enrolled in the gallery",
            Self::GalleryDamaged => "the gallery could not be read",
            Self::Unprocessable => "the query could not be processed",
        })
    }
}

/// The reply has arrived. Signed by the requester, before the answer is decrypted: it cannot depend on a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Digest of the request's statement.
    pub request: Hash,
    /// Digest of the reply's statement.
    pub reply: Hash,
    /// When, by the requester's clock.
    pub time: Time,
}

/// The requester goes on with a request no more, which had no reply or was lost. Signed by the requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Abandonment {
    /// Digest of the request's statement.
    pub request: Hash,
    /// When, by the requester's clock.
    pub time: Time,
}

/// Who the custodian is, and how far its log has come. Signed by the custodian, and in no log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The custodian's name.
    pub custodian: Code,
    /// Its log as a tree.
    pub log: TreeHead,
    /// When, by the custodian's clock.
    pub time: Time,
}

/// A statement that says when it was made.
pub trait Dated: Statement {
    /// When, by the clock of whoever signs it.
    fn made(&self) -> Time;
}

macro_rules! dated {
    ($($kind:ty),*) => {$(
        impl Dated for $kind {
            fn made(&self) -> Time {
                self.time
            }
        }
    )*};
}
dated!(Abandonment, Standing, Request, Receipt, Reply, Acknowledgement);

impl Reply {
    /// The version of the gallery that was searched, where the custodian commits to it.
    pub fn gallery(&self) -> Option<GalleryRoot> {
        match self.outcome {
            ReplyOutcome::Answered { gallery: version, root, .. } => root.map(|root| GalleryRoot { version, root }),
            ReplyOutcome::Unanswered { .. } => None,
        }
    }
}

impl Statement for Abandonment {
    const KIND: &'static str = "abandonment";
}
impl Statement for Standing {
    const KIND: &'static str = "standing";
    const IS_SIGNED_TWICE: bool = true;
}
impl Statement for Request {
    const KIND: &'static str = "request";
    const IS_SIGNED_TWICE: bool = true;
}
impl Statement for Receipt {
    const KIND: &'static str = "receipt";
    const IS_SIGNED_TWICE: bool = true;
}
impl Statement for Reply {
    const KIND: &'static str = "reply";
    const IS_SIGNED_TWICE: bool = true;
}
impl Statement for Acknowledgement {
    const KIND: &'static str = "acknowledgement";
}

/// Why a request is not one that the agreement admits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Under another agreement.
    #[error("the request is about agreement {actual}, not {expected}")]
    Agreement {
        /// The agreement that the request was sent to.
        expected: Hash,
        /// The agreement that the request was signed for.
        actual: Hash,
    },
    /// For another purpose than agreed.
    #[error("purpose '{purpose}' is not among those agreed ({admitted})")]
    Purpose {
        /// The purpose that the request names.
        purpose: Code,
        /// The purposes that are agreed, separated by commas.
        admitted: String,
    },
    /// A field that the agreement requires.
    #[error("the agreement requires {0}")]
    Missing(RequestField),
}

impl Remedy for RecordError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Purpose { .. } => "name one of these",
            Self::Missing(..) => "give it",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl Request {
    /// Whether the agreement admits the request.
    ///
    /// # Errors
    ///
    /// [`RecordError`] names what is wrong with it.
    pub(crate) fn check(&self, terms: &ServiceTerms, agreement: Hash) -> Result<(), RecordError> {
        if self.agreement != agreement {
            return Err(RecordError::Agreement { expected: agreement, actual: self.agreement });
        }
        if !terms.purposes.contains(&self.purpose) {
            let admitted: Vec<&str> = terms.purposes.iter().map(Code::as_str).collect();
            return Err(RecordError::Purpose { purpose: self.purpose.clone(), admitted: admitted.join(", ") });
        }
        let given = |field| match field {
            RequestField::Justification => self.justification.is_some(),
            RequestField::CaseCategory => self.case_category.is_some(),
            RequestField::Officer => self.officer.is_some(),
        };
        terms.required.iter().find(|field| !given(**field)).map_or(Ok(()), |field| Err(RecordError::Missing(*field)))
    }
}

#[cfg(test)]
pub(in crate::service) mod tests {
    use super::*;

    /// A request for tests.
    pub(crate) fn request(number: &str, time: Time) -> Request {
        Request {
            requester: "A-BORDER".parse().unwrap(),
            number: number.parse().unwrap(),
            time,
            agreement: Hash([7; 32]),
            purpose: "identification".parse().unwrap(),
            justification: Some("file 7/2026".parse().unwrap()),
            case_category: None,
            officer: None,
            key: Name([1; 16]),
            query: Name([2; 16]),
            query_digest: Hash([3; 32]),
            probes: 4,
            seen: None,
        }
    }

    #[test]
    fn a_request_has_the_fields_that_the_agreement_requires() {
        let mut terms = ServiceTerms::default();
        let sound = request("1", Time::ZERO);
        assert_eq!(sound.check(&terms, Hash([7; 32])), Ok(()));
        assert!(matches!(sound.check(&terms, Hash([8; 32])), Err(RecordError::Agreement { .. })));
        terms.required.push(RequestField::CaseCategory);
        assert_eq!(sound.check(&terms, Hash([7; 32])), Err(RecordError::Missing(RequestField::CaseCategory)));
        let other = Request { purpose: "curiosity".parse().unwrap(), ..sound };
        assert!(matches!(other.check(&terms, Hash([7; 32])), Err(RecordError::Purpose { .. })));
    }

    #[test]
    fn codes_and_lines_are_short_and_plain() {
        for code in ["", "a b", "é", &"x".repeat(65)] {
            assert!(code.parse::<Code>().is_err(), "{code}");
        }
        for line in ["", " ", "a\nb", &"x".repeat(201)] {
            assert_eq!(line.parse::<Line>(), Err(LineError), "{line}");
        }
        assert!("é 7/2026".parse::<Line>().is_ok());
    }
}
