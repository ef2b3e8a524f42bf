//! Noise measured stage by stage: of scores on their way to t, in steps of B; of the ring, against the bounds of its ledger, every slot
//! against the clear. And decisions beside the threshold, against the gray zone.
//!
//! Measuring takes the secret keys, so keys are made here for it; they encrypt nothing of anybody, and only plain numbers leave.

use rand::{CryptoRng, Rng};
use rand_chacha::ChaCha20Rng;

use super::samples::{Parties, Samples};
use crate::agreement::Disclosure;
use crate::functional::{Functional, Probe};
use crate::parameters::ParameterSet;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::scheme::bgv::engine::{Ciphertext, Plaintext};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::noise::TAIL_LOG2;
use crate::scheme::bgv::residues::{divide_mod_t, residue};
use crate::scheme::bgv::sampling::generator;
use crate::scheme::bgv::sanitise::{flooded, sanitised};
use crate::scheme::bgv::shape::Judgement;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::bridge::switched;
use crate::scheme::tfhe::distance::{EncryptedTemplate, Scratch};
use crate::scheme::tfhe::laboratory::specimen::{DIMENSION, at_cosine, functional, template, unit_vector};
use crate::scheme::{
    Flips, Holder as _, MeasuredNoise, Measurement, OtherScheme, Progress, Scheme as _, Stopped, Unmeasured, upper_tail,
};
use crate::template::{Record, SubjectId};

/// Distances from the threshold, in deviations, at which decisions are counted.
const DISTANCES: [f64; 7] = [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0];

/// Of [`crate::agreement::Terms::face`].
const THRESHOLD: f64 = 0.35;

/// Stages of a block that are looked at.
const STAGES: u64 = 5;

/// Steps that [`measure`] reports.
pub(crate) fn steps() -> u64 {
    STAGES + 1 + DISTANCES.len() as u64
}

/// Fresh keys of a set; `samples` errors of scores of faces of 512 coordinates, switched; every stage of one block of hostile samples; then as
/// many decisions at each of several distances from the threshold. Reports [`steps`] steps.
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
    let other = OtherScheme { expected: parameters.scheme(), actual: Hybrid::ID };
    let set = Hybrid::set(parameters).ok_or(other)?;
    let bench = Bench { parties: Parties::new(&set, rng), functional: functional(parameters)?, progress };
    let pairs = bench.pairs(samples, |number| if number.is_multiple_of(2) { 0.6 } else { -0.2 }, rng)?;
    let square = pairs.iter().map(|pair| pair.weight_norm.powi(2)).sum::<f64>() / pairs.len().max(1) as f64;
    let errors: Vec<f64> = pairs.iter().map(|pair| pair.value as f64 + 0.5 - pair.expected).collect();
    // The floor of v adds the rounding of a number.
    let mut stages = vec![MeasuredNoise::of("score, switched", &errors, set.decision_variance(square.sqrt()))];
    bench.went_on()?;
    stages.extend(bench.block(&mut generator(rng))?);
    let flips = DISTANCES.iter().map(|&distance| bench.flips(distance, samples, rng));
    let flips = flips.collect::<Result<_, _>>()?;
    Ok(Measurement {
        comparison: format!("cosine, {DIMENSION} coordinates"),
        unit: "steps, then integers",
        stages,
        flips,
    })
}

/// A comparison of faces under keys of nobody.
struct Bench<'a> {
    parties: Parties,
    functional: Functional,
    progress: &'a dyn Progress,
}

/// A pair whose score was encrypted, and switched.
struct Scored {
    /// v, as the slot would hold it.
    value: i64,
    /// What it ought to be near, in steps.
    expected: f64,
    phi: i64,
    weight_norm: f64,
}

impl Bench<'_> {
    fn went_on(&self) -> Result<(), Stopped> {
        self.progress.advance(1);
        if self.progress.stop() { Err(Stopped) } else { Ok(()) }
    }

    /// `count` pairs at `cosine` of their number, each under an encryption of its own.
    fn pairs(
        &self,
        count: usize,
        cosine: impl Fn(usize) -> f64,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<Scored>, Unmeasured> {
        let (Parties { secret, key }, functional) = (&self.parties, &self.functional);
        let (set, query) = (&key.set, key.set.query());
        let step = set.step(functional);
        let mut scratch = Scratch::new(&query, &key.transform);
        let mut mask = vec![0; query.lwe_dimension()];
        let x = unit_vector(rng);
        let subject = SubjectId::try_from("nobody".to_owned())?;
        let probe = Probe::new(functional, &[Record { subject, eye: None, template: template(x.clone())? }])?;
        let coordinates = probe.samples().first().map(|sample| functional.probe_coordinates(sample));
        let coordinates = coordinates.unwrap_or_default();
        let mut pairs = Vec::with_capacity(count);
        for number in 0..count {
            let encrypted = Hybrid::encrypt(secret, functional, std::slice::from_ref(&probe), rng).encrypted;
            let (seed, bodies) = (encrypted.seed, encrypted.bodies);
            let expanded = EncryptedTemplate::expand(&query, functional.coordinates(), seed, bodies, &key.transform);
            let reference = functional.reference(&template(at_cosine(&x, cosine(number), rng))?)?;
            let form = functional.form(&reference, 0);
            let phi = form.evaluate(&coordinates);
            for template in expanded {
                let score = template.score(&form, step, &key.transform, &mut scratch);
                let body = switched(score.sample(), &mut mask);
                let inner: i64 = mask.iter().zip(secret.probe.bits()).map(|(&a, &s)| i64::from(a) * s as i64).sum();
                let t = i64::from(PLAINTEXT_MODULUS);
                let value = (body - inner + t / 2).rem_euclid(t) - t / 2;
                let expected = phi as f64 * step as f64 * t as f64 / 2f64.powi(64);
                pairs.push(Scored { value, expected, phi, weight_norm: form.norm() });
            }
        }
        Ok(pairs)
    }

    /// Decisions on pairs so many deviations above the threshold.
    fn flips(&self, deviations: f64, count: usize, rng: &mut dyn CryptoRng) -> Result<Flips, Unmeasured> {
        let (set, functional) = (&self.parties.key.set, &self.functional);
        let of_norm = |norm: f64| set.phi_deviation(functional, norm);
        let score = of_norm(functional.largest_weight_norm()) / functional.phi_per_score();
        let pairs = self.pairs(count, |_| THRESHOLD + deviations * score, rng)?;
        let flipped = pairs.iter().filter(|pair| (pair.value >= 0) != (pair.phi > 0)).count();
        let chance = |pair: &Scored| upper_tail(pair.phi.unsigned_abs() as f64 / of_norm(pair.weight_norm));
        let sums = |(mean, variance), p: f64| (mean + p, variance + p * (1.0 - p));
        let (expected, variance) = pairs.iter().map(chance).fold((0.0, 0.0), sums);
        self.went_on()?;
        Ok(Flips {
            deviations,
            decisions: count as u64,
            flipped: flipped as u64,
            expected,
            expected_deviation: variance.sqrt(),
        })
    }

    /// Score, threshold, masked verdict, flood, answer of one block: under `any` where the set has room for it, else under `each`.
    fn block(&self, rng: &mut ChaCha20Rng) -> Result<Vec<MeasuredNoise>, Unmeasured> {
        let parties = &self.parties;
        let set = parties.key.set;
        let largest = Samples::largest(&set);
        let ends = [0, -1, 1, -2, largest, -largest];
        let value = |slot: usize, rng: &mut ChaCha20Rng| match ends.get(slot % 8) {
            Some(&value) => value,
            None => rng.random_range(-largest..=largest),
        };
        let values: Vec<i64> = (0..set.block_size()).map(|slot| value(slot, rng)).collect();
        let (disclosure, samples) = match Samples::new(parties, Disclosure::Any, values.clone(), rng) {
            Ok(samples) => (Disclosure::Any, samples),
            Err(_) => (Disclosure::Each, Samples::new(parties, Disclosure::Each, values, rng)?),
        };
        let misfit = || Misfit::Coordinates { coordinates: 0, limit: 0 };
        let (circuit, ring) = (&samples.circuit, &*parties.key.ring.ring);
        let engine = circuit.engine(&parties.key.ring);
        let score = samples.score(parties).ok_or_else(misfit)?;
        let centre = circuit.centre(Judgement::Aligned);
        let v = |slot: usize| samples.values.get(slot).copied().unwrap_or_default();
        let mut stages = vec![self.look("score", &score, |slot, value| value == residue(2 * v(slot) + 1 - centre))];
        self.went_on()?;
        let masks = if circuit.masks_at_once() { circuit.masks(false).draw(ring, rng) } else { Vec::new() };
        let masks: Vec<&Plaintext> = masks.iter().collect();
        let judged = circuit.judge(&engine, Judgement::Aligned, &score, &masks, 1).pop().ok_or_else(misfit)?;
        let right = |slot: usize, value: u32| match disclosure {
            Disclosure::Each => (value == 0) == (v(slot) >= 0),
            _ => value == u32::from(v(slot) >= 0),
        };
        stages.push(self.look("threshold", &judged, right));
        self.went_on()?;
        // Masked for one probe that has every slot.
        let mask = Plaintext::of_slots(ring, crate::scheme::bgv::sampling::non_zero(ring.n, rng), ring.set.limbs);
        let masks = if circuit.masks_at_once() { Vec::new() } else { vec![&mask] };
        let verdict = circuit.verdict(&engine, vec![vec![judged]], &masks).pop().ok_or_else(misfit)?;
        let told = |slot: usize, value: u32| match disclosure {
            Disclosure::Each => (value == 0) == (v(slot) >= 0),
            _ => (value != 0) == (v(slot) >= 0),
        };
        let verdict = verdict.truncated(ring, ring.set.public_limbs());
        stages.push(self.look("verdict, masked", &verdict, told));
        self.went_on()?;
        let of_flood = |noise: MeasuredNoise| MeasuredNoise { margin_bits: None, ..noise };
        stages.push(of_flood(self.look("flood", &flooded(&parties.key.ring, &verdict, rng), told)));
        self.went_on()?;
        stages.push(of_flood(self.look("answer", &sanitised(&parties.key.ring, verdict, rng).ciphertext, told)));
        self.went_on()?;
        Ok(stages)
    }

    /// The phase of a ciphertext, and whether each of its slots is right.
    fn look(&self, stage: &'static str, value: &Ciphertext, right: impl Fn(usize, u32) -> bool) -> MeasuredNoise {
        let ring = &*self.parties.key.ring.ring;
        let phase = self.parties.secret.ring.wide_phase(value);
        let state = value.state;
        let noise = MeasuredNoise {
            bound_log2: Some(state.noise + TAIL_LOG2),
            margin_bits: Some(state.margin()),
            ..MeasuredNoise::of(stage, &phase, (2.0 * state.noise).exp2())
        };
        // Larger phases are not exact as floating-point numbers.
        if phase.iter().any(|v| v.abs() >= 2f64.powi(53)) {
            return noise;
        }
        let slots = ring.decode(phase.iter().map(|&v| residue(v as i64)).collect());
        let slots = slots.into_iter().map(|slot| divide_mod_t(slot, state.factor));
        noise.with_failures(slots.enumerate().map(|(slot, value)| right(slot, value)))
    }
}
