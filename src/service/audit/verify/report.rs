//! What checking a log finds.

use serde::Serialize;

use crate::agreement::Code;
use crate::service::audit::{Role, Unequal};
use crate::service::signing::PublicKey;
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// Statements that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests that were made or accepted.
    pub requests: u64,
    /// Receipts for them.
    pub receipts: u64,
    /// Replies with an answer.
    pub answers: u64,
    /// Replies without one.
    pub unanswered: u64,
    /// Acknowledgements that a reply has arrived.
    pub acknowledgements: u64,
    /// Requests that the querier goes on with no more.
    pub abandoned: u64,
    /// Canaries that a querier asked about, as its entries say.
    #[serde(skip_serializing_if = "is_zero")]
    pub canaries: u64,
    /// And how many of them were found.
    #[serde(skip_serializing_if = "is_zero")]
    pub canaries_found: u64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// At which entry; the last where it is about the whole.
    pub entry: u64,
    /// What is wrong there.
    pub problem: LogProblem,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum LogProblem {
    /// There is no entry at all.
    #[error("the log is empty")]
    Empty,
    /// Entries are missing, or stand twice.
    #[error("number {expected} is expected here: entries are missing or out of order")]
    Number {
        /// The number that follows.
        expected: u64,
    },
    /// The entry, or the one before it, is not what was written.
    #[error("the chain is broken: this entry or the one before it was altered")]
    Chain,
    /// Not signed by the log's owner.
    #[error("the signature is not that of the log's owner")]
    Signature,
    /// Earlier than the entry before.
    #[error("its time is before that of the entry before it")]
    Time,
    /// The content is not the one that was logged.
    #[error("the content was altered")]
    Content,
    /// The content is of another version.
    #[error("the content is not one that this program writes")]
    Form,
    /// A key of signing that is not introduced as it should be.
    #[error(
        "a key of signing is introduced by a statement that the key of before has not signed, or that is about another"
    )]
    Introduction,
    /// A log begins with whose it is, once.
    #[error("a log begins with an entry that says whose it is, and has one such entry")]
    Opening,
    /// Gone, without an entry that tells of it.
    #[error("the content is gone, and no later entry tells that it was erased")]
    Missing,
    /// It was old enough by a clock that was ahead.
    #[error(
        "this erasure took what was old enough by a clock that was ahead, without the consent of the other parties"
    )]
    ErasureByClock,
    /// An erasure that tells something impossible.
    #[error("this erasure tells of entries that it does not follow")]
    Erasure,
    /// What was erased is younger than agreed, and this party has not consented.
    #[error("this erasure took what is younger than agreed, without the consent of {party}")]
    EarlyErasure {
        /// Who was not asked.
        party: Code,
    },
    /// Other contents are gone than the erasure tells of.
    #[error("this erasure tells that it took {told} contents, but {found} are gone")]
    ErasedCount {
        /// As the entry says.
        told: u64,
        /// As entries without content say.
        found: u64,
    },
    /// An erasure takes all that can go.
    #[error("contents that this erasure should have taken are still there: others were chosen")]
    PartialErasure,
    /// A signed statement that does not hold.
    #[error("the {statement} in it does not hold: {reason}")]
    Statement {
        /// Kind of the statement.
        statement: &'static str,
        /// What its signature or its form lacks.
        reason: String,
    },
    /// A party that signs twice is registered as one that signs once, or with other keys than before alone.
    #[error(
        "{party} is registered with another ML-DSA key than before, or with none, and not with the one of before beside it"
    )]
    SecondKey {
        /// Whose key it is.
        party: Code,
    },
    /// Signed by somebody who is not registered as that party.
    #[error("the {statement} in it is not signed by a registered key of its party")]
    Signer {
        /// Kind of the statement.
        statement: &'static str,
    },
    /// The same statement about a request again.
    #[error("a second {statement} of one request")]
    Twice {
        /// Kind of the statement.
        statement: &'static str,
    },
    /// An abandonment that cannot be.
    #[error(
        "an abandonment that cannot be: the request was replied to or gone on with, or the requester has not signed it, or not once"
    )]
    Abandonment,
    /// A request says that it was made at another time than it was.
    #[error("the request says that it was made at {made}, and was received at {received}")]
    Dated {
        /// As the requester has signed.
        made: Time,
        /// As the custodian has signed.
        received: Time,
    },
    /// A reply says that it was given at another time than it was.
    #[error("the reply says that it was given at {said}; it was asked for, or logged, at {at}")]
    DatedReply {
        /// As the custodian has signed.
        said: Time,
        /// When the request was made that it is later than, or the entry that it is earlier than.
        at: Time,
    },
    /// A reply is numbered by its entry: no two have one number.
    #[error("the reply has number {number}, which is that of another entry or of another reply")]
    ReplyNumber {
        /// As the custodian has signed.
        number: u64,
    },
    /// Dated after the auditor's own clock.
    #[error("it is of the future: whoever checks has {now}")]
    Future {
        /// By the clock of whoever checks.
        now: Time,
    },
    /// About a request that is not in the log.
    #[error("a statement about a request that is not in the log")]
    Unknown,
    /// A reply that does not echo its request.
    #[error("the reply does not echo the request that it names")]
    Echo,
    /// A head that the owner has told a requester is not that of its log.
    #[error("the head in this {statement} is not that of the log before it: the log was written anew")]
    Tree {
        /// Kind of the statement.
        statement: &'static str,
    },
    /// A head that an auditor noted earlier.
    #[error("the head noted earlier is not one of this log: it was cut, or written anew")]
    Noted,
    /// A request that the agreement does not admit.
    #[error("the request is not as agreed: {reason}")]
    Agreed {
        /// What it lacks.
        reason: String,
    },
    /// A request was accepted with a key that was not admitted, or had run out.
    #[error("the key of this request was not admitted, or had run out")]
    Key,
    /// A key was admitted once more: so it lives longer than agreed.
    #[error("the key was admitted before, until {until}")]
    KeyAgain {
        /// As it was then.
        until: Time,
    },
    /// A key was admitted for longer than agreed.
    #[error("the key is admitted for longer than the {days} days that are agreed")]
    KeyDays {
        /// As agreed.
        days: u32,
    },
    /// A request was accepted while the breaker was pulled.
    #[error("the request was accepted while the service was suspended")]
    Suspended,
    /// Operators had to order it.
    #[error("{needed} of the custodian's operators have to order this, and {ordered} did")]
    Unordered {
        /// So many.
        needed: usize,
        /// Those whose orders stand in the entry, and hold.
        ordered: usize,
    },
    /// An order that does not hold.
    #[error("an order in it does not hold: {reason}")]
    Order {
        /// What is wrong with it.
        reason: String,
    },
    /// An operator that cannot be.
    #[error(
        "operator {operator} has the name or the key of another one or the key of the log's owner, or is removed and was none"
    )]
    Operator {
        /// The operator's name.
        operator: Code,
    },
    /// More was asked than agreed.
    #[error("with this request {charged} probes are charged to the {period}, where {limit} are agreed")]
    Quota {
        /// Day or year.
        period: &'static str,
        /// Probes.
        charged: u64,
        /// As agreed.
        limit: u64,
    },
    /// One answer disclosed more than agreed.
    #[error("the answer discloses {bits} bits, where {limit} are agreed for a query")]
    Bits {
        /// Of the answer.
        bits: u64,
        /// As agreed.
        limit: u64,
    },
    /// Answers disclosed more than agreed.
    #[error(
        "with this answer {disclosed} bits are disclosed of the persons in version {gallery} of the gallery, where {limit} are agreed"
    )]
    Disclosed {
        /// Version of the gallery.
        gallery: u64,
        /// Bits.
        disclosed: u64,
        /// As agreed.
        limit: u64,
    },
    /// The tables that the custodian decides by are not what its log tells.
    #[error("{}: the log tells {}, its database has {}", .0.what, .0.log, .0.database)]
    Unequal(Unequal),
    /// Canaries that cannot be.
    #[error(
        "an entry about canaries that cannot be: more are found than asked about, or it is of no request that was answered, or a second one"
    )]
    Canaries,
    /// One version of a gallery, two roots; or one that the custodian's log does not commit to.
    #[error("version {version} of the gallery has another root here than in the log's other entries, or in none")]
    Root {
        /// Which version.
        version: u64,
    },
    /// An answer is of an earlier version than was searched when its request was accepted.
    #[error(
        "version {searched} of the gallery was searched, where it was version {accepted} when the request was accepted"
    )]
    Searched {
        /// As the receipt says.
        accepted: u64,
        /// As the reply says.
        searched: u64,
    },
    /// An acknowledgement of another reply than the one in the log.
    #[error("the acknowledgement names another reply than the log holds")]
    OtherReply,
}

/// What checking found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whose log it is.
    pub party: Option<Code>,
    /// In which role.
    pub role: Option<Role>,
    /// The key that its entries must be signed with; where one followed the other, the last.
    pub key: Option<PublicKey>,
    /// The one that it began with, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_key: Option<PublicKey>,
    /// All of them, in order.
    #[serde(skip)]
    pub keys: Vec<PublicKey>,
    /// How often another party's key was replaced by one that its key of before has not introduced.
    #[serde(skip_serializing_if = "is_zero")]
    pub reregistered: u64,
    /// How many entries there are.
    pub entries: u64,
    /// How many of them have lost their content to an erasure.
    pub erased: u64,
    /// How often the clock had been ahead, as entries say.
    #[serde(skip_serializing_if = "is_zero")]
    pub corrections: u64,
    /// How often a custodian had shown a log that does not hold what it had shown before, as a querier's entries say.
    #[serde(skip_serializing_if = "is_zero")]
    pub diverged: u64,
    /// How often the querier's operator went on from another log.
    #[serde(skip_serializing_if = "is_zero")]
    pub trusted: u64,
    /// Time of the first.
    pub first: Option<Time>,
    /// Time of the last.
    pub last: Option<Time>,
    /// Its head, to be noted.
    pub head: TreeHead,
    /// The statements in it.
    pub statements: Counts,
    /// Requests that were held to no agreement, where any was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<u64>,
    /// Requests without a reply that are not abandoned.
    pub open: u64,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub further_findings: u64,
    /// Whether the log is as its owner wrote it, whatever stands in it.
    #[serde(skip)]
    pub whole: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl LogProblem {
    /// Whether the log itself is not as its owner wrote it, or what is gone was not erased in order: such a log shows nothing. All else
    /// may be another party's fault, whose statements it holds.
    pub(super) fn breaks(&self) -> bool {
        match self {
            Self::Empty
            | Self::Number { .. }
            | Self::Chain
            | Self::Signature
            | Self::Time
            | Self::Content
            | Self::Form
            | Self::Introduction
            | Self::Opening
            | Self::Missing
            | Self::ErasureByClock
            | Self::Erasure
            | Self::EarlyErasure { .. }
            | Self::ErasedCount { .. }
            | Self::PartialErasure
            | Self::Future { .. }
            | Self::Tree { .. }
            | Self::Noted => true,
            Self::Statement { .. }
            | Self::SecondKey { .. }
            | Self::Signer { .. }
            | Self::Twice { .. }
            | Self::Abandonment
            | Self::Dated { .. }
            | Self::DatedReply { .. }
            | Self::ReplyNumber { .. }
            | Self::Unknown
            | Self::Echo
            | Self::Agreed { .. }
            | Self::Key
            | Self::KeyAgain { .. }
            | Self::KeyDays { .. }
            | Self::Suspended
            | Self::Unordered { .. }
            | Self::Order { .. }
            | Self::Operator { .. }
            | Self::Quota { .. }
            | Self::Bits { .. }
            | Self::Disclosed { .. }
            | Self::Unequal(_)
            | Self::Canaries
            | Self::Root { .. }
            | Self::Searched { .. }
            | Self::OtherReply => false,
        }
    }
}

impl Report {
    /// Whether all is as it should be.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}
