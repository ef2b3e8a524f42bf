//! The ciphertexts that cross: encrypted templates one way, sanitised verdicts the other.

use super::answer::{KEY_NUMBERS, MANY_SAMPLES, outputs_per_block};
use super::engine::Ciphertext;
use super::noise::{Noise, State};
use super::packing::{pack, packed_bytes, unpack};
use super::pool::Poly;
use super::ring::Ring;
use super::sampling::{Seed, uniform};
use super::segments::Bundling;
use crate::agreement::Disclosure;
use crate::functional::{Functional, SampleLayout};
use crate::parameters::bgv::BgvSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// The encrypted templates of a query: of each sample, or of those of probes that are bundled (`segments`), a seed and a body over all primes of a
/// ciphertext.
pub struct EncryptedProbes {
    set: BgvSet,
    samples: Vec<EncryptedSample>,
}

/// One encrypted template, or one of each of several probes.
pub(in crate::scheme) struct EncryptedSample {
    pub(in crate::scheme) template: Seeded,
    /// What shows that a vector is one ([`super::validity`]), over fewer primes.
    pub(in crate::scheme) witness: Vec<Seeded>,
}

/// A ciphertext whose mask a seed stands for.
pub(in crate::scheme) struct Seeded {
    pub(in crate::scheme) seed: Seed,
    /// Over all primes of the ciphertext, transformed.
    pub(in crate::scheme) body: Vec<u32>,
}

impl Seeded {
    fn expand(&self, ring: &Ring) -> Ciphertext {
        let Self { seed, body } = self;
        let mut mask = vec![0; body.len()];
        for (index, (mask, prime)) in mask.chunks_exact_mut(ring.n).zip(&ring.limbs).enumerate() {
            uniform(*seed, index, prime.modulus, mask);
        }
        let state = State { limbs: body.len() / ring.n, factor: 1, noise: Noise::of(&ring.set).fresh() };
        Ciphertext { state, parts: [Poly::copy_of(body), mask.into()] }
    }
}

impl EncryptedProbes {
    pub(in crate::scheme) fn new(set: &BgvSet, samples: Vec<EncryptedSample>) -> Self {
        Self { set: *set, samples }
    }

    /// One sample as a ciphertext.
    pub(in crate::scheme) fn expand(&self, sample: usize) -> Option<Ciphertext> {
        Some(self.samples.get(sample)?.template.expand(&Ring::of(&self.set)))
    }

    /// The witness of one sample, as ciphertexts.
    pub(in crate::scheme) fn witness(&self, sample: usize) -> Vec<Ciphertext> {
        let parts = self.samples.get(sample).map(|sample| sample.witness.iter());
        parts.into_iter().flatten().map(|part| part.expand(&Ring::of(&self.set))).collect()
    }
}

impl BgvSet {
    /// Bytes of one encrypted template as sent, without a witness.
    pub fn encrypted_template_bytes(&self) -> usize {
        32 + self.limbs * packed_bytes(self.ring_size())
    }

    /// Bytes of one ciphertext of so many templates as sent, with their witness where the comparison's templates have one.
    pub(crate) fn encrypted_sample_bytes(&self, functional: &Functional, templates: usize) -> usize {
        let witness = 32 + self.witness_limbs() * packed_bytes(self.ring_size());
        self.encrypted_template_bytes() + self.witness_ciphertexts(functional, templates) * witness
    }

    /// Bytes of a query of so many probes with so many samples; none where there is no such query.
    pub(crate) fn encrypted_probes_bytes(
        &self,
        functional: &Functional,
        probes: usize,
        samples: usize,
    ) -> Option<usize> {
        let bundling = Bundling::of(self, functional, probes);
        if bundling.segments().is_none() {
            return samples.checked_mul(self.encrypted_sample_bytes(functional, 1));
        }
        let mut ciphertexts = bundling.ciphertexts(functional, samples)?;
        ciphertexts
            .try_fold(0usize, |sum, templates| sum.checked_add(self.encrypted_sample_bytes(functional, templates)))
    }

    /// Bytes of one ring element of an answer: two polynomials over one prime.
    pub fn answer_block_bytes(&self) -> usize {
        2 * packed_bytes(self.ring_size())
    }

    /// Bytes of one number of an answer: an LWE sample over one prime.
    pub fn answer_sample_bytes(&self) -> usize {
        packed_bytes(self.ring_size() + 1)
    }
}

impl Crossing for EncryptedProbes {
    type Set = BgvSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = Vec::with_capacity(self.samples.len() * self.set.encrypted_template_bytes());
        let seeded = self.samples.iter().flat_map(|sample| std::iter::once(&sample.template).chain(&sample.witness));
        for Seeded { seed, body } in seeded {
            bytes.extend(seed);
            body.chunks_exact(self.set.ring_size()).for_each(|limb| pack(limb, &mut bytes));
        }
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &BgvSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let Extent { functional, probes, samples, .. } = *extent;
        let ciphertexts = Bundling::of(set, functional, probes).ciphertexts(functional, samples);
        let Some(ciphertexts) =
            ciphertexts.filter(|_| set.encrypted_probes_bytes(functional, probes, samples) == Some(bytes.len()))
        else {
            return Err(CrossingError::Dimensions("templates"));
        };
        let ring = Ring::of(set);
        let seeded = |bytes: &mut &[u8], limbs: usize| {
            let (&seed, mut rest) = bytes.split_first_chunk::<32>().ok_or(CrossingError::Encoding)?;
            let mut body = Vec::with_capacity(limbs * ring.n);
            for prime in ring.limbs.iter().take(limbs) {
                body.extend(unpack(&mut rest, ring.n, prime.modulus)?);
            }
            *bytes = rest;
            Ok(Seeded { seed, body })
        };
        let mut rest = bytes;
        let sample = |templates: usize| {
            let witness = set.witness_ciphertexts(functional, templates);
            let template = seeded(&mut rest, set.limbs)?;
            let witness = (0..witness).map(|_| seeded(&mut rest, set.witness_limbs())).collect::<Result<_, _>>()?;
            Ok(EncryptedSample { template, witness })
        };
        let samples = ciphertexts.map(sample).collect::<Result<_, CrossingError>>()?;
        Ok(Self { set: *set, samples })
    }

    fn limit_bytes(set: &BgvSet, extent: &Extent<'_>) -> u64 {
        let Extent { functional, probes, samples, .. } = *extent;
        let alone = |samples: usize| samples as u64 * set.encrypted_sample_bytes(functional, 1) as u64;
        let bundling = Bundling::of(set, functional, probes);
        match bundling.segments() {
            None => alone(samples),
            // A single probe is not bundled.
            Some(_) => {
                let of_probe = SampleLayout::fullest(functional.eyes()).eyes().len();
                let bundled = set.encrypted_probes_bytes(functional, probes, probes.saturating_mul(of_probe));
                alone(samples.min(2)).max(bundled.map_or(u64::MAX, |bytes| bytes as u64))
            }
        }
    }
}

/// The sanitised verdicts of an answer, over the first prime alone.
pub struct EncryptedVerdicts {
    /// Of each probe; under `each` of those together that share their ciphertexts.
    pub(in crate::scheme) probes: Vec<ProbeVerdicts>,
}

/// What an answer holds of one probe, or of those that are answered together.
pub(in crate::scheme) enum ProbeVerdicts {
    /// `each`, `labelled`.
    Slots {
        /// LWE samples of the key to the pads ([`super::lock`]), mask then body; none of an answer that is not padded.
        key: Vec<Vec<u32>>,
        /// Ring elements, transformed. Under `each` a slot is 0 iff its reference matches, once its pad is off, and the one-squaring variant has several for a
        /// block; under `labelled` there is one ([`super::labelled`]).
        elements: Vec<[Vec<u32>; 2]>,
    },
    /// `any`, `count`: LWE samples, mask then body.
    Samples(Vec<Vec<u32>>),
}

impl EncryptedVerdicts {
    /// How many are answered, each by itself.
    fn answered(set: &BgvSet, extent: &Extent<'_>) -> usize {
        match extent.disclosure {
            Disclosure::Each => Bundling::of(set, extent.functional, extent.probes).bundles(),
            Disclosure::Any | Disclosure::Count | Disclosure::Labelled => extent.probes,
        }
    }

    /// Whether probes that share ciphertexts are answered together, and more verdicts a probe are claimed than a segment has.
    fn exceeds_segments(set: &BgvSet, extent: &Extent<'_>) -> bool {
        let segments = Bundling::of(set, extent.functional, extent.probes).segments();
        extent.disclosure == Disclosure::Each
            && segments.is_some_and(|segments| extent.verdicts_per_probe > segments.places())
    }

    /// Ring elements of each of them under `each` and `labelled`.
    fn blocks(set: &BgvSet, extent: &Extent<'_>) -> usize {
        match extent.disclosure {
            // All in one, whatever the gallery.
            Disclosure::Labelled => 1,
            _ => extent.verdicts_per_probe.div_ceil(set.ring_size()) * outputs_per_block(set, extent.functional),
        }
    }

    /// Bytes of the key to a probe's pads.
    fn key_bytes(set: &BgvSet) -> usize {
        KEY_NUMBERS * set.answer_sample_bytes()
    }
}

impl Crossing for EncryptedVerdicts {
    type Set = BgvSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = Vec::new();
        for probe in &self.probes {
            match probe {
                ProbeVerdicts::Slots { key, elements } => {
                    key.iter().chain(elements.iter().flatten()).for_each(|part| pack(part, &mut bytes));
                }
                ProbeVerdicts::Samples(samples) => samples.iter().for_each(|sample| pack(sample, &mut bytes)),
            }
        }
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &BgvSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let ring = Ring::of(set);
        let modulus = ring.limbs.first().ok_or(CrossingError::Dimensions("primes"))?.modulus;
        let n = set.ring_size();
        let answered = Self::answered(set, extent);
        let per_probe = bytes.len().checked_div(answered).unwrap_or_default();
        let sample_bytes = set.answer_sample_bytes();
        let expected = match extent.disclosure {
            // As custodians answered that had no tests of probes.
            Disclosure::Each
                if per_probe == Self::blocks(set, extent) * set.answer_block_bytes() && answered == extent.probes =>
            {
                per_probe
            }
            Disclosure::Each | Disclosure::Labelled => {
                Self::key_bytes(set) + Self::blocks(set, extent) * set.answer_block_bytes()
            }
            Disclosure::Any if per_probe == MANY_SAMPLES * sample_bytes => per_probe,
            Disclosure::Any | Disclosure::Count => sample_bytes,
        };
        let is_exact = per_probe == expected && per_probe * answered == bytes.len();
        if !is_exact || extent.probes == 0 || Self::exceeds_segments(set, extent) {
            return Err(CrossingError::Dimensions("verdicts"));
        }
        let probe = |mut bytes: &[u8]| match extent.disclosure {
            Disclosure::Each | Disclosure::Labelled => {
                let blocks = Self::blocks(set, extent);
                let samples = (per_probe - blocks * set.answer_block_bytes()) / sample_bytes;
                let key = (0..samples).map(|_| unpack(&mut bytes, n + 1, modulus)).collect::<Result<_, _>>()?;
                let block = |bytes: &mut &[u8]| Ok([unpack(bytes, n, modulus)?, unpack(bytes, n, modulus)?]);
                let elements = (0..blocks).map(|_| block(&mut bytes)).collect::<Result<_, _>>();
                elements.map(|elements| ProbeVerdicts::Slots { key, elements })
            }
            Disclosure::Any | Disclosure::Count => (0..per_probe / sample_bytes)
                .map(|_| unpack(&mut bytes, n + 1, modulus))
                .collect::<Result<_, _>>()
                .map(ProbeVerdicts::Samples),
        };
        // A trivial answer, without a mask, hides nothing.
        let probes = bytes.chunks_exact(per_probe).map(probe).collect::<Result<Vec<_>, CrossingError>>()?;
        let masked = |sample: &Vec<u32>| sample.iter().take(n).any(|&c| c != 0);
        let trivial = probes.iter().any(|probe| match probe {
            ProbeVerdicts::Slots { key, elements } => {
                !key.iter().all(masked) || elements.iter().any(|[_, mask]| mask.iter().all(|&c| c == 0))
            }
            ProbeVerdicts::Samples(samples) => !samples.iter().all(masked),
        });
        if trivial { Err(CrossingError::Trivial) } else { Ok(Self { probes }) }
    }

    fn limit_bytes(set: &BgvSet, extent: &Extent<'_>) -> u64 {
        let per_probe = match extent.disclosure {
            Disclosure::Each | Disclosure::Labelled => {
                Self::key_bytes(set) + Self::blocks(set, extent) * set.answer_block_bytes()
            }
            Disclosure::Any | Disclosure::Count => MANY_SAMPLES * set.answer_sample_bytes(),
        };
        Self::answered(set, extent) as u64 * per_probe as u64
    }
}
