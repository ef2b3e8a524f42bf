//! `cotejo audit export`: the table of requests, or the log itself.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::service::audit::{OrderRow, OrderRows, RequestRow, Requests};
use serde::Serialize;
use serde_json::{Value, json};

use super::source::SourceArgs;
use super::{entries, read, warn_of_findings};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::table::{Cell, write_row};
use crate::cli::{Outcome, OverwriteArg, files};

/// Write the requests of a log as a table, or what its operators ordered, or the log itself so that it can be checked without its database
#[derive(clap::Args)]
#[command(after_help = "\
The file names cases and staff: only its owner may read it (mode 0600). It never says whether there was a hit: no log does.

But a querier's log says which of its requests were about canaries, and how many were found. Who gives it to the custodian has no canaries \
left: give it to an auditor of both, or compare ('cotejo audit compare') where the querier is. Nothing can be left out of a log that is \
to be checked; tables (csv, json) do not say it.

Example:
  cotejo audit export --log custodian.jsonl --format csv --out requests.csv
  cotejo audit export --log custodian.jsonl --format orders --out orders.csv
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
    /// The breaker and erasures, and which operators ordered them, comma-separated
    Orders,
    /// The log's entries, verbatim, one JSON object a line
    Log,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let out = &self.out;
        let content = match self.format {
            Format::Log => files::Content::Log,
            Format::Csv | Format::Json | Format::Orders => files::Content::Other,
        };
        files::require_free(out, self.overwrite.force, content)?;
        let unwritable = |error: io::Error| Failure::io(out, "write it", &error);
        let (mut requests, mut orders) = (Requests::new(), OrderRows::default());
        let (mut read_entries, mut rows, mut ordered) = (0, None, None);
        let write = |file: &mut dyn io::Write| {
            let report = read(&self.source.place(), None, &[], |reading| match self.format {
                Format::Log => file.write_all(reading.entry().to_line().as_bytes()).map_err(unwritable),
                Format::Csv | Format::Json => {
                    requests.read(reading);
                    Ok(())
                }
                Format::Orders => {
                    orders.read(reading);
                    Ok(())
                }
            })?;
            warn_of_findings(&self.source, &report, console);
            if report.statements.canaries > 0 && self.format == Format::Log {
                console.warn(format_args!(
                    "{}: it says which requests were about canaries: not for the custodian, from whom they are hidden",
                    out.display()
                ));
            }
            read_entries = report.entries;
            let table = std::mem::take(&mut requests).finish();
            match self.format {
                Format::Log => return Ok(()),
                Format::Orders => {
                    let table = std::mem::take(&mut orders).finish();
                    write_csv(out, file, OrderRow::FIELDS, &table)?;
                    ordered = Some(table.len());
                    return Ok(());
                }
                Format::Csv => write_csv(out, file, RequestRow::FIELDS, &table)?,
                Format::Json => {
                    serde_json::to_writer_pretty(&mut *file, &table).map_err(|error| unwritable(error.into()))?;
                    file.write_all(b"\n").map_err(unwritable)?;
                }
            }
            rows = Some(table.len());
            Ok(())
        };
        files::fill(out, self.overwrite.force, content, write, |_| Ok(()))?;
        let (held, document) = match (rows, ordered) {
            (_, Some(ordered)) => {
                (count(ordered, "measure"), json!({ "out": out, "entries": read_entries, "measures": ordered }))
            }
            (Some(rows), None) => {
                (count(rows, "request"), json!({ "out": out, "entries": read_entries, "requests": rows }))
            }
            (None, None) => {
                (entries(read_entries), json!({ "out": out, "entries": read_entries, "requests": Value::Null }))
            }
        };
        console.written(format_args!("{}: {held}", out.display()), &document)?;
        Ok(Outcome::Done)
    }
}

fn write_csv<const N: usize>(
    path: &Path,
    file: &mut dyn Write,
    fields: [&str; N],
    rows: &[impl Serialize],
) -> Result<(), Failure> {
    let unwritable = |error: io::Error| Failure::io(path, "write it", &error);
    write_row(file, fields.map(Cell::from)).map_err(unwritable)?;
    for row in rows {
        let row = serde_json::to_value(row).unwrap_or_default();
        let cells = fields.map(|field| cell(row.get(field).unwrap_or(&Value::Null)));
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
