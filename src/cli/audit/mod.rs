//! `cotejo audit`: what a log holds, whether it is whole, whether the other party's log agrees, whether queries and keys are made as said, and who is
//! in a gallery.

mod anchor;
mod compare;
mod consent;
mod correct_clock;
mod erase;
mod export;
mod key;
pub mod ml_dsa;
mod noted;
mod owned;
mod proof;
mod query;
mod replay;
mod source;
pub mod succeed;
mod transparency;
mod verify;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::scheme::Opened;
use crate::service::audit::{RETENTION_DAYS, Reading, Report, Verifier};
use crate::service::signing::PublicKey;
use crate::service::tree::TreeHead;

use super::console::{Console, count};
use super::failure::Failure;
use super::{Outcome, interrupt, load, party};
use source::{Place, Source, SourceArgs};

/// The log of either party: verify, compare with the other party's, export, count, erase what is too old; make a query, key or answer again;
/// check a proof about a gallery
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes: verify, compare, query, key and replay end with 1 where there are findings. What each finding means: docs/audit.md

Example:
  cotejo audit verify --log custodian.jsonl --key 0e39...
  cotejo audit compare --log custodian.jsonl --with querier.jsonl
  cotejo audit export --log custodian.jsonl --format csv --out requests.csv")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Verify(verify::Args),
    Anchor(anchor::Args),
    Compare(compare::Args),
    Export(export::Args),
    Transparency(transparency::Args),
    Erase(erase::Args),
    Consent(consent::Args),
    CorrectClock(correct_clock::Args),
    Query(query::Args),
    Key(key::Args),
    Replay(replay::Args),
    Proof(proof::Args),
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::Verify(args) => args.run(console),
            Command::Anchor(args) => args.run(console),
            Command::Compare(args) => args.run(console),
            Command::Export(args) => args.run(console),
            Command::Transparency(args) => args.run(console),
            Command::Erase(args) => args.run(console),
            Command::Consent(args) => args.run(console),
            Command::CorrectClock(args) => args.run(console),
            Command::Query(args) => args.run(console),
            Command::Key(args) => args.run(console),
            Command::Replay(args) => args.run(console),
            Command::Proof(args) => args.run(console),
        }
    }
}

/// Reads a log once: checks it, and shows each entry to `each`.
fn read(
    place: &Place<'_>,
    key: Option<PublicKey>,
    noted: &[TreeHead],
    each: impl FnMut(&Reading<'_>) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let verifier = verifier(place, key, noted)?;
    Ok(read_into(verifier, &mut Source::open(place)?, each)?.finish())
}

/// What checks a log now, from its first key on.
fn verifier(place: &Place<'_>, key: Option<PublicKey>, noted: &[TreeHead]) -> Result<Verifier, Failure> {
    Ok(Verifier::new(first_key(place, key)?, noted.iter().copied()).at(party::now()))
}

/// The key that a log began with, where one was followed by another and so on to this one; else, and of a pipe, this one.
fn first_key(place: &Place<'_>, key: Option<PublicKey>) -> Result<Option<PublicKey>, Failure> {
    let Some(key) = key else { return Ok(None) };
    if let Place::File(path) = place
        && !path.is_file()
    {
        // A pipe is read once.
        return Ok(Some(key));
    }
    let (mut introduced, mut first) = (BTreeMap::new(), None);
    for entry in Source::open(place)?.entries() {
        interrupt::check()?;
        let entry = entry?;
        let first = first.get_or_insert_with(|| entry.clone());
        if first.number == entry.number && first.is_signed_by(&key) {
            return Ok(Some(key));
        }
        introduced.extend(Reading::of(&entry).introduces().map(|(by, successor)| (successor, by)));
    }
    let mut earliest = key;
    // Each is taken once: they may lead in a circle.
    while let Some(before) = introduced.remove(&earliest) {
        earliest = before;
    }
    Ok(Some(if first.is_some_and(|first| first.is_signed_by(&earliest)) { earliest } else { key }))
}

/// Agreements that were served.
struct Served {
    agreements: Vec<Opened>,
    /// For how many days logs are kept: as the longest of them says, or as without a word.
    log_days: u32,
}

impl Served {
    fn read(paths: &[PathBuf], console: &Console) -> Result<Self, Failure> {
        let (mut agreements, mut log_days) = (Vec::with_capacity(paths.len()), None);
        for path in paths {
            let agreement = load::agreement(path, console)?;
            let service = agreement.terms().service.as_ref();
            let days = service.map(|service| service.log_days).ok_or_else(|| {
                let remedy = "give the agreement that was served: 'cotejo agreement init --service' makes such";
                Failure::at(path, "it has no [service]: nothing in a log is about it", remedy)
            })?;
            log_days = log_days.max(Some(days));
            agreements.push(agreement);
        }
        Ok(Self { agreements, log_days: log_days.unwrap_or(RETENTION_DAYS) })
    }
}

/// Has a verifier read a log once, and shows each entry to `each`.
fn read_into(
    mut verifier: Verifier,
    source: &mut Source<'_>,
    mut each: impl FnMut(&Reading<'_>) -> Result<(), Failure>,
) -> Result<Verifier, Failure> {
    for entry in source.entries() {
        interrupt::check()?;
        let entry = entry?;
        let reading = Reading::of(&entry);
        verifier.read(&reading);
        each(&reading)?;
    }
    Ok(verifier)
}

/// Warns of a log that is not as it should be, where something else than its findings is wanted.
fn warn_of_findings(source: &SourceArgs, report: &Report, console: &Console) {
    if !report.is_sound() {
        let findings = count(report.findings.len() + report.further_findings as usize, "finding");
        console.warn(format_args!(
            "{}: this log is not as it should be: {findings}; see 'cotejo audit verify'",
            source.place()
        ));
    }
}

/// "1 entry", "2 entries".
fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}
