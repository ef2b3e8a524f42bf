//! The stages and sizes that the benchmark harness `fetch-by-similarity` of HomomorphicEncryption.org reports, by its own names.
//!
//! After `harness/run_submission.py` (commit 002a5e1) and `save_run` in `harness/utils.py` (commit f95aabb) of the repository
//! fhe-benchmarking/fetch-by-similarity, and its `measurements/*/results-*.json` of February 2026: seconds as "0.1234s", sizes as "1.5M" in
//! powers of 1024. Its gallery is encrypted and grows the bandwidth; ours stays with the custodian in the clear, so that no "Encrypted
//! database" crosses and preprocessing means enrolling and opening it. "Encrypted results" is named as the stage that reads them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measured::{QueryTimes, StageTimes};

/// One query as that harness writes it, and which it was.
#[derive(Serialize)]
pub struct Harness {
    pub parameter_set: String,
    pub threads: usize,
    pub references: usize,
    pub probes: usize,
    #[serde(rename = "Timing")]
    timing: BTreeMap<&'static str, String>,
    #[serde(rename = "Bandwidth")]
    bandwidth: BTreeMap<&'static str, String>,
}

impl Harness {
    /// Medians of a query; keys from the stages of the same set on as many threads.
    pub fn of(query: &QueryTimes, stages: &[StageTimes]) -> Self {
        let own = |stage: &&StageTimes| stage.parameter_set == query.parameter_set && stage.threads == query.threads;
        let median =
            |name| stages.iter().filter(own).find(|stage| stage.stage == name).map(|stage| stage.seconds.median);
        let key = ["key generation", "load, key"].map(|name| median(name).unwrap_or_default());
        let [generation, load] = key;
        let times = [
            ("Dataset preprocessing", query.enrolment_seconds),
            ("Key Generation", generation),
            ("Encrypted dataset preprocessing", load + query.opening_seconds),
            ("Query encryption", query.encryption.median),
            ("Encrypted computation", query.computation.median),
            ("Result decryption and postprocessing", query.decryption.median),
        ];
        let total = times.iter().map(|(_, seconds)| seconds).sum();
        let timing = times.into_iter().chain([("Total", total)]).map(|(stage, seconds)| (stage, in_seconds(seconds)));
        let bandwidth = [
            ("Public and evaluation keys", query.bytes.evaluation_key),
            ("Encrypted query", query.bytes.query),
            ("Encrypted results", query.bytes.answer),
        ];
        Self {
            parameter_set: query.parameter_set.clone(),
            threads: query.threads,
            references: query.references,
            probes: query.probes,
            timing: timing.collect(),
            bandwidth: bandwidth.into_iter().map(|(what, bytes)| (what, in_powers_of_1024(bytes))).collect(),
        }
    }
}

fn in_seconds(seconds: f64) -> String {
    format!("{seconds:.4}s")
}

fn in_powers_of_1024(bytes: usize) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "K", "M", "G"] {
        if size < 1024.0 {
            return format!("{size:.1}{unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1}T")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_harness_writes_them() {
        assert_eq!(in_seconds(3.279), "3.2790s");
        assert_eq!(in_powers_of_1024(1023), "1023.0B");
        assert_eq!(in_powers_of_1024(25_165_824), "24.0M");
        assert_eq!(in_powers_of_1024(2_791_728_742), "2.6G");
    }
}
