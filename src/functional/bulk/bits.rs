//! Differing bits of many codes, each with each.

use std::ops::Range;

use super::Sums;
use super::kernel::{ACROSS, DOWN};

/// Codes of one length, 64 bits a word.
pub(super) struct Codes<'a> {
    pub probes: Vec<&'a [u64]>,
    pub references: Vec<&'a [u64]>,
}

impl Codes<'_> {
    /// Gives the differing bits of eight probes with up to sixteen references to `take`, with the place of the first of either.
    pub fn each(&self, probes: Range<usize>, references: Range<usize>, take: impl FnMut(usize, usize, &Sums)) {
        // Bits are counted by the processor where it can.
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.each_with(probes, references, take),
        );
    }

    #[inline(always)]
    fn each_with(&self, probes: Range<usize>, references: Range<usize>, mut take: impl FnMut(usize, usize, &Sums)) {
        for probe in probes.clone().step_by(DOWN) {
            let down = self.probes.get(probe..probes.end.min(probe + DOWN)).unwrap_or_default();
            for reference in references.clone().step_by(ACROSS) {
                let across = self.references.get(reference..references.end.min(reference + ACROSS)).unwrap_or_default();
                let mut sums = [[0; ACROSS]; DOWN];
                for (sums, a) in sums.iter_mut().zip(down) {
                    for (sum, b) in sums.iter_mut().zip(across) {
                        *sum = differing(a, b);
                    }
                }
                take(probe, reference, &sums);
            }
        }
    }
}

#[inline(always)]
fn differing(a: &[u64], b: &[u64]) -> i64 {
    a.iter().zip(b).map(|(a, b)| i64::from((a ^ b).count_ones())).sum()
}
