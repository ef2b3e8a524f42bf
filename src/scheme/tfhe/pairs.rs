//! Encrypted scores of pairs around a cosine, with both secret keys at hand.

use std::sync::OnceLock;

use ::tfhe::core_crypto::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use super::holder::{SecretKey, generate_all};
use super::keys::PreparedKey;
use super::{Lwe, Tfhe};
use crate::agreement::{Agreement, Terms};
use crate::functional::{Probe, Reference};
use crate::parameters::tfhe::{INSECURE_TEST, TFHE_896_2048, TfheSet};
use crate::scheme::Holder;
use crate::template::{RealVector, Record, SubjectId, Template};

pub(super) struct Keys {
    pub(super) query: SecretKey,
    pub(super) output: SecretKey,
    pub(super) prepared: PreparedKey,
}

pub(super) fn make(set: &'static TfheSet) -> Keys {
    let (query, output, public) = generate_all(set, &mut rng());
    Keys { query, output, prepared: PreparedKey::new(public, set) }
}

pub(super) fn keys(set: &'static TfheSet) -> &'static Keys {
    static PRODUCTION: OnceLock<Keys> = OnceLock::new();
    static INSECURE: OnceLock<Keys> = OnceLock::new();
    if set == &INSECURE_TEST { INSECURE.get_or_init(|| make(set)) } else { PRODUCTION.get_or_init(|| make(set)) }
}

pub(super) const SETS: [&TfheSet; 2] = [&TFHE_896_2048, &INSECURE_TEST];

pub(super) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(20_261_123)
}

pub(super) fn face(set: &TfheSet, dimension: usize) -> Agreement {
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
pub(super) struct Pairs {
    pub(super) agreement: Agreement,
    coordinates: Vec<i64>,
    pub(super) references: Vec<Reference>,
    pub(super) scores: Vec<EncryptedScore>,
}

/// `count` encrypted scores of fresh probes against references at `cosine`.
pub(super) fn pairs(set: &'static TfheSet, cosine: f64, count: usize) -> Pairs {
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
    pub(super) fn phi(&self, i: usize) -> i64 {
        self.agreement.functional().form(&self.references[i], 0).evaluate(&self.coordinates)
    }

    pub(super) fn mean_weight_norm(&self) -> f64 {
        let functional = self.agreement.functional();
        self.references.iter().map(|r| functional.form(r, 0).norm()).sum::<f64>() / self.references.len() as f64
    }
}

pub(super) fn phase(key: &SecretKey, sample: &Lwe) -> u64 {
    decrypt_lwe_ciphertext(&key.lwe(), sample).0
}

/// Signed distance on the torus.
pub(super) fn difference(a: u64, b: u64) -> f64 {
    (a.wrapping_sub(b) as i64) as f64 * 2f64.powi(-64)
}

pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    (mean, variance.sqrt())
}
