//! `cotejo gallery prove`: that persons are in a version, or are not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::membership;
use crate::template::SubjectId;
use crate::wire::GalleryVersion;
use serde_json::json;

use super::{GalleryArgs, WhomArgs};
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Content, Output};
use crate::cli::{Outcome, OverwriteArg, load};

/// Prove that persons are in a gallery, or are not: whichever is true, by id; tells of nobody else
///
/// For a person who may ask whether they are in it, and for an authority that has to see that ids are not. Whoever has the root of the
/// version checks the file with 'cotejo audit proof'.
#[derive(clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
The file holds the ids and what is proven of them: give a person the proof of that person alone. However many ids, every reference is read \
once.

Example:
  cotejo gallery prove --gallery gallery.cotejo --id 4711 --out proof.json
  cotejo gallery prove --gallery gallery.cotejo --ids-file protected.txt --out proof.json"
)]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    #[command(flatten)]
    whom: WhomArgs,
    /// Show digests of the enrolled references too: whoever has a template can then check whether it is one of them
    #[arg(long)]
    references: bool,
    /// About an earlier version, as an answer names it; known since the gallery was made or compacted
    #[arg(long, value_name = "VERSION")]
    version: Option<GalleryVersion>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        files::require_free(&self.out, self.overwrite.force, Content::Other)?;
        let (ids, place) = self.whom.read()?;
        // Named twice, proven once.
        let ids: Vec<SubjectId> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let gallery = self.gallery.read(&agreement, self.version, console)?;
        let path = &self.gallery.gallery;
        let meter = console.meter("prove", "subject", gallery.len() as u64);
        let proofs = gallery.prove(&ids, self.references, &meter);
        meter.finish();
        let proofs = proofs.map_err(|error| Failure::committing(path, &error))?;
        let text = format!("{}\n", proofs.to_json());
        if text.len() > membership::LIMIT_BYTES {
            let what = format!("the proofs of {} are more than one file holds", count(ids.len(), "id"));
            return Err(Failure::new(place, what, "prove fewer at a time"));
        }
        let enrolled = ids.iter().filter(|id| gallery.position(id).is_some()).count();
        let output = Output { path: &self.out, bytes: text.as_bytes(), access: Access::Private };
        files::write(&[output], self.overwrite.force)?;
        console.written(
            format_args!(
                "{}: {} proven: {enrolled} enrolled, {} not; root {}",
                self.out.display(),
                count(ids.len(), "id"),
                ids.len() - enrolled,
                proofs.root,
            ),
            &json!({
                "proof": self.out,
                "gallery": path,
                "root": proofs.root,
                "version": gallery.version().to_string(),
                "ids": ids.len(),
                "enrolled": enrolled,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}
