//! The ciphertexts that cross: encrypted templates one way, sanitised verdicts the other.

use super::scale::Decisions;
use super::validity::Tests;
use crate::agreement::Disclosure;
use crate::functional::Functional;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::answer::{KEY_NUMBERS, MANY_SAMPLES};
use crate::scheme::bgv::packing::{pack, unpack};
use crate::scheme::bgv::ring::Ring;
use crate::scheme::tfhe::query::SeededBodies;
use crate::scheme::{Crossing, CrossingError, Extent};

/// The encrypted templates of a query: torus elements whose masks follow from one seed.
///
/// Shape: 16 bytes of seed; for each template ceil(coordinates / N) polynomials of N bodies of eight bytes, the last one padded with
/// encryptions of zero. Every sequence of bytes of that length is a value, and the one encoding of it.
pub struct EncryptedProbes {
    pub(super) encrypted: SeededBodies,
}

impl EncryptedProbes {
    /// Bytes of so many templates of so many coordinates.
    fn bytes(set: &HybridSet, extent: &Extent<'_>) -> Option<usize> {
        let template = set.query().encrypted_template_bytes(extent.functional.coordinates());
        extent.samples.checked_mul(template)?.checked_add(SEED_BYTES)
    }
}

const SEED_BYTES: usize = 16;

impl Crossing for EncryptedProbes {
    type Set = HybridSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let SeededBodies { seed, bodies } = &self.encrypted;
        let mut bytes = Vec::with_capacity(SEED_BYTES + 8 * bodies.len());
        bytes.extend(seed.to_le_bytes());
        bytes.extend(bodies.iter().flat_map(|body| body.to_le_bytes()));
        Ok(bytes)
    }

    fn decode(bytes: &[u8], set: &HybridSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        if Self::bytes(set, extent) != Some(bytes.len()) {
            return Err(CrossingError::Dimensions("templates"));
        }
        let (&seed, rest) = bytes.split_first_chunk::<SEED_BYTES>().ok_or(CrossingError::Encoding)?;
        let bodies = rest.as_chunks::<8>().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
        Ok(Self { encrypted: SeededBodies { seed: u128::from_le_bytes(seed), bodies } })
    }

    fn limit_bytes(set: &HybridSet, extent: &Extent<'_>) -> u64 {
        Self::bytes(set, extent).map_or(u64::MAX, |bytes| bytes as u64)
    }
}

/// The sanitised verdicts of an answer, over the first prime of the ring alone.
pub enum EncryptedVerdicts {
    /// `each`.
    Slots {
        /// LWE samples of the key to the pads (`bgv::lock`), mask then body: one key for all elements; none where probes are not tested.
        key: Vec<Vec<u32>>,
        /// Ring elements, transformed, of all pairs of the query, probe by probe: one for each block of them, or four.
        elements: Vec<[Vec<u32>; 2]>,
    },
    /// `any`, `count`: of each probe its LWE samples, mask then body.
    Samples(Vec<Vec<Vec<u32>>>),
    /// `labelled`.
    Handles {
        /// As of [`EncryptedVerdicts::Slots`].
        key: Vec<Vec<u32>>,
        /// Of each probe one ring element, transformed, whatever the gallery.
        elements: Vec<[Vec<u32>; 2]>,
    },
}

/// Ring elements that answer for one block under `each`: 0 in all of them iff the pair hits. One where an OR has several inputs: 0 iff
/// the pair misses.
pub(super) fn outputs(functional: &Functional) -> usize {
    let decisions = Decisions::of(functional);
    let is_alone = !functional.judges_common_bits() && functional.eyes() != crate::agreement::EyeRule::All;
    if decisions.is_disjunction() || is_alone { 1 } else { MANY_SAMPLES }
}

/// Ring elements of an answer under `each` and `labelled`.
fn elements(set: &HybridSet, extent: &Extent<'_>) -> usize {
    match extent.disclosure {
        Disclosure::Labelled => extent.probes,
        _ => extent.verdicts().div_ceil(set.block_size()).saturating_mul(outputs(extent.functional)),
    }
}

/// Bytes of the key to the pads of an answer under `each` and `labelled`; 0 where probes are not tested.
fn key_bytes(set: &HybridSet, extent: &Extent<'_>) -> usize {
    Tests::of(set, extent.functional).map_or(0, |_| KEY_NUMBERS * set.ring().answer_sample_bytes())
}

impl Crossing for EncryptedVerdicts {
    type Set = HybridSet;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        let mut bytes = Vec::new();
        match self {
            Self::Slots { key, elements } | Self::Handles { key, elements } => {
                key.iter().chain(elements.iter().flatten()).for_each(|part| pack(part, &mut bytes));
            }
            Self::Samples(probes) => probes.iter().flatten().for_each(|sample| pack(sample, &mut bytes)),
        }
        Ok(bytes)
    }

    fn decode(mut bytes: &[u8], set: &HybridSet, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let ring = Ring::of(&set.ring());
        let modulus = ring.limbs.first().ok_or(CrossingError::Dimensions("primes"))?.modulus;
        let n = ring.n;
        if extent.probes == 0 {
            return Err(CrossingError::Dimensions("verdicts"));
        }
        match extent.disclosure {
            Disclosure::Each | Disclosure::Labelled => {
                let count = elements(set, extent);
                let of_elements = count.checked_mul(ring.set.answer_block_bytes());
                let numbers = match of_elements.and_then(|expected| bytes.len().checked_sub(expected)) {
                    // Under `each` also as custodians answered that had no tests of probes.
                    Some(0) if extent.disclosure == Disclosure::Each || key_bytes(set, extent) == 0 => 0,
                    Some(rest) if rest == key_bytes(set, extent) => KEY_NUMBERS,
                    _ => return Err(CrossingError::Dimensions("verdicts")),
                };
                let key: Vec<Vec<u32>> =
                    (0..numbers).map(|_| unpack(&mut bytes, n + 1, modulus)).collect::<Result<_, _>>()?;
                let element = |bytes: &mut &[u8]| Ok([unpack(bytes, n, modulus)?, unpack(bytes, n, modulus)?]);
                let elements: Vec<[Vec<u32>; 2]> =
                    (0..count).map(|_| element(&mut bytes)).collect::<Result<_, CrossingError>>()?;
                // A trivial answer, without a mask, hides nothing.
                let masks = key.iter().map(|sample| sample.get(..n).unwrap_or_default());
                match masks.chain(elements.iter().map(|[_, mask]| &**mask)).any(|mask| mask.iter().all(|&c| c == 0)) {
                    true => Err(CrossingError::Trivial),
                    false if extent.disclosure == Disclosure::Labelled => Ok(Self::Handles { key, elements }),
                    false => Ok(Self::Slots { key, elements }),
                }
            }
            Disclosure::Any | Disclosure::Count => {
                let sample_bytes = ring.set.answer_sample_bytes();
                let of_probes = |samples: usize| extent.probes.checked_mul(samples * sample_bytes);
                let samples = match extent.disclosure {
                    Disclosure::Any if of_probes(MANY_SAMPLES) == Some(bytes.len()) => MANY_SAMPLES,
                    _ if of_probes(1) == Some(bytes.len()) => 1,
                    _ => return Err(CrossingError::Dimensions("verdicts")),
                };
                let mut of_probe = || (0..samples).map(|_| unpack(&mut bytes, n + 1, modulus)).collect();
                let probes: Vec<Vec<Vec<u32>>> = (0..extent.probes).map(|_| of_probe()).collect::<Result<_, _>>()?;
                match probes.iter().flatten().any(|sample| sample.iter().take(n).all(|&c| c == 0)) {
                    true => Err(CrossingError::Trivial),
                    false => Ok(Self::Samples(probes)),
                }
            }
        }
    }

    fn limit_bytes(set: &HybridSet, extent: &Extent<'_>) -> u64 {
        let ring = set.ring();
        let samples = (extent.probes as u64).saturating_mul((MANY_SAMPLES * ring.answer_sample_bytes()) as u64);
        let elements = || {
            let elements = (elements(set, extent) as u64).saturating_mul(ring.answer_block_bytes() as u64);
            elements.saturating_add(key_bytes(set, extent) as u64)
        };
        match extent.disclosure {
            // A query about one subject may be answered as `any`.
            Disclosure::Each => samples.max(elements()),
            Disclosure::Labelled => elements(),
            Disclosure::Any | Disclosure::Count => samples,
        }
    }
}
