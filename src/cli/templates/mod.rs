//! Files of templates: how they are written, whose they are, which of their records are meant.

mod choice;
mod database;
mod folder;
mod loaded;
mod quality;
mod written;

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::remedy::Remedy as _;
use crate::scheme::Progress as _;
use crate::template::TemplateShape;
use crate::template::read::{
    self, End, Entry, Filter, FilterFault, Foreign, Format, Found, Given, IdSource, Identity, ReadError, Source,
};

use super::console::Console;
use super::desk::Records;
use super::failure::{Cause, Failure};
use super::progress::Meter;
use super::{files, interrupt, load};
use choice::Choice;
pub use choice::{Chosen, RowList};
pub use database::{FromArgs, Query};
pub use loaded::{Loaded, own_remedy};
use quality::Qualities;
pub use quality::{QualityArg, is_too_bad};
pub use written::Written;

/// A file of templates, or whatever stands for one, with what is needed to read it.
pub struct Templates<'a> {
    pub path: &'a Path,
    /// Where they are rows of a database, which `path` names for messages.
    pub query: Option<&'a Query<'a>>,
    pub ids: Option<&'a Path>,
    /// The array, column or field of the handles, where there is one.
    pub handles: Option<&'a str>,
    pub rows: Option<&'a RowList>,
    pub ids_from: Option<&'a Path>,
    /// Which rows are meant by what stands in them.
    pub filter: Option<&'a Filter>,
    /// Below it, or of none that is known, records are failures to enrol.
    pub minimum_quality: Option<f64>,
    pub written: Written,
}

/// What is said of a file of templates beside its name.
#[derive(Clone, Debug, clap::Args)]
pub struct Beside {
    /// Their ids, one a line; they stay here
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    #[command(flatten)]
    pub chosen: Chosen,
    /// Parquet and Arrow: only rows of which this holds, in SQL: "quality >= 0.7 AND site IN ('a', 'b')"
    #[arg(long = "where", value_name = "EXPRESSION", value_parser = filter)]
    filter: Option<Filter>,
    /// Leave out records that make no template, and go on with the others
    #[arg(long)]
    pub skip_refused: bool,
    #[command(flatten)]
    quality: QualityArg,
    #[command(flatten)]
    written: Written,
}

impl Beside {
    pub fn templates<'a>(&'a self, path: &'a Path) -> Templates<'a> {
        let Self { ids, chosen, filter, quality, written, .. } = self;
        Templates {
            path,
            query: None,
            ids: ids.as_deref(),
            handles: None,
            rows: chosen.rows.as_ref(),
            ids_from: chosen.ids_from.as_deref(),
            filter: filter.as_ref(),
            minimum_quality: quality.minimum,
            written: written.clone(),
        }
    }
}

/// A condition on rows as it is written.
fn filter(text: &str) -> Result<Filter, String> {
    text.parse().map_err(|fault: FilterFault| {
        let remedy = fault.remedy().unwrap_or_default();
        format!("{fault}\n{remedy}")
    })
}

/// Why templates without ids are not evaluated.
pub const NO_LABELS: &str = "labels missing: nothing says which templates are of one person";

/// What is done with templates of which nothing says whose they are.
#[derive(Clone, Copy)]
pub enum Unnamed<'a> {
    /// Their numbers stand for ids, with a note.
    Numbered,
    /// They are refused, with this problem.
    Refused(&'a str),
}

/// Takes a record, and where subjects come from.
type Take<'a> = dyn FnMut(IdSource, Entry) -> ControlFlow<()> + 'a;

/// What is known of a file of templates at its end.
pub struct Taken {
    /// Whether numbers stand for ids.
    pub numbered: bool,
}

impl Templates<'_> {
    /// The records; where nobody says whose they are, their numbers stand for ids, with a note.
    pub fn read(&self, shape: TemplateShape, console: &Console) -> Result<Loaded, Failure> {
        self.load(shape, Unnamed::Numbered, console)
    }

    /// The records; refused with a `problem` where nobody says whose they are.
    pub fn read_with_ids(&self, shape: TemplateShape, problem: &str, console: &Console) -> Result<Loaded, Failure> {
        self.load(shape, Unnamed::Refused(problem), console)
    }

    fn load(&self, shape: TemplateShape, unnamed: Unnamed<'_>, console: &Console) -> Result<Loaded, Failure> {
        let (mut records, mut unusable, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        let Taken { numbered } = self.each(shape, unnamed, console, &mut |entry| {
            match entry {
                Ok((number, filed)) => records.push((number, filed.record)),
                Err(one) if is_too_bad(&one) => failed.push(one),
                Err(one) => unusable.push(one),
            }
            ControlFlow::Continue(())
        })?;
        console.warn_each(&format!("{}: failure to enrol", self.path.display()), failed.iter());
        Ok(Loaded { records, unusable, failed, numbered })
    }

    /// Takes the records that are meant one by one, as they are read. What was taken counts when this returns without a failure, which
    /// Ctrl-C is too.
    pub fn each(
        &self,
        shape: TemplateShape,
        unnamed: Unnamed<'_>,
        console: &Console,
        take: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Taken, Failure> {
        if let Some(records) = console.desk().and_then(|desk| desk.templates(self.path)) {
            return self.each_in_memory(&**records, shape, unnamed, console, take);
        }
        if let Some(query) = self.query {
            return self.each_of_query(query, shape, console, take);
        }
        folder::refused(self.path)?;
        let file = files::open(self.path)?;
        let (is_file, bytes) = file.metadata().map_or((false, 0), |found| (found.is_file(), found.len()));
        let meter = Arc::new(console.meter("read", "byte", bytes));
        let file = Metered { file, meter: meter.clone() };
        let source = if is_file { Source::file(file) } else { Source::new(file) };
        let mut source = source.map_err(|error| self.explain(&error))?;
        let format = self.format(&mut source, shape)?;
        let handles = self.handles.map(str::to_owned);
        let identities = self.identities(format, console)?;
        let minimum_quality = self.minimum_quality;
        let given = Given { handles, minimum_quality, ..self.written.given(identities, self.filter.cloned()) };
        let explain = |error: ReadError| self.explain(&error);
        let read = |take: &mut Take<'_>| read::each(source, format, shape, given, take).map_err(explain);
        let end = self.chosen(unnamed, take, &|| meter.stop(), read);
        meter.finish();
        let (end, sound) = end?;
        self.tell(&end.found, place_of(format), console);
        self.settled(&end, sound, unnamed, console)
    }

    /// The same of templates that an embedding program holds.
    fn each_in_memory(
        &self,
        records: &dyn Records,
        shape: TemplateShape,
        unnamed: Unnamed<'_>,
        console: &Console,
        take: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Taken, Failure> {
        let explain = |error: ReadError| self.explain(&error);
        let read = |take: &mut Take<'_>| records.each(shape, self.minimum_quality, take).map_err(explain);
        let (end, sound) = self.chosen(unnamed, take, &interrupt::requested, read)?;
        self.settled(&end, sound, unnamed, console)
    }

    /// The same of rows of a database, of which some column says whose they are.
    fn each_of_query(
        &self,
        query: &Query<'_>,
        shape: TemplateShape,
        console: &Console,
        take: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Taken, Failure> {
        let handles = self.handles.map(str::to_owned);
        let given = Given { handles, minimum_quality: self.minimum_quality, ..self.written.given(None, None) };
        let read = |take: &mut Take<'_>| query.each(shape, given, console, take);
        let (end, sound) = self.chosen(Unnamed::Numbered, take, &interrupt::requested, read)?;
        self.tell(&end.found, "column", console);
        sound.map(|()| Taken { numbered: false })
    }

    /// Takes those records of all that `read` tells of which are meant. What is known at their end, and whether all that was named was there, of
    /// sufficient quality.
    fn chosen(
        &self,
        unnamed: Unnamed<'_>,
        take: &mut dyn FnMut(Entry) -> ControlFlow<()>,
        stop: &dyn Fn() -> bool,
        read: impl FnOnce(&mut Take<'_>) -> Result<End, Failure>,
    ) -> Result<(End, Result<(), Failure>), Failure> {
        let mut choice = Choice::new(self.rows, self.ids_from)?;
        let mut qualities = Qualities::default();
        let end = read(&mut |ids, entry| {
            let refused = ids == IdSource::Numbered && matches!(unnamed, Unnamed::Refused(_));
            match choice.admits(&entry) && !refused {
                _ if stop() => ControlFlow::Break(()),
                true => {
                    qualities.see(&entry);
                    take(entry)
                }
                false => ControlFlow::Continue(()),
            }
        });
        interrupt::check()?;
        let end = end?;
        let sound = choice.check(self.path, &end).and_then(|()| qualities.check(self.path));
        Ok((end, sound))
    }

    /// What is known at the end of records that were taken; says so where their numbers stand for ids.
    fn settled(
        &self,
        end: &End,
        sound: Result<(), Failure>,
        unnamed: Unnamed<'_>,
        console: &Console,
    ) -> Result<Taken, Failure> {
        let numbered = end.ids == IdSource::Numbered;
        match unnamed {
            Unnamed::Refused(problem) if numbered => return Err(self.without_ids(problem, &end.found)),
            Unnamed::Numbered if numbered => {
                let candidates = match listed(&end.found.candidates) {
                    names if names.is_empty() => String::new(),
                    names => format!("; may {names} be the ids? they would be read under the name `ids`"),
                };
                let path = self.path.display();
                console.note(format_args!("{path}: no ids given (--ids): records are numbered from 1{candidates}"));
            }
            Unnamed::Refused(_) | Unnamed::Numbered => {}
        }
        sound.map(|()| Taken { numbered })
    }

    /// Refuses records of which nothing says whose they are.
    fn without_ids(&self, problem: &str, found: &Found) -> Failure {
        let remedy = match self.query {
            Some(_) => "select a column of ids; name it `id` in the query (AS id), or with --id-column",
            None => {
                "give their ids with --ids (--probe-ids, --reference-ids): one a line, or a .npy of integers or text"
            }
        };
        let failure = match listed(&found.candidates) {
            names if names.is_empty() => Failure::at(self.path, problem, remedy),
            names => {
                let call = format!("call them `ids` in the file (are they {names}?), or {remedy}");
                Failure::at(self.path, problem, call)
            }
        };
        failure.because(Cause::Templates)
    }

    /// What was read from where, and what was not; places are of this `kind`.
    fn tell(&self, found: &Found, kind: &str, console: &Console) {
        let path = self.path.display();
        if let Some(name) = &found.templates {
            console.note(format_args!("{path}: templates from {kind} `{name}`"));
        }
        if let Some(name) = &found.label {
            console.note(format_args!("{path}: ids from {kind} `{name}`"));
        }
        if let Some(name) = &found.handles {
            console.note(format_args!("{path}: handles from {kind} `{name}`"));
        }
        if let Some(name) = &found.quality {
            console.note(format_args!("{path}: quality from {kind} `{name}`"));
        }
        if let Some(order) = found.order {
            console.note(format_args!("{path}: bits of iris codes in the order {order} (--bit-order)"));
        }
        if found.by_id {
            console.note(format_args!("{path}: ids are the names of its fields"));
        }
        if !found.unread.is_empty() {
            console.note(format_args!("{path}: not read: {kind} {}", listed(&found.unread)));
        }
    }

    /// How the file is written: by its content, but for texts of which something else is said.
    fn format(&self, source: &mut Source<'_>, shape: TemplateShape) -> Result<Format, Failure> {
        let said = self.written.format();
        let is_vecs = |format| matches!(format, Format::Fvecs | Format::Bvecs);
        let found = match (Format::of(source, shape), said.filter(|said| is_vecs(*said))) {
            // Of few vectors, or damaged ones, the content does not say it.
            (Err(ReadError::Foreign(Foreign::Unknown | Foreign::RawFloats)), Some(said)) => said,
            (found, _) => found.map_err(|error| self.explain(&error))?,
        };
        let is_text = |format| matches!(format, Format::Csv | Format::Json | Format::IrisBase64);
        // Which of both it is, the content may not say.
        let forced = |said| !(is_text(said) && is_text(found) || is_vecs(said) && is_vecs(found));
        match said {
            Some(said) if said != found && forced(said) => Err(Failure::at(
                self.path,
                format_args!("its content is {found}, not {said}"),
                "leave out --format: it is found out",
            )),
            Some(said) => Ok(said),
            None => Ok(found),
        }
    }

    /// From the file that was named, or from `NAME.ids.txt` beside a file `NAME.npy` or `NAME.fvecs`, which has no room for them.
    fn identities(&self, format: Format, console: &Console) -> Result<Option<Vec<Identity>>, Failure> {
        let beside = self.ids_beside();
        let path = match self.ids {
            Some(path) if self.written.id_column().is_some() => {
                let problem = "ids are given here, and --id-column names a column of them";
                return Err(Failure::at(path, problem, "leave out one of both"));
            }
            Some(path) => path,
            None if is_bare(format) && !files::is_standard_stream(self.path) && beside.is_file() => {
                console.note(format_args!("{}: ids from {}", self.path.display(), beside.display()));
                &beside
            }
            None => return Ok(None),
        };
        load::identities(path, "write one id a line, in the order of the templates").map(Some)
    }

    /// Where ids are looked for that were not named.
    pub fn ids_beside(&self) -> PathBuf {
        self.path.with_extension("ids.txt")
    }

    fn explain(&self, error: &ReadError) -> Failure {
        let path = match (error, self.ids) {
            (ReadError::IdentityCount { .. }, Some(ids)) => ids,
            _ => self.path,
        };
        let failure = match own_remedy(error) {
            Some(remedy) => Failure::at(path, error, remedy),
            None => Failure::of(
                path,
                error,
                "give templates of the agreed shape ('cotejo agreement check'), or agree on another",
            ),
        };
        failure.because(Cause::Templates)
    }
}

/// What a format has its values in.
fn place_of(format: Format) -> &'static str {
    match format {
        Format::Npy | Format::Npz | Format::Fvecs | Format::Bvecs => "array",
        Format::Csv | Format::Parquet | Format::Arrow => "column",
        Format::Json | Format::IrisBase64 => "field",
    }
}

/// Whether a format has no room for anything but the templates.
fn is_bare(format: Format) -> bool {
    matches!(format, Format::Npy | Format::Fvecs | Format::Bvecs)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A file of which it is shown how far it is read.
struct Metered {
    file: std::fs::File,
    meter: Arc<Meter>,
}

impl Read for Metered {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        self.meter.advance(read as u64);
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}
