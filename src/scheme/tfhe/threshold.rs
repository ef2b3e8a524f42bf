//! Stage 5: the sign of an encrypted phase, by one programmable bootstrap with a constant test polynomial. The same bootstrap takes a cosine
//! where probes are tested (see `validity`).
//!
//! Batched, so that the bootstrap key is read once for many samples, with a *centred* modulus switch: the sum of the rounding
//! errors, weighted by the mean 1/2 of a binary key, is added to the body (as
//! `lwe_ciphertext_centered_binary_modulus_switch` of `tfhe` does), which halves their deviation.

use ::tfhe::core_crypto::fft_impl::fft64::crypto::bootstrap::batch_blind_rotate_assign_scratch;
use ::tfhe::core_crypto::prelude::*;
use rayon::prelude::*;

use super::keys::PreparedKey;
use super::{Lwe, MODULUS};
use crate::scheme::{Progress, Stopped};

/// Samples that share one pass over the bootstrap key. Sixteen accumulators of `tfhe-896-2048` fill 1 MB, the
/// second-level cache of current server cores.
pub(super) const BATCH: usize = 16;

/// What a bootstrap makes of a phase x in [0, 1/2); of x + 1/2 it makes the same with the other sign.
#[derive(Clone, Copy)]
pub(super) enum Function {
    /// This amplitude.
    Sign(u64),
    /// This amplitude times cos(2 pi x), to 2^-30 of it, so that every machine has the same numbers.
    Cosine(u64),
}

impl Function {
    /// One value for each of so many equal parts of [0, 1/2).
    fn table(self, parts: usize) -> Vec<u64> {
        match self {
            Self::Sign(amplitude) => vec![amplitude; parts],
            Self::Cosine(amplitude) => {
                let middle = |part: usize| (part as f64 + 0.5) / parts as f64;
                let cosine = |part: usize| ((std::f64::consts::PI * middle(part)).cos() * COSINE_UNITS).round() as i64;
                (0..parts).map(|part| (amplitude >> COSINE_BITS).wrapping_mul(cosine(part) as u64)).collect()
            }
        }
    }
}

/// Bits after the point of a cosine.
const COSINE_BITS: u32 = 30;
const COSINE_UNITS: f64 = (1u64 << COSINE_BITS) as f64;

/// An LWE sample rounded to exponents modulo 2 N, centred.
pub(super) struct Exponents {
    mask: Vec<usize>,
    body: usize,
    modulus_log2: usize,
}

impl Exponents {
    pub(super) fn new(sample: &[u64], modulus_log2: usize) -> Self {
        let dropped = 64 - modulus_log2;
        let half = 1u64 << (dropped - 1);
        let (&body, mask) = sample.split_last().unwrap_or((&0, &[]));
        let mut errors = 0i64; // at most 2^51 each, below 2^62 in sum
        let round = |&element: &u64| {
            let exponent = element.wrapping_add(half) >> dropped;
            errors += (exponent << dropped).wrapping_sub(element) as i64;
            exponent as usize
        };
        let mask = mask.iter().map(round).collect();
        // Centre, then round down: phase 0 is the least that counts as positive.
        let body = body.wrapping_add((errors / 2) as u64) >> dropped;
        Self { mask, body: body as usize, modulus_log2 }
    }
}

#[cfg(test)]
impl Exponents {
    /// Elements of the mask that a blind rotation does not skip, and all of them.
    pub(super) fn rotations(&self) -> (usize, usize) {
        (self.mask.iter().filter(|&&exponent| exponent != 0).count(), self.mask.len())
    }
}

impl ModulusSwitchedLweCiphertext<usize> for Exponents {
    fn log_modulus(&self) -> CiphertextModulusLog {
        CiphertextModulusLog(self.modulus_log2)
    }

    fn lwe_dimension(&self) -> LweDimension {
        LweDimension(self.mask.len())
    }

    fn body(&self) -> usize {
        self.body
    }

    fn mask(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.mask.iter().copied()
    }
}

impl PreparedKey {
    /// +`amplitude` where a sample's phase is in [0, 1/2), -`amplitude` elsewhere: see [`PreparedKey::bootstrapped`].
    pub(super) fn signs<T: AsRef<Lwe> + Sync>(
        &self,
        samples: &[T],
        amplitude: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<Lwe>, Stopped> {
        self.bootstrapped(samples, Function::Sign(amplitude), progress)
    }

    /// A function of each sample's phase, under the bootstrap output key.
    ///
    /// Inputs are under the query key. Runs on all cores, and reports one step a sample.
    pub(super) fn bootstrapped<T: AsRef<Lwe> + Sync>(
        &self,
        samples: &[T],
        function: Function,
        progress: &dyn Progress,
    ) -> Result<Vec<Lwe>, Stopped> {
        let table = function.table(self.parameters.polynomial_size);
        let batch = samples.len().div_ceil(rayon::current_num_threads()).clamp(1, BATCH);
        let run = |buffers: &mut ComputationBuffers, batch: &[T]| {
            if progress.stop() {
                return Err(Stopped);
            }
            let outputs = self.batch(batch, &table, buffers);
            progress.advance(batch.len() as u64);
            Ok(outputs)
        };
        let batches: Result<Vec<_>, _> =
            samples.par_chunks(batch).map_init(ComputationBuffers::new, |buffers, batch| run(buffers, batch)).collect();
        Ok(batches?.into_iter().flatten().collect())
    }

    /// One batch on this thread.
    fn batch<T: AsRef<Lwe>>(&self, samples: &[T], table: &[u64], buffers: &mut ComputationBuffers) -> Vec<Lwe> {
        let set = self.parameters;
        let polynomial_size = PolynomialSize(set.polynomial_size);
        let modulus_log2 = polynomial_size.to_blind_rotation_input_modulus_log().0;
        let exponents: Vec<_> =
            samples.iter().map(|sample| Exponents::new(sample.as_ref().as_ref(), modulus_log2)).collect();
        #[cfg(test)]
        self.effort.note(&exponents);
        let mut accumulators = GlweCiphertextList::new(
            0u64,
            set.glwe_size(),
            polynomial_size,
            GlweCiphertextCount(samples.len()),
            MODULUS,
        );
        for mut accumulator in accumulators.iter_mut() {
            accumulator.get_mut_body().as_mut().copy_from_slice(table);
        }
        let fft = self.fft.as_view();
        let scratch = batch_blind_rotate_assign_scratch::<u64>(
            set.glwe_size(),
            polynomial_size,
            CiphertextCount(samples.len()),
            fft,
        );
        buffers.resize(scratch.unaligned_bytes_required());
        self.bootstrap.as_view().batch_blind_rotate_assign(
            accumulators.as_mut_view(),
            &exponents,
            fft,
            buffers.stack(),
        );
        let size = LweDimension(set.bootstrapped_dimension()).to_lwe_size();
        let extract = |accumulator: GlweCiphertextView<'_, u64>| {
            let mut sign = Lwe::new(0, size, MODULUS);
            extract_lwe_sample_from_glwe_ciphertext(&accumulator, &mut sign, MonomialDegree(0));
            sign
        };
        accumulators.iter().map(extract).collect()
    }

    /// Back from the bootstrap output key to the query key.
    pub(super) fn keyswitch(&self, sample: &Lwe) -> Lwe {
        let size = LweDimension(self.parameters.lwe_dimension()).to_lwe_size();
        let mut switched = Lwe::new(0, size, MODULUS);
        keyswitch_lwe_ciphertext(&self.keyswitch, sample, &mut switched);
        switched
    }
}
