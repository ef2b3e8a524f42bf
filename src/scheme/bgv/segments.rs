//! Many probes in one ciphertext: each in a *segment* of the slots, beside the others.
//!
//! In a segment stand the coordinates of one probe, again and again with period d, and reference r owns its slot r. A score is read from d slots,
//! its own and those that follow, in however many steps they are rotated there. So a segment of S >= R + d - 1 slots, S a multiple of d, keeps
//! to itself, and the linear stage is that of one probe. R is what the agreement admits, not who is enrolled: both parties know it, and by it, with the
//! number of probes of a query, whether and how they are bundled.
//!
//! A query of one probe is not: its reference owns a slot of all.

use std::ops::Range;

use crate::functional::{Functional, SampleLayout};
use crate::parameters::bgv::BgvSet;

/// Where segments lie: side by side in each row of slots, in none of which a score wraps around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::scheme) struct Segments {
    /// d.
    period: usize,
    /// S.
    length: usize,
    per_row: usize,
    row: usize,
}

impl Segments {
    /// For so many coordinates and references; none where two do not fit.
    pub(in crate::scheme) fn new(set: &BgvSet, coordinates: usize, references: usize) -> Option<Self> {
        let (period, row) = (coordinates.checked_next_power_of_two()?, set.ring_size() / 2);
        let length = references.max(1).checked_add(period - 1)?.checked_next_multiple_of(period)?;
        let per_row = row / length;
        (per_row > 0).then_some(Self { period, length, per_row, row })
    }

    /// Probes of a ciphertext, at most: two or more.
    pub(in crate::scheme) fn probes(self) -> usize {
        2 * self.per_row
    }

    /// Subjects that a segment has slots for: no fewer than the agreement admits.
    pub(in crate::scheme) fn places(self) -> usize {
        self.length - self.period + 1
    }

    /// The slots of one probe.
    pub(in crate::scheme) fn slots_of(self, probe: usize) -> Range<usize> {
        let start = probe / self.per_row * self.row + probe % self.per_row * self.length;
        start..start + self.length
    }

    /// Those of them that subjects stand in.
    pub(in crate::scheme) fn places_of(self, probe: usize) -> Range<usize> {
        let start = self.slots_of(probe).start;
        start..start + self.places()
    }
}

/// Who stands in the slots of a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::scheme) enum Standing {
    /// One probe.
    Alone,
    /// So many, in a segment each, from the first one on.
    Together(Segments, usize),
}

impl Standing {
    pub(in crate::scheme) fn probes(self) -> usize {
        match self {
            Self::Alone => 1,
            Self::Together(_, probes) => probes,
        }
    }

    /// The slots of one probe, of `n` in all.
    pub(in crate::scheme) fn slots_of(self, probe: usize, n: usize) -> Range<usize> {
        match self {
            Self::Alone => 0..n,
            Self::Together(segments, _) => segments.slots_of(probe),
        }
    }
}

/// Which probes of a query share their ciphertexts. A *bundle* of probes has a ciphertext for each of their samples.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheme) struct Bundling {
    segments: Option<Segments>,
    probes: usize,
}

impl Bundling {
    /// Of a query of so many probes.
    pub(in crate::scheme) fn of(set: &BgvSet, functional: &Functional, probes: usize) -> Self {
        let bundled = probes > 1 && functional.probes_together() > 1;
        let segments = || Segments::new(set, functional.coordinates(), functional.largest_gallery());
        Self { segments: bundled.then(segments).flatten(), probes }
    }

    /// Where probes stand, if they share ciphertexts.
    pub(in crate::scheme) fn segments(self) -> Option<Segments> {
        self.segments
    }

    /// Probes of a bundle, at most.
    fn together(self) -> usize {
        self.segments.map_or(1, Segments::probes)
    }

    pub(in crate::scheme) fn bundles(self) -> usize {
        self.probes.div_ceil(self.together())
    }

    /// The probes of each bundle.
    pub(in crate::scheme) fn all(self) -> impl Iterator<Item = Range<usize>> {
        let together = self.together();
        (0..self.bundles()).map(move |bundle| bundle * together..((bundle + 1) * together).min(self.probes))
    }

    /// Where so many probes of a bundle stand.
    pub(in crate::scheme) fn standing(self, probes: usize) -> Standing {
        self.segments.map_or(Standing::Alone, |segments| Standing::Together(segments, probes))
    }

    /// Of each ciphertext of a query how many probes stand in it, where there are so many samples in all; none where probes that are bundled have not as
    /// many samples as the agreement says.
    pub(in crate::scheme) fn ciphertexts(
        self,
        functional: &Functional,
        samples: usize,
    ) -> Option<Box<dyn Iterator<Item = usize>>> {
        if self.segments.is_none() {
            return Some(Box::new(std::iter::repeat_n(1, samples)));
        }
        let of_probe = SampleLayout::fullest(functional.eyes()).eyes().len();
        let fits = self.probes.checked_mul(of_probe) == Some(samples);
        let of_bundle = move |probes: Range<usize>| std::iter::repeat_n(probes.len(), of_probe);
        fits.then(|| Box::new(self.all().flat_map(of_bundle)) as Box<dyn Iterator<Item = usize>>)
    }
}
