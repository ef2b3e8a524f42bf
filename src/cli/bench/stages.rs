//! Each stage alone, on random data.

use std::time::Instant;

use crate::functional::{Probe, Reference};
use crate::parameters::Dimensions;
use crate::parameters::bgv::BgvSet;
use crate::parameters::hybrid::HybridSet;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::bgv::laboratory::workload::Workload as Blocks;
use crate::scheme::hybrid::laboratory::workload::Workload as Pairs;
use crate::scheme::tfhe::laboratory::workload::Workload as Decisions;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::grid::{Batch, Grid};
use super::measured::{QueryTimes, StageTimes};
use super::queries;
use super::spread::Spread;
use crate::cli::failure::Failure;
use crate::cli::interrupt;

/// Decisions that one thread makes in a measurement: two full batches of bootstraps.
const DECISIONS: usize = 32;
/// Bits that one gate tree joins, a wave's: 48 gates, 4, and one.
const BITS: usize = 576;

/// A stage's durations, and what it did in each.
struct Timed {
    stage: &'static str,
    count: usize,
    of: &'static str,
    seconds: Vec<f64>,
}

/// Measures every stage of a batch; what a query shows, from the first of `queries`.
pub fn measure(
    grid: &Grid,
    batch: &Batch,
    queries: &[QueryTimes],
    repeat: u32,
    seed: u64,
) -> Result<Vec<StageTimes>, Failure> {
    let agreement = &batch.agreement;
    let [generation, wire, load] = queries::key_times(agreement, repeat, seed)?.map(Spread::of);
    let stage = |stage, count, of, seconds| StageTimes {
        scheme: agreement.scheme(),
        parameter_set: agreement.parameters().name().to_owned(),
        threads: batch.threads,
        stage,
        count,
        of,
        seconds,
    };
    let mut stages = vec![
        stage("key generation", 1, "key", generation),
        stage("wire, key", 1, "key", wire),
        stage("load, key", 1, "key", load),
    ];
    if let Some(query) = queries.first() {
        stages.extend([
            stage("load, gallery", query.references, "reference", Spread::of(vec![query.opening_seconds])),
            stage("encryption", query.probes, "probe", query.encryption),
            stage("wire, query and answer", 1, "query", query.wire),
            stage("decrypt", query.probes, "probe", query.decryption),
        ]);
    }
    let computed = match agreement.parameters().dimensions() {
        Dimensions::Tfhe(set) => bootstraps(grid, batch, set, repeat, seed)?,
        Dimensions::Bgv(set) => blocks(batch, set, repeat, seed)?,
        Dimensions::Hybrid(set) => pairs(batch, set, repeat, seed)?,
    };
    stages
        .extend(computed.into_iter().map(|timed| stage(timed.stage, timed.count, timed.of, Spread::of(timed.seconds))));
    Ok(stages)
}

/// A stage, what it works on, and how a worker does it: it returns how many of these were done.
type Work<'a, W> = (&'static str, &'static str, &'a mut dyn FnMut(&mut W) -> usize);

/// Runs some pieces of work one after the other, `repeat` times over, once more at first to warm up.
fn repeated<W>(worker: &mut W, repeat: u32, work: [Work<'_, W>; 4]) -> Result<Vec<Timed>, Failure> {
    let mut work = work.map(|(stage, of, run)| (Timed { stage, count: 0, of, seconds: Vec::new() }, run));
    for round in 0..=repeat {
        for (timed, run) in &mut work {
            interrupt::check()?;
            let start = Instant::now();
            timed.count = run(worker);
            if round > 0 {
                timed.seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    Ok(work.into_iter().map(|(timed, _)| timed).collect())
}

/// Scheme `tfhe`: distances and thresholds one by one, gates of a wave, one verdict.
fn bootstraps(grid: &Grid, batch: &Batch, set: &TfheSet, repeat: u32, seed: u64) -> Result<Vec<Timed>, Failure> {
    let functional = batch.agreement.functional();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let unmade = |error: &dyn std::fmt::Display| Failure::new("bench", error, "choose another comparison");
    let count = DECISIONS * batch.threads;
    let records = grid.population.records(0..count as u32, 0..1).collect::<Result<Vec<_>, _>>();
    let records = records.map_err(|error| unmade(&error))?;
    let references = records.iter().map(|record| functional.reference(&record.template));
    let references = references.collect::<Result<Vec<Reference>, _>>().map_err(|error| unmade(&error))?;
    let probe = Probe::new(functional, records.get(..1).unwrap_or_default()).map_err(|error| unmade(&error))?;
    let mut workload = Decisions::new(set, &mut rng);
    let encrypted = workload.encrypt(functional, std::slice::from_ref(&probe), &mut rng);
    let encrypted = encrypted.ok_or_else(|| unmade(&"a probe has no sample"))?;
    repeated(
        &mut workload,
        repeat,
        [
            ("distance", "reference", &mut |work: &mut Decisions| work.distances(functional, &encrypted, &references)),
            ("threshold", "decision", &mut |work: &mut Decisions| work.thresholds(count)),
            ("aggregate", "gate", &mut |work: &mut Decisions| work.aggregate(BITS)),
            ("sanitise", "verdict", &mut |work: &mut Decisions| work.sanitise(1, &mut rng)),
        ],
    )
}

/// Scheme `hybrid`: one full block of one probe's pairs.
fn pairs(batch: &Batch, set: &HybridSet, repeat: u32, seed: u64) -> Result<Vec<Timed>, Failure> {
    let agreement = &batch.agreement;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let workload = Pairs::new(set, agreement.functional(), agreement.terms().disclosure, &mut rng);
    let mut workload = workload.map_err(|error| Failure::new("bench", error, "choose another --set"))?;
    repeated(
        &mut workload,
        repeat,
        [
            ("score", "reference", &mut Pairs::scores),
            ("distance", "reference", &mut Pairs::distances),
            ("threshold", "reference", &mut Pairs::thresholds),
            ("aggregate, sanitise", "number", &mut Pairs::aggregate),
        ],
    )
}

/// Scheme `bgv`: one full block.
fn blocks(batch: &Batch, set: &BgvSet, repeat: u32, seed: u64) -> Result<Vec<Timed>, Failure> {
    let agreement = &batch.agreement;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let workload = Blocks::new(set, agreement.functional(), agreement.terms().disclosure, &mut rng);
    let mut workload = workload.map_err(|error| Failure::new("bench", error, "choose another --set"))?;
    repeated(
        &mut workload,
        repeat,
        [
            ("distance", "reference", &mut Blocks::distances),
            ("threshold", "reference", &mut Blocks::thresholds),
            ("aggregate", "reference", &mut Blocks::aggregate),
            ("sanitise", "number", &mut Blocks::sanitise),
        ],
    )
}
