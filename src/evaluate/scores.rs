//! The scores of all pairs: of the real templates, of the integers that are encrypted, and how likely encryption decides otherwise.

use rayon::prelude::*;

use super::EvaluateError;
use super::dataset::Dataset;
use super::float::FloatScores;
use super::kind::Kind;
use super::scale::Scale;
use crate::agreement::ComparisonTerms;
use crate::functional::oracle::{Comparison, Oracle};
use crate::scheme::GrayZone;
use crate::scheme::{Opened, Progress, Stopped};

/// Most pairs of one evaluation: their scores take 2 GB.
pub const PAIRS_LIMIT: usize = 50_000_000;

/// A pair that flips less often is far from the threshold: once in a million.
pub(super) const NEAR: f32 = 1e-6;

/// One pair of templates, compared in the clear.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Place of the probe.
    pub probe: u32,
    /// Place of the reference.
    pub reference: u32,
    /// Score of the templates as they were read; infinite where a pair has too few common bits to hit at any threshold.
    pub float: f64,
    /// Score of the integers that are encrypted; likewise.
    pub oracle: f64,
    /// The oracle's verdict.
    pub hit: bool,
    /// Probability that the encrypted verdict differs from the oracle's.
    pub flip: f32,
}

/// All pairs, by what they are evidence for.
pub struct Scores {
    /// How scores are ordered.
    pub scale: Scale,
    /// Pairs of one subject.
    pub genuine: Vec<Pair>,
    /// Pairs of two subjects.
    pub impostor: Vec<Pair>,
}

/// Compares single pairs in the clear.
pub struct Comparer<'a> {
    agreement: &'a Opened,
    dataset: &'a Dataset,
    floats: FloatScores<'a>,
    /// The noise of a decision depends on the reference alone.
    zones: Vec<GrayZone>,
}

impl<'a> Comparer<'a> {
    /// Prepares what all pairs share.
    pub fn new(agreement: &'a Opened, dataset: &'a Dataset) -> Self {
        let functional = agreement.functional();
        let references = dataset.references().par_iter();
        let norm = |reference| functional.form(reference, 0).norm();
        let zones = references.map(|sample| GrayZone::of_weights(agreement, norm(&sample.integers))).collect();
        Self { agreement, dataset, floats: FloatScores::new(&agreement.terms().comparison, dataset), zones }
    }

    /// Compares a probe with references, in order; what is no pair is left out.
    pub(crate) fn compare(&self, probe: usize, references: impl IntoIterator<Item = usize>) -> Vec<(Kind, Pair)> {
        let Some(sample) = self.dataset.probes().get(probe) else { return Vec::new() };
        let oracle = Oracle::new(self.agreement.functional(), &sample.integers);
        let pair =
            |reference: usize| Some((self.dataset.kind(probe, reference)?, self.pair(probe, &oracle, reference)?));
        references.into_iter().filter_map(pair).collect()
    }

    fn pair(&self, probe: usize, oracle: &Oracle<'_>, place: usize) -> Option<Pair> {
        let reference = &self.dataset.references().get(place)?.integers;
        let comparison = oracle.compare(reference);
        let zone = self.zones.get(place)?;
        let never = self.has_too_few_common_bits(&comparison);
        let score = |score| if never { f64::INFINITY } else { score };
        Some(Pair {
            probe: probe as u32,
            reference: place as u32,
            float: score(self.floats.score(probe, place, &comparison)),
            oracle: score(comparison.score),
            hit: comparison.hit,
            flip: match self.agreement.functional().is_exact() {
                true => 0.0,
                false => zone.pair_flip_probability(&comparison, &oracle.phis(reference)) as f32,
            },
        })
    }

    fn has_too_few_common_bits(&self, comparison: &Comparison) -> bool {
        match (&self.agreement.terms().comparison, comparison.common_bits) {
            (ComparisonTerms::FractionalHamming { minimum_common_bits, .. }, Some(common)) => {
                common < *minimum_common_bits as usize
            }
            _ => false,
        }
    }
}

impl Scores {
    /// Compares all pairs, on all cores. Progress counts probes.
    ///
    /// # Errors
    ///
    /// [`EvaluateError`] where there are too many pairs, no genuine or no impostor pair, a score that is not finite, or nothing but one and
    /// the same score; and when `progress` asks to stop.
    pub fn of_all_pairs(
        agreement: &Opened,
        dataset: &Dataset,
        comparer: &Comparer<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, EvaluateError> {
        let probes = dataset.probes().len();
        let most = (0..probes).map(|probe| dataset.count_partners(probe)).fold(0usize, usize::saturating_add);
        if most > PAIRS_LIMIT {
            return Err(EvaluateError::TooManyPairs { actual: most, limit: PAIRS_LIMIT });
        }
        let of_probe = |probe| {
            if progress.stop() {
                return Err(EvaluateError::Stopped(Stopped));
            }
            let pairs = comparer.compare(probe, dataset.partners(probe));
            progress.advance(1);
            Ok(pairs)
        };
        let all: Vec<Vec<(Kind, Pair)>> = (0..probes).into_par_iter().map(of_probe).collect::<Result<_, _>>()?;
        let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
        for (kind, pair) in all.into_iter().flatten() {
            match kind {
                Kind::Genuine => genuine.push(pair),
                Kind::Impostor => impostor.push(pair),
            }
        }
        Self { scale: Scale::of(&agreement.terms().comparison), genuine, impostor }.checked(dataset)
    }

    fn checked(self, dataset: &Dataset) -> Result<Self, EvaluateError> {
        if self.genuine.is_empty() {
            return Err(EvaluateError::NoGenuinePair { subjects: dataset.persons() });
        }
        if self.impostor.is_empty() {
            return Err(EvaluateError::NoImpostorPair);
        }
        let record = |record: Option<usize>| record.unwrap_or_default();
        // Infinity stands for too few common bits; what a score cannot be is the rest.
        if let Some(pair) = self.pairs().find(|pair| pair.float.is_nan() || pair.float == f64::NEG_INFINITY) {
            return Err(EvaluateError::NotFinite {
                probe: record(dataset.probes().get(pair.probe as usize).map(|sample| sample.record)),
                reference: record(dataset.references().get(pair.reference as usize).map(|sample| sample.record)),
            });
        }
        let (least, greatest) = self.range();
        if least >= greatest {
            return Err(EvaluateError::ConstantScores { score: greatest });
        }
        Ok(self)
    }

    /// All pairs, genuine ones first.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.genuine.iter().chain(&self.impostor)
    }

    /// Least and greatest finite score of the templates as they were read.
    pub(crate) fn range(&self) -> (f64, f64) {
        let finite = self.pairs().map(|pair| pair.float).filter(|score| score.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), score| (least.min(score), most.max(score)))
    }
}
