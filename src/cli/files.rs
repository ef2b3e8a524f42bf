//! Reading files, and writing them whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::Failure;
use super::interrupt::{self, Unfinished};

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

/// Whether a file can be written there, before long work is begun.
pub fn require_free(path: &Path, overwrite: bool) -> Result<(), Failure> {
    check_free(path, overwrite)?;
    temporary(path, Access::Private).map(drop)
}

fn check_free(path: &Path, overwrite: bool) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            Err(Failure::at(path, "exists and is not a regular file", "choose another name (--out)"))
        }
        Ok(_) if !overwrite => Err(exists(path)),
        _ => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::at(path, "exists already", "choose another name (--out), or overwrite it with --force")
}

/// Writes files, all or none: each is written beside its place, brought to the disk, and renamed without replacing anything
/// (unless `overwrite`); if one cannot be placed, those placed before it are removed again.
pub fn write(outputs: &[Output<'_>], overwrite: bool) -> Result<(), Failure> {
    let staged = outputs.iter().map(Staged::new).collect::<Result<Vec<_>, _>>()?;
    for output in outputs {
        check_free(output.path, overwrite)?;
    }
    interrupt::check()?;
    let mut placed: Vec<&Path> = Vec::new();
    for (staged, output) in staged.into_iter().zip(outputs) {
        let done = staged.place(output.path, overwrite).and_then(|()| sync_folder(output.path));
        match done {
            Ok(()) => placed.push(output.path),
            Err(failure) => {
                if !overwrite {
                    placed.iter().rev().for_each(|path| drop(fs::remove_file(path)));
                }
                return Err(failure);
            }
        }
    }
    Ok(())
}

/// Content on the disk under a temporary name, in the folder where it will be.
struct Staged {
    file: NamedTempFile,
    unfinished: Unfinished,
}

impl Staged {
    fn new(output: &Output<'_>) -> Result<Self, Failure> {
        let mut file = temporary(output.path, output.access)?;
        let unfinished = Unfinished::new(file.path());
        let written = file.write_all(output.bytes).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| Failure::io(output.path, "write it", &error))?;
        Ok(Self { file, unfinished })
    }

    fn place(self, path: &Path, overwrite: bool) -> Result<(), Failure> {
        let Self { file, unfinished } = self;
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

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Brings a new name to the disk, where the file system can.
fn sync_folder(path: &Path) -> Result<(), Failure> {
    let synced = if cfg!(unix) { File::open(folder_of(path)).and_then(|folder| folder.sync_all()) } else { Ok(()) };
    match synced {
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

/// Opens a file to be read.
pub fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| Failure::io(path, "open it", &error))?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err(Failure::at(path, "is a folder", "name a file, not a folder")),
        Ok(found) if is_device(&found) => Err(Failure::at(path, "is a device", "name a file, not a device")),
        Ok(_) => Ok(file),
        Err(error) => Err(Failure::io(path, "open it", &error)),
    }
}

/// Devices may have no end.
fn is_device(found: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        found.file_type().is_char_device() || found.file_type().is_block_device()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

/// Opens a secret file; refused where others than its owner may read or write it.
pub fn open_secret(path: &Path) -> Result<File, Failure> {
    let file = open(path)?;
    match readable_by_others(&file) {
        true => Err(Failure::at(
            path,
            "permissions: others than its owner may read or write this secret",
            format!("chmod 600 {}", path.display()),
        )),
        false => Ok(file),
    }
}

/// Whether others than its owner may read or write a file.
pub fn readable_by_others(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Permissions that cannot be read are not trusted.
        file.metadata().map_or(true, |found| found.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// A whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_at_most(path, u64::MAX)
}

/// A file, or its beginning where it is longer than `limit` bytes.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Failure::io(path, "read it", &error))?;
    Ok(bytes)
}

/// The path beside `input` that is named after it: `probes.npy` with `query.cotejo` is `probes.query.cotejo`.
pub fn named_after(input: &Path, extension: &str) -> PathBuf {
    let name = input.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = [".query.cotejo", ".cotejo"].iter().find_map(|suffix| name.strip_suffix(suffix));
    let stem = stem.or_else(|| name.rsplit_once('.').map(|(stem, _)| stem)).unwrap_or(&name);
    input.with_file_name(format!("{}.{extension}", if stem.is_empty() { "out" } else { stem }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_named_after_inputs() {
        let named = |input: &str, extension| named_after(Path::new(input), extension).display().to_string();
        assert_eq!(named("b/gallery.npy", "cotejo"), "b/gallery.cotejo");
        assert_eq!(named("probes.npy", "query.cotejo"), "probes.query.cotejo");
        assert_eq!(named("probes.query.cotejo", "answer.cotejo"), "probes.answer.cotejo");
        assert_eq!(named("x/query.cotejo", "answer.cotejo"), "x/query.answer.cotejo");
        assert_eq!(named("plain", "cotejo"), "plain.cotejo");
    }

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
