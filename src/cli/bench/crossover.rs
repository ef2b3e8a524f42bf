//! From which size of a gallery a scheme of blocks answers sooner than scheme `tfhe`.

use crate::agreement::SchemeId;
use crate::planning::Plan;
use crate::planning::crossover::{self, CurvePoint, MOST_REFERENCES};
use serde::Serialize;

use super::grid::{BUDGET, Batch, Grid};
use super::measured::{Curve, QueryTimes};

/// Where a scheme of blocks begins to answer sooner than `tfhe`, on so many threads and for so many probes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossover {
    pub scheme: SchemeId,
    pub threads: usize,
    pub probes: usize,
    /// References, as 'plan' predicts; none where there is no crossing up to a million.
    pub predicted_references: Option<usize>,
    /// References, between two measured galleries; none where they do not enclose it.
    pub measured_references: Option<usize>,
}

/// One for each batch of blocks and each of bootstraps on as many threads, and each number of probes.
pub fn crossovers(grid: &Grid, probes: &[usize], queries: &[QueryTimes]) -> Vec<Crossover> {
    let of = |scheme| grid.batches.iter().filter(move |batch: &&Batch| batch.agreement.scheme() == scheme);
    let of_blocks = || of(SchemeId::Bgv).chain(of(SchemeId::Hybrid));
    let pairs = of(SchemeId::Tfhe).flat_map(|tfhe| of_blocks().map(move |blocks| (tfhe, blocks)));
    let alike = pairs.filter(|(tfhe, blocks)| tfhe.threads == blocks.threads);
    alike
        .flat_map(|(tfhe, blocks)| {
            probes.iter().map(move |&probes| {
                let measured = [tfhe, blocks].map(|batch| measured(batch, probes, queries));
                let [slower, faster] = &measured;
                Crossover {
                    scheme: blocks.agreement.scheme(),
                    threads: tfhe.threads,
                    probes,
                    predicted_references: crossover::predicted(
                        |references| seconds(tfhe, references, probes),
                        |references| seconds(blocks, references, probes),
                    ),
                    measured_references: crossover::between(slower, faster),
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

fn seconds(batch: &Batch, references: usize, probes: usize) -> Option<f64> {
    Plan::new(&batch.agreement, references, probes, &batch.pace, BUDGET).ok().map(|plan| plan.seconds)
}

/// Predictions of a batch around the sizes of the grid.
pub fn curves(grid: &Grid, probes: &[usize], references: &[usize]) -> Vec<Curve> {
    let least = references.iter().copied().min().unwrap_or(1);
    let most = references.iter().copied().max().unwrap_or(1).saturating_mul(10).min(MOST_REFERENCES);
    let powers = (0..).map(|power| 10usize.pow(power)).take_while(|power| *power <= most);
    let sizes = powers.flat_map(|power| [power, 2 * power, 5 * power]);
    let sizes: Vec<usize> = sizes.filter(|size| (least..=most).contains(size)).collect();
    let batches = grid.batches.iter().flat_map(|batch| probes.iter().map(move |&probes| (batch, probes)));
    batches
        .map(|(batch, probes)| {
            let point = |&references| Some(CurvePoint { references, seconds: seconds(batch, references, probes)? });
            Curve {
                scheme: batch.agreement.scheme(),
                parameter_set: batch.agreement.parameters().name().to_owned(),
                threads: batch.threads,
                probes,
                points: sizes.iter().filter_map(point).collect(),
            }
        })
        .collect()
}
