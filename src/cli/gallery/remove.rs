//! `cotejo gallery remove`: subjects are enrolled no more.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::template::SubjectId;
use serde_json::json;

use super::GalleryArgs;
use crate::cli::console::{Console, YesArg, count};
use crate::cli::failure::Failure;
use crate::cli::files::gallery::Locked;
use crate::cli::{Outcome, load};

/// Remove subjects, each with all its references; all ids are removed, or none
#[derive(clap::Args)]
#[command(after_help = "\
Their data stay in the file, unused, until 'cotejo gallery compact' writes it anew.

Example:
  cotejo gallery remove --gallery gallery.cotejo --id 4711 --id 4712
  cotejo gallery remove --gallery gallery.cotejo --ids-file leaving.txt")]
#[command(group = clap::ArgGroup::new("who").required(true))]
pub struct Args {
    #[command(flatten)]
    gallery: GalleryArgs,
    /// Whom to remove; may be given several times
    #[arg(long = "id", value_name = "ID", group = "who")]
    ids: Vec<String>,
    /// Whom to remove, one id a line
    #[arg(long, value_name = "FILE", group = "who")]
    ids_file: Option<PathBuf>,
    #[command(flatten)]
    yes: YesArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.gallery.agreement.path, console)?;
        let (ids, place) = self.ids()?;
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
                "{}: removed {} with {}; {} left. Their data stay in the file until 'cotejo gallery compact'",
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

    /// Whom to remove, and where that was said.
    fn ids(&self) -> Result<(Vec<SubjectId>, String), Failure> {
        match &self.ids_file {
            Some(path) => {
                let ids = load::persons(path)?.into_iter().map(|person| person.subject).collect();
                Ok((ids, path.display().to_string()))
            }
            None => {
                let parse = |id: &String| {
                    SubjectId::try_from(id.clone()).map_err(|error| Failure::new("--id", error, "give an enrolled id"))
                };
                Ok((self.ids.iter().map(parse).collect::<Result<_, _>>()?, "--id".to_owned()))
            }
        }
    }
}
