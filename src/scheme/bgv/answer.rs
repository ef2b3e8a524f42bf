//! How many numbers answer, and how near their noise comes to telling anything.

use super::threshold::Polynomial;
use crate::agreement::EyeRule;
use crate::functional::Functional;
use crate::parameters::bgv::BgvSet;

/// Samples that answer `any`: one where the number of matches of a probe cannot reach t, else [`MANY_SAMPLES`].
pub(in crate::scheme) const MANY_SAMPLES: usize = 4;

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

/// Flooding of a whole answer of 2^17 coefficients: N 2^-b <= 2^-40 (docs/protocol.md, section 6).
pub(in crate::scheme) const LEAST_FLOODING_BITS: f64 = 57.0;
