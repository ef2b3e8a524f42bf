//! From scores, and verdicts under encryption, to the accuracy card.

use super::bootstrap::Bootstrap;
use super::card::*;
use super::dataset::Dataset;
use super::encrypted::DrawnVerdicts;
use super::identification::{at_fpir, carries, gallery_size, needed, searches};
use super::interval::Proportion;
use super::kind::Kind;
use super::rates::{Distribution, Point};
use super::remarks::remarks;
use super::sample::Drawn;
use super::scale::Scale;
use super::scores::{Comparer, NEAR, Pair, Scores};
use super::tally::{Flip, tally};
use crate::scheme::GrayZone;
use crate::scheme::Opened;

/// FMRs at which the FNMR is reported.
const FMR_TARGETS: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/// FPIRs at which the FNIR is reported.
const FPIR_TARGETS: [f64; 2] = [1e-2, 1e-3];
/// Bars of a histogram.
const BINS: usize = 60;
/// Points of a curve.
const CURVE_POINTS: usize = 200;

/// An evaluation, ready to be told.
pub struct Evaluation<'a> {
    /// The agreement whose comparison is judged.
    pub agreement: &'a Opened,
    /// The data.
    pub dataset: &'a Dataset,
    /// Scores of all pairs of the data set.
    pub scores: &'a Scores,
    /// What compares single pairs.
    pub comparer: &'a Comparer<'a>,
    /// Seed of the intervals; others are told only.
    pub seed: u64,
}

impl Evaluation<'_> {
    /// The card. `encrypted` are verdicts, if any were taken; `target_fmr` asks for a threshold.
    pub fn card(&self, encrypted: Option<&DrawnVerdicts>, target_fmr: Option<f64>) -> AccuracyCard {
        let eyes = self.agreement.functional().eyes();
        let bootstrap = Bootstrap::new(self.dataset, self.scores, eyes, self.seed);
        let oracle = |pair: &Pair| self.scores.scale.closeness(pair.oracle);
        let float = |pair: &Pair| self.scores.scale.closeness(pair.float);
        let scale = &self.scores.scale;
        let float_hit = |pair: &Pair| pair.float.is_finite() && scale.is_hit(pair.float);
        let distribution = self.distribution(oracle);
        let mut card = AccuracyCard {
            terms: self.terms(),
            data: self.data(),
            float: self.column(&bootstrap, &self.distribution(float), float, float_hit),
            oracle: self.column(&bootstrap, &distribution, oracle, |pair| pair.hit),
            encrypted: EncryptedColumn { predicted: self.predicted(), measured: None },
            rounding_flips: self.rounding_flips(float_hit),
            proposal: target_fmr.map(|target| self.proposal(&bootstrap, &distribution, target)),
            open_iris: None,
            remarks: Vec::new(),
            histogram: self.histogram(&distribution),
        };
        card.encrypted.measured = encrypted.map(|drawn| self.measured(drawn));
        card.remarks = remarks(self.agreement, self.scores, &card);
        card
    }

    /// Adds verdicts to a card that has none: it becomes what [`Evaluation::card`] makes with them.
    pub fn add(&self, card: &mut AccuracyCard, encrypted: &DrawnVerdicts) {
        card.encrypted.measured = Some(self.measured(encrypted));
        card.remarks = remarks(self.agreement, self.scores, card);
    }

    pub(super) fn distribution(&self, closeness: impl Fn(&Pair) -> f64) -> Distribution {
        Distribution::new(self.scores.genuine.iter().map(&closeness), self.scores.impostor.iter().map(&closeness))
    }

    fn terms(&self) -> TermsOfCard {
        let (agreement, scale) = (self.agreement, &self.scores.scale);
        TermsOfCard {
            agreement: agreement.digest().to_string(),
            metric: agreement.terms().comparison.metric(),
            threshold: scale.threshold(),
            a_hit: scale.words(scale.threshold()),
            scheme: agreement.scheme(),
            parameter_set: agreement.parameters().name().to_owned(),
            security_bits: agreement.parameters().security_bits(),
            seed: self.seed,
        }
    }

    /// What is known of the data.
    pub fn data(&self) -> Data {
        let dataset = self.dataset;
        Data {
            one_set: dataset.is_one_set(),
            templates: dataset.given(),
            subjects: dataset.persons(),
            listed: dataset
                .listed()
                .map(|listed| ListedOfCard { without_template: listed.without_template, repeated: listed.repeated }),
            subjects_with_one_sample: dataset.subjects_with_one_sample(),
            failure_to_enrol: Proportion::new(dataset.refused().len() as u64, dataset.given() as u64),
            refused: dataset.refused().to_vec(),
            genuine_pairs: self.scores.genuine.len() as u64,
            impostor_pairs: self.scores.impostor.len() as u64,
            gallery_size: gallery_size(dataset),
        }
    }

    fn column(
        &self,
        bootstrap: &Bootstrap<'_>,
        distribution: &Distribution,
        closeness: impl Fn(&Pair) -> f64,
        hit: impl Fn(&Pair) -> bool,
    ) -> Column {
        let scale = &self.scores.scale;
        let score = |point: &Point| scale.score(point.threshold);
        let equal = distribution.equal_error();
        let agreed = scale.closeness(scale.threshold());
        let at_target = |target| AtFmr {
            target,
            needed: needed(target),
            rates: carries(distribution.impostor(), target)
                .then(|| distribution.at_fmr(target))
                .flatten()
                .map(|point| self.rates(bootstrap, score(&point), |pair| closeness(pair) >= point.threshold)),
        };
        let curve_point = |point: Point| CurvePoint {
            threshold: score(&point),
            fmr: distribution.fmr(&point),
            fnmr: distribution.fnmr(&point),
        };
        Column {
            agreed: self.rates(bootstrap, scale.threshold(), hit),
            equal_error: EqualError {
                threshold: score(&equal),
                rate: distribution.equal_error_rate(),
                over_subjects: bootstrap.of_equal_error(self.scores, distribution, &closeness),
            },
            at_fmr: FMR_TARGETS.map(at_target).to_vec(),
            identification: (self.dataset.listed().is_none()).then(|| {
                self.identification(&searches(self.dataset, self.scores, &closeness), scale.just_hitting(agreed))
            }),
            curve: distribution.curve(CURVE_POINTS).into_iter().map(curve_point).collect(),
        }
    }

    fn rates(&self, bootstrap: &Bootstrap<'_>, threshold: f64, hit: impl Fn(&Pair) -> bool) -> Rates {
        let matched = || self.scores.impostor.iter().filter(|pair| hit(pair));
        let missed = || self.scores.genuine.iter().filter(|pair| !hit(pair));
        let proportion = |errors: usize, trials: usize, over_subjects| Proportion {
            over_subjects,
            ..Proportion::new(errors as u64, trials as u64)
        };
        Rates {
            threshold,
            fmr: proportion(matched().count(), self.scores.impostor.len(), bootstrap.of_impostors(matched())),
            fnmr: proportion(missed().count(), self.scores.genuine.len(), bootstrap.of_genuine(missed())),
        }
    }

    fn identification(&self, searches: &Distribution, agreed: f64) -> Identification {
        let rates = |point: Point, threshold: f64| SearchRates {
            threshold,
            fpir: Proportion::new(point.false_matches, searches.impostor()),
            fnir: (searches.genuine() > 0).then(|| Proportion::new(point.false_non_matches, searches.genuine())),
        };
        let scale = &self.scores.scale;
        Identification {
            mated_searches: searches.genuine(),
            non_mated_searches: searches.impostor(),
            agreed: rates(searches.at(agreed), scale.threshold()),
            at_fpir: FPIR_TARGETS
                .map(|target| AtFpir {
                    target,
                    needed: needed(target),
                    rates: at_fpir(searches, target).map(|point| rates(point, scale.score(point.threshold))),
                })
                .to_vec(),
        }
    }

    fn predicted(&self) -> Predicted {
        let hits = |pair: &Pair| if pair.hit { 1.0 - f64::from(pair.flip) } else { f64::from(pair.flip) };
        let mean =
            |pairs: &[Pair], share: &dyn Fn(&Pair) -> f64| pairs.iter().map(share).sum::<f64>() / pairs.len() as f64;
        let zone = GrayZone::of(self.agreement);
        Predicted {
            exact: self.agreement.functional().is_exact(),
            deviation: zone.score_deviation(),
            in_gray_zone: self.scores.pairs().filter(|pair| pair.flip > NEAR).count() as u64,
            expected_flips: self.scores.pairs().map(|pair| f64::from(pair.flip)).sum(),
            fmr: mean(&self.scores.impostor, &hits),
            fnmr: mean(&self.scores.genuine, &|pair| 1.0 - hits(pair)),
            sentence: zone.sentence(),
        }
    }

    fn measured(&self, drawn: &DrawnVerdicts) -> Measured {
        let selection = &drawn.selection;
        let strata = selection.strata.iter();
        Measured {
            probes_drawn: selection.whole_gallery,
            strata: strata.map(|&Drawn { stratum, pairs, drawn }| StratumOfCard { stratum, pairs, drawn }).collect(),
            decided: tally(self.dataset, &self.scores.scale, self.comparer, drawn),
        }
    }

    fn rounding_flips(&self, float_hit: impl Fn(&Pair) -> bool) -> Vec<Flip> {
        let of = |kind: Kind| {
            let pairs = if kind == Kind::Genuine { &self.scores.genuine } else { &self.scores.impostor };
            let flipped = pairs.iter().filter(|pair| float_hit(pair) != pair.hit);
            let flip = |pair: &Pair| Flip::new(self.dataset, &self.scores.scale, kind, pair, pair.float, pair.hit);
            flipped.filter_map(flip).collect::<Vec<_>>()
        };
        [of(Kind::Genuine), of(Kind::Impostor)].concat()
    }

    fn proposal(&self, bootstrap: &Bootstrap<'_>, distribution: &Distribution, target: f64) -> Proposal {
        let scale = &self.scores.scale;
        let supported = carries(distribution.impostor(), target);
        let stated = match distribution.excluded_at_fmr(target) {
            Some(excluded) if excluded.is_finite() => scale.threshold_excluding(scale.score(excluded)),
            // Every impostor pair may hit.
            _ => scale.threshold(),
        };
        let at = scale.at(stated);
        let hit = |pair: &Pair| pair.oracle.is_finite() && at.is_hit(pair.oracle);
        let rates = self.rates(bootstrap, stated, hit);
        let kept = rates.fmr.value <= target;
        let sentence = proposal_sentence(&rates, &at, target, supported, needed(target), distribution.impostor());
        Proposal {
            target,
            threshold: kept.then_some(stated),
            rates: kept.then_some(rates),
            supported,
            needed: needed(target),
            sentence,
        }
    }

    fn histogram(&self, distribution: &Distribution) -> Histogram {
        let finite = self.scores.pairs().map(|pair| pair.oracle).filter(|score| score.is_finite());
        let (from, to) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), s| (from.min(s), to.max(s)));
        let scale = &self.scores.scale;
        let (low, high) = match scale.grows() {
            true => (from, to),
            false => (scale.closeness(to), scale.closeness(from)),
        };
        let (mut genuine, mut impostor) = distribution.histogram(low, high, BINS);
        if !scale.grows() {
            genuine.reverse();
            impostor.reverse();
        }
        Histogram { from, to, genuine, impostor }
    }
}

fn proposal_sentence(rates: &Rates, at: &Scale, target: f64, supported: bool, needed: u64, pairs: u64) -> String {
    let words = at.words(at.threshold());
    match supported {
        true => format!(
            "For an FMR of {target:e}: {words}. Observed there: FMR {:.2e} (95 % up to {:.2e}), FNMR {:.2} % (95 % up to {:.2} %).",
            rates.fmr.value,
            rates.fmr.interval().high,
            100.0 * rates.fnmr.value,
            100.0 * rates.fnmr.interval().high,
        ),
        false => format!(
            "The data is too small to support an FMR of {target:e}: without a single error {pairs} impostor pairs show no less than {:.1e} \
             (rule of three); at least {needed} are needed. The strictest that it suggests: {words}.",
            3.0 / pairs as f64,
        ),
    }
}
