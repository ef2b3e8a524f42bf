//! A double without encryption, so that everything around a scheme can be tested fast and against another implementation.
//!
//! Compiled into tests alone (`cfg(test)`): it cannot be built into a release.

use rand::CryptoRng;
use zeroize::Zeroizing;

use super::{
    Crossing, CrossingError, Disclosed, Evaluator, Extent, Holder, PartDigest, Parts, Progress, Randomness, Scheme,
    Stopped, Task, Unanswered,
};
use crate::agreement::{Disclosure, SchemeId};
use crate::functional::{Functional, LinearForm, Probe, pairs};
use crate::parameters::Marked;
use crate::parameters::ParameterSet;
use crate::parameters::tfhe::TfheSet;

/// The scheme. Hides nothing.
pub(crate) struct Clear;

impl Scheme for Clear {
    const ID: SchemeId = SchemeId::Tfhe;
    type Set = Marked<TfheSet>;
    type EvaluationKey = Plain<u8>;
    type EncryptedProbes = Plain<i64>;
    type EncryptedVerdicts = Plain<u8>;

    fn set(parameters: &ParameterSet) -> Option<Marked<TfheSet>> {
        parameters.tfhe()
    }

    fn most_bits_of_any_keys(_: &Marked<TfheSet>, _: &Functional, _: Disclosure) -> u64 {
        u64::MAX
    }
}

/// Numbers as they are.
pub(crate) struct Plain<T>(Vec<T>);

/// A number with eight little-endian bytes, and how many of them belong to an extent.
pub(crate) trait Number: Copy + Send + Sync {
    fn to_i64(self) -> i64;
    fn from_i64(number: i64) -> Option<Self>;
    fn count(extent: &Extent<'_>) -> usize;
}

impl Number for i64 {
    fn to_i64(self) -> i64 {
        self
    }
    fn from_i64(number: i64) -> Option<Self> {
        Some(number)
    }
    fn count(extent: &Extent<'_>) -> usize {
        extent.samples * extent.functional.coordinates()
    }
}

impl Number for u8 {
    fn to_i64(self) -> i64 {
        self.into()
    }
    fn from_i64(number: i64) -> Option<Self> {
        number.try_into().ok()
    }
    fn count(extent: &Extent<'_>) -> usize {
        extent.verdicts().max(1)
    }
}

impl<T: Number> Crossing for Plain<T> {
    type Set = Marked<TfheSet>;

    fn encode(&self) -> Result<Vec<u8>, CrossingError> {
        Ok(self.0.iter().flat_map(|number| number.to_i64().to_le_bytes()).collect())
    }

    fn decode(bytes: &[u8], _: &Marked<TfheSet>, extent: &Extent<'_>) -> Result<Self, CrossingError> {
        let (words, rest) = bytes.as_chunks::<8>();
        let numbers: Option<Vec<T>> = words.iter().map(|&word| T::from_i64(i64::from_le_bytes(word))).collect();
        match numbers {
            Some(numbers) if rest.is_empty() && numbers.len() == T::count(extent) => Ok(Self(numbers)),
            _ => Err(CrossingError::Dimensions("numbers")),
        }
    }

    fn limit_bytes(_: &Marked<TfheSet>, extent: &Extent<'_>) -> u64 {
        8 * T::count(extent) as u64
    }
}

impl Holder for Clear {
    type SecretKey = u8;

    fn generate(_: &Marked<TfheSet>, rng: &mut dyn CryptoRng) -> (u8, Plain<u8>) {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        (0, Plain(byte.to_vec()))
    }

    fn encrypt(_: &u8, functional: &Functional, probes: &[Probe], _: &mut dyn CryptoRng) -> Plain<i64> {
        let samples = probes.iter().flat_map(Probe::samples);
        Plain(samples.flat_map(|sample| functional.probe_coordinates(sample)).collect())
    }

    fn decrypt(_: &u8, extent: &Extent<'_>, verdicts: &Plain<u8>) -> Vec<Disclosed> {
        let bits = |bits: &[u8]| Disclosed::Bits(bits.iter().map(|&bit| bit == 1).collect());
        verdicts.0.chunks(extent.verdicts_per_probe).map(bits).collect()
    }

    fn export_secret(key: &u8) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(vec![*key])
    }

    fn import_secret(bytes: &[u8], _: &Marked<TfheSet>) -> Option<u8> {
        bytes.first().copied()
    }
}

impl Evaluator for Clear {
    const STEP: &'static str = "probe";
    type PreparedKey = ();
    type PreparedGallery = ();

    fn prepare_key(_: Plain<u8>, _: &Marked<TfheSet>) {}

    fn prepare_gallery(_: &Marked<TfheSet>, _: &Functional, _: u64) {}

    fn answer(
        (): &(),
        (): &(),
        task: &Task<'_>,
        probes: &Plain<i64>,
        _: &Randomness,
        _: &mut Parts,
        progress: &dyn Progress,
    ) -> Result<Plain<u8>, Unanswered> {
        let functional = task.functional;
        let mut samples = probes.0.chunks(functional.coordinates());
        let mut verdicts = Vec::new();
        for layout in task.layouts {
            if progress.stop() {
                return Err(Stopped.into());
            }
            let probe: Vec<&[i64]> = samples.by_ref().take(layout.eyes().len()).collect();
            let bits: Vec<bool> = (0..task.subjects.len())
                .map(|index| {
                    let references = task.subjects.references(index);
                    let groups = pairs(functional.eyes(), *layout, &references);
                    task.subjects.may_match(index)
                        && groups.iter().all(|group| {
                            group.iter().any(|&(sample, reference)| {
                                let reference = &references[reference].1;
                                let positive = |form: LinearForm| form.evaluate(probe[sample]) > 0;
                                let aligned =
                                    functional.rotations().into_iter().any(|k| positive(functional.form(reference, k)));
                                aligned && functional.common_bits_form(reference).is_none_or(positive)
                            })
                        })
                })
                .collect();
            match task.disclosure {
                Disclosure::Any => verdicts.push(u8::from(bits.contains(&true))),
                Disclosure::Each | Disclosure::Count | Disclosure::Labelled => {
                    verdicts.extend(bits.into_iter().map(u8::from))
                }
            }
            progress.advance(1);
        }
        Ok(Plain(verdicts))
    }

    fn parts(_: &Marked<TfheSet>, _: &Task<'_>) -> usize {
        0
    }

    fn part(
        (): &(),
        _: &Task<'_>,
        _: &Plain<i64>,
        _: &Randomness,
        _: usize,
        _: &dyn Progress,
    ) -> Result<Option<PartDigest>, Unanswered> {
        Ok(None)
    }

    fn steps(_: &Marked<TfheSet>, task: &Task<'_>) -> u64 {
        task.layouts.len() as u64
    }
}
