//! What was measured, as it is written.

use crate::agreement::Disclosure;
use serde::Serialize;

use super::crossover::Crossover;
use super::grid::{Refused, Skipped};
use super::harness::Harness;
use super::machine::{Machine, Versions};
use super::measured::{Curve, QueryTimes, StageTimes};

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
