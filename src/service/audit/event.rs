//! What a log tells.

use serde::{Deserialize, Serialize};

use super::Role;
use super::consent::Consent;
use super::order::Order;
use super::succession::Succession;
use crate::agreement::Code;
use crate::service::lattice::LatticeKey;
use crate::service::protocol::{Abandonment, Acknowledgement, Line, Receipt, Reply, Request};
use crate::service::signing::{Hash, Name, PublicKey, Signed};
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The log begins.
    Opened {
        /// Whose log it is.
        party: Code,
        /// In which role.
        role: Role,
    },
    /// The key that another party's statements must be signed with, from here on.
    Registered {
        /// The other party.
        party: Code,
        /// The key that its statements must be signed with.
        key: PublicKey,
        /// Where it had another before: the statement by which that one introduces this one, if there is any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        introduced: Option<Signed<Succession>>,
        /// What they must be signed with a second time: by one of these. None where once is enough.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ml_dsa: Vec<LatticeKey>,
    },
    /// From the next entry on the log is signed with another key. Signed with the key of before, as this entry is.
    Succession {
        /// What introduces the new key.
        statement: Signed<Succession>,
    },
    /// A requester's public keys for encrypted queries.
    KeyAdmitted {
        /// Whose keys they are.
        requester: Code,
        /// Under which agreement.
        agreement: Hash,
        /// Their name.
        key: Name,
        /// Refused from then on.
        until: Time,
    },
    /// A request was made (querier) or accepted (custodian).
    Request {
        /// Signed by the requester.
        statement: Signed<Request>,
    },
    /// It was accepted.
    Receipt {
        /// Signed by the custodian.
        statement: Signed<Receipt>,
    },
    /// It was replied to.
    Reply {
        /// Signed by the custodian.
        statement: Signed<Reply>,
    },
    /// The reply has arrived.
    Acknowledgement {
        /// Signed by the requester.
        statement: Signed<Acknowledgement>,
    },
    /// The querier goes on with a request no more; it had no reply that arrived.
    Abandoned {
        /// Digest of the request's statement.
        request: Hash,
        /// Signed by the requester. None where the request was never accepted, and is signed anew, and in entries of before version 0.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<Signed<Abandonment>>,
    },
    /// The first refusal for this reason to this requester on a day; the others of that day are only counted.
    Refused {
        /// Who was refused.
        requester: Code,
        /// Under which agreement.
        agreement: Hash,
        /// What it was refused for.
        reason: RequestRefusal,
    },
    /// A request was about donors whose references the custodian has: canaries. In a querier's log, when the answer was read.
    Canaries {
        /// Digest of the request's statement.
        request: Hash,
        /// Donors that it asked about.
        asked: u64,
        /// How many of them were hits.
        found: u64,
    },
    /// Query and answer of a request were deleted.
    Deleted {
        /// Digest of the request's statement.
        request: Hash,
    },
    /// From here on this version of a gallery is searched.
    Gallery {
        /// Under which agreement.
        agreement: Hash,
        /// Counted from 1.
        version: u64,
        /// Names its content: see [`crate::custodian::Gallery::state`].
        state: Hash,
        /// Persons enrolled.
        subjects: u64,
        /// The earliest version that has a person in common with it, which may be itself: what was disclosed from there on counts as
        /// disclosed of it. None in entries of before version 0.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inherits: Option<u64>,
        /// Names the marks of persons that the database keeps from here on, by which the next version is judged. None in entries of before
        /// version 0.2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        persons: Option<Hash>,
        /// Commits to who is in it, each with which references: see [`crate::membership::Root`]. None in entries of before there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        root: Option<Hash>,
    },
    /// From here on these persons never match. In the log whenever the list changes, and with the first that is not empty.
    Exempt {
        /// Under which agreement.
        agreement: Hash,
        /// How many.
        persons: u64,
        /// Digest of the list, keyed by the custodian's signing key: it can show later which list this was, and nobody can guess it.
        list: Hash,
    },
    /// The circuit breaker was pulled, or reset.
    Breaker {
        /// Whether requests are refused from here on.
        pulled: bool,
        /// The operator's reason.
        reason: Line,
        /// Of the operator who ordered it. None where the custodian never had an operator with a key of its own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orders: Vec<Signed<Order>>,
    },
    /// The key that an operator's orders must be signed with, from here on.
    OperatorRegistered {
        /// The operator's name.
        operator: Code,
        /// The operator's key.
        key: PublicKey,
    },
    /// From here on no order of this operator is carried out.
    OperatorRemoved {
        /// The operator's name.
        operator: Code,
    },
    /// A custodian has shown a log that does not hold what it has shown before.
    Diverged(Divergence),
    /// The querier goes on from another head of a custodian's log than those that it has seen.
    Trusted {
        /// Whose log.
        custodian: Code,
        /// The head that was seen last.
        seen: Option<TreeHead>,
        /// The head that is taken for good from here on.
        head: TreeHead,
        /// The operator's reason.
        reason: Line,
    },
    /// The clock had been ahead: this entry's time, and those after it, may be before that of the entry before.
    Clock {
        /// The time of the entry before it.
        ahead: Time,
        /// The operator's reason.
        reason: Line,
    },
    /// Contents of earlier entries were erased.
    Erased {
        /// Of entries before this time...
        before: Time,
        /// ... which are those up to this one.
        through: u64,
        /// How many contents this erasure took.
        contents: u64,
        /// Where it took what was younger than agreed: the consent of every other party.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        consents: Vec<Signed<Consent>>,
        /// Of the two operators who ordered it, as [`Event::Breaker`] has them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orders: Vec<Signed<Order>>,
    },
}

/// A log that does not hold what its owner has shown before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divergence {
    /// Whose log.
    pub custodian: Code,
    /// The head that it showed before.
    pub seen: TreeHead,
    /// The head that it shows now.
    pub shown: TreeHead,
    /// The statement with that head, as it was signed: JSON.
    pub statement: String,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestRefusal {
    /// The day's probes are used up.
    DayQuota,
    /// The year's probes are used up.
    YearQuota,
    /// Answers have disclosed as many bits of this gallery version as agreed.
    Leakage,
    /// The operator has pulled the circuit breaker.
    Breaker,
    /// A field that the agreement requires is missing, or names what is not agreed.
    Record,
    /// The keys have run out.
    KeyExpired,
}

impl RequestRefusal {
    /// As in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DayQuota => "day-quota",
            Self::YearQuota => "year-quota",
            Self::Leakage => "leakage",
            Self::Breaker => "breaker",
            Self::Record => "record",
            Self::KeyExpired => "key-expired",
        }
    }
}

impl Event {
    /// Whether it tells of a request or a person's work, and has to go when its time is over. What is needed to check the log stays.
    pub(crate) fn is_erasable(&self) -> bool {
        match self {
            Self::Request { .. }
            | Self::Receipt { .. }
            | Self::Reply { .. }
            | Self::Acknowledgement { .. }
            | Self::Abandoned { .. }
            | Self::Refused { .. }
            | Self::Canaries { .. }
            | Self::Deleted { .. }
            | Self::KeyAdmitted { .. } => true,
            Self::Opened { .. }
            | Self::Registered { .. }
            | Self::Succession { .. }
            | Self::Gallery { .. }
            | Self::Exempt { .. }
            | Self::Breaker { .. }
            | Self::OperatorRegistered { .. }
            | Self::OperatorRemoved { .. }
            | Self::Diverged(_)
            | Self::Trusted { .. }
            | Self::Clock { .. }
            | Self::Erased { .. } => false,
        }
    }
}
