//! A gallery's file that others change while it is served.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use cotejo::agreement::Agreement;
use cotejo::service::server::{GallerySource, Loaded};
use cotejo::template::SubjectId;

use crate::cli::failure::Failure;
use crate::cli::files;

/// The files of one gallery.
pub struct GalleryFiles {
    gallery: PathBuf,
    exempt: Option<PathBuf>,
    agreement: Arc<Agreement>,
    /// What the files looked like when they were loaded last.
    seen: Mutex<Option<[Option<Look>; 2]>>,
}

/// What tells a file from a changed one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    bytes: u64,
    changed: Option<SystemTime>,
    inode: u64,
}

fn look(path: &Path) -> Option<Look> {
    let found = path.metadata().ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Look { bytes: found.len(), changed: found.modified().ok(), inode })
}

impl GalleryFiles {
    pub fn new(gallery: PathBuf, exempt: Option<PathBuf>, agreement: Arc<Agreement>) -> Self {
        Self { gallery, exempt, agreement, seen: Mutex::new(None) }
    }

    /// Reads both files, to find what is wrong with them.
    pub fn read(&self) -> Result<Loaded, Failure> {
        // The exempt first: nobody is answered about before it is known who is.
        let exempt = self.exempt.as_deref().map_or(Ok(BTreeSet::new()), exempt)?;
        Ok(Loaded { gallery: files::gallery::snapshot(&self.gallery, &self.agreement)?, exempt })
    }

    fn looks(&self) -> [Option<Look>; 2] {
        [look(&self.gallery), self.exempt.as_deref().and_then(look)]
    }
}

impl GallerySource for GalleryFiles {
    fn load(&self) -> Result<Option<Loaded>, String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before it is read: a change in between is found the next time.
        let looks = self.looks();
        if *seen == Some(looks) {
            return Ok(None);
        }
        let loaded = self.read().map_err(|failure| failure.one_line())?;
        *seen = Some(looks);
        Ok(Some(loaded))
    }
}

/// Longest list of exempt persons, in bytes.
const LIMIT_BYTES: u64 = 64 << 20;

/// Ids, one a line; empty lines and those that begin with # mean nothing.
fn exempt(path: &Path) -> Result<BTreeSet<SubjectId>, Failure> {
    let bytes = files::read_at_most(path, LIMIT_BYTES + 1)?;
    let remedy = "write one id a line";
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(Failure::at(path, format_args!("longer than {LIMIT_BYTES} bytes"), remedy));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not UTF-8 text", remedy))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let id = |(number, line): (usize, &str)| {
        // The line's number, not the line: it is about a person.
        SubjectId::try_from(line.trim().to_owned())
            .map_err(|error| Failure::at(path, format_args!("line {}: {error}", number + 1), remedy))
    };
    lines.map(id).collect()
}
