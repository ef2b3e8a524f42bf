//! The accuracy card: everything that an evaluation says, ready to be written as JSON, text or a page.

use serde::Serialize;

use super::bootstrap::Bootstrap;
use super::dataset::{Dataset, FailureToEnrol, Kind};
use super::identification::{at_fpir, carries, gallery_size, needed, searches};
use super::interval::{Interval, Proportion, share};
use super::rates::{Distribution, Point};
use super::sample::{Selection, Stratum};
use super::scale::{Scale, number};
use super::scores::{Comparer, Pair, Scores};
use super::tally::{Decided, Flip, tally};
use crate::agreement::{Agreement, SchemeId};
use crate::scheme::tfhe::noise::GrayZone;

/// FMRs at which the FNMR is reported.
const FMR_TARGETS: [f64; 5] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/// FPIRs at which the FNIR is reported.
const FPIR_TARGETS: [f64; 2] = [1e-2, 1e-3];
/// Bars of a histogram.
const BINS: usize = 60;
/// Points of a curve.
const CURVE_POINTS: usize = 200;

/// The accuracy card.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// What was compared under which terms.
    pub terms: TermsOfCard,
    /// The data.
    pub data: Data,
    /// Scores of the templates as they were read.
    pub float: Column,
    /// Scores of the integers that are encrypted, compared in the clear.
    pub oracle: Column,
    /// Verdicts under encryption.
    pub encrypted: Encrypted,
    /// Pairs that rounding to integers decides otherwise than the templates as they were read.
    pub rounding_flips: Vec<Flip>,
    /// A threshold for a wanted FMR, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// What a reader must know, in words.
    pub remarks: Vec<String>,
    /// For plots.
    pub histogram: Histogram,
}

/// What was compared under which terms.
#[derive(Clone, Debug, Serialize)]
pub struct TermsOfCard {
    /// Digest of the agreement.
    pub agreement: String,
    /// The metric.
    pub metric: &'static str,
    /// The agreed threshold, as a score.
    pub threshold: f64,
    /// Where a hit begins, in words.
    pub a_hit: String,
    /// The scheme of the encryption.
    pub scheme: SchemeId,
    /// Its parameter set.
    pub parameter_set: &'static str,
    /// Bits of security of the set.
    pub security_bits: f64,
    /// Seed of samples, intervals and encryption.
    pub seed: u64,
}

/// The data.
#[derive(Clone, Debug, Serialize)]
pub struct Data {
    /// Whether one set is compared with itself.
    pub one_set: bool,
    /// Templates given.
    pub templates: usize,
    /// Subjects of enrolled templates.
    pub subjects: usize,
    /// Subjects with a single sample: no genuine pair is theirs.
    pub subjects_with_one_sample: usize,
    /// Share of templates that were refused (FTE).
    pub failure_to_enrol: Proportion,
    /// Which, and why.
    pub refused: Vec<FailureToEnrol>,
    /// Pairs of one subject.
    pub genuine_pairs: u64,
    /// Pairs of two subjects.
    pub impostor_pairs: u64,
    /// References that a search goes through.
    pub gallery_size: usize,
}

/// Error rates of one kind of score.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// At the agreed threshold.
    pub agreed: Rates,
    /// Where FMR and FNMR are equal.
    pub equal_error: EqualError,
    /// At wanted FMRs.
    pub at_fmr: Vec<AtFmr>,
    /// One to many, at the agreed threshold and at wanted FPIRs.
    pub identification: Identification,
    /// FMR and FNMR against the threshold.
    pub curve: Vec<CurvePoint>,
}

/// Both error rates at one threshold.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rates {
    /// A score.
    pub threshold: f64,
    /// False matches among impostor pairs.
    pub fmr: Proportion,
    /// False non-matches among genuine pairs.
    pub fnmr: Proportion,
}

/// Where both rates are equal, or nearest to each other.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EqualError {
    /// A score.
    pub threshold: f64,
    /// The mean of both rates there.
    pub rate: f64,
    /// Over subjects.
    pub over_subjects: Option<Interval>,
}

/// At a wanted FMR.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AtFmr {
    /// As wanted.
    pub target: f64,
    /// As observed at the laxest threshold that keeps it; none where the data is too small for that.
    pub rates: Option<Rates>,
    /// Impostor pairs that are needed.
    pub needed: u64,
}

/// One to many.
#[derive(Clone, Debug, Serialize)]
pub struct Identification {
    /// Probes that have a mate among the references.
    pub mated_searches: u64,
    /// Probes, each searched among the references of others.
    pub non_mated_searches: u64,
    /// At the agreed threshold.
    pub agreed: SearchRates,
    /// At wanted FPIRs.
    pub at_fpir: Vec<AtFpir>,
}

/// Both error rates of searches.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SearchRates {
    /// A score.
    pub threshold: f64,
    /// Searches that hit somebody else.
    pub fpir: Proportion,
    /// Mated searches that miss every mate; none where no probe has a mate.
    pub fnir: Option<Proportion>,
}

/// At a wanted FPIR.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AtFpir {
    /// As wanted.
    pub target: f64,
    /// As observed; none where the data is too small for that.
    pub rates: Option<SearchRates>,
    /// Searches that are needed.
    pub needed: u64,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CurvePoint {
    /// A score.
    pub threshold: f64,
    /// FMR there.
    pub fmr: f64,
    /// FNMR there.
    pub fnmr: f64,
}

/// Verdicts under encryption.
#[derive(Clone, Debug, Serialize)]
pub struct Encrypted {
    /// What the noise formulas say of all pairs.
    pub predicted: Predicted,
    /// What real exchanges said of the drawn pairs; none where none were run.
    pub measured: Option<Measured>,
}

/// What the noise formulas say of all pairs at the agreed threshold.
#[derive(Clone, Debug, Serialize)]
pub struct Predicted {
    /// Whether verdicts equal the oracle's, also at the threshold.
    pub exact: bool,
    /// One standard deviation of the noise, in units of the score; for an iris at full overlap.
    pub deviation: f64,
    /// Pairs that flip more often than once in a million.
    pub in_gray_zone: u64,
    /// Pairs that are expected to flip, of all.
    pub expected_flips: f64,
    /// FMR with the gray zone folded in.
    pub fmr: f64,
    /// FNMR with the gray zone folded in.
    pub fnmr: f64,
    /// For people.
    pub sentence: String,
}

/// What real exchanges said.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Whether probes were drawn, each with all its references, rather than pairs.
    pub probes_drawn: bool,
    /// Strata: how many pairs there are, and how many were drawn.
    pub strata: Vec<StratumOfCard>,
    /// What was decided.
    pub decided: Decided,
}

/// Pairs of one stratum.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StratumOfCard {
    /// Which.
    pub stratum: Stratum,
    /// Pairs in it.
    pub pairs: u64,
    /// Pairs drawn from it.
    pub drawn: u64,
}

/// A threshold for a wanted FMR.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// As wanted.
    pub target: f64,
    /// The proposed threshold, as an agreement can state it; none where even the strictest has a larger FMR.
    pub threshold: Option<f64>,
    /// Rates of the oracle there.
    pub rates: Option<Rates>,
    /// Whether the data is large enough (rule of three).
    pub supported: bool,
    /// Impostor pairs that are needed.
    pub needed: u64,
    /// In words.
    pub sentence: String,
}

/// Counts of pairs by the oracle's score.
#[derive(Clone, Debug, Serialize)]
pub struct Histogram {
    /// Scores from here.
    pub from: f64,
    /// To here, in equal bins.
    pub to: f64,
    /// Genuine pairs in each bin.
    pub genuine: Vec<u64>,
    /// Impostor pairs in each bin.
    pub impostor: Vec<u64>,
}

/// "0.91 % [0.42 %, 1.37 %] at 0.4837".
impl std::fmt::Display for EqualError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let interval = self.over_subjects.map(|i| format!(" [{}, {}]", share(i.low), share(i.high)));
        write!(f, "{}{} at {}", share(self.rate), interval.unwrap_or_default(), number(self.threshold))
    }
}

/// The FNMR and its threshold, or what the data lacks.
impl std::fmt::Display for AtFmr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.rates {
            Some(rates) => write!(f, "{} at {}", rates.fnmr, number(rates.threshold)),
            None => write!(f, "needs {} impostor pairs", self.needed),
        }
    }
}

/// The FNIR and its threshold, or what the data lacks.
impl std::fmt::Display for AtFpir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rates.map(|rates| (rates.fnir, rates.threshold)) {
            Some((Some(fnir), threshold)) => write!(f, "{fnir} at {}", number(threshold)),
            Some((None, _)) => f.write_str("no mates"),
            None => write!(f, "needs {} searches", self.needed),
        }
    }
}

/// An evaluation, ready to be told.
pub struct Evaluation<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The data.
    pub dataset: &'a Dataset,
    /// Its scores.
    pub scores: &'a Scores,
    /// What compares single pairs.
    pub comparer: &'a Comparer<'a>,
    /// Seed of the intervals; others are told only.
    pub seed: u64,
}

impl Evaluation<'_> {
    /// The card. `verdicts` are those of the units of the selection, in order; `target_fmr` asks for a threshold.
    pub fn card(&self, encrypted: Option<(&Selection, &[Vec<bool>])>, target_fmr: Option<f64>) -> Card {
        let eyes = self.agreement.functional().eyes();
        let bootstrap = Bootstrap::new(self.dataset, self.scores, eyes, self.seed);
        let oracle = |pair: &Pair| self.scores.scale.closeness(pair.oracle);
        let float = |pair: &Pair| self.scores.scale.closeness(pair.float);
        let scale = &self.scores.scale;
        let float_hit = |pair: &Pair| pair.float.is_finite() && scale.is_hit(pair.float);
        let distribution = self.distribution(oracle);
        let measured = encrypted.map(|(selection, verdicts)| self.measured(selection, verdicts));
        let mut card = Card {
            terms: self.terms(),
            data: self.data(),
            float: self.column(&bootstrap, &self.distribution(float), float, float_hit),
            oracle: self.column(&bootstrap, &distribution, oracle, |pair| pair.hit),
            encrypted: Encrypted { predicted: self.predicted(), measured },
            rounding_flips: self.rounding_flips(float_hit),
            proposal: target_fmr.map(|target| self.proposal(&bootstrap, &distribution, target)),
            remarks: Vec::new(),
            histogram: self.histogram(&distribution),
        };
        card.remarks = self.remarks(&card);
        card
    }

    fn distribution(&self, closeness: impl Fn(&Pair) -> f64) -> Distribution {
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
            parameter_set: agreement.parameters().name(),
            security_bits: agreement.parameters().security_bits(),
            seed: self.seed,
        }
    }

    fn data(&self) -> Data {
        let dataset = self.dataset;
        Data {
            one_set: dataset.is_one_set(),
            templates: dataset.given(),
            subjects: dataset.subjects().len(),
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
        let searches = searches(self.dataset, self.scores, &closeness);
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
            identification: self.identification(&searches, scale.just_hitting(agreed)),
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
            in_gray_zone: self.scores.pairs().filter(|pair| pair.flip > 1e-6).count() as u64,
            expected_flips: self.scores.pairs().map(|pair| f64::from(pair.flip)).sum(),
            fmr: mean(&self.scores.impostor, &hits),
            fnmr: mean(&self.scores.genuine, &|pair| 1.0 - hits(pair)),
            sentence: zone.sentence(),
        }
    }

    fn measured(&self, selection: &Selection, verdicts: &[Vec<bool>]) -> Measured {
        let strata = selection.strata.iter();
        Measured {
            probes_drawn: selection.whole_gallery,
            strata: strata.map(|&(stratum, pairs, drawn)| StratumOfCard { stratum, pairs, drawn }).collect(),
            decided: tally(self.dataset, &self.scores.scale, self.comparer, selection, verdicts),
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
        let ends = [scale.closeness(from), scale.closeness(to)];
        let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
        let (mut genuine, mut impostor) = distribution.histogram(low, high, BINS);
        if !scale.grows() {
            genuine.reverse();
            impostor.reverse();
        }
        Histogram { from, to, genuine, impostor }
    }

    fn remarks(&self, card: &Card) -> Vec<String> {
        super::remarks::remarks(self.agreement, self.scores, card)
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
