//! Repeated measurements of one thing.

use serde::Serialize;
use statrs::statistics::{Data, Max, Min, OrderStatistics};

/// Median and spread of a few measurements, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many.
    pub repeats: usize,
    /// The shortest.
    pub least: f64,
    /// A quarter is shorter.
    pub lower_quartile: f64,
    /// Half is shorter.
    pub median: f64,
    /// A quarter is longer.
    pub upper_quartile: f64,
    /// The longest.
    pub greatest: f64,
}

impl Spread {
    /// Of at least one measurement.
    pub fn of(seconds: Vec<f64>) -> Self {
        let repeats = seconds.len();
        let mut data = Data::new(seconds);
        Self {
            repeats,
            least: data.min(),
            lower_quartile: data.lower_quartile(),
            median: data.median(),
            upper_quartile: data.upper_quartile(),
            greatest: data.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_in_order_and_one_measurement_is_its_own_median() {
        let spread = Spread::of(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((spread.repeats, spread.least, spread.median, spread.greatest), (5, 1.0, 3.0, 5.0));
        assert!(spread.lower_quartile > 1.0 && spread.lower_quartile < 3.0, "{spread:?}");
        assert!(spread.upper_quartile > 3.0 && spread.upper_quartile < 5.0, "{spread:?}");
        let one = Spread::of(vec![2.5]);
        assert_eq!(
            (one.least, one.lower_quartile, one.median, one.upper_quartile, one.greatest),
            (2.5, 2.5, 2.5, 2.5, 2.5)
        );
    }
}
