//! Whole queries, from the question to the verdict, with everything that crosses encoded and read back as by the commands.

use std::time::Instant;

use crate::agreement::SchemeId;
use crate::custodian::{AdmittedKey, AnswerError, Custodian, Gallery};
use crate::planning::Plan;
use crate::querier::{Querier, SecretKey};
use crate::remedy::Remedy;
use crate::scheme::bgv::Bgv;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::tfhe::Tfhe;
use crate::scheme::{Evaluator, Holder, Opened, Progress, Unanswered};
use crate::template::Record;
use crate::wire::{Answer, EvaluationKey, Query, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::grid::{BUDGET, Batch, Grid};
use super::machine;
use super::measured::{Bytes, QueryTimes};
use super::spread::Spread;
use crate::cli::failure::Failure;
use crate::cli::interrupt;

/// Durations in seconds of the parts of some queries.
#[derive(Default)]
struct Parts {
    encryption: Vec<f64>,
    wire: Vec<f64>,
    computation: Vec<f64>,
    decryption: Vec<f64>,
    total: Vec<f64>,
}

/// Both parties.
struct Exchange<'a, S: Holder + Evaluator> {
    agreement: &'a Opened,
    querier: Querier<S>,
    key: AdmittedKey<S>,
}

/// Every point of a batch, `repeat` times each.
pub fn measure(
    grid: &Grid,
    batch: &Batch,
    repeat: u32,
    seed: u64,
    meter: &dyn Progress,
) -> Result<Vec<QueryTimes>, Failure> {
    match batch.agreement.scheme() {
        SchemeId::Tfhe => of_scheme::<Tfhe>(grid, batch, repeat, seed, meter),
        SchemeId::Bgv => of_scheme::<Bgv>(grid, batch, repeat, seed, meter),
        SchemeId::Hybrid => of_scheme::<Hybrid>(grid, batch, repeat, seed, meter),
    }
}

/// Durations in seconds of making a key, of its way over the wire, and of loading it: `repeat` of each.
pub fn key_times(agreement: &Opened, repeat: u32, seed: u64) -> Result<[Vec<f64>; 3], Failure> {
    match agreement.scheme() {
        SchemeId::Tfhe => key_times_of::<Tfhe>(agreement, repeat, seed),
        SchemeId::Bgv => key_times_of::<Bgv>(agreement, repeat, seed),
        SchemeId::Hybrid => key_times_of::<Hybrid>(agreement, repeat, seed),
    }
}

fn of_scheme<S: Holder + Evaluator>(
    grid: &Grid,
    batch: &Batch,
    repeat: u32,
    seed: u64,
    meter: &dyn Progress,
) -> Result<Vec<QueryTimes>, Failure> {
    let agreement = &batch.agreement;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (secret, public) = SecretKey::<S>::generate(agreement, &mut rng).map_err(|error| defect(&error))?;
    let evaluation_key = public.to_bytes(agreement).len();
    let key = AdmittedKey::new(public);
    let exchange = Exchange { agreement, querier: Querier::new(agreement, secret), key };
    let mut measured = Vec::new();
    for plan in &batch.points {
        interrupt::check()?;
        let began = Instant::now();
        let gallery = gallery(grid, agreement, plan.references)?;
        let enrolment = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let gallery = Gallery::open(gallery.as_bytes().to_vec(), agreement).map_err(|error| defect(&error))?;
        let opening = began.elapsed().as_secs_f64();
        let probes = probes(grid, plan.probes)?;
        let told = machine::reset_peak_memory();
        let mut parts = Parts::default();
        let mut sizes = [0; 2];
        for _ in 0..repeat {
            sizes = parts.query(&exchange, &gallery, probes.clone(), &mut rng)?;
            meter.advance(1);
        }
        let peak_memory_bytes = if told { machine::peak_memory() } else { None };
        let [query, answer] = sizes;
        let bytes = Bytes { evaluation_key, query, answer };
        measured.push(parts.times(plan, batch.threads, bytes, peak_memory_bytes, [enrolment, opening]));
    }
    Ok(measured)
}

impl Parts {
    /// One query and its answer. Returns their bytes.
    fn query<S: Holder + Evaluator>(
        &mut self,
        exchange: &Exchange<'_, S>,
        gallery: &Gallery,
        probes: Vec<Record>,
        rng: &mut ChaCha20Rng,
    ) -> Result<[usize; 2], Failure> {
        let Exchange { agreement, querier, key } = exchange;
        // As 'match' does: what an answer keeps of the gallery is not there for the next.
        let custodian = Custodian::<S>::new(agreement, gallery, BUDGET).map_err(|error| defect(&error))?;
        let start = Instant::now();
        let mut last = start;
        let mut lap = || {
            let now = Instant::now();
            now.duration_since(std::mem::replace(&mut last, now)).as_secs_f64()
        };
        let (query, pending) = querier.ask(probes, Target::Gallery, rng).map_err(|error| defect(&error))?;
        self.encryption.push(lap());
        let asked = query.to_bytes(agreement).map_err(|error| defect(&error))?;
        let query = Query::<S>::read(asked.as_slice(), agreement, Some(key.id())).map_err(|error| defect(&error))?;
        let mut wire = lap();
        let answer = custodian.answer(key, &query, rng, &interrupt::Unwatched).map_err(|error| match error {
            AnswerError::Unanswered(Unanswered::Stopped(_)) => Failure::Interrupted,
            error => Failure::new("bench", error, "ask for fewer probes, or choose another --set"),
        })?;
        self.computation.push(lap());
        let answered = answer.to_bytes(agreement).map_err(|error| defect(&error))?;
        let answer =
            Answer::<S>::read(answered.as_slice(), agreement, Some(key.id())).map_err(|error| defect(&error))?;
        wire += lap();
        self.wire.push(wire);
        let verdicts = pending.read(querier, &answer).map_err(|error| defect(&error))?;
        self.decryption.push(lap());
        self.total.push(start.elapsed().as_secs_f64());
        drop(verdicts);
        Ok([asked.len(), answered.len()])
    }

    fn times(
        self,
        plan: &Plan,
        threads: usize,
        bytes: Bytes,
        peak_memory_bytes: Option<u64>,
        [enrolment, opening]: [f64; 2],
    ) -> QueryTimes {
        let computation = Spread::of(self.computation);
        let comparisons = (plan.references * plan.probes) as f64;
        QueryTimes {
            scheme: plan.scheme,
            parameter_set: plan.parameter_set.clone(),
            threads,
            references: plan.references,
            probes: plan.probes,
            enrolment_seconds: enrolment,
            opening_seconds: opening,
            encryption: Spread::of(self.encryption),
            wire: Spread::of(self.wire),
            decryption: Spread::of(self.decryption),
            total: Spread::of(self.total),
            comparisons_per_second_and_thread: comparisons / computation.median / threads as f64,
            computation,
            bytes,
            peak_memory_bytes,
            predicted: plan.clone(),
        }
    }
}

/// The evaluation key on its way, `repeat` times: made, encoded and read back, expanded.
fn key_times_of<S: Holder + Evaluator>(agreement: &Opened, repeat: u32, seed: u64) -> Result<[Vec<f64>; 3], Failure> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let [generation, wire, load] = &mut times;
    for _ in 0..repeat {
        interrupt::check()?;
        let start = Instant::now();
        let (_, public) = SecretKey::<S>::generate(agreement, &mut rng).map_err(|error| defect(&error))?;
        generation.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let bytes = public.to_bytes(agreement);
        let public = EvaluationKey::<S>::read(bytes.as_slice(), agreement).map_err(|error| defect(&error))?;
        wire.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let admitted = AdmittedKey::new(public);
        load.push(start.elapsed().as_secs_f64());
        drop(admitted);
    }
    Ok(times)
}

/// The first sample of everybody.
fn gallery(grid: &Grid, agreement: &Opened, references: usize) -> Result<Gallery, Failure> {
    let mut made = Ok(());
    let records = grid.population.records(0..references as u32, 0..1).map_while(|record| match record {
        Ok(record) if !interrupt::requested() => Some(record),
        Ok(_) => None,
        Err(error) => {
            made = Err(defect(&error));
            None
        }
    });
    let enrolment = Gallery::enrol(agreement, records);
    made?;
    interrupt::check()?;
    match (enrolment.gallery, enrolment.refused.first()) {
        (Some(gallery), None) => Ok(gallery),
        (_, Some(refusal)) => Err(Failure::new("--modality", refusal.reason.in_full(), "choose another comparison")),
        (None, None) => Err(Failure::new("--references", "nobody is enrolled", "ask for more references")),
    }
}

/// The second sample of some subjects, the first of whom are enrolled.
fn probes(grid: &Grid, probes: usize) -> Result<Vec<Record>, Failure> {
    let records = grid.population.records(0..probes as u32, 1..2);
    records.map(|record| record.map_err(|error| defect(&error))).collect()
}

/// What cannot happen with synthetic templates.
fn defect(error: &dyn std::fmt::Display) -> Failure {
    Failure::new("bench", error, "choose another comparison or --set")
}
