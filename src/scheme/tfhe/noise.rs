//! What each stage adds to the noise, as formulas; tests hold them against measurement.
//!
//! All variances are in units of the torus squared. Sources: TFHE (Chillotti et al., J. Cryptology 2020); Bergerat et al.,
//! "Parameter Optimization and Larger Precision for (T)FHE" (J. Cryptology 2023) for the bootstrap and the keyswitch; the centred
//! modulus switch as in docs/protocol.md, section 3.

use statrs::function::erf::erfc;

use super::validity::{SPREAD, TESTS};
use crate::functional::Functional;
use crate::parameters::MOST_DISTANCE_LOG2;
use crate::parameters::query::tuniform_variance;
use crate::parameters::tfhe::{MOST_WASHING_ROUNDS, TfheSet};
use crate::scheme::PredictedNoise;

impl TfheSet {
    /// Of one encrypted coordinate.
    pub(crate) fn query_variance(&self) -> f64 {
        self.query().variance()
    }

    /// Added by rounding n mask elements to exponents modulo 2 N, centred for a binary key: (n/48 + 1/12) / (2 N)^2.
    pub(crate) fn modulus_switch_variance(&self) -> f64 {
        (self.lwe_dimension() as f64 / 48.0 + 1.0 / 12.0) / (2.0 * self.polynomial_size as f64).powi(2)
    }

    /// Of a bootstrap's output: the key's noise times the digits, what the decomposition drops, and the rounding of a Fourier
    /// transform with 53-bit mantissas (the fit of `tfhe::core_crypto::commons::noise_formulas`).
    pub(crate) fn bootstrap_variance(&self) -> f64 {
        let (n, k, size) = (self.lwe_dimension() as f64, self.glwe_dimension as f64, self.polynomial_size as f64);
        let base = 2f64.powi(self.bootstrap_base_log2 as i32);
        let levels = self.bootstrap_levels as f64;
        let key = levels * (k + 1.0) * size * (base * base + 2.0) / 12.0 * tuniform_variance(self.glwe_noise_log2);
        let dropped = (1.0 + k * size / 2.0) / 24.0 * base.powf(-2.0 * levels);
        let digits = (levels * (k + 1.0)).powf(1.018_27) * (k.powf(1.220_03) * size.powf(2.220_03));
        let fourier = 0.007_05 * 2f64.powi(2 * (64 - 53) - 128) * base * base * digits;
        n * (key + dropped + fourier)
    }

    /// Added by a keyswitch of one sample under the bootstrap output key.
    pub(crate) fn keyswitch_variance(&self) -> f64 {
        let dimension = self.bootstrapped_dimension() as f64;
        let base = 2f64.powi(self.keyswitch_base_log2 as i32);
        let levels = self.keyswitch_levels as f64;
        let key = dimension * levels * (base * base + 2.0) / 12.0 * self.query_variance();
        let dropped = dimension / 24.0 * base.powf(-2.0 * levels);
        key + dropped
    }

    /// Of the phase whose sign decides on a pair, for weights of Euclidean length `weight_norm`.
    pub(crate) fn decision_variance(&self, weight_norm: f64) -> f64 {
        weight_norm.powi(2) * self.query_variance() + self.modulus_switch_variance()
    }

    /// One standard deviation of an encrypted phi in units of phi, for weights of Euclidean length `weight_norm`.
    pub(crate) fn phi_deviation(&self, functional: &Functional, weight_norm: f64) -> f64 {
        self.decision_variance(weight_norm).sqrt() * 2f64.powi(64) / self.step(functional) as f64
    }

    /// Of the phase whose sign is the result of a gate over `inputs` bits.
    pub(crate) fn gate_variance(&self, inputs: usize) -> f64 {
        inputs as f64 * self.bootstrap_variance() + self.keyswitch_variance() + self.modulus_switch_variance()
    }

    /// Added by rounding a verdict to the few bits of an answer. Not centred: n/24 for the mask with a binary key, 1/12 for the body.
    pub(crate) fn packing_variance(&self) -> f64 {
        (self.lwe_dimension() as f64 / 24.0 + 1.0 / 12.0) / 2f64.powi(self.answer_modulus_log2 as i32).powi(2)
    }

    /// Of an answer's phase: the flood, and what came before and after it.
    pub(crate) fn answer_variance(&self) -> f64 {
        let flood = tuniform_variance(self.flooding_log2);
        flood + self.bootstrap_variance() + self.keyswitch_variance() + self.packing_variance()
    }

    /// Base-2 logarithm of the probability that a gate of twelve inputs errs: margin 1/48.
    pub(crate) fn log2_gate_failure(&self) -> f64 {
        log2_two_sided_tail(GATE_MARGIN / self.gate_variance(super::aggregate::FAN_IN).sqrt())
    }

    /// Base-2 logarithm of the probability that a flooded verdict is bootstrapped or decrypted wrongly: 1/4 less the flooding.
    pub(crate) fn log2_verdict_failure(&self) -> f64 {
        let variance = self.bootstrap_variance()
            + self.keyswitch_variance()
            + self.packing_variance().max(self.modulus_switch_variance());
        log2_two_sided_tail(self.verdict_margin() / variance.sqrt())
    }

    /// As [`TfheSet::log2_verdict_failure`], of a bit of `labelled` that so many verdicts were added to, each a bootstrap's output.
    pub(crate) fn log2_sum_failure(&self, verdicts: usize) -> f64 {
        let variance = verdicts as f64 * self.bootstrap_variance()
            + self.keyswitch_variance()
            + self.packing_variance().max(self.modulus_switch_variance());
        log2_two_sided_tail(self.verdict_margin() / variance.sqrt())
    }

    /// How many bits of a subject's key under `labelled` are told by the noise of what leaves where it does not hit, at most: each output is
    /// flooded once, and guessed better than by chance by a round's distance.
    pub(crate) fn key_bits_told(&self) -> f64 {
        super::labelled::OUTPUTS as f64 * self.log2_washed_distance(1).exp2().ln_1p() / std::f64::consts::LN_2
    }

    /// As [`TfheSet::log2_verdict_failure`], of a verdict of 1/8 that a veto is added to, flooded half as much.
    #[cfg(test)]
    fn log2_vetoed_failure(&self) -> f64 {
        let variance = 2.0 * self.bootstrap_variance() + self.keyswitch_variance() + self.modulus_switch_variance();
        log2_two_sided_tail(self.verdict_margin() / 2.0 / variance.sqrt())
    }

    /// Base-2 logarithm of the statistical distance that so many rounds of washing leave between a verdict of two galleries.
    ///
    /// One round: the bootstraps' noises differ by at most twice nine deviations, against a uniform of width 2^(flooding+1).
    pub(crate) fn log2_washed_distance(&self, rounds: usize) -> f64 {
        let shift = 2.0 * 9.0 * self.bootstrap_variance().sqrt();
        rounds as f64 * (shift / 2f64.powi(self.flooding_log2 as i32 + 1 - 64)).log2()
    }

    /// As [`TfheSet::log2_washed_distance`], for the one verdict of a probe under `any`.
    pub(crate) fn log2_sanitised_distance(&self) -> f64 {
        self.log2_washed_distance(self.washing_rounds)
    }

    /// Rounds of washing after which the whole answer on a probe, of so many verdicts, is within 2^-40 of one that depends on them alone: the
    /// distances of verdicts add up. Those of the set or more; none where the most that are made do not do. A first round with half the flood
    /// (`narrow`) leaves twice the distance.
    pub(crate) fn washing_rounds_for(&self, verdicts: usize, narrow: bool) -> Option<usize> {
        let all = (verdicts.max(1) as f64).log2() + if narrow { 1.0 } else { 0.0 };
        let most = MOST_WASHING_ROUNDS.max(self.washing_rounds);
        // The bootstrap after the narrow round makes the verdict, so that there is one.
        let least = self.washing_rounds.max(if narrow { 2 } else { 1 });
        (least..=most).find(|&rounds| self.log2_washed_distance(rounds) + all <= MOST_DISTANCE_LOG2)
    }

    /// Of a fresh encryption with the public key, of binary randomness, that stands in the place of a bit: far below that of a bit, also
    /// where a gate adds twelve copies of it.
    #[cfg(test)]
    fn fresh_variance(&self) -> f64 {
        (self.bootstrapped_dimension() as f64 + 1.0) * tuniform_variance(self.glwe_noise_log2)
    }
}

impl TfheSet {
    /// Deviations after each stage, for weights of Euclidean length `weight_norm`. The margin is that of one deviation.
    pub(crate) fn predicted_noise(&self, weight_norm: f64) -> Vec<PredictedNoise> {
        let verdict = self.bootstrap_variance() + self.keyswitch_variance();
        let stage = |stage, variance: f64, room: Option<f64>| {
            let noise_log2 = variance.log2() / 2.0;
            PredictedNoise {
                stage,
                noise_log2,
                modulus_log2: 0.0,
                margin_bits: room.map(|room| room.log2() - noise_log2),
            }
        };
        vec![
            stage("fresh coordinate", self.query_variance(), None),
            stage("distance: a score, longest weights", weight_norm.powi(2) * self.query_variance(), None),
            stage("threshold: rounding to 2 N steps", self.modulus_switch_variance(), None),
            stage("threshold: the phase that decides", self.decision_variance(weight_norm), None),
            stage("bootstrap: a bit", self.bootstrap_variance(), Some(GATE_MARGIN)),
            stage("keyswitch", self.keyswitch_variance(), None),
            stage("aggregate: a gate of twelve bits", self.gate_variance(super::aggregate::FAN_IN), Some(GATE_MARGIN)),
            stage(
                "tests of a probe: the sum that decides",
                self.gate_variance(TESTS),
                Some((self.shortfall() - SPREAD) / 4.0),
            ),
            stage(
                "sanitise: a verdict, flooding apart",
                verdict + self.modulus_switch_variance(),
                Some(self.verdict_margin()),
            ),
            stage("answer: packed", verdict + self.packing_variance(), Some(self.verdict_margin())),
        ]
    }

    /// A flooded verdict's distance from the other side: 1/4 less the flooding.
    fn verdict_margin(&self) -> f64 {
        0.25 - 2f64.powi(self.flooding_log2 as i32 - 64)
    }
}

/// A bit's distance from the threshold of a gate.
const GATE_MARGIN: f64 = 1.0 / 48.0;

/// log2 P(|X| > x) of a standard normal X; by its asymptote where the function underflows.
fn log2_two_sided_tail(x: f64) -> f64 {
    match erfc(x / std::f64::consts::SQRT_2) {
        tail if tail > 1e-280 => tail.log2(),
        _ => -x * x / 2.0 / std::f64::consts::LN_2 - (x * (std::f64::consts::PI / 2.0).sqrt()).log2(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Terms;
    use crate::parameters::tfhe::TFHE_896_2048;
    use crate::planning;
    use crate::scheme::GrayZone;

    #[test]
    fn gates_verdicts_and_washing_fail_with_negligible_probability() {
        for set in TfheSet::ALL {
            assert!(set.log2_gate_failure() < -128.0, "{set:?} {}", set.log2_gate_failure());
            assert!(set.log2_verdict_failure() < -128.0, "{set:?} {}", set.log2_verdict_failure());
            assert!(set.log2_vetoed_failure() < -128.0, "{set:?} {}", set.log2_vetoed_failure());
            assert!(set.log2_sanitised_distance() < -40.0, "{set:?} {}", set.log2_sanitised_distance());
        }
    }

    #[test]
    fn a_bit_that_a_thousand_verdicts_are_added_to_is_right_and_tells_next_to_nothing_of_a_key() {
        for set in TfheSet::ALL {
            let (failure, told) = (set.log2_sum_failure(1_000), set.key_bits_told());
            println!("{set:?}: 2^{failure:.1}, {told:.2} bits of a key");
            assert!(failure < -128.0 && told < 2.0, "{set:?} {failure} {told}");
        }
    }

    #[test]
    fn the_whole_answer_on_a_probe_is_washed_to_the_promised_distance_and_no_further() {
        for set in TfheSet::ALL {
            assert_eq!(set.washing_rounds_for(1, false), Some(set.washing_rounds), "{set:?}");
            for verdicts in [2, 1_000, 100_000, 10_000_000] {
                let rounds = set.washing_rounds_for(verdicts, false).unwrap();
                let distance = |rounds| set.log2_washed_distance(rounds) + (verdicts as f64).log2();
                println!("{set:?}, {verdicts} verdicts: {rounds} rounds, 2^{:.1}", distance(rounds));
                assert!(distance(rounds) <= -40.0);
                assert!(rounds == set.washing_rounds || distance(rounds - 1) > -40.0);
            }
        }
        assert_eq!(TFHE_896_2048.washing_rounds_for(100_000, false), Some(7));
        // Tests double the distance of the first round.
        let both = |verdicts| [false, true].map(|narrow| TFHE_896_2048.washing_rounds_for(verdicts, narrow).unwrap());
        assert_eq!([1_000, 3_000, 100_000].map(both), [[6, 6], [6, 7], [7, 7]]);
    }

    #[test]
    fn a_bit_that_is_put_in_adds_less_noise_to_a_gate_than_one_that_was_computed() {
        let fan_in = crate::scheme::tfhe::aggregate::FAN_IN as f64;
        for set in TfheSet::ALL {
            // Copies of one encryption add up in full.
            assert!(fan_in.powi(2) * set.fresh_variance() < fan_in * set.bootstrap_variance(), "{set:?}");
        }
    }

    #[test]
    fn a_finer_set_nearly_halves_the_gray_zone() {
        let zone = |set: &str| {
            let mut terms = Terms::face(512);
            terms.encryption.parameter_set = set.to_owned();
            GrayZone::of(&planning::open(terms).unwrap()).score_deviation()
        };
        assert!((0.0030..0.0036).contains(&zone("tfhe-896-2048")), "{}", zone("tfhe-896-2048"));
        assert!(zone("tfhe-896-4096") < 0.7 * zone("tfhe-896-2048"));
        assert!(zone("insecure-test") < 0.005);
    }

    #[test]
    fn tails_agree_with_tables_and_do_not_underflow() {
        assert!((log2_two_sided_tail(1.0).exp2() - 0.317_310_5).abs() < 1e-6);
        assert!((log2_two_sided_tail(15.0) - -166.54).abs() < 0.01, "{}", log2_two_sided_tail(15.0));
        assert!(log2_two_sided_tail(60.0) < -2000.0);
    }
}
