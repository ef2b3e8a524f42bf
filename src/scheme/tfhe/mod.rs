//! Scheme `tfhe`: one encrypted decision at a time, tiny queries, any metric (docs/protocol.md, section 3).
//!
//! The only importer of the crate `tfhe`. Files in the order data flows: `holder` encrypts; `distance` computes the
//! encrypted scores; `threshold` takes their sign; `validity` tests the probe; `aggregate` combines signs; `sanitise` hides everything but the
//! verdict; `labelled` has the keys and boxes of handles; `holder` decrypts. `evaluator` runs the middle ones over a gallery, and [`laboratory`] measures, times and tries them.
//!
//! Encrypted scores and bits have no public name: only `keys::EvaluationKey`, `ciphertexts::EncryptedProbes` and
//! `ciphertexts::EncryptedVerdicts` cross.

mod aggregate;
pub(crate) mod ciphertexts;
pub(in crate::scheme) mod distance;
#[cfg(test)]
mod effort;
mod evaluator;
pub(crate) mod fourier;
pub mod holder;
pub mod keys;
mod labelled;
pub mod laboratory;
pub mod noise;
pub(in crate::scheme) mod query;
mod sanitise;
mod scale;
mod soundness;
mod threshold;
pub(in crate::scheme) mod validity;

use ::tfhe::core_crypto::prelude::*;
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::agreement::{Disclosure, SchemeId};
use crate::functional::Functional;
use crate::parameters::Marked;
use crate::parameters::ParameterSet;
use crate::parameters::tfhe::TfheSet;
use crate::scheme::Scheme;
use crate::template::Handle;
pub(crate) use ciphertexts::answer_bytes;
pub(crate) use labelled::OUTPUTS;
pub(crate) use validity::{TESTED_FROM, seen_factor};

/// The scheme.
#[derive(Debug)]
pub struct Tfhe;

impl Scheme for Tfhe {
    const ID: SchemeId = SchemeId::Tfhe;
    type Set = Marked<TfheSet>;
    type EvaluationKey = keys::EvaluationKey;
    type EncryptedProbes = ciphertexts::EncryptedProbes;
    type EncryptedVerdicts = ciphertexts::EncryptedVerdicts;

    fn set(parameters: &ParameterSet) -> Option<Marked<TfheSet>> {
        parameters.tfhe()
    }

    /// The last flood is uniform among 2^(b + 1) of 2^64 numbers, a quarter of the torus for b = 61: two bits of each bit that leaves. Under `labelled`
    /// these may be half of as many keys of boxes, whose other halves can be tried.
    fn most_bits_of_any_keys(set: &Marked<TfheSet>, functional: &Functional, disclosure: Disclosure) -> u64 {
        let of_flood = |bits: usize| (bits as u64).saturating_mul(63u64.saturating_sub(set.flooding_log2.into()));
        match disclosure {
            Disclosure::Any => of_flood(1),
            Disclosure::Each | Disclosure::Count => of_flood(functional.largest_gallery()),
            Disclosure::Labelled => {
                let keys = of_flood(labelled::OUTPUTS);
                keys + keys / KNOWN_OF_A_KEY * 8 * Handle::MOST_BYTES as u64
            }
        }
    }

    /// Under `labelled` a hit has its handle.
    fn of_one_subject(agreed: Disclosure) -> Disclosure {
        match agreed {
            Disclosure::Labelled => agreed,
            Disclosure::Any | Disclosure::Each | Disclosure::Count => Disclosure::Any,
        }
    }
}

/// Bits of a box's key that are as good as the key, with 2^64 tries.
const KNOWN_OF_A_KEY: u64 = 64;

/// An LWE sample over the 64-bit torus.
type Lwe = LweCiphertextOwned<u64>;

/// The 64-bit torus.
const MODULUS: CiphertextModulus<u64> = CiphertextModulus::new_native();

/// `tfhe` draws its seeds from the caller's generator.
struct RngSeeder<'a>(&'a mut dyn CryptoRng);

impl Seeder for RngSeeder<'_> {
    fn seed(&mut self) -> ::tfhe::core_crypto::commons::math::random::Seed {
        // Of a secret key, too.
        let mut bytes = Zeroizing::new([0; 16]);
        self.0.fill_bytes(bytes.as_mut());
        ::tfhe::core_crypto::commons::math::random::Seed(u128::from_le_bytes(*bytes))
    }

    fn is_available() -> bool {
        true
    }
}

impl TfheSet {
    fn query_noise(&self) -> TUniform<u64> {
        TUniform::new(self.query_noise_log2)
    }

    fn glwe_noise(&self) -> TUniform<u64> {
        TUniform::new(self.glwe_noise_log2)
    }

    fn glwe_size(&self) -> GlweSize {
        GlweDimension(self.glwe_dimension).to_glwe_size()
    }
}
