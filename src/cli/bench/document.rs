//! What was measured, as it is written.

use cotejo::agreement::{Disclosure, SchemeId};
use cotejo::planning::Plan;
use serde::Serialize;

use super::crossover::Crossover;
use super::harness::Harness;
use super::machine::{Machine, Versions};
use super::spread::Spread;

/// All of it.
#[derive(Serialize)]
pub struct Document {
    pub machine: Machine,
    pub versions: Versions,
    /// The numbers of threads that were measured.
    pub threads: Vec<usize>,
    pub seed: u64,
    pub repeat: u32,
    /// Of one query; what was predicted to take longer is left out.
    pub limit_seconds: f64,
    /// The templates.
    pub shape: String,
    /// The metric, in one word.
    pub metric: &'static str,
    pub disclosure: Disclosure,
    pub stages: Vec<StageTimes>,
    pub queries: Vec<QueryTimes>,
    pub skipped: Vec<Skipped>,
    pub refused: Vec<Refused>,
    /// Predicted time of a query's computation against the size of the gallery.
    pub predicted: Vec<Curve>,
    pub crossover: Vec<Crossover>,
    /// The same queries as the harness `fetch-by-similarity` would report them.
    #[serde(rename = "fetch-by-similarity")]
    pub fetch_by_similarity: Vec<Harness>,
}

/// One stage alone.
#[derive(Clone, Serialize)]
pub struct StageTimes {
    pub scheme: SchemeId,
    pub parameter_set: &'static str,
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
    pub parameter_set: &'static str,
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

/// Left out: predicted to take longer than the limit.
#[derive(Serialize)]
pub struct Skipped {
    pub threads: usize,
    pub predicted: Plan,
}

/// Left out: the comparison is not admitted.
#[derive(Serialize)]
pub struct Refused {
    pub scheme_or_set: String,
    pub why: String,
}

/// Predictions for one scheme, on one number of threads, for one number of probes.
#[derive(Serialize)]
pub struct Curve {
    pub scheme: SchemeId,
    pub parameter_set: &'static str,
    pub threads: usize,
    pub probes: usize,
    pub points: Vec<CurvePoint>,
}

/// One prediction.
#[derive(Clone, Copy, Serialize)]
pub struct CurvePoint {
    pub references: usize,
    pub seconds: f64,
}
