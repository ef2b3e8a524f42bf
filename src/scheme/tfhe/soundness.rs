//! How often the tests of a probe err, as bounds: a template that is taken for none, and what is none and passes (docs/protocol.md, section 3).
//!
//! Of n projections x_j the sum of cos(2 pi x_j) is held to n (1 - q). All bounds are Chernoff's, with the noise of the sum as a Gaussian
//! beside it.

use std::f64::consts::PI;

use super::validity::{SPREAD, TESTS};
use crate::parameters::MOST_FAILURE_LOG2;
use crate::parameters::tfhe::TfheSet;

/// Values of a Chernoff bound's parameter that are tried.
const TRIED: usize = 200;

impl TfheSet {
    /// q in hundredths: the least that keeps templates from failing, by [`TfheSet::log2_template_failure`].
    pub(super) fn shortfall_hundredths(&self) -> u64 {
        let holds = |q: &u64| self.log2_failure_at(*q as f64 / 100.0) < MOST_FAILURE_LOG2;
        (10..MOST_SHORTFALL).find(holds).unwrap_or(MOST_SHORTFALL)
    }

    /// q.
    pub(super) fn shortfall(&self) -> f64 {
        self.shortfall_hundredths() as f64 / 100.0
    }

    /// Base-2 logarithm of the probability that a template is taken for none.
    pub(crate) fn log2_template_failure(&self) -> f64 {
        self.log2_failure_at(self.shortfall())
    }

    /// Deviation of the noise of the sum of cosines that decides, in units of a cosine.
    pub(super) fn tests_deviation(&self) -> f64 {
        self.gate_variance(TESTS).sqrt() * 4.0 * TESTS as f64
    }

    /// x of a template is sub-Gaussian with s = 2 pi^2 of its variance at most, and 1 - cos(2 pi x) <= 2 pi^2 x^2; so
    /// E exp(l (1 - cos)) <= (1 - 2 l s)^(-1/2).
    fn log2_failure_at(&self, shortfall: f64) -> f64 {
        let n = TESTS as f64;
        let spread = SPREAD + 2.0 * PI * PI * self.modulus_switch_variance();
        let noise = self.tests_deviation().powi(2) / 2.0;
        least_log2(|part| {
            let l = part / (2.0 * spread);
            l * l * noise - l * n * shortfall - n / 2.0 * (-part).ln_1p()
        })
    }
}

/// Most of q in hundredths: sets whose gates keep to their limit need less.
const MOST_SHORTFALL: u64 = 60;

/// The least of an exponent over its parameter in (0, 1), to base 2.
fn least_log2(exponent: impl Fn(f64) -> f64) -> f64 {
    let tried = (1..TRIED).map(|part| exponent(part as f64 / TRIED as f64));
    tried.fold(0.0, f64::min) / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::agreement::Terms;
    use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048};
    use crate::planning;
    use crate::scheme::tfhe::validity::{Tests, seen_factor};

    impl TfheSet {
        /// That n cosines of so many laws, each given by ln E exp(l cos), pass.
        fn log2_passes(&self, ln_moment: impl Fn(f64) -> f64) -> f64 {
            let n = TESTS as f64;
            let noise = self.tests_deviation().powi(2) / 2.0;
            least_log2(|part| {
                let l = part / (1.0 - part);
                l * l * noise - l * n * (1.0 - self.shortfall()) + n * ln_moment(l)
            })
        }

        /// Of any law of this mean: none passes as often as that of 1 and -1 (Hoeffding 1963, lemma 1).
        fn log2_any_passes(&self, mean: f64) -> f64 {
            self.log2_passes(|l| (((1.0 + mean) * l.exp() + (1.0 - mean) * (-l).exp()) / 2.0).ln())
        }

        /// Of projections that are Gaussian around the torus: of many coordinates.
        fn log2_gaussian_passes(&self, factor: f64) -> f64 {
            let deviation = factor * (SPREAD / 2.0).sqrt() / PI;
            let points: Vec<(f64, f64)> = (0..2000)
                .map(|point| (f64::from(point) - 1000.0) / 125.0)
                .map(|z| ((-z * z / 2.0).exp(), (2.0 * PI * z * deviation).cos()))
                .collect();
            let all: f64 = points.iter().map(|(weight, _)| weight).sum();
            self.log2_passes(|l| {
                (points.iter().map(|(weight, cosine)| weight * (l * cosine).exp()).sum::<f64>() / all).ln()
            })
        }

        /// Of one coordinate, this part of the torus, and eta.
        fn log2_single_passes(&self, u: f64, coins: usize) -> f64 {
            let points = binomial(coins).map(|(rho, p)| (p, (2.0 * PI * rho * u).cos())).collect::<Vec<_>>();
            self.log2_passes(|l| points.iter().map(|(p, cosine)| p * (l * cosine).exp()).sum::<f64>().ln())
        }
    }

    /// rho and its probability: heads among 2 eta coins, less eta.
    fn binomial(coins: usize) -> impl Iterator<Item = (f64, f64)> {
        let heads = 2 * coins;
        let mut p = 0.5f64.powi(heads as i32);
        (0..=heads).map(move |k| {
            let now = (k as f64 - coins as f64, p);
            p *= (heads - k) as f64 / (k + 1) as f64;
            now
        })
    }

    /// Templates of all metrics, and the least eta that they have.
    fn comparisons() -> Vec<Terms> {
        vec![Terms::hamming(512, 180), Terms::hamming(64, 8), Terms::face(512)]
    }

    #[test]
    fn a_template_is_taken_for_none_as_rarely_as_a_gate_errs() {
        for set in TfheSet::ALL {
            println!("{set:?}: q {}, 2^{:.1}", set.shortfall(), set.log2_template_failure());
            assert!(set.log2_template_failure() < -128.0, "{set:?}");
            assert!((0.15..0.25).contains(&set.shortfall()), "{set:?} {}", set.shortfall());
        }
    }

    /// The table of docs/protocol.md, section 3.
    #[test]
    fn what_is_longer_than_a_template_passes_as_rarely_as_the_table_says() {
        let set = TFHE_896_2048;
        let agreement = planning::open(Terms::hamming(512, 180)).unwrap();
        let tests = Tests::of(&set, agreement.functional(), 1);
        let table = [4.0, 6.0, 8.0, 12.0, 16.0].map(|factor: f64| {
            // By how much eta is rounded down.
            let spread = factor * factor * tests.spread();
            let any = set.log2_any_passes((-SPREAD * factor * factor).exp());
            let single = set.log2_single_passes(factor * tests.longest, tests.coins);
            println!(
                "{factor}: any {any:.1}, scaled {:.1}, one of 512 bits {single:.1}",
                set.log2_gaussian_passes(factor)
            );
            assert!(single <= set.log2_any_passes((-spread).exp()) + 0.01);
            [any, set.log2_gaussian_passes(factor), single]
        });
        let half = set.log2_single_passes(0.5, tests.coins);
        println!("eta {}, one coordinate of 1/2: 2^{half:.1}", tests.coins);
        assert!(table[2][0] < -16.0 && table[4][0] < -24.0 && half < -24.0, "{table:?}");
        assert!(table[1][1] < -22.0 && table[2][1] < -36.0 && table[1][2] < -16.0, "{table:?}");
        // None of the bounds hides that small factors pass.
        assert!(table[0][0] > -4.0 && table[0][1] > -10.0, "{table:?}");
    }

    /// How often m codes of 512 bits that are added up pass: their projections are close to Gaussian, and sqrt(m) times as long.
    #[test]
    fn four_codes_in_one_probe_pass_nine_do_at_times_and_sixteen_hardly_ever() {
        let set = TFHE_896_2048;
        let agreement = planning::open(Terms::hamming(512, 180)).unwrap();
        let tests = Tests::of(&set, agreement.functional(), 1);
        let rng = &mut ChaCha20Rng::seed_from_u64(96);
        let mut gaussian = || {
            let (angle, tail): (f64, f64) = (rng.random(), 1.0 - rng.random::<f64>());
            (-2.0 * tail.ln()).sqrt() * (2.0 * PI * angle).cos()
        };
        let mut passing = |many: f64, tried: u32| {
            let variance = many * tests.longest.powi(2) * tests.coins as f64 / 2.0 + set.modulus_switch_variance();
            let mut passes = || {
                let cosines: f64 = (0..TESTS).map(|_| (2.0 * PI * variance.sqrt() * gaussian()).cos()).sum();
                cosines + set.tests_deviation() * gaussian() > TESTS as f64 * (1.0 - set.shortfall())
            };
            let passed = (0..tried).filter(|_| passes()).count();
            println!("{many} codes in one: {:.4}", passed as f64 / f64::from(tried));
            passed as f64 / f64::from(tried)
        };
        assert!(passing(4.0, 4000) > 0.998);
        assert!((0.25..0.35).contains(&passing(9.0, 4000)));
        assert!((0.0005..0.004).contains(&passing(16.0, 20_000)));
    }

    /// Which codes are too short for their threshold: eta would be below 1. And what a factor of 8 is where eta is rounded down.
    #[test]
    fn short_codes_are_not_tested_at_the_thresholds_that_are_told() {
        let set = TFHE_896_2048;
        let factor = |bits, threshold| {
            let agreement = planning::open(Terms::hamming(bits, threshold)).unwrap();
            seen_factor(&set, agreement.functional(), 1)
        };
        let table = [(24, 1, 23), (32, 5, 27), (48, 15, 33), (64, 26, 38), (80, 37, 43), (88, 43, 45)];
        for (bits, first, last) in table {
            assert!(factor(bits, first - 1).is_some() && factor(bits, first).is_none(), "{bits} {first}");
            assert!(factor(bits, last).is_none(), "{bits} {last}");
            assert!(last + 1 == bits as u32 || factor(bits, last + 1).is_some(), "{bits} {last}");
        }
        for (bits, threshold, expected) in [(512, 180, 8.01), (128, 40, 9.08), (96, 45, 8.63)] {
            let factor = factor(bits, threshold).unwrap();
            assert!((factor - expected).abs() < 0.02, "{bits}: {factor}");
        }
        assert!((0..96).all(|threshold| factor(96, threshold).is_some_and(|factor| factor < 11.4)));
    }

    /// E cos(2 pi rho u) = cos(pi u)^(2 eta), below exp(-pi^2 eta u^2): what both bounds rest on.
    #[test]
    fn the_mean_cosine_is_a_power_and_falls_with_the_square_of_the_length() {
        for coins in [1, 2, 9, 40, 1126] {
            for step in 0..=50 {
                let u = f64::from(step) / 100.0;
                let power = (PI * u).cos().powi(2 * coins as i32);
                assert!(power <= (-PI * PI * coins as f64 * u * u).exp() + 1e-12, "{coins} {u}");
                if coins < 500 {
                    let mean: f64 = binomial(coins).map(|(rho, p)| p * (2.0 * PI * rho * u).cos()).sum();
                    assert!((mean - power).abs() < 1e-9, "{coins} {u}: {mean} {power}");
                }
            }
        }
    }

    #[test]
    fn templates_of_every_metric_leave_random_integers_room() {
        for terms in comparisons() {
            let agreement = planning::open(terms).unwrap();
            for samples in [1, 2] {
                let tests = Tests::of(&INSECURE_TEST, agreement.functional(), samples);
                println!("{:?}, {samples}: {tests:?}", agreement.terms().comparison);
                assert!(tests.is_possible() && tests.spread() <= SPREAD);
            }
        }
    }
}
