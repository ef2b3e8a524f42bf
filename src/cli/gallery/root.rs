//! `cotejo gallery root`: what commits to who is in a version.

use crate::wire::GalleryVersion;
use serde_json::json;

use super::GalleryArgs;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::{Outcome, load};

/// The root of a gallery: commits to who is in it, each with which references, and tells nobody who
///
/// The same persons with the same references have the same root, in whatever order they were enrolled, also after 'gallery compact'. A
/// server names it in its log, and to whoever asks: 'cotejo gallery prove' then proves who is in it, and who is not.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Reads every reference once: of a million ten seconds on two cores, and 64 MB of memory.

Example:
  cotejo gallery root --gallery gallery.cotejo"
)]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// That of an earlier version, as an answer names it; known since the gallery was made or compacted
    #[arg(long, value_name = "VERSION")]
    version: Option<GalleryVersion>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let gallery = self.gallery.read(&agreement, self.version, console)?;
        let path = &self.gallery.gallery;
        let meter = console.meter("root", "subject", gallery.len() as u64);
        let root = gallery.root(&meter);
        meter.finish();
        let root = root.map_err(|error| Failure::committing(path, &error))?;
        console.note(format_args!(
            "{}: version {}: {} with {}",
            path.display(),
            gallery.version(),
            count(gallery.len(), "subject"),
            count(gallery.references(), "reference"),
        ));
        let document = json!({
            "gallery": path,
            "root": root,
            "version": gallery.version().to_string(),
            "subjects": gallery.len(),
            "references": gallery.references(),
            "agreement": agreement.digest().to_string(),
        });
        console.result(root, &document)?;
        Ok(Outcome::Done)
    }
}
