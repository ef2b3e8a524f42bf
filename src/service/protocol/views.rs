//! The documents of the interface.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schemas::{SignedReceipt, SignedReply, job_state};
use crate::agreement::Code;
use crate::service::signing::{Hash, Name};
use crate::service::time::Time;

/// The header that carries a signed request: base64 (RFC 4648, section 5, without padding) of its JSON.
pub(crate) const REQUEST_HEADER: &str = "cotejo-request";

/// The event that says how far a job is; its data are a [`ProgressView`].
pub(crate) const PROGRESS_EVENT: &str = "progress";
/// The last event of a job; its data are an [`EndView`].
pub(crate) const END_EVENT: &str = "end";

/// A signed statement: the JSON text that was signed, the Ed25519 key (64 hexadecimal digits), the signature (128 digits) of
/// `cotejo statement v1`, NUL, the kind, NUL, the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedView {
    /// The text.
    pub statement: String,
    /// The key.
    pub signer: String,
    /// The signature.
    pub signature: String,
    /// The second signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ml_dsa: Option<String>,
}

/// An agreement that is served.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AgreementView {
    /// Its digest.
    #[schema(value_type = Hash)]
    pub agreement: String,
    /// The version of the gallery that is searched now.
    pub gallery_version: u64,
    /// Longest evaluation key, in bytes.
    pub key_limit_bytes: u64,
    /// Longest query, in bytes.
    pub query_limit_bytes: u64,
}

/// An evaluation key that was admitted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// Its name.
    #[schema(value_type = Name)]
    pub key: String,
    /// Refused from then on.
    #[schema(value_type = Time)]
    pub until: String,
    /// Whether it has run out.
    pub expired: bool,
}

/// A request that was accepted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AcceptedView {
    /// The job.
    #[schema(value_type = Name)]
    pub job: String,
    /// Signed by the custodian.
    #[schema(value_type = SignedReceipt)]
    pub receipt: SignedView,
}

/// A job.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    /// Its name.
    #[schema(value_type = Name)]
    pub job: String,
    /// The request's number.
    #[schema(value_type = Code)]
    pub number: String,
    /// The agreement.
    #[schema(value_type = Hash)]
    pub agreement: String,
    /// What became of it.
    #[schema(schema_with = job_state)]
    pub state: String,
    /// When it was accepted.
    #[schema(value_type = Time)]
    pub accepted: String,
    /// Persons asked about.
    #[schema(minimum = 1)]
    pub probes: u64,
    /// Signed by the custodian.
    #[schema(value_type = SignedReceipt)]
    pub receipt: SignedView,
    /// Signed by the custodian; none while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SignedReply, nullable = false)]
    pub reply: Option<SignedView>,
    /// Whether the answer can be fetched.
    pub has_answer: bool,
    /// How many of the requester's own jobs are before it, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub before: Option<u64>,
}

/// A requester's jobs, the latest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct JobsView {
    /// At most 100.
    #[schema(max_items = 100)]
    pub jobs: Vec<JobView>,
    /// Name of the last, where there may be more: give it as `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Name, nullable = false)]
    pub next: Option<String>,
}

/// How far a job is, by the plan that was made when it was accepted: how far the work on it is, nobody is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgressView {
    /// Whether its turn has come.
    pub running: bool,
    /// Whole seconds since.
    pub done: u64,
    /// Whole seconds from its turn to its release, rounded up; 0 before.
    pub steps: u64,
}

/// What became of a job.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EndView {
    /// `waiting`, where it is not known yet: follow it again.
    #[schema(schema_with = job_state)]
    pub state: String,
}

/// A proof that one tree of the log holds all of an earlier one (RFC 6962, section 2.1.2).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyView {
    /// None where both are the same, or the earlier has no entry.
    #[schema(value_type = Vec<Hash>)]
    pub hashes: Vec<String>,
}

/// As it crosses: the same JSON as [`crate::service::signing::Signed`].
pub(crate) fn signed<T>(statement: &crate::service::signing::Signed<T>) -> SignedView
where
    T: crate::service::signing::Statement,
{
    serde_json::from_str(&statement.to_json()).unwrap_or(SignedView {
        statement: String::new(),
        signer: String::new(),
        signature: String::new(),
        ml_dsa: None,
    })
}
