//! `cotejo gallery restore`: a removal undone.

use serde_json::json;

use super::{GalleryArgs, WhomArgs};
use crate::cli::console::{Console, YesArg, count};
use crate::cli::failure::Failure;
use crate::cli::files::gallery::Locked;
use crate::cli::{Outcome, load};
use crate::custodian::RestoreError;
use crate::remedy::Remedy as _;

/// Undo 'gallery remove': subjects are enrolled again, each with all its references; all ids are restored, or none
///
/// They return to their places in the order of enrolment, in a new version of the gallery. Of several who were removed under one id, the last
/// is restored.
#[derive(clap::Args)]
#[command(after_help = "\
Not after 'cotejo gallery compact', which leaves nothing of those who were removed, nor where the id was enrolled anew.

Example:
  cotejo gallery restore --gallery gallery.cotejo --id 4711 --id 4712
  cotejo gallery restore --gallery gallery.cotejo --ids-file returning.txt")]
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
        let restored = gallery.restore(&ids).map_err(|error| {
            let details = match &error {
                RestoreError::Ids(ids) => ids.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            };
            let what = format!("{}: {error}; nobody was restored", path.display());
            Failure::with_details(&place, what, details, error.remedy().unwrap_or_default())
        })?;
        let (subjects, references) = (gallery.len() + restored.subjects, gallery.references() + restored.references);
        if let Some(change) = restored.change {
            let question =
                format_args!("{}: enroll {} again?", path.display(), count(restored.subjects, "removed subject"));
            console.confirm(question, self.yes)?;
            locked.append(gallery, change)?;
        }
        console.written(
            format_args!(
                "{}: restored {} with {}; {} enrolled",
                path.display(),
                count(restored.subjects, "subject"),
                count(restored.references, "reference"),
                count(subjects, "subject")
            ),
            &json!({
                "gallery": path,
                "restored": { "subjects": restored.subjects, "references": restored.references },
                "subjects": subjects,
                "references": references,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}
