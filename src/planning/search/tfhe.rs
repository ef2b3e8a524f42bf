//! Candidates of scheme `tfhe`.
//!
//! Two keys, each at a dimension and with the least noise that is secure there: more noise only widens the gray zone. Between them follow, each
//! as cheap as the demands allow, and in the order in which they depend on each other: the base of the bootstrap's digits, which costs
//! nothing and is chosen for the least noise; the digits of the keyswitch, each of which costs bytes; the flood and the rounds of washing.

use rayon::prelude::*;

use super::{Candidate, CandidateRefusal, Log, Target, frontier, lengths, over};
use crate::agreement::{PROBE_NORM, REFERENCE_NORM, Terms};
use crate::functional::Functional;
use crate::parameters::security;
use crate::parameters::tfhe::TfheSet;
use crate::parameters::{Dimensions, ParameterSet};
use crate::parameters::{MOST_DISTANCE_LOG2, MOST_FAILURE_LOG2};
use crate::planning::choice::noise;
use crate::remedy::Remedy;
use crate::scheme::tfhe::laboratory::pace::reference_bootstrap;
use crate::scheme::{Progress, Stopped};

/// Polynomial sizes of the query key: the largest that divides its dimension makes the distance cheapest, the smallest wastes no coordinates.
const QUERY_SIZES: [usize; 3] = [128, 256, 512];
/// Dimensions of the query key. Below, no noise that leaves room for a message is secure; above, the bootstrap's time grows for nothing.
const QUERY_DIMENSIONS: std::ops::RangeInclusive<usize> = 512..=1536;
/// GLWE dimensions and polynomial sizes of the bootstrap key.
const BOOTSTRAP_KEYS: [(usize, usize); 7] =
    [(1, 1024), (2, 1024), (1, 2048), (2, 2048), (1, 4096), (2, 4096), (1, 8192)];
/// Digits of the bootstrap key.
const BOOTSTRAP_LEVELS: [usize; 3] = [1, 2, 3];
/// Most digits of the keyswitch key.
const KEYSWITCH_LEVELS: usize = 8;
/// Noise that is tried, as TUniform(b): below the least the table of security has nothing, above the most nothing can be decrypted.
const NOISE_LOG2: std::ops::RangeInclusive<u32> = 4..=58;
/// The flood of a verdict at 1/4 of the torus: 1/8 at most.
const FLOODING_LOG2: std::ops::RangeInclusive<u32> = 54..=61;
/// Most encryptions of zero that wash a verdict.
const WASHING_ROUNDS: usize = 12;
/// Bits of an element of an answer.
const ANSWER_LOG2: [usize; 3] = [10, 11, 12];
/// Integer lengths of references: the usual one, and longer ones where its rounding is too coarse.
const REFERENCE_LENGTHS: [u32; 3] = [REFERENCE_NORM, 512, 1024];

/// A query key and a bootstrap key, with the noise that each needs; none where no noise is enough.
pub(super) struct Region {
    query: (usize, usize, Option<u32>),
    bootstrap: (usize, usize, Option<u32>),
}

/// All pairs of keys.
pub(super) fn regions(security_bits: f64) -> Vec<Region> {
    let least_noise = |dimension: usize| {
        NOISE_LOG2.into_iter().find(|&noise| security::of_binary_lwe(dimension, noise).bits >= security_bits)
    };
    let bootstrap_keys: Vec<_> =
        BOOTSTRAP_KEYS.iter().map(|&(dimension, size)| (dimension, size, least_noise(dimension * size))).collect();
    let queries = QUERY_SIZES.iter().rev().flat_map(|&size| {
        let dimensions = QUERY_DIMENSIONS.start().div_ceil(size)..=QUERY_DIMENSIONS.end() / size;
        dimensions.map(move |dimension| (dimension, size))
    });
    queries
        .flat_map(|(dimension, size)| {
            let query = (dimension, size, least_noise(dimension * size));
            bootstrap_keys.iter().map(move |&bootstrap| Region { query, bootstrap })
        })
        .collect()
}

/// A set that meets every demand but the target, with what the terms make of it.
struct Fit {
    set: TfheSet,
    /// Which of the terms.
    length: usize,
    noise: f64,
    rounding: f64,
}

impl Fit {
    /// Everything that time, bytes and deviation rise with: what is beaten in these is beaten in those.
    fn costs(&self) -> [f64; 6] {
        let set = &self.set;
        [
            reference_bootstrap(set).as_secs_f64(),
            set.washing_rounds as f64,
            set.evaluation_key_bytes() as f64,
            set.query_polynomial_size as f64,
            set.encrypted_verdict_bytes() as f64,
            self.noise.hypot(self.rounding),
        ]
    }
}

/// The candidates that none beats, and those that come nearest to the target.
pub(super) fn search(
    terms: &Terms,
    target: Target,
    security_bits: f64,
    log: &Log,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>, Stopped> {
    let terms = lengths(terms, &REFERENCE_LENGTHS, |_| PROBE_NORM);
    let regions = regions(security_bits);
    let fits = over(&regions, progress, |region| region.fits(&terms, target, log))?;
    // A plan for the whole gallery takes its time: only for what may be on the frontier.
    let fits = frontier::unbeaten(fits, Fit::costs);
    let candidates = fits.into_par_iter().filter_map(|fit| {
        let named = fit.length > 0;
        Candidate::new(terms.get(fit.length)?, ParameterSet::unnamed(Dimensions::Tfhe(fit.set)), named).ok()
    });
    Ok(candidates.collect())
}

impl Region {
    fn fits(&self, terms: &[Terms], target: Target, log: &Log) -> Vec<Fit> {
        let ((k, size, Some(query_noise)), (glwe, polynomial, Some(glwe_noise))) = (self.query, self.bootstrap) else {
            let dimension = self.query.0 * self.query.1;
            log.weighed();
            log.refused(CandidateRefusal::Security, f64::INFINITY, || {
                format!("LWE of dimension {dimension} is not secure with any noise that leaves room for a message")
            });
            return Vec::new();
        };
        let keys = TfheSet {
            query_glwe_dimension: k,
            query_polynomial_size: size,
            query_noise_log2: query_noise,
            glwe_dimension: glwe,
            polynomial_size: polynomial,
            glwe_noise_log2: glwe_noise,
            bootstrap_base_log2: 1,
            bootstrap_levels: 1,
            keyswitch_base_log2: 1,
            keyswitch_levels: 1,
            flooding_log2: *FLOODING_LOG2.end(),
            washing_rounds: 1,
            answer_modulus_log2: 10,
        };
        let completed = BOOTSTRAP_LEVELS.iter().filter_map(|&levels| match completed(&keys, levels) {
            Ok(set) => Some(set),
            Err((refusal, shortfall)) => {
                log.weighed();
                log.refused(refusal, shortfall, || {
                    format!("{}: short by a factor of 2^{shortfall:.0}", refusal.clause())
                });
                None
            }
        });
        completed.flat_map(|set| under(set, terms, target, log)).collect()
    }
}

/// The terms, of each length, under a set that meets every other demand.
fn under(set: TfheSet, terms: &[Terms], target: Target, log: &Log) -> Vec<Fit> {
    let parameters = ParameterSet::unnamed(Dimensions::Tfhe(set));
    let mut fits = Vec::new();
    for (length, terms) in terms.iter().enumerate() {
        log.weighed();
        let functional = match Functional::new(terms, &parameters) {
            Ok(functional) => functional,
            Err(error) => {
                log.refused(CandidateRefusal::Comparison, f64::INFINITY, || error.in_full());
                continue;
            }
        };
        let fit =
            Fit { noise: noise(&functional, &parameters), rounding: functional.rounding_deviation(), set, length };
        match target {
            Target::Deviation(most) if fit.noise.hypot(fit.rounding) > most => {
                let excess = fit.noise.hypot(fit.rounding) - most;
                log.refused(CandidateRefusal::Deviation, excess, || {
                    format!(
                        "noise {:.2e} and rounding {:.2e} where {most:.2e} together is asked for",
                        fit.noise, fit.rounding
                    )
                });
            }
            _ => {}
        }
        fits.push(fit);
    }
    fits
}

/// The cheapest set with these keys and so many digits in the bootstrap, or the first demand it fails and the logarithm by which.
fn completed(keys: &TfheSet, levels: usize) -> Result<TfheSet, (CandidateRefusal, f64)> {
    let bases = (1..=32).filter(|base| base * levels <= 63);
    let bases = bases.map(|base| TfheSet { bootstrap_base_log2: base, bootstrap_levels: levels, ..*keys });
    let bootstrap = least(bases, TfheSet::bootstrap_variance).ok_or((CandidateRefusal::GateFailure, f64::INFINITY))?;
    let washed = washed(&bootstrap)?;
    let mut fault = (CandidateRefusal::GateFailure, f64::INFINITY);
    for levels in 1..=KEYSWITCH_LEVELS {
        let bases = (1..=16).filter(|base| base * levels <= 63);
        let bases = bases.map(|base| TfheSet { keyswitch_base_log2: base, keyswitch_levels: levels, ..washed });
        let Some(set) = least(bases, TfheSet::keyswitch_variance) else { continue };
        let excess = set.log2_gate_failure() - MOST_FAILURE_LOG2;
        if excess >= 0.0 {
            fault = (CandidateRefusal::GateFailure, excess);
            continue;
        }
        let answers = ANSWER_LOG2.map(|bits| TfheSet { answer_modulus_log2: bits, ..set });
        match answers.into_iter().find(|set| set.log2_verdict_failure() < MOST_FAILURE_LOG2) {
            Some(set) => return Ok(set),
            None => fault = (CandidateRefusal::VerdictFailure, set.log2_verdict_failure() - MOST_FAILURE_LOG2),
        }
    }
    Err(fault)
}

/// With as few rounds of washing as hide the noise, and no larger a flood than that needs.
fn washed(set: &TfheSet) -> Result<TfheSet, (CandidateRefusal, f64)> {
    let of_flood = |flooding_log2| {
        let sets = (1..=WASHING_ROUNDS).map(|washing_rounds| TfheSet { flooding_log2, washing_rounds, ..*set });
        sets.into_iter().find(|set| set.log2_sanitised_distance() < MOST_DISTANCE_LOG2)
    };
    let floods = FLOODING_LOG2.filter_map(of_flood);
    let excess = || {
        let most = TfheSet { flooding_log2: *FLOODING_LOG2.end(), washing_rounds: WASHING_ROUNDS, ..*set };
        most.log2_sanitised_distance() - MOST_DISTANCE_LOG2
    };
    least(floods, |set| set.washing_rounds as f64).ok_or_else(|| (CandidateRefusal::Flooding, excess()))
}

/// The first of the least.
fn least(sets: impl Iterator<Item = TfheSet>, measure: impl Fn(&TfheSet) -> f64) -> Option<TfheSet> {
    sets.min_by(|a, b| measure(a).total_cmp(&measure(b)))
}
