//! `cotejo gallery compact`: the file anew, without those who were removed.

use crate::scheme::Progress;
use serde_json::json;

use super::GalleryArgs;
use crate::cli::console::{Console, bytes, count};
use crate::cli::failure::Failure;
use crate::cli::files::gallery::{Locked, read_unnamed, torn};
use crate::cli::{Outcome, files, interrupt, load};

/// Write the gallery anew, without the data of those who were removed; every reference is checked on the way
#[derive(clap::Args)]
#[command(after_help = "\
Who was removed is gone for good, and cannot be restored. So is what an interrupted append has left: a gallery with that at its end is \
refused, for it may as well have been cut short; --without-torn-end says that it was not. Needs room for the new file beside the old one, which it replaces when it is \
whole.

Example:
  cotejo gallery compact --gallery gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// Also where the file ends with what an interrupted append has left: without it
    #[arg(long)]
    without_torn_end: bool,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let path = &self.gallery.gallery;
        // Held to the end: nothing may be appended to a file that is about to be replaced.
        let locked = Locked::new(path)?;
        let gallery = locked.read(&agreement, console)?;
        if gallery.file().ignored_bytes() > 0 && !self.without_torn_end {
            return Err(torn(path, gallery.file()));
        }
        let (subjects, references, removed) = (gallery.len(), gallery.references(), gallery.file().removed());
        let before = gallery.as_bytes().len() + gallery.file().ignored_bytes();
        let meter = console.meter("compact", "reference", references as u64);
        let mut after = 0;
        files::replace(
            path,
            |out| gallery.compact(out, &meter).map_err(|error| Failure::rewriting(path, &error)),
            |file| {
                let written = read_unnamed(path, file, &agreement)?;
                after = written.as_bytes().len();
                match (written.len(), written.references()) == (subjects, references) && !meter.stop() {
                    true => Ok(()),
                    false => interrupt::check().and(Err(Failure::at(
                        path,
                        "changed while it was written anew; it is left as it was",
                        "find out which program writes to it",
                    ))),
                }
            },
        )?;
        meter.finish();
        drop(locked);
        console.written(
            format_args!(
                "{}: {} with {}, {} instead of {}; nothing is left of {} removed",
                path.display(),
                count(subjects, "subject"),
                count(references, "reference"),
                bytes(after),
                bytes(before),
                count(removed, "subject"),
            ),
            &json!({
                "gallery": path,
                "subjects": subjects,
                "references": references,
                "removed": removed,
                "bytes_before": before,
                "gallery_bytes": after,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}
