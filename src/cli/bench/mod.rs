//! `cotejo bench`: what a comparison costs on this machine, and how noisy its stages are.

mod crossover;
mod document;
mod grid;
mod harness;
mod machine;
mod measured;
mod noise;
mod noise_document;
mod noise_page;
mod page;
mod queries;
mod spread;
mod stages;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use crate::agreement::ComparisonTerms;
use crate::parameters::ParameterSet;

use super::console::{Console, count, seconds};
use super::failure::Failure;
use super::files::{self, Access, Output};
use super::shape::unfit;
use super::{Outcome, OverwriteArg, interrupt};
use document::Document;
use grid::{Grid, GridArgs, Refused};
use harness::Harness;
use machine::{Machine, Versions};

/// Measure what comparisons cost here, stage by stage and as whole queries; or, with --noise, how noisy each stage is
///
/// On synthetic templates and keys of nobody, made from the seed. Says beforehand what it will take; without options a minute or two on two
/// cores.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo bench --html cost.html --csv cost.csv
  cotejo bench --modality generic --metric hamming --dimension 128 --disclosure each --references 1000,10000,100000 --threads 1,2
  cotejo bench --noise --set tfhe-896-2048 --set bgv-32768-540 --samples 1000 --html noise.html")]
pub struct Args {
    /// Measure noise instead of time
    #[arg(long)]
    noise: bool,
    /// Parameter set; more than one by repeating it [default: what suits each scheme; of noise, every secure set]
    #[arg(long = "set", value_name = "NAME")]
    sets: Vec<String>,
    /// Of noise: errors looked at for each stage, at least 48 [default: 400]
    #[arg(long, value_name = "NUMBER", requires = "noise", value_parser = clap::value_parser!(u32).range(48..=100_000_000))]
    samples: Option<u32>,
    /// Seed of templates and keys
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    grid: GridArgs,
    /// Write the measurements as a table
    #[arg(long, value_name = "FILE", conflicts_with = "noise")]
    csv: Option<PathBuf>,
    /// Write the measurements as a page that stands alone
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.noise {
            true if !self.grid.shape.is_empty() => {
                Err(unfit("--noise", "noise is measured on comparisons of its own, whatever --metric and --dimension"))
            }
            true => noise::run(&self, console),
            false => self.cost(console),
        }
    }

    fn cost(&self, console: &Console) -> Result<Outcome, Failure> {
        let files = [&self.csv, &self.html];
        files
            .into_iter()
            .flatten()
            .try_for_each(|path| files::require_free(path, self.overwrite.force, files::Content::Other))?;
        let grid = self.grid.grid(&self.named_sets()?, self.seed, console)?;
        self.announce(&grid, console);
        let document = self.measure(grid, console)?;
        let csv = self.csv.as_ref().map(|path| table::csv(&document).map(|bytes| (path, bytes))).transpose()?;
        let html = self.html.as_ref().map(|path| (path, page::html(&document).into_bytes()));
        let outputs: Vec<Output<'_>> =
            csv.iter().chain(&html).map(|(path, bytes)| Output { path, bytes, access: Access::Shared }).collect();
        files::write(&outputs, self.overwrite.force)?;
        outputs.iter().for_each(|output| console.note(format_args!("{}: written", output.path.display())));
        console.result(table::text(&document), &document)?;
        Ok(Outcome::Done)
    }

    /// What it will take.
    fn announce(&self, grid: &Grid, console: &Console) {
        let points = grid.batches.iter().flat_map(|batch| &batch.points);
        let queries: f64 = points.map(|plan| plan.seconds).sum::<f64>() * f64::from(self.grid.repeat);
        let most = Duration::try_from_secs_f64(queries).unwrap_or(Duration::MAX);
        console.note(format_args!(
            "queries: {}, about {} in all; then the stages of {}, some seconds each",
            self.queries(grid),
            seconds(most),
            count(grid.batches.len(), "parameter set"),
        ));
        for skipped in &grid.skipped {
            console.warn(table::left_out(skipped));
        }
        for Refused { scheme_or_set, why } in &grid.refused {
            console.warn(format_args!("left out: {scheme_or_set}: {why}"));
        }
    }

    fn queries(&self, grid: &Grid) -> u64 {
        let points: usize = grid.batches.iter().map(|batch| batch.points.len()).sum();
        points as u64 * u64::from(self.grid.repeat)
    }

    fn measure(&self, grid: Grid, console: &Console) -> Result<Document, Failure> {
        let (repeat, seed) = (self.grid.repeat, self.seed);
        let (mut stages, mut queries) = (Vec::new(), Vec::new());
        // Queries first: what the stages need of memory would count as theirs.
        let meter = console.meter("bench", "query", self.queries(&grid));
        for batch in &grid.batches {
            let measured = batch.pool.install(|| queries::measure(&grid, batch, repeat, seed, &meter));
            queries.extend(measured?);
        }
        meter.finish();
        for batch in &grid.batches {
            interrupt::check()?;
            let set = batch.agreement.parameters().name();
            console.note(format_args!("stages of {set} on {} ...", count(batch.threads, "thread")));
            let own: Vec<_> = queries
                .iter()
                .filter(|query: &&measured::QueryTimes| query.parameter_set == set && query.threads == batch.threads)
                .cloned()
                .collect();
            stages.extend(batch.pool.install(|| stages::measure(&grid, batch, &own, repeat, seed))?);
        }
        Ok(self.document(grid, stages, queries))
    }

    fn document(&self, grid: Grid, stages: Vec<measured::StageTimes>, queries: Vec<measured::QueryTimes>) -> Document {
        let mut threads: Vec<usize> = grid.batches.iter().map(|batch| batch.threads).collect();
        threads.sort_unstable();
        threads.dedup();
        let terms = grid.batches.first().map(|batch| batch.agreement.terms());
        Document {
            machine: Machine::here(),
            versions: Versions::of_this_program(),
            threads,
            seed: self.seed,
            repeat: self.grid.repeat,
            limit_seconds: self.grid.limit,
            shape: terms.map_or(String::new(), |terms| terms.template.shape().to_string()),
            metric: terms.map_or("", |terms| metric(&terms.comparison)),
            disclosure: self.grid.disclosure,
            predicted: crossover::curves(&grid, &self.grid.probes, &self.grid.references),
            crossover: crossover::crossovers(&grid, &self.grid.probes, &queries),
            fetch_by_similarity: queries.iter().map(|query| Harness::of(query, &stages)).collect(),
            skipped: grid.skipped,
            refused: grid.refused,
            stages,
            queries,
        }
    }

    /// The sets that were named.
    fn named_sets(&self) -> Result<Vec<&'static ParameterSet>, Failure> {
        let named = |name: &String| {
            ParameterSet::by_name(name).ok_or_else(|| {
                let known = ParameterSet::ALL.map(ParameterSet::name).join(", ");
                let problem = format!("there is no parameter set '{name}'");
                Failure::new("--set", problem, format!("use one of: {known}"))
            })
        };
        self.sets.iter().map(named).collect()
    }

    /// The sets that were named, or every secure one.
    fn sets_for_noise(&self) -> Result<Vec<&'static ParameterSet>, Failure> {
        let named = self.named_sets()?;
        match named.is_empty() {
            true => Ok(ParameterSet::ALL.into_iter().filter(|set| set.is_secure()).collect()),
            false => Ok(named),
        }
    }
}

fn metric(comparison: &ComparisonTerms) -> &'static str {
    match comparison {
        ComparisonTerms::Cosine { .. } => "cosine",
        ComparisonTerms::InnerProduct { .. } => "inner-product",
        ComparisonTerms::SquaredEuclidean { .. } => "squared-euclidean",
        ComparisonTerms::Hamming { .. } => "hamming",
        ComparisonTerms::FractionalHamming { .. } => "fractional-hamming",
    }
}
