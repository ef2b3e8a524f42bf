//! `cotejo gallery`: who is enrolled, removing, and writing the file anew.

mod compact;
mod list;
mod remove;

use std::path::PathBuf;

use super::console::Console;
use super::failure::Failure;
use super::{AgreementArg, Outcome};

/// The custodian's gallery: list who is enrolled, remove, compact (to add: enroll --append)
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo gallery list --gallery gallery.cotejo
  cotejo gallery remove --gallery gallery.cotejo --id 4711
  cotejo gallery compact --gallery gallery.cotejo")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::Args),
    Remove(remove::Args),
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

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::List(args) => args.run(console),
            Command::Remove(args) => args.run(console),
            Command::Compact(args) => args.run(console),
        }
    }
}
