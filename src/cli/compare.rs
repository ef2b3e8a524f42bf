//! `cotejo compare`: the clear oracle, on data you hold yourself.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use cotejo::agreement::{Agreement, EyeRule};
use cotejo::functional::oracle::{Comparison, Oracle};
use cotejo::functional::{Functional, ProbeError, ProbeSample, Reference};
use cotejo::scheme::Progress;
use cotejo::scheme::tfhe::noise::GrayZone;
use cotejo::template::{Eye, Record, SubjectId, TemplateError};
use rayon::prelude::*;
use serde::Serialize;

use super::console::{Console, count, stdout_failure};
use super::failure::Failure;
use super::load::{self, FileFormat, Templates};
use super::{AgreementArg, Outcome, interrupt};

/// Compare templates in the clear, on data you hold yourself: the definition of every encrypted verdict
#[derive(clap::Args)]
#[command(after_help = "\
Each line: probe, reference, 'hit' or 'no hit', score, and the probability that encryption would decide otherwise, separated by
tabs. Above 1000 pairs only the summary is printed, unless --hits-only, --all or --json asks for more.

Example:
  cotejo compare --agreement agreement.toml --probes a.npy --references b.npy")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Templates in the role of probes
    #[arg(long, value_name = "FILE")]
    probes: PathBuf,
    /// Their ids, one a line
    #[arg(long, value_name = "FILE")]
    probe_ids: Option<PathBuf>,
    /// Templates in the role of references
    #[arg(long, value_name = "FILE")]
    references: PathBuf,
    /// Their ids, one a line
    #[arg(long, value_name = "FILE")]
    reference_ids: Option<PathBuf>,
    /// How the templates are written, where the extension does not say so
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Which pairs
    #[arg(long, value_enum, default_value = "all")]
    pairs: Pairs,
    /// Only pairs that hit
    #[arg(long)]
    hits_only: bool,
    /// Every pair, however many
    #[arg(long)]
    all: bool,
    /// Compare the others where some templates are refused
    #[arg(long)]
    skip_refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Pairs {
    /// Every probe with every reference
    All,
    /// The first probe with the first reference, the second with the second, ...
    SameRow,
    /// Templates of the same id
    SameId,
}

/// So many pairs are printed without being asked for.
const FEW: usize = 1000;

/// A template, ready to be compared.
struct Prepared<T> {
    row: usize,
    subject: SubjectId,
    eye: Option<Eye>,
    integers: T,
}

/// One pair, as it is reported.
#[derive(Serialize)]
struct Pair<'a> {
    probe: &'a SubjectId,
    reference: &'a SubjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    eye: Option<Eye>,
    hit: bool,
    score: f64,
    phi: i64,
    rotation: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_bits: Option<usize>,
    /// Of the decision at the deciding rotation; it does not count the rule of common bits.
    flip_probability: f64,
    in_gray_zone: bool,
}

/// What all pairs come to.
#[derive(Serialize)]
struct Summary {
    pairs: usize,
    hits: usize,
    least_score: Option<f64>,
    greatest_score: Option<f64>,
    in_gray_zone: usize,
    expected_flips: f64,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let functional = agreement.functional();
        let read = |path: &Path, ids: &Option<PathBuf>| {
            Templates { path, ids: ids.as_deref(), format: self.format }.read(agreement.shape(), console)
        };
        let probes = read(&self.probes, &self.probe_ids)?;
        let references = read(&self.references, &self.reference_ids)?;
        if self.pairs == Pairs::SameRow && probes.len() != references.len() {
            return Err(Failure::at(
                &self.references,
                format_args!("{} where there are {}", count(references.len(), "record"), count(probes.len(), "probe")),
                "--pairs same-row needs as many references as probes",
            ));
        }
        let probes = self.prepare(&self.probes, functional, probes, Functional::probe, console)?;
        let references = self.prepare(&self.references, functional, references, Functional::reference, console)?;
        // The noise of a decision depends on the reference alone.
        let zones: Vec<GrayZone> = references
            .par_iter()
            .map(|reference| GrayZone::of_weights(&agreement, functional.form(&reference.integers, 0).norm()))
            .collect();
        let few = probes.len() * references.len() <= FEW || self.pairs != Pairs::All;
        let listed = few || self.hits_only || self.all;
        // A bar between the lines of a listing would be in the way.
        let watched = !listed || !std::io::stdout().is_terminal();
        let meter = console.meter("compare", "probes", if watched { probes.len() as u64 } else { 0 });
        let mut report = Report::begin(console.json(), listed)?;
        for probe in &probes {
            interrupt::check()?;
            let oracle = Oracle::new(functional, &probe.integers);
            let judged: Vec<Pair<'_>> = references
                .par_iter()
                .zip(&zones)
                .filter(|(reference, _)| self.is_pair(&agreement, probe, reference))
                .map(|(reference, zone)| pair(probe, reference, oracle.compare(&reference.integers), zone))
                .collect();
            judged.iter().try_for_each(|pair| report.add(pair, self.hits_only))?;
            if watched {
                meter.advance(1);
            }
        }
        meter.finish();
        report.end(&agreement)?;
        if !listed && !console.json() {
            console.note("more than 1000 pairs: see them with --hits-only, --all or --json");
        }
        Ok(Outcome::Done)
    }

    fn is_pair(&self, agreement: &Agreement, probe: &Prepared<ProbeSample>, reference: &Prepared<Reference>) -> bool {
        let paired = match self.pairs {
            Pairs::All => true,
            Pairs::SameRow => probe.row == reference.row,
            Pairs::SameId => probe.subject == reference.subject,
        };
        paired && (agreement.functional().eyes() == EyeRule::Ignored || probe.eye == reference.eye)
    }

    /// The templates as integers; those that are refused are named.
    fn prepare<T>(
        &self,
        path: &Path,
        functional: &Functional,
        records: Vec<Record>,
        integers: fn(&Functional, &cotejo::template::Template) -> Result<T, TemplateError>,
        console: &Console,
    ) -> Result<Vec<Prepared<T>>, Failure> {
        let (given, mut prepared, mut refused) = (records.len(), Vec::new(), Vec::new());
        for (index, Record { subject, eye, template }) in records.into_iter().enumerate() {
            let result = match (functional.eyes(), eye) {
                (EyeRule::Ignored, _) | (_, Some(_)) => integers(functional, &template).map_err(ProbeError::from),
                (_, None) => Err(ProbeError::EyeUnknown),
            };
            match result {
                Ok(integers) => prepared.push(Prepared { row: index + 1, subject, eye, integers }),
                Err(error) => refused.push(format!("'{subject}', record {}: {error}", index + 1)),
            }
        }
        if prepared.is_empty() || !(refused.is_empty() || self.skip_refused) {
            let what = format!("{} of {} refused", refused.len(), count(given, "template"));
            let remedy = "repair or remove them, or compare the others with --skip-refused";
            return Err(Failure::with_details(path.display(), what, refused, remedy));
        }
        refused.iter().for_each(|detail| console.warn(format_args!("{}: refused: {detail}", path.display())));
        Ok(prepared)
    }
}

fn pair<'a>(
    probe: &'a Prepared<ProbeSample>,
    reference: &'a Prepared<Reference>,
    comparison: Comparison,
    zone: &GrayZone,
) -> Pair<'a> {
    let Comparison { hit, score, phi, rotation, common_bits } = comparison;
    Pair {
        probe: &probe.subject,
        reference: &reference.subject,
        eye: reference.eye,
        hit,
        score,
        phi,
        rotation,
        common_bits,
        flip_probability: zone.flip_probability(phi),
        in_gray_zone: zone.contains(phi),
    }
}

/// Writes pairs as they come, so that memory does not grow with their number.
struct Report {
    out: BufWriter<std::io::Stdout>,
    json: bool,
    listed: bool,
    written: usize,
    summary: Summary,
}

impl Report {
    fn begin(json: bool, listed: bool) -> Result<Self, Failure> {
        let summary = Summary {
            pairs: 0,
            hits: 0,
            least_score: None,
            greatest_score: None,
            in_gray_zone: 0,
            expected_flips: 0.0,
        };
        let mut report = Self { out: BufWriter::new(std::io::stdout()), json, listed, written: 0, summary };
        if json {
            report.write("{\n\"pairs\": [")?;
        }
        Ok(report)
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(|error| stdout_failure(&error))
    }

    fn add(&mut self, pair: &Pair<'_>, hits_only: bool) -> Result<(), Failure> {
        let summary = &mut self.summary;
        summary.pairs += 1;
        summary.hits += usize::from(pair.hit);
        summary.in_gray_zone += usize::from(pair.in_gray_zone);
        summary.expected_flips += pair.flip_probability;
        summary.least_score = Some(summary.least_score.map_or(pair.score, |least| least.min(pair.score)));
        summary.greatest_score = Some(summary.greatest_score.map_or(pair.score, |most| most.max(pair.score)));
        if hits_only && !pair.hit {
            return Ok(());
        }
        if self.json {
            let separator = if self.written == 0 { "\n" } else { ",\n" };
            let text = serde_json::to_string(pair).map_err(|error| stdout_failure(&error.into()))?;
            self.write(&format!("{separator}{text}"))?;
        } else if self.listed {
            let verdict = if pair.hit { "hit" } else { "no hit" };
            let Pair { probe, reference, score, flip_probability, .. } = pair;
            self.write(&format!("{probe}\t{reference}\t{verdict}\t{score:.6}\t{flip_probability:.1e}\n"))?;
        }
        self.written += 1;
        Ok(())
    }

    fn end(mut self, agreement: &Agreement) -> Result<(), Failure> {
        let summary = &self.summary;
        let text = if self.json {
            let summary = serde_json::to_string(summary).map_err(|error| stdout_failure(&error.into()))?;
            format!("\n],\n\"summary\": {summary},\n\"agreement\": \"{}\"\n}}\n", agreement.digest())
        } else {
            let scores = match (summary.least_score, summary.greatest_score) {
                (Some(least), Some(greatest)) => format!(", scores from {least:.6} to {greatest:.6}"),
                _ => String::new(),
            };
            format!(
                "# {}, {}{scores}; {} in the gray zone, {:.2} expected to flip under encryption\n",
                count(summary.pairs, "pair"),
                count(summary.hits, "hit"),
                summary.in_gray_zone,
                summary.expected_flips
            )
        };
        self.write(&text)?;
        self.out.flush().map_err(|error| stdout_failure(&error))
    }
}
