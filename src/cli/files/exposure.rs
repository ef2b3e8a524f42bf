//! Who else than its owner can reach a file: others of this machine who could read what is private, or put something else in the place
//! of what is ours.

use std::path::{Path, PathBuf};

use crate::cli::console::Console;
use crate::cli::failure::Failure;

/// What others may not do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Neither read nor change it.
    Private,
    /// Not change it.
    Ours,
}

/// A file that others can reach.
struct Exposed {
    path: PathBuf,
    what: String,
    remedy: String,
}

/// Warns of files that others than their owner can reach, or refuses them where that is `strict`. What is not there is passed over.
pub fn judge(files: &[(PathBuf, Kept)], strict: bool, console: &Console) -> Result<(), Failure> {
    let mut found: Vec<Exposed> = files.iter().flat_map(|(path, kept)| exposed(path, *kept)).collect();
    let mut told: Vec<(PathBuf, String)> = Vec::new();
    found.retain(|one| {
        let one = (one.path.clone(), one.what.clone());
        let is_new = !told.contains(&one);
        told.extend(is_new.then_some(one));
        is_new
    });
    let line = |one: &Exposed| format!("{}: {}; {}", one.path.display(), one.what, one.remedy);
    match (found.first(), strict) {
        (None, _) => Ok(()),
        (Some(_), false) => {
            found.iter().for_each(|one| console.warn(line(one)));
            Ok(())
        }
        (Some(first), true) => Err(Failure::with_details(
            first.path.display(),
            &first.what,
            found.iter().skip(1).map(line).collect(),
            &first.remedy,
        )),
    }
}

#[cfg(not(unix))]
fn exposed(_: &Path, _: Kept) -> Vec<Exposed> {
    Vec::new()
}

/// What is wrong with a file, with every folder that leads to it, and with those that lead to the links on the way.
#[cfg(unix)]
fn exposed(path: &Path, kept: Kept) -> Vec<Exposed> {
    use std::os::unix::fs::MetadataExt;

    let Ok(found) = path.metadata() else { return Vec::new() };
    let mut all = Vec::new();
    let mut tell = |path: &Path, what: &str, remedy: String| {
        all.push(Exposed { path: path.to_owned(), what: what.to_owned(), remedy });
    };
    let mode = if found.is_dir() { "700" } else { "600" };
    match kept {
        _ if is_a_strangers(found.uid()) => {
            let remedy = format!("have it belong to who runs this: chown USER {}", path.display());
            tell(path, "belongs to another user, who can change it", remedy);
        }
        _ if found.mode() & 0o022 != 0 => {
            let mode = if kept == Kept::Private { mode } else { "go-w" };
            tell(path, "others than its owner may write to it", format!("chmod {mode} {}", path.display()));
        }
        Kept::Private if found.mode() & 0o044 != 0 => {
            tell(
                path,
                "others than its owner may read it, and it is private",
                format!("chmod {mode} {}", path.display()),
            );
        }
        _ => {}
    }
    let lexical = std::path::absolute(path);
    let real = path.canonicalize();
    for named in [lexical, real].into_iter().flatten() {
        // What others may put into a folder with the sticky bit, they cannot put in the place of what is ours: `/tmp`.
        let mut held = named.as_path();
        while let Some(folder) = held.parent() {
            let Ok(found) = folder.metadata() else { break };
            let is_open = found.mode() & 0o022 != 0;
            let is_sticky = found.mode() & 0o1000 != 0;
            let holds_ours = held.symlink_metadata().is_ok_and(|held| !is_a_strangers(held.uid()));
            if is_a_strangers(found.uid()) {
                let remedy = "move what is in it into a folder of one's own".to_owned();
                tell(folder, "the folder belongs to another user, who can replace what is in it", remedy);
            } else if is_open && !(is_sticky && holds_ours) {
                let what = "others than its owner may write to this folder, and replace what is in it";
                tell(folder, what, format!("chmod go-w {}", folder.display()));
            }
            held = folder;
        }
    }
    all
}

/// Whether a user is neither who runs this nor root.
#[cfg(unix)]
fn is_a_strangers(user: u32) -> bool {
    user != 0 && user != rustix::process::geteuid().as_raw()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(path: &Path, mode: u32) {
        assert!(fs::set_permissions(path, Permissions::from_mode(mode)).is_ok());
    }

    /// What is said of a file, by the places that are named.
    fn said(path: &Path, kept: Kept) -> Vec<String> {
        exposed(path, kept).into_iter().map(|one| format!("{}: {}", one.path.display(), one.what)).collect()
    }

    #[test]
    fn what_others_can_read_or_write_is_told_of_files_folders_and_links() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().canonicalize().unwrap().join("a");
        fs::create_dir(&folder).unwrap();
        set(&folder, 0o755);
        let file = folder.join("file");
        fs::write(&file, "x").unwrap();
        for (mode, private, ours) in [
            (0o600, None, None),
            (0o400, None, None),
            (0o640, Some("may read"), None),
            (0o604, Some("may read"), None),
            (0o620, Some("may write"), Some("may write")),
            (0o602, Some("may write"), Some("may write")),
        ] {
            set(&file, mode);
            for (kept, expected) in [(Kept::Private, private), (Kept::Ours, ours)] {
                let said = said(&file, kept);
                assert_eq!(said.len(), usize::from(expected.is_some()), "{mode:o} {said:?}");
                assert!(expected.is_none_or(|words| said[0].contains(words)), "{mode:o} {said:?}");
            }
        }
        set(&file, 0o600);
        for (mode, is_told) in [(0o775, true), (0o757, true), (0o1777, false), (0o700, false)] {
            set(&folder, mode);
            assert_eq!(
                said(&file, Kept::Ours).iter().any(|said| said.contains("write to this folder")),
                is_told,
                "{mode:o}"
            );
        }
        // By a link that lies elsewhere, and from a folder further up.
        let open = root.path().canonicalize().unwrap().join("open");
        fs::create_dir(&open).unwrap();
        let link = open.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        set(&open, 0o777);
        assert_eq!(said(&link, Kept::Private).len(), 1);
        set(&file, 0o644);
        assert_eq!(said(&link, Kept::Private).len(), 2);
        set(&open, 0o755);
        set(&file, 0o600);
        set(&root.path().canonicalize().unwrap(), 0o777);
        assert!(!said(&file, Kept::Private).is_empty());
        assert!(said(&folder.join("nothing"), Kept::Private).is_empty());
    }
}
