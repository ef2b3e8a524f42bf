//! `cotejo gallery list`: who is enrolled.

use std::io::{BufWriter, Write};

use cotejo::custodian::Gallery;
use serde::{Serialize, Serializer};

use super::GalleryArgs;
use crate::cli::console::{Console, count, stdout_failure};
use crate::cli::failure::Failure;
use crate::cli::{Outcome, files, load};

/// Who is enrolled: a line a subject, its id and how many references it has, in the order of enrolment
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo gallery list --gallery gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
}

#[derive(Serialize)]
struct Document<'a> {
    gallery: &'a std::path::Path,
    subjects: usize,
    references: usize,
    removed: usize,
    ignored_bytes: usize,
    #[serde(serialize_with = "enrolled")]
    enrolled: &'a Gallery,
    agreement: String,
}

#[derive(Serialize)]
struct Subject<'a> {
    id: &'a str,
    references: usize,
}

/// One after the other, so that memory holds the document alone.
fn enrolled<S: Serializer>(gallery: &&Gallery, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(subjects(gallery))
}

fn subjects(gallery: &Gallery) -> impl Iterator<Item = Subject<'_>> {
    let subject = |position| Some(Subject { id: gallery.id(position)?, references: gallery.reference_count(position) });
    (0..gallery.len()).filter_map(subject)
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let path = &self.gallery.gallery;
        let gallery = files::gallery::read(path, &agreement, console)?;
        let (subjects_count, references, removed) = (gallery.len(), gallery.references(), gallery.file().removed());
        if console.json() {
            console.document(&Document {
                gallery: path,
                subjects: subjects_count,
                references,
                removed,
                ignored_bytes: gallery.file().ignored_bytes(),
                enrolled: &gallery,
                agreement: agreement.digest().to_string(),
            })?;
            return Ok(Outcome::Done);
        }
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut lines = subjects(&gallery);
        let written = lines.try_for_each(|subject| writeln!(out, "{}\t{}", subject.id, subject.references));
        written.and_then(|()| out.flush()).map_err(|error| stdout_failure(&error))?;
        console.note(format_args!(
            "{}: {} with {}{}",
            path.display(),
            count(subjects_count, "subject"),
            count(references, "reference"),
            match removed {
                0 => String::new(),
                _ => format!("; {removed} removed, whose data stay in the file until 'cotejo gallery compact'"),
            }
        ));
        Ok(Outcome::Done)
    }
}
