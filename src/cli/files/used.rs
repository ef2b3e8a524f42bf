//! What a command reads is never what it writes: of the two, the one that is named later is refused, before any work.
//!
//! Files are told apart by device and inode, so links of either kind and other ways to write a path do not matter.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::cli::failure::Failure;

/// A file, whatever it is called.
#[cfg(unix)]
type Place = (u64, u64);
#[cfg(not(unix))]
type Place = std::path::PathBuf;

/// Files of this command, of which there is one in a process.
struct Used {
    read: BTreeSet<Place>,
    written: BTreeSet<Place>,
}

static USED: Mutex<Used> = Mutex::new(Used { read: BTreeSet::new(), written: BTreeSet::new() });

#[cfg(unix)]
fn place(_: &Path, found: &fs::Metadata) -> Option<Place> {
    use std::os::unix::fs::MetadataExt;
    // Pipes have no content to lose.
    found.is_file().then(|| (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn place(path: &Path, found: &fs::Metadata) -> Option<Place> {
    found.is_file().then(|| fs::canonicalize(path).ok()).flatten()
}

/// A command of an embedding program begins: what an earlier one has read may be written.
pub fn begin() {
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    (used.read, used.written) = (BTreeSet::new(), BTreeSet::new());
}

/// A file is about to be read.
pub fn reads(path: &Path, file: &File) -> Result<(), Failure> {
    read(path, file.metadata())
}

/// A file, where there is one, is about to be read by the library: a database.
pub fn reads_elsewhere(path: &Path) -> Result<(), Failure> {
    read(path, fs::metadata(path))
}

fn read(path: &Path, found: io::Result<fs::Metadata>) -> Result<(), Failure> {
    let Some(place) = found.ok().and_then(|found| place(path, &found)) else { return Ok(()) };
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    if used.written.contains(&place) {
        return Err(both(path));
    }
    used.read.insert(place);
    Ok(())
}

/// Something else will take the place of a file, where there is one.
pub fn writes(path: &Path) -> Result<(), Failure> {
    let Some(place) = fs::metadata(path).ok().and_then(|found| place(path, &found)) else { return Ok(()) };
    let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
    if used.read.contains(&place) {
        return Err(both(path));
    }
    used.written.insert(place);
    Ok(())
}

fn both(path: &Path) -> Failure {
    Failure::at(
        path,
        "is read by this command, and would be replaced by what it writes",
        "choose another name for what is written",
    )
}
