//! What one measurement gives: a stage, a query, a curve.

use crate::agreement::SchemeId;
use crate::planning::Plan;
use crate::planning::crossover::CurvePoint;
use serde::Serialize;

use super::spread::Spread;

/// One stage alone.
#[derive(Clone, Serialize)]
pub struct StageTimes {
    pub scheme: SchemeId,
    pub parameter_set: String,
    pub threads: usize,
    pub stage: &'static str,
    /// What was done in one measurement: so many ...
    pub count: usize,
    /// ... of these.
    pub of: &'static str,
    pub seconds: Spread,
}

/// Queries of one kind against one gallery; times in seconds.
#[derive(Clone, Serialize)]
pub struct QueryTimes {
    pub scheme: SchemeId,
    pub parameter_set: String,
    pub threads: usize,
    pub references: usize,
    pub probes: usize,
    /// Templates to a gallery, once.
    pub enrolment_seconds: f64,
    /// The gallery's file to a gallery, once.
    pub opening_seconds: f64,
    /// Probes to a query.
    pub encryption: Spread,
    /// Query and answer encoded, decoded and checked.
    pub wire: Spread,
    /// The custodian's answer, sanitised.
    pub computation: Spread,
    /// The answer to verdicts.
    pub decryption: Spread,
    /// All four.
    pub total: Spread,
    pub comparisons_per_second_and_thread: f64,
    pub bytes: Bytes,
    /// Most memory of the whole process during these queries, both parties; none where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// What 'plan' says of it, from the pace that was measured before.
    pub predicted: Plan,
}

/// Sizes of the files that cross.
#[derive(Clone, Copy, Serialize)]
pub struct Bytes {
    pub evaluation_key: usize,
    pub query: usize,
    pub answer: usize,
}

/// Predictions for one scheme, on one number of threads, for one number of probes.
#[derive(Serialize)]
pub struct Curve {
    pub scheme: SchemeId,
    pub parameter_set: String,
    pub threads: usize,
    pub probes: usize,
    pub points: Vec<CurvePoint>,
}
