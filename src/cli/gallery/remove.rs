//! `cotejo gallery remove`: subjects are enrolled no more.

use std::collections::BTreeSet;

use serde_json::json;

use super::{GalleryArgs, WhomArgs};
use crate::cli::console::{Console, YesArg, count};
use crate::cli::failure::Failure;
use crate::cli::files::gallery::Locked;
use crate::cli::{Outcome, load};

/// Remove subjects, each with all its references; all ids are removed, or none
#[derive(clap::Args)]
#[command(after_help = "\
Their data stay in the file, unused, until 'cotejo gallery compact' writes it anew: until then 'cotejo gallery restore' brings them back.

Example:
  cotejo gallery remove --gallery gallery.cotejo --id 4711 --id 4712
  cotejo gallery remove --gallery gallery.cotejo --ids-file leaving.txt")]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    #[command(flatten)]
    whom: WhomArgs,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let (ids, place) = self.whom.read()?;
        let path = &self.gallery.gallery;
        let locked = Locked::new(path)?;
        let gallery = locked.read(&agreement, console)?;
        let change = gallery.remove(&ids).map_err(|unknown| {
            let details: Vec<_> = gallery.not_enrolled(&unknown.0).iter().map(ToString::to_string).collect();
            let what = format!("{} not enrolled in {}; nobody was removed", count(details.len(), "id"), path.display());
            Failure::with_details(&place, what, details, "see who is with 'cotejo gallery list'; leave the others out")
        })?;
        // An id may be named twice.
        let positions: BTreeSet<usize> = ids.iter().filter_map(|id| gallery.position(id)).collect();
        let removed_references = positions.iter().map(|&position| gallery.reference_count(position)).sum();
        let removed = positions.len();
        let (subjects, references) = (gallery.len() - removed, gallery.references() - removed_references);
        if let Some(change) = change {
            let question =
                format_args!("{}: remove {} of {}?", path.display(), removed, count(gallery.len(), "subject"));
            console.confirm(question, self.yes)?;
            locked.append(gallery, change)?;
        }
        console.written(
            format_args!(
                "{}: removed {} with {}; {} left. Their data stay in the file, and 'cotejo gallery restore' brings them back, \
                 until 'cotejo gallery compact'",
                path.display(),
                count(removed, "subject"),
                count(removed_references, "reference"),
                count(subjects, "subject")
            ),
            &json!({
                "gallery": path,
                "removed": { "subjects": removed, "references": removed_references },
                "subjects": subjects,
                "references": references,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}
