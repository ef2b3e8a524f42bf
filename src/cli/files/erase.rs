//! Secrets that are done with: overwritten, without a name, and the disk has it so.
//!
//! What was overwritten is gone where a file system writes in place. One that writes elsewhere (Btrfs, ZFS), keeps snapshots, or lies on flash
//! that moves blocks may hold what was there before: docs/operations.md.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;

use super::write::{folder_of, sync_if_there};
use crate::cli::failure::Failure;

/// A secret that is about to lose its name; held, so that it can be overwritten then.
pub struct Doomed(File);

impl Doomed {
    /// None where there is no such file.
    pub fn of(path: &Path) -> Result<Option<Self>, Failure> {
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => Ok(Some(Self(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io(path, "overwrite it", &error)),
        }
    }

    /// Writes zeros in its place.
    pub fn overwrite(mut self, path: &Path) -> Result<(), Failure> {
        let zeros = [0; 1 << 12];
        let mut write = || {
            let mut left = self.0.metadata()?.len();
            self.0.rewind()?;
            while left > 0 {
                let some = zeros.get(..usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len())).unwrap_or(&zeros);
                self.0.write_all(some)?;
                left = left.saturating_sub(some.len() as u64);
            }
            self.0.sync_all()
        };
        write().map_err(|error| Failure::io(path, "overwrite it", &error))
    }
}

/// Holds a file that is read, so that nobody erases it meanwhile; none where there is none.
pub fn hold(path: &Path) -> Result<Option<File>, Failure> {
    let failed = |error: &io::Error| Failure::io(path, "hold it", error);
    match File::open(path) {
        Ok(file) => file.lock_shared().map(|()| Some(file)).map_err(|error| failed(&error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

/// Holds a folder for a command that must be alone in it, until it is dropped; none where another one holds it.
pub fn alone(folder: &Path) -> Result<Option<File>, Failure> {
    let failed = |error: &io::Error| Failure::io(folder, "hold it", error);
    let held = File::open(folder).map_err(|error| failed(&error))?;
    match held.try_lock() {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(&error)),
    }
}

/// How far a secret is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// Nobody has begun.
    Kept,
    /// Overwriting was begun.
    Overwritten,
    /// It has no name any more, or has none yet.
    Gone,
}

impl Secret {
    /// By how the file begins: no secret of ours begins with zeros.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &io::Error| Failure::io(path, "read it", error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Gone),
            Err(error) => return Err(failed(&error)),
        };
        let mut beginning = Vec::with_capacity(BEGINNING_BYTES);
        file.take(BEGINNING_BYTES as u64).read_to_end(&mut beginning).map_err(|error| failed(&error))?;
        match !beginning.is_empty() && beginning.iter().all(|byte| *byte == 0) {
            true => Ok(Self::Overwritten),
            false => Ok(Self::Kept),
        }
    }
}

/// So many bytes of a secret are looked at, to see whether it was overwritten.
const BEGINNING_BYTES: usize = 64;

/// Overwrites a secret, takes its name away, and has the disk know; false where somebody holds it just now.
pub fn erase(path: &Path) -> Result<bool, Failure> {
    let Some(doomed) = Doomed::of(path)? else { return Ok(true) };
    match doomed.0.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(Failure::io(path, "hold it", &error)),
    }
    doomed.overwrite(path)?;
    match fs::remove_file(path) {
        // Somebody else was about it as well, and quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        removed => removed.map_err(|error| Failure::io(path, "delete it", &error))?,
    }
    sync_if_there(folder_of(path)).map(|()| true)
}
