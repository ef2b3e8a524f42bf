//! All four error rates at any threshold: what is read where a threshold is moved along the curves.

use serde::Serialize;

use super::bootstrap::Bootstrap;
use super::evaluation::Evaluation;
use super::identification::searches;
use super::interval::Proportion;
use super::rates::Distribution;
use super::scores::Pair;
use crate::scheme::{Progress, Stopped};

/// The error rates of the integers that are encrypted, compared in the clear, at one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// A score.
    pub threshold: f64,
    /// False matches among impostor pairs.
    pub fmr: Proportion,
    /// False non-matches among genuine pairs.
    pub fnmr: Proportion,
    /// Searches that hit somebody else; none of listed pairs, which are no searches.
    pub fpir: Option<Proportion>,
    /// Mated searches that miss every mate; likewise, and none where no probe has a mate.
    pub fnir: Option<Proportion>,
}

impl Evaluation<'_> {
    /// Some `count` thresholds that an agreement can state, the laxest first: dense where either error rate is small. The agreed one is
    /// among them.
    pub fn thresholds(&self, count: usize) -> Vec<f64> {
        let scale = &self.scores.scale;
        let observed = self.oracle().curve((count / 2).max(2));
        let mut thresholds: Vec<f64> =
            observed.into_iter().map(|point| scale.threshold_excluding(scale.score(point.threshold))).collect();
        thresholds.push(scale.threshold());
        thresholds.sort_by(|a, b| scale.closeness(*a).total_cmp(&scale.closeness(*b)));
        thresholds.dedup();
        thresholds
    }

    /// All four rates at each of these thresholds, which are scores. Those of comparisons have intervals that know that pairs of a subject
    /// depend on each other; `progress` counts replicates of these, [`super::REPLICATES`] in all.
    ///
    /// # Errors
    ///
    /// When `progress` asks to stop.
    pub fn operating_points(
        &self,
        thresholds: &[f64],
        progress: &dyn Progress,
    ) -> Result<Vec<OperatingPoint>, Stopped> {
        let scale = &self.scores.scale;
        let closeness = |pair: &Pair| scale.closeness(pair.oracle);
        let bootstrap = Bootstrap::new(self.dataset, self.scores, self.agreement.functional().eyes(), self.seed);
        let from: Vec<f64> =
            thresholds.iter().map(|&threshold| scale.just_hitting(scale.closeness(threshold))).collect();
        let intervals = bootstrap.at_each(self.scores, closeness, &from, progress)?;
        let pairs = self.oracle();
        let searched = self.dataset.listed().is_none().then(|| searches(self.dataset, self.scores, closeness));
        let searched = searched.as_ref();
        let point = |((&threshold, &from), [fmr, fnmr]): ((&f64, &f64), [_; 2])| {
            let of_pairs = pairs.at(from);
            let of_searches = searched.map(|searches| (searches, searches.at(from)));
            let mated = of_searches.filter(|(searches, _)| searches.genuine() > 0);
            let rate = |errors, trials, over_subjects| Proportion { over_subjects, ..Proportion::new(errors, trials) };
            OperatingPoint {
                threshold,
                fmr: rate(of_pairs.false_matches, pairs.impostor(), fmr),
                fnmr: rate(of_pairs.false_non_matches, pairs.genuine(), fnmr),
                fpir: of_searches.map(|(searches, at)| Proportion::new(at.false_matches, searches.impostor())),
                fnir: mated.map(|(searches, at)| Proportion::new(at.false_non_matches, searches.genuine())),
            }
        };
        Ok(thresholds.iter().zip(&from).zip(intervals).map(point).collect())
    }

    /// All pairs by the closeness of their integers.
    fn oracle(&self) -> Distribution {
        self.distribution(|pair: &Pair| self.scores.scale.closeness(pair.oracle))
    }
}
