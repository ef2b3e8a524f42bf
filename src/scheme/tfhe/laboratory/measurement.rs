//! Noise measured stage by stage, and decisions beside the threshold, against the formulas of [`crate::scheme::tfhe::noise`].
//!
//! Measuring takes the secret keys, so keys are made here for it; they encrypt nothing of anybody, and only plain numbers leave.

use rand::seq::IndexedRandom;
use rand::{CryptoRng, Rng};

use super::specimen::{DIMENSION, Parties, Setting, difference, phase, unit_vector};
use crate::parameters::ParameterSet;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::tfhe::Tfhe;
use crate::scheme::tfhe::aggregate::{EncryptedBit, FAN_IN, Gate, HALF_BIT, QUARTER, Shifted, UnwashedVerdict};
use crate::scheme::tfhe::ciphertexts::EncryptedVerdicts;
use crate::scheme::tfhe::sanitise::{Washing, washing_bootstraps};
use crate::scheme::tfhe::threshold::Exponents;
use crate::scheme::tfhe::{Lwe, MODULUS};
use crate::scheme::upper_tail;
use crate::scheme::{Flips, Holder, MeasuredNoise, Measurement, Progress, Unmeasured};

use ::tfhe::core_crypto::prelude::*;

/// Fewest samples of a stage: gates take their inputs from them.
pub(crate) const LEAST_SAMPLES: usize = 4 * FAN_IN;

/// Distances from the threshold, in deviations, at which decisions are counted.
const DISTANCES: [f64; 7] = [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0];

/// Cosines far above and far below the threshold of 0.35.
const HIT: f64 = 0.9;
const MISS: f64 = -0.2;

/// Fresh keys of a set, and `samples` errors of each stage (at least [`LEAST_SAMPLES`]) on faces of 512 coordinates; then as many
/// decisions at each of several distances from the threshold. Reports [`steps`] bootstraps.
///
/// # Errors
///
/// [`Unmeasured`] for a set of another scheme, one that does not admit the comparison, or when `progress` asks to stop.
pub(crate) fn measure(
    parameters: &ParameterSet,
    samples: usize,
    rng: &mut dyn CryptoRng,
    progress: &dyn Progress,
) -> Result<Measurement, Unmeasured> {
    let setting = Setting::new(parameters, rng)?;
    let samples = samples.max(LEAST_SAMPLES);
    let stages = setting.of_stages(samples, rng, progress)?;
    let flips = DISTANCES.iter().map(|&distance| setting.flips(distance, samples, rng, progress));
    let flips = flips.collect::<Result<_, _>>()?;
    Ok(Measurement { comparison: format!("cosine, {DIMENSION} coordinates"), unit: "torus", stages, flips })
}

/// Bootstraps that [`measure`] reports.
pub(crate) fn steps(set: &TfheSet, samples: usize) -> u64 {
    samples.max(LEAST_SAMPLES) as u64 * (2 + washing_bootstraps(set.washing_rounds) + DISTANCES.len() as u64)
}

impl Setting {
    /// Every stage, in the order of the flow.
    pub(super) fn of_stages(
        &self,
        samples: usize,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Vec<MeasuredNoise>, Unmeasured> {
        let (set, keys) = (self.set, &self.keys);
        let mut stages = vec![self.encryption(samples, rng)?];
        let specimens =
            self.specimens(samples, |number| if number.is_multiple_of(2) { HIT } else { MISS }, rng, progress)?;
        let phis = specimens.phis(&self.functional);
        let norms = specimens.weight_norms(&self.functional);
        let square = norms.iter().map(|norm| norm * norm).sum::<f64>() / norms.len() as f64;
        let errors = specimens.scores.iter().zip(&phis).map(|(score, &phi)| {
            difference(phase(&keys.query, &score.0), (phi as u64).wrapping_mul(set.step(&self.functional)))
        });
        stages.push(MeasuredNoise::of("score", &errors.collect::<Vec<_>>(), square * set.query_variance()));
        stages.push(keys.modulus_switch(samples, &set, rng));

        let bits = keys.prepared.bits(&specimens.scores, progress)?;
        let hit = |phi: &i64| *phi > 0;
        let values = phis.iter().map(|phi| 2 * HALF_BIT * u64::from(hit(phi)));
        let errors: Vec<f64> =
            bits.iter().zip(values).map(|(bit, value)| difference(phase(&keys.output, &bit.0), value)).collect();
        let right = errors.iter().map(|error| error.abs() < HALF_BIT as f64 * 2f64.powi(-64));
        stages.push(MeasuredNoise::of("bootstrap", &errors, set.bootstrap_variance()).with_failures(right));
        let errors = bits.iter().map(|EncryptedBit(bit)| {
            difference(phase(&keys.query, &keys.prepared.keyswitch(bit)), phase(&keys.output, bit))
        });
        stages.push(MeasuredNoise::of("keyswitch", &errors.collect::<Vec<_>>(), set.keyswitch_variance()));

        let (hits, misses): (Vec<_>, Vec<_>) = bits.into_iter().zip(&phis).partition(|(_, phi)| hit(phi));
        let [hits, misses] = [hits, misses].map(|bits| bits.into_iter().map(|(bit, _)| bit).collect::<Vec<_>>());
        let gates = keys.gates(samples, [&misses, &hits], rng);
        let verdicts = keys.prepared.signs(&gates.sums, QUARTER, progress)?;
        let right =
            verdicts.iter().zip(&gates.truths).map(|(verdict, &truth)| positive(&keys.output, verdict) == truth);
        stages.push(gates.noise(keys, &set).with_failures(right));
        stages.push(self.answers(verdicts, &gates.truths, rng, progress)?);
        Ok(stages)
    }

    /// Encrypted coordinates.
    fn encryption(&self, samples: usize, rng: &mut dyn CryptoRng) -> Result<MeasuredNoise, Unmeasured> {
        let (functional, key) = (&self.functional, &self.keys.query);
        let step = self.set.step(functional);
        let mut errors = Vec::with_capacity(samples + DIMENSION);
        while errors.len() < samples {
            let probe = self.probe(unit_vector(rng))?;
            let encrypted = Tfhe::encrypt(key, functional, std::slice::from_ref(&probe), rng);
            let coordinates = probe.samples().iter().flat_map(|sample| functional.probe_coordinates(sample));
            let phases = key.coordinate_phases(&encrypted);
            errors.extend(
                phases
                    .into_iter()
                    .zip(coordinates)
                    .map(|(phase, coordinate)| difference(phase, (coordinate as u64).wrapping_mul(step))),
            );
        }
        errors.truncate(samples);
        Ok(MeasuredNoise::of("encryption", &errors, self.set.query_variance()))
    }

    /// Verdicts washed, packed and decrypted.
    fn answers(
        &self,
        verdicts: Vec<Lwe>,
        truths: &[bool],
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<MeasuredNoise, Unmeasured> {
        let verdicts = verdicts.into_iter().map(UnwashedVerdict).collect();
        let packed = self.keys.prepared.sanitise(verdicts, Washing::of(self.set.washing_rounds), rng, progress)?;
        let answer = EncryptedVerdicts::new(&self.set, packed, Vec::new());
        let phases: Vec<u64> = answer.phases(&self.set, self.keys.query.lwe().as_ref()).collect();
        let ideal = |truth: bool| if truth { QUARTER } else { QUARTER.wrapping_neg() };
        let errors: Vec<f64> =
            phases.iter().zip(truths).map(|(&phase, &truth)| difference(phase, ideal(truth))).collect();
        let right = phases.iter().zip(truths).map(|(phase, &truth)| (phase >> 63 == 0) == truth);
        Ok(MeasuredNoise::of("answer", &errors, self.set.answer_variance()).with_failures(right))
    }

    /// Decisions on pairs so many deviations above the threshold.
    pub(super) fn flips(
        &self,
        deviations: f64,
        count: usize,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Flips, Unmeasured> {
        let (functional, keys) = (&self.functional, &self.keys);
        let of_norm = |norm: f64| self.set.phi_deviation(functional, norm);
        let score = of_norm(functional.largest_weight_norm()) / functional.phi_per_score();
        let specimens = self.specimens(count, |_| THRESHOLD + deviations * score, rng, progress)?;
        let signs = keys.prepared.signs(&specimens.scores, QUARTER, progress)?;
        let phis = specimens.phis(functional);
        let flipped = signs.iter().zip(&phis).filter(|(sign, phi)| positive(&keys.output, sign) != (**phi > 0)).count();
        let norms = specimens.weight_norms(functional);
        let chances = phis.iter().zip(norms).map(|(&phi, norm)| upper_tail(phi.unsigned_abs() as f64 / of_norm(norm)));
        let (expected, variance) = chances.fold((0.0, 0.0), |(mean, variance), p| (mean + p, variance + p * (1.0 - p)));
        Ok(Flips {
            deviations,
            decisions: count as u64,
            flipped: flipped as u64,
            expected,
            expected_deviation: variance.sqrt(),
        })
    }
}

/// Of [`crate::agreement::Terms::face`].
const THRESHOLD: f64 = 0.35;

/// Gates of [`FAN_IN`] inputs, shifted so that the sign is the result, and what that ought to be.
struct Gates {
    sums: Vec<Shifted>,
    ideals: Vec<u64>,
    truths: Vec<bool>,
}

impl Gates {
    /// The noise of the phase whose sign the bootstrap takes.
    fn noise(&self, keys: &Parties, set: &TfheSet) -> MeasuredNoise {
        let errors = self.sums.iter().zip(&self.ideals);
        let errors = errors.map(|(sum, &ideal)| difference(keys.switched(sum.0.as_ref(), set), ideal));
        MeasuredNoise::of("gate", &errors.collect::<Vec<_>>(), set.gate_variance(FAN_IN))
    }
}

impl Parties {
    /// The modulus switch of random samples.
    fn modulus_switch(&self, samples: usize, set: &TfheSet, rng: &mut dyn CryptoRng) -> MeasuredNoise {
        let errors = (0..samples).map(|_| {
            let sample: Vec<u64> = (0..=set.lwe_dimension()).map(|_| rng.random()).collect();
            let exact = phase(&self.query, &LweCiphertext::from_container(sample.clone(), MODULUS));
            difference(self.switched(&sample, set), exact)
        });
        MeasuredNoise::of("modulus switch", &errors.collect::<Vec<_>>(), set.modulus_switch_variance())
    }

    /// The phase of a sample under the query key once it is rounded to exponents.
    pub(super) fn switched(&self, sample: &[u64], set: &TfheSet) -> u64 {
        let log2 = set.polynomial_size.ilog2() as usize + 1;
        let exponents = Exponents::new(sample, log2);
        let secret = self.query.lwe();
        let product = exponents.mask().zip(secret.as_ref()).filter(|(_, s)| **s == 1).map(|(a, _)| a).sum::<usize>();
        // The switch rounds the body down, so half a step belongs in the middle.
        let half = 1u64 << (64 - log2 - 1);
        ((exponents.body().wrapping_sub(product) as u64) << (64 - log2)).wrapping_add(half)
    }

    /// In turn: nobody or one of twelve hits where one is enough, eleven or all where all must.
    fn gates(&self, count: usize, bits: [&[EncryptedBit]; 2], rng: &mut dyn CryptoRng) -> Gates {
        let mut gates = Gates { sums: Vec::new(), ideals: Vec::new(), truths: Vec::new() };
        let cases = [(Gate::Or, 0, 1), (Gate::Or, 1, 1), (Gate::And, FAN_IN - 1, FAN_IN), (Gate::And, FAN_IN, FAN_IN)];
        for (gate, hits, least) in cases.into_iter().cycle().take(count) {
            let [misses, set] = bits;
            let inputs: Vec<&EncryptedBit> =
                set.choose_multiple(rng, hits).chain(misses.choose_multiple(rng, FAN_IN - hits)).collect();
            gates.sums.push(self.prepared.sum(gate, inputs));
            let halves = (2 * hits as u64).wrapping_sub(2 * least as u64 - 1);
            gates.ideals.push(HALF_BIT.wrapping_mul(halves));
            gates.truths.push(hits >= least);
        }
        gates
    }
}

fn positive(key: &crate::scheme::tfhe::holder::SecretKey, sample: &Lwe) -> bool {
    phase(key, sample) >> 63 == 0
}
