//! One to many: how often a search with a probe finds somebody else, or not the one it is of.
//!
//! A probe is searched among all references but its own sample. FPIR: the share of probes that hit a reference of another subject. FNIR: the
//! share of probes with a mate in the gallery that miss all mates. The system answers hit or no hit, so ranks do not enter (ISO/IEC
//! 19795-1, open-set identification).

use super::dataset::Dataset;
use super::rates::{Distribution, Point};
use super::scores::{Pair, Scores};

/// The closest mate and the closest other reference of every probe, as a distribution of searches: mated ones in the place of genuine
/// pairs, all others in that of impostors.
pub(crate) fn searches(dataset: &Dataset, scores: &Scores, closeness: impl Fn(&Pair) -> f64) -> Distribution {
    let probes = dataset.probes().len();
    let closest = |pairs: &[Pair]| {
        let mut closest: Vec<Option<f64>> = vec![None; probes];
        let mut note = |probe: u32, closeness: f64| {
            if let Some(best) = closest.get_mut(probe as usize) {
                *best = Some(best.map_or(closeness, |best| best.max(closeness)));
            }
        };
        for pair in pairs {
            note(pair.probe, closeness(pair));
            // In one set each pair is compared once, and counts for both of its samples.
            if dataset.is_one_set() {
                note(pair.reference, closeness(pair));
            }
        }
        closest.into_iter().flatten().collect::<Vec<f64>>()
    };
    Distribution::new(closest(&scores.genuine), closest(&scores.impostor))
}

/// References that a search goes through, about: all, or all but one of one set.
pub(crate) fn gallery_size(dataset: &Dataset) -> usize {
    dataset.references().len() - usize::from(dataset.is_one_set())
}

/// Whether `trials` without an error would show a rate of at most `target` (rule of three: 3 / n, of confidence 95 %).
pub(crate) fn carries(trials: u64, target: f64) -> bool {
    trials as f64 * target >= 3.0
}

/// Trials that are needed to show a rate of at most `target`.
pub(crate) fn needed(target: f64) -> u64 {
    (3.0 / target).ceil() as u64
}

/// The laxest observed threshold at which the FPIR is at most `target`, where the data carries that.
pub(crate) fn at_fpir(searches: &Distribution, target: f64) -> Option<Point> {
    carries(searches.impostor(), target).then(|| searches.at_fmr(target))?
}
