//! `cotejo gallery`: who is enrolled, removing, restoring, and writing the file anew.

mod compact;
mod list;
mod remove;
mod restore;

use std::path::PathBuf;

use super::console::Console;
use super::failure::Failure;
use super::{AgreementArg, Outcome, load};
use crate::template::SubjectId;

/// The custodian's gallery: list who is enrolled, remove, restore, compact (to add: enroll --append)
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo gallery list --gallery gallery.cotejo
  cotejo gallery remove --gallery gallery.cotejo --id 4711
  cotejo gallery restore --gallery gallery.cotejo --id 4711
  cotejo gallery compact --gallery gallery.cotejo")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::Args),
    Remove(remove::Args),
    Restore(restore::Args),
    Compact(compact::Args),
}

/// Which gallery, under which agreement.
#[derive(clap::Args)]
struct GalleryArgs {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The gallery
    #[arg(long, value_name = "FILE")]
    gallery: PathBuf,
}

/// Whom a command is about.
#[derive(clap::Args)]
#[group(id = "who", required = true, multiple = false)]
struct WhomArgs {
    /// Whom; may be given several times
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// Whom, one id a line
    #[arg(long, value_name = "FILE")]
    ids_file: Option<PathBuf>,
}

impl WhomArgs {
    /// Whom, and where that was said.
    fn read(&self) -> Result<(Vec<SubjectId>, String), Failure> {
        match &self.ids_file {
            Some(path) => {
                let ids = load::persons(path)?.into_iter().map(|person| person.subject).collect();
                Ok((ids, path.display().to_string()))
            }
            None => {
                let parse = |id: &String| {
                    SubjectId::try_from(id.clone()).map_err(|error| Failure::new("--id", error, "give an enrolled id"))
                };
                Ok((self.ids.iter().map(parse).collect::<Result<_, _>>()?, "--id".to_owned()))
            }
        }
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::List(args) => args.run(console),
            Command::Remove(args) => args.run(console),
            Command::Restore(args) => args.run(console),
            Command::Compact(args) => args.run(console),
        }
    }
}
