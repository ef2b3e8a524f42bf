//! What a probe shows of its vector beside its coordinates: digits of numbers that lie in a range, so that relations of squares alone hold
//! the vector to its range and its length.
//!
//! A field knows no order. But a number is in [0, M] iff it is a sum of bits b_k, b_k^2 = b_k, times weights 1, 2, 4, ... of which the last one is
//! what is left to M. So the querier sends such bits: of x_i + n for each coordinate, |x_i| <= n; and of n^2 - sum x_i^2 for *windows* of
//! coordinates, so short that the sum of what each admits stays below the field's order, and of windows of those, up to the whole vector.

use std::ops::Range;

use super::{Functional, Metric, ProbeSample, Relation};

/// A number of a vector that lies in [0, most].
struct Number {
    of: Of,
    most: i64,
    /// Where its bits begin, counted from the coordinates on.
    start: usize,
}

enum Of {
    /// x_i + n.
    Coordinate(usize),
    /// n^2 - sum x_i^2 over these.
    Squares(Range<usize>),
}

/// A vector's terms as integers.
struct Vector {
    dimension: usize,
    /// Units of a coordinate that is sent for one of the vector's.
    unit: i64,
    /// n: no vector is longer.
    longest: i64,
    /// Nor is its square shorter.
    shortest_square: i64,
}

/// 1, 2, 4, ..., and what is left to `most`: their sums are all numbers up to it, and no other.
fn weights(most: i64) -> Vec<i64> {
    let bits = i64::BITS - most.leading_zeros();
    let powers = (0..bits.saturating_sub(1)).map(|bit| 1i64 << bit);
    let rest = most - ((1i64 << bits.saturating_sub(1)) - 1);
    powers.chain((bits > 0).then_some(rest)).collect()
}

/// The bits of a number in [0, most], by [`weights`].
fn bits(number: i64, most: i64) -> Vec<i64> {
    let weights = weights(most);
    let mut rest = number;
    let mut bits: Vec<i64> = Vec::with_capacity(weights.len());
    // The last weight is at most one more than the sum of the others.
    for &weight in weights.iter().rev() {
        let bit = i64::from(rest >= weight);
        rest -= bit * weight;
        bits.push(bit);
    }
    bits.reverse();
    bits
}

impl Vector {
    fn of(functional: &Functional) -> Option<Self> {
        match *functional.metric() {
            _ if !functional.is_exact() => None,
            Metric::Cosine { dimension, probe_norm, .. } => {
                let longest = i64::from(probe_norm);
                Some(Self {
                    dimension,
                    unit: 2,
                    longest,
                    shortest_square: (9_604 * longest * longest + 9_999) / 10_000,
                })
            }
            Metric::InnerProduct { dimension, longest, .. } => {
                Some(Self { dimension, unit: 2, longest, shortest_square: 0 })
            }
            Metric::SquaredEuclidean { dimension, longest, .. } => {
                Some(Self { dimension, unit: 4, longest, shortest_square: 0 })
            }
            Metric::Hamming { .. } | Metric::FractionalHamming { .. } => None,
        }
    }

    /// The numbers that lie in a range, in a field of this order.
    fn numbers(&self, order: i64) -> Vec<Number> {
        let square = self.longest * self.longest;
        let coordinates = (0..self.dimension).map(|i| (Of::Coordinate(i), 2 * self.longest));
        let mut numbers: Vec<(Of, i64)> = coordinates.collect();
        // Squares add up to less than the order over so many coordinates of that range, or windows of that length.
        let together = (order - 1) / square.max(1);
        if let together @ 2.. = usize::try_from(together).unwrap_or(0) {
            let mut length = together;
            while length < self.dimension {
                let windows = (0..self.dimension).step_by(length);
                numbers.extend(windows.map(|i| (Of::Squares(i..(i + length).min(self.dimension)), square)));
                length *= together;
            }
            numbers.push((Of::Squares(0..self.dimension), square - self.shortest_square));
        }
        let mut start = 0;
        let placed = numbers.into_iter().map(|(of, most)| {
            let number = Number { of, most, start };
            start += weights(most).len();
            number
        });
        placed.collect()
    }
}

impl Functional {
    /// Bits of a probe's witness, for a field of this order; none where relations of its coordinates are enough.
    pub(crate) fn witness_bits(&self, order: u32) -> usize {
        let numbers = Vector::of(self).map(|vector| vector.numbers(order.into()));
        let last = numbers.as_ref().and_then(|numbers| numbers.last());
        last.map_or(0, |number| number.start + weights(number.most).len())
    }

    /// The bits that show that a probe's vector keeps to its range and its length. Secret to the querier.
    pub(crate) fn witness(&self, probe: &ProbeSample, order: u32) -> Vec<i64> {
        let (Some(vector), ProbeSample::Integers(x)) = (Vector::of(self), probe) else { return Vec::new() };
        let square = |range: Range<usize>| -> i64 {
            x.get(range).unwrap_or_default().iter().map(|&x| i64::from(x) * i64::from(x)).sum()
        };
        let shown = vector.numbers(order.into()).into_iter().flat_map(|number| {
            let value = match number.of {
                Of::Coordinate(i) => x.get(i).map_or(0, |&x| i64::from(x)) + vector.longest,
                Of::Squares(range) => vector.longest * vector.longest - square(range),
            };
            bits(value, number.most)
        });
        shown.collect()
    }

    /// What holds of a vector's coordinates and of its witness, which stands behind them.
    pub(super) fn shown(&self, order: u32) -> Vec<Relation> {
        let Some(vector) = Vector::of(self) else { return Vec::new() };
        let (numbers, first) = (vector.numbers(order.into()), self.coordinates());
        let bit =
            |place: usize| Relation { squares: place..place + 1, times: 1, linear: vec![(place, 1)], constant: 0 };
        let number = |Number { of, most, start }: Number| {
            let weights = weights(most).into_iter().zip(first + start..);
            match of {
                // unit n + t_i = unit (sum w_k b_k).
                Of::Coordinate(i) => Relation {
                    squares: 0..0,
                    times: 0,
                    linear: weights.map(|(weight, place)| (place, weight * vector.unit)).chain([(i, -1)]).collect(),
                    constant: -vector.unit * vector.longest,
                },
                // sum t_i^2 = unit^2 (n^2 - sum w_k b_k).
                Of::Squares(range) => Relation {
                    squares: range,
                    times: 1,
                    linear: weights.map(|(weight, place)| (place, -weight * vector.unit * vector.unit)).collect(),
                    constant: (vector.unit * vector.longest).pow(2),
                },
            }
        };
        let bits = first..first + self.witness_bits(order);
        bits.map(bit).chain(numbers.into_iter().map(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_make_every_number_up_to_the_most_and_no_other() {
        for most in 0..200 {
            let weights = weights(most);
            for number in 0..=most {
                let bits = bits(number, most);
                let sum: i64 = bits.iter().zip(&weights).map(|(bit, weight)| bit * weight).sum();
                assert!(sum == number && bits.iter().all(|bit| (0..=1).contains(bit)), "{number} of {most}");
            }
            assert_eq!(weights.iter().sum::<i64>(), most);
            assert!(weights.iter().all(|&weight| weight > 0));
        }
    }

    /// What the proof of docs/protocol.md, section 8, needs: that no sum of squares reaches the order before it is held to a length.
    #[test]
    fn windows_are_short_enough_and_cover_the_vector() {
        const ORDER: i64 = 65_537;
        for (dimension, longest) in [(3, 16), (40, 16), (512, 38), (512, 128), (2048, 90), (16_384, 64), (512, 181)] {
            let vector = Vector { dimension, unit: 2, longest, shortest_square: 0 };
            // Squares of the range, then of each window's length.
            let (mut length, mut parts) = (1, dimension);
            for number in vector.numbers(ORDER) {
                let Of::Squares(range) = number.of else { continue };
                if range.len() > length && range.start == 0 {
                    parts = range.len().div_ceil(length);
                    length = range.len();
                }
                assert!((parts as i64) * longest * longest < ORDER, "{dimension} {longest} {range:?}");
            }
            assert!(length == dimension, "{dimension} {longest}");
        }
        let far = Vector { dimension: 512, unit: 2, longest: 182, shortest_square: 0 };
        assert!(far.numbers(ORDER).iter().all(|number| matches!(number.of, Of::Coordinate(_))));
    }
}
