//! `cotejo enroll`: the custodian's gallery.

use std::path::{Path, PathBuf};

use crate::custodian::{Appended, Gallery, RefusedRecord};
use crate::remedy::Remedy;
use crate::scheme::{Opened, Progress};
use crate::template::Record;
use crate::wire::Kind;
use rand::RngCore as _;
use serde_json::json;

use super::console::{Console, bytes, count};
use super::failure::Failure;
use super::files::gallery::Locked;
use super::files::{self, Access, Content, Output};
use super::load::{self, Beside};
use super::{AgreementArg, Outcome, OverwriteArg, interrupt};

/// Make the custodian's gallery from templates, or add to it; it holds them in the clear and never leaves the custodian
#[derive(clap::Args)]
#[command(after_help = "\
Templates: .npy, .npz, .csv, .jsonl, or base64 iris codes (.json). Ids: from --ids, from the file, or from NAME.ids.txt beside
NAME.npy. All templates of a file are in memory at once (a vector with 8 bytes a coordinate): enroll very many in several files,
the second and further ones with --append.

Example:
  cotejo enroll --agreement agreement.toml --templates gallery.npy --ids ids.txt --out gallery.cotejo
  cotejo enroll --append --templates more.npy --ids more.ids.txt --out gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The templates
    #[arg(long, value_name = "FILE")]
    templates: PathBuf,
    #[command(flatten)]
    beside: Beside,
    /// Enroll the others where some are refused
    #[arg(long)]
    skip_refused: bool,
    /// Add to the gallery that is there; ids that are enrolled get further references. Templates without ids are refused
    #[arg(long, conflicts_with = "force")]
    append: bool,
    /// The gallery [default: named after the templates, gallery.npy -> gallery.cotejo]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

/// What was enrolled.
struct Enrolled {
    new_subjects: usize,
    earlier_subjects: usize,
    new_references: usize,
    subjects: usize,
    references: usize,
    gallery_bytes: usize,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let out = self.out.clone().unwrap_or_else(|| files::named_after(&self.templates, "cotejo"));
        match self.append {
            true => drop(files::open(&out)?),
            false => files::require_free(&out, self.overwrite.force, Content::File(Kind::Gallery))?,
        }
        let templates = self.beside.templates(&self.templates);
        let (enrolled, refused) = if self.append {
            // Numbers would be the ids of who was enrolled first.
            let problem = "no ids: its persons would be taken for those enrolled as 1, 2, 3, ...";
            let records = templates.read_with_ids(agreement.shape(), problem, console)?;
            self.append(&agreement, &out, records, console)?
        } else {
            let records = templates.read(agreement.shape(), console)?;
            self.create(&agreement, &out, records, console)?
        };
        self.report(&agreement, &out, &enrolled, &refused, console)
    }

    fn create(
        &self,
        agreement: &Opened,
        out: &Path,
        records: Vec<Record>,
        console: &Console,
    ) -> Result<(Enrolled, Vec<RefusedRecord>), Failure> {
        let given = records.len();
        let mut salt = [0; 12];
        load::randomness()?.fill_bytes(&mut salt);
        let enrolment = watched(records, console, |records| Gallery::enrol_salted(agreement, salt, records))?;
        self.judge(given, &enrolment.refused, enrolment.gallery.is_none(), console)?;
        let Some(gallery) = enrolment.gallery else { return Err(Failure::Interrupted) };
        let content = gallery.as_bytes();
        files::write(&[Output { path: out, bytes: content, access: Access::Private }], self.overwrite.force)?;
        let (subjects, references) = (gallery.len(), gallery.references());
        let enrolled = Enrolled {
            new_subjects: subjects,
            earlier_subjects: 0,
            new_references: references,
            subjects,
            references,
            gallery_bytes: content.len(),
        };
        Ok((enrolled, enrolment.refused))
    }

    fn append(
        &self,
        agreement: &Opened,
        out: &Path,
        records: Vec<Record>,
        console: &Console,
    ) -> Result<(Enrolled, Vec<RefusedRecord>), Failure> {
        let given = records.len();
        let locked = Locked::new(out)?;
        let gallery = locked.read(agreement, console)?;
        let Appended { change, new_subjects, earlier_subjects, references, refused } =
            watched(records, console, |records| gallery.append(records))?;
        self.judge(given, &refused, change.is_none(), console)?;
        let Some(change) = change else { return Err(Failure::Interrupted) };
        let enrolled = Enrolled {
            new_subjects,
            earlier_subjects,
            new_references: references,
            subjects: gallery.len() + new_subjects,
            references: gallery.references() + references,
            gallery_bytes: change.at as usize + change.body.len() + change.commit.len(),
        };
        locked.append(gallery, &change)?;
        Ok((enrolled, refused))
    }

    /// Whether what was refused is too much.
    fn judge(&self, given: usize, refused: &[RefusedRecord], none: bool, console: &Console) -> Result<(), Failure> {
        let details: Vec<String> = refused.iter().map(RefusedRecord::to_string).collect();
        let place = self.templates.display();
        if none {
            return Err(Failure::with_details(
                place,
                match self.append {
                    true => "no template can be enrolled",
                    false => "no template can be enrolled, and a gallery must not be empty",
                },
                details,
                "give at least one valid template",
            ));
        }
        if !(details.is_empty() || self.skip_refused) {
            return Err(Failure::with_details(
                place,
                format_args!("{} of {} refused", details.len(), count(given, "template")),
                details,
                "repair or remove them, or enroll the others with --skip-refused",
            ));
        }
        details.iter().for_each(|detail| console.warn(format_args!("refused: {detail}")));
        Ok(())
    }

    fn report(
        &self,
        agreement: &Opened,
        out: &Path,
        enrolled: &Enrolled,
        refused: &[RefusedRecord],
        console: &Console,
    ) -> Result<Outcome, Failure> {
        let Enrolled { new_subjects, earlier_subjects, new_references, subjects, references, gallery_bytes } = enrolled;
        let added = match self.append {
            true => format!(
                "added {} ({}, and more of {}); now ",
                count(*new_references, "reference"),
                count(*new_subjects, "new subject"),
                count(*earlier_subjects, "earlier one")
            ),
            false => String::new(),
        };
        let document = json!({
            "gallery": out,
            "gallery_bytes": gallery_bytes,
            "subjects": subjects,
            "references": references,
            "added": {
                "new_subjects": new_subjects,
                "earlier_subjects": earlier_subjects,
                "references": new_references,
            },
            "refused": refused.iter().map(document).collect::<Vec<_>>(),
            "agreement": agreement.digest().to_string(),
        });
        console.written(
            format_args!(
                "{}: {added}{} with {} ({}); holds biometric data, readable for you alone",
                out.display(),
                count(*subjects, "subject"),
                count(*references, "reference"),
                bytes(*gallery_bytes)
            ),
            &document,
        )?;
        Ok(Outcome::Done)
    }
}

/// Records drawn one after the other, with progress, until Ctrl-C.
fn watched<T>(
    records: Vec<Record>,
    console: &Console,
    enroll: impl FnOnce(&mut dyn Iterator<Item = Record>) -> T,
) -> Result<T, Failure> {
    let meter = console.meter("enroll", "templates", records.len() as u64);
    let mut records = records.into_iter().take_while(|_| !meter.stop()).inspect(|_| meter.advance(1));
    let enrolled = enroll(&mut records);
    meter.finish();
    interrupt::check()?;
    Ok(enrolled)
}

fn document(refusal: &RefusedRecord) -> serde_json::Value {
    json!({
        "subject": refusal.subject,
        "eye": refusal.eye,
        "record": (refusal.record > 0).then_some(refusal.record),
        "reason": refusal.reason.in_full(),
    })
}
