//! The work of an evaluation, part by part: what is there is shown while the next is made.

use std::path::Path;
use std::sync::Arc;

use super::asked::{Set, Sets, Wanted};
use super::so_far::{DecidedSoFar, Growing, Unshown, Watched};
use crate::cli::console::Console;
use crate::cli::desk::{Desk, Listener};
use crate::cli::evaluate::{self, Draw, LEAVE_OUT};
use crate::cli::failure::Failure;
use crate::cli::made;
use crate::cli::templates::{Templates, Written};
use crate::evaluate::{
    self as evaluation, AccuracyCard, Amount, Comparer, Dataset, DrawnVerdicts, Encrypted, EncryptedError, Evaluation,
    OperatingPoint, REPLICATES, Samples, Scores,
};

/// Places that a threshold can be moved to, about.
const POINTS: usize = 200;
/// Memory for keeping the gallery as the scheme computes on it.
const MEMORY_BYTES: u64 = 1 << 30;
/// What the agreement is called in what is told of it.
pub const AGREEMENT: &str = "agreement.toml";

/// What to do in the form, where the command would be given one of these options.
const FIELDS: [(&str, &str); 2] = [
    ("--ids", "give the ids of the persons in a file of ids, one a line, and two templates or more of some persons"),
    ("--encrypt", "have no pairs decided under encryption"),
];

/// What came of an evaluation.
pub struct Done {
    pub card: AccuracyCard,
    /// The rates at thresholds from lax to strict.
    pub points: Vec<OperatingPoint>,
    /// How it was made.
    pub made: Vec<(String, String)>,
}

/// Evaluates. The listener hears how far it is.
pub fn run(wanted: &Wanted, sets: Sets, growing: &Growing, listener: Arc<dyn Listener>) -> Result<Done, Failure> {
    let folders = sets.folders();
    let told = Told { listener: Arc::clone(&listener), folders: folders.clone() };
    let console = Console::of(Desk::new(Arc::new(told)));
    // What was asked to stop before it was read is not read.
    let done = goes_on(growing).and_then(|()| evaluated(wanted, sets, growing, &console, &*listener));
    done.map_err(|failure| match failure {
        Failure::Problem(mut problem) => {
            problem.place = without(&folders, &problem.place);
            problem.what = without(&folders, &problem.what);
            // What are options of the command are fields of the form.
            if let Some((_, remedy)) = FIELDS.iter().find(|(option, _)| problem.remedy.contains(option)) {
                (*remedy).clone_into(&mut problem.remedy);
            }
            Failure::Problem(problem)
        }
        failure => failure,
    })
}

fn evaluated(
    wanted: &Wanted,
    sets: Sets,
    growing: &Growing,
    console: &Console,
    listener: &dyn Listener,
) -> Result<Done, Failure> {
    let agreement = &wanted.agreement;
    // The file to blame is named also when it is gone.
    let source = sets.references.as_ref().unwrap_or(&sets.probes).templates.path().to_owned();
    let explain = |error: &_| evaluate::explain(&source, error);
    let dataset = dataset(wanted, sets, console)?;
    goes_on(growing)?;
    let comparer = Comparer::new(agreement, &dataset);
    let watched = Watched { meter: console.meter("compare", "probe", dataset.probes().len() as u64), growing };
    let scores = Scores::of_all_pairs(agreement, &dataset, &comparer, &watched).map_err(|error| explain(&error))?;
    let evaluation =
        Evaluation { agreement, dataset: &dataset, scores: &scores, comparer: &comparer, seed: wanted.seed };
    growing.change(|so_far| so_far.data = Some(Arc::new(evaluation.data())));
    listener.progress("rates", "step", 0, 1);
    let mut card = evaluation.card(None, wanted.target_fmr);
    growing.change(|so_far| so_far.card = Some(Arc::new(card.clone())));
    goes_on(growing)?;
    let points = points(&evaluation, growing, console)?;
    if wanted.pairs > 0 {
        evaluation.add(&mut card, &decide(&evaluation, wanted.pairs, growing, listener)?);
    }
    let made = made::facts_of(wanted.command());
    let made = evaluate::facts(made, &wanted.names, Path::new(AGREEMENT), agreement, wanted.seed);
    Ok(Done { card, points, made })
}

fn goes_on(growing: &Growing) -> Result<(), Failure> {
    if growing.stops() { Err(Failure::Interrupted) } else { Ok(()) }
}

/// The labelled templates; their files are not needed any more.
fn dataset(wanted: &Wanted, sets: Sets, console: &Console) -> Result<Dataset, Failure> {
    let functional = wanted.agreement.functional();
    let read = |set: &Set| samples(set, wanted, console);
    let (dataset, blamed) = match &sets.references {
        None => (Dataset::of_one_set(functional, read(&sets.probes)?), &sets.probes),
        Some(references) => {
            let (of_probes, of_references) = (read(&sets.probes)?, read(references)?);
            (Dataset::of_two_sets(functional, of_probes, of_references), references)
        }
    };
    dataset.map_err(|error| evaluate::explain(blamed.templates.path(), &error))
}

fn samples(set: &Set, wanted: &Wanted, console: &Console) -> Result<Samples, Failure> {
    let templates = Templates {
        path: set.templates.path(),
        query: None,
        ids: set.ids.as_ref().map(|ids| ids.path()),
        handles: None,
        rows: None,
        ids_from: None,
        filter: None,
        minimum_quality: None,
        written: Written::default(),
    };
    evaluate::labelled(&templates, &wanted.agreement, console)
}

/// The rates wherever an agreement can state the threshold.
fn points(evaluation: &Evaluation<'_>, growing: &Growing, console: &Console) -> Result<Vec<OperatingPoint>, Failure> {
    let terms = evaluation.agreement.terms();
    let can_be_agreed = |threshold: &f64| {
        let stated = evaluation::number(*threshold).parse().ok();
        let terms = stated.and_then(|stated| terms.clone().with_threshold(stated));
        terms.is_some_and(|terms| terms.check().is_ok())
    };
    let thresholds: Vec<f64> = evaluation.thresholds(POINTS).into_iter().filter(can_be_agreed).collect();
    let watched = Watched { meter: console.meter("intervals", "replicate", REPLICATES as u64), growing };
    evaluation.operating_points(&thresholds, &watched).map_err(|_| Failure::Interrupted)
}

/// Decides about so many pairs in real exchanges.
fn decide(
    evaluation: &Evaluation<'_>,
    pairs: usize,
    growing: &Growing,
    listener: &dyn Listener,
) -> Result<DrawnVerdicts, Failure> {
    let path = Path::new(AGREEMENT);
    let Draw { agreement, selection } = Draw::new(evaluation, Amount::Pairs(pairs), evaluation.seed, path)?;
    growing.change(|so_far| {
        so_far.decided = Some(DecidedSoFar { of: selection.pairs(), ..DecidedSoFar::default() });
    });
    let explain = |error: &EncryptedError| match growing.stops() {
        true => Failure::Interrupted,
        false => Failure::of(path, error, LEAVE_OUT),
    };
    let units = selection.units.len() as u64;
    // Keys are made first, and units are decided some at a time.
    listener.progress("encrypted", "probe", 0, units);
    let exchange =
        Encrypted::new(&agreement, evaluation.dataset, evaluation.seed, MEMORY_BYTES).map_err(|e| explain(&e))?;
    let mut verdicts = Vec::new();
    let judged = exchange.judge(&selection, 0, &Unshown(growing), &mut |number, of_unit| {
        if let Some(unit) = selection.units.get(number) {
            let (pairs, changed) = evaluation::changed(evaluation.comparer, unit, &of_unit);
            growing.change(|so_far| so_far.decided.iter_mut().for_each(|decided| decided.add(pairs, changed)));
        }
        verdicts.push(of_unit);
        listener.progress("encrypted", "probe", verdicts.len() as u64, units);
        !growing.stops()
    });
    judged.map_err(|error| explain(&error))?;
    goes_on(growing)?;
    Ok(DrawnVerdicts { selection, verdicts })
}

impl DecidedSoFar {
    fn add(&mut self, pairs: u64, changed: u64) {
        (self.pairs, self.changed) = (self.pairs + pairs, self.changed + changed);
    }
}

/// Passes on what is said, without the folders that files were put into.
struct Told {
    listener: Arc<dyn Listener>,
    folders: Vec<String>,
}

impl Listener for Told {
    fn note(&self, text: &str) {
        self.listener.note(&without(&self.folders, text));
    }

    fn warn(&self, text: &str) {
        self.listener.warn(&without(&self.folders, text));
    }

    fn progress(&self, label: &'static str, unit: &'static str, done: u64, steps: u64) {
        self.listener.progress(label, unit, done, steps);
    }
}

fn without(folders: &[String], text: &str) -> String {
    folders.iter().fold(text.to_owned(), |text, folder| text.replace(folder, ""))
}
