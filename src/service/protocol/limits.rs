//! How long what crosses may be, beside what the parameter set says of keys, queries and answers.

use crate::service::signing::SIGNED_LIMIT_BYTES;

/// Longest signed statement in JSON that a custodian takes as a body, in bytes.
pub(crate) const STATEMENT_LIMIT_BYTES: u64 = 24 * 1024;
/// Longest header with a signed request, in characters: the longest signed statement, in base64 without padding.
pub(crate) const REQUEST_HEADER_LIMIT: usize = (SIGNED_LIMIT_BYTES * 4).div_ceil(3);
/// Longest document that a querier takes, in bytes: as many jobs as are listed at a time, with their statements.
pub(crate) const DOCUMENT_LIMIT_BYTES: u64 = 8 << 20;
/// Longest problem document that a querier takes, in bytes.
pub(crate) const PROBLEM_LIMIT_BYTES: u64 = 1 << 16;
/// Longest line of an event that a querier takes, in bytes.
pub(crate) const EVENT_LIMIT_BYTES: u64 = 4096;
/// The time of a request may differ so much from that of its receipt, either way: ten minutes, in milliseconds.
pub(crate) const TIME_TOLERANCE_MS: i64 = 600_000;
/// Jobs that are listed at a time.
pub(crate) const JOBS_LISTED: u64 = 100;

/// Abandonments of requests that the custodian does not know, which a requester may tell on a day.
pub(crate) const LOST_A_DAY: u64 = 100;
