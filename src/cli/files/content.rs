//! What a file holds, as far as it may not be lost to something else.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::agreement::Agreement;
use crate::wire::{self, Kind};
use crate::words::with_article;

use crate::cli::failure::Failure;
use crate::cli::service_file::ServiceFile;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file of cotejo.
    File(Kind),
    /// An agreement.
    Agreement,
    /// A private key of somebody, in whatever form.
    PrivateKey,
    /// A database, or what SQLite keeps beside one.
    Database,
    /// The configuration of a service.
    Configuration,
    /// A log that was exported.
    Log,
    /// Anything else.
    Other,
}

/// More than any agreement or key in PEM.
const BEGINNING_BYTES: u64 = Agreement::LIMIT_BYTES as u64 + 1;

impl Content {
    /// What bytes, or their beginning, are.
    pub fn of(bytes: &[u8]) -> Self {
        if let Ok(header) = wire::inspect(bytes) {
            return Self::File(header.kind);
        }
        let beginning = bytes.get(..BEGINNING_BYTES as usize).unwrap_or(bytes);
        match ServiceFile::of(beginning) {
            Some(ServiceFile::Database) => return Self::Database,
            Some(ServiceFile::ServeConfiguration | ServiceFile::AskConfiguration) => return Self::Configuration,
            Some(ServiceFile::Log) => return Self::Log,
            Some(ServiceFile::ProtectedSecretKey) => return Self::File(Kind::SecretKey),
            Some(file) if file.is_secret() => return Self::PrivateKey,
            _ => {}
        }
        match std::str::from_utf8(beginning) {
            Ok(text) if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") => Self::PrivateKey,
            Ok(text) if is_agreement(text) => Self::Agreement,
            _ => Self::Other,
        }
    }

    /// What the file there is: by what it holds, or as what SQLite keeps beside a database of that name.
    fn at(path: &Path) -> Self {
        let Ok(beginning) = beginning(path) else { return Self::Other };
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let database = ["-wal", "-shm", "-journal"].into_iter().find_map(|suffix| name.strip_suffix(suffix));
        let database = database.and_then(|name| self::beginning(&path.with_file_name(name)).ok());
        match database.map(|beginning| Self::of(&beginning)) {
            Some(Self::Database) => Self::Database,
            _ => Self::of(&beginning),
        }
    }

    /// Not even `--force` lets a key, a gallery, an agreement, a pending query, a database, a configuration or a log be replaced by
    /// anything but its like.
    pub fn check_replaces(self, path: &Path) -> Result<(), Failure> {
        let there = Self::at(path);
        let name = match there {
            Self::File(Kind::Query | Kind::Answer) | Self::Other => return Ok(()),
            _ if there == self => return Ok(()),
            Self::File(kind) => with_article(kind),
            Self::Agreement => "an agreement".to_owned(),
            Self::PrivateKey => "a private key".to_owned(),
            Self::Database => "a database".to_owned(),
            Self::Configuration => "the configuration of a service".to_owned(),
            Self::Log => "a log".to_owned(),
        };
        Err(Failure::at(
            path,
            format_args!("is {name}, which nothing that is sent may replace, nor any file of another kind"),
            "choose another name (--out)",
        ))
    }
}

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    File::open(path)?.take(BEGINNING_BYTES).read_to_end(&mut beginning)?;
    Ok(beginning)
}

/// Whether a text is an agreement, be it one that is not sound.
fn is_agreement(text: &str) -> bool {
    let table = text.parse::<toml::Table>();
    table.is_ok_and(|table| ["comparison", "encryption", "limits"].iter().all(|part| table.contains_key(*part)))
}
