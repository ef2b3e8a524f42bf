//! Reading files, writing them whole or not at all, and naming them.

mod content;
mod erase;
pub mod exposure;
pub mod gallery;
pub mod protected;
mod used;
mod write;

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::failure::Failure;
pub use content::Content;
pub use erase::{Doomed, Secret, alone, erase, hold};
pub use used::{begin, reads_elsewhere, writes};
pub use write::{Access, Folders, Output, fill, folder_of, replace, require_free, spool, stage, sync, write};

/// What stands for standard input wherever a file is read, and for standard output where `agreement init` writes.
const STANDARD_STREAM: &str = "-";

/// Whether a path means what is piped into this command, or out of it.
pub fn is_standard_stream(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM)
}

/// What is piped into this command, which can be read once.
fn standard_input(path: &Path) -> Result<File, Failure> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if io::stdin().is_terminal() {
        return Err(Failure::at(
            path,
            "is standard input, into which nothing is piped",
            "pipe a file into it, or name one",
        ));
    }
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Err(Failure::at(path, "is standard input, which can be read once", "name the other file"));
    }
    let unopened = |error: io::Error| Failure::io(path, "open it", &error);
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned().map_err(unopened)?;
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned().map_err(unopened)?;
    Ok(own.into())
}

/// Opens a file to be read, or standard input for `-`; refused where this command will write to it.
pub fn open(path: &Path) -> Result<File, Failure> {
    let file = if is_standard_stream(path) { standard_input(path)? } else { open_own(path)? };
    used::reads(path, &file)?;
    Ok(file)
}

/// Opens a file that this command may replace.
fn open_own(path: &Path) -> Result<File, Failure> {
    open_with(path, fs::OpenOptions::new().read(true))
}

/// Opens a file as `options` say.
fn open_with(path: &Path, options: &fs::OpenOptions) -> Result<File, Failure> {
    let file = options.open(path).map_err(|error| Failure::io(path, "open it", &error))?;
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
    secret(path, open(path)?)
}

fn secret(path: &Path, file: File) -> Result<File, Failure> {
    match readable_by_others(&file) {
        true => Err(Failure::at(
            path,
            "permissions: others than its owner may read or write this secret",
            format!("chmod 600 {}", path.display()),
        )),
        false => Ok(file),
    }
}

/// A whole secret file, in one buffer that is wiped: reading leaves no copy of it behind. One of more than `limit` bytes is refused.
pub fn read_secret(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_wiped(path, open_secret(path)?, limit)
}

/// The same of a file that this command may replace.
pub fn read_own_secret(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_wiped(path, secret(path, open_own(path)?)?, limit)
}

fn read_wiped(path: &Path, mut file: File, limit: u64) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unread = |error: io::Error| Failure::io(path, "read it", &error);
    let found = file.metadata().map_err(unread)?;
    // A pipe does not tell its length.
    let expected = if found.is_file() { found.len().min(limit) } else { limit };
    // A buffer that grows would leave what it held where it was.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(expected).unwrap_or(usize::MAX).saturating_add(1)]);
    let mut held: usize = 0;
    while let Some(free) = bytes.get_mut(held..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(read) => held = held.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unread(error)),
        }
    }
    if held as u64 > expected {
        return Err(Failure::at(path, format_args!("longer than {expected} bytes"), "name the file of a secret"));
    }
    bytes.truncate(held);
    Ok(bytes)
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
    read_from(path, open(path)?, limit)
}

/// The same of a file that this command may replace.
pub fn read_own_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    read_from(path, open_own(path)?, limit)
}

fn read_from(path: &Path, file: File, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = file.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| Failure::io(path, "read it", &error))?;
    Ok(bytes)
}

/// The path beside `input` that is named after it: `probes.npy` with `query.cotejo` is `probes.query.cotejo`.
pub fn named_after(input: &Path, extension: &str) -> PathBuf {
    if is_standard_stream(input) {
        return PathBuf::from(format!("stdin.{extension}"));
    }
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
        assert_eq!(named("-", "query.cotejo"), "stdin.query.cotejo");
    }
}
