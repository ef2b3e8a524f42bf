//! What two logs side by side show.

use serde::Serialize;

use crate::agreement::Code;
use crate::service::audit::Role;
use crate::service::signing::Hash;

/// Two logs side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Who was asked.
    pub custodian: Code,
    /// Who asked.
    pub querier: Code,
    /// Requests of this querier to this custodian that either log holds.
    pub requests: u64,
    /// Statements that are in both logs and the same.
    pub same: u64,
    /// Statements that one log lacks because it has erased what was so old.
    pub excused: u64,
    /// Requests in the querier's log that another custodian accepted; they are not compared.
    pub elsewhere: u64,
    /// What is not as it should be.
    pub findings: Vec<Discrepancy<Disagreement>>,
    /// Findings beyond those listed.
    pub further_findings: u64,
    /// What differs because it is under way.
    pub notes: Vec<Discrepancy<Note>>,
    /// Notes beyond those listed.
    pub further_notes: u64,
}

/// What the logs do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy<T> {
    /// The request's number; none where it is about the whole, or no longer known.
    pub number: Option<Code>,
    /// Digest of the request's statement; none where it is about the whole.
    pub request: Option<Hash>,
    /// The entry in the custodian's log.
    pub custodian_entry: Option<u64>,
    /// The entry in the querier's log.
    pub querier_entry: Option<u64>,
    /// What it is.
    pub what: T,
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Disagreement {
    /// The other party is not registered.
    #[error("the {log}'s log does not know {party}, whose log is the other one")]
    Stranger {
        /// Whose log.
        log: Role,
        /// Owner of the other log.
        party: Code,
    },
    /// One log lacks what the other holds, signed.
    #[error("the {log}'s log lacks the {statement}, which the other log holds")]
    Missing {
        /// Kind of the statement.
        statement: &'static str,
        /// Whose log lacks it.
        log: Role,
    },
    /// One log says that it has erased what it lacks, and has not had it.
    #[error(
        "the {log}'s log lacks {statements} statements that it cannot have erased: no entry without content is left for them"
    )]
    NotErased {
        /// Whose log.
        log: Role,
        /// How many.
        statements: u64,
    },
    /// An erasure was not consented to by whom it names.
    #[error("an erasure in the {log}'s log tells of a consent of {party} that no key of {party}'s log has signed")]
    Consent {
        /// Whose log.
        log: Role,
        /// Owner of the other log.
        party: Code,
    },
    /// The custodian's log is not the one that it has told the querier of.
    #[error(
        "the custodian's log is not the one that it has shown: {heads} signed heads are not of it, the first of {size} entries"
    )]
    Heads {
        /// So many.
        heads: u64,
        /// Entries that the log had by the first of them.
        size: u64,
    },
    /// The custodian has committed to other persons than its log says.
    #[error("the custodian has signed a root of version {version} of the gallery that its log does not tell")]
    Root {
        /// Which version.
        version: u64,
    },
    /// Two statements where there can be one.
    #[error("the {statement} in one log is not the {statement} in the other")]
    Different {
        /// Kind of the statements.
        statement: &'static str,
    },
    /// One statement, two signers.
    #[error("the {statement} is signed with one key in one log and with another key in the other")]
    Signer {
        /// Kind of the statement.
        statement: &'static str,
    },
    /// An acknowledgement of something else.
    #[error("the acknowledgement in the {log}'s log names another reply than the logs hold")]
    OtherReply {
        /// Whose log.
        log: Role,
    },
}

/// What differs because it is under way: no fault of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// Made, and not accepted.
    #[error("made, but not accepted: it was refused, or has not arrived")]
    NotAccepted,
    /// Accepted, and the querier does not know yet.
    #[error("accepted, but the receipt has not arrived")]
    ReceiptNotArrived,
    /// The reply waits.
    #[error("replied to, but the reply is not fetched yet")]
    NotFetched,
    /// The querier goes on with it no more.
    #[error("abandoned: the querier goes on with it no more")]
    Abandoned,
    /// The abandonment has not arrived.
    #[error("abandoned, but the custodian is not told so yet")]
    NotTold,
    /// The custodian's log was another before.
    #[error("the custodian has shown another log before: the querier's operator went on from this one")]
    Trusted,
    /// The acknowledgement has not arrived.
    #[error("acknowledged, but the acknowledgement is not delivered yet")]
    NotDelivered,
}

impl Comparison {
    /// Whether the logs agree in all but what is under way.
    pub(crate) fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}
