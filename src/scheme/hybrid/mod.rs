//! Scheme `hybrid`: scored as `tfhe` does, judged as `bgv` does, a block of pairs at a time (docs/protocol.md, section 9).
//!
//! Amortised functional bootstrapping (Liu, Wang, "Relaxed functional bootstrapping: a new perspective on BGV/BFV bootstrapping",
//! Asiacrypt 2024), cut down to what a verdict needs: one sign, of a score whose range is known and small. A probe is encrypted under an LWE
//! key s; its scores are LWE samples, switched to the plaintext modulus t of a `bgv` key set that holds s in its slots; there
//! b - <a, s> is a linear stage whose weights are the masks a, and a threshold as of any block.
//!
//! Files in the order data flows: `holder` encrypts; `pairs` says who stands in which slot; `bridge` scores and switches; `evaluator` judges
//! block after block; `validity` tests probes; `aggregate` leaves one number a probe, `labelled` sums of handles; `holder` decrypts. `scale` says
//! how phi lies modulo t, `admission` what a set
//! therefore admits. [`laboratory`] measures, times and tries them.

mod admission;
mod aggregate;
mod bridge;
pub mod ciphertexts;
mod evaluator;
pub(crate) mod holder;
pub mod keys;
mod labelled;
pub mod laboratory;
mod pairs;
mod scale;
mod soundness;
mod validity;

use crate::agreement::{Disclosure, SchemeId};
use crate::functional::Functional;
use crate::parameters::ParameterSet;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::Scheme;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::entropy::bits_of_any_phases;
pub(crate) use validity::seen_factor;

/// The scheme.
#[derive(Debug)]
pub struct Hybrid;

impl Scheme for Hybrid {
    const ID: SchemeId = SchemeId::Hybrid;
    type Set = HybridSet;
    type EvaluationKey = keys::EvaluationKey;
    type EncryptedProbes = ciphertexts::EncryptedProbes;
    type EncryptedVerdicts = ciphertexts::EncryptedVerdicts;

    fn set(parameters: &ParameterSet) -> Option<HybridSet> {
        parameters.hybrid()
    }

    /// What leaves are the same numbers as under scheme `bgv`: a malformed probe chooses the value of a count modulo t.
    fn most_bits(disclosure: Disclosure, hits: u64, subjects: u64, references: u64) -> u64 {
        Bgv::most_bits(disclosure, hits, subjects, references)
    }

    /// Of a block that probes share each is told all.
    fn most_bits_of_any_keys(set: &HybridSet, functional: &Functional, disclosure: Disclosure) -> u64 {
        let blocks = admission::blocks_of_a_probe(set, functional.largest_gallery());
        let elements = blocks * ciphertexts::outputs(functional);
        bits_of_any_phases(&set.ring(), disclosure, functional.hits_per_probe(), elements)
    }

    /// As under scheme `bgv`, for the same reason.
    fn of_one_subject(agreed: Disclosure) -> Disclosure {
        Bgv::of_one_subject(agreed)
    }
}
