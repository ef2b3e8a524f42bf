//! How the subjects of a block are judged: what decisions there are, not what comes of them.

use crate::agreement::EyeRule;
use crate::functional::{Demand, Functional, SampleLayout};
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::template::Eye;

/// How the subjects of a block are judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scheme) struct Shape {
    /// The pairs of templates that every subject of the block is judged by, group by group.
    pub planes: Vec<Plane>,
    /// Groups that must all hit.
    pub groups: usize,
    /// Rotations of a pair.
    pub alignments: usize,
    /// Whether a pair also needs enough common bits.
    pub judges_common_bits: bool,
}

/// One pair of templates of every subject: a sample of the probe, and the subject's reference number `ordinal` in that group and sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scheme) struct Plane {
    pub group: usize,
    pub sample: usize,
    pub ordinal: usize,
}

/// Which polynomial judges a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Judgement {
    Aligned,
    CommonBits,
}

impl Shape {
    /// The largest shape of subjects with at most so many references, of each eye.
    pub(in crate::scheme) fn of_functional(functional: &Functional, references_per_subject: usize) -> Self {
        let alignments = functional.rotations().len();
        Self::largest(functional.eyes(), references_per_subject, alignments, functional.judges_common_bits())
    }

    /// The largest shape that terms admit.
    pub(in crate::scheme) fn demanded(demand: &Demand) -> Self {
        let judges_common_bits = demand.common_bits.is_some();
        Self::largest(demand.eyes, demand.references_per_subject, demand.alignments, judges_common_bits)
    }

    /// As many references of each eye as a subject may have.
    fn largest(eyes: EyeRule, references_per_subject: usize, alignments: usize, judges_common_bits: bool) -> Self {
        let pairs = match eyes {
            EyeRule::Ignored => vec![(0, 0)],
            EyeRule::Any => vec![(0, 0), (0, 1)],
            EyeRule::All => vec![(0, 0), (1, 1)],
        };
        let groups = if eyes == EyeRule::All { 2 } else { 1 };
        let planes = pairs.into_iter().flat_map(|(group, sample)| {
            (0..references_per_subject).map(move |ordinal| Plane { group, sample, ordinal })
        });
        Self { planes: planes.collect(), groups, alignments, judges_common_bits }
    }

    /// The shape of subjects of whom none has more than so many references of each of a layout's eyes.
    pub(in crate::scheme) fn of_layout(
        functional: &Functional,
        layout: SampleLayout,
        references: impl Fn(Option<Eye>) -> usize,
    ) -> Self {
        let conjunction = functional.eyes() == EyeRule::All;
        let groups = if conjunction { layout.eyes().len() } else { 1 };
        let mut planes: Vec<Plane> = Vec::new();
        for (sample, &eye) in layout.eyes().iter().enumerate() {
            let group = if conjunction { sample } else { 0 };
            planes.extend((0..references(eye)).map(|ordinal| Plane { group, sample, ordinal }));
        }
        // A group without any pair misses, which takes a decision that misses everywhere.
        for group in 0..groups {
            if !planes.iter().any(|plane| plane.group == group) {
                planes.push(Plane { group, sample: group, ordinal: 0 });
            }
        }
        planes.sort_unstable();
        let alignments = functional.rotations().len();
        Self { planes, groups, alignments, judges_common_bits: functional.judges_common_bits() }
    }

    pub(in crate::scheme) fn decisions_per_plane(&self) -> usize {
        self.alignments + usize::from(self.judges_common_bits)
    }

    pub(in crate::scheme) fn decisions(&self) -> usize {
        self.planes.len() * self.decisions_per_plane()
    }

    pub(in crate::scheme) fn is_single_decision(&self) -> bool {
        self.decisions() == 1
    }

    /// Whether all decisions must hit: every group has one pair, at one rotation.
    pub(in crate::scheme) fn is_conjunction(&self) -> bool {
        self.alignments == 1 && self.planes.len() == self.groups
    }

    /// Whether one sample answers `any` on so many subjects of one block exactly: their hits together cannot sum up to t.
    pub(in crate::scheme) fn one_sample_is_enough(&self, subjects: usize) -> bool {
        (subjects as u64).saturating_mul(self.largest_sum()) < PLAINTEXT_MODULUS.into()
    }

    /// The judgements of one plane, in order.
    pub(in crate::scheme) fn judgements(&self) -> impl Iterator<Item = Judgement> + use<> {
        let common = self.judges_common_bits.then_some(Judgement::CommonBits);
        std::iter::repeat_n(Judgement::Aligned, self.alignments).chain(common)
    }

    /// The largest sum that `any` can leave in a slot.
    pub(in crate::scheme) fn largest_sum(&self) -> u64 {
        let of_group = |group| self.planes.iter().filter(|plane| plane.group == group).count() * self.alignments;
        (0..self.groups).map(|group| of_group(group) as u64).fold(1, u64::saturating_mul)
    }
}
