//! Scores as *closeness*, which grows with likeness whatever the metric, so that one set of formulas serves them all.

use crate::agreement::ComparisonTerms;

/// How scores of a metric are ordered, and where a hit begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// 1 where larger scores are closer, -1 where smaller ones are.
    sign: f64,
    /// Whether a score that equals the threshold is no hit.
    strict: bool,
    /// Whether scores are whole numbers.
    whole: bool,
    threshold: f64,
}

impl Scale {
    /// Of an agreement's comparison.
    pub(crate) fn of(comparison: &ComparisonTerms) -> Self {
        let of = |sign, strict, whole, threshold| Self { sign, strict, whole, threshold };
        match *comparison {
            ComparisonTerms::Cosine { threshold, .. } | ComparisonTerms::InnerProduct { threshold, .. } => {
                of(1.0, false, false, threshold.to_f64())
            }
            ComparisonTerms::SquaredEuclidean { threshold, .. } => of(-1.0, false, false, threshold.to_f64()),
            ComparisonTerms::Hamming { threshold } => of(-1.0, false, true, f64::from(threshold)),
            ComparisonTerms::FractionalHamming { threshold, .. } => of(-1.0, true, false, threshold.to_f64()),
        }
    }

    /// The agreed threshold, as a score.
    pub(crate) fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The same scale under another threshold.
    pub(crate) fn at(&self, threshold: f64) -> Self {
        Self { threshold, ..*self }
    }

    /// The least closeness that hits where `closeness` is the threshold.
    pub(super) fn just_hitting(&self, closeness: f64) -> f64 {
        if self.strict { closeness.next_up() } else { closeness }
    }

    /// Whether larger scores are closer.
    pub(crate) fn grows(&self) -> bool {
        self.sign > 0.0
    }

    /// The condition of a hit, in words: "a hit from 0.35 up".
    pub(crate) fn words(&self, threshold: f64) -> String {
        let threshold = number(threshold);
        match (self.grows(), self.strict) {
            (true, _) => format!("a hit from {threshold} up"),
            (false, false) => format!("a hit up to {threshold}"),
            (false, true) => format!("a hit below {threshold}"),
        }
    }

    /// How close a score is.
    pub(crate) fn closeness(&self, score: f64) -> f64 {
        self.sign * score
    }

    /// The score of a closeness.
    pub(crate) fn score(&self, closeness: f64) -> f64 {
        self.sign * closeness
    }

    /// Whether a score is a hit under the agreed threshold.
    pub(crate) fn is_hit(&self, score: f64) -> bool {
        let (closeness, threshold) = (self.closeness(score), self.closeness(self.threshold));
        if self.strict { closeness > threshold } else { closeness >= threshold }
    }

    /// The laxest threshold of at most six digits that excludes this score: for a threshold that an agreement can state.
    pub(crate) fn threshold_excluding(&self, score: f64) -> f64 {
        let unit = if self.whole { 1.0 } else { 1e-6 };
        let place = self.closeness(score) / unit;
        // A strict threshold excludes what it equals.
        let next = match self.strict {
            true => place.ceil(),
            false => place.floor() + 1.0,
        };
        let digits = if self.whole { 1.0 } else { 1e6 };
        self.score(next.round()) / digits
    }
}

/// A score for people: six digits at most, without trailing zeros.
pub fn number(x: f64) -> String {
    let text = format!("{x:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::agreement::{IRIS_MPC_SHAPE, Terms};

    #[test]
    fn a_hit_is_what_the_metric_says() {
        let scale = |terms: Terms| Scale::of(&terms.comparison);
        let face = scale(Terms::face(8));
        assert!(face.is_hit(0.35) && !face.is_hit(0.349_999));
        let bits = scale(Terms::hamming(64, 20));
        assert!(bits.is_hit(20.0) && !bits.is_hit(21.0));
        let iris = scale(Terms::iris(IRIS_MPC_SHAPE));
        assert!(iris.is_hit(0.344_999) && !iris.is_hit(0.345));
        assert_eq!(iris.words(0.345), "a hit below 0.345");
    }

    proptest! {
        #[test]
        fn a_threshold_that_excludes_a_score_excludes_no_closer_one_and_is_the_laxest(score in 0.0..1.0f64) {
            for terms in [Terms::face(8), Terms::iris(IRIS_MPC_SHAPE), Terms::squared_euclidean(8, "1".parse().unwrap(), "0.5".parse().unwrap())] {
                let scale = Scale::of(&terms.comparison);
                let threshold = scale.threshold_excluding(score);
                let at = |threshold| Scale { threshold, ..scale };
                prop_assert!(!at(threshold).is_hit(score), "{score} {threshold}");
                let laxer = scale.score(scale.closeness(threshold) - 2e-6);
                prop_assert!(at(laxer).is_hit(score), "{score} {laxer}");
            }
        }
    }
}
