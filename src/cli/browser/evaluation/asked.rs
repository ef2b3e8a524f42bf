//! What an evaluation was asked for: which files, under which terms, how much of it encrypted.

use crate::cli::browser::upload::{Sent, Uploaded};
use crate::cli::evaluate;
use crate::cli::failure::Failure;
use crate::scheme::Opened;

/// Pairs that may be decided under encryption, about: none first.
pub const PAIRS: [usize; 3] = [0, 100, 400];

/// What is kept of it: no file.
#[derive(Clone)]
pub struct Wanted {
    pub agreement: Opened,
    pub target_fmr: Option<f64>,
    /// Pairs that are decided under encryption.
    pub pairs: usize,
    pub seed: u64,
    /// Whether one file is compared with itself.
    pub one_set: bool,
    /// Files, as their sender named them.
    pub names: Vec<String>,
    /// The command that does the same, but for the agreement.
    pub words: Vec<String>,
}

/// A file of templates, and one of their ids where there is one.
pub struct Set {
    pub templates: Uploaded,
    pub ids: Option<Uploaded>,
}

/// Probes and references, or one set that is both. They are let go once they are read.
pub struct Sets {
    pub probes: Set,
    pub references: Option<Set>,
}

impl Wanted {
    /// Reads a form.
    pub fn read(mut sent: Sent, agreements: &[Opened]) -> Result<(Self, Sets), Failure> {
        let digest = sent.text("agreement");
        let agreement = match agreements {
            [only] => Some(only),
            several => several.iter().find(|agreement| agreement.digest().to_string() == digest),
        };
        let agreement = agreement
            .ok_or_else(|| Failure::new("agreement", "it is none of those of this console", "choose one of the list"))?
            .clone();
        let target_fmr =
            match sent.text("target") {
                "" => None,
                // As some languages write it.
                text => Some(evaluate::rate(&text.replace(',', ".")).map_err(|needed| {
                    Failure::new("wanted false match rate", format_args!("{text:?} is none"), needed)
                })?),
            };
        let pairs = sent.text("pairs").parse().ok().filter(|pairs| PAIRS.contains(pairs)).unwrap_or_default();
        let seed = match sent.text("seed") {
            "" => 1,
            text => text.parse().map_err(|_| {
                Failure::new("seed", format_args!("{text:?} is none"), "give a whole number, such as 1")
            })?,
        };
        let mut set =
            |templates: &str, ids: &str| sent.file(templates).map(|templates| Set { templates, ids: sent.file(ids) });
        let missing = || Failure::new("probes", "no file was sent", "choose a file of labelled templates");
        let probes = set("probes", "probe-ids").ok_or_else(missing)?;
        let sets = Sets { probes, references: set("references", "reference-ids") };
        let (names, words) = (sets.names(), sets.words());
        let one_set = sets.references.is_none();
        Ok((Self { agreement, target_fmr, pairs, seed, one_set, names, words }, sets))
    }

    /// The command that makes the same page.
    pub fn command(&self) -> Vec<String> {
        let pairs = if self.pairs == 0 { "none".to_owned() } else { self.pairs.to_string() };
        let options = [("--encrypt", pairs), ("--seed", self.seed.to_string())];
        let target = self.target_fmr.map(|target| ("--target-fmr", format!("{target:e}")));
        let options = options.into_iter().chain(target).flat_map(|(name, value)| [name.to_owned(), value]);
        let html = ["--html", "accuracy.html"].map(str::to_owned);
        std::iter::once("evaluate".to_owned()).chain(self.words.iter().cloned()).chain(options).chain(html).collect()
    }
}

impl Set {
    fn files(&self, templates: &'static str, ids: &'static str) -> impl Iterator<Item = (&'static str, &Uploaded)> {
        std::iter::once((templates, &self.templates)).chain(self.ids.as_ref().map(|file| (ids, file)))
    }
}

impl Sets {
    /// Both files, and their ids: with the option that names each to the command.
    fn files(&self) -> Vec<(&'static str, &Uploaded)> {
        match &self.references {
            None => self.probes.files("--templates", "--ids").collect(),
            Some(references) => {
                let probes = self.probes.files("--probes", "--probe-ids");
                probes.chain(references.files("--references", "--reference-ids")).collect()
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(_, file)| file.name().to_owned()).collect()
    }

    fn words(&self) -> Vec<String> {
        self.files().into_iter().flat_map(|(option, file)| [option.to_owned(), file.name().to_owned()]).collect()
    }

    /// The folders that they lie in, each with its slash.
    pub fn folders(&self) -> Vec<String> {
        let folders = self.files().into_iter().filter_map(|(_, file)| file.path().parent());
        folders.map(|folder| format!("{}/", folder.display())).collect()
    }
}
