//! `cotejo serve backup` and `cotejo serve restore`: the whole database, of one moment.

use std::fs;
use std::path::{Path, PathBuf};

use crate::service::audit::Role;
use crate::service::store::{self, CopyError, Location, StoreError};
use crate::service::tree::TreeHead;
use serde_json::json;

use super::Custodian;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::interrupt::{self, Unfinished};
use crate::cli::party::{self, Party};
use crate::cli::{Outcome, files};

/// Copy the database into a file, also while it is served from
#[derive(clap::Args)]
#[command(after_help = "\
The copy is of one moment, whichever database it is: log, keys, waiting queries and answers that were not fetched, quotas. Keep it as \
the database itself. Galleries and keys of the configuration are not in it.

Example:
  cotejo serve backup --config custodian.toml --out 2026-11-29.sqlite")]
pub struct Backup {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// The copy; there must be no such file yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Make the database that the configuration names from a copy
#[derive(clap::Args)]
#[command(after_help = "\
There must be none yet: move a damaged one away first. Requesters that have seen more of the log than the copy holds refuse to ask, \
until they are told why ('cotejo ask --trust-log'); what they asked since is lost ('cotejo ask --abandon').

Example:
  cotejo serve restore --config custodian.toml --from 2026-11-29.sqlite")]
pub struct Restore {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// A copy that 'cotejo serve backup' has made
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

/// What is done with a whole database.
#[derive(clap::Subcommand)]
pub enum Copies {
    Backup(Backup),
    Restore(Restore),
}

impl Copies {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self {
            Self::Backup(args) => args.run(console),
            Self::Restore(args) => args.run(console),
        }
    }
}

impl Backup {
    fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        if self.out.exists() {
            return Err(Failure::at(&self.out, "exists already", "name another file, or move that one away"));
        }
        let location = party.location()?;
        let failed = |error: &CopyError| match error {
            CopyError::From(error) => party::store_failure(&self.config, error),
            CopyError::Into(error) => Failure::of(&self.out, error, "name another file"),
        };
        let head = whole(&self.out, |partial| copied(&party, location, Location::File(partial.to_owned()), &failed))?;
        let text = format!("{}: a copy of the database, with the head {head} of its log", self.out.display());
        console.result(text, &json!({"out": self.out, "head": head}))?;
        Ok(Outcome::Done)
    }
}

impl Restore {
    fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        files::reads_elsewhere(&self.from)?;
        let from = || Location::File(self.from.clone());
        let head = match party.location()? {
            Location::File(path) => {
                let failed = |error: &CopyError| match error {
                    CopyError::From(error) => self.refused(error),
                    CopyError::Into(error) => party::store_failure(&path, error),
                };
                if path.metadata().is_ok_and(|found| found.len() > 0) {
                    return Err(failed(&CopyError::Into(StoreError::NotEmpty)));
                }
                whole(&path, |partial| copied(&party, from(), Location::File(partial.to_owned()), &failed))?
            }
            server => copied(&party, from(), server, &|error| match error {
                CopyError::From(error) => self.refused(error),
                CopyError::Into(error) => party::store_failure(&self.config, error),
            })?,
        };
        let text =
            format!("{}: its database is that of the copy, with the head {head} of its log", self.config.display());
        console.result(text, &json!({"config": self.config, "head": head}))?;
        Ok(Outcome::Done)
    }

    /// It is the copy that cannot be restored.
    fn refused(&self, error: &StoreError) -> Failure {
        let other = "name a copy that 'cotejo serve backup' has made";
        match error {
            StoreError::NotMade => Failure::at(&self.from, "there is no such file", other),
            StoreError::Foreign | StoreError::Owner { .. } => Failure::at(&self.from, error, other),
            StoreError::SigningKey { .. } => {
                let remedy = "a copy from before 'cotejo keys succeed': configure the key of then (signing_key), restore it, and have \
                              the one of now follow it once more ('cotejo keys succeed')";
                Failure::at(&self.from, error, remedy)
            }
            StoreError::Damaged(_) => Failure::at(&self.from, error, "take another copy"),
            _ => Failure::of(&self.from, error, other),
        }
    }
}

fn copied(
    party: &Party<Custodian>,
    from: Location,
    to: Location,
    failed: &dyn Fn(&CopyError) -> Failure,
) -> Result<TreeHead, Failure> {
    let owner = party.owner(Role::Custodian)?;
    let copied = store::copy(from, to, &owner, &mut || !interrupt::requested());
    copied.map_err(|error| failed(&error))?.ok_or(Failure::Interrupted)
}

/// A file of SQLite's that is there whole, or not at all.
fn whole(path: &Path, make: impl FnOnce(&Path) -> Result<TreeHead, Failure>) -> Result<TreeHead, Failure> {
    let partial = path.with_added_extension("partial");
    let beside = ["", "-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", partial.display())));
    let _unfinished = beside.each_ref().map(|path| Unfinished::new(path));
    // What an earlier try has left behind.
    beside.iter().for_each(|path| drop(fs::remove_file(path)));
    let placed = make(&partial).and_then(|head| {
        let kept = fs::File::open(&partial).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&partial, path));
        kept.map(|()| head).map_err(|error| Failure::io(path, "write it", &error))
    });
    if placed.is_err() {
        beside.iter().for_each(|path| drop(fs::remove_file(path)));
    }
    placed
}
