//! The formulas of `noise` held against measurement, and decisions at and beside the threshold.

use std::collections::HashSet;

use ::tfhe::core_crypto::prelude::*;
use rand::Rng;

use super::aggregate::UnwashedVerdict;
use super::ciphertexts::EncryptedVerdicts;
use super::distance::EncryptedScore;
use super::noise::GrayZone;
use super::pairs::{SETS, difference, face, keys, mean_and_deviation, pairs, phase, rng};
use super::threshold::Exponents;
use super::{Lwe, MODULUS};
use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048, TfheSet};

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
        let masks: HashSet<Vec<u8>> = washed.masks().collect();
        assert_eq!(masks.len(), 300, "every answer has a mask of its own, for one and the same input");
        let errors: Vec<f64> =
            washed.phases(keys.query.lwe().as_ref()).map(|phase| difference(phase, 1 << 62)).collect();
        let (mean, measured) = mean_and_deviation(&errors);
        assert!((0.9..1.15).contains(&(measured / deviation)), "{measured} {deviation}");
        assert!(errors.iter().all(|error| error.abs() < 0.25), "a flip");
        means.push(mean);
    }
    let standard_error = deviation / 300f64.sqrt();
    assert!((means[0] - means[1]).abs() < 5.0 * 2f64.sqrt() * standard_error, "{means:?}");
}
