//! The files that several commands read.

use std::path::{Path, PathBuf};

use crate::agreement::{Agreement, AgreementError, Terms};
use crate::exchange::Querier;
use crate::planning;
use crate::scheme::Opened;
use crate::template::read::{self, ArchiveFault, Format, Given, IdSource, Identity, ReadError, Reading, RecordFault};
use crate::template::{Record, SubjectId, TemplateShape};
use crate::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::console::Console;
use super::failure::Failure;
use super::files;

/// The agreement, with a warning where its encryption protects nothing.
pub fn agreement(path: &Path, console: &Console) -> Result<Opened, Failure> {
    let bytes = match path.try_exists() {
        Ok(false) => {
            return Err(Failure::at(
                path,
                "there is no agreement here",
                "make one with 'cotejo agreement init', or name it with --agreement",
            ));
        }
        // One byte more than admitted: the library says that it is too long.
        _ => files::read_at_most(path, Agreement::LIMIT_BYTES as u64 + 1)?,
    };
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not UTF-8 text", "name an agreement.toml"))?;
    let agreement = Agreement::from_toml(&text).and_then(Opened::new).map_err(|error| match error {
        AgreementError::Open { .. } => left_open(path, &text, &error),
        _ => unsound(path, &error),
    })?;
    warn_if_insecure(&agreement, console);
    Ok(agreement)
}

fn unsound(path: &Path, error: &AgreementError) -> Failure {
    Failure::of(path, error, "correct that field; 'cotejo agreement init' writes a sound agreement")
}

/// A file that leaves something open is no agreement: the lines that would be chosen now are the remedy.
fn left_open(path: &Path, text: &str, open: &AgreementError) -> Failure {
    let settled = Terms::from_toml(text).and_then(|given| planning::settle(&given).map(|settled| (given, settled)));
    match settled {
        Ok((given, settled)) => {
            let lines: Vec<String> = settled.lines(&given).lines().map(|line| format!("  {line}")).collect();
            let remedy = format!(
                "write what both parties mean in its place, for example ({}):\n{}",
                settled.why.clause(),
                lines.join("\n")
            );
            Failure::at(path, open, remedy)
        }
        Err(error) => unsound(path, &error),
    }
}

pub fn warn_if_insecure(agreement: &Opened, console: &Console) {
    let set = agreement.parameters();
    if !set.is_secure() {
        console.warn(format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()));
    }
}

/// A file of templates with what is needed to read it.
pub struct Templates<'a> {
    pub path: &'a Path,
    pub ids: Option<&'a Path>,
    pub written: Written,
}

/// What is said of a file of templates beside its name.
#[derive(Clone, Debug, clap::Args)]
pub struct Beside {
    /// Their ids, one a line; they stay here
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    #[command(flatten)]
    written: Written,
}

impl Beside {
    pub fn templates<'a>(&'a self, path: &'a Path) -> Templates<'a> {
        Templates { path, ids: self.ids.as_deref(), written: self.written }
    }
}

/// How templates are written.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Written {
    /// How the templates are written, where the extension does not say so
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Whether the first line of templates in CSV is a header [default: found out; refused where that cannot be told]
    #[arg(long, value_enum)]
    header: Option<YesNo>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum YesNo {
    /// It is
    Yes,
    /// It is not
    No,
}

/// Why templates without ids are not evaluated.
pub const NO_LABELS: &str = "labels missing: nothing says which templates are of one person";

/// How a file of templates is written, where its extension does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// NumPy array
    Npy,
    /// NumPy archive
    Npz,
    /// Comma-separated values
    Csv,
    /// JSON Lines
    Jsonl,
    /// Base64 iris codes of iris-mpc and Open-IRIS
    IrisBase64,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Npy => Self::Npy,
            FileFormat::Npz => Self::Npz,
            FileFormat::Csv => Self::Csv,
            FileFormat::Jsonl => Self::JsonLines,
            FileFormat::IrisBase64 => Self::IrisBase64,
        }
    }
}

impl Templates<'_> {
    /// All records of the file; where nobody says whose they are, their numbers stand for ids, with a note.
    pub fn read(&self, shape: TemplateShape, console: &Console) -> Result<Vec<Record>, Failure> {
        let Reading { records, ids } = self.reading(shape, console)?;
        if let IdSource::Numbered { .. } = ids {
            console.note(format_args!("{}: no ids given (--ids): records are numbered from 1", self.path.display()));
        }
        Ok(records)
    }

    /// All records of the file; refused with a `problem` where nobody says whose they are.
    pub fn read_with_ids(
        &self,
        shape: TemplateShape,
        problem: &str,
        console: &Console,
    ) -> Result<Vec<Record>, Failure> {
        let Reading { records, ids } = self.reading(shape, console)?;
        let IdSource::Numbered { candidates } = ids else { return Ok(records) };
        let names: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
        let remedy =
            "give their ids with --ids (--probe-ids, --reference-ids): one a line, or a .npy of integers or text";
        Err(match names.is_empty() {
            true => Failure::at(self.path, problem, remedy),
            false => {
                let call = format!("call their array `ids` (is it {}?), or {remedy}", names.join(", "));
                Failure::at(self.path, problem, call)
            }
        })
    }

    fn reading(&self, shape: TemplateShape, console: &Console) -> Result<Reading, Failure> {
        let format = self.format()?;
        let bytes = files::read(self.path)?;
        let identities = self.identities(format, console)?;
        let header = self.written.header.map(|header| header == YesNo::Yes);
        let reading = read::read(&bytes, format, shape, Given { identities, header });
        let reading = reading.map_err(|error| self.explain(&error))?;
        if let IdSource::File(Some(name)) = &reading.ids {
            let kind = if format == Format::Npz { "array" } else { "column" };
            console.note(format_args!("{}: ids from {kind} `{name}`", self.path.display()));
        }
        Ok(reading)
    }

    /// How the file is written.
    pub fn format(&self) -> Result<Format, Failure> {
        let extension = self.path.extension().and_then(std::ffi::OsStr::to_str);
        let known = self.written.format.map(Format::from).or_else(|| extension.and_then(Format::from_path_extension));
        known.ok_or_else(|| {
            Failure::at(
                self.path,
                "its extension does not say how the templates are written",
                "name a .npy, .npz, .csv, .jsonl or (iris, base64) .json file, or say --format",
            )
        })
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
        identities(path, "write one id a line, in the order of the templates").map(Some)
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

/// What an option of this program can do about it.
fn own_remedy(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::Record { fault: RecordFault::PerhapsHeader { .. }, .. } => {
            Some("say which it is (--header yes or --header no)")
        }
        ReadError::Record { fault: RecordFault::TwoLabels { .. }, .. }
        | ReadError::Archive(ArchiveFault::TwoLabels { .. }) => Some("leave one out, or give the ids apart (--ids)"),
        _ => None,
    }
}

/// Whom a query is about: the enrolled person that is named, or anybody.
pub fn target(reference: Option<&str>) -> Result<Target, Failure> {
    match reference.map(|id| SubjectId::try_from(id.to_owned())).transpose() {
        Ok(None) => Ok(Target::Gallery),
        Ok(Some(id)) => Ok(Target::Subject(id)),
        Err(error) => Err(Failure::new("--reference", error, "give the id under which the person is enrolled")),
    }
}

/// Longest list of ids, in bytes.
const LIST_LIMIT_BYTES: u64 = 1 << 30;

/// A list of ids; none where nobody is on it.
fn list(path: &Path, remedy: &str) -> Result<Option<Vec<Identity>>, Failure> {
    let bytes = files::read_at_most(path, LIST_LIMIT_BYTES + 1)?;
    if bytes.len() as u64 > LIST_LIMIT_BYTES {
        return Err(Failure::at(path, format_args!("longer than {LIST_LIMIT_BYTES} bytes"), remedy));
    }
    match read::identities(&bytes) {
        Err(ReadError::NoRecords) => Ok(None),
        read => read.map(Some).map_err(|error| Failure::of(path, &error, remedy)),
    }
}

/// A list of ids of somebody.
fn identities(path: &Path, remedy: &str) -> Result<Vec<Identity>, Failure> {
    list(path, remedy)?.ok_or_else(|| Failure::of(path, &ReadError::NoRecords, remedy))
}

/// A list of persons: as any list of ids, but each person is meant as a whole.
pub fn persons(path: &Path) -> Result<Vec<Identity>, Failure> {
    whole(path, identities(path, ONE_A_LINE)?)
}

const ONE_A_LINE: &str = "write one id a line";

fn whole(path: &Path, persons: Vec<Identity>) -> Result<Vec<Identity>, Failure> {
    match persons.iter().find(|person| person.eye.is_some()) {
        Some(person) => Err(Failure::at(
            path,
            format_args!(
                "{}: the id is followed by an eye, but a person is exempted or removed as a whole",
                person.place
            ),
            "write the id alone",
        )),
        None => Ok(persons),
    }
}

/// A list of exempt persons, which has nobody on it only where that is `allowed`.
pub fn exempt(path: &Path, allowed: bool) -> Result<Vec<Identity>, Failure> {
    match list(path, ONE_A_LINE)? {
        Some(persons) => whole(path, persons),
        None if allowed => Ok(Vec::new()),
        None => Err(Failure::at(
            path,
            "the file holds no record: nobody would be exempt",
            "write one id a line, leave 'exempt' out of the configuration, or serve nevertheless with --allow-unknown-exempt",
        )),
    }
}

/// The secret key of a folder of keys.
pub fn querier(keys: &Path, agreement: &Opened) -> Result<Querier, Failure> {
    let path = keys.join(SECRET_KEY);
    if let Ok(false) = path.try_exists() {
        return Err(Failure::at(
            &path,
            "there is no secret key here",
            "make keys with 'cotejo keygen', or name their folder with --keys",
        ));
    }
    Querier::read(files::open_secret(&path)?, agreement).map_err(Failure::in_file(&path))
}

/// Name of the secret key in a folder of keys.
pub const SECRET_KEY: &str = "secret.key";
/// Name of the evaluation key in a folder of keys.
pub const EVALUATION_KEY: &str = "evaluation.key";

/// Randomness for keys, encryption and sanitising, seeded by the operating system.
pub fn randomness() -> Result<ChaCha20Rng, Failure> {
    ChaCha20Rng::try_from_os_rng()
        .map_err(|error| Failure::new("random generator of the system", error, "repair the system before making keys"))
}
