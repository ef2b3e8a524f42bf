//! Scheme `bgv`: a whole block of references at a time, exact verdicts (docs/protocol.md, sections 4 and 8).
//!
//! Brakerski, Gentry, Vaikuntanathan, "(Leveled) fully homomorphic encryption without bootstrapping" (2012), in residue form, on the
//! transforms of `tfhe-ntt`. Files in the order data flows: `holder` encrypts; `distance` computes phi in every slot; `threshold` judges
//! it; `circuit` and `aggregate` combine decisions; `sanitise` hides everything but the verdict; `holder` decrypts. `evaluator` runs the
//! middle ones over a gallery. Below them the ring: `residues`, `modulus`, `ring`, `engine`; beside them `noise`, and `arithmetic`, which
//! weighs a circuit before it runs. [`laboratory`] measures, times and tries them.
//!
//! Scores and unsanitised verdicts have no public name: only [`keys::EvaluationKey`], [`ciphertexts::EncryptedProbes`] and
//! [`ciphertexts::EncryptedVerdicts`] cross.

mod admission;
pub(in crate::scheme) mod aggregate;
pub(in crate::scheme) mod answer;
pub(in crate::scheme) mod arithmetic;
pub(in crate::scheme) mod chain;
pub mod ciphertexts;
pub(in crate::scheme) mod circuit;
pub(in crate::scheme) mod distance;
pub(in crate::scheme) mod engine;
pub(in crate::scheme) mod entropy;
pub(in crate::scheme) mod evaluator;
pub(crate) mod holder;
pub(in crate::scheme) mod kept;
pub mod keys;
pub(in crate::scheme) mod labelled;
pub mod laboratory;
pub(in crate::scheme) mod lock;
pub(in crate::scheme) mod misfit;
pub(in crate::scheme) mod modulus;
pub(in crate::scheme) mod noise;
pub(in crate::scheme) mod packing;
mod pieces;
pub(in crate::scheme) mod pool;
pub(in crate::scheme) mod residues;
pub(in crate::scheme) mod ring;
pub(in crate::scheme) mod sampling;
pub(in crate::scheme) mod sanitise;
pub(in crate::scheme) mod segments;
pub(in crate::scheme) mod shape;
pub(in crate::scheme) mod threshold;
mod validity;

pub(crate) use circuit::admit;
pub(crate) use misfit::Misfit;

use crate::agreement::{Disclosure, SchemeId};
use crate::functional::Functional;
use crate::parameters::ParameterSet;
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::{Scheme, bits_of_handles};

/// The scheme.
#[derive(Debug)]
pub struct Bgv;

impl Scheme for Bgv {
    const ID: SchemeId = SchemeId::Bgv;
    type Set = BgvSet;
    type EvaluationKey = keys::EvaluationKey;
    type EncryptedProbes = ciphertexts::EncryptedProbes;
    type EncryptedVerdicts = ciphertexts::EncryptedVerdicts;

    fn set(parameters: &ParameterSet) -> Option<BgvSet> {
        parameters.bgv()
    }

    /// A count leaves as a number modulo t, of which a malformed probe may choose the value: log2 t bits.
    fn most_bits(disclosure: Disclosure, hits: u64, _: u64, references: u64) -> u64 {
        match disclosure {
            Disclosure::Any => 1,
            Disclosure::Each => references.max(1),
            Disclosure::Count => u64::from(u32::BITS - (PLAINTEXT_MODULUS - 1).leading_zeros()),
            Disclosure::Labelled => bits_of_handles(hits),
        }
    }

    fn most_bits_of_any_keys(set: &BgvSet, functional: &Functional, disclosure: Disclosure) -> u64 {
        let blocks = functional.largest_gallery().div_ceil(set.ring_size());
        let elements = blocks * answer::outputs_per_block(set, functional);
        entropy::bits_of_any_phases(set, disclosure, functional.hits_per_probe(), elements)
    }

    /// Under `each` a reference has a slot of its own, and the one-squaring variant answers nothing else; under `labelled` a hit has its handle. A count's one number would be that of
    /// the subject alone, unmasked: what a malformed probe makes of it is a polynomial of its score, where under `any` it is 0 or uniform.
    fn of_one_subject(agreed: Disclosure) -> Disclosure {
        match agreed {
            Disclosure::Each | Disclosure::Labelled => agreed,
            Disclosure::Any | Disclosure::Count => Disclosure::Any,
        }
    }
}
