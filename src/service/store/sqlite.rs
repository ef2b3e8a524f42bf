//! An SQLite file: its owner's alone, locked by whoever serves from it, or read without a trace.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// Opens a database, or makes one: its owner's alone from the first moment, and with it the files that SQLite puts beside it.
pub(super) fn open(path: &Path, patience: Duration) -> Result<Connection, StoreError> {
    make(path)?;
    only_name(path)?;
    let link = Connection::open(path)?;
    link.busy_timeout(patience)?;
    // A step is on the disk when it is done, and what is deleted is overwritten.
    link.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
    Ok(link)
}

/// Where there is a file already it is left alone: closing a descriptor of it would drop the locks that SQLite holds in this process.
fn make(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.exists() => Ok(()),
        Err(error) => Err(unavailable(&error)),
    }
}

/// What is written by one name of a file lies in a journal beside that name: by another name the file would be damaged.
fn only_name(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        let found = path.metadata().map_err(|error| unavailable(&error))?;
        if std::os::unix::fs::MetadataExt::nlink(&found) > 1 {
            return Err(StoreError::Linked);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Locks the file itself, by whatever name it is reached, for as long as the result lives. SQLite's own locks are of another kind: they
/// neither see this one nor are seen by it. No connection of this process may be open: see [`make`].
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    make(path)?;
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| unavailable(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => return Err(unavailable(&error)),
    }
    match is_at(&file, path) {
        true => Ok(file),
        false => Err(StoreError::Unavailable("its file was replaced just now".to_owned())),
    }
}

/// Whether a file is the one of this name.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let which = |found: fs::Metadata| (found.dev(), found.ino());
        path.metadata().ok().map(which) == file.metadata().ok().map(which)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Writes what lies in the journal into the file, and empties the journal: what was deleted is then in neither. Where somebody reads
/// just now, nothing happens; whether it did.
pub(super) fn empty_journal(link: &Connection, patience: Duration) -> Result<bool, StoreError> {
    link.busy_timeout(Duration::ZERO)?;
    let emptied = link.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    link.busy_timeout(patience)?;
    Ok(emptied? == 0)
}

fn unavailable(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// A database that is only read: nothing is made, written or locked for longer than a statement takes.
pub(super) struct Reading {
    pub(super) link: Connection,
    look: Look,
}

impl Reading {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // The journal lies beside the file, not beside a link to it.
        let path = fs::canonicalize(path).map_err(|error| unavailable(&error))?;
        let look = Look::of(&path).ok_or_else(|| StoreError::Unavailable("there is no such file".to_owned()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let link = Connection::open_with_flags(uri(&path, look.how()), flags)?;
        link.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        if look.how() == How::Abandoned {
            // An index of the journal is then kept in memory, not in a file.
            link.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
        }
        Ok(Self { link, look })
    }

    /// Whether what was read since it was opened may be taken: somebody may have begun to write to what was taken for still.
    pub(super) fn is_sound(&self, path: &Path) -> bool {
        self.look.how() == How::Served
            || fs::canonicalize(path).ok().and_then(|path| Look::of(&path)).as_ref() == Some(&self.look)
    }
}

/// How a database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Nobody has it open, and its journal is empty: the file alone.
    Still,
    /// With its journal, and the index that whoever has it open keeps of that.
    Served,
    /// With the journal that a process has left behind, of which no index is left.
    Abandoned,
}

/// What a database's files look like.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    file: FileLook,
    journal: Option<FileLook>,
    index: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct FileLook {
    bytes: u64,
    changed: Option<SystemTime>,
    inode: u64,
}

impl FileLook {
    fn of(found: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(found);
        #[cfg(not(unix))]
        let inode = 0;
        Self { bytes: found.len(), changed: found.modified().ok(), inode }
    }
}

impl Look {
    fn of(path: &Path) -> Option<Self> {
        let look = |path: &Path| path.metadata().ok().map(|found| FileLook::of(&found));
        Some(Self { file: look(path)?, journal: look(&beside(path, "-wal")), index: beside(path, "-shm").exists() })
    }

    fn how(&self) -> How {
        match &self.journal {
            None => How::Still,
            Some(_) if self.index => How::Served,
            Some(journal) if journal.bytes == 0 => How::Still,
            Some(_) => How::Abandoned,
        }
    }
}

/// SQLite's files beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A file's name as SQLite takes it with parameters.
fn uri(path: &Path, how: How) -> String {
    let escaped: String = path.as_os_str().as_encoded_bytes().iter().fold(String::new(), |text, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => text + &char::from(*byte).to_string(),
        _ => text + &format!("%{byte:02x}"),
    });
    let parameters = match how {
        How::Still => "immutable=1",
        How::Served => "mode=ro&readonly_shm=1",
        // Nobody has it open: without locks, as those that it wants are of files that can be written to.
        How::Abandoned => "mode=ro&vfs=unix-none",
    };
    format!("file:{escaped}?{parameters}")
}
