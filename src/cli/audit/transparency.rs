//! `cotejo audit transparency`: yearly counts that can be published.

use crate::service::audit::{CanaryCounts, Report, Transparency, Year};
use serde::Serialize;

use super::source::SourceArgs;
use super::{entries, read, verify, warn_of_findings};
use crate::cli::Outcome;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;

/// Count what was asked, year by year: requests, persons, answers, refusals, bits disclosed
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo audit transparency --log custodian.jsonl --year 2026")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Only this year
    #[arg(long, value_name = "YEAR")]
    year: Option<i16>,
}

#[derive(Serialize)]
struct Document<'a> {
    party: &'a Option<crate::agreement::Code>,
    role: Option<crate::service::audit::Role>,
    sound: bool,
    years: &'a [Year],
}

const HEADINGS: [&str; 8] =
    ["requester", "purpose", "requests", "persons", "answered", "unanswered", "bits", "gallery versions"];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let mut transparency = Transparency::new();
        let report = read(&self.source.place(), None, &[], |reading| {
            transparency.read(reading);
            Ok(())
        })?;
        warn_of_findings(&self.source, &report, console);
        let mut years = transparency.finish();
        years.retain(|year| self.year.is_none_or(|wanted| wanted == year.year));
        let document = Document { party: &report.party, role: report.role, sound: report.is_sound(), years: &years };
        console.result(self.text(&report, &years), &document)?;
        Ok(Outcome::Done)
    }

    fn text(&self, report: &Report, years: &[Year]) -> String {
        let mut lines = vec![verify::owner(report)];
        if years.is_empty() {
            lines.push(match self.year {
                Some(year) => format!("nothing was logged in {year}"),
                None => "nothing was logged".to_owned(),
            });
        }
        years.iter().for_each(|year| lines.extend(text(year)));
        lines.join("\n")
    }
}

fn text(year: &Year) -> Vec<String> {
    let mut lines = vec![format!("\n{}", year.year)];
    if !year.usage.is_empty() {
        lines.extend(table(year));
    }
    for usage in &year.usage {
        for (reason, times) in &usage.unanswered {
            lines.push(format!("unanswered, {}, {}: {times}: {reason}", usage.requester, usage.purpose));
        }
    }
    for (requester, reasons) in &year.days_with_refusals {
        for (reason, days) in reasons {
            lines.push(format!("refused, {requester}: on {}: {}", count(*days as usize, "day"), reason.name()));
        }
    }
    lines.push(format!("circuit breaker pulled: {}", count(year.breaker_pulled as usize, "time")));
    if let Some(CanaryCounts { asked, found }) = year.canaries {
        lines.push(format!("canaries asked about: {asked}, found: {found}"));
    }
    lines.push(format!("contents erased in this year: {}", year.erased_contents));
    if !year.is_complete() {
        lines.push(format!(
            "INCOMPLETE: the contents of {} of this year were erased, and what they told is not counted",
            entries(year.erased_entries)
        ));
    }
    lines
}

/// A line a requester and purpose, under headings; numbers to the right.
fn table(year: &Year) -> Vec<String> {
    let rows = year.usage.iter().map(|usage| {
        [
            usage.requester.to_string(),
            usage.purpose.to_string(),
            usage.requests.to_string(),
            usage.probes.to_string(),
            usage.answered.to_string(),
            usage.unanswered.values().sum::<u64>().to_string(),
            usage.bits_disclosed.to_string(),
            usage.gallery_versions.to_string(),
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(HEADINGS.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; 8];
    for row in &rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.len().max(*width));
    }
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths).enumerate();
        let padded = cells.map(|(column, (cell, width))| match column {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}
