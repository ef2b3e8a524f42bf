//! From which size of a gallery the one scheme answers sooner than the other.

use cotejo::agreement::SchemeId;
use cotejo::planning::Plan;
use serde::Serialize;

use super::grid::{BUDGET, Batch, Grid};
use super::measured::{Curve, CurvePoint, QueryTimes};

/// Where scheme `bgv` begins to answer sooner than `tfhe`, on so many threads and for so many probes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossover {
    pub threads: usize,
    pub probes: usize,
    /// References, as 'plan' predicts; none where there is no crossing up to a million.
    pub predicted_references: Option<usize>,
    /// References, between two measured galleries; none where they do not enclose it.
    pub measured_references: Option<usize>,
}

/// The largest gallery that is looked at.
const MOST: usize = 1_000_000;

/// One for each pair of batches of both schemes on as many threads, and each number of probes.
pub fn crossovers(grid: &Grid, probes: &[usize], queries: &[QueryTimes]) -> Vec<Crossover> {
    let of = |scheme| grid.batches.iter().filter(move |batch: &&Batch| batch.agreement.scheme() == scheme);
    let pairs = of(SchemeId::Tfhe).flat_map(|tfhe| of(SchemeId::Bgv).map(move |bgv| (tfhe, bgv)));
    let alike = pairs.filter(|(tfhe, bgv)| tfhe.threads == bgv.threads);
    alike
        .flat_map(|(tfhe, bgv)| {
            probes.iter().map(move |&probes| {
                let measured = [tfhe, bgv].map(|batch| measured(batch, probes, queries));
                let [slower, faster] = &measured;
                Crossover {
                    threads: tfhe.threads,
                    probes,
                    predicted_references: predicted([tfhe, bgv], probes),
                    measured_references: between(slower, faster),
                }
            })
        })
        .collect()
}

/// Medians of a batch by the size of the gallery.
fn measured(batch: &Batch, probes: usize, queries: &[QueryTimes]) -> Vec<CurvePoint> {
    let set = batch.agreement.parameters().name();
    let own =
        |query: &&QueryTimes| query.parameter_set == set && query.threads == batch.threads && query.probes == probes;
    let point = |query: &QueryTimes| CurvePoint { references: query.references, seconds: query.computation.median };
    let mut points: Vec<CurvePoint> = queries.iter().filter(own).map(point).collect();
    points.sort_by_key(|point| point.references);
    points
}

/// The smallest gallery that `bgv` is predicted to answer sooner, by bisection.
fn predicted(batches: [&Batch; 2], probes: usize) -> Option<usize> {
    let sooner = |references| {
        let seconds = batches.map(|batch| seconds(batch, references, probes));
        matches!(seconds, [Some(tfhe), Some(bgv)] if bgv < tfhe)
    };
    if !sooner(MOST) {
        return None;
    }
    let (mut low, mut high) = (0, MOST);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if sooner(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

fn seconds(batch: &Batch, references: usize, probes: usize) -> Option<f64> {
    Plan::new(&batch.agreement, references, probes, &batch.pace, BUDGET).ok().map(|plan| plan.seconds)
}

/// Where two measured curves cross, on straight lines of logarithms between sizes that both were measured at.
fn between(tfhe: &[CurvePoint], bgv: &[CurvePoint]) -> Option<usize> {
    let both: Vec<(f64, f64)> = tfhe
        .iter()
        .filter_map(|tfhe| {
            let bgv = bgv.iter().find(|bgv| bgv.references == tfhe.references)?;
            Some(((tfhe.references as f64).ln(), (bgv.seconds / tfhe.seconds).ln()))
        })
        .collect();
    both.windows(2).find_map(|pair| match pair {
        [(x, ahead), (next, behind)] if *ahead > 0.0 && *behind <= 0.0 => {
            Some((x + (next - x) * ahead / (ahead - behind)).exp().round() as usize)
        }
        _ => None,
    })
}

/// Predictions of a batch around the sizes of the grid.
pub fn curves(grid: &Grid, probes: &[usize], references: &[usize]) -> Vec<Curve> {
    let least = references.iter().copied().min().unwrap_or(1);
    let most = references.iter().copied().max().unwrap_or(1).saturating_mul(10).min(MOST);
    let powers = (0..).map(|power| 10usize.pow(power)).take_while(|power| *power <= most);
    let sizes = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    let sizes: Vec<usize> = sizes.filter(|size| (least..=most).contains(size)).collect();
    let batches = grid.batches.iter().flat_map(|batch| probes.iter().map(move |&probes| (batch, probes)));
    batches
        .map(|(batch, probes)| {
            let point = |&references| Some(CurvePoint { references, seconds: seconds(batch, references, probes)? });
            Curve {
                scheme: batch.agreement.scheme(),
                parameter_set: batch.agreement.parameters().name(),
                threads: batch.threads,
                probes,
                points: sizes.iter().filter_map(point).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(points: &[(usize, f64)]) -> Vec<CurvePoint> {
        points.iter().map(|&(references, seconds)| CurvePoint { references, seconds }).collect()
    }

    #[test]
    fn curves_cross_between_the_sizes_that_enclose_it() {
        let tfhe = points(&[(100, 0.1), (1_000, 1.0), (10_000, 10.0)]);
        let bgv = points(&[(100, 2.0), (1_000, 2.0), (10_000, 2.0)]);
        assert_eq!(between(&tfhe, &bgv), Some(2_000));
        assert_eq!(between(&tfhe[..2], &bgv[..2]), None);
        assert_eq!(between(&tfhe, &bgv[2..]), None);
    }
}
