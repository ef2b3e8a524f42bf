//! Error rates of pairs that depend on each other: all pairs of a subject err together or not at all, more or less.
//!
//! The variance of a rate is that of sums over subjects, each pair counting for both of its subjects (Aronow, Samii, Assenova,
//! "Cluster-robust variance estimation for dyadic data", Political Analysis 2015, equation 5), each as if it were left out of the rate (the
//! jackknife; Bell, McCaffrey, Survey Methodology 2002). It tells how many independent pairs would
//! say as much, and Clopper and Pearson's interval of that many is taken (Korn, Graubard, "Confidence intervals for proportions with
//! small expected number of positive counts estimated from survey data", Survey Methodology 1998). The degrees of freedom of the variance
//! follow from the sums themselves (Satterthwaite, Biometrics Bulletin 1946), so that few subjects in error make a wide interval; though never
//! wider than if all pairs of a subject always erred together. Without an error there is no variance to be seen: then each subject counts once, and each pair of two subjects.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::interval::{CONFIDENCE, Interval, Proportion, clopper_pearson, clopper_pearson_of};

/// Errors among pairs, by whose they are.
#[derive(Default)]
pub(super) struct Dependent {
    /// By the two subjects, the smaller number first; twice the same for a genuine pair.
    counts: BTreeMap<(usize, usize), Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    errors: u64,
    trials: u64,
}

impl Dependent {
    /// Counts a pair of these two subjects.
    pub(super) fn add(&mut self, probe: usize, reference: usize, error: bool) {
        let count = self.counts.entry((probe.min(reference), probe.max(reference))).or_default();
        count.trials += 1;
        count.errors += u64::from(error);
    }

    /// The rate, with both its intervals.
    pub(super) fn proportion(&self) -> Proportion {
        let rate = Proportion::new(self.sum(|count| count.errors), self.sum(|count| count.trials));
        let over_subjects = (rate.trials > 0).then(|| self.interval(&rate));
        Proportion { over_subjects, ..rate }
    }

    fn sum(&self, of: fn(&Count) -> u64) -> u64 {
        self.counts.values().map(of).sum()
    }

    fn interval(&self, rate: &Proportion) -> Interval {
        let Proportion { errors, trials, value, .. } = *rate;
        if errors == 0 || errors == trials {
            let units = self.counts.len() as u64;
            return clopper_pearson(if errors == 0 { 0 } else { units }, units);
        }
        let pairs = trials as f64;
        let (variance, degrees) = self.variance(value);
        let design = (variance / (value * (1.0 - value) / pairs)).max(1.0);
        let wider = quantile_of_t(pairs - 1.0) / quantile_of_t(degrees);
        let effective = (pairs / design * wider.powi(2)).max(self.least_effective());
        clopper_pearson_of(value * effective, effective)
    }

    /// Independent pairs that these say as much as at least: as many as if all pairs of a subject always erred together.
    fn least_effective(&self) -> f64 {
        let mut of_subject: BTreeMap<usize, f64> = BTreeMap::new();
        let (mut all, mut twice) = (0.0, 0.0);
        for (&(a, b), count) in &self.counts {
            let trials = count.trials as f64;
            all += trials;
            *of_subject.entry(a).or_default() += trials;
            if a != b {
                *of_subject.entry(b).or_default() += trials;
                twice += trials.powi(2);
            }
        }
        all.powi(2) / (of_subject.values().map(|trials| trials.powi(2)).sum::<f64>() - twice)
    }

    /// Variance of the rate, and the degrees of freedom that it was estimated with.
    fn variance(&self, rate: f64) -> (f64, f64) {
        let residual = |count: &Count| count.errors as f64 - rate * count.trials as f64;
        let trials = self.sum(|count| count.trials) as f64;
        let mut twice = 0.0;
        let mut of_subject: BTreeMap<usize, Sum> = BTreeMap::new();
        for (&(a, b), count) in &self.counts {
            let mut add = |subject| {
                let sum = of_subject.entry(subject).or_default();
                sum.residual += residual(count);
                sum.trials += count.trials as f64;
            };
            add(a);
            if a != b {
                add(b);
                // It is in the squares of both.
                twice += residual(count).powi(2);
            }
        }
        // As if the rate were that of all others: a subject that is a large part of the sample draws it to itself.
        let others = |sum: &Sum| sum.residual / (1.0 - sum.trials / trials).max(f64::EPSILON);
        let power = |exponent: i32| of_subject.values().map(|sum| others(sum).powi(exponent)).sum::<f64>();
        let (squares, fourth) = (power(2), power(4));
        let degrees = if fourth > 0.0 { squares.powi(2) / fourth } else { 1.0 };
        ((squares - twice) / trials.powi(2), degrees.clamp(1.0, (of_subject.len() as f64 - 1.0).max(1.0)))
    }
}

/// Of a subject's pairs.
#[derive(Default)]
struct Sum {
    residual: f64,
    trials: f64,
}

/// The upper quantile of Student's distribution that [`CONFIDENCE`] leaves out.
fn quantile_of_t(degrees: f64) -> f64 {
    let tail = 0.5 * (1.0 + CONFIDENCE);
    StudentsT::new(0.0, 1.0, degrees.max(1.0)).map_or(f64::INFINITY, |t| t.inverse_cdf(tail))
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Genuine pairs of subjects who differ: most never err, some do in half of their pairs. Every probe of a subject makes pairs.
    fn goats(rng: &mut ChaCha8Rng, subjects: usize, pairs_each: usize) -> Dependent {
        let mut rate = Dependent::default();
        for subject in 0..subjects {
            let own = if rng.random_bool(0.2) { 0.5 } else { 0.02 };
            (0..pairs_each).for_each(|_| rate.add(subject, subject, rng.random_bool(own)));
        }
        rate
    }

    /// Impostor pairs of everybody with everybody: some subjects match all others often, in either role.
    fn wolves(rng: &mut ChaCha8Rng, probes: usize, references: usize) -> Dependent {
        let own: Vec<f64> = (0..references).map(|_| if rng.random_bool(0.25) { 0.2 } else { 0.03 }).collect();
        let mut rate = Dependent::default();
        for a in 0..probes {
            for b in (0..references).filter(|&b| b != a) {
                rate.add(a, b, rng.random_bool(own[a] + own[b]));
            }
        }
        rate
    }

    /// Shares of simulated runs whose interval holds the truth: with dependence known, and as if pairs were independent.
    fn coverage(truth: f64, runs: u64, mut simulate: impl FnMut(&mut ChaCha8Rng) -> Dependent) -> [f64; 2] {
        let mut inside = [0.0; 2];
        for seed in 0..runs {
            let rate = simulate(&mut ChaCha8Rng::seed_from_u64(seed)).proportion();
            for (count, interval) in inside.iter_mut().zip([rate.over_subjects.unwrap(), rate.exact]) {
                *count += f64::from(u8::from((interval.low..=interval.high).contains(&truth)));
            }
        }
        inside.map(|inside| inside / runs as f64)
    }

    #[test]
    fn intervals_of_genuine_pairs_hold_the_rate_as_often_as_they_say_and_naive_ones_do_not() {
        let [dependent, naive] = coverage(0.116, 400, |rng| goats(rng, 40, 30));
        assert!(dependent >= 0.93 && naive < 0.6, "{dependent} {naive}");
        let [few, naive] = coverage(0.116, 400, |rng| goats(rng, 12, 30));
        assert!(few >= 0.9 && naive < 0.6, "{few} {naive}");
    }

    #[test]
    fn intervals_of_impostor_pairs_hold_the_rate_although_each_subject_is_in_many_pairs() {
        // The mean of what is drawn: 2 (0.25 * 0.2 + 0.75 * 0.03).
        let truth = 0.145;
        let [all, naive] = coverage(truth, 300, |rng| wolves(rng, 30, 30));
        assert!(all >= 0.93 && naive < 0.7, "{all} {naive}");
        let [few_probes, naive] = coverage(truth, 300, |rng| wolves(rng, 6, 40));
        assert!(few_probes >= 0.9 && naive < 0.7, "{few_probes} {naive}");
    }

    #[test]
    fn independent_pairs_get_an_interval_little_wider_than_clopper_and_pearson_s() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut rate = Dependent::default();
        (0..4000).for_each(|subject| rate.add(subject, subject, rng.random_bool(0.1)));
        let rate = rate.proportion();
        let width = |interval: Interval| interval.high - interval.low;
        let ratio = width(rate.over_subjects.unwrap()) / width(rate.exact);
        assert!((0.98..1.1).contains(&ratio), "{ratio}");
    }

    #[test]
    fn without_an_error_each_subject_counts_once_and_each_pair_of_two() {
        let mut genuine = Dependent::default();
        (0..49).for_each(|subject| (0..45).for_each(|_| genuine.add(subject, subject, false)));
        assert_eq!(genuine.proportion().interval(), clopper_pearson(0, 49));
        let mut impostor = Dependent::default();
        (0..6).for_each(|probe| (0..49).filter(|&b| b != probe).for_each(|b| impostor.add(probe, b, false)));
        // Six with 48 others each, of which 15 pairs are among the six.
        assert_eq!(impostor.proportion().interval(), clopper_pearson(0, 6 * 48 - 15));
        assert_eq!(Dependent::default().proportion().over_subjects, None);
    }

    #[test]
    fn one_error_does_not_say_more_than_none() {
        let bound = |errors: usize| {
            let mut rate = Dependent::default();
            (0..49)
                .for_each(|subject| (0..45).for_each(|pair| rate.add(subject, subject, subject < errors && pair == 0)));
            rate.proportion().interval().high
        };
        assert!(bound(1) > 0.5 * bound(0), "{} {}", bound(1), bound(0));
    }
}
