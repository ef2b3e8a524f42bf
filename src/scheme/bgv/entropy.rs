//! What answers tell at most, whatever evaluation keys make of a circuit: what floods leave of phases (docs/protocol.md, section 6).

use super::answer::{BESIDE_A_RESIDUE, KEY_NUMBERS, MANY_SAMPLES};
use super::labelled::Layout;
use crate::agreement::Disclosure;
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// Bits that the numbers that leave for a probe tell at most of phases that may be anything: of so many ring elements under `each`.
///
/// Under `labelled` shares are uniform but for what each class of them adds up to, so that of residues the sums are left.
pub(in crate::scheme) fn bits_of_any_phases(set: &BgvSet, disclosure: Disclosure, hits: usize, elements: usize) -> u64 {
    let residue = f64::from(PLAINTEXT_MODULUS).log2();
    let numbers = |count: usize| count as f64 * (residue + BESIDE_A_RESIDUE);
    let bits = match disclosure {
        Disclosure::Any => numbers(MANY_SAMPLES),
        Disclosure::Count => numbers(1),
        Disclosure::Each => numbers(elements * set.ring_size() + KEY_NUMBERS),
        Disclosure::Labelled => {
            let sums = Layout::new(hits).classes() as f64 * residue;
            sums + set.ring_size() as f64 * BESIDE_A_RESIDUE + numbers(KEY_NUMBERS)
        }
    };
    bits.ceil() as u64
}
