//! The ciphertexts that cross: encrypted templates one way, sanitised verdicts the other.

use super::answer::{MANY_SAMPLES, outputs_per_block};
use super::engine::Ciphertext;
use super::noise::{Noise, State};
use super::packing::{pack, packed_bytes, unpack};
use super::pool::Poly;
use super::ring::Ring;
use super::sampling::{Seed, uniform};
use crate::agreement::Disclosure;
use crate::parameters::bgv::BgvSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// The encrypted templates of a query: of each sample a seed and a body over all primes of a ciphertext.
pub struct EncryptedProbes {
    set: BgvSet,
    samples: Vec<EncryptedSample>,
}

/// One encrypted template.
pub(in crate::scheme) struct EncryptedSample {
    /// Stands for the mask.
    pub(in crate::scheme) seed: Seed,
    /// Over all primes of a ciphertext, transformed.
    pub(in crate::scheme) body: Vec<u32>,
}

impl EncryptedProbes {
    pub(in crate::scheme) fn new(set: &BgvSet, samples: Vec<EncryptedSample>) -> Self {
        Self { set: *set, samples }
    }

    /// One sample as a ciphertext.
    pub(in crate::scheme) fn expand(&self, sample: usize) -> Option<Ciphertext> {
        let ring = Ring::of(&self.set);
        let EncryptedSample { seed, body } = self.samples.get(sample)?;
        let mut mask = vec![0; body.len()];
        for (index, (mask, prime)) in mask.chunks_exact_mut(ring.n).zip(&ring.limbs).enumerate() {
            uniform(*seed, index, prime.modulus, mask);
        }
        let state = State { limbs: self.set.limbs, factor: 1, noise: Noise::of(&self.set).fresh() };
        Some(Ciphertext { state, parts: [Poly::copy_of(body), mask.into()] })
    }
}

impl BgvSet {
    /// Bytes of one encrypted template as sent.
    pub fn encrypted_template_bytes(&self) -> usize {
        32 + self.limbs * packed_bytes(self.ring_size())
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
        for EncryptedSample { seed, body } in &self.samples {
            bytes.extend(seed);
            body.chunks_exact(self.set.ring_size()).for_each(|limb| pack(limb, &mut bytes));
        }
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &BgvSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        if extent.samples.checked_mul(set.encrypted_template_bytes()) != Some(bytes.len()) {
            return Err(CrossingError::Dimensions("templates"));
        }
        let ring = Ring::of(set);
        let sample = |bytes: &[u8]| {
            let (&seed, mut rest) = bytes.split_first_chunk::<32>().ok_or(CrossingError::Encoding)?;
            let mut body = Vec::with_capacity(set.limbs * ring.n);
            for prime in ring.ciphertext_limbs() {
                body.extend(unpack(&mut rest, ring.n, prime.modulus)?);
            }
            Ok(EncryptedSample { seed, body })
        };
        let samples = bytes.chunks_exact(set.encrypted_template_bytes()).map(sample).collect::<Result<_, _>>()?;
        Ok(Self { set: *set, samples })
    }

    fn limit_bytes(set: &BgvSet, extent: &Extent<'_>) -> u64 {
        extent.samples as u64 * set.encrypted_template_bytes() as u64
    }
}

/// The sanitised verdicts of an answer, over the first prime alone.
pub struct EncryptedVerdicts {
    pub(in crate::scheme) probes: Vec<ProbeVerdicts>,
}

/// What an answer holds of one probe.
pub(in crate::scheme) enum ProbeVerdicts {
    /// `each`: ring elements, transformed; a slot is 0 iff its reference matches. The one-squaring variant has several for a block.
    Slots(Vec<[Vec<u32>; 2]>),
    /// `any`, `count`: LWE samples, mask then body.
    Samples(Vec<Vec<u32>>),
}

impl EncryptedVerdicts {
    /// Ring elements of each probe under `each`.
    fn blocks(set: &BgvSet, extent: &Extent<'_>) -> usize {
        let outputs = outputs_per_block(set, extent.functional);
        extent.verdicts_per_probe.div_ceil(set.ring_size()) * outputs
    }
}

impl Crossing for EncryptedVerdicts {
    type Set = BgvSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = Vec::new();
        for probe in &self.probes {
            match probe {
                ProbeVerdicts::Slots(blocks) => blocks.iter().flatten().for_each(|part| pack(part, &mut bytes)),
                ProbeVerdicts::Samples(samples) => samples.iter().for_each(|sample| pack(sample, &mut bytes)),
            }
        }
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &BgvSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let ring = Ring::of(set);
        let modulus = ring.limbs.first().ok_or(CrossingError::Dimensions("primes"))?.modulus;
        let n = set.ring_size();
        let per_probe = bytes.len().checked_div(extent.probes).unwrap_or_default();
        let sample_bytes = set.answer_sample_bytes();
        let expected = match extent.disclosure {
            Disclosure::Each => Self::blocks(set, extent) * set.answer_block_bytes(),
            Disclosure::Any if per_probe == MANY_SAMPLES * sample_bytes => per_probe,
            Disclosure::Any | Disclosure::Count => sample_bytes,
        };
        if per_probe != expected || per_probe * extent.probes != bytes.len() || extent.probes == 0 {
            return Err(CrossingError::Dimensions("verdicts"));
        }
        let probe = |mut bytes: &[u8]| match extent.disclosure {
            Disclosure::Each => {
                let block = |bytes: &mut &[u8]| Ok([unpack(bytes, n, modulus)?, unpack(bytes, n, modulus)?]);
                (0..Self::blocks(set, extent))
                    .map(|_| block(&mut bytes))
                    .collect::<Result<_, _>>()
                    .map(ProbeVerdicts::Slots)
            }
            Disclosure::Any | Disclosure::Count => (0..per_probe / sample_bytes)
                .map(|_| unpack(&mut bytes, n + 1, modulus))
                .collect::<Result<_, _>>()
                .map(ProbeVerdicts::Samples),
        };
        // A trivial answer, without a mask, hides nothing.
        let probes = bytes.chunks_exact(per_probe).map(probe).collect::<Result<Vec<_>, CrossingError>>()?;
        let trivial = probes.iter().any(|probe| match probe {
            ProbeVerdicts::Slots(blocks) => blocks.iter().any(|[_, mask]| mask.iter().all(|&c| c == 0)),
            ProbeVerdicts::Samples(samples) => samples.iter().any(|sample| sample.iter().take(n).all(|&c| c == 0)),
        });
        if trivial { Err(CrossingError::Trivial) } else { Ok(Self { probes }) }
    }

    fn limit_bytes(set: &BgvSet, extent: &Extent<'_>) -> u64 {
        let per_probe = match extent.disclosure {
            Disclosure::Each => {
                (Self::blocks(set, extent) * set.answer_block_bytes()).max(MANY_SAMPLES * set.answer_sample_bytes())
            }
            Disclosure::Any | Disclosure::Count => MANY_SAMPLES * set.answer_sample_bytes(),
        };
        extent.probes as u64 * per_probe as u64
    }
}
