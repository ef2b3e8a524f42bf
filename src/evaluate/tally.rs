//! What the encrypted verdicts come to, beside the oracle's.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use statrs::function::erf::erfc_inv;

use super::dataset::Dataset;
use super::dependent::Dependent;
use super::encrypted::DrawnVerdicts;
use super::interval::{Interval, Proportion, clopper_pearson};
use super::kind::Kind;
use super::sample::{Stratum, Unit};
use super::scale::Scale;
use super::scores::{Comparer, Pair};
use crate::scheme::upper_tail;
use crate::template::SubjectId;

/// A pair that is decided otherwise than in the column before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flip {
    /// Record of the probe, from 1.
    pub probe: usize,
    /// Whose it is.
    pub probe_subject: SubjectId,
    /// Record of the reference, from 1.
    pub reference: usize,
    /// Whose it is.
    pub reference_subject: SubjectId,
    /// What the pair is evidence for.
    pub kind: Kind,
    /// Score of the templates as they were read.
    pub float_score: f64,
    /// Score of the integers.
    pub oracle_score: f64,
    /// Score of the column before less the threshold.
    pub distance: f64,
    /// Whether the later column hits.
    pub hit: bool,
    /// Predicted probability, for a flip under encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

impl Flip {
    /// A flip of this pair, `before` being the score that was decided on before.
    pub(super) fn new(
        dataset: &Dataset,
        scale: &Scale,
        kind: Kind,
        pair: &Pair,
        before: f64,
        hit: bool,
    ) -> Option<Self> {
        let probe = dataset.probes().get(pair.probe as usize)?;
        let reference = dataset.references().get(pair.reference as usize)?;
        Some(Self {
            probe: probe.record,
            probe_subject: dataset.subjects().get(probe.subject)?.clone(),
            reference: reference.record,
            reference_subject: dataset.subjects().get(reference.subject)?.clone(),
            kind,
            float_score: pair.float,
            oracle_score: pair.oracle,
            distance: before - scale.threshold(),
            hit,
            probability: None,
        })
    }
}

/// Pairs at like distances from the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FlipBin {
    /// Distances from here, in standard deviations of the noise of the decision; negative for pairs that miss.
    pub from_deviations: f64,
    /// To here.
    pub to_deviations: f64,
    /// Pairs that were decided.
    pub pairs: u64,
    /// Of which so many flipped.
    pub flipped: u64,
    /// As predicted, a pair.
    pub predicted: f64,
    /// Interval of the measured share.
    pub interval: Interval,
}

/// Error rates of a sample, with intervals that know that pairs of one subject, and so of one probe, depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RatesOfPairs {
    /// Impostor pairs that hit.
    pub fmr: Proportion,
    /// Genuine pairs that miss.
    pub fnmr: Proportion,
}

/// Everything that was decided under encryption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// Pairs that were decided.
    pub pairs: u64,
    /// Probes that they are of.
    pub probes: u64,
    /// Subjects that the probes are of.
    pub subjects: u64,
    /// Share of these pairs that were decided otherwise than by the oracle; noise is drawn anew for each pair, so they are independent.
    pub changed: Proportion,
    /// Of the pairs drawn evenly, or all, under encryption.
    pub rates: RatesOfPairs,
    /// Of the same pairs, as the oracle decides them.
    pub clear: RatesOfPairs,
    /// Pairs that were decided otherwise than by the oracle.
    pub flips: Vec<Flip>,
    /// How many of these the formulas predict.
    pub predicted_flips: f64,
    /// Standard deviation of that number.
    pub predicted_deviation: f64,
    /// By distance from the threshold; none for an exact scheme, which has no gray zone.
    pub by_distance: Vec<FlipBin>,
}

/// Bins of a deviation's width up to so many deviations to either side.
const WIDEST: i32 = 4;

/// Counts the verdicts of all units.
pub(super) fn tally(dataset: &Dataset, scale: &Scale, comparer: &Comparer<'_>, drawn: &DrawnVerdicts) -> Decided {
    let mut count = Count::default();
    for (unit, verdicts) in drawn.selection.units.iter().zip(&drawn.verdicts) {
        count.probes += 1;
        count.subjects.extend(dataset.probes().get(unit.probe).map(|probe| dataset.person(probe.subject)));
        let places = unit.references.iter().map(|against| against.place);
        let mut judged = unit.references.iter().zip(verdicts);
        for (kind, pair) in comparer.compare(unit.probe, places) {
            // Both are in the order of the unit; what is no pair has been left out of one of them.
            let Some((against, &hit)) = judged.find(|(against, _)| against.place == pair.reference as usize) else {
                break;
            };
            let flipped = count.add(dataset, against.stratum, &pair, hit);
            if flipped {
                let flip = Flip::new(dataset, scale, kind, &pair, pair.oracle, hit);
                let probability = Some(f64::from(pair.flip));
                count.flips.extend(flip.map(|flip| Flip { probability, ..flip }));
            }
        }
    }
    count.decided()
}

/// Of the verdicts on one unit, how many are on pairs, and how many of these are otherwise than the oracle's.
pub(crate) fn changed(comparer: &Comparer<'_>, unit: &Unit, verdicts: &[bool]) -> (u64, u64) {
    let places = unit.references.iter().map(|against| against.place);
    let mut judged = unit.references.iter().zip(verdicts);
    comparer.compare(unit.probe, places).into_iter().fold((0, 0), |(pairs, changed), (_, pair)| {
        match judged.find(|(against, _)| against.place == pair.reference as usize) {
            Some((_, &hit)) => (pairs + 1, changed + u64::from(hit != pair.hit)),
            None => (pairs, changed),
        }
    })
}

#[derive(Default)]
struct Count {
    pairs: u64,
    probes: u64,
    subjects: HashSet<usize>,
    encrypted: Errors,
    clear: Errors,
    flips: Vec<Flip>,
    predicted: f64,
    variance: f64,
    /// By the distance from the threshold, in whole deviations.
    bins: BTreeMap<i32, Bin>,
}

/// Errors of one column.
#[derive(Default)]
struct Errors {
    impostor: Dependent,
    genuine: Dependent,
}

impl Errors {
    fn add(&mut self, stratum: Stratum, [probe, reference]: [usize; 2], hit: bool) {
        match stratum {
            Stratum::Genuine => self.genuine.add(probe, reference, !hit),
            Stratum::Impostor => self.impostor.add(probe, reference, hit),
            Stratum::NearTheThreshold => {}
        }
    }

    fn rates(&self) -> RatesOfPairs {
        RatesOfPairs { fmr: self.impostor.proportion(), fnmr: self.genuine.proportion() }
    }
}

/// Pairs at about one distance from the threshold.
#[derive(Default)]
struct Bin {
    pairs: u64,
    flipped: u64,
    /// Flips, as the formulas predict them.
    predicted: f64,
}

impl Count {
    /// Counts a verdict; whether it is a flip.
    fn add(&mut self, dataset: &Dataset, stratum: Option<Stratum>, pair: &Pair, hit: bool) -> bool {
        let probability = f64::from(pair.flip);
        let flipped = hit != pair.hit;
        self.pairs += 1;
        self.predicted += probability;
        self.variance += probability * (1.0 - probability);
        if let Some(stratum) = stratum {
            let subjects = dataset.persons_of(pair.probe, pair.reference);
            self.encrypted.add(stratum, subjects, hit);
            self.clear.add(stratum, subjects, pair.hit);
        }
        let deviations = deviations(probability);
        let bin = if pair.hit { deviations.floor() as i32 } else { -1 - deviations.floor() as i32 };
        if (-WIDEST..WIDEST).contains(&bin) {
            let bin = self.bins.entry(bin).or_default();
            bin.pairs += 1;
            bin.flipped += u64::from(flipped);
            bin.predicted += probability;
        }
        flipped
    }

    fn decided(self) -> Decided {
        let bin = |(&from, &Bin { pairs, flipped, predicted }): (&i32, &Bin)| FlipBin {
            from_deviations: f64::from(from),
            to_deviations: f64::from(from + 1),
            pairs,
            flipped,
            predicted: predicted / pairs as f64,
            interval: clopper_pearson(flipped, pairs),
        };
        Decided {
            pairs: self.pairs,
            probes: self.probes,
            subjects: self.subjects.len() as u64,
            changed: Proportion::new(self.flips.len() as u64, self.pairs),
            rates: self.encrypted.rates(),
            clear: self.clear.rates(),
            flips: self.flips,
            predicted_flips: self.predicted,
            predicted_deviation: self.variance.sqrt(),
            by_distance: self.bins.iter().map(bin).collect(),
        }
    }
}

/// The distance from the threshold, in standard deviations of the noise, at which a decision flips with this probability.
///
/// For an iris, whose rotations are decided one by one, that of the single decision that would flip as often.
fn deviations(probability: f64) -> f64 {
    match probability {
        p if p >= 0.5 => 0.0,
        p if p <= 0.0 => f64::INFINITY,
        p => erfc_inv(2.0 * p) * std::f64::consts::SQRT_2,
    }
}

/// The probability of a flip at a distance from the threshold: the upper tail of a normal distribution.
pub fn flip_probability(deviations: f64) -> f64 {
    upper_tail(deviations.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_and_its_probability_belong_together() {
        for distance in [0.0, 0.5, 1.0, 2.0, 3.9] {
            assert!((deviations(flip_probability(distance)) - distance).abs() < 1e-9, "{distance}");
        }
        assert_eq!(deviations(0.7), 0.0);
        assert_eq!(deviations(0.0), f64::INFINITY);
    }
}
