//! Whether a probe is as long as a template can be, taken into its verdicts: of a longer one they all miss, whatever the gallery.
//!
//! A probe is a vector u of the torus, the phases of its coordinates, each in [-1/2, 1/2). Of random integers rho, fresh for each of
//! [`TESTS`] projections, x = <rho, u> is encrypted like any score, and one bootstrap makes cos(2 pi x) of it. For rho the number of heads
//! among 2 eta coins less eta the mean of the cosine is
//!
//! > E cos(2 pi x) = prod_i cos(pi u_i)^(2 eta) <= exp(-pi^2 eta |u|^2)
//!
//! for every u, however its length is spread over coordinates (docs/protocol.md, section 3). eta is chosen so that the longest template's
//! mean is exp(-[`SPREAD`]). The cosines are added, and the sign of what is left above a threshold is the *veto*: a template's is 0, that of
//! anything much longer -1/4. It is added where a verdict is made anyway:
//!
//! - to the sum of the last OR, which has at most six inputs then: under `any` that is at most a gate more a probe, and nothing under the other
//!   disclosures;
//! - to a verdict that no gate makes, +-1/8 instead of +-1/4, before it is washed: the first bootstrap of washing takes it in. Its flood is
//!   half as wide, which for some sizes of the largest gallery takes one round more, a bootstrap a subject (`TfheSet::washing_rounds_for`).
//!
//! Templates that fill so much of the torus that eta would be below 1 leave no room for tests: codes of few bits. Their probes are not tested.

use ::tfhe::core_crypto::prelude::*;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::aggregate::{QUARTER, Shifted, Veto, shifted};
use super::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use super::keys::PreparedKey;
use super::threshold::Function;
use super::{Lwe, MODULUS};
use crate::functional::{Functional, LinearForm, SampleLayout};
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Drawn, Progress, Randomness, Stopped, Task};

/// Projections of a probe.
pub(super) const TESTS: usize = 48;

/// -ln of the mean cosine of the longest template.
pub(super) const SPREAD: f64 = 0.025;

/// Subjects of a search from which its probes are tested: of fewer, tests would add half to its work and more. A query about one subject is not.
pub(crate) const TESTED_FROM: usize = 100;

/// Bootstraps that the tests of one probe take: one a projection, and one for their sum.
pub(super) const BOOTSTRAPS: u64 = TESTS as u64 + 1;

/// 1/8 of the torus.
pub(super) const EIGHTH: u64 = 1 << 61;

/// What a cosine of 1 is, so that all of them reach 1/4.
const AMPLITUDE: u64 = QUARTER / TESTS as u64;
/// What is made of each projection.
pub(super) const COSINE: Function = Function::Cosine(AMPLITUDE);

/// By how much a probe is longer than a template that passes with a probability of 2^-16.8, where a template's mean is exp(-[`SPREAD`]).
const FACTOR: f64 = 8.0;

/// Most eta: of templates that are a smaller part of the torus projections are shorter, and tests see less of them.
const MOST_COINS: usize = 1 << 12;

/// Whether a probe of a task is tested: by the number of subjects that are searched and by what was agreed, which both parties know.
pub(super) fn is_tested(set: &TfheSet, task: &Task<'_>, layout: SampleLayout) -> bool {
    let enough = !task.one_subject && task.subjects.len() >= TESTED_FROM;
    enough && Tests::of(set, task.functional, layout.eyes().len()).is_possible()
}

/// F: a probe that is F times as long as a template can be passes the tests with a probability of 2^-16.8, as docs/protocol.md, section 3 has
/// it for a factor of 8. Of probes of so many samples; none where they are not tested.
pub(crate) fn seen_factor(set: &TfheSet, functional: &Functional, samples: usize) -> Option<f64> {
    let tests = Tests::of(set, functional, samples);
    tests.is_possible().then(|| FACTOR * (SPREAD / tests.spread()).sqrt())
}

/// How the probes of a comparison are tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tests {
    /// Coordinates that are tested, from the first on.
    pub(super) coordinates: usize,
    /// eta: half the coins of a random integer. 0 where there is no room for tests.
    pub(super) coins: usize,
    /// The longest that the phases of a template's coordinates are, all samples together, noise included.
    pub(super) longest: f64,
}

impl Tests {
    /// Of probes of so many samples.
    pub(super) fn of(set: &TfheSet, functional: &Functional, samples: usize) -> Self {
        let (coordinates, length) = functional.longest_probe();
        let unit = set.step(functional) as f64 / 2f64.powi(64);
        // Each coordinate's noise is at its most.
        let noise = (coordinates as f64).sqrt() * 2f64.powi(set.query_noise_log2 as i32 - 64);
        let longest = (length * unit + noise) * (samples as f64).sqrt();
        let coins = SPREAD / (std::f64::consts::PI * longest).powi(2);
        Self { coordinates, coins: (coins as usize).min(MOST_COINS), longest }
    }

    /// Whether there is anything random.
    pub(super) fn is_possible(&self) -> bool {
        self.coins > 0
    }

    /// -ln of the mean cosine of the longest template: [`SPREAD`], or less where eta is rounded down or at its most.
    pub(super) fn spread(&self) -> f64 {
        (std::f64::consts::PI * self.longest).powi(2) * self.coins as f64
    }

    /// As [`projection`], of one sample.
    fn projection(&self, rng: &mut ChaCha20Rng) -> LinearForm {
        projection(self.coordinates, self.coins, rng)
    }
}

/// The random integers of one projection of a sample, as a linear form: heads among 2 eta coins, less eta. Range: [-eta, eta]; variance eta / 2.
pub(in crate::scheme) fn projection(coordinates: usize, coins: usize, rng: &mut ChaCha20Rng) -> LinearForm {
    let weights = (0..coordinates).map(|_| heads(2 * coins, rng) as i16 - coins as i16).collect();
    LinearForm { weights, bias: 0, start: 0 }
}

/// What the integers of one projection are drawn from.
pub(in crate::scheme) fn integers(randomness: &Randomness, probe: usize, number: usize) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(*randomness.seed(Drawn::Projection { probe, number }))
}

#[cfg(test)]
impl Tests {
    /// One projection of a probe's first sample.
    pub(super) fn drawn(&self, randomness: &Randomness, probe: usize, number: usize) -> LinearForm {
        self.projection(&mut integers(randomness, probe, number))
    }
}

/// Heads among so many coins.
fn heads(coins: usize, rng: &mut ChaCha20Rng) -> u32 {
    let words: u32 = (0..coins / 64).map(|_| rng.next_u64().count_ones()).sum();
    let rest = coins % 64;
    if rest == 0 { words } else { words + (rng.next_u64() >> (64 - rest)).count_ones() }
}

impl PreparedKey {
    /// Tests a probe of these samples, on all cores: [`BOOTSTRAPS`] steps.
    pub(super) fn veto(
        &self,
        functional: &Functional,
        samples: &[EncryptedTemplate],
        randomness: &Randomness,
        probe: usize,
        progress: &dyn Progress,
    ) -> Result<Veto, Stopped> {
        let tests = Tests::of(&self.parameters, functional, samples.len());
        let projections = self.projections(&tests, functional, samples, randomness, probe);
        let cosines = self.bootstrapped(&projections, COSINE, progress)?;
        let signs = self.signs(&[self.excess(&cosines)], EIGHTH, progress)?;
        let sign = signs.into_iter().next().unwrap_or_else(|| self.zero());
        Ok(Veto(shifted(sign, EIGHTH.wrapping_neg())))
    }

    /// x of each projection.
    pub(super) fn projections(
        &self,
        tests: &Tests,
        functional: &Functional,
        samples: &[EncryptedTemplate],
        randomness: &Randomness,
        probe: usize,
    ) -> Vec<EncryptedScore> {
        let (set, transform) = (self.parameters.query(), &self.query_transform);
        let step = self.parameters.step(functional);
        let project = |scratch: &mut Scratch, number: usize| {
            let rng = &mut integers(randomness, probe, number);
            let mut sum = Lwe::new(0, LweDimension(set.lwe_dimension()).to_lwe_size(), MODULUS);
            for sample in samples {
                let EncryptedScore(score) = sample.score(&tests.projection(rng), step, transform, scratch);
                lwe_ciphertext_add_assign(&mut sum, &score);
            }
            EncryptedScore(sum)
        };
        (0..TESTS).into_par_iter().map_init(|| Scratch::new(&set, transform), project).collect()
    }

    /// What the sum of cosines has above the threshold, under the query key: 0 or more of a template.
    pub(super) fn excess(&self, cosines: &[Lwe]) -> Shifted {
        let mut sum = self.zero();
        cosines.iter().for_each(|cosine| lwe_ciphertext_add_assign(&mut sum, cosine));
        let least = AMPLITUDE * TESTS as u64 / 100 * (100 - self.parameters.shortfall_hundredths());
        Shifted(self.keyswitch(&shifted(sum, least.wrapping_neg())))
    }
}
