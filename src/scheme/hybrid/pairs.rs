//! Which probe and which subject stand in which slot of a block, and what decides on them.
//!
//! The pairs of a query are counted probe by probe, subject by subject, and N at a time are a block. Where an answer says nothing of
//! positions, the pairs of a block stand in a secret order, drawn for each block of each answer: a key in bad faith whose s is not the same in
//! all slots asks slots different things, and learns nothing of who stands where.

use std::ops::Range;

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use crate::agreement::{Disclosure, EyeRule};
use crate::functional::Functional;
use crate::scheme::Task;
use crate::scheme::bgv::shape::{Judgement, Plane, Shape};
use crate::scheme::subject::{Alignment, Subject, alignments};

/// The pairs of one block.
pub(super) struct Pairs<'a> {
    rows: Vec<Row<'a>>,
    /// For each slot the row that stands in it, beyond the last for a slot that is empty.
    order: Vec<usize>,
    pub(super) shape: Shape,
    /// Probes that have a pair in the block.
    pub(super) probes: Range<usize>,
}

/// One pair.
pub(super) struct Row<'a> {
    pub(super) probe: usize,
    /// The subject's place in the gallery.
    number: usize,
    pub(super) subject: Subject<'a>,
}

/// All pairs of a query, and N.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) block_size: usize,
}

impl<'a> Query<'a> {
    /// Pairs in all.
    pub(super) fn pairs(&self) -> usize {
        self.task.layouts.len().saturating_mul(self.task.subjects.len())
    }

    /// Blocks; where there is no pair, one that misses.
    pub(super) fn blocks(&self) -> usize {
        self.pairs().div_ceil(self.block_size).max(1)
    }

    /// The numbers of a block's pairs.
    pub(super) fn range(&self, block: usize) -> Range<usize> {
        let first = block.saturating_mul(self.block_size).min(self.pairs());
        first..first.saturating_add(self.block_size).min(self.pairs())
    }

    /// Whether no block after this one has pairs of a probe.
    pub(super) fn ends(&self, probe: usize, block: usize) -> bool {
        (probe + 1).saturating_mul(self.task.subjects.len()) <= self.range(block).end
    }

    /// The pairs of a block, in an order of their own.
    pub(super) fn block(&self, block: usize, rng: &mut ChaCha20Rng) -> Pairs<'a> {
        let (task, range) = (self.task, self.range(block));
        let subjects = task.subjects.len().max(1);
        let row = |pair: usize| {
            let (probe, number) = (pair / subjects, pair % subjects);
            let layout = task.layouts.get(probe).copied()?;
            Some(Row { probe, number, subject: Subject::new(task, layout, number) })
        };
        let rows: Vec<Row<'a>> = range.clone().into_par_iter().filter_map(row).collect();
        let mut order: Vec<usize> = (0..self.block_size).collect();
        if task.disclosure != Disclosure::Each {
            order.shuffle(rng);
        }
        let probes = match range.is_empty() {
            true => 0..task.layouts.len(),
            false => range.start / subjects..(range.end - 1) / subjects + 1,
        };
        Pairs { shape: shape(task.functional, &rows), rows, order, probes }
    }
}

/// As many pairs of templates in each group as the pair with the most of them has; at least one, which misses.
fn shape(functional: &Functional, rows: &[Row<'_>]) -> Shape {
    let groups = if functional.eyes() == EyeRule::All { 2 } else { 1 };
    let of_group = |group: usize| {
        let pairs = rows.iter().map(|row| row.subject.groups.get(group).map_or(0, Vec::len)).max();
        (0..pairs.unwrap_or(0).max(1)).map(move |ordinal| Plane { group, sample: 0, ordinal })
    };
    Shape {
        planes: (0..groups).flat_map(of_group).collect(),
        groups,
        alignments: functional.rotations().len(),
        judges_common_bits: functional.judges_common_bits(),
    }
}

impl<'a> Pairs<'a> {
    /// The pair in a slot.
    pub(super) fn at(&self, slot: usize) -> Option<&Row<'a>> {
        self.rows.get(*self.order.get(slot)?)
    }

    /// Numbers in the slots of one probe, 0 elsewhere.
    pub(super) fn of_probe(&self, probe: usize, mut number: impl FnMut() -> u32) -> Vec<u32> {
        let of_slot = |slot| match self.at(slot) {
            Some(row) if row.probe == probe => number(),
            _ => 0,
        };
        (0..self.order.len()).map(of_slot).collect()
    }

    /// The slots of one probe's pairs, each with the subject's place in the gallery.
    pub(super) fn subjects(&self, probe: usize) -> impl Iterator<Item = (usize, usize)> {
        let of_slot = move |slot: usize| self.at(slot).filter(|row| row.probe == probe).map(|row| (slot, row.number));
        (0..self.order.len()).filter_map(of_slot)
    }

    /// Every decision on the pairs, in the order in which a circuit takes them.
    pub(super) fn decisions(&self, functional: &Functional) -> Vec<Decision> {
        let of_plane = |&plane: &Plane| alignments(functional).map(move |alignment| Decision { plane, alignment });
        self.shape.planes.iter().flat_map(of_plane).collect()
    }
}

/// One decision on every pair of a block.
#[derive(Clone, Copy)]
pub(super) struct Decision {
    pub(super) plane: Plane,
    pub(super) alignment: Alignment,
}

impl Decision {
    /// Which polynomial judges it.
    pub(super) fn judgement(&self) -> Judgement {
        match self.alignment {
            Alignment::Rotated(_) => Judgement::Aligned,
            Alignment::CommonBits => Judgement::CommonBits,
        }
    }
}
