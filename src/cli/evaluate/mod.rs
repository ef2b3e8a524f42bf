//! `cotejo evaluate`: the accuracy card, on labelled templates you hold yourself.

mod data;
mod encrypt;
mod open_iris;
mod partial;
mod text;

use std::path::{Path, PathBuf};

use crate::evaluate::{
    AccuracyCard, Amount, Comparer, Dataset, Evaluation, ListedError, Samples, Scores, UnknownName, pair_list,
};
use crate::remedy::Remedy as _;
use crate::scheme::Opened;

use super::console::Console;
use super::failure::Failure;
use super::files::{self, Access, Content, Output};
use super::load;
use super::made;
use super::templates::{QualityArg, RowList, Templates, Written};
use super::{AgreementArg, Outcome, OverwriteArg, size};
pub use data::{explain, labelled};
pub use encrypt::{Draw, LEAVE_OUT};

/// Error rates of labelled templates: as they are, as integers, and under encryption
///
/// Give one set to be compared with itself, or probes and references. Templates of one person carry the same id: in the file, or beside it
/// (--ids, one a line, or a .npy of integers). Without ids nothing is evaluated: the number of a row is no person. The encrypted column is measured by real exchanges on a sample of the pairs.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo evaluate --agreement agreement.toml --templates faces.npy --ids subjects.npy --html accuracy.html
  cotejo evaluate --templates lfw.npy --ids names.txt --pairs pairs.txt
  cotejo evaluate --templates irises.npz --ids eyes.txt --open-iris-threshold 0.37 --encrypt none
  cotejo evaluate --probes live.npz --references enrolled.npz --target-fmr 1e-4 --encrypt none")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Templates to be compared with each other
    #[arg(long, value_name = "FILE", required_unless_present = "probes", conflicts_with = "probes")]
    templates: Option<PathBuf>,
    /// Their ids
    #[arg(long, value_name = "FILE", requires = "templates")]
    ids: Option<PathBuf>,
    /// Templates in the role of probes
    #[arg(long, value_name = "FILE", requires = "references")]
    probes: Option<PathBuf>,
    /// Their ids
    #[arg(long, value_name = "FILE", requires = "probes")]
    probe_ids: Option<PathBuf>,
    /// Templates in the role of references
    #[arg(long, value_name = "FILE", requires = "probes")]
    references: Option<PathBuf>,
    /// Their ids
    #[arg(long, value_name = "FILE", requires = "references")]
    reference_ids: Option<PathBuf>,
    /// Only these records of each file, counted from 1: 1-100, or 1-10,17 [default: all]
    #[arg(long, value_name = "ROWS")]
    rows: Option<RowList>,
    /// Only the persons on this list, one id a line
    #[arg(long, value_name = "FILE")]
    ids_from: Option<PathBuf>,
    /// Pairs that are evaluated, and no others: a list of two names and whether they are of one person, as benchmarks have them (LFW, IJB);
    /// names are the ids of the templates, of which each has its own
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    #[command(flatten)]
    quality: QualityArg,
    #[command(flatten)]
    written: Written,
    /// Pairs that are decided under encryption too: none, all, or about so many
    #[arg(long, value_name = "NUMBER", default_value = "400", value_parser = amount)]
    encrypt: Wanted,
    /// Propose a threshold for this false match rate
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_fmr: Option<f64>,
    #[command(flatten)]
    open_iris: open_iris::OpenIrisArgs,
    /// Seed of the sample, the intervals and the keys, so that a report can be made again
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
    /// Write the card as a page that stands alone
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Where verdicts of an interrupted run are kept, to go on from
    #[arg(long, value_name = "FILE", default_value = "evaluate.partial")]
    partial: PathBuf,
    /// Memory for keeping the gallery as the scheme computes on it
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse)]
    memory: u64,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// How many pairs are decided under encryption; none at all where there is no amount.
#[derive(Clone, Copy, Debug)]
struct Wanted(Option<Amount>);

fn amount(text: &str) -> Result<Wanted, String> {
    match (text, text.parse::<usize>()) {
        ("none", _) | (_, Ok(0)) => Ok(Wanted(None)),
        ("all", _) => Ok(Wanted(Some(Amount::All))),
        (_, Ok(pairs)) => Ok(Wanted(Some(Amount::Pairs(pairs)))),
        _ => Err("write none, all, or a whole number of pairs".to_owned()),
    }
}

/// A rate that is wanted.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate < 1.0 => Ok(rate),
        _ => Err("a rate between 0 and 1 is needed, such as 1e-4".to_owned()),
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.html.iter().try_for_each(|path| files::require_free(path, self.overwrite.force, Content::Other))?;
        if self.encrypt.0.is_some() {
            files::writes(&self.partial)?;
        }
        let (dataset, source) = self.dataset(&agreement, console)?;
        let comparer = Comparer::new(&agreement, &dataset);
        let meter = console.meter("compare", "probe", dataset.probes().len() as u64);
        let scores = Scores::of_all_pairs(&agreement, &dataset, &comparer, &meter);
        meter.finish();
        let scores = scores.map_err(|error| explain(&source, &error))?;
        let evaluation = Evaluation {
            agreement: &agreement,
            dataset: &dataset,
            scores: &scores,
            comparer: &comparer,
            seed: self.seed,
        };
        let encrypted = match self.encrypt.0 {
            Some(amount) => Some(self.decide(&evaluation, amount, console)?),
            None => None,
        };
        let mut card = evaluation.card(encrypted.as_ref(), self.target_fmr);
        card.open_iris = self.open_iris.carried(&evaluation, &self.agreement.path, console)?;
        if let Some(path) = &self.html {
            let page = crate::evaluate::page(&card, &provenance(&self, &agreement)).html();
            files::write(&[Output { path, bytes: page.as_bytes(), access: Access::Shared }], self.overwrite.force)?;
            console.note(format_args!("{}: the card as a page", path.display()));
        }
        self.say(&card, console)?;
        if encrypted.is_some() {
            partial::forget(&self.partial);
        }
        Ok(Outcome::Done)
    }

    fn say(&self, card: &AccuracyCard, console: &Console) -> Result<(), Failure> {
        console.result(text::summary(card), card)
    }

    /// The labelled templates, and the file to blame.
    fn dataset(&self, agreement: &Opened, console: &Console) -> Result<(Dataset, PathBuf), Failure> {
        let functional = agreement.functional();
        let read = |path: &Path, ids: &Option<PathBuf>| self.labelled(path, ids.as_deref(), agreement, console);
        let (dataset, source) = match (&self.templates, &self.probes, &self.references) {
            (Some(templates), ..) => (Dataset::of_one_set(functional, read(templates, &self.ids)?), templates),
            (None, Some(probes), Some(references)) => {
                let (of_probes, of_references) =
                    (read(probes, &self.probe_ids)?, read(references, &self.reference_ids)?);
                (Dataset::of_two_sets(functional, of_probes, of_references), references)
            }
            _ => {
                let problem = "there is nothing to compare";
                return Err(Failure::new("--templates", problem, "name --templates, or --probes and --references"));
            }
        };
        let dataset = dataset.map_err(|error| explain(source, &error))?;
        let dataset = match &self.pairs {
            Some(list) => listed(dataset, list)?,
            None => dataset,
        };
        Ok((dataset, source.clone()))
    }

    fn labelled(
        &self,
        path: &Path,
        ids: Option<&Path>,
        agreement: &Opened,
        console: &Console,
    ) -> Result<Samples, Failure> {
        let (rows, ids_from) = (self.rows.as_ref(), self.ids_from.as_deref());
        let templates = Templates {
            path,
            query: None,
            ids,
            handles: None,
            rows,
            ids_from,
            filter: None,
            minimum_quality: self.quality.minimum,
            written: self.written.clone(),
        };
        data::labelled(&templates, agreement, console)
    }
}

/// Longest list of pairs that is read: some millions of pairs.
const PAIRS_BYTES: u64 = 256 << 20;

/// The templates, and of their pairs exactly those of a list.
fn listed(dataset: Dataset, list: &Path) -> Result<Dataset, Failure> {
    let pairs = pair_list(&files::read_at_most(list, PAIRS_BYTES)?);
    let pairs = pairs.map_err(|error| Failure::of(list, &error, "write name1,name2,same"))?;
    dataset.of_listed_pairs(&pairs).map_err(|error| match &error {
        ListedError::Unknown { names } => {
            let details = names.iter().map(unknown).collect();
            let remedy = error.remedy().unwrap_or_default();
            Failure::with_details(list.display(), &error, details, remedy)
        }
        error => Failure::of(list, error, "correct the list"),
    })
}

fn unknown(name: &UnknownName) -> String {
    let meant = name.meant.iter().map(|id| format!("; is {id} meant?"));
    format!("line {}: {}{}", name.line, name.name, meant.collect::<String>())
}

/// How the card was made, for whoever wants to make it again.
fn provenance(args: &Args, agreement: &Opened) -> Vec<(String, String)> {
    let files =
        [&args.templates, &args.ids, &args.probes, &args.probe_ids, &args.references, &args.reference_ids, &args.pairs];
    let names: Vec<String> = files.into_iter().flatten().map(|path| path.display().to_string()).collect();
    facts(made::facts(), &names, &args.agreement.path, agreement, args.seed)
}

/// How a card was made: `made` says by what and when, and `names` are its files.
pub fn facts(
    made: Vec<(String, String)>,
    names: &[String],
    path: &Path,
    agreement: &Opened,
    seed: u64,
) -> Vec<(String, String)> {
    let own = [
        ("Templates".to_owned(), names.join(", ")),
        ("Agreement".to_owned(), format!("{}, digest {}", path.display(), agreement.digest())),
        (
            "Program".to_owned(),
            format!("cotejo {}, {} threads", env!("CARGO_PKG_VERSION"), rayon::current_num_threads()),
        ),
        ("Seed".to_owned(), seed.to_string()),
    ];
    made.into_iter().chain(own).collect()
}
