//! Files that a browser sends: templates in the clear. They are kept in memory, and go with the process, however that ends.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::cli::failure::Failure;

/// Longest file, in bytes, and of all files of one form together.
pub const LIMIT_BYTES: u64 = 512 << 20;
/// Longest body of a form that carries files.
pub const BODY_BYTES: usize = (LIMIT_BYTES as usize).saturating_add(16 << 20);
/// Longest text of a form that carries files, in bytes.
const TEXT_BYTES: usize = 8 << 20;
/// How the folders of files that were sent begin.
const FOLDER: &str = "cotejo-console-";
/// Parts of a form.
const PARTS: usize = 32;

/// A file that was sent, under its own name.
pub struct Uploaded {
    /// As the browser named it, made fit for a path.
    name: String,
    bytes: u64,
    path: PathBuf,
    /// What holds the content; the path leads to it.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the path leads to the file itself"))]
    content: File,
    /// Where the path is.
    #[expect(dead_code, reason = "it is removed with this")]
    folder: TempDir,
}

/// What a form holds.
#[derive(Default)]
pub struct Sent {
    files: Vec<(String, Uploaded)>,
    texts: Vec<(String, String)>,
}

impl Uploaded {
    /// A text, as if it had been a file.
    pub fn of_text(name: &str, text: &str) -> Result<Self, Failure> {
        let mut made = Self::new(name)?;
        made.add(text.as_bytes())?;
        Ok(made)
    }

    fn new(name: &str) -> Result<Self, Failure> {
        let name = fit(name);
        let failed = |error: io::Error| {
            Failure::new(&name, format_args!("cannot be kept: {error}"), "make room in memory, and try again")
        };
        let folder = tempfile::Builder::new().prefix(FOLDER).tempdir().map_err(failed)?;
        let path = folder.path().join(&name);
        let content = kept(&path).map_err(failed)?;
        Ok(Self { name, bytes: 0, path, content, folder })
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.content.write_all(bytes).map_err(|error| {
            Failure::new(&self.name, format_args!("cannot be kept: {error}"), "make room in memory, and try again")
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where commands find it, as long as this lives.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A text that names files that were sent, by the names that they were sent under: in which folder they stand says nothing to anybody.
pub fn by_their_names(text: &str) -> String {
    let begin = std::env::temp_dir().join(FOLDER).display().to_string();
    let mut parts = text.split(&begin);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + part.split_once('/').map_or("", |(_, name)| name))
}

/// In memory alone: what the path leads to has no place on a disk.
#[cfg(target_os = "linux")]
fn kept(path: &Path) -> io::Result<File> {
    use std::os::fd::AsRawFd as _;
    let file = File::from(rustix::fs::memfd_create("cotejo upload", rustix::fs::MemfdFlags::CLOEXEC)?);
    std::os::unix::fs::symlink(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()), path)?;
    Ok(file)
}

/// In a folder of its own, which goes with the process where that ends well.
#[cfg(not(target_os = "linux"))]
fn kept(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// A name without what leads elsewhere, or could not be printed.
fn fit(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| c.is_alphanumeric() || "-_.() ".contains(*c)).take(80).collect();
    match kept.trim_matches(['.', ' ']) {
        "" => "templates".to_owned(),
        kept => kept.to_owned(),
    }
}

impl Sent {
    /// Receives a form; others wait meanwhile, so that memory holds no more than what one may bring.
    pub async fn receive(mut form: Multipart) -> Result<Self, Failure> {
        static TURN: Semaphore = Semaphore::const_new(1);
        // It is never closed.
        let _turn = TURN.acquire().await;
        let (mut sent, mut room) = (Self::default(), LIMIT_BYTES);
        let mut parts = 0;
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            parts += 1;
            if parts > PARTS {
                return Err(Failure::new("the form", "it has too many parts", "send one file at a time"));
            }
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(file) => {
                    let uploaded = receive_file(&file, field, &mut room).await?;
                    // No file was chosen.
                    if !file.is_empty() || uploaded.bytes > 0 {
                        sent.files.push((name, uploaded));
                    }
                }
                None => {
                    let text = receive_text(field).await?;
                    sent.texts.push((name, text));
                }
            }
        }
        Ok(sent)
    }

    /// The file of a field, if one was sent.
    pub fn file(&mut self, name: &str) -> Option<Uploaded> {
        let at = self.files.iter().position(|(found, _)| found == name)?;
        Some(self.files.swap_remove(at).1)
    }

    /// The text of a field, without spaces around it; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts.iter().find(|(found, _)| found == name).map(|(_, text)| text.trim()).unwrap_or_default()
    }
}

async fn receive_file(name: &str, mut field: Field<'_>, room: &mut u64) -> Result<Uploaded, Failure> {
    let mut uploaded = Uploaded::new(name)?;
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        *room = room.checked_sub(chunk.len() as u64).ok_or_else(|| {
            let what = format!("longer than {} MiB", LIMIT_BYTES >> 20);
            Failure::new(uploaded.name(), what, "use the command line for so many, or send a part")
        })?;
        // Memory, not a disk: nobody waits.
        uploaded.add(&chunk)?;
    }
    Ok(uploaded)
}

async fn receive_text(mut field: Field<'_>) -> Result<String, Failure> {
    let mut text = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if text.len().saturating_add(chunk.len()) > TEXT_BYTES {
            return Err(Failure::new("the form", "a text in it is too long", "send it as a file"));
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text).map_err(|_| Failure::new("the form", "a text in it is not UTF-8", "send it as a file"))
}

fn unreadable(error: MultipartError) -> Failure {
    Failure::new("the form", error.body_text(), "send it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else_and_can_be_printed() {
        for (name, fitted) in [
            ("probes.npy", "probes.npy"),
            ("../../etc/passwd", "passwd"),
            ("C:\\faces\\a b.npz", "a b.npz"),
            ("..", "templates"),
            ("", "templates"),
            ("<script>\n\u{1b}[2J.csv", "script2J.csv"),
            ("caf\u{e9}.json", "caf\u{e9}.json"),
        ] {
            assert_eq!(fit(name), fitted, "{name:?}");
        }
    }

    #[test]
    fn files_are_told_by_the_names_that_they_were_sent_under() {
        let uploaded = Uploaded::of_text("probes.csv", "1").unwrap();
        let path = uploaded.path().display();
        let told = by_their_names(&format!("{path}: line 3 is wrong; look at {path}, again"));
        assert_eq!(told, "probes.csv: line 3 is wrong; look at probes.csv, again");
        assert_eq!(by_their_names("/tmp/other/probes.csv"), "/tmp/other/probes.csv");
    }

    #[test]
    fn a_file_is_found_by_its_path_as_long_as_it_is_kept_and_its_content_is_on_no_disk() {
        let uploaded = Uploaded::of_text("probes.csv", "1,2,3\n").unwrap();
        let path = uploaded.path().to_owned();
        for _ in 0..2 {
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "1,2,3\n", "it can be read again");
        }
        if cfg!(target_os = "linux") {
            let place = std::fs::read_link(&path).unwrap();
            assert!(std::fs::read_link(place).unwrap().to_string_lossy().starts_with("/memfd:"));
        }
        assert_eq!((uploaded.name(), uploaded.bytes()), ("probes.csv", 6));
        drop(uploaded);
        assert!(path.symlink_metadata().is_err());
    }
}
