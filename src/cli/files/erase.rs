//! Secrets that are done with: overwritten, without a name, and the disk has it so.
//!
//! What was overwritten is gone where a file system writes in place. One that writes elsewhere (Btrfs, ZFS), keeps snapshots, or lies on flash
//! that moves blocks may hold what was there before: docs/operations.md.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use super::write::{folder_of, sync};
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

/// Overwrites a secret, takes its name away, and has the disk know; false where somebody holds it just now.
pub fn erase(path: &Path) -> Result<bool, Failure> {
    let Some(doomed) = Doomed::of(path)? else { return Ok(true) };
    match doomed.0.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(Failure::io(path, "hold it", &error)),
    }
    doomed.overwrite(path)?;
    fs::remove_file(path).map_err(|error| Failure::io(path, "delete it", &error))?;
    sync(folder_of(path)).map(|()| true)
}
