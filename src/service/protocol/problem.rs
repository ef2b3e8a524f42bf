//! Problem documents: `application/problem+json`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::time::Time;

/// Why a request was not served (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// `urn:cotejo:problem:` and the kind of problem.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:cotejo:problem:[a-z-]+$", examples("urn:cotejo:problem:quota"))]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong, and what to do.
    pub detail: String,
    /// The request: `urn:cotejo:request:` and the request's id.
    #[schema(pattern = "^urn:cotejo:request:[0-9a-f]{16}$")]
    pub instance: String,
    /// When capacity returns, for a quota that is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Time, nullable = false)]
    pub capacity_returns: Option<String>,
}

/// The kind of problem of a request that was signed too long ago: its requester signs it anew.
pub(crate) const TIME_IN_THE_PAST: &str = "time-in-the-past";

/// The kinds of problem of a request that has seen another log, or more of it: signed anew, where its requester goes on from another head.
pub(crate) const OTHER_LOG: [&str; 2] = ["log-behind", "log-other"];

const KIND: &str = "urn:cotejo:problem:";
const INSTANCE: &str = "urn:cotejo:request:";

impl ProblemDocument {
    /// The type of a kind of problem.
    pub(crate) fn type_of(kind: &str) -> String {
        format!("{KIND}{kind}")
    }

    /// The instance of a request with this id.
    pub(crate) fn instance_of(request: &str) -> String {
        format!("{INSTANCE}{request}")
    }

    /// The kind, as `ProblemDocument::type_of` was given it.
    pub(crate) fn kind(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }
}
