//! Proportions of errors with their confidence intervals.

use serde::Serialize;
use statrs::function::beta::beta_reg;

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// What intervals are, in words.
pub const INTERVALS: &str =
    "the wider of Clopper and Pearson's and of one that knows that pairs of a subject depend on each other";

/// An interval of confidence [`CONFIDENCE`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A share of errors among trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
    /// Trials that went wrong.
    pub errors: u64,
    /// Trials in all.
    pub trials: u64,
    /// Errors over trials.
    pub value: f64,
    /// Clopper and Pearson's interval: exact for independent trials.
    pub exact: Interval,
    /// One that knows that pairs of a subject depend on each other: percentiles of a bootstrap over subjects of all pairs, that of
    /// dependent pairs of a sample (`dependent`); where nothing went wrong, Clopper and Pearson's of as many trials as there are subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_subjects: Option<Interval>,
}

impl Proportion {
    /// Errors among trials.
    pub(crate) fn new(errors: u64, trials: u64) -> Self {
        let value = errors as f64 / trials.max(1) as f64;
        Self { errors, trials, value, exact: clopper_pearson(errors, trials), over_subjects: None }
    }

    /// The wider of both intervals on each side.
    pub(crate) fn interval(&self) -> Interval {
        let other = self.over_subjects.unwrap_or(self.exact);
        Interval { low: self.exact.low.min(other.low), high: self.exact.high.max(other.high) }
    }
}

/// "0.90 % [0.87 %, 0.93 %]".
impl std::fmt::Display for Proportion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let interval = self.interval();
        write!(f, "{} [{}, {}]", share(self.value), share(interval.low), share(interval.high))
    }
}

/// A share for people: in per cent, with two digits after the point, or four of a small one; the smallest as a power of ten.
pub fn share(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 1e-6 => format!("{value:.1e}"),
        value if value < 1e-3 => format!("{:.4} %", 100.0 * value),
        value => format!("{:.2} %", 100.0 * value),
    }
}

/// Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial" (Biometrika 1934).
///
/// The ends are quantiles of beta distributions; found by bisection of the regularised incomplete beta function.
pub fn clopper_pearson(errors: u64, trials: u64) -> Interval {
    clopper_pearson_of(errors.min(trials) as f64, trials as f64)
}

/// As [`clopper_pearson`], of numbers that need not be whole: as many independent trials as say the same.
pub(super) fn clopper_pearson_of(errors: f64, trials: f64) -> Interval {
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let right = trials - errors;
    let low = if errors > 0.0 { beta_quantile(errors, right + 1.0, tail) } else { 0.0 };
    let high = if right > 0.0 { beta_quantile(errors + 1.0, right, 1.0 - tail) } else { 1.0 };
    Interval { low, high }
}

fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // A geometric middle below the mean finds small quantiles to as many digits as large ones.
    for _ in 0..200 {
        let middle: f64 = if low > 0.0 && high < 0.5 { f64::sqrt(low * high) } else { 0.5 * (low + high) };
        if middle <= low || middle >= high {
            break;
        }
        if beta_reg(a, b, middle) < probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The percentiles of [`CONFIDENCE`] among replicates.
pub(super) fn percentiles(mut replicates: Vec<f64>) -> Option<Interval> {
    replicates.retain(|value| value.is_finite());
    replicates.sort_by(f64::total_cmp);
    let last = replicates.len().checked_sub(1)? as f64;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let at = |share: f64| replicates.get((share * last).round() as usize).copied();
    Some(Interval { low: at(tail)?, high: at(1.0 - tail)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-4 * b.abs().max(1e-9)
    }

    /// Figures of R's `binom.test(errors, trials)$conf.int`.
    #[test]
    fn intervals_agree_with_published_figures() {
        for (errors, trials, low, high) in [
            (0, 10, 0.0, 0.308_497),
            (1, 10, 0.002_528_6, 0.445_016),
            (5, 10, 0.187_086, 0.812_914),
            (10, 10, 0.691_503, 1.0),
            (3, 1000, 0.000_619_06, 0.008_742_0),
        ] {
            let interval = clopper_pearson(errors, trials);
            assert!(close(interval.low, low) && close(interval.high, high), "{errors} of {trials}: {interval:?}");
        }
    }

    #[test]
    fn no_error_in_many_trials_is_the_rule_of_three_and_a_bit() {
        let interval = clopper_pearson(0, 1_000_000);
        // -ln(0.025) = 3.69 where the one-sided rule of three has 3.
        assert!(interval.low == 0.0 && close(interval.high, 3.688_873e-6), "{interval:?}");
        let many = clopper_pearson(30, 50_000_000);
        assert!(close(many.low, 4.048e-7) || (many.low - 4.048e-7).abs() < 2e-9, "{many:?}");
    }

    #[test]
    fn shares_keep_their_digits() {
        let shown = [0.0, 3e-7, 2.02e-4, 0.0091, 1.0].map(share);
        assert_eq!(shown, ["0", "3.0e-7", "0.0202 %", "0.91 %", "100.00 %"]);
    }

    #[test]
    fn percentiles_leave_a_fortieth_out_at_each_end() {
        let interval = percentiles((0..=1000).map(f64::from).collect()).unwrap();
        assert_eq!((interval.low, interval.high), (25.0, 975.0));
        assert_eq!(percentiles(vec![f64::NAN]), None);
    }
}
