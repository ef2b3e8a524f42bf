//! `cotejo gallery diff`: what is otherwise in one gallery than in another.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::custodian::{Changed, Differences, DifferencesError, Gallery};
use crate::wire::GalleryVersion;
use serde::{Serialize, Serializer};

use super::at_version;
use crate::cli::console::{Console, count, stdout_failure};
use crate::cli::failure::Failure;
use crate::cli::{AgreementArg, Outcome, files, load};

/// What is otherwise in one gallery than in another: who was added, removed, or has other references or another handle
///
/// A line a subject: 'removed', 'changed' or 'added', the id, and of who is changed what. The order of subjects and references is no difference.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Exit code: 0 the same, 1 differences. Every reference of whom both have is read. Memory: 8 to 16 bytes a subject of each gallery, up to 32 \
for each who differs, and the document with --json; neither gallery need fit in memory.

Examples:
  cotejo gallery diff yesterday.cotejo gallery.cotejo
  cotejo gallery diff gallery.cotejo gallery.cotejo --version 5f0c9a3e77b1d204"
)]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The earlier gallery
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The later one, under the same agreement; it may be the same file
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// OLD as it was at an earlier version, as an answer names it; known since it was made or compacted
    #[arg(long, value_name = "VERSION")]
    version: Option<GalleryVersion>,
}

/// Two galleries, and how they differ.
struct Compared {
    old: Gallery,
    new: Gallery,
    differences: Differences,
}

#[derive(Serialize)]
struct Document<'a> {
    old: &'a Path,
    old_version: String,
    new: &'a Path,
    new_version: String,
    removed: usize,
    changed: usize,
    added: usize,
    unchanged: usize,
    #[serde(serialize_with = "each")]
    differences: &'a Compared,
    agreement: String,
}

/// Somebody who is not alike in both.
#[derive(Serialize)]
struct Difference<'a> {
    id: &'a str,
    difference: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Told>,
}

/// What is otherwise of who is in both.
#[derive(Serialize)]
struct Told {
    references: bool,
    references_before: usize,
    references_after: usize,
    handle: bool,
}

/// One after the other, so that memory holds the document alone.
fn each<S: Serializer>(compared: &&Compared, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(compared.differences())
}

impl Compared {
    /// In the order of the earlier gallery who is removed, then who is changed; then, in that of the later one, who is added.
    fn differences(&self) -> impl Iterator<Item = Difference<'_>> {
        let Self { old, new, differences } = self;
        let told = |changed: &Changed| Told {
            references: changed.references,
            references_before: old.reference_count(changed.earlier),
            references_after: new.reference_count(changed.later),
            handle: changed.handle,
        };
        let removed = differences.removed.iter().map(move |&position| (old, position, "removed", None));
        let changed = differences.changed.iter().map(move |of| (old, of.earlier, "changed", Some(told(of))));
        let added = differences.added.iter().map(move |&position| (new, position, "added", None));
        removed.chain(changed).chain(added).map(|(gallery, position, difference, changed)| Difference {
            id: gallery.id(position).unwrap_or_default(),
            difference,
            changed,
        })
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let old = files::gallery::read(&self.old, &agreement, console)?;
        let old = at_version(&self.old, old, self.version)?;
        let new = files::gallery::read(&self.new, &agreement, console)?;
        let meter = console.meter("compare", "subject", old.len() as u64);
        let differences = old.differences(&new, &meter).map_err(|error| self.explain(error))?;
        meter.finish();
        let compared = Compared { old, new, differences };
        let Compared { old, new, differences } = &compared;
        let (removed, changed, added) = (differences.removed.len(), differences.changed.len(), differences.added.len());
        match console.json() {
            true => console.document(&Document {
                old: &self.old,
                old_version: old.version().to_string(),
                new: &self.new,
                new_version: new.version().to_string(),
                removed,
                changed,
                added,
                unchanged: differences.unchanged,
                differences: &compared,
                agreement: agreement.digest().to_string(),
            })?,
            false => {
                write_lines(&compared).map_err(|error| stdout_failure(&error))?;
                console.note(format_args!(
                    "{removed} removed, {changed} changed, {added} added; {} as before",
                    count(differences.unchanged, "subject")
                ));
            }
        }
        Ok(if differences.is_empty() { Outcome::Done } else { Outcome::Findings })
    }

    fn explain(&self, error: DifferencesError) -> Failure {
        match error {
            DifferencesError::Earlier(damage) => Failure::gallery(&self.old, &damage.into()),
            DifferencesError::Later(damage) => Failure::gallery(&self.new, &damage.into()),
            DifferencesError::Stopped(_) => Failure::Interrupted,
        }
    }
}

fn write_lines(compared: &Compared) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for Difference { id, difference, changed } in compared.differences() {
        write!(out, "{difference}\t{id}")?;
        if let Some(Told { references, references_before, references_after, handle }) = changed {
            let references = references.then(|| format!("references {references_before} -> {references_after}"));
            let what: Vec<String> = references.into_iter().chain(handle.then(|| "handle".to_owned())).collect();
            write!(out, "\t{}", what.join(", "))?;
        }
        writeln!(out)?;
    }
    out.flush()
}
