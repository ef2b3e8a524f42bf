//! The files that several commands read.

use std::path::{Path, PathBuf};

use cotejo::agreement::Agreement;
use cotejo::querier::SecretKey;
use cotejo::scheme::Holder;
use cotejo::template::read::{self, Format, Identity};
use cotejo::template::{Record, TemplateShape};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::console::Console;
use super::failure::Failure;
use super::files;

/// The agreement, with a warning where its encryption protects nothing.
pub fn agreement(path: &Path, console: &Console) -> Result<Agreement, Failure> {
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
    let agreement = Agreement::from_toml(&text).map_err(|error| {
        Failure::of(path, &error, "correct that field; 'cotejo agreement init' writes a sound agreement")
    })?;
    warn_if_insecure(&agreement, console);
    Ok(agreement)
}

pub fn warn_if_insecure(agreement: &Agreement, console: &Console) {
    let set = agreement.parameters();
    if !set.is_secure() {
        console.warn(format_args!("parameter set {} is INSECURE: {}", set.name(), set.weakness()));
    }
}

/// A file of templates with what is needed to read it.
pub struct Templates<'a> {
    pub path: &'a Path,
    pub ids: Option<&'a Path>,
    pub format: Option<FileFormat>,
}

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
    /// All records of the file.
    pub fn read(&self, shape: TemplateShape, console: &Console) -> Result<Vec<Record>, Failure> {
        let format = self.format()?;
        let bytes = files::read(self.path)?;
        let ids = self.identities(format, console)?;
        let unnamed = ids.is_none() && format == Format::Npy;
        read::records(&bytes, format, shape, ids).map_err(|error| self.explain(&error)).inspect(|_| {
            if unnamed {
                console
                    .note(format_args!("{}: no ids given (--ids): records are numbered from 1", self.path.display()));
            }
        })
    }

    /// How the file is written.
    pub fn format(&self) -> Result<Format, Failure> {
        let extension = self.path.extension().and_then(std::ffi::OsStr::to_str);
        let known = self.format.map(Format::from).or_else(|| extension.and_then(Format::from_path_extension));
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
        let remedy = "write one id a line, in the order of the templates";
        read::identities(&files::read(path)?).map(Some).map_err(|error| Failure::of(path, &error, remedy))
    }

    /// Where ids are looked for that were not named.
    pub fn ids_beside(&self) -> PathBuf {
        self.path.with_extension("ids.txt")
    }

    fn explain(&self, error: &read::ReadError) -> Failure {
        let path = match (error, self.ids) {
            (read::ReadError::IdentityCount { .. }, Some(ids)) => ids,
            _ => self.path,
        };
        Failure::of(path, error, "give templates of the agreed shape ('cotejo agreement check'), or agree on another")
    }
}

/// The secret key of a folder of keys.
pub fn secret_key<S: Holder>(keys: &Path, agreement: &Agreement) -> Result<SecretKey<S>, Failure> {
    let path = keys.join(SECRET_KEY);
    if let Ok(false) = path.try_exists() {
        return Err(Failure::at(
            &path,
            "there is no secret key here",
            "make keys with 'cotejo keygen', or name their folder with --keys",
        ));
    }
    SecretKey::read(files::open_secret(&path)?, agreement).map_err(Failure::in_file(&path))
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
