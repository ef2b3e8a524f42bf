//! The stages with fresh keys and random templates, for whoever times them: `plan`, the benches.
//!
//! Every method works and returns nothing: encrypted scores and bits have no name outside the scheme.

use rand::CryptoRng;
use rayon::prelude::*;

use crate::functional::{Functional, Probe, Reference};
use crate::parameters::Marked;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::tfhe::aggregate::{EncryptedBit, Gate, Known, QUARTER, UnwashedVerdict, gates};
use crate::scheme::tfhe::distance::{EncryptedScore, EncryptedTemplate, Scratch};
use crate::scheme::tfhe::keys::PreparedKey;
use crate::scheme::tfhe::sanitise::Washing;
use crate::scheme::tfhe::{Lwe, MODULUS, Tfhe};
use crate::scheme::{Evaluator, Holder};

use ::tfhe::core_crypto::prelude::*;

/// Keys that encrypt nothing of anybody, and what the stages need to run.
pub struct Workload {
    key: PreparedKey,
    samples: Vec<EncryptedScore>,
    bit: Lwe,
    known: Known,
}

/// An encrypted probe for [`Workload::distances`].
pub struct EncryptedWork(EncryptedTemplate);

impl Workload {
    /// Fresh keys: a second or two.
    pub fn new(parameters: &TfheSet, rng: &mut dyn CryptoRng) -> Self {
        let parameters = &Marked::never_crossing(*parameters);
        let (_, key) = Tfhe::generate(parameters, rng);
        let size = LweDimension(parameters.lwe_dimension()).to_lwe_size();
        let mut random = || {
            let mut element = [0; 8];
            rng.fill_bytes(&mut element);
            u64::from_le_bytes(element)
        };
        let mut sample = |size: usize| LweCiphertext::from_container((0..size).map(|_| random()).collect(), MODULUS);
        let samples = vec![EncryptedScore(sample(size.0))];
        let bit = sample(LweDimension(parameters.bootstrapped_dimension()).to_lwe_size().0);
        let key = Tfhe::prepare_key(key, parameters);
        let known = Known::new(&key, rng);
        Self { key, samples, bit, known }
    }

    /// Encrypts a probe's first sample as a query does, and expands it as the custodian does.
    pub fn encrypt(&self, functional: &Functional, probe: &[Probe], rng: &mut dyn CryptoRng) -> Option<EncryptedWork> {
        let (secret, _) = Tfhe::generate(&self.key.parameters, rng);
        let probes = Tfhe::encrypt(&secret, functional, probe, rng);
        self.key.templates(functional, &probes).into_iter().next().map(EncryptedWork)
    }

    /// Stage 4 for each reference without rotation, on all cores. Returns how many scores were made.
    pub fn distances(&self, functional: &Functional, probe: &EncryptedWork, references: &[Reference]) -> usize {
        self.scores(functional, probe, references).len()
    }

    /// Stages 4 and 5 for each reference without rotation, on all cores. Returns how many signs were taken.
    pub fn decisions(&self, functional: &Functional, probe: &EncryptedWork, references: &[Reference]) -> usize {
        self.key.bits(&self.scores(functional, probe, references), &()).map_or(0, |bits| bits.len())
    }

    /// Stage 5 alone, `count` times, on all cores. Returns how many signs were taken.
    pub fn thresholds(&self, count: usize) -> usize {
        let samples: Vec<&EncryptedScore> = self.samples.iter().cycle().take(count).collect();
        self.key.signs(&samples, QUARTER, &()).map_or(0, |signs| signs.len())
    }

    /// Stage 6a alone: the tree that joins `bits` bits to one, on all cores. Returns how many gates it has.
    pub(crate) fn aggregate(&self, bits: usize) -> usize {
        let inputs = (0..bits).map(|_| EncryptedBit(self.bit.clone())).collect();
        self.key.reduce(Gate::Or, vec![inputs], &self.known, &()).map_or(0, |_| gates(bits) as usize)
    }

    /// Sanitising of `count` verdicts, as of one a probe. Returns how many came out.
    pub fn sanitise(&self, count: usize, rng: &mut dyn CryptoRng) -> usize {
        let size = LweDimension(self.key.parameters.bootstrapped_dimension()).to_lwe_size();
        let verdicts = (0..count).map(|_| UnwashedVerdict(Lwe::new(QUARTER, size, MODULUS))).collect();
        self.key
            .sanitise(verdicts, Washing::of(self.key.parameters.washing_rounds), rng, &())
            .map_or(0, |verdicts| verdicts.len())
    }

    fn scores(&self, functional: &Functional, probe: &EncryptedWork, references: &[Reference]) -> Vec<EncryptedScore> {
        let set = self.key.parameters;
        let step = set.step(functional);
        let transform = &self.key.query_transform;
        let scratch = || Scratch::new(&set.query(), transform);
        let score = |scratch: &mut Scratch, reference: &Reference| {
            probe.0.score(&functional.form(reference, 0), step, transform, scratch)
        };
        references.par_iter().map_init(scratch, score).collect()
    }
}
