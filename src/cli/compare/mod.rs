//! `cotejo compare`: the clear oracle, on data you hold yourself.

mod report;
mod together;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::agreement::EyeRule;
use crate::functional::oracle::{Comparison, Oracle};
use crate::functional::{Bulk, Functional, ProbeError, ProbeSample, Reference};
use crate::remedy::Remedy;
use crate::scheme::GrayZone;
use crate::scheme::{Opened, Progress};
use crate::template::{Eye, Record, SubjectId, TemplateError};
use rayon::prelude::*;

use super::console::{Console, count};
use super::failure::Failure;
use super::load;
use super::templates::{self, Loaded, RowList, Templates, Written};
use super::{AgreementArg, Outcome, interrupt};
use report::{Pair, Report};

/// Compare templates in the clear, on data you hold yourself: the definition of every encrypted verdict
#[derive(clap::Args)]
#[command(after_help = "\
Each line: probe, reference, 'hit' or 'no hit', score, and the probability that encryption would decide otherwise, separated by \
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
    /// Only these probes, counted from 1: 1-100, or 1-10,17 [default: all]
    #[arg(long, value_name = "ROWS")]
    rows: Option<RowList>,
    /// Only these references, counted from 1 [default: all]
    #[arg(long, value_name = "ROWS")]
    reference_rows: Option<RowList>,
    /// Only the persons on this list, one id a line, of probes and references
    #[arg(long, value_name = "FILE")]
    ids_from: Option<PathBuf>,
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

/// All that is compared.
struct Sides<'a> {
    agreement: &'a Opened,
    probes: &'a [Prepared<ProbeSample>],
    references: &'a [Prepared<Reference>],
    /// Of each reference.
    zones: &'a [GrayZone],
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let functional = agreement.functional();
        let read = |path: &Path, ids: &Option<PathBuf>, rows: &Option<RowList>| {
            let ids_from = self.ids_from.as_deref();
            let templates = Templates {
                path,
                query: None,
                ids: ids.as_deref(),
                handles: None,
                rows: rows.as_ref(),
                ids_from,
                filter: None,
                minimum_quality: None,
                written: self.written.clone(),
            };
            match self.pairs {
                Pairs::SameId => templates.read_with_ids(agreement.shape(), templates::NO_LABELS, console),
                Pairs::All | Pairs::SameRow => templates.read(agreement.shape(), console),
            }
        };
        let probes = read(&self.probes, &self.probe_ids, &self.rows)?;
        let references = read(&self.references, &self.reference_ids, &self.reference_rows)?;
        let (of_probes, of_references) = (probes.given(), references.given());
        if self.pairs == Pairs::SameRow && of_probes != of_references {
            return Err(Failure::at(
                &self.references,
                format_args!("{} where there are {}", count(of_references, "record"), count(of_probes, "probe")),
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
        let few_are_written = self.hits_only || !listed && !console.json();
        let sides = Sides { agreement: &agreement, probes: &probes, references: &references, zones: &zones };
        let advance = |probes| {
            if watched {
                meter.advance(probes)
            }
        };
        match self.pairs == Pairs::All && few_are_written && together::suits(functional) {
            true => self.judge_together(&sides, &mut report, advance)?,
            false => self.judge_each(&sides, &mut report, advance)?,
        }
        meter.finish();
        report.end(&agreement)?;
        if !listed && !console.json() {
            console.note("more than 1000 pairs: see them with --hits-only, --all or --json");
        }
        Ok(Outcome::Done)
    }

    /// Looks at every pair.
    fn judge_each(&self, sides: &Sides<'_>, report: &mut Report, advance: impl Fn(u64)) -> Result<(), Failure> {
        for probe in sides.probes {
            interrupt::check()?;
            let oracle = Oracle::new(sides.agreement.functional(), &probe.integers);
            let judged: Vec<Pair<'_>> = sides
                .references
                .par_iter()
                .zip(sides.zones)
                .filter(|(reference, _)| self.is_pair(sides.agreement, probe, reference))
                .map(|(reference, zone)| pair(probe, reference, &oracle, zone))
                .collect();
            judged.iter().try_for_each(|pair| report.add(pair, self.hits_only))?;
            advance(1);
        }
        Ok(())
    }

    /// Looks at the pairs that are written or that noise may decide; the others are counted.
    fn judge_together(&self, sides: &Sides<'_>, report: &mut Report, advance: impl Fn(u64)) -> Result<(), Failure> {
        let functional = sides.agreement.functional();
        let integers = sides.references.iter().map(|reference| &reference.integers);
        let bulk = Bulk::new(functional, sides.probes.iter().map(|probe| &probe.integers), integers);
        let reaches = together::reaches(sides.zones);
        let together = together::probes_together(sides.references.len());
        for (block, probes) in sides.probes.chunks(together).enumerate() {
            interrupt::check()?;
            let rows = together::judge(&bulk, block * together, probes.len(), &reaches, self.hits_only);
            for (probe, row) in probes.iter().zip(rows) {
                let oracle = Oracle::new(functional, &probe.integers);
                row.iter().for_each(|tally| report.add_others(&tally.others));
                let judged: Vec<Pair<'_>> = row
                    .par_iter()
                    .flat_map(|tally| &tally.closer)
                    .filter_map(|&place| sides.references.get(place).zip(sides.zones.get(place)))
                    .map(|(reference, zone)| pair(probe, reference, &oracle, zone))
                    .collect();
                judged.iter().try_for_each(|pair| report.add(pair, self.hits_only))?;
            }
            advance(probes.len() as u64);
        }
        Ok(())
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
        loaded: Loaded,
        integers: fn(&Functional, &crate::template::Template) -> Result<T, TemplateError>,
        console: &Console,
    ) -> Result<Vec<Prepared<T>>, Failure> {
        let (given, mut prepared) = (loaded.given(), Vec::new());
        let mut refused: Vec<String> = loaded.unusable.iter().map(ToString::to_string).collect();
        if loaded.records.is_empty() || refused.len() == 1 && !self.skip_refused {
            loaded.settle(path, self.skip_refused, console)?;
        }
        for (row, Record { subject, eye, template }) in loaded.records {
            let result = match (functional.eyes(), eye) {
                (EyeRule::Ignored, _) | (_, Some(_)) => integers(functional, &template).map_err(ProbeError::from),
                (_, None) => Err(ProbeError::EyeUnknown),
            };
            match result {
                Ok(integers) => prepared.push(Prepared { row, subject, eye, integers }),
                Err(error) => refused.push(format!("'{subject}', record {row}: {}", error.in_full())),
            }
        }
        if prepared.is_empty() || !(refused.is_empty() || self.skip_refused) {
            let what = format!("{} of {} refused", refused.len(), count(given, "template"));
            let remedy = "repair or remove them, or compare the others with --skip-refused";
            return Err(Failure::with_details(path.display(), what, refused, remedy));
        }
        console.warn_each(&format!("{}: refused", path.display()), refused.iter());
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
