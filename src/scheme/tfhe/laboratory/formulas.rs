//! The formulas of `noise` held against measurement, and decisions at and beside the threshold.

use std::collections::HashSet;

use ::tfhe::core_crypto::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::measurement::{measure, steps};
use super::specimen::{Parties, Setting, difference};
use crate::parameters::Marked;
use crate::parameters::ParameterSet;
use crate::parameters::tfhe::INSECURE_TEST;
use crate::scheme::Progress;
use crate::scheme::tfhe::aggregate::UnwashedVerdict;
use crate::scheme::tfhe::ciphertexts::EncryptedVerdicts;
use crate::scheme::tfhe::sanitise::Washing;
use crate::scheme::tfhe::{Lwe, MODULUS};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(20_261_123)
}

fn setting(name: &str) -> Setting {
    Setting::new(ParameterSet::by_name(name).unwrap(), &mut rng()).unwrap()
}

#[test]
fn every_stage_has_the_predicted_noise_no_bias_and_no_failure() {
    for (name, samples) in [("tfhe-896-2048", 320), ("insecure-test", 480)] {
        for stage in setting(name).of_stages(samples, &mut rng(), &()).unwrap() {
            let (stage_name, ratio) = (stage.stage, stage.ratio());
            println!("{name}, {stage_name}: ratio {ratio:.3}, {stage:?}");
            assert!((0.8..1.25).contains(&ratio), "{name}, {stage_name}: ratio {ratio}");
            assert!(stage.mean_in_standard_errors.abs() < 5.0, "{name}, {stage_name}: biased: {stage:?}");
            assert_eq!(stage.samples, samples as u64);
            assert!(
                stage.failures.is_none_or(|failures| failures.failed == 0 && failures.of == stage.samples),
                "{stage:?}"
            );
        }
    }
}

/// Verdicts flip as often as the gray zone says, at the threshold and one and two deviations beside it, and never far from it.
#[test]
fn decisions_flip_as_often_as_the_gray_zone_predicts() {
    for (name, count) in [("tfhe-896-2048", 150), ("insecure-test", 800)] {
        let setting = setting(name);
        for deviations in [-8.0, -2.0, -1.0, 0.0, 1.0, 2.0, 8.0] {
            let flips = setting.flips(deviations, count, &mut rng(), &()).unwrap();
            println!("{name}: {flips:?}");
            let difference = (flips.flipped as f64 - flips.expected).abs();
            assert!(difference <= 4.5 * flips.expected_deviation + 0.5, "{name}: {flips:?}");
        }
    }
}

#[test]
fn measuring_reports_every_step_and_stops_when_asked() {
    struct Count(std::sync::atomic::AtomicU64, bool);
    impl Progress for Count {
        fn advance(&self, steps: u64) {
            self.0.fetch_add(steps, std::sync::atomic::Ordering::Relaxed);
        }
        fn stop(&self) -> bool {
            self.1
        }
    }
    let parameters = ParameterSet::by_name("insecure-test").unwrap();
    let mut count = Count(0.into(), false);
    let measurement = measure(parameters, 60, &mut rng(), &count).unwrap();
    assert_eq!(count.0.into_inner(), steps(&INSECURE_TEST, 60));
    assert_eq!((measurement.stages.len(), measurement.flips.len()), (7, 7));
    count = Count(0.into(), true);
    assert!(measure(parameters, 60, &mut rng(), &count).is_err());
    assert!(measure(ParameterSet::by_name("bgv-8192-210").unwrap(), 60, &mut rng(), &()).is_err());
}

/// A washed verdict's phase is uniform around +-1/4, whatever the noise was before.
#[test]
fn washing_leaves_a_uniform_phase_that_forgets_what_went_in() {
    let set = &Marked::never_crossing(INSECURE_TEST);
    let mut rng = rng();
    let keys = Parties::new(set, &mut rng);
    let size = LweDimension(set.bootstrapped_dimension()).to_lwe_size();
    let width = 2f64.powi(set.flooding_log2 as i32 - 64);
    let deviation = width / 3f64.sqrt();
    let mut means = Vec::new();
    for offset in [-0.06, 0.06] {
        let phase_in = (1u64 << 62).wrapping_add((offset * 2f64.powi(64)) as i64 as u64);
        let verdicts = (0..300)
            .map(|_| {
                let mut verdict = Lwe::new(0, size, MODULUS);
                *verdict.get_mut_body().data = phase_in;
                UnwashedVerdict(verdict)
            })
            .collect();
        let washed = keys.prepared.sanitise(verdicts, Washing::of(set.washing_rounds), &mut rng, &()).unwrap();
        let washed = EncryptedVerdicts::new(set, washed, Vec::new());
        let masks: HashSet<Vec<u8>> = washed.masks(set).collect();
        assert_eq!(masks.len(), 300, "every answer has a mask of its own, for one and the same input");
        let errors: Vec<f64> =
            washed.phases(set, keys.query.lwe().as_ref()).map(|phase| difference(phase, 1 << 62)).collect();
        assert!(errors.iter().all(|error| error.abs() < 0.25), "a flip");
        means.push(errors.iter().sum::<f64>() / errors.len() as f64);
    }
    let standard_error = deviation / 300f64.sqrt();
    assert!((means[0] - means[1]).abs() < 5.0 * 2f64.sqrt() * standard_error, "{means:?}");
}
