//! `cotejo audit verify`: whether a log is whole.

use std::path::PathBuf;

use crate::service::audit::{Finding, LogProblem, Report, Role};
use crate::service::signing::{Hash, PublicKey};
use serde::Serialize;

use super::noted::noted;
use super::source::{Source, SourceArgs};
use super::{Served, entries, read_into, verifier};
use crate::cli::Outcome;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;

/// Check a log: its chain, its signatures, the signed statements in it, and whether it keeps to the agreement
///
/// With --agreement: quotas, disclosed bits, how old keys were, what each request had to say. With --database, of a custodian: whether
/// the tables that it decides by are what its log tells.
#[derive(clap::Args)]
#[command(after_help = "\
Ends with 1 where there are findings, with 0 where there are none. Note the head that is printed ('cotejo audit anchor' prints it alone), \
and give it next time with --noted: a log that was cut or written anew since does not hold it.

Example:
  cotejo audit verify --log custodian.jsonl --key 0e39... --noted 1204:9a11...
  cotejo audit verify --database custodian.sqlite --key 0e39... --agreement agreement.toml")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Public key of the log's owner, 64 hexadecimal digits; without it nothing shows who signed
    #[arg(long, value_name = "HEX")]
    key: Option<PublicKey>,
    /// An agreement that was served: the log is held to it; may be given several times
    #[arg(long, value_name = "FILE")]
    agreement: Vec<PathBuf>,
    /// Head of the log at an earlier time, which it must still hold, or a file of such heads, one a line; may be given several times
    #[arg(long, value_name = "SIZE:ROOT|FILE")]
    noted: Vec<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    log: String,
    sound: bool,
    #[serde(flatten)]
    report: &'a Report,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let place = self.source.place();
        let noted = noted(&self.noted)?;
        let verifier = verifier(&place, self.key, &noted)?;
        let served = Served::read(&self.agreement, console)?;
        let mut verifier = verifier.retaining(served.log_days);
        for agreement in &served.agreements {
            verifier = verifier.under(Hash(agreement.digest().0), agreement.terms());
        }
        let mut source = Source::open(&place)?;
        let verifier = read_into(verifier, &mut source, |_| Ok(()))?;
        let ledger = if verifier.is_of(Role::Custodian) { source.ledger()? } else { None };
        let report = verifier.finish_with(ledger.as_ref());
        let document = Document { log: place.to_string(), sound: report.is_sound(), report: &report };
        let mut lines = summary(&report);
        lines.extend(findings(&report));
        console.result(lines.join("\n"), &document)?;
        Ok(if report.is_sound() { Outcome::Done } else { Outcome::Findings })
    }
}

/// What a log is, in lines.
fn summary(report: &Report) -> Vec<String> {
    let mut lines = vec![owner(report)];
    let held = entries(report.entries);
    lines.push(match (report.first, report.last) {
        (Some(first), Some(last)) => format!("{held}, {first} to {last}; {} without content", report.erased),
        _ => held,
    });
    let counts = &report.statements;
    let abandoned = match counts.abandoned {
        0 => String::new(),
        abandoned => format!(", {abandoned} abandoned"),
    };
    lines.push(format!(
        "{} ({} open{abandoned}), {}, {}, {} without an answer, {}",
        count(counts.requests as usize, "request"),
        report.open,
        count(counts.receipts as usize, "receipt"),
        count(counts.answers as usize, "answer"),
        if counts.unanswered == 1 { "1 reply".to_owned() } else { format!("{} replies", counts.unanswered) },
        count(counts.acknowledgements as usize, "acknowledgement"),
    ));
    if let Some(unchecked) = report.unchecked.filter(|unchecked| *unchecked > 0) {
        let requests = count(unchecked as usize, "request");
        lines.push(format!("{requests} under agreements that were not given: held to none"));
    }
    if counts.canaries > 0 {
        let missed = counts.canaries.saturating_sub(counts.canaries_found);
        lines.push(match missed {
            0 => format!("canaries asked about: {}, all found", counts.canaries),
            _ => {
                format!("canaries asked about: {}, found: {}, MISSED: {missed}", counts.canaries, counts.canaries_found)
            }
        });
    }
    if report.reregistered > 0 {
        let keys = count(report.reregistered as usize, "key");
        lines.push(format!("{keys} of other parties replaced without a word of the key of before"));
    }
    if report.corrections > 0 {
        let times = count(report.corrections as usize, "time");
        lines.push(format!("its clock had been ahead, and was corrected, {times}: the reasons stand in it"));
    }
    if report.diverged > 0 {
        let (times, trusted) = (count(report.diverged as usize, "time"), count(report.trusted as usize, "time"));
        lines.push(format!(
            "a custodian has shown another log than before, {times}, and was gone on with, {trusted}: 'audit compare' shows what is missing"
        ));
    }
    lines.push(match report.key {
        Some(key) => match report.first_key {
            Some(first) => {
                format!("checked with the owner's keys, from {first} to {key}, each introduced by the one before")
            }
            None => format!("checked with the owner's key {key}"),
        },
        None => "nothing shows who signed it: give the owner's public key with --key".to_owned(),
    });
    lines.push(format!("head, to be noted for next time: {}", report.head));
    lines
}

/// Whose log it is, in words.
pub fn owner(report: &Report) -> String {
    match (&report.party, report.role) {
        (Some(party), Some(role)) => format!("log of {party} ({role})"),
        _ => "log of nobody".to_owned(),
    }
}

/// The findings, a line each.
pub fn findings(report: &Report) -> Vec<String> {
    if report.is_sound() {
        return vec!["no findings: the log is as it was written".to_owned()];
    }
    let total = report.findings.len() + report.further_findings as usize;
    let mut lines = vec![format!("{}:", count(total, "finding"))];
    // Of a stranger's key, each entry would say the same.
    let unsigned = |finding: &&Finding| finding.problem == LogProblem::Signature;
    let others: Vec<&Finding> = match report.findings.iter().filter(unsigned).count() as u64 == report.entries {
        true => {
            lines.push("  no entry is signed with this key: give the owner's (--key)".to_owned());
            report.findings.iter().filter(|finding| !unsigned(finding)).collect()
        }
        false => report.findings.iter().collect(),
    };
    lines.extend(others.into_iter().map(|finding| format!("  entry {}: {}", finding.entry, finding.problem)));
    if report.further_findings > 0 {
        lines.push(format!("  and {} more", report.further_findings));
    }
    lines
}
