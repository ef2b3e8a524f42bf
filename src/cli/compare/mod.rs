//! `cotejo compare`: the clear oracle, on data you hold yourself.

mod report;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::agreement::EyeRule;
use crate::functional::oracle::{Comparison, Oracle};
use crate::functional::{Functional, ProbeError, ProbeSample, Reference};
use crate::remedy::Remedy;
use crate::scheme::GrayZone;
use crate::scheme::{Opened, Progress};
use crate::template::{Eye, Record, SubjectId, TemplateError};
use rayon::prelude::*;

use super::console::{Console, count};
use super::failure::Failure;
use super::load::{self, Templates, Written};
use super::{AgreementArg, Outcome, interrupt};
use report::{Pair, Report};

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
    #[command(flatten)]
    written: Written,
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

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let functional = agreement.functional();
        let read = |path: &Path, ids: &Option<PathBuf>| {
            let templates = Templates { path, ids: ids.as_deref(), written: self.written };
            match self.pairs {
                Pairs::SameId => templates.read_with_ids(agreement.shape(), load::NO_LABELS, console),
                Pairs::All | Pairs::SameRow => templates.read(agreement.shape(), console),
            }
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
        let meter = console.meter("compare", "probe", if watched { probes.len() as u64 } else { 0 });
        let mut report = Report::begin(console.json(), listed)?;
        for probe in &probes {
            interrupt::check()?;
            let oracle = Oracle::new(functional, &probe.integers);
            let judged: Vec<Pair<'_>> = references
                .par_iter()
                .zip(&zones)
                .filter(|(reference, _)| self.is_pair(&agreement, probe, reference))
                .map(|(reference, zone)| pair(probe, reference, &oracle, zone))
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

    fn is_pair(&self, agreement: &Opened, probe: &Prepared<ProbeSample>, reference: &Prepared<Reference>) -> bool {
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
        integers: fn(&Functional, &crate::template::Template) -> Result<T, TemplateError>,
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
                Err(error) => refused.push(format!("'{subject}', record {}: {}", index + 1, error.in_full())),
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
    oracle: &Oracle<'_>,
    zone: &GrayZone,
) -> Pair<'a> {
    let comparison = oracle.compare(&reference.integers);
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
        flip_probability: zone.pair_flip_probability(&comparison, &oracle.phis(&reference.integers)),
        in_gray_zone: zone.contains(phi),
    }
}
