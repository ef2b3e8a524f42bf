//! `cotejo gallery list`: who is enrolled.

use std::io::{BufWriter, Write};

use crate::agreement::EyeRule;
use crate::custodian::Gallery;
use crate::template::Eye;
use crate::wire::GalleryVersion;
use serde::{Serialize, Serializer};

use super::GalleryArgs;
use crate::cli::console::{Console, count, stdout_failure};
use crate::cli::enroll::with_handles;
use crate::cli::failure::Failure;
use crate::cli::{Outcome, load};

/// Who is enrolled: a line a subject, its id, references, place, and handle where any has one; in the order of enrolment
///
/// Places are what answers name under disclosure `each`, together with the version of the gallery. They are those of one version, of which
/// they never change; in the next the same place may be another person's.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Examples:
  cotejo gallery list --gallery gallery.cotejo
  cotejo gallery list --gallery gallery.cotejo --version 5f0c9a3e77b1d204"
)]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// Who was enrolled at an earlier version, as an answer names it; known since the gallery was made or compacted
    #[arg(long, value_name = "VERSION")]
    version: Option<GalleryVersion>,
}

#[derive(Serialize)]
struct Document<'a> {
    gallery: &'a std::path::Path,
    version: String,
    subjects: usize,
    references: usize,
    handles: usize,
    removed: usize,
    ignored_bytes: usize,
    #[serde(serialize_with = "enrolled")]
    enrolled: &'a Gallery,
    agreement: String,
}

/// Somebody who is enrolled.
#[derive(Serialize)]
pub(super) struct Subject<'a> {
    pub id: &'a str,
    pub references: usize,
    /// References of each eye, where the agreement tells them apart.
    #[serde(flatten)]
    pub eyes: Option<Eyes>,
    /// Counted from 1.
    pub place: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// How many references are of which eye.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Eyes {
    #[serde(rename = "left_references")]
    pub left: usize,
    #[serde(rename = "right_references")]
    pub right: usize,
}

/// One after the other, so that memory holds the document alone.
fn enrolled<S: Serializer>(gallery: &&Gallery, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(subjects(gallery))
}

/// Everybody, in the order of enrolment.
pub(super) fn subjects(gallery: &Gallery) -> impl Iterator<Item = Subject<'_>> {
    let told_apart = gallery.agreement().functional().eyes() != EyeRule::Ignored;
    let eyes = |position| {
        let of = |eye| gallery.reference_eyes(position).filter(|other| *other == eye).count();
        Eyes { left: of(Eye::Left), right: of(Eye::Right) }
    };
    let subject = move |position| {
        let (id, references) = (gallery.id(position)?, gallery.reference_count(position));
        let handle = gallery.handle(position).map(|handle| handle.as_str().to_owned());
        let eyes = told_apart.then(|| eyes(position));
        Some(Subject { id, references, eyes, place: position + 1, handle })
    };
    (0..gallery.len()).filter_map(subject)
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let path = &self.gallery.gallery;
        let gallery = self.gallery.read(&agreement, self.version, console)?;
        let (subjects_count, references, removed) = (gallery.len(), gallery.references(), gallery.file().removed());
        if console.json() {
            console.document(&Document {
                gallery: path,
                version: gallery.version().to_string(),
                subjects: subjects_count,
                references,
                handles: gallery.handles(),
                removed,
                ignored_bytes: gallery.file().ignored_bytes(),
                enrolled: &gallery,
                agreement: agreement.digest().to_string(),
            })?;
            return Ok(Outcome::Done);
        }
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut lines = subjects(&gallery);
        let any_handle = gallery.handles() > 0;
        let written = lines.try_for_each(|Subject { id, references, place, handle, .. }| match any_handle {
            false => writeln!(out, "{id}\t{references}\t{place}"),
            true => writeln!(out, "{id}\t{references}\t{place}\t{}", handle.unwrap_or_default()),
        });
        written.and_then(|()| out.flush()).map_err(|error| stdout_failure(&error))?;
        console.note(format_args!(
            "{}: version {}: {} with {}{}{}",
            path.display(),
            gallery.version(),
            count(subjects_count, "subject"),
            count(references, "reference"),
            with_handles(gallery.handles()),
            match removed {
                0 => String::new(),
                _ => format!(
                    "; {removed} removed, whose data stay in the file, to be restored, until 'cotejo gallery compact'"
                ),
            }
        ));
        Ok(Outcome::Done)
    }
}
