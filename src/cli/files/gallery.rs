//! A gallery's file: mapped into memory, locked while it is in use, changed by appending.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use crate::custodian::{Change, Gallery, GalleryFile};
use crate::scheme::Opened;
use memmap2::Mmap;

use super::{open, open_with};
use crate::cli::console::{Console, bytes, count};
use crate::cli::failure::Failure;
use crate::cli::interrupt;

/// A file mapped into memory; its lock, if it has one, lasts as long.
pub struct Mapped {
    map: Mmap,
    _file: File,
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

/// Maps a file that is locked, or that nobody else knows of.
fn map(path: &Path, file: File) -> Result<Mapped, Failure> {
    // SAFETY: the bytes must not change while they are mapped. Every command of ours that writes to a gallery holds its exclusive lock,
    // which excludes the shared lock of those that read; `Locked` writes only when its own mapping is gone. The file is the custodian's
    // own, mode 0600: a program of theirs that writes to it regardless of locks is their affair, as SECURITY.md says.
    #[expect(unsafe_code, reason = "a gallery need not fit in memory, and there is no mapping without it")]
    let mapped = unsafe { Mmap::map(&file) };
    let map = mapped.map_err(|error| Failure::io(path, "map it into memory", &error))?;
    Ok(Mapped { map, _file: file })
}

/// Opens a gallery to read it.
pub fn read(path: &Path, agreement: &Opened, console: &Console) -> Result<Gallery, Failure> {
    let mapped = map_shared(path)?;
    let gallery = Gallery::open(mapped, agreement).map_err(|error| Failure::gallery(path, &error))?;
    warn_of_ignored(path, gallery.file(), console);
    Ok(gallery)
}

/// Opens a gallery whose agreement is not at hand.
pub fn read_file(path: &Path, console: &Console) -> Result<GalleryFile, Failure> {
    let file = GalleryFile::read(map_shared(path)?).map_err(|error| Failure::gallery(path, &error))?;
    warn_of_ignored(path, &file, console);
    Ok(file)
}

/// Writes a new gallery, until Ctrl-C.
pub fn write(path: &Path, file: &mut dyn Write, mut change: Change) -> Result<(), Failure> {
    let mut file = Interruptible(file);
    let written = change.write(&mut file).and_then(|commit| file.write_all(&commit));
    interrupt::check()?;
    written.map_err(|error| Failure::io(path, "write it", &error))
}

/// Opens a gallery that was just written and has no name yet.
pub fn read_unnamed(path: &Path, file: File, agreement: &Opened) -> Result<Gallery, Failure> {
    Gallery::open(map(path, file)?, agreement).map_err(|error| Failure::gallery(path, &error))
}

/// A private copy of a gallery, which others may go on to change.
pub fn snapshot(path: &Path, agreement: &Opened) -> Result<Gallery, Failure> {
    let mut file = open(path)?;
    locked(path, file.try_lock_shared())?;
    // Unnamed: nobody else reads it, and it goes with the process.
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let uncopied = |error: io::Error| Failure::io(path, "copy it", &error);
    let mut copy = tempfile::tempfile_in(folder).map_err(uncopied)?;
    io::copy(&mut file, &mut copy).map_err(uncopied)?;
    drop(file);
    read_unnamed(path, copy, agreement)
}

fn map_shared(path: &Path) -> Result<Mapped, Failure> {
    let file = open(path)?;
    locked(path, file.try_lock_shared())?;
    map(path, file)
}

/// What stands behind the last whole change of a gallery belongs to none.
pub fn torn(path: &Path, file: &GalleryFile) -> Failure {
    match file.is_cut_short() {
        true => Failure::at(
            path,
            "it was cut short within what was enrolled first: nobody in it can be read",
            "restore the gallery from its copy; where there is none, enroll everybody anew (cotejo enroll --force)",
        ),
        false => Failure::at(
            path,
            format_args!(
                "its last {} are of an append that was interrupted, or of a file that was cut short",
                bytes(file.ignored_bytes())
            ),
            "restore the gallery from its copy; or, where an append was interrupted, make that change again \
             ('cotejo gallery compact --without-torn-end' writes the gallery without it)",
        ),
    }
}

fn warn_of_ignored(path: &Path, file: &GalleryFile, console: &Console) {
    if file.ignored_bytes() > 0 {
        console.warn(format_args!(
            "{}: ignored its last {}, of an append that was interrupted or of a file that was cut short: {} enrolled",
            path.display(),
            bytes(file.ignored_bytes()),
            count(file.len(), "subject"),
        ));
    }
}

fn locked(path: &Path, result: Result<(), TryLockError>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Failure::at(
            path,
            "is in use by another command that reads or changes it",
            "run this again when that one is done",
        )),
        Err(TryLockError::Error(error)) => Err(Failure::io(path, "lock it", &error)),
    }
}

/// A stream that takes nothing after Ctrl-C.
struct Interruptible<W>(W);

impl<W: Write> Write for Interruptible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match interrupt::requested() {
            // Of another kind than `Interrupted`, after which a write is tried again.
            true => Err(io::ErrorKind::Other.into()),
            false => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A gallery's file that nobody else reads or changes.
pub struct Locked<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Locked<'a> {
    pub fn new(path: &'a Path) -> Result<Self, Failure> {
        let file = open_with(path, OpenOptions::new().read(true).write(true))?;
        locked(path, file.try_lock())?;
        match is_still_at(path, &file) {
            true => Ok(Self { path, file }),
            false => Err(Failure::at(path, "was replaced just now by another command", "run this again")),
        }
    }

    /// Opens the gallery. One that was cut short is refused: what is left of it would be overwritten.
    pub fn read(&self, agreement: &Opened, console: &Console) -> Result<Gallery, Failure> {
        let file = self.file.try_clone().map_err(|error| Failure::io(self.path, "open it", &error))?;
        let gallery = Gallery::open(map(self.path, file)?, agreement);
        let gallery = gallery.map_err(|error| Failure::gallery(self.path, &error))?;
        if gallery.file().is_cut_short() {
            return Err(torn(self.path, gallery.file()));
        }
        warn_of_ignored(self.path, gallery.file(), console);
        Ok(gallery)
    }

    /// Appends a change of the gallery, which is closed for it. Whatever happens before the commit, the gallery opens as before.
    pub fn append(mut self, gallery: Gallery, change: Change) -> Result<(), Failure> {
        // Its mapping must be gone before the file changes.
        drop(gallery);
        let at = change.at();
        let written = self.write(change);
        if written.is_err() {
            // What is left if this fails as well is ignored when the gallery is opened.
            let _ = self.file.set_len(at).and_then(|()| self.file.sync_all());
        }
        written
    }

    fn write(&mut self, mut change: Change) -> Result<(), Failure> {
        let unwritable = |error: io::Error| Failure::io(self.path, "write it", &error);
        let mut file = &self.file;
        interrupt::check()?;
        file.set_len(change.at()).map_err(unwritable)?;
        file.seek(SeekFrom::Start(change.at())).map_err(unwritable)?;
        let mut body = BufWriter::with_capacity(1 << 20, Interruptible(file));
        let written = change.write(&mut body).and_then(|commit| body.flush().map(|()| commit));
        interrupt::check()?;
        let commit = written.map_err(unwritable)?;
        drop(body);
        file.sync_all().map_err(unwritable)?;
        interrupt::check()?;
        file.write_all(&commit).and_then(|()| file.sync_all()).map_err(unwritable)
    }
}

/// Whether a path still leads to an open file. Another command may have put a new file there between opening and locking.
fn is_still_at(path: &Path, file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |found: std::fs::Metadata| (found.dev(), found.ino());
        match (path.metadata(), file.metadata()) {
            (Ok(there), Ok(ours)) => place(there) == place(ours),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (path, file);
        true
    }
}
