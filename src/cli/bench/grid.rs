//! What is measured: comparisons under parameter sets, on numbers of threads, against galleries; and what each point is predicted to cost.

use crate::agreement::{ComparisonTerms, Decimal, Disclosure, SchemeId, Terms};
use crate::parameters::ParameterSet;
use crate::planning::{self, Pace, Plan};
use crate::remedy::Remedy;
use crate::scheme::Opened;
use crate::template::TemplateShape;
use crate::template::synthetic::Population;
use rayon::ThreadPool;
use serde::Serialize;

use crate::cli::comparison::USUAL_HITS;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::pace;
use crate::cli::shape::{Metric, Modality, ShapeOptions};
use crate::cli::synthesize;

/// The grid.
#[derive(clap::Args)]
pub struct GridArgs {
    /// Schemes [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = scheme, conflicts_with = "noise")]
    scheme: Vec<SchemeId>,
    /// What is compared
    #[arg(long, value_enum, default_value = "face", conflicts_with = "noise")]
    modality: Modality,
    #[command(flatten)]
    pub shape: ShapeOptions,
    /// Where a hit begins [default: face 0.35, fingerprint 0.4, iris 0.345; 35 % of the bits; 0.5 of other vectors]
    #[arg(long, value_name = "NUMBER", conflicts_with = "noise")]
    threshold: Option<Decimal>,
    /// What the querier learns: any, each, count or labelled, of one hit
    #[arg(long, value_name = "WORD", default_value = "any", value_parser = disclosure, conflicts_with = "noise")]
    pub disclosure: Disclosure,
    /// References in the gallery
    #[arg(long, value_name = "NUMBERS", default_value = "100,1000,10000", value_delimiter = ',', value_parser = size, conflicts_with = "noise")]
    pub references: Vec<usize>,
    /// Probes in a query
    #[arg(long, value_name = "NUMBERS", default_value = "1", value_delimiter = ',', value_parser = size, conflicts_with = "noise")]
    pub probes: Vec<usize>,
    /// Threads [default: as many as there are cores]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = threads, conflicts_with = "noise")]
    threads: Vec<usize>,
    /// Times that each measurement is repeated
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with = "noise")]
    pub repeat: u32,
    /// Leave out queries that are predicted to take longer
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = limit, conflicts_with = "noise")]
    pub limit: f64,
}

/// One parameter set on a number of threads.
pub struct Batch {
    pub agreement: Opened,
    pub threads: usize,
    pub pool: ThreadPool,
    pub pace: Pace,
    pub points: Vec<Plan>,
}

/// The whole of it.
pub struct Grid {
    pub batches: Vec<Batch>,
    pub skipped: Vec<Skipped>,
    pub refused: Vec<Refused>,
    pub population: Population,
}

/// Left out: predicted to take longer than the limit.
#[derive(Serialize)]
pub struct Skipped {
    pub threads: usize,
    pub predicted: Plan,
}

/// Left out: the comparison is not admitted.
#[derive(Serialize)]
pub struct Refused {
    pub scheme_or_set: String,
    pub why: String,
}

/// What `match` may keep of an encoded gallery: its own default.
pub const BUDGET: u64 = 1 << 30;

fn scheme(text: &str) -> Result<SchemeId, String> {
    SchemeId::by_name(text).ok_or_else(|| "tfhe, bgv or hybrid is needed".to_owned())
}

fn disclosure(text: &str) -> Result<Disclosure, String> {
    match text {
        "any" => Ok(Disclosure::Any),
        "each" => Ok(Disclosure::Each),
        "count" => Ok(Disclosure::Count),
        "labelled" => Ok(Disclosure::Labelled),
        _ => Err("any, each, count or labelled is needed".to_owned()),
    }
}

fn size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000_000) => Ok(number),
        _ => Err("whole numbers from 1 to 10000000 are needed".to_owned()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("whole numbers from 1 to 1024 are needed".to_owned()),
    }
}

fn limit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a number of seconds above 0 is needed".to_owned()),
    }
}

impl GridArgs {
    /// Times the units of work of each parameter set on each number of threads, and predicts every point.
    pub fn grid(&self, sets: &[&'static ParameterSet], seed: u64, console: &Console) -> Result<Grid, Failure> {
        let terms = self.terms()?;
        let model = synthesize::model(self.modality, self.shape.metric(self.modality)?, TILT);
        let population = Population::new(model, terms.template.shape(), seed)
            .map_err(|error| Failure::new("--modality", error, "choose another --modality, --metric or --dimension"))?;
        let mut grid = Grid { batches: Vec::new(), skipped: Vec::new(), refused: Vec::new(), population };
        for (scheme, set) in self.candidates(sets) {
            let mut terms = terms.clone().with_scheme(scheme.into());
            set.iter().for_each(|set| terms.encryption.parameter_set = set.name().to_owned());
            match planning::open(terms) {
                Ok(agreement) => {
                    crate::cli::load::warn_if_insecure(&agreement, console);
                    self.add(&mut grid, &agreement, console)?;
                }
                Err(error) => {
                    let scheme_or_set = set.map_or_else(|| format!("scheme {scheme}"), |set| set.name().to_owned());
                    grid.refused.push(Refused { scheme_or_set, why: error.in_full() });
                }
            }
        }
        match (grid.batches.is_empty(), grid.refused.first()) {
            (true, Some(Refused { scheme_or_set, why })) => {
                Err(Failure::new(scheme_or_set, why, "choose another --metric, --dimension, --disclosure or --set"))
            }
            _ => Ok(grid),
        }
    }

    fn add(&self, grid: &mut Grid, agreement: &Opened, console: &Console) -> Result<(), Failure> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let all = [cores];
        let threads = if self.threads.is_empty() { all.as_slice() } else { &self.threads };
        for &threads in threads {
            if threads > cores {
                console.warn(format_args!(
                    "{} on {}: they wait for each other, and what is measured is not what as many cores would take",
                    count(threads, "thread"),
                    count(cores, "core")
                ));
            }
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| Failure::new("--threads", error, "ask for fewer"))?;
            let pace = pool.install(|| pace::measure(agreement, console))?;
            let mut points = Vec::new();
            for &references in &self.references {
                for &probes in &self.probes {
                    let plan = Plan::new(agreement, references, probes, &pace, BUDGET);
                    let plan = plan.map_err(|error| Failure::new("--references", error, "choose another --set"))?;
                    match plan.seconds > self.limit {
                        true => grid.skipped.push(Skipped { threads, predicted: plan }),
                        false => points.push(plan),
                    }
                }
            }
            grid.batches.push(Batch { agreement: agreement.clone(), threads, pool, pace, points });
        }
        Ok(())
    }

    /// The sets that were named, of the schemes that were named; or each scheme with the set that suits it.
    fn candidates(&self, sets: &[&'static ParameterSet]) -> Vec<(SchemeId, Option<&'static ParameterSet>)> {
        let wanted = |scheme: &SchemeId| self.scheme.is_empty() || self.scheme.contains(scheme);
        match sets.is_empty() {
            true => SchemeId::ALL.into_iter().filter(wanted).map(|scheme| (scheme, None)).collect(),
            false => sets.iter().map(|set| (set.scheme(), Some(*set))).filter(|(scheme, _)| wanted(scheme)).collect(),
        }
    }

    fn terms(&self) -> Result<Terms, Failure> {
        let decimal = |text: &str| {
            text.parse::<Decimal>().map_err(|error| Failure::new("--threshold", error, "write a decimal number"))
        };
        let mut terms = match (self.shape.shape(self.modality)?, self.shape.metric(self.modality)?) {
            (TemplateShape::Bits(bits), _) => Terms::hamming(bits, self.bits(bits)?),
            (TemplateShape::Iris(shape), _) => Terms::iris(shape),
            (TemplateShape::Vector(dimension), metric) => {
                let threshold = self.threshold.map_or_else(|| decimal("0.5"), Ok)?;
                match (metric, self.modality) {
                    (Metric::InnerProduct, _) => Terms::inner_product(dimension, decimal("1.0")?, threshold),
                    (Metric::SquaredEuclidean, _) => Terms::squared_euclidean(dimension, decimal("1.0")?, threshold),
                    (_, Modality::Fingerprint) => Terms::fingerprint(dimension),
                    _ => Terms::face(dimension),
                }
            }
        };
        if let (
            ComparisonTerms::Cosine { threshold, .. } | ComparisonTerms::FractionalHamming { threshold, .. },
            Some(given),
        ) = (&mut terms.comparison, self.threshold)
        {
            *threshold = given;
        }
        terms.disclosure = self.disclosure;
        terms.limits.hits_per_probe = (self.disclosure == Disclosure::Labelled).then_some(USUAL_HITS);
        terms.limits.references = self.references.iter().copied().max().unwrap_or(1);
        terms.limits.probes_per_query = self.probes.iter().copied().max().unwrap_or(1);
        Ok(terms)
    }

    fn bits(&self, bits: usize) -> Result<u32, Failure> {
        match self.threshold {
            None => Ok((bits * 35 / 100) as u32),
            Some(threshold) => threshold.whole().and_then(|bits| u32::try_from(bits).ok()).ok_or_else(|| {
                Failure::new(
                    "--threshold",
                    format_args!("{threshold} is no number of bits"),
                    "write how many bits may differ",
                )
            }),
        }
    }
}

/// Columns by which synthetic irises are rotated.
const TILT: u32 = 7;
