//! The score of two templates as they were read, before anything is rounded: what a matcher without encryption computes.

use super::dataset::Dataset;
use crate::agreement::ComparisonTerms;
use crate::functional::oracle::Comparison;
use crate::template::Template;

/// Real vectors ready to be compared; nothing for bits and irises, which are compared as they are.
pub(crate) struct FloatScores<'a> {
    metric: &'a ComparisonTerms,
    probes: Vec<Vec<f64>>,
    references: Vec<Vec<f64>>,
}

impl<'a> FloatScores<'a> {
    /// Prepares both sides.
    pub(crate) fn new(metric: &'a ComparisonTerms, dataset: &Dataset) -> Self {
        let prepared = |template: &Template| match template {
            Template::Vector(vector) => {
                let by = if matches!(metric, ComparisonTerms::Cosine { .. }) { vector.norm() } else { 1.0 };
                vector.coordinates().iter().map(|x| x / by).collect()
            }
            Template::Bits(_) | Template::Iris(_) => Vec::new(),
        };
        Self {
            metric,
            probes: dataset.probes().iter().map(|sample| prepared(&sample.template)).collect(),
            references: dataset.references().iter().map(|sample| prepared(&sample.template)).collect(),
        }
    }

    /// The score of a pair; that of the oracle where nothing is rounded.
    pub(crate) fn score(&self, probe: usize, reference: usize, oracle: &Comparison) -> f64 {
        let (Some(x), Some(y)) = (self.probes.get(probe), self.references.get(reference)) else { return f64::NAN };
        match self.metric {
            ComparisonTerms::Cosine { .. } | ComparisonTerms::InnerProduct { .. } => {
                x.iter().zip(y).map(|(x, y)| x * y).sum()
            }
            ComparisonTerms::SquaredEuclidean { .. } => x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum(),
            ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => oracle.score,
        }
    }
}
