//! The formulas of `noise` held against measurement, and decisions at and beside the threshold.

use std::collections::HashSet;
use std::sync::OnceLock;

use ::tfhe::core_crypto::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::aggregate::UnwashedVerdict;
use super::ciphertexts::EncryptedVerdicts;
use super::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use super::holder::{SecretKey, generate_all};
use super::keys::PreparedKey;
use super::noise::GrayZone;
use super::threshold::Exponents;
use super::{Lwe, MODULUS, Tfhe};
use crate::agreement::{Agreement, Terms};
use crate::functional::{Probe, Reference};
use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048, TfheSet};
use crate::scheme::Holder;
use crate::template::{RealVector, Record, SubjectId, Template};

struct Keys {
    query: SecretKey,
    output: SecretKey,
    prepared: PreparedKey,
}

fn make(set: &'static TfheSet) -> Keys {
    let (query, output, public) = generate_all(set, &mut rng());
    Keys { query, output, prepared: PreparedKey::new(public, set) }
}

fn keys(set: &'static TfheSet) -> &'static Keys {
    static PRODUCTION: OnceLock<Keys> = OnceLock::new();
    static INSECURE: OnceLock<Keys> = OnceLock::new();
    if set == &INSECURE_TEST { INSECURE.get_or_init(|| make(set)) } else { PRODUCTION.get_or_init(|| make(set)) }
}

const SETS: [&TfheSet; 2] = [&TFHE_896_2048, &INSECURE_TEST];

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(20_261_123)
}

fn face(set: &TfheSet, dimension: usize) -> Agreement {
    let mut terms = Terms::face(dimension);
    terms.encryption.parameter_set = set.name.to_owned();
    Agreement::new(terms).unwrap()
}

fn unit_vector(dimension: usize, rng: &mut ChaCha20Rng) -> Vec<f64> {
    let x: Vec<f64> = (0..dimension).map(|_| rng.sample(rand_distr::StandardNormal)).collect();
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.into_iter().map(|x| x / norm).collect()
}

fn template(x: Vec<f64>) -> Template {
    Template::Vector(RealVector::new(x).unwrap())
}

/// A unit vector whose cosine to `x` is `cosine`.
fn at_cosine(x: &[f64], cosine: f64, rng: &mut ChaCha20Rng) -> Vec<f64> {
    let y = unit_vector(x.len(), rng);
    let overlap: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
    let rest: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - overlap * x).collect();
    let norm = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
    x.iter().zip(rest).map(|(x, r)| cosine * x + (1.0 - cosine * cosine).sqrt() * r / norm).collect()
}

/// One encrypted probe, its clear coordinates, and references around a cosine.
struct Pairs {
    agreement: Agreement,
    coordinates: Vec<i64>,
    references: Vec<Reference>,
    scores: Vec<EncryptedScore>,
}

/// `count` encrypted scores of fresh probes against references at `cosine`.
fn pairs(set: &'static TfheSet, cosine: f64, count: usize) -> Pairs {
    let mut rng = rng();
    let agreement = face(set, 512);
    let functional = agreement.functional();
    let keys = keys(set);
    let x = unit_vector(512, &mut rng);
    let subject = SubjectId::try_from("p".to_owned()).unwrap();
    let record = Record { subject, eye: None, template: template(x.clone()) };
    let probe = Probe::new(functional, &[record]).unwrap();
    let coordinates = functional.probe_coordinates(&probe.samples()[0]);
    let fft = keys.prepared.query_fft.as_view();
    let mut scratch = Scratch::new(set.query_glwe_dimension, set.query_polynomial_size, fft);
    let (mut references, mut scores) = (Vec::new(), Vec::new());
    for _ in 0..count {
        // A fresh encryption for each pair: one encryption has one noise.
        let encrypted = Tfhe::encrypt(&keys.query, functional, std::slice::from_ref(&probe), &mut rng);
        let encrypted = EncryptedTemplate::expand(set, functional, &encrypted, fft).pop().unwrap();
        let reference = functional.reference(&template(at_cosine(&x, cosine, &mut rng))).unwrap();
        scores.push(encrypted.score(&functional.form(&reference, 0), functional.step(), fft, &mut scratch));
        references.push(reference);
    }
    Pairs { agreement, coordinates, references, scores }
}

impl Pairs {
    fn phi(&self, i: usize) -> i64 {
        self.agreement.functional().form(&self.references[i], 0).evaluate(&self.coordinates)
    }

    fn mean_weight_norm(&self) -> f64 {
        let functional = self.agreement.functional();
        self.references.iter().map(|r| functional.form(r, 0).norm()).sum::<f64>() / self.references.len() as f64
    }
}

fn phase(key: &SecretKey, sample: &Lwe) -> u64 {
    decrypt_lwe_ciphertext(&key.lwe(), sample).0
}

/// Signed distance on the torus.
fn difference(a: u64, b: u64) -> f64 {
    (a.wrapping_sub(b) as i64) as f64 * 2f64.powi(-64)
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    (mean, variance.sqrt())
}

/// Holds a sample of errors against a predicted deviation: the ratio within `tolerance`, the mean within five standard errors.
fn assert_noise(what: &str, set: &TfheSet, errors: &[f64], variance: f64, tolerance: std::ops::Range<f64>) {
    let (mean, deviation) = mean_and_deviation(errors);
    let ratio = deviation / variance.sqrt();
    println!(
        "{what}, {}: measured 2^{:.2}, predicted 2^{:.2}, ratio {ratio:.3}",
        set.name,
        deviation.log2(),
        variance.sqrt().log2()
    );
    assert!(tolerance.contains(&ratio), "{what}, {}: ratio {ratio}", set.name);
    assert!(mean.abs() < 5.0 * deviation / (errors.len() as f64).sqrt(), "{what}, {}: mean {mean}", set.name);
}

#[test]
fn an_encrypted_score_has_the_predicted_noise() {
    for set in SETS {
        let pairs = pairs(set, 0.3, 400);
        let step = pairs.agreement.functional().step();
        let error = |(i, score): (usize, &EncryptedScore)| {
            difference(phase(&keys(set).query, &score.0), (pairs.phi(i) as u64).wrapping_mul(step))
        };
        let errors: Vec<f64> = pairs.scores.iter().enumerate().map(error).collect();
        let variance = pairs.mean_weight_norm().powi(2) * set.query_variance();
        assert_noise("score", set, &errors, variance, 0.88..1.12);
    }
}

#[test]
fn the_centred_modulus_switch_has_the_predicted_noise_and_no_bias() {
    for set in SETS {
        let mut rng = rng();
        let key = &keys(set).query;
        let secret = key.lwe();
        let log2 = set.polynomial_size.ilog2() as usize + 1;
        let errors: Vec<f64> = (0..4000)
            .map(|_| {
                let sample: Vec<u64> = (0..=set.lwe_dimension()).map(|_| rng.random()).collect();
                let exact = phase(key, &LweCiphertext::from_container(sample.clone(), MODULUS));
                let exponents = Exponents::new(&sample, log2);
                let product =
                    exponents.mask().zip(secret.as_ref()).filter(|(_, s)| **s == 1).map(|(a, _)| a).sum::<usize>();
                // The switch rounds the body down, so half a step belongs in the middle.
                let half = 1u64 << (64 - log2 - 1);
                let switched = ((exponents.body().wrapping_sub(product) as u64) << (64 - log2)).wrapping_add(half);
                difference(switched, exact)
            })
            .collect();
        assert_noise("modulus switch", set, &errors, set.modulus_switch_variance(), 0.93..1.07);
    }
}

#[test]
fn a_bootstrap_and_a_keyswitch_have_the_predicted_noise() {
    for set in SETS {
        let keys = keys(set);
        let pairs = pairs(set, 0.9, 160);
        let signs = keys.prepared.signs(&pairs.scores, 1 << 62, &()).unwrap();
        let errors: Vec<f64> = signs.iter().map(|sign| difference(phase(&keys.output, sign), 1 << 62)).collect();
        assert_noise("bootstrap", set, &errors, set.bootstrap_variance(), 0.8..1.25);
        let switched = signs
            .iter()
            .map(|sign| difference(phase(&keys.query, &keys.prepared.keyswitch(sign)), phase(&keys.output, sign)));
        assert_noise("keyswitch", set, &switched.collect::<Vec<_>>(), set.keyswitch_variance(), 0.8..1.25);
    }
}

/// Verdicts flip as often as the gray zone says, at the threshold and one and two deviations beside it, and never far from it.
#[test]
fn decisions_flip_as_often_as_the_gray_zone_predicts() {
    for (set, count) in [(&TFHE_896_2048, 150), (&INSECURE_TEST, 800)] {
        let zone = GrayZone::of(&face(set, 512));
        for deviations in [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0] {
            let pairs = pairs(set, 0.35 + deviations * zone.score_deviation(), count);
            let signs = keys(set).prepared.signs(&pairs.scores, 1 << 62, &()).unwrap();
            let hits = signs.iter().map(|sign| (phase(&keys(set).output, sign) as i64) > 0);
            let flips = hits.enumerate().filter(|(i, hit)| *hit != (pairs.phi(*i) > 0)).count() as f64;
            let functional = pairs.agreement.functional();
            let expected: Vec<f64> = (0..count)
                .map(|i| {
                    let norm = functional.form(&pairs.references[i], 0).norm();
                    GrayZone::of_weights(&pairs.agreement, norm).flip_probability(pairs.phi(i))
                })
                .collect();
            let (mean, variance) = expected.iter().fold((0.0, 0.0), |(m, v), p| (m + p, v + p * (1.0 - p)));
            println!("{}: {deviations:+} deviations, {flips} of {count} flip, {mean:.1} expected", set.name);
            assert!(
                (flips - mean).abs() <= 4.5 * variance.sqrt() + 0.5,
                "{}: {deviations}: {flips} for {mean}",
                set.name
            );
        }
    }
}

/// A washed verdict's phase is uniform around +-1/4, whatever the noise was before.
#[test]
fn washing_leaves_a_uniform_phase_that_forgets_what_went_in() {
    let set = &INSECURE_TEST;
    let keys = keys(set);
    let size = LweDimension(set.bootstrapped_dimension()).to_lwe_size();
    let width = 2f64.powi(set.flooding_log2 as i32 - 64);
    let deviation = width / 3f64.sqrt();
    let mut means = Vec::new();
    let mut rng = rng();
    for offset in [-0.06, 0.06] {
        let phase_in = (1u64 << 62).wrapping_add((offset * 2f64.powi(64)) as i64 as u64);
        let verdicts = (0..300)
            .map(|_| {
                let mut verdict = Lwe::new(0, size, MODULUS);
                *verdict.get_mut_body().data = phase_in;
                UnwashedVerdict(verdict)
            })
            .collect();
        let washed = keys.prepared.sanitise(verdicts, &mut rng, &()).unwrap();
        let washed = EncryptedVerdicts::new(set, washed);
        let masks: HashSet<Vec<u8>> = washed.masks(set).collect();
        assert_eq!(masks.len(), 300, "every answer has a mask of its own, for one and the same input");
        let errors: Vec<f64> =
            washed.phases(set, keys.query.lwe().as_ref()).map(|phase| difference(phase, 1 << 62)).collect();
        let (mean, measured) = mean_and_deviation(&errors);
        assert!((0.9..1.15).contains(&(measured / deviation)), "{measured} {deviation}");
        assert!(errors.iter().all(|error| error.abs() < 0.25), "a flip");
        means.push(mean);
    }
    let standard_error = deviation / 300f64.sqrt();
    assert!((means[0] - means[1]).abs() < 5.0 * 2f64.sqrt() * standard_error, "{means:?}");
}
