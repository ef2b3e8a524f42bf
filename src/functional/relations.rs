//! What holds of the coordinates of every template, by which a probe that is none is told from one.

use std::ops::Range;

use super::{Counting, Functional, Metric};

/// `times` sum_(i in squares) t_i^2 = sum_j factor_j t_j + `constant`, with the j and their factors in `linear`; over the integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Coordinates whose squares are added up.
    pub squares: Range<usize>,
    /// What their sum is multiplied by.
    pub times: i64,
    /// Coordinates, and what each is multiplied by.
    pub linear: Vec<(usize, i64)>,
    /// Added to that.
    pub constant: i64,
}

impl Functional {
    /// How many coordinates from the first on have a length that is bounded for every template, and the longest that they can be.
    ///
    /// All of them; but under the squared Euclidean metric the last one, twice the vector's squared length, is as large as all others together.
    pub(crate) fn longest_probe(&self) -> (usize, f64) {
        let length = match self.metric {
            Metric::Hamming { dimension, .. } => (dimension as f64).sqrt(),
            Metric::FractionalHamming { shape, theta, unit, .. } => {
                let own = match self.counting {
                    Some(Counting::OwnMask { unit }) => unit,
                    _ => 0,
                };
                let mask = (unit as f64 - 2.0 * theta as f64).hypot(own as f64);
                ((shape.bits() as f64).sqrt() * unit as f64).hypot((shape.mask_bits() as f64).sqrt() * mask)
            }
            // Rounding may have made it longer by 1 %: see `quantise`.
            Metric::Cosine { probe_norm, .. } => 2.0 * 1.01 * f64::from(probe_norm),
            Metric::InnerProduct { longest, .. } => 2.0 * longest as f64,
            Metric::SquaredEuclidean { longest, .. } => 4.0 * longest as f64,
        };
        let untested = usize::from(matches!(self.metric, Metric::SquaredEuclidean { .. }));
        (self.coordinates() - untested, length)
    }

    /// What holds of [`Functional::probe_coordinates`] and of [`Functional::witness`] behind them, whatever the template, in a field of this
    /// order.
    ///
    /// | metric | relations |
    /// |---|---|
    /// | Hamming | t_i^2 = 1 |
    /// | fractional Hamming | (S-2 theta) t_i^2 = S^2 t_j for a bit i and its mask j, t_j^2 = (S-2 theta) t_j |
    /// | squared Euclidean | sum t_i^2 = 8 t_j, for the last coordinate j; and those of a vector |
    /// | a vector | range and length: see [`super::witness`] |
    ///
    /// No other coordinates obey them, also in a field; but see there for the length of long vectors. A mask that is encrypted twice has none.
    pub(crate) fn relations(&self, order: u32) -> Vec<Relation> {
        match self.metric {
            Metric::Hamming { dimension, .. } => {
                let one = |i| Relation { squares: i..i + 1, times: 1, linear: Vec::new(), constant: 1 };
                (0..dimension).map(one).collect()
            }
            Metric::FractionalHamming { shape, theta, unit, .. } => {
                let (bits, multiplicity, valid) = (shape.bits(), shape.mask_multiplicity(), unit - 2 * theta);
                let code = (0..bits).map(|i| Relation {
                    squares: i..i + 1,
                    times: valid,
                    linear: vec![(bits + i / multiplicity, unit * unit)],
                    constant: 0,
                });
                let mask = (bits..bits + shape.mask_bits()).map(|j| Relation {
                    squares: j..j + 1,
                    times: 1,
                    linear: vec![(j, valid)],
                    constant: 0,
                });
                code.chain(mask).collect()
            }
            Metric::SquaredEuclidean { dimension, .. } => {
                let square = Relation { squares: 0..dimension, times: 1, linear: vec![(dimension, 8)], constant: 0 };
                std::iter::once(square).chain(self.shown(order)).collect()
            }
            Metric::Cosine { .. } | Metric::InnerProduct { .. } => self.shown(order),
        }
    }
}
