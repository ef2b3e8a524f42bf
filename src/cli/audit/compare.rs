//! `cotejo audit compare`: the two parties' logs side by side.

use std::fmt::Display;
use std::path::PathBuf;

use crate::service::audit::{Comparison, Discrepancy, Report, Statements, compare};
use crate::service::signing::PublicKey;
use serde::Serialize;

use super::source::{Place, Source, SourceArgs};
use super::{Served, read_into, verifier, verify};
use crate::cli::Outcome;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;

/// Lay the logs of custodian and querier side by side: each holds the other's signed statements
#[derive(clap::Args)]
#[command(after_help = "\
Checks both logs first, as 'cotejo audit verify' does, and compares them where both are as they were written. Ends with 1 where there are \
findings, with 0 where there are none; what is under way is only noted.

Example:
  cotejo audit compare --log custodian.jsonl --key 0e39... --with querier.jsonl --with-key 77af...")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Public key of the log's owner, 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    key: Option<PublicKey>,
    /// The other party's log, exported with 'cotejo audit export --format log'
    #[arg(long, value_name = "FILE")]
    with: PathBuf,
    /// Public key of the other log's owner, 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    with_key: Option<PublicKey>,
    /// An agreement that was served, for how long logs are kept; may be given several times
    #[arg(long, value_name = "FILE")]
    agreement: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Document<'a> {
    sound: bool,
    log: &'a Report,
    with: &'a Report,
    comparison: Option<&'a Comparison>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let (our_place, their_place) = (self.source.place(), Place::File(&self.with));
        let days = Served::read(&self.agreement, console)?.log_days;
        let (ours, our_report) = statements(&our_place, self.key, days)?;
        let (theirs, their_report) = statements(&their_place, self.with_key, days)?;
        let mut lines = Vec::new();
        let reports = [(&our_place, &our_report), (&their_place, &their_report)];
        for (place, report) in reports {
            lines.push(format!("{place}: {}", verify::owner(report)));
            lines.extend(verify::findings(report).into_iter().map(|line| format!("  {line}")));
        }
        let unchecked = reports.iter().any(|(_, report)| report.key.is_none());
        if unchecked {
            lines.push("nothing shows who signed: give the owners' public keys with --key and --with-key".to_owned());
        }
        // What another party has signed wrongly hides nothing of the rest.
        let comparison = if our_report.whole && their_report.whole {
            let compared = compare(ours, theirs);
            let refused = |error| Failure::of(&self.with, &error, "give a custodian's log and a querier's");
            Some(compared.map_err(refused)?)
        } else {
            None
        };
        match &comparison {
            Some(comparison) => lines.extend(text(comparison)),
            None => lines.push("not compared: a log that is not as it was written shows nothing".to_owned()),
        }
        let sound = our_report.is_sound() && their_report.is_sound();
        let sound = sound && comparison.as_ref().is_some_and(Comparison::is_sound);
        let document = Document { sound, log: &our_report, with: &their_report, comparison: comparison.as_ref() };
        console.result(lines.join("\n"), &document)?;
        Ok(if sound { Outcome::Done } else { Outcome::Findings })
    }
}

fn statements(place: &Place<'_>, key: Option<PublicKey>, days: u32) -> Result<(Statements, Report), Failure> {
    let mut statements = Statements::new().retaining(days);
    let verifier = read_into(verifier(place, key, &[])?.retaining(days), &mut Source::open(place)?, |reading| {
        statements.read(reading);
        Ok(())
    })?;
    let report = verifier.finish();
    Ok((statements.signed_with(&report.keys), report))
}

fn text(comparison: &Comparison) -> Vec<String> {
    let Comparison { custodian, querier, .. } = comparison;
    let mut lines = vec![format!(
        "{} of {querier} to {custodian}: {} in both logs, {} erased by one party for their age",
        count(comparison.requests as usize, "request"),
        count(comparison.same as usize, "statement"),
        comparison.excused,
    )];
    if comparison.elsewhere > 0 {
        lines.push(format!("{} to other custodians, not compared", count(comparison.elsewhere as usize, "request")));
    }
    lines.extend(listed("under way", &comparison.notes, comparison.further_notes));
    lines.extend(listed("findings", &comparison.findings, comparison.further_findings));
    if comparison.is_sound() {
        lines.push("no findings: the logs agree".to_owned());
    }
    lines
}

fn listed<T: Display>(heading: &str, all: &[Discrepancy<T>], further: u64) -> Vec<String> {
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("{heading} ({}):", all.len() as u64 + further)];
    lines.extend(all.iter().map(|one| format!("  {}{}", place(one), one.what)));
    if further > 0 {
        lines.push(format!("  and {further} more"));
    }
    lines
}

/// Where it is: the request, and the entries in either log.
fn place<T>(one: &Discrepancy<T>) -> String {
    let entry = |log: &str, entry: Option<u64>| entry.map(|entry| format!("{log} entry {entry}"));
    let request = match (&one.number, &one.request) {
        (Some(number), _) => Some(format!("request {number}")),
        (None, Some(digest)) => Some(format!("request with digest {digest}")),
        (None, None) => None,
    };
    let entries = [entry("custodian's", one.custodian_entry), entry("querier's", one.querier_entry)];
    let entries = entries.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match (request, entries.is_empty()) {
        (None, _) => String::new(),
        (Some(request), true) => format!("{request}: "),
        (Some(request), false) => format!("{request} ({entries}): "),
    }
}
