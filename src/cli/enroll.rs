//! `cotejo enroll`: the custodian's gallery.

use std::path::PathBuf;

use cotejo::custodian::{Gallery, Refusal};
use serde_json::json;

use super::console::{Console, bytes, count};
use super::failure::Failure;
use super::files::{self, Access, Output};
use super::load::{self, FileFormat, Templates};
use super::{AgreementArg, Outcome, OverwriteArg};

/// Make the custodian's gallery from templates; it holds them in the clear and never leaves the custodian
#[derive(clap::Args)]
#[command(after_help = "\
Templates: .npy, .npz, .csv, .jsonl, or base64 iris codes (.json). Ids: from --ids, from the file, or from NAME.ids.txt beside
NAME.npy.

Example:
  cotejo enroll --agreement agreement.toml --templates gallery.npy --ids ids.txt --out gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The templates
    #[arg(long, value_name = "FILE")]
    templates: PathBuf,
    /// Their ids, one a line
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// How the templates are written, where the extension does not say so
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Enroll the others where some are refused
    #[arg(long)]
    skip_refused: bool,
    /// The gallery [default: named after the templates, gallery.npy -> gallery.cotejo]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let out = self.out.unwrap_or_else(|| files::named_after(&self.templates, "cotejo"));
        files::require_free(&out, self.overwrite.force)?;
        let templates = Templates { path: &self.templates, ids: self.ids.as_deref(), format: self.format };
        let records = templates.read(agreement.shape(), console)?;
        let given = records.len();
        let enrolment = Gallery::enrol(&agreement, records);
        let details: Vec<String> = enrolment.refused.iter().map(Refusal::to_string).collect();
        let gallery = match enrolment.gallery {
            Some(gallery) if details.is_empty() || self.skip_refused => gallery,
            Some(_) => {
                return Err(Failure::with_details(
                    self.templates.display(),
                    format_args!("{} of {} refused", details.len(), count(given, "template")),
                    details,
                    "repair or remove them, or enroll the others with --skip-refused",
                ));
            }
            None => {
                return Err(Failure::with_details(
                    self.templates.display(),
                    "no template can be enrolled, and a gallery must not be empty",
                    details,
                    "give at least one valid template",
                ));
            }
        };
        details.iter().for_each(|detail| console.warn(format_args!("refused: {detail}")));
        let content = gallery.to_bytes(&agreement).map_err(Failure::in_file(&out))?;
        super::interrupt::check()?;
        files::write(&[Output { path: &out, bytes: &content, access: Access::Private }], self.overwrite.force)?;
        let (subjects, references) = (gallery.subjects().len(), gallery.references());
        let refused: Vec<_> = enrolment.refused.iter().map(document).collect();
        console.written(
            format_args!(
                "{}: {} with {} ({}); holds biometric data, readable for you alone",
                out.display(),
                count(subjects, "subject"),
                count(references, "reference"),
                bytes(content.len())
            ),
            &json!({
                "gallery": out,
                "gallery_bytes": content.len(),
                "subjects": subjects,
                "references": references,
                "refused": refused,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }
}

fn document(refusal: &Refusal) -> serde_json::Value {
    json!({
        "subject": refusal.subject,
        "eye": refusal.eye,
        "record": (refusal.record > 0).then_some(refusal.record),
        "reason": refusal.reason.to_string(),
    })
}
