//! What a command says: results on standard output, everything for people on standard error.

use std::fmt::Display;
use std::io::{BufRead, ErrorKind, IsTerminal, Read, Write};

use serde::Serialize;
use serde_json::json;

use super::desk::Desk;
use super::failure::Failure;
use crate::words::counted;

/// So many faults of one kind are listed; whoever mends these sees the next.
const MOST_LISTED: usize = 10;

/// Longest answer to a question, in bytes.
const LONGEST_ANSWER: u64 = 64;

/// Whether questions are answered beforehand.
#[derive(Clone, Copy, clap::Args)]
pub struct YesArg {
    /// Do not ask on the terminal whether to go on
    #[arg(long)]
    yes: bool,
}

/// Where a command speaks: at a terminal, or to the program that embeds it.
pub struct Console {
    quiet: bool,
    json: bool,
    desk: Option<Desk>,
}

/// Writes a line to standard error; where that is gone there is nobody to tell.
pub fn stderr_line(text: impl Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

impl Console {
    pub fn new(quiet: bool, json: bool) -> Self {
        Self { quiet, json, desk: None }
    }

    /// One that speaks to the program that embeds the command: notes to its listener, results as documents.
    pub fn of(desk: Desk) -> Self {
        Self { quiet: false, json: true, desk: Some(desk) }
    }

    /// What the program that embeds the command has put there, if one does.
    pub fn desk(&self) -> Option<&Desk> {
        self.desk.as_ref()
    }

    /// Whether notes are kept back.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether results are wanted as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// A note for people.
    pub fn note(&self, text: impl Display) {
        match &self.desk {
            Some(desk) => desk.listener().note(&text.to_string()),
            None if self.quiet => {}
            None => stderr_line(text),
        }
    }

    /// Something that must be known, also when quiet.
    pub fn warn(&self, text: impl Display) {
        match &self.desk {
            Some(desk) => desk.listener().warn(&text.to_string()),
            None => stderr_line(format_args!("warning: {text}")),
        }
    }

    /// Warnings of one kind: the first ten, and how many there are.
    pub fn warn_each<T: Display>(&self, what: &str, each: impl ExactSizeIterator<Item = T>) {
        let all = each.len();
        each.take(MOST_LISTED).for_each(|one| self.warn(format_args!("{what}: {one}")));
        if all > MOST_LISTED {
            self.warn(format_args!("{what}: {} more", all - MOST_LISTED));
        }
    }

    /// Asks on the terminal whether to go on with what cannot be taken back; where nobody sits at one, nobody is asked.
    pub fn confirm(&self, question: impl Display, yes: YesArg) -> Result<(), Failure> {
        if yes.yes || self.desk.is_some() || !std::io::stdin().is_terminal() {
            return Ok(());
        }
        let mut err = std::io::stderr().lock();
        drop(write!(err, "{question} [y/N] ").and_then(|()| err.flush()));
        let mut answer = String::new();
        let read = std::io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer);
        match read.is_ok() && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            true => Ok(()),
            false => Err(Failure::new("not confirmed", "nothing was changed", "answer y, or give --yes")),
        }
    }

    /// Why the command ends without its result.
    pub fn fail(&self, failure: &Failure) {
        if let Some(desk) = &self.desk {
            return desk.listener().warn(&failure.one_line());
        }
        match failure {
            Failure::Interrupted => stderr_line("interrupted: nothing was written"),
            Failure::Paused(how_to_go_on) => stderr_line(format_args!("interrupted: {how_to_go_on}")),
            Failure::OutputClosed => {}
            Failure::Problem(problem) if self.json => {
                let document = json!({"error": {
                    "place": problem.place,
                    "what": problem.what,
                    "details": problem.details,
                    "remedy": problem.remedy,
                }});
                stderr_line(document);
            }
            Failure::Problem(problem) => {
                stderr_line(format_args!("error: {}: {}", problem.place, problem.what));
                let details = &problem.details;
                details.iter().take(MOST_LISTED).for_each(|detail| stderr_line(format_args!("  {detail}")));
                if details.len() > MOST_LISTED {
                    stderr_line(format_args!("  and {} more", details.len() - MOST_LISTED));
                }
                stderr_line(format_args!("  remedy: {}", problem.remedy));
            }
        }
    }

    /// A result as text.
    pub fn print(&self, text: impl Display) -> Result<(), Failure> {
        if let Some(desk) = &self.desk {
            desk.print(&text.to_string());
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| stdout_failure(&error))
    }

    /// A result: as a document where JSON is wanted, otherwise as text.
    pub fn result(&self, text: impl Display, document: &impl Serialize) -> Result<(), Failure> {
        if self.json { self.document(document) } else { self.print(text) }
    }

    /// A note for people, and the document where JSON is wanted: for commands whose result is a file.
    pub fn written(&self, text: impl Display, document: &impl Serialize) -> Result<(), Failure> {
        self.note(text);
        if self.json { self.document(document) } else { Ok(()) }
    }

    /// A document, for commands whose text is written in pieces.
    pub fn document(&self, document: &impl Serialize) -> Result<(), Failure> {
        let unwritable = |error| Failure::new("--json", error, "run without --json");
        match &self.desk {
            Some(desk) => desk.document(serde_json::to_value(document).map_err(unwritable)?),
            None => self.print(serde_json::to_string_pretty(document).map_err(unwritable)?)?,
        }
        Ok(())
    }
}

/// Standard output failed; a reader that has had enough is no error.
pub fn stdout_failure(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::new("standard output", error, "make room where it is redirected to"),
    }
}

/// A number of bytes, for people: in the unit that fits, of a thousand of the one before.
pub fn bytes(count: usize) -> String {
    match count as f64 {
        _ if count < 1_000 => self::count(count, "byte"),
        n if n < 999.95e3 => format!("{:.1} KB", n / 1e3),
        n if n < 999.95e6 => format!("{:.1} MB", n / 1e6),
        n if n < 999.995e9 => format!("{:.2} GB", n / 1e9),
        n => format!("{:.2} TB", n / 1e12),
    }
}

/// A duration, for people: in the unit that fits.
pub fn seconds(duration: std::time::Duration) -> String {
    match duration.as_secs_f64() {
        0.0 => "0 s".to_owned(),
        s if s < 999.5e-9 => format!("{:.0} ns", s * 1e9),
        s if s < 999.95e-6 => format!("{:.1} \u{b5}s", s * 1e6),
        s if s < 99.95e-3 => format!("{:.1} ms", s * 1e3),
        s if s < 119.95 => format!("{s:.1} s"),
        s if s < 119.5 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 47.95 * 3600.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86400.0),
    }
}

/// "1 probe", "2 probes".
pub fn count(number: usize, noun: &str) -> String {
    counted(number as u64, noun)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        for (nanoseconds, shown) in [
            (0, "0 s"),
            (1, "1 ns"),
            (999, "999 ns"),
            (1_000, "1.0 \u{b5}s"),
            (37_250, "37.2 \u{b5}s"),
            (999_960, "1.0 ms"),
            (99_900_000, "99.9 ms"),
            (99_960_000, "0.1 s"),
            (119_900_000_000, "119.9 s"),
            (120_000_000_000, "2 min"),
            (7_200_000_000_000, "2.0 h"),
            (172_800_000_000_000, "2.0 days"),
        ] {
            assert_eq!(seconds(Duration::from_nanos(nanoseconds)), shown);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        for (size, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 KB"),
            (999_960, "1.0 MB"),
            (1_283_000_000, "1.28 GB"),
            (4_000_000_000_000, "4.00 TB"),
        ] {
            assert_eq!(bytes(size), shown);
        }
    }
}
