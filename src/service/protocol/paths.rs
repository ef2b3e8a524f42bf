//! The routes, as the OpenAPI document writes them: a name in braces stands for a part that the caller fills in.

use std::fmt::Display;

/// The agreements under which one may ask.
pub(crate) const AGREEMENTS: &str = "/v1/agreements";
/// An evaluation key.
pub(crate) const KEY: &str = "/v1/agreements/{agreement}/keys/{key}";
/// Where queries are submitted.
pub(crate) const SUBMISSIONS: &str = "/v1/agreements/{agreement}/jobs";
/// One's own jobs.
pub(crate) const JOBS: &str = "/v1/jobs";
/// A job.
pub(crate) const JOB: &str = "/v1/jobs/{job}";
/// How far a job is, as server-sent events.
pub(crate) const EVENTS: &str = "/v1/jobs/{job}/events";
/// The file of a job's answer.
pub(crate) const ANSWER: &str = "/v1/jobs/{job}/answer";
/// Where a job's reply is acknowledged.
pub(crate) const ACKNOWLEDGEMENT: &str = "/v1/jobs/{job}/acknowledgement";
/// Where a request is abandoned, which need not be known there.
pub(crate) const ABANDONMENT: &str = "/v1/requests/{request}/abandonment";
/// Who the custodian is, and how far its log has come.
pub(crate) const LOG: &str = "/v1/log";
/// The proof that its log holds what it held before.
pub(crate) const CONSISTENCY: &str = "/v1/log/consistency";
/// Where operators give orders: at the operations port, never where requesters connect.
pub(crate) const ORDERS: &str = "/orders";
/// Whether the breaker is pulled: at the operations port as well.
pub(crate) const BREAKER: &str = "/breaker";
/// The document that describes the interface.
pub(crate) const OPENAPI: &str = "/v1/openapi.json";

/// A path with these in place of the names in braces, one after the other.
pub(crate) fn filled(path: &str, parts: &[&dyn Display]) -> String {
    let mut parts = parts.iter();
    let fill = |segment: &str| match segment.starts_with('{') {
        true => parts.next().map_or_else(String::new, ToString::to_string),
        false => segment.to_owned(),
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_filled_in_their_order() {
        assert_eq!(filled(KEY, &[&"aa", &7]), "/v1/agreements/aa/keys/7");
        assert_eq!(filled(JOBS, &[]), "/v1/jobs");
    }
}
