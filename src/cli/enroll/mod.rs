//! `cotejo enroll`: the custodian's gallery.

mod outlook;
mod taken;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::agreement::Disclosure;
use crate::custodian::{Change, Enrolling, Gallery};
use crate::scheme::Opened;
use crate::template::Filed;
use crate::wire::Kind;
use clap::builder::NonEmptyStringValueParser;
use rand::RngCore as _;
use serde_json::json;

use super::console::{Console, bytes, count};
use super::failure::{Cause, Failure};
use super::files::gallery::Locked;
use super::files::{self, Content};
use super::load;
use super::rehearsal::Rehearsing;
use super::templates::{Beside, FromArgs, Loaded, Query, Templates, Unnamed, is_too_bad};
use super::{AgreementArg, Outcome, OverwriteArg};
#[cfg(test)]
pub use outlook::Earlier;
pub use outlook::Outlook;
use taken::{Refused, Taken};

/// Make the custodian's gallery from templates, or add to it; it holds them in the clear and never leaves the custodian
#[derive(clap::Args)]
#[command(override_usage = "\
cotejo enroll --templates <FILE> [OPTIONS]
       cotejo enroll --from <DATABASE> --query <SQL> --out <FILE> [OPTIONS]")]
#[command(after_help = "\
Templates: NumPy, CSV, JSON, Parquet, Arrow, fvecs, base64 iris codes ('cotejo help formats'). Ids: from --ids, from the file, or from \
NAME.ids.txt beside NAME.npy. All but some forms of NumPy and JSON are read piece by piece and need not fit in memory; irises in an .npz must. \
While a gallery is made, there must be room for it twice on its disk.

--from reads the rows that a query to PostgreSQL finds, pgvector's types among them, as the database was when that began. Nothing is \
changed there, and no column is fetched that is not needed ('cotejo help formats').

--append --replace keeps a gallery up to date with what another system exports: of whoever is enrolled, what comes replaces all references \
that are there; who is not enrolled is added; who does not come stays as they are. All of it is one step: the file has all, or nothing. Of whom \
every record is refused, the earlier references stay. Who is replaced comes last in the order of enrolment, and what they had stays in the file, \
unused, until 'cotejo gallery compact'. Of whom comes what they have, nothing is written.

A handle (--handles) is what a hit may disclose of a person: a case or record number that you choose, up to 32 bytes, another for each \
person. It says as much as you let it say. Whoever has none keeps none; records of one person may repeat it, or leave it empty. It is changed by \
--append --replace alone, under which it stays unless another is given; what is another person's before that step is refused.

Example:
  cotejo enroll --agreement agreement.toml --templates gallery.npy --ids ids.txt --out gallery.cotejo
  cotejo enroll --templates gallery.csv --handles case_number
  cotejo enroll --templates gallery.npy --dry-run
  cotejo enroll --append --templates more.npy --ids more.ids.txt --out gallery.cotejo
  cotejo enroll --append --replace --templates today.csv --out gallery.cotejo
  cotejo enroll --from postgresql://reader@localhost/faces --query \"SELECT id, embedding FROM faces\" --out gallery.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The templates; `-` is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "location")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    beside: Beside,
    /// The column (CSV, Parquet, Arrow, a query), field (JSON) or array (.npz) of the persons' record handles, by its name; an empty cell is none
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new())]
    handles: Option<String>,
    /// Add to the gallery that is there; ids that are enrolled get further references. Templates without ids are refused
    #[arg(long, conflicts_with = "force")]
    append: bool,
    /// With --append: ids that are enrolled get these references instead of those that they have
    #[arg(long, requires = "append")]
    replace: bool,
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
    replaced: Replaced,
    new_references: usize,
    subjects: usize,
    references: usize,
    handles: usize,
    new_handles: usize,
    gallery_bytes: u64,
}

/// What became of those who were enrolled, where what came replaces what they had.
struct Replaced {
    subjects: usize,
    unchanged_subjects: usize,
    /// Their references before.
    references: usize,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let query = self.from.query()?;
        // One of the two is required.
        let file = self.templates.as_deref().unwrap_or(Path::new(""));
        let place = query.as_ref().map_or(file, Query::place);
        Enrolment { args: &self, query: query.as_ref(), place }.run(console)
    }
}

/// What is to be enrolled.
struct Enrolment<'a> {
    args: &'a Args,
    /// Where templates are rows of a database.
    query: Option<&'a Query<'a>>,
    /// The file of the templates, or what names the database.
    place: &'a Path,
}

impl Enrolment<'_> {
    fn run(&self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.args.agreement.path, console)?;
        if self.args.dry_run {
            return self.rehearse(&agreement, console);
        }
        let out = match (&self.args.out, self.query) {
            (Some(out), _) => out.clone(),
            (None, None) => files::named_after(self.place, "cotejo"),
            (None, Some(_)) => {
                return Err(Failure::new("--out", "no gallery is named", "name one (--out gallery.cotejo)"));
            }
        };
        match self.args.append {
            true => drop(files::open(&out)?),
            false => files::require_free(&out, self.args.overwrite.force, Content::File(Kind::Gallery))?,
        }
        match self.args.append {
            true => self.append(&agreement, &out, console),
            false => self.create(&agreement, &out, console),
        }
    }

    fn create(&self, agreement: &Opened, out: &Path, console: &Console) -> Result<Outcome, Failure> {
        let mut salt = [0; 12];
        load::randomness()?.fill_bytes(&mut salt);
        let enrolling = Enrolling::new(agreement, salt, files::spool(out));
        let (change, enrolled, taken) = self.enroll(agreement, out, enrolling, None, console)?;
        // Where nobody is there, nobody can be what they were.
        let change = change.ok_or_else(|| self.nobody(Vec::new()))?;
        files::fill(
            out,
            self.args.overwrite.force,
            Content::File(Kind::Gallery),
            |file| files::gallery::write(out, file, change),
            |file| files::gallery::read_unnamed(out, file, agreement).map(drop),
        )?;
        self.report(agreement, out, &enrolled, &taken, console)
    }

    fn append(&self, agreement: &Opened, out: &Path, console: &Console) -> Result<Outcome, Failure> {
        let locked = Locked::new(out)?;
        let gallery = locked.read(agreement, console)?;
        let enrolling = match self.args.replace {
            true => Enrolling::replacing(&gallery, files::spool(out)),
            false => Enrolling::beside(&gallery, files::spool(out)),
        };
        let (change, enrolled, taken) = self.enroll(agreement, out, enrolling, Some(&gallery), console)?;
        if let Some(change) = change {
            locked.append(gallery, change)?;
        }
        self.report(agreement, out, &enrolled, &taken, console)
    }

    /// Enrolls the templates, beside those of a gallery where there is one: what is to be written, and what was refused.
    fn enroll(
        &self,
        agreement: &Opened,
        out: &Path,
        mut enrolling: Enrolling<'_>,
        beside: Option<&Gallery>,
        console: &Console,
    ) -> Result<(Option<Change>, Enrolled, Taken), Failure> {
        let there = |gallery: &Gallery| (gallery.len(), gallery.references(), gallery.handles());
        let (subjects, references, handles) = beside.map_or((0, 0, 0), there);
        let stay = if self.args.replace { 0 } else { references };
        let mut taken = self.take(agreement, stay, console, |number, filed| enrolling.add(number, filed))?;
        let made = enrolling.finish().map_err(|error| Failure::io(out, "write it", &error))?;
        taken.refused.extend(made.refused.iter().map(Refused::of));
        if let Some(gallery) = beside.filter(|_| self.args.replace) {
            taken.tell_who_stays(gallery, made.change.as_ref());
        }
        let change = self.judge(&taken, made.change, made.unchanged_subjects, console)?;
        let file_bytes = beside.map_or(0, |gallery| gallery.as_bytes().len() as u64);
        let enrolled = Enrolled {
            new_subjects: made.new_subjects,
            earlier_subjects: made.earlier_subjects,
            replaced: Replaced {
                subjects: made.replaced_subjects,
                unchanged_subjects: subjects - made.replaced_subjects,
                references: made.replaced_references,
            },
            new_references: made.references,
            subjects: subjects + made.new_subjects,
            references: references - made.replaced_references + made.references,
            handles: handles + made.handles,
            new_handles: made.handles,
            gallery_bytes: change.as_ref().map_or(file_bytes, Change::end),
        };
        Ok((change, enrolled, taken))
    }

    /// Reads the templates and gives them, with their numbers, to `add`; `there` references are enrolled before.
    fn take(
        &self,
        agreement: &Opened,
        there: usize,
        console: &Console,
        mut add: impl FnMut(usize, Filed) -> io::Result<()>,
    ) -> Result<Taken, Failure> {
        // Numbers would be the ids of who was enrolled first.
        let unnamed = match self.args.append {
            true => Unnamed::Refused("no ids: its persons would be taken for those enrolled as 1, 2, 3, ..."),
            false => Unnamed::Numbered,
        };
        let room = agreement.terms().limits.references.saturating_sub(there);
        let (mut usable, mut unusable, mut too_bad, mut failed) = (0, Vec::new(), Vec::new(), None);
        let (handles, query) = (self.args.handles.as_deref(), self.query);
        let templates = Templates { handles, query, ..self.args.beside.templates(self.place) };
        let read = templates.each(agreement.shape(), unnamed, console, &mut |entry| {
            match entry {
                Err(one) if is_too_bad(&one) => too_bad.push(Refused::unusable(&one)),
                Err(one) => unusable.push(one),
                // Those that have no room are counted, and refused together; each by itself only where the others are wanted.
                Ok(_) if usable >= room && !self.args.beside.skip_refused => usable += 1,
                Ok((number, filed)) => {
                    usable += 1;
                    failed = add(number, filed).err();
                }
            }
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(error) = failed {
            let folder = files::folder_of(self.args.out.as_deref().unwrap_or(self.place));
            return Err(Failure::io(folder, "put templates aside there", &error));
        }
        read?;
        match self.query {
            None if usable == 0 => return Err(Loaded::unusable(unusable).refusal(self.place)),
            Some(_) if usable == 0 && !unusable.is_empty() => {
                let what = format!("no row of {} makes a template", unusable.len());
                let details = unusable.iter().map(ToString::to_string).collect();
                let remedy = "cast or select its columns otherwise ('cotejo help formats')";
                return Err(
                    Failure::with_details(self.place.display(), what, details, remedy).because(Cause::Templates)
                );
            }
            // Who is kept up to date with a query need not have changed today.
            Some(_) if usable == 0 && !self.args.append => {
                let what = "the query finds no row, and a gallery must not be empty";
                return Err(Failure::at(self.place, what, "correct the query").because(Cause::Templates));
            }
            _ => {}
        }
        self.check_room(agreement, there, usable)?;
        Ok(Taken { usable, refused: unusable.iter().map(Refused::unusable).collect(), failed: too_bad })
    }

    /// Tells what would be enrolled.
    fn rehearse(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let mut rehearsing = Rehearsing::new();
        // Of what is not written, nothing is kept.
        let mut enrolling = Enrolling::new(agreement, [0; 12], io::empty());
        let mut taken = self.take(agreement, 0, console, |number, filed| {
            rehearsing.see(&filed.record);
            enrolling.add(number, filed)
        })?;
        let among_themselves = rehearsing.finish(agreement)?;
        let limit = agreement.terms().limits.references;
        let made = enrolling.finish().map_err(|error| Failure::io(self.place, "look at it", &error))?;
        let given = taken.given();
        taken.refused.extend(made.refused.iter().map(Refused::of));
        let (refused, failed) = (&taken.refused, &taken.failed);
        let gallery_bytes = made.change.map_or(0, |change| change.end());
        console.warn_each("failure to enrol", failed.iter().map(|failed| &failed.told));
        console.warn_each("refused", refused.iter().map(|refused| &refused.told));
        console.result(
            format_args!(
                "nothing is written. Of {}, {} of {}{} would be enrolled ({}; the agreement admits {limit}), {} refused{}\n{among_themselves}",
                count(given, "record"),
                count(made.references, "reference"),
                count(made.new_subjects, "subject"),
                with_handles(made.handles),
                bytes(gallery_bytes as usize),
                refused.len(),
                with_failures(failed.len())
            ),
            &json!({
                "records": given,
                "subjects": made.new_subjects,
                "references": made.references,
                "handles": made.handles,
                "gallery_bytes": gallery_bytes,
                "refused": documents(refused),
                "failures_to_enrol": documents(failed),
                "among_themselves": among_themselves,
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(if refused.is_empty() { Outcome::Done } else { Outcome::Findings })
    }

    /// Whether a gallery of so many references has room for so many more: one refusal, and not a line for each that has none.
    fn check_room(&self, agreement: &Opened, there: usize, more: usize) -> Result<(), Failure> {
        let limit = agreement.terms().limits.references;
        if there + more <= limit || self.args.beside.skip_refused {
            return Ok(());
        }
        let beside = if there > 0 { format!(" beside the {there} that are enrolled") } else { String::new() };
        Err(Failure::at(
            self.place,
            format_args!(
                "{}{beside}, where the agreement admits {limit} references (limits.references)",
                count(more, "template")
            ),
            match limit.saturating_sub(there) {
                0 => "agree on more".to_owned(),
                room if self.query.is_some() => format!("agree on more, or have the query find {room} (LIMIT {room})"),
                room => format!(
                    "agree on more, or enroll as many as there is room for (--rows {})",
                    self.args.beside.chosen.rows_of(1, room)
                ),
            },
        )
        .because(Cause::Templates))
    }

    /// What is to be written, unless what was refused is too much; nothing where all who came, `unchanged`, are what they were.
    fn judge(
        &self,
        taken: &Taken,
        change: Option<Change>,
        unchanged: usize,
        console: &Console,
    ) -> Result<Option<Change>, Failure> {
        let refused = &taken.refused;
        let details: Vec<String> = refused.iter().map(|refused| refused.told.clone()).collect();
        console.warn_each("failure to enrol", taken.failed.iter().map(|failed| &failed.told));
        let place = self.place.display();
        let nobody_came = self.query.is_some() && taken.given() == 0;
        if change.is_none() && unchanged == 0 && !nobody_came {
            return Err(self.nobody(details));
        }
        if details.is_empty() || self.args.beside.skip_refused {
            console.warn_each("refused", details.iter());
            return Ok(change);
        }
        let remedy = "repair or remove them, or enroll the others with --skip-refused";
        let remedy = match &refused[..] {
            [Refused { remedy: Some(own), .. }] if self.query.is_none() => {
                format!("{own}; --skip-refused enrolls the others")
            }
            _ => remedy.to_owned(),
        };
        let what = format!("{} of {} refused", details.len(), count(taken.given(), "template"));
        Err(Failure::with_details(place, what, details, remedy).because(Cause::Templates))
    }

    fn nobody(&self, details: Vec<String>) -> Failure {
        let what = match self.args.append {
            true => "no template can be enrolled",
            false => "no template can be enrolled, and a gallery must not be empty",
        };
        let place = self.place.display();
        Failure::with_details(place, what, details, "give at least one valid template").because(Cause::Templates)
    }

    fn report(
        &self,
        agreement: &Opened,
        out: &Path,
        enrolled: &Enrolled,
        taken: &Taken,
        console: &Console,
    ) -> Result<Outcome, Failure> {
        let Enrolled { new_subjects, earlier_subjects, new_references, subjects, references, .. } = enrolled;
        let Enrolled { replaced, handles, new_handles, gallery_bytes, .. } = enrolled;
        let added = match self.args.append {
            true if self.args.replace => format!(
                "replaced {} of {}, added {}, left {} as they were ({}); now ",
                count(replaced.references, "reference"),
                count(replaced.subjects, "subject"),
                count(*new_subjects, "new one"),
                replaced.unchanged_subjects,
                count(*new_references, "new reference")
            ),
            true => format!(
                "added {} ({}, and more of {}); now ",
                count(*new_references, "reference"),
                count(*new_subjects, "new subject"),
                count(*earlier_subjects, "earlier one")
            ),
            false => String::new(),
        };
        let mut document = json!({
            "gallery": out,
            "gallery_bytes": gallery_bytes,
            "subjects": subjects,
            "references": references,
            "handles": handles,
            "added": {
                "new_subjects": new_subjects,
                "earlier_subjects": earlier_subjects,
                "references": new_references,
                "handles": new_handles,
            },
            "refused": documents(&taken.refused),
            "failures_to_enrol": documents(&taken.failed),
            "agreement": agreement.digest().to_string(),
        });
        if let Some(fields) = document.as_object_mut().filter(|_| self.args.replace) {
            let replaced = json!({
                "subjects": replaced.subjects,
                "unchanged_subjects": replaced.unchanged_subjects,
                "references": replaced.references,
            });
            fields.insert("replaced".to_owned(), replaced);
        }
        console.written(
            format_args!(
                "{}: {added}{} with {}{} ({}){}; holds biometric data, readable for you alone",
                out.display(),
                count(*subjects, "subject"),
                count(*references, "reference"),
                with_handles(*handles),
                bytes(*gallery_bytes as usize),
                with_failures(taken.failed.len())
            ),
            &document,
        )?;
        if agreement.terms().disclosure == Disclosure::Labelled && handles < subjects {
            console.note(format_args!(
                "{}: the agreement discloses handles, and {} of {} have none (--handles): a hit on one of these says that, and no more",
                out.display(),
                subjects - handles,
                count(*subjects, "subject")
            ));
        }
        Ok(Outcome::Done)
    }
}

/// How many have a handle, where any has.
pub fn with_handles(handles: usize) -> String {
    if handles > 0 { format!(", {}", count(handles, "handle")) } else { String::new() }
}

/// How many failures to enrol there are, where there are any.
fn with_failures(failures: usize) -> String {
    match failures {
        0 => String::new(),
        1 => ", 1 failure to enrol".to_owned(),
        several => format!(", {several} failures to enrol"),
    }
}

fn documents(refused: &[Refused]) -> Vec<&serde_json::Value> {
    refused.iter().map(|refused| &refused.document).collect()
}
