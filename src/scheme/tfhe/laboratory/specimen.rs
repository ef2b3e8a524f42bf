//! Encrypted scores of pairs whose cosine is chosen, with both secret keys at hand: what noise is measured on.

use ::tfhe::core_crypto::prelude::*;
use rand::{CryptoRng, Rng};

use crate::agreement::{AgreementError, Disclosure, Terms};
use crate::functional::{Functional, Probe, Reference};
use crate::parameters::tfhe::TfheSet;
use crate::parameters::{Marked, ParameterSet};
use crate::scheme::tfhe::distance::{EncryptedScore, Scratch};
use crate::scheme::tfhe::holder::{SecretKey, generate_all};
use crate::scheme::tfhe::keys::PreparedKey;
use crate::scheme::tfhe::{Lwe, Tfhe};
use crate::scheme::{Holder, OtherScheme, Progress, Scheme, Stopped, Unmeasured};
use crate::template::{RealVector, Record, SubjectId, Template, TemplateError};

/// Coordinates of the vectors that are compared.
pub(in crate::scheme) const DIMENSION: usize = 512;

/// Keys of nobody: both secret ones beside the public ones.
pub(super) struct Parties {
    pub(super) query: SecretKey,
    pub(super) output: SecretKey,
    pub(super) prepared: PreparedKey,
}

/// A comparison of faces under keys of nobody.
pub(super) struct Setting {
    pub(super) set: Marked<TfheSet>,
    pub(super) functional: Functional,
    pub(super) keys: Parties,
}

/// One probe, encrypted afresh for each of some references.
pub(super) struct Specimens {
    coordinates: Vec<i64>,
    references: Vec<Reference>,
    pub(super) scores: Vec<EncryptedScore>,
}

impl Parties {
    pub(super) fn new(set: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> Self {
        let (query, output, public) = generate_all(set, rng);
        Self { query, output, prepared: PreparedKey::new(public, set) }
    }
}

impl Setting {
    /// Fresh keys of a set.
    pub(super) fn new(parameters: &ParameterSet, rng: &mut dyn CryptoRng) -> Result<Self, Unmeasured> {
        let other = OtherScheme { expected: parameters.scheme(), actual: Tfhe::ID };
        let set = Tfhe::set(parameters).ok_or(other)?;
        Ok(Self { set, functional: functional(parameters)?, keys: Parties::new(&set, rng) })
    }

    /// `count` encrypted scores of a random probe against references at `cosine` of their number.
    pub(super) fn specimens(
        &self,
        count: usize,
        cosine: impl Fn(usize) -> f64,
        rng: &mut dyn CryptoRng,
        progress: &dyn Progress,
    ) -> Result<Specimens, Unmeasured> {
        let (set, functional, keys) = (self.set, &self.functional, &self.keys);
        let x = unit_vector(rng);
        let probe = self.probe(x.clone())?;
        let coordinates = probe.samples().first().map(|sample| functional.probe_coordinates(sample));
        let step = set.step(functional);
        let transform = &keys.prepared.query_transform;
        let mut scratch = Scratch::new(&set.query(), transform);
        let (mut references, mut scores) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            if progress.stop() {
                return Err(Stopped.into());
            }
            // A fresh encryption for each pair: one encryption has one noise.
            let encrypted = Tfhe::encrypt(&keys.query, functional, std::slice::from_ref(&probe), rng);
            let reference = functional.reference(&template(at_cosine(&x, cosine(number), rng))?)?;
            let form = functional.form(&reference, 0);
            for template in keys.prepared.templates(functional, &encrypted) {
                scores.push(template.score(&form, step, transform, &mut scratch));
            }
            references.push(reference);
        }
        Ok(Specimens { coordinates: coordinates.unwrap_or_default(), references, scores })
    }

    /// A probe with these coordinates.
    pub(super) fn probe(&self, x: Vec<f64>) -> Result<Probe, Unmeasured> {
        let subject = SubjectId::try_from("nobody".to_owned())?;
        Ok(Probe::new(&self.functional, &[Record { subject, eye: None, template: template(x)? }])?)
    }
}

/// The comparison that is measured: a cosine of 0.35 or more; under `each` where the set has no room for `any`.
pub(in crate::scheme) fn functional(parameters: &ParameterSet) -> Result<Functional, AgreementError> {
    let terms = Terms::face(DIMENSION);
    let each = Terms { disclosure: Disclosure::Each, ..terms.clone() };
    Functional::new(&terms, parameters).or_else(|_| Functional::new(&each, parameters))
}

impl Specimens {
    /// phi of each pair, in the clear.
    pub(super) fn phis(&self, functional: &Functional) -> Vec<i64> {
        self.references.iter().map(|r| functional.form(r, 0).evaluate(&self.coordinates)).collect()
    }

    /// The length of each reference's weights.
    pub(super) fn weight_norms(&self, functional: &Functional) -> Vec<f64> {
        self.references.iter().map(|r| functional.form(r, 0).norm()).collect()
    }
}

/// A random direction.
pub(in crate::scheme) fn unit_vector(rng: &mut dyn CryptoRng) -> Vec<f64> {
    let x: Vec<f64> = (0..DIMENSION).map(|_| rng.random::<f64>() - 0.5).collect();
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.into_iter().map(|x| x / norm).collect()
}

/// A vector as a template.
pub(in crate::scheme) fn template(x: Vec<f64>) -> Result<Template, TemplateError> {
    RealVector::new(x).map(Template::Vector)
}

/// A unit vector whose cosine to `x` is `cosine`.
pub(in crate::scheme) fn at_cosine(x: &[f64], cosine: f64, rng: &mut dyn CryptoRng) -> Vec<f64> {
    let y = unit_vector(rng);
    let overlap: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
    let rest: Vec<f64> = x.iter().zip(&y).map(|(x, y)| y - overlap * x).collect();
    let norm = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
    x.iter().zip(rest).map(|(x, r)| cosine * x + (1.0 - cosine * cosine).sqrt() * r / norm).collect()
}

pub(super) fn phase(key: &SecretKey, sample: &Lwe) -> u64 {
    decrypt_lwe_ciphertext(&key.lwe(), sample).0
}

/// Signed distance on the torus.
pub(super) fn difference(a: u64, b: u64) -> f64 {
    (a.wrapping_sub(b) as i64) as f64 * 2f64.powi(-64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_measured_on_a_comparison_that_each_set_admits() {
        for set in ParameterSet::ALL {
            let of_vectors = set.tfhe().is_some() || set.hybrid().is_some();
            assert!(!of_vectors || functional(set).is_ok(), "{}", set.name());
        }
    }
}
