//! How many numbers answer, and how near their noise comes to telling anything.

use super::threshold::Polynomial;
use crate::agreement::EyeRule;
use crate::functional::Functional;
use crate::parameters::bgv::BgvSet;
use crate::scheme::Unanswered;

/// Samples that answer `any`: one where the number of matches of a probe cannot reach t, else [`MANY_SAMPLES`].
pub(in crate::scheme) const MANY_SAMPLES: usize = 4;

/// Numbers of the key to the pads of what leaves for a probe under `each` and `labelled` ([`super::lock`]): 128 bits.
pub(in crate::scheme) const KEY_NUMBERS: usize = 8;

/// Bits that a flood leaves beside a residue modulo t, of a phase that may be anything (`sanitise`).
pub(super) const BESIDE_A_RESIDUE: f64 = 0.14;

/// Ring elements that answer for one block under `each`.
pub(in crate::scheme) fn outputs_per_block(set: &BgvSet, functional: &Functional) -> usize {
    match set.one_squaring {
        true => Polynomial::squared_roots(*functional.phi_range().end()).len(),
        // A conjunction of decisions.
        false if functional.judges_common_bits() || functional.eyes() == EyeRule::All => MANY_SAMPLES,
        false => 1,
    }
}

/// The answer on one probe is within this, as a logarithm, of one that depends on its verdicts alone (docs/protocol.md,
/// section 6).
pub(in crate::scheme) const LEAKAGE_LIMIT_LOG2: f64 = -40.0;

/// Whether the answer on each probe, at such a statistical distance, keeps to [`LEAKAGE_LIMIT_LOG2`].
///
/// # Errors
///
/// [`Unanswered::Flooding`] with the largest where one does not.
pub(in crate::scheme) fn require_hidden(leakage: &[f64]) -> Result<(), Unanswered> {
    let leakage_log2 = leakage.iter().copied().fold(0.0, f64::max).log2();
    match leakage_log2 > LEAKAGE_LIMIT_LOG2 {
        true => Err(Unanswered::Flooding { leakage_log2, limit_log2: LEAKAGE_LIMIT_LOG2 }),
        false => Ok(()),
    }
}

/// Flooding of a whole answer of 2^17 coefficients: N 2^-b <= 2^-40 (docs/protocol.md, section 6).
pub(in crate::scheme) const LEAST_FLOODING_BITS: f64 = 57.0;
