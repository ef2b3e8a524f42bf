//! Writing files whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::content::Content;
use super::used;
use crate::cli::failure::Failure;
use crate::cli::interrupt::{self, Unfinished};

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whom the system's defaults admit.
    Shared,
    /// Its owner alone (mode 0600), from the moment it exists.
    Private,
}

/// A file to be written.
pub struct Output<'a> {
    pub path: &'a Path,
    pub bytes: &'a [u8],
    pub access: Access,
}

/// Whether such a file can be written there, before anything is read or long work is begun.
pub fn require_free(path: &Path, overwrite: bool, content: Content) -> Result<(), Failure> {
    check_free(path, overwrite, content)?;
    temporary(path, Access::Private).map(drop)
}

fn check_free(path: &Path, overwrite: bool, content: Content) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            Err(Failure::at(path, "exists and is not a regular file", "choose another name (--out)"))
        }
        Ok(_) if !overwrite => Err(exists(path)),
        Ok(_) => content.check_replaces(path).and_then(|()| used::writes(path)),
        Err(_) => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::at(path, "exists already", "choose another name (--out), or overwrite it with --force")
}

/// Writes files, all or none: each is written beside its place, brought to the disk, and renamed without replacing anything
/// (unless `overwrite`).
pub fn write(outputs: &[Output<'_>], overwrite: bool) -> Result<(), Failure> {
    stage(outputs, overwrite)?.place()
}

/// The first half of [`write`]: everything is on the disk, but nothing is in its place. Disks that are full fail here.
pub fn stage<'a>(outputs: &'a [Output<'a>], overwrite: bool) -> Result<StagedFiles<'a>, Failure> {
    let staged = outputs.iter().map(Staged::new).collect::<Result<Vec<_>, _>>()?;
    for output in outputs {
        check_free(output.path, overwrite, Content::of(output.bytes))?;
    }
    interrupt::check()?;
    Ok(StagedFiles { staged, overwrite })
}

/// Writes a private file piece by piece; once it is whole, and `check` has found so, it takes the place of what is there.
pub fn replace(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    check: impl FnOnce(File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Where the path is a link, what it leads to is replaced.
    let place = fs::canonicalize(path).map_err(|error| Failure::io(path, "find it", &error))?;
    in_pieces((path, &place), true, fill, check)
}

/// Writes a private file piece by piece; once it is whole, and `check` has found so, it has its name.
pub fn fill(
    path: &Path,
    overwrite: bool,
    content: Content,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    check: impl FnOnce(File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    check_free(path, overwrite, content)?;
    in_pieces((path, path), overwrite, fill, check)
}

/// Writes a file that is called by the first path, and is at the second.
fn in_pieces(
    (path, place): (&Path, &Path),
    overwrite: bool,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    check: impl FnOnce(File) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut file = temporary(place, Access::Private)?;
    let unfinished = Unfinished::new(file.path());
    let unwritable = |error| Failure::io(path, "write it", &error);
    let mut out = io::BufWriter::with_capacity(1 << 20, &mut file);
    fill(&mut out)?;
    out.flush().map_err(unwritable)?;
    drop(out);
    file.as_file().sync_all().map_err(unwritable)?;
    check(file.reopen().map_err(unwritable)?)?;
    interrupt::check()?;
    Staged { path: place, file, unfinished }.place(overwrite)?;
    sync_folder(place)
}

/// A place for bytes until they are written to `path`: in memory while they are few, then in a file beside it that has no name, so that it
/// goes with this process.
pub fn spool(path: &Path) -> tempfile::SpooledTempFile {
    tempfile::spooled_tempfile_in(SPOOL_BYTES, folder_of(path))
}

/// So many bytes of a spool are in memory.
const SPOOL_BYTES: usize = 1 << 24;

/// Files that are whole under temporary names, and go again unless they are placed.
pub struct StagedFiles<'a> {
    staged: Vec<Staged<'a>>,
    overwrite: bool,
}

impl StagedFiles<'_> {
    /// Gives the files their names. If one cannot be placed, those placed before it are removed again, unless they have
    /// replaced what was there.
    pub fn place(self) -> Result<(), Failure> {
        let mut placed: Vec<&Path> = Vec::new();
        for staged in self.staged {
            let path = staged.path;
            let done = staged.place(self.overwrite).and_then(|()| {
                placed.push(path);
                sync_folder(path)
            });
            if let Err(failure) = done {
                if !self.overwrite {
                    placed.iter().rev().for_each(|path| drop(fs::remove_file(path)));
                }
                return Err(failure);
            }
        }
        Ok(())
    }
}

/// Content on the disk under a temporary name, in the folder where it will be.
struct Staged<'a> {
    path: &'a Path,
    file: NamedTempFile,
    unfinished: Unfinished,
}

impl<'a> Staged<'a> {
    fn new(output: &Output<'a>) -> Result<Self, Failure> {
        let mut file = temporary(output.path, output.access)?;
        let unfinished = Unfinished::new(file.path());
        let written = file.write_all(output.bytes).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| Failure::io(output.path, "write it", &error))?;
        Ok(Self { path: output.path, file, unfinished })
    }

    fn place(self, overwrite: bool) -> Result<(), Failure> {
        let Self { path, file, unfinished } = self;
        let persisted = if overwrite { file.persist(path) } else { file.persist_noclobber(path) };
        drop(unfinished);
        persisted.map(drop).map_err(|failed| match failed.error.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => Failure::io(path, "write it", &failed.error),
        })
    }
}

fn temporary(path: &Path, access: Access) -> Result<NamedTempFile, Failure> {
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cotejo-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(match access {
            Access::Shared => 0o666,
            Access::Private => 0o600,
        }));
    }
    #[cfg(not(unix))]
    let _ = access;
    builder.tempfile_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::at(
            path,
            format!("the folder {} does not exist", folder.display()),
            format!("create it: mkdir -p {}", folder.display()),
        ),
        _ => Failure::io(path, "write it", &error),
    })
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Brings a new name to the disk, where the file system can.
fn sync_folder(path: &Path) -> Result<(), Failure> {
    sync(folder_of(path))
}

/// Brings the names in a folder to the disk, where the file system can.
pub fn sync(path: &Path) -> Result<(), Failure> {
    synced(path, sync_names(path))
}

/// The same of a folder that somebody else may be deleting, who sees to it then that it is gone from the disk.
pub fn sync_if_there(path: &Path) -> Result<(), Failure> {
    match sync_names(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => synced(path, done),
    }
}

fn sync_names(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

fn synced(path: &Path, done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(Failure::io(path, "bring it to the disk", &error))
        }
        _ => Ok(()),
    }
}

/// Folders made for a command; those that are still empty go again unless the command succeeds.
pub struct Folders(Vec<PathBuf>);

impl Folders {
    /// Makes a folder and its parents, readable for its owner alone where private. What exists stays as it is.
    pub fn create(path: &Path, access: Access) -> Result<Self, Failure> {
        let missing = path.ancestors().take_while(|folder| *folder != Path::new("") && !folder.exists());
        let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        if access == Access::Private {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        }
        #[cfg(not(unix))]
        let _ = access;
        builder.create(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::at(path, "is a file where a folder is needed", "choose another folder (--out)")
            }
            _ => Failure::io(path, "create the folder", &error),
        })?;
        Ok(Self(missing))
    }

    /// The command has succeeded: the folders stay.
    pub fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        self.0.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_files_all_are_written_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        fs::write(&second, "old").unwrap();
        let outputs = || [&first, &second].map(|path| Output { path, bytes: b"new", access: Access::Private });
        assert!(write(&outputs(), false).is_err());
        assert!(!first.exists());
        assert_eq!(fs::read(&second).unwrap(), b"old");
        write(&outputs(), true).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(fs::read(&second).unwrap(), b"new");
    }

    #[test]
    fn folders_go_again_unless_kept() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        drop(Folders::create(&folder, Access::Private).unwrap());
        assert!(!root.path().join("a").exists());
        Folders::create(&folder, Access::Private).unwrap().keep();
        drop(Folders::create(&folder, Access::Private).unwrap());
        assert!(folder.exists());
    }
}
