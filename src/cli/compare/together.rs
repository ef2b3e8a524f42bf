//! Pairs of vectors or bits that nobody wants to see one by one: their summary, and which of them need a closer look.

use crate::functional::{Bulk, Functional, Judged, Kept, PIECE};
use crate::scheme::GrayZone;
use crate::template::TemplateShape;

use super::report::Summary;

/// Pairs judged at a time: those that need a closer look take 64 MB at most.
const PAIRS_TOGETHER: usize = 8 << 20;

/// Whether every pair is a single decision, whose noise depends on phi alone.
pub fn suits(functional: &Functional) -> bool {
    !matches!(functional.shape(), TemplateShape::Iris(_))
}

/// How many probes are judged at a time.
pub fn probes_together(references: usize) -> usize {
    (PAIRS_TOGETHER / references.max(1)).clamp(1, 1024).next_multiple_of(8)
}

/// What is kept of pairs of one probe.
pub struct Tally<'a> {
    /// Place of the first reference.
    first: usize,
    /// Of each reference, how far from the threshold noise reaches.
    reaches: &'a [f64],
    hits_only: bool,
    /// Pairs that encryption decides alike, and that are not listed.
    pub others: Summary,
    /// Places of the references of all other pairs, in order.
    pub closer: Vec<usize>,
}

impl Kept for &mut Tally<'_> {
    #[inline(always)]
    fn put(&mut self, from: usize, pairs: impl Iterator<Item = Judged>) {
        for ((place, reach), judged) in self.reaches.iter().enumerate().skip(from).zip(pairs) {
            if judged.phi.unsigned_abs() as f64 <= *reach || judged.hit && self.hits_only {
                self.closer.push(self.first + place);
            } else {
                self.others.add(judged.hit, judged.score);
            }
        }
    }
}

/// How far from the threshold noise reaches, for each reference.
pub fn reaches(zones: &[GrayZone]) -> Vec<f64> {
    zones.iter().map(GrayZone::reach).collect()
}

/// Of each of these probes, what is kept of its pairs with all references.
pub fn judge<'a>(
    bulk: &Bulk<'_>,
    first: usize,
    probes: usize,
    reaches: &'a [f64],
    hits_only: bool,
) -> Vec<Vec<Tally<'a>>> {
    let tally = |(piece, reaches)| Tally {
        first: piece * PIECE,
        reaches,
        hits_only,
        others: Summary::default(),
        closer: Vec::new(),
    };
    let row = |_| reaches.chunks(PIECE).enumerate().map(tally).collect();
    let mut rows: Vec<Vec<Tally<'_>>> = (0..probes).map(row).collect();
    bulk.keep(first, rows.iter_mut().map(|row| row.iter_mut()));
    rows
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::agreement::{SchemeChoice, Terms};
    use crate::functional::oracle::Oracle;
    use crate::planning;
    use crate::template::{RealVector, Template};

    #[test]
    fn pairs_that_are_only_counted_are_decided_alike_under_encryption() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for (scheme, hits_only) in
            [(SchemeChoice::Hybrid, false), (SchemeChoice::Hybrid, true), (SchemeChoice::Bgv, false)]
        {
            let agreement = planning::open(Terms::face(64).with_scheme(scheme)).unwrap();
            let functional = agreement.functional();
            // One direction in common, so that some pairs hit and some are close to the threshold.
            let mut template = || {
                let x = (0..64).map(|_| rng.random_range(-1.0..1.0) + 0.4).collect();
                Template::Vector(RealVector::new(x).unwrap())
            };
            let probes: Vec<_> = (0..9).map(|_| functional.probe(&template()).unwrap()).collect();
            let references: Vec<_> = (0..PIECE + 30).map(|_| functional.reference(&template()).unwrap()).collect();
            let norm = |reference| functional.form(reference, 0).norm();
            let zones: Vec<_> = references.iter().map(|y| GrayZone::of_weights(&agreement, norm(y))).collect();
            let (reaches, bulk) = (reaches(&zones), Bulk::new(functional, &probes, &references));
            for (probe, row) in probes.iter().zip(judge(&bulk, 0, probes.len(), &reaches, hits_only)) {
                let oracle = Oracle::new(functional, probe);
                let closer: Vec<usize> = row.iter().flat_map(|tally| tally.closer.clone()).collect();
                let mut others = Summary::default();
                for (place, (reference, zone)) in references.iter().zip(&zones).enumerate() {
                    let pair = oracle.compare(reference);
                    if closer.binary_search(&place).is_ok() {
                        assert!(pair.phi.unsigned_abs() as f64 <= zone.reach() || pair.hit && hits_only);
                        continue;
                    }
                    assert_eq!(zone.pair_flip_probability(&pair, &oracle.phis(reference)), 0.0);
                    assert!(!(zone.contains(pair.phi) || hits_only && pair.hit));
                    others.add(pair.hit, pair.score);
                }
                let mut told = Summary::default();
                row.iter().for_each(|tally| told.add_all(&tally.others));
                assert_eq!(told, others);
                // Both kinds of pairs are there.
                assert!(closer.is_empty() != (scheme == SchemeChoice::Hybrid) && closer.len() < references.len());
            }
        }
    }
}
