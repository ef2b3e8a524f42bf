//! Files of templates: how they are written, whose they are, which of their records are meant.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::remedy::Remedy as _;
use crate::scheme::Opened;
use crate::template::read::{
    self, ArchiveFault, BitOrder, Format, Found, Given, IdSource, Identity, MaskMarks, Place, ReadError, Reading,
    RecordFault, Told, Unusable,
};
use crate::template::{Record, SubjectId, TemplateShape};

use super::console::{Console, count};
use super::failure::Failure;
use super::{files, load};

/// A file of templates with what is needed to read it.
pub struct Templates<'a> {
    pub path: &'a Path,
    pub ids: Option<&'a Path>,
    pub rows: Option<&'a RowList>,
    pub ids_from: Option<&'a Path>,
    pub written: Written,
}

/// What is said of a file of templates beside its name.
#[derive(Clone, Debug, clap::Args)]
pub struct Beside {
    /// Their ids, one a line; they stay here
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
    /// Leave out records that make no template, and go on with the others
    #[arg(long)]
    pub skip_refused: bool,
    #[command(flatten)]
    written: Written,
}

/// Which records of a file are meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Chosen {
    /// Only these records of the file, counted from 1: 1-100, or 1-10,17 [default: all]
    #[arg(long, value_name = "ROWS")]
    pub rows: Option<RowList>,
    /// Only the records of the persons on this list, one id a line
    #[arg(long, value_name = "FILE")]
    pub ids_from: Option<PathBuf>,
}

impl Beside {
    pub fn templates<'a>(&'a self, path: &'a Path) -> Templates<'a> {
        let Self { ids, chosen, written, .. } = self;
        Templates {
            path,
            ids: ids.as_deref(),
            rows: chosen.rows.as_ref(),
            ids_from: chosen.ids_from.as_deref(),
            written: *written,
        }
    }
}

/// How templates are written.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Written {
    /// How the templates are written, where their content does not say so
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Whether the first line of templates in CSV is a header [default: found out; refused where that cannot be told]
    #[arg(long, value_enum)]
    header: Option<YesNo>,
    /// Irises: what the ones of a mask mark whose name does not say it [default: valid bits; refused where that is unlikely]
    #[arg(long, value_enum)]
    mask_marks: Option<Marks>,
    /// Irises: in which order a code lies that is one string of bits [default: position-first; refused where that is unlikely]
    #[arg(long, value_enum)]
    bit_order: Option<Order>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum YesNo {
    /// It is
    Yes,
    /// It is not
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Marks {
    /// Bits that are valid
    Valid,
    /// Bits that are not
    Noise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// Rows, columns, channels: as files of Open-IRIS and iris-mpc are
    #[value(name = "position-first")]
    Position,
    /// Filters, rows, columns, parts: as a list of Open-IRIS' arrays is
    #[value(name = "filter-first")]
    Filter,
    /// Channels, rows, columns
    #[value(name = "channel-first")]
    Channel,
}

/// How a file of templates is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    /// NumPy array
    Npy,
    /// NumPy archive
    Npz,
    /// Values separated by commas, semicolons, tabs or spaces
    Csv,
    /// JSON, also one object a line
    #[value(alias = "jsonl")]
    Json,
    /// Lines of base64 iris codes
    IrisBase64,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Npy => Self::Npy,
            FileFormat::Npz => Self::Npz,
            FileFormat::Csv => Self::Csv,
            FileFormat::Json => Self::Json,
            FileFormat::IrisBase64 => Self::IrisBase64,
        }
    }
}

/// Rows of a file, counted from 1.
#[derive(Clone, Debug)]
pub struct RowList(Vec<RangeInclusive<usize>>);

impl FromStr for RowList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let row = |text: &str| text.trim().parse().ok().filter(|row| *row > 0);
        let range = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some(row(first)?..=row(last)?).filter(|range: &RangeInclusive<usize>| !range.is_empty())
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self).ok_or_else(|| "write rows as 1-100, or as 1-10,17".to_owned())
    }
}

impl RowList {
    fn contains(&self, row: usize) -> bool {
        self.0.iter().any(|range| range.contains(&row))
    }

    fn last(&self) -> usize {
        self.0.iter().map(|range| *range.end()).max().unwrap_or_default()
    }
}

/// Why templates without ids are not evaluated.
pub const NO_LABELS: &str = "labels missing: nothing says which templates are of one person";

/// The records of a file that are meant.
pub struct Loaded {
    /// Those that can be used, each with its number in the file, from 1.
    pub records: Vec<(usize, Record)>,
    /// The others.
    pub unusable: Vec<Unusable>,
    /// Whether nobody says whose they are, so that numbers stand for ids.
    numbered: bool,
}

impl Loaded {
    /// How many there are.
    pub fn given(&self) -> usize {
        self.records.len() + self.unusable.len()
    }

    /// What is refused, where nothing is to be left out, or where nothing else is there; it is told otherwise.
    pub fn settle(&self, path: &Path, skip: bool, console: &Console) -> Result<(), Failure> {
        let (left, refused) = (self.records.len(), &self.unusable);
        if left > 0 && (skip || refused.is_empty()) {
            console.warn_each(&format!("{}: left out", path.display()), refused.iter());
            return Ok(());
        }
        let or = if left > 0 { "; --skip-refused leaves out what cannot be used" } else { "" };
        Err(match &refused[..] {
            [] => Failure::at(path, "no record is chosen", "choose others (--rows, --ids-from)"),
            [one] => {
                let error = ReadError::Record { place: one.place, fault: one.fault.clone() };
                let remedy = own_remedy(&error).map(Into::into).or_else(|| error.remedy());
                Failure::at(path, one, format!("{}{or}", remedy.unwrap_or("repair it".into())))
            }
            several => {
                let what = format!("{} of {} cannot be used", several.len(), count(several.len() + left, "record"));
                let details = several.iter().map(Unusable::to_string).collect();
                let mut remedies = several.iter().map(|one| one.fault.remedy());
                let first = remedies.next().flatten();
                let remedy = first.filter(|first| remedies.all(|other| other.as_ref() == Some(first)));
                let remedy = remedy.unwrap_or("repair them ('cotejo help formats' says what is read)".into());
                let remedy = format!("{remedy}{or}");
                Failure::with_details(path.display(), what, details, remedy)
            }
        })
    }

    /// The records as probes; those that make none are told where they are to be left out, and refused otherwise.
    pub fn probes(
        mut self,
        path: &Path,
        agreement: &Opened,
        skip: bool,
        console: &Console,
    ) -> Result<Vec<Record>, Failure> {
        let functional = agreement.functional();
        if skip {
            for (record, of) in std::mem::take(&mut self.records) {
                match functional.probe(&of.template) {
                    Ok(_) => self.records.push((record, of)),
                    Err(error) => {
                        let Record { subject, eye, .. } = of;
                        let (place, subject) = (Place::Record(record), Some(subject));
                        self.unusable.push(Unusable { place, record, subject, eye, fault: error.into() });
                    }
                }
            }
        }
        self.settle(path, skip, console)?;
        let named = |(_, mut record): (usize, Record)| {
            if self.numbered {
                record.subject = numbered(path, &record.subject);
            }
            record
        };
        Ok(self.records.into_iter().map(named).collect())
    }
}

impl Templates<'_> {
    /// The records; where nobody says whose they are, their numbers stand for ids, with a note.
    pub fn read(&self, shape: TemplateShape, console: &Console) -> Result<Loaded, Failure> {
        let reading = self.reading(shape, console)?;
        if reading.ids == IdSource::Numbered {
            let candidates = match listed(&reading.found.candidates) {
                names if names.is_empty() => String::new(),
                names => format!("; may {names} be the ids? they would be read under the name `ids`"),
            };
            let path = self.path.display();
            console.note(format_args!("{path}: no ids given (--ids): records are numbered from 1{candidates}"));
        }
        self.choose(reading)
    }

    /// The records; refused with a `problem` where nobody says whose they are.
    pub fn read_with_ids(&self, shape: TemplateShape, problem: &str, console: &Console) -> Result<Loaded, Failure> {
        let reading = self.reading(shape, console)?;
        if reading.ids != IdSource::Numbered {
            return self.choose(reading);
        }
        let remedy =
            "give their ids with --ids (--probe-ids, --reference-ids): one a line, or a .npy of integers or text";
        Err(match listed(&reading.found.candidates) {
            names if names.is_empty() => Failure::at(self.path, problem, remedy),
            names => {
                let call = format!("call them `ids` in the file (are they {names}?), or {remedy}");
                Failure::at(self.path, problem, call)
            }
        })
    }

    fn reading(&self, shape: TemplateShape, console: &Console) -> Result<Reading, Failure> {
        let bytes = files::read(self.path)?;
        let format = self.format(&bytes, shape)?;
        let identities = self.identities(format, console)?;
        let Written { header, mask_marks, bit_order, .. } = self.written;
        let irises = Told { marks: mask_marks.map(Into::into), order: bit_order.map(Into::into) };
        let given = Given { identities, header: header.map(|header| header == YesNo::Yes), irises };
        let reading = read::read(&bytes, format, shape, given).map_err(|error| self.explain(&error))?;
        self.tell(&reading.found, format, console);
        Ok(reading)
    }

    /// What was read from where, and what was not.
    fn tell(&self, found: &Found, format: Format, console: &Console) {
        let kind = match format {
            Format::Npy | Format::Npz => "array",
            Format::Csv => "column",
            Format::Json | Format::IrisBase64 => "field",
        };
        let path = self.path.display();
        if let Some(name) = &found.templates {
            console.note(format_args!("{path}: templates from {kind} `{name}`"));
        }
        if let Some(name) = &found.label {
            console.note(format_args!("{path}: ids from {kind} `{name}`"));
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
    fn format(&self, bytes: &[u8], shape: TemplateShape) -> Result<Format, Failure> {
        let found = Format::of(bytes, shape).map_err(|error| self.explain(&error))?;
        let is_numpy = |format| matches!(format, Format::Npy | Format::Npz);
        match self.written.format.map(Format::from) {
            Some(said) if said != found && (is_numpy(said) || is_numpy(found)) => Err(Failure::at(
                self.path,
                format_args!("its content is {found}, not {said}"),
                "leave out --format: it is found out",
            )),
            Some(said) => Ok(said),
            None => Ok(found),
        }
    }

    /// From the file that was named, or from `NAME.ids.txt` beside an array `NAME.npy`, which has no room for them.
    fn identities(&self, format: Format, console: &Console) -> Result<Option<Vec<Identity>>, Failure> {
        let beside = self.ids_beside();
        let path = match self.ids {
            Some(path) => path,
            None if format == Format::Npy && beside.is_file() => {
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

    /// The records that are meant, of all.
    fn choose(&self, reading: Reading) -> Result<Loaded, Failure> {
        let Reading { mut records, mut unusable, ids, .. } = reading;
        if let Some(rows) = self.rows {
            let all = records.len() + unusable.len();
            if rows.last() > all {
                let what = format!("there is no row {}: the file holds {}", rows.last(), count(all, "record"));
                return Err(Failure::new("--rows", what, format!("name rows of {}", self.path.display())));
            }
            records.retain(|(row, _)| rows.contains(*row));
            unusable.retain(|one| rows.contains(one.record));
        }
        if let Some(path) = self.ids_from {
            if ids == IdSource::Numbered {
                let what = "there are no ids to choose from";
                return Err(Failure::at(self.path, what, "give their ids (--ids), or choose by number (--rows)"));
            }
            let persons = load::persons(path)?;
            let there: HashSet<_> = records
                .iter()
                .map(|(_, record)| &record.subject)
                .chain(unusable.iter().filter_map(|one| one.subject.as_ref()))
                .collect();
            let absent: Vec<String> = persons
                .iter()
                .filter(|person| !there.contains(&person.subject))
                .map(|person| format!("{}: '{}'", person.place, person.subject))
                .collect();
            if !absent.is_empty() {
                let what = format!("{} of {} not among the templates", absent.len(), count(persons.len(), "id"));
                return Err(Failure::with_details(
                    path.display(),
                    what,
                    absent,
                    format!("correct the list, or the ids of {}", self.path.display()),
                ));
            }
            let wanted: HashSet<_> = persons.into_iter().map(|person| person.subject).collect();
            records.retain(|(_, record)| wanted.contains(&record.subject));
            unusable.retain(|one| one.subject.as_ref().is_some_and(|subject| wanted.contains(subject)));
        }
        Ok(Loaded { records, unusable, numbered: ids == IdSource::Numbered })
    }

    fn explain(&self, error: &ReadError) -> Failure {
        let path = match (error, self.ids) {
            (ReadError::IdentityCount { .. }, Some(ids)) => ids,
            _ => self.path,
        };
        match own_remedy(error) {
            Some(remedy) => Failure::at(path, error, remedy),
            None => Failure::of(
                path,
                error,
                "give templates of the agreed shape ('cotejo agreement check'), or agree on another",
            ),
        }
    }
}

impl From<Marks> for MaskMarks {
    fn from(marks: Marks) -> Self {
        match marks {
            Marks::Valid => Self::Valid,
            Marks::Noise => Self::Noise,
        }
    }
}

impl From<Order> for BitOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Position => Self::PositionFirst,
            Order::Filter => Self::FilterFirst,
            Order::Channel => Self::ChannelFirst,
        }
    }
}

/// How a person is called of whom a file says nothing but the number: in verdicts, a number alone would be taken for an id.
fn numbered(path: &Path, number: &SubjectId) -> SubjectId {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    SubjectId::try_from(format!("{file} row {number}")).unwrap_or_else(|_| number.clone())
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What an option of this program can do about it.
fn own_remedy(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::Record { fault: RecordFault::PerhapsHeader { .. }, .. } => {
            Some("say which it is (--header yes or --header no)")
        }
        ReadError::Record { fault: RecordFault::TwoLabels(_), .. } | ReadError::Archive(ArchiveFault::TwoLabels(_)) => {
            Some("leave one out, or give the ids apart (--ids)")
        }
        ReadError::Record { fault: RecordFault::FractionIds, .. } => Some(
            "write whole numbers (astype(int) in NumPy and pandas), or give the ids apart (--ids), in double quotes if they are so",
        ),
        ReadError::MaskMarks { .. } => {
            Some("say what they mark (--mask-marks valid or --mask-marks noise), or call it `valid` or `noise`")
        }
        ReadError::BitOrder { other: BitOrder::FilterFirst, .. } => Some(
            "say which it is: --bit-order filter-first, or --bit-order position-first if they are in the right order nevertheless",
        ),
        ReadError::BitOrder { .. } => Some(
            "say which it is: --bit-order channel-first, or --bit-order position-first if they are in the right order nevertheless",
        ),
        _ => None,
    }
}
