//! The ciphertexts that cross: encrypted templates one way, sanitised verdicts the other.

use ::tfhe::core_crypto::prelude::ModulusSwitchedLweCiphertext;
use ::tfhe::named::Named;
use ::tfhe::safe_serialization::{DeserializationConfig, SerializationConfig};
use ::tfhe::{Unversionize, Versionize};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tfhe_versionable::VersionsDispatch;

use super::labelled::{OUTPUTS, sealed_words};
use super::query::SeededBodies;
use crate::agreement::Disclosure;
use crate::parameters::Marked;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::{Crossing, CrossingError, Extent};

/// `tfhe`'s safe serialisation: a header with type and version, then bincode 1.3.
pub(super) fn encode<T: Serialize + Versionize + Named>(value: &T) -> Result<Vec<u8>, CrossingError> {
    let mut bytes = Vec::new();
    SerializationConfig::new_with_unlimited_size()
        .serialize_into(value, &mut bytes)
        .map_err(|_| CrossingError::Encoding)?;
    Ok(bytes)
}

/// Reads bytes that are exactly what [`encode`] writes; at most `limit` of them.
pub(super) fn decode_canonical<T>(bytes: &[u8], limit: u64) -> Result<T, CrossingError>
where
    T: Serialize + DeserializeOwned + Versionize + Unversionize + Named,
{
    let actual = bytes.len() as u64;
    if actual > limit {
        return Err(CrossingError::TooLarge { limit, actual });
    }
    let value: T = DeserializationConfig::new(actual.max(1024))
        .disable_conformance()
        .deserialize_from(bytes)
        // The message may quote what the sender wrote.
        .map_err(|_| CrossingError::Encoding)?;
    // One value, one encoding: nothing can hide in what a decoder would skip.
    match encode(&value)? == bytes {
        true => Ok(value),
        false => Err(CrossingError::NotCanonical),
    }
}

/// Encrypted templates: GLWE ciphertexts with their masks as one seed.
///
/// Shape: for each template, ceil(coordinates / N) polynomials of N bodies, the last one padded with encryptions of zero.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EncryptedProbesVersions)]
pub struct EncryptedProbes {
    pub(super) seed: u128,
    pub(super) bodies: Vec<u64>,
    pub(super) parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
pub enum EncryptedProbesVersions {
    V0(EncryptedProbes),
}

impl Named for EncryptedProbes {
    const NAME: &'static str = "cotejo::tfhe::EncryptedProbes";
}

impl EncryptedProbes {
    pub(super) fn new(set: &Marked<TfheSet>, encrypted: SeededBodies) -> Self {
        Self { seed: encrypted.seed, bodies: encrypted.bodies, parameters: set.id() }
    }

    /// The first bytes of the ciphertext, for people who want to see that they look like noise.
    pub fn excerpt(&self, bytes: usize) -> Vec<u8> {
        self.bodies.iter().flat_map(|body| body.to_le_bytes()).take(bytes).collect()
    }
}

impl Crossing for EncryptedProbes {
    type Set = Marked<TfheSet>;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], set: &Marked<TfheSet>, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let probes: Self = decode_canonical(bytes, Self::limit_bytes(set, extent))?;
        let expected = extent.samples * set.encrypted_template_bytes(extent.functional.coordinates()) / 8;
        match probes.parameters == set.id() && probes.bodies.len() == expected {
            true => Ok(probes),
            false => Err(CrossingError::Dimensions("templates")),
        }
    }

    fn limit_bytes(set: &Marked<TfheSet>, extent: &Extent<'_>) -> u64 {
        (extent.samples * set.encrypted_template_bytes(extent.functional.coordinates())) as u64 + 512
    }
}

/// Sanitised verdicts: LWE samples under the query key, modulo 2^`answer_modulus_log2`, packed.
///
/// Shape: for each verdict the n mask elements and the body, of b bits each, least significant first, from a word boundary. The
/// phase is near +1/4 of the modulus for a hit and -1/4 for a miss. Under `labelled` so for each output (see `labelled`), and after those of all
/// probes the boxes of each.
#[derive(Serialize, Deserialize, Versionize)]
#[versionize(EncryptedVerdictsVersions)]
pub struct EncryptedVerdicts {
    words: Vec<u64>,
    parameters: u16,
}

/// Versions of the encoding.
#[derive(Serialize, Deserialize, VersionsDispatch)]
pub enum EncryptedVerdictsVersions {
    V0(EncryptedVerdicts),
}

impl Named for EncryptedVerdicts {
    const NAME: &'static str = "cotejo::tfhe::EncryptedVerdicts";
}

/// One sanitised verdict, packed into words.
pub(super) struct PackedVerdict(Vec<u64>);

impl PackedVerdict {
    /// Packs a sample that is already switched to the modulus of answers.
    pub(super) fn new(set: &TfheSet, sample: &impl ModulusSwitchedLweCiphertext<u64>) -> Self {
        let mut words = vec![0u64; set.encrypted_verdict_words()];
        let elements = sample.mask().chain([sample.body()]);
        for (start, element) in (0..).step_by(set.answer_modulus_log2).zip(elements) {
            let wide = u128::from(element) << (start % 64);
            for (word, part) in words.iter_mut().skip(start / 64).zip([wide as u64, (wide >> 64) as u64]) {
                *word |= part;
            }
        }
        Self(words)
    }
}

/// The elements of one packed verdict: the mask, then the body.
fn elements(set: &TfheSet, words: &[u64]) -> impl Iterator<Item = u64> {
    let bits = set.answer_modulus_log2;
    (0..=set.lwe_dimension()).map(move |index| {
        let start = index * bits;
        let word = |offset: usize| u128::from(words.get(start / 64 + offset).copied().unwrap_or(0));
        ((word(0) | word(1) << 64) >> (start % 64)) as u64 & ((1 << bits) - 1)
    })
}

impl EncryptedVerdicts {
    pub(super) fn new(set: &Marked<TfheSet>, verdicts: Vec<PackedVerdict>, boxes: Vec<u64>) -> Self {
        let words = verdicts.into_iter().flat_map(|verdict| verdict.0).chain(boxes).collect();
        Self { words, parameters: set.id() }
    }

    /// The boxes of each probe, of so many, that follow on so many words; none where there are none.
    pub(super) fn boxes(&self, verdicts: usize, probes: usize) -> impl Iterator<Item = &[u64]> {
        let boxes = self.words.get(verdicts..).unwrap_or_default();
        boxes.chunks((boxes.len() / probes.max(1)).max(1))
    }

    /// The mask of each verdict, as stored.
    #[cfg(test)]
    pub(super) fn masks(&self, set: &TfheSet) -> impl Iterator<Item = Vec<u8>> {
        let mask =
            move |words: &[u64]| elements(set, words).take(set.lwe_dimension()).flat_map(u64::to_le_bytes).collect();
        self.words.chunks(set.encrypted_verdict_words()).map(mask)
    }

    /// The phase of each verdict under a binary LWE key of that set, at the top of the 64-bit torus.
    pub(super) fn phases(&self, set: &TfheSet, secret: &[u64]) -> impl Iterator<Item = u64> {
        self.words.chunks(set.encrypted_verdict_words()).map(move |words| {
            let mut elements = elements(set, words);
            let products = secret.iter().zip(elements.by_ref()).map(|(&s, a)| s.wrapping_mul(a));
            let product = products.fold(0, u64::wrapping_add);
            elements.next().unwrap_or(0).wrapping_sub(product) << (64 - set.answer_modulus_log2)
        })
    }
}

/// Encrypted bits of an answer.
pub(super) fn samples(extent: &Extent<'_>) -> usize {
    match extent.disclosure {
        Disclosure::Labelled => extent.verdicts().saturating_mul(OUTPUTS),
        Disclosure::Any | Disclosure::Each | Disclosure::Count => extent.verdicts(),
    }
}

/// Bytes of an answer, but for what frames it.
pub(crate) fn answer_bytes(set: &TfheSet, extent: &Extent<'_>) -> u64 {
    samples(extent) as u64 * set.encrypted_verdict_bytes() as u64 + 8 * words_of_boxes(extent) as u64
}

/// Words of an answer's boxes.
fn words_of_boxes(extent: &Extent<'_>) -> usize {
    match extent.disclosure {
        Disclosure::Labelled => extent.probes.saturating_mul(sealed_words(extent.functional.largest_gallery())),
        Disclosure::Any | Disclosure::Each | Disclosure::Count => 0,
    }
}

impl Crossing for EncryptedVerdicts {
    type Set = Marked<TfheSet>;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        encode(self)
    }

    fn decode(bytes: &[u8], set: &Marked<TfheSet>, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let answer: Self = decode_canonical(bytes, Self::limit_bytes(set, extent))?;
        let words = set.encrypted_verdict_words();
        let of_verdicts = samples(extent) * words;
        if answer.parameters != set.id() || answer.words.len() != of_verdicts + words_of_boxes(extent) {
            return Err(CrossingError::Dimensions("verdicts"));
        }
        let used = (set.lwe_dimension() + 1) * set.answer_modulus_log2;
        for verdict in answer.words.chunks(words).take(samples(extent)) {
            if elements(set, verdict).take(set.lwe_dimension()).all(|element| element == 0) {
                return Err(CrossingError::Trivial);
            }
            // Padding must be zero: one verdict, one encoding.
            if !used.is_multiple_of(64) && verdict.last().is_some_and(|word| word >> (used % 64) != 0) {
                return Err(CrossingError::NotCanonical);
            }
        }
        Ok(answer)
    }

    fn limit_bytes(set: &Marked<TfheSet>, extent: &Extent<'_>) -> u64 {
        answer_bytes(set, extent) + 512
    }
}
