//! Error rates at every threshold, from the closeness of genuine and impostor pairs.
//!
//! FMR: the share of impostor pairs that hit. FNMR: the share of genuine pairs that miss. Terms as in ISO/IEC 19795-1; thresholds here are
//! closenesses ([`super::scale::Scale`]), and a pair hits from the threshold up.

/// Closeness of all pairs of one kind of score, sorted.
pub struct Distribution {
    genuine: Vec<f64>,
    impostor: Vec<f64>,
}

/// Both error rates at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// A closeness.
    pub threshold: f64,
    /// False matches.
    pub false_matches: u64,
    /// False non-matches.
    pub false_non_matches: u64,
}

impl Distribution {
    /// Sorts both.
    pub(crate) fn new(genuine: impl IntoIterator<Item = f64>, impostor: impl IntoIterator<Item = f64>) -> Self {
        let sorted = |closeness: Vec<f64>| {
            let mut closeness = closeness;
            closeness.sort_by(f64::total_cmp);
            closeness
        };
        Self { genuine: sorted(genuine.into_iter().collect()), impostor: sorted(impostor.into_iter().collect()) }
    }

    /// Genuine pairs.
    pub(crate) fn genuine(&self) -> u64 {
        self.genuine.len() as u64
    }

    /// Impostor pairs.
    pub(crate) fn impostor(&self) -> u64 {
        self.impostor.len() as u64
    }

    /// Share of impostor pairs that hit.
    pub(crate) fn fmr(&self, point: &Point) -> f64 {
        point.false_matches as f64 / self.impostor().max(1) as f64
    }

    /// Share of genuine pairs that miss.
    pub(crate) fn fnmr(&self, point: &Point) -> f64 {
        point.false_non_matches as f64 / self.genuine().max(1) as f64
    }

    /// Errors where a pair hits from `threshold` up.
    pub(crate) fn at(&self, threshold: f64) -> Point {
        Point {
            threshold,
            false_matches: (self.impostor.len() - below(&self.impostor, threshold)) as u64,
            false_non_matches: below(&self.genuine, threshold) as u64,
        }
    }

    /// The observed threshold where both rates are nearest to each other.
    pub(crate) fn equal_error(&self) -> Point {
        let gap = |point: &Point| self.fmr(point) - self.fnmr(point);
        // The gap only falls as the threshold rises: look where it changes sign, among the scores of either kind.
        let crossing = |closeness: &[f64]| {
            let first = closeness.partition_point(|&threshold| gap(&self.at(threshold)) > 0.0);
            closeness.iter().skip(first.saturating_sub(1)).take(2).copied().collect::<Vec<_>>()
        };
        let candidates = [crossing(&self.genuine), crossing(&self.impostor)].concat();
        let points = candidates.into_iter().map(|threshold| self.at(threshold));
        let nearest = points.min_by(|a, b| gap(a).abs().total_cmp(&gap(b).abs()));
        nearest.unwrap_or(Point { threshold: 0.0, false_matches: 0, false_non_matches: 0 })
    }

    /// Mean of both rates where they are nearest to each other.
    pub(crate) fn equal_error_rate(&self) -> f64 {
        let point = self.equal_error();
        (self.fmr(&point) + self.fnmr(&point)) / 2.0
    }

    /// The laxest observed threshold at which the FMR is at most `target`; none where even the strictest has more.
    pub(crate) fn at_fmr(&self, target: f64) -> Option<Point> {
        let admitted = (target * self.impostor.len() as f64).floor() as usize;
        let beyond = self.impostor.len().checked_sub(admitted + 1).and_then(|place| self.impostor.get(place));
        let excluded = beyond.copied().unwrap_or(f64::NEG_INFINITY);
        let above = |closeness: &[f64]| closeness.get(closeness.partition_point(|&c| c <= excluded)).copied();
        let next = [above(&self.genuine), above(&self.impostor)].into_iter().flatten().reduce(f64::min)?;
        Some(self.at(next))
    }

    /// The closest impostor that the FMR `target` leaves out: a threshold must exclude it. None where no pair need be left out.
    pub(crate) fn excluded_at_fmr(&self, target: f64) -> Option<f64> {
        let admitted = (target * self.impostor.len() as f64).floor() as usize;
        self.impostor.len().checked_sub(admitted + 1).and_then(|place| self.impostor.get(place)).copied()
    }

    /// Some `count` points of the curve of both rates, strictest last; dense where either rate is small.
    pub(crate) fn curve(&self, count: usize) -> Vec<Point> {
        let ranks = |closeness: &[f64]| -> Vec<f64> {
            let last = closeness.len().saturating_sub(1) as f64;
            // As many points in each decade of the rank from either end.
            let ends = (0..=count / 2).map(|i| (i as f64 / (count / 2).max(1) as f64 * (last + 1.0).ln()).exp() - 1.0);
            let places = ends.flat_map(|rank| [rank.round(), (last - rank).round()]);
            places.filter_map(|place| closeness.get(place as usize).copied()).collect()
        };
        let mut thresholds = [ranks(&self.genuine), ranks(&self.impostor)].concat();
        thresholds.retain(|threshold| threshold.is_finite());
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        thresholds.into_iter().map(|threshold| self.at(threshold)).collect()
    }

    /// Counts in `bins` equal bins from `low` to `high`: genuine, then impostor. What lies outside is left out.
    pub(crate) fn histogram(&self, low: f64, high: f64, bins: usize) -> (Vec<u64>, Vec<u64>) {
        let edge = |i: usize| low + (high - low) * i as f64 / bins as f64;
        let counted = |closeness: &[f64]| {
            let at_edge = |i| match i == bins {
                true => closeness.partition_point(|&c| c <= high),
                false => below(closeness, edge(i)),
            };
            (0..bins).map(|i| (at_edge(i + 1) - at_edge(i)) as u64).collect()
        };
        (counted(&self.genuine), counted(&self.impostor))
    }
}

fn below(sorted: &[f64], threshold: f64) -> usize {
    sorted.partition_point(|&closeness| closeness < threshold)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn small() -> Distribution {
        Distribution::new([0.4, 0.6, 0.7, 0.9], [0.1, 0.2, 0.3, 0.5, 0.5])
    }

    #[test]
    fn rates_count_from_the_threshold_up() {
        let small = small();
        let point = small.at(0.5);
        assert_eq!((point.false_matches, point.false_non_matches), (2, 1));
        assert_eq!(small.at(0.500_001).false_matches, 0);
        assert_eq!((small.fmr(&point), small.fnmr(&point)), (0.4, 0.25));
    }

    #[test]
    fn a_target_takes_the_laxest_threshold_that_keeps_it() {
        let small = small();
        assert_eq!(small.at_fmr(0.4).unwrap().threshold, 0.4);
        assert_eq!(small.at_fmr(0.2).unwrap().threshold, 0.6);
        assert_eq!(small.at_fmr(1.0).unwrap().threshold, 0.1);
        assert_eq!(small.excluded_at_fmr(0.4), Some(0.3));
        let hopeless = Distribution::new([0.1], [0.9]);
        assert_eq!(hopeless.at_fmr(0.5), None);
    }

    #[test]
    fn equal_errors_are_found_also_where_nothing_overlaps_or_all_is_equal() {
        assert_eq!(Distribution::new([0.8, 0.9], [0.1, 0.2]).equal_error_rate(), 0.0);
        assert_eq!(Distribution::new([0.5], [0.5]).equal_error_rate(), 0.5);
        assert_eq!(Distribution::new([0.1], [0.9]).equal_error_rate(), 1.0);
    }

    #[test]
    fn a_histogram_counts_everything_in_its_range() {
        let (genuine, impostor) = small().histogram(0.0, 1.0, 4);
        assert_eq!((genuine, impostor), (vec![0, 1, 2, 1], vec![2, 1, 2, 0]));
        let (_, ends) = Distribution::new([0.0], [0.0, 1.0]).histogram(0.0, 1.0, 2);
        assert_eq!(ends, [1, 1], "the last bin has its upper edge");
    }

    proptest! {
        /// By going through all thresholds.
        #[test]
        fn the_equal_error_rate_is_that_of_an_exhaustive_search(
            genuine in prop::collection::vec(0u8..50, 1..40),
            impostor in prop::collection::vec(0u8..50, 1..40),
        ) {
            let values = |scores: &[u8]| scores.iter().map(|&score| f64::from(score)).collect::<Vec<_>>();
            let distribution = Distribution::new(values(&genuine), values(&impostor));
            let all = [values(&genuine), values(&impostor)].concat();
            let gap = |point: &Point| (distribution.fmr(point) - distribution.fnmr(point)).abs();
            let least = all.iter().map(|&t| gap(&distribution.at(t))).fold(f64::INFINITY, f64::min);
            prop_assert!((gap(&distribution.equal_error()) - least).abs() < 1e-12);
        }

        #[test]
        fn a_curve_falls_in_one_rate_and_rises_in_the_other(
            genuine in prop::collection::vec(0u8..50, 1..40),
            impostor in prop::collection::vec(0u8..50, 1..40),
        ) {
            let values = |scores: &[u8]| scores.iter().map(|&score| f64::from(score)).collect::<Vec<_>>();
            let curve = Distribution::new(values(&genuine), values(&impostor)).curve(20);
            prop_assert!(curve.windows(2).all(|pair| pair[0].false_matches >= pair[1].false_matches
                && pair[0].false_non_matches <= pair[1].false_non_matches));
        }
    }
}
