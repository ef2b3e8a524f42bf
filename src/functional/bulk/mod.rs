//! All pairs of many probes and references in the clear, about as fast as a matrix product of real numbers.
//!
//! [`super::oracle`] defines every verdict, one pair at a time. Here are the same phi, the same verdicts and the same scores for all pairs at
//! once: integer vectors as a product of matrices (`products`), bits by words, and irises by the oracle itself, on all cores. Nothing is
//! approximate; tests hold each pair to the oracle.

mod bits;
mod error;
mod kernel;
mod meaning;
mod products;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;

use super::oracle::{Comparison, Oracle};
use super::{Functional, ProbeSample, Reference};
use bits::Codes;
pub use error::BulkError;
use kernel::{ACROSS, DOWN};
use meaning::Meaning;
use products::Products;

/// References of a task: a row of the result is kept in pieces of so many pairs.
pub(crate) const PIECE: usize = 1024;

/// Most probes of a task: each brings references into the form that the kernel reads, which costs as much as ten probes.
const PROBES_OF_A_TASK: usize = 1024;

/// A sum for each of eight probes and sixteen references: an inner product, or a number of differing bits.
type Sums = [[i64; ACROSS]; DOWN];

/// What is said of a pair: [`Comparison`], without what only irises have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// Whether the pair is a hit.
    pub hit: bool,
    /// In the metric's own unit.
    pub score: f64,
    /// Positive iff it hits, but for an iris with too few common bits.
    pub phi: i64,
}

impl From<Comparison> for Judged {
    fn from(Comparison { hit, score, phi, .. }: Comparison) -> Self {
        Self { hit, score, phi }
    }
}

/// What is kept of a piece of a row: of one probe with at most [`PIECE`] references.
pub(crate) trait Kept: Send {
    /// Pairs with references from this one on, counted within the piece. There may be more pairs than references are left: they say
    /// nothing. Implementations are to be `#[inline(always)]`, so that they run on the widest instructions.
    fn put(&mut self, from: usize, pairs: impl Iterator<Item = Judged>);
}

/// Scores and verdicts of a piece.
struct Verdicts<'a> {
    scores: &'a mut [f32],
    hits: &'a mut [bool],
}

impl Kept for Verdicts<'_> {
    #[inline(always)]
    fn put(&mut self, from: usize, pairs: impl Iterator<Item = Judged>) {
        let scores = self.scores.iter_mut().skip(from);
        for ((score, hit), judged) in scores.zip(self.hits.iter_mut().skip(from)).zip(pairs) {
            (*score, *hit) = (judged.score as f32, judged.hit);
        }
    }
}

/// Many probes and references, ready to be compared each with each.
///
/// Memory: two bytes (four where coordinates are longer than 16 bits) for each coordinate of the probes, 256 KB a thread for references
/// beside the references themselves.
pub struct Bulk<'a> {
    functional: &'a Functional,
    probes: Vec<&'a ProbeSample>,
    references: Vec<&'a Reference>,
    way: Way<'a>,
}

/// How pairs are judged.
enum Way<'a> {
    /// By inner products.
    Products(Products<'a>, Meaning),
    /// By differing bits.
    Codes(Codes<'a>, Meaning),
    /// Pair by pair.
    Oracle,
}

/// Some probes with some references, and what is kept of each probe's pairs.
struct Task<K> {
    probes: Range<usize>,
    references: Range<usize>,
    rows: Vec<K>,
}

impl<'a> Bulk<'a> {
    /// Prepares probes and references that `functional` has made.
    pub fn new(
        functional: &'a Functional,
        probes: impl IntoIterator<Item = &'a ProbeSample>,
        references: impl IntoIterator<Item = &'a Reference>,
    ) -> Self {
        let (probes, references) = (probes.into_iter().collect::<Vec<_>>(), references.into_iter().collect::<Vec<_>>());
        let way = Way::of(functional, &probes, &references);
        Self { functional, probes, references, way }
    }

    /// Scores, in the metric's own unit, and verdicts of some probes with all references: a row of `scores` and `hits` for each probe.
    ///
    /// The scores are those of [`Comparison::score`], rounded to 32 bits; verdicts are of the unrounded integers.
    ///
    /// # Errors
    ///
    /// [`BulkError`] where there are no such probes, or the length of `scores` or `hits` is not that of all pairs.
    pub fn judge(&self, probes: Range<usize>, scores: &mut [f32], hits: &mut [bool]) -> Result<(), BulkError> {
        if probes.end > self.probes.len() {
            return Err(BulkError::Probes { end: probes.end, probes: self.probes.len() });
        }
        let width = self.references.len();
        // Both are in memory, one by one, wherever the product matters.
        let expected = probes.len().saturating_mul(width);
        for (what, found) in [("scores", scores.len()), ("hits", hits.len())] {
            if found != expected {
                return Err(BulkError::Length { what, expected, found });
            }
        }
        let rows = scores.chunks_mut(width.max(1)).zip(hits.chunks_mut(width.max(1)));
        let rows = rows.map(|(scores, hits)| {
            let pieces = scores.chunks_mut(PIECE).zip(hits.chunks_mut(PIECE));
            pieces.map(|(scores, hits)| Verdicts { scores, hits })
        });
        self.keep(probes.start, rows);
        Ok(())
    }

    /// Compares probes from `first` on with all references: each row is a probe's, in pieces of [`PIECE`] references.
    pub(crate) fn keep<K: Kept>(&self, first: usize, rows: impl Iterator<Item = impl Iterator<Item = K>>) {
        self.tasks(first, rows).into_par_iter().for_each(|task| self.run(task));
    }

    fn tasks<K>(&self, first: usize, rows: impl Iterator<Item = impl Iterator<Item = K>>) -> Vec<Task<K>> {
        let mut tasks = Vec::new();
        let mut begun: Vec<Task<K>> = Vec::new();
        for (probe, row) in (first..self.probes.len()).zip(rows) {
            if begun.is_empty() {
                begun = self.columns(probe);
            }
            for (task, piece) in begun.iter_mut().zip(row) {
                task.rows.push(piece);
                task.probes.end = probe + 1;
            }
            if (probe + 1 - first).is_multiple_of(PROBES_OF_A_TASK) {
                tasks.append(&mut begun);
            }
        }
        tasks.append(&mut begun);
        tasks
    }

    /// Tasks without rows, one for each piece of a row.
    fn columns<K>(&self, probe: usize) -> Vec<Task<K>> {
        let all = self.references.len();
        let task = |start| Task { probes: probe..probe, references: start..all.min(start + PIECE), rows: Vec::new() };
        (0..all).step_by(PIECE).map(task).collect()
    }

    fn run<K: Kept>(&self, Task { probes, references, rows }: Task<K>) {
        let mut rows = Rows { first_probe: probes.start, first_reference: references.start, rows };
        match &self.way {
            Way::Products(products, meaning) => products.each(
                probes,
                references,
                #[inline(always)]
                |probe, reference, sums| rows.put(meaning, probe, reference, sums),
            ),
            Way::Codes(codes, meaning) => codes.each(
                probes,
                references,
                #[inline(always)]
                |probe, reference, sums| rows.put(meaning, probe, reference, sums),
            ),
            Way::Oracle => {
                let references = self.references.get(references).unwrap_or_default();
                for (probe, row) in self.probes.iter().skip(probes.start).zip(&mut rows.rows) {
                    let oracle = Oracle::new(self.functional, probe);
                    row.put(0, references.iter().map(|reference| oracle.compare(reference).into()));
                }
            }
        }
    }
}

/// The rows of a task, and where they begin.
struct Rows<K> {
    first_probe: usize,
    first_reference: usize,
    rows: Vec<K>,
}

impl<K: Kept> Rows<K> {
    #[inline(always)]
    fn put(&mut self, meaning: &Meaning, probe: usize, reference: usize, sums: &Sums) {
        // Groups of eight may begin before the rows do.
        let sums = (probe..).zip(sums).skip(self.first_probe.saturating_sub(probe));
        let rows = self.rows.iter_mut().skip(probe.saturating_sub(self.first_probe));
        for (row, (probe, sums)) in rows.zip(sums) {
            meaning.put(row, reference - self.first_reference, probe, reference, sums);
        }
    }
}

impl<'a> Way<'a> {
    fn of(functional: &Functional, probes: &[&'a ProbeSample], references: &[&'a Reference]) -> Self {
        Self::products(functional, probes, references)
            .or_else(|| Self::codes(functional, probes, references))
            .unwrap_or(Self::Oracle)
    }

    fn products(functional: &Functional, probes: &[&'a ProbeSample], references: &[&'a Reference]) -> Option<Self> {
        let probes = probes.iter().map(|probe| match probe {
            ProbeSample::Integers(x) => Some(x.as_slice()),
            _ => None,
        });
        let references = references.iter().map(|reference| match reference {
            Reference::Integers(y) => Some(y.as_slice()),
            _ => None,
        });
        let (probes, references) = (probes.collect::<Option<Vec<_>>>()?, references.collect::<Option<Vec<_>>>()?);
        let products = Products::new(&probes, &references)?;
        Some(Self::Products(products, Meaning::of_products(functional, &probes, &references)?))
    }

    fn codes(functional: &Functional, probes: &[&'a ProbeSample], references: &[&'a Reference]) -> Option<Self> {
        let probes = probes.iter().map(|probe| match probe {
            ProbeSample::Bits(a) => Some(a.words()),
            _ => None,
        });
        let references = references.iter().map(|reference| match reference {
            Reference::Bits(b) => Some(b.words()),
            _ => None,
        });
        let codes = Codes { probes: probes.collect::<Option<_>>()?, references: references.collect::<Option<_>>()? };
        Some(Self::Codes(codes, Meaning::of_codes(functional)?))
    }
}
