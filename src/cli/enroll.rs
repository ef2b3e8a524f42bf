//! `cotejo enroll`: the custodian's gallery.

use std::path::{Path, PathBuf};

use crate::custodian::{Appended, Gallery, RefusedRecord};
use crate::remedy::Remedy;
use crate::scheme::{Opened, Progress};
use crate::template::Record;
use crate::template::read::Unusable;
use crate::wire::Kind;
use rand::RngCore as _;
use serde_json::json;

use super::console::{Console, bytes, count};
use super::failure::Failure;
use super::files::gallery::Locked;
use super::files::{self, Access, Content, Output};
use super::load;
use super::rehearsal::Rehearsal;
use super::templates::{Beside, Loaded};
use super::{AgreementArg, Outcome, OverwriteArg, interrupt};

/// Make the custodian's gallery from templates, or add to it; it holds them in the clear and never leaves the custodian
#[derive(clap::Args)]
#[command(after_help = "\
Templates: NumPy, CSV, JSON, base64 iris codes ('cotejo help formats'). Ids: from --ids, from the file, or from NAME.ids.txt beside
NAME.npy. All templates of a file are in memory at once (a vector with 8 bytes a coordinate): enroll very many in several files,
the second and further ones with --append.

Example:
  cotejo enroll --agreement agreement.toml --templates gallery.npy --ids ids.txt --out gallery.cotejo
  cotejo enroll --templates gallery.npy --dry-run
  cotejo enroll --append --templates more.npy --ids more.ids.txt --out gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The templates
    #[arg(long, value_name = "FILE")]
    templates: PathBuf,
    #[command(flatten)]
    beside: Beside,
    /// Add to the gallery that is there; ids that are enrolled get further references. Templates without ids are refused
    #[arg(long, conflicts_with = "force")]
    append: bool,
    /// Write nothing: tell what would be enrolled, what would be refused, and the scores of the templates with each other
    #[arg(long, conflicts_with = "append")]
    dry_run: bool,
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
            false if self.dry_run => {}
            false => files::require_free(&out, self.overwrite.force, Content::File(Kind::Gallery))?,
        }
        let templates = self.beside.templates(&self.templates);
        let loaded = if self.append {
            // Numbers would be the ids of who was enrolled first.
            let problem = "no ids: its persons would be taken for those enrolled as 1, 2, 3, ...";
            templates.read_with_ids(agreement.shape(), problem, console)?
        } else {
            templates.read(agreement.shape(), console)?
        };
        if loaded.records.is_empty() {
            loaded.settle(&self.templates, self.beside.skip_refused, console)?;
        }
        if self.dry_run {
            return self.rehearse(&agreement, loaded, console);
        }
        let batch = Batch::new(loaded);
        let (enrolled, refused) = match self.append {
            true => self.append(&agreement, &out, batch, console)?,
            false => self.create(&agreement, &out, batch, console)?,
        };
        self.report(&agreement, &out, &enrolled, &refused, console)
    }

    fn create(
        &self,
        agreement: &Opened,
        out: &Path,
        batch: Batch,
        console: &Console,
    ) -> Result<(Enrolled, Vec<Refused>), Failure> {
        self.check_room(agreement, 0, batch.records.len())?;
        let mut salt = [0; 12];
        load::randomness()?.fill_bytes(&mut salt);
        let Batch { records, mut refused, numbers } = batch;
        let enrolment = watched(records, console, |records| Gallery::enrol_salted(agreement, salt, records))?;
        refused.extend(enrolment.refused.iter().map(|refusal| Refused::of(refusal, &numbers)));
        self.judge(numbers.len(), &refused, enrolment.gallery.is_none(), console)?;
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
        Ok((enrolled, refused))
    }

    fn append(
        &self,
        agreement: &Opened,
        out: &Path,
        batch: Batch,
        console: &Console,
    ) -> Result<(Enrolled, Vec<Refused>), Failure> {
        let locked = Locked::new(out)?;
        let gallery = locked.read(agreement, console)?;
        self.check_room(agreement, gallery.references(), batch.records.len())?;
        let Batch { records, mut refused, numbers } = batch;
        let Appended { change, new_subjects, earlier_subjects, references, refused: others } =
            watched(records, console, |records| gallery.append(records))?;
        refused.extend(others.iter().map(|refusal| Refused::of(refusal, &numbers)));
        self.judge(numbers.len(), &refused, change.is_none(), console)?;
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

    /// Tells what would be enrolled.
    fn rehearse(&self, agreement: &Opened, loaded: Loaded, console: &Console) -> Result<Outcome, Failure> {
        let among_themselves = Rehearsal::of(agreement, &loaded.records)?;
        let Batch { records, mut refused, numbers } = Batch::new(loaded);
        let given = refused.len() + numbers.len();
        let limit = agreement.terms().limits.references;
        let enrolment = watched(records, console, |records| Gallery::enrol(agreement, records))?;
        refused.extend(enrolment.refused.iter().map(|refusal| Refused::of(refusal, &numbers)));
        let (subjects, references, bytes_needed) = enrolment
            .gallery
            .map_or((0, 0, 0), |gallery| (gallery.len(), gallery.references(), gallery.as_bytes().len()));
        console.warn_each("refused", refused.iter().map(|refused| &refused.told));
        console.result(
            format_args!(
                "nothing is written. Of {}, {} of {} would be enrolled ({}; the agreement admits {limit}), {} refused\n{among_themselves}",
                count(given, "record"),
                count(references, "reference"),
                count(subjects, "subject"),
                bytes(bytes_needed),
                refused.len()
            ),
            &json!({
                "records": given,
                "subjects": subjects,
                "references": references,
                "gallery_bytes": bytes_needed,
                "refused": refused.iter().map(|refused| &refused.document).collect::<Vec<_>>(),
                "among_themselves": among_themselves,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(if refused.is_empty() { Outcome::Done } else { Outcome::Findings })
    }

    /// Whether a gallery of so many references has room for so many more: before hours of work, and a line for each that has none.
    fn check_room(&self, agreement: &Opened, there: usize, more: usize) -> Result<(), Failure> {
        let limit = agreement.terms().limits.references;
        if there + more <= limit || self.beside.skip_refused {
            return Ok(());
        }
        let beside = if there > 0 { format!(" beside the {there} that are enrolled") } else { String::new() };
        Err(Failure::at(
            &self.templates,
            format_args!(
                "{}{beside}, where the agreement admits {limit} references (limits.references)",
                count(more, "template")
            ),
            match limit.saturating_sub(there) {
                0 => "agree on more".to_owned(),
                room => format!("agree on more, or enroll as many as there is room for (--rows 1-{room})"),
            },
        ))
    }

    /// Whether what was refused is too much.
    fn judge(&self, usable: usize, refused: &[Refused], none: bool, console: &Console) -> Result<(), Failure> {
        let details: Vec<String> = refused.iter().map(|refused| refused.told.clone()).collect();
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
        if details.is_empty() || self.beside.skip_refused {
            console.warn_each("refused", details.iter());
            return Ok(());
        }
        let given = usable + refused.iter().filter(|refused| refused.unusable).count();
        let remedy = "repair or remove them, or enroll the others with --skip-refused";
        let remedy = match refused {
            [Refused { remedy: Some(own), .. }] => format!("{own}; --skip-refused enrolls the others"),
            _ => remedy.to_owned(),
        };
        let what = format!("{} of {} refused", details.len(), count(given, "template"));
        Err(Failure::with_details(place, what, details, remedy))
    }

    fn report(
        &self,
        agreement: &Opened,
        out: &Path,
        enrolled: &Enrolled,
        refused: &[Refused],
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
            "refused": refused.iter().map(|refused| &refused.document).collect::<Vec<_>>(),
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

/// Records to be enrolled, and those of the same file that make no template.
struct Batch {
    records: Vec<Record>,
    refused: Vec<Refused>,
    /// The numbers of the records in the file, from 1.
    numbers: Vec<usize>,
}

impl Batch {
    fn new(loaded: Loaded) -> Self {
        let refused = loaded.unusable.iter().map(Refused::unusable).collect();
        let (numbers, records) = loaded.records.into_iter().unzip();
        Self { records, refused, numbers }
    }
}

/// What was not enrolled.
struct Refused {
    /// For people.
    told: String,
    /// For programs.
    document: serde_json::Value,
    /// Whether it could not even be read.
    unusable: bool,
    /// What to do about it.
    remedy: Option<String>,
}

impl Refused {
    fn unusable(one: &Unusable) -> Self {
        let document =
            json!({ "subject": one.subject, "eye": one.eye, "record": one.record, "reason": one.fault.in_full() });
        let remedy = one.fault.remedy().map(std::borrow::Cow::into_owned);
        Self { told: one.to_string(), document, unusable: true, remedy }
    }

    /// `numbers` are those of the records in their file.
    fn of(refusal: &RefusedRecord, numbers: &[usize]) -> Self {
        let number = refusal.record.checked_sub(1).and_then(|index| numbers.get(index).copied());
        let refusal = RefusedRecord { record: number.unwrap_or_default(), ..refusal.clone() };
        let document = json!({
            "subject": refusal.subject,
            "eye": refusal.eye,
            "record": number,
            "reason": refusal.reason.in_full(),
        });
        Self { told: refusal.to_string(), document, unusable: false, remedy: None }
    }
}
