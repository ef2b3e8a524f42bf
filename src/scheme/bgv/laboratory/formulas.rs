//! Noise held against its formulas, stage by stage, and every operation against the clear.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::measurement::{measure, of_stages, steps};
use super::parties::Parties;
use super::specimen::{Hamming, single};
use crate::agreement::Disclosure;
use crate::parameters::ParameterSet;
use crate::parameters::bgv::{self, BgvSet};
use crate::scheme::Progress;
use crate::scheme::bgv::arithmetic::{Arithmetic, Combination};
use crate::scheme::bgv::chain::{SLACK_LOG2, SLACKS_LOG2};
use crate::scheme::bgv::circuit::{Circuit, Comparison, Sharing};
use crate::scheme::bgv::engine::{Ciphertext, Engine, Plaintext};
use crate::scheme::bgv::noise::{MARGIN_BITS, TAIL_LOG2};
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::sampling::any_residue;
use crate::scheme::bgv::sanitise::flooding_log2;
use crate::scheme::bgv::threshold::Polynomial;

impl Parties {
    /// Deviation and largest coefficient of the phase below the written bound, which is as far below half the modulus as promised.
    fn hold_with_margin(&self, what: &str, ciphertext: &Ciphertext) {
        let phase = self.opened(ciphertext).phase;
        let deviation = (phase.iter().map(|&v| v * v).sum::<f64>() / phase.len() as f64).log2() / 2.0;
        let largest = phase.iter().fold(0.0, |largest: f64, &v| largest.max(v.abs())).log2();
        let bound = ciphertext.state.noise;
        assert!(deviation <= bound, "{what}: deviation 2^{deviation:.2} above 2^{bound:.2}");
        assert!(largest <= bound + TAIL_LOG2, "{what}: a coefficient of 2^{largest:.2} above 2^{bound:.2}");
        assert!(ciphertext.state.margin() >= MARGIN_BITS, "{what}: {:.1} bits of margin", ciphertext.state.margin());
    }

    /// The slots of a ciphertext, whose phase must be small.
    fn slots(&self, ciphertext: &Ciphertext) -> Vec<u32> {
        self.opened(ciphertext).slots.unwrap()
    }
}

#[test]
fn each_operation_does_what_it_says_within_its_noise() {
    for round in 0..3 {
        let mut rng = ChaCha20Rng::seed_from_u64(round);
        let parties = Parties::new(&bgv::INSECURE_BGV, &mut rng);
        let (ring, engine) = (&*parties.ring, parties.engine());
        let mut fresh = || {
            let slots = any_residue(ring.n, &mut rng);
            let ciphertext = parties.encrypted(&slots, &mut rng).expand(0).unwrap();
            (slots, ciphertext)
        };
        let ((a, ca), (b, cb)) = (fresh(), fresh());
        let check = |what: &str, ciphertext: &Ciphertext, f: &dyn Fn(u64, u64) -> u64| {
            let expected: Vec<u32> = a.iter().zip(&b).map(|(&a, &b)| (f(a.into(), b.into()) % 65537) as u32).collect();
            assert!(parties.slots(ciphertext) == expected, "{what}");
            parties.hold_with_margin(what, ciphertext);
        };
        check("fresh", &ca, &|a, _| a);
        let product = engine.multiply(&ca, &cb);
        check("product", &product, &|a, b| a * b);
        let square = engine.multiply(&product, &product);
        check("square", &square, &|a, b| a * b % 65537 * (a * b % 65537));
        let sum = engine.combine(&[(&ca, 3), (&product, 70)], 9, 5);
        check("combine", &sum, &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
        check("divide", &engine.divide(sum.clone(), 1), &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
        let settled = engine.settle(&[(&ca, 3), (&product, 70)], 9, 11);
        check("settle", &settled, &|a, b| 3 * a + 70 * (a * b % 65537) + 9);
        assert_eq!(settled.state.factor, 11);
        let mask = Plaintext::of_slots(ring, b.clone(), ring.set.limbs);
        check("blind", &engine.blind(&ca, &mask), &|a, b| a * b);
        let settled = {
            let sum = Combination { coefficients: vec![3, 70], constant: 9, factor: 11 };
            engine.settle_masked(&engine.unsettled(&[&ca, &product], vec![sum], true)[0], &mask)
        };
        check("settle with a mask", &settled, &|a, b| (3 * a + 70 * (a * b % 65537) + 9) % 65537 * b);
        let two = engine.inner_product(&[(&ca, &cb), (&cb, &cb)], Some(&ca));
        check("inner product", &two, &|a, b| a * b + b * b + a);
        check("scaled", &ca.clone().scaled(ring, 40_000), &|a, _| 40_000 * a);
        let mut added = ca.clone();
        added.add(ring, &cb).unwrap();
        check("sum", &added, &|a, b| a + b);
        for (steps, key) in [(1, &parties.key.rotate_by_one), (ring.set.baby_steps, &parties.key.rotate_by_baby_steps)]
        {
            let rotated = ca.rotated(ring, &ring.rotation(steps), key);
            let half = ring.n / 2;
            let expected: Vec<u32> = (0..ring.n).map(|slot| a[slot / half * half + (slot + steps) % half]).collect();
            assert!(parties.slots(&rotated) == expected, "rotation by {steps}");
            parties.hold_with_margin("rotation", &rotated);
        }
    }
}

#[test]
fn thresholds_equal_the_polynomial_in_the_clear() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for set in [&bgv::INSECURE_BGV, &bgv::BGV_32768_540] {
        let parties = Parties::new(set, &mut rng);
        let of_indicator = (Polynomial::indicator(37), -37, 37);
        for (polynomial, lowest, highest) in [(Polynomial::roots(81), -175, 81), of_indicator] {
            let mut candidates: Vec<_> =
                polynomial.candidates().into_iter().map(|babies| (babies, SLACK_LOG2)).collect();
            let first = candidates.first().map(|&(babies, _)| babies).unwrap();
            if set.ring_log2 == 15 {
                candidates.truncate(2);
            } else {
                candidates.extend(SLACKS_LOG2.map(|slack| (first, slack)));
            }
            for (babies, slack) in candidates {
                let engine = Engine { chain: parties.ring.chain.with_slack(slack), ..parties.engine() };
                let mut polynomial = polynomial.clone().with_baby_powers(babies);
                polynomial.compute();
                let phi: Vec<i64> = (0..parties.ring.n).map(|_| rng.random_range(lowest..=highest) | 1).collect();
                let slots: Vec<u32> = phi.iter().map(|phi| residue(phi - polynomial.centre)).collect();
                let score = parties.encrypted(&slots, &mut rng).expand(0).unwrap();
                let value = polynomial.evaluate(&engine, &score, &[], 1).remove(0);
                let expected: Vec<u32> = phi.iter().map(|&phi| polynomial.at(phi)).collect();
                assert!(parties.slots(&value) == expected, "{set:?}, {babies} babies, {slack} bits of slack");
                parties.hold_with_margin("threshold", &value);
            }
        }
    }
}

/// Every rotation of a probe, and every stage after it.
fn hold_every_stage(set: &BgvSet, hamming: Hamming, rounds: u64) {
    for round in 0..rounds {
        let stages = of_stages(*set, hamming, 1, &mut ChaCha20Rng::seed_from_u64(round), &()).unwrap();
        for stage in &stages {
            let what = format!("{set:?}, {}", stage.stage);
            println!("{what}: {stage:?}");
            let deviation = stage.measured_deviation_log2;
            assert!(stage.ratio() <= 1.0, "{what}: deviation 2^{deviation:.2} above its bound: {stage:?}");
            assert!(stage.measured_maximum_log2 <= stage.bound_log2.unwrap(), "{what}: {stage:?}");
            assert!(stage.failures.is_none_or(|failures| failures.failed == 0), "{what}: {stage:?}");
            // What leaves has none: it is flooded as far as the modulus admits.
            let leaves = ["flood", "answer"].contains(&stage.stage);
            assert_eq!(stage.margin_bits.is_none(), leaves, "{what}: {stage:?}");
            assert!(stage.margin_bits.is_none_or(|bits| bits >= MARGIN_BITS), "{what}: {stage:?}");
        }
        assert_eq!(stages.len(), if set.one_squaring { 5 } else { 7 });
        assert!(stages.last().unwrap().failures.is_some(), "answers can be read");
    }
}

#[test]
fn every_stage_of_a_circuit_stays_below_its_bound() {
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        hold_every_stage(&bgv::INSECURE_BGV, Hamming { bits: 100, threshold: 31, disclosure }, 3);
    }
}

#[test]
fn every_stage_stays_below_its_bound_on_production_sets() {
    let hamming = Hamming { bits: 128, threshold: 40, disclosure: Disclosure::Each };
    hold_every_stage(&bgv::BGV_8192, hamming, 2);
    hold_every_stage(&bgv::BGV_32768_540, hamming, 1);
}

#[test]
fn measuring_takes_the_deepest_comparison_that_the_set_admits_and_stops_when_asked() {
    struct Told(std::sync::atomic::AtomicU64, bool);
    impl Progress for Told {
        fn advance(&self, steps: u64) {
            self.0.fetch_add(steps, std::sync::atomic::Ordering::Relaxed);
        }
        fn stop(&self) -> bool {
            self.1
        }
    }
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let insecure = ParameterSet::by_name("insecure-bgv-test").unwrap();
    let told = Told(0.into(), false);
    let measurement = measure(insecure, 3000, &mut rng, &told).unwrap();
    assert_eq!(measurement.comparison, "Hamming distance, 512 bits, one bit a probe");
    assert!(measurement.stages.iter().all(|stage| stage.samples == 2 * 2048), "{measurement:?}");
    assert_eq!(told.0.into_inner(), steps(&bgv::INSECURE_BGV, 3000));
    assert!(measure(insecure, 1, &mut rng, &Told(0.into(), true)).is_err());
    assert!(measure(ParameterSet::by_name("insecure-test").unwrap(), 1, &mut rng, &()).is_err());
}

/// What each set is documented for: it has the margin, and a whole block's answer is within 2^-40 of one without a gallery.
#[test]
fn every_set_has_margin_and_flooding_for_what_it_is_documented_for() {
    use Disclosure::{Any, Each};
    for (set, coordinates, aligned, disclosure) in [
        (&bgv::BGV_8192, 128, -175..=81, Each),
        (&bgv::BGV_32768_540, 128, -175..=81, Each),
        (&bgv::BGV_32768_600, 512, -663..=361, Each),
        (&bgv::BGV_32768_720, 512, -663..=361, Any),
        (&bgv::BGV_32768_720, 2048, -2735..=1361, Each),
        (&bgv::BGV_32768_810, 512, -3985..=2047, Each),
        (&bgv::BGV_32768_690, 512, -663..=361, Each),
        // Where primes are divided away later than by default.
        (&bgv::BGV_32768_690, 512, -959..=959, Each),
        (&bgv::BGV_32768_780, 512, -3327..=3327, Each),
        (&bgv::BGV_32768_780, 512, -1791..=1791, Any),
        (&bgv::BGV_32768_780, 512, -663..=361, Any),
        (&bgv::BGV_32768_780, 512, -3985..=2047, Each),
        (&bgv::BGV_32768_780, 2048, -2735..=1361, Each),
        (&bgv::BGV_32768_840, 512, -2765..=1331, Any),
    ] {
        let what = format!("{set:?}, {coordinates} coordinates, {disclosure}");
        let comparison =
            Comparison { coordinates, aligned, common_bits: None, disclosure, hits: 0, sharing: Sharing::Probe };
        let circuit = Circuit::weigh(set, &comparison, &single(), 1);
        let circuit = circuit.unwrap_or_else(|misfit| panic!("{what}: {misfit}"));
        let numbers = if disclosure == Each { set.ring_size() * circuit.squared_roots.len().max(1) } else { 1 };
        let leakage = (numbers as f64).log2() - flooding_log2(set, circuit.end);
        println!("{what}: margin {:.1} bits, leakage 2^{leakage:.1}", circuit.margin);
        assert!(circuit.margin >= MARGIN_BITS, "{what}: margin of {:.1} bits", circuit.margin);
        assert!(leakage <= -40.0, "{what}: leakage 2^{leakage:.1}");
    }
}
