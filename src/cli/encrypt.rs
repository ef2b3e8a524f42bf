//! `cotejo encrypt`: the querier's question.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::exchange::{ExchangeError, Pending};
use crate::scheme::Opened;
use crate::wire::{Kind, QueryId, Target};
use serde_json::json;

use super::console::{Console, bytes, count, seconds};
use super::failure::{Cause, Failure};
use super::files::{self, Access, Content, Folders, Output};
use super::load;
use super::templates::Beside;
use super::{AgreementArg, Outcome, OverwriteArg, interrupt};

/// Encrypt probes to a query, for the custodian
///
/// The query may cross; what it asks about is remembered in the folder 'pending' of the keys, until the answer comes.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo encrypt --agreement agreement.toml --keys keys/querier --templates probes.npy --out query.cotejo
  cotejo encrypt --templates probes.npy --rows 1-100            the first hundred of many
  cotejo encrypt --templates probe.npy --reference S000017      is this person the one enrolled as S000017? (1:1)")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// Folder of the querier's keys
    #[arg(long, value_name = "FOLDER", default_value = "keys/querier")]
    keys: PathBuf,
    /// The probes: one file, any number of persons; `-` is standard input
    #[arg(long, value_name = "FILE")]
    templates: PathBuf,
    #[command(flatten)]
    beside: Beside,
    /// Ask about this enrolled person alone (1:1); names it to the custodian
    #[arg(long, value_name = "ID")]
    reference: Option<String>,
    /// The query [default: named after the templates, probes.npy -> probes.query.cotejo]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// Where the querier remembers a query.
pub fn pending_path(keys: &Path, query: QueryId) -> PathBuf {
    pending_folder(keys).join(format!("{query}.cotejo"))
}

pub fn pending_folder(keys: &Path) -> PathBuf {
    keys.join("pending")
}

/// Writes what waits for an answer into the folder of the keys; the folders stay once the query is written too.
pub fn remember(keys: &Path, pending: &Pending) -> Result<(PathBuf, Folders), Failure> {
    let path = pending_path(keys, pending.query());
    let bytes = pending.to_bytes().map_err(Failure::in_file(&path))?;
    let folders = Folders::create(&pending_folder(keys), Access::Private)?;
    files::write(&[Output { path: &path, bytes: &bytes, access: Access::Private }], false)?;
    Ok((path, folders))
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.ask(&agreement, console)
    }

    fn ask(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let target = load::target(self.reference.as_deref())?;
        let out = self.out.clone().unwrap_or_else(|| files::named_after(&self.templates, "query.cotejo"));
        files::require_free(&out, self.overwrite.force, Content::File(Kind::Query))?;
        let querier = load::querier(&self.keys, agreement, "--keys")?;
        let templates = self.beside.templates(&self.templates);
        let loaded = templates.read(agreement.shape(), console)?;
        let records = loaded.probes(&self.templates, agreement, self.beside.skip_refused, console)?;
        self.check_limit(agreement, records.len())?;
        let start = Instant::now();
        let asked = querier.ask_about(target, records, &mut load::randomness()?);
        let (query_bytes, pending) = asked.map_err(|error| self.explain(&out, &error))?;
        let took = start.elapsed();
        interrupt::check()?;
        // First what is remembered: a query without it could never be read.
        let (pending_path, folders) = remember(&self.keys, &pending)?;
        let asked = Output { path: &out, bytes: &query_bytes, access: Access::Shared };
        if let Err(failure) = files::write(&[asked], self.overwrite.force) {
            drop(std::fs::remove_file(&pending_path));
            return Err(failure);
        }
        folders.keep();
        let probes = pending.subjects().len();
        let about = match pending.target() {
            Target::Gallery => "the whole gallery".to_owned(),
            Target::Subject(id) => format!("'{id}' alone; the custodian sees that id"),
        };
        console.written(
            format_args!(
                "{}: {} about {about} ({}, encrypted in {}); send it to the custodian\n{}: stays here until the answer comes",
                out.display(),
                count(probes, "probe"),
                bytes(query_bytes.len()),
                seconds(took),
                pending_path.display(),
            ),
            &json!({
                "query": out,
                "query_bytes": query_bytes.len(),
                "query_id": pending.query().to_string(),
                "pending": pending_path,
                "probes": probes,
                "reference": self.reference,
                "key": querier.key().to_string(),
                "agreement": agreement.digest().to_string(),
                "seconds": took.as_secs_f64(),
            }),
        )?;
        Ok(Outcome::Done)
    }

    /// Whether a query may have so many probes.
    fn check_limit(&self, agreement: &Opened, probes: usize) -> Result<(), Failure> {
        let limit = agreement.terms().limits.probes_per_query;
        match probes > limit {
            false => Ok(()),
            true => Err(Failure::at(
                &self.templates,
                format_args!("{probes} probes where the agreement admits {limit} in a query (limits.probes_per_query)"),
                format!(
                    "ask in several queries: --rows {}, then --rows {}, ...",
                    self.beside.chosen.rows_of(1, limit),
                    self.beside.chosen.rows_of(limit + 1, limit.min(probes - limit))
                ),
            )
            .because(Cause::Templates)),
        }
    }

    fn explain(&self, out: &Path, error: &ExchangeError) -> Failure {
        if let ExchangeError::Wire(error) = error {
            return Failure::wire(out, error);
        }
        Failure::of(&self.templates, error, "give templates of the agreed shape, one of each person")
            .because(Cause::Templates)
    }
}
