//! The accuracy card: everything that an evaluation says, ready to be written as JSON, text or a page.

use serde::Serialize;

use super::carried::CarriedOver;
use super::dataset::FailureToEnrol;
use super::interval::{Interval, Proportion, share};
use super::sample::Stratum;
use super::scale::number;
use super::tally::{Decided, Flip};
use crate::agreement::SchemeId;
use crate::words::counted;

/// The accuracy card.
#[derive(Clone, Debug, Serialize)]
pub struct AccuracyCard {
    /// What was compared under which terms.
    pub terms: TermsOfCard,
    /// The data.
    pub data: Data,
    /// Scores of the templates as they were read.
    pub float: Column,
    /// Scores of the integers that are encrypted, compared in the clear.
    pub oracle: Column,
    /// Verdicts under encryption.
    pub encrypted: EncryptedColumn,
    /// Pairs that rounding to integers decides otherwise than the templates as they were read.
    pub rounding_flips: Vec<Flip>,
    /// A threshold for a wanted FMR, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// A threshold of Open-IRIS' normalised score, carried over, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_iris: Option<CarriedOver>,
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
    pub parameter_set: String,
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
    /// What became of a list, where the pairs are exactly those of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<ListedOfCard>,
    /// References that a search goes through.
    pub gallery_size: usize,
}

/// What became of a list of pairs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ListedOfCard {
    /// Pairs that are in no rate, since a template of theirs was refused.
    pub without_template: usize,
    /// Lines that say again what one before them says.
    pub repeated: usize,
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
    /// One to many, at the agreed threshold and at wanted FPIRs; none of listed pairs, which are no searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identification: Option<Identification>,
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
    /// The false match rate that was asked for, at most.
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
    /// The false positive identification rate that was asked for, at most.
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
pub struct EncryptedColumn {
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

impl Measured {
    /// Which pairs were decided, in words.
    pub fn drawn(&self) -> String {
        let near = self.strata.iter().find(|stratum| stratum.stratum == Stratum::NearTheThreshold);
        let Decided { pairs, probes, subjects, .. } = &self.decided;
        let of = format!("pairs of {} of {}", counted(*probes, "probe"), counted(*subjects, "subject"));
        match (self.is_of_all_pairs(), self.probes_drawn, near) {
            (true, ..) => format!("all {pairs} {of}"),
            (false, true, _) => format!("{pairs} {of} drawn by seed"),
            (false, false, near) => {
                let near = near.map_or(0, |stratum| stratum.drawn);
                format!("{pairs} {of} drawn by seed, {near} of them near the threshold,")
            }
        }
    }

    /// Whether no pair of the data was left out.
    pub(super) fn is_of_all_pairs(&self) -> bool {
        let mut evenly = self.strata.iter().filter(|stratum| stratum.stratum != Stratum::NearTheThreshold);
        evenly.all(|stratum| stratum.drawn == stratum.pairs)
    }
}

/// Pairs of one stratum.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StratumOfCard {
    /// The stratum.
    pub stratum: Stratum,
    /// Pairs in it.
    pub pairs: u64,
    /// Pairs drawn from it.
    pub drawn: u64,
}

/// A threshold for a wanted FMR.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The false match rate that was asked for, at most.
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
