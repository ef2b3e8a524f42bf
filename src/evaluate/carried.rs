//! A threshold of Open-IRIS' normalised score, carried over to the plain one that an agreement states.
//!
//! Open-IRIS moves a distance d of n common bits to `mean - (mean - d) (gradient n + 1/2)`. Its threshold is another distance for each n, so
//! no threshold of an agreement decides alike on all pairs: here the one that disagrees least on given pairs is found, and what is left of
//! disagreement is told.

use rayon::prelude::*;
use serde::Serialize;

use super::dataset::Dataset;
use super::dependent::Dependent;
use super::interval::{Proportion, share};
use super::scale::number;
use super::scores::{Pair, Scores};
use super::tally::RatesOfPairs;
use crate::open_iris::{Matcher, OpenIrisError, Settings};
use crate::scheme::{Progress, Stopped};
use crate::template::Template;

/// A threshold, carried over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CarriedOver {
    /// That of Open-IRIS: below it is a hit.
    pub theirs: f64,
    /// That for an agreement; none where no pair hits under Open-IRIS.
    pub threshold: Option<f64>,
    /// Pairs that were compared.
    pub pairs: u64,
    /// Of which both decide otherwise.
    pub disagreed: Proportion,
    /// Pairs that hit under Open-IRIS alone.
    pub theirs_alone: u64,
    /// Pairs that hit under the agreement alone.
    pub ours_alone: u64,
    /// Error rates of Open-IRIS at its threshold.
    pub their_rates: RatesOfPairs,
    /// Error rates of plain distances at the threshold for an agreement.
    pub our_rates: RatesOfPairs,
    /// In words.
    pub sentence: String,
}

/// Why a threshold is not carried over.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CarriedOverError {
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The matcher refuses settings or codes.
    #[error(transparent)]
    OpenIris(#[from] OpenIrisError),
    /// The templates are no irises.
    #[error("only iris codes have a normalised score, and these templates are none")]
    NoIris,
}

impl crate::remedy::Remedy for CarriedOverError {
    fn remedy(&self) -> Option<std::borrow::Cow<'static, str>> {
        match self {
            Self::Stopped(_) => None,
            Self::OpenIris(_) => Some("give Open-IRIS' own settings, and codes of an even number of columns".into()),
            Self::NoIris => Some("evaluate iris codes, or leave the threshold of Open-IRIS out".into()),
        }
    }
}

/// A pair under both matchers.
struct Both<'a> {
    pair: &'a Pair,
    genuine: bool,
    /// Whether it hits under Open-IRIS.
    theirs: bool,
}

/// Finds the threshold that decides most nearly as Open-IRIS does at its own; progress counts pairs.
///
/// # Errors
///
/// [`CarriedOverError`] where the templates are no irises or the matcher refuses them; when `progress` asks to stop.
pub fn carry_over(
    dataset: &Dataset,
    scores: &Scores,
    settings: Settings,
    theirs: f64,
    progress: &dyn Progress,
) -> Result<CarriedOver, CarriedOverError> {
    let matcher = Matcher::new(settings)?;
    let genuine = scores.genuine.par_iter().map(|pair| (pair, true));
    let labelled = genuine.chain(scores.impostor.par_iter().map(|pair| (pair, false)));
    let compare = |(pair, genuine): (&'_ Pair, bool)| {
        if progress.stop() {
            return Err(CarriedOverError::Stopped(Stopped));
        }
        let probe = dataset.probes().get(pair.probe as usize).map(|sample| sample.template.as_ref());
        let reference = dataset.references().get(pair.reference as usize).map(|sample| sample.template.as_ref());
        let (Some(Template::Iris(probe)), Some(Template::Iris(reference))) = (probe, reference) else {
            return Err(CarriedOverError::NoIris);
        };
        let score = matcher.distance(std::slice::from_ref(probe), std::slice::from_ref(reference), None)?;
        progress.advance(1);
        Ok((genuine, score.distance < theirs))
    };
    let verdicts: Vec<(bool, bool)> = labelled.map(compare).collect::<Result<_, _>>()?;
    let both = scores.pairs().zip(verdicts).map(|(pair, (genuine, theirs))| Both { pair, genuine, theirs });
    Ok(told(dataset, both.collect(), theirs))
}

fn told(dataset: &Dataset, mut both: Vec<Both<'_>>, theirs: f64) -> CarriedOver {
    both.sort_by(|a, b| a.pair.oracle.total_cmp(&b.pair.oracle));
    let threshold = least_disagreement(&both);
    let hits = |both: &Both<'_>| threshold.is_some_and(|threshold| both.pair.oracle < threshold);
    let alone = |ours: bool| both.iter().filter(|both| hits(both) == ours && both.theirs != ours).count() as u64;
    let (theirs_alone, ours_alone, pairs) = (alone(false), alone(true), both.len() as u64);
    let disagreed = Proportion::new(theirs_alone + ours_alone, pairs);
    let their_rates = rates(dataset, &both, |both| both.theirs);
    let our_rates = rates(dataset, &both, hits);
    let sentence = match threshold {
        None => format!(
            "No pair hits below {} under Open-IRIS: its threshold cannot be carried over on these.",
            number(theirs)
        ),
        Some(threshold) => format!(
            "Open-IRIS' threshold {} on normalised scores: agree on {}. On these {pairs} pairs {} are then decided otherwise than by \
             Open-IRIS ({disagreed}): {theirs_alone} hit there alone, {ours_alone} under the agreement alone. FMR {} there, {} here; FNMR \
             {} there, {} here.",
            number(theirs),
            number(threshold),
            disagreed.errors,
            share(their_rates.fmr.value),
            share(our_rates.fmr.value),
            share(their_rates.fnmr.value),
            share(our_rates.fnmr.value)
        ),
    };
    CarriedOver { theirs, threshold, pairs, disagreed, theirs_alone, ours_alone, their_rates, our_rates, sentence }
}

/// The threshold between two neighbouring distances below which most nearly the pairs lie that hit; of equally good ones the strictest.
/// Pairs are in the order of their distances.
fn least_disagreement(both: &[Both<'_>]) -> Option<f64> {
    let mut disagreed = both.iter().filter(|both| both.theirs).count() as i64;
    let mut best: Option<(i64, f64)> = None;
    if disagreed == 0 {
        return None;
    }
    for (index, this) in both.iter().enumerate().take_while(|(_, this)| this.pair.oracle.is_finite()) {
        disagreed += if this.theirs { -1 } else { 1 };
        let distance = this.pair.oracle;
        let next = both.get(index + 1).map(|next| next.pair.oracle).filter(|next| next.is_finite());
        let next = next.unwrap_or(1.0);
        if next > distance && best.is_none_or(|(least, _)| disagreed < least) {
            best = Some((disagreed, between(distance, next)));
        }
    }
    best.map(|(_, threshold)| threshold)
}

/// The shortest decimal number above one and at most the other, near the middle: what an agreement states has nine digits at most.
fn between(low: f64, high: f64) -> f64 {
    let middle = 0.5 * (low + high);
    let rounded = (3..=9).map(|digits| (middle * 10f64.powi(digits)).round() / 10f64.powi(digits));
    rounded.into_iter().find(|&rounded| low < rounded && rounded <= high).unwrap_or(high)
}

fn rates(dataset: &Dataset, both: &[Both<'_>], hits: impl Fn(&Both<'_>) -> bool) -> RatesOfPairs {
    let of = |kind: bool| {
        let mut rate = Dependent::default();
        for both in both.iter().filter(|both| both.genuine == kind) {
            let [probe, reference] = dataset.persons_of(both.pair.probe, both.pair.reference);
            rate.add(probe, reference, hits(both) != kind);
        }
        rate.proportion()
    };
    RatesOfPairs { fmr: of(false), fnmr: of(true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(oracle: f64) -> Pair {
        Pair { probe: 0, reference: 0, float: oracle, oracle, hit: false, flip: 0.0 }
    }

    fn threshold(pairs: &[(f64, bool)]) -> Option<f64> {
        let pairs: Vec<(Pair, bool)> = pairs.iter().map(|&(oracle, theirs)| (pair(oracle), theirs)).collect();
        let both = pairs.iter().map(|(pair, theirs)| Both { pair, genuine: true, theirs: *theirs });
        least_disagreement(&both.collect::<Vec<_>>())
    }

    #[test]
    fn the_threshold_lies_where_fewest_pairs_are_decided_otherwise() {
        assert_eq!(threshold(&[(0.1, true), (0.2, true), (0.3, false)]), Some(0.25));
        // One pair is decided otherwise at best, whichever way; the strictest does so.
        assert_eq!(threshold(&[(0.1, true), (0.2, false), (0.3, true), (0.4, false)]), Some(0.15));
        assert_eq!(threshold(&[(0.1, true), (0.2, false), (0.3, true), (0.35, true), (0.4, false)]), Some(0.375));
        assert_eq!(threshold(&[(0.1, false), (0.2, false)]), None);
        // A pair with too few common bits hits at no threshold.
        assert_eq!(threshold(&[(0.1, true), (f64::INFINITY, true)]), Some(0.55));
        // Equal distances are decided alike.
        assert_eq!(threshold(&[(0.1, true), (0.1, false), (0.1, true), (0.5, false)]), Some(0.3));
    }

    #[test]
    fn a_threshold_is_as_short_as_it_can_be() {
        assert_eq!(between(0.344_999, 0.345_001), 0.345);
        assert_eq!(between(0.123_456_780, 0.123_456_784), 0.123_456_782);
        assert_eq!(between(0.1, 0.1 + f64::EPSILON), 0.1 + f64::EPSILON);
    }
}
