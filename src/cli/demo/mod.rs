//! `cotejo demo`: two ministries in one run. What each holds, what crosses, what each learns.
//!
//! Each ministry works on its own files and on those that were exchanged: [`ministry_a`] asks, [`ministry_b`] answers.
//! `story` tells it.

mod ministry_a;
mod ministry_b;
mod story;

use std::path::{Path, PathBuf};

use crate::agreement::{SchemeId, Terms};
use crate::planning;
use crate::template::TemplateShape;
use crate::template::synthetic::{Model, Population};

use super::console::Console;
use super::failure::Failure;
use super::files::{self, Access, Output};
use super::{Outcome, interrupt};
use ministry_a::MinistryA;
use ministry_b::MinistryB;
use story::Story;

/// Two ministries in one run: what each holds, what crosses, what each learns
///
/// Needs no input and takes less than a minute. Its files stay in a folder, for every other command to be tried on.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cotejo demo\n  cotejo demo --scheme hybrid")]
pub struct Args {
    /// Scheme of the encryption: tfhe, bgv or hybrid
    #[arg(long, value_name = "SCHEME", default_value = "tfhe", value_parser = scheme)]
    scheme: SchemeId,
    /// Folder to write to; where it exists, another one beside it (cotejo-demo-2, ...)
    #[arg(long, value_name = "FOLDER", default_value = "cotejo-demo")]
    out: PathBuf,
}

/// The same synthetic people on every machine.
const SEED: u64 = 1;
const DIMENSION: usize = 512;
/// Of the cosine: the default for faces.
const THRESHOLD: f64 = 0.35;
/// People in the records of ministry B.
const ENROLLED: u32 = 200;
/// Whom ministry A asks about, by their number in the population: two are in the records, two are not.
const ASKED: [u32; 4] = [16, 1016, 141, 1141];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let population = Population::new(Model::Face, TemplateShape::Vector(DIMENSION), SEED)
            .map_err(|error| Failure::new("demo", error, "report this as a defect"))?;
        let agreement = planning::open(terms(self.scheme))
            .map_err(|error| Failure::new("demo", error, "report this as a defect"))?;
        let folder = Folder::create(&self.out)?;
        let mut story = Story::new(console, &folder.path);

        write(&folder.path.join("agreement.toml"), agreement.to_toml().as_bytes(), Access::Shared)?;
        story.terms(&agreement)?;

        let a = MinistryA::make_keys(&folder.path, &agreement)?;
        story.keys(&a.keys)?;

        let b = MinistryB::enroll(&folder.path, &agreement, &population, &a.keys.evaluation_key)?;
        story.records(&b)?;

        let question = a.ask(&population)?;
        story.question(&question)?;

        let answer = b.answer(&question.path, console)?;
        story.answer(&answer)?;

        let verdicts = a.read(&question, &answer.path)?;
        let oracle = b.clear_verdicts(&question.records)?;
        story.verdicts(&agreement, &verdicts, &oracle)?;
        interrupt::check()?;
        story.end(&agreement)?;
        folder.keep();
        Ok(Outcome::Done)
    }
}

fn scheme(text: &str) -> Result<SchemeId, String> {
    SchemeId::by_name(text).ok_or_else(|| "tfhe, bgv or hybrid is needed".to_owned())
}

fn terms(scheme: SchemeId) -> Terms {
    let mut terms = Terms::face(DIMENSION);
    if scheme != SchemeId::Tfhe {
        terms = terms.with_scheme(scheme.into());
    }
    "Search for missing persons".clone_into(&mut terms.title);
    "Ministry A".clone_into(&mut terms.querier);
    "Ministry B".clone_into(&mut terms.custodian);
    terms
}

/// The folder of this demo; goes again unless the demo comes to its end.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    fn create(wanted: &Path) -> Result<Self, Failure> {
        let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let others = (2..1000).map(|number| wanted.with_file_name(format!("{name}-{number}")));
        for path in std::iter::once(wanted.to_owned()).chain(others) {
            match std::fs::create_dir(&path) {
                Ok(()) => {
                    let folder = Self { path, keep: false };
                    for inner in ["ministry-a", "ministry-a/keys", "ministry-a/keys/pending", "ministry-b", "exchanged"]
                    {
                        let access = if inner == "exchanged" { Access::Shared } else { Access::Private };
                        files::Folders::create(&folder.path.join(inner), access)?.keep();
                    }
                    return Ok(folder);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::io(&path, "create the folder", &error)),
            }
        }
        Err(Failure::at(wanted, "a thousand demos are here already", "choose another folder with --out"))
    }

    fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    files::write(&[Output { path, bytes, access }], false)
}
