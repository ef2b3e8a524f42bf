//! `cotejo gallery`: who is enrolled, and what is otherwise than in another; removing, restoring, writing the file anew, and proving who is in it.

mod compact;
mod diff;
mod export;
mod list;
mod prove;
mod remove;
mod restore;
mod root;

use std::path::{Path, PathBuf};

use super::console::Console;
use super::failure::Failure;
use super::{AgreementArg, Outcome, files, load};
use crate::custodian::Gallery;
use crate::scheme::Opened;
use crate::template::SubjectId;
use crate::wire::GalleryVersion;

/// The custodian's gallery: list who is enrolled, export, diff, remove, restore, compact, prove who is in it (to add: enroll --append)
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo gallery list --gallery gallery.cotejo
  cotejo gallery export --gallery gallery.cotejo --out enrolled.csv
  cotejo gallery diff yesterday.cotejo gallery.cotejo
  cotejo gallery remove --gallery gallery.cotejo --id 4711
  cotejo gallery restore --gallery gallery.cotejo --id 4711
  cotejo gallery compact --gallery gallery.cotejo
  cotejo gallery prove --gallery gallery.cotejo --id 4711 --out proof.json")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::Args),
    Export(export::Args),
    Diff(diff::Args),
    Remove(remove::Args),
    Restore(restore::Args),
    Compact(compact::Args),
    Root(root::Args),
    Prove(prove::Args),
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

impl GalleryArgs {
    /// The gallery as it is, or as it was at the version that was asked for.
    fn read(&self, agreement: &Opened, version: Option<GalleryVersion>, console: &Console) -> Result<Gallery, Failure> {
        at_version(&self.gallery, files::gallery::read(&self.gallery, agreement, console)?, version)
    }
}

/// A gallery as it is, or as it was at the version that was asked for.
fn at_version(path: &Path, gallery: Gallery, version: Option<GalleryVersion>) -> Result<Gallery, Failure> {
    let Some(version) = version else { return Ok(gallery) };
    let earlier = gallery.at_version(version).map_err(|error| Failure::gallery(path, &error))?;
    earlier.ok_or_else(|| {
        Failure::at(
            path,
            format_args!("version {version} is not known: the file was compacted since, or is another gallery"),
            "look into a copy of that time; keep one before 'cotejo gallery compact'",
        )
    })
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
        let ids = load::whom(&self.ids, self.ids_file.as_deref())?.unwrap_or_default();
        Ok((ids, self.ids_file.as_ref().map_or_else(|| "--id".to_owned(), |path| path.display().to_string())))
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::List(args) => args.run(console),
            Command::Export(args) => args.run(console),
            Command::Diff(args) => args.run(console),
            Command::Remove(args) => args.run(console),
            Command::Restore(args) => args.run(console),
            Command::Compact(args) => args.run(console),
            Command::Root(args) => args.run(console),
            Command::Prove(args) => args.run(console),
        }
    }
}
