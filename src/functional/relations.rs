//! What holds of the coordinates of every template, by which a probe that is none is told from one.

use std::ops::Range;

use super::{Functional, Metric};

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
