//! What a sum says of a pair: phi, the verdict and the score, as the oracle tells them.

use super::super::{Functional, Metric};
use super::kernel::ACROSS;
use super::{Judged, Kept};

/// A metric's constants, and the squared lengths of templates where they matter.
pub(super) enum Meaning {
    /// Of differing bits.
    Hamming {
        threshold: i64,
    },
    /// Of an inner product; likewise the others.
    Cosine {
        threshold: i64,
        phi_per_score: f64,
    },
    InnerProduct {
        threshold: i64,
        phi_per_score: f64,
    },
    SquaredEuclidean {
        threshold: i64,
        shift: i64,
        phi_per_score: f64,
        probes: Vec<i64>,
        references: Vec<i64>,
    },
}

impl Meaning {
    /// None where the metric counts no bits in this way.
    pub fn of_codes(functional: &Functional) -> Option<Self> {
        match *functional.metric() {
            Metric::Hamming { threshold, .. } => Some(Self::Hamming { threshold }),
            _ => None,
        }
    }

    /// Of vectors whose inner products fit ([`super::products::Products::new`]); none where the metric has no such vectors.
    pub fn of_products(functional: &Functional, probes: &[&[i32]], references: &[&[i16]]) -> Option<Self> {
        let phi_per_score = functional.phi_per_score();
        match *functional.metric() {
            Metric::Cosine { threshold, .. } => Some(Self::Cosine { threshold, phi_per_score }),
            Metric::InnerProduct { threshold, .. } => Some(Self::InnerProduct { threshold, phi_per_score }),
            Metric::SquaredEuclidean { threshold, shift, .. } => {
                let (probes, references) = (squared_lengths(probes), squared_lengths(references));
                Some(Self::SquaredEuclidean { threshold, shift, phi_per_score, probes, references })
            }
            _ => None,
        }
    }

    /// Gives what the sums of a probe with references from `reference` on say to `kept`, where they are from `from` on.
    #[inline(always)]
    pub fn put<K: Kept>(&self, kept: &mut K, from: usize, probe: usize, reference: usize, sums: &[i64; ACROSS]) {
        let sums = sums.iter();
        match *self {
            Self::Hamming { threshold } => kept.put(
                from,
                sums.map(
                    #[inline(always)]
                    |&differing| Judged::new(differing as f64, 2 * (threshold - differing) + 1),
                ),
            ),
            Self::Cosine { threshold, phi_per_score } => kept.put(
                from,
                sums.map(
                    #[inline(always)]
                    |&product| {
                        let cosine = 2.0 * product as f64 / phi_per_score;
                        Judged::new(cosine.clamp(-1.0, 1.0), 2 * (product - threshold) + 1)
                    },
                ),
            ),
            Self::InnerProduct { threshold, phi_per_score } => kept.put(
                from,
                sums.map(
                    #[inline(always)]
                    |&product| Judged::new(2.0 * product as f64 / phi_per_score, 2 * (product - threshold) + 1),
                ),
            ),
            Self::SquaredEuclidean { threshold, shift, phi_per_score, ref probes, ref references } => {
                let x = probes.get(probe).copied().unwrap_or_default();
                let references = references.iter().skip(reference);
                kept.put(
                    from,
                    sums.zip(references).map(
                        #[inline(always)]
                        |(&product, &y)| {
                            let square = x + y - 2 * product;
                            let unrounded = (square - shift).max(0);
                            Judged::new(2.0 * unrounded as f64 / phi_per_score, 2 * (threshold - square) + 1)
                        },
                    ),
                );
            }
        }
    }
}

impl Judged {
    #[inline(always)]
    fn new(score: f64, phi: i64) -> Self {
        Self { hit: phi > 0, score, phi }
    }
}

/// Their inner products with others fit in 40 bits, so these do in 64.
fn squared_lengths<T: Copy + Into<i64>>(vectors: &[&[T]]) -> Vec<i64> {
    vectors.iter().map(|x| x.iter().map(|&x| x.into() * x.into()).sum()).collect()
}
