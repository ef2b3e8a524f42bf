//! `cotejo audit export`: the table of requests, or the log itself.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::service::audit::{RequestRow, Requests};
use serde_json::{Value, json};

use super::source::SourceArgs;
use super::{entries, read, warn_of_findings};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::table::{Cell, write_row};
use crate::cli::{Outcome, OverwriteArg, files};

/// Write the requests of a log as a table, or the log itself so that it can be checked without its database
#[derive(clap::Args)]
#[command(after_help = "\
The file names cases and staff: only its owner may read it (mode 0600). It never says whether there was a hit: no log does.

Example:
  cotejo audit export --log custodian.jsonl --format csv --out requests.csv
  cotejo audit export --database cotejo.sqlite --format log --out custodian.jsonl")]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// What to write
    #[arg(long, value_enum)]
    format: Format,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The requests, comma-separated, with a line of headings
    Csv,
    /// The requests, as a JSON array
    Json,
    /// The log's entries, verbatim, one JSON object a line
    Log,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let out = &self.out;
        let content = match self.format {
            Format::Log => files::Content::Log,
            Format::Csv | Format::Json => files::Content::Other,
        };
        files::require_free(out, self.overwrite.force, content)?;
        let unwritable = |error: io::Error| Failure::io(out, "write it", &error);
        let mut requests = Requests::new();
        let (mut read_entries, mut rows) = (0, None);
        let write = |file: &mut dyn io::Write| {
            let report = read(&self.source.place(), None, &[], |reading| match self.format {
                Format::Log => file.write_all(reading.entry().to_line().as_bytes()).map_err(unwritable),
                Format::Csv | Format::Json => {
                    requests.read(reading);
                    Ok(())
                }
            })?;
            warn_of_findings(&self.source, &report, console);
            read_entries = report.entries;
            let table = std::mem::take(&mut requests).finish();
            match self.format {
                Format::Log => return Ok(()),
                Format::Csv => write_csv(out, file, &table)?,
                Format::Json => {
                    serde_json::to_writer_pretty(&mut *file, &table).map_err(|error| unwritable(error.into()))?;
                    file.write_all(b"\n").map_err(unwritable)?;
                }
            }
            rows = Some(table.len());
            Ok(())
        };
        files::fill(out, self.overwrite.force, content, write, |_| Ok(()))?;
        let held = match rows {
            Some(rows) => count(rows, "request"),
            None => entries(read_entries),
        };
        console.written(
            format_args!("{}: {held}", out.display()),
            &json!({ "out": out, "entries": read_entries, "requests": rows }),
        )?;
        Ok(Outcome::Done)
    }
}

fn write_csv(path: &Path, file: &mut dyn Write, rows: &[RequestRow]) -> Result<(), Failure> {
    let unwritable = |error: io::Error| Failure::io(path, "write it", &error);
    write_row(file, RequestRow::FIELDS.map(Cell::from)).map_err(unwritable)?;
    for row in rows {
        let row = serde_json::to_value(row).unwrap_or_default();
        let cells = RequestRow::FIELDS.map(|field| cell(row.get(field).unwrap_or(&Value::Null)));
        write_row(file, cells).map_err(unwritable)?;
    }
    Ok(())
}

/// A value as a cell.
fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::String(text) => Cell::Text(text.clone()),
        other => Cell::Plain(other.to_string()),
    }
}
