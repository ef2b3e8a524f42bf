//! `cotejo decrypt`: the verdicts.

use std::path::{Path, PathBuf};

use crate::exchange::{Answer, Pending, Querier};
use crate::scheme::Opened;
use crate::wire::Target;
use serde_json::json;

use super::console::Console;
use super::encrypt::{pending_folder, pending_path};
use super::failure::Failure;
use super::table::Cell;
use super::verdicts::{Said, headings, rows};
use super::{AgreementArg, Outcome, files, load};

/// Decrypt an answer: one line a probe, 'hit' or 'no hit'
///
/// Ends like grep: 0 for some hit, 1 for no hit, 2 for an error.
#[derive(clap::Args)]
#[command(after_help = "\
Each line: the probe's id, a tab, 'hit' or 'no hit'. Where the agreement discloses each: a tab and the places of those who match in \
the order of the gallery, counted from 1, a tab and the version of the gallery whose places they are: in another version the same place \
may be another person's. Where it discloses the count: a tab and the count.

Example:
  cotejo decrypt --agreement agreement.toml --keys keys/querier --answer answer.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Folder of the querier's keys
    #[arg(long, value_name = "FOLDER", default_value = "keys/querier")]
    keys: PathBuf,
    /// The answer
    #[arg(long, value_name = "FILE")]
    answer: PathBuf,
    /// A table for other programs: comma-separated, with a header, a line a probe
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Delete what is remembered of the query: the answer can then not be read again
    #[arg(long)]
    forget: bool,
}

/// What the folder of the keys remembers of the query that is answered, and where; `place` is where the answer is.
pub fn remembered(
    keys: &Path,
    querier: &Querier,
    answer: &Answer,
    place: &Path,
) -> Result<(Pending, PathBuf), Failure> {
    let path = pending_path(keys, answer.query());
    if let Ok(false) = path.try_exists() {
        let folder = pending_folder(keys);
        let (query, folder) = (answer.query(), folder.display());
        return Err(Failure::at(
            place,
            format_args!("it answers query {query}, of which nothing is remembered in {folder}"),
            "decrypt where the query was encrypted, with the same --keys; or ask again",
        ));
    }
    let pending = querier.pending(files::open_secret(&path)?).map_err(Failure::in_file(&path))?;
    Ok((pending, path))
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.read(&agreement, console)
    }

    fn read(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let querier = load::querier(&self.keys, agreement, "--keys")?;
        let answer = querier.answer(files::open(&self.answer)?).map_err(Failure::in_file(&self.answer))?;
        let (pending, path) = remembered(&self.keys, &querier, &answer, &self.answer)?;
        let target = pending.target().clone();
        let verdicts = pending
            .read_answer(&answer)
            .map_err(|error| Failure::of(&self.answer, &error, "get the answer to this query from the custodian"))?;
        console.note(format_args!("{}: of gallery version {}", self.answer.display(), answer.gallery()));
        let hits = verdicts.iter().filter(|(_, verdict)| verdict.hit()).count();
        let said: Vec<Said> = verdicts.iter().map(|(id, verdict)| Said::new(id, verdict, answer.gallery())).collect();
        let text = match self.csv {
            true => {
                format!("{}\n{}", headings(&["request"])?, rows(&[Cell::Plain(answer.query().to_string())], &said)?)
            }
            false => said.iter().map(Said::line).collect::<Vec<_>>().join("\n"),
        };
        let printed = console.result(
            text,
            &json!({
                "answer": self.answer,
                "query_id": answer.query().to_string(),
                "gallery": answer.gallery().to_string(),
                "reference": match &target { Target::Gallery => None, Target::Subject(id) => Some(id) },
                "disclosure": agreement.terms().disclosure,
                "probes": verdicts.len(),
                "hits": hits,
                "verdicts": said,
            }),
        );
        match printed {
            // The exit code is a result too, whether or not anybody read the lines.
            Ok(()) | Err(Failure::OutputClosed) => {}
            Err(failure) => return Err(failure),
        }
        if self.forget {
            std::fs::remove_file(&path).map_err(|error| Failure::io(&path, "forget it", &error))?;
        }
        Ok(if hits > 0 { Outcome::Done } else { Outcome::NoHit })
    }
}
