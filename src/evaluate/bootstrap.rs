//! Confidence intervals by drawing subjects again: all pairs of a subject come and go together, so their dependence is in the interval.
//!
//! A replicate draws as many subjects as there are, with replacement. A subject drawn c times gives each of its genuine pairs the weight
//! c, and an impostor pair of subjects drawn c and c' times weighs c c'; a subject is never its own impostor (Bolle, Ratha, Pankanti, "Error
//! analysis of pattern recognition systems: the subsets bootstrap", 2004; Poh, Martin, Bengio, 2007). Where nothing went wrong nothing goes
//! wrong in any replicate: then the interval is Clopper and Pearson's of as many trials as there are subjects, or pairs of two subjects.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::dataset::Dataset;
use super::interval::{Interval, clopper_pearson, percentiles};
use super::rates::Distribution;
use super::scores::{Pair, Scores};
use crate::agreement::EyeRule;
use crate::functional::SampleLayout;
use crate::scheme::{Progress, Stopped};
use crate::template::Eye;

/// Replicates of every interval.
pub const REPLICATES: usize = 1000;

/// Bins between the thresholds among which an equal error rate is looked for.
const BINS: usize = 512;

/// What all replicates share.
pub(crate) struct Bootstrap<'a> {
    dataset: &'a Dataset,
    seed: u64,
    /// Genuine pairs of each subject.
    genuine: Vec<f64>,
    /// Probes and references of each subject, by the eyes that are compared with each other.
    groups: Vec<[Vec<f64>; 2]>,
    /// All impostor pairs by subjects, where they are listed: then not everybody meets everybody.
    listed: Option<Counted>,
    /// Pairs of two subjects that have impostor pairs, each counted once.
    pairs_of_subjects: u64,
}

/// Pairs of subjects with how many of their pairs of samples are meant.
type Counted = Vec<((usize, usize), f64)>;

impl<'a> Bootstrap<'a> {
    /// Counts what each subject contributes.
    pub(crate) fn new(dataset: &'a Dataset, scores: &Scores, eyes: EyeRule, seed: u64) -> Self {
        let subjects = dataset.persons();
        let mut genuine = vec![0.0; subjects];
        scores.genuine.iter().for_each(|pair| add(&mut genuine, subjects_of(dataset, pair).0));
        let groups = SampleLayout::fullest(eyes).eyes();
        let of_group = |eye: Option<Eye>| {
            let counted = |samples: &mut dyn Iterator<Item = (usize, Option<Eye>)>| {
                let mut counts = vec![0.0; subjects];
                let ours = samples.filter(|(_, other)| eye.is_none() || *other == eye);
                ours.for_each(|(subject, _)| add(&mut counts, subject));
                counts
            };
            let probes = counted(&mut dataset.probes().iter().map(|sample| (sample.subject, sample.eye)));
            let references = counted(&mut dataset.references().iter().map(|sample| (sample.subject, sample.eye)));
            [probes, references]
        };
        let mut met: Vec<[usize; 2]> =
            scores.impostor.iter().map(|pair| dataset.persons_of(pair.probe, pair.reference)).collect();
        met.iter_mut().for_each(|pair| pair.sort_unstable());
        met.sort_unstable();
        met.dedup();
        let groups = groups.iter().copied().map(of_group).collect();
        let listed = dataset.listed().is_some().then(|| counted(dataset, scores.impostor.iter()));
        Self { dataset, seed, genuine, groups, listed, pairs_of_subjects: met.len() as u64 }
    }

    /// Interval of the share of impostor pairs that these are.
    pub(crate) fn of_impostors<'p>(&self, pairs: impl Iterator<Item = &'p Pair>) -> Option<Interval> {
        let counted = counted(self.dataset, pairs);
        if counted.is_empty() {
            return Some(clopper_pearson(0, self.pairs_of_subjects));
        }
        self.interval(|weights| weighted(&counted, weights) / self.impostors(weights))
    }

    /// Interval of the share of genuine pairs that these are.
    pub(crate) fn of_genuine<'p>(&self, pairs: impl Iterator<Item = &'p Pair>) -> Option<Interval> {
        let counted = counted(self.dataset, pairs);
        if counted.is_empty() {
            return Some(self.without_a_miss());
        }
        self.interval(|weights| {
            let errors: f64 = counted.iter().map(|&((a, _), count)| count * at(weights, a)).sum();
            errors / self.genuine_pairs(weights)
        })
    }

    /// Interval of the equal error rate of the scores that `closeness` takes.
    pub(crate) fn of_equal_error(
        &self,
        scores: &Scores,
        distribution: &Distribution,
        closeness: impl Fn(&Pair) -> f64,
    ) -> Option<Interval> {
        let rate = distribution.equal_error_rate();
        // No pair errs: a rate at which both were equal would show among the genuine pairs.
        if rate == 0.0 {
            return Some(self.without_a_miss());
        }
        let lax = distribution.excluded_at_fmr((10.0 * rate + 0.01).min(1.0));
        let strict = distribution.at_fmr(rate / 20.0).map(|point| point.threshold);
        let low =
            lax.unwrap_or_else(|| distribution.at(f64::NEG_INFINITY).threshold).max(self.least(scores, &closeness));
        let high = strict.unwrap_or(low).max(low + f64::EPSILON);
        let bin =
            |pair: &Pair| ((closeness(pair) - low) / (high - low) * BINS as f64).clamp(-1.0, BINS as f64) as isize;
        let binned = |pairs: &[Pair], least: isize| -> Vec<(usize, usize, usize)> {
            let of_pair = |pair: &Pair| {
                let (a, b) = subjects_of(self.dataset, pair);
                // From 0, which is below all thresholds.
                (bin(pair) >= least).then_some((a, b, (bin(pair) + 1) as usize))
            };
            pairs.iter().filter_map(of_pair).collect()
        };
        let (genuine, impostor) = (binned(&scores.genuine, -1), binned(&scores.impostor, 0));
        self.interval(|weights| {
            let (mut misses, mut matches) = ([0.0; BINS + 2], [0.0; BINS + 2]);
            genuine.iter().for_each(|&(a, _, bin)| add_weight(&mut misses, bin, at(weights, a)));
            impostor.iter().for_each(|&(a, b, bin)| add_weight(&mut matches, bin, at(weights, a) * at(weights, b)));
            crossing(&misses, &matches, self.genuine_pairs(weights), self.impostors(weights))
        })
    }

    /// Intervals of both error rates where pairs hit `from` each of these, which rise: of the share of impostor pairs that do, and of the
    /// share of genuine pairs that do not. All replicates go through the pairs once for all of them.
    pub(crate) fn at_each(
        &self,
        scores: &Scores,
        closeness: impl Fn(&Pair) -> f64,
        from: &[f64],
        progress: &dyn Progress,
    ) -> Result<Vec<[Option<Interval>; 2]>, Stopped> {
        if self.dataset.persons() < 2 {
            return Ok(vec![[None; 2]; from.len()]);
        }
        // How many of them a pair hits from.
        let hits = |pair: &Pair| from.partition_point(|&from| from <= closeness(pair));
        let binned = |pairs: &[Pair]| {
            let mut binned: Vec<_> = pairs.iter().map(|pair| (subjects_of(self.dataset, pair), hits(pair))).collect();
            binned.sort_unstable();
            let counted = binned.chunk_by(|a, b| a == b);
            counted.filter_map(|same| Some((*same.first()?, same.len() as f64))).collect::<Vec<_>>()
        };
        let (genuine, impostor) = (binned(&scores.genuine), binned(&scores.impostor));
        let replicate = |number: usize| {
            if progress.stop() {
                return Err(Stopped);
            }
            let weights = self.drawn(number);
            let (mut matched, mut missed) = (vec![0.0; from.len() + 1], vec![0.0; from.len() + 1]);
            impostor.iter().for_each(|&(((a, b), bin), count)| {
                add_weight(&mut matched, bin, count * at(&weights, a) * at(&weights, b));
            });
            genuine.iter().for_each(|&(((a, _), bin), count)| add_weight(&mut missed, bin, count * at(&weights, a)));
            let (impostors, genuine_pairs) = (self.impostors(&weights), self.genuine_pairs(&weights));
            let (mut matches, mut misses) = (matched.iter().sum::<f64>(), 0.0);
            let rates = matched.iter().zip(&missed).take(from.len()).map(|(leaving, missing)| {
                (matches, misses) = (matches - leaving, misses + missing);
                // What is left of nothing may be less, by rounding.
                [(matches / impostors).max(0.0), misses / genuine_pairs]
            });
            let rates: Vec<[f64; 2]> = rates.collect();
            progress.advance(1);
            Ok(rates)
        };
        let replicates: Vec<Vec<[f64; 2]>> =
            (0..REPLICATES).into_par_iter().map(replicate).collect::<Result<_, _>>()?;
        let most = |binned: &[(_, f64)], of: fn(usize, usize) -> usize, first| {
            binned.iter().map(|&((_, bin), _)| bin).fold(first, of)
        };
        let (closest, farthest) = (most(&impostor, usize::max, 0), most(&genuine, usize::min, from.len()));
        let interval = |place: usize, rate: fn(&[f64; 2]) -> f64| {
            percentiles(replicates.iter().filter_map(|rates| rates.get(place)).map(rate).collect())
        };
        let both = |place: usize| {
            // Without an error there is none in any replicate.
            let fmr = if closest <= place {
                Some(clopper_pearson(0, self.pairs_of_subjects))
            } else {
                interval(place, |[fmr, _]| *fmr)
            };
            let fnmr = if farthest > place { Some(self.without_a_miss()) } else { interval(place, |[_, fnmr]| *fnmr) };
            [fmr, fnmr]
        };
        Ok((0..from.len()).map(both).collect())
    }

    /// No genuine pair was missed: each subject is one trial, for its pairs depend on each other in a way that was not seen.
    fn without_a_miss(&self) -> Interval {
        clopper_pearson(0, self.genuine.iter().filter(|&&pairs| pairs > 0.0).count() as u64)
    }

    fn least(&self, scores: &Scores, closeness: &impl Fn(&Pair) -> f64) -> f64 {
        let finite = scores.pairs().map(closeness).filter(|closeness| closeness.is_finite());
        finite.fold(f64::INFINITY, f64::min)
    }

    fn genuine_pairs(&self, weights: &[f64]) -> f64 {
        self.genuine.iter().zip(weights).map(|(count, weight)| count * weight).sum()
    }

    /// All impostor pairs: everybody with everybody, less oneself.
    fn impostors(&self, weights: &[f64]) -> f64 {
        if let Some(listed) = &self.listed {
            return weighted(listed, weights);
        }
        let weighted =
            |counts: &[f64]| -> f64 { counts.iter().zip(weights).map(|(count, weight)| count * weight).sum() };
        let of_group = |[probes, references]: &[Vec<f64>; 2]| {
            let own = probes.iter().zip(references).zip(weights).map(|((p, r), weight)| p * r * weight * weight);
            weighted(probes) * weighted(references) - own.sum::<f64>()
        };
        let both_ways: f64 = self.groups.iter().map(of_group).sum();
        if self.dataset.is_one_set() { both_ways / 2.0 } else { both_ways }
    }

    /// Percentiles of a statistic of how often each subject is drawn.
    fn interval(&self, statistic: impl Fn(&[f64]) -> f64 + Sync) -> Option<Interval> {
        let subjects = self.dataset.persons();
        // One subject drawn again is itself: that says nothing.
        if subjects < 2 {
            return None;
        }
        percentiles((0..REPLICATES).into_par_iter().map(|number| statistic(&self.drawn(number))).collect())
    }

    /// How often each subject is drawn by the replicate of this number.
    fn drawn(&self, number: usize) -> Vec<f64> {
        let subjects = self.dataset.persons();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number as u64 + 1);
        let mut weights = vec![0.0; subjects];
        (0..subjects).for_each(|_| add(&mut weights, rng.random_range(0..subjects)));
        weights
    }
}

/// Whose the two samples of a pair are.
fn subjects_of(dataset: &Dataset, pair: &Pair) -> (usize, usize) {
    dataset.persons_of(pair.probe, pair.reference).into()
}

/// Pairs gathered by subjects.
fn counted<'p>(dataset: &Dataset, pairs: impl Iterator<Item = &'p Pair>) -> Counted {
    let mut subjects: Vec<(usize, usize)> = pairs.map(|pair| subjects_of(dataset, pair)).collect();
    subjects.sort_unstable();
    let counted = subjects.chunk_by(|a, b| a == b);
    counted.filter_map(|same| Some((*same.first()?, same.len() as f64))).collect()
}

/// Impostor pairs, each as often as both its subjects are drawn.
fn weighted(counted: &Counted, weights: &[f64]) -> f64 {
    counted.iter().map(|&((a, b), count)| count * at(weights, a) * at(weights, b)).sum()
}

fn at(weights: &[f64], subject: usize) -> f64 {
    weights.get(subject).copied().unwrap_or_default()
}

fn add(counts: &mut [f64], place: usize) {
    add_weight(counts, place, 1.0);
}

fn add_weight(counts: &mut [f64], place: usize, weight: f64) {
    if let Some(count) = counts.get_mut(place) {
        *count += weight;
    }
}

/// The mean of both rates at the edge of bins where they are nearest to each other.
fn crossing(misses: &[f64], matches: &[f64], genuine: f64, impostors: f64) -> f64 {
    let (mut missed, mut matched) = (0.0, matches.iter().sum::<f64>());
    let mut best = (f64::INFINITY, f64::NAN);
    for (miss, hit) in misses.iter().zip(matches) {
        missed += miss;
        matched -= hit;
        let (fnmr, fmr) = (missed / genuine, matched / impostors);
        if (fnmr - fmr).abs() < best.0 {
            best = ((fnmr - fmr).abs(), (fnmr + fmr) / 2.0);
        }
    }
    best.1
}
